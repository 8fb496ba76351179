//! The recorder: the same packets, into files, on a thread of its own. What is written plays, whatever happens to the rest.

mod chapters;
mod journal;
mod media_file;
mod repair;
mod replay;
mod room;
mod split;
mod storage;
#[cfg(test)]
mod tests;
mod thread;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use self::storage::{Folder, Storage};
use self::thread::{Shared, record};
use super::OutputHandle;
use crate::clock::Clock;
use crate::flow::{Hole, Worker};
use crate::media::{RecordSplit, StreamConfig, Timestamp};

pub use journal::{Leftover, leftovers};
pub use repair::{RepairError, Repaired, repair};
pub use replay::{ReplaySave, replay_path};
pub use room::{Room, RoomWatch, Told};
pub use storage::free_path;

/// Why a recording failed. The stream is not harmed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct RecorderError {
    /// The file.
    pub path: String,
    /// What the system said.
    pub reason: String,
    /// Whether the disk is full.
    pub disk_full: bool,
}

impl RecorderError {
    fn new(path: &Path, error: &io::Error) -> Self {
        let disk_full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        Self { path: path.display().to_string(), reason: error.to_string(), disk_full }
    }
}

/// What a running recorder tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecorderEvent {
    /// The disk stood still for so long that the queue was full: this is missing in the file. The recording goes on
    /// at a keyframe.
    Hole {
        /// The file.
        path: String,
        /// What is missing.
        hole: Hole,
    },
    /// The disk has room for so many minutes more.
    Low {
        /// The file.
        path: String,
        /// At the rate of the last minute.
        minutes: u64,
    },
    /// Writing failed, or the disk is as full as it may be: the recording has ended and what was written stays.
    Failed(RecorderError),
}

/// What is to be recorded.
#[derive(Clone, Debug)]
pub struct RecorderConfig {
    /// The first file: `.flv` is FLV, anything else fragmented MP4. One that exists is not overwritten: see `free_path`.
    pub path: PathBuf,
    /// What the packets are.
    pub stream: StreamConfig,
    /// When it goes on in another file.
    pub split: Option<RecordSplit>,
    /// Where it is noted that the recording is open, so that it can be repaired after a crash.
    pub notes: Option<PathBuf>,
}

/// A running recorder.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    errand: Errand,
    output: OutputHandle,
    shared: Arc<Shared>,
}

impl Recorder {
    /// Makes the file and records from the next keyframe on. `sink` is told of each hole, when the recording goes on or ends
    /// after it, and at most once that writing failed.
    pub fn start(
        config: RecorderConfig,
        output: OutputHandle,
        clock: Clock,
        sink: impl Fn(RecorderEvent) + Send + 'static,
    ) -> Result<Self, RecorderError> {
        Self::start_on(Folder::noting_in(config.notes.clone()), config, output, clock, sink)
    }

    fn start_on<S: Storage<File: Send> + Send + 'static>(
        mut storage: S,
        config: RecorderConfig,
        output: OutputHandle,
        clock: Clock,
        sink: impl Fn(RecorderEvent) + Send + 'static,
    ) -> Result<Self, RecorderError> {
        let shared = Arc::new(Shared::default());
        let failed = |path: &Path, error: io::Error| RecorderError::new(path, &error);
        // All else that the disk is asked is asked by the thread: it may take its time.
        let (path, disk) = storage.create(&config.path).map_err(|error| failed(&config.path, error))?;
        shared.add_file(&path);
        output.activate();
        let (thread_output, seen, first) = (output.clone(), Arc::clone(&shared), (path.clone(), disk));
        let work = move || record((storage, first), &config, &thread_output, &clock, &seen, &sink);
        let errand = Errand::start("recorder", work).map_err(|error| failed(&path, error))?;
        Ok(Self { path, errand, output, shared })
    }

    /// The first file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Who knows all files later, when this is finished.
    pub fn files_later(&self) -> RecordedFiles {
        RecordedFiles(Arc::clone(&self.shared))
    }

    /// Marks the moment `at`: a chapter begins there.
    pub fn mark(&self, at: Timestamp) {
        self.shared.mark(at);
    }

    /// Frames that are missing in the file so far because the disk stood still for too long.
    pub fn frames_missing(&self) -> u64 {
        self.output.queue().gauge().lost.frames
    }

    /// How long the slowest write to the disk took since this was asked last; one that has not come back counts so far.
    pub fn take_slowest_write(&self, now: Timestamp) -> Duration {
        self.shared.take_slowest(now)
    }

    /// Closes the queue and waits until all of it is written, but at most `limit`.
    ///
    /// # Errors
    /// The disk does not answer: what it took so far is in the file. The thread is left to itself, and should the disk
    /// come back while the program runs, it writes the rest.
    pub fn finish(self, limit: Duration) -> Result<(), RecorderError> {
        self.output.queue().close();
        if self.errand.finish(limit) {
            return Ok(());
        }
        let reason = format!("the disk did not take the rest within {:.1} s", limit.as_secs_f64());
        Err(RecorderError { path: self.path.display().to_string(), reason, disk_full: false })
    }
}

/// The files of a recording.
#[derive(Debug)]
pub struct RecordedFiles(Arc<Shared>);

impl RecordedFiles {
    /// Those so far.
    pub fn files(&self) -> Vec<PathBuf> {
        self.0.files()
    }
}

/// A thread that may hang in the disk.
#[derive(Debug)]
struct Errand {
    worker: Worker,
    /// Closed when the thread has nothing more to do.
    ended: Receiver<()>,
}

impl Errand {
    fn start(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let (running, ended) = sync_channel(0);
        let worker = Worker::spawn(name, move |_stop| {
            let _running: std::sync::mpsc::SyncSender<()> = running;
            work();
        })?;
        Ok(Self { worker, ended })
    }

    /// Waits for its end; `false`: it has not come within `limit`, and the thread is left to itself.
    fn finish(self, limit: Duration) -> bool {
        if self.ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            self.worker.abandon();
            return false;
        }
        self.worker.join();
        true
    }
}
