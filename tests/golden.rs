//! Bytes that real peers sent, each file named by its sender: a show of six pictures of 96x64
//! and 0.6 s of sound, published to nginx with its RTMP module.
#![expect(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use tally::amf::{self, Value};
use tally::flv::{AudioBody, VideoBody, VideoPacketType, read_audio_body, read_video_body};
use tally::media::Timestamp;
use tally::rtmp::client::{ClientConfig, ClientEvent, ClientSession, Deadlines, Output};
use tally::rtmp::server::{ServerConfig, ServerDeadlines, ServerEvent, ServerOutput, ServerSession};
use tally::rtmp::{Limits, MediaKind};

/// Sizes of the six access units in the file that was published.
const PICTURES: [usize; 6] = [6565, 5083, 5040, 6057, 5055, 5066];
const SOUNDS: usize = 30;

/// Everything a publisher's bytes lead to.
fn ingest(bytes: &[u8], piece: usize) -> Vec<ServerEvent> {
    let mut session = ServerSession::new(
        Timestamp::ZERO,
        ServerConfig {
            limits: Limits::default(),
            deadlines: ServerDeadlines::default(),
            random: Box::new([6; 1528]),
            chunk_size: 4096,
            window_ack_size: 2_500_000,
        },
    );
    let mut events = Vec::new();
    for input in bytes.chunks(piece) {
        session.handle_input(Timestamp::ZERO, input);
        loop {
            match session.poll_output() {
                ServerOutput::Event(event) => {
                    match event {
                        ServerEvent::ConnectRequested { .. } => session.accept_connect(),
                        ServerEvent::PublishRequested { .. } => session.accept_publish(),
                        _ => {}
                    }
                    events.push(event);
                }
                ServerOutput::Transmit(_) => {}
                ServerOutput::Timeout(_) | ServerOutput::Idle => break,
            }
        }
    }
    events
}

fn check_publisher(bytes: &[u8], digest: bool, name: &str, start_ms: u32) {
    let events = ingest(bytes, usize::MAX);
    for piece in [1, 1000] {
        assert!(ingest(bytes, piece) == events, "pieces of {piece}");
    }
    assert_eq!(events[0], ServerEvent::HandshakeDone { digest });
    let connect = ServerEvent::ConnectRequested { app: "live".into(), tc_url: "rtmp://127.0.0.1:21940/live".into() };
    assert_eq!(events[1], connect);
    assert!(events[2] == ServerEvent::PublishRequested { name: name.into() });
    assert_eq!(events.last(), Some(&ServerEvent::Unpublished));
    let (mut pictures, mut sounds, mut headers, mut metadata) = (Vec::new(), 0, 0, 0);
    let mut last_ms = [start_ms; 2];
    for event in &events[3..events.len() - 1] {
        match event {
            ServerEvent::Metadata(body) => {
                let width = amf::read_all(body).unwrap()[1].get("width").and_then(Value::as_number);
                assert_eq!(width, Some(96.0));
                metadata += 1;
            }
            ServerEvent::Media { kind, timestamp_ms, payload } => {
                let is_header = match kind {
                    MediaKind::Video => match read_video_body(payload).unwrap() {
                        VideoBody::Avc(tag) if tag.packet == VideoPacketType::AccessUnit => {
                            assert_eq!(tag.keyframe, pictures.len() % 3 == 0);
                            pictures.push(tag.payload.len());
                            false
                        }
                        VideoBody::Avc(tag) => tag.packet == VideoPacketType::SequenceHeader,
                        VideoBody::Other { .. } => panic!("{event:?}"),
                    },
                    MediaKind::Audio => match read_audio_body(payload).unwrap() {
                        AudioBody::Aac(tag) => {
                            sounds += usize::from(!tag.sequence_header);
                            tag.sequence_header
                        }
                        AudioBody::Other { .. } => panic!("{event:?}"),
                    },
                };
                headers += usize::from(is_header);
                // Some publishers give their sequence headers the time 0.
                if !is_header {
                    let last_ms = &mut last_ms[usize::from(*kind == MediaKind::Video)];
                    assert!((*last_ms..start_ms + 700).contains(timestamp_ms), "{timestamp_ms} after {last_ms}");
                    *last_ms = *timestamp_ms;
                }
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(pictures, PICTURES);
    assert_eq!((sounds, headers), (SOUNDS, 2));
    assert!(metadata >= 1);
}

/// Its timestamps cross 24 bits within the show.
#[test]
fn ffmpeg_publishes() {
    check_publisher(include_bytes!("testdata/ffmpeg-5.1-publish.bin"), true, "golden?k=1", 16_777_000);
}

#[test]
fn gstreamers_rtmp2sink_publishes() {
    check_publisher(include_bytes!("testdata/gstreamer-1.22-rtmp2sink-publish.bin"), false, "golden", 0);
}

#[test]
fn librtmp_publishes() {
    check_publisher(include_bytes!("testdata/librtmp-2.4-publish.bin"), false, "golden", 0);
}

#[test]
fn nginx_answers() {
    let bytes = include_bytes!("testdata/nginx-rtmp-1.2.2-answers.bin");
    for piece in [usize::MAX, 1, 700] {
        let mut session = ClientSession::new(
            Timestamp::ZERO,
            ClientConfig {
                app: "live".into(),
                tc_url: "rtmp://h/live".into(),
                stream_name: "golden".into(),
                chunk_size: ClientConfig::DEFAULT_CHUNK_SIZE,
                deadlines: Deadlines::default(),
                random: Box::new([5; 1528]),
                encoder_name: "FMLE/3.0".into(),
                digest_handshake: true,
            },
        );
        let mut events = Vec::new();
        for input in bytes.chunks(piece) {
            session.handle_input(Timestamp::ZERO, input);
            loop {
                match session.poll_output() {
                    Output::Event(event) => events.push(event),
                    Output::Transmit(_) => {}
                    Output::Timeout(_) | Output::Idle => break,
                }
            }
        }
        let expected = [
            ClientEvent::HandshakeDone { digest: true },
            ClientEvent::Connected { server: Some("FMS/3,0,1,123".into()) },
            ClientEvent::StreamCreated { id: 1 },
            ClientEvent::Published { description: Some("Start publishing".into()) },
        ];
        assert_eq!(events[..4], expected, "pieces of {piece}");
    }
}
