//! By keyboard alone: where Tab goes, what Escape closes, and which field is typed into once it is open.

use eframe::egui::{Event, Key, Modifiers, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

use super::window::{Desk, SIZES, desk, live, open, seen};
use super::{check, ended, model, settings, state};
use crate::settings::{Destination, ShowSettings, StreamKey};
use crate::studio::{
    Command, DestinationState as D, DeviceKind, Problem, ProblemKind, SourceState, StudioCommand, StudioEvent,
};
use crate::ui::model::{Model, Order};
use crate::ui::profiles::ProfileRequest;
use crate::ui::view::{Act, Appearance, Tab};
use crate::ui::wording::{Lang, Words};

fn press(harness: &mut Harness<'_, Desk>, key: Key) {
    harness.key_press(key);
    harness.run();
}

fn press_with(harness: &mut Harness<'_, Desk>, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    harness.run();
}

fn shows(harness: &Harness<'_, Desk>, label: &str) -> bool {
    harness.query_by_label(label).is_some()
}

/// What has the focus, by its name.
fn focused(harness: &Harness<'_, Desk>) -> Option<String> {
    let node = harness.root().children_recursive().find(|node| node.is_focused())?;
    node.accesskit_node().label()
}

#[test]
fn escape_closes_what_is_open_the_topmost_first() {
    for size in SIZES {
        let mut model = live();
        model.handle_act(9.0, Act::OpenSettings(Tab::Destination));
        let mut harness = open(desk(model), size);
        press_with(&mut harness, Modifiers::COMMAND, Key::L);
        press(&mut harness, Key::F1);
        assert!(shows(&harness, "Ctrl+L") && shows(&harness, "End the show?"));
        press(&mut harness, Key::Escape);
        assert!(!shows(&harness, "Ctrl+L") && shows(&harness, "End the show?"));
        press(&mut harness, Key::Escape);
        assert!(!shows(&harness, "End the show?") && harness.state().model.view(10.0).settings.is_some());
        press(&mut harness, Key::Escape);
        assert!(harness.state().model.view(10.0).settings.is_none());
        assert!(harness.state_mut().engine().is_empty(), "the show goes on");
    }
}

/// Holds a key down for as long as it takes to send `repeats` more of it, three of the window's seconds apart.
fn hold(harness: &mut Harness<'_, Desk>, modifiers: Modifiers, key: Key, repeats: usize) {
    let event = |pressed| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers };
    for _ in 0..=repeats {
        // Which of them are repeats egui finds out itself.
        harness.event_modifiers(event(true), modifiers);
        harness.run();
        harness.state_mut().now += 3.0;
    }
    harness.event_modifiers(event(false), modifiers);
    harness.run();
}

#[test]
fn a_key_that_is_held_counts_once() {
    let mut harness = open(desk(live()), SIZES[0]);
    hold(&mut harness, Modifiers::COMMAND, Key::M, 9);
    assert_eq!(harness.state_mut().engine(), [StudioCommand::SetMuted(true)]);
    hold(&mut harness, Modifiers::COMMAND, Key::M, 2);
    assert_eq!(harness.state_mut().engine(), [StudioCommand::SetMuted(false)]);
    hold(&mut harness, Modifiers::NONE, Key::F1, 1);
    assert!(shows(&harness, "Ctrl+L"));

    let mut harness = open(desk(seen(model())), SIZES[0]);
    hold(&mut harness, Modifiers::COMMAND, Key::L, 9);
    let engine = harness.state_mut().engine();
    assert!(matches!(engine[..], [StudioCommand::GoLive(_)]), "{engine:?}");

    let mut harness = with_key(Tab::Destination);
    type_over(&mut harness, "Server", "rtmp://ne");
    hold(&mut harness, Modifiers::NONE, Key::Escape, 3);
    assert!(harness.state().model.view(10.0).settings.is_some());
    // Only the size of the text goes on.
    hold(&mut harness, Modifiers::COMMAND, Key::Plus, 2);
    assert!((harness.state().model.appearance().scale - 1.3).abs() < 0.01);
}

