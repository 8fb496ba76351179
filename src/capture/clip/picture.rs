//! The moving picture of an MP4 clip: H.264, decoded just before each picture is due.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::sync::Arc;

use bytes::Bytes;

use super::mp4::{Codec, Mp4, Sample, Track, read_sample};
use super::timeline::{LoopLength, nanos};
use super::turn::Turn;
use crate::bitstream::{length_prefixed_nals, read_avcc_record, read_sps};
use crate::capture::colour::Colour;
use crate::capture::file_state::FileState;
use crate::capture::{Captured, SourceEvent, SourceInfo, VideoSource};
use crate::decode::{self, Decoded, VideoDecoder};
use crate::media::{Bitrate, FrameRate, Picture, PicturePool, PixelAspect, Timestamp, VideoConfig};

/// A picture is shown up to this much before its time: times in files are often rounded to milliseconds, and a tick
/// that is a nanosecond early must not show the picture before.
const EARLY_NANOS_MAX: i64 = 2_000_000;
/// Decoded pictures that wait for their time, beyond what one access unit brings.
const WAITING_MAX: usize = 4;

/// A picture further ahead of what is decoded than this is not the usual step on.
const BEHIND_NANOS: i64 = 250_000_000;

/// `nal_unit_type` of a slice of a picture that decoding can start at.
const IDR: u8 = 5;
/// So many keyframes are looked into for one to start at.
const STARTS_MAX: usize = 64;

/// Access units after which one that could not be read is tried again, where a seek has left it out.
const TRY_EVERY: usize = 16;

/// Pictures that an H.264 decoder may hold (ITU-T H.264, A.3.1: `MaxDpbFrames`).
const DEPTH_MAX: usize = 16;

/// The picture of `mp4`, read from `file`, which is called `name`.
///
/// # Errors
/// A sentence that says why it does not play.
pub(super) fn open(mp4: Mp4, file: File, name: String) -> Result<Box<dyn VideoSource>, String> {
    Ok(Box::new(open_clip(mp4, file, name)?))
}

fn open_clip(mp4: Mp4, file: File, name: String) -> Result<Mp4Video, String> {
    let length = mp4.loop_length();
    let Some(track) = mp4.video else { return Err("it holds sound but no picture".to_owned()) };
    let record = match &track.codec {
        Codec::H264 { record } => read_avcc_record(record).map_err(|error| error.to_string())?,
        Codec::Aac { .. } => return Err("it holds sound but no picture".to_owned()),
        Codec::Other(codec) => return Err(format!("it holds {codec}; Tally plays H.264")),
    };
    let (Some(sps), Some(pps)) = (record.sps.first(), record.pps.first()) else {
        return Err("its H.264 has no parameter sets".to_owned());
    };
    let info = read_sps(sps).map_err(|error| error.to_string())?;
    let length = length.ok_or("its pictures last no time")?;
    let times = presentation_times(&track);
    let Some(frame_rate) = frame_rate_of(&track, &times) else { return Err("it holds no picture".to_owned()) };
    let keyframes = keyframes_of(&track);
    let config =
        VideoConfig { size: info.size, frame_rate, bitrate: Bitrate::from_bps(0), sps: sps.clone(), pps: pps.clone() };
    let further_sets = record.sps.iter().skip(1).chain(record.pps.iter().skip(1)).cloned().collect();
    let decoder = decode::open_h264(&config).map_err(|error| error.to_string())?;
    let mut clip = Mp4Video {
        early: EARLY_NANOS_MAX.min((1e9 / frame_rate.as_f64() / 4.0) as i64),
        colour: Colour::of(&info),
        turn: track.turn,
        pixel_aspect: track.turn.aspect_of(track.pixel_aspect(info.size).unwrap_or(info.pixel_aspect)),
        unit: Vec::new(),
        next: 0,
        round: 0,
        held: 0,
        depth: 0,
        waiting: VecDeque::new(),
        shown: None,
        before: None,
        starts: HashMap::new(),
        state: FileState::default(),
        unread: None,
        is_damaged: false,
        nal_length_size: record.nal_length_size,
        pool: None,
        turned_pool: None,
        name,
        file,
        samples: track.samples,
        timescale: track.timescale,
        times,
        keyframes,
        length,
        config,
        further_sets,
        decoder,
    };
    clip.advance((0, clip.times.first().copied().unwrap_or(0)));
    match clip.shown.as_ref().map(|shown| shown.picture.size()) {
        Some(size) => clip.config.size = size,
        None if !clip.has_start() => {
            let reason = "it was cut out of a recording and holds no picture to start at (IDR); export it again";
            return Err(reason.to_owned());
        }
        None => return Err("its H.264 cannot be decoded".to_owned()),
    }
    Ok(clip)
}

