//! What the window says of profiles.

use super::{Model, Order};
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
    /// A profile or a link was chosen for the whole show: that answers the questions of the first start, or was refused, and
    /// where no sheet is open that says so, why.
    pub(super) fn chosen_whole(&mut self, now: f64) -> Vec<Order> {
        let Some(lock) = self.desk.refused else { return self.end_first_run(now) };
        let why = Words(self.lang()).locked_on_air(lock);
        self.desk.tell(why);
        Vec::new()
    }
}
