//! Every state of the window, painted for real. `make screenshots` writes all of them to `target/screenshots/`; the tests
//! paint some and look at what came out.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use eframe::egui::{Color32, ColorImage, Key, Role, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

use super::canvas::{Canvas, Textures, save};
use super::window::{Desk, SIZES, desk, open_with, seen};
use super::{check, devices, ended, flight, levels, model, ready, said, settings, state, stats};
use crate::media::{Bitrate, FrameRate, Level, Picture, Size, Timestamp};
use crate::settings::catalogue::SERVICES;
use crate::settings::{KeysIn, ShowSettings, StreamKey};
use crate::studio::rehearsal::{Good, MeasuredStream, Verdict};
use crate::studio::{
    DestinationState as D, DeviceKind, Levels, Problem, ProblemKind, SourceState, Stats, StudioEvent, Summary,
    ViewerNow,
};
use crate::ui::dialogs::DialogAnswer;
use crate::ui::model::Model;
use crate::ui::profiles::{ProfileAnswer, ProfileDone};
use crate::ui::theme::Look;
use crate::ui::view::{Act, Appearance, Tab};
use crate::ui::widgets::{GlowPicture, PictureView};
use crate::ui::wording::{Lang, Text, Words};
use crate::video::TestPattern;

/// Where the pictures go; the tests run without it.
const FOLDER: &str = "TALLY_SCREENSHOTS";

type Window = Harness<'static, Desk>;

/// One state: its file's name, the window in it, and what is pressed before the picture is taken.
struct Scene {
    name: &'static str,
    desk: Desk,
    press: fn(&mut Window),
}

fn scene(name: &'static str, model: Model) -> Scene {
    Scene { name, desk: Desk { now: 766.0, ..desk(model) }, press: |_| {} }
}

/// Paints `scene` at `size` points.
fn painted(canvas: &mut Canvas, scene: Scene, look: Look, size: Vec2) -> ColorImage {
    let picture = test_picture();
    let textures = Textures::default();
    let desk = Desk { look, picture: picture.clone(), ..scene.desk };
    let mut window = open_with(desk, size, textures.clone());
    (scene.press)(&mut window);
    window.run_steps(3);
    let image = canvas.paint(&window.ctx.clone(), window.output(), &textures);
    picture.free(canvas.gl());
    image
}

fn test_picture() -> Rc<GlowPicture> {
    let size = Size::new(1280, 720);
    let rate = FrameRate::new(30, 1).unwrap();
    let mut picture = Picture::black(size);
    TestPattern::new(size, rate).draw(&mut picture, 412, Timestamp::from_millis(13_733), 1_795_000_000_000);
    let mut view = GlowPicture::default();
    view.show(Arc::new(picture));
    Rc::new(view)
}

/// Live since second 5, with a minute behind it.
fn on_air() -> Model {
    let mut model = seen(model());
    model.handle_event(0.0, StudioEvent::DiskRoom(Some(12_600_000_000)));
    model.handle_act(1.0, Act::ToggleRecord);
    model.handle_act(4.0, Act::GoLive);
    model.handle_event(4.1, state(D::Connecting));
    model.handle_event(5.0, state(D::Live));
    for second in 0..60_u32 {
        let dip = if (34..38).contains(&second) { 900.0 } else { f64::from(second * 7 % 11) * 12.0 };
        let stats =
            Stats { video_kbps: 2880.0 - dip, queue_ms: if dip > 500.0 { 420.0 } else { 40.0 }, ..stats(D::Live) };
        model.handle_event(6.0 + f64::from(second), StudioEvent::Stats(Box::new(stats)));
    }
    model.handle_levels(&levels(-13.4));
    model
}

fn rehearsal_over() -> Model {
    let mut model = seen(model());
    model.handle_act(1.0, Act::Rehearse);
    model.handle_event(2.0, state(D::Live));
    let report = crate::studio::rehearsal::RehearsalReport {
        frames_sent: 900,
        frames_received: 900,
        keyframe_seconds: Some(2.0),
        keyframe_intervals: vec![2.0; 14],
        video_kbps: 2990.0,
        kbps_by_second: (0..29).map(|second| [2940.0 + f64::from(second * 37 % 11) * 14.0, 128.0]).collect(),
        stream: MeasuredStream {
            size: Some(Size::new(1280, 720)),
            fps: Some(30.0),
            video_kbps: 2990.0,
            audio_kbps: 128.0,
            sound: Some((48_000, 2)),
            keyframe_seconds_max: Some(2.0),
        },
        keyframes_as_chosen: 14,
        findings: Vec::new(),
        av_offset_ms: Some(4.2),
        latency_ms_median: Some(31.0),
        latency_ms_p99: Some(44.0),
        lufs: Some(-16.3),
        true_peak_dbtp: Some(-3.0),
        verdict: Verdict::Good(Good {
            pictures: 900,
            keyframe_seconds: Some(2.0),
            av_offset_ms: Some(4.2),
            lufs: Some(-16.3),
        }),
    };
    model.handle_event(33.0, StudioEvent::Rehearsal(Box::new(report)));
    model.handle_event(33.0, over(30, None));
    model
}

