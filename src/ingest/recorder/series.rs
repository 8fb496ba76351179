//! The files of a recording, one after another: where one can grow no more (FAT32 takes 4 GiB), the next begins with what was
//! written since the last place where a file can begin. Each plays by itself, and together they are the stream as it came.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::news::News;
use crate::ingest::name::file_stem;
use crate::output::{Cut, CutWriter, Place};

/// Bytes that wait for the file to be written at once.
const BUFFER_BYTES: usize = 1 << 16;
/// What is kept for the next file ends no earlier: ending it writes what waits.
const PIECE_ROOM_MIN: usize = BUFFER_BYTES;
/// Nor is more kept: where keyframes are farther apart, the next file begins without one.
const PIECE_ROOM_MAX: usize = 32 << 20;
/// `NAME.flv` to `NAME-9999.flv`; then the folder is to be tidied.
const FILES_PER_NAME_MAX: u32 = 9999;

/// Where the files of one recording are made.
pub(super) trait Storage: Clone {
    /// A file that can be written.
    type File: Cut;

    /// Makes the first one that does not exist: nothing is ever overwritten.
    fn create(&self) -> io::Result<(PathBuf, Self::File)>;

    /// Where `file` is that was made as `path`.
    fn place(file: &Self::File, path: &Path) -> Place;
}

/// `NAME.flv`, `NAME-2.flv`, … in a folder.
#[derive(Clone)]
pub(super) struct Folder {
    pub(super) folder: PathBuf,
    /// The stream's.
    pub(super) name: String,
    pub(super) extension: &'static str,
}

impl Storage for Folder {
    type File = File;

    fn create(&self) -> io::Result<(PathBuf, File)> {
        let (stem, extension) = (file_stem(&self.name), self.extension);
        for number in 1..=FILES_PER_NAME_MAX {
            let file = if number == 1 { format!("{stem}.{extension}") } else { format!("{stem}-{number}.{extension}") };
            let path = self.folder.join(file);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    // Nobody repairs what is being written. Where locks are unknown, nobody can be asked.
                    let _ = file.try_lock();
                    return Ok((path, file));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        let many = format!("there are {FILES_PER_NAME_MAX} recordings of this name");
        Err(io::Error::new(io::ErrorKind::AlreadyExists, many))
    }

    fn place(file: &File, path: &Path) -> Place {
        Place::of(file, path)
    }
}

/// What FLV and MP4 do each in its own way.
pub(super) trait Form {
    /// What is written at once, of one kind.
    type Item: Clone;
    /// Writes one file.
    type Writer<D: Cut>;

    /// Bytes that it takes while it is kept.
    fn room(item: &Self::Item) -> usize;

    /// Whether a file can begin with `item`, which follows on `piece`.
    fn can_begin(&self, piece: &[Self::Item], item: &Self::Item) -> bool;

    /// `piece` is in a file for good: what follows it goes into that one or begins another.
    fn pass(&mut self, piece: &[Self::Item]);

    /// Begins a file, which is to take `piece` next, with what a player needs first.
    fn begin<D: Cut>(&mut self, out: CutWriter<D>, piece: &[Self::Item]) -> io::Result<Self::Writer<D>>;

    /// Writes `item`; it may wait.
    fn write<D: Cut>(&self, writer: &mut Self::Writer<D>, item: &Self::Item) -> io::Result<()>;

    /// Brings all that waits to the file.
    fn write_waiting<D: Cut>(writer: &mut Self::Writer<D>) -> io::Result<()>;

    /// What it writes to.
    fn out<D: Cut>(writer: &mut Self::Writer<D>) -> &mut CutWriter<D>;
}

/// One file after another.
pub(super) struct Series<S: Storage, F: Form> {
    storage: S,
    form: F,
    path: PathBuf,
    writer: F::Writer<S::File>,
    /// What was written since a file could begin: the next one begins with it.
    piece: Vec<F::Item>,
    piece_room: usize,
    /// Where in the file that lies; `None`: nothing is before it, and the next file would take no more of it than this one.
    piece_at: Option<u64>,
}

impl<S: Storage, F: Form> Series<S, F> {
    /// Begins with the first.
    pub(super) fn begin(storage: S, mut form: F) -> io::Result<Self> {
        let (path, file) = storage.create()?;
        let writer = form.begin(CutWriter::new(BUFFER_BYTES, file), &[])?;
        Ok(Self { storage, form, path, writer, piece: Vec::new(), piece_room: 0, piece_at: None })
    }

    /// The one that is being written.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where that is by now.
    pub(super) fn place(&mut self) -> Place {
        S::place(F::out(&mut self.writer).disk(), &self.path)
    }

    /// Takes what is next.
    pub(super) fn take(&mut self, item: &F::Item, news: &mut Vec<News>) -> io::Result<()> {
        self.with_room(news, |series| series.try_take(item))
    }

    /// What was taken reaches the file, as far as it can be written already.
    pub(super) fn flush(&mut self, news: &mut Vec<News>) -> io::Result<()> {
        self.with_room(news, |series| F::out(&mut series.writer).flush())
    }

    /// Nothing follows.
    pub(super) fn finish(&mut self, news: &mut Vec<News>) -> io::Result<()> {
        self.with_room(news, |series| F::write_waiting(&mut series.writer))
    }

    /// Does it in another file where this one can grow no more.
    fn with_room(&mut self, news: &mut Vec<News>, act: impl Fn(&mut Self) -> io::Result<()>) -> io::Result<()> {
        loop {
            let Err(error) = act(self) else { return Ok(()) };
            match self.piece_at {
                Some(at) if error.kind() == io::ErrorKind::FileTooLarge => self.leave_full(at, news)?,
                // Another one would hold no more than this.
                _ => return Err(error),
            }
        }
    }

    fn try_take(&mut self, item: &F::Item) -> io::Result<()> {
        let can_begin = || self.form.can_begin(&self.piece, item) || self.piece_room > PIECE_ROOM_MAX;
        if self.piece_room >= PIECE_ROOM_MIN && can_begin() {
            F::write_waiting(&mut self.writer)?;
            self.piece_at = Some(F::out(&mut self.writer).bytes());
            self.form.pass(&self.piece);
            self.piece.clear();
            self.piece_room = 0;
        }
        self.form.write(&mut self.writer, item)?;
        self.piece_room += F::room(item);
        self.piece.push(item.clone());
        Ok(())
    }

    /// The file ends where the piece begins, at its byte `at`, and another one begins with that.
    fn leave_full(&mut self, at: u64, news: &mut Vec<News>) -> io::Result<()> {
        F::out(&mut self.writer).cut(at)?;
        self.piece_at = None;
        let (next, file) = self.storage.create()?;
        // From here on it is the one to be mended.
        let path = std::mem::replace(&mut self.path, next.clone());
        self.writer = self.form.begin(CutWriter::new(BUFFER_BYTES, file), &self.piece)?;
        for item in &self.piece {
            self.form.write(&mut self.writer, item)?;
        }
        news.push(News::FileFull { path, next });
        Ok(())
    }
}
