//! What the window says of a show is so: also when servers, the recording or a sender fail while the rest goes on.

use std::time::Duration;

use eframe::egui::Role;
use egui_kittest::kittest::{NodeT as _, Queryable};

use super::window::{SIZES, desk, open, seen};
use super::{ended, levels, model, ready, settings, state};
use crate::media::Turn;
use crate::settings::catalogue::SERVICES;
use crate::settings::contract::Rule;
use crate::settings::{CardChoice, Destination, ShowSettings};
use crate::studio::{
    Command, DestinationState as D, DeviceKind, Problem, ProblemKind, SourceState, StudioCommand, StudioEvent,
};
use crate::ui::model::{Model, Order};
use crate::ui::profiles::{ProfileAnswer, ProfileDone, ProfileRequest};
use crate::ui::view::{Act, Appearance, Phase, Primary, RecordingView, Remedy, Tab, Truth, TruthView};
use crate::ui::wording::Lang;

fn of(place: usize, state: D) -> StudioEvent {
    StudioEvent::State { place, destination: ["one", "two"][place].to_owned(), state }
}

/// Live on two servers since second 2, and recorded if `recorded`.
pub(super) fn live_on_two(recorded: bool) -> Model {
    let record = recorded.then(|| "/videos/a.mp4".into());
    let named = |name: &str| Destination { name: name.to_owned(), ..Destination::at("rtmp://live.example.com/app/k") };
    let settings = ShowSettings { destinations: vec![named("one"), named("two")], record, ..settings() };
    let mut model = Model::new(settings, None, Appearance::default(), false);
    assert_eq!(model.handle_act(1.0, Act::GoLive).len(), 1);
    for place in 0..2 {
        model.handle_event(1.1, of(place, D::Connecting));
        model.handle_event(2.0, of(place, D::Live));
    }
    model.handle_levels(&levels(-14.0));
    model
}

#[test]
fn a_show_whose_servers_are_all_switched_off_is_not_live() {
    for size in SIZES {
        let mut model = live_on_two(false);
        model.handle_event(3.0, of(0, D::Off));
        assert_eq!(model.view(3.0).show.phase, Phase::Live);
        model.handle_event(4.0, of(1, D::Off));
        let view = model.view(5.0);
        assert_eq!(
            (view.show.phase, view.show.primary, view.truth.truth),
            (Phase::OffAir, Primary::EndShow, Truth::OffAir)
        );
        let mut harness = open(desk(model), size);
        assert!(harness.query_by_label("LIVE").is_none());
        harness.get_by_label("OFF AIR");
        harness.get_by_label("Nobody gets the show: every server is switched off");
        harness.get_by_label("Switch on one").click();
        harness.run();
        let on = StudioCommand::Show(Command::SetDestination { place: 0, on: true });
        assert_eq!(harness.state_mut().engine(), [on]);
    }
    let mut model = live_on_two(false);
    for event in [of(0, D::Off), of(1, D::Off), of(1, D::Connecting), of(1, D::Live)] {
        model.handle_event(9.0, event);
    }
    assert_eq!(model.view(9.0).show.phase, Phase::Live);
    assert_eq!(model.handle_act(10.0, Act::EndShow).len(), 1);
}

#[test]
fn all_is_not_good_while_a_server_does_not_get_the_show() {
    let mut model = live_on_two(false);
    let truth = |model: &Model| model.view(9.0).truth;
    assert_eq!(truth(&model).truth, Truth::AllGood);
    let refused = Problem::new(ProblemKind::ConnectionRefused, "rtmp://live.example.com/app", "").at(1);
    model.handle_event(3.0, of(1, D::Reconnecting));
    model.handle_event(3.0, StudioEvent::Problem(refused.clone()));
    model.handle_event(4.0, of(0, D::Live));
    assert_eq!(model.view(4.0).problems.len(), 1, "the other one is still not there");
    let missing = Truth::NotEverywhere { missing: 1, all: 2 };
    assert_eq!((truth(&model).truth, truth(&model).remedy), (missing.clone(), Some(Remedy::RetryNow)));
    model.handle_event(5.0, of(1, D::Ended));
    assert_eq!((truth(&model).truth, truth(&model).remedy), (missing, None));
    model.handle_event(6.0, of(1, D::Off));
    assert_eq!(truth(&model).truth, Truth::SomeSwitchedOff { off: 1, all: 2 });
    model.handle_event(7.0, StudioEvent::Problem(refused));
    model.handle_event(8.0, of(1, D::Live));
    assert_eq!((truth(&model).truth, model.view(8.0).problems.len()), (Truth::AllGood, 0));
}

