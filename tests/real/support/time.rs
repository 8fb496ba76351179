//! Real time for tests that run real programs: the only place here that reads the clock, waits or starts threads.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often a condition is looked at.
const STEP: Duration = Duration::from_millis(15);

/// Now.
#[expect(clippy::disallowed_methods, reason = "these tests run real programs in real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Lets time pass.
#[expect(clippy::disallowed_methods, reason = "these tests run real programs in real time")]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// A thread of the test's own.
#[expect(clippy::disallowed_methods, reason = "a test's own helper thread, ended by what it serves")]
pub(crate) fn thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    std::thread::spawn(work)
}

/// Looks again and again until `look` yields something, for at most `limit`.
pub(crate) fn poll<T>(limit: Duration, look: impl FnMut() -> Option<T>) -> Option<T> {
    poll_every(STEP, limit, look)
}

/// The same, with `step` between two looks.
pub(crate) fn poll_every<T>(step: Duration, limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = now() + limit;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if now() >= end {
            return None;
        }
        pause(step);
    }
}
