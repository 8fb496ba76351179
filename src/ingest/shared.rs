//! What all connections of a server share: its settings, who publishes what, and the figures.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::recorder::Recorder;
use super::{IngestEvent, IngestLimits, IngestStats, IngestTap, PublishKey, StreamStats};
use crate::clock::Clock;
use crate::rtmp::server::ServerDeadlines;

/// Shared by the connections of a server.
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) events: Arc<dyn Fn(IngestEvent) + Send + Sync>,
    pub(super) publish_key: Option<PublishKey>,
    pub(super) tap: Option<IngestTap>,
    pub(super) limits: IngestLimits,
    pub(super) deadlines: ServerDeadlines,
    pub(super) recorder: Mutex<Option<Recorder>>,
    pub(super) connections: AtomicUsize,
    pub(super) refused: AtomicU64,
    pub(super) bytes: AtomicU64,
    streams: Mutex<Vec<Arc<Stream>>>,
}

/// One stream that is published.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) app: String,
    pub(super) name: String,
    pub(super) peer: SocketAddr,
    pub(super) frames: AtomicU64,
    pub(super) audio_packets: AtomicU64,
    pub(super) bytes: AtomicU64,
}

impl Shared {
    pub(super) fn new(
        config: super::IngestConfig,
        clock: Clock,
        events: Arc<dyn Fn(IngestEvent) + Send + Sync>,
        recorder: Option<Recorder>,
    ) -> Self {
        Self {
            clock,
            events,
            publish_key: config.publish_key,
            tap: config.tap,
            limits: config.limits,
            deadlines: config.deadlines,
            recorder: Mutex::new(recorder),
            connections: AtomicUsize::new(0),
            refused: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            streams: Mutex::new(Vec::new()),
        }
    }

    pub(super) fn tell(&self, event: IngestEvent) {
        (self.events)(event);
    }

    /// Tells that a connection was turned away or came to nothing.
    pub(super) fn refuse(&self, peer: SocketAddr, reason: String) {
        self.refused.fetch_add(1, Ordering::Relaxed);
        self.tell(IngestEvent::Refused { peer, reason });
    }

    /// Enters a stream; gives who has it already.
    pub(super) fn enter(&self, app: &str, name: &str, peer: SocketAddr) -> Result<Arc<Stream>, SocketAddr> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = streams.iter().find(|stream| stream.app == app && stream.name == name) {
            return Err(other.peer);
        }
        let stream = Arc::new(Stream {
            app: app.to_owned(),
            name: name.to_owned(),
            peer,
            frames: AtomicU64::new(0),
            audio_packets: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        });
        streams.push(Arc::clone(&stream));
        Ok(stream)
    }

    /// Frees a stream's name.
    pub(super) fn leave(&self, stream: &Arc<Stream>) {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner).retain(|other| !Arc::ptr_eq(other, stream));
    }

    pub(super) fn stats(&self) -> IngestStats {
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let mut streams: Vec<_> = streams
            .iter()
            .map(|stream| StreamStats {
                app: stream.app.clone(),
                name: stream.name.clone(),
                peer: stream.peer,
                frames: stream.frames.load(Ordering::Relaxed),
                audio_packets: stream.audio_packets.load(Ordering::Relaxed),
                bytes: stream.bytes.load(Ordering::Relaxed),
            })
            .collect();
        streams.sort_by(|a, b| (&a.app, &a.name).cmp(&(&b.app, &b.name)));
        IngestStats {
            connections: self.connections.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            kbps: 0.0,
            streams,
        }
    }
}
