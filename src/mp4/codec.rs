//! Codecs: from the sequence headers of streams to sample entries, and their names for players (RFC 6381).
#![deny(clippy::indexing_slicing)]

use std::fmt::Write as _;

use mp4_atom::esds::{DecoderConfig, DecoderSpecific, EsDescriptor, SLConfig};
use mp4_atom::{
    Atom, Audio, Av01, Av1c, Avc1, Avcc, Codec, Colr, Compressor, Dops, Esds, Hvc1, Hvcc, Mp4a, Opus, Visual,
};

use super::Mp4Error;
use crate::bitstream::{AudioSpecificConfig, read_avcc_record, read_sps};
use crate::media::Size;

/// `objectTypeIndication` (14496-1, table 5).
const OBJECT_AAC: u8 = 0x40;
const OBJECT_MP3: u8 = 0x6B;
/// `streamType` of sound (14496-1, table 6).
const STREAM_AUDIO: u8 = 5;
/// Opus counts in this rate whatever went in (RFC 6716).
const OPUS_RATE: u32 = 48_000;

/// What a track holds, with what its decoder must know first.
#[derive(Clone, Debug, PartialEq)]
pub enum Mp4Codec {
    /// H.264.
    Avc {
        /// AVCDecoderConfigurationRecord.
        record: Box<Avcc>,
        /// Of the picture.
        size: Size,
        /// Primaries, transfer, matrix and whether all values are used, where the stream says so.
        colour: Option<(u8, u8, u8, bool)>,
    },
    /// HEVC.
    Hevc {
        /// HEVCDecoderConfigurationRecord.
        record: Box<Hvcc>,
        /// Of the picture; 0 where nobody said.
        size: Size,
    },
    /// AV1.
    Av1 {
        /// AV1CodecConfigurationRecord.
        record: Box<Av1c>,
        /// Of the picture; 0 where nobody said.
        size: Size,
    },
    /// AAC of any kind.
    Aac {
        /// The AudioSpecificConfig as it came.
        config: Vec<u8>,
        /// `audioObjectType`.
        object_type: u8,
        /// Of the core: a frame lasts 1024 samples of it.
        sample_rate: u32,
        /// 0 where the config describes them itself.
        channels: u16,
    },
    /// MP3.
    Mp3 {
        /// Samples a second.
        sample_rate: u32,
        /// 1 or 2.
        channels: u16,
    },
    /// Opus.
    Opus {
        /// 1 or more.
        channels: u8,
        /// Samples of 48 kHz to leave out at the start.
        pre_skip: u16,
    },
}

impl Mp4Codec {
    /// H.264 by its AVCDecoderConfigurationRecord.
    pub fn avc(record: &[u8]) -> Result<Self, Mp4Error> {
        let read = read_avcc_record(record).map_err(header)?;
        let sps = read.sps.first().map(|sps| read_sps(sps)).transpose().map_err(header)?;
        let Some(sps) = sps else { return Err(Mp4Error::Header("no parameter set".to_owned())) };
        let colour = sps.colour.map(|colour| (colour.primaries, colour.transfer, colour.matrix, colour.full_range));
        Ok(Self::Avc { record: Box::new(read_record(record)?), size: sps.size, colour })
    }

    /// HEVC by its HEVCDecoderConfigurationRecord; the size is what somebody said.
    pub fn hevc(record: &[u8], size: Size) -> Result<Self, Mp4Error> {
        Ok(Self::Hevc { record: Box::new(read_record(record)?), size })
    }

    /// AV1 by its AV1CodecConfigurationRecord; the size is what somebody said.
    pub fn av1(record: &[u8], size: Size) -> Result<Self, Mp4Error> {
        Ok(Self::Av1 { record: Box::new(read_record(record)?), size })
    }

