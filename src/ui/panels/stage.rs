//! The picture, and what stands in its place.

use eframe::egui::{
    Align, Align2, Label, Rect, RichText, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, UiBuilder, Vec2, WidgetInfo,
    pos2, vec2,
};

use crate::media::Size;
use crate::settings::VideoChoice;
use crate::studio::{Problem, ProblemKind};
use crate::ui::theme::{self, RADIUS_LARGE};
use crate::ui::view::{Act, Devices, SourcesState, SourcesView, StagePicture, StageView};
use crate::ui::widgets::{ButtonKind, PictureView, button, galley_within, kind_button, text};
use crate::ui::wording::{Text, Words};

/// What is drawn before there is a picture has this shape.
pub(super) const SHAPE: Size = Size::new(16, 9);

/// Draws the stage into all of `ui`.
pub fn stage_ui(
    ui: &mut Ui,
    view: &StageView,
    sources: &SourcesView,
    picture: &dyn PictureView,
    state: &mut SourcesState,
    words: Words,
    acts: &mut Vec<Act>,
) {
    let all = ui.max_rect();
    ui.allocate_rect(all, Sense::hover());
    let shown = picture.size().filter(|_| view.picture == StagePicture::Shown);
    let shape = shown.or(view.size).unwrap_or(SHAPE);
    let rect = fitted(all, shape);
    let t = theme::tokens(ui);
    if shown.is_some() {
        picture.paint(ui.painter(), rect, RADIUS_LARGE);
        let response = ui.interact(rect, ui.scope_id().with("picture"), Sense::hover());
        let name = match &view.source {
            Some(source) => format!("{}, {source}", words.text(Text::LivePicture)),
            None => words.text(Text::LivePicture).to_owned(),
        };
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
        if let Some(awaited) = &view.awaited {
            awaits(ui, rect, awaited, words);
        }
        return;
    }
    ui.painter().rect(rect, RADIUS_LARGE, t.panel, Stroke::new(1.0, t.line), StrokeKind::Inside);
    match &view.picture {
        StagePicture::Opening | StagePicture::Shown => {
            let label = view.source.as_deref().unwrap_or_default();
            let line = format!("{label} {}", words.text(Text::Opening));
            let galley = galley_within(ui, line.trim(), theme::body(ui), t.dim, rect.width() - 24.0);
            let at = Align2::CENTER_CENTER.anchor_size(rect.center(), galley.size());
            ui.painter().galley(at.min, galley, t.dim);
        }
        StagePicture::Off => {
            let said = RichText::new(words.text(Text::PictureOff)).font(theme::strong_large(ui)).color(t.text);
            ui.put(rect.shrink(12.0), Label::new(said).wrap().halign(Align::Center));
        }
        StagePicture::Failed(problem) => empty(ui, rect, |ui| failed(ui, problem, sources, state, words, acts)),
    }
}

/// At the foot of the picture, which may be the card that viewers see: why it is no picture.
fn awaits(ui: &mut Ui, rect: Rect, awaited: &Problem, words: Words) {
    let t = theme::tokens(ui);
    let (strong, small) = (theme::strong(ui), theme::small(ui));
    let foot = rect.with_min_y(rect.bottom() - theme::scaled(ui, 62.0)).shrink(8.0).intersect(rect);
    ui.painter().rect_filled(foot, RADIUS_LARGE, t.panel);
    ui.scope_builder(UiBuilder::new().max_rect(foot.shrink2(vec2(12.0, 6.0))), |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        text(ui, words.what(awaited), strong, t.text);
        text(ui, words.to_do(awaited), small, t.dim);
    });
}

/// The largest rectangle of that shape in the middle of `all`.
pub(super) fn fitted(all: Rect, shape: Size) -> Rect {
    let ratio = shape.width as f32 / shape.height.max(1) as f32;
    let width = all.width().min(all.height() * ratio).max(0.0);
    Rect::from_center_size(all.center(), vec2(width, width / ratio))
}

