//! The program tick: when each frame is due, and which were missed.

use std::time::Duration;

use crate::media::{FrameRate, Timestamp};

/// One due tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// The frame's index on the program timeline.
    pub index: i64,
    /// The frame's time.
    pub time: Timestamp,
    /// Ticks that passed unserved before this one.
    pub missed: u64,
}

/// Counts frames on the program timeline. Pure: time is an argument.
#[derive(Clone, Debug)]
pub struct Ticker {
    rate: FrameRate,
    next: i64,
    late_max: Duration,
}

impl Ticker {
    /// A ticker whose first tick is the first frame at or after `start`. A caller that is late by no more than
    /// `late_max` gets every tick, one after another, so that a busy moment costs latency and no frame.
    pub fn new(rate: FrameRate, start: Timestamp, late_max: Duration) -> Self {
        let mut next = rate.frame_index(start);
        if rate.frame_time(next) < start {
            next += 1;
        }
        Self { rate, next, late_max }
    }

    /// When the next frame is due.
    pub fn due(&self) -> Timestamp {
        self.rate.frame_time(self.next)
    }

    /// The tick that is due at `now`, if one is. A caller that is too late gets the newest due tick, with the number
    /// of older ones that are given up.
    pub fn poll(&mut self, now: Timestamp) -> Option<Tick> {
        let due = self.due();
        if now < due {
            return None;
        }
        let index = if now.since(due) <= self.late_max { self.next } else { self.rate.frame_index(now).max(self.next) };
        let missed = u64::try_from(index - self.next).unwrap_or(0);
        self.next = index + 1;
        Some(Tick { index, time: self.rate.frame_time(index), missed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_come_once_each_and_lateness_is_counted() {
        let mut ticker = Ticker::new(FrameRate::DEFAULT, Timestamp::ZERO, Duration::from_millis(100));
        assert_eq!(ticker.poll(Timestamp::ZERO).map(|t| (t.index, t.missed)), Some((0, 0)));
        assert_eq!(ticker.poll(Timestamp::from_millis(33)), None);
        assert_eq!(ticker.poll(Timestamp::from_millis(34)).map(|t| (t.index, t.missed)), Some((1, 0)));
        let late = ticker.poll(Timestamp::from_millis(201)).unwrap();
        assert_eq!((late.index, late.missed), (6, 4));
        assert_eq!(late.time, Timestamp::from_millis(200));
        let mut caught_up = Vec::new();
        while let Some(tick) = ticker.poll(Timestamp::from_millis(310)) {
            caught_up.push((tick.index, tick.missed));
        }
        assert_eq!(caught_up, [(7, 0), (8, 0), (9, 0)], "a little late loses nothing");
    }

    #[test]
    fn a_day_at_an_odd_rate_has_every_frame() {
        let rate = FrameRate::new(30_000, 1001).unwrap();
        let mut ticker = Ticker::new(rate, Timestamp::ZERO, Duration::ZERO);
        let mut count = 0;
        let mut now = Timestamp::ZERO;
        while now < Timestamp::from_millis(3_600_000) {
            if let Some(tick) = ticker.poll(now) {
                assert_eq!(tick.missed, 0);
                assert_eq!(tick.index, count);
                count += 1;
            }
            now = now + Duration::from_millis(5);
        }
        assert_eq!(count, 107_892);
    }
}
