//! Golden bytes, round trips at any split, tolerance and caps.

use proptest::prelude::*;

use super::*;
use crate::rtmp::Limits;
use crate::rtmp::message::number_body;

fn message(kind: u8, timestamp_ms: u32, body: &[u8]) -> RawMessage {
    RawMessage { kind, timestamp_ms, stream_id: 1, body: Bytes::copy_from_slice(body) }
}

fn pieces(writer: &mut ChunkWriter, chunk_stream: u32, prefix: &[u8], message: &RawMessage) -> Vec<Bytes> {
    let RawMessage { kind, timestamp_ms, stream_id, body } = message.clone();
    let header = MessageHeader { chunk_stream, kind, timestamp_ms, stream_id };
    let mut out = Vec::new();
    assert!(writer.write(header, prefix, &body, &mut |piece| out.push(piece)));
    out
}

fn written(writer: &mut ChunkWriter, chunk_stream: u32, message: &RawMessage) -> Vec<u8> {
    pieces(writer, chunk_stream, &[], message).concat()
}

/// Everything the bytes hold, and then the error if there is one.
fn read(reader: &mut ChunkReader, bytes: &[u8], piece: usize) -> (Vec<RawMessage>, Option<ChunkError>) {
    let mut messages = Vec::new();
    for mut input in bytes.chunks(piece) {
        loop {
            match reader.read(&mut input) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => return (messages, Some(error)),
            }
        }
        assert!(input.is_empty());
    }
    (messages, None)
}

fn read_all(bytes: &[u8]) -> Vec<RawMessage> {
    let (messages, error) = read(&mut ChunkReader::new(Limits::default()), bytes, usize::MAX);
    assert_eq!(error, None);
    for piece in [1, 3] {
        let again = read(&mut ChunkReader::new(Limits::default()), bytes, piece);
        assert_eq!(again, (messages.clone(), None), "pieces of {piece}");
    }
    messages
}

fn error_of(limits: Limits, bytes: &[u8]) -> Option<ChunkError> {
    read(&mut ChunkReader::new(limits), bytes, usize::MAX).1
}

#[test]
fn headers_shrink_as_the_specification_says() {
    let mut writer = ChunkWriter::new();
    let first = written(&mut writer, 4, &message(8, 1000, b"abc"));
    assert_eq!(first, b"\x04\0\x03\xe8\0\0\x03\x08\x01\0\0\0abc");
    let same_shape = written(&mut writer, 4, &message(8, 1021, b"def"));
    assert_eq!(same_shape, b"\x84\0\0\x15def");
    // Not type 3, although the step is the same: pyrtmp takes that for no step, and so two packets for one time.
    let same_step = written(&mut writer, 4, &message(8, 1042, b"ghi"));
    assert_eq!(same_step, b"\x84\0\0\x15ghi");
    let other_length = written(&mut writer, 4, &message(8, 1063, b"jk"));
    assert_eq!(other_length, b"\x44\0\0\x15\0\0\x02\x08jk");
    let step_back = written(&mut writer, 4, &message(8, 1000, b"lm"));
    assert_eq!(step_back[0], 4);
    let bytes = [first, same_shape, same_step, other_length, step_back].concat();
    let times: Vec<_> = read_all(&bytes).iter().map(|m| m.timestamp_ms).collect();
    assert_eq!(times, [1000, 1021, 1042, 1063, 1000]);
}

#[test]
fn extended_timestamps_stand_before_every_chunk() {
    for time in [0xFF_FFFE, 0xFF_FFFF, 0x0100_0000, u32::MAX] {
        let mut writer = ChunkWriter::new();
        let bytes = written(&mut writer, 6, &message(9, time, &[7; 300]));
        let extended = if time >= 0xFF_FFFF { 4 } else { 0 };
        assert_eq!(bytes.len(), 12 + extended + 128 + 1 + extended + 128 + 1 + extended + 44);
        if extended > 0 {
            assert_eq!(bytes[1..4], [0xFF; 3]);
            assert_eq!(bytes[12..16], time.to_be_bytes());
            assert_eq!(bytes[16 + 128], 0xC6);
            assert_eq!(bytes[17 + 128..21 + 128], time.to_be_bytes());
        }
        assert_eq!(read_all(&bytes), [message(9, time, &[7; 300])]);
    }
}

