//! The key that publishers must show: kept as a digest, compared in constant time.

use std::fmt;
use std::hint::black_box;

use sha2::{Digest, Sha256};

/// The key that publishers must show. Only its digest is kept: it cannot be printed, not even by mistake.
#[derive(Clone)]
pub struct PublishKey([u8; 32]);

impl PublishKey {
    /// The key in `secret`; `None` if nothing is in it.
    pub fn new(secret: &str) -> Option<Self> {
        let secret = secret.trim();
        (!secret.is_empty()).then(|| Self(digest(secret.as_bytes())))
    }

    /// Whether `text` is the key, as it stands or with its `%XX` decoded. The time it takes tells nothing of the
    /// key: digests are compared, all of their bytes.
    pub(super) fn is(&self, text: &str) -> bool {
        let plain = self.is_bytes(text.as_bytes());
        let decoded = self.is_bytes(&percent_decoded(text));
        plain | decoded
    }

    fn is_bytes(&self, bytes: &[u8]) -> bool {
        let difference = self.0.iter().zip(digest(bytes)).fold(0, |sum, (a, b)| black_box(sum | (a ^ b)));
        difference == 0
    }
}

impl fmt::Debug for PublishKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublishKey(•••)")
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = |digit: &u8| char::from(*digit).to_digit(16);
        match tail {
            [high, low, after @ ..] if byte == b'%' => {
                if let (Some(high), Some(low)) = (hex(high), hex(low)) {
                    out.push((high << 4 | low) as u8);
                    rest = after;
                    continue;
                }
                out.push(byte);
            }
            _ => out.push(byte),
        }
        rest = tail;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_is_the_key() {
        let key = PublishKey::new(" s3cret/ü%41\n").unwrap();
        for (text, same) in [
            ("s3cret/ü%41", true),
            ("s3cret%2Fü%2541", true),
            ("s3cret/üA", false),
            ("s3cret", false),
            ("", false),
            ("s3cret/ü%41 ", false),
        ] {
            assert_eq!(key.is(text), same, "{text}");
        }
        assert!(PublishKey::new(" \n").is_none());
        assert!(!format!("{key:?}").contains("s3cret"));
    }

    #[test]
    fn broken_escapes_stay_as_they_are() {
        for (text, bytes) in [("%", &b"%"[..]), ("%4", b"%4"), ("%zz", b"%zz"), ("a%41%", b"aA%"), ("%%41", b"%A")] {
            assert_eq!(percent_decoded(text), bytes, "{text}");
        }
    }
}
