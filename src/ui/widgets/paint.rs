//! What the controls share: laid-out text, the focus ring.

use std::sync::Arc;

use eframe::egui::accesskit::Live;
use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{
    Align, Color32, FontId, Galley, Id, Label, Layout, Rect, Response, RichText, Stroke, StrokeKind, Ui,
};

use crate::ui::theme;

/// `text` on one line.
pub(crate) fn galley(ui: &Ui, text: &str, font: FontId, colour: Color32) -> Arc<Galley> {
    ui.painter().layout_no_wrap(text.to_owned(), font, colour)
}

/// `text` on one line that ends with "…" where `width` points are not enough.
pub(crate) fn galley_within(ui: &Ui, text: &str, font: FontId, colour: Color32, width: f32) -> Arc<Galley> {
    let mut job = LayoutJob::simple_singleline(text.to_owned(), font, colour);
    job.wrap = TextWrapping::truncate_at_width(width.max(0.0));
    ui.painter().layout_job(job)
}

/// Where what is drawn of `text` ends with "…", whoever points at it is told all of it.
pub(crate) fn told_whole(response: Response, drawn: &Galley, text: &str) -> Response {
    if drawn.elided { response.on_hover_text(text) } else { response }
}

/// A label that wraps, ragged: a menu draws its lines as wide as itself, and would spread the words for it.
pub(crate) fn text(ui: &mut Ui, text: impl Into<String>, font: FontId, colour: Color32) -> Response {
    let label = Label::new(RichText::new(text).font(font).color(colour)).wrap();
    if !ui.layout().horizontal_justify() {
        return ui.add(label);
    }
    ui.with_layout(Layout::top_down(Align::Min), |ui| ui.add(label)).inner
}

/// The same on one line, whatever room there is: for the names in a table.
pub(crate) fn text_on_one_line(ui: &mut Ui, text: impl Into<String>, font: FontId, colour: Color32) -> Response {
    ui.add(Label::new(RichText::new(text).font(font).color(colour)).extend())
}

/// A ring around `rect` while `response` has the focus, which is scrolled into view when it gets it. To be called wherever
/// `rect` is: what nobody sees yet is what has to be scrolled.
pub(crate) fn focus_ring(ui: &Ui, response: &Response, rect: Rect, radius: f32) {
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    if response.has_focus() {
        let stroke = Stroke::new(2.0, theme::tokens(ui).accent);
        ui.painter().rect_stroke(rect.expand(2.0), radius + 2.0, stroke, StrokeKind::Middle);
    }
}

/// Screen readers say what `response` is once it is there or has changed, without being asked, and once they have said what they
/// are saying.
pub(crate) fn announced(ui: &Ui, response: &Response) {
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_live(Live::Polite));
}

/// Tells screen readers what is chosen in the list that `id` opens. On Linux they get no text value of such a thing, but
/// its description; elsewhere they would say it twice.
pub(super) fn tell_choice(ui: &Ui, id: Id, value: &str) {
    if cfg!(target_os = "linux") {
        ui.ctx().accesskit_node_builder(id, |node| node.set_description(value));
    }
}