/// Something in the middle of an empty stage; what has no room there, as of large text, is scrolled to.
fn empty(ui: &mut Ui, rect: Rect, add: impl FnOnce(&mut Ui)) {
    let rect = rect.shrink2(vec2(16.0, 8.0));
    let width = rect.width().min(theme::scaled(ui, 300.0));
    let height = theme::scaled(ui, 140.0).min(rect.height());
    let middle = Rect::from_center_size(rect.center(), Vec2::new(width, height));
    let inner = middle.with_max_y(rect.bottom());
    ui.scope_builder(UiBuilder::new().max_rect(inner), |ui| {
        ScrollArea::vertical().id_salt("stage").max_height(inner.height()).min_scrolled_height(0.0).show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(8.0, 8.0);
            add(ui);
        });
    });
}

fn failed(
    ui: &mut Ui,
    problem: &Problem,
    sources: &SourcesView,
    state: &mut SourcesState,
    words: Words,
    acts: &mut Vec<Act>,
) {
    let t = theme::tokens(ui);
    let (head, body) = (theme::strong_large(ui), theme::body(ui));
    let no_camera = problem.kind == ProblemKind::SourceNotFound
        && matches!(&sources.cameras, Devices::Found(found) if found.is_empty());
    let what = if no_camera { words.text(Text::NoCameraFound).to_owned() } else { words.what(problem) };
    camera_sign(ui);
    text(ui, what, head, t.text);
    text(ui, source_advice(problem, words), body, t.dim);
    ui.horizontal_wrapped(|ui| {
        let test = words.text(Text::TestPicture);
        if kind_button(ui, ButtonKind::Accent, test, test).clicked() {
            acts.push(Act::PickVideo(VideoChoice::Test));
        }
        if button(ui, words.text(Text::Clip)).clicked() {
            state.video_path.open();
        }
        if button(ui, words.text(Text::TryAgain)).clicked() {
            acts.push(Act::PickVideo(sources.video.clone()));
        }
    });
}

/// What to do about a picture that does not come.
pub(super) fn source_advice(problem: &Problem, words: Words) -> String {
    let permission = problem.kind == ProblemKind::SourcePermission && problem.source_remedy().is_none();
    if permission { words.text(Text::CameraPermission).to_owned() } else { words.to_do(problem) }
}

/// A camera with a stroke through it.
fn camera_sign(ui: &mut Ui) {
    let t = theme::tokens(ui);
    let side = theme::scaled(ui, 28.0);
    let (rect, _) = ui.allocate_exact_size(vec2(side * 1.4, side), Sense::hover());
    let stroke = Stroke::new(2.0, t.dim);
    let body = Rect::from_min_max(
        rect.min + vec2(1.0, side * 0.18),
        pos2(rect.right() - side * 0.45, rect.bottom() - side * 0.18),
    );
    ui.painter().rect_stroke(body, 4.0, stroke, StrokeKind::Middle);
    let (tip, height) = (body.right(), body.height() * 0.25);
    let lens = vec![
        pos2(tip, body.center().y - height),
        pos2(rect.right() - 2.0, body.top()),
        pos2(rect.right() - 2.0, body.bottom()),
        pos2(tip, body.center().y + height),
    ];
    ui.painter().line(lens, stroke);
    ui.painter().line_segment([rect.left_bottom(), rect.right_top()], stroke);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_keeps_its_shape_and_stays_inside() {
        let all = Rect::from_min_size(pos2(10.0, 20.0), vec2(900.0, 400.0));
        for (width, height) in [(16, 9), (9, 16), (4, 3), (1, 1), (3840, 2)] {
            let rect = fitted(all, Size::new(width, height));
            assert!(all.expand(0.01).contains_rect(rect), "{width}x{height}: {rect:?}");
            assert!((rect.width() / rect.height() / (width as f32 / height as f32) - 1.0).abs() < 1e-3);
        }
    }
}
