//! An encoder of sound that keeps its rate: what silence does not need is filled, as for pictures.

use std::time::Duration;

use bytes::Bytes;

use super::padding::Padding;
use crate::encode::{AudioEncoder, EncodeError};
use crate::media::{AudioChunk, AudioConfig, CHUNK_SAMPLES, Packet};

/// `ID_FIL` (ISO/IEC 14496-3, table 4.71), which decoders skip.
const FILL: u32 = 6;
/// Bytes of fill in one element: at least so many make it count with 8 bits more, and at most so many.
const COUNT_ESCAPED: usize = 15;
const COUNT_MAX: usize = 269;
/// So many elements of one length are whole bytes, so that what follows stays where it is within its bytes.
const TOGETHER: usize = 8;
/// Bits of a frame and channel that every decoder takes (ISO/IEC 14496-3, 4.5.3.1).
const FRAME_BITS_MAX: usize = 6144;

/// See the file's first line.
pub(super) struct PaddedSound {
    encoder: Box<dyn AudioEncoder>,
    padding: Padding,
    bytes_max: usize,
}

impl PaddedSound {
    /// Pads to so many bytes a second.
    pub(super) fn new(encoder: Box<dyn AudioEncoder>, bytes_per_second: f64) -> Self {
        let config = encoder.config();
        let chunk = Duration::from_secs_f64(CHUNK_SAMPLES as f64 / f64::from(config.sample_rate.max(1)));
        let bytes_max = FRAME_BITS_MAX / 8 * usize::from(config.channels);
        Self { encoder, padding: Padding::new(bytes_per_second, chunk), bytes_max }
    }
}

impl AudioEncoder for PaddedSound {
    fn config(&self) -> AudioConfig {
        self.encoder.config()
    }

    fn encode(&mut self, chunk: &AudioChunk) -> Result<Option<Packet>, EncodeError> {
        let Some(mut packet) = self.encoder.encode(chunk)? else { return Ok(None) };
        let filler = self.padding.filler_for(packet.pts, packet.data.len());
        let room = self.bytes_max.saturating_sub(packet.data.len());
        let fill = fill_elements(filler.min(room));
        if !fill.is_empty() {
            packet.data = Bytes::from([fill.as_slice(), &packet.data].concat());
        }
        Ok(Some(packet))
    }
}

/// Elements of fill before all others, of about so many bytes and never more: groups of 8 equal ones.
fn fill_elements(bytes: usize) -> Vec<u8> {
    let mut out = Bits::default();
    let mut left = bytes;
    // Of `count` bytes each: 7 bits before them, or 15.
    while left >= TOGETHER - 1 {
        let plain = ((left - (TOGETHER - 1)) / TOGETHER).min(COUNT_ESCAPED - 1);
        let escaped = left.checked_sub(2 * TOGETHER - 1).map_or(0, |left| left / TOGETHER).min(COUNT_MAX);
        let count = if escaped >= COUNT_ESCAPED { escaped } else { plain };
        for _ in 0..TOGETHER {
            out.element(count);
        }
        left -= TOGETHER * count + if count >= COUNT_ESCAPED { 2 * TOGETHER - 1 } else { TOGETHER - 1 };
    }
    out.bytes
}

/// Writes bits, the highest first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    fn put(&mut self, value: u32, bits: usize) {
        for bit in (0..bits).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let one = (value >> bit & 1) as u8;
            if let Some(last) = self.bytes.last_mut() {
                *last |= one << (7 - self.used % 8);
            }
            self.used += 1;
        }
    }

    /// `fill_element()` (table 4.11) whose `extension_payload()` is `EXT_FILL` (table 4.57): all zero.
    fn element(&mut self, count: usize) {
        self.put(FILL, 3);
        match count {
            0..COUNT_ESCAPED => self.put(count as u32, 4),
            _ => {
                self.put(COUNT_ESCAPED as u32, 4);
                self.put((count + 1 - COUNT_ESCAPED) as u32, 8);
            }
        }
        for _ in 0..count {
            self.put(0, 8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::open_aac as open_decoder;
    use crate::encode::{AudioEncoderSettings, open_aac};
    use crate::media::{Bitrate, Timestamp};

    #[test]
    fn fill_is_whole_bytes_and_close_to_what_was_asked_for() {
        for bytes in 0..6000 {
            let fill = fill_elements(bytes);
            assert!(fill.len() <= bytes && bytes - fill.len() < 16, "{} of {bytes}", fill.len());
        }
    }

    #[test]
    fn silence_keeps_the_rate_and_decodes_to_itself() {
        let settings = AudioEncoderSettings { sample_rate: 48_000, channels: 2, bitrate: Bitrate::from_kbps(128) };
        let mut plain = open_aac(&settings).unwrap();
        let mut padded = PaddedSound::new(open_aac(&settings).unwrap(), 20_000.0);
        let mut decoders = [(), ()].map(|()| open_decoder(&plain.config()).unwrap());
        let (mut bytes, mut packets) = (0, 0);
        for index in 0..200_i64 {
            // Silence, and then a tone.
            let sample = |at: i64| if index < 100 { 0.0 } else { (at as f32 * 0.06).sin() * 0.4 };
            let samples = (0..CHUNK_SAMPLES as i64).flat_map(|at| [sample(index * 1024 + at); 2]).collect();
            let pts = Timestamp::from_samples(index * CHUNK_SAMPLES as i64, 48_000);
            let chunk = AudioChunk { pts, sample_rate: 48_000, channels: 2, samples };
            let (Some(own), Some(filled)) = (plain.encode(&chunk).unwrap(), padded.encode(&chunk).unwrap()) else {
                continue;
            };
            (bytes, packets) = (bytes + filled.data.len(), packets + 1);
            let [of_filled, of_own] = &mut decoders;
            let heard = of_filled.decode(&filled.data, filled.pts).unwrap();
            assert_eq!(heard, of_own.decode(&own.data, own.pts).unwrap(), "packet {index}");
        }
        let rate = bytes as f64 / (f64::from(packets) * 1024.0 / 48_000.0);
        assert!((rate - 20_000.0).abs() < 200.0, "{rate} bytes a second");
    }
}
