//! The built-in test signal: a moving picture and a tone, both marked once a second so that their offset can be
//! measured.

mod picture;
mod tone;

pub use picture::open_video;
pub use tone::{find_beep_onsets, open_audio};
