//! The colours of decoded H.264, turned into ours.

use std::sync::Arc;

use crate::bitstream::SpsInfo;
use crate::media::{Picture, PicturePool, Size};
use crate::video::{ColorMatrix, ColorRange, PixelFormat, RawPicture, to_picture};

/// `matrix_coefficients` of ITU-T H.273: said elsewhere, or nowhere.
const UNSPECIFIED: u8 = 2;

/// The colours of a picture of which nothing is said: those of its definition, as players have it.
pub(super) fn unsaid_matrix(size: Size) -> ColorMatrix {
    if size.width >= 1280 || size.height > 576 { ColorMatrix::Bt709 } else { ColorMatrix::Bt601 }
}

/// What the stream says of its colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Colour {
    matrix: ColorMatrix,
    range: ColorRange,
}

impl Colour {
    pub(super) fn of(info: &SpsInfo) -> Self {
        let matrix = match info.colour.map_or(UNSPECIFIED, |colour| colour.matrix) {
            // ITU-T H.273: BT.601 in its 625 and 525 line forms.
            5 | 6 => ColorMatrix::Bt601,
            UNSPECIFIED => unsaid_matrix(info.size),
            _ => ColorMatrix::Bt709,
        };
        let is_full = info.colour.is_some_and(|colour| colour.full_range);
        Self { matrix, range: if is_full { ColorRange::Full } else { ColorRange::Limited } }
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
