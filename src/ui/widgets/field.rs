//! Fields to type into, each below its label.

use eframe::egui::{Align2, Context, Frame, Margin, Response, Stroke, TextEdit, Ui};

use super::paint::{focus_ring, text};
use crate::ui::theme::{self, RADIUS};

/// A field called `label`, with `hint` in it while it is empty.
pub fn field(ui: &mut Ui, label: &str, value: &mut String, hint: &str) -> Response {
    edit(ui, label, value, hint, false)
}

/// A field whose text is never seen.
pub fn secret_field(ui: &mut Ui, label: &str, value: &mut String, hint: &str) -> Response {
    edit(ui, label, value, hint, true)
}

/// A field that is typed into loses the focus, and so tells in this frame what it holds, if it is drawn after this.
pub fn leave_field(ctx: &Context) {
    let field = ctx.memory(|memory| memory.focused()).filter(|_| ctx.text_edit_focused());
    if let Some(field) = field {
        ctx.memory_mut(|memory| memory.surrender_focus(field));
    }
}

fn edit(ui: &mut Ui, label: &str, value: &mut String, hint: &str, secret: bool) -> Response {
    let t = theme::tokens(ui);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        let font = theme::small(ui);
        let name = text(ui, label, font, t.dim);
        let frame = Frame::new()
            .fill(t.bg)
            .stroke(Stroke::new(1.0, t.line))
            .corner_radius(RADIUS)
            .inner_margin(Margin::symmetric(10, 0));
        let width = ui.available_width();
        // The same field wherever it stands: what comes to stand above it does not take the focus from it.
        let edit = TextEdit::singleline(value)
            .id_salt(label)
            .password(secret)
            .hint_text(hint.to_owned())
            .font(theme::body(ui))
            .text_color(t.text)
            .frame(frame)
            .desired_width(width)
            .align(Align2::LEFT_CENTER)
            .min_size(eframe::egui::vec2(width, theme::scaled(ui, 32.0)));
        let response = ui.add(edit).labelled_by(name.id);
        focus_ring(ui, &response, response.rect, RADIUS);
        response
    })
    .inner
}
