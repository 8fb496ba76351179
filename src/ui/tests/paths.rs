//! Paths of clips: typed in short, or chosen in a dialog.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::window::{Desk, SIZES, desk, open, seen};
use super::{model, settings};
use crate::settings::{AudioChoice, ShowSettings, VideoChoice, typed_path};
use crate::studio::StudioCommand;
use crate::ui::dialogs::{DialogAnswer, DialogRequest};
use crate::ui::model::Model;
use crate::ui::view::Appearance;

/// Opens the field for a clip below the chip `list`.
fn clip_of(harness: &mut Harness<'_, Desk>, list: &str) {
    harness.get_by_role_and_label(eframe::egui::Role::ComboBox, list).click();
    harness.run();
    harness.get_by_label("Clip…").click();
    harness.run();
}

#[test]
fn a_tilde_stands_for_the_home_folder() {
    let mut harness = open(desk(seen(model())), SIZES[0]);
    for list in ["Camera", "Microphone"] {
        clip_of(&mut harness, list);
        harness.get_by_role(eframe::egui::Role::TextInput).type_text("~/clips/a.mp4");
        harness.run();
        harness.get_by_label("Use this file").click();
        harness.run();
    }
    let path = typed_path("~").join("clips/a.mp4");
    let wanted =
        [StudioCommand::SetVideo(VideoChoice::File(path.clone())), StudioCommand::SetAudio(AudioChoice::File(path))];
    assert_eq!(harness.state_mut().engine(), wanted);
}

#[test]
fn the_field_is_done_too_when_the_same_file_is_chosen_again() {
    let clip = VideoChoice::File("/clips/a.mp4".into());
    let settings = ShowSettings { video: clip.clone(), ..settings() };
    let mut model = seen(Model::new(settings, None, Appearance::default(), false));
    model.handle_dialog(0.0, DialogAnswer::Available(true));
    let mut harness = open(desk(model), SIZES[0]);
    clip_of(&mut harness, "Camera");
    harness.get_by_label("Browse…").click();
    harness.run();
    harness.state_mut().model.handle_dialog(10.0, DialogAnswer::Cancelled(DialogRequest::Picture));
    harness.run();
    assert!(harness.query_by_label("Browse…").is_some());
    let chosen = DialogAnswer::Chosen(DialogRequest::Picture, "/clips/a.mp4".into());
    harness.state_mut().model.handle_dialog(11.0, chosen);
    harness.run();
    assert!(harness.query_by_label("Browse…").is_none());
    assert_eq!(harness.state().model.view(12.0).sources.video, clip);
}
