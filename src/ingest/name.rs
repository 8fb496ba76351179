//! Names that publishers send: what is shown of them, where the key is in them, and the file names they become.

use super::PublishKey;

/// Shown for a stream whose whole name was the key, where the app has no name either; and for a recording whose
/// stream's name leaves nothing.
const NAMELESS: &str = "stream";
/// Bytes of a recording's file name before `-2.flv`: far below what file systems allow.
const STEM_BYTES_MAX: usize = 120;

/// Why a publish is refused for its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameError {
    /// There is none.
    Missing,
    /// It is longer than a name may be.
    TooLong,
    /// The key is needed, and missing or wrong.
    WrongKey,
}

/// The name of an application without its query, where logins are, and without control characters.
pub(super) fn app_name(raw: &str, bytes_max: usize) -> Result<String, NameError> {
    shown(raw.split('?').next().unwrap_or_default().trim_matches('/'), bytes_max)
}

/// The stream's name without query and key.
///
/// The key is given as `NAME?key=KEY`, or it is the whole name as with most services; then the stream is called
/// like its application.
pub(super) fn stream_name(
    raw: &str,
    app: &str,
    key: Option<&PublishKey>,
    bytes_max: usize,
) -> Result<String, NameError> {
    let (path, query) = raw.split_once('?').unwrap_or((raw, ""));
    if let Some(key) = key {
        if is_whole_name(raw, key) {
            return Ok(named_like(app));
        }
        if !query_has_key(query, key) {
            return Err(NameError::WrongKey);
        }
    }
    let name = shown(path, bytes_max)?;
    if name.is_empty() { Err(NameError::Missing) } else { Ok(name) }
}

/// The name of the stream that a player means.
///
/// Services teach that the key to publish is the whole name. Whoever plays by that means the stream that is published so,
/// and the key is shown to nobody.
pub(super) fn played_name(
    raw: &str,
    app: &str,
    play_key: Option<&PublishKey>,
    publish_key: Option<&PublishKey>,
    bytes_max: usize,
) -> Result<String, NameError> {
    let name = stream_name(raw, app, play_key, bytes_max)?;
    Ok(if publish_key.is_some_and(|key| is_whole_name(raw, key)) { named_like(app) } else { name })
}

fn is_whole_name(raw: &str, key: &PublishKey) -> bool {
    key.is(raw) | key.is(raw.split('?').next().unwrap_or_default())
}

/// The name of a stream whose own name was its key.
fn named_like(app: &str) -> String {
    let last = app.rsplit('/').next().unwrap_or_default();
    if last.is_empty() { NAMELESS } else { last }.to_owned()
}

/// Whether `key=KEY` is in a query. A key may itself hold an ampersand: the rest of the query is tried as well. Scripts in
/// browsers write a space as `+`.
pub(super) fn query_has_key(query: &str, key: &PublishKey) -> bool {
    query
        .match_indices("key=")
        .filter(|(at, _)| *at == 0 || query.as_bytes().get(at - 1) == Some(&b'&'))
        .take(4)
        .filter_map(|(at, found)| query.get(at + found.len()..))
        .any(|rest| {
            let one = rest.split('&').next().unwrap_or_default();
            key.is(rest) | key.is(one) | key.is(&one.replace('+', " "))
        })
}

fn shown(text: &str, bytes_max: usize) -> Result<String, NameError> {
    if text.len() > bytes_max {
        return Err(NameError::TooLong);
    }
    Ok(text.trim().chars().map(|c| if is_invisible(c) { '_' } else { c }).collect())
}

