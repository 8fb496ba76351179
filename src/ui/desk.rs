//! What lies beside the show: the draft of its settings with undo and redo, the profile in use, the show card. Pure: what
//! is to be done elsewhere comes out as `Order`s.

use super::dialogs::{DialogAnswer, DialogRequest};
use super::model::Order;
use super::profiles::{ProfileAnswer, ProfileDone, ProfileRequest};
use super::settings_view::{Card, ProfilesAround};
use super::view::{Act, ProfilesView};
use crate::settings::{Draft, Lock, ShowSettings, joined_recording, split_recording};

/// The desk.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) draft: Draft,
    /// Why the last change was not taken.
    pub(super) refused: Option<Lock>,
    /// Whether the system has file dialogs.
    pub(super) has_dialogs: bool,
    profile: Option<String>,
    names: Vec<String>,
    deleted: Option<String>,
    told: Vec<String>,
    card: Option<Card>,
}

impl Desk {
    pub(super) fn new(settings: ShowSettings, profile: Option<String>) -> Self {
        Self { draft: Draft::new(settings), profile, ..Self::default() }
    }

    /// What `act` changes the settings to, if it does and may. `live`: a show runs.
    pub(super) fn settings_after(&mut self, act: &Act, now: f64, live: bool) -> Option<ShowSettings> {
        let taken = match act {
            Act::Edit(settings) => self.draft.edit((**settings).clone(), now, live).map(|()| true),
            Act::OpenLink(link) => {
                self.draft.end_typing();
                let applied = link.applied_to(self.draft.settings());
                self.draft.edit(applied, now, live).map(|()| true)
            }
            Act::Undo => self.draft.undo(live),
            Act::Redo => self.draft.redo(live),
            _ => return None,
        };
        self.refused = taken.err();
        (taken == Ok(true)).then(|| self.draft.settings().clone())
    }

    /// Takes an act about profiles or the card; gives what is to be done.
    pub(super) fn handle_act(&mut self, act: Act) -> Vec<Order> {
        let current = || Box::new(self.draft.settings().clone());
        let request = match act {
            Act::LoadProfile(name) => ProfileRequest::Load(name),
            Act::SaveProfile => match &self.profile {
                Some(name) => ProfileRequest::Save(name.clone(), current()),
                None => return Vec::new(),
            },
            Act::SaveProfileAs(name) => ProfileRequest::SaveAs(name, current()),
            Act::RenameProfile { from, to } => ProfileRequest::Rename { from, to },
            Act::DuplicateProfile(name) => ProfileRequest::Duplicate(name),
            Act::DeleteProfile(name) => ProfileRequest::Delete(name),
            Act::UndoDelete => ProfileRequest::UndoDelete,
            Act::ImportProfile(path) => ProfileRequest::Import(path),
            Act::ExportProfile { name, path } => ProfileRequest::Export { name, path, replace: false },
            Act::AskPath(request) => return vec![Order::Ask(request)],
            Act::CopyText(text) => return vec![Order::Copy(text)],
            Act::EndTyping => {
                self.draft.end_typing();
                return Vec::new();
            }
            Act::ShowCard => {
                let name = self.profile.clone().unwrap_or_default();
                self.card = Some(Card::of(&name, self.draft.settings()));
                return Vec::new();
            }
            Act::CloseCard => {
                self.card = None;
                return Vec::new();
            }
            _ => return Vec::new(),
        };
        vec![Order::Profile(request)]
    }

    /// Takes an answer of the keeper; gives the settings to use, if a profile was loaded. While `live` none is.
    pub(super) fn handle_profile(&mut self, answer: ProfileAnswer, now: f64, live: bool) -> Option<ShowSettings> {
        (self.names, self.deleted, self.told) = (answer.names, answer.deleted, answer.told);
        match answer.done {
            Ok(ProfileDone::Loaded(name, settings)) => {
                self.draft.end_typing();
                self.refused = self.draft.edit((*settings).clone(), now, live).err();
                if self.refused.is_some() {
                    return None;
                }
                self.profile = Some(name);
                self.draft.mark_saved();
                return Some(*settings);
            }
            Ok(ProfileDone::Saved(name)) => {
                self.profile = Some(name);
                self.draft.mark_saved();
            }
            Ok(ProfileDone::Renamed { from, to }) if self.profile.as_ref() == Some(&from) => self.profile = Some(to),
            Ok(ProfileDone::Deleted(name)) if self.profile.as_ref() == Some(&name) => self.profile = None,
            Ok(_) => {}
            Err(error) => self.told.insert(0, error.to_string()),
        }
        None
    }

    /// Takes the answer of a file dialog; gives the act that it stands for.
    pub(super) fn handle_dialog(&mut self, answer: DialogAnswer) -> Option<Act> {
        let (request, path) = match answer {
            DialogAnswer::Available(available) => {
                self.has_dialogs = available;
                return None;
            }
            DialogAnswer::Cancelled(_) => return None,
            DialogAnswer::Chosen(request, path) => (request, path),
        };
        let mut settings = self.draft.settings().clone();
        match request {
            DialogRequest::ImportProfile => return Some(Act::ImportProfile(path)),
            DialogRequest::ExportProfile(name) => return Some(Act::ExportProfile { name, path }),
            DialogRequest::TlsCa(index) => settings.destinations.get_mut(index)?.tls_ca = Some(path),
            DialogRequest::RecordingFolder(_) => {
                let (_, name) = split_recording(settings.record.as_deref()?);
                settings.record = Some(joined_recording(&path, &name));
            }
        }
        Some(Act::Edit(Box::new(settings)))
    }

