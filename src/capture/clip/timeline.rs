//! How a clip repeats on the program timeline, to the nanosecond and to the sample, for days.

use crate::media::Timestamp;

const NANOS: i128 = 1_000_000_000;

/// The length of one round of a clip: `ticks / timescale` seconds, exactly.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoopLength {
    ticks: i64,
    timescale: u32,
}

impl LoopLength {
    /// `None` unless it is longer than nothing.
    pub(super) fn new(ticks: i64, timescale: u32) -> Option<Self> {
        (ticks > 0 && timescale > 0).then_some(Self { ticks, timescale })
    }

    /// The longer of both.
    pub(super) fn max(self, other: Self) -> Self {
        let (own, others) = (
            i128::from(self.ticks) * i128::from(other.timescale),
            i128::from(other.ticks) * i128::from(self.timescale),
        );
        if own >= others { self } else { other }
    }

    /// The round that `now` lies in and the nanoseconds since its start.
    pub(super) fn position(self, now: Timestamp) -> (i64, i64) {
        let scaled = i128::from(now.as_nanos()) * i128::from(self.timescale);
        let length = i128::from(self.ticks) * NANOS;
        let (round, rest) = (scaled.div_euclid(length), scaled.rem_euclid(length));
        (narrow(round), narrow(rest / i128::from(self.timescale)))
    }

    /// The sample at which round `round` starts.
    pub(super) fn first_sample(self, round: i64, sample_rate: u32) -> i64 {
        let timescale = i128::from(self.timescale);
        let scaled = i128::from(round) * i128::from(self.ticks) * i128::from(sample_rate);
        narrow((scaled + timescale / 2).div_euclid(timescale))
    }

    /// The round that sample `index` lies in.
    pub(super) fn round_of_sample(self, index: i64, sample_rate: u32) -> i64 {
        let length = i128::from(self.ticks) * i128::from(sample_rate);
        let guess = narrow((i128::from(index) * i128::from(self.timescale)).div_euclid(length.max(1)));
        // The start of a round is rounded to a sample, so the guess can be one off.
        if self.first_sample(guess + 1, sample_rate) <= index {
            guess + 1
        } else if self.first_sample(guess, sample_rate) > index {
            guess - 1
        } else {
            guess
        }
    }

    /// In seconds.
    pub(super) fn seconds(self) -> f64 {
        self.ticks as f64 / f64::from(self.timescale)
    }
}

/// `ticks / timescale` seconds in nanoseconds, rounded to the nearest.
pub(super) fn nanos(ticks: i64, timescale: u32) -> i64 {
    let timescale = i128::from(timescale.max(1));
    narrow((i128::from(ticks) * NANOS + timescale / 2).div_euclid(timescale))
}

/// `ticks / timescale` seconds in samples, rounded to the nearest.
pub(super) fn samples(ticks: i64, timescale: u32, sample_rate: u32) -> i64 {
    let timescale = i128::from(timescale.max(1));
    narrow((i128::from(ticks) * i128::from(sample_rate) + timescale / 2).div_euclid(timescale))
}

fn narrow(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_follow_each_other_without_a_gap_for_days() {
        for (ticks, timescale) in [(5, 1), (100_000, 44_100), (5005, 1000), (1, 3), (238_592, 48_000)] {
            let length = LoopLength::new(ticks, timescale).unwrap();
            for round in [0, 1, 2, 1_000, 1_000_003, -1, -2] {
                let first = length.first_sample(round, 48_000);
                let next = length.first_sample(round + 1, 48_000);
                let exact = length.seconds() * 48_000.0;
                assert!(((next - first) as f64 - exact).abs() <= 1.0, "{ticks}/{timescale} {round}");
                assert_eq!(length.round_of_sample(first, 48_000), round);
                assert_eq!(length.round_of_sample(next - 1, 48_000), round);
            }
        }
    }

    #[test]
    fn positions_count_from_the_start_of_their_round() {
        let length = LoopLength::new(5, 1).unwrap();
        assert_eq!(length.position(Timestamp::from_millis(12_345)), (2, 2_345_000_000));
        assert_eq!(length.position(Timestamp::from_millis(-1)), (-1, 4_999_000_000));
        assert_eq!(length.position(Timestamp::ZERO), (0, 0));
    }

    #[test]
    fn the_longer_one_counts_and_nothing_is_no_length() {
        let (a, b) = (LoopLength::new(3, 2).unwrap(), LoopLength::new(48_001, 32_000).unwrap());
        assert_eq!(a.max(b).seconds(), b.seconds());
        assert_eq!(b.max(a).seconds(), b.seconds());
        assert!(LoopLength::new(0, 1).is_none() && LoopLength::new(1, 0).is_none() && LoopLength::new(-1, 1).is_none());
    }
}
