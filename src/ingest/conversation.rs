//! What is said on one connection: the session's events to the publication, the play and the events for the program;
//! its answers, and what its player is sent, to a queue of bytes. No socket in here.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};

use super::config::is_loopback;
use super::name::{NameError, app_name, played_name, stream_name};
use super::play::Play;
use super::player::Delivery;
use super::publication::Publication;
use super::refusal::reason_of;
use super::shared::{EnterError, Shared};
use super::{EndReason, RefusalKind};
use crate::flv::TagKind;
use crate::media::Timestamp;
use crate::rtmp::MediaKind;
use crate::rtmp::server::{ServerConfig, ServerError, ServerEvent, ServerOutput, ServerSession};

/// Our chunks: most pictures fit into one, so that a picture is two pieces to write. Players of old take up to 64 KiB.
const CHUNK_BYTES: u32 = 60_000;
/// What servers usually ask for.
const WINDOW_ACK_BYTES: u32 = 2_500_000;
/// A player's queue is emptied while less than this waits to be written: the rest waits where it can be dropped.
const UNSENT_LOW: usize = 64 << 10;

/// Between the last message of a stream and the word that it has ended: some players (GStreamer's rtmp2src) stop at the word
/// and forget what they had not passed on yet.
const END_PAUSE: Duration = Duration::from_millis(100);

/// One connection's conversation.
pub(super) struct Conversation {
    pub(super) peer: SocketAddr,
    pub(super) shared: Arc<Shared>,
    session: ServerSession,
    /// When the session wants to be called.
    timeout: Option<Timestamp>,
    unsent: VecDeque<Bytes>,
    unsent_bytes: usize,
    /// Bytes of answers queued since nothing was left to send.
    answer_bytes: usize,
    app: String,
    publication: Option<Publication>,
    play: Option<Play>,
    /// When its player is told that the stream has ended; nothing more is sent to it before.
    end_at: Option<Timestamp>,
    /// Whether it ever published or played.
    engaged: bool,
    /// Whether it was told already that this connection was turned away.
    refused: bool,
    /// Set once the session is over: when the connection is closed at the latest.
    ending: Option<Timestamp>,
}

impl Conversation {
    /// `None` where the system gives no random bytes, which is told.
    pub(super) fn new(peer: SocketAddr, shared: Arc<Shared>) -> Option<Self> {
        let mut random = Box::new([0; 1528]);
        if getrandom::fill(&mut *random).is_err() {
            shared.refuse(peer, RefusalKind::System, "the system gives no random bytes".to_owned());
            return None;
        }
        let config = ServerConfig {
            limits: shared.limits.session.clone(),
            deadlines: shared.deadlines,
            random,
            chunk_size: CHUNK_BYTES,
            window_ack_size: WINDOW_ACK_BYTES,
        };
        let mut conversation = Self {
            session: ServerSession::new(shared.clock.now(), config),
            peer,
            shared,
            timeout: None,
            unsent: VecDeque::new(),
            unsent_bytes: 0,
            answer_bytes: 0,
            app: String::new(),
            publication: None,
            play: None,
            end_at: None,
            engaged: false,
            refused: false,
            ending: None,
        };
        conversation.drain();
        Some(conversation)
    }

    /// Takes bytes from the client.
    pub(super) fn input(&mut self, bytes: &[u8]) {
        self.shared.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let now = self.shared.clock.now();
        if self.publication.as_ref().is_some_and(|publication| !publication.heard(now)) {
            self.give_way();
        }
        if self.ending.is_none() {
            self.session.handle_input(self.shared.clock.now(), bytes);
            self.drain();
        }
    }

    /// The client will send nothing more.
    pub(super) fn eof(&mut self) {
        if self.ending.is_none() {
            self.session.handle_eof(self.shared.clock.now());
            self.drain();
        }
    }

