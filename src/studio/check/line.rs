//! One destination of a check: from what its publisher tells and what its queue shows to steps. Pure: time is an argument.

use std::time::Duration;

use super::form::PublishForm;
use super::report::{CheckDetail, CheckEvent, CheckStep, CheckedDestination};
use super::verdict::{self, Upload};
use crate::media::Timestamp;
use crate::output::publisher::{PublishTarget, PublisherEvent};
use crate::output::{PublishError, PublishStep, Segments};
use crate::settings::{EncodingSettings, ShowSettings, VideoChoice};
use crate::studio::lines::sent_on_about;
use crate::studio::{Problem, ProblemKind, wording};

/// All steps up to the publish together: a server that is slow in each of them is none to stream to.
const CONNECT_DEADLINE: Duration = Duration::from_secs(12);
/// A server that closes so soon after it has accepted has refused; until then nobody knows.
const ACCEPTED_AFTER: Duration = Duration::from_millis(1100);
/// How long the upload is tried.
const SUSTAINED: Duration = Duration::from_secs(10);
/// What goes into buffers on the way, and is not carried yet, goes there first.
const LEAD: Duration = Duration::from_secs(4);
/// The step that tries the upload.
const SUSTAINED_STEP: &str = "sustained";

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    /// Tell it.
    Tell(Box<CheckEvent>),
    /// Send what is queued and say goodbye.
    End,
    /// Leave at once.
    Abort,
}

/// What is seen of the way to the destination.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// Bytes of media made so far.
    pub(super) offered: u64,
    /// Bytes of media handed to the system so far.
    pub(super) sent: u64,
    /// Media time that waits.
    pub(super) waiting: Duration,
    /// Data segments of the connection, if the system counts them.
    pub(super) segments: Option<Segments>,
}

/// Whether there is media to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// Not yet.
    Awaited,
    /// Since then.
    Flows(Timestamp),
    /// There will be none: a source failed.
    Never,
}

/// What the upload is measured from.
#[derive(Clone, Copy, Debug)]
struct Mark {
    at: Timestamp,
    offered: u64,
    sent: u64,
    segments: Option<Segments>,
}

#[derive(Debug)]
enum State {
    Connecting,
    /// Accepted, which is told when it is sure.
    Accepted {
        since: Timestamp,
        /// Of the step `publish`, until it is told.
        publish: Option<(Duration, String)>,
        mark: Option<Mark>,
    },
    Done {
        ok: bool,
    },
}

/// See the file's first line.
#[derive(Debug)]
pub(super) struct Line {
    about: String,
    /// The server that this one sends on to.
    sent_on_to: Option<String>,
    /// Whether it publishes without a key or a name.
    nameless: bool,
    form: PublishForm,
    encoding: EncodingSettings,
    /// What the show needs, picture and sound.
    planned_kbps: f64,
    started: Timestamp,
    step_since: Timestamp,
    state: State,
    /// The steps that worked.
    done: Vec<PublishStep>,
    tls: bool,
    sustained: bool,
    /// A step that failed, whose error follows.
    failing: Option<(PublishStep, Duration)>,
    /// When the certificate expires, since 1970.
    expires: Option<Duration>,
}

impl Line {
    pub(super) fn new(target: &PublishTarget, form: PublishForm, show: &ShowSettings, now: Timestamp) -> Self {
        let video_kbps = if show.video == VideoChoice::None { 0 } else { show.encoding.video_bitrate.kbps() };
        Self {
            about: target.about.clone(),
            sent_on_to: None,
            nameless: target.stream_name.is_empty(),
            tls: target.tls,
            form,
            planned_kbps: f64::from(video_kbps + show.encoding.audio_bitrate.kbps()),
            encoding: show.encoding.clone(),
            started: now,
            step_since: now,
            state: State::Connecting,
            done: Vec::new(),
            sustained: false,
            failing: None,
            expires: None,
        }
    }

