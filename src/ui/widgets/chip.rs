//! A chip: what something is, what is chosen, and that it can be changed.

use eframe::egui::{
    CursorIcon, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::paint::{focus_ring, galley, galley_within, tell_choice, told_whole};
use crate::ui::theme::{self, RADIUS};

/// A chip that opens something: `name` in dim, `value` in full. At most `width` points.
pub(crate) fn chip(ui: &mut Ui, name: &str, value: &str, width: f32) -> Response {
    chip_ending(ui, name, value, "", width)
}

/// The same, with `ending` behind the value, which is seen whole however long that is.
pub(crate) fn chip_ending(ui: &mut Ui, name: &str, value: &str, ending: &str, width: f32) -> Response {
    let t = theme::tokens(ui);
    let enabled = ui.is_enabled();
    let (padding, gap, arrow) = (theme::scaled(ui, 10.0), theme::scaled(ui, 7.0), theme::scaled(ui, 7.0));
    let name_galley = galley(ui, name, theme::body(ui), t.dim);
    let ink = if enabled { t.text } else { t.dim };
    let ending_galley = galley(ui, ending, theme::body(ui), ink);
    let fixed = 2.0 * padding + name_galley.size().x + 2.0 * gap + arrow + ending_galley.size().x;
    let value_galley = galley_within(ui, value, theme::body(ui), ink, width - fixed);
    let size = vec2(fixed + value_galley.size().x, theme::scaled(ui, 28.0));
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let value = &format!("{value}{ending}");
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, enabled, name);
        info.current_text_value = Some(value.clone());
        info
    });
    tell_choice(ui, response.id, value);
    let response = told_whole(response, &value_galley, value);
    if ui.is_rect_visible(rect) {
        let line = if response.hovered() { t.faint } else { t.line };
        ui.painter().rect(rect, RADIUS, t.panel, Stroke::new(1.0, line), StrokeKind::Inside);
        let middle = |height: f32| rect.center().y - height / 2.0;
        let mut x = rect.left() + padding;
        let height = name_galley.size().y;
        let width = name_galley.size().x;
        ui.painter().galley(pos2(x, middle(height)), name_galley, t.dim);
        x += width + gap;
        let (width, height) = (value_galley.size().x, value_galley.size().y);
        ui.painter().galley(pos2(x, middle(height)), value_galley, ink);
        x += width;
        let width = ending_galley.size().x;
        ui.painter().galley(pos2(x, middle(height)), ending_galley, ink);
        x += width + gap;
        paint_arrow(ui.painter(), pos2(x + arrow / 2.0, rect.center().y), arrow, t.dim);
    }
    focus_ring(ui, &response, rect, RADIUS);
    response.on_hover_cursor(CursorIcon::PointingHand)
}

/// The little triangle that says that a list opens.
pub(super) fn paint_arrow(painter: &Painter, centre: Pos2, side: f32, ink: eframe::egui::Color32) {
    let box_ = Rect::from_center_size(centre, vec2(side, side * 0.6));
    let corners = vec![box_.left_top(), box_.right_top(), box_.center_bottom()];
    painter.add(Shape::convex_polygon(corners, ink, Stroke::NONE));
}
