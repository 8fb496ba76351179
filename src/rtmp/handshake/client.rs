//! The client's end.
#![deny(clippy::indexing_slicing)]

use bytes::{BufMut, Bytes, BytesMut};

use super::digest::{self, Role, Schema};
use super::{HandshakeError, PACKET_BYTES};

/// The player version in a C1 with digest: not zero, which would announce the simple handshake.
const PLAYER_VERSION: [u8; 4] = [9, 0, 124, 2];

/// What the bytes so far led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientProgress {
    /// More bytes are needed.
    Wait,
    /// S1 is complete: send this C2, and more right behind it.
    Send(Bytes),
    /// S2 is complete too: chunks follow.
    Done {
        /// Whether S1 carried a digest.
        digest: bool,
    },
}

/// The client's handshake. Tolerates every S2.
#[derive(Clone)]
pub struct ClientHandshake {
    with_digest: bool,
    random: Box<[u8; 1528]>,
    buffer: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    First,
    S1,
    S2 { digest: bool },
    Done,
}

impl std::fmt::Debug for ClientHandshake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientHandshake").field("state", &self.state).finish_non_exhaustive()
    }
}

impl ClientHandshake {
    /// A handshake whose C1 carries a digest or not.
    pub fn new(with_digest: bool, random: Box<[u8; 1528]>) -> Self {
        Self { with_digest, random, buffer: Vec::with_capacity(PACKET_BYTES), state: State::First }
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
    pub fn read(&mut self, elapsed_ms: u32, input: &mut &[u8]) -> Result<ClientProgress, HandshakeError> {
        if self.state == State::First {
            let Some((&first, rest)) = input.split_first() else { return Ok(ClientProgress::Wait) };
            if first != 3 {
                return Err(HandshakeError::from_first_byte(first));
            }
            *input = rest;
            self.state = State::S1;
        }
        let (now, later) = input.split_at(input.len().min(PACKET_BYTES - self.buffer.len()));
        self.buffer.extend_from_slice(now);
        *input = later;
        let Ok(packet) = <[u8; PACKET_BYTES]>::try_from(self.buffer.as_slice()) else {
            return Ok(ClientProgress::Wait);
        };
        self.buffer.clear();
        match self.state {
            State::First | State::S1 => {
                let (digest, c2) = self.reply(elapsed_ms, &packet);
                self.state = State::S2 { digest };
                Ok(ClientProgress::Send(Bytes::copy_from_slice(&c2)))
            }
            State::S2 { digest } => {
                self.state = State::Done;
                Ok(ClientProgress::Done { digest })
            }
            State::Done => Ok(ClientProgress::Wait),
        }
    }

    /// C2, and whether it answers a digest. A server that has none gets the echo of the simple handshake, which is
    /// also what it expects when it ignored the digest in our C1.
    fn reply(&self, elapsed_ms: u32, s1: &[u8; PACKET_BYTES]) -> (bool, [u8; PACKET_BYTES]) {
        let server = if self.with_digest { digest::find(s1, Role::Server) } else { None };
        let mut c2 = *s1;
        if let Some((_, server_digest)) = server {
            for (place, random) in c2.iter_mut().zip(self.random.iter().rev()) {
                *place = *random;
            }
            digest::sign_reply(&mut c2, &server_digest, Role::Client);
        } else {
            let time2 = elapsed_ms.to_be_bytes();
            for (place, byte) in c2.iter_mut().skip(4).zip(time2) {
                *place = byte;
            }
        }
        (server.is_some(), c2)
    }
}
