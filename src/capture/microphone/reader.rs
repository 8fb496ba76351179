//! The audio thread's side of a microphone: puts each sample at its place on the program timeline.
//!
//! Sound captured at `t` is handed out as the program's sample of `t + latency`. The drift servo says which device
//! frame that is, the resampler reads there a little faster or slower, and what has not come in time is silence
//! that is dropped again when it does come: the place of everything after it stays right. The sound of incoming
//! streams is read the same way, from feeds whose stamps already say where on the timeline it belongs.

use std::time::Duration;

use super::feed::{Feed, Stamp};
use crate::audio::{DriftResampler, DriftServo, ramp_gain};
use crate::capture::AudioRead;
use crate::flow::Latest;
use crate::media::Timestamp;

/// The servo's word is good after watching for so long.
const WATCH_SECS: f64 = 0.1;
/// A reader further from its place than this jumps there: gliding would take too long.
const GAP_SECS_MAX: f64 = 0.030;
/// When so much is owed, the device is not late but gone: find the place anew when it is back.
const OWED_SECS_MAX: f64 = 0.25;

/// A window of chunks of which too many had holes: the latency that was measured at the start is too short for this
/// device (a wireless one that started late), and later sound is better than torn sound.
const WINDOW_CHUNKS: u32 = 100;
const TORN_CHUNKS_MAX: u32 = 5;
const SLACK_STEP: Duration = Duration::from_millis(20);
const SLACK_MAX: Duration = Duration::from_millis(400);

/// Reads one microphone, through all the devices it is opened on in turn.
#[derive(Debug)]
pub(in crate::capture) struct Reader {
    sample_rate: u32,
    channels: u16,
    latency: Duration,
    feeds: Latest<Feed>,
    open: Option<Open>,
    was_placed: bool,
    /// How much later than first thought the sound is read, where that was too short.
    slack: Duration,
    /// Whether the feeds' stamps are final: then nothing is read later than they say, and nothing before it is there.
    is_placed: bool,
    window: u32,
    torn: u32,
}

#[derive(Debug)]
struct Open {
    feed: Feed,
    servo: DriftServo,
    resampler: DriftResampler,
    /// The device frame that is next in the ring.
    next_in_ring: u64,
    /// The device frame that was fed to the resampler first, once a place is found.
    base: Option<i64>,
    /// Silent frames fed in place of device frames that had not come: they are dropped when they do.
    owed: u64,
    /// Silent frames to feed before the ring's next one: they were dropped long ago.
    gone: u64,
    overrun: u64,
    last_stamp: Stamp,
    /// Callbacks came since the read before.
    flows: bool,
}

impl Reader {
    pub(in crate::capture) fn new(sample_rate: u32, channels: u16, latency: Duration, feeds: Latest<Feed>) -> Self {
        Self {
            sample_rate,
            channels,
            latency,
            feeds,
            open: None,
            was_placed: false,
            slack: Duration::ZERO,
            is_placed: false,
            window: 0,
            torn: 0,
        }
    }

    /// A reader of sound whose feeds' stamps say when it is to be heard.
    pub(in crate::capture) fn of_placed(sample_rate: u32, channels: u16, feeds: Latest<Feed>) -> Self {
        Self { is_placed: true, ..Self::new(sample_rate, channels, Duration::ZERO, feeds) }
    }

    pub(in crate::capture) fn latency(&self) -> Duration {
        self.latency + self.slack
    }

    pub(in crate::capture) fn has_begun(&self) -> bool {
        self.was_placed
    }

    pub(in crate::capture) fn drift_ppm(&self) -> Option<f64> {
        self.open.as_ref().and_then(|open| open.servo.drift_ppm())
    }

    /// See `AudioSource::read`. Silence before the device has ever delivered is not missing: it starts.
    pub(in crate::capture) fn read(&mut self, start: i64, out: &mut [f32]) -> AudioRead {
        let frames = out.len() / usize::from(self.channels);
        if let Some(feed) = self.feeds.take() {
            self.open = Open::new(feed, self.sample_rate, self.channels);
        }
        let shown = Timestamp::from_samples(start, self.sample_rate) - self.latency();
        let (is_placed, channels) = (self.is_placed, self.channels);
        let missing = self.open.as_mut().and_then(|open| {
            let begins = !is_placed || open.has_begun(shown, frames, channels);
            begins.then(|| open.read(shown, channels, out)).flatten()
        });
        let Some(missing) = missing else {
            out.fill(0.0);
            // A place that is always later than the newest sound is a latency too short.
            self.loosen(true);
            return AudioRead { missing: if self.was_placed && !self.is_placed { frames } else { 0 } };
        };
        // The first sound of a stream seldom begins with a chunk.
        let missing = if self.is_placed && !self.was_placed { 0 } else { missing };
        self.was_placed = true;
        self.loosen(missing > 0);
        AudioRead { missing: missing.min(frames) }
    }

