//! The whole window: where each part stands.

use eframe::egui::{
    Align, CentralPanel, Frame, Key, Layout, Margin, Panel, Rect, ScrollArea, Stroke, Ui, UiBuilder, Vec2, pos2, vec2,
};

use super::check::check_ui;
use super::escape::{escape, top_card};
use super::first_run::first_run_ui;
use super::header::header_ui;
use super::incoming::sender_ui;
use super::keys::{Shortcut, keys_ui, press_once, pressed_shortcuts};
use super::problems::problems_ui;
use super::profiles::told_ui;
use super::result::result_ui;
use super::settings::settings_ui;
use super::sound::sound_ui;
use super::sources::{source_fields_ui, sources_ui};
use super::stage::stage_ui;
use super::strip::strip_ui;
use super::truth::{beside_width, sentence, truth_ui};
use super::viewer::{rehearsal_ui, share_ui};
use crate::ui::check::CheckAct;
use crate::ui::theme;
use crate::ui::view::{Act, Appearance, Phase, Primary, Tab, Truth, View, ViewState};
use crate::ui::widgets::{
    ButtonKind, Pictures, PrimaryAnswer, button_width, galley, health_ribbon, kind_button, kind_button_tall,
    leave_field, primary_button, row_at_end,
};
use crate::ui::wording::{Text, Words};

/// With less room than this, in points of text at 100 %, parts that are shown side by side take turns.
const COMPACT: Vec2 = vec2(700.0, 420.0);
/// With less room than this beside the buttons, in points of text at 100 %, the sentence of truth stands above them.
const SENTENCE: f32 = 240.0;
/// Most of the room between head and foot that cards and fields below the picture take; more is scrolled.
const BELOW_PART: f32 = 0.5;

const CLOSE_CHECK: Act = Act::Check(CheckAct::Close);

/// Draws everything.
pub fn window_ui(
    ui: &mut Ui,
    view: &View,
    pictures: &Pictures<'_>,
    appearance: Appearance,
    state: &mut ViewState,
    words: Words,
    acts: &mut Vec<Act>,
) {
    let t = theme::tokens(ui);
    let scale = theme::scale(ui);
    let room = ui.max_rect().size() / scale;
    let compact = room.x < COMPACT.x || room.y < COMPACT.y;
    press_once(ui);
    shortcuts(ui, view, appearance, state, acts);
    let by_shortcut = acts.len();
    escape(ui, view, state, compact, acts);
    state.settings_left |= acts[by_shortcut..].contains(&Act::CloseSettings);
    state.check_left |= acts.contains(&CLOSE_CHECK);
    if view.settings.is_none() {
        state.settings.close();
    }
    let line = Stroke::new(1.0, t.line);
    let plain = Frame::new().inner_margin(Margin::symmetric(14, 0));
    let head = Panel::top("head").exact_size(40.0 * scale).frame(plain).show_separator_line(false);
    let head = head.show(ui, |ui| header_ui(ui, view, state, words, acts)).response.rect;
    ui.painter().hline(head.x_range(), head.bottom() - 0.5, line);
    if view.first_run {
        CentralPanel::no_frame().frame(Frame::new()).show(ui, |ui| {
            first_run_ui(ui, view, pictures.program, state, words, acts);
        });
    } else {
        let foot = Frame::new().fill(t.panel).inner_margin(Margin::symmetric(14, 10));
        let foot = Panel::bottom("foot").frame(foot).show_separator_line(false);
        let foot = foot.show(ui, |ui| foot_ui(ui, view, state, words, acts, compact)).response.rect;
        ui.painter().hline(foot.x_range(), foot.top() + 0.5, line);
        if let Some(settings) = &view.settings {
            let width = (384.0 * scale).min(ui.available_width() * 0.5);
            let frame = Frame::new().fill(t.panel).inner_margin(Margin::symmetric(16, 14));
            if compact {
                // No room for both: the picture is back when the settings are closed.
                CentralPanel::no_frame().frame(frame).show(ui, |ui| {
                    settings_ui(ui, settings, &mut state.settings, words, acts);
                });
                return keys_over(ui, state, words);
            }
            let sheet =
                Panel::right("settings").exact_size(width).resizable(false).frame(frame).show_separator_line(false);
            let sheet = sheet.show(ui, |ui| settings_ui(ui, settings, &mut state.settings, words, acts)).response.rect;
            ui.painter().vline(sheet.left() + 0.5, sheet.y_range(), line);
        }
        if compact && top_card(view).is_some() {
            let frame = Frame::new().inner_margin(Margin::symmetric(14, 8));
            CentralPanel::no_frame().frame(frame).show(ui, |ui| cards_ui(ui, view, state, words, acts));
            return keys_over(ui, state, words);
        }
        let frame = Frame::new().inner_margin(Margin { left: 0, right: 14, top: 14, bottom: 10 });
        let sound = Panel::right("sound").exact_size(140.0 * scale.max(0.9)).resizable(false).frame(frame);
        sound.show_separator_line(false).show(ui, |ui| sound_ui(ui, &view.sound, words, acts));
        let frame = Frame::new().inner_margin(Margin { left: 14, right: 14, top: 14, bottom: 10 });
        CentralPanel::no_frame().frame(frame).show(ui, |ui| middle_ui(ui, view, pictures, state, words, acts, compact));
    }
    keys_over(ui, state, words);
}

