//! FLV: the bodies of audio, video and script tags, which are also those of RTMP messages, and the file around them
//! (Adobe Flash Video File Format Specification 10.1, annex E).

mod file;
mod scan;
mod script;
mod shape;
mod tag;

pub use file::{FlvReader, FlvTag, FlvWriter, TagKind};
pub use scan::{length, scan};
pub use script::{metadata, metadata_number, without_length};
pub use shape::{CodecId, TagRole, TagShape, audio_shape, video_shape};
pub use tag::{
    AudioBody, AudioTag, VideoBody, VideoPacketType, VideoTag, audio_sequence_header, audio_tag_header,
    read_audio_body, read_video_body, video_sequence_header, video_tag_header,
};

/// Why bytes are no FLV.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlvError {
    /// The file does not start with `FLV` and version 1.
    #[error("this is no FLV file")]
    NotFlv,
    /// A tag body ends before its header does.
    #[error("an FLV tag is too short")]
    Truncated,
    /// A tag is larger than `TAG_BYTES_MAX`.
    #[error("an FLV tag is too large")]
    TooLarge,
    /// A tag type that is neither audio, video nor script data, or encrypted.
    #[error("an FLV tag has the unknown type {0}")]
    UnknownTag(u8),
}
