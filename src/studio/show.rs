//! A running show, as a face holds it.

use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use super::event::{Command, StudioEvent};
use super::supervisor::{Mail, Message, Supervisor};
use super::{Problem, ProblemKind, destination};
use crate::clock::Clock;
use crate::flow::Worker;
use crate::settings::ShowSettings;

/// Events that wait for the face; more than that and figures are left out.
const EVENTS_MAX: usize = 1024;
/// Messages that wait for the supervisor; its senders wait when it is full.
const MAIL_MAX: usize = 256;

/// What `Show::next_event` gave.
#[derive(Debug)]
pub enum NextEvent {
    /// Something happened.
    Event(StudioEvent),
    /// Nothing in the given time.
    Nothing,
    /// The show is gone: after `StudioEvent::Ended`, or because its supervisor died, which is a bug.
    Gone,
}

/// A running show. Dropping it ends it at once.
#[derive(Debug)]
pub struct Show {
    mail: Mail,
    events: Receiver<StudioEvent>,
    _worker: Worker,
}

impl Show {
    /// Starts a show: opens sources and encoders and connects, on threads of its own.
    ///
    /// # Errors
    /// Settings that cannot work, before anything is opened.
    pub fn start(settings: ShowSettings, clock: Clock) -> Result<Self, Problem> {
        settings.validate().map_err(|error| Problem::new(ProblemKind::BadSettings, "settings", error.to_string()))?;
        let targets = settings.destinations.iter().map(destination::target).collect::<Result<Vec<_>, _>>()?;
        if targets.is_empty() && !settings.rehearse {
            let advice = "no destination is chosen: give one with --to or --profile, or try --rehearse";
            return Err(Problem::new(ProblemKind::BadSettings, "destination", advice));
        }
        let (sender, inbox) = sync_channel(MAIL_MAX);
        let (face, events) = sync_channel(EVENTS_MAX);
        let mail = Mail::new(sender);
        let supervisor = Supervisor::new(settings, targets, clock, mail.clone(), inbox, face);
        let worker = Worker::spawn("supervisor", move |stop| supervisor.run(stop))
            .map_err(|error| Problem::new(ProblemKind::Internal, "show", error.to_string()))?;
        Ok(Self { mail, events, _worker: worker })
    }

    /// Asks for something; done soon after.
    pub fn command(&self, command: Command) {
        self.mail.send(Message::Command(command));
    }

    /// The next event, waiting at most `limit`.
    pub fn next_event(&self, limit: Duration) -> NextEvent {
        match self.events.recv_timeout(limit) {
            Ok(event) => NextEvent::Event(event),
            Err(RecvTimeoutError::Timeout) => NextEvent::Nothing,
            Err(RecvTimeoutError::Disconnected) => NextEvent::Gone,
        }
    }
}
