//! The servers of a destination, those that they send us to included, and where a server sends us. Pure.

use super::known::Known;
use super::{PublishTarget, PublisherConfig};
use crate::output::Misdirection;
use crate::rtmp::client::Elsewhere;
use crate::rtmp::url::{RtmpUrl, Scheme, UrlParts, percent_decoded, redact_url};

/// Without a good connection meanwhile, so many addresses are followed from one to the next.
pub(super) const SENT_ON_MAX: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The one that is wanted.
    Wanted,
    /// One of them sent us there.
    Elsewhere,
    Backup,
}

#[derive(Debug)]
pub(super) struct Server {
    pub(super) target: PublishTarget,
    pub(super) role: Role,
    pub(super) known: Known,
}

/// In the order in which they are asked: the wanted one, where we were sent to last, the backup.
#[derive(Debug)]
pub(super) struct Servers(Vec<Server>);

/// Where a server that we were sent to stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) at: usize,
    /// It was put in there: those from there on stand one further.
    pub(super) is_new: bool,
}

impl Servers {
    pub(super) fn new(config: &PublisherConfig) -> Self {
        let server = |target: &PublishTarget, role| Server { target: target.clone(), role, known: Known::default() };
        let backup = config.backup.iter().map(|target| server(target, Role::Backup));
        Self([server(&config.target, Role::Wanted)].into_iter().chain(backup).collect())
    }

    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut Server> {
        self.0.get_mut(place)
    }

    pub(super) fn role(&self, place: usize) -> Option<Role> {
        self.0.get(place).map(|server| server.role)
    }

    /// Takes in the server that we are sent to.
    pub(super) fn send_on(&mut self, target: PublishTarget) -> Place {
        if let Some(at) = self.0.iter().position(|server| server.target.tc_url == target.tc_url) {
            return Place { at, is_new: false };
        }
        let server = Server { target, role: Role::Elsewhere, known: Known::default() };
        match self.0.iter().position(|server| server.role == Role::Elsewhere) {
            Some(at) => {
                self.0.splice(at..=at, [server]);
                Place { at, is_new: false }
            }
            None => {
                self.0.insert(1.min(self.0.len()), server);
                Place { at: 1, is_new: true }
            }
        }
    }
}

/// The target that the server of `from` sends us `to`: the key goes along, a login as well, and what is secure stays so.
pub(super) fn sent_on(from: &PublishTarget, to: &Elsewhere) -> Result<PublishTarget, Misdirection> {
    let whole = resolved(&from.tc_url, &to.0);
    let mut url = parsed(&without_name(&whole, &from.stream_name))?;
    if url.app.is_empty() {
        url.app.clone_from(&from.app);
    }
    let tls = url.scheme == Scheme::Rtmps;
    if from.tls && !tls {
        return Err(Misdirection::Insecure);
    }
    // What we did not choose may hold a secret anywhere.
    let tc_url = url.tc_url();
    let about = redact_url(&tc_url);
    Ok(PublishTarget { host: url.host, port: url.port, tls, app: url.app, tc_url, about, ..from.clone() })
}

fn parsed(text: &str) -> Result<RtmpUrl, Misdirection> {
    RtmpUrl::parse(text, true).map_err(|error| Misdirection::Unreadable { reason: error.to_string() })
}

/// `reference` as an address of its own, where it may leave out what it has in common with `base` (RFC 3986, 4.2).
fn resolved(base: &str, reference: &str) -> String {
    let base = UrlParts::of(base);
    let parts = UrlParts::of(reference);
    match parts.whole {
        whole if !parts.scheme.is_empty() => whole.to_owned(),
        whole if whole.starts_with("//") => format!("{}{}", base.scheme, whole.trim_start_matches('/')),
        whole if whole.starts_with('/') => format!("{}{}{whole}", base.scheme, base.host_port),
        whole => {
            let path = base.path.split('?').next().unwrap_or_default();
            let folder = path.rfind('/').map_or("/", |end| &path[..=end]);
            format!("{}{}{folder}{whole}", base.scheme, base.host_port)
        }
    }
}

