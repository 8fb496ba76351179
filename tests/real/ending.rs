//! The end of a show: asked for, asked for twice, or forced by the server; and its return.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use crate::links::whole;
use crate::support::media::{Recording, decode_without_a_warning};
use crate::support::net::free_port;
use crate::support::nginx::Nginx;
use crate::support::noting::Noting;
use crate::support::odd::{Closes, OddServer};
use crate::support::process::exit_code;
use crate::support::shim;
use crate::support::tally::{Ended, Show, Tally, is_state, number};
use crate::support::time;

const KEY: &str = "key-90aa";
/// What the contract promises.
const END_AT_MOST: Duration = Duration::from_secs(2);
/// A pipe that is full, and that nobody reads.
const FULL_PIPE: &str = r#"mkfifo full && exec 3<>full && head -c 65536 /dev/zero >&3 && exec "$@" >&3"#;

fn endless(to: &str) -> Tally {
    Tally::live(&["--video", "test", "--audio", "test", "--size", "640x360", "--video-bitrate", "800k", "--to", to])
        .key(KEY)
}

/// Asks for the show's end by `signal`: it comes as soon as is promised.
fn ended_by(show: Show, signal: i32) -> Ended {
    let asked = time::now();
    show.process.signal(signal);
    let ended = show.end(Duration::from_secs(10));
    let took = asked.elapsed();
    assert!(took < END_AT_MOST, "signal {signal}: {took:?}, {}", ended.story());
    ended
}

#[test]
fn a_signal_ends_the_show_cleanly() {
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let nginx = Nginx::start();
        let mut show = endless(&nginx.url()).start();
        show.wait_until_live();
        show.wait_for("second of stats", Duration::from_secs(10), |event| {
            event["event"] == "stats" && event["frames_sent"].as_f64() > Some(60.0)
        });
        let ended = ended_by(show, signal);
        let sent = number(ended.expect_good_show(), "frames_sent") as usize;
        assert!(ended.events.iter().any(|event| is_state(event, "ended")), "{}", ended.story());
        let path = nginx.recording();
        assert_eq!(Recording::read(&path).video.len(), sent, "{}", ended.story());
        decode_without_a_warning(&path);
    }
}

/// Whoever closes a session sends TERM and HUP at once, and a terminal may send HUP twice: nobody insists.
#[test]
fn a_closed_session_ends_the_show_as_cleanly() {
    for signals in [[libc::SIGTERM, libc::SIGHUP], [libc::SIGHUP, libc::SIGHUP], [libc::SIGHUP, libc::SIGTERM]] {
        let nginx = Nginx::start();
        let mut show = endless(&nginx.url()).start();
        show.wait_until_live();
        time::pause(Duration::from_secs(2));
        show.process.signal(signals[0]);
        if signals[0] == signals[1] {
            // Two that wait are one.
            time::pause(Duration::from_millis(20));
        }
        let ended = ended_by(show, signals[1]);
        let sent = number(ended.expect_good_show(), "frames_sent") as usize;
        assert!(sent > 30 && ended.events.iter().any(|event| is_state(event, "ended")), "{}", ended.story());
        assert_eq!(Recording::read(&nginx.recording()).video.len(), sent, "{signals:?}: {}", ended.story());
    }
}

#[test]
fn a_signal_ends_a_show_that_never_got_through() {
    let server = OddServer::silent();
    let mut show = endless(&server.url()).start();
    show.wait_for("connecting state", Duration::from_secs(10), |event| is_state(event, "connecting"));
    let ended = ended_by(show, libc::SIGINT);
    ended.expect_code(0);
    ended.summary();
}

#[test]
fn a_signal_ends_a_show_whose_server_reads_too_slowly_for_it() {
    let server = OddServer::slow(20_000);
    let mut show = endless(&server.url()).start();
    show.wait_until_live();
    time::pause(Duration::from_secs(2));
    let ended = ended_by(show, libc::SIGTERM);
    // What is missing at the end is no more than what such a server misses all along.
    ended.expect_code(0);
    ended.summary();
}

