//! The tables of an MP4 file (ISO/IEC 14496-12): which bytes are shown when. The boxes are read by `re_mp4`; the
//! tables are joined here, because edit lists and damaged files matter.
#![deny(clippy::indexing_slicing)]

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use re_mp4::{BoxHeader, BoxType, MoofBox, MoovBox, ReadBox, StblBox, StsdBoxContent, TfhdBox, TrakBox};

use super::timeline::{LoopLength, nanos, samples};
use super::turn::Turn;
use crate::media::{PixelAspect, Size};

/// More samples than this in a track are not believed: ten days at 60 frames a second.
const SAMPLES_MAX: usize = 60_000_000;
/// A header larger than this is not read: it would be of a file of days.
const HEADER_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// The tracks of a file that can be played.
#[derive(Debug, Default)]
pub(super) struct Mp4 {
    pub(super) video: Option<Track>,
    pub(super) audio: Option<Track>,
}

/// One track on the presentation timeline of its file: edit list applied.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) codec: Codec,
    /// Units a second of all times here.
    pub(super) timescale: u32,
    /// In decode order.
    pub(super) samples: Vec<Sample>,
    /// When its presentation ends.
    pub(super) end: i64,
    /// How its pictures are turned when they are shown.
    pub(super) turn: Turn,
    /// The size at which its pictures are shown, before that; 0 where it is not told.
    shown: [f64; 2],
}

impl Track {
    /// The shape of the pixels of pictures of `size`, where the file says that they are not square (8.3.2). Sizes are
    /// whole there: what is off by rounding says nothing.
    pub(super) fn pixel_aspect(&self, size: Size) -> Option<PixelAspect> {
        const ROUNDING: f64 = 0.01;
        let [width, height] = self.shown;
        let aspect = width * f64::from(size.height) / (height * f64::from(size.width));
        let says = aspect.is_finite() && aspect > 0.0 && (aspect - 1.0).abs() > ROUNDING;
        says.then(|| PixelAspect::new((aspect * 10_000.0).round() as u32, 10_000))
    }
}

/// How a track is coded.
#[derive(Debug)]
pub(super) enum Codec {
    /// H.264, with the AVCDecoderConfigurationRecord.
    H264 { record: Vec<u8> },
    /// AAC, with the AudioSpecificConfig.
    Aac { config: Vec<u8> },
    /// Something else, by the name people know.
    Other(String),
}

/// One access unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Where its bytes start in the file.
    pub(super) offset: u64,
    /// How many there are.
    pub(super) size: u32,
    /// When it is presented; negative for what is only decoded.
    pub(super) pts: i64,
    /// How long.
    pub(super) duration: u32,
    /// Whether decoding can start here.
    pub(super) keyframe: bool,
}

impl Mp4 {
    /// Reads the tables of `file`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the file.
    pub(super) fn read(file: &File) -> Result<Self, String> {
        let length = file.metadata().map_err(|error| error.to_string())?.len();
        let mut reader = BufReader::new(file);
        let (mut moov, mut moofs) = (None, Vec::new());
        let mut at = 0;
        while at + 8 <= length {
            reader.seek(SeekFrom::Start(at)).map_err(|error| error.to_string())?;
            let Ok(header) = BoxHeader::read(&mut reader) else { break };
            // The size of a box with a 64-bit size is told without those 8 bytes: it counts from `start`. A size of
            // 0 means "to the end of the file".
            let start = reader.stream_position().map_err(|error| error.to_string())? - 8;
            let size = if header.size == 0 { length - start } else { header.size };
            let end = start.saturating_add(size);
            let is_whole = size >= 8 && end <= length && size <= HEADER_BYTES_MAX;
            match header.name {
                BoxType::MoovBox if is_whole => {
                    let mut body = read_body(&mut reader, size)?;
                    let size = without_metadata(&mut body, 8, 1);
                    let read = guarded(|| MoovBox::read_box(&mut Bounded::new(&body), size));
                    moov = Some(read.ok_or("its MP4 header is damaged")?);
                }
                // A recording that was cut off ends within a fragment: what is before it plays.
                BoxType::MoofBox if is_whole => {
                    let body = read_body(&mut reader, size)?;
                    match guarded(|| MoofBox::read_box(&mut Bounded::new(&body), size)) {
                        Some(moof) => moofs.push((at, moof)),
                        None => break,
                    }
                }
                _ => {}
            }
            if size < 8 {
                break;
            }
            at = end;
        }
        let Some(moov) = moov else {
            return Err("the MP4 is cut off: its header (moov) is missing, so the recording or download was not \
                        finished"
                .to_owned());
        };
        let mut mp4 = Self::default();
        for trak in &moov.traks {
            let handler = trak.mdia.hdlr.handler_type.value;
            let place = match &handler {
                b"vide" => &mut mp4.video,
                b"soun" => &mut mp4.audio,
                _ => continue,
            };
            let track = read_track(&moov, trak, &moofs, length)?;
            // The first track that plays is the one.
            if place.as_ref().is_none_or(|old| matches!(old.codec, Codec::Other(_))) {
                *place = Some(track);
            }
        }
        mp4.start_at_zero();
        Ok(mp4)
    }

