//! The colours of decoded H.264, turned into ours.

use std::sync::Arc;

use crate::bitstream::SpsInfo;
use crate::media::{Picture, PicturePool};
use crate::video::{ColorMatrix, ColorRange, PixelFormat, RawPicture, to_picture};

/// What the stream says of its colours. Without a word they are taken as ours, as players do for high definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Colour {
    matrix: ColorMatrix,
    range: ColorRange,
}

impl Colour {
    pub(super) fn of(info: &SpsInfo) -> Self {
        // ITU-T H.273: 5 and 6 are BT.601 in its 625 and 525 line forms.
        let is_601 = info.colour.is_some_and(|colour| matches!(colour.matrix, 5 | 6));
        let is_full = info.colour.is_some_and(|colour| colour.full_range);
        Self {
            matrix: if is_601 { ColorMatrix::Bt601 } else { ColorMatrix::Bt709 },
            range: if is_full { ColorRange::Full } else { ColorRange::Limited },
        }
    }

    /// `picture` in BT.709 limited range.
    pub(super) fn to_ours(self, picture: Arc<Picture>, pool: &mut Option<PicturePool>) -> Arc<Picture> {
        if self == (Self { matrix: ColorMatrix::Bt709, range: ColorRange::Limited }) {
            return picture;
        }
        let size = picture.size();
        if pool.as_ref().is_none_or(|pool| pool.size() != size) {
            *pool = Some(PicturePool::new(size));
        }
        let Some(pool) = pool else { return picture };
        let raw = RawPicture {
            format: PixelFormat::I420,
            size,
            stride: size.width as usize,
            data: picture.data(),
            matrix: self.matrix,
            range: self.range,
        };
        let mut done = Ok(());
        let converted = pool.make(|to| done = to_picture(&raw, to));
        if done.is_ok() { converted } else { picture }
    }
}