/// When a picture is due: the round, and nanoseconds since the round's start.
type Due = (i64, i64);

struct Mp4Video {
    name: String,
    file: File,
    samples: Vec<Sample>,
    timescale: u32,
    /// When each picture is shown, in nanoseconds, sorted.
    times: Vec<i64>,
    /// When each keyframe is shown, in nanoseconds, and which sample it is, sorted.
    keyframes: Vec<(i64, usize)>,
    /// Samples of keyframes that were looked into, and whether decoding can start there.
    starts: HashMap<usize, bool>,
    length: LoopLength,
    early: i64,
    config: VideoConfig,
    further_sets: Vec<Bytes>,
    nal_length_size: usize,
    colour: Colour,
    turn: Turn,
    pixel_aspect: PixelAspect,
    decoder: Box<dyn VideoDecoder>,
    /// The sample that is decoded next, and in which round.
    next: usize,
    round: i64,
    /// Access units whose picture the decoder still holds, and the most that it held so far.
    held: usize,
    depth: usize,
    /// Decoded pictures whose time has not come, in order.
    waiting: VecDeque<Shown>,
    shown: Option<Shown>,
    /// What was shown at the place that was left, until there is a picture of the new one.
    before: Option<Arc<Picture>>,
    /// For pictures whose colours are converted.
    pool: Option<PicturePool>,
    /// For pictures that are turned.
    turned_pool: Option<PicturePool>,
    unit: Vec<u8>,
    state: FileState,
    /// The sample that could not be read last.
    unread: Option<usize>,
    is_damaged: bool,
}

struct Shown {
    due: Due,
    picture: Arc<Picture>,
}

impl VideoSource for Mp4Video {
    fn info(&self) -> SourceInfo {
        let (size, frame_rate) = (self.config.size, self.config.frame_rate);
        SourceInfo {
            address: None,
            id: "file".to_owned(),
            name: self.name.clone(),
            format: format!("{size} H.264 at {frame_rate} fps, {:.2} s in a loop", self.length.seconds()),
            size: Some(size),
            frame_rate: Some(frame_rate),
        }
    }

    fn picture_at(&mut self, now: Timestamp) -> Option<Captured> {
        let due = self.due_at(now);
        if self.must_seek(due) {
            self.seek(due);
        }
        self.advance(due);
        let shown = self.shown.as_ref();
        self.is_damaged = shown.is_none_or(|shown| shown.due != due) && !self.state.fails();
        let picture = Arc::clone(shown.map(|shown| &shown.picture).or(self.before.as_ref())?);
        Some(Captured { picture, pixel_aspect: self.pixel_aspect, captured_at: now })
    }

    fn prepare(&mut self, next: Timestamp) {
        let due = self.due_at(next);
        if self.must_seek(due) {
            return;
        }
        let mut left = self.samples.len();
        let mut idle = true;
        while self.newest().is_none_or(|newest| newest < due) && self.waiting.len() < WAITING_MAX && left > 0 {
            idle = false;
            if !self.may_hold(due) || !self.decode_one() {
                break;
            }
            left -= 1;
        }
        // A decoder that reorders gives several pictures at the end of a round and none at the start of the next:
        // it is filled again a unit a tick, while those are shown, not all at once when they are over.
        if idle && self.held < self.depth && self.waiting.len() < WAITING_MAX + self.depth {
            self.decode_one();
        }
    }

    fn poll_event(&mut self) -> Option<SourceEvent> {
        self.state.poll_event()
    }

    fn is_damaged(&self) -> bool {
        self.is_damaged
    }
}

impl Mp4Video {
    /// Which picture is to be shown at `now`.
    fn due_at(&self, now: Timestamp) -> Due {
        let early = Timestamp::from_nanos(now.as_nanos().saturating_add(self.early));
        let (round, time) = self.length.position(early);
        let after = self.times.partition_point(|&start| start <= time);
        // Before the first picture's time the first is shown.
        (round, self.times.get(after.saturating_sub(1)).copied().unwrap_or(0))
    }

