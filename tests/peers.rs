//! Publisher and ingest sessions against each other, in virtual time, over links that delay, cut and break.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use tally::media::Timestamp;
use tally::rtmp::Limits;
use tally::rtmp::client::{ClientConfig, ClientError, ClientEvent, ClientSession, Deadlines, MediaKind, Output, Step};
use tally::rtmp::server::{
    ServerConfig, ServerDeadlines, ServerError, ServerEvent, ServerOutput, ServerSession, ServerStep,
};

const T0: Timestamp = Timestamp::ZERO;
const DELAY: Duration = Duration::from_millis(50);

fn client_config(digest_handshake: bool) -> ClientConfig {
    ClientConfig {
        app: "live".into(),
        tc_url: "rtmp://h/live".into(),
        stream_name: "the-key".into(),
        chunk_size: ClientConfig::DEFAULT_CHUNK_SIZE,
        deadlines: Deadlines::default(),
        random: Box::new(std::array::from_fn(|i| (i % 251) as u8)),
        encoder_name: "FMLE/3.0 (compatible; Tally/0.1)".into(),
        digest_handshake,
    }
}

fn server_config() -> ServerConfig {
    ServerConfig {
        limits: Limits::default(),
        deadlines: ServerDeadlines::default(),
        random: Box::new(std::array::from_fn(|i| (i % 241) as u8)),
        chunk_size: 4096,
        window_ack_size: 20_000,
    }
}

/// What the publisher does once it is live.
#[derive(Clone, Debug)]
struct Show {
    metadata: Bytes,
    media: Vec<(MediaKind, u32, Bytes)>,
}

impl Show {
    fn starting_at(start_ms: u32) -> Self {
        let mut metadata = Vec::new();
        tally::amf::write_value(&mut metadata, &"onMetaData".into());
        tally::amf::write_value(&mut metadata, &tally::amf::Object::new().with("width", 1280.0).into());
        let media = (0..40u32).map(|i| {
            let time = start_ms.wrapping_add(i * 17);
            let kind = if i % 2 == 0 { MediaKind::Video } else { MediaKind::Audio };
            let length = if i % 10 == 0 { 150_000 } else { 300 + i as usize };
            (kind, time, Bytes::from(vec![i as u8; length]))
        });
        Self { metadata: metadata.into(), media: media.collect() }
    }

    fn events(&self) -> Vec<ServerEvent> {
        let media = self.media.iter().cloned();
        let media = media.map(|(kind, timestamp_ms, payload)| ServerEvent::Media { kind, timestamp_ms, payload });
        [ServerEvent::Metadata(self.metadata.clone())].into_iter().chain(media).collect()
    }
}

/// How the link treats the bytes.
#[derive(Clone, Debug)]
struct Path {
    /// Sizes of the pieces that arrive, over and over.
    pieces: Vec<usize>,
    /// The connection breaks once this many bytes went through, both ways together.
    cut_after: Option<usize>,
}

impl Path {
    fn whole() -> Self {
        Self { pieces: vec![usize::MAX], cut_after: None }
    }
}

/// One direction: bytes and when they arrive.
#[derive(Default)]
struct Pipe(VecDeque<(Timestamp, Bytes)>);

impl Pipe {
    /// Everything that has arrived by `now`.
    fn arrived(&mut self, now: Timestamp) -> Vec<u8> {
        let mut bytes = Vec::new();
        while self.0.front().is_some_and(|(due, _)| *due <= now) {
            if let Some((_, piece)) = self.0.pop_front() {
                bytes.extend_from_slice(&piece);
            }
        }
        bytes
    }
}

/// What the server refuses.
#[derive(Clone, Copy, PartialEq)]
enum Refusal {
    Connect,
    Publish,
}