    /// Files without edit lists often start later than at 0, with picture and sound alike: nobody waits for that.
    fn start_at_zero(&mut self) {
        let tracks = || self.video.iter().chain(&self.audio).filter(|track| !track.samples.is_empty());
        let starts = tracks().map(|track| {
            let first = track.samples.iter().map(|s| s.pts).min().unwrap_or(0);
            nanos(first, track.timescale)
        });
        let Some(start) = starts.min().filter(|&start| start > 0) else { return };
        for track in self.video.iter_mut().chain(&mut self.audio) {
            let start = samples(start, 1_000_000_000, track.timescale);
            for sample in &mut track.samples {
                sample.pts = sample.pts.saturating_sub(start);
            }
            track.end = track.end.saturating_sub(start);
        }
    }

    /// How long a round of the file is: the longer of picture and sound. `None` if neither is longer than nothing.
    pub(super) fn loop_length(&self) -> Option<LoopLength> {
        let length = |track: &Option<Track>| {
            let track = track.as_ref().filter(|track| !matches!(track.codec, Codec::Other(_)))?;
            LoopLength::new(track.end, track.timescale)
        };
        match (length(&self.video), length(&self.audio)) {
            (Some(video), Some(audio)) => Some(video.max(audio)),
            (one, other) => one.or(other),
        }
    }
}

/// Names the boxes of metadata in a box whose children begin at `from` anew, as free space: covers, titles and the like are
/// not used, and the box reader takes what it does not know of them for damage. Gives where its boxes end: writers leave zeros
/// behind them. `depth`: of tracks too.
fn without_metadata(body: &mut [u8], from: usize, depth: u8) -> u64 {
    let mut at = from;
    while let Some([a, b, c, d, name @ ..]) = body.get(at..).and_then(|rest| rest.first_chunk::<8>().copied()) {
        let size = u32::from_be_bytes([a, b, c, d]) as usize;
        let Some(child) = at.checked_add(size).and_then(|end| body.get_mut(at..end)).filter(|_| size >= 8) else {
            break;
        };
        match &name {
            b"udta" | b"meta" => {
                if let Some(named) = child.get_mut(4..8) {
                    named.copy_from_slice(b"free");
                }
            }
            b"trak" if depth > 0 => {
                without_metadata(child, 8, depth - 1);
            }
            _ => {}
        }
        at += size;
    }
    let is_padding = body.get(at..).is_some_and(|rest| rest.iter().all(|byte| *byte == 0));
    if is_padding { at as u64 } else { body.len() as u64 }
}

/// What the box reader read. In a damaged box its arithmetic can overflow and panic, which must not end a show: the
/// panic ends here, with nothing left behind.
fn guarded<T>(read: impl FnOnce() -> re_mp4::Result<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(read)).ok()?.ok()
}

/// A box of `size` bytes whose first 8 were read already: those come as zeros.
fn read_body(reader: &mut impl Read, size: u64) -> Result<Vec<u8>, String> {
    let mut body = vec![0; 8];
    reader.take(size.saturating_sub(8)).read_to_end(&mut body).map_err(|error| error.to_string())?;
    Ok(body)
}