fn keys_over(ui: &mut Ui, state: &mut ViewState, words: Words) {
    if state.keys_open && keys_ui(ui, words) {
        state.keys_open = false;
    }
}

/// Picture, ribbon, chips, problems: the picture gets what the others leave.
fn middle_ui(
    ui: &mut Ui,
    view: &View,
    pictures: &Pictures<'_>,
    state: &mut ViewState,
    words: Words,
    acts: &mut Vec<Act>,
    compact: bool,
) {
    let most = ui.available_height() * BELOW_PART;
    let below = Panel::bottom("below").frame(Frame::new()).show_separator_line(false);
    below.show(ui, |ui| {
        // The ring of what has the focus lies outside of it.
        ui.set_clip_rect(ui.clip_rect().expand2(vec2(6.0, 0.0)));
        ui.add_space(4.0);
        // Its place is kept, so that the picture does not jump when a show begins.
        let (_, rect) = ui.allocate_space(vec2(ui.available_width(), 8.0));
        health_ribbon(ui, rect, &view.flight, false, &mut state.ribbon, words);
        sources_ui(ui, &view.sources, &mut state.sources, words, acts, compact);
        ScrollArea::vertical().max_height(most).min_scrolled_height(most).show(ui, |ui| {
            source_fields_ui(ui, &view.sources, &mut state.sources, words, acts);
            told_ui(ui, &view.profiles, words, acts);
            problems_ui(ui, &view.problems, &mut state.problems, words, acts);
        });
    });
    let stage = ui.available_rect_before_wrap();
    ui.scope_builder(UiBuilder::new().max_rect(stage), |ui| match &view.viewer {
        Some(viewer) => rehearsal_ui(ui, view, viewer, pictures, &mut state.sources, words, acts, compact),
        None => {
            // Behind the card of a show that is over nothing is pressed.
            ui.add_enabled_ui(view.result.is_none(), |ui| {
                stage_ui(ui, &view.stage, &view.sources, pictures.program, &mut state.sources, words, acts);
            });
        }
    });
    ui.scope_builder(UiBuilder::new().max_rect(stage), |ui| cards_ui(ui, view, state, words, acts));
}

/// What lies over the picture until it is put away, into all of `ui`.
fn cards_ui(ui: &mut Ui, view: &View, state: &mut ViewState, words: Words, acts: &mut Vec<Act>) {
    let all = ui.available_rect_before_wrap();
    let over = || UiBuilder::new().max_rect(all);
    if let Some(viewer) = &view.viewer {
        ui.scope_builder(over(), |ui| share_ui(ui, &viewer.share, words, acts));
    }
    if let Some(card) = &view.sources.incoming.card {
        ui.scope_builder(over(), |ui| sender_ui(ui, card, words, acts));
    }
    if let Some((check, show)) = &view.check {
        ui.scope_builder(over(), |ui| check_ui(ui, check, show, words, acts));
        let by_key = ui.input(|input| input.key_pressed(Key::Enter) || input.key_pressed(Key::Space));
        state.check_left |= by_key && acts.contains(&CLOSE_CHECK);
    }
    if let Some(result) = &view.result {
        ui.painter().rect_filled(all, theme::RADIUS_LARGE, theme::tokens(ui).bg.gamma_multiply(0.7));
        ui.scope_builder(over(), |ui| result_ui(ui, result, &mut state.ribbon, words, acts));
    }
}

