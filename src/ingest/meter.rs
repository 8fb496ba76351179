//! What a stream is measured to be while it comes: size, rates, codecs, keyframes, and how sound lies to picture.

use std::collections::VecDeque;

use super::unit::{Unit, UnitKind};
use crate::bitstream::{read_avcc_record, read_sps};
use crate::flv::{CodecId, TagKind};
use crate::media::Timestamp;

/// Seconds over which bit rates are taken.
const RATE_SECONDS: i64 = 5;
/// Pictures over which the frame rate is taken.
const RATE_PICTURES: usize = 60;
/// The newest offset counts so much among those before it.
const OFFSET_SHARE: f64 = 1.0 / 16.0;

/// What a stream is, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StreamFacts {
    /// Width and height, by the parameter sets of H.264, else by `onMetaData`.
    pub size: Option<(u32, u32)>,
    /// Pictures a second, by the timestamps of the last ones.
    pub fps: Option<f64>,
    /// Codec of the picture.
    pub video_codec: Option<CodecId>,
    /// Codec of the sound.
    pub audio_codec: Option<CodecId>,
    /// Seconds between the last two keyframes.
    pub keyframe_seconds: Option<f64>,
    /// Kilobits a second of pictures over the last seconds.
    pub video_kbps: f64,
    /// Kilobits a second of sound over the last seconds.
    pub audio_kbps: f64,
    /// How much later the sound's timestamps are than those of the pictures that come at the same time, in milliseconds:
    /// 0 is best, beyond some hundred players have to wait for one of them.
    pub av_offset_ms: Option<f64>,
}

/// Measures one stream.
#[derive(Debug)]
pub(super) struct Meter {
    started: Timestamp,
    facts: StreamFacts,
    size_is_sure: bool,
    pictures_ms: VecDeque<u32>,
    keyframe_ms: Option<u32>,
    sound_ms: Option<u32>,
    /// Bytes of picture and sound by whole second since the start, the newest last.
    seconds: VecDeque<(i64, [u64; 2])>,
}

impl Meter {
    pub(super) fn new(started: Timestamp) -> Self {
        Self {
            started,
            facts: StreamFacts::default(),
            size_is_sure: false,
            pictures_ms: VecDeque::new(),
            keyframe_ms: None,
            sound_ms: None,
            seconds: VecDeque::new(),
        }
    }

    pub(super) fn take(&mut self, now: Timestamp, unit: &Unit) {
        match unit.tag {
            TagKind::Script => return self.take_script(&unit.body),
            TagKind::Video => self.facts.video_codec = unit.codec.or(self.facts.video_codec),
            TagKind::Audio => self.facts.audio_codec = unit.codec.or(self.facts.audio_codec),
        }
        self.count_bytes(now, unit);
        let time = unit.timestamp_ms;
        match unit.kind {
            UnitKind::Header(_) => self.take_header(unit),
            UnitKind::Keyframe | UnitKind::Picture => {
                if unit.kind == UnitKind::Keyframe
                    && let Some(last) = self.keyframe_ms.replace(time)
                {
                    self.facts.keyframe_seconds = Some(f64::from(time.wrapping_sub(last)) / 1000.0);
                }
                self.pictures_ms.push_back(time);
                if self.pictures_ms.len() > RATE_PICTURES {
                    self.pictures_ms.pop_front();
                }
                if let Some(sound) = self.sound_ms {
                    let offset = f64::from(sound.wrapping_sub(time).cast_signed());
                    let known = self.facts.av_offset_ms.unwrap_or(offset);
                    self.facts.av_offset_ms = Some(known + (offset - known) * OFFSET_SHARE);
                }
            }
            UnitKind::Sound => self.sound_ms = Some(time),
            UnitKind::Script | UnitKind::Other => {}
        }
    }

    pub(super) fn facts(&self, now: Timestamp) -> StreamFacts {
        let mut facts = self.facts;
        if let (Some(first), Some(last)) = (self.pictures_ms.front(), self.pictures_ms.back())
            && last != first
        {
            facts.fps = Some((self.pictures_ms.len() - 1) as f64 * 1000.0 / f64::from(last.wrapping_sub(*first)));
        }
        let second = self.second(now);
        // What has stopped has no pace.
        if !self.seconds.iter().any(|(at, [video, _])| *video > 0 && *at >= second - RATE_SECONDS) {
            facts.fps = None;
        }
        // The second that goes on is not whole yet; a stream younger than one has no other.
        let whole = self.seconds.iter().filter(|(at, _)| *at < second && *at >= second - RATE_SECONDS);
        let sum = whole.fold([0; 2], |sum, (_, bytes)| [sum[0] + bytes[0], sum[1] + bytes[1]]);
        let seconds = second.clamp(1, RATE_SECONDS) as f64;
        [facts.video_kbps, facts.audio_kbps] = sum.map(|bytes| bytes as f64 * 8.0 / 1000.0 / seconds);
        facts
    }

