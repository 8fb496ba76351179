//! What arrives, counted from the messages alone: nothing of it needs decoding, so nothing of it can fall behind.

use super::measured::MeasuredStream;
use crate::bitstream::{AudioSpecificConfig, is_keyframe, read_avcc_record, read_sps};
use crate::flv::{AudioBody, VideoBody, VideoPacketType};
use crate::media::Size;

/// Keyframe intervals kept: some hours'.
const INTERVALS_MAX: usize = 10_000;

/// Seconds whose rates are kept: some hours.
const SECONDS_MAX: usize = 4 * 3600;

/// Extends 32-bit milliseconds that wrap.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::studio) struct Unwrap {
    last: Option<(u32, i64)>,
}

impl Unwrap {
    pub(in crate::studio) fn extend(&mut self, timestamp_ms: u32) -> i64 {
        let extended = match self.last {
            None => i64::from(timestamp_ms),
            Some((last, extended)) => extended + i64::from(timestamp_ms.wrapping_sub(last).cast_signed()),
        };
        self.last = Some((timestamp_ms, extended));
        extended
    }
}

/// Counts pictures.
#[derive(Debug, Default)]
pub(super) struct Arrival {
    pub(super) frames: u64,
    pub(super) audio_packets: u64,
    /// Keyframes by their tag whose pictures need others before them: players cannot start there.
    pub(super) open_groups: u64,
    bytes: u64,
    audio_bytes: u64,
    unwrap: Unwrap,
    audio_unwrap: Unwrap,
    /// First and last time of the sound.
    audio_span_ms: Option<(i64, i64)>,
    /// Bytes of pictures and sound by second since the first picture.
    seconds: Vec<[u64; 2]>,
    size: Option<Size>,
    sound: Option<(u32, u16)>,
    first_ms: Option<i64>,
    last_ms: i64,
    last_keyframe_ms: Option<i64>,
    intervals_ms: Vec<i64>,
}

impl Arrival {
    pub(super) fn video(&mut self, timestamp_ms: u32, body: &VideoBody) {
        let VideoBody::Avc(tag) = body else { return };
        match tag.packet {
            VideoPacketType::AccessUnit => {}
            VideoPacketType::SequenceHeader => {
                let record = read_avcc_record(&tag.payload).ok();
                let sps = record.and_then(|record| record.sps.first().and_then(|sps| read_sps(sps).ok()));
                self.size = sps.map(|sps| sps.size).or(self.size);
                return;
            }
            VideoPacketType::EndOfSequence => return,
        }
        let at = self.unwrap.extend(timestamp_ms);
        self.frames += 1;
        self.bytes += tag.payload.len() as u64;
        self.first_ms.get_or_insert(at);
        self.last_ms = at;
        self.count_second(at, 0, tag.payload.len());
        self.open_groups += u64::from(tag.keyframe && !is_keyframe(&tag.payload));
        if tag.keyframe
            && let Some(last) = self.last_keyframe_ms.replace(at)
            && self.intervals_ms.len() < INTERVALS_MAX
        {
            self.intervals_ms.push(at - last);
        }
    }

    pub(super) fn audio(&mut self, timestamp_ms: u32, body: &AudioBody) {
        let bytes = match body {
            AudioBody::Aac(tag) if tag.sequence_header => {
                let read = AudioSpecificConfig::read(&tag.payload).ok();
                self.sound = read.map(|config| (config.sample_rate, config.channels)).or(self.sound);
                return;
            }
            AudioBody::Aac(tag) => tag.payload.len(),
            AudioBody::Other { .. } => 0,
        };
        let at = self.audio_unwrap.extend(timestamp_ms);
        self.audio_packets += 1;
        self.audio_bytes += bytes as u64;
        let (first, _) = self.audio_span_ms.unwrap_or((at, at));
        self.audio_span_ms = Some((first, at));
        self.count_second(at, 1, bytes);
    }

    fn count_second(&mut self, at_ms: i64, kind: usize, bytes: usize) {
        let Some(first) = self.first_ms.or(self.audio_span_ms.map(|(first, _)| first)) else { return };
        let Ok(second) = usize::try_from((at_ms - first) / 1000) else { return };
        if second < SECONDS_MAX {
            self.seconds.resize(self.seconds.len().max(second + 1), [0, 0]);
            self.seconds[second][kind] += bytes as u64;
        }
    }

    /// Rates of picture and sound in each whole second, in kilobits.
    pub(super) fn kbps_by_second(&self) -> Vec<[f64; 2]> {
        // The last one is not whole.
        let whole = self.seconds.len().saturating_sub(1);
        self.seconds[..whole].iter().map(|bytes| bytes.map(|bytes| bytes as f64 * 8.0 / 1000.0)).collect()
    }

    /// The stream in the terms of the settings.
    pub(super) fn measured(&self) -> MeasuredStream {
        let span_ms = (self.last_ms - self.first_ms.unwrap_or(self.last_ms)) as f64;
        let fps = (self.frames >= 2 && span_ms > 0.0).then(|| (self.frames - 1) as f64 * 1000.0 / span_ms);
        let audio_ms = self.audio_span_ms.map_or(0, |(first, last)| last - first) as f64;
        let audio_kbps = if audio_ms > 0.0 { self.audio_bytes as f64 * 8.0 / audio_ms } else { 0.0 };
        let keyframe_seconds_max = self.intervals_ms.iter().max().map(|ms| *ms as f64 / 1000.0);
        let video_kbps = self.video_kbps();
        MeasuredStream { size: self.size, fps, video_kbps, audio_kbps, sound: self.sound, keyframe_seconds_max }
    }

    /// Every interval from keyframe to keyframe, in seconds.
    pub(super) fn keyframe_intervals(&self) -> Vec<f64> {
        self.intervals_ms.iter().map(|ms| *ms as f64 / 1000.0).collect()
    }

    /// The picture's rate: all bytes over the time all pictures are shown for.
    pub(super) fn video_kbps(&self) -> f64 {
        let span_ms = (self.last_ms - self.first_ms.unwrap_or(self.last_ms)) as f64;
        if self.frames < 2 || span_ms <= 0.0 {
            return 0.0;
        }
        // The last picture is shown as long as the others.
        let shown_ms = span_ms * self.frames as f64 / (self.frames - 1) as f64;
        self.bytes as f64 * 8.0 / shown_ms
    }
}
