//! What an audio or video tag body is, as far as counting it and passing it on needs to know: classic headers (E.4.2,
//! E.4.3) and those of Enhanced RTMP v2 ("Enhanced Video", "Enhanced Audio").
#![deny(clippy::indexing_slicing)]

use std::fmt;

/// What a tag body carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TagRole {
    /// A picture or a piece of sound.
    Coded,
    /// What a decoder needs before the first of them.
    SequenceHeader,
    /// What belongs to the stream beside it: colour information, the order of channels.
    SideData,
    /// The end of a sequence, a command, or what nobody knows.
    Other,
}

/// Names a codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodecId {
    /// CodecID of a classic video header.
    Video(u8),
    /// SoundFormat of a classic audio header.
    Audio(u8),
    /// FourCC of an enhanced header.
    FourCc([u8; 4]),
    /// Several at once, or an enhanced header that names none.
    Mixed,
}

impl CodecId {
    /// Whether this is surely not the codec `other`. Classic and enhanced headers have names of their own for some, and `Mixed`
    /// may be any.
    pub fn differs_from(self, other: Self) -> bool {
        let fourcc = |codec| match codec {
            Self::Video(CODEC_AVC) => Self::FourCc(*b"avc1"),
            Self::Video(CODEC_HEVC) => Self::FourCc(*b"hvc1"),
            Self::Audio(SOUND_AAC) => Self::FourCc(*b"mp4a"),
            Self::Audio(SOUND_MP3 | SOUND_MP3_8K) => Self::FourCc(*b".mp3"),
            other => other,
        };
        self != Self::Mixed && other != Self::Mixed && fourcc(self) != fourcc(other)
    }
}

impl fmt::Display for CodecId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Video(7) | Self::FourCc([b'a', b'v', b'c', b'1']) => "H.264",
            Self::Video(12) | Self::FourCc([b'h', b'v', b'c', b'1']) => "HEVC",
            Self::FourCc([b'a', b'v', b'0', b'1']) => "AV1",
            Self::FourCc([b'v', b'p', b'0', b'9']) => "VP9",
            Self::FourCc([b'v', b'v', b'c', b'1']) => "VVC",
            Self::Video(2) => "Sorenson H.263",
            Self::Video(4 | 5) => "VP6",
            Self::Audio(10) | Self::FourCc([b'm', b'p', b'4', b'a']) => "AAC",
            Self::Audio(2 | 14) | Self::FourCc([b'.', b'm', b'p', b'3']) => "MP3",
            Self::Audio(0 | 3) => "PCM",
            Self::Audio(11) => "Speex",
            Self::FourCc([b'O', b'p', b'u', b's']) => "Opus",
            Self::FourCc([b'f', b'L', b'a', b'C']) => "FLAC",
            Self::FourCc([b'a', b'c', b'-', b'3']) => "AC-3",
            Self::FourCc([b'e', b'c', b'-', b'3']) => "E-AC-3",
            Self::Mixed => "several",
            Self::Video(number) | Self::Audio(number) => return write!(f, "codec {number}"),
            Self::FourCc(code) => return write!(f, "{}", code.escape_ascii()),
        };
        f.write_str(name)
    }
}

/// What a tag body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagShape {
    /// What it carries.
    pub role: TagRole,
    /// Whether it says it is a keyframe; sound never does.
    pub keyframe: bool,
    /// Track: 0 unless the body says otherwise.
    pub track: u8,
    /// Its codec.
    pub codec: CodecId,
    /// Where the codec's own bytes begin: the configuration of a sequence header, the picture, the sound.
    pub header_bytes: usize,
    /// pts − dts of a picture, in milliseconds.
    pub composition_ms: i32,
}

