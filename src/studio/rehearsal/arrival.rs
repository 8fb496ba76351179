//! What arrives, counted from the messages alone: nothing of it needs decoding, so nothing of it can fall behind.

use crate::flv::{VideoBody, VideoPacketType};

/// Keyframe intervals kept: some hours'.
const INTERVALS_MAX: usize = 10_000;

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
    bytes: u64,
    unwrap: Unwrap,
    first_ms: Option<i64>,
    last_ms: i64,
    last_keyframe_ms: Option<i64>,
    intervals_ms: Vec<i64>,
}

impl Arrival {
    pub(super) fn video(&mut self, timestamp_ms: u32, body: &VideoBody) {
        let VideoBody::Avc(tag) = body else { return };
        if tag.packet != VideoPacketType::AccessUnit {
            return;
        }
        let at = self.unwrap.extend(timestamp_ms);
        self.frames += 1;
        self.bytes += tag.payload.len() as u64;
        self.first_ms.get_or_insert(at);
        self.last_ms = at;
        if tag.keyframe
            && let Some(last) = self.last_keyframe_ms.replace(at)
            && self.intervals_ms.len() < INTERVALS_MAX
        {
            self.intervals_ms.push(at - last);
        }
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
