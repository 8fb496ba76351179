//! Where picture and sound come from, as the window knows it: opened, lost, back.

use super::{Model, Order, stands_still};
use crate::settings::CardChoice;
use crate::studio::{KeptSource, Problem, ProblemKind, SourceState};
use crate::ui::profile_request::ProfileRequest;
use crate::ui::view::StagePicture;

impl Model {
    /// What was chosen on air cannot be opened: what is there stays, and is chosen again unless something else is by now.
    pub(super) fn handle_kept_source(&mut self, now: f64, source: KeptSource, problem: Problem) {
        let mut wanted = self.desk.settings().clone();
        let which = match source {
            KeptSource::Picture(kept) => {
                if wanted.video == kept.refused {
                    wanted.video = kept.stays;
                }
                0
            }
            KeptSource::Sound(kept) => {
                if wanted.audio == kept.refused {
                    wanted.audio = kept.stays;
                }
                1
            }
        };
        self.forget_refused(which);
        self.refused_sources[which] = Some(problem.about.clone());
        if wanted != *self.desk.settings() {
            self.desk.edit(wanted, now, self.is_on());
            self.unkept_since = Some(now);
        }
        self.handle_problem(now, problem);
    }

    /// What was noticed of a source is so no more.
    pub(super) fn handle_notice_over(&mut self, over: ProblemKind, about: &str) {
        self.sound.talks_muted &= over != ProblemKind::MutedTalking;
        self.sound.gives_silence &= over != ProblemKind::SourceSilent;
        self.stage.stands_still &= !stands_still(over);
        self.problems.forget_notice(over, about);
    }

    /// Another source than the one that could not be opened was taken, or tried.
    fn forget_refused(&mut self, which: usize) {
        if let Some(about) = self.refused_sources[which].take() {
            self.problems.forget_source(&about);
        }
    }

    pub(super) fn handle_picture(&mut self, now: f64, state: SourceState) {
        if matches!(state, SourceState::None | SourceState::Opening | SourceState::Ready(_)) {
            // What was noticed of the one before it.
            (self.stage.awaited, self.stage.stands_still) = (None, false);
            self.forget_refused(0);
            if let Some(lost) = self.picture_lost.take() {
                self.problems.forget_source(&lost.about);
            }
            self.problems.forget_kind(ProblemKind::SourceFrozen);
            self.problems.forget_kind(ProblemKind::SourceBlack);
            self.problems.forget_kind(ProblemKind::SourceDamaged);
        }
        if matches!(state, SourceState::None | SourceState::Failed(_)) {
            // Nobody listens there any more.
            self.incoming.addresses[0] = None;
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
                self.handle_problem(now, problem);
            }
            SourceState::Restored => {
                (self.picture_lost, self.stage.awaited) = (None, None);
                let about = self.stage.source.clone().unwrap_or_default();
                self.problems.forget_source(&about);
            }
        }
    }

    pub(super) fn handle_sound(&mut self, now: f64, state: SourceState) {
        self.sound.gives_silence = false;
        if matches!(state, SourceState::None | SourceState::Opening | SourceState::Ready(_)) {
            self.forget_refused(1);
            self.problems.forget_kind(ProblemKind::SourceSilent);
            self.problems.forget_kind(ProblemKind::SourceClipping);
            self.sound.talks_muted = false;
        }
        if matches!(state, SourceState::None | SourceState::Failed(_)) {
            self.incoming.addresses[1] = None;
        }
        if let SourceState::Failed(problem) = &state {
            // What was heard before is not what is chosen.
            self.sound.name.clone_from(&problem.about);
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
                self.handle_problem(now, problem);
            }
            SourceState::Restored => {
                self.forget_sound_failure();
                let about = self.sound.name.clone();
                self.problems.forget_source(&about);
            }
        }
    }

    /// The default microphone that was opened and is gone: it is waited for, and the one that is first in the list meanwhile is
    /// not heard.
    pub(super) fn lost_microphone(&self) -> Option<String> {
        self.sound_failure.as_ref().filter(|failure| failure.kind == ProblemKind::SourceLost)?;
        Some(self.sound.name.clone())
    }

    /// Asks whether the picture of the card, if it is one of the user's own, can be shown.
    pub(super) fn look_at_card(&self) -> Option<Order> {
        let CardChoice::Image(path) = &self.desk.settings().card else { return None };
        Some(Order::Profile(ProfileRequest::CardPicture(path.clone())))
    }

    fn forget_sound_failure(&mut self) {
        if let Some(failure) = self.sound_failure.take() {
            self.problems.forget_source(&failure.about);
        }
    }
}
