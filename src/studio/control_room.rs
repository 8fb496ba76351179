//! The thread behind a `Studio`: keeps the sources on stage open, and runs one show at a time on it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use super::check::{CheckEvent, CheckSettings, CheckSummary, CheckVerdict, LentCheck};
use super::disk::DiskWatch;
use super::event::{KeptSource, SourceState, StudioCommand, StudioEvent, Summary};
use super::face::Face;
use super::incoming::IngestDoor;
use super::leftovers::repair_leftovers;
use super::levels::Sound;
use super::mail::Message;
use super::preview::{Preview, PreviewRate};
use super::show::{self, LentShow};
use super::slot::Slot;
use super::sources::{self, Opened};
use super::stage::{Stage, StageEvent, StageFormat};
use super::supervisor::Lent;
use super::viewer_feed::ViewerFeed;
use super::{OtherInputs, Problem, ProblemKind};
use crate::capture::{AudioSource, DeviceInfo, DeviceKind, SourceError, SourceEvent, VideoSource, camera, microphone};
use crate::clock::Clock;
use crate::flow::{Errand, Stop};
use crate::settings::{AudioChoice, EncodingSettings, IngestSettings, ShowSettings, VideoChoice};

/// How long the thread waits for mail at most.
const NAP: Duration = Duration::from_millis(50);
/// Time between looks for new devices.
const DEVICES_INTERVAL: Duration = Duration::from_secs(3);
/// Threads that open or close something are waited for so long at the end: a camera takes half a second, an ingest two.
const ERRANDS_LIMIT: Duration = Duration::from_secs(3);
/// Messages that wait; the stage's threads wait when it is full, a face is refused.
const MAIL_MAX: usize = 256;

/// What the control room is told.
pub(super) enum RoomMessage {
    Command(StudioCommand),
    Stage(StageEvent),
    VideoOpened(u64, Result<Option<Opened<dyn VideoSource>>, SourceError>),
    AudioOpened(u64, Result<Opened<dyn AudioSource>, SourceError>),
    Devices(DeviceKind, Vec<DeviceInfo>),
    DiskRoom(Option<u64>),
}

/// The way to the control room. Cheap to clone.
#[derive(Clone)]
pub(super) struct RoomMail(SyncSender<RoomMessage>);

impl RoomMail {
    pub(super) fn new() -> (Self, Receiver<RoomMessage>) {
        let (sender, inbox) = sync_channel(MAIL_MAX);
        (Self(sender), inbox)
    }

    /// Sends without ever waiting; `false` if the control room is too far behind or gone.
    pub(super) fn try_send(&self, message: RoomMessage) -> bool {
        self.0.try_send(message).is_ok()
    }

    /// Sends; waits while the control room is behind. One that has ended wants no mail.
    fn send(&self, message: RoomMessage) {
        let _ = self.0.send(message);
    }
}

/// What a window sees and hears of a studio.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) preview: Preview,
    pub(super) sound: Sound,
    pub(super) viewer: ViewerFeed,
}

pub(super) struct ControlRoom {
    clock: Clock,
    mail: RoomMail,
    inbox: Receiver<RoomMessage>,
    face: Face,
    preview: Preview,
    sound: Sound,
    viewer: ViewerFeed,
    encoding: EncodingSettings,
    video: Slot<VideoChoice>,
    audio: Slot<AudioChoice>,
    ingest: IngestDoor,
    show: Option<LentShow>,
    check: Option<LentCheck>,
    stage: Stage,
    /// `None`: the system gives no thread.
    disk: Option<DiskWatch>,
    /// Closes what a crash left open; `None`: the system gives no folder for notes, or no thread.
    _leftovers: Option<Errand>,
    /// Threads that open or close devices and files; a disk or a driver may hold them for ever.
    errands: Vec<Errand>,
}

