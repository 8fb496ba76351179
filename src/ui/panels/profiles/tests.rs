//! The menu, used by its labels.

use std::path::PathBuf;

use eframe::egui::accesskit::Role;
use eframe::egui::{self, Key, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::*;
use crate::settings::{Destination, ShowSettings, StreamKey};
use crate::ui::settings_view::ProfilesAround;
use crate::ui::theme::Look;
use crate::ui::wording::Lang;

struct World {
    view: ProfilesView,
    state: ProfilesState,
    acts: Vec<Act>,
}

fn world() -> World {
    let names = ["Church", "Evening"].map(str::to_owned).to_vec();
    let view = ProfilesView { current: Some("Church".to_owned()), names, ..ProfilesView::default() };
    World { view, state: ProfilesState::default(), acts: Vec::new() }
}

fn show() -> ShowSettings {
    let destination = Destination { stream_key: Some(StreamKey::new("canary")), ..Destination::at("rtmp://h/app") };
    ShowSettings { destinations: vec![destination], ..ShowSettings::default() }
}

fn open(world: World, size: Vec2) -> Harness<'static, World> {
    let setup = |ctx: &egui::Context| {
        theme::install(ctx);
        theme::apply(ctx, Look::Light, 1.0);
    };
    let draw = |ui: &mut egui::Ui, world: &mut World| {
        let mut acts = Vec::new();
        let words = Words(Lang::English);
        ui.horizontal(|ui| profiles_ui(ui, &world.view, &mut world.state, words, &mut acts));
        for act in &acts {
            match act {
                Act::ShowCard => world.view.around.card = Some(Card::of("Church", &show())),
                Act::CloseCard => world.view.around.card = None,
                _ => {}
            }
        }
        world.acts.append(&mut acts);
    };
    let mut harness = Harness::builder().with_size(size).with_context_setup(setup).build_ui_state(draw, world);
    harness.run();
    click(&mut harness, Role::ComboBox, "Profiles");
    harness
}

fn click(harness: &mut Harness<'_, World>, role: Role, label: &str) {
    harness.get_by_role_and_label(role, label).scroll_to_me();
    harness.run();
    harness.get_by_role_and_label(role, label).click();
    harness.run();
}

fn item(harness: &mut Harness<'_, World>, label: &str) {
    click(harness, Role::MenuItem, label);
}

fn fill(harness: &mut Harness<'_, World>, label: &str, text: &str) {
    click(harness, Role::TextInput, label);
    harness.get_by_role_and_label(Role::TextInput, label).type_text(text);
    harness.run();
}

fn last(harness: &Harness<'_, World>) -> Option<Act> {
    harness.state().acts.last().cloned()
}

const SIZES: [Vec2; 2] = [Vec2::new(960.0, 600.0), Vec2::new(1280.0, 800.0)];

#[test]
fn profiles_are_loaded_copied_and_deleted_at_one_click() {
    for size in SIZES {
        for (label, act) in [
            ("Evening", Act::LoadProfile("Evening".to_owned())),
            ("Duplicate", Act::DuplicateProfile("Church".to_owned())),
            ("Delete", Act::DeleteProfile("Church".to_owned())),
        ] {
            let mut harness = open(world(), size);
            item(&mut harness, label);
            assert_eq!(last(&harness), Some(act));
            assert!(harness.query_by_role_and_label(Role::MenuItem, "Evening").is_none(), "{label} closes the menu");
        }
    }
}

#[test]
fn what_changed_is_said_and_saved() {
    let harness = open(world(), SIZES[0]);
    let save = harness.get_by_role_and_label(Role::MenuItem, "Save");
    assert!(save.accesskit_node().is_disabled());

    let mut gone = world();
    gone.view.names.remove(0);
    let mut harness = open(gone, SIZES[0]);
    item(&mut harness, "Save");
    assert_eq!(last(&harness), Some(Act::SaveProfile), "another program has removed it");

    let mut changed = world();
    changed.view.around.has_changes = true;
    let mut harness = open(changed, SIZES[0]);
    let opener = harness.get_by_role_and_label(Role::ComboBox, "Profiles");
    assert_eq!(opener.value().as_deref(), Some("Church · changed"));
    item(&mut harness, "Save");
    assert_eq!(last(&harness), Some(Act::SaveProfile));
}

#[test]
fn names_are_typed() {
    let mut harness = open(world(), SIZES[1]);
    item(&mut harness, "Save as…");
    fill(&mut harness, "Profile name", " Sunday ");
    click(&mut harness, Role::Button, "Save");
    assert_eq!(last(&harness), Some(Act::SaveProfileAs("Sunday".to_owned())));

    let mut harness = open(world(), SIZES[1]);
    item(&mut harness, "Rename…");
    fill(&mut harness, "New name", " 2");
    harness.key_press(Key::Enter);
    harness.run();
    let renamed = Act::RenameProfile { from: "Church".to_owned(), to: "Church 2".to_owned() };
    assert_eq!(last(&harness), Some(renamed));
}

