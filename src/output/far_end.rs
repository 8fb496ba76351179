//! What the server itself says it has (Acknowledgement, RTMP 5.4.3). Pure.
//!
//! A system tells what the next computer has taken. Behind a tunnel or a proxy, of the user's own or of a mobile operator, that
//! is not the server: seconds of media may wait there, seen by nobody but the server, which has not got them yet.

use std::collections::VecDeque;
use std::time::Duration;

use super::link_view::{LinkSample, LinkView, delay_of};
use crate::media::Timestamp;

/// What was acknowledged longer ago tells nothing of now.
const SPAN: Duration = Duration::from_secs(3);
/// A rate is measured over at least so long, and over no more than is needed for it and two acknowledgements.
const RATE_MIN: Duration = Duration::from_millis(250);
/// Bytes that are under way for so much longer than usual wait somewhere.
const LATE: Duration = Duration::from_millis(100);
const A_LITTLE_LATE: Duration = Duration::from_millis(50);
/// Nothing comes for so long: how little that is counts before a rate can be measured.
const STANDS: Duration = Duration::from_millis(400);
/// A server that acknowledges more at once, against what it was asked for, tells too little.
const STEP_MAX: u64 = 128 * 1024;
/// So many acknowledgements make a habit.
const HABIT: usize = 3;
/// So much more than the server leaves unacknowledged anyway, in bytes, waits on the way.
const HELD: u64 = 24 * 1024;
/// What may wait on the way.
const QUEUED_MAX: Duration = Duration::from_millis(200);
/// How much of the time that goes by what is usual may grow: servers that count a little wrong fall behind for ever.
const DRIFT: u32 = 50;
/// Servers that do not count the handshake (3073 bytes) have as much more than they say.
const UNCOUNTED_MAX: u64 = 4096;
/// Looks that are remembered.
const LOOKS_MAX: usize = 4096;

/// An acknowledgement.
#[derive(Clone, Copy, Debug)]
struct Confirmed {
    at: Timestamp,
    /// All bytes so far.
    bytes: u64,
    /// How much longer than usual the last of them was under way.
    late: Duration,
}

/// Follows what the server of one connection acknowledges.
#[derive(Clone, Debug, Default)]
pub(super) struct FarEnd {
    /// How many bytes had been written by when, of those that are not acknowledged.
    written: VecDeque<(Timestamp, u64)>,
    confirmed: VecDeque<Confirmed>,
    /// The least that was with the server by the system's word and not by its own.
    uncounted: Option<u64>,
    /// How long the last acknowledged byte was under way at least, lately.
    usual: Option<Duration>,
    /// How much longer the oldest byte is under way now.
    late: Duration,
    /// For how long an acknowledgement is due.
    overdue: Duration,
    /// Bytes that neither the system nor the server has, beyond what the server leaves unacknowledged anyway.
    held: u64,
    /// The way was seen to hold bytes that the system has no more.
    is_split: bool,
}

/// What is known of the whole way, where the system does not see all of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct FarView {
    /// What goes through in b/s, while something waits.
    pub(super) bps: Option<u64>,
    /// How much later than usual a byte is there.
    pub(super) late: Duration,
    /// What is usual.
    pub(super) usual: Duration,
    /// Bytes that the server has not got.
    pub(super) unconfirmed: u64,
    /// Bytes that the system may hold, while something waits.
    pub(super) room: Option<u64>,
    /// How long nothing has been acknowledged.
    pub(super) silent: Duration,
    /// Bytes that are acknowledged at once.
    pub(super) lump: u64,
}

impl FarView {
    /// What the system tells, by what is known of the whole way.
    pub(super) fn widen(self, view: LinkView, last: &LinkSample) -> LinkView {
        let backlog = self.unconfirmed + last.writing + last.queued;
        LinkView {
            carried: self.bps,
            glimpsed: self.bps,
            path: self.usual,
            delay: self.bps.map_or(self.late, |bps| delay_of(backlog, bps, self.usual)),
            ahead: self.unconfirmed + last.writing,
            backlog,
            room: self.room,
            // The next computer takes bytes in lumps while it passes them on all the time.
            silent: view.silent.min(self.silent),
            lump: self.lump,
            ..view
        }
    }
}

