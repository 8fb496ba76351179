//! What publishers tell of their destinations, and what becomes of those and of the show.

use super::event::{DestinationState, StepReport, StudioEvent};
use super::supervisor::{Phase, Running, Supervisor};
use super::{Problem, ProblemKind};
use crate::output::publisher::{PublisherEvent, PublisherState};
use crate::output::{PublishError, Recovery};

impl Supervisor {
    pub(super) fn handle_publisher(&self, running: &mut Running, place: usize, event: PublisherEvent) {
        let Some(line) = running.lines.get(place) else { return };
        let (about, nameless) = (line.server_about(), line.is_nameless());
        match event {
            PublisherEvent::Step { step, ok, took, detail } => {
                let (destination, place) = (Some(line.about.clone()), Some(place));
                self.tell(StudioEvent::Step(StepReport { name: step.word(), destination, place, ok, took, detail }));
            }
            PublisherEvent::State(state) => self.publisher_state(running, place, state),
            PublisherEvent::Certificate { expires } => tracing::debug!(?expires, "the certificate holds"),
            PublisherEvent::ServerSaid { level, code, description } => {
                let words = [code, description.unwrap_or_default()].join(" ").trim().to_owned();
                tracing::info!(%level, %words, "the server says");
                if level == "error" || level == "warning" {
                    let problem = Problem::new(ProblemKind::ServerWarning, about, level).at(place);
                    self.tell(StudioEvent::Problem(problem.said(Some(words))));
                }
            }
            PublisherEvent::SentOn { to } => {
                tracing::info!(to = to.as_deref().unwrap_or(&line.about), "the show is sent on");
                running.lines.sent_on(place, to);
            }
            PublisherEvent::Stays { error } => {
                let problem = Problem::from_publish(&about, &error).at(place).into_loss(ProblemKind::MoveFailed);
                self.tell(StudioEvent::Problem(problem));
            }
            PublisherEvent::OnBackup => {
                let about = line.about.clone();
                running.lines.on_backup(place);
                self.tell(StudioEvent::Problem(Problem::new(ProblemKind::OnBackup, about, String::new()).at(place)));
            }
            PublisherEvent::Lost { error, was_live } => {
                let mut problem = Problem::from_publish(&about, &error).of_nameless(nameless).at(place);
                if error.is_old_session() {
                    problem.kind = ProblemKind::OldSession;
                } else if was_live && error.refusal().is_none() {
                    problem = problem.into_loss(ProblemKind::ConnectionLost);
                }
                self.tell(StudioEvent::Problem(problem));
            }
            PublisherEvent::Failed { .. } if line.never_began() && running.phase != Phase::Running => {}
            PublisherEvent::Failed { error, was_live } => {
                let problem = Problem::from_publish(&about, &error).of_nameless(nameless).at(place);
                let lost = was_live && problem.kind != ProblemKind::EndLost;
                let problem = if lost { problem.into_loss(ProblemKind::RetriesEnded) } else { problem };
                self.may_try_again(running, place, was_live, &error);
                self.line_failed(running, place, problem, None);
            }
            PublisherEvent::Nowhere { wanted, backup } => {
                let error = wanted;
                let backup = Problem::from_publish(&line.backup_about(), &backup).of_nameless(nameless).at(place);
                let wanted = Problem::from_publish(&about, &error).of_nameless(nameless).at(place);
                self.may_try_again(running, place, false, &error);
                self.line_failed(running, place, wanted, Some(backup));
            }
        }
    }

    /// A server that is away when the show begins may be there a moment later: it is tried again while another has the show.
    fn may_try_again(&self, running: &mut Running, place: usize, was_live: bool, error: &PublishError) {
        let is_final = was_live || error.is_refusal() || error.recovery() == Recovery::AskUser;
        let was_turned_on = running.lines.get(place).is_some_and(|line| line.was_turned_on);
        if running.phase == Phase::Running && !is_final && !was_turned_on {
            running.lines.may_try_again(place);
        }
    }

    /// `problem` is why the destination is over, and told unless it was: then there is a `last` one, which is told.
    fn line_failed(&self, running: &mut Running, place: usize, problem: Problem, last: Option<Problem>) {
        let runs = running.phase == Phase::Running;
        if runs && running.lines.get(place).is_some_and(|line| line.was_turned_on) {
            // Switched on in vain, it is off again: the show is as it was before. The card comes after that, and stays.
            self.destination_is(running, place, DestinationState::Off);
            [Some(problem), last].into_iter().flatten().for_each(|problem| self.tell(StudioEvent::Problem(problem)));
            return;
        }
        self.tell(StudioEvent::Problem(last.unwrap_or_else(|| problem.clone())));
        if runs && running.lines.have_failed_but(place) {
            running.failures.clear();
            self.end(running);
        }
        running.failures.push(problem);
    }

    /// Connections that have not even said what is missing.
    pub(super) fn abandon(&self, running: &mut Running) {
        for place in running.lines.unended() {
            let Some(line) = running.lines.get(place) else { continue };
            let waiting = format!("{:.1} s", line.waiting().as_secs_f64());
            let problem = Problem::new(ProblemKind::EndLost, line.about.clone(), waiting);
            self.fail(running, problem);
            self.destination_is(running, place, DestinationState::Ended);
        }
    }

    pub(super) fn publisher_state(&self, running: &mut Running, place: usize, state: PublisherState) {
        let state = match state {
            PublisherState::Connecting => DestinationState::Connecting,
            PublisherState::Live => DestinationState::Live,
            PublisherState::Reconnecting => DestinationState::Reconnecting,
            PublisherState::Ending => DestinationState::Ending,
            PublisherState::Ended => DestinationState::Ended,
        };
        self.destination_is(running, place, state);
        if state == DestinationState::Live {
            // It was switched on again: what it failed for is over.
            running.failures.retain(|problem| problem.place() != Some(place));
            self.start_recorder(running);
        }
        if running.phase == Phase::Running {
            if running.lines.have_failed() {
                self.end(running);
            }
            let (lines, starter) = running.lines_and_starter(&self.clock);
            lines.try_again(&starter, self.sink());
        }
    }

    pub(super) fn destination_is(&self, running: &mut Running, place: usize, state: DestinationState) {
        if let Some(destination) = running.lines.set_state(place, state) {
            self.tell(StudioEvent::State { place, destination, state });
        }
    }
}
