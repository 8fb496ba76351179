//! The first start: three questions, each with an answer already.

use eframe::egui::{Align, Color32, Label, Rect, RichText, ScrollArea, Sense, Ui, UiBuilder, vec2};

use super::profiles::told_ui;
use super::sources::{Entry, audio_entries, audio_path_ui, chosen, video_entries, video_path_ui};
use super::stage::source_advice;
use crate::settings::{AudioChoice, VideoChoice};
use crate::ui::theme;
use crate::ui::view::{Act, Devices, StagePicture, Tab, View, ViewState};
use crate::ui::widgets::{ButtonKind, PictureView, button, kind_button_tall, picker, row_at_end, text};
use crate::ui::wording::{Text, Words};

/// The picture is no lower than this, in points: the questions need the room more.
const PICTURE_MIN: f32 = 56.0;

/// Draws the questions into all of `ui`.
pub fn first_run_ui(
    ui: &mut Ui,
    view: &View,
    picture: &dyn PictureView,
    state: &mut ViewState,
    words: Words,
    acts: &mut Vec<Act>,
) {
    let width = theme::scaled(ui, 440.0).min(ui.available_width() - 32.0);
    let left = (ui.available_width() - width) / 2.0;
    let spare = ui.available_height() - theme::scaled(ui, 580.0);
    // The picture gets what the questions leave: they and their answers are seen without scrolling.
    let id = ui.scope_id().with("beside the picture");
    let known: Option<f32> = ui.ctx().data(|data| data.get_temp(id));
    let most = (width * 0.42).min(ui.ctx().content_rect().height() * 0.3);
    let height = known.map_or(most, |known| (ui.available_height() - known).clamp(PICTURE_MIN.min(most), most));
    let shown = ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.add_space(left);
            ui.vertical(|ui| {
                ui.set_width(width);
                ui.add_space((spare / 2.0).max(12.0));
                questions(ui, view, (picture, height), state, words, acts);
                ui.add_space(12.0);
            });
        });
    });
    let beside = shown.content_size.y - height;
    if known.is_none_or(|known| (known - beside).abs() > 0.5) {
        ui.ctx().data_mut(|data| data.insert_temp(id, beside));
        ui.ctx().request_discard("there is another height left for the picture");
    }
}

