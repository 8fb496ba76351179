//! Lists to choose from: a menu below whatever opens it, and a field-wide picker.

use eframe::egui::{
    Align, CursorIcon, Key, Popup, PopupCloseBehavior, Response, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};

use super::chip::paint_arrow;
use super::paint::{focus_ring, galley_within, tell_choice, told_whole};
use crate::ui::theme::{self, RADIUS};

/// Most of a menu's height, as a part of the window's; more is scrolled.
const HEIGHT_PART: f32 = 0.7;
/// Room for a menu's scroll bar, in points.
const BAR: f32 = 10.0;

/// A menu below `opener`, opened and closed by it, and by Escape. `add` draws the items; the first frame gives the
/// focus to the chosen one, so that a list that was opened by keyboard is used by keyboard.
pub(crate) fn menu_below<R>(opener: &Response, name: &str, width: f32, add: impl FnOnce(&mut Ui) -> R) -> Option<R> {
    let menu = Popup::menu(opener)
        .width(width)
        .gap(4.0)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .accessible_name(name.to_owned());
    let was_open = menu.is_open();
    let answer = menu.show(|ui| {
        ui.set_min_width(width);
        ui.spacing_mut().item_spacing.y = 2.0;
        let height = ui.ctx().content_rect().height() * HEIGHT_PART;
        // Beside the words, not over them.
        ui.spacing_mut().scroll.floating_allocated_width = BAR;
        // As high as what is in it now, whatever was in it before.
        ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, add).inner
    });
    let is_open = Popup::is_id_open(&opener.ctx, Popup::default_response_id(opener));
    let keys = [Key::Enter, Key::Space, Key::Escape];
    if was_open && !is_open && opener.ctx.input(|input| keys.iter().any(|key| input.key_pressed(*key))) {
        // Whoever uses the keyboard goes on from where the list was opened.
        opener.request_focus();
    }
    answer.map(|answer| answer.inner)
}

/// An item of a menu. `chosen` gets a mark.
pub fn menu_item(ui: &mut Ui, label: &str, chosen: bool) -> Response {
    let t = theme::tokens(ui);
    let enabled = ui.is_enabled();
    let (padding, mark) = (theme::scaled(ui, 8.0), theme::scaled(ui, 14.0));
    let width = ui.available_width();
    let ink = if enabled { t.text } else { t.dim };
    let galley = galley_within(ui, label, theme::body(ui), ink, width - 3.0 * padding - mark);
    let (rect, response) = ui.allocate_exact_size(vec2(width, theme::scaled(ui, 28.0)), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::MenuItem, enabled, chosen, label));
    let response = told_whole(response, &galley, label);
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    if ui.is_rect_visible(rect) {
        if response.hovered() || response.has_focus() {
            ui.painter().rect_filled(rect, RADIUS, t.raised);
        }
        if chosen {
            let centre = pos2(rect.left() + padding + mark / 2.0, rect.center().y);
            let tick = [vec2(-0.25, 0.0), vec2(-0.05, 0.22), vec2(0.3, -0.25)].map(|at| centre + at * mark);
            ui.painter().line(tick.to_vec(), Stroke::new(1.8, t.accent));
        }
        let at = pos2(rect.left() + 2.0 * padding + mark, rect.center().y - galley.size().y / 2.0);
        ui.painter().galley(at, galley, ink);
        if response.has_focus() {
            let stroke = Stroke::new(2.0, t.accent);
            ui.painter().rect_stroke(rect.shrink(1.0), RADIUS, stroke, StrokeKind::Inside);
        }
    }
    response.on_hover_cursor(CursorIcon::PointingHand)
}

/// The items of a list in a menu; gives the index of the one that was pressed, and closes the menu then.
pub(crate) fn choose<S: AsRef<str>>(ui: &mut Ui, items: &[S], chosen: Option<usize>) -> Option<usize> {
    choose_of(ui, items, chosen, |_| true)
}

