//! From the messages of a stream to what HLS lists: where segments are cut, and when they were live.

use std::collections::VecDeque;
use std::time::Duration;

use super::rendition::{Counted, PART_TARGET, Rendition};
use crate::ingest::remux::{Kind, Remux, Remuxed};
use crate::ingest::unit::Unit;
use crate::mp4::{Mp4Codec, Mp4Error, Sample};

/// Longest segment where the distance of keyframes is not known yet.
const TARGET_UNKNOWN: u64 = 4;
const TARGET_MIN: u64 = 2;
/// Keyframes that are farther apart are not waited for.
const TARGET_MAX: u64 = 10;
/// Keyframes closer than this share a segment.
const SEGMENT_SECONDS_MIN: f64 = 0.9;
/// A duration may exceed the target by what rounding to whole seconds takes away (RFC 8216, 4.3.3.1).
const TARGET_SLACK: f64 = 0.4;
/// How much longer than the average a picture may last and still be a part.
const PICTURE_SLACK: f64 = 1.05;
/// Longest part: pictures that are farther apart are listed as segments alone.
const PART_TARGET_MAX: f64 = 1.05;
/// Cuts that wait for sound: where none comes for so long, none is waited for.
const CUTS_MAX: usize = 16;
/// How much sound waits for the picture that was announced; longer than that a camera is off, and the sound is listed alone.
const PICTURE_WAIT_MS: i32 = 5000;
/// How much the time of day may be corrected with each segment: jitter of the network is no drift of clocks.
const WALL_STEP: f64 = 0.02;
/// Seconds from which on two segments in a row that agree are no jitter: the computer's clock was set.
const WALL_JUMP: f64 = 1.0;

/// What was told to players and holds for the next packager of the name too: they may come again after a long pause.
#[derive(Clone, Copy, Debug)]
pub(in crate::ingest) struct Left {
    counted: Counted,
    target: u64,
    part_target: f64,
}

/// Everything of one stream's name.
#[derive(Debug)]
pub(in crate::ingest) struct Packager {
    remux: Remux,
    video: Option<Rendition>,
    audio: Option<Rendition>,
    /// Kinds that this publish has announced.
    announced: [bool; 2],
    /// Stamp of the first sound that waits for a picture.
    sound_waits_since: Option<u32>,
    /// The codec of pictures that were announced and did not come.
    missing_picture: Option<Mp4Codec>,
    /// `EXT-X-TARGETDURATION`: never changes, as it must not.
    target: u64,
    /// Seconds of a part at most; never changes either.
    part_target: f64,
    /// Where pictures were cut and sound is not yet, in milliseconds of the timeline.
    cuts: VecDeque<u64>,
    /// Time of day of the timeline's zero, in seconds.
    zero_at: Option<f64>,
    /// What it would be by the last segment, if that is far from it.
    strayed_to: Option<f64>,
    /// Where the one before left off.
    after: Option<Counted>,
    /// Nobody publishes any more, and nobody is waited for.
    ended: bool,
    /// Why a kind is missing.
    pub(super) unusable: Vec<String>,
}

impl Packager {
    /// `keyframe_seconds` is the distance of keyframes as it was measured so far.
    pub(in crate::ingest) fn new(keyframe_seconds: Option<f64>) -> Self {
        let target = match keyframe_seconds {
            Some(seconds) => ((seconds - TARGET_SLACK).max(0.0).ceil() as u64).clamp(TARGET_MIN, TARGET_MAX),
            None => TARGET_UNKNOWN,
        };
        Self {
            remux: Remux::default(),
            video: None,
            audio: None,
            announced: [false; 2],
            sound_waits_since: None,
            missing_picture: None,
            target,
            part_target: PART_TARGET,
            cuts: VecDeque::new(),
            zero_at: None,
            strayed_to: None,
            after: None,
            ended: false,
            unusable: Vec::new(),
        }
    }

