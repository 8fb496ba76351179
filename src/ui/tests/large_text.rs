//! Large text: at every scale, in every language and at both sizes nothing lies over anything, and all can be reached.

use eframe::egui::{Key, Rect, Role, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

use super::whole_truth::live_on_two;
use super::window::{Desk, SIZES, desk, live, open, seen};
use super::{check, ended, levels, model, said, settings, state, stats};
use crate::studio::{
    Command, DestinationState as D, DeviceKind, Problem, ProblemKind, SourceState, Stats, StudioCommand, StudioEvent,
    ViewerNow,
};
use crate::ui::model::Model;
use crate::ui::panels::strip::state_word;
use crate::ui::panels::truth::sentence;
use crate::ui::view::{Act, Appearance, Tab};
use crate::ui::wording::{Lang, SettingsText, Text, Words};

const SCALES: [f32; 6] = [0.8, 1.0, 1.25, 1.5, 1.75, 2.0];

fn at(size: Vec2, lang: Lang, scale: f32, mut model: Model) -> Harness<'static, Desk> {
    model.handle_act(9.0, Act::SetAppearance(Appearance { look: None, lang: None, scale }));
    open(Desk { words: Words(lang), ..desk(model) }, size)
}

/// `look` at a window of every size, language and scale.
fn everywhere(model: impl Fn() -> Model, look: impl Fn(Harness<'static, Desk>, Words, &str)) {
    for size in SIZES {
        for lang in Lang::ALL {
            for scale in SCALES {
                let case = format!("{size} {lang:?} {:.0} %", scale * 100.0);
                look(at(size, lang, scale, model()), Words(lang), &case);
            }
        }
    }
}

fn rehearsing() -> Model {
    let mut model = seen(model());
    model.handle_act(1.0, Act::Rehearse);
    model.handle_event(2.0, state(D::Live));
    let channels = levels(-14.0).channels;
    model.handle_viewer(&ViewerNow { channels, latency_ms: Some(61.0) });
    model
}

/// The network takes less than is made: a long sentence, and a button.
fn narrow() -> Model {
    let mut model = live();
    for second in 0..4 {
        let stats = Stats { video_kbps: 2100.0, congestion: 0.8, queue_ms: 560.0, dropped: 14, ..stats(D::Live) };
        model.handle_event(4.0 + f64::from(second), StudioEvent::Stats(Box::new(stats)));
    }
    model
}

fn refused() -> Model {
    let mut model = live();
    let told = Problem::new(ProblemKind::PublishRejected, "YouTube", "publish");
    model.handle_event(9.0, ended(7, Some(said(told, "Stream key is not valid any more"))));
    model
}

/// Where the foot begins: its first line holds the state.
fn foot_top(harness: &Harness<'static, Desk>, words: Words) -> f32 {
    let view = harness.state().model.view(harness.state().now);
    harness.get_by_label(&state_word(&view.show, words)).rect().top()
}

fn apart(one: (&str, Rect), other: (&str, Rect), case: &str) {
    let common = one.1.shrink(0.5).intersect(other.1.shrink(0.5));
    assert!(!common.is_positive(), "{case}: {one:?} and {other:?} lie over each other");
}

/// What stands below, and that it leaves what is above alone.
fn foot_is_whole(harness: &Harness<'static, Desk>, words: Words, case: &str) {
    let view = harness.state().model.view(harness.state().now);
    let window = harness.ctx.content_rect();
    let truth = sentence(&view.truth.truth, words);
    let mut parts = vec![(truth.clone(), harness.get_by_label(&truth).rect())];
    let scale = harness.state().model.appearance().scale;
    assert!(parts[0].1.height() < 36.0 * scale, "{case}: more than two lines, {:?}", parts[0]);
    let labels = [
        Text::GoLive,
        Text::CancelConnecting,
        Text::HoldToEnd,
        Text::EndNow,
        Text::Rehearse,
        Text::Check,
        Text::RecordOnly,
        Text::SaveReplay,
    ];
    let labels = labels.map(|label| words.text(label));
    for node in harness.root().children_recursive() {
        let label = node.accesskit_node().label().unwrap_or_default();
        if node.accesskit_node().role() == Role::Button && labels.contains(&label.as_str()) {
            parts.push((label, node.rect()));
        }
    }
    assert!(parts.len() > 1, "{case}: no button");
    let top = foot_top(harness, words);
    for (index, part) in parts.iter().enumerate() {
        assert!(window.contains_rect(part.1), "{case}: {part:?} is not in the window");
        assert!(part.1.top() >= top - 12.0 * scale, "{case}: {part:?} stands above the foot");
        for other in &parts[index + 1..] {
            apart((&part.0, part.1), (&other.0, other.1), case);
        }
    }
}

#[test]
fn whatever_begins_a_show_or_a_recording_can_be_reached() {
    everywhere(
        || seen(model()),
        |harness, words, case| {
            foot_is_whole(&harness, words, case);
            for label in [Text::RecordOnly, Text::Check, Text::Rehearse, Text::GoLive] {
                assert!(
                    harness.query_by_role_and_label(Role::Button, words.text(label)).is_some(),
                    "{case}: {label:?}"
                );
            }
        },
    );
}

#[test]
fn the_foot_covers_neither_chips_nor_sound() {
    for model in [(|| seen(model())) as fn() -> Model, live, narrow, rehearsing] {
        everywhere(model, |harness, words, case| {
            foot_is_whole(&harness, words, case);
            let top = foot_top(&harness, words);
            let mute = words.mute_of("Mic", false);
            for label in [words.text(Text::Camera), words.text(Text::Microphone), &mute] {
                let rect = harness.get_by_label(label).rect();
                assert!(rect.bottom() <= top, "{case}: {label} at {rect:?}, the foot begins at {top}");
            }
            let [camera, mute] = [words.text(Text::Camera), &mute].map(|label| harness.get_by_label(label).rect());
            apart(("camera", camera), ("mute", mute), case);
        });
    }
}

/// The button or tab called `label`, and the cross, stand above the foot.
fn is_open_above_the_foot(model: impl Fn() -> Model, role: Role, label: Text) {
    everywhere(model, |harness, words, case| {
        foot_is_whole(&harness, words, case);
        let top = foot_top(&harness, words);
        let window = harness.ctx.content_rect();
        for (role, label) in [(role, label), (Role::Button, Text::Close)] {
            let rect = harness.get_by_role_and_label(role, words.text(label)).rect();
            assert!(window.contains_rect(rect), "{case}: {label:?} at {rect:?} is not in the window");
            assert!(rect.bottom() <= top, "{case}: {label:?} at {rect:?}, the foot begins at {top}");
        }
    });
}

#[test]
fn what_can_be_done_without_a_picture_is_scrolled_to_above_the_chips() {
    let without_camera = || {
        let mut model = seen(model());
        let missing = Problem::new(ProblemKind::SourceNotFound, "HD Webcam", "");
        let state = SourceState::Failed(missing);
        model.handle_event(9.0, StudioEvent::Source { kind: DeviceKind::Camera, state });
        model
    };
    everywhere(without_camera, |mut harness, words, case| {
        for label in [Text::TestPicture, Text::Clip, Text::TryAgain].map(|label| words.text(label)) {
            harness.get_by_role_and_label(Role::Button, label).focus();
            // It glides there.
            harness.run_steps(30);
            let rect = harness.get_by_role_and_label(Role::Button, label).rect();
            let chip = harness.get_by_role_and_label(Role::ComboBox, words.text(Text::Camera)).rect();
            assert!(rect.bottom() <= chip.top(), "{case}: {label} at {rect:?}, the chips at {chip:?}");
        }
    });
}

#[test]
fn each_of_several_destinations_can_be_switched() {
    everywhere(
        || seen(live_on_two(true)),
        |mut harness, words, case| {
            foot_is_whole(&harness, words, case);
            harness.get_by_label(&words.live_of(2, 2)).click();
            harness.run();
            let switch = format!("two  {}", words.destination_state(D::Live));
            harness.get_by_role_and_label(Role::CheckBox, &switch).click();
            harness.run();
            let off = StudioCommand::Show(Command::SetDestination { place: 1, on: false });
            assert_eq!(harness.state_mut().engine(), [off], "{case}");
        },
    );
}

fn with_settings() -> Model {
    let mut model = seen(model());
    model.handle_act(9.0, Act::OpenSettings(Tab::Destination));
    model
}

#[test]
fn what_is_open_stands_above_the_foot_and_can_be_closed() {
    is_open_above_the_foot(with_settings, Role::Tab, Text::TabDestination);
    is_open_above_the_foot(refused, Role::Button, Text::Done);
    is_open_above_the_foot(check::ready, Role::Button, Text::Done);
    is_open_above_the_foot(check::refused, Role::Button, Text::Done);
}

#[test]
fn beside_the_settings_nothing_is_cut_off() {
    let beside = || {
        let mut model = live();
        model.handle_event(8.0, StudioEvent::Problem(Problem::new(ProblemKind::SourceBlack, "HD Webcam", "")));
        model.handle_act(9.0, Act::OpenSettings(Tab::About));
        model
    };
    everywhere(beside, |harness, words, case| {
        let scale = harness.state().model.appearance().scale;
        let window = harness.ctx.content_rect().width();
        let sound = window - (384.0 * scale).min(window / 2.0) - 140.0 * scale.max(0.9);
        let chips = [Text::Camera, Text::Microphone, Text::Picture].map(|chip| (Role::ComboBox, chip));
        for (role, label) in chips.into_iter().chain([(Role::Button, Text::CopyReport)]) {
            // Where there is no room for both, the settings are alone.
            let Some(node) = harness.query_by_role_and_label(role, words.text(label)) else { continue };
            assert!(node.rect().right() <= sound, "{case}: {label:?} at {:?}, the sound at {sound}", node.rect());
        }
    });
}

#[test]
fn what_is_set_is_scrolled_to_between_head_and_foot() {
    everywhere(with_settings, |mut harness, words, case| {
        let service = words.settings(SettingsText::Service);
        harness.get_by_role_and_label(Role::ComboBox, service).focus();
        harness.run();
        let rect = harness.get_by_role_and_label(Role::ComboBox, service).rect();
        let head = harness.get_by_role_and_label(Role::Tab, words.text(Text::TabDestination)).rect().bottom();
        let foot = foot_top(&harness, words);
        assert!(head <= rect.top() && rect.bottom() <= foot, "{case}: {rect:?} between {head} and {foot}");
    });
}

#[test]
fn whoever_goes_on_by_tab_sees_where() {
    let first_run = || seen(Model::new(settings(), None, Appearance::default(), true));
    let with_settings = || {
        let mut model = seen(model());
        model.handle_act(9.0, Act::OpenSettings(Tab::Recording));
        model.handle_act(9.0, Act::ToggleRecord);
        model
    };
    for (name, model) in [("first run", first_run()), ("settings", with_settings())] {
        let mut harness = at(SIZES[0], Lang::English, 2.0, model);
        let window = harness.ctx.content_rect();
        for presses in 1..=20 {
            harness.key_press(Key::Tab);
            harness.run();
            let focused = harness
                .root()
                .children_recursive()
                .find(|node| node.is_focused() && node.accesskit_node().role() != Role::Window);
            let Some(focused) = focused else { continue };
            let (label, rect) = (focused.accesskit_node().label(), focused.rect());
            assert!(window.contains_rect(rect), "{name}, Tab {presses}: {label:?} at {rect:?}");
        }
    }
}

#[test]
fn boxes_to_tick_grow_with_the_text() {
    for scale in [1.0, 2.0] {
        let harness = at(SIZES[1], Lang::English, scale, seen(model()));
        let spacing = harness.ctx.style_of(eframe::egui::Theme::Dark).spacing.clone();
        let grown = [spacing.icon_width, spacing.icon_width_inner, spacing.icon_spacing, spacing.slider_width];
        assert_eq!(grown, [14.0, 8.0, 4.0, 100.0].map(|points| points * scale), "at {scale}");
    }
}
