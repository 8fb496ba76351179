//! The server's end.
#![deny(clippy::indexing_slicing)]

use bytes::{BufMut, Bytes, BytesMut};

use super::digest::{self, Role};
use super::exchange::{Exchange, HandshakeProgress, second_packet};
use super::{HandshakeError, PACKET_BYTES};

/// The server version in an S1 with digest, as players expect one.
const SERVER_VERSION: [u8; 4] = [4, 5, 0, 1];

/// The server's handshake: answers with digests whoever sent one, and tolerates every C2.
#[derive(Clone)]
pub struct ServerHandshake {
    random: Box<[u8; 1528]>,
    exchange: Exchange,
}

impl std::fmt::Debug for ServerHandshake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerHandshake").field("state", &self.exchange).finish_non_exhaustive()
    }
}

impl ServerHandshake {
    /// A handshake that waits for C0.
    pub fn new(random: Box<[u8; 1528]>) -> Self {
        Self { random, exchange: Exchange::new() }
    }

    /// Takes from `input` what belongs to the handshake, up to the next step. `elapsed_ms` counts from the accepted
    /// connection.
    pub fn read(&mut self, elapsed_ms: u32, input: &mut &[u8]) -> Result<HandshakeProgress, HandshakeError> {
        let random = &self.random;
        self.exchange.read(input, |c1| reply(random, elapsed_ms, c1))
    }
}

/// S0, S1 and S2, and whether C1 carries a digest.
fn reply(random: &[u8; 1528], elapsed_ms: u32, c1: &[u8; PACKET_BYTES]) -> (bool, Bytes) {
    let client = digest::find(c1, Role::Client);
    let mut s1 = [0; PACKET_BYTES];
    let (head, tail) = s1.split_at_mut(8);
    let (head_time, head_version) = head.split_at_mut(4);
    head_time.copy_from_slice(&elapsed_ms.to_be_bytes());
    tail.copy_from_slice(random);
    if let Some((schema, _)) = client {
        head_version.copy_from_slice(&SERVER_VERSION);
        digest::imprint(&mut s1, schema, Role::Server);
    }
    let client_digest = client.as_ref().map(|(_, digest)| digest);
    let s2 = second_packet(c1, client_digest, random, elapsed_ms, Role::Server);
    let mut out = BytesMut::with_capacity(1 + 2 * PACKET_BYTES);
    out.put_u8(3);
    out.put_slice(&s1);
    out.put_slice(&s2);
    (client.is_some(), out.freeze())
}
