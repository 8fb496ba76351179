//! The profiles menu: which profile is in use.

use eframe::egui;

use crate::ui::theme;
use crate::ui::view::{Act, ProfilesView};
use crate::ui::wording::{Text, Words};

/// The menu's own: nothing is open or typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfilesState {}

/// Names the profile in use.
pub fn profiles_ui(ui: &mut egui::Ui, view: &ProfilesView, _: &mut ProfilesState, words: Words, _: &mut Vec<Act>) {
    let name = view.current.as_deref().unwrap_or_else(|| words.text(Text::NoProfile));
    ui.label(egui::RichText::new(name).font(theme::body(ui)).color(theme::tokens(ui).dim));
}
