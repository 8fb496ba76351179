//! Which entry of the secret store holds which secret. A secret that could not be read stays in its entry, whatever becomes of
//! its destination and its profile: then the file names the entry, and whoever shares it leaves it alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Entry, ProfileStore, read_entry, slug_of};
use crate::settings::profile::document::{Kept, KeptSecrets};
use crate::settings::secrets::SecretStore;
use crate::settings::{Destination, SecretEntry, SecretKind, SettingsError, ShowSettings, StreamKey, free_name};

/// One secret of a destination, with where it is if it was not read.
pub(super) struct Field<'a> {
    /// As entries call it.
    pub(super) name: &'static str,
    pub(super) kind: SecretKind,
    pub(super) secret: &'a mut Option<StreamKey>,
    pub(super) unread: &'a mut Option<SecretEntry>,
}

/// The secrets that a destination may have.
pub(super) fn fields(destination: &mut Destination) -> [Field<'_>; 2] {
    let Destination { stream_key, password, unread, .. } = destination;
    [
        Field { name: "stream_key", kind: SecretKind::StreamKey, secret: stream_key, unread: &mut unread.stream_key },
        Field { name: "password", kind: SecretKind::Password, secret: password, unread: &mut unread.password },
    ]
}

impl Entry {
    /// What the file holds, with every secret that is kept elsewhere yet to be read.
    pub(super) fn unread_settings(&self) -> ShowSettings {
        let mut settings = self.content.settings.clone();
        for (destination, kept) in settings.destinations.iter_mut().zip(&self.content.kept) {
            let name = destination.name.clone();
            for (field, kept) in fields(destination).into_iter().zip([&kept.stream_key, &kept.password]) {
                let Some(kept) = kept.as_ref().filter(|_| field.secret.is_none()) else { continue };
                *field.unread = Some(SecretEntry(match kept {
                    Kept::Own => own_entry(&self.slug(), &name, field.name),
                    Kept::At(entry) => entry.clone(),
                }));
            }
        }
        settings
    }

    /// The entries of the secret store that its file speaks of.
    pub(super) fn kept(&self) -> Vec<String> {
        entries_of(&mut self.unread_settings())
    }
}

impl ProfileStore {
    /// Takes what was read or typed out of `settings`. Gives where each secret rests once they are in the file at `path`, and
    /// what is to be put there: nothing goes where another secret is that nobody has read.
    pub(super) fn places(
        &self,
        path: &Path,
        settings: &mut ShowSettings,
    ) -> (Vec<KeptSecrets>, Vec<(String, StreamKey)>) {
        let mut taken = self.spoken_of(Some(path));
        taken.extend(entries_of(settings));
        let (slug, mut secrets) = (slug_of(path), Vec::new());
        let places = settings.destinations.iter_mut().map(|destination| {
            let name = destination.name.clone();
            let [stream_key, password] = fields(destination).map(|field| {
                let own = own_entry(&slug, &name, field.name);
                let at = match (field.secret.take(), field.unread) {
                    (Some(secret), _) => {
                        let at = free_name(own.clone(), |entry| taken.contains(entry));
                        secrets.push((at.clone(), secret));
                        at
                    }
                    (None, Some(SecretEntry(entry))) => entry.clone(),
                    (None, None) => return None,
                };
                Some(if at == own { Kept::Own } else { Kept::At(at) })
            });
            KeptSecrets { stream_key, password }
        });
        (places.collect(), secrets)
    }

    /// Forgets those of `entries` that no file speaks of, but for the one at `gone`.
    pub(super) fn forget(&self, entries: &[String], gone: Option<&Path>) -> Result<(), SettingsError> {
        if entries.is_empty() {
            return Ok(());
        }
        let spoken_of = self.spoken_of(gone);
        entries.iter().filter(|entry| !spoken_of.contains(*entry)).try_for_each(|entry| self.secrets.remove(entry))
    }

    /// The entries that the profiles and the session speak of, but for the file at `except`.
    fn spoken_of(&self, except: Option<&Path>) -> BTreeSet<String> {
        let files = fs::read_dir(self.profiles_dir()).into_iter().flatten();
        let files = files.filter_map(|file| Some(file.ok()?.path())).chain([self.session_path()]);
        let files = files.filter(|path: &PathBuf| Some(path.as_path()) != except);
        files.filter_map(|path| read_entry(&path).ok().flatten()).flat_map(|entry| entry.kept()).collect()
    }
}

/// The entries of what was not read.
fn entries_of(settings: &mut ShowSettings) -> Vec<String> {
    let fields = settings.destinations.iter_mut().flat_map(fields);
    fields.filter_map(|field| field.unread.as_ref().map(|SecretEntry(entry)| entry.clone())).collect()
}

fn own_entry(slug: &str, destination: &str, field: &str) -> String {
    format!("{slug}/{destination}/{field}")
}
