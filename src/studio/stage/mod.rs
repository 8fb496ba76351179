//! The sources and what is made of them: always on, previewed and measured, whether or not a show takes them.

mod audio;
mod event;
mod patience;
mod stand_in;
mod video;
mod watch;

pub(super) use audio::AudioPart;
pub(super) use event::StageEvent;
pub(super) use stand_in::Card;

use std::sync::{Arc, Mutex, PoisonError};

use self::audio::AudioThread;
use self::event::Retired;
use self::video::VideoThread;
use super::levels::Sound;
use super::preview::Preview;
use super::program::Program;
use crate::capture::{AudioSource, SourceEvent, VideoSource};
use crate::clock::Clock;
use crate::flow::{Latest, Worker};
use crate::media::{FrameRate, Size};
use crate::settings::EncodingSettings;
use crate::studio::{Problem, ProblemKind};

/// Where the stage's events go. May wait a moment; never long.
pub(super) type StageSink = Arc<dyn Fn(StageEvent) + Send + Sync>;

/// The form of everything on stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StageFormat {
    pub(super) size: Size,
    pub(super) frame_rate: FrameRate,
    pub(super) sample_rate: u32,
    pub(super) channels: u16,
}

impl From<&EncodingSettings> for StageFormat {
    fn from(encoding: &EncodingSettings) -> Self {
        let EncodingSettings { size, frame_rate, sample_rate, channels, .. } = *encoding;
        Self { size, frame_rate, sample_rate, channels }
    }
}

/// The threads that read the sources. Dropping it ends them.
pub(super) struct Stage {
    handle: StageHandle,
    _workers: [Worker; 2],
}

/// The way to a stage. Cheap to clone.
#[derive(Clone)]
pub(super) struct StageHandle(Arc<Shared>);

struct Shared {
    format: StageFormat,
    clock: Clock,
    sink: StageSink,
    preview: Preview,
    sound: Sound,
    video: Latest<Option<Box<dyn VideoSource>>>,
    audio: Latest<Option<Box<dyn AudioSource>>>,
    card: Latest<Card>,
    video_program: Latest<Program>,
    audio_program: Latest<AudioPart>,
    standing: Mutex<Standing>,
}

/// How the sources stand, for a show that wants to begin.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    /// Whether the picture's source has given one.
    pub(super) has_picture: bool,
    /// Whether the sound's source has given some.
    pub(super) has_sound: bool,
    /// The sound's source is being opened: whether there is one is not known yet.
    pub(super) sound_opens: bool,
    /// Why there is no picture, or no sound.
    pub(super) failure: Option<Problem>,
    /// That nobody has sent it yet, of the picture and of the sound.
    pub(super) awaited: [Option<Problem>; 2],
    /// What the picture's source is called.
    pub(super) video_name: String,
    /// What the sound's source is called.
    pub(super) audio_name: String,
}

impl Standing {
    /// The streams that nobody has sent.
    pub(super) fn never_came(&self) -> Vec<String> {
        // Their picture and their sound are called after them: `phone (picture)`.
        let stream = |awaited: &Problem| match awaited.about.rsplit_once(" (") {
            Some((stream, _track)) => stream.to_owned(),
            None => awaited.about.clone(),
        };
        let mut streams: Vec<String> = self.awaited.iter().flatten().map(stream).collect();
        streams.dedup();
        streams
    }
}

impl Stage {
    /// Starts the threads, without any source.
    pub(super) fn start(
        format: StageFormat,
        clock: Clock,
        preview: Preview,
        sound: Sound,
        sink: StageSink,
    ) -> std::io::Result<Self> {
        let handle = StageHandle(Arc::new(Shared {
            format,
            clock,
            sink,
            preview,
            sound,
            video: Latest::new(),
            audio: Latest::new(),
            card: Latest::new(),
            video_program: Latest::new(),
            audio_program: Latest::new(),
            standing: Mutex::new(Standing::default()),
        }));
        let (video, audio) = (VideoThread::new(handle.clone()), AudioThread::new(handle.clone()));
        let workers = [
            Worker::spawn("video", move |stop| video.run(stop))?,
            Worker::spawn("audio", move |stop| audio.run(stop))?,
        ];
        Ok(Self { handle, _workers: workers })
    }

    pub(super) fn handle(&self) -> &StageHandle {
        &self.handle
    }
}

impl StageHandle {
    pub(super) fn format(&self) -> StageFormat {
        self.0.format
    }

    /// From the next tick on the picture comes from `source`. Gives back one that was never on stage: closing it may take a
    /// while.
    pub(super) fn set_video(&self, source: Option<Box<dyn VideoSource>>) -> Option<Retired> {
        self.change(|standing| {
            standing.video_name = source.as_ref().map(|source| source.info().name).unwrap_or_default();
            standing.has_picture = false;
            standing.awaited[0] = None;
        });
        Retired::of(self.0.video.put(source).flatten(), None)
    }

    /// From the next chunk on the sound comes from `source`; silence where there is none. Gives back as `set_video` does.
    pub(super) fn set_audio(&self, source: Option<Box<dyn AudioSource>>) -> Option<Retired> {
        self.change(|standing| {
            standing.audio_name = source.as_ref().map(|source| source.info().name).unwrap_or_default();
            standing.has_sound = false;
            standing.awaited[1] = None;
        });
        Retired::of(None, self.0.audio.put(source).flatten())
    }

    /// What is shown on air in place of a picture that does not come.
    pub(super) fn set_card(&self, card: Card) {
        self.0.card.put(card);
    }

    /// The next pictures and chunks belong to `program`, until its end.
    pub(super) fn put_on_air(&self, video: Option<Program>, audio: AudioPart) {
        if let Some(program) = video {
            self.0.video_program.put(program);
        }
        self.0.audio_program.put(audio);
    }

    pub(super) fn standing(&self) -> Standing {
        self.0.standing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why a show cannot begin; `None`: it can.
    pub(super) fn set_failure(&self, failure: Option<Problem>) {
        self.change(|standing| standing.failure = failure);
    }

    pub(super) fn set_sound_opens(&self, sound_opens: bool) {
        self.change(|standing| standing.sound_opens = sound_opens);
    }

    fn change(&self, change: impl FnOnce(&mut Standing)) {
        change(&mut self.0.standing.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn tell(&self, event: StageEvent) {
        match &event {
            StageEvent::FirstPicture => self.change(|standing| standing.has_picture = true),
            StageEvent::FirstSound => self.change(|standing| standing.has_sound = true),
            StageEvent::Video(name, event) => self.change(|standing| standing.awaited[0] = awaited(name, event)),
            StageEvent::Audio(name, event) => self.change(|standing| standing.awaited[1] = awaited(name, event)),
            StageEvent::Noticed(_) | StageEvent::Retired(_) => {}
        }
        (self.0.sink)(event);
    }

    fn retire(&self, video: Option<Box<dyn VideoSource>>, audio: Option<Box<dyn AudioSource>>) {
        if let Some(retired) = Retired::of(video, audio) {
            self.tell(StageEvent::Retired(retired));
        }
    }
}

/// That nobody has sent it yet, where `event` says so.
fn awaited(name: &str, event: &SourceEvent) -> Option<Problem> {
    Some(Problem::from_source_event(name, event)).filter(|problem| problem.kind == ProblemKind::SourceAwaited)
}
