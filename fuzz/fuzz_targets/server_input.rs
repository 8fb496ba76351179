//! An ingest's session fed by a hostile client: one last event, and nothing behind it.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use tally::media::Timestamp;
use tally::rtmp::{Limits, MediaKind};
use tally::rtmp::server::{ServerConfig, ServerDeadlines, ServerEvent, ServerOutput, ServerSession};

fuzz_target!(|bytes: &[u8]| {
    let Some((&piece, bytes)) = bytes.split_first() else { return };
    let mut session = ServerSession::new(
        Timestamp::ZERO,
        ServerConfig {
            limits: Limits { message_bytes_max: 1 << 16, ..Limits::default() },
            deadlines: ServerDeadlines::default(),
            random: Box::new([6; 1528]),
            chunk_size: 4096,
            window_ack_size: 1000,
        },
    );
    let handshake = if piece % 2 == 1 { [&[3][..], &[1; 3072]].concat() } else { Vec::new() };
    let mut ended = false;
    for input in std::iter::once(&handshake[..]).chain(bytes.chunks(usize::from(piece).max(1))) {
        session.handle_input(Timestamp::ZERO, input);
        loop {
            match session.poll_output() {
                ServerOutput::Timeout(_) | ServerOutput::Idle => break,
                output => {
                    assert!(!ended, "{output:?}");
                    match output {
                        ServerOutput::Event(ServerEvent::ConnectRequested { .. }) => session.accept_connect(),
                        ServerOutput::Event(ServerEvent::PublishRequested { .. }) => session.accept_publish(),
                        ServerOutput::Event(ServerEvent::PlayRequested { name }) if name.is_empty() => {
                            session.reject_play("c", "d");
                        }
                        ServerOutput::Event(ServerEvent::PlayRequested { .. }) => {
                            session.accept_play();
                            session.notify_published();
                            session.send_media(MediaKind::Video, 0xFF_FFFF, &Bytes::from_static(&[0x17; 300]));
                        }
                        ServerOutput::Event(ServerEvent::Paused(false)) => session.notify_unpublished(),
                        ServerOutput::Event(ServerEvent::Failed(_)) => ended = true,
                        _ => {}
                    }
                }
            }
        }
    }
});
