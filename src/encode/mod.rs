//! The encoders: one trait for pictures, one for sound, so that a hardware encoder is one more file.

mod aac;
mod h264;

use crate::media::{AudioChunk, AudioConfig, Bitrate, FrameRate, Packet, Picture, Size, Timestamp, VideoConfig};

pub use aac::open_aac;
pub use h264::{Complexity, H264Encoder, H264Tuning, open_h264};

/// What a video encoder is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoEncoderSettings {
    /// Picture size.
    pub size: Size,
    /// Frames a second.
    pub frame_rate: FrameRate,
    /// Constant rate; VBV of one second of it.
    pub bitrate: Bitrate,
    /// Seconds from keyframe to keyframe.
    pub keyframe_seconds: f64,
}

/// What an audio encoder is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioEncoderSettings {
    /// Samples a second.
    pub sample_rate: u32,
    /// Channels, 1 or 2.
    pub channels: u16,
    /// Constant rate.
    pub bitrate: Bitrate,
}

/// Why an encoder failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The settings ask for what the encoder cannot do: the user's to change.
    #[error("{0}")]
    Unsupported(String),
    /// The encoder's library refused a call: ours to mend.
    #[error("{call} failed with code {code}")]
    Library {
        /// The call.
        call: &'static str,
        /// The library's code.
        code: i64,
    },
}

/// A video encoder that holds no frames: one picture in, one packet out.
pub trait VideoEncoder: Send {
    /// Parameter sets and what else a server must know.
    fn config(&self) -> VideoConfig;

    /// Whether the picture at `pts` is to be left out, so that the rate is kept to; never where a keyframe is due.
    fn leaves_out(&self, _pts: Timestamp) -> bool {
        false
    }

    /// Encodes one picture of exactly the settings' size. A keyframe comes where `force_keyframe` asks and
    /// exactly `keyframe_seconds` of frames after the last one.
    fn encode(
        &mut self,
        picture: &Picture,
        pts: Timestamp,
        captured_at: Timestamp,
        force_keyframe: bool,
    ) -> Result<Packet, EncodeError>;

    /// Changes the rate from the next picture on, without a keyframe.
    fn set_bitrate(&mut self, bitrate: Bitrate) -> Result<(), EncodeError>;
}

/// An audio encoder.
pub trait AudioEncoder: Send {
    /// AudioSpecificConfig and what else a server must know.
    fn config(&self) -> AudioConfig;

    /// Encodes one chunk. The packet's pts is that of the sound in it: the encoder's delay is taken out. None
    /// while the encoder fills.
    fn encode(&mut self, chunk: &AudioChunk) -> Result<Option<Packet>, EncodeError>;
}
