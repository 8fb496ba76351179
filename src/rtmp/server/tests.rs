//! The session against a client whose every word is written here.

use super::*;
use crate::amf::{Object, Value, write_value};
use crate::media::Timestamp;
use crate::rtmp::handshake::PACKET_BYTES;
use crate::rtmp::message::kind;
use crate::rtmp::puppet::{Puppet, names};

const T0: Timestamp = Timestamp::ZERO;

fn config() -> ServerConfig {
    ServerConfig {
        limits: Limits::default(),
        deadlines: ServerDeadlines::default(),
        random: Box::new([7; 1528]),
        chunk_size: 4096,
        window_ack_size: 2_500_000,
    }
}

struct Fixture {
    session: ServerSession,
    client: Puppet,
    sent: Vec<u8>,
}

impl Fixture {
    /// A session behind the handshake.
    fn with(config: ServerConfig) -> Self {
        let mut fixture = Self { session: ServerSession::new(T0, config), client: Puppet::new(), sent: Vec::new() };
        let handshake = [&[3][..], &[1; 2 * PACKET_BYTES]].concat();
        assert_eq!(fixture.input(&handshake), [ServerEvent::HandshakeDone { digest: false }]);
        assert_eq!(fixture.sent.len(), 1 + 2 * PACKET_BYTES);
        fixture.sent.clear();
        fixture
    }

    fn new() -> Self {
        Self::with(config())
    }

    fn connected() -> Self {
        let mut fixture = Self::new();
        let connect = fixture.connect();
        fixture.input(&connect);
        fixture.session.accept_connect();
        fixture.poll();
        fixture.read();
        fixture
    }

    fn live() -> Self {
        let mut fixture = Self::connected();
        let publish = fixture.client.command(1, "publish", 5.0, &[Value::Null, "key?a=b".into(), "live".into()]);
        assert_eq!(fixture.input(&publish), [ServerEvent::PublishRequested { name: "key?a=b".into() }]);
        fixture.session.accept_publish();
        fixture.poll();
        assert_eq!(fixture.read(), ["4", "onStatus"]);
        fixture
    }

    fn connect(&mut self) -> Vec<u8> {
        let object = Object::new().with("app", "live").with("tcUrl", "rtmp://h/live");
        self.client.command(0, "connect", 1.0, &[object.into()])
    }

    fn poll(&mut self) -> Vec<ServerEvent> {
        let mut events = Vec::new();
        loop {
            match self.session.poll_output() {
                ServerOutput::Transmit(bytes) => self.sent.extend_from_slice(&bytes),
                ServerOutput::Event(event) => events.push(event),
                ServerOutput::Timeout(_) | ServerOutput::Idle => return events,
            }
        }
    }

    fn input(&mut self, bytes: &[u8]) -> Vec<ServerEvent> {
        self.session.handle_input(T0, bytes);
        self.poll()
    }

    fn read(&mut self) -> Vec<String> {
        names(&self.client.read(&std::mem::take(&mut self.sent)))
    }

    fn code(&mut self) -> String {
        let message = self.client.read(&std::mem::take(&mut self.sent)).pop().unwrap();
        crate::rtmp::command::Command::read(&message.body).unwrap().info().code
    }
}

fn failed(error: ServerError) -> [ServerEvent; 1] {
    [ServerEvent::Failed(error)]
}

#[test]
fn a_client_that_pipelines_everything_is_served_in_order() {
    let mut fixture = Fixture::new();
    let mut bytes = fixture.connect();
    for (name, transaction, rest) in [
        ("releaseStream", 2.0, vec![Value::Null, "key".into()]),
        ("FCPublish", 3.0, vec![Value::Null, "key".into()]),
        ("createStream", 4.0, vec![Value::Null]),
        ("_checkbw", 5.0, vec![Value::Null]),
    ] {
        bytes.extend(fixture.client.command(0, name, transaction, &rest));
    }
    bytes.extend(fixture.client.command(1, "publish", 6.0, &[Value::Null, "key".into(), "live".into()]));
    bytes.extend(fixture.client.message(kind::VIDEO, 1, 40, b"picture"));
    let requested = ServerEvent::ConnectRequested { app: "live".into(), tc_url: "rtmp://h/live".into() };
    assert_eq!(fixture.input(&bytes), [requested]);
    assert!(fixture.sent.is_empty());
    assert_eq!(fixture.session.poll_output(), ServerOutput::Idle, "nobody is late while the program thinks");
    fixture.session.accept_connect();
    assert_eq!(fixture.poll(), [ServerEvent::PublishRequested { name: "key".into() }]);
    let answers = ["5", "6", "1", "_result", "_result", "_result", "onFCPublish", "_result", "_result"];
    assert_eq!(fixture.read(), answers);
    fixture.session.accept_publish();
    let media =
        ServerEvent::Media { kind: MediaKind::Video, timestamp_ms: 40, payload: Bytes::from_static(b"picture") };
    assert_eq!(fixture.poll(), [media]);
    assert_eq!(fixture.read(), ["4", "onStatus"]);
}

