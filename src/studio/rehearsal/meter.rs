//! The meter: counts on the ingest's thread, decodes on its own.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::arrival::Arrival;
use super::report::{Measured, report};
use super::viewer::{Item, Left, Viewer, item_of_audio, item_of_video, leave, take_left};
use super::{RehearsalReport, RehearsalSent};
use crate::clock::Clock;
use crate::flow::{Popped, Queue, Worker};
use crate::flv::{TagKind, read_audio_body, read_video_body};
use crate::ingest::{IngestMedia, IngestTap};
use crate::studio::viewer_feed::{ViewerFeed, ViewerShow};

/// Messages that wait for decoding: two seconds of a usual show. Full policy: what comes is counted and not decoded,
/// up to the next keyframe.
const QUEUE_ITEMS: usize = 160;
const POP_LIMIT: Duration = Duration::from_millis(200);

/// Measures a show that arrives at the ingest.
pub struct RehearsalMeter {
    sent: RehearsalSent,
    inlet: Arc<Mutex<Inlet>>,
    queue: Queue<Item>,
    left: Left,
    worker: Option<Worker>,
}

struct Inlet {
    arrival: Arrival,
    queue: Queue<Item>,
    /// Something was refused by the full queue, and the viewer does not know yet.
    gap: bool,
}

impl RehearsalMeter {
    /// Starts decoding on a thread of its own; what is decoded is shown to `feed`.
    pub fn start(clock: Clock, feed: Option<ViewerFeed>) -> io::Result<Self> {
        let (sent, queue, left) = (RehearsalSent::default(), Queue::new(QUEUE_ITEMS), Left::default());
        let mut viewer = Viewer::new(clock, sent.clone(), feed.map(ViewerShow::new));
        let (items, leaves) = (queue.clone(), Arc::clone(&left));
        let worker = Worker::spawn("rehearsal", move |_| {
            loop {
                match items.pop(POP_LIMIT) {
                    Popped::Value(item) => viewer.take(item),
                    Popped::Empty => {}
                    Popped::Closed => break,
                }
            }
            leave(&leaves, viewer);
        })?;
        let inlet = Arc::new(Mutex::new(Inlet { arrival: Arrival::default(), queue: queue.clone(), gap: false }));
        Ok(Self { sent, inlet, queue, left, worker: Some(worker) })
    }

    /// The publisher's end: tells when each message was captured.
    pub fn sent(&self) -> RehearsalSent {
        self.sent.clone()
    }

    /// The ingest's end: for `IngestConfig::tap`.
    pub fn tap(&self) -> IngestTap {
        let inlet = Arc::clone(&self.inlet);
        Arc::new(move |media| inlet.lock().unwrap_or_else(PoisonError::into_inner).take(media))
    }

    /// Messages that wait for decoding.
    #[cfg(test)]
    pub(super) fn behind(&self) -> usize {
        self.queue.waiting()
    }

    /// Decodes what waits, and tells what a viewer got. Call it when the publish has ended.
    pub fn finish(mut self) -> RehearsalReport {
        self.queue.close();
        self.worker.take().map(Worker::join);
        let seen = take_left(&self.left).map(Viewer::finish);
        let inlet = self.inlet.lock().unwrap_or_else(PoisonError::into_inner);
        report(Measured { frames_sent: self.sent.frames(), arrival: &inlet.arrival, seen })
    }
}

impl Drop for RehearsalMeter {
    fn drop(&mut self) {
        // The thread ends with its queue.
        self.queue.close();
    }
}

impl Inlet {
    fn take(&mut self, media: &IngestMedia<'_>) {
        let item = match media.kind {
            TagKind::Video => read_video_body(&media.payload).ok().and_then(|body| {
                self.arrival.video(media.timestamp_ms, &body);
                item_of_video(media.timestamp_ms, body)
            }),
            TagKind::Audio => read_audio_body(&media.payload).ok().and_then(|body| {
                self.arrival.audio(media.timestamp_ms, &body);
                item_of_audio(media.timestamp_ms, body)
            }),
            TagKind::Script => None,
        };
        let Some(item) = item else { return };
        if self.gap {
            if self.queue.push(Item::Gap).is_err() {
                return;
            }
            self.gap = false;
        }
        self.gap = self.queue.push(item).is_err();
    }
}
