//! A publisher's session fed by a hostile server: one last event, and nothing behind it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tally::media::Timestamp;
use tally::rtmp::client::{ClientConfig, ClientEvent, ClientSession, Deadlines, Output};

fuzz_target!(|bytes: &[u8]| {
    let Some((&piece, bytes)) = bytes.split_first() else { return };
    let mut session = ClientSession::new(
        Timestamp::ZERO,
        ClientConfig {
            app: "live".into(),
            tc_url: "rtmp://h/live".into(),
            stream_name: "key".into(),
            chunk_size: ClientConfig::DEFAULT_CHUNK_SIZE,
            deadlines: Deadlines::default(),
            random: Box::new([5; 1528]),
            encoder_name: "FMLE/3.0".into(),
            digest_handshake: true,
        },
    );
    // Odd pieces: behind a handshake. Even: the handshake itself.
    let handshake = if piece % 2 == 1 { [&[3][..], &[1; 3072]].concat() } else { Vec::new() };
    let mut ended = false;
    for input in std::iter::once(&handshake[..]).chain(bytes.chunks(usize::from(piece).max(1))) {
        session.handle_input(Timestamp::ZERO, input);
        while let output @ (Output::Transmit(_) | Output::Event(_)) = session.poll_output() {
            assert!(!ended, "{output:?}");
            ended = matches!(output, Output::Event(ClientEvent::Failed(_)));
        }
    }
});
