//! A show over a link that narrows, comes back and goes away: what a viewer gets of it. `TALLY_TEST_WHOLE=1` plays the
//! long patterns.

use std::time::Duration;

use serde_json::Value;

use crate::support::clips::noisy_clip;
use crate::support::network::{Network, with_a_link};
use crate::support::noting::{Arrived, Noting, Seen};
use crate::support::tally::{Tally, number};
use crate::support::time;

/// What the shows here want; `Seen::full_after` looks for it.
pub(crate) const WANTED: f64 = 2500.0;
pub(crate) const WIDE: u32 = 10_000;
/// So long after a link has narrowed, in seconds, the rate has found its place.
const SETTLED: f64 = 5.0;

pub(crate) fn whole() -> bool {
    std::env::var_os("TALLY_TEST_WHOLE").is_some()
}

/// `show_with` without further flags.
pub(crate) fn show(network: &Network, pattern: &[(u32, f64)]) -> (Seen, serde_json::Value) {
    show_with(network, pattern, &[])
}

/// Streams 2500 kb/s of noise while the link does what `pattern` says: kb/s (0: silence) for so many seconds each.
fn show_with(network: &Network, pattern: &[(u32, f64)], flags: &[&str]) -> (Seen, serde_json::Value) {
    let noting = Noting::start(network.listen());
    let url = network.url(noting.server.port);
    show_to(network, &noting, &url, pattern, flags)
}

/// The same to a server that is reached by `url`.
pub(crate) fn show_to(
    network: &Network,
    noting: &Noting,
    url: &str,
    pattern: &[(u32, f64)],
    flags: &[&str],
) -> (Seen, serde_json::Value) {
    network.carries(pattern[0].0);
    let clip = format!("file:{}", noisy_clip().display());
    let tally = Tally::live(&["--video", &clip, "--audio", "test", "--size", "640x360", "--fps", "30"])
        .args(&["--video-bitrate", "2500k", "--audio-bitrate", "160k", "--to", url])
        .args(flags)
        .env("RUST_LOG", "tally=info")
        .key("links");
    let mut show = network.sends(tally).start();
    show.wait_until_live();
    for (place, (kbps, seconds)) in pattern.iter().enumerate() {
        match kbps {
            _ if place == 0 => {}
            0 => network.goes_silent(),
            kbps => network.carries(*kbps),
        }
        time::pause(Duration::from_secs_f64(*seconds));
    }
    show.process.signal(libc::SIGTERM);
    let ended = show.end(Duration::from_secs(10));
    ended.expect_code(0);
    let summary = ended.summary().clone();
    (Seen::of(noting.all()).with_rates(&ended.stderr), summary)
}

/// The link carries less for a while: the viewer stays close, no sound is lost, and the rate comes back.
/// `turns`: the rate falls and rises again, and may do so more often; once it has found its place, less often.
pub(crate) fn narrows(network: &Network, worst_ms: u32, hole_ms: u32, turns: usize) {
    // In the short form it narrows a moment before a keyframe, which is the worst.
    let (wide, narrow, again) = if whole() { (12.0, 30.0, 20.0) } else { (3.75, 8.0, 11.0) };
    let (seen, summary) = show(network, &[(WIDE, wide), (1200, narrow), (WIDE, again)]);
    println!("{}\n{summary}", seen.story());
    assert!(seen.worst().0 <= f64::from(worst_ms), "{}", seen.story());
    assert!(seen.longest_hole() <= hole_ms, "{}", seen.story());
    assert_eq!(seen.audio_lost(), 0, "{}", seen.story());
    let steady = seen.turns(wide + SETTLED, wide + narrow);
    println!("{steady} turns from {SETTLED} s after it narrowed until it is wide again");
    assert!(!seen.rates.is_empty() && seen.turns(0.0, f64::MAX) <= turns && steady <= turns.min(3), "{}", seen.story());
    assert!(seen.full_after(WANTED, (wide + narrow) as usize).is_some_and(|s| s <= 10), "{}", seen.story());
    assert_eq!(number(&summary, "reconnects"), 0.0);
}

#[test]
fn a_link_that_narrows_costs_no_sound_and_little_time_and_the_rate_comes_back() {
    with_a_link(
        "links::a_link_that_narrows_costs_no_sound_and_little_time_and_the_rate_comes_back",
        Duration::from_secs(110),
        |network| {
            narrows(network, 900, 300, 4);
        },
    );
}