impl ControlRoom {
    pub(super) fn new(
        settings: &ShowSettings,
        clock: Clock,
        mail: RoomMail,
        inbox: Receiver<RoomMessage>,
        face: Face,
        shown: Shown,
    ) -> std::io::Result<Self> {
        let Shown { preview, sound, viewer } = shown;
        let encoding = settings.encoding.clone();
        let stage = start_stage(&encoding, &clock, &preview, &sound, &mail)?;
        let (video, audio) = (Slot::new(settings.video.clone()), Slot::new(settings.audio.clone()));
        let (show, check) = (None, None);
        let ingest = IngestDoor::new(settings.ingest.clone());
        sound.set_gain_db(settings.gain_db);
        let told = mail.clone();
        let disk = DiskWatch::start(clock.clone(), move |free| told.send(RoomMessage::DiskRoom(free)))
            .inspect_err(|error| tracing::warn!(%error, "the room on the disk is not watched"))
            .ok();
        if let Some(disk) = &disk {
            disk.watch(settings.record.clone());
        }
        // What a crash left open is closed before anything else is recorded, or beside it.
        let told = face.clone();
        let _leftovers = repair_leftovers(move |problem| told.tell(StudioEvent::Problem(problem)));
        let errands = Vec::new();
        Ok(Self {
            clock,
            mail,
            inbox,
            face,
            preview,
            sound,
            viewer,
            encoding,
            video,
            audio,
            ingest,
            show,
            check,
            stage,
            disk,
            _leftovers,
            errands,
        })
    }

