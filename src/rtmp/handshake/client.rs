//! The client's end.
#![deny(clippy::indexing_slicing)]

use bytes::{BufMut, Bytes, BytesMut};

use super::digest::{self, Role, Schema};
use super::exchange::{Exchange, HandshakeProgress, second_packet};
use super::{HandshakeError, PACKET_BYTES};

/// The player version in a C1 with digest: not zero, which would announce the simple handshake.
const PLAYER_VERSION: [u8; 4] = [9, 0, 124, 2];

/// The client's handshake. Tolerates every S2.
#[derive(Clone)]
pub struct ClientHandshake {
    with_digest: bool,
    random: Box<[u8; 1528]>,
    exchange: Exchange,
}

impl std::fmt::Debug for ClientHandshake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientHandshake").field("state", &self.exchange).finish_non_exhaustive()
    }
}

impl ClientHandshake {
    /// A handshake whose C1 carries a digest or not.
    pub fn new(with_digest: bool, random: Box<[u8; 1528]>) -> Self {
        Self { with_digest, random, exchange: Exchange::new() }
    }

    /// C0 and C1: sent at once.
    pub fn start(&self) -> Bytes {
        let mut c1 = [0; PACKET_BYTES];
        let (head, tail) = c1.split_at_mut(8);
        tail.copy_from_slice(&self.random[..]);
        if self.with_digest {
            head.copy_from_slice(&[
                0,
                0,
                0,
                0,
                PLAYER_VERSION[0],
                PLAYER_VERSION[1],
                PLAYER_VERSION[2],
                PLAYER_VERSION[3],
            ]);
            digest::imprint(&mut c1, Schema::DigestFirst, Role::Client);
        }
        let mut out = BytesMut::with_capacity(1 + PACKET_BYTES);
        out.put_u8(3);
        out.put_slice(&c1);
        out.freeze()
    }

    /// Takes from `input` what belongs to the handshake, up to the next step. `elapsed_ms` counts from `start`.
    pub fn read(&mut self, elapsed_ms: u32, input: &mut &[u8]) -> Result<HandshakeProgress, HandshakeError> {
        let (with_digest, random) = (self.with_digest, &self.random);
        self.exchange.read(input, |s1| {
            // A server that has no digest gets the echo of the simple handshake, which is also what it expects when
            // it ignored the digest in our C1.
            let server = if with_digest { digest::find(s1, Role::Server) } else { None };
            let server_digest = server.as_ref().map(|(_, digest)| digest);
            let c2 = second_packet(s1, server_digest, random, elapsed_ms, Role::Client);
            (server.is_some(), Bytes::copy_from_slice(&c2))
        })
    }
}
