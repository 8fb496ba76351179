//! RTMP addresses as people type and paste them, read and judged.

use std::fmt;
use std::net::Ipv6Addr;

use super::parts::UrlParts;

/// Most bytes of an address: real ones stay under a few hundred.
const LENGTH_MAX: usize = 4096;

/// How the bytes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain TCP, port 1935.
    Rtmp,
    /// TLS, port 443.
    Rtmps,
}

impl Scheme {
    const SUPPORTED: [Self; 2] = [Self::Rtmp, Self::Rtmps];

    /// As it stands in a URL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rtmp => "rtmp",
            Self::Rtmps => "rtmps",
        }
    }

    /// The port when the URL names none.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Rtmp => 1935,
            Self::Rtmps => 443,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An address, taken apart. What stands in app and stream name is kept as it was typed, never escaped or unescaped.
#[derive(Clone, PartialEq, Eq)]
pub struct RtmpUrl {
    /// How the bytes travel.
    pub scheme: Scheme,
    /// Name or address; IPv6 without its brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Name of the application, with its query; may be empty and may contain slashes.
    pub app: String,
    /// The stream name, which is the key, where the URL holds one.
    pub stream_name: Option<String>,
    /// User, percent-decoded.
    pub user: Option<String>,
    /// Password, percent-decoded.
    pub password: Option<String>,
}

/// Why text is no address. Never holds parts of it beyond the scheme: the rest may be secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// There is no scheme before the host.
    #[error("the address has no scheme: it starts with rtmp:// or rtmps://")]
    MissingScheme,
    /// A scheme that is nearly one of ours.
    #[error("{typed}:// is not a scheme: did you mean {suggestion}://?")]
    MistypedScheme {
        /// What was typed.
        typed: String,
        /// What was probably meant.
        suggestion: Scheme,
    },
    /// A web address: of a service's page rather than of its server.
    #[error("{typed}:// is the address of a web page: the server's address starts with rtmp:// or rtmps://")]
    WebAddress {
        /// `http` or `https`.
        typed: String,
    },
    /// A variant of RTMP that is not built yet.
    #[error("{scheme}:// is not supported yet: use rtmps:// or rtmp://")]
    NotYetSupported {
        /// Which.
        scheme: String,
    },
    /// Some other scheme.
    #[error("{typed}:// is not supported: the address starts with rtmp:// or rtmps://")]
    UnknownScheme {
        /// What was typed.
        typed: String,
    },
    /// Nothing stands where the host belongs.
    #[error("the name of the server is missing: write it like rtmp://live.example.com/app")]
    MissingHost,
    /// The host has characters that no host has, or an IPv6 address lacks its brackets.
    #[error("the host in the address is wrong (an IPv6 address stands in [brackets])")]
    BadHost,
    /// The port is no number of 1 to 65535.
    #[error("the port in the address is wrong: it is a number from 1 to 65535")]
    BadPort,
    /// White space or control characters stand inside.
    #[error("it has white space inside: copy it again")]
    WhiteSpace,
    /// No address is so long.
    #[error("it is far too long: copy it again")]
    TooLong,
}

