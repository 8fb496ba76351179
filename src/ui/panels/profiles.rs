//! The profiles menu: which profile is in use, everything that can be done with profiles, and the card that passes a
//! show on.

use eframe::egui::{self, Align, Layout, Role, Sense, WidgetInfo};

use crate::settings::{LinkError, QrCode, ShowLink, typed_path};
use crate::ui::dialogs::DialogRequest;
use crate::ui::settings_view::Card;
use crate::ui::theme::{self, STEP};
use crate::ui::view::{Act, ProfilesView};
use crate::ui::widgets::{
    ButtonKind, CardKind, button, card, chip_ending, close_button, field, kind_button, menu_below, menu_item, text,
};
use crate::ui::wording::{SettingsText, Text, Words};

/// Width of the menu, in points at a text scale of 100 %.
const WIDTH: f32 = 300.0;
/// Most of a QR code's width, in points: the whole card is seen at once.
const CODE_WIDTH: f32 = 220.0;
/// Light squares around a QR code (ISO/IEC 18004, 5.3.8).
const QUIET: usize = 4;

/// The menu's own: which page is open, and what is typed there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfilesState {
    page: Page,
    typed: String,
    /// Whether the page was opened just now: its field is typed into.
    begins: bool,
    /// Why what was typed is no link.
    refused: Option<LinkError>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Page {
    #[default]
    List,
    SaveAs,
    Rename,
    Import,
    Export,
}

/// Names the profile in use, and opens the menu.
pub fn profiles_ui(
    ui: &mut egui::Ui,
    view: &ProfilesView,
    state: &mut ProfilesState,
    words: Words,
    acts: &mut Vec<Act>,
) {
    let called = view.around.called.as_deref();
    let name = view.current.as_deref().or(called).unwrap_or_else(|| words.text(Text::NoProfile));
    let ending = match (called, view.around.has_changes) {
        (Some(_), _) => format!(" · {}", words.text(Text::NotSaved)),
        (None, true) => format!(" · {}", words.settings(SettingsText::Changed)),
        (None, false) => String::new(),
    };
    let label = words.settings(SettingsText::Profiles);
    let opener = chip_ending(ui, label, name, &ending, theme::scaled(ui, WIDTH).min(ui.available_width()));
    let width = theme::scaled(ui, WIDTH);
    let open = menu_below(&opener, label, width, |ui| {
        ui.set_max_width(width);
        match (&view.around.card, state.page) {
            (Some(card), _) => {
                // A menu draws its buttons as wide as itself.
                ui.with_layout(Layout::top_down(Align::Min), |ui| card_page(ui, card, words, acts));
            }
            (None, Page::List) => list_page(ui, view, state, words, acts),
            (None, page) => typing_page(ui, view, page, state, words, acts),
        }
    });
    if open.is_some() && opener.clicked() {
        // Others may have saved or deleted some since.
        acts.push(Act::LookAtProfiles);
    }
    if open.is_none() && (state.page != Page::List || view.around.card.is_some()) && !opener.clicked() {
        *state = ProfilesState::default();
        if view.around.card.is_some() {
            acts.push(Act::CloseCard);
        }
    }
}

