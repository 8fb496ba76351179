//! The session: bytes and times in, bytes and events out.
#![deny(clippy::indexing_slicing)]

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::amf::{Object, Value, write_value};
use crate::media::Timestamp;

use super::secrets::hidden;
use super::{ClientConfig, ClientError, ClientEvent, Elsewhere, MediaKind, Output, Step};
use crate::rtmp::Limits;
use crate::rtmp::chunk::MessageHeader;
use crate::rtmp::command::{Command, Info, RECONNECT_REQUEST};
use crate::rtmp::handshake::{ClientHandshake, HandshakeProgress};
use crate::rtmp::link::{COMMAND_CHUNKS, Link};
use crate::rtmp::message::{Message, kind};

/// Chunk streams as FFmpeg and FMLE use them: servers know these numbers.
const AUDIO_CHUNKS: u32 = 4;
const VIDEO_CHUNKS: u32 = 6;
const PUBLISH_CHUNKS: u32 = 8;

/// The server is to acknowledge every so many bytes: a few times a second at any rate that has pictures. What a tunnel or a
/// proxy on the way holds back is seen by nothing else.
const WINDOW_ACK_SIZE: u32 = 16 * 1024;
/// Where that is not wanted: half a second or more apart.
const SELDOM_ACK_SIZE: u32 = 2_500_000;

/// What of Enhanced RTMP v2 we do (`capsEx`): 1, connect again where the server asks for it.
const CAPABILITIES: f64 = 1.0;

const CONNECT_TRANSACTION: f64 = 1.0;
const RELEASE_TRANSACTION: f64 = 2.0;
const FC_PUBLISH_TRANSACTION: f64 = 3.0;
const CREATE_STREAM_TRANSACTION: f64 = 4.0;
const PUBLISH_TRANSACTION: f64 = 5.0;
const FC_UNPUBLISH_TRANSACTION: f64 = 6.0;
const DELETE_STREAM_TRANSACTION: f64 = 7.0;

/// A publisher's session over one connection, from the open connection to its end.
///
/// After every call that changes it, drain `poll_output` until `Timeout` or `Idle`.
pub struct ClientSession {
    config: ClientConfig,
    started: Timestamp,
    now: Timestamp,
    step: Step,
    handshake: ClientHandshake,
    link: Link<ClientEvent>,
    deadline: Option<Timestamp>,
    stream_id: u32,
    before_publish: BeforePublish,
    /// Another connection was asked for before this one was live.
    asked_early: Option<ClientEvent>,
}

/// What is done once the server has given a message stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BeforePublish {
    GoOn,
    /// It ends.
    Stop,
    /// It waits for leave to publish.
    Wait,
}

impl fmt::Debug for ClientSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Queued bytes hold the stream key: counters only.
        f.debug_struct("ClientSession")
            .field("config", &self.config)
            .field("step", &self.step)
            .field("sent_bytes", &self.sent_bytes())
            .field("received_bytes", &self.received_bytes())
            .finish_non_exhaustive()
    }
}

impl ClientSession {
    /// Starts at an open connection: C0 and C1 are queued at once.
    pub fn new(now: Timestamp, mut config: ClientConfig) -> Self {
        let random = std::mem::replace(&mut config.random, Box::new([0; 1528]));
        let handshake = ClientHandshake::new(config.digest_handshake, random);
        // A server that we chose may ping as it likes.
        let mut link = Link::new(Limits { pings_max: u32::MAX, ..Limits::default() });
        link.limit_window(WINDOW_ACK_SIZE);
        link.transmit(handshake.start());
        let deadline = Some(now + config.deadlines.handshake);
        Self {
            config,
            started: now,
            now,
            step: Step::Handshake,
            handshake,
            link,
            deadline,
            stream_id: 0,
            before_publish: BeforePublish::GoOn,
            asked_early: None,
        }
    }

    /// Ends in good order as soon as the server has given a message stream. The stream's name is not sent at all: some
    /// servers end another publisher's stream on `releaseStream`.
    pub fn stop_before_publish(&mut self) {
        self.before_publish = BeforePublish::Stop;
    }

    /// Waits with its message stream until `publish` is called. The stream's name is not sent before.
    pub fn wait_before_publish(&mut self) {
        self.before_publish = BeforePublish::Wait;
    }

