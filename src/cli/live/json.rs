//! One JSON object a line: names and fields are a contract, to be added to and never renamed.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::cli::names::Names;
use crate::cli::print;
use crate::clock::Clock;
use crate::media::Timestamp;
use crate::studio::rehearsal::RehearsalReport;
use crate::studio::{LatencyMillis, Problem, Stats, StepReport, StudioEvent, Summary, wording};
use crate::ui::finding_lines;

/// Writes events as JSON.
pub(super) struct Json {
    names: Names,
}

impl Json {
    pub(super) fn new(names: Names) -> Self {
        Self { names }
    }

    pub(super) fn report(&self, at: Timestamp, event: &StudioEvent) {
        let (name, fields) = match event {
            StudioEvent::Step(step) => ("step", step_fields(step, &self.names)),
            StudioEvent::State { place, destination, state } => {
                let name = self.names.at(Some(*place));
                (
                    "state",
                    json!({ "state": state.word(), "destination": destination, "place": place, "destination_name": name }),
                )
            }
            StudioEvent::Stats(stats) => ("stats", stats_fields(stats)),
            StudioEvent::Problem(problem) => ("problem", problem_fields(problem, &self.names)),
            StudioEvent::Rehearsal(report) => ("rehearsal", rehearsal_fields(report)),
            StudioEvent::Marked { number, at } => {
                ("mark", json!({ "number": number, "at_s": rounded(at.as_secs_f64(), 3) }))
            }
            StudioEvent::ReplaySaved(path) => ("replay", json!({ "path": path.display().to_string() })),
            StudioEvent::Ended(summary) => ("summary", summary_fields(summary)),
            // Only a studio tells of these, or is asked for them.
            StudioEvent::Recording { .. }
            | StudioEvent::Source { .. }
            | StudioEvent::Devices { .. }
            | StudioEvent::SourceKept { .. }
            | StudioEvent::DiskRoom(_)
            | StudioEvent::Check(_)
            | StudioEvent::RehearsalShared(_) => return,
        };
        print_event(at, name, fields);
    }
}

/// Writes the event `name` of that time with its fields.
pub(in crate::cli) fn print_event(at: Timestamp, name: &str, fields: Value) {
    print::json(&event_of(at, name, fields));
}

/// Writes what `object` holds as the event `name` of now. Whether somebody still reads there.
pub(in crate::cli) fn print_object(clock: &Clock, name: &str, object: &impl Serialize) -> bool {
    match serde_json::to_value(object) {
        Ok(fields) => print::json(&event_of(clock.now(), name, fields)),
        // It has its own words for what is wrong.
        Err(_) => print::json(object),
    }
}

fn event_of(at: Timestamp, name: &str, fields: Value) -> Map<String, Value> {
    let mut line = Map::new();
    line.insert("event".to_owned(), json!(name));
    line.insert("t".to_owned(), rounded(at.as_secs_f64(), 3));
    if let Value::Object(fields) = fields {
        line.extend(fields);
    }
    line
}

fn step_fields(step: &StepReport, names: &Names) -> Value {
    json!({
        "name": step.name,
        "ok": step.ok,
        "ms": rounded(step.took.as_secs_f64() * 1e3, 1),
        "detail": step.detail,
        "destination": step.destination,
        "place": step.place,
        "destination_name": names.at(step.place),
    })
}

fn stats_fields(stats: &Stats) -> Value {
    json!({
        "state": stats.state.word(),
        "fps": rounded(stats.fps, 2),
        "frames_captured": stats.frames_captured,
        "frames_encoded": stats.frames_encoded,
        "frames_sent": stats.frames_sent,
        "missed": stats.missed,
        "skipped": stats.skipped,
        "dropped": stats.dropped,
        "thinned": stats.thinned,
        "away": stats.away,
        "recording_dropped": stats.recording_dropped,
        "audio_xruns": stats.audio_xruns,
        "video_kbps": rounded(stats.video_kbps, 1),
        "audio_kbps": rounded(stats.audio_kbps, 1),
        "queue_ms": rounded(stats.queue_ms, 1),
        "congestion": rounded(stats.congestion, 3),
        "rtt_ms": maybe(stats.rtt_ms, 2),
        "network_kbps": maybe(stats.network_kbps, 0),
        "reconnects": stats.reconnects,
        "interruptions": stats.interruptions,
        "destinations": stats.destinations,
        "destinations_away": stats.destinations_away,
        "latency_ms": stats.latency.map(latency_fields),
        "capture_ms": maybe(stats.capture_ms, 2),
        "convert_ms": maybe(stats.convert_ms, 2),
        "compose_ms": maybe(stats.compose_ms, 2),
        "encode_ms": maybe(stats.encode_ms, 2),
        "disk_ms": maybe(stats.disk_ms, 1),
        "write_ms": maybe(stats.write_ms, 1),
        "cpu_percent": rounded(stats.cpu_percent, 1),
        "rss_mb": maybe(stats.rss_mb, 1),
        "lufs": maybe(stats.lufs, 1),
        "drift_ppm": maybe(stats.drift_ppm, 1),
    })
}

