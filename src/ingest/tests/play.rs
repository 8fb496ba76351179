//! Players: joining late, waiting, keys, slow ones and those that never read; the status.

use std::collections::VecDeque;

use super::*;
use crate::amf::{Object, Value};
use crate::ingest::conversation::Conversation;
use crate::ingest::http::serve_http;
use crate::ingest::shared::Shared;
use crate::rtmp::chunk::RawMessage;
use crate::rtmp::message::kind;
use crate::rtmp::puppet::{Puppet, names};

/// A player that blocks.
pub(super) struct Viewer {
    pub(super) stream: TcpStream,
    puppet: Puppet,
    messages: VecDeque<RawMessage>,
}

impl Viewer {
    /// Behind the handshake and createStream, with all that may be asked for after them in one piece.
    pub(super) fn open(address: SocketAddr, receive_buffer: Option<usize>) -> Self {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        if let Some(bytes) = receive_buffer {
            socket.set_recv_buffer_size(bytes).unwrap();
        }
        socket.connect(&address.into()).unwrap();
        let mut stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(&[&[3][..], &[1; 3072]].concat()).unwrap();
        stream.read_exact(&mut [0; 3073]).unwrap();
        let mut viewer = Self { stream, puppet: Puppet::new(), messages: VecDeque::new() };
        let app = Object::new().with("app", "live").with("tcUrl", "rtmp://h/live");
        viewer.command(0, "connect", &[app.into()]);
        viewer.command(0, "createStream", &[Value::Null]);
        viewer
    }

    pub(super) fn command(&mut self, stream_id: u32, name: &str, rest: &[Value]) {
        let bytes = self.puppet.command(stream_id, name, 1.0, rest);
        self.stream.write_all(&bytes).unwrap();
    }

    pub(super) fn message(&mut self, kind: u8, body: &[u8]) -> Vec<u8> {
        self.puppet.message(kind, 1, 0, body)
    }

    /// Plays, or gives the code of the refusal.
    pub(super) fn play(address: SocketAddr, name: &str) -> Result<Self, String> {
        let mut viewer = Self::open(address, None);
        viewer.command(1, "play", &[Value::Null, name.into(), (-2000.0).into()]);
        loop {
            match viewer.code().as_str() {
                "NetStream.Play.Start" => return Ok(viewer),
                code if code.contains("Failed") => return Err(code.to_owned()),
                _ => {}
            }
        }
    }

    /// The next message; `None` at the end.
    pub(super) fn next(&mut self) -> Option<RawMessage> {
        let mut buffer = vec![0; 1 << 16];
        while self.messages.is_empty() {
            match self.stream.read(&mut buffer).unwrap() {
                0 => return None,
                count => self.messages.extend(self.puppet.read(&buffer[..count])),
            }
        }
        self.messages.pop_front()
    }

    /// The code of the next status.
    fn code(&mut self) -> String {
        loop {
            let message = self.next().expect("the connection ended");
            if message.kind == kind::COMMAND {
                let values = crate::amf::read_all(&message.body).unwrap();
                let code = values.iter().find_map(|value| value.get("code")?.as_str());
                if let Some(code) = code {
                    return code.to_owned();
                }
            }
        }
    }

    /// What it is shown, up to the end of the stream.
    pub(super) fn watch(&mut self) -> Vec<FlvTag> {
        let mut tags = Vec::new();
        loop {
            let message = self.next().expect("the connection ended before the stream");
            let kind = match message.kind {
                kind::VIDEO => TagKind::Video,
                kind::AUDIO => TagKind::Audio,
                kind::DATA if names(std::slice::from_ref(&message)) == ["18"] && message.body.len() > 40 => {
                    TagKind::Script
                }
                kind::USER_CONTROL if message.body[..2] == [0, 1] => return tags,
                _ => continue,
            };
            tags.push(FlvTag { kind, timestamp_ms: message.timestamp_ms, body: message.body });
        }
    }
}

pub(super) fn play_ended(events: &Events) -> (u64, u64, EndReason) {
    wait_for(events, |event| match event {
        IngestEvent::PlayEnded { frames, dropped, reason, .. } => Some((*frames, *dropped, reason.clone())),
        _ => None,
    })
}

/// Waits until the server has so many pictures of its only stream.
fn wait_for_frames(server: &IngestServer, events: &Events, frames: u64) {
    wait_for(events, |_| server.stats().streams.first().filter(|stream| stream.frames >= frames).map(|_| ()));
}

