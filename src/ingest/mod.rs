//! The embedded RTMP server: receives streams, records them and shows them to the program.

mod config;
mod connection;
mod event;
mod key;
mod name;
mod publication;
mod recorder;
mod server;
mod shared;
#[cfg(test)]
mod tests;

pub use config::{IngestConfig, IngestError, IngestLimits};
pub use event::{EndReason, IngestEvent, IngestMedia, IngestStats, IngestTap, StreamStats};
pub use key::PublishKey;
pub use server::IngestServer;
