//! No secure connection: who gave no TLS.

use super::Problem;
use crate::output::{PublishError, PublishStep, TlsFault};
use crate::settings::Destination;
use crate::settings::catalogue::{Service, Tls};

/// Who gave no TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsPeer {
    /// A service that speaks it: something on the way is at fault, and without it a key would go through that in the open.
    Service,
    /// A server that may speak plain RTMP.
    Unknown,
}

impl TlsPeer {
    /// At the address `about`, if `error` is that no TLS came.
    pub(super) fn behind(about: &str, error: &PublishError) -> Option<Self> {
        let gave_none = matches!(
            error,
            PublishError::TimedOut { step: PublishStep::Tls, .. }
                | PublishError::Broken { step: PublishStep::Tls, .. }
                | PublishError::Tls(TlsFault::NotTls | TlsFault::PlainPort)
        );
        let service = || Service::of(&Destination::at(about));
        gave_none.then(|| match service().is_some_and(|service| service.limits.tls != Tls::Unknown) {
            true => Self::Service,
            false => Self::Unknown,
        })
    }
}

impl Problem {
    /// The same where no TLS came from `peer`.
    #[must_use]
    pub(super) fn without_tls(mut self, peer: Option<TlsPeer>) -> Self {
        if peer.is_some() {
            self.advice.get_or_insert_default().tls = peer;
        }
        self
    }

    /// Who gave no TLS, if that is what is wrong.
    pub fn tls_peer(&self) -> Option<TlsPeer> {
        self.advice.as_ref()?.tls
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::studio::{ProblemKind, wording};

    const YOUTUBE: &str = "rtmps://a.rtmps.youtube.com/live2";
    const MINE: &str = "rtmps://stream.example/live";

    fn silent() -> PublishError {
        PublishError::TimedOut { step: PublishStep::Tls, after: Duration::from_secs(5) }
    }

    #[test]
    fn who_says_nothing_to_tls_refuses_nothing() {
        let closed = PublishError::Broken { step: PublishStep::Tls, reason: "tls handshake eof".to_owned() };
        for (error, kind) in [(silent(), ProblemKind::TimedOut), (closed, ProblemKind::ClosedByServer)] {
            let problem = Problem::from_publish(MINE, &error);
            assert_eq!(problem.kind, kind);
            assert!(wording::what(&problem).contains("(step tls"), "{}", wording::what(&problem));
        }
        for fault in [TlsFault::NotTls, TlsFault::PlainPort] {
            assert_eq!(Problem::from_publish(MINE, &PublishError::Tls(fault)).kind, ProblemKind::TlsNotSpoken);
        }
    }

    #[test]
    fn nobody_is_told_to_send_a_key_in_the_open_to_a_service_that_speaks_tls() {
        let closed = PublishError::Broken { step: PublishStep::Tls, reason: "reset".to_owned() };
        for error in [silent(), closed, PublishError::Tls(TlsFault::NotTls), PublishError::Tls(TlsFault::PlainPort)] {
            let to_do = |about| wording::to_do(&Problem::from_publish(about, &error));
            assert!(!to_do(YOUTUBE).contains("rtmp://") && to_do(YOUTUBE).contains("network"), "{}", to_do(YOUTUBE));
            assert!(to_do(MINE).contains("rtmp://"), "{}", to_do(MINE));
            let later = Problem::from_publish(YOUTUBE, &error).into_loss(ProblemKind::ConnectionLost);
            assert_eq!(wording::to_do(&later), "Nothing: Tally connects again by itself.");
        }
        assert_eq!(Problem::from_publish(YOUTUBE, &PublishError::Refused).tls_peer(), None);
    }
}
