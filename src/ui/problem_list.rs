//! The problems that are told, the newest last; each once.

use super::view::ProblemView;
use crate::studio::{Problem, ProblemKind};

/// More problems than this are not kept; the oldest goes.
const PROBLEMS_MAX: usize = 8;

/// What is told.
#[derive(Debug, Default)]
pub(super) struct ProblemList {
    known: Vec<ProblemView>,
    next: u64,
}

impl ProblemList {
    pub(super) fn add(&mut self, problem: Problem) {
        let again = |known: &ProblemView| known.problem.kind == problem.kind && known.problem.about == problem.about;
        self.known.retain(|known| !again(known));
        if self.known.len() == PROBLEMS_MAX {
            self.known.remove(0);
        }
        self.next += 1;
        self.known.push(ProblemView { id: self.next, problem });
    }

    /// What is told of a source that works again is no news any more.
    pub(super) fn forget_source(&mut self, about: &str) {
        use ProblemKind as Kind;
        self.known.retain(|known| {
            let of_source = matches!(
                known.problem.kind,
                Kind::SourceNotFound
                    | Kind::SourcePermission
                    | Kind::SourceBusy
                    | Kind::SourceUnreadable
                    | Kind::SourceFailed
                    | Kind::SourceStalled
                    | Kind::SourceLost
            );
            !(of_source && known.problem.about == about)
        });
    }

    pub(super) fn forget_kind(&mut self, kind: ProblemKind) {
        self.known.retain(|known| known.problem.kind != kind);
    }

    pub(super) fn dismiss(&mut self, id: u64) {
        self.known.retain(|known| known.id != id);
    }

    pub(super) fn clear(&mut self) {
        self.known.clear();
    }

    pub(super) fn view(&self) -> Vec<ProblemView> {
        self.known.clone()
    }
}