/// Packet types that sound and picture share (Enhanced RTMP v2).
const EX_SEQUENCE_START: u8 = 0;
const EX_CODED_FRAMES: u8 = 1;
const EX_VIDEO_CODED_FRAMES_X: u8 = 3;
const EX_VIDEO_METADATA: u8 = 4;
const EX_VIDEO_MULTITRACK: u8 = 6;
const EX_AUDIO_MULTICHANNEL: u8 = 4;
const EX_AUDIO_MULTITRACK: u8 = 5;
const EX_MOD_EX: u8 = 7;
const MANY_TRACKS: u8 = 1;
const MANY_TRACKS_MANY_CODECS: u8 = 2;

const FRAME_KEY: u8 = 1;
const FRAME_COMMAND: u8 = 5;
const CODEC_AVC: u8 = 7;
/// HEVC in a classic header, as Chinese services send it.
const CODEC_HEVC: u8 = 12;
const SOUND_MP3: u8 = 2;
const SOUND_MP3_8K: u8 = 14;
const SOUND_AAC: u8 = 10;
const SOUND_EX_HEADER: u8 = 9;

/// The shape of a video tag body; `None` where it ends before its header does.
pub fn video_shape(body: &[u8]) -> Option<TagShape> {
    let first = *body.first()?;
    if first & 0x80 != 0 {
        let frame = first >> 4 & 7;
        let enhanced = Enhanced::read(body, EX_VIDEO_MULTITRACK)?;
        let packet = enhanced.packet;
        let role = match packet {
            EX_VIDEO_METADATA => TagRole::SideData,
            _ if frame == FRAME_COMMAND => TagRole::Other,
            EX_SEQUENCE_START => TagRole::SequenceHeader,
            EX_CODED_FRAMES | EX_VIDEO_CODED_FRAMES_X => TagRole::Coded,
            _ => TagRole::Other,
        };
        let mut shape = enhanced.shape(role, frame == FRAME_KEY);
        // Only these two codecs have pictures whose composition time is worth three bytes, and a packet type that saves them.
        if shape.role == TagRole::Coded
            && packet == EX_CODED_FRAMES
            && matches!(shape.codec, CodecId::FourCc([b'a', b'v', b'c', b'1'] | [b'h', b'v', b'c', b'1']))
        {
            shape.composition_ms = composition_ms(body.get(shape.header_bytes..).unwrap_or_default());
            shape.header_bytes += 3;
        }
        return Some(shape);
    }
    let (frame, codec) = (first >> 4, first & 0x0F);
    let shape = |role, header_bytes, composition_ms| TagShape {
        role,
        keyframe: frame == FRAME_KEY,
        track: 0,
        codec: CodecId::Video(codec),
        header_bytes,
        composition_ms,
    };
    Some(match codec {
        _ if frame == FRAME_COMMAND => shape(TagRole::Other, 1, 0),
        CODEC_AVC | CODEC_HEVC => match body.get(1)? {
            0 => shape(TagRole::SequenceHeader, 5, 0),
            1 => shape(TagRole::Coded, 5, composition_ms(body.get(2..).unwrap_or_default())),
            _ => shape(TagRole::Other, 2, 0),
        },
        _ => shape(TagRole::Coded, 1, 0),
    })
}

/// 24 bits with a sign; 0 where they are cut off.
fn composition_ms(bytes: &[u8]) -> i32 {
    let &[high, middle, low] = bytes.first_chunk().unwrap_or(&[0; 3]);
    // Shifted up and back down again to carry the sign.
    i32::from_be_bytes([high, middle, low, 0]) >> 8
}

