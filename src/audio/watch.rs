//! Sound that says that something is wrong: none at all, too much, or somebody who talks while muted. Pure: time is an
//! argument, and every chunk is looked at once.

use std::time::Duration;

use crate::media::{Lasting, Timestamp, Turn};

/// Below it there is nothing, not even a microphone's own noise: -90 dBFS.
const NOTHING: f32 = 3.2e-5;
/// So long without anything: muted at the device, or the wrong one. A silence that was told and ended by itself makes the
/// next wait longer: noise gates, noise suppression and cough buttons are silent for as long as nobody talks.
const SILENT: [Duration; 3] = [Duration::from_secs(5), Duration::from_secs(15), Duration::from_secs(60)];
/// A microphone that was heard and is silent for so long has such a gate, if it is heard again.
const GATED: Duration = Duration::from_secs(1);
const HEARD_AGAIN: Duration = Duration::from_millis(200);

/// A sample at full scale, as converters give it.
const FULL: f32 = 0.999;
/// Whether a sample is at full scale as the source gave it: it cuts off itself, whatever the fader does.
pub fn is_full(samples: &[f32]) -> bool {
    samples.iter().any(|sample| sample.abs() >= FULL)
}

/// So many of them in a row are a wave that was cut off.
const RUN: u32 = 3;
/// So many chunks with such runs within so long are no single knock at the table.
const CLIPPED_CHUNKS: usize = 4;
const CLIPPED_WITHIN: Duration = Duration::from_secs(2);
/// So long without: it is over.
const UNCLIPPED: Duration = Duration::from_secs(5);
/// It is not told more often than this.
const CLIPPING_EVERY: Duration = Duration::from_secs(60);

/// Somebody who talks to the microphone is louder than this, in dBFS (RMS of a chunk).
const TALK_DBFS: f32 = -35.0;
/// How much the level falls between two syllables, in dB.
const DIP_DB: f32 = 6.0;
/// Syllables within the window, and how much of it they fill: typing is shorter, a fan has no syllables.
const SYLLABLES: u32 = 3;
const TALK_WINDOW: f32 = 1.5;
const TALK_SHARE: f32 = 0.35;
/// So long without: nobody talks.
const QUIET: Duration = Duration::from_secs(4);

/// What was heard in a chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Nothing at all comes, or something again.
    pub silence: Option<Turn>,
    /// It is cut off at full scale, or no longer.
    pub clipping: Option<Turn>,
    /// Somebody talks while muted, or no longer.
    pub muted_talk: Option<Turn>,
}

/// Listens to one device.
#[derive(Clone, Debug)]
pub struct SoundWatch {
    channels: usize,
    silence: Silence,
    clipping: Clipping,
    talk: Talk,
}

impl SoundWatch {
    /// Of a device of this rate and these interleaved channels, heard in chunks of `chunk_frames`.
    pub fn new(sample_rate: u32, channels: u16, chunk_frames: usize) -> Self {
        let chunk_secs = chunk_frames as f32 / sample_rate.max(1) as f32;
        Self {
            channels: usize::from(channels.max(1)),
            silence: Silence::new(),
            clipping: Clipping::default(),
            talk: Talk { chunk_secs, ..Talk::default() },
        }
    }

    /// Takes a chunk as the device gave it, whose last sample is of `now`. `gain` is the fader's, by which it is
    /// louder in the program.
    pub fn listen(&mut self, now: Timestamp, samples: &[f32], gain: f32, muted: bool) -> Heard {
        let full = FULL / gain.max(1.0);
        let (mut peak, mut power, mut clipped) = (0f32, 0f32, false);
        for channel in 0..self.channels {
            let mut run = 0;
            for sample in samples.iter().skip(channel).step_by(self.channels).map(|sample| sample.abs()) {
                peak = peak.max(sample);
                power += sample * sample;
                run = if sample >= full { run + 1 } else { 0 };
                clipped |= run >= RUN;
            }
        }
        let rms = (power / samples.len().max(1) as f32).sqrt() * gain;
        Heard {
            silence: self.silence.see(now, peak < NOTHING),
            clipping: self.clipping.see(now, clipped),
            muted_talk: self.talk.see(now, 20.0 * rms.max(1e-9).log10(), muted),
        }
    }

    /// Nothing comes for a while, which is told elsewhere.
    pub fn pause(&mut self) {
        self.silence.pause();
    }
}

