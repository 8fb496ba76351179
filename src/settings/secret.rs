//! `StreamKey`: text that must not be seen. It has no `Display`, and `Debug` hides it.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

/// What is shown in place of a secret.
const HIDDEN: &str = "•••";

/// A stream key or a password. White space and line breaks that came along when it was pasted are
/// gone; its memory is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamKey(Zeroizing<String>);

impl StreamKey {
    /// Longest secret that is accepted, in bytes: real keys stay under a few hundred.
    pub const LENGTH_MAX: usize = 4096;

    /// The secret in `text`, without surrounding white space and without control characters (a key
    /// copied from a web page or a file may be wrapped or end with a line break).
    pub fn new(text: &str) -> Self {
        // Room for everything at once: growing would leave copies behind that nobody wipes.
        let mut kept = Zeroizing::new(String::with_capacity(text.len()));
        kept.extend(text.trim().chars().filter(|c| !c.is_control() && *c != '\u{feff}'));
        Self(kept)
    }

    /// The whole of a file, without surrounding white space.
    ///
    /// # Errors
    /// In words: it cannot be read, is empty, or is no key but something larger.
    pub fn read_file(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        let mut text = Zeroizing::new(String::with_capacity(Self::LENGTH_MAX + 1));
        match file.take(Self::LENGTH_MAX as u64 + 1).read_to_string(&mut text) {
            Err(error) => return Err(error.to_string()),
            Ok(length) if length > Self::LENGTH_MAX => return Err("it is larger than 4 KiB".to_owned()),
            Ok(_) => {}
        }
        let key = Self::new(&text);
        if key.is_empty() { Err("it is empty".to_owned()) } else { Ok(key) }
    }

    /// The secret itself, for the protocol that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Its last 4 characters, by which people tell their keys apart; fewer of a short one, never more
    /// than half of it.
    pub fn last4(&self) -> String {
        let length = self.0.chars().count();
        self.0.chars().skip(length - (length / 2).min(4)).collect()
    }

    /// Whether nothing is left of it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamKey({HIDDEN})")
    }
}

/// The entry of the secret store in which a secret rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretEntry(pub String);

/// The secrets of a destination that are kept and were not read: the secret store did not answer, or was not asked yet.
/// One that is known as well was typed anew and counts alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnreadSecrets {
    /// Of the stream key.
    pub stream_key: Option<SecretEntry>,
    /// Of the password.
    pub password: Option<SecretEntry>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_white_space_is_gone_and_the_key_is_kept() {
        assert_eq!(StreamKey::new("  live_12 3?a=b&c=%20\r\n").reveal(), "live_12 3?a=b&c=%20");
        assert_eq!(StreamKey::new("\u{feff}abcd-\nefgh\t").reveal(), "abcd-efgh");
        assert!(StreamKey::new(" \n\t").is_empty());
    }

    #[test]
    fn debug_hides_it() {
        let shown = format!("{:?} {:#?}", StreamKey::new("canary-key"), Some(StreamKey::new("canary-key")));
        assert!(shown.contains(HIDDEN) && !shown.contains("canary") && !shown.contains("key"), "{shown}");
    }

    #[test]
    fn the_last_four_never_show_more_than_half() {
        for (key, shown) in
            [("abcd-efgh", "efgh"), ("secret", "ret"), ("ab", "b"), ("x", ""), ("", ""), ("ключ-日本語", "-日本語")]
        {
            assert_eq!(StreamKey::new(key).last4(), shown);
        }
    }
}
