//! Values of flags that no other room reads: durations, switches, addresses, where to record.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::settings::Destination;

/// The value of `--record`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordChoice {
    /// Do not record, whatever the profile says.
    Off,
    /// Record to this file.
    To(PathBuf),
}

impl FromStr for RecordChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "" => Err("give a file, or off".to_owned()),
            "off" => Ok(Self::Off),
            path => Ok(Self::To(PathBuf::from(path))),
        }
    }
}

/// Reads `on` or `off`.
pub(super) fn parse_switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("say on or off".to_owned()),
    }
}

/// Takes a destination's URL, whatever it is: it may hold the key, so nothing of it is repeated here.
pub(super) fn parse_destination(url: &str) -> Result<Destination, Infallible> {
    Ok(Destination::at(url))
}

/// Reads an address to listen at: `127.0.0.1:1935`, `[::1]:1935`, `localhost:1935`.
pub(super) fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let wrong = || "give an IP address and a port, such as 127.0.0.1:1935 or [::1]:1935".to_owned();
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    numeric.parse().ok().ok_or_else(wrong)
}

/// Where HTTP is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpChoice {
    /// Nowhere.
    Off,
    /// At this address.
    At(SocketAddr),
}

impl std::str::FromStr for HttpChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" { Ok(Self::Off) } else { parse_address(text).map(Self::At) }
    }
}

/// `flv` or `mp4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RecordFormatChoice {
    /// As it comes.
    Flv,
    /// In fragments.
    Mp4,
}

/// Longest duration: a year, far from where times overflow.
const DURATION_MAX: Duration = Duration::from_secs(366 * 24 * 3600);

/// Reads `10s`, `2m`, `1h30m`, `1.5s`, `250ms`; a number alone is seconds.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || "give a time such as 10s, 2m or 1h30m".to_owned();
    let mut total = 0.0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut longest_left = f64::INFINITY;
    while !rest.is_empty() {
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let number_end = rest.find(|c| !is_number(c)).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(number_end);
        let unit_end = tail.find(is_number).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            "" if rest.len() == text.trim().len() => 1.0,
            _ => return Err(wrong()),
        };
        // Units fall, so that a slip such as 30m1h is noticed.
        if seconds >= longest_left {
            return Err(wrong());
        }
        longest_left = seconds;
        let Ok(value) = number.parse::<f64>() else { return Err(wrong()) };
        total += value * seconds;
        rest = tail;
    }
    let duration = Duration::try_from_secs_f64((total * 1000.0).round() / 1000.0).ok().ok_or_else(wrong)?;
    if duration.is_zero() || duration > DURATION_MAX { Err(wrong()) } else { Ok(duration) }
}

/// A duration as `parse_duration` reads it.
pub(super) fn format_duration(duration: Duration) -> String {
    let whole = duration.as_secs();
    let (hours, minutes, seconds, millis) = (whole / 3600, whole / 60 % 60, whole % 60, duration.subsec_millis());
    let parts = [(hours, "h"), (minutes, "m"), (seconds, "s"), (u64::from(millis), "ms")];
    let text: String = parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_back_as_they_are_written() {
        for millis in [1, 999, 1000, 60_000, 90_500, 3_600_000, 5_400_001, 86_400_000] {
            let duration = Duration::from_millis(millis);
            assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }
        assert_eq!(format_duration(Duration::from_secs(5400)), "1h30m");
    }

    #[test]
    fn durations_read_as_people_write_them() {
        for (text, millis) in [
            ("10s", 10_000),
            ("2m", 120_000),
            ("1h30m", 5_400_000),
            ("1.5s", 1500),
            ("250ms", 250),
            ("90", 90_000),
            (" 3s ", 3000),
            ("1h2m3s4ms", 3_723_004),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn other_durations_are_refused_with_an_example() {
        for text in ["", "s", "soon", "-3s", "0s", "1x", "30m1h", "1s2", "1..2s", "1h1h", "99999999h", "1 s"] {
            assert!(parse_duration(text).unwrap_err().contains("1h30m"), "{text}");
        }
    }

    #[test]
    fn addresses_need_a_port() {
        assert_eq!(parse_address("localhost:0").unwrap().to_string(), "127.0.0.1:0");
        assert_eq!(parse_address("[::1]:1935").unwrap().port(), 1935);
        for text in ["", "1935", "127.0.0.1", "example.com:1", "127.0.0.1:99999"] {
            assert!(parse_address(text).is_err(), "{text}");
        }
    }
}
