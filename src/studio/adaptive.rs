//! Lowers the picture's rate while the network is narrow, before anything is dropped, and raises it again slowly. Pure.

use std::time::Duration;

use crate::media::{Bitrate, Timestamp};

/// Media time that waits from which on the link is too narrow.
const CONGESTED: Duration = Duration::from_millis(150);
/// Media time that waits below which the link carries everything.
const CLEAR: Duration = Duration::from_millis(40);
/// Between two steps down: what a step does is seen only when its frames have passed.
const DOWN_EVERY: Duration = Duration::from_millis(500);
/// The link must have been clear for so long before a step up.
const UP_AFTER: Duration = Duration::from_secs(2);
/// How long a rate that was too much is not tried again; doubled each time it is too much once more.
const CEILING_HOLDS: Duration = Duration::from_secs(10);
const CEILING_HOLDS_MAX: Duration = Duration::from_secs(80);
/// A step up that ends in congestion so soon was too much.
const TOO_MUCH_WITHIN: Duration = Duration::from_secs(5);

/// What the controller sees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// Media time that waits for the slowest destination.
    pub(super) waiting: Duration,
    /// Bytes that the slowest destination's system has taken so far.
    pub(super) sent_bytes: u64,
}

/// Chooses the picture's rate between a tenth of the wanted one and all of it.
#[derive(Clone, Debug)]
pub(super) struct Adaptive {
    wanted: Bitrate,
    current: Bitrate,
    audio: Bitrate,
    last_down: Option<Timestamp>,
    last_up: Option<Timestamp>,
    clear_since: Option<Timestamp>,
    /// The rate that was too much, and until when it is not tried again.
    ceiling: Option<(Bitrate, Timestamp)>,
    ceiling_holds: Duration,
    last_seen: Option<(Timestamp, u64)>,
}

impl Adaptive {
    /// Starts at the wanted rate; `audio` is what the sound takes besides.
    pub(super) fn new(wanted: Bitrate, audio: Bitrate) -> Self {
        Self {
            wanted,
            current: wanted,
            audio,
            last_down: None,
            last_up: None,
            clear_since: None,
            ceiling: None,
            ceiling_holds: CEILING_HOLDS,
            last_seen: None,
        }
    }

    /// The user wants another rate.
    pub(super) fn set_wanted(&mut self, wanted: Bitrate) -> Bitrate {
        self.wanted = wanted;
        self.current = wanted;
        wanted
    }

    /// The new rate, if it should change. Call several times a second while live.
    pub(super) fn observe(&mut self, now: Timestamp, seen: Seen) -> Option<Bitrate> {
        if seen.waiting > CONGESTED {
            self.clear_since = None;
            return self.step_down(now, seen);
        }
        if self.last_seen.is_none_or(|(at, _)| now.since(at) >= DOWN_EVERY) {
            self.last_seen = Some((now, seen.sent_bytes));
        }
        if seen.waiting > CLEAR {
            self.clear_since = None;
            return None;
        }
        let clear_since = *self.clear_since.get_or_insert(now);
        if self.current >= self.wanted || now.since(clear_since) < UP_AFTER {
            return None;
        }
        let higher = u64::from(self.current.bps()) * 5 / 4;
        let higher = match self.ceiling {
            Some((ceiling, until)) if now < until => higher.min(u64::from(ceiling.bps()) * 17 / 20),
            _ => higher,
        };
        if higher <= u64::from(self.current.bps()) {
            return None;
        }
        self.clear_since = Some(now);
        self.last_up = Some(now);
        self.change(higher)
    }

