//! The check in the window: by events, by labels, at the smallest and the usual size.

use std::time::Duration;

use eframe::egui::Rect;
use egui_kittest::kittest::{NodeT, Queryable};

use super::model;
use super::window::{Desk, SIZES, desk, open, seen};
use crate::media::{Bitrate, FrameRate, Size};
use crate::studio::check::{
    CheckDetail, CheckEvent, CheckStep, CheckSummary, CheckVerdict, CheckedDestination, EncoderLoad, PublishForm,
    Upload,
};
use crate::studio::{Problem, ProblemKind, Remedy, StudioCommand, StudioEvent};
use crate::ui::check::CheckAct;
use crate::ui::model::{Model, Order};
use crate::ui::view::{Act, Truth};
use crate::ui::wording::{Lang, Words};

const AT: &str = "rtmps://live.example.com:443/app";

fn step(name: &'static str, ms: u64, detail: CheckDetail) -> CheckStep {
    let destination = (!matches!(name, "source" | "encoder")).then(|| AT.to_owned());
    CheckStep { name, destination, place: None, ok: true, took: Duration::from_millis(ms), detail, problem: None }
}

fn failed(step: CheckStep, problem: Problem) -> CheckStep {
    CheckStep { ok: false, problem: Some(problem), ..step }
}

fn words(words: &str) -> CheckDetail {
    CheckDetail::Words(words.to_owned())
}

fn first_steps() -> Vec<CheckStep> {
    vec![
        step("source", 412, words("HD Webcam: 1280x720 MJPG at 30 fps")),
        step("source", 120, words("USB Audio CODEC: 48000 Hz, 2 channels")),
        step("encoder", 3004, CheckDetail::Encoder(EncoderLoad { share: 0.38, fps: 30.0, lost: 0.0 })),
    ]
}

fn connected() -> Vec<CheckStep> {
    let mut steps = first_steps();
    steps.extend([
        step("dns", 12, words("203.0.113.7, 2001:db8::7")),
        step("tcp", 21, words("203.0.113.7:443")),
        step("tls", 44, CheckDetail::Certificate { version: "TLSv1_3".to_owned(), days: 71 }),
        step("handshake", 22, words("digest")),
        step("connect", 23, words("FMS/3,0,1,123")),
        step("create_stream", 21, words("stream 1")),
    ]);
    steps
}

fn upload(carried_kbps: f64) -> CheckDetail {
    CheckDetail::Upload(Upload { planned_kbps: 3128.0, offered_kbps: 3910.0, carried_kbps, packet_loss: None })
}

/// A model in which a check has told these steps, and has come to `verdict` if there is one.
fn checked(steps: Vec<CheckStep>, over: Option<(CheckVerdict, PublishForm)>) -> Model {
    let mut model = seen(model());
    let orders = model.handle_act(5.0, Act::Check(CheckAct::Start));
    assert!(matches!(orders.as_slice(), [Order::Engine(StudioCommand::Check(_))]), "{orders:?}");
    let failures: Vec<_> = steps.iter().filter(|step| !step.ok).filter_map(|step| step.problem.clone()).collect();
    let warnings: Vec<_> = steps.iter().filter(|step| step.ok).filter_map(|step| step.problem.clone()).collect();
    let tell = |model: &mut Model, event| model.handle_event(6.0, StudioEvent::Check(Box::new(event)));
    for step in steps {
        tell(&mut model, CheckEvent::Step(step));
    }
    if let Some((verdict, form)) = over {
        let ok = failures.is_empty();
        let destinations =
            vec![CheckedDestination { destination: AT.to_owned(), reached: Some("create_stream"), ok, form }];
        let duration = Duration::from_secs(4);
        let summary = CheckSummary { verdict, duration, destinations, failures, warnings };
        tell(&mut model, CheckEvent::Ended(Box::new(summary)));
    }
    model
}

/// While the server is reached.
pub(super) fn running() -> Model {
    let mut steps = connected();
    steps.truncate(5);
    checked(steps, None)
}

/// Nothing stands in the way.
pub(super) fn ready() -> Model {
    checked(connected(), Some((CheckVerdict::Ready, PublishForm::Stops)))
}

/// The network carries a third of the show.
pub(super) fn narrow() -> Model {
    let mut steps = connected();
    steps.push(step("publish", 60, words("Start publishing")));
    let remedy = Some(Remedy::VideoBitrate(Bitrate::from_kbps(650)));
    let slow = Problem::new(ProblemKind::UploadTooSlow, AT, "1000 of 3128 kb/s").with_remedy(remedy);
    steps.push(failed(step("sustained", 10_012, upload(1000.0)), slow));
    let form = PublishForm::Test { service: "Twitch", query: "bandwidthtest=true" };
    checked(steps, Some((CheckVerdict::NotReady, form)))
}

