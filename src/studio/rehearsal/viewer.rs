//! Decodes what arrives and measures it: latency, offset, loudness.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::RehearsalSent;
use super::arrival::Unwrap;
use super::marks::{Beeps, Flashes, marked_offset_ms};
use crate::audio::Loudness;
use crate::clock::Clock;
use crate::decode::{AnnouncedVideo, AudioDecoder, open_announced_aac};
use crate::flv::{AudioBody, AudioTag, VideoBody, VideoPacketType, VideoTag};
use crate::media::Timestamp;
use crate::studio::viewer_feed::ViewerShow;

/// Latencies kept: an hour's at 30 pictures a second.
const LATENCIES_MAX: usize = 108_000;
/// Pictures on their way through the decoder, at most.
const IN_DECODER_MAX: usize = 32;

/// A message to look at.
pub(super) enum Item {
    Video {
        timestamp_ms: u32,
        tag: VideoTag,
    },
    Audio {
        timestamp_ms: u32,
        tag: AudioTag,
    },
    /// Messages before this one were not kept: the viewer had fallen behind.
    Gap,
}

/// What was measured.
pub(super) struct Seen {
    pub(super) av_offset_ms: Option<f64>,
    pub(super) latencies_ms: Vec<f64>,
    pub(super) lufs: Option<f64>,
    pub(super) true_peak_dbtp: Option<f64>,
    pub(super) faults: Faults,
}

/// What could not be understood; each is told once.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    pub(super) video: Option<String>,
    pub(super) audio: Option<String>,
}

pub(super) struct Viewer {
    clock: Clock,
    sent: RehearsalSent,
    video: Option<AnnouncedVideo>,
    video_header: Bytes,
    waits_for_keyframe: bool,
    video_times: Unwrap,
    /// When pictures in the decoder were captured, by their presentation time.
    captured: Vec<(Timestamp, Timestamp)>,
    audio: Option<Box<dyn AudioDecoder>>,
    audio_header: Bytes,
    audio_times: Unwrap,
    loudness: Option<(u32, u16, Loudness)>,
    flashes: Flashes,
    beeps: Beeps,
    latencies_ms: Vec<f64>,
    faults: Faults,
    show: Option<ViewerShow>,
}

impl Viewer {
    pub(super) fn new(clock: Clock, sent: RehearsalSent, show: Option<ViewerShow>) -> Self {
        Self {
            clock,
            sent,
            video: None,
            video_header: Bytes::new(),
            waits_for_keyframe: true,
            video_times: Unwrap::default(),
            captured: Vec::new(),
            audio: None,
            audio_header: Bytes::new(),
            audio_times: Unwrap::default(),
            loudness: None,
            flashes: Flashes::default(),
            beeps: Beeps::default(),
            latencies_ms: Vec::new(),
            faults: Faults::default(),
            show,
        }
    }

    pub(super) fn take(&mut self, item: Item) {
        match item {
            Item::Video { timestamp_ms, tag } => self.see(timestamp_ms, &tag),
            Item::Audio { timestamp_ms, tag } => self.hear(timestamp_ms, &tag),
            Item::Gap => {
                self.waits_for_keyframe = true;
                self.flashes.gap();
            }
        }
    }

    fn see(&mut self, timestamp_ms: u32, tag: &VideoTag) {
        match tag.packet {
            VideoPacketType::SequenceHeader => return self.open_video(&tag.payload),
            VideoPacketType::EndOfSequence => return,
            VideoPacketType::AccessUnit => {}
        }
        let dts = Timestamp::from_millis(self.video_times.extend(timestamp_ms));
        let pts = Timestamp::from_millis(dts.as_millis() + i64::from(tag.composition_ms));
        let captured_at = self.sent.take_video(timestamp_ms);
        if self.waits_for_keyframe && !tag.keyframe {
            return;
        }
        let Some(video) = &mut self.video else { return };
        self.waits_for_keyframe = false;
        if let Some(captured_at) = captured_at {
            if self.captured.len() >= IN_DECODER_MAX {
                self.captured.remove(0);
            }
            self.captured.push((pts, captured_at));
        }
        let decoded = match video.whole(&tag.payload, tag.keyframe) {
            Some(unit) => video.decoder.decode(&unit, pts).map_err(|error| error.to_string()),
            None => Err("a picture's NAL units are cut".to_owned()),
        };
        match decoded {
            Ok(pictures) => {
                let now = self.clock.now();
                for decoded in pictures {
                    self.flashes.see(&decoded.picture, decoded.pts);
                    let mut latency_ms = None;
                    if let Some(at) = self.captured.iter().position(|(pts, _)| *pts == decoded.pts) {
                        let (_, captured_at) = self.captured.swap_remove(at);
                        let ms = now.nanos_since(captured_at) as f64 / 1e6;
                        latency_ms = Some(ms);
                        if self.latencies_ms.len() < LATENCIES_MAX {
                            self.latencies_ms.push(ms);
                        }
                    }
                    if let Some(show) = &mut self.show {
                        show.see(now, decoded.picture, latency_ms);
                    }
                }
            }
            Err(error) => {
                self.waits_for_keyframe = true;
                self.flashes.gap();
                self.faults.video.get_or_insert(error);
            }
        }
    }

