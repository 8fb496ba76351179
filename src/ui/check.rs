//! A check as the window knows it: the steps so far, what they came to, and what can be changed with one click. Pure.

use std::fmt::Write as _;

use super::order::Order;
use crate::settings::ShowSettings;
use crate::studio::check::{
    CheckEvent, CheckSettings, CheckStep, CheckSummary, CheckVerdict, PublishForm, detail_text, form_text, verdict_text,
};
use crate::studio::{Problem, StudioCommand, wording};

/// What a user asks of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckAct {
    /// Check what is set.
    Start,
    /// The same, and publish where the public may watch: for the key and the upload there is no other way.
    Publish,
    /// End the one that runs.
    Cancel,
    /// Put it away; one that runs is ended.
    Close,
    /// Put its report on the clipboard.
    CopyReport,
}

impl CheckAct {
    /// Whether a check begins with it.
    pub fn begins(self) -> bool {
        matches!(self, Self::Start | Self::Publish)
    }
}

/// What the sheet shows.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct CheckView {
    /// The steps that are done, in their order.
    pub steps: Vec<CheckStep>,
    /// What belongs to no step.
    pub notes: Vec<Problem>,
    /// What it came to, once it is over.
    pub summary: Option<CheckSummary>,
    /// Its end was asked for.
    pub ending: bool,
}

impl CheckView {
    /// Whether it came to the publish and stopped there, because the public may watch.
    pub fn stopped_before_publish(&self) -> bool {
        let destinations = self.summary.iter().flat_map(|summary| &summary.destinations);
        destinations.into_iter().any(|destination| destination.ok && destination.form == PublishForm::Stops)
    }

    /// Whether steps of several destinations are told.
    pub fn has_several(&self) -> bool {
        let mut destinations = self.steps.iter().filter_map(|step| step.destination.as_ref());
        let first = destinations.next();
        destinations.any(|destination| Some(destination) != first)
    }
}

/// The check.
#[derive(Debug, Default)]
pub(super) struct Check {
    shown: Option<CheckView>,
    /// One runs, shown or not.
    runs: bool,
    /// What the newest one is of, and what it found to stand in the way.
    newest: Option<(ShowSettings, Option<Problem>)>,
}

impl Check {
    pub(super) fn runs(&self) -> bool {
        self.runs
    }

    pub(super) fn view(&self) -> Option<CheckView> {
        self.shown.clone()
    }

    /// What the newest check found to stand in the way of `show`, as long as that is what it was of.
    pub(super) fn failure(&self, show: &ShowSettings) -> Option<&Problem> {
        let (of, failure) = self.newest.as_ref()?;
        failure.as_ref().filter(|_| of == show)
    }

    /// Takes what the engine tells.
    pub(super) fn handle_event(&mut self, event: CheckEvent) {
        let over = matches!(event, CheckEvent::Ended(_));
        if let (CheckEvent::Ended(summary), Some((_, failure))) = (&event, &mut self.newest)
            && summary.verdict == CheckVerdict::NotReady
        {
            *failure = summary.failures.first().cloned();
        }
        if let Some(shown) = &mut self.shown {
            match event {
                CheckEvent::Step(step) => shown.steps.push(step),
                CheckEvent::Note(problem) => shown.notes.push(problem),
                CheckEvent::Ended(summary) => shown.summary = Some(*summary),
            }
        }
        self.runs &= !over;
    }

    /// Takes what a user asked for. `may_start`: nothing stands against it.
    pub(super) fn handle_act(&mut self, act: CheckAct, show: &ShowSettings, may_start: bool) -> Vec<Order> {
        match act {
            _ if act.begins() && (!may_start || self.runs) => Vec::new(),
            CheckAct::Start | CheckAct::Publish => {
                self.shown = Some(CheckView::default());
                self.runs = true;
                self.newest = Some((show.clone(), None));
                // Without a destination the rest is tried against this computer.
                let show = ShowSettings { rehearse: show.destinations.is_empty(), ..show.clone() };
                let settings = CheckSettings { show: show.with_secrets_split(), publish: act == CheckAct::Publish };
                vec![Order::Engine(StudioCommand::Check(Box::new(settings)))]
            }
            CheckAct::Cancel => self.end(),
            CheckAct::Close => {
                let orders = self.end();
                self.shown = None;
                orders
            }
            CheckAct::CopyReport => self.shown.as_ref().map(report).map(Order::Copy).into_iter().collect(),
        }
    }

    /// The engine is gone.
    pub(super) fn handle_gone(&mut self) {
        *self = Self::default();
    }

    fn end(&mut self) -> Vec<Order> {
        if let Some(shown) = &mut self.shown {
            shown.ending = self.runs;
        }
        if self.runs { vec![Order::Engine(StudioCommand::EndCheck)] } else { Vec::new() }
    }
}

/// The check in English, for whoever helps; it holds no secret.
fn report(view: &CheckView) -> String {
    let mut report = format!("Tally {}, check\n", env!("CARGO_PKG_VERSION"));
    for step in &view.steps {
        let mark = if step.ok { "ok" } else { "failed" };
        let whose = step.destination.as_deref().unwrap_or_default();
        let (ms, detail) = (step.took.as_secs_f64() * 1e3, detail_text(step));
        // Writing to a String cannot fail.
        let _ = writeln!(report, "{mark:<6} {:<13} {ms:>8.1} ms  {whose} {detail}", step.name);
        step.problem.iter().for_each(|problem| write_problem(&mut report, problem));
    }
    view.notes.iter().for_each(|problem| write_problem(&mut report, problem));
    if let Some(summary) = &view.summary {
        let all = summary.destinations.iter().all(|destination| destination.form.publishes());
        let _ = writeln!(report, "{}", verdict_text(summary.verdict, all));
        for destination in &summary.destinations {
            let _ = writeln!(report, "{}: {}", destination.destination, form_text(destination.form));
        }
    }
    report
}

