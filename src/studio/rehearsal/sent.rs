//! What the publisher tells the meter: when each message was captured.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::media::Timestamp;
use crate::rtmp::MediaKind;

use super::marks::median;

/// Messages of a kind that are on their way at most; a minute and more. Older ones never arrived.
const WAITING_MAX: usize = 4096;
/// Distances between capture and timestamp kept for the median.
const DISTANCES_MAX: usize = 1024;

/// The publisher's end: told of each media message before it is written to the connection. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct RehearsalSent(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    frames: u64,
    video: Kind,
    audio: Kind,
}

#[derive(Debug, Default)]
struct Kind {
    waiting: VecDeque<(u32, Timestamp)>,
    /// Timestamp − capture in milliseconds, the newest.
    distances: VecDeque<f64>,
}

impl RehearsalSent {
    /// A picture or a piece of sound (no sequence header) goes out with this RTMP timestamp in milliseconds.
    pub fn sent(&self, kind: MediaKind, timestamp_ms: u32, captured_at: Timestamp) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = match kind {
            MediaKind::Video => {
                inner.frames += 1;
                &mut inner.video
            }
            MediaKind::Audio => &mut inner.audio,
        };
        if kind.waiting.len() >= WAITING_MAX {
            kind.waiting.pop_front();
        }
        kind.waiting.push_back((timestamp_ms, captured_at));
        if kind.distances.len() >= DISTANCES_MAX {
            kind.distances.pop_front();
        }
        kind.distances.push_back(f64::from(timestamp_ms) - captured_at.as_nanos() as f64 / 1e6);
    }

    /// Pictures sent so far.
    pub(super) fn frames(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).frames
    }

    /// When the picture with this timestamp was captured; it and those before it are forgotten.
    pub(super) fn take_video(&self, timestamp_ms: u32) -> Option<Timestamp> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = &mut inner.video.waiting;
        // Timestamps wrap; half the circle is the future.
        while let Some((at, captured_at)) = waiting.front().copied() {
            if at == timestamp_ms {
                waiting.pop_front();
                return Some(captured_at);
            }
            if at.wrapping_sub(timestamp_ms) < 1 << 31 {
                return None;
            }
            waiting.pop_front();
        }
        None
    }

    /// By how many milliseconds sound is stamped later than pictures captured at the same time: how much too late a
    /// viewer hears it.
    pub(super) fn stamped_offset_ms(&self) -> Option<f64> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut distances = |kind: fn(&mut Inner) -> &mut Kind| median(kind(&mut inner).distances.make_contiguous());
        Some(distances(|inner| &mut inner.audio)? - distances(|inner| &mut inner.video)?)
    }
}