    fn open_video(&mut self, record: &Bytes) {
        // Publishers repeat it; only another one is another stream.
        if *record == self.video_header {
            return;
        }
        self.video_header = record.clone();
        match AnnouncedVideo::open(record) {
            Ok(video) => self.video = Some(video),
            Err(error) => {
                self.video = None;
                self.faults.video.get_or_insert(error.to_string());
            }
        }
        self.waits_for_keyframe = true;
        self.flashes.gap();
    }

    fn hear(&mut self, timestamp_ms: u32, tag: &AudioTag) {
        if tag.sequence_header {
            return self.open_audio(&tag.payload);
        }
        let pts = Timestamp::from_millis(self.audio_times.extend(timestamp_ms));
        let Some(decoder) = &mut self.audio else { return };
        match decoder.decode(&tag.payload, pts) {
            Ok(Some(chunk)) => {
                let known = matches!(&self.loudness, Some((rate, channels, _)) if (*rate, *channels) == (chunk.sample_rate, chunk.channels));
                if !known && let Ok(loudness) = Loudness::with_true_peak(chunk.sample_rate, chunk.channels) {
                    self.loudness = Some((chunk.sample_rate, chunk.channels, loudness));
                }
                if let Some((.., loudness)) = &mut self.loudness {
                    loudness.measure(&chunk.samples);
                }
                self.beeps.hear(&chunk);
                if let Some(show) = &mut self.show {
                    show.hear(&chunk);
                }
            }
            Ok(None) => {}
            Err(error) => {
                self.faults.audio.get_or_insert(error.to_string());
            }
        }
    }

    fn open_audio(&mut self, config: &Bytes) {
        if *config == self.audio_header {
            return;
        }
        self.audio_header = config.clone();
        match open_announced_aac(config) {
            Ok(decoder) => self.audio = Some(decoder),
            Err(error) => {
                self.audio = None;
                self.faults.audio.get_or_insert(error.to_string());
            }
        }
    }

    pub(super) fn finish(mut self) -> Seen {
        if let Some(mut video) = self.video.take() {
            for decoded in video.decoder.flush() {
                self.flashes.see(&decoded.picture, decoded.pts);
            }
        }
        let marked = marked_offset_ms(&self.flashes, &mut self.beeps);
        let reading = self.loudness.map(|(.., loudness)| loudness.reading()).unwrap_or_default();
        Seen {
            av_offset_ms: marked.or_else(|| self.sent.stamped_offset_ms()),
            latencies_ms: self.latencies_ms,
            lufs: reading.integrated_lufs,
            true_peak_dbtp: reading.true_peak_dbtp,
            faults: self.faults,
        }
    }
}

/// A viewer that the meter's thread leaves behind when it ends.
pub(super) type Left = Arc<Mutex<Option<Viewer>>>;

pub(super) fn leave(left: &Left, viewer: Viewer) {
    *left.lock().unwrap_or_else(PoisonError::into_inner) = Some(viewer);
}

pub(super) fn take_left(left: &Left) -> Option<Viewer> {
    left.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// An item for the viewer, if the body is one that it looks at.
pub(super) fn item_of_video(timestamp_ms: u32, body: VideoBody) -> Option<Item> {
    match body {
        VideoBody::Avc(tag) => Some(Item::Video { timestamp_ms, tag }),
        VideoBody::Other { .. } => None,
    }
}

/// The same for sound.
pub(super) fn item_of_audio(timestamp_ms: u32, body: AudioBody) -> Option<Item> {
    match body {
        AudioBody::Aac(tag) => Some(Item::Audio { timestamp_ms, tag }),
        AudioBody::Other { .. } => None,
    }
}
