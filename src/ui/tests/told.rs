//! What is told when something is refused or done, each time that it is; and how long news stands.

use eframe::egui::Role;
use eframe::egui::accesskit::Live;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable};

use super::window::{Desk, SIZES, desk, live, open, seen};
use super::{ended, levels, model, ready, settings, state, stats};
use crate::media::Turn;
use crate::settings::{
    AudioChoice, Destination, KeysIn, SettingsError, ShowLink, ShowSettings, StreamKey, VideoChoice,
};
use crate::studio::{
    DestinationState as D, DeviceKind, KeptChoice, KeptSource, Problem, ProblemKind, SourceState, StudioEvent, Summary,
};
use crate::ui::model::{Model, Order};
use crate::ui::profiles::{ProfileAnswer, ProfileDone, ProfileRequest};
use crate::ui::view::{Act, Appearance, Remedy, StagePicture, Tab, Truth, TruthView};

const SERVER: &str = "rtmp://live.example.com/app";

/// A show to one server with several keys, under these names.
fn to_one_server(names: &[&str]) -> Model {
    let destination = |(place, name): (usize, &&str)| Destination {
        name: (*name).to_owned(),
        stream_key: Some(StreamKey::new(&format!("canary{place}"))),
        ..Destination::at(SERVER)
    };
    let settings = ShowSettings { destinations: names.iter().enumerate().map(destination).collect(), ..settings() };
    let mut model = seen(Model::new(settings, None, Appearance::default(), false));
    assert_eq!(model.handle_act(1.0, Act::GoLive).len(), 1);
    model
}

/// Live since second 2, of this picture.
fn live_with(video: VideoChoice) -> Model {
    let mut model = seen(Model::new(ShowSettings { video, ..settings() }, None, Appearance::default(), false));
    model.handle_act(1.0, Act::GoLive);
    model.handle_event(2.0, state(D::Live));
    model
}

#[test]
fn on_air_a_picture_neither_comes_nor_goes_and_that_is_told() {
    let camera = VideoChoice::Camera(Some("camera:HD Webcam-id".to_owned()));
    let why = "Not while a show is on, because it would change this. Whether there is a picture: a show has one from its \
               start to its end, or none";
    for (set, wanted) in [(camera.clone(), VideoChoice::None), (VideoChoice::None, camera.clone())] {
        let mut model = live_with(set.clone());
        assert_eq!(model.handle_act(3.0, Act::PickVideo(wanted.clone())), []);
        assert_eq!((told(&model), model.view(3.0).sources.video), (vec![why.to_owned()], set.clone()));

        // It cannot be chosen in the list either, which says so.
        let mut harness = open(desk(live_with(set.clone())), SIZES[1]);
        harness.get_by_label("Camera").click();
        harness.run();
        let why = "Whether there is a picture: a show has one from its start to its end, or none";
        let [why, item] = [why, "Clip…"].map(|label| harness.get_by_label(label).rect());
        assert!(why.width() < item.width(), "its words are spread over the list's width");
        for item in ["HD Webcam", "Test picture", "Clip…", "Incoming stream…", "No picture"] {
            let is_open = (item == "No picture") == (set == VideoChoice::None);
            let item = harness.get_by_role_and_label(Role::MenuItem, item);
            assert_eq!(!item.accesskit_node().is_disabled(), is_open, "{item:?}");
        }
    }
    let mut model = live_with(camera);
    assert_eq!(model.handle_act(3.0, Act::PickVideo(VideoChoice::Test)).len(), 1);
    // Undoing what was chosen before the show is the same change.
    let mut model = seen(model_without_picture_before());
    model.handle_act(1.0, Act::GoLive);
    model.handle_act(2.0, Act::OpenSettings(Tab::Picture));
    assert!(!model.view(2.0).settings.is_some_and(|sheet| sheet.can_undo));
}

fn model_without_picture_before() -> Model {
    let mut model = model();
    model.handle_act(0.5, Act::PickVideo(VideoChoice::None));
    model
}

