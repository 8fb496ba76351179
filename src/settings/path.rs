//! Paths as people type and paste them.

use std::borrow::Cow;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;

/// `typed` as a path, however it got there: a `~` at its start stands for the home folder, and quotes or a `file://` around
/// it, as file managers copy them, are taken off.
pub fn typed_path(typed: &str) -> PathBuf {
    let typed = unquoted(typed.trim());
    let path = path_in_url(typed).unwrap_or(Cow::Borrowed(typed));
    let inside = path.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with(['/', '\\']));
    match (inside, directories::UserDirs::new()) {
        (Some(rest), Some(folders)) => folders.home_dir().join(rest.trim_start_matches(['/', '\\'])),
        _ => PathBuf::from(path.as_ref()),
    }
}

/// The path in `file:PATH` as a choice is written, which may as well be the address of a file.
pub(super) fn chosen_path(path: &str) -> PathBuf {
    let url = if path.starts_with("//") { Cow::Owned(format!("file:{path}")) } else { Cow::Borrowed(path) };
    path_in_url(&url).map_or_else(|| PathBuf::from(path), |path| PathBuf::from(path.as_ref()))
}

fn unquoted(text: &str) -> &str {
    let inside = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}

/// The path that `file:///…` is the address of, on this computer.
fn path_in_url(text: &str) -> Option<Cow<'_, str>> {
    let scheme = text.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("file:"))?;
    let rest = &text[scheme.len()..];
    let path = match rest.strip_prefix("//") {
        Some(authority) => authority.strip_prefix("localhost").unwrap_or(authority),
        None => rest,
    };
    if !path.starts_with('/') {
        return None;
    }
    // Before the letter of a drive.
    let path = if cfg!(windows) { path.trim_start_matches('/') } else { path };
    percent_decode_str(path).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_home_folder_is_typed_in_short() {
        let home = directories::UserDirs::new().unwrap().home_dir().to_owned();
        assert_eq!((typed_path("~"), typed_path(" ~/a/b")), (home.clone(), home.join("a/b")));
        for plain in ["/v", "a~/b", "~other/v", "", "\"", "it's", "file", "file:a.mp4", "/100%.mp4"] {
            assert_eq!(typed_path(plain), Path::new(plain));
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_a_file_manager_copies_is_a_path() {
        for (typed, path) in [
            ("file:///tmp/x.mp4", "/tmp/x.mp4"),
            ("file://localhost/tmp/a%20b.mp4\n", "/tmp/a b.mp4"),
            ("FILE:/tmp/%C3%BC%.mp4", "/tmp/ü%.mp4"),
            ("'/tmp/a b.mp4'", "/tmp/a b.mp4"),
            ("\"file:///tmp/x.mp4\"", "/tmp/x.mp4"),
            ("file://server/x.mp4", "file://server/x.mp4"),
        ] {
            assert_eq!(typed_path(typed), Path::new(path), "{typed}");
        }
        for (given, path) in [
            ("///tmp/a%20b.mp4", "/tmp/a b.mp4"),
            ("file:///tmp/x", "/tmp/x"),
            ("/a%20b", "/a%20b"),
            ("//h/x", "//h/x"),
        ] {
            assert_eq!(chosen_path(given), Path::new(path), "{given}");
        }
    }
}