/// Both ends and the link between.
struct Pair {
    /// The publisher goes on after its show instead of closing.
    stays: bool,
    refusal: Option<Refusal>,
    now: Timestamp,
    client: ClientSession,
    server: ServerSession,
    to_server: Pipe,
    to_client: Pipe,
    path: Path,
    carried: usize,
    broken: bool,
    next_piece: usize,
    show: Show,
    client_events: Vec<ClientEvent>,
    server_events: Vec<ServerEvent>,
    sent_by_client: Vec<u8>,
    sent_by_server: Vec<u8>,
    live_at: Option<Timestamp>,
}

impl Pair {
    fn new(digest: bool, show: Show, path: Path) -> Self {
        Self {
            stays: false,
            refusal: None,
            now: T0,
            client: ClientSession::new(T0, client_config(digest)),
            server: ServerSession::new(T0, server_config()),
            to_server: Pipe::default(),
            to_client: Pipe::default(),
            path,
            carried: 0,
            broken: false,
            next_piece: 0,
            show,
            client_events: Vec::new(),
            server_events: Vec::new(),
            sent_by_client: Vec::new(),
            sent_by_server: Vec::new(),
            live_at: None,
        }
    }

    /// Runs until nothing is under way any more. Timers fire only if `with_timers`.
    fn run(&mut self, with_timers: bool) {
        for _ in 0..10_000 {
            let client_timer = self.drain_client();
            let server_timer = self.drain_server();
            let arrivals = [&self.to_server, &self.to_client].map(|pipe| pipe.0.front().map(|(due, _)| *due));
            let timers = if with_timers { [client_timer, server_timer] } else { [None; 2] };
            let Some(next) = arrivals.into_iter().chain(timers).flatten().min() else { return };
            self.now = self.now.max(next);
            let (for_server, for_client) = (self.to_server.arrived(self.now), self.to_client.arrived(self.now));
            self.deliver(&for_server, true);
            self.deliver(&for_client, false);
            if with_timers {
                self.client.handle_timeout(self.now);
                self.server.handle_timeout(self.now);
            }
        }
        panic!("the pair never comes to rest");
    }

    fn deliver(&mut self, mut bytes: &[u8], to_server: bool) {
        while !bytes.is_empty() && !self.broken {
            let size = self.path.pieces[self.next_piece % self.path.pieces.len()].clamp(1, bytes.len());
            self.next_piece += 1;
            let left = self.path.cut_after.map_or(usize::MAX, |cut| cut - self.carried);
            let (piece, later) = bytes.split_at(size.min(left));
            bytes = later;
            self.carried += piece.len();
            if to_server {
                self.server.handle_input(self.now, piece);
                self.drain_server();
            } else {
                self.client.handle_input(self.now, piece);
                self.drain_client();
            }
            if self.path.cut_after == Some(self.carried) {
                self.broken = true;
                self.client.handle_eof(self.now);
                self.server.handle_eof(self.now);
                self.to_client.0.clear();
                self.to_server.0.clear();
            }
        }
    }

    fn drain_client(&mut self) -> Option<Timestamp> {
        loop {
            match self.client.poll_output() {
                Output::Transmit(bytes) => {
                    self.sent_by_client.extend_from_slice(&bytes);
                    if !self.broken {
                        self.to_server.0.push_back((self.now + DELAY, bytes));
                    }
                }
                Output::Event(event) => {
                    if matches!(event, ClientEvent::Published { .. }) {
                        self.live_at = Some(self.now);
                        self.perform();
                    }
                    self.client_events.push(event);
                }
                Output::Timeout(time) => return Some(time),
                Output::Idle => return None,
            }
        }
    }

    fn perform(&mut self) {
        self.client.send_metadata(self.show.metadata.clone());
        for (kind, time, body) in &self.show.media {
            self.client.send_media(*kind, *time, &body[..5], body.slice(5..));
        }
        if !self.stays {
            self.client.close(self.now);
        }
    }

