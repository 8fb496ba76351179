//! Why a command could not do its work: the exit code and the sentence that goes with it.

use std::io;
use std::path::Path;

use super::{Exit, print};
use crate::settings::{SettingsError, UrlOf, file_advice, is_wrong_name};
use crate::studio::{Problem, ProblemKind};

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// How the command ends.
    pub exit: Exit,
    /// What happened and what to do, without secrets.
    pub message: String,
    /// What `--json` tells of a show that cannot start.
    pub problem: Problem,
}

impl Failure {
    /// The command line or a profile is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// A file that was named cannot be used so: what the system said, and what to do.
    pub(super) fn of_file(action: &str, path: &Path, error: &io::Error) -> Self {
        let advice = file_advice(error).unwrap_or("try again, or choose another file");
        Self::usage(format!("cannot {action} {}: {error}; {advice}", path.display()))
    }

    /// The same of a file that was asked for.
    pub(super) fn of_unwritten(path: &Path, error: &io::Error) -> Self {
        let failure = Self::of_file("write", path, error);
        if is_wrong_name(error) { failure } else { Self::new(Exit::Recording, failure.message) }
    }

    /// `message` with its exit code.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        let message = message.into();
        // The kind and the exit code say the same.
        let (kind, about) = match exit {
            Exit::Recording => (ProblemKind::FileUnwritten, "file"),
            Exit::Bug => (ProblemKind::Internal, "tally"),
            _ => (ProblemKind::BadSettings, "settings"),
        };
        let problem = Problem::new(kind, about, message.clone());
        Self { exit, message, problem }
    }

    /// The same, told to scripts as this kind.
    pub(super) fn told_as(self, kind: ProblemKind, about: impl Into<String>, details: impl Into<String>) -> Self {
        Self { problem: Problem::new(kind, about, details), ..self }
    }

    /// Tells the user; returns the exit code.
    pub fn tell(&self) -> Exit {
        print::complain(&self.message);
        self.exit
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        let exit = if error.is_unwritten() { Exit::Recording } else { Exit::Usage };
        let failure = Self::new(exit, error.to_string());
        match error {
            SettingsError::FileExists { .. } => {
                Self::usage(format!("{error}: nothing is overwritten, give another name"))
            }
            SettingsError::Url { of: UrlOf::Destination, shown, reason } => {
                failure.told_as(ProblemKind::BadUrl, shown, reason.to_string())
            }
            _ => failure,
        }
    }
}
