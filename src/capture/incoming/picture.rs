//! The picture of an incoming stream: decoded ahead on the receiver's thread, shown at the tick nearest to its time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::receiver::{IncomingInfo, IncomingStream, Told};
use super::time_map::{DELAY_MAX, TimeMap, Track};
use crate::capture::colour::Colour;
use crate::capture::work::WorkMeter;
use crate::capture::{Captured, SourceEvent, SourceInfo, VideoSource, Work};
use crate::decode::{AnnouncedVideo, Decoded};
use crate::flow::{Popped, Queue, Stop};
use crate::media::{FrameRate, Picture, PicturePool, PixelAspect, Size, Timestamp};

/// Decoded pictures that wait for their time: as many as the delay holds, and no more memory than this for large ones.
const READY_MAX: usize = 12;
const READY_BYTES_MAX: usize = 96 << 20;
const READY_MIN: usize = 4;
/// Room for what a decoder that reorders gives at once.
const READY_ROOM: usize = 32;
/// Access units and headers that wait for the decoder, in bytes and in number.
const PENDING_BYTES_MAX: usize = 32 << 20;
const PENDING_MAX: usize = 1024;
/// A decoder so far behind leaves out what lies before the next keyframe.
const BEHIND: Duration = Duration::from_secs(1);
/// Units decoded before the sound has its turn.
const UNITS_AT_ONCE: usize = 2;
/// A time further away than this belongs to what the sender counted before its time jumped.
const FAR_NANOS: i64 = DELAY_MAX + 6_000_000_000;

/// A decoded picture and when it is due.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    due: Timestamp,
    /// How long ago it came when it is due.
    age: Duration,
    picture: Arc<Picture>,
    pixel_aspect: PixelAspect,
}

/// The receiver's end of a picture source. Full policy of its queue: the receiver decodes no further.
#[derive(Clone, Debug)]
pub(super) struct PictureEnd {
    ready: Queue<Ready>,
    pub(super) events: Queue<SourceEvent>,
    /// The program's.
    pub(super) frame_rate: FrameRate,
    pub(super) gone: Stop,
    work: WorkMeter,
}

/// The source.
pub(super) struct IncomingPicture {
    info: IncomingInfo,
    pub(super) end: PictureEnd,
    half_tick: i64,
    next: Option<Ready>,
    shown: Option<Ready>,
    /// Shown until the first picture comes, so that a show that waits for one is a show.
    black: Arc<Picture>,
    /// Kept for as long as it is shown; `None` only in tests.
    stream: Option<Arc<IncomingStream>>,
}

impl IncomingPicture {
    pub(super) fn open(stream: &Arc<IncomingStream>, info: IncomingInfo, size: Size, frame_rate: FrameRate) -> Self {
        let mut source = Self::new(info, size, frame_rate);
        stream.show(source.end.clone());
        source.stream = Some(Arc::clone(stream));
        source
    }

    pub(super) fn new(info: IncomingInfo, size: Size, frame_rate: FrameRate) -> Self {
        let end = PictureEnd {
            ready: Queue::new(READY_MAX + READY_ROOM),
            events: Queue::new(16),
            frame_rate,
            gone: Stop::new(),
            work: WorkMeter::default(),
        };
        Self {
            info,
            end,
            half_tick: (0.5e9 / frame_rate.as_f64()) as i64,
            next: None,
            shown: None,
            black: Arc::new(Picture::black(size)),
            stream: None,
        }
    }

    /// Takes the picture that is nearest to `now`. Where pictures come as fast as ticks, each is shown once, also
    /// when their times stray around the middle between two ticks.
    fn advance(&mut self, now: Timestamp) {
        let hysteresis = self.half_tick / 8;
        let mut latest = self.half_tick + hysteresis;
        loop {
            if self.next.is_none() {
                let Popped::Value(ready) = self.end.ready.pop(Duration::ZERO) else { return };
                self.next = Some(ready);
            }
            if self.next.as_ref().is_none_or(|next| next.due.nanos_since(now) > latest) {
                return;
            }
            self.shown = self.next.take();
            latest = self.half_tick - hysteresis;
        }
    }
}

