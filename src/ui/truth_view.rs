//! The one sentence that the window says of the show, and its button, as plain data.

use std::path::PathBuf;

use crate::media::Bitrate;
use crate::settings::contract::{Finding, Fix};
use crate::studio::Problem;

/// The one sentence: that all is good, or the one measured cause.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    /// Live, and nothing is wrong.
    AllGood,
    /// A rehearsal, and nothing is wrong.
    AllGoodRehearsal,
    /// All is well, and other devices may watch the rehearsal.
    AllGoodShared,
    /// Ready to go there.
    ReadyFor(String),
    /// Ready, but nowhere to go.
    NeedsDestination,
    /// Ready, and the destination wants something otherwise.
    Wanted(Finding),
    /// The same of one of several destinations: which (counted from 0), and its name.
    WantedAt(usize, String, Finding),
    /// Soon the disk is full.
    DiskFillsUp {
        /// When, in seconds.
        left_seconds: f64,
    },
    /// A check runs: no show begins.
    Checking,
    /// A check failed, of what is set still.
    CheckFailed(Problem),
    /// Not accepted yet.
    Connecting,
    /// Lost; it comes back.
    Reconnecting,
    /// Sends what is left.
    Ending,
    /// The show is over.
    Over,
    /// The rehearsal is over.
    RehearsalOver,
    /// The recording alone is over.
    RecordingOver,
    /// There is speech and it is muted.
    MutedTalking,
    /// It is muted, and nobody talks.
    Muted,
    /// The microphone gives digital silence, or nothing.
    NoSound,
    /// The camera gives nothing, or nothing new.
    NoLivePicture,
    /// The picture stands still although it was to go on.
    StillPicture,
    /// Not live yet, and no sound would be.
    Unheard,
    /// Frames are skipped because the encoder is too slow.
    TooSlow,
    /// The network takes less than is made.
    UploadShort {
        /// What it takes, in kb/s.
        gives_kbps: f64,
        /// What is made, in kb/s.
        wants_kbps: f64,
    },
    /// The last seconds were just saved.
    ReplaySaved(PathBuf),
    /// A recording was begun just now while the show runs.
    RecordingBegun(PathBuf),
    /// It was closed just now; the show goes on.
    RecordingClosed(PathBuf),
    /// A mark was asked for, and nothing is recorded.
    NothingToMark,
    /// A recording of a rehearsal was asked for: it leaves nothing behind.
    RehearsalUnrecorded,
    /// The last seconds were asked for, and there are none.
    NothingToSave,
    /// A moment was just marked.
    Marked {
        /// Which.
        number: u32,
        /// Since the show was live, in seconds.
        at_seconds: f64,
    },
    /// The rate was lowered to what the network takes.
    RateLowered {
        /// Now, in kb/s.
        now_kbps: f64,
        /// As chosen, in kb/s.
        wanted_kbps: f64,
    },
    /// Every destination is switched off.
    OffAir,
    /// Live, but not everywhere.
    NotEverywhere {
        /// So many servers do not get it.
        missing: usize,
        /// Of so many.
        all: usize,
    },
    /// Live, and nothing is wrong: some servers are switched off.
    SomeSwitchedOff {
        /// So many.
        off: usize,
        /// Of so many.
        all: usize,
    },
    /// The recording has failed; the stream goes on.
    NotRecorded,
    /// A problem.
    Problem(Problem),
}

/// The one button beside it.
#[derive(Clone, Debug, PartialEq)]
pub enum Remedy {
    /// Change the settings to what the destination wants.
    Fix(Fix),
    /// Lower the picture's rate.
    LowerTo(Bitrate),
    /// Take the mute off.
    Unmute,
    /// Go without a sound.
    Silence,
    /// Connect again at once.
    RetryNow,
    /// Record into another file.
    RecordAgain,
    /// Switch a destination on again.
    SwitchOn {
        /// Its place among the show's destinations, from 0.
        place: usize,
        /// What it is called.
        name: String,
    },
}

/// The sentence of truth.
#[derive(Clone, Debug, PartialEq)]
pub struct TruthView {
    /// What it says.
    pub truth: Truth,
    /// The button beside it.
    pub remedy: Option<Remedy>,
}
