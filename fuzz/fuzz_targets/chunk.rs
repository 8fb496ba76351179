//! Chunks from a peer: how the bytes are cut makes no difference.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tally::rtmp::Limits;
use tally::rtmp::chunk::{ChunkError, ChunkReader, RawMessage};
use tally::rtmp::message::{read_message, split_aggregate};

fn read(bytes: &[u8], piece: usize) -> (Vec<RawMessage>, Option<ChunkError>) {
    let mut reader = ChunkReader::new(Limits { message_bytes_max: 1 << 16, ..Limits::default() });
    let mut messages = Vec::new();
    for mut input in bytes.chunks(piece) {
        loop {
            match reader.read(&mut input) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => return (messages, Some(error)),
            }
        }
    }
    (messages, None)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&piece, bytes)) = bytes.split_first() else { return };
    let whole = read(bytes, usize::MAX);
    assert_eq!(read(bytes, usize::from(piece).max(1)), whole);
    for message in whole.0 {
        let _ = split_aggregate(&message);
        let _ = read_message(message);
    }
});
