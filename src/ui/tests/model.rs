//! The model by events, acts and time.

use std::path::PathBuf;

use super::{devices, ended, levels, model, ready, said, state, stats};
use crate::media::Turn;
use crate::settings::catalogue::SERVICES;
use crate::settings::{AudioChoice, Destination, KeysIn, SecretEntry, ShowLink, ShowSettings, StreamKey, VideoChoice};
use crate::studio::{
    Command, DestinationState as D, DeviceKind, Problem, ProblemKind, SourceState, StudioCommand, StudioEvent,
};
use crate::ui::model::{Model, Order};
use crate::ui::profiles::{ProfileAnswer, ProfileDone, ProfileRequest};
use crate::ui::view::{
    Act, Appearance, Devices, Phase, Primary, RecordingView, Remedy, StagePicture, Truth, TruthView,
};

fn engine(orders: Vec<Order>) -> Vec<StudioCommand> {
    let only = |order| match order {
        Order::Engine(command) => command,
        other => panic!("not for the engine: {other:?}"),
    };
    orders.into_iter().map(only).collect()
}

fn phase(model: &Model, now: f64) -> Phase {
    model.view(now).show.phase
}

/// Live since second 2.
fn live() -> Model {
    let mut model = model();
    assert_eq!(engine(model.handle_act(1.0, Act::GoLive)).len(), 1);
    model.handle_event(1.1, state(D::Connecting));
    model.handle_event(2.0, state(D::Live));
    model
}

#[test]
fn a_show_goes_from_ready_over_live_to_its_result() {
    let mut model = model();
    assert_eq!((phase(&model, 0.0), model.view(0.0).show.primary), (Phase::Ready, Primary::GoLive));
    let orders = engine(model.handle_act(1.0, Act::GoLive));
    let [StudioCommand::GoLive(settings)] = orders.as_slice() else { panic!("{orders:?}") };
    // The key that was typed into the address is out of it before anything starts.
    assert_eq!(settings.destinations[0].server, "rtmp://live.example.com/app");
    assert!(!settings.rehearse && settings.destinations[0].stream_key.is_some());
    assert_eq!((phase(&model, 1.0), model.view(1.7).show.primary), (Phase::Connecting, Primary::Cancel));
    model.handle_event(1.5, state(D::Connecting));
    assert_eq!(model.view(1.9).show.live_seconds, None);
    model.handle_event(2.0, state(D::Live));
    model.handle_event(3.0, StudioEvent::Stats(Box::new(stats(D::Live))));
    model.handle_levels(&levels(-14.0));
    let view = model.view(5.0);
    assert_eq!((view.show.phase, view.show.live_seconds), (Phase::Live, Some(3.0)));
    assert_eq!((view.strip.kbps, view.strip.behind_seconds), (Some(2980.0), 0.2));
    assert_eq!((view.truth.truth, view.show.primary), (Truth::AllGood, Primary::EndShow));
    assert_eq!(engine(model.handle_act(6.0, Act::EndShow)), [StudioCommand::Show(Command::End)]);
    model.handle_event(6.1, state(D::Ending));
    assert_eq!((phase(&model, 6.2), model.view(6.2).show.primary), (Phase::Ending, Primary::EndNow));
    model.handle_event(7.0, ended(4, None));
    let view = model.view(7.0);
    assert_eq!((view.show.phase, view.truth.truth), (Phase::Off, Truth::Over));
    for (begin, over) in [(Act::Rehearse, Truth::RehearsalOver), (Act::Record, Truth::RecordingOver)] {
        let mut model = super::model();
        model.handle_act(1.0, begin);
        model.handle_event(2.0, state(D::Live));
        model.handle_event(6.0, ended(4, None));
        assert_eq!(model.view(7.0).truth.truth, over);
    }
    let result = view.result.unwrap();
    assert_eq!((result.live_seconds, result.interruptions, result.worst), (Some(4.0), 1, Some((12, 3))));
    assert_eq!(result.average_kbps, Some(2980.0));
    assert!(model.handle_act(7.1, Act::CloseResult).is_empty());
    assert_eq!(phase(&model, 7.2), Phase::Ready);
}

