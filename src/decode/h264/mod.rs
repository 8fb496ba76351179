//! H.264 by OpenH264's decoder.

mod decoder;
mod library;

pub use decoder::open_h264;
