//! `secrets.toml`, readable by the user alone: for systems without a secret store.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, value};

use super::SecretStore;
use crate::settings::profile::atomic::{Access, io_error, open_text, read_capped, set_aside, write_atomically};
use crate::settings::{SettingsError, StreamKey, Warning};

/// Secrets in a TOML file of mode 0600.
#[derive(Debug)]
pub struct FileStore {
    path: PathBuf,
}

impl FileStore {
    /// `secrets.toml` in `config_dir`; it is made when there is something to keep.
    pub fn new(config_dir: &Path) -> Self {
        Self { path: config_dir.join("secrets.toml") }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The document, and a warning if its permissions had to be tightened.
    fn read(&self) -> Result<(DocumentMut, Option<Warning>), SettingsError> {
        let Some(file) = open_text(&self.path)? else { return Ok((DocumentMut::new(), None)) };
        let told = self.tighten(&file)?;
        let text = read_capped(file).map_err(io_error("read", &self.path))?;
        // What the parser says quotes the line, and the line holds a secret.
        let broken = || SettingsError::Broken { file: self.path.clone(), reason: "it is not valid TOML".to_owned() };
        let document = text.parse::<DocumentMut>().ok().ok_or_else(broken)?;
        Ok((document, told))
    }

    /// What it has secrets for; nothing where it cannot be read.
    pub(super) fn entries(&self) -> Vec<String> {
        self.read()
            .map(|(document, _)| document.iter().map(|(entry, _)| entry.to_owned()).collect())
            .unwrap_or_default()
    }

    #[cfg(unix)]
    fn tighten(&self, file: &File) -> Result<Option<Warning>, SettingsError> {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata().map_err(io_error("read", &self.path))?.permissions().mode();
        if mode & 0o077 == 0 {
            return Ok(None);
        }
        file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(io_error("protect", &self.path))?;
        let told = Warning::SecretsWereOpen { file: self.path.clone() };
        tracing::warn!("{told}");
        Ok(Some(told))
    }

    #[cfg(not(unix))]
    fn tighten(&self, _file: &File) -> Result<Option<Warning>, SettingsError> {
        Ok(None)
    }

    fn write(&self, document: &DocumentMut) -> Result<(), SettingsError> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(io_error("make", folder))?;
        }
        write_atomically(&self.path, &document.to_string(), Access::Private)
    }
}

impl SecretStore for FileStore {
    fn get(&self, entry: &str) -> Result<Option<StreamKey>, SettingsError> {
        let (document, _) = self.read()?;
        Ok(document.get(entry).and_then(Item::as_str).map(StreamKey::new))
    }

    fn set(&self, entry: &str, secret: &StreamKey) -> Result<Option<Warning>, SettingsError> {
        let (mut document, told) = match self.read() {
            Err(SettingsError::Broken { .. }) => {
                let aside = set_aside(&self.path)?;
                (DocumentMut::new(), Some(Warning::SecretsBroken { file: self.path.clone(), aside }))
            }
            read => read?,
        };
        if document.is_empty() {
            document.decor_mut().set_prefix("# Secrets of Tally: stream keys and passwords. Keep this file private.\n");
        }
        document.insert(entry, value(secret.reveal()));
        self.write(&document)?;
        Ok(told)
    }

    fn remove(&self, entry: &str) -> Result<(), SettingsError> {
        let (mut document, _) = match self.read() {
            Err(error @ SettingsError::Broken { .. }) => {
                // Nothing reads what it holds any more, and to keep the profile for it would help nobody.
                tracing::warn!(
                    "{error}; what it may hold of a removed secret stays in it: mend the file, or remove it"
                );
                return Ok(());
            }
            read => read?,
        };
        if document.remove(entry).is_none() {
            return Ok(());
        }
        self.write(&document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_any_shape_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::new(&folder.path().join("not/yet/there"));
        for (entry, secret) in [("show/main/stream_key", "a?b&c=%20/é\"'\\"), ("a.b [c]", "x"), ("日本/\"q\"", "キー")]
        {
            assert_eq!(store.get(entry).unwrap(), None);
            store.set(entry, &StreamKey::new(secret)).unwrap();
            assert_eq!(store.get(entry).unwrap().unwrap().reveal(), secret);
        }
        store.remove("a.b [c]").unwrap();
        assert_eq!(store.get("a.b [c]").unwrap(), None);
        assert!(store.get("show/main/stream_key").unwrap().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_private_from_the_start_and_is_made_so_again() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::new(folder.path());
        let mode = || fs::metadata(store.path()).unwrap().permissions().mode() & 0o777;
        store.set("a", &StreamKey::new("k")).unwrap();
        assert_eq!(mode(), 0o600);
        fs::set_permissions(store.path(), fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(store.get("a").unwrap().unwrap().reveal(), "k");
        assert_eq!(mode(), 0o600);
        fs::set_permissions(store.path(), fs::Permissions::from_mode(0o660)).unwrap();
        let told = store.set("b", &StreamKey::new("k2")).unwrap().unwrap().to_string();
        assert!(told.contains("could be read by others"), "{told}");
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn a_broken_file_is_set_aside_and_its_text_is_never_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::new(folder.path());
        fs::write(store.path(), "a = \"canary-secret\nb").unwrap();
        let error = store.get("a").unwrap_err().to_string();
        assert!(error.contains("secrets.toml") && !error.contains("canary"), "{error}");
        store.remove("a").unwrap();
        assert!(fs::read_to_string(store.path()).unwrap().contains("canary-secret"));
        let told = store.set("a", &StreamKey::new("new")).unwrap().unwrap().to_string();
        assert!(told.contains("broken-1") && !told.contains("canary"), "{told}");
        assert!(fs::read_to_string(folder.path().join("secrets.toml.broken-1")).unwrap().contains("canary-secret"));
        assert_eq!(store.get("a").unwrap().unwrap().reveal(), "new");
    }
}