    fn drain_server(&mut self) -> Option<Timestamp> {
        loop {
            match self.server.poll_output() {
                ServerOutput::Transmit(bytes) => {
                    self.sent_by_server.extend_from_slice(&bytes);
                    if !self.broken {
                        self.to_client.0.push_back((self.now + DELAY, bytes));
                    }
                }
                ServerOutput::Event(event) => {
                    match event {
                        ServerEvent::ConnectRequested { .. } if self.refusal == Some(Refusal::Connect) => {
                            self.server.reject_connect("Some.Code", "not today");
                        }
                        ServerEvent::ConnectRequested { .. } => self.server.accept_connect(),
                        ServerEvent::PublishRequested { .. } if self.refusal == Some(Refusal::Publish) => {
                            self.server.reject_publish("Some.Code", "not today");
                        }
                        ServerEvent::PublishRequested { .. } => self.server.accept_publish(),
                        _ => {}
                    }
                    self.server_events.push(event);
                }
                ServerOutput::Timeout(time) => return Some(time),
                ServerOutput::Idle => return None,
            }
        }
    }
}

fn assert_whole_show(pair: &Pair, digest: bool) {
    assert_eq!(pair.client_events.first(), Some(&ClientEvent::HandshakeDone { digest }));
    assert_eq!(pair.client_events.last(), Some(&ClientEvent::Closed));
    let before = [
        ServerEvent::HandshakeDone { digest },
        ServerEvent::ConnectRequested { app: "live".into(), tc_url: "rtmp://h/live".into() },
        ServerEvent::PublishRequested { name: "the-key".into() },
    ];
    let expected: Vec<_> = before.into_iter().chain(pair.show.events()).chain([ServerEvent::Unpublished]).collect();
    // Not assert_eq: the difference would be a megabyte of text.
    assert!(pair.server_events == expected, "{:?}", pair.server_events);
}

#[test]
fn a_whole_show_arrives_as_it_was_sent() {
    for digest in [true, false] {
        let mut pair = Pair::new(digest, Show::starting_at(0), Path::whole());
        pair.run(false);
        assert_whole_show(&pair, digest);
    }
}

#[test]
fn media_flows_after_at_most_five_round_trips_tcp_included() {
    let mut pair = Pair::new(true, Show::starting_at(0), Path::whole());
    pair.run(false);
    let tcp = DELAY * 2;
    let round_trips = (pair.live_at.unwrap().since(T0) + tcp).as_nanos() / (DELAY * 2).as_nanos();
    assert!(round_trips <= 5, "{round_trips}");
}

#[test]
fn timestamps_cross_24_and_32_bits() {
    for start in [0xFF_FFFF - 300, 0xFF_FFFF, u32::MAX - 300, u32::MAX] {
        let mut pair = Pair::new(true, Show::starting_at(start), Path { pieces: vec![1000, 1, 77], cut_after: None });
        pair.run(false);
        assert_whole_show(&pair, true);
    }
}

