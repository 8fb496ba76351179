//! One track as HLS has it: parts, segments made of them, and a window of the newest.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use crate::mp4::{Mp4Codec, Mp4Error, Sample, Track, TrackRun, fragment_head, init_segment};

/// Longest part: ten pictures at 30 a second, eight at 25, sixteen packets of AAC. Short enough to be a second behind, long
/// enough to be asked for three times a second only.
pub(super) const PART_TARGET: f64 = 0.334;
/// Segments in a playlist: with fewer, players who pause for a moment fall out.
const LISTED: usize = 6;
/// Of segments that are large fewer are listed, so that one that leaves the playlist can stay as well; never fewer than a
/// playlist needs (RFC 8216, 6.2.2).
const LISTED_BYTES_MAX: usize = BYTES_MAX * 3 / 8;
const LISTED_MIN: usize = 3;
/// Segments that are kept: one that leaves the playlist stays for as long as that playlist and the segment last, and one more,
/// for their lengths differ (RFC 8216, 6.2.2).
const KEPT: usize = 2 * LISTED + 2;
/// Segments that are listed by their parts as well.
const IN_PARTS: usize = 2;
/// What is never given back: a window of this many bytes. 14 segments of 2 s at 12 Mb/s are 42 MB.
const BYTES_MAX: usize = 48 << 20;
/// A segment that is larger is cut without a keyframe.
const SEGMENT_BYTES_MAX: usize = BYTES_MAX / 4;

/// One part: `moof` and the head of `mdat`, then the samples, each as it was received.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    pub(super) seconds: f64,
    /// Decoding can start here.
    pub(super) independent: bool,
    pub(super) pieces: Vec<Bytes>,
}

/// One segment, or the beginning of one.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) number: u64,
    /// Which init segment belongs to it.
    pub(super) init: u64,
    /// How often another stream than before has begun up to here, since the segment before: more than once where the other kind
    /// had something in between.
    pub(super) discontinuities: u64,
    /// Of the day, since 1970.
    pub(super) begins_at: Duration,
    pub(super) parts: Vec<Part>,
}

/// What a rendition counts, and what never goes back (RFC 8216, 6.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ingest) struct Counted {
    /// Of a segment.
    pub(super) number: u64,
    /// Before what comes in it.
    pub(super) discontinuities: u64,
    /// Number of the init segment.
    pub(super) init: u64,
}

impl Counted {
    /// Of the first rendition of all.
    pub(super) const FIRST: Self = Self { number: 0, discontinuities: 0, init: 1 };
}

impl Segment {
    fn new(number: u64, init: u64) -> Self {
        Self { number, init, discontinuities: 0, begins_at: Duration::ZERO, parts: Vec::new() }
    }

    pub(super) fn seconds(&self) -> f64 {
        self.parts.iter().map(|part| part.seconds).sum()
    }

    pub(super) fn bytes(&self) -> usize {
        self.parts.iter().flat_map(|part| &part.pieces).map(Bytes::len).sum()
    }
}

/// One track.
#[derive(Debug)]
pub(super) struct Rendition {
    codec: Mp4Codec,
    /// Seconds of a part at most.
    part_target: f64,
    /// Number and bytes; the newest last. Older ones stay while a segment needs them.
    inits: VecDeque<(u64, Bytes)>,
    closed: VecDeque<Segment>,
    open: Segment,
    /// Discontinuities of segments that have left the playlist.
    pub(super) discontinuities_gone: u64,
    /// What becomes the next part.
    samples: Vec<Sample>,
    samples_bytes: usize,
    start: u64,
    ticks: u64,
    fragments: u32,
}

impl Rendition {
    /// Begins where `counted` says.
    pub(super) fn new(codec: Mp4Codec, counted: Counted, part_target: f64) -> Result<Self, Mp4Error> {
        let Counted { number, discontinuities, init: init_number } = counted;
        let init = init_of(&codec)?;
        Ok(Self {
            codec,
            part_target,
            inits: VecDeque::from([(init_number, init)]),
            closed: VecDeque::new(),
            open: Segment::new(number, init_number),
            discontinuities_gone: discontinuities,
            samples: Vec::new(),
            samples_bytes: 0,
            start: 0,
            ticks: 0,
            fragments: 0,
        })
    }

