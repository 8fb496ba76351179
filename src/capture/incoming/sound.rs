//! The sound of an incoming stream: decoded ahead on the receiver's thread and put at its place on the timeline by the
//! microphone's reader.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::receiver::{IncomingInfo, IncomingStream, Told};
use super::time_map::{TimeMap, Track};
use crate::capture::microphone::feed::{CallbackEnd, Feed, feed};
use crate::capture::microphone::reader::Reader;
use crate::capture::{AudioRead, AudioSource, SourceEvent, SourceInfo};
use crate::clock::Clock;
use crate::decode::{AudioDecoder, open_announced_aac};
use crate::flow::{Latest, Popped, Queue, Stop};
use crate::media::{AudioChunk, Timestamp};

/// Sound is decoded when it is due in so long: less than the ring holds, more than a busy machine sleeps.
const AHEAD_NANOS: i64 = 150_000_000;
/// A hole in the sender's sound from this on is a hole; less is the way it counts.
const HOLE_NANOS: i64 = 60_000_000;
/// A hole up to this is filled with silence; behind a longer one the sound begins anew.
const HOLE_FILLED_MAX: i64 = 1_000_000_000;
/// Pieces of sound and headers that wait at most: half a minute's, at 2 Mb/s.
const PENDING_MAX: usize = 1500;
const PENDING_BYTES_MAX: usize = 8 << 20;

/// The receiver's end of a sound source. What its ring does not hold is lost and counted there.
#[derive(Clone, Debug)]
pub(super) struct SoundEnd {
    feeds: Latest<Feed>,
    pub(super) events: Queue<SourceEvent>,
    channels: u16,
    pub(super) gone: Stop,
}

/// The source.
pub(super) struct IncomingSound {
    info: IncomingInfo,
    pub(super) end: SoundEnd,
    reader: Reader,
    /// Kept for as long as it is played; `None` only in tests.
    stream: Option<Arc<IncomingStream>>,
}

impl IncomingSound {
    pub(super) fn open(stream: &Arc<IncomingStream>, info: IncomingInfo, sample_rate: u32, channels: u16) -> Self {
        let mut source = Self::new(info, sample_rate, channels);
        stream.play(source.end.clone());
        source.stream = Some(Arc::clone(stream));
        source
    }

    pub(super) fn new(info: IncomingInfo, sample_rate: u32, channels: u16) -> Self {
        let feeds = Latest::new();
        let end = SoundEnd { feeds: feeds.clone(), events: Queue::new(16), channels, gone: Stop::new() };
        let reader = Reader::of_placed(sample_rate, channels, feeds);
        Self { info, end, reader, stream: None }
    }
}

impl AudioSource for IncomingSound {
    fn info(&self) -> SourceInfo {
        self.info.source_info(Track::Sound)
    }

    fn read(&mut self, start: i64, out: &mut [f32]) -> AudioRead {
        self.reader.read(start, out)
    }

    fn drift_ppm(&self) -> Option<f64> {
        self.reader.drift_ppm()
    }

    fn poll_event(&mut self) -> Option<SourceEvent> {
        match self.end.events.pop(Duration::ZERO) {
            Popped::Value(event) => Some(event),
            Popped::Empty | Popped::Closed => None,
        }
    }
}

impl Drop for IncomingSound {
    fn drop(&mut self) {
        self.end.gone.request();
    }
}

enum Pending {
    Header(Bytes),
    Unit { pts: Timestamp, data: Bytes },
}

impl Pending {
    fn bytes(&self) -> usize {
        match self {
            Self::Header(bytes) | Self::Unit { data: bytes, .. } => bytes.len(),
        }
    }
}

/// What the receiver does with the sound.
#[derive(Default)]
pub(super) struct SoundSide {
    end: Option<SoundEnd>,
    pub(super) told: Told,
    pending: VecDeque<Pending>,
    pending_bytes: usize,
    header: Bytes,
    decoder: Option<Box<dyn AudioDecoder>>,
    line: Option<Line>,
}

/// An unbroken stretch of sound on its way to the reader.
struct Line {
    end: CallbackEnd,
    sample_rate: u32,
    channels: u16,
    epoch: u64,
    /// When the next chunk begins, by the sender's clock.
    next: Timestamp,
}

