//! The recording: whether, where, under which name, in which form and files, and for how long there is room.

use std::path::Path;
use std::time::Duration;

use eframe::egui;

use super::parts::{Typing, complaint, edited, hint, labelled_picker, lockable, locks, typed_field, warning};
use super::{Complaint, Place, SettingsState};
use crate::settings::{Field, RecordForm, RecordSplit, RecordingName, default_recording, recording_room, typed_path};
use crate::ui::dialogs::DialogRequest;
use crate::ui::view::{Act, SettingsView};
use crate::ui::widgets::{button, tick_box};
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
        if tick_box(ui, &mut records, words.settings(SettingsText::Record)).changed() {
            let before = || view.around.recording_off.clone().or_else(default_recording);
            let offered = || before().unwrap_or_else(|| RecordingName::offered_in(Path::new("")).path());
            let path = records.then(offered);
            acts.push(edited(view, |settings| settings.record = path));
        }
        if let Some(path) = &view.settings.record {
            place(ui, view, path, state, words, acts);
        }
    });
    if view.locked && view.around.unrecorded {
        hint(ui, words.settings(SettingsText::RecordsNextShow));
    }
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
    let name = RecordingName::of(path);
    let labels = (words.settings(SettingsText::Folder), "");
    if let Some(Typing::Whole(typed)) = typed_field(ui, state, Place::Folder, labels, &name.folder.to_string_lossy()) {
        state.forget(Place::Folder);
        let changed = RecordingName { folder: typed_path(&typed), ..name.clone() }.path();
        acts.push(edited(view, |settings| settings.record = Some(changed)));
    }
    if view.around.has_dialogs && button(ui, words.settings(SettingsText::Choose)).clicked() {
        acts.push(Act::AskPath(DialogRequest::RecordingFolder(name.folder.clone())));
    }
    let labels = (words.settings(SettingsText::FileName), "");
    if let Some(typing) = typed_field(ui, state, Place::FileName, labels, &name.stem) {
        let (Typing::Goes(typed) | Typing::Whole(typed)) = &typing;
        let typed = RecordingName { stem: typed.clone(), ..name.clone() };
        if typed.is_too_long() {
            state.complain(Place::FileName, Complaint::FileName);
        } else if matches!(typing, Typing::Whole(_)) {
            state.forget(Place::FileName);
            acts.push(edited(view, |settings| settings.record = Some(typed.path())));
        }
    }
    complaint(ui, state, Place::FileName, words);
    hint(ui, words.settings(SettingsText::FileNameHint));
    let forms = RecordForm::ALL.map(|form| form.ending().to_uppercase());
    let chosen = RecordForm::ALL.iter().position(|form| *form == name.form);
    let picked = labelled_picker(ui, words.settings(SettingsText::Format), &forms, chosen);
    if let Some(form) = picked.and_then(|index| RecordForm::ALL.get(index)) {
        let changed = RecordingName { form: *form, ..name.clone() }.path();
        acts.push(edited(view, |settings| settings.record = Some(changed)));
    }
    hint(
        ui,
        words.settings(match name.form {
            RecordForm::Mp4 => SettingsText::FormatMp4,
            RecordForm::Flv => SettingsText::FormatFlv,
        }),
    );
    split_ui(ui, view, words, acts);
    if let Some(fault) = &view.around.recording_fault {
        warning(ui, &format!("{} {}", words.what(fault), words.to_do(fault)));
        return;
    }
    let room = view.around.disk_free.map(|free| recording_room(free, &view.settings.encoding));
    let told = room.map(|room| words.room_for(room.as_secs_f64()));
    hint(ui, told.as_deref().unwrap_or_else(|| words.settings(SettingsText::RoomUnknown)));
}

/// When another file begins: never, or one of the usual sizes and times.
fn split_ui(ui: &mut egui::Ui, view: &SettingsView, words: Words, acts: &mut Vec<Act>) {
    let minutes = |minutes: u64| Some(RecordSplit::Duration(Duration::from_secs(minutes * 60)));
    let megabytes = |megabytes: u64| Some(RecordSplit::Size(megabytes * 1_000_000));
    // What a FAT disk takes, what a disc takes, and what is quickly copied.
    let mut offered =
        vec![None, minutes(15), minutes(30), minutes(60), megabytes(500), megabytes(2000), megabytes(4000)];
    let current = view.settings.record_split;
    if !offered.contains(&current) {
        offered.push(current);
    }
    let items: Vec<_> = offered.iter().map(|split| words.split_every(*split)).collect();
    let chosen = offered.iter().position(|split| *split == current);
    let picked = labelled_picker(ui, words.settings(SettingsText::Split), &items, chosen);
    if let Some(split) = picked.and_then(|index| offered.get(index)).copied() {
        acts.push(edited(view, |settings| settings.record_split = split));
    }
}
