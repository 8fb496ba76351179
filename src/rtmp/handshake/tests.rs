//! Both ends against each other, at any split, and each peer that is none.

use super::digest::{Role, find, reply_signature};
use super::*;

fn random(seed: u8) -> Box<[u8; 1528]> {
    Box::new(std::array::from_fn(|i| (i as u8).wrapping_mul(17).wrapping_add(seed)))
}

fn packet(bytes: &[u8]) -> [u8; PACKET_BYTES] {
    bytes.try_into().unwrap()
}

/// Plays a whole handshake with the bytes cut into pieces; returns C0 to C2, S0 to S2 and what both ends say of digests.
fn play(with_digest: bool, piece: usize) -> (Vec<u8>, Vec<u8>, bool, bool) {
    let mut client = ClientHandshake::new(with_digest, random(1));
    let mut server = ServerHandshake::new(random(2));
    let mut from_client = client.start().to_vec();
    let mut from_server = Vec::new();
    let (mut client_done, mut server_done) = (None, None);
    for mut input in from_client.clone().chunks(piece) {
        if let HandshakeProgress::Send(bytes) = server.read(5, &mut input).unwrap() {
            from_server.extend_from_slice(&bytes);
        }
        assert!(input.is_empty());
    }
    for mut input in from_server.chunks(piece) {
        while !input.is_empty() {
            match client.read(9, &mut input).unwrap() {
                HandshakeProgress::Send(bytes) => from_client.extend_from_slice(&bytes),
                HandshakeProgress::Done { digest } => client_done = Some(digest),
                HandshakeProgress::Wait => {}
            }
        }
    }
    for mut input in from_client[1 + PACKET_BYTES..].chunks(piece) {
        if let HandshakeProgress::Done { digest } = server.read(9, &mut input).unwrap() {
            server_done = Some(digest);
        }
    }
    (from_client, from_server, client_done.unwrap(), server_done.unwrap())
}

#[test]
fn both_kinds_succeed_and_the_split_makes_no_difference() {
    for with_digest in [true, false] {
        let whole = play(with_digest, usize::MAX);
        assert_eq!((whole.2, whole.3), (with_digest, with_digest));
        assert_eq!((whole.0.len(), whole.1.len()), (1 + 2 * PACKET_BYTES, 1 + 2 * PACKET_BYTES));
        for piece in [1, 7, 1535, 1536, 1537, 2000] {
            assert_eq!(play(with_digest, piece), whole, "pieces of {piece}");
        }
    }
}

#[test]
fn a_strict_peer_finds_every_signature_in_place() {
    let (client, server, ..) = play(true, usize::MAX);
    let (c1, c2) = (packet(&client[1..1537]), packet(&client[1537..]));
    let (s1, s2) = (packet(&server[1..1537]), packet(&server[1537..]));
    let (client_schema, client_digest) = find(&c1, Role::Client).unwrap();
    let (server_schema, server_digest) = find(&s1, Role::Server).unwrap();
    assert_eq!(client_schema, server_schema);
    assert_eq!(c2[1504..], reply_signature(&c2, &server_digest, Role::Client));
    assert_eq!(s2[1504..], reply_signature(&s2, &client_digest, Role::Server));
    assert_ne!(c1[4..8], [0; 4]);
}

#[test]
fn the_simple_kind_echoes() {
    let (client, server, ..) = play(false, usize::MAX);
    let (c1, c2) = (&client[1..1537], &client[1537..]);
    let (s1, s2) = (&server[1..1537], &server[1537..]);
    assert_eq!(c1[4..8], [0; 4]);
    assert_eq!(s1[4..8], [0; 4]);
    assert_eq!((&c2[..4], &c2[8..]), (&s1[..4], &s1[8..]));
    assert_eq!((&s2[..4], &s2[8..]), (&c1[..4], &c1[8..]));
    assert_eq!(c2[4..8], 9u32.to_be_bytes());
}

#[test]
fn a_server_without_digests_gets_the_echo_it_expects() {
    let mut client = ClientHandshake::new(true, random(3));
    let s1: [u8; PACKET_BYTES] = std::array::from_fn(|i| (i % 251) as u8);
    let bytes = [&[3], &s1[..], &s1[..]].concat();
    let mut input = &bytes[..];
    let HandshakeProgress::Send(c2) = client.read(0, &mut input).unwrap() else { panic!() };
    assert_eq!((&c2[..4], &c2[8..]), (&s1[..4], &s1[8..]));
    assert_eq!(client.read(0, &mut input).unwrap(), HandshakeProgress::Done { digest: false });
}

#[test]
fn bytes_behind_the_handshake_are_left() {
    let (client, ..) = play(true, usize::MAX);
    let mut server = ServerHandshake::new(random(2));
    let mut bytes = client;
    bytes.extend_from_slice(b"connect");
    let mut input = &bytes[..];
    assert!(matches!(server.read(0, &mut input), Ok(HandshakeProgress::Send(_))));
    assert_eq!(server.read(0, &mut input), Ok(HandshakeProgress::Done { digest: true }));
    assert_eq!(input, b"connect");
}

#[test]
fn the_first_bytes_tell_who_speaks_however_they_are_cut() {
    let cases: [(&[u8], HandshakeError); 12] = [
        (b"\x16\x03\x01", HandshakeError::Tls),
        (b"\x15\x03\x03\0\x02", HandshakeError::Tls),
        (b"GET / HTTP/1.1", HandshakeError::Http),
        (b"POST", HandshakeError::Http),
        (b"HTTP/1.1 400 Bad Request", HandshakeError::Http),
        (b"HEAD / HTTP/1.1", HandshakeError::Http),
        (b"SSH-2.0-OpenSSH_9.2\r\n", HandshakeError::Text("SSH")),
        (b"RTSP/1.0 400 Bad Request", HandshakeError::Text("RTSP")),
        (b"220 mail.example ESMTP", HandshakeError::Text("another protocol, in words")),
        (b"HELO", HandshakeError::Text("another protocol, in words")),
        (b"\x06", HandshakeError::Encrypted(6)),
        (b"\x00", HandshakeError::UnknownVersion(0)),
    ];
    for (bytes, error) in cases {
        assert_eq!(ClientHandshake::new(true, random(0)).read(0, &mut &bytes[..]), Err(error));
        assert_eq!(ServerHandshake::new(random(0)).read(0, &mut &bytes[..]), Err(error));
        let mut client = ClientHandshake::new(true, random(0));
        let mut pieces = bytes.chunks(1).map(|mut piece| client.read(0, &mut piece));
        assert_eq!(pieces.find(|read| *read != Ok(HandshakeProgress::Wait)), Some(Err(error)));
    }
}

/// C0 and C1 as FFmpeg 5.1 sends them (digest in the first half, player version 9.0.124.2).
#[test]
fn the_digest_of_ffmpeg_is_found() {
    let c0_c1 = include_bytes!("testdata/ffmpeg-5.1-c0c1.bin");
    let mut server = ServerHandshake::new(random(2));
    let HandshakeProgress::Send(_) = server.read(0, &mut &c0_c1[..]).unwrap() else { panic!() };
    assert_eq!(server.read(0, &mut &[0; PACKET_BYTES][..]), Ok(HandshakeProgress::Done { digest: true }));
}