fn rehearsing() -> Model {
    let mut model = seen(model());
    model.handle_act(740.0, Act::Rehearse);
    model.handle_event(741.0, state(D::Live));
    model.handle_event(742.0, StudioEvent::Stats(Box::new(stats(D::Live))));
    let level = |peak_dbfs| Level { peak_dbfs, rms_dbfs: peak_dbfs - 6.0 };
    model.handle_viewer(&ViewerNow { channels: vec![level(-14.1), level(-15.0)], latency_ms: Some(61.0) });
    model
}

const ADDRESS: &str = "http://192.168.1.23:41807/watch/rehearsal/show?key=k7m2ppwq9x";

fn no_network() -> Problem {
    Problem::new(
        ProblemKind::IngestFailed,
        "rehearsal",
        "this computer is not on a network that others could come from",
    )
}

fn sharing(acts: &[Act], shared: Option<Result<String, Problem>>) -> Model {
    let mut model = rehearsing();
    for act in acts {
        model.handle_act(750.0, act.clone());
    }
    if let Some(shared) = shared {
        model.handle_event(751.0, StudioEvent::RehearsalShared(shared));
    }
    model
}

/// A phone is the picture and the sound.
fn incoming() -> Model {
    let mut model = seen(model());
    model.handle_act(8.0, Act::PickVideo("ingest:phone".parse().unwrap()));
    model.handle_act(8.0, Act::PickAudio("ingest:phone".parse().unwrap()));
    for kind in [DeviceKind::Camera, DeviceKind::Microphone] {
        let name = if kind == DeviceKind::Camera { "phone (picture)" } else { "phone (sound)" };
        let mut event = ready(kind, name);
        if let StudioEvent::Source { state: SourceState::Ready(info), .. } = &mut event {
            info.address = Some("rtmp://192.168.1.20:1935/live/phone?key=KEY".to_owned());
        }
        model.handle_event(9.0, event);
    }
    model
}

/// It may send from the network, and is shown how.
fn sending() -> Model {
    let mut model = incoming();
    let done = Ok(ProfileDone::IncomingKey(
        "/home/anna/.config/tally/incoming-key.txt".into(),
        StreamKey::new("k7m2ppwq9xab"),
    ));
    model.handle_profile(10.0, ProfileAnswer { done, ..profiles(&["Church, Sunday"]) });
    let mut event = ready(DeviceKind::Camera, "phone (picture)");
    if let StudioEvent::Source { state: SourceState::Ready(info), .. } = &mut event {
        info.address = Some(format!("rtmp://192.168.1.20:1935/live/phone?key={}", crate::studio::KEY_IN_FILE));
    }
    model.handle_event(11.0, event);
    model
}

fn over(seconds: u64, failure: Option<Problem>) -> StudioEvent {
    match ended(seconds, failure) {
        StudioEvent::Ended(summary) => StudioEvent::Ended(Box::new(Summary {
            recordings: vec!["/home/anna/Videos/Tally 2026-11-22 10-00-04.mp4".into()],
            ..*summary
        })),
        other => other,
    }
}

fn failed(kind: ProblemKind, said_by_server: Option<&str>) -> Model {
    let mut model = seen(model());
    model.handle_act(1.0, Act::GoLive);
    let problem = Problem::new(kind, "live.example.com:1935", "in step publish");
    let problem = said_by_server.map_or(problem.clone(), |words| said(problem, words));
    model.handle_event(2.0, StudioEvent::Problem(problem.clone()));
    model.handle_event(2.1, ended(0, Some(problem)));
    model
}

