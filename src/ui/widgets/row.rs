//! A row at the end of a line.

use eframe::egui::{Align, Layout, Rect, Ui, UiBuilder, pos2};

/// Draws `add` at the right end of what is available, from left to right: Tab and screen readers go as one reads, which
/// they do not in a layout from right to left.
pub(crate) fn row_at_end<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    let id = ui.next_auto_id().with("row at end");
    let all = ui.available_rect_before_wrap();
    let known: Option<f32> = ui.ctx().data(|data| data.get_temp(id));
    let left = all.right() - known.unwrap_or(all.width()).min(all.width());
    // As wide as all there is, so that what grows is seen to grow.
    let room = Rect::from_min_size(pos2(left, all.top()), all.size());
    let layout = Layout::left_to_right(Align::Center);
    let row = ui.scope_builder(UiBuilder::new().id_salt("row at end").max_rect(room).layout(layout), add);
    let width = row.response.rect.width();
    if known != Some(width) {
        // It is drawn anew in its place before anybody sees it.
        ui.ctx().data_mut(|data| data.insert_temp(id, width));
        ui.ctx().request_discard("a row at the end of a line has another width");
    }
    row.inner
}
