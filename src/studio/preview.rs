//! The newest picture of the program, for whoever shows it.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::flow::Latest;
use crate::media::{Picture, Timestamp};

/// Time between pictures at `PreviewRate::Slow`.
const SLOW_INTERVAL: Duration = Duration::from_millis(200);
/// The same at `PreviewRate::Eased`: a little less than a fifteenth of a second, so that a tick is not waited for in vain.
const EASED_INTERVAL: Duration = Duration::from_millis(60);
/// The same at `PreviewRate::Sparing`.
const SPARING_INTERVAL: Duration = Duration::from_millis(95);

/// How many pictures whoever shows them wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreviewRate {
    /// None: nobody looks.
    Off,
    /// Five a second.
    Slow,
    /// Ten a second: drawing takes the processor from a show.
    Sparing,
    /// Fifteen a second: drawing costs the processor much.
    Eased,
    /// Every picture of the program.
    Full,
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
        let rate = AtomicU8::new(PreviewRate::Off as u8);
        Self(Arc::new(Shared { picture: Latest::new(), rate, notify: Mutex::new(None) }))
    }

    /// The newest picture since the last call.
    pub fn take(&self) -> Option<Arc<Picture>> {
        self.0.picture.take()
    }

    /// How many pictures are wanted from now on.
    pub fn set_rate(&self, rate: PreviewRate) {
        self.0.rate.store(rate as u8, Ordering::Release);
    }

    /// How many pictures are wanted.
    pub fn rate(&self) -> PreviewRate {
        match self.0.rate.load(Ordering::Acquire) {
            rate if rate == PreviewRate::Full as u8 => PreviewRate::Full,
            rate if rate == PreviewRate::Eased as u8 => PreviewRate::Eased,
            rate if rate == PreviewRate::Sparing as u8 => PreviewRate::Sparing,
            rate if rate == PreviewRate::Slow as u8 => PreviewRate::Slow,
            _ => PreviewRate::Off,
        }
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
            PreviewRate::Off => return false,
            PreviewRate::Full => return true,
            PreviewRate::Slow => SLOW_INTERVAL,
            PreviewRate::Eased => EASED_INTERVAL,
            PreviewRate::Sparing => SPARING_INTERVAL,
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
    fn slow_is_five_a_second_sparing_ten_eased_fifteen_and_off_is_none() {
        let shown = |rate| {
            let mut pace = PreviewPace::default();
            (0..90).filter(|i| pace.wants(rate, FrameRate::DEFAULT.frame_time(*i))).count()
        };
        let rates = [PreviewRate::Off, PreviewRate::Slow, PreviewRate::Sparing, PreviewRate::Eased, PreviewRate::Full];
        assert_eq!(rates.map(shown), [0, 15, 30, 45, 90]);
    }
}
