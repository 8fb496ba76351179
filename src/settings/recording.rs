//! Where recordings go: a folder, a name in which `{date}` and `{time}` stand for the moment the show starts, and a form.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::{EncodingSettings, format_duration, parse_duration};
pub use crate::media::{RecordForm, RecordSplit};

/// What stands for the day, such as `2026-11-24`.
const DATE: &str = "{date}";
/// What stands for the time of day, such as `14-36-29`.
const TIME: &str = "{time}";
/// The name that is offered.
pub const DEFAULT_NAME: &str = "Tally {date} {time}";

/// Bytes of the longest file name that any usual file system takes.
const FILE_NAME_MAX: usize = 255;
/// Of these, bytes for what is put behind the name: the number of a part with its ending, marks or a replay's time.
const FILE_NAME_END: usize = 32;

/// What no system lets a file name hold, beside what ends a folder's name.
const FORBIDDEN: &[char] = &['/', '\\', ':', '*', '?', '"', '<', '>', '|'];

/// Smaller files than this are of no use to anybody, in bytes.
const SPLIT_SIZE_MIN: u64 = 1_000_000;
/// So are shorter ones.
const SPLIT_DURATION_MIN: Duration = Duration::from_secs(1);
const SIZE_UNITS: [(&str, u64); 3] = [("T", 1_000_000_000_000), ("G", 1_000_000_000), ("M", 1_000_000)];

impl FromStr for RecordSplit {
    type Err = String;

    /// Reads `2G`, `500M`, `1.5GB` as sizes, and what `parse_duration` reads: a capital M is of bytes, a small one of time.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || "give a size such as 2G or 500M (at least 1M), a time such as 30m or 1h (at least 1s), or off";
        let bare = text.trim().trim_end_matches('B');
        let unit = SIZE_UNITS.into_iter().find_map(|(unit, bytes)| Some((bare.strip_suffix(unit)?, bytes)));
        if let Some((number, bytes)) = unit {
            let is_plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            let count = number.parse::<f64>().ok().filter(|_| is_plain).ok_or_else(wrong)?;
            let size = (count * bytes as f64) as u64;
            return if size >= SPLIT_SIZE_MIN { Ok(Self::Size(size)) } else { Err(wrong().to_owned()) };
        }
        match parse_duration(text) {
            Ok(duration) if duration >= SPLIT_DURATION_MIN => Ok(Self::Duration(duration)),
            _ => Err(wrong().to_owned()),
        }
    }
}

impl fmt::Display for RecordSplit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Size(size) => match SIZE_UNITS.into_iter().find(|(_, bytes)| size.is_multiple_of(*bytes)) {
                Some((unit, bytes)) => write!(f, "{}{unit}", size / bytes),
                None => write!(f, "{}M", size as f64 / 1e6),
            },
            Self::Duration(duration) => f.write_str(&format_duration(duration)),
        }
    }
}

/// The file of a show that starts on `date` at `time` (as `DATE` and `TIME` say): only its name is filled in.
pub fn recording_path(pattern: &Path, date: &str, time: &str) -> PathBuf {
    match pattern.file_name().and_then(|name| name.to_str()) {
        Some(name) => pattern.with_file_name(name.replace(DATE, date).replace(TIME, time)),
        None => pattern.to_owned(),
    }
}

/// A recording's path in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingName {
    /// Where it goes.
    pub folder: PathBuf,
    /// The file's name without its ending.
    pub stem: String,
    /// What it holds.
    pub form: RecordForm,
}

impl RecordingName {
    /// The parts of `path`. An ending that is no form's stays in the name.
    pub fn of(path: &Path) -> Self {
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let form = RecordForm::of(path);
        let ending = format!(".{}", form.ending());
        let at = name.len().checked_sub(ending.len()).filter(|at| name.is_char_boundary(*at));
        let stem = at.filter(|at| name[*at..].eq_ignore_ascii_case(&ending)).map(|at| name[..at].to_owned());
        Self { folder, stem: stem.unwrap_or(name), form }
    }

    /// Whether its file could not be made: `path` shortens it.
    pub fn is_too_long(&self) -> bool {
        // Any moment is as long as any other.
        let filled = self.stem.trim().replace(DATE, "2026-11-24").replace(TIME, "14-36-29");
        filled.len() > FILE_NAME_MAX - FILE_NAME_END
    }

    /// The whole path. What no file name may hold is replaced, what is too long is shortened; an empty name is the one that
    /// is offered.
    pub fn path(&self) -> PathBuf {
        let replaced = |c: char| if c.is_control() || FORBIDDEN.contains(&c) { '-' } else { c };
        let safe: String = self.stem.chars().map(replaced).collect();
        let mut whole = Self { stem: safe, ..self.clone() };
        while whole.is_too_long() {
            whole.stem.pop();
        }
        let safe = whole.stem.trim().trim_end_matches('.');
        let name = if safe.is_empty() { DEFAULT_NAME } else { safe };
        self.folder.join(format!("{name}.{}", self.form.ending()))
    }

    /// The one that is offered in `folder`.
    pub fn offered_in(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), stem: DEFAULT_NAME.to_owned(), form: RecordForm::default() }
    }
}

