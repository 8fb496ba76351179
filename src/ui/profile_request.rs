//! What is asked of the keeper of profiles, and what it answers.

use std::path::PathBuf;

use crate::settings::{KeysIn, SettingsError, ShowSettings, StreamKey, Warning, WindowSettings};
use crate::studio::Problem;
use crate::studio::flight::FlightWords;
use crate::studio::rehearsal::RehearsalReport;

/// What is asked of the keeper.
#[derive(Clone, Debug, PartialEq)]
pub enum ProfileRequest {
    /// What was set when the window was closed, with its secrets.
    Resume,
    /// These settings, of that profile, are what the window opens with next time.
    KeepSession(Option<String>, Box<ShowSettings>),
    /// So the window looks and stands next time.
    KeepWindow(Box<WindowSettings>),
    /// The report of a rehearsal, as a text file in this folder.
    SaveReport {
        /// Made if it is missing.
        folder: PathBuf,
        /// What to write.
        report: Box<RehearsalReport>,
    },
    /// What the flight recorder kept of a show, as a page for a browser in this folder.
    SaveShowReport {
        /// Made if it is missing.
        folder: PathBuf,
        /// The flight recorder's file.
        flight: PathBuf,
        /// The page's language.
        words: FlightWords,
    },
    /// Whether recordings can be written into this folder.
    RecordingFolder {
        /// Where.
        folder: PathBuf,
        /// Whether it is made if it is missing.
        make: bool,
    },
    /// Whether this picture can be the card.
    CardPicture(PathBuf),
    /// The key that senders of incoming streams must show: that of this file, or else one of Tally's own.
    IncomingKey(Option<PathBuf>),
    /// Which profiles there are.
    List,
    /// The settings of a profile.
    Load(String),
    /// These settings as the content of a profile: a new one or the one of this name.
    Save(String, Box<ShowSettings>),
    /// These settings as a new profile; refused if there is one of this name.
    SaveAs(String, Box<ShowSettings>),
    /// Another name.
    Rename {
        /// As it is called.
        from: String,
        /// As it is to be called.
        to: String,
    },
    /// A copy, with its secrets, under a name of its own.
    Duplicate(String),
    /// Away with it; it can be brought back until the next one is deleted or some minutes are over.
    Delete(String),
    /// Brings back what was deleted last.
    UndoDelete,
    /// A profile from a file.
    Import(PathBuf),
    /// A profile to a file, without secrets.
    Export {
        /// Which.
        name: String,
        /// Where to.
        path: PathBuf,
        /// Whether a file that is there may go: the user was asked.
        replace: bool,
    },
}

impl ProfileRequest {
    /// Whether it stands for what a user did with profiles, so that whatever comes of it is news.
    pub(super) fn is_asked(&self) -> bool {
        !matches!(
            self,
            Self::Resume
                | Self::KeepSession(..)
                | Self::KeepWindow(_)
                | Self::SaveReport { .. }
                | Self::SaveShowReport { .. }
                | Self::RecordingFolder { .. }
                | Self::CardPicture(_)
                | Self::List
        )
    }
}

/// What was done.
#[derive(Clone, Debug, PartialEq)]
pub enum ProfileDone {
    /// What was set, with its secrets, and what its profile holds.
    Resumed {
        /// As it was set; `None` if nothing was kept.
        session: Option<Box<ShowSettings>>,
        /// What is in the profile that it came from.
        saved: Option<Box<ShowSettings>>,
    },
    /// Kept for next time; nothing is where another window keeps what is set.
    Kept,
    /// What was to be kept for next time is not: another window does so.
    LeftToAnother,
    /// Whether recordings can be written there.
    RecordingFolder {
        /// Where.
        folder: PathBuf,
        /// Why they cannot.
        fault: Option<String>,
    },
    /// What is wrong with that picture as the card, if anything is.
    CardPicture(PathBuf, Option<Problem>),
    /// The key that senders must show, and its file.
    IncomingKey(PathBuf, StreamKey),
    /// The report's file, or why there is none.
    ReportSaved(Result<PathBuf, String>),
    /// Looked which there are.
    Listed,
    /// A profile's name and settings.
    Loaded(String, Box<ShowSettings>),
    /// Saved under this name, as it was set when that was asked.
    Saved(String, Box<ShowSettings>),
    /// Called so now.
    Renamed {
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// The copy's name.
    Duplicated(String),
    /// Deleted.
    Deleted(String),
    /// Brought back.
    Restored(String),
    /// The imported profile's name.
    Imported(String),
    /// Written there.
    Exported(PathBuf),
    /// What was deleted is gone for good.
    Forgotten,
}

/// An answer, with how things stand after it.
#[derive(Debug)]
pub struct ProfileAnswer {
    /// What was done, or why not.
    pub done: Result<ProfileDone, SettingsError>,
    /// Whether a user asked for it, so that it is told however often it was told before.
    pub asked: bool,
    /// What the user should know.
    pub told: Vec<Warning>,
    /// The names of all profiles, sorted.
    pub names: Vec<String>,
    /// The profile that can be brought back.
    pub deleted: Option<String>,
    /// Where stream keys are kept.
    pub keys_in: KeysIn,
}
