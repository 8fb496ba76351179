//! The session against a server whose every word is written here.

use bytes::Bytes;

use super::*;
use crate::amf::{Object, Value};
use crate::media::Timestamp;
use crate::rtmp::command::Info;
use crate::rtmp::handshake::PACKET_BYTES;
use crate::rtmp::message::{kind, number_body, peer_bandwidth_body, user_control_body};
use crate::rtmp::puppet::{Puppet, names};

const T0: Timestamp = Timestamp::ZERO;

fn config() -> ClientConfig {
    ClientConfig {
        app: "live?token=hush".into(),
        tc_url: "rtmp://h/live?token=hush".into(),
        stream_name: "the-secret-key?x=1".into(),
        chunk_size: ClientConfig::DEFAULT_CHUNK_SIZE,
        deadlines: Deadlines::default(),
        random: Box::new([7; 1528]),
        encoder_name: "FMLE/3.0 (compatible; Tally/0.1)".into(),
        digest_handshake: true,
    }
}

struct Fixture {
    session: ClientSession,
    server: Puppet,
    /// What the session sent behind the handshake and nobody read yet.
    sent: Vec<u8>,
}

impl Fixture {
    /// A session behind the handshake, its connect still unanswered.
    fn at_connect() -> Self {
        let mut fixture = Self { session: ClientSession::new(T0, config()), server: Puppet::new(), sent: Vec::new() };
        assert_eq!(fixture.poll(), []);
        assert_eq!(fixture.sent.len(), 1 + PACKET_BYTES);
        fixture.sent.clear();
        let handshake = [&[3][..], &[1; 2 * PACKET_BYTES]].concat();
        assert_eq!(fixture.input(&handshake), [ClientEvent::HandshakeDone { digest: false }]);
        fixture.sent.drain(..PACKET_BYTES);
        fixture
    }

    fn at_create_stream() -> Self {
        let mut fixture = Self::at_connect();
        fixture.result(1.0, Object::new().with("fmsVer", "FMS/1").into(), success());
        assert_eq!(fixture.session.step(), Step::CreateStream);
        fixture
    }

    fn at_publish() -> Self {
        let mut fixture = Self::at_create_stream();
        fixture.result(4.0, Value::Null, 1.0.into());
        assert_eq!(fixture.session.step(), Step::Publish);
        fixture
    }

    fn live() -> Self {
        let mut fixture = Self::at_publish();
        fixture.status("status", "NetStream.Publish.Start", "go");
        assert_eq!(fixture.session.step(), Step::Live);
        fixture.read();
        fixture
    }

    /// Drains: events are returned, bytes kept.
    fn poll(&mut self) -> Vec<ClientEvent> {
        let mut events = Vec::new();
        loop {
            match self.session.poll_output() {
                Output::Transmit(bytes) => self.sent.extend_from_slice(&bytes),
                Output::Event(event) => events.push(event),
                Output::Timeout(_) | Output::Idle => return events,
            }
        }
    }

    fn input(&mut self, bytes: &[u8]) -> Vec<ClientEvent> {
        self.session.handle_input(T0, bytes);
        self.poll()
    }

    fn result(&mut self, transaction: f64, object: Value, argument: Value) -> Vec<ClientEvent> {
        let bytes = self.server.command(0, "_result", transaction, &[object, argument]);
        self.input(&bytes)
    }

    fn error(&mut self, transaction: f64, code: &str, description: &str) -> Vec<ClientEvent> {
        let info = Info::object("error", code, description);
        let bytes = self.server.command(0, "_error", transaction, &[Value::Null, info.into()]);
        self.input(&bytes)
    }

    fn status(&mut self, level: &str, code: &str, description: &str) -> Vec<ClientEvent> {
        let bytes = self.server.status(level, code, description);
        self.input(&bytes)
    }

    /// Names of what the session sent.
    fn read(&mut self) -> Vec<String> {
        names(&self.server.read(&std::mem::take(&mut self.sent)))
    }
}

fn success() -> Value {
    Info::object("status", "NetConnection.Connect.Success", "ok").into()
}

fn rejected(step: Step, code: &str, description: &str) -> ClientEvent {
    let description = Some(description.to_owned());
    ClientEvent::Failed(ClientError::Rejected { step, code: code.to_owned(), description })
}

