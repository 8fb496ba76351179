//! For tests of what piles up: bodies that tell how often they are held.

use std::sync::Arc;

use bytes::Bytes;

struct Body {
    bytes: Arc<[u8]>,
    _held: Arc<()>,
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// `bytes`, by which `held` has one owner more for as long as anybody has them.
pub(crate) fn held_bytes(held: &Arc<()>, bytes: Arc<[u8]>) -> Bytes {
    Bytes::from_owner(Body { bytes, _held: Arc::clone(held) })
}
