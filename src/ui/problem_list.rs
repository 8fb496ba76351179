//! The problems that are told, the newest last; each once.

use super::view::ProblemView;
use crate::studio::{Problem, ProblemKind};

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

    /// Why a destination was not live, or not without a break: no news any more once it is, or once nobody wants it to be.
    pub(super) fn forget_destination(&mut self, place: usize) {
        let still_holds = |kind: ProblemKind| {
            kind.is_of_source()
                || matches!(kind, ProblemKind::OnBackup | ProblemKind::MoveFailed | ProblemKind::ServerWarning)
        };
        self.known.retain(|ProblemView { problem, .. }| problem.place() != Some(place) || still_holds(problem.kind));
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
