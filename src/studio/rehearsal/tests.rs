//! Streams of known figures through the meter.

use bytes::Bytes;

use super::*;
use crate::bitstream::avcc_record;
use crate::clock::Clock;
use crate::encode::{AudioEncoderSettings, VideoEncoderSettings, open_aac, open_h264};
use crate::flv::{TagKind, audio_sequence_header, audio_tag_header, video_sequence_header, video_tag_header};
use crate::ingest::{IngestMedia, IngestTap};
use crate::media::{AudioChunk, Bitrate, CHUNK_SAMPLES, FrameRate, Picture, Size, Timestamp};
use crate::rtmp::MediaKind;
use crate::settings::ShowSettings;
use crate::settings::catalogue::SERVICES;
use crate::settings::contract::Rule;
use crate::video::TestPattern;

const SIZE: Size = Size::new(320, 192);
const RATE: u32 = 48_000;

/// A message, by its time in milliseconds.
struct Message {
    timestamp_ms: u32,
    kind: MediaKind,
    body: Bytes,
}

impl Message {
    fn copy(&self) -> Self {
        Self { timestamp_ms: self.timestamp_ms, kind: self.kind, body: self.body.clone() }
    }
}

fn pictures(seconds: i64, keyframe_seconds: f64) -> Vec<Message> {
    pictures_at(FrameRate::DEFAULT, seconds, keyframe_seconds)
}

fn pictures_at(frame_rate: FrameRate, seconds: i64, keyframe_seconds: f64) -> Vec<Message> {
    let bitrate = Bitrate::from_kbps(800);
    let settings = VideoEncoderSettings { size: SIZE, frame_rate, bitrate, keyframe_seconds };
    let mut encoder = open_h264(&settings, 1).unwrap();
    let config = encoder.config();
    let header = video_sequence_header(&avcc_record(&config.sps, &config.pps));
    let mut messages = vec![Message { timestamp_ms: 0, kind: MediaKind::Video, body: header }];
    let mut pattern = TestPattern::new(SIZE, frame_rate);
    let mut picture = Picture::black(SIZE);
    for index in 0.. {
        let at = frame_rate.frame_time(index);
        if at >= Timestamp::from_millis(seconds * 1000) {
            break;
        }
        pattern.draw(&mut picture, index, at, 1_700_000_000_000 + at.as_millis() as u64);
        let packet = encoder.encode(&picture, at, at, false).unwrap();
        let head = video_tag_header(packet.is_keyframe(), 0);
        let body = [&head[..], &packet.data].concat().into();
        messages.push(Message { timestamp_ms: at.as_millis() as u32, kind: MediaKind::Video, body });
    }
    messages
}

/// `sample` gives the sound at a sample's index; it is stamped `late_ms` too late.
fn sound(seconds: i64, late_ms: i64, sample: impl Fn(i64) -> f32) -> Vec<Message> {
    let bitrate = Bitrate::from_kbps(128);
    let mut encoder = open_aac(&AudioEncoderSettings { sample_rate: RATE, channels: 2, bitrate }).unwrap();
    let header = audio_sequence_header(&encoder.config().audio_specific_config);
    let mut messages = vec![Message { timestamp_ms: 0, kind: MediaKind::Audio, body: header }];
    for chunk in 0..seconds * i64::from(RATE) / CHUNK_SAMPLES as i64 {
        let start = chunk * CHUNK_SAMPLES as i64;
        let samples = (start..start + CHUNK_SAMPLES as i64).flat_map(|i| [sample(i); 2]).collect();
        let chunk = AudioChunk { pts: Timestamp::from_samples(start, RATE), sample_rate: RATE, channels: 2, samples };
        let Some(packet) = encoder.encode(&chunk).unwrap() else { continue };
        let at = packet.pts.as_millis() + late_ms;
        if let Ok(timestamp_ms) = u32::try_from(at) {
            let body = [&audio_tag_header()[..], &packet.data].concat().into();
            messages.push(Message { timestamp_ms, kind: MediaKind::Audio, body });
        }
    }
    messages
}

/// The test tone, made once.
fn beeps() -> impl Fn(i64) -> f32 {
    let mut second = vec![0.0; RATE as usize];
    crate::capture::test_signal::open_audio(RATE, 1).read(0, &mut second);
    move |index| second[index.rem_euclid(i64::from(RATE)) as usize]
}

fn pass(tap: &IngestTap, message: &Message) {
    let kind = match message.kind {
        MediaKind::Video => TagKind::Video,
        MediaKind::Audio => TagKind::Audio,
    };
    let (timestamp_ms, payload) = (message.timestamp_ms, message.body.clone());
    let arrived_at = Timestamp::ZERO;
    tap(&IngestMedia { app: "live", name: "rehearsal", kind, timestamp_ms, payload, arrived_at });
}

