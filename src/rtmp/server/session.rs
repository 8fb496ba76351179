//! The session: bytes and times in, bytes and events out.
#![deny(clippy::indexing_slicing)]

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use bytes::{Buf, Bytes};

use crate::amf::{AmfError, Object, Reader, Value, write_value};
use crate::media::Timestamp;

use super::play::Playing;
use super::{ServerConfig, ServerError, ServerEvent, ServerOutput, ServerStep};
use crate::rtmp::MediaKind;
use crate::rtmp::chunk::{ChunkError, RawMessage};
use crate::rtmp::command::{Command, Info};
use crate::rtmp::handshake::{HandshakeProgress, ServerHandshake};
use crate::rtmp::link::{COMMAND_CHUNKS, Link, LinkError};
use crate::rtmp::message::{Message, event, read_message, split_aggregate};

/// Chunk stream of statuses of a message stream.
const STATUS_CHUNKS: u32 = 5;
/// `Limits::pings_max` holds for so long.
const PINGS_WINDOW: Duration = Duration::from_secs(1);
/// "Can forward" in the maps of codecs, and multitrack, ModEx and nanosecond offsets among the capabilities
/// (Enhanced RTMP v2, "Enhancing NetConnection connect Command").
const FORWARDS: f64 = 4.0;
const CAPS_EX: f64 = 14.0;

/// What the client asked for and the program has not answered yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Pending {
    Connect { transaction: f64, extras: ConnectExtras },
    Publish { stream_id: u32 },
    Play { stream_id: u32, reset: bool },
}

/// What a client said in its connect that our answer repeats.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ConnectExtras {
    /// 3 where the client would speak AMF3. We go on in AMF0, which it has to understand as well.
    object_encoding: f64,
    /// It speaks of the codecs of Enhanced RTMP.
    enhanced: bool,
}

/// An ingest's session over one connection, from the accepted connection to its end.
///
/// After every call that changes it, drain `poll_output` until `Timeout` or `Idle`.
pub struct ServerSession {
    config: ServerConfig,
    started: Timestamp,
    now: Timestamp,
    step: ServerStep,
    handshake: ServerHandshake,
    pub(super) link: Link<ServerEvent>,
    deadline: Option<Timestamp>,
    /// The player was asked whether it is still there.
    asked: bool,
    /// Since when pings are counted.
    pings_since: Timestamp,
    pub(super) pending: Option<Pending>,
    /// What came while a request was pending: clients pipeline.
    deferred: VecDeque<Message>,
    deferred_bytes: usize,
    /// Message streams alive.
    streams: Vec<u32>,
    last_stream_id: u32,
    pub(super) publishing: Option<u32>,
    pub(super) playing: Option<Playing>,
    /// It ended a publish or a play in good order.
    pub(super) done: bool,
}

impl fmt::Debug for ServerSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Queued bytes and deferred messages hold stream keys: state and counters only.
        f.debug_struct("ServerSession")
            .field("step", &self.step)
            .field("pending", &self.pending)
            .field("received_bytes", &self.received_bytes())
            .finish_non_exhaustive()
    }
}

impl ServerSession {
    /// Starts at an accepted connection.
    pub fn new(now: Timestamp, config: ServerConfig) -> Self {
        Self {
            started: now,
            now,
            step: ServerStep::Handshake,
            handshake: ServerHandshake::new(config.random.clone()),
            link: Link::new(config.limits.of_strangers()),
            deadline: Some(now + config.deadlines.handshake),
            pending: None,
            deferred: VecDeque::new(),
            deferred_bytes: 0,
            streams: Vec::new(),
            last_stream_id: 0,
            publishing: None,
            playing: None,
            done: false,
            asked: false,
            pings_since: now,
            config,
        }
    }

    /// Takes bytes from the client. How they are cut makes no difference.
    pub fn handle_input(&mut self, now: Timestamp, bytes: &[u8]) {
        self.now = now;
        let mut input = bytes;
        while self.step == ServerStep::Handshake && !input.is_empty() {
            self.read_handshake(&mut input);
        }
        if matches!(self.step, ServerStep::Live | ServerStep::Play) && !bytes.is_empty() {
            self.enter(self.step);
        }
        if now.since(self.pings_since) >= PINGS_WINDOW {
            self.pings_since = now;
            self.link.forget_pings();
        }
        while self.step != ServerStep::Closing {
            match self.link.read(&mut input) {
                Ok(Some(message)) if self.pending.is_some() => self.defer(message),
                Ok(Some(message)) => self.handle_message(message),
                Ok(None) => break,
                Err(LinkError::Chunk(ChunkError::Limit(limit))) => self.fail(ServerError::LimitExceeded { limit }),
                Err(error) => self.fail_protocol(error.to_string()),
            }
        }
    }