#[test]
fn all_is_not_good_while_the_picture_stands_still() {
    for kind in [ProblemKind::SourceDamaged, ProblemKind::SourceFrozen] {
        let mut model = live_on_two(false);
        let notice = |turn| StudioEvent::Problem(Problem::from_notice("clip.mp4", kind, turn));
        model.handle_event(3.0, notice(Turn::Begun(Duration::from_secs(1))));
        assert_eq!(model.view(3.0).truth.truth, Truth::StillPicture);
        // Its card may be put away: it is so all the same.
        let id = model.view(3.0).problems[0].id;
        model.handle_act(4.0, Act::Dismiss(id));
        assert_eq!(model.view(4.0).truth.truth, Truth::StillPicture);
        model.handle_event(5.0, notice(Turn::Over));
        assert_eq!(model.view(5.0).truth.truth, Truth::AllGood);
        model.handle_event(6.0, notice(Turn::Begun(Duration::from_secs(1))));
        model.handle_event(7.0, ready(DeviceKind::Camera, "other.mp4"));
        assert_eq!(model.view(7.0).truth.truth, Truth::AllGood);
    }
}

#[test]
fn what_was_asked_for_is_answered_whatever_else_there_is_to_say() {
    let saved = || StudioEvent::ReplaySaved("/videos/a replay.mp4".into());
    let of_saved = Truth::ReplaySaved("/videos/a replay.mp4".into());
    for (states, after) in [
        ([D::Live, D::Reconnecting], Truth::NotEverywhere { missing: 1, all: 2 }),
        ([D::Reconnecting, D::Reconnecting], Truth::Reconnecting),
        ([D::Off, D::Off], Truth::OffAir),
    ] {
        let mut model = live_on_two(false);
        (0..2).for_each(|place| model.handle_event(3.0, of(place, states[place])));
        let before = model.view(3.0).truth;
        assert_eq!(before.truth, after);
        model.handle_event(4.0, saved());
        let truth = model.view(5.0).truth;
        assert_eq!((truth.truth, truth.remedy), (of_saved.clone(), before.remedy), "{states:?}");
        model.handle_act(6.0, Act::Mark);
        assert_eq!(model.view(7.0).truth.truth, Truth::NothingToMark, "{states:?}");
        assert_eq!(model.view(13.0).truth.truth, after);
    }
    let mut model = live_on_two(false);
    model.handle_act(3.0, Act::SetMuted(true));
    model.handle_event(4.0, saved());
    assert_eq!(model.view(5.0).truth, TruthView { truth: of_saved, remedy: None }, "no button of another sentence");
    model.handle_event(5.0, StudioEvent::Problem(Problem::new(ProblemKind::MutedTalking, "Mic", "")));
    assert_eq!(model.view(5.0).truth.truth, Truth::MutedTalking, "nobody hears what is being said");
}

