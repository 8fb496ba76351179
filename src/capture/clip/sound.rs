//! Sound that repeats on the program timeline: any decoder of a file, looped to the sample, resampled without a seam.

use std::time::Duration;

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};

use super::mix_down::{Gains, STEREO};
use super::timeline::LoopLength;
use crate::capture::file_state::FileState;
use crate::capture::{AudioRead, AudioSource, SourceEvent, SourceInfo};
use crate::media::{Lasting, Timestamp, Turn};

/// The sound of a file, decoded from its start on, in its own rate and channels.
pub(super) trait Pcm: Send {
    /// Samples a second.
    fn sample_rate(&self) -> u32;

    /// How much of each channel that it gives is heard left and right.
    fn gains(&self) -> &[Gains];

    /// Samples per channel that are to be heard in a round.
    fn length(&self) -> i64;

    /// Decodes on: replaces `block` with interleaved samples and gives the index (per channel) of the first of them;
    /// `None` at the end. A hole between two blocks is silence.
    fn next_block(&mut self, block: &mut Vec<f32>) -> Option<i64>;

    /// Goes back to the start.
    fn rewind(&mut self);

    /// Goes on towards sample `index` (per channel), which lies ahead, without decoding all that lies between: what
    /// comes next begins before it and is right from it on.
    fn skip_to(&mut self, index: i64);

    /// Why the file could not be read for what was given last, which is silence then.
    fn failure(&self) -> Option<&str>;

    /// Whether what was given last, or a hole before it, is silence in place of what cannot be decoded.
    fn is_damaged(&self) -> bool;
}

/// Sound that cannot be decoded is told after so long: a frame or two nobody misses. After one that was told, and after another,
/// it is longer: a loop comes to it again and again.
const DAMAGED: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(15), Duration::from_secs(60)];
/// It is over once there has been sound for so long.
const SOUND_AGAIN: Duration = Duration::from_millis(300);
/// Sound that ends so much before its length, as a part of a second, has an end that cannot be decoded: lengths are not exact.
const SHORT: i64 = 4;

/// `pcm` as a source at the program's rate and channels (1 or 2), in rounds of `length`.
///
/// # Errors
/// A sentence, where the rates do not fit each other.
pub(super) fn open(
    pcm: Box<dyn Pcm>,
    length: LoopLength,
    sample_rate: u32,
    channels: u16,
    info: SourceInfo,
) -> Result<Box<dyn AudioSource>, String> {
    let channels = usize::from(channels.clamp(1, 2));
    let resampling = Resampling::new(pcm.sample_rate(), sample_rate, channels)?;
    let looped = Looped::new(pcm, length, channels);
    let (state, damaged) = (FileState::default(), Lasting::new(DAMAGED[0], SOUND_AGAIN));
    Ok(Box::new(ClipSound { info, sample_rate, resampling, next: None, looped, state, damaged, patience: 0 }))
}

struct ClipSound {
    info: SourceInfo,
    /// The program's.
    sample_rate: u32,
    looped: Looped,
    /// `None` where the file has the program's rate.
    resampling: Option<Resampling>,
    /// The sample that follows what was read last.
    next: Option<i64>,
    state: FileState,
    damaged: Lasting,
    /// Which wait of `DAMAGED` it is.
    patience: usize,
}

impl ClipSound {
    /// Sees how it went to give what begins at `start`; gives how many samples of `count` (per channel) are silence in place of
    /// what cannot be decoded.
    fn see(&mut self, start: i64, count: usize) -> usize {
        let Given { all, damaged, missing } = std::mem::take(&mut self.looped.given);
        let failure = self.looped.pcm.failure();
        if all > 0 {
            let is_damaged = failure.is_none() && damaged * 2 >= all;
            let now = Timestamp::from_samples(start, self.sample_rate);
            if self.damaged.see(now, is_damaged) == Some(Turn::Over) {
                self.patience = (self.patience + 1).min(DAMAGED.len() - 1);
                self.damaged.set_limit(DAMAGED[self.patience]);
            }
        }
        let failure = failure.or(self.damaged.is_told().then_some("its sound cannot be decoded"));
        self.state.see(&self.info.name, failure.as_ref().map(|error| error as _));
        // In the program's rate, about.
        (missing * count).checked_div(all).unwrap_or(0).min(count)
    }
}

