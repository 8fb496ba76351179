//! From a chosen destination to something that can be published to.

use super::{Problem, ProblemKind};
use crate::output::publisher::PublishTarget;
use crate::rtmp::url::UrlError;
use crate::settings::{Destination, StreamKey, redact_url};

/// Takes the destination's URL apart; its key and login never leave the target.
pub(super) fn target(destination: &Destination) -> Result<PublishTarget, Problem> {
    let login = destination.user.clone().map(|user| {
        let password = destination.password.as_ref().map(StreamKey::reveal).unwrap_or_default();
        (user, password.to_owned())
    });
    let key = destination.stream_key.as_ref().map(StreamKey::reveal);
    PublishTarget::new(&destination.server, key, login, destination.tls_ca.clone()).map_err(|error: UrlError| {
        Problem::new(ProblemKind::BadUrl, redact_url(&destination.server), error.to_string())
    })
}
