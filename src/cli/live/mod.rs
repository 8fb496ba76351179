//! `tally live`: a show without a window.

mod human;
pub(super) mod json;
mod recording;
mod report;

use std::time::Duration;

use super::exit::Exit;
use super::interrupt::{Interrupt, Wishes};
use super::names::Names;
use super::printer::Printer;
use crate::clock::Clock;
use crate::settings::ShowSettings;
use crate::studio::{Command, NextEvent, Problem, ProblemKind, Show, StudioEvent};

pub(super) use recording::with_recording;
pub(super) use report::ReportFile;

/// How often signals are looked for while nothing happens.
const NAP: Duration = Duration::from_millis(50);

/// How long a show may take to end when it was asked to, and how long when it was asked twice: then a disk has a moment for the
/// recording, and one for the figures.
const END_PATIENCE: Duration = Duration::from_secs(4);
const ABORT_PATIENCE: Duration = Duration::from_secs(1);

/// Runs the show to its end. `notices` are told first: what was found while the settings were read.
///
/// A rehearsal's report is written to `report`, if one is wanted.
pub(super) fn run(settings: ShowSettings, json: bool, notices: Vec<String>, report: Option<ReportFile>) -> Exit {
    let clock = Clock::system();
    let printer = match start_printer(json, &clock, Names::of(&settings)) {
        Ok(printer) => printer,
        Err(error) => {
            tell_refusal(Problem::new(ProblemKind::Internal, "show", error.to_string()));
            return Exit::Bug;
        }
    };
    for notice in notices {
        printer.tell(StudioEvent::Problem(Problem::new(ProblemKind::ProfileWarning, "profile", notice)));
    }
    let interrupt = Interrupt::install();
    let mut wishes = Wishes::install();
    let show = match Show::start(settings, clock.clone()) {
        Ok(show) => show,
        Err(problem) => {
            let exit = exit_of(problem.kind);
            printer.tell(StudioEvent::Problem(problem));
            return exit;
        }
    };
    let mut seen = 0;
    let mut give_up_at = None;
    // Why the report is not there.
    let mut unwritten = None;
    loop {
        let signals = interrupt.count();
        if signals > seen {
            show.command(if signals == 1 { Command::End } else { Command::Abort });
            let patience = if signals == 1 { END_PATIENCE } else { ABORT_PATIENCE };
            give_up_at = Some(clock.now() + patience);
            seen = signals;
        }
        let (replays, marks) = wishes.take();
        (0..replays).for_each(|_| show.command(Command::SaveReplay));
        (0..marks).for_each(|_| show.command(Command::Mark));
        match show.next_event(NAP) {
            NextEvent::Event(StudioEvent::Rehearsal(rehearsal)) => {
                unwritten = report.as_ref().and_then(|report| report.write(&rehearsal).err());
                printer.tell(StudioEvent::Rehearsal(rehearsal));
                if let Some(problem) = &unwritten {
                    printer.tell(StudioEvent::Problem(problem.clone()));
                }
            }
            NextEvent::Event(StudioEvent::Ended(mut summary)) => {
                // What was asked for and is not there is a failure.
                summary.failure = summary.failure.take().or(unwritten);
                let exit = summary.failure.as_ref().map_or(Exit::Ok, |problem| exit_of(problem.kind));
                printer.tell(StudioEvent::Ended(summary));
                return exit;
            }
            NextEvent::Event(event) => printer.tell(event),
            NextEvent::Nothing => {}
            NextEvent::Gone => {
                let problem = Problem::new(ProblemKind::Internal, "show", "its supervisor died");
                printer.tell(StudioEvent::Problem(problem));
                return Exit::Bug;
            }
        }
        if give_up_at.is_some_and(|at| clock.now() >= at) {
            // Something hangs in a driver or a library: the user's wish to end comes first.
            std::process::exit(i32::from(Exit::Bug.code()));
        }
    }
}

