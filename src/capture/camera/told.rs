//! What the user was told last of a camera: each state once, and what is worse ends what is less bad.

use crate::capture::SourceEvent;

/// From the best to the worst: a camera that gives nothing does not stand still, and one that is gone does not stall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Told {
    Up,
    Frozen,
    Stalled,
    Lost,
}

impl Told {
    /// Whether `event` is news, which it is from now on no more.
    pub(super) fn take(&mut self, event: &SourceEvent) -> bool {
        let state = match event {
            SourceEvent::Restored => Self::Up,
            SourceEvent::Frozen { .. } => Self::Frozen,
            // Of a camera there is no such thing as nobody who sends.
            SourceEvent::Stalled { .. } | SourceEvent::Awaited | SourceEvent::Misnamed { .. } => Self::Stalled,
            SourceEvent::Lost { .. }
            | SourceEvent::Ended { .. }
            | SourceEvent::FileFailed { .. }
            | SourceEvent::Refused { .. } => Self::Lost,
        };
        let is_news = if state == Self::Up { *self != Self::Up } else { state > *self };
        if is_news {
            *self = state;
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn event(of: Told) -> SourceEvent {
        let second = Duration::from_secs(1);
        match of {
            Told::Up => SourceEvent::Restored,
            Told::Frozen => SourceEvent::Frozen { still_for: second },
            Told::Stalled => SourceEvent::Stalled { silent_for: second },
            Told::Lost => SourceEvent::Lost { reason: "gone".to_owned() },
        }
    }

    #[test]
    fn what_does_not_come_does_not_stand_still() {
        let mut told = Told::Up;
        let mut news = |of| told.take(&event(of));
        assert!(news(Told::Frozen) && news(Told::Stalled) && !news(Told::Frozen));
        assert!(news(Told::Lost) && !news(Told::Stalled) && news(Told::Up) && !news(Told::Up));
    }

    proptest::proptest! {
        /// In any order: nothing is told twice until it is over, and nothing is over that was not told.
        #[test]
        fn each_state_is_told_once_until_it_is_over(states in proptest::collection::vec(0usize..4, 0..200)) {
            let all = [Told::Up, Told::Frozen, Told::Stalled, Told::Lost];
            let (mut told, mut open) = (Told::Up, Vec::new());
            for state in states.into_iter().map(|index| all[index]) {
                if !told.take(&event(state)) {
                    continue;
                }
                if state == Told::Up {
                    proptest::prop_assert!(!open.is_empty());
                    open.clear();
                } else {
                    proptest::prop_assert!(!open.contains(&state));
                    open.push(state);
                }
            }
        }
    }
}
