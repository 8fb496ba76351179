//! Encoded units on their way to the outputs.

use bytes::Bytes;

use super::{AudioConfig, Timestamp, VideoConfig};

/// What a packet holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketKind {
    /// One H.264 access unit; its NAL units length-prefixed with 4 bytes (avcC), without parameter sets.
    Video {
        /// An IDR access unit: decoding can start here.
        keyframe: bool,
    },
    /// One raw AAC frame of 1024 samples per channel.
    Audio,
}

/// One encoded unit. Cheap to clone: the payload is shared.
#[derive(Clone, Debug)]
pub struct Packet {
    /// What it holds.
    pub kind: PacketKind,
    /// Presentation time.
    pub pts: Timestamp,
    /// Decode time: never decreases within a kind.
    pub dts: Timestamp,
    /// When its picture or first sample was captured.
    pub captured_at: Timestamp,
    /// The payload.
    pub data: Bytes,
}

impl Packet {
    /// Whether it is video.
    pub fn is_video(&self) -> bool {
        matches!(self.kind, PacketKind::Video { .. })
    }

    /// Whether it is a video keyframe.
    pub fn is_keyframe(&self) -> bool {
        matches!(self.kind, PacketKind::Video { keyframe: true })
    }
}

/// What every output must know before the first packet. At least one of both is set.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct StreamConfig {
    /// The picture, unless the show is sound only.
    pub video: Option<VideoConfig>,
    /// The sound.
    pub audio: Option<AudioConfig>,
}