impl VideoSource for IncomingPicture {
    fn info(&self) -> SourceInfo {
        self.info.source_info(Track::Picture)
    }

    fn picture_at(&mut self, now: Timestamp) -> Option<Captured> {
        self.advance(now);
        let (picture, pixel_aspect, age) = match &self.shown {
            Some(shown) => (&shown.picture, shown.pixel_aspect, shown.age),
            None => (&self.black, PixelAspect::SQUARE, Duration::ZERO),
        };
        Some(Captured { picture: Arc::clone(picture), pixel_aspect, captured_at: now - age })
    }

    fn poll_event(&mut self) -> Option<SourceEvent> {
        match self.end.events.pop(Duration::ZERO) {
            Popped::Value(event) => Some(event),
            Popped::Empty | Popped::Closed => None,
        }
    }

    fn work(&self) -> Option<Work> {
        Some(self.end.work.total())
    }
}

impl Drop for IncomingPicture {
    fn drop(&mut self) {
        self.end.gone.request();
    }
}

enum Pending {
    Header(Bytes),
    Unit { dts: Timestamp, pts: Timestamp, keyframe: bool, data: Bytes },
}

impl Pending {
    fn bytes(&self) -> usize {
        match self {
            Self::Header(bytes) | Self::Unit { data: bytes, .. } => bytes.len(),
        }
    }
}

/// What the receiver does with the picture.
#[derive(Default)]
pub(super) struct PictureSide {
    end: Option<PictureEnd>,
    pub(super) told: Told,
    pending: VecDeque<Pending>,
    pending_bytes: usize,
    header: Bytes,
    video: Option<AnnouncedVideo>,
    pool: Option<PicturePool>,
    /// The decoder begins with a keyframe.
    begun: bool,
    left_out: u64,
    /// Pictures made since their cost was noted.
    made: u64,
}

impl PictureSide {
    pub(super) fn attach(&mut self, end: PictureEnd) {
        self.told.attach(end.events.clone());
        self.end = Some(end);
        // What the decoder held back belongs to the source before.
        self.video = None;
        self.begun = false;
    }

    /// The program's rate, if somebody looks.
    pub(super) fn frame_rate(&self) -> Option<FrameRate> {
        self.end.as_ref().map(|end| end.frame_rate)
    }

    /// When the first unit that waits is shown, by the sender's clock.
    pub(super) fn first(&self) -> Option<Timestamp> {
        self.pending.iter().find_map(|pending| match pending {
            Pending::Unit { pts, .. } => Some(*pts),
            Pending::Header(_) => None,
        })
    }

    pub(super) fn is_idle(&self) -> bool {
        self.pending.is_empty()
    }

    /// A stream begins.
    pub(super) fn restart(&mut self) {
        let Self { end, told, left_out, .. } = std::mem::take(self);
        *self = Self { end, told, left_out, ..Self::default() };
    }

    pub(super) fn header(&mut self, header: Bytes) {
        // Nothing was sent that needs the one before.
        if let Some(Pending::Header(replaced)) = self.pending.pop_back_if(|last| matches!(last, Pending::Header(_))) {
            self.pending_bytes -= replaced.len();
        }
        self.wait(Pending::Header(header));
    }

    pub(super) fn unit(&mut self, dts: Timestamp, pts: Timestamp, keyframe: bool, data: Bytes) {
        self.wait(Pending::Unit { dts, pts, keyframe, data });
    }

    fn wait(&mut self, pending: Pending) {
        self.pending_bytes += pending.bytes();
        self.pending.push_back(pending);
        if self.pending_bytes > PENDING_BYTES_MAX || self.pending.len() > PENDING_MAX {
            self.leave_out(self.pending.len());
        }
    }

    /// The pictures made since this was asked last took so long.
    pub(super) fn worked(&mut self, took: Duration) {
        let pictures = std::mem::take(&mut self.made);
        if let Some(end) = self.end.as_ref().filter(|_| pictures > 0) {
            end.work.add(Work { pictures, capture: took, convert: Duration::ZERO });
        }
    }

