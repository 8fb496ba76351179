//! A stream as MP4 files: one begins when it is known what the stream holds, and the next at the keyframe after that has changed.

#[cfg(test)]
mod tests;

use super::remux::{Kind, Remux, Remuxed};
use super::unit::{Unit, UnitKind};
use crate::mp4::{Mp4Codec, Sample, Track};

/// How much of the stream is waited for before a kind that has not been heard of is left out.
const WAIT_SECONDS: u64 = 2;
/// How much of its sound is waited for the first keyframe: as far apart as keyframes may be. Longer than that a camera is off or
/// covered, maybe for the whole of a show, and the sound is recorded alone.
const KEYFRAME_WAIT_MS: i32 = 10_000;
/// After so much of a stream that is not taken, nothing of it is recorded.
const NOTHING_MS: i32 = 3000;
/// Bytes that are waited for at most.
const WAIT_BYTES_MAX: usize = 16 << 20;
/// How much sound of a new codec waits for the keyframe with which the next file begins; after that it begins without one.
const CHANGE_WAIT_SECONDS: u64 = 20;
const CHANGE_WAIT_BYTES_MAX: usize = 32 << 20;

/// What to do next.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// The file before has ended; one with these tracks begins.
    Begin(Vec<Track>),
    /// To be written, by the place among the tracks.
    Write(usize, u64, Sample),
    /// Part of the stream is left out.
    Unusable(String),
    /// Nothing of the stream can be written.
    Nothing(String),
}

/// The state of one stream. Its timeline goes on from file to file, and each of them begins at zero.
#[derive(Debug, Default)]
pub(super) struct Mp4Recording {
    remux: Remux,
    codecs: [Option<Mp4Codec>; 2],
    /// Place of each kind among the tracks, once a file has begun.
    places: Option<[Option<usize>; 2]>,
    /// Whether the codec is not that of the file any more: what comes is for the next one, which begins with a keyframe. Of
    /// pictures it also means that the keyframe to begin with has not come.
    changed: [bool; 2],
    /// What comes into the next file.
    waiting: Vec<(Kind, u64, Sample)>,
    waiting_bytes: usize,
    /// What is zero in this file, in milliseconds of the timeline.
    zero_ms: u64,
    /// Sound that waits for the first picture.
    before: Vec<Unit>,
    before_bytes: usize,
    /// What is left out and not told yet: it is told of a file.
    left_out: Vec<String>,
    unusable: [bool; 2],
    more_tracks: bool,
    told_nothing: bool,
    /// Stamp of the first picture or sound.
    first_ms: Option<u32>,
}

impl Mp4Recording {
    /// Takes the next message.
    pub(super) fn take(&mut self, unit: &Unit, out: &mut Vec<Step>) {
        if unit.track != 0 && unit.is_droppable() && !std::mem::replace(&mut self.more_tracks, true) {
            self.left_out.push("other tracks than the first are not put into MP4".to_owned());
        }
        self.take_unit(unit, out);
        if unit.is_droppable() {
            let first = *self.first_ms.get_or_insert(unit.timestamp_ms);
            self.tell_left_out(unit.timestamp_ms.wrapping_sub(first).cast_signed() >= NOTHING_MS, out);
        }
    }

    fn take_unit(&mut self, unit: &Unit, out: &mut Vec<Step>) {
        if self.remux.waits_for_picture(unit) {
            return self.wait(unit, out);
        }
        let keyframe = unit.kind == UnitKind::Keyframe;
        if keyframe {
            // The picture says where the file begins.
            self.before.clear();
        }
        self.put_unit(unit, out);
        // What the remux gave out came before the keyframe, which it holds.
        if keyframe && self.changed.contains(&true) {
            self.places = None;
            self.changed = [false; 2];
        }
    }

    /// Keeps sound until the first picture comes, or has not come for too long.
    fn wait(&mut self, unit: &Unit, out: &mut Vec<Step>) {
        self.before_bytes += unit.room();
        self.before.push(unit.clone());
        let since =
            self.before.first().map_or(0, |first| unit.timestamp_ms.wrapping_sub(first.timestamp_ms).cast_signed());
        if since >= KEYFRAME_WAIT_MS || self.before_bytes > WAIT_BYTES_MAX {
            self.begin_with_sound(out);
        }
    }

    fn begin_with_sound(&mut self, out: &mut Vec<Step>) {
        self.remux.begin_with_sound();
        self.changed[Kind::Video as usize] = true;
        for unit in std::mem::take(&mut self.before) {
            self.put_unit(&unit, out);
        }
    }

    fn put_unit(&mut self, unit: &Unit, out: &mut Vec<Step>) {
        let mut made = Vec::new();
        self.remux.take(unit, &mut |piece| made.push(piece));
        made.into_iter().for_each(|piece| self.put(piece, out));
    }

    /// Nothing follows.
    pub(super) fn finish(&mut self, out: &mut Vec<Step>) {
        if !self.before.is_empty() {
            self.begin_with_sound(out);
        }
        let mut made = Vec::new();
        self.remux.finish(&mut |piece| made.push(piece));
        made.into_iter().for_each(|piece| self.put(piece, out));
        if !self.waiting.is_empty() {
            self.changed[Kind::Video as usize] = !self.has_waiting(Kind::Video);
            self.begin(out);
        }
        self.tell_left_out(true, out);
    }

