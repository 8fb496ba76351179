//! Reads a show's file. Tolerant: lines of newer versions and a last line that a crash cut off are left out.

use std::fs::TryLockError;
use std::io::{self, Read};
use std::path::Path;

use super::second::state_in;
use super::{Cause, FlightSecond};
use crate::settings::open_unawaited;
use crate::studio::DestinationState;

/// What every file begins with.
pub(super) const FIRST_LINE: &str = "tally show 1";
/// A file of so many bytes is read no further: some 3 days.
const BYTES_MAX: u64 = 32 << 20;

/// A show as it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flight {
    /// What the show was: `started`, `size`, `destination` and so on, as it was written.
    pub head: Vec<(String, String)>,
    /// Second by second.
    pub seconds: Vec<FlightSecond>,
    /// What happened, in order.
    pub events: Vec<FlightEvent>,
    /// Whether its program still held the file when it was read.
    pub is_held: bool,
}

/// Seconds without figures: so many of them, from `at` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) at: u32,
    pub(super) seconds: u32,
}

impl Gap {
    /// Between two lines that follow each other. They come once a second, give or take a moment.
    pub(super) fn between(before: &FlightSecond, next: &FlightSecond) -> Option<Self> {
        let at = before.at.saturating_add(1);
        let seconds = next.at.saturating_sub(at);
        (seconds > 1).then_some(Self { at, seconds })
    }
}

/// How far a show has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Ended,
    Runs,
    /// The program ended before it.
    CutOff,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct FlightEvent {
    /// Seconds since the show was started.
    pub at: f64,
    /// A stable word: a problem's, `state`, `mark`, `replay` or `end`.
    pub word: String,
    /// What it was.
    pub sentence: String,
}

/// The file is not a show's that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoFlight {
    /// It is another file.
    #[error("it is not the flight recorder's file of a show")]
    Foreign,
    /// Its form is a newer one.
    #[error("it was written by a newer Tally: update this one")]
    Newer,
}

