//! The ingest's side of an RTMP session.

mod play;
mod session;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::Limits;
use super::handshake::HandshakeError;

pub use super::MediaKind;
pub use session::ServerSession;

/// How a session treats its client.
#[derive(Clone)]
pub struct ServerConfig {
    /// What the client may make us keep.
    pub limits: Limits,
    /// How long each step may take.
    pub deadlines: ServerDeadlines,
    /// Random bytes for the handshake.
    pub random: Box<[u8; 1528]>,
    /// Bytes in one chunk of ours, 1..=0xFF_FFFF.
    pub chunk_size: u32,
    /// The client acknowledges each time it received so many bytes, and we tell it our window by the same number.
    pub window_ack_size: u32,
}

impl fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerConfig")
            .field("limits", &self.limits)
            .field("deadlines", &self.deadlines)
            .field("chunk_size", &self.chunk_size)
            .field("window_ack_size", &self.window_ack_size)
            .finish_non_exhaustive()
    }
}

/// How long each step may take, counted from the end of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerDeadlines {
    /// From the open connection to the last byte of C2.
    pub handshake: Duration,
    /// From there to the connect command.
    pub connect: Duration,
    /// From the accepted connect to the publish (or play) command.
    pub publish: Duration,
    /// Between two inputs of a client that publishes.
    pub idle: Duration,
    /// After how long a player that said nothing is asked whether it is still there.
    pub ping: Duration,
    /// How long it may take to answer.
    pub answer: Duration,
}

impl Default for ServerDeadlines {
    fn default() -> Self {
        let ten = Duration::from_secs(10);
        let (thirty, sixty) = (Duration::from_secs(30), Duration::from_secs(60));
        Self {
            handshake: Duration::from_secs(5),
            connect: ten,
            publish: ten,
            idle: thirty,
            ping: sixty,
            answer: thirty,
        }
    }
}

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServerStep {
    /// C0..C2 and S0..S2.
    Handshake,
    /// Waiting for connect.
    Connect,
    /// Waiting for publish or play.
    Publish,
    /// Media flows from the client.
    Live,
    /// Media flows to the client, or will once somebody publishes.
    Play,
    /// Ended, by us or by a failure.
    Closing,
}

impl fmt::Display for ServerStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Handshake => "handshake",
            Self::Connect => "connect",
            Self::Publish => "publish",
            Self::Live => "live",
            Self::Play => "play",
            Self::Closing => "close",
        })
    }
}

/// What happened. Names of streams are keys: their Debug text is hidden.
#[derive(Clone, PartialEq, Eq)]
pub enum ServerEvent {
    /// Both sides are ready for chunks.
    HandshakeDone {
        /// Whether the client's C1 carried a digest.
        digest: bool,
    },
    /// The client asks for an application: answer with `accept_connect` or `reject_connect`. What it sends
    /// until then is held back.
    ConnectRequested {
        /// Name of the application, with its query.
        app: String,
        /// The address the client used.
        tc_url: String,
    },
    /// The client asks to publish: answer with `accept_publish` or `reject_publish`.
    PublishRequested {
        /// Stream name, which is the key, with its query.
        name: String,
    },
    /// The client asks to play: answer with `accept_play` or `reject_play`.
    PlayRequested {
        /// Stream name, with its query.
        name: String,
    },
    /// `onMetaData`: a script data body without the @setDataFrame before it.
    Metadata(Bytes),
    /// An audio or video message: an FLV tag body.
    Media {
        /// Which.
        kind: MediaKind,
        /// Its time, in milliseconds modulo 2^32.
        timestamp_ms: u32,
        /// FLV tag body.
        payload: Bytes,
    },
    /// The client ended its publish in good order.
    Unpublished,
    /// The player wants nothing for a while, or to play on.
    Paused(bool),
    /// The player does or does not want sound or picture.
    Receive {
        /// Which.
        kind: MediaKind,
        /// Whether it wants it.
        wanted: bool,
    },
    /// The client ended its play in good order, or asks for another.
    Unplayed,
    /// The session is over; nothing follows.
    Failed(ServerError),
}

impl fmt::Debug for ServerEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HandshakeDone { digest } => f.debug_struct("HandshakeDone").field("digest", digest).finish(),
            Self::ConnectRequested { .. } => f.debug_struct("ConnectRequested").finish_non_exhaustive(),
            Self::PublishRequested { .. } => f.debug_struct("PublishRequested").finish_non_exhaustive(),
            Self::PlayRequested { .. } => f.debug_struct("PlayRequested").finish_non_exhaustive(),
            Self::Metadata(body) => write!(f, "Metadata({} bytes)", body.len()),
            Self::Media { kind, timestamp_ms, payload } => {
                write!(f, "Media({kind:?} at {timestamp_ms} ms, {} bytes)", payload.len())
            }
            Self::Unpublished => f.write_str("Unpublished"),
            Self::Paused(paused) => f.debug_tuple("Paused").field(paused).finish(),
            Self::Receive { kind, wanted } => write!(f, "Receive({kind:?}: {wanted})"),
            Self::Unplayed => f.write_str("Unplayed"),
            Self::Failed(error) => f.debug_tuple("Failed").field(error).finish(),
        }
    }
}

/// Why a session failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// The peer is not an RTMP client.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// The client did not go on in time.
    #[error("the client did not go on in time ({step})")]
    TimedOut {
        /// What it was to do.
        step: ServerStep,
    },
    /// The client broke the protocol.
    #[error("the client broke the protocol ({step}): {reason}")]
    Protocol {
        /// When.
        step: ServerStep,
        /// How.
        reason: String,
    },
    /// The client wanted more than it may: the name of the field in `Limits`.
    #[error("the client exceeded a limit: {limit}")]
    LimitExceeded {
        /// The field of `Limits`.
        limit: &'static str,
    },
    /// The client hung up without ending its publish.
    #[error("the client closed the connection")]
    ClosedByPeer,
}

/// What the driver does next.
pub type ServerOutput = super::Output<ServerEvent>;

#[cfg(test)]
mod tests;
