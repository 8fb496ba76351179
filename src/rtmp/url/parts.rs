//! An address cut at the places that matter. Whatever reads, splits or hides an address cuts it here.

/// What some servers call the usual instance of an app: no key.
const INSTANCE: &str = "_definst_";

/// An address, cut. Nothing is decoded and nothing is judged; `scheme`, login and `@`, `host_port` and `path` join to
/// the whole, and `app`, a slash and `stream_name` to the path.
#[derive(Clone, Copy)]
pub struct UrlParts<'a> {
    /// All of it, without white space and control characters around it.
    pub whole: &'a str,
    /// With its `://`; empty where no scheme stands.
    pub scheme: &'a str,
    /// What stands before the `@`.
    pub login: Option<&'a str>,
    /// Host and port.
    pub host_port: &'a str,
    /// With its leading slash; may hold a query.
    pub path: &'a str,
    /// The path's first segment, with its leading slash; may hold a query. All of the path where that ends with a slash, as an
    /// app of two levels is written, or with the instance of an app.
    pub app: &'a str,
    /// What follows the slash after the app: the key, where it stands in the address.
    pub stream_name: &'a str,
}

impl<'a> UrlParts<'a> {
    /// Cuts `text`.
    pub fn of(text: &'a str) -> Self {
        let whole = text.trim_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}');
        let is_scheme = |word: &str| {
            (1..=10).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+')
        };
        let scheme_end = whole.find("://").filter(|&at| is_scheme(&whole[..at])).map_or(0, |at| at + 3);
        let (scheme, rest) = whole.split_at(scheme_end);
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        // A password may hold an @ that nobody escaped: the last one counts.
        let (login, host_port) = match authority.rsplit_once('@') {
            Some((login, host_port)) => (Some(login), host_port),
            None => (None, authority),
        };
        let app_end = path.get(1..).and_then(|rest| rest.find('/')).map_or(path.len(), |at| at + 1);
        let (app, tail) = path.split_at(app_end);
        let stream_name = tail.strip_prefix('/').unwrap_or(tail);
        let name = stream_name.split('?').next().unwrap_or_default();
        let (app, stream_name) = if name.ends_with('/') || name == INSTANCE { (path, "") } else { (app, stream_name) };
        Self { whole, scheme, login, host_port, path, app, stream_name }
    }

    /// The host, as far as it can be told where the address is wrong.
    pub fn host(&self) -> &'a str {
        match self.host_port.strip_prefix('[') {
            _ if self.scheme.is_empty() => "",
            Some(address) => address.find(']').map_or("", |end| &self.host_port[..end + 2]),
            None => self.host_port.split(':').next().unwrap_or_default(),
        }
    }

    /// User and password, percent-decoded, those that are not empty.
    pub fn user_and_password(&self) -> (Option<String>, Option<String>) {
        let Some(login) = self.login else { return (None, None) };
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let decoded = |text: &str| (!text.is_empty()).then(|| percent_decoded(text));
        (decoded(user), decoded(password))
    }
}

/// Decodes %XX; what is no valid escape stays as it is.
pub fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let decoded = match (first, tail) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        rest = match decoded {
            Some(byte) => {
                out.push(byte);
                tail.get(2..).unwrap_or_default()
            }
            None => {
                out.push(first);
                tail
            }
        };
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_app_of_two_levels_ends_with_a_slash() {
        for (text, app, stream_name) in [
            ("rtmp://h/v2/pub", "/v2", "pub"),
            ("rtmp://h/v2/pub/", "/v2/pub/", ""),
            ("rtmp://h/v2/pub/?x=1/y", "/v2/pub/?x=1/y", ""),
            ("rtmp://h/v2/pub?x=1/", "/v2", "pub?x=1/"),
            ("rtmp://h/app/_definst_", "/app/_definst_", ""),
            ("rtmp://h/app/", "/app", ""),
        ] {
            let parts = UrlParts::of(text);
            assert_eq!((parts.app, parts.stream_name), (app, stream_name), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_parts_join_to_the_whole(text in "([a-z]{1,6}://)?([a-z:@]{0,8}@)?[a-z:.\\[\\]]{0,8}[/?#a-z@:é ]{0,20}") {
            let parts = UrlParts::of(&text);
            let login = parts.login.map(|login| format!("{login}@")).unwrap_or_default();
            prop_assert_eq!(format!("{}{login}{}{}", parts.scheme, parts.host_port, parts.path), parts.whole);
            let slash = if parts.path.len() > parts.app.len() { "/" } else { "" };
            prop_assert_eq!(format!("{}{slash}{}", parts.app, parts.stream_name), parts.path);
        }
    }
}
