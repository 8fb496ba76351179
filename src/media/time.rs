//! `Timestamp`: a point on the program timeline, in nanoseconds.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// A point on the program timeline, in nanoseconds since the program's start. May be negative
/// (sound captured before the program's first tick).
///
/// Timestamps are computed from an index (`frame × den / num`, `samples / rate`), never by adding
/// up durations, so that no rounding accumulates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The program's start.
    pub const ZERO: Self = Self(0);
    /// Later than anything that happens.
    pub const MAX: Self = Self(i64::MAX);

    /// From nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// The start of sample `index` at `rate` samples a second, rounded to the nearest nanosecond.
    /// A rate of 0 counts as 1.
    pub fn from_samples(index: i64, rate: u32) -> Self {
        let rate = i128::from(rate.max(1));
        Self(div_round(i128::from(index) * 1_000_000_000, rate))
    }

    /// Nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Milliseconds, rounded to the nearest.
    pub fn as_millis(self) -> i64 {
        div_round(i128::from(self.0), 1_000_000)
    }

    /// Seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The index of the last sample that starts at or before this point, at `rate` samples a second.
    pub fn sample_index(self, rate: u32) -> i64 {
        let index = (i128::from(self.0) * i128::from(rate)).div_euclid(1_000_000_000);
        i64::try_from(index).unwrap_or(i64::MAX)
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// `self − other` in nanoseconds, signed.
    pub const fn nanos_since(self, other: Self) -> i64 {
        self.0.saturating_sub(other.0)
    }
}

fn div_round(numerator: i128, denominator: i128) -> i64 {
    let rounded = (numerator + denominator / 2).div_euclid(denominator);
    i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX })
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(rhs.as_nanos()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, rhs: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(rhs.as_nanos()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}s", self.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_round_trip_without_drift() {
        for rate in [8_000, 44_100, 48_000] {
            for index in [0, 1, 1023, 1024, 44_099, 172_800_000, 1_000_000_007] {
                let t = Timestamp::from_samples(index, rate);
                let back = (t + Duration::from_nanos(1)).sample_index(rate);
                assert_eq!(back, index, "{rate} {index}");
            }
        }
    }

    #[test]
    fn negative_times_floor_and_round() {
        assert_eq!(Timestamp::from_nanos(-1).sample_index(48_000), -1);
        assert_eq!(Timestamp::from_nanos(-1_600_000).as_millis(), -2);
        assert_eq!(Timestamp::from_millis(-5).since(Timestamp::ZERO), Duration::ZERO);
        assert_eq!(Timestamp::from_millis(7).nanos_since(Timestamp::from_millis(9)), -2_000_000);
    }

    #[test]
    fn sums_saturate() {
        assert_eq!(Timestamp::MAX + Duration::from_secs(1), Timestamp::MAX);
    }
}
