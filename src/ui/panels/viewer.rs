//! A rehearsal: the program and what a viewer gets of it, side by side; and who else may watch.

use eframe::egui::{
    Align, Frame, Label, Layout, Margin, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo,
    pos2, vec2,
};

use super::profiles::qr_code;
use super::stage::{SHAPE, fitted, stage_ui};
use crate::settings::QrCode;
use crate::ui::theme::{self, RADIUS_LARGE};
use crate::ui::view::{Act, SourcesState, View};
use crate::ui::viewer_view::{ShareView, ViewerView};
use crate::ui::widgets::{
    ButtonKind, PictureView, Pictures, button, close_button, galley_within, kind_button, meter, text,
};
use crate::ui::wording::{Text, Words};

/// Between the two.
const GAP: f32 = 14.0;

/// Draws both into all of `ui`; where it is `compact` the viewer's alone.
#[expect(clippy::too_many_arguments, reason = "the same as all panels, with the viewer beside them")]
pub fn rehearsal_ui(
    ui: &mut Ui,
    view: &View,
    viewer: &ViewerView,
    pictures: &Pictures<'_>,
    state: &mut SourcesState,
    words: Words,
    acts: &mut Vec<Act>,
    compact: bool,
) {
    let all = ui.available_rect_before_wrap();
    let scale = theme::scale(ui);
    let (head, foot, meter_width) = (18.0 * scale + 4.0, 28.0 * scale + 10.0, 38.0 * scale + 17.0);
    let columns = if compact { 1.0 } else { 2.0 };
    let room = vec2((all.width() - meter_width - GAP * (columns - 1.0)) / columns, all.height() - head - foot);
    let shape = pictures.viewer.size().or(view.stage.size).unwrap_or(SHAPE);
    // One block in the middle, both pictures of one size on one line.
    let size = fitted(Rect::from_min_size(pos2(0.0, 0.0), room.max(vec2(16.0, 9.0))), shape).size();
    let width = size.x * columns + GAP * (columns - 1.0) + meter_width;
    let block = Rect::from_center_size(all.center(), vec2(width, head + size.y + foot));
    let mut at = block.min + vec2(0.0, head);
    if !compact {
        let rect = Rect::from_min_size(at, size);
        caption(ui, rect, head, words.text(Text::Program));
        ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
            stage_ui(ui, &view.stage, &view.sources, pictures.program, state, words, acts);
        });
        at.x += size.x + GAP;
    }
    let rect = Rect::from_min_size(at, size);
    let title = words.text(Text::ViewerGets);
    let line = viewer.latency_ms.map_or_else(|| title.to_owned(), |ms| format!("{title} · {}", words.behind_live(ms)));
    caption(ui, rect, head, &line);
    viewer_picture(ui, rect, viewer, pictures.viewer, words);
    let bars = Rect::from_min_size(rect.right_top() + vec2(8.0, 0.0), vec2(meter_width - 8.0, size.y));
    let loudest = viewer.channels.iter().map(|channel| channel.peak_dbfs).fold(-60.0, f32::max);
    meter(ui, bars, &viewer.channels, false, &words.level_now(words.text(Text::ViewerSound), loudest));
    let row = Rect::from_min_size(rect.left_bottom() + vec2(0.0, 6.0), vec2(size.x + meter_width, foot - 6.0));
    ui.scope_builder(UiBuilder::new().max_rect(row).layout(Layout::left_to_right(Align::Center)), |ui| {
        if button(ui, words.text(Text::WatchElsewhere)).clicked() {
            acts.push(Act::AskToShare);
        }
    });
}

/// Above a picture.
fn caption(ui: &mut Ui, picture: Rect, height: f32, words: &str) {
    let at = Rect::from_min_size(picture.min - vec2(0.0, height), vec2(picture.width(), height));
    ui.scope_builder(UiBuilder::new().max_rect(at), |ui| {
        let line = galley_within(ui, words, theme::small(ui), theme::tokens(ui).dim, picture.width());
        ui.add(Label::new(line));
    });
}

fn viewer_picture(ui: &mut Ui, rect: Rect, viewer: &ViewerView, picture: &dyn PictureView, words: Words) {
    let t = theme::tokens(ui);
    let response = ui.interact(rect, ui.scope_id().with("viewer"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, words.text(Text::ViewerGets)));
    if picture.size().is_some() && viewer.latency_ms.is_some() {
        picture.paint(ui.painter(), rect, RADIUS_LARGE);
        return;
    }
    ui.painter().rect(rect, RADIUS_LARGE, t.panel, Stroke::new(1.0, t.line), StrokeKind::Inside);
    let wait = galley_within(ui, words.text(Text::ViewerWaits), theme::body(ui), t.dim, rect.width() - 24.0);
    let at = rect.center() - wait.size() / 2.0;
    ui.painter().galley(at, wait, t.dim);
}

