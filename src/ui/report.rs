//! A report for whoever helps: what is set and what happened, without any secret.

use std::fmt::Write as _;

use super::view::View;
use super::wording::{Lang, Words};
use crate::clock::local_date_and_time;
use crate::studio::rehearsal::RehearsalReport;
use crate::studio::wording;

/// The report, in English: it is for the people who make Tally and for servers' owners.
pub(super) fn text(view: &View) -> String {
    let mut report = format!("Tally {}\n", env!("CARGO_PKG_VERSION"));
    let sources = &view.sources;
    let rows = [
        ("state", format!("{:?}{}", view.show.phase, if view.show.rehearsal { ", rehearsal" } else { "" })),
        ("live", view.show.live_seconds.map_or_else(|| "never".to_owned(), |seconds| format!("{seconds:.0} s"))),
        ("picture", format!("{}, {} at {} fps, {}", sources.video, sources.size, sources.frame_rate, sources.bitrate)),
        (
            "sound",
            format!(
                "{}, {:+.1} dB{}",
                sources.audio,
                view.sound.gain_db,
                if view.sound.muted { ", muted" } else { "" }
            ),
        ),
        ("destinations", view.strip.destinations.len().to_string()),
        ("dropped", view.strip.dropped.to_string()),
    ];
    for (name, value) in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(report, "{name}: {value}");
    }
    let problems = view.problems.iter().map(|known| &known.problem);
    for problem in problems.chain(view.result.iter().filter_map(|result| result.failure.as_ref())) {
        let _ = writeln!(report, "problem {}: {} ({})", problem.kind.word(), wording::what(problem), problem.details);
        if let Some(said) = &problem.server_said {
            let _ = writeln!(report, "  the server said: {said}");
        }
    }
    if let Some(rehearsed) = view.result.as_ref().and_then(|result| result.rehearsed.as_ref()) {
        let _ = writeln!(report, "rehearsal: {}", rehearsed.verdict);
        for (name, value) in rehearsed.rows() {
            let _ = writeln!(report, "  {name}: {value}");
        }
    }
    report
}

/// What destinations want otherwise of a rehearsed stream, a line each, in English: reports are passed on to others.
pub fn finding_lines(report: &RehearsalReport) -> Vec<String> {
    report.findings.iter().map(|finding| Words(Lang::English).finding_line(finding)).collect()
}

/// The report of a rehearsal as a text file has it, under the time of day.
pub fn rehearsal_text(report: &RehearsalReport) -> String {
    let (date, time) = local_date_and_time();
    report.to_text(&format!("{date} {}", time.replace('-', ":")), &finding_lines(report))
}
