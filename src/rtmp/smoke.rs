//! Random and damaged bytes into every parser of peer bytes: nothing panics, nothing hangs, the ends are clean.

use bytes::Bytes;

use super::chunk::ChunkReader;
use super::client::{ClientConfig, ClientEvent, ClientSession, Deadlines, Output, Step};
use super::command::Info;
use super::handshake::PACKET_BYTES;
use super::message::{kind, number_body, peer_bandwidth_body, read_message, split_aggregate, user_control_body};
use super::puppet::Puppet;
use super::server::{ServerConfig, ServerDeadlines, ServerEvent, ServerOutput, ServerSession, ServerStep};
use super::url::RtmpUrl;
use super::{Limits, MediaKind};
use crate::amf::{self, Object, Value};
use crate::media::Timestamp;

/// Marsaglia's xorshift: the same bytes in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }

    /// A copy with a few bytes changed, cut out, doubled or set to extremes.
    fn damaged(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match (self.below(5), bytes.get(at).copied()) {
                (0, Some(byte)) => bytes[at] = byte ^ (1 << self.below(8)),
                (1, Some(_)) => bytes[at] = [0, 0xFF, 0x7F, 0x80][self.below(4)],
                (2, Some(_)) => drop(bytes.remove(at)),
                (3, Some(byte)) => bytes.insert(at, byte),
                _ => bytes.truncate(at),
            }
        }
        bytes
    }
}

fn client() -> ClientSession {
    ClientSession::new(
        Timestamp::ZERO,
        ClientConfig {
            app: "live".into(),
            tc_url: "rtmp://h/live".into(),
            stream_name: "key".into(),
            chunk_size: 4096,
            deadlines: Deadlines::default(),
            random: Box::new([5; 1528]),
            encoder_name: "FMLE/3.0".into(),
            digest_handshake: true,
        },
    )
}

fn server() -> ServerSession {
    ServerSession::new(
        Timestamp::ZERO,
        ServerConfig {
            limits: Limits::default(),
            deadlines: ServerDeadlines::default(),
            random: Box::new([6; 1528]),
            chunk_size: 4096,
            window_ack_size: 100_000,
        },
    )
}

/// Lets a player in and sends it a picture.
fn play(session: &mut ServerSession) {
    session.accept_play();
    session.notify_published();
    session.send_media(MediaKind::Video, 0xFF_FFFF, &Bytes::from_static(&[0x17; 300]));
    session.notify_unpublished();
}

/// What a player says on the way to its stream, and beyond.
fn player_bytes() -> Vec<u8> {
    let mut puppet = Puppet::new();
    let app = Object::new().with("app", "live").with("objectEncoding", 3.0).with("fourCcList", "*");
    let mut bytes = puppet.command(0, "connect", 1.0, &[app.into()]);
    bytes.extend(puppet.command(0, "createStream", 2.0, &[Value::Null]));
    bytes.extend(puppet.command(0, "getStreamLength", 3.0, &[Value::Null, "key".into()]));
    bytes.extend(puppet.command(
        1,
        "play",
        4.0,
        &[Value::Null, "key".into(), (-2000.0).into(), (-1.0).into(), true.into()],
    ));
    bytes.extend(puppet.message(kind::USER_CONTROL, 0, 0, &user_control_body(3, &[0, 0, 0, 1, 0, 0, 0, 100])));
    bytes.extend(puppet.command(1, "receiveVideo", 0.0, &[Value::Null, false.into()]));
    bytes.extend(puppet.command(1, "pause", 0.0, &[Value::Null, true.into(), 40.0.into()]));
    bytes.extend(puppet.command(1, "pause", 0.0, &[Value::Null, false.into(), 40.0.into()]));
    bytes.extend(puppet.command(1, "closeStream", 0.0, &[Value::Null]));
    bytes
}

/// What a server says on the way to live, and beyond.
fn server_bytes() -> Vec<u8> {
    let mut puppet = Puppet::new();
    let success = Info::object("status", "NetConnection.Connect.Success", "ok");
    let mut bytes = Vec::new();
    bytes.extend(puppet.message(kind::WINDOW_ACK_SIZE, 0, 0, &number_body(5000)));
    bytes.extend(puppet.message(kind::SET_PEER_BANDWIDTH, 0, 0, &peer_bandwidth_body(5000, 1)));
    bytes.extend(puppet.command(0, "_result", 1.0, &[Object::new().with("fmsVer", "x").into(), success.into()]));
    bytes.extend(puppet.command(0, "_result", 4.0, &[Value::Null, 1.0.into()]));
    bytes.extend(puppet.status("status", "NetStream.Publish.Start", "go"));
    bytes.extend(puppet.message(kind::USER_CONTROL, 0, 0, &user_control_body(6, b"abcd")));
    bytes.extend(puppet.message(kind::ACKNOWLEDGEMENT, 0, 0, &number_body(77)));
    bytes.extend(puppet.status("error", "NetStream.Publish.Denied", "no"));
    bytes
}

