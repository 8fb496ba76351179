//! What both ends do alike: read the version byte and two packets, and answer the first.
#![deny(clippy::indexing_slicing)]

use bytes::Bytes;

use super::digest::{self, Digest, Role};
use super::{HandshakeError, PACKET_BYTES};

/// What the bytes so far led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandshakeProgress {
    /// More bytes are needed.
    Wait,
    /// The peer's first packet (C1 or S1) is complete: send this. A client may send more right behind it.
    Send(Bytes),
    /// Its second packet is complete too: chunks follow.
    Done {
        /// Whether its first packet carried a digest that was answered.
        digest: bool,
    },
}

/// How much of the peer's end has come.
#[derive(Clone)]
pub(super) struct Exchange {
    buffer: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Version,
    First,
    Second { digest: bool },
    Done,
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.state.fmt(f)
    }
}

impl Exchange {
    pub(super) fn new() -> Self {
        Self { buffer: Vec::with_capacity(PACKET_BYTES), state: State::Version }
    }

    /// Takes from `input` what belongs to the handshake, up to the next step. `reply` makes the answer to the peer's
    /// first packet, and says whether it carried a digest. Nothing is decided before all of a packet is in: a digest
    /// cannot be told from a part of it.
    pub(super) fn read(
        &mut self,
        input: &mut &[u8],
        reply: impl FnOnce(&[u8; PACKET_BYTES]) -> (bool, Bytes),
    ) -> Result<HandshakeProgress, HandshakeError> {
        if self.state == State::Version && !self.read_version(input)? {
            return Ok(HandshakeProgress::Wait);
        }
        let (now, later) = input.split_at(input.len().min(PACKET_BYTES - self.buffer.len()));
        self.buffer.extend_from_slice(now);
        *input = later;
        let Ok(packet) = <[u8; PACKET_BYTES]>::try_from(self.buffer.as_slice()) else {
            return Ok(HandshakeProgress::Wait);
        };
        self.buffer.clear();
        match self.state {
            State::Version | State::First => {
                let (digest, answer) = reply(&packet);
                self.state = State::Second { digest };
                Ok(HandshakeProgress::Send(answer))
            }
            State::Second { digest } => {
                self.state = State::Done;
                Ok(HandshakeProgress::Done { digest })
            }
            State::Done => Ok(HandshakeProgress::Wait),
        }
    }

    /// Whether the version has come. What is none is read as far as it takes to say who speaks.
    fn read_version(&mut self, input: &mut &[u8]) -> Result<bool, HandshakeError> {
        while let Some((&byte, rest)) = input.split_first() {
            *input = rest;
            if self.buffer.is_empty() && byte == 3 {
                self.state = State::First;
                return Ok(true);
            }
            self.buffer.push(byte);
            if let Some(error) = HandshakeError::from_first_bytes(&self.buffer) {
                return Err(error);
            }
        }
        Ok(false)
    }
}

/// C2 or S2: signed where the peer sent a digest, else the echo of the simple handshake with the time of ours.
pub(super) fn second_packet(
    first: &[u8; PACKET_BYTES],
    peer_digest: Option<&Digest>,
    random: &[u8; 1528],
    elapsed_ms: u32,
    own_role: Role,
) -> [u8; PACKET_BYTES] {
    let mut packet = *first;
    if let Some(digest) = peer_digest {
        for (place, random) in packet.iter_mut().zip(random.iter().rev()) {
            *place = *random;
        }
        digest::sign_reply(&mut packet, digest, own_role);
    } else {
        for (place, byte) in packet.iter_mut().skip(4).zip(elapsed_ms.to_be_bytes()) {
            *place = byte;
        }
    }
    packet
}
