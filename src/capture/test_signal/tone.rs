//! The test tone: a steady 440 Hz with a beep at each full second of the program, and the detector that finds the
//! beeps again.

use std::f64::consts::{PI, TAU};

use crate::capture::{AudioRead, AudioSource, SourceInfo};

/// The steady tone, −20 dBFS.
const TONE_HZ: f64 = 440.0;
const TONE_PEAK: f64 = 0.1;
/// The beep, −6 dBFS.
const BEEP_HZ: f64 = 1000.0;
const BEEP_PEAK: f64 = 0.501_187;
const BEEP_SECONDS: f64 = 0.1;
/// The beep's end fades over this long, its start does not: it is what is measured.
const FADE_SECONDS: f64 = 0.005;

/// The test tone at the program's own rate and channels (all the same).
pub fn open_audio(sample_rate: u32, channels: u16) -> Box<dyn AudioSource> {
    let sample_rate = sample_rate.max(1);
    // Both frequencies are whole numbers of hertz: one second repeats exactly, for ever.
    let second = (0..sample_rate).map(|index| sample(f64::from(index) / f64::from(sample_rate))).collect();
    Box::new(TestTone { sample_rate, channels: channels.max(1), second })
}

/// The sample `time` seconds after a full second, with `time` below 1.
fn sample(time: f64) -> f32 {
    let tone = TONE_PEAK * (TAU * TONE_HZ * time).sin();
    let left = BEEP_SECONDS - time;
    let gain = if left <= 0.0 {
        0.0
    } else if left < FADE_SECONDS {
        0.5 - 0.5 * (PI * left / FADE_SECONDS).cos()
    } else {
        1.0
    };
    (tone + gain * BEEP_PEAK * (TAU * BEEP_HZ * time).sin()) as f32
}

struct TestTone {
    sample_rate: u32,
    channels: u16,
    second: Vec<f32>,
}

impl AudioSource for TestTone {
    fn info(&self) -> SourceInfo {
        SourceInfo {
            address: None,
            id: "test".to_owned(),
            name: "Test tone".to_owned(),
            format: format!("{} Hz, {} channel(s)", self.sample_rate, self.channels),
            size: None,
            frame_rate: None,
        }
    }

    fn read(&mut self, start: i64, out: &mut [f32]) -> AudioRead {
        let channels = usize::from(self.channels);
        let mut at = usize::try_from(start.rem_euclid(i64::from(self.sample_rate))).unwrap_or(0);
        for frame in out.chunks_mut(channels) {
            frame.fill(self.second[at]);
            at = (at + 1) % self.second.len();
        }
        AudioRead::default()
    }
}

/// The window in which the beep's energy is looked for: five of its periods.
const WINDOW_SECONDS: f64 = 0.005;
/// Beeps weaker than this are not looked at, −34 dBFS.
const BEEP_PEAK_MIN: f64 = 0.02;

/// Finds where the test tone's beeps start in `samples` (one channel), whose first sample has the index `start`:
/// the indices of their first samples, right to 2 ms, also after coding and at another level.
pub fn find_beep_onsets(samples: &[f32], sample_rate: u32, start: i64) -> Vec<i64> {
    let rate = f64::from(sample_rate.max(1));
    let window = ((rate * WINDOW_SECONDS).round() as usize).max(1);
    let amplitudes = beep_amplitudes(samples, rate, window);
    let loudest = amplitudes.iter().copied().fold(0.0, f64::max);
    if loudest < BEEP_PEAK_MIN {
        return Vec::new();
    }
    let (high, low) = (loudest * 0.5, loudest * 0.3);
    let mut onsets = Vec::new();
    // A beep that is already on at the first sample has no onset here.
    let mut armed = amplitudes.first().is_some_and(|first| *first < low);
    for (index, amplitude) in amplitudes.into_iter().enumerate() {
        if armed && amplitude >= high {
            // Half the window holds beep when half the amplitude is reached.
            let onset = index + window / 2;
            onsets.push(start.saturating_add(i64::try_from(onset).unwrap_or(i64::MAX)));
            armed = false;
        } else if amplitude < low {
            armed = true;
        }
    }
    onsets
}

