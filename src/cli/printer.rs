//! What is printed while something runs, by a thread of its own: whoever reads it may hang or have paused the terminal, and
//! neither the work nor the user's wish to end it waits for him.

use std::time::Duration;

use super::print;
use crate::clock::Clock;
use crate::media::Timestamp;
use crate::studio::{FaceThread, REST_PATIENCE, Told, Weight};

/// How long a complaint may take to be written.
const COMPLAINT_PATIENCE: Duration = Duration::from_millis(200);

/// Prints what it is told, each with the time at which it happened. Dropping it hands over the rest, if that is read soon,
/// and complains of what was not.
pub(super) struct Printer<E: Told> {
    clock: Clock,
    thread: FaceThread<(Timestamp, E)>,
}

impl<E: Told> Printer<E> {
    /// `report` is given all that is told.
    pub(super) fn start(
        clock: &Clock,
        mut report: impl FnMut(Timestamp, &E) + Send + 'static,
    ) -> std::io::Result<Self> {
        let thread = FaceThread::start("printer", move |(at, event): &(Timestamp, E)| report(*at, event))?;
        Ok(Self { clock: clock.clone(), thread })
    }

    /// Prints what happened now. Never waits.
    pub(super) fn tell(&self, event: E) {
        self.tell_at(self.clock.now(), event);
    }

    /// Prints what happened at that time. Never waits.
    pub(super) fn tell_at(&self, at: Timestamp, event: E) {
        self.thread.tell((at, event));
    }
}

impl<E: Told> Drop for Printer<E> {
    fn drop(&mut self) {
        let missed = self.thread.finish(REST_PATIENCE);
        if missed > 0 {
            complain(missed);
        }
    }
}

struct Missed(usize);

impl Told for Missed {
    fn weight(&self) -> Weight {
        Weight::End
    }
}

/// Standard error may have the same reader.
fn complain(missed: usize) {
    let write = |Missed(count): &Missed| print::complain(&format!("{count} events were not printed: nobody read them"));
    if let Ok(mut thread) = FaceThread::start("complaint", write) {
        thread.tell(Missed(missed));
        thread.finish(COMPLAINT_PATIENCE);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;
    use crate::studio::{Problem, ProblemKind, StudioEvent};

    #[test]
    fn each_has_the_time_at_which_it_was_told_however_late_it_is_printed() {
        let clock = Clock::manual();
        let (release, hold) = sync_channel::<()>(0);
        let (printed, times) = sync_channel(10);
        let print = move |at: Timestamp, _: &StudioEvent| {
            hold.recv().unwrap();
            printed.send(at).unwrap();
        };
        let printer = Printer::start(&clock, print).unwrap();
        let told = [1, 2, 3].map(Timestamp::from_millis);
        for at in told {
            clock.advance_to(at);
            printer.tell(StudioEvent::Problem(Problem::new(ProblemKind::OnBackup, "server", "")));
        }
        clock.advance_to(Timestamp::from_millis(9000));
        let seen = told.map(|_| {
            release.send(()).unwrap();
            times.recv().unwrap()
        });
        assert_eq!(seen, told);
    }
}
