//! How long a picture may wait for an encoder that has no time. Pure.

use std::time::Duration;

use crate::media::Timestamp;

/// A busy moment up to so long costs latency and no frame; the rest of it is missed.
pub(super) const LATE_MAX: Duration = Duration::from_millis(500);

/// A viewer who is so far behind,
const BEHIND: Duration = Duration::from_millis(250);

/// and for so long, is behind because of no busy moment: this computer does not keep up, and what waits helps nobody.
const MOMENT: Duration = Duration::from_secs(2);

/// With no picture left out for so long, it keeps up again.
const CALM: Duration = Duration::from_secs(3);

/// Tells of each picture whether it may wait.
#[derive(Debug)]
pub(super) struct Patience {
    interval: Duration,
    behind_since: Option<Timestamp>,
    /// While it does not keep up: until when, if no more pictures are left out.
    short_until: Option<Timestamp>,
}

impl Patience {
    /// For pictures that come every `interval`.
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, behind_since: None, short_until: None }
    }

    /// How long the picture due at `due` may wait at `now`, with `waiting` others before it; `None`: it is left out.
    ///
    /// While the computer does not keep up, a picture is taken when nothing waits before it and it is no more than one
    /// interval late: the encoder always has one to go on with, and never an old one.
    pub(super) fn left(&mut self, now: Timestamp, due: Timestamp, waiting: usize) -> Option<Duration> {
        let late = now.since(due);
        let behind = late + self.interval * u32::try_from(waiting).unwrap_or(u32::MAX) >= BEHIND;
        let since = behind.then(|| self.behind_since.unwrap_or(now));
        self.behind_since = since;
        if since.is_some_and(|since| now.since(since) >= MOMENT) {
            self.short_until = Some(now + CALM);
        }
        if self.short_until.is_none_or(|until| now >= until) {
            self.short_until = None;
            return Some(LATE_MAX.saturating_sub(late));
        }
        if waiting == 0 && late <= self.interval {
            return Some(Duration::ZERO);
        }
        self.short_until = Some(now + CALM);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::FrameRate;

    /// What 30 s of a show at 30 pictures a second cost with an encoder that needs `needed` for a picture begun at a second:
    /// how late each that was encoded left it, by the second it was due in, and how many were left out.
    fn played(needed: impl Fn(f64) -> Duration) -> (Vec<Duration>, usize) {
        let rate = FrameRate::DEFAULT;
        let (mut patience, mut late, mut left_out) =
            (Patience::new(rate.frame_time(1).since(Timestamp::ZERO)), vec![Duration::ZERO; 30], 0);
        // When the encoder is done with each that it was given; the thread that gives them waits while three wait.
        let mut done: Vec<Timestamp> = Vec::new();
        let mut now = Timestamp::ZERO;
        for due in (0..900).map(|index| rate.frame_time(index)) {
            now = now.max(due);
            // One is being encoded, the others wait.
            let waiting = |now: Timestamp| done.iter().filter(|at| **at > now).count().saturating_sub(1);
            let second = usize::try_from(due.as_nanos() / 1_000_000_000).unwrap();
            let Some(left) = patience.left(now, due, waiting(now)) else {
                left_out += 1;
                continue;
            };
            let deadline = now + left;
            while waiting(now) >= 3 && now < deadline {
                now = now + Duration::from_millis(1);
            }
            if waiting(now) >= 3 {
                left_out += 1;
                continue;
            }
            let begun = done.last().copied().unwrap_or(now).max(now);
            let ended = begun + needed(begun.as_nanos() as f64 / 1e9);
            done.push(ended);
            late[second] = late[second].max(ended.since(due));
        }
        (late, left_out)
    }

    #[test]
    fn a_busy_moment_costs_no_picture() {
        for millis in [300, 550] {
            let moment = |at: f64| Duration::from_millis(if (5.0..5.03).contains(&at) { millis } else { 20 });
            let (late, left_out) = played(moment);
            assert_eq!(left_out, 0, "{millis} ms");
            assert!(late[5] >= Duration::from_millis(250) && late[8] <= Duration::from_millis(25), "{late:?}");
        }
    }

    #[test]
    fn whoever_does_not_keep_up_is_not_far_behind() {
        for millis in [35, 50, 90] {
            let needed = Duration::from_millis(millis);
            let (late, left_out) = played(|_| needed);
            let expected = 900 - 30_000 / usize::try_from(millis).unwrap();
            assert!(left_out.abs_diff(expected) < 25, "{millis} ms: {left_out}, not {expected}");
            let behind = late.iter().skip(15).max().unwrap();
            assert!(*behind <= needed * 2 + Duration::from_millis(34), "{millis} ms: {behind:?}");
        }
    }

    #[test]
    fn who_keeps_up_again_has_time_again() {
        let needed = |at: f64| {
            Duration::from_millis(if at < 10.0 {
                60
            } else if (20.0..20.03).contains(&at) {
                450
            } else {
                20
            })
        };
        let (late, left_out) = played(needed);
        assert!((100..200).contains(&left_out), "{left_out}");
        assert!(late[20] >= Duration::from_millis(400), "the moment at 20 s costs no picture: {late:?}");
        assert!(late[12] <= Duration::from_millis(25), "{late:?}");
    }
}
