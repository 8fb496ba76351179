//! A show as a link, `tally:show?v=1&…`, and as a QR code: everything that makes sense on another computer, and no
//! secret. Reading is tolerant, bounded, and says what it left out.

mod qr;

use form_urlencoded::{Serializer, parse};

use super::catalogue::Service;
use super::{AudioChoice, Destination, EncodingSettings, ShowSettings, VideoChoice, Warning};
use crate::rtmp::url::RtmpUrl;

pub use qr::QrCode;

/// What every link begins with.
const SCHEME: &str = "tally:";
/// What follows the scheme.
const KIND: &str = "show?";
/// The version that is written.
const VERSION: u32 = 1;
/// Longest link, in bytes: what a QR code holds that a telephone can still read.
pub const LINK_LENGTH_MAX: usize = 2000;
/// Longest single value, in characters.
const VALUE_LENGTH_MAX: usize = 400;

/// A show that came as a link.
#[derive(Clone, Debug, PartialEq)]
pub struct ShowLink {
    /// What its sender calls it.
    pub name: String,
    /// The show; no destination has a secret.
    pub settings: ShowSettings,
    /// What was left out.
    pub left_out: Vec<LeftOut>,
}

/// Why something of a link was left out. The words are the window's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeftOut {
    /// A newer Tally made it: there may be more in it.
    Newer,
    /// Something that this version does not know.
    Unknown,
    /// A value that cannot be used.
    Unusable,
    /// A key, a password, or an address with one inside: links carry none, so it is somebody else's.
    Secret,
}

/// Why text is no link of a show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It does not begin like one.
    #[error("this is not a link of a show: it begins with tally:show?")]
    NotALink,
    /// It is longer than any.
    #[error("the link is too long")]
    TooLong,
    /// There is nothing in it.
    #[error("the link is empty: copy it again, whole")]
    Empty,
}

/// Whether `text` means to be a link of ours.
pub(super) fn is_link(text: &str) -> bool {
    text.get(..SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(SCHEME))
}

impl ShowLink {
    /// The link of `settings`, without keys, passwords, files and devices of this computer.
    ///
    /// # Errors
    /// `TooLong`: there are too many destinations for one link.
    pub fn write(name: &str, settings: &ShowSettings) -> Result<String, LinkError> {
        let settings = settings.clone().with_secrets_split();
        let EncodingSettings { size, frame_rate, video_bitrate, audio_bitrate, .. } = settings.encoding;
        let start = format!("{SCHEME}{KIND}");
        let at = start.len();
        let mut pairs = Serializer::for_suffix(start, at);
        pairs.append_pair("v", &VERSION.to_string()).append_pair("name", name.trim());
        match settings.video {
            VideoChoice::Test | VideoChoice::None => _ = pairs.append_pair("video", &settings.video.to_string()),
            VideoChoice::Auto | VideoChoice::Camera(_) | VideoChoice::Incoming(_) | VideoChoice::File(_) => {}
        }
        match settings.audio {
            AudioChoice::Test | AudioChoice::Silence => _ = pairs.append_pair("audio", &settings.audio.to_string()),
            AudioChoice::Auto | AudioChoice::Microphone(_) | AudioChoice::Incoming(_) | AudioChoice::File(_) => {}
        }
        pairs
            .append_pair("size", &size.to_string())
            .append_pair("fps", &format!("{}/{}", frame_rate.num(), frame_rate.den()))
            .append_pair("vbps", &video_bitrate.bps().to_string())
            .append_pair("key", &settings.encoding.keyframe_seconds.to_string())
            .append_pair("abps", &audio_bitrate.bps().to_string())
            .append_pair("hz", &settings.encoding.sample_rate.to_string())
            .append_pair("ch", &settings.encoding.channels.to_string())
            .append_pair("adaptive", if settings.encoding.adaptive { "1" } else { "0" });
        if let Some(duration) = settings.duration {
            pairs.append_pair("for", &duration.as_secs_f64().to_string());
        }
        for destination in &settings.destinations {
            pairs
                .append_pair("to", &public_server(destination, &destination.server))
                .append_pair("as", &destination.name);
            if let Some(user) = &destination.user {
                pairs.append_pair("user", user);
            }
        }
        let link = pairs.finish();
        if link.len() > LINK_LENGTH_MAX { Err(LinkError::TooLong) } else { Ok(link) }
    }