#[test]
fn on_air_who_may_send_here_stays_and_that_is_told() {
    let why = "Not while a show is on, because it would change this. This is read once, when the show starts";
    let address = Some("rtmp://192.168.1.20:1935/live/phone?key=KEY".to_owned());
    let open_to_all = crate::settings::IngestSettings {
        listen: "0.0.0.0:1935".parse().unwrap(),
        key_file: Some("/home/a/incoming-key.txt".into()),
    };
    for ingest in [crate::settings::IngestSettings::default(), open_to_all.clone()] {
        let is_open = ingest == open_to_all;
        let video = VideoChoice::Incoming("phone".parse().unwrap());
        let shown = ShowSettings { video, ingest, ..settings() };
        let mut model = seen(Model::new(shown, None, Appearance::default(), false));
        model.handle_event(
            0.5,
            crate::studio::StudioEvent::Source {
                kind: DeviceKind::Camera,
                state: SourceState::Ready(crate::studio::SourceInfo {
                    address: address.clone(),
                    id: "phone".to_owned(),
                    name: "phone".to_owned(),
                    format: String::new(),
                    size: None,
                    frame_rate: None,
                }),
            },
        );
        model.handle_act(1.0, Act::GoLive);
        model.handle_event(2.0, state(D::Live));
        if is_open {
            assert_eq!(model.handle_act(3.0, Act::OnlyHere), []);
            assert_eq!(told(&model), [why]);
        }
        let key = ProfileDone::IncomingKey("/home/a/incoming-key.txt".into(), StreamKey::new("k7m2"));
        model.handle_act(4.0, Act::DismissTold);
        assert_eq!(model.handle_profile(4.0, answer(Ok(key))), []);
        // What is open already may be shown once more.
        assert_eq!(model.view(4.0).sources.incoming.card.is_some(), is_open);
        assert_eq!(told(&model), if is_open { vec![] } else { vec![why] });
        model.handle_act(5.0, Act::CloseSender);
        let mut harness = open(desk(model), SIZES[1]);
        harness.run();
        let label = if is_open { "Only this computer" } else { "Let a phone send…" };
        assert!(harness.get_by_role_and_label(Role::Button, label).accesskit_node().is_disabled());
    }
}

#[test]
fn a_recording_that_is_switched_off_and_on_again_goes_where_it_went() {
    let church = std::path::PathBuf::from("/mnt/ssd/Church {date}.flv");
    let recorded = || ShowSettings { record: Some(church.clone()), ..settings() };
    let mut model = seen(Model::new(recorded(), None, Appearance::default(), false));
    model.record_into("/videos".into());
    let record = |model: &mut Model| {
        model.handle_act(9.0, Act::OpenSettings(Tab::Recording));
        model.view(9.0).settings.and_then(|sheet| sheet.settings.record)
    };
    for wanted in [None, Some(church.clone())] {
        model.handle_act(1.0, Act::ToggleRecord);
        assert_eq!(record(&mut model), wanted);
    }
    // By the box in the settings.
    let mut harness = open(desk(model), SIZES[1]);
    let mut seen = Vec::new();
    for _ in 0..2 {
        harness.get_by_role_and_label(Role::CheckBox, "Record every show").click();
        harness.run();
        seen.push(record(&mut harness.state_mut().model));
    }
    assert_eq!(seen, [None, Some(church.clone())]);
    let model = &mut harness.state_mut().model;
    model.handle_act(9.0, Act::ToggleRecord);
    // Another profile is not recorded either.
    let loaded = ProfileDone::Loaded("other".to_owned(), Box::new(ShowSettings { gain_db: -3.0, ..settings() }));
    model.handle_profile(10.0, answer(Ok(loaded)));
    model.handle_act(11.0, Act::ToggleRecord);
    assert_eq!(record(model), Some(church));
}

