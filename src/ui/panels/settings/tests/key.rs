//! The stream key: typed, kept, replaced.

use super::*;

/// Pastes a service's text in the place of the key.
fn fill_key_with_more_than_a_key(harness: &mut Harness<'_, World>) {
    click(harness, Role::Button, "Replace stream key");
    harness.event(egui::Event::Paste("Stream key\n canary-1234".to_owned()));
    harness.run();
    harness.get_by_label("There is white space inside: copy the stream key alone");
    click(harness, Role::Button, "Cancel");
}

#[test]
fn the_key_is_typed_unseen_shown_by_its_end_replaced_and_forgotten() {
    let mut world = World::new(to("youtube"), Tab::Destination);
    world.around.keys_in = Some(KeysIn::Keyring);
    let mut harness = world.harness(SIZES[0]);
    fill(&mut harness, Role::PasswordInput, "Stream key", CANARY);
    assert!(!said(&harness).contains("canary"), "{}", said(&harness));
    enter(&mut harness);
    let key = |harness: &Harness<'_, World>| harness.state().settings().destinations[0].stream_key.clone();
    assert_eq!(key(&harness), Some(StreamKey::new(CANARY)));
    harness.get_by_label("Stream key is set, ends with x7kq");
    harness.get_by_label("Kept in this computer's keyring");
    assert!(!said(&harness).contains("canary"));
    assert!(!format!("{:?}", harness.state().state).contains("canary"));

    // Who works by keyboard goes on where the field was.
    let at_replace = |harness: &Harness<'_, World>| harness.get_by_label("Replace stream key").is_focused();
    assert!(at_replace(&harness));
    for (taken_by, then) in [(Key::Tab, None), (Key::Enter, None), (Key::V, Some(Key::Tab))] {
        click(&mut harness, Role::Button, "Replace stream key");
        if then.is_some() {
            harness.event(egui::Event::Paste("other-key-9999".to_owned()));
            harness.run();
        } else {
            fill(&mut harness, Role::PasswordInput, "Stream key", "other-key-9999");
        }
        harness.key_press(then.unwrap_or(taken_by));
        harness.run();
        assert_eq!(key(&harness), Some(StreamKey::new("other-key-9999")));
        assert!(at_replace(&harness), "{taken_by:?}");
    }
    fill_key_with_more_than_a_key(&mut harness);
    assert_eq!(key(&harness), Some(StreamKey::new("other-key-9999")));
    click(&mut harness, Role::Button, "Forget stream key");
    assert_eq!(key(&harness), None);
    click(&mut harness, Role::Button, "Undo");
    assert_eq!(key(&harness), Some(StreamKey::new("other-key-9999")));
}
