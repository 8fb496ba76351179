//! The decoders: whole access units in, pictures or samples out. For clips, incoming streams and the rehearsal's viewer.

mod aac;
mod announced;
mod h264;
mod surround;

use std::sync::Arc;

use crate::media::{AudioChunk, AudioConfig, Picture, Timestamp, VideoConfig};

pub use aac::open_aac;
pub use announced::{AnnouncedVideo, open_announced_aac};
pub use h264::open_h264;

/// Why decoding failed. The next keyframe may work again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// What the stream announces is not supported or not valid.
    #[error("{0}")]
    Unsupported(String),
    /// This unit could not be decoded.
    #[error("a damaged unit: {0}")]
    Damaged(String),
}

/// A decoded picture.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// When it is shown.
    pub pts: Timestamp,
    /// The picture, BT.709 limited range.
    pub picture: Arc<Picture>,
}

/// A video decoder. Pictures come out in presentation order.
pub trait VideoDecoder: Send {
    /// Feeds one access unit (NAL units length-prefixed with 4 bytes) shown at `pts`; gives the pictures that are
    /// complete now (none, one or several when the stream reorders).
    fn decode(&mut self, access_unit: &[u8], pts: Timestamp) -> Result<Vec<Decoded>, DecodeError>;

    /// Gives what is left at the end of the stream. Decoding may go on after it, from a keyframe: a clip that loops
    /// or is wound needs no new decoder.
    fn flush(&mut self) -> Vec<Decoded>;
}

/// An audio decoder.
pub trait AudioDecoder: Send {
    /// Decodes one raw AAC frame whose first sample is heard at `pts` (of the sound in it, delay taken out).
    /// Gives a chunk in the stream's own rate, and in its own channels up to 2 (more are mixed down to stereo). The
    /// chunk is as long as the stream's frames: 1024 samples per channel, 2048 for HE-AAC. Its pts is that of the
    /// sound in it: the decoder's delay is taken out. None while the decoder fills.
    fn decode(&mut self, frame: &[u8], pts: Timestamp) -> Result<Option<AudioChunk>, DecodeError>;
}

/// What a video decoder needs to open: the parameter sets.
pub type VideoDecoderConfig = VideoConfig;
/// What an audio decoder needs to open: the AudioSpecificConfig.
pub type AudioDecoderConfig = AudioConfig;
