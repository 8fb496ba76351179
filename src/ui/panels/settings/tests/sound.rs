//! The sound's rates go with its form.

use super::*;

/// What the picker `label` offers.
fn offered(harness: &mut Harness<'_, World>, label: &str) -> Vec<String> {
    click(harness, Role::ComboBox, label);
    let items = harness.get_all_by_role(Role::MenuItem).filter_map(|item| item.accesskit_node().label()).collect();
    harness.key_press(Key::Escape);
    harness.run();
    items
}

#[test]
fn a_rate_that_mono_cannot_hold_comes_down_with_it_is_told_and_is_not_offered() {
    for size in SIZES {
        let mut harness = World::new(with_key("nginx-rtmp"), Tab::Sound).harness(size);
        pick(&mut harness, "Sound bitrate", "320 kb/s");
        pick(&mut harness, "Channels", "Mono");
        let encoding = harness.state().settings().encoding.clone();
        assert_eq!((encoding.channels, encoding.audio_bitrate.kbps(), encoding.validate().is_ok()), (1, 288, true));
        harness.get_by_label("Mono at 48 kHz holds at most 288 kb/s");
        let rates = offered(&mut harness, "Sound bitrate");
        assert!(rates.contains(&"256 kb/s".to_owned()) && !rates.contains(&"320 kb/s".to_owned()), "{rates:?}");
        pick(&mut harness, "Sample rate", "32 kHz");
        assert_eq!(harness.state().settings().encoding.audio_bitrate.kbps(), 192);
        // It is one step.
        click(&mut harness, Role::Button, "Undo");
        let encoding = &harness.state().settings().encoding;
        assert_eq!((encoding.sample_rate, encoding.audio_bitrate.kbps()), (48_000, 288));
    }
}
