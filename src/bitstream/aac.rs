//! AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1): what an AAC decoder must know.
#![deny(clippy::indexing_slicing)]

use bytes::Bytes;

use super::BitstreamError;
use super::bits::{BitReader, BitWriter};

/// The kind of AAC (`audioObjectType`, table 1.17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AacObjectType {
    /// Low complexity (2).
    Lc,
    /// With spectral band replication, HE-AAC (5).
    He,
    /// With parametric stereo too, HE-AAC v2 (29).
    HeV2,
    /// Any other.
    Other(u8),
}

impl AacObjectType {
    /// The number in the bitstream.
    pub fn number(self) -> u8 {
        match self {
            Self::Lc => 2,
            Self::He => 5,
            Self::HeV2 => 29,
            Self::Other(number) => number,
        }
    }

    fn from_number(number: u8) -> Self {
        match number {
            2 => Self::Lc,
            5 => Self::He,
            29 => Self::HeV2,
            other => Self::Other(other),
        }
    }
}

/// What an AudioSpecificConfig tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioSpecificConfig {
    /// The kind of AAC. A backward compatible HE-AAC announcement at the config's end counts.
    pub object_type: AacObjectType,
    /// Samples a second of what the decoder gives (with spectral band replication twice the core's).
    pub sample_rate: u32,
    /// Samples a second of the AAC core: a frame lasts 1024 of them.
    pub core_sample_rate: u32,
    /// Channels of the core; 0 where the config describes them itself. Channel configuration 7 is 8 channels.
    pub channels: u16,
}

/// `samplingFrequencyIndex`, table 1.18.
const SAMPLE_RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
/// The index that says that 24 bits of rate follow.
const EXPLICIT_RATE: u32 = 15;
/// `syncExtensionType` of a backward compatible HE-AAC announcement.
const SYNC_EXTENSION_SBR: u32 = 0x2b7;
const SYNC_EXTENSION_PS: u32 = 0x548;

impl AudioSpecificConfig {
    /// Plain AAC-LC.
    pub fn lc(sample_rate: u32, channels: u16) -> Self {
        Self { object_type: AacObjectType::Lc, sample_rate, core_sample_rate: sample_rate, channels }
    }

    /// Reads one. Frames of 960 samples are refused: nothing that streams uses them.
    pub fn read(bytes: &[u8]) -> Result<Self, BitstreamError> {
        let mut bits = BitReader::new(bytes, "the AudioSpecificConfig");
        let mut object_type = read_object_type(&mut bits)?;
        let core_sample_rate = read_rate(&mut bits)?;
        let mut sample_rate = core_sample_rate;
        let channels = match bits.bits(4)? {
            7 => 8,
            11 => 7,
            12 | 14 => 8,
            few @ 0..=6 => few as u16,
            _ => return Err(BitstreamError::Invalid("the AAC channel configuration is unknown")),
        };
        let explicit = matches!(object_type, 5 | 29);
        let announced = object_type;
        if explicit {
            sample_rate = read_rate(&mut bits)?;
            object_type = read_object_type(&mut bits)?;
        }
        if matches!(object_type, 1..=4 | 6 | 7) {
            if bits.bit()? {
                return Err(BitstreamError::Invalid("AAC frames of 960 samples are not supported"));
            }
            if bits.bit()? {
                bits.bits(14)?;
            }
            let extension = bits.bit()?;
            if channels == 0 {
                // A program config element follows; only the decoder reads it.
                return Ok(Self {
                    object_type: AacObjectType::from_number(if explicit { announced } else { object_type }),
                    sample_rate,
                    core_sample_rate,
                    channels,
                });
            }
            if object_type == 6 {
                bits.bits(3)?;
            }
            if extension {
                bits.bit()?;
            }
        }
        let mut kind = AacObjectType::from_number(if explicit { announced } else { object_type });
        if !explicit
            && object_type == 2
            && let Some((rate, parametric_stereo)) = read_sync_extension(&mut bits)
        {
            kind = if parametric_stereo { AacObjectType::HeV2 } else { AacObjectType::He };
            sample_rate = rate;
        }
        Ok(Self { object_type: kind, sample_rate, core_sample_rate, channels })
    }

