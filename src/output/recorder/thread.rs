//! What the recorder's thread does: packets from the queue into files, one after another, each brought to the disk piece by
//! piece.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::chapters::{Mark, chapters_paths, chapters_text};
use super::media_file::MediaFile;
use super::pieces::{Pieces, Taken};
use super::room::{RoomWatch, Told};
use super::split::Splitter;
use super::storage::{Disk, Place, Storage};
use super::{HolePlace, RecorderConfig, RecorderError, RecorderEvent};
use crate::clock::Clock;
use crate::flow::Popped;
use crate::media::{Packet, RecordForm, StreamConfig, Timestamp};
use crate::output::OutputHandle;

/// How often what is written is handed to the disk, where no fragment does that, and the disk is looked at.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);
/// How long the thread sleeps at most.
const POP_LIMIT: Duration = Duration::from_millis(250);
/// For so long after another file has begun, sound for the one before it may still come.
const LATE_SOUND: Duration = Duration::from_secs(2);

/// What the recorder and its thread share.
#[derive(Debug)]
pub(super) struct Shared {
    /// The files so far.
    files: Mutex<Vec<PathBuf>>,
    /// Marks that were set and not yet seen by the thread: their numbers and moments.
    marks: Mutex<Vec<(u32, Timestamp)>>,
    /// The slowest the disk was since somebody asked, in nanoseconds.
    slowest_nanos: AtomicU64,
    /// Since when it has been asked and has not answered, in nanoseconds of the program's time; `IDLE`: it has.
    busy_since: AtomicI64,
}

const IDLE: i64 = i64::MIN;

impl Default for Shared {
    fn default() -> Self {
        Self {
            files: Mutex::default(),
            marks: Mutex::default(),
            slowest_nanos: AtomicU64::new(0),
            busy_since: AtomicI64::new(IDLE),
        }
    }
}

impl Shared {
    /// How long the slowest call of the disk took since this was asked last; one that has not come back counts so far.
    pub(super) fn take_slowest(&self, now: Timestamp) -> Duration {
        let slowest = Duration::from_nanos(self.slowest_nanos.swap(0, Ordering::Relaxed));
        match self.busy_since.load(Ordering::Relaxed) {
            IDLE => slowest,
            since => slowest.max(now.since(Timestamp::from_nanos(since))),
        }
    }

    /// Asks the disk and notes how long it took.
    pub(super) fn ask_disk<T>(&self, clock: &Clock, ask: impl FnOnce() -> T) -> T {
        let begun = clock.now();
        self.busy_since.store(begun.as_nanos(), Ordering::Relaxed);
        let answer = ask();
        self.busy_since.store(IDLE, Ordering::Relaxed);
        let took = u64::try_from(clock.now().since(begun).as_nanos()).unwrap_or(u64::MAX);
        self.slowest_nanos.fetch_max(took, Ordering::Relaxed);
        answer
    }

    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn mark(&self, number: u32, at: Timestamp) {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner).push((number, at));
    }

    fn take_marks(&self) -> Vec<(u32, Timestamp)> {
        std::mem::take(&mut self.marks.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn add_file(&self, path: &Path) {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
    }

    fn forget_file(&self, path: &Path) {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| known != path);
    }
}

/// A file with its marks.
struct Open<S: Storage> {
    path: PathBuf,
    file: MediaFile<S::File>,
    marks: Vec<Mark>,
    /// The file of the marks, once there are some.
    chapters: Option<PathBuf>,
}

/// The files of one recording.
pub(super) struct Files<S: Storage> {
    storage: S,
    base_path: PathBuf,
    form: RecordForm,
    stream: StreamConfig,
    splitter: Splitter,
    current: Open<S>,
    /// The one before, while sound for it may still come.
    closing: Option<Open<S>>,
    /// What the current one took last.
    pieces: Pieces,
    /// A file was as large as its disk takes one: told of the first.
    was_full: bool,
    /// The next file could not be made: told once, until one can.
    was_unsplit: bool,
    /// Marks could not be written: told once.
    were_marks_lost: bool,
    /// A file could not be noted as open: told once.
    was_unnoted: bool,
    /// What is to be told.
    news: Vec<RecorderEvent>,
    /// Bytes of files that are closed.
    closed_bytes: u64,
    /// How many files were begun.
    begun: u32,
    /// Marks that were set before there was anything to mark.
    marks: Vec<(u32, Timestamp)>,
}

