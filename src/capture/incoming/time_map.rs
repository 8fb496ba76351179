//! From a sender's time to program time: one mapping for the picture and the sound of a stream, so that both stay
//! together whatever the network does. Pure: time is an argument.
//!
//! A unit is due at its own time, plus the *offset* (how program time stands to the sender's, by the units that came
//! fastest), plus the *delay* (what a network may be late by without anybody seeing it). The offset follows the
//! sender's clock so slowly that nobody hears it. Where that would take too long, the mapping begins anew: a new
//! *epoch*.

use std::collections::VecDeque;

use crate::media::{FrameRate, Timestamp};

/// How late a unit may come at first.
pub(super) const DELAY: i64 = 250 * MILLI;
/// The delay at most, for networks that are worse.
pub(super) const DELAY_MAX: i64 = 1_000 * MILLI;
/// For so long after the first unit the offset is found; nothing is shown or heard before.
pub(super) const SETTLE: i64 = 100 * MILLI;

const MILLI: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MILLI;
/// A step of a track's own time by more than this is no pause but a jump.
const JUMP: i64 = 2 * SECOND;
/// A unit that is further off than this has another time than the rest.
const LATE_MAX: i64 = 5 * SECOND;
const EARLY_MAX: i64 = 2 * SECOND;
/// A track that has another time for so long is believed.
const STRAY_MAX: i64 = 2 * SECOND;
/// Units that come so much earlier than they used to are a stream that waits for nothing.
const EARLY: i64 = 300 * MILLI;
/// Seconds that are looked back on, and how many of them may have a late unit.
const SECONDS_KEPT: usize = 8;
const LATE_SECONDS_MAX: usize = 3;
/// Room that is added to the worst lateness seen.
const MARGIN: i64 = 50 * MILLI;
/// So far from the fastest units the offset is good enough: following every tremor would take the sound off its picture,
/// which changes with the ticks only.
const GOOD: i64 = 15 * MILLI;
/// The offset goes towards the fastest units in so many seconds (by 1/e), and never faster than this.
const FOLLOW_SECS: f64 = 10.0;
const FOLLOW_PPM_MAX: f64 = 300.0;

/// Which of a stream's two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// Its pictures.
    Picture,
    /// Its sound.
    Sound,
}

/// The mapping of one stream.
#[derive(Debug)]
pub(super) struct TimeMap {
    base: Option<Base>,
    epoch: u64,
    delay: i64,
    tracks: [TrackTime; 2],
    seconds: VecDeque<Second>,
}

#[derive(Clone, Copy, Debug)]
struct Base {
    began: Timestamp,
    /// Program time minus the sender's, of the fastest units.
    offset: i64,
    /// Added to the delay, so that pictures are due at a tick.
    phase: i64,
    followed: Timestamp,
}

/// What is known of one track.
#[derive(Clone, Copy, Debug, Default)]
struct TrackTime {
    last: Option<Timestamp>,
    /// Added to its time where it has another than the other track.
    shift: i64,
    stray_since: Option<Timestamp>,
    fitted: Option<Timestamp>,
}

/// How fast and how slow units came in one second.
#[derive(Clone, Copy, Debug)]
struct Second {
    began: Timestamp,
    fastest: i64,
    slowest: i64,
}

impl TimeMap {
    pub(super) fn new() -> Self {
        Self { base: None, epoch: 0, delay: DELAY, tracks: Default::default(), seconds: VecDeque::new() }
    }

    /// Forgets the sender's time: the next unit is the first.
    pub(super) fn restart(&mut self) {
        *self = Self { epoch: self.epoch + 1, ..Self::new() };
    }

    /// Rises whenever the mapping begins anew.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// How late units may come now.
    pub(super) fn delay(&self) -> i64 {
        self.delay
    }

    /// Whether the offset is found, so that units may be used.
    pub(super) fn is_settled(&self, now: Timestamp) -> bool {
        self.base.is_some_and(|base| now.nanos_since(base.began) >= SETTLE)
    }

