//! AAC by the Fraunhofer FDK decoder: LC and HE, more than two channels mixed down to stereo.

use fdk_aac::dec::{Decoder, DecoderError, Transport};

use super::{AudioDecoder, AudioDecoderConfig, DecodeError};
use crate::bitstream::AudioSpecificConfig;
use crate::media::{AudioChunk, Timestamp};

/// The longest frame (2048 samples of HE-AAC) in the most channels before the mix-down.
const SAMPLES_MAX: usize = 2048 * 8;

/// Opens a decoder. Chunks are as long as the stream's frames: 1024 samples per channel, 2048 for HE-AAC.
pub fn open_aac(config: &AudioDecoderConfig) -> Result<Box<dyn AudioDecoder>, DecodeError> {
    let asc = &config.audio_specific_config;
    AudioSpecificConfig::read(asc).map_err(|error| DecodeError::Unsupported(error.to_string()))?;
    let mut decoder = Decoder::new(Transport::Raw);
    let unsupported = |error: DecoderError| DecodeError::Unsupported(error.message().to_owned());
    decoder.config_raw(asc).map_err(unsupported)?;
    decoder.set_max_output_channels(2).map_err(unsupported)?;
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
        let (Ok(sample_rate), Ok(channels @ 1..=2)) = (u32::try_from(info.sampleRate), u16::try_from(info.numChannels))
        else {
            return Err(DecodeError::Damaged("the AAC frame has no usable rate or channels".to_owned()));
        };
        let samples = self.samples.get(..self.decoder.decoded_frame_size()).unwrap_or_default();
        let shift = Timestamp::from_samples(info.outputDelay.into(), sample_rate);
        Ok(Some(AudioChunk {
            pts: Timestamp::from_nanos(pts.nanos_since(shift)),
            sample_rate,
            channels,
            samples: samples.iter().map(|&sample| f32::from(sample) / 32_768.0).collect(),
        }))
    }
}
