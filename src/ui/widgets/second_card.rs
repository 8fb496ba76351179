//! The card of one second of a show, over its mark in the ribbon.

use std::sync::Arc;

use eframe::egui::{
    Color32, FontId, Galley, Id, LayerId, Order, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo,
    vec2,
};

use crate::studio::flight::FlightSecond;
use crate::ui::flight::{Mark, ShowEvent, ShowFlight, Trouble};
use crate::ui::theme::{self, RADIUS};
use crate::ui::wording::{Text, Words};

/// Its width, and that where the first would make it too tall, in points.
const WIDTHS: [f32; 2] = [300.0, 440.0];
/// Between the card and the ribbon, and between the card and the window's edge, in points.
const GAP: f32 = 8.0;
/// Inside the card's edge, in points.
const PADDING: f32 = 12.0;
/// Events that are told: more would hide the figures.
const EVENTS_MAX: usize = 3;

/// What stands where in the card, from its top left corner.
#[derive(Default)]
struct Page {
    texts: Vec<(Vec2, Arc<Galley>)>,
    width: f32,
    height: f32,
}

/// Where the card stands rather, where there is room at both sides of the ribbon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Above,
    Below,
}

/// Draws the card of the second at `place`, which is told for `mark`, beside `ribbon` with its middle at `x`.
pub(super) fn second_card(
    ui: &mut Ui,
    id: Id,
    (ribbon, x, side): (Rect, f32, Side),
    flight: &ShowFlight,
    mark: Mark,
    place: usize,
    words: Words,
) {
    let Some(second) = flight.seconds.get(place) else { return };
    let t = theme::tokens(ui);
    let window = ui.ctx().content_rect();
    let events = flight.events_of(&mark);
    let widths = WIDTHS.map(|width| theme::scaled(ui, width).min(window.width() - 2.0 * GAP));
    let sized = |width: f32| {
        let page = page(ui, width - 2.0 * PADDING, flight, (mark, place), second, events, words);
        (vec2(width, page.height + 2.0 * PADDING), page)
    };
    let room = (ribbon.top() - window.top()).max(window.bottom() - ribbon.bottom()) - 2.0 * GAP;
    let (mut size, mut page) = sized(widths[0]);
    if size.y > room {
        // Large text in a small window: fewer lines, so that the ribbon is still seen.
        (size, page) = sized(widths[1]);
    }
    let card = stand(size, x, (ribbon, side), window);
    let painter = ui.ctx().layer_painter(LayerId::new(Order::Tooltip, id));
    let line = if Trouble::of(second).is_some() { t.warn } else { t.line };
    painter.rect(card, RADIUS, t.panel, Stroke::new(1.0, line), StrokeKind::Inside);
    for (at, galley) in page.texts {
        painter.galley(card.min + Vec2::splat(PADDING) + at, galley, t.text);
    }
    // The ribbon's own value says it to a screen reader; this tells where it stands.
    let response = ui.interact(card, id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Tooltip, true, words.second_sentence(flight, second, events)));
}

/// What the card says, in lines of `width` points.
fn page(
    ui: &Ui,
    width: f32,
    flight: &ShowFlight,
    (mark, place): (Mark, usize),
    second: &FlightSecond,
    events: &[ShowEvent],
    words: Words,
) -> Page {
    let t = theme::tokens(ui);
    let (strong, small) = (theme::strong(ui), theme::small(ui));
    let mut page = Page { width, ..Page::default() };
    let state = words.second_state(flight, second);
    page.pair(ui, (&words.timer(f64::from(second.at)), strong.clone(), t.text), (state, strong, t.text));
    if mark.count > 1 {
        page.line(ui, &words.one_of(&mark, place), small.clone(), t.dim);
    }
    page.height += 4.0;
    for (name, value) in words.second_figures(second) {
        page.pair(ui, (name, small.clone(), t.dim), (&value, small.clone(), t.text));
    }
    if let Some(trouble) = Trouble::of(second) {
        page.height += 6.0;
        page.line(ui, &words.trouble(trouble), theme::body(ui), t.warn);
        page.line(ui, words.trouble_to_do(trouble), small.clone(), t.text);
    }
    for event in events.iter().take(EVENTS_MAX) {
        page.height += 4.0;
        let at = if mark.count > 1 { format!("{} ", words.timer(f64::from(event.at))) } else { String::new() };
        page.line(ui, &format!("{at}{}", words.happened(event)), small.clone(), t.text);
    }
    if events.len() > EVENTS_MAX {
        page.line(ui, words.text(Text::MoreHappened), small, t.dim);
    }
    page
}

/// At this side of the ribbon; at the other, or over it, where there is no room; always inside the window.
fn stand(size: Vec2, x: f32, (ribbon, side): (Rect, Side), window: Rect) -> Rect {
    let room = window.shrink(GAP);
    let left = (x - size.x / 2.0).min(room.right() - size.x).max(room.left());
    let above = ribbon.top() - GAP - size.y;
    let below = ribbon.bottom() + GAP;
    let (fits_above, fits_below) = (above >= room.top(), below + size.y <= room.bottom());
    let top = match side {
        Side::Below if fits_below => below,
        Side::Above if fits_below && !fits_above => below,
        Side::Above | Side::Below => above.max(room.top()),
    };
    Rect::from_min_size(Pos2::new(left, top), size)
}

impl Page {
    /// A line that wraps.
    fn line(&mut self, ui: &Ui, text: &str, font: FontId, ink: Color32) {
        let galley = ui.painter().layout(text.to_owned(), font, ink, self.width);
        let height = galley.size().y;
        self.texts.push((vec2(0.0, self.height), galley));
        self.height += height + 3.0;
    }

    /// A name at the left and its value at the right, on one line or, where that is too long, on two.
    fn pair(&mut self, ui: &Ui, name: (&str, FontId, Color32), value: (&str, FontId, Color32)) {
        let width = self.width;
        let [name, value] =
            [name, value].map(|(text, font, ink)| ui.painter().layout(text.to_owned(), font, ink, width));
        let (name_size, value_size) = (name.size(), value.size());
        self.texts.push((vec2(0.0, self.height), name));
        if name_size.x + 12.0 + value_size.x > width {
            self.height += name_size.y + 1.0;
        }
        self.texts.push((vec2((width - value_size.x).max(0.0), self.height), value));
        self.height += name_size.y.max(value_size.y) + 3.0;
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::pos2;

    use super::*;

    #[test]
    fn the_card_is_beside_the_ribbon_and_never_outside_the_window() {
        let window = Rect::from_min_size(Pos2::ZERO, vec2(960.0, 600.0));
        for (top, height) in [(400.0, 200.0), (100.0, 300.0), (300.0, 560.0)] {
            let ribbon = Rect::from_min_size(pos2(14.0, top), vec2(780.0, 8.0));
            for x in [14.0, 400.0, 794.0, 959.0] {
                for side in [Side::Above, Side::Below] {
                    let card = stand(vec2(300.0, height), x, (ribbon, side), window);
                    assert!(window.contains_rect(card), "{card:?}");
                    assert!(height > 500.0 || !card.intersects(ribbon), "{card:?} hides {ribbon:?}");
                }
            }
        }
        let ribbon = Rect::from_min_size(pos2(14.0, 300.0), vec2(780.0, 8.0));
        let card = |side| stand(vec2(300.0, 200.0), 400.0, (ribbon, side), window);
        assert_eq!((card(Side::Above).center().x, card(Side::Above).bottom()), (400.0, 292.0));
        assert_eq!((card(Side::Below).center().x, card(Side::Below).top()), (400.0, 316.0));
    }
}
