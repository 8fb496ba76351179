//! Why connections are turned away or cut off: one stable word each, counted.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::rtmp::handshake::HandshakeError;
use crate::rtmp::server::{ServerError, ServerStep};

/// Why a connection was turned away or cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// There are as many connections as there may be.
    Connections,
    /// As many names are published as there may be.
    Streams,
    /// What came is no RTMP.
    NotRtmp,
    /// The TLS handshake came to nothing.
    Tls,
    /// The client did not go on in time before it published or played.
    TooSlow,
    /// A publisher sent nothing for too long, or a player did not answer.
    Silent,
    /// The client broke the protocol.
    Protocol,
    /// The client wanted more than it may.
    Limit,
    /// The application's or the stream's name is missing or too long.
    Name,
    /// The name is published by somebody else.
    NameTaken,
    /// The key to publish is missing or wrong.
    PublishKey,
    /// The key to play is missing or wrong.
    PlayKey,
    /// A player did not read what it was sent.
    NotReading,
    /// The client hung up before it published or played.
    HungUp,
    /// A web request was no request, too large or too slow.
    Http,
    /// The system gave no random bytes.
    System,
}

impl RefusalKind {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 16] = [
        Self::Connections,
        Self::Streams,
        Self::NotRtmp,
        Self::Tls,
        Self::TooSlow,
        Self::Silent,
        Self::Protocol,
        Self::Limit,
        Self::Name,
        Self::NameTaken,
        Self::PublishKey,
        Self::PlayKey,
        Self::NotReading,
        Self::HungUp,
        Self::Http,
        Self::System,
    ];

    /// A word for programs, which never changes.
    pub fn word(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Streams => "streams",
            Self::NotRtmp => "not_rtmp",
            Self::Tls => "tls",
            Self::TooSlow => "too_slow",
            Self::Silent => "silent",
            Self::Protocol => "protocol",
            Self::Limit => "limit",
            Self::Name => "name",
            Self::NameTaken => "name_taken",
            Self::PublishKey => "publish_key",
            Self::PlayKey => "play_key",
            Self::NotReading => "not_reading",
            Self::HungUp => "hung_up",
            Self::Http => "http",
            Self::System => "system",
        }
    }

    /// The same for a person.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Connections => "too many connections",
            Self::Streams => "too many streams",
            Self::NotRtmp => "no RTMP",
            Self::Tls => "no TLS, or a certificate that was not accepted",
            Self::TooSlow => "too slow to begin",
            Self::Silent => "silent for too long",
            Self::Protocol => "broke the protocol",
            Self::Limit => "wanted more than it may",
            Self::Name => "no name, or one that is too long",
            Self::NameTaken => "the name is published by somebody else",
            Self::PublishKey => "key to publish missing or wrong",
            Self::PlayKey => "key to play missing or wrong",
            Self::NotReading => "did not read what it was sent",
            Self::HungUp => "hung up before it published or played",
            Self::Http => "no web request",
            Self::System => "the system gave no random bytes",
        }
    }

    /// What a failed session counts as.
    pub(super) fn from_error(error: &ServerError) -> Self {
        match error {
            ServerError::Handshake(_) => Self::NotRtmp,
            ServerError::TimedOut { step: ServerStep::Live | ServerStep::Play } => Self::Silent,
            ServerError::TimedOut { .. } => Self::TooSlow,
            ServerError::Protocol { .. } => Self::Protocol,
            ServerError::LimitExceeded { .. } => Self::Limit,
            ServerError::ClosedByPeer => Self::HungUp,
        }
    }
}

/// Ports that a server has beside that for RTMP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OtherPorts {
    pub(super) rtmps: bool,
    pub(super) http: bool,
}

/// What is told of a failed session. The session's words are those of either side; who reads these has the server before him.
pub(super) fn reason_of(error: &ServerError, other: OtherPorts) -> String {
    let spoken = |protocol: &str| format!("the client spoke {protocol}: this port takes RTMP");
    match error {
        ServerError::Handshake(HandshakeError::Tls) if other.rtmps => {
            "the client spoke TLS: use rtmp:// here, or rtmps:// with the --listen-tls port".to_owned()
        }
        ServerError::Handshake(HandshakeError::Tls) => "the client spoke TLS: use rtmp:// here".to_owned(),
        ServerError::Handshake(HandshakeError::Http) if other.http => {
            format!("{}, and http:// has the --http port", spoken("HTTP"))
        }
        ServerError::Handshake(HandshakeError::Http) => spoken("HTTP"),
        ServerError::Handshake(HandshakeError::Text(protocol)) => spoken(protocol),
        other => other.to_string(),
    }
}

/// How often each happened.
#[derive(Debug, Default)]
pub(super) struct RefusalCounts([AtomicU64; RefusalKind::ALL.len()]);

impl RefusalCounts {
    pub(super) fn add(&self, kind: RefusalKind) {
        if let Some(count) = self.0.get(kind as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Those that happened.
    pub(super) fn read(&self) -> Vec<(RefusalKind, u64)> {
        let counts =
            RefusalKind::ALL.into_iter().zip(&self.0).map(|(kind, count)| (kind, count.load(Ordering::Relaxed)));
        counts.filter(|(_, count)| *count > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn who_speaks_another_protocol_is_told_what_this_port_takes() {
        let told = |error, rtmps, http| reason_of(&ServerError::Handshake(error), OtherPorts { rtmps, http });
        let tls = told(HandshakeError::Tls, true, true);
        assert_eq!(tls, "the client spoke TLS: use rtmp:// here, or rtmps:// with the --listen-tls port");
        assert_eq!(told(HandshakeError::Tls, false, true), "the client spoke TLS: use rtmp:// here");
        let http = told(HandshakeError::Http, true, true);
        assert_eq!(http, "the client spoke HTTP: this port takes RTMP, and http:// has the --http port");
        assert_eq!(told(HandshakeError::Http, true, false), "the client spoke HTTP: this port takes RTMP");
        assert_eq!(told(HandshakeError::Text("SSH"), true, true), "the client spoke SSH: this port takes RTMP");
    }

    #[test]
    fn each_has_a_place_and_a_word_of_its_own() {
        let counts = RefusalCounts::default();
        let words: BTreeSet<_> = RefusalKind::ALL.iter().map(|kind| kind.word()).collect();
        assert_eq!(words.len(), RefusalKind::ALL.len());
        for (place, kind) in RefusalKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, place);
            (0..=place).for_each(|_| counts.add(kind));
        }
        let read: Vec<_> = counts.read().into_iter().map(|(_, count)| count).collect();
        assert_eq!(read, (1..=RefusalKind::ALL.len() as u64).collect::<Vec<_>>());
    }
}
