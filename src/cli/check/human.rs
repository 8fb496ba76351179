//! The check in words, for a person at a terminal.

use crate::cli::names::Names;
use crate::cli::print;
use crate::studio::check::{CheckEvent, CheckStep, CheckSummary, detail_text, form_text, verdict_text};
use crate::studio::{Problem, wording};

/// Writes events as lines for people.
pub(super) struct Human {
    /// There are several destinations: each step says whose it is.
    several: bool,
    names: Names,
}

impl Human {
    pub(super) fn new(several: bool, names: Names) -> Self {
        Self { several, names }
    }

    pub(super) fn report(&mut self, event: &CheckEvent) {
        match event {
            CheckEvent::Step(step) => self.step(step),
            CheckEvent::Note(problem) => {
                let problem = self.names.named(problem);
                print::line(&format!("! {}", wording::what(&problem)));
                advice(&problem);
            }
            CheckEvent::Ended(summary) => summed_up(summary),
        }
    }

    fn step(&self, step: &CheckStep) {
        let mark = match (step.ok, &step.problem) {
            (true, None) => "✓",
            (true, Some(_)) => "!",
            (false, _) => "✗",
        };
        let ms = step.took.as_secs_f64() * 1e3;
        let detail = detail_text(step);
        let destination = step.destination.as_ref().filter(|_| self.several);
        let whose = destination.map(|address| format!("{}  ", self.names.shown(step.place, address)));
        let whose = whose.unwrap_or_default();
        print::line(format!("{mark} {:<14} {ms:>8.1} ms  {whose}{detail}", step.name).trim_end());
        if let Some(problem) = &step.problem {
            let what = wording::what(problem);
            if what != detail {
                print::line(&format!("  {what}"));
            }
            advice(problem);
        }
    }
}

fn advice(problem: &Problem) {
    if let Some(words) = &problem.server_said {
        print::line(&format!("  The server said: {words}"));
    }
    print::line(&format!("  {}", wording::to_do(problem)));
}

fn summed_up(summary: &CheckSummary) {
    let all = summary.destinations.iter().all(|destination| destination.form.publishes());
    print::line(verdict_text(summary.verdict, all));
    let mut told: Vec<String> = Vec::new();
    for destination in summary.destinations.iter().filter(|destination| destination.ok) {
        let text = form_text(destination.form);
        let text = if summary.destinations.len() > 1 { format!("{}: {text}", destination.destination) } else { text };
        if !told.contains(&text) {
            print::line(&format!("  {text}"));
            told.push(text);
        }
    }
    // The first thing to do is the one that comes first on the way.
    if let Some(problem) = summary.failures.first() {
        let of_several = summary.destinations.len() > 1 && problem.place().is_some();
        let which = if of_several { format!(", {}", problem.about) } else { String::new() };
        print::line(&format!("  First{which}: {}", wording::to_do(problem)));
    }
}
