//! The first run where something is missing or goes wrong.

use eframe::egui::{Event, Key, Modifiers, PointerButton, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

use super::window::{Desk, SIZES, desk, open, seen};
use super::{devices, ready, settings};
use crate::settings::{KeysIn, SettingsError, ShowSettings, VideoChoice};
use crate::studio::{DeviceKind, Problem, ProblemKind, SourceState, StudioCommand, StudioEvent};
use crate::ui::model::{Model, Order};
use crate::ui::profiles::ProfileAnswer;
use crate::ui::view::{Act, Appearance, Tab};
use crate::ui::wording::{Lang, Words};

/// The questions, of a show that was never chosen.
fn asking() -> Model {
    let nothing = ShowSettings { destinations: Vec::new(), video: VideoChoice::Auto, ..settings() };
    Model::new(nothing, None, Appearance::default(), true)
}

fn failed(problem: Problem) -> StudioEvent {
    StudioEvent::Source { kind: DeviceKind::Camera, state: SourceState::Failed(problem) }
}

/// What the engine is told by `orders`.
fn told(orders: Vec<Order>) -> Vec<StudioCommand> {
    orders
        .into_iter()
        .filter_map(|order| if let Order::Engine(command) = order { Some(command) } else { None })
        .collect()
}

fn press(harness: &mut Harness<'_, Desk>, label: &str) {
    harness.get_by_label(label).scroll_to_me();
    harness.run();
    harness.get_by_label(label).click();
    harness.run();
}

/// No camera, as the engine tells it.
fn without_camera() -> Model {
    let mut model = asking();
    model.handle_event(0.0, failed(Problem::new(ProblemKind::SourceNotFound, "camera", "")));
    model.handle_event(0.0, devices(DeviceKind::Camera, &[]));
    model
}

#[test]
fn without_a_camera_the_test_picture_stands_in_and_a_camera_that_comes_is_shown() {
    let mut model = without_camera();
    assert_eq!(told(model.handle_time(0.1)), [StudioCommand::SetVideo(VideoChoice::Test)]);
    assert_eq!(told(model.handle_time(0.2)), []);
    model.handle_act(0.2, Act::OpenSettings(Tab::Picture));
    let sheet = model.view(0.2).settings.unwrap();
    assert!(!model.view(0.2).profiles.around.has_changes && !sheet.can_undo, "nobody has chosen anything yet");
    model.handle_act(0.2, Act::CloseSettings);
    model.handle_event(0.3, ready(DeviceKind::Camera, "Test picture"));
    for size in SIZES {
        let mut again = without_camera();
        again.handle_time(0.1);
        again.handle_event(0.3, ready(DeviceKind::Camera, "Test picture"));
        let mut harness = open(desk(again), size);
        harness.check_accessibility();
        harness
            .get_by_label("No camera was found, so the test picture stands in. Plug a camera in and it comes up here.");
        press(&mut harness, "Start rehearsal");
        let orders = harness.state_mut().engine();
        let is_rehearsal = |settings: &ShowSettings| settings.rehearse && settings.video == VideoChoice::Test;
        assert!(matches!(orders.as_slice(), [StudioCommand::GoLive(show)] if is_rehearsal(show)), "{orders:?}");
    }
    model.handle_event(5.0, devices(DeviceKind::Camera, &["HD Webcam"]));
    assert_eq!(told(model.handle_time(5.1)), [StudioCommand::SetVideo(VideoChoice::Auto)]);
}

#[test]
fn what_somebody_chose_stays_whatever_is_plugged_in_and_nothing_is_chosen_after_the_questions() {
    let mut model = without_camera();
    model.handle_time(0.1);
    model.handle_act(1.0, Act::PickVideo(VideoChoice::Test));
    model.handle_event(5.0, devices(DeviceKind::Camera, &["HD Webcam"]));
    assert_eq!(told(model.handle_time(5.1)), []);
    let mut model = without_camera();
    model.handle_act(0.0, Act::FinishFirstRun { rehearse: false });
    assert_eq!(told(model.handle_time(0.1)), []);
}

#[test]
fn a_camera_that_does_not_work_is_told_with_advice_and_the_test_picture() {
    let problem = Problem::new(ProblemKind::SourceBusy, "HD Webcam", "");
    let words = Words(Lang::English);
    for size in SIZES {
        for (button, choice) in [("Try again", VideoChoice::Auto), ("Test picture", VideoChoice::Test)] {
            let mut model = asking();
            model.handle_event(0.0, devices(DeviceKind::Camera, &["HD Webcam"]));
            model.handle_event(0.0, failed(problem.clone()));
            let mut harness = open(desk(model), size);
            harness.check_accessibility();
            harness.get_by_label(&words.what(&problem));
            harness.get_by_label(&words.to_do(&problem));
            press(&mut harness, button);
            assert_eq!(harness.state_mut().engine(), [StudioCommand::SetVideo(choice)]);
        }
    }
}

#[test]
fn profiles_tell_their_errors_and_settings_wait_until_the_questions_are_over() {
    for size in SIZES {
        let mut harness = open(desk(seen(asking())), size);
        let settings = harness.get_by_role_and_label(Role::Button, "Settings");
        assert!(settings.accesskit_node().is_disabled());
        settings.click();
        harness.key_press_modifiers(Modifiers::COMMAND, Key::Comma);
        harness.run();
        let wrong = SettingsError::Import { reason: "it is empty".to_owned() };
        let answer = ProfileAnswer {
            asked: true,
            done: Err(wrong),
            told: Vec::new(),
            names: Vec::new(),
            deleted: None,
            keys_in: KeysIn::File,
        };
        harness.state_mut().model.handle_profile(10.0, answer);
        harness.run();
        let sentence = "The document to import cannot be used: it is empty";
        let rect = harness.get_by_label(sentence).rect();
        assert!(rect.is_positive() && harness.ctx.content_rect().contains_rect(rect), "{rect:?}");
        press(&mut harness, "Skip");
        assert!(harness.query_by_role_and_label(Role::Tab, "Destination").is_none(), "nothing waited to pop up");
    }
}

#[test]
fn a_click_counts_though_the_picture_comes_while_the_button_is_held() {
    let mut model = without_camera();
    model.handle_time(0.1);
    let mut harness = open(desk(model), SIZES[1]);
    let place = harness.get_by_label("Skip").rect().center();
    let button = |pressed| Event::PointerButton {
        pos: place,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    harness.event(Event::PointerMoved(place));
    harness.run();
    harness.event(button(true));
    harness.step();
    // Where "Opening…" stood there is a picture now.
    harness.state_mut().model.handle_event(0.3, ready(DeviceKind::Camera, "Test picture"));
    harness.event(button(false));
    harness.run();
    harness.get_by_label("READY");
}

#[test]
fn a_button_that_is_held_for_long_was_pressed_all_the_same() {
    let mut model = without_camera();
    model.handle_time(0.1);
    let mut harness = open(desk(model), SIZES[1]);
    let place = harness.get_by_label("Skip").rect().center();
    harness.drag_at(place);
    harness.run_steps(20);
    harness.drop_at(place);
    harness.run();
    harness.get_by_label("READY");
}