/// The computer is too slow, and the server refuses the app in its own words.
pub(super) fn refused() -> Model {
    let mut steps = connected();
    let remedy = Some(Remedy::Form(Size::new(854, 480), FrameRate::DEFAULT));
    let slow = Problem::new(ProblemKind::EncoderTooSlow, "1280x720 at 30 fps", "131 %").with_remedy(remedy);
    let load = CheckDetail::Encoder(EncoderLoad { share: 1.31, fps: 22.9, lost: 0.2 });
    steps[2] = failed(step("encoder", 3010, load), slow);
    let no_app = Problem::new(ProblemKind::ConnectRejected, AT, "step connect");
    let no_app = no_app.said(Some("NetConnection.Connect.InvalidApp: there is no app called app".to_owned()));
    steps[7] = failed(step("connect", 31, CheckDetail::Failed), no_app);
    steps.truncate(8);
    checked(steps, Some((CheckVerdict::NotReady, PublishForm::NotReached)))
}

#[test]
fn a_check_is_begun_filled_in_and_put_away() {
    for size in SIZES {
        let mut harness = open(desk(seen(model())), size);
        harness.get_by_label("Check…").click();
        harness.run();
        let commands = harness.state_mut().engine();
        let [StudioCommand::Check(asked)] = commands.as_slice() else { panic!("{commands:?}") };
        assert!(!asked.publish && asked.show.destinations.len() == 1);
        harness.get_by_label_contains("Watching the sources");
        for label in ["Go live", "Rehearse", "Check…"] {
            assert!(harness.get_by_label(label).accesskit_node().is_disabled(), "{label}");
        }
        harness.get_by_label_contains("you can go live when it is over");
        harness.get_by_label("Cancel").click();
        harness.run();
        assert_eq!(harness.state_mut().engine(), [StudioCommand::EndCheck]);
        assert!(harness.get_by_label("Cancel").accesskit_node().is_disabled());
    }
}

#[test]
fn every_step_is_told_with_its_time_and_what_was_seen() {
    for size in SIZES {
        let mut harness = open(desk(ready()), size);
        harness.check_accessibility();
        for label in [
            "Encoder, done, 3.0 s, uses 38 % of the time it has, 30.0 frames a second",
            "Encryption, done, 44 ms, TLS 1.3, the certificate holds for 71 more days",
            "Server's answer, done, 23 ms, FMS/3,0,1,123",
            "Ready, as far as it was tried",
        ] {
            harness.get_by_label(label);
        }
        harness.get_by_label_contains("Stopped before publishing");
        for label in ["Done", "Check again", "Copy report", "Close"] {
            let rect = harness.get_by_label(label).rect();
            assert!(Rect::from_min_size(Default::default(), size).contains_rect(rect), "{label} at {rect:?}");
        }
        harness.get_by_label("Copy report").click();
        harness.run();
        let copied = harness.state().orders.iter().any(|order| matches!(order, Order::Copy(text)
            if text.contains("ok     tls") && text.contains("Ready, as far as it was tried.") && !text.contains("canary")));
        assert!(copied, "{:?}", harness.state().orders);
        harness.get_by_label("Done").click();
        harness.run();
        assert!(harness.query_by_label("Check again").is_none());
        assert!(!harness.get_by_label("Go live").accesskit_node().is_disabled());
    }
}

#[test]
fn where_the_public_may_watch_publishing_is_a_click_of_its_own() {
    for size in SIZES {
        let over = |form| checked(connected(), Some((CheckVerdict::Ready, form)));
        let test = PublishForm::Test { service: "Twitch", query: "bandwidthtest=true" };
        assert!(open(desk(over(test)), size).query_by_label("Publish 10 s, viewers may see it").is_none());
        let mut harness = open(desk(over(PublishForm::Stops)), size);
        harness.check_accessibility();
        harness.get_by_label("Publish 10 s, viewers may see it").click();
        harness.run();
        let orders = harness.state_mut().engine();
        assert!(matches!(orders.as_slice(), [StudioCommand::Check(settings)] if settings.publish), "{orders:?}");
        let orders = checked(Vec::new(), Some((CheckVerdict::Ready, PublishForm::Stops)))
            .handle_act(9.0, Act::Check(CheckAct::Start));
        let [Order::Engine(StudioCommand::Check(settings))] = orders.as_slice() else { panic!("{orders:?}") };
        assert!(!settings.publish, "never by itself");
    }
}

#[test]
fn what_fails_says_what_to_do_and_one_click_does_it() {
    for size in SIZES {
        let mut harness = open(desk(narrow()), size);
        harness.check_accessibility();
        harness.get_by_label("Upload, failed, 10.0 s, 1000 of 3910 kb/s carried, 3128 needed");
        harness.get_by_label("Not ready");
        harness.get_by_label("Lower the picture's rate to 650 kb/s.");
        harness.get_by_label("Lower to 650 kb/s").click();
        harness.run();
        assert_eq!(harness.state().model.view(10.0).sources.bitrate, Bitrate::from_kbps(650));
        assert!(harness.query_by_label("Lower to 650 kb/s").is_none(), "it is done");

        let mut harness = open(desk(refused()), size);
        harness.get_by_label_contains("there is no app called app");
        harness.get_by_label("Use 854×480 · 30").click();
        harness.run();
        assert_eq!(harness.state().model.view(10.0).sources.size, Size::new(854, 480));
    }
}

