//! Profiles that are passed on: as a document, with secrets only if asked, and back.

use std::path::Path;

use toml_edit::DocumentMut;

use super::{ProfileStore, access_to, toml_reason};
use crate::settings::link::without_secrets_in_addresses;
use crate::settings::profile::atomic::{Access, write_document};
use crate::settings::profile::document::{Kept, KeptSecrets, read_profile, write_profile};
use crate::settings::profile::name::{checked_name, same_name};
use crate::settings::profile::plain::{say_of_secrets, strip_secrets};
use crate::settings::{Destination, DocumentWarning, SecretKind, SettingsError, UnreadSecrets, Warning};

/// A profile to be passed on.
#[derive(Debug)]
pub struct Export {
    /// The document that `import` reads.
    pub text: String,
    /// What the user should know.
    pub told: Vec<Warning>,
    /// Whether there is a secret in it, also in an address.
    pub holds_secrets: bool,
    /// Whether one that was asked for is not in it, since it could not be read.
    pub lacks_secrets: bool,
}

impl ProfileStore {
    /// The profile as a document that `import` reads; with secrets only if asked.
    ///
    /// # Errors
    /// No such profile, or it cannot be read.
    pub fn export(&self, name: &str, with_secrets: bool) -> Result<Export, SettingsError> {
        let entry = self.existing(name)?;
        let mut document = entry.document.clone();
        let loaded = self.load_entry(entry)?;
        let mut settings = loaded.settings.clone().with_secrets_split();
        let mut told = loaded.warnings;
        let mut left_out = Vec::new();
        for destination in &mut settings.destinations {
            left_out.push(left_out_of(destination, with_secrets));
            destination.unread = UnreadSecrets::default();
            if !with_secrets {
                // By the key is found whether a copy of it stands in an address.
                told.extend(without_secrets_in_addresses(destination));
                (destination.stream_key, destination.password) = (None, None);
            }
        }
        let is_written = |d: &Destination| d.stream_key.is_some() || d.password.is_some();
        let may_hold = settings.destinations.iter().any(is_written) || access_to(&settings) == Access::Private;
        let holds_secrets = with_secrets && may_hold;
        let lacks_secrets = with_secrets && left_out.iter().any(|left_out| *left_out != KeptSecrets::default());
        strip_secrets(&mut document);
        say_of_secrets(&mut document, holds_secrets);
        write_profile(&mut document, &loaded.name, &settings, &left_out)?;
        Ok(Export { text: document.to_string(), told, holds_secrets, lacks_secrets })
    }

    /// Like `export`, into a file that must not exist yet; private if it holds secrets.
    ///
    /// # Errors
    /// As `export`, or the file cannot be made.
    pub fn export_to(&self, name: &str, path: &Path, with_secrets: bool) -> Result<Export, SettingsError> {
        let export = self.export(name, with_secrets)?;
        let access = if with_secrets { Access::Private } else { Access::Default };
        write_document(path, &export.text, access)?;
        Ok(export)
    }

    /// Keeps an exported profile under its own name. Returns the name and what the user should know.
    ///
    /// # Errors
    /// The document is not an exported profile or has a value that cannot be used, a profile of this
    /// name exists, or the folder cannot be written.
    pub fn import(&self, text: &str) -> Result<(String, Vec<Warning>), SettingsError> {
        let wrong = |reason: String| SettingsError::Import { reason };
        // The parser's own words quote the line, which may hold a secret.
        let mut document = text.parse::<DocumentMut>().map_err(|error| wrong(toml_reason(text, &error)))?;
        let content = read_profile(&document, "it");
        if document.get("version").is_none() {
            return Err(wrong("it has no version, so it was not made by tally profiles export".to_owned()));
        }
        let is_newer = |warning: &Warning| matches!(warning, Warning::Document(_, DocumentWarning::Newer));
        if content.warnings.iter().any(is_newer) {
            return Err(SettingsError::NewerImport);
        }
        let name = content.name.ok_or_else(|| wrong("it has no name".to_owned()))?;
        if let Some(warning) = content.warnings.into_iter().next() {
            return Err(wrong(fault_of(&warning)));
        }
        let _lock = self.lock()?;
        if let Some(entry) = self.entries(&mut Vec::new())?.into_iter().find(|entry| same_name(&entry.name, &name)) {
            return Err(SettingsError::Exists { existing: entry.name });
        }
        say_of_secrets(&mut document, false);
        let mut told = self.save_locked(&name, &content.settings, Some(document))?;
        for (destination, kept) in content.settings.destinations.iter().zip(&content.kept) {
            let missing = [
                (SecretKind::StreamKey, kept.stream_key.is_some() && destination.stream_key.is_none()),
                (SecretKind::Password, kept.password.is_some() && destination.password.is_none()),
            ];
            told.extend(
                missing
                    .into_iter()
                    .filter(|(_, is_missing)| *is_missing)
                    .map(|(secret, _)| Warning::SecretMissing { secret, destination: destination.name.clone() }),
            );
        }
        Ok((checked_name(&name)?.to_owned(), told))
    }
}

/// What is wrong with a document. What is done about that in a profile that is there already is not done here.
fn fault_of(warning: &Warning) -> String {
    let Warning::Document(_, fault) = warning else { return warning.to_string() };
    match fault {
        DocumentWarning::Value { field, value, reason } => format!("{field} = {value} cannot be used ({reason})"),
        DocumentWarning::NoEncoding => "encoding is not a table".to_owned(),
        DocumentWarning::NoDestinations => "destinations is not a list of tables".to_owned(),
        DocumentWarning::NoServer { place } => format!("{place}server is missing"),
        other => other.to_string(),
    }
}

/// Which secrets of `destination` an exported file does without.
fn left_out_of(destination: &Destination, with_secrets: bool) -> KeptSecrets {
    let own = |is_left_out: bool| is_left_out.then_some(Kept::Own);
    KeptSecrets {
        stream_key: own(destination.has_key() && (!with_secrets || destination.stream_key.is_none())),
        password: own(destination.has_password() && (!with_secrets || destination.password.is_none())),
    }
}
