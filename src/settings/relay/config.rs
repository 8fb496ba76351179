//! What a configuration is made from, and what can stand in its way.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use super::target::Target;
use super::{mediamtx, nginx, srs};
use crate::settings::link::without_secrets_in_addresses;
use crate::settings::profile::atomic::{Access, write_document};
use crate::settings::{Destination, SettingsError, StreamKey, Warning};

/// A program that sends one stream on to many destinations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayEngine {
    /// nginx with its RTMP module.
    Nginx,
    /// SRS, with an FFmpeg for each destination.
    Srs,
    /// MediaMTX, with an FFmpeg for each destination.
    MediaMtx,
}

impl fmt::Display for RelayEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nginx => "nginx",
            Self::Srs => "SRS",
            Self::MediaMtx => "MediaMTX",
        })
    }
}

/// What a configuration is made from.
pub struct Relay<'a> {
    /// The program.
    pub engine: RelayEngine,
    /// The profile's name.
    pub profile: &'a str,
    /// Where the stream goes, with their secrets.
    pub destinations: Vec<Destination>,
    /// Where the relay takes the stream.
    pub listen: SocketAddr,
    /// The file it will be in, as the user names it.
    pub file: Option<&'a Path>,
    /// Whether keys and passwords are written, rather than what stands for them.
    pub with_secrets: bool,
}

/// Why there can be no configuration. None holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// Nowhere to send.
    #[error(
        "the profile {profile:?} has no destination: a relay needs some; add them with tally profiles save {profile:?} --to URL"
    )]
    NoDestination {
        /// The profile.
        profile: String,
    },
    /// Only destinations that the program cannot serve.
    #[error(
        "every destination of the profile asks for a login, which nginx cannot give: choose --relay srs or mediamtx"
    )]
    OnlyLogins,
    /// A port that is picked each time.
    #[error("a relay needs an address that stays: give --relay-listen a port, such as 127.0.0.1:1935")]
    NoPort,
    /// No room for the tunnels of TLS.
    #[error("there are too few ports above {port} for the TLS connections: give --relay-listen a lower one")]
    TooFewPorts {
        /// The relay's.
        port: u16,
    },
    /// The relay would send to itself.
    #[error("the destination {name:?} is the relay's own address: give another one with --relay-listen")]
    Loop {
        /// The destination.
        name: String,
    },
    /// A destination that the program cannot be told.
    #[error("the destination {name:?} cannot be served by {engine}: {reason}")]
    Destination {
        /// The destination.
        name: String,
        /// The program.
        engine: RelayEngine,
        /// What is wrong, and what to do.
        reason: String,
    },
}

impl Relay<'_> {
    /// Where the stream comes in, when no other address is wanted.
    pub const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1935);

    /// The whole text of the configuration.
    ///
    /// # Errors
    /// About the first thing that the program could not be told.
    pub fn config(&self) -> Result<String, RelayError> {
        if self.destinations.is_empty() {
            return Err(RelayError::NoDestination { profile: self.profile.to_owned() });
        }
        if self.listen.port() == 0 {
            return Err(RelayError::NoPort);
        }
        let targets = self.destinations.iter().map(|destination| Target::of(destination, self));
        let targets = targets.collect::<Result<Vec<_>, _>>()?;
        if let Some(own) = targets.iter().find(|target| self.is_own(target)) {
            return Err(RelayError::Loop { name: own.name.clone() });
        }
        match self.engine {
            RelayEngine::Nginx => nginx::config(self, &targets),
            RelayEngine::Srs => srs::config(self, &targets),
            RelayEngine::MediaMtx => mediamtx::config(self, &targets),
        }
    }

    /// What the user should know of the configuration: what of the addresses is not in it.
    pub fn warnings(&self) -> Vec<Warning> {
        let shared = self.destinations.iter().filter(|_| !self.with_secrets);
        shared.filter_map(|destination| without_secrets_in_addresses(&mut destination.clone())).collect()
    }

    /// Whether a secret is in the configuration, also in an address.
    pub fn holds_secrets(&self) -> bool {
        let is_given = |secret: &Option<StreamKey>| secret.as_ref().is_some_and(|secret| !secret.is_empty());
        let holds = |d: &Destination| {
            is_given(&d.stream_key) || d.server.contains('?') || (d.user.is_some() && is_given(&d.password))
        };
        self.with_secrets && self.destinations.iter().any(|d| self.serves(d) && holds(d))
    }

    /// Whether a secret that was asked for is not in the configuration, since it could not be read.
    pub fn lacks_secrets(&self) -> bool {
        self.destinations.iter().any(|destination| self.lacks_secret_of(destination))
    }

    pub(super) fn lacks_secret_of(&self, destination: &Destination) -> bool {
        self.with_secrets && self.serves(destination) && destination.lacks_secrets()
    }

    /// Whether the program sends to it: nginx cannot log in.
    fn serves(&self, destination: &Destination) -> bool {
        self.engine != RelayEngine::Nginx || destination.user.is_none()
    }

    /// Writes `text` to `path`, which must not exist yet; private if it holds secrets.
    ///
    /// # Errors
    /// There is such a file, or it cannot be made.
    pub fn write(&self, text: &str, path: &Path) -> Result<(), SettingsError> {
        write_document(path, text, if self.with_secrets { Access::Private } else { Access::Default })
    }

    /// The address by which programs on this computer reach the relay.
    pub(super) fn reached(&self) -> SocketAddr {
        let ip = match self.listen.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        SocketAddr::new(ip, self.listen.port())
    }

    /// The stream's address at the relay.
    pub(super) fn stream_url(&self) -> String {
        format!("rtmp://{}/live/show", self.reached())
    }

    /// Who may publish, and what else asks for the stream from here.
    pub(super) fn senders(&self) -> Vec<IpAddr> {
        let mut senders = vec![IpAddr::V4(Ipv4Addr::LOCALHOST)];
        if !senders.contains(&self.reached().ip()) {
            senders.push(self.reached().ip());
        }
        senders
    }

    fn is_own(&self, target: &Target) -> bool {
        let host = target.url.host.as_str();
        let here = |ip: IpAddr| ip.is_loopback() || ip == self.listen.ip();
        target.url.port == self.listen.port() && (host == "localhost" || host.parse().is_ok_and(here))
    }
}
