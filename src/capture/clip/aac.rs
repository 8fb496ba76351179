//! The AAC sound of an MP4 clip.

use std::fs::File;

use bytes::Bytes;

use super::mix_down::{Gains, MONO, STEREO};
use super::mp4::{Codec, Sample, Track, read_sample};
use super::sound::Pcm;
use super::timeline::{nanos, samples};
use crate::decode::{self, AudioDecoder};
use crate::media::{AudioChunk, AudioConfig, Bitrate, CHUNK_SAMPLES, Timestamp};

/// Frames that may be damaged at the start before the track counts as undecodable.
const DAMAGED_MAX: usize = 50;

/// The sound of `track`, read from `file`.
///
/// # Errors
/// A sentence that says why it does not play.
pub(super) fn open(track: Track, file: File) -> Result<AacPcm, String> {
    let config = match &track.codec {
        Codec::Aac { config } => AudioConfig {
            sample_rate: track.timescale,
            channels: 2,
            bitrate: Bitrate::from_bps(0),
            audio_specific_config: Bytes::copy_from_slice(config),
        },
        Codec::H264 { .. } => return Err("it holds a picture but no sound".to_owned()),
        Codec::Other(codec) => return Err(format!("its sound is {codec}; Tally plays AAC")),
    };
    let decoder = decode::open_aac(&config).map_err(|error| error.to_string())?;
    let mut pcm = AacPcm {
        file,
        track,
        config,
        decoder,
        next: 0,
        buffer: Vec::new(),
        failure: None,
        unread: None,
        unheard: 0,
        is_damaged: false,
        late: 0,
        frame: CHUNK_SAMPLES,
    };
    // Only the decoder knows rate and channels for sure: HE-AAC doubles the one, a mix-down lowers the other.
    let first = (0..DAMAGED_MAX).find_map(|_| pcm.decode_one()?.1);
    let Some(first) = first else { return Err("its AAC sound cannot be decoded".to_owned()) };
    (pcm.config.sample_rate, pcm.config.channels) = (first.sample_rate, first.channels);
    pcm.rewind();
    Ok(pcm)
}

/// Frames that a decoder must have had before what it gives is right: one overlaps the next, and it is late.
const PREROLL: usize = 6;

/// Frames of 1024 samples by which the decoder can be late, at most.
const PUSHES: usize = 2;

/// Frames after which one that could not be read is tried again: some 0.3 s.
const TRY_EVERY: usize = 16;

pub(super) struct AacPcm {
    file: File,
    track: Track,
    config: AudioConfig,
    decoder: Box<dyn AudioDecoder>,
    next: usize,
    buffer: Vec<u8>,
    failure: Option<String>,
    /// The frame that could not be read last, and how many could since it was tried.
    unread: Option<(Sample, usize)>,
    /// Frames since the start that gave no sound, until there was some: a decoder has to fill.
    unheard: usize,
    /// What was given last is silence in place of what cannot be decoded.
    is_damaged: bool,
    /// By how much the decoder is late, in nanoseconds, and the samples (per channel) of a frame.
    late: i64,
    frame: usize,
}

impl AacPcm {
    /// When the next frame is heard, and its samples where there are any; `None` at the end.
    fn decode_one(&mut self) -> Option<(Timestamp, Option<AudioChunk>)> {
        let last = self.track.samples.len().checked_sub(1)?;
        // The decoder gives samples later than it takes them: the last frame, fed again, pushes the rest out.
        let beyond = self.next.saturating_sub(last);
        let sample: Sample = *self.track.samples.get(self.next - beyond)?;
        if beyond > PUSHES {
            return None;
        }
        self.next += 1;
        self.try_unread();
        let read = read_sample(&mut self.file, &sample, &mut self.buffer);
        let is_read = read.is_ok();
        if let Err(error) = read {
            self.failure = Some(error.to_string());
            self.unread = Some((sample, 0));
        }
        let frame = self.track.samples.first().map_or(0, |first| i64::from(first.duration));
        let pts = sample.pts.saturating_add(frame.saturating_mul(beyond as i64));
        let pts = Timestamp::from_nanos(nanos(pts, self.track.timescale));
        if !is_read {
            return Some((pts, Some(self.silent_frame(pts))));
        }
        let decoded = self.decoder.decode(&self.buffer, pts);
        if let Err(error) = &decoded {
            tracing::debug!(%error, frame = self.next - 1, "a frame of a clip's sound is damaged");
        }
        Some((pts, decoded.unwrap_or_default()))
    }
}

