//! Destinations' URLs: where a key hides in one, and whether it can be used. `rtmp::url` decides.

use super::{Destination, SettingsError, StreamKey, UnreadSecrets, UrlOf, free_name};
use crate::rtmp::url::{HIDDEN, RtmpUrl, Scheme, UrlError, UrlParts, redact_url};

impl Destination {
    /// A destination at `url` with nothing else set, named after its host.
    pub fn at(url: &str) -> Self {
        let parts = UrlParts::of(url);
        let (server, name) = (parts.whole.to_owned(), parts.host().to_owned());
        Self {
            name,
            server,
            stream_key: None,
            user: None,
            password: None,
            unread: UnreadSecrets::default(),
            tls_ca: None,
            backup_server: None,
        }
    }

    /// What people call it: its name, else the server's.
    pub fn shown_name(&self) -> &str {
        let name = self.name.trim();
        if name.is_empty() { UrlParts::of(&self.server).host() } else { name }
    }

    /// What people call each of these; those of one name are numbered as they are where they are kept.
    pub fn names(destinations: &[Self]) -> Vec<String> {
        destinations.iter().fold(Vec::new(), |mut names, destination| {
            names.push(free_name(destination.shown_name().to_owned(), |name| names.iter().any(|other| other == name)));
            names
        })
    }

    /// Whether it has a stream key of its own, be it one that was not read.
    pub fn has_key(&self) -> bool {
        self.stream_key.is_some() || self.unread.stream_key.is_some()
    }

    /// Whether it has a password, be it one that was not read.
    pub fn has_password(&self) -> bool {
        self.password.is_some() || self.unread.password.is_some()
    }

    /// Whether it cannot be published to because its key, or the password of its login, was not read.
    pub fn lacks_secrets(&self) -> bool {
        let lacks_password = self.user.is_some() && self.password.is_none() && self.unread.password.is_some();
        (self.stream_key.is_none() && self.unread.stream_key.is_some()) || lacks_password
    }

    /// Whether a connection to it is encrypted, be it the one to its backup server.
    pub fn is_encrypted(&self) -> bool {
        let urls = [Some(&self.server), self.backup_server.as_ref()];
        let is_rtmps = |url: &String| RtmpUrl::parse(url, true).is_ok_and(|url| url.scheme == Scheme::Rtmps);
        urls.into_iter().flatten().any(is_rtmps)
    }

    /// Takes this key, or none, in place of the one it had, also of one that was not read.
    pub fn set_stream_key(&mut self, key: Option<StreamKey>) {
        (self.stream_key, self.unread.stream_key) = (key, None);
    }

    /// Takes this password, or none, in place of the one it had, also of one that was not read.
    pub fn set_password(&mut self, password: Option<StreamKey>) {
        (self.password, self.unread.password) = (password, None);
    }

    /// Whether the URL holds more than the server and its app, which is taken for the key when no
    /// other key is given. An app of two levels ends with a slash.
    pub fn has_key_in_url(&self) -> bool {
        !UrlParts::of(&self.server).stream_name.is_empty()
    }

    /// Moves what is secret in the URL to its own field: `user:password@`, and what follows the app
    /// (the path's first segment) unless a key is set: then the whole path is the app.
    #[must_use]
    pub fn with_secrets_split(mut self) -> Self {
        let parts = UrlParts::of(&self.server);
        let holds_key = !self.has_key() && !parts.stream_name.is_empty();
        let key = holds_key.then(|| StreamKey::new(parts.stream_name));
        let path = if holds_key { parts.app } else { parts.path };
        let server = format!("{}{}{path}", parts.scheme, parts.host_port);
        let (user, password) = parts.user_and_password();
        self.user = self.user.or(user);
        self.password = self.password.or(password.map(|password| StreamKey::new(&password)));
        self.stream_key = self.stream_key.or(key);
        // What was typed replaces what was not read.
        self.unread.stream_key.take_if(|_| self.stream_key.is_some());
        self.unread.password.take_if(|_| self.password.is_some());
        self.backup_server = self.backup_server.take().map(|backup| self.backup_without_secrets(&backup));
        self.server = server;
        self
    }

    /// The same as it was typed: what follows the app is the key whatever other key there may be. Says whether there was one in
    /// the URL, and how sure that is.
    #[must_use]
    pub fn with_typed_key(self) -> (Self, KeyInUrl) {
        if self.has_key() || !self.has_key_in_url() {
            return (self, KeyInUrl::None);
        }
        match self.with_known_app() {
            Some(known) => (known.with_secrets_split(), KeyInUrl::AfterKnownApp),
            None => (self.with_secrets_split(), KeyInUrl::AfterFirstLevel),
        }
    }

    /// Whether what follows the app of the backup server would be another key than the destination's, and may be shown nowhere.
    /// An app of two levels ends with a slash, or is that of the server itself.
    pub fn has_other_key_in_backup(&self) -> bool {
        let Some(backup) = &self.backup_server else { return false };
        let alone = Self::at(backup);
        let alone = alone.with_known_app().unwrap_or(alone).with_secrets_split();
        let is_same_app = UrlParts::of(backup).path == UrlParts::of(&self.server).path;
        alone.stream_key.is_some() && alone.stream_key != self.stream_key && !is_same_app
    }

