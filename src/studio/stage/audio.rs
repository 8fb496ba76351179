//! One chunk of 1024 samples a tick: takes the source's sound through the strip and, on air, encodes it and hands it out.

use std::time::Duration;

use super::StageHandle;
use super::event::StageEvent;
use super::watch::Listener;
use crate::audio::{Loudness, gain_from_db, is_full};
use crate::capture::{AudioSource, SourceInfo};
use crate::encode::{AudioEncoder, EncodeError};
use crate::flow::Stop;
use crate::media::{AudioChunk, CHUNK_SAMPLES, Packet, Timestamp};
use crate::studio::ProblemKind;
use crate::studio::levels::Strip;
use crate::studio::mail::{Mail, Message};
use crate::studio::problem::{Notice, OtherInputs};
use crate::studio::program::{Program, count};

/// How long the thread sleeps at most before it looks for Stop.
const NAP: Duration = Duration::from_millis(50);
/// Chunks after which loudness and drift are told: about once a second.
const REPORT_EVERY: i64 = 47;
/// A source that has nothing for so many chunks, a second of them, is gone.
const GONE_CHUNKS: u32 = 47;
/// Chunks of silence that push the last sound out of the encoder: more than any AAC encoder holds.
const FLUSH_CHUNKS_MAX: i64 = 8;
/// A busy moment up to so long costs latency and no sound. Later than that the program was stopped: nobody hears what belongs
/// to before, and the picture's place is given up as well.
const LATE_MAX: Duration = Duration::from_secs(2);
/// Chunks of silence that push out what was fed before nobody listened for a while: it would be heard at another time.
const STALE_CHUNKS: i64 = 3;
/// Chunks of silence that may fill the gap after a change of source: two seconds.
const GAP_CHUNKS_MAX: i64 = 94;

/// The sound of a program.
pub(in crate::studio) struct AudioPart {
    pub(in crate::studio) encoder: Box<dyn AudioEncoder>,
    /// Whether the sound settles when the program begins: only where there is no picture.
    pub(in crate::studio) leads: bool,
    pub(in crate::studio) program: Program,
    pub(in crate::studio) mail: Mail,
}

/// What the audio thread works with.
pub(super) struct AudioThread {
    stage: StageHandle,
    source: Option<Box<dyn AudioSource>>,
    heard_sound: bool,
    listener: Option<Listener>,
    on_air: Option<OnAir>,
}

/// A program's sound while it is made.
struct OnAir {
    part: AudioPart,
    sample_rate: u32,
    channels: u16,
    loudness: Loudness,
    begun: bool,
    /// How much earlier than the source hands them out its samples belong; settled when the program begins.
    shift: Duration,
    /// The place of the next chunk, counted in chunks.
    next: Option<i64>,
    /// The place behind the chunk that was encoded last.
    encoded: Option<i64>,
    /// So many chunks in a row the source had nothing for.
    silent_chunks: u32,
    /// Before those, of one chunk it had a part.
    was_torn: bool,
}

impl AudioThread {
    pub(super) fn new(stage: StageHandle) -> Self {
        Self { stage, source: None, heard_sound: false, listener: None, on_air: None }
    }