/// The shape of an audio tag body; `None` where it ends before its header does.
pub fn audio_shape(body: &[u8]) -> Option<TagShape> {
    let first = *body.first()?;
    let format = first >> 4;
    if format == SOUND_EX_HEADER {
        let enhanced = Enhanced::read(body, EX_AUDIO_MULTITRACK)?;
        let role = match enhanced.packet {
            EX_SEQUENCE_START => TagRole::SequenceHeader,
            EX_CODED_FRAMES => TagRole::Coded,
            EX_AUDIO_MULTICHANNEL => TagRole::SideData,
            _ => TagRole::Other,
        };
        return Some(enhanced.shape(role, false));
    }
    let (role, header_bytes) = match format {
        SOUND_AAC if *body.get(1)? == 0 => (TagRole::SequenceHeader, 2),
        SOUND_AAC => (TagRole::Coded, 2),
        _ => (TagRole::Coded, 1),
    };
    Some(TagShape { role, keyframe: false, track: 0, codec: CodecId::Audio(format), header_bytes, composition_ms: 0 })
}

/// An enhanced header, taken apart.
struct Enhanced {
    packet: u8,
    track: u8,
    codec: CodecId,
    bytes: usize,
}

impl Enhanced {
    /// `multitrack` is the packet type that says that tracks follow.
    fn read(body: &[u8], multitrack: u8) -> Option<Self> {
        let (first, mut rest) = body.split_first()?;
        let mut packet = first & 0x0F;
        // Each ModEx: size − 1, data, and in a nibble the packet type that comes next.
        while packet == EX_MOD_EX {
            let (&size, after) = rest.split_first()?;
            let (size, after) = match size {
                0xFF => {
                    let (&size, after) = after.split_first_chunk()?;
                    (usize::from(u16::from_be_bytes(size)) + 1, after)
                }
                size => (usize::from(size) + 1, after),
            };
            let (&next, after) = after.get(size..)?.split_first()?;
            packet = next & 0x0F;
            rest = after;
        }
        let mut tracks = None;
        if packet == multitrack {
            let (&next, after) = rest.split_first()?;
            tracks = Some(next >> 4);
            packet = next & 0x0F;
            rest = after;
        }
        let codec = match tracks {
            // Sizes stand between the tracks: such a body is passed on whole, and nothing takes it for one picture.
            Some(MANY_TRACKS | MANY_TRACKS_MANY_CODECS) => CodecId::Mixed,
            _ => match rest.split_first_chunk() {
                Some((code, after)) => {
                    rest = after;
                    CodecId::FourCc(*code)
                }
                // Commands have none.
                None => CodecId::Mixed,
            },
        };
        let mut track = 0;
        if tracks.is_some() {
            // A codec stands before the first track, or before each.
            let at = if codec == CodecId::Mixed { 4 } else { 0 };
            track = *rest.get(at)?;
            rest = rest.get(at + 1..)?;
        }
        Some(Self { packet, track, codec, bytes: body.len() - rest.len() })
    }

