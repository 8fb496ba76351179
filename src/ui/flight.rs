//! The running show second by second, and what happened in it: what the ribbon is made of, during the show and after it.

use std::path::PathBuf;
use std::sync::Arc;

use crate::studio::flight::{Cause, FlightSecond};
use crate::studio::{DestinationState, Problem, Stats, StudioEvent};

/// Seconds that are kept: 12 hours, some 9 MB.
const SECONDS_MAX: usize = 12 * 3600;
/// Of more than that the oldest go, so many at once: moving the others each second would cost more than it saves.
const SECONDS_AT_ONCE: usize = 3600;
/// Events that are kept; of more than that the older half goes. A show that tells more has told it already.
const EVENTS_MAX: usize = 2000;
/// More than so much media that waits makes a second poor, in ms.
const BEHIND_MS: f64 = 1000.0;
/// So far from where it was expected a second is only late, in seconds: the window hears of seconds when it draws, which is never
/// quite on time, and of many at once after it was kept from that.
const JITTER_SECONDS: f64 = 1.5;
/// Seconds that are told closer together than this were waiting to be told, in seconds.
const AT_ONCE_SECONDS: f64 = 0.5;

/// A show second by second, since it was live.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShowFlight {
    /// Which show of this window, from 1.
    pub number: u64,
    /// Whether it is a rehearsal.
    pub rehearsal: bool,
    /// Whether it goes nowhere but into its recording.
    pub alone: bool,
    /// Seconds at the beginning that are not kept any more.
    pub gone: usize,
    /// Oldest first; `at` counts from when the show was live.
    pub seconds: Vec<FlightSecond>,
    /// Oldest first.
    pub events: Vec<ShowEvent>,
}

/// Something that happened in a show.
#[derive(Clone, Debug, PartialEq)]
pub struct ShowEvent {
    /// Seconds since the show was live.
    pub at: u32,
    /// What.
    pub what: Happened,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Happened {
    /// A destination stands elsewhere.
    State(String, DestinationState),
    /// Something the user was told.
    Problem(Box<Problem>),
    /// A moment was marked: its number.
    Mark(u32),
    /// The last seconds were saved to this file.
    Replay(PathBuf),
    /// A recording was begun, or else closed, on demand.
    Recording(PathBuf, bool),
}

/// Why a second was poor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// For the one cause the report names too.
    Cause(Cause),
    /// Nothing was lost, but the viewers are late.
    Behind,
}

/// How good a second was, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Quality {
    /// Nothing was wrong.
    #[default]
    Good,
    /// Something was.
    Poor,
    /// No server held the show.
    Away,
}

/// One mark of the ribbon: some seconds, told by the worst of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The place of its first second among those that are kept.
    pub first: usize,
    /// Its seconds; at least one.
    pub count: usize,
    /// The place of its worst second among those that are kept.
    pub worst: usize,
    /// How good that was.
    pub quality: Quality,
}

impl Trouble {
    /// Why `second` was poor; `None`: it was good.
    pub fn of(second: &FlightSecond) -> Option<Self> {
        let behind = || (second.queue_ms > BEHIND_MS).then_some(Self::Behind);
        Cause::of(second).map(Self::Cause).or_else(behind)
    }
}

impl Quality {
    /// How good `second` was.
    pub fn of(second: &FlightSecond) -> Self {
        match Trouble::of(second) {
            None => Self::Good,
            Some(Trouble::Cause(Cause::Away | Cause::SwitchedOff)) => Self::Away,
            Some(Trouble::Cause(_) | Trouble::Behind) => Self::Poor,
        }
    }
}

/// Folds `len` seconds into at most `most` marks of equally many seconds each (the last may have fewer), into `marks`. The
/// worst second of a mark is told, so that a single poor one is seen however long the show is; of several the one that
/// `how_bad` puts last, and of equals the first. Marks begin at the first second: those that are whole stay as they are.
pub fn fold<B: Ord>(len: usize, most: usize, how_bad: impl Fn(usize) -> (Quality, B), marks: &mut Vec<Mark>) {
    marks.clear();
    let count = seconds_each(len, most);
    for first in (0..len).step_by(count) {
        let count = count.min(len - first);
        let (mut worst, mut bad) = (first, how_bad(first));
        for place in first + 1..first + count {
            let this = how_bad(place);
            if this > bad {
                (worst, bad) = (place, this);
            }
        }
        marks.push(Mark { first, count, worst, quality: bad.0 });
    }
}