    /// Publishes over the message stream with which it waits; the server is to answer within `patience`. Does nothing where
    /// none waits.
    pub fn publish(&mut self, now: Timestamp, patience: Duration) {
        self.now = now;
        if self.step == Step::CreateStream && self.stream_id > 0 {
            self.claim_name();
            self.send_publish();
            self.deadline = Some(now + patience);
        }
    }

    /// Takes bytes from the server. How they are cut makes no difference.
    pub fn handle_input(&mut self, now: Timestamp, bytes: &[u8]) {
        self.now = now;
        let mut input = bytes;
        while self.step == Step::Handshake && !input.is_empty() {
            self.read_handshake(&mut input);
        }
        while self.step != Step::Closing {
            match self.link.read(&mut input) {
                Ok(Some(message)) => self.handle_message(message),
                Ok(None) => break,
                Err(error) => self.fail_protocol(error.to_string()),
            }
        }
    }

    /// The server will send nothing more.
    pub fn handle_eof(&mut self, now: Timestamp) {
        self.now = now;
        if self.step != Step::Closing {
            self.fail(ClientError::ClosedByPeer { step: self.step });
        }
    }

    /// The time of the last `Output::Timeout` has come. Too early a call does nothing.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        self.now = now;
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.fail(ClientError::TimedOut { step: self.step });
        }
    }

    /// How far the session is.
    pub fn step(&self) -> Step {
        self.step
    }

    /// Sends a script data body (`flv::metadata`), with the @setDataFrame that makes servers keep it. Does nothing
    /// unless live.
    pub fn send_metadata(&mut self, script_data: Bytes) {
        if self.step == Step::Live {
            let mut prefix = Vec::with_capacity(16);
            write_value(&mut prefix, &"@setDataFrame".into());
            let header = self.header(AUDIO_CHUNKS, kind::DATA, 0);
            self.link.send(header, &prefix, &script_data);
        }
    }

    /// Sends one FLV tag body, `header` and then `payload`; the payload's memory is shared, not copied. Does nothing
    /// unless live, or if the body has 2^24 bytes or more.
    pub fn send_media(&mut self, kind: MediaKind, timestamp_ms: u32, header: &[u8], payload: Bytes) {
        if self.step == Step::Live {
            let (chunk_stream, message_kind) = match kind {
                MediaKind::Audio => (AUDIO_CHUNKS, kind::AUDIO),
                MediaKind::Video => (VIDEO_CHUNKS, kind::VIDEO),
            };
            let message = self.header(chunk_stream, message_kind, timestamp_ms);
            self.link.send(message, header, &payload);
        }
    }

    /// Whether the server is to acknowledge often. A system that is told something after the program has closed the connection
    /// gives up what it still holds (RFC 1122, 4.2.2.13): where the end of a show may be left to it, the server is to be silent.
    /// Does nothing unless live.
    pub fn want_acknowledgements(&mut self, wanted: bool) {
        if self.step == Step::Live {
            self.link.set_window(if wanted { WINDOW_ACK_SIZE } else { SELDOM_ACK_SIZE });
        }
    }

    /// Ends the publish in good order: FCUnpublish and deleteStream, then `ClientEvent::Closed`. The driver then
    /// drains, shuts its side down, reads to the end and closes. Does nothing when the session is over.
    pub fn close(&mut self, now: Timestamp) {
        self.now = now;
        if self.step == Step::Closing {
            return;
        }
        if matches!(self.step, Step::Live | Step::Publish) {
            self.call("FCUnpublish", FC_UNPUBLISH_TRANSACTION, vec![self.name()]);
            self.call("deleteStream", DELETE_STREAM_TRANSACTION, vec![self.stream_id.into()]);
        }
        self.end(ClientEvent::Closed);
    }

    /// Bytes the server says it received; at most `sent_bytes`. Stays 0 with servers that never acknowledge.
    pub fn acknowledged_bytes(&self) -> u64 {
        self.link.acknowledged_bytes()
    }

    /// Bytes queued for the server so far, handshake included.
    pub fn sent_bytes(&self) -> u64 {
        self.link.sent_bytes()
    }

    /// Bytes taken from the server so far, handshake included.
    pub fn received_bytes(&self) -> u64 {
        self.link.received_bytes()
    }

    /// What to do next. Drain it until `Timeout` or `Idle`.
    pub fn poll_output(&mut self) -> Output {
        self.link.poll(self.deadline)
    }

    fn read_handshake(&mut self, input: &mut &[u8]) {
        let elapsed_ms = u32::try_from(self.now.since(self.started).as_millis()).unwrap_or(u32::MAX);
        let before = input.len();
        let progress = self.handshake.read(elapsed_ms, input);
        self.link.count_received(before - input.len());
        match progress {
            Ok(HandshakeProgress::Wait) => {}
            Ok(HandshakeProgress::Send(c2)) => {
                self.link.transmit(c2);
                // Connect goes right behind C2: waiting for S2 would cost a round trip and prove nothing.
                self.send_connect();
            }
            Ok(HandshakeProgress::Done { digest }) => {
                self.link.push_event(ClientEvent::HandshakeDone { digest });
                self.enter(Step::Connect);
            }
            Err(error) => self.fail(error.into()),
        }
    }

    fn handle_message(&mut self, message: Message) {
        match message {
            Message::Command { body, .. } => match Command::read(&body) {
                Ok(command) => self.handle_command(&command),
                Err(error) => self.fail_protocol(error.to_string()),
            },
            // Servers send a publisher nothing else that matters.
            Message::SetChunkSize(_)
            | Message::Abort(_)
            | Message::Acknowledgement(_)
            | Message::UserControl { .. }
            | Message::WindowAckSize(_)
            | Message::SetPeerBandwidth { .. }
            | Message::Media { .. }
            | Message::Data { .. }
            | Message::Aggregate(_)
            | Message::Other { .. } => {}
        }
    }

    fn handle_command(&mut self, command: &Command) {
        let is_answer_to = |transaction: f64| (command.transaction - transaction).abs() < 0.5;
        match (command.name.as_str(), self.step) {
            ("_result", Step::Connect) if is_answer_to(CONNECT_TRANSACTION) => self.connected(command),
            ("_error", Step::Connect) if is_answer_to(CONNECT_TRANSACTION) => self.reject(command.info()),
            ("_result", Step::CreateStream) if is_answer_to(CREATE_STREAM_TRANSACTION) => self.stream_created(command),
            ("_error", Step::CreateStream) if is_answer_to(CREATE_STREAM_TRANSACTION) => self.reject(command.info()),
            ("_error", Step::Publish) if is_answer_to(PUBLISH_TRANSACTION) => self.reject(command.info()),
            // Answers to releaseStream, FCPublish and the like: optional, and their errors harmless.
            ("_result" | "_error", _) => {}
            ("onStatus", _) => self.handle_status(command.info()),
            ("close", _) => self.fail(ClientError::ClosedByPeer { step: self.step }),
            // Bandwidth checks of FMS and its descendants wait for an answer.
            (_, _) if command.transaction > 0.0 => {
                let answer = Command::new("_result", command.transaction, Value::Null, vec![Value::Null]);
                self.link.send_command(COMMAND_CHUNKS, 0, &answer);
            }
            _ => {}
        }
    }

    fn handle_status(&mut self, info: Info) {
        if self.step == Step::Publish && info.code == "NetStream.Publish.Start" {
            let description = self.redacted(info.description);
            self.link.push_event(ClientEvent::Published { description });
            self.enter(Step::Live);
            if let Some(asked) = self.asked_early.take() {
                self.link.push_event(asked);
            }
            return;
        }
        if info.code == RECONNECT_REQUEST || (self.step == Step::Live && info.elsewhere.is_some()) {
            let asked = ClientEvent::MoveAsked { to: info.elsewhere.map(Elsewhere) };
            return match self.step {
                Step::Live => self.link.push_event(asked),
                _ => self.asked_early = Some(asked),
            };
        }
        // Once our own end is on its way nothing is read any more: an unpublish that comes is the server's.
        let is_over = info.code == "NetStream.Unpublish.Success" && self.step == Step::Live;
        if is_over || info.is_refusal() {
            return self.reject(info);
        }
        let Info { level, code, description, .. } = info;
        let description = self.redacted(description);
        self.link.push_event(ClientEvent::Status { level, code, description });
    }

    fn send_connect(&mut self) {
        let object = Object::new()
            .with("app", self.config.app.as_str())
            .with("type", "nonprivate")
            .with("flashVer", self.config.encoder_name.as_str())
            .with("swfUrl", self.config.tc_url.as_str())
            .with("tcUrl", self.config.tc_url.as_str())
            .with("capsEx", CAPABILITIES);
        let connect = Command::new("connect", CONNECT_TRANSACTION, object.into(), Vec::new());
        self.link.send_command(COMMAND_CHUNKS, 0, &connect);
    }

    /// Connect was accepted: all that leads to a message stream goes out in one flight.
    fn connected(&mut self, command: &Command) {
        let info = command.info();
        if info.is_refusal() {
            return self.reject(info);
        }
        let server = command.object.get("fmsVer").and_then(Value::as_str);
        let server = server.map(|text| text.chars().take(100).collect());
        self.link.push_event(ClientEvent::Connected { server });
        if !self.link.told_window() {
            self.link.send_window_ack_size(WINDOW_ACK_SIZE);
        }
        self.link.send_chunk_size(self.config.chunk_size);
        if self.before_publish == BeforePublish::GoOn {
            self.claim_name();
        }
        self.call("createStream", CREATE_STREAM_TRANSACTION, Vec::new());
        self.enter(Step::CreateStream);
    }

    fn stream_created(&mut self, command: &Command) {
        let id = command.argument(0).and_then(Value::as_number);
        let Some(id) = id.filter(|id| (0.0..=f64::from(u32::MAX)).contains(id)) else {
            return self.fail_protocol("the answer to createStream has no stream id".to_owned());
        };
        self.stream_id = id as u32;
        self.link.push_event(ClientEvent::StreamCreated { id: self.stream_id });
        match self.before_publish {
            BeforePublish::GoOn => self.send_publish(),
            BeforePublish::Wait => self.deadline = None,
            BeforePublish::Stop => {
                self.call("deleteStream", DELETE_STREAM_TRANSACTION, vec![self.stream_id.into()]);
                self.end(ClientEvent::Closed);
            }
        }
    }

    fn claim_name(&mut self) {
        self.call("releaseStream", RELEASE_TRANSACTION, vec![self.name()]);
        self.call("FCPublish", FC_PUBLISH_TRANSACTION, vec![self.name()]);
    }

    fn send_publish(&mut self) {
        let arguments = vec![self.name(), "live".into()];
        let publish = Command::new("publish", PUBLISH_TRANSACTION, Value::Null, arguments);
        self.link.send_command(PUBLISH_CHUNKS, self.stream_id, &publish);
        self.enter(Step::Publish);
    }

    fn call(&mut self, name: &str, transaction: f64, arguments: Vec<Value>) {
        let command = Command::new(name, transaction, Value::Null, arguments);
        self.link.send_command(COMMAND_CHUNKS, 0, &command);
    }

    fn name(&self) -> Value {
        self.config.stream_name.as_str().into()
    }

    fn header(&self, chunk_stream: u32, kind: u8, timestamp_ms: u32) -> MessageHeader {
        MessageHeader { chunk_stream, kind, timestamp_ms, stream_id: self.stream_id }
    }

    /// The server's words without our key, which some servers repeat.
    fn redacted(&self, words: Option<String>) -> Option<String> {
        words.map(|words| hidden(&words, &self.config.app, &self.config.stream_name))
    }

    fn enter(&mut self, step: Step) {
        self.step = step;
        let deadlines = &self.config.deadlines;
        self.deadline = match step {
            Step::Handshake => Some(deadlines.handshake),
            Step::Connect => Some(deadlines.connect),
            Step::CreateStream => Some(deadlines.create_stream),
            Step::Publish => Some(deadlines.publish),
            Step::Live | Step::Closing => None,
        }
        .map(|patience| self.now + patience);
    }

    fn reject(&mut self, info: Info) {
        if let Some(to) = info.elsewhere {
            return self.fail(ClientError::SentOn { step: self.step, to: Elsewhere(to) });
        }
        let description = self.redacted(info.description);
        self.fail(ClientError::Rejected { step: self.step, code: info.code, description });
    }

    fn fail_protocol(&mut self, reason: String) {
        self.fail(ClientError::Protocol { step: self.step, reason });
    }

    fn fail(&mut self, error: ClientError) {
        self.end(ClientEvent::Failed(error));
    }

    /// The last event.
    fn end(&mut self, event: ClientEvent) {
        if self.step != Step::Closing {
            self.link.push_event(event);
            self.enter(Step::Closing);
        }
    }
}