#[test]
fn the_way_to_live_takes_one_flight_a_step() {
    let mut fixture = Fixture::at_connect();
    assert_eq!(fixture.read(), ["connect"]);
    let events = fixture.result(1.0, Object::new().with("fmsVer", "FMS/1").into(), success());
    assert_eq!(events, [ClientEvent::Connected { server: Some("FMS/1".into()) }]);
    assert_eq!(fixture.read(), ["5", "1", "releaseStream", "FCPublish", "createStream"]);
    assert_eq!(fixture.result(4.0, Value::Null, 7.0.into()), [ClientEvent::StreamCreated { id: 7 }]);
    let publish = fixture.server.read(&std::mem::take(&mut fixture.sent));
    assert_eq!((names(&publish), publish[0].stream_id), (vec!["publish".to_owned()], 7));
    let events = fixture.status("status", "NetStream.Publish.Start", "go");
    assert_eq!(events, [ClientEvent::Published { description: Some("go".into()) }]);
    assert_eq!(fixture.session.poll_output(), Output::Idle);
}

#[test]
fn one_that_stops_before_the_publish_never_names_the_stream() {
    let mut fixture = Fixture::at_connect();
    fixture.session.stop_before_publish();
    fixture.result(1.0, Object::new().with("fmsVer", "FMS/1").into(), success());
    let events = fixture.result(4.0, Value::Null, 7.0.into());
    assert_eq!(events, [ClientEvent::StreamCreated { id: 7 }, ClientEvent::Closed]);
    let secret = b"the-secret-key";
    assert!(!fixture.sent.windows(secret.len()).any(|window| window == secret));
    assert_eq!(fixture.read(), ["connect", "5", "1", "createStream", "deleteStream"]);
    assert_eq!(fixture.session.step(), Step::Closing);
}

#[test]
fn connect_says_what_servers_ask_for() {
    let mut fixture = Fixture::at_connect();
    let connect = fixture.server.read(&fixture.sent).remove(0);
    let values = crate::amf::read_all(&connect.body).unwrap();
    let text = |name: &str| values[2].get(name).and_then(Value::as_str).unwrap().to_owned();
    assert_eq!(text("app"), "live?token=hush");
    assert_eq!(text("tcUrl"), "rtmp://h/live?token=hush");
    assert_eq!(text("swfUrl"), text("tcUrl"));
    assert_eq!(text("type"), "nonprivate");
    assert!(text("flashVer").starts_with("FMLE/3.0"));
    assert_eq!(values[2].get("capsEx").and_then(Value::as_number), Some(1.0));
}

#[test]
fn refusals_keep_the_servers_words_at_every_step() {
    let mut fixture = Fixture::at_connect();
    let events = fixture.error(1.0, "NetConnection.Connect.Rejected", "[ code=403 need auth; authmod=adobe ]");
    let words = "[ code=403 need auth; authmod=adobe ]";
    assert_eq!(events, [rejected(Step::Connect, "NetConnection.Connect.Rejected", words)]);
    assert_eq!(fixture.session.step(), Step::Closing);

    let mut fixture = Fixture::at_connect();
    let info = Info::object("error", "NetConnection.Connect.InvalidApp", "no such app");
    let events = fixture.result(1.0, Value::Null, info.into());
    assert_eq!(events, [rejected(Step::Connect, "NetConnection.Connect.InvalidApp", "no such app")]);

    let mut fixture = Fixture::at_create_stream();
    let events = fixture.error(4.0, "NetConnection.Call.Failed", "full");
    assert_eq!(events, [rejected(Step::CreateStream, "NetConnection.Call.Failed", "full")]);

    for level in ["error", "status"] {
        let mut fixture = Fixture::at_publish();
        let events = fixture.status(level, "NetStream.Publish.BadName", "taken");
        assert_eq!(events, [rejected(Step::Publish, "NetStream.Publish.BadName", "taken")]);
    }
}

#[test]
fn a_late_error_ends_the_publish_and_a_late_notice_does_not() {
    let mut fixture = Fixture::live();
    let notice = fixture.status("status", "NetStream.Publish.Notice", "soon");
    assert!(matches!(&notice[..], [ClientEvent::Status { code, .. }] if code.ends_with("Notice")));
    let events = fixture.status("error", "NetStream.Publish.Denied", "copyright");
    assert_eq!(events, [rejected(Step::Live, "NetStream.Publish.Denied", "copyright")], "told once, with its words");
    assert_eq!(fixture.status("error", "again", "again"), []);
}

