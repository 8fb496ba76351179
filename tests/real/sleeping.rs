//! The program is stopped and goes on, and the computer sleeps and wakes: the show outlives both. `TALLY_TEST_WHOLE=1` stops it
//! for longer.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::mp4::{Played, decode};
use crate::support::network::with_a_link;
use crate::support::noting::{Arrived, Noting};
use crate::support::shim;
use crate::support::signal::Signal;
use crate::support::tally::{Ended, Show, Tally, number};
use crate::support::time;

const KEY: &str = "sleep-7d01";

fn stopped_for() -> Duration {
    Duration::from_secs(if std::env::var_os("TALLY_TEST_WHOLE").is_some() { 25 } else { 6 })
}

fn small(to: &str) -> Tally {
    Tally::live(&["--video", "test", "--audio", "test", "--size", "320x180", "--video-bitrate", "400k"])
        .args(&["--to", to])
        .key(KEY)
}

fn ends_well(show: Show) -> Ended {
    show.process.signal(libc::SIGTERM);
    let ended = show.end(Duration::from_secs(10));
    ended.expect_code(0);
    ended
}

/// Panics unless the times of each kind rise strictly, whatever the connection.
fn check_times(arrived: &[Arrived]) {
    for video in [true, false] {
        let times: Vec<_> = arrived.iter().filter(|a| a.video == video).map(|a| a.timestamp_ms).collect();
        let back = times.windows(2).find(|pair| pair[1] <= pair[0]);
        assert!(back.is_none(), "video {video}: {back:?}");
    }
}

fn stopped_show_goes_on(server_closes: bool) {
    let noting = Noting::start(TcpListener::bind("127.0.0.1:0").unwrap());
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("show.mp4");
    let mut show = small(&noting.server.url()).args(&["--record", &file.to_string_lossy()]).start();
    show.wait_until_live();
    time::pause(Duration::from_secs(4));
    show.process.signal(libc::SIGSTOP);
    time::pause(stopped_for());
    if server_closes {
        noting.server.cut();
    }
    let on = time::now();
    show.process.signal(libc::SIGCONT);
    if server_closes {
        show.wait_for_states("live", 2, Duration::from_secs(5));
        println!("live again after {:?}", on.elapsed());
    }
    time::pause(Duration::from_secs(5));
    let ended = ends_well(show);

    let arrived = noting.all();
    check_times(&arrived);
    let soon = arrived.iter().copied().filter(|a| a.at >= on && a.at < on + Duration::from_secs(1));
    let (pictures, sound): (Vec<Arrived>, Vec<Arrived>) = soon.partition(|a| a.video);
    println!("in the first second {} pictures and {} packets of sound", pictures.len(), sound.len());
    // A second of them, and what may be made up for: half a second of pictures, two seconds of sound.
    assert!(pictures.len() <= 30 + 15 + 5, "{} pictures in a burst: {}", pictures.len(), ended.story());
    assert!(sound.len() <= 3 * 47 + 10, "{} packets of sound in a burst: {}", sound.len(), ended.story());
    let connections = if server_closes { 2 } else { 1 };
    assert_eq!(noting.server.clients(), connections, "{}", ended.story());
    let kinds: Vec<_> = ended.problems().iter().map(|problem| problem["kind"].as_str().unwrap().to_owned()).collect();
    let expected: &[&str] = if server_closes { &["connection_lost"] } else { &[] };
    assert_eq!(kinds, expected, "{}", ended.story());
    for stats in ended.all("stats") {
        assert!(number(stats, "fps") < 60.0, "{stats}");
    }
    let lost = number(ended.summary(), "dropped") + number(ended.summary(), "recording_dropped");
    assert!(server_closes || lost <= 10.0, "{}", ended.story());

    let played = Played::read(&file);
    assert_eq!(decode(&file), played.pictures.len());
    check_hole(&played);
    let whole = number(ended.summary(), "duration_s");
    assert!((played.seconds() - whole).abs() < 0.3, "{} of {whole} s", played.seconds());
    Signal::read(&file).check_av_offset(40.0, 6);
}

