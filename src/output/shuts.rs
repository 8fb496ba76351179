//! What a peer takes whose receive window holds bytes back. Pure.
//!
//! A tunnel or a proxy takes bytes into its buffer at any speed until that is full, and then in lumps: what is acknowledged in a
//! moment tells nothing of what goes on from there. But whenever its window is used up its buffer is as full as the time before:
//! what came between the two is what has gone on.

use std::collections::VecDeque;
use std::time::Duration;

use super::link_view::{LinkSample, Window};
use crate::media::Timestamp;

/// A rate is measured over at least so long.
const SPAN_MIN: Duration = Duration::from_millis(300);
/// What was longer ago than this tells of the past, unless nothing newer does.
const SPAN: Duration = Duration::from_secs(3);
/// After so long without, the buffer may have been empty, and what has gone on was no more than what came.
const APART: Duration = Duration::from_secs(1);
/// Every peer takes nothing for so long some time; one that does it twice running is like that.
const LONG: Duration = Duration::from_millis(120);

/// The window was used up.
#[derive(Clone, Copy, Debug)]
struct Shut {
    at: Timestamp,
    /// So many bytes had come till then.
    acked: u64,
    lasted: Duration,
}

/// Each time the window was used up, lately.
#[derive(Clone, Debug, Default)]
pub(super) struct Shuts {
    all: VecDeque<Shut>,
    last: Option<Timestamp>,
}

impl Shuts {
    pub(super) fn observe(&mut self, sample: &LinkSample) {
        let LinkSample { at, acked, window, .. } = *sample;
        if self.last.is_some_and(|last| at.since(last) >= APART) {
            *self = Self::default();
        }
        if window != Window::Shut {
            return;
        }
        self.last = Some(at);
        match self.all.back_mut() {
            Some(shut) if shut.acked == acked => shut.lasted = at.since(shut.at),
            // It was open, if only between two looks.
            _ => self.all.push_back(Shut { at, acked, lasted: Duration::ZERO }),
        }
        while self.all.get(1).is_some_and(|second| at.since(second.at) >= SPAN) {
            self.all.pop_front();
        }
    }

    /// Whether the peer takes nothing just now, and has not for a while.
    pub(super) fn is_so(&self, last: &LinkSample) -> bool {
        self.last == Some(last.at) && self.all.back().is_some_and(|shut| shut.lasted >= LONG)
    }

    /// What the peer takes in b/s, while its window sets the pace.
    pub(super) fn bps(&self) -> Option<u64> {
        let is_usual = self.all.iter().filter(|shut| shut.lasted >= LONG).count() > 1;
        let (first, last) = (self.all.get(if is_usual { 0 } else { 1 })?, self.all.back()?);
        let span = last.at.since(first.at);
        (span >= SPAN_MIN).then(|| ((last.acked - first.acked) as f64 * 8.0 / span.as_secs_f64()) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The looks at a peer that is shut from each of `shuts` (when, bytes that came till then) for so many milliseconds.
    fn after(shuts: &[(i64, u64, i64)], until: i64) -> Option<u64> {
        let mut all = Shuts::default();
        for ms in (0..until).step_by(10) {
            let shut = shuts.iter().rev().find(|(at, ..)| *at <= ms);
            let is_shut = shut.is_some_and(|(at, _, lasts)| ms < at + lasts);
            all.observe(&LinkSample {
                at: Timestamp::from_millis(ms),
                acked: shut.map_or(0, |(_, acked, _)| *acked),
                window: if is_shut { Window::Shut } else { Window::Open },
                ..LinkSample::default()
            });
        }
        all.bps()
    }

    #[test]
    fn what_came_between_two_standstills_is_what_went_on() {
        let lumps = [(500, 200_000, 700), (1300, 260_000, 900), (2300, 335_000, 600)];
        assert_eq!(after(&lumps, 1300), None, "one may be by chance");
        assert_eq!(after(&lumps, 1500), Some(600_000));
        assert_eq!(after(&lumps, 2500), Some(600_000));
        assert_eq!(after(&lumps, 4000), None, "it is over");
    }

    #[test]
    fn how_long_a_peer_took_nothing_once_does_not_count() {
        // 5 Mb/s, after a pause.
        let mut shuts = vec![(500, 200_000, 800)];
        shuts.extend((0..8).map(|lump| (1310 + lump * 100, 260_000 + lump as u64 * 62_500, 90)));
        assert_eq!(after(&shuts, 1400), None);
        assert_eq!(after(&shuts, 1900), Some(5_000_000));
    }

    #[test]
    fn what_is_long_ago_is_forgotten() {
        let mut shuts: Vec<_> = (0..10).map(|lump| (lump * 500, lump as u64 * 50_000, 400)).collect();
        shuts.extend((0..10).map(|lump| (5000 + lump * 500, 500_000 + lump as u64 * 100_000, 400)));
        assert_eq!(after(&shuts, 4900), Some(800_000));
        assert_eq!(after(&shuts, 9900), Some(1_600_000));
    }
}