fn latency_fields(latency: LatencyMillis) -> Value {
    json!({
        "median": rounded(latency.median, 1),
        "p99": rounded(latency.p99, 1),
        "worst": rounded(latency.worst, 1),
    })
}

pub(in crate::cli) fn problem_fields(problem: &Problem, names: &Names) -> Value {
    json!({
        "kind": problem.kind.word(),
        "about": problem.about,
        "what": wording::what(problem),
        "do": wording::to_do(problem),
        "server_said": problem.server_said,
        "place": problem.place(),
        "destination_name": names.at(problem.place()),
    })
}

pub(super) fn rehearsal_fields(report: &RehearsalReport) -> Value {
    json!({
        "frames_sent": report.frames_sent,
        "frames_received": report.frames_received,
        "keyframe_seconds": maybe(report.keyframe_seconds, 3),
        "video_kbps": rounded(report.video_kbps, 1),
        "av_offset_ms": maybe(report.av_offset_ms, 1),
        "latency_ms_median": maybe(report.latency_ms_median, 1),
        "latency_ms_p99": maybe(report.latency_ms_p99, 1),
        "lufs": maybe(report.lufs, 1),
        "true_peak_dbtp": maybe(report.true_peak_dbtp, 1),
        "verdict": report.verdict.to_string(),
        "keyframe_intervals": report.keyframe_intervals.iter().map(|seconds| rounded(*seconds, 3)).collect::<Vec<_>>(),
        "keyframes_as_chosen": report.keyframes_as_chosen,
        "audio_kbps": rounded(report.stream.audio_kbps, 1),
        "size": report.stream.size.map(|size| size.to_string()),
        "fps": maybe(report.stream.fps, 2),
        "kbps_by_second": report
            .kbps_by_second
            .iter()
            .map(|[video, audio]| json!({ "video": rounded(*video, 1), "audio": rounded(*audio, 1) }))
            .collect::<Vec<_>>(),
        "findings": finding_lines(report),
    })
}

fn summary_fields(summary: &Summary) -> Value {
    let mut fields = stats_fields(&summary.totals);
    if let Value::Object(fields) = &mut fields {
        fields.insert("duration_s".to_owned(), rounded(summary.duration.as_secs_f64(), 3));
        let files: Vec<_> = summary.recordings.iter().map(|path| path.display().to_string()).collect();
        fields.insert("recording".to_owned(), json!(files.first()));
        fields.insert("recordings".to_owned(), json!(files));
        fields.insert("flight".to_owned(), json!(summary.flight.as_ref().map(|p| p.display().to_string())));
        let worst = summary.worst_second.map(|worst| {
            json!({
                "second": worst.second,
                "frames_lost": worst.frames_lost,
                "latency_ms": rounded(worst.latency_ms, 1),
            })
        });
        fields.insert("worst_second".to_owned(), json!(worst));
        fields.insert("failure".to_owned(), json!(summary.failure.as_ref().map(|p| p.kind.word())));
    }
    fields
}

/// `value` with so many decimals; null where it is no number.
pub(in crate::cli) fn rounded(value: f64, decimals: i32) -> Value {
    let scale = 10f64.powi(decimals);
    json!((value * scale).round() / scale)
}

fn maybe(value: Option<f64>, decimals: i32) -> Value {
    value.map_or(Value::Null, |value| rounded(value, decimals))
}
