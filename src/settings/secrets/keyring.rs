//! The system's secret store: Secret Service, Keychain, Credential Manager.

use keyring::{Entry, Error};

use super::SecretStore;
use crate::settings::{SettingsError, StreamKey, Warning};

/// The name under which the system shows our secrets.
const SERVICE: &str = "tally";

/// The system's secret store. It is reached on first use; where there is none, every call fails in
/// some milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct KeyringStore;

impl SecretStore for KeyringStore {
    fn get(&self, entry: &str) -> Result<Option<StreamKey>, SettingsError> {
        match open(entry)?.get_password() {
            Ok(secret) => Ok(Some(StreamKey::new(&secret))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(refused(&error)),
        }
    }

    fn set(&self, entry: &str, secret: &StreamKey) -> Result<Option<Warning>, SettingsError> {
        open(entry)?.set_password(secret.reveal()).map_err(|error| refused(&error))?;
        Ok(None)
    }

    fn remove(&self, entry: &str) -> Result<(), SettingsError> {
        match open(entry)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(refused(&error)),
        }
    }
}

fn open(entry: &str) -> Result<Entry, SettingsError> {
    Entry::new(SERVICE, entry).map_err(|error| match Entry::store_status() {
        Err(reason) => refused(reason),
        Ok(()) => refused(&error),
    })
}

/// What the system said, without anything it may quote of the secret itself.
fn refused(error: &Error) -> SettingsError {
    let reason = match error {
        Error::BadEncoding(_) | Error::BadDataFormat(..) => "what it holds is not text".to_owned(),
        other => other.to_string(),
    };
    SettingsError::Secret { reason }
}
