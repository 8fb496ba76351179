//! Publishers and hostile clients against the server, over the loopback.

mod hostile;
mod play;
mod silent;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::clock::Clock;
use crate::flv::{FlvReader, FlvTag, TagKind, metadata, video_sequence_header, video_tag_header};
use crate::media::{StreamConfig, Timestamp};
use crate::rtmp::MediaKind;
use crate::rtmp::client::{ClientConfig, ClientError, ClientEvent, ClientSession, Deadlines, Output};
use crate::rtmp::server::ServerDeadlines;

/// Longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

type Events = Arc<Mutex<Vec<IngestEvent>>>;

fn start(change: impl FnOnce(&mut IngestConfig)) -> (IngestServer, Events) {
    let events = Events::default();
    let told = Arc::clone(&events);
    let mut config = IngestConfig::new("127.0.0.1:0".parse().unwrap());
    change(&mut config);
    let server = IngestServer::start(config, Clock::system(), move |event| told.lock().unwrap().push(event)).unwrap();
    (server, events)
}

/// Waits until an event is there that `wanted` picks.
fn wait_for<T>(events: &Events, wanted: impl Fn(&IngestEvent) -> Option<T>) -> T {
    let clock = Clock::system();
    loop {
        if let Some(found) = events.lock().unwrap().iter().find_map(&wanted) {
            return found;
        }
        assert!(clock.now() < Timestamp::ZERO + PATIENCE, "not told: {:?}", events.lock().unwrap());
        clock.sleep_until(clock.now() + Duration::from_millis(5), PATIENCE);
    }
}

fn refused(events: &Events) -> String {
    wait_for(events, |event| match event {
        IngestEvent::Refused { reason, .. } => Some(reason.clone()),
        _ => None,
    })
}

fn ended(events: &Events) -> (u64, u64, EndReason) {
    wait_for(events, |event| match event {
        IngestEvent::PublishEnded { frames, audio_packets, reason, .. } => {
            Some((*frames, *audio_packets, reason.clone()))
        }
        _ => None,
    })
}

/// Pictures of the stream of this name, once it has ended.
fn frames_of(events: &Events, wanted: &str) -> u64 {
    wait_for(events, |event| match event {
        IngestEvent::PublishEnded { name, frames, .. } if name == wanted => Some(*frames),
        _ => None,
    })
}

fn names_started(events: &Events) -> Vec<String> {
    let started = |event: &IngestEvent| match event {
        IngestEvent::PublishStarted { name, .. } => Some(name.clone()),
        _ => None,
    };
    events.lock().unwrap().iter().filter_map(started).collect()
}

fn client_config(tc_url: String, name: &str) -> ClientConfig {
    ClientConfig {
        app: "live".to_owned(),
        tc_url,
        stream_name: name.to_owned(),
        chunk_size: 4096,
        deadlines: Deadlines::default(),
        random: Box::new([7; 1528]),
        encoder_name: "FMLE/3.0 (compatible; Tally/test)".to_owned(),
        digest_handshake: true,
    }
}

/// A publisher that blocks.
struct Publisher {
    stream: TcpStream,
    session: ClientSession,
    clock: Clock,
}

impl Publisher {
    fn open(address: SocketAddr, name: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let config = client_config(format!("rtmp://{address}/live"), name);
        let clock = Clock::system();
        Self { stream, session: ClientSession::new(clock.now(), config), clock }
    }

    /// Talks until the server lets us publish or says no.
    fn publish(address: SocketAddr, name: &str) -> Result<Self, ClientError> {
        let mut publisher = Self::open(address, name);
        loop {
            for event in publisher.drain() {
                match event {
                    ClientEvent::Published { .. } => {
                        // It reads no more: what is left unread at a cut makes the system give up what it has yet to send.
                        publisher.session.want_acknowledgements(false);
                        publisher.drain();
                        return Ok(publisher);
                    }
                    ClientEvent::Failed(error) => return Err(error),
                    _ => {}
                }
            }
            publisher.read();
        }
    }

    fn drain(&mut self) -> Vec<ClientEvent> {
        let mut events = Vec::new();
        loop {
            match self.session.poll_output() {
                Output::Transmit(bytes) => self.stream.write_all(&bytes).unwrap(),
                Output::Event(event) => events.push(event),
                Output::Timeout(_) | Output::Idle => return events,
            }
        }
    }

