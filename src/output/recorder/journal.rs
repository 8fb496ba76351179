//! Which recordings are open: a file for each recorder, held by a lock while it lives. What a crash leaves behind is held by
//! nobody, and so is known at the next start, whoever else is recording then.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

/// The ending of the files.
const ENDING: &str = "open";
/// While it is being made it has another, so that nobody takes it for one that was left behind.
const MAKING: &str = "new";
/// More than any path of a recording is long, for some thousand files.
const FILE_LENGTH_MAX: u64 = 1 << 22;
/// Begins a line whose path is escaped, as no absolute path does.
const ESCAPED: &str = "escaped:";

static NEXT: AtomicU64 = AtomicU64::new(0);

/// The note of one recorder.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    path: PathBuf,
}

impl Journal {
    /// A new note in `folder`, which is made if it is missing.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let name = format!("recording-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let making = folder.join(format!("{name}.{MAKING}"));
        // One of the same name can only be left over from a crash in just that moment.
        let _ = fs::remove_file(&making);
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&making)?;
        file.try_lock()?;
        // A crash of a process of the same number may have left one: it is not overwritten.
        let free = (0..).map(|n: u32| folder.join(format!("{name}-{n}.{ENDING}"))).find(|path| !path.exists());
        let path = free.unwrap_or_else(|| folder.join(format!("{name}.{ENDING}")));
        fs::rename(&making, &path)?;
        Ok(Self { file, path })
    }

    /// `recording` is open from now on.
    pub(super) fn note(&mut self, recording: &Path) -> io::Result<()> {
        let whole = std::path::absolute(recording)?;
        let line = line_of(&whole)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "its path cannot be written down"))?;
        // Not waited for: a disk that hangs must not hold up a recording on another.
        self.file.write_all(format!("{line}\n").as_bytes())
    }

    /// All recordings are closed.
    pub(super) fn close(self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!(%error, "the note of a recording stays");
        }
    }
}

/// What a recorder that is gone has left open.
#[derive(Debug)]
pub struct Leftover {
    /// Held until this is dropped, so that no other instance does the same.
    _file: File,
    path: PathBuf,
    /// Its files, in their order.
    pub recordings: Vec<PathBuf>,
    /// When the last of them was begun, since 1970.
    pub noted_at: Duration,
}

impl Leftover {
    /// They are as they should be.
    pub fn forget(self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// What recorders that are gone have left open, by the notes in `folder`.
pub fn leftovers(folder: &Path) -> Vec<Leftover> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let notes = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == ENDING));
    notes.filter_map(|path| leftover(path).ok().flatten()).collect()
}

fn leftover(path: PathBuf) -> io::Result<Option<Leftover>> {
    let mut file = OpenOptions::new().read(true).write(true).open(&path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    // Whoever held it until just now may have removed it.
    if !path.exists() {
        return Ok(None);
    }
    let mut text = String::new();
    file.seek(SeekFrom::Start(0))?;
    (&file).take(FILE_LENGTH_MAX).read_to_string(&mut text)?;
    // A line without its end was not written whole.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let recordings = whole.lines().filter_map(path_of).collect();
    let noted_at = file.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Some(Leftover { _file: file, path, recordings, noted_at }))
}

/// The line of a path: as it is, which every version reads, or escaped where it is no line of text.
fn line_of(path: &Path) -> Option<String> {
    match path.to_str().filter(|text| !text.contains(char::is_control)) {
        Some(text) => Some(text.to_owned()),
        None => escaped(path),
    }
}

#[cfg(unix)]
fn escaped(path: &Path) -> Option<String> {
    use std::os::unix::ffi::OsStrExt as _;
    let bytes = path.as_os_str().as_bytes().iter();
    let escape = |&byte: &u8| match byte {
        b'%' => "%25".to_owned(),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02x}"),
    };
    Some(std::iter::once(ESCAPED.to_owned()).chain(bytes.map(escape)).collect())
}

/// Other systems have no such names, or none that can be taken apart.
#[cfg(not(unix))]
fn escaped(_: &Path) -> Option<String> {
    None
}

/// The path of a line; `None`: nobody wrote it so.
fn path_of(line: &str) -> Option<PathBuf> {
    line.strip_prefix(ESCAPED).map_or_else(|| Some(PathBuf::from(line)), unescaped)
}

#[cfg(unix)]
fn unescaped(text: &str) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (byte, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(byte, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn unescaped(_: &str) -> Option<PathBuf> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn whatever_a_recording_is_called_it_is_found_again() {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = tempfile::tempdir().unwrap();
        let names = [&b"k\nl.mp4"[..], b"k\xfc.mp4", b"100%25 \r.mp4", b"k\r", b"50% \\n.mp4", "ü.mp4".as_bytes()];
        let paths = names.map(|name| folder.path().join(std::ffi::OsStr::from_bytes(name)));
        let mut gone = Journal::open(folder.path()).unwrap();
        for path in &paths {
            gone.note(path).unwrap();
        }
        drop(gone);
        let [found] = <[_; 1]>::try_from(leftovers(folder.path())).unwrap();
        assert_eq!(found.recordings, paths);
    }

    #[cfg(unix)]
    #[test]
    fn a_note_of_an_older_version_is_read_and_a_broken_line_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let text = "/films/50% off %0a.mp4\nescaped:/a%0\nescaped:/b%zz\nescaped:/c%ü\n/films/b.mp4\n";
        fs::write(folder.path().join("recording-1-0-0.open"), text).unwrap();
        let [found] = <[_; 1]>::try_from(leftovers(folder.path())).unwrap();
        assert_eq!(found.recordings, ["/films/50% off %0a.mp4", "/films/b.mp4"].map(PathBuf::from));
    }

    #[test]
    fn only_what_nobody_holds_is_left_over() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        assert!(leftovers(&state).is_empty());
        let (mut gone, mut lives, mut ended) =
            (Journal::open(&state).unwrap(), Journal::open(&state).unwrap(), Journal::open(&state).unwrap());
        for name in ["a.mp4", "a-2.mp4"] {
            gone.note(&folder.path().join(name)).unwrap();
        }
        lives.note(Path::new("b.mp4")).unwrap();
        ended.note(Path::new("c.mp4")).unwrap();
        ended.close();
        assert!(leftovers(&state).is_empty(), "they are all held");
        // As a crash does: the lock goes, the file stays, perhaps with half a line.
        gone.file.write_all(b"/half/a li").unwrap();
        drop(gone);
        let [found] = <[_; 1]>::try_from(leftovers(&state)).unwrap();
        assert_eq!(found.recordings, ["a.mp4", "a-2.mp4"].map(|name| folder.path().join(name)));
        assert!(leftovers(&state).is_empty(), "another instance is at it");
        found.forget();
        assert!(leftovers(&state).is_empty());
        drop(lives);
        assert_eq!(leftovers(&state).len(), 1);
    }
}
