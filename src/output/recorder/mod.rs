//! The recorder: the same packets, into files, on a thread of its own. What is written plays, whatever happens to the rest.

mod chapters;
mod cut;
mod journal;
mod media_file;
mod pieces;
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
use std::time::Duration;

use self::storage::{Folder, Storage};
use self::thread::{Shared, record};
use super::OutputHandle;
use crate::clock::Clock;
use crate::flow::{Errand, Hole, Stop};
use crate::media::{RecordSplit, StreamConfig, Timestamp, is_disk_full};

pub use cut::{Cut, CutWriter};
pub use journal::{Leftover, leftovers};
pub use repair::{RepairError, Repaired, mend, remove_empty, repair};
pub use replay::{ReplaySave, replay_path};
pub use room::{Room, RoomWatch, Told, takes_files};
pub use storage::Place;

/// How often whoever waits for the end of a recording is asked whether to go on.
const FINISH_NAP: Duration = Duration::from_millis(25);

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
    /// The reason where the file was deleted.
    pub const FILE_GONE: &str = "the file is gone";
    /// The reason where the system writes nothing to the disk any more.
    pub const FILE_READ_ONLY: &str = "the disk has become read-only";
    /// The reason where the file became shorter.
    pub const FILE_CUT: &str = "another program has cut the file";
    /// The reason where a replay would soon end the recording beside it.
    pub const ROOM_NEEDED: &str = "the recording needs the room that is left on the disk";

    fn new(path: &Path, error: &io::Error) -> Self {
        let disk_full = is_disk_full(error.kind());
        Self { path: path.display().to_string(), reason: error.to_string(), disk_full }
    }
}

/// Where something is missing, on the program's timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HolePlace {
    /// Where the file begins.
    pub base: Timestamp,
    /// The newest picture before it; without a picture, the newest sound.
    pub from: Timestamp,
    /// The first behind it, unless the recording ended.
    pub to: Option<Timestamp>,
}

/// What a running recorder tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecorderEvent {
    /// The file is made.
    Begun,
    /// The disk stood still for so long that the queue was full: this is missing in the file. The recording goes on
    /// at a keyframe.
    Hole {
        /// The file.
        path: String,
        /// What is missing.
        hole: Hole,
        /// Where; `None`: before anything that is in the file.
        place: Option<HolePlace>,
    },
    /// The file is as large as its disk takes one, and the recording goes on in another, without a hole. Told of the first.
    FileFull {
        /// The file.
        path: String,
        /// What follows it.
        next: String,
    },
    /// The file that is due next cannot be made: this one goes on. Told once, until one can.
    Unsplit {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The recording cannot be noted as open, so that the next start does not close it after a crash. Told once.
    Unnoted {
        /// The first such file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The marks of the recording cannot be written; it goes on. Told once.
    MarksLost {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The disk has room for so many minutes more.
    Low {
        /// The file.
        path: String,
        /// At the rate of the last minute.
        minutes: u64,
    },
    /// The file cannot be made, writing failed, it was deleted or cut, or the disk is as full as it may be: the recording has ended
    /// and what was written stays, but for files in which nothing can be seen or heard.
    Failed(RecorderError),
}

/// What is to be recorded.
#[derive(Clone, Debug)]
pub struct RecorderConfig {
    /// The first file: `.flv` is FLV, anything else fragmented MP4. One that exists is not overwritten, nor is a file of
    /// chapters: `-2`, `-3`, … comes before its ending. It may be renamed meanwhile; what else is written goes beside the
    /// name it was begun with.
    pub path: PathBuf,
    /// What the packets are.
    pub stream: StreamConfig,
    /// When it goes on in another file.
    pub split: Option<RecordSplit>,
    /// Where it is noted that the recording is open, so that it can be repaired after a crash.
    pub notes: Option<PathBuf>,
}

/// A running recorder. Dropping it closes its queue and hardly waits: see `finish`.
#[derive(Debug)]
pub struct Recorder {
    /// As it was asked for.
    path: PathBuf,
    errand: Errand,
    output: OutputHandle,
    shared: Arc<Shared>,
}

impl Recorder {
    /// Records from the next keyframe on. The disk is asked by the recorder's own thread alone, for the file too: until it
    /// answers, packets wait in the queue of `output`. `sink` is told when the file is made, of each hole, when the recording
    /// goes on or ends after it, and at most once that it failed.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(
        config: RecorderConfig,
        output: OutputHandle,
        clock: Clock,
        sink: impl Fn(RecorderEvent) + Send + 'static,
    ) -> Result<Self, RecorderError> {
        Self::start_on(Folder::noting_in(config.notes.clone()), config, output, clock, sink)
    }

    fn start_on<S: Storage<File: Send> + Send + 'static>(
        storage: S,
        config: RecorderConfig,
        output: OutputHandle,
        clock: Clock,
        sink: impl Fn(RecorderEvent) + Send + 'static,
    ) -> Result<Self, RecorderError> {
        let shared = Arc::new(Shared::default());
        let path = config.path.clone();
        output.activate();
        let (thread_output, seen) = (output.clone(), Arc::clone(&shared));
        let work = move |_: &Stop| record(storage, &config, &thread_output, &clock, &seen, &sink);
        let errand = Errand::start("recorder", work).map_err(|error| {
            output.deactivate();
            RecorderError::new(&path, &error)
        })?;
        Ok(Self { path, errand, output, shared })
    }

    /// The first file; until the disk has made it, as it was asked for.
    pub fn path(&self) -> PathBuf {
        self.shared.files().into_iter().next().unwrap_or_else(|| self.path.clone())
    }

    /// Who knows all files later, when this is finished.
    pub fn files_later(&self) -> RecordedFiles {
        RecordedFiles(Arc::clone(&self.shared))
    }

    /// Marks the moment `at`: a chapter begins there, which is the `number`th of the show.
    pub fn mark(&self, number: u32, at: Timestamp) {
        self.shared.mark(number, at);
    }

    /// Takes no packet any more: what waits is written, and the files are closed, while the program goes on.
    pub fn close(&self) {
        self.output.deactivate();
        self.output.queue().close();
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
        self.finish_while(|waited| waited < limit)
    }

    /// The same, for as long as `waits` says, which is asked again and again with how long it was waited so far.
    ///
    /// # Errors
    /// As `finish`.
    pub fn finish_while(mut self, mut waits: impl FnMut(Duration) -> bool) -> Result<(), RecorderError> {
        self.output.queue().close();
        let mut waited = Duration::ZERO;
        while !self.errand.wait(FINISH_NAP) && waits(waited + FINISH_NAP) {
            waited += FINISH_NAP;
        }
        if self.errand.finish(Duration::ZERO) {
            return Ok(());
        }
        let within = format!("within {:.1} s", (waited + FINISH_NAP).as_secs_f64());
        let reason = match self.shared.files().is_empty() {
            true => format!("the disk did not make the file {within}"),
            false => {
                format!("the disk did not take the rest {within}; what it took is kept, and closed at the next start")
            }
        };
        Err(RecorderError { path: self.path().display().to_string(), reason, disk_full: false })
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // Its thread would wait for ever for a queue that nobody fills.
        self.output.queue().close();
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