fn is_header(message: &Message) -> bool {
    message.body[1] == 0
}

/// Passes all messages in the order of their times; captured `latency_ms` before the clock's time.
fn measure(mut messages: Vec<Message>, latency_ms: i64) -> RehearsalReport {
    let clock = Clock::manual();
    let now = Timestamp::from_millis(100_000);
    clock.advance_to(now);
    let meter = RehearsalMeter::start(clock, None).unwrap();
    let (tap, sent) = (meter.tap(), meter.sent());
    messages.sort_by_key(|message| message.timestamp_ms);
    let real = Clock::system();
    for message in &messages {
        if !is_header(message) {
            sent.sent(message.kind, message.timestamp_ms, Timestamp::from_millis(100_000 - latency_ms));
        }
        pass(&tap, message);
        // As fast as the meter follows, so that nothing is skipped.
        while meter.behind() > 100 {
            real.sleep_until(real.now() + std::time::Duration::from_millis(2), std::time::Duration::from_secs(1));
        }
    }
    meter.finish()
}

fn offset_of(late_ms: i64) -> f64 {
    offset_at(FrameRate::DEFAULT, late_ms)
}

fn offset_at(frame_rate: FrameRate, late_ms: i64) -> f64 {
    let mut messages = pictures_at(frame_rate, 6, 2.0);
    messages.extend(sound(6, late_ms, beeps()));
    measure(messages, 20).av_offset_ms.unwrap()
}

#[test]
fn rates_that_do_not_divide_a_second_move_no_sound() {
    for rate in ["12.5", "8.333", "29.97", "23.976", "7"] {
        for late_ms in [0, 45, -60] {
            let offset = offset_at(rate.parse().unwrap(), late_ms);
            assert!((offset - late_ms as f64).abs() <= 3.0, "{offset} for {late_ms} at {rate}");
        }
    }
}

#[test]
fn the_offset_of_sound_is_found_both_ways() {
    for late_ms in [0, 80, -60] {
        let offset = offset_of(late_ms);
        assert!((offset - late_ms as f64).abs() <= 3.0, "{offset} for {late_ms}");
    }
}

#[test]
fn a_good_show_has_true_figures_and_is_called_good() {
    let mut messages = pictures(7, 2.0);
    messages.extend(sound(7, 0, beeps()));
    let bytes: usize =
        messages.iter().filter(|m| m.kind == MediaKind::Video && !is_header(m)).map(|m| m.body.len() - 5).sum();
    let report = measure(messages, 20);
    assert_eq!((report.frames_sent, report.frames_received), (210, 210));
    assert_eq!(report.keyframe_intervals, [2.0, 2.0, 2.0]);
    assert_eq!(report.keyframe_seconds, Some(2.0));
    let kbps = bytes as f64 * 8.0 / 7000.0;
    assert!((report.video_kbps - kbps).abs() < kbps * 0.001, "{} for {kbps}", report.video_kbps);
    assert_eq!((report.latency_ms_median, report.latency_ms_p99), (Some(20.0), Some(20.0)));
    let verdict = report.verdict.to_string();
    assert!(verdict.starts_with("Good: all 210 pictures arrived, a keyframe every 2.0 s"), "{verdict}");
}

#[test]
fn the_loudness_of_the_reference_tone_is_found() {
    // EBU Tech 3341, case 1: a stereo sine of 1 kHz at −23 dBFS is −23 LUFS.
    let amplitude = 10f64.powf(-23.0 / 20.0);
    let tone = move |i: i64| {
        (amplitude * (i.rem_euclid(48_000) as f64 * 1000.0 * std::f64::consts::TAU / 48_000.0).sin()) as f32
    };
    let report = measure(sound(10, 0, tone), 0);
    assert!((report.lufs.unwrap() + 23.0).abs() <= 0.2, "{:?}", report.lufs);
    assert!((report.true_peak_dbtp.unwrap() + 23.0).abs() <= 0.3, "{:?}", report.true_peak_dbtp);
}

#[test]
fn without_marks_the_offset_is_that_of_capture_and_timestamp() {
    let meter = RehearsalMeter::start(Clock::manual(), None).unwrap();
    let sent = meter.sent();
    for index in 0..100u32 {
        let at = Timestamp::from_millis(i64::from(index) * 33);
        sent.sent(MediaKind::Video, index * 33 + 500, at);
        sent.sent(MediaKind::Audio, index * 33 + 525, at);
    }
    assert_eq!(meter.finish().av_offset_ms, Some(25.0));
}

