//! A secret store in memory that can be locked, for tests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::SecretStore;
use crate::settings::{SettingsError, StreamKey, Warning};

/// The store; clones share what it holds.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<(bool, HashMap<String, StreamKey>)>>);

impl Memory {
    /// While it is locked every call fails.
    pub(crate) fn lock(&self, locked: bool) {
        self.0.lock().unwrap().0 = locked;
    }

    /// What it holds, sorted by entry, locked or not.
    pub(crate) fn held(&self) -> Vec<(String, String)> {
        let inner = self.0.lock().unwrap();
        let mut held: Vec<_> = inner.1.iter().map(|(entry, key)| (entry.clone(), key.reveal().to_owned())).collect();
        held.sort();
        held
    }
}

impl SecretStore for Memory {
    fn get(&self, entry: &str) -> Result<Option<StreamKey>, SettingsError> {
        let inner = self.0.lock().unwrap();
        if inner.0 { Err(SettingsError::Secret { reason: "locked".into() }) } else { Ok(inner.1.get(entry).cloned()) }
    }

    fn set(&self, entry: &str, secret: &StreamKey) -> Result<Option<Warning>, SettingsError> {
        self.get(entry)?;
        self.0.lock().unwrap().1.insert(entry.to_owned(), secret.clone());
        Ok(None)
    }

    fn remove(&self, entry: &str) -> Result<(), SettingsError> {
        self.get(entry)?;
        self.0.lock().unwrap().1.remove(entry);
        Ok(())
    }
}
