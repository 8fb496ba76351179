//! Where recordings go: a folder, and a name in which `{date}` and `{time}` stand for the moment the show starts.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::EncodingSettings;

/// What stands for the day, such as `2026-11-24`.
const DATE: &str = "{date}";
/// What stands for the time of day, such as `14-36-29`.
const TIME: &str = "{time}";
/// The name that is offered.
pub const DEFAULT_NAME: &str = "Tally {date} {time}";
/// The form of a recording, by its file's ending: a file that is cut anywhere still plays.
pub const EXTENSION: &str = "flv";

/// What no system lets a file name hold, beside what ends a folder's name.
const FORBIDDEN: &[char] = &['/', '\\', ':', '*', '?', '"', '<', '>', '|'];

/// The file of a show that starts on `date` at `time` (as `DATE` and `TIME` say): only its name is filled in.
pub fn recording_path(pattern: &Path, date: &str, time: &str) -> PathBuf {
    match pattern.file_name().and_then(|name| name.to_str()) {
        Some(name) => pattern.with_file_name(name.replace(DATE, date).replace(TIME, time)),
        None => pattern.to_owned(),
    }
}

/// `path` as folder and name without its ending.
pub fn split_recording(path: &Path) -> (PathBuf, String) {
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let ending = format!(".{EXTENSION}");
    let stem = name.len().checked_sub(ending.len()).filter(|at| name.is_char_boundary(*at));
    let stem = stem.filter(|at| name[*at..].eq_ignore_ascii_case(&ending)).map(|at| name[..at].to_owned());
    (folder, stem.unwrap_or(name))
}

/// The path of `name` in `folder`. What no file name may hold is replaced; an empty name is the one that is offered.
pub fn joined_recording(folder: &Path, name: &str) -> PathBuf {
    let safe: String = name.chars().map(|c| if c.is_control() || FORBIDDEN.contains(&c) { '-' } else { c }).collect();
    let safe = safe.trim().trim_end_matches('.');
    let name = if safe.is_empty() { DEFAULT_NAME } else { safe };
    folder.join(format!("{name}.{EXTENSION}"))
}

/// Where recordings go unless somebody chooses: the system's folder for videos, else the home folder.
pub fn default_recording() -> Option<PathBuf> {
    let folders = directories::UserDirs::new()?;
    let folder = folders.video_dir().unwrap_or(folders.home_dir());
    Some(joined_recording(folder, DEFAULT_NAME))
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
            ("/v/Tally {date} {time}.flv", "/v/Tally 2026-11-24 14-36-29.flv"),
            ("/v {date}/{time}-{time}.flv", "/v {date}/14-36-29-14-36-29.flv"),
            ("show.flv", "show.flv"),
            ("/", "/"),
        ] {
            assert_eq!(recording_path(Path::new(pattern), "2026-11-24", "14-36-29"), Path::new(path));
        }
    }

    #[test]
    fn folder_and_name_are_taken_apart_and_joined_again() {
        for path in ["/v/Tally {date}.flv", "a.b.flv", "/x/ü.flv"] {
            let (folder, name) = split_recording(Path::new(path));
            assert_eq!(joined_recording(&folder, &name), Path::new(path), "{name}");
        }
        assert_eq!(split_recording(Path::new("/v/a.MKV")).1, "a.MKV");
        assert_eq!(split_recording(Path::new("/v/日.flv")).1, "日");
        assert_eq!(joined_recording(Path::new("/v"), "a/../b:c\n."), Path::new("/v/a-..-b-c-.flv"));
        assert_eq!(joined_recording(Path::new("/v"), " . "), Path::new("/v/Tally {date} {time}.flv"));
    }

    #[test]
    fn room_is_told_by_the_rate() {
        // 3128 kb/s and 2 %: 398 820 bytes a second.
        assert_eq!(recording_room(398_820 * 3600, &EncodingSettings::default()), Duration::from_secs(3600));
        assert_eq!(recording_room(0, &EncodingSettings::default()), Duration::ZERO);
    }
}
