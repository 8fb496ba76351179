//! Each tab, used by its labels as a person or a screen reader would, at both sizes of the window.

mod key;
mod sound;
mod typing;

use eframe::egui::accesskit::Role;
use eframe::egui::{self, Key, Modifiers, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::*;
use crate::media::{Bitrate, Size};
use crate::settings::catalogue::Service;
use crate::settings::contract::lint;
use crate::settings::{AudioChoice, Destination, Draft, KeysIn, SecretEntry, ShowSettings, StreamKey};
use crate::ui::dialogs::DialogRequest;
use crate::ui::settings_view::SettingsAround;
use crate::ui::theme::Look;
use crate::ui::view::{Appearance, DeviceView, Devices};
use crate::ui::wording::Lang;

const SIZES: [Vec2; 2] = [Vec2::new(960.0, 600.0), Vec2::new(1280.0, 800.0)];
/// Width of the sheet, in points.
const SHEET: f32 = 340.0;
const CANARY: &str = "canary-abcd-efgh-x7kq";

/// The sheet, and a model around it that does what the window's does with settings.
struct World {
    draft: Draft,
    tab: Tab,
    live: bool,
    around: SettingsAround,
    appearance: Appearance,
    words: Words,
    state: SettingsState,
    acts: Vec<Act>,
    frame: u32,
}

impl World {
    fn new(settings: ShowSettings, tab: Tab) -> Self {
        Self {
            draft: Draft::new(settings, None),
            tab,
            live: false,
            around: SettingsAround::default(),
            appearance: Appearance::default(),
            words: Words(Lang::English),
            state: SettingsState::default(),
            acts: Vec::new(),
            frame: 0,
        }
    }

    fn harness(self, size: Vec2) -> Harness<'static, Self> {
        let setup = |ctx: &egui::Context| {
            theme::install(ctx);
            theme::apply(ctx, Look::Dark, 1.0);
        };
        let draw = |ui: &mut egui::Ui, world: &mut Self| world.draw(ui);
        let mut harness = Harness::builder().with_size(size).with_context_setup(setup).build_ui_state(draw, self);
        harness.run();
        harness
    }

    fn draw(&mut self, ui: &mut egui::Ui) {
        self.frame += 1;
        let view = SettingsView {
            tab: self.tab,
            settings: self.draft.settings().clone(),
            locked: self.live,
            can_undo: self.draft.can_undo(),
            can_redo: self.draft.can_redo(),
            appearance: self.appearance,
            around: SettingsAround { findings: lint(self.draft.settings()), ..self.around.clone() },
        };
        let mut acts = Vec::new();
        let mut rect = ui.max_rect();
        rect.set_left(rect.right() - SHEET);
        ui.scope_builder(egui::UiBuilder::new().max_rect(rect), |ui| {
            settings_ui(ui, &view, &mut self.state, self.words, &mut acts);
        });
        for act in &acts {
            match act {
                Act::Edit(settings) => {
                    let taken = self.draft.edit((**settings).clone(), f64::from(self.frame) / 60.0, self.live);
                    self.around.refused = taken.err();
                }
                Act::Undo => _ = self.draft.undo(self.live),
                Act::Redo => _ = self.draft.redo(self.live),
                Act::EndTyping => self.draft.end_typing(),
                Act::OpenSettings(tab) => self.tab = *tab,
                Act::HoldServer(wrong) => self.around.wrong_server = wrong.clone(),
                Act::SetAppearance(appearance) => self.appearance = *appearance,
                Act::SetGain(gain) => {
                    let settings = ShowSettings { gain_db: *gain, ..self.draft.settings().clone() };
                    _ = self.draft.edit(settings, f64::from(self.frame) / 60.0, self.live);
                }
                _ => {}
            }
        }
        self.acts.append(&mut acts);
    }

    fn settings(&self) -> &ShowSettings {
        self.draft.settings()
    }
}

fn to(id: &str) -> ShowSettings {
    let destination = Service::by_id(id).unwrap().destination();
    ShowSettings { destinations: vec![destination], ..ShowSettings::default() }
}

