//! Why a command could not do its work: the exit code and the sentence that goes with it.

use super::{Exit, print};
use crate::settings::SettingsError;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// How the command ends.
    pub exit: Exit,
    /// What happened and what to do, without secrets.
    pub message: String,
}

impl Failure {
    /// The command line or a profile is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into() }
    }

    /// Tells the user; returns the exit code.
    pub fn tell(&self) -> Exit {
        print::complain(&self.message);
        self.exit
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::usage(error.to_string())
    }
}