#[test]
fn one_byte_at_a_time_makes_no_difference() {
    for digest in [true, false] {
        let mut whole = Pair::new(digest, Show::starting_at(0), Path::whole());
        whole.run(false);
        let mut bytewise = Pair::new(digest, Show::starting_at(0), Path { pieces: vec![1], cut_after: None });
        bytewise.run(false);
        assert_whole_show(&bytewise, digest);
        assert!(bytewise.sent_by_client == whole.sent_by_client);
        assert!(bytewise.sent_by_server == whole.sent_by_server);
        assert_eq!(bytewise.client_events, whole.client_events);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_split_gives_the_same_outputs(
        pieces in prop::collection::vec(1..20_000usize, 1..40),
        start in any::<u32>(),
        digest in any::<bool>(),
    ) {
        let mut whole = Pair::new(digest, Show::starting_at(start), Path::whole());
        whole.run(false);
        let mut split = Pair::new(digest, Show::starting_at(start), Path { pieces, cut_after: None });
        split.run(false);
        prop_assert!(split.server_events == whole.server_events);
        prop_assert!(split.sent_by_client == whole.sent_by_client);
        prop_assert!(split.sent_by_server == whole.sent_by_server);
        prop_assert_eq!(split.client_events, whole.client_events);
    }
}

#[test]
fn a_connection_cut_at_any_byte_ends_cleanly_on_both_sides() {
    let mut whole = Pair::new(true, Show::starting_at(0), Path::whole());
    whole.run(false);
    let total = whole.carried;
    // Every 5 % of the way, each byte of the commands, and just around the ends of the handshake.
    let spread = (1..20).map(|i| total * i / 20);
    let cuts: Vec<usize> = spread.chain((1..9000).step_by(37)).chain(1530..1545).chain(6140..6150).collect();
    for cut in cuts {
        let mut pair = Pair::new(true, Show::starting_at(0), Path { pieces: vec![701], cut_after: Some(cut) });
        pair.run(true);
        let closed = pair.client_events.contains(&ClientEvent::Closed);
        let client_failures: Vec<_> =
            pair.client_events.iter().filter(|event| matches!(event, ClientEvent::Failed(_))).collect();
        match client_failures[..] {
            [ClientEvent::Failed(ClientError::ClosedByPeer { .. })] => assert!(!closed, "cut at {cut}"),
            [] => assert!(closed, "cut at {cut}"),
            _ => panic!("cut at {cut}: {client_failures:?}"),
        }
        let server_failures: Vec<_> =
            pair.server_events.iter().filter(|event| matches!(event, ServerEvent::Failed(_))).collect();
        let unpublished = pair.server_events.contains(&ServerEvent::Unpublished);
        match server_failures[..] {
            [ServerEvent::Failed(ServerError::ClosedByPeer)] => assert!(!unpublished, "cut at {cut}"),
            [] => assert!(unpublished, "cut at {cut}"),
            _ => panic!("cut at {cut}: {server_failures:?}"),
        }
        // What did arrive is the beginning of the show, nothing else.
        let expected = pair.show.events();
        let seen =
            pair.server_events.iter().filter(|e| matches!(e, ServerEvent::Metadata(_) | ServerEvent::Media { .. }));
        assert!(seen.zip(&expected).all(|(seen, sent)| seen == sent), "cut at {cut}");
    }
}

/// A server that falls silent after so many bytes: each step of the client has its own end.
#[test]
fn a_silent_server_is_given_up_at_each_step() {
    let deadlines = Deadlines {
        handshake: Duration::from_secs(5),
        connect: Duration::from_secs(6),
        create_stream: Duration::from_secs(7),
        publish: Duration::from_secs(8),
    };
    let mut whole = Pair::new(true, Show::starting_at(0), Path::whole());
    whole.run(false);
    let server_bytes = whole.sent_by_server;
    let mut seen = Vec::new();
    for length in (0..server_bytes.len().min(4500)).step_by(13) {
        let mut client = ClientSession::new(T0, ClientConfig { deadlines, ..client_config(true) });
        let spoken_at = T0 + Duration::from_secs(1);
        client.handle_input(spoken_at, &server_bytes[..length]);
        let mut step = client.step();
        let timer = loop {
            match client.poll_output() {
                Output::Timeout(time) => break Some(time),
                Output::Idle => break None,
                Output::Transmit(_) | Output::Event(_) => step = client.step(),
            }
        };
        let expected = match step {
            Step::Handshake => Some(T0 + deadlines.handshake),
            Step::Connect => Some(spoken_at + deadlines.connect),
            Step::CreateStream => Some(spoken_at + deadlines.create_stream),
            Step::Publish => Some(spoken_at + deadlines.publish),
            Step::Live | Step::Closing => None,
        };
        assert_eq!(timer, expected, "{step}");
        let Some(timer) = timer else { continue };
        client.handle_timeout(timer - Duration::from_nanos(1));
        assert_eq!(client.poll_output(), Output::Timeout(timer));
        client.handle_timeout(timer);
        assert_eq!(client.poll_output(), Output::Event(ClientEvent::Failed(ClientError::TimedOut { step })));
        assert_eq!(client.poll_output(), Output::Idle);
        seen.push(step);
    }
    seen.dedup();
    assert_eq!(seen, [Step::Handshake, Step::Connect, Step::CreateStream, Step::Publish]);
}

#[test]
fn a_silent_client_is_given_up_at_each_step() {
    let mut whole = Pair::new(true, Show::starting_at(0), Path::whole());
    whole.run(false);
    let deadlines = ServerDeadlines {
        handshake: Duration::from_secs(2),
        connect: Duration::from_secs(3),
        publish: Duration::from_secs(4),
        idle: Duration::from_secs(6),
        ..ServerDeadlines::default()
    };
    let mut seen = Vec::new();
    for length in (0..6000).step_by(11) {
        let mut server = ServerSession::new(T0, ServerConfig { deadlines, ..server_config() });
        server.handle_input(T0, &whole.sent_by_client[..length]);
        let timer = loop {
            match server.poll_output() {
                ServerOutput::Event(ServerEvent::ConnectRequested { .. }) => server.accept_connect(),
                ServerOutput::Event(ServerEvent::PublishRequested { .. }) => server.accept_publish(),
                ServerOutput::Transmit(_) | ServerOutput::Event(_) => {}
                ServerOutput::Timeout(time) => break time,
                ServerOutput::Idle => panic!("no timer runs after {length} bytes"),
            }
        };
        let step = server.step();
        let patience = match step {
            ServerStep::Handshake => deadlines.handshake,
            ServerStep::Connect => deadlines.connect,
            ServerStep::Publish => deadlines.publish,
            ServerStep::Live => deadlines.idle,
            ServerStep::Play | ServerStep::Closing => panic!("ended after {length} bytes"),
        };
        assert_eq!(timer, T0 + patience, "{step}");
        server.handle_timeout(timer);
        let failure = ServerOutput::Event(ServerEvent::Failed(ServerError::TimedOut { step }));
        assert_eq!(server.poll_output(), failure);
        assert_eq!(server.poll_output(), ServerOutput::Idle);
        seen.push(step);
    }
    seen.dedup();
    assert_eq!(seen, [ServerStep::Handshake, ServerStep::Connect, ServerStep::Publish, ServerStep::Live]);
}

#[test]
fn the_server_acknowledges_what_it_received() {
    let mut pair = Pair::new(true, Show::starting_at(0), Path::whole());
    pair.stays = true;
    pair.run(false);
    let (acknowledged, sent) = (pair.client.acknowledged_bytes(), pair.client.sent_bytes());
    assert_eq!(sent, pair.sent_by_client.len() as u64);
    assert_eq!(pair.server.received_bytes(), sent);
    let behind = sent - acknowledged;
    assert!(behind < u64::from(server_config().window_ack_size), "{behind} of {sent}");
}

#[test]
fn a_server_that_ends_a_show_is_heard() {
    let mut pair = Pair::new(true, Show::starting_at(0), Path::whole());
    pair.stays = true;
    pair.run(false);
    pair.server.disconnect("NetStream.Publish.Denied", "the hour is over");
    pair.run(false);
    let error = ClientError::Rejected {
        step: Step::Live,
        code: "NetStream.Publish.Denied".into(),
        description: Some("the hour is over".into()),
    };
    assert_eq!(pair.client_events.last(), Some(&ClientEvent::Failed(error)));
    assert_eq!(pair.server.poll_output(), ServerOutput::Idle);
}

#[test]
fn refusals_reach_the_publisher_in_the_servers_words() {
    for (refusal, step) in [(Refusal::Connect, Step::Connect), (Refusal::Publish, Step::Publish)] {
        let mut pair = Pair::new(false, Show::starting_at(0), Path { pieces: vec![5], cut_after: None });
        pair.refusal = Some(refusal);
        pair.run(false);
        let description = Some("not today".into());
        let error = ClientError::Rejected { step, code: "Some.Code".into(), description };
        assert_eq!(pair.client_events.last(), Some(&ClientEvent::Failed(error)));
        assert_eq!(pair.live_at, None);
    }
}