#[test]
fn what_is_wrong_is_said() {
    let mut messages = pictures(6, 5.0);
    messages.remove(40);
    let clock = Clock::manual();
    let meter = RehearsalMeter::start(clock, None).unwrap();
    let (tap, sent) = (meter.tap(), meter.sent());
    for frame in 0..180u32 {
        sent.sent(MediaKind::Video, frame, Timestamp::ZERO);
    }
    for message in &messages {
        pass(&tap, message);
    }
    let verdict = meter.finish().verdict.to_string();
    for words in ["1 of 180 pictures did not arrive", "up to 5.0 s apart", "no sound"] {
        assert!(verdict.contains(words), "{verdict}");
    }
    let nothing = RehearsalMeter::start(Clock::manual(), None).unwrap().finish();
    assert_eq!(nothing.verdict.to_string(), "Not good: nothing arrived.");
}

#[test]
fn a_full_queue_skips_to_the_next_keyframe_and_still_counts() {
    let messages = pictures(20, 1.0);
    let meter = RehearsalMeter::start(Clock::manual(), None).unwrap();
    let tap = meter.tap();
    for message in &messages {
        pass(&tap, message);
    }
    let report = meter.finish();
    assert_eq!(report.frames_received, 600);
    assert_eq!(report.keyframe_intervals, [1.0; 19]);
    assert!(!report.verdict.to_string().contains("cannot show"), "{}", report.verdict);
}

#[test]
fn a_computer_that_does_not_keep_up_is_told() {
    let mut messages = pictures(4, 2.0);
    messages.extend(sound(4, 0, beeps()));
    let report = measure(messages, 20);
    let told = |left_out| report.clone().with_left_out(left_out, 600).verdict.to_string();
    assert_eq!(told(6), report.verdict.to_string(), "a busy moment");
    assert!(told(6).starts_with("Good"));
    assert_eq!(told(318), "Not good: 318 of 600 pictures were left out, this computer does not keep up.");
}

#[test]
fn timestamps_wrap() {
    let mut unwrap = super::arrival::Unwrap::default();
    let read: Vec<i64> = [u32::MAX - 10, u32::MAX, 5, 2, 40].map(|ms| unwrap.extend(ms)).into();
    let first = i64::from(u32::MAX) - 10;
    assert_eq!(read, [0, 10, 16, 13, 51].map(|ms| first + ms));
}

#[test]
fn an_added_delay_is_found() {
    let mut messages = pictures(4, 2.0);
    messages.extend(sound(4, 0, beeps()));
    for latency_ms in [5, 200] {
        let report = measure(messages.iter().map(Message::copy).collect(), latency_ms);
        assert_eq!(report.latency_ms_median, Some(latency_ms as f64));
        assert_eq!(report.latency_ms_p99, Some(latency_ms as f64));
    }
}

#[test]
fn the_stream_is_told_in_the_terms_of_the_settings() {
    let mut messages = pictures(11, 5.0);
    messages.extend(sound(11, 0, beeps()));
    let report = measure(messages, 20);
    let stream = report.stream;
    assert_eq!((stream.size, stream.sound), (Some(SIZE), Some((RATE, 2))));
    assert!((stream.fps.unwrap() - 30.0).abs() < 0.01, "{stream:?}");
    assert!((stream.audio_kbps - 128.0).abs() < 8.0, "{stream:?}");
    assert_eq!(stream.keyframe_seconds_max, Some(5.0));
    assert_eq!(report.kbps_by_second.len(), 10);
    let mean = report.kbps_by_second.iter().map(|[video, _]| video).sum::<f64>() / 10.0;
    assert!((mean - report.video_kbps).abs() < 40.0, "{mean} and {}", report.video_kbps);

    // Held against a show to a service that wants a keyframe every four seconds at most.
    let service = SERVICES.iter().find(|service| service.id == "youtube").unwrap();
    let mut chosen = ShowSettings { destinations: vec![service.destination()], ..ShowSettings::default() };
    chosen.encoding.keyframe_seconds = 2.0;
    chosen.encoding.size = SIZE;
    chosen.encoding.video_bitrate = Bitrate::from_kbps(800);
    let held = report.clone().held_against(&chosen);
    assert_eq!(held.keyframes_as_chosen, 0, "two seconds were chosen");
    assert!(held.findings.iter().any(|finding| finding.rule == Rule::KeyframeTooLong), "{:?}", held.findings);
    // What nobody measured is not held against it: there is no key.
    assert!(held.findings.iter().all(|finding| finding.rule != Rule::KeyMissing));
    chosen.encoding.keyframe_seconds = 5.0;
    let held = report.held_against(&chosen);
    assert_eq!((held.keyframes_as_chosen, held.keyframe_intervals.len()), (2, 2));
    let text = held.to_text("2026-11-26 10:00:00", &["YouTube wants it otherwise.".to_owned()]);
    for part in
        ["rehearsal of 2026-11-26", "- YouTube wants", "2 of 2 as chosen", "Rate by second", "320x192, 30.00 fps"]
    {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}