#[test]
fn a_link_that_goes_up_and_down_keeps_the_viewer_close() {
    let test = "links::a_link_that_goes_up_and_down_keeps_the_viewer_close";
    with_a_link(test, Duration::from_secs(200), |network| {
        let sawtooth = [(WIDE, 4.0), (3000, 2.0), (2200, 2.0), (1600, 2.0), (1100, 2.0), (4000, 3.0), (1500, 4.0)];
        let stairs = [(6000, 6.0), (2000, 10.0), (900, 10.0), (3000, 10.0), (1200, 10.0), (WIDE, 14.0)];
        let jolts = [(WIDE, 5.0), (1500, 2.0), (WIDE, 5.0), (1000, 2.0), (WIDE, 5.0), (2000, 2.0), (WIDE, 10.0)];
        let patterns: &[&[(u32, f64)]] = if whole() { &[&sawtooth, &stairs, &jolts] } else { &[&sawtooth] };
        for pattern in patterns {
            let (seen, summary) = show(network, pattern);
            println!("{pattern:?}\n{}\n{summary}", seen.story());
            assert!(seen.worst().0 <= 1200.0, "{}", seen.story());
            assert!(seen.longest_hole() <= 1000, "{}", seen.story());
            assert_eq!(seen.audio_lost(), 0, "{}", seen.story());
            assert_eq!(number(&summary, "reconnects"), 0.0);
        }
    });
}

#[test]
fn who_misses_nothing_falls_behind_and_catches_up() {
    let test = "links::who_misses_nothing_falls_behind_and_catches_up";
    with_a_link(test, Duration::from_secs(100), |network| {
        let pattern = [(WIDE, 3.0), (1200, 4.0), (WIDE, 6.0)];
        let (seen, summary) = show_with(network, &pattern, &["--adaptive", "off", "--cache", "20"]);
        println!("{}\n{summary}", seen.story());
        assert!(seen.worst().0 > 1500.0, "it falls behind: {}", seen.story());
        assert!(seen.longest_hole() <= 50 && seen.audio_lost() == 0, "{}", seen.story());
        assert_eq!(number(&summary, "dropped"), 0.0, "{}", seen.story());
        let late = seen.arrived.iter().filter(|a| seen.second(a) > 11.0);
        let worst = late.map(|a| a.delay_ms(seen.start) - seen.base_ms).fold(0.0, f64::max);
        assert!(worst < 200.0, "{worst} ms behind in the end: {}", seen.story());
    });
}

#[test]
fn a_server_that_dies_without_a_word_has_its_backup_live_soon() {
    let test = "links::a_server_that_dies_without_a_word_has_its_backup_live_soon";
    with_a_link(test, Duration::from_secs(60), |network| {
        network.carries(WIDE);
        let (first, backup) = (Noting::start(network.listen()), Noting::start(network.listen_elsewhere()));
        let elsewhere = format!("rtmp://10.77.0.3:{}/live", backup.server.port);
        let tally = Tally::small_show(&network.url(first.server.port), 60).args(&["--backup", &elsewhere]).key("links");
        let mut show = network.sends(tally).start();
        show.wait_until_live();
        time::pause(Duration::from_secs(2));
        network.first_address_goes_silent();
        let dead = time::now();
        show.wait_for_states("live", 2, Duration::from_secs(20));
        println!("live at the backup {:?} after the first server died", dead.elapsed());
        assert!(dead.elapsed() < Duration::from_millis(5800), "{:?}", dead.elapsed());
        time::pause(Duration::from_secs(1));
        show.process.signal(libc::SIGTERM);
        show.end(Duration::from_secs(10)).expect_code(0);
        assert!(backup.all().iter().any(|arrived| arrived.video));
    });
}

#[test]
fn the_end_of_a_show_that_does_not_get_through_in_time_is_told() {
    let test = "links::the_end_of_a_show_that_does_not_get_through_in_time_is_told";
    with_a_link(test, Duration::from_secs(60), |network| {
        network.carries(WIDE);
        let noting = Noting::start(network.listen());
        let clip = format!("file:{}", noisy_clip().display());
        let tally = Tally::live(&["--video", &clip, "--audio", "test", "--size", "640x360", "--fps", "30"])
            .args(&["--video-bitrate", "2500k", "--to", &network.url(noting.server.port)])
            .args(&["--adaptive", "off", "--cache", "20"])
            .key("links");
        let mut show = network.sends(tally).start();
        show.wait_until_live();
        time::pause(Duration::from_secs(2));
        network.carries(300);
        time::pause(Duration::from_secs(5));
        show.process.signal(libc::SIGTERM);
        let ended = show.end(Duration::from_secs(10));
        println!("{}", ended.story());
        ended.expect_problem(7, &["end_lost"]);
        let summary = ended.summary();
        let [encoded, sent, dropped] = ["frames_encoded", "frames_sent", "dropped"].map(|name| number(summary, name));
        assert!(sent + dropped == encoded && dropped > 60.0, "{summary}");
        // What the system had arrives without the program.
        let all = || (noting.all().iter().filter(|a| a.video).count() as f64 >= sent).then_some(());
        assert!(time::poll(Duration::from_secs(10), all).is_some(), "{} of {sent}", noting.all().len());
    });
}

