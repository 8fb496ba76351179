//! What to do about a camera's picture that stands still: it froze, or it is a capture card that shows a slide. Pure: time
//! is an argument.

use std::time::Duration;

use crate::media::{Timestamp, Turn};
use crate::video::{PictureSample, StillWatch};

/// Time between looks.
const LOOK: Duration = Duration::from_millis(100);
/// A camera that a restart has mended moves within so long after its first picture.
const MENDED_WITHIN: Duration = Duration::from_secs(3);
/// Looks in a row at the very picture it was restarted for, after which the restart has changed nothing.
const UNCHANGED: u32 = 3;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Tell that it stands still, for so long.
    Tell(Duration),
    /// Tell it, and start the device anew: it moved before.
    Restart(Duration),
    /// Tell that it moves.
    Moves,
}

/// Looks now and then whether the picture moves, and learns whether it may stand still.
pub(super) struct StillCare {
    watch: StillWatch,
    next: Timestamp,
    restart: Option<Restart>,
    is_told: bool,
    /// It stood still before and no restart was needed, or helped: nothing is wrong when it does so again.
    may_stand: bool,
}

/// The last time the device was started anew.
struct Restart {
    /// The hash of the picture that stood still.
    picture: u64,
    /// When its first picture came.
    back_at: Option<Timestamp>,
    /// The newest looks at that same picture.
    unchanged: u32,
}

impl StillCare {
    pub(super) fn new() -> Self {
        Self { watch: StillWatch::of_camera(), next: Timestamp::ZERO, restart: None, is_told: false, may_stand: false }
    }

    /// Whether the picture of `at` is to be looked at.
    pub(super) fn wants(&self, at: Timestamp) -> bool {
        at >= self.next
    }

    /// Takes the picture of `at`.
    pub(super) fn look(&mut self, at: Timestamp, sample: &PictureSample) -> Option<Verdict> {
        self.next = at + LOOK;
        if let Some(restart) = &mut self.restart {
            restart.back_at.get_or_insert(at);
            restart.unchanged = if sample.hash == restart.picture { restart.unchanged + 1 } else { 0 };
            self.may_stand |= restart.unchanged >= UNCHANGED;
        }
        match self.watch.look(at, sample)? {
            Turn::Begun(_) if self.may_stand => None,
            Turn::Begun(still_for) => {
                self.is_told = true;
                // One that has never moved shows what it shows: a card of its own, or no signal.
                if !self.watch.has_lived() {
                    return Some(Verdict::Tell(still_for));
                }
                self.restart = Some(Restart { picture: sample.hash, back_at: None, unchanged: 0 });
                Some(Verdict::Restart(still_for))
            }
            Turn::Over => {
                self.may_stand |= !self.is_just_back(at);
                std::mem::take(&mut self.is_told).then_some(Verdict::Moves)
            }
        }
    }

    fn is_just_back(&self, at: Timestamp) -> bool {
        let back_at = self.restart.as_ref().and_then(|restart| restart.back_at);
        back_at.is_some_and(|back_at| at.since(back_at) <= MENDED_WITHIN)
    }