    /// Runs until Stop.
    pub(super) fn run(mut self, stop: &Stop) {
        let (format, clock) = (self.stage.format(), self.stage.0.clock.clone());
        let chunk_start = |index| Timestamp::from_samples(index * CHUNK_SAMPLES as i64, format.sample_rate);
        let mut strip = Strip::new(self.stage.0.sound.clone(), format.sample_rate, format.channels);
        let mut index = clock.now().sample_index(format.sample_rate) / CHUNK_SAMPLES as i64;
        let mut samples = vec![0.0; CHUNK_SAMPLES * usize::from(format.channels)];
        while !stop.requested() {
            let end = chunk_start(index + 1);
            if clock.now() < end {
                clock.sleep_until(end, NAP);
                continue;
            }
            self.take_orders();
            let missing = match &mut self.source {
                Some(source) => source.read(index * CHUNK_SAMPLES as i64, &mut samples).missing,
                None => {
                    samples.fill(0.0);
                    0
                }
            };
            if !self.heard_sound && self.source.as_ref().is_some_and(|source| source.has_begun()) {
                self.heard_sound = true;
                self.stage.tell(StageEvent::FirstSound);
            }
            if let Some(source) = &mut self.source {
                while let Some(event) = source.poll_event() {
                    self.stage.tell(StageEvent::Audio(source.info().name, event));
                }
            }
            if clock.now().since(end) > LATE_MAX {
                index += 1;
                continue;
            }
            self.listen(end, (missing == 0).then_some(&samples));
            strip.process(&mut samples);
            if let Some(on_air) = &mut self.on_air {
                let latency = self.source.as_ref().map_or(Duration::ZERO, |source| source.latency());
                if index % REPORT_EVERY == 0 {
                    on_air.part.program.set_drift_ppm(self.source.as_ref().and_then(|source| source.drift_ppm()));
                }
                match on_air.take_chunk(index, latency, missing, samples) {
                    Ok((buffer, ended)) => {
                        samples = buffer;
                        if ended {
                            self.end_program();
                        }
                    }
                    Err(error) => {
                        samples = vec![0.0; CHUNK_SAMPLES * usize::from(format.channels)];
                        on_air.part.mail.send(Message::EncoderFailed { about: "audio encoder", error, fatal: true });
                        self.end_program();
                    }
                }
            }
            index += 1;
        }
        self.end_program();
    }

    fn listen(&mut self, now: Timestamp, samples: Option<&[f32]>) {
        let (Some(listener), Some(source)) = (&mut self.listener, &self.source) else { return };
        let sound = &self.stage.0.sound;
        let samples = samples.filter(|_| source.has_begun());
        for (kind, turn) in
            listener.listen(now, samples, gain_from_db(sound.gain_db()), sound.is_muted()).into_iter().flatten()
        {
            let SourceInfo { id, name: about, .. } = source.info();
            let is_silent = kind == ProblemKind::SourceSilent;
            let inputs = is_silent.then(|| OtherInputs::beside(&id, source.others())).flatten();
            let by_gain = samples.is_some_and(|samples| !is_full(samples));
            self.stage.tell(StageEvent::Noticed(Notice { id, about, kind, turn, inputs, by_gain }));
        }
    }

    fn take_orders(&mut self) {
        if let Some(part) = self.stage.0.audio_program.take() {
            self.end_program();
            let format = self.stage.format();
            match Loudness::new(format.sample_rate, format.channels) {
                Ok(loudness) => {
                    self.on_air = Some(OnAir::new(part, format.sample_rate, format.channels, loudness));
                }
                Err(error) => {
                    let error = EncodeError::Unsupported(error.to_string());
                    part.mail.send(Message::EncoderFailed { about: "audio encoder", error, fatal: true });
                    part.mail.send(Message::AudioEnded);
                }
            }
        }
        if let Some(source) = self.stage.0.audio.take() {
            self.heard_sound = false;
            let format = self.stage.format();
            self.listener = source.as_ref().and_then(|source| {
                let id = source.info().id;
                let has_others = OtherInputs::beside(&id, source.others()).is_some();
                Listener::of(&id, format.sample_rate, format.channels, has_others)
            });
            let retired = std::mem::replace(&mut self.source, source);
            self.stage.retire(None, retired);
        }
    }

    fn end_program(&mut self) {
        if let Some(on_air) = self.on_air.take() {
            on_air.part.mail.send(Message::AudioEnded);
        }
    }
}

impl OnAir {
    fn new(part: AudioPart, sample_rate: u32, channels: u16, loudness: Loudness) -> Self {
        Self {
            part,
            sample_rate,
            channels,
            loudness,
            begun: false,
            shift: Duration::ZERO,
            next: None,
            encoded: None,
            silent_chunks: 0,
            was_torn: false,
        }
    }

