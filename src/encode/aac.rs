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

/// The library's number, which the crate only gives in its debug text: the first number there.
fn code_of(error: &EncoderError) -> i64 {
    let text = format!("{error:?}");
    let digits = text.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let end = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
    digits.get(..end).and_then(|digits| digits.parse().ok()).unwrap_or(-1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitstream::{AacObjectType, AudioSpecificConfig};
    use crate::media::Bitrate;

    fn settings(sample_rate: u32, channels: u16, kbps: u32) -> AudioEncoderSettings {
        AudioEncoderSettings { sample_rate, channels, bitrate: Bitrate::from_kbps(kbps) }
    }

    fn chunk(settings: AudioEncoderSettings, index: i64, sample: impl Fn(i64) -> f32) -> AudioChunk {
        let first = index * CHUNK_SAMPLES as i64;
        AudioChunk {
            pts: Timestamp::from_samples(first, settings.sample_rate),
            sample_rate: settings.sample_rate,
            channels: settings.channels,
            samples: (first..first + CHUNK_SAMPLES as i64)
                .flat_map(|at| std::iter::repeat_n(sample(at), usize::from(settings.channels)))
                .collect(),
        }
    }

    /// Feeds a click at sample `at`, decodes with a bare decoder, and gives where the packets' times say it is.
    fn click_found_at(settings: AudioEncoderSettings, at: i64) -> i64 {
        let mut encoder = AacEncoder::open(settings).unwrap();
        let mut decoder = fdk_aac::dec::Decoder::new(fdk_aac::dec::Transport::Raw);
        decoder.config_raw(&encoder.config().audio_specific_config).unwrap();
        let mut best = (0, -1);
        let mut pcm = vec![0i16; CHUNK_SAMPLES * 2];
        for index in 0..12 {
            let chunk = chunk(settings, index, |sample| if sample == at { 0.9 } else { 0.0 });
            let Some(packet) = encoder.encode(&chunk).unwrap() else { continue };
            decoder.fill(&packet.data).unwrap();
            decoder.decode_frame(&mut pcm).unwrap();
            let delay = i64::from(decoder.stream_info().outputDelay);
            let step = usize::from(settings.channels);
            let first = (packet.pts.as_nanos() as f64 * f64::from(settings.sample_rate) / 1e9).round() as i64 - delay;
            for (offset, sample) in (0i64..).zip(pcm[..CHUNK_SAMPLES * step].iter().step_by(step)) {
                best = best.max((sample.unsigned_abs(), first + offset));
            }
        }
        best.1
    }

    #[test]
    fn a_click_comes_out_when_it_went_in() {
        for (rate, channels) in [(48_000, 2), (48_000, 1), (44_100, 2), (32_000, 2), (8_000, 1)] {
            let kbps = if rate == 8_000 { 24 } else { 128 };
            for at in [3000, 5120] {
                let found = click_found_at(settings(rate, channels, kbps), at);
                assert!((found - at).abs() <= 1, "{rate} Hz {channels}: {at} came at {found}");
            }
        }
    }

    #[test]
    fn the_config_is_the_encoders_own_and_says_lc() {
        for (rate, channels) in [(48_000, 2), (44_100, 1), (16_000, 1)] {
            let encoder = AacEncoder::open(settings(rate, channels, 64)).unwrap();
            let config = encoder.config();
            let read = AudioSpecificConfig::read(&config.audio_specific_config).unwrap();
            assert_eq!(read, AudioSpecificConfig::lc(rate, channels));
            assert_eq!(read.object_type, AacObjectType::Lc);
            assert_eq!(config.audio_specific_config, read.write());
        }
    }

    #[test]
    fn packets_follow_each_other_without_gap_at_the_asked_rate() {
        let settings = settings(48_000, 2, 128);
        let mut encoder = AacEncoder::open(settings).unwrap();
        let (mut bytes, mut last, mut count) = (0, None, 0i64);
        for index in 0..470 {
            let tone = chunk(settings, index, |at| {
                let t = at as f32 / 48_000.0;
                0.3 * (t * 2764.6).sin() + 0.2 * (t * t * 9000.0).sin()
            });
            let Some(packet) = encoder.encode(&tone).unwrap() else { continue };
            if let Some(last) = last {
                let step = packet.pts.nanos_since(last);
                assert!((step - 21_333_333).abs() <= 1, "{step}");
            }
            last = Some(packet.pts);
            (bytes, count) = (bytes + packet.data.len(), count + 1);
        }
        let kbps = bytes as f64 * 8.0 / (count as f64 * 1024.0 / 48_000.0) / 1000.0;
        assert!((kbps - 128.0).abs() < 4.0, "{kbps}");
    }

    #[test]
    fn refusals_say_what_to_use() {
        for (asked, words) in [
            (settings(96_000, 2, 128), "use 48000 or 44100"),
            (settings(0, 2, 128), "use 48000 or 44100"),
            (settings(48_000, 6, 128), "use 1 or 2"),
            (settings(48_000, 0, 128), "use 1 or 2"),
            (settings(48_000, 2, 0), "use 16k to 576k"),
            (settings(8_000, 1, 128), "use 8k to 48k"),
        ] {
            let said = AacEncoder::open(asked).err().unwrap().to_string();
            assert!(said.contains(words), "{said}");
        }
        let mut encoder = AacEncoder::open(settings(48_000, 2, 128)).unwrap();
        let mono = chunk(settings(48_000, 1, 128), 0, |_| 0.0);
        assert!(matches!(encoder.encode(&mono), Err(EncodeError::Unsupported(_))));
    }

    #[test]
    fn every_offered_rate_opens_at_both_ends_of_its_bitrates() {
        for rate in SAMPLE_RATES {
            for channels in [1, 2] {
                let high = 6 * rate / 1000 * u32::from(channels);
                for kbps in [8 * u32::from(channels), high] {
                    let mut encoder = AacEncoder::open(settings(rate, channels, kbps)).unwrap();
                    let silence = chunk(settings(rate, channels, kbps), 0, |_| 0.0);
                    encoder.encode(&silence).unwrap();
                }
            }
        }
    }

    #[test]
    fn samples_clip_and_nonsense_is_silence() {
        assert_eq!(
            [1.5, -1.5, 1.0, -1.0, 0.5, f32::NAN, f32::INFINITY].map(sample_i16),
            [32767, -32768, 32767, -32768, 16384, 0, 32767]
        );
    }
}
