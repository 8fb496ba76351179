//! Channel mapping and gain.

/// The factor of a gain in dB. −∞ is silence; 0 dB is exactly 1.
pub fn gain_from_db(gain_db: f32) -> f32 {
    10f32.powf(gain_db / 20.0)
}

/// The dBFS of a linear amplitude; `f32::NEG_INFINITY` for silence.
pub fn db_from_gain(gain: f32) -> f32 {
    if gain > 0.0 { 20.0 * gain.log10() } else { f32::NEG_INFINITY }
}

/// Multiplies every sample by `gain`.
pub fn apply_gain(samples: &mut [f32], gain: f32) {
    for sample in samples {
        *sample *= gain;
    }
}

/// Fades from `from` to `to` over the interleaved samples, so that a change of gain does not click.
pub fn ramp_gain(samples: &mut [f32], channels: u16, from: f32, to: f32) {
    let channels = usize::from(channels.max(1));
    let frames = (samples.len() / channels).max(1) as f32;
    for (index, frame) in samples.chunks_mut(channels).enumerate() {
        let gain = from + (to - from) * (index + 1) as f32 / frames;
        for sample in frame {
            *sample *= gain;
        }
    }
}

/// One input channel on every output channel.
pub fn stereo_from_mono(mono: &[f32], stereo: &mut [f32]) {
    for (frame, sample) in stereo.chunks_exact_mut(2).zip(mono) {
        frame.fill(*sample);
    }
}

/// The mean of left and right: a sound in the middle keeps its level, and nothing clips.
pub fn mono_from_stereo(stereo: &[f32], mono: &mut [f32]) {
    for (sample, frame) in mono.iter_mut().zip(stereo.chunks_exact(2)) {
        *sample = frame.iter().sum::<f32>() / 2.0;
    }
}

/// One output sample of channel `channel` of `channels` (1 or 2) from an input frame of any number of channels:
/// mono goes to both sides; of more than two channels the first two count as left and right.
pub fn mapped_sample(frame: &[f32], channels: u16, channel: u16) -> f32 {
    match (frame, channels) {
        ([], _) => 0.0,
        ([only], _) => *only,
        ([left, right, ..], 1) => (left + right) / 2.0,
        ([left, right, ..], _) => {
            if channel == 0 {
                *left
            } else {
                *right
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decibels_there_and_back() {
        assert_eq!(gain_from_db(0.0), 1.0);
        assert!((gain_from_db(-6.0206) - 0.5).abs() < 1e-5);
        assert!((db_from_gain(gain_from_db(-37.5)) + 37.5).abs() < 1e-4);
        assert_eq!(gain_from_db(f32::NEG_INFINITY), 0.0);
        assert_eq!(db_from_gain(0.0), f32::NEG_INFINITY);
    }

    #[test]
    fn mono_and_stereo_keep_the_level() {
        let mut stereo = [0.0; 6];
        stereo_from_mono(&[0.5, -0.25, 1.0], &mut stereo);
        assert_eq!(stereo, [0.5, 0.5, -0.25, -0.25, 1.0, 1.0]);
        let mut mono = [9.0; 3];
        mono_from_stereo(&stereo, &mut mono);
        assert_eq!(mono, [0.5, -0.25, 1.0]);
        mono_from_stereo(&[1.0, -1.0, 1.0, 0.0, 0.0, 0.5], &mut mono);
        assert_eq!(mono, [0.0, 0.5, 0.25]);
    }

    #[test]
    fn any_device_layout_maps_to_one_or_two_channels() {
        let cases: [(&[f32], u16, &[f32]); 7] = [
            (&[0.3], 1, &[0.3]),
            (&[0.3], 2, &[0.3, 0.3]),
            (&[0.2, 0.6], 1, &[0.4]),
            (&[0.2, 0.6], 2, &[0.2, 0.6]),
            (&[0.2, 0.6, 0.9, 0.9], 2, &[0.2, 0.6]),
            (&[0.2, 0.6, 0.9], 1, &[0.4]),
            (&[], 2, &[0.0, 0.0]),
        ];
        for (frame, channels, expected) in cases {
            let got: Vec<f32> = (0..channels).map(|channel| mapped_sample(frame, channels, channel)).collect();
            assert_eq!(got, expected, "{frame:?} to {channels}");
        }
    }

    #[test]
    fn a_ramp_ends_at_its_gain_and_never_jumps() {
        let mut samples = vec![1.0f32; 2000];
        ramp_gain(&mut samples, 2, 0.0, 1.0);
        assert_eq!(samples[1998..], [1.0, 1.0]);
        for pair in samples.chunks_exact(2).collect::<Vec<_>>().windows(2) {
            assert_eq!(pair[0][0], pair[0][1]);
            assert!((pair[1][0] - pair[0][0]).abs() < 0.0011);
        }
        apply_gain(&mut samples, 0.5);
        assert_eq!(samples[1999], 0.5);
    }
}
