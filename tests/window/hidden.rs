//! A window that nobody sees, covered or minimised, while its show goes on.

use std::time::Duration;

use crate::reader::Role;
use crate::steps::{open_live, recording_of};
use crate::support::nginx::Nginx;
use crate::support::time;
use crate::window::PATIENCE;

#[test]
fn closing_a_window_that_is_not_seen_asks_before_the_show_ends() {
    let nginx = Nginx::start();
    let mut window = open_live(&nginx, "hidden");
    let hidden_at = recording_of(&nginx, 0, 1.0, &window).video_ms() / 1000.0;
    window.hide(true);
    time::pause(Duration::from_secs(1));
    window.ask_to_close();
    recording_of(&nginx, 0, hidden_at + 5.0, &window);
    assert!(window.process().ended().is_none(), "the show has ended\n{}", window.story());
    window.hide(false);
    window.wait_for_text("End the show?");
    window.click(Role::BUTTON, "Keep going");
    window.wait_for_state("LIVE", PATIENCE);
    window.hold_until_not(Role::BUTTON, "Hold to end show", "LIVE");
    window.wait_for_text("That was the show");
}

#[test]
fn the_title_is_true_while_the_window_is_not_seen() {
    let mut nginx = Nginx::start();
    let window = open_live(&nginx, "hidden");
    window.wait_for_title("LIVE · Tally");
    window.hide(true);
    time::pause(Duration::from_secs(1));
    nginx.kill();
    let told = time::poll(PATIENCE, || window.title().starts_with("RECONNECTING").then_some(()));
    assert!(told.is_some(), "{}", window.story());
    nginx.restart();
    window.wait_for_title("LIVE · Tally");
}
