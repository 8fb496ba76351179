//! The panels by their labels, at the smallest and the usual size, and the whole path to a show by keyboard alone.

use std::sync::Arc;

use eframe::egui::{Key, Modifiers, Painter, Rect, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::{devices, ended, levels, model, ready, said, settings, state, stats};
use crate::media::{Picture, Size};
use crate::settings::{Destination, ShowSettings, StreamKey, VideoChoice};
use crate::studio::{
    Command, DestinationState as D, DeviceKind, Problem, ProblemKind, SourceState, StudioCommand, StudioEvent,
};
use crate::ui::model::{Model, Order};
use crate::ui::panels::window::window_ui;
use crate::ui::theme::{self, Look};
use crate::ui::view::{Appearance, Phase, Tab, ViewState};
use crate::ui::widgets::PictureView;
use crate::ui::wish::Wish;
use crate::ui::wording::{Lang, Text, Words};

const SIZES: [Vec2; 2] = [vec2(960.0, 600.0), vec2(1280.0, 800.0)];

/// A picture that is there and paints nothing.
struct Still(Size);

impl PictureView for Still {
    fn show(&mut self, picture: Arc<Picture>) {
        self.0 = picture.size();
    }

    fn size(&self) -> Option<Size> {
        Some(self.0)
    }

    fn paint(&self, _: &Painter, _: Rect, _: f32) {}
}

/// The window around a model, as `app` has it, with the time and the engine in the test's hands.
struct Desk {
    model: Model,
    state: ViewState,
    now: f64,
    orders: Vec<Order>,
    look: Look,
    words: Words,
    has_fonts: bool,
    wish: Wish,
}

impl Desk {
    fn engine(&mut self) -> Vec<StudioCommand> {
        let only = |order| if let Order::Engine(command) = order { Some(command) } else { None };
        std::mem::take(&mut self.orders).into_iter().filter_map(only).collect()
    }
}

fn desk(model: Model) -> Desk {
    Desk {
        model,
        state: ViewState::default(),
        now: 10.0,
        orders: Vec::new(),
        look: Look::Dark,
        words: Words(Lang::English),
        has_fonts: false,
        wish: Wish::default(),
    }
}

fn open(desk: Desk, size: Vec2) -> Harness<'static, Desk> {
    let mut harness = Harness::builder().with_size(size).build_ui_state(
        |ui, desk: &mut Desk| {
            if !std::mem::replace(&mut desk.has_fonts, true) {
                // Fonts are there from the next frame on.
                theme::install(ui.ctx());
                ui.ctx().request_repaint();
                return;
            }
            theme::apply(ui.ctx(), desk.look, desk.model.appearance().scale);
            let view = desk.model.view(desk.now);
            let begin = desk.wish.due(ui.ctx());
            let mut acts = Vec::new();
            let picture = Still(Size::new(1280, 720));
            window_ui(ui, &view, &picture, desk.model.appearance(), &mut desk.state, desk.words, &mut acts);
            for act in desk.wish.ordered(ui.ctx(), acts, begin) {
                desk.orders.extend(desk.model.handle_act(desk.now, act));
            }
        },
        desk,
    );
    harness.run();
    harness
}

/// With sources that work.
fn seen(mut model: Model) -> Model {
    model.handle_event(0.0, devices(DeviceKind::Camera, &["HD Webcam", "Kamera Süd"]));
    model.handle_event(0.0, devices(DeviceKind::Microphone, &["USB Audio CODEC"]));
    model.handle_event(0.0, ready(DeviceKind::Camera, "Test picture"));
    model.handle_event(0.0, ready(DeviceKind::Microphone, "Mic"));
    model.handle_levels(&levels(-14.2));
    model
}

fn live() -> Model {
    let mut model = seen(model());
    model.handle_act(1.0, crate::ui::view::Act::GoLive);
    model.handle_event(1.1, state(D::Connecting));
    model.handle_event(2.0, state(D::Live));
    model.handle_event(3.0, StudioEvent::Stats(Box::new(stats(D::Live))));
    model
}

