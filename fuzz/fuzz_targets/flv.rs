//! FLV files and tag bodies: how the bytes are cut makes no difference.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tally::flv::{FlvError, FlvReader, FlvTag, read_audio_body, read_video_body};

fn read(bytes: &[u8], piece: usize) -> (Vec<FlvTag>, Option<FlvError>) {
    let mut reader = FlvReader::new();
    let mut tags = Vec::new();
    for input in bytes.chunks(piece) {
        reader.push(input);
        loop {
            match reader.next_tag() {
                Ok(Some(tag)) => tags.push(tag),
                Ok(None) => break,
                Err(error) => return (tags, Some(error)),
            }
        }
    }
    (tags, None)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&piece, bytes)) = bytes.split_first() else { return };
    let whole = read(bytes, usize::MAX);
    assert_eq!(read(bytes, usize::from(piece).max(1)), whole);
    for tag in whole.0 {
        let _ = read_video_body(&tag.body);
        let _ = read_audio_body(&tag.body);
    }
});