    fn read(&mut self) {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) => self.session.handle_eof(self.clock.now()),
            Ok(count) => self.session.handle_input(self.clock.now(), &buffer[..count]),
            Err(error) => panic!("nothing came: {error}"),
        }
    }

    /// Sends metadata, a sequence header, `pictures` pictures and as many pieces of sound; gives what a file of it
    /// holds.
    fn show(&mut self, pictures: u32) -> Vec<FlvTag> {
        let mut tags = self.headers();
        tags.extend(self.pictures(0..pictures));
        tags
    }

    fn headers(&mut self) -> Vec<FlvTag> {
        let script = metadata(&StreamConfig::default(), "Tally");
        let header = video_sequence_header(b"avcC");
        self.session.send_metadata(script.clone());
        self.session.send_media(MediaKind::Video, 0, &[], header.clone());
        self.drain();
        let tag = |kind, body| FlvTag { kind, timestamp_ms: 0, body };
        vec![tag(TagKind::Script, script), tag(TagKind::Video, header)]
    }

    /// Pictures and sound, 33 ms apart; only the first of all is a keyframe.
    fn pictures(&mut self, indices: std::ops::Range<u32>) -> Vec<FlvTag> {
        let tag = |kind, timestamp_ms, body| FlvTag { kind, timestamp_ms, body };
        let mut tags = Vec::new();
        for index in indices {
            let at = index * 33;
            let payload = Bytes::from(vec![index as u8; 3000 + index as usize * 7]);
            let head = video_tag_header(index == 0, 0);
            self.session.send_media(MediaKind::Video, at, &head, payload.clone());
            tags.push(tag(TagKind::Video, at, [&head[..], &payload].concat().into()));
            self.session.send_media(MediaKind::Audio, at, &[0xAF, 1], Bytes::from_static(b"sound"));
            tags.push(tag(TagKind::Audio, at, Bytes::from_static(b"\xAF\x01sound")));
            self.drain();
        }
        tags
    }

    fn close(mut self) {
        self.session.close(self.clock.now());
        self.drain();
        self.stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).unwrap();
    }
}

/// Not assert_eq: the difference would be a megabyte of text.
fn assert_same(seen: &[FlvTag], sent: &[FlvTag]) {
    // Metadata has no time of its own when it is published: it is given that of what came before it.
    let timed = |tags: &[FlvTag]| -> Vec<FlvTag> {
        let time = |tag: &FlvTag| if tag.kind == TagKind::Script { 0 } else { tag.timestamp_ms };
        tags.iter().map(|tag| FlvTag { timestamp_ms: time(tag), ..tag.clone() }).collect()
    };
    let (seen, sent) = (timed(seen), timed(sent));
    let line = |tag: &FlvTag| (tag.kind, tag.timestamp_ms, tag.body.len());
    let (first, second) = (seen.iter().map(line).collect::<Vec<_>>(), sent.iter().map(line).collect::<Vec<_>>());
    assert_eq!(first, second);
    assert!(seen == sent, "the bodies differ");
}

fn tags_of(path: &Path) -> Vec<FlvTag> {
    let mut reader = FlvReader::new();
    reader.push(&std::fs::read(path).unwrap());
    std::iter::from_fn(|| reader.next_tag().unwrap()).collect()
}

#[test]
fn a_show_is_counted_tapped_and_recorded_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let tapped = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&tapped);
    let (server, events) = start(|config| {
        config.record = Some(folder.path().join("new"));
        config.tap = Some(Arc::new(move |media| {
            assert_eq!((media.app, media.name), ("live", "a/b"));
            let tag = FlvTag { kind: media.kind, timestamp_ms: media.timestamp_ms, body: media.payload.clone() };
            seen.lock().unwrap().push(tag);
        }));
    });
    let mut publisher = Publisher::publish(server.local_addr(), "a/b?token=1").unwrap();
    let tags = publisher.show(50);
    publisher.close();
    assert_eq!(ended(&events), (50, 50, EndReason::Unpublished));
    assert_eq!(*tapped.lock().unwrap(), tags);
    assert_eq!(tags_of(&folder.path().join("new/a_b.flv")), tags);
    // The same name again does not overwrite.
    let mut publisher = Publisher::publish(server.local_addr(), "a/b").unwrap();
    let tags = publisher.show(2);
    publisher.close();
    server.stop();
    assert_eq!(tags_of(&folder.path().join("new/a_b-2.flv")), tags);
    assert_eq!(names_started(&events), ["a/b", "a/b"]);
}

