//! AAC-LC by the Fraunhofer FDK encoder: constant rate, raw frames, the encoder's delay taken out of the times.

use bytes::Bytes;
use fdk_aac::enc::{AudioObjectType, BitRate, ChannelMode, Encoder, EncoderError, EncoderParams, Transport};

use super::{AudioEncoder, AudioEncoderSettings, EncodeError};
use crate::media::{AudioChunk, AudioConfig, CHUNK_SAMPLES, Packet, PacketKind, Timestamp};

/// Rates that AAC-LC is opened at: what sound cards and servers take.
const SAMPLE_RATES: [u32; 9] = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
/// Bits an AAC frame may have per channel (ISO/IEC 14496-3, 4.5.3.3).
const FRAME_BITS_MAX: u32 = 6144;
/// Bits a second and channel below which the encoder has no tables at all.
const CHANNEL_BPS_MIN: u32 = 8_000;

/// Opens the encoder.
pub fn open_aac(settings: &AudioEncoderSettings) -> Result<Box<dyn AudioEncoder>, EncodeError> {
    Ok(Box::new(AacEncoder::open(*settings)?))
}

struct AacEncoder {
    encoder: Encoder,
    settings: AudioEncoderSettings,
    audio_specific_config: Bytes,
    /// Samples per channel from a sample's way in to its way out of a decoder.
    delay: i64,
    input: Vec<i16>,
    output: Vec<u8>,
}

impl AacEncoder {
    fn open(settings: AudioEncoderSettings) -> Result<Self, EncodeError> {
        check(&settings)?;
        let library = |call| move |error: EncoderError| EncodeError::Library { call, code: code_of(&error) };
        let encoder = Encoder::new(EncoderParams {
            bit_rate: BitRate::Cbr(settings.bitrate.bps()),
            sample_rate: settings.sample_rate,
            transport: Transport::Raw,
            channels: if settings.channels == 1 { ChannelMode::Mono } else { ChannelMode::Stereo },
            audio_object_type: AudioObjectType::Mpeg4LowComplexity,
        })
        .map_err(library("aacEncOpen"))?;
        let info = encoder.info().map_err(library("aacEncInfo"))?;
        let config = info.confBuf.get(..info.confSize as usize).unwrap_or_default();
        if config.is_empty() || info.frameLength as usize != CHUNK_SAMPLES {
            return Err(EncodeError::Library {
                call: "aacEncInfo gave no usable config",
                code: info.frameLength.into(),
            });
        }
        Ok(Self {
            encoder,
            settings,
            audio_specific_config: Bytes::copy_from_slice(config),
            delay: info.nDelay.into(),
            input: Vec::with_capacity(CHUNK_SAMPLES * 2),
            output: vec![0; (info.maxOutBufBytes as usize).max(1)],
        })
    }
}

impl AudioEncoder for AacEncoder {
    fn config(&self) -> AudioConfig {
        AudioConfig {
            sample_rate: self.settings.sample_rate,
            channels: self.settings.channels,
            bitrate: self.settings.bitrate,
            audio_specific_config: self.audio_specific_config.clone(),
        }
    }

    fn encode(&mut self, chunk: &AudioChunk) -> Result<Option<Packet>, EncodeError> {
        let AudioEncoderSettings { sample_rate, channels, .. } = self.settings;
        let samples = CHUNK_SAMPLES * usize::from(channels);
        if chunk.sample_rate != sample_rate || chunk.channels != channels || chunk.samples.len() != samples {
            return Err(EncodeError::Unsupported(format!(
                "a chunk of {} samples at {} Hz in {} channels came to an encoder of {samples} at {sample_rate} Hz in {channels}",
                chunk.samples.len(),
                chunk.sample_rate,
                chunk.channels
            )));
        }
        self.input.clear();
        self.input.extend(chunk.samples.iter().map(|&sample| sample_i16(sample)));
        let done = self
            .encoder
            .encode(&self.input, &mut self.output)
            .map_err(|error| EncodeError::Library { call: "aacEncEncode", code: code_of(&error) })?;
        let data = self.output.get(..done.output_size).unwrap_or_default();
        if data.is_empty() {
            return Ok(None);
        }
        // What this frame decodes to went in `delay` samples before the chunk that completed it.
        let shift = Timestamp::from_samples(self.delay, sample_rate);
        let pts = Timestamp::from_nanos(chunk.pts.nanos_since(shift));
        let data = Bytes::copy_from_slice(data);
        Ok(Some(Packet { kind: PacketKind::Audio, pts, dts: pts, captured_at: pts, data }))
    }
}

fn check(settings: &AudioEncoderSettings) -> Result<(), EncodeError> {
    let AudioEncoderSettings { sample_rate, channels, bitrate } = *settings;
    if !SAMPLE_RATES.contains(&sample_rate) {
        return Err(EncodeError::Unsupported(format!(
            "{sample_rate} Hz is no rate for AAC: use 48000 or 44100 (or 8000, 11025, 12000, 16000, 22050, 24000, 32000)"
        )));
    }
    if !(1..=2).contains(&channels) {
        return Err(EncodeError::Unsupported(format!("{channels} channels cannot be encoded: use 1 or 2")));
    }
    let low = CHANNEL_BPS_MIN * u32::from(channels);
    let high = (u64::from(FRAME_BITS_MAX) * u64::from(sample_rate) * u64::from(channels) / CHUNK_SAMPLES as u64) as u32;
    if !(low..=high).contains(&bitrate.bps()) {
        return Err(EncodeError::Unsupported(format!(
            "{} b/s is no bitrate for AAC at {sample_rate} Hz in {channels} channels: use {}k to {}k",
            bitrate.bps(),
            low / 1000,
            high / 1000
        )));
    }
    Ok(())
}

/// Full scale ±1.0 to 16 bits, clipped; not a number is silence.
fn sample_i16(sample: f32) -> i16 {
    (sample * 32_768.0).round() as i16
}

/// The library's number, which the crate only gives in its debug text.
fn code_of(error: &EncoderError) -> i64 {
    let text = format!("{error:?}");
    text.chars().filter(char::is_ascii_digit).take(18).collect::<String>().parse().unwrap_or(-1)
}
