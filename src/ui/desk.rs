//! What lies beside the show: the draft of its settings with undo and redo, the profile in use, the show card. Pure: what
//! is to be done elsewhere comes out as `Order`s.

use std::path::PathBuf;

use super::dialogs::{DialogAnswer, DialogRequest};
use super::order::Order;
use super::profile_request::{ProfileAnswer, ProfileDone, ProfileRequest};
use super::settings_view::{Card, ProfilesAround};
use super::view::{Act, ProfilesView};
use crate::settings::CardChoice;
use crate::settings::contract::{Finding, Rule, Severity, lint};
use crate::settings::{
    AudioChoice, Draft, KeysIn, Lock, RecordingName, SettingsError, ShowSettings, VideoChoice, Warning,
};

/// The desk.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) draft: Draft,
    /// What the destinations want otherwise, of the settings as they are.
    findings: Vec<Finding>,
    /// Why the last change was not taken.
    pub(super) refused: Option<Lock>,
    /// Whether the system has file dialogs.
    pub(super) has_dialogs: bool,
    /// How many files were chosen in them for picture or sound.
    pub(super) files_chosen: usize,
    /// Where stream keys are kept, once that is known.
    pub(super) keys_in: Option<KeysIn>,
    /// Where the recording went that was switched off last.
    pub(super) recording_off: Option<PathBuf>,
    /// The destination whose address was typed and not taken, and what is set there.
    pub(super) wrong_server: Option<(usize, String)>,
    /// Whether another profile is in use than when that was asked last.
    profile_changed: bool,
    names: Vec<String>,
    deleted: Option<String>,
    /// The profile that was in use until it was deleted.
    deleted_current: Option<String>,
    told: Vec<Warning>,
    /// What was told and put away: it is not told again, unless it comes of what was asked.
    known: Vec<Warning>,
    /// The profile that was made just now, and is not in use.
    usable: Option<String>,
    /// An export that waits for a word: there is a file already.
    replaces: Option<(String, PathBuf)>,
    card: Option<Card>,
}

impl Desk {
    pub(super) fn new(settings: ShowSettings, profile: Option<String>) -> Self {
        let findings = lint(&settings);
        Self { draft: Draft::new(settings, profile), findings, ..Self::default() }
    }

    /// What is chosen for the show.
    pub(super) fn settings(&self) -> &ShowSettings {
        self.draft.settings()
    }

    /// The profile in use.
    pub(super) fn profile(&self) -> Option<&str> {
        self.draft.profile()
    }

    /// Whether another profile is in use than when this was asked last.
    pub(super) fn take_profile_change(&mut self) -> bool {
        std::mem::take(&mut self.profile_changed)
    }

    /// What the destinations want otherwise, the worst first.
    pub(super) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether there is a destination, and none lacks what it cannot be reached without.
    pub(super) fn goes_somewhere(&self) -> bool {
        !self.settings().destinations.is_empty() && self.lack().is_none()
    }

    /// The first destination that a show cannot go to, and what it lacks.
    pub(super) fn lack(&self) -> Option<(usize, Rule)> {
        self.findings.iter().find(|finding| blocks(finding)).map(|finding| (finding.destination, finding.rule))
    }

    /// An address was typed and not taken: a show does not go to the one before it.
    pub(super) fn hold_server(&mut self, wrong: Option<(usize, String)>) {
        self.wrong_server = wrong;
        self.look_again();
    }

    /// Takes `wanted` as the settings, if it may. `live`: a show runs.
    pub(super) fn edit(&mut self, wanted: ShowSettings, now: f64, live: bool) {
        let recorded = self.settings().record.clone();
        self.refused = self.draft.edit(wanted, now, live).err();
        if self.settings().record.is_none() {
            self.recording_off = recorded.or(self.recording_off.take());
        }
        self.look_again();
    }

    /// Changes the settings as `act` says, if it may. `live`: a show runs.
    pub(super) fn change_settings(&mut self, act: &Act, now: f64, live: bool) {
        let taken = match act {
            Act::Edit(settings) => return self.edit((**settings).clone(), now, live),
            Act::OpenLink(link) => {
                let wanted = link.applied_to(self.draft.settings());
                self.step(|draft| draft.open(&link.name, wanted, live)).map(|()| true)
            }
            Act::Undo => self.step(|draft| draft.undo(live)),
            Act::Redo => self.step(|draft| draft.redo(live)),
            _ => return,
        };
        self.refused = taken.err();
        self.look_again();
    }

