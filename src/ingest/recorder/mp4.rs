//! A recording as fragmented MP4: samples as they were made of the stream.

use std::io::{self, Write as _};

use super::series::Form;
use crate::ingest::unit::ROOM_OF_ONE;
use crate::mp4::{Mp4Writer, Sample, Track};
use crate::output::{Cut, CutWriter};

/// A file can begin at keyframes that are as many seconds apart: there a fragment ends.
const PIECE_SECONDS: u64 = 1;

/// One sample.
#[derive(Clone)]
pub(super) struct Mp4Item {
    /// Place among the tracks.
    pub(super) track: usize,
    /// Its time from the first file's beginning, in the track's timescale.
    pub(super) start: u64,
    pub(super) sample: Sample,
}

/// The state of one stream. Each of its files begins at zero.
pub(super) struct Mp4Form {
    tracks: Vec<Track>,
    /// Newest times of each track in what is before the piece: what follows is later.
    before: Vec<Option<u64>>,
    /// Of each track, the time that is zero in this file.
    zero: Vec<u64>,
}

impl Mp4Form {
    pub(super) fn new(tracks: Vec<Track>) -> Self {
        let (before, zero) = (vec![None; tracks.len()], vec![0; tracks.len()]);
        Self { tracks, before, zero }
    }

    fn scale(&self, track: usize) -> u64 {
        self.tracks.get(track).map_or(1, |track| u64::from(track.timescale.max(1)))
    }

    /// The earliest of what the next file may get, as a time and its scale.
    fn earliest(&self, piece: &[Mp4Item]) -> Option<(u64, u64)> {
        let of_track = |track| {
            let start = starts_of(piece, track).min().or(self.before[track])?;
            Some((start, self.scale(track)))
        };
        let is_before =
            |a: (u64, u64), b: (u64, u64)| u128::from(a.0) * u128::from(b.1) < u128::from(b.0) * u128::from(a.1);
        (0..self.tracks.len()).filter_map(of_track).reduce(|a, b| if is_before(b, a) { b } else { a })
    }
}

impl Form for Mp4Form {
    type Item = Mp4Item;
    type Writer<D: Cut> = Mp4Writer<CutWriter<D>>;

    fn room(item: &Mp4Item) -> usize {
        ROOM_OF_ONE + item.sample.data.len()
    }

    fn can_begin(&self, piece: &[Mp4Item], item: &Mp4Item) -> bool {
        let is_video = |track: &Track| track.codec.is_video();
        let keyframe = self.tracks.get(item.track).is_some_and(is_video) && item.sample.sync;
        let first = || starts_of(piece, item.track).next();
        let long = || first().is_some_and(|first| item.start >= first + PIECE_SECONDS * self.scale(item.track));
        (keyframe || !self.tracks.iter().any(is_video)) && long()
    }

    fn pass(&mut self, piece: &[Mp4Item]) {
        // A track that has ended says nothing of what follows.
        self.before = (0..self.tracks.len()).map(|track| starts_of(piece, track).last()).collect();
    }

    fn begin<D: Cut>(&mut self, out: CutWriter<D>, piece: &[Mp4Item]) -> io::Result<Self::Writer<D>> {
        if let Some((start, scale)) = self.earliest(piece) {
            let zero = |track| u128::from(start) * u128::from(self.scale(track)) / u128::from(scale);
            self.zero = (0..self.tracks.len()).map(|track| u64::try_from(zero(track)).unwrap_or(u64::MAX)).collect();
        }
        Mp4Writer::new(out, self.tracks.clone())
    }

    fn write<D: Cut>(&self, writer: &mut Self::Writer<D>, item: &Mp4Item) -> io::Result<()> {
        let zero = self.zero.get(item.track).copied().unwrap_or(0);
        // A fragment is there for whatever comes: it goes to the file at once.
        if writer.push(item.track, item.start.saturating_sub(zero), item.sample.clone())? {
            writer.get_mut().flush()?;
        }
        Ok(())
    }

    fn write_waiting<D: Cut>(writer: &mut Self::Writer<D>) -> io::Result<()> {
        writer.write_fragment()?;
        writer.get_mut().flush()
    }

    fn out<D: Cut>(writer: &mut Self::Writer<D>) -> &mut CutWriter<D> {
        writer.get_mut()
    }
}

fn starts_of(piece: &[Mp4Item], track: usize) -> impl Iterator<Item = u64> {
    piece.iter().filter(move |item| item.track == track).map(|item| item.start)
}