/// The end of such a show reaches nobody: that is no show that ended as asked.
#[test]
fn a_signal_ends_a_show_whose_server_does_not_read_and_tells_what_it_missed() {
    let server = OddServer::deaf_after(Duration::from_millis(500));
    let mut show = endless(&server.url()).start();
    show.wait_until_live();
    time::pause(Duration::from_millis(3000));
    let ended = ended_by(show, libc::SIGTERM);
    let problem = ended.expect_problem(7, &["end_lost"]);
    let what = problem["what"].as_str().unwrap();
    let missing: f64 = what.strip_prefix("The last ").and_then(|rest| rest.split(' ').next()?.parse().ok()).unwrap();
    assert!((1.5..3.5).contains(&missing), "{what}");
    assert!(ended.events.iter().any(|event| is_state(event, "ended")), "{}", ended.story());
    let summary = ended.summary();
    let [encoded, sent, dropped] = ["frames_encoded", "frames_sent", "dropped"].map(|name| number(summary, name));
    assert!(sent + dropped == encoded && dropped > 45.0, "{summary}");
    assert_eq!(summary["failure"], "end_lost");
}

/// A library that makes the disk hang: compiled into `folder`.
fn dead_disk(folder: &Path) -> String {
    shim::compile("dead_disk", folder)
}

#[test]
fn a_show_begins_and_ends_though_its_disk_never_makes_the_file() {
    let nginx = Nginx::start();
    let folder = tempfile::tempdir().unwrap();
    let asleep = folder.path().join("asleep");
    std::fs::create_dir(&asleep).unwrap();
    let tally = endless(&nginx.url()).args(&["--record", &asleep.join("show.mp4").to_string_lossy()]);
    let mut show = tally.env("LD_PRELOAD", &dead_disk(folder.path())).start();
    show.wait_until_live();
    time::pause(Duration::from_secs(2));
    let ended = ended_by(show, libc::SIGTERM);
    ended.expect_problem(8, &["recording_failed"]);
    assert_eq!(std::fs::read_dir(&asleep).unwrap().count(), 0);
    let sent = number(ended.summary(), "frames_sent") as usize;
    assert!(sent > 30, "{}", ended.story());
    assert_eq!(Recording::read(&nginx.recording()).video.len(), sent, "{}", ended.story());
}

#[test]
fn a_show_begins_and_ends_though_the_disk_of_its_figures_sleeps() {
    let folder = tempfile::tempdir().unwrap();
    let asleep = folder.path().join("asleep");
    let begun = time::now();
    let ended = Tally::live(&["--rehearse", "--video", "test", "--audio", "test", "--size", "320x180", "--for", "2s"])
        .env("TALLY_STATE_DIR", &asleep.to_string_lossy())
        .env("LD_PRELOAD", &dead_disk(folder.path()))
        .run();
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}: {}", ended.story());
    ended.expect_code(0);
    assert!(ended.summary()["flight"].is_null(), "the file was never made: {}", ended.story());
}

#[test]
fn the_report_tells_a_show_that_runs_from_one_that_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().to_string_lossy().into_owned();
    let report = || Tally::new(&["report"]).env("TALLY_STATE_DIR", &state).run();
    let mut show = Tally::live(&["--rehearse", "--video", "test", "--audio", "test", "--size", "320x180"])
        .env("TALLY_STATE_DIR", &state)
        .start();
    show.wait_until_live();
    time::pause(Duration::from_secs(3));
    let runs = report();
    assert!(runs.stdout.contains("It is still running.") && runs.stdout.contains(" so far; "), "{}", runs.story());
    assert!(!runs.stdout.contains("ended before"), "{}", runs.story());
    show.process.kill();
    let killed = report();
    assert!(killed.stdout.contains("The program ended before the show did"), "{}", killed.story());
    for wrong in ["still running", "so far", "Nothing went wrong"] {
        assert!(!killed.stdout.contains(wrong), "{}", killed.story());
    }
}