#[test]
fn no_double_click_fools_it() {
    let mut model = model();
    assert_eq!(model.handle_act(1.0, Act::GoLive).len(), 1);
    for now in [1.0, 1.1, 1.3, 1.5] {
        assert!(!model.view(now).show.primary_enabled, "{now}");
        for act in [Act::GoLive, Act::Rehearse, Act::Cancel, Act::EndShow, Act::Abort] {
            assert!(model.handle_act(now, act.clone()).is_empty(), "{act:?} at {now}");
        }
    }
    assert_eq!(engine(model.handle_act(1.7, Act::Cancel)), [StudioCommand::Show(Command::Abort)]);
    // The second click of that one.
    assert!(model.handle_act(1.8, Act::Abort).is_empty());
    model.handle_event(1.9, ended(0, None));
    assert!(model.handle_act(2.0, Act::GoLive).is_empty(), "the third click does not start it again");
    assert_eq!(model.handle_act(2.6, Act::GoLive).len(), 1);
}

#[test]
fn what_was_cancelled_while_connecting_was_no_show() {
    let mut model = model();
    model.handle_act(1.0, Act::GoLive);
    model.handle_event(1.1, state(D::Connecting));
    model.handle_act(2.0, Act::Cancel);
    model.handle_event(2.1, ended(0, None));
    assert_eq!((phase(&model, 2.1), model.view(2.1).result), (Phase::Ready, None));
}

#[test]
fn what_does_not_fit_the_state_does_nothing() {
    let mut model = live();
    for act in [Act::GoLive, Act::Rehearse, Act::Cancel, Act::Abort] {
        assert!(model.handle_act(10.0, act.clone()).is_empty(), "{act:?}");
        assert_eq!(phase(&model, 10.0), Phase::Live);
    }
    assert_eq!(engine(model.handle_act(11.0, Act::EndShow)).len(), 1);
    assert!(model.handle_act(12.0, Act::EndShow).is_empty());
    assert_eq!(engine(model.handle_act(12.0, Act::Abort)), [StudioCommand::Show(Command::Abort)]);
}

#[test]
fn a_program_that_is_asked_to_end_ends_its_show_first() {
    let mut model = model();
    assert!(model.end(0.0).is_empty());
    model.handle_act(1.0, Act::GoLive);
    assert_eq!(engine(model.end(1.1)), [StudioCommand::Show(Command::Abort)]);
    let mut model = live();
    assert_eq!(engine(model.end(5.0)), [StudioCommand::Show(Command::End)]);
    assert_eq!((phase(&model, 5.0), model.end(5.1)), (Phase::Ending, vec![]));
}

#[test]
fn lost_and_back_keeps_the_timer_and_counts_the_seconds() {
    let mut model = live();
    let lost = Problem::new(ProblemKind::ConnectionLost, "YouTube", "the server closed the connection").at(0);
    model.handle_event(10.0, state(D::Reconnecting));
    model.handle_event(10.0, StudioEvent::Problem(lost.clone()));
    let view = model.view(13.5);
    assert_eq!(
        (view.show.phase, view.show.lost_seconds, view.show.live_seconds),
        (Phase::Reconnecting, 3.5, Some(11.5))
    );
    // It goes on being encoded, and nothing of it is sent.
    model.handle_event(13.5, StudioEvent::Stats(Box::new(stats(D::Reconnecting))));
    assert_eq!(model.view(13.5).strip.kbps, Some(0.0));
    // The card names it; once that is put away, the sentence does.
    assert_eq!((view.truth.truth, view.show.primary), (Truth::Reconnecting, Primary::EndShow));
    model.handle_act(13.6, Act::Dismiss(view.problems[0].id));
    let truth = TruthView { truth: Truth::Problem(lost), remedy: Some(Remedy::RetryNow) };
    assert_eq!(model.view(13.7).truth, truth);
    // The connection is made from the start again: that is no "connecting" of a show that never was live.
    model.handle_event(14.0, state(D::Connecting));
    assert_eq!(phase(&model, 14.0), Phase::Reconnecting);
    model.handle_event(15.0, state(D::Live));
    model.handle_levels(&levels(-14.0));
    let view = model.view(16.0);
    assert_eq!((view.show.phase, view.show.lost_seconds, view.show.live_seconds), (Phase::Live, 0.0, Some(14.0)));
    assert_eq!((view.truth.truth, view.problems.len()), (Truth::AllGood, 0));
}

