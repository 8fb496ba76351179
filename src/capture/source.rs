//! What every source of pictures or sound offers to the engine.

use std::sync::Arc;
use std::time::Duration;

use super::devices::DeviceInfo;
use super::work::Work;
use crate::media::{FrameRate, Picture, PixelAspect, Size, Timestamp};

/// What a source is, for people and for logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    /// A stable id where it is a device (`camera:…`, `mic:…`), else the kind of source (`test`, `file`).
    pub id: String,
    /// The name people know it by.
    pub name: String,
    /// Its own format in words, such as `1280x720 YUYV at 29.97 fps` or `48000 Hz, 2 channels`.
    pub format: String,
    /// The picture's own size, if it is a picture.
    pub size: Option<Size>,
    /// The picture's own rate, if it has one.
    pub frame_rate: Option<FrameRate>,
    /// Where somebody must send it, if it is an incoming stream.
    pub address: Option<String>,
}

/// A picture as it was captured.
#[derive(Clone, Debug)]
pub struct Captured {
    /// The picture, in the source's own size.
    pub picture: Arc<Picture>,
    /// The shape of its pixels.
    pub pixel_aspect: PixelAspect,
    /// When it was captured.
    pub captured_at: Timestamp,
}

/// Something that happened to a source while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceEvent {
    /// Nobody sends it yet, and nothing of it has come: an incoming stream. Over with `Restored`.
    Awaited,
    /// Nobody sends it yet, but somebody sends under a name that nobody waits for. Told once after `Awaited`.
    Misnamed {
        /// That name, with its application.
        name: String,
    },
    /// Nothing came for so long; the source tries to restart.
    Stalled {
        /// How long nothing has come.
        silent_for: Duration,
    },
    /// Its pictures have been the same, bit by bit, for so long; a camera that gave others before is restarted once, and
    /// its last picture stays meanwhile. Over with `Restored`.
    Frozen {
        /// How long nothing has changed.
        still_for: Duration,
    },
    /// The device is gone (unplugged, its server died); the source looks for it and will say `Restored`.
    Lost {
        /// What the system said.
        reason: String,
    },
    /// Whoever sent it has ended or is gone: an incoming stream. Over with `Restored`.
    Ended {
        /// How it ended.
        reason: String,
    },
    /// What comes cannot be used (an incoming stream of another codec); the source waits for something else.
    Refused {
        /// What it is, and what it should be.
        reason: String,
    },
    /// Its file cannot be read any more.
    FileFailed {
        /// What the system said.
        reason: String,
    },
    /// Pictures or samples come again.
    Restored,
}

/// Why a source cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// No device of that id or name; `available` lists what there is.
    #[error("there is no {wanted}; available: {}", if available.is_empty() { "none".to_owned() } else { available.join(", ") })]
    NotFound {
        /// What was asked for.
        wanted: String,
        /// Ids of what is there.
        available: Vec<String>,
    },
    /// The system does not let this user open it.
    #[error("no permission to open {what}: {reason}")]
    Permission {
        /// Device.
        what: String,
        /// What the system said.
        reason: String,
    },
    /// The system does not let this user read the file.
    #[error("no permission to read {path}: {reason}")]
    FilePermission {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// Another program holds it.
    #[error("{what} is in use by another program: {reason}")]
    Busy {
        /// Device.
        what: String,
        /// What the system said.
        reason: String,
    },
    /// A file that cannot be read or understood, or holds nothing of the wanted kind.
    #[error("{path} cannot be used: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
        /// What would help.
        remedy: SourceRemedy,
    },
    /// Incoming streams cannot be received at this address.
    #[error("streams cannot be received at {address}: {reason}")]
    Listen {
        /// Where it should listen.
        address: String,
        /// What the system said, or what is missing.
        reason: String,
    },
    /// The sound server that is there, or was named, does not answer: what microphones there are is not known.
    #[error("the sound server does not answer ({reason})")]
    NoSoundServer {
        /// How that was seen.
        reason: String,
    },
    /// The device failed while it was opened.
    #[error("{what} does not start: {reason}")]
    Device {
        /// Device.
        what: String,
        /// What the system said.
        reason: String,
    },
}

/// What helps with a source that is no device, where there is more to say than its kind of trouble says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceRemedy {
    /// To be allowed to read the file.
    Permission,
    /// The file as it was.
    Restore,
    /// The right name: there is no such file.
    Name,
    /// Another file with a picture.
    OtherPicture,
    /// Another file with sound.
    OtherSound,
    /// Another picture for the card.
    OtherCard,
    /// Another file with a key.
    OtherKey,
    /// Less gain: the source itself is not too loud.
    LowerGain,
    /// A sound server that answers.
    RestartSound,
    /// That whoever sends does so under the name that is awaited.
    SameName,
    /// That whoever sent it sends again.
    SendAgain,
    /// Nothing where a clip is meant to be so, else another clip.
    OtherIfNotMeant,
}

/// Anything that yields pictures. Called on the video thread, once a tick.
pub trait VideoSource: Send {
    /// What it is.
    fn info(&self) -> SourceInfo;

    /// The newest picture not later than `now`; the same `Arc` again while there is no newer one, `None`
    /// before the first. Never waits for a device. A source that computes its pictures (clip, test picture)
    /// gives exactly the one for `now`, whatever was asked before.
    fn picture_at(&mut self, now: Timestamp) -> Option<Captured>;

    /// Does ahead what the picture at `next` will need (decoding); called when the tick's own work is done.
    fn prepare(&mut self, next: Timestamp) {
        let _ = next;
    }

    /// The oldest event not yet told.
    fn poll_event(&mut self) -> Option<SourceEvent> {
        None
    }

    /// Whether the picture that was due when one was asked for cannot be decoded, so that another is shown for it.
    fn is_damaged(&self) -> bool {
        false
    }

    /// What a thread of its own has spent on its pictures so far; `None` where all work is done when a picture is asked
    /// for or prepared.
    fn work(&self) -> Option<Work> {
        None
    }
}

/// How a read went.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AudioRead {
    /// Samples per channel that were not there in time and are silence in the output.
    pub missing: usize,
}

/// Anything that yields samples at the program's rate and channels, which it was opened with. Called on the
/// audio thread, once a chunk.
pub trait AudioSource: Send {
    /// What it is.
    fn info(&self) -> SourceInfo;

    /// Fills `out` (interleaved) with the samples from index `start` (per channel, on the program timeline)
    /// on. Called with consecutive ranges, when the last sample's time has come. Never waits for a device.
    fn read(&mut self, start: i64, out: &mut [f32]) -> AudioRead;

    /// Whether the device has delivered: what was read before is silence. What needs no device has begun at once.
    fn has_begun(&self) -> bool {
        true
    }

    /// How old the samples are when they are handed out, beyond their place on the timeline; the engine shifts the pts
    /// by it. It grows where a device turns out to be later than it said.
    fn latency(&self) -> Duration {
        Duration::ZERO
    }

    /// What else could have been chosen when it was opened, if it is a device.
    fn others(&self) -> &[DeviceInfo] {
        &[]
    }

    /// How fast the device's clock runs against the program's, in parts per million, as measured by the servo.
    fn drift_ppm(&self) -> Option<f64> {
        None
    }

    /// The oldest event not yet told.
    fn poll_event(&mut self) -> Option<SourceEvent> {
        None
    }
}
