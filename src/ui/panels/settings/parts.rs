//! What the tabs share: labelled rows, fields that take typed text when it makes sense, what is locked.

use eframe::egui;

use super::secrets::SecretText;
use super::typed::TypedField;
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
    let is_over =
        state.typed.get(state.destination, place).is_some_and(|typed| typed.text.is_some() && typed.over != current);
    if is_over {
        // It was undone, or another profile was loaded.
        state.forget(place);
    }
    let typed = state.typed_at(place).map(str::to_owned);
    let mut shown = typed.clone().unwrap_or_else(|| current.to_owned());
    let response = field(ui, label, &mut shown, placeholder);
    if state.focus.take_if(|at| *at == place).is_some() {
        response.request_focus();
    }
    let changed = response.changed();
    if changed {
        let known = state.typed.get(state.destination, place).filter(|typed| typed.text.is_some());
        let field = TypedField {
            text: Some(SecretText::new(shown.as_str())),
            over: current.to_owned(),
            before: known.map_or(current, |typed| &typed.before).to_owned(),
            changed_at: Some(ui.input(|input| input.time)),
            unhidden: known.and_then(|typed| typed.unhidden.clone()),
            ..TypedField::default()
        };
        *state.typed.of(state.destination, place) = field;
    }
    let pasted = changed && ui.input(|input| input.events.iter().any(|e| matches!(e, egui::Event::Paste(_))));
    let was_typed = changed || typed.is_some();
    if response.lost_focus() {
        if was_typed {
            state.typed.of(state.destination, place).is_left = true;
        }
        // The field's own steps would hold a key that stood in the wrong place, and what was given up.
        egui::TextEdit::store_state(ui.ctx(), response.id, egui::text_edit::TextEditState::default());
    }
    if was_typed && (pasted || response.lost_focus()) {
        return Some(Typing::Whole(shown));
    }
    changed.then_some(Typing::Goes(shown))
}

/// While a show runs a number is taken once nothing was typed for so long, in seconds: each would be sent to the encoder.
const REST_SECONDS: f64 = 1.0;

/// Takes what was typed at `place` as the settings `read` makes of it: at once where it makes sense, or, while a show runs,
/// when it is whole. What is refused changes nothing: its first digits may have been taken for a number of their own.
pub(super) fn number_field(
    ui: &mut egui::Ui,
    state: &mut SettingsState,
    place: Place,
    (label, shown): (&str, impl Fn(&ShowSettings) -> String),
    range: (&str, &str),
    (view, words): (&SettingsView, Words),
    read: impl Fn(&str) -> Option<ShowSettings>,
) -> Option<ShowSettings> {
    let typing = typed_field(ui, state, place, (label, ""), &shown(&view.settings));
    let rested = if view.locked && typing.is_none() { rested(ui, state, place).map(Typing::Goes) } else { None };
    let mut waits = view.locked && matches!(typing, Some(Typing::Goes(_)));
    let mut taken = None;
    if let Some(typing) = typing.or(rested) {
        let (Typing::Goes(typed) | Typing::Whole(typed)) = &typing;
        let read =
            |typed: &str| read(&typed.trim().replace(',', ".")).filter(|settings| settings.encoding.validate().is_ok());
        taken = read(typed);
        match (&typing, &taken) {
            (_, None) => {
                state.complain(place, Complaint::Range(range.0.to_owned(), range.1.to_owned()));
                let field = state.typed.of(state.destination, place);
                field.over.clone_from(&field.before);
                taken = read(&field.before);
                waits = false;
            }
            (Typing::Whole(_), Some(_)) => state.forget(place),
            // What is set now is what is typed.
            (Typing::Goes(_), Some(taken)) if !waits => state.typed.of(state.destination, place).over = shown(taken),
            (Typing::Goes(_), Some(_)) => {}
        }
    }
    complaint(ui, state, place, words);
    // Leaving a field says nothing new: what was undone meanwhile stays undone.
    taken.filter(|taken| !waits && *taken != view.settings)
}

/// What was typed at `place` and rests since a moment, once.
fn rested(ui: &egui::Ui, state: &mut SettingsState, place: Place) -> Option<String> {
    let typed = state.typed_at(place)?.to_owned();
    let changed_at = &mut state.typed.of(state.destination, place).changed_at;
    let left = REST_SECONDS - (ui.input(|input| input.time) - (*changed_at)?);
    if left > 0.0 {
        ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(left));
        return None;
    }
    *changed_at = None;
    Some(typed)
}

/// What was wrong with what was typed at `place`.
pub(super) fn complaint(ui: &mut egui::Ui, state: &SettingsState, place: Place, words: Words) {
    let Some(complaint) = state.complaint_at(place) else { return };
    let sentence = match complaint {
        Complaint::Paste(error) => words.paste_error(error),
        Complaint::Range(least, most) => words.number_from_to(least, most),
        Complaint::FileName => words.settings(SettingsText::FileNameTooLong).to_owned(),
    };
    warning(ui, &sentence);
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
