//! The thread of a check: the show's own stage, encoder and publishers, driven through their steps once.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, sync_channel};
use std::time::Duration;

use super::backup::Backup;
use super::form::{self, PublishForm};
use super::line::{Act, Line, Media, Seen};
use super::padded_encoder::PaddedEncoder;
use super::padded_sound::PaddedSound;
use super::padding::Padding;
use super::report::{CheckDetail, CheckEvent, CheckSettings, CheckStep, CheckSummary, CheckVerdict};
use super::sources::Sources;
use super::verdict::{self, EncoderLoad, RESERVE};
use crate::clock::{Clock, unix_time};
use crate::flow::{Errand, PacketQueue, Stop, Worker};
use crate::ingest::{IngestConfig, IngestServer};
use crate::media::{StreamConfig, Timestamp};
use crate::output::publisher::{
    CLIENT_NAME, ENCODER_NAME, Joins, PublishTarget, Publisher, PublisherConfig, PublisherEvent, PublisherState,
    StreamHeaders,
};
use crate::output::{Fanout, Network};
use crate::rtmp::client::Deadlines;
use crate::settings::{CardChoice, ShowSettings, VideoChoice};
use crate::studio::encode_thread::{EncodeThread, WantedBitrate};
use crate::studio::mail::{Mail, Message};
use crate::studio::prepare::{Encoders, open_encoders};
use crate::studio::program::{Program, read};
use crate::studio::stage::{AudioPart, StageEvent, StageHandle};
use crate::studio::{Problem, ProblemKind, card_fault, destination, show};

/// How long the driver waits for mail at most.
const NAP: Duration = Duration::from_millis(20);
/// How long the encoder is watched.
const ENCODER_WATCHED: Duration = Duration::from_secs(3);
/// More media than an upload is tried with: nothing is dropped, so that what waits shows what is not carried.
const QUEUE_LIMIT: Duration = Duration::from_secs(30);
/// How long publishers may take to say goodbye.
const GOODBYE_DEADLINE: Duration = Duration::from_millis(1500);

/// Where events go.
pub(super) type Sink = Box<dyn Fn(CheckEvent) + Send>;

/// See the file's first line.
pub(super) struct Driver {
    show: ShowSettings,
    targets: Vec<(PublishTarget, PublishForm)>,
    backups: Vec<Backup>,
    clock: Clock,
    sink: Sink,
    mail: Mail,
    inbox: Receiver<Message>,
    cancel: Stop,
    stage: Option<StageHandle>,
}

/// What runs.
struct Running {
    started: Timestamp,
    program: Program,
    sources: Sources,
    /// Tells what is wrong with the picture of the card, and then nothing more.
    card: Option<(Receiver<Problem>, Errand)>,
    /// When the encoder was told of; `None`: not yet.
    encoder_told: bool,
    lines: Vec<(Line, Publisher)>,
    /// The place of each among the show's destinations.
    places: Vec<usize>,
    /// Those that are tried when others are done.
    waiting: Vec<Backup>,
    headers: StreamHeaders,
    /// How many of the lines are no backups.
    wanted: usize,
    ended: Vec<bool>,
    goodbye_since: Option<Timestamp>,
    /// What destinations had to tell before the steps that come first.
    held: Vec<CheckEvent>,
    failures: Vec<Problem>,
    warnings: Vec<Problem>,
    _encode: Option<Worker>,
    _network: Network,
    _ingest: Option<IngestServer>,
}

impl Driver {
    pub(super) fn new(
        settings: CheckSettings,
        clock: Clock,
        sink: Sink,
        mail: Mail,
        inbox: Receiver<Message>,
        cancel: Stop,
        stage: Option<StageHandle>,
    ) -> Result<Self, Problem> {
        let CheckSettings { show, publish } = settings;
        // Refuses what a show would refuse.
        show::targets(&show)?;
        let (mut targets, mut backups) = (Vec::new(), Vec::new());
        if !show.rehearse {
            for chosen in &show.destinations {
                let (chosen, form) = form::of(chosen, publish);
                let target = destination::target(&chosen)?;
                backups.extend(target.backup.map(|backup| Backup::new(targets.len(), backup, form)));
                targets.push((target.wanted, form));
            }
        }
        Ok(Self { show, targets, backups, clock, sink, mail, inbox, cancel, stage })
    }