fn list_page(ui: &mut egui::Ui, view: &ProfilesView, state: &mut ProfilesState, words: Words, acts: &mut Vec<Act>) {
    for name in &view.names {
        let is_current = view.current.as_ref() == Some(name);
        if menu_item(ui, name, is_current).clicked() {
            acts.push(Act::LoadProfile(name.clone()));
            ui.close();
        }
    }
    if !view.names.is_empty() {
        ui.separator();
    }
    let item = |ui: &mut egui::Ui, enabled: bool, label: SettingsText| {
        ui.add_enabled_ui(enabled, |ui| menu_item(ui, words.settings(label), false).clicked()).inner
    };
    let current = view.current.clone();
    // Another window or the command line may have removed it.
    let is_gone = current.as_ref().is_some_and(|current| !view.names.contains(current));
    if item(ui, current.is_some() && (view.around.has_changes || is_gone), SettingsText::Save) {
        acts.push(Act::SaveProfile);
        ui.close();
    }
    let mut turn = |page, typed: Option<&String>| {
        *state = ProfilesState { page, typed: typed.cloned().unwrap_or_default(), begins: true, refused: None };
    };
    if item(ui, true, SettingsText::SaveAs) {
        turn(Page::SaveAs, view.around.called.as_ref());
    }
    if item(ui, current.is_some(), SettingsText::Rename) {
        turn(Page::Rename, current.as_ref());
    }
    for (label, act) in [
        (SettingsText::Duplicate, current.clone().map(Act::DuplicateProfile)),
        (SettingsText::Delete, current.clone().map(Act::DeleteProfile)),
    ] {
        if item(ui, act.is_some(), label) {
            acts.extend(act);
            ui.close();
        }
    }
    if let Some(deleted) = &view.around.deleted
        && menu_item(ui, &words.undo_delete_of(deleted), false).clicked()
    {
        acts.push(Act::UndoDelete);
        ui.close();
    }
    ui.separator();
    if item(ui, true, SettingsText::Import) {
        turn(Page::Import, None);
    }
    if item(ui, current.is_some(), SettingsText::Export) {
        turn(Page::Export, None);
    }
    if item(ui, true, SettingsText::ShowCard) {
        acts.push(Act::ShowCard);
    }
}

/// A page with one field: a name or a path.
fn typing_page(
    ui: &mut egui::Ui,
    view: &ProfilesView,
    page: Page,
    state: &mut ProfilesState,
    words: Words,
    acts: &mut Vec<Act>,
) {
    let (label, confirm) = match page {
        Page::SaveAs | Page::List => (SettingsText::ProfileName, SettingsText::Save),
        Page::Rename => (SettingsText::NewName, SettingsText::RenameNow),
        Page::Import => (SettingsText::ImportFrom, SettingsText::ImportNow),
        Page::Export => (SettingsText::ExportTo, SettingsText::ExportNow),
    };
    ui.spacing_mut().item_spacing.y = 2.0 * STEP;
    let response = field(ui, words.settings(label), &mut state.typed, "");
    if std::mem::take(&mut state.begins) {
        response.request_focus();
    }
    if response.changed() {
        state.refused = None;
    }
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    let (small, t) = (theme::small(ui), theme::tokens(ui));
    if let Some(error) = state.refused {
        text(ui, words.link_error(error), small.clone(), t.warn);
    }
    if page == Page::Export {
        text(ui, words.settings(SettingsText::ExportHint), small.clone(), t.dim);
    }
    if matches!(page, Page::Import | Page::Export) {
        if view.around.has_dialogs {
            if button(ui, words.settings(SettingsText::Browse)).clicked() {
                let name = view.current.clone().unwrap_or_default();
                let request = if page == Page::Import {
                    DialogRequest::ImportProfile
                } else {
                    DialogRequest::ExportProfile(name)
                };
                acts.push(Act::AskPath(request));
                ui.close();
            }
        } else {
            text(ui, words.settings(SettingsText::NoDialogs), small, t.dim);
        }
    }
    let typed = state.typed.trim().to_owned();
    if entered && typed.is_empty() {
        response.request_focus();
    }
    let mut confirmed = false;
    ui.horizontal(|ui| {
        let label = words.settings(confirm);
        let pressed =
            ui.add_enabled_ui(!typed.is_empty(), |ui| kind_button(ui, ButtonKind::Accent, label, label).clicked());
        confirmed = pressed.inner || (entered && !typed.is_empty());
        let back = words.settings(SettingsText::Back);
        if kind_button(ui, ButtonKind::Ghost, back, back).clicked() {
            *state = ProfilesState::default();
        }
    });
    if confirmed && let Some(act) = confirmed_act(page, view, &typed, state) {
        acts.push(act);
        *state = ProfilesState::default();
        ui.close();
    }
}

fn confirmed_act(page: Page, view: &ProfilesView, typed: &str, state: &mut ProfilesState) -> Option<Act> {
    let typed_owned = typed.to_owned();
    match page {
        Page::List => None,
        Page::SaveAs => Some(Act::SaveProfileAs(typed_owned)),
        Page::Rename => Some(Act::RenameProfile { from: view.current.clone()?, to: typed_owned }),
        Page::Export => Some(Act::ExportProfile { name: view.current.clone()?, path: typed_path(typed) }),
        Page::Import => match ShowLink::parse(typed) {
            Ok(link) => Some(Act::OpenLink(Box::new(link))),
            Err(LinkError::NotALink) if !typed.to_ascii_lowercase().starts_with("tally:") => {
                Some(Act::ImportProfile(typed_path(typed)))
            }
            Err(error) => {
                state.refused = Some(error);
                None
            }
        },
    }
}

