//! Records streams as FLV or MP4 on a thread of its own: a slow disk never holds up the network.

mod flv;
#[cfg(test)]
mod full_files;
mod mp4;
mod news;
mod open_file;
mod series;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;

use self::news::News;
use self::open_file::OpenFile;
use self::series::Folder;
use super::unit::{ROOM_OF_ONE, Unit};
use super::{IngestEvent, RecordFormat, RecordingFault};
use crate::clock::Clock;
use crate::flow::{Errand, Popped, Queue};
use crate::flv::TagKind;
use crate::media::{Timestamp, is_disk_full};
use crate::output::{Place, Room, RoomWatch, Told, mend, remove_empty, takes_files};
use crate::rtmp::MediaKind;

/// Tags of all streams wait together, and what each stream may have waiting is the bound: one that goes beyond it ends with
/// a problem (a silent hole would be worse), and no stream's number of tags ends another's recording.
const QUEUE_TAGS: usize = usize::MAX;
/// So long the folder is tried before the server listens.
const TRY_LIMIT: Duration = Duration::from_secs(2);
/// What is written reaches the file at least this often.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// How long the thread sleeps at most.
const POP_LIMIT: Duration = Duration::from_millis(200);
/// How long what is queued may still be written once the server stops.
const STOP_GRACE: Duration = Duration::from_millis(700);
/// How long the thread is waited for in all: a disk that hangs holds up nobody's end.
const STOP_LIMIT: Duration = Duration::from_millis(900);

type Events = dyn Fn(IngestEvent) + Send + Sync;

/// The recording thread.
pub(super) struct Recorder {
    queue: Queue<Tag>,
    endings: Endings,
    bytes_max: usize,
    errand: Errand,
    events: Arc<Events>,
    /// Recordings that are not closed yet.
    begun: Mutex<Vec<Weak<Shared>>>,
    next_id: AtomicU64,
}

/// A stream's recording, held by the stream. The file is made with the first tag.
pub(super) struct Recording {
    queue: Queue<Tag>,
    endings: Endings,
    bytes_max: usize,
    shared: Arc<Shared>,
}

/// Recordings that ended and are not closed yet. Apart from the queue, so that a full queue loses none; there are at
/// most as many as connections.
type Endings = Arc<Mutex<Vec<(Arc<Shared>, IngestEvent)>>>;

struct Shared {
    id: u64,
    name: String,
    /// Bytes that wait for the disk, with the room that each tag takes.
    waiting: AtomicUsize,
    /// No tag is taken any more: the disk failed or was too slow.
    failed: AtomicBool,
}

enum Tag {
    Body {
        recording: Arc<Shared>,
        kind: TagKind,
        timestamp_ms: u32,
        body: Bytes,
    },
    /// Something is in `Endings`.
    End,
}

impl Recorder {
    /// Starts recording into `folder`, which is made if it is missing and must take a file: the first show would be lost in one that
    /// does not. `bytes_max` of each stream may wait.
    pub(super) fn start(
        folder: PathBuf,
        format: RecordFormat,
        bytes_max: usize,
        clock: Clock,
        events: Arc<Events>,
    ) -> io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        takes_files(&folder, TRY_LIMIT)?;
        let queue = Queue::new(QUEUE_TAGS);
        let endings = Endings::default();
        let (taken, ended, told) = (queue.clone(), Arc::clone(&endings), Arc::clone(&events));
        let errand = Errand::start("ingest-record", move |stop| {
            let mut files = Files { folder, format, open: HashMap::new(), endings: ended, events: told };
            let mut flushed_at = clock.now();
            let mut stopping_since: Option<Timestamp> = None;
            loop {
                let popped = taken.pop(POP_LIMIT);
                let now = clock.now();
                match popped {
                    Popped::Value(Tag::Body { recording, kind, timestamp_ms, body }) => {
                        recording.waiting.fetch_sub(room_of(&body), Ordering::Relaxed);
                        files.write(&recording, kind, timestamp_ms, body, now);
                    }
                    Popped::Value(Tag::End) | Popped::Empty => {}
                    Popped::Closed => break,
                }
                files.close_ended(false);
                if now.since(flushed_at) >= FLUSH_EVERY {
                    files.flush(now);
                    flushed_at = now;
                }
                if stop.requested() && now.since(*stopping_since.get_or_insert(now)) > STOP_GRACE {
                    break;
                }
            }
            files.close_ended(true);
            files.finish();
        })?;
        Ok(Self { queue, endings, bytes_max, errand, events, begun: Mutex::default(), next_id: AtomicU64::new(0) })
    }

    /// Begins the recording of a stream.
    pub(super) fn begin(&self, name: &str) -> Recording {
        let shared = Shared {
            id: self.next_id.fetch_add(1, Ordering::Relaxed),
            name: name.to_owned(),
            waiting: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
        };
        let (shared, endings) = (Arc::new(shared), Arc::clone(&self.endings));
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.retain(|recording| recording.strong_count() > 0);
        begun.push(Arc::downgrade(&shared));
        Recording { queue: self.queue.clone(), endings, bytes_max: self.bytes_max, shared }
    }

    /// Writes what waits, within `STOP_GRACE`, closes every file and ends the thread; a disk that does not answer is told
    /// for each recording that it still has, and left to itself.
    pub(super) fn finish(mut self) {
        self.queue.close();
        self.errand.request_stop();
        if self.errand.finish(STOP_LIMIT) {
            return;
        }
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        for recording in begun.iter().filter_map(Weak::upgrade) {
            if !recording.failed.swap(true, Ordering::Relaxed) {
                let reason = "the disk does not answer".to_owned();
                let (name, fault) = (recording.name.clone(), RecordingFault::Ended);
                (self.events)(IngestEvent::RecordingFailed { name, path: None, fault, reason });
            }
        }
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").field("name", &self.shared.name).finish_non_exhaustive()
    }
}

