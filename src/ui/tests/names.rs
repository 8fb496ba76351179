//! Names that are longer than there is room for.

use eframe::egui::{Rect, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

use super::window::{Desk, SIZES, desk, open, seen};
use super::{check, devices, settings, state};
use crate::settings::{Destination, ShowSettings, VideoChoice};
use crate::studio::{DestinationState as D, DeviceKind, StudioEvent};
use crate::ui::model::Model;
use crate::ui::view::{Act, Appearance};
use crate::ui::wording::{Lang, Text, Words};

/// A host of 110 characters.
fn long_host() -> String {
    format!("{}.example.com", "streaming-".repeat(10).trim_end_matches('-'))
}

/// A window of shows to servers with such a host.
fn model_to(count: usize) -> Model {
    let mut settings = settings();
    let to = |n: usize| Destination {
        name: format!("{n}{}", long_host()),
        ..Destination::at("rtmp://live.example.com/app/k")
    };
    settings.destinations = (0..count).map(to).collect();
    seen(Model::new(settings, Some("Sunday service ".repeat(8)), Appearance::default(), false))
}

fn buttons(harness: &Harness<'_, Desk>) -> Vec<(String, Rect)> {
    let nodes = harness.root().children_recursive();
    let buttons = nodes.filter(|node| node.accesskit_node().role() == Role::Button);
    buttons.map(|node| (node.accesskit_node().label().unwrap_or_default(), node.rect())).collect()
}

/// Everything that is called something, with its place.
fn called(harness: &Harness<'_, Desk>) -> Vec<(String, Rect)> {
    let nodes = harness.root().children_recursive();
    let named = nodes.filter_map(|node| {
        let inner = node.accesskit_node();
        Some((inner.label().or_else(|| inner.value())?, node.rect()))
    });
    named.collect()
}

/// What is called so, or begins so, is in the window, and no button lies over it.
fn lies_free(harness: &Harness<'_, Desk>, start: &str) -> Rect {
    let called = called(harness);
    let found = called.iter().find(|(name, _)| name.starts_with(start));
    let rect = found.unwrap_or_else(|| panic!("no {start} in {called:?}")).1;
    assert!(harness.ctx.content_rect().contains_rect(rect), "{start}: {rect:?}");
    for (label, button) in buttons(harness) {
        let common = button.shrink(0.5).intersect(rect.shrink(0.5));
        assert!(!common.is_positive() || label.starts_with(start), "{start} at {rect:?} under {label} at {button:?}");
    }
    rect
}

#[test]
fn the_name_of_a_server_leaves_the_buttons_alone_and_is_told_whole_where_it_is_pointed_at() {
    for size in SIZES {
        let mut harness = open(desk(model_to(1)), size);
        let name = format!("to 0{}", long_host());
        let rect = lies_free(&harness, &name);
        lies_free(&harness, "Ready for ");
        harness.hover_at(rect.center());
        harness.run_steps(90);
        let told = harness.query_all_by_label(&name).count();
        assert_eq!(told, 2, "in the strip, and beside the pointer");
    }
}

#[test]
fn a_button_with_a_long_name_in_it_stays_in_the_window_beside_its_sentence() {
    for size in SIZES {
        let mut model = model_to(2);
        model.handle_act(1.0, Act::GoLive);
        for place in 0..2 {
            let destination = format!("{place}{}", long_host());
            model.handle_event(1.0, StudioEvent::State { place, destination: destination.clone(), state: D::Live });
            model.handle_event(2.0, StudioEvent::State { place, destination, state: D::Off });
        }
        let harness = open(desk(model), size);
        lies_free(&harness, "Switch on ");
        lies_free(&harness, "Nobody gets the show");
    }
}

#[test]
fn devices_profiles_and_files_with_long_names_keep_to_their_places() {
    for size in SIZES {
        let mut model = model_to(1);
        model.handle_event(0.0, devices(DeviceKind::Camera, &["A camera of a very long name ".repeat(6).trim()]));
        model.handle_event(0.0, state(D::Live));
        model.handle_act(1.0, Act::PickVideo(VideoChoice::File(format!("/v/{}.mp4", "x".repeat(240)).into())));
        let mut harness = open(desk(model), size);
        for chip in ["Camera", "Profiles", "Microphone"] {
            let rect = harness.get_by_role_and_label(Role::ComboBox, chip).rect();
            assert!(harness.ctx.content_rect().contains_rect(rect), "{chip}: {rect:?}");
        }
        lies_free(&harness, "Settings");
        harness.get_by_role_and_label(Role::ComboBox, "Camera").click();
        harness.run();
        for item in harness.get_all_by_role(Role::MenuItem) {
            assert!(harness.ctx.content_rect().contains_rect(item.rect()), "{:?}", item.rect());
        }
    }
}

#[test]
fn several_destinations_of_one_name_are_told_apart() {
    let destinations = (1..=3).map(|n| Destination::at(&format!("rtmp://127.0.0.1/app{n}/key"))).collect();
    let model = Model::new(ShowSettings { destinations, ..settings() }, None, Appearance::default(), false);
    let harness = open(desk(seen(model)), SIZES[1]);
    harness.get_by_label("Ready for 127.0.0.1, 127.0.0.1 2, 127.0.0.1 3");
}

#[test]
fn the_buttons_of_the_check_are_whole_in_every_language_and_size() {
    for size in SIZES {
        for lang in Lang::ALL {
            for scale in [1.0, 1.5, 2.0] {
                let mut model = check::ready();
                model.handle_act(9.0, Act::SetAppearance(Appearance { look: None, lang: None, scale }));
                let words = Words(lang);
                let harness = open(Desk { words, ..desk(model) }, size);
                for text in [Text::Done, Text::CheckAgain, Text::CopyReport] {
                    let label = words.text(text);
                    let rect = lies_free(&harness, label);
                    let font = eframe::egui::FontId::proportional(13.0 * scale);
                    let needed = harness.ctx.fonts_mut(|fonts| {
                        fonts.layout_no_wrap(label.to_owned(), font, eframe::egui::Color32::WHITE).size().x
                    });
                    assert!(
                        rect.width() >= needed + 2.0 * 11.0 * scale - 1.0,
                        "{size} {lang:?} {scale}: {label} is cut off"
                    );
                }
            }
        }
    }
}
