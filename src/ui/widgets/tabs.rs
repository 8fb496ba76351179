//! Tabs: a row of words, one of them open.

use eframe::egui::{CursorIcon, Role, Sense, Ui, WidgetInfo, vec2};

use super::paint::{focus_ring, galley};
use crate::ui::theme::{self, RADIUS};

/// Draws `items` in rows that wrap; gives the one that was pressed, unless it is open already.
pub(crate) fn tabs<T: Copy + PartialEq>(ui: &mut Ui, items: &[(T, &str)], open: T) -> Option<T> {
    let t = theme::tokens(ui);
    let mut pressed = None;
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing = vec2(2.0, 4.0);
        ui.horizontal_wrapped(|ui| {
            for (item, label) in items {
                let is_open = *item == open;
                let font = if is_open { theme::strong(ui) } else { theme::body(ui) };
                let ink = if is_open { t.text } else { t.dim };
                let galley = galley(ui, label, font, ink);
                let padding = theme::scaled(ui, 4.0);
                let size = vec2(galley.size().x + 2.0 * padding, theme::scaled(ui, 26.0));
                let (rect, response) = ui.allocate_exact_size(size, Sense::click());
                response.widget_info(|| WidgetInfo::selected(Role::Tab, true, is_open, label));
                if is_open || response.hovered() {
                    ui.painter().rect_filled(rect, RADIUS, t.raised);
                }
                ui.painter().galley(rect.center() - galley.size() / 2.0, galley, ink);
                focus_ring(ui, &response, rect, RADIUS);
                if response.on_hover_cursor(CursorIcon::PointingHand).clicked() && !is_open {
                    pressed = Some(*item);
                }
            }
        });
    });
    pressed
}
