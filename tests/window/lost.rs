//! A server that dies in the middle of a show, and comes back.

use std::time::Duration;

use crate::reader::Role;
use crate::steps::{open_live, recording_of};
use crate::support::nginx::Nginx;
use crate::window::PATIENCE;

#[test]
fn a_lost_server_is_told_and_the_show_goes_on_when_it_is_back() {
    let mut nginx = Nginx::start();
    let mut window = open_live(&nginx, "lost");
    recording_of(&nginx, 0, 1.5, &window);

    nginx.kill();
    window.wait_for_state("RECONNECTING", PATIENCE);
    // A screen reader hears it by the title too.
    window.wait_for("title of it", PATIENCE, |seen| {
        seen.role == Role::FRAME && seen.name.starts_with("RECONNECTING") && seen.name.ends_with("· Tally")
    });
    nginx.restart();
    window.wait_for_state("LIVE", Duration::from_secs(20));
    window.wait_for_text("All good");
    window.wait_for_title("LIVE · Tally");
    recording_of(&nginx, 1, 1.5, &window);

    window.hold_until_not(Role::BUTTON, "Hold to end show", "LIVE");
    window.wait_for_text("That was the show");
}
