//! One connection: bytes from the socket into the session, its answers out, its events to the publication.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::EndReason;
use super::name::{NameError, app_name, stream_name};
use super::publication::Publication;
use super::shared::Shared;
use crate::media::Timestamp;
use crate::rtmp::server::{ServerConfig, ServerError, ServerEvent, ServerOutput, ServerSession};

/// Bytes read at once: a picture or two.
const READ_BYTES: usize = 1 << 16;
/// Our chunks: nearly everything we say fits into one.
const CHUNK_BYTES: u32 = 4096;
/// What servers usually ask for.
const WINDOW_ACK_BYTES: u32 = 2_500_000;

/// Serves a connection to its end. Nothing in here can harm another connection.
pub(super) async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    // Answers are small and waited for; without it they would wait for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let mut random = Box::new([0; 1528]);
    if getrandom::fill(&mut *random).is_err() {
        shared.connections.fetch_sub(1, Ordering::Relaxed);
        return shared.refuse(peer, "the system gives no random bytes".to_owned());
    }
    let config = ServerConfig {
        limits: shared.limits.session.clone(),
        deadlines: shared.deadlines,
        random,
        chunk_size: CHUNK_BYTES,
        window_ack_size: WINDOW_ACK_BYTES,
    };
    let session = ServerSession::new(shared.clock.now(), config);
    let mut connection = Connection {
        stream,
        peer,
        shared,
        session,
        unsent: VecDeque::new(),
        unsent_bytes: 0,
        app: String::new(),
        publication: None,
        published: false,
        refused: false,
        ending: None,
    };
    connection.run(&mut stopped).await;
}

struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
    session: ServerSession,
    unsent: VecDeque<Bytes>,
    unsent_bytes: usize,
    app: String,
    publication: Option<Publication>,
    /// Whether it ever published.
    published: bool,
    /// Whether it was told already that this connection was turned away.
    refused: bool,
    /// Set once the session is over: when the connection is closed at the latest.
    ending: Option<Timestamp>,
}

/// What ended a wait.
enum Woken {
    Read(io::Result<usize>),
    Writable,
    TimedOut,
    Stopped,
}

impl Connection {
    async fn run(&mut self, stopped: &mut watch::Receiver<bool>) {
        let mut buffer = vec![0; READ_BYTES];
        let mut write_closed = false;
        let mut stop_seen = false;
        loop {
            let timeout = self.drain();
            if self.ending.is_some() && self.unsent.is_empty() && !write_closed {
                // Our last words are followed by an orderly end; what is still on its way to us is read, or the
                // system would answer it with a reset that can overtake those words.
                write_closed = true;
                if self.stream.shutdown().await.is_err() {
                    break;
                }
            }
            match self.wait(&mut buffer, timeout, stopped, stop_seen).await {
                Woken::Read(Ok(0) | Err(_)) => {
                    // A reset comes after everything that was read, so it is an end like any other.
                    if self.ending.is_none() {
                        self.session.handle_eof(self.shared.clock.now());
                        self.drain();
                    }
                    break;
                }
                Woken::Read(Ok(count)) => {
                    self.shared.bytes.fetch_add(count as u64, Ordering::Relaxed);
                    if self.ending.is_none() {
                        let bytes = buffer.get(..count).unwrap_or_default();
                        self.session.handle_input(self.shared.clock.now(), bytes);
                    }
                }
                Woken::Writable => self.write(),
                Woken::TimedOut => {
                    let now = self.shared.clock.now();
                    if self.ending.is_some_and(|by| now >= by) {
                        break;
                    }
                    self.session.handle_timeout(now);
                }
                Woken::Stopped => {
                    stop_seen = true;
                    self.end_publication(EndReason::ServerStopped);
                    if self.ending.is_none() {
                        self.session.disconnect("NetConnection.Connect.AppShutdown", "The server is closing.");
                        self.drain();
                        self.begin_ending();
                    }
                }
            }
        }
    }

