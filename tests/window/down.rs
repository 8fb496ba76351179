//! Servers that are not there, or never say a word.

use std::time::Duration;

use crate::reader::Role;
use crate::steps::{retype, set_up};
use crate::support::net::free_port;
use crate::support::nginx::Nginx;
use crate::support::odd::OddServer;
use crate::window::{PATIENCE, Window, is};

#[test]
fn a_server_that_is_down_is_told_and_another_can_be_taken() {
    let mut window = Window::open();
    set_up(&mut window, &format!("rtmp://127.0.0.1:{}/live", free_port()), "key");
    window.click(Role::BUTTON, "Go live");
    window.wait_for_text("The show did not begin");
    window.wait_for_text("Nobody");
    window.wait_for_text("Check the port in the destination, and that the server is running.");
    window.click(Role::BUTTON, "Done");
    window.wait_for_state("READY", PATIENCE);
    assert!(!window.shows(is(Role::LABEL, "The show did not begin")), "{}", window.story());

    let nginx = Nginx::start();
    retype(&mut window, Role::ENTRY, "Server", &nginx.url());
    window.click(Role::BUTTON, "Go live");
    window.wait_for_state("LIVE", PATIENCE);
}

#[test]
fn connecting_to_a_silent_server_can_be_cancelled() {
    let server = OddServer::silent();
    let mut window = Window::open();
    set_up(&mut window, &server.url(), "key");
    window.click(Role::BUTTON, "Go live");
    window.wait_for_state("CONNECTING", PATIENCE);
    window.wait_for_title("CONNECTING · Tally");
    window.click(Role::BUTTON, "Connecting… Cancel");
    // Well before the time-out of the connection.
    window.wait_for_state("READY", Duration::from_secs(3));
    window.wait_for("Go live, again", PATIENCE, |seen| is(Role::BUTTON, "Go live")(seen) && seen.enabled);
}
