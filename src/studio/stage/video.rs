//! The program tick: takes the source's picture, composes it, hands it to the preview and, on air, to the encoder.

use std::time::Duration;

use super::{StageEvent, StageHandle};
use crate::capture::VideoSource;
use crate::clock::Ticker;
use crate::flow::Stop;
use crate::media::{PicturePool, Timestamp, VideoFrame};
use crate::studio::preview::PreviewPace;
use crate::studio::program::{Program, count, count_time};
use crate::video::Composer;

/// How long the thread sleeps at most before it looks for Stop.
const NAP: Duration = Duration::from_millis(50);

/// A busy moment up to so long costs latency and no frame; the rest of it is missed.
const LATE_MAX: Duration = Duration::from_millis(500);

/// What the video thread works with.
pub(super) struct VideoThread {
    stage: StageHandle,
    source: Option<Box<dyn VideoSource>>,
    seen_picture: bool,
    program: Option<Program>,
}

impl VideoThread {
    pub(super) fn new(stage: StageHandle) -> Self {
        Self { stage, source: None, seen_picture: false, program: None }
    }

    /// Runs until Stop.
    pub(super) fn run(mut self, stop: &Stop) {
        let (format, clock) = (self.stage.format(), self.stage.0.clock.clone());
        let mut ticker = Ticker::new(format.frame_rate, clock.now(), LATE_MAX);
        let mut composer = Composer::new(format.size);
        let mut pool = PicturePool::new(format.size);
        let mut pace = PreviewPace::default();
        while !stop.requested() {
            let Some(tick) = ticker.poll(clock.now()) else {
                clock.sleep_until(ticker.due(), NAP);
                continue;
            };
            self.take_orders(tick.time);
            let preview = &self.stage.0.preview;
            let previewed = pace.wants(preview.rate(), tick.time);
            let Some(source) = &mut self.source else { continue };
            while let Some(event) = source.poll_event() {
                self.stage.tell(StageEvent::Video(source.info().name, event));
            }
            // Nobody looks: what the source holds is left where it is.
            if self.program.is_none() && !previewed && self.seen_picture {
                continue;
            }
            let Some(captured) = source.picture_at(tick.time) else { continue };
            if !self.seen_picture {
                self.seen_picture = true;
                self.stage.tell(StageEvent::FirstPicture);
            }
            let program = self.program.as_ref().filter(|program| program.fanout().is_active());
            if program.is_some() || previewed {
                let begun = clock.now();
                let picture = composer.compose(&captured.picture, &mut pool);
                if previewed {
                    preview.put(picture.clone());
                }
                if let Some(program) = program {
                    let counters = program.counters();
                    if program.first().is_some() {
                        count(&counters.missed, tick.missed);
                    }
                    // The program may have begun and been given its end by this very tick.
                    program.begin_at(tick.time);
                    count(&counters.captured, 1);
                    count_time(&counters.compose_nanos, begun, clock.now());
                    let frame = VideoFrame { picture, pts: tick.time, captured_at: captured.captured_at };
                    // Refused = skipped, counted by the queue.
                    let patience = LATE_MAX.saturating_sub(clock.now().since(tick.time));
                    let _ = program.frames().push_within(frame, patience);
                }
            }
            source.prepare(ticker.due());
        }
        self.end_program();
    }

    fn take_orders(&mut self, now: Timestamp) {
        if self.program.as_ref().is_some_and(|program| now >= program.end()) {
            self.end_program();
        }
        if let Some(program) = self.stage.0.video_program.take() {
            self.end_program();
            self.program = Some(program);
        }
        if let Some(source) = self.stage.0.video.take() {
            self.seen_picture = false;
            let retired = std::mem::replace(&mut self.source, source);
            self.stage.retire(retired, None);
        }
    }

    fn end_program(&mut self) {
        if let Some(program) = self.program.take() {
            program.frames().close();
        }
    }
}