#[test]
fn refusals_say_why() {
    let mut fixture = Fixture::new();
    let connect = fixture.connect();
    fixture.input(&connect);
    fixture.session.reject_connect("NetConnection.Connect.InvalidApp", "no such app");
    assert_eq!(fixture.poll(), []);
    assert_eq!(fixture.code(), "NetConnection.Connect.InvalidApp");
    assert_eq!(fixture.session.step(), ServerStep::Closing);

    let mut fixture = Fixture::connected();
    for (name, code) in [("publish", "NetStream.Publish.BadName"), ("play", "NetStream.Play.Failed")] {
        let request = fixture.client.command(1, name, 5.0, &[Value::Null, "key".into()]);
        assert_eq!(fixture.input(&request).len(), 1);
        fixture.session.accept_connect();
        if name == "publish" {
            fixture.session.reject_play("wrong", "answer to what was not asked");
            fixture.session.reject_publish(code, "no");
        } else {
            fixture.session.accept_publish();
            fixture.session.reject_play(code, "no");
        }
        assert_eq!(fixture.poll(), []);
        assert_eq!(fixture.code(), code);
        assert_eq!(fixture.session.step(), ServerStep::Publish);
    }

    let mut fixture = Fixture::live();
    fixture.session.disconnect("NetStream.Publish.Denied", "enough");
    assert_eq!(fixture.poll(), []);
    assert_eq!(fixture.code(), "NetStream.Publish.Denied");
    let media = fixture.client.message(kind::VIDEO, 1, 0, b"late");
    assert_eq!(fixture.input(&media), []);
}

#[test]
fn metadata_and_media_come_out_clean() {
    let mut fixture = Fixture::live();
    let mut script_data = Vec::new();
    write_value(&mut script_data, &"onMetaData".into());
    write_value(&mut script_data, &Value::EcmaArray(Object::new().with("width", 1280.0)));
    let mut set_data_frame = Vec::new();
    write_value(&mut set_data_frame, &"@setDataFrame".into());
    set_data_frame.extend_from_slice(&script_data);
    let expected = [ServerEvent::Metadata(script_data.clone().into())];
    for (kind, body) in [
        (kind::DATA, set_data_frame.clone()),
        (kind::DATA, script_data.clone()),
        (kind::DATA_AMF3, [&[0], &set_data_frame[..]].concat()),
    ] {
        let bytes = fixture.client.message(kind, 1, 0, &body);
        assert_eq!(fixture.input(&bytes), expected);
    }
    for body in [&b"\x02\0\x0aonTextData"[..], b"\x02\0\x0d@setDataFrame\x05", b"", b"\xff"] {
        let bytes = fixture.client.message(kind::DATA, 1, 0, body);
        assert_eq!(fixture.input(&bytes), []);
    }
    let empty = fixture.client.message(kind::AUDIO, 1, 0, b"");
    assert_eq!(fixture.input(&empty), []);
    let tags = b"\x09\0\0\x01\0\0\x05\0\0\0\0v\0\0\0\x0c\x08\0\0\x01\0\0\x07\0\0\0\0a\0\0\0\x0c";
    let aggregate = fixture.client.message(kind::AGGREGATE, 1, 100, tags);
    let media = |kind, timestamp_ms, payload: &'static [u8]| ServerEvent::Media {
        kind,
        timestamp_ms,
        payload: Bytes::from_static(payload),
    };
    assert_eq!(fixture.input(&aggregate), [media(MediaKind::Video, 100, b"v"), media(MediaKind::Audio, 102, b"a")]);
}

