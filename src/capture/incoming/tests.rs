//! The receiver in virtual time: real encoders and decoders, a network that is late, no threads.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::feed::{IncomingUnit, Mail};
use super::picture::IncomingPicture;
use super::receiver::{IncomingInfo, Receiver};
use super::sound::IncomingSound;
use super::time_map::Track;
use crate::bitstream::avcc_record;
use crate::capture::{AudioSource as _, SourceEvent, VideoSource as _, test_signal};
use crate::clock::Clock;
use crate::encode::{AudioEncoderSettings, VideoEncoderSettings, open_aac, open_h264};
use crate::media::{AudioChunk, Bitrate, CHUNK_SAMPLES, FrameRate, PacketKind, Picture, Size, Timestamp, held_bytes};
use crate::video::{TestPattern, flash_is_on, read_block_time};

const RATE: u32 = 48_000;

/// A recording of the test signal as a sender would send it: each unit with the second at which it was captured.
struct Sent {
    size: Size,
    headers: [Bytes; 2],
    units: Vec<(f64, Track, Timestamp, bool, Bytes)>,
}

fn sent(size: Size, rate: FrameRate, seconds: i64, sample_rate: u32, channels: u16) -> Sent {
    let bitrate = Bitrate::from_kbps(600);
    let settings = VideoEncoderSettings { size, frame_rate: rate, bitrate, keyframe_seconds: 1.0 };
    let mut video = open_h264(&settings, 1).unwrap();
    let settings = AudioEncoderSettings { sample_rate, channels, bitrate: Bitrate::from_kbps(96) };
    let mut audio = open_aac(&settings).unwrap();
    let (mut pattern, mut picture) = (TestPattern::new(size, rate), Picture::black(size));
    let mut units = Vec::new();
    for index in 0..(seconds as f64 * rate.as_f64()) as i64 {
        let time = rate.frame_time(index);
        pattern.draw(&mut picture, index, time, index.unsigned_abs());
        let packet = video.encode(&picture, time, time, index == 0).unwrap();
        let keyframe = packet.kind == PacketKind::Video { keyframe: true };
        units.push((time.as_secs_f64(), Track::Picture, packet.pts, keyframe, packet.data));
    }
    let mut tone = test_signal::open_audio(sample_rate, channels);
    for index in 0..seconds * i64::from(sample_rate) / CHUNK_SAMPLES as i64 {
        let start = index * CHUNK_SAMPLES as i64;
        let mut samples = vec![0.0; CHUNK_SAMPLES * usize::from(channels)];
        tone.read(start, &mut samples);
        let pts = Timestamp::from_samples(start, sample_rate);
        if let Some(packet) = audio.encode(&AudioChunk { pts, sample_rate, channels, samples }).unwrap() {
            units.push((pts.as_secs_f64(), Track::Sound, packet.pts, true, packet.data));
        }
    }
    units.sort_by(|a, b| a.0.total_cmp(&b.0));
    let config = video.config();
    let headers = [avcc_record(&config.sps, &config.pps), audio.config().audio_specific_config];
    Sent { size, headers, units }
}

/// A show in virtual time that takes its picture and its sound from one stream.
struct Stage {
    clock: Clock,
    info: IncomingInfo,
    receiver: Receiver,
    picture: IncomingPicture,
    sound: IncomingSound,
    now: f64,
    ticks: i64,
    chunks: i64,
    /// Seconds at which the picture turned white, and the tone rose.
    flashes: Vec<f64>,
    beeps: Vec<f64>,
    was_on: bool,
    quiet: usize,
    /// What each tick showed: the number of the picture, if one can be read, and its size.
    shown: Vec<(Option<u32>, Size)>,
    missing: usize,
    events: Vec<SourceEvent>,
}

impl Stage {
    fn new() -> Self {
        let clock = Clock::manual();
        let info = IncomingInfo { name: "phone".to_owned(), address: "rtmp://h/live/phone".to_owned() };
        let mut picture = IncomingPicture::new(info.clone(), Size::new(320, 180), FrameRate::DEFAULT);
        let mut sound = IncomingSound::new(info.clone(), RATE, 2);
        let mut receiver = Receiver::new(clock.clone());
        receiver.handle(Mail::Show(picture.end.clone()));
        receiver.handle(Mail::Play(sound.end.clone()));
        // Nobody sends yet.
        assert_eq!(
            [picture.poll_event(), sound.poll_event()],
            [Some(SourceEvent::Awaited), Some(SourceEvent::Awaited)]
        );
        Self {
            clock,
            info,
            receiver,
            picture,
            sound,
            now: 0.0,
            ticks: 0,
            chunks: 0,
            flashes: Vec::new(),
            beeps: Vec::new(),
            was_on: false,
            quiet: 0,
            shown: Vec::new(),
            missing: 0,
            events: Vec::new(),
        }
    }

