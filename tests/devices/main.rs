//! Cameras and microphones as they are met outside: a PulseAudio server of its own for each test, and virtual V4L2
//! cameras (`tests/shim/v4l2.c`). Both are told to a process by its environment, so the capturing is done by a child
//! process: this test program again, see `child`.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, its helpers too")]

mod camera;
mod child;
mod microphone;
mod sentinel;
mod shows;
mod support;
