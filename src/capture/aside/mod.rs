//! Files are opened, read and decoded on threads of their own: a disk that hangs costs the picture or the sound of its
//! file, and neither the stage nor the end of the show.
//!
//! - `picture`: one picture ahead, the one of the next tick.
//! - `sound`: a third of a second ahead.

mod picture;
mod sound;

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use super::revival::bounded;
use super::{AudioSource, Captured, SourceError, SourceEvent, SourceRemedy, VideoSource};
use super::{open_audio_file, open_card_file, open_video_file};
use crate::clock::Clock;
use crate::flow::Errand;
use crate::media::Timestamp;

/// A file is opened within this: a home disk that sleeps needs up to 8 s to start.
const OPEN_LIMIT: Duration = Duration::from_secs(10);
/// A file that has given nothing for so long is told.
const TOLD_AFTER: Duration = Duration::from_secs(1);

/// Like `open_video_file`, read aside.
///
/// # Errors
/// As there, or its disk does not answer.
pub fn play_video_file(path: &Path, clock: &Clock) -> Result<Box<dyn VideoSource>, SourceError> {
    let source = opened(path, open_video_file)?;
    // Of a still everything is in memory.
    if source.info().frame_rate.is_none() {
        return Ok(source);
    }
    picture::aside(source, clock).map_err(|error| no_thread(path, &error))
}

/// Like `open_audio_file`, read aside.
///
/// # Errors
/// As there, or its disk does not answer.
pub fn play_audio_file(path: &Path, sample_rate: u32, channels: u16) -> Result<Box<dyn AudioSource>, SourceError> {
    let source = opened(path, move |path| open_audio_file(path, sample_rate, channels))?;
    sound::aside(source, sample_rate, channels).map_err(|error| no_thread(path, &error))
}

/// The picture of the card in a PNG or JPEG file.
///
/// # Errors
/// As `open_card_file`, or its disk does not answer.
pub fn read_card_file(path: &Path) -> Result<Option<Captured>, SourceError> {
    opened(path, |path| open_card_file(path).map(|mut card| card.picture_at(Timestamp::ZERO)))
}

/// What `open` gives, which is left to itself where it does not come back.
fn opened<T: Send + 'static>(
    path: &Path,
    open: impl FnOnce(&Path) -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    let path_there = path.to_owned();
    let answer = bounded("clip-open", OPEN_LIMIT, move || open(&path_there));
    answer.unwrap_or_else(|| {
        let reason = format!("its disk has not answered for {} s", OPEN_LIMIT.as_secs());
        Err(SourceError::Unreadable { path: path.display().to_string(), reason, remedy: SourceRemedy::Restore })
    })
}

fn no_thread(path: &Path, error: &std::io::Error) -> SourceError {
    SourceError::Device { what: path.display().to_string(), reason: error.to_string() }
}

/// A thread that answers one question at a time. The one that is dropped while its thread hangs leaves it to itself.
struct Asker<Q, A> {
    // Closed before the thread is waited for.
    questions: SyncSender<Q>,
    answers: Receiver<A>,
    _thread: Errand,
}

impl<Q: Send + 'static, A: Send + 'static> Asker<Q, A> {
    fn start(name: &str, mut answer: impl FnMut(Q) -> A + Send + 'static) -> std::io::Result<Self> {
        let (questions, asked) = sync_channel(1);
        let (give, answers) = sync_channel(1);
        let thread = Errand::start(name, move |_stop| {
            while let Ok(question) = asked.recv() {
                if give.send(answer(question)).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { questions, answers, _thread: thread })
    }

    /// Asks; whether it could be: not while another question waits.
    fn ask(&self, question: Q) -> bool {
        self.questions.try_send(question).is_ok()
    }

    /// The answer, if it comes within `limit`.
    fn hear(&self, limit: Duration) -> Option<A> {
        self.answers.recv_timeout(limit).ok()
    }
}

/// Whether a file gives what it is asked for, and what is told of it.
struct Silence {
    name: String,
    /// Nothing came from here on.
    since: Option<Timestamp>,
    is_told: bool,
    /// The file itself has told that it cannot be read, and not yet that it can.
    fails: bool,
    event: Option<SourceEvent>,
}

impl Silence {
    fn new(name: String) -> Self {
        Self { name, since: None, is_told: false, fails: false, event: None }
    }

    /// How long an answer is waited for: not where the one before did not come.
    fn patience(&self, usual: Duration) -> Duration {
        if self.since.is_some() { Duration::ZERO } else { usual }
    }

    /// An answer came.
    fn ends(&mut self) {
        self.since = None;
        if std::mem::take(&mut self.is_told) && !self.fails {
            self.event = Some(SourceEvent::Restored);
        }
    }

    /// None came for what was due at `now`.
    fn lasts(&mut self, now: Timestamp) {
        let since = *self.since.get_or_insert(now);
        if !self.is_told && now.since(since) >= TOLD_AFTER {
            self.is_told = true;
            let reason =
                format!("{} cannot be read: its disk has not answered for {} s", self.name, TOLD_AFTER.as_secs());
            self.event = Some(SourceEvent::FileFailed { reason });
        }
    }

    /// What the file itself told.
    fn hear(&mut self, event: SourceEvent) {
        self.fails = matches!(event, SourceEvent::FileFailed { .. });
        self.event = Some(event);
    }
}