impl AudioSource for ClipSound {
    fn info(&self) -> SourceInfo {
        self.info.clone()
    }

    fn read(&mut self, start: i64, out: &mut [f32]) -> AudioRead {
        let is_jump = self.next != Some(start);
        self.next = i64::try_from(out.len() / self.looped.channels).ok().and_then(|n| start.checked_add(n));
        match &mut self.resampling {
            Some(resampling) => {
                if is_jump {
                    resampling.seek(start, &mut self.looped);
                }
                resampling.read(out, &mut self.looped);
            }
            None => {
                if is_jump {
                    self.looped.seek(start);
                }
                self.looped.read(out);
            }
        }
        let missing = self.see(start, out.len() / self.looped.channels);
        AudioRead { missing }
    }

    fn poll_event(&mut self) -> Option<SourceEvent> {
        self.state.poll_event()
    }
}

/// A file's sound repeated for ever, in its own rate and the program's channels. Sample 0 is the program's start.
struct Looped {
    pcm: Box<dyn Pcm>,
    length: LoopLength,
    channels: usize,
    /// The next sample to be read.
    at: i64,
    /// The round it lies in, and where that starts and ends.
    round: i64,
    round_start: i64,
    round_end: i64,
    /// What was decoded last, in the program's channels, and the index within the round of its first sample.
    block: Vec<f32>,
    block_start: i64,
    decoded: Vec<f32>,
    ended: bool,
    given: Given,
}

/// Samples (per channel) that were read.
#[derive(Default)]
struct Given {
    all: usize,
    /// Silence because they cannot be decoded.
    damaged: usize,
    /// Of those the ones that are not at the end: there lengths are not exact.
    missing: usize,
}

impl Looped {
    fn new(pcm: Box<dyn Pcm>, length: LoopLength, channels: usize) -> Self {
        let mut looped = Self {
            pcm,
            length,
            channels,
            at: 0,
            round: 0,
            round_start: 0,
            round_end: 0,
            block: Vec::new(),
            block_start: 0,
            decoded: Vec::new(),
            ended: false,
            given: Given::default(),
        };
        looped.enter_round(0);
        looped
    }

    fn enter_round(&mut self, round: i64) {
        let rate = self.pcm.sample_rate();
        self.round = round;
        self.round_start = self.length.first_sample(round, rate);
        // A round of less than a sample would never end.
        self.round_end =
            self.length.first_sample(round.saturating_add(1), rate).max(self.round_start.saturating_add(1));
        self.pcm.rewind();
        self.block.clear();
        self.block_start = 0;
        self.ended = false;
    }

    fn seek(&mut self, at: i64) {
        let round = self.length.round_of_sample(at, self.pcm.sample_rate());
        if round != self.round || at < self.at {
            self.enter_round(round);
        }
        let offset = at.saturating_sub(self.round_start);
        if !self.ended && offset > self.block_end() {
            self.pcm.skip_to(offset);
        }
        self.at = at;
    }

    fn read(&mut self, mut out: &mut [f32]) {
        while out.len() >= self.channels {
            if self.at >= self.round_end {
                self.enter_round(self.round.saturating_add(1));
            }
            let offset = self.at.saturating_sub(self.round_start);
            let wanted = as_i64(out.len() / self.channels).min(self.round_end - self.at);
            let sounding = self.pcm.length() - offset;
            while !self.ended && sounding > 0 && self.block_end() <= offset {
                self.decode_block();
            }
            let (count, from) = if self.ended || sounding <= 0 {
                (wanted, None)
            } else if self.block_start > offset {
                (wanted.min(self.block_start - offset), None)
            } else {
                let count = wanted.min(self.block_end() - offset).min(sounding);
                (count, usize::try_from(offset - self.block_start).ok())
            };
            self.count(count, sounding);
            let samples = usize::try_from(count).unwrap_or(0) * self.channels;
            let (now, later) = std::mem::take(&mut out).split_at_mut(samples);
            match from.and_then(|from| self.block.get(from * self.channels..from * self.channels + samples)) {
                Some(block) => now.copy_from_slice(block),
                None => now.fill(0.0),
            }
            self.at += count;
            out = later;
        }
        out.fill(0.0);
    }

