//! Incoming streams as sources: what an ingest receives is decoded on a thread of its own and shown and heard when it
//! is due.

mod feed;
mod picture;
mod receiver;
mod sound;
#[cfg(test)]
mod tests;
mod time_map;

pub use feed::{IncomingFeed, IncomingUnit};
pub use receiver::{IncomingInfo, IncomingStream};
pub use time_map::Track;