#[test]
fn a_server_that_sends_elsewhere_is_heard_at_every_step_and_the_address_is_not_shown() {
    let ex = || Object::new().with("code", 302.0).with("redirect", "rtmp://b/live/the-secret-key");
    let info =
        || Value::from(Info::object("error", "NetConnection.Connect.Rejected", "302").with("ex", Value::from(ex())));
    let to = || Elsewhere("rtmp://b/live/the-secret-key".to_owned());
    let mut fixture = Fixture::at_connect();
    let bytes = fixture.server.command(0, "_error", 1.0, &[Value::Null, info()]);
    let events = fixture.input(&bytes);
    assert_eq!(events, [ClientEvent::Failed(ClientError::SentOn { step: Step::Connect, to: to() })]);
    assert!(!format!("{events:?} {}", ClientError::SentOn { step: Step::Connect, to: to() }).contains("secret"));
    let mut fixture = Fixture::at_publish();
    let bytes = fixture.server.command(1, "onStatus", 0.0, &[Value::Null, info()]);
    let sent_on = ClientError::SentOn { step: Step::Publish, to: to() };
    assert_eq!(fixture.input(&bytes), [ClientEvent::Failed(sent_on)]);
}

#[test]
fn a_server_that_asks_for_another_connection_goes_on_to_have_this_one() {
    let asked = |tc_url: Option<&str>| {
        let info = Info::object("status", "NetConnection.Connect.ReconnectRequest", "soon");
        Value::from(tc_url.map_or(info.clone(), |tc_url| info.with("tcUrl", tc_url)))
    };
    for tc_url in [None, Some("rtmp://b/live")] {
        let mut fixture = Fixture::live();
        let bytes = fixture.server.command(0, "onStatus", 0.0, &[Value::Null, asked(tc_url)]);
        let to = tc_url.map(|tc_url| Elsewhere(tc_url.to_owned()));
        assert_eq!(fixture.input(&bytes), [ClientEvent::MoveAsked { to }]);
        assert_eq!(fixture.session.step(), Step::Live);
    }
    // What is asked for before it is live is told once it is.
    let mut fixture = Fixture::at_publish();
    let bytes = fixture.server.command(0, "onStatus", 0.0, &[Value::Null, asked(Some("/b"))]);
    assert_eq!(fixture.input(&bytes), []);
    let events = fixture.status("status", "NetStream.Publish.Start", "");
    assert!(
        matches!(events[..], [ClientEvent::Published { .. }, ClientEvent::MoveAsked { to: Some(_) }]),
        "{events:?}"
    );
    // A refusal that names another address ends no show that is live.
    let ex = Object::new().with("code", 302.0).with("redirect", "rtmp://b/live");
    let info = Info::object("error", "NetStream.Publish.Failed", "302").with("ex", Value::from(ex));
    let mut fixture = Fixture::live();
    let bytes = fixture.server.command(1, "onStatus", 0.0, &[Value::Null, info.into()]);
    assert!(matches!(fixture.input(&bytes)[..], [ClientEvent::MoveAsked { to: Some(_) }]));
    assert_eq!(fixture.session.step(), Step::Live);
}

#[test]
fn one_that_waits_with_its_stream_publishes_when_it_is_told_to() {
    let mut fixture = Fixture::at_connect();
    fixture.session.wait_before_publish();
    let info = Info::object("status", "NetConnection.Connect.Success", "");
    fixture.read();
    fixture.result(1.0, Value::Null, info.into());
    assert!(!fixture.read().iter().any(|name| name == "releaseStream" || name == "FCPublish"));
    let events = fixture.result(4.0, Value::Null, 1.0.into());
    assert_eq!(events, [ClientEvent::StreamCreated { id: 1 }]);
    assert!(fixture.read().is_empty(), "nothing is published");
    fixture.session.publish(T0, std::time::Duration::from_secs(3));
    assert_eq!(fixture.poll(), []);
    assert_eq!(fixture.read(), ["releaseStream", "FCPublish", "publish"]);
    fixture.session.publish(T0, std::time::Duration::from_secs(3));
    assert_eq!(fixture.poll(), []);
    assert!(fixture.read().is_empty(), "once");
    assert!(matches!(fixture.status("status", "NetStream.Publish.Start", "")[..], [ClientEvent::Published { .. }]));
}

#[test]
fn a_server_that_unpublishes_by_itself_ends_the_session() {
    let mut fixture = Fixture::live();
    let events = fixture.status("status", "NetStream.Unpublish.Success", "bye");
    assert_eq!(events, [rejected(Step::Live, "NetStream.Unpublish.Success", "bye")]);
    let mut fixture = Fixture::live();
    fixture.session.close(T0);
    assert_eq!(fixture.poll(), [ClientEvent::Closed]);
    assert_eq!(fixture.status("status", "NetStream.Unpublish.Success", "as asked"), []);
}