#[test]
fn a_refused_key_and_a_server_that_is_down_are_told_on_the_card() {
    for kind in [ProblemKind::PublishRejected, ProblemKind::ConnectionRefused, ProblemKind::DnsFailed] {
        let mut model = model();
        model.handle_act(1.0, Act::GoLive);
        let problem = said(Problem::new(kind, "YouTube", "step publish"), "Stream key is wrong");
        model.handle_event(1.5, state(D::Connecting));
        model.handle_event(2.0, StudioEvent::Problem(problem.clone()));
        model.handle_event(2.0, state(D::Ended));
        model.handle_event(2.1, ended(0, Some(problem.clone())));
        let view = model.view(3.0);
        let result = view.result.unwrap();
        assert_eq!((result.live_seconds, result.failure), (None, Some(problem)));
        // Told once: on the card.
        assert!(view.problems.is_empty());
        assert_eq!(
            (view.show.phase, view.show.primary, view.show.primary_enabled),
            (Phase::Off, Primary::GoLive, true)
        );
    }
}

#[test]
fn one_live_server_of_two_is_live() {
    let mut model = model();
    model.handle_act(1.0, Act::GoLive);
    let of = |name: &str, state| {
        let place = usize::from(name == "two");
        StudioEvent::State { place, destination: name.to_owned(), state }
    };
    model.handle_event(1.1, of("one", D::Connecting));
    model.handle_event(1.1, of("two", D::Connecting));
    model.handle_event(2.0, of("one", D::Live));
    model.handle_event(3.0, of("two", D::Ended));
    assert_eq!(phase(&model, 3.0), Phase::Live);
    model.handle_event(4.0, of("one", D::Reconnecting));
    assert_eq!(phase(&model, 4.0), Phase::Reconnecting);
}

#[test]
fn without_a_destination_the_next_act_is_to_choose_one() {
    let mut model = Model::new(crate::settings::ShowSettings::default(), None, Default::default(), false);
    let view = model.view(1.0);
    assert_eq!((view.show.primary, view.truth.truth), (Primary::ChooseDestination, Truth::NeedsDestination));
    assert!(model.handle_act(1.0, Act::GoLive).is_empty());
    let orders = engine(model.handle_act(1.0, Act::Rehearse));
    assert!(matches!(orders.as_slice(), [StudioCommand::GoLive(settings)] if settings.rehearse));
    assert!(model.view(1.0).show.rehearsal);
}

#[test]
fn a_destination_that_lacks_its_address_or_key_is_no_place_to_go() {
    let youtube = SERVICES.iter().find(|service| service.id == "youtube").unwrap().destination();
    let mut unread = Destination::at("rtmp://media.example/app");
    unread.unread.stream_key = Some(SecretEntry("kept".to_owned()));
    for destination in [Destination::at(""), youtube.clone(), unread] {
        let settings = ShowSettings { destinations: vec![destination.clone()], ..super::settings() };
        let mut model = Model::new(settings, None, Appearance::default(), false);
        let view = model.view(1.0);
        assert_eq!(view.show.primary, Primary::ChooseDestination, "{destination:?}");
        assert!(matches!(view.truth.truth, Truth::Wanted(_)), "{:?}", view.truth);
        assert!(model.handle_act(1.0, Act::GoLive).is_empty());
    }
    let with_key = Destination { stream_key: Some(StreamKey::new("k")), ..youtube };
    let settings = ShowSettings { destinations: vec![with_key], ..super::settings() };
    let mut model = Model::new(settings, None, Appearance::default(), false);
    assert_eq!(model.handle_act(1.0, Act::GoLive).len(), 1);
}

