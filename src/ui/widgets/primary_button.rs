//! The one button that never moves: goes live, cancels, ends the show. Space and Enter press only what undoes nothing and
//! sends nothing; ending wants to be held.

use eframe::egui::{
    Color32, CursorIcon, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, accesskit, pos2, vec2,
};

use super::paint::{focus_ring, galley_within};
use crate::ui::theme::{self, RADIUS_LARGE};
use crate::ui::view::{Primary, PrimaryState};

/// How long the button is held to end a show, in seconds.
pub(crate) const HOLD_SECONDS: f64 = 0.8;

/// What was done to the button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrimaryAnswer {
    /// Nothing.
    Nothing,
    /// Pressed, by a pointer or by an assistive tool.
    Pressed,
    /// Held for as long as it takes.
    Held,
    /// Pressed and let go before that, or pressed by keyboard: the question is to be asked.
    Asked,
}

/// Draws the button, `width` points wide. `now` is `View::now`.
pub(crate) fn primary_button(
    ui: &mut Ui,
    primary: Primary,
    label: &str,
    width: f32,
    enabled: bool,
    now: f64,
    state: &mut PrimaryState,
) -> PrimaryAnswer {
    let size = vec2(width, theme::scaled(ui, 46.0));
    let (_, rect) = ui.allocate_space(size);
    // The same id in every state: the focus stays, and with it a screen reader's place.
    let sense = match (enabled, primary) {
        (false, _) => Sense::hover(),
        // egui forgets a press that moves a little, unless it may become a drag.
        (true, Primary::EndShow) => Sense::click_and_drag(),
        (true, _) => Sense::click(),
    };
    let response = ui.interact(rect, ui.scope_id().with("primary"), sense);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, label));
    let answer = match primary {
        Primary::EndShow if enabled => held(ui, &response, now, state),
        Primary::GoLive | Primary::Cancel | Primary::ChooseDestination | Primary::EndNow | Primary::EndShow => {
            // The finger that has ended a show is not yet lifted, and presses nothing else.
            let spent = state.held_since == Some(f64::INFINITY);
            if !spent || !response.is_pointer_button_down_on() {
                state.held_since = None;
            }
            let counts = enabled && !spent && pressed(ui, &response, primary);
            if counts { PrimaryAnswer::Pressed } else { PrimaryAnswer::Nothing }
        }
    };
    let progress = state.held_since.map_or(0.0, |since| ((now - since) / HOLD_SECONDS).clamp(0.0, 1.0)) as f32;
    paint(ui, &response, primary, label, enabled, progress);
    if state.held_since.is_some() {
        ui.ctx().request_repaint();
    }
    response.on_hover_cursor(CursorIcon::PointingHand);
    answer
}

/// Whether it was pressed in a way that counts. A focused button is "clicked" by Space and Enter too; going live is not.
fn pressed(ui: &Ui, response: &Response, primary: Primary) -> bool {
    match primary {
        Primary::GoLive => {
            let by_tool = ui.input(|input| input.has_accesskit_action_request(response.id, accesskit::Action::Click));
            by_tool || response.clicked_by(eframe::egui::PointerButton::Primary)
        }
        Primary::Cancel | Primary::ChooseDestination | Primary::EndNow | Primary::EndShow => response.clicked(),
    }
}

fn held(ui: &Ui, response: &Response, now: f64, state: &mut PrimaryState) -> PrimaryAnswer {
    if response.is_pointer_button_down_on() && response.contains_pointer() {
        let since = *state.held_since.get_or_insert(now);
        if now - since >= HOLD_SECONDS {
            // It counts once; the finger may stay.
            state.held_since = Some(f64::INFINITY);
            return PrimaryAnswer::Held;
        }
        return PrimaryAnswer::Nothing;
    }
    let was_held = state.held_since.take();
    // A press that is let go early, Space, Enter and assistive tools all ask first.
    let short = was_held.is_none_or(f64::is_finite);
    if short
        && response.clicked()
        && !ui.input(|input| input.pointer.button_double_clicked(eframe::egui::PointerButton::Primary))
    {
        PrimaryAnswer::Asked
    } else {
        PrimaryAnswer::Nothing
    }
}

fn paint(ui: &Ui, response: &Response, primary: Primary, label: &str, enabled: bool, progress: f32) {
    let t = theme::tokens(ui);
    let rect = response.rect;
    let pointed = enabled && response.hovered();
    let (ground, line, ink) = match primary {
        Primary::GoLive | Primary::ChooseDestination => (t.accent, Color32::TRANSPARENT, t.accent_ink),
        Primary::Cancel => (t.raised, t.line, t.text),
        Primary::EndShow | Primary::EndNow => (Color32::TRANSPARENT, t.air, t.text),
    };
    let ground = if pointed { ground.gamma_multiply(0.92) } else { ground };
    let stroke = if matches!(primary, Primary::EndShow | Primary::EndNow) { 2.0 } else { 1.0 };
    ui.painter().rect(rect, RADIUS_LARGE, ground, Stroke::new(stroke, line), StrokeKind::Inside);
    if progress > 0.0 {
        let mut filled = rect;
        filled.set_width(rect.width() * progress);
        ui.painter().with_clip_rect(filled).rect_filled(rect, RADIUS_LARGE, t.air_ground);
    }
    let ink = if progress > 0.5 { t.air_ink } else { ink };
    let lamp = if primary == Primary::GoLive { theme::scaled(ui, 12.0) } else { 0.0 };
    let gap = if lamp > 0.0 { theme::scaled(ui, 10.0) } else { 0.0 };
    let font = theme::strong_large(ui);
    let galley = galley_within(ui, label, font, ink, rect.width() - lamp - gap - 24.0);
    let left = rect.center().x - (galley.size().x + lamp + gap) / 2.0;
    if lamp > 0.0 {
        let centre = pos2(left + lamp / 2.0, rect.center().y);
        ui.painter().circle_stroke(centre, lamp / 2.0 - 1.0, Stroke::new(2.0, ink));
    }
    ui.painter().galley(pos2(left + lamp + gap, rect.center().y - galley.size().y / 2.0), galley, ink);
    focus_ring(ui, response, rect, RADIUS_LARGE);
}
