//! One publish, from its start to its end: counted, shown to the tap, recorded.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::recorder::Recording;
use super::shared::{Shared, Stream};
use super::{EndReason, IngestEvent, IngestMedia};
use crate::flv::{AudioBody, TagKind, VideoBody, VideoPacketType, read_audio_body, read_video_body};
use crate::media::Timestamp;
use crate::rtmp::MediaKind;

/// A publish that goes on.
pub(super) struct Publication {
    stream: Arc<Stream>,
    recording: Option<Recording>,
    last_timestamp_ms: u32,
}

impl Publication {
    /// Starts it and tells so.
    pub(super) fn start(shared: &Shared, stream: Arc<Stream>, recording: Option<Recording>) -> Self {
        shared.tell(IngestEvent::PublishStarted {
            name: stream.name.clone(),
            app: stream.app.clone(),
            peer: stream.peer,
        });
        Self { stream, recording, last_timestamp_ms: 0 }
    }

    /// Takes an audio or video message.
    pub(super) fn media(&mut self, shared: &Shared, now: Timestamp, kind: MediaKind, timestamp_ms: u32, body: Bytes) {
        // Empty messages are what some publishers send to keep a connection alive.
        if body.is_empty() {
            return;
        }
        self.last_timestamp_ms = timestamp_ms;
        match kind {
            MediaKind::Video if is_picture(&body) => self.stream.frames.fetch_add(1, Ordering::Relaxed),
            MediaKind::Audio if is_sound(&body) => self.stream.audio_packets.fetch_add(1, Ordering::Relaxed),
            MediaKind::Video | MediaKind::Audio => 0,
        };
        let kind = match kind {
            MediaKind::Video => TagKind::Video,
            MediaKind::Audio => TagKind::Audio,
        };
        self.pass(shared, now, kind, timestamp_ms, body);
    }

    /// Takes `onMetaData`, a script data body.
    pub(super) fn metadata(&mut self, shared: &Shared, now: Timestamp, body: Bytes) {
        self.pass(shared, now, TagKind::Script, self.last_timestamp_ms, body);
    }

    fn pass(&mut self, shared: &Shared, now: Timestamp, kind: TagKind, timestamp_ms: u32, payload: Bytes) {
        self.stream.bytes.fetch_add(payload.len() as u64, Ordering::Relaxed);
        if let Some(recording) = &self.recording
            && let Some(problem) = recording.write(kind, timestamp_ms, &payload)
        {
            shared.tell(problem);
        }
        if let Some(tap) = &shared.tap {
            let Stream { app, name, .. } = &*self.stream;
            tap(&IngestMedia { app, name, kind, timestamp_ms, payload, arrived_at: now });
        }
    }

    /// Ends it: its name is free at once, the end is told when the recording is closed.
    pub(super) fn end(self, shared: &Shared, reason: EndReason) {
        shared.leave(&self.stream);
        let event = IngestEvent::PublishEnded {
            name: self.stream.name.clone(),
            app: self.stream.app.clone(),
            peer: self.stream.peer,
            frames: self.stream.frames.load(Ordering::Relaxed),
            audio_packets: self.stream.audio_packets.load(Ordering::Relaxed),
            bytes: self.stream.bytes.load(Ordering::Relaxed),
            reason,
        };
        match self.recording {
            Some(recording) => recording.finish(event),
            None => shared.tell(event),
        }
    }
}

/// Enhanced RTMP packet types (Enhanced RTMP v2, "Enhanced Video" and "Enhanced Audio").
const EX_VIDEO_CODED_FRAMES: u8 = 1;
const EX_VIDEO_CODED_FRAMES_X: u8 = 3;
const EX_VIDEO_MULTITRACK: u8 = 6;
const EX_VIDEO_MOD_EX: u8 = 7;
const EX_AUDIO_CODED_FRAMES: u8 = 1;
const EX_AUDIO_MULTITRACK: u8 = 5;
const EX_AUDIO_MOD_EX: u8 = 7;
/// FrameType of a command, which is no picture, in either header.
const COMMAND_FRAME: u8 = 5;

/// Whether a video tag body is a picture, and no sequence header, metadata or command.
fn is_picture(body: &Bytes) -> bool {
    match read_video_body(body) {
        Ok(VideoBody::Avc(tag)) => tag.packet == VideoPacketType::AccessUnit,
        Ok(VideoBody::Other { codec: None, .. }) => {
            let first = body.first().copied().unwrap_or(0);
            let is_coded = match first & 0x0F {
                EX_VIDEO_CODED_FRAMES | EX_VIDEO_CODED_FRAMES_X | EX_VIDEO_MOD_EX => true,
                // The low nibble of the next byte is the type of the packets within.
                EX_VIDEO_MULTITRACK => {
                    body.get(1).is_some_and(|b| matches!(b & 0x0F, EX_VIDEO_CODED_FRAMES | EX_VIDEO_CODED_FRAMES_X))
                }
                _ => false,
            };
            is_coded && first >> 4 & 7 != COMMAND_FRAME
        }
        // Older codecs, and HEVC by its unofficial number 12, which has the packet type of H.264.
        Ok(VideoBody::Other { codec: Some(codec), .. }) => match (codec, body.first()) {
            (_, Some(first)) if first >> 4 == COMMAND_FRAME => false,
            (7 | 12, _) => body.get(1) == Some(&1),
            _ => true,
        },
        Err(_) => false,
    }
}

/// Whether an audio tag body is sound and no sequence header.
fn is_sound(body: &Bytes) -> bool {
    match read_audio_body(body) {
        Ok(AudioBody::Aac(tag)) => !tag.sequence_header,
        Ok(AudioBody::Other { sound_format: 9, .. }) => match body.first().map_or(0, |first| first & 0x0F) {
            EX_AUDIO_CODED_FRAMES | EX_AUDIO_MOD_EX => true,
            EX_AUDIO_MULTITRACK => body.get(1).is_some_and(|b| b & 0x0F == EX_AUDIO_CODED_FRAMES),
            _ => false,
        },
        Ok(AudioBody::Other { .. }) => true,
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_and_sound_are_counted() {
        for (body, picture) in [
            (&b"\x17\x00\0\0\0avcC"[..], false),
            (b"\x17\x01\0\0\0x", true),
            (b"\x27\x01\0\0\0x", true),
            (b"\x17\x02\0\0\0", false),
            (b"\x57\x00", false),
            (b"\x90hvc1x", false),
            (b"\x91hvc1\0\0\0x", true),
            (b"\xA3hvc1x", true),
            (b"\xD1hvc1x", false),
            (b"\x94hvc1x", false),
            (b"\x96\x00avc1\0x", false),
            (b"\x96\x01avc1\0x", true),
            (b"\x22x", true),
            (b"\x1c\x00\0\0\0x", false),
            (b"\x1c\x01\0\0\0x", true),
            (b"", false),
        ] {
            assert_eq!(is_picture(&Bytes::copy_from_slice(body)), picture, "{body:?}");
        }
        for (body, sound) in [
            (&b"\xAF\x00\x11\x90"[..], false),
            (b"\xAF\x01x", true),
            (b"\x2fx", true),
            (b"\x90Opusx", false),
            (b"\x91Opusx", true),
            (b"\x95\x01Opus\0x", true),
            (b"\xAF", false),
        ] {
            assert_eq!(is_sound(&Bytes::copy_from_slice(body)), sound, "{body:?}");
        }
    }
}
