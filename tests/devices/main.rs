//! Cameras and microphones as they are met outside: a PulseAudio server of its own for each test, and virtual V4L2
//! cameras (`tests/shim/v4l2.c`). Both are told to a process by its environment, so the capturing is done by a child
//! process: this test program again, see `child`.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, its helpers too")]

mod camera;
mod child;
mod microphone;
#[expect(dead_code, reason = "of which a part is used by tests/window alone")]
mod pulse;
mod sentinel;
mod shows;
mod support;

#[path = "../real/support/process.rs"]
#[expect(dead_code, reason = "of tests/real, of which a part is used")]
mod process;
#[path = "../real/support/time.rs"]
mod time;