impl SoundSide {
    pub(super) fn attach(&mut self, end: SoundEnd) {
        self.told.attach(end.events.clone());
        self.end = Some(end);
        self.decoder = None;
        self.line = None;
    }

    pub(super) fn is_idle(&self) -> bool {
        self.pending.is_empty()
    }

    /// A stream begins.
    pub(super) fn restart(&mut self) {
        let Self { end, told, .. } = std::mem::take(self);
        *self = Self { end, told, ..Self::default() };
    }

    pub(super) fn header(&mut self, header: Bytes) {
        // Nothing was sent that needs the one before.
        if let Some(Pending::Header(replaced)) = self.pending.pop_back_if(|last| matches!(last, Pending::Header(_))) {
            self.pending_bytes -= replaced.len();
        }
        self.wait(Pending::Header(header));
    }

    pub(super) fn unit(&mut self, pts: Timestamp, data: Bytes) {
        self.wait(Pending::Unit { pts, data });
    }

    fn wait(&mut self, pending: Pending) {
        self.pending_bytes += pending.bytes();
        self.pending.push_back(pending);
        if self.pending.len() > PENDING_MAX || self.pending_bytes > PENDING_BYTES_MAX {
            self.forget_pending();
        }
    }

    /// The sender counts anew: what waits has the old time.
    pub(super) fn forget_pending(&mut self) {
        self.pending_bytes = 0;
        for pending in std::mem::take(&mut self.pending) {
            if let Pending::Header(header) = pending {
                self.announce(header);
            }
        }
    }

    /// Decodes what is due soon.
    pub(super) fn pump(&mut self, map: &TimeMap, clock: &Clock, now: Timestamp) {
        self.end.take_if(|end| end.gone.requested());
        while let Some(pending) = self.pending.front() {
            if let Pending::Unit { pts, .. } = pending
                && map.due(Track::Sound, *pts).nanos_since(now) > AHEAD_NANOS
            {
                return;
            }
            let Some(pending) = self.pending.pop_front() else { return };
            self.pending_bytes -= pending.bytes();
            match pending {
                Pending::Header(header) => self.announce(header),
                Pending::Unit { pts, data } => self.decode(map, clock, pts, &data),
            }
        }
    }

    fn announce(&mut self, header: Bytes) {
        if header != self.header {
            self.header = header;
            self.decoder = None;
        }
    }

    fn decode(&mut self, map: &TimeMap, clock: &Clock, pts: Timestamp, data: &Bytes) {
        if self.end.is_none() || self.header.is_empty() {
            return;
        }
        if self.decoder.is_none() {
            match open_announced_aac(&self.header) {
                Ok(decoder) => self.decoder = Some(decoder),
                Err(error) => return self.told.refused(format!("its sound cannot be decoded: {error}")),
            }
        }
        let Some(decoder) = &mut self.decoder else { return };
        match decoder.decode(data, pts) {
            Ok(Some(chunk)) => self.put(map, clock, &chunk),
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "a piece of sound of an incoming stream is damaged"),
        }
    }

    fn put(&mut self, map: &TimeMap, clock: &Clock, chunk: &AudioChunk) {
        let Some(end) = &self.end else { return };
        let AudioChunk { pts, sample_rate, channels, .. } = *chunk;
        let width = usize::from(channels.max(1));
        self.line.take_if(|line| {
            let hole = pts.nanos_since(line.next);
            (line.sample_rate, line.channels, line.epoch) != (sample_rate, channels, map.epoch())
                || !(-HOLE_NANOS..=HOLE_FILLED_MAX).contains(&hole)
        });
        let line = self.line.get_or_insert_with(|| {
            let (writer, reader, _) = feed(sample_rate, channels, end.channels, clock);
            end.feeds.put(reader);
            Line { end: writer, sample_rate, channels, epoch: map.epoch(), next: pts }
        });
        let hole = pts.nanos_since(line.next);
        if hole > HOLE_NANOS {
            let frames = Timestamp::from_nanos(hole).sample_index(sample_rate);
            let silence = vec![0.0; usize::try_from(frames).unwrap_or(0) * width];
            line.end.put(&silence, map.due(Track::Sound, pts));
        }
        let length = Timestamp::from_samples((chunk.samples.len() / width) as i64, sample_rate).since(Timestamp::ZERO);
        line.next = pts + length;
        line.end.put(&chunk.samples, map.due(Track::Sound, line.next));
        self.told.good();
    }
}