    /// Up to the segment that is open.
    pub(super) fn counted(&self) -> Counted {
        let marked: u64 = self.listed().chain([&self.open]).map(|segment| segment.discontinuities).sum();
        let init = self.inits.back().map_or(0, |(number, _)| *number);
        Counted { number: self.open.number, discontinuities: self.discontinuities_gone + marked, init }
    }

    /// What is open is closed; what comes next is another stream.
    pub(super) fn break_off(&mut self) {
        self.close_segment();
        self.open.discontinuities += 1;
    }

    /// Whether nothing has come since another stream began.
    pub(super) fn is_broken_off(&self) -> bool {
        self.open.discontinuities > 0 && self.open_seconds() == 0.0
    }

    /// The segment that is open has another codec, and nothing in it yet.
    pub(super) fn change(&mut self, codec: Mp4Codec) -> Result<(), Mp4Error> {
        if codec != self.codec {
            let init = init_of(&codec)?;
            let number = self.inits.back().map_or(0, |(number, _)| *number) + 1;
            self.inits.push_back((number, init));
            self.open.init = number;
            self.codec = codec;
        }
        Ok(())
    }

    pub(super) fn codec(&self) -> &Mp4Codec {
        &self.codec
    }

    /// Takes a sample that began at this time of day; `true` if that ended a part.
    pub(super) fn push(&mut self, start: u64, sample: Sample, begins_at: Duration) -> bool {
        let duration = u64::from(sample.duration);
        // It lasts longer than the one before promised.
        let late = !self.samples.is_empty() && self.seconds_of(self.ticks + duration) > self.part_target;
        if late {
            self.close_part();
        }
        if self.samples.is_empty() {
            self.start = start;
            self.ticks = 0;
            if self.open.parts.is_empty() {
                self.open.begins_at = begins_at;
            }
        }
        self.ticks += duration;
        self.samples_bytes += sample.data.len();
        self.samples.push(sample);
        // One more of the same length would be too much. Time alone is no bound: it may stand still, as the publisher likes.
        let full = self.seconds_of(self.ticks + duration) > self.part_target || self.samples_bytes > SEGMENT_BYTES_MAX;
        if full {
            self.close_part();
        }
        late || full
    }

    /// Seconds in the segment that is open.
    pub(super) fn open_seconds(&self) -> f64 {
        self.open.seconds() + self.seconds_of(self.ticks)
    }

    /// Whether the segment that is open is too large to wait for a keyframe.
    pub(super) fn is_open_too_large(&self) -> bool {
        self.open.bytes() > SEGMENT_BYTES_MAX
    }

    /// Ends the segment that is open, if there is anything in it.
    pub(super) fn close_segment(&mut self) {
        self.close_part();
        if self.open.parts.is_empty() {
            return;
        }
        let next = Segment::new(self.open.number + 1, self.open.init);
        let first = self.first_listed();
        self.closed.push_back(std::mem::replace(&mut self.open, next));
        let bytes = |segments: &VecDeque<Segment>| segments.iter().map(Segment::bytes).sum::<usize>();
        let mut gone = 0;
        // Few segments that are large fall out of the window from the playlist itself.
        while self.closed.len() > KEPT || (self.closed.len() > 1 && bytes(&self.closed) > BYTES_MAX) {
            let fallen = self.closed.pop_front().filter(|segment| segment.number >= first);
            gone += fallen.map_or(0, |segment| segment.discontinuities);
        }
        let left = first..self.first_listed();
        let left = self.closed.iter().filter(|segment| left.contains(&segment.number));
        self.discontinuities_gone += gone + left.map(|segment| segment.discontinuities).sum::<u64>();
        let oldest = self.closed.front().map_or(self.open.init, |segment| segment.init);
        while self.inits.len() > 1 && self.inits.front().is_some_and(|(number, _)| *number < oldest) {
            self.inits.pop_front();
        }
    }

