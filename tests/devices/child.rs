//! The jobs of the child process: it captures, and tells what came in lines of text.

use std::collections::HashSet;
use std::fs::File;
use std::io::Write as _;
use std::time::Duration;

use tally::capture::{
    AudioSource, CameraRequest, DeviceKind, SourceError, SourceEvent, SourceInfo, VideoSource, camera, microphone,
};
use tally::clock::Clock;
use tally::media::{CHUNK_SAMPLES, FrameRate, Size, Timestamp};
use tally::settings::{AudioChoice, EncodingSettings, ShowSettings, VideoChoice};
use tally::studio::{Command, DestinationState, NextEvent, SourceState, Studio, StudioCommand, StudioEvent};

/// Environment: which job.
pub(crate) const JOB: &str = "TALLY_TEST_JOB";
/// Environment: the file to write lines to.
pub(crate) const OUT: &str = "TALLY_TEST_OUT";
/// Environment: device id; empty for the default.
pub(crate) const ID: &str = "TALLY_TEST_ID";
/// Environment: seconds to capture.
pub(crate) const SECS: &str = "TALLY_TEST_SECS";
/// Environment: end as soon as this many events have come (and half a second more).
pub(crate) const EVENTS: &str = "TALLY_TEST_EVENTS";
/// Environment: size and rate wanted of the camera.
pub(crate) const SIZE: &str = "TALLY_TEST_SIZE";
pub(crate) const RATE: &str = "TALLY_TEST_RATE";
/// Environment: the file for the last picture (I420) or all samples (f32).
pub(crate) const DATA: &str = "TALLY_TEST_DATA";

/// Without a job: whatever devices this machine has, each is listed once, and one default at most.
#[test]
fn listing_is_orderly_and_jobs_are_done() {
    let Ok(job) = std::env::var(JOB) else {
        for all in [camera::list(), microphone::list().unwrap_or_default()] {
            let ids: HashSet<&str> = all.iter().map(|device| device.id.as_str()).collect();
            assert_eq!(ids.len(), all.len(), "{all:?}");
            assert_eq!(all.iter().filter(|device| device.default).count(), usize::from(!all.is_empty()), "{all:?}");
        }
        return;
    };
    let mut out = File::create(std::env::var(OUT).unwrap()).unwrap();
    match job.as_str() {
        "list" => list(&mut out),
        "list-again" => list_again(&mut out),
        "camera" => capture_camera(&mut out),
        "microphone" => capture_microphone(&mut out),
        "reopen" => reopen_camera(&mut out),
        other => panic!("no job {other}"),
    }
}

/// Asks for the microphones again and again, and tells how many connections it has left open and how many threads.
fn list_again(out: &mut File) {
    for _ in 0..100 {
        assert!(!tally::capture::microphone::list().unwrap().is_empty());
    }
    // The last ones are on their way out.
    let sockets = || {
        let files = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
        files.filter_map(|file| std::fs::read_link(file.path()).ok()).filter(|to| to.starts_with("socket:")).count()
    };
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let _ = super::time::poll(std::time::Duration::from_secs(2), || (sockets() == 0).then_some(()));
    writeln!(out, "sockets={}", sockets()).unwrap();
    writeln!(out, "threads={}", threads()).unwrap();
}

fn text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn secs() -> f64 {
    text(SECS).map_or(2.0, |secs| secs.parse().unwrap())
}

fn list(out: &mut File) {
    for device in camera::list().into_iter().chain(microphone::list().unwrap_or_default()) {
        writeln!(
            out,
            "{:?} {}|{}|{}|{}|{}",
            device.kind,
            device.id,
            device.name,
            device.default,
            device.detail,
            device.formats.join("; ")
        )
        .unwrap();
    }
    writeln!(out, "end").unwrap();
}

fn tell_error(out: &mut File, error: &SourceError) {
    let kind = match error {
        SourceError::NotFound { .. } => "NotFound",
        SourceError::Permission { .. } => "Permission",
        SourceError::FilePermission { .. } => "Permission",
        SourceError::Busy { .. } => "Busy",
        SourceError::Unreadable { .. } => "Unreadable",
        SourceError::NoSoundServer { .. } => "NoSoundServer",
        SourceError::Device { .. } => "Device",
        SourceError::Listen { .. } => "Listen",
    };
    writeln!(out, "error {kind} {error}").unwrap();
}

/// Counts and tells events; says when enough have come.
struct Events {
    seen: usize,
    wanted: usize,
    end: Option<Timestamp>,
}

impl Events {
    fn new() -> Self {
        Self { seen: 0, wanted: text(EVENTS).map_or(usize::MAX, |n| n.parse().unwrap()), end: None }
    }