    async fn wait(
        &self,
        buffer: &mut [u8],
        timeout: Option<Timestamp>,
        stopped: &mut watch::Receiver<bool>,
        stop_seen: bool,
    ) -> Woken {
        let interest =
            if self.unsent.is_empty() { Interest::READABLE } else { Interest::READABLE | Interest::WRITABLE };
        let until = match (timeout, self.ending) {
            (_, Some(by)) => Some(by),
            (timeout, None) => timeout,
        };
        let timer = async {
            match until {
                Some(until) => {
                    let left = until.since(self.shared.clock.now());
                    tokio::time::sleep(left).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::pin!(timer);
        loop {
            let ready = tokio::select! {
                ready = self.stream.ready(interest) => ready,
                () = &mut timer => return Woken::TimedOut,
                // An error says that the server's handle is gone: that is a stop as well.
                _ = stopped.wait_for(|stop| *stop), if !stop_seen => return Woken::Stopped,
            };
            match ready {
                Ok(ready) if ready.is_writable() && !self.unsent.is_empty() => return Woken::Writable,
                Ok(_) => match self.stream.try_read(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    read => return Woken::Read(read),
                },
                Err(error) => return Woken::Read(Err(error)),
            }
        }
    }

    /// Does all the session asks for; gives its next timer.
    fn drain(&mut self) -> Option<Timestamp> {
        loop {
            match self.session.poll_output() {
                ServerOutput::Transmit(bytes) => {
                    self.unsent_bytes += bytes.len();
                    self.unsent.push_back(bytes);
                    if self.unsent_bytes > self.shared.limits.unsent_bytes_max {
                        self.unsent.clear();
                        self.unsent_bytes = 0;
                        self.fail(ServerError::LimitExceeded { limit: "unsent_bytes_max" });
                    }
                }
                ServerOutput::Event(event) => self.handle_event(event),
                ServerOutput::Timeout(at) => {
                    self.write();
                    return Some(at);
                }
                ServerOutput::Idle => {
                    self.write();
                    return None;
                }
            }
        }
    }

    /// Writes what the socket takes now: mostly everything.
    fn write(&mut self) {
        while let Some(bytes) = self.unsent.front_mut() {
            match self.stream.try_write(bytes) {
                Ok(count) => {
                    self.unsent_bytes -= count;
                    bytes.advance(count);
                    if bytes.is_empty() {
                        self.unsent.pop_front();
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_nobody_listens) => {
                    // The peer may still have sent something: reading finds its end.
                    self.unsent.clear();
                    self.unsent_bytes = 0;
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
            ServerEvent::PlayRequested { .. } => {
                self.session.reject_play("NetStream.Play.Failed", "This server only receives streams.");
                self.refuse("it asked to play, and this server only receives".to_owned());
            }
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
                self.turn_away("the application's name is too long");
            }
        }
    }

    fn publish(&mut self, raw: &str) {
        // A client may end one publish with the start of the next.
        self.end_publication(EndReason::Unpublished);
        let key = self.shared.publish_key.as_ref();
        let named = stream_name(raw, &self.app, key, self.shared.limits.name_bytes_max);
        let (code, description, reason) = match named {
            Ok(name) => match self.shared.enter(&self.app, &name, self.peer) {
                Ok(stream) => {
                    self.session.accept_publish();
                    let recorder = self.shared.recorder.lock().unwrap_or_else(PoisonError::into_inner);
                    let recording = recorder.as_ref().map(|recorder| recorder.begin(&name));
                    drop(recorder);
                    self.publication = Some(Publication::start(&self.shared, stream, recording));
                    self.published = true;
                    return;
                }
                Err(other) => (
                    "NetStream.Publish.BadName",
                    "Somebody is already publishing under this name.",
                    format!("{}/{name} is already published by {other}", self.app),
                ),
            },
            Err(NameError::Missing) => {
                ("NetStream.Publish.BadName", "The stream has no name.", "the stream has no name".to_owned())
            }
            Err(NameError::TooLong) => {
                let reason = "the stream's name is too long".to_owned();
                ("NetStream.Publish.BadName", "The stream's name is too long.", reason)
            }
            Err(NameError::WrongKey) => (
                "NetStream.Publish.Unauthorized",
                "The stream key is missing or wrong.",
                "the stream key is missing or wrong".to_owned(),
            ),
        };
        self.session.reject_publish(code, description);
        self.turn_away(&reason);
    }

    /// Tells it and ends the connection once the answer is out: a key cannot be guessed by asking on and on.
    fn turn_away(&mut self, reason: &str) {
        self.refuse(reason.to_owned());
        self.begin_ending();
    }

    fn refuse(&mut self, reason: String) {
        if !self.refused {
            self.refused = true;
            self.shared.refuse(self.peer, reason);
        }
    }

    fn fail(&mut self, error: ServerError) {
        // Someone who only looked whether the port is open is no news.
        let is_news = self.session.received_bytes() > 0 || error != ServerError::ClosedByPeer;
        if !self.published && is_news {
            self.refuse(error.to_string());
        }
        self.end_publication(EndReason::from_error(error));
        self.begin_ending();
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
}

impl Drop for Connection {
    /// Runs also where the connection is cut off.
    fn drop(&mut self) {
        self.end_publication(EndReason::ServerStopped);
        self.shared.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
