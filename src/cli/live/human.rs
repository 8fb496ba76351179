//! The show in words, for a person at a terminal.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::names::Names;
use crate::cli::print;
use crate::media::Timestamp;
use crate::studio::rehearsal::RehearsalReport;
use crate::studio::{DestinationState, Problem, Stats, StudioEvent, Summary, wording};
use crate::ui::finding_lines;

/// Without a terminal to rewrite a line on, a status line comes so often.
const STATUS_INTERVAL: Duration = Duration::from_secs(10);

/// Writes events as lines for people.
pub(super) struct Human {
    names: Names,
    terminal: bool,
    status_shown: bool,
    last_status: Timestamp,
    live_since: Option<Timestamp>,
}

impl Human {
    pub(super) fn new(now: Timestamp, names: Names) -> Self {
        // A line is rewritten only where the terminal says that it can.
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let terminal = std::io::stdout().is_terminal() && !is_dumb;
        Self { names, terminal, status_shown: false, last_status: now, live_since: None }
    }

    pub(super) fn report(&mut self, at: Timestamp, event: &StudioEvent) {
        match event {
            StudioEvent::Step(step) => {
                let mark = if step.ok { "✓" } else { "✗" };
                let ms = step.took.as_secs_f64() * 1e3;
                let destination = step.destination.as_ref().filter(|_| self.names.are_several());
                let whose = destination.map(|address| format!("{}  ", self.names.shown(step.place, address)));
                let whose = whose.unwrap_or_default();
                self.line(&format!("{mark} {:<14} {ms:>7.1} ms  {whose}{}", step.name, step.detail));
            }
            StudioEvent::State { place, destination, state } => {
                if *state == DestinationState::Live {
                    self.live_since.get_or_insert(at);
                }
                let destination = self.names.shown(Some(*place), destination);
                self.line(&format!("{} {destination}", state.word().to_uppercase()));
            }
            StudioEvent::Stats(stats) => self.status(at, stats),
            StudioEvent::Problem(problem) => self.problem(&self.names.named(problem)),
            StudioEvent::Rehearsal(report) => self.rehearsal(report),
            StudioEvent::Marked { number, at } => self.line(&format!("Mark {number} at {}", clock_text(*at))),
            StudioEvent::ReplaySaved(path) => self.line(&format!("Replay: {}", path.display())),
            StudioEvent::Ended(summary) => self.summary(summary),
            // Only a studio tells of these, or is asked for them.
            StudioEvent::Recording { .. }
            | StudioEvent::Source { .. }
            | StudioEvent::Devices { .. }
            | StudioEvent::SourceKept { .. }
            | StudioEvent::DiskRoom(_)
            | StudioEvent::Check(_)
            | StudioEvent::RehearsalShared(_) => {}
        }
    }

    fn status(&mut self, now: Timestamp, stats: &Stats) {
        let Some(since) = self.live_since else { return };
        if !self.terminal && now.since(self.last_status) < STATUS_INTERVAL {
            return;
        }
        self.last_status = now;
        let parts = status_parts(stats, now.since(since));
        if self.terminal {
            // In the last column some terminals begin another line, which nothing rewrites.
            let room = print::columns().map_or(usize::MAX, |columns| columns.saturating_sub(1));
            print::rewrite(&fitting(parts, room));
            self.status_shown = true;
        } else {
            print::line(&fitting(parts, usize::MAX));
        }
    }

    fn problem(&mut self, problem: &Problem) {
        self.line(&format!("! {}", wording::what(problem)));
        if let Some(words) = &problem.server_said {
            self.line(&format!("  The server said: {words}"));
        }
        self.line(&format!("  {}", wording::to_do(problem)));
    }

    fn rehearsal(&mut self, report: &RehearsalReport) {
        self.line("What a viewer got:");
        for (name, value) in report.rows() {
            self.line(&format!("  {name:<13} {value}"));
        }
        self.line(&format!("  {}", report.verdict));
        for sentence in finding_lines(report) {
            self.line(&format!("  {sentence}"));
        }
    }