    fn unit(&mut self, unit: IncomingUnit) {
        self.receiver.handle(Mail::Unit(unit));
    }

    fn start(&mut self, sent: &Sent) {
        self.unit(IncomingUnit::Started);
        for track in [Track::Picture, Track::Sound] {
            self.unit(IncomingUnit::Header { track, header: sent.headers[track as usize].clone() });
        }
    }

    /// Lets the time pass up to `until`, with the units that arrive by then; `arrivals` are in order.
    fn run(&mut self, until: f64, mut arrivals: Vec<(f64, IncomingUnit)>) {
        arrivals.reverse();
        while self.now < until {
            self.now += 0.005;
            let now = Timestamp::from_nanos((self.now * 1e9) as i64);
            self.clock.advance_to(now);
            while arrivals.last().is_some_and(|(at, _)| *at <= self.now) {
                let (_, unit) = arrivals.pop().unwrap();
                self.unit(unit);
            }
            while self.receiver.pump(now).is_zero() {}
            while FrameRate::DEFAULT.frame_time(self.ticks) <= now {
                self.tick(FrameRate::DEFAULT.frame_time(self.ticks));
                self.ticks += 1;
            }
            while Timestamp::from_samples((self.chunks + 1) * CHUNK_SAMPLES as i64, RATE) <= now {
                self.listen();
                self.chunks += 1;
            }
        }
    }

    fn tick(&mut self, at: Timestamp) {
        let captured = self.picture.picture_at(at).unwrap();
        let is_on = flash_is_on(&captured.picture) == Some(true);
        if is_on && !self.was_on {
            self.flashes.push(at.as_secs_f64());
        }
        self.was_on = is_on;
        self.shown.push((read_block_time(&captured.picture), captured.picture.size()));
        self.events.extend(std::iter::from_fn(|| self.picture.poll_event()));
    }

    fn listen(&mut self) {
        let mut samples = vec![0.0; 2 * CHUNK_SAMPLES];
        let start = self.chunks * CHUNK_SAMPLES as i64;
        self.missing += self.sound.read(start, &mut samples).missing;
        for (index, sample) in (start..).zip(samples.iter().step_by(2)) {
            match sample.abs() > 0.25 {
                true => {
                    if self.quiet > RATE as usize / 5 {
                        self.beeps.push(index as f64 / f64::from(RATE));
                    }
                    self.quiet = 0;
                }
                false => self.quiet += 1,
            }
        }
    }

    /// For each flash from `from` on, by how many seconds its beep was later.
    fn offsets(&self, from: f64) -> Vec<f64> {
        let flashes = self.flashes.iter().filter(|at| **at >= from);
        let nearest =
            |flash: &f64| self.beeps.iter().map(|beep| beep - flash).min_by(|a, b| a.abs().total_cmp(&b.abs()));
        flashes.filter_map(nearest).filter(|offset| offset.abs() < 0.45).collect()
    }

    fn check_offsets(&self, from: f64, least: usize) {
        let offsets = self.offsets(from);
        assert!(offsets.len() >= least, "flashes {:?}, beeps {:?}", self.flashes, self.beeps);
        assert!(offsets.iter().all(|offset| offset.abs() < 0.020), "{offsets:?}");
    }
}

/// The units on their way: captured from `begins` on by the program's clock, `lateness(second, number)` late, stamped
/// from `zero` on by a clock that runs `ppm` fast.
fn arrivals(
    sent: &Sent,
    begins: f64,
    zero: f64,
    ppm: f64,
    lateness: impl Fn(f64, usize) -> f64,
) -> Vec<(f64, IncomingUnit)> {
    let mut last = 0.0_f64;
    let units = sent.units.iter().enumerate().map(|(number, (captured, track, pts, keyframe, data))| {
        last = last.max(begins + captured / (1.0 + ppm * 1e-6) + lateness(*captured, number));
        // Whole milliseconds, as RTMP has them.
        let time = Timestamp::from_millis(((zero + pts.as_secs_f64()) * 1000.0).round() as i64);
        let arrived_at = Timestamp::from_nanos((last * 1e9) as i64);
        let (track, keyframe, data) = (*track, *keyframe, data.clone());
        (last, IncomingUnit::Coded { track, dts: time, pts: time, keyframe, data, arrived_at })
    });
    units.collect()
}

