//! What stands below the pointer stays there, whatever is said around it.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::state;
use super::window::{Desk, SIZES, desk, live, open};
use crate::studio::DestinationState as D;
use crate::ui::view::Act;
use crate::ui::wording::{Lang, Text, Words};

/// The middle of the primary button, the pill of the state and the button below the meter, from the window's top.
fn places(harness: &mut Harness<'_, Desk>, primary: Text, pill: Text) -> [f32; 3] {
    // A panel is as tall as it was before: once more.
    harness.run();
    harness.run();
    let words = harness.state().words;
    let mute = words.mute_of("Mic", harness.state().model.view(12.0).sound.muted);
    [words.text(primary), words.text(pill), &mute].map(|label| harness.get_by_label(label).rect().center().y)
}

#[test]
fn nothing_moves_when_the_sentence_gets_a_button() {
    for size in SIZES {
        let mut harness = open(desk(live()), size);
        let before = places(&mut harness, Text::HoldToEnd, Text::StateLive);
        harness.state_mut().model.handle_act(11.0, Act::SetMuted(true));
        harness.run();
        harness.get_by_label("Unmute");
        assert_eq!(places(&mut harness, Text::HoldToEnd, Text::StateLive), before, "{size}, muted");
    }
}

#[test]
fn the_primary_button_does_not_move_when_the_foot_grows() {
    for (size, lang) in SIZES.into_iter().flat_map(|size| [(size, Lang::English), (size, Lang::German)]) {
        let words = Words(lang);
        let mut harness = open(Desk { words, ..desk(live()) }, size);
        let [before, ..] = places(&mut harness, Text::HoldToEnd, Text::StateLive);
        // The word of the state is longer, and the sentence has a button.
        harness.state_mut().model.handle_event(12.0, state(D::Reconnecting));
        harness.run();
        harness.get_by_label(words.text(Text::RetryNow));
        let [lost, ..] = places(&mut harness, Text::HoldToEnd, Text::StateReconnecting);
        assert!((lost - before).abs() < 0.6, "{size}, {lang:?}: {before}, then {lost}");
    }
}
