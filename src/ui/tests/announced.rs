//! What screen readers are told without being asked.

use eframe::egui::Role;
use eframe::egui::accesskit::Live;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable};

use super::window::{Desk, SIZES, desk, live, open};
use super::{ended, state, stats};
use crate::studio::{DestinationState as D, Problem, ProblemKind, Stats, StudioEvent};
use crate::ui::view::Act;

fn is_announced(harness: &Harness<'_, Desk>, label: &str) -> bool {
    harness.get_by_role_and_label(Role::Label, label).accesskit_node().live() == Live::Polite
}

#[test]
fn what_happens_is_said_to_who_does_not_see() {
    let mut harness = open(desk(live()), SIZES[1]);
    assert!(is_announced(&harness, "All good"));
    harness.state_mut().model.handle_act(10.0, Act::SetMuted(true));
    harness
        .state_mut()
        .model
        .handle_event(10.0, StudioEvent::Problem(Problem::new(ProblemKind::DiskLow, "/videos/a.mp4", "")));
    harness.run();
    assert!(is_announced(&harness, "You are muted"));
    let what = harness.state().words.what(&Problem::new(ProblemKind::DiskLow, "/videos/a.mp4", ""));
    assert!(is_announced(&harness, &what), "{what}");
    harness.state_mut().state.primary.asks = true;
    harness.run();
    assert!(is_announced(&harness, "End the show?"));
    harness.state_mut().state.primary.asks = false;
    harness.state_mut().model.handle_event(20.0, ended(18, None));
    harness.run();
    assert!(is_announced(&harness, "The show is over") && is_announced(&harness, "That was the show"));
}

#[test]
fn figures_that_go_on_are_said_once() {
    let mut harness = open(desk(live()), SIZES[1]);
    for (kbps, is_said) in [(1000.0, true), (900.0, false), (800.0, false)] {
        let narrow = Stats { congestion: 0.9, video_kbps: kbps, ..stats(D::Live) };
        for _ in 0..3 {
            harness.state_mut().model.handle_event(10.0, StudioEvent::Stats(Box::new(narrow.clone())));
        }
        harness.run();
        let line = harness.get_by_label_contains("Your upload gives");
        assert_eq!(line.accesskit_node().live() == Live::Polite, is_said, "{kbps}: {line:?}");
    }
    harness.state_mut().model.handle_event(10.0, state(D::Reconnecting));
    harness.run();
    assert!(is_announced(&harness, "Viewers wait until the connection is back"));
}
