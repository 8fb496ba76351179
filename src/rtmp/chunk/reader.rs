//! Chunks in, messages out.
#![deny(clippy::indexing_slicing)]

use std::collections::BTreeMap;

use bytes::BytesMut;

use super::{CHUNK_SIZE_INITIAL, CHUNK_SIZE_MAX, EXTENDED, RawMessage};
use crate::rtmp::Limits;

/// Memory for a body is taken as its bytes come; this much at first, whatever length the header promises: most
/// pictures fit, and headers alone on all chunk streams cost half a megabyte.
const RESERVE_MAX: usize = 16 << 10;

/// Basic header 3, message header 11, extended timestamp 4.
const HEADER_BYTES_MAX: usize = 18;

const SET_CHUNK_SIZE: u8 = 1;
const ABORT: u8 = 2;

/// Why bytes are no chunk stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// A chunk refers to a header that was never sent.
    #[error("chunk stream {chunk_stream} starts with a chunk of type {kind}")]
    NoHeader {
        /// Chunk stream id.
        chunk_stream: u32,
        /// 2 or 3.
        kind: u8,
    },
    /// Set Chunk Size said 0, or a control message is too short.
    #[error("a chunk stream control message is malformed")]
    BadControl,
    /// The field of `Limits` that the peer wanted to exceed.
    #[error("limit exceeded: {0}")]
    Limit(&'static str),
}

/// One chunk stream: the last header, and the message under way.
#[derive(Debug, Default)]
struct Stream {
    timestamp_ms: u32,
    delta_ms: u32,
    length: usize,
    kind: u8,
    stream_id: u32,
    /// The 32 bits behind the last header of type 0, 1 or 2, if it had them.
    extended: Option<[u8; 4]>,
    /// A message is under way and its next chunk continues it.
    under_way: bool,
    body: BytesMut,
}

/// A chunk's header, taken apart.
#[derive(Clone, Copy, Debug)]
struct Header {
    kind: u8,
    chunk_stream: u32,
    /// Timestamp or delta, 32 bits where there are.
    time_ms: u32,
    extended: Option<[u8; 4]>,
    length: usize,
    message_kind: u8,
    stream_id: u32,
    /// Bytes it takes; those behind it in the buffer are payload.
    bytes: usize,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Header,
    Payload { chunk_stream: u32, left: usize },
}

/// Puts messages together. Keeps nothing but headers, unfinished messages and at most one header's bytes, so that
/// what it takes from its input is exactly what it used.
#[derive(Debug)]
pub struct ChunkReader {
    limits: Limits,
    chunk_size: usize,
    streams: BTreeMap<u32, Stream>,
    partial_bytes: usize,
    state: State,
    header: [u8; HEADER_BYTES_MAX],
    header_len: usize,
    /// Bytes taken while looking for an extended timestamp that was not there, to be used first.
    replay: [u8; 4],
    replay_len: usize,
}

