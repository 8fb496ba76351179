//! The problems that are told, the newest last; each once.

use super::view::ProblemView;
use crate::studio::{DestinationState, Problem, ProblemKind};

/// More problems than this are not kept; the oldest goes.
const PROBLEMS_MAX: usize = 8;

/// That something is back is told for so long, in seconds: nothing is to be done.
const GOOD_NEWS_SECONDS: f64 = 8.0;

/// What is told.
#[derive(Debug, Default)]
pub(super) struct ProblemList {
    known: Vec<ProblemView>,
    next: u64,
}

impl ProblemList {
    pub(super) fn add(&mut self, now: f64, problem: Problem) {
        let which = |problem: &Problem| (problem.kind, problem.place(), problem.about.clone());
        self.known.retain(|known| which(&known.problem) != which(&problem));
        if self.known.len() == PROBLEMS_MAX {
            self.known.remove(0);
        }
        self.next += 1;
        self.known.push(ProblemView { id: self.next, told_at: now, problem });
    }

    /// That something is back has been told for long enough.
    pub(super) fn forget_good_news(&mut self, now: f64) {
        self.known.retain(|known| !known.is_good_news() || now - known.told_at < GOOD_NEWS_SECONDS);
    }

    /// What is told of a source that works again is no news any more.
    pub(super) fn forget_source(&mut self, about: &str) {
        self.known.retain(|ProblemView { problem, .. }| {
            // An ingest that listens now has no name in common with the one that could not.
            let is_its_own = problem.about == about || problem.kind == ProblemKind::SourceListen;
            !(problem.kind.is_of_source() && is_its_own)
        });
    }

    /// A destination stands elsewhere: what that makes history goes.
    pub(super) fn handle_state(&mut self, place: usize, state: DestinationState) {
        let is_over = |kind: ProblemKind| match state {
            // Why it was not live, or not without a break, is no news once it is, or once nobody wants it to be. What there is to
            // tell of a new connection comes after that it is live.
            DestinationState::Live | DestinationState::Off => !kind.is_of_source(),
            // What was told of a connection ends with it; why it ended stays.
            DestinationState::Reconnecting | DestinationState::Ended => {
                matches!(kind, ProblemKind::OnBackup | ProblemKind::MoveFailed | ProblemKind::ServerWarning)
            }
            DestinationState::Connecting | DestinationState::Ending => false,
        };
        self.known.retain(|ProblemView { problem, .. }| problem.place() != Some(place) || !is_over(problem.kind));
    }

    /// What was noticed of a source is over.
    pub(super) fn forget_notice(&mut self, kind: ProblemKind, about: &str) {
        self.known.retain(|known| known.problem.kind != kind || known.problem.about != about);
    }

    /// What was noticed of sources that run, and of no other.
    pub(super) fn keep_notices(&mut self) {
        self.known.retain(|known| ProblemKind::NOTICES.contains(&known.problem.kind));
    }

    pub(super) fn forget_kind(&mut self, kind: ProblemKind) {
        self.known.retain(|known| known.problem.kind != kind);
    }

    pub(super) fn dismiss(&mut self, id: u64) {
        self.known.retain(|known| known.id != id);
    }

    /// Whether its card stands there.
    pub(super) fn shows(&self, problem: &Problem) -> bool {
        self.known.iter().any(|known| known.problem == *problem)
    }

    pub(super) fn view(&self) -> Vec<ProblemView> {
        self.known.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_A_CONNECTION: [ProblemKind; 3] =
        [ProblemKind::OnBackup, ProblemKind::MoveFailed, ProblemKind::ServerWarning];

    #[test]
    fn what_was_told_of_a_connection_goes_with_it_and_never_what_was_told_of_another() {
        use DestinationState as D;
        for kind in OF_A_CONNECTION {
            for (state, stays) in
                [(D::Ending, true), (D::Reconnecting, false), (D::Live, false), (D::Off, false), (D::Ended, false)]
            {
                let mut list = ProblemList::default();
                let [told, other] = [0, 1].map(|place| Problem::new(kind, "server", "").at(place));
                list.add(1.0, told.clone());
                list.add(1.0, other.clone());
                list.handle_state(0, state);
                assert_eq!((list.shows(&told), list.shows(&other)), (stays, true), "{kind:?} {state:?}");
            }
        }
    }

    #[test]
    fn why_a_connection_ended_is_told_until_there_is_another() {
        let mut list = ProblemList::default();
        let lost = Problem::new(ProblemKind::ConnectionLost, "server", "").at(0);
        list.add(1.0, lost.clone());
        list.handle_state(0, DestinationState::Reconnecting);
        assert!(list.shows(&lost));
        list.handle_state(0, DestinationState::Live);
        // The show is at its backup now: that is told of this connection.
        let on_backup = Problem::new(ProblemKind::OnBackup, "server", "").at(0);
        list.add(2.0, on_backup.clone());
        assert_eq!((list.shows(&lost), list.shows(&on_backup)), (false, true));
    }
}
