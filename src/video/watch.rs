//! Pictures that say that something is wrong with their source: the same one all the time, or a black one. Pure: time
//! is an argument, and so is how often somebody looks; ten times a second is enough.

use std::time::Duration;

use super::PictureSample;
use crate::media::{Lasting, Timestamp, Turn};

/// A picture that has not changed by a bit for so long is frozen: real sensors always have noise.
const FROZEN: Duration = Duration::from_secs(5);
/// Changes after which a frozen picture moves again: one alone may be the device that repeats something else.
const MOVES_AGAIN: u32 = 3;
/// A picture is alive once it has changed so often in so long: no fade between two slides does.
const ALIVE_CHANGES: u32 = 40;
const ALIVE_WINDOW: Duration = Duration::from_secs(8);

/// A picture that has been black for so long is told: no fade lasts that long.
const BLACK: Duration = Duration::from_secs(3);
/// The same of a clip, in which black may be meant: no pause between two scenes lasts that long.
const BLACK_CLIP: Duration = Duration::from_secs(10);
const BRIGHT: Duration = Duration::from_millis(300);
/// Nobody has looked for so long: what was seen before says nothing of now.
const GAP: Duration = Duration::from_secs(1);

/// Notices that a picture stands still.
#[derive(Clone, Debug)]
pub struct StillWatch {
    /// What never was alive is a slide, and may stand still.
    needs_life: bool,
    state: Lasting,
    last: Option<(Timestamp, u64)>,
    moves: u32,
    window: Option<(Timestamp, u32)>,
    alive: bool,
    has_lived: bool,
}

impl StillWatch {
    /// Of a camera, whose picture never stands still.
    pub fn of_camera() -> Self {
        Self {
            needs_life: false,
            state: Lasting::new(FROZEN, Duration::ZERO),
            last: None,
            moves: 0,
            window: None,
            alive: false,
            has_lived: false,
        }
    }

    /// Of a stream that somebody else makes, who may send slides: told only if it was as lively as a camera before.
    pub fn of_stream() -> Self {
        Self { needs_life: true, ..Self::of_camera() }
    }

    /// Takes the picture at `now`.
    pub fn look(&mut self, now: Timestamp, sample: &PictureSample) -> Option<Turn> {
        let last = self.last.replace((now, sample.hash));
        // In the dark some cameras give the same black over and over: that is another matter.
        if sample.is_dark() || last.is_none_or(|(seen, _)| now.since(seen) > GAP) {
            self.state.pause();
            return None;
        }
        let still = last.is_some_and(|(_, hash)| hash == sample.hash);
        self.count(now, still);
        self.moves = if still { self.moves } else { self.moves + 1 };
        if self.state.is_told() && !still && self.moves < MOVES_AGAIN {
            return None;
        }
        let turn = self.state.see(now, still && (self.alive || !self.needs_life || self.state.is_told()));
        if matches!(turn, Some(Turn::Begun(_))) {
            (self.moves, self.alive, self.window) = (0, false, None);
        }
        turn
    }

    fn count(&mut self, now: Timestamp, still: bool) {
        let (begun, changes) = self.window.get_or_insert((now, 0));
        *changes += u32::from(!still);
        if *changes >= ALIVE_CHANGES {
            (self.alive, self.has_lived) = (true, true);
        }
        if now.since(*begun) > ALIVE_WINDOW {
            self.window = None;
        }
    }

    /// Nothing comes for a while.
    pub fn pause(&mut self) {
        self.last = None;
        self.state.pause();
    }

    /// Whether it has ever changed as a camera's picture does.
    pub fn has_lived(&self) -> bool {
        self.has_lived
    }

    /// The same, of a device that works again: what was told is over.
    pub fn forget(&mut self) {
        *self = Self { needs_life: self.needs_life, has_lived: self.has_lived, ..Self::of_camera() };
    }
}

/// Notices that a picture is black.
#[derive(Clone, Debug)]
pub struct BlackWatch {
    needs_light: bool,
    state: Lasting,
    last: Option<Timestamp>,
}

impl BlackWatch {
    /// Of a camera: its lens may be covered from the beginning.
    pub fn of_camera() -> Self {
        Self { needs_light: false, state: Lasting::new(BLACK, BRIGHT), last: None }
    }

    /// Of a stream, which is black until it comes.
    pub fn of_stream() -> Self {
        Self { needs_light: true, ..Self::of_camera() }
    }

    /// Of a clip or a still, which may be black from the beginning and between its scenes.
    pub fn of_clip() -> Self {
        Self { state: Lasting::new(BLACK_CLIP, BRIGHT), ..Self::of_stream() }
    }

    /// Takes the picture at `now`.
    pub fn look(&mut self, now: Timestamp, sample: &PictureSample) -> Option<Turn> {
        let last = self.last.replace(now);
        if last.is_none_or(|last| now.since(last) > GAP) {
            self.state.pause();
        }
        self.needs_light &= sample.is_dark();
        self.state.see(now, sample.is_dark() && !self.needs_light)
    }