/// The same, where only some can be pressed, as `is_open` tells by their index.
pub(crate) fn choose_of<S: AsRef<str>>(
    ui: &mut Ui,
    items: &[S],
    chosen: Option<usize>,
    is_open: impl Fn(usize) -> bool,
) -> Option<usize> {
    let opened_id = ui.scope_id().with("opened");
    let frame = ui.ctx().cumulative_frame_nr();
    // The frame it was opened in, and the one it was drawn in last.
    let seen: Option<(u64, u64)> = ui.ctx().data(|data| data.get_temp(opened_id));
    let opened = seen.filter(|(_, last)| last + 1 >= frame).map_or(frame, |(opened, _)| opened);
    ui.ctx().data_mut(|data| data.insert_temp(opened_id, (opened, frame)));
    let just_opened = seen.is_none_or(|(_, last)| last + 1 < frame);
    // At first nobody knows how high the list is.
    let laid_out = opened + 1 == frame;
    let mut pressed = None;
    for (index, item) in items.iter().enumerate() {
        let draw = |ui: &mut Ui| menu_item(ui, item.as_ref(), chosen == Some(index));
        let response = ui.add_enabled_ui(is_open(index), draw).inner;
        if just_opened && index == chosen.unwrap_or(0) {
            response.request_focus();
        }
        if laid_out && chosen == Some(index) {
            response.scroll_to_me(Some(Align::Center));
        }
        if response.clicked() {
            pressed = Some(index);
        }
    }
    if pressed.is_some() {
        ui.close();
    }
    pressed
}

/// A picker as wide as what is available, called `name`: gives the index of another item when one is pressed.
pub(crate) fn picker<S: AsRef<str>>(
    ui: &mut Ui,
    id: impl std::hash::Hash + std::fmt::Debug,
    name: &str,
    items: &[S],
    chosen: Option<usize>,
) -> Option<usize> {
    let t = theme::tokens(ui);
    let enabled = ui.is_enabled();
    let padding = theme::scaled(ui, 10.0);
    let width = ui.available_width();
    let value = chosen.and_then(|chosen| items.get(chosen)).map_or("", AsRef::as_ref);
    let ink = if enabled { t.text } else { t.dim };
    let galley = galley_within(ui, value, theme::body(ui), ink, width - 4.0 * padding);
    let (_, rect) = ui.allocate_space(vec2(width, theme::scaled(ui, 32.0)));
    let response = ui.interact(rect, ui.scope_id().with(id), Sense::click());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, enabled, name);
        info.current_text_value = Some(value.to_owned());
        info
    });
    tell_choice(ui, response.id, value);
    let response = told_whole(response, &galley, value);
    if ui.is_rect_visible(rect) {
        let line = if response.hovered() { t.faint } else { t.line };
        ui.painter().rect(rect, RADIUS, t.bg, Stroke::new(1.0, line), StrokeKind::Inside);
        ui.painter().galley(pos2(rect.left() + padding, rect.center().y - galley.size().y / 2.0), galley, ink);
        let side = theme::scaled(ui, 7.0);
        paint_arrow(ui.painter(), pos2(rect.right() - padding - side / 2.0, rect.center().y), side, t.dim);
    }
    focus_ring(ui, &response, rect, RADIUS);
    let response = response.on_hover_cursor(CursorIcon::PointingHand);
    let picked = menu_below(&response, name, width, |ui| choose(ui, items, chosen)).flatten();
    picked.filter(|picked| Some(*picked) != chosen)
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::{NodeT, Queryable};

    use super::super::chip;
    use super::*;

    #[test]
    fn screen_readers_are_told_what_is_chosen() {
        let harness = Harness::new_ui(|ui| {
            picker(ui, "where to", "Where to", &["Here", "There"], Some(1));
            chip(ui, "Camera", "HD Webcam", 300.0);
        });
        for (name, value) in [("Where to", "There"), ("Camera", "HD Webcam")] {
            let node = harness.get_by_label(name);
            let node = node.accesskit_node();
            assert_eq!(node.value().as_deref(), Some(value));
            let described = cfg!(target_os = "linux").then_some(value);
            assert_eq!(node.description().as_deref(), described);
        }
    }
}