    /// Learns from a unit of `time` that arrived at `arrived`; `false` where its time has nothing to do with the
    /// stream's, and it is of no use.
    pub(super) fn observe(&mut self, track: Track, time: Timestamp, arrived: Timestamp) -> bool {
        let own = &mut self.tracks[track as usize];
        let jumped = own.last.is_some_and(|last| time.nanos_since(last).saturating_abs() > JUMP);
        own.last = Some(time);
        let passage = arrived.nanos_since(time).saturating_sub(own.shift);
        let Some(base) = &mut self.base else {
            self.begin(passage, arrived);
            self.tracks[track as usize].fitted = Some(arrived);
            return true;
        };
        let late = passage.saturating_sub(base.offset);
        if (-EARLY_MAX..=LATE_MAX).contains(&late) {
            own.stray_since = None;
            own.fitted = Some(arrived);
            if arrived.nanos_since(base.began) < SETTLE {
                base.offset = base.offset.min(passage);
            }
            self.learn(passage, arrived);
            return true;
        }
        let since = *own.stray_since.get_or_insert(arrived);
        if jumped {
            self.begin_anew(arrived.nanos_since(time), arrived);
        } else if arrived.nanos_since(since) > STRAY_MAX {
            let other = self.tracks[1 - track as usize].fitted;
            if other.is_some_and(|fitted| arrived.nanos_since(fitted) < STRAY_MAX) {
                // The sender counts its picture and its sound from different moments: arrival joins them.
                let own = &mut self.tracks[track as usize];
                own.shift = own.shift.saturating_add(late);
                own.stray_since = None;
            } else {
                self.begin_anew(arrived.nanos_since(time), arrived);
            }
        } else {
            return false;
        }
        self.tracks[track as usize].fitted = Some(arrived);
        true
    }

    /// When what the sender stamped `time` is to be shown or heard.
    pub(super) fn due(&self, track: Track, time: Timestamp) -> Timestamp {
        let Some(base) = &self.base else { return Timestamp::MAX };
        let own = self.tracks[track as usize].shift;
        let nanos = [own, base.offset, self.delay, base.phase];
        Timestamp::from_nanos(nanos.into_iter().fold(time.as_nanos(), i64::saturating_add))
    }

    /// Moves everything by half a tick at most, so that the picture of `time` is due at a tick of `rate`. Only while
    /// nothing of this epoch was used.
    pub(super) fn snap(&mut self, time: Timestamp, rate: FrameRate) {
        let due = self.due(Track::Picture, time);
        let Some(base) = &mut self.base else { return };
        let index = rate.frame_index(due);
        let near = |index| rate.frame_time(index).nanos_since(due);
        let (before, after) = (near(index), near(index + 1));
        base.phase += if before.abs() <= after.abs() { before } else { after };
    }

    fn begin(&mut self, offset: i64, now: Timestamp) {
        self.base = Some(Base { began: now, offset, phase: 0, followed: now });
        self.seconds.clear();
    }

    /// Begins anew with a time that has nothing to do with the one before.
    fn begin_anew(&mut self, offset: i64, now: Timestamp) {
        self.epoch += 1;
        for track in &mut self.tracks {
            (track.shift, track.stray_since, track.fitted) = (0, None, None);
        }
        self.begin(offset, now);
    }

    /// Begins anew with the same time, shown earlier or later.
    fn rebase(&mut self, offset: i64, now: Timestamp) {
        self.epoch += 1;
        self.begin(offset, now);
    }

    fn learn(&mut self, passage: i64, now: Timestamp) {
        match self.seconds.back_mut() {
            Some(second) if now.nanos_since(second.began) < SECOND => {
                second.fastest = second.fastest.min(passage);
                second.slowest = second.slowest.max(passage);
            }
            _ => {
                if !self.seconds.is_empty() && self.look_back(now) {
                    return;
                }
                if self.seconds.len() == SECONDS_KEPT {
                    self.seconds.pop_front();
                }
                self.seconds.push_back(Second { began: now, fastest: passage, slowest: passage });
            }
        }
        self.follow(now);
    }