    pub(super) fn run(mut self, stop: &Stop, over: &Stop) {
        let started = self.clock.now();
        let summary = match self.prepare(started) {
            Ok(mut running) => {
                let done = self.drive(&mut running, stop);
                self.finish(running, done)
            }
            Err(problem) => {
                let detail = CheckDetail::Failed;
                let (took, problem) = (self.clock.now().since(started), Some(problem));
                let step =
                    CheckStep { name: "encoder", destination: None, place: None, ok: false, took, detail, problem };
                let failures = step.problem.clone().into_iter().collect();
                (self.sink)(CheckEvent::Step(step));
                CheckSummary {
                    verdict: CheckVerdict::NotReady,
                    duration: self.clock.now().since(started),
                    destinations: Vec::new(),
                    failures,
                    warnings: Vec::new(),
                }
            }
        };
        over.request();
        (self.sink)(CheckEvent::Ended(Box::new(summary)));
    }

    fn prepare(&mut self, started: Timestamp) -> Result<Running, Problem> {
        let has_video = self.show.video != VideoChoice::None;
        let (video, audio) = open_encoders(&self.show.encoding, has_video)?;
        let config = StreamConfig { video: video.as_ref().map(|v| v.config()), audio: Some(audio.config()) };
        let headers = StreamHeaders::new(&config, ENCODER_NAME);
        let network = Network::start().map_err(internal)?;
        let ingest = if self.show.rehearse { Some(self.rehearse()?) } else { None };

        let program = Program::new(Fanout::new(), None);
        // The encoder runs from the first picture on, whoever is live: an output that takes nothing asks for it.
        let nobody = PacketQueue::new(Duration::ZERO);
        nobody.close();
        program.fanout().add(nobody).activate();
        let sources = match &self.stage {
            Some(stage) => Sources::lent(stage.clone(), &self.show, started),
            None => Sources::open(&self.show, &self.clock, self.mail.clone()).map_err(internal)?,
        };
        let card = self.look_at_card()?;
        let encode = self.put_on_air((video, audio), &program, sources.stage())?;
        let mut running = Running {
            started,
            program,
            sources,
            card,
            encoder_told: false,
            lines: Vec::new(),
            places: Vec::new(),
            waiting: std::mem::take(&mut self.backups),
            headers,
            wanted: self.targets.len(),
            ended: Vec::new(),
            goodbye_since: None,
            held: Vec::new(),
            failures: Vec::new(),
            warnings: Vec::new(),
            _encode: encode,
            _network: network,
            _ingest: ingest,
        };
        for (place, (target, form)) in self.targets.iter().cloned().enumerate() {
            self.start_line(&mut running, place, target, form);
        }
        Ok(running)
    }

    /// Reads the picture of the card, if it is one of the user's own: its disk may take its time.
    fn look_at_card(&self) -> Result<Option<(Receiver<Problem>, Errand)>, Problem> {
        let CardChoice::Image(path) = &self.show.card else { return Ok(None) };
        let (sender, told) = sync_channel(1);
        let path = path.clone();
        let read = move |_: &Stop| {
            // Nobody reads any more: the check is over.
            let _ = card_fault(&path).map(|fault| sender.send(fault));
        };
        let errand = Errand::start("read-card", read).map_err(internal)?;
        Ok(Some((told, errand)))
    }

    fn watch_card(&self, running: &mut Running) {
        match running.card.as_ref().map(|(told, _)| told.try_recv()) {
            Some(Ok(problem)) => self.tell(running, CheckEvent::Note(problem)),
            Some(Err(TryRecvError::Disconnected)) => running.card = None,
            Some(Err(TryRecvError::Empty)) | None => {}
        }
    }

