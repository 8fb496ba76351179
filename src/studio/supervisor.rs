//! The supervisor: opens what a show needs, owns its threads, turns their messages into events, and ends it within 2 s.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::encode_thread::WantedBitrate;
use super::event::{Command, DestinationState, StepReport, StudioEvent, Summary};
use super::face::Face;
use super::flight::FlightLog;
use super::health::Health;
use super::leftovers::repair_leftovers;
use super::lines::{Lines, Starter, Target};
use super::mail::{Mail, Message};
use super::program::Program;
use super::rate::RateController;
use super::recording::Kept;
use super::rehearse::Rehearse;
use super::stage::{Stage, StageEvent, StageHandle};
use super::viewer_feed::ViewerFeed;
use super::{Problem, ProblemKind};
use crate::capture::SourceEvent;
use crate::clock::{Clock, local_date_and_time};
use crate::flow::{Stop, Worker};
use crate::media::Timestamp;
use crate::output::Network;
use crate::output::publisher::{PublisherEvent, StreamHeaders};
use crate::settings::ShowSettings;

/// How long a camera may take until its first picture.
pub(super) const FIRST_PICTURE_DEADLINE: Duration = Duration::from_secs(5);
/// How long the program's threads may take to come to the program's end.
const STOP_DEADLINE: Duration = Duration::from_millis(800);
/// How long after the program's end the outputs may send what they hold.
const DRAIN_DEADLINE: Duration = Duration::from_millis(1600);
/// How long all of ending may take before connections are abandoned: whoever is late has said by then what did not arrive.
const END_DEADLINE: Duration = Duration::from_millis(1700);
/// How long a lost destination is tried again.
const RETRY_FOR: Duration = Duration::from_secs(3600);
/// Seconds between figures.
pub(super) const STATS_INTERVAL: Duration = Duration::from_secs(1);
/// How often the network is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// How long the supervisor waits for mail at most.
const NAP: Duration = Duration::from_millis(20);

/// The supervisor of one show.
pub(super) struct Supervisor {
    pub(super) settings: ShowSettings,
    pub(super) targets: Vec<Target>,
    pub(super) clock: Clock,
    pub(super) mail: Mail,
    pub(super) inbox: Receiver<Message>,
    pub(super) face: Face,
    pub(super) flight: FlightLog,
    /// What was there before; `None`: the show opens the sources it was told of.
    pub(super) lent: Option<Lent>,
}

/// What a studio lends to a show.
pub(super) struct Lent {
    /// The stage to use.
    pub(super) stage: StageHandle,
    /// Where the viewer of a rehearsal is shown.
    pub(super) viewer: ViewerFeed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Waiting for a device's first picture, and for what opens.
    Preparing {
        until: Timestamp,
    },
    Running,
    /// The program's threads come to its end.
    Stopping {
        since: Timestamp,
    },
    /// The outputs send what they hold.
    Draining {
        since: Timestamp,
    },
    Done,
}

/// Whose stage the show takes its picture and sound from.
pub(super) enum ShowStage {
    /// Its own: it ends with the show.
    Own(Stage),
    /// One that was there before and stays.
    Lent(StageHandle),
}

impl ShowStage {
    pub(super) fn handle(&self) -> &StageHandle {
        match self {
            Self::Own(stage) => stage.handle(),
            Self::Lent(stage) => stage,
        }
    }
}

/// What runs.
pub(super) struct Running {
    pub(super) program: Program,
    pub(super) bitrate: WantedBitrate,
    pub(super) rate: RateController,
    /// Where a train is awaited.
    pub(super) train_at: Option<usize>,
    pub(super) next_look: Timestamp,
    pub(super) headers: StreamHeaders,
    pub(super) lines: Lines,
    /// How far viewers may fall behind.
    pub(super) cache: Duration,
    pub(super) kept: Kept,
    pub(super) rehearse: Option<Rehearse>,
    pub(super) health: Health,
    pub(super) next_stats: Timestamp,
    pub(super) phase: Phase,
    /// The user insists: nothing is waited for.
    pub(super) aborted: bool,
    pub(super) video_ended: bool,
    pub(super) audio_ended: bool,
    pub(super) video_lost: Option<Problem>,
    pub(super) audio_lost: Option<Problem>,
    /// What is wrong with the show so far, the first first.
    pub(super) failures: Vec<Problem>,
    /// Sleeps of the computer that were told, and how long they were.
    pub(super) sleeps_told: (u64, Duration),
    // Dropped last, in this order: threads first, then the network they feed.
    pub(super) stage: ShowStage,
    pub(super) _encode: Option<Worker>,
    pub(super) network: Network,
}

