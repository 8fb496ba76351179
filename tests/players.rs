//! Players against the server's session, in virtual time. The player is a puppet: chunks and AMF, and no opinion.

#![expect(clippy::unwrap_used, reason = "a test may")]

use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use tally::amf::{Object, Value, read_all, write_value};
use tally::media::Timestamp;
use tally::rtmp::chunk::{ChunkReader, ChunkWriter, MessageHeader, RawMessage};
use tally::rtmp::message::{event, kind};
use tally::rtmp::server::{
    ServerConfig, ServerDeadlines, ServerError, ServerEvent, ServerOutput, ServerSession, ServerStep,
};
use tally::rtmp::{Limits, MediaKind};

const T0: Timestamp = Timestamp::ZERO;
/// Bytes of S0, S1 and S2.
const HANDSHAKE: usize = 1 + 2 * 1536;

/// The player: writes what it is told and reads whatever comes.
struct Puppet {
    writer: ChunkWriter,
    reader: ChunkReader,
}

impl Puppet {
    fn new() -> Self {
        Self { writer: ChunkWriter::new(), reader: ChunkReader::new(Limits::default()) }
    }

    fn message(&mut self, kind: u8, stream_id: u32, body: &[u8]) -> Vec<u8> {
        let header = MessageHeader { chunk_stream: 3, kind, timestamp_ms: 0, stream_id };
        let mut bytes = Vec::new();
        self.writer.write(header, &[], &Bytes::copy_from_slice(body), &mut |piece| bytes.extend_from_slice(&piece));
        bytes
    }

    fn command(&mut self, stream_id: u32, name: &str, arguments: &[Value]) -> Vec<u8> {
        let body = amf(name, 7.0, arguments);
        self.message(kind::COMMAND, stream_id, &body)
    }

    fn read(&mut self, mut bytes: &[u8]) -> Vec<RawMessage> {
        let mut messages = Vec::new();
        while let Some(message) = self.reader.read(&mut bytes).unwrap() {
            messages.push(message);
        }
        messages
    }
}

fn amf(name: &str, transaction: f64, arguments: &[Value]) -> Vec<u8> {
    let mut body = Vec::new();
    for value in [name.into(), transaction.into(), Value::Null].iter().chain(arguments) {
        write_value(&mut body, value);
    }
    body
}

fn connect() -> Vec<u8> {
    let mut body = Vec::new();
    let object = Object::new().with("app", "live").with("tcUrl", "rtmp://h/live").with("fpad", false);
    for value in ["connect".into(), 1.0.into(), Value::Object(object)] {
        write_value(&mut body, &value);
    }
    body
}

/// What a message says, in a line.
fn told(message: &RawMessage) -> String {
    match message.kind {
        kind::COMMAND => {
            let values = read_all(&message.body).unwrap();
            let code = values.iter().find_map(|value| value.get("code")?.as_str()).unwrap_or_default();
            format!("{} {code}", values[0].as_str().unwrap()).trim().to_owned()
        }
        kind::USER_CONTROL => format!("event {}", u16::from_be_bytes([message.body[0], message.body[1]])),
        kind::DATA => read_all(&message.body).unwrap()[0].as_str().unwrap().to_owned(),
        kind => format!("type {kind}"),
    }
}

struct Pair {
    now: Timestamp,
    player: Puppet,
    server: ServerSession,
    /// Sizes of the pieces that arrive at the server, over and over.
    pieces: Vec<usize>,
    sent_by_server: Vec<u8>,
    read: usize,
    events: Vec<ServerEvent>,
    timer: Option<Timestamp>,
}

impl Pair {
    fn new(pieces: Vec<usize>) -> Self {
        let config = ServerConfig {
            limits: Limits::default(),
            deadlines: ServerDeadlines::default(),
            random: Box::new([6; 1528]),
            chunk_size: 60_000,
            window_ack_size: 2_500_000,
        };
        let server = ServerSession::new(T0, config);
        Self {
            now: T0,
            player: Puppet::new(),
            server,
            pieces,
            sent_by_server: Vec::new(),
            read: HANDSHAKE,
            events: Vec::new(),
            timer: None,
        }
    }

    /// Behind handshake, connect and createStream.
    fn connected(pieces: Vec<usize>) -> Self {
        let mut pair = Self::new(pieces);
        pair.say(&[&[3][..], &[9; 2 * 1536]].concat());
        let connect = pair.player.message(kind::COMMAND, 0, &connect());
        pair.say(&connect);
        let create = pair.player.command(0, "createStream", &[]);
        pair.say(&create);
        assert_eq!(pair.heard(), ["type 5", "type 6", "type 1", "_result NetConnection.Connect.Success", "_result"]);
        pair.events.clear();
        pair
    }

