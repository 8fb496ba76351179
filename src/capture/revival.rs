//! What cameras and microphones share: noticing that nothing comes, trying again ever less often, and calls into
//! the system that may never come back.

use std::time::Duration;

use super::SourceError;
use crate::clock::{Backoff, Clock};
use crate::flow::{Stop, within, within_unless};
use crate::media::Timestamp;

/// How long opening a device may take; USB cameras need up to a second, and sound cards ask each of their formats.
pub(super) const OPEN_LIMIT: Duration = Duration::from_secs(5);
/// The same, at the first attempt to open one again.
const REOPEN_LIMIT: Duration = Duration::from_millis(1500);

/// Nothing for so long is a stall.
pub(super) const STALL: Duration = Duration::from_secs(1);

/// Notices that nothing has come for `STALL`. Pure: time is an argument.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watchdog {
    last: Timestamp,
}

impl Watchdog {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { last: now }
    }

    /// Something came.
    pub(super) fn feed(&mut self, now: Timestamp) {
        self.last = self.last.max(now);
    }

    /// How long nothing has come, once that is too long.
    pub(super) fn stalled(&self, now: Timestamp) -> Option<Duration> {
        let silent_for = now.since(self.last);
        (silent_for >= STALL).then_some(silent_for)
    }
}

/// When to try again: after 0.5, 1, 2, 4 and then every 5 seconds.
pub(super) fn backoff() -> Backoff {
    Backoff::new(Duration::from_secs(5))
}

/// At most so long from one look for a device that is not there to the next: that burdens nobody, and one that is plugged in
/// again is met soon.
const ABSENT_WAIT_MAX: Duration = Duration::from_secs(1);

/// How long a device may take to open again, whose last attempt took too long if `slow`: at first no longer than what stands still
/// may be shown, and then as long as at the first time, or one that is slow would never be back.
pub(super) fn reopen_limit(slow: bool) -> Duration {
    if slow { OPEN_LIMIT } else { REOPEN_LIMIT }
}

/// The next wait before a device is opened again, which was not there, as `error` says, or failed.
pub(super) fn next_wait(backoff: &mut Backoff, error: Option<&SourceError>) -> Duration {
    let wait = backoff.next_wait();
    match error {
        Some(SourceError::NotFound { .. } | SourceError::NoSoundServer { .. }) => wait.min(ABSENT_WAIT_MAX),
        _ => wait,
    }
}

/// Waits until `time` or until the stop is requested; `false` if it was.
pub(super) fn wait_until(clock: &Clock, time: Timestamp, stop: &Stop) -> bool {
    while clock.now() < time {
        if stop.requested() {
            return false;
        }
        clock.sleep_until(time, Duration::from_millis(50));
    }
    !stop.requested()
}

/// Runs `work` on a thread of its own for at most `limit`. `None` when it takes longer: the thread is then left
/// to itself, because a call into a hung sound server or driver cannot be cancelled, and waiting for it would hang
/// the show. It ends with the call, or with the program.
pub(super) fn bounded<T: Send + 'static>(
    name: &str,
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let value = within(name, limit, work).ok()?;
    told_if_abandoned(name, value)
}

/// The same, waited for until a Stop at most.
pub(super) fn bounded_until<T: Send + 'static>(
    stop: &Stop,
    name: &str,
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let value = within_unless(name, limit, || stop.requested(), work).ok()?;
    told_if_abandoned(name, value)
}

fn told_if_abandoned<T>(name: &str, value: Option<T>) -> Option<T> {
    if value.is_none() {
        tracing::warn!(call = name, "a call into the system does not come back and is abandoned");
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Popped, Queue};

    #[test]
    fn the_watchdog_barks_after_a_second() {
        let at = Timestamp::from_millis;
        let mut dog = Watchdog::new(at(100));
        assert_eq!(dog.stalled(at(1099)), None);
        dog.feed(at(500));
        dog.feed(at(400));
        assert_eq!(dog.stalled(at(1499)), None);
        assert_eq!(dog.stalled(at(1700)), Some(Duration::from_millis(1200)));
    }

    #[test]
    fn a_device_that_is_not_there_is_looked_for_each_second_and_one_that_fails_ever_less_often() {
        let gone = SourceError::NotFound { wanted: "mic:a".to_owned(), available: Vec::new() };
        let fails = SourceError::Device { what: "mic:a".to_owned(), reason: "no".to_owned() };
        let waits = |error: &SourceError| {
            let mut backoff = backoff();
            let first = next_wait(&mut backoff, None);
            [first]
                .into_iter()
                .chain((0..5).map(|_| next_wait(&mut backoff, Some(error))))
                .map(|wait| wait.as_millis())
                .collect()
        };
        let (gone, fails): (Vec<_>, Vec<_>) = (waits(&gone), waits(&fails));
        assert_eq!(gone, [500, 1000, 1000, 1000, 1000, 1000]);
        assert_eq!(fails, [500, 1000, 2000, 4000, 5000, 5000]);
    }

    #[test]
    fn a_call_that_does_not_return_is_abandoned() {
        assert_eq!(bounded("quick", Duration::from_secs(20), || 7), Some(7));
        let gate = Queue::<()>::new(1);
        let hold = gate.clone();
        let hung =
            bounded(
                "hung",
                Duration::from_millis(20),
                move || {
                    while hold.pop(Duration::from_secs(1)) == Popped::Empty {}
                },
            );
        assert_eq!(hung, None);
        // A slow one may be given seconds, and a Stop none of them.
        let (stop, hold) = (Stop::new(), gate.clone());
        stop.request();
        let hung = bounded_until(&stop, "hung", Duration::from_secs(600), move || {
            while hold.pop(Duration::from_secs(1)) == Popped::Empty {}
        });
        assert_eq!(hung, None);
        assert!(reopen_limit(true) >= OPEN_LIMIT && reopen_limit(false) < OPEN_LIMIT);
        gate.close();
    }

    #[test]
    fn a_wait_ends_at_its_time_or_at_the_stop() {
        let clock = Clock::manual();
        let stop = Stop::new();
        assert!(wait_until(&clock, Timestamp::ZERO, &stop));
        stop.request();
        assert!(!wait_until(&clock, Timestamp::from_millis(5), &stop));
    }
}