/// Control characters, and those that turn or hide the text around them on a screen.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The file name of a recording, without `.flv`: characters that do not belong in a file name on any system become
/// `_`; it is never empty, hidden, reserved, or too long.
pub(super) fn file_stem(name: &str) -> String {
    let mut stem = String::with_capacity(name.len().min(STEM_BYTES_MAX));
    for c in name.chars() {
        let c = if is_invisible(c) || "/\\:*?\"<>|".contains(c) { '_' } else { c };
        if stem.len() + c.len_utf8() > STEM_BYTES_MAX {
            break;
        }
        stem.push(c);
    }
    // Dots and spaces at the end are lost on some systems; dots at the start hide, a hyphen looks like a flag.
    let kept = stem.trim_end_matches(['.', ' ']);
    let tail = "_".repeat(stem.len() - kept.len());
    let body = kept.trim_start_matches(['.', ' ', '-']);
    let head = "_".repeat(kept.len() - body.len());
    let stem = format!("{head}{body}{tail}");
    if stem.is_empty() {
        return NAMELESS.to_owned();
    }
    if is_reserved(&stem) { format!("_{stem}") } else { stem }
}

/// Names of devices on Windows, whatever follows their first dot.
fn is_reserved(stem: &str) -> bool {
    let base = stem.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered =
        |prefix: &str| base.strip_prefix(prefix).is_some_and(|rest| matches!(rest.as_bytes(), [b'1'..=b'9']));
    matches!(base.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") || numbered("COM") || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_harmless() {
        for (name, stem) in [
            ("show", "show"),
            ("Müll-Show 2", "Müll-Show 2"),
            ("../../etc/passwd", "___.._etc_passwd"),
            ("a/b\\c:d*e?f\"g<h>i|j", "a_b_c_d_e_f_g_h_i_j"),
            ("", "stream"),
            (".", "_"),
            ("..", "__"),
            (".hidden", "_hidden"),
            ("-rf", "_rf"),
            ("end. ", "end__"),
            ("nul", "_nul"),
            ("COM7.x", "_COM7.x"),
            ("com10", "com10"),
            ("a\0b\nc\u{202e}d", "a_b_c_d"),
        ] {
            assert_eq!(file_stem(name), stem, "{name:?}");
        }
        let long = file_stem(&"ü".repeat(400));
        assert_eq!(long, "ü".repeat(60));
    }

    #[test]
    fn the_key_is_found_and_never_shown() {
        let key = PublishKey::new("s3&cret").unwrap();
        let name = |raw, app| stream_name(raw, app, Some(&key), 256);
        assert_eq!(name("cam?key=s3&cret", "live").unwrap(), "cam");
        assert_eq!(name("cam?x=1&key=s3%26cret&y=2", "live").unwrap(), "cam");
        assert_eq!(name("s3&cret", "live").unwrap(), "live");
        assert_eq!(name("s3&cret?x=1", "a/b").unwrap(), "b");
        assert_eq!(name("s3&cret", "").unwrap(), "stream");
        for wrong in ["cam", "cam?key=", "cam?key=s3", "cam?akey=s3&cret", "", "cam?s3&cret"] {
            assert_eq!(name(wrong, "live"), Err(NameError::WrongKey), "{wrong}");
        }
        assert_eq!(name("?key=s3&cret", "live"), Err(NameError::Missing));
    }

    #[test]
    fn a_key_is_found_in_a_query_as_any_program_writes_it() {
        for (key, query, found) in [
            ("open sesame", "key=open%20sesame&viewer=x", true),
            // As browsers' scripts do.
            ("open sesame", "key=open+sesame&viewer=x", true),
            ("a+b c", "viewer=x&key=a%2Bb+c", true),
            ("a+b", "key=a+b", true),
            ("a b", "key=a%2Bb", false),
        ] {
            assert_eq!(query_has_key(query, &PublishKey::new(key).unwrap()), found, "{key} in {query}");
        }
    }

    #[test]
    fn without_a_key_queries_are_dropped_and_names_are_bounded() {
        let name = |raw| stream_name(raw, "live", None, 8);
        assert_eq!(name("cam?token=abc").unwrap(), "cam");
        assert_eq!(name("a\nb").unwrap(), "a_b");
        assert_eq!(name("?x"), Err(NameError::Missing));
        assert_eq!(name("123456789"), Err(NameError::TooLong));
        assert_eq!(app_name("/live/?authmod=adobe&user=me", 8).unwrap(), "live");
        assert_eq!(app_name("live/extra", 8), Err(NameError::TooLong));
    }
}
