//! `tally report`: what a show was like, or is so far, second by second.

use std::fs;
use std::path::{Path, PathBuf};

use super::args::ReportArgs;
use super::{Exit, Failure, print};
use crate::settings::{Access, shows_state_dir, write_new};
use crate::studio::flight::{FLIGHT_ENDING, Flight, FlightError, NoFlight, flight_html, flight_text};

pub(super) fn run(args: &ReportArgs) -> Result<Exit, Failure> {
    let file = match &args.file {
        Some(file) => file.clone(),
        None => newest()?,
    };
    let flight = read(&file)?;
    let words = args.language.into();
    let report = if args.html { flight_html(&flight, words) } else { flight_text(&flight, words) };
    match &args.output {
        Some(output) => {
            // Nothing is overwritten.
            let written = write_new(output, &report, Access::Default);
            written.map_err(|error| Failure::of_unwritten(output, &error))?;
            print::note(&format!("the report is in {}", output.display()));
        }
        None => {
            print::line(report.trim_end());
        }
    }
    Ok(Exit::Ok)
}

fn read(file: &Path) -> Result<Flight, Failure> {
    Flight::load(file).map_err(|error| match error {
        FlightError::Unreadable(error) => Failure::of_file("read", file, &error),
        FlightError::Foreign(NoFlight::Newer) => Failure::usage(format!("{}: {}", file.display(), NoFlight::Newer)),
        FlightError::Foreign(error) => Failure::usage(format!(
            "{}: {error}; give a file *.{FLIGHT_ENDING}, which the summary of a show names, or none for the last show",
            file.display()
        )),
    })
}

/// The last show's file: names begin with the date.
fn newest() -> Result<PathBuf, Failure> {
    let folder =
        shows_state_dir().ok_or_else(|| Failure::usage("this system names no folder for shows; give a FILE"))?;
    let entries = fs::read_dir(&folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let shows = entries.filter(|path| path.extension().is_some_and(|ending| ending == FLIGHT_ENDING));
    let by_time = |path: &PathBuf| fs::metadata(path).and_then(|file| file.modified()).ok();
    let newest = shows.max_by_key(by_time);
    newest.ok_or_else(|| Failure::usage(format!("there is no show in {} yet; give a FILE", folder.display())))
}
