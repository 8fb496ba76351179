//! The meter and its fader, side by side.

use eframe::egui::{
    Color32, CursorIcon, EventFilter, Key, Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo,
    accesskit, pos2, vec2,
};

use super::paint::galley;
use crate::settings::ShowSettings;
use crate::ui::theme;
use crate::ui::view::ChannelView;

/// The scale: dBFS and where on the bar that is (0 is the bottom). The upper part, where speech and music live, has more room.
const SCALE: [(f32, f32); 5] = [(-60.0, 0.0), (-40.0, 0.25), (-20.0, 0.5), (-9.0, 0.75), (0.0, 1.0)];
/// Above this a level is loud, in dBFS.
const LOUD: f32 = -20.0;
/// Above this it is close to clipping, in dBFS.
const HOT: f32 = -9.0;
/// Range of the fader, in dB.
const GAIN: std::ops::RangeInclusive<f32> = ShowSettings::GAIN_DB;
/// What an arrow key moves the fader by, in dB.
const GAIN_STEP: f32 = 1.0;

/// Where on a bar of height 1 a level of `dbfs` stands.
fn height_of(dbfs: f32) -> f32 {
    let above = SCALE.iter().position(|(mark, _)| dbfs <= *mark);
    match above {
        Some(0) => 0.0,
        None => 1.0,
        Some(index) => {
            let ((low, low_at), (high, high_at)) = (SCALE[index - 1], SCALE[index]);
            low_at + (dbfs - low) / (high - low) * (high_at - low_at)
        }
    }
}

/// Draws the scale and a bar for each channel into `rect`; a muted meter moves in grey. Screen readers are told `name`.
pub(crate) fn meter(ui: &mut Ui, rect: Rect, channels: &[ChannelView], muted: bool, name: &str) -> Response {
    let t = theme::tokens(ui);
    let response = ui.interact(rect, ui.scope_id().with("meter"), Sense::hover());
    let loudest = channels.iter().map(|channel| channel.peak_dbfs).fold(-60.0, f32::max);
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Meter, true, name);
        info.value = Some(f64::from(loudest.clamp(-60.0, 0.0)));
        info
    });
    let font = eframe::egui::FontId::proportional(theme::scaled(ui, 10.0));
    let label_width = theme::scaled(ui, 22.0);
    // From the top down. A low bar has room for few marks: what would lie over the mark before it is left out.
    let mut free_from = rect.top();
    for (dbfs, at) in SCALE.into_iter().rev() {
        let label = galley(ui, &format!("{dbfs:.0}").replace('-', "−"), font.clone(), t.dim);
        let middle = rect.bottom() - at * rect.height();
        let y = (middle - label.size().y / 2.0).min(rect.bottom() - label.size().y).max(rect.top());
        if y < free_from || y + label.size().y > rect.bottom() {
            continue;
        }
        free_from = y + label.size().y;
        ui.painter().galley(pos2(rect.left() + label_width - label.size().x, y), label, t.dim);
    }
    let count = channels.len().max(2);
    let (width, gap) = (theme::scaled(ui, 8.0), 3.0);
    for index in 0..count {
        let left = rect.left() + label_width + 6.0 + index as f32 * (width + gap);
        let bar = Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()));
        ui.painter().rect_filled(bar, width / 2.0, t.raised);
        ui.painter().rect_stroke(bar, width / 2.0, Stroke::new(1.0, t.line), StrokeKind::Inside);
        if let Some(channel) = channels.get(index) {
            paint_bar(ui, bar, *channel, muted);
        }
    }
    response
}

fn paint_bar(ui: &Ui, bar: Rect, channel: ChannelView, muted: bool) {
    let t = theme::tokens(ui);
    let y_of = |dbfs: f32| bar.bottom() - height_of(dbfs) * bar.height();
    let zones: [(f32, f32, Color32); 3] = [(-60.0, LOUD, t.ok), (LOUD, HOT, t.warn), (HOT, 0.0, t.clip)];
    for (low, high, colour) in zones {
        if channel.peak_dbfs > low {
            let top = y_of(channel.peak_dbfs.min(high));
            let zone = Rect::from_min_max(pos2(bar.left(), top), pos2(bar.right(), y_of(low)));
            let colour = if muted { t.faint } else { colour };
            // Drawn as the whole rounded bar, of which only the zone is let through.
            ui.painter().with_clip_rect(zone.intersect(ui.clip_rect())).rect_filled(bar, bar.width() / 2.0, colour);
        }
    }
    if channel.hold_dbfs > -60.0 {
        let y = y_of(channel.hold_dbfs).min(bar.bottom() - 1.0).max(bar.top() + 1.0);
        let mark = Rect::from_center_size(pos2(bar.center().x, y), vec2(bar.width(), 2.0));
        ui.painter().rect_filled(mark, 0.0, t.text);
    }
}

