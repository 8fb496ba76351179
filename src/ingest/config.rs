//! What the ingest is asked for, and why it may not start.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::{IngestTap, PublishKey};
use crate::rtmp::Limits;
use crate::rtmp::server::ServerDeadlines;

/// What the ingest is asked for.
pub struct IngestConfig {
    /// Where to listen for RTMP; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where to listen for RTMPS, and with what certificate.
    pub tls: Option<TlsConfig>,
    /// Where to listen for HTTP; beyond this computer only with a `play_key`, which is then asked for.
    pub http: Option<SocketAddr>,
    /// The folder in which every stream is recorded; made if it is missing.
    pub record: Option<PathBuf>,
    /// How.
    pub record_format: RecordFormat,
    /// The key that publishers must show; needed where `listen` can be reached from beyond this computer.
    pub publish_key: Option<PublishKey>,
    /// The key that players must show. Without one everybody on this computer may play, and nobody from beyond it.
    pub play_key: Option<PublishKey>,
    /// Who looks at the media as it comes.
    pub tap: Option<IngestTap>,
    /// What peers may make us keep.
    pub limits: IngestLimits,
    /// How long each step of a session may take.
    pub deadlines: ServerDeadlines,
}

impl IngestConfig {
    /// Only listen, with the usual limits.
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            tls: None,
            http: None,
            record: None,
            record_format: RecordFormat::default(),
            publish_key: None,
            play_key: None,
            tap: None,
            limits: IngestLimits::default(),
            deadlines: ServerDeadlines::default(),
        }
    }
}

impl fmt::Debug for IngestConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IngestConfig")
            .field("listen", &self.listen)
            .field("tls", &self.tls)
            .field("http", &self.http)
            .field("record", &self.record)
            .field("record_format", &self.record_format)
            .field("publish_key", &self.publish_key)
            .field("play_key", &self.play_key)
            .field("limits", &self.limits)
            .field("deadlines", &self.deadlines)
            .finish_non_exhaustive()
    }
}

/// How streams are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordFormat {
    /// As they come, to the byte, and with any codec.
    #[default]
    Flv,
    /// Fragmented MP4, for codecs that it is written for (H.264, HEVC, AV1; AAC, MP3, Opus).
    Mp4,
}

/// RTMPS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsConfig {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The certificate, with those of its issuers behind it, in PEM.
    pub cert: PathBuf,
    /// Its private key in PEM.
    pub key: PathBuf,
}

/// Caps on everything that grows by a peer's will, each with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestLimits {
    /// Connections at once. An idle one costs some 10 kB, one that sends at most what `session` says.
    pub connections_max: usize,
    /// Names that are published at once. Each may keep `recent_bytes_max` for late players.
    pub streams_max: usize,
    /// Bytes in the name of an app or a stream: they are shown, logged and become file names.
    pub name_bytes_max: usize,
    /// Bytes of answers that wait for a peer who does not read.
    pub unsent_bytes_max: usize,
    /// Bytes since the last keyframe that are kept of each stream, so that a late player starts at once: 10 s at 12 Mb/s.
    /// Of a stream that has more, late players wait for the next keyframe.
    pub recent_bytes_max: usize,
    /// How much media waits for a player that is too slow before pictures are dropped up to the next keyframe: enough
    /// for a network that stands still for a moment, not so much that live is a word only.
    pub player_queue: Duration,
    /// Bytes that wait for one player; they are shared with the others who wait for them.
    pub player_bytes_max: usize,
    /// How long a player may take nothing at all of what waits for it.
    pub player_stall: Duration,
    /// Streams that are watched by HLS at once: each keeps its last segments, up to 48 MiB.
    pub hls_streams_max: usize,
    /// Bytes of one stream that wait for the disk: some seconds of it. Then its recording ends with a problem.
    pub recording_bytes_max: usize,
    /// How long a connection that has ended is still read, so that nothing on its way is lost and the peer sees
    /// our last words.
    pub linger: Duration,
    /// After how long a publisher that sends nothing gives way to another one of its name, who has the key if there is one.
    pub silent_gives_way: Duration,
    /// Caps of the RTMP session.
    pub session: Limits,
}

impl IngestLimits {
    /// Connections at once beyond which none comes in by HTTP: the last eighth is for RTMP, so that no number of web pages, nor
    /// who only holds connections open and needs no key for that, keeps a publisher out.
    pub fn connections_max_http(&self) -> usize {
        self.connections_max - self.connections_max / 8
    }
}

impl Default for IngestLimits {
    fn default() -> Self {
        Self {
            // Below the 1024 file handles that a process usually has.
            connections_max: 512,
            // Two hundred of 1 Mb/s are received on two cores.
            streams_max: 256,
            name_bytes_max: 256,
            unsent_bytes_max: 1 << 20,
            recent_bytes_max: 16 << 20,
            player_queue: Duration::from_secs(3),
            player_bytes_max: 32 << 20,
            player_stall: Duration::from_secs(10),
            hls_streams_max: 16,
            recording_bytes_max: 32 << 20,
            linger: Duration::from_secs(1),
            silent_gives_way: Duration::from_secs(5),
            // 8 MiB are a keyframe at 60 Mb/s with a second of bits in it.
            session: Limits {
                message_bytes_max: 8 << 20,
                partial_bytes_max: 9 << 20,
                deferred_bytes_max: 9 << 20,
                ..Limits::default()
            },
        }
    }
}

/// Why the ingest does not start.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// Anyone on the network could publish: the user must give a key.
    #[error("{0} can be reached from other computers: a key is needed to publish there (--key-file)")]
    KeyNeeded(SocketAddr),
    /// Anyone on the network could see what is published: the user must give a key.
    #[error("{0} can be reached from other computers: a key to play is needed there (--play-key-file)")]
    PlayKeyNeeded(SocketAddr),
    /// The certificate or its key cannot be used.
    #[error("{} cannot be used for TLS: {reason}", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Each of them can be used, and not together.
    #[error("the key {} does not belong to the certificate {}", key.display(), cert.display())]
    TlsPair {
        /// The certificate.
        cert: PathBuf,
        /// Its private key, as it was said.
        key: PathBuf,
    },
    /// The address cannot be had.
    #[error("cannot listen at {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The folder for recordings cannot be used.
    #[error("cannot record into {}: {source}", folder.display())]
    RecordFolder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No other computer can reach this one.
    #[error("this computer is not on a network that others could come from")]
    NoNetwork,
    /// The system gave no thread or no runtime.
    #[error("the server does not start: {0}")]
    Start(#[source] io::Error),
}

/// Whether only this computer is at this address.
pub(super) fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}