    /// When `handle_timeout` is to be called; once it is over, when the connection is to be closed.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        self.ending.or_else(|| [self.timeout, self.end_at].into_iter().flatten().min())
    }

    /// `false` once the connection is to be closed.
    pub(super) fn handle_timeout(&mut self, now: Timestamp) -> bool {
        if self.ending.is_some_and(|by| now >= by) {
            return false;
        }
        if self.end_at.take_if(|at| *at <= now).is_some() {
            self.session.notify_unpublished();
        }
        self.session.handle_timeout(now);
        self.drain();
        true
    }

    /// The server is being stopped.
    pub(super) fn stop(&mut self) {
        self.end_publication(EndReason::ServerStopped);
        self.end_play(EndReason::ServerStopped);
        if self.ending.is_none() {
            self.session.disconnect("NetConnection.Connect.AppShutdown", "The server is closing.");
            self.drain();
            self.begin_ending();
        }
    }

    /// Whether it is over, apart from what is to be sent.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.is_some()
    }

    /// Whether it plays: then it must read what it is sent.
    pub(super) fn plays(&self) -> bool {
        self.play.is_some()
    }

    /// Its player took nothing for too long.
    pub(super) fn not_reading(&mut self) {
        self.shared.count(RefusalKind::NotReading);
        self.end_play(EndReason::NotReading);
    }

    pub(super) fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// The first pieces that are to be written, at most as many as `slices` holds; gives their number.
    pub(super) fn fill<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(&self.unsent) {
            *slice = IoSlice::new(piece);
            count += 1;
        }
        count
    }

    /// So many bytes were written.
    pub(super) fn sent(&mut self, mut count: usize) {
        self.shared.bytes_sent.fetch_add(count as u64, Ordering::Relaxed);
        self.unsent_bytes -= count;
        while let Some(piece) = self.unsent.front_mut() {
            if piece.len() > count {
                piece.advance(count);
                return;
            }
            count -= piece.len();
            self.unsent.pop_front();
        }
        self.answer_bytes = 0;
    }

    /// Nobody listens any more; what the peer may still have sent is read to its end.
    pub(super) fn forget_unsent(&mut self) {
        self.unsent.clear();
        self.unsent_bytes = 0;
    }

    /// Takes what waits for the player, as much as there is room for; where nothing does, the task is woken once
    /// something does. Gives whether there is something to send.
    pub(super) fn poll_player(&mut self, cx: &Context<'_>) -> bool {
        while self.unsent_bytes < UNSENT_LOW && self.ending.is_none() && self.end_at.is_none() {
            let Some(play) = &self.play else { break };
            let Poll::Ready(delivery) = play.player.poll_take(cx) else { break };
            match delivery {
                Delivery::Unit(unit) => match unit.tag {
                    TagKind::Script => self.session.send_script(unit.timestamp_ms, &unit.body),
                    TagKind::Audio => self.session.send_media(MediaKind::Audio, unit.timestamp_ms, &unit.body),
                    TagKind::Video => self.session.send_media(MediaKind::Video, unit.timestamp_ms, &unit.body),
                },
                Delivery::Published => {
                    self.session.notify_published();
                    true
                }
                Delivery::Unpublished => {
                    self.end_at = Some(self.shared.clock.now() + END_PAUSE);
                    true
                }
            };
            while let ServerOutput::Transmit(bytes) = self.session.poll_output() {
                self.queue(bytes);
            }
        }
        self.has_unsent()
    }

    fn queue(&mut self, bytes: Bytes) {
        self.unsent_bytes += bytes.len();
        self.unsent.push_back(bytes);
    }

    /// Does all the session asks for, and notes its next timer.
    fn drain(&mut self) {
        loop {
            match self.session.poll_output() {
                ServerOutput::Transmit(bytes) => {
                    self.answer_bytes += bytes.len();
                    self.queue(bytes);
                    if self.answer_bytes > self.shared.limits.unsent_bytes_max {
                        self.forget_unsent();
                        self.fail(ServerError::LimitExceeded { limit: "unsent_bytes_max" });
                    }
                }
                ServerOutput::Event(event) => self.handle_event(event),
                ServerOutput::Timeout(at) => {
                    self.timeout = Some(at);
                    return;
                }
                ServerOutput::Idle => {
                    self.timeout = None;
                    return;
                }
            }
        }
    }

    fn handle_event(&mut self, event: ServerEvent) {
        let now = self.shared.clock.now();
        match event {
            ServerEvent::HandshakeDone { .. } => {}
            ServerEvent::ConnectRequested { app, .. } => self.connect(&app),
            ServerEvent::PublishRequested { name } => self.publish(&name),
            ServerEvent::PlayRequested { name } => self.play(&name),
            ServerEvent::Metadata(body) => {
                if let Some(publication) = &mut self.publication {
                    publication.metadata(&self.shared, now, body);
                }
            }
            ServerEvent::Media { kind, timestamp_ms, payload } => {
                if let Some(publication) = &mut self.publication {
                    publication.media(&self.shared, now, kind, timestamp_ms, payload);
                }
            }
            ServerEvent::Unpublished => self.end_publication(EndReason::Unpublished),
            ServerEvent::Paused(paused) => {
                if let Some(play) = &self.play {
                    play.pause(paused);
                }
            }
            ServerEvent::Receive { kind, wanted } => {
                if let Some(play) = &self.play {
                    play.receive(kind, wanted);
                }
            }
            ServerEvent::Unplayed => self.end_play(EndReason::Left),
            ServerEvent::Failed(error) => self.fail(error),
        }
    }

    fn connect(&mut self, app: &str) {
        match app_name(app, self.shared.limits.name_bytes_max) {
            Ok(app) => {
                self.app = app;
                self.session.accept_connect();
            }
            Err(_too_long) => {
                self.session.reject_connect("NetConnection.Connect.InvalidApp", "The application's name is too long.");
                self.turn_away(RefusalKind::Name, "the application's name is too long");
            }
        }
    }

    fn publish(&mut self, raw: &str) {
        let key = self.shared.publish_key.as_ref();
        let named = stream_name(raw, &self.app, key, self.shared.limits.name_bytes_max);
        let (code, kind, reason) = match named {
            Ok(name) => match self.shared.publish(&self.app, &name, self.peer) {
                Ok((hub, stream)) => {
                    self.session.accept_publish();
                    self.publication = Some(Publication::start(&self.shared, hub, stream));
                    self.engaged = true;
                    return;
                }
                Err(EnterError::Taken(other)) => {
                    let words = "Somebody is already publishing under this name.";
                    self.session.reject_publish("NetStream.Publish.BadName", words);
                    let reason = format!("{}/{name} is already published by {other}", self.app);
                    return self.turn_away(RefusalKind::NameTaken, &reason);
                }
                Err(EnterError::TooMany) => {
                    ("NetStream.Publish.Denied", RefusalKind::Streams, "too many streams are published already")
                }
            },
            Err(NameError::WrongKey) => {
                ("NetStream.Publish.Unauthorized", RefusalKind::PublishKey, "the stream key is missing or wrong")
            }
            Err(error) => ("NetStream.Publish.BadName", RefusalKind::Name, name_reason(error)),
        };
        self.session.reject_publish(code, &sentence(reason));
        self.turn_away(kind, reason);
    }

    fn play(&mut self, raw: &str) {
        self.end_play(EndReason::Left);
        let key = self.shared.play_key.get();
        let publish_key = self.shared.publish_key.as_ref();
        let named = played_name(raw, &self.app, key, publish_key, self.shared.limits.name_bytes_max);
        let (kind, reason) = match named {
            // A key to publish is needed to listen beyond this computer; it says nothing about who may watch.
            Ok(_) if key.is_none() && !is_loopback(self.peer) => {
                (RefusalKind::PlayKey, "players from other computers need a key, and this server has none for them")
            }
            Ok(name) => {
                self.session.accept_play();
                self.play = Some(Play::start(&self.shared, &self.app, &name, self.peer));
                self.engaged = true;
                return;
            }
            Err(NameError::WrongKey) => (RefusalKind::PlayKey, "the key to play is missing or wrong"),
            Err(error) => (RefusalKind::Name, name_reason(error)),
        };
        self.session.reject_play("NetStream.Play.Failed", &sentence(reason));
        self.turn_away(kind, reason);
    }

    /// Tells it and ends the connection once the answer is out: a key cannot be guessed by asking on and on.
    fn turn_away(&mut self, kind: RefusalKind, reason: &str) {
        self.refuse(kind, reason.to_owned());
        self.begin_ending();
    }

    fn refuse(&mut self, kind: RefusalKind, reason: String) {
        if !self.refused {
            self.refused = true;
            self.shared.refuse(self.peer, kind, reason);
        }
    }

    fn fail(&mut self, error: ServerError) {
        let (kind, hung_up) = (RefusalKind::from_error(&error), error == ServerError::ClosedByPeer);
        if self.engaged {
            // The end of its publish or play tells it.
            if !hung_up {
                self.shared.count(kind);
            }
        } else if self.session.received_bytes() > 0 || !hung_up {
            // Someone who only looked whether the port is open is no news.
            self.refuse(kind, reason_of(&error, self.shared.other_ports));
        }
        self.end_play(if hung_up { EndReason::Left } else { EndReason::from_error(error.clone()) });
        self.end_publication(EndReason::from_error(error));
        self.begin_ending();
    }

    /// Another client publishes in its place, and this one is there all the same.
    fn give_way(&mut self) {
        self.publication = None;
        self.shared.count(RefusalKind::Silent);
        if self.ending.is_none() {
            let words = "You were silent for too long: somebody else publishes under this name.";
            self.session.disconnect("NetConnection.Connect.Closed", words);
            self.drain();
            self.begin_ending();
        }
    }

    fn begin_ending(&mut self) {
        let by = self.shared.clock.now() + self.shared.limits.linger;
        self.ending.get_or_insert(by);
    }

    fn end_publication(&mut self, reason: EndReason) {
        if let Some(publication) = self.publication.take() {
            publication.end(&self.shared, reason);
        }
    }

    fn end_play(&mut self, reason: EndReason) {
        self.end_at = None;
        if let Some(play) = self.play.take() {
            play.end(&self.shared, reason);
        }
    }
}

impl Drop for Conversation {
    /// Runs also where the connection is cut off.
    fn drop(&mut self) {
        self.end_publication(EndReason::ServerStopped);
        self.end_play(EndReason::ServerStopped);
    }
}

fn name_reason(error: NameError) -> &'static str {
    match error {
        NameError::Missing => "the stream has no name",
        NameError::TooLong => "the stream's name is too long",
        NameError::WrongKey => "the key is missing or wrong",
    }
}

/// As a sentence for the client.
fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}