/// Whether the question, or what came of it, is shown.
pub(super) fn is_open(share: &ShareView) -> bool {
    match share {
        ShareView::Off | ShareView::On { open: false, .. } => false,
        ShareView::Asks | ShareView::Opening | ShareView::On { .. } | ShareView::Failed(_) => true,
    }
}

/// The question, and what came of it, over both pictures.
pub(super) fn share_ui(ui: &mut Ui, share: &ShareView, words: Words, acts: &mut Vec<Act>) {
    if !is_open(share) {
        return;
    }
    let all = ui.available_rect_before_wrap();
    let head = if *share == ShareView::Asks { Text::ShareQuestion } else { Text::WatchElsewhereTitle };
    let closes = card_over(ui, all, words.text(head), words, |ui| share_card(ui, share, words, acts));
    if closes {
        acts.push(Act::CloseShare);
    }
}

/// A card over `all`, with a cross; `true` when that is pressed.
pub(super) fn card_over(ui: &mut Ui, all: Rect, title: &str, words: Words, add: impl FnOnce(&mut Ui)) -> bool {
    let t = theme::tokens(ui);
    ui.painter().rect_filled(all, RADIUS_LARGE, t.bg.gamma_multiply(0.7));
    let width = theme::scaled(ui, 480.0).min(all.width() - 32.0);
    let frame = Frame::new()
        .fill(t.panel)
        .stroke(Stroke::new(1.0, t.line))
        .corner_radius(RADIUS_LARGE)
        .inner_margin(Margin::same(16));
    let mut closes = false;
    ui.scope_builder(UiBuilder::new().max_rect(all.shrink(8.0)), |ui| {
        ui.vertical_centered(|ui| {
            frame.show(ui, |ui| {
                ui.set_width(width - 32.0);
                ui.set_max_height((all.height() - 56.0).max(80.0));
                ScrollArea::vertical().auto_shrink([false, true]).show(ui, |ui| {
                    ui.with_layout(Layout::top_down(Align::Min), |ui| {
                        ui.with_layout(Layout::right_to_left(Align::TOP), |ui| {
                            closes = close_button(ui, words).clicked();
                            let font = theme::strong(ui);
                            ui.with_layout(Layout::top_down(Align::Min), |ui| text(ui, title, font, t.text));
                        });
                        add(ui);
                    });
                });
            });
        });
    });
    closes
}

/// An address with its key: to be scanned, read or copied.
pub(super) fn address_card(
    ui: &mut Ui,
    hint: &str,
    url: &str,
    code: Option<&QrCode>,
    words: Words,
    acts: &mut Vec<Act>,
) {
    let t = theme::tokens(ui);
    let (body, small) = (theme::body(ui), theme::small(ui));
    ui.horizontal_top(|ui| {
        if let Some(code) = code {
            // Beside the words, so that both are seen in a small window.
            ui.scope(|ui| {
                ui.set_max_width(ui.available_width() * 0.45);
                qr_code(ui, code, words.text(Text::ShareCode));
            });
        }
        ui.vertical(|ui| {
            text(ui, hint, small, t.dim);
            text(ui, url, body, t.text);
            if button(ui, words.text(Text::CopyAddress)).clicked() {
                acts.push(Act::CopyText(url.to_owned()));
            }
        });
    });
}

fn share_card(ui: &mut Ui, share: &ShareView, words: Words, acts: &mut Vec<Act>) {
    let t = theme::tokens(ui);
    let (body, small) = (theme::body(ui), theme::small(ui));
    match share {
        ShareView::Off => {}
        ShareView::Asks => {
            text(ui, words.text(Text::ShareHint), body, t.dim);
            ui.add_space(6.0);
            ui.horizontal_wrapped(|ui| {
                let yes = words.text(Text::ShareYes);
                if kind_button(ui, ButtonKind::Accent, yes, yes).clicked() {
                    acts.push(Act::Share);
                }
                if button(ui, words.text(Text::ShareNo)).clicked() {
                    acts.push(Act::CloseShare);
                }
            });
        }
        ShareView::Opening => {
            text(ui, words.text(Text::Opening), body, t.dim);
        }
        ShareView::On { url, code, .. } => {
            address_card(ui, words.text(Text::ShareOnHint), url, code.as_ref(), words, acts);
        }
        ShareView::Failed(problem) => {
            text(ui, words.text(Text::ShareFailed), body, t.text);
            text(ui, words.reason(&problem.details), small, t.dim);
            if button(ui, words.text(Text::TryAgain)).clicked() {
                acts.push(Act::AskToShare);
            }
        }
    }
}
