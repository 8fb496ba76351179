//! What the tabs share: labelled rows, fields that take typed text when it makes sense, what is locked.

use eframe::egui;

use super::{Complaint, Place, SettingsState};
use crate::settings::{Field, Lock, ShowSettings};
use crate::ui::theme::{self, STEP};
use crate::ui::view::{Act, SettingsView};
use crate::ui::widgets::{CardKind, card, field, picker, text};
use crate::ui::wording::{SettingsText, Words};

/// A dim line.
pub(super) fn hint(ui: &mut egui::Ui, line: &str) {
    let (font, ink) = (theme::small(ui), theme::tokens(ui).dim);
    text(ui, line, font, ink);
}

/// A line that needs somebody.
pub(super) fn warning(ui: &mut egui::Ui, line: &str) {
    let (font, ink) = (theme::small(ui), theme::tokens(ui).warn);
    text(ui, line, font, ink);
}

/// A picker below its label.
pub(super) fn labelled_picker<S: AsRef<str>>(
    ui: &mut egui::Ui,
    label: &str,
    items: &[S],
    chosen: Option<usize>,
) -> Option<usize> {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = STEP;
        hint(ui, label);
        picker(ui, label, label, items, chosen)
    })
    .inner
}

/// A picker among `values`, of which `current` is one or is added to them.
pub(super) fn value_picker<T: Copy + PartialEq>(
    ui: &mut egui::Ui,
    label: &str,
    values: &[T],
    current: T,
    shown: impl Fn(T) -> String,
) -> Option<T> {
    let mut values = values.to_vec();
    if !values.contains(&current) {
        values.push(current);
    }
    let items: Vec<String> = values.iter().map(|value| shown(*value)).collect();
    let chosen = values.iter().position(|value| *value == current);
    labelled_picker(ui, label, &items, chosen).and_then(|index| values.get(index).copied())
}

/// What somebody does in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typing {
    /// Typed: this stands there now.
    Goes(String),
    /// Whole: pasted, confirmed, or left.
    Whole(String),
}

/// A field that shows `current` until it is typed into.
pub(super) fn typed_field(
    ui: &mut egui::Ui,
    state: &mut SettingsState,
    place: Place,
    (label, placeholder): (&str, &str),
    current: &str,
) -> Option<Typing> {
    let typed = state.typed.as_ref().filter(|(at, _)| *at == place).map(|(_, typed)| typed.clone());
    let mut shown = typed.clone().unwrap_or_else(|| current.to_owned());
    let response = field(ui, label, &mut shown, placeholder);
    if state.focus.take_if(|at| *at == place).is_some() {
        response.request_focus();
    }
    let changed = response.changed();
    if changed {
        state.typed = Some((place, shown.clone()));
        state.complaint = None;
    }
    let pasted = changed && ui.input(|input| input.events.iter().any(|e| matches!(e, egui::Event::Paste(_))));
    let was_typed = changed || typed.is_some();
    if was_typed && (pasted || response.lost_focus()) {
        return Some(Typing::Whole(shown));
    }
    changed.then_some(Typing::Goes(shown))
}

/// Takes what was typed at `place` as the settings `read` makes of it, at once where it makes sense.
pub(super) fn number_field(
    ui: &mut egui::Ui,
    state: &mut SettingsState,
    place: Place,
    (label, current): (&str, &str),
    range: (&'static str, &'static str),
    (before, words): (&ShowSettings, Words),
    read: impl Fn(&str) -> Option<ShowSettings>,
) -> Option<ShowSettings> {
    let typing = typed_field(ui, state, place, (label, ""), current);
    let mut taken = None;
    if let Some(typing) = typing {
        let (Typing::Goes(typed) | Typing::Whole(typed)) = &typing;
        taken = read(&typed.trim().replace(',', ".")).filter(|settings| settings.encoding.validate().is_ok());
        match (&typing, &taken) {
            (_, None) => state.complaint = Some((place, Complaint::Range(range.0, range.1))),
            (Typing::Whole(_), Some(_)) => state.typed = None,
            (Typing::Goes(_), Some(_)) => {}
        }
    }
    complaint(ui, state, place, words);
    // Leaving a field says nothing new: what was undone meanwhile stays undone.
    taken.filter(|taken| taken != before)
}

/// What was wrong with what was typed at `place`.
pub(super) fn complaint(ui: &mut egui::Ui, state: &SettingsState, place: Place, words: Words) {
    let Some((at, complaint)) = &state.complaint else { return };
    if *at == place {
        let sentence = match complaint {
            Complaint::Paste(error) => words.paste_error(error),
            Complaint::Range(least, most) => words.number_from_to(least, most),
        };
        warning(ui, &sentence);
    }
}

/// Draws `add` so that nothing in it can be changed while a show runs that is locked then.
pub(super) fn lockable<R>(
    ui: &mut egui::Ui,
    view: &SettingsView,
    field: Field,
    add: impl FnOnce(&mut egui::Ui) -> R,
) -> R {
    ui.add_enabled_ui(view.lock(field).is_none(), add).inner
}

/// While a show runs: what of `fields` is locked, and why.
pub(super) fn locks(ui: &mut egui::Ui, view: &SettingsView, fields: &[Field], words: Words) {
    let mut reasons: Vec<Lock> = Vec::new();
    for lock in fields.iter().filter_map(|field| view.lock(*field)) {
        if !reasons.contains(&lock) {
            reasons.push(lock);
        }
    }
    if reasons.is_empty() {
        return;
    }
    card(ui, CardKind::Plain, |ui| {
        let (font, ink) = (theme::strong(ui), theme::tokens(ui).text);
        text(ui, words.settings(SettingsText::LockedWhileLive), font, ink);
        for reason in reasons {
            hint(ui, words.lock(reason));
        }
    });
}

/// The settings after a change.
pub(super) fn edited(view: &SettingsView, change: impl FnOnce(&mut ShowSettings)) -> Act {
    let mut settings = view.settings.clone();
    change(&mut settings);
    Act::Edit(Box::new(settings))
}
