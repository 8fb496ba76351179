//! The way to the supervisor of a show, or whoever else has its threads.

use std::path::PathBuf;
use std::sync::mpsc::SyncSender;

use super::event::Command;
use super::stage::StageEvent;
use crate::encode::EncodeError;
use crate::output::publisher::PublisherEvent;
use crate::output::{RecorderError, RecorderEvent};

/// What the threads tell the supervisor.
#[derive(Debug)]
pub(super) enum Message {
    Command(Command),
    ShareRehearsal,
    Stage(StageEvent),
    EncoderFailed {
        about: &'static str,
        error: EncodeError,
        fatal: bool,
    },
    VideoEnded,
    AudioEnded,
    Publisher(usize, PublisherEvent),
    /// Of the recording of this number.
    Recorder(usize, RecorderEvent),
    Replay(Result<PathBuf, RecorderError>),
}

/// The way to the supervisor. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Mail(SyncSender<Message>);

impl Mail {
    pub(super) fn new(sender: SyncSender<Message>) -> Self {
        Self(sender)
    }

    /// Sends; waits while the supervisor is behind. A supervisor that has ended wants no mail.
    pub(super) fn send(&self, message: Message) {
        let _ = self.0.send(message);
    }
}
