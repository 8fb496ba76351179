//! `tally repair`: closes recordings that a crash left open.

use std::path::Path;

use serde_json::json;

use super::args::RepairArgs;
use super::{Exit, Failure, print};
use crate::clock::Clock;
use crate::studio::{RepairError, Repaired, Stop, repair};

pub(super) fn run(args: &RepairArgs) -> Result<Exit, Failure> {
    if args.output.is_some() && args.files.len() > 1 {
        return Err(Failure::usage("--output takes one recording: give one FILE, or leave --output out"));
    }
    let clock = Clock::system();
    let mut exit = Exit::Ok;
    for file in &args.files {
        let done = repair(file, args.output.as_deref(), &Stop::new());
        if let Err(error) = &done
            && exit == Exit::Ok
        {
            exit = exit_of(error);
        }
        match (args.json, &done) {
            (true, _) => _ = print::json(&fields(file, &done, clock.now().as_secs_f64())),
            (false, Ok(repaired)) => _ = print::line(&sentence(file, repaired)),
            (false, Err(error)) => print::complain(&format!("{}: {error}; {}", file.display(), to_do(error))),
        }
    }
    Ok(exit)
}

fn fields(file: &Path, done: &Result<Repaired, RepairError>, t: f64) -> serde_json::Value {
    let t = (t * 1000.0).round() / 1000.0;
    let file = file.display().to_string();
    match done {
        Ok(repaired) => json!({
            "event": "repair",
            "t": t,
            "file": file,
            "result": if repaired.cut_bytes > 0 { "repaired" } else { "whole" },
            "output": repaired.path.display().to_string(),
            "kept_bytes": repaired.kept_bytes,
            "cut_bytes": repaired.cut_bytes,
            "has_media": repaired.has_media,
        }),
        Err(error) => json!({
            "event": "repair",
            "t": t,
            "file": file,
            "result": "failed",
            "what": error.to_string(),
            "do": to_do(error),
        }),
    }
}

fn sentence(file: &Path, repaired: &Repaired) -> String {
    let file = file.display();
    let output = repaired.path.display();
    let copied = if file.to_string() == output.to_string() { String::new() } else { format!("; the copy is {output}") };
    let empty = if repaired.has_media { "" } else { "; nothing had been recorded yet" };
    let kept = repaired.kept_bytes as f64 / 1e6;
    match repaired.cut_bytes {
        0 => format!("{file} is whole ({kept:.1} MB): nothing to repair{copied}{empty}"),
        cut => format!(
            "{file} is repaired: {kept:.1} MB are whole, a piece of {} kB at its end was not and is cut{copied}{empty}",
            cut.div_ceil(1000)
        ),
    }
}

fn to_do(error: &RepairError) -> &'static str {
    match error {
        RepairError::Missing => "check the name",
        RepairError::Unreadable(_) => "check that you may read it and that its disk answers",
        RepairError::NotARecording(_) => {
            "give a recording of Tally: a fragmented MP4 or an FLV; this file is left as it is"
        }
        RepairError::Damaged { .. } => "the file is left as it is",
        RepairError::Busy => "end the recording first",
        RepairError::Unwritable { .. } => "write to a new file in a folder you may write to, with --output FILE",
        RepairError::Stopped => "start it again",
    }
}

fn exit_of(error: &RepairError) -> Exit {
    match error {
        RepairError::Missing
        | RepairError::Unreadable(_)
        | RepairError::NotARecording(_)
        | RepairError::Damaged { .. } => Exit::Usage,
        RepairError::Busy | RepairError::Unwritable { .. } | RepairError::Stopped => Exit::Recording,
    }
}
