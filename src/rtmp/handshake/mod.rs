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

/// Why the two sides cannot talk: what the first bytes from the peer tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The peer speaks TLS: an RTMPS client or server on a plain port.
    #[error("the other side speaks TLS: this address wants rtmps, not rtmp")]
    Tls,
    /// The peer speaks HTTP: a web server's or a web client's port.
    #[error("the other side speaks HTTP: this is a web port, not an RTMP port")]
    Http,
    /// The peer speaks another protocol of words, by its name if that is known.
    #[error("the other side speaks {0}: this is not an RTMP port")]
    Text(&'static str),
    /// The peer wants RTMPE (version 6, 8 or 9), which this session does not speak.
    #[error("the other side wants encrypted RTMP (RTMPE, version {0})")]
    Encrypted(u8),
    /// The first byte is no known version.
    #[error("the other side does not speak RTMP (its first byte is {0}, not 3)")]
    UnknownVersion(u8),
}

/// What protocols of words begin with: "HTTP/1.1 400" from a web server, a method from its client (RFC 9110, section 9).
/// None is the beginning of another.
const FIRST_WORDS: [(&[u8], HandshakeError); 11] = [
    (b"HTTP", HandshakeError::Http),
    (b"GET", HandshakeError::Http),
    (b"HEAD", HandshakeError::Http),
    (b"POST", HandshakeError::Http),
    (b"PUT", HandshakeError::Http),
    (b"PATCH", HandshakeError::Http),
    (b"DELETE", HandshakeError::Http),
    (b"OPTIONS", HandshakeError::Http),
    (b"CONNECT", HandshakeError::Http),
    (b"SSH", HandshakeError::Text("SSH")),
    (b"RTSP", HandshakeError::Text("RTSP")),
];

impl HandshakeError {
    /// What first bytes mean of which the first is no version 3; `None`: one more tells.
    pub(crate) fn from_first_bytes(bytes: &[u8]) -> Option<Self> {
        if let Some((_, error)) = FIRST_WORDS.iter().find(|(word, _)| bytes.starts_with(word)) {
            return Some(*error);
        }
        if FIRST_WORDS.iter().any(|(word, _)| word.starts_with(bytes)) {
            return None;
        }
        Some(match *bytes.first()? {
            // TLS records: alert 0x15, handshake 0x16.
            0x15 | 0x16 => Self::Tls,
            version @ (6 | 8 | 9) => Self::Encrypted(version),
            // No version is a printable character, so that protocols of words are known by it (RTMP 1.0, section 5.2.2).
            b' '..=b'~' => Self::Text("another protocol, in words"),
            other => Self::UnknownVersion(other),
        })
    }
}

#[cfg(test)]
mod tests;