fn foot_ui(ui: &mut Ui, view: &View, state: &mut ViewState, words: Words, acts: &mut Vec<Act>, compact: bool) {
    let scale = theme::scale(ui);
    let primary_width = primary_width(ui, words);
    let sides = side_buttons(view, compact);
    let width = |label: Text| galley(ui, words.text(label), theme::body(ui), theme::tokens(ui).text).size().x;
    let roomy = primary_width + sides.iter().map(|(label, ..)| width(*label) + 46.0 * scale).sum::<f32>();
    let all = ui.available_rect_before_wrap();
    // With large text in a small window there is room for buttons of the usual kind alone.
    let is_tight = roomy > all.width();
    let gap = if is_tight { 4.0 } else { 10.0 };
    let small = || sides.iter().map(|(label, ..)| button_width(ui, words.text(*label)) + gap).sum::<f32>();
    let buttons = if is_tight { primary_width + small() } else { roomy };
    let beside = beside_width(ui, &view.truth, state.primary.asks, words);
    let narrow = all.width() - buttons - 14.0 - beside < SENTENCE * scale;
    ui.spacing_mut().item_spacing.y = 6.0;
    if compact || narrow {
        strip_ui(ui, &view.show, &view.strip, view.now, words, acts, compact);
    }
    let tall = 46.0 * scale;
    // Strip and sentence of a line each. With more of them the foot grows upwards: the primary button stays.
    let usual = if compact { tall } else { tall.max(2.0 * ui.spacing().interact_size.y + ui.spacing().item_spacing.y) };
    let right = if narrow {
        truth_ui(ui, &view.truth, &mut state.primary, words, acts);
        let (_, row) = ui.allocate_space(vec2(all.width(), usual.midpoint(tall)));
        Rect::from_min_size(row.min, vec2(row.width(), tall))
    } else {
        let all = ui.available_rect_before_wrap();
        let left = Rect::from_min_max(all.min, pos2(all.right() - buttons - 14.0, all.bottom()));
        let texts = ui.scope_builder(UiBuilder::new().max_rect(left), |ui| {
            if !compact {
                strip_ui(ui, &view.show, &view.strip, view.now, words, acts, compact);
            }
            truth_ui(ui, &view.truth, &mut state.primary, words, acts);
        });
        let bottom = all.top() + texts.response.rect.height().max(usual);
        Rect::from_min_size(pos2(all.right() - buttons, bottom - usual), vec2(buttons, usual))
    };
    // They stay what they are while figures beside them come or go: a click meanwhile would be lost.
    let id = ui.scope_id().with("buttons");
    let right = UiBuilder::new().scope_id(id).max_rect(right).layout(Layout::left_to_right(Align::Center));
    ui.scope_builder(right, |ui| {
        row_at_end(ui, |ui| {
            ui.spacing_mut().item_spacing.x = gap;
            let check_left = view.check.is_none() && std::mem::take(&mut state.check_left);
            for (label, act, enabled) in sides {
                let label = words.text(label);
                let pressed = ui.add_enabled_ui(enabled, |ui| {
                    let quiet = if is_tight { kind_button } else { kind_button_tall };
                    let button = quiet(ui, ButtonKind::Quiet, label, label);
                    if check_left && act == Act::Check(CheckAct::Start) {
                        button.request_focus();
                    }
                    button.on_disabled_hover_text(sentence(&view.truth.truth, words)).clicked()
                });
                if pressed.inner {
                    acts.push(act);
                }
            }
            ui.add_enabled_ui(view.truth.truth != Truth::Checking, |ui| {
                primary_ui(ui, view, primary_width, state, words, acts);
            });
        });
    });
}

/// What stands beside the primary button, and whether it can be pressed.
fn side_buttons(view: &View, compact: bool) -> Vec<(Text, Act, bool)> {
    let enabled = view.show.rehearse_enabled;
    if compact && (view.settings.is_some() || top_card(view).is_some()) {
        // They are back when what is open is closed.
        return Vec::new();
    }
    match view.show.phase {
        Phase::Ready | Phase::Off => {
            let check = (Text::Check, Act::Check(CheckAct::Start), view.show.check_enabled);
            vec![(Text::RecordOnly, Act::Record, enabled), check, (Text::Rehearse, Act::Rehearse, enabled)]
        }
        Phase::Live | Phase::Reconnecting | Phase::OffAir if !view.show.rehearsal && !compact => {
            vec![(Text::SaveReplay, Act::SaveReplay, true)]
        }
        Phase::Live | Phase::Reconnecting | Phase::OffAir | Phase::Connecting | Phase::Ending => Vec::new(),
    }
}

