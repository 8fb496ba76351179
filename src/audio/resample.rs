//! `DriftResampler`: an asynchronous resampler whose ratio may change a little all the time.

use std::fmt;

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Adjustable as _, Async, FixedAsync, Resampler as _, Resizable as _, SincInterpolationParameters, WindowFunction,
};

use super::{PPM_MAX, UnsupportedSound};
use crate::media::CHUNK_SAMPLES;

/// Taps of the filter: 64 input frames (1.3 ms) of delay, flat to 20 kHz at 48 kHz.
const SINC_LEN: usize = 128;

/// Turns frames at a device's rate into frames at the program's, both interleaved.
pub struct DriftResampler {
    inner: Async<f32>,
    channels: usize,
    nominal: f64,
    fed: u64,
    made: u64,
    input: Vec<f32>,
}

impl DriftResampler {
    /// From `input_rate` to `output_rate`, `channels` 1 or 2, with room to move by `PPM_MAX`.
    pub fn new(input_rate: u32, output_rate: u32, channels: u16) -> Result<Self, UnsupportedSound> {
        let wrong = |reason: String| UnsupportedSound { sample_rate: input_rate, channels, reason };
        if !(1..=2).contains(&channels) || !(4_000..=768_000).contains(&input_rate) || output_rate == 0 {
            return Err(wrong("1 or 2 channels at 4 to 768 kHz are resampled".to_owned()));
        }
        let nominal = f64::from(output_rate) / f64::from(input_rate);
        let parameters = SincInterpolationParameters::new(SINC_LEN, WindowFunction::BlackmanHarris2);
        let room = 1.0 + 2.0 * PPM_MAX * 1e-6;
        let channels = usize::from(channels);
        let inner = Async::new_sinc(nominal, room, &parameters, CHUNK_SAMPLES, channels, FixedAsync::Output)
            .map_err(|e| wrong(e.to_string()))?;
        let input = vec![0.0; inner.input_frames_max() * channels];
        Ok(Self { inner, channels, nominal, fed: 0, made: 0, input })
    }

    /// Makes `out.len() / channels` frames while the device runs `ppm` fast (positive) or slow; a new ratio is
    /// reached gradually within the first 1024 frames. `feed` must fill the slice it is given, which holds
    /// whole input frames.
    pub fn process(&mut self, ppm: f64, out: &mut [f32], mut feed: impl FnMut(&mut [f32])) {
        let relative = 1.0 / (1.0 + ppm.clamp(-PPM_MAX, PPM_MAX) * 1e-6);
        for block in out.chunks_mut(CHUNK_SAMPLES * self.channels) {
            let frames = block.len() / self.channels;
            if frames == 0 {
                break;
            }
            if self.block(relative, block, frames, &mut feed).is_err() {
                // Sizes and ratio are ours and in range: this cannot happen, and silence is the honest fallback.
                debug_assert!(false, "the resampler refused its own sizes");
                block.fill(0.0);
            }
        }
    }

    fn block(
        &mut self,
        relative: f64,
        block: &mut [f32],
        frames: usize,
        feed: &mut impl FnMut(&mut [f32]),
    ) -> Result<(), Refused> {
        self.inner.set_chunk_size(frames)?;
        self.inner.set_resample_ratio_relative(relative, true)?;
        let needed = self.inner.input_frames_next();
        let wanted = needed * self.channels;
        if self.input.len() < wanted {
            self.input.resize(wanted, 0.0);
        }
        feed(&mut self.input[..wanted]);
        let source = InterleavedSlice::new(&self.input[..wanted], self.channels, needed)?;
        let mut target = InterleavedSlice::new_mut(block, self.channels, frames)?;
        self.inner.process_into_buffer(&source, &mut target, None)?;
        self.fed += needed as u64;
        self.made += frames as u64;
        Ok(())
    }

    /// The input frame (counted from the first one fed) that the next output frame shows, to within one frame of the
    /// slower of both:
    /// negative at first, because the filter's delay is silence.
    pub fn position(&self) -> f64 {
        self.fed as f64 - Self::LOOK_AHEAD
    }

    /// Input frames that must be fed beyond the one an output frame shows.
    pub const LOOK_AHEAD: f64 = SINC_LEN as f64 / 2.0 + 0.5;

    /// Frames fed so far.
    pub fn fed(&self) -> u64 {
        self.fed
    }

    /// Frames made so far.
    pub fn made(&self) -> u64 {
        self.made
    }

    /// Output frames for each input frame when neither clock drifts.
    pub fn nominal_ratio(&self) -> f64 {
        self.nominal
    }

    /// Forgets all it was fed.
    pub fn reset(&mut self) {
        self.inner.reset();
        self.fed = 0;
        self.made = 0;
    }
}

impl fmt::Debug for DriftResampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DriftResampler")
            .field("channels", &self.channels)
            .field("nominal", &self.nominal)
            .field("fed", &self.fed)
            .field("made", &self.made)
            .finish_non_exhaustive()
    }
}

/// One of rubato's errors about sizes or ratios; none can come from here (see `process`).
struct Refused;

impl From<rubato::ResampleError> for Refused {
    fn from(_: rubato::ResampleError) -> Self {
        Self
    }
}

