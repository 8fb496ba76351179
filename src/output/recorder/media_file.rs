//! One file of a recording: packets in, bytes out. It starts at 0 with its first picture (its first sound where there is no
//! picture), and each packet keeps its distance to that.

use std::io::{self, Write};

use bytes::Bytes;

use super::cut::CutWriter;
use super::storage::Disk;
use crate::bitstream::avcc_record;
use crate::flv::{self, FlvWriter, TagKind};
use crate::media::{CHUNK_SAMPLES, Packet, PacketKind, RecordForm, StreamConfig, Timestamp};
use crate::mp4::{Mp4Codec, Mp4Error, Mp4Writer, Sample, Track};
use crate::output::publisher::{ENCODER_NAME, StreamHeaders};
use crate::output::timeline::Timeline;

/// Units of a picture's time: every usual frame rate has whole ones.
const VIDEO_SCALE: u32 = 90_000;
/// Longest fragment in seconds: with what is on its way, a crash costs less than two.
const FRAGMENT_SECONDS: f64 = 1.0;
/// Sound that is off its place by less than so many samples lies packet on packet: stamps are rounded.
const AUDIO_SLACK: u64 = 64;
const BUFFER_BYTES: usize = 8 << 10;

/// A file that is being written.
pub(super) struct MediaFile<D: Disk> {
    writer: Writer<D>,
    has_video: bool,
    base: Option<Timestamp>,
    last: Timestamp,
    /// Where the newest piece begins, and the one before it: both keyframes.
    newest: Option<PieceStart>,
    before: Option<PieceStart>,
}

/// Where a piece begins, up to which the file is whole.
#[derive(Clone, Copy)]
struct PieceStart {
    bytes: u64,
    last: Timestamp,
    next_audio: Option<u64>,
}

enum Writer<D: Disk> {
    Flv(FlvWriter<CutWriter<D>>, Timeline),
    Mp4(Box<Mp4File<D>>),
}

struct Mp4File<D: Disk> {
    writer: Mp4Writer<CutWriter<D>>,
    /// Place of each kind among the tracks.
    video: Option<usize>,
    audio: Option<usize>,
    /// The newest picture: how long it is shown, the next one tells.
    pending: Option<(u64, Packet)>,
    /// How long a picture is shown where nothing follows, in units of the track.
    picture_ticks: u64,
    audio_rate: u32,
    /// Where the next packet of sound belongs.
    next_audio: Option<u64>,
}

impl<D: Disk> MediaFile<D> {
    /// Begins a file of `stream` with what a player needs first.
    pub(super) fn begin(disk: D, form: RecordForm, stream: &StreamConfig) -> io::Result<Self> {
        let out = CutWriter::new(BUFFER_BYTES, disk);
        let has_video = stream.video.is_some();
        let writer = match form {
            RecordForm::Flv => Writer::Flv(begin_flv(out, stream)?, Timeline::new(has_video)),
            RecordForm::Mp4 => Writer::Mp4(Box::new(Mp4File::begin(out, stream)?)),
        };
        let mut file = Self { writer, has_video, base: None, last: Timestamp::ZERO, newest: None, before: None };
        // Whoever finds it after a crash in its first second knows what it was to be.
        file.buffer().flush()?;
        Ok(file)
    }

    /// Where on the program's timeline it starts, once it has.
    pub(super) fn base(&self) -> Option<Timestamp> {
        self.base
    }

    /// The newest moment in it.
    pub(super) fn last(&self) -> Timestamp {
        self.last
    }

    /// Bytes written, and those that wait to be.
    pub(super) fn bytes(&mut self) -> u64 {
        let (buffer, waiting) = match &mut self.writer {
            Writer::Flv(writer, _) => (writer.get_mut(), 0),
            Writer::Mp4(mp4) => {
                let pending = mp4.pending.as_ref().map_or(0, |(_, packet)| packet.data.len());
                let waiting = mp4.writer.waiting_bytes() + pending;
                (mp4.writer.get_mut(), waiting)
            }
        };
        buffer.bytes() + (buffer.waiting_bytes() + waiting) as u64
    }

