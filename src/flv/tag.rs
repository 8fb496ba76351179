//! Tag bodies: the few bytes before a picture or a piece of sound (E.4.2, E.4.3).
#![deny(clippy::indexing_slicing)]

use bytes::{BufMut, Bytes, BytesMut};

use super::FlvError;

const KEYFRAME: u8 = 1;
const INTER_FRAME: u8 = 2;
const CODEC_AVC: u8 = 7;
/// AAC, and the rate, size and channels that AAC always claims (44 kHz, 16 bit, stereo).
const AUDIO_AAC: u8 = 0xAF;
const SOUND_FORMAT_AAC: u8 = 10;
/// Enhanced RTMP: this bit says that a FourCC follows.
const EX_HEADER: u8 = 0x80;
const SOUND_FORMAT_EX_HEADER: u8 = 9;

/// A video tag body that carries an AVCDecoderConfigurationRecord.
pub fn video_sequence_header(avcc_record: &[u8]) -> Bytes {
    let mut body = BytesMut::with_capacity(5 + avcc_record.len());
    body.put_slice(&[KEYFRAME << 4 | CODEC_AVC, 0, 0, 0, 0]);
    body.put_slice(avcc_record);
    body.freeze()
}

/// An audio tag body that carries an AudioSpecificConfig.
pub fn audio_sequence_header(audio_specific_config: &[u8]) -> Bytes {
    let mut body = BytesMut::with_capacity(2 + audio_specific_config.len());
    body.put_slice(&[AUDIO_AAC, 0]);
    body.put_slice(audio_specific_config);
    body.freeze()
}

/// What precedes an access unit. `composition_ms` is pts − dts and is clamped to 24 bits signed.
pub fn video_tag_header(keyframe: bool, composition_ms: i32) -> [u8; 5] {
    let kind = if keyframe { KEYFRAME } else { INTER_FRAME };
    let [_, high, middle, low] = composition_ms.clamp(-0x80_0000, 0x7F_FFFF).to_be_bytes();
    [kind << 4 | CODEC_AVC, 1, high, middle, low]
}

/// What precedes a raw AAC frame.
pub fn audio_tag_header() -> [u8; 2] {
    [AUDIO_AAC, 1]
}

/// AVCPacketType.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VideoPacketType {
    /// The payload is an AVCDecoderConfigurationRecord.
    SequenceHeader,
    /// The payload is one access unit, its NAL units length-prefixed.
    AccessUnit,
    /// The stream ends; no payload.
    EndOfSequence,
}

/// An H.264 video tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoTag {
    /// Whether the tag says it is a keyframe.
    pub keyframe: bool,
    /// What the payload is.
    pub packet: VideoPacketType,
    /// pts − dts, in milliseconds.
    pub composition_ms: i32,
    /// What follows the header.
    pub payload: Bytes,
}

/// A video tag body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VideoBody {
    /// H.264 in the classic header.
    Avc(VideoTag),
    /// Another codec, an enhanced header, or a command frame.
    Other {
        /// Whether the tag says it is a keyframe.
        keyframe: bool,
        /// The codec's number in the classic header.
        codec: Option<u8>,
        /// The codec's FourCC in an enhanced header.
        four_cc: Option<[u8; 4]>,
    },
}

/// An AAC audio tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioTag {
    /// Whether the payload is an AudioSpecificConfig and not a raw AAC frame.
    pub sequence_header: bool,
    /// What follows the header.
    pub payload: Bytes,
}

/// An audio tag body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AudioBody {
    /// AAC in the classic header.
    Aac(AudioTag),
    /// Another codec or an enhanced header.
    Other {
        /// SoundFormat of the classic header.
        sound_format: u8,
        /// The codec's FourCC in an enhanced header.
        four_cc: Option<[u8; 4]>,
    },
}

/// Reads a video tag body (E.4.3.1); the payload shares the body's memory.
pub fn read_video_body(body: &Bytes) -> Result<VideoBody, FlvError> {
    let first = *body.first().ok_or(FlvError::Truncated)?;
    if first & EX_HEADER != 0 {
        let keyframe = (first >> 4) & 7 == KEYFRAME;
        return Ok(VideoBody::Other { keyframe, codec: None, four_cc: four_cc(body) });
    }
    let keyframe = first >> 4 == KEYFRAME;
    let codec = first & 0x0F;
    // Frame type 5 is a command, not a picture.
    if codec != CODEC_AVC || first >> 4 == 5 {
        return Ok(VideoBody::Other { keyframe, codec: Some(codec), four_cc: None });
    }
    let &[_, packet, high, middle, low] = body.first_chunk::<5>().ok_or(FlvError::Truncated)?;
    let packet = match packet {
        0 => VideoPacketType::SequenceHeader,
        1 => VideoPacketType::AccessUnit,
        2 => VideoPacketType::EndOfSequence,
        _ => return Ok(VideoBody::Other { keyframe, codec: Some(codec), four_cc: None }),
    };
    // Shifted up and back down again to carry the sign of 24 bits.
    let composition_ms = i32::from_be_bytes([high, middle, low, 0]) >> 8;
    Ok(VideoBody::Avc(VideoTag { keyframe, packet, composition_ms, payload: body.slice(5..) }))
}

