//! What a connection carries, from what the system tells of its socket. Pure.
//!
//! A send queue learns late that a link has narrowed: the system and the routers hold seconds of media before the first
//! packet waits. How fast bytes are acknowledged while some always wait tells what the link carries within a third of a
//! second; how long a keyframe takes tells whether there is room for more.

use std::collections::VecDeque;
use std::time::Duration;

use super::far_end::FarEnd;
use super::link_view::{LinkSample, LinkView, Passed, Window, delay_of};
use super::shuts::Shuts;
use crate::media::Timestamp;

/// A rate is measured over at least so long beside a round trip of the empty path, or acknowledgements that come in bursts mislead.
const WINDOW_MIN: Duration = Duration::from_millis(150);
/// Over so long it is known roughly: enough to tell that a link has narrowed.
const GLIMPSE_MIN: Duration = Duration::from_millis(110);
/// And at most so long, or it tells of the past.
const WINDOW_MAX: Duration = Duration::from_millis(450);
/// Looks closer together than this tell nothing new.
const LOOK_MIN: Duration = Duration::from_millis(5);
/// Looks come twice a second at least: farther apart, the program was stopped, and knows nothing of the time between.
const LOOK_MAX: Duration = Duration::from_secs(1);
/// Bytes that wait beyond what the path itself holds, from which on the link and not the program sets the pace.
const WAITS: u64 = 6 * 1024;
/// Packets smaller than this say nothing about the link: routers let a few through at any speed.
const BURST_MIN: u64 = 8 * 1024;

/// No time that is measured is shorter.
const SHORTEST: Duration = Duration::from_millis(2);
/// A train that needs longer tells nothing.
const TRAIN_MAX: Duration = Duration::from_millis(1500);

/// What is under way for so much longer than usual waits in a queue on the path.
const RISEN: Duration = Duration::from_millis(50);
/// The shortest round trip is looked for in one or two spans of time so long.
const USUAL_WINDOW: Duration = Duration::from_secs(5);
/// What is longer than the shortest of all by more than this is a queue, however long it stays.
const JITTER_MAX: Duration = Duration::from_millis(80);
/// The speed of just now is that over so much time.
const SPEED_WINDOW: Duration = Duration::from_millis(100);
/// What may wait in a router.
const QUEUED_MAX: Duration = Duration::from_millis(200);
/// Nothing moves: more packets are what makes the system notice which ones were lost.
const STILL: Duration = Duration::from_millis(100);
/// Less room than this, in bytes, would starve the path.
const ROOM_MIN: u64 = 16 * 1024;
/// On a path shorter than this an acknowledgement that is overdue by so much tells that bytes wait on the path.
const NEAR: Duration = Duration::from_millis(50);
const OVERDUE: Duration = Duration::from_millis(30);
/// So long after one was, the system's window is not what holds bytes back.
const OVERDUE_FOR: Duration = Duration::from_millis(500);
/// So long after a loss the congestion window tells of the path.
const LOSES: Duration = Duration::from_secs(2);
/// The system holds bytes back for so long at most, and four round trips; longer, it has its reason.
const HELD_MAX: Duration = Duration::from_millis(1000);
/// So long after it did, it may do so anew.
const HELD_ANEW: Duration = Duration::from_millis(1000);

/// How late a viewer may be before pictures that wait are dropped, where a viewer is to stay current.
pub const STAY_CURRENT: Duration = Duration::from_millis(680);

/// Whether the system itself holds bytes back: its congestion window opens in the first second on a long path, and some
/// systems close it for a moment every few seconds to see how short the path is (BBR). The path then shows neither a
/// queue nor loss, and how fast bytes are acknowledged says nothing of what it carries.
#[derive(Clone, Copy, Debug, Default)]
struct HeldBack {
    began: Option<Timestamp>,
    last: Option<Timestamp>,
    lost: u64,
    lost_at: Option<Timestamp>,
    overdue_at: Option<Timestamp>,
}