impl RtmpUrl {
    /// Takes `text` apart. With `key_given` (the key comes from elsewhere) the whole path is the app; otherwise the
    /// app is the path's first segment and all the rest is the stream name, unless the path ends with a slash.
    pub fn parse(text: &str, key_given: bool) -> Result<Self, UrlError> {
        let parts = UrlParts::of(text);
        let scheme = read_scheme(parts.scheme)?;
        let (host, port) = split_host(parts.host_port)?;
        if parts.whole.len() > LENGTH_MAX {
            return Err(UrlError::TooLong);
        }
        if parts.whole.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(UrlError::WhiteSpace);
        }
        let port = port.unwrap_or(scheme.default_port());
        let (user, password) = parts.user_and_password();
        let without_slash = |path: &'_ str| path.strip_prefix('/').unwrap_or(path).to_owned();
        let (app, stream_name) = if key_given {
            (parts.path, None)
        } else {
            (parts.app, Some(parts.stream_name.to_owned()).filter(|name| !name.is_empty()))
        };
        let (levels, query) = app.split_at(app.find('?').unwrap_or(app.len()));
        let without_end = levels.trim_end_matches('/');
        // Before a query the slash only says that there are two levels.
        let is_kept = !query.is_empty() && !without_end.get(1..).is_some_and(|levels| levels.contains('/'));
        let app = &format!("{}{query}", if is_kept { levels } else { without_end });
        Ok(Self { scheme, host, port, app: without_slash(app), stream_name, user, password })
    }

    /// What connect says as tcUrl: scheme, host, port unless it is the scheme's own, app with its query. No key,
    /// no user, no password.
    pub fn tc_url(&self) -> String {
        self.address(&self.app)
    }

    /// The address as it may be printed: like `tc_url`, without the app's query, and without what follows a `#`, which may be
    /// a key that was pasted there.
    pub fn server_url(&self) -> String {
        self.address(self.app.split(['?', '#']).next().unwrap_or_default())
    }

    fn address(&self, app: &str) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let port = if self.port == self.scheme.default_port() { String::new() } else { format!(":{}", self.port) };
        format!("{}://{host}{port}/{app}", self.scheme)
    }
}

impl fmt::Debug for RtmpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RtmpUrl")
            .field("server", &self.server_url())
            .field("has_stream_name", &self.stream_name.is_some())
            .field("has_password", &self.password.is_some())
            .finish_non_exhaustive()
    }
}

fn read_scheme(with_separator: &str) -> Result<Scheme, UrlError> {
    let typed = with_separator.strip_suffix("://").ok_or(UrlError::MissingScheme)?;
    let typed = typed.to_ascii_lowercase();
    if let Some(scheme) = Scheme::SUPPORTED.into_iter().find(|scheme| scheme.as_str() == typed) {
        return Ok(scheme);
    }
    Err(match typed.as_str() {
        "http" | "https" => UrlError::WebAddress { typed },
        "rtmpt" | "rtmpts" | "rtmpe" | "rtmpte" | "rtmfp" => UrlError::NotYetSupported { scheme: typed },
        // Real schemes that merely look like a slip of the finger.
        "rtsp" | "rtsps" | "rtp" | "srt" | "rist" | "ftp" | "sftp" | "udp" | "tcp" | "ws" | "wss" | "file" => {
            UrlError::UnknownScheme { typed }
        }
        _ => {
            let near = Scheme::SUPPORTED.into_iter().map(|scheme| (edit_distance(&typed, scheme.as_str()), scheme));
            // Of two that are as near, the one of the same length.
            match near.min_by_key(|(distance, scheme)| (*distance, typed.len().abs_diff(scheme.as_str().len()))) {
                Some((distance, suggestion)) if distance <= 2 => UrlError::MistypedScheme { typed, suggestion },
                _ => UrlError::UnknownScheme { typed },
            }
        }
    })
}

pub(super) fn split_host(text: &str) -> Result<(String, Option<u16>), UrlError> {
    let (host, port) = if let Some(bracketed) = text.strip_prefix('[') {
        let (address, rest) = bracketed.split_once(']').ok_or(UrlError::BadHost)?;
        let without_zone = address.split('%').next().unwrap_or_default();
        if without_zone.parse::<Ipv6Addr>().is_err() {
            return Err(UrlError::BadHost);
        }
        match rest.strip_prefix(':') {
            Some(port) => (address, Some(port)),
            None if rest.is_empty() => (address, None),
            None => return Err(UrlError::BadHost),
        }
    } else {
        match text.split_once(':') {
            Some((_, port)) if port.contains(':') => return Err(UrlError::BadHost),
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }
    };
    if host.is_empty() {
        return Err(UrlError::MissingHost);
    }
    if host.contains(|c: char| c.is_whitespace() || c.is_control() || "\\\"<>^`{|}".contains(c)) {
        return Err(UrlError::BadHost);
    }
    let port = match port {
        None | Some("") => None,
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => match digits.parse::<u16>() {
            Ok(port) if port > 0 => Some(port),
            _ => return Err(UrlError::BadPort),
        },
        Some(_) => return Err(UrlError::BadPort),
    };
    Ok((host.to_owned(), port))
}

