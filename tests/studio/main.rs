//! The studio through its public face: sources that are always on, shows that begin and end on them.

#![expect(clippy::unwrap_used, reason = "a test may")]

#[cfg(test)]
mod recordings;
mod small;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tally::capture::DeviceKind;
use tally::clock::Clock;
use tally::ingest::{IngestConfig, IngestEvent, IngestServer};
use tally::media::Size;
use tally::settings::{AudioChoice, Destination, EncodingSettings, IngestSettings, ShowSettings, VideoChoice};
use tally::studio::check::{Check, CheckEvent, CheckSettings, CheckSummary, CheckVerdict, NextCheckEvent};
use tally::studio::rehearsal::RehearsalReport;
use tally::studio::{
    Command, DestinationState, KeptChoice, KeptSource, NextEvent, PreviewRate, ProblemKind, Show, SourceState, Studio,
    StudioCommand, StudioEvent, Summary,
};

use small::rehearsal as settings;

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(20);

struct Open {
    studio: Studio,
    clock: Clock,
}

impl Open {
    fn new(settings: &ShowSettings) -> Self {
        let clock = Clock::system();
        Self { studio: Studio::open(settings, clock.clone()).unwrap(), clock }
    }

    /// The first event that `wanted` takes.
    fn wait<T>(&self, mut wanted: impl FnMut(StudioEvent) -> Option<T>) -> T {
        let deadline = self.clock.now() + PATIENCE;
        while self.clock.now() < deadline {
            match self.studio.next_event(Duration::from_millis(20)) {
                NextEvent::Event(event) => {
                    if let Some(value) = wanted(event) {
                        return value;
                    }
                }
                NextEvent::Nothing => {}
                NextEvent::Gone => panic!("the studio died"),
            }
        }
        panic!("it did not come");
    }

    fn wait_until(&self, mut wanted: impl FnMut() -> bool) {
        let deadline = self.clock.now() + PATIENCE;
        while !wanted() {
            assert!(self.clock.now() < deadline, "it did not come");
            let _ = self.studio.next_event(Duration::from_millis(5));
        }
    }

    fn wait_for_source(&self, wanted: DeviceKind) -> SourceState {
        self.wait(|event| match event {
            StudioEvent::Source { kind, state } if kind == wanted && state != SourceState::Opening => Some(state),
            _ => None,
        })
    }

    fn go_live(&self, settings: ShowSettings) {
        assert!(self.studio.command(StudioCommand::GoLive(Box::new(settings))));
    }

    fn wait_for_live(&self) {
        self.wait(|event| matches!(event, StudioEvent::State { state: DestinationState::Live, .. }).then_some(()));
    }

    fn wait_for_stats(&self, count: usize) {
        for _ in 0..count {
            self.wait(|event| matches!(event, StudioEvent::Stats(_)).then_some(()));
        }
    }

    fn end(&self) -> (Option<RehearsalReport>, Summary) {
        assert!(self.studio.command(StudioCommand::Show(Command::End)));
        let mut report = None;
        let summary = self.wait(|event| match event {
            StudioEvent::Rehearsal(arrived) => {
                report = Some(*arrived);
                None
            }
            StudioEvent::Ended(summary) => Some(*summary),
            _ => None,
        });
        (report, summary)
    }
}