    /// Goes a step, which may lead to another profile.
    fn step<R>(&mut self, step: impl FnOnce(&mut Draft) -> R) -> R {
        let was = self.draft.profile().map(str::to_owned);
        let result = step(&mut self.draft);
        self.profile_changed |= self.draft.profile() != was.as_deref();
        result
    }

    /// The settings have changed: what do the destinations want now?
    fn look_again(&mut self) {
        self.findings = lint(self.draft.settings());
        let server = |index: usize| self.draft.settings().destinations.get(index).map(|known| known.server.as_str());
        let wrong = self.wrong_server.as_ref().filter(|(index, over)| server(*index) == Some(over.as_str()));
        if let Some((index, _)) = wrong {
            self.findings.insert(0, Finding::of_server(*index, Rule::ServerUnreadable));
        }
    }

    /// Says it on the card.
    pub(super) fn tell(&mut self, warning: Warning) {
        if !self.told.contains(&warning) {
            self.told.push(warning);
        }
    }

    /// Takes an act about profiles or the card; gives what is to be done.
    pub(super) fn handle_act(&mut self, act: Act) -> Vec<Order> {
        let current = || Box::new(self.draft.settings().clone());
        let request = match act {
            Act::LoadProfile(name) => ProfileRequest::Load(name),
            Act::SaveProfile => match self.profile() {
                Some(name) => ProfileRequest::Save(name.to_owned(), current()),
                None => return Vec::new(),
            },
            Act::SaveProfileAs(name) => ProfileRequest::SaveAs(name, current()),
            Act::RenameProfile { from, to } => ProfileRequest::Rename { from, to },
            Act::DuplicateProfile(name) => ProfileRequest::Duplicate(name),
            Act::DeleteProfile(name) => ProfileRequest::Delete(name),
            Act::UndoDelete => ProfileRequest::UndoDelete,
            Act::LookAtProfiles => ProfileRequest::List,
            Act::ImportProfile(path) => ProfileRequest::Import(path),
            Act::ExportProfile { name, path } => {
                self.replaces = Some((name.clone(), path.clone()));
                ProfileRequest::Export { name, path, replace: false }
            }
            Act::ReplaceFile => {
                let Some((name, path)) = self.replaces.take() else { return Vec::new() };
                self.told.clear();
                ProfileRequest::Export { name, path, replace: true }
            }
            Act::DismissTold => {
                (self.replaces, self.usable) = (None, None);
                self.known.append(&mut self.told);
                return Vec::new();
            }
            Act::AskPath(request) => return vec![Order::Ask(request)],
            Act::CopyText(text) => return vec![Order::Copy(text)],
            Act::EndTyping => {
                self.draft.end_typing();
                return Vec::new();
            }
            Act::ShowCard => {
                let card = Card::of(self.profile().unwrap_or_default(), self.draft.settings());
                self.card = Some(card);
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

    /// Takes an answer of the keeper. While `live` no profile of another form is loaded.
    pub(super) fn handle_profile(&mut self, answer: ProfileAnswer, live: bool) {
        (self.names, self.deleted, self.keys_in) = (answer.names, answer.deleted, Some(answer.keys_in));
        if answer.asked {
            self.told.clear();
            self.usable = None;
        }
        for warning in answer.told {
            if answer.asked || !self.known.contains(&warning) {
                self.tell(warning);
            }
        }
        if !matches!(answer.done, Err(SettingsError::FileExists { .. })) && answer.asked {
            self.replaces = None;
        }
        if let Ok(done) = answer.done {
            self.take_done(done, live);
        }
    }

    fn take_done(&mut self, done: ProfileDone, live: bool) {
        match done {
            ProfileDone::Resumed { session, saved } => {
                if let Some(session) = session {
                    self.draft.fill_secrets(&session);
                }
                if let Some(saved) = saved {
                    self.draft.mark_saved_as(*saved);
                }
                self.look_again();
            }
            // The other window is gone.
            ProfileDone::Kept => self.told.retain(|told| *told != Warning::AnotherWindow),
            ProfileDone::Loaded(name, settings) => {
                self.refused = self.step(|draft| draft.load(name, *settings, live)).err();
                self.look_again();
            }
            ProfileDone::Imported(name) | ProfileDone::Duplicated(name) => self.usable = Some(name),
            ProfileDone::Saved(name, settings) => self.step(|draft| draft.mark_saved_in(&name, &settings)),
            ProfileDone::Renamed { from, to } => self.step(|draft| draft.rename_profile(&from, Some(&to))),
            ProfileDone::Deleted(name) => {
                if self.profile() == Some(&name) {
                    self.deleted_current = Some(name.clone());
                }
                self.step(|draft| draft.rename_profile(&name, None));
            }
            ProfileDone::Restored(name) => {
                let was_current = self.deleted_current.take_if(|known| *known == name).is_some();
                if was_current && self.profile().is_none() {
                    self.step(|draft| draft.restore_profile(name));
                }
            }
            _ => {}
        }
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
        self.files_chosen += usize::from(matches!(request, DialogRequest::Picture | DialogRequest::Sound));
        match request {
            DialogRequest::ImportProfile => return Some(Act::ImportProfile(path)),
            DialogRequest::Picture => return Some(Act::PickVideo(VideoChoice::File(path))),
            DialogRequest::Sound => return Some(Act::PickAudio(AudioChoice::File(path))),
            // The dialog has asked already whether a file may go.
            DialogRequest::ExportProfile(name) => {
                self.replaces = Some((name, path));
                return Some(Act::ReplaceFile);
            }
            DialogRequest::TlsCa(index) => settings.destinations.get_mut(index)?.tls_ca = Some(path),
            DialogRequest::Card => settings.card = CardChoice::Image(path),
            DialogRequest::RecordingFolder(_) => {
                let name = RecordingName::of(settings.record.as_deref()?);
                settings.record = Some(RecordingName { folder: path, ..name }.path());
            }
        }
        Some(Act::Edit(Box::new(settings)))
    }

    pub(super) fn profiles_view(&self) -> ProfilesView {
        let around = ProfilesAround {
            has_changes: self.draft.has_changes(),
            called: self.draft.called().map(str::to_owned),
            deleted: self.deleted.clone(),
            told: self.told.clone(),
            can_use: self.usable.clone(),
            can_replace: self.replaces.as_ref().filter(|_| !self.told.is_empty()).map(|(_, path)| path.clone()),
            has_dialogs: self.has_dialogs,
            card: self.card.clone(),
        };
        ProfilesView { current: self.profile().map(str::to_owned), names: self.names.clone(), around }
    }
}

/// Whether a show cannot go there: an address or a key is missing, or was not read.
fn blocks(finding: &Finding) -> bool {
    use Rule::{KeyMissing, SecretUnread, ServerIsExample, ServerMissing, ServerUnreadable};
    let lacks = matches!(finding.rule, ServerMissing | ServerIsExample | ServerUnreadable | KeyMissing | SecretUnread);
    lacks && finding.severity == Severity::Refusal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Destination, SecretEntry, ShowLink, StreamKey};

    fn rate(kbps: u32) -> ShowSettings {
        let mut settings = ShowSettings::default();
        settings.encoding.video_bitrate = crate::media::Bitrate::from_kbps(kbps);
        settings
    }

    fn answer(done: Result<ProfileDone, SettingsError>) -> ProfileAnswer {
        let names = vec!["a".to_owned()];
        ProfileAnswer { done, asked: true, told: Vec::new(), names, deleted: None, keys_in: KeysIn::File }
    }

    #[test]
    fn edits_are_taken_undone_and_redone() {
        let mut desk = Desk::new(rate(1), None);
        let after = |desk: &mut Desk, act, now| {
            desk.change_settings(&act, now, true);
            desk.settings().clone()
        };
        assert_eq!(after(&mut desk, Act::Edit(Box::new(rate(2))), 0.0), rate(2));
        assert_eq!(after(&mut desk, Act::Undo, 1.0), rate(1));
        assert_eq!(after(&mut desk, Act::Undo, 1.0), rate(1));
        assert_eq!(after(&mut desk, Act::Redo, 1.0), rate(2));
        let mut mono = rate(2);
        mono.encoding.channels = 1;
        assert_eq!(after(&mut desk, Act::Edit(Box::new(mono)), 2.0), rate(2));
        assert_eq!(desk.refused, Some(Lock::SoundForm));
    }

    #[test]
    fn a_profile_is_loaded_saved_renamed_and_deleted() {
        let mut desk = Desk::new(rate(1), None);
        let loaded = ProfileDone::Loaded("a".to_owned(), Box::new(rate(5)));
        desk.handle_profile(answer(Ok(loaded)), false);
        assert_eq!(desk.settings(), &rate(5));
        assert!(desk.take_profile_change() && !desk.take_profile_change());
        assert!(!desk.profiles_view().around.has_changes);
        desk.edit(rate(6), 9.0, false);
        assert!(desk.profiles_view().around.has_changes);
        let save = Order::Profile(ProfileRequest::Save("a".to_owned(), Box::new(rate(6))));
        assert_eq!(desk.handle_act(Act::SaveProfile), [save]);
        // It may take as long as a secret store asks for its password.
        desk.edit(rate(7), 20.0, false);
        desk.handle_profile(answer(Ok(ProfileDone::Saved("a".to_owned(), Box::new(rate(6))))), false);
        assert!(desk.profiles_view().around.has_changes, "what was set meanwhile is not in it");
        desk.change_settings(&Act::Undo, 22.0, false);
        assert!(!desk.profiles_view().around.has_changes);
        let renamed = ProfileDone::Renamed { from: "a".to_owned(), to: "b".to_owned() };
        desk.handle_profile(answer(Ok(renamed)), false);
        assert_eq!(desk.profiles_view().current.as_deref(), Some("b"));
        desk.handle_profile(answer(Ok(ProfileDone::Deleted("b".to_owned()))), false);
        assert_eq!((desk.profiles_view().current, desk.handle_act(Act::SaveProfile)), (None, vec![]));
        // What is brought back is in use again.
        desk.handle_profile(answer(Ok(ProfileDone::Restored("b".to_owned()))), false);
        assert_eq!(desk.profiles_view().current.as_deref(), Some("b"));
        desk.handle_profile(answer(Ok(ProfileDone::Deleted("other".to_owned()))), false);
        desk.handle_profile(answer(Ok(ProfileDone::Restored("other".to_owned()))), false);
        assert_eq!(desk.profiles_view().current.as_deref(), Some("b"));
    }

    #[test]
    fn undoing_the_choice_of_a_profile_brings_its_name_back_too() {
        let mut desk = Desk::new(rate(1), None);
        for (name, kbps) in [("a", 5), ("b", 6)] {
            let loaded = ProfileDone::Loaded(name.to_owned(), Box::new(rate(kbps)));
            desk.handle_profile(answer(Ok(loaded)), false);
        }
        assert!(desk.take_profile_change());
        desk.change_settings(&Act::Undo, 1.0, false);
        assert_eq!((desk.profile(), desk.profiles_view().around.has_changes), (Some("a"), false));
        assert!(desk.take_profile_change(), "it is what the window opens with next time");
        let save = Order::Profile(ProfileRequest::Save("a".to_owned(), Box::new(rate(5))));
        assert_eq!(desk.handle_act(Act::SaveProfile), [save]);
        desk.change_settings(&Act::Redo, 2.0, false);
        assert_eq!(desk.profile(), Some("b"));
    }

    #[test]
    fn a_link_is_not_opened_into_the_profile_in_use() {
        let mut desk = Desk::new(rate(1), Some("Church".to_owned()));
        let link = |settings| ShowLink::parse(&ShowLink::write("Choir", settings).unwrap()).unwrap();
        desk.change_settings(&Act::OpenLink(Box::new(link(&rate(2_000)))), 1.0, false);
        let view = desk.profiles_view();
        assert_eq!((view.current.as_deref(), view.around.called.as_deref()), (None, Some("Choir")));
        assert!(desk.take_profile_change() && desk.handle_act(Act::SaveProfile).is_empty());
        desk.change_settings(&Act::Undo, 2.0, false);
        let view = desk.profiles_view();
        assert_eq!((view.current.as_deref(), view.around.called.as_deref()), (Some("Church"), None));
        assert!(!view.around.has_changes && desk.settings() == &rate(1));
        desk.change_settings(&Act::Redo, 3.0, false);
        let saved = ProfileDone::Saved("Choir".to_owned(), Box::new(desk.settings().clone()));
        desk.handle_profile(answer(Ok(saved)), false);
        let view = desk.profiles_view();
        assert_eq!((view.current.as_deref(), view.around.called.as_deref()), (Some("Choir"), None));
        assert!(!view.around.has_changes);
    }

    #[test]
    fn while_live_no_profile_of_another_form_is_loaded() {
        let mut desk = Desk::new(rate(1), None);
        let mut mono = rate(1);
        mono.encoding.channels = 1;
        let loaded = ProfileDone::Loaded("a".to_owned(), Box::new(mono));
        desk.handle_profile(answer(Ok(loaded)), true);
        assert_eq!((desk.settings(), desk.profile(), desk.refused), (&rate(1), None, Some(Lock::SoundForm)));
    }

    #[test]
    fn what_was_set_when_the_window_closed_gets_its_secrets_back_and_is_compared_with_its_profile() {
        let at = |key: Option<&str>| {
            let mut destination = Destination::at("rtmp://live.example.com/app");
            destination.stream_key = key.map(StreamKey::new);
            destination.unread.stream_key = key.is_none().then(|| SecretEntry("kept".to_owned()));
            ShowSettings { destinations: vec![destination], ..rate(2) }
        };
        let mut desk = Desk::new(at(None), Some("a".to_owned()));
        let saved = ShowSettings { gain_db: 3.0, ..at(Some("k")) };
        let resumed =
            ProfileDone::Resumed { session: Some(Box::new(at(Some("k")))), saved: Some(Box::new(saved.clone())) };
        desk.handle_profile(answer(Ok(resumed)), false);
        assert_eq!(desk.settings(), &at(Some("k")));
        assert!(desk.profiles_view().around.has_changes && !desk.draft.can_undo());
        desk.edit(saved, 1.0, false);
        assert!(!desk.profiles_view().around.has_changes);
    }

    #[test]
    fn a_file_that_is_there_is_replaced_only_when_asked() {
        let mut desk = Desk::new(rate(1), Some("a".to_owned()));
        let path = PathBuf::from("/x/a.toml");
        let export = |replace| {
            [Order::Profile(ProfileRequest::Export { name: "a".to_owned(), path: "/x/a.toml".into(), replace })]
        };
        let act = Act::ExportProfile { name: "a".to_owned(), path: path.clone() };
        assert_eq!(desk.handle_act(act), export(false));
        assert_eq!(desk.profiles_view().around.can_replace, None);
        let there = SettingsError::FileExists { path: path.clone() };
        let told = vec![Warning::Said(there.to_string())];
        desk.handle_profile(ProfileAnswer { told, ..answer(Err(there)) }, false);
        assert_eq!(desk.profiles_view().around.can_replace, Some(path.clone()));
        assert_eq!(desk.handle_act(Act::ReplaceFile), export(true));
        desk.handle_profile(answer(Ok(ProfileDone::Exported(path))), false);
        assert_eq!((desk.profiles_view().around.can_replace, desk.handle_act(Act::ReplaceFile)), (None, vec![]));
    }

    #[test]
    fn what_was_told_and_put_away_is_not_told_again() {
        let mut desk = Desk::new(rate(1), None);
        let told = || vec![Warning::Said("keys are in a file".to_owned())];
        let kept = || ProfileAnswer { told: told(), asked: false, ..answer(Ok(ProfileDone::Kept)) };
        desk.handle_profile(kept(), false);
        assert_eq!(desk.profiles_view().around.told, told());
        desk.handle_act(Act::DismissTold);
        desk.handle_profile(kept(), false);
        assert!(desk.profiles_view().around.told.is_empty());
    }

    #[test]
    fn another_window_is_not_told_of_once_this_one_keeps() {
        let mut desk = Desk::new(rate(1), None);
        let told = vec![Warning::AnotherWindow];
        let resumed = ProfileDone::Resumed { session: None, saved: None };
        desk.handle_profile(ProfileAnswer { told, asked: false, ..answer(Ok(resumed)) }, false);
        let answered = |done| ProfileAnswer { asked: false, ..answer(Ok(done)) };
        desk.handle_profile(answered(ProfileDone::LeftToAnother), false);
        assert_eq!(desk.profiles_view().around.told, [Warning::AnotherWindow]);
        desk.handle_profile(answered(ProfileDone::Kept), false);
        assert_eq!(desk.profiles_view().around.told, []);
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
        let clip = DialogAnswer::Chosen(DialogRequest::Picture, "/c.mp4".into());
        assert_eq!(desk.handle_dialog(clip), Some(Act::PickVideo(VideoChoice::File("/c.mp4".into()))));
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