/// The slim fader in `rect`; gives the new gain in dB when it is moved. Arrow keys move it by 1 dB, Home and a double
/// click put it to 0 dB.
pub(crate) fn fader(ui: &mut Ui, rect: Rect, gain_db: f32, name: &str) -> Option<f32> {
    let t = theme::tokens(ui);
    let response = ui.interact(rect, ui.scope_id().with("fader"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::slider(true, f64::from(gain_db), name));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_min_numeric_value(f64::from(*GAIN.start()));
        node.set_max_numeric_value(f64::from(*GAIN.end()));
        node.set_numeric_value_step(f64::from(GAIN_STEP));
        node.set_orientation(accesskit::Orientation::Vertical);
        for action in [accesskit::Action::Increment, accesskit::Action::Decrement, accesskit::Action::SetValue] {
            node.add_action(action);
        }
    });
    let handle = vec2(rect.width(), theme::scaled(ui, 10.0));
    let travel = rect.height() - handle.y;
    let span = GAIN.end() - GAIN.start();
    let y_of = |gain: f32| rect.bottom() - handle.y / 2.0 - (gain - GAIN.start()) / span * travel;

    let mut wanted = gain_db;
    if response.double_clicked() {
        wanted = 0.0;
    } else if response.dragged()
        && let Some(Pos2 { y, .. }) = response.interact_pointer_pos()
    {
        let dragged = GAIN.start() + (rect.bottom() - handle.y / 2.0 - y) / travel.max(1.0) * span;
        // Near 0 dB it snaps.
        wanted = if dragged.abs() < 0.75 { 0.0 } else { (dragged * 2.0).round() / 2.0 };
    }
    if response.has_focus() {
        let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let steps = ui.input(|input| input.num_presses(Key::ArrowUp) as f32 - input.num_presses(Key::ArrowDown) as f32);
        wanted += steps * GAIN_STEP;
        if ui.input(|input| input.key_pressed(Key::Home)) {
            wanted = 0.0;
        }
    }
    ui.input(|input| {
        let asked = |action| input.num_accesskit_action_requests(response.id, action) as f32;
        wanted += (asked(accesskit::Action::Increment) - asked(accesskit::Action::Decrement)) * GAIN_STEP;
        for request in input.accesskit_action_requests(response.id, accesskit::Action::SetValue) {
            if let Some(accesskit::ActionData::NumericValue(value)) = request.data {
                wanted = value as f32;
            }
        }
    });
    let wanted = wanted.clamp(*GAIN.start(), *GAIN.end());

    let rail = Rect::from_center_size(rect.center(), vec2(3.0, rect.height()));
    ui.painter().rect_filled(rail, 1.5, t.line);
    let zero = y_of(0.0);
    ui.painter().line_segment([pos2(rect.left(), zero), pos2(rect.right(), zero)], Stroke::new(1.0, t.faint));
    let knob = Rect::from_center_size(pos2(rect.center().x, y_of(wanted)), handle);
    let line = if response.has_focus() || response.dragged() { t.accent } else { t.faint };
    ui.painter().rect(knob, 4.0, t.raised, Stroke::new(1.5, line), StrokeKind::Inside);
    ui.painter().line_segment(
        [pos2(knob.left() + 3.0, knob.center().y), pos2(knob.right() - 3.0, knob.center().y)],
        Stroke::new(1.5, t.text),
    );
    response.on_hover_and_drag_cursor(CursorIcon::ResizeVertical);
    (wanted != gain_db).then_some(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In a small window with large text a bar may be lower than one mark of its scale.
    #[test]
    fn a_bar_of_any_height_is_drawn() {
        for height in [0.0, 0.5, 1.5, 10.0, 25.0, 400.0] {
            let channels = [ChannelView { peak_dbfs: -3.0, hold_dbfs: -1.0 }; 2];
            let harness = egui_kittest::Harness::new_ui(|ui| {
                let rect = Rect::from_min_size(pos2(20.0, 20.0), vec2(60.0, height));
                meter(ui, rect, &channels, false, "level");
                fader(ui, rect, 0.0, "volume");
            });
            egui_kittest::kittest::Queryable::get_by_label(&harness, "level");
        }
    }

    #[test]
    fn the_scale_rises_through_its_marks_and_stays_on_the_bar() {
        for (dbfs, at) in SCALE {
            assert!((height_of(dbfs) - at).abs() < 1e-6);
        }
        assert_eq!((height_of(-90.0), height_of(3.0)), (0.0, 1.0));
        let heights: Vec<f32> = (-60..=0).map(|dbfs| height_of(dbfs as f32)).collect();
        assert!(heights.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
