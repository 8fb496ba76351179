//! The handshake, both ends, simple and with digests (RTMP 1.0, section 5.2; the digest is Adobe's later addition).

mod client;
mod digest;
mod exchange;
mod server;

pub use client::ClientHandshake;
pub use exchange::HandshakeProgress;
pub use server::ServerHandshake;

/// Bytes in each of C1, S1, C2 and S2.
pub const PACKET_BYTES: usize = 1536;

/// Why the two sides cannot talk: what the first byte from the peer tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The peer speaks TLS: an RTMPS client or server on a plain port.
    #[error("the other side speaks TLS: this address wants rtmps, not rtmp")]
    Tls,
    /// The peer speaks HTTP: a web server's or a web client's port.
    #[error("the other side speaks HTTP: this is a web port, not an RTMP port")]
    Http,
    /// The peer wants RTMPE (version 6, 8 or 9), which this session does not speak.
    #[error("the other side wants encrypted RTMP (RTMPE, version {0})")]
    Encrypted(u8),
    /// The first byte is no known version.
    #[error("the other side does not speak RTMP (its first byte is {0}, not 3)")]
    UnknownVersion(u8),
}

impl HandshakeError {
    /// What a first byte other than version 3 means.
    pub(crate) fn from_first_byte(byte: u8) -> Self {
        match byte {
            // TLS records: alert 0x15, handshake 0x16.
            0x15 | 0x16 => Self::Tls,
            // "HTTP/1.1 400" from a server; GET, POST, OPTIONS, ... from a client.
            b'A'..=b'Z' | b'a'..=b'z' => Self::Http,
            6 | 8 | 9 => Self::Encrypted(byte),
            other => Self::UnknownVersion(other),
        }
    }
}

#[cfg(test)]
mod tests;