#[test]
fn a_recording_that_fails_is_said_and_can_be_set_for_the_next_show() {
    let mut model = live_on_two(true);
    assert!(matches!(model.view(3.0).strip.recording, RecordingView::Running { .. }));
    model.handle_act(3.0, Act::OpenSettings(Tab::Recording));
    let elsewhere = ShowSettings { record: Some("/other/a.mp4".into()), ..model.view(3.0).settings.unwrap().settings };
    assert_eq!(model.handle_act(3.0, Act::Edit(Box::new(elsewhere.clone()))), [], "its file is being written");
    model.handle_event(4.0, StudioEvent::Problem(Problem::new(ProblemKind::DiskLow, "/videos/a.mp4", "2")));
    model.handle_event(5.0, StudioEvent::Problem(Problem::new(ProblemKind::DiskFull, "/videos/a.mp4", "")));
    let view = model.view(6.0);
    assert_eq!((view.truth.truth, view.strip.recording), (Truth::NotRecorded, RecordingView::Failed));
    let kinds: Vec<_> = view.problems.iter().map(|told| told.problem.kind).collect();
    assert_eq!(kinds, [ProblemKind::DiskFull], "that little is left is over");
    assert!(model.handle_act(7.0, Act::Edit(Box::new(elsewhere))).len() > 1);
    assert_eq!(model.view(8.0).strip.recording, RecordingView::Failed, "what is set is for the next show");
    for size in SIZES {
        let mut model = live_on_two(true);
        model.handle_event(5.0, StudioEvent::Problem(Problem::new(ProblemKind::RecordingFailed, "/videos/a.mp4", "")));
        model.handle_act(6.0, Act::OpenSettings(Tab::Recording));
        let harness = open(desk(model), size);
        harness.get_by_label("rec failed");
        harness.get_by_label("Nothing is recorded. The stream goes on");
        assert!(harness.query_by_label_contains("its file is being written").is_none());
    }
}

