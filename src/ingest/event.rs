//! What the ingest tells: events, figures and the media itself.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::{RefusalKind, StreamFacts};
use crate::flv::TagKind;
use crate::media::Timestamp;
use crate::rtmp::server::{ServerError, ServerStep};

/// Something that happened. Names never hold the publish key.
#[derive(Clone, Debug, PartialEq)]
pub enum IngestEvent {
    /// The first event: clients can connect.
    Listening {
        /// The address for RTMP, with the port that was picked.
        rtmp: SocketAddr,
        /// The address for RTMPS, if there is one.
        rtmps: Option<SocketAddr>,
        /// The address for HTTP, if there is one.
        http: Option<SocketAddr>,
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
    /// A client plays, or waits for somebody to publish what it wants to play.
    PlayStarted {
        /// Stream name, without its query.
        name: String,
        /// Application, without its query.
        app: String,
        /// The client.
        peer: SocketAddr,
    },
    /// It plays no more.
    PlayEnded {
        /// Stream name.
        name: String,
        /// Application.
        app: String,
        /// The client.
        peer: SocketAddr,
        /// Pictures it was sent.
        frames: u64,
        /// Pieces of sound it was sent.
        audio_packets: u64,
        /// Bytes of picture, sound and metadata it was sent.
        bytes: u64,
        /// Pictures and pieces of sound that were dropped because it was too slow.
        dropped: u64,
        /// How it ended.
        reason: EndReason,
    },
    /// A connection was turned away, or came to nothing.
    Refused {
        /// The client.
        peer: SocketAddr,
        /// Why, in a word for programs.
        kind: RefusalKind,
        /// Why, in words.
        reason: String,
    },
    /// A stream is no longer recorded, never was, or not whole; the stream itself goes on.
    RecordingFailed {
        /// Stream name.
        name: String,
        /// The file, if there was one.
        path: Option<PathBuf>,
        /// How it failed.
        fault: RecordingFault,
        /// What the system said.
        reason: String,
    },
    /// The disk has room for so much more of a recording; it goes on.
    DiskLow {
        /// Stream name.
        name: String,
        /// The file, if there is one yet.
        path: Option<PathBuf>,
        /// Minutes at most.
        minutes: u64,
    },
    /// A file is as large as its disk takes one: the recording goes on in another, and nothing is missing.
    RecordingFileFull {
        /// Stream name.
        name: String,
        /// The file, which plays.
        path: PathBuf,
        /// What follows it.
        next: PathBuf,
    },
    /// Once a second.
    Stats(IngestStats),
}

/// How a recording failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingFault {
    /// It has ended: the disk has no room left but what is kept free.
    DiskFull,
    /// It has ended for another reason.
    Ended,
    /// It goes on without part of the stream, which its format does not take.
    PartLeftOut,
    /// Its format takes nothing of the stream: there is no file.
    Nothing,
}

/// How a publish or a play ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The publisher said so.
    Unpublished,
    /// The player said so, or hung up: players seldom say good-bye.
    Left,
    /// The connection ended without the publisher saying so.
    Closed,
    /// Nothing came for too long.
    Silent,
    /// The player did not read what it was sent.
    NotReading,
    /// The client did what it may not.
    Broken(ServerError),
    /// This server was stopped.
    ServerStopped,
}

impl EndReason {
    pub(super) fn from_error(error: ServerError) -> Self {
        match error {
            ServerError::ClosedByPeer => Self::Closed,
            ServerError::TimedOut { step: ServerStep::Live | ServerStep::Play } => Self::Silent,
            other => Self::Broken(other),
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unpublished => f.write_str("the publisher ended the stream"),
            Self::Left => f.write_str("the player left"),
            Self::Closed => f.write_str("the connection was closed"),
            Self::NotReading => f.write_str("the player did not read what it was sent"),
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
    /// Bytes sent so far, of everything.
    pub bytes_sent: u64,
    /// Why connections were turned away or cut off, and how often.
    pub refusals: Vec<(RefusalKind, u64)>,
    /// What is published now, by app and name.
    pub streams: Vec<StreamStats>,
    /// Players of names that nobody publishes.
    pub waiting_players: usize,
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
    /// Who plays it by RTMP.
    pub players: Vec<PlayerStats>,
    /// How many watch it by HLS.
    pub viewers: usize,
    /// Since when it is published.
    pub since: Timestamp,
    /// What it is measured to be.
    pub facts: StreamFacts,
}

/// Figures of one player.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayerStats {
    /// The client.
    pub peer: SocketAddr,
    /// Pictures it was sent.
    pub frames: u64,
    /// Pieces of sound it was sent.
    pub audio_packets: u64,
    /// Bytes of both and what goes with them.
    pub bytes: u64,
    /// Pictures and pieces of sound that were dropped because it was too slow.
    pub dropped: u64,
    /// Milliseconds of media that wait for it.
    pub waiting_ms: u32,
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