    fn step_down(&mut self, now: Timestamp, seen: Seen) -> Option<Bitrate> {
        if self.last_down.is_some_and(|last| now.since(last) < DOWN_EVERY) {
            return None;
        }
        if self.last_up.take().is_some_and(|up| now.since(up) < TOO_MUCH_WITHIN) {
            let again = self.ceiling.is_some_and(|(ceiling, _)| self.current.bps() / 4 * 5 > ceiling.bps());
            self.ceiling_holds = match again {
                true => (self.ceiling_holds * 2).min(CEILING_HOLDS_MAX),
                false => CEILING_HOLDS,
            };
            self.ceiling = Some((self.current, now + self.ceiling_holds));
        }
        // What got through since the last look is what the link carries; a part of it must pay back what waits.
        let carried = self.last_seen.and_then(|(at, bytes)| {
            let seconds = now.since(at).as_secs_f64();
            (seconds > 0.2).then(|| (seen.sent_bytes.saturating_sub(bytes) as f64 * 8.0 / seconds) as u64)
        });
        self.last_seen = Some((now, seen.sent_bytes));
        self.last_down = Some(now);
        let eighty = u64::from(self.current.bps()) * 4 / 5;
        let paced = carried.map_or(eighty, |bps| (bps * 4 / 5).saturating_sub(u64::from(self.audio.bps())));
        self.change(paced.min(eighty))
    }

    fn change(&mut self, bps: u64) -> Option<Bitrate> {
        let floor = u64::from(self.wanted.bps() / 10).max(100_000).min(u64::from(self.wanted.bps()));
        let bps = bps.clamp(floor, u64::from(self.wanted.bps()));
        let next = Bitrate::from_bps(u32::try_from(bps).unwrap_or(u32::MAX));
        (next != self.current).then(|| {
            self.current = next;
            next
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the controller against a link whose rate in b/s is told by `link`, for `seconds`; gives the rate and the media
    /// time that waits at the end of each tick of 100 ms.
    fn run(link: impl Fn(f64) -> f64, seconds: u32) -> Vec<(f64, Bitrate, Duration)> {
        let audio = Bitrate::from_kbps(128);
        let mut adaptive = Adaptive::new(Bitrate::from_kbps(2500), audio);
        let (mut rate, mut waiting_bits, mut sent) = (Bitrate::from_kbps(2500), 0.0, 0.0);
        let mut trace = Vec::new();
        for tick in 0..seconds * 10 {
            let t = f64::from(tick) / 10.0;
            let offered = f64::from(rate.bps() + audio.bps()) * 0.1;
            let carried = (waiting_bits + offered).min(link(t) * 0.1);
            waiting_bits += offered - carried;
            sent += carried / 8.0;
            let waiting = Duration::from_secs_f64(waiting_bits / f64::from(rate.bps() + audio.bps()));
            let seen = Seen { waiting, sent_bytes: sent as u64 };
            let now = Timestamp::from_millis(i64::from(tick) * 100);
            if let Some(next) = adaptive.observe(now, seen) {
                rate = next;
            }
            trace.push((t, rate, waiting));
        }
        trace
    }

    #[test]
    fn a_wide_link_is_left_alone() {
        assert!(run(|_| 10e6, 120).iter().all(|(_, rate, _)| *rate == Bitrate::from_kbps(2500)));
    }

    #[test]
    fn a_narrow_link_gets_less_and_the_rate_comes_back() {
        let trace = run(|t| if (10.0..40.0).contains(&t) { 1.2e6 } else { 10e6 }, 90);
        let narrow: Vec<_> = trace.iter().filter(|(t, ..)| (14.0..40.0).contains(t)).collect();
        assert!(narrow.iter().all(|(_, _, waiting)| *waiting < Duration::from_millis(700)), "{narrow:?}");
        assert!(narrow.iter().any(|(_, rate, _)| rate.kbps() > 600), "it uses what the link carries");
        assert_eq!(trace.last().unwrap().1, Bitrate::from_kbps(2500));
    }

    #[test]
    fn it_does_not_swing_on_a_link_that_stays_narrow() {
        let trace = run(|_| 1.5e6, 240);
        let late = &trace[1200..];
        let steps = late.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
        assert!(steps <= 20, "{steps} changes in two minutes");
    }

    #[test]
    fn it_never_goes_below_a_tenth() {
        assert!(run(|_| 1e3, 60).iter().all(|(_, rate, _)| rate.bps() >= 250_000));
    }
}