impl Recording {
    /// Hands a tag to the disk; never waits. The event is what to tell if the recording ends here.
    pub(super) fn write(&self, kind: TagKind, timestamp_ms: u32, body: &Bytes) -> Option<IngestEvent> {
        let shared = &self.shared;
        if shared.failed.load(Ordering::Relaxed) {
            return None;
        }
        let (recording, room) = (Arc::clone(shared), room_of(body));
        let fits = shared.waiting.fetch_add(room, Ordering::Relaxed) + room <= self.bytes_max;
        if fits && self.queue.push(Tag::Body { recording, kind, timestamp_ms, body: body.clone() }).is_ok() {
            return None;
        }
        shared.waiting.fetch_sub(room, Ordering::Relaxed);
        shared.failed.store(true, Ordering::Relaxed);
        let reason = "the disk is too slow for this stream".to_owned();
        let (name, fault) = (shared.name.clone(), RecordingFault::Ended);
        Some(IngestEvent::RecordingFailed { name, path: None, fault, reason })
    }

    /// Ends it; `event` is told once the file is closed.
    pub(super) fn finish(&self, event: IngestEvent) {
        self.endings.lock().unwrap_or_else(PoisonError::into_inner).push((Arc::clone(&self.shared), event));
        // Only wakes the thread.
        drop(self.queue.push(Tag::End));
    }
}

/// Bytes that a tag takes while it waits.
fn room_of(body: &Bytes) -> usize {
    ROOM_OF_ONE + body.len()
}

struct Files {
    folder: PathBuf,
    format: RecordFormat,
    /// By the recording's id.
    open: HashMap<u64, Open>,
    endings: Endings,
    events: Arc<Events>,
}

/// A recording that is open.
struct Open {
    shared: Arc<Shared>,
    file: OpenFile<Folder>,
    room: RoomWatch,
    /// Of media, so far.
    bytes: u64,
}

impl Open {
    fn path(&self) -> Option<PathBuf> {
        self.file.path().map(Path::to_owned)
    }

    /// Why it must end now, if the disk has no more room than is kept free; that it is getting low is told.
    fn look_at_room(&mut self, now: Timestamp, room: Room, events: &Events) -> Option<String> {
        match self.room.look(now, room, Some(self.bytes))? {
            Told::Low(minutes) => {
                let (name, path) = (self.shared.name.clone(), self.path());
                events(IngestEvent::DiskLow { name, path, minutes });
                None
            }
            Told::Full { free } => {
                Some(format!("the disk is full: {:.1} MB are left, which are kept free", free as f64 / 1e6))
            }
        }
    }
}

