//! Lowers the picture's rate as soon as the link carries less than is sent, pays back what waits, and comes back by
//! probing.

use std::time::Duration;

use super::trains::{Told, Trains};
use crate::media::{Bitrate, Timestamp};
use crate::output::{LinkView, Passed};
use crate::settings::EncodingSettings;

/// A viewer's delay from which on the rate is lowered.
const LATE: Duration = Duration::from_millis(100);
/// A viewer's delay from which on it is lowered even if what is sent fits: it would take too long until it is caught up.
const TOO_LATE: Duration = Duration::from_millis(350);
/// Part of what the link carries up to which what is sent fits, and a keyframe's delay passes by itself.
const FITS: f64 = 0.93;
/// A viewer's delay up to which there is room.
const CLEAR: Duration = Duration::from_millis(50);
/// Part of what the link carries that is used, so that keyframes do not wait long.
const USED: f64 = 0.86;
/// What waits is paid back within this time.
const PAY_BACK: f64 = 0.8;
/// The same where viewers may fall behind.
const PAY_BACK_PATIENTLY: f64 = 20.0;
/// The encoder needs a few frames to follow.
const DOWN_EVERY: Duration = Duration::from_millis(200);
/// Nothing got through for so long: packets were lost, and how wide the link is shows once it moves again.
const STANDSTILL: Duration = Duration::from_millis(120);
/// From this on it was an outage.
const OUTAGE: Duration = Duration::from_millis(400);
/// So soon after an outage what waited may be gone by itself.
const CATCHES_UP: Duration = Duration::from_millis(250);
/// So long, beside a round trip, after a standstill the rate at which bytes were acknowledged still counts it in.
const SETTLES: Duration = Duration::from_millis(450);
/// A link that stands still again and again and has not caught up within this time is narrow on the whole.
const EXCUSED: Duration = Duration::from_millis(900);
/// How long a narrow link is believed in before it is tried; doubled each time it was narrow still.
const HOLD: Duration = Duration::from_secs(10);
/// The same where a keyframe told wrongly that it is wide: its shaper lets whole ones through, so that no other will tell
/// it. Only the first time: a link that is narrow for long is to be left alone.
const HOLD_LIED: Duration = Duration::from_secs(7);
const HOLD_MAX: Duration = Duration::from_secs(80);
/// The same where nothing but trying tells that it is wide again.
const HOLD_MAX_BY_PEER: Duration = Duration::from_secs(40);
/// A step up that ends in a queue so soon was too much.
const TOO_MUCH_WITHIN: Duration = Duration::from_secs(5);
/// A keyframe that goes through so many times faster than when the link was narrow tells that it is not any more.
const OPEN: f64 = 1.8;
/// A keyframe that goes through so many times faster than the link carries tells that it is shaped.
const SHAPED: f64 = 1.7;
/// A train is no larger than what the link carried in so much time.
const TRAIN: Duration = Duration::from_millis(300);
/// Nor larger than this, in bytes: twice what is commonly let through at once. A link that narrows while a train is under
/// way keeps viewers waiting for all of it.
const TRAIN_BYTES_MAX: f64 = 60_000.0;
/// Where it is heard of in lumps, it holds at least so many: from one to the next is to be seen.
const LUMPS: f64 = 2.5;
/// So long after a link was found to be narrow what is measured is truer than what was measured before: that counts in what a
/// shaper let through at once when it narrowed.
const NEW: Duration = Duration::from_millis(1000);
/// Once the link has set the pace for so long, what is measured is no more what a shaper let through at once.
const STEADY: Duration = Duration::from_millis(500);
/// A shaped link that is narrow is looked at by a train so often: it costs viewers no quality.
const TRAIN_EVERY: Duration = Duration::from_secs(4);
/// What went through longer ago says nothing of the link as it is: it went to a server that was not looked at since.
const NEWS: Duration = Duration::from_millis(500);
/// How long keyframes are not believed that were wrong once.
const DISTRUST: Duration = Duration::from_secs(30);
/// Steps up: on a link that is known to have room, and on one that may have.
const UP_EVERY: Duration = Duration::from_millis(500);
const UP: f64 = 1.4;
const PROBE_EVERY: Duration = Duration::from_secs(1);
const PROBE: f64 = 1.16;
/// So much more than was known to fit has gone through without waiting: there is room, whatever was measured before.
const MORE: f64 = 1.08;
/// Where what was measured turned out to be too much, so much less is believed.
const LESS: f64 = 0.93;
/// Changes smaller than this part are not worth the encoder's trouble.
const WORTH: f64 = 0.04;