    /// The client will send nothing more: a failure, unless it had ended its publish or play before.
    pub fn handle_eof(&mut self, now: Timestamp) {
        self.now = now;
        if self.done && self.publishing.is_none() && self.playing.is_none() && self.pending.is_none() {
            self.enter(ServerStep::Closing);
        } else {
            self.fail(ServerError::ClosedByPeer);
        }
    }

    /// The time of the last `ServerOutput::Timeout` has come. Too early a call does nothing.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        self.now = now;
        if self.deadline.is_none_or(|deadline| deadline > now) {
            return;
        }
        if self.step == ServerStep::Play && !self.asked {
            // A player says nothing for hours: only an answer tells that it is still there.
            let elapsed_ms = self.elapsed_ms();
            self.link.send_user_control(event::PING_REQUEST, elapsed_ms);
            self.asked = true;
            self.deadline = Some(now + self.config.deadlines.answer);
        } else {
            self.fail(ServerError::TimedOut { step: self.step });
        }
    }

    /// How far the session is.
    pub fn step(&self) -> ServerStep {
        self.step
    }

    /// Answers `ConnectRequested`: lets the client in. Does nothing when no connect is pending.
    pub fn accept_connect(&mut self) {
        let Some(Pending::Connect { transaction, extras }) = self.pending.take_if(is_connect) else { return };
        self.link.send_window_ack_size(self.config.window_ack_size);
        self.link.send_peer_bandwidth(self.config.window_ack_size);
        self.link.send_chunk_size(self.config.chunk_size);
        let properties = Object::new().with("fmsVer", "FMS/3,0,1,123").with("capabilities", 31.0);
        let mut info = Info::object("status", "NetConnection.Connect.Success", "Connection succeeded.")
            .with("objectEncoding", extras.object_encoding);
        if extras.enhanced {
            // Every codec is passed on as it comes (Enhanced RTMP v2, "Enhancing NetConnection connect Command").
            let any = Object::new().with("*", FORWARDS);
            info.push("videoFourCcInfoMap", any.clone());
            info.push("audioFourCcInfoMap", any);
            info.push("capsEx", CAPS_EX);
        }
        let answer = Command::new("_result", transaction, properties.into(), vec![info.into()]);
        self.link.send_command(COMMAND_CHUNKS, 0, &answer);
        self.enter(ServerStep::Publish);
        self.handle_deferred();
    }

    /// Answers `ConnectRequested`: turns the client away and ends the session; the driver drains and closes. `code`
    /// is such as `NetConnection.Connect.Rejected`. Does nothing when no connect is pending.
    pub fn reject_connect(&mut self, code: &str, description: &str) {
        let Some(Pending::Connect { transaction, .. }) = self.pending else { return };
        let info = Info::object("error", code, description);
        let answer = Command::new("_error", transaction, Value::Null, vec![info.into()]);
        self.link.send_command(COMMAND_CHUNKS, 0, &answer);
        self.enter(ServerStep::Closing);
    }

    /// Answers `PublishRequested`: media flows from now on. Does nothing when no publish is pending.
    pub fn accept_publish(&mut self) {
        let Some(Pending::Publish { stream_id }) = self.pending else { return };
        self.pending = None;
        self.publishing = Some(stream_id);
        self.link.set_limits(self.config.limits.clone());
        self.link.send_user_control(event::STREAM_BEGIN, stream_id);
        self.send_status(stream_id, "status", "NetStream.Publish.Start", "Publishing.");
        self.enter(ServerStep::Live);
        self.handle_deferred();
    }

    /// Answers `PublishRequested`: refuses. The client may try another name or leave. `code` is such as
    /// `NetStream.Publish.BadName`. Does nothing when no publish is pending.
    pub fn reject_publish(&mut self, code: &str, description: &str) {
        let Some(Pending::Publish { stream_id }) = self.pending else { return };
        self.refuse(stream_id, code, description);
    }

    /// Tells the client why and ends the session; the driver drains and closes. Does nothing when it is over.
    pub fn disconnect(&mut self, code: &str, description: &str) {
        if self.step == ServerStep::Closing {
            return;
        }
        match self.pending {
            Some(Pending::Connect { .. }) => return self.reject_connect(code, description),
            Some(Pending::Publish { stream_id } | Pending::Play { stream_id, .. }) => {
                self.send_status(stream_id, "error", code, description);
            }
            None if matches!(self.step, ServerStep::Publish | ServerStep::Live | ServerStep::Play) => {
                let stream_id = self.publishing.or(self.playing.map(|playing| playing.stream_id));
                self.send_status(stream_id.unwrap_or(0), "error", code, description);
            }
            None => {}
        }
        self.enter(ServerStep::Closing);
    }

    /// Bytes taken from the client so far, handshake included.
    pub fn received_bytes(&self) -> u64 {
        self.link.received_bytes()
    }

    /// What to do next. Drain it until `Timeout` or `Idle`.
    pub fn poll_output(&mut self) -> ServerOutput {
        self.link.poll(self.deadline)
    }

    /// Milliseconds since the connection was accepted.
    fn elapsed_ms(&self) -> u32 {
        u32::try_from(self.now.since(self.started).as_millis()).unwrap_or(u32::MAX)
    }

    fn read_handshake(&mut self, input: &mut &[u8]) {
        let elapsed_ms = self.elapsed_ms();
        let before = input.len();
        let progress = self.handshake.read(elapsed_ms, input);
        self.link.count_received(before - input.len());
        match progress {
            Ok(HandshakeProgress::Wait) => {}
            Ok(HandshakeProgress::Send(bytes)) => self.link.transmit(bytes),
            Ok(HandshakeProgress::Done { digest }) => {
                self.link.push_event(ServerEvent::HandshakeDone { digest });
                self.enter(ServerStep::Connect);
            }
            Err(error) => self.fail(error.into()),
        }
    }

    fn defer(&mut self, message: Message) {
        let bytes = match &message {
            Message::Media { payload, .. } => payload.len(),
            Message::Data { body, .. } | Message::Command { body, .. } => body.len(),
            Message::Aggregate(raw) => raw.body.len(),
            _ => return,
        };
        let limits = &self.config.limits;
        self.deferred_bytes += bytes;
        if self.deferred_bytes > limits.deferred_bytes_max {
            return self.fail(ServerError::LimitExceeded { limit: "deferred_bytes_max" });
        }
        if self.deferred.len() >= limits.deferred_messages_max {
            return self.fail(ServerError::LimitExceeded { limit: "deferred_messages_max" });
        }
        self.deferred.push_back(message);
    }

    /// Handles what was held back, up to the next request.
    pub(super) fn handle_deferred(&mut self) {
        while self.pending.is_none() && self.step != ServerStep::Closing {
            let Some(message) = self.deferred.pop_front() else {
                self.deferred_bytes = 0;
                return;
            };
            self.handle_message(message);
        }
    }

    fn handle_message(&mut self, message: Message) {
        match message {
            Message::Command { stream_id, body } => match Command::read(&body) {
                Ok(command) => self.handle_command(stream_id, command),
                Err(error) => self.fail_protocol(error.to_string()),
            },
            Message::Media { kind, timestamp_ms, payload } => {
                // An empty body says nothing; media before the publish is nobody's.
                if self.step == ServerStep::Live && !payload.is_empty() {
                    self.link.push_event(ServerEvent::Media { kind, timestamp_ms, payload });
                }
            }
            Message::Data { body, .. } => self.handle_data(body),
            Message::Aggregate(aggregate) => self.handle_aggregate(&aggregate),
            // The link has seen to the others.
            Message::SetChunkSize(_)
            | Message::Abort(_)
            | Message::Acknowledgement(_)
            | Message::UserControl { .. }
            | Message::WindowAckSize(_)
            | Message::SetPeerBandwidth { .. }
            | Message::Other { .. } => {}
        }
    }

    fn handle_aggregate(&mut self, aggregate: &RawMessage) {
        let parts = match split_aggregate(aggregate) {
            Ok(parts) => parts,
            Err(error) => return self.fail_protocol(error.to_string()),
        };
        for part in parts {
            match read_message(part) {
                Ok(message @ (Message::Media { .. } | Message::Data { .. })) => self.handle_message(message),
                Ok(_) => {}
                Err(error) => return self.fail_protocol(error.to_string()),
            }
        }
    }

    fn handle_data(&mut self, body: Bytes) {
        if self.step != ServerStep::Live {
            return;
        }
        let mut reader = Reader::new(&body);
        let Ok(name) = reader.read_value() else { return };
        let behind_name = body.len() - reader.rest().len();
        let script_data = match name.as_str() {
            Some("@setDataFrame") => {
                let mut script_data = body.clone();
                script_data.advance(behind_name);
                script_data
            }
            Some("onMetaData") => body,
            // Cue points, captions and the like.
            _ => return,
        };
        let inner = Reader::new(&script_data).read_value();
        if inner.is_ok_and(|name| name.as_str() == Some("onMetaData")) {
            match in_amf0(script_data) {
                Ok(script_data) => self.link.push_event(ServerEvent::Metadata(script_data)),
                Err(error) => self.fail_protocol(error.to_string()),
            }
        }
    }

    fn handle_command(&mut self, stream_id: u32, command: Command) {
        let transaction = command.transaction;
        if self.step == ServerStep::Connect {
            if command.name == "connect" {
                return self.handle_connect(&command);
            }
            return self.fail_protocol("the first command is not connect".to_owned());
        }
        match command.name.as_str() {
            "connect" => self.fail_protocol("a second connect".to_owned()),
            "createStream" => self.create_stream(transaction),
            "publish" => self.handle_publish(stream_id, &command),
            "play" | "play2" => self.handle_play(stream_id, &command),
            "pause" | "pauseRaw" => self.handle_pause(stream_id, &command),
            "receiveAudio" => self.handle_receive(MediaKind::Audio, &command),
            "receiveVideo" => self.handle_receive(MediaKind::Video, &command),
            "seek" => self.send_status(stream_id, "error", "NetStream.Seek.Failed", "A live stream has no past."),
            "getStreamLength" => self.answer(transaction, 0.0.into()),
            "FCSubscribe" => {
                self.answer(transaction, Value::Undefined);
                self.send_fc("onFCSubscribe", "NetStream.Play.Start");
            }
            "releaseStream" | "FCUnsubscribe" | "_checkbw" => self.answer(transaction, Value::Undefined),
            "FCPublish" => {
                self.answer(transaction, Value::Undefined);
                self.send_fc("onFCPublish", "NetStream.Publish.Start");
            }
            "FCUnpublish" => {
                self.answer(transaction, Value::Undefined);
                self.send_fc("onFCUnpublish", "NetStream.Unpublish.Success");
                if let Some(publishing) = self.publishing {
                    self.unpublish(publishing);
                }
            }
            "deleteStream" => {
                let id = command.argument(0).and_then(Value::as_number).unwrap_or(0.0) as u32;
                self.streams.retain(|stream| *stream != id);
                self.unpublish(id);
                self.unplay(id);
            }
            "closeStream" => {
                self.unpublish(stream_id);
                self.unplay(stream_id);
            }
            // Answers to what we never asked.
            "_result" | "_error" | "onStatus" => {}
            _ if transaction > 0.0 => {
                let info = Info::object("error", "NetConnection.Call.Failed", "Method not found.");
                let answer = Command::new("_error", transaction, Value::Null, vec![info.into()]);
                self.link.send_command(COMMAND_CHUNKS, 0, &answer);
            }
            _ => {}
        }
    }

    fn handle_connect(&mut self, command: &Command) {
        let text = |name: &str| command.object.get(name).and_then(Value::as_str).map(str::to_owned);
        let Some(app) = text("app") else { return self.fail_protocol("connect without app".to_owned()) };
        let tc_url = text("tcUrl").unwrap_or_default();
        let given = |name: &str| command.object.get(name).is_some();
        let extras = ConnectExtras {
            object_encoding: command.object.get("objectEncoding").and_then(Value::as_number).unwrap_or(0.0),
            enhanced: ["fourCcList", "videoFourCcInfoMap", "audioFourCcInfoMap"].into_iter().any(given),
        };
        let pending = Pending::Connect { transaction: command.transaction, extras };
        self.request(pending, ServerEvent::ConnectRequested { app, tc_url });
    }

    fn create_stream(&mut self, transaction: f64) {
        if self.streams.len() >= self.config.limits.message_streams_max {
            return self.fail(ServerError::LimitExceeded { limit: "message_streams_max" });
        }
        self.last_stream_id = self.last_stream_id.wrapping_add(1);
        self.streams.push(self.last_stream_id);
        self.answer(transaction, self.last_stream_id.into());
    }

    fn handle_publish(&mut self, stream_id: u32, command: &Command) {
        let Some(name) = text_argument(command) else {
            return self.send_status(stream_id, "error", "NetStream.Publish.BadName", "publish without a name.");
        };
        if self.publishing.is_some() || self.playing.is_some() {
            let words = "this connection publishes or plays already.";
            return self.send_status(stream_id, "error", "NetStream.Publish.BadName", words);
        }
        self.request(Pending::Publish { stream_id }, ServerEvent::PublishRequested { name });
    }

    /// Asks the program. While it thinks, nobody is late.
    pub(super) fn request(&mut self, pending: Pending, event: ServerEvent) {
        self.pending = Some(pending);
        self.deadline = None;
        self.link.push_event(event);
    }

    pub(super) fn refuse(&mut self, stream_id: u32, code: &str, description: &str) {
        self.pending = None;
        self.send_status(stream_id, "error", code, description);
        self.enter(ServerStep::Publish);
        self.handle_deferred();
    }

    fn unpublish(&mut self, stream_id: u32) {
        if self.publishing == Some(stream_id) {
            self.publishing = None;
            self.done = true;
            self.send_status(stream_id, "status", "NetStream.Unpublish.Success", "Unpublished.");
            self.link.push_event(ServerEvent::Unpublished);
            self.enter(ServerStep::Publish);
        }
    }

    fn answer(&mut self, transaction: f64, value: Value) {
        if transaction > 0.0 {
            let answer = Command::new("_result", transaction, Value::Null, vec![value]);
            self.link.send_command(COMMAND_CHUNKS, 0, &answer);
        }
    }

    /// What FMS calls on a client that used FCPublish or FCUnpublish; FMLE waits for it.
    fn send_fc(&mut self, name: &str, code: &str) {
        let info = Object::new().with("code", code).with("description", "");
        let command = Command::new(name, 0.0, Value::Null, vec![info.into()]);
        self.link.send_command(COMMAND_CHUNKS, 0, &command);
    }

    pub(super) fn send_status(&mut self, stream_id: u32, level: &str, code: &str, description: &str) {
        let info = Info::object(level, code, description);
        let status = Command::new("onStatus", 0.0, Value::Null, vec![info.into()]);
        self.link.send_command(STATUS_CHUNKS, stream_id, &status);
    }

    pub(super) fn enter(&mut self, step: ServerStep) {
        self.step = step;
        let deadlines = &self.config.deadlines;
        self.deadline = match step {
            ServerStep::Handshake => Some(deadlines.handshake),
            ServerStep::Connect => Some(deadlines.connect),
            ServerStep::Publish => Some(deadlines.publish),
            ServerStep::Live => Some(deadlines.idle),
            ServerStep::Play => Some(deadlines.ping),
            ServerStep::Closing => None,
        }
        .map(|patience| self.now + patience);
        self.asked = false;
        if step == ServerStep::Closing {
            self.pending = None;
            self.publishing = None;
            self.playing = None;
            self.deferred.clear();
        }
    }

    fn fail_protocol(&mut self, reason: String) {
        self.fail(ServerError::Protocol { step: self.step, reason });
    }

    /// The last event.
    fn fail(&mut self, error: ServerError) {
        if self.step != ServerStep::Closing {
            self.link.push_event(ServerEvent::Failed(error));
            self.enter(ServerStep::Closing);
        }
    }
}

/// The same values without AMF3, which players and files could not read. What is cut stays as it is: players know how
/// to bear it.
fn in_amf0(body: Bytes) -> Result<Bytes, AmfError> {
    let mut reader = Reader::new(&body);
    let mut out = Vec::new();
    while !reader.is_empty() {
        match reader.read_value() {
            Ok(value) => write_value(&mut out, &value),
            Err(error) if error.is_excess() => return Err(error),
            Err(_) => break,
        }
    }
    Ok(if reader.met_amf3() { out.into() } else { body })
}

fn is_connect(pending: &mut Pending) -> bool {
    matches!(pending, Pending::Connect { .. })
}

fn text_argument(command: &Command) -> Option<String> {
    command.argument(0).and_then(Value::as_str).map(str::to_owned)
}