impl Files {
    fn write(&mut self, recording: &Arc<Shared>, kind: TagKind, timestamp_ms: u32, body: Bytes, now: Timestamp) {
        let key = recording.id;
        if !self.open.contains_key(&key) {
            if recording.failed.load(Ordering::Relaxed) {
                return;
            }
            match self.begin(recording) {
                Ok(file) => {
                    self.open.insert(key, file);
                    // A disk that is full from the start gets nothing.
                    self.look_at_room(key, now);
                }
                Err(error) => return self.fail(recording, None, fault_of(&error), &error.to_string()),
            }
        }
        let Some(open) = self.open.get_mut(&key) else { return };
        open.bytes += body.len() as u64;
        let unit = match kind {
            TagKind::Script => Unit::script(timestamp_ms, body),
            TagKind::Video => Unit::media(MediaKind::Video, timestamp_ms, body),
            TagKind::Audio => Unit::media(MediaKind::Audio, timestamp_ms, body),
        };
        match open.file.write(&unit) {
            Ok(()) => tell_news(open, &*self.events),
            Err(error) => self.give_up(key, &error),
        }
    }

    fn begin(&self, recording: &Arc<Shared>) -> io::Result<Open> {
        let extension = match self.format {
            RecordFormat::Flv => "flv",
            RecordFormat::Mp4 => "mp4",
        };
        let storage = Folder { folder: self.folder.clone(), name: recording.name.clone(), extension };
        let file = OpenFile::begin(storage, self.format)?;
        Ok(Open { shared: Arc::clone(recording), file, room: RoomWatch::default(), bytes: 0 })
    }

    fn flush(&mut self, now: Timestamp) {
        let mut failed = Vec::new();
        for (key, open) in &mut self.open {
            let flushed = open.file.flush();
            tell_news(open, &*self.events);
            match flushed {
                Ok(()) => {
                    let fault = open.file.place().and_then(Place::fault);
                    failed.extend(fault.map(|reason| (*key, io::Error::other(reason))));
                }
                Err(error) => failed.push((*key, error)),
            }
        }
        failed.into_iter().for_each(|(key, error)| self.give_up(key, &error));
        let keys: Vec<_> = self.open.keys().copied().collect();
        keys.into_iter().for_each(|key| self.look_at_room(key, now));
    }

    /// Ends the recording, with its file whole, before the disk is full.
    fn look_at_room(&mut self, key: u64, now: Timestamp) {
        let Some(room) = Room::in_folder(&self.folder) else { return };
        let look = |open: &mut Open| open.look_at_room(now, room, &*self.events);
        let Some(reason) = self.open.get_mut(&key).and_then(look) else { return };
        let Some(mut open) = self.open.remove(&key) else { return };
        // What it cannot bring to the disk any more is mended.
        let _ = open.file.finish();
        self.mend(open, RecordingFault::DiskFull, &reason);
    }

    /// Writing failed.
    fn give_up(&mut self, key: u64, error: &io::Error) {
        if let Some(open) = self.open.remove(&key) {
            self.mend(open, fault_of(error), &error.to_string());
        }
    }

    /// Writes what waits and closes it.
    fn close(&self, mut open: Open) {
        match open.file.finish() {
            Ok(()) => tell_news(&mut open, &*self.events),
            Err(error) => self.mend(open, fault_of(&error), &error.to_string()),
        }
    }

    /// What is whole stays, the rest of it goes, and so does a file that holds nothing; then it is told.
    fn mend(&self, mut open: Open, fault: RecordingFault, reason: &str) {
        tell_news(&mut open, &*self.events);
        // What lies there now may be somebody else's.
        let is_there = open.file.place() == Some(Place::There);
        let mut path = open.path();
        let Open { shared, file, .. } = open;
        // Closed first: what its buffer still holds goes with it.
        drop(file);
        if is_there && path.as_deref().is_some_and(|path| !mended(path)) {
            path = None;
        }
        self.fail(&shared, path, fault, reason);
    }

    /// Closes what has ended and is written, or all that has ended, and tells so.
    fn close_ended(&mut self, all: bool) {
        let written = |recording: &Shared| recording.waiting.load(Ordering::Relaxed) == 0;
        let ended: Vec<_> = {
            let mut endings = self.endings.lock().unwrap_or_else(PoisonError::into_inner);
            endings.extract_if(.., |(recording, _)| all || written(recording)).collect()
        };
        for (recording, event) in ended {
            if let Some(open) = self.open.remove(&recording.id) {
                self.close(open);
            }
            (self.events)(event);
        }
    }

    /// Ends what is still open.
    fn finish(&mut self) {
        std::mem::take(&mut self.open).into_values().for_each(|open| self.close(open));
    }

    fn fail(&self, recording: &Shared, path: Option<PathBuf>, fault: RecordingFault, reason: &str) {
        recording.failed.store(true, Ordering::Relaxed);
        let (name, reason) = (recording.name.clone(), reason.to_owned());
        (self.events)(IngestEvent::RecordingFailed { name, path, fault, reason });
    }
}