    /// For so many pictures a second: where they are few each is a part, and may last a little longer than most.
    pub(in crate::ingest) fn paced(mut self, fps: Option<f64>) -> Self {
        if let Some(fps) = fps.filter(|fps| *fps > 0.0) {
            // Whole milliseconds, as it is written.
            let longest = (PICTURE_SLACK * 1000.0 / fps).ceil() / 1000.0;
            self.part_target = longest.clamp(PART_TARGET, PART_TARGET_MAX);
        }
        self
    }

    /// Goes on after another one of the same name: numbers never go back, and what never changes stays.
    pub(in crate::ingest) fn after(mut self, left: Option<Left>) -> Self {
        if let Some(Left { counted, target, part_target }) = left {
            (self.after, self.target, self.part_target) = (Some(counted), target, part_target);
        }
        self
    }

    /// For the one that comes after this.
    pub(in crate::ingest) fn left(&self) -> Option<Left> {
        let counted = self.video.iter().chain(&self.audio).map(Rendition::counted).reduce(|a, b| Counted {
            number: a.number.max(b.number),
            discontinuities: a.discontinuities.max(b.discontinuities),
            init: a.init.max(b.init),
        });
        // Parts of the segment that is open were listed already.
        let next = counted.map(|counted| Counted { number: counted.number + 1, init: counted.init + 1, ..counted });
        let (target, part_target) = (self.target, self.part_target);
        next.or(self.after).map(|counted| Left { counted, target, part_target })
    }

    /// Takes a message at this time of day; `true` if a playlist made now would be another one.
    pub(in crate::ingest) fn take(&mut self, unit: &Unit, wall: Duration) -> bool {
        let mut made = Vec::new();
        self.take_unit(unit, &mut made);
        let mut changed = false;
        for piece in made {
            changed |= self.put(piece, Some(wall));
        }
        changed
    }