/// Everything a screen reader can reach is inside the window and has a name.
fn is_whole(harness: &Harness<'_, Desk>, size: Vec2) {
    harness.check_accessibility();
    for label in ["Mute Mic", "Volume Mic"] {
        let rect = harness.get_by_label(label).rect();
        assert!(Rect::from_min_size(Default::default(), size).contains_rect(rect), "{label}: {rect:?}");
    }
}

#[test]
fn ready_shows_its_parts_and_what_is_next() {
    for size in SIZES {
        let harness = open(desk(seen(model())), size);
        is_whole(&harness, size);
        for label in
            ["READY", "Go live", "Rehearse", "Camera", "Microphone", "Picture", "Settings", "Ready for YouTube"]
        {
            harness.get_by_label(label);
        }
        let picture = harness.get_by_label("Picture of the show, Test picture").rect();
        let share = picture.area() / (size.x * size.y);
        assert!(share > if size.x > 1000.0 { 0.6 } else { 0.45 }, "{size}: the picture has {share:.2}");
    }
}

#[test]
fn live_shows_its_figures_and_the_button_does_not_move() {
    for size in SIZES {
        let ready = open(desk(seen(model())), size).get_by_label("Go live").rect();
        let harness = open(desk(live()), size);
        is_whole(&harness, size);
        for label in ["LIVE", "00:00:08", "to YouTube", "2.98 Mb/s", "behind 0.2 s", "dropped 0", "All good"] {
            harness.get_by_label(label);
        }
        let end = harness.get_by_label("Hold to end show").rect();
        assert!((end.right() - ready.right()).abs() < 0.5 && (end.width() - ready.width()).abs() < 0.5);
        assert!(harness.query_by_label("Rehearse").is_none());
    }
}

#[test]
fn every_other_state_is_told() {
    for size in SIZES {
        let mut connecting = seen(model());
        connecting.handle_act(1.0, crate::ui::view::Act::GoLive);
        let harness = open(desk(connecting), size);
        is_whole(&harness, size);
        harness.get_by_label("CONNECTING");
        harness.get_by_label("Connecting… Cancel");

        let mut lost = live();
        lost.handle_event(7.0, state(D::Reconnecting));
        let told = Problem::new(ProblemKind::ConnectionLost, "YouTube", "Stream timed out");
        lost.handle_event(7.0, StudioEvent::Problem(told));
        let harness = open(desk(lost), size);
        is_whole(&harness, size);
        harness.get_by_label("RECONNECTING 3 s");
        harness.get_by_label("Copy report");

        let mut ending = live();
        ending.handle_act(9.0, crate::ui::view::Act::EndShow);
        let harness = open(desk(ending), size);
        is_whole(&harness, size);
        harness.get_by_label("ENDING");
        harness.get_by_label("End at once");

        let mut over = live();
        let failure = said(Problem::new(ProblemKind::PublishRejected, "YouTube", "publish"), "bad key");
        over.handle_event(9.0, ended(7, Some(failure)));
        let harness = open(desk(over), size);
        harness.check_accessibility();
        harness.get_by_label("OFF");
        harness.get_by_label("The show ended early");
        harness.get_by_label("The server says “bad key”");
        harness.get_by_label("00:00:07");
    }
}

#[test]
fn a_key_that_is_still_being_typed_belongs_to_the_show() {
    for by_click in [true, false] {
        let settings = ShowSettings { destinations: vec![Destination::at("rtmp://127.0.0.1/live")], ..settings() };
        let mut model = seen(Model::new(settings, None, Appearance::default(), false));
        model.handle_act(1.0, crate::ui::view::Act::OpenSettings(Tab::Destination));
        let mut harness = open(desk(model), SIZES[1]);
        harness.get_by_label("Stream key").focus();
        harness.run();
        harness.get_by_label("Stream key").type_text("canary");
        harness.run();
        match by_click {
            true => harness.get_by_label("Go live").click(),
            false => harness.key_press_modifiers(Modifiers::COMMAND, Key::L),
        }
        harness.run();
        let commands = harness.state_mut().engine();
        let keys: Vec<_> = commands
            .iter()
            .filter_map(|command| match command {
                StudioCommand::GoLive(settings) => settings.destinations[0].stream_key.as_ref().map(StreamKey::reveal),
                _ => None,
            })
            .collect();
        assert_eq!(keys, ["canary"], "by click: {by_click}");
    }
}