    fn tell(&mut self, out: &mut File, now: Timestamp, event: Option<SourceEvent>) -> bool {
        if let Some(event) = event {
            let name = match event {
                SourceEvent::Awaited => "awaited",
                SourceEvent::Misnamed { .. } => "misnamed",
                SourceEvent::Stalled { .. } => "stalled",
                SourceEvent::Frozen { .. } => "frozen",
                SourceEvent::Ended { .. } => "Ended",
                SourceEvent::Lost { .. } => "lost",
                SourceEvent::FileFailed { .. } => "file_failed",
                SourceEvent::Refused { .. } => "refused",
                SourceEvent::Restored => "restored",
            };
            writeln!(out, "{name} at_ms={} {event:?}", now.as_millis()).unwrap();
            self.seen += 1;
            if self.seen >= self.wanted {
                self.end = Some(now + Duration::from_millis(500));
            }
        }
        self.end.is_some_and(|end| now >= end)
    }
}

fn sleep_until(clock: &Clock, time: Timestamp) {
    while clock.now() < time {
        clock.sleep_until(time, Duration::from_secs(1));
    }
}

fn capture_camera(out: &mut File) {
    let clock = Clock::system();
    let wanted = CameraRequest {
        size: text(SIZE).map_or("1280x720".to_owned(), |s| s).parse().unwrap(),
        frame_rate: text(RATE).map_or(FrameRate::DEFAULT, |rate| rate.parse().unwrap()),
    };
    let mut source: Box<dyn VideoSource> = match camera::open(text(ID).as_deref(), wanted, &clock) {
        Ok(source) => source,
        Err(error) => return tell_error(out, &error),
    };
    let info = source.info();
    writeln!(out, "opened {}|{}|{}", info.id, info.name, info.format).unwrap();
    let mut events = Events::new();
    let (mut stamps, mut age_max, mut last) = (Vec::<Timestamp>::new(), Duration::ZERO, None);
    let end = clock.now() + Duration::from_secs_f64(secs());
    for tick in 0.. {
        // Twice the usual tick, so that no frame of a camera of 30 fps is replaced unseen.
        let now = Timestamp::from_nanos(tick * 1_000_000_000 / 60);
        sleep_until(&clock, now);
        if let Some(captured) = source.picture_at(now) {
            assert!(captured.captured_at <= now, "a picture of the future");
            if stamps.last().is_none_or(|stamp| *stamp != captured.captured_at) {
                stamps.push(captured.captured_at);
                age_max = age_max.max(now.since(captured.captured_at));
            }
            last = Some(captured.picture);
        }
        let event = source.poll_event();
        if events.tell(out, now, event) || now >= end {
            break;
        }
    }
    let closing = clock.now();
    drop(source);
    let close_ms = clock.now().since(closing).as_millis();
    let span = stamps.last().map_or(0.0, |end| end.since(stamps[0]).as_secs_f64());
    let steps_max = stamps.windows(2).map(|w| w[1].since(w[0])).max().unwrap_or_default();
    if let (Some(path), Some(picture)) = (text(DATA), last) {
        std::fs::write(path, picture.planes().concat()).unwrap();
        writeln!(out, "size={}", picture.size()).unwrap();
    }
    writeln!(
        out,
        "end pictures={} span={span} step_max_ms={} age_max_ms={} close_ms={close_ms}",
        stamps.len(),
        steps_max.as_millis(),
        age_max.as_millis(),
    )
    .unwrap();
}