#[test]
fn words_of_the_server_that_hold_the_key_are_cleaned() {
    let mut fixture = Fixture::at_publish();
    let events = fixture.status("error", "NetStream.Publish.BadName", "the-secret-key?x=1: the-secret-key is taken");
    assert_eq!(events, [rejected(Step::Publish, "NetStream.Publish.BadName", "(stream key): (stream key) is taken")]);
    let text = format!("{events:?} {:?} {:?}", fixture.session, config());
    assert!(!text.contains("secret") && !text.contains("hush"), "{text}");
}

#[test]
fn optional_answers_are_not_waited_for_and_their_errors_harmless() {
    let mut fixture = Fixture::at_create_stream();
    assert_eq!(fixture.error(2.0, "NetConnection.Call.Failed", "releaseStream?"), []);
    assert_eq!(fixture.error(3.0, "NetConnection.Call.Failed", "FCPublish?"), []);
    assert_eq!(fixture.session.step(), Step::CreateStream);
    let bytes = fixture.server.command(0, "onFCPublish", 0.0, &[Value::Null]);
    assert_eq!(fixture.input(&bytes), []);
    fixture.read();
    let bytes = fixture.server.command(0, "onBWDone", 0.0, &[Value::Null, 8192.0.into()]);
    assert_eq!(fixture.input(&bytes), []);
    assert!(fixture.read().is_empty());
    let bytes = fixture.server.command(0, "_onbwcheck", 12.0, &[Value::Null]);
    assert_eq!(fixture.input(&bytes), []);
    assert_eq!(fixture.read(), ["_result"]);
}

#[test]
fn pings_windows_and_bandwidths_are_answered() {
    let mut fixture = Fixture::live();
    let ping = fixture.server.message(kind::USER_CONTROL, 0, 0, &user_control_body(6, b"abcd"));
    fixture.input(&ping);
    let pong = fixture.server.read(&std::mem::take(&mut fixture.sent));
    assert_eq!((pong.len(), &pong[0].body[..]), (1, &b"\0\x07abcd"[..]));

    let bandwidth = fixture.server.message(kind::SET_PEER_BANDWIDTH, 0, 0, &peer_bandwidth_body(1000, 2));
    fixture.input(&bandwidth);
    fixture.input(&bandwidth);
    let answer = fixture.server.read(&std::mem::take(&mut fixture.sent));
    assert_eq!((names(&answer), &answer[0].body[..]), (vec!["5".to_owned()], &1000u32.to_be_bytes()[..]));

    let window = fixture.server.message(kind::WINDOW_ACK_SIZE, 0, 0, &number_body(1000));
    fixture.input(&window);
    let first = fixture.server.read(&std::mem::take(&mut fixture.sent));
    let expected = u32::try_from(fixture.session.received_bytes()).unwrap();
    assert_eq!((first.len(), &first[0].body[..]), (1, &expected.to_be_bytes()[..]));
    let noise: Vec<u8> = (0..10).flat_map(|_| fixture.server.message(200, 0, 0, &[0; 300])).collect();
    fixture.input(&noise);
    let acks = fixture.server.read(&std::mem::take(&mut fixture.sent));
    assert_eq!(names(&acks), ["3", "3", "3"]);
    assert_eq!(acks[2].body[..], (expected + 3000).to_be_bytes());
}

#[test]
fn the_servers_window_is_answered_at_once_so_that_nagle_does_not_wait() {
    let mut fixture = Fixture::at_connect();
    fixture.read();
    let window = fixture.server.message(kind::WINDOW_ACK_SIZE, 0, 0, &number_body(5_000_000));
    fixture.input(&window);
    let answer = fixture.server.read(&std::mem::take(&mut fixture.sent));
    // It is to acknowledge more often than it wants to be.
    assert_eq!((names(&answer), &answer[0].body[..]), (vec!["5".to_owned()], &16_384u32.to_be_bytes()[..]));
    // What it says next about the same window needs no answer, and the way goes on.
    let bandwidth = fixture.server.message(kind::SET_PEER_BANDWIDTH, 0, 0, &peer_bandwidth_body(5_000_000, 2));
    fixture.input(&bandwidth);
    assert!(fixture.sent.is_empty());
    fixture.result(1.0, Value::Null, success());
    assert_eq!(fixture.read(), ["1", "releaseStream", "FCPublish", "createStream"]);
}

