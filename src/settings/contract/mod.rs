//! Compares a show with what its destinations ask for, before anybody is on air: what is wanted, what there is, and a
//! change that would do.

mod rules;

use std::time::Duration;

use super::catalogue::Service;
use super::{EncodingSettings, ShowSettings};
use crate::media::{Bitrate, FrameRate, Size};

/// One thing that a destination wants otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Which of the show's destinations, counted from 0.
    pub destination: usize,
    /// Who wants it; `None` where it holds for every server.
    pub service: Option<&'static Service>,
    /// What it is about.
    pub rule: Rule,
    /// How bad it is.
    pub severity: Severity,
    /// What is wanted, where that is a figure.
    pub wanted: Option<Quantity>,
    /// What there is.
    pub given: Option<Quantity>,
    /// From where on the destination refuses, where that differs from what it wants.
    pub refused_beyond: Option<Quantity>,
    /// A change that settles it and harms no other destination.
    pub fix: Option<Fix>,
}

impl Finding {
    /// That the address of a destination cannot be used.
    pub fn of_server(destination: usize, rule: Rule) -> Self {
        let (service, severity) = (None, Severity::Refusal);
        Self { destination, service, rule, severity, wanted: None, given: None, refused_beyond: None, fix: None }
    }
}

/// How bad a finding is, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It works; it could be better.
    Advice,
    /// The service complains, and viewers may see it.
    Warning,
    /// The service refuses.
    Refusal,
}

/// What findings are about. The words for each are the window's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// No address.
    ServerMissing,
    /// The address still holds the example's part in capitals.
    ServerIsExample,
    /// The address cannot be read.
    ServerUnreadable,
    /// No stream key where the service needs one.
    KeyMissing,
    /// The key, or the password of the login, is kept and was not read.
    SecretUnread,
    /// A user without a password, or no login where one is asked for.
    LoginIncomplete,
    /// The same server and key twice: one pushes the other off.
    SentTwice,
    /// The connection is not encrypted.
    NotEncrypted,
    /// Too long from keyframe to keyframe.
    KeyframeTooLong,
    /// Too short from keyframe to keyframe.
    KeyframeTooShort,
    /// The picture's rate is too high.
    VideoBitrateTooHigh,
    /// The picture's rate is too low.
    VideoBitrateTooLow,
    /// Too many pictures a second.
    FrameRateTooHigh,
    /// The picture is too large.
    PictureTooLarge,
    /// The picture lies where it should stand.
    NotPortrait,
    /// There is no picture.
    PictureMissing,
    /// The sound's rate is too high.
    AudioBitrateTooHigh,
    /// The sound's rate is none that its sample rate and channels can have, wherever it goes.
    AudioBitrateUnusable,
    /// Picture or sound is none that can be encoded.
    Unencodable,
    /// Neither picture nor sound.
    NothingToSend,
    /// The sample rate is not taken.
    SampleRate,
    /// One channel where viewers expect two.
    Mono,
    /// The show is longer than the service lets one be.
    TooLong,
}

/// A figure with its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quantity {
    /// Seconds.
    Seconds(f64),
    /// Bits a second.
    Bitrate(Bitrate),
    /// Pictures a second.
    FrameRate(FrameRate),
    /// Pixels.
    Size(Size),
    /// Samples a second.
    Hertz(u32),
    /// Channels.
    Channels(u16),
    /// Hours.
    Hours(u32),
    /// The other destination, counted from 0.
    Destination(usize),
}

/// A change that settles a finding.
#[derive(Clone, Debug, PartialEq)]
pub enum Fix {
    /// Seconds from keyframe to keyframe.
    Keyframe(f64),
    /// The picture's rate.
    VideoBitrate(Bitrate),
    /// Pictures a second.
    FrameRate(FrameRate),
    /// The picture's size, with a rate that suits it.
    Size(Size, Bitrate),
    /// The sound's rate.
    AudioBitrate(Bitrate),
    /// Samples a second.
    SampleRate(u32),
    /// Channels.
    Channels(u16),
    /// Another address of the same service for a destination.
    Server(usize, &'static str),
    /// The longest show.
    Duration(Duration),
}

impl Fix {
    /// The show with this change.
    #[must_use]
    pub fn applied(&self, settings: &ShowSettings) -> ShowSettings {
        let mut changed = settings.clone();
        let encoding: &mut EncodingSettings = &mut changed.encoding;
        match self {
            Self::Keyframe(seconds) => encoding.keyframe_seconds = *seconds,
            Self::VideoBitrate(rate) => encoding.video_bitrate = *rate,
            Self::FrameRate(rate) => encoding.frame_rate = *rate,
            Self::Size(size, rate) => (encoding.size, encoding.video_bitrate) = (*size, *rate),
            Self::AudioBitrate(rate) => encoding.audio_bitrate = *rate,
            Self::SampleRate(hertz) => encoding.set_sound_form(*hertz, encoding.channels),
            Self::Channels(channels) => encoding.set_sound_form(encoding.sample_rate, *channels),
            Self::Server(index, url) => {
                if let Some(destination) = changed.destinations.get_mut(*index) {
                    destination.server = (*url).to_owned();
                }
            }
            Self::Duration(duration) => changed.duration = Some(*duration),
        }
        changed
    }
}

/// Everything that the destinations of `settings` want otherwise, the worst first. A fix is only offered if it settles
/// its finding and brings up no other, so applying all of them comes to an end.
pub fn lint(settings: &ShowSettings) -> Vec<Finding> {
    let mut findings = rules::findings(settings);
    let keys: Vec<_> = findings.iter().map(key).collect();
    for finding in &mut findings {
        let helps = |fix: &Fix| {
            let changed = fix.applied(settings);
            let left: Vec<_> = rules::findings(&changed).iter().map(key).collect();
            let settles =
                !left.iter().any(|(destination, rule, _)| (*destination, *rule) == (finding.destination, finding.rule));
            let harmless = left.iter().all(|(destination, rule, severity)| {
                keys.iter().any(|(d, r, s)| (d, r) == (destination, rule) && s >= severity)
            });
            settles && harmless && changed.encoding.validate().is_ok()
        };
        finding.fix = finding.fix.take().filter(helps);
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// `settings` with every fix applied that there is: what a newly chosen destination wants.
#[must_use]
pub fn fitted(settings: &ShowSettings) -> ShowSettings {
    let mut fitted = settings.clone();
    while let Some(fix) = lint(&fitted).into_iter().find_map(|finding| finding.fix) {
        fitted = fix.applied(&fitted);
    }
    fitted
}

fn key(finding: &Finding) -> (usize, Rule, Severity) {
    (finding.destination, finding.rule, finding.severity)
}

#[cfg(test)]
mod tests;