    /// Takes the chunk that ends at `index + 1`, handed out `latency` late; gives the buffer back, and whether the
    /// program is over.
    fn take_chunk(
        &mut self,
        index: i64,
        latency: Duration,
        missing: usize,
        mut samples: Vec<f32>,
    ) -> Result<(Vec<f32>, bool), EncodeError> {
        let active = self.part.program.fanout().takes_sound();
        if !self.begun {
            self.shift = latency;
            self.begun = active;
        }
        self.hear_missing(missing);
        // A source of another latency: its samples belong whole chunks earlier or later.
        let late = (latency.as_secs_f64() - self.shift.as_secs_f64()) / self.time(1).as_secs_f64();
        let place = index - late.round() as i64;
        if self.next.is_some_and(|next| place < next) {
            return Ok((samples, false));
        }
        while let Some(next) = self.next.filter(|next| *next < place && place - next <= GAP_CHUNKS_MAX) {
            if active {
                let silence = vec![0.0; samples.len()];
                self.encode(next, silence)?;
            }
            self.next = Some(next + 1);
        }
        self.next = Some(place + 1);
        let pts = self.pts(place);
        if active {
            if self.part.leads {
                self.part.program.begin_at(pts);
            }
            // What the encoder cuts off nobody hears.
            samples.iter_mut().for_each(|sample| *sample = sample.clamp(-1.0, 1.0));
            self.loudness.measure(&samples);
            samples = self.encode(place, samples)?;
        }
        // Everything that belongs to the program is in the encoder once this chunk's end is past the program's.
        let ended = self.pts(place + 1) >= self.part.program.end();
        if ended || index % REPORT_EVERY == 0 {
            self.part.program.set_loudness(self.loudness.reading().integrated_lufs);
        }
        if ended && active {
            samples = self.flush(place, samples)?;
        }
        Ok((samples, ended))
    }

    /// Counts what was missing once there is sound again: a source that is gone is told as such, and is none that gives too
    /// little.
    fn hear_missing(&mut self, missing: usize) {
        if missing == CHUNK_SAMPLES {
            self.silent_chunks += u32::from(self.begun);
            return;
        }
        let silent = std::mem::take(&mut self.silent_chunks);
        let torn = std::mem::take(&mut self.was_torn);
        if silent > GONE_CHUNKS {
            return;
        }
        count(&self.part.program.counters().audio_xruns, u64::from(torn) + u64::from(silent));
        self.was_torn = self.begun && missing > 0;
    }

    /// Feeds silence until the last sound of the program has come out.
    fn flush(&mut self, last: i64, mut samples: Vec<f32>) -> Result<Vec<f32>, EncodeError> {
        samples.fill(0.0);
        for place in last + 1..=last + FLUSH_CHUNKS_MAX {
            let chunk = self.chunk(self.pts(place), samples);
            let packet = self.part.encoder.encode(&chunk)?;
            samples = chunk.samples;
            if let Some(packet) = packet {
                if packet.pts >= self.part.program.end() {
                    break;
                }
                self.send(&packet);
            }
        }
        Ok(samples)
    }

    /// Encodes the chunk at `place` and hands out what comes of it.
    fn encode(&mut self, place: i64, samples: Vec<f32>) -> Result<Vec<f32>, EncodeError> {
        if self.encoded.is_some_and(|encoded| encoded < place) {
            for stale in place - STALE_CHUNKS..place {
                let silence = self.chunk(self.pts(stale), vec![0.0; samples.len()]);
                self.part.encoder.encode(&silence)?;
            }
        }
        self.encoded = Some(place + 1);
        let chunk = self.chunk(self.pts(place), samples);
        if let Some(packet) = self.part.encoder.encode(&chunk)? {
            self.send(&packet);
        }
        Ok(chunk.samples)
    }

    fn send(&self, packet: &Packet) {
        count(&self.part.program.counters().audio_bytes, packet.data.len() as u64);
        self.part.program.fanout().push(packet);
    }

    fn chunk(&self, pts: Timestamp, samples: Vec<f32>) -> AudioChunk {
        AudioChunk { pts, sample_rate: self.sample_rate, channels: self.channels, samples }
    }