fn jitter(_: f64, number: usize) -> f64 {
    0.004 + (number * 7919 % 31) as f64 * 0.001
}

const SMALL: Size = Size::new(320, 180);

#[test]
fn picture_and_sound_come_together_and_whole() {
    let sent = sent(SMALL, FrameRate::DEFAULT, 12, RATE, 2);
    for (ppm, begins) in [(0.0, 1.0), (200.0, 1.013), (-200.0, 1.027)] {
        let mut stage = Stage::new();
        stage.start(&sent);
        stage.run(12.0, arrivals(&sent, begins, 500.0, ppm, jitter));
        stage.check_offsets(0.0, 9);
        let numbers: Vec<_> = stage.shown.iter().filter_map(|(number, _)| *number).collect();
        let steps: Vec<_> = numbers.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
        // Black at first; then each picture once.
        let first = steps.iter().position(|step| *step == 1).unwrap();
        assert!(steps[first..].iter().all(|step| *step == 1), "{ppm}: {steps:?}");
        assert_eq!((stage.missing, &stage.events[..]), (0, &[SourceEvent::Restored][..]), "{ppm}");
    }
}

#[test]
fn a_burst_tears_a_hole_and_the_rest_is_in_its_place() {
    let sent = sent(SMALL, FrameRate::DEFAULT, 12, 44_100, 1);
    let mut stage = Stage::new();
    stage.start(&sent);
    // Nothing for a second and a half, then all of it at once.
    let stall = |at: f64, number| if (4.0..5.5).contains(&at) { 5.5 - at } else { jitter(at, number) };
    stage.run(12.0, arrivals(&sent, 1.0, 0.0, 0.0, stall));
    stage.check_offsets(0.0, 7);
    let late = stage.flashes.iter().filter(|at| (**at - 1.27).fract().min(1.0 - (**at - 1.27).fract()) > 0.06);
    assert!(late.count() <= 1, "{:?}", stage.flashes);
    assert!((8..14).contains(&stage.beeps.len()), "{:?}", stage.beeps);
}

#[test]
fn a_sender_that_comes_back_with_another_picture_is_taken_up() {
    let (first, second) =
        (sent(SMALL, FrameRate::DEFAULT, 5, RATE, 2), sent(Size::new(640, 360), "25".parse().unwrap(), 6, 44_100, 1));
    let mut stage = Stage::new();
    stage.start(&first);
    stage.run(4.0, arrivals(&first, 1.0, 90_000.0, 0.0, jitter).into_iter().filter(|(at, _)| *at < 3.9).collect());
    stage.unit(IncomingUnit::Ended { reason: "the connection was closed".to_owned() });
    stage.run(7.0, Vec::new());
    let closed = || SourceEvent::Ended { reason: "the connection was closed".to_owned() };
    assert_eq!(stage.events, [SourceEvent::Restored, closed()]);
    // A source that is opened while nobody sends is told so.
    let mut late = IncomingPicture::new(stage.info.clone(), SMALL, FrameRate::DEFAULT);
    stage.receiver.handle(Mail::Show(late.end.clone()));
    assert_eq!(late.poll_event(), Some(SourceEvent::Awaited));
    stage.receiver.handle(Mail::Show(stage.picture.end.clone()));
    // The last picture stays.
    assert_eq!(stage.shown.last().unwrap().1, first.size);
    stage.start(&second);
    stage.run(13.0, arrivals(&second, 7.2, 3.0, 0.0, jitter));
    assert_eq!(stage.events.last(), Some(&SourceEvent::Restored));
    assert_eq!(stage.shown.last().unwrap().1, second.size);
    stage.check_offsets(7.0, 4);
}

#[test]
fn times_that_jump_stall_nothing() {
    let sent = sent(SMALL, FrameRate::DEFAULT, 12, RATE, 2);
    for jump in [-3000.0, 3000.0, 1.5, -1.5] {
        let mut stage = Stage::new();
        stage.start(&sent);
        let mut units = arrivals(&sent, 1.0, 4000.0, 0.0, jitter);
        for (at, unit) in &mut units {
            if let IncomingUnit::Coded { dts, pts, .. } = unit
                && *at > 5.0
            {
                for time in [dts, pts] {
                    *time = Timestamp::from_nanos(time.as_nanos() + (jump * 1e9) as i64);
                }
            }
        }
        stage.run(13.0, units);
        stage.check_offsets(9.5, 3);
        let numbers: Vec<_> = stage.shown.iter().filter_map(|(number, _)| *number).collect();
        assert!(numbers.last() > Some(&330), "{jump}: {:?}", numbers.last());
    }
}

