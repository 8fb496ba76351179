//! The publisher's side of an RTMP session.

mod secrets;
mod session;

use std::fmt;
use std::time::Duration;

use super::handshake::HandshakeError;

pub use super::MediaKind;
pub use super::command::RECONNECT_REQUEST;
pub use session::ClientSession;

/// What a session publishes, where, and how patiently.
pub struct ClientConfig {
    /// Name of the application at the server, with its query if it has one.
    pub app: String,
    /// The server's address as `RtmpUrl::tc_url` gives it: without key and credentials.
    pub tc_url: String,
    /// The stream name, which is the key: secret.
    pub stream_name: String,
    /// Bytes in one chunk of ours, 1..=0xFF_FFFF; see `DEFAULT_CHUNK_SIZE`.
    pub chunk_size: u32,
    /// How long each step may take.
    pub deadlines: Deadlines,
    /// Random bytes for the handshake.
    pub random: Box<[u8; 1528]>,
    /// flashVer, such as `FMLE/3.0 (compatible; Tally/0.1)`: some servers want the FMLE at its start.
    pub encoder_name: String,
    /// Whether C1 carries a digest (a server that has none answers with the simple handshake just the same).
    pub digest_handshake: bool,
}

impl ClientConfig {
    /// One chunk for most pictures: fewer headers to write and to read.
    pub const DEFAULT_CHUNK_SIZE: u32 = 65_536;
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The stream name is the key, and queries of app and tcUrl carry logins: none of them is shown.
        let without_query = |text: &str| text.split('?').next().unwrap_or_default().to_owned();
        f.debug_struct("ClientConfig")
            .field("app", &without_query(&self.app))
            .field("tc_url", &without_query(&self.tc_url))
            .field("chunk_size", &self.chunk_size)
            .field("deadlines", &self.deadlines)
            .field("encoder_name", &self.encoder_name)
            .field("digest_handshake", &self.digest_handshake)
            .finish_non_exhaustive()
    }
}

/// How long each step may take, counted from the end of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// From the open connection to the last byte of S2.
    pub handshake: Duration,
    /// From there to the server's answer to connect.
    pub connect: Duration,
    /// From there to the server's answer to createStream.
    pub create_stream: Duration,
    /// From there to `NetStream.Publish.Start`.
    pub publish: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        let ten = Duration::from_secs(10);
        Self { handshake: Duration::from_secs(5), connect: ten, create_stream: ten, publish: ten }
    }
}

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// C0..C2 and S0..S2.
    Handshake,
    /// Waiting for the answer to connect.
    Connect,
    /// Waiting for a message stream.
    CreateStream,
    /// Waiting for leave to publish.
    Publish,
    /// Media flows.
    Live,
    /// Ended, by us or by a failure.
    Closing,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Handshake => "handshake",
            Self::Connect => "connect",
            Self::CreateStream => "create stream",
            Self::Publish => "publish",
            Self::Live => "live",
            Self::Closing => "close",
        })
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientEvent {
    /// Both sides are ready for chunks.
    HandshakeDone {
        /// Whether the server proved itself with a digest.
        digest: bool,
    },
    /// The server let us in.
    Connected {
        /// The server's fmsVer, where it gave one.
        server: Option<String>,
    },
    /// A message stream is ours.
    StreamCreated {
        /// Its number.
        id: u32,
    },
    /// `NetStream.Publish.Start`: media may flow.
    Published {
        /// The server's words.
        description: Option<String>,
    },
    /// Another onStatus of the server.
    Status {
        /// `status`, `warning` or `error`.
        level: String,
        /// Such as `NetStream.Publish.BadName`.
        code: String,
        /// The server's words.
        description: Option<String>,
    },
    /// Live, and the server asks for another connection: this one it will close (Enhanced RTMP v2, "Reconnect Request").
    MoveAsked {
        /// Where to; `None`: to the same address.
        to: Option<Elsewhere>,
    },
    /// The session is over and no good; nothing follows.
    Failed(ClientError),
    /// The graceful close is written; the driver drains and closes.
    Closed,
}

/// An address that a server sends us to, absolute or relative to its own. It may hold a key, so `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Elsewhere(pub String);

impl fmt::Debug for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Elsewhere(…)")
    }
}

/// Why a session failed, and at which step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The peer is not an RTMP server.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// The server said no, in its own words.
    #[error("the server refused ({step}): {code}{}", description.as_ref().map(|d| format!(": {d}")).unwrap_or_default())]
    Rejected {
        /// What it refused.
        step: Step,
        /// Such as `NetConnection.Connect.Rejected`; may be empty.
        code: String,
        /// The server's words.
        description: Option<String>,
    },
    /// The server sends us to another address.
    #[error("the server sends to another address ({step})")]
    SentOn {
        /// What it does not take here.
        step: Step,
        /// Where to.
        to: Elsewhere,
    },
    /// The server did not answer in time.
    #[error("the server did not answer in time ({step})")]
    TimedOut {
        /// What it did not answer.
        step: Step,
    },
    /// The server hung up.
    #[error("the server closed the connection ({step})")]
    ClosedByPeer {
        /// When.
        step: Step,
    },
    /// The server broke the protocol.
    #[error("the server broke the protocol ({step}): {reason}")]
    Protocol {
        /// When.
        step: Step,
        /// How.
        reason: String,
    },
}

/// What the driver does next.
pub type Output = super::Output<ClientEvent>;

#[cfg(test)]
mod tests;
