//! What the ingest tells: events, figures and the media itself.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use crate::flv::TagKind;
use crate::media::Timestamp;
use crate::rtmp::server::{ServerError, ServerStep};

/// Something that happened. Names never hold the publish key.
#[derive(Clone, Debug, PartialEq)]
pub enum IngestEvent {
    /// The first event: clients can connect.
    Listening {
        /// The address, with the port that was picked.
        rtmp: SocketAddr,
    },
    /// A client publishes.
    PublishStarted {
        /// Stream name, without its query.
        name: String,
        /// Application, without its query.
        app: String,
        /// The client.
        peer: SocketAddr,
    },
    /// It ended; its recording is closed.
    PublishEnded {
        /// Stream name.
        name: String,
        /// Application.
        app: String,
        /// The client.
        peer: SocketAddr,
        /// Pictures received.
        frames: u64,
        /// Pieces of sound received.
        audio_packets: u64,
        /// Bytes of picture, sound and metadata received.
        bytes: u64,
        /// How it ended.
        reason: EndReason,
    },
    /// A connection was turned away, or came to nothing.
    Refused {
        /// The client.
        peer: SocketAddr,
        /// Why, in words.
        reason: String,
    },
    /// A stream is no longer recorded, or never was; the stream itself goes on.
    RecordingFailed {
        /// Stream name.
        name: String,
        /// The file, if there was one.
        path: Option<PathBuf>,
        /// What the system said.
        reason: String,
    },
    /// Once a second.
    Stats(IngestStats),
}

/// How a publish ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The publisher said so.
    Unpublished,
    /// The connection ended without the publisher saying so.
    Closed,
    /// Nothing came for too long.
    Silent,
    /// The publisher did what it may not.
    Broken(ServerError),
    /// This server was stopped.
    ServerStopped,
}

impl EndReason {
    pub(super) fn from_error(error: ServerError) -> Self {
        match error {
            ServerError::ClosedByPeer => Self::Closed,
            ServerError::TimedOut { step: ServerStep::Live } => Self::Silent,
            other => Self::Broken(other),
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unpublished => f.write_str("the publisher ended the stream"),
            Self::Closed => f.write_str("the connection was closed"),
            Self::Silent => f.write_str("nothing came for too long"),
            Self::Broken(error) => fmt::Display::fmt(error, f),
            Self::ServerStopped => f.write_str("the server was stopped"),
        }
    }
}

/// Figures of the whole server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IngestStats {
    /// Connections now.
    pub connections: usize,
    /// Connections turned away so far.
    pub refused: u64,
    /// Bytes received so far, of everything.
    pub bytes: u64,
    /// Kilobits a second received since the last event; 0 where it is not of an event.
    pub kbps: f64,
    /// What is published now, by app and name.
    pub streams: Vec<StreamStats>,
}

/// Figures of one stream.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamStats {
    /// Application.
    pub app: String,
    /// Stream name.
    pub name: String,
    /// The client.
    pub peer: SocketAddr,
    /// Pictures so far.
    pub frames: u64,
    /// Pieces of sound so far.
    pub audio_packets: u64,
    /// Bytes so far.
    pub bytes: u64,
}

/// One message of a stream, as it came.
#[derive(Clone, Debug)]
pub struct IngestMedia<'a> {
    /// Application.
    pub app: &'a str,
    /// Stream name.
    pub name: &'a str,
    /// Sound, picture or `onMetaData`.
    pub kind: TagKind,
    /// Its time in milliseconds, modulo 2^32.
    pub timestamp_ms: u32,
    /// FLV tag body.
    pub payload: Bytes,
    /// When its last byte was read.
    pub arrived_at: Timestamp,
}

/// Sees every message on the server's own thread: must be quick and never wait.
pub type IngestTap = Arc<dyn Fn(&IngestMedia<'_>) + Send + Sync>;
