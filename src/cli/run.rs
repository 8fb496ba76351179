//! From the arguments to a command and its exit code.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use super::args::{CheckArgs, Cli, Command, LiveArgs, ProfilesCommand};
use super::interrupt::Interrupt;
use super::{
    EnvSecrets, Exit, Failure, check, devices, live, logs, man, print, profiles, repair, report, serve, show_settings,
};
use crate::settings::{ShowSettings, redact_urls_in, shows_state_dir};
use crate::studio::ProblemKind;
use crate::studio::flight::keep_flights_in;
use crate::ui;

/// Does what the process's arguments ask for; `secrets` are those taken from the environment.
pub fn run(secrets: EnvSecrets) -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return tell_parse_error(&error).into(),
    };
    logs::start(cli.verbose);
    let exit = catch_unwind(AssertUnwindSafe(|| match cli.command {
        Some(command) => dispatch(with_secrets(command, secrets)),
        None if ui::has_display() => window(),
        None => tell_no_command(),
    }));
    exit.unwrap_or_else(|_| {
        print::complain("this is a bug of Tally: please report what stands above and what you did");
        Exit::Bug
    })
    .into()
}

fn with_secrets(mut command: Command, secrets: EnvSecrets) -> Command {
    match &mut command {
        Command::Live(args) => args.show.secrets = secrets,
        Command::Check(args) => args.show.secrets = secrets,
        Command::Profiles(args) => {
            if let ProfilesCommand::Save { show, .. } = &mut args.command {
                show.secrets = secrets;
            }
        }
        Command::Serve(_) | Command::Devices(_) | Command::Repair(_) | Command::Report(_) | Command::Man => {}
    }
    command
}

fn dispatch(command: Command) -> Exit {
    let json = wants_json(&command);
    // What runs goes on whether somebody reads it or not; of a check what is printed is all there is.
    let runs = matches!(command, Command::Live(_) | Command::Serve(_));
    let done = match command {
        Command::Live(args) => live(&args),
        Command::Check(args) => check(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Devices(args) => devices::run(&args),
        Command::Profiles(args) => profiles::run(args),
        Command::Repair(args) => repair::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Man => man::run(),
    };
    let written = |exit| if exit == Exit::Ok && !runs { was_written() } else { Ok(exit) };
    done.and_then(written).unwrap_or_else(|failure| {
        if json {
            live::tell_refusal(failure.problem.clone());
        }
        failure.tell()
    })
}

/// Whoever wants a document, a list or an answer must hear that it is not whole.
fn was_written() -> Result<Exit, Failure> {
    print::unwritten().map_or(Ok(Exit::Ok), |error| Err(not_whole(error)))
}

fn not_whole(error: &std::io::Error) -> Failure {
    let advice = "what is there is not whole; give it a file with room";
    Failure::new(Exit::Recording, format!("standard output cannot be written ({error}): {advice}"))
}

fn wants_json(command: &Command) -> bool {
    match command {
        Command::Live(args) => args.json,
        Command::Check(args) => args.json,
        Command::Serve(args) => args.json,
        Command::Devices(args) => args.json,
        Command::Profiles(args) => args.json,
        Command::Repair(args) => args.json,
        Command::Report(_) | Command::Man => false,
    }
}

fn live(args: &LiveArgs) -> Result<Exit, Failure> {
    keep_flights();
    let (settings, told) = show_settings(&args.show)?;
    if args.rehearsal_report.is_some() && !settings.rehearse {
        return Err(Failure::usage(
            "--rehearsal-report is of a rehearsal, and --rehearse=off is none: leave one of them out",
        ));
    }
    let settings = live::with_recording(settings, args.show.record.is_some())?;
    let report = match &args.rehearsal_report {
        Some(path) => {
            let unwritable = |error| match Failure::of_unwritten(path, &error) {
                failure if failure.exit == Exit::Recording => {
                    failure.told_as(ProblemKind::ReportFailed, path.display().to_string(), error.to_string())
                }
                taken => taken,
            };
            Some(live::ReportFile::at(path).map_err(unwritable)?)
        }
        None => None,
    };
    let card = settings.card.clone().in_words(crate::ui::system_language().card_words());
    Ok(live::run(ShowSettings { card, ..settings }, args.json, told, report))
}

fn check(args: &CheckArgs) -> Result<Exit, Failure> {
    let (settings, told) = check::settings(args)?;
    Ok(check::run(settings, args.json, told))
}

/// Help and version go to standard output; a wrong command line is told without the secrets that may
/// stand in it.
fn tell_parse_error(error: &clap::Error) -> Exit {
    if error.use_stderr() {
        let told = redact_urls_in(&error.render().to_string());
        // A script that reads JSON must not have to read prose as well.
        if std::env::args_os().any(|arg| arg == "--json") {
            live::tell_refusal(Failure::usage(what_is_wrong(&told)).problem);
        }
        print::note(told.trim_end());
        let given: Vec<_> = std::env::args_os().collect();
        if given
            .windows(2)
            .any(|pair| matches!(pair, [flag, value] if flag == "--rehearse" && (value == "off" || value == "on")))
        {
            print::complain("a value of --rehearse needs a = before it: --rehearse=off");
        }
        Exit::Usage
    } else {
        match error.print() {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => not_whole(&error).tell(),
            Ok(()) | Err(_) => Exit::Ok,
        }
    }
}

/// What is wrong and the names that belong to it, in one line: the usage stands behind an empty one.
fn what_is_wrong(told: &str) -> String {
    let lines: Vec<_> = told.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    let joined = lines.join(" ");
    joined.strip_prefix("error: ").unwrap_or(&joined).to_owned()
}

/// Each show of this program leaves its figures where `tally report` finds them.
fn keep_flights() {
    if let Some(folder) = shows_state_dir() {
        keep_flights_in(folder);
    }
}

fn window() -> Exit {
    keep_flights();
    let interrupt = Interrupt::install();
    match ui::run(move || interrupt.count()) {
        Ok(()) => Exit::Ok,
        Err(error) => {
            print::complain(&format!("{error}; the commands work without it: tally --help"));
            Exit::Window
        }
    }
}

fn tell_no_command() -> Exit {
    print::note(&Cli::command().render_help().to_string());
    print::complain(
        "there is no display for the window (DISPLAY and WAYLAND_DISPLAY are not set); choose a command, such as: \
         tally live --rehearse --video test --audio test --for 10s",
    );
    Exit::Window
}