#[test]
fn peers_that_omit_the_extended_timestamp_of_type_3_are_understood() {
    let time: u32 = 0x0102_0304;
    // Bodies whose bytes resemble the timestamp as long as possible without being it.
    for tail in [[0; 4], [1, 0, 0, 0], [1, 2, 0, 0], [1, 2, 3, 0], [1, 2, 3, 5]] {
        for length in [129, 130, 131, 132, 260] {
            let mut body = vec![9; 128];
            body.extend_from_slice(&tail);
            body.resize(length.max(132), 8);
            body.truncate(length);
            if body[128..] == time.to_be_bytes()[..body.len().min(132) - 128] && length < 132 {
                // A rest that is a part of the timestamp cannot be told apart before more bytes come.
                continue;
            }
            let mut bytes = b"\x06\xff\xff\xff\0\0".to_vec();
            bytes.extend_from_slice(&[length as u8, 9, 1, 0, 0, 0]);
            if length > 255 {
                bytes[5..7].copy_from_slice(&(length as u16).to_be_bytes());
            }
            bytes.extend_from_slice(&time.to_be_bytes());
            let mut chunks = body.chunks(128);
            bytes.extend_from_slice(chunks.next().unwrap());
            for chunk in chunks {
                bytes.push(0xC6);
                bytes.extend_from_slice(chunk);
            }
            // Another message right behind, on another chunk stream.
            bytes.extend_from_slice(b"\x04\0\0\x01\0\0\x01\x08\x01\0\0\0z");
            assert_eq!(read_all(&bytes), [message(9, time, &body), message(8, 1, b"z")], "{tail:?} {length}");
        }
    }
}

#[test]
fn bytes_that_were_looked_ahead_at_are_kept_over_a_short_chunk() {
    let mut bytes = b"\x04\0\0\x01\0\0\x02\x08\x01\0\0\0AB".to_vec();
    // The last byte of the long message, and the header behind it, look like its extended timestamp, which is left out.
    bytes.extend_from_slice(b"\x06\xff\xff\xff\0\0\x81\x09\x01\0\0\0\x01\xc4\0\0");
    bytes.extend_from_slice(&[9; 128]);
    bytes.extend_from_slice(b"\xc6\x01\xc4YZ");
    let long = [&[9; 128][..], &[1]].concat();
    assert_eq!(read_all(&bytes), [message(8, 1, b"AB"), message(9, 0x01C4_0000, &long), message(8, 2, b"YZ")]);
}

#[test]
fn extended_deltas_of_types_1_and_2_are_added() {
    let mut bytes = b"\x06\0\0\x01\0\0\x01\x09\x01\0\0\0a".to_vec();
    bytes.extend_from_slice(b"\x46\xff\xff\xff\0\0\x01\x09\x01\0\0\0b");
    bytes.extend_from_slice(b"\x86\xff\xff\xff\x01\0\0\x01c");
    // A type 3 chunk that starts a message repeats the delta, and its 32 bits.
    bytes.extend_from_slice(b"\xc6\x01\0\0\x01d");
    let times: Vec<_> = read_all(&bytes).iter().map(|m| m.timestamp_ms).collect();
    assert_eq!(times, [1, 0x0100_0001, 0x0200_0002, 0x0300_0003]);
}

#[test]
fn a_type_3_chunk_after_a_full_header_repeats_its_timestamp_as_delta() {
    let bytes = b"\x06\0\0\x0a\0\0\x01\x09\x01\0\0\0a\xc6b";
    let times: Vec<_> = read_all(bytes).iter().map(|m| m.timestamp_ms).collect();
    assert_eq!(times, [10, 20]);
}

