//! Sound files: WAV, AIFF, FLAC and MP3.

use std::fs::File;
use std::io::ErrorKind;

use symphonia::core::codecs::audio::well_known::{CODEC_ID_ADPCM_IMA_WAV, CODEC_ID_ADPCM_MS};
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::well_known::FORMAT_ID_MP3;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions, ReadOnlySource};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

use super::mend::{self, Mended};
use super::mix_down::{Gains, gains_of};
use super::sound::Pcm;

/// A file with more channels than this is not believed.
const CHANNELS_MAX: usize = 32;
/// Samples that are decoded before those that are wanted: the longest packet (FLAC, 65535 samples), and what MP3 needs of
/// the packets before.
const PREROLL_SAMPLES: i64 = 96_000;
/// Of a kind that no decoder here knows.
const NOT_PLAYED: &str = "its sound is of a kind that Tally does not play";
/// Samples of silence in place of what cannot be read.
const SILENT_SAMPLES: usize = 4096;
/// Packets that may be damaged one after another before the rest counts as the end.
const DAMAGED_MAX: usize = 1000;

/// The sound of `file`.
///
/// # Errors
/// A sentence that says why it does not play.
pub(super) fn open(file: File) -> Result<WavePcm, String> {
    let stream = Stream::open(&file)?;
    let track = stream.format.default_track(TrackType::Audio);
    let length = track.and_then(|track| track.num_frames).and_then(|frames| i64::try_from(frames).ok());
    let mut pcm = WavePcm {
        file,
        stream,
        sample_rate: 0,
        gains: Vec::new(),
        length: length.unwrap_or(0),
        at: 0,
        failure: None,
        is_damaged: false,
    };
    let mut block = Vec::new();
    // Only the decoder knows rate and channels for sure.
    if pcm.decode(&mut block).is_none() || pcm.sample_rate == 0 {
        return Err("it holds no sound".to_owned());
    }
    let channels = pcm.gains.len();
    if channels == 0 || channels > CHANNELS_MAX {
        return Err(format!("it has {channels} channels"));
    }
    if length.is_none_or(|length| length <= 0) {
        // Without a length in its header it is counted once: packets are read, not decoded.
        pcm.length = Stream::open(&pcm.file)?.count();
    }
    pcm.rewind();
    if pcm.length > 0 { Ok(pcm) } else { Err("it holds no sound".to_owned()) }
}

pub(super) struct WavePcm {
    file: File,
    stream: Stream,
    sample_rate: u32,
    gains: Vec<Gains>,
    length: i64,
    at: i64,
    failure: Option<String>,
    /// Before what was given last there is a hole in place of what cannot be decoded.
    is_damaged: bool,
}

struct Stream {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
}

fn from_start(file: &File) -> Result<Mended, String> {
    file.try_clone().and_then(mend::beginning).map_err(|error| error.to_string())
}

fn probe(source: Box<dyn MediaSource>) -> Result<Box<dyn FormatReader>, String> {
    let stream = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
    symphonia::default::get_probe()
        .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(|error| match error {
            Error::Unsupported(_) => NOT_PLAYED.to_owned(),
            error => format!("it is damaged ({error})"),
        })
}

impl Stream {
    fn open(file: &File) -> Result<Self, String> {
        let mut format = probe(Box::new(from_start(file)?))?;
        if format.format_info().format == FORMAT_ID_MP3 {
            // Of an MP3 that does not tell its length the library guesses one from the rate of its first packets, and cuts
            // off what is beyond it: but not where it cannot know how many bytes there are.
            format = probe(Box::new(ReadOnlySource::new(from_start(file)?)))?;
        }
        let Some(track) = format.default_track(TrackType::Audio) else { return Err("it holds no sound".to_owned()) };
        let id = track.id;
        let parameters = track.codec_params.as_ref().and_then(|parameters| parameters.audio());
        let Some(parameters) = parameters else { return Err(NOT_PLAYED.to_owned()) };
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(parameters, &AudioDecoderOptions::default())
            .map_err(|error| match (error, parameters.codec) {
                (Error::Unsupported(_), CODEC_ID_ADPCM_MS | CODEC_ID_ADPCM_IMA_WAV) => {
                    "its sound is ADPCM; Tally plays uncompressed WAV (PCM)".to_owned()
                }
                (Error::Unsupported(_), _) => NOT_PLAYED.to_owned(),
                (error, _) => format!("its sound cannot be decoded ({error})"),
            })?;
        Ok(Self { format, decoder, track: id })
    }

    /// Samples per channel in all packets.
    fn count(mut self) -> i64 {
        let mut count = 0;
        while let Ok(Some(packet)) = self.format.next_packet() {
            if packet.track_id == self.track {
                count = end_of(&packet);
            }
        }
        count
    }
}

/// The sample that follows the last of `packet`. Told by its place, because the first packets of an MP3 tell durations
/// with the encoder's delay, which is not heard.
fn end_of(packet: &Packet) -> i64 {
    packet.pts.get().saturating_add(i64::try_from(packet.dur.get()).unwrap_or(0)).max(0)
}

/// What the system said, where that is why there is nothing; a file that ends too early is damaged.
fn failure_of(error: &Error) -> Option<String> {
    match error {
        Error::IoError(error) if error.kind() != ErrorKind::UnexpectedEof => Some(error.to_string()),
        _ => None,
    }
}