#[test]
fn what_has_the_focus_is_pressed_once_by_a_key_that_is_held() {
    for key in [Key::Space, Key::Enter] {
        let mut harness = open(desk(live()), SIZES[1]);
        for (label, command) in [
            (Words(Lang::English).mute_of("Mic", false).as_str(), StudioCommand::SetMuted(true)),
            ("Save the last 30 s", StudioCommand::Show(Command::SaveReplay)),
        ] {
            harness.get_by_label(label).focus();
            harness.run();
            hold(&mut harness, Modifiers::NONE, key, 9);
            assert_eq!(harness.state_mut().engine(), [command], "{key:?} on {label}");
        }
    }
}

#[test]
fn keys_are_called_as_on_the_keyboard_of_the_language() {
    let mut harness = open(Desk { words: Words(Lang::German), ..desk(live()) }, SIZES[1]);
    press(&mut harness, Key::F1);
    for keys in ["Strg+Umschalt+R", "Leertaste  Enter", "Bild ↑  Bild ↓"] {
        harness.get_by_label(keys);
    }
    assert!(harness.query_by_label_contains("Ctrl").is_none());
}

#[test]
fn escape_puts_each_card_away() {
    let mut over = live();
    over.handle_event(9.0, ended(7, None));
    let mut share = seen(model());
    share.handle_act(1.0, Act::Rehearse);
    share.handle_event(2.0, state(D::Live));
    share.handle_act(3.0, Act::AskToShare);
    for (model, label) in [(over, "Done"), (check::ready(), "Check again"), (share, "Not now")] {
        let mut harness = open(desk(model), SIZES[0]);
        assert!(shows(&harness, label), "{label}");
        press(&mut harness, Key::Escape);
        assert!(!shows(&harness, label), "{label}");
    }
}

#[test]
fn escape_in_a_list_closes_the_list_alone() {
    let mut model = seen(model());
    model.handle_act(9.0, Act::OpenSettings(Tab::Destination));
    let mut harness = open(desk(model), SIZES[1]);
    harness.get_by_role_and_label(Role::ComboBox, "Service").click();
    harness.run();
    assert!(shows(&harness, "Custom server"));
    press(&mut harness, Key::Escape);
    assert!(!shows(&harness, "Custom server") && harness.state().model.view(10.0).settings.is_some());
}

#[test]
fn escape_gives_up_a_path_and_a_name() {
    for (item, label) in [("Clip…", "Use this file"), ("Incoming stream…", "Use this stream")] {
        let mut model = seen(model());
        model.handle_act(9.0, Act::OpenSettings(Tab::Destination));
        let mut harness = open(desk(model), SIZES[1]);
        harness.get_by_label("Camera").click();
        harness.run();
        harness.get_by_label(item).click();
        harness.run();
        assert!(shows(&harness, label), "{item}");
        press(&mut harness, Key::Escape);
        assert!(!shows(&harness, label), "{item}");
        assert!(harness.state().model.view(10.0).settings.is_some(), "{item}: the settings lie below it");
    }
}

#[test]
fn what_a_list_asks_for_is_typed_at_once() {
    for list in ["Camera", "Microphone"] {
        for item in ["Clip…", "Incoming stream…"] {
            for by_key in [false, true] {
                let mut harness = open(desk(seen(model())), SIZES[0]);
                harness.get_by_role_and_label(Role::ComboBox, list).click();
                harness.run();
                if by_key {
                    harness.get_by_label(item).focus();
                    harness.run();
                    press(&mut harness, Key::Enter);
                } else {
                    harness.get_by_label(item).click();
                    harness.run();
                }
                let field = harness.get_by_role(Role::TextInput);
                assert!(field.is_focused(), "{list}, {item}, by key: {by_key}");
            }
        }
    }
}

#[test]
fn without_a_destination_ctrl_l_asks_for_the_server() {
    let nowhere = ShowSettings { destinations: Vec::new(), ..settings() };
    let mut harness = open(desk(seen(Model::new(nowhere, None, Appearance::default(), false))), SIZES[0]);
    press_with(&mut harness, Modifiers::COMMAND, Key::L);
    assert!(harness.get_by_role_and_label(Role::TextInput, "Server").is_focused());
}

#[test]
fn tab_goes_as_one_reads() {
    let mut harness = open(desk(seen(model())), SIZES[1]);
    for labels in [&["Profiles", "Keys", "Settings"][..], &["Record", "Check…", "Rehearse", "Go live"]] {
        let places: Vec<_> = labels.iter().map(|label| harness.get_by_label(label).rect().left()).collect();
        assert!(places.is_sorted(), "{labels:?} stand at {places:?}");
        harness.get_by_label(labels[0]).focus();
        harness.run();
        for label in &labels[1..] {
            press(&mut harness, Key::Tab);
            assert_eq!(focused(&harness).as_deref(), Some(*label));
        }
    }
}

