//! Shows over a way that takes a while, as most do: what comes back late, and never at the same time, must not be taken for
//! a link that is full; and a router on the way must not be filled until it throws packets away.
//! `TALLY_TEST_WHOLE=1` plays every way, with both common ways to control congestion.

use std::time::Duration;

use crate::links::{WANTED, WIDE, show, whole};
use crate::support::network::{Way, knows_congestion_control, with_a_way};
use crate::support::tally::number;

const LIMIT: Duration = Duration::from_secs(110);

/// To another continent, by radio; and to the same town over poor radio.
const ABROAD: Way = Way::Far { one_way_ms: 60, jitter_ms: 20 };
const POOR_RADIO: Way = Way::Far { one_way_ms: 10, jitter_ms: 30 };
/// To another country.
const NEAR: Way = Way::Far { one_way_ms: 20, jitter_ms: 5 };

/// A wide link keeps its rate from the first second on.
#[expect(clippy::print_stdout, reason = "the figures of a run")]
fn is_left_alone(test: &str, way: Way, congestion: &str, seconds: f64) {
    if !knows_congestion_control(congestion) {
        return;
    }
    with_a_way(test, LIMIT, way, |network| {
        network.controls_congestion_by(congestion);
        let (seen, summary) = show(network, &[(WIDE, if whole() { 40.0 } else { seconds })]);
        println!("{congestion}: {}\n{summary}", seen.story());
        let kbps = seen.kbps();
        let average = kbps[..kbps.len() - 1].iter().sum::<f64>() / (kbps.len() - 1) as f64;
        assert!(average > WANTED * 0.93, "{average}: {}", seen.story());
        assert!(seen.worst().0 <= 800.0 && seen.longest_hole() <= 100, "{}", seen.story());
        assert_eq!(seen.audio_lost(), 0, "{}", seen.story());
    });
}

/// A router on the way carries less for a while: little is lost in it, the viewer stays close, the rate comes back.
#[expect(clippy::print_stdout, reason = "the figures of a run")]
fn narrows(test: &str, way: Way, congestion: &str, worst_ms: f64) {
    if !knows_congestion_control(congestion) {
        return;
    }
    with_a_way(test, LIMIT, way, |network| {
        network.controls_congestion_by(congestion);
        let (wide, narrow, again) = if whole() { (12.0, 30.0, 20.0) } else { (4.0, 8.0, 11.0) };
        let (seen, summary) = show(network, &[(WIDE, wide), (1200, narrow), (WIDE, again)]);
        println!("{congestion}: {}\n{summary}", seen.story());
        assert!(seen.worst().0 <= worst_ms && f64::from(seen.longest_hole()) <= worst_ms, "{}", seen.story());
        assert_eq!(seen.audio_lost(), 0, "{}", seen.story());
        assert!(seen.full_after(WANTED, (wide + narrow) as usize).is_some_and(|s| s <= 10), "{}", seen.story());
        assert_eq!(number(&summary, "reconnects"), 0.0);
    });
}

#[test]
fn a_wide_link_to_another_continent_has_its_rate_at_once() {
    is_left_alone("distance::a_wide_link_to_another_continent_has_its_rate_at_once", ABROAD, "cubic", 8.0);
}

#[test]
fn a_wide_link_over_poor_radio_is_left_alone() {
    is_left_alone("distance::a_wide_link_over_poor_radio_is_left_alone", POOR_RADIO, "cubic", 8.0);
}

#[test]
fn a_wide_link_is_left_alone_where_the_system_looks_how_short_it_is() {
    // BBR does every ten seconds: it sends next to nothing for a moment.
    let test = "distance::a_wide_link_is_left_alone_where_the_system_looks_how_short_it_is";
    is_left_alone(test, ABROAD, "bbr", 14.0);
}

#[test]
fn a_router_on_the_way_to_another_continent_narrows() {
    narrows("distance::a_router_on_the_way_to_another_continent_narrows", ABROAD, "cubic", 1300.0);
}

#[test]
fn a_router_on_the_way_to_another_country_narrows() {
    narrows("distance::a_router_on_the_way_to_another_country_narrows", NEAR, "cubic", 1300.0);
}

#[test]
fn a_router_on_the_way_narrows_where_the_system_measures_what_it_carries() {
    // It believes in what it measured before for ten round trips.
    let test = "distance::a_router_on_the_way_narrows_where_the_system_measures_what_it_carries";
    narrows(test, ABROAD, "bbr", 1400.0);
}
