//! Where a show on the command line is recorded.

use std::path::Path;
use std::time::Duration;

use crate::cli::{Exit, Failure};
use crate::media::is_disk_full;
use crate::settings::ShowSettings;
use crate::studio::{ProblemKind, takes_files};

/// So long the disk of a recording is waited for before the show begins.
const TRY_LIMIT: Duration = Duration::from_secs(1);

/// The show with the recording that was asked for: a rehearsal has one only where `--record` stands in its own command
/// (`asked`), whatever its profile says.
///
/// # Errors
/// A folder that is not there or takes no file: the show would go on unrecorded.
pub(in crate::cli) fn with_recording(show: ShowSettings, asked: bool) -> Result<ShowSettings, Failure> {
    let record = show.record.filter(|_| asked || !show.rehearse);
    if let Some(path) = &record {
        must_have_folder(path)?;
    }
    Ok(ShowSettings { record, ..show })
}

fn must_have_folder(path: &Path) -> Result<(), Failure> {
    let Some(folder) = path.parent() else { return Ok(()) };
    // A name alone is in the folder where the command was given.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let (why, remedy) = if folder.is_dir() {
        let Err(error) = takes_files(folder, TRY_LIMIT) else { return Ok(()) };
        (
            format!("cannot be written ({error})"),
            if is_disk_full(error.kind()) { "free some space" } else { "make it writable for you" },
        )
    } else if folder.exists() {
        ("is no folder".to_owned(), "make it")
    } else {
        ("is not there".to_owned(), "make it")
    };
    let message = format!(
        "the folder of the recording {why}: {}; {remedy}, choose another one with --record PATH, or --record off",
        folder.display()
    );
    let details = format!("its folder {} {why}", folder.display());
    let failure = Failure::new(Exit::Recording, message);
    Err(failure.told_as(ProblemKind::RecordingFailed, path.display().to_string(), details))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_folder_that_is_missing_is_told_before_the_show() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let recorded =
            |path: PathBuf| with_recording(ShowSettings { record: Some(path), ..ShowSettings::default() }, true);
        for (path, works) in [
            (dir.path().join("show {date}.mp4"), true),
            (PathBuf::from("show.mp4"), true),
            (dir.path().join("missing/show.mp4"), false),
            (file.join("show.mp4"), false),
            // It is there, and not even root makes a file in it.
            (PathBuf::from("/proc/show.mp4"), !cfg!(target_os = "linux")),
        ] {
            let done = recorded(path.clone());
            assert_eq!(done.is_ok(), works, "{}", path.display());
            if let Err(failure) = done {
                assert_eq!((failure.exit, failure.problem.kind), (Exit::Recording, ProblemKind::RecordingFailed));
                assert!(failure.message.contains("--record"), "{failure:?}");
            }
        }
    }

    #[test]
    fn a_rehearsal_is_recorded_only_where_its_own_command_says_so() {
        let path = tempfile::tempdir().unwrap().path().with_file_name("show.mp4");
        let show = |rehearse| ShowSettings { rehearse, record: Some(path.clone()), ..ShowSettings::default() };
        for (rehearse, asked, recorded) in
            [(false, false, true), (false, true, true), (true, false, false), (true, true, true)]
        {
            let record = with_recording(show(rehearse), asked).unwrap().record;
            assert_eq!(record.is_some(), recorded, "rehearse {rehearse}, asked {asked}");
        }
    }
}