#[test]
fn an_outage_is_announced_once_and_not_with_each_second() {
    let announced = |harness: &egui_kittest::Harness<'_, super::window::Desk>| {
        let nodes = harness.root().children_recursive().map(|node| node.accesskit_node());
        let live = nodes.filter(|node| node.role() == Role::Status && node.live() != Live::Off);
        live.map(|node| (node.label(), node.value())).collect::<Vec<_>>()
    };
    for size in SIZES {
        let mut harness = open(desk(live()), size);
        let before = announced(&harness);
        harness.state_mut().model.handle_event(10.0, state(D::Reconnecting));
        let seconds = [11.0, 12.0, 72.0].map(|now| {
            harness.state_mut().now = now;
            harness.run();
            announced(&harness)
        });
        let said = |value: &str| vec![(Some("RECONNECTING".to_owned()), Some(value.to_owned()))];
        assert_eq!(before, [(Some("LIVE".to_owned()), None)]);
        assert_eq!(seconds, ["1 s", "2 s", "62 s"].map(said));
    }
}

#[test]
fn what_a_link_had_and_was_not_taken_is_told() {
    let open = |model: &mut Model, text: &str| {
        let link = ShowLink::parse(text).unwrap();
        model.handle_act(9.0, Act::OpenLink(Box::new(link)));
        told(model)
    };
    let mut model = seen(model());
    // A newer Tally made it, and one of its servers has a slip.
    let mistyped = "tally:show?v=9&to=rtmp://h/app&to=rmtp://h/app&size=1280x720";
    let said = ["A newer Tally made this link: there may be more in it", "A value in the link cannot be used"];
    assert_eq!(open(&mut model, mistyped), said);
    model.handle_act(9.5, Act::DismissTold);
    assert_eq!(open(&mut model, "tally:show?v=1&to=rtmp://h/app&size=1280x720"), [""; 0]);
    // One that is not taken at all says nothing of its parts.
    let mut model = live_with(VideoChoice::Test);
    let refused = open(&mut model, mistyped);
    assert!(matches!(&refused[..], [why] if why.starts_with("Not while a show is on")), "{refused:?}");
}

fn at(place: usize, state: D) -> StudioEvent {
    StudioEvent::State { place, destination: SERVER.to_owned(), state }
}

fn answer(done: Result<ProfileDone, SettingsError>) -> ProfileAnswer {
    let names = vec!["Church".to_owned()];
    ProfileAnswer { done, asked: true, told: Vec::new(), names, deleted: None, keys_in: KeysIn::File }
}

fn told(model: &Model) -> Vec<String> {
    model.view(9.0).profiles.around.told.iter().map(ToString::to_string).collect()
}

#[test]
fn why_one_key_is_refused_stands_while_another_goes_live_at_the_same_server() {
    let mut model = to_one_server(&["", ""]);
    let refused = |place| StudioEvent::Problem(Problem::new(ProblemKind::PublishRejected, SERVER, "publish").at(place));
    for event in [at(0, D::Connecting), at(1, D::Connecting), refused(1), at(1, D::Ended), at(0, D::Live)] {
        model.handle_event(2.0, event);
    }
    let about: Vec<_> = model.view(3.0).problems.into_iter().map(|told| told.problem.about).collect();
    assert_eq!(about, ["live.example.com 2 (rtmp://live.example.com/app)"]);
    // Both may be refused.
    model.handle_event(4.0, refused(0));
    assert_eq!(model.view(4.0).problems.len(), 2);
    for event in [at(1, D::Live), at(0, D::Off)] {
        model.handle_event(5.0, event);
    }
    assert_eq!(model.view(5.0).problems, []);
}

#[test]
fn the_switches_of_several_destinations_have_their_names() {
    for (names, shown) in
        [(["Church", "Youth"], ["Church", "Youth"]), (["", ""], ["live.example.com", "live.example.com 2"])]
    {
        let mut model = to_one_server(&names);
        for place in 0..2 {
            model.handle_event(2.0, at(place, D::Live));
        }
        model.handle_event(3.0, at(1, D::Off));
        model.handle_event(3.0, at(0, D::Off));
        let mut harness = open(desk(model), SIZES[1]);
        harness.get_by_label(&format!("Switch on {}", shown[0]));
        harness.get_by_label("0 of 2 live").click();
        harness.run();
        for name in shown {
            harness.get_by_label(&format!("{name}  off"));
        }
    }
}

