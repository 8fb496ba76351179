//! What the sound does: levels up, gain and mute down.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::audio::{Loudness, LoudnessReading, Meter, gain_from_db, ramp_gain};
use crate::media::Level;

/// Chunks between readings of loudness: ten a second; each looks at the last 3 s again.
const CHUNKS_PER_READING: u32 = 5;

/// Chunks for which loudness is measured on after somebody has looked: some two seconds.
const CHUNKS_AFTER_A_LOOK: u32 = 94;

/// What the meters show: the sound after the fader and before the mute, so that a muted meter keeps moving.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Levels {
    /// Peak and RMS of each channel over the last chunk, in dBFS; empty before the first.
    pub channels: Vec<Level>,
    /// The held peak of each channel, in dBFS.
    pub holds_dbfs: Vec<f32>,
    /// Whether a sample reached full scale since `SoundControls::clear_clip`.
    pub clipped: bool,
    /// Loudness of the last 400 ms, in LUFS.
    pub momentary_lufs: Option<f64>,
    /// Whether the program's sound is muted.
    pub muted: bool,
}

/// Shared by the audio thread and whoever shows and moves the fader. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Sound(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    gain_db: AtomicU32,
    muted: AtomicBool,
    clear_clip: AtomicBool,
    /// Whether anybody has ever looked, and chunks for which loudness is measured on.
    watched: AtomicBool,
    looked: AtomicU32,
    levels: Mutex<Levels>,
}

impl Sound {
    pub(super) fn set_gain_db(&self, gain_db: f32) {
        self.0.gain_db.store(gain_db.to_bits(), Ordering::Release);
    }

    pub(super) fn set_muted(&self, muted: bool) {
        self.0.muted.store(muted, Ordering::Release);
    }

    pub(super) fn gain_db(&self) -> f32 {
        f32::from_bits(self.0.gain_db.load(Ordering::Acquire))
    }

    pub(super) fn is_muted(&self) -> bool {
        self.0.muted.load(Ordering::Acquire)
    }

    pub(super) fn clear_clip(&self) {
        self.0.clear_clip.store(true, Ordering::Release);
    }

    /// The newest levels; from the first call on they are measured. Loudness, which costs most, is measured only while
    /// somebody looks.
    pub(super) fn levels(&self) -> Levels {
        self.0.looked.store(CHUNKS_AFTER_A_LOOK, Ordering::Release);
        self.glance()
    }