/// A box in memory that can only be read so often: in a damaged one the box reader can go in circles for ever.
struct Bounded<'a> {
    cursor: Cursor<&'a [u8]>,
    left: usize,
}

impl<'a> Bounded<'a> {
    fn new(body: &'a [u8]) -> Self {
        let mut cursor = Cursor::new(body);
        cursor.set_position(8);
        // A sound box is read once, byte by byte at worst, with some looking about for each box in it.
        Self { cursor, left: 1000 + 4 * body.len() }
    }

    fn step(&mut self) -> std::io::Result<()> {
        self.left = self.left.checked_sub(1).ok_or(std::io::ErrorKind::InvalidData)?;
        Ok(())
    }
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.step()?;
        self.cursor.read(buffer)
    }
}

impl Seek for Bounded<'_> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.step()?;
        self.cursor.seek(to)
    }
}

fn read_track(moov: &MoovBox, trak: &TrakBox, moofs: &[(u64, MoofBox)], file_length: u64) -> Result<Track, String> {
    let stbl = &trak.mdia.minf.stbl;
    let timescale = trak.mdia.mdhd.timescale;
    if timescale == 0 {
        return Err("its MP4 header is damaged (a track without time)".to_owned());
    }
    let codec = codec_of(&stbl.stsd.contents);
    let mut samples =
        samples_of_table(stbl).ok_or("its MP4 header is damaged (the tables of a track do not fit each other)")?;
    add_fragments(&mut samples, moov, trak.tkhd.track_id, moofs);
    // What lies beyond the end of a file that was cut off cannot be played.
    let whole = samples.iter().take_while(|s| s.offset.saturating_add(u64::from(s.size)) <= file_length).count();
    if whole == 0 && !samples.is_empty() {
        return Err("the MP4 is cut off: it has a header but none of the pictures and sound".to_owned());
    }
    samples.truncate(whole);
    let end = apply_edit_list(&mut samples, trak, moov.mvhd.timescale, timescale);
    let shown = [&trak.tkhd.width, &trak.tkhd.height].map(|side| f64::from(side.raw_value()) / 65536.0);
    Ok(Track { codec, timescale, samples, end, turn: Turn::of(&trak.tkhd), shown })
}

fn codec_of(contents: &StsdBoxContent) -> Codec {
    let other = |name: &str| Codec::Other(name.to_owned());
    match contents {
        StsdBoxContent::Avc1(avc1) => Codec::H264 { record: avc1.avcc.raw.clone() },
        StsdBoxContent::Hvc1(_) | StsdBoxContent::Hev1(_) => other("HEVC (H.265)"),
        StsdBoxContent::Av01(_) => other("AV1"),
        StsdBoxContent::Vp08(_) => other("VP8"),
        StsdBoxContent::Vp09(_) => other("VP9"),
        StsdBoxContent::Tx3g(_) => other("subtitles"),
        StsdBoxContent::Mp4a(mp4a) => {
            let Some(esds) = &mp4a.esds else { return other("sound of an unknown kind") };
            let description = &esds.es_desc.dec_config;
            let specific = &description.dec_specific;
            match description.object_type_indication {
                0x40 | 0x66..=0x68 if specific.freq_index < 13 => {}
                0x69 | 0x6b => return other("MP3"),
                _ => return other("AAC of an unusual kind"),
            }
            // The decoder finds HE-AAC's extensions in the stream: the core is what is announced.
            let object_type = if matches!(specific.profile, 5 | 29) { 2 } else { specific.profile };
            let bits = u16::from(object_type & 31) << 11
                | u16::from(specific.freq_index) << 7
                | u16::from(specific.chan_conf & 15) << 3;
            Codec::Aac { config: bits.to_be_bytes().to_vec() }
        }
        StsdBoxContent::Unknown(four_cc) => match &four_cc.value {
            b"alac" => other("Apple Lossless (ALAC)"),
            b"avc3" => other("H.264 with its parameters in the stream (avc3)"),
            b".mp3" => other("MP3"),
            b"ac-3" | b"ec-3" => other("Dolby Digital"),
            b"Opus" => other("Opus"),
            b"fLaC" => other("FLAC"),
            b"sowt" | b"twos" | b"lpcm" | b"ipcm" | b"in24" => other("uncompressed (PCM)"),
            [b'a', b'p', b'c' | b'4', ..] => other("Apple ProRes"),
            b"mp4v" => other("MPEG-4 Part 2"),
            b"jpeg" | b"mjpa" => other("Motion JPEG"),
            name => {
                let name: String = name.iter().map(|&b| if b.is_ascii_graphic() { b as char } else { ' ' }).collect();
                Codec::Other(format!("\"{}\"", name.trim()))
            }
        },
    }
}

