//! About Tally: how the window looks and speaks, the version, and whose work is in it.

use eframe::egui;

use super::parts::{hint, value_picker};
use crate::ui::theme::{self, Look};
use crate::ui::view::{Act, Appearance, SettingsView};
use crate::ui::widgets::text;
use crate::ui::wording::{Lang, SettingsText, Text, Words};

/// What a distributor has to pass on.
const NOTICE: &str = include_str!("../../../../NOTICE");
/// Text scales that are offered, in percent.
const PERCENT: [u32; 6] = [80, 100, 125, 150, 175, 200];

pub(super) fn about_ui(ui: &mut egui::Ui, view: &SettingsView, words: Words, acts: &mut Vec<Act>) {
    let before = view.appearance;
    let mut wanted = before;
    let looks = [None, Some(Look::Dark), Some(Look::Light), Some(Look::HighContrast)];
    let shown = |look: Option<Look>| words.settings(look_name(look)).to_owned();
    if let Some(look) = value_picker(ui, words.settings(SettingsText::Look), &looks, before.look, shown) {
        wanted = Appearance { look, ..wanted };
    }
    let langs = [None, Some(Lang::English), Some(Lang::German)];
    let system = words.settings(SettingsText::LookSystem);
    let shown = |lang: Option<Lang>| lang.map_or(system, Lang::name).to_owned();
    if let Some(lang) = value_picker(ui, words.settings(SettingsText::Language), &langs, before.lang, shown) {
        wanted = Appearance { lang, ..wanted };
    }
    let percent = (before.scale * 100.0).round() as u32;
    let shown = |percent: u32| format!("{percent} %");
    if let Some(percent) = value_picker(ui, words.settings(SettingsText::TextSize), &PERCENT, percent, shown) {
        wanted = Appearance { scale: percent as f32 / 100.0, ..wanted };
    }
    if wanted != before {
        acts.push(Act::SetAppearance(wanted));
    }
    ui.separator();
    let (font, ink) = (theme::strong(ui), theme::tokens(ui).text);
    text(ui, format!("{} {}", words.text(Text::AppName), env!("CARGO_PKG_VERSION")), font.clone(), ink);
    hint(ui, words.settings(SettingsText::Licence));
    ui.separator();
    text(ui, words.settings(SettingsText::OthersWork), font, ink);
    for paragraph in NOTICE.split("\n\n") {
        // Lines of the file are cut for a terminal; here they run on.
        let lines: Vec<&str> = paragraph.lines().map(str::trim).collect();
        hint(ui, &lines.join(" "));
    }
}

fn look_name(look: Option<Look>) -> SettingsText {
    match look {
        None => SettingsText::LookSystem,
        Some(Look::Dark) => SettingsText::LookDark,
        Some(Look::Light) => SettingsText::LookLight,
        Some(Look::HighContrast) => SettingsText::LookContrast,
    }
}
