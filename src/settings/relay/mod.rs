//! Configurations for a relay: an existing program that takes one stream from Tally and sends it to all destinations.

mod config;
mod ffmpeg;
mod head;
mod mediamtx;
mod nginx;
mod srs;
mod target;
#[cfg(test)]
mod tests;

pub use config::{Relay, RelayEngine, RelayError};
