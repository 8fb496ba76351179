//! The show as a ribbon of marks, scrubbed with the pointer or the keyboard; and a graph of the last minute's rate.

use eframe::egui::{
    CursorIcon, Event, EventFilter, Id, Key, Rect, Response, Sense, Shape, Stroke, Ui, WidgetInfo, accesskit, pos2,
    vec2,
};

use super::paint::{focus_ring, tell_choice};
use super::second_card::{Side, second_card};
use crate::ui::flight::{Mark, Quality, ShowFlight, seconds_each};
use crate::ui::theme;
use crate::ui::view::{HealthSecond, RibbonState, Scrub};
use crate::ui::wording::{Text, Words};

/// A ribbon with fewer marks than this grows from the right, one a second; with more it shows the whole show.
pub(crate) const SECONDS: usize = 60;
/// A mark and the gap after it are no narrower than this, in points: seconds are folded where they would be.
const STEP_MIN: f32 = 4.0;
/// What is pointed at reaches so far beyond the marks, in points: they are low.
const REACH: f32 = 4.0;

/// How the marks of the moment stand in the ribbon.
#[derive(Clone, Copy)]
struct Row {
    left: f32,
    /// From mark to mark, in points.
    step: f32,
    /// Places at the left that are empty.
    empty: usize,
    marks: usize,
}

impl Row {
    fn centre(&self, mark: usize) -> f32 {
        self.left + ((self.empty + mark) as f32 + 0.5) * self.step
    }

    /// The mark at `x`; beside the marks the nearest of them.
    fn nearest(&self, x: f32) -> usize {
        let place = ((x - self.left) / self.step).floor().max(0.0) as usize;
        place.saturating_sub(self.empty).min(self.marks.saturating_sub(1))
    }
}

/// Draws `flight` into `rect`: a low mark for a good second, a tall amber one for a poor one, a broken one for one without a
/// connection; where there are more seconds than fit, several in one mark, the worst of them told. Pointing at it, dragging
/// and the keyboard show a second's card. `over`: it grows no more, and fills all of `rect`.
pub(crate) fn health_ribbon(
    ui: &mut Ui,
    rect: Rect,
    flight: &ShowFlight,
    over: bool,
    state: &mut RibbonState,
    words: Words,
) {
    let len = flight.seconds.len();
    if len == 0 {
        return;
    }
    let most = ((rect.width() / STEP_MIN) as usize).max(SECONDS);
    let each = seconds_each(len, most);
    state.refold(flight, most);
    let marks = state.marks.len();
    let places = if over { marks } else { marks.max(SECONDS) };
    let row = Row { left: rect.left(), step: rect.width() / places as f32, empty: places - marks, marks };

    let id = ui.scope_id().with("health");
    let response = ui.interact(rect.expand2(vec2(0.0, REACH)), id, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::slider(true, 0.0, words.text(Text::Health)));
    by_pointer(ui, &response, flight, row, state);
    by_keyboard(ui, &response, flight, each, state);

    if state.pointed.0 != Some(rect) {
        state.pointed = (Some(rect), false);
    }
    state.pointed.1 |= response.hovered() && moves(ui);
    let is_pointed = state.pointed.1 && !response.dragged();
    let pointed = response.hover_pos().filter(|_| is_pointed).map(|at| row.nearest(at.x));
    let pointed = pointed.and_then(|mark| Some((mark, state.marks.get(mark)?.worst)));
    let picked = state.scrub.map(|scrub| place_of(scrub, flight)).map(|place| (place / each, place));
    paint(ui, rect, row, &state.marks);
    // What lies around it is cut off at the panel's edge.
    focus_ring(ui, &response, rect.shrink2(vec2(3.0, 0.0)), 2.0);
    tell(ui, response.id, flight, &state.marks, picked.unwrap_or(((len - 1) / each, len - 1)), words);
    if let Some((mark, place)) = pointed.or(picked)
        && let Some(mark_of) = state.marks.get(mark)
    {
        let x = row.centre(mark);
        let line = [pos2(x, rect.top() - 3.0), pos2(x, rect.bottom() + 3.0)];
        ui.painter().line_segment(line, Stroke::new(1.5, theme::tokens(ui).text));
        // Above it is the picture, or the figures of the show that is over.
        let side = if over { Side::Below } else { Side::Above };
        second_card(ui, id.with("card"), (rect, x, side), flight, *mark_of, place, words);
    }
    response.on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal);
}

/// Whether the pointer moves.
fn moves(ui: &Ui) -> bool {
    ui.input(|input| input.events.iter().any(|event| matches!(event, Event::PointerMoved(_))))
}

/// The place of what is picked among the seconds that are kept, of which there is at least one.
fn place_of(scrub: Scrub, flight: &ShowFlight) -> usize {
    let last = flight.seconds.len() - 1;
    match scrub {
        Scrub::Now => last,
        Scrub::At(number) => number.saturating_sub(flight.gone).min(last),
    }
}

