//! Hostile clients, each beside a show that goes on: it is closed, the reason is counted, and nobody else notices.

use super::play::{Viewer, count_of};
use super::*;
use crate::amf::Value;
use crate::rtmp::message::kind;

/// A show with a player, and what an attacker may do meanwhile.
struct Besieged {
    server: IngestServer,
    events: Events,
    publisher: Publisher,
    viewer: Viewer,
    tags: Vec<FlvTag>,
}

impl Besieged {
    fn begin(change: impl FnOnce(&mut IngestConfig)) -> Self {
        let (server, events) = start(change);
        let mut publisher = Publisher::publish(server.local_addr(), "show").unwrap();
        let viewer = Viewer::play(server.local_addr(), "show").unwrap();
        let tags = publisher.show(20);
        Self { server, events, publisher, viewer, tags }
    }

    fn address(&self) -> SocketAddr {
        self.server.local_addr()
    }

    /// The reason was counted so often, and the show is whole at both ends.
    fn end(mut self, kind: RefusalKind, count: u64) {
        wait_for(&self.events, |_| (count_of(&self.server, kind) >= count).then_some(()));
        assert_eq!(count_of(&self.server, kind), count, "{:?}", self.server.stats().refusals);
        self.tags.extend(self.publisher.show(20));
        self.publisher.close();
        assert_same(&self.viewer.watch(), &self.tags);
        assert_eq!(frames_of(&self.events, "show"), 40);
        drop(self.viewer);
        self.server.stop();
    }
}

/// Reads until the server closes.
fn expect_close(stream: &mut TcpStream) {
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return,
            Err(error) => panic!("the server did not close: {error}"),
        }
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn shaken(address: SocketAddr) -> TcpStream {
    let mut stream = connect(address);
    stream.write_all(&[&[3][..], &[1; 3072]].concat()).unwrap();
    stream.read_exact(&mut [0; 3073]).unwrap();
    stream
}

#[test]
fn garbage() {
    let besieged = Besieged::begin(|_| {});
    let mut before = connect(besieged.address());
    before.write_all(&[0xA5; 5000]).unwrap();
    expect_close(&mut before);
    // And behind a good handshake: a chunk that continues what never began.
    let mut behind = shaken(besieged.address());
    behind.write_all(&[0xFF; 5000]).unwrap();
    expect_close(&mut behind);
    assert_eq!(count_of(&besieged.server, RefusalKind::Protocol), 1);
    besieged.end(RefusalKind::NotRtmp, 1);
}

#[test]
fn half_a_handshake_and_silence() {
    let besieged = Besieged::begin(|config| config.deadlines.handshake = Duration::from_millis(200));
    let mut half = connect(besieged.address());
    half.write_all(&[3; 700]).unwrap();
    let mut silent = connect(besieged.address());
    // Drop by drop: each byte is in time, all of them are not.
    let mut slow = connect(besieged.address());
    let clock = Clock::system();
    while slow.write_all(&[3]).is_ok() && count_of(&besieged.server, RefusalKind::TooSlow) < 3 {
        clock.sleep_until(clock.now() + Duration::from_millis(10), PATIENCE);
    }
    for stream in [&mut half, &mut silent, &mut slow] {
        expect_close(stream);
    }
    besieged.end(RefusalKind::TooSlow, 3);
}

#[test]
fn a_connect_and_nothing_more() {
    let besieged = Besieged::begin(|config| config.deadlines.publish = Duration::from_millis(200));
    let mut viewer = Viewer::open(besieged.address(), None);
    while viewer.next().is_some() {}
    besieged.end(RefusalKind::TooSlow, 1);
}

#[test]
fn a_message_without_end() {
    let besieged = Besieged::begin(|_| {});
    let mut stream = shaken(besieged.address());
    // A video message of 16 MiB, as its header says.
    stream.write_all(&[4, 0, 0, 0, 0xFF, 0xFF, 0xFF, 9, 1, 0, 0, 0]).unwrap();
    expect_close(&mut stream);
    besieged.end(RefusalKind::Limit, 1);
}

#[test]
fn thousands_of_chunk_streams() {
    let besieged = Besieged::begin(|_| {});
    let mut stream = shaken(besieged.address());
    // Chunks of one byte.
    let mut bytes = vec![2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 1];
    for id in 0..65_000u16 {
        let [low, high] = id.to_le_bytes();
        // Each begins a message of a thousand bytes and gives one of them.
        bytes.extend_from_slice(&[1, low, high, 0, 0, 0, 0, 0x03, 0xE8, 9, 1, 0, 0, 0, 0x17]);
    }
    // The server hangs up long before the end.
    let _ = stream.write_all(&bytes);
    expect_close(&mut stream);
    besieged.end(RefusalKind::Limit, 1);
}