impl FarEnd {
    /// Takes a look; whether this is the first one that shows bytes on the way which the system has no more.
    pub(super) fn observe(&mut self, sample: &LinkSample) -> bool {
        let LinkSample { at, written, .. } = *sample;
        let confirmed = self.counted(sample);
        if self.written.back().is_none_or(|(_, before)| *before < written) {
            self.written.push_back((at, written));
            if self.written.len() > LOOKS_MAX {
                self.written.pop_front();
            }
        }
        if confirmed == 0 {
            // It is not asked, or never did: what was acknowledged before tells nothing of now.
            self.confirmed.clear();
            self.is_split = false;
            return false;
        }
        let before = self.confirmed.back().copied();
        if confirmed > self.last_confirmed() {
            self.confirm(at, confirmed, before);
        }
        while self.confirmed.front().is_some_and(|first| at.since(first.at) > SPAN) {
            self.confirmed.pop_front();
        }
        let Some(last) = self.confirmed.back().copied().filter(|_| self.is_known()) else {
            // It never did, or does not any more.
            self.is_split = false;
            return false;
        };
        let usual = self.usual.unwrap_or_default();
        let due = self.written.iter().find(|(_, written)| *written >= last.bytes + self.step());
        self.overdue = due.map_or(Duration::ZERO, |(since, _)| at.since(*since).saturating_sub(usual));
        self.late = last.late.max(self.overdue);
        self.held = written.saturating_sub(sample.outstanding + last.bytes + self.step());
        let was_split = self.is_split;
        self.is_split |= self.late >= LATE && self.held > HELD;
        self.is_split && !was_split
    }

    /// What the server says it has, with what it never counts.
    fn counted(&mut self, sample: &LinkSample) -> u64 {
        if sample.confirmed == 0 {
            return 0;
        }
        let beyond = sample.written.saturating_sub(sample.outstanding + sample.confirmed);
        let uncounted = *self.uncounted.insert(self.uncounted.map_or(beyond, |least| least.min(beyond)));
        (sample.confirmed + uncounted.min(UNCOUNTED_MAX)).min(sample.written)
    }

    fn confirm(&mut self, at: Timestamp, bytes: u64, before: Option<Confirmed>) {
        while self.written.front().is_some_and(|(_, written)| *written < bytes) && self.written.len() > 1 {
            self.written.pop_front();
        }
        let age = self.written.front().map_or(Duration::ZERO, |(since, _)| at.since(*since));
        let drift = before.map_or(Duration::ZERO, |before| at.since(before.at) / DRIFT);
        let usual = *self.usual.insert(self.usual.map_or(age, |usual| age.min(usual + drift)));
        self.confirmed.push_back(Confirmed { at, bytes, late: age.saturating_sub(usual) });
    }

    /// Whether the server acknowledges as it was asked to.
    pub(super) fn is_known(&self) -> bool {
        self.confirmed.len() >= HABIT && self.step() <= STEP_MAX
    }

    fn last_confirmed(&self) -> u64 {
        self.confirmed.back().map_or(0, |last| last.bytes)
    }

    /// How many bytes are acknowledged at once, at most.
    fn step(&self) -> u64 {
        let pairs = self.confirmed.iter().zip(self.confirmed.iter().skip(1));
        pairs.map(|(before, after)| after.bytes - before.bytes).max().unwrap_or(0)
    }

    /// Whether the server is heard to have all that the system has not.
    pub(super) fn sees_no_more(&self) -> bool {
        self.is_known() && !self.is_split && self.held <= HELD
    }

    /// Whether the system does not see all of the way.
    pub(super) fn is_split(&self) -> bool {
        self.is_split
    }

    /// How many bytes may well have come beyond those that were acknowledged: half of what the server leaves so.
    pub(super) fn unheard(&self) -> u64 {
        self.step() / 2
    }

    /// What the server has, as far as that is known.
    pub(super) fn arrived(&self, sample: &LinkSample) -> u64 {
        (self.last_confirmed() + self.unheard()).min(sample.written)
    }

    /// What is known where the system does not see all of the way.
    pub(super) fn view(&self, last: &LinkSample) -> Option<FarView> {
        let usual = self.usual.filter(|_| self.is_split)?;
        let unconfirmed = last.written - self.arrived(last);
        let (waits, lump) = (self.late >= LATE, self.step());
        let bps = self.bps(last.at).filter(|_| waits);
        let room = waits.then(|| {
            let passes = bps.map_or(0.0, |bps| bps as f64 / 8.0 * (usual + QUEUED_MAX).as_secs_f64());
            // With less on the way nothing would be acknowledged any more.
            let on_the_way = (passes as u64).max(lump * 2);
            let elsewhere = last.written.saturating_sub(self.last_confirmed() + last.outstanding);
            on_the_way.saturating_sub(elsewhere)
        });
        let silent = self.confirmed.back().map_or(Duration::ZERO, |confirmed| last.at.since(confirmed.at));
        Some(FarView { bps, late: self.late, usual, unconfirmed, room, silent, lump })
    }