impl HeldBack {
    /// `silent`: nothing has been acknowledged for so long although something waits to be.
    fn is_so(&mut self, sample: &LinkSample, usual: Duration, silent: Duration) -> bool {
        let LinkSample { at, rtt, .. } = *sample;
        // A smoothed round-trip time rises late, and on a link that narrows bytes are acknowledged in lumps.
        if usual < NEAR && silent > usual + OVERDUE {
            self.overdue_at = Some(at);
        }
        let is_overdue = self.overdue_at.is_some_and(|overdue_at| at.since(overdue_at) < OVERDUE_FOR);
        let lost = sample.segments.map_or(0, |segments| segments.lost);
        if std::mem::replace(&mut self.lost, lost) < lost {
            self.lost_at = Some(at);
        }
        let loses = self.lost_at.is_some_and(|lost_at| at.since(lost_at) < LOSES);
        let holds = match sample.window {
            Window::Open | Window::Shut => false,
            Window::Full => !loses && !is_overdue && rtt <= usual + RISEN,
            Window::Tiny => !loses,
        };
        if !holds {
            return false;
        }
        if self.last.replace(at).is_none_or(|last| at.since(last) >= HELD_ANEW) {
            self.began = Some(at);
        }
        self.began.is_some_and(|began| at.since(began) < HELD_MAX + usual * 4)
    }
}

/// What a round trip usually takes while nothing waits on the path: the shortest smoothed one of the last seconds. By
/// radio it is far longer than the shortest of all.
#[derive(Clone, Copy, Debug, Default)]
struct Usual {
    shortest: Duration,
    before: Duration,
    since: Option<Timestamp>,
    path: Duration,
}

impl Usual {
    fn observe(&mut self, sample: &LinkSample) {
        self.path = sample.rtt_min;
        match self.since {
            Some(since) if sample.at.since(since) < USUAL_WINDOW => self.shortest = self.shortest.min(sample.rtt),
            Some(_) => (self.before, self.shortest, self.since) = (self.shortest, sample.rtt, Some(sample.at)),
            None => (self.before, self.shortest, self.since) = (sample.rtt, sample.rtt, Some(sample.at)),
        }
    }

    fn rtt(&self) -> Duration {
        self.shortest.min(self.before).clamp(self.path, self.path + JITTER_MAX)
    }
}

/// A large packet, or a train, on its way.
#[derive(Clone, Copy, Debug)]
struct Burst {
    started: Timestamp,
    bytes: u64,
    /// It has gone through when so many bytes are acknowledged.
    until: u64,
    /// Of a train: how many bytes were acknowledged when half of it had gone through, and when.
    half: Option<(u64, Timestamp)>,
    is_train: bool,
    /// So many of the last bytes may have come and are not heard of.
    unheard: u64,
}

impl Burst {
    /// Takes a look; how fast it went through once it has.
    fn observe(&mut self, sample: &LinkSample, path: Duration) -> Option<u64> {
        if self.is_train && self.half.is_none() && sample.acked + self.bytes / 2 >= self.until {
            self.half = Some((sample.acked, sample.at));
        }
        if sample.acked + self.unheard < self.until {
            return None;
        }
        let heard = if self.unheard > 0 { sample.acked } else { self.until };
        let whole =
            ((self.bytes + heard).saturating_sub(self.until), sample.at.since(self.started).saturating_sub(path));
        let (bytes, took) = match self.half.filter(|(_, at)| *at < sample.at) {
            Some((acked, at)) => (heard.saturating_sub(acked), sample.at.since(at)),
            None => whole,
        };
        Some((bytes as f64 * 8.0 / took.max(SHORTEST).as_secs_f64()) as u64)
    }
}

/// Watches one connection.
#[derive(Clone, Debug, Default)]
pub struct Link {
    samples: VecDeque<LinkSample>,
    held_back: HeldBack,
    usual: Usual,
    shuts: Shuts,
    far_end: FarEnd,
    progress: Option<(Timestamp, u64)>,
    /// When the last look was at which something waited.
    waited: Option<Timestamp>,
    burst: Option<Burst>,
    passed: Option<Passed>,
}