/// A show to YouTube that YouTube wants otherwise.
fn to_youtube() -> ShowSettings {
    let service = SERVICES.iter().find(|service| service.id == "youtube").unwrap();
    let mut settings = settings();
    settings.destinations = vec![service.destination()];
    settings.destinations[0].stream_key = Some(StreamKey::new("abcd-efgh-ijkl-mnop-9f2c"));
    settings.encoding.keyframe_seconds = 8.0;
    settings.encoding.video_bitrate = Bitrate::from_kbps(2000);
    settings.record = Some("/home/anna/Videos/Tally {date} {time}.mp4".into());
    settings
}

fn profiles(names: &[&str]) -> ProfileAnswer {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let done = Ok(ProfileDone::Resumed { session: None, saved: None });
    ProfileAnswer { done, asked: false, told: Vec::new(), names, deleted: None, keys_in: KeysIn::Keyring }
}

fn with_settings(settings: ShowSettings, tab: Tab) -> Model {
    let mut model = seen(Model::new(settings, Some("Church".to_owned()), Appearance::default(), false));
    model.handle_event(0.0, StudioEvent::DiskRoom(Some(12_600_000_000)));
    model.handle_profile(0.0, profiles(&["Church", "School choir", "Sonntag früh", "Été à Łódź"]));
    model.handle_dialog(0.0, DialogAnswer::Available(true));
    model.handle_act(1.0, Act::OpenSettings(tab));
    model
}

fn click(window: &mut Window, role: Role, label: &str) {
    window.get_by_role_and_label(role, label).click();
    window.run();
}

const RIBBON: &str = "Health of the show, second by second";

/// Points at the ribbon, so far from its left end of 1.
fn point_at(window: &mut Window, part: f32) {
    let name = window.state().words.text(Text::Health);
    let ribbon = window.get_by_role_and_label(Role::Slider, name);
    ribbon.scroll_to_me();
    window.run();
    let rect = window.get_by_role_and_label(Role::Slider, name).rect();
    window.hover_at(rect.lerp_inside(vec2(part, 0.5)));
    window.run();
}

/// Two hours: narrow for a while, once a loss, a minute without a connection.
fn hours() -> Model {
    flight::show(2 * 3600, |second, stats| match second {
        1800..1950 => stats.network_kbps = Some(1400.0),
        4100 => stats.dropped = 21,
        5000..5060 => stats.state = D::Reconnecting,
        _ => {}
    })
}

fn hours_over() -> Model {
    let mut model = hours();
    model.handle_act(7300.0, Act::EndShow);
    let StudioEvent::Ended(mut summary) = over(7200, None) else { panic!() };
    summary.recordings = (1..=7).map(|file| format!("/home/anna/Videos/Tally-{file}.mp4").into()).collect();
    model.handle_event(7301.0, StudioEvent::Ended(summary));
    model
}

