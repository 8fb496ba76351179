//! The keeper of profiles: a thread that owns the store and its secrets, so that no disk and no secret store is waited
//! for where the window is drawn.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use super::profile_request::{ProfileAnswer, ProfileDone, ProfileRequest};
use super::report::rehearsal_text;
use crate::clock::{Clock, local_date_and_time};
use crate::flow::{Popped, Queue, Worker};
use crate::media::{Timestamp, try_folder};
use crate::settings::{
    KeysIn, Loaded, ProfileStore, SessionClaim, SettingsError, ShowSettings, StreamKey, Warning, open_unawaited,
};
use crate::studio::flight::{Flight, FlightWords, flight_html};
use crate::studio::rehearsal::RehearsalReport;
use crate::studio::{card_fault, fresh_key};

/// Requests and answers that may wait: more than anybody clicks before the disk answers.
const QUEUE_LENGTH: usize = 32;
/// How long a deleted profile can be brought back.
const KEEP_DELETED: Duration = Duration::from_secs(600);
/// How often it is looked whether that time is over.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Most bytes of a file to import.
const FILE_LENGTH_MAX: u64 = 1 << 20;

/// The running keeper. Dropping it finishes what was asked and joins its thread.
#[derive(Debug)]
pub struct ProfileKeeper {
    requests: Queue<ProfileRequest>,
    answers: Queue<ProfileAnswer>,
    _worker: Worker,
}

impl ProfileKeeper {
    /// Starts the keeper of `store`. `notify` is called, on its thread, after each answer.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(store: ProfileStore, clock: Clock, notify: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let (requests, answers) = (Queue::new(QUEUE_LENGTH), Queue::new(QUEUE_LENGTH));
        let (asked, told) = (requests.clone(), answers.clone());
        let worker = Worker::spawn("profiles", move |_stop| {
            let mut shelf = Shelf { store, clock, claim: None, deleted: None, keys_in: None };
            loop {
                let answer = match asked.pop(LOOK_INTERVAL) {
                    Popped::Value(request) => Some(shelf.answer(request)),
                    Popped::Empty => shelf.forget_when_over(),
                    Popped::Closed => return,
                };
                // Nobody reads: whoever asks next is told the names anew.
                if answer.is_some_and(|answer| told.push(answer).is_ok()) {
                    notify();
                }
            }
        })?;
        Ok(Self { requests, answers, _worker: worker })
    }

    /// Asks; `false` if so much waits already that it was refused.
    pub fn ask(&self, request: ProfileRequest) -> bool {
        self.requests.push(request).is_ok()
    }

    /// The next answer, waiting at most `limit`; zero polls.
    pub fn next_answer(&self, limit: Duration) -> Option<ProfileAnswer> {
        match self.answers.pop(limit) {
            Popped::Value(answer) => Some(answer),
            Popped::Empty | Popped::Closed => None,
        }
    }
}

impl Drop for ProfileKeeper {
    fn drop(&mut self) {
        self.requests.close();
    }
}

/// The store, and what was deleted last.
struct Shelf {
    store: ProfileStore,
    clock: Clock,
    /// `None`: another window keeps what is set, or nobody asked yet.
    claim: Option<SessionClaim>,
    deleted: Option<(Loaded, Timestamp)>,
    /// Asked once: the secret store may be slow.
    keys_in: Option<KeysIn>,
}

impl Shelf {
    fn answer(&mut self, request: ProfileRequest) -> ProfileAnswer {
        self.drop_what_is_over();
        let (mut told, asked) = (Vec::new(), request.is_asked());
        let done = self.serve(request, &mut told);
        self.standing(done, asked, told)
    }

    /// That nothing can be brought back any more, when it has become so.
    fn forget_when_over(&mut self) -> Option<ProfileAnswer> {
        self.drop_what_is_over().then(|| self.standing(Ok(ProfileDone::Forgotten), false, Vec::new()))
    }

    fn drop_what_is_over(&mut self) -> bool {
        let now = self.clock.now();
        let is_over = self.deleted.as_ref().is_some_and(|(_, at)| now.since(*at) >= KEEP_DELETED);
        if is_over {
            self.deleted = None;
        }
        is_over
    }