    /// Reads later from now on if too many chunks were torn.
    fn loosen(&mut self, torn: bool) {
        // While the device is silent or has just begun, nothing can be learned.
        let Some(open) = &mut self.open else { return };
        if self.is_placed || !open.flows || open.servo.watched_secs() < 3.0 * WATCH_SECS {
            return;
        }
        self.window += 1;
        self.torn += u32::from(torn);
        if self.torn > TORN_CHUNKS_MAX && self.slack < SLACK_MAX {
            self.slack += SLACK_STEP;
            tracing::warn!(slack_ms = self.slack.as_millis(), "the microphone is later than it said; read later");
            open.base = None;
            self.window = WINDOW_CHUNKS;
        }
        if self.window >= WINDOW_CHUNKS {
            self.window = 0;
            self.torn = 0;
        }
    }
}

impl Open {
    fn new(feed: Feed, sample_rate: u32, channels: u16) -> Option<Self> {
        let resampler = DriftResampler::new(feed.rate, sample_rate, channels).ok()?;
        let servo = DriftServo::new(feed.rate);
        Some(Self {
            feed,
            servo,
            resampler,
            next_in_ring: 0,
            base: None,
            owed: 0,
            gone: 0,
            overrun: 0,
            last_stamp: Stamp::default(),
            flows: false,
        })
    }

    /// Fills `out`, whose first sample shows what was captured at `shown`. Gives the missing frames; `None` while
    /// no place is known.
    fn read(&mut self, shown: Timestamp, channels: u16, out: &mut [f32]) -> Option<usize> {
        self.watch(channels);
        let rate = f64::from(self.feed.rate);
        if let Some(base) = self.base {
            let gap = self.servo.frame_at(shown).map_or(0.0, |wanted| wanted - base as f64 - self.resampler.position());
            if gap.abs() > GAP_SECS_MAX * rate || self.owed as f64 > OWED_SECS_MAX * rate {
                self.base = None;
            }
        }
        let placed_now = self.base.is_none();
        if placed_now {
            self.place(shown, channels)?;
        }
        let base = self.base?;
        let ppm = self.servo.speed_ppm(shown, base as f64 + self.resampler.position());
        let Self { feed, owed, gone, next_in_ring, .. } = self;
        let ring = &mut feed.ring;
        let width = usize::from(channels);
        let mut missing = 0;
        self.resampler.process(ppm, out, |input| {
            let silent = usize::try_from(*gone).unwrap_or(usize::MAX).min(input.len() / width);
            let (before, input) = input.split_at_mut(silent * width);
            before.fill(0.0);
            *gone -= silent as u64;
            discard(ring, owed, next_in_ring, width);
            let read = if *owed == 0 { ring.read(input) / width } else { 0 };
            *next_in_ring += read as u64;
            input[read * width..].fill(0.0);
            let late = input.len() / width - read;
            *owed += late as u64;
            missing += silent + late;
        });
        if placed_now {
            // Sound that begins in the middle of a wave clicks.
            ramp_gain(out, channels, 0.0, 1.0);
        }
        Some((missing as f64 * self.resampler.nominal_ratio()).round() as usize)
    }

    /// Whether some of the `frames` shown from `shown` on are in the ring, or were.
    fn has_begun(&mut self, shown: Timestamp, frames: usize, channels: u16) -> bool {
        if self.base.is_some() {
            return true;
        }
        self.watch(channels);
        let length = frames as f64 / self.resampler.nominal_ratio();
        self.servo.frame_at(shown).is_some_and(|frame| frame + length > self.next_in_ring as f64)
    }

    /// Tells the servo what the callbacks said.
    fn watch(&mut self, channels: u16) {
        let overrun = self.feed.ring.overrun();
        if overrun != self.overrun {
            // Frames were lost between those in the ring and those to come: start anew behind the hole.
            self.overrun = overrun;
            self.base = None;
            self.servo.reset();
            let mut all = u64::MAX;
            discard(&mut self.feed.ring, &mut all, &mut self.next_in_ring, usize::from(channels));
        }
        self.flows = false;
        let Some(stamp) = self.feed.stamp() else { return };
        if stamp != self.last_stamp {
            self.last_stamp = stamp;
            self.flows = true;
            if !self.servo.observe(stamp.captured_at, stamp.frames) {
                self.base = None;
            }
        }
    }