#[test]
fn a_signal_ends_a_show_whose_disk_never_returns() {
    let nginx = Nginx::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("show.flv");
    let tally = endless(&nginx.url()).args(&["--record", &file.to_string_lossy()]);
    let mut show = tally.env("LD_PRELOAD", &dead_disk(folder.path())).start();
    show.wait_until_live();
    // The first second is written before the disk is asked whether it is safe.
    let written = || std::fs::metadata(&file).ok().filter(|file| file.len() > 10_000);
    time::poll(Duration::from_secs(10), written).unwrap();
    time::pause(Duration::from_secs(1));
    let ended = ended_by(show, libc::SIGTERM);
    ended.expect_problem(8, &["recording_failed"]);
    assert!(!Recording::read(&file).video.is_empty(), "what was written stays");
    let sent = number(ended.summary(), "frames_sent") as usize;
    assert_eq!(Recording::read(&nginx.recording()).video.len(), sent, "{}", ended.story());
}

#[test]
fn a_second_signal_leaves_time_to_tell_of_a_disk_that_never_returns() {
    let nginx = Nginx::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("show.mp4");
    let tally = endless(&nginx.url()).args(&["--record", &file.to_string_lossy()]);
    let mut show = tally.env("LD_PRELOAD", &dead_disk(folder.path())).start();
    show.wait_until_live();
    time::pause(Duration::from_secs(2));
    show.process.signal(libc::SIGINT);
    time::pause(Duration::from_millis(800));
    let ended = ended_by(show, libc::SIGINT);
    ended.expect_problem(8, &["recording_failed"]);
    assert_eq!(ended.events.last(), Some(ended.summary()), "{}", ended.story());
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let server = OddServer::slow(20_000);
    let mut show = endless(&server.url()).start();
    show.wait_until_live();
    time::pause(Duration::from_secs(1));
    show.process.signal(libc::SIGINT);
    time::pause(Duration::from_millis(30));
    if show.process.ended().is_none() {
        show.process.signal(libc::SIGINT);
    }
    let asked = time::now();
    show.process.wait(Duration::from_secs(5));
    assert!(asked.elapsed() < Duration::from_millis(500), "{:?}", asked.elapsed());
}

#[test]
fn a_server_that_dies_and_returns_gets_the_show_again() {
    let mut nginx = Nginx::start();
    let mut show = endless(&nginx.url()).start();
    show.wait_until_live();
    time::pause(Duration::from_secs(3));
    nginx.kill();
    show.wait_for_states("reconnecting", 1, Duration::from_secs(5));
    time::pause(Duration::from_secs(1));
    nginx.restart();
    let back = time::now();
    show.wait_for_states("live", 2, Duration::from_secs(10));
    assert!(back.elapsed() < Duration::from_secs(3), "live again after {:?}", back.elapsed());
    time::pause(Duration::from_secs(2));
    show.process.signal(libc::SIGINT);
    let ended = show.end(Duration::from_secs(10));
    ended.expect_code(0);
    assert_eq!(number(ended.summary(), "reconnects"), 1.0, "{}", ended.story());

    let files = nginx.recordings();
    assert_eq!(files.len(), 2, "{files:?}");
    let again = Recording::read(&files[1]);
    again.check_timeline();
    assert!(again.video[0].keyframe && again.video_headers >= 1 && again.audio_headers >= 1);
    decode_without_a_warning(&files[1]);
}

/// `TALLY_TEST_WHOLE=1` has it down for longer.
#[test]
fn a_server_that_was_down_for_long_gets_the_show_soon_after_its_return() {
    // Long enough for waits that double to have grown.
    let downs: &[(u64, u64)] = if whole() { &[(5, 1000), (20, 1500)] } else { &[(8, 1500)] };
    for (down, soon) in downs {
        let mut nginx = Nginx::start();
        let mut show = endless(&nginx.url()).start();
        show.wait_until_live();
        time::pause(Duration::from_secs(3));
        nginx.kill();
        time::pause(Duration::from_secs(*down));
        nginx.restart();
        let back = time::now();
        show.wait_for_states("live", 2, Duration::from_secs(20));
        println!("down for {down} s, live again {:?} after its return", back.elapsed());
        assert!(back.elapsed() < Duration::from_millis(*soon), "live again after {:?}", back.elapsed());
        show.process.signal(libc::SIGINT);
        show.end(Duration::from_secs(10)).expect_code(0);
    }
}

#[test]
fn a_server_that_never_returns_has_an_exit_code_of_its_own() {
    let mut nginx = Nginx::start();
    let mut show = endless(&nginx.url()).args(&["--for", "6s"]).start();
    show.wait_until_live();
    time::pause(Duration::from_secs(3));
    nginx.kill();
    show.end(Duration::from_secs(20)).expect_problem(7, &["retries_ended"]);
}