#[test]
fn an_outage_of_three_seconds_is_outlived_and_sound_comes_after_it() {
    let test = "links::an_outage_of_three_seconds_is_outlived_and_sound_comes_after_it";
    with_a_link(test, Duration::from_secs(100), |network| {
        let (seen, summary) = show(network, &[(WIDE, 4.0), (0, 3.0), (WIDE, 6.0)]);
        println!("{}\n{summary}", seen.story());
        let back = seen.arrived.iter().filter(|a| a.video).map(|a| seen.second(a)).find(|second| *second > 6.8);
        println!("a picture {back:?} s after the first, the link was back after 7 s");
        assert!(back.is_some_and(|second| second < 8.6), "{}", seen.story());
        assert!(seen.full_after(WANTED, 7).is_some_and(|seconds| seconds <= 5), "{}", seen.story());
        if number(&summary, "reconnects") == 0.0 {
            assert_eq!(seen.audio_lost(), 0, "{}", seen.story());
        }
    });
}

#[test]
fn a_connection_that_is_made_again_brings_the_sound_of_the_outage() {
    let test = "links::a_connection_that_is_made_again_brings_the_sound_of_the_outage";
    with_a_link(test, Duration::from_secs(100), |network| {
        let (seen, summary) = show(network, &[(WIDE, 4.0), (0, 4.4), (WIDE, 5.0)]);
        println!("{}\n{summary}", seen.story());
        assert_eq!(number(&summary, "reconnects"), 1.0, "{}", seen.story());
        // What is on the wire in the moment in which the old connection is reset may come by the new one too.
        assert!(seen.audio_lost() == 0 && seen.audio_twice() <= 2, "{}", seen.story());
    });
}

#[test]
fn who_misses_nothing_misses_little_where_the_connection_is_made_again() {
    let test = "links::who_misses_nothing_misses_little_where_the_connection_is_made_again";
    with_a_link(test, Duration::from_secs(100), |network| {
        // Keyframes of its own come every ten seconds.
        let flags = ["--cache", "20", "--keyframe-seconds", "10"];
        let (seen, summary) = show_with(network, &[(WIDE, 4.0), (0, 4.4), (WIDE, 6.0)], &flags);
        println!("{}\n{summary}", seen.story());
        assert_eq!(number(&summary, "reconnects"), 1.0, "{}", seen.story());
        assert!(seen.longest_hole() <= 700 && seen.audio_lost() == 0 && seen.audio_twice() <= 2, "{}", seen.story());
        let [encoded, sent, dropped] = ["frames_encoded", "frames_sent", "dropped"].map(|name| number(&summary, name));
        assert_eq!(sent + dropped, encoded, "what came back and was sent again is sent once");
    });
}

#[test]
fn a_link_that_loses_packets_costs_the_viewer_nothing() {
    let test = "links::a_link_that_loses_packets_costs_the_viewer_nothing";
    with_a_link(test, Duration::from_secs(100), |network| {
        network.loses(5);
        let (seen, summary) = show(network, &[(WIDE, if whole() { 60.0 } else { 12.0 })]);
        println!("{} packets lost on the way\n{}\n{summary}", network.lost(), seen.story());
        assert!(network.lost() > 50, "the link loses next to nothing");
        assert!(seen.worst().0 <= 1000.0 && seen.longest_hole() <= 700, "{}", seen.story());
        assert_eq!(seen.audio_lost(), 0, "{}", seen.story());
        assert_eq!(number(&summary, "reconnects"), 0.0);
        let average = seen.average_kbps(2);
        assert!(average > WANTED * 0.9, "{average}: {}", seen.story());
    });
}