    /// Whether the address of the backup server holds another login than the destination's, which is the one that both get.
    pub fn has_other_login_in_backup(&self) -> bool {
        let Some(backup) = &self.backup_server else { return false };
        let (user, password) = UrlParts::of(backup).user_and_password();
        let own = self.clone().with_secrets_split();
        let own_password = own.password.as_ref().map(StreamKey::reveal);
        (user.is_some() && user != own.user) || (password.is_some() && password.as_deref() != own_password)
    }

    /// The address of the backup server without what the destination has in fields of its own.
    fn backup_without_secrets(&self, backup: &str) -> String {
        let alone = Self::at(backup);
        let alone = alone.with_known_app().unwrap_or(alone).with_secrets_split();
        if alone.stream_key.is_some() && alone.stream_key == self.stream_key {
            return alone.server;
        }
        let stream_key = Some(self.stream_key.clone().unwrap_or_else(|| StreamKey::new("-")));
        Self { stream_key, ..Self::at(backup) }.with_secrets_split().server
    }

    /// Checks the URL. What it says never holds the URL whole.
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        let in_url = StreamKey::new(UrlParts::of(&self.server).stream_name);
        if [self.stream_key.as_ref(), Some(&in_url)].into_iter().flatten().any(StreamKey::is_shown_instead) {
            return Err(SettingsError::Value {
                field: "stream key",
                value: HIDDEN.to_owned(),
                advice: "these dots hide a key: copy the key itself from your service".to_owned(),
            });
        }
        let read = RtmpUrl::parse(&self.server, self.has_key());
        read.map(drop).map_err(|reason| wrong(UrlOf::Destination, &self.server, reason))?;
        let Some(backup) = &self.backup_server else { return Ok(()) };
        let read = RtmpUrl::parse(backup, true);
        read.map(drop).map_err(|reason| wrong(UrlOf::Backup, backup, reason))
    }
}

/// Whether a URL held a key, and how that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyInUrl {
    /// It did not.
    None,
    /// It stood behind the whole app of a service that is known.
    AfterKnownApp,
    /// It stood behind the path's first level, which might be half of an app.
    AfterFirstLevel,
}

