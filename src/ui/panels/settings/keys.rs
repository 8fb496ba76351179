//! The keys, all in one list.

use eframe::egui;

use crate::ui::panels::keys::keys_table;
use crate::ui::wording::Words;

pub(super) fn keys_ui(ui: &mut egui::Ui, words: Words) {
    keys_table(ui, words);
}