#[test]
fn a_server_that_closes_mid_show_is_reconnected_to() {
    let server = OddServer::closing(Closes::MidShow(300));
    let mut show = endless(&server.url()).start();
    show.wait_for_states("live", 2, Duration::from_secs(20));
    assert!(server.clients() >= 2);
    show.process.signal(libc::SIGINT);
    let ended = show.end(Duration::from_secs(10));
    ended.expect_code(0);
    assert!(number(ended.summary(), "reconnects") >= 1.0, "{}", ended.story());
}

#[test]
fn a_slow_server_costs_pictures_and_never_sound_or_the_show() {
    let server = OddServer::slow(30_000);
    let ended = endless(&server.url()).args(&["--adaptive", "off", "--for", "6s"]).run();
    ended.expect_code(0);
    let summary = ended.summary();
    assert!(number(summary, "dropped") > 0.0, "{}", ended.story());
    let worst = ended.all("stats").iter().map(|stats| number(stats, "queue_ms")).fold(0.0, f64::max);
    assert!(worst <= 1000.0, "{worst} ms queued: {}", ended.story());
    assert!(ended.all("stats").iter().any(|stats| number(stats, "congestion") > 0.2), "{}", ended.story());
}

#[test]
fn a_server_that_is_gone_for_good_has_its_backup_live_in_its_place() {
    let (mut first, backup) = (Nginx::start(), Nginx::start());
    let tally = endless(&first.url()).args(&["--backup", &backup.url()]);
    let mut show = tally.start();
    show.wait_until_live();
    time::pause(Duration::from_secs(2));
    first.kill();
    show.wait_for_states("live", 2, Duration::from_secs(5));
    time::pause(Duration::from_secs(2));
    show.process.signal(libc::SIGINT);
    let ended = show.end(Duration::from_secs(10));
    ended.expect_code(0);
    assert!(ended.problems().iter().any(|problem| problem["kind"] == "on_backup"), "{}", ended.story());
    let path = backup.recording();
    assert!(path.to_string_lossy().contains(KEY), "the backup has the same key: {}", path.display());
    let again = Recording::read(&path);
    again.check_timeline();
    assert!(again.video[0].keyframe, "{}", ended.story());
    decode_without_a_warning(&path);
    // A show that cannot begin at the first server begins at the backup.
    let ended = endless(&first.url()).args(&["--backup", &backup.url(), "--for", "2s"]).run();
    ended.expect_code(0);
    assert!(ended.problems().iter().any(|problem| problem["kind"] == "connection_refused"), "{}", ended.story());
}

#[test]
fn a_backup_that_is_lost_is_named_and_the_first_server_has_the_show_again() {
    let (mut first, mut backup) = (Nginx::start(), Nginx::start());
    let mut show = endless(&first.url()).args(&["--backup", &backup.url()]).start();
    show.wait_until_live();
    time::pause(Duration::from_secs(2));
    first.kill();
    show.wait_for_states("live", 2, Duration::from_secs(10));
    first.restart();
    time::pause(Duration::from_secs(2));
    backup.kill();
    show.wait_for_states("live", 3, Duration::from_secs(15));
    show.process.signal(libc::SIGINT);
    let ended = show.end(Duration::from_secs(10));
    ended.expect_code(0);
    let problems = ended.problems();
    let lost = problems.iter().filter(|problem| problem["kind"] == "connection_lost");
    let lost: Vec<bool> = lost.map(|problem| problem["what"].as_str().unwrap().contains("(backup)")).collect();
    assert_eq!(lost, [false, true], "{}", ended.story());
}