    /// The name it is told by.
    pub(super) fn about(&self) -> &str {
        &self.about
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.state, State::Done { .. })
    }

    pub(super) fn summary(&self) -> CheckedDestination {
        let last = self.done.last().map(|step| step.word());
        let decided_at = if self.form.publishes() { PublishStep::Publish } else { PublishStep::CreateStream };
        CheckedDestination {
            destination: self.about.clone(),
            reached: if self.sustained { Some(SUSTAINED_STEP) } else { last },
            ok: matches!(self.state, State::Done { ok: true }),
            form: if self.done.contains(&decided_at) { self.form } else { PublishForm::NotReached },
        }
    }

    /// Takes what the publisher tells at `now`; `unix` is the wall time.
    pub(super) fn handle(&mut self, event: PublisherEvent, now: Timestamp, unix: Duration) -> Vec<Act> {
        if self.is_done() {
            return Vec::new();
        }
        match event {
            PublisherEvent::Step { step, ok: true, took, detail } => self.step_done(step, took, detail, now, unix),
            PublisherEvent::Step { step, ok: false, took, .. } => {
                self.failing = Some((step, took));
                Vec::new()
            }
            PublisherEvent::Certificate { expires } => {
                self.expires = Some(expires);
                Vec::new()
            }
            PublisherEvent::ServerSaid { level, code, description } if level == "error" || level == "warning" => {
                let words = [code, description.unwrap_or_default()].join(" ").trim().to_owned();
                let problem = Problem::new(ProblemKind::ServerWarning, self.about.clone(), level);
                vec![tell(CheckEvent::Note(problem.said(Some(words))))]
            }
            PublisherEvent::SentOn { to } => {
                self.sent_on_to = to;
                Vec::new()
            }
            PublisherEvent::Lost { error, .. } => {
                let mut acts = self.failed(&error, now);
                acts.push(Act::Abort);
                acts
            }
            PublisherEvent::Failed { error: PublishError::Cancelled, .. } => Vec::new(),
            PublisherEvent::Failed { error, .. } => self.failed(&error, now),
            // Its backup is a line of its own.
            PublisherEvent::Nowhere { wanted, .. } => self.failed(&wanted, now),
            PublisherEvent::ServerSaid { .. }
            | PublisherEvent::State(_)
            | PublisherEvent::Stays { .. }
            | PublisherEvent::OnBackup => Vec::new(),
        }
    }

    /// Looks at the clock, and at the upload if there is one.
    pub(super) fn poll(&mut self, now: Timestamp, seen: Seen, media: Media) -> Vec<Act> {
        match &mut self.state {
            State::Connecting if now.since(self.started) >= CONNECT_DEADLINE => {
                let step = self.next_step();
                let error = PublishError::TimedOut { step, after: now.since(self.started) };
                self.failing = Some((step, now.since(self.step_since)));
                let mut acts = self.failed(&error, now);
                acts.push(Act::Abort);
                acts
            }
            State::Accepted { since, publish, mark } => {
                let since = *since;
                let mut acts = Vec::new();
                if now.since(since) >= ACCEPTED_AFTER
                    && let Some((took, detail)) = publish.take()
                {
                    acts.push(worked(&self.about, PublishStep::Publish.word(), took, CheckDetail::Words(detail)));
                }
                let begun = match media {
                    Media::Awaited => return acts,
                    Media::Flows(first) => since.max(first),
                    Media::Never if publish.is_some() => return acts,
                    Media::Never => {
                        self.state = State::Done { ok: true };
                        acts.push(Act::End);
                        return acts;
                    }
                };
                let tried = now.since(begun);
                match mark {
                    None if tried >= LEAD => {
                        let Seen { offered, sent, segments, .. } = seen;
                        *mark = Some(Mark { at: now, offered, sent, segments });
                    }
                    Some(mark) if tried >= SUSTAINED => {
                        let mark = *mark;
                        acts.extend(self.judge(mark, now, seen, tried));
                    }
                    Some(_) | None => {}
                }
                acts
            }
            State::Connecting | State::Done { .. } => Vec::new(),
        }
    }

    fn judge(&mut self, mark: Mark, now: Timestamp, seen: Seen, took: Duration) -> [Act; 2] {
        let seconds = now.since(mark.at).as_secs_f64().max(1e-3);
        let kbps = |from: u64, to: u64| to.saturating_sub(from) as f64 * 8.0 / 1000.0 / seconds;
        let offered_kbps = kbps(mark.offered, seen.offered);
        let upload = Upload {
            planned_kbps: self.planned_kbps,
            offered_kbps,
            // A packet counts when its last byte is taken: what was taken before may count now.
            carried_kbps: kbps(mark.sent, seen.sent).min(offered_kbps),
            packet_loss: verdict::packet_loss(mark.segments, seen.segments),
        };
        let judged = verdict::judge_upload(&self.about, &upload, seen.waiting, &self.encoding);
        let ok = !judged.as_ref().is_some_and(|(fails, _)| *fails);
        self.sustained = ok;
        self.state = State::Done { ok };
        let step = CheckStep {
            name: SUSTAINED_STEP,
            destination: Some(self.about.clone()),
            place: None,
            ok,
            took,
            detail: CheckDetail::Upload(upload),
            problem: judged.as_ref().map(|(_, problem)| problem.clone()),
        };
        // What still waits in a network that is too narrow would take its time.
        let holds = judged.is_none_or(|(_, problem)| problem.kind == ProblemKind::PacketLoss);
        let leave = if holds { Act::End } else { Act::Abort };
        [tell(CheckEvent::Step(step)), leave]
    }

    fn step_done(
        &mut self,
        step: PublishStep,
        took: Duration,
        detail: String,
        now: Timestamp,
        unix: Duration,
    ) -> Vec<Act> {
        // A login makes a connection anew for each of its rounds.
        self.failing = None;
        self.step_since = now;
        if step >= PublishStep::FirstKeyframe || self.done.contains(&step) {
            return Vec::new();
        }
        self.done.push(step);
        if step == PublishStep::Publish {
            self.state = State::Accepted { since: now, publish: Some((took, detail)), mark: None };
            return Vec::new();
        }
        let days = self.expires.filter(|_| step == PublishStep::Tls).map(|expires| verdict::days_left(expires, unix));
        let problem = days.and_then(|days| verdict::judge_certificate(&self.about, days));
        let detail = match days {
            Some(days) => CheckDetail::Certificate { version: detail, days },
            None => CheckDetail::Words(detail),
        };
        if step == PublishStep::CreateStream && !self.form.publishes() {
            self.state = State::Done { ok: true };
        }
        let (name, destination) = (step.word(), Some(self.about.clone()));
        vec![tell(CheckEvent::Step(CheckStep { name, destination, place: None, ok: true, took, detail, problem }))]
    }

    fn failed(&mut self, error: &PublishError, now: Timestamp) -> Vec<Act> {
        let mut problem = Problem::from_publish(&sent_on_about(&self.about, self.sent_on_to.as_deref()), error)
            .of_nameless(self.nameless);
        let mut acts = Vec::new();
        let (name, took) = match std::mem::replace(&mut self.state, State::Done { ok: false }) {
            State::Accepted { since, publish, .. } => {
                let refused = error.refuses_publish();
                match publish {
                    Some((took, _)) if refused => {
                        self.done.retain(|step| *step != PublishStep::Publish);
                        (PublishStep::Publish.word(), took)
                    }
                    publish => {
                        if let Some((took, detail)) = publish {
                            let detail = CheckDetail::Words(detail);
                            acts.push(worked(&self.about, PublishStep::Publish.word(), took, detail));
                        }
                        if problem.kind != ProblemKind::ConnectionLost {
                            problem.details = wording::what(&problem);
                        }
                        problem.kind = ProblemKind::LostWhileChecking;
                        (SUSTAINED_STEP, now.since(since))
                    }
                }
            }
            State::Connecting | State::Done { .. } => {
                let (step, took) = self.failing.take().unwrap_or((self.next_step(), now.since(self.step_since)));
                (step.word(), took)
            }
        };
        let step = CheckStep {
            name,
            destination: Some(self.about.clone()),
            place: None,
            ok: false,
            took,
            detail: CheckDetail::Failed,
            problem: Some(problem),
        };
        acts.push(tell(CheckEvent::Step(step)));
        acts
    }

    /// The step that is being tried.
    fn next_step(&self) -> PublishStep {
        let steps = [
            PublishStep::Dns,
            PublishStep::Tcp,
            PublishStep::Tls,
            PublishStep::Handshake,
            PublishStep::Connect,
            PublishStep::CreateStream,
        ];
        let open = |step: &PublishStep| !self.done.contains(step) && (self.tls || *step != PublishStep::Tls);
        steps.into_iter().find(open).unwrap_or(PublishStep::Publish)
    }
}

