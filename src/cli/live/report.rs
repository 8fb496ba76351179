//! The report of a rehearsal as a file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::json::rehearsal_fields;
use crate::cli::values::{IS_FOLDER, ends_as_folder};
use crate::settings::{Access, write_new};
use crate::studio::rehearsal::RehearsalReport;
use crate::studio::{Problem, ProblemKind};
use crate::ui::rehearsal_text;

/// A file that is not there yet and can be made.
#[derive(Debug)]
pub(in crate::cli) struct ReportFile {
    path: PathBuf,
    /// Beside it: what is written first.
    temporary: PathBuf,
}

impl ReportFile {
    /// Tries it before the show and leaves nothing behind: who asks for a report wants to know at once that there will
    /// be none.
    pub(in crate::cli) fn at(path: &Path) -> io::Result<Self> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".tmp-{}", std::process::id()));
        if ends_as_folder(path) {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, IS_FOLDER));
        }
        let report = Self { path: path.to_owned(), temporary: path.with_file_name(name) };
        report.must_be_new()?;
        report.write_text("").and_then(|()| fs::remove_file(&report.temporary))?;
        Ok(report)
    }

    /// As JSON where its name says so, else as text; whole, or not at all.
    pub(super) fn write(&self, report: &RehearsalReport) -> Result<(), Problem> {
        let is_json = self.path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let text = if is_json { format!("{:#}\n", rehearsal_fields(report)) } else { rehearsal_text(report) };
        let written = self
            .write_text(&text)
            .and_then(|()| self.must_be_new())
            .and_then(|()| fs::rename(&self.temporary, &self.path))
            .inspect_err(|_| drop(fs::remove_file(&self.temporary)));
        written.map_err(|error| self.unwritten(&error))
    }

    fn unwritten(&self, error: &io::Error) -> Problem {
        Problem::new(ProblemKind::ReportFailed, self.path.display().to_string(), error.to_string())
    }

    /// Nothing is overwritten.
    fn must_be_new(&self) -> io::Result<()> {
        match self.path.symlink_metadata() {
            Ok(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file of this name already")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn write_text(&self, text: &str) -> io::Result<()> {
        write_new(&self.temporary, text, Access::Default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::wording;

    #[test]
    fn a_report_that_cannot_be_written_is_no_recording() {
        let folder = tempfile::tempdir().unwrap();
        let file = ReportFile::at(&folder.path().join("r.json")).unwrap();
        let problem = file.unwritten(&file.write_text("").and_then(|()| file.write_text("")).unwrap_err());
        assert_eq!(problem.kind, ProblemKind::ReportFailed);
        assert!(wording::what(&problem).starts_with("The report of the rehearsal "), "{}", wording::what(&problem));
        assert_eq!(crate::cli::live::exit_of(problem.kind), crate::cli::Exit::Recording);
    }
}
