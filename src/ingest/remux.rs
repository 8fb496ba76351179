//! From the messages of a stream to the samples of an MP4: one timeline from zero on, durations that fill it, and what
//! decoders must know first.

use bytes::Bytes;

use super::unit::{Unit, UnitKind};
use crate::flv::{CodecId, TagKind, metadata_number};
use crate::media::Size;
use crate::mp4::{Mp4Codec, Mp4Error, Sample};

/// A step of time beyond this, forward or back, is a new beginning and no pause: the timeline goes on without it.
const STEP_FORWARD_MS: i64 = 10_000;
const STEP_BACK_MS: i64 = -2_000;
/// Tracks that are stamped farther apart than this count from beginnings of their own: they are joined where they come.
const APART_MS: i64 = 2_000;
/// Packets of sound that are stamped within this of where the one before ended follow it: stamps are whole milliseconds, and
/// some publishers stamp by arrival.
const SOUND_SLACK_MS: i64 = 60;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Video,
    Audio,
}

impl Kind {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Video => Self::Audio,
            Self::Audio => Self::Video,
        }
    }
}

/// What comes out.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Remuxed {
    /// A decoder must know this from the next sample of the kind on.
    Codec(Kind, Mp4Codec),
    /// One sample.
    Sample {
        kind: Kind,
        /// Decode time from the beginning, in the codec's timescale.
        start: u64,
        sample: Sample,
        /// Whether the one that follows can be decoded by itself; `false` where it is not known.
        next_sync: bool,
    },
    /// A kind whose codec is not put into MP4; told once.
    Unusable(Kind, Mp4Error),
}

/// The state of one stream.
#[derive(Debug, Default)]
pub(super) struct Remux {
    tracks: [Track; 2],
    /// How each kind is stamped; set by the first picture, or by the first sound where no picture is announced.
    clocks: [Option<TrackClock>; 2],
    /// Sound does not wait for the picture that was announced.
    sound_begins: bool,
    /// Time on the timeline where the first sample comes to lie.
    begin_ms: i64,
    /// Of pictures whose headers do not say it: `onMetaData`.
    announced_size: Option<Size>,
}

/// How the stamps of a track lie on the timeline. Most publishers have one clock for both; some count each track from its own
/// first packet, or begin anew with one of them.
#[derive(Clone, Copy, Debug)]
struct TrackClock {
    /// The newest stamp, without the jump from 2³² to 0.
    newest_ms: i64,
    /// The stamp that is zero.
    origin_ms: i64,
}

#[derive(Debug, Default)]
struct Track {
    codec: Option<Mp4Codec>,
    unusable: bool,
    /// Whose header was not taken: what usually stands without one does not stand for it.
    refused: Option<Format>,
    /// It waits for the one that follows, which tells its duration.
    held: Option<Held>,
    /// Duration of the one before.
    duration: u32,
    /// Where what was given out under another codec ends: time does not go back.
    not_before: u64,
}

#[derive(Debug)]
struct Held {
    start: u64,
    composition: i32,
    sync: bool,
    data: Bytes,
}

impl Remux {
    /// Time on the timeline up to which it is filled, in milliseconds.
    pub(super) fn end_ms(&self) -> i64 {
        let ends = self.tracks.iter().filter_map(|track| {
            let scale = u64::from(track.codec.as_ref()?.timescale());
            Some((track.end() * 1000 / scale.max(1)).cast_signed())
        });
        ends.fold(self.begin_ms, i64::max)
    }

    /// Another publish follows on this one: what is held is given out, and the timeline goes on where it is.
    pub(super) fn begin_again(&mut self, out: &mut impl FnMut(Remuxed)) {
        let end = self.end_ms();
        self.finish(out);
        *self = Self { begin_ms: end, ..Self::default() };
    }

    /// Gives out what is held: nothing follows.
    pub(super) fn finish(&mut self, out: &mut impl FnMut(Remuxed)) {
        for kind in [Kind::Video, Kind::Audio] {
            self.tracks[kind as usize].release(kind, false, out);
        }
    }

    /// Whether this is sound that is left out because the picture that was announced has not begun.
    pub(super) fn waits_for_picture(&self, unit: &Unit) -> bool {
        let announced = self.tracks[Kind::Video as usize].codec.is_some();
        let begun = self.sound_begins || self.clocks.iter().any(Option::is_some);
        unit.kind == UnitKind::Sound && unit.track == 0 && announced && !begun
    }

    /// The picture that was announced is not waited for any longer: the next sound says where zero is.
    pub(super) fn begin_with_sound(&mut self) {
        self.sound_begins = true;
    }

    /// Takes the next message; other tracks than the first are left out.
    pub(super) fn take(&mut self, unit: &Unit, out: &mut impl FnMut(Remuxed)) {
        if unit.track != 0 {
            return;
        }
        let kind = match unit.tag {
            TagKind::Script => return self.take_script(&unit.body),
            TagKind::Video => Kind::Video,
            TagKind::Audio => Kind::Audio,
        };
        match unit.kind {
            UnitKind::Header(slot) if !slot.side_data => self.take_header(kind, unit, out),
            UnitKind::Keyframe | UnitKind::Picture | UnitKind::Sound => self.take_sample(kind, unit, out),
            UnitKind::Header(_) | UnitKind::Script | UnitKind::Other => {}
        }
    }

