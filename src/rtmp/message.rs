//! Message types and what their bodies say (RTMP 1.0, sections 5.4, 6.2 and 7.1).
#![deny(clippy::indexing_slicing)]

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::MediaKind;
use super::chunk::RawMessage;

/// Numbers of the message types.
pub mod kind {
    /// Set Chunk Size (5.4.1).
    pub const SET_CHUNK_SIZE: u8 = 1;
    /// Abort Message (5.4.2).
    pub const ABORT: u8 = 2;
    /// Acknowledgement (5.4.3).
    pub const ACKNOWLEDGEMENT: u8 = 3;
    /// User Control (6.2).
    pub const USER_CONTROL: u8 = 4;
    /// Window Acknowledgement Size (5.4.4).
    pub const WINDOW_ACK_SIZE: u8 = 5;
    /// Set Peer Bandwidth (5.4.5).
    pub const SET_PEER_BANDWIDTH: u8 = 6;
    /// Audio (7.1.4).
    pub const AUDIO: u8 = 8;
    /// Video (7.1.5).
    pub const VIDEO: u8 = 9;
    /// Data in the manner of AMF3 (7.1.2).
    pub const DATA_AMF3: u8 = 15;
    /// Command in the manner of AMF3 (7.1.1).
    pub const COMMAND_AMF3: u8 = 17;
    /// Data in AMF0 (7.1.2).
    pub const DATA: u8 = 18;
    /// Command in AMF0 (7.1.1).
    pub const COMMAND: u8 = 20;
    /// Aggregate (7.1.6).
    pub const AGGREGATE: u8 = 22;
}

/// Events of User Control (7.1.7).
pub mod event {
    /// A stream can be used now.
    pub const STREAM_BEGIN: u16 = 0;
    /// A stream has ended.
    pub const STREAM_EOF: u16 = 1;
    /// Asks for a ping response.
    pub const PING_REQUEST: u16 = 6;
    /// Answers it with the same four bytes.
    pub const PING_RESPONSE: u16 = 7;
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Bytes in a chunk from now on.
    SetChunkSize(u32),
    /// A chunk stream's unfinished message is void.
    Abort(u32),
    /// Bytes received so far, modulo 2^32.
    Acknowledgement(u32),
    /// An event and its data.
    UserControl {
        /// See `event`.
        event: u16,
        /// What follows.
        data: Bytes,
    },
    /// Acknowledge each time so many bytes are received.
    WindowAckSize(u32),
    /// Have no more than so many bytes unacknowledged.
    SetPeerBandwidth {
        /// Bytes.
        size: u32,
        /// 0 hard, 1 soft, 2 dynamic.
        limit: u8,
    },
    /// An FLV tag body.
    Media {
        /// Which.
        kind: MediaKind,
        /// Milliseconds modulo 2^32.
        timestamp_ms: u32,
        /// FLV tag body.
        payload: Bytes,
    },
    /// AMF0 values: metadata, cue points.
    Data {
        /// Message stream.
        stream_id: u32,
        /// AMF0.
        body: Bytes,
    },
    /// AMF0 values: a call, its result, a status.
    Command {
        /// Message stream.
        stream_id: u32,
        /// AMF0.
        body: Bytes,
    },
    /// Several messages in one; see `split_aggregate`.
    Aggregate(RawMessage),
    /// A type we have no use for (shared objects).
    Other {
        /// Its number.
        kind: u8,
    },
}

/// A message whose body is shorter than its type wants, or an aggregate that is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message of type {kind} is malformed")]
pub struct MessageError {
    /// The type.
    pub kind: u8,
}

/// Reads a message by its type.
pub fn read_message(raw: RawMessage) -> Result<Message, MessageError> {
    let RawMessage { kind, timestamp_ms, stream_id, body } = raw;
    let error = MessageError { kind };
    let number = || body.first_chunk().map(|bytes| u32::from_be_bytes(*bytes)).ok_or(error);
    Ok(match kind {
        kind::SET_CHUNK_SIZE => Message::SetChunkSize(number()?),
        kind::ABORT => Message::Abort(number()?),
        kind::ACKNOWLEDGEMENT => Message::Acknowledgement(number()?),
        kind::USER_CONTROL => {
            let event = u16::from_be_bytes(*body.first_chunk().ok_or(error)?);
            Message::UserControl { event, data: body.slice(2..) }
        }
        kind::WINDOW_ACK_SIZE => Message::WindowAckSize(number()?),
        kind::SET_PEER_BANDWIDTH => {
            let size = number()?;
            // Some servers leave the type out: dynamic.
            Message::SetPeerBandwidth { size, limit: body.get(4).copied().unwrap_or(2) }
        }
        kind::AUDIO => Message::Media { kind: MediaKind::Audio, timestamp_ms, payload: body },
        kind::VIDEO => Message::Media { kind: MediaKind::Video, timestamp_ms, payload: body },
        kind::DATA => Message::Data { stream_id, body },
        kind::COMMAND => Message::Command { stream_id, body },
        kind::DATA_AMF3 => Message::Data { stream_id, body: without_format_byte(body) },
        kind::COMMAND_AMF3 => Message::Command { stream_id, body: without_format_byte(body) },
        kind::AGGREGATE => Message::Aggregate(RawMessage { kind, timestamp_ms, stream_id, body }),
        kind => Message::Other { kind },
    })
}

/// The AMF3 types hold a zero byte and then AMF0 all the same.
fn without_format_byte(mut body: Bytes) -> Bytes {
    if body.first() == Some(&0) {
        body.advance(1);
    }
    body
}