    pub(super) fn run(mut self, stop: &Stop) {
        self.watch_devices();
        self.open_video();
        self.open_audio();
        while !stop.requested() {
            match self.inbox.recv_timeout(NAP) {
                Ok(message) => self.handle(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.forget_ended_show();
            self.errands.retain(|errand| !errand.is_finished());
        }
        // Whoever waits to send must not wait for a thread that joins them.
        drop(self.inbox);
        self.errands.iter().for_each(Errand::request_stop);
        let end = self.clock.now() + ERRANDS_LIMIT;
        for errand in &mut self.errands {
            errand.finish(end.since(self.clock.now()));
        }
    }

    fn handle(&mut self, message: RoomMessage) {
        match message {
            RoomMessage::Command(command) => self.command(command),
            RoomMessage::Stage(event) => self.stage_event(event),
            RoomMessage::VideoOpened(generation, result) => {
                if !self.video.is_newest(generation) {
                    return self.close(result);
                }
                if let Err(error) = &result
                    && let Some(kept) = self.video.fall_back()
                {
                    return self.source_kept(KeptSource::Picture(kept), error);
                }
                let result = result.map(|opened| opened.map(|opened| opened.source));
                let info = result.as_ref().ok().and_then(|source| source.as_ref().map(|source| source.info()));
                self.video.opened(self.clock.now(), info, result.as_ref().err().map(Problem::from_source));
                let state = match &result {
                    Ok(Some(source)) => SourceState::Ready(source.info()),
                    Ok(None) => SourceState::None,
                    Err(error) => SourceState::Failed(Problem::from_source(error)),
                };
                self.put_video(result.ok().flatten());
                self.source_state(DeviceKind::Camera, state);
            }
            RoomMessage::AudioOpened(generation, result) => {
                if !self.audio.is_newest(generation) {
                    return self.close(result);
                }
                if let Err(error) = &result
                    && let Some(kept) = self.audio.fall_back()
                {
                    return self.source_kept(KeptSource::Sound(kept), error);
                }
                let result = result.map(|opened| opened.source);
                let info = result.as_ref().ok().map(|source| source.info());
                self.audio.opened(self.clock.now(), info, result.as_ref().err().map(Problem::from_source));
                let state = match &result {
                    Ok(source) => SourceState::Ready(source.info()),
                    Err(error) => SourceState::Failed(Problem::from_source(error)),
                };
                self.put_audio(result.ok());
                self.source_state(DeviceKind::Microphone, state);
            }
            RoomMessage::Devices(kind, found) => self.devices(kind, found),
            RoomMessage::DiskRoom(free) => self.tell(StudioEvent::DiskRoom(free)),
        }
    }

    fn command(&mut self, command: StudioCommand) {
        match command {
            StudioCommand::Show(command) => {
                if let Some(show) = &self.show {
                    show.tell(Message::Command(command));
                }
            }
            StudioCommand::SetVideo(choice) => self.set_video(choice),
            StudioCommand::SetAudio(choice) => self.set_audio(choice),
            StudioCommand::SetIngest(settings) => self.set_ingest(settings),
            StudioCommand::SetEncoding(encoding) => self.set_encoding(*encoding),
            StudioCommand::GoLive(settings) => self.go_live(*settings),
            StudioCommand::Check(settings) => self.start_check(*settings),
            StudioCommand::EndCheck => {
                if let Some(check) = &self.check {
                    check.cancel();
                }
            }
            StudioCommand::SetGain(gain_db) => self.sound.set_gain_db(gain_db),
            StudioCommand::SetMuted(muted) => self.sound.set_muted(muted),
            StudioCommand::ClearClip => self.sound.clear_clip(),
            StudioCommand::ShareRehearsal => {
                if let Some(show) = &self.show {
                    show.tell(Message::ShareRehearsal);
                }
            }
            StudioCommand::WatchDisk(recording) => {
                if let Some(disk) = &self.disk {
                    disk.watch(recording);
                }
            }
        }
    }

    fn set_video(&mut self, choice: VideoChoice) {
        if self.video.choice == choice && self.video.failure.is_none() {
            return;
        }
        let on_stage = self.video.has_already(&choice).cloned();
        self.video.choice = choice;
        match on_stage {
            Some(info) => self.source_state(DeviceKind::Camera, SourceState::Ready(info)),
            None => self.open_video(),
        }
    }

    fn set_audio(&mut self, choice: AudioChoice) {
        if self.audio.choice == choice && self.audio.failure.is_none() {
            return;
        }
        let on_stage = self.audio.has_already(&choice).cloned();
        self.audio.choice = choice;
        match on_stage {
            Some(info) => self.source_state(DeviceKind::Microphone, SourceState::Ready(info)),
            None => self.open_audio(),
        }
    }

    /// Opens the sources that are incoming streams anew where they are received elsewhere from now on.
    fn set_ingest(&mut self, settings: IngestSettings) {
        if !self.ingest.set(settings) {
            return;
        }
        // The old ones go first: both may want the same port.
        let incoming = (
            matches!(self.video.choice, VideoChoice::Incoming(_)),
            matches!(self.audio.choice, AudioChoice::Incoming(_)),
        );
        if incoming.0 {
            self.put_video(None);
            self.video.clear_stage();
        }
        if incoming.1 {
            self.put_audio(None);
            self.audio.clear_stage();
        }
        if incoming.0 {
            self.open_video();
        }
        if incoming.1 {
            self.open_audio();
        }
    }

    /// Sets the stage anew where its form changes. Not while a show is on: its encoders have the old form.
    fn set_encoding(&mut self, encoding: EncodingSettings) {
        self.forget_ended_show();
        if self.show.is_some() || encoding.validate().is_err() {
            return;
        }
        // A check of what is set no more would say nothing.
        if self.encoding != encoding {
            self.check = None;
        }
        self.encoding = encoding;
        if self.stage.handle().format() == StageFormat::from(&self.encoding) {
            return;
        }
        match start_stage(&self.encoding, &self.clock, &self.preview, &self.sound, &self.mail) {
            Ok(stage) => {
                let old = std::mem::replace(&mut self.stage, stage);
                self.close(old);
                self.video.clear_stage();
                self.audio.clear_stage();
                self.open_video();
                self.open_audio();
            }
            Err(error) => {
                self.tell(StudioEvent::Problem(Problem::new(ProblemKind::Internal, "studio", error.to_string())));
            }
        }
    }

    fn go_live(&mut self, settings: ShowSettings) {
        self.forget_ended_show();
        if self.show.is_some() || self.check.is_some() {
            return;
        }
        if let Err(problem) = self.start_show(settings) {
            self.tell(StudioEvent::Problem(problem.clone()));
            self.tell(StudioEvent::Ended(Box::new(Summary::never_live(self.clock.now(), problem))));
        }
    }

    fn forget_ended_show(&mut self) {
        if self.show.as_ref().is_some_and(LentShow::is_over) {
            self.show = None;
        }
        if self.check.as_ref().is_some_and(LentCheck::is_over) {
            self.check = None;
        }
    }

    fn start_check(&mut self, settings: CheckSettings) {
        self.forget_ended_show();
        if self.show.is_some() || self.check.is_some() {
            return;
        }
        self.take_sources_of(&settings.show);
        let (clock, face) = (self.clock.clone(), self.face.clone());
        match LentCheck::start(settings, clock, face, self.stage.handle().clone()) {
            Ok(check) => self.check = Some(check),
            Err(problem) => {
                let summary = CheckSummary {
                    verdict: CheckVerdict::NotReady,
                    duration: Duration::ZERO,
                    destinations: Vec::new(),
                    failures: vec![problem.clone()],
                    warnings: Vec::new(),
                };
                self.tell(StudioEvent::Check(Box::new(CheckEvent::Note(problem))));
                self.tell(StudioEvent::Check(Box::new(CheckEvent::Ended(Box::new(summary)))));
            }
        }
    }

    fn take_sources_of(&mut self, settings: &ShowSettings) {
        self.set_encoding(settings.encoding.clone());
        self.set_ingest(settings.ingest.clone());
        self.set_video(settings.video.clone());
        self.set_audio(settings.audio.clone());
        self.sound.set_gain_db(settings.gain_db);
    }

    fn start_show(&mut self, settings: ShowSettings) -> Result<(), Problem> {
        let targets = show::targets(&settings)?;
        self.take_sources_of(&settings);
        let lent = Lent { stage: self.stage.handle().clone(), viewer: self.viewer.clone() };
        self.show = Some(LentShow::start(settings, targets, self.clock.clone(), self.face.clone(), lent)?);
        Ok(())
    }

    fn stage_event(&mut self, event: StageEvent) {
        let (kind, name, what) = match event {
            StageEvent::Retired(source) => return self.close(source),
            StageEvent::Noticed(mut notice) => {
                // What there is by now, not when the device was opened.
                if notice.inputs.is_some() && !self.audio.seen.is_empty() {
                    notice.inputs = OtherInputs::beside(&notice.id, &self.audio.seen);
                }
                match &self.show {
                    Some(show) => show.tell(Message::Stage(StageEvent::Noticed(notice))),
                    None => self.tell(StudioEvent::Problem(Problem::from_noticed(&notice))),
                }
                return;
            }
            StageEvent::FirstPicture | StageEvent::FirstSound => {
                if let Some(show) = &self.show {
                    show.tell(Message::Stage(event));
                }
                return;
            }
            StageEvent::Video(name, what) => {
                self.video.set_up(matches!(what, SourceEvent::Restored | SourceEvent::Frozen { .. }));
                (DeviceKind::Camera, name, what)
            }
            StageEvent::Audio(name, what) => {
                self.audio.set_up(what == SourceEvent::Restored);
                (DeviceKind::Microphone, name, what)
            }
        };
        let problem = Problem::from_source_event(&name, &what);
        let restored = what == SourceEvent::Restored;
        match &self.show {
            Some(show) => {
                let event = match kind {
                    DeviceKind::Camera => StageEvent::Video(name, what),
                    DeviceKind::Microphone => StageEvent::Audio(name, what),
                };
                show.tell(Message::Stage(event));
            }
            None => self.tell(StudioEvent::Problem(problem.clone())),
        }
        let state = if restored { SourceState::Restored } else { SourceState::Lost(problem) };
        self.tell(StudioEvent::Source { kind, state });
    }

    fn source_state(&mut self, kind: DeviceKind, state: SourceState) {
        let failure = self.video.failure.clone().or_else(|| self.audio.failure.clone());
        self.stage.handle().set_failure(failure);
        if kind == DeviceKind::Microphone {
            self.stage.handle().set_sound_opens(state == SourceState::Opening);
        }
        self.tell(StudioEvent::Source { kind, state });
    }

    fn source_kept(&self, source: KeptSource, error: &SourceError) {
        let problem = Problem::from_source(error);
        self.tell(StudioEvent::SourceKept { source, problem });
    }

    /// Devices come and go: one that was chosen and missing is opened when it may be there.
    fn devices(&mut self, kind: DeviceKind, found: Vec<DeviceInfo>) {
        match kind {
            DeviceKind::Camera if self.video.see(&found) => self.open_video(),
            DeviceKind::Microphone if self.audio.see(&found) => self.open_audio(),
            DeviceKind::Camera | DeviceKind::Microphone => {}
        }
        self.tell(StudioEvent::Devices { kind, found });
    }

    fn open_video(&mut self) {
        let opening = self.video.begin_opening(self.clock.now(), self.show.is_some());
        if opening.clears_stage {
            self.put_video(None);
        }
        if !opening.stays {
            self.source_state(DeviceKind::Camera, SourceState::Opening);
        }
        // A window says that there is no camera; a test picture nobody asked for would hide it.
        let choice = match &self.video.choice {
            VideoChoice::Auto => VideoChoice::Camera(None),
            other => other.clone(),
        };
        let (mail, encoding) = (self.mail.clone(), self.encoding.clone());
        let (clock, ingest) = (self.clock.clone(), self.ingest.clone());
        self.errand("open-video", move |stop| {
            let open = || sources::open_video(&choice, &encoding, &clock, &ingest);
            if let Some(result) = opening.patience.open(&clock, stop, open) {
                mail.send(RoomMessage::VideoOpened(opening.generation, result));
            }
        });
    }

    fn open_audio(&mut self) {
        let opening = self.audio.begin_opening(self.clock.now(), self.show.is_some());
        if opening.clears_stage {
            self.put_audio(None);
        }
        if !opening.stays {
            self.source_state(DeviceKind::Microphone, SourceState::Opening);
        }
        let choice = match &self.audio.choice {
            AudioChoice::Auto => AudioChoice::Microphone(None),
            other => other.clone(),
        };
        let (mail, encoding) = (self.mail.clone(), self.encoding.clone());
        let (clock, ingest) = (self.clock.clone(), self.ingest.clone());
        self.errand("open-audio", move |stop| {
            let open = || sources::open_audio(&choice, &encoding, &clock, &ingest);
            if let Some(result) = opening.patience.open(&clock, stop, open) {
                mail.send(RoomMessage::AudioOpened(opening.generation, result));
            }
        });
    }

    fn watch_devices(&mut self) {
        let (mail, clock, preview) = (self.mail.clone(), self.clock.clone(), self.preview.clone());
        let watch = Errand::start("devices", move |stop| {
            let mut told: [Option<Vec<DeviceInfo>>; 2] = [None, None];
            let mut next = clock.now();
            while !stop.requested() {
                let first = told[0].is_none();
                if clock.now() < next || (preview.rate() == PreviewRate::Off && !first) {
                    clock.sleep_until(clock.now() + NAP, NAP);
                    continue;
                }
                next = clock.now() + DEVICES_INTERVAL;
                let found = [camera::list(), microphone::list().unwrap_or_default()];
                let kinds = [DeviceKind::Camera, DeviceKind::Microphone];
                for ((kind, found), told) in kinds.into_iter().zip(found).zip(&mut told) {
                    if told.as_ref() != Some(&found) {
                        *told = Some(found.clone());
                        mail.send(RoomMessage::Devices(kind, found));
                    }
                }
            }
        });
        match watch {
            Ok(worker) => self.errands.push(worker),
            Err(error) => tracing::warn!(%error, "devices are not watched"),
        }
    }

    /// Gives it to the stage; one that waited there and was never taken is closed.
    fn put_video(&mut self, source: Option<Box<dyn VideoSource>>) {
        if let Some(unused) = self.stage.handle().set_video(source) {
            self.close(unused);
        }
    }

    fn put_audio(&mut self, source: Option<Box<dyn AudioSource>>) {
        if let Some(unused) = self.stage.handle().set_audio(source) {
            self.close(unused);
        }
    }

    /// Closes what may take a while to close.
    fn close<T: Send + 'static>(&mut self, what: T) {
        self.errand("close", move |_| drop(what));
    }

    fn errand(&mut self, name: &str, work: impl FnOnce(&Stop) + Send + 'static) {
        match Errand::start(name, work) {
            Ok(worker) => self.errands.push(worker),
            Err(error) => {
                self.tell(StudioEvent::Problem(Problem::new(ProblemKind::Internal, "studio", error.to_string())));
            }
        }
    }

    fn tell(&self, event: StudioEvent) {
        self.face.tell(event);
    }
}

fn start_stage(
    encoding: &EncodingSettings,
    clock: &Clock,
    preview: &Preview,
    sound: &Sound,
    mail: &RoomMail,
) -> std::io::Result<Stage> {
    let mail = mail.clone();
    let sink = Arc::new(move |event| mail.send(RoomMessage::Stage(event)));
    Stage::start(StageFormat::from(encoding), clock.clone(), preview.clone(), sound.clone(), sink)
}