    fn newest(&self) -> Option<Due> {
        self.waiting.back().or(self.shown.as_ref()).map(|shown| shown.due)
    }

    /// Whether what was not decoded yet may hold the picture due at `due`: behind its round there is none, however much of it
    /// was damaged.
    fn may_hold(&self, due: Due) -> bool {
        self.round <= due.0
    }

    /// Decodes on until the picture due at `due` is shown, or the next one is there without it.
    fn advance(&mut self, due: Due) {
        let mut left = self.samples.len() * 2;
        loop {
            while self.waiting.front().is_some_and(|front| front.due <= due) {
                self.shown = self.waiting.pop_front();
            }
            let there = self.shown.as_ref().is_some_and(|shown| shown.due >= due);
            if there || !self.waiting.is_empty() || !self.may_hold(due) || left == 0 || !self.decode_one() {
                break;
            }
            left -= 1;
        }
        // A clip whose first picture is damaged shows its first sound one.
        if self.shown.is_none() {
            self.shown = self.waiting.pop_front();
        }
    }

    /// The keyframe to start from for a picture shown at `time`: the last before it that the decoder can start at, which of a
    /// clip with open groups of pictures may be the very first.
    fn keyframe_before(&mut self, time: i64) -> usize {
        let mut after = self.keyframes.partition_point(|&(start, _)| start <= time);
        while let Some(&(_, sample)) = after.checked_sub(1).and_then(|last| self.keyframes.get(last)) {
            if self.is_start(sample) {
                return sample;
            }
            after -= 1;
        }
        0
    }

    /// Whether the decoder can start at a keyframe's sample: only where all before it is forgotten (IDR, H.264 7.4.1.2.4).
    fn is_start(&mut self, index: usize) -> bool {
        if let Some(known) = self.starts.get(&index) {
            return *known;
        }
        let Some(sample) = self.samples.get(index).copied() else { return false };
        let mut unit = Vec::new();
        // What cannot be read now tells nothing.
        let Ok(()) = read_sample(&mut self.file, &sample, &mut unit) else { return true };
        let mut nals = length_prefixed_nals(&unit, self.nal_length_size).map_while(Result::ok);
        let is_start = nals.any(|nal| nal.first().is_some_and(|header| header & 0x1f == IDR));
        self.starts.insert(index, is_start);
        is_start
    }

    /// Whether there is any place to start at, among the first.
    fn has_start(&mut self) -> bool {
        let first: Vec<usize> = self.keyframes.iter().take(STARTS_MAX).map(|&(_, sample)| sample).collect();
        first.into_iter().any(|sample| self.is_start(sample))
    }

    /// Whether the way to `due` leads back, or past a keyframe that was not decoded yet: a clip that cannot be decoded
    /// in time, or was not asked for a while, leaves out what lies before it.
    fn must_seek(&mut self, due: Due) -> bool {
        if self.shown.as_ref().is_some_and(|shown| due < shown.due) {
            return true;
        }
        let is_near =
            |newest: Due| newest >= due || (newest.0 == due.0 && due.1 <= newest.1.saturating_add(BEHIND_NANOS));
        if self.newest().is_some_and(is_near) {
            return false;
        }
        (due.0, self.keyframe_before(due.1)) > (self.round, self.next)
    }

    fn seek(&mut self, due: Due) {
        // What the decoder still holds belongs to the place that is left.
        drop(self.decoder.flush());
        self.held = 0;
        self.next = self.keyframe_before(due.1);
        self.round = due.0;
        self.waiting.clear();
        self.before = self.shown.take().map(|shown| shown.picture).or(self.before.take());
    }