/// Reads an audio tag body (E.4.2.1); the payload shares the body's memory.
pub fn read_audio_body(body: &Bytes) -> Result<AudioBody, FlvError> {
    let first = *body.first().ok_or(FlvError::Truncated)?;
    let sound_format = first >> 4;
    match sound_format {
        SOUND_FORMAT_AAC => {
            let &[_, packet] = body.first_chunk::<2>().ok_or(FlvError::Truncated)?;
            Ok(AudioBody::Aac(AudioTag { sequence_header: packet == 0, payload: body.slice(2..) }))
        }
        SOUND_FORMAT_EX_HEADER => Ok(AudioBody::Other { sound_format, four_cc: four_cc(body) }),
        _ => Ok(AudioBody::Other { sound_format, four_cc: None }),
    }
}

fn four_cc(body: &[u8]) -> Option<[u8; 4]> {
    body.get(1..)?.first_chunk::<4>().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_written() {
        for keyframe in [true, false] {
            for composition_ms in [0, 1, 66, -66, 0x7F_FFFF, -0x80_0000] {
                let mut body = video_tag_header(keyframe, composition_ms).to_vec();
                body.extend_from_slice(b"unit");
                let expected = VideoTag {
                    keyframe,
                    packet: VideoPacketType::AccessUnit,
                    composition_ms,
                    payload: Bytes::from_static(b"unit"),
                };
                assert_eq!(read_video_body(&body.into()), Ok(VideoBody::Avc(expected)));
            }
        }
        let mut body = audio_tag_header().to_vec();
        body.extend_from_slice(b"aac");
        let expected = AudioTag { sequence_header: false, payload: Bytes::from_static(b"aac") };
        assert_eq!(read_audio_body(&body.into()), Ok(AudioBody::Aac(expected)));
    }

    #[test]
    fn sequence_headers_have_the_bytes_every_server_knows() {
        assert_eq!(video_sequence_header(b"avcC")[..], *b"\x17\0\0\0\0avcC");
        assert_eq!(audio_sequence_header(&[0x11, 0x90])[..], [0xAF, 0, 0x11, 0x90]);
        let VideoBody::Avc(tag) = read_video_body(&video_sequence_header(b"r")).unwrap() else { panic!() };
        assert_eq!((tag.packet, tag.keyframe), (VideoPacketType::SequenceHeader, true));
    }

    #[test]
    fn other_codecs_are_named() {
        let hevc = Bytes::from_static(b"\x90hvc1....");
        let expected = VideoBody::Other { keyframe: true, codec: None, four_cc: Some(*b"hvc1") };
        assert_eq!(read_video_body(&hevc), Ok(expected));
        let sorenson = Bytes::from_static(&[0x22, 0]);
        let expected = VideoBody::Other { keyframe: false, codec: Some(2), four_cc: None };
        assert_eq!(read_video_body(&sorenson), Ok(expected));
        let opus = Bytes::from_static(b"\x90Opus");
        assert_eq!(read_audio_body(&opus), Ok(AudioBody::Other { sound_format: 9, four_cc: Some(*b"Opus") }));
        let mp3 = Bytes::from_static(&[0x2F, 0xFF]);
        assert_eq!(read_audio_body(&mp3), Ok(AudioBody::Other { sound_format: 2, four_cc: None }));
    }

    #[test]
    fn short_bodies_are_errors() {
        for body in [&b""[..], b"\x17", b"\x17\x01\0\0"] {
            assert_eq!(read_video_body(&Bytes::copy_from_slice(body)), Err(FlvError::Truncated));
        }
        for body in [&b""[..], b"\xAF"] {
            assert_eq!(read_audio_body(&Bytes::copy_from_slice(body)), Err(FlvError::Truncated));
        }
    }

    #[test]
    fn composition_times_out_of_range_are_clamped() {
        assert_eq!(video_tag_header(true, i32::MAX), video_tag_header(true, 0x7F_FFFF));
        assert_eq!(video_tag_header(true, i32::MIN), video_tag_header(true, -0x80_0000));
    }
}