#[test]
fn a_show_that_is_chosen_whole_answers_the_questions_of_the_first_start() {
    let answer = |done| {
        let names = vec!["Sunday".to_owned()];
        ProfileAnswer { done: Ok(done), asked: true, told: Vec::new(), names, deleted: None, keys_in: KeysIn::File }
    };
    let nowhere = ShowSettings { destinations: Vec::new(), ..super::settings() };
    let first = || Model::new(nowhere.clone(), None, Appearance::default(), true);
    let is_over = |model: &Model, orders: &[Order]| {
        !model.asks_first_questions()
            && orders.contains(&Order::KeepWindow)
            && model.view(1.0).show.primary == Primary::GoLive
    };
    let loaded = || ProfileDone::Loaded("Sunday".to_owned(), Box::new(super::settings()));

    let mut model = first();
    model.handle_profile(0.0, answer(ProfileDone::Resumed { session: None, saved: None }));
    model.handle_profile(0.0, answer(ProfileDone::Kept));
    assert!(model.asks_first_questions());
    let orders = model.handle_profile(1.0, answer(loaded()));
    assert!(is_over(&model, &orders), "{orders:?}");

    let mut model = first();
    let orders = model.handle_profile(1.0, answer(ProfileDone::Imported("Sunday".to_owned())));
    assert_eq!(orders, [Order::Profile(ProfileRequest::Load("Sunday".to_owned()))]);
    let orders = model.handle_profile(1.0, answer(loaded()));
    assert!(is_over(&model, &orders), "{orders:?}");
    // Later it is one more in the list.
    assert_eq!(model.handle_profile(2.0, answer(ProfileDone::Imported("Sunday 2".to_owned()))), []);

    let mut model = first();
    let link = ShowLink::parse(&ShowLink::write("Sunday", &super::settings()).unwrap()).unwrap();
    let orders = model.handle_act(1.0, Act::OpenLink(Box::new(link)));
    assert!(!model.asks_first_questions() && orders.contains(&Order::KeepWindow), "{orders:?}");
}

#[test]
fn what_a_service_wants_otherwise_is_said_before_going_live_and_mended_by_one_act() {
    let youtube = SERVICES.iter().find(|service| service.id == "youtube").unwrap().destination();
    let mut settings = super::settings();
    settings.destinations = vec![Destination { stream_key: Some(StreamKey::new("k")), ..youtube }];
    settings.encoding.keyframe_seconds = 8.0;
    let mut model = Model::new(settings, None, Appearance::default(), false);
    for _ in 0..8 {
        let TruthView { truth: Truth::Wanted(finding), remedy: Some(Remedy::Fix(fix)) } = model.view(1.0).truth else {
            break;
        };
        assert!(finding.fix.is_some());
        model.handle_act(1.0, Act::Fix(fix));
    }
    let view = model.view(2.0);
    assert_eq!((view.truth.truth, view.truth.remedy), (Truth::ReadyFor("YouTube".to_owned()), None));
    assert!(model.handle_act(3.0, Act::GoLive).len() == 1);
}

#[test]
fn what_is_set_is_kept_for_next_time_once_nothing_more_is_changed() {
    let mut model = model();
    assert_eq!(model.handle_time(100.0), [], "nothing was changed yet");
    model.handle_act(100.0, Act::PickVideo(VideoChoice::None));
    model.handle_act(100.8, Act::SetGain(-3.0));
    assert_eq!(model.handle_time(101.5), [], "somebody is still at it");
    let Some(Order::Profile(ProfileRequest::KeepSession(profile, kept))) = model.handle_time(101.8).pop() else {
        panic!("not kept")
    };
    assert_eq!(profile.as_deref(), Some("Church, Sunday"));
    assert_eq!((kept.video, kept.gain_db), (VideoChoice::None, -3.0));
    assert_eq!((model.handle_time(200.0), model.keep()), (Vec::new(), None));
    model.handle_act(300.0, Act::SetGain(0.0));
    assert!(model.keep().is_some(), "the window closes right after");
}

#[test]
fn the_one_measured_cause_and_its_button() {
    let mut model = live();
    model.handle_levels(&levels(-14.0));
    let narrow = crate::studio::Stats { congestion: 0.9, video_kbps: 2100.0, ..stats(D::Live) };
    model.handle_event(3.0, StudioEvent::Stats(Box::new(narrow.clone())));
    assert_eq!(model.view(3.0).truth.truth, Truth::AllGood, "one second is no trouble yet");
    for second in [4.0, 5.0] {
        model.handle_event(second, StudioEvent::Stats(Box::new(narrow.clone())));
    }
    let truth = model.view(5.0).truth;
    assert_eq!(truth.truth, Truth::UploadShort { gives_kbps: 2100.0, wants_kbps: 3000.0 });
    let Some(Remedy::LowerTo(bitrate)) = truth.remedy else { panic!("{truth:?}") };
    assert_eq!(bitrate.kbps(), 1800);
    assert_eq!(
        engine(model.handle_act(6.0, Act::SetBitrate(bitrate))),
        [StudioCommand::Show(Command::SetVideoBitrate(bitrate))]
    );
    assert_eq!(model.view(6.0).sources.bitrate, bitrate);
}

