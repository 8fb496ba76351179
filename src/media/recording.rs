//! What recordings are: their form, and when they go on in another file.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

/// The form of a recording, by its file's ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum RecordForm {
    /// Fragmented MP4: every player and editor takes it, and what is written plays whatever happens to the rest.
    #[default]
    Mp4,
    /// FLV: the packets as they are sent.
    Flv,
}

impl RecordForm {
    /// Every form.
    pub const ALL: [Self; 2] = [Self::Mp4, Self::Flv];

    /// What a file of this name holds: only `.flv` is FLV.
    pub fn of(path: &Path) -> Self {
        match path.extension() {
            Some(ending) if ending.eq_ignore_ascii_case("flv") => Self::Flv,
            _ => Self::Mp4,
        }
    }

    /// Its files' ending, without the dot.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Flv => "flv",
        }
    }
}

/// Whether an error of this kind says that the disk, or what this user may fill of it, is full.
pub fn is_disk_full(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Writes a file into `folder` and takes it away again: what rights say is not yet what a disk does.
///
/// # Errors
/// What the system said: nothing can be recorded there.
pub fn try_folder(folder: &Path) -> io::Result<()> {
    let trial = folder.join(format!(".tally-{}", std::process::id()));
    File::create(&trial)?;
    std::fs::remove_file(&trial)
}

/// Endings of files with pictures or sound: whatever else stands behind a dot belongs to the name.
const ENDINGS: [&str; 10] = ["mp4", "m4v", "m4a", "mov", "flv", "f4v", "mkv", "webm", "avi", "ts"];

/// The name of the file `path` without its ending, and that ending, if it is one: `Sunday 10.30` has none.
pub fn split_ending(path: &Path) -> (OsString, Option<OsString>) {
    let is_one = |ending: &&OsStr| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known));
    match (path.file_stem(), path.extension().filter(is_one)) {
        (Some(stem), Some(ending)) => (stem.to_owned(), Some(ending.to_owned())),
        _ => (path.file_name().unwrap_or_default().to_owned(), None),
    }
}

/// When a recording goes on in another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordSplit {
    /// Before a file is larger than so many bytes.
    Size(u64),
    /// Once a file is so long.
    Duration(Duration),
}

/// What a look through a recording's file found: whether its end is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan {
    /// All of it is whole.
    Whole {
        /// Whether there is any picture or sound in it.
        has_media: bool,
    },
    /// What begins at this byte was not written to its end, and nothing is behind it.
    Torn {
        /// Where what is whole ends.
        at: u64,
        /// Whether there is any picture or sound before that.
        has_media: bool,
    },
    /// From this byte on it is something else, and there is more behind it.
    Damaged {
        /// Where what is whole ends.
        at: u64,
    },
    /// It is no recording that can be closed.
    Foreign(&'static str),
}