impl<S: Storage> Files<S> {
    /// Begins with the first file, which is made already.
    fn new(storage: S, config: &RecorderConfig, first: Open<S>) -> Self {
        Self {
            storage,
            base_path: first.path.clone(),
            form: RecordForm::of(&config.path),
            stream: config.stream.clone(),
            splitter: Splitter::new(config.split),
            current: first,
            closing: None,
            pieces: Pieces::default(),
            was_full: false,
            was_unsplit: false,
            were_marks_lost: false,
            was_unnoted: false,
            news: Vec::new(),
            closed_bytes: 0,
            begun: 1,
            marks: Vec::new(),
        }
    }

    /// Where the newest packets go.
    pub(super) fn path(&self) -> &Path {
        &self.current.path
    }

    fn take(&mut self, packet: &Packet, shared: &Shared) -> io::Result<()> {
        self.with_room(shared, |files| files.try_take(packet, shared))
    }

    /// Something is missing before the next packet.
    fn hole(&mut self, shared: &Shared) -> io::Result<()> {
        self.with_room(shared, |files| files.current.file.hole())?;
        self.pieces.push(Taken::Hole);
        Ok(())
    }

    fn sync(&mut self, shared: &Shared) -> io::Result<()> {
        self.with_room(shared, |files| files.current.file.sync(false))
    }

    /// Does it in another file where this one can grow no more. FAT32 takes 4 GiB, whatever room there is.
    fn with_room(&mut self, shared: &Shared, act: impl Fn(&mut Self) -> io::Result<()>) -> io::Result<()> {
        match act(self) {
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge && self.current.file.can_be_cut() => {
                self.leave_full(shared)?;
                act(self)
            }
            done => done,
        }
    }

    fn try_take(&mut self, packet: &Packet, shared: &Shared) -> io::Result<()> {
        let begins = packet.is_keyframe() || self.stream.video.is_none();
        if begins && let Some(base) = self.current.file.base() {
            let bytes = self.current.file.bytes();
            let goes_on = self.splitter.is_due(base, packet.dts, bytes) && self.go_on_in_another(packet.dts, shared)?;
            if !goes_on && self.pieces.is_due(packet.dts) {
                self.current.file.end_piece(packet.dts)?;
                self.pieces.end_newest();
            }
        }
        let late =
            self.closing.is_some() && !packet.is_video() && self.current.file.base().is_some_and(|b| packet.dts < b);
        if late && let Some(closing) = &mut self.closing {
            return take(closing, packet);
        }
        let is_late = |base: Timestamp| !packet.is_video() || packet.dts.since(base) > LATE_SOUND;
        if self.closing.is_some() && self.current.file.base().is_some_and(is_late) {
            self.close_former()?;
        }
        take(&mut self.current, packet)?;
        self.pieces.push(Taken::Packet(packet.clone()));
        Ok(())
    }

    /// A picture ends its file where the next one begins. `false`: that one cannot be made, and this one goes on; it is tried
    /// again at each keyframe.
    fn go_on_in_another(&mut self, at: Timestamp, shared: &Shared) -> io::Result<bool> {
        self.close_former()?;
        let next = match self.make_another(shared) {
            Ok(next) => next,
            Err(error) => {
                if !std::mem::replace(&mut self.was_unsplit, true) {
                    let (path, reason) = (self.current.path.display().to_string(), error.to_string());
                    self.news.push(RecorderEvent::Unsplit { path, reason });
                }
                return Ok(false);
            }
        };
        if let Err(error) = self.current.file.end_at(at) {
            drop(next.file);
            discard_unless_it_plays(&mut self.storage, &next.path, None, shared);
            return Err(error);
        }
        self.was_unsplit = false;
        self.turn_to(next)?;
        Ok(true)
    }

    /// The current file ends before its last two pieces, and another one begins with them.
    fn leave_full(&mut self, shared: &Shared) -> io::Result<()> {
        self.close_former()?;
        self.current.file.cut_pieces()?;
        let (full, pieces) = (self.current.path.clone(), self.pieces.take());
        self.take_marks_back();
        let next = self.make_another(shared)?;
        self.turn_to(next)?;
        if !std::mem::replace(&mut self.was_full, true) {
            let [path, next] = [&full, &self.current.path].map(|path| path.display().to_string());
            self.news.push(RecorderEvent::FileFull { path, next });
        }
        for taken in pieces {
            match taken {
                Taken::Packet(packet) => self.try_take(&packet, shared)?,
                Taken::Hole => {
                    self.current.file.hole()?;
                    self.pieces.push(Taken::Hole);
                }
            }
        }
        self.mark(Vec::new());
        Ok(())
    }