#[test]
fn objects_within_objects_without_end() {
    let besieged = Besieged::begin(|_| {});
    let mut viewer = Viewer::open(besieged.address(), None);
    let deep = [&b"\x02\0\x07publish\0\0\0\0\0\0\0\0\0"[..], &b"\x03\0\x01a".repeat(50_000)].concat();
    let bytes = viewer.message(kind::COMMAND, &deep);
    viewer.stream.write_all(&bytes).unwrap();
    expect_close(&mut viewer.stream);
    besieged.end(RefusalKind::Protocol, 1);
}

#[test]
fn pings_without_end() {
    let besieged = Besieged::begin(|_| {});
    let mut viewer = Viewer::open(besieged.address(), None);
    let pings: Vec<u8> = (0..500).flat_map(|_| viewer.message(kind::USER_CONTROL, &[0, 6, 0, 0, 0, 1])).collect();
    let _ = viewer.stream.write_all(&pings);
    expect_close(&mut viewer.stream);
    besieged.end(RefusalKind::Limit, 1);
}

#[test]
fn answers_that_nobody_reads() {
    let besieged = Besieged::begin(|config| config.limits.unsent_bytes_max = 20_000);
    let mut viewer = Viewer::open(besieged.address(), Some(4096));
    // Each unknown call is answered.
    let calls: Vec<u8> =
        (0..2000).flat_map(|_| viewer.message(kind::COMMAND, b"\x02\0\x01x\0\x40\0\0\0\0\0\0\0")).collect();
    for _ in 0..20 {
        if viewer.stream.write_all(&calls).is_err() {
            break;
        }
    }
    besieged.end(RefusalKind::Limit, 1);
}

#[test]
fn a_thousand_connections_that_send_nothing() {
    let besieged = Besieged::begin(|config| {
        config.limits.connections_max = 60;
        // None of them may make room before all have come, however busy the machine is.
        config.deadlines.handshake = Duration::from_secs(600);
    });
    let silent: Vec<_> = (0..1000).filter_map(|_| TcpStream::connect(besieged.address()).ok()).collect();
    assert_eq!(silent.len(), 1000);
    // 58 get in beside publisher and player.
    besieged.end(RefusalKind::Connections, 942);
    drop(silent);
}

#[test]
fn names_that_climb_out_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("a/b/recordings");
    let besieged = Besieged::begin(|config| config.record = Some(inner.clone()));
    for name in ["../../evil", "/etc/evil", "..\\evil", "a/../../../evil", "evil\0.flv"] {
        let mut publisher = Publisher::publish(besieged.address(), name).unwrap();
        publisher.show(1);
        publisher.close();
    }
    let long = "../".repeat(200);
    assert!(Publisher::publish(besieged.address(), &long).is_err());
    let written = std::fs::read_dir(&inner).unwrap().count();
    besieged.end(RefusalKind::Name, 1);
    assert!(written >= 1);
    // Everything is in its folder, and nothing anywhere else.
    assert_eq!(std::fs::read_dir(&inner).unwrap().count(), 6);
    for above in [folder.path().to_owned(), folder.path().join("a"), folder.path().join("a/b")] {
        assert_eq!(std::fs::read_dir(above).unwrap().count(), 1);
    }
}

#[test]
fn a_second_publisher_on_a_live_name() {
    let besieged = Besieged::begin(|_| {});
    for _ in 0..5 {
        assert!(Publisher::publish(besieged.address(), "show").is_err());
    }
    besieged.end(RefusalKind::NameTaken, 5);
}

#[test]
fn more_streams_than_there_may_be() {
    let besieged = Besieged::begin(|config| config.limits.streams_max = 2);
    let mut second = Publisher::publish(besieged.address(), "second").unwrap();
    let Err(ClientError::Rejected { code, .. }) = Publisher::publish(besieged.address(), "third") else {
        panic!("the third was let in");
    };
    assert_eq!(code, "NetStream.Publish.Denied");
    second.show(1);
    second.close();
    assert_eq!(frames_of(&besieged.events, "second"), 1);
    Publisher::publish(besieged.address(), "third").unwrap().close();
    besieged.end(RefusalKind::Streams, 1);
}

#[test]
fn an_amf_null_for_a_name() {
    let besieged = Besieged::begin(|_| {});
    let mut viewer = Viewer::open(besieged.address(), None);
    viewer.command(1, "play", &[Value::Null, Value::Null]);
    expect_close(&mut viewer.stream);
    besieged.end(RefusalKind::Name, 1);
}
