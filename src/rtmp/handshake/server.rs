//! The server's end.
#![deny(clippy::indexing_slicing)]

use bytes::{BufMut, Bytes, BytesMut};

use super::digest::{self, Role};
use super::{HandshakeError, PACKET_BYTES};

/// The server version in an S1 with digest, as players expect one.
const SERVER_VERSION: [u8; 4] = [4, 5, 0, 1];

/// What the bytes so far led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerProgress {
    /// More bytes are needed.
    Wait,
    /// C1 is complete: send S0, S1 and S2.
    Send(Bytes),
    /// C2 is complete too: chunks follow.
    Done {
        /// Whether C1 carried a digest.
        digest: bool,
    },
}

/// The server's handshake: answers with digests whoever sent one, and tolerates every C2.
#[derive(Clone)]
pub struct ServerHandshake {
    random: Box<[u8; 1528]>,
    buffer: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    First,
    C1,
    C2 { digest: bool },
    Done,
}

impl std::fmt::Debug for ServerHandshake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerHandshake").field("state", &self.state).finish_non_exhaustive()
    }
}

impl ServerHandshake {
    /// A handshake that waits for C0.
    pub fn new(random: Box<[u8; 1528]>) -> Self {
        Self { random, buffer: Vec::with_capacity(PACKET_BYTES), state: State::First }
    }

    /// Takes from `input` what belongs to the handshake, up to the next step. `elapsed_ms` counts from the accepted
    /// connection. Nothing is decided before all of C1 is in: a digest cannot be told from a part of it.
    pub fn read(&mut self, elapsed_ms: u32, input: &mut &[u8]) -> Result<ServerProgress, HandshakeError> {
        if self.state == State::First {
            let Some((&first, rest)) = input.split_first() else { return Ok(ServerProgress::Wait) };
            if first != 3 {
                return Err(HandshakeError::from_first_byte(first));
            }
            *input = rest;
            self.state = State::C1;
        }
        let (now, later) = input.split_at(input.len().min(PACKET_BYTES - self.buffer.len()));
        self.buffer.extend_from_slice(now);
        *input = later;
        let Ok(packet) = <[u8; PACKET_BYTES]>::try_from(self.buffer.as_slice()) else {
            return Ok(ServerProgress::Wait);
        };
        self.buffer.clear();
        match self.state {
            State::First | State::C1 => {
                let (digest, reply) = self.reply(elapsed_ms, &packet);
                self.state = State::C2 { digest };
                Ok(ServerProgress::Send(reply))
            }
            State::C2 { digest } => {
                self.state = State::Done;
                Ok(ServerProgress::Done { digest })
            }
            State::Done => Ok(ServerProgress::Wait),
        }
    }

    fn reply(&self, elapsed_ms: u32, c1: &[u8; PACKET_BYTES]) -> (bool, Bytes) {
        let client = digest::find(c1, Role::Client);
        let time = elapsed_ms.to_be_bytes();
        let mut s1 = [0; PACKET_BYTES];
        let mut s2 = *c1;
        let (head, tail) = s1.split_at_mut(8);
        let (head_time, head_version) = head.split_at_mut(4);
        head_time.copy_from_slice(&time);
        tail.copy_from_slice(&self.random[..]);
        if let Some((schema, client_digest)) = client {
            head_version.copy_from_slice(&SERVER_VERSION);
            digest::imprint(&mut s1, schema, Role::Server);
            for (place, random) in s2.iter_mut().zip(self.random.iter().rev()) {
                *place = *random;
            }
            digest::sign_reply(&mut s2, &client_digest, Role::Server);
        } else {
            for (place, byte) in s2.iter_mut().skip(4).zip(time) {
                *place = byte;
            }
        }
        let mut out = BytesMut::with_capacity(1 + 2 * PACKET_BYTES);
        out.put_u8(3);
        out.put_slice(&s1);
        out.put_slice(&s2);
        (client.is_some(), out.freeze())
    }
}
