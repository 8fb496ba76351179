//! Marks in a recording, as a file beside it: WebVTT chapters.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The end of the last chapter while the recording runs.
const OPEN_END: Duration = Duration::from_secs(100 * 3600 - 1);

/// The file of the marks of `recording`.
pub(super) fn chapters_path(recording: &Path) -> PathBuf {
    recording.with_extension("chapters.vtt")
}

/// Chapters from mark to mark (W3C WebVTT, 4.2); the last goes to `end`, once that is known.
pub(super) fn chapters_text(marks: &[Duration], end: Option<Duration>) -> String {
    let mut text = "WEBVTT\n".to_owned();
    for (index, mark) in marks.iter().enumerate() {
        let next = marks.get(index + 1).copied().or(end).unwrap_or(OPEN_END);
        let number = index + 1;
        // Writing to a String cannot fail.
        let until = next.max(*mark + Duration::from_millis(1));
        let _ = write!(text, "\n{number}\n{} --> {}\nMark {number}\n", stamp(*mark), stamp(until));
    }
    text
}

fn stamp(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{:02}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, time.subsec_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chapters_go_from_mark_to_mark() {
        let marks = [Duration::from_millis(1500), Duration::from_secs(3661)];
        let open = chapters_text(&marks, None);
        assert!(
            open.starts_with("WEBVTT\n\n1\n00:00:01.500 --> 01:01:01.000\nMark 1\n\n2\n01:01:01.000 --> "),
            "{open}"
        );
        let closed = chapters_text(&marks, Some(Duration::from_secs(4000)));
        assert!(closed.ends_with("\n2\n01:01:01.000 --> 01:06:40.000\nMark 2\n"), "{closed}");
        assert_eq!(chapters_path(Path::new("/v/a b-2.mp4")), Path::new("/v/a b-2.chapters.vtt"));
    }
}