/// Where recordings go unless somebody chooses: the system's folder for videos, else the home folder.
pub fn default_recording() -> Option<PathBuf> {
    let folders = directories::UserDirs::new()?;
    let named = folders.video_dir().map(Path::to_owned);
    let usual = folders.home_dir().join("Videos");
    let folder = named.into_iter().chain([usual]).find(|folder| folder.is_dir());
    Some(RecordingName::offered_in(&folder.unwrap_or_else(|| folders.home_dir().to_owned())).path())
}

/// How long `free` bytes last for a recording of this encoding. The picture may be a little above its rate; the form
/// adds some 2 %.
pub fn recording_room(free: u64, encoding: &EncodingSettings) -> Duration {
    let bits = u64::from(encoding.video_bitrate.bps()) + u64::from(encoding.audio_bitrate.bps());
    let bytes_per_second = (bits + bits / 50).div_ceil(8).max(1);
    Duration::from_secs(free / bytes_per_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_filled_in_and_folders_stay() {
        for (pattern, path) in [
            ("/v/Tally {date} {time}.mp4", "/v/Tally 2026-11-24 14-36-29.mp4"),
            ("/v {date}/{time}-{time}.flv", "/v {date}/14-36-29-14-36-29.flv"),
            ("show.mp4", "show.mp4"),
            ("/", "/"),
        ] {
            assert_eq!(recording_path(Path::new(pattern), "2026-11-24", "14-36-29"), Path::new(path));
        }
    }

    #[test]
    fn a_path_is_taken_apart_and_joined_again() {
        for path in ["/v/Tally {date}.flv", "a.b.flv", "/x/ü.flv", "/v/Tally {date}.mp4", "a.mp4"] {
            assert_eq!(RecordingName::of(Path::new(path)).path(), Path::new(path));
        }
        let name = |path: &str| RecordingName::of(Path::new(path));
        assert_eq!((name("/v/a.MKV").stem.as_str(), name("/v/a.MKV").form), ("a.MKV", RecordForm::Mp4));
        assert_eq!((name("/v/日.FLV").stem.as_str(), name("/v/日.FLV").form), ("日", RecordForm::Flv));
        let in_v = |stem: &str| RecordingName { stem: stem.to_owned(), ..RecordingName::offered_in(Path::new("/v")) };
        assert_eq!(in_v("a/../b:c\n.").path(), Path::new("/v/a-..-b-c-.mp4"));
        assert_eq!(in_v(" . ").path(), Path::new("/v/Tally {date} {time}.mp4"));
    }

    #[test]
    fn a_name_has_room_for_the_time_parts_marks_and_replays() {
        let named = |stem: String| RecordingName { stem, ..RecordingName::offered_in(Path::new("/v")) };
        for (stem, is_too_long) in [
            ("x".repeat(223), false),
            ("x".repeat(224), true),
            ("日".repeat(74), false),
            ("日".repeat(75), true),
            (format!("{{date}}{{time}}{}", "x".repeat(205)), false),
            (format!("{{date}}{{time}}{}", "x".repeat(206)), true),
            ("{time}".repeat(200), true),
            (format!("  {}", "x".repeat(223)), false),
        ] {
            let name = named(stem);
            assert_eq!(name.is_too_long(), is_too_long, "{name:?}");
            let file = recording_path(&name.path(), "2026-11-24", "14-36-29");
            let file = file.file_stem().unwrap().to_string_lossy().into_owned();
            assert!(file.len() + " replay 14-36-29-9999.mp4".len() <= 255, "{} bytes", file.len());
            assert!(file.len() + "-9999.chapters.vtt.part".len() <= 255);
            assert_eq!(name.path() == Path::new("/v").join(format!("{}.mp4", name.stem.trim())), !is_too_long);
        }
    }

    #[test]
    fn splits_read_as_people_write_them_and_read_back() {
        let minutes = |minutes: u64| RecordSplit::Duration(Duration::from_secs(minutes * 60));
        for (text, split, shown) in [
            ("2G", RecordSplit::Size(2_000_000_000), "2G"),
            ("500M", RecordSplit::Size(500_000_000), "500M"),
            ("1.5GB", RecordSplit::Size(1_500_000_000), "1500M"),
            ("30m", minutes(30), "30m"),
            ("1h30m", minutes(90), "1h30m"),
        ] {
            let read: RecordSplit = text.parse().unwrap();
            assert_eq!((read, read.to_string().as_str(), shown.parse()), (split, shown, Ok(split)));
        }
        for text in ["", "G", "0G", "900K", "0.5M", "-1G", "1e3M", "0.2s", "soon", "M500", "infG", "NaNM"] {
            assert!(text.parse::<RecordSplit>().unwrap_err().contains("30m"), "{text}");
        }
    }

    #[test]
    fn room_is_told_by_the_rate() {
        // 3128 kb/s and 2 %: 398 820 bytes a second.
        assert_eq!(recording_room(398_820 * 3600, &EncodingSettings::default()), Duration::from_secs(3600));
        assert_eq!(recording_room(0, &EncodingSettings::default()), Duration::ZERO);
    }
}
