//! Problems of this computer: its sleep, its encoder, its disk.

use std::time::Duration;

use super::{Problem, ProblemKind};
use crate::encode::EncodeError;
use crate::flow::Hole;
use crate::media::Timestamp;
use crate::output::{HolePlace, RecorderError};

impl Problem {
    /// The computer slept for `slept` and woke at `at`, a time of day.
    pub fn from_sleep(slept: Duration, at: &str) -> Self {
        let seconds = slept.as_secs();
        let length = match seconds {
            0..120 => format!("{seconds} s"),
            120..7200 => format!("{} min", (seconds + 30) / 60),
            _ => format!("{} h", (seconds + 1800) / 3600),
        };
        Self::new(ProblemKind::ComputerSlept, length, at)
    }

    /// What an encoder's error means to the user.
    pub fn from_encoder(about: &str, error: &EncodeError) -> Self {
        match error {
            EncodeError::Unsupported(advice) => Self::new(ProblemKind::BadSettings, about, advice.clone()),
            EncodeError::Library { .. } => Self::new(ProblemKind::EncoderFailed, about, error.to_string()),
        }
    }

    /// What a recorder's error means to the user.
    pub fn from_recorder(error: &RecorderError) -> Self {
        let kind = if error.disk_full { ProblemKind::DiskFull } else { ProblemKind::RecordingFailed };
        Self::new(kind, error.path.clone(), error.reason.clone())
    }

    /// Whether a recording ended because its file was deleted or cut: neither its folder nor its disk is to blame.
    pub fn is_file_lost(&self) -> bool {
        let lost = [RecorderError::FILE_GONE, RecorderError::FILE_CUT];
        self.kind == ProblemKind::RecordingFailed && lost.contains(&self.details.as_str())
    }

    /// What a hole in the recording `path` means to the user.
    pub fn from_hole(path: &str, hole: Hole, place: Option<HolePlace>) -> Self {
        let clock = |of: HolePlace, at: Timestamp| {
            let seconds = at.since(of.base).as_secs();
            format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
        };
        let place = place.map_or(String::new(), |place| match place.to {
            Some(to) => format!(", from {} to {}", clock(place, place.from), clock(place, to)),
            None => format!(", from {} on", clock(place, place.from)),
        });
        let missing = match hole {
            Hole { frames, audio_packets: 0 } => format!("{frames} frames are missing"),
            Hole { frames: 0, audio_packets } => format!("{audio_packets} packets of sound are missing"),
            Hole { frames, audio_packets } => {
                format!("{frames} frames and {audio_packets} packets of sound are missing")
            }
        };
        Self::new(ProblemKind::RecordingGap, path, missing + &place)
    }
}