fn by_pointer(ui: &Ui, response: &Response, flight: &ShowFlight, row: Row, state: &mut RibbonState) {
    if response.double_clicked() {
        state.scrub = None;
        ui.memory_mut(|memory| memory.surrender_focus(response.id));
    } else if (response.clicked() || response.dragged())
        && let Some(at) = response.interact_pointer_pos()
        && let Some(mark) = state.marks.get(row.nearest(at.x))
    {
        state.scrub = Some(Scrub::At(flight.gone + mark.worst));
        response.request_focus();
    }
}

/// What is picked is held by the focus: whoever leaves the ribbon is back at now.
fn by_keyboard(ui: &Ui, response: &Response, flight: &ShowFlight, each: usize, state: &mut RibbonState) {
    let asked = asked_by_tool(ui, response.id, state.marks.len());
    if asked.is_some() {
        response.request_focus();
    }
    if !response.has_focus() && asked.is_none() {
        state.scrub = None;
        return;
    }
    let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let place = place_of(*state.scrub.get_or_insert(Scrub::Now), flight);
    let (mark, last) = (place / each, state.marks.len() - 1);
    let pressed = |key| ui.input(|input| input.num_presses(key) as isize);
    let steps = pressed(Key::ArrowRight) - pressed(Key::ArrowLeft);
    let wanted = match asked {
        Some(Asked::Mark(mark)) => Some(mark.min(last)),
        Some(Asked::Steps(steps)) => Some(mark.saturating_add_signed(steps).min(last)),
        None if steps != 0 => Some(mark.saturating_add_signed(steps).min(last)),
        None if pressed(Key::Home) > 0 => Some(0),
        None if pressed(Key::End) > 0 => Some(last),
        None => None,
    };
    let at = |place: usize| Scrub::At(flight.gone + place);
    if let Some(wanted) = wanted {
        let worst = state.marks.get(wanted).map_or(0, |mark| mark.worst);
        // At the end one is at now, and stays there while the show goes on.
        state.scrub = Some(if wanted == last { Scrub::Now } else { at(worst) });
    }
    for (key, after) in [(Key::PageUp, false), (Key::PageDown, true)] {
        if pressed(key) > 0
            && let Some(poor) = flight.poor_beside(place, after)
        {
            state.scrub = Some(at(poor));
        }
    }
}

/// What an assistive tool asked for.
enum Asked {
    Mark(usize),
    Steps(isize),
}

fn asked_by_tool(ui: &Ui, id: Id, marks: usize) -> Option<Asked> {
    ui.input(|input| {
        let count = |action| input.num_accesskit_action_requests(id, action) as isize;
        let steps = count(accesskit::Action::Increment) - count(accesskit::Action::Decrement);
        let value = input.accesskit_action_requests(id, accesskit::Action::SetValue).find_map(|request| {
            let Some(accesskit::ActionData::NumericValue(value)) = request.data else { return None };
            Some(Asked::Mark((value.max(0.0) as usize).min(marks)))
        });
        value.or_else(|| (steps != 0).then_some(Asked::Steps(steps)))
    })
}

/// Tells assistive tools which second is picked, and what it was like.
fn tell(ui: &Ui, id: Id, flight: &ShowFlight, marks: &[Mark], (mark, place): (usize, usize), words: Words) {
    let (Some(second), Some(mark_of)) = (flight.seconds.get(place), marks.get(mark)) else { return };
    let mut said = None;
    ui.ctx().accesskit_node_builder(id, |node| {
        let sentence = words.second_sentence(flight, second, flight.events_of(mark_of));
        node.set_min_numeric_value(0.0);
        node.set_max_numeric_value(marks.len().saturating_sub(1) as f64);
        node.set_numeric_value(mark as f64);
        node.set_numeric_value_step(1.0);
        node.set_orientation(accesskit::Orientation::Horizontal);
        node.set_value(sentence.as_str());
        for action in [accesskit::Action::Increment, accesskit::Action::Decrement, accesskit::Action::SetValue] {
            node.add_action(action);
        }
        said = Some(sentence);
    });
    if let Some(said) = said {
        tell_choice(ui, id, &said);
    }
}

fn paint(ui: &Ui, rect: Rect, row: Row, marks: &[Mark]) {
    let t = theme::tokens(ui);
    let width = (row.step - (row.step * 0.3).min(2.0)).max(1.0);
    let bar = |mark: usize, from: f32, height: f32| {
        let left = row.left + (row.empty + mark) as f32 * row.step;
        Rect::from_min_size(pos2(left, rect.top() + from), vec2(width, height))
    };
    let tall = rect.height();
    for (place, mark) in marks.iter().enumerate() {
        match mark.quality {
            Quality::Good => _ = ui.painter().rect_filled(bar(place, tall - 3.0, 3.0), 1.0, t.faint),
            Quality::Poor => _ = ui.painter().rect_filled(bar(place, 0.0, tall), 1.0, t.warn),
            Quality::Away => {
                ui.painter().rect_filled(bar(place, 0.0, 2.0), 1.0, t.warn);
                ui.painter().rect_filled(bar(place, tall - 2.0, 2.0), 1.0, t.warn);
            }
        }
    }
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