fn with_key(id: &str) -> ShowSettings {
    let mut settings = to(id);
    settings.destinations[0].stream_key = Some(StreamKey::new(CANARY));
    settings
}

fn click(harness: &mut Harness<'_, World>, role: Role, label: &str) {
    harness.get_by_role_and_label(role, label).scroll_to_me();
    harness.run();
    harness.get_by_role_and_label(role, label).click();
    harness.run();
}

/// Chooses `item` in the picker `label`.
fn pick(harness: &mut Harness<'_, World>, label: &str, item: &str) {
    click(harness, Role::ComboBox, label);
    click(harness, Role::MenuItem, item);
}

/// Types `text` into the field in the place of what stands there.
fn fill(harness: &mut Harness<'_, World>, role: Role, label: &str, text: &str) {
    click(harness, role, label);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.get_by_role_and_label(role, label).type_text(text);
    harness.run();
}

fn enter(harness: &mut Harness<'_, World>) {
    harness.key_press(Key::Enter);
    harness.run();
}

/// Everything that a screen reader could say.
fn said(harness: &Harness<'_, World>) -> String {
    let mut said = String::new();
    for node in harness.root().children_recursive() {
        let node = node.accesskit_node();
        for part in [node.label(), node.value(), node.data().placeholder().map(str::to_owned)] {
            said.push_str(&part.unwrap_or_default());
            said.push('\n');
        }
    }
    said
}