/// Why a show's file gives no report.
#[derive(Debug, thiserror::Error)]
pub enum FlightError {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    /// It is another file.
    #[error(transparent)]
    Foreign(#[from] NoFlight),
}

impl Flight {
    /// Reads the file `path`.
    ///
    /// # Errors
    /// It cannot be read, or is not a show's.
    pub fn load(path: &Path) -> Result<Self, FlightError> {
        let file = open_unawaited(path)?;
        // Asked before it is read: a show that ends meanwhile has told so.
        let is_held = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        let mut bytes = Vec::new();
        (&file).take(BYTES_MAX).read_to_end(&mut bytes)?;
        Ok(Self { is_held, ..Self::read(&String::from_utf8_lossy(&bytes))? })
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// It does not begin as such files do.
    pub fn read(text: &str) -> Result<Self, NoFlight> {
        let mut lines = text.split('\n');
        let first = lines.next().unwrap_or_default().trim_end_matches('\r');
        if first != FIRST_LINE {
            let version = first.strip_prefix(FIRST_LINE.trim_end_matches('1'));
            let is_newer = version.is_some_and(|version| version.parse::<u32>().is_ok_and(|version| version > 1));
            return Err(if is_newer { NoFlight::Newer } else { NoFlight::Foreign });
        }
        let mut flight = Self::default();
        let mut holes = Vec::new();
        // What follows the last line's end is a part of a line.
        let lines: Vec<&str> = lines.collect();
        for line in lines.iter().take(lines.len().saturating_sub(1)) {
            match line.split_once('\t') {
                Some(("H", pair)) => {
                    let pair = pair.split_once('\t').map(|(key, value)| (key.to_owned(), value.to_owned()));
                    flight.head.extend(pair);
                }
                Some(("S", second)) => flight.seconds.extend(FlightSecond::from_line(second)),
                Some(("E", event)) => flight.events.extend(event_from(event)),
                Some(("G", hole)) => holes.extend(hole_from(hole)),
                _ => {}
            }
        }
        holes.into_iter().for_each(|hole| flight.book(hole));
        Ok(flight)
    }

    /// Pictures that the recording lacks were counted when its queue was full, which may be long after: they belong to the
    /// seconds they are of.
    fn book(&mut self, (from, to, frames): (u32, u32, u64)) {
        let mut left = frames;
        for second in self.seconds.iter_mut().filter(|second| second.at >= from) {
            let taken = left.min(second.recording_dropped.saturating_sub(second.unrecorded.into()));
            second.recording_dropped -= taken;
            left -= taken;
        }
        let last = self.seconds.last().map_or(0, |second| second.at);
        let belongs = |second: &FlightSecond| second.at >= from.min(last) && second.at < to.max(from + 1);
        let mut seconds = self.seconds.iter().filter(|second| belongs(second)).count() as u64;
        let mut booked = frames - left;
        for second in self.seconds.iter_mut().filter(|second| belongs(second)) {
            let share = booked.div_ceil(seconds);
            second.recording_dropped += share;
            (booked, seconds) = (booked - share, seconds - 1);
        }
    }

    /// The values of the head's `key`, in order.
    pub fn values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.head.iter().filter(move |(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// Whether it was ever live, be it for less than a second.
    pub(super) fn has_begun(&self) -> bool {
        let of_events = self.events.iter().filter(|event| event.word == "state");
        let of_events = of_events.filter_map(|event| Some(state_in(&event.sentence)?.1));
        self.seconds.iter().map(|second| second.state).chain(of_events).any(|state| state == DestinationState::Live)
    }

    /// The causes of poor seconds, each with how many it made poor, the worst first.
    pub fn causes(&self) -> Vec<(Cause, usize)> {
        let mut causes: Vec<(Cause, usize)> = Vec::new();
        let poor = self.seconds.iter().filter_map(Cause::of).map(|cause| (cause, 1));
        let stood = self.gaps().map(|gap| (Cause::Stood, gap.seconds as usize));
        for (cause, count) in poor.chain(stood) {
            match causes.iter_mut().find(|(known, _)| *known == cause) {
                Some((_, seconds)) => *seconds += count,
                None => causes.push((cause, count)),
            }
        }
        causes.sort_by_key(|(cause, seconds)| (std::cmp::Reverse(*seconds), *cause));
        causes
    }

    /// Where seconds are missing because the program did not run.
    pub(super) fn gaps(&self) -> impl Iterator<Item = Gap> {
        self.seconds.iter().zip(self.seconds.iter().skip(1)).filter_map(|(before, next)| Gap::between(before, next))
    }

    pub(super) fn standing(&self) -> Standing {
        match self.events.iter().any(|event| event.word == "end") {
            true => Standing::Ended,
            false if self.is_held => Standing::Runs,
            false => Standing::CutOff,
        }
    }
}

/// From, to (in seconds of the show), and how many pictures.
fn hole_from(line: &str) -> Option<(u32, u32, u64)> {
    let mut fields = line.split('\t');
    let mut seconds = || fields.next()?.parse::<f64>().ok().filter(|at| (0.0..1e9).contains(at));
    let (from, to) = (seconds()? as u32, seconds()?.ceil() as u32);
    Some((from, to, fields.next()?.parse().ok()?))
}

fn event_from(line: &str) -> Option<FlightEvent> {
    let mut fields = line.splitn(3, '\t');
    let at = fields.next()?.parse::<f64>().ok().filter(|at| at.is_finite())?;
    Some(FlightEvent { at, word: fields.next()?.to_owned(), sentence: fields.next()?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::super::second::tests::second;
    use super::*;

    #[test]
    fn what_is_whole_is_read_and_the_rest_left_out() {
        let line = second(3).to_line();
        let text = format!(
            "{FIRST_LINE}\nH\tsize\t1280x720\nS\t{line}\nE\t3.5\tstate\tlive at a\nZ\tnew\nS\tbroken\nS\t{line}"
        );
        let flight = Flight::read(&text).unwrap();
        assert_eq!(flight.values("size").collect::<Vec<_>>(), ["1280x720"]);
        assert_eq!(flight.seconds, [second(3)]);
        assert_eq!((flight.events.len(), flight.events[0].sentence.as_str()), (1, "live at a"));
        assert_eq!(flight.standing(), Standing::CutOff);
        assert_eq!(Flight::read("no"), Err(NoFlight::Foreign));
        assert_eq!(Flight::read(""), Err(NoFlight::Foreign));
        assert_eq!(Flight::read("tally show 2\nH\tsize\t1280x720\n"), Err(NoFlight::Newer));
    }

    #[test]
    fn causes_are_counted_the_worst_first() {
        let seconds = [0, 0, 1, 1, 1].map(|dropped| FlightSecond { dropped, ..second(0) });
        let mut flight = Flight { seconds: seconds.to_vec(), ..Flight::default() };
        flight.seconds.push(FlightSecond { skipped: 1, ..second(1) });
        assert_eq!(flight.causes(), [(Cause::NetworkLost, 3), (Cause::Encoder, 1)]);
    }

    #[test]
    fn a_hole_in_the_recording_is_told_of_the_seconds_that_are_missing() {
        let mut text = format!("{FIRST_LINE}\n");
        for at in 0..40 {
            // The queue is full long after the disk has stopped to answer, and then it all goes at once.
            let recording_dropped = if at == 26 { 200 } else { 0 } + if at == 27 { 50 } else { 0 };
            let line = FlightSecond { recording_dropped, ..second(at) }.to_line();
            text += &format!("S\t{line}\n");
        }
        let missing = |text: &str| {
            let flight = Flight::read(text).unwrap();
            let seconds = flight.seconds.iter().filter(|second| second.recording_dropped > 0);
            let (first, last) = seconds.clone().fold((99, 0), |(from, to), s| (s.at.min(from), s.at.max(to)));
            (first, last, seconds.map(|second| second.recording_dropped).sum::<u64>())
        };
        assert_eq!(missing(&text), (26, 27, 250));
        assert_eq!(missing(&format!("{text}G\t5.2\t14.7\t250\n")), (5, 14, 250));
        for other in ["", "5\t14", "x\ty\tz", "-5\t14\t250", "50\t60\t9", "5.2\tnan\t250", "3e9\t4e9\t1"] {
            assert_eq!(missing(&format!("{text}G\t{other}\n")), (26, 27, 250), "{other}");
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused() {
        let whole = format!("{FIRST_LINE}\nH\ta\tä\nS\t{}\nE\t1\tb\tc\n", second(1).to_line());
        for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
            let _ = Flight::read(&whole[..end]);
        }
    }
}
