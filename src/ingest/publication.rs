//! One publish, from its start to its end: counted, measured, passed on to players, shown to the tap, recorded.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;

use super::hub::Hub;
use super::shared::Shared;
use super::stream::Stream;
use super::unit::{Unit, UnitKind};
use super::{EndReason, IngestEvent, IngestMedia};
use crate::media::Timestamp;
use crate::rtmp::MediaKind;

/// A publish that goes on.
pub(super) struct Publication {
    hub: Arc<Hub>,
    stream: Arc<Stream>,
    last_timestamp_ms: u32,
}

impl Publication {
    /// Starts it and tells so.
    pub(super) fn start(shared: &Shared, hub: Arc<Hub>, stream: Arc<Stream>) -> Self {
        shared.tell(IngestEvent::PublishStarted {
            name: stream.name.clone(),
            app: stream.app.clone(),
            peer: stream.peer,
        });
        Self { hub, stream, last_timestamp_ms: 0 }
    }

    /// The client is there. `false`: another one took its place.
    pub(super) fn heard(&self, now: Timestamp) -> bool {
        self.stream.heard(now);
        !self.stream.has_ended()
    }

    /// Takes an audio or video message.
    pub(super) fn media(&mut self, shared: &Shared, now: Timestamp, kind: MediaKind, timestamp_ms: u32, body: Bytes) {
        // Empty messages are what some publishers send to keep a connection alive.
        if body.is_empty() {
            return;
        }
        self.last_timestamp_ms = timestamp_ms;
        self.pass(shared, now, Unit::media(kind, timestamp_ms, body));
    }

    /// Takes `onMetaData`, a script data body.
    pub(super) fn metadata(&mut self, shared: &Shared, now: Timestamp, body: Bytes) {
        self.pass(shared, now, Unit::script(self.last_timestamp_ms, body));
    }

    fn pass(&mut self, shared: &Shared, now: Timestamp, unit: Unit) {
        let stream = &self.stream;
        match unit.kind {
            UnitKind::Keyframe | UnitKind::Picture => stream.frames.fetch_add(1, Ordering::Relaxed),
            UnitKind::Sound => stream.audio_packets.fetch_add(1, Ordering::Relaxed),
            UnitKind::Script | UnitKind::Header(_) | UnitKind::Other => 0,
        };
        stream.bytes.fetch_add(unit.body.len() as u64, Ordering::Relaxed);
        stream.meter.lock().unwrap_or_else(PoisonError::into_inner).take(now, &unit);
        if let Some(recording) = &stream.recording
            && let Some(problem) = recording.write(unit.tag, unit.timestamp_ms, &unit.body)
        {
            shared.tell(problem);
        }
        if let Some(tap) = &shared.tap {
            let (app, name, payload) = (&*stream.app, &*stream.name, unit.body.clone());
            tap(&IngestMedia { app, name, kind: unit.tag, timestamp_ms: unit.timestamp_ms, payload, arrived_at: now });
        }
        self.hub.push(unit);
    }

    /// Ends it.
    pub(super) fn end(self, shared: &Shared, reason: EndReason) {
        shared.unpublish(&self.hub, &self.stream, reason);
    }
}