#[test]
fn every_tab_fits_both_windows_in_both_languages_and_every_control_has_a_name() {
    for size in SIZES {
        for lang in Lang::ALL {
            for live in [false, true] {
                for tab in Tab::ALL {
                    let mut world = World::new(with_key("youtube"), tab);
                    world.draft =
                        Draft::new(ShowSettings { record: Some("/v/a.flv".into()), ..with_key("youtube") }, None);
                    (world.words, world.live) = (Words(lang), live);
                    let mut harness = world.harness(size);
                    // The check on controls without a name runs here.
                    harness.run();
                    // The whole area keeps 8 points of margin.
                    let right = size.x - 8.0;
                    let left = right - SHEET;
                    for node in harness.root().children_recursive() {
                        let Some(bounds) = node.accesskit_node().raw_bounds() else { continue };
                        let role = node.accesskit_node().role();
                        if [Role::Button, Role::TextInput, Role::ComboBox, Role::Tab, Role::CheckBox].contains(&role) {
                            let inside = bounds.x0 >= f64::from(left) - 1.0 && bounds.x1 <= f64::from(right) + 1.0;
                            assert!(inside, "{tab:?} {lang:?} {size}: {bounds:?} of {role:?}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_service_is_chosen_and_its_server_is_there() {
    for size in SIZES {
        let mut harness = World::new(ShowSettings::default(), Tab::Destination).harness(size);
        pick(&mut harness, "Service", "YouTube");
        let destination = &harness.state().settings().destinations[0];
        assert_eq!(destination.name, "YouTube");
        assert_eq!(destination.server, "rtmps://a.rtmps.youtube.com:443/live2");
        harness.get_by_label("What Tally knows of YouTube is from 2026-11. A custom server overrides it.");
        harness.get_by_label("You find it on studio.youtube.com");
        harness.get_by_label("No stream key");
        pick(&mut harness, "Server", "Without encryption");
        assert_eq!(harness.state().settings().destinations[0].server, "rtmp://a.rtmp.youtube.com/live2");
        harness.get_by_label("Not encrypted");
        click(&mut harness, Role::Button, "Fix Not encrypted");
        assert_eq!(harness.state().settings().destinations[0].server, "rtmps://a.rtmps.youtube.com:443/live2");
    }
}

#[test]
fn a_pasted_address_is_split_and_said_so() {
    let mut harness = World::new(to("youtube"), Tab::Destination).harness(SIZES[0]);
    pick(&mut harness, "Service", "Custom server");
    click(&mut harness, Role::TextInput, "Server");
    harness.event(egui::Event::Paste(format!(" rtmp://h.example/app/{CANARY}\n")));
    harness.run();
    let destination = harness.state().settings().destinations[0].clone();
    assert_eq!(destination.server, "rtmp://h.example/app");
    assert_eq!(destination.stream_key.as_ref().map(StreamKey::reveal), Some(CANARY));
    harness.get_by_label("The key was in the address; it is now in its own field");
    assert!(!said(&harness).contains("canary"), "{}", said(&harness));
}

#[test]
fn a_mistyped_scheme_is_named_at_once_and_nothing_is_taken() {
    let mut harness = World::new(to("nginx-rtmp"), Tab::Destination).harness(SIZES[1]);
    fill(&mut harness, Role::TextInput, "Server", "rmtp://h");
    harness.get_by_label("rmtp:// is mistyped: did you mean rtmp://?");
    enter(&mut harness);
    assert_eq!(harness.state().settings().destinations[0].server, "");
    // What was typed is still there to be put right.
    fill(&mut harness, Role::TextInput, "Server", "rtmp://h/live");
    enter(&mut harness);
    assert_eq!(harness.state().settings().destinations[0].server, "rtmp://h/live");
    assert!(harness.query_by_label("rmtp:// is mistyped: did you mean rtmp://?").is_none());
}

#[test]
fn a_key_and_a_password_that_were_not_read_are_shown_as_kept_replaced_and_forgotten() {
    let mut settings = to("nginx-rtmp");
    let destination = &mut settings.destinations[0];
    destination.unread.stream_key = Some(SecretEntry("a".to_owned()));
    destination.unread.password = Some(SecretEntry("b".to_owned()));
    let mut harness = World::new(settings, Tab::Destination).harness(SIZES[1]);
    harness.get_by_label("Stream key Kept, but this computer's keyring does not give it");
    harness.get_by_label("Password Kept, but this computer's keyring does not give it");
    let destination = |harness: &Harness<'_, World>| harness.state().settings().destinations[0].clone();
    click(&mut harness, Role::Button, "Forget password");
    assert!(!destination(&harness).has_password() && destination(&harness).has_key());
    click(&mut harness, Role::Button, "Replace stream key");
    fill(&mut harness, Role::PasswordInput, "Stream key", "other-key-9999");
    enter(&mut harness);
    assert!(destination(&harness).stream_key.is_some() && !destination(&harness).lacks_secrets());
    click(&mut harness, Role::Button, "Undo");
    click(&mut harness, Role::Button, "Forget stream key");
    assert!(!destination(&harness).has_key());
}

#[test]
fn what_the_service_wants_is_one_click_away() {
    let mut settings = with_key("youtube");
    settings.encoding.keyframe_seconds = 8.0;
    settings.encoding.sample_rate = 32_000;
    let mut harness = World::new(settings, Tab::Destination).harness(SIZES[0]);
    harness.get_by_label("Keyframe every 8 s");
    harness.get_by_label("YouTube wants one every 2 s, and refuses above 4 s");
    click(&mut harness, Role::Button, "Fix Keyframe every 8 s");
    assert_eq!(harness.state().settings().encoding.keyframe_seconds, 2.0);
    assert!(harness.query_by_label("Keyframe every 8 s").is_none());
    click(&mut harness, Role::Button, "Undo");
    click(&mut harness, Role::Button, "Fix all");
    let encoding = &harness.state().settings().encoding;
    assert_eq!((encoding.keyframe_seconds, encoding.sample_rate), (2.0, 48_000));
}

#[test]
fn a_backup_server_is_a_second_send() {
    let mut harness = World::new(with_key("youtube"), Tab::Destination).harness(SIZES[1]);
    pick(&mut harness, "Backup server", "rtmps://b.rtmps.youtube.com:443/live2?backup=1");
    let destinations = &harness.state().settings().destinations;
    assert_eq!((destinations.len(), destinations[1].name.as_str()), (2, "YouTube 2"));
    assert_eq!(destinations[1].stream_key, destinations[0].stream_key);
    pick(&mut harness, "Backup server", "None");
    assert_eq!(harness.state().settings().destinations.len(), 1);
}

#[test]
fn several_destinations_are_added_chosen_and_removed() {
    let mut harness = World::new(with_key("youtube"), Tab::Destination).harness(SIZES[0]);
    click(&mut harness, Role::Button, "Add destination");
    assert!(harness.query_by_role_and_label(Role::PasswordInput, "Stream key").is_some());
    pick(&mut harness, "Destination", "1 · YouTube");
    harness.get_by_label("Stream key is set, ends with x7kq");
    click(&mut harness, Role::Button, "Remove destination");
    assert_eq!(harness.state().settings().destinations, [Destination::at("")]);
}

#[test]
fn the_server_of_each_added_destination_is_typed_at_once() {
    let mut harness = World::new(with_key("youtube"), Tab::Destination).harness(SIZES[0]);
    for number in 2..=4 {
        click(&mut harness, Role::Button, "Add destination");
        assert!(harness.get_by_role_and_label(Role::TextInput, "Server").is_focused(), "destination {number}");
    }
}

#[test]
fn a_key_is_replaced_before_it_is_forgotten() {
    let mut harness = World::new(with_key("youtube"), Tab::Destination).harness(SIZES[0]);
    harness.get_by_label("Replace stream key").focus();
    harness.run();
    harness.key_press(Key::Tab);
    harness.run();
    assert!(harness.get_by_label("Forget stream key").is_focused());
    let [replace, forget] =
        ["Replace stream key", "Forget stream key"].map(|label| harness.get_by_label(label).rect().left());
    assert!(replace < forget, "{replace} {forget}");
}

#[test]
fn login_and_certificate_are_under_more() {
    let mut world = World::new(with_key("nginx-rtmp"), Tab::Destination);
    world.around.has_dialogs = true;
    let mut harness = world.harness(SIZES[1]);
    assert!(harness.query_by_role_and_label(Role::TextInput, "User").is_none());
    click(&mut harness, Role::Button, "More…");
    fill(&mut harness, Role::TextInput, "User", "ada");
    fill(&mut harness, Role::PasswordInput, "Password", "canary-pw");
    enter(&mut harness);
    fill(&mut harness, Role::TextInput, "Extra certificate (PEM)", "/ca.pem");
    enter(&mut harness);
    let destination = harness.state().settings().destinations[0].clone();
    assert_eq!((destination.user.as_deref(), destination.tls_ca), (Some("ada"), Some("/ca.pem".into())));
    assert_eq!(destination.password, Some(StreamKey::new("canary-pw")));
    assert!(!said(&harness).contains("canary"));
    // Another one replaces it once it is typed, and not before.
    let password = |harness: &Harness<'_, World>| harness.state().settings().destinations[0].password.clone();
    click(&mut harness, Role::Button, "Replace password");
    assert_eq!(password(&harness), Some(StreamKey::new("canary-pw")));
    click(&mut harness, Role::Button, "Cancel");
    assert_eq!(password(&harness), Some(StreamKey::new("canary-pw")));
    click(&mut harness, Role::Button, "Replace password");
    fill(&mut harness, Role::PasswordInput, "Password", "other-pw");
    enter(&mut harness);
    assert_eq!(password(&harness), Some(StreamKey::new("other-pw")));
    click(&mut harness, Role::Button, "Choose…");
    assert_eq!(harness.state().acts.last(), Some(&Act::AskPath(DialogRequest::TlsCa(0))));
}

#[test]
fn a_link_takes_over_a_whole_show() {
    let mut harness = World::new(to("nginx-rtmp"), Tab::Destination).harness(SIZES[0]);
    click(&mut harness, Role::TextInput, "Server");
    harness.event(egui::Event::Paste("tally:show?v=1&size=640x360".to_owned()));
    harness.run();
    let link =
        harness.state().acts.iter().find_map(|act| if let Act::OpenLink(link) = act { Some(link) } else { None });
    assert_eq!(link.unwrap().settings.encoding.size, Size::new(640, 360));
}

#[test]
fn the_card_is_chosen_typed_and_browsed_for() {
    let mut world = World::new(to("youtube"), Tab::Picture);
    world.around.has_dialogs = true;
    let mut harness = world.harness(SIZES[1]);
    let pick = |harness: &mut Harness<'_, World>, from: &str, to: &str| {
        harness.get_by_role_and_label(Role::ComboBox, from).click();
        harness.run();
        harness.get_by_label(to).click();
        harness.run();
    };
    for (to, wanted) in [("Leave the last picture", "off"), ("Show my own picture", ""), ("Show a card", "on")] {
        pick(&mut harness, "When the picture stops", to);
        assert_eq!(harness.state().settings().card.to_string(), wanted);
    }
    pick(&mut harness, "When the picture stops", "Show my own picture");
    harness.get_by_label("Choose…").click();
    harness.run();
    assert!(harness.state().acts.contains(&Act::AskPath(DialogRequest::Card)));
}

#[test]
fn the_picture_is_chosen_typed_undone_and_redone() {
    for size in SIZES {
        let mut harness = World::new(to("youtube"), Tab::Picture).harness(size);
        pick(&mut harness, "Size", "1920×1080");
        pick(&mut harness, "Frame rate", "29.97");
        fill(&mut harness, Role::TextInput, "Bitrate in kb/s", "4500");
        let encoding = harness.state().settings().encoding.clone();
        assert_eq!(encoding.video_bitrate, Bitrate::from_kbps(4500));
        assert_eq!((encoding.size, encoding.frame_rate.num()), (Size::new(1920, 1080), 30_000));
        assert!(matches!(harness.state().acts.last(), Some(Act::Edit(_))), "{:?}", harness.state().acts);
        fill(&mut harness, Role::TextInput, "Seconds between keyframes", "2,5");
        assert_eq!(harness.state().settings().encoding.keyframe_seconds, 2.5);
        click(&mut harness, Role::CheckBox, "Follow the network");
        assert!(!harness.state().settings().encoding.adaptive);

        for _ in 0..3 {
            click(&mut harness, Role::Button, "Undo");
        }
        let encoding = &harness.state().settings().encoding;
        assert_eq!((encoding.video_bitrate.kbps(), encoding.keyframe_seconds), (3000, 2.0));
        assert_eq!(encoding.size, Size::new(1920, 1080));
        click(&mut harness, Role::Button, "Redo");
        assert_eq!(harness.state().settings().encoding.video_bitrate.kbps(), 4500);
    }
}

#[test]
fn a_number_that_makes_no_sense_is_told_and_not_taken() {
    let mut harness = World::new(to("youtube"), Tab::Picture).harness(SIZES[0]);
    fill(&mut harness, Role::TextInput, "Bitrate in kb/s", "12345678");
    harness.get_by_label("Use 50 to 50000");
    fill(&mut harness, Role::TextInput, "Bitrate in kb/s", "none");
    harness.get_by_label("Use 50 to 50000");
    let typed = |act: &Act| matches!(act, Act::Edit(s) if !(50..=50_000).contains(&s.encoding.video_bitrate.kbps()));
    assert!(!harness.state().acts.iter().any(typed));
    // The first digits may be a number of their own: what was set before the first of them is set again.
    fill(&mut harness, Role::TextInput, "Bitrate in kb/s", "30000");
    harness.get_by_role_and_label(Role::TextInput, "Bitrate in kb/s").type_text("00");
    harness.run();
    harness.get_by_label("Use 50 to 50000");
    assert_eq!(harness.state().settings().encoding.video_bitrate.kbps(), 3000);
    harness.key_press(Key::Backspace);
    harness.run();
    harness.key_press(Key::Backspace);
    harness.run();
    assert_eq!(harness.state().settings().encoding.video_bitrate.kbps(), 30_000);
    fill(&mut harness, Role::TextInput, "Bitrate in kb/s", "2000");
    assert!(harness.query_by_label("Use 50 to 50000").is_none());
    assert_eq!(harness.state().settings().encoding.video_bitrate.kbps(), 2000);
}

#[test]
fn keys_undo_and_redo_outside_of_fields() {
    let mut harness = World::new(to("youtube"), Tab::Picture).harness(SIZES[0]);
    pick(&mut harness, "Size", "640×360");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run();
    assert_eq!(harness.state().settings().encoding.size, Size::new(1280, 720));
    harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    harness.run();
    assert_eq!(harness.state().settings().encoding.size, Size::new(640, 360));
}

#[test]
fn while_live_what_must_stay_is_locked_with_the_reason_and_the_bitrate_is_open() {
    for size in SIZES {
        let mut world = World::new(with_key("youtube"), Tab::Picture);
        world.live = true;
        let mut harness = world.harness(size);
        let is_disabled = |harness: &Harness<'_, World>, role, label: &str| {
            harness.get_by_role_and_label(role, label).accesskit_node().is_disabled()
        };
        for label in ["Size", "Frame rate"] {
            assert!(is_disabled(&harness, Role::ComboBox, label), "{label}");
        }
        assert!(is_disabled(&harness, Role::TextInput, "Seconds between keyframes"));
        harness.get_by_label("Locked while live");
        harness.get_by_label_contains("services end a show whose picture changes its form");
        fill(&mut harness, Role::TextInput, "Bitrate in kb/s", "1800");
        enter(&mut harness);
        assert_eq!(harness.state().settings().encoding.video_bitrate.kbps(), 1800);
        assert_eq!(harness.state().around.refused, None);

        for (tab, reason) in [
            ("Destination", "the connection stands"),
            ("Sound", "services end a show whose sound changes its form"),
            ("Recording", "its file is being written"),
        ] {
            click(&mut harness, Role::Tab, tab);
            let reason = harness.get_by_label_contains(reason);
            assert!(reason.rect().width() > 0.0);
        }
        click(&mut harness, Role::Tab, "Destination");
        assert!(is_disabled(&harness, Role::ComboBox, "Service"));
        assert!(is_disabled(&harness, Role::Button, "Forget stream key"));
    }
}

#[test]
fn while_live_each_destination_can_be_looked_at() {
    let mut settings = with_key("youtube");
    settings.destinations.extend(with_key("twitch").destinations);
    let mut world = World::new(settings.clone(), Tab::Destination);
    world.live = true;
    let mut harness = world.harness(SIZES[0]);
    let second = harness.state().words.destination_number(2, settings.destinations[1].shown_name());
    pick(&mut harness, "Destination", &second);
    assert_eq!(harness.get_by_role_and_label(Role::ComboBox, "Service").value().as_deref(), Some("Twitch"));
    assert!(harness.get_by_role_and_label(Role::Button, "Remove destination").accesskit_node().is_disabled());
    assert_eq!(*harness.state().settings(), settings);
}

#[test]
fn sound_is_chosen() {
    for size in SIZES {
        let mut world = World::new(to("youtube"), Tab::Sound);
        let usb = DeviceView { id: "usb-1".to_owned(), name: "USB Audio CODEC".to_owned() };
        world.around.microphones = Devices::Found(vec![usb]);
        let mut harness = world.harness(size);
        pick(&mut harness, "Device", "USB Audio CODEC");
        pick(&mut harness, "Sample rate", "44.1 kHz");
        pick(&mut harness, "Sound bitrate", "160 kb/s");
        pick(&mut harness, "Channels", "Mono");
        let settings = harness.state().settings().clone();
        assert_eq!(settings.audio, AudioChoice::Microphone(Some("usb-1".to_owned())));
        assert_eq!((settings.encoding.sample_rate, settings.encoding.channels), (44_100, 1));
        assert_eq!(settings.encoding.audio_bitrate.kbps(), 160);
        harness.get_by_role_and_label(Role::Slider, "Volume in dB").set_value_accesskit(-6.0);
        harness.run();
        assert_eq!(harness.state().acts.last(), Some(&Act::SetGain(-6.0)));
        pick(&mut harness, "Device", "File");
        fill(&mut harness, Role::TextInput, "Path of a sound or clip", "/a.wav");
        enter(&mut harness);
        assert_eq!(harness.state().settings().audio, AudioChoice::File("/a.wav".into()));
    }
}

#[test]
fn the_recording_has_a_folder_a_name_and_room() {
    for size in SIZES {
        let mut world = World::new(ShowSettings { record: Some("/v/a.flv".into()), ..to("youtube") }, Tab::Recording);
        world.around.has_dialogs = true;
        // An hour of 3128 kb/s and 2 %.
        world.around.disk_free = Some(398_820 * 3600);
        let mut harness = world.harness(size);
        harness.get_by_label("Room for 1 h 00 min at this rate");
        fill(&mut harness, Role::TextInput, "File name", "Sunday {date}");
        enter(&mut harness);
        assert_eq!(harness.state().settings().record, Some("/v/Sunday {date}.flv".into()));
        fill(&mut harness, Role::TextInput, "Folder", "/w/x");
        enter(&mut harness);
        assert_eq!(harness.state().settings().record, Some("/w/x/Sunday {date}.flv".into()));
        click(&mut harness, Role::Button, "Choose…");
        let asked = Act::AskPath(DialogRequest::RecordingFolder("/w/x".into()));
        assert_eq!(harness.state().acts.last(), Some(&asked));
        click(&mut harness, Role::CheckBox, "Record every show");
        assert_eq!(harness.state().settings().record, None);
        click(&mut harness, Role::CheckBox, "Record every show");
        let path = harness.state().settings().record.clone().unwrap();
        assert!(path.to_string_lossy().ends_with("Tally {date} {time}.mp4"), "{path:?}");
    }
}

#[test]
fn the_recording_has_a_form_and_goes_on_in_other_files() {
    let world = World::new(ShowSettings { record: Some("/v/a.flv".into()), ..to("youtube") }, Tab::Recording);
    let mut harness = world.harness(SIZES[1]);
    pick(&mut harness, "Format", "MP4");
    assert_eq!(harness.state().settings().record, Some("/v/a.mp4".into()));
    pick(&mut harness, "Format", "FLV");
    assert_eq!(harness.state().settings().record, Some("/v/a.flv".into()));
    for (item, split) in [("After 30 min", Some("30m")), ("Before it is larger than 4 GB", Some("4G")), ("Never", None)]
    {
        pick(&mut harness, "Begin another file", item);
        assert_eq!(harness.state().settings().record_split, split.map(|split| split.parse().unwrap()));
    }
}

#[test]
fn keys_and_about_tell_what_they_are_for() {
    let mut harness = World::new(to("youtube"), Tab::Keys).harness(SIZES[0]);
    harness.get_by_label("Go live, end show");
    click(&mut harness, Role::Tab, "About");
    harness.get_by_label_contains(env!("CARGO_PKG_VERSION"));
    harness.get_by_label_contains("Fraunhofer FDK AAC Codec Library");
    pick(&mut harness, "Look", "High contrast");
    pick(&mut harness, "Text size", "150 %");
    let appearance = harness.state().appearance;
    assert_eq!((appearance.look, appearance.scale), (Some(Look::HighContrast), 1.5));
}

#[test]
fn the_sheet_is_used_by_keyboard_alone() {
    let mut harness = World::new(to("youtube"), Tab::Picture).harness(SIZES[0]);
    let mut seen = Vec::new();
    for _ in 0..14 {
        harness.key_press(Key::Tab);
        harness.run();
        let focused = harness.root().children_recursive().find(|node| node.is_focused());
        seen.extend(focused.and_then(|node| node.accesskit_node().label()));
    }
    for label in ["Picture", "Size", "Frame rate", "Bitrate in kb/s", "Follow the network"] {
        assert!(seen.iter().any(|name| name == label), "{label} in {seen:?}");
    }
}
