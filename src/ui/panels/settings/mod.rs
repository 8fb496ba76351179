//! The side sheet of settings: its head, undo and redo, and its tabs, one file each.

mod about;
mod destination;
mod keys;
mod parts;
mod picture;
mod recording;
mod secrets;
mod sound;
mod typed;

use eframe::egui::{self, Key, Modifiers, ScrollArea};

use crate::settings::{Destination, Done, Lock, PasteError};
use crate::ui::theme::{self, STEP};
use crate::ui::view::{Act, SettingsView, Tab};
use crate::ui::widgets::{ButtonKind, kind_button, leave_field, sheet_head, tabs, text};
use crate::ui::wording::{SettingsText, Text, Words};

use crate::settings::contract::Rule;
use secrets::SecretText;
use typed::TypedFields;

/// The sheet's own: what is being typed and what is unfolded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SettingsState {
    /// The destination that is shown, counted from 0.
    destination: usize,
    /// Whether what few need is unfolded.
    more: bool,
    /// What is typed into the fields: it counts when it makes sense.
    typed: TypedFields,
    /// The stream key being typed.
    key: SecretText,
    /// The kept secret for which the field for another one is open: the key or the password.
    replaces: Option<Place>,
    /// The password being typed.
    password: SecretText,
    /// What was done to what was pasted.
    done: Vec<Done>,
    /// What came of it: it is told while that is set.
    done_to: Option<Box<Destination>>,
    /// The field that is typed into next, once it is drawn.
    focus: Option<Place>,
    /// The secret that was pasted last: its field is gone, and who works by keyboard goes on where it was.
    pasted: Option<Place>,
    /// The destination that is to be shown next, and what it lacks.
    asked_for: Option<(usize, Rule)>,
}

impl SettingsState {
    /// The next that is typed is what a destination lacks; without one, the address of a server. What is being typed
    /// is taken first.
    pub(in crate::ui) fn ask_for(&mut self, ctx: &egui::Context, lack: Option<(usize, Rule)>) {
        leave_field(ctx);
        self.asked_for = Some(lack.unwrap_or((self.destination, Rule::ServerMissing)));
    }

    fn turn_to_what_is_asked_for(&mut self, ctx: &egui::Context) {
        let Some((index, rule)) = self.asked_for.take() else { return };
        self.turn_to(index);
        let is_secret = matches!(rule, Rule::KeyMissing | Rule::SecretUnread);
        self.focus = Some(if is_secret { Place::Key } else { Place::Server });
        ctx.request_repaint();
    }

    /// The secret at `place` was taken, and its field gives way to what it is now.
    fn secret_taken(&mut self, ui: &egui::Ui, place: Place) {
        let by_key = goes_on_by_key(ui);
        let by_pointer = ui.input(|input| input.pointer.any_pressed() || input.pointer.any_released());
        self.focus = by_key.then_some(place);
        self.pasted = (!by_key && !by_pointer).then_some(place);
    }

    /// No other secret was typed at `place` after all.
    fn secret_kept(&mut self, ui: &egui::Ui, place: Place) {
        if self.keep_secret() {
            self.focus = goes_on_by_key(ui).then_some(place);
        }
    }

    /// Whether the kept secret at `place` is what is gone on with.
    fn goes_on_at(&mut self, ui: &egui::Ui, place: Place) -> bool {
        let (by_tab, by_pointer) = ui.input(|input| (input.key_pressed(egui::Key::Tab), input.pointer.any_pressed()));
        let pasted = self.pasted.take_if(|at| *at == place && (by_tab || by_pointer)).is_some();
        self.focus.take_if(|at| *at == place).is_some() || (pasted && by_tab)
    }

    /// Shows the destination `index`; addresses that were not taken stay where they are.
    fn turn_to(&mut self, index: usize) {
        let mut typed = std::mem::take(&mut self.typed);
        typed.keep_wrong_servers();
        *self = Self { destination: index, typed, ..Self::default() };
    }

    /// The destination `index` is gone: the one before it is shown, or the same as before. Addresses of others that were not
    /// taken are kept.
    fn remove(&mut self, index: usize) {
        self.typed.remove_destination(index);
        let is_behind = self.destination >= index;
        self.turn_to(self.destination.saturating_sub(usize::from(is_behind)));
    }

    /// The destination where what stands in the field of the server is not what is set, because it makes no sense; and
    /// what is set.
    pub(in crate::ui) fn wrong_server(&self) -> Option<(usize, &str)> {
        self.typed.wrong_server()
    }

    /// What is typed into the field at `place`, if it is not what is set.
    fn typed_at(&self, place: Place) -> Option<&str> {
        self.typed.get(self.destination, place)?.text.as_ref().map(SecretText::reveal)
    }

    /// What was typed at `place` is taken, or no longer meant.
    fn forget(&mut self, place: Place) {
        self.typed.forget(self.destination, place);
    }

    /// What was typed at `place` is not taken.
    fn complain(&mut self, place: Place, complaint: Complaint) {
        self.typed.of(self.destination, place).complaint = Some(complaint);
    }

    fn complaint_at(&self, place: Place) -> Option<&Complaint> {
        self.typed.get(self.destination, place)?.complaint.as_ref()
    }

    /// The secret that is set stays, whatever was begun of another; whether one was begun.
    pub(in crate::ui) fn keep_secret(&mut self) -> bool {
        let Some(place) = self.replaces.take() else { return false };
        *if place == Place::Password { &mut self.password } else { &mut self.key } = SecretText::default();
        self.forget(place);
        true
    }

