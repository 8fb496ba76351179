//! Messages in, chunks out, without copying payloads.

use std::collections::BTreeMap;

use bytes::{BufMut, Bytes, BytesMut};

use super::{CHUNK_SIZE_INITIAL, CHUNK_SIZE_MAX, EXTENDED};

/// Pieces up to this size are copied next to the header before them: one write is cheaper than two.
const COPY_MAX: usize = 128;

/// Headers are cut from one allocation of this size after the other.
const SCRATCH_BYTES: usize = 4096;

/// What precedes a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageHeader {
    /// Chunk stream, 2..=65599.
    pub chunk_stream: u32,
    /// Message type (section 7.1).
    pub kind: u8,
    /// Milliseconds modulo 2^32.
    pub timestamp_ms: u32,
    /// Message stream.
    pub stream_id: u32,
}

/// What the peer remembers of a chunk stream.
#[derive(Clone, Copy, Debug)]
struct Last {
    header: MessageHeader,
    length: u32,
}

/// Cuts messages into chunks.
#[derive(Debug)]
pub struct ChunkWriter {
    chunk_size: usize,
    streams: BTreeMap<u32, Last>,
    scratch: BytesMut,
}

impl Default for ChunkWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl ChunkWriter {
    /// A writer at the start of the chunk stream.
    pub fn new() -> Self {
        Self { chunk_size: CHUNK_SIZE_INITIAL, streams: BTreeMap::new(), scratch: BytesMut::new() }
    }

    /// Chunks have up to `size` bytes (clamped to 1..=`CHUNK_SIZE_MAX`) from the next message on: call it right
    /// after writing Set Chunk Size.
    pub fn set_chunk_size(&mut self, size: u32) {
        self.chunk_size = usize::try_from(size).unwrap_or(CHUNK_SIZE_MAX).clamp(1, CHUNK_SIZE_MAX);
    }

    /// Writes one message, whose body is `prefix` and then `payload`, as pieces handed to `out` in order. The pieces
    /// of `payload` share its memory unless they are tiny. A body of more than 2^24 − 1 bytes cannot be sent:
    /// nothing is written and `false` returned.
    pub fn write(
        &mut self,
        header: MessageHeader,
        prefix: &[u8],
        payload: &Bytes,
        out: &mut impl FnMut(Bytes),
    ) -> bool {
        let total = prefix.len() + payload.len();
        let Some(length) = u32::try_from(total).ok().filter(|length| *length <= 0xFF_FFFF) else { return false };
        let extended = self.write_first_header(header, length);
        let mut prefix = prefix;
        let mut position = 0;
        let mut left = total;
        loop {
            let chunk = left.min(self.chunk_size);
            let (now, later) = prefix.split_at(prefix.len().min(chunk));
            self.scratch.put_slice(now);
            prefix = later;
            let piece = payload.slice(position..position + chunk - now.len());
            position += piece.len();
            if piece.len() <= COPY_MAX {
                self.scratch.put_slice(&piece);
            } else {
                out(self.scratch.split().freeze());
                out(piece);
            }
            left -= chunk;
            if left == 0 {
                break;
            }
            self.reserve();
            self.write_basic_header(3, header.chunk_stream);
            if let Some(extended) = extended {
                self.scratch.put_u32(extended);
            }
        }
        if !self.scratch.is_empty() {
            out(self.scratch.split().freeze());
        }
        true
    }

    /// Writes the shortest header that every peer reads alike; returns the 32 bits that type 3 chunks must repeat. A
    /// message never starts with type 3: of its time step (section 5.3.1.2.4) peers in the field make three things, and
    /// it would save 3 bytes.
    fn write_first_header(&mut self, header: MessageHeader, length: u32) -> Option<u32> {
        self.reserve();
        let last = self.streams.insert(header.chunk_stream, Last { header, length });
        // A delta that needs 32 bits, and a step back, are told by a full header: what a 32-bit delta means is read
        // differently by different peers.
        let delta = last
            .filter(|last| last.header.stream_id == header.stream_id)
            .map(|last| (last, header.timestamp_ms.wrapping_sub(last.header.timestamp_ms)))
            .filter(|(_, delta)| *delta < EXTENDED);
        let Some((last, delta)) = delta else {
            let extended = (header.timestamp_ms >= EXTENDED).then_some(header.timestamp_ms);
            self.write_basic_header(0, header.chunk_stream);
            self.put_u24(header.timestamp_ms.min(EXTENDED));
            self.put_u24(length);
            self.scratch.put_u8(header.kind);
            self.scratch.put_u32_le(header.stream_id);
            if let Some(extended) = extended {
                self.scratch.put_u32(extended);
            }
            return extended;
        };
        let same_shape = last.length == length && last.header.kind == header.kind;
        self.write_basic_header(if same_shape { 2 } else { 1 }, header.chunk_stream);
        self.put_u24(delta);
        if !same_shape {
            self.put_u24(length);
            self.scratch.put_u8(header.kind);
        }
        None
    }

    fn write_basic_header(&mut self, kind: u8, chunk_stream: u32) {
        let kind = kind << 6;
        match chunk_stream {
            2..=63 => self.scratch.put_u8(kind | (chunk_stream & 0x3F) as u8),
            64..=319 => self.scratch.put_slice(&[kind, (chunk_stream - 64) as u8]),
            _ => {
                let [low, high, ..] = chunk_stream.saturating_sub(64).to_le_bytes();
                self.scratch.put_slice(&[kind | 1, low, high]);
            }
        }
    }

    fn put_u24(&mut self, number: u32) {
        self.scratch.put_uint(u64::from(number), 3);
    }

    fn reserve(&mut self) {
        if self.scratch.capacity() - self.scratch.len() < 64 {
            self.scratch.reserve(SCRATCH_BYTES);
        }
    }
}