    /// Takes messages that came before, the last of them at this time of day.
    pub(in crate::ingest) fn catch_up<'a>(&mut self, units: impl Iterator<Item = &'a Unit> + Clone, wall: Duration) {
        let mut stamps = units.clone().filter(|unit| unit.is_droppable()).map(|unit| unit.timestamp_ms);
        if let Some(first) = stamps.next() {
            let newest = stamps.map(|stamp| stamp.wrapping_sub(first).cast_signed()).max().unwrap_or(0).max(0);
            self.zero_at = Some(wall.as_secs_f64() - f64::from(newest) / 1000.0);
        }
        let mut made = Vec::new();
        units.for_each(|unit| self.take_unit(unit, &mut made));
        for piece in made {
            self.put(piece, None);
        }
    }

    fn take_unit(&mut self, unit: &Unit, made: &mut Vec<Remuxed>) {
        if self.remux.waits_for_picture(unit) {
            let since = *self.sound_waits_since.get_or_insert(unit.timestamp_ms);
            if unit.timestamp_ms.wrapping_sub(since).cast_signed() >= PICTURE_WAIT_MS {
                self.remux.begin_with_sound();
                self.announced[Kind::Video as usize] = false;
                self.missing_picture = self.rendition(Kind::Video).map(|video| video.codec().clone());
            }
        }
        self.remux.take(unit, &mut |piece| made.push(piece));
    }

    /// The publish has ended.
    pub(in crate::ingest) fn unpublished(&mut self) {
        let mut made = Vec::new();
        self.remux.begin_again(&mut |piece| made.push(piece));
        for piece in made {
            self.put(piece, None);
        }
        self.break_off();
        self.announced = [false; 2];
        (self.sound_waits_since, self.missing_picture) = (None, None);
        (self.zero_at, self.strayed_to) = (None, None);
    }

    /// Somebody publishes again.
    pub(in crate::ingest) fn published(&mut self) {
        self.ended = false;
        self.unusable.clear();
    }

    /// Nobody publishes again: players are told that it is over.
    pub(in crate::ingest) fn end(&mut self) {
        self.ended = true;
    }

    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }

    pub(super) fn target(&self) -> u64 {
        self.target
    }

    /// `PART-TARGET`, in seconds.
    pub(super) fn part_target(&self) -> f64 {
        self.part_target
    }

    pub(super) fn rendition(&self, kind: Kind) -> Option<&Rendition> {
        match kind {
            Kind::Video => self.video.as_ref(),
            Kind::Audio => self.audio.as_ref(),
        }
    }

    /// Whether there is a whole segment of every kind: playlists need one. What was announced and does not come, or pauses, is not
    /// waited for for ever.
    pub(super) fn is_ready(&self) -> bool {
        let listed = |rendition: &Option<Rendition>| rendition.as_ref().map(|rendition| rendition.listed().len());
        match (listed(&self.video), listed(&self.audio)) {
            (None, None) => false,
            (Some(video), Some(audio)) => video.min(audio) > 0 || video.max(audio) > 1,
            (Some(one), None) | (None, Some(one)) => one > 0,
        }
    }

    fn slot(&mut self, kind: Kind) -> &mut Option<Rendition> {
        match kind {
            Kind::Video => &mut self.video,
            Kind::Audio => &mut self.audio,
        }
    }

    /// `wall` is the time of day at which it came, where it came just now. `true` if that made a part.
    fn put(&mut self, piece: Remuxed, wall: Option<Duration>) -> bool {
        match piece {
            Remuxed::Codec(kind, codec) => {
                let changes = std::mem::replace(&mut self.announced[kind as usize], true);
                let has_begun = self.rendition(kind).is_some_and(|rendition| rendition.open_seconds() > 0.0);
                if changes || has_begun {
                    self.break_off();
                }
                let changed = match self.slot(kind) {
                    Some(rendition) => rendition.change(codec),
                    None => self.begin_rendition(kind, codec),
                };
                if let Err(error) = changed {
                    self.unusable.push(error.to_string());
                }
                false
            }
            Remuxed::Unusable(_, error) => {
                self.unusable.push(error.to_string());
                false
            }
            Remuxed::Sample { kind, start, sample, next_sync } => {
                if kind == Kind::Video
                    && let Some(codec) = self.missing_picture.take()
                {
                    self.break_off();
                    self.put(Remuxed::Codec(kind, codec), wall);
                }
                self.put_sample(kind, start, sample, next_sync, wall)
            }
        }
    }

    fn begin_rendition(&mut self, kind: Kind, codec: Mp4Codec) -> Result<(), Mp4Error> {
        let other = self.rendition(kind.other());
        let after = self.after.filter(|_| other.is_none_or(|other| other.listed().len() == 0));
        // Both kinds count alike.
        let counted = after.or(other.map(Rendition::counted)).unwrap_or(Counted::FIRST);
        let init = self.after.map_or(Counted::FIRST.init, |after| after.init);
        let mut rendition = Rendition::new(codec, Counted { init, ..counted }, self.part_target)?;
        if after.is_some() {
            rendition.break_off();
        }
        *self.slot(kind) = Some(rendition);
        Ok(())
    }

    fn put_sample(
        &mut self,
        kind: Kind,
        start: u64,
        mut sample: Sample,
        next_sync: bool,
        wall: Option<Duration>,
    ) -> bool {
        let Some(rendition) = self.rendition(kind) else { return false };
        let scale = u64::from(rendition.codec().timescale());
        let (begin_ms, end_ms) = (start * 1000 / scale, (start + u64::from(sample.duration)) * 1000 / scale);
        let lasted = f64::from(sample.duration) / scale as f64;
        let limit = self.target as f64 + TARGET_SLACK;
        // No segment may be as long as this pause: what follows comes after a hole.
        let is_hole = lasted > limit;
        if is_hole {
            sample.duration = (limit * scale as f64) as u32;
        }
        let last = lasted.min(limit);
        let mut made = false;
        if rendition.open_seconds() > 0.0 && self.goes_apart(rendition, last, limit) {
            self.close(kind, begin_ms);
            made = true;
        }
        let Some(rendition) = self.rendition(kind) else { return made };
        let starts_segment = rendition.open_seconds() == 0.0;
        let seconds = start as f64 / scale as f64;
        // It was held until the next one came.
        let wall = wall.map(|wall| wall.as_secs_f64() - lasted);
        let observe = starts_segment && (kind == Kind::Video || self.video.is_none());
        let begins_at = self.begins_at(seconds, wall, observe);
        let audio_cut = kind == Kind::Audio && self.cuts.front().is_some_and(|cut| end_ms >= *cut);
        let has_video = self.video.is_some();
        let Some(rendition) = self.slot(kind) else { return made };
        made |= rendition.push(start, sample, begins_at);
        let seconds = rendition.open_seconds();
        let cut = match kind {
            Kind::Video => next_sync && seconds >= SEGMENT_SECONDS_MIN,
            Kind::Audio => audio_cut || (!has_video && seconds >= TARGET_MIN as f64 - last),
        };
        // What would not fit any more, or is too large, is cut without a keyframe.
        if cut || seconds + last > limit || (made && rendition.is_open_too_large()) {
            self.close(kind, end_ms);
            made = true;
        }
        if is_hole {
            self.break_off();
        }
        made
    }

    /// What comes next is another stream, or comes after a hole: both kinds count their discontinuities alike.
    fn break_off(&mut self) {
        // Where one kind has had something since, the other has as well.
        if !self.video.iter().chain(&self.audio).all(Rendition::is_broken_off) {
            self.video.iter_mut().chain(&mut self.audio).for_each(Rendition::break_off);
        }
        self.cuts.clear();
    }

    /// Whether a sample that lasts so long begins another segment: it does not fit into the one that is open, or one of the two
    /// is longer than a part may be. Such a segment is listed as a whole, and no longer than it needs to be.
    fn goes_apart(&self, rendition: &Rendition, last: f64, limit: f64) -> bool {
        let (open, is_long) = (rendition.open_seconds(), last > self.part_target);
        let fits = match (is_long, rendition.is_in_parts(rendition.open())) {
            (true, in_parts) => !in_parts,
            (false, in_parts) => in_parts || open < SEGMENT_SECONDS_MIN,
        };
        !fits || open + last > limit
    }

    /// Ends the segment of a kind that is open, here on the timeline.
    fn close(&mut self, kind: Kind, at_ms: u64) {
        if let Some(rendition) = self.slot(kind) {
            rendition.close_segment();
        }
        match kind {
            Kind::Video if self.audio.is_some() && self.cuts.len() < CUTS_MAX => self.cuts.push_back(at_ms),
            Kind::Video => {}
            Kind::Audio => {
                while self.cuts.front().is_some_and(|cut| at_ms >= *cut) {
                    self.cuts.pop_front();
                }
            }
        }
        // The publisher that came again has nothing of the other: players would wait for it for ever.
        if !self.announced[kind.other() as usize] {
            *self.slot(kind.other()) = None;
            self.cuts.clear();
        }
    }

    /// The time of day of this second of the timeline. Clocks drift: what is observed corrects it, a little with each segment,
    /// or at once where the computer's clock was set.
    fn begins_at(&mut self, seconds: f64, wall: Option<f64>, observe: bool) -> Duration {
        let observed = wall.map(|wall| wall - seconds);
        let zero_at = self.zero_at.get_or_insert(observed.unwrap_or(0.0));
        if let Some(observed) = observed.filter(|_| observe) {
            let strayed = (observed - *zero_at).abs() > WALL_JUMP;
            let before = std::mem::replace(&mut self.strayed_to, strayed.then_some(observed));
            if strayed && before.is_some_and(|before| (observed - before).abs() <= WALL_JUMP) {
                (*zero_at, self.strayed_to) = (observed, None);
            } else {
                *zero_at += (observed - *zero_at).clamp(-WALL_STEP, WALL_STEP);
            }
        }
        Duration::from_secs_f64((*zero_at + seconds).max(0.0))
    }
}
