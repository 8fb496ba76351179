//! The panels by their labels, at the smallest and the usual size, and the whole path to a show by keyboard alone.

use eframe::egui::{Key, Modifiers, Rect, Role, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::window::{Desk, SIZES, desk, live, open, seen};
use super::{devices, ended, levels, model, ready, said, settings, state};
use crate::settings::{AudioChoice, Destination, KeysIn, SettingsError, ShowSettings, StreamKey, VideoChoice};
use crate::studio::{
    Command, DestinationState as D, DeviceKind, Problem, ProblemKind, SourceState, StudioCommand, StudioEvent,
};
use crate::ui::dialogs::{DialogAnswer, DialogRequest};
use crate::ui::model::{Model, Order};
use crate::ui::profiles::{ProfileAnswer, ProfileRequest};
use crate::ui::theme::Look;
use crate::ui::view::{Act, Appearance, Phase, StagePicture, Tab};
use crate::ui::wording::{Lang, Text, Words};

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
fn each_of_several_destinations_has_a_switch_while_live() {
    for size in SIZES {
        let mut model = live();
        let of = |place, name: &str, state| StudioEvent::State { place, destination: name.to_owned(), state };
        model.handle_event(2.5, of(1, "Church", D::Connecting));
        let mut harness = open(desk(model), size);
        is_whole(&harness, size);
        harness.get_by_label("1 of 2 live").click();
        harness.run();
        harness.get_by_label("Church  connecting").click();
        harness.run();
        let turned_off = StudioCommand::Show(Command::SetDestination { place: 1, on: false });
        assert_eq!(harness.state_mut().engine(), [turned_off]);
        harness.state_mut().model.handle_event(8.5, of(1, "Church", D::Off));
        harness.run();
        harness.get_by_label("Church  off");
        assert_eq!(harness.state().model.view(8.6).show.phase, Phase::Live);
    }
}

#[test]
fn while_the_connection_is_lost_it_can_be_tried_now() {
    for size in SIZES {
        let mut model = live();
        model.handle_event(7.0, state(D::Reconnecting));
        let mut harness = open(desk(model), size);
        harness.get_by_label("Try now").click();
        harness.run();
        assert_eq!(harness.state_mut().engine(), [StudioCommand::Show(Command::RetryNow)]);
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
        harness.get_by_label("RECONNECTING");
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
fn an_address_that_makes_no_sense_keeps_the_show_from_the_one_before_it() {
    let settings = ShowSettings { destinations: vec![Destination::at("rtmp://127.0.0.1/old")], ..settings() };
    let mut model = seen(Model::new(settings, None, Appearance::default(), false));
    model.handle_act(1.0, Act::OpenSettings(Tab::Destination));
    let mut harness = open(desk(model), SIZES[1]);
    for (typed, servers) in [("rtmp://", vec![]), ("rtmp://127.0.0.1/new", vec!["rtmp://127.0.0.1/new".to_owned()])] {
        harness.get_by_role_and_label(Role::TextInput, "Server").focus();
        harness.run();
        harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
        harness.run();
        harness.get_by_role_and_label(Role::TextInput, "Server").type_text(typed);
        harness.run();
        harness.get_by_label("Go live").click();
        harness.run();
        let told = harness.state_mut().engine().into_iter().filter_map(|command| match command {
            StudioCommand::GoLive(settings) => Some(settings.destinations[0].server.clone()),
            _ => None,
        });
        assert_eq!(told.collect::<Vec<_>>(), servers, "{typed}");
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
    assert_eq!(harness.state_mut().engine(), [StudioCommand::Show(Command::End)]);
    // What stands there next is not pressed by letting go, however late.
    harness.state_mut().model.handle_event(4.0, state(D::Ending));
    harness.state_mut().now += 2.0;
    harness.run_steps(8);
    harness.get_by_label("End at once");
    harness.drop_at(at);
    harness.run_steps(2);
    assert!(harness.state_mut().engine().is_empty());
    harness.get_by_label("End at once").click();
    harness.run_steps(2);
    assert_eq!(harness.state_mut().engine(), [StudioCommand::Show(Command::Abort)]);
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
fn the_same_source_again_is_another_try_only_where_it_failed() {
    let mut model = seen(model());
    let now = VideoChoice::Test;
    assert_eq!(model.handle_act(10.0, Act::PickVideo(now.clone())), []);
    assert_eq!(model.view(10.0).stage.picture, StagePicture::Shown, "nothing is opened, so nothing is waited for");
    let gone = Problem::new(ProblemKind::SourceNotFound, "camera", "");
    let failed = StudioEvent::Source { kind: DeviceKind::Camera, state: SourceState::Failed(gone) };
    model.handle_event(11.0, failed);
    let orders = model.handle_act(12.0, Act::PickVideo(now.clone()));
    assert_eq!(orders, [Order::Engine(StudioCommand::SetVideo(now))]);
}

#[test]
fn a_clip_is_asked_of_the_system_where_it_has_dialogs() {
    let mut model = seen(model());
    model.handle_dialog(0.0, DialogAnswer::Available(true));
    let mut harness = open(desk(model), SIZES[0]);
    harness.get_by_label("Camera").click();
    harness.run();
    harness.get_by_label("Clip…").click();
    harness.run();
    harness.get_by_label("Browse…").click();
    harness.run();
    assert_eq!(harness.state().orders, [Order::Ask(DialogRequest::Picture)]);
    assert_eq!(harness.state_mut().model.handle_dialog(10.0, DialogAnswer::Cancelled(DialogRequest::Picture)), []);
    harness.run();
    assert!(harness.query_by_label("Browse…").is_some(), "who gives the dialog up goes on typing");
    let chosen = DialogAnswer::Chosen(DialogRequest::Picture, "/clips/a.mp4".into());
    let orders = harness.state_mut().model.handle_dialog(11.0, chosen);
    assert_eq!(orders, [Order::Engine(StudioCommand::SetVideo(VideoChoice::File("/clips/a.mp4".into())))]);
    harness.run();
    assert!(harness.query_by_label("Browse…").is_none(), "the file is chosen, the field is done");
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
fn an_incoming_stream_is_used_by_its_name_and_told_its_address() {
    for size in SIZES {
        let mut harness = open(desk(seen(model())), size);
        harness.get_by_label("Camera").click();
        harness.run();
        harness.get_by_label("Incoming stream…").click();
        harness.run();
        harness.check_accessibility();
        harness.get_by_label("Use this stream").click();
        harness.run();
        let wanted = VideoChoice::Incoming("phone".parse().unwrap());
        assert_eq!(harness.state_mut().engine(), [StudioCommand::SetVideo(wanted)]);
        let mut event = ready(DeviceKind::Camera, "phone (picture)");
        if let StudioEvent::Source { state: SourceState::Ready(info), .. } = &mut event {
            info.address = Some("rtmp://192.168.1.20:1935/live/phone".to_owned());
        }
        harness.state_mut().model.handle_event(1.0, event);
        harness.run();
        harness.get_by_label("Send the stream to rtmp://192.168.1.20:1935/live/phone");
        harness.check_accessibility();
    }
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
fn the_recording_is_switched_in_the_strip_and_begun_alone_by_button_and_key() {
    for size in SIZES {
        let mut harness = open(desk(seen(model())), size);
        for (label, word) in [("rec off", "rec ready"), ("rec ready", "rec off")] {
            harness.get_by_role_and_label(Role::CheckBox, label).click();
            harness.run();
            harness.get_by_role_and_label(Role::CheckBox, word);
        }
        harness.state_mut().engine();
        match size.x > 1000.0 {
            true => harness.get_by_label("Record").click(),
            false => harness.key_press_modifiers(Modifiers::COMMAND, Key::R),
        }
        harness.run();
        let orders = harness.state_mut().engine();
        let alone = |settings: &ShowSettings| settings.destinations.is_empty() && settings.record.is_some();
        assert!(matches!(orders.as_slice(), [StudioCommand::GoLive(settings)] if alone(settings)), "{orders:?}");
    }
}

#[test]
fn replays_and_marks_have_keys_and_a_button() {
    let mut model = seen(model());
    model.handle_act(0.5, Act::ToggleRecord);
    model.handle_act(1.0, Act::GoLive);
    model.handle_event(2.0, state(D::Live));
    let mut harness = open(desk(model), SIZES[1]);
    harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::R);
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    harness.run();
    harness.get_by_label("Save the last 30 s").click();
    harness.run();
    let wanted = [Command::SaveReplay, Command::Mark, Command::SaveReplay].map(StudioCommand::Show);
    assert_eq!(harness.state_mut().engine(), wanted);
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
fn the_first_run_takes_clips_by_their_typed_paths() {
    for size in SIZES {
        let mut harness = open(desk(seen(Model::new(super::settings(), None, Appearance::default(), true))), size);
        for (list, path) in [("Camera", "/clips/a.mp4"), ("Microphone", "/clips/a.wav")] {
            harness.get_by_role_and_label(eframe::egui::Role::ComboBox, list).click();
            harness.run();
            harness.get_by_label("Clip…").click();
            harness.run();
            harness.check_accessibility();
            let field = harness.get_by_role(eframe::egui::Role::TextInput);
            field.focus();
            field.type_text(path);
            harness.run();
            harness.key_press(Key::Enter);
            harness.run();
        }
        let (video, audio) = (VideoChoice::File("/clips/a.mp4".into()), AudioChoice::File("/clips/a.wav".into()));
        let wanted = [StudioCommand::SetVideo(video), StudioCommand::SetAudio(audio)];
        assert_eq!(harness.state_mut().engine(), wanted, "at {size}");
    }
}

/// From the first start to a show on a server of one's own: no more than 12 keys beside what is typed, and no mouse.
#[test]
fn from_the_first_run_to_live_on_a_custom_server_by_keyboard_alone() {
    for size in SIZES {
        let nowhere = ShowSettings { destinations: Vec::new(), ..settings() };
        let mut harness = open(desk(seen(Model::new(nowhere, None, Appearance::default(), true))), size);
        let mut keys = 0;
        let mut press = |harness: &mut Harness<'_, Desk>, key| {
            harness.key_press(key);
            harness.run();
            keys += 1;
        };
        for _ in 0..12 {
            if harness.get_by_role_and_label(Role::ComboBox, "Where to").is_focused() {
                break;
            }
            press(&mut harness, Key::Tab);
        }
        press(&mut harness, Key::Enter);
        press(&mut harness, Key::ArrowDown);
        press(&mut harness, Key::Enter);
        for _ in 0..4 {
            if harness.query_by_label("Continue").is_some_and(|node| node.is_focused()) {
                break;
            }
            press(&mut harness, Key::Tab);
        }
        press(&mut harness, Key::Enter);
        assert!(harness.get_by_label("Server").is_focused(), "the next that is typed is the server");
        harness.get_by_label("Server").type_text("rtmp://127.0.0.1/live");
        harness.run();
        press(&mut harness, Key::Tab);
        assert!(harness.get_by_label("Stream key").is_focused());
        harness.get_by_label("Stream key").type_text("canary");
        harness.run();
        harness.key_press_modifiers(Modifiers::COMMAND, Key::L);
        harness.run();
        keys += 1;
        let commands = harness.state_mut().engine();
        let Some(StudioCommand::GoLive(settings)) = commands.last() else { panic!("{commands:?}") };
        let destination = &settings.destinations[0];
        assert_eq!(destination.server, "rtmp://127.0.0.1/live");
        assert_eq!(destination.stream_key.as_ref().map(StreamKey::reveal), Some("canary"));
        assert!(keys <= 12, "{keys} keys");
    }
}

#[test]
fn what_the_keeper_of_profiles_says_stands_in_the_window_and_a_file_is_replaced_when_asked() {
    let mut model = seen(model());
    let path = std::path::PathBuf::from("/x/church.toml");
    model.handle_act(1.0, Act::ExportProfile { name: "Church".to_owned(), path: path.clone() });
    let there = ProfileAnswer {
        done: Err(SettingsError::FileExists { path: path.clone() }),
        asked: true,
        told: Vec::new(),
        names: Vec::new(),
        deleted: None,
        keys_in: KeysIn::File,
    };
    model.handle_profile(1.0, there);
    let mut harness = open(desk(model), SIZES[0]);
    harness.check_accessibility();
    harness.get_by_label("There is a file /x/church.toml already");
    harness.get_by_label("Replace the file").click();
    harness.run();
    let export = ProfileRequest::Export { name: "Church".to_owned(), path, replace: true };
    assert!(harness.state().orders.contains(&Order::Profile(export)));
    assert!(harness.query_by_label("Replace the file").is_none());
}

#[test]
fn in_large_text_the_sheet_of_keys_is_scrolled_by_keys() {
    let mut model = seen(model());
    model.handle_act(9.0, Act::SetAppearance(Appearance { look: None, lang: None, scale: 2.0 }));
    let mut harness = open(desk(model), SIZES[0]);
    harness.key_press(Key::F1);
    harness.run();
    let bottom = |harness: &Harness<'_, Desk>| harness.get_by_label("This sheet").rect().bottom();
    assert!(bottom(&harness) > SIZES[0].y, "there is no need to scroll");
    harness.key_press(Key::PageDown);
    harness.run();
    assert!(bottom(&harness) <= SIZES[0].y, "{}", bottom(&harness));
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
