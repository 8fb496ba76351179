//! Secrets that come in the environment, taken out of it at once so that no child inherits them.

use crate::settings::StreamKey;

/// The secrets that were in the environment.
#[derive(Clone, Debug, Default)]
pub struct EnvSecrets {
    /// `TALLY_KEY`.
    pub stream_key: Option<StreamKey>,
    /// `TALLY_PASSWORD`.
    pub password: Option<StreamKey>,
}

impl EnvSecrets {
    /// Takes them out of the environment.
    ///
    /// # Safety
    /// No other thread may run: call it first in `main`.
    #[expect(unsafe_code, reason = "the environment is changed once, before there are threads")]
    pub unsafe fn take() -> Self {
        let take = |name: &str| {
            let value = std::env::var(name).ok().map(|text| StreamKey::new(&text)).filter(|key| !key.is_empty());
            // SAFETY: the caller promises that no other thread reads or writes the environment.
            unsafe {
                wipe(name);
                std::env::remove_var(name);
            }
            value
        };
        Self { stream_key: take("TALLY_KEY"), password: take("TALLY_PASSWORD") }
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
