//! The folder of profiles: find, load, save, rename, remove, export, import.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml_edit::DocumentMut;

use super::atomic::{Access, io_error, read_text, remove_leftovers, set_aside, write_atomically};
use super::claim::SessionClaim;
use super::document::{Content, read_profile, write_profile};
use super::name::{checked_name, same_name, slug};
use super::plain::holds_secrets;
use crate::settings::secrets::{KeysIn, SecretStore, Secrets, bounded};
use crate::settings::{DocumentWarning, SecretEntry, SettingsError, ShowSettings, StreamKey, Warning, WindowSettings};
pub use exchange::Export;
use kept::{Field, fields};

mod exchange;
mod kept;

/// The profiles of a user.
#[derive(Debug)]
pub struct ProfileStore {
    config_dir: PathBuf,
    secrets: Secrets,
    lock_limit: Duration,
}

/// How long another Tally may keep the settings to itself: twice what it waits for a secret store that does not answer.
const LOCK_LIMIT: Duration = Duration::from_secs(20);

/// What is set at the moment. Hidden, so that its secrets' entries can never be a profile's.
const SESSION_FILE: &str = ".session.toml";

/// A profile in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileSummary {
    /// Its name.
    pub name: String,
    /// The names of its destinations.
    pub destinations: Vec<String>,
    /// Its file.
    pub file: PathBuf,
}

/// All profiles, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The profiles.
    pub profiles: Vec<ProfileSummary>,
    /// What could not be used.
    pub warnings: Vec<Warning>,
}

/// A profile with its secrets.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// Its name, as it was saved.
    pub name: String,
    /// What it holds.
    pub settings: ShowSettings,
    /// What could not be used.
    pub warnings: Vec<Warning>,
}

/// What was set when the window was closed.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// The profile it came from.
    pub profile: Option<String>,
    /// What was set, perhaps otherwise than in that profile.
    pub settings: ShowSettings,
}

/// A profile's file that could be read.
struct Entry {
    path: PathBuf,
    document: DocumentMut,
    name: String,
    content: Content,
}

impl Entry {
    /// What its secrets are kept under: the name of its file.
    fn slug(&self) -> String {
        slug_of(&self.path)
    }

    /// The profile that a session came from.
    fn session_profile(&self) -> Option<String> {
        (self.name != self.slug()).then(|| self.name.clone())
    }
}

impl ProfileStore {
    /// The store in `config_dir`, which is made when something is saved.
    pub fn open(config_dir: PathBuf) -> Self {
        let secrets = Secrets::of_user(&config_dir);
        Self::with_secrets(config_dir, secrets)
    }

    /// The store in the folder that `TALLY_CONFIG_DIR` or else the system names.
    ///
    /// # Errors
    /// `NoConfigDir`.
    pub fn open_default() -> Result<Self, SettingsError> {
        Self::default_dir().map(Self::open)
    }

    /// The folder that `TALLY_CONFIG_DIR` or else the system names for settings.
    ///
    /// # Errors
    /// `NoConfigDir`.
    pub fn default_dir() -> Result<PathBuf, SettingsError> {
        let named = std::env::var_os("TALLY_CONFIG_DIR").filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let own = || directories::ProjectDirs::from("", "", "tally").map(|dirs| dirs.config_dir().to_owned());
        named.or_else(own).ok_or(SettingsError::NoConfigDir)
    }

    /// The store in `config_dir`, with its secrets in `secrets`.
    pub fn with_secrets(config_dir: PathBuf, secrets: Secrets) -> Self {
        Self { config_dir, secrets, lock_limit: LOCK_LIMIT }
    }