#[test]
fn the_tail_before_a_cut_is_kept() {
    let (server, events) = start(|_| {});
    let mut publisher = Publisher::publish(server.local_addr(), "cam").unwrap();
    publisher.show(40);
    drop(publisher);
    assert_eq!(ended(&events), (40, 40, EndReason::Closed));
    server.stop();
}

#[test]
fn a_name_is_published_once_and_free_again_after() {
    let (server, events) = start(|_| {});
    let mut first = Publisher::publish(server.local_addr(), "cam").unwrap();
    let Err(ClientError::Rejected { code, description, .. }) = Publisher::publish(server.local_addr(), "cam") else {
        panic!("the second was let in");
    };
    assert_eq!(code, "NetStream.Publish.BadName");
    assert!(description.unwrap().contains("already publishing"));
    assert!(refused(&events).contains("already published"));
    assert!(Publisher::publish(server.local_addr(), "other").is_ok());
    first.show(3);
    first.close();
    assert_eq!(frames_of(&events, "cam"), 3);
    assert!(Publisher::publish(server.local_addr(), "cam").is_ok());
    server.stop();
}

#[test]
fn the_key_is_asked_for_and_never_told() {
    let (server, events) = start(|config| config.publish_key = PublishKey::new("s3cret"));
    for wrong in ["cam", "cam?key=no"] {
        let Err(ClientError::Rejected { code, .. }) = Publisher::publish(server.local_addr(), wrong) else {
            panic!("{wrong} was let in");
        };
        assert_eq!(code, "NetStream.Publish.Unauthorized");
    }
    for right in ["cam?key=s3cret", "s3cret"] {
        let mut publisher = Publisher::publish(server.local_addr(), right).unwrap();
        publisher.show(1);
        publisher.close();
    }
    server.stop();
    assert_eq!(names_started(&events), ["cam", "live"]);
    assert!(!format!("{:?}", events.lock().unwrap()).contains("s3cret"));
}

#[test]
fn beyond_this_computer_a_key_is_needed() {
    for address in ["0.0.0.0:0", "[::]:0"] {
        let config = IngestConfig::new(address.parse().unwrap());
        let error = IngestServer::start(config, Clock::system(), |_| {}).unwrap_err();
        assert!(matches!(error, IngestError::KeyNeeded(_)), "{error}");
        assert!(error.to_string().contains("--key-file"));
    }
}

#[test]
fn strangers_are_refused_in_words_and_harm_nobody() {
    let (server, events) = start(|_| {});
    let mut publisher = Publisher::publish(server.local_addr(), "cam").unwrap();
    for (bytes, word) in [
        (&b"\x16\x03\x01\x02\x00\x01\x00"[..], "TLS"),
        (b"GET / HTTP/1.1\r\n\r\n", "HTTP"),
        (b"\xff\x00\xff\x00", "RTMP"),
    ] {
        events.lock().unwrap().clear();
        let mut stranger = TcpStream::connect(server.local_addr()).unwrap();
        stranger.set_read_timeout(Some(PATIENCE)).unwrap();
        stranger.write_all(bytes).unwrap();
        assert!(refused(&events).contains(word), "{word}");
        let mut rest = Vec::new();
        // Either end is fine, but it must come.
        assert!(stranger.read_to_end(&mut rest).is_ok_and(|count| count == 0));
    }
    publisher.show(5);
    publisher.close();
    assert_eq!(ended(&events).0, 5);
    server.stop();
}

#[test]
fn a_message_beyond_the_limit_ends_its_connection_only() {
    let (server, events) = start(|config| config.limits.session.message_bytes_max = 10_000);
    let mut good = Publisher::publish(server.local_addr(), "good").unwrap();
    let mut greedy = Publisher::publish(server.local_addr(), "greedy").unwrap();
    greedy.session.send_media(MediaKind::Video, 0, &[], Bytes::from(vec![0x17; 20_000]));
    greedy.drain();
    let (frames, _, reason) = ended(&events);
    assert_eq!(frames, 0);
    assert!(matches!(reason, EndReason::Broken(_)), "{reason}");
    good.show(5);
    good.close();
    assert_eq!(frames_of(&events, "good"), 5);
    server.stop();
}

