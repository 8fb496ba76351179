//! What is typed and cannot be taken, or not yet.

use super::*;
use crate::settings::{CardChoice, typed_path};

/// A custom server that was set before.
fn older() -> ShowSettings {
    let destination =
        Destination { stream_key: Some(StreamKey::new("old")), ..Destination::at("rtmp://old.example/app") };
    ShowSettings { destinations: vec![destination], ..ShowSettings::default() }
}

fn paste(harness: &mut Harness<'_, World>, text: &str) {
    click(harness, Role::TextInput, "Server");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.event(egui::Event::Paste(text.to_owned()));
    harness.run();
}

#[test]
fn an_address_that_was_not_taken_is_kept_while_the_key_is_typed() {
    for size in SIZES {
        let mut harness = World::new(to("nginx-rtmp"), Tab::Destination).harness(size);
        fill(&mut harness, Role::TextInput, "Server", "rmtp://h.example/app");
        enter(&mut harness);
        let complaint = "rmtp:// is mistyped: did you mean rtmp://?";
        harness.get_by_label(complaint);
        fill(&mut harness, Role::PasswordInput, "Stream key", CANARY);
        enter(&mut harness);
        assert!(harness.state().settings().destinations[0].stream_key.is_some());
        harness.get_by_label(complaint);
        assert!(said(&harness).contains("rmtp://h.example/app"), "{}", said(&harness));
        assert_eq!(harness.state().around.wrong_server, Some((0, String::new())));
        // Nor does it go with the tab.
        click(&mut harness, Role::Tab, "Picture");
        click(&mut harness, Role::Tab, "Destination");
        harness.get_by_label(complaint);
        click(&mut harness, Role::Button, "Fix rtmp://h.example/app");
        assert_eq!(harness.state().settings().destinations[0].server, "rtmp://h.example/app");
        assert!(harness.query_by_label(complaint).is_none());
        assert_eq!(harness.state().around.wrong_server, None);
    }
}

#[test]
fn an_address_that_was_not_taken_stays_with_its_destination_when_another_is_removed() {
    let at = |n: usize| format!("rtmp://h{n}.example/app");
    let complaint = "rmtp:// is mistyped: did you mean rtmp://?";
    // The destination with the slip, the one that is removed, and where the slip is then.
    for (wrong, removed, then) in [(0, 1, Some(0)), (2, 1, Some(1)), (1, 1, None)] {
        let destinations = (0..3).map(|n| Destination::at(&at(n))).collect();
        let mut harness = World::new(ShowSettings { destinations, ..older() }, Tab::Destination).harness(SIZES[1]);
        pick(&mut harness, "Destination", &format!("{} · h{wrong}.example", wrong + 1));
        fill(&mut harness, Role::TextInput, "Server", "rmtp://b.example/app");
        enter(&mut harness);
        pick(&mut harness, "Destination", &format!("{} · h{removed}.example", removed + 1));
        click(&mut harness, Role::Button, "Remove destination");
        let expected = then.map(|then| (then, at(wrong)));
        assert_eq!(harness.state().around.wrong_server, expected);
        if let Some(then) = then {
            pick(&mut harness, "Destination", &format!("{} · h{wrong}.example", then + 1));
            harness.get_by_label(complaint);
        }
    }
}

#[test]
fn an_address_that_was_not_taken_goes_when_another_is_set() {
    let mut harness = World::new(older(), Tab::Destination).harness(SIZES[0]);
    fill(&mut harness, Role::TextInput, "Server", "rmtp://h.example/app");
    enter(&mut harness);
    assert_eq!(harness.state().around.wrong_server, Some((0, "rtmp://old.example/app".to_owned())));
    let another = ShowSettings { destinations: vec![Destination::at("rtmp://new.example/app")], ..older() };
    harness.state_mut().draft.edit(another, 99.0, false).unwrap();
    harness.run();
    assert!(said(&harness).contains("rtmp://new.example/app"), "{}", said(&harness));
    assert_eq!(harness.state().around.wrong_server, None);
}

