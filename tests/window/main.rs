//! The window as people meet it: the built program on a display of its own, found by its accessible names as a screen
//! reader finds it, used by mouse and keyboard, against a real server. The peers are installed by `packaging/setup test`.
#![cfg(target_os = "linux")]

#[cfg(test)]
mod again;
#[cfg(test)]
mod dialogs;
#[cfg(test)]
mod display;
#[cfg(test)]
mod down;
#[cfg(test)]
mod first_show;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod hidden;
#[cfg(test)]
mod lost;
#[cfg(test)]
mod portal;
#[cfg(test)]
mod reader;
#[cfg(test)]
mod recording;
#[cfg(test)]
mod refused;
#[cfg(test)]
mod rehearsal;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod sound;
#[cfg(test)]
mod steps;
#[cfg(test)]
mod window;

#[cfg(test)]
#[path = "../devices/pulse.rs"]
#[expect(dead_code, reason = "of tests/devices, of which a part is used")]
mod pulse;
#[cfg(test)]
#[path = "../real/support/mod.rs"]
#[expect(dead_code, reason = "the harness of tests/real, of which a part is used")]
mod support;

#[cfg(test)]
use support::{process, time};
