//! Addresses for people and logs: what may be secret in them is hidden, also where they are wrong.

use super::parse::split_host;
use super::parts::UrlParts;

/// What is shown in place of a hidden part.
pub const HIDDEN: &str = "•••";

/// `url` for people and logs: scheme, host, port and app; of the rest only that there is more. Of an address that
/// cannot be read, what might be a key or a password in the wrong place is hidden as well.
pub fn redact_url(url: &str) -> String {
    let parts = UrlParts::of(url);
    let UrlParts { scheme, host_port, path, .. } = parts;
    if parts.whole.is_empty() {
        return String::new();
    }
    let has_scheme = !scheme.is_empty();
    // What an app of two levels ends with may be a key all the same.
    let app_end = path.get(1..).and_then(|rest| rest.find('/')).map_or(path.len(), |at| at + 1);
    let (app, tail) = path.split_at(app_end);
    let stream_name = tail.strip_prefix('/').unwrap_or(tail);
    // Without a scheme it may be a key alone; what is no host may be a login of which the rest is missing.
    if (!has_scheme && !app.starts_with('/')) || (has_scheme && split_host(host_port).is_err()) {
        return format!("{scheme}{HIDDEN}");
    }
    let login = if parts.login.is_some() { format!("{HIDDEN}@") } else { String::new() };
    // An @ tells of a password with a slash in it. Without a scheme what looks like the app may be the key.
    let hides_app = app.contains('@') || (!has_scheme && stream_name.is_empty());
    if hides_app {
        return format!("{scheme}{login}{host_port}/{HIDDEN}");
    }
    let (app, query) = match app.split_once('?') {
        Some((app, _)) => (app, format!("?{HIDDEN}")),
        None => (app, String::new()),
    };
    // A server and its key that were pasted together.
    if let Some(end) = app.find(|c: char| c.is_whitespace() || c == '#') {
        let app = app.split_at(end).0;
        return format!("{scheme}{login}{host_port}{app} {HIDDEN}");
    }
    let more = if stream_name.is_empty() { String::new() } else { format!("/{HIDDEN}") };
    format!("{scheme}{login}{host_port}{app}{query}{more}")
}

/// `text` with every word in it that looks like a URL redacted.
pub fn redact_urls_in(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(found) = rest.find("://") {
        let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let start = rest[..found].trim_end_matches(is_scheme).len();
        let ends = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '`' | '<' | '>' | '\u{1b}');
        // In quotes all of it is the address, white space in it too.
        let quote = rest[..start].chars().next_back().filter(|before| matches!(before, '\'' | '"' | '`'));
        let quoted = quote.and_then(|quote| rest[found..].find(quote));
        let length = quoted.or_else(|| rest[found..].find(ends));
        let end = length.map_or(rest.len(), |length| found + length);
        shown.push_str(&rest[..start]);
        let word = &rest[start..end];
        // The name of a scheme in a sentence.
        let is_bare = word.trim_end_matches(['?', '.', ',', ';', ':', '!', ')']).len() <= found + 3 - start;
        if is_bare {
            shown.push_str(word);
        } else {
            shown.push_str(&redact_url(word));
        }
        rest = &rest[end..];
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_shown_without_what_is_secret() {
        for (url, shown) in [
            ("rtmp://h:1935/app", "rtmp://h:1935/app"),
            ("rtmp://h/app/canary", "rtmp://h/app/•••"),
            ("rtmp://h/app/canary/", "rtmp://h/app/•••"),
            ("rtmp://u:canary@h/app?token=canary/canary", "rtmp://•••@h/app?•••/•••"),
            ("h/app/canary", "h/app/•••"),
        ] {
            assert_eq!(redact_url(url), shown);
        }
        let text = "error: unexpected 'rtmp://h/app/canary' and \"rtmps://u:canary@h/\" found";
        assert_eq!(redact_urls_in(text), "error: unexpected 'rtmp://h/app/•••' and \"rtmps://•••@h/\" found");
        assert_eq!(redact_urls_in("no URL: a/b ://"), "no URL: a/b ://");
        assert_eq!(
            redact_urls_in("rtpm:// is wrong: did you mean rtmp://?"),
            "rtpm:// is wrong: did you mean rtmp://?"
        );
    }

    #[test]
    fn a_url_that_cannot_be_read_shows_no_key_either() {
        for (url, shown) in [
            ("", ""),
            ("canary", "•••"),
            ("canary?backup=1", "•••"),
            ("live/canary", "live/•••"),
            ("u:canary@h", "•••"),
            ("rtmp:canary", "•••"),
            ("rtmp:/h/app/canary", "rtmp:/h/•••"),
            ("rtmp://u:canary", "rtmp://•••"),
            ("rtmp://u:12/canary@h/app", "rtmp://u:12/•••"),
            ("rtmp:///app/canary", "rtmp://•••"),
            ("rtpm://h/app/canary", "rtpm://h/app/•••"),
            ("key=://h/app/canary", "key=://•••"),
            ("rtmp://h/app canary", "rtmp://h/app •••"),
            ("rtmp://h:1935/app\ncanary", "rtmp://h:1935/app •••"),
            ("rtmp://h/app\tcanary/canary", "rtmp://h/app •••"),
            ("rtmp://h/app=1 canary?canary", "rtmp://h/app=1 •••"),
            ("rtmp://h/app#canary", "rtmp://h/app •••"),
        ] {
            assert_eq!(redact_url(url), shown, "{url}");
            assert!(
                !redact_urls_in(&format!("told: '{url}' it was")).contains("canary") || !url.contains("://"),
                "{url}"
            );
        }
    }
}
