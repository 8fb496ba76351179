//! Names of profiles, in any language, and the file names made of them.

use crate::settings::SettingsError;

/// Most characters of a name.
const NAME_LENGTH_MAX: usize = 100;
/// Most characters of a file name before `.toml`: far below every file system's limit.
const SLUG_LENGTH_MAX: usize = 40;
/// What Windows does not let a file be called.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2",
    "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// `name` without surrounding white space, if it can be one.
pub(super) fn checked_name(name: &str) -> Result<&str, SettingsError> {
    let trimmed = name.trim();
    let advice = if trimmed.is_empty() {
        "give it at least one letter"
    } else if trimmed.chars().count() > NAME_LENGTH_MAX {
        "use at most 100 characters"
    } else if trimmed.chars().any(char::is_control) {
        "leave out line breaks and control characters"
    } else if trimmed.starts_with('-') {
        "do not begin with -, which would look like a flag"
    } else {
        return Ok(trimmed);
    };
    let name = trimmed.chars().take(NAME_LENGTH_MAX).collect();
    Err(SettingsError::Name { name, advice })
}

/// Whether two names are one for people: case does not count.
pub(super) fn same_name(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// A file name for `name` that every system takes: lower-case ASCII letters, digits and `-`. Different
/// names may get the same one; the store numbers them.
pub(super) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(SLUG_LENGTH_MAX);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        "profile".to_owned()
    } else if RESERVED.contains(&slug) {
        format!("{slug}-profile")
    } else {
        slug.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_every_language_are_names() {
        for name in ["Sunday service", "日本語の番組", "Вечерний эфир", "🎥", "a/b\\c:*?", "..", "CON", "  spaced  "]
        {
            assert_eq!(checked_name(name).unwrap(), name.trim());
        }
    }

    #[test]
    fn what_cannot_be_a_name_is_told_why() {
        for (name, advice) in [("", "letter"), (" \n", "letter"), ("a\nb", "line breaks"), ("-x", "flag")] {
            assert!(checked_name(name).unwrap_err().to_string().contains(advice), "{name:?}");
        }
        assert!(checked_name(&"ä".repeat(101)).unwrap_err().to_string().contains("100"));
        assert!(checked_name(&"ä".repeat(100)).is_ok());
    }

    #[test]
    fn slugs_are_readable() {
        for (name, expected) in
            [("My Show!", "my-show"), ("..", "profile"), ("日本", "profile"), ("Con", "con-profile"), ("É1", "1")]
        {
            assert_eq!(slug(name), expected);
        }
    }

    proptest! {
        #[test]
        fn slugs_are_safe_file_names(name in ".{0,200}") {
            let slug = slug(&name);
            prop_assert!((1..=SLUG_LENGTH_MAX).contains(&slug.len()));
            prop_assert!(slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
            prop_assert!(!slug.starts_with('-') && !slug.ends_with('-') && !RESERVED.contains(&slug.as_str()));
        }
    }
}
