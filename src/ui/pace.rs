//! How soon the window is there and how long it was ever kept from drawing: told in the log, for whoever measures.

use std::time::Duration;

/// The measures of one window.
#[derive(Debug, Default)]
pub(super) struct Pace {
    longest: Duration,
    frames: u64,
}

impl Pace {
    /// The thread that draws did something else for so long.
    pub(super) fn worked(&mut self, took: Duration) {
        self.longest = self.longest.max(took);
    }

    /// A frame was laid out, so long after the program's start. When the second one is, the first has been painted.
    pub(super) fn drawn(&mut self, since_start: Duration) {
        self.frames += 1;
        if self.frames == 2 {
            let first_frame_ms = u64::try_from(since_start.as_millis()).unwrap_or(u64::MAX);
            tracing::info!(first_frame_ms, "the first frame is painted");
        }
    }

    /// Tells the longest time between two frames that was no drawing.
    pub(super) fn tell(&self) {
        let longest_logic_ms = self.longest.as_secs_f64() * 1000.0;
        tracing::info!(longest_logic_ms, frames = self.frames, "the window closes");
    }
}