    /// Decodes one access unit; after the last of a round what is left too. `false`: it cannot be read. What cannot be read is tried again with the next picture, or left out by a seek: to go past it would
    /// lead rounds ahead of what is due.
    fn decode_one(&mut self) -> bool {
        let Some(sample) = self.samples.get(self.next).copied() else { return false };
        // What else of a broken file can be read does not make it whole.
        let again = self.unread.filter(|unread| *unread != self.next && self.next.is_multiple_of(TRY_EVERY));
        if let Some(unread) = again.and_then(|unread| self.samples.get(unread))
            && read_sample(&mut self.file, unread, &mut self.unit).is_ok()
        {
            self.unread = Some(self.next);
        }
        let read = read_sample(&mut self.file, &sample, &mut self.unit);
        if read.is_err() || self.unread.is_none_or(|unread| unread == self.next) {
            self.state.see(&self.name, read.as_ref().err().map(|error| error as _));
            self.unread = read.is_err().then_some(self.next);
        }
        if read.is_err() {
            return false;
        }
        self.complete_unit(sample.keyframe);
        let pts = Timestamp::from_nanos(nanos(sample.pts, self.timescale));
        // A damaged unit costs its picture; the one before stays until the next sound one.
        let decoded = self.decoder.decode(&self.unit, pts).unwrap_or_default();
        self.held = (self.held + 1).saturating_sub(decoded.len());
        self.depth = self.depth.max(self.held.min(DEPTH_MAX));
        self.keep(decoded);
        self.next += 1;
        if self.next == self.samples.len() {
            let rest = self.decoder.flush();
            self.keep(rest);
            self.held = 0;
            self.next = 0;
            self.round += 1;
        }
        true
    }

    fn keep(&mut self, decoded: Vec<Decoded>) {
        for Decoded { pts, picture } in decoded {
            // What an edit list cuts away is decoded but not shown.
            if self.times.binary_search(&pts.as_nanos()).is_ok() {
                let picture = self.colour.to_ours(picture, &mut self.pool);
                let picture = self.turn.applied_to(picture, &mut self.turned_pool);
                self.waiting.push_back(Shown { due: (self.round, pts.as_nanos()), picture });
            }
        }
    }

    /// Gives the access unit 4-byte lengths, and a keyframe the parameter sets beyond the first, which the decoder
    /// does not know.
    fn complete_unit(&mut self, is_keyframe: bool) {
        if self.nal_length_size == 4 && (self.further_sets.is_empty() || !is_keyframe) {
            return;
        }
        let sets = self.further_sets.iter().filter(|_| is_keyframe).map(Bytes::as_ref);
        let nals = length_prefixed_nals(&self.unit, self.nal_length_size).map_while(Result::ok);
        let mut unit = Vec::with_capacity(self.unit.len() + 64);
        for nal in sets.chain(nals) {
            unit.extend_from_slice(&u32::try_from(nal.len()).unwrap_or(u32::MAX).to_be_bytes());
            unit.extend_from_slice(nal);
        }
        self.unit = unit;
    }
}

/// When the pictures are shown, in nanoseconds, sorted; without what the edit list cuts away.
fn presentation_times(track: &Track) -> Vec<i64> {
    let is_shown = |s: &&Sample| s.pts < track.end && s.pts.saturating_add(i64::from(s.duration.max(1))) > 0;
    let mut times: Vec<i64> = track.samples.iter().filter(is_shown).map(|s| nanos(s.pts, track.timescale)).collect();
    times.sort_unstable();
    times.dedup();
    times
}

/// When each keyframe is shown, in nanoseconds, and which sample it is, sorted.
fn keyframes_of(track: &Track) -> Vec<(i64, usize)> {
    let samples = track.samples.iter().enumerate().filter(|(_, sample)| sample.keyframe);
    let mut keyframes: Vec<_> = samples.map(|(index, sample)| (nanos(sample.pts, track.timescale), index)).collect();
    keyframes.sort_unstable();
    keyframes
}