/// What a client says on the way to live, and beyond.
fn client_bytes() -> Vec<u8> {
    let mut puppet = Puppet::new();
    let mut bytes = puppet.command(0, "connect", 1.0, &[Object::new().with("app", "live").into()]);
    bytes.extend(puppet.command(0, "createStream", 2.0, &[Value::Null]));
    bytes.extend(puppet.command(1, "publish", 3.0, &[Value::Null, "key".into()]));
    bytes.extend(puppet.message(kind::DATA, 1, 0, b"\x02\0\x0d@setDataFrame\x02\0\x0aonMetaData\x05"));
    bytes.extend(puppet.message(kind::VIDEO, 1, 0xFF_FFFF, &[0x17; 500]));
    bytes.extend(puppet.message(kind::AGGREGATE, 1, 7, b"\x09\0\0\x01\0\0\x05\0\0\0\0v\0\0\0\x0c"));
    bytes.extend(puppet.command(0, "deleteStream", 4.0, &[Value::Null, 1.0.into()]));
    bytes
}

fn handshake() -> Vec<u8> {
    [&[3][..], &[1; 2 * PACKET_BYTES]].concat()
}

/// Feeds a client; returns how far it came. Exactly one last event comes, and nothing behind it.
fn feed_client(bytes: &[u8], random: &mut Random) -> Step {
    let mut session = client();
    let mut farthest = Step::Handshake;
    let mut ends = 0;
    let mut rest = bytes;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(1 + random.below(rest.len()));
        session.handle_input(Timestamp::ZERO, now);
        rest = later;
        while let output @ (Output::Transmit(_) | Output::Event(_)) = session.poll_output() {
            assert_eq!(ends, 0, "{output:?} behind the end");
            ends += usize::from(matches!(output, Output::Event(ClientEvent::Failed(_) | ClientEvent::Closed)));
        }
        if session.step() != Step::Closing {
            farthest = session.step();
        }
    }
    session.handle_eof(Timestamp::ZERO);
    while let output @ (Output::Transmit(_) | Output::Event(_)) = session.poll_output() {
        ends += usize::from(matches!(output, Output::Event(ClientEvent::Failed(_))));
    }
    assert_eq!(ends, 1);
    farthest
}

fn feed_server(bytes: &[u8], random: &mut Random) -> ServerStep {
    let mut session = server();
    let mut farthest = ServerStep::Handshake;
    let mut failures = 0;
    let mut rest = bytes;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(1 + random.below(rest.len()));
        session.handle_input(Timestamp::ZERO, now);
        rest = later;
        loop {
            match session.poll_output() {
                ServerOutput::Event(ServerEvent::ConnectRequested { .. }) => session.accept_connect(),
                ServerOutput::Event(ServerEvent::PublishRequested { .. }) => session.accept_publish(),
                ServerOutput::Event(ServerEvent::PlayRequested { .. }) => play(&mut session),
                ServerOutput::Event(ServerEvent::Failed(_)) => failures += 1,
                ServerOutput::Transmit(_) | ServerOutput::Event(_) => {}
                ServerOutput::Timeout(_) | ServerOutput::Idle => break,
            }
            if session.step() != ServerStep::Closing {
                farthest = session.step();
            }
        }
    }
    assert!(failures <= 1);
    farthest
}

#[test]
fn sessions_survive_random_and_damaged_bytes() {
    let mut random = Random(0x5EED);
    let undamaged = [handshake(), server_bytes()].concat();
    assert_eq!(feed_client(&undamaged, &mut random), Step::Live);
    let undamaged = [handshake(), client_bytes()].concat();
    feed_server(&undamaged, &mut random);
    let undamaged = [handshake(), player_bytes()].concat();
    feed_server(&undamaged, &mut random);
    let (mut lived, mut played) = (0, 0);
    for _ in 0..600 {
        let length = random.below(600);
        let noise = [handshake(), random.bytes(length)].concat();
        feed_client(&noise, &mut random);
        feed_server(&noise, &mut random);
        let damaged = [handshake(), random.damaged(&server_bytes())].concat();
        lived += usize::from(feed_client(&damaged, &mut random) == Step::Live);
        let damaged = [handshake(), random.damaged(&client_bytes())].concat();
        lived += usize::from(feed_server(&damaged, &mut random) == ServerStep::Live);
        let damaged = [handshake(), random.damaged(&player_bytes())].concat();
        played += usize::from(feed_server(&damaged, &mut random) == ServerStep::Play);
        let no_handshake = random.damaged(&handshake());
        feed_client(&no_handshake, &mut random);
        feed_server(&no_handshake, &mut random);
    }
    // The damage must be of a kind that reaches the depths, not only the door.
    assert!(lived > 50 && played > 20, "{lived} {played}");
}

#[test]
fn parsers_survive_random_and_damaged_bytes() {
    let mut random = Random(0xF00D);
    for round in 0..3000 {
        let length = random.below(80);
        let seed = match round % 3 {
            0 => random.bytes(length),
            1 => random.damaged(&server_bytes()),
            _ => random.damaged(&client_bytes()),
        };
        let bytes = Bytes::from(seed);
        let _ = amf::read_all(&bytes);
        let _ = RtmpUrl::parse(&String::from_utf8_lossy(&bytes), round % 2 == 0);
        let _ = RtmpUrl::parse(&format!("rtmp://{}", String::from_utf8_lossy(&bytes)), false);
        let mut chunks = ChunkReader::new(Limits::default());
        let mut input = &bytes[..];
        while let Ok(Some(message)) = chunks.read(&mut input) {
            let _ = split_aggregate(&message);
            let _ = read_message(message);
        }
    }
}
