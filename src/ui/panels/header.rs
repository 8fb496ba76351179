//! The head of the window: lamp, name, profile, settings.

use eframe::egui::Ui;

use super::profiles::profiles_ui;
use crate::ui::theme;
use crate::ui::view::{Act, Phase, Tab, View, ViewState};
use crate::ui::widgets::{ButtonKind, button_width, kind_button, lamp, leave_field, row_at_end, text};
use crate::ui::wording::{Text, Words};

/// Draws the head into all of `ui`.
pub fn header_ui(ui: &mut Ui, view: &View, state: &mut ViewState, words: Words, acts: &mut Vec<Act>) {
    let t = theme::tokens(ui);
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 10.0;
        lamp(ui, view.show.phase == Phase::Live && !view.show.rehearsal);
        let font = theme::strong(ui);
        text(ui, words.text(Text::AppName), font, t.text);
        row_at_end(ui, |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let (keys, settings) = (words.text(Text::Keys), words.text(Text::Settings));
            // A long name makes room for what stands beside it.
            let others = button_width(ui, keys) + button_width(ui, settings) + 8.0;
            ui.scope(|ui| {
                ui.set_max_width((ui.available_width() - others).max(0.0));
                profiles_ui(ui, &view.profiles, &mut state.profiles, words, acts);
            });
            if kind_button(ui, ButtonKind::Ghost, keys, keys).clicked() {
                state.keys_open = !state.keys_open;
            }
            // The first run asks for all that it needs.
            let button = |ui: &mut Ui| kind_button(ui, ButtonKind::Ghost, settings, settings);
            let button = ui.add_enabled_ui(!view.first_run, button).inner;
            if view.settings.is_none() && std::mem::take(&mut state.settings_left) {
                button.request_focus();
            }
            if button.clicked() {
                leave_field(ui.ctx());
                acts.push(match &view.settings {
                    Some(_) => Act::CloseSettings,
                    None => Act::OpenSettings(Tab::default()),
                });
            }
        });
    });
}
