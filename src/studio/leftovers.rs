//! Recordings that a crash left open: closed in the background at the next start, and told.

use std::path::Path;
use std::time::Duration;

use super::{Problem, ProblemKind};
use crate::clock::unix_time;
use crate::flow::{Errand, Stop};
use crate::output::{Leftover, RepairError, leftovers, repair};
use crate::settings::recordings_state_dir;

/// For so long a recording is waited for whose disk is not there.
const DISK_PATIENCE: Duration = Duration::from_secs(60 * 24 * 3600);

/// Looks for recordings that a crash left open and closes them, on a thread of its own. `tell` is called on it.
pub(super) fn repair_leftovers(tell: impl Fn(Problem) + Send + 'static) -> Option<Errand> {
    let folder = recordings_state_dir()?;
    let errand = Errand::start("repair", move |stop: &Stop| {
        close_all(&folder, unix_time(), stop, &tell);
    });
    errand.inspect_err(|error| tracing::warn!(%error, "recordings that a crash left open are not looked for")).ok()
}

/// Closes what the notes in `folder` tell of. `now` is since 1970.
fn close_all(folder: &Path, now: Duration, stop: &Stop, tell: &dyn Fn(Problem)) {
    for leftover in leftovers(folder) {
        if !stop.requested() {
            let waits = now.saturating_sub(leftover.noted_at) < DISK_PATIENCE;
            close(leftover, waits, stop, tell);
        }
    }
}

/// With `waits`, one whose disk is not there is looked at again next time.
fn close(leftover: Leftover, waits: bool, stop: &Stop, tell: &dyn Fn(Problem)) {
    let mut is_done = true;
    for recording in &leftover.recordings {
        let about = recording.display().to_string();
        match repair(recording, None, stop) {
            // It was killed before there was anything to record.
            Ok(repaired) if !repaired.has_media => remove(recording),
            Err(RepairError::NotARecording(_)) if is_empty(recording) => remove(recording),
            Ok(repaired) if repaired.cut_bytes > 0 => {
                let cut = format!("{} kB of a piece that was not whole were cut", repaired.cut_bytes.div_ceil(1000));
                tell(Problem::new(ProblemKind::RecordingRepaired, about, cut));
            }
            // Of several files only the last one was open.
            Ok(_) if leftover.recordings.last() == Some(recording) => {
                tell(Problem::new(ProblemKind::RecordingRepaired, about, "all that was written is whole"));
            }
            Err(RepairError::Missing) if waits && !has_folder(recording) => {
                tracing::info!(recording = about, "the disk of a recording that a crash left open is not there");
                is_done = false;
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

fn is_empty(recording: &Path) -> bool {
    recording.metadata().is_ok_and(|about| about.is_file() && about.len() == 0)
}

fn remove(recording: &Path) {
    let removed = std::fs::remove_file(recording);
    tracing::info!(?removed, recording = %recording.display(), "a recording without anything in it is removed");
}

/// A file that is not there was removed; where its folder is not there either, its disk may be elsewhere.
fn has_folder(recording: &Path) -> bool {
    recording.parent().is_some_and(Path::exists)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flv::{FlvWriter, TagKind};
    use std::cell::RefCell;
    use std::fs;

    #[test]
    fn a_recording_whose_disk_is_not_there_is_closed_when_it_is_back_and_one_that_was_removed_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let notes = path("notes");
        let told = RefCell::new(Vec::new());
        let start = |after: Duration| {
            close_all(&notes, unix_time() + after, &Stop::new(), &|problem| told.borrow_mut().push(problem.about));
            fs::read_dir(&notes).unwrap().count()
        };
        let note = |recording: &Path| {
            fs::create_dir_all(&notes).unwrap();
            fs::write(notes.join("recording-1-0-0.open"), format!("{}\n", recording.display())).unwrap();
        };
        let on_the_stick = path("usb/show.flv");
        fs::create_dir(path("usb")).unwrap();
        let mut writer = FlvWriter::new(Vec::new(), true, true).unwrap();
        writer.write_tag(TagKind::Video, 0, &[&[9; 50]]).unwrap();
        let bytes = writer.into_inner();
        fs::write(&on_the_stick, [&bytes[..], &[9, 0, 0]].concat()).unwrap();
        note(&on_the_stick);
        fs::rename(path("usb"), path("pulled")).unwrap();
        assert_eq!((start(Duration::ZERO), told.borrow().len()), (1, 0), "it is waited for");
        fs::rename(path("pulled"), path("usb")).unwrap();
        assert_eq!(start(Duration::ZERO), 0);
        assert_eq!(*told.borrow(), [on_the_stick.display().to_string()]);
        assert_eq!(fs::read(&on_the_stick).unwrap(), bytes);

        // Killed before there was anything to record.
        for head in [&b""[..], &bytes[..13]] {
            fs::write(path("usb/empty.flv"), head).unwrap();
            note(&path("usb/empty.flv"));
            assert_eq!((start(Duration::ZERO), path("usb/empty.flv").exists()), (0, false));
        }
        // Not ours.
        fs::write(path("usb/else.flv"), b"something else").unwrap();
        note(&path("usb/else.flv"));
        assert_eq!((start(Duration::ZERO), path("usb/else.flv").exists()), (0, true));
        note(&path("usb/removed.flv"));
        assert_eq!(start(Duration::ZERO), 0, "its folder is there");
        note(&path("elsewhere/show.flv"));
        assert_eq!((start(DISK_PATIENCE - Duration::from_secs(60)), start(DISK_PATIENCE)), (1, 0));
        assert_eq!(told.borrow().len(), 1);
    }
}
