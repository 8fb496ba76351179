//! The rules, one after the other, for each destination.

use std::time::Duration;

use super::{Finding, Fix, Quantity, Rule, Severity};
use crate::media::{Bitrate, FrameRate, Size};
use crate::rtmp::url::{RtmpUrl, Scheme};
use crate::settings::catalogue::{KeyPlace, Limits, Service, Shape, Strictness, Tls};
use crate::settings::{AudioChoice, Destination, EncodingSettings, ShowSettings, VideoChoice};

/// Tolerance of seconds and rates that were typed as decimals.
const SLACK: f64 = 0.01;
/// Shorter groups of pictures than this waste bits wherever one sends to, in seconds.
const KEYFRAME_SECONDS_MIN: f64 = 0.5;
/// More pictures a second than this no service shows.
const FPS_MAX: u32 = 60;
/// Usual sizes by their short side, the largest first.
const SIZES: [(u32, u32); 6] = [(3840, 2160), (2560, 1440), (1920, 1080), (1280, 720), (854, 480), (640, 360)];

/// What is found, with fixes that may still harm others.
pub(super) fn findings(settings: &ShowSettings) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, destination) in settings.destinations.iter().enumerate() {
        let service = Service::of(destination);
        let limits = service.map_or(&Limits::COMMON, |service| &service.limits);
        let mut look = Look { settings, index, destination, service, limits, found: &mut found };
        look.at_the_address();
        look.at_the_secrets();
        look.at_the_picture();
        look.at_the_picture_rate();
        look.at_the_sound();
        look.at_the_length();
        if index == 0 {
            look.at_what_no_server_gets();
        }
    }
    found
}

struct Look<'a> {
    settings: &'a ShowSettings,
    index: usize,
    destination: &'a Destination,
    service: Option<&'static Service>,
    limits: &'static Limits,
    found: &'a mut Vec<Finding>,
}