fn tell(event: CheckEvent) -> Act {
    Act::Tell(Box::new(event))
}

fn worked(about: &str, name: &'static str, took: Duration, detail: CheckDetail) -> Act {
    let destination = Some(about.to_owned());
    tell(CheckEvent::Step(CheckStep { name, destination, place: None, ok: true, took, detail, problem: None }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtmp::client::{ClientError, Step};

    const DAY: Duration = Duration::from_secs(86_400);

    fn at(seconds: f64) -> Timestamp {
        Timestamp::ZERO + Duration::from_secs_f64(seconds)
    }

    fn line(form: PublishForm) -> Line {
        let target = PublishTarget::new("rtmp://h/app", Some("key"), None, None).unwrap();
        Line::new(&target, form, &ShowSettings::default(), Timestamp::ZERO)
    }

    fn done(line: &mut Line, step: PublishStep, time: f64) -> Vec<Act> {
        let took = Duration::from_millis(5);
        let event = PublisherEvent::Step { step, ok: true, took, detail: "as it should be".to_owned() };
        line.handle(event, at(time), DAY * 20_000)
    }

    fn connect(line: &mut Line) {
        for step in [PublishStep::Dns, PublishStep::Tcp, PublishStep::Handshake, PublishStep::Connect] {
            assert_eq!(told(&done(line, step, 0.1)), [(step.word(), true, None)]);
        }
    }

    /// Names of the steps, whether they worked, and the kind of their problem.
    fn told(acts: &[Act]) -> Vec<(&'static str, bool, Option<ProblemKind>)> {
        let steps = acts.iter().filter_map(|act| match act {
            Act::Tell(event) => match &**event {
                CheckEvent::Step(step) => Some((step.name, step.ok, step.problem.as_ref().map(|p| p.kind))),
                CheckEvent::Note(_) | CheckEvent::Ended(_) => None,
            },
            Act::End | Act::Abort => None,
        });
        steps.collect()
    }

    fn live(form: PublishForm) -> Line {
        let mut line = line(form);
        connect(&mut line);
        assert_eq!(done(&mut line, PublishStep::CreateStream, 0.1).len(), 1);
        assert!(done(&mut line, PublishStep::Publish, 0.2).is_empty(), "it may be closed at once");
        line
    }

    #[test]
    fn without_leave_to_publish_the_stream_is_the_end() {
        let mut line = line(PublishForm::Stops);
        connect(&mut line);
        assert_eq!(told(&done(&mut line, PublishStep::CreateStream, 0.1)), [("create_stream", true, None)]);
        assert!(line.is_done());
        let summary = line.summary();
        assert!(summary.ok && summary.reached == Some("create_stream") && summary.form == PublishForm::Stops);
    }

    #[test]
    fn an_upload_is_measured_after_its_lead_and_judged_after_ten_seconds() {
        for (sent_kbps, waiting, expected) in [
            (3910, 0.02, ("sustained", true, None)),
            (3300, 1.6, ("sustained", true, Some(ProblemKind::UploadTight))),
            (1000, 7.0, ("sustained", false, Some(ProblemKind::UploadTooSlow))),
            (0, 9.0, ("sustained", false, Some(ProblemKind::UploadTooSlow))),
        ] {
            let mut line = live(PublishForm::Asked);
            let (mut acts, mut steps) = (Vec::new(), Vec::new());
            for tenth in 0..120 {
                let time = 0.2 + f64::from(tenth) / 10.0;
                // Buffers on the way take 300 kB at once.
                let bytes = |kbps: u32| (f64::from(kbps) * 125.0 * (time - 0.2)) as u64;
                let sent = (bytes(sent_kbps) + 300_000).min(bytes(3910));
                let waiting = Duration::from_secs_f64(waiting);
                let seen = Seen { offered: bytes(3910), sent, waiting, segments: None };
                acts.extend(line.poll(at(time), seen, Media::Flows(at(0.0))));
                steps.extend(told(&acts).into_iter().map(|step| (step, time)).skip(steps.len()));
            }
            assert_eq!(steps.len(), 2, "{steps:?}");
            assert_eq!((steps[0].0, steps[1].0), (("publish", true, None), expected));
            assert!((1.2..1.5).contains(&steps[0].1) && (10.1..10.4).contains(&steps[1].1), "{steps:?}");
            let leaves = if expected.2.is_some() { Act::Abort } else { Act::End };
            assert_eq!(acts.last(), Some(&leaves));
            let Act::Tell(event) = &acts[1] else { panic!("{acts:?}") };
            let CheckEvent::Step(CheckStep { detail: CheckDetail::Upload(upload), .. }) = &**event else {
                panic!("{event:?}")
            };
            assert!((upload.carried_kbps - f64::from(sent_kbps)).abs() < 50.0, "{upload:?}");
            assert_eq!(line.summary().ok, expected.1);
        }
    }

    #[test]
    fn a_server_that_accepts_and_closes_has_refused_the_publish() {
        let mut line = live(PublishForm::Asked);
        let error = PublishError::ClosedAtOnce { reason: "it said nothing".to_owned() };
        let acts = line.handle(PublisherEvent::Failed { error, was_live: false }, at(0.4), DAY);
        assert_eq!(told(&acts), [("publish", false, Some(ProblemKind::PublishRejected))]);
        assert_eq!((line.summary().reached, line.summary().form), (Some("create_stream"), PublishForm::NotReached));
        let mut line = live(PublishForm::Asked);
        let (code, description) = ("NetStream.Publish.BadName".to_owned(), Some("invalid key".to_owned()));
        let error = PublishError::Session(ClientError::Rejected { step: Step::Publish, code, description });
        let acts = line.handle(PublisherEvent::Failed { error, was_live: false }, at(0.4), DAY);
        assert_eq!(told(&acts), [("publish", false, Some(ProblemKind::PublishRejected))]);
    }

    #[test]
    fn whoever_gave_no_key_is_asked_for_one() {
        for (url, told) in [("rtmp://h/live", "rtmp://server/app/NAME"), ("rtmp://h/live/k", "Copy the stream key")] {
            let target = PublishTarget::new(url, None, None, None).unwrap();
            let mut line = Line::new(&target, PublishForm::Asked, &ShowSettings::default(), Timestamp::ZERO);
            connect(&mut line);
            let (step, code) = (crate::rtmp::client::Step::Publish, "NetStream.Publish.BadName".to_owned());
            let error = PublishError::Session(ClientError::Rejected { step, code, description: None });
            let acts = line.handle(PublisherEvent::Failed { error, was_live: false }, at(0.4), DAY);
            let [.., Act::Tell(event)] = &acts[..] else { panic!("{acts:?}") };
            let CheckEvent::Step(CheckStep { problem: Some(problem), .. }) = &**event else { panic!("{event:?}") };
            assert!(wording::to_do(problem).contains(told), "{url}: {problem:?}");
        }
    }

    #[test]
    fn a_connection_that_is_lost_later_is_lost_in_the_upload() {
        let mut line = live(PublishForm::Asked);
        let error = PublishError::Broken { step: PublishStep::Live, reason: "reset".to_owned() };
        let acts = line.handle(PublisherEvent::Lost { error, was_live: true }, at(0.9), DAY);
        let lost = ("sustained", false, Some(ProblemKind::LostWhileChecking));
        assert_eq!(told(&acts), [("publish", true, None), lost]);
        assert_eq!(acts.last(), Some(&Act::Abort));
        assert!(
            line.handle(PublisherEvent::Lost { error: PublishError::Refused, was_live: true }, at(1.0), DAY).is_empty(),
            "it is over"
        );
    }

    #[test]
    fn the_rounds_of_a_login_are_told_once_and_its_refusals_are_no_failures() {
        let mut line = line(PublishForm::Stops);
        for round in 0..2 {
            for step in [PublishStep::Dns, PublishStep::Tcp, PublishStep::Handshake] {
                assert_eq!(done(&mut line, step, 0.1).len(), usize::from(round == 0));
            }
            let refused = PublisherEvent::Step {
                step: PublishStep::Connect,
                ok: false,
                took: Duration::from_millis(7),
                detail: String::new(),
            };
            assert!(line.handle(refused, at(0.2), DAY).is_empty());
        }
        let error = PublishError::Session(ClientError::Rejected {
            step: Step::Connect,
            code: "NetConnection.Connect.Rejected".to_owned(),
            description: Some("[ authmod=adobe ] : ?reason=authfailed".to_owned()),
        });
        let acts = line.handle(PublisherEvent::Failed { error, was_live: false }, at(0.3), DAY);
        assert_eq!(told(&acts), [("connect", false, Some(ProblemKind::LoginRefused))]);
    }

    #[test]
    fn packets_lost_after_the_lead_are_told_and_the_line_says_goodbye() {
        // A connection that begins too fast loses some: that is not counted.
        for (a_second, kind) in [(0.0, None), (1.0, None), (9.0, Some(ProblemKind::PacketLoss))] {
            let mut line = live(PublishForm::Asked);
            let acts = (0..120).flat_map(|tenth| {
                let time = 0.2 + f64::from(tenth) / 10.0;
                let bytes = (391.0 * 1250.0 * (time - 0.2)) as u64;
                let segments = Segments { sent: bytes / 1448, lost: 200 + (a_second * time) as u64 };
                let seen = Seen { offered: bytes, sent: bytes, waiting: Duration::ZERO, segments: Some(segments) };
                line.poll(at(time), seen, Media::Flows(at(0.0)))
            });
            let acts: Vec<_> = acts.collect();
            assert_eq!(told(&acts), [("publish", true, None), ("sustained", true, kind)]);
            assert_eq!(acts.last(), Some(&Act::End));
            assert!(line.summary().ok);
        }
    }

    #[test]
    fn a_server_that_is_slow_in_every_step_is_given_up_at_the_one_it_is_in() {
        let mut line = line(PublishForm::Stops);
        done(&mut line, PublishStep::Dns, 4.0);
        done(&mut line, PublishStep::Tcp, 8.0);
        assert!(line.poll(at(11.9), Seen::default(), Media::Awaited).is_empty());
        let acts = line.poll(at(12.0), Seen::default(), Media::Awaited);
        assert_eq!(told(&acts), [("handshake", false, Some(ProblemKind::TimedOut))]);
        assert_eq!(acts.last(), Some(&Act::Abort));
        // Nothing stopped before publishing, for it did not come so far: --publish would change nothing.
        assert_eq!(line.summary().form, PublishForm::NotReached);
    }

    #[test]
    fn without_a_source_nothing_is_sent_and_the_publish_is_told() {
        let mut line = live(PublishForm::Rehearsal);
        assert!(line.poll(at(0.3), Seen::default(), Media::Never).is_empty());
        let acts = line.poll(at(1.4), Seen::default(), Media::Never);
        assert_eq!((told(&acts), acts.last()), (vec![("publish", true, None)], Some(&Act::End)));
        assert_eq!(line.summary().reached, Some("publish"));
    }

    #[test]
    fn a_certificate_is_told_with_its_days() {
        let mut line = line(PublishForm::Stops);
        line.tls = true;
        line.handle(PublisherEvent::Certificate { expires: DAY * 20_003 }, at(0.1), DAY * 20_000);
        let acts = done(&mut line, PublishStep::Tls, 0.2);
        assert_eq!(told(&acts), [("tls", true, Some(ProblemKind::CertificateExpiresSoon))]);
    }
}