    fn second(&self, now: Timestamp) -> i64 {
        now.since(self.started).as_secs().cast_signed()
    }

    fn count_bytes(&mut self, now: Timestamp, unit: &Unit) {
        let second = self.second(now);
        let bytes = unit.body.len() as u64;
        let [video, audio] = if unit.tag == TagKind::Video { [bytes, 0] } else { [0, bytes] };
        match self.seconds.back_mut() {
            Some((at, counts)) if *at == second => *counts = [counts[0] + video, counts[1] + audio],
            _ => self.seconds.push_back((second, [video, audio])),
        }
        while self.seconds.front().is_some_and(|(at, _)| *at < second - RATE_SECONDS) {
            self.seconds.pop_front();
        }
    }

    fn take_header(&mut self, unit: &Unit) {
        if unit.tag != TagKind::Video
            || !matches!(unit.codec, Some(CodecId::Video(7) | CodecId::FourCc([b'a', b'v', b'c', b'1'])))
        {
            return;
        }
        let record = unit.body.get(unit.header_bytes..).and_then(|bytes| read_avcc_record(bytes).ok());
        let sps = record.as_ref().and_then(|record| record.sps.first()).and_then(|sps| read_sps(sps).ok());
        if let Some(sps) = sps {
            self.facts.size = Some((sps.size.width, sps.size.height));
            self.size_is_sure = true;
        }
    }

    fn take_script(&mut self, body: &[u8]) {
        if self.size_is_sure {
            return;
        }
        let number = |name: &str| crate::flv::metadata_number(body, name);
        if let (Some(width), Some(height)) = (number("width"), number("height")) {
            self.facts.size = Some((width as u32, height as u32));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::bitstream::avcc_record;
    use crate::flv::{metadata, video_sequence_header};
    use crate::media::{Bitrate, FrameRate, Size, StreamConfig, VideoConfig};
    use crate::rtmp::MediaKind;

    #[test]
    fn a_stream_is_measured_by_its_own_words_and_times() {
        let start = Timestamp::from_millis(500);
        let mut meter = Meter::new(start);
        for index in 0..150u32 {
            let (now, time) = (start + Duration::from_millis(u64::from(index) * 40), index * 40);
            let first: &[u8] = if index % 50 == 0 { b"\x93hvc1" } else { b"\xA3hvc1" };
            let body = [first, &[0; 1245]].concat();
            meter.take(now, &Unit::media(MediaKind::Audio, time + 20, Bytes::from(vec![0x2F; 100])));
            meter.take(now, &Unit::media(MediaKind::Video, time, body.into()));
        }
        let facts = meter.facts(start + Duration::from_secs(6));
        assert_eq!(facts.fps, Some(25.0));
        assert_eq!(facts.keyframe_seconds, Some(2.0));
        assert_eq!((facts.video_kbps, facts.audio_kbps), (250.0, 20.0));
        assert_eq!(facts.av_offset_ms, Some(20.0));
        assert_eq!(facts.video_codec.unwrap().to_string(), "HEVC");
        assert_eq!(facts.audio_codec.unwrap().to_string(), "MP3");
        assert_eq!(facts.size, None);
        // Half a minute without anything.
        assert_eq!(meter.facts(start + Duration::from_secs(30)).video_kbps, 0.0);
    }

    #[test]
    fn the_size_is_that_of_the_parameter_sets_and_else_of_the_metadata() {
        let mut meter = Meter::new(Timestamp::ZERO);
        let video = VideoConfig {
            size: Size::new(640, 360),
            frame_rate: FrameRate::new(30, 1).unwrap(),
            bitrate: Bitrate::from_kbps(800),
            sps: Bytes::new(),
            pps: Bytes::new(),
        };
        let script = metadata(&StreamConfig { video: Some(video), audio: None }, "Tally");
        meter.take(Timestamp::ZERO, &Unit::script(0, script.clone()));
        assert_eq!(meter.facts(Timestamp::ZERO).size, Some((640, 360)));
        // 320x180, as x264 writes it.
        let sps = b"\x67\x42\xc0\x0d\xda\x05\x06\x7e\x7c\x04\x40\x00\x00\x03\x00\x40\x00\x00\x0f\x03\xc5\x0a\xa8";
        let header = video_sequence_header(&avcc_record(sps, b"\x68\xce\x0f\x2c"));
        meter.take(Timestamp::ZERO, &Unit::media(MediaKind::Video, 0, header));
        let size = meter.facts(Timestamp::ZERO).size;
        meter.take(Timestamp::ZERO, &Unit::script(0, script));
        assert_eq!(meter.facts(Timestamp::ZERO).size, size);
        assert_eq!(size, Some((320, 180)));
    }
}
