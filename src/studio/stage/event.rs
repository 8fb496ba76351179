//! What the stage tells whoever owns it.

use std::fmt;

use crate::capture::{AudioSource, SourceEvent, VideoSource};
use crate::studio::problem::Notice;

/// What the stage tells whoever owns it.
#[derive(Debug)]
pub(in crate::studio) enum StageEvent {
    /// The first picture since the source was set.
    FirstPicture,
    /// The first sound since the source was set.
    FirstSound,
    /// Something happened to the picture's source of this name.
    Video(String, SourceEvent),
    /// Something happened to the sound's source of this name.
    Audio(String, SourceEvent),
    /// What is noticed of a source while it runs.
    Noticed(Notice),
    /// A source that was replaced. Closing a device may take a while: not on the stage's threads.
    Retired(Retired),
}

/// A source nobody reads any more.
pub(in crate::studio) struct Retired {
    _video: Option<Box<dyn VideoSource>>,
    _audio: Option<Box<dyn AudioSource>>,
}

impl Retired {
    pub(super) fn of(video: Option<Box<dyn VideoSource>>, audio: Option<Box<dyn AudioSource>>) -> Option<Self> {
        (video.is_some() || audio.is_some()).then_some(Self { _video: video, _audio: audio })
    }
}

impl fmt::Debug for Retired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Retired")
    }
}