#[test]
fn a_key_in_an_address_with_a_slip_is_seen_by_nobody_once_the_field_is_left() {
    let mut harness = World::new(to("nginx-rtmp"), Tab::Destination).harness(SIZES[0]);
    paste(&mut harness, &format!("rtmp://h.example/app/{CANARY}"));
    let split = "The key was in the address; it is now in its own field";
    harness.get_by_label(split);
    paste(&mut harness, "rtmp//h.example/live/show?key=canary99");
    assert!(harness.query_by_label(split).is_none(), "that was the one before");
    // To the next field.
    harness.key_press(Key::Tab);
    harness.run();
    assert!(!said(&harness).contains("canary99"), "{}", said(&harness));
    assert!(!format!("{:?}", harness.state().state).contains("canary"));
    // Entering and leaving it once more changes nothing.
    click(&mut harness, Role::TextInput, "Server");
    enter(&mut harness);
    click(&mut harness, Role::Button, "Fix rtmp://h.example/live/•••");
    let destination = harness.state().settings().destinations[0].clone();
    assert_eq!(destination.server, "rtmp://h.example/live");
    assert_eq!(destination.stream_key.as_ref().map(StreamKey::reveal), Some("show?key=canary99"));
}

#[test]
fn an_address_without_a_scheme_is_fixed_by_a_click_or_by_adding_it() {
    let typed = "127.0.0.1:24141/canary";
    for by_hand in [false, true] {
        let mut harness = World::new(to("nginx-rtmp"), Tab::Destination).harness(SIZES[0]);
        fill(&mut harness, Role::TextInput, "Server", typed);
        harness.key_press(Key::Tab);
        harness.run();
        harness.get_by_label("An address starts with rtmps:// or rtmp://");
        assert!(!said(&harness).contains("canary"), "{}", said(&harness));
        assert!(!format!("{:?}", harness.state().state).contains("canary"));
        if by_hand {
            click(&mut harness, Role::TextInput, "Server");
            harness.key_press(Key::Home);
            harness.run();
            harness.get_by_role_and_label(Role::TextInput, "Server").type_text("rtmp://");
            harness.run();
            enter(&mut harness);
        } else {
            click(&mut harness, Role::Button, "Fix rtmp://127.0.0.1:24141/•••");
        }
        assert_eq!(harness.state().settings().destinations[0].server, format!("rtmp://{typed}"));
        assert!(harness.query_by_label_contains("An address starts").is_none());
    }
}

#[test]
fn what_was_done_to_an_address_is_told_while_it_is_set() {
    let split = "The key was in the address; it is now in its own field";
    for another in ["rtmp://h.example/app", "rtmp://other.example/app"] {
        let mut harness = World::new(to("nginx-rtmp"), Tab::Destination).harness(SIZES[0]);
        paste(&mut harness, &format!("rtmp://h.example/app/{CANARY}"));
        harness.run();
        harness.get_by_label(split);
        let key = Some(StreamKey::new("another-key"));
        let another = Destination { stream_key: key, ..Destination::at(another) };
        let another = ShowSettings { destinations: vec![another], ..harness.state().settings().clone() };
        harness.state_mut().draft.edit(another, 99.0, false).unwrap();
        harness.run();
        assert!(harness.query_by_label(split).is_none());
    }
}

#[test]
fn while_live_a_bitrate_is_taken_when_it_is_whole() {
    let mut world = World::new(with_key("youtube"), Tab::Picture);
    world.live = true;
    let mut harness = world.harness(SIZES[0]);
    let label = "Bitrate in kb/s";
    let kbps = |harness: &Harness<'_, World>| harness.state().settings().encoding.video_bitrate.kbps();
    let type_on = |harness: &mut Harness<'_, World>, text: &str| {
        harness.get_by_role_and_label(Role::TextInput, label).type_text(text);
        harness.step();
    };
    click(&mut harness, Role::TextInput, label);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    type_on(&mut harness, "450");
    assert_eq!(kbps(&harness), 3000);
    type_on(&mut harness, "0");
    assert_eq!(kbps(&harness), 3000);
    // A step of the harness is a quarter of a second.
    for _ in 0..6 {
        harness.step();
    }
    assert_eq!(kbps(&harness), 4500);
    let taken = |act: &&Act| matches!(act, Act::Edit(_));
    assert_eq!(harness.state().acts.iter().filter(taken).count(), 1);
    fill(&mut harness, Role::TextInput, label, "2000");
    enter(&mut harness);
    assert_eq!(kbps(&harness), 2000);
}

