//! A running check, as a face holds it.

use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use super::driver::{Driver, Sink};
use super::report::{CheckEvent, CheckSettings};
use crate::clock::Clock;
use crate::flow::{Stop, Worker};
use crate::studio::event::StudioEvent;
use crate::studio::face::Face;
use crate::studio::mail::{Mail, Message};
use crate::studio::stage::StageHandle;
use crate::studio::{Problem, ProblemKind};

/// Events that wait for the face: all of a check.
const EVENTS_MAX: usize = 1024;
/// Messages that wait for the driver; its senders wait when it is full.
const MAIL_MAX: usize = 256;

/// What `next_event` of a check gave.
#[derive(Debug)]
pub enum NextCheckEvent {
    /// Something happened.
    Event(Box<CheckEvent>),
    /// Nothing in the given time.
    Nothing,
    /// The check is gone: after `CheckEvent::Ended`, or because its thread died, which is a bug.
    Gone,
}

/// A running check. Dropping it ends it at once.
#[derive(Debug)]
pub struct Check {
    events: Receiver<CheckEvent>,
    cancel: Stop,
    _worker: Worker,
}

impl Check {
    /// Starts a check: opens sources and encoders and connects, on threads of its own.
    ///
    /// # Errors
    /// Settings that cannot work, before anything is opened.
    pub fn start(settings: CheckSettings, clock: Clock) -> Result<Self, Problem> {
        let (face, events) = sync_channel(EVENTS_MAX);
        let sink = move |event| drop(face.send(event));
        let (cancel, worker) = spawn(settings, clock, Box::new(sink), None, Stop::new())?;
        Ok(Self { events, cancel, _worker: worker })
    }

    /// Ends it soon; `CheckEvent::Ended` follows.
    pub fn cancel(&self) {
        self.cancel.request();
    }

    /// The next event, waiting at most `limit`.
    pub fn next_event(&self, limit: Duration) -> NextCheckEvent {
        match self.events.recv_timeout(limit) {
            Ok(event) => NextCheckEvent::Event(Box::new(event)),
            Err(RecvTimeoutError::Timeout) => NextCheckEvent::Nothing,
            Err(RecvTimeoutError::Disconnected) => NextCheckEvent::Gone,
        }
    }
}

/// A check on a stage that was there before it and stays. Dropping it ends it at once.
pub(in crate::studio) struct LentCheck {
    cancel: Stop,
    over: Stop,
    _worker: Worker,
}

impl LentCheck {
    pub(in crate::studio) fn start(
        settings: CheckSettings,
        clock: Clock,
        face: Face,
        stage: StageHandle,
    ) -> Result<Self, Problem> {
        let sink = move |event| face.tell(StudioEvent::Check(Box::new(event)));
        let over = Stop::new();
        let (cancel, worker) = spawn(settings, clock, Box::new(sink), Some(stage), over.clone())?;
        Ok(Self { cancel, over, _worker: worker })
    }

    /// Ends it soon; its end is told.
    pub(in crate::studio) fn cancel(&self) {
        self.cancel.request();
    }

    /// Whether it needs the stage no more: set before its end is told, so that whoever hears of it may begin a show.
    pub(in crate::studio) fn is_over(&self) -> bool {
        self.over.requested()
    }
}

fn spawn(
    settings: CheckSettings,
    clock: Clock,
    sink: Sink,
    stage: Option<StageHandle>,
    over: Stop,
) -> Result<(Stop, Worker), Problem> {
    let (sender, inbox) = sync_channel::<Message>(MAIL_MAX);
    let cancel = Stop::new();
    let driver = Driver::new(settings, clock, sink, Mail::new(sender), inbox, cancel.clone(), stage)?;
    let worker = Worker::spawn("check", move |stop| driver.run(stop, &over))
        .map_err(|error| Problem::new(ProblemKind::Internal, "check", error.to_string()))?;
    Ok((cancel, worker))
}
