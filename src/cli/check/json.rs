//! The check as JSON lines: names and fields are a contract, to be added to and never renamed.

use serde_json::{Value, json};

use crate::cli::live::json::{print_event, problem_fields, rounded};
use crate::cli::names::Names;
use crate::media::Timestamp;
use crate::studio::check::{
    CheckDetail, CheckEvent, CheckStep, CheckSummary, CheckedDestination, detail_text, form_text,
};
use crate::studio::{Problem, ProblemKind};

/// Writes events as JSON.
pub(super) struct Json {
    names: Names,
}

impl Json {
    pub(super) fn new(names: Names) -> Self {
        Self { names }
    }

    pub(super) fn report(&self, at: Timestamp, event: &CheckEvent) {
        let problem_fields = |problem| problem_fields(problem, &self.names);
        match event {
            CheckEvent::Step(step) => {
                print_event(at, "step", step_fields(step, &self.names));
                if let Some(problem) = &step.problem {
                    print_event(at, "problem", problem_fields(problem));
                }
            }
            CheckEvent::Note(problem) => print_event(at, "problem", problem_fields(problem)),
            CheckEvent::Ended(summary) => print_event(at, "summary", summary_fields(summary)),
        }
    }
}

fn step_fields(step: &CheckStep, names: &Names) -> Value {
    let mut fields = json!({
        "name": step.name,
        "ok": step.ok,
        "ms": rounded(step.took.as_secs_f64() * 1e3, 1),
        "detail": detail_text(step),
        "destination": step.destination,
        "place": step.place,
        "destination_name": names.at(step.place),
    });
    let figures = match &step.detail {
        CheckDetail::Encoder(load) => json!({
            "load": rounded(load.share, 3), "fps": rounded(load.fps, 2), "lost": rounded(load.lost, 3),
        }),
        CheckDetail::Certificate { days, .. } => json!({ "certificate_days": days }),
        CheckDetail::Upload(upload) => json!({
            "planned_kbps": rounded(upload.planned_kbps, 1),
            "offered_kbps": rounded(upload.offered_kbps, 1),
            "carried_kbps": rounded(upload.carried_kbps, 1),
            "packet_loss": upload.packet_loss.map(|share| rounded(share, 4)),
        }),
        CheckDetail::Words(_) | CheckDetail::Failed => Value::Null,
    };
    if let (Value::Object(fields), Value::Object(figures)) = (&mut fields, figures) {
        fields.extend(figures);
    }
    fields
}

fn summary_fields(summary: &CheckSummary) -> Value {
    let words =
        |problems: &[Problem]| -> Vec<&str> { problems.iter().map(|p| p.kind).map(ProblemKind::word).collect() };
    json!({
        "verdict": summary.verdict.word(),
        "duration_s": rounded(summary.duration.as_secs_f64(), 3),
        "destinations": summary.destinations.iter().map(destination_fields).collect::<Vec<_>>(),
        "failure": summary.failures.first().map(|problem| problem.kind.word()),
        "failures": words(&summary.failures),
        "warnings": words(&summary.warnings),
    })
}

fn destination_fields(destination: &CheckedDestination) -> Value {
    json!({
        "destination": destination.destination,
        "reached": destination.reached,
        "ok": destination.ok,
        "publish": destination.form.word(),
        "note": form_text(destination.form),
    })
}