impl WavePcm {
    /// Opens the file anew at the sample that is next; whether it can be read again.
    fn opens_again(&mut self) -> bool {
        let at = self.at;
        self.rewind();
        match self.failure {
            Some(_) => self.at = at,
            None => self.skip_to(at),
        }
        self.failure.is_none()
    }

    /// In place of what cannot be read: so long, that the disk is not asked all the time.
    fn silence(&mut self, block: &mut Vec<f32>) -> i64 {
        block.clear();
        block.resize(SILENT_SAMPLES * self.gains.len(), 0.0);
        let start = self.at;
        self.at = start.saturating_add(SILENT_SAMPLES as i64);
        start
    }

    fn decode(&mut self, block: &mut Vec<f32>) -> Option<i64> {
        let mut has_hole = false;
        self.is_damaged = false;
        for _ in 0..DAMAGED_MAX {
            let packet = match self.stream.format.next_packet() {
                Ok(packet) => packet?,
                // The reader goes on behind what it made nothing of.
                Err(Error::DecodeError(_)) => {
                    (has_hole, self.is_damaged) = (true, true);
                    continue;
                }
                Err(error) => {
                    self.failure = failure_of(&error);
                    self.failure.as_ref()?;
                    return Some(self.silence(block));
                }
            };
            if packet.track_id != self.stream.track {
                continue;
            }
            if std::mem::take(&mut has_hole) {
                self.at = self.at.max(packet.pts.get());
            }
            match self.stream.decoder.decode(&packet) {
                Ok(decoded) => {
                    let (rate, channels) = (decoded.spec().rate(), decoded.spec().channels());
                    if self.sample_rate == 0 {
                        (self.sample_rate, self.gains) = (rate, gains_of(channels));
                    }
                    if (rate, channels.count()) != (self.sample_rate, self.gains.len()) || decoded.frames() == 0 {
                        continue;
                    }
                    decoded.copy_to_vec_interleaved(block);
                    let start = self.at;
                    self.at = self.at.saturating_add(i64::try_from(decoded.frames()).unwrap_or(0));
                    return Some(start);
                }
                Err(_) => {
                    // A hole as long as what was lost.
                    (self.at, self.is_damaged) = (end_of(&packet), true);
                }
            }
        }
        None
    }
}

impl Pcm for WavePcm {
    fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    fn gains(&self) -> &[Gains] {
        &self.gains
    }

    fn length(&self) -> i64 {
        self.length
    }

    fn next_block(&mut self, block: &mut Vec<f32>) -> Option<i64> {
        if self.failure.is_some() && !self.opens_again() {
            return (self.at < self.length).then(|| self.silence(block));
        }
        self.decode(block)
    }

    fn rewind(&mut self) {
        // Opened anew rather than sought: exact in every format, and only the header is read.
        match Stream::open(&self.file) {
            Ok(stream) => (self.stream, self.at, self.failure) = (stream, 0, None),
            Err(error) => (self.at, self.failure) = (0, Some(error)),
        }
    }

    fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    fn is_damaged(&self) -> bool {
        self.is_damaged
    }

    fn skip_to(&mut self, index: i64) {
        // Passed over rather than sought: exact in every format.
        let mut skipped = false;
        while self.at < index.saturating_sub(PREROLL_SAMPLES) {
            let Ok(Some(packet)) = self.stream.format.next_packet() else { break };
            if packet.track_id == self.stream.track {
                self.at = end_of(&packet);
                skipped = true;
            }
        }
        if skipped {
            self.stream.decoder.reset();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::clip::test_clips::ffmpeg_clip;

    #[test]
    fn what_cannot_be_read_is_silence_as_long_as_it_and_what_follows_is_heard() {
        for (name, coding) in [("sine.wav", &[][..]), ("sine.flac", &[]), ("sine.mp3", &["-b:a", "128k"])] {
            let mut args = vec!["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=3"];
            args.extend_from_slice(coding);
            let path = ffmpeg_clip(name, &args, Vec::new);
            let mut pcm = open(File::open(&path).unwrap()).unwrap();
            let mut block = Vec::new();
            let mut next = |pcm: &mut WavePcm| {
                let start = pcm.next_block(&mut block).unwrap();
                (start, block.iter().any(|sample| sample.abs() > 0.01), pcm.failure().is_some())
            };
            assert!((0..5).all(|_| !next(&mut pcm).2), "{name}");
            // A folder cannot be read: the next round finds that out.
            pcm.file = File::open(path.parent().unwrap()).unwrap();
            pcm.rewind();
            let silent: Vec<_> = (0..5).map(|_| next(&mut pcm)).collect();
            let wanted: Vec<_> = (0..5).map(|index| (index * SILENT_SAMPLES as i64, false, true)).collect();
            assert_eq!(silent, wanted, "{name}");
            pcm.file = File::open(&path).unwrap();
            let (start, _, fails) = next(&mut pcm);
            assert!(start <= 5 * SILENT_SAMPLES as i64 && !fails, "{name}: {start}");
            assert!((0..5).map(|_| next(&mut pcm)).all(|(_, sounds, fails)| sounds && !fails), "{name}");
        }
    }
}