#[test]
fn the_slow_and_the_silent_are_ended() {
    let soon = Duration::from_millis(150);
    let (server, events) = start(|config| {
        config.deadlines = ServerDeadlines { handshake: soon, idle: soon, ..ServerDeadlines::default() };
    });
    let mut half_open = TcpStream::connect(server.local_addr()).unwrap();
    half_open.write_all(&[3]).unwrap();
    assert!(refused(&events).contains("handshake"));
    let mut publisher = Publisher::publish(server.local_addr(), "cam").unwrap();
    publisher.show(1);
    assert_eq!(ended(&events), (1, 1, EndReason::Silent));
    server.stop();
}

#[test]
fn a_peer_is_told_by_its_own_address() {
    // Both kinds of addresses at one door; not every computer has it.
    let Ok(probe) = std::net::TcpListener::bind("[::]:0") else { return };
    let port = probe.local_addr().unwrap().port();
    if TcpStream::connect(("127.0.0.1", port)).is_err() {
        return;
    }
    let (server, events) = start(|config| {
        config.listen = "[::]:0".parse().unwrap();
        config.publish_key = PublishKey::new("s3cret");
    });
    let here = SocketAddr::from(([127, 0, 0, 1], server.local_addr().port()));
    let publisher = Publisher::publish(here, "cam?key=s3cret").unwrap();
    let peer = wait_for(&events, |event| match event {
        IngestEvent::PublishStarted { peer, .. } => Some(*peer),
        _ => None,
    });
    assert_eq!(peer, publisher.stream.local_addr().unwrap());
    publisher.close();
    server.stop();
}

#[test]
fn connections_are_bounded_and_those_before_go_on() {
    let (server, events) = start(|config| config.limits.connections_max = 1);
    let mut publisher = Publisher::publish(server.local_addr(), "cam").unwrap();
    let mut second = TcpStream::connect(server.local_addr()).unwrap();
    second.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(refused(&events).contains("1 connections"));
    let end = second.read(&mut [0; 1]);
    assert!(matches!(&end, Ok(0)) || end.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
    publisher.show(2);
    assert_eq!(server.stats().connections, 1);
    publisher.close();
    assert_eq!(ended(&events).0, 2);
    server.stop();
}

#[test]
fn who_holds_web_connections_open_keeps_no_publisher_out() {
    let (server, events) = start(|config| {
        config.limits.connections_max = 8;
        config.http = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    });
    let web = server.http_addr().unwrap();
    let mut held: Vec<_> = (0..8).map(|_| TcpStream::connect(web).unwrap()).collect();
    for stream in &mut held {
        _ = stream.write_all(b"GET / HTTP/1.1\r\nX:");
    }
    assert!(refused(&events).contains("7 connections"));
    let mut publisher = Publisher::publish(server.local_addr(), "cam").unwrap();
    publisher.show(2);
    publisher.close();
    assert_eq!(ended(&events).0, 2);
    server.stop();
}

#[test]
fn stop_ends_a_live_publish_closes_its_file_and_tells_all() {
    let folder = tempfile::tempdir().unwrap();
    let (server, events) = start(|config| config.record = Some(folder.path().to_owned()));
    let mut publisher = Publisher::publish(server.local_addr(), "cam").unwrap();
    let tags = publisher.show(10);
    wait_for(&events, |_| (server.stats().streams.first().is_some_and(|s| s.frames == 10)).then_some(()));
    server.stop();
    assert_eq!(ended(&events), (10, 10, EndReason::ServerStopped));
    assert_eq!(tags_of(&folder.path().join("cam.flv")), tags);
}

#[test]
fn a_recording_that_fails_is_told_and_the_stream_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone");
    let (server, events) = start(|config| config.record = Some(gone.clone()));
    std::fs::remove_dir(&gone).unwrap();
    let mut publisher = Publisher::publish(server.local_addr(), "cam").unwrap();
    publisher.show(10);
    publisher.close();
    assert_eq!(ended(&events), (10, 10, EndReason::Unpublished));
    server.stop();
    let failed = |event: &&IngestEvent| matches!(event, IngestEvent::RecordingFailed { name, .. } if name == "cam");
    assert_eq!(events.lock().unwrap().iter().filter(failed).count(), 1);
}
