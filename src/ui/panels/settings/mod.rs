//! The side sheet of settings: its head and its tabs.

use eframe::egui;

use crate::ui::view::{Act, SettingsView, Tab};
use crate::ui::widgets::{sheet_head, tabs};
use crate::ui::wording::{Text, Words};

/// The sheet's own: what is being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsState {}

/// Draws the sheet into all of `ui`.
pub fn settings_ui(ui: &mut egui::Ui, view: &SettingsView, _: &mut SettingsState, words: Words, acts: &mut Vec<Act>) {
    if sheet_head(ui, words.text(Text::Settings), words) {
        acts.push(Act::CloseSettings);
    }
    let names = Tab::ALL.map(|tab| (tab, words.text(tab_name(tab))));
    if let Some(tab) = tabs(ui, &names, view.tab) {
        acts.push(Act::OpenSettings(tab));
    }
}

fn tab_name(tab: Tab) -> Text {
    match tab {
        Tab::Destination => Text::TabDestination,
        Tab::Picture => Text::TabPicture,
        Tab::Sound => Text::TabSound,
        Tab::Recording => Text::TabRecording,
        Tab::Keys => Text::TabKeys,
        Tab::About => Text::TabAbout,
    }
}
