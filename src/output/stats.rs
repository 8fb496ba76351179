//! Counters of one output, written by its task and read by the supervisor.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::LinkView;
use crate::media::Timestamp;

/// What one output has done so far.
#[derive(Clone, Debug, Default)]
pub struct OutputCounters {
    /// Video packets handed to the system, less those that came back.
    pub frames_sent: u64,
    /// Audio packets handed to the system.
    pub audio_sent: u64,
    /// Video payload bytes handed to the system.
    pub video_bytes: u64,
    /// Audio payload bytes handed to the system.
    pub audio_bytes: u64,
    /// Connections made again after a loss.
    pub reconnects: u64,
    /// Connections that were lost while live.
    pub losses: u64,
    /// Smoothed round-trip time of the connection.
    pub rtt: Option<Duration>,
    /// What is known of the connection's link.
    pub link: LinkView,
    /// When the first keyframe was handed to the system.
    pub first_keyframe_at: Option<Timestamp>,
    /// How long the slowest packet waited for the socket since the counters were last taken.
    pub write_max: Duration,
    /// Capture to socket of each frame since the counters were last taken.
    pub latencies: Vec<Duration>,
}

/// Shared counters of one output.
#[derive(Clone, Debug, Default)]
pub struct OutputStats(Arc<Mutex<OutputCounters>>);

impl OutputStats {
    /// More than a second of latencies at any frame rate: what is kept if nobody reads.
    const LATENCIES_MAX: usize = 1000;

    /// Changes the counters.
    pub fn update(&self, change: impl FnOnce(&mut OutputCounters)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Counts a frame or an audio packet that has been handed to the system at `now`.
    pub fn count_sent(&self, video: bool, bytes: usize, keyframe: bool, captured_at: Timestamp, now: Timestamp) {
        self.update(|c| {
            if video {
                c.frames_sent += 1;
                c.video_bytes += bytes as u64;
                if keyframe && c.first_keyframe_at.is_none() {
                    c.first_keyframe_at = Some(now);
                }
                if c.latencies.len() < Self::LATENCIES_MAX {
                    c.latencies.push(now.since(captured_at));
                }
            } else {
                c.audio_sent += 1;
                c.audio_bytes += bytes as u64;
            }
        });
    }

    /// So many frames that had been handed to the system did not arrive.
    pub fn take_back(&self, frames: u64) {
        self.update(|c| c.frames_sent = c.frames_sent.saturating_sub(frames));
    }

    /// A packet was handed to the system so long after it was taken out of the queue for it.
    pub fn note_write(&self, took: Duration) {
        self.update(|c| c.write_max = c.write_max.max(took));
    }

    /// Payload bytes handed to the system so far.
    pub fn sent_bytes(&self) -> u64 {
        let counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counters.video_bytes + counters.audio_bytes
    }

    /// Smoothed round-trip time, if the system tells.
    pub fn rtt(&self) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).rtt
    }

    /// What is known of the connection's link.
    pub fn link(&self) -> LinkView {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).link
    }

    /// A copy of the counters; the latencies and the slowest write are taken out.
    pub fn take(&self) -> OutputCounters {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let latencies = std::mem::take(&mut counters.latencies);
        let write_max = std::mem::take(&mut counters.write_max);
        OutputCounters { latencies, write_max, ..counters.clone() }
    }
}
