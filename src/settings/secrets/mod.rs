//! Where stream keys and passwords rest: the system's secret store, else a private file.

mod bounded;
mod file;
mod keyring;
#[cfg(test)]
pub(crate) mod memory;

use std::path::Path;

use super::{NoKeyring, SettingsError, StreamKey, Warning};

pub(in crate::settings) use bounded::bounded;
pub use file::FileStore;
pub use keyring::KeyringStore;

/// A place that keeps secrets by name.
pub trait SecretStore: Send {
    /// The secret of `entry`, if there is one.
    ///
    /// # Errors
    /// The place cannot be used.
    fn get(&self, entry: &str) -> Result<Option<StreamKey>, SettingsError>;

    /// Keeps `secret` as `entry`. Returns what the user should know, if anything.
    ///
    /// # Errors
    /// The place cannot be used.
    fn set(&self, entry: &str, secret: &StreamKey) -> Result<Option<Warning>, SettingsError>;

    /// Forgets `entry`; it need not be there.
    ///
    /// # Errors
    /// The place cannot be used.
    fn remove(&self, entry: &str) -> Result<(), SettingsError>;
}

/// Where stream keys and passwords are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysIn {
    /// In the system's store.
    Keyring,
    /// In a file of this user's.
    File,
}

/// The system's secret store, and the file for where there is none. An entry in the file is the newer
/// one: it gets there only while the system's store cannot be used, and leaves once it can.
pub struct Secrets {
    system: Result<Box<dyn SecretStore>, &'static str>,
    file: FileStore,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Secrets {
    /// Those of this user, with the file in `config_dir`. `TALLY_NO_KEYRING=1` leaves the system's
    /// store alone: for services, and wherever it would ask somebody who is not there.
    pub fn of_user(config_dir: &Path) -> Self {
        let refused = std::env::var_os("TALLY_NO_KEYRING").is_some_and(|value| !value.is_empty() && value != "0");
        if refused {
            Self::in_file(config_dir, "TALLY_NO_KEYRING is set")
        } else {
            Self::with(config_dir, bounded::Bounded::new(KeyringStore, bounded::LIMIT))
        }
    }

    /// Those in the file alone; `why` ends the sentence that tells so.
    pub fn in_file(config_dir: &Path, why: &'static str) -> Self {
        Self { system: Err(why), file: FileStore::new(config_dir) }
    }

    /// Where a secret that is kept now would rest: asks the system's store for one that nobody has.
    pub fn keys_in(&self) -> KeysIn {
        match &self.system {
            Ok(system) if system.get("is there a secret store").is_ok() => KeysIn::Keyring,
            _ => KeysIn::File,
        }
    }

    /// The names of what is in the file; none where that cannot be read.
    pub(in crate::settings) fn entries_in_file(&self) -> Vec<String> {
        self.file.entries()
    }

    /// Those in `system`, or the file where it fails.
    pub fn with(config_dir: &Path, system: impl SecretStore + 'static) -> Self {
        Self { system: Ok(Box::new(system)), file: FileStore::new(config_dir) }
    }
}

impl SecretStore for Secrets {
    fn get(&self, entry: &str) -> Result<Option<StreamKey>, SettingsError> {
        if let Some(secret) = self.file.get(entry)? {
            return Ok(Some(secret));
        }
        // A store that is left alone may hold it: nobody knows that there is none.
        let left_alone = |why: &&str| SettingsError::Secret { reason: (*why).to_owned() };
        self.system.as_ref().map_err(left_alone)?.get(entry)
    }

    fn set(&self, entry: &str, secret: &StreamKey) -> Result<Option<Warning>, SettingsError> {
        let why = match &self.system {
            Err(why) => NoKeyring::LeftAlone(why),
            Ok(system) => match system.set(entry, secret) {
                Ok(_) => {
                    self.file.remove(entry)?;
                    return Ok(None);
                }
                Err(SettingsError::Secret { reason }) => NoKeyring::Refused(reason),
                Err(other) => return Err(other),
            },
        };
        let repaired = self.file.set(entry, secret)?.map(Box::new);
        Ok(Some(Warning::KeysInFile { file: self.file.path().to_owned(), why, repaired }))
    }

    fn remove(&self, entry: &str) -> Result<(), SettingsError> {
        self.file.remove(entry)?;
        match &self.system {
            // A store that cannot be used now may hold it still; there is nothing more to be done.
            Ok(system) => system.remove(entry).or_else(|error| match error {
                SettingsError::Secret { .. } => Ok(()),
                other => Err(other),
            }),
            Err(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::memory::Memory;
    use super::*;

    #[test]
    fn the_file_steps_in_and_back_out_and_the_newest_secret_wins() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::default();
        let secrets = Secrets::with(folder.path(), memory.clone());
        assert!(secrets.set("a", &StreamKey::new("one")).unwrap().is_none());
        assert!(!folder.path().join("secrets.toml").exists());

        memory.lock(true);
        let told = secrets.set("a", &StreamKey::new("two")).unwrap().unwrap().to_string();
        assert!(told.contains("secrets.toml") && told.contains("locked") && !told.contains("two"), "{told}");
        memory.lock(false);
        assert_eq!(secrets.get("a").unwrap().unwrap().reveal(), "two");

        assert!(secrets.set("a", &StreamKey::new("three")).unwrap().is_none());
        assert_eq!(secrets.get("a").unwrap().unwrap().reveal(), "three");
        assert!(FileStore::new(folder.path()).get("a").unwrap().is_none());
        secrets.remove("a").unwrap();
        assert!(secrets.get("a").unwrap().is_none());
    }

    #[test]
    fn without_a_system_store_it_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Secrets::in_file(folder.path(), "TALLY_NO_KEYRING is set");
        let told = secrets.set("a", &StreamKey::new("k")).unwrap().unwrap().to_string();
        assert!(told.ends_with("because TALLY_NO_KEYRING is set"), "{told}");
        assert_eq!(secrets.get("a").unwrap().unwrap().reveal(), "k");
        secrets.remove("never-there").unwrap();
    }
}
