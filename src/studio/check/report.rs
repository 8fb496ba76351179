//! What a check is asked for, and what it tells.

use std::time::Duration;

use super::form::PublishForm;
use super::verdict::{EncoderLoad, Upload};
use crate::settings::ShowSettings;
use crate::studio::Problem;

/// What to check.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckSettings {
    /// The show.
    pub show: ShowSettings,
    /// Publish also where it may be seen: the user asked for it.
    pub publish: bool,
}

/// What a check tells: steps in their order, then its end.
#[derive(Clone, Debug, PartialEq)]
pub enum CheckEvent {
    /// A step is done, or failed.
    Step(CheckStep),
    /// Something the user should know that belongs to no step.
    Note(Problem),
    /// The check is over; nothing follows.
    Ended(Box<CheckSummary>),
}

impl CheckEvent {
    /// The same of the destination at `place`.
    pub(super) fn at(self, place: usize) -> Self {
        match self {
            Self::Step(step) => {
                let problem = step.problem.map(|problem| problem.at(place));
                Self::Step(CheckStep { place: Some(place), problem, ..step })
            }
            Self::Note(problem) => Self::Note(problem.at(place)),
            Self::Ended(summary) => Self::Ended(summary),
        }
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckStep {
    /// The stable word: `source`, `encoder`, `dns`, `tcp`, `tls`, `handshake`, `connect`, `create_stream`, `publish`,
    /// `sustained`.
    pub name: &'static str,
    /// The destination it belongs to, if it belongs to one.
    pub destination: Option<String>,
    /// Its place among the show's destinations, from 0; a backup server has that of the one it stands in for.
    pub place: Option<usize>,
    /// Whether it worked.
    pub ok: bool,
    /// How long it took.
    pub took: Duration,
    /// What was seen.
    pub detail: CheckDetail,
    /// Why it failed; of a step that worked, what the user should know.
    pub problem: Option<Problem>,
}

/// What was seen in a step.
#[derive(Clone, Debug, PartialEq)]
pub enum CheckDetail {
    /// Names, addresses, the server's words.
    Words(String),
    /// How much of its time the encoder needs.
    Encoder(EncoderLoad),
    /// A certificate that holds.
    Certificate {
        /// Such as `TLSv1_3`.
        version: String,
        /// Whole days until the first of its chain expires.
        days: i64,
    },
    /// What the network carried.
    Upload(Upload),
    /// It failed: see the problem.
    Failed,
}

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckVerdict {
    /// Nothing stands in the way.
    Ready,
    /// It will work; something is worth knowing.
    ReadyWithWarnings,
    /// It will not work.
    NotReady,
    /// It was ended before it was done.
    Cancelled,
}

impl CheckVerdict {
    /// The stable word of `--json`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::ReadyWithWarnings => "ready_with_warnings",
            Self::NotReady => "not_ready",
            Self::Cancelled => "cancelled",
        }
    }
}

/// How far a destination came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedDestination {
    /// Its address.
    pub destination: String,
    /// The last step that worked.
    pub reached: Option<&'static str>,
    /// Whether all that was tried worked.
    pub ok: bool,
    /// What was done about publishing.
    pub form: PublishForm,
}

/// All of a check.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckSummary {
    /// What it came to.
    pub verdict: CheckVerdict,
    /// How long it took.
    pub duration: Duration,
    /// Each destination.
    pub destinations: Vec<CheckedDestination>,
    /// What stands in the way, in the order in which it was told.
    pub failures: Vec<Problem>,
    /// What is worth knowing.
    pub warnings: Vec<Problem>,
}
