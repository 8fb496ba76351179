//! A running show, as a face holds it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use super::event::Command;
use super::face::{Events, Face, NextEvent, face};
use super::lines::Target;
use super::mail::{Mail, Message};
use super::supervisor::{Lent, Supervisor};
use super::{Problem, ProblemKind, destination};
use crate::clock::Clock;
use crate::flow::Worker;
use crate::settings::ShowSettings;

/// Messages that wait for the supervisor; its senders wait when it is full.
const MAIL_MAX: usize = 256;

/// A running show. Dropping it ends it at once.
#[derive(Debug)]
pub struct Show {
    mail: Mail,
    events: Events,
    _worker: Worker,
}

impl Show {
    /// Starts a show: opens sources and encoders and connects, on threads of its own.
    ///
    /// # Errors
    /// Settings that cannot work, before anything is opened.
    pub fn start(settings: ShowSettings, clock: Clock) -> Result<Self, Problem> {
        let targets = targets(&settings)?;
        let (face, events) = face();
        let (mail, worker) = spawn(settings, targets, clock, face, None, || {})?;
        Ok(Self { mail, events, _worker: worker })
    }

    /// Asks for something; done soon after.
    pub fn command(&self, command: Command) {
        self.mail.send(Message::Command(command));
    }

    /// The next event, waiting at most `limit`.
    pub fn next_event(&self, limit: Duration) -> NextEvent {
        self.events.next(limit)
    }
}

/// A show on a stage that was there before it and stays. Dropping it ends it at once.
pub(super) struct LentShow {
    mail: Mail,
    over: Arc<AtomicBool>,
    _worker: Worker,
}

impl LentShow {
    pub(super) fn start(
        settings: ShowSettings,
        targets: Vec<Target>,
        clock: Clock,
        face: Face,
        lent: Lent,
    ) -> Result<Self, Problem> {
        let over = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&over);
        let (mail, worker) = spawn(settings, targets, clock, face, Some(lent), move || {
            ended.store(true, Ordering::Release);
        })?;
        Ok(Self { mail, over, _worker: worker })
    }

    pub(super) fn tell(&self, message: Message) {
        self.mail.send(message);
    }

    /// Whether it has closed all it had: set before its end is told, so that whoever hears of it may begin another.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }
}

/// Where the show goes, once all of its settings are known to work.
pub(super) fn targets(settings: &ShowSettings) -> Result<Vec<Target>, Problem> {
    let published = if settings.rehearse { &[][..] } else { &settings.destinations };
    let checked = ShowSettings { destinations: published.to_vec(), ..settings.clone() };
    checked.validate().map_err(|error| Problem::new(ProblemKind::BadSettings, "settings", error.to_string()))?;
    // What it is rehearsed for is not published to, and may not be finished yet.
    if settings.rehearse {
        return Ok(Vec::new());
    }
    let targets = settings.destinations.iter().map(destination::target).collect::<Result<Vec<_>, _>>()?;
    // Without a destination it may be a recording alone.
    if targets.is_empty() && settings.record.is_none() {
        let advice = "no destination is chosen: give one with --to or --profile, or try --rehearse";
        return Err(Problem::new(ProblemKind::BadSettings, "destination", advice));
    }
    Ok(targets)
}

fn spawn(
    settings: ShowSettings,
    targets: Vec<Target>,
    clock: Clock,
    face: Face,
    lent: Option<Lent>,
    ended: impl FnOnce() + Send + 'static,
) -> Result<(Mail, Worker), Problem> {
    let (sender, inbox) = sync_channel(MAIL_MAX);
    let mail = Mail::new(sender);
    let supervisor = Supervisor::new(settings, targets, clock, mail.clone(), inbox, face, lent);
    let worker = Worker::spawn("supervisor", move |stop| supervisor.run(stop, ended))
        .map_err(|error| Problem::new(ProblemKind::Internal, "show", error.to_string()))?;
    Ok((mail, worker))
}