#[test]
fn chunk_stream_ids_take_one_two_or_three_bytes() {
    for (id, basic) in [
        (2, vec![2]),
        (63, vec![63]),
        (64, vec![0, 0]),
        (319, vec![0, 255]),
        (320, vec![1, 0, 1]),
        (65_599, vec![1, 255, 255]),
    ] {
        let mut writer = ChunkWriter::new();
        let bytes = written(&mut writer, id, &message(9, 5, &[1; 200]));
        assert_eq!(bytes[..basic.len()], basic);
        assert_eq!(read_all(&bytes), [message(9, 5, &[1; 200])]);
    }
}

#[test]
fn messages_may_be_interleaved_and_aborted() {
    let video = written(&mut ChunkWriter::new(), 6, &message(9, 1, &[1; 200]));
    let audio = written(&mut ChunkWriter::new(), 4, &message(8, 2, &[2; 200]));
    let abort_video = b"\x02\0\0\0\0\0\x04\x02\0\0\0\0\0\0\0\x06".to_vec();
    let split = 12 + 128;
    let mixed = [&video[..split], &audio[..split], &video[split..], &audio[split..]].concat();
    assert_eq!(read_all(&mixed), [message(9, 1, &[1; 200]), message(8, 2, &[2; 200])]);
    let aborted = [&video[..split], &audio[..split], &abort_video[..], &audio[split..], &video[..]].concat();
    let kinds: Vec<_> = read_all(&aborted).iter().map(|m| (m.kind, m.body.len())).collect();
    assert_eq!(kinds, [(2, 4), (8, 200), (9, 200)]);
}

#[test]
fn a_new_chunk_size_counts_from_the_next_chunk_even_within_a_message() {
    let first = written(&mut ChunkWriter::new(), 6, &message(9, 1, &[1; 400]));
    let mut bytes = first[..12 + 128].to_vec();
    bytes.extend_from_slice(b"\x02\0\0\0\0\0\x04\x01\0\0\0\0\0\0\0\xc8");
    bytes.push(0xC6);
    bytes.extend_from_slice(&[1; 200]);
    bytes.push(0xC6);
    bytes.extend_from_slice(&[1; 72]);
    assert_eq!(read_all(&bytes)[1], message(9, 1, &[1; 400]));
}

#[test]
fn the_first_header_may_be_of_type_1_but_not_less() {
    let set_chunk_size = b"\x42\0\0\0\0\0\x04\x01\0\0\x10\0";
    assert_eq!(read_all(set_chunk_size).len(), 1);
    for (bytes, kind) in [(&b"\x86"[..], 2), (b"\xc6", 3)] {
        assert_eq!(error_of(Limits::default(), bytes), Some(ChunkError::NoHeader { chunk_stream: 6, kind }));
    }
}

#[test]
fn caps_hold_and_have_names() {
    let limits = Limits { message_bytes_max: 1000, partial_bytes_max: 1500, chunk_streams_max: 3, ..Limits::default() };
    let too_long = written(&mut ChunkWriter::new(), 6, &message(9, 0, &[0; 1001]));
    assert_eq!(error_of(limits.clone(), &too_long[..12]), Some(ChunkError::Limit("message_bytes_max")));
    let unfinished: Vec<Vec<u8>> = (3..6)
        .map(|id| {
            let mut writer = ChunkWriter::new();
            writer.set_chunk_size(999);
            written(&mut writer, id, &message(9, 0, &[0; 1000]))[..12 + 999].to_vec()
        })
        .collect();
    let bytes = [&b"\x02\0\0\0\0\0\x04\x01\0\0\0\0\0\0\x03\xe7"[..], &unfinished.concat()].concat();
    assert_eq!(error_of(limits.clone(), &bytes), Some(ChunkError::Limit("partial_bytes_max")));
    let many: Vec<u8> = (2..6).flat_map(|id| written(&mut ChunkWriter::new(), id, &message(9, 0, b"x"))).collect();
    assert_eq!(error_of(limits, &many), Some(ChunkError::Limit("chunk_streams_max")));
    let zero = b"\x02\0\0\0\0\0\x04\x01\0\0\0\0\0\0\0\0";
    assert_eq!(error_of(Limits::default(), zero), Some(ChunkError::BadControl));
}