/// What the controller sees of the connection that it follows.
#[derive(Clone, Copy, Debug)]
pub(in crate::studio) struct Seen {
    /// The link.
    pub(in crate::studio) link: LinkView,
    /// Media time that waits in the queue.
    pub(in crate::studio) waiting: Duration,
    /// It is held back for a train.
    pub(in crate::studio) holds: bool,
}

/// What is known of a link that is too narrow.
#[derive(Clone, Copy, Debug)]
struct Narrow {
    /// What it carries, in b/s.
    carries: f64,
    /// Until when it is not tried whether it carries more.
    until: Timestamp,
    /// How fast keyframes go through, in b/s.
    burst: Option<f64>,
    /// Since when.
    since: Timestamp,
    /// When that was found last, or a train told last that it still is.
    found: Timestamp,
    /// A keyframe has gone through so fast, in b/s, that it may not be narrow any more: a train is to tell.
    claim: Option<f64>,
    /// It is not narrow any more.
    open: Option<Opened>,
    /// No train can tell: the rate itself is to be tried.
    may_try: bool,
    /// The peer holds back what it does not pass on: its buffer takes keyframes and trains at any speed.
    by_peer: bool,
    /// More than this, in b/s, is not believed that it carries: less was too much.
    believed: f64,
}

impl Narrow {
    /// Where keyframes go through faster than the `bps` that the link carries for long, none will tell when it is wide.
    fn is_shaped(&self, bps: f64) -> bool {
        self.burst.is_some_and(|burst| burst > bps * SHAPED)
    }
}

/// What told that a link is wide.
#[derive(Clone, Copy, Debug)]
struct Opened {
    /// How fast it went through, in b/s.
    bps: f64,
    by_train: bool,
}

/// Chooses the picture's rate between a lowest and the wanted one.
#[derive(Clone, Debug)]
pub(in crate::studio) struct RateController {
    wanted: f64,
    lowest: f64,
    current: f64,
    audio: f64,
    /// See `TOO_LATE` and `PAY_BACK`.
    too_late: Duration,
    pay_back: f64,
    narrow: Option<Narrow>,
    hold: Duration,
    probe: f64,
    last_down: Option<Timestamp>,
    last_up: Option<Timestamp>,
    clear_since: Option<Timestamp>,
    standstill: Option<Standstill>,
    /// Since when the link sets the pace.
    full_since: Option<Timestamp>,
    /// When the newest packet or train that was heard of had gone through.
    heard: Option<Timestamp>,
    trains: Trains,
    /// Bytes that are heard of at once.
    lump: f64,
    /// When the link was told to be wide.
    opened: Option<(Timestamp, Opened)>,
    /// When one was found to have told so wrongly, and its speed: for a while only faster ones are believed.
    lied: Option<(Timestamp, f64)>,
    /// The sum of both rates, in b/s, that the link was to carry by what was measured.
    settled: Option<f64>,
}

/// What the link does just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Motion {
    /// What is acknowledged tells how wide it is.
    Moves,
    /// It stands still, or did a moment ago: it tells nothing.
    Unsettled,
    /// There was an outage a moment ago, and nothing seems to wait: a look right then may see less than there is.
    Clears,
    /// There was an outage, and what waits does not go by itself.
    Behind,
}

/// Nothing moved on the link.
#[derive(Clone, Copy, Debug)]
struct Standstill {
    /// When it began; of an outage, when it ended.
    since: Timestamp,
    /// Since when it moves again.
    moves: Option<Timestamp>,
    outage: Option<Outage>,
}

#[derive(Clone, Copy, Debug)]
enum Outage {
    Began,
    /// It was told that what waits does not go by itself.
    Told,
}

impl RateController {
    /// Starts at the wanted rate.
    pub(in crate::studio) fn new(encoding: &EncodingSettings) -> Self {
        let bps = |rate: Bitrate| f64::from(rate.bps());
        let patient = encoding.cache_seconds > 0;
        Self {
            wanted: bps(encoding.video_bitrate),
            lowest: bps(encoding.lowest_bitrate()),
            current: bps(encoding.video_bitrate),
            audio: bps(encoding.audio_bitrate),
            too_late: if patient { Duration::MAX } else { TOO_LATE },
            pay_back: if patient { PAY_BACK_PATIENTLY } else { PAY_BACK },
            narrow: None,
            hold: HOLD,
            probe: PROBE,
            last_down: None,
            last_up: None,
            clear_since: None,
            standstill: None,
            full_since: None,
            heard: None,
            trains: Trains::default(),
            lump: 0.0,
            opened: None,
            lied: None,
            settled: None,
        }
    }