    fn take_script(&mut self, body: &[u8]) {
        let number = |name| metadata_number(body, name).filter(|number| (1.0..=65_535.0).contains(number));
        if let (Some(width), Some(height)) = (number("width"), number("height")) {
            self.announced_size = Some(Size { width: width as u32, height: height as u32 });
        }
    }

    fn take_header(&mut self, kind: Kind, unit: &Unit, out: &mut impl FnMut(Remuxed)) {
        let (header, size) = (unit.payload(), self.announced_size.unwrap_or(Size { width: 0, height: 0 }));
        let Some(codec) = unit.codec else { return };
        let format = Format::of(codec);
        let codec = match format {
            Some(Format::Avc) => Mp4Codec::avc(&header),
            Some(Format::Hevc) => Mp4Codec::hevc(&header, size),
            Some(Format::Av1) => Mp4Codec::av1(&header, size),
            Some(Format::Aac) => Mp4Codec::aac(&header),
            Some(Format::Opus) => Mp4Codec::opus(&header),
            // Its packets have headers of their own.
            Some(Format::Mp3) => return,
            None => Err(not_taken(codec)),
        };
        self.tracks[kind as usize].refused = format.filter(|_| codec.is_err());
        self.set_codec(kind, codec, out);
    }

    fn set_codec(&mut self, kind: Kind, codec: Result<Mp4Codec, Mp4Error>, out: &mut impl FnMut(Remuxed)) {
        let track = &mut self.tracks[kind as usize];
        match codec {
            Ok(codec) if track.codec.as_ref() == Some(&codec) => {}
            Ok(codec) => {
                let end = track.release(kind, true, out);
                let (new, old) = (u64::from(codec.timescale()), track.codec.as_ref().map_or(1, Mp4Codec::timescale));
                let not_before = (end * new).div_ceil(u64::from(old.max(1)));
                *track = Track { codec: Some(codec.clone()), not_before, ..Track::default() };
                out(Remuxed::Codec(kind, codec));
            }
            // One header that cannot be read does not end what the one before began.
            Err(error) => {
                if !std::mem::replace(&mut track.unusable, true) {
                    out(Remuxed::Unusable(kind, error));
                }
            }
        }
    }

    fn take_sample(&mut self, kind: Kind, unit: &Unit, out: &mut impl FnMut(Remuxed)) {
        let data = unit.payload();
        if data.is_empty() {
            return;
        }
        let Some(codec) = self.codec_of_sample(kind, unit, &data, out) else { return };
        let keyframe = unit.kind == UnitKind::Keyframe;
        let (scale, samples) = (u64::from(codec.timescale()), codec.packet_samples(&data));
        // The picture says where zero is, and it must be one to start with.
        let no_picture_yet = kind == Kind::Video && self.clocks[Kind::Video as usize].is_none();
        if (no_picture_yet && !keyframe) || self.waits_for_picture(unit) {
            return;
        }
        let at_ms = self.timeline_ms(kind, unit.timestamp_ms);
        // Sound from before the first picture.
        let Ok(at_ms) = u64::try_from(at_ms) else { return };
        let track = &mut self.tracks[kind as usize];
        let stamped = at_ms * scale / 1000;
        let mut start = stamped.max(track.not_before);
        if let Some(held) = &track.held {
            let follows = held.start + u64::from(track.duration);
            let slack = SOUND_SLACK_MS.unsigned_abs() * scale / 1000;
            // Sound lies packet on packet; pictures where they are stamped, but never two at one time.
            let near = samples.is_some() && stamped.abs_diff(follows) <= slack;
            start = if near { follows } else { stamped }.max(held.start + 1);
        }
        let composition = i64::from(unit.composition_ms) * scale.cast_signed() / 1000;
        let next = Held {
            start,
            composition: i32::try_from(composition).unwrap_or(0),
            sync: keyframe || kind == Kind::Audio,
            data,
        };
        let next_sync = next.sync;
        if let Some(held) = track.held.replace(next) {
            let duration = u32::try_from(start - held.start).unwrap_or(u32::MAX);
            if samples.is_none() {
                track.duration = duration;
            }
            out(Remuxed::Sample { kind, start: held.start, sample: held.with(duration), next_sync });
        }
        if let Some(samples) = samples {
            track.duration = samples;
        }
    }

