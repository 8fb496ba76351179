//! Where picture and sound come from, as the window knows it: opened, lost, back.

use super::Model;
use crate::studio::{ProblemKind, SourceState};
use crate::ui::view::StagePicture;

impl Model {
    pub(super) fn handle_picture(&mut self, state: SourceState) {
        if matches!(state, SourceState::None | SourceState::Opening | SourceState::Ready(_)) {
            // What was noticed of the one before it.
            self.stage.awaited = None;
            if let Some(lost) = self.picture_lost.take() {
                self.problems.forget_source(&lost.about);
            }
            self.problems.forget_kind(ProblemKind::SourceFrozen);
            self.problems.forget_kind(ProblemKind::SourceBlack);
            self.problems.forget_kind(ProblemKind::SourceDamaged);
        }
        match state {
            SourceState::None => {
                self.stage.picture = StagePicture::Off;
                self.stage.source = None;
            }
            SourceState::Opening => self.stage.picture = StagePicture::Opening,
            SourceState::Ready(info) => {
                self.stage.picture = StagePicture::Shown;
                self.problems.forget_source(&info.name);
                self.incoming.addresses[0] = info.address;
                self.stage.source = Some(info.name);
            }
            SourceState::Failed(problem) => self.stage.picture = StagePicture::Failed(problem),
            // The last picture stays; the card below says what is wrong.
            SourceState::Lost(problem) => {
                self.stage.awaited = Some(problem.clone()).filter(|lost| lost.kind == ProblemKind::SourceAwaited);
                self.picture_lost = Some(problem.clone());
                self.handle_problem(problem);
            }
            SourceState::Restored => {
                (self.picture_lost, self.stage.awaited) = (None, None);
                let about = self.stage.source.clone().unwrap_or_default();
                self.problems.forget_source(&about);
            }
        }
    }

    pub(super) fn handle_sound(&mut self, state: SourceState) {
        if matches!(state, SourceState::None | SourceState::Opening | SourceState::Ready(_)) {
            self.problems.forget_kind(ProblemKind::SourceSilent);
            self.problems.forget_kind(ProblemKind::SourceClipping);
            self.sound.talks_muted = false;
        }
        match state {
            SourceState::None | SourceState::Opening => self.forget_sound_failure(),
            SourceState::Ready(info) => {
                self.problems.forget_source(&info.name);
                self.forget_sound_failure();
                self.incoming.addresses[1] = info.address;
                self.sound.name = info.name;
            }
            SourceState::Failed(problem) | SourceState::Lost(problem) => {
                self.sound_failure = Some(problem.clone());
                self.handle_problem(problem);
            }
            SourceState::Restored => {
                self.forget_sound_failure();
                let about = self.sound.name.clone();
                self.problems.forget_source(&about);
            }
        }
    }

    fn forget_sound_failure(&mut self) {
        if let Some(failure) = self.sound_failure.take() {
            self.problems.forget_source(&failure.about);
        }
    }
}
