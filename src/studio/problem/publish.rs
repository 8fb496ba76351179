//! Problems of a destination: what its publisher's errors mean.

use super::{Problem, ProblemKind, TlsPeer};
use crate::output::{Misdirection, PublishError, PublishStep, TlsFault};
use crate::rtmp::auth::{LoginRefusal, login_refusal};
use crate::rtmp::client::{ClientError, Step};
use crate::rtmp::handshake::HandshakeError;

impl Problem {
    /// What a publisher's error means to the user.
    pub fn from_publish(about: &str, error: &PublishError) -> Self {
        use ProblemKind as Kind;
        let peer = TlsPeer::behind(about, error);
        let new = |kind, details: String| Self::new(kind, about, details).without_tls(peer);
        match error {
            PublishError::Dns { reason } => new(Kind::DnsFailed, reason.clone()),
            PublishError::Refused => new(Kind::ConnectionRefused, String::new()),
            PublishError::TimedOut { step, after } => {
                new(Kind::TimedOut, format!("step {}, {} s", step.word(), after.as_secs()))
            }
            PublishError::Unreachable { reason } => new(Kind::Unreachable, reason.clone()),
            PublishError::Tls(fault) => match fault {
                TlsFault::WrongName { presented } => new(Kind::TlsWrongName, presented.join(", ")),
                TlsFault::Expired => new(Kind::TlsExpired, String::new()),
                TlsFault::NotYetValid => new(Kind::TlsNotYetValid, String::new()),
                TlsFault::UnknownCa => new(Kind::TlsUnknownCa, String::new()),
                TlsFault::SelfSigned => new(Kind::TlsSelfSigned, String::new()),
                TlsFault::NotTls => new(Kind::TlsNotSpoken, "its answer is not TLS".to_owned()),
                TlsFault::PlainPort => {
                    new(Kind::TlsNotSpoken, "nothing answers, and 1935 is the port of RTMP".to_owned())
                }
                TlsFault::BadCaFile { path, reason } => new(Kind::TlsBadCaFile, format!("{path}: {reason}")),
                TlsFault::Other(reason) => new(Kind::TlsFailed, reason.clone()),
            },
            PublishError::Session(session) => Self::from_session(about, session, error.is_old_session()),
            PublishError::Misdirected(why) => {
                let details = match why {
                    Misdirection::Insecure => "its address is not secure, and the one you chose is".to_owned(),
                    Misdirection::Unreadable { reason } => reason.clone(),
                    Misdirection::InCircles => "each one sends on to the next".to_owned(),
                };
                new(Kind::Misdirected, details)
            }
            PublishError::Broken { step: PublishStep::Live, reason } => new(Kind::ConnectionLost, reason.clone()),
            PublishError::Silent { after } => {
                new(Kind::ConnectionLost, format!("nothing was acknowledged for {:.1} s", after.as_secs_f64()))
            }
            PublishError::Broken { step, reason } => {
                new(Kind::ClosedByServer, format!("step {}: {reason}", step.word()))
            }
            PublishError::ClosedAtOnce { reason } => {
                new(Kind::PublishRejected, format!("it closed the connection right after it had accepted: {reason}"))
            }
            PublishError::Unfinished { missing } => new(Kind::EndLost, format!("{:.1} s", missing.as_secs_f64())),
            PublishError::Cancelled => new(Kind::Internal, "cancelled".to_owned()),
        }
    }

    /// The same as what became of a connection that was live: what stood in its way is a part of that sentence.
    #[must_use]
    pub(in crate::studio) fn into_loss(mut self, kind: ProblemKind) -> Self {
        if self.kind != ProblemKind::ConnectionLost {
            let what = self.kind.word().replace('_', " ");
            self.details = if self.details.is_empty() { what } else { format!("{what}, {}", self.details) };
        }
        Self { kind, ..self }
    }