#[test]
fn going_live_and_ending_by_keyboard_alone() {
    let mut harness = open(desk(seen(model())), SIZES[0]);
    // Neither Space nor Enter on the button goes live.
    harness.get_by_label("Go live").focus();
    harness.run();
    for key in [Key::Space, Key::Enter] {
        harness.key_press(key);
        harness.run();
        assert!(harness.state_mut().engine().is_empty(), "{key:?}");
    }
    harness.key_press_modifiers(Modifiers::COMMAND, Key::L);
    harness.run();
    assert!(matches!(harness.state_mut().engine().as_slice(), [StudioCommand::GoLive(_)]));
    harness.state_mut().now = 11.0;
    harness.state_mut().model.handle_event(11.0, state(D::Live));
    harness.run();
    harness.get_by_label("LIVE");
    harness.state_mut().now = 12.0;
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::L);
    harness.run();
    harness.get_by_label("End the show?");
    assert!(harness.state_mut().engine().is_empty(), "it asks first");
    for _ in 0..40 {
        if harness.get_by_label("End show").is_focused() {
            break;
        }
        harness.key_press(Key::Tab);
        harness.run();
    }
    assert!(harness.get_by_label("End show").is_focused(), "Tab reaches it");
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(harness.state_mut().engine(), [StudioCommand::Show(Command::End)]);
    harness.get_by_label("ENDING");
}

#[test]
fn a_double_click_goes_live_and_nothing_else() {
    let mut harness = open(desk(seen(model())), SIZES[1]);
    harness.get_by_label("Go live").click();
    harness.run();
    assert_eq!(harness.state_mut().engine().len(), 1);
    harness.get_by_label("Connecting… Cancel").click();
    harness.run();
    assert!(harness.state_mut().engine().is_empty());
    assert_eq!(harness.state().model.view(10.1).show.phase, Phase::Connecting);
}

#[test]
fn ending_wants_to_be_held_or_asks() {
    let mut harness = open(desk(live()), SIZES[1]);
    let at = harness.get_by_label("Hold to end show").rect().center();
    // A short press asks.
    harness.get_by_label("Hold to end show").click();
    harness.run_steps(3);
    harness.get_by_label("Keep going").click();
    harness.run();
    assert!(harness.query_by_label("End the show?").is_none());
    assert!(harness.state_mut().engine().is_empty());
    // A long one ends, once.
    harness.drag_at(at);
    harness.run_steps(2);
    harness.state_mut().now += 0.5;
    harness.run_steps(2);
    assert!(harness.state_mut().engine().is_empty());
    harness.state_mut().now += 0.4;
    harness.run_steps(4);
    harness.drop_at(at);
    harness.run_steps(2);
    assert_eq!(harness.state_mut().engine(), [StudioCommand::Show(Command::End)]);
}

#[test]
fn a_missing_camera_is_said_and_the_test_picture_is_offered() {
    for size in SIZES {
        let mut model = model();
        model.handle_event(0.0, devices(DeviceKind::Camera, &[]));
        let missing = Problem::new(ProblemKind::SourceNotFound, "camera", "");
        model.handle_event(0.0, StudioEvent::Source { kind: DeviceKind::Camera, state: SourceState::Failed(missing) });
        let mut harness = open(desk(model), size);
        harness.check_accessibility();
        harness.get_by_label("No camera found");
        harness.get_by_label("Test picture").click();
        harness.run();
        assert_eq!(harness.state_mut().engine(), [StudioCommand::SetVideo(VideoChoice::Test)]);
    }
}

