//! The engine as a whole, through its public face: shows that start and end, again and again.

#![expect(clippy::unwrap_used, reason = "a test may")]

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

/// The least of it within a moment: a thread that was joined stands in `/proc` for some microseconds more.
#[cfg(target_os = "linux")]
fn settled(count: fn() -> usize) -> usize {
    let clock = Clock::system();
    let looks = (0..50).map(|_| {
        clock.sleep_until(clock.now() + Duration::from_millis(4), Duration::from_millis(4));
        count()
    });
    looks.min().unwrap()
}

/// Bytes that are allocated and not freed. Resident memory would also tell how the allocator's free parts happen to lie,
/// which swings by megabytes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the allocator's figures are told by a C call")]
fn held_kib() -> usize {
    // SAFETY: it takes nothing and gives plain numbers.
    let info = unsafe { libc::mallinfo2() };
    (info.uordblks + info.hblkhd) / 1024
}

#[test]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn a_hundred_shows_leave_no_thread_descriptor_or_memory_behind() {
    let shows = |count: usize| {
        for _ in 0..count {
            let summary = run(rehearsal(), Duration::from_millis(60));
            assert_eq!(summary.failure, None);
        }
    };
    shows(10);
    let (threads_before, descriptors_before, held_before) = (settled(threads), settled(descriptors), held_kib());
    shows(90);
    assert_eq!(settled(threads), threads_before);
    assert_eq!(settled(descriptors), descriptors_before);
    let grown = held_kib().saturating_sub(held_before);
    assert!(grown < 512, "{grown} KiB more are held after 90 shows");
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
