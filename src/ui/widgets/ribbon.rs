//! The last minute: a ribbon between picture and strip, and a graph of the rate.

use eframe::egui::{Rect, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::ui::theme;
use crate::ui::view::HealthSecond;

/// Seconds that are shown.
pub(crate) const SECONDS: usize = 60;

/// A mark for each second, the newest at the right: a low one for a good second, a tall amber one for a second with losses
/// or a long queue, a gap for one without a connection. Screen readers are told `name`.
pub(crate) fn health_ribbon(ui: &mut Ui, rect: Rect, history: &[HealthSecond], name: &str) -> Response {
    let t = theme::tokens(ui);
    let response = ui.interact(rect, ui.scope_id().with("health"), Sense::hover());
    let bad = history.iter().filter(|second| second.away || is_poor(second)).count();
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Meter, true, name);
        info.value = Some((SECONDS.saturating_sub(bad)) as f64);
        info
    });
    let step = rect.width() / SECONDS as f32;
    let shown = &history[history.len().saturating_sub(SECONDS)..];
    let first = SECONDS - shown.len();
    for (index, second) in shown.iter().enumerate() {
        if second.away {
            continue;
        }
        let poor = is_poor(second);
        let height = if poor { rect.height() } else { 3.0 };
        let left = rect.left() + (first + index) as f32 * step;
        let mark = Rect::from_min_size(pos2(left, rect.bottom() - height), vec2((step - 2.0).max(1.0), height));
        ui.painter().rect_filled(mark, 1.0, if poor { t.warn } else { t.faint });
    }
    response
}

fn is_poor(second: &HealthSecond) -> bool {
    second.lost > 0 || second.behind_seconds > 1.0
}

/// The rate of the last minute as a line, from zero up.
pub(crate) fn sparkline(ui: &mut Ui, history: &[HealthSecond]) {
    let t = theme::tokens(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(theme::scaled(ui, 220.0), theme::scaled(ui, 48.0)), Sense::hover());
    let most = history.iter().map(|second| second.kbps).fold(1.0, f64::max);
    let step = rect.width() / (SECONDS - 1) as f32;
    let first = SECONDS.saturating_sub(history.len());
    let points: Vec<_> = history
        .iter()
        .enumerate()
        .map(|(index, second)| {
            let height = (second.kbps / most) as f32 * (rect.height() - 2.0);
            pos2(rect.left() + (first + index) as f32 * step, rect.bottom() - 1.0 - height)
        })
        .collect();
    ui.painter().line_segment([rect.left_bottom(), rect.right_bottom()], Stroke::new(1.0, t.line));
    ui.painter().add(Shape::line(points, Stroke::new(1.5, t.text)));
}