    fn has_waiting(&self, kind: Kind) -> bool {
        self.waiting.iter().any(|(waiting, ..)| *waiting == kind)
    }

    /// Tells what is left out of a file that has begun, or that nothing is recorded: where neither kind is taken, or `long` after
    /// the beginning nothing else has come.
    fn tell_left_out(&mut self, long: bool, out: &mut Vec<Step>) {
        if self.left_out.is_empty() {
            return;
        }
        let nothing = self.waiting.is_empty() && self.codecs.iter().all(Option::is_none);
        if self.places.is_some() {
            out.extend(self.left_out.drain(..).map(Step::Unusable));
        } else if nothing && (long || self.unusable == [true; 2]) && !std::mem::replace(&mut self.told_nothing, true) {
            out.push(Step::Nothing(self.left_out.join(", ")));
        }
    }

    fn put(&mut self, piece: Remuxed, out: &mut Vec<Step>) {
        match piece {
            Remuxed::Codec(kind, codec) => self.put_codec(kind, codec, out),
            Remuxed::Unusable(kind, error) => {
                self.unusable[kind as usize] = true;
                self.left_out.push(error.to_string());
            }
            Remuxed::Sample { kind, start, sample, .. } => self.put_sample(kind, start, sample, out),
        }
    }

    fn put_codec(&mut self, kind: Kind, codec: Mp4Codec, out: &mut Vec<Step>) {
        if kind == Kind::Audio {
            // What waits is of the codec before.
            self.before.clear();
        }
        if self.has_waiting(kind) {
            // So is this.
            self.begin(out);
        }
        self.codecs[kind as usize] = Some(codec);
        let Some(places) = self.places else { return };
        self.changed[kind as usize] = true;
        // The pictures of the file go on in it until the next one can begin with one. Where there are none, nothing is waited for.
        let has_pictures = places[Kind::Video as usize].is_some() && !self.changed[Kind::Video as usize];
        if kind == Kind::Audio && !has_pictures {
            self.changed[Kind::Audio as usize] = false;
            self.places = None;
        }
    }

    fn put_sample(&mut self, kind: Kind, start: u64, sample: Sample, out: &mut Vec<Step>) {
        match self.places {
            // No decoder takes them without a keyframe.
            _ if kind == Kind::Video && self.changed[Kind::Video as usize] => {}
            Some(places) if !self.changed[kind as usize] => self.write(places, kind, start, sample, out),
            places => {
                self.waiting_bytes += sample.data.len();
                self.waiting.push((kind, start, sample));
                let first = self.waiting.iter().find(|(waiting, ..)| *waiting == kind).map_or(start, |first| first.1);
                let (wait, bytes) = match places {
                    Some(_) => (CHANGE_WAIT_SECONDS, CHANGE_WAIT_BYTES_MAX),
                    None => (WAIT_SECONDS, WAIT_BYTES_MAX),
                };
                let waited = start.saturating_sub(first) >= wait * self.scale(kind);
                let whole = places.is_none() && [Kind::Video, Kind::Audio].into_iter().all(|kind| self.is_there(kind));
                if waited || whole || self.waiting_bytes > bytes {
                    self.begin(out);
                }
            }
        }
    }

    /// Whether a kind is not waited for any more.
    fn is_there(&self, kind: Kind) -> bool {
        self.has_waiting(kind) || (kind == Kind::Video && self.changed[Kind::Video as usize])
    }

    fn scale(&self, kind: Kind) -> u64 {
        self.codecs[kind as usize].as_ref().map_or(1, |codec| u64::from(codec.timescale().max(1)))
    }

    fn write(&self, places: [Option<usize>; 2], kind: Kind, start: u64, sample: Sample, out: &mut Vec<Step>) {
        // What is from before the file's beginning came later than its kind is ever waited for.
        let since = start.checked_sub(self.zero_ms * self.scale(kind) / 1000);
        if let (Some(place), Some(since)) = (places[kind as usize], since) {
            out.push(Step::Write(place, since, sample));
        }
    }

    /// Begins a file with what waits.
    fn begin(&mut self, out: &mut Vec<Step>) {
        let (mut tracks, mut places) = (Vec::new(), [None, None]);
        for kind in [Kind::Video, Kind::Audio] {
            let without_keyframe = kind == Kind::Video && self.changed[Kind::Video as usize];
            if let Some(codec) = self.codecs[kind as usize].as_ref().filter(|_| !without_keyframe) {
                places[kind as usize] = Some(tracks.len());
                tracks.push(Track::new(tracks.len() as u32 + 1, codec.clone()));
            }
        }
        out.push(Step::Begin(tracks));
        self.places = Some(places);
        self.changed[Kind::Audio as usize] = false;
        self.zero_ms =
            self.waiting.iter().map(|(kind, start, _)| start * 1000 / self.scale(*kind)).min().unwrap_or(self.zero_ms);
        self.waiting_bytes = 0;
        for (kind, start, sample) in std::mem::take(&mut self.waiting) {
            self.write(places, kind, start, sample, out);
        }
    }
}
