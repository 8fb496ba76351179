//! Shows through a tunnel: what it has taken is acknowledged, and waits in it. `TALLY_TEST_WHOLE=1` plays the long pattern.

use std::time::Duration;

use crate::links::{WANTED, WIDE, show_to, whole};
use crate::support::network::with_a_link;
use crate::support::noting::Noting;
use crate::support::tally::number;

#[test]
fn a_link_that_narrows_behind_a_tunnel_costs_no_sound_and_little_time() {
    let test = "tunnels::a_link_that_narrows_behind_a_tunnel_costs_no_sound_and_little_time";
    with_a_link(test, Duration::from_secs(110), |network| {
        let noting = Noting::start(network.listen());
        let (_tunnel, url) = network.tunnel(noting.server.port);
        let (wide, narrow, again) = if whole() { (12.0, 30.0, 20.0) } else { (3.75, 8.0, 17.0) };
        let (seen, summary) = show_to(network, &noting, &url, &[(WIDE, wide), (1200, narrow), (WIDE, again)], &[]);
        println!("{}\n{summary}", seen.story());
        assert!(seen.worst().0 <= 1300.0, "{}", seen.story());
        assert!(seen.longest_hole() <= 1000, "{}", seen.story());
        assert_eq!(seen.audio_lost(), 0, "{}", seen.story());
        // Nothing but trying tells that it is wide again, and that is tried ten seconds after it stood still last.
        assert!(seen.full_after(WANTED, (wide + narrow) as usize).is_some_and(|s| s <= 15), "{}", seen.story());
        assert_eq!(number(&summary, "reconnects"), 0.0);
    });
}