#[test]
fn a_camera_is_picked_from_the_chip_by_keyboard() {
    let mut harness = open(desk(seen(model())), SIZES[0]);
    harness.get_by_label("Camera").focus();
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    harness.get_by_label("Kamera Süd").focus();
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    let wanted = VideoChoice::Camera(Some("Kamera Süd-id".to_owned()));
    assert_eq!(harness.state_mut().engine(), [StudioCommand::SetVideo(wanted)]);
    assert!(harness.query_by_label("No picture").is_none(), "the list is closed");
}

#[test]
fn a_clip_is_used_by_its_typed_path() {
    let mut harness = open(desk(seen(model())), SIZES[0]);
    harness.get_by_label("Camera").click();
    harness.run();
    harness.get_by_label("Clip…").click();
    harness.run();
    harness.check_accessibility();
    let field = harness.get_by_role(eframe::egui::Role::TextInput);
    field.focus();
    field.type_text("/clips/Straße.mp4");
    harness.run();
    harness.get_by_label("Use this file").click();
    harness.run();
    assert_eq!(harness.state_mut().engine(), [StudioCommand::SetVideo(VideoChoice::File("/clips/Straße.mp4".into()))]);
}

#[test]
fn mute_fader_and_clip_latch_by_keyboard() {
    let mut model = seen(model());
    model.handle_levels(&crate::studio::Levels { clipped: true, ..levels(-0.1) });
    let mut harness = open(desk(model), SIZES[0]);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::M);
    harness.run();
    harness.get_by_label("Unmute Mic");
    harness.get_by_label("Volume Mic").focus();
    harness.run();
    harness.key_press(Key::ArrowDown);
    harness.run();
    harness.get_by_label("Clipped: clear").focus();
    harness.run();
    harness.key_press(Key::Space);
    harness.run();
    assert_eq!(
        harness.state_mut().engine(),
        [StudioCommand::SetMuted(true), StudioCommand::SetGain(-1.0), StudioCommand::ClearClip]
    );
}

#[test]
fn the_first_run_leads_to_a_rehearsal_in_one_press() {
    for size in SIZES {
        let model = Model::new(super::settings(), None, Appearance::default(), true);
        let mut harness = open(desk(seen(model)), size);
        harness.check_accessibility();
        harness.get_by_label("Three questions, then you can go live");
        harness.get_by_label("Start rehearsal").scroll_to_me();
        harness.run();
        harness.get_by_label("Start rehearsal").click();
        harness.run();
        let orders = harness.state_mut().engine();
        assert!(matches!(orders.as_slice(), [StudioCommand::GoLive(settings)] if settings.rehearse), "{orders:?}");
    }
}

#[test]
fn keys_and_settings_open_and_close() {
    let mut harness = open(desk(seen(model())), SIZES[0]);
    harness.key_press(Key::F1);
    harness.run();
    harness.get_by_label("Ctrl+L");
    harness.key_press(Key::Escape);
    harness.run();
    assert!(harness.query_by_label("Ctrl+L").is_none());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Comma);
    harness.run();
    harness.check_accessibility();
    assert_eq!(harness.state().model.view(10.0).settings.map(|settings| settings.tab), Some(Tab::Destination));
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Comma);
    harness.run();
    assert!(harness.state().model.view(10.0).settings.is_none());
}

#[test]
fn every_language_look_and_text_scale_fits_the_smallest_window() {
    for lang in Lang::ALL {
        for look in [Look::Dark, Look::Light, Look::HighContrast] {
            for scale in [0.8, 1.0, 2.0] {
                let mut model = live();
                model
                    .handle_act(9.0, crate::ui::view::Act::SetAppearance(Appearance { look: None, lang: None, scale }));
                let desk = Desk { look, words: Words(lang), ..desk(model) };
                let harness = open(desk, SIZES[0]);
                harness.check_accessibility();
                let words = Words(lang);
                let window = Rect::from_min_size(Default::default(), SIZES[0]);
                for label in [words.text(Text::HoldToEnd), words.text(Text::Settings), &words.mute_of("Mic", false)] {
                    let rect = harness.get_by_label(label).rect();
                    assert!(window.contains_rect(rect), "{lang:?} {scale} {label}: {rect:?}");
                }
            }
        }
    }
}
