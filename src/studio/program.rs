//! What the threads of one program share: when it began and ends, and what was counted.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::capture::Work;
use crate::flow::Queue;
use crate::media::{Timestamp, VideoFrame};
use crate::output::Fanout;

/// Frames between composing and the encoder (policy: the newest is refused = *skipped*).
const ENCODE_QUEUE: usize = 3;

/// Shared by the threads of a program.
#[derive(Clone, Debug)]
pub(super) struct Program(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    fanout: Fanout,
    frames: Queue<VideoFrame>,
    /// How long the program lasts from its first unit on.
    duration: Option<Duration>,
    first: AtomicI64,
    end: AtomicI64,
    counters: Counters,
    loudness: Mutex<Option<f64>>,
    drift_ppm: Mutex<Option<f64>>,
}

/// Counters since the start.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) captured: AtomicU64,
    pub(super) encoded: AtomicU64,
    pub(super) missed: AtomicU64,
    /// Pictures that were left out because they are too complex for the rate.
    pub(super) thinned: AtomicU64,
    pub(super) audio_xruns: AtomicU64,
    pub(super) video_bytes: AtomicU64,
    pub(super) audio_bytes: AtomicU64,
    /// Keyframes encoded.
    pub(super) keyframes: AtomicU64,
    /// Pictures that the source has made, and time spent on decoding them and on converting their colours.
    pub(super) source_pictures: AtomicU64,
    pub(super) capture_nanos: AtomicU64,
    pub(super) convert_nanos: AtomicU64,
    /// Time spent in composing and in encoding.
    pub(super) compose_nanos: AtomicU64,
    pub(super) encode_nanos: AtomicU64,
}

const UNSET: i64 = i64::MIN;

impl Program {
    pub(super) fn new(fanout: Fanout, duration: Option<Duration>) -> Self {
        Self(Arc::new(Shared {
            fanout,
            frames: Queue::new(ENCODE_QUEUE),
            duration,
            first: AtomicI64::new(UNSET),
            end: AtomicI64::new(i64::MAX),
            counters: Counters::default(),
            loudness: Mutex::new(None),
            drift_ppm: Mutex::new(None),
        }))
    }

    pub(super) fn fanout(&self) -> &Fanout {
        &self.0.fanout
    }

    pub(super) fn frames(&self) -> &Queue<VideoFrame> {
        &self.0.frames
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// Frames the encoder had no time for.
    pub(super) fn skipped(&self) -> u64 {
        self.0.frames.refused()
    }

    /// Frames encoded so far.
    pub(super) fn encoded(&self) -> u64 {
        read(&self.0.counters.encoded)
    }

    /// Marks the place of the program's first unit; with a duration this settles its end.
    pub(super) fn begin_at(&self, time: Timestamp) {
        let begun = self.0.first.compare_exchange(UNSET, time.as_nanos(), Ordering::AcqRel, Ordering::Acquire).is_ok();
        if begun && let Some(duration) = self.0.duration {
            self.end_at(time + duration);
        }
    }

    /// When the program's first unit was, if it has begun.
    pub(super) fn first(&self) -> Option<Timestamp> {
        let nanos = self.0.first.load(Ordering::Acquire);
        (nanos != UNSET).then(|| Timestamp::from_nanos(nanos))
    }

    /// The program ends at `time`, or sooner if that was settled before.
    pub(super) fn end_at(&self, time: Timestamp) {
        self.0.end.fetch_min(time.as_nanos(), Ordering::AcqRel);
    }

    /// Units from here on do not belong to the program.
    pub(super) fn end(&self) -> Timestamp {
        Timestamp::from_nanos(self.0.end.load(Ordering::Acquire))
    }

    pub(super) fn set_loudness(&self, lufs: Option<f64>) {
        *self.0.loudness.lock().unwrap_or_else(PoisonError::into_inner) = lufs;
    }

    pub(super) fn loudness(&self) -> Option<f64> {
        *self.0.loudness.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_drift_ppm(&self, ppm: Option<f64>) {
        *self.0.drift_ppm.lock().unwrap_or_else(PoisonError::into_inner) = ppm;
    }

    pub(super) fn drift_ppm(&self) -> Option<f64> {
        *self.0.drift_ppm.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds the time from `begun` to `ended` to a counter.
pub(super) fn count_time(counter: &AtomicU64, begun: Timestamp, ended: Timestamp) {
    count_duration(counter, ended.since(begun));
}

fn count_duration(counter: &AtomicU64, time: Duration) {
    count(counter, u64::try_from(time.as_nanos()).unwrap_or(0));
}

impl Counters {
    /// Adds what the source has spent on pictures.
    pub(super) fn count_work(&self, work: Work) {
        count(&self.source_pictures, work.pictures);
        count_duration(&self.capture_nanos, work.capture);
        count_duration(&self.convert_nanos, work.convert);
    }
}

/// Adds to a counter.
pub(super) fn count(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}

/// Reads a counter.
pub(super) fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
