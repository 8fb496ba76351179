//! `tally check`: every step tried before a show, and nothing of it seen by the public.

mod human;
mod json;

use std::time::Duration;

use super::args::CheckArgs;
use super::exit::Exit;
use super::interrupt::Interrupt;
use super::live::exit_of;
use super::{Failure, show_settings};
use crate::clock::Clock;
use crate::settings::ShowSettings;
use crate::studio::check::{Check, CheckEvent, CheckSettings, CheckSummary, CheckVerdict, NextCheckEvent};
use crate::studio::{Problem, ProblemKind};

/// How often signals are looked for while nothing happens.
const NAP: Duration = Duration::from_millis(50);
/// How long a check may take to end when it was asked to.
const END_PATIENCE: Duration = Duration::from_millis(1500);

/// Who reads what the check tells.
enum Reporter {
    Human(human::Human),
    Json(json::Json),
}

impl Reporter {
    fn report(&mut self, event: &CheckEvent) {
        match self {
            Self::Human(human) => human.report(event),
            Self::Json(json) => json.report(event),
        }
    }
}

/// What to check, with what the user should know about its profile.
///
/// # Errors
/// Those of a show, and nowhere to send.
pub(super) fn settings(args: &CheckArgs) -> Result<(CheckSettings, Vec<String>), Failure> {
    let (show, told) = show_settings(&args.show)?;
    if show.destinations.is_empty() && !show.rehearse {
        return Err(Failure::usage(
            "say what to check: --to URL, --profile NAME, or --rehearse to check against this computer",
        ));
    }
    // Neither belongs to a check.
    let show = ShowSettings { record: None, duration: None, ..show };
    Ok((CheckSettings { show, publish: args.publish }, told))
}

/// Runs the check to its end. `notices` are told first: what was found while the settings were read.
pub(super) fn run(settings: CheckSettings, json: bool, notices: Vec<String>) -> Exit {
    let clock = Clock::system();
    let chosen = &settings.show.destinations;
    let has_backup = chosen.iter().any(|destination| destination.backup_server.is_some());
    let several = (chosen.len() > 1 || has_backup) && !settings.show.rehearse;
    let mut reporter = match json {
        true => Reporter::Json(json::Json::new(clock.clone())),
        false => Reporter::Human(human::Human::new(several)),
    };
    for notice in notices {
        reporter.report(&CheckEvent::Note(Problem::new(ProblemKind::ProfileWarning, "profile", notice)));
    }
    let interrupt = Interrupt::install();
    let check = match Check::start(settings, clock.clone()) {
        Ok(check) => check,
        Err(problem) => {
            let exit = exit_of(problem.kind);
            reporter.report(&CheckEvent::Note(problem));
            return exit;
        }
    };
    let mut give_up_at = None;
    loop {
        let signals = interrupt.count();
        if signals > 0 && give_up_at.is_none() {
            check.cancel();
            give_up_at = Some(clock.now() + END_PATIENCE);
        }
        match check.next_event(NAP) {
            NextCheckEvent::Event(event) => {
                reporter.report(&event);
                if let CheckEvent::Ended(summary) = event {
                    return exit(&summary);
                }
            }
            NextCheckEvent::Nothing => {}
            NextCheckEvent::Gone => {
                let problem = Problem::new(ProblemKind::Internal, "check", "its thread died");
                reporter.report(&CheckEvent::Note(problem));
                return Exit::Bug;
            }
        }
        if signals > 1 || give_up_at.is_some_and(|at| clock.now() >= at) {
            // Something hangs in a driver or a library: the user's wish to end comes first.
            std::process::exit(i32::from(Exit::Cancelled.code()));
        }
    }
}

/// The exit code of what stands in the way first.
fn exit(summary: &CheckSummary) -> Exit {
    match (summary.verdict, summary.failures.first()) {
        (CheckVerdict::Cancelled, _) => Exit::Cancelled,
        (_, Some(problem)) => exit_of(problem.kind),
        (_, None) => Exit::Ok,
    }
}