#[test]
fn a_server_is_told_how_often_to_acknowledge_when_that_changes() {
    let mut fixture = Fixture::live();
    fixture.sent.clear();
    for (wanted, told) in [(false, Some(2_500_000_u32)), (false, None), (true, Some(16_384)), (true, None)] {
        fixture.session.want_acknowledgements(wanted);
        fixture.poll();
        let said = fixture.server.read(&std::mem::take(&mut fixture.sent));
        let told: Vec<_> = told.iter().map(|told| ("5".to_owned(), told.to_be_bytes().to_vec())).collect();
        assert_eq!(names(&said).into_iter().zip(said.iter().map(|it| it.body.to_vec())).collect::<Vec<_>>(), told);
    }
}

#[test]
fn acknowledgements_are_unrolled_and_never_ahead_of_what_was_sent() {
    let mut fixture = Fixture::live();
    let sent = fixture.session.sent_bytes();
    for (number, expected) in [(1000, 1000), (900, 1000), (2000, 2000), (1 << 30, sent)] {
        let ack = fixture.server.message(kind::ACKNOWLEDGEMENT, 0, 0, &number_body(number));
        fixture.input(&ack);
        assert_eq!(fixture.session.acknowledged_bytes(), expected);
    }
}

#[test]
fn media_goes_out_whole_and_only_while_live() {
    let mut fixture = Fixture::at_publish();
    fixture.read();
    fixture.session.send_media(MediaKind::Video, 0, b"early", Bytes::new());
    assert_eq!(fixture.poll(), []);
    assert!(fixture.sent.is_empty());
    let mut fixture = Fixture::live();
    fixture.session.send_metadata(Bytes::from_static(b"\x02\0\x0aonMetaData"));
    fixture.session.send_media(MediaKind::Video, 40, b"head", Bytes::from(vec![3; 70_000]));
    fixture.session.send_media(MediaKind::Audio, 41, b"aa", Bytes::from_static(b"bb"));
    fixture.poll();
    let messages = fixture.server.read(&std::mem::take(&mut fixture.sent));
    assert_eq!(names(&messages), ["18", "9", "8"]);
    assert_eq!(messages[0].body[..], *b"\x02\0\x0d@setDataFrame\x02\0\x0aonMetaData");
    assert_eq!((messages[1].timestamp_ms, messages[1].body.len()), (40, 70_004));
    assert_eq!((messages[2].timestamp_ms, &messages[2].body[..]), (41, &b"aabb"[..]));
}

#[test]
fn a_close_says_goodbye_once() {
    let mut fixture = Fixture::live();
    fixture.session.close(T0);
    assert_eq!(fixture.poll(), [ClientEvent::Closed]);
    assert_eq!(fixture.read(), ["FCUnpublish", "deleteStream"]);
    fixture.session.close(T0);
    fixture.session.handle_eof(T0);
    fixture.session.handle_timeout(Timestamp::MAX);
    fixture.session.send_media(MediaKind::Audio, 0, b"x", Bytes::new());
    assert_eq!(fixture.session.poll_output(), Output::Idle);

    let mut fixture = Fixture::at_connect();
    fixture.read();
    fixture.session.close(T0);
    assert_eq!(fixture.poll(), [ClientEvent::Closed]);
    assert!(fixture.sent.is_empty());
}

#[test]
fn an_end_of_the_connection_names_the_step() {
    for (mut fixture, step) in [
        (Fixture::at_connect(), Step::Connect),
        (Fixture::at_create_stream(), Step::CreateStream),
        (Fixture::at_publish(), Step::Publish),
        (Fixture::live(), Step::Live),
    ] {
        fixture.session.handle_eof(T0);
        assert_eq!(fixture.poll(), [ClientEvent::Failed(ClientError::ClosedByPeer { step })]);
    }
}

#[test]
fn nonsense_is_a_protocol_error_with_its_step() {
    let mut fixture = Fixture::at_connect();
    let events = fixture.input(&[0xC6]);
    assert!(
        matches!(&events[..], [ClientEvent::Failed(ClientError::Protocol { step: Step::Connect, .. })]),
        "{events:?}"
    );
    let mut fixture = Fixture::at_create_stream();
    let events = fixture.result(4.0, Value::Null, Value::Null);
    assert!(matches!(&events[..], [ClientEvent::Failed(ClientError::Protocol { step: Step::CreateStream, .. })]));
    let mut session = ClientSession::new(T0, config());
    session.handle_input(T0, b"HTTP/1.1 400 Bad Request\r\n");
    let events: Vec<_> = std::iter::from_fn(|| Some(session.poll_output()).filter(|o| *o != Output::Idle)).collect();
    assert_eq!(events[1..], [Output::Event(ClientEvent::Failed(HandshakeError::Http.into()))]);
}
