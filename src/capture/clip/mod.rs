//! Clips: pictures and sound from files, played in a loop on the program timeline.

mod aac;
mod mend;
mod mix_down;
mod mp4;
mod open;
mod picture;
mod sound;
mod timeline;
mod turn;
mod wave;

pub use open::{open_audio_file, open_card_file, open_video_file};

#[cfg(test)]
pub(crate) mod test_clips;
#[cfg(test)]
mod tests;