impl AacPcm {
    /// Looks now and then whether what could not be read can be by now: what else of a broken file can be read does not make
    /// it whole.
    fn try_unread(&mut self) {
        let Some((sample, since)) = &mut self.unread else { return };
        *since += 1;
        if since.is_multiple_of(TRY_EVERY) && read_sample(&mut self.file, &sample.clone(), &mut self.buffer).is_ok() {
            (self.failure, self.unread) = (None, None);
        }
    }

    /// In place of a frame that cannot be read or decoded: as long, so that the file is not run through to its end.
    fn silent_frame(&self, pts: Timestamp) -> AudioChunk {
        let (sample_rate, channels) = (self.config.sample_rate, self.config.channels);
        let pts = Timestamp::from_nanos(pts.as_nanos().saturating_sub(self.late));
        AudioChunk { pts, sample_rate, channels, samples: vec![0.0; self.frame * usize::from(channels)] }
    }
}

impl Pcm for AacPcm {
    fn sample_rate(&self) -> u32 {
        self.config.sample_rate
    }

    fn gains(&self) -> &[Gains] {
        // The decoder mixes more than two itself.
        if self.config.channels == 1 { MONO } else { STEREO }
    }

    fn length(&self) -> i64 {
        samples(self.track.end, self.track.timescale, self.config.sample_rate)
    }

    fn next_block(&mut self, block: &mut Vec<f32>) -> Option<i64> {
        loop {
            let (pts, chunk) = self.decode_one()?;
            let (sample_rate, channels) = (self.config.sample_rate, self.config.channels);
            let heard = chunk.filter(|chunk| (chunk.sample_rate, chunk.channels) == (sample_rate, channels));
            let is_push = self.next > self.track.samples.len();
            self.is_damaged = heard.is_none();
            let chunk = match heard {
                Some(chunk) => {
                    self.unheard = PREROLL;
                    self.late = pts.as_nanos().saturating_sub(chunk.pts.as_nanos());
                    self.frame = chunk.samples.len() / usize::from(channels.max(1));
                    chunk
                }
                None if is_push => continue,
                None if self.unheard < PREROLL => {
                    self.unheard += 1;
                    continue;
                }
                None => self.silent_frame(pts),
            };
            *block = chunk.samples;
            return Some(samples(chunk.pts.as_nanos(), 1_000_000_000, sample_rate));
        }
    }

    fn rewind(&mut self) {
        (self.next, self.unheard) = (0, 0);
        // A decoder that cannot be opened again goes on: its overlap is heard for a hundredth of a second.
        if let Ok(decoder) = decode::open_aac(&self.config) {
            self.decoder = decoder;
        }
    }

    fn skip_to(&mut self, index: i64) {
        let (timescale, rate) = (self.track.timescale, self.config.sample_rate);
        let is_before = |sample: &Sample| samples(sample.pts, timescale, rate) <= index;
        let start = self.track.samples.partition_point(is_before).saturating_sub(PREROLL);
        if start > self.next {
            self.rewind();
            self.next = start;
        }
    }

    fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    fn is_damaged(&self) -> bool {
        self.is_damaged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::clip::mp4::Mp4;
    use crate::capture::clip::test_clips::ffmpeg_clip;
    use crate::decode::DecodeError;

    /// A decoder that makes nothing of some frames.
    struct Failing {
        inner: Box<dyn AudioDecoder>,
        frames: std::ops::Range<usize>,
        at: usize,
        /// Those of the kind that it waits for more than it has.
        waits: bool,
    }

    impl AudioDecoder for Failing {
        fn decode(&mut self, frame: &[u8], pts: Timestamp) -> Result<Option<AudioChunk>, DecodeError> {
            self.at += 1;
            match self.frames.contains(&(self.at - 1)) {
                true if self.waits => Ok(None),
                true => Err(DecodeError::Damaged("no".to_owned())),
                false => self.inner.decode(frame, pts),
            }
        }
    }

    #[test]
    fn what_cannot_be_decoded_is_silence_as_long_as_it_and_what_follows_is_heard() {
        let args = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=3", "-c:a", "aac"];
        let path = ffmpeg_clip("sine-aac.mp4", &args, Vec::new);
        for (frames, waits) in [(50..51, false), (50..51, true), (40..90, false), (40..90, true)] {
            let file = File::open(&path).unwrap();
            let mut pcm = open(Mp4::read(&file).unwrap().audio.unwrap(), file).unwrap();
            let inner = decode::open_aac(&pcm.config).unwrap();
            pcm.decoder = Box::new(Failing { inner, frames: frames.clone(), at: 0, waits });
            let (mut block, mut end, mut damaged, mut last) = (Vec::new(), None, 0, false);
            while let Some(start) = pcm.next_block(&mut block) {
                assert!(end.is_none_or(|end| end == start), "{end:?} {start}");
                end = Some(start + block.len() as i64);
                let sounds = block.iter().any(|sample| sample.abs() > 0.01);
                last = sounds;
                damaged += usize::from(pcm.is_damaged());
                assert!(!(sounds && pcm.is_damaged()) && pcm.failure().is_none());
            }
            assert!(last && end.unwrap() >= 3 * 48_000 && damaged == frames.len(), "{damaged} of {frames:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_silence_as_long_as_it_and_what_follows_is_heard() {
        let args = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=3", "-c:a", "aac"];
        let path = ffmpeg_clip("sine-aac.mp4", &args, Vec::new);
        let file = || File::open(&path).unwrap();
        let mut pcm = open(Mp4::read(&file()).unwrap().audio.unwrap(), file()).unwrap();
        let (mut block, mut starts) = (Vec::new(), Vec::new());
        let mut next = |pcm: &mut AacPcm| {
            starts.push(pcm.next_block(&mut block).unwrap());
            (block.iter().fold(0.0f32, |most, sample| most.max(sample.abs())) > 0.01, pcm.failure().is_some())
        };
        assert!((0..20).map(|_| next(&mut pcm)).last() == Some((true, false)));
        // Not opened for reading: the system refuses each read.
        pcm.file = File::options().append(true).open(&path).unwrap();
        assert!((0..20).all(|_| next(&mut pcm) == (false, true)));
        pcm.file = file();
        assert!((0..20).map(|_| next(&mut pcm)).last() == Some((true, false)));
        // A file that was cut is not whole because its beginning can be read.
        let cut = tempfile::NamedTempFile::new().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let sample = *pcm.track.samples.get(50).unwrap();
        std::fs::write(cut.path(), &bytes[..sample.offset as usize]).unwrap();
        pcm.file = File::open(cut.path()).unwrap();
        let last_of_round = |pcm: &mut AacPcm| {
            pcm.rewind();
            (0..49).map(|_| pcm.next_block(&mut Vec::new()).map(|_| pcm.failure().is_some())).last().unwrap()
        };
        while pcm.failure().is_none() {
            pcm.next_block(&mut Vec::new()).unwrap();
        }
        assert_eq!(last_of_round(&mut pcm), Some(true));
        std::fs::write(cut.path(), &bytes).unwrap();
        assert_eq!(last_of_round(&mut pcm), Some(false));
        // What the decoder is late is a hole where the silence begins, and doubled where it ends.
        assert!(starts.windows(2).all(|pair| (-1023..=3072).contains(&(pair[1] - pair[0]))), "{starts:?}");
    }
}