/// Prints what it is told, for scripts as `json` or else for people.
fn start_printer(json: bool, clock: &Clock, names: Names) -> std::io::Result<Printer<StudioEvent>> {
    if json {
        let json = json::Json::new(names);
        return Printer::start(clock, move |at, event| json.report(at, event));
    }
    let mut human = human::Human::new(clock.now(), names);
    Printer::start(clock, move |at, event| human.report(at, event))
}

/// Tells, as a JSON event, of settings that could not be used; a sentence goes to standard error as well.
pub(super) fn tell_refusal(problem: Problem) {
    json::Json::new(Names::default()).report(Clock::system().now(), &StudioEvent::Problem(problem));
}

/// The exit code of the problem that ended a show, or stands in the way of one.
pub(super) fn exit_of(kind: ProblemKind) -> Exit {
    match kind {
        ProblemKind::BadUrl
        | ProblemKind::BadSettings
        | ProblemKind::SecretUnread
        | ProblemKind::TlsBadCaFile
        | ProblemKind::EncoderTooSlow => Exit::Usage,
        ProblemKind::SourceNotFound
        | ProblemKind::SourcePermission
        | ProblemKind::SourceBusy
        | ProblemKind::SourceUnreadable
        | ProblemKind::SourceFailed
        | ProblemKind::SourceListen
        | ProblemKind::SourceRefused
        | ProblemKind::SourceAwaited
        | ProblemKind::SourceStalled
        | ProblemKind::SourceLost => Exit::Source,
        ProblemKind::DnsFailed | ProblemKind::ConnectionRefused | ProblemKind::TimedOut | ProblemKind::Unreachable => {
            Exit::Unreachable
        }
        ProblemKind::TlsWrongName
        | ProblemKind::TlsExpired
        | ProblemKind::TlsNotYetValid
        | ProblemKind::TlsUnknownCa
        | ProblemKind::TlsSelfSigned
        | ProblemKind::TlsNotSpoken
        | ProblemKind::TlsFailed => Exit::Tls,
        ProblemKind::ServerWantsTls
        | ProblemKind::HttpServer
        | ProblemKind::NotRtmp
        | ProblemKind::ConnectRejected
        | ProblemKind::LoginNeeded
        | ProblemKind::LoginRefused
        | ProblemKind::PublishRejected
        | ProblemKind::AlreadyPublishing
        | ProblemKind::ClosedByServer
        | ProblemKind::ProtocolError
        | ProblemKind::Misdirected => Exit::Refused,
        ProblemKind::ConnectionLost
        | ProblemKind::OldSession
        | ProblemKind::RetriesEnded
        | ProblemKind::EndLost
        | ProblemKind::LostWhileChecking
        | ProblemKind::UploadTooSlow => Exit::Lost,
        ProblemKind::RecordingFailed
        | ProblemKind::RecordingGap
        | ProblemKind::DiskFull
        | ProblemKind::ReportFailed
        | ProblemKind::FileUnwritten => Exit::Recording,
        ProblemKind::SourceRestored
        | ProblemKind::SourceFrozen
        | ProblemKind::SourceBlack
        | ProblemKind::SourceDamaged
        | ProblemKind::SourceSilent
        | ProblemKind::SourceClipping
        | ProblemKind::MutedTalking
        | ProblemKind::SourceSubstituted
        | ProblemKind::CardUnusable
        | ProblemKind::ServerWarning
        | ProblemKind::OnBackup
        | ProblemKind::MoveFailed
        | ProblemKind::UploadTight
        | ProblemKind::PacketLoss
        | ProblemKind::EncoderTight
        | ProblemKind::CertificateExpiresSoon
        | ProblemKind::RecordingFileFull
        | ProblemKind::RecordingNotSplit
        | ProblemKind::RecordingNotNoted
        | ProblemKind::DiskLow
        | ProblemKind::RecordingRepaired
        | ProblemKind::ReplayFailed
        | ProblemKind::MarkFailed
        | ProblemKind::MarksLost
        | ProblemKind::ComputerSlept
        | ProblemKind::ProfileWarning => Exit::Ok,
        ProblemKind::EncoderFailed | ProblemKind::IngestFailed | ProblemKind::Internal => Exit::Bug,
    }
}
