//! Microphones: PulseAudio natively; ALSA where there is none, and other systems' sound, through cpal.

mod backend;
pub(super) mod feed;
#[cfg(target_os = "linux")]
mod pulse;
pub(super) mod reader;
mod running;
#[cfg(test)]
pub(crate) mod simulated;
mod thread;

use std::time::Duration;

use super::revival::bounded;
use super::{AudioSource, DeviceInfo, SourceError};
use crate::clock::Clock;

/// How long listing may take: a hung sound server must not hang the program.
const LIST_LIMIT: Duration = Duration::from_secs(3);

/// Opens the microphone `id` (as `list` gives it, its prefix may be left out; or its name; `None` is the system's
/// default) to yield `channels` (1 or 2) channels at `sample_rate`. Takes about 50 ms; 0.4 s at most for a device
/// that opens but does not deliver, which the source then tells as `Stalled`.
///
/// # Errors
/// `NotFound` with the ids of what is there, `Permission`, `Busy`, `Device`.
pub fn open(
    id: Option<&str>,
    sample_rate: u32,
    channels: u16,
    clock: &Clock,
) -> Result<Box<dyn AudioSource>, SourceError> {
    Ok(Box::new(thread::Microphone::open(id, sample_rate, channels, clock)?))
}

/// The microphones of this system, the default first, then the monitors of its outputs. Empty where there is no
/// sound system.
///
/// # Errors
/// `NoSoundServer`: there is one, and it does not answer.
pub fn list() -> Result<Vec<DeviceInfo>, SourceError> {
    bounded("mic-list", LIST_LIMIT, backend::list).unwrap_or_else(|| Err(silent_for(LIST_LIMIT)))
}

/// The sound server has said nothing for so long.
fn silent_for(limit: Duration) -> SourceError {
    SourceError::NoSoundServer { reason: format!("nothing for {} s", limit.as_secs()) }
}