impl Look<'_> {
    /// Adds a finding to be completed.
    fn find(&mut self, rule: Rule, severity: Severity) -> &mut Finding {
        let (destination, service) = (self.index, self.service);
        let finding = Finding {
            destination,
            service,
            rule,
            severity,
            wanted: None,
            given: None,
            refused_beyond: None,
            fix: None,
        };
        self.found.push(finding);
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    fn rate_severity(&self) -> Severity {
        match self.limits.strictness {
            Strictness::Refuses => Severity::Refusal,
            Strictness::Advises => Severity::Warning,
        }
    }

    fn at_the_address(&mut self) {
        let server = self.destination.server.trim();
        if server.is_empty() {
            self.find(Rule::ServerMissing, Severity::Refusal);
            return;
        }
        let Ok(url) = RtmpUrl::parse(server, self.destination.has_key()) else {
            self.find(Rule::ServerUnreadable, Severity::Refusal);
            return;
        };
        // Hosts are the same in any case, so what is in capitals was left from the example.
        let placeholder = |part: &str| ["ID", "REGION", "HOST"].contains(&part);
        if url.host.split('.').any(placeholder) {
            self.find(Rule::ServerIsExample, Severity::Refusal);
        }
        if url.scheme == Scheme::Rtmp {
            let encrypted = self.service.and_then(Service::main_server).filter(|url| url.starts_with("rtmps://"));
            let severity = match self.limits.tls {
                Tls::Only => Severity::Refusal,
                Tls::Offered if encrypted.is_some() => Severity::Advice,
                Tls::Offered | Tls::Unknown => return,
            };
            let index = self.index;
            self.find(Rule::NotEncrypted, severity).fix = encrypted.map(|url| Fix::Server(index, url));
        }
    }

    fn at_the_secrets(&mut self) {
        let Destination { stream_key, user, .. } = self.destination;
        let by_service = self.service.is_some_and(|service| service.key_place != KeyPlace::OwnServer);
        if !self.destination.has_key() && by_service && !self.destination.has_key_in_url() {
            self.find(Rule::KeyMissing, Severity::Refusal);
        }
        if self.destination.lacks_secrets() {
            self.find(Rule::SecretUnread, Severity::Refusal);
        }
        let wants_login = by_service && self.service.is_some_and(|service| service.asks_login);
        if user.is_some() != self.destination.has_password() || (wants_login && user.is_none()) {
            self.find(Rule::LoginIncomplete, Severity::Warning);
        }
        let same = |other: &Destination| {
            other.server == self.destination.server && other.stream_key == *stream_key && stream_key.is_some()
        };
        let before = &self.settings.destinations[..self.index];
        if let Some(other) = before.iter().position(same) {
            self.find(Rule::SentTwice, Severity::Refusal).given = Some(Quantity::Destination(other));
        }
    }

    fn at_the_picture(&mut self) {
        if self.settings.video == VideoChoice::None {
            if self.limits.needs_picture {
                self.find(Rule::PictureMissing, Severity::Refusal);
            }
            return;
        }
        let encoding = &self.settings.encoding;
        let size = encoding.size;
        if self.limits.shape == Shape::Portrait && size.width >= size.height {
            let turned = Size::new(size.height, size.width);
            let finding = self.find(Rule::NotPortrait, Severity::Warning);
            (finding.wanted, finding.given) = (Some(Quantity::Size(turned)), Some(Quantity::Size(size)));
            finding.fix = (size.width > size.height).then_some(Fix::Size(turned, encoding.video_bitrate));
        }
        if let Some(lines) = self.limits.lines_max.filter(|lines| short_side(size) > *lines) {
            let smaller = largest_within(size, lines);
            let most = *self.limits.kbps_for(short_side(smaller), encoding.frame_rate.as_f64()).end();
            let rate = encoding.video_bitrate.min(Bitrate::from_kbps(most));
            let severity = self.rate_severity();
            let finding = self.find(Rule::PictureTooLarge, severity);
            (finding.wanted, finding.given) = (Some(Quantity::Size(smaller)), Some(Quantity::Size(size)));
            finding.fix = Some(Fix::Size(smaller, rate));
        }
        let fps_max = self.limits.fps_max.unwrap_or(FPS_MAX);
        if encoding.frame_rate.as_f64() > f64::from(fps_max) + SLACK
            && let Some(most) = FrameRate::new(fps_max, 1)
        {
            let finding = self.find(Rule::FrameRateTooHigh, Severity::Warning);
            finding.wanted = Some(Quantity::FrameRate(most));
            finding.given = Some(Quantity::FrameRate(encoding.frame_rate));
            finding.fix = Some(Fix::FrameRate(most));
        }
    }

    fn at_the_picture_rate(&mut self) {
        if self.settings.video == VideoChoice::None {
            return;
        }
        let encoding = &self.settings.encoding;
        self.at_the_keyframes();
        let kbps = self.limits.kbps_for(short_side(encoding.size), encoding.frame_rate.as_f64());
        let given = encoding.video_bitrate;
        let (rule, wanted) = if given.bps() > kbps.end().saturating_mul(1000) {
            (Rule::VideoBitrateTooHigh, *kbps.end())
        } else if given.kbps() < *kbps.start() {
            (Rule::VideoBitrateTooLow, *kbps.start())
        } else {
            return;
        };
        let wanted = Bitrate::from_kbps(wanted);
        // Too little is never refused: the picture is merely worse than it has to be.
        let severity = if rule == Rule::VideoBitrateTooLow { Severity::Advice } else { self.rate_severity() };
        let finding = self.find(rule, severity);
        (finding.wanted, finding.given) = (Some(Quantity::Bitrate(wanted)), Some(Quantity::Bitrate(given)));
        finding.fix = Some(Fix::VideoBitrate(wanted));
    }

    fn at_the_keyframes(&mut self) {
        let keyframe = &self.limits.keyframe;
        let given = self.settings.encoding.keyframe_seconds;
        let least = keyframe.least.unwrap_or(KEYFRAME_SECONDS_MIN);
        let (rule, refused) = if given > keyframe.wanted + SLACK {
            (Rule::KeyframeTooLong, keyframe.most.filter(|most| given > *most + SLACK))
        } else if given < least - SLACK {
            (Rule::KeyframeTooShort, keyframe.least)
        } else {
            return;
        };
        // Up to where a service refuses, what it merely advises is no reason to keep anybody from going live.
        let severity = if refused.is_some() { Severity::Refusal } else { Severity::Warning };
        let (wanted, limit) = (keyframe.wanted, keyframe.most.or(keyframe.least));
        // Another destination may want more often.
        let of_all = self.settings.destinations.iter().map(keyframe_wanted).fold(wanted, f64::min);
        let finding = self.find(rule, severity);
        (finding.wanted, finding.given) = (Some(Quantity::Seconds(wanted)), Some(Quantity::Seconds(given)));
        finding.refused_beyond = limit.map(Quantity::Seconds);
        finding.fix = Some(Fix::Keyframe(of_all));
    }

    fn at_the_sound(&mut self) {
        let encoding = &self.settings.encoding;
        if let Some(most) = self.limits.audio_kbps_max.map(Bitrate::from_kbps).filter(|m| encoding.audio_bitrate > *m) {
            let finding = self.find(Rule::AudioBitrateTooHigh, Severity::Warning);
            finding.wanted = Some(Quantity::Bitrate(most));
            finding.given = Some(Quantity::Bitrate(encoding.audio_bitrate));
            finding.fix = Some(Fix::AudioBitrate(most));
        }
        if let Some(best) = self.limits.sample_rates.first()
            && !self.limits.sample_rates.contains(&encoding.sample_rate)
        {
            let finding = self.find(Rule::SampleRate, Severity::Warning);
            finding.wanted = Some(Quantity::Hertz(*best));
            finding.given = Some(Quantity::Hertz(encoding.sample_rate));
            finding.fix = Some(Fix::SampleRate(*best));
        }
        if encoding.channels < 2 && self.service.is_some() {
            let finding = self.find(Rule::Mono, Severity::Advice);
            finding.wanted = Some(Quantity::Channels(2));
            finding.given = Some(Quantity::Channels(encoding.channels));
            finding.fix = Some(Fix::Channels(2));
        }
    }

    /// With what no show begins, wherever it goes: it is told once.
    fn at_what_no_server_gets(&mut self) {
        let encoding = &self.settings.encoding;
        if self.settings.video == VideoChoice::None && self.settings.audio == AudioChoice::Silence {
            self.find(Rule::NothingToSend, Severity::Refusal);
        }
        if encoding.validate().is_ok() {
            return;
        }
        let most = encoding.audio_bitrate_max();
        let within = EncodingSettings { audio_bitrate: most, ..encoding.clone() };
        if within.validate().is_err() {
            self.find(Rule::Unencodable, Severity::Refusal);
            return;
        }
        let given = encoding.audio_bitrate;
        let finding = self.find(Rule::AudioBitrateUnusable, Severity::Refusal);
        (finding.wanted, finding.given) = (Some(Quantity::Bitrate(most)), Some(Quantity::Bitrate(given)));
        finding.fix = Some(Fix::AudioBitrate(most));
    }

    fn at_the_length(&mut self) {
        let Some(hours) = self.limits.hours_max else { return };
        let most = Duration::from_secs(u64::from(hours) * 3600);
        if let Some(given) = self.settings.duration.filter(|given| *given > most) {
            let finding = self.find(Rule::TooLong, Severity::Warning);
            finding.wanted = Some(Quantity::Hours(hours));
            finding.given = Some(Quantity::Seconds(given.as_secs_f64()));
            finding.fix = Some(Fix::Duration(most));
        }
    }
}

fn keyframe_wanted(destination: &Destination) -> f64 {
    Service::of(destination).map_or(Limits::COMMON.keyframe.wanted, |service| service.limits.keyframe.wanted)
}

fn short_side(size: Size) -> u32 {
    size.width.min(size.height)
}

/// The largest usual size of at most `lines`, standing as `size` does.
fn largest_within(size: Size, lines: u32) -> Size {
    let (long, short) = SIZES.into_iter().find(|(_, short)| *short <= lines).unwrap_or((640, 360));
    if size.height > size.width { Size::new(short, long) } else { Size::new(long, short) }
}