    /// It gave nothing at all for a while, and that it does again was told: no picture stands still any more.
    pub(super) fn forget(&mut self) {
        self.watch.forget();
        self.is_told = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of this hash; 0 is black.
    fn sample(hash: u64) -> PictureSample {
        let (mean, max) = if hash == 0 { (16, 20) } else { (110, 230) };
        PictureSample { hash, mean, max }
    }

    /// What is told within `secs` and when, in ms, of a camera that shows `picture(time, restarts)`, a hash, and is away for
    /// `away_ms` when it is started anew.
    fn told(secs: i64, away_ms: i64, picture: impl Fn(i64, u64) -> u64) -> Vec<(i64, &'static str)> {
        let (mut care, mut restarts, mut back_at, mut all) = (StillCare::new(), 0, 0, Vec::new());
        for millis in (0..secs * 1000).step_by(33) {
            let at = Timestamp::from_millis(millis);
            if millis < back_at || !care.wants(at) {
                continue;
            }
            let word = match care.look(at, &sample(picture(millis, restarts))) {
                Some(Verdict::Tell(_)) => "still",
                Some(Verdict::Restart(_)) => {
                    (restarts, back_at) = (restarts + 1, millis + away_ms);
                    "restart"
                }
                Some(Verdict::Moves) => "moves",
                None => continue,
            };
            all.push((millis, word));
        }
        all
    }

    fn words(told: &[(i64, &'static str)]) -> Vec<&'static str> {
        told.iter().map(|(_, word)| *word).collect()
    }

    /// A picture of a sensor: another one each time.
    fn moving(millis: i64) -> u64 {
        1_000_000 + millis as u64
    }

    #[test]
    fn a_frozen_camera_is_told_and_mended_by_a_restart_each_time() {
        // It repeats the picture of 10 s until it is restarted, and that of 40 s once more.
        let freezes = |millis: i64, restarts: u64| match (millis, restarts) {
            (10_000..40_000, 0) => 1,
            (40_000.., 1) => 2,
            _ => moving(millis),
        };
        let seen = told(60, 900, freezes);
        assert_eq!(words(&seen), ["restart", "moves", "restart", "moves"], "{seen:?}");
        for (begun, ended, froze_at) in [(seen[0].0, seen[1].0, 10_000), (seen[2].0, seen[3].0, 40_000)] {
            assert!((5_000..6_000).contains(&(begun - froze_at)) && ended - begun < 1_500, "{seen:?}");
        }
    }

    #[test]
    fn a_camera_that_is_black_at_first_is_mended_all_the_same() {
        let freezes = |millis: i64, restarts: u64| match (millis, restarts) {
            (10_000.., 0) => 1,
            (..17_500, 1) => 0,
            (30_000.., 1) => 2,
            _ => moving(millis),
        };
        let seen = told(60, 900, freezes);
        assert_eq!(words(&seen), ["restart", "moves", "restart", "moves"], "{seen:?}");
    }

    #[test]
    fn a_slide_of_a_capture_card_is_told_once_and_restarts_it_once() {
        for away_ms in [200, 900, 2_500] {
            let slide = |millis: i64, _| if (11_000..47_000).contains(&millis) { 1 } else { moving(millis) };
            let seen = told(80, away_ms, slide);
            assert_eq!(words(&seen), ["restart", "moves"], "{away_ms}: {seen:?}");
            // Slides of 14 s with something that moves between them.
            let slides =
                |millis: i64, _| if millis % 25_000 > 11_000 { 1 + millis as u64 / 25_000 } else { moving(millis) };
            let seen = told(1800, away_ms, slides);
            assert_eq!(words(&seen), ["restart", "moves"], "{away_ms}: {seen:?}");
        }
    }

    #[test]
    fn a_capture_card_that_shows_something_else_at_first_is_not_restarted_again() {
        // Its own moving card for two seconds after each start.
        let slide = |millis: i64, restarts: u64| match (millis, restarts) {
            (11_000.., 0) => 1,
            (..19_000, 1) => moving(millis),
            (11_000.., _) => 1,
            _ => moving(millis),
        };
        let seen = told(300, 900, slide);
        assert_eq!(words(&seen), ["restart", "moves"], "{seen:?}");
    }

    #[test]
    fn a_restart_that_brings_another_still_picture_is_the_last() {
        // The next slide comes while it is restarted; later ones fade.
        let slides = |millis: i64, restarts: u64| match (millis, restarts) {
            (11_000.., 0) => 1,
            (11_000.., _) if millis % 20_000 < 1_000 => moving(millis),
            (11_000.., _) => 2 + millis as u64 / 20_000,
            _ => moving(millis),
        };
        let seen = told(300, 900, slides);
        assert_eq!(words(&seen), ["restart", "moves"], "{seen:?}");
    }

    #[test]
    fn what_never_moved_is_told_once_and_never_restarted() {
        assert_eq!(words(&told(60, 900, |_, _| 1)), ["still"]);
        let slides = |millis: i64, _| if millis % 30_000 < 1_000 { moving(millis) } else { 1 + millis as u64 / 30_000 };
        let seen = told(1800, 900, slides);
        assert_eq!(words(&seen), ["still", "moves"], "{seen:?}");
        assert!((5_000..7_000).contains(&seen[0].0), "{seen:?}");
    }

    proptest::proptest! {
        /// Whatever a camera shows, and whatever its restarts do: told when it begins, told when it ends, in turns.
        #[test]
        fn it_stands_still_and_moves_in_turns(spans in proptest::collection::vec((0u64..5, 100i64..9_000), 1..60)) {
            let mut care = StillCare::new();
            let (mut millis, mut is_told) = (0, false);
            for (what, lasts) in spans {
                if what == 4 {
                    // Gone for so long, and told by others.
                    millis += lasts;
                    care.forget();
                    is_told = false;
                    continue;
                }
                for _ in 0..lasts / 100 {
                    millis += 100;
                    let picture = if what == 3 { moving(millis) } else { what };
                    match care.look(Timestamp::from_millis(millis), &sample(picture)) {
                        Some(Verdict::Tell(_) | Verdict::Restart(_)) => {
                            proptest::prop_assert!(!std::mem::replace(&mut is_told, true));
                        }
                        Some(Verdict::Moves) => proptest::prop_assert!(std::mem::take(&mut is_told)),
                        None => {}
                    }
                }
            }
        }
    }
}
