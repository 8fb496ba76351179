//! Several destinations at once: one that is dead or slow takes nothing from another.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use crate::support::net::free_port;
use crate::support::nginx::Nginx;
use crate::support::noting::{Noting, Seen};
use crate::support::odd::OddServer;
use crate::support::tally::{Ended, Tally, number};
use crate::support::time;

const KEY: &str = "three";
const PATIENCE: Duration = Duration::from_secs(30);

/// Seven seconds to a server that notes, and to `others` besides; what arrived, and how it ended.
fn show(others: &[String]) -> (Seen, Ended) {
    let noting = Noting::start(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    let mut tally = Tally::small_show(&noting.server.url(), 7).key(KEY);
    for other in others {
        tally = tally.args(&["--to", other]);
    }
    let ended = tally.run();
    (Seen::of(noting.all()), ended)
}

#[test]
fn a_dead_and_a_slow_destination_take_nothing_from_the_third() {
    let (alone, ended) = show(&[]);
    ended.expect_code(0);
    // It reads far less than is sent, and this address answers nobody (RFC 5737).
    let slow = OddServer::slow(20_000);
    let (beside, ended) = show(&[slow.url(), "rtmp://192.0.2.1/live".to_owned()]);
    let pictures = |seen: &Seen| seen.arrived.iter().filter(|a| a.video).count();
    let story = || format!("alone: {}\nbeside: {}\n{}", alone.story(), beside.story(), ended.story());
    assert!(pictures(&alone).abs_diff(pictures(&beside)) <= pictures(&alone) / 100 + 1, "{}", story());
    assert!(beside.longest_hole() <= 50 && beside.audio_lost() == 0, "{}", story());
    println!("median delay {:.1} ms alone, {:.1} ms beside", alone.median_delay(), beside.median_delay());
    assert!((alone.median_delay() - beside.median_delay()).abs() < 10.0, "{}", story());
    // The rate is not lowered for the slow one's sake.
    let bytes = |seen: &Seen| seen.arrived.iter().filter(|a| a.video).map(|a| a.bytes).sum::<usize>() as f64;
    assert!((bytes(&alone) / bytes(&beside) - 1.0).abs() < 0.1, "{}", story());
    // The dead one is told, and the show did not end as asked for it.
    assert!(ended.problems().iter().any(|problem| problem["about"].to_string().contains("192.0.2.1")), "{}", story());
    assert_eq!(ended.code, 4, "{}", story());
}

#[test]
fn a_destination_that_is_lost_is_no_narrow_network() {
    let (stays, mut goes) = (Nginx::start(), Nginx::start());
    let [stays_at, goes_at] = [&stays, &goes].map(|server| format!("{}/{KEY}", server.url()));
    let mut show = Tally::small_show(&stays_at, 9).args(&["--to", &goes_at]).start();
    show.wait_for_states("live", 2, PATIENCE);
    // What goes at once was never there, and is not waited for.
    time::pause(Duration::from_secs(2));
    goes.kill();
    show.wait_for_states("reconnecting", 1, PATIENCE);
    let ended = show.end(PATIENCE);
    let most = |figure| ended.all("stats").iter().map(|stats| number(stats, figure)).fold(0.0, f64::max);
    assert!(most("queue_ms") > 1000.0, "nothing waited for it: {}", ended.story());
    assert!(most("congestion") < 0.3, "{} of what it may hold: {}", most("congestion"), ended.story());
}

#[test]
fn one_that_is_away_when_the_show_begins_is_tried_again_while_another_has_it() {
    let (there, mut late) = (Nginx::start(), Nginx::start());
    late.kill();
    let tally = Tally::small_show(&there.url(), 60).args(&["--to", &late.url()]).key("a").start();
    let mut show = tally;
    show.wait_until_live();
    time::pause(Duration::from_secs(2));
    late.restart();
    let back = time::now();
    show.wait_for_states("live", 2, Duration::from_secs(20));
    println!("live {:?} after it came", back.elapsed());
    show.process.signal(libc::SIGINT);
    let ended = show.end(Duration::from_secs(10));
    ended.expect_code(0);
    assert_eq!(ended.problems().len(), 1, "it is told once: {}", ended.story());
    assert_eq!(ended.problems()[0]["kind"], "connection_refused");

    // With nobody else there the show does not begin.
    let away = format!("rtmp://127.0.0.1:{}/live", free_port());
    let ended = Tally::small_show(&away, 60).args(&["--to", &away]).key("a").run();
    ended.expect_code(4);
}

#[test]
fn two_of_one_server_are_told_apart() {
    let nginx = Nginx::start();
    let to = |key: &str| format!("{}/{key}", nginx.url());
    let ended = Tally::small_show(&to("first-one"), 2).args(&["--to", &to("second-one")]).run();
    ended.expect_good_show();
    for event in ["state", "step"] {
        for place in 0..2 {
            let own = |told: &&&serde_json::Value| told["place"] == place;
            let told: Vec<_> = ended.all(event);
            let told: Vec<_> = told.iter().filter(own).collect();
            assert!(told.len() >= 3, "{event} {place}: {}", ended.story());
            let name = ["127.0.0.1", "127.0.0.1 2"][place];
            assert!(told.iter().all(|told| told["destination_name"] == name), "{}", ended.story());
        }
    }
    let people = Tally::new(&["live", "--video", "test", "--audio", "test", "--size", "320x180", "--for", "1s"]);
    let people = people.args(&["--record", "off", "--to", &to("third-one"), "--to", &to("fourth-one")]).run();
    for name in ["LIVE 127.0.0.1 (rtmp://", "LIVE 127.0.0.1 2 (rtmp://"] {
        assert!(people.stdout.contains(name), "{}", people.story());
    }
    assert!(!people.stdout.contains("-one"), "{}", people.story());
}