#[test]
fn a_mark_without_a_recording_says_why_there_is_none() {
    for model in [seen(model()), live()] {
        let mut harness = open(desk(model), SIZES[0]);
        press_with(&mut harness, Modifiers::COMMAND, Key::K);
        assert!(harness.state_mut().engine().is_empty());
        harness.get_by_label("Nothing is recorded, so nothing was marked");
        harness.state_mut().now += 7.0;
        harness.run();
        assert!(!shows(&harness, "Nothing is recorded, so nothing was marked"));
    }
}

#[test]
fn a_rehearsal_that_is_to_be_recorded_says_that_none_is() {
    let mut model = seen(model());
    model.handle_act(1.0, Act::Rehearse);
    model.handle_event(2.0, state(D::Live));
    let mut harness = open(desk(model), SIZES[0]);
    press_with(&mut harness, Modifiers::COMMAND, Key::R);
    assert!(harness.state_mut().engine().is_empty());
    harness.get_by_label("A rehearsal is not recorded");
}

#[test]
fn the_last_seconds_of_no_show_are_not_saved_and_that_is_said() {
    let mut harness = open(desk(seen(model())), SIZES[0]);
    press_with(&mut harness, Modifiers::COMMAND | Modifiers::SHIFT, Key::R);
    assert!(harness.state_mut().engine().is_empty());
    harness.get_by_label("Nothing is on air, so there is nothing to save");
}

#[test]
fn the_sheet_of_keys_tells_how_to_undo() {
    let mut harness = open(desk(seen(model())), SIZES[0]);
    press(&mut harness, Key::F1);
    assert!(shows(&harness, "Ctrl+Z") && shows(&harness, "Ctrl+Shift+Z"));
}

/// A window whose sheet of settings is open at `tab`; its destination has a key.
fn with_key(tab: Tab) -> Harness<'static, Desk> {
    let destination =
        Destination { stream_key: Some(StreamKey::new("canary-x7kq")), ..Destination::at("rtmp://h/app") };
    let settings =
        ShowSettings { destinations: vec![destination], record: Some("/v/tally-none/a.flv".into()), ..settings() };
    let mut model = seen(Model::new(settings, None, Appearance::default(), false));
    model.handle_act(9.0, Act::OpenSettings(tab));
    open(desk(model), SIZES[1])
}

/// Types over what stands in the field `label`, and stays in it.
fn type_over(harness: &mut Harness<'_, Desk>, label: &str, text: &str) {
    harness.get_by_role_and_label(Role::TextInput, label).click();
    harness.run();
    press_with(harness, Modifiers::COMMAND, Key::A);
    harness.get_by_role_and_label(Role::TextInput, label).type_text(text);
    harness.run();
}

/// What is set, as the window has it.
fn set(harness: &Harness<'_, Desk>) -> ShowSettings {
    let mut model = harness.state().model.view(10.0).settings.map(|sheet| sheet.settings);
    model.take().expect("the settings are open")
}

/// The show that the engine was told to begin last.
fn begun(harness: &mut Harness<'_, Desk>) -> ShowSettings {
    let engine = harness.state_mut().engine();
    let Some(StudioCommand::GoLive(settings)) = engine.last() else { panic!("{engine:?}") };
    (**settings).clone()
}

/// A window whose destination has a key, which is about to be replaced.
fn replacing() -> Harness<'static, Desk> {
    let mut harness = with_key(Tab::Destination);
    harness.get_by_label("Replace stream key").click();
    harness.run();
    assert!(harness.get_by_role(Role::PasswordInput).is_focused(), "the next that is typed is the key");
    harness
}

const KEPT: &str = "Stream key is set, ends with x7kq";

