//! What all connections of a server share: its settings, what is under each name, and the figures.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::hls::LiveHls;
use super::hub::Hub;
use super::player::{Player, PlayerBounds};
use super::recorder::Recorder;
use super::refusal::{OtherPorts, RefusalCounts};
use super::stream::Stream;
use super::{EndReason, IngestEvent, IngestLimits, IngestStats, IngestTap, PublishKey, RefusalKind};
use crate::clock::Clock;
use crate::media::Timestamp;
use crate::rtmp::server::ServerDeadlines;

/// Shared by the connections of a server.
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) started: Timestamp,
    pub(super) events: Arc<dyn Fn(IngestEvent) + Send + Sync>,
    pub(super) publish_key: Option<PublishKey>,
    pub(super) play_key: OnceLock<PublishKey>,
    pub(super) tap: Option<IngestTap>,
    pub(super) limits: IngestLimits,
    /// Whether there is another port for RTMPS, and one for HTTP.
    pub(super) other_ports: OtherPorts,
    pub(super) deadlines: ServerDeadlines,
    pub(super) recorder: Mutex<Option<Recorder>>,
    pub(super) connections: AtomicUsize,
    pub(super) bytes: AtomicU64,
    pub(super) bytes_sent: AtomicU64,
    refused: AtomicU64,
    refusals: RefusalCounts,
    /// What is under each app and name, while somebody publishes or plays it.
    hubs: Mutex<HashMap<(String, String), Arc<Hub>>>,
}

/// Why a publish cannot begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EnterError {
    /// The name is published from there already.
    Taken(SocketAddr),
    /// There are as many streams as there may be.
    TooMany,
}

/// Why there is no HLS of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HlsError {
    /// Nobody publishes it, and has not just now.
    NotPublished,
    /// As many streams are watched as may be.
    TooMany,
}

impl Shared {
    pub(super) fn new(
        config: super::IngestConfig,
        clock: Clock,
        events: Arc<dyn Fn(IngestEvent) + Send + Sync>,
        recorder: Option<Recorder>,
    ) -> Self {
        Self {
            started: clock.now(),
            clock,
            events,
            publish_key: config.publish_key,
            play_key: config.play_key.map_or_else(OnceLock::new, OnceLock::from),
            tap: config.tap,
            other_ports: OtherPorts { rtmps: config.tls.is_some(), http: config.http.is_some() },
            limits: config.limits,
            deadlines: config.deadlines,
            recorder: Mutex::new(recorder),
            connections: AtomicUsize::new(0),
            bytes: AtomicU64::new(0),
            bytes_sent: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            refusals: RefusalCounts::default(),
            hubs: Mutex::default(),
        }
    }

    pub(super) fn tell(&self, event: IngestEvent) {
        (self.events)(event);
    }

    /// Tells and counts that a connection was turned away or came to nothing.
    pub(super) fn refuse(&self, peer: SocketAddr, kind: RefusalKind, reason: String) {
        self.refused.fetch_add(1, Ordering::Relaxed);
        self.count(kind);
        self.tell(IngestEvent::Refused { peer, kind, reason });
    }

    /// Counts that a connection was cut off whose end is told otherwise.
    pub(super) fn count(&self, kind: RefusalKind) {
        self.refusals.add(kind);
    }

    /// Begins the publish of a name. Who published it and has been silent for long gives way: a phone whose network changed comes
    /// again long before its old connection is given up.
    pub(super) fn publish(
        &self,
        app: &str,
        name: &str,
        peer: SocketAddr,
    ) -> Result<(Arc<Hub>, Arc<Stream>), EnterError> {
        let known = self.hubs().get(&(app.to_owned(), name.to_owned())).cloned();
        if let Some(hub) = known
            && let Some(other) = hub.stream()
            && self.clock.now().since(other.heard_at()) >= self.limits.silent_gives_way
        {
            self.unpublish(&hub, &other, EndReason::Silent);
        }
        let mut hubs = self.hubs();
        let published = hubs.values().filter(|hub| hub.stream().is_some()).count();
        let hub = self.hub(&mut hubs, app, name);
        if published >= self.limits.streams_max && hub.stream().is_none() {
            hubs.retain(|_, hub| !hub.is_empty());
            return Err(EnterError::TooMany);
        }
        if let Some(other) = hub.stream() {
            return Err(EnterError::Taken(other.peer));
        }
        let recording = self.recorder().as_ref().map(|recorder| recorder.begin(name));
        let stream = Arc::new(Stream::new(app, name, peer, self.clock.now()).recorded(recording));
        hub.publish(&stream).map_err(EnterError::Taken)?;
        Ok((hub, stream))
    }