    pub(super) fn profiles_view(&self) -> ProfilesView {
        let around = ProfilesAround {
            has_changes: self.draft.has_changes(),
            deleted: self.deleted.clone(),
            told: self.told.clone(),
            has_dialogs: self.has_dialogs,
            card: self.card.clone(),
        };
        ProfilesView {
            current: self.profile.clone(),
            names: self.names.clone(),
            can_undo_delete: self.deleted.is_some(),
            around,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SettingsError;

    fn rate(kbps: u32) -> ShowSettings {
        let mut settings = ShowSettings::default();
        settings.encoding.video_bitrate = crate::media::Bitrate::from_kbps(kbps);
        settings
    }

    fn answer(done: Result<ProfileDone, SettingsError>) -> ProfileAnswer {
        ProfileAnswer { done, told: Vec::new(), names: vec!["a".to_owned()], deleted: None }
    }

    #[test]
    fn edits_are_taken_undone_and_redone() {
        let mut desk = Desk::new(rate(1), None);
        assert_eq!(desk.settings_after(&Act::Edit(Box::new(rate(2))), 0.0, true), Some(rate(2)));
        assert_eq!(desk.settings_after(&Act::Undo, 1.0, true), Some(rate(1)));
        assert_eq!(desk.settings_after(&Act::Undo, 1.0, true), None);
        assert_eq!(desk.settings_after(&Act::Redo, 1.0, true), Some(rate(2)));
        let mut mono = rate(2);
        mono.encoding.channels = 1;
        assert_eq!(desk.settings_after(&Act::Edit(Box::new(mono)), 2.0, true), None);
        assert_eq!(desk.refused, Some(Lock::SoundForm));
    }

    #[test]
    fn a_profile_is_loaded_saved_renamed_and_deleted() {
        let mut desk = Desk::new(rate(1), None);
        let loaded = ProfileDone::Loaded("a".to_owned(), Box::new(rate(5)));
        assert_eq!(desk.handle_profile(answer(Ok(loaded)), 0.0, false), Some(rate(5)));
        assert!(!desk.profiles_view().around.has_changes);
        desk.settings_after(&Act::Edit(Box::new(rate(6))), 9.0, false);
        assert!(desk.profiles_view().around.has_changes);
        let save = Order::Profile(ProfileRequest::Save("a".to_owned(), Box::new(rate(6))));
        assert_eq!(desk.handle_act(Act::SaveProfile), [save]);
        desk.handle_profile(answer(Ok(ProfileDone::Saved("a".to_owned()))), 9.0, false);
        assert!(!desk.profiles_view().around.has_changes);
        let renamed = ProfileDone::Renamed { from: "a".to_owned(), to: "b".to_owned() };
        desk.handle_profile(answer(Ok(renamed)), 9.0, false);
        assert_eq!(desk.profiles_view().current.as_deref(), Some("b"));
        desk.handle_profile(answer(Ok(ProfileDone::Deleted("b".to_owned()))), 9.0, false);
        assert_eq!((desk.profiles_view().current, desk.handle_act(Act::SaveProfile)), (None, vec![]));
        desk.handle_profile(answer(Err(SettingsError::NoConfigDir)), 9.0, false);
        assert!(desk.profiles_view().around.told[0].contains("TALLY_CONFIG_DIR"));
    }

    #[test]
    fn while_live_no_profile_of_another_form_is_loaded() {
        let mut desk = Desk::new(rate(1), None);
        let mut mono = rate(1);
        mono.encoding.channels = 1;
        let loaded = ProfileDone::Loaded("a".to_owned(), Box::new(mono));
        assert_eq!(desk.handle_profile(answer(Ok(loaded)), 0.0, true), None);
        assert_eq!((desk.profiles_view().current, desk.refused), (None, Some(Lock::SoundForm)));
    }

    #[test]
    fn dialogs_stand_for_acts() {
        let mut settings = rate(1);
        settings.record = Some("/v/a.flv".into());
        let mut desk = Desk::new(settings.clone(), None);
        desk.handle_dialog(DialogAnswer::Available(true));
        assert!(desk.has_dialogs);
        let chosen = DialogAnswer::Chosen(DialogRequest::RecordingFolder("/v".into()), "/w".into());
        settings.record = Some("/w/a.flv".into());
        assert_eq!(desk.handle_dialog(chosen), Some(Act::Edit(Box::new(settings))));
        let import = DialogAnswer::Chosen(DialogRequest::ImportProfile, "/p".into());
        assert_eq!(desk.handle_dialog(import), Some(Act::ImportProfile("/p".into())));
        assert_eq!(desk.handle_dialog(DialogAnswer::Cancelled(DialogRequest::ImportProfile)), None);
    }

    #[test]
    fn the_card_is_shown_and_put_away() {
        let mut desk = Desk::new(rate(1), Some("Church".to_owned()));
        desk.handle_act(Act::ShowCard);
        assert_eq!(desk.profiles_view().around.card.map(|card| card.name).as_deref(), Some("Church"));
        desk.handle_act(Act::CloseCard);
        assert_eq!(desk.profiles_view().around.card, None);
        assert_eq!(desk.handle_act(Act::CopyText("x".to_owned())), [Order::Copy("x".to_owned())]);
    }
}