    /// Writes one: two bytes for AAC-LC at a usual rate.
    pub fn write(&self) -> Bytes {
        let mut bits = BitWriter::default();
        write_object_type(&mut bits, self.object_type.number());
        write_rate(&mut bits, self.core_sample_rate);
        bits.bits(if self.channels == 8 { 7 } else { u32::from(self.channels.min(6)) }, 4);
        if matches!(self.object_type, AacObjectType::He | AacObjectType::HeV2) {
            write_rate(&mut bits, self.sample_rate);
            write_object_type(&mut bits, AacObjectType::Lc.number());
        }
        // GASpecificConfig: frames of 1024 samples, no core coder, no extension.
        bits.bits(0, 3);
        Bytes::from(bits.finish())
    }
}

fn read_object_type(bits: &mut BitReader<'_>) -> Result<u8, BitstreamError> {
    let number = bits.bits(5)?;
    Ok(if number == 31 { 32 + bits.bits(6)? as u8 } else { number as u8 })
}

fn write_object_type(bits: &mut BitWriter, number: u8) {
    if number < 31 {
        bits.bits(u32::from(number), 5);
    } else {
        bits.bits(31, 5);
        bits.bits(u32::from(number.saturating_sub(32)), 6);
    }
}

fn read_rate(bits: &mut BitReader<'_>) -> Result<u32, BitstreamError> {
    let index = bits.bits(4)?;
    let rate = if index == EXPLICIT_RATE {
        Some(bits.bits(24)?)
    } else {
        usize::try_from(index).ok().and_then(|index| SAMPLE_RATES.get(index)).copied()
    };
    rate.filter(|rate| (1000..=192_000).contains(rate)).ok_or(BitstreamError::Invalid("the AAC sample rate is unknown"))
}

fn write_rate(bits: &mut BitWriter, rate: u32) {
    match SAMPLE_RATES.iter().position(|&known| known == rate) {
        Some(index) => bits.bits(index as u32, 4),
        None => {
            bits.bits(EXPLICIT_RATE, 4);
            bits.bits(rate, 24);
        }
    }
}

/// The announcement behind the core's config; `None` where there is none that can be read.
fn read_sync_extension(bits: &mut BitReader<'_>) -> Option<(u32, bool)> {
    if bits.left() < 16 || bits.bits(11).ok()? != SYNC_EXTENSION_SBR || read_object_type(bits).ok()? != 5 {
        return None;
    }
    if !bits.bit().ok()? {
        return None;
    }
    let rate = read_rate(bits).ok()?;
    let parametric_stereo =
        bits.left() >= 12 && bits.bits(11).ok()? == SYNC_EXTENSION_PS && bits.bit().unwrap_or(false);
    Some((rate, parametric_stereo))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitstream::tests_support::Random;

    #[test]
    fn configs_of_the_field() {
        let lc = AudioSpecificConfig::read(&[0x12, 0x10]).unwrap();
        assert_eq!(lc, AudioSpecificConfig::lc(44_100, 2));
        assert_eq!(AudioSpecificConfig::read(&[0x11, 0x90]).unwrap(), AudioSpecificConfig::lc(48_000, 2));
        assert_eq!(AudioSpecificConfig::read(&[0x11, 0xb0]).unwrap(), AudioSpecificConfig::lc(48_000, 6));
        // HE-AAC, announced backward compatibly: 24 kHz core, 48 kHz out.
        let he = AudioSpecificConfig::read(&[0x13, 0x10, 0x56, 0xe5, 0x98]).unwrap();
        assert_eq!((he.object_type, he.core_sample_rate, he.sample_rate), (AacObjectType::He, 24_000, 48_000));
    }

    #[test]
    fn what_is_written_reads_back() {
        for rate in [8_000, 16_000, 44_100, 48_000, 37_800] {
            for channels in [1, 2, 6, 8] {
                for object_type in [AacObjectType::Lc, AacObjectType::He, AacObjectType::HeV2] {
                    let sample_rate = if object_type == AacObjectType::Lc { rate } else { 2 * rate };
                    let config = AudioSpecificConfig { object_type, sample_rate, core_sample_rate: rate, channels };
                    assert_eq!(AudioSpecificConfig::read(&config.write()), Ok(config));
                }
            }
        }
        assert_eq!(&AudioSpecificConfig::lc(48_000, 2).write()[..], [0x11, 0x90]);
    }

    #[test]
    fn random_bytes_never_panic() {
        let mut random = Random::new(3);
        for _ in 0..5000 {
            if let Ok(config) = AudioSpecificConfig::read(&random.bytes(12, 0)) {
                assert!((1000..=192_000).contains(&config.sample_rate));
            }
        }
        assert!(AudioSpecificConfig::read(&[]).is_err());
        assert!(AudioSpecificConfig::read(&[0x12]).is_err());
    }
}