impl ChunkReader {
    /// A reader at the start of the chunk stream, just behind the handshake.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            chunk_size: CHUNK_SIZE_INITIAL,
            streams: BTreeMap::new(),
            partial_bytes: 0,
            state: State::Header,
            header: [0; HEADER_BYTES_MAX],
            header_len: 0,
            replay: [0; 4],
            replay_len: 0,
        }
    }

    /// Other caps from the next chunk on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Takes bytes from `input` until a message is complete or none are left. Set Chunk Size and Abort have taken
    /// effect when they are returned. After an error the reader is of no use.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<RawMessage>, ChunkError> {
        loop {
            let done = match self.state {
                State::Header => {
                    let Some(byte) = self.take_byte(input) else { return Ok(None) };
                    if let Some(place) = self.header.get_mut(self.header_len) {
                        *place = byte;
                        self.header_len += 1;
                    }
                    match self.parse_header()? {
                        Some(header) => self.start_chunk(header)?,
                        None => None,
                    }
                }
                State::Payload { chunk_stream, left } => {
                    if self.replay_len == 0 && input.is_empty() {
                        return Ok(None);
                    }
                    self.take_payload(chunk_stream, left, input)?
                }
            };
            if let Some(message) = done {
                self.apply_control(&message)?;
                return Ok(Some(message));
            }
        }
    }

    fn take_byte(&mut self, input: &mut &[u8]) -> Option<u8> {
        if self.replay_len > 0 {
            let [first, a, b, c] = self.replay;
            self.replay = [a, b, c, 0];
            self.replay_len -= 1;
            return Some(first);
        }
        let (first, rest) = input.split_first()?;
        *input = rest;
        Some(*first)
    }

    /// Takes the header apart once enough of it is there.
    fn parse_header(&self) -> Result<Option<Header>, ChunkError> {
        let bytes = self.header.get(..self.header_len).unwrap_or_default();
        let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
        let kind = first >> 6;
        let (chunk_stream, rest) = match (first & 0x3F, rest) {
            (0, [low, rest @ ..]) => (64 + u32::from(*low), rest),
            (1, [low, high, rest @ ..]) => (64 + u32::from(*low) + 256 * u32::from(*high), rest),
            (0 | 1, _) => return Ok(None),
            (id, rest) => (u32::from(id), rest),
        };
        let stream = self.streams.get(&chunk_stream);
        // Type 1 first on a chunk stream is tolerated (librtmp's relatives send Set Chunk Size so): message stream 0.
        if stream.is_none() && kind >= 2 {
            return Err(ChunkError::NoHeader { chunk_stream, kind });
        }
        let number24 = |a: u8, b: u8, c: u8| u32::from_be_bytes([0, a, b, c]);
        let (time24, length, message_kind, stream_id, rest) = match (kind, rest) {
            (0, [a, b, c, d, e, f, g, h, i, j, k, rest @ ..]) => {
                let stream_id = u32::from_le_bytes([*h, *i, *j, *k]);
                (number24(*a, *b, *c), number24(*d, *e, *f), *g, stream_id, rest)
            }
            (1, [a, b, c, d, e, f, g, rest @ ..]) => {
                (number24(*a, *b, *c), number24(*d, *e, *f), *g, stream.map_or(0, |s| s.stream_id), rest)
            }
            (2, [a, b, c, rest @ ..]) => (number24(*a, *b, *c), 0, 0, 0, rest),
            (3, rest) => (0, 0, 0, 0, rest),
            _ => return Ok(None),
        };
        let mut header = Header {
            kind,
            chunk_stream,
            time_ms: time24,
            extended: None,
            length: usize::try_from(length).unwrap_or(usize::MAX),
            message_kind,
            stream_id,
            bytes: self.header_len - rest.len(),
        };
        if kind < 3 {
            if time24 == EXTENDED {
                let Some(extended) = rest.first_chunk::<4>() else { return Ok(None) };
                header.time_ms = u32::from_be_bytes(*extended);
                header.extended = Some(*extended);
                header.bytes += 4;
            }
        } else if let Some(extended) = stream.and_then(|s| s.extended) {
            // The specification repeats the 32 bits before every type 3 chunk (5.3.1.3); old librtmp and its
            // descendants leave them out. They are there if they are the same; the first byte that differs tells.
            if extended.starts_with(rest) && rest.len() < 4 {
                return Ok(None);
            }
            if rest == extended {
                header.bytes += 4;
            }
        }
        Ok(Some(header))
    }

    /// Applies a header, and gives the message back if it has no body.
    fn start_chunk(&mut self, header: Header) -> Result<Option<RawMessage>, ChunkError> {
        let behind = self.header.get(header.bytes..self.header_len).unwrap_or_default();
        // What an earlier look left comes after it: together no more than that one took.
        let earlier = self.replay;
        let waiting = behind.iter().chain(earlier.iter().take(self.replay_len));
        self.replay_len = 0;
        for (place, byte) in self.replay.iter_mut().zip(waiting) {
            *place = *byte;
            self.replay_len += 1;
        }
        self.header_len = 0;

        if !self.streams.contains_key(&header.chunk_stream) && self.streams.len() >= self.limits.chunk_streams_max {
            return Err(ChunkError::Limit("chunk_streams_max"));
        }
        let stream = self.streams.entry(header.chunk_stream).or_default();
        if header.kind < 3 || !stream.under_way {
            // A new header within a message: the sender gave the message up.
            self.partial_bytes -= stream.body.len();
            stream.body.clear();
            match header.kind {
                0 => {
                    stream.timestamp_ms = header.time_ms;
                    stream.stream_id = header.stream_id;
                }
                1 | 2 => stream.timestamp_ms = stream.timestamp_ms.wrapping_add(header.time_ms),
                // A type 3 chunk that starts a message repeats the last delta, which after a type 0 header is its
                // timestamp (5.3.1.2.4).
                _ => stream.timestamp_ms = stream.timestamp_ms.wrapping_add(stream.delta_ms),
            }
            if header.kind < 3 {
                stream.delta_ms = header.time_ms;
                stream.extended = header.extended;
            }
            if header.kind < 2 {
                stream.length = header.length;
                stream.kind = header.message_kind;
            }
            if stream.length > self.limits.message_bytes_max {
                return Err(ChunkError::Limit("message_bytes_max"));
            }
            stream.under_way = true;
            stream.body.reserve(stream.length.min(RESERVE_MAX));
        }
        let left = (stream.length - stream.body.len()).min(self.chunk_size);
        self.state = State::Payload { chunk_stream: header.chunk_stream, left };
        if left == 0 { self.take_payload(header.chunk_stream, 0, &mut &[][..]) } else { Ok(None) }
    }

    fn take_payload(
        &mut self,
        chunk_stream: u32,
        left: usize,
        input: &mut &[u8],
    ) -> Result<Option<RawMessage>, ChunkError> {
        let Some(stream) = self.streams.get_mut(&chunk_stream) else { return Ok(None) };
        let replayed = left.min(self.replay_len);
        stream.body.extend_from_slice(self.replay.get(..replayed).unwrap_or_default());
        self.replay.copy_within(replayed.., 0);
        self.replay_len -= replayed;
        let (now, later) = input.split_at(input.len().min(left - replayed));
        stream.body.extend_from_slice(now);
        *input = later;
        let taken = replayed + now.len();
        self.partial_bytes += taken;
        if self.partial_bytes > self.limits.partial_bytes_max {
            return Err(ChunkError::Limit("partial_bytes_max"));
        }
        let left = left - taken;
        if left > 0 {
            self.state = State::Payload { chunk_stream, left };
            return Ok(None);
        }
        self.state = State::Header;
        if stream.body.len() < stream.length {
            return Ok(None);
        }
        stream.under_way = false;
        self.partial_bytes -= stream.body.len();
        let body = std::mem::take(&mut stream.body).freeze();
        let (kind, timestamp_ms, stream_id) = (stream.kind, stream.timestamp_ms, stream.stream_id);
        Ok(Some(RawMessage { kind, timestamp_ms, stream_id, body }))
    }

    /// Set Chunk Size counts from the next chunk on (5.4.1); Abort drops what a chunk stream has under way (5.4.2).
    fn apply_control(&mut self, message: &RawMessage) -> Result<(), ChunkError> {
        if !matches!(message.kind, SET_CHUNK_SIZE | ABORT) {
            return Ok(());
        }
        let number = u32::from_be_bytes(*message.body.first_chunk().ok_or(ChunkError::BadControl)?);
        if message.kind == SET_CHUNK_SIZE {
            let size = usize::try_from(number & 0x7FFF_FFFF).unwrap_or(usize::MAX);
            if size == 0 {
                return Err(ChunkError::BadControl);
            }
            self.chunk_size = size.min(CHUNK_SIZE_MAX);
        } else if let Some(stream) = self.streams.get_mut(&number) {
            self.partial_bytes -= stream.body.len();
            stream.body.clear();
            stream.under_way = false;
        }
        Ok(())
    }
}