/// Learns how long a microphone may be silent.
#[derive(Clone, Debug)]
struct Silence {
    state: Lasting,
    /// Which wait of `SILENT` it is.
    patience: usize,
    since: Option<Timestamp>,
    was_heard: bool,
}

impl Silence {
    fn new() -> Self {
        Self { state: Lasting::new(SILENT[0], HEARD_AGAIN), patience: 0, since: None, was_heard: false }
    }

    fn see(&mut self, now: Timestamp, is_silent: bool) -> Option<Turn> {
        let turn = self.state.see(now, is_silent);
        if turn == Some(Turn::Over) {
            self.wait_at_least(self.patience + 1);
        }
        if is_silent {
            self.since.get_or_insert(now);
        } else {
            let lasted = self.since.take().map(|since| now.since(since));
            let was_heard = std::mem::replace(&mut self.was_heard, true);
            if was_heard && lasted.is_some_and(|lasted| lasted >= GATED) {
                self.wait_at_least(1);
            }
        }
        turn
    }

    fn wait_at_least(&mut self, patience: usize) {
        self.patience = self.patience.max(patience).min(SILENT.len() - 1);
        self.state.set_limit(SILENT[self.patience]);
    }

    fn pause(&mut self) {
        self.since = None;
        self.state.pause();
    }
}

#[derive(Clone, Debug, Default)]
struct Clipping {
    /// When chunks were clipped last, the oldest first.
    recent: [Option<Timestamp>; CLIPPED_CHUNKS],
    told_at: Option<Timestamp>,
    told: bool,
}

impl Clipping {
    fn see(&mut self, now: Timestamp, clipped: bool) -> Option<Turn> {
        if clipped {
            self.recent.rotate_left(1);
            self.recent[CLIPPED_CHUNKS - 1] = Some(now);
        }
        let since = |time: Option<Timestamp>| time.map(|time| now.since(time));
        let newest = since(self.recent[CLIPPED_CHUNKS - 1]);
        if self.told && newest.is_none_or(|newest| newest >= UNCLIPPED) {
            self.told = false;
            return Some(Turn::Over);
        }
        let lasted = since(self.recent[0]).filter(|oldest| *oldest <= CLIPPED_WITHIN)?;
        let told_lately = since(self.told_at).is_some_and(|ago| ago < CLIPPING_EVERY);
        (!self.told && !told_lately).then(|| {
            (self.told, self.told_at) = (true, Some(now));
            Turn::Begun(lasted)
        })
    }
}

/// Tells speech by its syllables: the level rises and falls several times a second.
#[derive(Clone, Debug, Default)]
struct Talk {
    chunk_secs: f32,
    /// The lowest level since the last syllable, and the highest of this one.
    low: f32,
    high: f32,
    in_syllable: bool,
    /// Of the newest chunks: whether it was loud, and whether a syllable began. The newest in bit 0.
    loud: u128,
    begins: u128,
    seen: u32,
    told: bool,
    talked_at: Option<Timestamp>,
}

impl Talk {
    fn see(&mut self, now: Timestamp, dbfs: f32, muted: bool) -> Option<Turn> {
        if !muted {
            let told = self.told;
            *self = Self { chunk_secs: self.chunk_secs, ..Self::default() };
            return told.then_some(Turn::Over);
        }
        let begins = self.syllable_begins(dbfs);
        let length = ((TALK_WINDOW / self.chunk_secs.max(1e-3)) as u32).clamp(4, 127);
        let mask = (1u128 << length) - 1;
        self.loud = (self.loud << 1 | u128::from(dbfs > TALK_DBFS)) & mask;
        self.begins = (self.begins << 1 | u128::from(begins)) & mask;
        self.seen = (self.seen + 1).min(length);
        let share = self.loud.count_ones() as f32 / length as f32;
        let talks = self.begins.count_ones() >= SYLLABLES && share >= TALK_SHARE;
        if talks {
            self.talked_at = Some(now);
            let lasted = Duration::from_secs_f32(self.seen as f32 * self.chunk_secs);
            return (!std::mem::replace(&mut self.told, true)).then_some(Turn::Begun(lasted));
        }
        let quiet = self.talked_at.is_none_or(|at| now.since(at) >= QUIET);
        (self.told && quiet).then(|| {
            self.told = false;
            Turn::Over
        })
    }

