//! `DriftServo`: keeps a device's clock in step with the program's without anybody hearing it.
//!
//! Two loops. The *follower* learns from the callbacks when each device frame was captured: a phase-locked loop
//! of second order whose bandwidth narrows with time, so that it settles within a second and after a minute no
//! longer sees the jitter of the callbacks. The *controller* looks at where the reader stands and where it should
//! stand by the follower, and asks for a speed that closes the gap slowly.

use crate::media::Timestamp;

/// How far the speed may be from the nominal one: 1.7 cents, which nobody hears.
pub const PPM_MAX: f64 = 1000.0;

/// Speed of the follower at its start, in 1/s, and in the long run.
const FOLLOW_FAST: f64 = 2.0;
const FOLLOW_SLOW: f64 = 0.03;
/// The follower's speed is this over the seconds it has run.
const FOLLOW_NARROWS: f64 = 3.0;
/// Seconds in which the controller closes a gap (by 1/e).
const CLOSE_SECS: f64 = 8.0;
/// How fast the speed may change, in ppm for each second: a glide, never a wobble.
const GLIDE_PPM_PER_SEC: f64 = 100.0;
/// Time constant of the reported drift, in seconds.
const REPORT_SECS: f64 = 20.0;
/// Weight of an observation that came late: a busy machine and a server that re-arranges its buffers make callbacks
/// late, nothing makes them early, so those in time know better.
const LATE_WEIGHT: f64 = 0.25;
/// An observation this far off (seconds) is no jitter: frames were lost, or the device slept.
const JUMP_SECS: f64 = 0.1;

/// The servo of one device. Pure: time is an argument.
#[derive(Clone, Debug)]
pub struct DriftServo {
    rate: f64,
    follower: Option<Follower>,
    speed_ppm: f64,
    last_asked: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct Follower {
    /// Frame `frames` was captured `secs` after `epoch`, by the loop's belief.
    epoch: Timestamp,
    first_frames: u64,
    frames: u64,
    secs: f64,
    /// Seconds of program time for each second of device time, minus one: negative for a fast device.
    slowness: f64,
    reported_slowness: f64,
    /// Wild observations in a row.
    wild: u32,
}

impl DriftServo {
    /// A servo for a device that claims `rate` frames a second.
    pub fn new(rate: u32) -> Self {
        Self { rate: f64::from(rate.max(1)), follower: None, speed_ppm: 0.0, last_asked: None }
    }

    /// Tells that the first `frames` frames of the device had been captured at `at`, give or take the jitter of
    /// its callbacks. Returns `false` when the device's time has jumped (frames were lost, it slept): the servo
    /// has started anew then, and the reader must find its place again.
    pub fn observe(&mut self, at: Timestamp, frames: u64) -> bool {
        let Some(follower) = &mut self.follower else {
            self.follower = Some(Follower::new(at, frames));
            return true;
        };
        if frames <= follower.frames {
            return true;
        }
        let passed = (frames - follower.frames) as f64 / self.rate;
        let predicted = follower.secs + passed * (1.0 + follower.slowness);
        let error = at.nanos_since(follower.epoch) as f64 / 1e9 - predicted;
        if error.abs() > JUMP_SECS {
            // One late callback is late; a few in a row are a new time.
            follower.wild += 1;
            if follower.wild < 5 {
                return true;
            }
            self.follower = Some(Follower::new(at, frames));
            return false;
        }
        follower.wild = 0;
        let age = (frames - follower.first_frames) as f64 / self.rate;
        let speed = (FOLLOW_NARROWS / age.max(1e-3)).clamp(FOLLOW_SLOW, FOLLOW_FAST);
        let error = if error > 0.0 { error * LATE_WEIGHT } else { error };
        let gain = (speed * passed).min(1.0);
        follower.secs = predicted + (2f64.sqrt() * gain).min(1.0) * error;
        // In the first seconds the jitter of a few callbacks would look like a drift of per cents.
        let limit = 2.0 * PPM_MAX * 1e-6;
        follower.slowness = (follower.slowness + gain * speed * error).clamp(-limit, limit);
        follower.frames = frames;
        let share = (passed / REPORT_SECS.min(age.max(1.0))).min(1.0);
        follower.reported_slowness += share * (follower.slowness - follower.reported_slowness);
        true
    }