/// Tells what happened to a recording that goes on.
fn tell_news(open: &mut Open, events: &Events) {
    let path = open.path();
    for news in open.file.news.drain(..) {
        let name = open.shared.name.clone();
        let (fault, reason) = match news {
            News::FileFull { path, next } => {
                events(IngestEvent::RecordingFileFull { name, path, next });
                continue;
            }
            News::LeftOut(reason) => (RecordingFault::PartLeftOut, reason),
            News::Nothing(reason) => (RecordingFault::Nothing, reason),
        };
        events(IngestEvent::RecordingFailed { name, path: path.clone(), fault, reason });
    }
}

/// Mends the end of the file at `path`. `false`: no picture and no sound was left, and it is removed.
fn mended(path: &Path) -> bool {
    let has_media = mend(path);
    if !has_media {
        remove_empty(path);
    }
    has_media
}

/// How a recording ended that could not be written because of `error`.
fn fault_of(error: &io::Error) -> RecordingFault {
    if is_disk_full(error.kind()) { RecordingFault::DiskFull } else { RecordingFault::Ended }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    fn over(name: &str) -> IngestEvent {
        let (name, fault) = (name.to_owned(), RecordingFault::Ended);
        IngestEvent::RecordingFailed { name, path: None, fault, reason: "over".to_owned() }
    }

    /// A recorder whose own thread hangs in its first word, as in a call of the disk, until the sender is dropped; what comes after
    /// that word is received.
    fn hanging(folder: &Path, bytes_max: usize) -> (Recorder, SyncSender<()>, Receiver<IngestEvent>) {
        let ((release, hold), (tell, told)) = (sync_channel::<()>(0), sync_channel(128));
        let hold = Mutex::new(hold);
        let events = move |event| {
            tell.send(event).unwrap();
            let _ = hold.lock().unwrap().recv();
        };
        let (folder, clock) = (folder.to_owned(), Clock::system());
        let recorder = Recorder::start(folder, RecordFormat::Flv, bytes_max, clock, Arc::new(events)).unwrap();
        recorder.begin("first").finish(over("first"));
        assert!(told.recv().is_ok());
        (recorder, release, told)
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_folder_that_takes_no_file_is_refused_at_once() {
        // It is there, and not even root makes a file in it.
        let started = Recorder::start(
            "/proc".into(),
            RecordFormat::Flv,
            1 << 20,
            Clock::manual(),
            Arc::new(|event| panic!("{event:?}")),
        );
        assert!(started.is_err());
    }

    #[test]
    fn many_streams_wait_together_for_a_disk_that_hangs() {
        const STREAMS: usize = 100;
        const TAGS: u32 = 100;
        let folder = tempfile::tempdir().unwrap();
        let (recorder, release, told) = hanging(folder.path(), 1 << 20);
        for number in 0..STREAMS {
            let (name, body) = (format!("{number}"), Bytes::from_static(b"\xaf\x01sound"));
            let recording = recorder.begin(&name);
            for at in 0..TAGS {
                assert_eq!(recording.write(TagKind::Audio, at * 21, &body), None, "{number}: {at}");
            }
            recording.finish(over(&name));
        }
        drop(release);
        for _ in 0..STREAMS {
            let told = told.recv_timeout(Duration::from_secs(60)).unwrap();
            assert!(matches!(&told, IngestEvent::RecordingFailed { reason, .. } if reason == "over"), "{told:?}");
        }
        recorder.finish();
        for number in 0..STREAMS {
            let bytes = std::fs::read(folder.path().join(format!("{number}.flv"))).unwrap();
            assert_eq!(bytes.windows(5).filter(|window| window == b"sound").count(), TAGS as usize);
        }
    }

    #[test]
    fn a_file_that_is_deleted_is_told_and_one_that_holds_nothing_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (tell, told) = sync_channel(8);
        let events = Arc::new(move |event| tell.send(event).unwrap());
        let (path, clock) = (folder.path().to_owned(), Clock::system());
        let recorder = Recorder::start(path, RecordFormat::Flv, 1 << 20, clock, events).unwrap();
        let recording = recorder.begin("show");
        assert_eq!(recording.write(TagKind::Audio, 0, &Bytes::from_static(b"\xaf\x01sound")), None);
        let file = folder.path().join("show.flv");
        while std::fs::remove_file(&file).is_err() {
            std::thread::yield_now();
        }
        let told = told.recv_timeout(Duration::from_secs(30)).unwrap();
        assert!(
            matches!(&told, IngestEvent::RecordingFailed { reason, fault: RecordingFault::Ended, .. } if reason == "the file is gone"),
            "{told:?}"
        );
        recorder.finish();
        let head = crate::flv::FlvWriter::new(Vec::new(), true, true).unwrap().into_inner();
        for (bytes, stays) in [
            (&b""[..], false),
            (&head, false),
            (&[&head[..], &[8, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 12]].concat(), true),
        ] {
            std::fs::write(&file, bytes).unwrap();
            assert_eq!((mended(&file), file.exists()), (stays, stays), "{} bytes", bytes.len());
        }
    }

    #[test]
    fn a_disk_that_gets_low_is_told_and_the_recording_goes_on() {
        let (folder, (tell, told)) = (tempfile::tempdir().unwrap(), sync_channel(8));
        let events = move |event| tell.send(event).unwrap();
        let storage = Folder { folder: folder.path().to_owned(), name: "show".to_owned(), extension: "flv" };
        let shared =
            Shared { id: 0, name: "show".to_owned(), waiting: AtomicUsize::new(0), failed: AtomicBool::new(false) };
        let file = OpenFile::begin(storage, RecordFormat::Flv).unwrap();
        let mut open = Open { shared: Arc::new(shared), file, room: RoomWatch::default(), bytes: 0 };
        for second in 0..1000 {
            // 1 MB a second, and 10 minutes of it beyond what is kept free.
            open.bytes += 1_000_000;
            let room = Room { free: (64 << 20) + 590_000_000 - open.bytes / 10, total: 1 << 40 };
            let full = open.look_at_room(Timestamp::from_millis(second * 1000), room, &events);
            assert_eq!(full, None, "in second {second}");
        }
        let (name, path, minutes) = ("show".to_owned(), Some(folder.path().join("show.flv")), 10);
        assert_eq!(told.try_iter().collect::<Vec<_>>(), [IngestEvent::DiskLow { name, path, minutes }]);
    }

    #[test]
    fn a_recording_waits_with_so_many_bytes_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let (recorder, release, _told) = hanging(folder.path(), 64 << 10);
        // However small they are.
        let recording = recorder.begin("small");
        let failed =
            (0..1000).find_map(|at| Some((at, recording.write(TagKind::Audio, at, &Bytes::from_static(b"x"))?)));
        let (at, event) = failed.unwrap();
        assert!((200..=256).contains(&at), "{at}");
        assert!(matches!(event, IngestEvent::RecordingFailed { reason, .. } if reason.contains("too slow")));
        drop(release);
        recorder.finish();
    }

    #[test]
    fn a_disk_that_hangs_holds_up_no_end_and_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let ((release, hold), (tell, told)) = (sync_channel::<()>(0), sync_channel(8));
        // The recorder's own thread hangs as soon as it has something to tell: as in a call of the disk.
        let hold = Mutex::new(hold);
        let events = move |event| {
            if std::thread::current().name() == Some("ingest-record") {
                tell.send(None).unwrap();
                let _ = hold.lock().unwrap().recv();
            } else {
                tell.send(Some(event)).unwrap();
            }
        };
        let (folder, clock) = (folder.path().to_owned(), Clock::system());
        let recorder = Recorder::start(folder, RecordFormat::Flv, 1 << 20, clock, Arc::new(events)).unwrap();
        let (open, ended) = (recorder.begin("open"), recorder.begin("ended"));
        for recording in [&open, &ended] {
            assert_eq!(recording.write(TagKind::Audio, 0, &Bytes::from_static(b"sound")), None);
        }
        let (name, fault) = ("ended".to_owned(), RecordingFault::Ended);
        let end = IngestEvent::RecordingFailed { name, path: None, fault, reason: String::new() };
        ended.finish(end);
        assert_eq!(told.recv(), Ok(None));
        let (done, finished) = sync_channel(1);
        let worker = crate::flow::Worker::spawn("test-finish", move |_| {
            recorder.finish();
            done.send(()).unwrap();
        });
        assert_eq!(finished.recv_timeout(Duration::from_secs(10)), Ok(()));
        let mut failed: Vec<_> = told
            .try_iter()
            .map(|event| match event {
                Some(IngestEvent::RecordingFailed { name, reason, .. }) => {
                    assert_eq!(reason, "the disk does not answer");
                    name
                }
                other => panic!("{other:?}"),
            })
            .collect();
        failed.sort();
        assert_eq!(failed, ["ended", "open"]);
        drop((release, worker));
    }
}