/// How many of `len` seconds a mark has where at most `most` marks fit.
pub fn seconds_each(len: usize, most: usize) -> usize {
    len.div_ceil(most.max(1)).max(1)
}

impl ShowFlight {
    /// The marks of all seconds, at most `most`, into `marks`.
    pub fn fold(&self, most: usize, marks: &mut Vec<Mark>) {
        let how_bad = |place: usize| {
            self.seconds.get(place).map_or_else(Default::default, |second| (Quality::of(second), second.lost()))
        };
        fold(self.seconds.len(), most, how_bad, marks);
    }

    /// The place of the next poor second after `place`, or before it.
    pub fn poor_beside(&self, place: usize, after: bool) -> Option<usize> {
        let is_poor = |place: &usize| self.seconds.get(*place).is_some_and(|second| Trouble::of(second).is_some());
        let place = place.min(self.seconds.len());
        if after { (place + 1..self.seconds.len()).find(is_poor) } else { (0..place).rev().find(is_poor) }
    }

    /// What happened in the seconds of `mark`, or after them where none follows.
    pub fn events_of(&self, mark: &Mark) -> &[ShowEvent] {
        let before = |place: usize, or: usize| {
            let at = self.seconds.get(place).map(|second| second.at);
            at.map_or(or, |at| self.events.partition_point(|event| event.at < at))
        };
        let begin = if mark.first == 0 { 0 } else { before(mark.first, self.events.len()) };
        self.events.get(begin..before(mark.first + mark.count, self.events.len())).unwrap_or_default()
    }

    fn push(&mut self, second: FlightSecond) {
        if self.seconds.len() >= SECONDS_MAX {
            self.seconds.drain(..SECONDS_AT_ONCE);
            self.gone += SECONDS_AT_ONCE;
            let from = self.seconds.first().map_or(0, |second| second.at);
            self.events.retain(|event| event.at >= from);
        }
        if self.seconds.len() == self.seconds.capacity() {
            // By the hour: doubling would hold twice of what is needed.
            self.seconds.reserve_exact(SECONDS_AT_ONCE);
        }
        self.seconds.push(second);
    }

    fn tell(&mut self, what: Happened) {
        if self.events.len() >= EVENTS_MAX {
            self.events.drain(..EVENTS_MAX / 2);
        }
        // The second it belongs to is over when the next figures are told.
        let at = self.seconds.last().map_or(0, |last| last.at + 1);
        self.events.push(ShowEvent { at, what });
    }
}

/// Keeps the show that runs.
#[derive(Debug, Default)]
pub(super) struct FlightKeeper {
    kept: Arc<ShowFlight>,
    before: Option<Box<Stats>>,
    /// When a second was told that was later than jitter explains, in seconds since the show was live.
    late: Option<f64>,
}

impl FlightKeeper {
    /// Another show begins.
    pub(super) fn begin(&mut self, rehearsal: bool, alone: bool) {
        let number = self.kept.number + 1;
        let kept = Arc::new(ShowFlight { number, rehearsal, alone, ..ShowFlight::default() });
        *self = Self { kept, ..Self::default() };
    }

    /// Something was told at `now` of a show that has been live since `live_since`, in seconds of the window's time.
    pub(super) fn hear(&mut self, now: f64, live_since: Option<f64>, event: &StudioEvent) {
        let since = live_since.map(|live| (now - live).max(0.0));
        let what = match event {
            StudioEvent::Stats(stats) => return self.take(since, stats),
            StudioEvent::State { destination, state, .. } => Happened::State(destination.clone(), *state),
            StudioEvent::Problem(problem) | StudioEvent::SourceKept { problem, .. } => {
                Happened::Problem(Box::new(problem.clone()))
            }
            StudioEvent::Recording { path, on } => Happened::Recording(path.clone(), *on),
            StudioEvent::Marked { number, .. } => Happened::Mark(*number),
            StudioEvent::ReplaySaved(path) => Happened::Replay(path.clone()),
            StudioEvent::Step(_)
            | StudioEvent::Source { .. }
            | StudioEvent::Devices { .. }
            | StudioEvent::DiskRoom(_)
            | StudioEvent::RehearsalShared(_)
            | StudioEvent::Rehearsal(_)
            | StudioEvent::Check(_)
            | StudioEvent::Ended(_) => return,
        };
        Arc::make_mut(&mut self.kept).tell(what);
    }

