//! What is known of the services people stream to: their addresses, what they ask for, and since when that is known.
//! Everything is a default: a custom server overrides all of it.

mod services;

use std::ops::RangeInclusive;

use super::{Destination, StreamKey};

pub use services::SERVICES;

/// A place to stream to.
#[derive(Debug, PartialEq)]
pub struct Service {
    /// Never changes: it stands for the service in links and tests.
    pub id: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// Its addresses, the best first; none where each user, event or channel gets an own one.
    pub servers: &'static [Server],
    /// What an own address looks like; the part in capitals is the user's.
    pub example: Option<&'static str>,
    /// Ends of the host names that are its own.
    pub hosts: &'static [&'static str],
    /// What it asks for.
    pub limits: Limits,
    /// Whether it asks for user and password.
    pub asks_login: bool,
    /// What follows the key to test without going on air.
    pub test_query: Option<&'static str>,
    /// Where its stream key is found.
    pub key_place: KeyPlace,
    /// Year and month in which this was true.
    pub as_of: &'static str,
}

/// One address of a service.
#[derive(Debug, PartialEq, Eq)]
pub struct Server {
    /// Without any key.
    pub url: &'static str,
    /// Its part among several.
    pub role: ServerRole,
}

/// What an address of a service is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerRole {
    /// The one to take.
    Main,
    /// Takes the same show a second time and steps in for the first.
    Backup,
    /// Not encrypted, for networks that let nothing else through.
    Plain,
}

/// Where the stream key is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// On this page, without its scheme.
    Page(&'static str),
    /// Made for each event, channel or session.
    EachEvent,
    /// Set by whoever runs the server.
    OwnServer,
}

/// Whether a service takes an encrypted connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Nothing else.
    Only,
    /// Either.
    Offered,
    /// Not known, or up to the server.
    Unknown,
}

/// Which way up the picture has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Any.
    Any,
    /// Higher than wide.
    Portrait,
}

/// How strict a service is about rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// It refuses what lies outside.
    Refuses,
    /// It advises.
    Advises,
}

/// Seconds from keyframe to keyframe.
#[derive(Debug, PartialEq)]
pub struct Keyframe {
    /// What is asked for.
    pub wanted: f64,
    /// Below this it is refused.
    pub least: Option<f64>,
    /// Above this it is refused.
    pub most: Option<f64>,
}

/// The picture's rate for pictures up to a size.
#[derive(Debug, PartialEq, Eq)]
pub struct VideoRow {
    /// Largest short side, in pixels.
    pub lines: u32,
    /// Most pictures a second.
    pub fps: u32,
    /// In kb/s.
    pub kbps: RangeInclusive<u32>,
}

/// What a service asks for. `None` and empty: nothing is known.
#[derive(Debug, PartialEq)]
pub struct Limits {
    /// Keyframes.
    pub keyframe: Keyframe,
    /// The picture's rate by size, smallest first; larger pictures are bound by `kbps` alone.
    pub rows: &'static [VideoRow],
    /// The picture's rate at any size, in kb/s.
    pub kbps: RangeInclusive<u32>,
    /// Whether rates outside are refused.
    pub strictness: Strictness,
    /// Largest short side, in pixels.
    pub lines_max: Option<u32>,
    /// Most pictures a second.
    pub fps_max: Option<u32>,
    /// Which way up.
    pub shape: Shape,
    /// Most of the sound, in kb/s.
    pub audio_kbps_max: Option<u32>,
    /// Sample rates that are taken, the best first, in Hz.
    pub sample_rates: &'static [u32],
    /// Whether a show without a picture is refused.
    pub needs_picture: bool,
    /// Encryption.
    pub tls: Tls,
    /// Longest show, in hours.
    pub hours_max: Option<u32>,
}

/// Any rate in kb/s.
const ANY_KBPS: RangeInclusive<u32> = 0..=u32::MAX;

impl Limits {
    /// What suits all and what is assumed where nothing else is known: a keyframe every 2 s.
    pub const COMMON: Self = Self {
        keyframe: Keyframe { wanted: 2.0, least: None, most: None },
        rows: &[],
        kbps: ANY_KBPS,
        strictness: Strictness::Advises,
        lines_max: None,
        fps_max: None,
        shape: Shape::Any,
        audio_kbps_max: None,
        sample_rates: &[48_000, 44_100],
        needs_picture: false,
        tls: Tls::Unknown,
        hours_max: None,
    };

    /// The rates that are right for a picture of `lines` (short side, pixels) at `fps`, in kb/s.
    pub fn kbps_for(&self, lines: u32, fps: f64) -> RangeInclusive<u32> {
        // 29.97 counts as 30.
        let fits = |row: &&VideoRow| lines <= row.lines && fps <= f64::from(row.fps) + 0.01;
        let row = self.rows.iter().find(fits);
        row.map_or(self.kbps.clone(), |row| row.kbps.clone())
    }
}

impl Service {
    /// The service of this `id`.
    pub fn by_id(id: &str) -> Option<&'static Self> {
        SERVICES.iter().find(|service| service.id == id)
    }

    /// The address to take, unless every user has an own one.
    pub fn main_server(&self) -> Option<&'static str> {
        self.server(ServerRole::Main)
    }

    /// The address of this role.
    pub fn server(&self, role: ServerRole) -> Option<&'static str> {
        self.servers.iter().find(|server| server.role == role).map(|server| server.url)
    }

    /// A destination there, without a key. Where every user has an own address, the server is empty.
    pub fn destination(&self) -> Destination {
        let server = self.main_server().unwrap_or_default();
        Destination { name: self.name.to_owned(), ..Destination::at(server) }
    }

    /// `key` in the form that tests without going on air; `None` if there is none.
    pub fn test_key(&self, key: &StreamKey) -> Option<StreamKey> {
        let query = self.test_query?;
        let joint = if key.reveal().contains('?') { '&' } else { '?' };
        Some(StreamKey::new(&format!("{}{joint}{query}", key.reveal())))
    }

    /// The service that `destination` belongs to: by its host, else by its name where the service has no hosts of its
    /// own. `None` is a custom server.
    pub fn of(destination: &Destination) -> Option<&'static Self> {
        let host = Destination::at(&destination.server).name.to_ascii_lowercase();
        let name = destination.name.to_lowercase();
        let is_named = |service: &&Self| {
            let more = name.strip_prefix(&service.name.to_lowercase());
            more.is_some_and(|more| more.is_empty() || more.starts_with(' '))
        };
        let is_at = |service: &&Self| service.hosts.iter().any(|own| is_within(&host, own));
        let at_host = || SERVICES.iter().filter(is_at);
        // Two services share one network: the name decides between them.
        let by_host = at_host().find(is_named).or_else(|| at_host().next());
        let unknown_host = |service: &&Self| service.hosts.is_empty() || host.is_empty();
        by_host.or_else(|| SERVICES.iter().filter(unknown_host).find(is_named))
    }
}

/// Whether `host` is `own` or a part of it.
fn is_within(host: &str, own: &str) -> bool {
    host.strip_suffix(own).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

#[cfg(test)]
mod tests;