    /// The user wants another rate.
    pub(in crate::studio) fn set_wanted(&mut self, wanted: Bitrate) -> Bitrate {
        self.wanted = f64::from(wanted.bps());
        self.lowest = self.lowest.min(self.wanted);
        self.current = self.wanted;
        self.narrow = None;
        // What was measured of that link says nothing of the next one that is found.
        (self.settled, self.opened) = (None, None);
        wanted
    }

    /// What the link carries in b/s, while that is less than is wanted.
    pub(in crate::studio) fn narrow(&self) -> Option<u64> {
        self.narrow.map(|narrow| narrow.carries as u64)
    }

    /// How many bytes of packets, at most, are to be held back now, to leave together as a train; told once. Look at the same
    /// connection until the train is not awaited any more.
    pub(in crate::studio) fn take_train_wish(&mut self) -> Option<u64> {
        let narrow = self.narrow.filter(|_| self.trains.take_wish())?;
        let bytes = (narrow.carries / 8.0 * TRAIN.as_secs_f64()).max(self.lump * LUMPS);
        Some(bytes.min(TRAIN_BYTES_MAX) as u64)
    }

    /// Whether a train is awaited, or on its way.
    pub(in crate::studio) fn awaits_train(&self) -> bool {
        self.trains.is_awaited()
    }

    /// The new rate, if it should change. Call several times a second while live.
    pub(in crate::studio) fn observe(&mut self, now: Timestamp, seen: Seen) -> Option<Bitrate> {
        let link = seen.link;
        if (seen.holds || link.has_train()) && link.silent < OUTAGE {
            return None;
        }
        let passed = self.news(now, &link);
        self.hear_train(now, passed);
        let burst = passed.filter(|passed| !passed.is_train).map(|passed| passed.bps as f64);
        self.lump = link.lump as f64;
        let trains_tell = self.trains.tell(now, &link)
            && self.lump * LUMPS <= TRAIN_BYTES_MAX
            && !self.narrow.is_some_and(|narrow| narrow.by_peer);
        // That a link has narrowed is to be known before the next keyframe; how much, of one that is narrow, is not urgent.
        let first = link.glimpsed.filter(|_| self.narrow.is_none());
        // A peer whose buffer is full again: its first standstill tells that what was tried was too much.
        let too_much = self.narrow.filter(|narrow| narrow.by_peer && link.is_shut).map(|narrow| narrow.carries);
        let carried = link.carried.or(first).map(|bps| bps as f64).or(too_much);
        let delay = match (link.glimpsed, too_much) {
            (Some(_), _) => link.delay,
            (None, Some(bps)) => Duration::from_secs_f64(link.backlog as f64 * 8.0 / bps.max(10_000.0)),
            (None, None) => link.delay + seen.waiting,
        };
        let motion = match link.by_peer || too_much.is_some() {
            true => Motion::Moves,
            false => self.motion(now, &link, delay),
        };
        match motion {
            Motion::Moves | Motion::Clears => {}
            Motion::Unsettled => {
                self.clear_since = None;
                self.keep_burst(now, burst, trains_tell);
                return None;
            }
            Motion::Behind => {
                // It says nothing about how wide the link is; what waits must go first.
                (self.clear_since, self.last_up) = (None, None);
                return self.change(self.current * 0.6, WORTH);
            }
        }
        let carried = carried.filter(|_| motion == Motion::Moves);
        // Once the rate is what the link carries, more for a moment may be what a shaper lets through at once.
        let is_measured = self.settled.is_none() || !trains_tell;
        self.full_since = carried.and(self.full_since.or(Some(now)));
        let is_steady = self.settled.is_none() && self.full_since.is_some_and(|since| now.since(since) >= STEADY);
        if let (Some(carries), Some(narrow)) = (carried.filter(|_| is_measured), &mut self.narrow) {
            let carries = carries.min(narrow.believed);
            let is_new = now.since(narrow.since) < NEW;
            narrow.carries = if is_steady || is_new { carries } else { narrow.carries.max(carries) };
        }
        if let Some(carries) = carried
            && delay > LATE
            && (self.current + self.audio > carries * FITS || delay > self.too_late)
        {
            return self.too_narrow(now, carries, carries * delay.as_secs_f64(), link.by_peer);
        }
        self.keep_burst(now, burst, trains_tell);
        if delay > CLEAR {
            self.clear_since = None;
            return None;
        }
        let clear_since = *self.clear_since.get_or_insert(now);
        self.rise(now, clear_since, trains_tell)
    }