#[test]
fn a_key_that_is_not_replaced_after_all_is_seen_again() {
    let mut harness = replacing();
    harness.get_by_role(Role::PasswordInput).type_text("half");
    harness.run();
    press(&mut harness, Key::Escape);
    assert!(shows(&harness, KEPT) && harness.state().model.view(10.0).settings.is_some());

    for typed in ["", "half"] {
        let mut harness = replacing();
        harness.get_by_role(Role::PasswordInput).type_text(typed);
        harness.run();
        let at = harness.get_by_role_and_label(Role::Button, "Cancel").rect().center();
        harness.drag_at(at);
        harness.run();
        harness.drop_at(at);
        harness.run();
        assert!(shows(&harness, KEPT), "{typed}");
    }

    // Left empty.
    let mut harness = replacing();
    harness.get_by_role_and_label(Role::TextInput, "Server").focus();
    harness.run();
    assert!(shows(&harness, KEPT));

    // Closed, and opened again.
    let mut harness = replacing();
    harness.get_by_role(Role::PasswordInput).type_text("half");
    harness.run();
    for _ in 0..2 {
        press_with(&mut harness, Modifiers::COMMAND, Key::Comma);
    }
    assert!(shows(&harness, KEPT));
    press_with(&mut harness, Modifiers::COMMAND, Key::L);
    assert_eq!(begun(&mut harness).destinations[0].stream_key, Some(StreamKey::new("canary-x7kq")));
}

#[test]
fn escape_gives_up_what_is_being_typed_and_then_closes_the_settings() {
    for typed in ["rtmp://ne", "rmtp://ne"] {
        let mut harness = with_key(Tab::Destination);
        let before = set(&harness);
        type_over(&mut harness, "Server", typed);
        press(&mut harness, Key::Escape);
        assert_eq!(set(&harness), before);
        let server = harness.get_by_role_and_label(Role::TextInput, "Server").accesskit_node().value();
        assert_eq!(server.as_deref(), Some("rtmp://h/app"));
        // Nor do the field's own steps bring it back.
        harness.get_by_role_and_label(Role::TextInput, "Server").click();
        harness.run();
        press_with(&mut harness, Modifiers::COMMAND, Key::Z);
        let server = harness.get_by_role_and_label(Role::TextInput, "Server").accesskit_node().value();
        assert_eq!(server.as_deref(), Some("rtmp://h/app"));
        press(&mut harness, Key::Escape);
        assert!(harness.state().model.view(10.0).settings.is_none());
        press_with(&mut harness, Modifiers::COMMAND, Key::L);
        assert_eq!(begun(&mut harness).destinations[0].server, "rtmp://h/app");
    }
    // The sheet of keys lies over it.
    let mut harness = with_key(Tab::Recording);
    let before = set(&harness);
    for (label, keys) in [("Folder", false), ("File name", true)] {
        type_over(&mut harness, label, "/hal");
        if keys {
            press(&mut harness, Key::F1);
        }
        press(&mut harness, Key::Escape);
        assert_eq!(set(&harness), before, "{label}");
    }
    let asks_for_folder = |order: &Order| matches!(order, Order::Profile(ProfileRequest::RecordingFolder { .. }));
    assert!(!harness.state().orders.iter().any(asks_for_folder), "no folder is made");
}

#[test]
fn escape_gives_up_a_first_key_that_is_being_typed() {
    let mut harness = with_key(Tab::Destination);
    harness.get_by_label("Forget stream key").click();
    harness.run();
    harness.get_by_role(Role::PasswordInput).click();
    harness.run();
    harness.get_by_role(Role::PasswordInput).type_text("half");
    harness.run();
    press(&mut harness, Key::Escape);
    assert_eq!(set(&harness).destinations[0].stream_key, None);
    let shown = harness.get_by_role(Role::PasswordInput).accesskit_node().value();
    assert_eq!(shown.as_deref().unwrap_or_default(), "");
    press(&mut harness, Key::Escape);
    assert!(harness.state().model.view(10.0).settings.is_none());
}

