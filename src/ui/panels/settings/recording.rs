//! The recording: whether, where, under which name, and for how long there is room.

use std::path::{Path, PathBuf};

use eframe::egui;

use super::parts::{Typing, edited, hint, lockable, locks, typed_field};
use super::{Place, SettingsState};
use crate::settings::{Field, default_recording, joined_recording, recording_room, split_recording};
use crate::ui::dialogs::DialogRequest;
use crate::ui::view::{Act, SettingsView};
use crate::ui::widgets::button;
use crate::ui::wording::{SettingsText, Words};

pub(super) fn recording_ui(
    ui: &mut egui::Ui,
    view: &SettingsView,
    state: &mut SettingsState,
    words: Words,
    acts: &mut Vec<Act>,
) {
    lockable(ui, view, Field::Record, |ui| {
        let mut records = view.settings.record.is_some();
        if ui.checkbox(&mut records, words.settings(SettingsText::Record)).changed() {
            let path = records.then(|| default_recording().unwrap_or_else(|| joined_recording(Path::new(""), "")));
            acts.push(edited(view, |settings| settings.record = path));
        }
        if let Some(path) = &view.settings.record {
            place(ui, view, path, state, words, acts);
        }
    });
    locks(ui, view, &[Field::Record], words);
}

fn place(
    ui: &mut egui::Ui,
    view: &SettingsView,
    path: &Path,
    state: &mut SettingsState,
    words: Words,
    acts: &mut Vec<Act>,
) {
    let (folder, name) = split_recording(path);
    let labels = (words.settings(SettingsText::Folder), "");
    if let Some(Typing::Whole(typed)) = typed_field(ui, state, Place::Folder, labels, &folder.to_string_lossy()) {
        state.typed = None;
        let changed = joined_recording(&PathBuf::from(typed.trim()), &name);
        acts.push(edited(view, |settings| settings.record = Some(changed)));
    }
    if view.around.has_dialogs && button(ui, words.settings(SettingsText::Choose)).clicked() {
        acts.push(Act::AskPath(DialogRequest::RecordingFolder(folder.clone())));
    }
    let labels = (words.settings(SettingsText::FileName), "");
    if let Some(Typing::Whole(typed)) = typed_field(ui, state, Place::FileName, labels, &name) {
        state.typed = None;
        let changed = joined_recording(&folder, &typed);
        acts.push(edited(view, |settings| settings.record = Some(changed)));
    }
    hint(ui, words.settings(SettingsText::FileNameHint));
    hint(ui, words.settings(SettingsText::FormatFlv));
    let room = view.around.disk_free.map(|free| recording_room(free, &view.settings.encoding));
    let told = room.map(|room| words.room_for(room.as_secs_f64()));
    hint(ui, told.as_deref().unwrap_or_else(|| words.settings(SettingsText::RoomUnknown)));
}