#[test]
fn what_was_taken_is_given_back_when_messages_end() {
    let limits = Limits { partial_bytes_max: 500, ..Limits::default() };
    let mut writer = ChunkWriter::new();
    let bytes: Vec<u8> = (0..50).flat_map(|i| written(&mut writer, 6, &message(9, i, &[0; 400]))).collect();
    let (messages, error) = read(&mut ChunkReader::new(limits), &bytes, 7);
    assert_eq!((messages.len(), error), (50, None));
}

#[test]
fn payloads_are_shared_and_not_copied() {
    let mut writer = ChunkWriter::new();
    writer.set_chunk_size(65_536);
    let body = Bytes::from(vec![5; 100_000]);
    let header = MessageHeader { chunk_stream: 6, kind: 9, timestamp_ms: 0, stream_id: 1 };
    let mut out = Vec::new();
    assert!(writer.write(header, &[1, 2, 3, 4, 5], &body, &mut |piece| out.push(piece)));
    assert_eq!(out.len(), 4);
    assert_eq!(out[0].len(), 12 + 5);
    assert_eq!(out[1].as_ptr(), body.as_ptr());
    assert_eq!(out[1].len(), 65_531);
    assert_eq!(out[2][..], [0xC6]);
    assert_eq!(out[3].as_ptr(), body[65_531..].as_ptr());
}

#[test]
fn a_body_too_long_for_any_message_is_refused() {
    let header = MessageHeader { chunk_stream: 6, kind: 9, timestamp_ms: 0, stream_id: 1 };
    let body = Bytes::from(vec![0; 1 << 24]);
    assert!(!ChunkWriter::new().write(header, &[], &body, &mut |_| panic!("nothing may be written")));
}

fn any_message() -> impl Strategy<Value = (u32, usize, RawMessage)> {
    let time = prop_oneof![0..5000u32, 0xFF_FF00..0x0100_0100u32, 0xFFFF_FF00..=u32::MAX, any::<u32>()];
    let id = prop_oneof![2..8u32, 60..70u32, 315..325u32];
    let body = prop::collection::vec(any::<u8>(), 0..600);
    // Types 1 and 2 would change the reader's state.
    (id, 3..30u8, time, 0..3u32, body, 0..10usize).prop_map(|(id, kind, timestamp_ms, stream_id, body, prefix)| {
        (id, prefix, RawMessage { kind, timestamp_ms, stream_id, body: body.into() })
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_at_any_split(
        messages in prop::collection::vec(any_message(), 1..20),
        chunk_size in 1..700u32,
        piece in 1..300usize,
    ) {
        let mut writer = ChunkWriter::new();
        let mut bytes = written(&mut writer, 2, &RawMessage { stream_id: 0, ..message(1, 0, &number_body(chunk_size)) });
        writer.set_chunk_size(chunk_size);
        for (id, prefix, message) in &messages {
            let prefix = (*prefix).min(message.body.len());
            let RawMessage { kind, timestamp_ms, stream_id, body } = message.clone();
            let header = MessageHeader { chunk_stream: *id, kind, timestamp_ms, stream_id };
            writer.write(header, &body[..prefix], &body.slice(prefix..), &mut |piece| bytes.extend_from_slice(&piece));
        }
        let (read, error) = read(&mut ChunkReader::new(Limits::default()), &bytes, piece);
        prop_assert_eq!(error, None);
        let expected: Vec<_> = messages.into_iter().map(|(_, _, message)| message).collect();
        prop_assert_eq!(&read[1..], &expected[..]);
    }
}