    /// The embedded ingest on this computer as the only destination.
    fn rehearse(&mut self) -> Result<IngestServer, Problem> {
        let failed = |reason: String| Problem::new(ProblemKind::IngestFailed, "rehearsal", reason);
        let config = IngestConfig::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let told = |event| tracing::debug!(?event, "rehearsal");
        let server =
            IngestServer::start(config, self.clock.clone(), told).map_err(|error| failed(error.to_string()))?;
        let url = format!("rtmp://{}/rehearsal", server.local_addr());
        let target = PublishTarget::new(&url, Some("check"), None, None).map_err(|error| failed(error.to_string()))?;
        self.targets = vec![(target, PublishForm::Rehearsal)];
        Ok(server)
    }

    fn put_on_air(
        &self,
        (video, audio): Encoders,
        program: &Program,
        stage: &StageHandle,
    ) -> Result<Option<Worker>, Problem> {
        let encoding = &self.show.encoding;
        let encode = match video {
            Some(encoder) => {
                let planned = f64::from(encoding.video_bitrate.bps()) + f64::from(encoding.audio_bitrate.bps());
                let of_picture = planned * RESERVE - f64::from(encoding.audio_bitrate.bps());
                let frame = Duration::from_secs_f64(1.0 / encoding.frame_rate.as_f64());
                let padded = PaddedEncoder { encoder, padding: Padding::new(of_picture / 8.0, frame) };
                let bitrate = WantedBitrate::new(encoding.video_bitrate);
                let (program, mail) = (program.clone(), self.mail.clone());
                let clock = self.clock.clone();
                let thread = EncodeThread { encoder: Box::new(padded), bitrate, program, mail, clock };
                Some(Worker::spawn("encode", move |stop| thread.run(stop)).map_err(internal)?)
            }
            None => None,
        };
        let leads = encode.is_none();
        // Silence takes less than its share; without a picture the sound alone is what is tried.
        let share = if leads { RESERVE } else { 1.0 };
        let bytes_per_second = f64::from(encoding.audio_bitrate.bps()) / 8.0 * share;
        let audio = Box::new(PaddedSound::new(audio, bytes_per_second));
        let part = AudioPart { encoder: audio, leads, program: program.clone(), mail: self.mail.clone() };
        stage.put_on_air((!leads).then(|| program.clone()), part);
        Ok(encode)
    }

    fn start_line(&self, running: &mut Running, place: usize, target: PublishTarget, form: PublishForm) {
        let line = Line::new(&target, form, &self.show, self.clock.now());
        let publisher = self.start_publisher(running, running.lines.len(), target, form);
        running.lines.push((line, publisher));
        running.places.push(place);
        running.ended.push(false);
    }

    fn start_backups(&self, running: &mut Running, now: Timestamp) {
        let (lines, ended) = (&running.lines, &running.ended);
        let stands = |place: usize| {
            let done = lines.get(place).is_some_and(|(line, _)| line.is_done());
            (done, ended.get(place).copied().unwrap_or(true))
        };
        let due: Vec<_> =
            running.waiting.extract_if(.., |backup| backup.is_due(now, GOODBYE_DEADLINE, stands)).collect();
        for Backup { of, target, form, .. } in due {
            self.start_line(running, of, target, form);
        }
    }

    fn start_publisher(&self, running: &Running, index: usize, target: PublishTarget, form: PublishForm) -> Publisher {
        let output = running.program.fanout().add(PacketQueue::new(QUEUE_LIMIT));
        let config = PublisherConfig {
            target,
            backup: None,
            late_max: None,
            headers: running.headers.clone(),
            encoder_name: CLIENT_NAME.to_owned(),
            sent_hook: None,
            retry_for: Duration::ZERO,
            joins: Joins::No,
            // Those of a show: a hook that thinks for some seconds lets it begin.
            deadlines: Deadlines::default(),
            stops_before_publish: !form.publishes(),
        };
        let mail = self.mail.clone();
        let sink = move |event| mail.send(Message::Publisher(index, event));
        Publisher::start(&running._network, config, output, self.clock.clone(), sink)
    }