    /// The device frame that was captured at `at`, as a fraction; `None` before the first observation.
    pub fn frame_at(&self, at: Timestamp) -> Option<f64> {
        let follower = self.follower.as_ref()?;
        let secs = at.nanos_since(follower.epoch) as f64 / 1e9 - follower.secs;
        Some(follower.frames as f64 + secs * self.rate / (1.0 + follower.slowness))
    }

    /// The speed to read at from now on, in ppm over the nominal one, for a reader whose next frame is
    /// `position` and which ought to read the frame captured at `at`. Called once a chunk.
    pub fn speed_ppm(&mut self, at: Timestamp, position: f64) -> f64 {
        let Some(wanted) = self.frame_at(at) else { return self.speed_ppm };
        let drift = self.follower.as_ref().map_or(0.0, |f| -f.slowness * 1e6);
        let gap_secs = (wanted - position) / self.rate;
        let target = (drift + gap_secs / CLOSE_SECS * 1e6).clamp(-PPM_MAX, PPM_MAX);
        let passed = self.last_asked.map_or(0.0, |last| at.nanos_since(last) as f64 / 1e9).clamp(0.0, 0.2);
        let glide = GLIDE_PPM_PER_SEC * passed;
        self.speed_ppm += (target - self.speed_ppm).clamp(-glide, glide);
        self.last_asked = Some(at);
        self.speed_ppm
    }

    /// How fast the device's clock runs against the program's, in ppm, filtered; `None` in the first ten
    /// seconds, when it is not known.
    pub fn drift_ppm(&self) -> Option<f64> {
        let follower = self.follower.as_ref()?;
        let age = (follower.frames - follower.first_frames) as f64 / self.rate;
        (age >= 10.0).then_some(-follower.reported_slowness * 1e6)
    }

    /// Seconds the follower has watched the device: its places are good to a millisecond after half a second.
    pub fn watched_secs(&self) -> f64 {
        self.follower.as_ref().map_or(0.0, |f| (f.frames - f.first_frames) as f64 / self.rate)
    }