#[test]
fn a_page_is_typed_into_at_once() {
    for (entry, label) in [
        ("Save as…", "Profile name"),
        ("Rename…", "New name"),
        ("Import…", "File or tally: link"),
        ("Export…", "File to write"),
    ] {
        let mut harness = open(world(), SIZES[0]);
        item(&mut harness, entry);
        assert!(harness.get_by_role_and_label(Role::TextInput, label).is_focused(), "{entry}");
        harness.key_press(Key::Tab);
        harness.run();
        assert!(!harness.get_by_role_and_label(Role::TextInput, label).is_focused(), "{entry}: Tab goes on");
    }
}

#[test]
fn what_was_deleted_comes_back() {
    let mut deleted = world();
    deleted.view.around = ProfilesAround { deleted: Some("Choir".to_owned()), ..Default::default() };
    let mut harness = open(deleted, SIZES[0]);
    item(&mut harness, "Bring back Choir");
    assert_eq!(last(&harness), Some(Act::UndoDelete));
}

#[test]
fn files_and_links_come_in_by_path_or_dialog() {
    let mut harness = open(world(), SIZES[0]);
    item(&mut harness, "Import…");
    harness.get_by_label("This desktop offers no file dialog: type the path");
    fill(&mut harness, "File or tally: link", "/p.toml");
    click(&mut harness, Role::Button, "Import");
    assert_eq!(last(&harness), Some(Act::ImportProfile(PathBuf::from("/p.toml"))));

    let mut harness = open(world(), SIZES[0]);
    item(&mut harness, "Import…");
    fill(&mut harness, "File or tally: link", "tally:other");
    click(&mut harness, Role::Button, "Import");
    harness.get_by_label("This is not a link of a show");
    click(&mut harness, Role::Button, "Back");
    item(&mut harness, "Import…");
    fill(&mut harness, "File or tally: link", "tally:show?size=640x360");
    click(&mut harness, Role::Button, "Import");
    assert!(matches!(last(&harness), Some(Act::OpenLink(_))));

    let mut dialogs = world();
    dialogs.view.around.has_dialogs = true;
    let mut harness = open(dialogs, SIZES[0]);
    item(&mut harness, "Export…");
    harness.get_by_label("Without stream keys and passwords");
    click(&mut harness, Role::Button, "Browse…");
    assert_eq!(last(&harness), Some(Act::AskPath(DialogRequest::ExportProfile("Church".to_owned()))));
}

#[test]
fn without_a_profile_only_what_needs_none_is_open() {
    let mut none = world();
    none.view = ProfilesView::default();
    let harness = open(none, SIZES[0]);
    for (label, disabled) in [
        ("Save", true),
        ("Rename…", true),
        ("Duplicate", true),
        ("Delete", true),
        ("Export…", true),
        ("Save as…", false),
        ("Import…", false),
        ("Show card…", false),
    ] {
        let node = harness.get_by_role_and_label(Role::MenuItem, label);
        assert_eq!(node.accesskit_node().is_disabled(), disabled, "{label}");
    }
}

#[test]
fn the_card_is_shown_copied_and_put_away() {
    for size in SIZES {
        let mut harness = open(world(), size);
        item(&mut harness, "Show card…");
        let code = harness.get_by_role_and_label(Role::Image, "QR code of the link").rect();
        assert!(code.height() > 150.0 && code.width() >= code.height(), "{code:?}");
        // Without scrolling: the card is seen whole.
        harness.get_by_role_and_label(Role::Button, "Copy link").click();
        harness.run();
        let Some(Act::CopyText(link)) = last(&harness) else { panic!("{:?}", harness.state().acts) };
        assert!(link.starts_with("tally:show?") && !link.contains("canary"));
        harness.get_by_role_and_label(Role::Button, "Back").click();
        harness.run();
        assert_eq!(last(&harness), Some(Act::CloseCard));
        harness.get_by_role_and_label(Role::MenuItem, "Show card…");
    }
}

#[test]
fn a_tilde_stands_for_the_home_folder() {
    for (page, label, confirm) in [("Import…", "File or tally: link", "Import"), ("Export…", "File to write", "Export")]
    {
        let mut harness = open(world(), Vec2::new(960.0, 600.0));
        item(&mut harness, page);
        harness.get_by_role_and_label(Role::TextInput, label).type_text("~/p.toml");
        harness.run();
        click(&mut harness, Role::Button, confirm);
        let path = typed_path("~").join("p.toml");
        let name = "Church".to_owned();
        let wanted = if page == "Import…" { Act::ImportProfile(path) } else { Act::ExportProfile { name, path } };
        assert_eq!(last(&harness), Some(wanted));
    }
}
