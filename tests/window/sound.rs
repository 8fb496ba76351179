//! What is wrong with the sound is said while it can still be mended, by a real sound server and a real window.

use std::time::Duration;

use crate::reader::Role;
use crate::steps::open_live;
use crate::support::nginx::Nginx;
use crate::support::time;
use crate::window::{PATIENCE, is, says};

/// Levels of the microphone: as it should be (-14 dB), far too loud (+20 dB), and between two syllables (-60 dB).
const USUAL: &str = "58%";
const TOO_LOUD: &str = "215%";
const PAUSE: &str = "10%";

#[test]
fn what_is_too_loud_is_said_and_who_talks_while_muted_too() {
    let nginx = Nginx::start();
    let mut window = open_live(&nginx, "sound");
    window.wait_for_text("All good");

    window.microphone().set_volume(TOO_LOUD);
    window.wait_for_text("Desk is too loud: its sound is cut off.");
    window.microphone().set_volume(USUAL);

    window.click(Role::BUTTON, "Mute Desk");
    window.wait_for("Unmute", PATIENCE, is(Role::BUTTON, "Unmute Desk"));
    // A hum that goes on is a fan.
    time::pause(Duration::from_secs(3));
    window.wait_for("that it is muted, and no more", PATIENCE, is(Role::LABEL, "You are muted"));
    // Syllables, four a second.
    let told = time::poll_every(Duration::from_millis(1), PATIENCE, || {
        for level in [PAUSE, USUAL] {
            window.microphone().set_volume(level);
            time::pause(Duration::from_millis(125));
        }
        window.shows(says("You are muted: nobody hears you")).then_some(())
    });
    assert!(told.is_some(), "nobody said a word\n{}", window.story());
    // The button beside the sentence.
    window.click(Role::BUTTON, "Unmute");
    window.wait_for_text("All good");
    // It has looked for microphones every three seconds by now.
    let connections = window.microphone().connections();
    assert!(connections <= 4, "{connections} connections to the sound server");
    window.hold_until_not(Role::BUTTON, "Hold to end show", "LIVE");
}
