//! Level meters: peak, RMS and peak hold of each channel.

use crate::audio::mix::db_from_gain;
use crate::media::Level;

/// How long a peak is held before it falls, in seconds.
const HOLD_SECS: f64 = 1.5;
/// How fast a held peak falls, in dB a second (IEC 60268-18 asks for 20 dB in 1.7 s).
const FALL_DB_PER_SEC: f64 = 20.0 / 1.7;

/// The meter of a program of one or two channels. Pure: time is counted in samples.
#[derive(Clone, Debug)]
pub struct Meter {
    sample_rate: u32,
    channels: Vec<Held>,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    level: Level,
    hold_dbfs: f32,
    held_secs: f64,
    clipped: u64,
}

impl Meter {
    /// A meter at silence.
    pub fn new(sample_rate: u32, channels: u16) -> Self {
        let silent = Held { level: Level::SILENCE, hold_dbfs: f32::NEG_INFINITY, held_secs: 0.0, clipped: 0 };
        Self { sample_rate: sample_rate.max(1), channels: vec![silent; usize::from(channels.max(1))] }
    }

    /// Measures interleaved samples; gives nothing back so that it can run where nobody looks.
    pub fn measure(&mut self, samples: &[f32]) {
        let count = self.channels.len();
        let frames = samples.len() / count;
        if frames == 0 {
            return;
        }
        let secs = frames as f64 / f64::from(self.sample_rate);
        for (index, held) in self.channels.iter_mut().enumerate() {
            let mut peak = 0f32;
            let mut power = 0f64;
            for sample in samples.iter().skip(index).step_by(count) {
                // A device that sends NaN must not poison the meter for ever.
                let sample = if sample.is_finite() { *sample } else { 0.0 };
                peak = peak.max(sample.abs());
                power += f64::from(sample) * f64::from(sample);
                held.clipped += u64::from(sample.abs() >= 1.0);
            }
            let rms = (power / frames as f64).sqrt() as f32;
            held.level = Level { peak_dbfs: db_from_gain(peak), rms_dbfs: db_from_gain(rms) };
            held.held_secs += secs;
            let falling = (held.held_secs - HOLD_SECS).clamp(0.0, secs);
            let fallen = held.hold_dbfs - (FALL_DB_PER_SEC * falling) as f32;
            if held.level.peak_dbfs >= fallen {
                held.hold_dbfs = held.level.peak_dbfs;
                held.held_secs = 0.0;
            } else {
                held.hold_dbfs = if fallen < -120.0 { f32::NEG_INFINITY } else { fallen };
            }
        }
    }

    /// The level of each channel over the samples measured last.
    pub fn levels(&self) -> Vec<Level> {
        self.channels.iter().map(|held| held.level).collect()
    }

    /// The held peak of each channel in dBFS: stays 1.5 s, then falls.
    pub fn holds(&self) -> Vec<f32> {
        self.channels.iter().map(|held| held.hold_dbfs).collect()
    }

    /// Samples at or over full scale so far, all channels.
    pub fn clipped(&self) -> u64 {
        self.channels.iter().map(|held| held.clipped).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(amplitude: f32, frames: usize) -> Vec<f32> {
        (0..frames).map(|i| amplitude * (i as f32 * std::f32::consts::TAU / 48.0).sin()).collect()
    }

    #[test]
    fn peak_and_rms_of_each_channel() {
        let mut meter = Meter::new(48_000, 2);
        assert_eq!(meter.levels(), [Level::SILENCE; 2]);
        let samples: Vec<f32> = sine(1.0, 960).into_iter().flat_map(|s| [s, s * 0.25]).collect();
        meter.measure(&samples);
        let levels = meter.levels();
        assert!(levels[0].peak_dbfs.abs() < 0.01, "{levels:?}");
        assert!((levels[0].rms_dbfs + 3.0103).abs() < 0.01, "{levels:?}");
        assert!((levels[1].peak_dbfs + 12.0412).abs() < 0.01, "{levels:?}");
        assert!((levels[1].rms_dbfs + 15.0515).abs() < 0.01, "{levels:?}");
    }

    #[test]
    fn a_peak_is_held_then_falls() {
        let mut meter = Meter::new(48_000, 1);
        meter.measure(&sine(0.5, 480));
        let peak = meter.holds()[0];
        for _ in 0..149 {
            meter.measure(&[0.0; 480]);
        }
        assert_eq!(meter.holds()[0], peak);
        for _ in 0..170 {
            meter.measure(&[0.0; 480]);
        }
        assert!((meter.holds()[0] - (peak - 20.0)).abs() < 0.3, "{}", meter.holds()[0]);
        for _ in 0..2000 {
            meter.measure(&[0.0; 480]);
        }
        assert_eq!(meter.holds()[0], f32::NEG_INFINITY);
        meter.measure(&sine(0.25, 480));
        assert!((meter.holds()[0] + 12.04).abs() < 0.01);
    }

    #[test]
    fn clipping_is_counted_and_nan_is_silence() {
        let mut meter = Meter::new(48_000, 1);
        meter.measure(&[1.0, -1.2, 0.5, f32::NAN, f32::INFINITY]);
        assert_eq!(meter.clipped(), 2);
        assert!((meter.levels()[0].peak_dbfs - 1.5836).abs() < 0.001);
        meter.measure(&[0.0; 48]);
        assert_eq!(meter.levels(), [Level::SILENCE]);
    }
}
