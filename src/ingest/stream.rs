//! One stream that is published: who sends it, what has come, and whether it goes on.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::meter::Meter;
use super::recorder::Recording;
use super::{PlayerStats, StreamFacts, StreamStats};
use crate::media::Timestamp;

/// One stream that is published.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) app: String,
    pub(super) name: String,
    pub(super) peer: SocketAddr,
    pub(super) since: Timestamp,
    pub(super) frames: AtomicU64,
    pub(super) audio_packets: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) meter: Mutex<Meter>,
    pub(super) recording: Option<Recording>,
    /// When its client was heard of last.
    heard_at: Mutex<Timestamp>,
    has_ended: AtomicBool,
}

impl Stream {
    pub(super) fn new(app: &str, name: &str, peer: SocketAddr, since: Timestamp) -> Self {
        Self {
            app: app.to_owned(),
            name: name.to_owned(),
            peer,
            since,
            frames: AtomicU64::new(0),
            audio_packets: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            meter: Mutex::new(Meter::new(since)),
            recording: None,
            heard_at: Mutex::new(since),
            has_ended: AtomicBool::new(false),
        }
    }

    /// The same, recorded.
    pub(super) fn recorded(self, recording: Option<Recording>) -> Self {
        Self { recording, ..self }
    }

    /// Its client is there.
    pub(super) fn heard(&self, now: Timestamp) {
        *self.heard_at.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// When its client was heard of last.
    pub(super) fn heard_at(&self) -> Timestamp {
        *self.heard_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends it; `false`: it had ended before.
    pub(super) fn end(&self) -> bool {
        !self.has_ended.swap(true, Ordering::Relaxed)
    }

    /// Whether it is published no more, be it that another one took its place.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Relaxed)
    }

    /// What is known of it.
    pub(super) fn facts(&self, now: Timestamp) -> StreamFacts {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner).facts(now)
    }

    /// Its figures, with those of who plays it.
    pub(super) fn stats(&self, players: Vec<PlayerStats>, viewers: usize, now: Timestamp) -> StreamStats {
        StreamStats {
            app: self.app.clone(),
            name: self.name.clone(),
            peer: self.peer,
            frames: self.frames.load(Ordering::Relaxed),
            audio_packets: self.audio_packets.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            players,
            viewers,
            since: self.since,
            facts: self.facts(now),
        }
    }
}
