//! The live strip: where the show stands, and its figures, once a second and always in the same place.

use std::sync::Arc;

use eframe::egui::containers::menu::{MenuButton, MenuConfig};
use eframe::egui::{Align2, PopupCloseBehavior, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::studio::DestinationState;
use crate::ui::theme;
use crate::ui::view::{Act, Phase, RecordingView, ShowView, StripView};
use crate::ui::widgets::{galley, galley_within, sparkline, state_pill, text, tick_box, told_whole};
use crate::ui::wording::{SettingsText, Text, Words};

/// Most of a figure's width, in points at a text scale of 100 %: a name ends with "…" there.
const FIGURE: f32 = 320.0;

/// The word of a state, as pill, title and announcement have it. It changes with the state alone: each change is announced.
pub(crate) fn state_word(show: &ShowView, words: Words) -> String {
    match show.phase {
        Phase::Ready => words.text(Text::StateReady).to_owned(),
        Phase::Connecting => words.text(Text::StateConnecting).to_owned(),
        Phase::Live if show.alone => words.text(Text::StateRecording).to_owned(),
        Phase::Live if show.rehearsal => words.text(Text::StateRehearsal).to_owned(),
        Phase::Live => words.text(Text::StateLive).to_owned(),
        Phase::Reconnecting => words.text(Text::StateReconnecting).to_owned(),
        Phase::OffAir => words.text(Text::StateOffAir).to_owned(),
        Phase::Ending => words.text(Text::StateEnding).to_owned(),
        Phase::Off => words.text(Text::StateOff).to_owned(),
    }
}

/// For how long it has been so, where that is told beside the word.
pub(crate) fn state_seconds(show: &ShowView, words: Words) -> Option<String> {
    (show.phase == Phase::Reconnecting).then(|| words.lost_for(show.lost_seconds))
}

/// Where it goes, in short.
pub(crate) fn destination_name(show: &ShowView, view: &StripView, words: Words) -> String {
    match view.destinations.as_slice() {
        _ if show.rehearsal || show.alone => words.text(Text::ThisComputer).to_owned(),
        [] => words.text(Text::NoDestination).to_owned(),
        [one] => one.clone(),
        [_, _, ..] => words.text(Text::SeveralServers).to_owned(),
    }
}

/// Draws the strip in a row that wraps; `brief`: only what changes, what is wrong and what is
/// switched here.
pub fn strip_ui(
    ui: &mut Ui,
    show: &ShowView,
    view: &StripView,
    now: f64,
    words: Words,
    acts: &mut Vec<Act>,
    brief: bool,
) {
    let row = ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(16.0, 6.0);
        let (word, seconds) = (state_word(show, words), state_seconds(show, words));
        state_pill(ui, show.phase, show.rehearsal, (&word, seconds.as_deref()), now);
        if let Some(seconds) = show.live_seconds {
            figure(ui, "", &words.timer(seconds), "");
        }
        // The switches of several destinations are nowhere else.
        if !view.lines.is_empty() {
            lines_ui(ui, view, words, acts);
        } else if !brief {
            figure(ui, words.text(Text::To), &destination_name(show, view, words), "");
        }
        let runs = matches!(show.phase, Phase::Live | Phase::Reconnecting | Phase::Ending);
        if runs && let Some(kbps) = view.kbps {
            figure(ui, "", &words.megabits(kbps), "Mb/s");
            if !brief || view.behind_seconds >= 0.5 {
                figure(ui, words.text(Text::Behind), &format!("{} s", words.decimal(view.behind_seconds, 1)), "");
            }
            figure(ui, words.text(Text::Dropped), &view.dropped.to_string(), "");
        }
        let recording = match view.recording {
            RecordingView::Off => words.text(Text::RecordingOff).to_owned(),
            RecordingView::Ready { .. } => words.text(Text::RecordingReady).to_owned(),
            RecordingView::Running { seconds, .. } => words.timer(seconds),
            RecordingView::Failed => words.text(Text::RecordingFailed).to_owned(),
        };
        let left = match view.recording {
            RecordingView::Off | RecordingView::Failed => None,
            RecordingView::Ready { left_seconds } | RecordingView::Running { left_seconds, .. } => left_seconds,
        };
        let left = left.map(|seconds| words.left(seconds)).unwrap_or_default();
        // A rehearsal leaves nothing behind, and a recording alone ends with the show.
        let is_switch = match show.phase {
            Phase::Ready | Phase::Off => true,
            Phase::Live | Phase::Reconnecting | Phase::OffAir => !show.rehearsal && !show.alone,
            Phase::Connecting | Phase::Ending => false,
        };
        if is_switch {
            let every_show = matches!(show.phase, Phase::Ready | Phase::Off);
            let mut records = match view.recording {
                RecordingView::Off => false,
                RecordingView::Ready { .. } | RecordingView::Running { .. } => true,
                // What every show is to do is set all the same.
                RecordingView::Failed => every_show,
            };
            let name = format!("{} {recording}", words.text(Text::Recording));
            let hint = if every_show { words.settings(SettingsText::Record) } else { words.text(Text::RecordThisShow) };
            if tick_box(ui, &mut records, &name).on_hover_text(hint).changed() {
                acts.push(Act::ToggleRecord);
            }
            if !brief && !left.is_empty() {
                figure(ui, "", "", &left);
            }
        } else if !brief || view.recording != RecordingView::Off {
            figure(ui, words.text(Text::Recording), &recording, if brief { "" } else { &left });
        }
    });
    if !view.history.is_empty() {
        row.response.on_hover_ui(|ui| {
            let (font, ink) = (theme::small(ui), theme::tokens(ui).dim);
            text(ui, words.text(Text::LastMinute), font, ink);
            sparkline(ui, &view.history);
        });
    }
}