#[test]
fn a_recording_that_was_begun_again_has_not_failed() {
    let failure = || Problem::new(ProblemKind::RecordingFailed, "/videos/a.mp4", "Permission denied");
    for (begun_again, fails_again) in [(false, false), (true, false), (true, true)] {
        let mut model = live_on_two(true);
        model.handle_event(3.0, StudioEvent::Problem(failure()));
        if begun_again {
            model.handle_event(5.0, StudioEvent::Recording { path: "/videos/b.mp4".into(), on: true });
        }
        if fails_again {
            model.handle_event(6.0, StudioEvent::Problem(failure()));
        }
        model.handle_event(9.0, ended(7, Some(failure())));
        let result = model.view(9.0).result.unwrap();
        assert_eq!(result.failure.is_none(), begun_again && !fails_again, "{begun_again} {fails_again}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_to_is_told_before_the_show() {
    let mut model = model();
    let record = ShowSettings { record: Some("/nowhere/a.mp4".into()), ..settings() };
    let orders = model.handle_act(1.0, Act::Edit(Box::new(record)));
    let asked = Order::Profile(ProfileRequest::RecordingFolder { folder: "/nowhere".into(), make: true });
    assert!(orders.contains(&asked), "{orders:?}");
    let slip = ShowSettings { record: Some("/nowehre/a.mp4".into()), ..settings() };
    let orders = model.handle_act(1.0, Act::Edit(Box::new(slip)));
    let asked = Order::Profile(ProfileRequest::RecordingFolder { folder: "/nowehre".into(), make: false });
    assert!(orders.contains(&asked), "a slip makes no folders: {orders:?}");
    model.handle_act(1.0, Act::Edit(Box::new(ShowSettings { record: Some("/nowhere/a.mp4".into()), ..settings() })));
    let answer = |folder: &str, fault: Option<&str>| ProfileAnswer {
        done: Ok(ProfileDone::RecordingFolder { folder: folder.into(), fault: fault.map(str::to_owned) }),
        asked: false,
        told: Vec::new(),
        names: Vec::new(),
        deleted: None,
        keys_in: crate::settings::KeysIn::File,
    };
    model.handle_profile(2.0, answer("/before", Some("read-only")));
    assert!(matches!(model.view(2.0).truth.truth, Truth::ReadyFor(_)), "that was another folder");
    model.handle_event(2.0, StudioEvent::DiskRoom(Some(1 << 40)));
    model.handle_profile(2.0, answer("/nowhere", Some("Permission denied")));
    assert_eq!(model.view(2.0).strip.recording, RecordingView::Failed);
    assert!(matches!(model.view(2.0).truth.truth, Truth::Problem(fault) if fault.about == "/nowhere"));
    model.handle_profile(3.0, answer("/nowhere", None));
    assert!(matches!(model.view(3.0).truth.truth, Truth::ReadyFor(_)));
}

#[test]
fn a_card_whose_picture_is_not_there_is_told_before_the_show() {
    let mut model = model();
    let card = |path: &str| ShowSettings { card: CardChoice::Image(path.into()), ..settings() };
    let orders = model.handle_act(1.0, Act::Edit(Box::new(card("/nowhere/card.png"))));
    let asked = Order::Profile(ProfileRequest::CardPicture("/nowhere/card.png".into()));
    assert!(orders.contains(&asked), "{orders:?}");
    let answer = |path: &str| {
        let fault = Problem::new(ProblemKind::CardUnusable, path, "there is no such file");
        ProfileAnswer {
            done: Ok(ProfileDone::CardPicture(path.into(), Some(fault))),
            asked: false,
            told: Vec::new(),
            names: Vec::new(),
            deleted: None,
            keys_in: crate::settings::KeysIn::File,
        }
    };
    model.handle_profile(2.0, answer("/before.png"));
    assert!(matches!(model.view(2.0).truth.truth, Truth::ReadyFor(_)), "that was another picture");
    model.handle_profile(2.0, answer("/nowhere/card.png"));
    assert!(matches!(model.view(2.0).truth.truth, Truth::Problem(fault) if fault.about == "/nowhere/card.png"));
    assert!(model.handle_act(2.5, Act::OpenSettings(Tab::Picture)).contains(&asked), "it may be there by now");
    model.handle_act(3.0, Act::Edit(Box::new(card("/other.png"))));
    assert!(matches!(model.view(3.0).truth.truth, Truth::ReadyFor(_)));
}

/// A recording that goes nowhere else, since second 2.
fn model_alone() -> Model {
    let mut model = model();
    model.handle_act(1.0, Act::Record);
    model.handle_event(2.0, StudioEvent::State { place: 0, destination: "recording".to_owned(), state: D::Live });
    model
}

#[test]
fn a_show_that_the_user_ended_did_not_end_early() {
    let failure = || Problem::new(ProblemKind::DiskFull, "/videos/a.mp4", "64 MB are left");
    for size in SIZES {
        let mut model = live_on_two(true);
        model.handle_event(5.0, StudioEvent::Problem(failure()));
        model.handle_act(6.0, Act::EndShow);
        model.handle_event(7.0, ended(4, Some(failure())));
        let harness = open(desk(model), size);
        harness.get_by_label("That was the show");
        harness.get_by_label_contains("The disk is full");
        let mut model = live_on_two(true);
        model.handle_event(7.0, ended(4, Some(failure())));
        open(desk(model), size).get_by_label("The show ended early");
        let mut model = model_alone();
        model.handle_event(7.0, ended(4, Some(failure())));
        open(desk(model), size).get_by_label("The recording ended early");
    }
}

#[test]
fn a_stream_that_nobody_sends_is_said_on_the_stage_before_and_during_the_show() {
    let awaited = Problem::new(ProblemKind::SourceAwaited, "phone (picture)", "");
    let lost =
        |problem: &Problem| StudioEvent::Source { kind: DeviceKind::Camera, state: SourceState::Lost(problem.clone()) };
    for size in SIZES {
        let mut model = seen(model());
        model.handle_event(0.5, ready(DeviceKind::Camera, "phone (picture)"));
        model.handle_event(0.6, StudioEvent::Problem(awaited.clone()));
        model.handle_event(0.6, lost(&awaited));
        assert_eq!(model.view(0.7).truth.truth, Truth::Problem(awaited.clone()));
        model.handle_act(1.0, Act::GoLive);
        model.handle_event(2.0, super::state(D::Live));
        assert_eq!(model.view(3.0).truth.truth, Truth::Problem(awaited.clone()));
        assert_eq!(model.view(3.0).problems, [], "it is said twice already");
        let harness = open(desk(model), size);
        assert_eq!(harness.get_all_by_label("Nobody sends to phone (picture) yet.").count(), 2);
        let mut model = harness.into_state().model;
        model.handle_act(9.0, Act::EndShow);
        model.handle_event(10.0, ended(8, None));
        assert_eq!(model.view(10.0).result.unwrap().failure, Some(awaited.clone()));
        model.handle_event(11.0, StudioEvent::Source { kind: DeviceKind::Camera, state: SourceState::Restored });
        let came = Problem::new(ProblemKind::SourceRestored, "phone (picture)", "");
        model.handle_event(11.0, StudioEvent::Problem(came));
        assert_eq!((model.view(11.0).stage.awaited, model.view(11.0).problems), (None, vec![]));
    }
}

#[test]
fn what_was_said_of_a_source_goes_with_it() {
    let mut model = model();
    model.handle_event(0.5, ready(DeviceKind::Camera, "phone (picture)"));
    let gone = Problem::new(ProblemKind::SourceLost, "phone (picture)", "it ended");
    model.handle_event(1.0, StudioEvent::Source { kind: DeviceKind::Camera, state: SourceState::Lost(gone) });
    assert_eq!(model.view(1.0).problems.len(), 1);
    model.handle_event(2.0, ready(DeviceKind::Camera, "tablet (picture)"));
    assert_eq!(model.view(2.0).problems, []);
}

#[test]
fn where_a_stream_is_sent_goes_with_it() {
    let failed = |name: &str| SourceState::Failed(Problem::new(ProblemKind::SourceNotFound, name, "not there"));
    for (kind, place) in [(DeviceKind::Camera, 0), (DeviceKind::Microphone, 1)] {
        for gone in [SourceState::None, failed("HD Webcam")] {
            let mut model = model();
            let mut event = ready(kind, "phone");
            if let StudioEvent::Source { state: SourceState::Ready(info), .. } = &mut event {
                info.address = Some("rtmp://192.168.1.20:1935/live/phone".to_owned());
            }
            model.handle_event(0.5, event);
            assert!(model.view(0.5).sources.incoming.addresses[place].is_some());
            model.handle_event(1.0, StudioEvent::Source { kind, state: gone.clone() });
            assert_eq!(model.view(1.0).sources.incoming.addresses, [None, None], "{kind:?}, {gone:?}");
        }
    }
}

#[test]
fn that_there_is_no_picture_is_said_in_the_middle_of_its_place() {
    for size in SIZES {
        let stage = open(desk(seen(model())), size).get_by_label("Picture of the show, Test picture").rect();
        let mut model = seen(model());
        model.handle_event(1.0, StudioEvent::Source { kind: DeviceKind::Camera, state: SourceState::None });
        let said = open(desk(model), size).get_by_label("This show has no picture").rect();
        let beside = said.center() - stage.center();
        assert!(beside.x.abs() < 2.0 && beside.y.abs() < 2.0, "{size}: {beside:?} beside the middle");
    }
}

#[test]
fn what_a_destination_lacks_is_said_of_it_and_asked_for_there() {
    let youtube = SERVICES.iter().find(|service| service.id == "youtube").unwrap().destination();
    let whole = settings().destinations;
    for (second, says, role, label) in [
        (Destination::at(""), "Type or paste the address of your server", Role::TextInput, "Server"),
        (youtube, "No stream key", Role::PasswordInput, "Stream key"),
    ] {
        for size in SIZES {
            let destinations = whole.iter().cloned().chain([second.clone()]).collect();
            let model = Model::new(ShowSettings { destinations, ..settings() }, None, Appearance::default(), false);
            let mut harness = open(desk(seen(model)), size);
            let found = harness.get_by_label_contains(says);
            let node = found.accesskit_node();
            let line = node.label().or(node.value()).unwrap();
            assert!(line.starts_with('2'), "{line}");
            harness.get_by_label("Choose destination…").click();
            harness.run();
            assert!(harness.get_by_role_and_label(role, label).is_focused(), "{label}");
        }
    }
}

#[test]
fn nothing_goes_to_the_address_before_the_one_that_was_not_taken() {
    let mut model = seen(model());
    assert_eq!(model.view(1.0).show.primary, Primary::GoLive);
    let over = settings().destinations[0].server.clone();
    model.handle_act(1.0, Act::HoldServer(Some((0, over))));
    let view = model.view(2.0);
    assert_eq!(view.show.primary, Primary::ChooseDestination);
    assert!(matches!(view.truth.truth, Truth::Wanted(finding) if finding.rule == Rule::ServerUnreadable));
    assert!(model.handle_act(2.0, Act::GoLive).is_empty());
    model.handle_act(3.0, Act::HoldServer(None));
    assert_eq!(model.handle_act(3.0, Act::GoLive).len(), 1);
}

#[test]
fn what_was_locked_is_not_said_any_more_after_the_show() {
    let mut model = seen(model());
    let elsewhere = ShowSettings { destinations: vec![Destination::at("rtmp://other.example/app/k")], ..settings() };
    model.handle_act(0.5, Act::Edit(Box::new(elsewhere)));
    model.handle_act(1.0, Act::OpenSettings(Tab::Picture));
    assert!(model.view(1.0).settings.unwrap().can_undo);
    model.handle_act(1.0, Act::GoLive);
    model.handle_event(2.0, super::state(D::Live));
    model.handle_act(3.0, Act::Undo);
    let sheet = model.view(3.0).settings.unwrap();
    assert!(sheet.around.refused.is_some() && !sheet.can_undo);
    model.handle_act(4.0, Act::EndShow);
    model.handle_event(5.0, ended(2, None));
    let sheet = model.view(5.0).settings.unwrap();
    assert!(sheet.around.refused.is_none() && sheet.can_undo);
}

#[test]
fn sources_of_its_own_are_called_in_the_language_of_the_window() {
    let mut model = seen(model());
    model.handle_event(0.5, ready(DeviceKind::Microphone, "Test tone"));
    model.handle_act(1.0, Act::SetAppearance(Appearance { lang: Some(Lang::German), ..Appearance::default() }));
    let view = model.view(1.0);
    assert_eq!((view.stage.source.as_deref(), view.sound.name.as_str()), (Some("Testbild"), "Testton"));
}

#[test]
fn a_microphone_that_is_gone_is_not_called_by_the_name_of_another() {
    let mut model = model();
    model.handle_event(2.0, ready(DeviceKind::Microphone, "Desk"));
    assert_eq!(model.view(2.0).sources.lost_microphone, None);
    let gone = SourceState::Lost(Problem::new(ProblemKind::SourceLost, "Desk", "unplugged"));
    model.handle_event(3.0, StudioEvent::Source { kind: DeviceKind::Microphone, state: gone });
    assert_eq!(model.view(3.0).sources.lost_microphone.as_deref(), Some("Desk"));
    model.handle_event(4.0, StudioEvent::Source { kind: DeviceKind::Microphone, state: SourceState::Restored });
    assert_eq!(model.view(4.0).sources.lost_microphone, None);
}

#[test]
fn what_a_shared_rehearsal_says_is_true() {
    let mut model = model();
    model.handle_act(1.0, Act::Rehearse);
    model.handle_event(2.0, state(D::Live));
    model.handle_levels(&levels(-14.0));
    assert_eq!(model.view(4.0).truth.truth, Truth::AllGoodRehearsal);
    model.handle_act(5.0, Act::AskToShare);
    model.handle_act(5.0, Act::Share);
    model.handle_event(5.0, StudioEvent::RehearsalShared(Ok("http://192.168.1.2:3/watch".to_owned())));
    model.handle_act(6.0, Act::CloseShare);
    assert_eq!(model.view(7.0).truth.truth, Truth::AllGoodShared, "whoever has the address may go on watching");
}