    fn standing(
        &mut self,
        done: Result<ProfileDone, SettingsError>,
        asked: bool,
        mut told: Vec<Warning>,
    ) -> ProfileAnswer {
        let names = match self.store.list() {
            Ok(listing) => {
                told.extend(listing.warnings);
                listing.profiles.into_iter().map(|profile| profile.name).collect()
            }
            Err(error) => {
                told.push(Warning::Said(error.to_string()));
                Vec::new()
            }
        };
        let deleted = self.deleted.as_ref().map(|(loaded, _)| loaded.name.clone());
        let keys_in = *self.keys_in.get_or_insert_with(|| self.store.keys_in());
        ProfileAnswer { done, asked, told, names, deleted, keys_in }
    }

    fn serve(&mut self, request: ProfileRequest, told: &mut Vec<Warning>) -> Result<ProfileDone, SettingsError> {
        match request {
            ProfileRequest::Resume => {
                if !self.keeps_session() {
                    told.push(Warning::AnotherWindow);
                }
                let (session, warnings) = self.store.load_session();
                told.extend(warnings);
                let Some(session) = session else {
                    return Ok(ProfileDone::Resumed { session: None, saved: None });
                };
                let saved = session.profile.as_deref().and_then(|name| self.store.load(name).ok());
                let saved = saved.map(|loaded| Box::new(loaded.settings));
                Ok(ProfileDone::Resumed { session: Some(Box::new(session.settings)), saved })
            }
            ProfileRequest::KeepSession(..) | ProfileRequest::KeepWindow(_) if !self.keeps_session() => {
                Ok(ProfileDone::LeftToAnother)
            }
            ProfileRequest::KeepSession(profile, settings) => {
                let settings = settings.with_absolute_paths();
                told.extend(self.store.keep_session(profile.as_deref(), &settings)?);
                Ok(ProfileDone::Kept)
            }
            ProfileRequest::KeepWindow(window) => {
                self.store.keep_window(&window)?;
                Ok(ProfileDone::Kept)
            }
            ProfileRequest::RecordingFolder { folder, make } => {
                let made = if make { std::fs::create_dir_all(&folder) } else { Ok(()) };
                let fault = made.and_then(|()| try_folder(&folder)).err().map(|error| error.to_string());
                Ok(ProfileDone::RecordingFolder { folder, fault })
            }
            ProfileRequest::CardPicture(picture) => {
                let fault = card_fault(&picture);
                Ok(ProfileDone::CardPicture(picture, fault))
            }
            ProfileRequest::IncomingKey(Some(file)) => match StreamKey::read_file(&file) {
                Ok(key) => Ok(ProfileDone::IncomingKey(file, key)),
                Err(reason) => {
                    let source = std::io::Error::other(reason);
                    Err(SettingsError::Io { action: "read", path: file, source })
                }
            },
            ProfileRequest::IncomingKey(None) => {
                let (folder, action) = (self.store.config_dir().to_owned(), "make a key in");
                let fresh = fresh_key().map_err(|source| SettingsError::Io { action, path: folder, source })?;
                let (file, key) = self.store.incoming_key(&fresh)?;
                Ok(ProfileDone::IncomingKey(file, key))
            }
            ProfileRequest::SaveReport { folder, report } => {
                Ok(ProfileDone::ReportSaved(save_report(&folder, &report)))
            }
            ProfileRequest::SaveShowReport { folder, flight, words } => {
                Ok(ProfileDone::ReportSaved(save_show_report(&folder, &flight, words)))
            }
            ProfileRequest::List => Ok(ProfileDone::Listed),
            ProfileRequest::Load(name) => {
                let Loaded { name, settings, warnings } = self.store.load(&name)?;
                told.extend(warnings);
                Ok(ProfileDone::Loaded(name, Box::new(settings)))
            }
            ProfileRequest::Save(name, settings) => self.save(name.trim(), &settings, told),
            ProfileRequest::SaveAs(name, settings) => {
                self.refuse_if_taken(&name)?;
                self.save(name.trim(), &settings, told)
            }
            ProfileRequest::Rename { from, to } => {
                told.extend(self.store.rename(&from, &to)?);
                Ok(ProfileDone::Renamed { from, to: to.trim().to_owned() })
            }
            ProfileRequest::Duplicate(name) => {
                let Loaded { name, settings, warnings } = self.store.load(&name)?;
                told.extend(warnings);
                let copy = self.free_name(&name)?;
                told.extend(self.store.save(&copy, &settings)?);
                Ok(ProfileDone::Duplicated(copy))
            }
            ProfileRequest::Delete(name) => {
                // What cannot be read cannot be brought back, so it is not deleted.
                let loaded = self.store.load(&name)?;
                let name = self.store.remove(&loaded.name)?;
                self.deleted = Some((loaded, self.clock.now()));
                Ok(ProfileDone::Deleted(name))
            }
            ProfileRequest::UndoDelete => self.restore(told),
            ProfileRequest::Import(path) => {
                let (name, warnings) = self.store.import(&read_file(&path)?)?;
                told.extend(warnings);
                Ok(ProfileDone::Imported(name))
            }
            ProfileRequest::Export { name, path, replace } => {
                let path = std::path::absolute(&path).unwrap_or(path);
                if replace && path.is_file() {
                    let export = self.store.export(&name, false)?;
                    std::fs::write(&path, export.text).map_err(|source| io_error("write", &path, source))?;
                    told.extend(export.told);
                } else {
                    told.extend(self.store.export_to(&name, &path, false)?.told);
                }
                Ok(ProfileDone::Exported(path))
            }
        }
    }

