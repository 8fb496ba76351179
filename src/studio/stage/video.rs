//! The program tick: takes the source's picture, composes it, hands it to the preview and, on air, to the encoder.

use std::time::Duration;

use super::StageHandle;
use super::event::StageEvent;
use super::patience::{LATE_MAX, Patience};
use super::stand_in::StandIn;
use super::watch::PictureWatch;
use crate::capture::{Captured, SourceInfo, VideoSource, Work};
use crate::clock::Ticker;
use crate::flow::Stop;
use crate::media::{PicturePool, PixelAspect, Timestamp, VideoFrame};
use crate::studio::preview::PreviewPace;
use crate::studio::problem::Notice;
use crate::studio::program::{Program, count, count_time};
use crate::video::Composer;

/// How long the thread sleeps at most before it looks for Stop.
const NAP: Duration = Duration::from_millis(50);

/// What the video thread works with.
pub(super) struct VideoThread {
    stage: StageHandle,
    source: Option<Box<dyn VideoSource>>,
    seen_picture: bool,
    watch: Option<PictureWatch>,
    stand_in: StandIn,
    program: Option<Program>,
    /// What a thread of the source's own had spent at the last look, while the program was on.
    worked: Option<Work>,
}

impl VideoThread {
    pub(super) fn new(stage: StageHandle) -> Self {
        let (source, watch, stand_in, program) = (None, None, StandIn::new(), None);
        Self { stage, source, seen_picture: false, watch, stand_in, program, worked: None }
    }

    /// Runs until Stop.
    pub(super) fn run(mut self, stop: &Stop) {
        let (format, clock) = (self.stage.format(), self.stage.0.clock.clone());
        let mut ticker = Ticker::new(format.frame_rate, clock.now(), LATE_MAX);
        let mut composer = Composer::new(format.size);
        let mut pool = PicturePool::new(format.size);
        let mut pace = PreviewPace::default();
        let mut patience = Patience::new(format.frame_rate.frame_time(1).since(Timestamp::ZERO));
        let preview = self.stage.0.preview.clone();
        while !stop.requested() {
            let Some(tick) = ticker.poll(clock.now()) else {
                clock.sleep_until(ticker.due(), NAP);
                continue;
            };
            self.take_orders(tick.time);
            let previewed = pace.wants(preview.rate(), tick.time);
            self.hear_source();
            // Nobody looks: what the source holds is left where it is.
            if self.program.is_none() && !previewed && (self.seen_picture || self.source.is_none()) {
                continue;
            }
            let begun = clock.now();
            let captured = self.source.as_mut().and_then(|source| source.picture_at(tick.time));
            let mut capture = clock.now().since(begun);
            self.look(tick.time, captured.as_ref());
            let program = self.program.as_ref().filter(|program| program.fanout().is_active());
            if let (Some(idle), None) = (&self.program, program) {
                idle.fanout().leave_out_picture();
            }
            let here = |picture| Captured { picture, pixel_aspect: PixelAspect::SQUARE, captured_at: tick.time };
            let card = program.and_then(|_| self.stand_in.card(format.size)).map(here);
            let held = || {
                let last = program.and_then(|_| self.stand_in.last().cloned())?;
                Some(Captured { captured_at: tick.time, ..last })
            };
            let Some(captured) = card.or(captured).or_else(held) else { continue };
            let may_wait = program.and_then(|program| {
                let counters = program.counters();
                if program.first().is_some() {
                    count(&counters.missed, tick.missed);
                }
                count(&counters.captured, 1);
                let waiting = program.frames().waiting();
                let may_wait = patience.left(clock.now(), tick.time, waiting);
                match (may_wait, waiting) {
                    (Some(_), _) => {}
                    // It is not the encoder that has no time.
                    (None, 0) => count(&counters.missed, 1),
                    (None, _) => program.frames().refuse(),
                }
                may_wait
            });
            if may_wait.is_some() || previewed {
                let begun = clock.now();
                let picture = composer.compose(&captured.picture, captured.pixel_aspect, &mut pool);
                if previewed {
                    preview.put(picture.clone());
                }
                if let (Some(program), Some(may_wait)) = (program, may_wait) {
                    // The program may have begun and been given its end by this very tick.
                    program.begin_at(tick.time);
                    count_time(&program.counters().compose_nanos, begun, clock.now());
                    let frame = VideoFrame { picture, pts: tick.time, captured_at: captured.captured_at };
                    // Refused = skipped, counted by the queue.
                    let _ = program.frames().push_within(frame, may_wait);
                }
            }
            if let Some(source) = &mut self.source {
                let begun = clock.now();
                source.prepare(ticker.due());
                capture += clock.now().since(begun);
            }
            self.count_work(capture);
        }
        self.end_program();
    }

    /// Counts what the program's pictures cost the source: on this thread `here`, or on one of its own.
    fn count_work(&mut self, here: Duration) {
        let program = self.program.as_ref().filter(|program| program.first().is_some());
        let (Some(program), Some(source)) = (program, &self.source) else {
            self.worked = None;
            return;
        };
        let work = match source.work() {
            Some(total) => total.since(self.worked.replace(total).unwrap_or(total)),
            None => Work { pictures: 1, capture: here, convert: Duration::ZERO },
        };
        program.counters().count_work(work);
    }

    fn hear_source(&mut self) {
        let Some(source) = &mut self.source else { return };
        while let Some(event) = source.poll_event() {
            self.stand_in.handle_event(&event);
            self.watch.iter_mut().for_each(|watch| watch.handle_event(&event));
            self.stage.tell(StageEvent::Video(source.info().name, event));
        }
    }

    fn look(&mut self, now: Timestamp, captured: Option<&Captured>) {
        self.stand_in.see(now, captured);
        let Some(captured) = captured else { return };
        if !self.seen_picture {
            self.seen_picture = true;
            self.stage.tell(StageEvent::FirstPicture);
        }
        let (Some(watch), Some(source)) = (&mut self.watch, &self.source) else { return };
        for (kind, turn) in watch.look(now, captured, source.is_damaged()).into_iter().flatten() {
            let SourceInfo { id, name: about, .. } = source.info();
            self.stage.tell(StageEvent::Noticed(Notice { id, about, kind, turn, inputs: None, by_gain: false }));
        }
    }

    fn take_orders(&mut self, now: Timestamp) {
        if self.program.as_ref().is_some_and(|program| now >= program.end()) {
            self.end_program();
        }
        if let Some(program) = self.stage.0.video_program.take() {
            self.end_program();
            self.program = Some(program);
        }
        if let Some(card) = self.stage.0.card.take() {
            self.stand_in.set_card(card);
        }
        if let Some(source) = self.stage.0.video.take() {
            (self.seen_picture, self.worked) = (false, None);
            let id = source.as_ref().map(|source| source.info().id);
            self.watch = id.as_deref().and_then(PictureWatch::of);
            self.stand_in.set_source(id.as_deref());
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