    /// What is set stays, whatever is being typed; whether something was. Who gave up another secret goes on where it was asked
    /// for.
    pub(in crate::ui) fn give_up(&mut self) -> bool {
        let place = self.replaces;
        let replaced = self.keep_secret();
        self.focus = place.or(self.focus);
        let secrets = [&mut self.key, &mut self.password].map(std::mem::take);
        let typed = secrets.iter().any(|secret| !secret.reveal().is_empty());
        self.typed.give_up() || typed || replaced
    }

    /// The sheet is closed: it begins with what is set, but for addresses that were not taken.
    pub(in crate::ui) fn close(&mut self) {
        self.give_up();
        self.focus = None;
        self.done.clear();
        self.typed.keep_wrong_servers();
    }

    /// Opens the field for another secret.
    fn replace(&mut self, place: Place) {
        self.keep_secret();
        (self.replaces, self.focus) = (Some(place), Some(place));
    }
}

/// Whether the keyboard takes whoever does this on from where he is, and not back.
fn goes_on_by_key(ui: &egui::Ui) -> bool {
    let keys = [Key::Enter, Key::Space, Key::Tab];
    ui.input(|input| !input.modifiers.shift && keys.iter().any(|key| input.key_pressed(*key)))
}

/// A field that is typed into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Name,
    Server,
    Key,
    User,
    Password,
    TlsCa,
    Backup,
    Bitrate,
    Lowest,
    Keyframe,
    Folder,
    FileName,
    SoundFile,
    Card,
}

/// Why typed text is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Complaint {
    /// It is no address or key.
    Paste(PasteError),
    /// It is no number within these.
    Range(String, String),
    /// It is too long for the name of a file.
    FileName,
}

/// Draws the sheet into all of `ui`.
pub fn settings_ui(
    ui: &mut egui::Ui,
    view: &SettingsView,
    state: &mut SettingsState,
    words: Words,
    acts: &mut Vec<Act>,
) {
    if sheet_head(ui, words.text(Text::Settings), words, |ui| undo_and_redo(ui, view, words, acts)).clicked() {
        leave_field(ui.ctx());
        acts.push(Act::CloseSettings);
    }
    let server = |index: usize| view.settings.destinations.get(index).map_or("", |known| known.server.as_str());
    state.typed.forget_outdated(server);
    let names = Tab::ALL.map(|tab| (tab, words.text(tab_name(tab))));
    let turned = tabs(ui, &names, view.tab);
    if turned.is_some() {
        leave_field(ui.ctx());
    }
    ui.add_space(STEP);
    ScrollArea::vertical().id_salt(("settings", view.tab)).auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0 * STEP;
        // Room for the ring of focus, and for the scroll bar.
        egui::Frame::new().inner_margin(egui::Margin { left: 4, right: 12, top: 4, bottom: 16 }).show(ui, |ui| {
            match view.tab {
                Tab::Destination => destination::destination_ui(ui, view, state, words, acts),
                Tab::Picture => picture::picture_ui(ui, view, state, words, acts),
                Tab::Sound => sound::sound_ui(ui, view, state, words, acts),
                Tab::Recording => recording::recording_ui(ui, view, state, words, acts),
                Tab::Keys => keys::keys_ui(ui, words),
                Tab::About => about::about_ui(ui, view, words, acts),
            }
            let wrong = state.wrong_server().map(|(index, over)| (index, over.to_owned()));
            if wrong != view.around.wrong_server {
                acts.push(Act::HoldServer(wrong));
            }
            // The tab's own locks say it already.
            if let Some(lock) = view.around.refused.filter(|lock| !view.locked || !locks_of(view.tab).contains(lock)) {
                let (font, ink) = (theme::small(ui), theme::tokens(ui).warn);
                text(ui, words.lock(lock), font, ink);
            }
        });
    });
    if let Some(tab) = turned {
        // What was typed and made no sense is not carried along, unless a show would go elsewhere without it.
        state.close();
        acts.push(Act::OpenSettings(tab));
    }
    state.turn_to_what_is_asked_for(ui.ctx());
}

fn undo_and_redo(ui: &mut egui::Ui, view: &SettingsView, words: Words, acts: &mut Vec<Act>) {
    for (label, can, act) in
        [(SettingsText::Undo, view.can_undo, Act::Undo), (SettingsText::Redo, view.can_redo, Act::Redo)]
    {
        let name = words.settings(label);
        if ui.add_enabled_ui(can, |ui| kind_button(ui, ButtonKind::Ghost, name, name).clicked()).inner {
            acts.push(act);
        }
    }
    // A field has steps of its own while it is typed into.
    if ui.ctx().text_edit_focused() {
        return;
    }
    let redo = ui.input_mut(|input| {
        input.consume_key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z)
            || input.consume_key(Modifiers::COMMAND, Key::Y)
    });
    if redo && view.can_redo {
        acts.push(Act::Redo);
    }
    if ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Z)) && view.can_undo {
        acts.push(Act::Undo);
    }
}

/// Why what a tab shows is locked while live.
fn locks_of(tab: Tab) -> &'static [Lock] {
    match tab {
        Tab::Destination => &[Lock::Connected],
        Tab::Picture => &[Lock::PictureForm, Lock::ReadAtStart],
        Tab::Sound => &[Lock::SoundForm],
        Tab::Recording => &[Lock::Recording],
        Tab::Keys | Tab::About => &[],
    }
}

fn tab_name(tab: Tab) -> Text {
    match tab {
        Tab::Destination => Text::TabDestination,
        Tab::Picture => Text::TabPicture,
        Tab::Sound => Text::TabSound,
        Tab::Recording => Text::TabRecording,
        Tab::Keys => Text::TabKeys,
        Tab::About => Text::TabAbout,
    }
}

#[cfg(test)]
mod tests;