#[test]
fn where_the_report_of_a_show_is_stands_on_its_card_or_why_it_is_not_there() {
    let mut model = live();
    let StudioEvent::Ended(summary) = ended(7, None) else { panic!() };
    let recordings = vec!["/videos/church/a.mp4".into()];
    let summary = Summary { flight: Some("/flights/1.flight".into()), recordings, ..*summary };
    model.handle_event(9.0, StudioEvent::Ended(Box::new(summary)));
    let mut harness = open(desk(model), SIZES[1]);
    harness.get_by_label("Save report").click();
    harness.run();
    let asked = harness.state().orders.last().cloned();
    assert!(
        matches!(&asked, Some(Order::Profile(ProfileRequest::SaveShowReport { folder, .. }))
            if folder.as_os_str() == "/videos/church"),
        "beside the recording: {asked:?}"
    );
    let done = harness.get_by_label("Done").rect();
    let mut saved = |file| {
        let done = Ok(ProfileDone::ReportSaved(file));
        harness.state_mut().model.handle_profile(10.0, ProfileAnswer { asked: false, ..answer(done) });
        harness.run();
        ["not written: /videos/church: no space", "/videos/church/Show.html", "Save report"]
            .map(|label| harness.query_by_label(label).is_some())
    };
    assert_eq!(saved(Err("/videos/church: no space".to_owned())), [true, false, true]);
    assert_eq!(saved(Ok("/videos/church/Show.html".into())), [false, true, false]);
    assert_eq!(harness.get_by_label("Done").rect(), done, "what is pressed next stays where it is");
}

#[test]
fn the_card_of_each_show_begins_at_its_top_and_names_every_file_of_its_recording() {
    let over = |files: u64, flight: &str| {
        let mut model = live();
        // Its ribbon is what the card is long for.
        for second in 3..40 {
            model.handle_event(f64::from(second), StudioEvent::Stats(Box::new(stats(D::Live))));
        }
        let StudioEvent::Ended(summary) = ended(37, None) else { panic!() };
        let recordings = (1..=files).map(|number| format!("/videos/church/a-{number}.mp4").into()).collect();
        let summary = Summary { flight: Some(flight.into()), recordings, ..*summary };
        model.handle_event(40.0, StudioEvent::Ended(Box::new(summary)));
        model
    };
    let mut harness = open(desk(over(7, "/flights/1.flight")), (960.0, 460.0).into());
    let names = "/videos/church/a-1.mp4\na-2.mp4\na-3.mp4\na-4.mp4\na-5.mp4\nand 2 more";
    harness.get_by_label(names);
    let top = |harness: &Harness<'_, Desk>| harness.get_by_label("That was the show").rect().top();
    let unscrolled = top(&harness);
    harness.get_by_label(names).scroll_to_me();
    harness.run();
    assert!(top(&harness) < unscrolled, "it is longer than the window");
    harness.state_mut().model = over(1, "/flights/2.flight");
    harness.run();
    assert!(top(&harness) > 0.0 && harness.query_by_label("/videos/church/a-1.mp4").is_some());
}

#[test]
fn below_the_meter_stands_the_sound_that_was_chosen_also_where_it_does_not_open() {
    let mut model = seen(model());
    model.handle_event(1.0, ready(DeviceKind::Microphone, "song.wav"));
    let problem = Problem::new(ProblemKind::SourceNotFound, "gone.wav", "");
    let state = SourceState::Failed(problem);
    model.handle_event(2.0, StudioEvent::Source { kind: DeviceKind::Microphone, state });
    assert_eq!(model.view(2.0).sound.name, "gone.wav");
}