#[test]
fn what_is_noticed_of_a_source_stands_until_it_is_over() {
    let mut model = live();
    let told = |kind, turn| StudioEvent::Problem(Problem::from_notice("Webcam", kind, turn));
    let begun = Turn::Begun(std::time::Duration::from_secs(3));
    let kinds = |model: &Model| model.view(9.0).problems.iter().map(|told| told.problem.kind).collect::<Vec<_>>();
    model.handle_event(3.0, told(ProblemKind::SourceBlack, begun));
    model.handle_event(4.0, told(ProblemKind::SourceClipping, begun));
    assert_eq!(kinds(&model), [ProblemKind::SourceBlack, ProblemKind::SourceClipping]);
    model.handle_event(5.0, told(ProblemKind::SourceBlack, Turn::Over));
    assert_eq!(kinds(&model), [ProblemKind::SourceClipping], "what is over is gone, and no card says so");
    model.handle_event(6.0, ready(DeviceKind::Microphone, "Another"));
    assert_eq!(kinds(&model), [], "it was of the one before");
}

#[test]
fn talking_while_muted_is_said_and_silence_from_a_microphone_too() {
    let mut model = live();
    assert_eq!(engine(model.handle_act(3.0, Act::SetMuted(true))), [StudioCommand::SetMuted(true)]);
    model.handle_levels(&levels(-50.0));
    let muted = TruthView { truth: Truth::Muted, remedy: Some(Remedy::Unmute) };
    assert_eq!(model.view(3.0).truth, muted);
    model.handle_levels(&levels(-12.0));
    assert_eq!(model.view(3.5).truth, muted, "loud is not talk");
    let told = |turn| StudioEvent::Problem(Problem::from_notice("Desk", ProblemKind::MutedTalking, turn));
    model.handle_event(4.0, told(Turn::Begun(std::time::Duration::from_secs(1))));
    assert_eq!(model.view(4.0).problems, [], "the sentence with its button says it");
    let truth = model.view(4.0).truth;
    assert_eq!((truth.truth, truth.remedy), (Truth::MutedTalking, Some(Remedy::Unmute)));
    model.handle_act(5.0, Act::SetMuted(false));
    model.handle_levels(&levels(f32::NEG_INFINITY));
    assert_eq!(model.view(5.0).truth.truth, Truth::AllGood, "a pause, or a gate");
    let silent = |turn| StudioEvent::Problem(Problem::from_notice("Desk", ProblemKind::SourceSilent, turn));
    let begun = || silent(Turn::Begun(std::time::Duration::from_secs(5)));
    model.handle_event(10.0, begun());
    assert_eq!(model.view(10.0).truth.truth, Truth::NoSound);
    let card = model.view(10.0).problems[0].id;
    model.handle_act(11.0, Act::Dismiss(card));
    assert_eq!(model.view(11.0).truth.truth, Truth::NoSound, "it is so all the same");
    model.handle_event(12.0, silent(Turn::Over));
    assert_eq!(model.view(30.0).truth.truth, Truth::AllGood);
    model.handle_event(40.0, begun());
    model.handle_act(41.0, Act::PickAudio(AudioChoice::Silence));
    model.handle_event(41.1, StudioEvent::Source { kind: DeviceKind::Microphone, state: SourceState::None });
    assert_eq!(model.view(41.2).truth.truth, Truth::AllGood, "silence that was chosen is no news");
}

