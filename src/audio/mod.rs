//! Pure sound: meters, loudness, channel mapping, and what keeps a device's clock in step with the program's.

mod drift;
mod loudness;
mod meter;
mod mix;
mod resample;
mod watch;

pub use drift::{DriftServo, PPM_MAX};
pub use loudness::{Loudness, LoudnessReading};
pub use meter::Meter;
pub use mix::{apply_gain, db_from_gain, gain_from_db, mapped_sample, mono_from_stereo, ramp_gain, stereo_from_mono};
pub use resample::DriftResampler;
pub use watch::{Heard, SoundWatch, is_full};

/// Why a measure or a resampler cannot be made: rates and channels it does not serve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sound of {sample_rate} Hz and {channels} channels is not supported: {reason}")]
pub struct UnsupportedSound {
    /// Samples a second.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u16,
    /// What is wrong with it.
    pub reason: String,
}
