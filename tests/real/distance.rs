//! Shows over a way that takes a while, as most do: what comes back late, and never at the same time, must not be taken for
//! a link that is full; and a router on the way must not be filled until it throws packets away.
//! `TALLY_TEST_WHOLE=1` plays every way, with both common ways to control congestion.

use std::time::Duration;

use crate::links::{WANTED, WIDE, narrows, show, whole};
use crate::support::network::{Network, Way, knows_congestion_control, with_a_way};
use crate::support::noting::Noting;
use crate::support::tally::{Tally, number};

const LIMIT: Duration = Duration::from_secs(110);

/// To another continent, by radio; and to the same town over poor radio.
const ABROAD: Way = Way::Far { one_way_ms: 60, jitter_ms: 20 };
const POOR_RADIO: Way = Way::Far { one_way_ms: 10, jitter_ms: 30 };
/// To another country.
const NEAR: Way = Way::Far { one_way_ms: 20, jitter_ms: 5 };

/// Works over a `way` whose sender controls congestion so; where the system can not, it says that nothing was tested.
fn over(test: &str, way: Way, congestion: &str, work: impl FnOnce(&Network)) {
    if knows_congestion_control(congestion) {
        with_a_way(test, LIMIT, way, |network| {
            network.controls_congestion_by(congestion);
            work(network);
        });
    }
}

/// A wide link keeps its rate from the first second on.
fn is_left_alone(network: &Network, seconds: f64) {
    let (seen, summary) = show(network, &[(WIDE, if whole() { 40.0 } else { seconds })]);
    println!("{}\n{summary}", seen.story());
    let average = seen.average_kbps(0);
    assert!(average > WANTED * 0.93, "{average}: {}", seen.story());
    assert!(seen.worst().0 <= 800.0 && seen.longest_hole() <= 100, "{}", seen.story());
    assert_eq!(seen.audio_lost(), 0, "{}", seen.story());
}

#[test]
fn a_wide_link_to_another_continent_has_its_rate_at_once() {
    over("distance::a_wide_link_to_another_continent_has_its_rate_at_once", ABROAD, "cubic", |network| {
        is_left_alone(network, 8.0)
    });
}

#[test]
fn a_wide_link_over_poor_radio_is_left_alone() {
    over("distance::a_wide_link_over_poor_radio_is_left_alone", POOR_RADIO, "cubic", |network| {
        is_left_alone(network, 8.0)
    });
}

#[test]
fn a_wide_link_is_left_alone_where_the_system_looks_how_short_it_is() {
    // BBR does every ten seconds: it sends next to nothing for a moment.
    let test = "distance::a_wide_link_is_left_alone_where_the_system_looks_how_short_it_is";
    over(test, ABROAD, "bbr", |network| is_left_alone(network, 14.0));
}

#[test]
fn the_end_of_a_show_by_satellite_arrives() {
    let by_satellite = Way::Far { one_way_ms: 300, jitter_ms: 20 };
    over("distance::the_end_of_a_show_by_satellite_arrives", by_satellite, "cubic", |network| {
        let noting = Noting::start(network.listen());
        let tally = Tally::small_show(&network.url(noting.server.port), 5).key("links");
        let ended = network.sends(tally).run();
        let sent = number(ended.expect_good_show(), "frames_sent");
        let arrived = noting.all().iter().filter(|a| a.video).count() as f64;
        assert!(sent == arrived && sent > 140.0, "{arrived} of {sent}: {}", ended.story());
    });
}

#[test]
fn a_router_on_the_way_to_another_continent_narrows() {
    over("distance::a_router_on_the_way_to_another_continent_narrows", ABROAD, "cubic", |network| {
        narrows(network, 1300, 1300, 9)
    });
}

#[test]
fn a_router_on_the_way_to_another_country_narrows() {
    over("distance::a_router_on_the_way_to_another_country_narrows", NEAR, "cubic", |network| {
        narrows(network, 1300, 1300, 9)
    });
}

#[test]
fn a_router_on_the_way_narrows_where_the_system_measures_what_it_carries() {
    // It believes in what it measured before for ten round trips.
    let test = "distance::a_router_on_the_way_narrows_where_the_system_measures_what_it_carries";
    over(test, ABROAD, "bbr", |network| narrows(network, 1400, 1400, 9));
}
