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
            unsafe { std::env::remove_var(name) };
            value
        };
        Self { stream_key: take("TALLY_KEY"), password: take("TALLY_PASSWORD") }
    }
}
