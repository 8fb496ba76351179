//! RTMP, pure: machines that take bytes and times and give bytes, events and times. No I/O, no clock, no threads.

pub mod auth;
pub mod chunk;
pub mod client;
mod command;
pub mod handshake;
pub mod limits;
mod link;
pub mod message;
pub mod server;
pub mod url;

#[cfg(test)]
pub(crate) mod puppet;
#[cfg(test)]
mod smoke;

use bytes::Bytes;

pub use limits::Limits;

use crate::media::Timestamp;

/// What the driver of a session does next; `E` is what happens in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output<E> {
    /// Write these bytes to the connection, in order.
    Transmit(Bytes),
    /// Something happened.
    Event(E),
    /// Nothing more to do now; call `handle_timeout` at this time.
    Timeout(Timestamp),
    /// Nothing more to do now and no timer runs.
    Idle,
}

/// What a media message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// An FLV audio tag body (message type 8).
    Audio,
    /// An FLV video tag body (message type 9).
    Video,
}
