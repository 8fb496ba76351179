//! The sheet of keys, and what each key does: one table for both.

use eframe::egui::{
    Align2, Area, Event, Frame, Grid, Id, Key, KeyboardShortcut, Label, Margin, Modifiers, Order, RichText, ScrollArea,
    Stroke, Ui, vec2,
};

use crate::ui::theme::{self, RADIUS_LARGE};
use crate::ui::widgets::{sheet_head, text};
use crate::ui::wording::{Text, Words};

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shortcut {
    /// Goes live, cancels, asks whether to end.
    Primary,
    /// Begins a rehearsal.
    Rehearse,
    /// Mutes, or takes it off.
    Mute,
    /// Begins a recording alone, asks whether to end it.
    Record,
    /// Saves the last seconds.
    Replay,
    /// Marks this moment in the recording.
    Mark,
    /// Opens or closes the settings.
    Settings,
    /// Opens or closes the sheet.
    Help,
    /// Larger text.
    Larger,
    /// Smaller text.
    Smaller,
    /// Text as it comes.
    Plain,
}

const CTRL: Modifiers = Modifiers::COMMAND;
const CTRL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);

/// Every key that is Tally's own.
const SHORTCUTS: [(KeyboardShortcut, Shortcut); 12] = [
    (KeyboardShortcut::new(CTRL, Key::L), Shortcut::Primary),
    (KeyboardShortcut::new(CTRL, Key::E), Shortcut::Rehearse),
    (KeyboardShortcut::new(CTRL, Key::M), Shortcut::Mute),
    // Before the one that has less to it.
    (KeyboardShortcut::new(CTRL_SHIFT, Key::R), Shortcut::Replay),
    (KeyboardShortcut::new(CTRL, Key::R), Shortcut::Record),
    (KeyboardShortcut::new(CTRL, Key::K), Shortcut::Mark),
    (KeyboardShortcut::new(CTRL, Key::Comma), Shortcut::Settings),
    (KeyboardShortcut::new(Modifiers::NONE, Key::F1), Shortcut::Help),
    (KeyboardShortcut::new(CTRL, Key::Plus), Shortcut::Larger),
    (KeyboardShortcut::new(CTRL, Key::Equals), Shortcut::Larger),
    (KeyboardShortcut::new(CTRL, Key::Minus), Shortcut::Smaller),
    (KeyboardShortcut::new(CTRL, Key::Num0), Shortcut::Plain),
];

impl Shortcut {
    /// Whether it goes on while its key is held.
    fn repeats(self) -> bool {
        matches!(self, Self::Larger | Self::Smaller)
    }
}

/// What the keys pressed in this frame do, in the order of the table.
pub(super) fn pressed_shortcuts(ui: &Ui) -> impl Iterator<Item = Shortcut> {
    let is_due = |(keys, shortcut): &(KeyboardShortcut, Shortcut)| match shortcut.repeats() {
        true => ui.input_mut(|input| input.consume_shortcut(keys)),
        false => is_pressed_anew(ui, *keys),
    };
    SHORTCUTS.into_iter().filter(is_due).map(|(_, shortcut)| shortcut)
}

/// Whether these keys were pressed just now. What comes while they are held is taken and means nothing: to mute and to hear
/// again, to go live and to cancel would take turns.
pub(super) fn is_pressed_anew(ui: &Ui, keys: KeyboardShortcut) -> bool {
    ui.input_mut(|input| {
        let is_new = |event: &Event| {
            let Event::Key { key, modifiers, pressed: true, repeat: false, .. } = event else { return false };
            *key == keys.logical_key && modifiers.matches_logically(keys.modifiers)
        };
        let anew = input.events.iter().any(is_new);
        input.consume_shortcut(&keys) && anew
    })
}

/// Takes what comes while Space or Enter is held: egui presses whatever has the focus with each of them, which would mute and
/// hear again, or save one file after the other. What is typed comes as text, and stays.
pub(super) fn press_once(ui: &Ui) {
    let is_held =
        |event: &Event| matches!(event, Event::Key { key: Key::Space | Key::Enter, pressed: true, repeat: true, .. });
    ui.input_mut(|input| input.events.retain(|event| !is_held(event)));
}

