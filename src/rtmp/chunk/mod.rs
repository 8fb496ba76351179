//! The chunk stream: messages cut into chunks and put together again (RTMP 1.0, section 5.3).

mod reader;
mod writer;

use bytes::Bytes;

pub use reader::{ChunkError, ChunkReader};
pub use writer::{ChunkWriter, MessageHeader};

/// Bytes in a chunk until somebody says otherwise (5.4.1).
pub const CHUNK_SIZE_INITIAL: usize = 128;

/// A message cannot be longer, so a larger chunk has no use (5.4.1).
pub const CHUNK_SIZE_MAX: usize = 0xFF_FFFF;

/// The 24-bit timestamp that says: 32 bits follow (5.3.1.3).
const EXTENDED: u32 = 0xFF_FFFF;

/// A whole message as it travels, its body not looked into.
#[derive(Clone, PartialEq, Eq)]
pub struct RawMessage {
    /// Message type (section 7.1).
    pub kind: u8,
    /// Milliseconds modulo 2^32.
    pub timestamp_ms: u32,
    /// Message stream: 0 for the connection itself.
    pub stream_id: u32,
    /// The body.
    pub body: Bytes,
}

impl std::fmt::Debug for RawMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Bodies of commands hold stream keys.
        let Self { kind, timestamp_ms, stream_id, body } = self;
        write!(f, "RawMessage(type {kind}, {timestamp_ms} ms, stream {stream_id}, {} bytes)", body.len())
    }
}

#[cfg(test)]
mod tests;