pub(super) fn count_of(server: &IngestServer, wanted: RefusalKind) -> u64 {
    server.stats().refusals.iter().find(|(kind, _)| *kind == wanted).map_or(0, |(_, count)| *count)
}

#[test]
fn players_early_and_late_get_the_show_byte_for_byte() {
    let (server, events) = start(|_| {});
    let address = server.local_addr();
    let mut early = Viewer::play(address, "cam").unwrap();
    assert_eq!(server.stats().waiting_players, 1);
    let mut publisher = Publisher::publish(address, "cam?x=y").unwrap();
    let tags = publisher.show(60);
    wait_for_frames(&server, &events, 60);
    let mut late: Vec<_> = (0..3).map(|_| Viewer::play(address, "cam").unwrap()).collect();
    wait_for(&events, |_| (server.stats().streams[0].players.len() == 4).then_some(()));
    assert_eq!(server.stats().waiting_players, 0);
    publisher.close();
    for viewer in std::iter::once(&mut early).chain(&mut late) {
        assert_same(&viewer.watch(), &tags);
    }
    assert_eq!(ended(&events), (60, 60, EndReason::Unpublished));
    drop((early, late));
    assert_eq!(play_ended(&events), (60, 0, EndReason::Left));
    server.stop();
}

#[test]
fn who_stays_sees_the_next_show_and_a_stop_is_told() {
    let (server, events) = start(|_| {});
    let address = server.local_addr();
    let mut viewer = Viewer::play(address, "cam").unwrap();
    for pictures in [3, 5] {
        let mut publisher = Publisher::publish(address, "cam").unwrap();
        let tags = publisher.show(pictures);
        publisher.close();
        assert_same(&viewer.watch(), &tags);
    }
    server.stop();
    assert_eq!(play_ended(&events), (8, 0, EndReason::ServerStopped));
    while viewer.next().is_some() {}
}

#[test]
fn a_pause_keeps_quiet_and_what_comes_after_is_whole() {
    let (server, events) = start(|_| {});
    let address = server.local_addr();
    let mut publisher = Publisher::publish(address, "cam").unwrap();
    publisher.show(10);
    wait_for_frames(&server, &events, 10);
    let mut viewer = Viewer::play(address, "cam").unwrap();
    viewer.command(1, "pause", &[Value::Null, true.into(), 0.0.into()]);
    while viewer.code() != "NetStream.Pause.Notify" {}
    viewer.command(1, "pause", &[Value::Null, false.into(), 0.0.into()]);
    while viewer.code() != "NetStream.Unpause.Notify" {}
    // The publisher begins anew: other headers, another keyframe.
    let tags = publisher.show(6);
    publisher.close();
    assert_same(&viewer.watch(), &tags);
    server.stop();
}

#[test]
fn the_key_to_play_is_asked_for_and_is_not_the_one_to_publish() {
    let (server, events) = start(|config| {
        config.publish_key = PublishKey::new("for-publishers");
        config.play_key = PublishKey::new("for-players");
    });
    for wrong in ["cam", "cam?key=for-publishers", "for-publishers"] {
        assert_eq!(Viewer::play(server.local_addr(), wrong).err().as_deref(), Some("NetStream.Play.Failed"), "{wrong}");
    }
    assert!(refused(&events).contains("key to play"));
    assert_eq!(count_of(&server, RefusalKind::PlayKey), 3);
    let viewer = Viewer::play(server.local_addr(), "cam?key=for-players").unwrap();
    assert!(Publisher::publish(server.local_addr(), "cam?key=for-players").is_err());
    drop(viewer);
    assert_eq!(play_ended(&events).2, EndReason::Left);
    server.stop();
    assert!(!format!("{:?}", events.lock().unwrap()).contains("for-players"));
}

#[test]
fn who_plays_by_the_key_to_publish_finds_the_stream_and_tells_nobody_the_key() {
    for play_key in [None, Some("for-players")] {
        let (server, events) = start(|config| {
            config.publish_key = PublishKey::new("s3cret-key");
            config.play_key = play_key.and_then(PublishKey::new);
        });
        let address = server.local_addr();
        // The whole name is the key, as services teach it; the same address is given to a player.
        let mut publisher = Publisher::publish(address, "s3cret-key").unwrap();
        let query = play_key.map_or_else(String::new, |key| format!("?key={key}"));
        let mut viewer = Viewer::play(address, &format!("s3cret-key{query}")).unwrap();
        let tags = publisher.show(5);
        publisher.close();
        assert_same(&viewer.watch(), &tags);
        let waiting = Viewer::play(address, &format!("s3cret%2Dkey{query}")).unwrap();
        drop((viewer, waiting));
        assert_eq!(play_ended(&events).0, 5);
        server.stop();
        let told = format!("{:?}", events.lock().unwrap());
        assert!(!told.contains("s3cret"), "{told}");
    }
}