    /// Ends a publish: its name is free at once, the end is told when the recording is closed. Once is enough.
    pub(super) fn unpublish(&self, hub: &Arc<Hub>, stream: &Arc<Stream>, reason: EndReason) {
        if !stream.end() {
            return;
        }
        let mut hubs = self.hubs();
        hub.unpublish(stream, self.clock.now());
        forget_if_empty(&mut hubs, hub);
        drop(hubs);
        let event = IngestEvent::PublishEnded {
            name: stream.name.clone(),
            app: stream.app.clone(),
            peer: stream.peer,
            frames: stream.frames.load(Ordering::Relaxed),
            audio_packets: stream.audio_packets.load(Ordering::Relaxed),
            bytes: stream.bytes.load(Ordering::Relaxed),
            reason,
        };
        match &stream.recording {
            Some(recording) => recording.finish(event),
            None => self.tell(event),
        }
    }

    pub(super) fn recorder(&self) -> MutexGuard<'_, Option<Recorder>> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a player in; it waits where nobody publishes.
    pub(super) fn play(&self, app: &str, name: &str, peer: SocketAddr) -> (Arc<Hub>, Arc<Player>) {
        let media_ms = u32::try_from(self.limits.player_queue.as_millis()).unwrap_or(u32::MAX);
        let player = Arc::new(Player::new(peer, PlayerBounds { media_ms, bytes: self.limits.player_bytes_max }));
        let mut hubs = self.hubs();
        let hub = self.hub(&mut hubs, app, name);
        hub.join(&player);
        (hub, player)
    }

    /// Lets a player go.
    pub(super) fn leave(&self, hub: &Arc<Hub>, player: &Arc<Player>) {
        let mut hubs = self.hubs();
        hub.leave(player);
        forget_if_empty(&mut hubs, hub);
    }

    /// The HLS of a name, and the rate of its pictures; it begins when it is first asked for.
    pub(super) fn hls(&self, app: &str, name: &str) -> Result<(Arc<LiveHls>, Option<f64>), HlsError> {
        let now = self.clock.now();
        let (hub, others) = {
            let hubs = self.hubs();
            let hub = hubs.get(&(app.to_owned(), name.to_owned())).ok_or(HlsError::NotPublished)?;
            let others = hubs.values().filter(|other| !Arc::ptr_eq(other, hub) && other.hls(now, false).is_some());
            (Arc::clone(hub), others.count())
        };
        let may_begin = others < self.limits.hls_streams_max;
        let stream = hub.stream();
        let live =
            hub.hls(now, may_begin).ok_or(if stream.is_some() { HlsError::TooMany } else { HlsError::NotPublished })?;
        Ok((live, stream.and_then(|stream| stream.facts(now).fps)))
    }

    /// Sees to streams that nobody watches any more.
    pub(super) fn tick_hls(&self) {
        let now = self.clock.now();
        self.hubs().retain(|_, hub| hub.tick_hls(now) || !hub.is_empty());
    }

    pub(super) fn stats(&self) -> IngestStats {
        let now = self.clock.now();
        let hubs: Vec<_> = self.hubs().values().cloned().collect();
        let mut streams = Vec::new();
        let mut waiting_players = 0;
        for hub in hubs {
            let players = hub.players();
            match hub.stream() {
                Some(stream) => streams.push(stream.stats(players, hub.viewers(), now)),
                None => waiting_players += players.len(),
            }
        }
        streams.sort_by(|a, b| (&a.app, &a.name).cmp(&(&b.app, &b.name)));
        IngestStats {
            connections: self.connections.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            kbps: 0.0,
            bytes_sent: self.bytes_sent.load(Ordering::Relaxed),
            refusals: self.refusals.read(),
            streams,
            waiting_players,
        }
    }

    fn hubs(&self) -> MutexGuard<'_, HashMap<(String, String), Arc<Hub>>> {
        self.hubs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hub(&self, hubs: &mut HashMap<(String, String), Arc<Hub>>, app: &str, name: &str) -> Arc<Hub> {
        let made = || Arc::new(Hub::new(app, name, self.limits.recent_bytes_max));
        Arc::clone(hubs.entry((app.to_owned(), name.to_owned())).or_insert_with(made))
    }
}

fn forget_if_empty(hubs: &mut HashMap<(String, String), Arc<Hub>>, hub: &Hub) {
    if hub.is_empty() {
        hubs.remove(&(hub.app.clone(), hub.name.clone()));
    }
}
