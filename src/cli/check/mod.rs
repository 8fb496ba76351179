//! `tally check`: every step tried before a show, and nothing of it seen by the public.

mod human;
mod json;

use std::time::Duration;

use super::args::CheckArgs;
use super::exit::Exit;
use super::interrupt::Interrupt;
use super::live::{exit_of, tell_refusal};
use super::names::Names;
use super::printer::Printer;
use super::{Failure, show_settings};
use crate::clock::Clock;
use crate::settings::ShowSettings;
use crate::studio::check::{Check, CheckEvent, CheckSettings, CheckSummary, CheckVerdict, NextCheckEvent};
use crate::studio::{Problem, ProblemKind};

/// How often signals are looked for while nothing happens.
const NAP: Duration = Duration::from_millis(50);
/// How long a check may take to end when it was asked to.
const END_PATIENCE: Duration = Duration::from_millis(1500);

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
    let printer = match start_printer(json, &clock, &settings.show) {
        Ok(printer) => printer,
        Err(error) => {
            tell_refusal(Problem::new(ProblemKind::Internal, "check", error.to_string()));
            return Exit::Bug;
        }
    };
    for notice in notices {
        printer.tell(CheckEvent::Note(Problem::new(ProblemKind::ProfileWarning, "profile", notice)));
    }
    let interrupt = Interrupt::install();
    let check = match Check::start(settings, clock.clone()) {
        Ok(check) => check,
        Err(problem) => {
            let exit = exit_of(problem.kind);
            printer.tell(CheckEvent::Note(problem));
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
                let ended = match &*event {
                    CheckEvent::Ended(summary) => Some(exit(summary)),
                    CheckEvent::Step(_) | CheckEvent::Note(_) => None,
                };
                printer.tell(*event);
                if let Some(exit) = ended {
                    return exit;
                }
            }
            NextCheckEvent::Nothing => {}
            NextCheckEvent::Gone => {
                let problem = Problem::new(ProblemKind::Internal, "check", "its thread died");
                printer.tell(CheckEvent::Note(problem));
                return Exit::Bug;
            }
        }
        if signals > 1 || give_up_at.is_some_and(|at| clock.now() >= at) {
            // Something hangs in a driver or a library: the user's wish to end comes first.
            std::process::exit(i32::from(Exit::Cancelled.code()));
        }
    }
}

/// Prints what it is told, for scripts as `json` or else for people.
fn start_printer(json: bool, clock: &Clock, show: &ShowSettings) -> std::io::Result<Printer<CheckEvent>> {
    let names = Names::of(show);
    if json {
        let json = json::Json::new(names);
        return Printer::start(clock, move |at, event| json.report(at, event));
    }
    let has_backup = show.destinations.iter().any(|destination| destination.backup_server.is_some());
    let several = (names.are_several() || has_backup) && !show.rehearse;
    let mut human = human::Human::new(several, names);
    Printer::start(clock, move |_, event| human.report(event))
}

/// The exit code of what stands in the way first.
fn exit(summary: &CheckSummary) -> Exit {
    match (summary.verdict, summary.failures.first()) {
        (CheckVerdict::Cancelled, _) => Exit::Cancelled,
        (_, Some(problem)) => exit_of(problem.kind),
        (_, None) => Exit::Ok,
    }
}