    /// Counts `count` samples, where the sound goes on for `sounding`.
    fn count(&mut self, count: i64, sounding: i64) {
        let count = usize::try_from(count).unwrap_or(0);
        self.given.all += count;
        if sounding > 0 && self.ended {
            let is_short = self.pcm.length() - self.block_end() > i64::from(self.pcm.sample_rate()) / SHORT;
            self.given.damaged += if is_short { count } else { 0 };
        } else if sounding > 0 && self.pcm.is_damaged() {
            self.given.damaged += count;
            self.given.missing += count;
        }
    }

    fn block_end(&self) -> i64 {
        self.block_start.saturating_add(as_i64(self.block.len() / self.channels))
    }

    fn decode_block(&mut self) {
        match self.pcm.next_block(&mut self.decoded) {
            Some(start) => {
                self.block_start = start;
                map_channels(&self.decoded, self.pcm.gains(), &mut self.block, self.channels);
            }
            None => self.ended = true,
        }
    }
}

fn as_i64(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Mixes the channels to stereo by their `gains`, and that to mono where one channel is wanted.
fn map_channels(from: &[f32], gains: &[Gains], to: &mut Vec<f32>, to_channels: usize) {
    to.clear();
    if gains.len() == to_channels && (to_channels == 1 || gains == STEREO) {
        to.extend_from_slice(from);
        return;
    }
    let frames = from.chunks_exact(gains.len().max(1));
    to.reserve(frames.len() * to_channels);
    for frame in frames {
        let [mut left, mut right] = [0.0; 2];
        for (sample, gains) in frame.iter().zip(gains) {
            left += sample * gains[0];
            right += sample * gains[1];
        }
        if to_channels == 1 {
            to.push((left + right) * 0.5);
        } else {
            to.extend_from_slice(&[left, right]);
        }
    }
}

/// The file's samples per block, about.
const BLOCK_SAMPLES: usize = 1024;

/// Turns the endless sound of a file into the program's rate. Nothing is reset where the file begins anew, so there is
/// no seam, and the resampler's own delay is taken out.
struct Resampling {
    resampler: Fft<f32>,
    channels: usize,
    /// Samples per channel of a block, before and after.
    block_in: usize,
    block_out: usize,
    delay: usize,
    input: Vec<f32>,
    output: Vec<f32>,
    /// The first sample of `output`, interleaved, that was not read yet.
    used: usize,
}

impl Resampling {
    /// `None` where both rates are the same.
    fn new(from: u32, to: u32, channels: usize) -> Result<Option<Self>, String> {
        if from == to {
            return Ok(None);
        }
        // Half a block is the delay: it is a whole number of samples only where blocks are even.
        let smallest = from as usize / greatest_common_divisor(from as usize, to as usize);
        let block = BLOCK_SAMPLES.div_ceil(2 * smallest).max(1) * 2 * smallest;
        let resampler = Fft::new(from as usize, to as usize, block, channels, FixedSync::Both)
            .map_err(|error| format!("its {from} Hz cannot be turned into {to} Hz ({error})"))?;
        let (block_in, block_out) = (resampler.input_frames_next(), resampler.output_frames_next());
        Ok(Some(Self {
            channels,
            block_in,
            block_out,
            delay: resampler.output_delay(),
            input: vec![0.0; block_in * channels],
            output: vec![0.0; block_out * channels],
            used: block_out * channels,
            resampler,
        }))
    }

    /// Goes to sample `start` of the program.
    fn seek(&mut self, start: i64, looped: &mut Looped) {
        let delayed = start.saturating_add(as_i64(self.delay));
        let block = delayed.div_euclid(as_i64(self.block_out));
        let within = usize::try_from(delayed.rem_euclid(as_i64(self.block_out))).unwrap_or(0);
        self.resampler.reset();
        // A block sounds on into the next: the one before is needed too.
        looped.seek((block - 1).saturating_mul(as_i64(self.block_in)));
        self.process(looped);
        self.process(looped);
        self.used = within * self.channels;
    }

    fn read(&mut self, mut out: &mut [f32], looped: &mut Looped) {
        while !out.is_empty() {
            if self.used >= self.output.len() {
                self.process(looped);
            }
            let ready = &self.output[self.used..];
            let count = ready.len().min(out.len());
            let (now, later) = std::mem::take(&mut out).split_at_mut(count);
            now.copy_from_slice(&ready[..count]);
            self.used += count;
            out = later;
        }
    }

    fn process(&mut self, looped: &mut Looped) {
        looped.read(&mut self.input);
        self.used = 0;
        let input = InterleavedSlice::new(&self.input, self.channels, self.block_in);
        let output = InterleavedSlice::new_mut(&mut self.output, self.channels, self.block_out);
        if let (Ok(input), Ok(mut output)) = (input, output) {
            let done = self.resampler.process_into_buffer(&input, &mut output, None);
            debug_assert!(done.is_ok(), "both buffers are as long as the resampler asked");
        }
    }
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a.max(1) } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;
    use std::fs::File;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::capture::clip::mp4::Mp4;
    use crate::capture::clip::test_clips::ffmpeg_clip;
    use crate::capture::clip::{aac, wave};

    const RATE: u32 = 48_000;
    const SECONDS: u32 = 60;

    struct Counting {
        inner: Box<dyn Pcm>,
        decoded: Arc<AtomicUsize>,
    }

    impl Pcm for Counting {
        fn sample_rate(&self) -> u32 {
            self.inner.sample_rate()
        }

        fn gains(&self) -> &[Gains] {
            self.inner.gains()
        }

        fn length(&self) -> i64 {
            self.inner.length()
        }

        fn next_block(&mut self, block: &mut Vec<f32>) -> Option<i64> {
            let start = self.inner.next_block(block);
            self.decoded.fetch_add(block.len(), Ordering::Relaxed);
            start
        }

        fn rewind(&mut self) {
            self.inner.rewind();
        }

        fn skip_to(&mut self, index: i64) {
            self.inner.skip_to(index);
        }

        fn failure(&self) -> Option<&str> {
            self.inner.failure()
        }

        fn is_damaged(&self) -> bool {
            self.inner.is_damaged()
        }
    }

    /// A minute of a sweep of whole waves: each second has a tone of its own, so that a wrong place is heard.
    fn value(index: i64) -> f64 {
        let second = index.div_euclid(i64::from(RATE));
        0.5 * (TAU * (300 + 10 * second) as f64 * index as f64 / f64::from(RATE)).sin()
    }

    fn clip(name: &str, coding: &[&str]) -> Box<dyn Pcm> {
        let samples = (0..i64::from(RATE * SECONDS)).map(|index| value(index) as f32);
        let bytes = || samples.flat_map(f32::to_le_bytes).collect();
        let mut args = vec!["-f", "f32le", "-ar", "48000", "-ac", "1", "-i", "-"];
        args.extend_from_slice(coding);
        let file = File::open(ffmpeg_clip(name, &args, bytes)).unwrap();
        match name.ends_with(".mp4") {
            true => Box::new(aac::open(Mp4::read(&file).unwrap().audio.unwrap(), file).unwrap()),
            false => Box::new(wave::open(file).unwrap()),
        }
    }

    /// A second of sound whose blocks within a stretch cannot be decoded, or which ends early.
    struct Torn {
        at: i64,
        damaged: std::ops::Range<i64>,
        end: i64,
    }

    impl Pcm for Torn {
        fn sample_rate(&self) -> u32 {
            RATE
        }

        fn gains(&self) -> &[Gains] {
            crate::capture::clip::mix_down::MONO
        }

        fn length(&self) -> i64 {
            i64::from(10 * RATE)
        }

        fn next_block(&mut self, block: &mut Vec<f32>) -> Option<i64> {
            self.at += 1000;
            *block = vec![if self.is_damaged() { 0.0 } else { 0.5 }; 1000];
            (self.at <= self.end).then_some(self.at - 1000)
        }

        fn rewind(&mut self) {
            self.at = 0;
        }

        fn skip_to(&mut self, _index: i64) {}

        fn failure(&self) -> Option<&str> {
            None
        }

        fn is_damaged(&self) -> bool {
            self.damaged.contains(&(self.at - 1000))
        }
    }

    /// What is told of it in so many tenths of a second: when, and whether it is good; and how much was missing.
    fn told_of(damaged: std::ops::Range<i64>, end: i64, tenths: i64) -> (Vec<(i64, bool)>, usize) {
        let info = SourceInfo {
            address: None,
            id: "file".to_owned(),
            name: "talk.mp4".to_owned(),
            format: String::new(),
            size: None,
            frame_rate: None,
        };
        let length = LoopLength::new(10, 1).unwrap();
        let mut source = open(Box::new(Torn { at: 0, damaged, end }), length, RATE, 1, info).unwrap();
        let (mut told, mut missing, mut out) = (Vec::new(), 0, [0.0; 4800]);
        for tenth in 0..tenths {
            missing += source.read(tenth * 4800, &mut out).missing;
            told.extend(source.poll_event().map(|event| (tenth, event == SourceEvent::Restored)));
        }
        (told, missing)
    }

    #[test]
    fn what_cannot_be_decoded_is_told_once_it_lasts_and_what_is_missing_is_counted() {
        let whole = i64::from(10 * RATE);
        assert_eq!(told_of(0..0, whole, 300), (vec![], 0));
        // Half a second, in each round.
        assert_eq!(told_of(96_000..120_000, whole, 300), (vec![], 3 * 24_000));
        // Three seconds: in the next rounds nobody is told again.
        let (told, missing) = told_of(96_000..240_000, whole, 300);
        assert!(matches!(told[..], [(30, false), (53, true)]) && missing == 3 * 144_000, "{told:?} {missing}");
        // An end that is not there, and one that is not told exactly.
        assert_eq!(told_of(0..0, 240_000, 110), (vec![(60, false), (103, true)], 0));
        assert_eq!(told_of(0..0, whole - 10_000, 300), (vec![], 0));
    }

    #[test]
    fn after_a_pause_the_right_sound_comes_without_decoding_what_was_missed() {
        for (name, coding, allowed) in [
            ("minute.wav", &[][..], 1e-3),
            ("minute.flac", &[], 1e-3),
            ("minute.mp3", &["-b:a", "192k"], 0.06),
            ("minute.mp4", &["-c:a", "aac", "-b:a", "192k"], 0.06),
        ] {
            let decoded = Arc::new(AtomicUsize::new(0));
            let pcm = Box::new(Counting { inner: clip(name, coding), decoded: Arc::clone(&decoded) });
            let length = LoopLength::new(i64::from(SECONDS), 1).unwrap();
            let info = SourceInfo {
                address: None,
                id: "file".to_owned(),
                name: name.to_owned(),
                format: String::new(),
                size: None,
                frame_rate: None,
            };
            let mut source = open(pcm, length, RATE, 1, info).unwrap();
            let mut out = vec![0.0; 4800];
            source.read(0, &mut out);
            // Ten minutes and some later; then on within the round; then back.
            for second in [600 + 41, 600 + 55, 3600 + 2, 7] {
                decoded.store(0, Ordering::Relaxed);
                // Not at the change of tones, where a codec blurs.
                let start = second * i64::from(RATE) + 20_000;
                source.read(start, &mut out);
                let error = |(index, sample): (usize, &f32)| {
                    let at = (start + index as i64).rem_euclid(i64::from(RATE * SECONDS));
                    (f64::from(*sample) - value(at)).abs()
                };
                let worst = out.iter().enumerate().map(error).fold(0.0, f64::max);
                assert!(worst < allowed, "{name} at {second} s: {worst}");
                let decoded = decoded.load(Ordering::Relaxed);
                assert!(decoded < 4 * RATE as usize, "{name} at {second} s: {decoded} samples decoded");
            }
        }
    }
}