#[test]
fn a_check_tells_packets_that_are_lost_and_none_where_none_are() {
    let test = "links::a_check_tells_packets_that_are_lost_and_none_where_none_are";
    with_a_link(test, Duration::from_secs(60), |network| {
        network.carries(WIDE);
        let check = || {
            let noting = Noting::start(network.listen());
            let check = Tally::check(&network.url(noting.server.port)).key("links").args(&["--publish"]);
            let began = time::now();
            let ended = network.sends(check).run();
            let upload = ended.all("step").into_iter().find(|step| step["name"] == "sustained").unwrap().clone();
            let took = began.elapsed();
            println!("it took {took:?}: {upload}");
            assert!(took < Duration::from_secs(15) && upload["ok"] == true, "{took:?}: {}", ended.story());
            (ended, number(&upload, "packet_loss"))
        };
        let (whole, share) = check();
        assert_eq!(whole.expect_good_show()["verdict"], "ready", "{}", whole.story());
        assert!(share < 0.005, "{share}");

        network.loses(5);
        let (lossy, share) = check();
        println!("{} packets never arrived", network.lost());
        assert!((0.02..0.10).contains(&share), "{share}");
        let problem = lossy.expect_problem(0, &["packet_loss"]);
        let what = problem["what"].as_str().unwrap();
        assert!(what.contains(" % of the packets") && what.contains("lost on the way"), "{problem}");
        let summary = lossy.summary();
        assert_eq!((&summary["verdict"], &summary["failure"]), (&"ready_with_warnings".into(), &Value::Null));
        assert_eq!(summary["warnings"], serde_json::json!(["packet_loss"]), "{}", lossy.story());
        assert_eq!(summary["destinations"][0]["reached"], "sustained");
    });
}

#[test]
fn a_cable_that_is_in_again_has_the_show_back_at_once() {
    let test = "links::a_cable_that_is_in_again_has_the_show_back_at_once";
    with_a_link(test, Duration::from_secs(60), |network| {
        network.carries(WIDE);
        let noting = Noting::start(network.listen());
        let tally = Tally::small_show(&network.url(noting.server.port), 60).key("links").env("RUST_LOG", "tally=debug");
        let mut show = network.sends(tally).start();
        show.wait_until_live();
        time::pause(Duration::from_secs(2));
        network.cable(false);
        show.wait_for_states("reconnecting", 1, Duration::from_secs(10));
        time::pause(Duration::from_secs(3));
        let before = show.process.stderr.text().matches("the network has changed").count();
        network.cable(true);
        let back = time::now();
        show.wait_for_states("live", 2, Duration::from_secs(10));
        println!("live {:?} after the cable was in again", back.elapsed());
        assert!(back.elapsed() < Duration::from_millis(1500), "{:?}", back.elapsed());
        let heard = show.process.stderr.text().matches("the network has changed").count();
        assert!(heard > before, "nobody heard of it\n{}", show.process.story());
        show.process.signal(libc::SIGTERM);
        show.end(Duration::from_secs(10)).expect_code(0);
    });
}

#[test]
fn a_link_that_dies_without_a_word_is_noticed_and_met_when_it_is_back() {
    let test = "links::a_link_that_dies_without_a_word_is_noticed_and_met_when_it_is_back";
    with_a_link(test, Duration::from_secs(100), |network| {
        let silence = if whole() { 15.0 } else { 7.0 };
        network.carries(WIDE);
        let noting = Noting::start(network.listen());
        let tally = Tally::small_show(&network.url(noting.server.port), 60).key("links");
        let mut show = network.sends(tally).start();
        show.wait_until_live();
        time::pause(Duration::from_secs(3));
        network.goes_silent();
        let dead = time::now();
        show.wait_for_states("reconnecting", 1, Duration::from_secs(10));
        let noticed = dead.elapsed();
        time::pause(Duration::from_secs_f64(silence).saturating_sub(noticed));
        network.carries(WIDE);
        let back = time::now();
        show.wait_for_states("live", 2, Duration::from_secs(20));
        let live = back.elapsed();
        println!("noticed after {noticed:?}, live {live:?} after the link was back");
        assert!(noticed < Duration::from_millis(4200), "{noticed:?}");
        assert!(live < Duration::from_millis(2200), "{live:?}");
        time::pause(Duration::from_secs(2));
        show.process.signal(libc::SIGTERM);
        show.end(Duration::from_secs(10)).expect_code(0);
        let arrived = noting.all();
        let (before, after): (Vec<Arrived>, Vec<Arrived>) = arrived.into_iter().partition(|a| a.connection == 0);
        let last = before.iter().map(|a| a.timestamp_ms).max().unwrap();
        assert!(after.first().is_some_and(|a| a.timestamp_ms > last), "times go on");
        assert!(after.iter().any(|a| a.video));
    });
}