    /// What has gone through and was not heard of, to whichever server the link leads.
    fn news(&mut self, now: Timestamp, link: &LinkView) -> Option<Passed> {
        let is_new = |passed: &Passed| self.heard.is_none_or(|heard| passed.at > heard) && now.since(passed.at) <= NEWS;
        let passed = link.passed.filter(is_new)?;
        self.heard = Some(passed.at);
        Some(passed)
    }

    fn motion(&mut self, now: Timestamp, link: &LinkView, delay: Duration) -> Motion {
        if link.silent >= STANDSTILL {
            let standstill = self.standstill.get_or_insert(Standstill { since: now, moves: None, outage: None });
            standstill.moves = None;
            if link.silent >= OUTAGE {
                (standstill.since, standstill.outage) = (now, Some(Outage::Began));
            }
            return Motion::Unsettled;
        }
        let Some(standstill) = &mut self.standstill else { return Motion::Moves };
        let moves_for = now.since(*standstill.moves.get_or_insert(now));
        if moves_for >= SETTLES + link.path || (delay <= CLEAR && standstill.outage.is_none()) {
            self.standstill = None;
            return Motion::Moves;
        }
        if now.since(standstill.since) >= EXCUSED {
            return Motion::Moves;
        }
        match &mut standstill.outage {
            Some(_) if delay <= CLEAR => Motion::Clears,
            Some(outage @ Outage::Began) if moves_for >= CATCHES_UP => {
                *outage = Outage::Told;
                Motion::Behind
            }
            Some(_) | None => Motion::Unsettled,
        }
    }

    fn too_narrow(&mut self, now: Timestamp, carries: f64, backlog_bits: f64, by_peer: bool) -> Option<Bitrate> {
        self.clear_since = None;
        self.probe = PROBE;
        let tried = self.last_up.take().is_some_and(|up| now.since(up) < TOO_MUCH_WITHIN);
        let is_shaped = self.narrow.is_some_and(|narrow| narrow.is_shaped(carries));
        self.trains.forget();
        let lie = self.opened.take().filter(|(at, _)| now.since(*at) < TOO_MUCH_WITHIN);
        self.hold = match (tried, self.narrow) {
            (true, _) if lie.is_some() && self.lied.is_none() => HOLD_LIED,
            (true, _) if is_shaped || self.lied.is_some() => HOLD,
            (true, Some(narrow)) if narrow.by_peer => (self.hold * 2).min(HOLD_MAX_BY_PEER),
            (true, _) => (self.hold * 2).min(HOLD_MAX),
            (false, None) => HOLD,
            (false, Some(_)) => self.hold,
        };
        let before = self.narrow.filter(|narrow| narrow.carries < carries * 2.0);
        // Shapers let some bytes through at once: what was measured of a link may be more than it carries for long, and a keyframe
        // may go through at any speed.
        let believed = match (self.settled.take(), before) {
            (Some(total), _) => total * LESS / USED,
            (None, before) => before.map_or(f64::INFINITY, |narrow| narrow.believed),
        };
        if let Some((_, opened)) = lie {
            self.disbelieve(now, opened.bps);
            if opened.by_train {
                self.trains.lied(now);
            }
        }
        let since = before.map_or(now, |narrow| narrow.since);
        let not_new = before.filter(|_| now.since(since) >= NEW);
        self.narrow = Some(Narrow {
            carries: not_new.map_or(carries, |narrow| (narrow.carries + carries) / 2.0).min(believed),
            since,
            until: now + self.hold,
            burst: before.and_then(|narrow| narrow.burst),
            found: now,
            claim: None,
            open: None,
            may_try: false,
            by_peer: by_peer || before.is_some_and(|narrow| narrow.by_peer),
            believed,
        });
        if self.last_down.is_some_and(|last| now.since(last) < DOWN_EVERY) {
            return None;
        }
        let allowed = carries * CLEAR.as_secs_f64();
        let target = carries * USED - (backlog_bits - allowed).max(0.0) / self.pay_back - self.audio;
        if target >= self.current {
            return None;
        }
        let changed = self.change(target, WORTH);
        if changed.is_some() {
            self.last_down = Some(now);
        }
        changed
    }

    /// A keyframe as fast as `bps` told wrongly.
    fn disbelieve(&mut self, now: Timestamp, bps: f64) {
        let fastest = self.lied.map_or(bps, |(_, before)| before.max(bps));
        self.lied = Some((now, fastest));
    }