    /// Number of the first segment of the playlist.
    pub(super) fn first_listed(&self) -> u64 {
        self.listed().next().map_or(self.open.number, |segment| segment.number)
    }

    /// The segments of the playlist that are whole, the oldest first.
    pub(super) fn listed(&self) -> impl ExactSizeIterator<Item = &Segment> {
        let mut bytes = 0;
        let fits = |segment: &&Segment| {
            bytes += segment.bytes();
            bytes <= LISTED_BYTES_MAX
        };
        let fitting = self.closed.iter().rev().take(LISTED).take_while(fits).count();
        self.closed.range(self.closed.len().saturating_sub(fitting.max(LISTED_MIN))..)
    }

    /// The one that is not whole yet.
    pub(super) fn open(&self) -> &Segment {
        &self.open
    }

    /// Whether a segment is listed by its parts as well: a new one, all of whose parts are as short as was promised.
    pub(super) fn is_in_parts(&self, segment: &Segment) -> bool {
        segment.number + IN_PARTS as u64 >= self.open.number
            && segment.parts.iter().all(|part| part.seconds <= self.part_target)
    }

    /// Kilobits a second over the segments of the playlist: the most of one, and the average.
    pub(super) fn kbps(&self) -> (f64, f64) {
        let rates = self.listed().map(|segment| (segment.bytes() as f64 * 8.0 / 1000.0, segment.seconds()));
        let (mut most, mut bits, mut seconds) = (0f64, 0.0, 0.0);
        for (kilobits, length) in rates {
            most = most.max(kilobits / length.max(0.1));
            bits += kilobits;
            seconds += length;
        }
        (most, bits / f64::max(seconds, 0.1))
    }

    pub(super) fn init(&self, number: u64) -> Option<Bytes> {
        self.inits.iter().find(|(own, _)| *own == number).map(|(_, bytes)| bytes.clone())
    }

    /// The bytes of a whole segment.
    pub(super) fn segment(&self, number: u64) -> Option<Vec<Bytes>> {
        let segment = self.find(number).filter(|segment| segment.number < self.open.number)?;
        Some(segment.parts.iter().flat_map(|part| part.pieces.iter().cloned()).collect())
    }

    /// The bytes of a part.
    pub(super) fn part(&self, segment: u64, part: usize) -> Option<Vec<Bytes>> {
        Some(self.find(segment)?.parts.get(part)?.pieces.clone())
    }

    /// Whether a playlist made now would list this segment, and this part of it; later ones do as well.
    pub(super) fn has(&self, segment: u64, part: Option<usize>) -> bool {
        let open = &self.open;
        match part {
            None => open.number > segment,
            Some(part) => {
                let is_there = open.number == segment && open.parts.len() > part && self.is_in_parts(open);
                open.number > segment || is_there
            }
        }
    }

    fn find(&self, number: u64) -> Option<&Segment> {
        self.closed.iter().chain([&self.open]).find(|segment| segment.number == number)
    }

    fn seconds_of(&self, ticks: u64) -> f64 {
        ticks as f64 / f64::from(self.codec.timescale())
    }

    fn close_part(&mut self) {
        let samples = std::mem::take(&mut self.samples);
        let ticks = std::mem::take(&mut self.ticks);
        self.samples_bytes = 0;
        if samples.is_empty() {
            return;
        }
        self.fragments += 1;
        let Ok(head) = fragment_head(self.fragments, &[TrackRun { track: 1, start: self.start, samples: &samples }])
        else {
            // Only beyond 2 GiB, which no message is.
            return;
        };
        let independent = samples.first().is_some_and(|sample| sample.sync);
        let mut pieces = Vec::with_capacity(samples.len() + 1);
        pieces.push(head);
        pieces.extend(samples.into_iter().map(|sample| sample.data));
        let seconds = self.seconds_of(ticks);
        self.open.parts.push(Part { seconds, independent, pieces });
    }
}

fn init_of(codec: &Mp4Codec) -> Result<Bytes, Mp4Error> {
    init_segment(&[Track::new(1, codec.clone())])
}
