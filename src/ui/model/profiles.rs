//! What becomes of an answer of the keeper of profiles, and what the window says of it.

use super::{Model, Order};
use crate::settings::{CardChoice, SettingsError, ShowLink, Warning};
use crate::studio::{Problem, ProblemKind};
use crate::ui::incoming;
use crate::ui::profile_request::{ProfileAnswer, ProfileDone, ProfileRequest};
use crate::ui::wording::Words;

/// What is said of what was done; nothing of what is seen anyway.
fn sentence(done: &Result<ProfileDone, SettingsError>, words: Words) -> Option<String> {
    match done {
        Ok(ProfileDone::Exported(path)) => Some(words.written_to(path)),
        Ok(ProfileDone::Imported(name)) => Some(words.imported_as(name)),
        Ok(ProfileDone::Duplicated(name)) => Some(words.duplicated_as(name)),
        Ok(_) => None,
        Err(error) => Some(words.settings_error(error)),
    }
}

impl Model {
    /// Takes an answer of the keeper of profiles.
    pub fn handle_profile(&mut self, now: f64, mut answer: ProfileAnswer) -> Vec<Order> {
        answer.told.extend(sentence(&answer.done, Words(self.lang())).map(Warning::Said));
        if let Ok(ProfileDone::RecordingFolder { folder, fault }) = &answer.done {
            let wanted = self.desk.settings().record.as_deref().and_then(std::path::Path::parent);
            if wanted == Some(folder.as_path()) {
                let about = folder.display().to_string();
                self.recording_fault = fault.clone().map(|why| Problem::new(ProblemKind::RecordingFailed, about, why));
            }
        }
        if let Ok(ProfileDone::CardPicture(picture, fault)) = &answer.done
            && self.desk.settings().card == CardChoice::Image(picture.clone())
        {
            self.card_fault.clone_from(fault);
        }
        if let (Ok(ProfileDone::ReportSaved(saved)), Some(result)) = (&answer.done, &mut self.result) {
            result.report_file = Some(saved.clone());
        }
        if let Ok(ProfileDone::IncomingKey(file, key)) = &answer.done {
            let (file, key) = (file.clone(), key.clone());
            let orders =
                self.change(now, |settings| settings.ingest = incoming::from_the_network(&settings.ingest, file));
            if !self.tell_refusal() {
                self.incoming.show_key(key);
            }
            return orders;
        }
        let before = self.desk.settings().clone();
        let is_chosen = matches!(answer.done, Ok(ProfileDone::Loaded(..)));
        // At the first start a profile is imported to be used, and nothing is chosen yet that it would replace.
        let imported = match &answer.done {
            Ok(ProfileDone::Imported(name)) if self.first_run => Some(ProfileRequest::Load(name.clone())),
            _ => None,
        };
        self.desk.handle_profile(answer, self.is_on());
        let mut orders = self.orders_since(now, &before);
        orders.extend(imported.map(Order::Profile));
        if is_chosen {
            orders.extend(self.chosen_whole(now));
        }
        orders
    }

    /// A profile or a link was chosen for the whole show: that answers the questions of the first start, or was refused.
    pub(super) fn chosen_whole(&mut self, now: f64) -> Vec<Order> {
        if self.tell_refusal() { Vec::new() } else { self.end_first_run(now) }
    }

    /// Says what of a link that was taken was not: a server that is not there is missed only on air.
    pub(super) fn tell_left_out(&mut self, link: &ShowLink) {
        if self.desk.refused.is_some() {
            return;
        }
        let words = Words(self.lang());
        for left_out in &link.left_out {
            self.desk.tell(Warning::Said(words.left_out(*left_out).to_owned()));
        }
    }

    /// Says why the last change was refused, if it was, where no sheet is open that says so.
    pub(super) fn tell_refusal(&mut self) -> bool {
        let why = self.desk.refused.map(|lock| Words(self.lang()).locked_on_air(lock));
        let is_refused = why.is_some();
        if let Some(why) = why {
            self.desk.tell(Warning::Said(why));
        }
        is_refused
    }
}
