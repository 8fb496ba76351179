//! Closes what a crash left open: cuts the piece at a recording's end that was not written whole.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::chapters::close_last_chapter;
use crate::flow::Stop;
use crate::flv;
use crate::media::Scan;
use crate::mp4;

/// What was found and done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// The file that is whole now.
    pub path: PathBuf,
    /// Bytes in it.
    pub kept_bytes: u64,
    /// Bytes of the piece that was cut; 0: it was whole already.
    pub cut_bytes: u64,
    /// Whether there is any picture or sound in it.
    pub has_media: bool,
}

/// Why a file was left as it is.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// It is not there.
    #[error("there is no such file")]
    Missing,
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    /// It is no recording that can be closed.
    #[error("{0}")]
    NotARecording(String),
    /// It is damaged in the middle: cutting it would lose what is behind.
    #[error("it is damaged at byte {at} and there is more behind that; with --output FILE what is before it is copied")]
    Damaged {
        /// Where what is whole ends.
        at: u64,
    },
    /// It is being written.
    #[error("it is being recorded right now")]
    Busy,
    /// The result cannot be written.
    #[error("{path} cannot be written: {source}")]
    Unwritable {
        /// What cannot be written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody wanted it to stop.
    #[error("it was stopped")]
    Stopped,
}

/// Makes `path` whole: in place, or as a new file `output`, which must not exist; then `path` stays as it is. What is whole
/// is left alone. In place, the last chapter beside it is closed too.
///
/// # Errors
/// See `RepairError`: the file is as it was.
pub fn repair(path: &Path, output: Option<&Path>, stop: &Stop) -> Result<Repaired, RepairError> {
    // Before it is opened: a pipe would be waited for.
    match path.metadata() {
        Ok(about) if about.is_file() => {}
        Ok(_) => return Err(RepairError::NotARecording("it is no file".to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(RepairError::Missing),
        Err(error) => return Err(RepairError::Unreadable(error)),
    }
    let file = File::open(path).map_err(RepairError::Unreadable)?;
    // Recorders hold their files; where locks are unknown, nobody can be asked.
    if output.is_none() && matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return Err(RepairError::Busy);
    }
    let length = file.metadata().map_err(RepairError::Unreadable)?.len();
    let (at, has_media) = match look(&file, length, stop)? {
        Scan::Whole { has_media } => (length, has_media),
        Scan::Torn { at, has_media } => (at, has_media),
        Scan::Damaged { at } if output.is_some() => (at, true),
        Scan::Damaged { at } => return Err(RepairError::Damaged { at }),
        Scan::Foreign(why) => return Err(RepairError::NotARecording(why.to_owned())),
    };
    let is_in_place = output.is_none();
    let done = match output {
        Some(output) => copy(file, at, output).map(|()| output),
        None if at < length => cut(path, length, at).map(|()| path),
        None => Ok(path),
    };
    let failed = |source| RepairError::Unwritable { path: output.unwrap_or(path).to_owned(), source };
    let path = done.map_err(failed)?.to_owned();
    if is_in_place {
        // Nobody's recording fails for its marks.
        if let Err(error) = close_last_chapter(&path, || length_of(&path, at)) {
            tracing::warn!(%error, "the last chapter of a recording stays open");
        }
    }
    Ok(Repaired { path, kept_bytes: at, cut_bytes: length - at, has_media })
}

/// How long the recording `path` is, which is whole up to the byte `end`.
fn length_of(path: &Path, end: u64) -> io::Result<Option<Duration>> {
    let mut reader = BufReader::new(File::open(path)?);
    match is_flv(&mut reader) {
        true => flv::length(&mut reader, end),
        false => mp4::length(&mut reader, end),
    }
}

fn is_flv(reader: &mut impl Read) -> bool {
    let mut first = [0; 3];
    reader.read_exact(&mut first).is_ok() && first == *b"FLV"
}

fn look(file: &File, length: u64, stop: &Stop) -> Result<Scan, RepairError> {
    let mut reader = BufReader::new(file);
    let goes_on = || !stop.requested();
    let scanned = match is_flv(&mut reader) {
        true => flv::scan(&mut reader, length, &goes_on),
        false => mp4::scan(&mut reader, length, &goes_on),
    };
    scanned.map_err(|error| match error.kind() {
        io::ErrorKind::Interrupted => RepairError::Stopped,
        _ => RepairError::Unreadable(error),
    })
}

/// The system cuts a file at once: it has the old length or the new one, whatever happens.
fn cut(path: &Path, length: u64, at: u64) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    if file.metadata()?.len() != length {
        return Err(io::Error::new(io::ErrorKind::ResourceBusy, "somebody else writes to it"));
    }
    file.set_len(at)?;
    file.sync_all()
}

