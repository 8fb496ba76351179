//! Typed secrets: never printed, and how a kept one is shown.

use std::fmt;

use eframe::egui::{self, Role, Sense, Stroke, StrokeKind, TextEdit, WidgetInfo};

use crate::settings::StreamKey;
use crate::ui::theme::{self, RADIUS};
use crate::ui::widgets::{ButtonKind, galley_within, kind_button, row_at_end, secret_field, text};
use crate::ui::wording::{SettingsText, Text, Words};

/// Text that is typed and must not be seen.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct SecretText(String);

impl SecretText {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(•••)")
    }
}

/// Draws a field for a secret; gives it once it is whole: pasted, confirmed by Enter, or the field was left. Then it may be
/// empty, as it is where one that `replaces` another is given up. `wants_focus`: the next key typed goes there.
pub(super) fn typed_secret(
    ui: &mut egui::Ui,
    label: &str,
    typed: &mut SecretText,
    hint: &str,
    wants_focus: bool,
    replaces: bool,
    words: Words,
) -> Option<String> {
    let response = secret_field(ui, label, &mut typed.0, hint);
    if wants_focus {
        response.request_focus();
    }
    let pasted = response.has_focus() && ui.input(|i| i.events.iter().any(|e| matches!(e, egui::Event::Paste(_))));
    // The field's own steps would hold it longer than the secret store does, and after it was given up.
    if let Some(mut steps) = TextEdit::load_state(ui.ctx(), response.id) {
        steps.clear_undoer();
        TextEdit::store_state(ui.ctx(), response.id, steps);
    }
    let whole = (pasted || response.lost_focus()).then(|| std::mem::take(&mut typed.0));
    let cancel = words.text(Text::Cancel);
    if replaces {
        let cancel = kind_button(ui, ButtonKind::Ghost, cancel, cancel);
        // The field is left, and what is in it whole, before the button is let go.
        if cancel.clicked() || (whole.is_some() && cancel.contains_pointer()) {
            return Some(String::new());
        }
    }
    whole
}

/// What is asked of a kept secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeptAnswer {
    /// Another one.
    Replace,
    /// None.
    Forget,
}

/// A kept secret: dots and its last characters, or that it was not read, with Replace and Forget, called `replace` and `forget` in full.
/// `wants_focus`: the keyboard is at Replace.
pub(super) fn kept_secret(
    ui: &mut egui::Ui,
    label: &str,
    secret: Option<&StreamKey>,
    (replace, forget): (SettingsText, SettingsText),
    wants_focus: bool,
    words: Words,
) -> Option<KeptAnswer> {
    let t = theme::tokens(ui);
    let font = theme::small(ui);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        text(ui, label, font, t.dim);
        let enabled = ui.is_enabled();
        let size = egui::vec2(ui.available_width(), theme::scaled(ui, 34.0));
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        let unread = words.settings(SettingsText::SecretUnread);
        let last4 = secret.map(StreamKey::last4);
        response.widget_info(|| {
            let said = last4.as_ref().map_or_else(|| unread.to_owned(), |last4| words.secret_ends_with(last4));
            WidgetInfo::labeled(Role::Label, enabled, format!("{label} {said}"))
        });
        ui.painter().rect(rect, RADIUS, t.bg, Stroke::new(1.0, t.line), StrokeKind::Inside);
        let inside = rect.shrink2(egui::vec2(theme::scaled(ui, 10.0), 2.0));
        let mut row = ui.new_child(egui::UiBuilder::new().max_rect(inside));
        row.spacing_mut().item_spacing.x = 0.0;
        let mut pressed = None;
        let buttons = row_at_end(&mut row, |ui| {
            for (shown, name, answer) in [
                (SettingsText::Replace, replace, KeptAnswer::Replace),
                (SettingsText::Forget, forget, KeptAnswer::Forget),
            ] {
                let (shown, name) = (words.settings(shown), words.settings(name));
                let response = kind_button(ui, ButtonKind::Ghost, shown, name);
                if wants_focus && answer == KeptAnswer::Replace {
                    response.request_focus();
                }
                if response.clicked() {
                    pressed = Some(answer);
                }
            }
            ui.min_rect()
        });
        let shown = format!("•••••••• {}", last4.as_deref().unwrap_or_default());
        let galley = galley_within(&row, &shown, theme::body(&row), t.text, inside.width() - buttons.width());
        let at = egui::pos2(inside.left(), inside.center().y - galley.size().y / 2.0);
        row.painter().galley(at, galley, t.text);
        pressed
    })
    .inner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_never_printed() {
        assert!(!format!("{:?}", SecretText("canary".to_owned())).contains("canary"));
    }
}