    fn syllable_begins(&mut self, dbfs: f32) -> bool {
        if self.seen == 0 {
            (self.low, self.high) = (dbfs, dbfs);
        }
        if self.in_syllable {
            self.high = self.high.max(dbfs);
            if dbfs < self.high - DIP_DB {
                (self.in_syllable, self.low) = (false, dbfs);
            }
            return false;
        }
        self.low = self.low.min(dbfs);
        let begins = dbfs > TALK_DBFS && dbfs > self.low + DIP_DB;
        if begins {
            (self.in_syllable, self.high) = (true, dbfs);
        }
        begins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As long a chunk as the program's, of a sixth of the samples: an hour is looked at in a second.
    const RATE: u32 = 8_000;
    const CHUNK: usize = 171;

    /// White noise of this RMS: uniform, always the same.
    struct Noise(u32);

    impl Noise {
        fn next(&mut self) -> f32 {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((self.0 >> 8) as f32 / (1u32 << 23) as f32 - 1.0) * 3f32.sqrt()
        }
    }

    fn gain(db: f32) -> f32 {
        10f32.powf(db / 20.0)
    }

    /// Noise of the level that `dbfs` gives for each moment in seconds; what was told, in seconds.
    fn told(
        secs: f32,
        muted: impl Fn(f32) -> bool,
        mut sample: impl FnMut(f32, f32) -> f32,
    ) -> Vec<(f32, &'static str, bool)> {
        let mut watch = SoundWatch::new(RATE, 1, CHUNK);
        let (mut noise, mut all) = (Noise(1), Vec::new());
        let mut samples = [0.0; CHUNK];
        for index in 0..(secs * RATE as f32 / CHUNK as f32) as i64 {
            let start = (index * CHUNK as i64) as f32 / RATE as f32;
            for (place, out) in samples.iter_mut().enumerate() {
                *out = sample(start + place as f32 / RATE as f32, noise.next());
            }
            let now = Timestamp::from_samples((index + 1) * CHUNK as i64, RATE);
            let heard = watch.listen(now, &samples, 1.0, muted(start));
            let named = [("silence", heard.silence), ("clipping", heard.clipping), ("muted_talk", heard.muted_talk)];
            for (name, turn) in named {
                all.extend(turn.map(|turn| (now.as_secs_f64() as f32, name, turn != Turn::Over)));
            }
        }
        all
    }

    /// The envelope of speech: four syllables a second in phrases of 3 s, pauses of 2 s; in dB above the floor.
    fn speech(time: f32, loud_dbfs: f32, floor_dbfs: f32) -> f32 {
        if time % 5.0 >= 3.0 {
            return floor_dbfs;
        }
        let swing = (time * 4.0 * std::f32::consts::TAU).sin();
        (loud_dbfs - 9.0 + 9.0 * swing).max(floor_dbfs)
    }

    #[test]
    fn silence_is_told_after_five_seconds_and_when_sound_comes() {
        let seen = told(30.0, |_| false, |time, noise| if (8.0..20.0).contains(&time) { 0.0 } else { noise * 1e-4 });
        assert_eq!(seen.len(), 2, "{seen:?}");
        assert!((seen[0].0 - 13.0).abs() < 0.1 && seen[0].1 == "silence" && seen[0].2, "{seen:?}");
        assert!((seen[1].0 - 20.2).abs() < 0.1 && seen[1].1 == "silence" && !seen[1].2, "{seen:?}");
        // The last bit of a converter, which is -90.3 dBFS, is nothing either.
        let bit = told(8.0, |_| false, |_, noise| if noise > 0.0 { 1.0 / 32_768.0 } else { 0.0 });
        assert!(matches!(bit[..], [(_, "silence", true)]), "{bit:?}");
    }

    /// What is told of one that is heard for 2 s after each of these silences, in seconds: those that were told.
    fn silences_told(silences: &[f32]) -> Vec<f32> {
        let mut ends = Vec::new();
        for silence in silences {
            ends.push(ends.last().unwrap_or(&0.0) + silence + 2.0);
        }
        let in_silence = |time: f32| ends.iter().find(|end| time < **end).is_some_and(|end| time < end - 2.0);
        let all = *ends.last().unwrap();
        let seen = told(all, |_| false, |time, noise| if in_silence(time) { 0.0 } else { noise * 0.1 });
        let begun = seen.iter().filter(|(.., begun)| *begun).map(|(at, ..)| {
            let place = ends.iter().position(|end| at < end).unwrap();
            silences[place]
        });
        begun.collect()
    }

    #[test]
    fn a_microphone_behind_a_gate_is_silent_between_sentences() {
        assert_eq!(
            silences_told(&[0.5, 0.3, 3.0, 6.5, 6.5, 9.0, 6.5]),
            [] as [f32; 0],
            "its pauses say that it has one"
        );
        assert_eq!(silences_told(&[0.5, 6.5, 6.5, 14.0, 6.5]), [6.5], "told once, and then no more");
    }

    #[test]
    fn a_silence_that_ends_by_itself_makes_the_next_wait_longer_up_to_a_minute() {
        assert_eq!(silences_told(&[6.0, 6.0, 16.0, 16.0, 61.0, 59.0, 61.0]), [6.0, 16.0, 61.0, 61.0]);
        // Silent from the start, however long.
        assert_eq!(silences_told(&[4.9, 4.9]), [] as [f32; 0]);
    }

    #[test]
    fn clipping_is_told_once_a_minute_and_when_it_is_over() {
        // Shouted at for 10 s from 5 s on and again at 30 s and at 100 s.
        let loud = |time: f32| [5.0, 30.0, 100.0].iter().any(|start| (*start..start + 10.0).contains(&time));
        let wave = |time: f32, over: f32| ((time * 200.0 * std::f32::consts::TAU).sin() * over).clamp(-1.0, 1.0);
        let seen = told(120.0, |_| false, |time, _| wave(time, if loud(time) { 1.8 } else { 0.5 }));
        let words: Vec<_> = seen.iter().map(|(at, what, begun)| (at.round() as i32, *what, *begun)).collect();
        let expected =
            [(5, "clipping", true), (20, "clipping", false), (100, "clipping", true), (115, "clipping", false)];
        assert_eq!(words, expected, "{seen:?}");
        // A knock is not.
        let knock = told(10.0, |_| false, |time, _| wave(time, if (5.0..5.03).contains(&time) { 1.8 } else { 0.5 }));
        assert_eq!(knock, []);
    }

    #[test]
    fn the_fader_may_be_what_clips() {
        let mut watch = SoundWatch::new(RATE, 1, CHUNK);
        let samples: [f32; CHUNK] = std::array::from_fn(|i| 0.6 * (i as f32 * 0.03).sin());
        let heard = |watch: &mut SoundWatch, gain: f32| {
            (0..40).any(|i| watch.listen(Timestamp::from_millis(i * 21), &samples, gain, false).clipping.is_some())
        };
        assert!(!heard(&mut watch.clone(), 1.0));
        assert!(heard(&mut watch, 2.0));
        assert!(!is_full(&samples) && is_full(&[0.1, -1.0]));
    }

    #[test]
    fn talking_while_muted_is_told_within_two_seconds_and_over_when_unmuted() {
        let talk = |time: f32, noise: f32| noise * gain(speech(time, -20.0, -70.0));
        let seen = told(20.0, |time| (6.0..14.0).contains(&time), talk);
        assert!(matches!(seen[..], [(_, "muted_talk", true), (_, "muted_talk", false)]), "{seen:?}");
        assert!((6.5..8.0).contains(&seen[0].0) && (seen[1].0 - 14.0).abs() < 0.05, "{seen:?}");
        // Nobody talks any more, still muted.
        let stops = |time: f32, noise: f32| if time < 3.0 { talk(time, noise) } else { noise * gain(-70.0) };
        let seen = told(20.0, |_| true, stops);
        assert!(matches!(seen[..], [(_, "muted_talk", true), (_, "muted_talk", false)]), "{seen:?}");
        assert!((6.0..9.5).contains(&seen[1].0), "{seen:?}");
    }

    #[test]
    fn half_an_hour_of_a_quiet_speaker_is_no_alarm_and_fans_and_typing_are_no_talk() {
        const HALF_HOUR: f32 = 1800.0;
        let quiet = |time: f32, noise: f32| noise * gain(speech(time, -45.0, -70.0));
        assert_eq!(told(HALF_HOUR, |_| false, quiet), []);
        assert_eq!(told(300.0, |_| true, quiet), []);
        // As loud as speech and without syllables: a fan, a hum.
        assert_eq!(told(60.0, |_| true, |_, noise| noise * gain(-25.0)), []);
        assert_eq!(told(60.0, |_| true, |time, _| 0.3 * (time * 314.0).sin()), []);
        // Seven keys a second, 15 ms each, and louder than speech.
        let typing = |time: f32, noise: f32| noise * gain(if time * 7.0 % 1.0 < 0.1 { -20.0 } else { -65.0 });
        assert_eq!(told(60.0, |_| true, typing), []);
    }
}