/// Every state there is.
fn scenes() -> Vec<Scene> {
    let scaled = |model: Model, scale: f32| {
        let mut model = model;
        model.handle_act(9.0, Act::SetAppearance(Appearance { look: None, lang: None, scale }));
        model
    };
    let first_run = || seen(Model::new(settings(), None, Appearance::default(), true));
    let mut first_without_camera = Model::new(ShowSettings::default(), None, Appearance::default(), true);
    first_without_camera.handle_event(0.0, devices(DeviceKind::Camera, &[]));
    first_without_camera.handle_time(0.0);
    first_without_camera.handle_event(0.0, ready(DeviceKind::Camera, "Test picture"));
    let mut no_camera = model();
    no_camera.handle_event(0.0, devices(DeviceKind::Camera, &[]));
    no_camera.handle_event(0.0, devices(DeviceKind::Microphone, &[]));
    for (kind, about) in [(DeviceKind::Camera, "camera"), (DeviceKind::Microphone, "microphone")] {
        let missing = Problem::new(ProblemKind::SourceNotFound, about, "");
        no_camera.handle_event(0.0, StudioEvent::Source { kind, state: SourceState::Failed(missing) });
    }
    let mut forbidden = model();
    let refused = Problem::new(ProblemKind::SourcePermission, "HD Webcam", "Permission denied");
    let state_of = |state| StudioEvent::Source { kind: DeviceKind::Camera, state };
    forbidden.handle_event(0.0, state_of(SourceState::Failed(refused)));
    forbidden.handle_event(0.0, ready(DeviceKind::Microphone, "USB Audio CODEC"));
    let mut connecting = seen(model());
    connecting.handle_act(765.0, Act::GoLive);
    connecting.handle_event(765.1, state(D::Connecting));
    let mut muted = on_air();
    muted.handle_act(700.0, Act::SetMuted(true));
    let mut clipped = on_air();
    clipped.handle_levels(&Levels { clipped: true, ..levels(-0.1) });
    let narrow = || {
        let mut narrow = on_air();
        for second in 0..4 {
            let stats = Stats { video_kbps: 2100.0, congestion: 0.8, queue_ms: 560.0, dropped: 14, ..stats(D::Live) };
            narrow.handle_event(70.0 + f64::from(second), StudioEvent::Stats(Box::new(stats)));
        }
        narrow
    };
    let mut lost = on_air();
    lost.handle_event(758.0, state(D::Reconnecting));
    let told = Problem::new(ProblemKind::ConnectionLost, "live.example.com:1935", "nothing was acknowledged for 4.0 s");
    lost.handle_event(758.0, StudioEvent::Problem(told));
    for second in 0..8_u32 {
        let stats = Stats { video_kbps: 0.0, audio_kbps: 0.0, queue_ms: 40.0, ..stats(D::Reconnecting) };
        lost.handle_event(758.5 + f64::from(second), StudioEvent::Stats(Box::new(stats)));
    }
    let mut ending = on_air();
    ending.handle_act(765.0, Act::EndShow);
    let mut unheard = seen(model());
    let missing = Problem::new(ProblemKind::SourceNotFound, "microphone", "");
    let state = SourceState::Failed(missing.clone());
    unheard.handle_event(1.0, StudioEvent::Source { kind: DeviceKind::Microphone, state });
    unheard.handle_act(765.0, Act::GoLive);
    unheard.handle_event(765.1, ended(0, Some(missing)));
    let mut ended = on_air();
    ended.handle_event(760.0, over(755, None));
    let mut unplugged = on_air();
    let gone = Problem::new(ProblemKind::SourceLost, "HD Webcam", "unplugged");
    unplugged.handle_event(700.0, state_of(SourceState::Lost(gone)));
    let warning = said(Problem::new(ProblemKind::ServerWarning, "YouTube", "onStatus"), "Bitrate below recommended");
    unplugged.handle_event(701.0, StudioEvent::Problem(warning));
    let mut locked = on_air();
    locked.handle_act(700.0, Act::OpenSettings(Tab::Picture));
    let nowhere = ShowSettings { destinations: Vec::new(), ..settings() };
    let german = |scene: Scene| Scene { desk: Desk { words: Words(Lang::German), ..scene.desk }, ..scene };
    vec![
        scene("first-run", first_run()),
        scene("first-run-no-camera", first_without_camera),
        scene("ready", seen(model())),
        scene("ready-finding", with_settings(to_youtube(), Tab::About)).closed(),
        scene("no-camera", no_camera),
        scene("no-permission", forbidden),
        scene("no-microphone", unheard),
        scene("connecting", connecting),
        scene("live", on_air()),
        scene("live-scrub", flight::show(60, flight::eventful)).pressing(|window| point_at(window, 10.5 / 60.0)),
        scene("live-scrub-hours", hours()).pressing(|window| {
            window.get_by_role_and_label(Role::Slider, RIBBON).focus();
            window.run();
            window.key_press(Key::PageUp);
            window.run();
        }),
        scene("live-muted-talking", muted),
        scene("live-clipped", clipped),
        scene("live-narrow", narrow()),
        scene("live-problems", unplugged),
        scene("live-ask-end", on_air()).pressing(|window| {
            window.key_press_modifiers(eframe::egui::Modifiers::COMMAND, Key::L);
            window.run();
        }),
        scene("live-settings", locked),
        scene("reconnecting", lost),
        scene("ending", ending),
        scene("result", ended),
        scene("result-scrub", hours_over()).pressing(|window| point_at(window, 4100.0 / 7200.0)),
        scene("rehearsal", rehearsing()),
        scene("rehearsal-share-asks", sharing(&[Act::AskToShare], None)),
        scene("rehearsal-shared", sharing(&[Act::AskToShare, Act::Share], Some(Ok(ADDRESS.to_owned())))),
        scene("rehearsal-share-failed", sharing(&[Act::AskToShare, Act::Share], Some(Err(no_network())))),
        scene("result-rehearsal", rehearsal_over()),
        scene("result-refused", failed(ProblemKind::PublishRejected, Some("Stream key is not valid any more"))),
        scene("result-down", failed(ProblemKind::ConnectionRefused, None)),
        scene("check-running", check::running()),
        scene("check-ready", check::ready()),
        scene("check-narrow", check::narrow()),
        scene("check-refused", check::refused()),
        german(scene("check-narrow-german", check::narrow())),
        scene("check-text-200", scaled(check::narrow(), 2.0)),
        scene("settings-destination", with_settings(to_youtube(), Tab::Destination)),
        scene("settings-new-destination", with_settings(nowhere, Tab::Destination)),
        scene("settings-picture", with_settings(to_youtube(), Tab::Picture)),
        scene("settings-sound", with_settings(to_youtube(), Tab::Sound)),
        scene("settings-recording", with_settings(to_youtube(), Tab::Recording)),
        scene("settings-keys", with_settings(to_youtube(), Tab::Keys)),
        scene("settings-about", with_settings(to_youtube(), Tab::About)),
        scene("settings-services", with_settings(to_youtube(), Tab::Destination))
            .pressing(|window| click(window, Role::ComboBox, "Service")),
        scene("profiles", with_settings(to_youtube(), Tab::About))
            .closed()
            .pressing(|window| click(window, Role::ComboBox, "Profiles")),
        scene("show-card", with_settings(to_youtube(), Tab::About)).closed().pressing(|window| {
            click(window, Role::ComboBox, "Profiles");
            click(window, Role::MenuItem, "Show card…");
        }),
        scene("keys", seen(model())).pressing(|window| {
            window.key_press(Key::F1);
            window.run();
        }),
        scene("keys-text-200", scaled(seen(model()), 2.0)).pressing(|window| {
            window.key_press(Key::F1);
            window.run();
        }),
        scene("cameras", seen(model())).pressing(|window| click(window, Role::ComboBox, "Camera")),
        scene("clip-path", seen(model())).pressing(|window| {
            click(window, Role::ComboBox, "Camera");
            click(window, Role::MenuItem, "Clip…");
        }),
        scene("stream-name", seen(model())).pressing(|window| {
            click(window, Role::ComboBox, "Camera");
            click(window, Role::MenuItem, "Incoming stream…");
        }),
        scene("incoming", incoming()),
        scene("incoming-phone", sending()),
        german(scene("live-german", on_air())),
        german(
            scene("live-scrub-german", flight::show(60, flight::eventful))
                .pressing(|window| point_at(window, 30.5 / 60.0)),
        ),
        german(scene("first-run-german", first_run())),
        scene("live-text-200", scaled(on_air(), 2.0)),
        scene("settings-text-200", scaled(with_settings(to_youtube(), Tab::Destination), 2.0)),
        scene("first-run-text-200", scaled(first_run(), 2.0)),
        scene("ready-text-200", scaled(seen(model()), 2.0)),
        german(scene("live-narrow-text-200-german", scaled(narrow(), 2.0))),
        scene("rehearsal-text-200", scaled(rehearsing(), 2.0)),
        scene("result-text-200", scaled(hours_over(), 2.0)),
        scene("live-text-80", scaled(on_air(), 0.8)),
        scene("live-scrub-text-200", scaled(flight::show(60, flight::eventful), 2.0))
            .pressing(|window| point_at(window, 10.5 / 60.0)),
    ]
}

