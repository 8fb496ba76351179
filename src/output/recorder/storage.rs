//! Where a recording's files are: the edge to the disk, and what tests put in its place.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::journal::Journal;
use super::repair;
use super::room::Room;

/// A file that is being written.
pub(super) trait Disk: Write {
    /// Waits until what was written is safe; with `all`, the file's length and times too.
    fn sync(&mut self, all: bool) -> io::Result<()>;
}

impl Disk for File {
    fn sync(&mut self, all: bool) -> io::Result<()> {
        if all { self.sync_all() } else { self.sync_data() }
    }
}

/// Where files are made.
pub(super) trait Storage {
    /// A file that can be written.
    type File: Disk;

    /// Makes the first free file of `base`: it, or with `-2`, `-3`, … before its ending. Nothing is overwritten.
    fn create(&mut self, base: &Path) -> io::Result<(PathBuf, Self::File)>;

    /// `file` is open from now on, until all are closed: for whoever finds it after a crash.
    fn note(&mut self, file: &Path);

    /// Room where `file` is; `None` if the system does not tell.
    fn room(&self, file: &Path) -> Option<Room>;

    /// Whether `file` is still there.
    fn is_there(&self, file: &Path) -> bool;

    /// Writes a small file beside, whole or not at all.
    fn write_beside(&mut self, path: &Path, text: &str) -> io::Result<()>;

    /// Writing `file` failed in the middle: what is not whole at its end goes.
    fn mend(&mut self, file: &Path);

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

    fn create(&mut self, base: &Path) -> io::Result<(PathBuf, File)> {
        loop {
            let path = free_path(base);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    // Nobody repairs what is being written. Where locks are unknown, nobody can be asked.
                    let _ = file.try_lock();
                    return Ok((path, file));
                }
                // Somebody else was faster.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && free_path(base) != path => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn note(&mut self, file: &Path) {
        let Some(notes) = &self.notes else { return };
        let noted = match &mut self.journal {
            Some(journal) => journal.note(file),
            None => Journal::open(notes).and_then(|journal| self.journal.insert(journal).note(file)),
        };
        if let Err(error) = noted {
            tracing::warn!(%error, "an open recording is not noted: after a crash it is not repaired by itself");
        }
    }

    fn room(&self, file: &Path) -> Option<Room> {
        let whole = std::path::absolute(file).ok()?;
        Room::in_folder(whole.parent()?)
    }

    fn is_there(&self, file: &Path) -> bool {
        !matches!(file.try_exists(), Ok(false))
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

    fn mend(&mut self, file: &Path) {
        if let Err(error) = repair::repair(file, None, &crate::flow::Stop::new()) {
            tracing::debug!(%error, "what was written of the recording is left as it is");
        }
    }

    fn closed(&mut self) {
        if let Some(journal) = self.journal.take() {
            journal.close();
        }
    }
}

/// `path`, or with `-2`, `-3`, … before its extension: the first that does not exist, so that nothing is overwritten.
fn free_path(path: &Path) -> PathBuf {
    let is_free = |path: &Path| !path.exists() && !path.is_symlink();
    if is_free(path) {
        return path.to_owned();
    }
    let numbered = |n: u32| {
        let mut name = path.file_stem().unwrap_or_default().to_owned();
        name.push(format!("-{n}"));
        if let Some(extension) = path.extension() {
            name.push(".");
            name.push(extension);
        }
        path.with_file_name(name)
    };
    (2..).map(numbered).find(|candidate| is_free(candidate)).unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("show.flv");
        assert_eq!(free_path(&path), path);
        std::fs::write(&path, b"1").unwrap();
        let second = folder.path().join("show-2.flv");
        assert_eq!(free_path(&path), second);
        let (made, _) = Folder::default().create(&path).unwrap();
        assert_eq!((made, free_path(&path)), (second, folder.path().join("show-3.flv")));
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