#[test]
fn what_is_being_typed_is_taken_when_the_settings_are_closed() {
    type Close = fn(&mut Harness<'_, Desk>);
    let ways: [Close; 4] = [
        |harness| press_with(harness, Modifiers::COMMAND, Key::Comma),
        |harness| harness.get_by_role_and_label(Role::Button, "Close").click(),
        // As screen readers press.
        |harness| harness.get_by_role_and_label(Role::Button, "Close").click_accesskit(),
        |harness| harness.get_by_role_and_label(Role::Button, "Settings").click_accesskit(),
    ];
    for close in ways {
        let mut harness = with_key(Tab::Destination);
        type_over(&mut harness, "Server", "rtmps://b.example/app");
        close(&mut harness);
        harness.run();
        assert!(harness.state().model.view(10.0).settings.is_none());
        press_with(&mut harness, Modifiers::COMMAND, Key::L);
        let destination = &begun(&mut harness).destinations[0];
        assert_eq!((destination.server.as_str(), &destination.stream_key), ("rtmps://b.example/app", &None));

        let mut harness = with_key(Tab::Recording);
        type_over(&mut harness, "Folder", "/w");
        close(&mut harness);
        harness.run();
        press_with(&mut harness, Modifiers::COMMAND, Key::L);
        assert_eq!(begun(&mut harness).record, Some("/w/a.flv".into()));
    }
}

#[test]
fn a_recording_alone_goes_where_it_is_being_typed_to() {
    for (label, typed, file) in [("Folder", "/w", "/w/a.flv"), ("File name", "b", "/v/tally-none/b.flv")] {
        let mut harness = with_key(Tab::Recording);
        type_over(&mut harness, label, typed);
        press_with(&mut harness, Modifiers::COMMAND, Key::R);
        let begun = begun(&mut harness);
        assert_eq!((begun.record, begun.destinations.len()), (Some(file.into()), 0));
        assert_eq!(set(&harness).record, Some(file.into()));
    }
}

#[test]
fn what_opens_the_settings_and_turns_them_keeps_the_focus() {
    let mut harness = open(desk(seen(model())), SIZES[1]);
    for (role, label) in [(Role::Button, "Settings"), (Role::Tab, "Recording"), (Role::Button, "Settings")] {
        harness.get_by_role_and_label(role, label).focus();
        harness.run();
        press(&mut harness, Key::Enter);
        assert_eq!(focused(&harness).as_deref(), Some(label));
    }
}

#[test]
fn what_is_being_typed_is_taken_when_another_tab_is_shown() {
    type Turn = fn(&mut Harness<'_, Desk>);
    let ways: [Turn; 3] = [
        // There is no destination: it is asked for.
        |harness| press_with(harness, Modifiers::COMMAND, Key::L),
        |harness| harness.get_by_role_and_label(Role::Button, "Choose destination…").click_accesskit(),
        |harness| harness.get_by_role_and_label(Role::Tab, "Destination").click_accesskit(),
    ];
    for turn in ways {
        let nowhere =
            ShowSettings { destinations: Vec::new(), record: Some("/v/tally-none/a.flv".into()), ..settings() };
        let mut model = seen(Model::new(nowhere, None, Appearance::default(), false));
        model.handle_act(9.0, Act::OpenSettings(Tab::Recording));
        let mut harness = open(desk(model), SIZES[1]);
        type_over(&mut harness, "Folder", "/w");
        turn(&mut harness);
        harness.run();
        assert_eq!(harness.state().model.view(10.0).settings.map(|sheet| sheet.tab), Some(Tab::Destination));
        assert_eq!(set(&harness).record, Some("/w/a.flv".into()));
    }
}

#[test]
fn the_keyboard_goes_on_where_a_field_gave_way() {
    let new = "rtmp://new.example/app/canary-new7";
    for key in [Key::Tab, Key::Enter] {
        let mut harness = with_key(Tab::Destination);
        type_over(&mut harness, "Server", new);
        press(&mut harness, key);
        assert_eq!(focused(&harness).as_deref(), Some("Replace stream key"), "an address with a key in it, {key:?}");
        let nowhere = ShowSettings { destinations: Vec::new(), ..settings() };
        let mut model = seen(Model::new(nowhere, None, Appearance::default(), false));
        model.handle_act(9.0, Act::OpenSettings(Tab::Destination));
        let mut harness = open(desk(model), SIZES[1]);
        type_over(&mut harness, "Server", new);
        press(&mut harness, key);
        assert_eq!(focused(&harness).as_deref(), Some("Replace stream key"), "the first address, {key:?}");
    }
    let mut harness = replacing();
    press(&mut harness, Key::Escape);
    assert_eq!(focused(&harness).as_deref(), Some("Replace stream key"), "given up by Escape");
    press(&mut harness, Key::Enter);
    press(&mut harness, Key::Tab);
    assert_eq!(focused(&harness).as_deref(), Some("Replace stream key"), "given up by going on");
    harness.get_by_label("Forget stream key").focus();
    harness.run();
    press(&mut harness, Key::Enter);
    assert!(harness.get_by_role(Role::PasswordInput).is_focused(), "forgotten");
}

#[test]
fn the_keyboard_goes_on_where_the_check_was_begun() {
    type Way = fn(&mut Harness<'_, Desk>);
    let ways: [(&str, Way); 3] = [
        ("Escape", |harness| press(harness, Key::Escape)),
        ("Close", |harness| {
            harness.get_by_label("Close").focus();
            harness.run();
            press(harness, Key::Enter);
        }),
        ("Done", |harness| {
            harness.get_by_label("Done").focus();
            harness.run();
            press(harness, Key::Space);
        }),
    ];
    for size in SIZES {
        for (way, close) in ways {
            let mut harness = open(desk(check::ready()), size);
            close(&mut harness);
            assert!(!shows(&harness, "Check again"), "{way}");
            assert_eq!(focused(&harness).as_deref(), Some("Check…"), "{size}, {way}");
        }
        let mut harness = open(desk(check::ready()), size);
        harness.get_by_label("Done").click();
        harness.run();
        assert_ne!(focused(&harness).as_deref(), Some("Check…"), "the pointer takes no focus");
    }
}

#[test]
fn the_keyboard_goes_on_at_the_address_that_was_pasted() {
    let mut harness = with_key(Tab::Destination);
    harness.get_by_role_and_label(Role::TextInput, "Server").click();
    harness.run();
    press_with(&mut harness, Modifiers::COMMAND, Key::A);
    harness.event(Event::Paste("rtmps://a.rtmps.youtube.com/live2/abcd-efgh".to_owned()));
    harness.run();
    assert!(set(&harness).destinations[0].server.contains("youtube"));
    assert!(harness.get_by_role_and_label(Role::TextInput, "Address").is_focused(), "{:?}", focused(&harness));
    press(&mut harness, Key::Tab);
    assert_eq!(focused(&harness).as_deref(), Some("Replace stream key"));
}

#[test]
fn the_keyboard_goes_on_where_the_settings_were_opened() {
    let mut harness = with_key(Tab::Destination);
    press(&mut harness, Key::Escape);
    assert_eq!(focused(&harness).as_deref(), Some("Settings"));
}

#[test]
fn what_lies_behind_is_not_gone_through() {
    let mut harness = open(desk(live()), SIZES[1]);
    press(&mut harness, Key::F1);
    for _ in 0..3 {
        press(&mut harness, Key::Tab);
        assert_eq!(focused(&harness).as_deref(), Some("Close"));
    }
    press(&mut harness, Key::Space);
    assert!(!shows(&harness, "Ctrl+L"));

    let mut model = live();
    let failed = Problem::new(ProblemKind::SourceNotFound, "/a.mp4", "");
    let failed = StudioEvent::Source { kind: DeviceKind::Camera, state: SourceState::Failed(failed) };
    model.handle_event(4.0, failed);
    model.handle_event(5.0, ended(3, None));
    let mut harness = open(desk(model), SIZES[1]);
    let is_off = |harness: &Harness<'_, Desk>| {
        let button = harness.get_by_role_and_label(Role::Button, "Try again");
        button.accesskit_node().is_disabled()
    };
    assert!(is_off(&harness));
    press(&mut harness, Key::Escape);
    assert!(!is_off(&harness));
}

#[test]
fn a_profile_without_a_name_is_typed_on() {
    let mut harness = open(desk(seen(model())), SIZES[0]);
    harness.get_by_label("Profiles").click();
    harness.run();
    harness.get_by_label("Save as…").click();
    harness.run();
    press(&mut harness, Key::Enter);
    assert!(harness.get_by_role(Role::TextInput).is_focused());
}

#[test]
fn a_name_that_cannot_be_used_is_typed_on() {
    let mut harness = open(desk(seen(model())), SIZES[0]);
    harness.get_by_role_and_label(Role::ComboBox, "Camera").click();
    harness.run();
    harness.get_by_label("Incoming stream…").click();
    harness.run();
    let field = harness.get_by_role(Role::TextInput);
    let label = field.accesskit_node().label().expect("it has a name");
    type_over(&mut harness, &label, "what?");
    press(&mut harness, Key::Enter);
    assert!(harness.get_by_role(Role::TextInput).is_focused());
}