/// What the last act came to, on a card of the window: the menu is closed by then.
pub fn told_ui(ui: &mut egui::Ui, view: &ProfilesView, words: Words, acts: &mut Vec<Act>) {
    if view.around.told.is_empty() {
        return;
    }
    let t = theme::tokens(ui);
    card(ui, CardKind::Plain, |ui| {
        ui.spacing_mut().item_spacing.y = STEP;
        ui.with_layout(Layout::right_to_left(Align::TOP), |ui| {
            if close_button(ui, words).clicked() {
                acts.push(Act::DismissTold);
            }
            if view.around.can_replace.is_some() {
                let replace = words.settings(SettingsText::ReplaceFile);
                if kind_button(ui, ButtonKind::Danger, replace, replace).clicked() {
                    acts.push(Act::ReplaceFile);
                }
            }
            if let Some(name) = &view.around.can_use {
                let use_it = words.settings(SettingsText::UseProfile);
                if kind_button(ui, ButtonKind::Quiet, use_it, use_it).clicked() {
                    acts.push(Act::LoadProfile(name.clone()));
                }
            }
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                let font = theme::body(ui);
                for warning in &view.around.told {
                    text(ui, words.warning(warning), font.clone(), t.text);
                }
            });
        });
    });
}

/// The show, to be passed on.
fn card_page(ui: &mut egui::Ui, card: &Card, words: Words, acts: &mut Vec<Act>) {
    let t = theme::tokens(ui);
    let (strong, small, body) = (theme::strong(ui), theme::small(ui), theme::body(ui));
    ui.spacing_mut().item_spacing.y = 2.0 * STEP;
    text(ui, words.settings(SettingsText::CardTitle), strong, t.text);
    if !card.name.is_empty() {
        text(ui, &card.name, body, t.text);
    }
    if let Some(code) = &card.code {
        qr_code(ui, code, words.settings(SettingsText::QrCode));
    }
    match &card.link {
        Ok(link) => {
            text(ui, words.settings(SettingsText::CardHint), small, t.dim);
            let label = words.settings(SettingsText::CopyLink);
            if kind_button(ui, ButtonKind::Accent, label, label).clicked() {
                acts.push(Act::CopyText(link.clone()));
            }
        }
        Err(error) => {
            text(ui, words.link_error(*error), small, t.warn);
        }
    }
    let back = words.settings(SettingsText::Back);
    if kind_button(ui, ButtonKind::Ghost, back, back).clicked() {
        acts.push(Act::CloseCard);
    }
}

/// Dark squares on light, whatever the look: that is what readers read.
pub(super) fn qr_code(ui: &mut egui::Ui, code: &QrCode, name: &str) {
    let squares = code.side() + 2 * QUIET;
    // Whole pixels for each square, so that all are of one size.
    let pixel = 1.0 / ui.ctx().pixels_per_point();
    let room = ui.available_width().min(theme::scaled(ui, CODE_WIDTH));
    let square = ((room / squares as f32) / pixel).floor().max(1.0) * pixel;
    let side = square * squares as f32;
    let (rect, response) = ui.allocate_exact_size(egui::vec2(side, side), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    ui.painter().rect_filled(rect, 0.0, egui::Color32::WHITE);
    let corner = |x: usize, y: usize| rect.min + egui::vec2((x + QUIET) as f32, (y + QUIET) as f32) * square;
    for y in 0..code.side() {
        let mut x = 0;
        while x < code.side() {
            let run = (x..code.side()).take_while(|x| code.is_dark(*x, y)).count();
            if run > 0 {
                let bar = egui::Rect::from_min_max(corner(x, y), corner(x + run, y + 1));
                ui.painter().rect_filled(bar, 0.0, egui::Color32::BLACK);
            }
            x += run.max(1);
        }
    }
}

#[cfg(test)]
mod tests;