    /// Decodes what may be decoded; `true` while there is more to do at once.
    pub(super) fn pump(&mut self, map: &TimeMap, now: Timestamp) -> bool {
        self.end.take_if(|end| end.gone.requested());
        self.leave_out_late(map, now);
        let mut decoded = 0;
        while let Some(pending) = self.pending.front() {
            if matches!(pending, Pending::Unit { .. }) {
                if decoded == UNITS_AT_ONCE {
                    return true;
                }
                if self.end.as_ref().is_some_and(|end| end.ready.waiting() >= self.ready_max()) {
                    return false;
                }
            }
            let Some(pending) = self.pending.pop_front() else { break };
            self.pending_bytes -= pending.bytes();
            match pending {
                Pending::Header(header) => self.announce(header),
                Pending::Unit { pts, keyframe, data, .. } => {
                    decoded += usize::from(self.decode(map, now, pts, keyframe, &data));
                }
            }
        }
        false
    }

    fn ready_max(&self) -> usize {
        let bytes = self.video.as_ref().map_or(1, |video| video.info.size.area() * 3 / 2);
        (READY_BYTES_MAX / bytes.max(1)).clamp(READY_MIN, READY_MAX)
    }

    fn announce(&mut self, header: Bytes) {
        // Senders repeat it; only another one is another stream.
        if header != self.header {
            self.header = header;
            self.video = None;
            self.begun = false;
        }
    }

    /// `false` where there was nothing to decode.
    fn decode(&mut self, map: &TimeMap, now: Timestamp, pts: Timestamp, keyframe: bool, data: &Bytes) -> bool {
        let Some(end) = &self.end else {
            self.begun = false;
            return false;
        };
        if !(self.begun || keyframe) || self.header.is_empty() {
            return false;
        }
        if self.video.is_none() {
            match AnnouncedVideo::open(&self.header) {
                Ok(video) => self.video = Some(video),
                Err(error) => {
                    self.told.refused(format!("its picture cannot be decoded: {error}"));
                    return false;
                }
            }
        }
        let Some(video) = &mut self.video else { return false };
        let decoded = video.whole(data, keyframe).map(|unit| video.decoder.decode(&unit, pts));
        let Some(Ok(pictures)) = decoded else {
            tracing::debug!(?decoded, "a picture of an incoming stream is damaged");
            self.begun = false;
            return true;
        };
        self.begun = true;
        let colour = Colour::of(&video.info);
        let age = Duration::from_nanos(u64::try_from(map.delay()).unwrap_or(0));
        for Decoded { pts, picture } in pictures {
            let due = map.due(Track::Picture, pts);
            let due = if due.nanos_since(now).abs() > FAR_NANOS { now } else { due };
            let picture = colour.to_ours(picture, &mut self.pool);
            // There was room for more than a decoder gives at once.
            let pixel_aspect = video.info.pixel_aspect;
            drop(end.ready.push(Ready { due, age, picture, pixel_aspect }));
            self.told.good();
            self.made += 1;
        }
        true
    }

    /// Leaves out what lies before the newest keyframe where the next unit should have been shown long ago.
    fn leave_out_late(&mut self, map: &TimeMap, now: Timestamp) {
        let late = |time| map.due(Track::Picture, time) + BEHIND < now;
        if !matches!(self.pending.front(), Some(Pending::Unit { dts, .. }) if late(*dts)) {
            return;
        }
        let newest = self.pending.iter().rposition(|pending| matches!(pending, Pending::Unit { keyframe: true, .. }));
        if let Some(newest) = newest {
            self.leave_out(newest);
        }
    }

    /// Leaves out the first `count` that wait, but for their headers.
    fn leave_out(&mut self, count: usize) {
        for pending in self.pending.drain(..count).collect::<Vec<_>>() {
            self.pending_bytes -= pending.bytes();
            match pending {
                Pending::Header(header) => self.announce(header),
                Pending::Unit { .. } => {
                    self.left_out += 1;
                    self.begun = false;
                }
            }
        }
    }

    /// Pictures left out so far because they could not be decoded in time.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }
}
