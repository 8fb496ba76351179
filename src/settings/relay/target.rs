//! A destination as a relay is told of it.

use super::{Relay, RelayError};
use crate::rtmp::url::{RtmpUrl, Scheme};
use crate::settings::link::without_secrets_in_addresses;
use crate::settings::{Destination, StreamKey};

/// Most bytes of a word in a configuration: nginx takes 4096 with what stands around it.
const WORD_LENGTH_MAX: usize = 3900;

/// A destination, taken apart and checked.
pub(super) struct Target {
    /// What people call it.
    pub(super) name: String,
    /// The server.
    pub(super) url: RtmpUrl,
    /// The stream key, or what stands for it.
    pub(super) key: String,
    /// The profile has no key for it, wanted or not.
    pub(super) lacks_key: bool,
    /// Its key or password was to be written, and could not be read.
    pub(super) is_unread: bool,
    /// A part of its address that may be secret is not there.
    pub(super) lacks_part: bool,
    /// Name and password, or what stands for it.
    pub(super) login: Option<(String, String)>,
    /// The CA to trust, as a path.
    pub(super) tls_ca: Option<String>,
    /// The service's other server, which no relay turns to.
    pub(super) backup: Option<String>,
}

impl Target {
    pub(super) fn of(destination: &Destination, relay: &Relay<'_>) -> Result<Self, RelayError> {
        let mut shared = destination.clone();
        if !relay.with_secrets {
            // Of the backup no more is written than where it is.
            without_secrets_in_addresses(&mut shared);
        }
        let name = one_line(destination.shown_name());
        let refused = |reason: String| RelayError::Destination { name: name.clone(), engine: relay.engine, reason };
        let url = RtmpUrl::parse(&shared.server, true).map_err(|error| refused(error.to_string()))?;
        if url.app.is_empty() {
            return Err(refused("its address has no app behind the server, as in rtmp://server/app".to_owned()));
        }
        if !url.host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:".contains(c)) {
            return Err(refused("write the server's name in plain letters, digits, dots and hyphens".to_owned()));
        }
        let tls_ca = destination.tls_ca.as_ref().map(|path| {
            path.to_str().map(str::to_owned).ok_or_else(|| refused("the path of its CA is not text".to_owned()))
        });
        let secret = |secret: &Option<StreamKey>, what: &str| match secret {
            Some(secret) if relay.with_secrets && !secret.is_empty() => secret.reveal().to_owned(),
            _ => placeholder(what, &name),
        };
        let target = Self {
            key: secret(&destination.stream_key, "KEY"),
            lacks_part: shared.server != destination.server,
            is_unread: relay.lacks_secret_of(destination),
            lacks_key: !destination.has_key() || destination.stream_key.as_ref().is_some_and(StreamKey::is_empty),
            login: destination.user.as_ref().map(|user| (user.clone(), secret(&destination.password, "PASSWORD"))),
            tls_ca: tls_ca.transpose()?,
            backup: destination.backup_server.as_ref().map(|backup| crate::settings::redact_url(backup)),
            name,
            url,
        };
        let words = [&target.key, &target.url.app].into_iter().chain(&target.tls_ca);
        if words.clone().any(|word| word.len() > WORD_LENGTH_MAX) {
            return Err(target.refused(relay, "its key or address is too long for a configuration"));
        }
        if words.into_iter().any(|word| word.contains(|c: char| c.is_control())) {
            return Err(target.refused(relay, "its key, address or CA has control characters in it"));
        }
        Ok(target)
    }

    /// That `relay` cannot be told of it.
    pub(super) fn refused(&self, relay: &Relay<'_>, reason: &str) -> RelayError {
        RelayError::Destination { name: self.name.clone(), engine: relay.engine, reason: reason.to_owned() }
    }

    pub(super) fn is_tls(&self) -> bool {
        self.url.scheme == Scheme::Rtmps
    }

    /// The server with its port, an IPv6 address in brackets.
    pub(super) fn host_port(&self) -> String {
        let host = if self.url.host.contains(':') { format!("[{}]", self.url.host) } else { self.url.host.clone() };
        format!("{host}:{}", self.url.port)
    }

    /// What is told above it: its name, and what it will not get.
    pub(super) fn comments(&self, relay: &Relay<'_>) -> Vec<String> {
        let mut lines = vec![self.name.clone()];
        if self.lacks_key {
            lines.push("The profile has no key for it: put it here.".to_owned());
        }
        if self.is_unread {
            lines.push("Its key or password could not be read: put it where it says PUT-THE-…-HERE.".to_owned());
        }
        if self.lacks_part {
            lines.push("A part of its address that may be secret is left out: put it here.".to_owned());
        }
        if let Some(backup) = &self.backup {
            lines.push(format!("{} does not turn to its backup server {}.", relay.engine, one_line(backup)));
        }
        lines
    }
}

/// What stands for a secret: found by eye, and no character of it has a meaning to any program.
fn placeholder(what: &str, name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = name.chars().map(plain).take(40).collect();
    format!("PUT-THE-{what}-OF-{name}-HERE")
}

/// `text` as it may stand in a comment.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || "\u{2028}\u{2029}".contains(c) { ' ' } else { c }).collect()
}
