//! The ribbon: a show's seconds in it, scrubbed by pointer and keyboard, while it runs and after it.

use std::time::Duration;

use eframe::egui::{Key, Modifiers, PointerButton, Pos2, Rect, Role, Vec2, pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

use super::window::{Desk, SIZES, desk, open, seen};
use super::{ended, model, state, stats};
use crate::studio::flight::FlightWords;
use crate::studio::{DestinationState as D, Problem, ProblemKind, Stats, StudioEvent};
use crate::ui::model::{Model, Order};
use crate::ui::profiles::ProfileRequest;
use crate::ui::view::{Act, Appearance};
use crate::ui::wording::{Lang, Words};

/// Live since second 2 for `seconds`; what `change` does to the figures of each is seen in the ribbon.
pub(super) fn show(seconds: u32, change: impl Fn(u32, &mut Stats)) -> Model {
    let mut model = seen(model());
    model.handle_act(1.0, Act::GoLive);
    model.handle_event(2.0, state(D::Live));
    let (mut dropped, mut skipped) = (0, 0);
    for second in 0..seconds {
        let mut now = stats(D::Live);
        now.compose_ms = Some(0.8);
        now.encode_ms = Some(6.0);
        change(second, &mut now);
        // The engine counts on; what is lost in a second is what came to it.
        dropped += now.dropped;
        skipped += now.skipped;
        let told = Stats { dropped, skipped, ..now };
        model.handle_event(2.2 + f64::from(second), StudioEvent::Stats(Box::new(told)));
        if second == 20 {
            let marked = StudioEvent::Marked { number: 1, at: Duration::from_secs(20) };
            model.handle_event(2.4 + f64::from(second), marked);
        }
    }
    model
}

/// The tenth second is lost to the network, the thirtieth to the encoder; from the fortieth on there is no connection.
pub(super) fn eventful(second: u32, stats: &mut Stats) {
    match second {
        10 => stats.dropped = 14,
        30 => stats.skipped = 2,
        40..45 => stats.state = D::Reconnecting,
        _ => {}
    }
}

#[test]
fn a_rehearsal_goes_to_this_computer() {
    let mut model = seen(model());
    model.handle_act(1.0, Act::Rehearse);
    let at = |state| StudioEvent::State { place: 0, destination: "rtmp://127.0.0.1:46877/rehearsal".to_owned(), state };
    model.handle_event(2.0, at(D::Live));
    model.handle_event(2.2, StudioEvent::Stats(Box::new(stats(D::Live))));
    model.handle_event(3.0, at(D::Ending));
    model.handle_event(3.2, StudioEvent::Stats(Box::new(stats(D::Ending))));
    let flight = model.view(4.0).flight;
    let said: Vec<_> = flight.events.iter().map(|event| Words(Lang::English).happened(event)).collect();
    assert!(!said.is_empty() && said.iter().all(|said| said.starts_with("this computer ")), "{said:?}");
}

const NAME: &str = "Health of the show, second by second";

fn ribbon(harness: &Harness<'_, Desk>) -> Rect {
    harness.get_by_role_and_label(Role::Slider, NAME).rect()
}

/// What a screen reader says of the second that is picked.
fn said(harness: &Harness<'_, Desk>) -> String {
    harness.get_by_role_and_label(Role::Slider, NAME).value().unwrap_or_default()
}

/// The card: where it is, and what it says.
fn card(harness: &Harness<'_, Desk>) -> Option<(Rect, String)> {
    let card = harness.query_by_role(Role::Tooltip)?;
    Some((card.rect(), card.accesskit_node().label().unwrap_or_default()))
}

fn card_says(harness: &Harness<'_, Desk>, size: Vec2, words: &[&str]) {
    let (rect, told) = card(harness).expect("there is a card");
    assert!(Rect::from_min_size(Pos2::ZERO, size).contains_rect(rect), "{rect:?} is outside of {size}");
    let ribbon = ribbon(harness);
    let beside = rect.bottom() <= ribbon.top() + 4.0 || rect.top() >= ribbon.bottom() - 4.0;
    assert!(beside, "{rect:?} hides the ribbon");
    for word in words {
        assert!(told.contains(word), "{word:?} is not in {told:?}");
    }
}

/// Where second `place` of `all` stands.
fn point(harness: &Harness<'_, Desk>, place: usize, all: usize) -> Pos2 {
    let rect = ribbon(harness);
    pos2(rect.left() + (place as f32 + 0.5) / all as f32 * rect.width(), rect.center().y)
}

fn press(harness: &mut Harness<'_, Desk>, key: Key) {
    harness.key_press(key);
    harness.run();
}

/// By Tab alone.
fn focus(harness: &mut Harness<'_, Desk>) {
    for _ in 0..60 {
        if harness.get_by_role_and_label(Role::Slider, NAME).is_focused() {
            return;
        }
        press(harness, Key::Tab);
    }
    panic!("the ribbon is not reached by Tab");
}

#[test]
fn the_ribbon_is_there_once_a_show_runs_and_says_how_it_goes() {
    for size in SIZES {
        let harness = open(desk(seen(model())), size);
        assert!(harness.query_by_role_and_label(Role::Slider, NAME).is_none());
        let harness = open(desk(show(30, |_, _| {})), size);
        harness.check_accessibility();
        assert!(said(&harness).starts_with("00:00:29, LIVE, Rate 2.98 Mb/s"), "{}", said(&harness));
        assert_eq!(card(&harness), None);
    }
}

#[test]
fn the_keyboard_goes_through_the_seconds_and_leaves_to_now() {
    for size in SIZES {
        let mut harness = open(desk(show(60, eventful)), size);
        focus(&mut harness);
        harness.check_accessibility();
        card_says(&harness, size, &["00:00:59", "LIVE"]);
        press(&mut harness, Key::PageUp);
        card_says(&harness, size, &["00:00:44", "RECONNECTING", "There was no connection.", "Use a cable"]);
        press(&mut harness, Key::Home);
        card_says(&harness, size, &["00:00:00"]);
        press(&mut harness, Key::PageDown);
        card_says(&harness, size, &["00:00:10", "Frames lost 14 network", "Lower the picture's bitrate"]);
        assert!(said(&harness).starts_with("00:00:10"), "{}", said(&harness));
        press(&mut harness, Key::PageDown);
        card_says(&harness, size, &["00:00:30", "The encoder had no time", "Choose a smaller picture"]);
        press(&mut harness, Key::ArrowLeft);
        press(&mut harness, Key::ArrowLeft);
        press(&mut harness, Key::ArrowRight);
        card_says(&harness, size, &["00:00:29", "Composing 0.8 ms", "Encoding 6.0 ms", "Waits for the network 0.2 s"]);
        // A second that is picked stays picked while the show goes on; the end goes along with it.
        harness.state_mut().model.handle_event(62.2, StudioEvent::Stats(Box::new(stats(D::Live))));
        harness.run();
        card_says(&harness, size, &["00:00:29"]);
        press(&mut harness, Key::End);
        card_says(&harness, size, &["00:01:00"]);
        harness.state_mut().model.handle_event(63.2, StudioEvent::Stats(Box::new(stats(D::Live))));
        harness.run();
        card_says(&harness, size, &["00:01:01"]);
        press(&mut harness, Key::Escape);
        assert_eq!(card(&harness), None);
        assert!(!harness.get_by_role_and_label(Role::Slider, NAME).is_focused());
    }
}

#[test]
fn the_pointer_shows_a_second_and_picks_one() {
    for size in SIZES {
        let mut harness = open(desk(show(60, eventful)), size);
        let at = point(&harness, 21, 60);
        harness.hover_at(at);
        harness.run();
        card_says(&harness, size, &["00:00:21", "Mark 1"]);
        harness.hover_at(pos2(300.0, 200.0));
        harness.run();
        assert_eq!(card(&harness), None, "what was pointed at goes with the pointer");

        harness.drag_at(at);
        harness.run();
        let to = point(&harness, 10, 60);
        harness.hover_at(to);
        harness.run();
        card_says(&harness, size, &["00:00:10", "The network carried less"]);
        harness.drop_at(to);
        harness.run();
        harness.hover_at(pos2(300.0, 200.0));
        harness.run();
        card_says(&harness, size, &["00:00:10"]);
        press(&mut harness, Key::Escape);
        assert_eq!(card(&harness), None);

        // Here each event takes a quarter of a second.
        harness.ctx.options_mut(|options| options.input_options.max_double_click_delay = 2.0);
        for _ in 0..2 {
            harness.event(eframe::egui::Event::PointerButton {
                pos: to,
                button: PointerButton::Primary,
                pressed: true,
                modifiers: Modifiers::NONE,
            });
            harness.event(eframe::egui::Event::PointerButton {
                pos: to,
                button: PointerButton::Primary,
                pressed: false,
                modifiers: Modifiers::NONE,
            });
        }
        harness.event(eframe::egui::Event::PointerMoved(pos2(300.0, 200.0)));
        harness.run();
        assert_eq!(card(&harness), None, "two clicks lead back to now");
        assert_eq!(harness.state().model.view(70.0).show.phase, crate::ui::view::Phase::Live);
    }
}

#[test]
fn of_six_hours_the_one_poor_second_is_found_and_after_the_show_too() {
    for size in SIZES {
        let mut model = show(21_600, |second, stats| {
            if second == 12_345 {
                stats.dropped = 3;
            }
        });
        let mut harness = open(desk(model_with(&mut model)), size);
        focus(&mut harness);
        press(&mut harness, Key::PageUp);
        card_says(&harness, size, &["03:25:45", "The network carried less"]);
        press(&mut harness, Key::Home);
        let mut presses = 0;
        while !said(&harness).starts_with("03:25:45") && presses < 400 {
            press(&mut harness, Key::ArrowRight);
            presses += 1;
        }
        assert!((50..400).contains(&presses), "{presses}");

        harness.state_mut().model.handle_act(21_700.0, Act::EndShow);
        harness.state_mut().model.handle_event(21_701.0, ended(21_600, None));
        harness.run();
        harness.check_accessibility();
        harness.get_by_label("That was the show");
        assert_eq!(card(&harness), None, "what was picked in the show is not picked after it");
        harness.get_by_role_and_label(Role::Slider, NAME).scroll_to_me();
        harness.run();
        let rect = ribbon(&harness);
        // A mark stands for as many seconds as must be, and the last one for what is left.
        let x = rect.left() + 12_345.0 / 21_600.0 * rect.width();
        let found = [0.0, -1.0, 1.0, -2.0, 2.0].into_iter().any(|beside| {
            harness.hover_at(pos2(x + beside, rect.center().y));
            harness.run();
            card(&harness).is_some_and(|(_, told)| told.contains("03:25:45"))
        });
        assert!(found);
        card_says(&harness, size, &["03:25:45", "The network carried less"]);
        harness.hover_at(pos2(2.0, 2.0));
        focus(&mut harness);
        press(&mut harness, Key::PageUp);
        card_says(&harness, size, &["03:25:45"]);
        press(&mut harness, Key::Escape);
        assert_eq!(card(&harness), None);
        harness.get_by_label("That was the show");
    }
}

#[test]
fn a_pointer_that_rests_while_the_ribbon_comes_below_it_picks_nothing() {
    let mut harness = open(desk(show(60, eventful)), SIZES[1]);
    let at = point(&harness, 30, 60);
    harness.hover_at(at);
    harness.run();
    assert!(card(&harness).is_some());
    // The ribbon moves, and the pointer does not.
    harness.set_size(Vec2::new(SIZES[1].x, SIZES[1].y - 3.0));
    harness.run();
    harness.run();
    assert!(ribbon(&harness).expand(2.0).contains(at), "{:?}", ribbon(&harness));
    assert_eq!(card(&harness), None);
    harness.hover_at(at);
    harness.run();
    assert!(card(&harness).is_some());
}

/// Out of a borrowed place: a model is no small thing to move about.
fn model_with(model: &mut Model) -> Model {
    std::mem::replace(model, super::model())
}

#[test]
fn an_assistive_tool_moves_it_too() {
    use eframe::egui::accesskit::Action;
    let mut harness = open(desk(show(60, eventful)), SIZES[0]);
    harness.get_by_role_and_label(Role::Slider, NAME).click_accesskit();
    harness.run();
    let node = harness.get_by_role_and_label(Role::Slider, NAME);
    let (id, tree) = (node.accesskit_node().locate().0, node.accesskit_node().locate().1);
    harness.event(eframe::egui::Event::AccessKitActionRequest(eframe::egui::accesskit::ActionRequest {
        action: Action::Decrement,
        target_node: id,
        target_tree: tree,
        data: None,
    }));
    harness.run();
    assert!(said(&harness).starts_with("00:00:58"), "{}", said(&harness));
}

#[test]
fn the_report_is_saved_in_the_language_of_the_window() {
    for (lang, words) in [(Lang::English, FlightWords::English), (Lang::German, FlightWords::German)] {
        let mut model = show(10, |_, _| {});
        model.handle_act(20.0, Act::SetAppearance(Appearance { lang: Some(lang), ..Appearance::default() }));
        let StudioEvent::Ended(mut summary) = ended(10, None) else { panic!("it ended") };
        summary.flight = Some("/x/show.tallyshow".into());
        model.handle_event(21.0, StudioEvent::Ended(summary));
        let orders = model.handle_act(22.0, Act::SaveReport);
        let spoken = |order: &Order| match order {
            Order::Profile(ProfileRequest::SaveShowReport { words, .. }) => Some(*words),
            _ => None,
        };
        assert_eq!(orders.iter().find_map(spoken), Some(words));
    }
}

#[test]
fn problems_of_a_show_are_told_with_their_second() {
    let mut model = show(10, |_, _| {});
    let problem = Problem::new(ProblemKind::ServerWarning, "YouTube", "onStatus");
    model.handle_event(12.5, StudioEvent::Problem(problem));
    model.handle_event(12.6, StudioEvent::Stats(Box::new(stats(D::Live))));
    let mut harness = open(desk(model), SIZES[1]);
    focus(&mut harness);
    card_says(&harness, SIZES[1], &["00:00:10", "YouTube says something about the stream."]);
}
