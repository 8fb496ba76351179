//! Cards: something that is told, with its edge saying how much it matters; and the head of a sheet.

use eframe::egui::{Frame, InnerResponse, Margin, Response, Stroke, Ui};

use super::button::close_button;
use super::paint::text;
use super::row::row_at_end;
use crate::ui::theme::{self, RADIUS_LARGE};
use crate::ui::wording::Words;

/// How much a card matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CardKind {
    /// Told.
    Plain,
    /// Needs you.
    Warning,
}

/// A card around `add`, as wide as what is available.
pub(crate) fn card<R>(ui: &mut Ui, kind: CardKind, add: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    let t = theme::tokens(ui);
    let line = match kind {
        CardKind::Plain => t.line,
        CardKind::Warning => t.warn,
    };
    let frame = Frame::new()
        .fill(t.raised)
        .stroke(Stroke::new(1.0, line))
        .corner_radius(RADIUS_LARGE)
        .inner_margin(Margin::symmetric(12, 10));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        add(ui)
    })
}

/// The head of a sheet, with a cross at its end, which is given. `add` draws what stands before the cross.
pub(crate) fn sheet_head(ui: &mut Ui, title: &str, words: Words, add: impl FnOnce(&mut Ui)) -> Response {
    let t = theme::tokens(ui);
    ui.horizontal(|ui| {
        let font = theme::strong(ui);
        text(ui, title, font, t.text);
        row_at_end(ui, |ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            add(ui);
            close_button(ui, words)
        })
    })
    .inner
}
