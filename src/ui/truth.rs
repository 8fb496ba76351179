//! Which one sentence is true right now: the first cause in the order of what a streamer can do about it.

use super::view::{Phase, RecordingView, Remedy, ResultView, ShowView, SoundView, StripView, Truth, TruthView};
use crate::media::Bitrate;
use crate::settings::Destination;
use crate::settings::contract::{Finding, Severity};
use crate::studio::{DestinationState, Problem, ProblemKind};

/// From here on the network is too narrow: waiting ÷ allowed.
const CONGESTED: f64 = 0.5;
/// The rate was lowered if it is below this part of what is wanted.
const LOWERED: f64 = 0.8;

/// A disk with less room than this is spoken of, in seconds of recording.
const DISK_LOW_SECONDS: f64 = 1800.0;

/// What the sentence is made from.
pub(super) struct Facts<'a> {
    pub(super) show: &'a ShowView,
    /// The show that is over.
    pub(super) result: Option<&'a ResultView>,
    /// A check runs.
    pub(super) checks: bool,
    /// What a check found to stand in the way of what is set.
    pub(super) check_failure: Option<&'a Problem>,
    /// Other devices may watch the rehearsal.
    pub(super) is_shared: bool,
    pub(super) strip: &'a StripView,
    pub(super) sound: &'a SoundView,
    /// No sound is to be expected.
    pub(super) is_silent: bool,
    /// Why there is no picture, or none any more.
    pub(super) picture_failure: Option<&'a Problem>,
    /// The picture stands still although it was to go on.
    pub(super) stands_still: bool,
    /// Why there is no sound, or none any more.
    pub(super) sound_failure: Option<&'a Problem>,
    /// Why recordings cannot be written where they are to be.
    pub(super) recording_fault: Option<&'a Problem>,
    /// Why the picture of the card cannot be used.
    pub(super) card_fault: Option<&'a Problem>,
    pub(super) skips: bool,
    pub(super) congestion: f64,
    pub(super) problem: Option<&'a Problem>,
    /// The cards below the picture say what that is.
    pub(super) problem_is_shown: bool,
    pub(super) wanted: Bitrate,
    pub(super) video_kbps: Option<f64>,
    /// What the network carries, while that is less than is wanted.
    pub(super) network_kbps: Option<f64>,
    /// What the destinations want otherwise, the worst first.
    pub(super) findings: &'a [Finding],
    /// Where the show goes.
    pub(super) destinations: &'a [Destination],
    /// What was kept just now.
    pub(super) kept: Option<&'a Truth>,
}

/// The sentence, with its button.
pub(super) fn of(facts: &Facts<'_>) -> TruthView {
    let view = without_answer(facts);
    let on_air = facts.show.phase.is_on_its_way();
    let asked_in_vain = matches!(facts.kept, Some(Truth::NothingToMark | Truth::NothingToSave));
    match facts.kept {
        // Whoever asked is answered, whatever else there is to say: that is said after. Only what viewers would miss meanwhile
        // goes before, or keeps its button.
        Some(_) if view.truth == Truth::MutedTalking => view,
        Some(kept) if on_air => {
            let remedy = view.remedy.filter(|it| matches!(it, Remedy::RetryNow | Remedy::SwitchOn { .. }));
            TruthView { truth: kept.clone(), remedy }
        }
        Some(vain) if asked_in_vain && matches!(facts.show.phase, Phase::Ready | Phase::Off) => {
            TruthView { truth: vain.clone(), remedy: None }
        }
        _ => view,
    }
}

fn without_answer(facts: &Facts<'_>) -> TruthView {
    let plain = |truth| TruthView { truth, remedy: None };
    match facts.show.phase {
        // What kept a show from beginning still does.
        Phase::Ready => ready(facts),
        Phase::Off if facts.result.is_some_and(|result| result.live_seconds.is_none()) => ready(facts),
        Phase::Off => plain(match facts.result {
            Some(result) if result.rehearsal => Truth::RehearsalOver,
            Some(result) if result.alone => Truth::RecordingOver,
            _ => Truth::Over,
        }),
        Phase::Connecting => plain(Truth::Connecting),
        Phase::Ending => plain(Truth::Ending),
        Phase::Reconnecting => {
            let lost = facts
                .problem
                .filter(|problem| matches!(problem.kind, ProblemKind::ConnectionLost | ProblemKind::OldSession))
                .filter(|_| !facts.problem_is_shown);
            let truth = lost.map_or(Truth::Reconnecting, |problem| Truth::Problem(problem.clone()));
            TruthView { truth, remedy: Some(Remedy::RetryNow) }
        }
        Phase::OffAir => {
            let mut lines = facts.strip.lines.iter().enumerate();
            let off = lines.find(|(_, (_, state))| *state == DestinationState::Off);
            let remedy = off.map(|(place, (name, _))| Remedy::SwitchOn { place, name: name.clone() });
            TruthView { truth: Truth::OffAir, remedy }
        }
        Phase::Live => live(facts),
    }
}