    fn from_session(about: &str, error: &ClientError, name_is_taken: bool) -> Self {
        use ProblemKind as Kind;
        let new = |kind, details: String| Self::new(kind, about, details);
        let word = |step: Step| PublishStep::from(step).word();
        match error {
            ClientError::Handshake(HandshakeError::Http) => new(Kind::HttpServer, String::new()),
            ClientError::Handshake(HandshakeError::Tls) => new(Kind::ServerWantsTls, String::new()),
            ClientError::Handshake(error) => new(Kind::NotRtmp, error.to_string()),
            ClientError::Rejected { step, code, description } => {
                let words = [code, description.as_deref().unwrap_or_default()];
                let words: Vec<&str> = words.into_iter().filter(|words| !words.is_empty()).collect();
                let words = words.join(": ");
                let kind = match step {
                    Step::Connect | Step::Handshake => match login_refusal(&words) {
                        Some(LoginRefusal::Needed) => Kind::LoginNeeded,
                        Some(LoginRefusal::WrongPassword | LoginRefusal::NoSuchUser) => Kind::LoginRefused,
                        None => Kind::ConnectRejected,
                    },
                    Step::Publish if name_is_taken => Kind::AlreadyPublishing,
                    Step::CreateStream | Step::Publish | Step::Live | Step::Closing => Kind::PublishRejected,
                };
                new(kind, format!("step {}", word(*step))).said(Some(words))
            }
            ClientError::SentOn { step, .. } => new(Kind::Misdirected, format!("step {}", word(*step))),
            ClientError::TimedOut { step } => new(Kind::TimedOut, format!("step {}", word(*step))).fallen_silent(),
            ClientError::ClosedByPeer { step: Step::Live } => {
                new(Kind::ConnectionLost, "the server closed the connection".to_owned())
            }
            ClientError::ClosedByPeer { step } => new(Kind::ClosedByServer, format!("step {}", word(*step))),
            ClientError::Protocol { step, reason } => {
                new(Kind::ProtocolError, format!("step {}: {reason}", word(*step)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_loss_is_told_in_one_sentence() {
        use ProblemKind::{ConnectionLost, RetriesEnded};
        let told = |error: PublishError, kind| {
            crate::studio::wording::what(&Problem::from_publish("X", &error).into_loss(kind))
        };
        // A server that takes connections has the right name and port.
        let silent = PublishError::Session(ClientError::TimedOut { step: Step::Connect });
        let advice = crate::studio::wording::to_do(&Problem::from_publish("X", &silent));
        assert!(advice.contains("accepts connections"), "{advice}");
        let broken = |reason: &str| PublishError::Broken { step: PublishStep::Live, reason: reason.to_owned() };
        let (code, description) = ("NetStream.Publish.Failed".to_owned(), Some("bye".to_owned()));
        let rejected = PublishError::Session(ClientError::Rejected { step: Step::Live, code, description });
        let timed_out = PublishError::TimedOut { step: PublishStep::Tcp, after: Duration::from_secs(5) };
        for (error, kind, sentence) in [
            (rejected, ConnectionLost, "The connection to X was lost (publish rejected, step live)."),
            (
                PublishError::Refused,
                RetriesEnded,
                "The connection to X was lost and did not come back (connection refused).",
            ),
            (timed_out, RetriesEnded, "The connection to X was lost and did not come back (timed out, step tcp, 5 s)."),
            (broken("it is late"), RetriesEnded, "The connection to X was lost and did not come back (it is late)."),
        ] {
            assert_eq!(told(error, kind), sentence);
        }
    }

    #[test]
    fn a_server_that_refuses_without_a_word_said_nothing() {
        let refused = |code: &str, description: Option<&str>| {
            let (code, description) = (code.to_owned(), description.map(str::to_owned));
            let error = PublishError::Session(ClientError::Rejected { step: Step::Connect, code, description });
            Problem::from_publish("rtmp://h/live", &error).server_said
        };
        assert_eq!(refused("", None), None);
        assert_eq!(refused("", Some("no")).as_deref(), Some("no"));
        assert_eq!(refused("a.b", Some("no")).as_deref(), Some("a.b: no"));
        assert_eq!(refused("a.b", None).as_deref(), Some("a.b"));
    }
}
