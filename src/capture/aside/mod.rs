//! Files are opened, read and decoded on threads of their own: a disk that hangs costs the picture or the sound of its
//! file, and neither the stage nor the end of the show.
//!
//! - `picture`: the picture of the next tick, and a few more at once now and then.
//! - `sound`: a third of a second ahead.
//! - `anew`: opens what was changed anew.

mod anew;
mod picture;
mod sound;

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;

use self::anew::{Anew, AnewSound};
use super::file_state::failed;
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
    let source = opened(path, |path| Anew::open(path, open_video_file))?;
    // Of a still everything is in memory.
    if source.info().frame_rate.is_none() {
        return Ok(source.into_source());
    }
    picture::aside(Box::new(source), clock).map_err(|error| no_thread(path, &error))
}

/// Like `open_audio_file`, read aside.
///
/// # Errors
/// As there, or its disk does not answer.
pub fn play_audio_file(path: &Path, sample_rate: u32, channels: u16) -> Result<Box<dyn AudioSource>, SourceError> {
    let open = move |path: &Path| open_audio_file(path, sample_rate, channels);
    let file = opened(path, move |path| Anew::open(path, open))?;
    sound::aside(Box::new(AnewSound { file, sample_rate }), sample_rate, channels)
        .map_err(|error| no_thread(path, &error))
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

/// What the thread of an `Asker` does.
trait Answers<Q, A> {
    /// Answers, and tells what the file itself has to tell.
    fn answer(&mut self, question: Q) -> (A, Option<SourceEvent>);

    /// Does a little for questions to come, while none waits; whether there was something to do.
    fn go_on(&mut self) -> bool {
        false
    }
}

/// A thread that answers questions about a file called `name`, one at a time, and what is told where no answer comes. One
/// that is dropped while its thread hangs leaves it to itself.
struct Asker<Q, A> {
    name: String,
    // Closed before the thread is waited for.
    questions: SyncSender<Q>,
    answers: Receiver<(A, Option<SourceEvent>)>,
    _thread: Errand,
    /// A question was not answered yet.
    is_asked: bool,
    /// No answer came from here on.
    silent_since: Option<Timestamp>,
    is_told: bool,
    /// The file itself has told that it cannot be read, and not yet that it can.
    fails: bool,
    event: Option<SourceEvent>,
}

impl<Q: Send + 'static, A: Send + 'static> Asker<Q, A> {
    fn start(thread: &str, name: String, mut file: impl Answers<Q, A> + Send + 'static) -> std::io::Result<Self> {
        let (questions, asked) = sync_channel(1);
        let (give, answers) = sync_channel(1);
        let _thread = Errand::start(thread, move |_stop| {
            while let Some(question) = next_question(&asked, &mut file) {
                if give.send(file.answer(question)).is_err() {
                    break;
                }
            }
        })?;
        let (is_asked, silent_since, is_told, fails, event) = (false, None, false, false, None);
        Ok(Self { name, questions, answers, _thread, is_asked, silent_since, is_told, fails, event })
    }

    /// Asks, unless another question waits.
    fn ask(&mut self, question: impl FnOnce() -> Q) {
        if !self.is_asked {
            self.is_asked = self.questions.try_send(question()).is_ok();
        }
    }

    /// The answer, if it comes within `patience`; where the one before did not come, nothing is waited for.
    fn hear(&mut self, patience: Duration) -> Option<A> {
        let patience = if self.silent_since.is_some() { Duration::ZERO } else { patience };
        let (answer, told) = self.answers.recv_timeout(patience).ok()?;
        (self.is_asked, self.silent_since) = (false, None);
        if std::mem::take(&mut self.is_told) && !self.fails {
            self.event = Some(SourceEvent::Restored);
        }
        if told.is_some() {
            self.fails = matches!(told, Some(SourceEvent::FileFailed { .. }));
            self.event = told;
        }
        Some(answer)
    }

    /// No answer came for what was due at `now`.
    fn stay_silent(&mut self, now: Timestamp) {
        let since = *self.silent_since.get_or_insert(now);
        if !self.is_told && now.since(since) >= TOLD_AFTER {
            self.is_told = true;
            let reason = format!("its disk has not answered for {} s", TOLD_AFTER.as_secs());
            self.event = Some(failed(&self.name, &reason));
        }
    }
}

/// The next question, with what `file` can do until it comes; `None`: nobody asks any more.
fn next_question<Q, A>(asked: &Receiver<Q>, file: &mut impl Answers<Q, A>) -> Option<Q> {
    loop {
        match asked.try_recv() {
            Ok(question) => return Some(question),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) if file.go_on() => {}
            Err(TryRecvError::Empty) => return asked.recv().ok(),
        }
    }
}