impl Scene {
    fn pressing(self, press: fn(&mut Window)) -> Self {
        Self { press, ..self }
    }

    /// Without the settings beside it.
    fn closed(mut self) -> Self {
        self.desk.model.handle_act(2.0, Act::CloseSettings);
        self
    }
}

fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os(FOLDER)?);
    std::fs::create_dir_all(&folder).unwrap();
    Some(folder)
}

/// In a test run a few scenes, with `TALLY_SCREENSHOTS` all of them, in every look.
#[test]
fn every_state_is_painted() {
    let folder = folder();
    let looks: &[(Look, &str)] = &[(Look::Dark, "dark"), (Look::Light, "light"), (Look::HighContrast, "contrast")];
    let large = folder.is_some().then_some(vec2(3840.0, 2160.0));
    for size in SIZES.into_iter().chain(large) {
        let mut canvas = Canvas::new([size.x as u32, size.y as u32]);
        for (look, word) in looks {
            for scene in scenes() {
                let wanted = match (&folder, *look) {
                    (Some(_), _) if Some(size) == large => *look == Look::Dark && scene.name.starts_with("settings-d"),
                    (Some(_), Look::HighContrast) => scene.name == "live" || scene.name == "settings-destination",
                    (Some(_), _) => true,
                    (None, _) => ["first-run", "live", "settings-destination"].contains(&scene.name),
                };
                if !wanted {
                    continue;
                }
                let name = scene.name;
                let image = painted(&mut canvas, scene, *look, size);
                assert!(colours(&image) > 60, "{name} {word} {size}: hardly anything is painted");
                if let Some(folder) = &folder {
                    save(&image, &folder.join(file_name(name, word, size)));
                }
            }
        }
    }
}

