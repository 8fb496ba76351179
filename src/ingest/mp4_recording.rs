//! A stream as MP4 files: one begins when it is known what the stream holds, and the next where that changes.

use super::remux::{Kind, Remux, Remuxed};
use super::unit::{Unit, UnitKind};
use crate::mp4::{Mp4Codec, Sample, Track};

/// How much of the stream is waited for before a kind that has not been heard of is left out.
const WAIT_SECONDS: u64 = 2;
/// How much of its sound is waited for the first keyframe: as far apart as keyframes may be. Longer than that a camera is off or
/// covered, maybe for the whole of a show, and the sound is recorded alone.
const KEYFRAME_WAIT_MS: i32 = 10_000;
/// Bytes that are waited for at most.
const WAIT_BYTES_MAX: usize = 16 << 20;

/// What to do next.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// The file before has ended; one with these tracks begins.
    Begin(Vec<Track>),
    /// To be written, by the place among the tracks.
    Write(usize, u64, Sample),
    /// Part of the stream is left out.
    Unusable(String),
}

/// The state of one stream.
#[derive(Debug, Default)]
pub(super) struct Mp4Recording {
    remux: Remux,
    codecs: [Option<Mp4Codec>; 2],
    /// Place of each kind among the tracks, once a file has begun.
    places: Option<[Option<usize>; 2]>,
    /// What came before that.
    waiting: Vec<(Kind, u64, Sample)>,
    waiting_bytes: usize,
    /// Sound that waits for the first picture.
    before: Vec<Unit>,
    before_bytes: usize,
    /// The picture that was announced has not come: the next keyframe begins another file.
    sound_alone: bool,
    /// What a new file must know first.
    headers: Vec<Unit>,
}

impl Mp4Recording {
    /// Takes the next message.
    pub(super) fn take(&mut self, unit: &Unit, out: &mut Vec<Step>) {
        if matches!(unit.kind, UnitKind::Script | UnitKind::Header(_)) {
            self.headers.retain(|header| header.kind != unit.kind);
            self.headers.push(unit.clone());
        }
        if self.remux.waits_for_picture(unit) {
            return self.wait(unit, out);
        }
        if unit.kind == UnitKind::Keyframe {
            // The picture says where the file begins.
            self.before.clear();
            if self.sound_alone {
                self.begin_anew(out);
            }
        }
        self.put_unit(unit, out);
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
        self.sound_alone = true;
        self.codecs[Kind::Video as usize] = None;
        for unit in std::mem::take(&mut self.before) {
            self.put_unit(&unit, out);
        }
    }

    fn put_unit(&mut self, unit: &Unit, out: &mut Vec<Step>) {
        let mut made = Vec::new();
        self.remux.take(unit, &mut |piece| made.push(piece));
        for piece in made {
            match piece {
                Remuxed::Codec(kind, _) if self.has_written(kind) => return self.begin_anew(out),
                piece => self.put(piece, out),
            }
        }
    }

    /// Nothing follows.
    pub(super) fn finish(&mut self, out: &mut Vec<Step>) {
        if !self.before.is_empty() {
            self.begin_with_sound(out);
        }
        let mut made = Vec::new();
        self.remux.finish(&mut |piece| made.push(piece));
        made.into_iter().for_each(|piece| self.put(piece, out));
        if self.places.is_none() && !self.waiting.is_empty() {
            self.begin(out);
        }
    }

    /// Whether there is something of this kind, in the file or for it, that another codec does not go with.
    fn has_written(&self, kind: Kind) -> bool {
        let of_another_file = self.sound_alone && kind == Kind::Video;
        (self.places.is_some() && !of_another_file) || self.waiting.iter().any(|(waiting, ..)| *waiting == kind)
    }

    /// The stream is another one from here on.
    fn begin_anew(&mut self, out: &mut Vec<Step>) {
        self.finish(out);
        let headers = std::mem::take(&mut self.headers);
        *self = Self::default();
        headers.iter().for_each(|header| self.take(header, out));
    }

    fn put(&mut self, piece: Remuxed, out: &mut Vec<Step>) {
        match piece {
            Remuxed::Codec(Kind::Video, _) if self.sound_alone => {}
            Remuxed::Codec(kind, codec) => {
                if kind == Kind::Audio {
                    // What waits is of the codec before.
                    self.before.clear();
                }
                self.codecs[kind as usize] = Some(codec);
            }
            Remuxed::Unusable(_, error) => out.push(Step::Unusable(error.to_string())),
            Remuxed::Sample { kind, start, sample, .. } => match self.places {
                Some(places) => {
                    if let Some(place) = places[kind as usize] {
                        out.push(Step::Write(place, start, sample));
                    }
                }
                None => {
                    let scale = self.codecs[kind as usize].as_ref().map_or(1, |codec| u64::from(codec.timescale()));
                    let waited = start >= WAIT_SECONDS * scale;
                    self.waiting_bytes += sample.data.len();
                    self.waiting.push((kind, start, sample));
                    if waited || self.waiting_bytes > WAIT_BYTES_MAX || self.codecs.iter().all(Option::is_some) {
                        self.begin(out);
                    }
                }
            },
        }
    }

    fn begin(&mut self, out: &mut Vec<Step>) {
        let (mut tracks, mut places) = (Vec::new(), [None, None]);
        for (codec, place) in self.codecs.iter().zip(&mut places) {
            if let Some(codec) = codec {
                *place = Some(tracks.len());
                tracks.push(Track::new(tracks.len() as u32 + 1, codec.clone()));
            }
        }
        out.push(Step::Begin(tracks));
        self.places = Some(places);
        self.waiting_bytes = 0;
        for (kind, start, sample) in std::mem::take(&mut self.waiting) {
            if let Some(place) = places[kind as usize] {
                out.push(Step::Write(place, start, sample));
            }
        }
    }
}