    /// How fast bytes arrive, in b/s, while they are late.
    fn bps(&self, now: Timestamp) -> Option<u64> {
        let rate = |bytes: u64, span: Duration| (bytes as f64 * 8.0 / span.as_secs_f64()) as u64;
        let last = self.confirmed.back()?;
        let mut late = self.confirmed.iter().rev().take_while(|confirmed| confirmed.late >= A_LITTLE_LATE);
        let first = late.find(|first| last.at.since(first.at) >= RATE_MIN);
        match first {
            // What is overdue goes slower still.
            Some(first) if self.overdue > A_LITTLE_LATE => {
                let most = rate(last.bytes - first.bytes + self.step(), now.since(first.at));
                Some(most.min(rate(last.bytes - first.bytes, last.at.since(first.at))))
            }
            Some(first) => Some(rate(last.bytes - first.bytes, last.at.since(first.at))),
            None if self.overdue >= STANDS => Some(rate(self.step(), now.since(last.at))),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written to a way bit by bit: 330 bytes a millisecond.
    const MADE: u64 = 330;

    /// A way on which the system holds `outstanding` bytes and the server says that it has `confirmed` of those written.
    fn look(far_end: &mut FarEnd, millis: i64, outstanding: u64, confirmed: u64) -> Option<FarView> {
        let written = millis as u64 * MADE;
        let at = Timestamp::from_millis(millis);
        let sample = LinkSample { at, written, outstanding, confirmed, ..LinkSample::default() };
        far_end.observe(&sample);
        far_end.view(&sample)
    }

    /// What a server that acknowledges every so many bytes says of those it has.
    fn every(step: u64, bytes: u64) -> u64 {
        bytes / step * step
    }

    /// A tunnel that has taken everything, and from the second second on passes on `passes` bytes a millisecond.
    fn through_a_tunnel(millis: i64, passes: u64) -> u64 {
        let free = millis.min(1000) as u64 * MADE;
        every(16_384, free + (millis - 1000).max(0) as u64 * passes)
    }

    #[test]
    fn what_waits_in_a_tunnel_is_seen_and_how_fast_it_goes() {
        let mut far_end = FarEnd::default();
        for millis in (0..1600).step_by(10) {
            let view = look(&mut far_end, millis, 0, through_a_tunnel(millis, 150));
            assert!(millis > 1000 || view.is_none(), "{millis}: {view:?}");
        }
        let view = look(&mut far_end, 1600, 0, through_a_tunnel(1600, 150)).unwrap();
        // 180 bytes a millisecond more than go through have waited for 600 ms.
        assert!(view.bps.is_some_and(|bps| bps.abs_diff(1_200_000) < 150_000), "{view:?}");
        assert!(view.unconfirmed.abs_diff(108_000) < 20_000 && view.late > Duration::from_millis(250), "{view:?}");
        assert_eq!(view.room, Some(0), "first it must get less");
        assert!(!far_end.sees_no_more());
    }

    #[test]
    fn what_the_system_sees_itself_is_left_to_it() {
        let mut far_end = FarEnd::default();
        for millis in (0..5000).step_by(10) {
            let arrived = through_a_tunnel(millis, 150);
            let outstanding = millis as u64 * MADE - arrived;
            assert_eq!(look(&mut far_end, millis, outstanding, arrived), None, "{millis}");
        }
        assert!(far_end.is_known() && far_end.sees_no_more());
        // It is not asked any more: that nothing comes is no tunnel.
        for millis in (5000..9000).step_by(10) {
            assert_eq!(look(&mut far_end, millis, 0, 0), None, "{millis}");
        }
        assert!(!far_end.is_known());
    }

    #[test]
    fn a_server_that_is_busy_for_a_moment_is_no_narrow_way() {
        let mut far_end = FarEnd::default();
        for millis in (0..6000).step_by(10) {
            let is_busy = millis % 2000 >= 1700;
            let read = if is_busy { millis / 2000 * 2000 + 1700 } else { millis };
            let view = look(&mut far_end, millis, 0, every(16_384, read as u64 * MADE));
            assert_eq!(view.and_then(|view| view.bps), None, "{millis}: {view:?}");
        }
    }

    #[test]
    fn a_server_that_counts_a_little_wrong_is_not_late() {
        let mut far_end = FarEnd::default();
        for millis in (0..600_000).step_by(20) {
            let view = look(&mut far_end, millis, 0, every(16_384, millis as u64 * MADE * 99 / 100));
            assert_eq!(view, None, "{millis}");
        }
    }

    #[test]
    fn a_server_that_does_not_count_the_handshake_is_not_late_where_little_is_sent() {
        let mut far_end = FarEnd::default();
        let (mut written, mut at) = (3073, 0);
        for step in 0..3000 {
            // 2.6 Mb/s, then 160 kb/s.
            written += if step < 500 { 3300 } else { 200 };
            at += 10;
            let sample = LinkSample {
                at: Timestamp::from_millis(at),
                written,
                confirmed: every(16_384, written - 3073),
                ..LinkSample::default()
            };
            far_end.observe(&sample);
            assert!(far_end.late < LATE, "{at}: {:?}", far_end.late);
        }
    }

    #[test]
    fn a_server_that_tells_too_little_tells_nothing() {
        for (step, until) in [(2_500_000, i64::MAX), (16_384, 3000)] {
            let mut far_end = FarEnd::default();
            for millis in (0..30_000).step_by(10) {
                let view = look(&mut far_end, millis, 0, every(step, millis.min(until) as u64 * MADE));
                assert!(millis < 7000 || view.is_none(), "{step}, {millis}: {view:?}");
            }
            assert!(!far_end.is_known(), "{step}");
        }
    }
}