fn capture_microphone(out: &mut File) {
    let clock = Clock::system();
    let mut source: Box<dyn AudioSource> = match microphone::open(text(ID).as_deref(), 48_000, 2, &clock) {
        Ok(source) => source,
        Err(error) => return tell_error(out, &error),
    };
    let info = source.info();
    let opened_ms = clock.now().as_millis();
    let latency_ms = source.latency().as_millis();
    writeln!(out, "opened {}|{}|{}|opened_ms={opened_ms}|latency_ms={latency_ms}", info.id, info.name, info.format)
        .unwrap();
    let mut events = Events::new();
    let (mut samples, mut missing, mut missing_late) = (Vec::<f32>::new(), 0, 0);
    let end = clock.now() + Duration::from_secs_f64(secs());
    let first = clock.now().sample_index(48_000);
    for index in 0.. {
        let start = first + index * CHUNK_SAMPLES as i64;
        let due = Timestamp::from_samples(start + CHUNK_SAMPLES as i64, 48_000);
        sleep_until(&clock, due);
        let mut chunk = vec![0.0; CHUNK_SAMPLES * 2];
        let read = source.read(start, &mut chunk);
        samples.extend(chunk);
        missing += read.missing;
        if index > 50 {
            missing_late += read.missing;
        }
        let event = source.poll_event();
        if events.tell(out, due, event) || due >= end {
            break;
        }
    }
    let drift = source.drift_ppm().map_or("none".to_owned(), |ppm| ppm.to_string());
    let closing = clock.now();
    drop(source);
    let close_ms = clock.now().since(closing).as_millis();
    if let Some(path) = text(DATA) {
        std::fs::write(path, samples.iter().flat_map(|s| s.to_le_bytes()).collect::<Vec<u8>>()).unwrap();
    }
    // What the test needs to place the samples on the system's clock: the program's zero on CLOCK_MONOTONIC.
    let zero = -clock.from_monotonic_nanos(0).as_nanos();
    writeln!(
        out,
        "end missing={missing} missing_late={missing_late} drift={drift} first={first} zero_nanos={zero} close_ms={close_ms}"
    )
    .unwrap();
}

/// A studio whose camera is chosen and set up again in every way, before and during a show; tells what became of it.
fn reopen_camera(out: &mut File) {
    let clock = Clock::system();
    let encoding = |size, rate| EncodingSettings {
        size,
        frame_rate: FrameRate::new(rate, 1).unwrap(),
        ..EncodingSettings::default()
    };
    let (large, small) = (Size::new(640, 480), Size::new(320, 240));
    let settings = |video: &VideoChoice, encoding| ShowSettings {
        video: video.clone(),
        audio: AudioChoice::Test,
        rehearse: true,
        encoding,
        ..ShowSettings::default()
    };
    let studio = Studio::open(&settings(&VideoChoice::Auto, encoding(large, 30)), clock.clone()).unwrap();
    let wait = |wanted: &mut dyn FnMut(StudioEvent) -> bool| {
        let deadline = clock.now() + Duration::from_secs(20);
        while clock.now() < deadline {
            if let NextEvent::Event(event) = studio.next_event(Duration::from_millis(20))
                && wanted(event)
            {
                return;
            }
        }
        panic!("it did not come");
    };
    // What became of the last opening.
    let opened = |out: &mut File, what: &str| {
        let mut info: Option<SourceInfo> = None;
        wait(&mut |event| match event {
            StudioEvent::Source { kind: DeviceKind::Camera, state } if state != SourceState::Opening => {
                let told = match state {
                    SourceState::Ready(ready) => format!("ready {}", info.insert(ready).format),
                    other => format!("{other:?}"),
                };
                writeln!(out, "{what} {told}").unwrap();
                true
            }
            _ => false,
        });
        info
    };
    let id = opened(out, "default").unwrap().id;
    let chosen = VideoChoice::Camera(Some(id));
    assert!(studio.command(StudioCommand::SetVideo(chosen.clone())));
    opened(out, "chosen");
    assert!(studio.command(StudioCommand::SetEncoding(Box::new(encoding(small, 30)))));
    opened(out, "smaller");
    assert!(studio.command(StudioCommand::SetVideo(VideoChoice::Test)));
    opened(out, "test");
    assert!(studio.command(StudioCommand::SetVideo(chosen.clone())));
    opened(out, "again");
    // Each is overtaken by the next.
    for (size, rate) in [(large, 30), (small, 30), (small, 15)] {
        assert!(studio.command(StudioCommand::SetEncoding(Box::new(encoding(size, rate)))));
    }
    opened(out, "overtaken");
    // Going live brings another size along.
    assert!(studio.command(StudioCommand::GoLive(Box::new(settings(&chosen, encoding(large, 30))))));
    opened(out, "live");
    wait(&mut |event| matches!(event, StudioEvent::State { state: DestinationState::Live, .. }));
    wait(&mut |event| matches!(event, StudioEvent::Stats(_)));
    assert!(studio.command(StudioCommand::SetVideo(VideoChoice::Auto)));
    opened(out, "on-air");
    for _ in 0..2 {
        wait(&mut |event| matches!(event, StudioEvent::Stats(_)));
    }
    assert!(studio.command(StudioCommand::Show(Command::End)));
    wait(&mut |event| match event {
        StudioEvent::Ended(summary) => {
            let (failure, frames) = (summary.failure.map(|problem| problem.kind), summary.totals.frames_sent);
            let fps = frames as f64 / summary.duration.as_secs_f64();
            writeln!(out, "end failure={failure:?} fps={fps}").unwrap();
            true
        }
        _ => false,
    });
}
