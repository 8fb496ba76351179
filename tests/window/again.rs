//! The window is closed, and opened again.

use std::time::Duration;

use crate::reader::Role;
use crate::steps::{open_live, recording_of};
use crate::support::media::decode_without_a_warning;
use crate::support::nginx::Nginx;
use crate::window::{PATIENCE, is};

#[test]
fn closing_asks_while_live_and_what_was_set_is_there_the_next_time() {
    let nginx = Nginx::start();
    let mut window = open_live(&nginx, "again");
    recording_of(&nginx, 0, 1.0, &window);
    window.ask_to_close();
    window.wait_for_text("End the show?");
    window.wait_for_state("LIVE", PATIENCE);
    window.click(Role::BUTTON, "End show");
    window.wait_for_text("That was the show");
    window.ask_to_close();

    window.open_again();
    window.wait_for_state("READY", PATIENCE);
    assert!(!window.shows(is(Role::BUTTON, "Skip")), "the three questions are asked again\n{}", window.story());
    window.wait_for("the picture that was chosen", PATIENCE, is(Role::IMAGE, "Picture of the show, Test picture"));
    window.wait_for("Go live", PATIENCE, |seen| is(Role::BUTTON, "Go live")(seen) && seen.enabled);
    window.key("ctrl+l");
    window.wait_for_state("LIVE", PATIENCE);
    recording_of(&nginx, 1, 1.0, &window);
    assert!(nginx.recordings().iter().all(|path| path.to_string_lossy().contains("again")), "{:?}", nginx.recordings());
}

#[test]
fn a_hidden_window_sends_on_and_is_there_again() {
    let nginx = Nginx::start();
    let mut window = open_live(&nginx, "hidden");
    recording_of(&nginx, 0, 1.0, &window);
    window.hide(true);
    let before = recording_of(&nginx, 0, 0.0, &window).video_ms();
    recording_of(&nginx, 0, before / 1000.0 + 3.0, &window);
    window.hide(false);
    window.hold_until_not(Role::BUTTON, "Hold to end show", "LIVE");
    window.wait_for_text("That was the show");
    let sent = decode_without_a_warning(&nginx.recording());
    assert!(sent >= 120, "{sent} pictures");
}

#[test]
fn a_program_that_is_asked_to_end_ends_its_show_first() {
    let nginx = Nginx::start();
    let mut window = open_live(&nginx, "interrupted");
    recording_of(&nginx, 0, 1.0, &window);
    window.process().signal(libc::SIGTERM);
    window.process().succeed(Duration::from_secs(10));
    assert!(decode_without_a_warning(&nginx.recording()) >= 30);
}