#[test]
fn sources_are_shown_fail_and_come_back() {
    let mut model = model();
    assert_eq!(model.view(0.0).stage.picture, StagePicture::Opening);
    model.handle_event(0.1, ready(DeviceKind::Camera, "HD Webcam"));
    assert_eq!(model.view(0.1).stage.picture, StagePicture::Shown);
    model.handle_event(0.2, devices(DeviceKind::Camera, &["HD Webcam", "Nachtsicht 夜"]));
    let Devices::Found(found) = model.view(0.2).sources.cameras else { panic!("not found") };
    assert_eq!((found.len(), found[1].id.as_str()), (2, "Nachtsicht 夜-id"));
    let lost = Problem::new(ProblemKind::SourceLost, "HD Webcam", "unplugged");
    model.handle_event(1.0, StudioEvent::Source { kind: DeviceKind::Camera, state: SourceState::Lost(lost.clone()) });
    model.handle_event(1.5, StudioEvent::Source { kind: DeviceKind::Camera, state: SourceState::Lost(lost) });
    assert_eq!(model.view(2.0).problems.len(), 1, "the same is told once");
    model.handle_event(3.0, StudioEvent::Source { kind: DeviceKind::Camera, state: SourceState::Restored });
    assert!(model.view(3.0).problems.is_empty());
    let choice = VideoChoice::Camera(Some("Nachtsicht 夜-id".to_owned()));
    assert_eq!(engine(model.handle_act(4.0, Act::PickVideo(choice.clone()))), [StudioCommand::SetVideo(choice)]);
    let busy = Problem::new(ProblemKind::SourceBusy, "Nachtsicht 夜", "EBUSY");
    model.handle_event(4.1, StudioEvent::Source { kind: DeviceKind::Camera, state: SourceState::Failed(busy.clone()) });
    assert_eq!(model.view(4.1).stage.picture, StagePicture::Failed(busy));
}

#[test]
fn who_has_no_microphone_is_told_before_the_show_and_may_go_without() {
    let mut model = model();
    let missing = Problem::new(ProblemKind::SourceNotFound, "microphone", "");
    let failed = SourceState::Failed(missing.clone());
    model.handle_event(0.1, StudioEvent::Source { kind: DeviceKind::Microphone, state: failed });
    let unheard = TruthView { truth: Truth::Unheard, remedy: Some(Remedy::Silence) };
    assert_eq!(model.view(0.2).truth, unheard);
    // A show that did not begin for it says so on its card, and the way out is still there.
    model.handle_act(1.0, Act::GoLive);
    model.handle_event(1.1, ended(0, Some(missing)));
    let view = model.view(2.0);
    assert_eq!((view.show.phase, view.truth), (Phase::Off, unheard));
    let orders = engine(model.handle_act(3.0, Act::PickAudio(AudioChoice::Silence)));
    assert_eq!(orders, [StudioCommand::SetAudio(AudioChoice::Silence)]);
    model.handle_event(3.1, StudioEvent::Source { kind: DeviceKind::Microphone, state: SourceState::Opening });
    model.handle_event(3.2, ready(DeviceKind::Microphone, "silence"));
    assert!(matches!(model.view(3.3).truth.truth, Truth::ReadyFor(_)), "{:?}", model.view(3.3).truth);
}

#[test]
fn all_is_not_good_while_a_device_is_gone() {
    let mut model = live();
    model.handle_levels(&levels(-14.0));
    let gone = |name: &str| SourceState::Lost(Problem::new(ProblemKind::SourceLost, name, "unplugged"));
    let both = [(DeviceKind::Microphone, Truth::NoSound), (DeviceKind::Camera, Truth::NoLivePicture)];
    for (kind, truth) in both {
        model.handle_event(5.0, ready(kind, "USB"));
        assert_eq!(model.view(5.0).truth.truth, Truth::AllGood);
        model.handle_event(6.0, StudioEvent::Source { kind, state: gone("USB") });
        let told = model.view(6.0).problems[0].id;
        model.handle_act(6.1, Act::Dismiss(told));
        assert_eq!(model.view(6.2).truth.truth, truth, "also when its card was put away");
        model.handle_event(7.0, StudioEvent::Source { kind, state: SourceState::Restored });
        assert_eq!(model.view(7.1).truth.truth, Truth::AllGood);
    }
}