impl Supervisor {
    pub(super) fn new(
        settings: ShowSettings,
        targets: Vec<Target>,
        clock: Clock,
        mail: Mail,
        inbox: Receiver<Message>,
        face: Face,
        lent: Option<Lent>,
    ) -> Self {
        let destinations: Vec<&str> = targets.iter().map(|target| target.wanted.about.as_str()).collect();
        let flight = FlightLog::begin(&settings, &destinations, &clock);
        Self { settings, targets, clock, mail, inbox, face, flight, lent }
    }

    /// Runs the show to its end; everything of it is closed when `ended` is called, and then its summary is told.
    pub(super) fn run(self, stop: &Stop, ended: impl FnOnce()) {
        // A studio has looked for them already.
        let face = self.face.clone();
        let leftovers =
            self.lent.is_none().then(|| repair_leftovers(move |told| face.tell(StudioEvent::Problem(told))));
        let mut summary = match self.prepare() {
            Ok(mut running) => {
                self.supervise(&mut running, stop);
                self.finish(running)
            }
            Err(problem) => {
                self.tell(StudioEvent::Problem(problem.clone()));
                Summary::never_live(self.clock.now(), problem)
            }
        };
        // A disk that hangs holds up nobody's end.
        if let Some(mut leftovers) = leftovers.flatten() {
            leftovers.request_stop();
            leftovers.finish(Duration::ZERO);
        }
        summary.flight = self.flight.end();
        ended();
        self.tell(StudioEvent::Ended(Box::new(summary)));
    }

    pub(super) fn start_publishers(&self, running: &mut Running) {
        let rehearsal = running.rehearse.as_ref().map(|rehearse| Target {
            wanted: rehearse.target(),
            backup: None,
            sent_hook: Some(rehearse.sent_hook()),
        });
        for target in rehearsal.into_iter().chain(self.targets.iter().cloned()) {
            let (lines, starter) = running.lines_and_starter(&self.clock);
            lines.start(target, &starter, self.sink());
        }
        self.begin_alone(running);
    }

    fn turn_on(&self, running: &mut Running, place: usize) {
        if running.phase == Phase::Running {
            let (lines, starter) = running.lines_and_starter(&self.clock);
            lines.turn_on(place, &starter, self.sink());
        }
    }

