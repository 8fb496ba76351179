//! What can go wrong between us and a server, and whether trying again can help.

use std::time::Duration;

use crate::rtmp::client::{ClientError, Step};

/// The steps from nothing to a picture on the server, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PublishStep {
    /// Name to addresses.
    Dns,
    /// TCP connection.
    Tcp,
    /// TLS handshake.
    Tls,
    /// RTMP handshake.
    Handshake,
    /// The `connect` command.
    Connect,
    /// The `createStream` command.
    CreateStream,
    /// The `publish` command.
    Publish,
    /// From the accepted publish to the first keyframe handed to the system's socket.
    FirstKeyframe,
    /// Live.
    Live,
}

impl PublishStep {
    /// The stable word of `--json`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Handshake => "handshake",
            Self::Connect => "connect",
            Self::CreateStream => "create_stream",
            Self::Publish => "publish",
            Self::FirstKeyframe => "first_keyframe",
            Self::Live => "live",
        }
    }
}

impl From<Step> for PublishStep {
    fn from(step: Step) -> Self {
        match step {
            Step::Handshake => Self::Handshake,
            Step::Connect => Self::Connect,
            Step::CreateStream => Self::CreateStream,
            Step::Publish => Self::Publish,
            Step::Live | Step::Closing => Self::Live,
        }
    }
}

/// Why TLS was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The certificate is for other names.
    WrongName {
        /// The names it is for, as far as they are told.
        presented: Vec<String>,
    },
    /// The certificate has expired.
    Expired,
    /// The certificate is not valid yet: often this computer's clock is wrong.
    NotYetValid,
    /// Signed by an authority this computer does not trust.
    UnknownCa,
    /// Signed by no authority but itself.
    SelfSigned,
    /// The server does not speak TLS on this port.
    NotTls,
    /// Nothing comes from it, on the port of plain RTMP.
    PlainPort,
    /// A CA file that cannot be used.
    BadCaFile {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Anything else, in the library's words.
    Other(String),
}

/// Why the address that a server sends us to is not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misdirection {
    /// What is sent securely now would not be any more.
    Insecure,
    /// It is no address of an RTMP server.
    Unreadable {
        /// What is wrong with it.
        reason: String,
    },
    /// Each sends on to the next.
    InCircles,
}

/// Why publishing failed.
#[derive(Clone, Debug)]
pub enum PublishError {
    /// The host's name has no address.
    Dns {
        /// What the resolver said.
        reason: String,
    },
    /// Nobody listens on the port.
    Refused,
    /// A step did not finish in time.
    TimedOut {
        /// The step.
        step: PublishStep,
        /// Its deadline.
        after: Duration,
    },
    /// The connection could not be made for another reason (network unreachable, …).
    Unreachable {
        /// What the system said.
        reason: String,
    },
    /// TLS was refused.
    Tls(TlsFault),
    /// The RTMP conversation failed.
    Session(ClientError),
    /// The server sends on to where the show does not go.
    Misdirected(Misdirection),
    /// The connection broke.
    Broken {
        /// Where.
        step: PublishStep,
        /// What the system said.
        reason: String,
    },
    /// Live, and nothing has been acknowledged for a while: the link is down, and nobody said so.
    Silent {
        /// For how long.
        after: Duration,
    },
    /// The server accepted the publish and closed the connection at once: how some refuse a key.
    ClosedAtOnce {
        /// What was seen.
        reason: String,
    },
    /// The show ended, and there was no time to send the last of it.
    Unfinished {
        /// How much of it did not arrive.
        missing: Duration,
    },
    /// The user ended the show before it was live.
    Cancelled,
}

/// The word by which servers tell that a name is taken.
fn says_already(words: &str) -> bool {
    words.to_ascii_lowercase().contains("already")
}

/// What can be done about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// The same again may work.
    Retry,
    /// Only the user can change it.
    AskUser,
}

impl PublishError {
    /// Whether trying again can help once a show has been live.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::ClosedAtOnce { .. } | Self::Unfinished { .. } | Self::Cancelled => Recovery::AskUser,
            // A server that restarts may refuse for a moment, one that still holds the old session refuses until it has
            // noticed, and on the way to another network strangers answer: a show that was live keeps trying.
            Self::Dns { .. }
            | Self::Tls(_)
            | Self::Silent { .. }
            | Self::Refused
            | Self::TimedOut { .. }
            | Self::Unreachable { .. }
            | Self::Session(_)
            | Self::Misdirected(_)
            | Self::Broken { .. } => Recovery::Retry,
        }
    }

    /// Whether the server refuses because somebody publishes under this name: after a loss, that is our own old session.
    pub fn is_old_session(&self) -> bool {
        let Self::Session(ClientError::Rejected { step: Step::Publish, code, description }) = self else {
            return false;
        };
        [Some(code), description.as_ref()].into_iter().flatten().any(|words| says_already(words))
    }

    /// Whether the server itself said no.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Session(ClientError::Rejected { .. }) | Self::Misdirected(_))
    }

    /// The step at which the server said no, where another connection may be the answer: one with a login, or to another server.
    pub(super) fn asks_for_another_connection(&self) -> Option<PublishStep> {
        match self {
            Self::Session(
                ClientError::Rejected { step: step @ Step::Connect, .. } | ClientError::SentOn { step, .. },
            ) => Some(PublishStep::from(*step)),
            _ => None,
        }
    }

    /// Whether a connection was refused that never was live, and in whose words.
    pub(crate) fn refusal(&self) -> Option<(&str, Option<&str>)> {
        match self {
            Self::Session(ClientError::Rejected { step, code, description }) if *step != Step::Live => {
                Some((code, description.as_deref()))
            }
            _ => None,
        }
    }

    /// Whether the server refused the stream after it had let us in.
    pub(crate) fn refuses_publish(&self) -> bool {
        matches!(self, Self::ClosedAtOnce { .. } | Self::Session(ClientError::Rejected { step: Step::Publish, .. }))
    }

    /// Whether the server says what no server may say.
    pub(super) fn breaks_protocol(&self) -> bool {
        matches!(self, Self::Session(ClientError::Protocol { .. }))
    }

    /// What a connection means that ends right after the publish was accepted: some servers (nginx with `deny publish`)
    /// refuse so, and some say why only then.
    pub(super) fn into_refusal(self) -> Self {
        match self {
            Self::Broken { step: PublishStep::Live, reason } => Self::ClosedAtOnce { reason },
            Self::Session(ClientError::ClosedByPeer { step: Step::Live }) => {
                Self::ClosedAtOnce { reason: "it said nothing".to_owned() }
            }
            Self::Session(ClientError::Rejected { step: Step::Live, code, description }) => {
                Self::Session(ClientError::Rejected { step: Step::Publish, code, description })
            }
            other => other,
        }
    }
}
