//! The program tick: takes the source's picture, composes it, hands it to the encoder.

use std::time::Duration;

use super::program::{Program, count};
use super::supervisor::{Mail, Message};
use crate::capture::VideoSource;
use crate::clock::{Clock, Ticker};
use crate::flow::Stop;
use crate::media::{FrameRate, PicturePool, Size, Timestamp, VideoFrame};
use crate::video::Composer;

/// How long the thread sleeps at most before it looks for Stop.
const NAP: Duration = Duration::from_millis(50);

/// A busy moment up to so long costs latency and no frame; the rest of it is missed.
const LATE_MAX: Duration = Duration::from_millis(500);

/// What the video thread works with.
pub(super) struct VideoThread {
    pub(super) source: Box<dyn VideoSource>,
    pub(super) size: Size,
    pub(super) frame_rate: FrameRate,
    pub(super) program: Program,
    pub(super) clock: Clock,
    pub(super) mail: Mail,
}

impl VideoThread {
    /// Runs until the program's end or Stop.
    pub(super) fn run(mut self, stop: &Stop) {
        let mut ticker = Ticker::new(self.frame_rate, self.clock.now(), LATE_MAX);
        let mut composer = Composer::new(self.size);
        let mut pool = PicturePool::new(self.size);
        let mut seen_picture = false;
        while !stop.requested() {
            let Some(tick) = ticker.poll(self.clock.now()) else {
                self.clock.sleep_until(ticker.due(), NAP);
                continue;
            };
            if tick.time >= self.program.end() {
                break;
            }
            let captured = self.source.picture_at(tick.time);
            while let Some(event) = self.source.poll_event() {
                self.mail.send(Message::VideoSource(event));
            }
            let Some(captured) = captured else { continue };
            if !seen_picture {
                seen_picture = true;
                self.mail.send(Message::FirstPicture);
            }
            if self.program.fanout().is_active() {
                let counters = self.program.counters();
                if self.program.first().is_some() {
                    count(&counters.missed, tick.missed);
                }
                let picture = composer.compose(&captured.picture, &mut pool);
                // The program may have begun and been given its end by this very tick.
                self.program.begin_at(tick.time);
                count(&counters.captured, 1);
                let frame = VideoFrame { picture, pts: tick.time, captured_at: captured.captured_at };
                // Refused = skipped, counted by the queue.
                let _ = self.program.frames().push_within(frame, LATE_MAX.saturating_sub(self.lateness(tick.time)));
            }
            self.source.prepare(ticker.due());
        }
        self.program.frames().close();
    }

    fn lateness(&self, tick: Timestamp) -> Duration {
        self.clock.now().since(tick)
    }
}