    /// Whether what is set is this window's to keep; it is once the other one is closed.
    fn keeps_session(&mut self) -> bool {
        if self.claim.is_none() {
            self.claim = self.store.claim_session();
        }
        self.claim.is_some()
    }

    fn save(&self, name: &str, settings: &ShowSettings, told: &mut Vec<Warning>) -> Result<ProfileDone, SettingsError> {
        told.extend(self.store.save(name, &settings.clone().with_absolute_paths())?);
        Ok(ProfileDone::Saved(name.to_owned(), Box::new(settings.clone())))
    }

    /// Puts the deleted profile back; it stays at hand if that fails.
    fn restore(&mut self, told: &mut Vec<Warning>) -> Result<ProfileDone, SettingsError> {
        let Some((loaded, _)) = &self.deleted else {
            return Ok(ProfileDone::Forgotten);
        };
        self.refuse_if_taken(&loaded.name)?;
        told.extend(self.store.save(&loaded.name, &loaded.settings)?);
        let name = loaded.name.clone();
        self.deleted = None;
        Ok(ProfileDone::Restored(name))
    }

    fn refuse_if_taken(&self, name: &str) -> Result<(), SettingsError> {
        let name = name.trim().to_lowercase();
        let taken = self.store.list()?.profiles.into_iter().find(|profile| profile.name.to_lowercase() == name);
        taken.map_or(Ok(()), |taken| Err(SettingsError::Exists { existing: taken.name }))
    }

    /// `Church` gives `Church 2`, and that gives `Church 3`.
    fn free_name(&self, name: &str) -> Result<String, SettingsError> {
        let taken: Vec<String> = self.store.list()?.profiles.into_iter().map(|p| p.name.to_lowercase()).collect();
        let numbered = name.rsplit_once(' ').filter(|(_, number)| number.parse::<u32>().is_ok_and(|n| n >= 2));
        let stem = numbered.map_or(name, |(stem, _)| stem);
        let mut names = (2_u32..).map(|n| format!("{stem} {n}"));
        let free = names.find(|candidate| !taken.contains(&candidate.to_lowercase()));
        Ok(free.unwrap_or_else(|| stem.to_owned()))
    }
}

fn read_file(path: &Path) -> Result<String, SettingsError> {
    let wrong = |source| io_error("read", path, source);
    let mut text = String::new();
    let length =
        open_unawaited(path).map_err(wrong)?.take(FILE_LENGTH_MAX + 1).read_to_string(&mut text).map_err(wrong)?;
    if length as u64 > FILE_LENGTH_MAX {
        return Err(SettingsError::Import { reason: "it is far too large for a profile".to_owned() });
    }
    Ok(text)
}

fn io_error(action: &'static str, path: &Path, source: std::io::Error) -> SettingsError {
    SettingsError::Io { action, path: path.to_owned(), source }
}

/// Writes the report of a rehearsal into `folder`; where it is, or why it is not.
fn save_report(folder: &Path, report: &RehearsalReport) -> Result<PathBuf, String> {
    let (date, time) = local_date_and_time();
    save_text(folder, &format!("Rehearsal {date} {time}.txt"), &rehearsal_text(report))
}

/// Makes the page of a show from the flight recorder's file, in `folder`.
fn save_show_report(folder: &Path, flight: &Path, words: FlightWords) -> Result<PathBuf, String> {
    let show = Flight::load(flight).map_err(|error| format!("{}: {error}", flight.display()))?;
    let page = flight_html(&show, words);
    let name = flight.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    save_text(folder, &format!("Show {name}.html"), &page)
}

fn save_text(folder: &Path, name: &str, text: &str) -> Result<PathBuf, String> {
    let path = folder.join(name);
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text));
    written.map(|()| path.clone()).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests;