    /// Reads a link.
    ///
    /// # Errors
    /// It is none, or there is nothing in it.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        let text = text.trim();
        if !is_link(text) {
            return Err(LinkError::NotALink);
        }
        if text.len() > LINK_LENGTH_MAX {
            return Err(LinkError::TooLong);
        }
        // Some programs write tally://show? when they make a link of it.
        let rest = text[SCHEME.len()..].trim_start_matches('/');
        let is_kind = rest.get(..KIND.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(KIND));
        let pairs = if is_kind { &rest[KIND.len()..] } else { return Err(LinkError::NotALink) };
        let settings = ShowSettings::default();
        let mut reader =
            Reader { link: Self { name: String::new(), settings, left_out: Vec::new() }, at_destination: false };
        let mut seen = 0;
        // The sound's rate is bound by its sample rate, wherever in the link that stands: it is read last.
        let is_bound = |key: &str| key == "abps";
        let all = || parse(pairs.as_bytes()).take(LINK_LENGTH_MAX);
        for (key, value) in all().filter(|(key, _)| !is_bound(key)).chain(all().filter(|(key, _)| is_bound(key))) {
            reader.pair(&key, value.trim());
            seen += usize::from(!key.is_empty());
        }
        if seen == 0 { Err(LinkError::Empty) } else { Ok(reader.link) }
    }
}

impl ShowLink {
    /// `settings` with this show in their place: what belongs to this computer stays (devices, files, the recording),
    /// and a key stays with the server it was for.
    #[must_use]
    pub fn applied_to(&self, settings: &ShowSettings) -> ShowSettings {
        // Taken apart whole: whoever adds a field has to say here whose it is.
        let ShowSettings {
            video,
            audio,
            ingest: _,
            gain_db: _,
            card: _,
            destinations,
            rehearse: _,
            encoding,
            record: _,
            record_split: _,
            duration,
        } = self.settings.clone();
        let EncodingSettings {
            size: _,
            frame_rate: _,
            video_bitrate: _,
            keyframe_seconds: _,
            audio_bitrate: _,
            sample_rate: _,
            channels: _,
            adaptive: _,
            video_bitrate_min,
            cache_seconds,
        } = settings.encoding.clone();
        // A lowest rate above the rate itself would be no bound.
        let video_bitrate_min = video_bitrate_min.filter(|lowest| *lowest <= encoding.video_bitrate);
        let encoding = EncodingSettings { video_bitrate_min, cache_seconds, ..encoding };
        let mut applied = ShowSettings { destinations, encoding, duration, ..settings.clone() };
        if video != VideoChoice::Auto {
            applied.video = video;
        }
        if audio != AudioChoice::Auto {
            applied.audio = audio;
        }
        for destination in &mut applied.destinations {
            let same = |old: &&Destination| old.server == destination.server && old.user == destination.user;
            if let Some(old) = settings.destinations.iter().find(same) {
                destination.stream_key.clone_from(&old.stream_key);
                destination.password.clone_from(&old.password);
                destination.unread.clone_from(&old.unread);
                destination.tls_ca.clone_from(&old.tls_ca);
                destination.backup_server.clone_from(&old.backup_server);
            }
        }
        applied
    }
}

/// `server` of `destination`, its own or its backup, without anything that may be secret: of a query only what the
/// catalogue knows is left.
pub(in crate::settings) fn public_server(destination: &Destination, server: &str) -> String {
    let known = Service::of(destination).is_some_and(|service| service.servers.iter().any(|s| s.url == server));
    if known {
        return server.to_owned();
    }
    let bare = server.split(['?', '#']).next().unwrap_or_default();
    // A key that stands in the path as well is a key still.
    let secret = destination.stream_key.as_ref().map(|key| key.reveal()).filter(|key| !key.is_empty());
    let host_at = bare.find("://").map_or(0, |at| at + "://".len());
    // The host and the app are the server's own words, though a key may be the same.
    let app_end = bare[host_at..].match_indices('/').nth(1).map_or(bare.len(), |(at, _)| host_at + at);
    let cut = secret.and_then(|secret| bare[app_end..].find(&format!("/{secret}"))).map(|at| app_end + at + 1);
    cut.map_or(bare, |at| &bare[..at]).to_owned()
}

/// Takes from the addresses of `destination` what may be a secret; says so.
pub(in crate::settings) fn without_secrets_in_addresses(destination: &mut Destination) -> Option<Warning> {
    let server = public_server(destination, &destination.server);
    let backup = destination.backup_server.as_deref().map(|backup| public_server(destination, backup));
    let is_left_out = server != destination.server || backup != destination.backup_server;
    (destination.server, destination.backup_server) = (server, backup);
    is_left_out.then(|| Warning::PartOfAddressLeftOut { destination: destination.name.clone() })
}