    /// All profiles, sorted by name.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn list(&self) -> Result<Listing, SettingsError> {
        let mut warnings = Vec::new();
        let entries = self.entries(&mut warnings)?;
        let mut profiles = Vec::new();
        for mut entry in entries {
            warnings.append(&mut entry.content.warnings);
            let destinations = entry.content.settings.destinations.into_iter().map(|d| d.name).collect();
            profiles.push(ProfileSummary { name: entry.name, destinations, file: entry.path });
        }
        profiles.sort_by_cached_key(|profile| (profile.name.to_lowercase(), profile.file.clone()));
        Ok(Listing { profiles, warnings })
    }

    /// The profile called `name` (case does not count), with its secrets.
    ///
    /// # Errors
    /// There is none, or its file cannot be read.
    pub fn load(&self, name: &str) -> Result<Loaded, SettingsError> {
        self.load_entry(self.existing(name)?)
    }

    /// Keeps `settings` as `name`: a new profile, or the new content of the one of exactly this name.
    /// Secrets, also those inside a URL, go to the secret store. Returns what the user should know.
    ///
    /// # Errors
    /// A bad name or value, a profile whose name differs in case only, a folder that cannot be written.
    pub fn save(&self, name: &str, settings: &ShowSettings) -> Result<Vec<Warning>, SettingsError> {
        let _lock = self.lock()?;
        self.save_locked(name, settings, None)
    }

    /// Gives a profile another name. Its file and its secrets follow.
    ///
    /// # Errors
    /// No such profile, the new name is bad or taken, the folder cannot be written.
    pub fn rename(&self, name: &str, new_name: &str) -> Result<Vec<Warning>, SettingsError> {
        let new_name = checked_name(new_name)?;
        let _lock = self.lock()?;
        let old = self.existing(name)?;
        let taken =
            self.entries(&mut Vec::new())?.into_iter().find(|e| e.path != old.path && same_name(&e.name, new_name));
        if let Some(taken) = taken {
            return Err(SettingsError::Exists { existing: taken.name });
        }
        let (old_path, old_kept, document) = (old.path.clone(), old.kept(), old.document.clone());
        let loaded = self.load_entry(old)?;
        loaded.settings.clone().with_secrets_split().validate()?;
        let path = if slug(new_name) == slug_of(&old_path) { old_path.clone() } else { self.free_path(new_name) };
        let is_link = path != old_path && old_path.is_symlink();
        if is_link {
            // The file it leads to stays the profile's.
            fs::rename(&old_path, &path).map_err(io_error("rename", &old_path))?;
        }
        // The new one is whole before anything of the old one goes.
        let written = self.write(&path, new_name, &loaded.settings, document, &[]);
        if is_link && written.is_err() {
            fs::rename(&path, &old_path).map_err(io_error("rename", &path))?;
        }
        let mut told = written?;
        if path != old_path && !is_link {
            fs::remove_file(&old_path).map_err(io_error("remove", &old_path))?;
        }
        self.forget(&old_kept, None)?;
        told.splice(0..0, loaded.warnings);
        Ok(told)
    }

    /// Removes a profile and its secrets. Returns its name as it was saved.
    ///
    /// # Errors
    /// No such profile, or the folder cannot be written.
    pub fn remove(&self, name: &str) -> Result<String, SettingsError> {
        let _lock = self.lock()?;
        let entry = self.existing(name)?;
        // A crash may have left some that its file does not speak of.
        let own = format!("{}/", entry.slug());
        let left = self.secrets.entries_in_file().into_iter().filter(|at| at.starts_with(&own));
        self.forget(&entry.kept().into_iter().chain(left).collect::<Vec<_>>(), Some(&entry.path))?;
        fs::remove_file(&entry.path).map_err(io_error("remove", &entry.path))?;
        Ok(entry.name)
    }

    /// Claims what is set at the moment for a window, so that no second one writes over it. `None`: another has it.
    pub fn claim_session(&self) -> Option<SessionClaim> {
        SessionClaim::take(&self.config_dir)
    }

    /// Keeps `settings` as what is set at the moment, with the profile they came from: not a profile, but what the window
    /// opens with next time, however unfinished. Returns what the user should know.
    ///
    /// # Errors
    /// A path that is not UTF-8, or a folder that cannot be written.
    pub fn keep_session(&self, profile: Option<&str>, settings: &ShowSettings) -> Result<Vec<Warning>, SettingsError> {
        let _lock = self.lock()?;
        let path = self.session_path();
        let mut told = Vec::new();
        let (document, kept) = match read_entry(&path) {
            Ok(Some(entry)) => (entry.document.clone(), entry.kept()),
            Ok(None) => (DocumentMut::new(), Vec::new()),
            Err(unusable) => {
                told.push(put_aside(&path, &unusable));
                (DocumentMut::new(), Vec::new())
            }
        };
        told.extend(self.write(&path, profile.unwrap_or_default(), settings, document, &kept)?);
        Ok(told)
    }

    /// What was set when the window was closed, its secrets yet to be read: reads one small file and asks no secret store.
    pub fn session(&self) -> Option<Session> {
        let entry = read_entry(&self.session_path()).ok()??;
        Some(Session { profile: entry.session_profile(), settings: entry.unread_settings() })
    }

    /// The same with its secrets, and what could not be used. `None` if nothing was kept, or nothing that can
    /// be read: that is set aside.
    pub fn load_session(&self) -> (Option<Session>, Vec<Warning>) {
        let path = self.session_path();
        let entry = match read_entry(&path) {
            Ok(Some(entry)) => entry,
            Ok(None) => return (None, Vec::new()),
            Err(unusable) => return (None, vec![put_aside(&path, &unusable)]),
        };
        let profile = entry.session_profile();
        match self.load_entry(entry) {
            Ok(Loaded { settings, warnings, .. }) => (Some(Session { profile, settings }), warnings),
            Err(error) => (None, vec![Warning::Said(error.to_string())]),
        }
    }

    /// Keeps how the window looks and stands.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn keep_window(&self, window: &WindowSettings) -> Result<(), SettingsError> {
        let _lock = self.lock()?;
        window.save(&self.config_dir)
    }

    /// The folder of all of this.
    pub fn config_dir(&self) -> &Path {
        &self.config_dir
    }

    /// The key that senders of incoming streams must show, and its file, which only this user can read: `fresh` becomes one
    /// where there is none yet.
    ///
    /// # Errors
    /// A key that cannot be read, or a folder that cannot be written.
    pub fn incoming_key(&self, fresh: &str) -> Result<(PathBuf, StreamKey), SettingsError> {
        let file = self.config_dir.join("incoming-key.txt");
        // Only where there is nothing: senders know a key that cannot be read.
        if fs::metadata(&file).is_ok_and(|file| file.len() > 0) {
            let unreadable = |reason| io_error("read", &file)(io::Error::other(reason));
            let key = StreamKey::read_file(&file).map_err(unreadable)?;
            return Ok((file, key));
        }
        let _lock = self.lock()?;
        write_atomically(&file, fresh, Access::Private)?;
        Ok((file, StreamKey::new(fresh)))
    }

    /// Where stream keys and passwords rest on this system.
    pub fn keys_in(&self) -> KeysIn {
        self.secrets.keys_in()
    }

    fn profiles_dir(&self) -> PathBuf {
        self.config_dir.join("profiles")
    }

    fn session_path(&self) -> PathBuf {
        self.config_dir.join(SESSION_FILE)
    }

    /// Keeps two Tallys from writing at once. Released when the file is dropped.
    fn lock(&self) -> Result<File, SettingsError> {
        let folder = self.profiles_dir();
        fs::create_dir_all(&folder).map_err(io_error("make", &folder))?;
        let path = self.config_dir.join(".lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(io_error("write", &path))?;
        let locked = match file.try_lock() {
            Err(TryLockError::WouldBlock) => self.locked_by_another(file),
            Err(TryLockError::Error(error)) => Err(error),
            Ok(()) => Ok(file),
        };
        let file = locked.map_err(io_error("lock", &path))?;
        for folder in [&self.config_dir, &folder] {
            remove_leftovers(folder, None);
        }
        Ok(file)
    }

    /// The lock once another Tally lets go of it, which may wait for its secret store.
    fn locked_by_another(&self, file: File) -> io::Result<File> {
        let busy = "another Tally has been writing there for too long; let it finish or end it, and try again";
        let locked = bounded("settings-lock", self.lock_limit, move || file.lock().map(|()| file));
        locked.unwrap_or_else(|| Err(io::Error::new(io::ErrorKind::TimedOut, busy)))
    }

    /// Every profile that can be read, by file name. Broken files are set aside and told of; a copy that has the name of
    /// another file's profile still is called after its own file.
    fn entries(&self, warnings: &mut Vec<Warning>) -> Result<Vec<Entry>, SettingsError> {
        let folder = self.profiles_dir();
        let files = match fs::read_dir(&folder) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io_error("read", &folder)(error)),
        };
        let paths = files.filter_map(|file| Some(file.ok()?.path()));
        let is_profile = |path: &PathBuf| {
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            !hidden && path.extension().is_some_and(|extension| extension == "toml")
        };
        let mut paths: Vec<PathBuf> = paths.filter(is_profile).collect();
        paths.sort();
        let mut entries = Vec::new();
        for path in paths {
            match read_entry(&path) {
                Ok(entry) => entries.extend(entry),
                Err(unusable) => warnings.push(put_aside(&path, &unusable)),
            }
        }
        for at in 0..entries.len() {
            if let Some(name) = taken_by_another(&entries, at)
                && let Some(entry) = entries.get_mut(at)
            {
                let warning = Warning::Document(told_path(&entry.path), DocumentWarning::NameTaken { name });
                entry.name = entry.slug();
                entry.content.warnings.push(warning);
            }
        }
        Ok(entries)
    }

    /// The profile called `name`: written exactly so, or else in other letters.
    fn existing(&self, name: &str) -> Result<Entry, SettingsError> {
        let mut warnings = Vec::new();
        let mut entries = self.entries(&mut warnings)?;
        let exact = entries.iter().position(|entry| entry.name == name.trim());
        if let Some(at) = exact.or_else(|| entries.iter().position(|entry| same_name(&entry.name, name))) {
            return Ok(entries.swap_remove(at));
        }
        let wanted = self.profiles_dir().join(format!("{}.toml", slug(name)));
        let told = told_path(&wanted);
        let is_wanted = |warning: &Warning| matches!(warning, Warning::Document(file, _) if *file == told);
        if let Some(warning) = warnings.into_iter().find(is_wanted) {
            return Err(SettingsError::Broken { file: wanted, reason: warning.to_string() });
        }
        let existing = entries.into_iter().map(|entry| entry.name).collect();
        Err(SettingsError::NoProfile { name: name.trim().to_owned(), existing })
    }

    fn load_entry(&self, entry: Entry) -> Result<Loaded, SettingsError> {
        let mut settings = entry.unread_settings();
        let mut warnings = entry.content.warnings;
        let typed_in = settings.destinations.iter().any(|d| d.stream_key.is_some() || d.password.is_some());
        if typed_in {
            warnings.push(Warning::Document(told_path(&entry.path), DocumentWarning::PlainSecret));
        }
        for destination in &mut settings.destinations {
            let name = destination.name.clone();
            for Field { kind, secret, unread, .. } in fields(destination) {
                let Some(SecretEntry(at)) = unread else { continue };
                let destination = name.clone();
                match self.secrets.get(at) {
                    Ok(found) => {
                        // One that is gone is as little there as one that cannot be read: no show goes out without it.
                        if found.is_none() {
                            warnings.push(Warning::SecretGone { secret: kind, destination });
                        } else {
                            (*secret, *unread) = (found, None);
                        }
                    }
                    Err(error) => {
                        let reason = error.to_string();
                        warnings.push(Warning::SecretUnread { secret: kind, destination, reason });
                    }
                }
            }
        }
        Ok(Loaded { name: entry.name, settings, warnings })
    }

    fn save_locked(
        &self,
        name: &str,
        settings: &ShowSettings,
        base: Option<DocumentMut>,
    ) -> Result<Vec<Warning>, SettingsError> {
        let name = checked_name(name)?;
        settings.clone().with_secrets_split().validate()?;
        let mut told = Vec::new();
        let mut entries = self.entries(&mut told)?;
        let same = entries.iter().position(|entry| same_name(&entry.name, name));
        let Some(old) = same.map(|at| entries.swap_remove(at)) else {
            told.extend(self.write(&self.free_path(name), name, settings, base.unwrap_or_default(), &[])?);
            return Ok(told);
        };
        if old.name != name {
            return Err(SettingsError::Exists { existing: old.name });
        }
        let kept = old.kept();
        told.extend(self.write(&old.path, name, settings, old.document, &kept)?);
        Ok(told)
    }

    /// Secrets first, then the file that speaks of them, then away with the entries of `old_kept` that
    /// it no longer speaks of.
    fn write(
        &self,
        path: &Path,
        name: &str,
        settings: &ShowSettings,
        mut document: DocumentMut,
        old_kept: &[String],
    ) -> Result<Vec<Warning>, SettingsError> {
        let mut settings = settings.clone().with_secrets_split();
        let (places, secrets) = self.places(path, &mut settings);
        write_profile(&mut document, name, &settings, &places)?;
        let access = if holds_secrets(&document) { Access::Private } else { access_to(&settings) };
        let mut told = Vec::new();
        for (entry, secret) in &secrets {
            told.extend(self.secrets.set(entry, secret)?);
        }
        told.dedup();
        write_atomically(path, &document.to_string(), access)?;
        self.forget(old_kept, None)?;
        Ok(told)
    }

    /// A file name for `name` that no profile has.
    fn free_path(&self, name: &str) -> PathBuf {
        let slug = slug(name);
        let folder = self.profiles_dir();
        let first = folder.join(format!("{slug}.toml"));
        let mut numbered = (2..).map(|n: u32| folder.join(format!("{slug}-{n}.toml")));
        if first.exists() { numbered.find(|path| !path.exists()).unwrap_or(first) } else { first }
    }
}

