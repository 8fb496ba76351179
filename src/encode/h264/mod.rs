//! H.264 by OpenH264, built from source.

mod encoder;
mod library;
mod limits;

pub use encoder::{Complexity, H264Encoder, H264Tuning, open_h264};