    /// AAC by its AudioSpecificConfig.
    pub fn aac(config: &[u8]) -> Result<Self, Mp4Error> {
        let read = AudioSpecificConfig::read(config).map_err(header)?;
        Ok(Self::Aac {
            config: config.to_vec(),
            object_type: read.object_type.number(),
            sample_rate: read.core_sample_rate,
            channels: read.channels,
        })
    }

    /// MP3 by the header of one of its frames (11172-3, 2.4.1.3).
    pub fn mp3(frame: &[u8]) -> Result<Self, Mp4Error> {
        let none = || Mp4Error::Header("no MPEG audio frame".to_owned());
        let &[sync, version, rate, mode] = frame.first_chunk::<4>().ok_or_else(none)?;
        if sync != 0xFF || version & 0xE0 != 0xE0 || version >> 1 & 3 != 1 {
            return Err(none());
        }
        let mpeg1 = match rate >> 2 & 3 {
            0 => 44_100,
            1 => 48_000,
            2 => 32_000,
            _ => return Err(none()),
        };
        let sample_rate = match version >> 3 & 3 {
            3 => mpeg1,
            2 => mpeg1 / 2,
            0 => mpeg1 / 4,
            _ => return Err(none()),
        };
        Ok(Self::Mp3 { sample_rate, channels: if mode >> 6 == 3 { 1 } else { 2 } })
    }

    /// Opus by its identification header (RFC 7845, 5.1), with or without `OpusHead`.
    pub fn opus(head: &[u8]) -> Result<Self, Mp4Error> {
        let head = head.strip_prefix(b"OpusHead").unwrap_or(head);
        match head {
            &[_version, channels @ 1..=2, low, high, ..] => {
                Ok(Self::Opus { channels, pre_skip: u16::from_le_bytes([low, high]) })
            }
            // Without a header the usual stands.
            [] => Ok(Self::Opus { channels: 2, pre_skip: 312 }),
            _ => Err(Mp4Error::Header("Opus of more than two channels".to_owned())),
        }
    }

    /// Whether it is a picture.
    pub fn is_video(&self) -> bool {
        matches!(self, Self::Avc { .. } | Self::Hevc { .. } | Self::Av1 { .. })
    }

    /// Of the picture, where it is one and its size is known.
    pub fn size(&self) -> Option<Size> {
        match self {
            Self::Avc { size, .. } | Self::Hevc { size, .. } | Self::Av1 { size, .. } => {
                (size.width > 0 && size.height > 0).then_some(*size)
            }
            Self::Aac { .. } | Self::Mp3 { .. } | Self::Opus { .. } => None,
        }
    }

    /// Channels of sound, where they are known.
    pub fn channels(&self) -> Option<u16> {
        match self {
            Self::Avc { .. } | Self::Hevc { .. } | Self::Av1 { .. } => None,
            Self::Aac { channels, .. } | Self::Mp3 { channels, .. } => Some(*channels).filter(|channels| *channels > 0),
            Self::Opus { channels, .. } => Some(u16::from(*channels)),
        }
    }

    /// Units of its time in a second: milliseconds of pictures, which is what RTMP has, and samples of sound.
    pub fn timescale(&self) -> u32 {
        match self {
            Self::Avc { .. } | Self::Hevc { .. } | Self::Av1 { .. } => 1000,
            Self::Aac { sample_rate, .. } | Self::Mp3 { sample_rate, .. } => *sample_rate,
            Self::Opus { .. } => OPUS_RATE,
        }
    }

    /// The samples in one packet of sound; `None` of pictures, which say when they are shown.
    pub fn packet_samples(&self, packet: &[u8]) -> Option<u32> {
        match self {
            Self::Avc { .. } | Self::Hevc { .. } | Self::Av1 { .. } => None,
            Self::Aac { .. } => Some(1024),
            // Layer III of MPEG-2 has half as many.
            Self::Mp3 { sample_rate, .. } => Some(if *sample_rate < 32_000 { 576 } else { 1152 }),
            Self::Opus { .. } => Some(opus_samples(packet)),
        }
    }