/// Splits an aggregate: FLV tags whose times count from the aggregate's own, the first being equal to it.
pub fn split_aggregate(aggregate: &RawMessage) -> Result<Vec<RawMessage>, MessageError> {
    let error = MessageError { kind: aggregate.kind };
    let mut rest = aggregate.body.clone();
    let mut messages = Vec::new();
    let mut first_ms = None;
    while !rest.is_empty() {
        let [kind, l2, l1, l0, t2, t1, t0, t3, ..] = *rest.first_chunk::<11>().ok_or(error)?;
        let length = usize::try_from(u32::from_be_bytes([0, l2, l1, l0])).unwrap_or(usize::MAX);
        let time_ms = u32::from_be_bytes([t3, t2, t1, t0]);
        if kind == kind::AGGREGATE || rest.len() < 11 + length {
            return Err(error);
        }
        rest.advance(11);
        let body = rest.split_to(length);
        // The size of the tag once more; some senders leave the last one out.
        rest.advance(rest.len().min(4));
        let first_ms = *first_ms.get_or_insert(time_ms);
        let timestamp_ms = aggregate.timestamp_ms.wrapping_add(time_ms.wrapping_sub(first_ms));
        messages.push(RawMessage { kind, timestamp_ms, stream_id: aggregate.stream_id, body });
    }
    Ok(messages)
}

/// The body of a message that is one number: types 1, 2, 3 and 5.
pub(crate) fn number_body(number: u32) -> Bytes {
    Bytes::copy_from_slice(&number.to_be_bytes())
}

/// The body of Set Peer Bandwidth.
pub(crate) fn peer_bandwidth_body(size: u32, limit: u8) -> Bytes {
    let mut body = BytesMut::with_capacity(5);
    body.put_u32(size);
    body.put_u8(limit);
    body.freeze()
}

/// The body of User Control.
pub(crate) fn user_control_body(event: u16, data: &[u8]) -> Bytes {
    let mut body = BytesMut::with_capacity(2 + data.len());
    body.put_u16(event);
    body.put_slice(data);
    body.freeze()
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "the tests know the bytes they wrote")]
mod tests {
    use super::*;

    fn raw(kind: u8, body: &[u8]) -> RawMessage {
        RawMessage { kind, timestamp_ms: 7, stream_id: 1, body: Bytes::copy_from_slice(body) }
    }

    #[test]
    fn control_messages_read() {
        assert_eq!(read_message(raw(1, &[0, 0, 0x10, 0])), Ok(Message::SetChunkSize(4096)));
        assert_eq!(read_message(raw(3, &[0xFF; 4])), Ok(Message::Acknowledgement(u32::MAX)));
        let bandwidth = Message::SetPeerBandwidth { size: 5_000_000, limit: 1 };
        assert_eq!(read_message(raw(6, &peer_bandwidth_body(5_000_000, 1))), Ok(bandwidth));
        let ping = Message::UserControl { event: event::PING_REQUEST, data: Bytes::from_static(b"abcd") };
        assert_eq!(read_message(raw(4, &user_control_body(6, b"abcd"))), Ok(ping));
        for kind in [1, 2, 3, 4, 5, 6] {
            assert_eq!(read_message(raw(kind, &[0])), Err(MessageError { kind }));
        }
    }

    #[test]
    fn the_byte_before_amf3_commands_is_passed_over() {
        let expected = Message::Command { stream_id: 1, body: Bytes::from_static(b"\x02\0\x01a") };
        assert_eq!(read_message(raw(17, b"\0\x02\0\x01a")), Ok(expected.clone()));
        assert_eq!(read_message(raw(20, b"\x02\0\x01a")), Ok(expected));
    }

    /// An FLV tag and its size once more.
    fn tag(kind: u8, time_ms: u32, body: &[u8]) -> Vec<u8> {
        let [t3, t2, t1, t0] = time_ms.to_be_bytes();
        let length = u8::try_from(body.len()).unwrap();
        let head = [kind, 0, 0, length, t2, t1, t0, t3, 0, 0, 0];
        [&head[..], body, &[0, 0, 0, length + 11]].concat()
    }

    #[test]
    fn aggregates_are_split_and_their_times_rebased() {
        let body = [tag(9, 0x0200_0000, b"v"), tag(8, 0x0200_0010, b"aa"), tag(9, 0x0200_0021, b"")].concat();
        let whole = RawMessage { timestamp_ms: u32::MAX - 15, ..raw(22, &body) };
        let parts = split_aggregate(&whole).unwrap();
        let seen: Vec<_> = parts.iter().map(|m| (m.kind, m.timestamp_ms, m.body.len(), m.stream_id)).collect();
        assert_eq!(seen, [(9, u32::MAX - 15, 1, 1), (8, 0, 2, 1), (9, 17, 0, 1)]);
        // The last back pointer may be missing; anything else missing is an error.
        for cut in 1..body.len() - 1 {
            let result = split_aggregate(&raw(22, &body[..body.len() - cut]));
            match result {
                Ok(parts) if cut <= 4 => assert_eq!(parts.len(), 3),
                Ok(parts) => assert!(parts.len() < 3, "{cut}"),
                Err(_) => assert!(cut > 4, "{cut}"),
            }
        }
        assert_eq!(split_aggregate(&raw(22, &body[..12])).map(|parts| parts.len()), Ok(1));
        assert!(split_aggregate(&raw(22, &body[..11])).is_err());
        assert!(split_aggregate(&raw(22, &[22; 11])).is_err());
    }
}