#[test]
fn picture_and_sound_are_there_before_any_show() {
    let open = Open::new(&settings());
    let preview = open.studio.preview();
    let pictures = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&pictures);
    preview.set_notify(move || {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    assert!(matches!(open.wait_for_source(DeviceKind::Camera), SourceState::Ready(_)));
    assert_eq!(pictures.load(Ordering::Relaxed), 0, "nobody looks yet");
    preview.set_rate(PreviewRate::Full);
    open.wait_until(|| pictures.load(Ordering::Relaxed) > 10);
    assert_eq!(preview.take().unwrap().size(), Size::new(320, 180));
    // The test signal beeps once a second.
    open.wait_until(|| open.studio.levels().channels.first().is_some_and(|level| level.peak_dbfs > -30.0));
}

#[test]
fn shows_come_and_go_on_a_stage_that_stays() {
    let open = Open::new(&settings());
    open.studio.preview().set_rate(PreviewRate::Full);
    for round in 0..3 {
        open.go_live(settings());
        // A second wish while one is on is no second show.
        open.go_live(settings());
        open.wait_for_live();
        open.wait_for_stats(2);
        let (report, summary) = open.end();
        let report = report.unwrap();
        assert_eq!(summary.failure, None, "round {round}");
        assert_eq!(report.frames_received, summary.totals.frames_encoded, "round {round}");
        assert!(summary.totals.frames_encoded > 30, "round {round}: {summary:?}");
        open.wait_until(|| open.studio.preview().take().is_some());
    }
}

#[test]
fn sources_change_on_air_without_a_hole() {
    let open = Open::new(&settings());
    let clip = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/surround.mp4");
    open.go_live(settings());
    open.wait_for_live();
    open.wait_for_stats(1);
    open.studio.command(StudioCommand::SetAudio(AudioChoice::File(clip)));
    assert!(matches!(open.wait_for_source(DeviceKind::Microphone), SourceState::Ready(_)));
    let still = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/b_frames.mp4");
    open.studio.command(StudioCommand::SetVideo(VideoChoice::File(still)));
    assert!(matches!(open.wait_for_source(DeviceKind::Camera), SourceState::Ready(_)));
    open.wait_for_stats(2);
    let (report, summary) = open.end();
    assert_eq!(summary.failure, None);
    assert_eq!(report.unwrap().frames_received, summary.totals.frames_encoded);
    assert_eq!((summary.totals.missed, summary.totals.dropped), (0, 0));
}

#[test]
fn a_source_that_cannot_be_opened_on_air_leaves_the_one_that_is_there() {
    let open = Open::new(&settings());
    open.go_live(settings());
    open.wait_for_live();
    let nope = PathBuf::from("/nope/nothing.mp4");
    let (video, audio) = (VideoChoice::File(nope.clone()), AudioChoice::File(nope));
    let refused = |command, name| {
        open.studio.command(command);
        open.wait(|event| match event {
            StudioEvent::SourceKept { source, problem } => Some((source, problem.kind)),
            StudioEvent::Source { state, .. } => panic!("{name} is {state:?}"),
            _ => None,
        })
    };
    let kept = KeptSource::Picture(KeptChoice { refused: video.clone(), stays: VideoChoice::Test });
    assert_eq!(refused(StudioCommand::SetVideo(video), "the picture"), (kept, ProblemKind::SourceUnreadable));
    let kept = KeptSource::Sound(KeptChoice { refused: audio.clone(), stays: AudioChoice::Test });
    assert_eq!(refused(StudioCommand::SetAudio(audio), "the sound"), (kept, ProblemKind::SourceUnreadable));
    open.wait_until(|| open.studio.levels().channels.first().is_some_and(|level| level.peak_dbfs > -30.0));
    let (report, summary) = open.end();
    assert_eq!((summary.failure, summary.totals.missed), (None, 0));
    assert_eq!(report.unwrap().frames_received, summary.totals.frames_encoded);
}

#[test]
fn an_incoming_stream_is_chosen_shown_and_moved() {
    let address = |state: SourceState| match state {
        SourceState::Ready(info) => info.address.unwrap(),
        other => panic!("{other:?}"),
    };
    let everywhere = |ip: &str| IngestSettings { listen: format!("{ip}:0").parse().unwrap(), key_file: None };
    let open = Open::new(&ShowSettings { ingest: everywhere("127.0.0.1"), ..settings() });
    open.wait_for_source(DeviceKind::Camera);
    open.studio.command(StudioCommand::SetVideo("ingest:phone".parse().unwrap()));
    let told = address(open.wait_for_source(DeviceKind::Camera));
    // The sender is there before the sound is wanted.
    let destinations = vec![Destination::at(&told)];
    let sending = ShowSettings { rehearse: false, destinations, ..settings() };
    let sender = Show::start(sending.with_secrets_split(), Clock::system()).unwrap();
    let pictures = open.studio.preview();
    pictures.set_rate(PreviewRate::Full);
    let is_black = |picture: &tally::media::Picture| picture.planes()[0].iter().all(|&y| y == 16);
    open.wait_until(|| pictures.take().is_some_and(|picture| !is_black(&picture)));
    open.studio.command(StudioCommand::SetAudio("ingest:phone".parse().unwrap()));
    assert_eq!(address(open.wait_for_source(DeviceKind::Microphone)), told);
    open.wait_until(|| open.studio.levels().channels.first().is_some_and(|level| level.peak_dbfs > -30.0));

    let (video, audio) = ("ingest:phone".parse().unwrap(), "ingest:phone".parse().unwrap());
    open.go_live(ShowSettings { video, audio, ingest: everywhere("127.0.0.1"), ..settings() });
    open.wait_for_live();
    open.wait_for_stats(6);
    let (report, summary) = open.end();
    let offset = report.unwrap().av_offset_ms.unwrap();
    assert!(offset.abs() < 20.0, "{offset} ms");
    assert_eq!((summary.failure, summary.totals.dropped), (None, 0));

    drop(sender);
    assert!(matches!(open.wait_for_source(DeviceKind::Camera), SourceState::Lost(_)));
    open.studio.command(StudioCommand::SetIngest(everywhere("127.0.0.2")));
    let moved = address(open.wait_for_source(DeviceKind::Camera));
    assert!(moved.starts_with("rtmp://127.0.0.2:") && moved.ends_with("/live/phone"), "{moved}");
}

#[test]
fn a_source_that_is_not_there_is_told_and_no_show_begins_without_it() {
    let wrong = ShowSettings { video: VideoChoice::File("no/such.mp4".into()), ..settings() };
    let open = Open::new(&wrong);
    let SourceState::Failed(problem) = open.wait_for_source(DeviceKind::Camera) else { panic!("it opened") };
    assert_eq!(problem.kind, ProblemKind::SourceUnreadable);
    open.go_live(wrong);
    let failure = open.wait(|event| match event {
        StudioEvent::Ended(summary) => Some(summary.failure),
        _ => None,
    });
    assert_eq!(failure.map(|problem| problem.kind), Some(ProblemKind::SourceUnreadable));
    // Another choice makes it good.
    open.go_live(settings());
    open.wait_for_live();
    assert_eq!(open.end().1.failure, None);
}

#[test]
fn a_show_that_begins_while_its_microphone_opens_waits_for_it() {
    let missing = AudioChoice::Microphone(Some("no-such-microphone".to_owned()));
    let wrong = ShowSettings { audio: missing, ..settings() };
    // At once, and after it is known.
    for waits in [false, true] {
        let open = Open::new(&settings());
        assert!(matches!(open.wait_for_source(DeviceKind::Camera), SourceState::Ready(_)));
        if waits {
            assert!(open.studio.command(StudioCommand::SetAudio(wrong.audio.clone())));
            open.wait(|event| match event {
                StudioEvent::Source { kind: DeviceKind::Microphone, state: SourceState::Failed(_) } => Some(()),
                _ => None,
            });
        }
        open.go_live(wrong.clone());
        let failure = open.wait(|event| match event {
            StudioEvent::Ended(summary) => Some(summary.failure),
            StudioEvent::State { state: DestinationState::Live, .. } => panic!("live without its microphone"),
            _ => None,
        });
        assert_eq!(failure.map(|problem| problem.kind), Some(ProblemKind::SourceNotFound), "waits: {waits}");
    }
}

#[test]
fn another_form_sets_the_stage_anew_but_never_under_a_show() {
    let open = Open::new(&settings());
    let preview = open.studio.preview();
    preview.set_rate(PreviewRate::Full);
    let larger = |settings: ShowSettings| Box::new(EncodingSettings { size: Size::new(640, 360), ..settings.encoding });
    open.go_live(settings());
    open.wait_for_live();
    open.studio.command(StudioCommand::SetEncoding(larger(settings())));
    open.wait_for_stats(1);
    assert!(preview.take().is_none_or(|picture| picture.size() == Size::new(320, 180)));
    assert_eq!(open.end().1.failure, None);
    open.wait_until(|| {
        open.studio.command(StudioCommand::SetEncoding(larger(settings())));
        preview.take().is_some_and(|picture| picture.size() == Size::new(640, 360))
    });
}

#[test]
fn a_muted_show_is_silent_and_its_meter_moves() {
    let open = Open::new(&settings());
    open.studio.command(StudioCommand::SetMuted(true));
    open.wait_until(|| open.studio.levels().muted);
    open.go_live(settings());
    open.wait_for_live();
    open.wait_for_stats(3);
    let loud = open.wait(|event| match event {
        StudioEvent::Stats(stats) => Some(stats.lufs),
        _ => None,
    });
    assert_eq!(loud, None, "muted sound has no loudness");
    open.wait_until(|| open.studio.levels().channels.iter().any(|level| level.peak_dbfs > -30.0));
    assert_eq!(open.end().1.failure, None);
}

/// An ingest that takes publishers, and what it has told.
fn ingest(clock: &Clock) -> (IngestServer, Arc<Mutex<Vec<IngestEvent>>>) {
    let told = Arc::<Mutex<Vec<IngestEvent>>>::default();
    let there = Arc::clone(&told);
    let config = IngestConfig::new("127.0.0.1:0".parse().unwrap());
    let server = IngestServer::start(config, clock.clone(), move |event| there.lock().unwrap().push(event)).unwrap();
    (server, told)
}

#[test]
fn a_destination_is_turned_off_and_on_while_the_other_goes_on() {
    let clock = Clock::system();
    let (first, told_first) = ingest(&clock);
    let (second, told_second) = ingest(&clock);
    let destination = |server: &IngestServer, name: &str| Destination {
        name: name.to_owned(),
        ..Destination::at(&format!("rtmp://{}/live/{name}", server.local_addr()))
    };
    let destinations = vec![destination(&first, "one"), destination(&second, "two")];
    let show = Show::start(ShowSettings { rehearse: false, destinations, ..settings() }, clock.clone()).unwrap();
    let wait = |wanted: &[(usize, DestinationState)]| {
        let deadline = clock.now() + PATIENCE;
        let mut open: Vec<_> = wanted.to_vec();
        while !open.is_empty() {
            assert!(clock.now() < deadline, "{open:?} did not come");
            if let NextEvent::Event(StudioEvent::State { place, state, .. }) =
                show.next_event(Duration::from_millis(20))
            {
                open.retain(|wanted| *wanted != (place, state));
            }
        }
    };
    wait(&[(0, DestinationState::Live), (1, DestinationState::Live)]);
    show.command(Command::SetDestination { place: 1, on: false });
    wait(&[(1, DestinationState::Off)]);
    let count = |told: &Mutex<Vec<IngestEvent>>, wanted: fn(&IngestEvent) -> bool| {
        told.lock().unwrap().iter().filter(|event| wanted(event)).count()
    };
    let ended = |event: &IngestEvent| matches!(event, IngestEvent::PublishEnded { .. });
    let started = |event: &IngestEvent| matches!(event, IngestEvent::PublishStarted { .. });
    let until = |wanted: &dyn Fn() -> bool| {
        let deadline = clock.now() + PATIENCE;
        while !wanted() {
            assert!(clock.now() < deadline, "it did not come");
            let _ = show.next_event(Duration::from_millis(5));
        }
    };
    until(&|| count(&told_second, ended) == 1);
    show.command(Command::SetDestination { place: 1, on: true });
    wait(&[(1, DestinationState::Live)]);
    until(&|| count(&told_second, started) == 2);
    // The last one that is turned off does not end the show: it may be turned on again.
    for place in [0, 1] {
        show.command(Command::SetDestination { place, on: false });
    }
    wait(&[(0, DestinationState::Off), (1, DestinationState::Off)]);
    show.command(Command::SetDestination { place: 0, on: true });
    wait(&[(0, DestinationState::Live)]);
    assert_eq!(count(&told_first, started), 2);
    show.command(Command::End);
    let deadline = clock.now() + PATIENCE;
    let summary = loop {
        assert!(clock.now() < deadline, "the show did not end");
        if let NextEvent::Event(StudioEvent::Ended(summary)) = show.next_event(Duration::from_millis(20)) {
            break summary;
        }
    };
    assert_eq!((summary.failure, summary.totals.dropped, summary.totals.reconnects), (None, 0, 0));
}

impl Open {
    fn check(&self, show: ShowSettings) {
        let settings = CheckSettings { show, publish: false };
        assert!(self.studio.command(StudioCommand::Check(Box::new(settings))));
    }

    /// The steps that a check tells, and its end.
    fn wait_for_check(&self) -> (Vec<(&'static str, bool)>, CheckSummary) {
        let mut steps = Vec::new();
        let summary = self.wait(|event| match event {
            StudioEvent::Check(event) => match *event {
                CheckEvent::Step(step) => {
                    steps.push((step.name, step.ok));
                    None
                }
                CheckEvent::Note(_) => None,
                CheckEvent::Ended(summary) => Some(*summary),
            },
            _ => None,
        });
        (steps, summary)
    }
}

#[test]
fn a_check_runs_on_the_stage_that_is_there_and_a_show_may_follow_at_once() {
    let open = Open::new(&settings());
    open.check(settings());
    // While it runs nothing else begins.
    open.go_live(settings());
    open.check(settings());
    let (steps, summary) = open.wait_for_check();
    assert_eq!(summary.verdict, CheckVerdict::Ready, "{summary:?}");
    assert!(steps.iter().all(|(_, ok)| *ok) && steps.len() == 10, "{steps:?}");
    assert_eq!((steps[0].0, steps[2].0, steps[9].0), ("source", "encoder", "sustained"));
    open.go_live(settings());
    open.wait_for_live();
    open.wait_for_stats(1);
    let (_, ended) = open.end();
    assert!(ended.failure.is_none() && ended.totals.frames_sent > 0, "{ended:?}");
}

#[test]
fn a_check_ends_when_it_is_asked_to_and_when_what_it_checks_changes() {
    let open = Open::new(&settings());
    open.check(settings());
    open.wait(|event| matches!(event, StudioEvent::Check(_)).then_some(()));
    assert!(open.studio.command(StudioCommand::EndCheck));
    assert_eq!(open.wait_for_check().1.verdict, CheckVerdict::Cancelled);

    open.check(settings());
    open.wait(|event| matches!(event, StudioEvent::Check(_)).then_some(()));
    let other = EncodingSettings { size: Size::new(160, 90), ..settings().encoding };
    assert!(open.studio.command(StudioCommand::SetEncoding(Box::new(other))));
    assert_eq!(open.wait_for_check().1.verdict, CheckVerdict::Cancelled);
    // The next one is of what is set now.
    open.check(settings());
    open.wait(|event| matches!(event, StudioEvent::Check(_)).then_some(()));
}

#[test]
fn a_card_stands_in_for_an_incoming_stream_that_ends_and_only_on_air() {
    let loopback = IngestSettings { listen: "127.0.0.1:0".parse().unwrap(), key_file: None };
    let incoming = || ShowSettings { video: "ingest:phone".parse().unwrap(), ingest: loopback.clone(), ..settings() };
    let open = Open::new(&incoming());
    let SourceState::Ready(info) = open.wait_for_source(DeviceKind::Camera) else { panic!("it did not open") };
    let destinations = vec![Destination::at(&info.address.unwrap())];
    let sending = ShowSettings { rehearse: false, destinations, ..settings() };
    let sender = Show::start(sending.with_secrets_split(), Clock::system()).unwrap();
    let preview = open.studio.preview();
    preview.set_rate(PreviewRate::Full);
    let corner =
        |wanted: &dyn Fn(u8) -> bool| preview.take().is_some_and(|picture| wanted(picture.planes()[0][90 * 320]));
    // The test picture has a light bar there.
    open.wait_until(|| corner(&|luma| luma > 100));
    open.go_live(incoming());
    open.wait_for_live();
    drop(sender);
    open.wait_until(|| corner(&|luma| luma == 44));
    open.end();
    open.wait_until(|| corner(&|luma| luma != 44));
}

#[test]
fn a_source_that_was_lost_on_air_and_replaced_is_no_failure_of_the_show() {
    let loopback = IngestSettings { listen: "127.0.0.1:0".parse().unwrap(), key_file: None };
    let phone = "ingest:phone";
    let incoming = || ShowSettings {
        video: phone.parse().unwrap(),
        audio: phone.parse().unwrap(),
        ingest: loopback.clone(),
        ..settings()
    };
    for replaced in [true, false] {
        let open = Open::new(&incoming());
        let SourceState::Ready(info) = open.wait_for_source(DeviceKind::Camera) else { panic!("it did not open") };
        let destinations = vec![Destination::at(&info.address.unwrap())];
        let sending = ShowSettings { rehearse: false, destinations, ..settings() };
        let sender = Show::start(sending.with_secrets_split(), Clock::system()).unwrap();
        open.wait_until(|| open.studio.levels().channels.first().is_some_and(|level| level.peak_dbfs > -30.0));
        open.go_live(incoming());
        open.wait_for_live();
        drop(sender);
        let mut lost = 0;
        open.wait(|event| {
            lost += usize::from(matches!(event, StudioEvent::Source { state: SourceState::Lost(_), .. }));
            (lost == 2).then_some(())
        });
        if replaced {
            open.studio.command(StudioCommand::SetVideo(VideoChoice::Test));
            open.studio.command(StudioCommand::SetAudio(AudioChoice::Test));
            assert!(matches!(open.wait_for_source(DeviceKind::Microphone), SourceState::Ready(_)));
        }
        open.wait_for_stats(2);
        let failure = open.end().1.failure.map(|problem| problem.kind);
        assert_eq!(failure, (!replaced).then_some(ProblemKind::SourceLost), "replaced: {replaced}");
    }
}

#[test]
fn a_stream_that_nobody_sends_is_neither_ready_nor_good() {
    let awaited = ShowSettings {
        video: VideoChoice::Incoming("phone".parse().unwrap()),
        audio: AudioChoice::Incoming("phone".parse().unwrap()),
        ingest: IngestSettings { listen: "127.0.0.1:0".parse().unwrap(), key_file: None },
        ..settings()
    };
    let open = Open::new(&awaited);
    open.wait(|event| match event {
        StudioEvent::Source { state: SourceState::Lost(problem), .. } => {
            (problem.kind == ProblemKind::SourceAwaited).then_some(())
        }
        _ => None,
    });
    // On the stage that is there, and on one of its own.
    open.check(awaited.clone());
    let on_stage = open.wait_for_check().1;
    let settings = CheckSettings { show: awaited.clone(), publish: false };
    let check = Check::start(settings, Clock::system()).unwrap();
    let alone = loop {
        if let NextCheckEvent::Event(event) = check.next_event(PATIENCE)
            && let CheckEvent::Ended(summary) = *event
        {
            break *summary;
        }
    };
    for summary in [on_stage, alone] {
        assert_eq!(summary.verdict, CheckVerdict::ReadyWithWarnings);
        assert!(summary.warnings.iter().all(|problem| problem.kind == ProblemKind::SourceAwaited), "{summary:?}");
    }
    open.go_live(awaited);
    open.wait_for_live();
    open.wait_for_stats(2);
    let verdict = open.end().0.unwrap().verdict.to_string();
    assert!(verdict.starts_with("Not good: nothing came from phone"), "{verdict}");
}