    fn make_another(&mut self, shared: &Shared) -> io::Result<Open<S>> {
        // A name that has become free since, because its file was renamed, is not taken again.
        let made = self.storage.create(&self.base_path, self.begun + 1)?;
        let noted = self.storage.note(&made.0);
        self.hear_of_note(&made.0, noted);
        begin(&mut self.storage, made, self.form, &self.stream, shared)
    }

    fn turn_to(&mut self, next: Open<S>) -> io::Result<()> {
        self.begun += 1;
        self.splitter.begin_file();
        self.closing = Some(std::mem::replace(&mut self.current, next));
        self.pieces = Pieces::default();
        // Without a picture nothing comes late.
        if self.stream.video.is_none() { self.close_former() } else { Ok(()) }
    }

    fn close_former(&mut self) -> io::Result<()> {
        let Some(mut former) = self.closing.take() else { return Ok(()) };
        former.file.finish()?;
        self.closed_bytes += former.file.bytes();
        let written = write_marks(&mut self.storage, &mut former, true);
        self.hear_of_marks(&former.path, written);
        Ok(())
    }

    /// Marks belong to the file that holds their moment; those of a file that has not begun wait for it.
    fn mark(&mut self, marks: Vec<(u32, Timestamp)>) {
        self.marks.extend(marks);
        if self.marks.is_empty() || self.closing.is_none() && self.current.file.base().is_none() {
            return;
        }
        for (number, at) in std::mem::take(&mut self.marks) {
            let former = self.closing.as_mut().filter(|_| self.current.file.base().is_none_or(|base| at < base));
            let open = former.unwrap_or(&mut self.current);
            if let Some(base) = open.file.base() {
                open.marks.push(Mark { number, at: at.since(base) });
            }
        }
        let mut lost = None;
        for open in self.closing.iter_mut().chain([&mut self.current]) {
            let written = write_marks(&mut self.storage, open, false);
            lost = written.err().map(|error| (open.path.clone(), error)).or(lost);
        }
        if let Some((path, error)) = lost {
            self.hear_of_marks(&path, Err(error));
        }
    }

    /// Nobody's recording fails for its marks, but they were promised.
    fn hear_of_marks(&mut self, path: &Path, written: io::Result<()>) {
        let Err(error) = written else { return };
        tracing::warn!(%error, "the marks of a recording cannot be written");
        if !std::mem::replace(&mut self.were_marks_lost, true) {
            let (path, reason) = (path.display().to_string(), error.to_string());
            self.news.push(RecorderEvent::MarksLost { path, reason });
        }
    }

    /// Nor for its note, but then nobody knows of it after a crash.
    fn hear_of_note(&mut self, path: &Path, noted: io::Result<()>) {
        let Err(error) = noted else { return };
        if !std::mem::replace(&mut self.was_unnoted, true) {
            let (path, reason) = (path.display().to_string(), error.to_string());
            self.news.push(RecorderEvent::Unnoted { path, reason });
        }
    }

    /// Marks of the current file that are behind its new end wait for the next one.
    fn take_marks_back(&mut self) {
        let Some(base) = self.current.file.base() else { return };
        let end = self.current.file.last();
        let moved = self.current.marks.extract_if(.., |mark| base + mark.at > end);
        self.marks.extend(moved.map(|mark| (mark.number, base + mark.at)));
        if self.current.marks.is_empty()
            && let Some(chapters) = self.current.chapters.take()
        {
            self.storage.remove(&chapters);
        }
    }

    fn written_bytes(&mut self) -> u64 {
        let closing = self.closing.as_mut().map_or(0, |open| open.file.bytes());
        self.closed_bytes + closing + self.current.file.bytes()
    }

    fn finish(&mut self, shared: &Shared) -> io::Result<()> {
        let current = self.with_room(shared, |files| files.current.file.finish());
        let former = self.close_former();
        let written = write_marks(&mut self.storage, &mut self.current, true);
        let path = self.current.path.clone();
        self.hear_of_marks(&path, written);
        former.and(current)
    }