impl Link {
    /// Takes a look. Call whenever the connection is touched, and every few milliseconds while `wants_looks`.
    pub fn observe(&mut self, sample: LinkSample) {
        let moved = self.progress.is_none_or(|(_, acked)| sample.acked > acked);
        let waits = sample.outstanding + sample.writing > 0;
        // Where nothing waited the silence begins now, however long ago the last look was.
        let waited = self.waited.is_some_and(|at| sample.at.since(at) < LOOK_MAX);
        self.waited = waits.then_some(sample.at);
        if moved || !waits || !waited {
            self.progress = Some((sample.at, sample.acked));
        }
        if self.far_end.observe(&sample) {
            // Until now the tunnel was taken for the link.
            self.burst = None;
        }
        self.observe_burst(&self.seen_whole(sample));
        self.usual.observe(&sample);
        self.shuts.observe(&sample);
        if self.held_back.is_so(&sample, self.usual.rtt(), self.silent(&sample)) {
            // What went before was sent into another window, and says as little of the link.
            self.samples.clear();
            self.samples.push_back(sample);
            return;
        }
        if self.samples.back().is_some_and(|last| sample.at.since(last.at) < LOOK_MIN) {
            return;
        }
        self.samples.push_back(sample);
        while self.samples.front().is_some_and(|first| sample.at.since(first.at) > WINDOW_MAX + self.usual.rtt()) {
            self.samples.pop_front();
        }
    }

    fn observe_burst(&mut self, sample: &LinkSample) {
        let path = self.path();
        let Some(burst) = &mut self.burst else { return };
        let Some(bps) = burst.observe(sample, path) else {
            self.burst.take_if(|burst| burst.is_train && sample.at.since(burst.started) > TRAIN_MAX);
            return;
        };
        self.passed = Some(Passed { at: sample.at, bps, is_train: burst.is_train });
        if burst.is_train {
            // What a train has met is not what the show meets.
            self.samples.clear();
        }
        self.burst = None;
    }

    /// The first packet of a train of `bytes` has been taken; `sample` is a look right after it.
    pub fn train_leaves(&mut self, bytes: u64, sample: LinkSample) {
        let seen = self.seen_whole(sample);
        let until = seen.acked + seen.backlog();
        let unheard = if self.far_end.is_split() { self.far_end.unheard() } else { 0 };
        self.burst = Some(Burst { started: sample.at, bytes, until, half: None, is_train: true, unheard });
        self.observe(sample);
    }

    /// A packet of `bytes`, wanted by the socket since `started`, has been handed over whole; `sample` is a look right
    /// after it. One at a time is followed.
    pub fn handed_over(&mut self, started: Timestamp, bytes: u64, sample: LinkSample) {
        if bytes >= BURST_MIN && self.burst.is_none() {
            let seen = self.seen_whole(sample);
            let until = seen.acked + seen.outstanding;
            self.burst = Some(Burst { started, bytes, until, half: None, is_train: false, unheard: 0 });
        }
        self.observe(sample);
    }

    /// The look as it would be if the system saw all of the way, where the server does.
    fn seen_whole(&self, sample: LinkSample) -> LinkSample {
        if !self.far_end.is_split() {
            return sample;
        }
        let acked = self.far_end.arrived(&sample);
        LinkSample { acked, outstanding: sample.written - acked, ..sample }
    }

    /// What a round trip usually takes while nothing waits.
    fn path(&self) -> Duration {
        let whole = self.samples.back().and_then(|last| self.far_end.view(last));
        whole.map_or(self.usual.rtt(), |whole| whole.usual)
    }

    /// Whether the next few milliseconds tell something: a large packet or a train is on its way.
    pub fn wants_looks(&self) -> bool {
        self.burst.is_some()
    }