/// Between the sheet and the window's edge at least, in points.
const MARGIN: f32 = 12.0;
/// Room for the scroll bar, in points.
const BAR: f32 = 10.0;

/// The sheet's rows.
const ROWS: [(&str, Text); 17] = [
    ("Ctrl+L", Text::KeyGoLive),
    ("Ctrl+E", Text::KeyRehearse),
    ("Ctrl+M", Text::KeyMute),
    ("Ctrl+R", Text::KeyRecord),
    ("Ctrl+Shift+R", Text::KeyReplay),
    ("Ctrl+K", Text::KeyMark),
    ("Ctrl+,", Text::KeySettings),
    ("Ctrl+Z", Text::KeyUndo),
    ("Ctrl+Shift+Z", Text::KeyRedo),
    ("Ctrl + − 0", Text::KeyZoom),
    ("Tab  ⇧Tab", Text::KeyNext),
    ("Space  Enter", Text::KeyPress),
    ("↑ ↓", Text::KeyMove),
    ("← →", Text::KeyScrub),
    ("PgUp  PgDn", Text::KeyScrubPoor),
    ("Esc", Text::KeyClose),
    ("F1", Text::KeyHelp),
];

/// The rows of the sheet, for whoever shows them elsewhere.
pub(crate) fn keys_table(ui: &mut Ui, words: Words) {
    let t = theme::tokens(ui);
    let (strong, body) = (theme::strong(ui), theme::body(ui));
    let row = theme::scaled(ui, 20.0);
    Grid::new("keys").num_columns(2).spacing(vec2(24.0, 6.0)).min_row_height(row).show(ui, |ui| {
        for (keys, what) in ROWS {
            ui.add(Label::new(RichText::new(words.keys(keys)).font(strong.clone()).color(t.text)).extend());
            text(ui, words.text(what), body.clone(), t.dim);
            ui.end_row();
        }
    });
}

/// The rows within `most` points, scrolled by wheel and keys where large text makes them more.
fn keys_scrolled(ui: &mut Ui, most: f32, words: Words) {
    let line = theme::scaled(ui, 26.0);
    let steps =
        [(Key::ArrowDown, -line), (Key::ArrowUp, line), (Key::PageDown, -most * 0.8), (Key::PageUp, most * 0.8)];
    let by = steps.iter().filter(|(key, _)| ui.input(|input| input.key_pressed(*key))).map(|(_, by)| by).sum();
    // Beside the words, not over them.
    ui.spacing_mut().scroll.floating_allocated_width = BAR;
    ScrollArea::vertical().max_height(most).min_scrolled_height(most).show(ui, |ui| {
        ui.scroll_with_delta(vec2(0.0, by));
        keys_table(ui, words);
    });
}

/// Draws the sheet over the window; `true` when it is to be closed.
pub fn keys_ui(ui: &mut Ui, words: Words) -> bool {
    let t = theme::tokens(ui);
    let window = ui.ctx().content_rect();
    let width = theme::scaled(ui, 380.0).min(window.width() - 2.0 * MARGIN - 40.0);
    let mut close = false;
    Area::new(Id::unique("keys sheet")).order(Order::Foreground).anchor(Align2::CENTER_CENTER, [0.0, 0.0]).show(
        ui.ctx(),
        |ui| {
            let frame = Frame::new()
                .fill(t.panel)
                .stroke(Stroke::new(1.0, t.faint))
                .corner_radius(RADIUS_LARGE)
                .inner_margin(Margin::same(20));
            frame.show(ui, |ui| {
                ui.set_width(width);
                let cross = sheet_head(ui, words.text(Text::KeysTitle), words, |_| {});
                close |= cross.clicked();
                let elsewhere = ui.memory(|memory| memory.focused()).is_some_and(|focused| focused != cross.id);
                // What lies behind the sheet is not gone through; what is being typed may be gone on with.
                if elsewhere && (ui.input(|input| input.key_pressed(Key::Tab)) || !ui.ctx().text_edit_focused()) {
                    cross.request_focus();
                }
                ui.add_space(4.0);
                let most = window.height() - 2.0 * MARGIN - 40.0 - ui.min_rect().height();
                keys_scrolled(ui, most, words);
            });
        },
    );
    close
}