    /// Another program has cut the file: nothing that followed could be played, and what is there may be that program's.
    fn leave_cut(&mut self) -> io::Result<RecorderError> {
        self.close_former()?;
        let written = write_marks(&mut self.storage, &mut self.current, true);
        let path = self.current.path.clone();
        self.hear_of_marks(&path, written);
        Ok(self.lost(RecorderError::FILE_CUT))
    }

    fn lost(&self, reason: &str) -> RecorderError {
        RecorderError { path: self.path().display().to_string(), reason: reason.to_owned(), disk_full: false }
    }

    /// The recording has failed: what is whole stays, the rest of it goes, and so does a file that holds nothing.
    fn give_up(self, shared: &Shared) {
        let Self { mut storage, current, closing, .. } = self;
        for mut open in closing.into_iter().chain([current]) {
            // What lies there now may be somebody else's.
            if open.file.disk().place(&open.path) == Place::There {
                drop(open.file);
                discard_unless_it_plays(&mut storage, &open.path, open.chapters.as_deref(), shared);
            } else {
                // It has failed, which was told.
                let _ = write_marks(&mut storage, &mut open, true);
            }
        }
        storage.closed();
    }

    /// The recording has ended before it was asked to, with its files closed: one that holds nothing goes.
    fn end_early(mut self, shared: &Shared) {
        let is_empty = self.current.file.base().is_none() && !self.current.file.is_cut();
        match self.current.file.disk().place(&self.current.path) {
            Place::There if is_empty => {
                self.storage.remove(&self.current.path);
                shared.forget_file(&self.current.path);
            }
            Place::Gone => shared.forget_file(&self.current.path),
            Place::There | Place::Moved | Place::ReadOnly => {}
        }
        self.storage.closed();
    }
}

fn discard_unless_it_plays<S: Storage>(storage: &mut S, path: &Path, chapters: Option<&Path>, shared: &Shared) {
    if !storage.mend(path) {
        shared.forget_file(path);
        [path].into_iter().chain(chapters).for_each(|path| storage.remove(path));
    }
}

/// Begins the file that was just made and noted; one that cannot be begun is removed.
fn begin<S: Storage>(
    storage: &mut S,
    (path, disk): (PathBuf, S::File),
    form: RecordForm,
    stream: &StreamConfig,
    shared: &Shared,
) -> io::Result<Open<S>> {
    shared.add_file(&path);
    match MediaFile::begin(disk, form, stream) {
        Ok(file) => Ok(Open { path, file, marks: Vec::new(), chapters: None }),
        Err(error) => {
            discard_unless_it_plays(storage, &path, None, shared);
            Err(error)
        }
    }
}

fn take<S: Storage>(open: &mut Open<S>, packet: &Packet) -> io::Result<()> {
    if open.file.take(packet)? {
        open.file.sync(false)?;
    }
    Ok(())
}

fn write_marks<S: Storage>(storage: &mut S, open: &mut Open<S>, is_closed: bool) -> io::Result<()> {
    if open.marks.is_empty() {
        return Ok(());
    }
    let is_claimed = open.chapters.is_some();
    let path = match &open.chapters {
        Some(path) => path,
        None => open.chapters.insert(claim_chapters(storage, &open.path)?),
    };
    let length = open.file.base().map(|base| open.file.last().since(base));
    let text = chapters_text(&open.marks, length.filter(|_| is_closed));
    let written = storage.write_beside(path, &text);
    if written.is_err() && !is_claimed {
        // There is nothing in it.
        open.chapters.take().iter().for_each(|path| storage.remove(path));
    }
    written
}

