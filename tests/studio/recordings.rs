//! Recordings of a show that are closed, begun again, fail, or cannot be made.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tally::capture::open_video_file;
use tally::clock::Clock;
use tally::settings::{Destination, ShowSettings};
use tally::studio::{Command, DestinationState, NextEvent, ProblemKind, Show, StudioEvent, Summary};

use crate::small::rehearsal as settings;
use crate::{PATIENCE, ingest};

/// Runs a show of the test picture and tone that is recorded to `record` and does what `script` says at each event, until it
/// has ended; gives which recordings were begun (or else closed) on demand, and its summary.
fn recorded(record: PathBuf, mut script: impl FnMut(&Show, &StudioEvent)) -> (Vec<(PathBuf, bool)>, Summary) {
    let clock = Clock::system();
    let (server, _) = ingest(&clock);
    let destinations = vec![Destination::at(&format!("rtmp://{}/live/one", server.local_addr()))];
    let show = ShowSettings { rehearse: false, destinations, record: Some(record), ..settings() }.with_secrets_split();
    let show = Show::start(show, clock.clone()).unwrap();
    let (mut switched, deadline) = (Vec::new(), clock.now() + PATIENCE);
    loop {
        assert!(clock.now() < deadline, "the show did not end: {switched:?}");
        let NextEvent::Event(event) = show.next_event(Duration::from_millis(20)) else { continue };
        script(&show, &event);
        match event {
            StudioEvent::Recording { path, on } => switched.push((path, on)),
            StudioEvent::Ended(summary) => return (switched, *summary),
            _ => {}
        }
    }
}

/// How long a recording plays, in seconds.
fn length_of(recording: &Path) -> f64 {
    let format = open_video_file(recording).unwrap().info().format;
    format.rsplit_once(", ").unwrap().1.split_once(" s").unwrap().0.parse().unwrap()
}

#[test]
fn a_recording_is_closed_and_another_begun_while_the_show_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let another = || Command::StartRecording { pattern: path("second.mp4"), split: None };
    let mut seconds = 0;
    let (switched, summary) = recorded(path("first.mp4"), |show, event| {
        seconds += usize::from(matches!(event, StudioEvent::Stats(_)));
        match event {
            // One that runs is not begun again.
            StudioEvent::State { state: DestinationState::Live, .. } => show.command(another()),
            StudioEvent::Stats(_) if seconds == 3 => show.command(Command::StopRecording),
            // What does not run is not closed again.
            StudioEvent::Stats(_) if seconds == 4 => show.command(Command::StopRecording),
            StudioEvent::Stats(_) if seconds == 5 => show.command(another()),
            StudioEvent::Stats(_) if seconds == 8 => show.command(Command::End),
            _ => {}
        }
    });
    assert_eq!(switched, [(path("first.mp4"), false), (path("second.mp4"), true)]);
    assert_eq!((summary.failure, &summary.recordings), (None, &vec![path("first.mp4"), path("second.mp4")]));
    let lengths = [length_of(&path("first.mp4")), length_of(&path("second.mp4"))];
    let whole = summary.duration.as_secs_f64();
    assert!(
        lengths.iter().all(|length| *length > 1.5) && lengths.iter().sum::<f64>() < whole - 1.0,
        "{lengths:?} of {whole}"
    );
}

#[test]
fn a_recording_that_has_failed_is_begun_again_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut seconds = 0;
    let (switched, summary) = recorded(path("gone/first.mp4"), |show, event| {
        seconds += usize::from(matches!(event, StudioEvent::Stats(_)));
        match event {
            StudioEvent::Problem(problem) if problem.kind == ProblemKind::RecordingFailed => {
                show.command(Command::StartRecording { pattern: path("second.mp4"), split: None });
            }
            StudioEvent::Stats(_) if seconds == 4 => show.command(Command::End),
            _ => {}
        }
    });
    assert_eq!(switched, [(path("second.mp4"), true)]);
    assert_eq!(summary.recordings, [path("second.mp4")]);
    assert_eq!(
        summary.failure.map(|problem| problem.kind),
        Some(ProblemKind::RecordingFailed),
        "part of it is missing"
    );
    assert!(length_of(&path("second.mp4")) > 1.5);
}

#[test]
fn a_recording_that_cannot_be_made_is_told_once_whatever_failed_before() {
    let clock = Clock::system();
    let (server, _) = ingest(&clock);
    // Nobody listens at the discard port.
    let destinations = vec![
        Destination { name: "nobody".to_owned(), ..Destination::at("rtmp://127.0.0.1:9/live/one") },
        Destination {
            name: "there".to_owned(),
            ..Destination::at(&format!("rtmp://{}/live/two", server.local_addr()))
        },
    ];
    let folder = tempfile::tempdir().unwrap();
    let record = Some(folder.path().join("gone/show.mp4"));
    let show = ShowSettings { rehearse: false, destinations, record, ..settings() }.with_secrets_split();
    let show = Show::start(show, clock.clone()).unwrap();
    let (mut problems, mut lives) = (Vec::new(), 0);
    let deadline = clock.now() + PATIENCE;
    let summary = loop {
        assert!(clock.now() < deadline, "the show did not end: {problems:?}");
        match show.next_event(Duration::from_millis(20)) {
            NextEvent::Event(StudioEvent::Problem(problem)) => problems.push(problem.kind),
            NextEvent::Event(StudioEvent::State { place: 1, state: DestinationState::Live, .. }) => {
                lives += 1;
                show.command(Command::SetDestination { place: 1, on: false });
                // Where it goes live once more, the recording is no news.
                show.command(if lives == 1 { Command::SetDestination { place: 1, on: true } } else { Command::End });
            }
            NextEvent::Event(StudioEvent::Ended(summary)) => break summary,
            _ => {}
        }
    };
    assert_eq!(problems, [ProblemKind::ConnectionRefused, ProblemKind::RecordingFailed]);
    assert_eq!(summary.failure.map(|problem| problem.kind), Some(ProblemKind::ConnectionRefused));
    assert_eq!(summary.recordings, Vec::<PathBuf>::new());
}