fn questions(
    ui: &mut Ui,
    view: &View,
    (picture, height): (&dyn PictureView, f32),
    state: &mut ViewState,
    words: Words,
    acts: &mut Vec<Act>,
) {
    told_ui(ui, &view.profiles, words, acts);
    let t = theme::tokens(ui);
    let (title, body, small) = (theme::title(ui), theme::body(ui), theme::small(ui));
    text(ui, words.text(Text::FirstRunTitle), title, t.text);
    text(ui, words.text(Text::FirstRunHint), body, t.dim);
    let width = ui.available_width();
    let (rect, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    preview(ui, rect, view, picture, words);

    ui.spacing_mut().item_spacing.y = 4.0;
    let label = |ui: &mut Ui, name: Text| {
        ui.add_space(6.0);
        text(ui, words.text(name), small.clone(), t.dim);
    };
    label(ui, Text::Camera);
    let entries = video_entries(&view.sources, words);
    let now =
        chosen(&entries, &view.sources.video, |video| matches!(video, VideoChoice::Auto | VideoChoice::Camera(None)));
    let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
    if !std::mem::replace(&mut state.first_run.has_begun, true) {
        let first = ui.scope_id().with("camera");
        ui.memory_mut(|memory| memory.request_focus(first));
    }
    match picked(picker(ui, "camera", words.text(Text::Camera), &names, now), entries) {
        Some(Entry::Choice(choice)) => acts.push(Act::PickVideo(choice)),
        Some(Entry::Path) => state.sources.video_path.open(),
        Some(Entry::Stream) | None => {}
    }
    camera_advice(ui, view, words, acts);
    video_path_ui(ui, &view.sources, &mut state.sources, words, acts);
    label(ui, Text::Microphone);
    let entries = audio_entries(&view.sources, words);
    let now = chosen(&entries, &view.sources.audio, |audio| {
        matches!(audio, AudioChoice::Auto | AudioChoice::Microphone(None))
    });
    let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
    let name = words.text(Text::Microphone);
    match picked(picker(ui, "microphone", name, &names, now), entries) {
        Some(Entry::Choice(choice)) => acts.push(Act::PickAudio(choice)),
        Some(Entry::Path) => state.sources.audio_path.open(),
        Some(Entry::Stream) | None => {}
    }
    audio_path_ui(ui, &view.sources, &mut state.sources, words, acts);
    label(ui, Text::WhereTo);
    let places = [words.text(Text::RehearseHere), words.text(Text::ServiceOrServer)];
    let now = usize::from(state.first_run.to_server);
    if let Some(index) = picker(ui, "where to", words.text(Text::WhereTo), &places, Some(now)) {
        state.first_run.to_server = index == 1;
    }
    let hint = if state.first_run.to_server { Text::ServiceHint } else { Text::RehearseHint };
    text(ui, words.text(hint), small.clone(), t.dim);
    ui.add_space(12.0);
    // They stay what they are while something above them comes or goes: a click meanwhile would be lost.
    let answers = UiBuilder::new().scope_id(ui.scope_id().with("answers"));
    ui.scope_builder(answers, |ui| {
        row_at_end(ui, |ui| {
            ui.spacing_mut().item_spacing.x = 10.0;
            let skip = words.text(Text::Skip);
            if kind_button_tall(ui, ButtonKind::Quiet, skip, skip).clicked() {
                acts.push(Act::FinishFirstRun { rehearse: false });
            }
            let rehearse = !state.first_run.to_server;
            let go = words.text(if rehearse { Text::StartRehearsal } else { Text::Continue });
            if kind_button_tall(ui, ButtonKind::Accent, go, go).clicked() {
                acts.push(Act::FinishFirstRun { rehearse });
                if !rehearse {
                    state.settings.ask_for(ui.ctx(), None);
                    acts.push(Act::OpenSettings(Tab::Destination));
                }
            }
        })
    });
}

/// What to do where the picture does not come, or is there for want of a camera.
fn camera_advice(ui: &mut Ui, view: &View, words: Words, acts: &mut Vec<Act>) {
    let (small, ink) = (theme::small(ui), theme::tokens(ui).dim);
    let no_camera = matches!(&view.sources.cameras, Devices::Found(found) if found.is_empty());
    let StagePicture::Failed(problem) = &view.stage.picture else {
        if no_camera && view.sources.video == VideoChoice::Test {
            text(ui, words.text(Text::NoCameraYet), small, ink);
        }
        return;
    };
    text(ui, source_advice(problem, words), small, ink);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(8.0, 8.0);
        if button(ui, words.text(Text::TestPicture)).clicked() {
            acts.push(Act::PickVideo(VideoChoice::Test));
        }
        if button(ui, words.text(Text::TryAgain)).clicked() {
            acts.push(Act::PickVideo(view.sources.video.clone()));
        }
    });
}

fn picked<C>(index: Option<usize>, entries: Vec<(String, Entry<C>)>) -> Option<Entry<C>> {
    index.and_then(|index| entries.into_iter().nth(index)).map(|(_, entry)| entry)
}

fn preview(ui: &mut Ui, rect: Rect, view: &View, picture: &dyn PictureView, words: Words) {
    let t = theme::tokens(ui);
    ui.painter().rect_filled(rect, theme::RADIUS_LARGE, t.picture);
    let Some(size) = picture.size().filter(|_| view.stage.picture == StagePicture::Shown) else {
        let said = match &view.stage.picture {
            StagePicture::Failed(problem) => words.what(problem),
            StagePicture::Off => words.text(Text::PictureOff).to_owned(),
            StagePicture::Opening | StagePicture::Shown => words.text(Text::Opening).to_owned(),
        };
        // White on the black of the picture, whatever the look.
        let label = Label::new(RichText::new(said).font(theme::body(ui)).color(Color32::WHITE)).wrap();
        ui.put(rect.shrink2(vec2(12.0, 4.0)), label.halign(Align::Center));
        return;
    };
    let ratio = size.width as f32 / size.height.max(1) as f32;
    let width = rect.width().min(rect.height() * ratio);
    picture.paint(ui.painter(), Rect::from_center_size(rect.center(), vec2(width, width / ratio)), theme::RADIUS_LARGE);
}