    /// Nothing comes for a while.
    pub fn pause(&mut self) {
        self.last = None;
        self.state.pause();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bright(hash: u64) -> PictureSample {
        PictureSample { hash, mean: 110, max: 230 }
    }

    fn dark(hash: u64) -> PictureSample {
        PictureSample { hash, mean: 19, max: 40 }
    }

    /// Looks ten times a second for `secs` at what `shown` says is there; gives what was told when, in ms.
    fn told(
        secs: i64,
        mut look: impl FnMut(Timestamp, &PictureSample) -> Option<Turn>,
        shown: impl Fn(i64) -> PictureSample,
    ) -> Vec<(i64, bool)> {
        let times = (0..secs * 10).map(|tick| tick * 100);
        let turn = |millis| look(Timestamp::from_millis(millis), &shown(millis)).map(|turn| (millis, turn));
        times.filter_map(turn).map(|(millis, turn)| (millis, turn != Turn::Over)).collect()
    }

    #[test]
    fn a_camera_that_freezes_is_told_after_five_seconds_and_when_it_moves() {
        let noise = |millis: i64| bright(millis as u64);
        let freezes = |millis: i64| if (20_000..60_000).contains(&millis) { bright(7) } else { noise(millis) };
        for mut watch in [StillWatch::of_camera(), StillWatch::of_stream()] {
            let seen = told(100, |now, sample| watch.look(now, sample), freezes);
            assert_eq!(seen, [(25_100, true), (60_200, false)]);
            assert!(watch.has_lived());
        }
        // Frozen from the first picture on: a camera has no reason to be, a stream may be a slide.
        let mut camera = StillWatch::of_camera();
        assert_eq!(told(60, |now, sample| camera.look(now, sample), |_| bright(1)), [(5_100, true)]);
        assert!(!camera.has_lived());
        let mut stream = StillWatch::of_stream();
        assert_eq!(told(60, |now, sample| stream.look(now, sample), |_| bright(1)), []);
    }

    #[test]
    fn half_an_hour_of_slides_of_moving_clips_and_of_a_slow_camera_is_no_alarm() {
        const HALF_HOUR: i64 = 1800;
        // A slide every 30 s, with a fade of a second.
        let slides = |millis: i64| {
            let (slide, into) = (millis / 30_000, millis % 30_000);
            bright((slide * 1000 + (into / 100).min(10)) as u64)
        };
        let mut stream = StillWatch::of_stream();
        assert_eq!(told(HALF_HOUR, |now, sample| stream.look(now, sample), slides), []);
        let clip = |millis: i64| bright(millis as u64);
        // One picture a second.
        let slow = |millis: i64| bright((millis / 1000) as u64);
        for shown in [&clip as &dyn Fn(i64) -> PictureSample, &slow] {
            for mut watch in [StillWatch::of_camera(), StillWatch::of_stream()] {
                assert_eq!(told(HALF_HOUR, |now, sample| watch.look(now, sample), shown), []);
            }
        }
        let mut black = BlackWatch::of_stream();
        // A clip that fades through two seconds of black every minute, from black.
        let fades = |millis: i64| if millis % 60_000 < 2_000 { dark(1) } else { clip(millis) };
        assert_eq!(told(HALF_HOUR, |now, sample| black.look(now, sample), fades), []);
    }

    #[test]
    fn a_covered_lens_is_black_and_not_frozen() {
        let covered = |millis: i64| if (10_000..30_000).contains(&millis) { dark(1) } else { bright(millis as u64) };
        let mut black = BlackWatch::of_camera();
        let seen = told(40, |now, sample| black.look(now, sample), covered);
        assert_eq!(seen, [(13_000, true), (30_300, false)]);
        let mut still = StillWatch::of_camera();
        assert_eq!(told(40, |now, sample| still.look(now, sample), covered), []);
        let mut from_the_start = BlackWatch::of_camera();
        assert_eq!(told(10, |now, sample| from_the_start.look(now, sample), |_| dark(2)), [(3_000, true)]);
        // What has not come yet is black.
        let mut stream = BlackWatch::of_stream();
        let late = |millis: i64| if millis < 20_000 { dark(1) } else { bright(millis as u64) };
        assert_eq!(told(60, |now, sample| stream.look(now, sample), late), []);
    }

    #[test]
    fn a_clip_may_be_black_for_a_while_and_a_black_still_for_ever() {
        // A scene of half a minute, then eight seconds of black; in the fifth minute somebody has cut the end off.
        let scenes = |millis: i64| if millis % 38_000 >= 30_000 { dark(1) } else { bright(millis as u64) };
        let mut black = BlackWatch::of_clip();
        assert_eq!(told(1800, |now, sample| black.look(now, sample), scenes), []);
        let cut = |millis: i64| if (300_000..330_000).contains(&millis) { dark(1) } else { bright(millis as u64) };
        let mut black = BlackWatch::of_clip();
        assert_eq!(told(400, |now, sample| black.look(now, sample), cut), [(310_000, true), (330_300, false)]);
        let mut still = BlackWatch::of_clip();
        assert_eq!(told(1800, |now, sample| still.look(now, sample), |_| dark(1)), []);
    }

    #[test]
    fn what_nobody_looked_at_counts_for_nothing() {
        let mut watch = StillWatch::of_camera();
        assert_eq!(watch.look(Timestamp::ZERO, &bright(1)), None);
        assert_eq!(watch.look(Timestamp::from_millis(60_000), &bright(1)), None);
        assert_eq!(watch.look(Timestamp::from_millis(60_100), &bright(1)), None);
        let mut black = BlackWatch::of_camera();
        assert_eq!(black.look(Timestamp::ZERO, &dark(1)), None);
        assert_eq!(black.look(Timestamp::from_millis(60_000), &dark(1)), None);
    }
}
