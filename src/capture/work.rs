//! What a source's own thread spends on its pictures, read by the stage without a lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What was spent so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Pictures made.
    pub pictures: u64,
    /// Time for decoding them.
    pub capture: Duration,
    /// Time for converting their colours.
    pub convert: Duration,
}

impl Work {
    /// What was spent since `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            pictures: self.pictures.saturating_sub(before.pictures),
            capture: self.capture.saturating_sub(before.capture),
            convert: self.convert.saturating_sub(before.convert),
        }
    }
}

/// Counts it. Cheap to clone; all clones agree.
#[derive(Clone, Debug, Default)]
pub(super) struct WorkMeter(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    pictures: AtomicU64,
    capture_nanos: AtomicU64,
    convert_nanos: AtomicU64,
}

impl WorkMeter {
    pub(super) fn add(&self, work: Work) {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.0.pictures.fetch_add(work.pictures, Ordering::Relaxed);
        self.0.capture_nanos.fetch_add(nanos(work.capture), Ordering::Relaxed);
        self.0.convert_nanos.fetch_add(nanos(work.convert), Ordering::Relaxed);
    }

    pub(super) fn total(&self) -> Work {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Work {
            pictures: read(&self.0.pictures),
            capture: Duration::from_nanos(read(&self.0.capture_nanos)),
            convert: Duration::from_nanos(read(&self.0.convert_nanos)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_adds_up_and_is_told_since_the_last_look() {
        let meter = WorkMeter::default();
        let each = Work { pictures: 1, capture: Duration::from_millis(3), convert: Duration::from_millis(1) };
        meter.add(each);
        let before = meter.total();
        meter.clone().add(each);
        meter.add(each);
        let since = meter.total().since(before);
        assert_eq!((since.pictures, since.capture, since.convert.as_millis()), (2, Duration::from_millis(6), 2));
        assert_eq!(before.since(meter.total()), Work::default(), "another source: nothing is below nothing");
    }
}