/// A window manager may ask for any size.
#[test]
fn every_state_is_drawn_in_windows_that_are_far_too_small() {
    for size in [vec2(200.0, 150.0), vec2(300.0, 220.0), vec2(400.0, 300.0)] {
        for scale in [1.0, 2.0] {
            for mut scene in scenes() {
                let appearance = Appearance { scale, ..scene.desk.model.appearance() };
                scene.desk.model.handle_act(766.0, Act::SetAppearance(appearance));
                open_with(scene.desk, size, Textures::default()).run_steps(2);
            }
        }
    }
}

/// Words that no German sentence has.
const ENGLISH: [&str; 22] = [
    "the", "is", "are", "and", "of", "with", "your", "you", "this", "from", "has", "have", "its", "it", "to", "for",
    "no", "be", "that", "what", "nothing", "cannot",
];

/// What a window says in German; what is pressed by its English name is not.
fn german_texts(scene: Scene) -> Vec<String> {
    let desk = Desk { words: Words(Lang::German), ..scene.desk };
    let mut window = open_with(desk, SIZES[1], Textures::default());
    window.run_steps(3);
    let nodes = window.root().children_recursive().map(|node| node.accesskit_node());
    let licences = include_str!("../../../NOTICE").split_whitespace().collect::<Vec<_>>().join(" ");
    let texts = nodes.flat_map(|node| [node.label(), node.value()]).flatten();
    // Licences are in the words of their owners, and so is what a server says.
    let own = texts.filter(|text| !licences.contains(&text.split_whitespace().collect::<Vec<_>>().join(" ")));
    own.map(|text| text.split(['„', '“', '”']).step_by(2).collect()).collect()
}

#[test]
fn in_german_nothing_is_english() {
    let mut found = Vec::new();
    for scene in scenes() {
        let name = scene.name;
        for text in german_texts(scene) {
            let words = text.split(|letter: char| !letter.is_alphanumeric()).map(str::to_lowercase);
            let english = words.filter(|word| ENGLISH.contains(&word.as_str())).count();
            if english > 1 {
                found.push(format!("{name}: {text}"));
            }
        }
    }
    found.sort();
    found.dedup();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn file_name(name: &str, look: &str, size: Vec2) -> String {
    format!("{name}-{look}-{}x{}.png", size.x, size.y)
}

/// How many colours there are, up to what is of interest.
fn colours(image: &ColorImage) -> usize {
    let mut seen: Vec<Color32> = Vec::new();
    for pixel in image.pixels.iter().step_by(7) {
        if !seen.contains(pixel) {
            seen.push(*pixel);
            if seen.len() > 200 {
                break;
            }
        }
    }
    seen.len()
}

/// The shader's colours are those of BT.709: grey stays grey, and the primaries come out.
#[test]
fn the_picture_has_the_right_colours() {
    let size = vec2(960.0, 600.0);
    let mut canvas = Canvas::new([960, 600]);
    for (yuv, rgb) in [
        ([126, 128, 128], [128, 128, 128]),
        ([63, 102, 240], [255, 0, 0]),
        ([32, 240, 118], [0, 0, 255]),
        ([235, 128, 128], [255, 255, 255]),
    ] {
        let mut plain = Picture::black(Size::new(320, 180));
        for (plane, value) in plain.planes_mut().into_iter().zip(yuv) {
            plane.fill(value);
        }
        let mut view = GlowPicture::default();
        view.show(Arc::new(plain));
        let view = Rc::new(view);
        let textures = Textures::default();
        let mut window = open_with(Desk { picture: view.clone(), ..desk(seen(model())) }, size, textures.clone());
        window.run_steps(2);
        let at = window.get_by_label_contains("Picture of the show").rect().center();
        let image = canvas.paint(&window.ctx.clone(), window.output(), &textures);
        let seen = image.pixels[at.y as usize * 960 + at.x as usize];
        for (seen, wanted) in seen.to_array().into_iter().zip(rgb) {
            assert!(seen.abs_diff(wanted) <= 3, "{yuv:?} is {seen} for {wanted}");
        }
        view.free(canvas.gl());
    }
}
