//! Recordings that a crash left open: closed in the background at the next start, and told.

use super::{Problem, ProblemKind};
use crate::flow::{Errand, Stop};
use crate::output::{Leftover, RepairError, leftovers, repair};
use crate::settings::recordings_state_dir;

/// Looks for recordings that a crash left open and closes them, on a thread of its own. `tell` is called on it.
pub(super) fn repair_leftovers(tell: impl Fn(Problem) + Send + 'static) -> Option<Errand> {
    let folder = recordings_state_dir()?;
    let errand = Errand::start("repair", move |stop: &Stop| {
        for leftover in leftovers(&folder) {
            if !stop.requested() {
                close(leftover, stop, &tell);
            }
        }
    });
    errand.inspect_err(|error| tracing::warn!(%error, "recordings that a crash left open are not looked for")).ok()
}

fn close(leftover: Leftover, stop: &Stop, tell: &dyn Fn(Problem)) {
    let mut is_done = true;
    for recording in &leftover.recordings {
        let about = recording.display().to_string();
        match repair(recording, None, stop) {
            Ok(repaired) if repaired.cut_bytes > 0 => {
                let cut = format!("{} kB of a piece that was not whole were cut", repaired.cut_bytes.div_ceil(1000));
                tell(Problem::new(ProblemKind::RecordingRepaired, about, cut));
            }
            // Of several files only the last one was open.
            Ok(_) if leftover.recordings.last() == Some(recording) => {
                tell(Problem::new(ProblemKind::RecordingRepaired, about, "all that was written is whole"));
            }
            Ok(_) | Err(RepairError::Missing) => {}
            // Nothing that a later start could do better.
            Err(error @ (RepairError::NotARecording(_) | RepairError::Damaged { .. })) => {
                tracing::warn!(%error, recording = about, "a recording that a crash left open is left as it is");
            }
            Err(error) => {
                tracing::warn!(%error, recording = about, "a recording that a crash left open is looked at next time");
                is_done = false;
            }
        }
    }
    if is_done {
        leftover.forget();
    }
}
