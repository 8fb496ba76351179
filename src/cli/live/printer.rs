//! What a show tells, printed on a thread of its own: whoever reads it may hang or have paused the terminal, and neither the
//! show nor the user's wish to end it waits for that.

use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use super::{human, json};
use crate::clock::Clock;
use crate::flow::Worker;
use crate::studio::{Events, Face, NextEvent, StudioEvent, face};

/// How long whoever reads may take for the rest once the show is over.
const REST_PATIENCE: Duration = Duration::from_millis(1500);
/// How long the thread sleeps while nothing is told; its end wakes it.
const NAP: Duration = Duration::from_secs(3600);

/// Prints until it is dropped, and then the rest, if that is read soon.
pub(super) struct Printer {
    face: Option<Face>,
    done: Receiver<()>,
    worker: Option<Worker>,
}

impl Printer {
    /// Prints for scripts as `json`, or else for people.
    pub(super) fn start(json: bool, clock: Clock) -> std::io::Result<Self> {
        let (face, events) = face();
        let (ended, done) = sync_channel(1);
        let worker = Worker::spawn("printer", move |_stop| {
            if json {
                let json = json::Json::new(clock);
                print(&events, |event| json.report(event));
            } else {
                let mut human = human::Human::new(clock);
                print(&events, |event| human.report(event));
            }
            drop(ended);
        })?;
        Ok(Self { face: Some(face), done, worker: Some(worker) })
    }

    /// Never waits.
    pub(super) fn tell(&self, event: StudioEvent) {
        if let Some(face) = &self.face {
            face.tell(event);
        }
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        drop(self.face.take());
        let hangs = self.done.recv_timeout(REST_PATIENCE) == Err(RecvTimeoutError::Timeout);
        if let Some(worker) = self.worker.take().filter(|_| hangs) {
            worker.abandon();
        }
    }
}

fn print(events: &Events, mut report: impl FnMut(&StudioEvent)) {
    loop {
        match events.next(NAP) {
            NextEvent::Event(event) => report(&event),
            NextEvent::Nothing => {}
            NextEvent::Gone => return,
        }
    }
}