/// Wide enough for the longest it ever says, so that it never moves.
fn primary_width(ui: &Ui, words: Words) -> f32 {
    let labels = [Text::GoLive, Text::CancelConnecting, Text::HoldToEnd, Text::EndNow, Text::ChooseDestination];
    let ink = theme::tokens(ui).text;
    let widest = labels.map(|label| galley(ui, words.text(label), theme::strong_large(ui), ink).size().x);
    widest.into_iter().fold(0.0, f32::max) + 40.0 * theme::scale(ui)
}

fn primary_ui(ui: &mut Ui, view: &View, width: f32, state: &mut ViewState, words: Words, acts: &mut Vec<Act>) {
    let (label, act) = match view.show.primary {
        Primary::GoLive => (Text::GoLive, Act::GoLive),
        Primary::ChooseDestination => (Text::ChooseDestination, Act::OpenSettings(Tab::Destination)),
        Primary::Cancel => (Text::CancelConnecting, Act::Cancel),
        Primary::EndShow => (Text::HoldToEnd, Act::EndShow),
        Primary::EndNow => (Text::EndNow, Act::Abort),
    };
    if view.show.primary != Primary::EndShow {
        state.primary.asks = false;
    }
    let enabled = view.show.primary_enabled;
    let asks_for_server = act == Act::OpenSettings(Tab::Destination);
    match primary_button(ui, view.show.primary, words.text(label), width, enabled, view.now, &mut state.primary) {
        PrimaryAnswer::Pressed | PrimaryAnswer::Held => {
            state.primary.asks = false;
            if asks_for_server {
                state.settings.ask_for(ui.ctx(), view.show.lacks);
            }
            acts.push(act);
        }
        PrimaryAnswer::Asked => state.primary.asks = true,
        PrimaryAnswer::Nothing => {}
    }
}

fn shortcuts(ui: &Ui, view: &View, appearance: Appearance, state: &mut ViewState, acts: &mut Vec<Act>) {
    for shortcut in pressed_shortcuts(ui) {
        let scale_to = |scale: f32| Act::SetAppearance(Appearance { scale: scale.clamp(0.8, 2.0), ..appearance });
        match shortcut {
            Shortcut::Primary if view.first_run => {}
            Shortcut::Primary => match view.show.primary {
                Primary::GoLive => acts.push(Act::GoLive),
                Primary::ChooseDestination => {
                    state.settings.ask_for(ui.ctx(), view.show.lacks);
                    acts.push(Act::OpenSettings(Tab::Destination));
                }
                Primary::Cancel => acts.push(Act::Cancel),
                Primary::EndShow => state.primary.asks = view.show.primary_enabled && !state.primary.asks,
                Primary::EndNow => acts.push(Act::Abort),
            },
            Shortcut::Rehearse if view.show.rehearse_enabled && !view.first_run => acts.push(Act::Rehearse),
            Shortcut::Rehearse => {}
            Shortcut::Mute => acts.push(Act::SetMuted(!view.sound.muted)),
            Shortcut::Record if view.first_run => {}
            Shortcut::Record if view.show.alone && view.show.primary == Primary::EndShow => {
                state.primary.asks = view.show.primary_enabled && !state.primary.asks;
            }
            Shortcut::Record => acts.push(Act::Record),
            Shortcut::Replay => acts.push(Act::SaveReplay),
            Shortcut::Mark => acts.push(Act::Mark),
            Shortcut::Settings if view.first_run => {}
            Shortcut::Settings if view.settings.is_some() => {
                // The secret in use is not replaced by half of another.
                state.settings.keep_secret();
                leave_field(ui.ctx());
                acts.push(Act::CloseSettings);
            }
            Shortcut::Settings => acts.push(Act::OpenSettings(Tab::default())),
            Shortcut::Help => state.keys_open = !state.keys_open,
            Shortcut::Larger => acts.push(scale_to(appearance.scale + 0.1)),
            Shortcut::Smaller => acts.push(scale_to(appearance.scale - 0.1)),
            Shortcut::Plain => acts.push(scale_to(1.0)),
        }
    }
}