fn write_problem(report: &mut String, problem: &Problem) {
    let _ = writeln!(report, "  problem {}: {} ({})", problem.kind.word(), wording::what(problem), problem.details);
    if let Some(said) = &problem.server_said {
        let _ = writeln!(report, "  the server said: {said}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Destination, StreamKey};
    use crate::studio::check::{CheckDetail, CheckedDestination, PublishForm};
    use crate::studio::{ProblemKind, StudioCommand};
    use std::time::Duration;

    fn settings() -> ShowSettings {
        let destination =
            Destination { stream_key: Some(StreamKey::new("canary-key")), ..Destination::at("rtmp://h.example/app") };
        ShowSettings { destinations: vec![destination], ..ShowSettings::default() }
    }

    fn step(ok: bool, problem: Option<Problem>) -> CheckEvent {
        let (name, destination) = ("tcp", Some("rtmp://h.example:1935/app".to_owned()));
        let detail = if ok { CheckDetail::Words("127.0.0.1:1935".to_owned()) } else { CheckDetail::Failed };
        CheckEvent::Step(CheckStep {
            name,
            destination,
            place: None,
            ok,
            took: Duration::from_millis(3),
            detail,
            problem,
        })
    }

    fn ended(verdict: CheckVerdict) -> CheckEvent {
        CheckEvent::Ended(Box::new(CheckSummary {
            verdict,
            duration: Duration::from_secs(4),
            destinations: vec![CheckedDestination {
                destination: "rtmp://h.example:1935/app".to_owned(),
                reached: Some("tcp"),
                ok: false,
                form: PublishForm::NotReached,
            }],
            failures: vec![Problem::new(ProblemKind::ConnectionRefused, "rtmp://h.example:1935/app", "")],
            warnings: Vec::new(),
        }))
    }

    #[test]
    fn a_check_fills_in_and_ends() {
        let mut check = Check::default();
        assert_eq!(check.handle_act(CheckAct::Start, &settings(), false), []);
        let orders = check.handle_act(CheckAct::Start, &settings(), true);
        let [Order::Engine(StudioCommand::Check(asked))] = orders.as_slice() else { panic!("{orders:?}") };
        assert!(!asked.publish && !asked.show.rehearse && check.runs());
        assert_eq!(check.handle_act(CheckAct::Start, &settings(), true), [], "one at a time");
        check.handle_event(step(true, None));
        assert_eq!(check.view().unwrap().steps.len(), 1);
        check.handle_event(ended(CheckVerdict::Ready));
        assert!(!check.runs() && check.view().unwrap().summary.is_some());
        assert_eq!(check.handle_act(CheckAct::Close, &settings(), true), []);
        assert_eq!(check.view(), None);
    }

    #[test]
    fn one_that_is_put_away_is_ended_and_told_no_more() {
        let mut check = Check::default();
        check.handle_act(CheckAct::Start, &settings(), true);
        assert_eq!(check.handle_act(CheckAct::Close, &settings(), true), [Order::Engine(StudioCommand::EndCheck)]);
        check.handle_event(step(true, None));
        assert!(check.view().is_none() && check.runs(), "its end is still to come");
        check.handle_event(ended(CheckVerdict::Cancelled));
        assert!(!check.runs());
    }

    #[test]
    fn what_stood_in_the_way_is_known_until_something_else_is_to_be_shown_or_checked() {
        let mut check = Check::default();
        check.handle_act(CheckAct::Start, &settings(), true);
        assert_eq!(check.failure(&settings()), None);
        check.handle_event(ended(CheckVerdict::NotReady));
        check.handle_act(CheckAct::Close, &settings(), true);
        assert_eq!(check.failure(&settings()).unwrap().kind, ProblemKind::ConnectionRefused);
        let other = ShowSettings { destinations: vec![Destination::at("rtmp://g.example/app")], ..settings() };
        assert_eq!(check.failure(&other), None);
        for verdict in [CheckVerdict::Ready, CheckVerdict::Cancelled] {
            check.handle_act(CheckAct::Start, &settings(), true);
            assert_eq!(check.failure(&settings()), None);
            check.handle_event(ended(verdict));
            assert_eq!(check.failure(&settings()), None);
        }
    }

    #[test]
    fn without_a_destination_this_computer_is_one() {
        let mut check = Check::default();
        let orders = check.handle_act(CheckAct::Start, &ShowSettings::default(), true);
        let [Order::Engine(StudioCommand::Check(asked))] = orders.as_slice() else { panic!("{orders:?}") };
        assert!(asked.show.rehearse);
    }

    #[test]
    fn the_report_says_all_and_holds_no_key() {
        let mut check = Check::default();
        check.handle_act(CheckAct::Start, &settings(), true);
        let problem = Problem::new(ProblemKind::ConnectionRefused, "rtmp://h.example:1935/app", "");
        check.handle_event(step(false, Some(problem)));
        check.handle_event(ended(CheckVerdict::NotReady));
        let orders = check.handle_act(CheckAct::CopyReport, &settings(), true);
        let [Order::Copy(report)] = orders.as_slice() else { panic!("{orders:?}") };
        for words in ["failed tcp", "connection_refused", "Not ready.", "It did not come to publishing"] {
            assert!(report.contains(words), "{words} in {report}");
        }
        assert!(!report.contains("canary"), "{report}");
    }
}