/// Some servers name the stream in it as well, with a query of their own behind it, which is the app's then.
fn without_name(address: &str, stream_name: &str) -> String {
    let (address, query) = address.split_once('?').unwrap_or((address, ""));
    let (name, own_query) = stream_name.split_once('?').unwrap_or((stream_name, ""));
    let whole = address.trim_end_matches('/');
    let named = whole.match_indices('/').find(|(at, _)| {
        let (server, rest) = whole.split_at(*at);
        !name.is_empty() && percent_decoded(&rest[1..]) == percent_decoded(name) && UrlParts::of(server).path.len() > 1
    });
    let app = named.map_or(address, |(at, _)| &whole[..at]);
    let is_ours = named.is_some() && query == own_query;
    if query.is_empty() || is_ours { app.to_owned() } else { format!("{app}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn target(url: &str) -> PublishTarget {
        let login = Some(("anna".to_owned(), "word".to_owned()));
        PublishTarget::new(url, Some("key?s=1"), login, Some("/ca.pem".into())).unwrap()
    }

    fn go(from: &str, to: &str) -> Result<String, Misdirection> {
        sent_on(&target(from), &Elsewhere(to.to_owned())).map(|target| {
            assert_eq!(
                (target.stream_name.as_str(), target.login.is_some()),
                ("key?s=1", true),
                "what is ours goes along"
            );
            assert!(target.tls_ca.is_some());
            format!("{} {} {} {}", target.tc_url, target.host, target.port, target.app)
        })
    }

    #[test]
    fn an_address_that_a_server_names_is_followed_with_the_key() {
        for (to, wanted) in [
            ("rtmp://b/live", "rtmp://b/live b 1935 live"),
            ("rtmp://b:99/live/key?s=1", "rtmp://b:99/live b 99 live"),
            ("rtmp://b:99/live/key", "rtmp://b:99/live b 99 live"),
            ("rtmp://b:99/live/key/", "rtmp://b:99/live b 99 live"),
            ("rtmp://b:99/live/key?vhost=x", "rtmp://b:99/live?vhost=x b 99 live?vhost=x"),
            ("rtmp://b:99/live/%6Bey?s=1", "rtmp://b:99/live b 99 live"),
            ("rtmp://b/key", "rtmp://b/key b 1935 key"),
            ("rtmp://b", "rtmp://b/app/x b 1935 app/x"),
            ("rtmps://b/live?token=1", "rtmps://b/live?token=1 b 443 live?token=1"),
            ("//c:7/other", "rtmp://c:7/other c 7 other"),
            ("/other", "rtmp://a:5/other a 5 other"),
            ("other", "rtmp://a:5/app/other a 5 app/other"),
            (" rtmp://b/live\r\n", "rtmp://b/live b 1935 live"),
        ] {
            assert_eq!(go("rtmp://a:5/app/x", to).as_deref(), Ok(wanted), "{to}");
        }
    }

    #[test]
    fn of_an_address_that_was_not_chosen_nothing_is_shown_that_may_be_secret() {
        for to in
            ["rtmp://b/live/canary", "rtmp://b/live?token=canary", "rtmp://u:canary@b/live/canary/", "/live/x/canary"]
        {
            let next = sent_on(&target("rtmp://a/live"), &Elsewhere(to.to_owned())).unwrap();
            assert!(!next.about.contains("canary") && next.about.contains("/live"), "{}", next.about);
        }
    }

    #[test]
    fn an_address_that_cannot_be_used_or_is_not_secure_is_not_followed() {
        assert_eq!(go("rtmps://a/live", "rtmp://b/live"), Err(Misdirection::Insecure));
        assert!(go("rtmps://a/live", "//b/live").is_ok_and(|to| to.starts_with("rtmps://b/live")));
        for to in ["http://b/live", "rtmp://", "rtmp://b:0/live", "rtmp://b /live", "rtmp://[b]/x", &"x".repeat(9000)] {
            let error = go("rtmp://a/live", to).unwrap_err();
            assert!(matches!(error, Misdirection::Unreadable { .. }), "{to}: {error:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_server_names_has_a_host_and_keeps_what_is_ours(to in "([a-z]{1,6}:)?(//)?[a-z@:.\\[\\]é0-9]{0,8}[/?#a-z@:é ]{0,20}") {
            for from in ["rtmp://a/live?x=1", "rtmps://[::1]:9/a/b"] {
                if let Ok(next) = sent_on(&target(from), &Elsewhere(to.clone())) {
                    prop_assert!(!next.host.is_empty() && !next.app.is_empty() && next.port > 0);
                    prop_assert!(next.tls || !from.starts_with("rtmps"));
                    prop_assert!(UrlParts::of(&next.tc_url).login.is_none() && !next.about.contains("x=1"), "{}", next.tc_url);
                }
            }
        }
    }

    #[test]
    fn those_that_we_are_sent_to_stand_between_the_wanted_one_and_the_backup() {
        let mut servers = Servers(vec![
            Server { target: target("rtmp://a/live"), role: Role::Wanted, known: Known::default() },
            Server { target: target("rtmp://z/live"), role: Role::Backup, known: Known::default() },
        ]);
        assert_eq!(servers.send_on(target("rtmp://b/live")), Place { at: 1, is_new: true });
        assert_eq!(servers.send_on(target("rtmp://c/live")), Place { at: 1, is_new: false });
        assert_eq!(servers.send_on(target("rtmp://z/live")), Place { at: 2, is_new: false });
        assert_eq!(servers.send_on(target("rtmp://a/live")), Place { at: 0, is_new: false });
        let all: Vec<_> = (0..4).map(|place| servers.get_mut(place).map(|server| server.target.host.clone())).collect();
        assert_eq!(all, [Some("a".to_owned()), Some("c".to_owned()), Some("z".to_owned()), None]);
    }
}
