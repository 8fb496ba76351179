//! The stream as it arrived, in the terms of the settings it was made from: so that what a service wants is held against
//! what a viewer gets.

use crate::media::{Bitrate, FrameRate, Size};
use crate::settings::ShowSettings;
use crate::settings::contract::{Finding, Rule, lint};

/// Rates of a stream go up and down a little; a service counts over minutes.
const RATE_SLACK: f64 = 0.03;
/// Times are whole milliseconds on their way.
const KEYFRAME_SLACK_SECONDS: f64 = 0.05;
/// Pictures a second that are as good as those that were asked for.
const FPS_SLACK: f64 = 0.5;

/// What a stream was measured to be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MeasuredStream {
    /// By the parameter sets.
    pub size: Option<Size>,
    /// Pictures a second, by their times.
    pub fps: Option<f64>,
    /// Rate of the picture in kilobits a second.
    pub video_kbps: f64,
    /// Rate of the sound in kilobits a second.
    pub audio_kbps: f64,
    /// Samples a second and channels, by the sound's header.
    pub sound: Option<(u32, u16)>,
    /// The longest time from keyframe to keyframe, in seconds.
    pub keyframe_seconds_max: Option<f64>,
}

impl MeasuredStream {
    /// What the destinations of `chosen` want otherwise of this stream. Only what the stream itself decides: addresses and
    /// keys are not measured.
    pub(super) fn findings(&self, chosen: &ShowSettings) -> Vec<Finding> {
        let found = lint(&self.as_settings(chosen));
        found
            .into_iter()
            .filter(|finding| match finding.rule {
                Rule::KeyframeTooLong
                | Rule::KeyframeTooShort
                | Rule::VideoBitrateTooHigh
                | Rule::VideoBitrateTooLow
                | Rule::FrameRateTooHigh
                | Rule::PictureTooLarge
                | Rule::NotPortrait
                | Rule::AudioBitrateTooHigh
                | Rule::AudioBitrateUnusable
                | Rule::Unencodable
                | Rule::SampleRate
                | Rule::Mono => true,
                Rule::ServerMissing
                | Rule::ServerUnreadable
                | Rule::ServerIsExample
                | Rule::KeyMissing
                | Rule::SecretUnread
                | Rule::LoginIncomplete
                | Rule::SentTwice
                | Rule::NotEncrypted
                | Rule::PictureMissing
                | Rule::NothingToSend
                | Rule::TooLong => false,
            })
            .collect()
    }

    fn as_settings(&self, chosen: &ShowSettings) -> ShowSettings {
        let mut settings = chosen.clone();
        let encoding = &mut settings.encoding;
        if let Some(size) = self.size {
            encoding.size = size;
        }
        if let Some(fps) = self.fps
            && (fps - encoding.frame_rate.as_f64()).abs() > FPS_SLACK
            && let Some(measured) = FrameRate::new((fps * 1000.0).round() as u32, 1000)
        {
            encoding.frame_rate = measured;
        }
        if let Some(seconds) = self.keyframe_seconds_max {
            encoding.keyframe_seconds = nearest(seconds, encoding.keyframe_seconds, KEYFRAME_SLACK_SECONDS);
        }
        for (measured, rate) in
            [(self.video_kbps, &mut encoding.video_bitrate), (self.audio_kbps, &mut encoding.audio_bitrate)]
        {
            let chosen = f64::from(rate.kbps());
            if measured > 0.0 {
                *rate = Bitrate::from_kbps(nearest(measured, chosen, chosen * RATE_SLACK).round() as u32);
            }
        }
        if let Some((sample_rate, channels)) = self.sound {
            (encoding.sample_rate, encoding.channels) = (sample_rate, channels);
        }
        settings
    }
}

/// What was chosen, where what was measured is as good as that.
fn nearest(measured: f64, chosen: f64, slack: f64) -> f64 {
    if (measured - chosen).abs() <= slack { chosen } else { measured }
}
