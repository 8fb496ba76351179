//! Sound that repeats on the program timeline: any decoder of a file, looped to the sample, resampled without a seam.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};

use super::mix_down::{Gains, STEREO};
use super::timeline::LoopLength;
use crate::capture::file_state::FileState;
use crate::capture::{AudioRead, AudioSource, SourceEvent, SourceInfo};

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
}

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
    Ok(Box::new(ClipSound { info, resampling, next: None, looped, state: FileState::default() }))
}

struct ClipSound {
    info: SourceInfo,
    looped: Looped,
    /// `None` where the file has the program's rate.
    resampling: Option<Resampling>,
    /// The sample that follows what was read last.
    next: Option<i64>,
    state: FileState,
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
        self.state.see(&self.info.name, self.looped.pcm.failure().as_ref().map(|error| error as _));
        AudioRead::default()
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
