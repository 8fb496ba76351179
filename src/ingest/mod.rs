//! The embedded RTMP server: receives streams, passes them on to players, records them and shows them to the program.

mod config;
mod connection;
mod conversation;
mod event;
mod headers;
mod hls;
mod http;
mod hub;
mod key;
mod meter;
mod mp4_recording;
mod name;
mod play;
mod player;
mod publication;
mod recorder;
mod refusal;
mod remux;
mod server;
mod shared;
mod status;
mod stream;
#[cfg(test)]
mod tests;
mod tls;
mod unit;

pub use config::{IngestConfig, IngestError, IngestLimits, RecordFormat, TlsConfig};
pub use event::{
    EndReason, IngestEvent, IngestMedia, IngestStats, IngestTap, PlayerStats, RecordingFault, StreamStats,
};
pub use key::PublishKey;
pub use meter::StreamFacts;
pub use refusal::RefusalKind;
pub use server::{IngestServer, fresh_key, reachable_address, reachable_at};
