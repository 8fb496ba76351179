//! The sources of a check: opened on a thread of their own (a device may hang), or those of a stage that is there.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use super::report::{CheckDetail, CheckStep};
use crate::capture::{AudioSource, SourceError, VideoSource};
use crate::clock::Clock;
use crate::flow::Errand;
use crate::media::Timestamp;
use crate::settings::{ShowSettings, VideoChoice};
use crate::studio::incoming::IngestDoor;
use crate::studio::levels::Sound;
use crate::studio::mail::{Mail, Message};
use crate::studio::prepare::format_of;
use crate::studio::preview::Preview;
use crate::studio::sources::{Opened, open_audio, open_video};
use crate::studio::stage::{Stage, StageFormat, StageHandle};
use crate::studio::supervisor::FIRST_PICTURE_DEADLINE;
use crate::studio::{Problem, ProblemKind};

/// How long a source may take to open and to give its first picture or sound.
const SOURCE_DEADLINE: Duration = FIRST_PICTURE_DEADLINE;

/// What was opened.
enum Found {
    Video(Result<Option<Opened<dyn VideoSource>>, SourceError>),
    Audio(Result<Opened<dyn AudioSource>, SourceError>),
}

/// How one source stands.
enum Standing {
    Awaited { name: String, notice: Option<Problem> },
    Told { ok: bool },
}

/// See the file's first line.
pub(super) struct Sources {
    started: Timestamp,
    video: Standing,
    audio: Standing,
    found: Option<Receiver<Found>>,
    handle: StageHandle,
    // Dropped last.
    _stage: Option<Stage>,
    _opener: Option<Errand>,
}

impl Sources {
    /// Those of a stage that is there.
    pub(super) fn lent(handle: StageHandle, show: &ShowSettings, now: Timestamp) -> Self {
        Self::new(handle, None, None, None, show, now)
    }

    /// Opens them for a stage of their own.
    pub(super) fn open(show: &ShowSettings, clock: &Clock, mail: Mail) -> std::io::Result<Self> {
        let sink = Arc::new(move |event| mail.send(Message::Stage(event)));
        let sound = Sound::default();
        sound.set_gain_db(show.gain_db);
        let stage = Stage::start(StageFormat::from(&show.encoding), clock.clone(), Preview::new(), sound, sink)?;
        let (sender, found) = sync_channel(2);
        let (wanted, opening) = (show.clone(), clock.clone());
        // A disk may hang in it: nobody waits for its end.
        let opener = Errand::start("open-sources", move |_| {
            let ingest = IngestDoor::new(wanted.ingest.clone());
            // Nobody reads any more: the check is over.
            let video = open_video(&wanted.video, &wanted.encoding, &opening, &ingest);
            let _ = sender.send(Found::Video(video));
            let audio = open_audio(&wanted.audio, &wanted.encoding, &opening, &ingest);
            let _ = sender.send(Found::Audio(audio));
        })?;
        let handle = stage.handle().clone();
        Ok(Self::new(handle, Some(stage), Some(found), Some(opener), show, clock.now()))
    }

    fn new(
        handle: StageHandle,
        stage: Option<Stage>,
        found: Option<Receiver<Found>>,
        opener: Option<Errand>,
        show: &ShowSettings,
        started: Timestamp,
    ) -> Self {
        let awaited = || Standing::Awaited { name: String::new(), notice: None };
        let video = if show.video == VideoChoice::None { Standing::Told { ok: true } } else { awaited() };
        Self { started, video, audio: awaited(), found, handle, _stage: stage, _opener: opener }
    }

    pub(super) fn stage(&self) -> &StageHandle {
        &self.handle
    }

    /// Whether both are told of.
    pub(super) fn are_told(&self) -> bool {
        matches!((&self.video, &self.audio), (Standing::Told { .. }, Standing::Told { .. }))
    }

    /// Whether one of them failed.
    pub(super) fn failed(&self) -> bool {
        [&self.video, &self.audio].into_iter().any(|standing| matches!(standing, Standing::Told { ok: false }))
    }

    /// The steps that are done by `now`, the picture's first.
    pub(super) fn poll(&mut self, now: Timestamp) -> Vec<CheckStep> {
        let mut steps = Vec::new();
        let took = now.since(self.started);
        // Until the picture is told the sound's result waits where it is.
        while let Some(Ok(found)) = self.found.as_ref().map(Receiver::try_recv) {
            match found {
                Found::Video(Ok(opened)) => {
                    if let Some(opened) = opened {
                        self.video = awaited(format_of(&opened.source.info()), opened.notice);
                        self.handle.set_video(Some(opened.source));
                    }
                }
                Found::Audio(Ok(opened)) => {
                    self.audio = awaited(format_of(&opened.source.info()), opened.notice);
                    self.handle.set_audio(Some(opened.source));
                }
                Found::Video(Err(error)) => {
                    self.video = Standing::Told { ok: false };
                    steps.push(failed(took, Problem::from_source(&error)));
                }
                Found::Audio(Err(error)) => {
                    self.audio = Standing::Told { ok: false };
                    steps.push(failed(took, Problem::from_source(&error)));
                }
            }
        }
        let standing = self.handle.standing();
        let late = took >= SOURCE_DEADLINE;
        if let Some(failure) = standing.failure.filter(|_| !self.are_told()) {
            (self.video, self.audio) = (Standing::Told { ok: false }, Standing::Told { ok: false });
            steps.push(failed(took, failure));
        }
        if self.found.is_none() {
            // Of a stage that is there it was told before.
            for (own, awaited) in [&mut self.video, &mut self.audio].into_iter().zip(standing.awaited) {
                if let Standing::Awaited { notice, .. } = own {
                    *notice = notice.take().or(awaited);
                }
            }
        }
        let video = (standing.has_picture, standing.video_name, "picture");
        let audio = (standing.has_sound, standing.audio_name, "sound");
        steps.extend(step_of(&mut self.video, video, took, late));
        if matches!(self.video, Standing::Told { .. }) {
            steps.extend(step_of(&mut self.audio, audio, took, late));
        }
        steps
    }
}

fn awaited(name: String, notice: Option<Problem>) -> Standing {
    Standing::Awaited { name, notice }
}

fn step_of(
    standing: &mut Standing,
    (has_begun, stage_name, what): (bool, String, &str),
    took: Duration,
    late: bool,
) -> Option<CheckStep> {
    let Standing::Awaited { name, notice } = standing else { return None };
    let name = if name.is_empty() { stage_name.clone() } else { std::mem::take(name) };
    if !has_begun && !late {
        *standing = awaited(name, notice.take());
        return None;
    }
    let problem = notice.take();
    *standing = Standing::Told { ok: has_begun };
    if has_begun {
        let detail = CheckDetail::Words(name);
        return Some(CheckStep { name: "source", destination: None, place: None, ok: true, took, detail, problem });
    }
    let about = if stage_name.is_empty() { what.to_owned() } else { stage_name };
    let details = format!("no {what} within {} s", SOURCE_DEADLINE.as_secs());
    Some(failed(took, Problem::new(ProblemKind::SourceStalled, about, details)))
}

fn failed(took: Duration, problem: Problem) -> CheckStep {
    CheckStep {
        name: "source",
        destination: None,
        place: None,
        ok: false,
        took,
        detail: CheckDetail::Failed,
        problem: Some(problem),
    }
}
