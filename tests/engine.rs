//! The engine as a whole, through its public face: shows that start and end, again and again.

#![expect(clippy::unwrap_used, reason = "a test may")]

#[path = "studio/small.rs"]
mod small;

use std::time::Duration;

use tally::clock::Clock;
use tally::ingest::{IngestConfig, IngestServer, PublishKey};
use tally::settings::{Destination, ShowSettings};
use tally::studio::{Command, DestinationState, NextEvent, Problem, ProblemKind, Show, Stats, StudioEvent, Summary};

use small::rehearsal;

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
fn a_show_of_a_moment_tells_no_rate_that_never_was() {
    let summary = run(rehearsal(), Duration::from_millis(5));
    assert!(summary.duration < Duration::from_secs(1), "{summary:?}");
    assert!(summary.totals.video_kbps < 800.0 && summary.totals.fps <= 31.0, "{:?}", summary.totals);
}

#[test]
fn a_show_without_a_destination_is_refused_with_a_sentence() {
    let problem = Show::start(ShowSettings { rehearse: false, ..rehearsal() }, Clock::system()).unwrap_err();
    assert!(tally::studio::wording::what(&problem).contains("--to"), "{problem:?}");
}

/// An ingest on this computer that takes publishers at `address`; port 0: at a free one.
fn server(address: &str, key: Option<&str>) -> IngestServer {
    let mut config = IngestConfig::new(address.parse().unwrap());
    config.publish_key = key.map(|key| PublishKey::new(key).unwrap());
    IngestServer::start(config, Clock::system(), |_| {}).unwrap()
}

/// A show to several destinations, and all that it has told.
struct Several {
    show: Show,
    clock: Clock,
    problems: Vec<Problem>,
    states: Vec<(usize, DestinationState)>,
    stats: Vec<Stats>,
    summary: Option<Summary>,
}

impl Several {
    fn start(destinations: &[(&str, String)]) -> Self {
        let named = |(name, url): &(&str, String)| Destination { name: (*name).to_owned(), ..Destination::at(url) };
        let destinations = destinations.iter().map(named).collect();
        let settings = ShowSettings { rehearse: false, destinations, ..rehearsal() }.with_secrets_split();
        let clock = Clock::system();
        let show = Show::start(settings, clock.clone()).unwrap();
        let (problems, states, stats) = (Vec::new(), Vec::new(), Vec::new());
        Self { show, clock, problems, states, stats, summary: None }
    }

    /// Listens until `wanted` holds.
    fn until(&mut self, wanted: impl Fn(&Self) -> bool) {
        let deadline = self.clock.now() + Duration::from_secs(30);
        while !wanted(self) {
            let story = || format!("{:?} {:?} {:?}", self.states, self.problems, self.summary);
            assert!(self.clock.now() < deadline, "it did not come: {}", story());
            match self.show.next_event(Duration::from_millis(10)) {
                NextEvent::Event(StudioEvent::Problem(problem)) => self.problems.push(problem),
                NextEvent::Event(StudioEvent::State { place, state, .. }) => self.states.push((place, state)),
                NextEvent::Event(StudioEvent::Stats(stats)) => self.stats.push(*stats),
                NextEvent::Event(StudioEvent::Ended(summary)) => self.summary = Some(*summary),
                NextEvent::Event(_) | NextEvent::Nothing => {}
                NextEvent::Gone => panic!("the supervisor died: {}", story()),
            }
        }
    }

    /// Forgets what it was told, and listens until the destination at `place` stands at `state`.
    fn until_state(&mut self, place: usize, state: DestinationState) {
        self.states.clear();
        self.until(|told| told.states.contains(&(place, state)));
    }

    fn turn(&mut self, place: usize, on: bool) {
        self.show.command(Command::SetDestination { place, on });
    }

    fn listen_for(&mut self, time: Duration) {
        let end = self.clock.now() + time;
        self.until(|told| told.clock.now() >= end || told.summary.is_some());
        assert_eq!(self.summary, None, "{:?}", self.problems);
    }

    fn end(&mut self) -> Summary {
        self.show.command(Command::End);
        self.until(|told| told.summary.is_some());
        self.summary.take().unwrap()
    }

    fn kinds(&self) -> Vec<ProblemKind> {
        self.problems.iter().map(|problem| problem.kind).collect()
    }
}

