//! Playing: what a player asks for, and what it is sent (RTMP 1.0, section 7.2.2).
#![deny(clippy::indexing_slicing)]

use bytes::Bytes;

use super::session::{Pending, ServerSession};
use super::{ServerEvent, ServerStep};
use crate::amf::{Value, write_value};
use crate::rtmp::MediaKind;
use crate::rtmp::chunk::MessageHeader;
use crate::rtmp::command::Command;
use crate::rtmp::message::{event, kind};

/// Chunk streams of what players get: one for each kind, so that times on each rise by small steps.
const SCRIPT_CHUNKS: u32 = 5;
const AUDIO_CHUNKS: u32 = 6;
const VIDEO_CHUNKS: u32 = 7;

/// A play that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Playing {
    pub(super) stream_id: u32,
}

impl ServerSession {
    /// Answers `PlayRequested`: `send_media` reaches the player from now on. Also for a name that nobody publishes
    /// yet: the player waits. Does nothing when no play is pending.
    pub fn accept_play(&mut self) {
        let Some(Pending::Play { stream_id, reset }) = self.pending else { return };
        self.pending = None;
        self.playing = Some(Playing { stream_id });
        self.link.send_user_control(event::STREAM_BEGIN, stream_id);
        if reset {
            self.send_status(stream_id, "status", "NetStream.Play.Reset", "Playing and resetting.");
        }
        self.send_status(stream_id, "status", "NetStream.Play.Start", "Playing.");
        // Flash players show nothing of the picture's pixels to scripts without it; the others pass over it.
        let mut access = Vec::with_capacity(32);
        for value in ["|RtmpSampleAccess".into(), Value::Boolean(true), Value::Boolean(true)] {
            write_value(&mut access, &value);
        }
        self.send_script(0, &access.into());
        self.enter(ServerStep::Play);
        self.handle_deferred();
    }

    /// Answers `PlayRequested`: refuses. Does nothing when no play is pending.
    pub fn reject_play(&mut self, code: &str, description: &str) {
        let Some(Pending::Play { stream_id, .. }) = self.pending else { return };
        self.refuse(stream_id, code, description);
    }

    /// Sends an FLV tag body to the player; its memory is shared, not copied. `false` where nobody plays or the body
    /// is longer than a message can be.
    pub fn send_media(&mut self, media: MediaKind, timestamp_ms: u32, payload: &Bytes) -> bool {
        let Some(Playing { stream_id }) = self.playing else { return false };
        let (chunk_stream, kind) = match media {
            MediaKind::Audio => (AUDIO_CHUNKS, kind::AUDIO),
            MediaKind::Video => (VIDEO_CHUNKS, kind::VIDEO),
        };
        self.link.send(MessageHeader { chunk_stream, kind, timestamp_ms, stream_id }, &[], payload)
    }

    /// Sends a script data body, such as `onMetaData`, to the player. `false` as for `send_media`.
    pub fn send_script(&mut self, timestamp_ms: u32, body: &Bytes) -> bool {
        let Some(Playing { stream_id }) = self.playing else { return false };
        let header = MessageHeader { chunk_stream: SCRIPT_CHUNKS, kind: kind::DATA, timestamp_ms, stream_id };
        self.link.send(header, &[], body)
    }

    /// Tells a player who waits that somebody publishes now.
    pub fn notify_published(&mut self) {
        let Some(Playing { stream_id }) = self.playing else { return };
        self.link.send_user_control(event::STREAM_BEGIN, stream_id);
        self.send_status(stream_id, "status", "NetStream.Play.PublishNotify", "The stream is published now.");
    }

    /// Tells the player that the stream has ended: most leave now, one that stays waits for the next publish.
    pub fn notify_unpublished(&mut self) {
        let Some(Playing { stream_id }) = self.playing else { return };
        self.link.send_user_control(event::STREAM_EOF, stream_id);
        self.send_status(stream_id, "status", "NetStream.Play.UnpublishNotify", "The stream has ended.");
    }

    pub(super) fn handle_play(&mut self, stream_id: u32, command: &Command) {
        // `play` has the name first; `play2` an object that holds it.
        let name = command
            .argument(0)
            .and_then(|first| first.as_str().or_else(|| first.get("streamName").and_then(Value::as_str)))
            .unwrap_or_default()
            .to_owned();
        if self.publishing.is_some() {
            let words = "This connection publishes.";
            return self.send_status(stream_id, "error", "NetStream.Play.Failed", words);
        }
        // Start and duration have no meaning for a live stream. Reset is a truth value or a number; left out, it is
        // on (7.2.2.1).
        let reset = match command.argument(3) {
            Some(Value::Boolean(reset)) => *reset,
            Some(Value::Number(number)) => *number != 0.0,
            _ => true,
        };
        if self.playing.take().is_some() {
            self.link.push_event(ServerEvent::Unplayed);
        }
        self.request(Pending::Play { stream_id, reset }, ServerEvent::PlayRequested { name });
    }

    pub(super) fn handle_pause(&mut self, stream_id: u32, command: &Command) {
        if self.playing.is_none() {
            return;
        }
        let paused = command.argument(0).and_then(Value::as_bool).unwrap_or(true);
        let (code, words) = match paused {
            true => ("NetStream.Pause.Notify", "Paused."),
            false => ("NetStream.Unpause.Notify", "Playing on, live."),
        };
        self.send_status(stream_id, "status", code, words);
        self.link.push_event(ServerEvent::Paused(paused));
    }

    pub(super) fn handle_receive(&mut self, kind: MediaKind, command: &Command) {
        if self.playing.is_some() {
            let wanted = command.argument(0).and_then(Value::as_bool).unwrap_or(true);
            self.link.push_event(ServerEvent::Receive { kind, wanted });
        }
    }

    /// Ends the play on this message stream, if there is one.
    pub(super) fn unplay(&mut self, stream_id: u32) {
        if self.playing == Some(Playing { stream_id }) {
            self.playing = None;
            self.done = true;
            self.send_status(stream_id, "status", "NetStream.Play.Stop", "Stopped.");
            self.link.push_event(ServerEvent::Unplayed);
            self.enter(ServerStep::Publish);
        }
    }
}
