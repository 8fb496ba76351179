//! The report of a rehearsal as a file.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::json::rehearsal_fields;
use crate::studio::rehearsal::RehearsalReport;
use crate::studio::{Problem, ProblemKind};
use crate::ui::rehearsal_text;

/// A file that is there and can be written.
#[derive(Debug)]
pub(in crate::cli) struct ReportFile {
    path: PathBuf,
    file: File,
}

impl ReportFile {
    /// Makes it, before the show: who asks for a report wants to know at once that there will be none.
    pub(in crate::cli) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: File::create(path)? })
    }

    /// As JSON where its name says so, else as text.
    pub(super) fn write(&self, report: &RehearsalReport) -> Result<(), Problem> {
        let is_json = self.path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let text = if is_json { format!("{:#}\n", rehearsal_fields(report)) } else { rehearsal_text(report) };
        let written = (&self.file).write_all(text.as_bytes()).and_then(|()| self.file.sync_all());
        let about = self.path.display().to_string();
        written.map_err(|error| Problem::new(ProblemKind::RecordingFailed, about, error.to_string()))
    }
}