#[test]
fn a_refusal_is_told_each_time() {
    let mut model = seen(model());
    for _ in 0..2 {
        let taken = SettingsError::Exists { existing: "Church".to_owned() };
        model.handle_profile(1.0, answer(Err(taken)));
        assert_eq!(told(&model).len(), 1);
        model.handle_act(1.0, Act::DismissTold);
        let path = std::path::PathBuf::from("/x/church.toml");
        model.handle_act(2.0, Act::ExportProfile { name: "Church".to_owned(), path: path.clone() });
        model.handle_profile(2.0, answer(Err(SettingsError::FileExists { path: path.clone() })));
        assert_eq!(model.view(2.0).profiles.around.can_replace, Some(path));
        model.handle_act(2.0, Act::DismissTold);
        assert!(told(&model).is_empty());
    }
    // What nobody asked for is told once.
    let full = || SettingsError::Secret { reason: "locked".to_owned() };
    for lines in [1, 0] {
        model.handle_profile(3.0, ProfileAnswer { asked: false, ..answer(Err(full())) });
        assert_eq!(told(&model).len(), lines);
        model.handle_act(3.0, Act::DismissTold);
    }
}

#[test]
fn a_profile_that_cannot_be_used_while_live_says_why() {
    let mut model = live();
    let elsewhere = ShowSettings { destinations: vec![Destination::at("rtmp://other.example/app/k")], ..settings() };
    model.handle_profile(5.0, answer(Ok(ProfileDone::Loaded("Other".to_owned(), Box::new(elsewhere)))));
    assert_eq!(model.view(5.0).profiles.current.as_deref(), Some("Church, Sunday"));
    open(desk(model), SIZES[0]).get_by_label_contains("Where the show goes: the connection stands");
}

#[test]
fn what_was_exported_imported_and_copied_is_told_and_can_be_used() {
    let mut model = seen(model());
    model.handle_profile(1.0, answer(Ok(ProfileDone::Exported("/x/church.toml".into()))));
    assert_eq!(told(&model), ["Written to /x/church.toml"]);
    assert_eq!(model.view(1.0).profiles.around.can_use, None);
    model.handle_profile(1.0, answer(Ok(ProfileDone::Duplicated("Church 2".to_owned()))));
    assert_eq!(told(&model), ["Duplicated as Church 2"]);
    for size in SIZES {
        let mut model = seen(self::model());
        model.handle_profile(1.0, answer(Ok(ProfileDone::Imported("Concert".to_owned()))));
        let mut harness = open(desk(model), size);
        harness.check_accessibility();
        harness.get_by_label("Imported as Concert");
        harness.get_by_label("Use it").click();
        harness.run();
        let load = Order::Profile(ProfileRequest::Load("Concert".to_owned()));
        assert_eq!(harness.state().orders, [load]);
    }
}

#[test]
fn opening_the_menu_looks_which_profiles_there_are() {
    let mut harness = open(desk(seen(model())), SIZES[0]);
    harness.get_by_role_and_label(Role::ComboBox, "Profiles").click();
    harness.run();
    assert_eq!(harness.state().orders, [Order::Profile(ProfileRequest::List)]);
    let listed = ProfileAnswer { asked: false, ..answer(Ok(ProfileDone::Listed)) };
    harness.state_mut().model.handle_profile(9.0, listed);
    harness.run();
    harness.get_by_role_and_label(Role::MenuItem, "Church");
    harness.get_by_role_and_label(Role::ComboBox, "Profiles").click();
    harness.run();
    assert_eq!(harness.state().orders.len(), 1, "closing it asks nothing");
}

#[test]
fn that_the_sound_is_muted_is_said_before_and_during_a_show_and_hides_nothing_graver() {
    let muted = TruthView { truth: Truth::Muted, remedy: Some(Remedy::Unmute) };
    let mut model = seen(model());
    model.handle_act(0.5, Act::SetMuted(true));
    assert_eq!(model.view(0.5).truth, muted);
    model.handle_act(1.0, Act::GoLive);
    model.handle_event(2.0, state(D::Live));
    model.handle_levels(&levels(-14.0));
    assert_eq!(model.view(3.0).truth, muted);
    let harness = open(desk(model), SIZES[1]);
    harness.get_by_label("You are muted");
    harness.get_by_label("Unmute");
    harness.get_by_value("–");

    let mut model = harness.into_state().model;
    let lost = Problem::new(ProblemKind::SourceStalled, "Test picture", "");
    let lost = StudioEvent::Source { kind: DeviceKind::Camera, state: SourceState::Lost(lost) };
    model.handle_event(4.0, lost);
    assert_eq!(model.view(4.0).truth.truth, Truth::NoLivePicture);
    model.handle_event(5.0, ready(DeviceKind::Camera, "Test picture"));
    model.handle_act(5.0, Act::PickAudio(AudioChoice::Silence));
    assert_eq!(model.view(5.0).truth.truth, Truth::AllGood, "there is nothing to hear");
}

