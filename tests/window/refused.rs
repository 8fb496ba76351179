//! A key that the server refuses, and how one goes on from there.

use crate::reader::Role;
use crate::steps::{recording_of, set_up};
use crate::support::hooks::Hooks;
use crate::support::nginx::{Nginx, Options};
use crate::support::odd::OddServer;
use crate::window::{PATIENCE, Window, is};

#[test]
fn the_servers_own_words_and_ours_stand_in_the_window() {
    let server =
        OddServer::rejecting_publish("NetStream.Publish.BadName", "this key is used up, write to help@example.org");
    let mut window = Window::open();
    set_up(&mut window, &server.url(), "used-up");
    window.click(Role::BUTTON, "Go live");
    window.wait_for_text("The show did not begin");
    window.wait_for_text("this key is used up, write to help@example.org");
    window.wait_for_text("Copy the stream key again");
    window.wait_for_title("OFF · Tally");
    assert!(!window.shows(is(Role::STATUS, "LIVE")));
}

#[test]
fn a_refused_key_is_corrected_and_the_show_begins() {
    let hooks = Hooks::refusing("name=wrong-key");
    let nginx = Nginx::with(&Options { on_publish: Some(hooks.port), ..Options::default() });
    let mut window = Window::open();
    set_up(&mut window, &nginx.url(), "wrong-key");
    window.click(Role::BUTTON, "Go live");
    window.wait_for_text("The show did not begin");
    assert!(hooks.asked().iter().any(|request| request.contains("name=wrong-key")), "{:?}", hooks.asked());
    assert!(!window.shows(is(Role::STATUS, "LIVE")) && nginx.recordings().is_empty());

    window.click(Role::BUTTON, "Replace stream key");
    window.click(Role::SECRET, "Stream key");
    window.type_into(Role::SECRET, "Stream key", "right-key");
    window.click(Role::BUTTON, "Go live");
    window.wait_for_state("LIVE", PATIENCE);
    recording_of(&nginx, 0, 1.0, &window);
    assert!(nginx.recordings()[0].to_string_lossy().contains("right-key"));
    // The answer of the first attempt is no longer in the way.
    assert!(!window.shows(is(Role::LABEL, "The show did not begin")));
}
