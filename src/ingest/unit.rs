//! One message of a stream as it is counted, kept for late players and passed on.

use bytes::Bytes;

use crate::flv::{CodecId, TagKind, TagRole, audio_shape, video_shape};
use crate::rtmp::MediaKind;

/// What a message takes beside its body: a place in a queue that doubles when it is full, and the block the body is in.
/// Without it one of a single byte would be counted as next to nothing.
pub(super) const ROOM_OF_ONE: usize = 256;

/// What a message is to those who pass it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnitKind {
    /// `onMetaData`.
    Script,
    /// What a decoder needs before the first picture or sound, and keeps until the next of its slot.
    Header(HeaderSlot),
    /// A picture from which a player can start.
    Keyframe,
    /// A picture that needs those before it.
    Picture,
    /// A piece of sound.
    Sound,
    /// Anything else: passed on as it comes, and dropped like a picture or a sound.
    Other,
}

/// Which header replaces which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HeaderSlot {
    pub(super) media: MediaKind,
    pub(super) track: u8,
    /// Colour information or order of channels, and no sequence header.
    pub(super) side_data: bool,
}

/// One message; its body is shared by all who have it.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// Rises by one with each message of a stream's name.
    pub(super) number: u64,
    pub(super) tag: TagKind,
    pub(super) timestamp_ms: u32,
    pub(super) body: Bytes,
    pub(super) kind: UnitKind,
    pub(super) codec: Option<CodecId>,
    /// Where the codec's own bytes begin in `body`.
    pub(super) header_bytes: usize,
    /// pts − dts of a picture.
    pub(super) composition_ms: i32,
    /// 0 but for streams of several pictures or languages.
    pub(super) track: u8,
}

impl Unit {
    /// A message of picture or sound; its number is the hub's to give.
    pub(super) fn media(media: MediaKind, timestamp_ms: u32, body: Bytes) -> Self {
        let (shape, tag) = match media {
            MediaKind::Audio => (audio_shape(&body), TagKind::Audio),
            MediaKind::Video => (video_shape(&body), TagKind::Video),
        };
        let kind = match &shape {
            None => UnitKind::Other,
            Some(shape) => match (shape.role, media) {
                (TagRole::SequenceHeader | TagRole::SideData, media) => {
                    let side_data = shape.role == TagRole::SideData;
                    UnitKind::Header(HeaderSlot { media, track: shape.track, side_data })
                }
                (TagRole::Coded, MediaKind::Audio) => UnitKind::Sound,
                // Other tracks have keyframes of their own; players start with the first track.
                (TagRole::Coded, MediaKind::Video) if shape.keyframe && shape.track == 0 => UnitKind::Keyframe,
                (TagRole::Coded, MediaKind::Video) => UnitKind::Picture,
                (TagRole::Other, _) => UnitKind::Other,
            },
        };
        let codec = shape.map(|shape| shape.codec);
        let header_bytes = shape.map_or(0, |shape| shape.header_bytes.min(body.len()));
        let (composition_ms, track) = shape.map_or((0, 0), |shape| (shape.composition_ms, shape.track));
        Self { number: 0, tag, timestamp_ms, body, kind, codec, header_bytes, composition_ms, track }
    }

    /// `onMetaData`.
    pub(super) fn script(timestamp_ms: u32, body: Bytes) -> Self {
        let (tag, kind, codec) = (TagKind::Script, UnitKind::Script, None);
        Self { number: 0, tag, timestamp_ms, body, kind, codec, header_bytes: 0, composition_ms: 0, track: 0 }
    }

    /// Bytes that it takes while somebody keeps it.
    pub(super) fn room(&self) -> usize {
        ROOM_OF_ONE + self.body.len()
    }

    /// What the codec made of it, without what stands before.
    pub(super) fn payload(&self) -> Bytes {
        self.body.slice(self.header_bytes..)
    }

    /// Picture, sound, or something that goes with them: what may be dropped.
    pub(super) fn is_droppable(&self) -> bool {
        !matches!(self.kind, UnitKind::Script | UnitKind::Header(_))
    }

    /// Belongs to the picture and may be dropped.
    pub(super) fn is_picture(&self) -> bool {
        self.tag == TagKind::Video && self.is_droppable()
    }
}