#[test]
fn a_destination_that_is_switched_on_while_its_server_is_down_is_live_once_that_is_back() {
    let (first, second) = (server("127.0.0.1:0", None), server("127.0.0.1:0", None));
    let address = second.local_addr().to_string();
    let urls = [format!("rtmp://{}/live/a", first.local_addr()), format!("rtmp://{address}/live/b")];
    let mut show = Several::start(&[("a", urls[0].clone()), ("b", urls[1].clone())]);
    show.until(|told| [0, 1].iter().all(|place| told.states.contains(&(*place, DestinationState::Live))));
    show.turn(1, false);
    show.until_state(1, DestinationState::Off);
    drop(second);
    show.turn(1, true);
    show.until_state(1, DestinationState::Reconnecting);
    show.listen_for(Duration::from_millis(1500));
    let again = server(&address, None);
    show.until_state(1, DestinationState::Live);
    // Somebody else has the name for a while, as an old session has.
    show.turn(1, false);
    show.until_state(1, DestinationState::Off);
    let mut other = Several::start(&[("other", urls[1].clone())]);
    other.until_state(0, DestinationState::Live);
    show.turn(1, true);
    show.until_state(1, DestinationState::Reconnecting);
    show.listen_for(Duration::from_millis(1500));
    other.end();
    show.until_state(1, DestinationState::Live);
    // What is refused is off again, and says why.
    show.turn(1, false);
    show.until_state(1, DestinationState::Off);
    drop(again);
    let _keyed = server(&address, Some("another-key"));
    show.turn(1, true);
    show.until_state(1, DestinationState::Off);
    show.listen_for(Duration::from_millis(100));
    let kinds = [ProblemKind::ConnectionRefused, ProblemKind::OldSession, ProblemKind::PublishRejected];
    assert_eq!(show.kinds(), kinds);
    let summary = show.end();
    assert_eq!((summary.failure, summary.totals.interruptions, summary.totals.reconnects), (None, 0, 0));
}

#[test]
fn no_show_ends_because_a_destination_is_switched_on_and_its_outage_is_counted() {
    let here = server("127.0.0.1:0", None);
    let address = here.local_addr().to_string();
    // Nobody listens at the discard port.
    let nobody = "rtmp://127.0.0.1:9/live/b".to_owned();
    let mut show = Several::start(&[("a", format!("rtmp://{address}/live/a")), ("b", nobody)]);
    show.until(|told| told.states.contains(&(0, DestinationState::Live)) && !told.problems.is_empty());
    show.listen_for(Duration::from_millis(1500));
    drop(here);
    show.until(|told| told.states.contains(&(0, DestinationState::Reconnecting)));
    show.listen_for(Duration::from_secs(2));
    show.turn(0, false);
    show.until_state(0, DestinationState::Off);
    show.turn(0, true);
    show.until_state(0, DestinationState::Reconnecting);
    // A server that refuses ends nothing either: the show is off the air.
    let _keyed = server(&address, Some("another-key"));
    show.until_state(0, DestinationState::Off);
    show.listen_for(Duration::from_millis(1200));
    let seconds: Vec<_> = show.stats.iter().map(|s| (s.state, s.destinations, s.destinations_away)).collect();
    assert!(seconds.contains(&(DestinationState::Live, 2, 1)), "one of two never began: {seconds:?}");
    assert!(seconds.contains(&(DestinationState::Reconnecting, 2, 2)), "{seconds:?}");
    let summary = show.end();
    let totals = &summary.totals;
    assert_eq!(summary.failure.map(|problem| problem.kind), Some(ProblemKind::ConnectionRefused), "of b, at the start");
    assert_eq!((totals.interruptions, totals.reconnects), (1, 0));
    // The loss is told once, though the server said something before it closed.
    use ProblemKind::{ConnectionLost, ConnectionRefused, PublishRejected};
    assert_eq!(show.kinds(), [ConnectionRefused, ConnectionLost, ConnectionRefused, PublishRejected]);
    assert!((20..150).contains(&totals.away) && totals.dropped < 30, "{totals:?}");
}

#[test]
fn what_a_destination_failed_for_is_over_once_it_is_live() {
    let here = server("127.0.0.1:0", None);
    let there = server("127.0.0.1:0", None);
    let address = there.local_addr().to_string();
    drop(there);
    let urls = [&here.local_addr().to_string(), &address].map(|address| format!("rtmp://{address}/live/a"));
    let mut show = Several::start(&[("a", urls[0].clone()), ("b", urls[1].clone())]);
    show.until(|told| told.states.contains(&(0, DestinationState::Live)) && !told.problems.is_empty());
    let _there = server(&address, None);
    show.turn(1, true);
    show.until_state(1, DestinationState::Live);
    assert_eq!(show.kinds(), [ProblemKind::ConnectionRefused]);
    assert_eq!(show.end().failure, None);
}

#[test]
fn the_failure_of_a_show_is_the_one_that_ended_it() {
    let server = server("127.0.0.1:0", Some("another-key"));
    let keyed = format!("rtmp://{}/live/a", server.local_addr());
    // Nobody is there is known sooner than that a key is wrong.
    let mut show = Several::start(&[("nobody", "rtmp://127.0.0.1:9/live/b".to_owned()), ("keyed", keyed)]);
    show.until(|told| told.summary.is_some());
    assert_eq!(show.kinds(), [ProblemKind::ConnectionRefused, ProblemKind::PublishRejected]);
    let failure = show.summary.take().unwrap().failure.unwrap();
    assert_eq!(failure.kind, ProblemKind::PublishRejected);
}
