//! Buttons: a quiet one, one without ground, one that is the next act, one that destroys.

use eframe::egui::{Color32, CursorIcon, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, vec2};

use super::paint::{focus_ring, galley, galley_within, told_whole};
use crate::ui::theme::{self, RADIUS, RADIUS_LARGE};
use crate::ui::wording::{Text, Words};

/// At each side of a button's label, in points at a text scale of 100 %.
const PADDING: f32 = 11.0;

/// What a button is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ButtonKind {
    /// One among others.
    Quiet,
    /// No ground until it is pointed at.
    Ghost,
    /// The next act.
    Accent,
    /// Ends or destroys.
    Danger,
}

/// A quiet button.
pub(crate) fn button(ui: &mut Ui, label: &str) -> Response {
    kind_button(ui, ButtonKind::Quiet, label, label)
}

/// A button that shows `label` and is called `name` by screen readers.
pub(crate) fn kind_button(ui: &mut Ui, kind: ButtonKind, label: &str, name: &str) -> Response {
    sized_button(ui, kind, label, name, vec2(PADDING, 28.0))
}

/// The same, as tall as the primary button.
pub(crate) fn kind_button_tall(ui: &mut Ui, kind: ButtonKind, label: &str, name: &str) -> Response {
    sized_button(ui, kind, label, name, vec2(18.0, 46.0))
}

/// How wide a quiet button with `label` is.
pub(crate) fn button_width(ui: &Ui, label: &str) -> f32 {
    let ink = theme::tokens(ui).text;
    galley(ui, label, theme::body(ui), ink).size().x + 2.0 * theme::scaled(ui, PADDING)
}

/// `form`: padding at each side, and height, in points at a text scale of 100 %.
fn sized_button(ui: &mut Ui, kind: ButtonKind, label: &str, name: &str, form: Vec2) -> Response {
    let t = theme::tokens(ui);
    let enabled = ui.is_enabled();
    let (ground, line, ink) = match kind {
        ButtonKind::Quiet => (t.raised, t.line, t.text),
        ButtonKind::Ghost => (Color32::TRANSPARENT, Color32::TRANSPARENT, t.dim),
        ButtonKind::Accent => (t.accent, t.accent, t.accent_ink),
        ButtonKind::Danger => (Color32::TRANSPARENT, t.air, t.text),
    };
    let font = if kind == ButtonKind::Accent { theme::strong(ui) } else { theme::body(ui) };
    let padding = theme::scaled(ui, form.x);
    let galley = galley_within(ui, label, font, ink, ui.available_width() - 2.0 * padding);
    let size = vec2(galley.size().x + 2.0 * padding, theme::scaled(ui, form.y));
    let radius = if form.y > 40.0 { RADIUS_LARGE } else { RADIUS };
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, name));
    let response = told_whole(response, &galley, label);
    if ui.is_rect_visible(rect) {
        let pointed = enabled && response.hovered();
        let ground = match (kind, pointed) {
            (ButtonKind::Ghost, true) => t.raised,
            (ButtonKind::Accent, true) => ground.gamma_multiply(0.9),
            _ => ground,
        };
        let line = if pointed && kind == ButtonKind::Quiet { t.faint } else { line };
        ui.painter().rect(rect, radius, ground, Stroke::new(1.0, line), StrokeKind::Inside);
        let at = rect.center() - galley.size() / 2.0;
        let ink = if pointed && kind == ButtonKind::Ghost { t.text } else { ink };
        ui.painter().galley_with_override_text_color(at, galley, ink);
    }
    focus_ring(ui, &response, rect, radius);
    response.on_hover_cursor(CursorIcon::PointingHand)
}

/// A cross that closes something.
pub(crate) fn close_button(ui: &mut Ui, words: Words) -> Response {
    let t = theme::tokens(ui);
    let side = theme::scaled(ui, 24.0);
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), words.text(Text::Close)));
    let ink = if response.hovered() { t.text } else { t.dim };
    if response.hovered() {
        ui.painter().rect_filled(rect, RADIUS, t.raised);
    }
    let arm = rect.shrink(side * 0.33);
    let stroke = Stroke::new(1.5, ink);
    ui.painter().line_segment([arm.left_top(), arm.right_bottom()], stroke);
    ui.painter().line_segment([arm.right_top(), arm.left_bottom()], stroke);
    focus_ring(ui, &response, rect, RADIUS);
    response.on_hover_cursor(CursorIcon::PointingHand)
}
