//! AAC by the Fraunhofer FDK decoder: LC and HE, more than two channels mixed down to stereo.
#![expect(unsafe_code, reason = "where channels stand is told by pointers into the decoder")]

use fdk_aac::dec::{Decoder, DecoderError, Transport};

use super::surround::{self, Stand};
use super::{AudioDecoder, AudioDecoderConfig, DecodeError};
use crate::bitstream::AudioSpecificConfig;
use crate::media::{AudioChunk, Timestamp};

/// The most channels the library decodes.
const CHANNELS_MAX: usize = 8;
/// The longest frame (2048 samples of HE-AAC) in the most channels before the mix-down.
const SAMPLES_MAX: usize = 2048 * CHANNELS_MAX;

/// Opens a decoder. Chunks are as long as the stream's frames: 1024 samples per channel, 2048 for HE-AAC.
pub fn open_aac(config: &AudioDecoderConfig) -> Result<Box<dyn AudioDecoder>, DecodeError> {
    let asc = &config.audio_specific_config;
    AudioSpecificConfig::read(asc).map_err(|error| DecodeError::Unsupported(error.to_string()))?;
    let mut decoder = Decoder::new(Transport::Raw);
    let unsupported = |error: DecoderError| DecodeError::Unsupported(error.message().to_owned());
    decoder.config_raw(asc).map_err(unsupported)?;
    // The library's own mix-down is twice too loud: its limiter would cut off what ours keeps.
    Ok(Box::new(AacDecoder { decoder, samples: vec![0; SAMPLES_MAX] }))
}

struct AacDecoder {
    decoder: Decoder,
    samples: Vec<i16>,
}

impl AudioDecoder for AacDecoder {
    fn decode(&mut self, frame: &[u8], pts: Timestamp) -> Result<Option<AudioChunk>, DecodeError> {
        let damaged = |error: DecoderError| DecodeError::Damaged(error.message().to_owned());
        if self.decoder.fill(frame).map_err(damaged)? != frame.len() {
            return Err(DecodeError::Damaged("the AAC frame is longer than a frame can be".to_owned()));
        }
        match self.decoder.decode_frame(&mut self.samples) {
            Ok(()) => {}
            Err(DecoderError::NOT_ENOUGH_BITS) => return Ok(None),
            Err(error) => return Err(damaged(error)),
        }
        let info = self.decoder.stream_info();
        let (Ok(sample_rate), Ok(coded @ 1..=CHANNELS_MAX)) =
            (u32::try_from(info.sampleRate), usize::try_from(info.numChannels))
        else {
            return Err(DecodeError::Damaged("the AAC frame has no usable rate or channels".to_owned()));
        };
        let samples = self.samples.get(..self.decoder.decoded_frame_size()).unwrap_or_default();
        let samples = samples.iter().map(|&sample| f32::from(sample) / 32_768.0);
        let (channels, samples) = match coded {
            1 | 2 => (coded as u16, samples.collect()),
            _ => (2, mixed_down(&samples.collect::<Vec<f32>>(), &stands(&self.decoder))),
        };
        let shift = Timestamp::from_samples(info.outputDelay.into(), sample_rate);
        Ok(Some(AudioChunk { pts: Timestamp::from_nanos(pts.nanos_since(shift)), sample_rate, channels, samples }))
    }
}

fn mixed_down(samples: &[f32], stands: &[(Stand, usize)]) -> Vec<f32> {
    let gains = surround::gains(stands);
    samples.chunks_exact(stands.len().max(1)).flat_map(|frame| surround::mixed(frame, &gains)).collect()
}

/// Where each channel of the frame that was decoded last stands, in the order in which they come.
fn stands(decoder: &Decoder) -> Vec<(Stand, usize)> {
    let info = decoder.stream_info();
    let count = usize::try_from(info.numChannels).unwrap_or(0).min(CHANNELS_MAX);
    if info.pChannelType.is_null() || info.pChannelIndices.is_null() {
        return vec![(Stand::Unheard, 0); count];
    }
    // SAFETY: both point to arrays of eight inside the decoder, which is borrowed and so neither freed nor decoding.
    let (types, indices) = unsafe {
        (std::slice::from_raw_parts(info.pChannelType, count), std::slice::from_raw_parts(info.pChannelIndices, count))
    };
    types.iter().zip(indices).map(|(kind, index)| (Stand::of(*kind), usize::from(*index))).collect()
}