fn copy(mut file: File, at: u64, output: &Path) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    let mut new = OpenOptions::new().write(true).create_new(true).open(output)?;
    let copied = io::copy(&mut file.take(at), &mut new).and_then(|_| new.sync_all());
    if copied.is_err() {
        let _ = std::fs::remove_file(output);
    }
    copied
}

/// Writing `file` failed in the middle: what is not whole at its end goes. `false`: no picture and no sound is left.
pub fn mend(file: &Path) -> bool {
    match repair(file, None, &Stop::new()) {
        Ok(repaired) => repaired.has_media,
        // What a player needs first was not written whole.
        Err(RepairError::NotARecording(_)) => false,
        Err(error) => {
            tracing::debug!(%error, "what was written of the recording is left as it is");
            true
        }
    }
}

/// Removes the file of a recording that holds nothing.
pub fn remove_empty(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::debug!(%error, path = %path.display(), "a file without anything in it stays");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flv::{FlvWriter, TagKind};

    /// An FLV file of which the last tag is torn; gives its whole length too.
    fn torn(path: &Path) -> u64 {
        let mut writer = FlvWriter::new(Vec::new(), true, true).unwrap();
        (0..5).for_each(|at| writer.write_tag(TagKind::Video, at * 40, &[&[9; 50]]).unwrap());
        let whole = writer.get_mut().len();
        writer.write_tag(TagKind::Video, 200, &[&[9; 50]]).unwrap();
        let bytes = writer.into_inner();
        std::fs::write(path, &bytes[..bytes.len() - 9]).unwrap();
        whole as u64
    }

    #[test]
    fn a_torn_end_is_cut_once_and_a_whole_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.flv");
        let whole = torn(&path);
        let first = repair(&path, None, &Stop::new()).unwrap();
        assert_eq!((first.kept_bytes, first.cut_bytes, first.has_media), (whole, 56, true));
        let stamp = std::fs::metadata(&path).unwrap().modified().unwrap();
        let second = repair(&path, None, &Stop::new()).unwrap();
        assert_eq!((second.kept_bytes, second.cut_bytes), (whole, 0));
        assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), stamp);
    }

    #[test]
    fn the_last_chapter_is_closed_where_what_is_whole_ends() {
        let folder = tempfile::tempdir().unwrap();
        let (path, chapters) = (folder.path().join("a.flv"), folder.path().join("a.chapters.vtt"));
        torn(&path);
        std::fs::write(&chapters, "WEBVTT\n\n1\n00:00:00.020 --> 99:59:59.000\nMark 1\n").unwrap();
        let copy = repair(&path, Some(&folder.path().join("b.flv")), &Stop::new());
        assert!(copy.is_ok() && std::fs::read_to_string(&chapters).unwrap().contains("99:59:59"), "it stays as it is");
        repair(&path, None, &Stop::new()).unwrap();
        let text = std::fs::read_to_string(&chapters).unwrap();
        assert_eq!(text, "WEBVTT\n\n1\n00:00:00.020 --> 00:00:00.160\nMark 1\n");
    }

    #[test]
    fn another_file_is_written_and_the_first_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (path, output) = (folder.path().join("a.flv"), folder.path().join("b.flv"));
        let whole = torn(&path);
        let before = std::fs::read(&path).unwrap();
        assert_eq!(repair(&path, Some(&output), &Stop::new()).unwrap().path, output);
        assert_eq!((std::fs::read(&path).unwrap(), std::fs::metadata(&output).unwrap().len()), (before, whole));
        let again = repair(&path, Some(&output), &Stop::new());
        assert!(matches!(again, Err(RepairError::Unwritable { .. })), "nothing is overwritten: {again:?}");
    }

    #[test]
    fn what_is_recorded_right_now_and_what_is_no_recording_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.flv");
        torn(&path);
        let held = File::open(&path).unwrap();
        held.lock().unwrap();
        assert!(matches!(repair(&path, None, &Stop::new()), Err(RepairError::Busy)));
        drop(held);
        let stopped = Stop::new();
        stopped.request();
        assert!(matches!(repair(&path, None, &stopped), Err(RepairError::Stopped)));
        let text = folder.path().join("notes.mp4");
        std::fs::write(&text, "these are notes and no recording").unwrap();
        assert!(matches!(repair(&text, None, &Stop::new()), Err(RepairError::NotARecording(_))));
        assert!(matches!(repair(folder.path(), None, &Stop::new()), Err(RepairError::NotARecording(_))));
        assert!(matches!(repair(&folder.path().join("no"), None, &Stop::new()), Err(RepairError::Missing)));
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[13] = 0x77;
        std::fs::write(&path, bytes).unwrap();
        assert!(matches!(repair(&path, None, &Stop::new()), Err(RepairError::Damaged { at: 13 })));
    }
}
