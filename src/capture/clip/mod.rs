//! Clips: pictures and sound from files, played in a loop on the program timeline.

mod open;

pub use open::{open_audio_file, open_video_file};
