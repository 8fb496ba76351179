//! Which of a server's words are told while live: it may say the same with each picture. Pure.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use crate::media::Timestamp;

/// So many different words are told within `WITHIN`: more nobody reads.
const TOLD_MAX: usize = 10;
const WITHIN: Duration = Duration::from_secs(60);
/// So many are known again: more than a server has to say, and little to hold through a day of it.
const REMEMBERED_MAX: usize = 100;

/// What was told of one server's words, the newest last.
#[derive(Debug, Default)]
pub(super) struct Said(VecDeque<Told>);

#[derive(Debug)]
struct Told {
    at: Timestamp,
    warns: bool,
    /// Their hash; `None`: they were of an earlier connection.
    words: Option<u64>,
}

impl Said {
    /// Whether these words are told: they were not, and there were not too many. Notices take no room from warnings.
    pub(super) fn is_told(&mut self, now: Timestamp, level: &str, code: &str, description: Option<&str>) -> bool {
        let warns = matches!(level, "warning" | "error");
        let mut hasher = DefaultHasher::new();
        (level, code, description).hash(&mut hasher);
        let words = Some(hasher.finish());
        let newest = self.0.iter().filter(|told| told.warns == warns && now.since(told.at) < WITHIN);
        if newest.count() >= TOLD_MAX || self.0.iter().any(|told| told.words == words) {
            return false;
        }
        if self.0.len() >= REMEMBERED_MAX {
            self.0.pop_front();
        }
        self.0.push_back(Told { at: now, warns, words });
        true
    }

    /// Of a new connection the same words are news. How many there may be goes on to count.
    pub(super) fn begin_anew(&mut self) {
        self.0.iter_mut().for_each(|told| told.words = None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "NetStream.Publish.Warning";

    #[test]
    fn the_same_words_are_told_once_for_each_connection() {
        let mut said = Said::default();
        let at = |second: i64| Timestamp::from_millis(1000 * second);
        let mut told = |second, words| said.is_told(at(second), "warning", CODE, Some(words));
        assert!(told(1, "the rate is low") && !told(1, "the rate is low") && !told(3600, "the rate is low"));
        assert!(told(3600, "the sound is gone") && !told(3601, "the rate is low"));
        said.begin_anew();
        assert!(said.is_told(at(3602), "warning", CODE, Some("the rate is low")));
        assert!(said.is_told(at(3602), "status", CODE, Some("the rate is low")), "of another level");
    }

    #[test]
    fn of_a_flood_ten_are_told_in_a_minute_however_often_the_connection_is_made_again() {
        let mut said = Said::default();
        let (mut warnings, mut notices) = (0, 0);
        for number in 0..12_000 {
            let (now, words) = (Timestamp::from_millis(10 * number), number.to_string());
            notices += usize::from(said.is_told(now, "status", CODE, Some(&words)));
            warnings += usize::from(said.is_told(now, "warning", CODE, Some(&words)));
            if number % 100 == 0 {
                said.begin_anew();
            }
        }
        assert_eq!((warnings, notices), (20, 20));
        for hour in 1..1000 {
            said.is_told(Timestamp::from_millis(hour * 3_600_000), "warning", CODE, Some(&hour.to_string()));
        }
        assert_eq!(said.0.len(), REMEMBERED_MAX);
    }
}