    /// Takes the next packet of its kind. `true`: a piece is whole and can be brought to the disk.
    pub(super) fn take(&mut self, packet: &Packet) -> io::Result<bool> {
        let base = match self.base {
            Some(base) => base,
            None if self.has_video && !packet.is_keyframe() => return Ok(false),
            None => *self.base.insert(packet.dts),
        };
        if packet.dts < base {
            return Ok(false);
        }
        self.last = self.last.max(packet.pts);
        match &mut self.writer {
            Writer::Flv(writer, timeline) => {
                write_tag(writer, packet, timeline)?;
                Ok(false)
            }
            Writer::Mp4(mp4) => mp4.take(packet, base),
        }
    }

    /// Something is missing from here on: the newest picture is not shown until what follows.
    pub(super) fn hole(&mut self) -> io::Result<()> {
        match &mut self.writer {
            Writer::Flv(..) => Ok(()),
            Writer::Mp4(mp4) => mp4.end_picture(),
        }
    }

    /// The newest picture is shown until `at`, where another file begins.
    pub(super) fn end_at(&mut self, at: Timestamp) -> io::Result<()> {
        let Some(base) = self.base else { return Ok(()) };
        match &mut self.writer {
            Writer::Flv(..) => Ok(()),
            Writer::Mp4(mp4) => match mp4.pending.take() {
                Some((start, picture)) => {
                    let end = ticks(at.nanos_since(base), VIDEO_SCALE);
                    mp4.push_picture(start, &picture, end.saturating_sub(start)).map(|_| ())
                }
                None => Ok(()),
            },
        }
    }

    /// A piece ends, and the next one begins with the keyframe at `at`: what is before it is written.
    pub(super) fn end_piece(&mut self, at: Timestamp) -> io::Result<()> {
        self.end_at(at)?;
        let mut next_audio = None;
        if let Writer::Mp4(mp4) = &mut self.writer {
            mp4.writer.write_fragment()?;
            next_audio = mp4.next_audio;
        }
        // Handed to the system: that it is safe is asked for apart, with an eye on how long it takes.
        self.buffer().flush()?;
        let place = PieceStart { bytes: self.buffer().bytes(), last: self.last, next_audio };
        self.before = self.newest.replace(place);
        Ok(())
    }

    /// Whether there is anything before the last two pieces.
    pub(super) fn can_be_cut(&self) -> bool {
        self.before.is_some()
    }

    /// The last two pieces go: the one that is not whole, and the one before it.
    pub(super) fn cut_pieces(&mut self) -> io::Result<()> {
        let Some(place) = self.before.take() else { return Ok(()) };
        self.newest = None;
        self.last = place.last;
        if let Writer::Mp4(mp4) = &mut self.writer {
            mp4.writer.forget_waiting();
            (mp4.pending, mp4.next_audio) = (None, place.next_audio);
        }
        self.buffer().cut(place.bytes)
    }

    /// Brings what is whole to the disk; with `all`, the file's length and times too.
    pub(super) fn sync(&mut self, all: bool) -> io::Result<()> {
        let buffer = self.buffer();
        buffer.flush()?;
        buffer.disk_mut().sync(all)
    }

    /// Whether less is in the file than was written: another program has cut it.
    pub(super) fn is_cut(&mut self) -> bool {
        let buffer = self.buffer();
        buffer.disk().length().is_some_and(|length| length < buffer.bytes())
    }

    /// What it is written to.
    pub(super) fn disk(&mut self) -> &D {
        self.buffer().disk()
    }

    fn buffer(&mut self) -> &mut CutWriter<D> {
        match &mut self.writer {
            Writer::Flv(writer, _) => writer.get_mut(),
            Writer::Mp4(mp4) => mp4.writer.get_mut(),
        }
    }

    /// Nothing follows: writes what waits.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        if let Writer::Mp4(mp4) = &mut self.writer {
            mp4.end_picture()?;
            mp4.writer.write_fragment()?;
        }
        self.sync(true)
    }
}

fn begin_flv<W: Write>(out: W, stream: &StreamConfig) -> io::Result<FlvWriter<W>> {
    let headers = StreamHeaders::new(stream, ENCODER_NAME);
    let mut writer = FlvWriter::new(out, headers.video.is_some(), headers.audio.is_some())?;
    writer.write_tag(TagKind::Script, 0, &[&headers.metadata])?;
    if let Some(video) = &headers.video {
        writer.write_tag(TagKind::Video, 0, &[video])?;
    }
    if let Some(audio) = &headers.audio {
        writer.write_tag(TagKind::Audio, 0, &[audio])?;
    }
    Ok(writer)
}