impl From<rubato::audioadapter_buffers::SizeError> for Refused {
    fn from(_: rubato::audioadapter_buffers::SizeError) -> Self {
        Self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds a sine of `hertz` at `input_rate` and gives `frames` of output after the first `skip`.
    fn resampled(input_rate: u32, hertz: f64, amplitude: f64, ppm: f64, skip: usize, frames: usize) -> Vec<f32> {
        let mut resampler = DriftResampler::new(input_rate, 48_000, 1).unwrap();
        let mut next = 0u64;
        let mut feed = |input: &mut [f32]| {
            for sample in input {
                let phase = next as f64 * hertz / f64::from(input_rate);
                *sample = (amplitude * (phase * std::f64::consts::TAU).sin()) as f32;
                next += 1;
            }
        };
        let mut out = vec![0.0; skip + frames];
        for block in out.chunks_mut(CHUNK_SAMPLES) {
            resampler.process(ppm, block, &mut feed);
        }
        out.split_off(skip)
    }

    /// Least squares of a sine of known frequency: amplitude, phase and the RMS of what is left over.
    fn fit(samples: &[f32], hertz: f64) -> (f64, f64, f64) {
        let angle = |i: usize| i as f64 * hertz / 48_000.0 * std::f64::consts::TAU;
        let (mut ss, mut sc, mut cc, mut sy, mut cy) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (i, sample) in samples.iter().enumerate() {
            let (sin, cos) = angle(i).sin_cos();
            ss += sin * sin;
            sc += sin * cos;
            cc += cos * cos;
            sy += f64::from(*sample) * sin;
            cy += f64::from(*sample) * cos;
        }
        let determinant = ss * cc - sc * sc;
        let (s, c) = ((sy * cc - cy * sc) / determinant, (cy * ss - sy * sc) / determinant);
        let mut left = 0.0;
        for (i, sample) in samples.iter().enumerate() {
            left += (f64::from(*sample) - s * angle(i).sin() - c * angle(i).cos()).powi(2);
        }
        (s.hypot(c), c.atan2(s), (left / samples.len() as f64).sqrt())
    }

    fn db(ratio: f64) -> f64 {
        20.0 * ratio.log10()
    }

    #[test]
    fn a_tone_keeps_its_level_without_distortion() {
        for (input_rate, ppm) in [(48_000, 0.0), (48_000, 200.0), (48_000, -700.0), (44_100, 35.0), (96_000, 0.0)] {
            // The output runs for 1/(1+ppm) of the input's time, so the tone shifts by as much.
            let hertz = 440.0 * (1.0 + ppm * 1e-6);
            let out = resampled(input_rate, 440.0, 0.5012, ppm, 48_000, 48_000);
            let (amplitude, _, left) = fit(&out, hertz);
            assert!((db(amplitude) + 6.0).abs() < 0.1, "{input_rate} {ppm}: {}", db(amplitude));
            let thd_n = db(left / (amplitude / 2f64.sqrt()));
            assert!(thd_n < -70.0, "{input_rate} {ppm}: THD+N {thd_n}");
        }
        let (amplitude, ..) = fit(&resampled(48_000, 18_000.0, 0.5, 10.0, 48_000, 48_000), 18_000.18);
        assert!((db(amplitude) + 6.02).abs() < 0.2, "{}", db(amplitude));
    }

    #[test]
    fn position_is_the_input_frame_that_is_shown() {
        for input_rate in [44_100u32, 48_000, 96_000] {
            let mut resampler = DriftResampler::new(input_rate, 48_000, 1).unwrap();
            let mut next = 0u64;
            let mut sine = vec![0.0; 480];
            for round in 0..400 {
                let before = resampler.position();
                resampler.process(300.0, &mut sine, |input| {
                    for sample in input {
                        *sample = (next as f64 * 100.0 / f64::from(input_rate) * std::f64::consts::TAU).sin() as f32;
                        next += 1;
                    }
                });
                if round > 3 {
                    let (_, phase, _) = fit(&sine, 100.0 * 1.0003);
                    let shown = phase / std::f64::consts::TAU * f64::from(input_rate) / 100.0;
                    let period = f64::from(input_rate) / 100.0;
                    let error = (before - shown + period / 2.0).rem_euclid(period) - period / 2.0;
                    let step = 1.0 / resampler.nominal_ratio();
                    assert!(error.abs() <= step.max(1.0), "{input_rate} round {round}: {error} frames off");
                }
            }
            let expected = resampler.made() as f64 / resampler.nominal_ratio() * 1.0003 - SINC_LEN as f64 / 2.0;
            assert!((resampler.position() - expected).abs() < 2.0, "{} {expected}", resampler.position());
        }
    }

    #[test]
    fn reads_of_any_length_make_the_same_sound() {
        let sound = |lengths: &[usize]| {
            let mut resampler = DriftResampler::new(44_100, 48_000, 2).unwrap();
            let mut next = 0u32;
            let mut all = Vec::new();
            for length in lengths.iter().cycle() {
                let mut out = vec![0.0; length * 2];
                resampler.process(50.0, &mut out, |input| {
                    for frame in input.chunks_exact_mut(2) {
                        let s = (f64::from(next) * 0.05).sin() as f32;
                        frame.copy_from_slice(&[s, -s]);
                        next += 1;
                    }
                });
                all.extend(out);
                if all.len() > 40_000 {
                    break;
                }
            }
            all.split_off(8_000)[..30_000].to_vec()
        };
        let whole = sound(&[1024]);
        for frame in whole.chunks_exact(2) {
            assert!((frame[0] + frame[1]).abs() < 1e-6);
        }
        for (a, b) in whole.iter().zip(sound(&[1, 333, 2048, 64])) {
            // The ramp from no drift to 50 ppm has another length, so the sound is a little shifted: never by a sample.
            assert!((a - b).abs() < 0.01, "{a} {b}");
        }
    }

    #[test]
    fn what_it_does_not_serve_is_refused() {
        assert!(DriftResampler::new(48_000, 48_000, 3).is_err());
        assert!(DriftResampler::new(0, 48_000, 1).is_err());
        assert!(DriftResampler::new(48_000, 0, 2).is_err());
    }
}