    fn summary(&mut self, summary: &Summary) {
        let totals = &summary.totals;
        let frames = match totals.frames_sent {
            // It went nowhere but there.
            0 if !summary.recordings.is_empty() => {
                format!("{} frames recorded", totals.frames_encoded.saturating_sub(totals.recording_dropped))
            }
            sent => format!("{sent} frames sent"),
        };
        self.line(&format!(
            "Ended after {}: {frames}, {} missed, {} skipped, {} dropped, {} while away, {} reconnects, {:.0} kb/s, CPU {:.0} %",
            clock_text(summary.duration),
            totals.missed,
            totals.skipped,
            totals.dropped,
            totals.away,
            totals.reconnects,
            totals.video_kbps + totals.audio_kbps,
            totals.cpu_percent,
        ));
        for line in recording_lines(&summary.recordings, totals.recording_dropped) {
            self.line(&line);
        }
    }

    fn line(&mut self, text: &str) {
        if std::mem::take(&mut self.status_shown) {
            print::line("");
        }
        print::line(text);
    }
}

/// What the status line tells, each with how little it is missed: the most goes first where there is no room.
fn status_parts(stats: &Stats, live_for: Duration) -> Vec<(u8, String)> {
    let latency = stats.latency.map(|latency| (5, format!("latency {:.0} ms", latency.median)));
    let mut parts = vec![
        (0, format!("{} {}", stats.state.word().to_uppercase(), clock_text(live_for))),
        (4, format!("{:.1} fps", stats.fps)),
        (1, format!("{:.0} kb/s", stats.video_kbps + stats.audio_kbps)),
        (3, format!("cache {:.1} s", stats.queue_ms / 1e3)),
        (2, format!("{} dropped", stats.dropped)),
    ];
    parts.extend(latency);
    parts.push((6, format!("CPU {:.0} %", stats.cpu_percent)));
    parts
}

/// As many of `parts` as have room in so many columns.
fn fitting(mut parts: Vec<(u8, String)>, room: usize) -> String {
    loop {
        let line = parts.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" · ");
        let least = parts.iter().enumerate().max_by_key(|(_, (missed, _))| *missed).map(|(at, _)| at);
        match least {
            Some(at) if parts.len() > 1 && line.chars().count() > room => _ = parts.remove(at),
            _ => return line.chars().take(room).collect(),
        }
    }
}

fn clock_text(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// The files of a show, and what is missing in them.
fn recording_lines(files: &[PathBuf], frames_missing: u64) -> Vec<String> {
    let mut lines: Vec<_> = files.iter().map(|path| format!("Recording: {}", path.display())).collect();
    match &mut lines[..] {
        [only] if frames_missing > 0 => only.push_str(&format!(" ({frames_missing} frames are missing in it)")),
        // Which of them has the gap was told when it came.
        [_, _, ..] if frames_missing > 0 => {
            lines.push(format!("{frames_missing} frames are missing in the recordings."))
        }
        [] if frames_missing > 0 => {
            lines.push(format!("There is no recording; {frames_missing} frames were to be in it."))
        }
        _ => {}
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_fits_into_its_terminal() {
        let parts = [(0, "LIVE 01:02:03"), (4, "30.0 fps"), (1, "3128 kb/s"), (6, "CPU 35 %")];
        let parts = || parts.map(|(missed, text)| (missed, text.to_owned())).to_vec();
        for (room, shown) in [
            (usize::MAX, "LIVE 01:02:03 · 30.0 fps · 3128 kb/s · CPU 35 %"),
            (47, "LIVE 01:02:03 · 30.0 fps · 3128 kb/s · CPU 35 %"),
            (46, "LIVE 01:02:03 · 30.0 fps · 3128 kb/s"),
            (30, "LIVE 01:02:03 · 3128 kb/s"),
            (6, "LIVE 0"),
        ] {
            assert_eq!(fitting(parts(), room), shown);
        }
    }

    #[test]
    fn a_gap_is_told_of_a_file_only_where_there_is_no_other() {
        let [one, two] = ["/v/show.mp4", "/v/show-2.mp4"].map(PathBuf::from);
        assert_eq!(recording_lines(&[], 0), [""; 0]);
        assert_eq!(recording_lines(std::slice::from_ref(&one), 0), ["Recording: /v/show.mp4"]);
        let gap = recording_lines(std::slice::from_ref(&one), 312);
        assert_eq!(gap, ["Recording: /v/show.mp4 (312 frames are missing in it)"]);
        let both = recording_lines(&[one, two], 312);
        let expected =
            ["Recording: /v/show.mp4", "Recording: /v/show-2.mp4", "312 frames are missing in the recordings."];
        assert_eq!(both, expected);
    }
}
