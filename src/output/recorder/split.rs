//! When a recording goes on in another file. Pure.

use std::time::Duration;

use crate::media::{RecordSplit, Timestamp};

/// Decides at each keyframe.
#[derive(Debug)]
pub(super) struct Splitter {
    split: Option<RecordSplit>,
    /// Bytes in the file at the last keyframe.
    bytes_at_keyframe: u64,
    /// Most bytes from keyframe to keyframe so far.
    interval_bytes_max: u64,
}

impl Splitter {
    pub(super) fn new(split: Option<RecordSplit>) -> Self {
        Self { split, bytes_at_keyframe: 0, interval_bytes_max: 0 }
    }

    /// A keyframe is next, at `at` in a file that began at `base` and holds `bytes`: whether it begins another file. By
    /// size, what follows up to the next keyframe must still fit, as far as that can be told.
    pub(super) fn is_due(&mut self, base: Timestamp, at: Timestamp, bytes: u64) -> bool {
        self.interval_bytes_max = self.interval_bytes_max.max(bytes.saturating_sub(self.bytes_at_keyframe));
        self.bytes_at_keyframe = bytes;
        match self.split {
            _ if at <= base => false,
            None => false,
            Some(RecordSplit::Size(most)) => bytes + self.interval_bytes_max + self.interval_bytes_max / 8 > most,
            // A keyframe's place is rounded to its frame.
            Some(RecordSplit::Duration(most)) => at.since(base) + Duration::from_millis(1) >= most,
        }
    }

    /// Another file has begun.
    pub(super) fn begin_file(&mut self) {
        self.bytes_at_keyframe = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_begins_in_time_or_before_it_is_too_large() {
        let at = Timestamp::from_millis;
        let mut by_time = Splitter::new(Some(RecordSplit::Duration(Duration::from_secs(4))));
        assert_eq!([0, 2000, 4000].map(|ms| by_time.is_due(at(0), at(ms), 9)), [false, false, true]);
        assert!(!by_time.is_due(at(4000), at(4000), 9) && by_time.is_due(at(4000), at(8000), 9));
        let mut by_size = Splitter::new(Some(RecordSplit::Size(1000)));
        let sizes = [0, 200, 400, 600, 800];
        assert_eq!(
            sizes.map(|bytes| by_size.is_due(at(0), at(1 + bytes as i64), bytes)),
            [false, false, false, false, true]
        );
        by_size.begin_file();
        assert!(!by_size.is_due(at(801), at(900), 200), "the next file begins at nothing");
        let mut never = Splitter::new(None);
        assert!(!never.is_due(at(0), Timestamp::MAX, u64::MAX));
        let mut tiny = Splitter::new(Some(RecordSplit::Size(1)));
        assert!(!tiny.is_due(at(5), at(5), 100), "each file has at least what is from keyframe to keyframe");
    }
}