    /// The same for somebody who looks now and then: loudness is unknown unless it is measured for somebody else.
    pub(super) fn glance(&self) -> Levels {
        self.0.watched.store(true, Ordering::Release);
        self.0.levels.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The audio thread's end: moves the fader and measures.
pub(super) struct Strip {
    sound: Sound,
    sample_rate: u32,
    channels: u16,
    /// The gain of the last sample handed out: changes fade over one chunk.
    gain: f32,
    audible: f32,
    measures: Option<Measures>,
}

struct Measures {
    meter: Meter,
    loudness: Loudness,
    reading: LoudnessReading,
    chunks: u32,
    /// Samples at full scale when the latch was cleared last.
    cleared_at: u64,
}

impl Strip {
    pub(super) fn new(sound: Sound, sample_rate: u32, channels: u16) -> Self {
        let gain = gain_from_db(f32::from_bits(sound.0.gain_db.load(Ordering::Acquire)));
        let audible = if sound.0.muted.load(Ordering::Acquire) { 0.0 } else { 1.0 };
        Self { sound, sample_rate, channels, gain, audible, measures: None }
    }

    /// Takes a chunk of the source through fader, meter and mute.
    pub(super) fn process(&mut self, samples: &mut [f32]) {
        let shared = &self.sound.0;
        let gain = gain_from_db(f32::from_bits(shared.gain_db.load(Ordering::Acquire)));
        fade(samples, self.channels, self.gain, gain);
        self.gain = gain;
        let muted = shared.muted.load(Ordering::Acquire);
        if shared.watched.load(Ordering::Acquire) {
            self.measure(samples, muted);
        }
        let audible = if muted { 0.0 } else { 1.0 };
        fade(samples, self.channels, self.audible, audible);
        self.audible = audible;
    }

    fn measure(&mut self, samples: &[f32], muted: bool) {
        if self.measures.is_none() {
            // A rate that cannot be measured was refused when the encoder was opened.
            let Ok(loudness) = Loudness::new(self.sample_rate, self.channels) else { return };
            let meter = Meter::new(self.sample_rate, self.channels);
            self.measures =
                Some(Measures { meter, loudness, reading: LoudnessReading::default(), chunks: 0, cleared_at: 0 });
        }
        let Some(measures) = &mut self.measures else { return };
        measures.meter.measure(samples);
        let looked = &self.sound.0.looked;
        if looked.load(Ordering::Acquire) > 0 {
            looked.fetch_sub(1, Ordering::AcqRel);
            measures.loudness.measure(samples);
            measures.chunks += 1;
            if measures.chunks.is_multiple_of(CHUNKS_PER_READING) {
                measures.reading = measures.loudness.reading();
            }
        } else {
            measures.reading = LoudnessReading::default();
        }
        let clipped = measures.meter.clipped();
        if self.sound.0.clear_clip.swap(false, Ordering::AcqRel) {
            measures.cleared_at = clipped;
        }
        let levels = Levels {
            channels: measures.meter.levels(),
            holds_dbfs: measures.meter.holds(),
            clipped: clipped > measures.cleared_at,
            momentary_lufs: measures.reading.momentary_lufs,
            muted,
        };
        *self.sound.0.levels.lock().unwrap_or_else(PoisonError::into_inner) = levels;
    }
}

fn fade(samples: &mut [f32], channels: u16, from: f32, to: f32) {
    if from != 1.0 || to != 1.0 {
        ramp_gain(samples, channels, from, to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fader_comes_before_the_meter_and_the_mute_after_it() {
        let sound = Sound::default();
        assert_eq!(sound.levels(), Levels::default());
        let mut strip = Strip::new(sound.clone(), 48_000, 2);
        let mut samples = [0.5; 2048];
        strip.process(&mut samples);
        assert_eq!(samples, [0.5; 2048], "at 0 dB every sample is left as it is");
        sound.set_gain_db(-6.0206);
        sound.set_muted(true);
        for _ in 0..2 {
            samples.fill(0.5);
            strip.process(&mut samples);
        }
        assert_eq!(samples, [0.0; 2048]);
        let levels = sound.levels();
        assert!((levels.channels[1].peak_dbfs + 12.04).abs() < 0.01 && levels.muted && !levels.clipped, "{levels:?}");
    }

    #[test]
    fn the_clip_latch_stays_until_it_is_cleared() {
        let sound = Sound::default();
        sound.levels();
        let mut strip = Strip::new(sound.clone(), 48_000, 1);
        strip.process(&mut [1.0; 16]);
        strip.process(&mut [0.1; 16]);
        assert!(sound.levels().clipped);
        sound.clear_clip();
        strip.process(&mut [0.1; 16]);
        assert!(!sound.levels().clipped);
    }

    #[test]
    fn loudness_is_measured_only_while_somebody_looks_and_clipping_always() {
        let sound = Sound::default();
        let mut strip = Strip::new(sound.clone(), 48_000, 1);
        let tone: Vec<f32> = (0..1024).map(|i| (i as f32 * 0.1).sin() * 0.5).collect();
        sound.levels();
        (0..200).for_each(|_| strip.process(&mut tone.clone()));
        let heard = strip.measures.as_ref().map(|measures| measures.chunks);
        assert_eq!(heard, Some(CHUNKS_AFTER_A_LOOK));
        strip.process(&mut [1.0; 16]);
        // A glance is no wish for it, and what it was long ago is not what it is.
        (0..30).for_each(|_| strip.process(&mut tone.clone()));
        let levels = sound.glance();
        assert!(levels.clipped && levels.momentary_lufs.is_none(), "{levels:?}");
        let looked = sound.levels();
        assert_eq!(looked, levels);
        (0..30).for_each(|_| strip.process(&mut tone.clone()));
        assert!(sound.glance().momentary_lufs.is_some());
        assert_eq!(strip.measures.as_ref().map(|measures| measures.chunks), Some(CHUNKS_AFTER_A_LOOK + 30));
    }

    #[test]
    fn a_change_of_gain_does_not_click() {
        let sound = Sound::default();
        let mut strip = Strip::new(sound.clone(), 48_000, 1);
        sound.set_muted(true);
        let mut samples = [1.0; 1024];
        strip.process(&mut samples);
        let steepest = samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(steepest < 0.002, "{steepest}");
    }
}
