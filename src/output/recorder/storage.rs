//! Where a recording's files are: the edge to the disk, and what tests put in its place.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::RecorderError;
use super::chapters::chapters_paths;
use super::cut::Cut;
use super::journal::Journal;
use super::repair;
use super::room::Room;
use crate::media::split_ending;

/// A file that is being written.
pub(super) trait Disk: Cut {
    /// Waits until what was written is safe; with `all`, the file's length and times too.
    fn sync(&mut self, all: bool) -> io::Result<()>;

    /// Where the file is that was made as `path`.
    fn place(&self, path: &Path) -> Place;

    /// Bytes in the file, if the system tells.
    fn length(&self) -> Option<u64>;
}

/// Where an open file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Where it was made.
    There,
    /// Under another name.
    Moved,
    /// It was deleted.
    Gone,
    /// Where it was made, and its file system takes no more.
    ReadOnly,
}

impl Disk for File {
    fn sync(&mut self, all: bool) -> io::Result<()> {
        if all { self.sync_all() } else { self.sync_data() }
    }

    fn place(&self, path: &Path) -> Place {
        Place::of(self, path)
    }

    fn length(&self) -> Option<u64> {
        self.metadata().ok().map(|about| about.len())
    }
}

impl Place {
    /// Why a file there is recorded no more, if it is not.
    pub fn fault(self) -> Option<&'static str> {
        match self {
            Self::There | Self::Moved => None,
            Self::Gone => Some(RecorderError::FILE_GONE),
            Self::ReadOnly => Some(RecorderError::FILE_READ_ONLY),
        }
    }

    /// Where `file` is that was made as `path`.
    #[cfg(unix)]
    pub fn of(file: &File, path: &Path) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        match (file.metadata(), std::fs::symlink_metadata(path)) {
            // Asked first: not every system counts links.
            (Ok(file), Ok(found)) if (file.dev(), file.ino()) == (found.dev(), found.ino()) => Self::there(path),
            (Ok(file), _) if file.nlink() == 0 => Self::Gone,
            (Ok(_), _) => Self::Moved,
            (Err(_), _) => Self::There,
        }
    }

    #[cfg(not(unix))]
    pub fn of(_: &File, path: &Path) -> Self {
        if matches!(path.try_exists(), Ok(false)) { Self::Gone } else { Self::there(path) }
    }

    /// Linux turns a file system read-only that has errors, or whose owner asks for it. Whoever has a file open there goes on writing
    /// without an error, and it syncs, and nothing of it is ever on the disk: only to open one tells.
    fn there(path: &Path) -> Self {
        match OpenOptions::new().write(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            _ => Self::There,
        }
    }
}

/// Where files are made.
pub(super) trait Storage {
    /// A file that can be written.
    type File: Disk;

    /// Makes the first free file of `base` from its `number`th on: the first is `base`, others have `-2`, `-3`, … before
    /// its ending. Nothing is overwritten, nor will its chapters overwrite anything.
    fn create(&mut self, base: &Path, number: u32) -> io::Result<(PathBuf, Self::File)>;

    /// `file` is open from now on, until all are closed: for whoever finds it after a crash.
    fn note(&mut self, file: &Path) -> io::Result<()>;

    /// Room where `file` is; `None` if the system does not tell.
    fn room(&self, file: &Path) -> Option<Room>;

    /// Makes the small file `path`, which is nobody else's from then on; fails with `AlreadyExists` where there is one.
    fn claim(&mut self, path: &Path) -> io::Result<()>;

    /// Writes a small file that was claimed, whole or not at all.
    fn write_beside(&mut self, path: &Path, text: &str) -> io::Result<()>;

    /// Writing `file` failed in the middle: what is not whole at its end goes. `false`: no picture and no sound is left.
    fn mend(&mut self, file: &Path) -> bool;

    /// Removes a file that was made here.
    fn remove(&mut self, path: &Path);

    /// All files are closed as they should be.
    fn closed(&mut self);
}

/// The disks of this computer.
#[derive(Default)]
pub(super) struct Folder {
    /// Where it is noted what is open.
    pub(super) notes: Option<PathBuf>,
    journal: Option<Journal>,
}

impl Folder {
    /// One that notes what is open in `notes`.
    pub(super) fn noting_in(notes: Option<PathBuf>) -> Self {
        Self { notes, journal: None }
    }
}

impl Storage for Folder {
    type File = File;