    /// Finds the place of `shown` in the ring and goes there.
    fn place(&mut self, shown: Timestamp, channels: u16) -> Option<()> {
        if self.servo.watched_secs() < WATCH_SECS {
            return None;
        }
        let base = (self.servo.frame_at(shown)? + DriftResampler::LOOK_AHEAD).round() as i64;
        // Nothing to read there: the device has not come back, or starts later than the place.
        if base >= i64::try_from(self.last_stamp.frames).unwrap_or(i64::MAX) {
            return None;
        }
        self.resampler.reset();
        let next = i64::try_from(self.next_in_ring).unwrap_or(i64::MAX);
        let mut behind = u64::try_from(base - next).unwrap_or(0);
        discard(&mut self.feed.ring, &mut behind, &mut self.next_in_ring, usize::from(channels));
        self.owed = behind;
        self.gone = u64::try_from(next - base).unwrap_or(0);
        self.base = Some(base);
        Some(())
    }
}

/// Drops up to `frames` frames from the ring, as far as they are there.
fn discard(ring: &mut crate::flow::RingReader, frames: &mut u64, next_in_ring: &mut u64, width: usize) {
    let mut scratch = [0.0f32; 512];
    while *frames > 0 {
        let want = usize::try_from(*frames).unwrap_or(usize::MAX).saturating_mul(width).min(scratch.len());
        let got = ring.read(&mut scratch[..want]) / width;
        if got == 0 {
            break;
        }
        *frames -= got as u64;
        *next_in_ring += got as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::microphone::simulated::SimulatedCard;
    use crate::clock::Clock;
    use crate::media::CHUNK_SAMPLES;

    const RATE: u32 = 48_000;

    /// A card whose sample value is the time of its capture in seconds (plus one), so that places can be read off.
    fn open_card(clock: &Clock, feeds: &Latest<Feed>, ppm: f64, age: f64) -> SimulatedCard {
        SimulatedCard::open(clock, feeds, RATE, ppm, age, |time| (time + 1.0) as f32)
    }

    fn chunk(reader: &mut Reader, index: i64) -> (Vec<f32>, usize) {
        let mut out = vec![9.0; CHUNK_SAMPLES];
        let read = reader.read(index * CHUNK_SAMPLES as i64, &mut out);
        (out, read.missing)
    }

    fn chunk_end(index: i64) -> f64 {
        ((index + 1) * CHUNK_SAMPLES as i64) as f64 / f64::from(RATE)
    }

    #[test]
    fn sound_stands_at_its_capture_time_plus_the_latency() {
        for (ppm, age) in [(0.0, 0.0), (200.0, 0.004), (-200.0, 0.012)] {
            let clock = Clock::manual();
            let feeds = Latest::new();
            let mut device = open_card(&clock, &feeds, ppm, age);
            let mut reader = Reader::new(RATE, 1, Duration::from_millis(50), feeds);
            let mut heard = 0;
            for index in 0..1500 {
                device.run(&clock, chunk_end(index));
                let (out, missing) = chunk(&mut reader, index);
                assert_eq!(missing, 0, "{ppm} ppm, chunk {index}");
                if index < 12 {
                    continue;
                }
                heard += 1;
                for (i, sample) in out.iter().enumerate().step_by(100) {
                    let place = (index as f64 * 1024.0 + i as f64) / f64::from(RATE) - 0.050;
                    let error = f64::from(*sample) - 1.0 - place;
                    assert!(error.abs() < 0.002, "{ppm} ppm, chunk {index}: {error}");
                }
            }
            assert_eq!(heard, 1488);
            assert!((reader.drift_ppm().unwrap() - ppm).abs() < 10.0, "{:?}", reader.drift_ppm());
        }
    }

    #[test]
    fn late_sound_is_silence_and_what_follows_keeps_its_place() {
        let clock = Clock::manual();
        let feeds = Latest::new();
        let mut device = open_card(&clock, &feeds, 0.0, 0.0);
        let mut reader = Reader::new(RATE, 1, Duration::from_millis(40), feeds);
        let mut missing_all = 0;
        for index in 0..200 {
            // Chunks 50 to 54 are read while no callback runs: 107 ms of which 40 are covered by the latency.
            if !(50..55).contains(&index) {
                device.run(&clock, chunk_end(index));
            }
            let (out, missing) = chunk(&mut reader, index);
            missing_all += missing;
            if (57..200).contains(&index) {
                assert_eq!(missing, 0);
                let place = index as f64 * 1024.0 / f64::from(RATE) - 0.040;
                assert!((f64::from(out[0]) - 1.0 - place).abs() < 0.006, "chunk {index}: {} {place}", out[0] - 1.0);
            }
        }
        assert!((2000..5200).contains(&missing_all), "{missing_all}");
    }

    #[test]
    fn a_device_that_went_and_came_back_finds_its_place() {
        let clock = Clock::manual();
        let feeds = Latest::new();
        let mut device = Some(open_card(&clock, &feeds, 50.0, 0.0));
        let mut reader = Reader::new(RATE, 1, Duration::from_millis(40), feeds.clone());
        let mut missing_all = 0;
        for index in 0..600 {
            if index == 100 {
                device = None;
            }
            if index == 250 {
                clock.advance_to(Timestamp::from_nanos((chunk_end(index) * 1e9) as i64));
                device = Some(open_card(&clock, &feeds, -50.0, 0.0));
            }
            if let Some(device) = &mut device {
                device.run(&clock, chunk_end(index));
            }
            let (out, missing) = chunk(&mut reader, index);
            missing_all += missing;
            match index {
                20..=99 | 270..=600 => {
                    let place = (index as f64 * 1024.0 + 500.0) / f64::from(RATE) - 0.040;
                    assert!((f64::from(out[500]) - 1.0 - place).abs() < 0.003, "chunk {index}: {}", out[500] - 1.0);
                    assert_eq!(missing, 0);
                }
                103..=249 => assert!(out.iter().all(|s| s.abs() < 0.5), "chunk {index}"),
                _ => {}
            }
        }
        let expected = 150 * CHUNK_SAMPLES;
        assert!(missing_all.abs_diff(expected) < 12 * CHUNK_SAMPLES, "{missing_all} of {expected}");
    }

    #[test]
    fn a_latency_too_short_is_made_up_for() {
        let clock = Clock::manual();
        let feeds = Latest::new();
        let mut device = open_card(&clock, &feeds, 0.0, 0.070);
        let mut reader = Reader::new(RATE, 1, Duration::from_millis(40), feeds);
        let mut silent_early = 0;
        for index in 0..1000 {
            device.run(&clock, chunk_end(index));
            let (out, missing) = chunk(&mut reader, index);
            let silent = out.iter().filter(|sample| sample.abs() < 0.5).count();
            if index < 500 {
                silent_early += silent;
            } else {
                assert_eq!((missing, silent), (0, 0), "chunk {index}");
            }
        }
        assert!(silent_early > 10 * CHUNK_SAMPLES, "the latency was not too short");
        // What it is late is told, so that its sound stays where it belongs.
        let told = reader.latency();
        assert!((Duration::from_millis(60)..=Duration::from_millis(120)).contains(&told), "{told:?}");
    }

    #[test]
    fn an_overrun_starts_anew_behind_the_hole() {
        let clock = Clock::manual();
        let feeds = Latest::new();
        let mut device = open_card(&clock, &feeds, 0.0, 0.0);
        let mut reader = Reader::new(RATE, 1, Duration::from_millis(40), feeds);
        for index in 0..300 {
            device.run(&clock, chunk_end(index));
            if (50..200).contains(&index) {
                continue;
            }
            let (out, missing) = chunk(&mut reader, index);
            if (20..50).contains(&index) || index > 212 {
                let place = (index as f64 * 1024.0 + 500.0) / f64::from(RATE) - 0.040;
                assert!((f64::from(out[500]) - 1.0 - place).abs() < 0.003, "chunk {index}: {}", out[500] - 1.0);
                assert_eq!(missing, 0, "chunk {index}");
            }
        }
    }

    #[test]
    fn before_the_device_starts_nothing_is_missing() {
        let feeds = Latest::new();
        let mut reader = Reader::new(RATE, 2, Duration::from_millis(40), feeds);
        let mut out = vec![9.0; 2048];
        assert_eq!(reader.read(0, &mut out), AudioRead { missing: 0 });
        assert!(out.iter().all(|s| *s == 0.0));
        assert_eq!(reader.drift_ppm(), None);
    }
}
