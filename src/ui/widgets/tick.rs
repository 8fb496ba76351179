//! Boxes to tick.

use eframe::egui::{Response, Ui};

use super::paint::focus_ring;
use crate::ui::theme::RADIUS;

/// A box to tick, before its label.
pub(crate) fn tick_box(ui: &mut Ui, ticked: &mut bool, label: &str) -> Response {
    let response = ui.checkbox(ticked, label);
    focus_ring(ui, &response, response.rect, RADIUS);
    response
}
