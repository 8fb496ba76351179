//! Words and buttons have the room they need in the smallest window, in the longest language and in large text.

use eframe::egui::{Key, Rect, Role, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

use super::window::{Desk, SIZES, desk, live, open, seen};
use super::{check, devices, ready, settings};
use crate::settings::catalogue::SERVICES;
use crate::settings::{Destination, ShowSettings};
use crate::studio::{DeviceKind, Problem, ProblemKind, StudioEvent};
use crate::ui::model::Model;
use crate::ui::view::{Act, Appearance, Tab};
use crate::ui::wording::{Lang, SettingsText, Text, Words};

fn at(size: Vec2, lang: Lang, scale: f32, mut model: Model) -> Harness<'static, Desk> {
    model.handle_act(9.0, Act::SetAppearance(Appearance { look: None, lang: None, scale }));
    let mut harness = open(Desk { words: Words(lang), ..desk(model) }, size);
    harness.run();
    harness
}

fn window(size: Vec2) -> Rect {
    Rect::from_min_size(Default::default(), size)
}

#[test]
fn a_problem_is_not_squeezed_beside_its_buttons() {
    let problem = Problem::new(ProblemKind::SourceUnreadable, "/nope.png", "this file does not exist");
    for (scale, with_settings) in [(1.0, true), (2.0, false)] {
        for lang in Lang::ALL {
            let mut model = live();
            model.handle_event(8.0, StudioEvent::Problem(problem.clone()));
            if with_settings {
                model.handle_act(8.5, Act::OpenSettings(Tab::About));
            }
            let harness = at(SIZES[0], lang, scale, model);
            let words = Words(lang);
            let said = harness.get_by_label(&words.what(&problem)).rect();
            let report = harness.get_by_label(words.text(Text::CopyReport)).rect();
            assert!(report.top() >= said.bottom(), "{lang:?} {scale}: {said:?} beside {report:?}");
        }
    }
    // Where there is room they stand beside it.
    let mut model = live();
    model.handle_event(8.0, StudioEvent::Problem(problem.clone()));
    let harness = at(SIZES[1], Lang::German, 1.0, model);
    let words = Words(Lang::German);
    let said = harness.get_by_label(&words.what(&problem)).rect();
    assert!(harness.get_by_label(words.text(Text::CopyReport)).rect().top() < said.bottom());
}

#[test]
fn the_first_questions_and_their_answers_are_seen_at_once() {
    for size in SIZES {
        for lang in Lang::ALL {
            let mut without = Model::new(ShowSettings::default(), None, Appearance::default(), true);
            without.handle_event(0.0, devices(DeviceKind::Camera, &[]));
            without.handle_act(0.1, Act::PickVideo(crate::settings::VideoChoice::Test));
            without.handle_event(0.3, ready(DeviceKind::Camera, "Test picture"));
            let harness = at(size, lang, 1.0, without);
            for text in [Text::FirstRunTitle, Text::NoCameraYet, Text::Skip, Text::StartRehearsal] {
                let rect = harness.get_by_label(Words(lang).text(text)).rect();
                assert!(window(size).contains_rect(rect), "{size} {lang:?} {text:?}: {rect:?}");
            }
        }
    }
}

#[test]
fn a_list_opens_at_what_is_chosen() {
    let last = SERVICES.last().expect("there are services");
    let shown = ShowSettings { destinations: vec![last.destination()], ..settings() };
    for by_key in [false, true] {
        let mut model = seen(Model::new(shown.clone(), None, Appearance::default(), false));
        model.handle_act(9.0, Act::OpenSettings(Tab::Destination));
        let mut harness = at(SIZES[0], Lang::English, 1.0, model);
        let list = harness.get_by_role_and_label(Role::ComboBox, "Service");
        if by_key {
            list.focus();
            harness.run();
            harness.key_press(Key::Enter);
        } else {
            list.click();
        }
        harness.run();
        let items: Vec<_> = harness.get_all_by_role(Role::MenuItem).collect();
        let chosen = items.iter().find(|item| item.accesskit_node().label().as_deref() == Some(last.name));
        let rect = chosen.expect("it is offered").rect();
        assert!(window(SIZES[0]).contains_rect(rect), "by key: {by_key}: {rect:?}");
    }
}

#[test]
fn the_buttons_of_the_check_are_not_cut_off_by_the_foot() {
    for lang in Lang::ALL {
        let mut model = check::ready();
        // The sentence below has a button, and so a line of its own.
        let mut wanted = ShowSettings { destinations: vec![Destination::at("rtmp://h/app/k")], ..settings() };
        wanted.encoding.keyframe_seconds = 2.5;
        model.handle_act(8.0, Act::Edit(Box::new(wanted)));
        let words = Words(lang);
        let harness = at(SIZES[0], lang, 2.0, model);
        harness.get_by_label(words.settings(SettingsText::Fix));
        let foot = harness.get_by_label(words.text(Text::StateReady)).rect().top();
        for text in [Text::Done, Text::CheckAgain, Text::CopyReport] {
            let rect = harness.get_by_label(words.text(text)).rect();
            assert!(rect.bottom() < foot, "{lang:?} {text:?}: {rect:?} over {foot}");
        }
    }
}