    /// When the chunk at `place` is heard.
    fn pts(&self, place: i64) -> Timestamp {
        self.time(place) - self.shift
    }

    fn time(&self, chunks: i64) -> Timestamp {
        Timestamp::from_samples(chunks * CHUNK_SAMPLES as i64, self.sample_rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::microphone::simulated::SimulatedMicrophone;
    use crate::clock::Clock;
    use crate::encode::{AudioEncoderSettings, open_aac};
    use crate::flow::PacketQueue;
    use crate::media::{AudioConfig, Bitrate};
    use crate::output::{Fanout, OutputHandle};
    use bytes::Bytes;
    use std::sync::mpsc::sync_channel;
    use std::sync::{Arc, Mutex};

    const RATE: u32 = 48_000;

    fn on_air() -> (OnAir, OutputHandle) {
        let fanout = Fanout::new();
        let output = fanout.add(PacketQueue::new(Duration::from_secs(60)));
        output.activate();
        let settings = AudioEncoderSettings { sample_rate: RATE, channels: 2, bitrate: Bitrate::from_kbps(128) };
        let part = AudioPart {
            encoder: open_aac(&settings).unwrap(),
            leads: true,
            program: Program::new(fanout, None),
            mail: Mail::new(sync_channel(1).0),
        };
        let loudness = Loudness::new(RATE, 2).unwrap();
        (OnAir::new(part, RATE, 2, loudness), output)
    }

    fn places(output: &OutputHandle) -> Vec<i64> {
        std::iter::from_fn(|| output.queue().try_pop()).map(|packet| packet.pts.as_millis()).collect()
    }

    #[test]
    fn loudness_is_of_what_goes_out() {
        let loudest = |amplitude: f32| {
            let (mut on_air, _output) = on_air();
            for index in 1000..1100 {
                let wave = |i: usize| (((i / 2) as f32 * 0.13).sin() * amplitude).clamp(-amplitude, amplitude);
                let samples = (0..2 * CHUNK_SAMPLES).map(wave).collect();
                on_air.take_chunk(index, Duration::ZERO, 0, samples).unwrap();
            }
            on_air.loudness.reading().integrated_lufs.unwrap()
        };
        // At 20 dB over full scale it is a square wave, 3 dB louder than a sine at full scale.
        let (full, driven) = (loudest(1.0), loudest(10.0));
        assert!(driven > full + 1.0 && driven < full + 4.0, "{full} {driven}");
    }

    #[test]
    fn a_source_of_another_latency_leaves_no_hole_and_no_step_back() {
        let (mut on_air, output) = on_air();
        let mut samples = vec![0.0; 2 * CHUNK_SAMPLES];
        for index in 1000..1100 {
            // 64 ms are three chunks.
            let latency = Duration::from_millis(if (1030..1070).contains(&index) { 64 } else { 0 });
            samples = on_air.take_chunk(index, latency, 0, samples).unwrap().0;
        }
        let places = places(&output);
        let steps: Vec<_> = places.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(steps.iter().all(|step| (21..=22).contains(step)), "{steps:?}");
        // Of 100 chunks 3 were too late after the first change, and 3 of silence fill the second.
        assert!(places.len() >= 97, "{}", places.len());
        let wanted = Timestamp::from_samples(1099 * CHUNK_SAMPLES as i64, RATE).as_millis();
        assert!(wanted - places.last().unwrap() < 100);
    }

    #[test]
    fn nothing_from_before_a_pause_is_heard_after_it() {
        let (mut on_air, output) = on_air();
        let loud = || (0..2 * CHUNK_SAMPLES).map(|i| (i as f32 * 0.05).sin() * 0.5).collect::<Vec<_>>();
        let config = on_air.part.encoder.config();
        // Longer than its sound is kept for an output that is away.
        for index in 0..650 {
            match index {
                50 => output.suspend(),
                600 => {
                    while output.queue().try_pop().is_some() {}
                    output.activate();
                }
                _ => {}
            }
            let samples = if index < 600 { loud() } else { vec![0.0; 2 * CHUNK_SAMPLES] };
            on_air.take_chunk(index, Duration::ZERO, 0, samples).unwrap();
        }
        let mut decoder = crate::decode::open_aac(&config).unwrap();
        let mut packets = 0;
        while let Some(packet) = output.queue().try_pop() {
            packets += 1;
            let chunk = decoder.decode(&packet.data, packet.pts).unwrap();
            let loudest = chunk.into_iter().flat_map(|chunk| chunk.samples).fold(0.0f32, |most, s| most.max(s.abs()));
            assert!(loudest < 0.001, "{loudest} at {:?}", packet.pts);
        }
        assert!(packets >= 48, "{packets}");
    }

    #[test]
    fn the_end_comes_with_the_last_sound() {
        let (mut on_air, output) = on_air();
        let mut samples = vec![0.0; 2 * CHUNK_SAMPLES];
        let end = Timestamp::from_samples(10 * CHUNK_SAMPLES as i64 + 100, RATE);
        on_air.part.program.end_at(end);
        let mut ends = Vec::new();
        for index in 0..11 {
            let (buffer, ended) = on_air.take_chunk(index, Duration::ZERO, 0, samples).unwrap();
            samples = buffer;
            ends.push(ended);
        }
        assert_eq!(ends.iter().position(|ended| *ended), Some(10));
        let last = places(&output).pop().unwrap();
        let chunk = Timestamp::from_samples(CHUNK_SAMPLES as i64, RATE).as_millis();
        assert!(last < end.as_millis() && last + chunk + 1 >= end.as_millis(), "{last}");
    }

    #[test]
    fn a_source_that_stops_is_no_card_that_gives_too_little() {
        let (mut on_air, _output) = on_air();
        let mut samples = vec![0.0; 2 * CHUNK_SAMPLES];
        let mut index = 0;
        let mut xruns = |missing: usize, chunks: i64| {
            for _ in 0..chunks {
                samples = on_air.take_chunk(index, Duration::ZERO, missing, std::mem::take(&mut samples)).unwrap().0;
                index += 1;
            }
            crate::studio::program::read(&on_air.part.program.counters().audio_xruns)
        };
        for (missing, chunks) in [(0, 10), (100, 1), (CHUNK_SAMPLES, 200), (100, 1), (0, 10)] {
            assert_eq!(xruns(missing, chunks), 0, "it was gone for 4 s");
        }
        assert_eq!([xruns(CHUNK_SAMPLES, 3), xruns(0, 1)], [0, 3], "a card that gave nothing for a moment");
        assert_eq!([xruns(100, 2), xruns(0, 1)], [4, 5]);
    }

    /// Resampling an hour at 48 kHz takes three times as long and shows nothing else.
    const HOUR_RATE: u32 = 16_000;

    /// Passes the sound on as it is and notes where each beep begins.
    struct BeepFinder {
        found: Arc<Mutex<Vec<Timestamp>>>,
        silent_for: u32,
    }

    impl AudioEncoder for BeepFinder {
        fn config(&self) -> AudioConfig {
            let bitrate = Bitrate::from_kbps(128);
            AudioConfig { sample_rate: HOUR_RATE, channels: 1, bitrate, audio_specific_config: Bytes::new() }
        }

        fn encode(&mut self, chunk: &AudioChunk) -> Result<Option<Packet>, EncodeError> {
            for (index, sample) in chunk.samples.iter().enumerate() {
                if sample.abs() < 0.25 {
                    self.silent_for += 1;
                    continue;
                }
                if self.silent_for > HOUR_RATE / 4 {
                    let at = chunk.pts + Timestamp::from_samples(index as i64, HOUR_RATE).since(Timestamp::ZERO);
                    self.found.lock().unwrap().push(at);
                }
                self.silent_for = 0;
            }
            Ok(None)
        }
    }

    /// A beep of 100 ms at each full second.
    fn beep(time: f64) -> f32 {
        if time.fract() < 0.1 { (0.9 * (time.fract() * 1000.0 * std::f64::consts::TAU).cos()) as f32 } else { 0.0 }
    }

    /// Runs the engine's sound for so many seconds in virtual time, from a card that is `ppm` fast and whose samples are `age`
    /// seconds old; an output listens when `listens` says so. Gives where each beep begins, and the microphone.
    fn beeps_of(
        seconds: i64,
        (ppm, age): (f64, f64),
        latency: Duration,
        listens: impl Fn(f64) -> bool,
    ) -> (Vec<Timestamp>, SimulatedMicrophone) {
        let clock = Clock::manual();
        let (mut card, mut microphone) = SimulatedMicrophone::open(&clock, HOUR_RATE, ppm, age, latency, beep);
        let fanout = Fanout::new();
        let output = fanout.add(PacketQueue::new(Duration::from_secs(1)));
        let found = Arc::new(Mutex::new(Vec::new()));
        let finder = BeepFinder { found: Arc::clone(&found), silent_for: 0 };
        let program = Program::new(fanout, None);
        let part = AudioPart { encoder: Box::new(finder), leads: true, program, mail: Mail::new(sync_channel(1).0) };
        let mut on_air = OnAir::new(part, HOUR_RATE, 1, Loudness::new(HOUR_RATE, 1).unwrap());
        let mut samples = vec![0.0; CHUNK_SAMPLES];
        for index in 0..seconds * i64::from(HOUR_RATE) / CHUNK_SAMPLES as i64 {
            let time = on_air.time(index + 1).as_secs_f64();
            match listens(time) {
                true => output.activate(),
                false => output.suspend(),
            }
            card.run(&clock, time);
            let missing = microphone.read(index * CHUNK_SAMPLES as i64, &mut samples).missing;
            samples = on_air.take_chunk(index, microphone.latency(), missing, samples).unwrap().0;
        }
        let found = found.lock().unwrap().clone();
        (found, microphone)
    }

    #[test]
    fn a_microphone_later_than_it_said_stays_with_the_picture() {
        let (found, _) = beeps_of(60, (0.0, 0.120), Duration::from_millis(40), |_| true);
        // Once it is known how late it is; before, its chunks are torn.
        let settled: Vec<_> = found.iter().map(|at| at.as_secs_f64()).filter(|at| *at > 40.0).collect();
        assert!(settled.len() >= 18, "{found:?}");
        // What is read later is placed by whole chunks, of 64 ms at this rate.
        assert!(settled.iter().all(|at| (at - at.round()).abs() < 0.040), "{settled:?}");
    }

    fn sound_stays_with_the_picture_for_an_hour(ppm: f64) {
        // Looked at in the first and the last minute; to measure loudness all the while would take half of a minute.
        let listens = |time: f64| !(60.0..3545.0).contains(&time);
        let (found, microphone) = beeps_of(3605, (ppm, 0.010), Duration::from_millis(60), listens);
        // The flash of a second is a picture whose place on the timeline is that second exactly.
        let offsets: Vec<_> = found.iter().map(|at| at.as_secs_f64() - at.as_secs_f64().round()).collect();
        assert!(offsets.len() >= 118 && found.last().unwrap().as_secs_f64() > 3603.0, "{ppm} ppm: {found:?}");
        let worst = offsets.iter().fold(0.0, |worst: f64, offset| worst.max(offset.abs()));
        assert!(worst < 0.005, "{ppm} ppm: {worst} s");
        let told = microphone.drift_ppm().unwrap();
        assert!((told - ppm).abs() < 5.0, "{ppm} ppm: {told} told");
    }

    #[test]
    fn sound_stays_with_the_picture_for_an_hour_from_a_fast_card() {
        sound_stays_with_the_picture_for_an_hour(200.0);
    }

    #[test]
    fn sound_stays_with_the_picture_for_an_hour_from_a_slow_card() {
        sound_stays_with_the_picture_for_an_hour(-200.0);
    }
}
