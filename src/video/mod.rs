//! Pure picture work: convert what cameras give, scale and letterbox, draw the test picture and read it back.

mod compose;
mod convert;
mod test_pattern;

pub use compose::Composer;
pub use convert::{ColorMatrix, ColorRange, ConvertError, PixelFormat, RawPicture, jpeg_size, to_picture};
pub use test_pattern::{TestPattern, flash_is_on, read_block_time};