/// The samples of the tables in the header (8.6 and 8.7), with the times of the media. `None` if they contradict.
fn samples_of_table(stbl: &StblBox) -> Option<Vec<Sample>> {
    let count = if stbl.stsz.sample_size == 0 { stbl.stsz.sample_sizes.len() } else { stbl.stsz.sample_count as usize };
    if count > SAMPLES_MAX {
        return None;
    }
    let chunk_offset = |chunk: usize| match (&stbl.stco, &stbl.co64) {
        (Some(stco), _) => stco.entries.get(chunk).map(|&offset| u64::from(offset)),
        (None, Some(co64)) => co64.entries.get(chunk).copied(),
        (None, None) => None,
    };
    let mut durations =
        stbl.stts.entries.iter().flat_map(|e| std::iter::repeat_n(e.sample_delta, e.sample_count as usize));
    let mut composition = stbl
        .ctts
        .iter()
        .flat_map(|ctts| &ctts.entries)
        .flat_map(|e| std::iter::repeat_n(e.sample_offset, e.sample_count as usize));
    let mut runs = stbl.stsc.entries.iter().peekable();
    let mut sync = stbl.stss.as_ref().map(|stss| stss.entries.iter().peekable());

    let mut samples = Vec::with_capacity(count);
    let (mut chunk, mut left_in_chunk, mut per_chunk, mut offset) = (0usize, 0u32, 0u32, 0u64);
    let mut dts = 0i64;
    let mut last_duration = 0;
    for index in 0..count {
        if left_in_chunk == 0 {
            // Chunks are counted from 1; `chunk` is already the next one's index.
            while let Some(run) = runs.next_if(|run| run.first_chunk as usize <= chunk + 1) {
                per_chunk = run.samples_per_chunk;
            }
            left_in_chunk = per_chunk;
            offset = chunk_offset(chunk)?;
            chunk += 1;
        }
        left_in_chunk = left_in_chunk.checked_sub(1)?;
        let size = if stbl.stsz.sample_size == 0 { *stbl.stsz.sample_sizes.get(index)? } else { stbl.stsz.sample_size };
        let duration = durations.next().unwrap_or(last_duration);
        last_duration = duration;
        let number = index as u64 + 1;
        let keyframe = sync.as_mut().is_none_or(|sync| {
            while sync.next_if(|&&n| u64::from(n) < number).is_some() {}
            sync.next_if(|&&n| u64::from(n) == number).is_some()
        });
        let pts = dts.checked_add(i64::from(composition.next().unwrap_or(0)))?;
        samples.push(Sample { offset, size, pts, duration, keyframe });
        offset = offset.checked_add(u64::from(size))?;
        dts = dts.checked_add(i64::from(duration))?;
    }
    Some(samples)
}