    /// What is known.
    pub fn view(&self) -> LinkView {
        let Some(last) = self.samples.back() else { return LinkView::default() };
        let silent = self.silent(last);
        let path = self.usual.rtt();
        // Something has waited longer than the path itself takes.
        let queues = self.age(last) >= path + RISEN;
        // What a server acknowledges tells more than how its window opens.
        let by_peer = if self.far_end.is_known() { None } else { self.shuts.bps() };
        let measured = if queues && by_peer.is_none() { self.measured(last) } else { None };
        let glimpsed = by_peer.or(measured.map(|(bps, _)| bps));
        let carried = by_peer.or(measured.filter(|(_, over)| *over >= WINDOW_MIN).map(|(bps, _)| bps));
        let delay = match glimpsed {
            Some(bps) => delay_of(last.backlog(), bps, path),
            None => last.rtt.saturating_sub(path),
        };
        let view = LinkView {
            carried,
            glimpsed,
            path,
            delay,
            room: if queues && silent < STILL { self.room(last, glimpsed) } else { None },
            ahead: last.outstanding + last.writing,
            backlog: last.backlog(),
            silent,
            passed: self.passed,
            train_for: self.burst.filter(|burst| burst.is_train).map(|burst| last.at.since(burst.started)),
            segments: last.segments,
            by_peer: by_peer.is_some(),
            is_shut: !self.far_end.is_known() && self.shuts.is_so(last),
            is_plain: carried.is_some() && self.far_end.sees_no_more(),
            lump: 0,
        };
        self.far_end.view(last).map_or(view, |whole| whole.widen(view, last))
    }

    fn silent(&self, last: &LinkSample) -> Duration {
        match self.progress {
            Some((at, _)) if last.outstanding + last.writing > 0 => last.at.since(at),
            _ => Duration::ZERO,
        }
    }

    /// What the link carries in b/s, and over how long that was measured beside a round trip.
    fn measured(&self, last: &LinkSample) -> Option<(u64, Duration)> {
        let (roughly, _) = self.acknowledged_while(last, WAITS)?;
        // What a path of this length holds when nothing waits.
        let on_the_path = (roughly / 8.0 * self.usual.rtt().as_secs_f64()) as u64;
        let (bps, over) = self.acknowledged_while(last, on_the_path + WAITS)?;
        Some((bps as u64, over))
    }

    /// What a router can not hold is lost, and what was lost holds up all behind it: the system gets no more than the
    /// path takes at the speed of just now, and a little that waits in it. What it carries, if that is known, is less than the
    /// speed of a moment in which a lump was acknowledged.
    fn room(&self, last: &LinkSample, carried: Option<u64>) -> Option<u64> {
        let before = self.samples.iter().rev().find(|sample| last.at.since(sample.at) >= SPEED_WINDOW)?;
        let speed = last.acked.saturating_sub(before.acked) as f64 / last.at.since(before.at).as_secs_f64();
        let speed = carried.map_or(speed, |bps| speed.min(bps as f64 / 8.0));
        Some(((speed * (self.usual.rtt() + QUEUED_MAX).as_secs_f64()) as u64).max(ROOM_MIN))
    }

    /// How long ago the oldest byte that has not reached the peer was handed over, at least.
    fn age(&self, last: &LinkSample) -> Duration {
        let handed = self.samples.iter().find(|sample| sample.acked + sample.outstanding > last.acked);
        handed.map_or(Duration::ZERO, |handed| last.at.since(handed.at))
    }

    /// The rate in b/s at which bytes were acknowledged up to now, while more than `backlog` bytes always waited, and over how
    /// long beside a round trip.
    fn acknowledged_while(&self, last: &LinkSample, backlog: u64) -> Option<(f64, Duration)> {
        // Silence is an outage, not a slow link.
        let end = self.progress.map_or(last.at, |(at, _)| at);
        let mut newest_first = self.samples.iter().rev().take_while(|sample| sample.backlog() > backlog).peekable();
        let mut first = None;
        while let Some(after) = newest_first.next() {
            // From one acknowledgement to another: what the first tells of was on its way before.
            if newest_first.peek().is_some_and(|before| before.acked < after.acked) {
                first = Some(after);
            }
        }
        let first = first?;
        let span = end.since(first.at);
        let over = span.saturating_sub(self.usual.rtt());
        let bits = last.acked.saturating_sub(first.acked) as f64 * 8.0;
        (over >= GLIMPSE_MIN).then(|| (bits / span.as_secs_f64(), over))
    }
}

#[cfg(test)]
mod tests;
