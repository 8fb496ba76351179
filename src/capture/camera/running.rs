//! What every way to a camera offers to its capture thread.

use std::time::Duration;

use super::format::Offered;
use crate::media::Timestamp;
use crate::video::RawPicture;

/// Why an open camera gives no more pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// What the system said.
    pub reason: String,
}

/// A camera that streams.
pub(super) trait Backend: Send {
    /// Waits at most `limit` for the next picture and hands it to `take` with the time of its capture. `Ok(false)`
    /// if none came. Never blocks longer, whatever the camera does.
    fn next(&mut self, limit: Duration, take: &mut dyn FnMut(&RawPicture<'_>, Timestamp)) -> Result<bool, Fault>;
}

/// An opened camera.
pub(super) struct Running {
    pub backend: Box<dyn Backend>,
    /// `camera:…`, stable.
    pub id: String,
    pub name: String,
    /// What it delivers.
    pub format: Offered,
}