#[test]
fn a_lowest_bitrate_above_the_rate_is_told_and_not_taken() {
    let mut harness = World::new(with_key("youtube"), Tab::Picture).harness(SIZES[0]);
    let label = "Lowest bitrate in kb/s";
    fill(&mut harness, Role::TextInput, label, "9000");
    enter(&mut harness);
    harness.get_by_label("Use 50 to 3000");
    assert_eq!(harness.state().settings().encoding.lowest_bitrate().kbps(), 300);
    fill(&mut harness, Role::TextInput, label, "800");
    enter(&mut harness);
    assert_eq!(harness.state().settings().encoding.lowest_bitrate().kbps(), 800);
}

#[test]
fn what_was_masked_is_no_key() {
    let mut harness = World::new(to("nginx-rtmp"), Tab::Destination).harness(SIZES[1]);
    paste(&mut harness, "rtmp//h.example/live/canary99");
    harness.key_press(Key::Tab);
    harness.run();
    paste(&mut harness, "rtmp://h.example/live/•••");
    harness.get_by_label("Part of it is hidden: copy it again where it is whole");
    assert_eq!(harness.state().settings().destinations[0].server, "");
}

#[test]
fn a_name_too_long_for_a_file_is_told_while_it_is_typed_and_not_taken() {
    let recorded = || ShowSettings { record: Some("/v/a.flv".into()), ..to("nginx-rtmp") };
    for size in SIZES {
        let mut harness = World::new(recorded(), Tab::Recording).harness(size);
        fill(&mut harness, Role::TextInput, "File name", &"ü".repeat(120));
        harness.get_by_label("Too long for the name of a file: shorten it");
        enter(&mut harness);
        harness.get_by_label("Too long for the name of a file: shorten it");
        assert_eq!(harness.state().settings().record, Some("/v/a.flv".into()));
        fill(&mut harness, Role::TextInput, "File name", "short");
        enter(&mut harness);
        assert!(harness.query_by_label("Too long for the name of a file: shorten it").is_none());
        assert_eq!(harness.state().settings().record, Some("/v/short.flv".into()));
    }
}

#[test]
fn a_tilde_stands_for_the_home_folder_in_every_path() {
    let home = |name: &str| typed_path("~").join(name);
    let typed = |mut world: World, tab, label: &str| {
        world.tab = tab;
        let mut harness = world.harness(SIZES[1]);
        if tab == Tab::Destination {
            click(&mut harness, Role::Button, "More…");
        }
        fill(&mut harness, Role::TextInput, label, "~/x/a.file");
        enter(&mut harness);
        harness.state().settings().clone()
    };
    let sound = ShowSettings { audio: AudioChoice::File("/a.wav".into()), ..to("nginx-rtmp") };
    let sound = typed(World::new(sound, Tab::Sound), Tab::Sound, "Path of a sound or clip");
    assert_eq!(sound.audio, AudioChoice::File(home("x/a.file")));
    let card = ShowSettings { card: CardChoice::Image("/a.png".into()), ..to("nginx-rtmp") };
    let card = typed(World::new(card, Tab::Picture), Tab::Picture, "Picture file (PNG or JPEG)");
    assert_eq!(card.card, CardChoice::Image(home("x/a.file")));
    let ca = typed(World::new(with_key("nginx-rtmp"), Tab::Destination), Tab::Destination, "Extra certificate (PEM)");
    assert_eq!(ca.destinations[0].tls_ca, Some(home("x/a.file")));
}

#[test]
fn a_backup_server_is_not_taken_with_a_key_of_its_own() {
    let mut harness = World::new(to("nginx-rtmp"), Tab::Destination).harness(SIZES[1]);
    fill(&mut harness, Role::TextInput, "Server", "rtmp://h.example/live");
    enter(&mut harness);
    click(&mut harness, Role::Button, "More…");
    fill(&mut harness, Role::TextInput, "Server in reserve", "rtmp://b.example/live/canary99");
    enter(&mut harness);
    harness.get_by_label_contains("It takes the same stream key");
    assert_eq!(harness.state().settings().destinations[0].backup_server, None);
    fill(&mut harness, Role::TextInput, "Server in reserve", "rtmp://b.example/live");
    enter(&mut harness);
    let backup = harness.state().settings().destinations[0].backup_server.clone();
    assert_eq!(backup.as_deref(), Some("rtmp://b.example/live"));
}