#[test]
fn what_cannot_be_decoded_is_told_once_and_something_else_is_taken() {
    let sent = sent(SMALL, FrameRate::DEFAULT, 3, RATE, 2);
    let mut stage = Stage::new();
    let refused = IncomingUnit::Refused { track: Track::Picture, reason: "its picture is HEVC".to_owned() };
    for _ in 0..3 {
        stage.unit(IncomingUnit::Started);
        stage.unit(refused.clone());
    }
    stage.run(1.0, Vec::new());
    assert_eq!(stage.events, [SourceEvent::Refused { reason: "its picture is HEVC".to_owned() }]);
    // A source that is opened while it is so is told too.
    stage.picture = IncomingPicture::new(stage.info.clone(), SMALL, FrameRate::DEFAULT);
    let end = stage.picture.end.clone();
    stage.receiver.handle(Mail::Show(end));
    stage.run(1.1, Vec::new());
    assert_eq!(stage.events.len(), 2, "{:?}", stage.events);
    stage.start(&sent);
    stage.run(4.0, arrivals(&sent, 1.2, 0.0, 0.0, jitter));
    assert_eq!(stage.events.last(), Some(&SourceEvent::Restored));
    // Interlaced, 4:4:4 and the like: the decoder says why not.
    let mut broken = Stage::new();
    broken.start(&Sent {
        headers: [Bytes::from_static(&[1, 66, 0, 30]), Bytes::new()],
        size: SMALL,
        units: Vec::new(),
    });
    broken.run(3.0, arrivals(&sent, 0.2, 0.0, 0.0, jitter));
    assert!(matches!(&broken.events[..], [SourceEvent::Refused { .. }]), "{:?}", broken.events);
}

#[test]
fn a_stream_that_falls_silent_is_told() {
    let sent = sent(SMALL, FrameRate::DEFAULT, 6, RATE, 2);
    let mut stage = Stage::new();
    stage.start(&sent);
    let pause = |at: f64, number| if at < 2.0 { jitter(at, number) } else { 4.0 };
    stage.run(12.0, arrivals(&sent, 0.5, 0.0, 0.0, pause));
    let silent = SourceEvent::Stalled { silent_for: Duration::from_secs(3) };
    let wanted = [SourceEvent::Restored, silent, SourceEvent::Restored];
    assert_eq!(stage.events, wanted);
}

/// A body of so many bytes that counts how often it is held.
fn counted(held: &Arc<()>, bytes: usize) -> Bytes {
    held_bytes(held, vec![0; bytes].into())
}

#[test]
fn headers_without_pictures_or_sound_do_not_pile_up() {
    for track in [Track::Picture, Track::Sound] {
        let (mut stage, held) = (Stage::new(), Arc::new(()));
        stage.unit(IncomingUnit::Started);
        for _ in 0..2000 {
            stage.unit(IncomingUnit::Header { track, header: counted(&held, 8) });
            stage.run(stage.now + 0.005, Vec::new());
        }
        assert_eq!(Arc::strong_count(&held) - 1, 1, "{track:?}");
    }
}

#[test]
fn what_waits_for_its_time_is_bounded_in_bytes() {
    let sent = sent(SMALL, FrameRate::DEFAULT, 1, RATE, 2);
    for track in [Track::Picture, Track::Sound] {
        let (mut stage, held, mut most) = (Stage::new(), Arc::new(()), 0);
        stage.start(&sent);
        // The time is not settled in the first moment, and nothing is decoded.
        for index in 0..200 {
            let time = Timestamp::from_millis(index);
            let (dts, pts, arrived_at) = (time, time, Timestamp::ZERO);
            stage.unit(IncomingUnit::Header { track, header: counted(&held, 64 << 10) });
            let data = counted(&held, 1 << 20);
            stage.unit(IncomingUnit::Coded { track, dts, pts, keyframe: true, data, arrived_at });
            most = most.max(Arc::strong_count(&held) - 1);
        }
        // A unit and a header each mebibyte.
        let bound = if track == Track::Picture { 2 * 32 } else { 2 * 8 };
        assert!((bound / 2..bound).contains(&most), "{track:?}: {most}");
    }
}