fn write_tag(writer: &mut FlvWriter<impl Write>, packet: &Packet, timeline: &mut Timeline) -> io::Result<()> {
    let Some(place) = timeline.place(packet) else { return Ok(()) };
    match packet.kind {
        PacketKind::Video { keyframe } => {
            let header = flv::video_tag_header(keyframe, place.composition_ms);
            writer.write_tag(TagKind::Video, place.timestamp_ms, &[&header, &packet.data])
        }
        PacketKind::Audio => {
            writer.write_tag(TagKind::Audio, place.timestamp_ms, &[&flv::audio_tag_header(), &packet.data])
        }
    }
}

impl<D: Disk> Mp4File<D> {
    fn begin(out: CutWriter<D>, stream: &StreamConfig) -> io::Result<Self> {
        let (mut tracks, mut video, mut audio) = (Vec::new(), None, None);
        let mut picture_ticks = 1;
        if let Some(config) = &stream.video {
            let codec = Mp4Codec::avc(&avcc_record(&config.sps, &config.pps)).map_err(invalid)?;
            video = Some(tracks.len());
            tracks.push(Track { timescale: VIDEO_SCALE, ..Track::new(1, codec) });
            let rate = config.frame_rate;
            picture_ticks = (u64::from(VIDEO_SCALE) * u64::from(rate.den()) / u64::from(rate.num().max(1))).max(1);
        }
        let mut audio_rate = 1;
        if let Some(config) = &stream.audio {
            // The times of packets have the encoder's delay taken out, and what primed it lies before the first picture
            // and is left out: nothing in the file is to be skipped.
            let codec = Mp4Codec::aac(&config.audio_specific_config).map_err(invalid)?;
            audio_rate = codec.timescale();
            audio = Some(tracks.len());
            tracks.push(Track::new(tracks.len() as u32 + 1, codec));
        }
        let writer = Mp4Writer::new(out, tracks)?.with_fragments_of(FRAGMENT_SECONDS);
        Ok(Self { writer, video, audio, pending: None, picture_ticks, audio_rate, next_audio: None })
    }

    fn take(&mut self, packet: &Packet, base: Timestamp) -> io::Result<bool> {
        let after = packet.dts.nanos_since(base);
        if packet.is_video() {
            let start = ticks(after, VIDEO_SCALE);
            let written = match self.pending.replace((start, packet.clone())) {
                Some((before, picture)) => self.push_picture(before, &picture, start.saturating_sub(before))?,
                None => false,
            };
            return Ok(written);
        }
        let Some(track) = self.audio else { return Ok(false) };
        let stamped = ticks(after, self.audio_rate);
        let start = match self.next_audio {
            Some(next) if stamped <= next + AUDIO_SLACK => next,
            _ => stamped,
        };
        let duration = CHUNK_SAMPLES as u32;
        self.next_audio = Some(start + u64::from(duration));
        let sample = Sample { duration, composition: 0, sync: true, data: packet.data.clone() };
        self.writer.push(track, start, sample)
    }

    fn push_picture(&mut self, start: u64, picture: &Packet, shown_ticks: u64) -> io::Result<bool> {
        let Some(track) = self.video else { return Ok(false) };
        let composition = ticks(picture.pts.nanos_since(picture.dts).max(0), VIDEO_SCALE);
        let sample = Sample {
            duration: u32::try_from(shown_ticks.max(1)).unwrap_or(u32::MAX),
            composition: i32::try_from(composition).unwrap_or(i32::MAX),
            sync: picture.is_keyframe(),
            data: Bytes::clone(&picture.data),
        };
        self.writer.push(track, start, sample)
    }

    /// The newest picture is shown as long as one usually is.
    fn end_picture(&mut self) -> io::Result<()> {
        if let Some((start, picture)) = self.pending.take() {
            self.push_picture(start, &picture, self.picture_ticks)?;
        }
        Ok(())
    }
}

/// Nanoseconds in units of `scale` a second, rounded to the nearest.
fn ticks(nanos: i64, scale: u32) -> u64 {
    let ticks = (i128::from(nanos) * i128::from(scale) + 500_000_000).div_euclid(1_000_000_000);
    u64::try_from(ticks).unwrap_or(0)
}

fn invalid(error: Mp4Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