    /// Runs until all is told and said goodbye to; `false`: it was ended before.
    fn drive(&self, running: &mut Running, stop: &Stop) -> bool {
        loop {
            if stop.requested() || self.cancel.requested() {
                return false;
            }
            match self.inbox.recv_timeout(NAP) {
                Ok(message) => self.handle(running, message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return false,
            }
            let now = self.clock.now();
            for step in running.sources.poll(now) {
                self.tell(running, CheckEvent::Step(step));
            }
            self.watch_card(running);
            self.watch_encoder(running, now);
            self.watch_lines(running, now);
            self.start_backups(running, now);
            let lines_done = running.waiting.is_empty() && running.lines.iter().all(|(line, _)| line.is_done());
            if running.first_steps_told() && running.card.is_none() && lines_done {
                let since = *running.goodbye_since.get_or_insert(now);
                if running.ended.iter().all(|ended| *ended) || now.since(since) >= GOODBYE_DEADLINE {
                    return true;
                }
            }
        }
    }

    fn handle(&self, running: &mut Running, message: Message) {
        match message {
            Message::Publisher(index, event) => {
                if matches!(event, PublisherEvent::State(PublisherState::Ended))
                    && let Some(ended) = running.ended.get_mut(index)
                {
                    *ended = true;
                }
                let Some((line, _)) = running.lines.get_mut(index) else { return };
                let acts = line.handle(event, self.clock.now(), unix_time());
                self.act(running, index, acts);
            }
            Message::EncoderFailed { about, error, .. } => {
                let problem = Problem::from_encoder(about, &error);
                if !running.encoder_told {
                    self.tell_encoder(running, false, CheckDetail::Failed, Some(problem));
                } else {
                    running.failures.push(problem.clone());
                    (self.sink)(CheckEvent::Note(problem));
                }
            }
            Message::Stage(StageEvent::Video(name, event) | StageEvent::Audio(name, event)) => {
                let problem = Problem::from_source_event(&name, &event);
                // Before that its own step says what is wrong with it; a stream that nobody sends is opened without fault.
                if running.sources.are_told() || problem.kind == ProblemKind::SourceAwaited {
                    self.emit(running, CheckEvent::Note(problem));
                }
            }
            Message::Stage(StageEvent::Noticed(notice)) if running.sources.are_told() => {
                self.emit(running, CheckEvent::Note(Problem::from_noticed(&notice)));
            }
            Message::Stage(StageEvent::Retired(source)) => drop(source),
            Message::Stage(StageEvent::FirstPicture | StageEvent::FirstSound | StageEvent::Noticed(..))
            | Message::Command(_)
            | Message::ShareRehearsal
            | Message::VideoEnded
            | Message::AudioEnded
            | Message::Recorder(..)
            | Message::Replay(_) => {}
        }
    }

    /// Tells of the encoder once it has been watched, or when there is nothing to watch.
    fn watch_encoder(&self, running: &mut Running, now: Timestamp) {
        if running.encoder_told || !running.sources.are_told() {
            return;
        }
        let encoding = &self.show.encoding;
        if self.show.video == VideoChoice::None {
            let words = format!("AAC {} Hz, {}; there is no picture", encoding.sample_rate, encoding.audio_bitrate);
            return self.tell_encoder(running, true, CheckDetail::Words(words), None);
        }
        let Some(first) = running.program.first() else {
            // Without a picture it has nothing to do: the source's step says why.
            if running.sources.failed() {
                running.encoder_told = true;
                self.release(running);
            }
            return;
        };
        let watched = now.since(first);
        if watched < ENCODER_WATCHED {
            return;
        }
        let seconds = watched.as_secs_f64();
        let counters = running.program.counters();
        let (frames, busy) = (read(&counters.encoded), Duration::from_nanos(read(&counters.encode_nanos)));
        let lost = read(&counters.missed) + running.program.skipped();
        let load = EncoderLoad {
            share: busy.as_secs_f64() / frames.max(1) as f64 * encoding.frame_rate.as_f64(),
            // The first picture stands at the beginning of the time, not at its end.
            fps: frames.saturating_sub(1) as f64 / seconds,
            lost: lost as f64 / (seconds * encoding.frame_rate.as_f64()),
        };
        let judged = verdict::judge_encoder(&load, encoding);
        let ok = !judged.as_ref().is_some_and(|(fails, _)| *fails);
        self.tell_encoder(running, ok, CheckDetail::Encoder(load), judged.map(|(_, problem)| problem));
    }

    fn tell_encoder(&self, running: &mut Running, ok: bool, detail: CheckDetail, problem: Option<Problem>) {
        running.encoder_told = true;
        let first = running.program.first().unwrap_or(running.started);
        let took = self.clock.now().since(first);
        let step = CheckStep { name: "encoder", destination: None, place: None, ok, took, detail, problem };
        self.tell(running, CheckEvent::Step(step));
        self.release(running);
    }

    fn watch_lines(&self, running: &mut Running, now: Timestamp) {
        let counters = running.program.counters();
        let offered = read(&counters.video_bytes) + read(&counters.audio_bytes);
        let media = match running.program.first() {
            _ if running.sources.failed() => Media::Never,
            Some(first) => Media::Flows(first),
            None => Media::Awaited,
        };
        for index in 0..running.lines.len() {
            let Some((line, publisher)) = running.lines.get_mut(index) else { return };
            let waiting = publisher.output().queue().gauge().waiting;
            let (sent, segments) = (publisher.stats().sent_bytes(), publisher.stats().link().segments);
            let seen = Seen { offered, sent, waiting, segments };
            let acts = line.poll(now, seen, media);
            self.act(running, index, acts);
        }
    }

    fn act(&self, running: &mut Running, index: usize, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Tell(event) => {
                    let Some(place) = running.places.get(index).copied() else { continue };
                    self.tell(running, event.at(place));
                }
                Act::End => {
                    if let Some((_, publisher)) = running.lines.get(index) {
                        publisher.output().queue().close();
                        publisher.end();
                    }
                }
                Act::Abort => {
                    if let Some((_, publisher)) = running.lines.get(index) {
                        publisher.abort();
                    }
                }
            }
        }
    }

    /// Tells it in its place: what belongs to a destination comes behind the sources and the encoder.
    fn tell(&self, running: &mut Running, event: CheckEvent) {
        let is_first = matches!(&event, CheckEvent::Step(CheckStep { destination: None, .. }));
        if is_first || running.first_steps_told() {
            self.emit(running, event);
        } else {
            running.held.push(event);
        }
    }

    fn release(&self, running: &mut Running) {
        for event in std::mem::take(&mut running.held) {
            self.emit(running, event);
        }
    }

    /// Tells it now, and keeps its problem for the sum.
    fn emit(&self, running: &mut Running, event: CheckEvent) {
        match &event {
            CheckEvent::Step(step) => {
                let kind = step.problem.as_ref().map(|problem| problem.kind.word());
                tracing::debug!(name = step.name, ok = step.ok, took = ?step.took, detail = ?step.detail, kind, "step");
                // A show begins without its backup.
                let is_backup = running.is_backup(step.destination.as_deref());
                let list = if step.ok || is_backup { &mut running.warnings } else { &mut running.failures };
                list.extend(step.problem.clone());
            }
            CheckEvent::Note(problem) => running.warnings.push(problem.clone()),
            CheckEvent::Ended(_) => {}
        }
        (self.sink)(event);
    }

    fn finish(&self, mut running: Running, done: bool) -> CheckSummary {
        running.program.end_at(self.clock.now());
        running.program.fanout().close();
        self.release(&mut running);
        let destinations = running.lines.iter().map(|(line, _)| line.summary()).collect();
        let verdict = match (done, running.failures.is_empty(), running.warnings.is_empty()) {
            (false, ..) => CheckVerdict::Cancelled,
            (true, false, _) => CheckVerdict::NotReady,
            (true, true, false) => CheckVerdict::ReadyWithWarnings,
            (true, true, true) => CheckVerdict::Ready,
        };
        CheckSummary {
            verdict,
            duration: self.clock.now().since(running.started),
            destinations,
            failures: std::mem::take(&mut running.failures),
            warnings: std::mem::take(&mut running.warnings),
        }
    }
}

impl Running {
    fn first_steps_told(&self) -> bool {
        self.encoder_told && self.sources.are_told()
    }

    fn is_backup(&self, destination: Option<&str>) -> bool {
        self.lines.iter().skip(self.wanted).any(|(line, _)| Some(line.about()) == destination)
    }
}

fn internal(error: std::io::Error) -> Problem {
    Problem::new(ProblemKind::Internal, "check", error.to_string())
}