#[test]
fn the_end_of_a_publish_is_told_once_and_the_connection_stays() {
    for ends in [vec!["FCUnpublish", "deleteStream"], vec!["deleteStream"], vec!["closeStream"]] {
        let mut fixture = Fixture::live();
        let mut bytes = Vec::new();
        for name in &ends {
            bytes.extend(fixture.client.command(1, name, 0.0, &[Value::Null, 1.0.into()]));
        }
        assert_eq!(fixture.input(&bytes), [ServerEvent::Unpublished], "{ends:?}");
        assert!(fixture.read().contains(&"onStatus".to_owned()));
        let again = fixture.client.command(1, "publish", 9.0, &[Value::Null, "other".into()]);
        assert_eq!(fixture.input(&again), [ServerEvent::PublishRequested { name: "other".into() }]);
        fixture.session.reject_publish("NetStream.Publish.BadName", "no");
        fixture.poll();
        fixture.session.handle_eof(T0);
        assert_eq!(fixture.poll(), []);
        assert_eq!(fixture.session.poll_output(), ServerOutput::Idle);
    }
    let mut fixture = Fixture::live();
    fixture.session.handle_eof(T0);
    assert_eq!(fixture.poll(), failed(ServerError::ClosedByPeer));
}

#[test]
fn a_second_publish_on_one_connection_is_refused_and_the_first_goes_on() {
    let mut fixture = Fixture::live();
    let second = fixture.client.command(2, "publish", 9.0, &[Value::Null, "other".into()]);
    assert_eq!(fixture.input(&second), []);
    assert_eq!(fixture.code(), "NetStream.Publish.BadName");
    let media = fixture.client.message(kind::VIDEO, 1, 0, b"x");
    assert_eq!(fixture.input(&media).len(), 1);
}

#[test]
fn commands_nobody_knows_are_answered_and_silly_orders_are_errors() {
    let mut fixture = Fixture::connected();
    let unknown = fixture.client.command(0, "makeCoffee", 7.0, &[Value::Null]);
    assert_eq!(fixture.input(&unknown), []);
    assert_eq!(fixture.read(), ["_error"]);
    // What players ask before they play.
    for (name, answers) in [("getStreamLength", &["_result"][..]), ("FCSubscribe", &["_result", "onFCSubscribe"])] {
        let asked = fixture.client.command(0, name, 7.0, &[Value::Null, "key".into()]);
        assert_eq!(fixture.input(&asked), []);
        assert_eq!(fixture.read(), answers);
    }
    let nameless = fixture.client.command(1, "publish", 8.0, &[Value::Null, Value::Null]);
    assert_eq!(fixture.input(&nameless), []);
    assert_eq!(fixture.code(), "NetStream.Publish.BadName");
    let connect = fixture.connect();
    assert!(matches!(fixture.input(&connect)[..], [ServerEvent::Failed(ServerError::Protocol { .. })]));

    let mut fixture = Fixture::new();
    let early = fixture.client.command(0, "createStream", 1.0, &[Value::Null]);
    assert!(matches!(fixture.input(&early)[..], [ServerEvent::Failed(ServerError::Protocol { .. })]));
    let mut fixture = Fixture::new();
    let without_app = fixture.client.command(0, "connect", 1.0, &[Object::new().into()]);
    assert!(matches!(fixture.input(&without_app)[..], [ServerEvent::Failed(ServerError::Protocol { .. })]));
}

#[test]
fn limits_hold_and_have_names() {
    let limit = |limit| failed(ServerError::LimitExceeded { limit });
    let small =
        Limits { deferred_bytes_max: 1000, deferred_messages_max: 3, message_streams_max: 2, ..Limits::default() };
    let config = ServerConfig { limits: small, ..config() };

    let mut fixture = Fixture::with(config.clone());
    let mut bytes = fixture.connect();
    fixture.input(&bytes);
    bytes = fixture.client.message(kind::VIDEO, 1, 0, &[0; 1001]);
    assert_eq!(fixture.input(&bytes), limit("deferred_bytes_max"));

    let mut fixture = Fixture::with(config.clone());
    bytes = fixture.connect();
    fixture.input(&bytes);
    bytes = (0..4).flat_map(|_| fixture.client.message(kind::VIDEO, 1, 0, b"x")).collect();
    assert_eq!(fixture.input(&bytes), limit("deferred_messages_max"));

    let mut fixture = Fixture::with(config);
    bytes = fixture.connect();
    fixture.input(&bytes);
    fixture.session.accept_connect();
    bytes =
        (0..3).flat_map(|i| fixture.client.command(0, "createStream", f64::from(i) + 2.0, &[Value::Null])).collect();
    assert_eq!(fixture.input(&bytes), limit("message_streams_max"));
}

