//! From a chosen destination to something that can be published to.

use super::lines::Target;
use super::{Problem, ProblemKind};
use crate::output::publisher::PublishTarget;
use crate::rtmp::url::UrlError;
use crate::settings::{Destination, StreamKey, redact_url};

/// Takes the destination's URLs apart; its key and login never leave the target. The backup server is given them too: it
/// belongs to the same service.
pub(super) fn target(destination: &Destination) -> Result<Target, Problem> {
    if destination.lacks_secrets() {
        // Without them it would be published under another name, or be refused.
        return Err(Problem::new(ProblemKind::SecretUnread, destination.shown_name(), String::new()));
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SecretEntry;

    #[test]
    fn without_a_key_that_is_kept_nothing_is_published_under_another_name() {
        let mut kept = Destination { name: "Church".to_owned(), ..Destination::at("rtmp://h.example/app/_definst_") };
        kept.unread.stream_key = Some(SecretEntry("show/Church/stream_key".to_owned()));
        let problem = target(&kept).map(drop).unwrap_err();
        assert_eq!((problem.kind, problem.about.as_str()), (ProblemKind::SecretUnread, "Church"));
        kept.stream_key = Some(StreamKey::new("typed"));
        assert_eq!(target(&kept).unwrap().wanted.stream_name, "typed");
    }
}
