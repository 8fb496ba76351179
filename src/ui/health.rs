//! The last minute of a show, second by second.

use std::collections::VecDeque;

use super::view::HealthSecond;
use crate::studio::Stats;

/// Seconds that are kept.
const KEPT: usize = 60;
/// Seconds over which a trouble must last before it is spoken of.
const LASTS: usize = 3;

/// The last minute.
#[derive(Debug, Default)]
pub(super) struct Health {
    seconds: VecDeque<HealthSecond>,
    last: Option<Box<Stats>>,
    /// Frames the encoder skipped in each of the last seconds.
    skipped: VecDeque<u64>,
    congestion: VecDeque<f64>,
}

impl Health {
    /// Takes the figures of a second.
    pub(super) fn take(&mut self, stats: &Stats) {
        let new_skips = stats.skipped.saturating_sub(self.last.as_ref().map_or(0, |last| last.skipped));
        let second =
            HealthSecond { kbps: stats.video_kbps + stats.audio_kbps, behind_seconds: stats.queue_ms / 1000.0 };
        push(&mut self.seconds, second, KEPT);
        push(&mut self.skipped, new_skips, LASTS);
        push(&mut self.congestion, stats.congestion, LASTS);
        self.last = Some(Box::new(stats.clone()));
    }

    /// Oldest first.
    pub(super) fn history(&self) -> Vec<HealthSecond> {
        self.seconds.iter().copied().collect()
    }

    /// Of the last second, picture and sound.
    pub(super) fn kbps(&self) -> Option<f64> {
        self.seconds.back().map(|second| second.kbps)
    }

    /// Of the last second.
    pub(super) fn video_kbps(&self) -> Option<f64> {
        self.last.as_ref().map(|stats| stats.video_kbps)
    }

    /// What the network carries in kb/s, while that is less than is wanted.
    pub(super) fn network_kbps(&self) -> Option<f64> {
        self.last.as_ref().and_then(|stats| stats.network_kbps)
    }

    /// Media that waits, in seconds.
    pub(super) fn behind_seconds(&self) -> f64 {
        self.seconds.back().map_or(0.0, |second| second.behind_seconds)
    }

    /// Whether the encoder has skipped frames in each of the last seconds.
    pub(super) fn skips(&self) -> bool {
        self.skipped.len() == LASTS && self.skipped.iter().all(|count| *count > 0)
    }

    /// The lowest congestion of the last seconds, 0..=1: what has lasted.
    pub(super) fn congestion(&self) -> f64 {
        if self.congestion.len() < LASTS {
            return 0.0;
        }
        self.congestion.iter().copied().fold(1.0, f64::min)
    }
}

fn push<T>(kept: &mut VecDeque<T>, value: T, most: usize) {
    if kept.len() == most {
        kept.pop_front();
    }
    kept.push_back(value);
}
