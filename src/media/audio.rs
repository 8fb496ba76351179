//! Sound: chunks of 1024 samples per channel, and what describes an AAC stream.

use bytes::Bytes;

use super::{Bitrate, Timestamp};

/// Samples per channel in a chunk: one AAC-LC frame.
pub const CHUNK_SAMPLES: usize = 1024;

/// 1024 samples per channel of sound, interleaved, full scale ±1.0.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioChunk {
    /// When its first sample is heard.
    pub pts: Timestamp,
    /// Samples a second.
    pub sample_rate: u32,
    /// Channels, 1 or 2.
    pub channels: u16,
    /// `CHUNK_SAMPLES × channels` samples, interleaved.
    pub samples: Vec<f32>,
}

/// What a decoder and a server must know of an AAC stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioConfig {
    /// Samples a second.
    pub sample_rate: u32,
    /// Channels, 1 or 2.
    pub channels: u16,
    /// Intended rate.
    pub bitrate: Bitrate,
    /// The encoder's own AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1).
    pub audio_specific_config: Bytes,
}

/// The level of one channel over a chunk, in dBFS (−∞ is `f32::NEG_INFINITY`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Highest absolute sample.
    pub peak_dbfs: f32,
    /// Root mean square; a full-scale sine is −3.01.
    pub rms_dbfs: f32,
}

impl Level {
    /// Digital silence.
    pub const SILENCE: Self = Self { peak_dbfs: f32::NEG_INFINITY, rms_dbfs: f32::NEG_INFINITY };
}