    /// Seconds before the show is live are no part of it, but what was lost in them is known.
    fn take(&mut self, since: Option<f64>, stats: &Stats) {
        if let Some(since) = since {
            // Nobody else holds it between two frames: nothing is copied.
            let kept = Arc::make_mut(&mut self.kept);
            let next = kept.seconds.last().map_or(0, |last| last.at + 1);
            let is_late = since - f64::from(next) > JITTER_SECONDS;
            // Of seconds that waited to be told each follows the one before it. That they are late one after the other means
            // that some are missing: this computer slept, or the window for too long.
            let has_gap = is_late && self.late.is_some_and(|late| since - late > AT_ONCE_SECONDS);
            self.late = (is_late && !has_gap).then_some(since);
            let at = if has_gap { since as u32 } else { next };
            kept.push(FlightSecond::between(at, self.before.as_deref(), stats));
        }
        self.before = Some(Box::new(stats.clone()));
    }

    /// All of it, to be shown.
    pub(super) fn view(&self) -> Arc<ShowFlight> {
        Arc::clone(&self.kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::tests::stats;

    fn folded(qualities: &[Quality], most: usize) -> Vec<Mark> {
        let mut marks = Vec::new();
        fold(qualities.len(), most, |place| (qualities[place], 0), &mut marks);
        marks
    }

    #[test]
    fn seconds_are_folded_as_far_as_they_must_and_none_is_left_out() {
        for (len, most, marks, each) in
            [(0, 60, 0, 1), (1, 60, 1, 1), (59, 60, 59, 1), (60, 60, 60, 1), (61, 60, 31, 2), (21_600, 195, 195, 111)]
        {
            let found = folded(&vec![Quality::Good; len], most);
            assert_eq!((found.len(), seconds_each(len, most)), (marks, each), "{len}");
            assert_eq!(found.iter().map(|mark| mark.count).sum::<usize>(), len);
            let mut next = 0;
            for mark in found {
                assert_eq!((mark.first, mark.worst, mark.quality), (next, next, Quality::Good));
                next += mark.count;
            }
        }
        assert_eq!(folded(&[Quality::Good; 5], 0).len(), 1, "where nothing fits there is one mark");
    }

    #[test]
    fn a_single_poor_second_of_six_hours_is_seen_and_the_worst_wins() {
        for poor in [0, 1, 12_345, 21_599] {
            let mut qualities = vec![Quality::Good; 21_600];
            qualities[poor] = Quality::Poor;
            let marks = folded(&qualities, 195);
            let seen: Vec<_> = marks.iter().filter(|mark| mark.quality != Quality::Good).collect();
            assert_eq!(seen.len(), 1);
            assert_eq!((seen[0].worst, seen[0].quality), (poor, Quality::Poor));
        }
        let marks = folded(&[Quality::Good, Quality::Poor, Quality::Away, Quality::Poor], 1);
        assert_eq!((marks[0].worst, marks[0].quality), (2, Quality::Away));
        let mut marks = Vec::new();
        fold(3, 1, |place| (Quality::Poor, [1, 9, 9][place]), &mut marks);
        assert_eq!(marks[0].worst, 1, "of poor seconds the one that lost most, and of equals the first");
    }

    #[test]
    fn whole_marks_stay_as_they_are_while_the_show_grows() {
        let long = folded(&[Quality::Good; 120], 60);
        let longer = folded(&[Quality::Good; 119], 60);
        assert_eq!(long[..59], longer[..59]);
    }

    fn live() -> FlightKeeper {
        let mut keeper = FlightKeeper::default();
        keeper.begin(false, false);
        keeper
    }

    #[test]
    fn seconds_count_from_live_and_losses_are_their_own() {
        let mut keeper = live();
        let told = |dropped| StudioEvent::Stats(Box::new(Stats { dropped, ..stats(DestinationState::Live) }));
        keeper.hear(3.0, None, &told(2));
        for (now, dropped) in [(10.9, 2), (12.02, 5), (12.97, 5), (14.0, 5), (60.4, 6)] {
            keeper.hear(now, Some(10.0), &told(dropped));
        }
        let flight = keeper.view();
        let seconds: Vec<_> = flight.seconds.iter().map(|second| (second.at, second.dropped)).collect();
        assert_eq!(seconds, [(0, 0), (1, 3), (2, 0), (3, 0), (4, 1)], "jitter is no gap");
        assert_eq!((flight.poor_beside(4, false), flight.poor_beside(1, true)), (Some(1), Some(4)));
        assert_eq!((flight.poor_beside(1, false), flight.poor_beside(4, true)), (None, None));
    }

    #[test]
    fn seconds_that_waited_follow_each_other_and_those_that_are_missing_are_a_gap() {
        let mut keeper = live();
        let told = StudioEvent::Stats(Box::new(stats(DestinationState::Live)));
        let mut hear = |now: f64| {
            keeper.hear(now, Some(0.0), &told);
            keeper.view().seconds.last().map(|second| second.at)
        };
        assert_eq!([0.9, 1.9].map(&mut hear), [Some(0), Some(1)]);
        // The window did not draw for five seconds.
        assert_eq!([6.9; 5].map(&mut hear), [2, 3, 4, 5, 6].map(Some));
        assert_eq!(hear(7.9), Some(7));
        // The computer slept for a minute.
        assert_eq!([68.2, 69.2, 70.2].map(&mut hear), [8, 69, 70].map(Some));
    }

    #[test]
    fn events_belong_to_the_second_that_is_not_over() {
        let mut keeper = live();
        let mark = |number| StudioEvent::Marked { number, at: std::time::Duration::ZERO };
        keeper.hear(0.1, None, &mark(1));
        for second in 0..10 {
            keeper.hear(
                f64::from(second) + 0.9,
                Some(0.0),
                &StudioEvent::Stats(Box::new(stats(DestinationState::Live))),
            );
            keeper.hear(f64::from(second) + 0.95, Some(0.0), &mark(second + 2));
        }
        let flight = keeper.view();
        let mut marks = Vec::new();
        let mut numbers = |most| -> Vec<Vec<Happened>> {
            flight.fold(most, &mut marks);
            let of = |mark| flight.events_of(mark).iter().map(|event| event.what.clone()).collect();
            marks.iter().map(of).collect()
        };
        let singly = numbers(10);
        assert_eq!((&singly[0], &singly[1]), (&vec![Happened::Mark(1)], &vec![Happened::Mark(2)]));
        assert_eq!(singly[9], [Happened::Mark(10), Happened::Mark(11)], "the last has what came after it");
        let folded = numbers(3);
        assert_eq!(folded.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 3]);
    }

    #[test]
    fn what_is_late_is_poor_and_what_is_away_is_worst() {
        let second = |change: fn(&mut Stats)| {
            let mut stats = stats(DestinationState::Live);
            change(&mut stats);
            FlightSecond::between(0, None, &stats)
        };
        assert_eq!(Trouble::of(&second(|_| {})), None);
        assert_eq!(Trouble::of(&second(|stats| stats.queue_ms = 1500.0)), Some(Trouble::Behind));
        assert_eq!(Quality::of(&second(|stats| stats.dropped = 1)), Quality::Poor);
        assert_eq!(Quality::of(&second(|stats| stats.state = DestinationState::Reconnecting)), Quality::Away);
    }

    #[test]
    fn beyond_twelve_hours_the_oldest_go_and_memory_is_bounded() {
        let mut keeper = live();
        for second in 0..SECONDS_MAX + 10 {
            let now = second as f64;
            if second % 1000 == 0 {
                keeper.hear(now, Some(0.0), &StudioEvent::Marked { number: 1, at: std::time::Duration::ZERO });
            }
            keeper.hear(now, Some(0.0), &StudioEvent::Stats(Box::new(stats(DestinationState::Live))));
        }
        let flight = keeper.view();
        assert_eq!(flight.gone, SECONDS_AT_ONCE);
        assert_eq!(flight.gone + flight.seconds.len(), SECONDS_MAX + 10);
        assert!(flight.events.first().is_some_and(|event| event.at >= flight.seconds[0].at));
        let bytes = flight.seconds.capacity() * size_of::<FlightSecond>();
        assert!(bytes < 12_000_000, "{bytes} bytes");
    }
}