/// What a server for other computers is made of, with this key to play.
fn shared(play_key: Option<&str>) -> (Arc<Shared>, Events) {
    let mut config = IngestConfig::new("0.0.0.0:0".parse().unwrap());
    config.play_key = play_key.and_then(PublishKey::new);
    let events = Events::default();
    let told = Arc::clone(&events);
    let tell = move |event| told.lock().unwrap().push(event);
    (Arc::new(Shared::new(config, Clock::system(), Arc::new(tell), None)), events)
}

/// What a browser on another computer is answered.
fn get_from_afar(shared: &Arc<Shared>, target: &str) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let head = format!("GET {target} HTTP/1.1\r\nHost: 192.0.2.1:8080");
    let asking = std::thread::Builder::new().spawn(move || get(address, &head)).unwrap();
    let (stream, _) = listener.accept().unwrap();
    stream.set_nonblocking(true).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::from_std(stream).unwrap();
        serve_http(stream, "192.0.2.7:4000".parse().unwrap(), Arc::clone(shared), stopped).await;
    });
    asking.join().unwrap()
}

#[test]
fn a_browser_elsewhere_gets_the_page_with_all_that_it_loads() {
    let (shared, events) = shared(Some("for-players"));
    let page = get_from_afar(&shared, "/watch/live/cam?key=for-players");
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    // A browser asks for them without the query of the page.
    let loaded: Vec<_> = ["src=\"/", "href=\"/"]
        .iter()
        .flat_map(|attribute| page.split(attribute).skip(1))
        .map(|rest| format!("/{}", rest.split('"').next().unwrap()))
        .collect();
    assert_eq!(loaded.len(), 2, "{page}");
    for target in &loaded {
        let answer = get_from_afar(&shared, target);
        assert!(answer.starts_with("HTTP/1.1 200"), "{target}: {answer}");
    }
    assert!(events.lock().unwrap().is_empty());
    for target in ["/watch/live/cam", "/", "/status", "/hls/live/cam/index.m3u8", "/player.js/"] {
        assert!(get_from_afar(&shared, target).starts_with("HTTP/1.1 403"), "{target}");
    }
}