#[test]
fn a_recording_is_named_after_the_start_of_its_show() {
    let mut model = model();
    model.record_into("/videos".into());
    let pattern = PathBuf::from("/videos/Tally {date} {time}.mp4");
    let orders = model.handle_act(1.0, Act::ToggleRecord);
    let folder = ProfileRequest::RecordingFolder { folder: "/videos".into(), make: true };
    assert_eq!(orders, [Order::Profile(folder), Order::Engine(StudioCommand::WatchDisk(Some(pattern)))]);
    assert_eq!(model.view(1.0).strip.recording, RecordingView::Ready { left_seconds: None });
    let record = |orders: Vec<StudioCommand>| match orders.as_slice() {
        [StudioCommand::GoLive(settings)] => settings.record.clone().unwrap(),
        other => panic!("{other:?}"),
    };
    let first = record(engine(model.handle_act(1.0, Act::GoLive)));
    assert_eq!(first.to_str(), Some("/videos/Tally {date} {time}.mp4"));
    model.handle_event(2.0, state(D::Live));
    // An hour of 3128 kb/s and 2 %.
    model.handle_event(3.0, StudioEvent::DiskRoom(Some(398_820 * 3600)));
    let running = RecordingView::Running { seconds: 2.0, left_seconds: Some(3600.0) };
    assert_eq!(model.view(4.0).strip.recording, running);
    model.handle_levels(&levels(-14.0));
    assert_eq!(model.view(4.0).truth.truth, Truth::AllGood);
    model.handle_event(5.0, StudioEvent::DiskRoom(Some(398_820 * 600)));
    assert_eq!(model.view(5.0).truth.truth, Truth::DiskFillsUp { left_seconds: 600.0 });
    let full = Problem::new(ProblemKind::DiskFull, "/videos/a.mp4", "64 MB are left, which are kept free");
    model.handle_event(6.0, StudioEvent::Problem(full));
    assert_eq!(model.view(6.0).strip.recording, RecordingView::Failed);
}

#[test]
fn a_rehearsal_leaves_no_recording_behind() {
    let mut model = model();
    model.handle_act(1.0, Act::ToggleRecord);
    match engine(model.handle_act(2.0, Act::Rehearse)).as_slice() {
        [StudioCommand::GoLive(settings)] => assert!(settings.rehearse && settings.record.is_none()),
        other => panic!("{other:?}"),
    }
    assert_eq!(model.view(2.0).strip.recording, RecordingView::Off);
}

#[test]
fn a_recording_alone_goes_nowhere_and_has_marks_and_replays() {
    let mut model = Model::new(ShowSettings::default(), None, Appearance::default(), false);
    model.record_into("/videos".into());
    assert!(model.handle_act(0.5, Act::SaveReplay).is_empty() && model.handle_act(0.5, Act::Mark).is_empty());
    match engine(model.handle_act(1.0, Act::Record)).as_slice() {
        [StudioCommand::GoLive(settings)] => {
            assert!(settings.destinations.is_empty() && !settings.rehearse);
            assert_eq!(settings.record, Some("/videos/Tally {date} {time}.mp4".into()));
        }
        other => panic!("{other:?}"),
    }
    for (at, state) in [(1.1, D::Connecting), (2.0, D::Live)] {
        model.handle_event(at, StudioEvent::State { place: 0, destination: "recording".to_owned(), state });
    }
    model.handle_levels(&levels(-14.0));
    let view = model.view(4.0);
    assert!(view.show.alone && view.show.primary == Primary::EndShow);
    assert_eq!(view.strip.recording, RecordingView::Running { seconds: 2.0, left_seconds: None });
    for (act, command) in [(Act::SaveReplay, Command::SaveReplay), (Act::Mark, Command::Mark)] {
        assert_eq!(engine(model.handle_act(5.0, act)), [StudioCommand::Show(command)]);
    }
    let at = std::time::Duration::from_secs(3);
    model.handle_event(5.0, StudioEvent::Marked { number: 1, at });
    assert_eq!(model.view(6.0).truth.truth, Truth::Marked { number: 1, at_seconds: 3.0 });
    model.handle_event(7.0, StudioEvent::ReplaySaved("/videos/a replay.mp4".into()));
    assert_eq!(model.view(8.0).truth.truth, Truth::ReplaySaved("/videos/a replay.mp4".into()));
    assert_eq!(model.view(14.0).truth.truth, Truth::AllGood, "it is said for a moment");
    assert_eq!(engine(model.handle_act(15.0, Act::EndShow)), [StudioCommand::Show(Command::End)]);
    model.handle_event(16.0, ended(14, None));
    assert!(model.view(16.0).result.unwrap().alone);
}

