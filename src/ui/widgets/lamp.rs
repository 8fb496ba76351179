//! The tally lamp, and the pill that says where the show stands: a word, a shape and a colour.

use eframe::egui::{
    Color32, Pos2, Rect, Response, Role, Sense, Shadow, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::paint::{announced, galley};
use crate::ui::theme;
use crate::ui::view::Phase;

/// The lamp of the head: red with a glow on air, a ring otherwise.
pub(crate) fn lamp(ui: &mut Ui, on_air: bool) {
    let t = theme::tokens(ui);
    let side = theme::scaled(ui, 12.0);
    let (rect, _) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    if on_air {
        let glow = Shadow { offset: [0, 0], blur: 12, spread: 0, color: t.air.gamma_multiply(0.8) };
        ui.painter().add(glow.as_shape(rect, side / 2.0));
        ui.painter().circle_filled(rect.center(), side / 2.0, t.air);
    } else {
        ui.painter().circle_stroke(rect.center(), side / 2.0 - 1.0, Stroke::new(2.0, t.faint));
    }
}

/// The pill: a word, and beside it for how long it has been so, which is shown and never announced. `now` in seconds moves what
/// moves.
pub(crate) fn state_pill(
    ui: &mut Ui,
    phase: Phase,
    rehearsal: bool,
    (word, seconds): (&str, Option<&str>),
    now: f64,
) -> Response {
    let t = theme::tokens(ui);
    let (ground, line, ink) = match phase {
        Phase::Live if rehearsal => (t.raised, t.accent, t.text),
        Phase::Live => (t.air_ground, t.air_ground, t.air_ink),
        Phase::Connecting => (Color32::TRANSPARENT, t.accent, t.accent),
        Phase::Reconnecting | Phase::OffAir => (Color32::TRANSPARENT, t.warn, t.warn),
        Phase::Ready | Phase::Ending | Phase::Off => (Color32::TRANSPARENT, t.faint, t.dim),
    };
    let shown = seconds.map_or_else(|| word.to_owned(), |seconds| format!("{word} {seconds}"));
    let galley = galley(ui, &shown, theme::strong(ui), ink);
    let (padding, gap, mark) = (theme::scaled(ui, 9.0), theme::scaled(ui, 7.0), theme::scaled(ui, 10.0));
    let size = vec2(galley.size().x + 2.0 * padding + gap + mark, theme::scaled(ui, 25.0));
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Status, true, word));
    announced(ui, &response);
    if let Some(seconds) = seconds {
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_value(seconds));
    }
    if phase == Phase::Reconnecting {
        let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.left_top()];
        ui.painter().extend(Shape::dashed_line(&corners, Stroke::new(1.5, line), 4.0, 3.0));
    } else {
        ui.painter().rect(rect, 6.0, ground, Stroke::new(1.5, line), StrokeKind::Inside);
    }
    let centre = pos2(rect.left() + padding + mark / 2.0, rect.center().y);
    paint_mark(ui, centre, mark / 2.0, phase, ink, now);
    let at = pos2(rect.left() + padding + mark + gap, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, ink);
    response
}

/// Each state has a shape of its own, so that none is told by colour alone.
fn paint_mark(ui: &Ui, centre: Pos2, radius: f32, phase: Phase, ink: Color32, now: f64) {
    let stroke = Stroke::new(2.0, ink);
    let painter = ui.painter();
    match phase {
        Phase::Ready => {
            painter.circle_stroke(centre, radius - 1.0, stroke);
        }
        Phase::Live => {
            painter.circle_filled(centre, radius, ink);
        }
        Phase::Connecting => {
            let turn = (now * 1.2).fract() as f32 * std::f32::consts::TAU;
            let arc = (0..=12).map(|step| {
                let angle = turn + step as f32 / 12.0 * 4.2;
                centre + vec2(angle.cos(), angle.sin()) * (radius - 1.0)
            });
            painter.add(Shape::line(arc.collect(), stroke));
        }
        Phase::Reconnecting => {
            // Once a second, half on: seen, and far from what harms (three a second).
            if now.fract() < 0.5 {
                painter.circle_filled(centre, radius, ink);
            } else {
                painter.circle_stroke(centre, radius - 1.0, stroke);
            }
        }
        Phase::OffAir => {
            let side = radius * std::f32::consts::FRAC_1_SQRT_2;
            painter.circle_stroke(centre, radius - 1.0, stroke);
            painter.line_segment([centre + vec2(-side, side), centre + vec2(side, -side)], stroke);
        }
        Phase::Ending => {
            let square = Rect::from_center_size(centre, vec2(radius, radius) * 1.6);
            painter.rect_filled(square, 1.0, ink);
        }
        Phase::Off => {
            let bar = Rect::from_center_size(centre, vec2(radius * 1.8, 2.0));
            painter.rect_filled(bar, 1.0, ink);
        }
    }
}