#[test]
fn that_something_is_back_goes_by_itself_and_older_problems_can_be_seen() {
    let mut model = live();
    let back = Problem::new(ProblemKind::SourceRestored, "Desk", "");
    let begun = Turn::Begun(std::time::Duration::from_secs(3));
    for (at, problem) in [
        (3.0, Problem::new(ProblemKind::DiskFull, "/videos/a.mp4", "64 MB are left")),
        (4.0, Problem::from_notice("Webcam", ProblemKind::SourceBlack, begun)),
        (5.0, back),
    ] {
        model.handle_event(at, StudioEvent::Problem(problem));
    }
    model.handle_time(8.0);
    assert_eq!(model.view(8.0).problems.len(), 3);
    let mut harness = open(desk(model), SIZES[1]);
    assert!(harness.query_by_label_contains("The disk is full").is_none());
    harness.get_by_label("and 1 more").click();
    harness.run();
    harness.get_by_label_contains("The disk is full");
    harness.get_by_label("Show fewer");
    harness.state_mut().model.handle_time(14.0);
    harness.run();
    harness.get_by_label_contains("The disk is full");
    assert!(harness.query_by_label("Show fewer").is_none());
    let kinds: Vec<_> = harness.state().model.view(14.0).problems.iter().map(|told| told.problem.kind).collect();
    assert_eq!(kinds, [ProblemKind::DiskFull, ProblemKind::SourceBlack]);
}

#[test]
fn a_clip_that_cannot_be_opened_on_air_leaves_what_is_there() {
    let clip = VideoChoice::File("/nope.mp4".into());
    let mut model = live();
    assert_eq!(model.handle_act(4.0, Act::PickVideo(clip.clone())).len(), 1);
    assert_eq!(model.view(4.0).stage.picture, StagePicture::Shown, "viewers see it still");
    let problem = Problem::new(ProblemKind::SourceNotFound, "/nope.mp4", "");
    let kept = KeptSource::Picture(KeptChoice { refused: clip.clone(), stays: VideoChoice::Test });
    model.handle_event(5.0, StudioEvent::SourceKept { source: kept.clone(), problem: problem.clone() });
    let view = model.view(6.0);
    assert_eq!((view.stage.source.as_deref(), &view.sources.video), (Some("Test picture"), &VideoChoice::Test));
    assert_eq!(view.truth.truth, Truth::AllGood);
    assert_eq!(view.problems.iter().map(|told| &told.problem).collect::<Vec<_>>(), [&problem]);
    // Of two slips the last is told.
    let again = Problem::new(ProblemKind::SourceNotFound, "/nop.mp4", "");
    for problem in [&again, &problem] {
        model.handle_event(6.5, StudioEvent::SourceKept { source: kept.clone(), problem: problem.clone() });
        assert_eq!(model.view(6.5).problems.iter().map(|told| &told.problem).collect::<Vec<_>>(), [problem]);
    }
    // What was chosen since is not taken back.
    let other = VideoChoice::File("/other.mp4".into());
    model.handle_act(7.0, Act::PickVideo(other.clone()));
    model.handle_event(7.1, StudioEvent::SourceKept { source: kept, problem });
    assert_eq!(model.view(7.2).sources.video, other);
    model.handle_event(8.0, ready(DeviceKind::Camera, "other.mp4"));
    assert_eq!(model.view(8.0).problems, [], "another was taken");
}