fn wrong(of: UrlOf, url: &str, reason: UrlError) -> SettingsError {
    let shown = redact_url(url);
    // What is empty is shown as what was given.
    let shown = if shown.is_empty() { "\"\"".to_owned() } else { shown };
    SettingsError::Url { of, shown, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SecretEntry;

    #[test]
    fn the_dots_that_hide_a_key_are_no_key() {
        let at = |url: &str| Destination::at(url).validate();
        assert!(at("rtmp://h/app/key").is_ok());
        let error = at("rtmp://h/app/•••").unwrap_err().to_string();
        assert!(error.contains("copy the key itself"), "{error}");
        let given = Destination { stream_key: Some(StreamKey::new("•••")), ..Destination::at("rtmp://h/app") };
        assert!(given.validate().is_err());
    }

    #[test]
    fn a_backup_server_keeps_no_secret_in_its_address() {
        for (backup, kept) in [
            ("rtmp://b.example/live2?backup=1", "rtmp://b.example/live2?backup=1"),
            ("rtmp://me:canary@b.example/live2/canary-key", "rtmp://b.example/live2"),
            ("rtmp://b.example/app/instance", "rtmp://b.example/app/instance"),
        ] {
            let mut destination =
                Destination { stream_key: Some(StreamKey::new("canary-key")), ..Destination::at("rtmp://a/b") };
            destination.backup_server = Some(backup.to_owned());
            let split = destination.clone().with_secrets_split();
            assert_eq!(split.backup_server.as_deref(), Some(kept));
            assert!(!format!("{destination:?} {split:?}").contains("canary"), "{destination:?}");
            assert!(split.validate().is_ok());
        }
        let other = |server: &str, backup: &str| {
            let stream_key = Some(StreamKey::new("key"));
            let backup_server = Some(backup.to_owned());
            Destination { stream_key, backup_server, ..Destination::at(server) }.has_other_key_in_backup()
        };
        assert!(other("rtmp://a/b", "rtmp://c/b/other") && other("rtmp://a/b/", "rtmp://live.twitch.tv/app/other"));
        for backup in ["rtmp://c/b", "rtmp://c/b/key", "rtmp://c/v2/pub/", "rtmp://c/v2/pub"] {
            assert!(!other("rtmp://a/v2/pub", backup), "{backup}");
        }
        let login = |server: &str, backup: &str| {
            Destination { backup_server: Some(backup.to_owned()), ..Destination::at(server) }
                .has_other_login_in_backup()
        };
        for backup in ["rtmp://me:pass@c/b", "rtmp://me@c/b", "rtmp://c/b"] {
            assert!(!login("rtmp://me:pass@a/b", backup), "{backup}");
        }
        assert!(login("rtmp://a/b", "rtmp://me@c/b") && login("rtmp://me:pass@a/b", "rtmp://me:other@c/b"));
        let wrong = Destination { backup_server: Some("http://x/y".to_owned()), ..Destination::at("rtmp://a/b") };
        let told = wrong.validate().unwrap_err().to_string();
        assert!(told.starts_with("the backup server (--backup) http://x/") && told.contains("rtmp://"), "{told}");
    }

    fn split(url: &str, key: Option<&str>) -> (String, Option<String>, Option<String>, Option<String>) {
        let given = Destination { stream_key: key.map(StreamKey::new), ..Destination::at(url) };
        let Destination { server, stream_key, user, password, .. } = given.with_secrets_split();
        (server, stream_key.map(|k| k.reveal().to_owned()), user, password.map(|p| p.reveal().to_owned()))
    }

    #[test]
    fn a_key_in_the_url_moves_out_of_it() {
        for (url, server, key) in [
            ("rtmp://h/app/key", "rtmp://h/app", Some("key")),
            ("rtmp://h/app/a/b?c=d/e&f=%20", "rtmp://h/app", Some("a/b?c=d/e&f=%20")),
            ("rtmps://[::1]:443/app/key", "rtmps://[::1]:443/app", Some("key")),
            ("rtmp://h/app", "rtmp://h/app", None),
            ("rtmp://h/app/", "rtmp://h/app/", None),
            ("rtmp://h", "rtmp://h", None),
            ("rtmp://h/", "rtmp://h/", None),
        ] {
            assert_eq!(split(url, None), (server.to_owned(), key.map(str::to_owned), None, None), "{url}");
        }
    }

    #[test]
    fn with_a_key_of_its_own_the_whole_path_is_the_app() {
        let key = Some("key".to_owned());
        assert_eq!(split("rtmp://h/v2/pub", Some("key")), ("rtmp://h/v2/pub".to_owned(), key.clone(), None, None));
        assert_eq!(split("rtmp://h/v2/", Some("key")), ("rtmp://h/v2/".to_owned(), key, None, None));
    }

    #[test]
    fn what_was_not_read_is_there_all_the_same_until_something_is_typed() {
        let unread = UnreadSecrets {
            stream_key: Some(SecretEntry("a".to_owned())),
            password: Some(SecretEntry("b".to_owned())),
        };
        let kept = Destination { unread: unread.clone(), ..Destination::at("rtmp://h/app/_definst_") };
        let split = kept.clone().with_secrets_split();
        assert_eq!((split.server.as_str(), &split.stream_key, &split.unread), (kept.server.as_str(), &None, &unread));
        assert!(split.has_key() && split.has_password() && split.lacks_secrets());
        let mut typed = Destination { stream_key: Some(StreamKey::new("k")), ..kept.clone() }.with_secrets_split();
        assert_eq!((typed.server.as_str(), &typed.unread.stream_key), (kept.server.as_str(), &None));
        // A password is asked for with a user alone.
        assert!(!typed.lacks_secrets());
        typed.user = Some("me".to_owned());
        assert!(typed.lacks_secrets());
        typed.set_password(None);
        assert!(!typed.lacks_secrets() && !typed.has_password());
    }

    #[test]
    fn a_login_in_the_url_moves_out_of_it() {
        let (server, _, user, password) = split("rtmp://us%40er:p%3a%zz@h:1935/app", None);
        assert_eq!(
            (server.as_str(), user.as_deref(), password.as_deref()),
            ("rtmp://h:1935/app", Some("us@er"), Some("p:%zz"))
        );
        let (server, _, user, password) = split("rtmp://me@h/app", None);
        assert_eq!((server.as_str(), user.as_deref(), password), ("rtmp://h/app", Some("me"), None));
    }

    #[test]
    fn what_is_empty_is_shown_as_it_was_given() {
        let told = Destination::at(" ").validate().unwrap_err().to_string();
        assert!(told.starts_with("the destination \"\" cannot be used"), "{told}");
    }

    #[test]
    fn splitting_twice_is_splitting_once() {
        for url in ["rtmp://u:p@h:1/app/x/key?q", "rtmp://h", "nonsense", "", "rtmp://@/", "://", "rtmp://h?x/y/z"] {
            let once = Destination::at(url).with_secrets_split();
            assert_eq!(once.clone().with_secrets_split(), once, "{url}");
        }
    }

    #[test]
    fn only_what_can_be_published_to_passes() {
        for url in ["rtmp://h/app", "RTMPS://h:443/a/b?c", "rtmp://[::1]/x", " rtmp://h/app\n"] {
            assert!(Destination::at(url).validate().is_ok(), "{url}");
        }
        for (url, told) in [
            ("http://h/app/canary", "rtmp://"),
            ("h/app/canary", "rtmp://"),
            ("srt://h", "rtmps://"),
            ("rtmp:///app/canary", "name of the server"),
            ("rtmp://h/app/ca nary", "white space"),
            ("", "rtmp://"),
        ] {
            let error = Destination::at(url).validate().unwrap_err().to_string();
            assert!(error.contains(told) && !error.contains("nary"), "{error}");
        }
    }
}
