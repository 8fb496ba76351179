//! The time of day, in the forms that file names and playlists take.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The local date and time of day now, such as `2026-11-24` and `14-36-29`.
pub fn local_date_and_time() -> (String, String) {
    date_and_time(super::unix_time(), TimeZone::system())
}

/// A time since 1970 in ISO 8601, to the millisecond and in UTC, such as `2026-11-24T23:36:29.250Z`.
pub fn utc_date_time(unix: Duration) -> String {
    let millis = i64::try_from(unix.as_millis()).unwrap_or(i64::MAX);
    let moment = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX);
    format!("{moment:.3}")
}

fn date_and_time(unix: Duration, zone: TimeZone) -> (String, String) {
    let seconds = i64::try_from(unix.as_secs()).unwrap_or(i64::MAX);
    // Beyond the year 9999 no name says when.
    let moment = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX).to_zoned_datetime(zone);
    (moment.strftime("%Y-%m-%d").to_string(), moment.strftime("%H-%M-%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zone_decides_the_day() {
        let at = |zone| date_and_time(Duration::from_secs(1_795_563_389), zone);
        assert_eq!(at(TimeZone::UTC), ("2026-11-24".to_owned(), "23-36-29".to_owned()));
        let east = TimeZone::fixed(jiff::tz::offset(1));
        assert_eq!(at(east), ("2026-11-25".to_owned(), "00-36-29".to_owned()));
        assert_eq!(date_and_time(Duration::MAX, TimeZone::UTC).0, "9999-12-30");
        assert_eq!(utc_date_time(Duration::from_millis(1_795_563_389_250)), "2026-11-24T23:36:29.250Z");
    }
}