/// The amplitude at the beep's frequency in the window that starts at each sample.
fn beep_amplitudes(samples: &[f32], rate: f64, window: usize) -> Vec<f64> {
    if samples.len() < window {
        return Vec::new();
    }
    // Sums of the signal turned down to 0 Hz; a difference of two is a window's correlation.
    let mut sums = Vec::with_capacity(samples.len() + 1);
    let (mut re, mut im) = (0.0, 0.0);
    sums.push((re, im));
    for (index, sample) in samples.iter().enumerate() {
        let (sin, cos) = (TAU * (index as f64 * BEEP_HZ / rate).fract()).sin_cos();
        re += f64::from(*sample) * cos;
        im -= f64::from(*sample) * sin;
        sums.push((re, im));
    }
    let scale = 2.0 / window as f64;
    sums.windows(window + 1)
        .map(|part| match (part.first(), part.last()) {
            (Some(first), Some(last)) => (last.0 - first.0).hypot(last.1 - first.1) * scale,
            _ => 0.0,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rate: u32, start: i64, count: usize) -> Vec<f32> {
        let mut out = vec![9.0; count];
        open_audio(rate, 1).read(start, &mut out);
        out
    }

    #[test]
    fn the_beep_starts_sharply_with_each_second_and_levels_are_right() {
        for rate in [44_100, 48_000] {
            let samples = read(rate, 0, rate as usize);
            let peak = |from: f64, to: f64| {
                let [from, to] = [from, to].map(|t| (t * f64::from(rate)) as usize);
                samples[from..to].iter().fold(0.0f32, |peak, s| peak.max(s.abs()))
            };
            assert!((peak(0.2, 1.0) - 0.1).abs() < 1e-3);
            assert!((peak(0.0, 0.09) - 0.6).abs() < 0.03);
            assert!(peak(0.0, 0.001) > 0.5, "the onset is not sharp");
            assert!(peak(0.0995, 0.1) < 0.15, "the end does not fade");
        }
    }

    #[test]
    fn the_phase_is_exact_after_days_and_any_split_gives_the_same() {
        let rate = 48_000;
        let days = 30 * 86_400 * i64::from(rate);
        assert_eq!(read(rate, days - 5_000, 10_000), read(rate, -5_000, 10_000));
        let whole = read(rate, 1_000, 5_000);
        let parts = [read(rate, 1_000, 1_700), read(rate, 2_700, 3_300)].concat();
        assert_eq!(whole, parts);
        let mut stereo = vec![0.0; 200];
        open_audio(rate, 2).read(77, &mut stereo);
        assert!(stereo.chunks_exact(2).zip(read(rate, 77, 100)).all(|(pair, mono)| pair == [mono, mono]));
    }

    #[test]
    fn onsets_are_found_to_a_millisecond_at_any_level() {
        for rate in [44_100, 48_000] {
            for gain in [1.0, 0.3, 0.1] {
                let start = i64::from(rate) / 3;
                let samples: Vec<f32> = read(rate, start, 3 * rate as usize).iter().map(|s| s * gain).collect();
                let onsets = find_beep_onsets(&samples, rate, start);
                let wanted: Vec<i64> = (1..=3).map(|second| second * i64::from(rate)).collect();
                assert_eq!(onsets.len(), wanted.len(), "{onsets:?}");
                for (onset, wanted) in onsets.iter().zip(wanted) {
                    assert!((onset - wanted).abs() <= i64::from(rate) / 1000, "{onsets:?}");
                }
            }
        }
    }

    #[test]
    fn no_beep_no_onset() {
        assert!(find_beep_onsets(&[0.0; 48_000], 48_000, 0).is_empty());
        assert!(find_beep_onsets(&read(48_000, 10_000, 30_000), 48_000, 0).is_empty());
        assert!(find_beep_onsets(&[], 48_000, 0).is_empty());
        // A beep cut by the start of the samples has no onset in them.
        assert!(find_beep_onsets(&read(48_000, 1_000, 30_000), 48_000, 0).is_empty());
    }
}