/// A file for the marks of `recording`: of two recordings whose names differ by their endings alone each has its own.
fn claim_chapters<S: Storage>(storage: &mut S, recording: &Path) -> io::Result<PathBuf> {
    for path in chapters_paths(recording) {
        match storage.claim(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is no free name for them"))
}

/// Makes the file and records until the queue is closed and empty.
pub(super) fn record<S: Storage>(
    mut storage: S,
    config: &RecorderConfig,
    output: &OutputHandle,
    clock: &Clock,
    shared: &Shared,
    tell: &dyn Fn(RecorderEvent),
) {
    let failed = |path: &Path, error: io::Error| {
        output.deactivate();
        tell(RecorderEvent::Failed(RecorderError::new(path, &error)));
    };
    let made = match shared.ask_disk(clock, || storage.create(&config.path, 1)) {
        Ok(made) => made,
        Err(error) => return failed(&config.path, error),
    };
    let (path, form) = (made.0.clone(), RecordForm::of(&config.path));
    let noted = shared.ask_disk(clock, || storage.note(&path));
    let first = match shared.ask_disk(clock, || begin(&mut storage, made, form, &config.stream, shared)) {
        Ok(first) => first,
        Err(error) => {
            storage.closed();
            return failed(&path, error);
        }
    };
    let mut files = Files::new(storage, config, first);
    files.hear_of_note(&path, noted);
    tell(RecorderEvent::Begun);
    let written = write_all(&mut files, output, clock, shared, tell);
    files.news.drain(..).for_each(tell);
    match written {
        Ok(None) => files.storage.closed(),
        Ok(Some(error)) => {
            output.deactivate();
            tell(RecorderEvent::Failed(error));
            files.end_early(shared);
        }
        Err(error) => {
            output.deactivate();
            let error = RecorderError::new(files.path(), &error);
            // The stream is told first: mending may take as long as the disk likes.
            tell(RecorderEvent::Failed(error));
            files.give_up(shared);
        }
    }
}

/// Gives why the recording was ended, with its files closed.
fn write_all<S: Storage>(
    files: &mut Files<S>,
    output: &OutputHandle,
    clock: &Clock,
    shared: &Shared,
    tell: &dyn Fn(RecorderEvent),
) -> io::Result<Option<RecorderError>> {
    let mut room = RoomWatch::default();
    let mut newest = None;
    let mut synced_at = clock.now();
    // A disk that is full from the start gets nothing.
    if let Some(full) = look_at_room(files, &mut room, synced_at, tell) {
        files.finish(shared)?;
        return Ok(Some(full));
    }
    loop {
        let popped = output.queue().pop(POP_LIMIT);
        if let Some(hole) = output.queue().take_hole() {
            files.hole(shared)?;
            let to = if let Popped::Value(packet) = &popped { Some(packet.dts) } else { None };
            let from = newest.zip(files.current.file.base());
            let place = from.map(|(from, base)| HolePlace { base, from, to });
            tell(RecorderEvent::Hole { path: files.path().display().to_string(), hole, place });
        }
        match popped {
            Popped::Value(packet) => {
                // A queue that is full drops pictures, and keeps the sound that came with them.
                if packet.is_video() || files.stream.video.is_none() {
                    newest = Some(packet.dts);
                }
                shared.ask_disk(clock, || files.take(&packet, shared))?;
            }
            Popped::Empty => {}
            Popped::Closed => break,
        }
        files.mark(shared.take_marks());
        files.news.drain(..).for_each(tell);
        let now = clock.now();
        if now.since(synced_at) >= SYNC_INTERVAL {
            synced_at = now;
            shared.ask_disk(clock, || files.sync(shared))?;
            if let Some(lost) = files.current.file.disk().place(&files.current.path).fault() {
                // It may be somewhere that this system does not tell of.
                files.finish(shared)?;
                return Ok(Some(files.lost(lost)));
            }
            if files.current.file.is_cut() {
                return files.leave_cut().map(Some);
            }
            if let Some(full) = look_at_room(files, &mut room, now, tell) {
                files.finish(shared)?;
                return Ok(Some(full));
            }
        }
    }
    if files.current.file.is_cut() {
        return files.leave_cut().map(Some);
    }
    files.finish(shared)?;
    Ok(None)
}

fn look_at_room<S: Storage>(
    files: &mut Files<S>,
    watch: &mut RoomWatch,
    now: Timestamp,
    tell: &dyn Fn(RecorderEvent),
) -> Option<RecorderError> {
    let room = files.storage.room(files.path())?;
    let written = files.current.file.base().map(|_| files.written_bytes());
    let path = files.path().display().to_string();
    match watch.look(now, room, written)? {
        Told::Low(minutes) => {
            tell(RecorderEvent::Low { path, minutes });
            None
        }
        Told::Full { free } => {
            let reason = format!("{:.1} MB are left, which are kept free", free as f64 / 1e6);
            Some(RecorderError { path, reason, disk_full: true })
        }
    }
}
