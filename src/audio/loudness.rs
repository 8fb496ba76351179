//! Loudness and true peak of the program by EBU R 128 (ITU-R BS.1770).

use std::fmt;

use ebur128::{EbuR128, Mode};

use super::UnsupportedSound;

/// Nothing below this is measured: the absolute gate of EBU R 128, in LUFS.
const GATE_LUFS: f64 = -70.0;

/// A running measure of the whole program.
pub struct Loudness {
    meter: EbuR128,
    channels: u16,
}

/// What was measured so far; `None` where there was no sound over the gate yet (−70 LUFS).
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct LoudnessReading {
    /// Loudness of the program so far, gated, in LUFS.
    pub integrated_lufs: Option<f64>,
    /// Loudness of the last 400 ms, in LUFS.
    pub momentary_lufs: Option<f64>,
    /// Highest true peak so far of any channel, in dBTP; `None` too where it is not measured.
    pub true_peak_dbtp: Option<f64>,
}

impl Loudness {
    /// A measure of a program of `channels` (1 or 2) at `sample_rate`, without its true peak. Mono counts as heard on one
    /// loudspeaker.
    pub fn new(sample_rate: u32, channels: u16) -> Result<Self, UnsupportedSound> {
        Self::of(sample_rate, channels, Mode::empty())
    }

    /// The same with the true peak, which costs several times as much: it is looked for between the samples.
    pub fn with_true_peak(sample_rate: u32, channels: u16) -> Result<Self, UnsupportedSound> {
        Self::of(sample_rate, channels, Mode::TRUE_PEAK)
    }

    fn of(sample_rate: u32, channels: u16, more: Mode) -> Result<Self, UnsupportedSound> {
        // The histogram bounds the memory of a show of any length. Short-term loudness, which nothing shows, would keep
        // the last 3 s: 2.2 MiB that each sample walks through.
        let mode = Mode::I | Mode::M | Mode::HISTOGRAM | more;
        let wrong = |reason: String| UnsupportedSound { sample_rate, channels, reason };
        if !(1..=2).contains(&channels) || sample_rate == 0 {
            return Err(wrong("1 or 2 channels are measured".to_owned()));
        }
        let meter = EbuR128::new(u32::from(channels), sample_rate, mode).map_err(|e| wrong(e.to_string()))?;
        Ok(Self { meter, channels })
    }

    /// Measures interleaved samples, any number of whole frames. Samples that are no number count as silence.
    pub fn measure(&mut self, samples: &[f32]) {
        let whole = samples.len() - samples.len() % usize::from(self.channels);
        let samples = &samples[..whole];
        let added = if samples.iter().all(|s| s.is_finite()) {
            self.meter.add_frames_f32(samples)
        } else {
            let mended: Vec<f32> = samples.iter().map(|s| if s.is_finite() { *s } else { 0.0 }).collect();
            self.meter.add_frames_f32(&mended)
        };
        debug_assert!(added.is_ok(), "whole frames are never refused");
    }

    /// What was measured so far.
    pub fn reading(&self) -> LoudnessReading {
        // What is left of a filter that dies away is a finite figure too.
        let over_gate =
            |value: Result<f64, ebur128::Error>| value.ok().filter(|value| value.is_finite() && *value >= GATE_LUFS);
        let peak = (0..u32::from(self.channels))
            .filter_map(|channel| self.meter.true_peak(channel).ok())
            .fold(0.0f64, f64::max);
        LoudnessReading {
            integrated_lufs: over_gate(self.meter.loudness_global()),
            momentary_lufs: over_gate(self.meter.loudness_momentary()),
            true_peak_dbtp: (peak > 0.0).then(|| 20.0 * peak.log10()),
        }
    }
}

impl fmt::Debug for Loudness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loudness").field("channels", &self.channels).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stereo_sine(amplitude: f64, hertz: f64, secs: usize) -> Vec<f32> {
        (0..48_000 * secs)
            .flat_map(|i| {
                let s = (amplitude * (i as f64 * hertz * std::f64::consts::TAU / 48_000.0).sin()) as f32;
                [s, s]
            })
            .collect()
    }

    #[test]
    fn the_reference_tone_of_ebu_tech_3341_reads_minus_23() {
        // Test case 1: a stereo sine of 1 kHz at -23 dBFS for 20 s is -23.0 ± 0.1 LUFS.
        let mut loudness = Loudness::with_true_peak(48_000, 2).unwrap();
        for chunk in stereo_sine(10f64.powf(-23.0 / 20.0), 1000.0, 20).chunks(2048) {
            loudness.measure(chunk);
        }
        let reading = loudness.reading();
        assert!((reading.integrated_lufs.unwrap() + 23.0).abs() < 0.1, "{reading:?}");
        assert!((reading.momentary_lufs.unwrap() + 23.0).abs() < 0.1, "{reading:?}");
        assert!((reading.true_peak_dbtp.unwrap() + 23.0).abs() < 0.1, "{reading:?}");
    }

    #[test]
    fn a_true_peak_between_the_samples_is_seen() {
        // A quarter of the sample rate at 45°: the samples reach 0.707, the wave 1.0.
        let samples: Vec<f32> =
            (0..48_000).map(|i| ((f64::from(i) * 0.25 + 0.125) * std::f64::consts::TAU).sin() as f32).collect();
        let mut loudness = Loudness::with_true_peak(48_000, 1).unwrap();
        loudness.measure(&samples);
        assert!(samples.iter().all(|s| s.abs() < 0.708));
        let peak = loudness.reading().true_peak_dbtp.unwrap();
        assert!(peak.abs() < 0.4, "{peak}");
        let mut without = Loudness::new(48_000, 1).unwrap();
        without.measure(&samples);
        assert_eq!(without.reading(), LoudnessReading { true_peak_dbtp: None, ..loudness.reading() });
    }

    #[test]
    fn what_dies_away_in_the_filters_is_no_loudness() {
        let mut loudness = Loudness::new(48_000, 2).unwrap();
        loudness.measure(&stereo_sine(0.1, 1000.0, 1));
        assert!(loudness.reading().momentary_lufs.is_some());
        let mut least = 0.0;
        for _ in 0..100 {
            loudness.measure(&[0.0; 4096]);
            least = loudness.reading().momentary_lufs.into_iter().fold(least, f64::min);
        }
        assert!(least >= GATE_LUFS, "{least}");
        let reading = loudness.reading();
        assert_eq!(reading.momentary_lufs, None);
        assert!(reading.integrated_lufs.is_some());
    }

    #[test]
    fn silence_has_no_loudness_and_nan_does_no_harm() {
        let mut loudness = Loudness::new(48_000, 2).unwrap();
        assert_eq!(loudness.reading(), LoudnessReading::default());
        loudness.measure(&vec![0.0; 96_000]);
        loudness.measure(&vec![f32::NAN; 2048]);
        assert_eq!(loudness.reading(), LoudnessReading::default());
        assert!(Loudness::new(48_000, 3).is_err());
        assert!(Loudness::new(0, 2).is_err());
    }
}
