//! Lengths of time as people write them: `10s`, `2m`, `1h30m`.

use std::time::Duration;

/// Longest duration: a year, far from where times overflow.
const DURATION_MAX: Duration = Duration::from_secs(366 * 24 * 3600);

/// Reads `10s`, `2m`, `1h30m`, `1.5s`, `250ms`; a number alone is seconds.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
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
pub fn format_duration(duration: Duration) -> String {
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
}