    pub(super) fn sink(&self) -> impl Fn(usize, PublisherEvent) + Clone + Send + Sync + 'static {
        let mail = self.mail.clone();
        move |id, event| mail.send(Message::Publisher(id, event))
    }

    fn supervise(&self, running: &mut Running, stop: &Stop) {
        while running.phase != Phase::Done {
            if stop.requested() {
                return;
            }
            match self.inbox.recv_timeout(NAP) {
                Ok(message) => self.handle(running, message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = self.clock.now();
            self.hear_sleep(running);
            if now >= running.next_stats {
                // A program that was stopped has one long second, and not many of no length.
                let was_stopped = now.since(running.next_stats) > STATS_INTERVAL;
                running.next_stats = if was_stopped { now } else { running.next_stats } + STATS_INTERVAL;
                let stats = running.second(now);
                self.tell(StudioEvent::Stats(Box::new(stats)));
            }
            if self.settings.encoding.adaptive && now >= running.next_look {
                running.next_look = now + LOOK_INTERVAL;
                running.adapt(now);
            }
            self.advance(running, now);
        }
    }

    /// Tells that the computer slept, once it is awake.
    fn hear_sleep(&self, running: &mut Running) {
        let (count, slept) = running.network.sleeps();
        let (told, before) = std::mem::replace(&mut running.sleeps_told, (count, slept));
        if count != told {
            let (_, time) = local_date_and_time();
            self.tell(StudioEvent::Problem(Problem::from_sleep(slept.saturating_sub(before), &time.replace('-', ":"))));
        }
    }

    /// Takes the show to its next phase when the time for it has come.
    fn advance(&self, running: &mut Running, now: Timestamp) {
        match running.phase {
            Phase::Preparing { until } => {
                let standing = running.stage.handle().standing();
                let is_late = now >= until;
                if let Some(problem) = standing.failure {
                    self.fail(running, problem);
                    running.phase = Phase::Done;
                } else if self.has_picture(&standing) && (is_late || !standing.sound_opens) {
                    running.phase = Phase::Running;
                    self.start_publishers(running);
                } else if is_late {
                    let details = format!("no picture within {} s", FIRST_PICTURE_DEADLINE.as_secs());
                    self.fail(running, Problem::new(ProblemKind::SourceStalled, standing.video_name, details));
                    running.phase = Phase::Done;
                }
            }
            Phase::Running if now >= running.program.end() => running.phase = Phase::Stopping { since: now },
            Phase::Stopping { since } => {
                let ended = running.video_ended && running.audio_ended;
                if ended || now.since(since) > STOP_DEADLINE {
                    running.program.fanout().close();
                    running.lines.end_all();
                    self.end_alone(running);
                    running.phase = Phase::Draining { since };
                }
            }
            Phase::Draining { since } => {
                if running.lines.have_ended() {
                    running.phase = Phase::Done;
                } else if now.since(since) > END_DEADLINE {
                    self.abandon(running);
                    running.phase = Phase::Done;
                } else if now.since(since) > DRAIN_DEADLINE {
                    running.lines.give_up_all();
                }
            }
            Phase::Running | Phase::Done => {}
        }
    }

    fn handle(&self, running: &mut Running, message: Message) {
        match message {
            Message::Command(Command::End) => self.end(running),
            Message::Command(Command::Abort) => {
                running.lines.abort_all();
                running.aborted = true;
                running.phase = Phase::Done;
            }
            Message::Command(Command::SetVideoBitrate(bitrate)) => {
                running.bitrate.set(running.rate.set_wanted(bitrate));
            }
            Message::Command(Command::RetryNow) => running.lines.retry_now(),
            Message::Command(Command::SetDestination { place, on: true }) => self.turn_on(running, place),
            Message::Command(Command::SetDestination { place, on: false }) => {
                if running.lines.turn_off(place) {
                    self.destination_is(running, place, DestinationState::Off);
                }
            }
            Message::Command(Command::StartRecording { pattern, split }) => {
                self.start_recording(running, &pattern, split);
            }
            Message::Command(Command::StopRecording) => self.stop_recording(running),
            Message::Command(Command::Mark) => self.mark(running),
            Message::Command(Command::SaveReplay) => self.save_replay(running),
            Message::ShareRehearsal => {
                if let Some(rehearse) = &running.rehearse {
                    self.tell(StudioEvent::RehearsalShared(rehearse.share()));
                }
            }
            Message::Stage(event) => self.handle_stage(running, event),
            Message::EncoderFailed { about, error, fatal } => {
                let problem = Problem::from_encoder(about, &error);
                if fatal {
                    self.fail_and_end(running, problem);
                } else {
                    self.tell(StudioEvent::Problem(problem));
                }
            }
            Message::VideoEnded => running.video_ended = true,
            Message::AudioEnded => running.audio_ended = true,
            Message::Recorder(number, event) => self.handle_recorder(running, number, &event),
            Message::Replay(saved) => self.handle_replay(saved),
            Message::Publisher(id, event) => {
                if let Some(place) = running.lines.place_of(id) {
                    self.handle_publisher(running, place, event);
                }
            }
        }
    }

    fn handle_stage(&self, running: &mut Running, event: StageEvent) {
        match event {
            // A show that waits for it looks at the stage after each message. What was lost has been replaced.
            StageEvent::FirstPicture => running.video_lost = None,
            StageEvent::FirstSound => running.audio_lost = None,
            StageEvent::Video(name, event) => {
                let problem = Problem::from_source_event(&name, &event);
                // A picture that stands still is a picture.
                let is_there = matches!(event, SourceEvent::Restored | SourceEvent::Frozen { .. });
                running.video_lost = (!is_there).then(|| problem.clone());
                self.tell_of_source(problem, running.audio_lost.as_ref());
            }
            StageEvent::Audio(name, event) => {
                let problem = Problem::from_source_event(&name, &event);
                running.audio_lost = (event != SourceEvent::Restored).then(|| problem.clone());
                self.tell_of_source(problem, running.video_lost.as_ref());
            }
            StageEvent::Noticed(notice) => self.tell(StudioEvent::Problem(Problem::from_noticed(&notice))),
            StageEvent::Retired(source) => drop(source),
        }
    }

    /// Tells what happened to the picture or to the sound. `other_lost`: why the other of the two is missing; where both come
    /// from one clip it is told once that they are gone, and once that both are back.
    fn tell_of_source(&self, problem: Problem, other_lost: Option<&Problem>) {
        let is_told = other_lost.is_some_and(|lost| {
            let is_the_same = [lost.kind, ProblemKind::SourceRestored].contains(&problem.kind);
            lost.about == problem.about && is_the_same
        });
        if !is_told {
            self.tell(StudioEvent::Problem(problem));
        }
    }

    pub(super) fn end(&self, running: &mut Running) {
        let now = self.clock.now();
        running.program.end_at(now);
        match running.phase {
            Phase::Preparing { .. } => running.phase = Phase::Done,
            Phase::Running => running.phase = Phase::Stopping { since: now },
            Phase::Stopping { .. } | Phase::Draining { .. } | Phase::Done => {}
        }
    }

    /// Ends everything and sums up.
    fn finish(&self, mut running: Running) -> Summary {
        running.program.end_at(self.clock.now());
        running.program.fanout().close();
        let disk = running.kept.disk(self.clock.now(), running.program.encoded());
        let recordings = self.finish_recording(&mut running);
        // A device that is gone at the end of the show did not come back.
        for lost in [running.video_lost.take(), running.audio_lost.take()].into_iter().flatten() {
            running.failures.push(lost);
        }
        let now = self.clock.now();
        let totals = running.health.totals(now, &running.program, &running.lines, disk);
        if let Some(rehearse) = running.rehearse.take() {
            running.lines.clear();
            let missing = running.stage.handle().standing().never_came();
            let (left_out, captured) = (totals.skipped + totals.missed, totals.frames_captured + totals.missed);
            let report = rehearse.finish(&self.settings).with_left_out(left_out, captured).without(missing);
            self.tell(StudioEvent::Rehearsal(Box::new(report)));
        }
        let end = running.program.end().min(now);
        let duration = running.program.first().map_or(Duration::ZERO, |first| end.since(first));
        let worst_second = running.health.worst_second();
        let failure = running.failures.into_iter().next();
        Summary { duration, totals, recordings, flight: None, worst_second, failure }
    }

    /// A problem that makes the show end otherwise than asked.
    pub(super) fn fail(&self, running: &mut Running, problem: Problem) {
        self.tell(StudioEvent::Problem(problem.clone()));
        running.failures.push(problem);
    }

    /// A problem that ends the show: whatever failed before it did not.
    fn fail_and_end(&self, running: &mut Running, problem: Problem) {
        self.tell(StudioEvent::Problem(problem.clone()));
        running.failures = vec![problem];
        self.end(running);
    }

    pub(super) fn step(&self, name: &'static str, started: Timestamp, ok: bool, detail: String) {
        let took = self.clock.now().since(started);
        self.tell(StudioEvent::Step(StepReport { name, destination: None, place: None, ok, took, detail }));
    }

    /// Tells the face.
    pub(super) fn tell(&self, event: StudioEvent) {
        self.flight.hear(&event);
        event.trace();
        self.face.tell(event);
    }
}

impl Running {
    /// Lets the picture's rate follow the network.
    fn adapt(&mut self, now: Timestamp) {
        let Some((place, seen)) = self.lines.clearest(self.train_at) else { return };
        if let Some(bitrate) = self.rate.observe(now, seen) {
            tracing::info!(%bitrate, ?seen, "the picture's rate follows the network");
            self.bitrate.set(bitrate);
        }
        if let Some(bytes_max) = self.rate.take_train_wish() {
            tracing::debug!(place, bytes_max, "a train is to tell what the network carries");
            self.lines.want_train(place, bytes_max);
        }
        self.train_at = self.rate.awaits_train().then_some(place);
    }

    pub(super) fn lines_and_starter<'a>(&'a mut self, clock: &'a Clock) -> (&'a mut Lines, Starter<'a>) {
        let (network, fanout) = (&self.network, self.program.fanout());
        let cache = self.cache;
        let starter = Starter { network, fanout, headers: &self.headers, clock, retry_for: RETRY_FOR, cache };
        (&mut self.lines, starter)
    }

    fn second(&mut self, now: Timestamp) -> super::Stats {
        let disk = self.kept.disk(now, self.program.encoded());
        let on_air = self.phase == Phase::Running && self.program.first().is_some();
        let mut stats = self.health.second(now, on_air, &self.program, &self.lines, disk);
        stats.source_away = on_air && (self.video_lost.is_some() || self.audio_lost.is_some());
        stats.network_kbps = self.rate.narrow().map(|bps| bps as f64 / 1e3);
        stats
    }
}