/// Panics unless exactly the time the program was stopped is missing, once, in picture and sound alike.
fn check_hole(played: &Played) {
    let pictures: Vec<_> = played.pictures.iter().map(|picture| picture.0).collect();
    let stopped = stopped_for().as_secs_f64();
    for (times, made_up) in [(&pictures, 0.7), (&played.sound, 2.2)] {
        assert!(times.windows(2).all(|pair| pair[1] > pair[0]));
        let holes: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).filter(|gap| *gap > 0.1).collect();
        assert_eq!(holes.len(), 1, "{holes:?}");
        assert!((stopped - made_up..stopped + 0.3).contains(&holes[0]), "{holes:?} of {stopped} s");
    }
}

#[test]
fn a_show_that_is_stopped_for_seconds_goes_on_in_step() {
    stopped_show_goes_on(false);
}

#[test]
fn a_show_that_is_stopped_connects_again_if_the_server_has_closed() {
    stopped_show_goes_on(true);
}

/// A library that makes the computer sleep, and the file that says for how long: both in `folder`.
fn bed(folder: &Path) -> (String, PathBuf) {
    (shim::compile("sleeping", folder), folder.join("slept"))
}

fn in_bed(tally: Tally, (library, slept): &(String, PathBuf)) -> Tally {
    tally.env("LD_PRELOAD", library).env("SLEPT_FILE", &slept.to_string_lossy())
}

#[test]
fn a_sleep_is_told_once_and_a_connection_that_lives_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let bed = bed(dir.path());
    let noting = Noting::start(TcpListener::bind("127.0.0.1:0").unwrap());
    let mut show = in_bed(small(&noting.server.url()), &bed).start();
    show.wait_until_live();
    time::pause(Duration::from_secs(2));
    std::fs::write(&bed.1, "840").unwrap();
    show.wait_for("sleep", Duration::from_secs(5), |event| event["kind"] == "computer_slept");
    time::pause(Duration::from_secs(4));
    let ended = ends_well(show);
    let problems = ended.problems();
    assert_eq!(problems.len(), 1, "{}", ended.story());
    let what = problems[0]["what"].as_str().unwrap();
    assert!(what.starts_with("This computer slept for 14 min; the show went on at "), "{what}");
    assert_eq!((number(ended.summary(), "reconnects"), noting.server.clients()), (0.0, 1), "{}", ended.story());
    check_times(&noting.all());
    let flight = std::fs::read_to_string(ended.summary()["flight"].as_str().unwrap()).unwrap();
    assert_eq!(flight.matches("computer_slept\tThis computer slept for 14 min").count(), 1, "{flight}");
}

#[test]
fn a_connection_that_did_not_outlive_the_sleep_is_given_up_soon() {
    let test = "sleeping::a_connection_that_did_not_outlive_the_sleep_is_given_up_soon";
    with_a_link(test, Duration::from_secs(60), |network| {
        let dir = tempfile::tempdir().unwrap();
        let bed = bed(dir.path());
        network.carries(10_000);
        let noting = Noting::start(network.listen());
        let mut show = network.sends(in_bed(small(&network.url(noting.server.port)), &bed)).start();
        show.wait_until_live();
        time::pause(Duration::from_secs(2));
        network.goes_silent();
        std::fs::write(&bed.1, "600").unwrap();
        let awake = time::now();
        show.wait_for_states("reconnecting", 1, Duration::from_secs(10));
        let noticed = awake.elapsed();
        network.carries(10_000);
        let back = time::now();
        show.wait_for_states("live", 2, Duration::from_secs(10));
        println!("given up {noticed:?} after the sleep, live {:?} after the link was back", back.elapsed());
        assert!(noticed < Duration::from_millis(2700), "{noticed:?}");
        let ended = ends_well(show);
        let problems = ended.problems();
        let kinds: Vec<_> = problems.iter().map(|problem| problem["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["computer_slept", "connection_lost"], "{}", ended.story());
        check_times(&noting.all());
    });
}
