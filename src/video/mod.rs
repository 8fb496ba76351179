//! Pure picture work: convert what cameras give, scale and letterbox, draw the test picture and read it back.

mod bgra;
mod card;
mod compose;
mod convert;
mod sample;
mod test_pattern;
mod watch;

pub use bgra::to_bgra;
pub use card::draw_card;
pub use compose::Composer;
pub use convert::{
    ColorMatrix, ColorRange, ConvertError, PixelFormat, RawPicture, jpeg_has_end, jpeg_size, to_picture,
    whole_jpeg_to_picture,
};
pub use sample::PictureSample;
pub use test_pattern::{TestPattern, flash_is_on, read_block_time};
pub use watch::{BlackWatch, StillWatch};
