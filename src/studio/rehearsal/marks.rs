//! The marks of the test signal: flashes in the picture against beeps in the sound.

use crate::capture::test_signal::find_beep_onsets;
use crate::media::{AudioChunk, Picture, Timestamp};
use crate::video::{flash_is_on, read_block_time};

const SECOND_NANOS: i64 = 1_000_000_000;
/// A flash and a beep further apart than this belong to different seconds.
const PAIR_NANOS_MAX: i64 = 480_000_000;
/// Onsets kept: an hour's.
const ONSETS_MAX: usize = 3600;
/// Sound is searched in pieces of so many seconds, which overlap: a beep on a border is whole in one of them.
const PIECE_SECONDS: usize = 2;
const OVERLAP_PER_SECOND: usize = 4;
/// Onsets of one beep in two pieces lie closer than this.
const SAME_BEEP_NANOS: i64 = 50_000_000;
/// A timestamp that strays further from the sample count is a gap: RTMP rounds to milliseconds.
const GAP_NANOS: i64 = 5_000_000;

/// The median; `None` of nothing. Sorts.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The value below which the share `q` of all lie, between neighbours; `None` of nothing. Sorts.
pub(super) fn quantile(values: &mut [f64], q: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let place = q * values.len().checked_sub(1)? as f64;
    let (low, high) = (values.get(place.floor() as usize)?, values.get(place.ceil() as usize)?);
    Some(low + (high - low) * place.fract())
}

/// Finds where flashes start.
#[derive(Debug, Default)]
pub(super) struct Flashes {
    onsets: Vec<Timestamp>,
    was_on: Option<bool>,
}

impl Flashes {
    pub(super) fn see(&mut self, picture: &Picture, pts: Timestamp) {
        // Its checksum tells the test picture from others that are white in that corner.
        let is_on = read_block_time(picture).and_then(|_| flash_is_on(picture));
        if self.was_on == Some(false) && is_on == Some(true) && self.onsets.len() < ONSETS_MAX {
            self.onsets.push(pts);
        }
        self.was_on = is_on;
    }

    /// When the seconds began that the flashes stand for. A flash begins with the first picture of its second: where pictures do
    /// not divide a second, that is each time another while after its beginning. Between two beginnings lie whole
    /// seconds, so the flash that came soonest tells how late each of the others came.
    fn seconds(&self) -> Vec<Timestamp> {
        let Some(first) = self.onsets.first() else { return Vec::new() };
        let later = |onset: &Timestamp| {
            let within = onset.nanos_since(*first).rem_euclid(SECOND_NANOS);
            if within > SECOND_NANOS / 2 { within - SECOND_NANOS } else { within }
        };
        let soonest = self.onsets.iter().map(later).min().unwrap_or(0);
        self.onsets.iter().map(|onset| Timestamp::from_nanos(onset.as_nanos() - (later(onset) - soonest))).collect()
    }

    /// Pictures are missing: a flash that is on now did not start now.
    pub(super) fn gap(&mut self) {
        self.was_on = None;
    }
}

/// Finds where beeps start.
#[derive(Debug, Default)]
pub(super) struct Beeps {
    onsets: Vec<Timestamp>,
    /// One channel of a piece, from the time of its first sample.
    piece: Vec<f32>,
    start: Timestamp,
    sample_rate: u32,
}

impl Beeps {
    pub(super) fn hear(&mut self, chunk: &AudioChunk) {
        let due = self.time_of(self.piece.len());
        let strays = chunk.pts.nanos_since(due).abs() > GAP_NANOS;
        if self.piece.is_empty() || strays || chunk.sample_rate != self.sample_rate {
            self.search();
            self.piece.clear();
            self.start = chunk.pts;
            self.sample_rate = chunk.sample_rate;
        }
        self.piece.extend(chunk.samples.chunks(usize::from(chunk.channels.max(1))).filter_map(|frame| frame.first()));
        let rate = self.sample_rate as usize;
        if self.piece.len() >= PIECE_SECONDS * rate {
            self.search();
            let done = self.piece.len() - rate / OVERLAP_PER_SECOND;
            self.start = self.time_of(done);
            self.piece.drain(..done);
        }
    }

    fn search(&mut self) {
        for index in find_beep_onsets(&self.piece, self.sample_rate, 0) {
            let at = self.time_of(usize::try_from(index).unwrap_or(0));
            let is_new = self.onsets.last().is_none_or(|last| at.nanos_since(*last) > SAME_BEEP_NANOS);
            if is_new && self.onsets.len() < ONSETS_MAX {
                self.onsets.push(at);
            }
        }
    }

    fn time_of(&self, index: usize) -> Timestamp {
        let into = Timestamp::from_samples(i64::try_from(index).unwrap_or(i64::MAX), self.sample_rate);
        Timestamp::from_nanos(self.start.as_nanos().saturating_add(into.as_nanos()))
    }
}

/// By how many milliseconds beeps come after their flashes, the median; `None` where no pair was seen.
pub(super) fn marked_offset_ms(flashes: &Flashes, beeps: &mut Beeps) -> Option<f64> {
    beeps.search();
    let mut offsets: Vec<f64> = flashes
        .seconds()
        .iter()
        .filter_map(|flash| beeps.onsets.iter().map(|beep| beep.nanos_since(*flash)).min_by_key(|nanos| nanos.abs()))
        .filter(|nanos| nanos.abs() <= PAIR_NANOS_MAX)
        .map(|nanos| nanos as f64 / 1e6)
        .collect();
    median(&mut offsets)
}