#[test]
fn a_connection_that_rests_after_an_answer_is_no_refusal() {
    let (server, events) = start(|config| {
        config.http = Some("127.0.0.1:0".parse().unwrap());
        config.deadlines.handshake = Duration::from_millis(100);
    });
    let mut stream = TcpStream::connect(server.http_addr().unwrap()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    // The server closes it.
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // One that never asked for anything is one.
    let mut silent = TcpStream::connect(server.http_addr().unwrap()).unwrap();
    silent.set_read_timeout(Some(PATIENCE)).unwrap();
    silent.read_to_string(&mut answer).unwrap();
    wait_for(&events, |_| (count_of(&server, RefusalKind::Http) > 0).then_some(()));
    assert_eq!(count_of(&server, RefusalKind::Http), 1);
    server.stop();
}

#[test]
fn from_other_computers_nobody_plays_without_a_key() {
    for (key, raw, plays) in
        [(None, "cam", false), (Some("token"), "cam", false), (Some("token"), "cam?key=token", true)]
    {
        let (shared, events) = shared(key);
        let mut conversation = Conversation::new("192.0.2.7:4000".parse().unwrap(), shared).unwrap();
        conversation.input(&[&[3][..], &[1; 3072]].concat());
        let mut puppet = Puppet::new();
        let app = Object::new().with("app", "live");
        for bytes in [
            puppet.command(0, "connect", 1.0, &[app.into()]),
            puppet.command(0, "createStream", 2.0, &[Value::Null]),
            puppet.command(1, "play", 3.0, &[Value::Null, raw.into()]),
        ] {
            conversation.input(&bytes);
        }
        assert_eq!(conversation.plays(), plays, "{key:?} {raw}");
        if !plays {
            assert!(refused(&events).contains("key"));
        }
    }
}

#[test]
fn a_player_that_never_reads_is_cut_off_and_one_that_is_slow_is_not_waited_for() {
    let (server, events) = start(|config| {
        config.limits.player_queue = Duration::from_millis(500);
        config.limits.player_stall = Duration::from_millis(300);
    });
    let address = server.local_addr();
    let mut good = Viewer::play(address, "cam").unwrap();
    let mut deaf = Viewer::open(address, Some(4096));
    deaf.command(1, "play", &[Value::Null, "cam".into()]);
    wait_for(&events, |_| (server.stats().waiting_players == 2).then_some(()));
    let watching = std::thread::Builder::new().spawn(move || good.watch()).unwrap();
    let mut publisher = Publisher::publish(address, "cam").unwrap();
    let mut tags = publisher.headers();
    for index in 0..400 {
        tags.extend(publisher.pictures(index..index + 1));
        // The good one keeps up.
        let sent = |stats: &IngestStats| stats.streams.first()?.players.first().map(|player| player.frames);
        wait_for(&events, |_| (sent(&server.stats()) > Some(u64::from(index))).then_some(()));
    }
    let (frames, _, reason) = play_ended(&events);
    assert_eq!(reason, EndReason::NotReading);
    assert!(frames < 400, "{frames}");
    assert_eq!(count_of(&server, RefusalKind::NotReading), 1);
    publisher.close();
    assert_eq!(ended(&events), (400, 400, EndReason::Unpublished));
    assert_same(&watching.join().unwrap(), &tags);
    drop(deaf);
    server.stop();
}

fn get(address: SocketAddr, head: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "{head}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_status_says_what_goes_on_and_what_was_refused() {
    let (server, events) = start(|config| config.http = Some("127.0.0.1:0".parse().unwrap()));
    let (address, http) = (server.local_addr(), server.http_addr().unwrap());
    let mut publisher = Publisher::publish(address, "<b>cam</b>").unwrap();
    let viewer = Viewer::play(address, "<b>cam</b>").unwrap();
    publisher.show(20);
    wait_for_frames(&server, &events, 20);
    assert!(Publisher::publish(address, "<b>cam</b>").is_err());
    let answer = get(http, "GET /status HTTP/1.1\r\nHost: localhost");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("application/json"), "{head}");
    let status: serde_json::Value = serde_json::from_str(body).unwrap();
    let stream = &status["streams"][0];
    assert_eq!(
        (&stream["app"], &stream["name"], &stream["frames"]),
        (&"live".into(), &"<b>cam</b>".into(), &20.into())
    );
    assert_eq!((&stream["video_codec"], &stream["audio_codec"]), (&"H.264".into(), &"AAC".into()));
    assert!((stream["fps"].as_f64().unwrap() - 30.3).abs() < 0.1, "{stream}");
    assert_eq!(stream["av_offset_ms"].as_f64().map(|offset| offset.abs() <= 33.0), Some(true));
    assert_eq!(stream["players"].as_array().map(Vec::len), Some(1));
    assert_eq!(status["refusals"]["name_taken"], 1);
    for head in
        ["GET / HTTP/1.1\r\nHost: 127.0.0.1", "GET /status HTTP/1.1\r\nHost: localhost\r\nAccept: text/html,*/*"]
    {
        let page = get(http, head);
        assert!(page.contains("text/html") && page.contains("live/&lt;b&gt;cam&lt;/b&gt;"), "{page}");
        assert!(page.contains("the name is published by somebody else") && !page.contains("<b>cam"), "{page}");
    }
    for (head, code) in [
        ("GET /secret HTTP/1.1\r\nHost: localhost", "404"),
        ("POST /status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0", "405"),
        ("GET /status HTTP/1.1\r\nHost: evil.example", "403"),
        ("not http at all", "400"),
    ] {
        let answer = get(http, head);
        assert!(answer.starts_with(&format!("HTTP/1.1 {code}")), "{head}: {answer}");
        assert_eq!(answer.contains("ask for localhost"), code == "403", "{head}: {answer}");
    }
    wait_for(&events, |_| (count_of(&server, RefusalKind::Http) == 2).then_some(()));
    drop(viewer);
    server.stop();
}

#[test]
fn the_status_is_not_shown_to_the_world() {
    let mut config = IngestConfig::new("127.0.0.1:0".parse().unwrap());
    config.http = Some("0.0.0.0:0".parse().unwrap());
    let error = IngestServer::start(config, Clock::system(), |_| {}).unwrap_err();
    assert!(matches!(error, IngestError::PlayKeyNeeded(_)), "{error}");
    assert!(error.to_string().contains("--play-key-file"));
}
