//! The newest picture of the program, for whoever shows it.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::flow::Latest;
use crate::media::{Picture, Timestamp};

/// How many pictures whoever shows them wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreviewRate {
    /// None: nobody looks.
    Off,
    /// So many a second, at most 254; of zero none.
    PerSecond(u8),
    /// Every picture of the program.
    Full,
}

impl PreviewRate {
    fn to_bits(self) -> u8 {
        match self {
            Self::Off => 0,
            Self::PerSecond(count) => count.min(u8::MAX - 1),
            Self::Full => u8::MAX,
        }
    }

    fn from_bits(bits: u8) -> Self {
        match bits {
            0 => Self::Off,
            u8::MAX => Self::Full,
            count => Self::PerSecond(count),
        }
    }
}

/// Called when there is a new picture; must return at once.
type Notify = Box<dyn Fn() + Send + Sync>;

/// The newest picture (policy: newest wins). Cheap to clone.
#[derive(Clone)]
pub struct Preview(Arc<Shared>);

struct Shared {
    picture: Latest<Arc<Picture>>,
    rate: AtomicU8,
    notify: Mutex<Option<Notify>>,
}

impl fmt::Debug for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preview").field("rate", &self.rate()).finish_non_exhaustive()
    }
}

impl Preview {
    /// A preview nobody looks at yet.
    pub(super) fn new() -> Self {
        let rate = AtomicU8::new(PreviewRate::Off.to_bits());
        Self(Arc::new(Shared { picture: Latest::new(), rate, notify: Mutex::new(None) }))
    }

    /// The newest picture since the last call.
    pub fn take(&self) -> Option<Arc<Picture>> {
        self.0.picture.take()
    }

    /// How many pictures are wanted from now on.
    pub fn set_rate(&self, rate: PreviewRate) {
        self.0.rate.store(rate.to_bits(), Ordering::Release);
    }

    /// How many pictures are wanted.
    pub fn rate(&self) -> PreviewRate {
        PreviewRate::from_bits(self.0.rate.load(Ordering::Acquire))
    }

    /// Calls `notify`, on the video thread, whenever there is a new picture.
    pub fn set_notify(&self, notify: impl Fn() + Send + Sync + 'static) {
        *self.0.notify.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(notify));
    }

    pub(super) fn put(&self, picture: Arc<Picture>) {
        self.0.picture.put(picture);
        if let Some(notify) = &*self.0.notify.lock().unwrap_or_else(PoisonError::into_inner) {
            notify();
        }
    }
}

/// Decides at each tick whether its picture is shown.
#[derive(Debug, Default)]
pub(super) struct PreviewPace {
    next: Option<Timestamp>,
}

impl PreviewPace {
    pub(super) fn wants(&mut self, rate: PreviewRate, now: Timestamp) -> bool {
        let interval = match rate {
            PreviewRate::Off | PreviewRate::PerSecond(0) => return false,
            PreviewRate::Full => return true,
            // A little less than its part of a second, so that a tick is not waited for in vain.
            PreviewRate::PerSecond(count) => Duration::from_millis(950) / u32::from(count),
        };
        let due = self.next.is_none_or(|next| now >= next);
        if due {
            self.next = Some(now + interval);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::FrameRate;

    #[test]
    fn a_rate_is_kept_to_at_the_ticks() {
        let preview = Preview::new();
        let shown = |rate| {
            preview.set_rate(rate);
            let mut pace = PreviewPace::default();
            (0..90).filter(|i| pace.wants(preview.rate(), FrameRate::DEFAULT.frame_time(*i))).count()
        };
        let counts = [0, 1, 5, 10, 15, 254].map(PreviewRate::PerSecond);
        assert_eq!(counts.map(shown), [0, 4, 15, 30, 45, 90]);
        assert_eq!([PreviewRate::Off, PreviewRate::Full].map(shown), [0, 90]);
    }
}