/// The track's rate: exact where all pictures last equally long, else their mean.
fn frame_rate_of(track: &Track, times: &[i64]) -> Option<FrameRate> {
    let first = track.samples.first()?;
    let (_, all_but_last) = track.samples.split_last()?;
    if first.duration > 0 && all_but_last.iter().all(|s| s.duration == first.duration) {
        let common = greatest_common_divisor(track.timescale, first.duration);
        if let Some(rate) = FrameRate::new(track.timescale / common, first.duration / common) {
            return Some(rate);
        }
    }
    let (start, end) = (times.first()?, times.last()?);
    let span = (end - start) as f64 / 1e9;
    let mean = if span > 0.0 { (times.len() - 1) as f64 / span } else { 1.0 };
    FrameRate::new((mean.clamp(1.0, 240.0) * 1000.0).round() as u32, 1000)
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a.max(1) } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::capture::clip::test_clips::numbered_clip;
    use crate::decode::DecodeError;
    use crate::video::read_block_time;

    /// Pictures between keyframes, and in the clip.
    const GOP: usize = 25;
    const COUNT: i64 = 300;

    struct Counting {
        inner: Box<dyn VideoDecoder>,
        decoded: Arc<AtomicUsize>,
    }

    impl VideoDecoder for Counting {
        fn decode(&mut self, unit: &[u8], pts: Timestamp) -> Result<Vec<Decoded>, DecodeError> {
            self.decoded.fetch_add(1, Ordering::Relaxed);
            self.inner.decode(unit, pts)
        }

        fn flush(&mut self) -> Vec<Decoded> {
            self.inner.flush()
        }
    }

    fn long_clip() -> PathBuf {
        let coding = ["-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "25", "-sc_threshold", "0"];
        numbered_clip("long-30.mp4", "30", COUNT, &coding)
    }

    /// Gives a clip of 10 s, at its start.
    fn clip() -> (Mp4Video, Arc<AtomicUsize>) {
        let file = File::open(long_clip()).unwrap();
        let mut clip = open_clip(Mp4::read(&file).unwrap(), file, "long".to_owned()).unwrap();
        assert_eq!(clip.keyframes.len(), COUNT as usize / GOP);
        let decoded = Arc::new(AtomicUsize::new(0));
        let opened = decode::open_h264(&clip.config).unwrap();
        let inner = std::mem::replace(&mut clip.decoder, opened);
        clip.decoder = Box::new(Counting { inner, decoded: Arc::clone(&decoded) });
        (clip, decoded)
    }

    /// The number of the picture at tick `tick`, and how many were decoded for it.
    fn show(clip: &mut Mp4Video, decoded: &AtomicUsize, tick: i64) -> (i64, usize) {
        let before = decoded.load(Ordering::Relaxed);
        let picture = clip.picture_at(FrameRate::DEFAULT.frame_time(tick)).unwrap().picture;
        (i64::from(read_block_time(&picture).unwrap()), decoded.load(Ordering::Relaxed) - before)
    }

    #[test]
    fn a_clip_that_keeps_up_decodes_each_picture_once() {
        let (mut clip, decoded) = clip();
        for tick in 0..2 * COUNT {
            assert_eq!(show(&mut clip, &decoded, tick).0, tick % COUNT);
            clip.prepare(FrameRate::DEFAULT.frame_time(tick + 1));
        }
        let decoded = decoded.load(Ordering::Relaxed) as i64;
        assert!((2 * COUNT - 8..=2 * COUNT + 8).contains(&decoded), "{decoded}");
    }

    #[test]
    fn a_clip_that_falls_behind_leaves_out_what_lies_before_the_next_keyframe() {
        let (mut clip, decoded) = clip();
        assert_eq!(show(&mut clip, &decoded, 100).0, 100);
        // Some pictures are decoded before it is known that those of a unit are there.
        for (tick, most) in [(220, 20 + 6), (290, 15 + 6), (COUNT + 60, 10 + 6), (COUNT + 74, 14 + 6)] {
            let (shown, decoded) = show(&mut clip, &decoded, tick);
            assert_eq!(shown, tick % COUNT);
            assert!(decoded <= most, "{decoded} decoded for {tick}");
        }
        // Only one tick a second is served.
        let mut all = 0;
        for tick in (400..900).step_by(29) {
            let (shown, decoded) = show(&mut clip, &decoded, tick);
            assert_eq!(shown, tick % COUNT);
            all += decoded;
        }
        assert!(all < 400, "{all} decoded of 500");
    }

    #[test]
    fn where_it_cannot_be_decoded_it_is_damaged_and_sound_again_behind_that() {
        let whole = long_clip();
        let track = Mp4::read(&File::open(&whole).unwrap()).unwrap().video.unwrap();
        let mut bytes = std::fs::read(&whole).unwrap();
        // Three keyframes and what hangs on them.
        for sample in &track.samples[4 * GOP..7 * GOP] {
            let start = sample.offset as usize;
            bytes[start + 4..start + sample.size as usize].fill(0xff);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("damaged.mp4");
        std::fs::write(&path, bytes).unwrap();
        let mut damaged = crate::capture::open_video_file(&path).unwrap();
        let mut is_damaged = |tick: i64| {
            damaged.picture_at(FrameRate::DEFAULT.frame_time(tick)).unwrap();
            damaged.prepare(FrameRate::DEFAULT.frame_time(tick + 1));
            damaged.is_damaged()
        };
        let ticks: Vec<_> = (0..2 * COUNT).filter(|tick| is_damaged(*tick)).collect();
        let stretch = 4 * GOP as i64..7 * GOP as i64;
        let expected: Vec<_> = stretch.clone().chain(stretch.start + COUNT..stretch.end + COUNT).collect();
        assert_eq!(ticks, expected);
        let (mut clip, _) = clip();
        assert!((0..2 * COUNT).all(|tick| {
            clip.picture_at(FrameRate::DEFAULT.frame_time(tick)).unwrap();
            !clip.is_damaged()
        }));
    }

    #[test]
    fn a_file_that_could_not_be_read_for_a_while_plays_on_at_once() {
        let (mut clip, decoded) = clip();
        let whole = std::fs::read(long_clip()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rewritten.mp4");
        std::fs::write(&path, &whole).unwrap();
        clip.file = File::open(&path).unwrap();
        let mut events = Vec::new();
        let mut tick = 0;
        // Empty for part of a round, and for more than one.
        for gone in [40..110, 500..1200] {
            while tick < gone.end + 100 {
                let is_gone = gone.contains(&tick);
                if tick == gone.start {
                    std::fs::write(&path, []).unwrap();
                } else if tick == gone.end {
                    std::fs::write(&path, &whole).unwrap();
                }
                let (shown, decoded) = show(&mut clip, &decoded, tick);
                clip.prepare(FrameRate::DEFAULT.frame_time(tick + 1));
                assert!(is_gone || shown == tick % COUNT, "{shown} at {tick}");
                assert!(decoded <= GOP + 6, "{decoded} decoded for {tick}");
                events.extend(clip.poll_event().map(|event| event == SourceEvent::Restored));
                tick += 1;
            }
        }
        assert_eq!(events, [false, true, false, true]);
    }

    #[test]
    fn a_file_that_is_cut_while_it_plays_is_told_once_and_back_when_it_is_whole() {
        let (mut clip, decoded) = clip();
        let whole = std::fs::read(long_clip()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cut.mp4");
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        clip.file = File::open(&path).unwrap();
        let mut told = Vec::new();
        for tick in 0..5 * COUNT {
            if tick == 4 * COUNT {
                std::fs::write(&path, &whole).unwrap();
            }
            show(&mut clip, &decoded, tick);
            clip.prepare(FrameRate::DEFAULT.frame_time(tick + 1));
            told.extend(clip.poll_event().map(|event| (tick / COUNT, event == SourceEvent::Restored)));
        }
        assert_eq!(told, [(0, false), (4, true)]);
    }

    #[test]
    fn a_file_whose_pictures_were_damaged_for_a_while_plays_on_at_once() {
        let (mut clip, decoded) = clip();
        let whole = std::fs::read(long_clip()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rewritten.mp4");
        std::fs::write(&path, vec![0xff; whole.len()]).unwrap();
        assert_eq!(show(&mut clip, &decoded, 7).0, 7);
        clip.file = File::open(&path).unwrap();
        for tick in 8..100 {
            show(&mut clip, &decoded, tick);
            clip.prepare(FrameRate::DEFAULT.frame_time(tick + 1));
        }
        std::fs::write(&path, &whole).unwrap();
        for tick in COUNT..COUNT + 60 {
            assert_eq!(show(&mut clip, &decoded, tick).0, tick % COUNT);
        }
    }

    #[test]
    fn after_a_long_pause_the_right_picture_comes_promptly() {
        let (mut clip, decoded) = clip();
        assert_eq!(show(&mut clip, &decoded, 7).0, 7);
        for tick in [18_000 + 7 + 37, 36_000 + 299, 54_000] {
            let (shown, decoded) = show(&mut clip, &decoded, tick);
            assert_eq!(shown, tick % COUNT);
            assert!(decoded <= GOP + 6, "{decoded} decoded for {tick}");
        }
    }
}