/// Appends the samples of the fragments (8.8) of track `track_id`, up to the first that contradicts itself.
fn add_fragments(samples: &mut Vec<Sample>, moov: &MoovBox, track_id: u32, moofs: &[(u64, MoofBox)]) {
    let defaults = moov.mvex.iter().flat_map(|mvex| &mvex.trexs).find(|trex| trex.track_id == track_id);
    let mut next_dts = samples.iter().map(|s| i64::from(s.duration)).sum::<i64>();
    for (start, moof) in moofs {
        for traf in moof.trafs.iter().filter(|traf| traf.tfhd.track_id == track_id) {
            let head = &traf.tfhd;
            let default_duration =
                head.default_sample_duration.or(defaults.map(|d| d.default_sample_duration)).unwrap_or(0);
            let default_size = head.default_sample_size.or(defaults.map(|d| d.default_sample_size)).unwrap_or(0);
            let default_flags = head.default_sample_flags.or(defaults.map(|d| d.default_sample_flags)).unwrap_or(0);
            let has_base = head.flags & TfhdBox::FLAG_BASE_DATA_OFFSET != 0;
            let base = head.base_data_offset.filter(|_| has_base).unwrap_or(*start);
            if let Some(tfdt) = &traf.tfdt {
                next_dts = i64::try_from(tfdt.base_media_decode_time).unwrap_or(next_dts);
            }
            let mut offset = base;
            for run in &traf.truns {
                if let Some(from_base) = run.data_offset {
                    offset = base.saturating_add_signed(i64::from(from_base));
                }
                for index in 0..run.sample_count as usize {
                    let size = run.sample_sizes.get(index).copied().unwrap_or(default_size);
                    let duration = run.sample_durations.get(index).copied().unwrap_or(default_duration);
                    let first = run.first_sample_flags.filter(|_| index == 0);
                    let flags = run.sample_flags.get(index).copied().or(first).unwrap_or(default_flags);
                    // Version 1 has signed offsets; no sane unsigned one is so large that it looks negative.
                    let composition = run.sample_cts.get(index).map_or(0, |&cts| i64::from(cts.cast_signed()));
                    let Some(pts) = next_dts.checked_add(composition) else { return };
                    // Bit 16 says that a sample is not one to start at.
                    let keyframe = flags >> 16 & 1 == 0;
                    if samples.len() >= SAMPLES_MAX || (size == 0 && duration == 0) {
                        return;
                    }
                    samples.push(Sample { offset, size, pts, duration, keyframe });
                    offset = offset.saturating_add(u64::from(size));
                    next_dts = next_dts.saturating_add(i64::from(duration));
                }
            }
        }
    }
}

/// Moves the samples to the presentation timeline and gives its end. Honoured are empty edits at the start and the
/// first real one (8.6.6); players agree on no more.
fn apply_edit_list(samples: &mut [Sample], trak: &TrakBox, movie_timescale: u32, timescale: u32) -> i64 {
    let entries = trak.edts.as_ref().and_then(|edts| edts.elst.as_ref()).map(|elst| (elst.version, &elst.entries));
    let (mut delay, mut media_start, mut edit_length) = (0i64, 0i64, 0i64);
    let in_media = |movie: u64| {
        let scaled = u128::from(movie) * u128::from(timescale) / u128::from(movie_timescale.max(1));
        i64::try_from(scaled).unwrap_or(0)
    };
    if let Some((version, entries)) = entries {
        for entry in entries {
            let is_empty = entry.media_time == if version == 1 { u64::MAX } else { u64::from(u32::MAX) };
            if is_empty {
                delay = delay.saturating_add(in_media(entry.segment_duration));
            } else {
                media_start = i64::try_from(entry.media_time).unwrap_or(0);
                edit_length = in_media(entry.segment_duration);
                break;
            }
        }
    }
    let shift = delay.saturating_sub(media_start);
    let mut end = 0;
    for sample in samples {
        sample.pts = sample.pts.saturating_add(shift);
        end = end.max(sample.pts.saturating_add(i64::from(sample.duration)));
    }
    // The edit's length is in the movie's coarse units: it counts only where it really cuts something off.
    let edit_end = delay.saturating_add(edit_length);
    let unit = i64::from(timescale) / i64::from(movie_timescale.max(1)) + 1;
    if edit_length > 0 && edit_end.saturating_add(unit) < end { edit_end } else { end }
}

/// Reads the bytes of one sample into `buffer`.
///
/// # Errors
/// What the system said.
pub(super) fn read_sample(file: &mut File, sample: &Sample, buffer: &mut Vec<u8>) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(sample.offset))?;
    buffer.clear();
    let wanted = u64::from(sample.size);
    let read = file.take(wanted).read_to_end(buffer)?;
    if read as u64 == wanted { Ok(()) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
}