#[test]
fn the_report_of_a_show_tells_what_it_was_like_and_why() {
    let nginx = Nginx::start();
    let folder = tempfile::tempdir().unwrap();
    let shows = folder.path().to_string_lossy().into_owned();
    let ended = endless(&nginx.url()).args(&["--for", "4s"]).env("TALLY_STATE_DIR", &shows).run();
    let flight = ended.expect_good_show()["flight"].as_str().unwrap().to_owned();
    assert!(flight.starts_with(&shows), "{flight}");
    let report = |args: &[&str]| Tally::new(&["report"]).args(args).env("TALLY_STATE_DIR", &shows).run();
    for text in [report(&[flight.as_str()]), report(&[])] {
        text.expect_code(0);
        for told in ["Nothing went wrong.", "640x360", "is live", "Loudness"] {
            assert!(text.stdout.contains(told), "{told} is not in {}", text.story());
        }
        assert!(!text.stdout.contains(KEY));
    }
    let german = report(&["--language", "de"]);
    german.expect_code(0);
    for told in ["Nichts ging schief.", "Lautheit", " ist live"] {
        assert!(german.stdout.contains(told), "{told} is not in {}", german.story());
    }
    let page = folder.path().join("page.html");
    report(&["--html", "--output", &page.to_string_lossy()]).expect_code(0);
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(html.starts_with("<!doctype html>") && html.contains("<polyline") && !html.contains(KEY));
    // Nothing is overwritten, and what is no show is refused.
    report(&["--html", "--output", &page.to_string_lossy()]).expect_code(2);
    report(&[page.to_string_lossy().as_ref()]).expect_code(2);
    report(&["/no/such/show"]).expect_code(2);
}

#[test]
fn a_reader_that_hangs_keeps_neither_the_show_nor_its_end() {
    let noting = Noting::start(TcpListener::bind("127.0.0.1:0").unwrap());
    let mut show = endless(&noting.server.url()).within(FULL_PIPE).start();
    let much = || (noting.all().len() > 200).then_some(());
    assert!(time::poll(Duration::from_secs(20), much).is_some(), "{}", show.process.story());
    let asked = time::now();
    show.process.signal(libc::SIGTERM);
    let status = show.process.wait(Duration::from_secs(10));
    let took = asked.elapsed();
    assert_eq!(exit_code(status), 0, "{}", show.process.story());
    // Whoever reads has a moment for the rest.
    assert!(took < END_AT_MOST + Duration::from_secs(2), "{took:?}");
}

#[test]
fn a_reader_that_hangs_keeps_neither_a_server_nor_a_check() {
    let port = free_port();
    let serve = Tally::new(&["serve", "--json", "--http", "off", "--listen", &format!("127.0.0.1:{port}")]);
    let serve = serve.within(FULL_PIPE).start();
    let listens = || TcpStream::connect(("127.0.0.1", port)).ok();
    assert!(time::poll(Duration::from_secs(10), listens).is_some(), "{}", serve.process.story());
    let silent = OddServer::silent();
    let check = Tally::check(&silent.url()).key(KEY).within(FULL_PIPE).start();
    assert!(time::poll(Duration::from_secs(10), || (silent.clients() > 0).then_some(())).is_some());
    // Figures of a second or two wait to be printed.
    time::pause(Duration::from_secs(2));
    for (mut runs, code) in [(serve, 0), (check, 130)] {
        let asked = time::now();
        runs.process.signal(libc::SIGTERM);
        let status = runs.process.wait(Duration::from_secs(10));
        let took = asked.elapsed();
        assert_eq!(exit_code(status), code, "{}", runs.process.story());
        // Whoever reads has a moment for the rest.
        assert!(took < END_AT_MOST + Duration::from_secs(2), "{took:?}");
        let told = runs.process.stderr.text();
        assert!(told.contains("events were not printed"), "{}", runs.process.story());
    }
}

#[test]
fn a_show_that_ends_while_its_server_is_away_did_not_end_well() {
    // It takes connections in and says nothing: an attempt lasts for seconds.
    let server = OddServer::silent();
    let noting = Noting::start(TcpListener::bind("127.0.0.1:0").unwrap());
    let backup = server.url();
    let mut show = endless(&noting.server.url()).args(&["--backup", &backup]).start();
    show.wait_until_live();
    time::pause(Duration::from_secs(2));
    drop(noting);
    show.wait_for_states("reconnecting", 1, Duration::from_secs(10));
    time::pause(Duration::from_secs(2));
    show.process.signal(libc::SIGTERM);
    let ended = show.end(Duration::from_secs(10));
    ended.expect_problem(7, &["retries_ended"]);
}