fn ready(facts: &Facts<'_>) -> TruthView {
    let plain = |truth| TruthView { truth, remedy: None };
    if facts.checks {
        return plain(Truth::Checking);
    }
    let names = facts.strip.destinations.as_slice();
    if names.is_empty() {
        return plain(Truth::NeedsDestination);
    }
    if let Some(failure) = facts.picture_failure {
        return plain(Truth::Problem(failure.clone()));
    }
    if let Some(awaited) = awaited(facts) {
        return plain(awaited);
    }
    if facts.sound_failure.is_some() {
        return TruthView { truth: Truth::Unheard, remedy: Some(Remedy::Silence) };
    }
    if let Some(fault) = facts.recording_fault.or(facts.card_fault) {
        return plain(Truth::Problem(fault.clone()));
    }
    if let Some(failure) = facts.check_failure {
        return plain(Truth::CheckFailed(failure.clone()));
    }
    // What is merely advice stands in the settings.
    match facts.findings.iter().find(|finding| finding.severity >= Severity::Warning) {
        Some(finding) => {
            let remedy = finding.fix.clone().map(Remedy::Fix);
            let several = facts.destinations.len() > 1;
            let truth = match facts.destinations.get(finding.destination).filter(|_| several) {
                Some(at) => Truth::WantedAt(finding.destination, at.shown_name().to_owned(), finding.clone()),
                None => Truth::Wanted(finding.clone()),
            };
            TruthView { truth, remedy }
        }
        None => match disk_fills_up(facts) {
            Some(truth) => plain(truth),
            None => muted(facts).unwrap_or_else(|| plain(Truth::ReadyFor(names.join(", ")))),
        },
    }
}

/// Nobody sends what is to be shown or heard.
fn awaited(facts: &Facts<'_>) -> Option<Truth> {
    let mut failures = [facts.picture_failure, facts.sound_failure].into_iter().flatten();
    let awaited = failures.find(|problem| problem.kind == ProblemKind::SourceAwaited);
    awaited.map(|problem| Truth::Problem(problem.clone()))
}

/// Nobody hears what there is to hear, and that is easily forgotten.
fn muted(facts: &Facts<'_>) -> Option<TruthView> {
    let muted = facts.sound.muted && !facts.is_silent;
    muted.then_some(TruthView { truth: Truth::Muted, remedy: Some(Remedy::Unmute) })
}

/// The disk will be full within the hour that a show may well last.
fn disk_fills_up(facts: &Facts<'_>) -> Option<Truth> {
    match facts.strip.recording {
        RecordingView::Ready { left_seconds: Some(left_seconds) }
        | RecordingView::Running { left_seconds: Some(left_seconds), .. }
            if left_seconds < DISK_LOW_SECONDS =>
        {
            Some(Truth::DiskFillsUp { left_seconds })
        }
        _ => None,
    }
}

fn live(facts: &Facts<'_>) -> TruthView {
    if facts.sound.muted && facts.sound.talks_muted {
        return TruthView { truth: Truth::MutedTalking, remedy: Some(Remedy::Unmute) };
    }
    let wanted_kbps = f64::from(facts.wanted.kbps());
    if let (true, Some(gives_kbps)) = (facts.congestion >= CONGESTED, facts.video_kbps) {
        // A tenth below what goes through, in steps of 100 kb/s: room for the queue to empty.
        let lower = ((gives_kbps * 0.9 / 100.0).floor() * 100.0).max(200.0);
        let remedy = (lower < wanted_kbps).then(|| Remedy::LowerTo(Bitrate::from_kbps(lower as u32)));
        return TruthView { truth: Truth::UploadShort { gives_kbps, wants_kbps: wanted_kbps }, remedy };
    }
    let lines = facts.strip.lines.iter().map(|(_, state)| *state);
    let all = facts.strip.lines.len();
    let off = lines.clone().filter(|state| *state == DestinationState::Off).count();
    let missing = lines.filter(|state| !matches!(state, DestinationState::Live | DestinationState::Off)).count();
    let truth = if facts.skips {
        Truth::TooSlow
    } else if let Some(awaited) = awaited(facts) {
        awaited
    } else if facts.picture_failure.is_some() {
        Truth::NoLivePicture
    } else if facts.stands_still {
        Truth::StillPicture
    } else if facts.sound_failure.is_some() || (facts.sound.gives_silence && !facts.sound.muted) {
        Truth::NoSound
    } else if missing > 0 {
        let waits = facts.strip.lines.iter().any(|(_, state)| *state == DestinationState::Reconnecting);
        return TruthView { truth: Truth::NotEverywhere { missing, all }, remedy: waits.then_some(Remedy::RetryNow) };
    } else if facts.strip.recording == RecordingView::Failed {
        return TruthView { truth: Truth::NotRecorded, remedy: Some(Remedy::RecordAgain) };
    } else if let Some(now_kbps) = facts.video_kbps.filter(|now| {
        let narrow = facts.congestion > 0.1 || facts.network_kbps.is_some();
        *now > 0.0 && *now < wanted_kbps * LOWERED && narrow
    }) {
        Truth::RateLowered { now_kbps, wanted_kbps }
    } else if let Some(truth) = disk_fills_up(facts) {
        truth
    } else if let Some(muted) = muted(facts) {
        return muted;
    } else if facts.show.rehearsal && facts.is_shared {
        Truth::AllGoodShared
    } else if facts.show.rehearsal {
        Truth::AllGoodRehearsal
    } else if off > 0 {
        Truth::SomeSwitchedOff { off, all }
    } else {
        Truth::AllGood
    };
    TruthView { truth, remedy: None }
}