    /// The codec of a sample: that of the track, or the one that it becomes where there is no header to say so. `None` where it
    /// waits for its header, or is not taken.
    fn codec_of_sample(
        &mut self,
        kind: Kind,
        unit: &Unit,
        data: &[u8],
        out: &mut impl FnMut(Remuxed),
    ) -> Option<&Mp4Codec> {
        let (codec, track) = (unit.codec?, &self.tracks[kind as usize]);
        let (format, known) = (Format::of(codec), track.codec.as_ref().map(Format::of_mp4));
        let goes_on = known.is_some() && format == known;
        match format {
            // Each frame says what it is; one that does not is no other one.
            Some(Format::Mp3) => match Mp4Codec::mp3(data) {
                Err(_) if goes_on => {}
                codec => self.set_codec(kind, codec, out),
            },
            Some(Format::Opus) if !goes_on && track.refused != format => {
                self.set_codec(kind, Mp4Codec::opus(&[]), out);
            }
            // What is another one than before waits for its header.
            Some(Format::Avc | Format::Hevc | Format::Av1 | Format::Aac | Format::Opus) => {}
            None => self.set_codec(kind, Err(not_taken(codec)), out),
        }
        self.tracks[kind as usize].codec.as_ref().filter(|codec| format == Some(Format::of_mp4(codec)))
    }

    /// Where a stamp lies on the timeline.
    fn timeline_ms(&mut self, kind: Kind, timestamp_ms: u32) -> i64 {
        let step = |from: i64| i64::from(timestamp_ms.wrapping_sub(from as u32).cast_signed());
        let [own, other] = [kind, kind.other()].map(|kind| self.clocks[kind as usize]);
        let goes_on = own.filter(|own| (STEP_BACK_MS..=STEP_FORWARD_MS).contains(&step(own.newest_ms)));
        let near = other.filter(|other| step(other.newest_ms).abs() <= APART_MS);
        let (time, clock) = match (goes_on, near) {
            (Some(own), _) => {
                let time = own.newest_ms + step(own.newest_ms);
                (time, TrackClock { newest_ms: own.newest_ms.max(time), ..own })
            }
            // It begins, or has jumped, and is in step with the other.
            (None, Some(other)) => {
                let time = other.newest_ms + step(other.newest_ms);
                (time, TrackClock { newest_ms: time, ..other })
            }
            (None, None) => {
                let time = i64::from(timestamp_ms);
                (time, TrackClock { newest_ms: time, origin_ms: time - self.end_ms() })
            }
        };
        self.clocks[kind as usize] = Some(clock);
        time - clock.origin_ms
    }
}

impl Track {
    /// Up to where it is filled.
    fn end(&self) -> u64 {
        self.held.as_ref().map_or(self.not_before, |held| held.start + u64::from(self.duration))
    }

    /// Gives out what is held, as long as the one before: what follows does not tell. Gives where it ends.
    fn release(&mut self, kind: Kind, next_sync: bool, out: &mut impl FnMut(Remuxed)) -> u64 {
        let Some(held) = self.held.take() else { return self.not_before };
        let (start, duration) = (held.start, self.duration.max(1));
        out(Remuxed::Sample { kind, start, sample: held.with(duration), next_sync });
        start + u64::from(duration)
    }
}

/// What is put into MP4, by either of its names in FLV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Avc,
    Hevc,
    Av1,
    Aac,
    Opus,
    Mp3,
}

impl Format {
    fn of(codec: CodecId) -> Option<Self> {
        Some(match codec {
            CodecId::Video(7) | CodecId::FourCc([b'a', b'v', b'c', b'1']) => Self::Avc,
            CodecId::Video(12) | CodecId::FourCc([b'h', b'v', b'c', b'1']) => Self::Hevc,
            CodecId::FourCc([b'a', b'v', b'0', b'1']) => Self::Av1,
            CodecId::Audio(10) | CodecId::FourCc([b'm', b'p', b'4', b'a']) => Self::Aac,
            CodecId::FourCc([b'O', b'p', b'u', b's']) => Self::Opus,
            CodecId::Audio(2 | 14) | CodecId::FourCc([b'.', b'm', b'p', b'3']) => Self::Mp3,
            CodecId::Video(_) | CodecId::Audio(_) | CodecId::FourCc(_) | CodecId::Mixed => return None,
        })
    }

    fn of_mp4(codec: &Mp4Codec) -> Self {
        match codec {
            Mp4Codec::Avc { .. } => Self::Avc,
            Mp4Codec::Hevc { .. } => Self::Hevc,
            Mp4Codec::Av1 { .. } => Self::Av1,
            Mp4Codec::Aac { .. } => Self::Aac,
            Mp4Codec::Opus { .. } => Self::Opus,
            Mp4Codec::Mp3 { .. } => Self::Mp3,
        }
    }
}

fn not_taken(codec: CodecId) -> Mp4Error {
    Mp4Error::Codec(match codec {
        CodecId::Mixed => "what has several tracks in one message".to_owned(),
        codec @ (CodecId::Video(_) | CodecId::Audio(_) | CodecId::FourCc(_)) => codec.to_string(),
    })
}

impl Held {
    fn with(self, duration: u32) -> Sample {
        Sample { duration, composition: self.composition, sync: self.sync, data: self.data }
    }
}