/// Insertions, deletions, replacements and swaps of neighbours between two short words.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let mut best = (row[j] + usize::from(x != y)).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                best = best.min(before[j - 1] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> RtmpUrl {
        RtmpUrl::parse(text, false).unwrap()
    }

    fn given(text: &str) -> RtmpUrl {
        RtmpUrl::parse(text, true).unwrap()
    }

    #[test]
    fn the_key_may_stand_in_the_address() {
        for (text, app, name) in [
            ("rtmp://live.twitch.tv/app/live_1_k", "app", Some("live_1_k")),
            ("rtmp://h/app/k?a=b&c=d/e%2F", "app", Some("k?a=b&c=d/e%2F")),
            ("rtmp://h/v2/pub/key", "v2", Some("pub/key")),
            ("rtmp://h/live2?backup=1/key", "live2?backup=1", Some("key")),
            ("rtmp://h/app", "app", None),
            ("rtmp://h/app/", "app", None),
            ("rtmp://h/v2/pub/", "v2/pub", None),
            ("rtmp://h", "", None),
            ("rtmp://h/", "", None),
            ("rtmp://h//key", "", Some("key")),
            ("rtmp://h?x=1", "?x=1", None),
        ] {
            let url = split(text);
            assert_eq!((url.app.as_str(), url.stream_name.as_deref()), (app, name), "{text}");
        }
    }

    #[test]
    fn with_a_key_from_elsewhere_the_whole_path_is_the_app() {
        for (text, app) in [
            ("rtmps://live.cloudflare.com:443/live/", "live"),
            ("rtmp://h/v2/pub", "v2/pub"),
            ("rtmp://h/v2/pub//", "v2/pub"),
            ("rtmps://b.rtmps.youtube.com:443/live2?backup=1", "live2?backup=1"),
            ("rtmp://h/live?path=/a/", "live?path=/a/"),
            ("rtmp://h/live/?path=/a/", "live/?path=/a/"),
            ("rtmp://h/v2/pub/?x=/a/", "v2/pub?x=/a/"),
            ("rtmp://h/v2/pub?x=1", "v2/pub?x=1"),
            ("rtmp://h", ""),
        ] {
            let url = given(text);
            assert_eq!((url.app.as_str(), url.stream_name), (app, None), "{text}");
        }
    }

    #[test]
    fn ports_and_hosts() {
        for (text, host, port) in [
            ("rtmp://h/a", "h", 1935),
            ("rtmps://h/a", "h", 443),
            ("rtmp://h:80/a", "h", 80),
            ("rtmp://h:443/a", "h", 443),
            ("rtmp://h:/a", "h", 1935),
            ("RTMPS://h:5222/a", "h", 5222),
            ("rtmp://[::1]/a", "::1", 1935),
            ("rtmp://[2001:db8::2]:1937/a", "2001:db8::2", 1937),
            ("rtmp://[fe80::1%eth0]:1937/a", "fe80::1%eth0", 1937),
            (" \n rtmp://h:8080/a \r\n", "h", 8080),
        ] {
            let url = split(text);
            assert_eq!((url.host.as_str(), url.port), (host, port), "{text}");
        }
    }

    #[test]
    fn tc_url_is_what_servers_expect() {
        for (text, tc_url) in [
            ("rtmp://h:1935/app/key", "rtmp://h/app"),
            ("rtmps://h:443/app/key", "rtmps://h/app"),
            ("rtmp://h:443/app/key", "rtmp://h:443/app"),
            ("rtmp://[::1]:1940/app/key", "rtmp://[::1]:1940/app"),
            ("rtmp://ada:secret@h/app?x=1/key", "rtmp://h/app?x=1"),
            ("Rtmp://h", "rtmp://h/"),
        ] {
            assert_eq!(split(text).tc_url(), tc_url);
        }
        assert_eq!(given("rtmp://h/v2/pub/").tc_url(), "rtmp://h/v2/pub");
        assert_eq!(split("rtmp://h/app?token=1/key").server_url(), "rtmp://h/app");
        assert_eq!(split("rtmp://h/app#canary").server_url(), "rtmp://h/app");
    }

    #[test]
    fn logins_are_split_off_and_decoded() {
        let url = split("rtmp://ada:p%40ss%2:w@rd@h:1936/app/key");
        assert_eq!((url.user.as_deref(), url.password.as_deref()), (Some("ada"), Some("p@ss%2:w@rd")));
        assert_eq!((url.host.as_str(), url.port), ("h", 1936));
        let url = split("rtmp://ada@h/app/key@x");
        assert_eq!((url.user.as_deref(), url.password), (Some("ada"), None));
        assert_eq!(url.stream_name.as_deref(), Some("key@x"));
    }

    #[test]
    fn wrong_addresses_say_what_is_wrong() {
        let error = |text: &str| RtmpUrl::parse(text, false).unwrap_err();
        for (typed, suggestion) in [
            ("rmtp", Scheme::Rtmp),
            ("rtpm", Scheme::Rtmp),
            ("rtmo", Scheme::Rtmp),
            ("tmp", Scheme::Rtmp),
            ("rtmsp", Scheme::Rtmps),
            ("rmtps", Scheme::Rtmps),
        ] {
            let expected = UrlError::MistypedScheme { typed: typed.to_owned(), suggestion };
            assert_eq!(error(&format!("{typed}://h/a")), expected);
        }
        assert_eq!(error("HTTPS://youtube.com"), UrlError::WebAddress { typed: "https".into() });
        assert_eq!(error("rtmpt://h/a"), UrlError::NotYetSupported { scheme: "rtmpt".into() });
        assert_eq!(error("srt://h:9000"), UrlError::UnknownScheme { typed: "srt".into() });
        assert_eq!(error("rtsp://h"), UrlError::UnknownScheme { typed: "rtsp".into() });
        for text in ["", "live.twitch.tv/app", "rtmp:/h/a", "key?with=://in/it", "a b://c"] {
            assert_eq!(error(text), UrlError::MissingScheme, "{text}");
        }
        for text in ["rtmp://", "rtmp:///app/key", "rtmp://user:pw@/app", "rtmp://:1935/app"] {
            assert_eq!(error(text), UrlError::MissingHost, "{text}");
        }
        for text in ["rtmp://h:x/a", "rtmp://h:0/a", "rtmp://h:65536/a", "rtmp://h:-1/a", "rtmp://[::1]:x/a"] {
            assert_eq!(error(text), UrlError::BadPort, "{text}");
        }
        assert_eq!(error("rtmp://h/app/ke y"), UrlError::WhiteSpace);
        assert_eq!(error(&format!("rtmp://h/app/{}", "k".repeat(5000))), UrlError::TooLong);
        for text in ["rtmp://::1/a", "rtmp://[::1/a", "rtmp://[zz]/a", "rtmp://a b/c", "rtmp://[::1]x/a"] {
            assert_eq!(error(text), UrlError::BadHost, "{text}");
        }
    }

    #[test]
    fn nothing_secret_is_printed() {
        let url = split("rtmp://ada:hunter2@h/app?sig=abc/the-key");
        let text = format!("{url:?} {}", url.server_url());
        for secret in ["ada", "hunter2", "abc", "the-key"] {
            assert!(!text.contains(secret), "{text}");
        }
        for text in ["rtmpx7://h:hunter2", "rtmp://ada:hun/ter2@h/the-key", "hunter2"] {
            if let Err(error) = RtmpUrl::parse(text, false) {
                assert!(!format!("{error:?} {error}").contains("hun"), "{error}");
            }
        }
    }
}
