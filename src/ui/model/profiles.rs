//! What the window says of profiles.

use super::Model;
use crate::settings::SettingsError;
use crate::ui::profiles::ProfileDone;
use crate::ui::wording::Words;

/// What is said of what was done; nothing of what is seen anyway.
pub(super) fn sentence(done: &Result<ProfileDone, SettingsError>, words: Words) -> Option<String> {
    match done {
        Ok(ProfileDone::Exported(path)) => Some(words.written_to(path)),
        Ok(ProfileDone::Imported(name)) => Some(words.imported_as(name)),
        Ok(ProfileDone::Duplicated(name)) => Some(words.duplicated_as(name)),
        Ok(_) => None,
        Err(error) => Some(words.settings_error(error)),
    }
}

impl Model {
    /// A show to take over was refused, where no sheet is open that says so: why.
    pub(super) fn tell_refused(&mut self) {
        if let Some(lock) = self.desk.refused {
            let why = Words(self.lang()).locked_on_air(lock);
            self.desk.tell(why);
        }
    }
}
