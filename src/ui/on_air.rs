//! The show that runs, as the window knows it: where its destinations stand, since when, and what went wrong.

use std::borrow::Cow;

use super::view::Phase;
use crate::media::Bitrate;
use crate::settings::Destination;
use crate::studio::{DestinationState, Problem, StudioEvent};

/// How a show is recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Recorded {
    /// Not.
    No,
    /// Since it has been live.
    FromItsStart,
    /// Since this moment, in seconds of the window's time.
    Since(f64),
    /// No longer: what it was recorded to has failed.
    Failed,
}

/// What runs.
#[derive(Debug)]
pub(super) struct OnAir {
    pub(super) rehearsal: bool,
    /// It goes nowhere but into its recording.
    pub(super) alone: bool,
    pub(super) recorded: Recorded,
    /// Why its recording failed last.
    pub(super) recording_failure: Option<Problem>,
    /// The user asked for its end.
    pub(super) asked_to_end: bool,
    pub(super) phase: Phase,
    /// What the destinations are called, in the order of the settings; none of a show that goes to none of them.
    pub(super) names: Vec<String>,
    /// Where each destination stands, in the order of the settings.
    pub(super) destinations: Vec<(String, DestinationState)>,
    /// When a server first accepted it, in seconds of the window's time.
    pub(super) live_since: Option<f64>,
    /// When the connection was lost that is not back yet.
    pub(super) lost_since: Option<f64>,
    /// Frames lost by the network.
    pub(super) dropped: u64,
    /// What went wrong last and still holds.
    pub(super) problem: Option<Problem>,
    /// Rate of the picture that is wanted.
    pub(super) wanted: Bitrate,
}

impl OnAir {
    /// A show that was asked for just now.
    pub(super) fn new(rehearsal: bool, wanted: Bitrate) -> Self {
        Self {
            rehearsal,
            alone: false,
            recorded: Recorded::No,
            recording_failure: None,
            asked_to_end: false,
            phase: Phase::Connecting,
            names: Vec::new(),
            destinations: Vec::new(),
            live_since: None,
            lost_since: None,
            dropped: 0,
            problem: None,
            wanted,
        }
    }

    /// Whether its recording can be begun and closed while it goes on: one that is a recording alone ends with it, and a
    /// rehearsal leaves nothing behind.
    pub(super) fn may_record(&self) -> bool {
        let is_on = matches!(self.phase, Phase::Live | Phase::Reconnecting | Phase::OffAir);
        is_on && !self.alone && !self.rehearsal
    }

    /// Whether no file of it is or will be open.
    pub(super) fn is_unrecorded(&self) -> bool {
        matches!(self.recorded, Recorded::No | Recorded::Failed)
    }

    /// Whether `failure` is of a recording that was begun again since.
    pub(super) fn records_again(&self, failure: &Problem) -> bool {
        self.recording_failure.as_ref() == Some(failure) && self.recorded != Recorded::Failed
    }

    /// The same show, to these destinations, of which no two have one name.
    pub(super) fn to(mut self, destinations: &[Destination]) -> Self {
        self.names = destinations.iter().map(|known| known.shown_name().to_owned()).collect();
        self
    }

    /// The same show, to a place that is called so.
    pub(super) fn at(mut self, place: &str) -> Self {
        self.names = vec![place.to_owned()];
        self
    }

    /// The problem with the name of the destination that it is about, where there are several.
    pub(super) fn named(&self, mut problem: Problem) -> Problem {
        let name = problem.place().and_then(|place| self.names.get(place)).filter(|_| self.names.len() > 1);
        if let Some(name) = name {
            problem.about = format!("{name} ({})", problem.about);
        }
        problem
    }

    /// The event with the name of the destination that it is about, where it has one.
    pub(super) fn called<'a>(&self, event: &'a StudioEvent) -> Cow<'a, StudioEvent> {
        match event {
            StudioEvent::State { place, state, .. } => match self.names.get(*place) {
                Some(name) => {
                    Cow::Owned(StudioEvent::State { place: *place, destination: name.clone(), state: *state })
                }
                None => Cow::Borrowed(event),
            },
            _ => Cow::Borrowed(event),
        }
    }

    /// A destination, by the engine's word `about`, stands elsewhere now. `true` if the show's own phase has changed by it.
    pub(super) fn take_state(&mut self, now: f64, place: usize, about: String, state: DestinationState) -> bool {
        if self.destinations.len() <= place {
            self.destinations.resize(place + 1, (String::new(), DestinationState::Connecting));
        }
        if let Some(known) = self.destinations.get_mut(place) {
            *known = (self.names.get(place).cloned().unwrap_or(about), state);
        }
        if self.phase == Phase::Ending {
            return false;
        }
        let is = |wanted| self.destinations.iter().any(|(_, state)| *state == wanted);
        let phase = if is(DestinationState::Live) {
            Phase::Live
        } else if is(DestinationState::Reconnecting) {
            Phase::Reconnecting
        } else if is(DestinationState::Connecting) {
            if self.live_since.is_some() { Phase::Reconnecting } else { Phase::Connecting }
        } else if is(DestinationState::Off) {
            Phase::OffAir
        } else {
            Phase::Ending
        };
        match phase {
            Phase::Live => {
                self.live_since.get_or_insert(now);
                self.lost_since = None;
                // What was lost is back: its problem is history.
                self.problem = None;
            }
            Phase::Reconnecting => _ = self.lost_since.get_or_insert(now),
            // Nothing is lost: the user wants it so, and may switch one on again.
            Phase::OffAir => (self.lost_since, self.problem) = (None, None),
            _ => {}
        }
        std::mem::replace(&mut self.phase, phase) != phase
    }
}