    fn create(&mut self, base: &Path, number: u32) -> io::Result<(PathBuf, File)> {
        loop {
            let path = free_path(base, number);
            // To its end: should another program cut it meanwhile, it stays too short, and that is seen. Windows takes that
            // together with no cutting of our own.
            match OpenOptions::new().write(true).append(cfg!(unix)).create_new(true).open(&path) {
                Ok(file) => {
                    // Nobody repairs what is being written. Where locks are unknown, nobody can be asked.
                    let _ = file.try_lock();
                    return Ok((path, file));
                }
                // Somebody else was faster.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && free_path(base, number) != path => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn note(&mut self, file: &Path) -> io::Result<()> {
        let Some(notes) = &self.notes else { return Ok(()) };
        match &mut self.journal {
            Some(journal) => journal.note(file),
            None => Journal::open(notes).and_then(|journal| self.journal.insert(journal).note(file)),
        }
    }

    fn room(&self, file: &Path) -> Option<Room> {
        let whole = std::path::absolute(file).ok()?;
        Room::in_folder(whole.parent()?)
    }

    fn claim(&mut self, path: &Path) -> io::Result<()> {
        File::create_new(path).map(drop)
    }

    fn write_beside(&mut self, path: &Path, text: &str) -> io::Result<()> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = path.with_file_name(name);
        let written = File::create(&part).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        let done = written.and_then(|()| std::fs::rename(&part, path));
        if done.is_err() {
            let _ = std::fs::remove_file(&part);
        }
        done
    }

    fn mend(&mut self, file: &Path) -> bool {
        repair::mend(file)
    }

    fn remove(&mut self, path: &Path) {
        repair::remove_empty(path);
    }

    fn closed(&mut self) {
        if let Some(journal) = self.journal.take() {
            journal.close();
        }
    }
}

/// The first of `path` that is free from the `number`th on, with room beside it for its chapters.
fn free_path(path: &Path, number: u32) -> PathBuf {
    let (stem, ending) = split_ending(path);
    let numbered = |number: u32| {
        if number <= 1 {
            return path.to_owned();
        }
        let mut name = stem.clone();
        name.push(format!("-{number}"));
        if let Some(ending) = &ending {
            name.push(".");
            name.push(ending);
        }
        path.with_file_name(name)
    };
    let has_room = |path: &PathBuf| is_free(path) && is_free(&chapters_paths(path)[0]);
    (number..).map(numbered).find(has_room).unwrap_or_else(|| path.to_owned())
}

fn is_free(path: &Path) -> bool {
    !path.exists() && !path.is_symlink()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_overwritten_by_a_recording_or_its_chapters() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        assert_eq!(free_path(&path("show.flv"), 1), path("show.flv"));
        std::fs::write(path("show.flv"), b"1").unwrap();
        let (made, _) = Folder::default().create(&path("show.flv"), 1).unwrap();
        assert_eq!((made, free_path(&path("show.flv"), 1)), (path("show-2.flv"), path("show-3.flv")));
        assert_eq!(free_path(&path("show.flv"), 4), path("show-4.flv"));
        std::fs::write(path("show-4.chapters.vtt"), b"mine").unwrap();
        assert_eq!(free_path(&path("show.flv"), 4), path("show-5.flv"));
        std::fs::write(path("Sunday 10.30"), b"1").unwrap();
        assert_eq!(free_path(&path("Sunday 10.30"), 1), path("Sunday 10.30-2"));
        std::fs::write(path("Sunday 10.chapters.vtt"), b"of another one").unwrap();
        assert_eq!(free_path(&path("Sunday 10.45"), 1), path("Sunday 10.45"));
    }

    #[test]
    fn a_small_file_is_one_recordings_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("show.chapters.vtt");
        Folder::default().claim(&path).unwrap();
        let other = Folder::default().claim(&path).unwrap_err();
        assert_eq!(other.kind(), io::ErrorKind::AlreadyExists);
    }

    #[cfg(unix)]
    #[test]
    fn an_open_file_knows_whether_it_was_renamed_or_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (made, file) = Folder::default().create(&path("show.mp4"), 1).unwrap();
        assert_eq!(file.place(&made), Place::There);
        std::fs::rename(&made, path("renamed.mp4")).unwrap();
        assert_eq!(file.place(&made), Place::Moved);
        std::fs::write(&made, b"another one").unwrap();
        assert_eq!(file.place(&made), Place::Moved);
        std::fs::remove_file(path("renamed.mp4")).unwrap();
        assert_eq!(file.place(&made), Place::Gone);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_another_program_cuts_stays_too_short() {
        let folder = tempfile::tempdir().unwrap();
        let (made, mut file) = Folder::default().create(&folder.path().join("show.mp4"), 1).unwrap();
        file.write_all(&[7; 10_000]).unwrap();
        OpenOptions::new().write(true).open(&made).unwrap().set_len(5000).unwrap();
        file.write_all(&[7; 10_000]).unwrap();
        assert_eq!(file.length(), Some(15_000));
    }

    #[test]
    fn a_small_file_is_there_whole_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("show.chapters.vtt");
        for text in ["one", "two"] {
            Folder::default().write_beside(&path, text).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(Folder::default().write_beside(&folder.path().join("no/such"), "x").is_err());
    }
}
