//! The sound: meter, fader, mute, clip latch, loudness.

use std::sync::Arc;

use eframe::egui::{Align, Label, Layout, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use crate::ui::theme;
use crate::ui::view::{Act, SoundView};
use crate::ui::widgets::{ButtonKind, fader, focus_ring, galley, galley_within, kind_button, meter, text, told_whole};
use crate::ui::wording::{Text, Words};

/// Draws the sound's column into all of `ui`.
pub fn sound_ui(ui: &mut Ui, view: &SoundView, words: Words, acts: &mut Vec<Act>) {
    let t = theme::tokens(ui);
    let (small, scale) = (theme::small(ui), theme::scale(ui));
    // The name is the first to go where there is no room, the title the next.
    let around = 122.0 * scale + 34.0;
    if ui.available_height() - around - 16.0 * scale >= 48.0 {
        text(ui, words.text(Text::Sound), small.clone(), t.dim);
    }
    let spare = ui.available_height() - around;
    let has_name = spare >= 64.0;
    let height = if has_name { spare } else { (spare + 16.0 * scale + 6.0).max(48.0) };
    let column = ui.available_width();
    let (_, area) = ui.allocate_space(vec2(column, height));
    let meters_width = 22.0 * scale + 6.0 + 2.0 * 8.0 * scale + 3.0;
    let fader_width = 16.0 * scale;
    let left = area.center().x - (meters_width + 12.0 + fader_width) / 2.0;
    let latch_height = 8.0 * scale;
    let bars =
        Rect::from_min_max(pos2(left, area.top() + latch_height + 4.0), pos2(left + meters_width, area.bottom()));
    clip_latch(
        ui,
        Rect::from_min_size(pos2(left + 22.0 * scale + 6.0, area.top()), vec2(16.0 * scale + 3.0, latch_height)),
        view,
        words,
        acts,
    );
    let loudest = view.channels.iter().map(|channel| channel.peak_dbfs).fold(f32::NEG_INFINITY, f32::max);
    let label = words.level_now(&view.name, loudest.max(-60.0));
    meter(ui, bars, &view.channels, view.muted, &label);
    let rail = Rect::from_min_size(pos2(bars.right() + 12.0, bars.top()), vec2(fader_width, bars.height()));
    if let Some(gain_db) = fader(ui, rail, view.gain_db, &words.volume_of(&view.name)) {
        acts.push(Act::SetGain(gain_db));
    }
    ui.with_layout(Layout::top_down(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        let peak = if loudest > -60.0 { words.decimal(f64::from(loudest), 1) } else { "−∞".to_owned() };
        let gain = if view.gain_db == 0.0 { String::new() } else { format!("  {} dB", signed(view.gain_db, words)) };
        text(ui, format!("{peak}{gain}"), small.clone(), t.dim);
        let label = words.text(if view.muted { Text::Unmute } else { Text::Mute });
        let kind = if view.muted { ButtonKind::Accent } else { ButtonKind::Quiet };
        if kind_button(ui, kind, label, &words.mute_of(&view.name, view.muted)).clicked() {
            acts.push(Act::SetMuted(!view.muted));
        }
        if has_name {
            let name = galley_within(ui, &view.name, small.clone(), t.dim, column);
            told_whole(ui.add(Label::new(Arc::clone(&name))), &name, &view.name);
        }
        loudness(ui, view, words);
    });
}

fn signed(gain_db: f32, words: Words) -> String {
    let plus = if gain_db > 0.0 { "+" } else { "" };
    format!("{plus}{}", words.decimal(f64::from(gain_db), 1))
}

/// Lit once a sample reached full scale, until it is clicked.
fn clip_latch(ui: &mut Ui, rect: Rect, view: &SoundView, words: Words, acts: &mut Vec<Act>) {
    let t = theme::tokens(ui);
    if !view.clipped {
        ui.painter().rect(rect, 2.0, t.raised, Stroke::new(1.0, t.line), StrokeKind::Inside);
        return;
    }
    let response = ui.interact(rect.expand(4.0), ui.scope_id().with("clip"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, words.text(Text::ClearClip)));
    ui.painter().rect_filled(rect, 2.0, t.clip);
    focus_ring(ui, &response, rect, 2.0);
    if response.on_hover_text(words.text(Text::ClearClip)).clicked() {
        acts.push(Act::ClearClip);
    }
}

fn loudness(ui: &mut Ui, view: &SoundView, words: Words) {
    let t = theme::tokens(ui);
    // Nothing is heard while it is muted: the last figure would stand still.
    let loudness = view.integrated_lufs.or(view.momentary_lufs).filter(|_| !view.muted);
    let value = loudness.map_or_else(|| "–".to_owned(), |lufs| words.decimal(lufs, 1));
    let unit = words.text(Text::Lufs);
    let (number, label) = (galley(ui, &value, theme::number(ui), t.text), galley(ui, unit, theme::small(ui), t.dim));
    let size = vec2(number.size().x + 6.0 + label.size().x, number.size().y);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Label, true, format!("{} {value} {unit}", words.text(Text::Loudness)));
        info.current_text_value = Some(value.clone());
        info
    });
    let foot = rect.bottom() - label.size().y - 1.5;
    let end = rect.left() + number.size().x + 6.0;
    ui.painter().galley(rect.min, number, t.text);
    ui.painter().galley(pos2(end, foot), label, t.dim);
}
