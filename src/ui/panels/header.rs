//! The head of the window: lamp, name, profile, settings.

use eframe::egui::{Align, Layout, Ui};

use super::profiles::profiles_ui;
use crate::ui::theme;
use crate::ui::view::{Act, Phase, Tab, View, ViewState};
use crate::ui::widgets::{ButtonKind, kind_button, lamp, text};
use crate::ui::wording::{Text, Words};

/// Draws the head into all of `ui`.
pub fn header_ui(ui: &mut Ui, view: &View, state: &mut ViewState, words: Words, acts: &mut Vec<Act>) {
    let t = theme::tokens(ui);
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 10.0;
        lamp(ui, view.show.phase == Phase::Live && !view.show.rehearsal);
        let font = theme::strong(ui);
        text(ui, words.text(Text::AppName), font, t.text);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let settings = words.text(Text::Settings);
            if kind_button(ui, ButtonKind::Ghost, settings, settings).clicked() {
                acts.push(match &view.settings {
                    Some(_) => Act::CloseSettings,
                    None => Act::OpenSettings(Tab::default()),
                });
            }
            let keys = words.text(Text::Keys);
            if kind_button(ui, ButtonKind::Ghost, keys, keys).clicked() {
                state.keys_open = !state.keys_open;
            }
            profiles_ui(ui, &view.profiles, &mut state.profiles, words, acts);
        });
    });
}