    /// Its name for players (RFC 6381), such as `avc1.64001f`.
    pub fn name(&self) -> String {
        match self {
            Self::Avc { record, .. } => format!(
                "avc1.{:02x}{:02x}{:02x}",
                record.avc_profile_indication, record.profile_compatibility, record.avc_level_indication
            ),
            Self::Hevc { record, .. } => hevc_name(record),
            Self::Av1 { record, .. } => {
                let depth = if record.twelve_bit {
                    12
                } else if record.high_bitdepth {
                    10
                } else {
                    8
                };
                let tier = if record.seq_tier_0 { 'H' } else { 'M' };
                format!("av01.{}.{:02}{tier}.{depth:02}", record.seq_profile, record.seq_level_idx_0)
            }
            Self::Aac { object_type, .. } => format!("mp4a.40.{object_type}"),
            Self::Mp3 { .. } => "mp4a.6B".to_owned(),
            Self::Opus { .. } => "opus".to_owned(),
        }
    }

    /// The sample entry.
    pub(super) fn entry(&self) -> Codec {
        match self {
            Self::Avc { record, size, colour } => Codec::Avc1(Avc1 {
                visual: visual(*size),
                avcc: (**record).clone(),
                colr: colour.map(|(primaries, transfer, matrix, full_range_flag)| Colr::Nclx {
                    colour_primaries: primaries.into(),
                    transfer_characteristics: transfer.into(),
                    matrix_coefficients: matrix.into(),
                    full_range_flag,
                }),
                ..Avc1::default()
            }),
            Self::Hevc { record, size } => {
                Codec::Hvc1(Hvc1 { visual: visual(*size), hvcc: (**record).clone(), ..Hvc1::default() })
            }
            Self::Av1 { record, size } => {
                Codec::Av01(Av01 { visual: visual(*size), av1c: (**record).clone(), ..Av01::default() })
            }
            Self::Aac { config, sample_rate, channels, .. } => {
                mpeg_audio(OBJECT_AAC, Some(config.clone()), *sample_rate, *channels)
            }
            Self::Mp3 { sample_rate, channels } => mpeg_audio(OBJECT_MP3, None, *sample_rate, *channels),
            Self::Opus { channels, pre_skip } => Codec::Opus(Opus {
                audio: audio(OPUS_RATE, u16::from(*channels)),
                dops: Dops {
                    output_channel_count: *channels,
                    pre_skip: *pre_skip,
                    input_sample_rate: OPUS_RATE,
                    output_gain: 0,
                    channel_mapping: None,
                },
                btrt: None,
            }),
        }
    }
}

fn header(error: impl ToString) -> Mp4Error {
    Mp4Error::Header(error.to_string())
}

fn read_record<T: Atom>(mut record: &[u8]) -> Result<T, Mp4Error> {
    T::decode_body(&mut record).map_err(header)
}

fn visual(size: Size) -> Visual {
    let pixels = |count: u32| u16::try_from(count).unwrap_or(u16::MAX);
    Visual {
        data_reference_index: 1,
        width: pixels(size.width),
        height: pixels(size.height),
        horizresolution: 72.into(),
        vertresolution: 72.into(),
        frame_count: 1,
        compressor: Compressor::default(),
        depth: 24,
    }
}

fn audio(sample_rate: u32, channels: u16) -> Audio {
    Audio {
        data_reference_index: 1,
        channel_count: if channels == 0 { 2 } else { channels },
        sample_size: 16,
        // Above 65535 Hz the field cannot say it; the decoder's own configuration does.
        sample_rate: u16::try_from(sample_rate).unwrap_or(0).into(),
    }
}

