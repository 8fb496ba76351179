//! One chunk of 1024 samples a tick: takes the source's sound, measures it, encodes it, hands it out.

use std::time::Duration;

use super::program::{Program, count};
use super::supervisor::{Mail, Message};
use crate::audio::Loudness;
use crate::capture::AudioSource;
use crate::clock::Clock;
use crate::encode::{AudioEncoder, EncodeError};
use crate::flow::Stop;
use crate::media::{AudioChunk, CHUNK_SAMPLES, Packet, Timestamp};

/// How long the thread sleeps at most before it looks for Stop.
const NAP: Duration = Duration::from_millis(50);
/// Chunks after which loudness and drift are told: about once a second.
const REPORT_EVERY: i64 = 47;
/// Chunks of silence that push the last sound out of the encoder: more than any AAC encoder holds.
const FLUSH_CHUNKS_MAX: i64 = 8;

/// What the audio thread works with.
pub(super) struct AudioThread {
    pub(super) source: Box<dyn AudioSource>,
    pub(super) encoder: Box<dyn AudioEncoder>,
    pub(super) sample_rate: u32,
    pub(super) channels: u16,
    /// Whether the sound settles when the program begins: only where there is no picture.
    pub(super) leads: bool,
    pub(super) program: Program,
    pub(super) clock: Clock,
    pub(super) mail: Mail,
}

impl AudioThread {
    /// Runs until the program's end or Stop.
    pub(super) fn run(mut self, stop: &Stop) {
        if let Err(error) = self.run_to_end(stop) {
            self.mail.send(Message::EncoderFailed { about: "audio encoder", error, fatal: true });
        }
        self.mail.send(Message::AudioEnded);
    }

    fn run_to_end(&mut self, stop: &Stop) -> Result<(), EncodeError> {
        let mut loudness = Loudness::new(self.sample_rate, self.channels)
            .map_err(|error| EncodeError::Unsupported(error.to_string()))?;
        let mut index = self.clock.now().sample_index(self.sample_rate) / CHUNK_SAMPLES as i64;
        let mut samples = vec![0.0; CHUNK_SAMPLES * usize::from(self.channels)];
        let mut begun = false;
        while !stop.requested() {
            let end = self.chunk_start(index + 1);
            if self.clock.now() < end {
                self.clock.sleep_until(end, NAP);
                continue;
            }
            let read = self.source.read(index * CHUNK_SAMPLES as i64, &mut samples);
            while let Some(event) = self.source.poll_event() {
                self.mail.send(Message::AudioSource(event));
            }
            let active = self.program.fanout().is_active();
            if active && !begun {
                begun = true;
            }
            if begun && read.missing > 0 {
                count(&self.program.counters().audio_xruns, 1);
            }
            let pts = self.chunk_start(index) - self.source.latency();
            if active && self.leads {
                self.program.begin_at(pts);
            }
            index += 1;
            if active {
                loudness.measure(&samples);
                samples = self.encode(pts, samples)?;
            }
            if index % REPORT_EVERY == 0 {
                self.program.set_loudness(loudness.reading().integrated_lufs);
                self.program.set_drift_ppm(self.source.drift_ppm());
            }
            // Everything that belongs to the program is in the encoder once this chunk's end is past the program's.
            if pts + self.chunk_length() >= self.program.end() {
                self.program.set_loudness(loudness.reading().integrated_lufs);
                return self.flush(pts, samples);
            }
        }
        Ok(())
    }

    /// Feeds silence until the last sound of the program has come out.
    fn flush(&mut self, last: Timestamp, mut samples: Vec<f32>) -> Result<(), EncodeError> {
        if !self.program.fanout().is_active() {
            return Ok(());
        }
        samples.fill(0.0);
        for chunk in 1..=FLUSH_CHUNKS_MAX {
            let pts =
                last + Timestamp::from_samples(chunk * CHUNK_SAMPLES as i64, self.sample_rate).since(Timestamp::ZERO);
            let chunk = AudioChunk { pts, sample_rate: self.sample_rate, channels: self.channels, samples };
            let packet = self.encoder.encode(&chunk)?;
            samples = chunk.samples;
            if let Some(packet) = packet {
                if packet.pts >= self.program.end() {
                    break;
                }
                self.send(&packet);
            }
        }
        Ok(())
    }

    fn encode(&mut self, pts: Timestamp, samples: Vec<f32>) -> Result<Vec<f32>, EncodeError> {
        let chunk = AudioChunk { pts, sample_rate: self.sample_rate, channels: self.channels, samples };
        if let Some(packet) = self.encoder.encode(&chunk)? {
            self.send(&packet);
        }
        Ok(chunk.samples)
    }

    fn send(&self, packet: &Packet) {
        count(&self.program.counters().audio_bytes, packet.data.len() as u64);
        self.program.fanout().push(packet);
    }

    fn chunk_start(&self, index: i64) -> Timestamp {
        Timestamp::from_samples(index * CHUNK_SAMPLES as i64, self.sample_rate)
    }

    fn chunk_length(&self) -> Duration {
        self.chunk_start(1).since(Timestamp::ZERO)
    }
}
