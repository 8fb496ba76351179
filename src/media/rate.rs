//! Rates as the field writes them: frames a second as a fraction, bits a second as `3000k`.

use std::fmt;
use std::str::FromStr;

use super::Timestamp;

/// A rate that could not be read, with what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseRateError(String);

/// Frames a second as a fraction, so that 29.97 is exactly 30000/1001.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FrameRate {
    num: u32,
    den: u32,
}

impl FrameRate {
    /// `num / den` frames a second; `None` unless it lies in 1..=240.
    pub fn new(num: u32, den: u32) -> Option<Self> {
        let in_range = den > 0 && num >= den && u64::from(num) <= 240 * u64::from(den);
        in_range.then_some(Self { num, den })
    }

    /// 30 frames a second.
    pub const DEFAULT: Self = Self { num: 30, den: 1 };

    /// Numerator.
    pub const fn num(self) -> u32 {
        self.num
    }

    /// Denominator.
    pub const fn den(self) -> u32 {
        self.den
    }

    /// Frames a second.
    pub fn as_f64(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    /// When frame `index` starts.
    pub fn frame_time(self, index: i64) -> Timestamp {
        let nanos = (i128::from(index) * i128::from(self.den) * 1_000_000_000 + i128::from(self.num) / 2)
            .div_euclid(i128::from(self.num));
        Timestamp::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// The index of the last frame that starts at or before `time`.
    pub fn frame_index(self, time: Timestamp) -> i64 {
        let scaled = (i128::from(time.as_nanos()) * 2 + 1) * i128::from(self.num);
        let index = scaled.div_euclid(2 * i128::from(self.den) * 1_000_000_000);
        i64::try_from(index).unwrap_or(i64::MAX)
    }

    /// Frames in `seconds`, at least 1: the length of a GOP.
    pub fn frames_in(self, seconds: f64) -> u32 {
        (self.as_f64() * seconds).round().max(1.0) as u32
    }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.den == 1 { write!(f, "{}", self.num) } else { write!(f, "{:.2}", self.as_f64()) }
    }
}

impl fmt::Debug for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.num, self.den)
    }
}

impl FromStr for FrameRate {
    type Err = ParseRateError;

    /// Reads `30`, `29.97`, `59.94`, `23.976` (as the NTSC fractions) and `30000/1001`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseRateError(format!("{text:?} is not a frame rate: give 1 to 240, such as 30 or 29.97"));
        let text = text.trim();
        let rate = if let Some((num, den)) = text.split_once('/') {
            let (Ok(num), Ok(den)) = (num.trim().parse(), den.trim().parse()) else { return Err(wrong()) };
            Self::new(num, den)
        } else if let Ok(whole) = text.parse::<u32>() {
            Self::new(whole, 1)
        } else {
            let Ok(value) = text.parse::<f64>() else { return Err(wrong()) };
            if !(1.0..=240.0).contains(&value) {
                return Err(wrong());
            }
            let ntsc = (value.ceil() * 1000.0) / 1001.0;
            if (ntsc - value).abs() < 0.005 {
                Self::new(value.ceil() as u32 * 1000, 1001)
            } else {
                Self::new((value * 1000.0).round() as u32, 1000)
            }
        };
        rate.ok_or_else(wrong)
    }
}

/// Bits a second.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bitrate(u32);

impl Bitrate {
    /// From bits a second.
    pub const fn from_bps(bps: u32) -> Self {
        Self(bps)
    }

    /// From kilobits (1000 bits) a second.
    pub const fn from_kbps(kbps: u32) -> Self {
        Self(kbps.saturating_mul(1000))
    }

    /// Bits a second.
    pub const fn bps(self) -> u32 {
        self.0
    }

    /// Kilobits a second, rounded down.
    pub const fn kbps(self) -> u32 {
        self.0 / 1000
    }
}

impl fmt::Display for Bitrate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}k", self.kbps())
    }
}

impl fmt::Debug for Bitrate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} b/s", self.0)
    }
}

impl FromStr for Bitrate {
    type Err = ParseRateError;

    /// Reads `3000k`, `3M`, `2.5M`, and plain bits a second such as `3000000`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseRateError(format!("{text:?} is not a bitrate: write it like 3000k or 3M"));
        let text = text.trim();
        let (number, unit) = match text.as_bytes().last() {
            Some(b'k' | b'K') => (&text[..text.len() - 1], 1e3),
            Some(b'm' | b'M') => (&text[..text.len() - 1], 1e6),
            _ => (text, 1.0),
        };
        let Ok(value) = number.parse::<f64>() else { return Err(wrong()) };
        let bps = value * unit;
        if !(0.0..=4e9).contains(&bps) {
            return Err(wrong());
        }
        Ok(Self(bps.round() as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_times_and_indices_agree_for_days() {
        for text in ["1", "24", "23.976", "25", "29.97", "30", "59.94", "60", "240"] {
            let rate: FrameRate = text.parse().unwrap();
            for index in (0..1000).chain([5_183_999, 25_919_999]) {
                let time = rate.frame_time(index);
                assert_eq!(rate.frame_index(time), index, "{text} {index}");
                assert_eq!(rate.frame_index(Timestamp::from_nanos(time.as_nanos() - 2)), index - 1, "{text} {index}");
            }
        }
    }

    #[test]
    fn ntsc_rates_are_exact_fractions() {
        assert_eq!("29.97".parse(), Ok(FrameRate { num: 30_000, den: 1001 }));
        assert_eq!("23.976".parse(), Ok(FrameRate { num: 24_000, den: 1001 }));
        assert_eq!("12.5".parse(), Ok(FrameRate { num: 12_500, den: 1000 }));
    }

    #[test]
    fn nonsense_rates_are_refused_with_a_sentence() {
        for text in ["0", "1000", "-3", "x", "", "30/0", "NaN", "0.5"] {
            let error = text.parse::<FrameRate>().unwrap_err().to_string();
            assert!(error.contains("1 to 240"), "{error}");
        }
    }

    #[test]
    fn bitrates_read_as_people_write_them() {
        for (text, bps) in [("3000k", 3_000_000), ("2.5M", 2_500_000), ("128K", 128_000), ("500", 500), ("0", 0)] {
            assert_eq!(text.parse(), Ok(Bitrate(bps)), "{text}");
        }
        for text in ["", "k", "-1k", "1e99", "3000kb"] {
            assert!(text.parse::<Bitrate>().is_err(), "{text}");
        }
    }
}