    fn playing(pieces: Vec<usize>) -> Self {
        let mut pair = Self::connected(pieces);
        let play = pair.player.command(1, "play", &["cam".into(), (-2000.0).into()]);
        pair.say(&play);
        let starts = ["event 0", "onStatus NetStream.Play.Reset", "onStatus NetStream.Play.Start", "|RtmpSampleAccess"];
        assert_eq!(pair.heard(), starts);
        assert_eq!(pair.events, [ServerEvent::PlayRequested { name: "cam".into() }]);
        assert_eq!(pair.server.step(), ServerStep::Play);
        pair.events.clear();
        pair
    }

    fn say(&mut self, mut bytes: &[u8]) {
        let mut pieces = self.pieces.clone().into_iter().cycle();
        while !bytes.is_empty() {
            let (piece, later) = bytes.split_at(pieces.next().unwrap().clamp(1, bytes.len()));
            self.server.handle_input(self.now, piece);
            self.drain();
            bytes = later;
        }
    }

    fn command(&mut self, name: &str, arguments: &[Value]) {
        let bytes = self.player.command(1, name, arguments);
        self.say(&bytes);
    }

    fn drain(&mut self) {
        loop {
            match self.server.poll_output() {
                ServerOutput::Transmit(bytes) => self.sent_by_server.extend_from_slice(&bytes),
                ServerOutput::Event(event) => {
                    match event {
                        ServerEvent::ConnectRequested { .. } => self.server.accept_connect(),
                        ServerEvent::PlayRequested { .. } => self.server.accept_play(),
                        ServerEvent::PublishRequested { .. } => self.server.accept_publish(),
                        _ => {}
                    }
                    self.events.push(event);
                }
                ServerOutput::Timeout(time) => {
                    self.timer = Some(time);
                    return;
                }
                ServerOutput::Idle => {
                    self.timer = None;
                    return;
                }
            }
        }
    }

    /// The messages that came since the last call.
    fn messages(&mut self) -> Vec<RawMessage> {
        self.drain();
        let fresh = self.sent_by_server.get(self.read..).unwrap_or_default().to_vec();
        self.read = self.read.max(self.sent_by_server.len());
        self.player.read(&fresh)
    }

    fn heard(&mut self) -> Vec<String> {
        self.messages().iter().map(told).collect()
    }

    /// Lets time pass up to the timer.
    fn wait(&mut self) {
        self.now = self.timer.unwrap();
        self.server.handle_timeout(self.now);
        self.drain();
    }
}

/// A small show from `start_ms` on, sent to the player.
fn show(pair: &mut Pair, start_ms: u32) -> Vec<RawMessage> {
    let mut expected = Vec::new();
    let mut note = |kind, timestamp_ms, body: &Bytes| {
        expected.push(RawMessage { kind, timestamp_ms, stream_id: 1, body: body.clone() });
    };
    let mut script = Vec::new();
    write_value(&mut script, &"onMetaData".into());
    let script = Bytes::from(script);
    assert!(pair.server.send_script(start_ms, &script));
    note(kind::DATA, start_ms, &script);
    for index in 0..20u32 {
        let time = start_ms.wrapping_add(index * 33);
        let picture = Bytes::from(vec![index as u8; if index == 0 { 200_000 } else { 900 }]);
        assert!(pair.server.send_media(MediaKind::Video, time, &picture));
        note(kind::VIDEO, time, &picture);
        let sound = Bytes::from(vec![0xAF; 30]);
        assert!(pair.server.send_media(MediaKind::Audio, time.wrapping_add(5), &sound));
        note(kind::AUDIO, time.wrapping_add(5), &sound);
    }
    expected
}

#[test]
fn a_player_gets_the_show_as_it_is() {
    for start_ms in [0, 0xFF_FFFF - 200, u32::MAX - 200] {
        let mut pair = Pair::playing(vec![usize::MAX]);
        let expected = show(&mut pair, start_ms);
        assert!(pair.messages() == expected, "from {start_ms}");
    }
}