    fn shape(self, role: TagRole, keyframe: bool) -> TagShape {
        let (track, codec, header_bytes) = (self.track, self.codec, self.bytes);
        TagShape { role, keyframe, track, codec, header_bytes, composition_ms: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_told_from_what_is_around_them() {
        use TagRole::{Coded, Other, SequenceHeader, SideData};
        for (body, role, keyframe, track) in [
            (&b"\x17\x00\0\0\0avcC"[..], SequenceHeader, true, 0),
            (b"\x17\x01\0\0\0x", Coded, true, 0),
            (b"\x27\x01\0\0\0x", Coded, false, 0),
            (b"\x17\x02\0\0\0", Other, true, 0),
            (b"\x57\x00", Other, false, 0),
            (b"\x90hvc1x", SequenceHeader, true, 0),
            (b"\x91hvc1\0\0\0x", Coded, true, 0),
            (b"\xA3hvc1x", Coded, false, 0),
            (b"\xD1\x00", Other, false, 0),
            (b"\x94hvc1x", SideData, true, 0),
            (b"\x92av01", Other, true, 0),
            (b"\x96\x00avc1\x02x", SequenceHeader, true, 2),
            (b"\xA6\x01avc1\x01x", Coded, false, 1),
            (b"\x96\x11avc1\0\0\0\x01x", Coded, true, 0),
            (b"\x96\x21avc1\x03\0\0\x01x", Coded, true, 3),
            // A nanosecond offset before a picture.
            (b"\x97\x02abc\x01av01x", Coded, true, 0),
            (b"\x97\xFF\x00\x01ab\x03hvc1x", Coded, true, 0),
            (b"\x22x", Coded, false, 0),
            (b"\x1c\x00\0\0\0x", SequenceHeader, true, 0),
            (b"\x1c\x01\0\0\0x", Coded, true, 0),
        ] {
            let shape = video_shape(body).unwrap_or_else(|| panic!("{body:?}"));
            assert_eq!((shape.role, shape.keyframe, shape.track), (role, keyframe, track), "{body:?}");
        }
        for cut in [&b""[..], b"\x17", b"\x97", b"\x97\xFF\x00", b"\x97\x05ab", b"\x96", b"\x96\x00avc1"] {
            assert_eq!(video_shape(cut), None, "{cut:?}");
        }
    }

    #[test]
    fn sound_is_told_from_what_is_around_it() {
        use TagRole::{Coded, Other, SequenceHeader, SideData};
        for (body, role, track) in [
            (&b"\xAF\x00\x11\x90"[..], SequenceHeader, 0),
            (b"\xAF\x01x", Coded, 0),
            (b"\x2fx", Coded, 0),
            (b"\x90Opusx", SequenceHeader, 0),
            (b"\x91Opusx", Coded, 0),
            (b"\x92Opus", Other, 0),
            (b"\x94Opusx", SideData, 0),
            (b"\x95\x01Opus\x04x", Coded, 4),
        ] {
            let shape = audio_shape(body).unwrap_or_else(|| panic!("{body:?}"));
            assert_eq!((shape.role, shape.keyframe, shape.track), (role, false, track), "{body:?}");
        }
        assert_eq!(audio_shape(b"\xAF"), None);
        assert_eq!(audio_shape(b""), None);
    }

    #[test]
    fn codecs_have_names_and_headers_have_ends() {
        for (body, name, header_bytes) in [
            (&b"\x17\x00\0\0\0avcC"[..], "H.264", 5),
            (b"\x90hvc1x", "HEVC", 5),
            (b"\x96\x00av01\x01x", "AV1", 7),
            (b"\x90xy\x01zx", "xy\\x01z", 5),
            (b"\x14x", "VP6", 1),
            (b"\x1fx", "codec 15", 1),
        ] {
            let shape = video_shape(body).unwrap();
            assert_eq!((shape.codec.to_string().as_str(), shape.header_bytes), (name, header_bytes), "{body:?}");
        }
        for (body, header_bytes, composition) in [
            (&b"\x27\x01\0\0\x28x"[..], 5, 40),
            (b"\x27\x01\xff\xff\xd8x", 5, -40),
            (b"\xA1hvc1\0\0\x28x", 8, 40),
            (b"\xA3hvc1xxxx", 5, 0),
            (b"\xA1av01xxxx", 5, 0),
            (b"\xA6\x01avc1\0\0\x01\x02x", 10, 258),
        ] {
            let shape = video_shape(body).unwrap();
            assert_eq!((shape.header_bytes, shape.composition_ms), (header_bytes, composition), "{body:?}");
        }
        assert_eq!(audio_shape(b"\x2Fx").unwrap().codec.to_string(), "MP3");
        // Each track's size stands before it, and others follow: what is taken apart as one picture would be broken.
        let several = video_shape(b"\x96\x11avc1\0\0\0\x04\0\0\x28x\x01\0\0\x04\0\0\x28y").unwrap();
        assert_eq!((several.codec, several.track, several.composition_ms), (CodecId::Mixed, 0, 0));
        assert!(several.keyframe && several.role == TagRole::Coded);
        assert_eq!(audio_shape(b"\x91Opusx").unwrap().codec.to_string(), "Opus");
    }
}
