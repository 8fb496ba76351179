//! A sound card in virtual time, for tests: its clock runs as fast as wished.

use std::time::Duration;

use super::feed::{CallbackEnd, Feed, feed};
use super::reader::Reader;
use crate::capture::{AudioRead, AudioSource, SourceInfo};
use crate::clock::Clock;
use crate::flow::Latest;
use crate::media::Timestamp;

/// A mono card, with a callback of 10 ms by its own clock when they are full.
pub(crate) struct SimulatedCard {
    end: CallbackEnd,
    sample_rate: u32,
    ppm: f64,
    captured: u64,
    started: f64,
    /// How long after their capture the samples are handed out, in seconds.
    age: f64,
    /// What it hears at a time, in seconds.
    signal: fn(f64) -> f32,
}

impl SimulatedCard {
    pub(super) fn open(
        clock: &Clock,
        feeds: &Latest<Feed>,
        sample_rate: u32,
        ppm: f64,
        age: f64,
        signal: fn(f64) -> f32,
    ) -> Self {
        let (end, feed, _) = feed(sample_rate, 1, 1, clock);
        feeds.put(feed);
        Self { end, sample_rate, ppm, captured: 0, started: clock.now().as_secs_f64(), age, signal }
    }

    /// Runs the callbacks that are due by `until`, in seconds.
    pub(crate) fn run(&mut self, clock: &Clock, until: f64) {
        let rate = f64::from(self.sample_rate) * (1.0 + self.ppm * 1e-6);
        let frames = u64::from(self.sample_rate / 100);
        loop {
            let done = self.started + (self.captured + frames) as f64 / rate + self.age;
            if done > until {
                break;
            }
            clock.advance_to(Timestamp::from_nanos((done * 1e9) as i64));
            let time = |i| self.started + (self.captured + i) as f64 / rate;
            let samples: Vec<f32> = (0..frames).map(|i| (self.signal)(time(i))).collect();
            self.captured += frames;
            self.end.take(&samples, Duration::from_secs_f64(0.010 + self.age));
        }
    }
}

/// The card as the engine reads it.
pub(crate) struct SimulatedMicrophone(Reader);

impl SimulatedMicrophone {
    /// A card that is `ppm` fast and hands its samples out `age` seconds old, and its microphone, mono, read `latency` late.
    pub(crate) fn open(
        clock: &Clock,
        sample_rate: u32,
        ppm: f64,
        age: f64,
        latency: Duration,
        signal: fn(f64) -> f32,
    ) -> (SimulatedCard, Self) {
        let feeds = Latest::new();
        let card = SimulatedCard::open(clock, &feeds, sample_rate, ppm, age, signal);
        (card, Self(Reader::new(sample_rate, 1, latency, feeds)))
    }
}

impl AudioSource for SimulatedMicrophone {
    fn info(&self) -> SourceInfo {
        let name = "simulated card".to_owned();
        SourceInfo {
            address: None,
            id: "mic:simulated".to_owned(),
            name,
            format: String::new(),
            size: None,
            frame_rate: None,
        }
    }

    fn read(&mut self, start: i64, out: &mut [f32]) -> AudioRead {
        self.0.read(start, out)
    }

    fn latency(&self) -> Duration {
        self.0.latency()
    }

    fn drift_ppm(&self) -> Option<f64> {
        self.0.drift_ppm()
    }
}