#[test]
fn nothing_is_sent_to_who_does_not_play() {
    let mut pair = Pair::connected(vec![usize::MAX]);
    assert!(!pair.server.send_media(MediaKind::Video, 0, &Bytes::from_static(b"x")));
    assert!(!pair.server.send_script(0, &Bytes::from_static(b"x")));
    pair.server.notify_published();
    pair.server.notify_unpublished();
    pair.server.accept_play();
    pair.server.reject_play("code", "words");
    assert_eq!(pair.heard(), Vec::<String>::new());
}

#[test]
fn every_way_to_ask_is_understood() {
    let object = Object::new().with("streamName", "cam").with("start", -1.0);
    let without_reset = ["event 0", "onStatus NetStream.Play.Start", "|RtmpSampleAccess"];
    for (name, arguments, reset) in [
        ("play", vec!["cam".into()], true),
        ("play", vec!["cam".into(), (-1.0).into(), (-1.0).into(), true.into()], true),
        ("play", vec!["cam".into(), 0.0.into(), 10.0.into(), false.into()], false),
        ("play", vec!["cam".into(), 0.0.into(), 10.0.into(), 0.0.into()], false),
        ("play", vec!["cam".into(), Value::Null, Value::Undefined, 3.0.into()], true),
        ("play2", vec![object.into()], true),
    ] {
        let mut pair = Pair::connected(vec![usize::MAX]);
        pair.command(name, &arguments);
        assert_eq!(pair.events, [ServerEvent::PlayRequested { name: "cam".into() }], "{name} {arguments:?}");
        let heard = pair.heard();
        let has_reset = heard.iter().any(|line| line.ends_with("Play.Reset"));
        assert_eq!(has_reset, reset, "{name} {arguments:?}");
        assert_eq!(heard.into_iter().filter(|line| !line.ends_with("Reset")).collect::<Vec<_>>(), without_reset);
    }
}

#[test]
fn pause_and_choice_of_media_are_told_and_answered() {
    let mut pair = Pair::playing(vec![1]);
    pair.command("pause", &[true.into(), 40.0.into()]);
    pair.command("pauseRaw", &[false.into(), 40.0.into()]);
    pair.command("receiveVideo", &[false.into()]);
    pair.command("receiveAudio", &[true.into()]);
    pair.command("seek", &[1000.0.into()]);
    let answers =
        ["onStatus NetStream.Pause.Notify", "onStatus NetStream.Unpause.Notify", "onStatus NetStream.Seek.Failed"];
    assert_eq!(pair.heard(), answers);
    let receive = |kind, wanted| ServerEvent::Receive { kind, wanted };
    let told = [
        ServerEvent::Paused(true),
        ServerEvent::Paused(false),
        receive(MediaKind::Video, false),
        receive(MediaKind::Audio, true),
    ];
    assert_eq!(pair.events, told);
}

#[test]
fn begin_and_end_of_what_is_played_are_told() {
    let mut pair = Pair::playing(vec![usize::MAX]);
    pair.server.notify_unpublished();
    assert_eq!(pair.heard(), ["event 1", "onStatus NetStream.Play.UnpublishNotify"]);
    pair.server.notify_published();
    assert_eq!(pair.heard(), ["event 0", "onStatus NetStream.Play.PublishNotify"]);
    assert_eq!(pair.server.step(), ServerStep::Play);
}

#[test]
fn a_player_that_leaves_has_left() {
    for (name, arguments) in [("closeStream", vec![]), ("deleteStream", vec![Value::Number(1.0)])] {
        let mut pair = Pair::playing(vec![usize::MAX]);
        pair.command(name, &arguments);
        assert_eq!(pair.events, [ServerEvent::Unplayed], "{name}");
        assert_eq!(pair.heard(), ["onStatus NetStream.Play.Stop"]);
        assert!(!pair.server.send_media(MediaKind::Video, 0, &Bytes::from_static(b"x")));
        pair.server.handle_eof(pair.now);
        pair.drain();
        assert_eq!(pair.events.len(), 1, "{:?}", pair.events);
        assert_eq!(pair.server.step(), ServerStep::Closing);
    }
    let mut pair = Pair::playing(vec![usize::MAX]);
    pair.server.handle_eof(pair.now);
    pair.drain();
    assert_eq!(pair.events, [ServerEvent::Failed(ServerError::ClosedByPeer)]);
}

#[test]
fn another_play_ends_the_one_before() {
    let mut pair = Pair::playing(vec![usize::MAX]);
    pair.command("play", &["other".into()]);
    assert_eq!(pair.events, [ServerEvent::Unplayed, ServerEvent::PlayRequested { name: "other".into() }]);
    assert!(pair.server.send_media(MediaKind::Audio, 0, &Bytes::from_static(b"x")));
}