/// Where each of several destinations stands, each with a switch, behind a button.
fn lines_ui(ui: &mut Ui, view: &StripView, words: Words, acts: &mut Vec<Act>) {
    let live = view.lines.iter().filter(|(_, state)| *state == DestinationState::Live).count();
    let stays_open = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    MenuButton::new(words.live_of(live, view.lines.len())).config(stays_open).ui(ui, |ui| {
        for (place, (name, state)) in view.lines.iter().enumerate() {
            let over = matches!(state, DestinationState::Off | DestinationState::Ended);
            let mut on = !over;
            let label = format!("{name}  {}", words.destination_state(*state));
            if tick_box(ui, &mut on, &label).changed() {
                acts.push(Act::SetDestination { place, on });
            }
        }
    });
}

/// A figure between its name and its unit, as one thing for a screen reader and for wrapping. A long one, such as a
/// server's name, ends with "…".
fn figure(ui: &mut Ui, name: &str, value: &str, unit: &str) -> Response {
    let t = theme::tokens(ui);
    let font = theme::body(ui);
    let whole = [name, value, unit].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let gap = 5.0;
    let most = theme::scaled(ui, FIGURE).min(ui.max_rect().width());
    let ends = [name, unit].map(|part| galley(ui, part, font.clone(), t.dim));
    let beside: f32 = ends.iter().map(|end| end.size().x).filter(|width| *width > 0.0).map(|width| width + gap).sum();
    let middle = galley_within(ui, value, font, t.text, most - beside);
    let [before, after] = ends;
    let parts = [(before, t.dim), (Arc::clone(&middle), t.text), (after, t.dim)];
    let parts = parts.into_iter().filter(|(part, _)| part.size().x > 0.0);
    let width = parts.clone().map(|(part, _)| part.size().x + gap).sum::<f32>() - gap;
    let (rect, response) = ui.allocate_exact_size(vec2(width.max(0.0), theme::scaled(ui, 25.0)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &whole));
    let mut x = rect.left();
    for (part, ink) in parts {
        let width = part.size().x;
        let at = Align2::LEFT_CENTER.anchor_size(pos2(x, rect.center().y), part.size());
        ui.painter().galley(at.min, part, ink);
        x += width + gap;
    }
    told_whole(response, &middle, &whole)
}
