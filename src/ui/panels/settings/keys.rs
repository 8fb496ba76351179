//! The keys, all in one list.

use eframe::egui;

use crate::ui::theme;
use crate::ui::widgets::text;
use crate::ui::wording::{Text, Words};

/// Each key and what it does.
const KEYS: [(&str, Text); 6] = [
    ("Ctrl L", Text::KeyGoLive),
    ("Ctrl M", Text::KeyMute),
    ("Ctrl R", Text::KeyRecord),
    ("Tab", Text::KeyNext),
    ("Esc", Text::KeyClose),
    ("F1", Text::KeyHelp),
];

pub(super) fn keys_ui(ui: &mut egui::Ui, words: Words) {
    let t = theme::tokens(ui);
    for (key, does) in KEYS {
        ui.horizontal(|ui| {
            let (strong, body) = (theme::strong(ui), theme::body(ui));
            let column = theme::scaled(ui, 72.0);
            ui.allocate_ui(egui::vec2(column, 0.0), |ui| {
                ui.set_min_width(column);
                text(ui, key, strong, t.text);
            });
            text(ui, words.text(does), body, t.text);
        });
    }
}