#[test]
fn one_connection_publishes_or_plays() {
    let mut pair = Pair::playing(vec![usize::MAX]);
    pair.command("publish", &["cam".into(), "live".into()]);
    assert_eq!(pair.heard(), ["onStatus NetStream.Publish.BadName"]);
    let mut pair = Pair::connected(vec![usize::MAX]);
    pair.command("publish", &["cam".into(), "live".into()]);
    pair.messages();
    pair.command("play", &["cam".into()]);
    assert_eq!(pair.heard(), ["onStatus NetStream.Play.Failed"]);
    assert_eq!(pair.server.step(), ServerStep::Live);
}

#[test]
fn a_player_is_asked_whether_it_is_there_and_let_go_where_it_is_not() {
    let deadlines = ServerDeadlines::default();
    let mut pair = Pair::playing(vec![usize::MAX]);
    let asked = format!("event {}", event::PING_REQUEST);
    for _ in 0..3 {
        let before = pair.now;
        pair.wait();
        assert_eq!(pair.now, before + deadlines.ping);
        assert_eq!(pair.heard(), std::slice::from_ref(&asked));
        pair.now = pair.now + deadlines.answer / 2;
        let answer = pair.player.message(kind::USER_CONTROL, 0, &[0, 7, 0, 0, 0, 1]);
        pair.say(&answer);
    }
    pair.wait();
    assert_eq!(pair.heard(), [asked]);
    pair.wait();
    assert_eq!(pair.events, [ServerEvent::Failed(ServerError::TimedOut { step: ServerStep::Play })]);
}

#[test]
fn pings_are_answered_as_long_as_they_are_no_flood() {
    let ping = [0, 6, 0, 0, 0, 1];
    let mut pair = Pair::playing(vec![11]);
    for _ in 0..5 {
        for _ in 0..Limits::default().pings_max {
            let bytes = pair.player.message(kind::USER_CONTROL, 0, &ping);
            pair.say(&bytes);
        }
        assert_eq!(pair.heard().len(), Limits::default().pings_max as usize);
        pair.now = pair.now + Duration::from_secs(1);
    }
    for _ in 0..=Limits::default().pings_max {
        let bytes = pair.player.message(kind::USER_CONTROL, 0, &ping);
        pair.say(&bytes);
    }
    assert_eq!(pair.events, [ServerEvent::Failed(ServerError::LimitExceeded { limit: "pings_max" })]);
}

#[test]
fn what_a_client_said_of_itself_is_repeated() {
    for (object, encoding, enhanced) in [
        (Object::new().with("app", "live"), 0.0, false),
        (Object::new().with("app", "live").with("objectEncoding", 3.0), 3.0, false),
        (Object::new().with("app", "live").with("fourCcList", Value::StrictArray(vec!["hvc1".into()])), 0.0, true),
    ] {
        let mut pair = Pair::new(vec![usize::MAX]);
        pair.say(&[&[3][..], &[9; 2 * 1536]].concat());
        let mut body = Vec::new();
        for value in ["connect".into(), 1.0.into(), Value::Object(object)] {
            write_value(&mut body, &value);
        }
        let connect = pair.player.message(kind::COMMAND, 0, &body);
        pair.say(&connect);
        let answer = pair.messages().into_iter().find(|message| message.kind == kind::COMMAND).unwrap();
        let info = read_all(&answer.body).unwrap().pop().unwrap();
        assert_eq!(info.get("objectEncoding").and_then(Value::as_number), Some(encoding));
        let forwards = info.get("videoFourCcInfoMap").and_then(|map| map.get("*")?.as_number());
        assert_eq!(forwards, enhanced.then_some(4.0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn every_split_gives_the_same_outputs(pieces in prop::collection::vec(1..400usize, 1..20), start in any::<u32>()) {
        let run = |pieces| {
            let mut pair = Pair::playing(pieces);
            show(&mut pair, start);
            pair.command("pause", &[true.into(), 1.0.into()]);
            pair.command("pause", &[false.into(), 1.0.into()]);
            pair.command("closeStream", &[]);
            pair.drain();
            (pair.sent_by_server, pair.events)
        };
        let (whole, split) = (run(vec![usize::MAX]), run(pieces));
        prop_assert!(whole.0 == split.0);
        prop_assert_eq!(whole.1, split.1);
    }
}