fn mpeg_audio(object: u8, config: Option<Vec<u8>>, sample_rate: u32, channels: u16) -> Codec {
    let dec_config = DecoderConfig {
        object_type_indication: object,
        stream_type: STREAM_AUDIO,
        dec_specific: config.map(|raw| DecoderSpecific { raw, ..DecoderSpecific::default() }),
        ..DecoderConfig::default()
    };
    Codec::Mp4a(Mp4a {
        audio: audio(sample_rate, channels),
        esds: Esds {
            es_desc: EsDescriptor { es_id: 1, dec_config, sl_config: SLConfig {}, ..EsDescriptor::default() },
        },
        btrt: None,
        taic: None,
    })
}

/// 14496-15, annex E.3: profile, compatibility with its bits turned round, tier and level, constraints without trailing
/// zeros.
fn hevc_name(record: &Hvcc) -> String {
    let mut name = "hvc1.".to_owned();
    if let space @ 1..=3 = record.general_profile_space {
        name.push(char::from(b'A' + space - 1));
    }
    let compatibility = u32::from_be_bytes(record.general_profile_compatibility_flags).reverse_bits();
    let tier = if record.general_tier_flag { 'H' } else { 'L' };
    let _ = write!(name, "{}.{compatibility:x}.{tier}{}", record.general_profile_idc, record.general_level_idc);
    let constraints = record.general_constraint_indicator_flags;
    let used = constraints.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    for byte in constraints.iter().take(used) {
        let _ = write!(name, ".{byte:X}");
    }
    name
}

/// RFC 6716, 3.1: the first byte tells the frames' length, and with the second how many there are.
fn opus_samples(packet: &[u8]) -> u32 {
    let Some(&first) = packet.first() else { return 0 };
    let length = match (first >> 3, first >> 3 & 3) {
        (0..=11, 3) => 2880,
        (0..=11, step) => 480 << step,
        (12..=15, step) => 480 << (step & 1),
        (_, step) => 120 << step,
    };
    let frames = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(packet.get(1).copied().unwrap_or(0) & 0x3F),
    };
    length * frames
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opus_packets_tell_their_length() {
        // CELT of 20 ms, SILK of 60 ms, hybrid of 10 ms twice, CELT of 2.5 ms times 6.
        for (packet, samples) in
            [(&[0xFC][..], 960), (&[0x18], 2880), (&[0x61], 960), (&[0x83, 6], 720), (&[], 0), (&[0x83], 0)]
        {
            assert_eq!(opus_samples(packet), samples, "{packet:?}");
        }
    }

    #[test]
    fn mp3_is_known_by_a_frame() {
        assert_eq!(
            Mp4Codec::mp3(&[0xFF, 0xFB, 0x94, 0x64]).unwrap(),
            Mp4Codec::Mp3 { sample_rate: 48_000, channels: 2 }
        );
        assert_eq!(
            Mp4Codec::mp3(&[0xFF, 0xF3, 0x44, 0xC4]).unwrap(),
            Mp4Codec::Mp3 { sample_rate: 24_000, channels: 1 }
        );
        for wrong in [&[][..], &[0xFF, 0xFB, 0x9C, 0], &[0xFF, 0xEB, 0, 0], &[0xFF, 0xF1, 0x50, 0x80]] {
            assert!(Mp4Codec::mp3(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn codecs_have_their_names() {
        let aac = Mp4Codec::aac(&[0x11, 0x90]).unwrap();
        assert_eq!(
            (aac.name(), aac.timescale(), aac.packet_samples(&[])),
            ("mp4a.40.2".to_owned(), 48_000, Some(1024))
        );
        assert_eq!(Mp4Codec::opus(b"OpusHead\x01\x02\x38\x01").unwrap(), Mp4Codec::Opus { channels: 2, pre_skip: 312 });
        let hevc = Hvcc {
            general_profile_idc: 1,
            general_profile_compatibility_flags: [0x60, 0, 0, 0],
            general_constraint_indicator_flags: [0x90, 0, 0, 0, 0, 0],
            general_level_idc: 93,
            ..Hvcc::new()
        };
        assert_eq!(hevc_name(&hevc), "hvc1.1.6.L93.90");
    }
}