    /// Takes what a train tells of a link that is narrow.
    fn hear_train(&mut self, now: Timestamp, passed: Option<Passed>) {
        let Some(narrow) = &mut self.narrow else { return self.trains.forget() };
        let Some(told) = self.trains.answer(now, passed, narrow.carries) else { return };
        let claim = narrow.claim.take();
        match told {
            Told::Wide => {
                let bps = claim.or(narrow.burst).unwrap_or(narrow.carries);
                narrow.open = Some(Opened { bps, by_train: true });
            }
            Told::Narrow | Told::Between => {
                narrow.found = now;
                let is_due = now >= narrow.until;
                if told == Told::Between {
                    narrow.may_try = is_due;
                } else if is_due {
                    self.hold = (self.hold * 2).min(HOLD_MAX);
                    narrow.until = now + self.hold;
                }
                if let Some(bps) = claim {
                    self.disbelieve(now, bps);
                }
            }
            Told::Nothing => match claim {
                Some(bps) => narrow.open = Some(Opened { bps, by_train: false }),
                None => narrow.may_try = true,
            },
        }
    }

    /// Remembers how fast keyframes go through while the link is narrow, and whether one tells that it is not any more.
    fn keep_burst(&mut self, now: Timestamp, burst: Option<f64>, trains_tell: bool) {
        self.lied = self.lied.filter(|(at, _)| now.since(*at) < DISTRUST);
        let (Some(narrow), Some(burst)) = (self.narrow.as_mut().filter(|narrow| !narrow.by_peer), burst) else {
            return;
        };
        let slowest = narrow.burst.unwrap_or(burst);
        if burst < slowest * OPEN {
            narrow.burst = Some((slowest + burst) / 2.0);
        } else if burst >= narrow.carries * 1.5 && self.lied.is_none_or(|(_, lied)| burst >= lied * OPEN) {
            if trains_tell {
                narrow.claim = Some(burst);
                self.trains.ask(now);
            } else {
                narrow.open = Some(Opened { bps: burst, by_train: false });
            }
        }
    }

    fn rise(&mut self, now: Timestamp, clear_since: Timestamp, trains_tell: bool) -> Option<Bitrate> {
        if let Some(narrow) = self.narrow.take_if(|narrow| narrow.open.is_some()) {
            self.hold = HOLD;
            self.opened = narrow.open.map(|opened| (now, opened));
        }
        let (last_up, last_down) = (self.last_up, self.last_down);
        let rested = |every: Duration| {
            now.since(clear_since) >= every
                && last_up.is_none_or(|up| now.since(up) >= every)
                && last_down.is_none_or(|down| now.since(down) >= every)
        };
        let Some(narrow) = self.narrow else {
            if self.current >= self.wanted || !rested(UP_EVERY) {
                return None;
            }
            return self.step_up(now, self.current * UP, WORTH);
        };
        let known = narrow.carries * USED - self.audio;
        if self.current < known && rested(UP_EVERY) {
            // No try: so much the link has carried.
            let changed = self.step_up(now, known, 0.1);
            self.last_up = last_up;
            if changed.is_some() {
                self.settled = Some(known + self.audio);
                return changed;
            }
        }
        let has_room = self.current + self.audio > narrow.carries * MORE && !narrow.by_peer;
        let is_shaped = self.lied.is_some() || narrow.is_shaped(narrow.carries);
        let until = if is_shaped && trains_tell { narrow.found + TRAIN_EVERY } else { narrow.until };
        if now < until || !rested(if has_room { UP_EVERY } else { PROBE_EVERY }) {
            return None;
        }
        if self.current >= self.wanted {
            self.narrow = None;
            return None;
        }
        if trains_tell && !narrow.may_try && !has_room {
            self.trains.ask(now);
            return None;
        }
        let factor = if has_room { UP } else { self.probe };
        if !narrow.by_peer {
            self.probe = (1.0 + (self.probe - 1.0) * 2.0).min(UP);
        }
        self.step_up(now, self.current * factor, WORTH)
    }

    fn step_up(&mut self, now: Timestamp, bps: f64, worth: f64) -> Option<Bitrate> {
        let changed = self.change(bps, worth);
        if changed.is_some() {
            (self.last_up, self.settled) = (Some(now), None);
        }
        changed
    }

    fn change(&mut self, bps: f64, worth: f64) -> Option<Bitrate> {
        let bps = bps.clamp(self.lowest, self.wanted);
        let at_an_end = bps == self.lowest || bps == self.wanted;
        if bps == self.current || (!at_an_end && (bps / self.current - 1.0).abs() < worth) {
            return None;
        }
        self.current = bps;
        Some(Bitrate::from_bps(bps as u32))
    }
}
