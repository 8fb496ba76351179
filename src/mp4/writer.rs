//! A file of fragments: what is written stays playable whatever happens to the rest.

use std::io::{self, Write};

use super::{Mp4Error, Sample, Track, TrackRun, fragment_head, init_segment};

/// Longest fragment: what a crash may cost.
const FRAGMENT_SECONDS: f64 = 2.0;
/// Keyframes closer than this share a fragment.
const FRAGMENT_SECONDS_MIN: f64 = 0.5;
/// A larger fragment is written at once: it waits in memory.
const FRAGMENT_BYTES_MAX: usize = 32 << 20;

/// Writes samples as fragments.
#[derive(Debug)]
pub struct Mp4Writer<W> {
    out: W,
    tracks: Vec<Track>,
    runs: Vec<Run>,
    bytes: usize,
    fragments: u32,
    fragment_seconds: f64,
}

#[derive(Clone, Debug, Default)]
struct Run {
    start: u64,
    ticks: u64,
    samples: Vec<Sample>,
}

impl<W: Write> Mp4Writer<W> {
    /// Begins a file with these tracks.
    pub fn new(mut out: W, tracks: Vec<Track>) -> io::Result<Self> {
        out.write_all(&init_segment(&tracks).map_err(invalid)?)?;
        let runs = vec![Run::default(); tracks.len()];
        Ok(Self { out, tracks, runs, bytes: 0, fragments: 0, fragment_seconds: FRAGMENT_SECONDS })
    }

    /// The same with fragments of at most so many seconds.
    #[must_use]
    pub fn with_fragments_of(self, fragment_seconds: f64) -> Self {
        Self { fragment_seconds, ..self }
    }

    /// Bytes of samples that wait for their fragment to be whole.
    pub fn waiting_bytes(&self) -> usize {
        self.bytes
    }

    /// Takes the next sample of a track, by its place among the tracks; `start` is its decode time in the track's timescale.
    /// `true` if a fragment was written.
    pub fn push(&mut self, track: usize, start: u64, sample: Sample) -> io::Result<bool> {
        let Some(run) = self.runs.get(track) else { return Ok(false) };
        let about = self.tracks.get(track).map(|track| (track.codec.is_video(), f64::from(track.timescale)));
        let (video, scale) = about.unwrap_or((false, 1.0));
        let gap = !run.samples.is_empty() && run.start + run.ticks != start;
        let at_keyframe = video && sample.sync && run.ticks as f64 >= FRAGMENT_SECONDS_MIN * scale;
        let full = (run.ticks + u64::from(sample.duration)) as f64 > self.fragment_seconds * scale;
        let written = gap || at_keyframe || (full && !run.samples.is_empty()) || self.bytes > FRAGMENT_BYTES_MAX;
        if written {
            self.write_fragment()?;
        }
        self.bytes += sample.data.len();
        if let Some(run) = self.runs.get_mut(track) {
            if run.samples.is_empty() {
                run.start = start;
            }
            run.ticks += u64::from(sample.duration);
            run.samples.push(sample);
        }
        Ok(written)
    }

    /// Writes what waits.
    pub fn write_fragment(&mut self) -> io::Result<()> {
        let runs: Vec<_> = self
            .tracks
            .iter()
            .zip(&self.runs)
            .filter(|(_, run)| !run.samples.is_empty())
            .map(|(track, run)| TrackRun { track: track.id, start: run.start, samples: &run.samples })
            .collect();
        if runs.is_empty() {
            return Ok(());
        }
        self.fragments += 1;
        self.out.write_all(&fragment_head(self.fragments, &runs).map_err(invalid)?)?;
        for sample in runs.iter().flat_map(|run| run.samples) {
            self.out.write_all(&sample.data)?;
        }
        self.forget_waiting();
        Ok(())
    }

    /// Forgets what waits: it is written elsewhere.
    pub fn forget_waiting(&mut self) {
        self.runs.fill(Run::default());
        self.bytes = 0;
    }

    /// What it writes to.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.out
    }
}

fn invalid(error: Mp4Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
