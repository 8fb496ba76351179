//! Secrets that come in the environment, taken out of it at once so that no child inherits them.

use std::env::VarError;

use super::Failure;
use crate::settings::StreamKey;

const STREAM_KEY: &str = "TALLY_KEY";
const PASSWORD: &str = "TALLY_PASSWORD";

/// The secrets that were in the environment.
#[derive(Clone, Debug, Default)]
pub struct EnvSecrets {
    /// `TALLY_KEY`.
    pub stream_key: Option<StreamKey>,
    /// `TALLY_PASSWORD`.
    pub password: Option<StreamKey>,
    /// The names of those that are set and are no text.
    pub unreadable: Vec<&'static str>,
}

impl EnvSecrets {
    /// Takes them out of the environment.
    ///
    /// # Safety
    /// No other thread may run: call it first in `main`.
    #[expect(unsafe_code, reason = "the environment is changed once, before there are threads")]
    pub unsafe fn take() -> Self {
        let mut unreadable = Vec::new();
        let mut take = |name: &'static str| {
            let value = match std::env::var(name) {
                Ok(text) => Some(StreamKey::new(&text)).filter(|key| !key.is_empty()),
                Err(VarError::NotPresent) => None,
                Err(VarError::NotUnicode(_)) => {
                    unreadable.push(name);
                    None
                }
            };
            // SAFETY: the caller promises that no other thread reads or writes the environment.
            unsafe {
                wipe(name);
                std::env::remove_var(name);
            }
            value
        };
        let (stream_key, password) = (take(STREAM_KEY), take(PASSWORD));
        Self { stream_key, password, unreadable }
    }

    /// The stream key, for who wants to use it.
    ///
    /// # Errors
    /// It is set and is no text: without it the show would go out under another name.
    pub fn readable_key(&self) -> Result<Option<&StreamKey>, Failure> {
        self.must_be_text(STREAM_KEY).map(|()| self.stream_key.as_ref())
    }

    /// The password, for who wants to use it.
    ///
    /// # Errors
    /// It is set and is no text.
    pub fn readable_password(&self) -> Result<Option<&StreamKey>, Failure> {
        self.must_be_text(PASSWORD).map(|()| self.password.as_ref())
    }

    fn must_be_text(&self, name: &str) -> Result<(), Failure> {
        if self.unreadable.contains(&name) {
            return Err(Failure::usage(format!(
                "{name} cannot be used: it is not valid UTF-8; set it anew, or unset it"
            )));
        }
        Ok(())
    }
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
