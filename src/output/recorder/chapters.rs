//! Marks in a recording, as a file beside it: WebVTT chapters.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::media::split_ending;

/// The end of the last chapter while the recording runs.
const OPEN_END: Duration = Duration::from_secs(100 * 3600 - 1);
/// What every file begins with.
const FIRST_LINE: &str = "WEBVTT\n";
/// Between the start and the end of a chapter.
const ARROW: &str = " --> ";
/// A file of so many bytes is not one of ours.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// A moment of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Counted through the show.
    pub(super) number: u32,
    /// Since the file's start.
    pub(super) at: Duration,
}

/// Where the marks of `recording` may be: in the file that is free where its name is chosen, or in the other should
/// somebody have taken that meanwhile.
pub(super) fn chapters_paths(recording: &Path) -> [PathBuf; 2] {
    let whole = recording.file_name().unwrap_or_default();
    [split_ending(recording).0.as_os_str(), whole].map(|name| {
        let mut name = name.to_owned();
        name.push(".chapters.vtt");
        recording.with_file_name(name)
    })
}

/// Chapters from mark to mark (W3C WebVTT, 4.2); the last goes to `end`, once that is known.
pub(super) fn chapters_text(marks: &[Mark], end: Option<Duration>) -> String {
    let mut text = FIRST_LINE.to_owned();
    for (index, Mark { number, at }) in marks.iter().enumerate() {
        let next = marks.get(index + 1).map(|next| next.at).or(end).unwrap_or(OPEN_END);
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{number}\n{}{ARROW}{}\nMark {number}\n", stamp(*at), stamp(until(*at, next)));
    }
    text
}

/// Closes the last chapter of a recording that a crash, or a failure, left open; `length` tells how long the recording is.
/// In place: a full disk has no room for another file.
pub(super) fn close_last_chapter(
    recording: &Path,
    length: impl Fn() -> io::Result<Option<Duration>>,
) -> io::Result<()> {
    for path in chapters_paths(recording) {
        if fs::metadata(&path).map_or(FILE_BYTES_MAX, |about| about.len()) >= FILE_BYTES_MAX {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        let Some((place, begins)) = open_end(&text) else { continue };
        let Some(length) = length()? else { return Ok(()) };
        let end = stamp(until(begins, length));
        if end.len() == stamp(OPEN_END).len() {
            let mut file = OpenOptions::new().write(true).open(&path)?;
            file.seek(SeekFrom::Start(place as u64))?;
            file.write_all(end.as_bytes())?;
            file.sync_all()?;
        }
    }
    Ok(())
}

/// The byte where the last chapter's open end is written, and where the chapter begins; `None` where it is closed, or the file
/// none of ours.
fn open_end(text: &str) -> Option<(usize, Duration)> {
    let open = format!("{ARROW}{}\n", stamp(OPEN_END));
    let arrow = text.strip_prefix(FIRST_LINE).and(text.rfind(&open))?;
    let begins = text.get(..arrow)?.lines().next_back()?;
    Some((arrow + ARROW.len(), read_stamp(begins)?))
}

/// A chapter is never without a length.
fn until(begins: Duration, end: Duration) -> Duration {
    end.max(begins + Duration::from_millis(1))
}

fn stamp(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{:02}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, time.subsec_millis())
}

fn read_stamp(text: &str) -> Option<Duration> {
    let (whole, millis) = text.split_once('.')?;
    let seconds = whole.split(':').try_fold(0u64, |sum, part| {
        let part = part.parse::<u32>().ok()?;
        sum.checked_mul(60)?.checked_add(part.into())
    })?;
    Some(Duration::from_secs(seconds) + Duration::from_millis(millis.parse::<u16>().ok()?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks() -> [Mark; 2] {
        [(3, Duration::from_millis(1500)), (4, Duration::from_secs(3661))].map(|(number, at)| Mark { number, at })
    }

    #[test]
    fn chapters_go_from_mark_to_mark_and_have_their_numbers_of_the_show() {
        let open = chapters_text(&marks(), None);
        assert!(
            open.starts_with("WEBVTT\n\n3\n00:00:01.500 --> 01:01:01.000\nMark 3\n\n4\n01:01:01.000 --> "),
            "{open}"
        );
        let closed = chapters_text(&marks(), Some(Duration::from_secs(4000)));
        assert!(closed.ends_with("\n4\n01:01:01.000 --> 01:06:40.000\nMark 4\n"), "{closed}");
    }

    #[test]
    fn they_are_called_as_the_recording_without_what_is_an_ending() {
        for (recording, first, second) in [
            ("/v/a b-2.mp4", "/v/a b-2.chapters.vtt", "/v/a b-2.mp4.chapters.vtt"),
            ("/v/Sunday 10.30", "/v/Sunday 10.30.chapters.vtt", "/v/Sunday 10.30.chapters.vtt"),
            ("show.FLV", "show.chapters.vtt", "show.FLV.chapters.vtt"),
        ] {
            assert_eq!(chapters_paths(Path::new(recording)), [first, second].map(PathBuf::from));
        }
    }

    #[test]
    fn only_a_last_chapter_that_was_left_open_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let recording = folder.path().join("show.mp4");
        let path = folder.path().join("show.chapters.vtt");
        let close = |seconds| close_last_chapter(&recording, move || Ok(Some(Duration::from_secs(seconds)))).unwrap();
        close(4000);
        assert!(!path.exists());
        let closed = chapters_text(&marks(), Some(Duration::from_secs(4000)));
        for (before, after) in [
            (chapters_text(&marks(), None), &closed),
            (closed.clone(), &closed),
            ("my own words --> 99:59:59.000\n".to_owned(), &"my own words --> 99:59:59.000\n".to_owned()),
        ] {
            std::fs::write(&path, before).unwrap();
            close(4000);
            assert_eq!(&std::fs::read_to_string(&path).unwrap(), after);
        }
        // What was marked was not written any more.
        std::fs::write(&path, chapters_text(&marks(), None)).unwrap();
        close(3600);
        assert!(std::fs::read_to_string(&path).unwrap().ends_with("01:01:01.000 --> 01:01:01.001\nMark 4\n"));
    }
}