#[test]
fn a_show_that_is_live_can_be_recorded_or_not_and_again_after_a_failure() {
    let mut model = live();
    model.record_into("/videos".into());
    assert_eq!(model.view(3.0).strip.recording, RecordingView::Off);
    let pattern = PathBuf::from("/videos/Tally {date} {time}.mp4");
    let begin = || [StudioCommand::Show(Command::StartRecording { pattern: pattern.clone(), split: None })];
    let told = |on| StudioEvent::Recording { path: "/videos/a.mp4".into(), on };
    assert_eq!(engine(model.handle_act(3.0, Act::ToggleRecord)), begin());
    model.handle_event(3.25, told(true));
    // The second click of a double click means nothing else.
    assert_eq!(engine(model.handle_act(3.5, Act::ToggleRecord)), []);
    assert_eq!(model.view(5.25).strip.recording, RecordingView::Running { seconds: 2.0, left_seconds: None });
    assert_eq!(model.view(4.0).truth.truth, Truth::RecordingBegun("/videos/a.mp4".into()));
    assert_eq!(engine(model.handle_act(6.0, Act::Mark)), [StudioCommand::Show(Command::Mark)]);
    // The key that begins a recording alone does it too.
    assert_eq!(engine(model.handle_act(7.0, Act::Record)), [StudioCommand::Show(Command::StopRecording)]);
    model.handle_event(7.1, told(false));
    assert_eq!(model.view(8.0).strip.recording, RecordingView::Off);
    assert_eq!(model.view(8.0).truth.truth, Truth::RecordingClosed("/videos/a.mp4".into()));

    assert_eq!(engine(model.handle_act(9.0, Act::ToggleRecord)), begin());
    model.handle_event(9.1, told(true));
    model.handle_event(20.0, StudioEvent::Problem(Problem::new(ProblemKind::DiskFull, "/videos/a.mp4", "")));
    let view = model.view(21.0);
    assert_eq!((view.strip.recording, view.truth.remedy), (RecordingView::Failed, Some(Remedy::RecordAgain)));
    assert_eq!(engine(model.handle_act(22.0, Act::ToggleRecord)), begin());
    model.handle_event(22.1, told(true));
    assert_eq!(model.view(30.0).truth.truth, Truth::AllGood);
    assert!(model.view(30.0).problems.is_empty(), "what was said of the recording is history");
}

#[test]
fn the_report_says_what_happened_and_holds_no_key() {
    let mut model = live();
    let problem = said(Problem::new(ProblemKind::ServerWarning, "YouTube", "status"), "bitrate is low");
    model.handle_event(3.0, StudioEvent::Problem(problem));
    let orders = model.handle_act(4.0, Act::CopyReport);
    let [Order::Copy(report)] = orders.as_slice() else { panic!("{orders:?}") };
    assert!(report.contains("server_warning") && report.contains("bitrate is low"), "{report}");
    assert!(!report.contains("canary") && !report.contains("1234"), "{report}");
    assert!(!format!("{model:?}").contains("canary"));
}

#[test]
fn settings_that_are_edited_reach_the_engine_and_the_form_is_locked_while_live() {
    let mut model = model();
    let mut wanted = super::settings();
    wanted.encoding.size = crate::media::Size::new(1920, 1080);
    wanted.audio = AudioChoice::Silence;
    let orders = engine(model.handle_act(1.0, Act::Edit(Box::new(wanted.clone()))));
    assert_eq!(
        orders,
        [StudioCommand::SetAudio(AudioChoice::Silence), StudioCommand::SetEncoding(Box::new(wanted.encoding.clone()))]
    );
    model.handle_act(2.0, Act::GoLive);
    wanted.encoding.size = crate::media::Size::new(640, 360);
    assert_eq!(model.handle_act(3.0, Act::Edit(Box::new(wanted.clone()))), []);
    wanted.encoding.size = crate::media::Size::new(1920, 1080);
    wanted.encoding.video_bitrate = crate::media::Bitrate::from_kbps(900);
    let orders = engine(model.handle_act(3.0, Act::Edit(Box::new(wanted))));
    assert_eq!(orders, [StudioCommand::Show(Command::SetVideoBitrate(crate::media::Bitrate::from_kbps(900)))]);
    assert_eq!(model.view(3.0).sources.size, crate::media::Size::new(1920, 1080));
}
