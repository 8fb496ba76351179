//! Secrets that come in the environment, taken out of it at once so that no child inherits them.

use std::env::VarError;

use super::Failure;
use crate::settings::{EMPTY, StreamKey};

const STREAM_KEY: &str = "TALLY_KEY";
const PASSWORD: &str = "TALLY_PASSWORD";

/// The secrets that were in the environment.
#[derive(Clone, Debug, Default)]
pub struct EnvSecrets {
    /// `TALLY_KEY`.
    pub stream_key: Option<StreamKey>,
    /// `TALLY_PASSWORD`.
    pub password: Option<StreamKey>,
    /// The names of those that are set and cannot be used, and why.
    pub unusable: Vec<(&'static str, &'static str)>,
}

impl EnvSecrets {
    /// Takes them out of the environment.
    ///
    /// # Safety
    /// No other thread may run: call it first in `main`.
    #[expect(unsafe_code, reason = "the environment is changed once, before there are threads")]
    pub unsafe fn take() -> Self {
        let mut unusable = Vec::new();
        let mut take = |name: &'static str| {
            let value = read(name, std::env::var(name)).unwrap_or_else(|why| {
                unusable.push((name, why));
                None
            });
            // SAFETY: the caller promises that no other thread reads or writes the environment.
            unsafe {
                wipe(name);
                std::env::remove_var(name);
            }
            value
        };
        let (stream_key, password) = (take(STREAM_KEY), take(PASSWORD));
        Self { stream_key, password, unusable }
    }

    /// The stream key, for who wants to use it.
    ///
    /// # Errors
    /// It is set and is empty or no text: without it the show would go out under another name.
    pub fn readable_key(&self) -> Result<Option<&StreamKey>, Failure> {
        self.must_be_usable(STREAM_KEY).map(|()| self.stream_key.as_ref())
    }

    /// Whether the variable of the stream key is set and empty: where no key is wanted it means nothing.
    pub fn key_is_empty(&self) -> bool {
        self.unusable.contains(&(STREAM_KEY, EMPTY))
    }

    /// The password, for who wants to use it.
    ///
    /// # Errors
    /// It is set and is empty or no text.
    pub fn readable_password(&self) -> Result<Option<&StreamKey>, Failure> {
        self.must_be_usable(PASSWORD).map(|()| self.password.as_ref())
    }

    fn must_be_usable(&self, name: &str) -> Result<(), Failure> {
        match self.unusable.iter().find(|(unusable, _)| *unusable == name) {
            Some((_, why)) => Err(Failure::usage(format!("{name} cannot be used: {why}; set it anew, or unset it"))),
            None => Ok(()),
        }
    }
}

/// What a variable holds, or why it cannot be used. A stream key has to be one as in a key file: the show would go out under
/// another name.
fn read(name: &str, value: Result<String, VarError>) -> Result<Option<StreamKey>, &'static str> {
    let text = match value {
        Ok(text) => text,
        Err(VarError::NotPresent) => return Ok(None),
        Err(VarError::NotUnicode(_)) => return Err("it is not valid UTF-8"),
    };
    if name == STREAM_KEY {
        return StreamKey::read(&text).map(Some);
    }
    let secret = StreamKey::new(&text);
    // As from a file that is missing: TALLY_PASSWORD="$(cat password.txt)".
    if secret.is_empty() { Err(EMPTY) } else { Ok(Some(secret)) }
}

/// Overwrites a variable's text where the system put it: removing it only forgets the place, and `/proc/PID/environ`
/// shows it for as long as the program runs.
///
/// # Safety
/// No other thread may read or write the environment.
#[cfg(unix)]
#[expect(unsafe_code, reason = "std gives copies only")]
unsafe fn wipe(name: &str) {
    let Ok(name) = std::ffi::CString::new(name) else { return };
    // SAFETY: getenv gives null or a writable text that ends with a zero byte; the caller promises that nobody else
    // holds it, and its length stays.
    unsafe {
        let value = libc::getenv(name.as_ptr());
        if !value.is_null() {
            value.write_bytes(0, libc::strlen(value));
        }
    }
}

#[cfg(not(unix))]
unsafe fn wipe(_name: &str) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_to_be_one_as_in_a_key_file_and_a_password_may_be_anything() {
        let read = |name, text: &str| read(name, Ok(text.to_owned())).map(|secret| secret.unwrap().reveal().to_owned());
        assert_eq!(read(STREAM_KEY, "live_1\n").as_deref(), Ok("live_1"));
        assert_eq!(read(PASSWORD, "rtmp://a").as_deref(), Ok("rtmp://a"));
        for no_key in ["rtmp://h/app/key", "one\ntwo", "•••", ""] {
            assert!(read(STREAM_KEY, no_key).is_err(), "{no_key:?}");
        }
        assert!(read(PASSWORD, " ").is_err());
    }
}