#[test]
fn a_publisher_that_falls_silent_is_dropped_and_one_that_speaks_is_not() {
    let mut fixture = Fixture::live();
    let idle = ServerDeadlines::default().idle;
    let media = fixture.client.message(kind::VIDEO, 1, 0, b"x");
    fixture.session.handle_input(T0 + idle / 2, &media);
    assert_eq!(fixture.poll().len(), 1);
    fixture.session.handle_timeout(T0 + idle);
    assert_eq!(fixture.poll(), []);
    assert_eq!(fixture.session.poll_output(), ServerOutput::Timeout(T0 + idle / 2 + idle));
    fixture.session.handle_timeout(T0 + idle / 2 + idle);
    assert_eq!(fixture.poll(), failed(ServerError::TimedOut { step: ServerStep::Live }));
}

#[test]
fn nothing_secret_is_printed() {
    let mut fixture = Fixture::connected();
    let publish = fixture.client.command(1, "publish", 5.0, &[Value::Null, "the-secret-key".into()]);
    let events = fixture.input(&publish);
    let text = format!("{events:?} {:?}", fixture.session);
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn amf3_is_understood_and_goes_no_further() {
    // A command of type 17 is a zero byte and then AMF0, where any value may switch to AMF3: here the object of
    // connect, app = "live".
    let mut body = vec![0];
    write_value(&mut body, &"connect".into());
    write_value(&mut body, &1.0.into());
    body.extend_from_slice(b"\x11\x0A\x0B\x01\x07app\x06\x09live\x01");
    let mut fixture = Fixture::new();
    let bytes = fixture.client.message(kind::COMMAND_AMF3, 0, 0, &body);
    let requested = ServerEvent::ConnectRequested { app: "live".into(), tc_url: String::new() };
    assert_eq!(fixture.input(&bytes), [requested]);

    let mut fixture = Fixture::connected();
    let mut body = vec![0];
    for value in ["publish".into(), 5.0.into(), Value::Null] {
        write_value(&mut body, &value);
    }
    body.extend_from_slice(b"\x11\x06\x07cam");
    let bytes = fixture.client.message(kind::COMMAND_AMF3, 1, 0, &body);
    assert_eq!(fixture.input(&bytes), [ServerEvent::PublishRequested { name: "cam".into() }]);

    let mut fixture = Fixture::live();
    let mut body = vec![0];
    write_value(&mut body, &"@setDataFrame".into());
    let mut expected = Vec::new();
    write_value(&mut expected, &"onMetaData".into());
    body.extend_from_slice(&expected);
    // width = 640 (0x280), of a dynamic object.
    body.extend_from_slice(b"\x11\x0A\x0B\x01\x0Bwidth\x04\x85\x00\x01");
    write_value(&mut expected, &Value::Object(Object::new().with("width", 640.0)));
    let bytes = fixture.client.message(kind::DATA_AMF3, 1, 0, &body);
    assert_eq!(fixture.input(&bytes), [ServerEvent::Metadata(expected.into())]);
}

#[test]
fn amf_without_bounds_ends_the_session() {
    let deep = b"\x03\0\x01a".repeat(1000);
    let mut fixture = Fixture::connected();
    let mut body = Vec::new();
    write_value(&mut body, &"publish".into());
    write_value(&mut body, &5.0.into());
    body.extend_from_slice(&deep);
    let bytes = fixture.client.message(kind::COMMAND, 1, 0, &body);
    assert!(matches!(fixture.input(&bytes)[..], [ServerEvent::Failed(ServerError::Protocol { .. })]));
    let mut fixture = Fixture::live();
    let body = [b"\x02\0\x0aonMetaData", &deep[..]].concat();
    let bytes = fixture.client.message(kind::DATA, 1, 0, &body);
    assert!(matches!(fixture.input(&bytes)[..], [ServerEvent::Failed(ServerError::Protocol { .. })]));
}

#[test]
fn only_who_publishes_may_send_large_messages() {
    let large = vec![0x17; Limits::default().stranger_bytes_max + 1];
    let mut fixture = Fixture::connected();
    let bytes = fixture.client.message(kind::VIDEO, 1, 0, &large);
    assert_eq!(fixture.input(&bytes), failed(ServerError::LimitExceeded { limit: "message_bytes_max" }));
    let mut fixture = Fixture::live();
    let bytes = fixture.client.message(kind::VIDEO, 1, 0, &large);
    assert_eq!(fixture.input(&bytes).len(), 1);
}