    /// Forgets the device's time (it was opened anew); keeps the speed, so that nothing jumps.
    pub fn reset(&mut self) {
        self.follower = None;
    }
}

impl Follower {
    fn new(at: Timestamp, frames: u64) -> Self {
        Self { epoch: at, first_frames: frames, frames, secs: 0.0, slowness: 0.0, reported_slowness: 0.0, wild: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::CHUNK_SAMPLES;

    const RATE: u32 = 48_000;

    /// A deterministic stream of numbers in -1..1.
    struct Jitter(u64);

    impl Jitter {
        fn next(&mut self) -> f64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        }
    }

    struct Run {
        offset_max_secs: f64,
        ppm_error_max: f64,
        speed_step_max: f64,
        read: f64,
        ppm: f64,
    }

    /// One hour of a card that runs `ppm` fast, callbacks of 480 frames with a jitter of ±`jitter` seconds, read in
    /// chunks of 1024 with the resampler's arithmetic.
    fn hour(ppm: f64, jitter: f64, seed: u64) -> Run {
        let latency = 0.040;
        let mut servo = DriftServo::new(RATE);
        let mut noise = Jitter(seed);
        let device_rate = f64::from(RATE) * (1.0 + ppm * 1e-6);
        let (mut captured, mut position, mut out_frames) = (0u64, None::<f64>, 0u64);
        let mut run = Run { offset_max_secs: 0.0, ppm_error_max: 0.0, speed_step_max: 0.0, read: 0.0, ppm: 0.0 };
        let mut last_speed = 0.0;
        while out_frames < 3600 * u64::from(RATE) {
            let read_at = (out_frames + CHUNK_SAMPLES as u64) as f64 / f64::from(RATE);
            while (captured + 480) as f64 / device_rate <= read_at {
                captured += 480;
                let at = captured as f64 / device_rate + jitter * noise.next();
                assert!(servo.observe(Timestamp::from_nanos((at * 1e9) as i64), captured), "a jump at {at}");
            }
            let shown_secs = out_frames as f64 / f64::from(RATE) - latency;
            let shown = Timestamp::from_nanos((shown_secs * 1e9) as i64);
            if position.is_none() && servo.watched_secs() > 0.3 {
                position = servo.frame_at(shown);
            }
            if let Some(position) = &mut position {
                // The reader can know its place to one frame only.
                let speed = servo.speed_ppm(shown, position.floor());
                run.offset_max_secs = run.offset_max_secs.max((*position / device_rate - shown_secs).abs());
                *position += CHUNK_SAMPLES as f64 * (1.0 + speed * 1e-6);
                assert!(*position <= captured as f64, "read what was not captured yet");
                if read_at > 20.0 {
                    run.speed_step_max = run.speed_step_max.max((speed - last_speed).abs());
                }
                last_speed = speed;
            }
            if read_at > 120.0 {
                run.ppm_error_max = run.ppm_error_max.max((servo.drift_ppm().unwrap() - ppm).abs());
            }
            out_frames += CHUNK_SAMPLES as u64;
        }
        run.ppm = servo.drift_ppm().unwrap();
        run.read = position.unwrap() / (out_frames as f64 * (1.0 + ppm * 1e-6));
        run
    }

    #[test]
    fn an_hour_with_a_fast_and_a_slow_card() {
        for (ppm, seed) in [(200.0, 1), (-200.0, 2), (0.0, 3), (80.0, 4), (-500.0, 5)] {
            let run = hour(ppm, 0.005, seed);
            assert!(run.offset_max_secs < 0.005, "{ppm}: {} s off", run.offset_max_secs);
            assert!(run.ppm_error_max < 10.0, "{ppm}: reported {} off by up to {}", run.ppm, run.ppm_error_max);
            assert!((run.read - 1.0).abs() < 0.005 / 3600.0 * 10.0, "{ppm}: read {} of the frames", run.read);
            assert!(run.speed_step_max < 2.5, "{ppm}: the speed jumps by {} ppm a chunk", run.speed_step_max);
        }
    }

    #[test]
    fn without_jitter_the_offset_is_below_a_millisecond() {
        let run = hour(-120.0, 0.0, 9);
        assert!(run.offset_max_secs < 0.001, "{}", run.offset_max_secs);
        assert!(run.ppm_error_max < 1.0, "{}", run.ppm_error_max);
    }

    #[test]
    fn late_callbacks_do_not_pull_the_place() {
        let mut servo = DriftServo::new(RATE);
        let mut noise = Jitter(7);
        for i in 1..=3000u64 {
            // One in four is late by up to 10 ms.
            let late = if i % 4 == 0 { 0.010 * noise.next().abs() } else { 0.0 };
            servo.observe(Timestamp::from_nanos(((i as f64 * 0.010 + late) * 1e9) as i64), i * 480);
            if i > 100 {
                let place = servo.frame_at(Timestamp::from_millis(i as i64 * 10)).unwrap();
                let off_secs = (place - i as f64 * 480.0) / f64::from(RATE);
                assert!(off_secs.abs() < 0.0015, "callback {i}: {off_secs} s");
            }
        }
        assert!(servo.drift_ppm().unwrap().abs() < 15.0, "{:?}", servo.drift_ppm());
    }

    #[test]
    fn a_sleep_is_a_jump_and_one_late_callback_is_not() {
        let mut servo = DriftServo::new(RATE);
        let at = |millis: i64| Timestamp::from_millis(millis);
        for i in 1..=100u64 {
            assert!(servo.observe(at(i as i64 * 10), i * 480));
        }
        assert!(servo.observe(at(1400), 101 * 480), "late once");
        assert!((servo.frame_at(at(1010)).unwrap() - 48_480.0).abs() < 48.0);
        for i in 102..=200u64 {
            assert!(servo.observe(at(i as i64 * 10), i * 480));
        }
        let jumped: Vec<bool> = (201..=210u64).map(|i| !servo.observe(at(3000 + i as i64 * 10), i * 480)).collect();
        assert_eq!(jumped.iter().filter(|j| **j).count(), 1, "{jumped:?}");
        assert!((servo.frame_at(at(5100)).unwrap() - 210.0 * 480.0).abs() < 48.0);
    }

    #[test]
    fn it_says_nothing_before_it_knows() {
        let mut servo = DriftServo::new(RATE);
        assert_eq!(servo.frame_at(Timestamp::ZERO), None);
        assert_eq!(servo.speed_ppm(Timestamp::ZERO, 0.0), 0.0);
        for i in 1..400u64 {
            servo.observe(Timestamp::from_millis(i as i64 * 10), i * 480);
        }
        assert_eq!(servo.drift_ppm(), None);
    }
}