#[test]
fn its_own_sources_are_called_in_the_language_of_the_window() {
    let steps = vec![step("source", 12, words("Test picture: 1280x720")), step("source", 9, words("Test tone"))];
    let harness = open(Desk { words: Words(Lang::German), ..desk(checked(steps, None)) }, SIZES[1]);
    for label in ["Quelle, erledigt, 12 ms, Testbild: 1280x720", "Quelle, erledigt, 9 ms, Testton"] {
        harness.get_by_label(label);
    }
}

#[test]
fn it_speaks_german() {
    let mut desk = desk(narrow());
    desk.words = Words(Lang::German);
    let harness = open(desk, SIZES[1]);
    for label in [
        "Hochladen, fehlgeschlagen, 10,0 s, 1000 von 3910 kb/s getragen, 3128 nötig",
        "Nicht bereit",
        "Senke die Rate des Bildes auf 650 kb/s.",
        "Auf 650 kb/s senken",
    ] {
        harness.get_by_label(label);
    }
}

#[test]
fn packets_lost_on_the_way_are_told_in_every_language() {
    let lossy = || {
        let mut steps = connected();
        let lost = Problem::new(ProblemKind::PacketLoss, AT, "4.8 %");
        steps.push(CheckStep { problem: Some(lost), ..step("sustained", 10_012, upload(3905.0)) });
        checked(steps, Some((CheckVerdict::ReadyWithWarnings, PublishForm::Asked)))
    };
    let remedy = Some(Remedy::VideoBitrate(Bitrate::from_kbps(650)));
    let slow = Problem::new(ProblemKind::UploadTooSlow, AT, "1000 of 3128 kb/s").with_remedy(remedy);
    let slow = slow.with_packet_loss(Some("4.8 %".to_owned()));
    for (lang, what, to_do, why, instead) in [
        (
            Lang::English,
            "4.8 % of the packets to",
            "Use a cable instead of Wi-Fi, or move closer",
            "; 4.8 % of the packets were lost on the way.",
            "Use a cable instead of Wi-Fi, or lower the picture's rate to 650 kb/s.",
        ),
        (
            Lang::German,
            "4,8 % der Pakete an",
            "Verwende ein Kabel statt WLAN oder geh näher",
            "; 4,8 % der Pakete gingen unterwegs verloren.",
            "Verwende ein Kabel statt WLAN, oder senke die Rate des Bildes auf 650 kb/s.",
        ),
    ] {
        let words = Words(lang);
        let mut desk = desk(lossy());
        desk.words = words;
        let harness = open(desk, SIZES[1]);
        harness.get_by_label_contains(what);
        harness.get_by_label_contains(to_do);
        assert!(words.what(&slow).ends_with(why), "{}", words.what(&slow));
        assert_eq!(words.to_do(&slow), instead);
    }
}

#[test]
fn what_stood_in_the_way_is_said_below_until_something_is_changed() {
    let mut desk = desk(narrow());
    desk.model.handle_act(9.0, Act::Check(CheckAct::Close));
    let harness = open(desk, SIZES[0]);
    harness.get_by_label_contains("The check failed: ");
    assert!(harness.query_by_label_contains("Ready for").is_none());
    let mut model = narrow();
    model.handle_act(9.0, Act::Check(CheckAct::Close));
    assert!(matches!(model.view(9.0).truth.truth, Truth::CheckFailed(_)));
    let bitrate = Bitrate::from_kbps(650);
    model.handle_act(9.5, Act::SetBitrate(bitrate));
    assert!(!matches!(model.view(9.6).truth.truth, Truth::CheckFailed(_)));
}

#[test]
fn while_it_runs_no_show_begins_and_afterwards_one_puts_it_away() {
    let mut model = running();
    assert_eq!(model.handle_act(8.0, Act::GoLive), []);
    assert_eq!(model.handle_act(8.0, Act::Rehearse), []);
    assert_eq!(model.handle_act(8.0, Act::Check(CheckAct::Start)), []);
    let view = model.view(8.0);
    assert!(!view.show.primary_enabled && view.truth.truth == Truth::Checking && view.check.is_some());
    let mut model = ready();
    assert!(model.view(6.1).truth.truth != Truth::Checking);
    let orders = model.handle_act(8.0, Act::GoLive);
    assert!(matches!(orders.as_slice(), [Order::Engine(StudioCommand::GoLive(_))]), "{orders:?}");
    assert!(model.view(8.0).check.is_none());
    assert_eq!(model.handle_act(9.0, Act::Check(CheckAct::Start)), [], "a show is on");
}
