//! What servers say to us, without what is secret of what we said to them: some repeat it.

/// What stands in its place.
const HIDDEN: &str = "(stream key)";
/// Shorter ones are no secrets, and replacing them would garble the words.
const SECRET_CHARS_MIN: usize = 6;

/// `words` without the key and without what follows a `?` in the app or the stream's name.
pub(super) fn hidden(words: &str, app: &str, stream_name: &str) -> String {
    let (name, query) = stream_name.split_once('?').unwrap_or((stream_name, ""));
    let queries = [query, app.split_once('?').map_or("", |(_, query)| query)];
    let values = queries.iter().flat_map(|query| query.split('&').filter_map(|pair| Some(pair.split_once('=')?.1)));
    let mut secrets: Vec<&str> = [stream_name, name].into_iter().chain(queries).chain(values).collect();
    secrets.retain(|secret| secret.len() >= SECRET_CHARS_MIN);
    // The whole before its parts.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.into_iter().fold(words.to_owned(), |words, secret| without(&words, secret))
}

/// `words` with `secret` hidden wherever it stands in them, also where some of its characters are escaped (`%2F`).
fn without(words: &str, secret: &str) -> String {
    let mut shown = String::with_capacity(words.len());
    let mut rest = words;
    while let Some(first) = rest.chars().next() {
        let behind = length_of(rest.as_bytes(), secret).and_then(|length| rest.get(length..));
        shown.push_str(if behind.is_some() { HIDDEN } else { rest.get(..first.len_utf8()).unwrap_or_default() });
        rest = behind.or_else(|| rest.get(first.len_utf8()..)).unwrap_or_default();
    }
    shown
}

/// How many bytes `secret` takes at the beginning of `words`, if it stands there: as it is, or escaped (RFC 3986, 2.1).
fn length_of(words: &[u8], secret: &str) -> Option<usize> {
    let mut rest = words;
    for wanted in secret.bytes() {
        rest = match rest {
            [b'%', high, low, behind @ ..] if unescaped(*high, *low) == Some(wanted) => behind,
            [byte, behind @ ..] if *byte == wanted => behind,
            _ => return None,
        };
    }
    Some(words.len() - rest.len())
}

fn unescaped(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_repeats_of_our_secrets_is_hidden() {
        let told = |words: &str| hidden(words, "live?token=canary-token&x=1", "canary/k\u{e9}y?sig=canary%sig");
        for words in [
            "canary/k\u{e9}y is taken",
            "canary%2Fk%C3%A9y is taken",
            "%63anary%2fk%c3%a9y is taken",
            "no app live?token=canary-token&x=1",
            "token=canary-token",
            "canary-token!",
            "canary%2Dtoken, canary%25sig",
            "canary/k\u{e9}y?sig=canary%sig",
        ] {
            let shown = told(words);
            assert!(shown.contains(HIDDEN) && !shown.to_lowercase().contains("anary"), "{words}: {shown}");
        }
        assert_eq!(told("live is full (x=1) \u{1f600} %zz %"), "live is full (x=1) \u{1f600} %zz %");
        assert_eq!(hidden("live: no stream a", "live", "a"), "live: no stream a");
    }
}
