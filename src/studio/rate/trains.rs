//! What packet trains tell of a link that is narrow, or was. On a shaped link a keyframe goes through at once however
//! narrow it is, and only what is larger than the shaper lets through tells the truth.

use std::time::Duration;

use crate::media::Timestamp;
use crate::output::{LinkView, Passed};

/// A train that goes through so many times faster than the link carried tells that it is wide.
const WIDE: f64 = 1.8;
/// One that goes through so many times faster may have been let through in part at once, or tell of a link that is a little
/// wider than it was.
const SAME: f64 = 1.25;
/// On a longer path the system sends a train in parts, and it is slow on a wide link too.
const PATH_MAX: Duration = Duration::from_millis(70);
/// An answer takes no longer: the train waits for a keyframe, and for its way.
const ANSWER_MAX: Duration = Duration::from_secs(4);
/// For so long no train is believed after one was wrong: the shaper lets more through at once than a train holds.
const DISTRUST: Duration = Duration::from_secs(60);

/// What the last train told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The link carries much more than it did.
    Wide,
    /// It does not.
    Narrow,
    /// It may carry a little more.
    Between,
    /// There is no telling by trains.
    Nothing,
}

/// Asks for trains and takes their answers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trains {
    asked: Option<Timestamp>,
    wanted: bool,
    lied: Option<Timestamp>,
}

impl Trains {
    /// Whether asking makes sense.
    pub(super) fn tell(&self, now: Timestamp, link: &LinkView) -> bool {
        link.path <= PATH_MAX && self.lied.is_none_or(|at| now.since(at) >= DISTRUST)
    }

    /// Asks, unless an answer is awaited.
    pub(super) fn ask(&mut self, now: Timestamp) {
        if self.asked.is_none() {
            (self.asked, self.wanted) = (Some(now), true);
        }
    }

    /// Whether a train is to be made now; told once.
    pub(super) fn take_wish(&mut self) -> bool {
        std::mem::take(&mut self.wanted)
    }

    /// Whether an answer is awaited.
    pub(super) fn is_awaited(&self) -> bool {
        self.asked.is_some()
    }

    /// What was asked does not matter any more.
    pub(super) fn forget(&mut self) {
        (self.asked, self.wanted) = (None, false);
    }

    /// One was wrong.
    pub(super) fn lied(&mut self, now: Timestamp) {
        self.lied = Some(now);
    }

    /// The answer, once: `passed` is what has just gone through a link that carried `bps`.
    pub(super) fn answer(&mut self, now: Timestamp, passed: Option<Passed>, bps: f64) -> Option<Told> {
        let asked = self.asked?;
        let told = match passed.filter(|passed| passed.is_train) {
            Some(train) if train.bps as f64 >= bps * WIDE => Told::Wide,
            Some(train) if train.bps as f64 >= bps * SAME => Told::Between,
            Some(_) => Told::Narrow,
            None if now.since(asked) >= ANSWER_MAX => Told::Nothing,
            None => return None,
        };
        self.forget();
        Some(told)
    }
}