    /// Looks at the seconds that are over; `true` if the mapping began anew.
    fn look_back(&mut self, now: Timestamp) -> bool {
        let Some(base) = self.base else { return false };
        let fastest = |newest: usize| self.seconds.iter().rev().take(newest).map(|s| s.fastest).min();
        let deadline = base.offset.saturating_add(self.delay);
        let late = || self.seconds.iter().filter(|second| second.slowest > deadline);
        if late().count() >= LATE_SECONDS_MAX {
            // The first late second may have begun in time.
            let whole = LATE_SECONDS_MAX - 1;
            let offset = fastest(whole).unwrap_or(base.offset);
            let slowest = self.seconds.iter().rev().take(whole).map(|second| second.slowest).max();
            let worst = slowest.unwrap_or(offset).saturating_sub(offset);
            self.delay = self.delay.max(worst.saturating_add(MARGIN).min(DELAY_MAX));
            self.rebase(offset, now);
            return true;
        }
        if self.seconds.len() >= 2
            && let Some(offset) = fastest(2)
            && offset < base.offset.saturating_sub(EARLY)
        {
            self.rebase(offset, now);
            return true;
        }
        false
    }

    fn follow(&mut self, now: Timestamp) {
        let Some(target) = self.seconds.iter().map(|second| second.fastest).min() else { return };
        let Some(base) = &mut self.base else { return };
        let passed = now.nanos_since(base.followed) as f64;
        if passed <= 0.0 || now.nanos_since(base.began) < SETTLE {
            return;
        }
        base.followed = now;
        let limit = FOLLOW_PPM_MAX * 1e-6 * passed;
        let error = target.saturating_sub(base.offset);
        let step = (error - error.clamp(-GOOD, GOOD)) as f64 * (passed / 1e9 / FOLLOW_SECS).min(1.0);
        base.offset = base.offset.saturating_add(step.clamp(-limit, limit) as i64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends 30 pictures and 47 pieces of sound a second and notes what the mapping makes of them.
    struct Sender {
        map: TimeMap,
        /// The sender's seconds for each second of ours, minus one.
        ppm: f64,
        /// The sender's time at program time zero, in seconds.
        zero: f64,
        seed: u64,
    }

    /// What came of a stretch of sending.
    #[derive(Debug, Default)]
    struct Told {
        /// Nanoseconds from arrival until due, at least and at most.
        lead_min: i64,
        lead_max: i64,
        lost: usize,
    }

    impl Sender {
        fn new(ppm: f64) -> Self {
            Self { map: TimeMap::new(), ppm, zero: 1000.0, seed: 7 }
        }

        fn noise(&mut self) -> f64 {
            self.seed ^= self.seed << 13;
            self.seed ^= self.seed >> 7;
            self.seed ^= self.seed << 17;
            (self.seed >> 11) as f64 / (1u64 << 53) as f64
        }

        fn time(&self, at: f64) -> Timestamp {
            // Whole milliseconds, as RTMP has them.
            Timestamp::from_millis(((self.zero + at * (1.0 + self.ppm * 1e-6)) * 1000.0).round() as i64)
        }

        /// What was captured between the two program times; `lateness` says by how much each comes late, in seconds.
        fn run(&mut self, from: f64, to: f64, lateness: impl Fn(f64, f64) -> f64) -> Told {
            let mut told = Told { lead_min: i64::MAX, lead_max: i64::MIN, lost: 0 };
            let mut arrived_last = 0.0_f64;
            let mut units: Vec<(f64, Track)> = (0..)
                .map(|n| from + f64::from(n) / 30.0)
                .take_while(|at| *at < to)
                .map(|at| (at, Track::Picture))
                .chain(
                    (0..).map(|n| from + f64::from(n) / 46.875).take_while(|at| *at < to).map(|at| (at, Track::Sound)),
                )
                .collect();
            units.sort_by(|a, b| a.0.total_cmp(&b.0));
            for (at, track) in units {
                let noise = self.noise();
                // TCP delivers in order.
                arrived_last = arrived_last.max(at + lateness(at, noise));
                let arrived = Timestamp::from_nanos((arrived_last * 1e9) as i64);
                let time = self.time(at);
                if self.map.observe(track, time, arrived) {
                    let lead = self.map.due(track, time).nanos_since(arrived);
                    told.lead_min = told.lead_min.min(lead);
                    told.lead_max = told.lead_max.max(lead);
                } else {
                    told.lost += 1;
                }
            }
            told
        }
    }

    fn jitter(_: f64, noise: f64) -> f64 {
        0.005 + 0.030 * noise
    }

    #[test]
    fn the_senders_clock_is_followed_for_an_hour_without_a_step() {
        for ppm in [0.0, 200.0, -200.0] {
            let mut sender = Sender::new(ppm);
            sender.run(0.0, 20.0, jitter);
            let told = sender.run(20.0, 3600.0, jitter);
            assert_eq!(sender.map.epoch(), 0, "{ppm}");
            assert!(told.lead_min > 180 * MILLI && told.lead_max < 275 * MILLI, "{ppm}: {told:?}");
        }
    }

    #[test]
    fn picture_and_sound_of_a_moment_are_due_together() {
        let mut sender = Sender::new(150.0);
        for second in 0..120 {
            sender.run(f64::from(second), f64::from(second + 1), jitter);
            let time = sender.time(f64::from(second));
            assert_eq!(sender.map.due(Track::Picture, time), sender.map.due(Track::Sound, time));
        }
    }

    #[test]
    fn a_burst_after_a_silence_changes_nothing() {
        let mut sender = Sender::new(0.0);
        sender.run(0.0, 10.0, jitter);
        // Everything of 1.5 seconds comes at once.
        let before = sender.map.due(Track::Picture, sender.time(20.0));
        let stall = |at: f64, noise: f64| if at < 11.5 { 11.5 - at } else { jitter(at, noise) };
        sender.run(10.0, 20.0, stall);
        assert_eq!(sender.map.epoch(), 0);
        let moved = sender.map.due(Track::Picture, sender.time(20.0)).nanos_since(before).abs();
        assert!(moved < 5 * MILLI, "{moved}");
    }

    #[test]
    fn a_start_in_a_burst_finds_the_fast_units() {
        let mut sender = Sender::new(0.0);
        // The first two seconds were held back, and come within a moment.
        let told = {
            sender.run(0.0, 4.0, |at, noise| if at < 2.0 { 2.0 - at + at * 0.001 } else { jitter(at, noise) });
            sender.run(4.0, 10.0, jitter)
        };
        assert!(told.lead_min > 200 * MILLI && told.lead_max < 270 * MILLI, "{told:?}");
        assert_eq!(sender.map.epoch(), 0);
    }

    #[test]
    fn a_network_that_stays_slower_gets_a_later_picture_within_seconds() {
        let mut sender = Sender::new(0.0);
        sender.run(0.0, 10.0, jitter);
        sender.run(10.0, 15.0, |at, noise| 0.8 + jitter(at, noise));
        let told = sender.run(15.0, 25.0, |at, noise| 0.8 + jitter(at, noise));
        assert!(told.lead_min > 200 * MILLI && told.lead_max < 350 * MILLI, "{told:?}");
        assert_eq!(sender.map.epoch(), 1);
        // And when it is fast again, the wait is given back.
        sender.run(25.0, 30.0, jitter);
        let told = sender.run(30.0, 40.0, jitter);
        assert!(told.lead_max < 350 * MILLI, "{told:?}");
    }

    #[test]
    fn a_network_in_gusts_gets_a_longer_delay() {
        let mut sender = Sender::new(0.0);
        // Every second, half a second comes at once.
        let gusts = |at: f64, _: f64| if at.fract() < 0.5 { 0.5 - at.fract() } else { 0.005 };
        sender.run(0.0, 10.0, gusts);
        let told = sender.run(10.0, 60.0, gusts);
        assert!(told.lead_min > 20 * MILLI, "{told:?}");
        assert!(sender.map.epoch() <= 2 && sender.map.delay() < 700 * MILLI, "{:?}", sender.map);
    }

    #[test]
    fn times_that_jump_or_begin_again_begin_anew_together() {
        for zero in [5000.0, 0.0, 1000.0 + 86_400.0 * 20.0] {
            let mut sender = Sender::new(0.0);
            sender.run(0.0, 10.0, jitter);
            sender.zero = zero;
            let told = sender.run(10.0, 20.0, jitter);
            assert_eq!(sender.map.epoch(), 1, "{zero}");
            assert!(told.lost <= 2 && told.lead_max < 300 * MILLI && told.lead_min > 150 * MILLI, "{zero}: {told:?}");
            let time = sender.time(20.0);
            assert_eq!(sender.map.due(Track::Picture, time), sender.map.due(Track::Sound, time));
        }
    }

    #[test]
    fn a_small_step_of_the_senders_time_stalls_nothing_for_long() {
        for step in [0.9, -0.9, 1.8, -1.8] {
            let mut sender = Sender::new(0.0);
            sender.run(0.0, 10.0, jitter);
            sender.zero += step;
            sender.run(10.0, 15.0, jitter);
            let told = sender.run(15.0, 20.0, jitter);
            assert!(told.lead_min > 150 * MILLI && told.lead_max < 600 * MILLI, "{step}: {told:?}");
        }
    }

    #[test]
    fn tracks_that_count_from_different_moments_are_joined_by_their_arrival() {
        let mut map = TimeMap::new();
        let at = Timestamp::from_millis;
        let mut used = 0;
        for n in 0..300 {
            assert!(map.observe(Track::Picture, at(n * 33), at(n * 33)));
            used += usize::from(map.observe(Track::Sound, at(7_000_000 + n * 33), at(n * 33 + 1)));
        }
        assert_eq!(map.epoch(), 0);
        assert!(used > 200, "{used}");
        let (picture, sound) = (map.due(Track::Picture, at(9900)), map.due(Track::Sound, at(7_009_900)));
        assert!(picture.nanos_since(sound).abs() < 20 * MILLI);
    }

    #[test]
    fn a_snapped_picture_is_due_at_a_tick() {
        let mut map = TimeMap::new();
        let rate = FrameRate::DEFAULT;
        map.observe(Track::Picture, Timestamp::from_millis(77), Timestamp::from_millis(1000));
        let before = map.due(Track::Picture, Timestamp::from_millis(77));
        map.snap(Timestamp::from_millis(77), rate);
        let due = map.due(Track::Picture, Timestamp::from_millis(77));
        assert_eq!(rate.frame_time(rate.frame_index(due)), due);
        assert!(due.nanos_since(before).abs() <= 17 * MILLI);
    }

    #[test]
    fn nothing_is_due_before_the_first_unit_or_overflows() {
        let mut map = TimeMap::new();
        assert_eq!(map.due(Track::Sound, Timestamp::ZERO), Timestamp::MAX);
        assert!(!map.is_settled(Timestamp::MAX));
        for time in [i64::MIN, i64::MAX, 0, i64::MAX / 2, i64::MIN / 2] {
            map.observe(Track::Picture, Timestamp::from_nanos(time), Timestamp::from_millis(5));
            map.observe(
                Track::Sound,
                Timestamp::from_nanos(time.saturating_add(1).saturating_neg()),
                Timestamp::from_millis(6),
            );
            map.due(Track::Sound, Timestamp::from_nanos(time));
        }
    }
}
