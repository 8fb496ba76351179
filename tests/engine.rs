//! The engine as a whole, through its public face: shows that start and end, again and again.

use std::time::Duration;

use tally::clock::Clock;
use tally::media::{Bitrate, FrameRate, Size};
use tally::settings::{AudioChoice, EncodingSettings, ShowSettings, VideoChoice};
use tally::studio::{Command, DestinationState, NextEvent, Show, StudioEvent, Summary};

fn rehearsal() -> ShowSettings {
    ShowSettings {
        video: VideoChoice::Test,
        audio: AudioChoice::Test,
        rehearse: true,
        encoding: EncodingSettings {
            size: Size::new(320, 180),
            frame_rate: FrameRate::DEFAULT,
            video_bitrate: Bitrate::from_kbps(400),
            ..EncodingSettings::default()
        },
        ..ShowSettings::default()
    }
}

/// Runs a show, ends it once it is live for `live`, and gives its summary.
fn run(settings: ShowSettings, live: Duration) -> Summary {
    let clock = Clock::system();
    let show = Show::start(settings, clock.clone()).unwrap();
    let mut end_at = None;
    let deadline = clock.now() + Duration::from_secs(30);
    loop {
        let now = clock.now();
        assert!(now < deadline, "the show did not end");
        if end_at.is_some_and(|at| now >= at) {
            end_at = None;
            show.command(Command::End);
        }
        match show.next_event(Duration::from_millis(5)) {
            NextEvent::Event(StudioEvent::State { state: DestinationState::Live, .. }) => {
                end_at = Some(clock.now() + live);
            }
            NextEvent::Event(StudioEvent::Ended(summary)) => return *summary,
            NextEvent::Event(_) | NextEvent::Nothing => {}
            NextEvent::Gone => panic!("the supervisor died"),
        }
    }
}

#[cfg(target_os = "linux")]
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

#[cfg(target_os = "linux")]
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[cfg(target_os = "linux")]
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn a_hundred_shows_leave_no_thread_descriptor_or_memory_behind() {
    let show = || {
        let summary = run(rehearsal(), Duration::from_millis(60));
        assert_eq!(summary.failure, None);
    };
    for _ in 0..10 {
        show();
    }
    let (threads_before, descriptors_before, resident_before) = (threads(), descriptors(), resident_kib());
    for _ in 0..90 {
        show();
    }
    assert_eq!(threads(), threads_before);
    assert_eq!(descriptors(), descriptors_before);
    let grown = resident_kib().saturating_sub(resident_before);
    assert!(grown < 6 * 1024, "resident memory grew by {grown} KiB over 90 shows");
}

#[test]
fn everything_encoded_is_sent_and_the_tail_is_not_lost() {
    let summary = run(ShowSettings { duration: Some(Duration::from_secs(2)), ..rehearsal() }, Duration::from_secs(60));
    assert_eq!(summary.failure, None);
    let totals = &summary.totals;
    assert_eq!(totals.frames_encoded + totals.missed + totals.skipped, 60, "{totals:?}");
    assert_eq!(totals.frames_sent, totals.frames_encoded);
    assert_eq!(totals.dropped, 0);
}

#[test]
fn a_show_without_a_destination_is_refused_with_a_sentence() {
    let problem = Show::start(ShowSettings { rehearse: false, ..rehearsal() }, Clock::system()).unwrap_err();
    assert!(tally::studio::wording::what(&problem).contains("--to"), "{problem:?}");
}
