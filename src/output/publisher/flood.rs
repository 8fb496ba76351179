//! A server that asks without end and does not listen to the answers.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use bytes::Bytes;

use super::{Joins, PublishTarget, Publisher, PublisherConfig, StreamHeaders};
use crate::clock::Clock;
use crate::flow::PacketQueue;
use crate::output::{Fanout, Network, STAY_CURRENT};
use crate::rtmp::client::Deadlines;
use crate::rtmp::message::kind;
use crate::rtmp::puppet::Puppet;

/// Whole chunks, each a ping request.
const PING: [u8; 18] = [2, 0, 0, 0, 0, 0, 6, kind::USER_CONTROL, 0, 0, 0, 0, 0, 6, 1, 2, 3, 4];
/// More than the systems' buffers and ours hold together.
const FLOOD_BYTES: usize = 32 << 20;
/// Nothing moves for so long: nothing will.
const STANDS_STILL: Duration = Duration::from_millis(300);
/// A busy computer may take so long for the next answers.
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);

fn publisher(network: &Network, port: u16) -> Publisher {
    let url = format!("rtmp://127.0.0.1:{port}/live");
    let config = PublisherConfig {
        target: PublishTarget::new(&url, Some("key"), None, None).unwrap(),
        backup: None,
        headers: StreamHeaders { metadata: Bytes::new(), video: None, audio: None },
        encoder_name: "test".to_owned(),
        sent_hook: None,
        late_max: None,
        retry_for: Duration::ZERO,
        joins: Joins::No,
        deadlines: Deadlines { connect: Duration::from_secs(60), ..Deadlines::default() },
        stops_before_publish: false,
    };
    let output = Fanout::new().add(PacketQueue::new(STAY_CURRENT));
    Publisher::start(network, config, output, Clock::system(), |_event| {})
}

/// Shakes hands without a digest.
fn welcome(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().unwrap();
    let mut greeting = [0; 1 + 1536];
    stream.read_exact(&mut greeting).unwrap();
    stream.write_all(&[&[3], &[0; 1536][..], &greeting[1..]].concat()).unwrap();
    stream.read_exact(&mut [0; 1536]).unwrap();
    stream
}

/// Sends pings until the other side takes no more; how many bytes of them it took.
fn flood(stream: &mut TcpStream) -> usize {
    stream.set_write_timeout(Some(STANDS_STILL)).unwrap();
    let pings = PING.repeat(1000);
    let mut sent = 0;
    while sent < FLOOD_BYTES {
        match stream.write(&pings[sent % PING.len()..]) {
            Ok(written) => sent += written,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
            Err(error) => panic!("{error}"),
        }
    }
    sent
}

#[test]
fn a_server_that_reads_no_answers_is_read_no_further_until_it_does() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // Taken over by the connection, these keep the systems from holding the whole flood.
    socket2::SockRef::from(&listener).set_recv_buffer_size(64 << 10).unwrap();
    socket2::SockRef::from(&listener).set_send_buffer_size(64 << 10).unwrap();
    let network = Network::start().unwrap();
    let _publisher = publisher(&network, listener.local_addr().unwrap().port());
    let mut stream = welcome(&listener);
    let sent = flood(&mut stream);
    assert!(sent < FLOOD_BYTES, "it takes all of {sent} bytes, and keeps the answers");

    // Now it listens, and gets an answer to each.
    stream.set_read_timeout(Some(ANSWERS_WITHIN)).unwrap();
    let (mut puppet, mut bytes, mut answers) = (Puppet::new(), vec![0; 64 << 10], 0);
    while answers < sent / PING.len() {
        let read = stream.read(&mut bytes).unwrap_or_else(|error| panic!("{answers} answers, then {error}"));
        answers += puppet.read(&bytes[..read]).iter().filter(|message| message.kind == kind::USER_CONTROL).count();
    }
}