struct Reader {
    link: ShowLink,
    /// Whether the last destination was taken: what follows belongs to it.
    at_destination: bool,
}

impl Reader {
    fn pair(&mut self, key: &str, value: &str) {
        if value.chars().count() > VALUE_LENGTH_MAX || value.chars().any(char::is_control) {
            self.leave_out(LeftOut::Unusable);
            return;
        }
        match key {
            "v" => match value.parse::<u32>() {
                Ok(version) if version > VERSION => self.leave_out(LeftOut::Newer),
                Ok(_) => {}
                Err(_) => self.leave_out(LeftOut::Unusable),
            },
            "name" => value.clone_into(&mut self.link.name),
            "video" => {
                let choice = value.parse().ok().filter(|v| matches!(v, VideoChoice::Test | VideoChoice::None));
                self.take(choice, |settings, choice| settings.video = choice);
            }
            "audio" => {
                let choice = value.parse().ok().filter(|v| matches!(v, AudioChoice::Test | AudioChoice::Silence));
                self.take(choice, |settings, choice| settings.audio = choice);
            }
            "size" => self.take(value.parse().ok(), |settings, size| settings.encoding.size = size),
            "fps" => self.take(value.parse().ok(), |settings, rate| settings.encoding.frame_rate = rate),
            "vbps" => self.take(value.parse().ok(), |settings, rate| settings.encoding.video_bitrate = rate),
            "abps" => self.take(value.parse().ok(), |settings, rate| settings.encoding.audio_bitrate = rate),
            "key" => self.take(value.parse().ok(), |settings, seconds| settings.encoding.keyframe_seconds = seconds),
            "hz" => self.take(value.parse().ok(), |settings, hertz| settings.encoding.sample_rate = hertz),
            "ch" => self.take(value.parse().ok(), |settings, channels| settings.encoding.channels = channels),
            "adaptive" => self.take(flag(value), |settings, on| settings.encoding.adaptive = on),
            "for" => {
                let seconds = value.parse().ok().and_then(|s| std::time::Duration::try_from_secs_f64(s).ok());
                self.take(seconds, |settings, seconds| settings.duration = Some(seconds));
            }
            "to" => self.destination(value),
            "as" | "user" if !self.at_destination => self.leave_out(LeftOut::Unusable),
            "as" => self.of_destination(|destination| value.clone_into(&mut destination.name)),
            "user" => self.of_destination(|destination| destination.user = Some(value.to_owned())),
            "password" | "stream_key" => self.leave_out(LeftOut::Secret),
            _ => self.leave_out(LeftOut::Unknown),
        }
    }

    fn leave_out(&mut self, why: LeftOut) {
        if !self.link.left_out.contains(&why) {
            self.link.left_out.push(why);
        }
    }

    /// Puts a value into the show, if there is one and the show is valid with it.
    fn take<T>(&mut self, value: Option<T>, put: impl FnOnce(&mut ShowSettings, T)) {
        let changed = value.map(|value| {
            let mut changed = self.link.settings.clone();
            put(&mut changed, value);
            changed
        });
        match changed.filter(|changed| changed.validate().is_ok()) {
            Some(changed) => self.link.settings = changed,
            None => self.leave_out(LeftOut::Unusable),
        }
    }

    fn destination(&mut self, server: &str) {
        self.at_destination = false;
        let held = self.link.settings.destinations.len();
        let url = RtmpUrl::parse(server, true);
        let given = Destination::at(server);
        let whole = Service::of(&given).is_none_or(|service| service.servers.iter().all(|known| known.url != server));
        match url {
            Ok(url) if held < ShowSettings::DESTINATIONS_MAX => {
                let safe = if whole { server.split(['?', '#']).next().unwrap_or_default() } else { server };
                if url.user.is_some() || url.password.is_some() {
                    return self.leave_out(LeftOut::Secret);
                }
                if safe.len() != server.len() {
                    self.leave_out(LeftOut::Secret);
                }
                self.take(Some(safe), |settings, safe| settings.destinations.push(Destination::at(safe)));
                self.at_destination = self.link.settings.destinations.len() > held;
            }
            _ => self.leave_out(LeftOut::Unusable),
        }
    }

    fn of_destination(&mut self, change: impl FnOnce(&mut Destination)) {
        if let Some(destination) = self.link.settings.destinations.last_mut() {
            change(destination);
        }
    }
}

fn flag(value: &str) -> Option<bool> {
    match value {
        "1" => Some(true),
        "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