/// The name of the entry at `at`, if it is another's: of those of one name it is the first that is in the file of that name, or
/// else the first.
fn taken_by_another(entries: &[Entry], at: usize) -> Option<String> {
    let entry = entries.get(at)?;
    let alike = || entries.iter().enumerate().filter(|(_, other)| same_name(&other.name, &entry.name));
    let own = alike().find(|(_, other)| other.slug() == slug(&other.name)).or_else(|| alike().next());
    own.filter(|(owner, _)| *owner != at).map(|_| entry.name.clone())
}

/// Who may read a profile: addresses may hold what only their user is to know.
fn access_to(settings: &ShowSettings) -> Access {
    let addresses = settings.destinations.iter().flat_map(|d| [Some(&d.server), d.backup_server.as_ref()]);
    if addresses.flatten().any(|address| address.contains('?')) { Access::Private } else { Access::Default }
}

fn slug_of(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Why a profile's file cannot be used.
struct Unusable {
    reason: String,
    /// It is no TOML; not merely out of reach at the moment.
    broken: bool,
}

/// `Ok(None)` if the file went away meanwhile.
fn read_entry(path: &Path) -> Result<Option<Entry>, Unusable> {
    let text = match read_text(path) {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(None),
        Err(SettingsError::Io { source, .. }) if source.kind() == io::ErrorKind::InvalidData => {
            return Err(Unusable { reason: source.to_string(), broken: true });
        }
        Err(error) => return Err(Unusable { reason: error.to_string(), broken: false }),
    };
    let broken = |error| Unusable { reason: toml_reason(&text, &error), broken: true };
    let document = text.parse::<DocumentMut>().map_err(broken)?;
    let mut content = read_profile(&document, &told_path(path));
    let name = content.name.take().filter(|name| checked_name(name).is_ok()).map(|name| name.trim().to_owned());
    let name = name.unwrap_or_else(|| {
        // What is set is of no profile until it is saved as one.
        if !is_session(path) {
            content.warnings.push(Warning::Document(told_path(path), DocumentWarning::NoName));
        }
        slug_of(path)
    });
    Ok(Some(Entry { path: path.to_owned(), document, name, content }))
}

/// `profiles/<file>`, as warnings name it.
fn told_path(path: &Path) -> String {
    let folder = if is_session(path) { "" } else { "profiles/" };
    format!("{folder}{}", path.file_name().unwrap_or_default().to_string_lossy())
}

fn is_session(path: &Path) -> bool {
    path.file_name().is_some_and(|file| file == SESSION_FILE)
}

/// Where TOML is broken, without quoting the text: it may hold a secret.
fn toml_reason(text: &str, error: &toml_edit::TomlError) -> String {
    let start = error.span().map_or(0, |span| span.start);
    let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
    format!("line {line} is not valid TOML")
}

/// Sets a broken profile aside, and says so.
fn put_aside(path: &Path, unusable: &Unusable) -> Warning {
    let reason = unusable.reason.clone();
    let warning = match unusable.broken {
        false => DocumentWarning::Unreadable { reason },
        true => DocumentWarning::SetAside { reason, aside: set_aside(path).map_err(|error| error.to_string()) },
    };
    Warning::Document(told_path(path), warning)
}

#[cfg(test)]
mod reach_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unread_tests;
