//! The only reader of the system's clocks: program time, wall time, a manual clock for tests, the ticker, the waits
//! between attempts, and whether the computer has slept.

mod backoff;
mod local;
mod sleep;
mod ticker;

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::media::Timestamp;

pub use backoff::Backoff;
pub use local::{local_date_and_time, utc_date_time};
pub use sleep::{SleepWatch, TwoClocks};
pub use ticker::{Tick, Ticker};

/// Program time. Cheap to clone; all clones agree.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Kind>);

#[derive(Debug)]
enum Kind {
    System { epoch: Instant, epoch_monotonic_nanos: i64 },
    Manual { now: Mutex<Timestamp>, changed: Condvar },
}

impl Clock {
    /// The system's monotonic clock, zero now.
    #[expect(clippy::disallowed_methods, reason = "this room is the only reader of the clock")]
    pub fn system() -> Self {
        Self(Arc::new(Kind::System { epoch: Instant::now(), epoch_monotonic_nanos: monotonic_nanos() }))
    }

    /// A clock that stands still until `advance_to`.
    pub fn manual() -> Self {
        Self(Arc::new(Kind::Manual { now: Mutex::new(Timestamp::ZERO), changed: Condvar::new() }))
    }

    /// Now, on the program timeline.
    pub fn now(&self) -> Timestamp {
        match &*self.0 {
            Kind::System { epoch, .. } => Timestamp::ZERO + epoch.elapsed(),
            Kind::Manual { now, .. } => *now.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Sets a manual clock forward; has no effect on the system's or backwards.
    pub fn advance_to(&self, time: Timestamp) {
        if let Kind::Manual { now, changed } = &*self.0 {
            let mut now = now.lock().unwrap_or_else(PoisonError::into_inner);
            *now = (*now).max(time);
            changed.notify_all();
        }
    }

    /// Waits until `time`, but never longer than `limit` of real time: callers loop and look for Stop.
    #[expect(clippy::disallowed_methods, reason = "this room is the only one that sleeps")]
    pub fn sleep_until(&self, time: Timestamp, limit: Duration) {
        match &*self.0 {
            Kind::System { .. } => {
                let left = time.since(self.now()).min(limit);
                if !left.is_zero() {
                    std::thread::sleep(left);
                }
            }
            Kind::Manual { now, changed } => {
                let guard = now.lock().unwrap_or_else(PoisonError::into_inner);
                if *guard < time {
                    drop(changed.wait_timeout(guard, limit));
                }
            }
        }
    }

    /// The program time of a point on `CLOCK_MONOTONIC` (what V4L2 stamps frames with), given in nanoseconds.
    /// Falls back to now where the clock is manual.
    pub fn from_monotonic_nanos(&self, nanos: i64) -> Timestamp {
        match &*self.0 {
            Kind::System { epoch_monotonic_nanos, .. } => {
                Timestamp::from_nanos(nanos.saturating_sub(*epoch_monotonic_nanos))
            }
            Kind::Manual { .. } => self.now(),
        }
    }

    /// The instant of a program time, for the network's timers; `None` on a manual clock or before the epoch.
    pub fn instant_of(&self, time: Timestamp) -> Option<Instant> {
        match &*self.0 {
            Kind::System { epoch, .. } => epoch.checked_add(Duration::from_nanos(u64::try_from(time.as_nanos()).ok()?)),
            Kind::Manual { .. } => None,
        }
    }
}

/// Wall time since 1970-01-01 UTC.
#[expect(clippy::disallowed_methods, reason = "this room is the only reader of the clock")]
pub fn unix_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO)
}

/// CPU time this process has used so far, user and system; zero where the system does not tell.
pub fn process_cpu_time() -> Duration {
    #[cfg(unix)]
    {
        clock_nanos(libc::CLOCK_PROCESS_CPUTIME_ID)
            .and_then(|nanos| u64::try_from(nanos).ok())
            .map_or(Duration::ZERO, Duration::from_nanos)
    }
    #[cfg(not(unix))]
    {
        Duration::ZERO
    }
}

fn monotonic_nanos() -> i64 {
    #[cfg(unix)]
    {
        clock_nanos(libc::CLOCK_MONOTONIC).unwrap_or(0)
    }
    #[cfg(not(unix))]
    {
        0
    }
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "std has no raw clock_gettime")]
fn clock_nanos(clock: libc::clockid_t) -> Option<i64> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid timespec that outlives the call; any clock id is allowed and a bad one is an error.
    let done = unsafe { libc::clock_gettime(clock, &raw mut time) } == 0;
    done.then_some(time.tv_sec * 1_000_000_000 + time.tv_nsec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_moves_and_matches_the_monotonic_clock() {
        let clock = Clock::system();
        let before = clock.now();
        clock.sleep_until(before + Duration::from_millis(5), Duration::from_secs(1));
        assert!(clock.now() >= before + Duration::from_millis(5));
        let same = clock.from_monotonic_nanos(monotonic_nanos());
        assert!(clock.now().nanos_since(same).abs() < 1_000_000_000);
    }

    #[test]
    fn a_manual_clock_stands_still_and_never_goes_back() {
        let clock = Clock::manual();
        let other = clock.clone();
        clock.advance_to(Timestamp::from_millis(40));
        other.advance_to(Timestamp::from_millis(10));
        assert_eq!(other.now(), Timestamp::from_millis(40));
    }

    #[test]
    fn cpu_time_grows_with_work() {
        let before = process_cpu_time();
        let mut sum = 0u64;
        for i in 0..3_000_000u64 {
            sum = std::hint::black_box(sum.wrapping_add(i * i));
        }
        assert!(process_cpu_time() > before, "{sum}");
    }
}
