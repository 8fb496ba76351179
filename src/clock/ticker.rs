//! The program tick: when each frame is due, and which were missed.

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
}

impl Ticker {
    /// A ticker whose first tick is the first frame at or after `start`.
    pub fn new(rate: FrameRate, start: Timestamp) -> Self {
        let mut next = rate.frame_index(start);
        if rate.frame_time(next) < start {
            next += 1;
        }
        Self { rate, next }
    }

    /// When the next frame is due.
    pub fn due(&self) -> Timestamp {
        self.rate.frame_time(self.next)
    }

    /// The tick that is due at `now`, if one is. A late caller gets the newest due tick once, with the
    /// number of older ones it missed: a frame is never served late twice.
    pub fn poll(&mut self, now: Timestamp) -> Option<Tick> {
        if now < self.due() {
            return None;
        }
        let index = self.rate.frame_index(now).max(self.next);
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
        let mut ticker = Ticker::new(FrameRate::DEFAULT, Timestamp::ZERO);
        assert_eq!(ticker.poll(Timestamp::ZERO).map(|t| (t.index, t.missed)), Some((0, 0)));
        assert_eq!(ticker.poll(Timestamp::from_millis(33)), None);
        assert_eq!(ticker.poll(Timestamp::from_millis(34)).map(|t| (t.index, t.missed)), Some((1, 0)));
        let late = ticker.poll(Timestamp::from_millis(201)).unwrap();
        assert_eq!((late.index, late.missed), (6, 4));
        assert_eq!(late.time, Timestamp::from_millis(200));
    }

    #[test]
    fn a_day_at_an_odd_rate_has_every_frame() {
        let rate = FrameRate::new(30_000, 1001).unwrap();
        let mut ticker = Ticker::new(rate, Timestamp::ZERO);
        let mut count = 0;
        let mut now = Timestamp::ZERO;
        while now < Timestamp::from_millis(3_600_000) {
            if let Some(tick) = ticker.poll(now) {
                assert_eq!(tick.missed, 0);
                assert_eq!(tick.index, count);
                count += 1;
            }
            now = now + std::time::Duration::from_millis(5);
        }
        assert_eq!(count, 107_892);
    }
}
