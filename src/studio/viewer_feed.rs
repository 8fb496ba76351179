//! What the viewer of a rehearsal sees and hears, for whoever shows it beside the program.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::preview::{Preview, PreviewPace};
use crate::audio::Meter;
use crate::media::{AudioChunk, Level, Picture, Timestamp};

/// What the viewer gets right now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ViewerNow {
    /// Peak and RMS of each channel over the last chunk, in dBFS; empty before the first.
    pub channels: Vec<Level>,
    /// From capture to decoded, of the newest picture, in milliseconds.
    pub latency_ms: Option<f64>,
}

/// The viewer's picture (policy: newest wins) and levels. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ViewerFeed {
    preview: Preview,
    now: Arc<Mutex<ViewerNow>>,
}

impl ViewerFeed {
    pub(super) fn new() -> Self {
        Self { preview: Preview::new(), now: Arc::default() }
    }

    /// The pictures; none before somebody wants them.
    pub fn preview(&self) -> &Preview {
        &self.preview
    }

    /// The rest.
    pub fn now(&self) -> ViewerNow {
        self.lock().clone()
    }

    /// Another rehearsal begins.
    pub(super) fn clear(&self) {
        *self.lock() = ViewerNow::default();
        drop(self.preview.take());
    }

    fn lock(&self) -> MutexGuard<'_, ViewerNow> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The viewer's end of a feed.
#[derive(Debug)]
pub(super) struct ViewerShow {
    feed: ViewerFeed,
    pace: PreviewPace,
    /// With its rate and channels.
    meter: Option<(u32, u16, Meter)>,
}

impl ViewerShow {
    pub(super) fn new(feed: ViewerFeed) -> Self {
        feed.clear();
        Self { feed, pace: PreviewPace::default(), meter: None }
    }

    /// A decoded picture, and how long ago it was captured.
    pub(super) fn see(&mut self, now: Timestamp, picture: Arc<Picture>, latency_ms: Option<f64>) {
        if latency_ms.is_some() {
            self.feed.lock().latency_ms = latency_ms;
        }
        if self.pace.wants(self.feed.preview.rate(), now) {
            self.feed.preview.put(picture);
        }
    }

    /// Decoded sound.
    pub(super) fn hear(&mut self, chunk: &AudioChunk) {
        let form = (chunk.sample_rate, chunk.channels);
        if self.meter.as_ref().is_none_or(|(rate, channels, _)| (*rate, *channels) != form) {
            self.meter = Some((form.0, form.1, Meter::new(form.0, form.1)));
        }
        if let Some((.., meter)) = &mut self.meter {
            meter.measure(&chunk.samples);
            self.feed.lock().channels = meter.levels();
        }
    }
}
