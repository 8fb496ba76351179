//! Destinations' URLs: which are understood, where a key hides in one, and how one is shown.

use super::{Destination, SettingsError, StreamKey};

/// The schemes that can be published to.
pub const SCHEMES: [&str; 2] = ["rtmp", "rtmps"];

/// What is shown in place of a hidden part.
const HIDDEN: &str = "•••";

/// Most bytes of a URL.
const URL_LENGTH_MAX: usize = 4096;

impl Destination {
    /// A destination at `url` with nothing else set, named after its host.
    pub fn at(url: &str) -> Self {
        let server = url.trim_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}').to_owned();
        let name = Parts::of(&server).host().to_owned();
        Self { name, server, stream_key: None, user: None, password: None, tls_ca: None }
    }

    /// Whether the URL holds more than the server and its app, which is taken for the key when no
    /// other key is given.
    pub fn has_key_in_url(&self) -> bool {
        !Parts::of(&self.server).after_app.is_empty()
    }

    /// Moves what is secret in the URL to its own field: `user:password@`, and what follows the app
    /// (the path's first segment) unless a key is set: then the whole path is the app. `rtmp::url`
    /// reads URLs by the same rule.
    #[must_use]
    pub fn with_secrets_split(mut self) -> Self {
        let parts = Parts::of(&self.server);
        let key = (self.stream_key.is_none() && !parts.after_app.is_empty()).then(|| StreamKey::new(parts.after_app));
        let tail = if key.is_some() { String::new() } else { parts.slash_after_app() };
        let server = format!("{}{}{}{tail}", parts.scheme, parts.authority, parts.app);
        let login = parts.login.map(|login| login.split_once(':').unwrap_or((login, "")));
        let login = login.map(|(user, password)| (percent_decoded(user), StreamKey::new(&percent_decoded(password))));
        if let Some((user, password)) = login {
            self.user = self.user.or(Some(user).filter(|user| !user.is_empty()));
            self.password = self.password.or(Some(password).filter(|password| !password.is_empty()));
        }
        self.stream_key = self.stream_key.or(key);
        self.server = server;
        self
    }

    /// Checks the URL's scheme and host. What it says never holds the URL whole.
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        let bad =
            |advice: String| SettingsError::Value { field: "destination", value: redact_url(&self.server), advice };
        let schemes = || SCHEMES.map(|scheme| format!("{scheme}://")).join(", ");
        let parts = Parts::of(&self.server);
        let scheme = parts.scheme.trim_end_matches("://");
        if !SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
            return Err(bad(format!("a destination starts with {}, such as rtmp://live.example.com/app", schemes())));
        }
        if parts.host().is_empty() {
            return Err(bad("the name of the server is missing, such as rtmp://live.example.com/app".to_owned()));
        }
        if self.server.len() > URL_LENGTH_MAX || self.server.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(bad("it has white space inside or is far too long: copy it again".to_owned()));
        }
        Ok(())
    }
}

/// `url` for people and logs: scheme, host, port and app; of the rest only that there is more.
pub fn redact_url(url: &str) -> String {
    let parts = Parts::of(url.trim());
    let login = if parts.login.is_some() { format!("{HIDDEN}@") } else { String::new() };
    let (app, query) = match parts.app.split_once('?') {
        Some((app, _)) => (app, format!("?{HIDDEN}")),
        None => (parts.app, String::new()),
    };
    let more = if parts.after_app.is_empty() { String::new() } else { format!("/{HIDDEN}") };
    format!("{}{login}{}{app}{query}{more}", parts.scheme, parts.authority)
}

/// `text` with every word in it that looks like a URL redacted.
pub fn redact_urls_in(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(found) = rest.find("://") {
        let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let start = rest[..found].trim_end_matches(is_scheme).len();
        let ends = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '`' | '<' | '>' | '\u{1b}');
        let end = rest[found..].find(ends).map_or(rest.len(), |length| found + length);
        shown.push_str(&rest[..start]);
        shown.push_str(&redact_url(&rest[start..end]));
        rest = &rest[end..];
    }
    shown.push_str(rest);
    shown
}

/// A URL cut at the places that matter here. Nothing is decoded; the parts join to the whole.
struct Parts<'a> {
    /// With `://`; empty where there is none.
    scheme: &'a str,
    /// What stands before `@`.
    login: Option<&'a str>,
    /// Host and port.
    authority: &'a str,
    /// With its leading slash; may hold a query.
    app: &'a str,
    /// Without the slash that parts it from the app.
    after_app: &'a str,
    has_slash_after_app: bool,
}

impl<'a> Parts<'a> {
    fn of(url: &'a str) -> Self {
        let (scheme, rest) = url.split_at(url.find("://").map_or(0, |at| at + 3));
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (login, authority) = match authority.rsplit_once('@') {
            Some((login, authority)) => (Some(login), authority),
            None => (None, authority),
        };
        let app_end = path.get(1..).and_then(|p| p.find('/')).map_or(path.len(), |at| at + 1);
        let (app, tail) = path.split_at(app_end);
        let after_app = tail.strip_prefix('/').unwrap_or(tail);
        Self { scheme, login, authority, app, after_app, has_slash_after_app: !tail.is_empty() }
    }

    fn host(&self) -> &'a str {
        if self.authority.starts_with('[') {
            return self.authority.find(']').map_or("", |end| &self.authority[..=end]);
        }
        self.authority.split(':').next().unwrap_or_default()
    }

    fn slash_after_app(&self) -> String {
        if self.has_slash_after_app { format!("/{}", self.after_app) } else { String::new() }
    }
}

/// `%41` as `A` (RFC 3986, 2.1); whatever is not such a triple stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = (first == b'%').then(|| tail.get(..2)).flatten().filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        let value = hex.and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(value.unwrap_or(first));
        rest = if value.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn splitting_twice_is_splitting_once() {
        for url in ["rtmp://u:p@h:1/app/x/key?q", "rtmp://h", "nonsense", "", "rtmp://@/", "://", "rtmp://h?x/y/z"] {
            let once = Destination::at(url).with_secrets_split();
            assert_eq!(once.clone().with_secrets_split(), once, "{url}");
        }
    }

    #[test]
    fn urls_are_shown_without_what_is_secret() {
        for (url, shown) in [
            ("rtmp://h:1935/app", "rtmp://h:1935/app"),
            ("rtmp://h/app/canary", "rtmp://h/app/•••"),
            ("rtmp://u:canary@h/app?token=canary/canary", "rtmp://•••@h/app?•••/•••"),
            ("h/app/canary", "h/app/•••"),
        ] {
            assert_eq!(redact_url(url), shown);
        }
        let text = "error: unexpected 'rtmp://h/app/canary' and \"rtmps://u:canary@h/\" found";
        assert_eq!(redact_urls_in(text), "error: unexpected 'rtmp://h/app/•••' and \"rtmps://•••@h/\" found");
        assert_eq!(redact_urls_in("no URL: a/b ://"), "no URL: a/b ://");
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
