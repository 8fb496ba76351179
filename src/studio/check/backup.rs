//! Backup servers of a check: each is tried once its destination is done with, as a show goes to it only then. Both at once
//! would halve what each can be sent, and some services take a key but once.

use std::time::Duration;

use super::form::PublishForm;
use crate::media::Timestamp;
use crate::output::publisher::PublishTarget;

/// A server that waits for its turn.
#[derive(Clone, Debug)]
pub(super) struct Backup {
    /// The place of the destination whose backup it is.
    pub(super) of: usize,
    /// Told under a name of its own.
    pub(super) target: PublishTarget,
    pub(super) form: PublishForm,
    /// Since when the destination is done.
    done_since: Option<Timestamp>,
}

impl Backup {
    pub(super) fn new(of: usize, mut target: PublishTarget, form: PublishForm) -> Self {
        // A service's two addresses may differ in what is not shown.
        target.about += " (backup)";
        Self { of, target, form, done_since: None }
    }

    /// Whether its turn has come. `stands`: of the destination at a place, whether it is done, and whether it said goodbye.
    pub(super) fn is_due(
        &mut self,
        now: Timestamp,
        patience: Duration,
        stands: impl Fn(usize) -> (bool, bool),
    ) -> bool {
        let (done, gone) = stands(self.of);
        done && (gone || now.since(*self.done_since.get_or_insert(now)) >= patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_turn_comes_when_the_destination_has_said_goodbye_or_will_not() {
        let target = PublishTarget::new("rtmp://b.example/app?backup=1", Some("key"), None, None).unwrap();
        let patience = Duration::from_millis(1500);
        let at = Timestamp::from_millis;
        for (gone_at, due_at) in [(4000, 4000), (i64::MAX, 4500)] {
            let mut backup = Backup::new(2, target.clone(), PublishForm::Stops);
            assert!(backup.target.about.starts_with("rtmp://b.example") && backup.target.about.ends_with(" (backup)"));
            let due = (0..10_000)
                .step_by(100)
                .find(|now| backup.is_due(at(*now), patience, |place| (place == 2 && *now >= 3000, *now >= gone_at)));
            assert_eq!(due, Some(due_at));
        }
    }
}
