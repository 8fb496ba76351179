//! From a chosen destination to something that can be published to.

use super::lines::Target;
use super::{Problem, ProblemKind};
use crate::output::publisher::PublishTarget;
use crate::rtmp::url::UrlError;
use crate::settings::{Destination, StreamKey, redact_url};

/// Takes the destination's URLs apart; its key and login never leave the target. The backup server is given them too: it
/// belongs to the same service.
pub(super) fn target(destination: &Destination) -> Result<Target, Problem> {
    let backup = destination.backup_server.as_ref().map(|server| {
        let backup = Destination { server: server.clone(), ..destination.clone() };
        publish_target(&backup)
    });
    Ok(Target { wanted: publish_target(destination)?, backup: backup.transpose()?, sent_hook: None })
}

fn publish_target(destination: &Destination) -> Result<PublishTarget, Problem> {
    let login = destination.user.clone().map(|user| {
        let password = destination.password.as_ref().map(StreamKey::reveal).unwrap_or_default();
        (user, password.to_owned())
    });
    let key = destination.stream_key.as_ref().map(StreamKey::reveal);
    PublishTarget::new(&destination.server, key, login, destination.tls_ca.clone()).map_err(|error: UrlError| {
        Problem::new(ProblemKind::BadUrl, redact_url(&destination.server), error.to_string())
    })
}
