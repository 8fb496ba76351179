//! Keeps what is encoded within its rate where the library cannot: its coarsest quantiser is too fine for snow, or for 720p
//! at a sixth of its usual rate. Pictures between keyframes are left out then, evenly. Pure.

use crate::media::{Bitrate, Timestamp};

/// So much more than the rate is the library's to make good.
const TOLERANCE: f64 = 1.25;
/// Seconds of the rate that may be too much before pictures are left out.
const ROOM: f64 = 1.0;
/// At least this part of the rate is left for the pictures between keyframes.
const BETWEEN_MIN: f64 = 0.15;

/// A leaky bucket (ITU-T H.264, annex C) that the pictures between keyframes fill. What keyframes take is taken off what
/// leaks out of it all the time: none of them is followed by a hole.
#[derive(Clone, Debug)]
pub(super) struct Vbv {
    rate: f64,
    keyframe_seconds: f64,
    /// What keyframes take, in b/s.
    keyframes: f64,
    /// Bits that are too much at `at`.
    too_much: f64,
    at: Option<Timestamp>,
}

impl Vbv {
    /// For a keyframe every so many seconds.
    pub(super) fn new(bitrate: Bitrate, keyframe_seconds: f64) -> Self {
        Self { rate: f64::from(bitrate.bps()), keyframe_seconds, keyframes: 0.0, too_much: 0.0, at: None }
    }

    /// What was too much at the old rate takes as long to be gone at the new one.
    pub(super) fn set_bitrate(&mut self, bitrate: Bitrate) {
        let rate = f64::from(bitrate.bps());
        let part = rate / self.rate;
        (self.rate, self.keyframes, self.too_much) = (rate, self.keyframes * part, self.too_much * part);
    }

    /// Whether a picture at `pts`, which is no keyframe, is to be left out.
    pub(super) fn is_full(&self, pts: Timestamp) -> bool {
        self.too_much_at(pts) > ROOM * self.rate
    }

    /// A picture was encoded.
    pub(super) fn take(&mut self, pts: Timestamp, bytes: usize, keyframe: bool) {
        let bits = bytes as f64 * 8.0;
        self.too_much = self.too_much_at(pts);
        self.at = Some(pts);
        if keyframe {
            self.keyframes = bits / self.keyframe_seconds;
        } else {
            self.too_much += bits;
        }
    }

    fn too_much_at(&self, pts: Timestamp) -> f64 {
        let Some(at) = self.at else { return 0.0 };
        let between = (self.rate * TOLERANCE - self.keyframes).max(self.rate * BETWEEN_MIN);
        (self.too_much - between * pts.since(at).as_secs_f64()).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FPS: i64 = 30;

    /// Pictures of so many bytes, keyframes of others, at `kbps`: which are left out in so many seconds.
    fn left_out(vbv: &mut Vbv, seconds: i64, bytes: usize, keyframe_bytes: usize) -> Vec<i64> {
        let mut out = Vec::new();
        for index in 0..seconds * FPS {
            let pts = Timestamp::from_nanos(index * 1_000_000_000 / FPS);
            let keyframe = index % (2 * FPS) == 0;
            if !keyframe && vbv.is_full(pts) {
                out.push(index);
                continue;
            }
            vbv.take(pts, if keyframe { keyframe_bytes } else { bytes }, keyframe);
        }
        out
    }

    fn of_kbps(kbps: u32) -> Vbv {
        Vbv::new(Bitrate::from_kbps(kbps), 2.0)
    }

    #[test]
    fn what_keeps_to_the_rate_is_left_alone_for_hours() {
        // 2500 kb/s are 625 kB in two seconds.
        let between = (625_000 - 70_000) / 59;
        assert!(left_out(&mut of_kbps(2500), 7200, between * 115 / 100, 70_000).is_empty());
    }

    #[test]
    fn what_is_twice_the_rate_loses_half_of_its_pictures_evenly() {
        let out = left_out(&mut of_kbps(250), 60, 1900, 15_000);
        let late: Vec<i64> = out.into_iter().filter(|index| *index >= 10 * FPS).collect();
        assert!((400..900).contains(&late.len()), "{}", late.len());
        let longest = late.chunk_by(|a, b| a + 1 == *b).map(<[i64]>::len).max();
        assert!(longest <= Some(3), "{longest:?} in a row");
    }

    #[test]
    fn snow_does_not_flood_the_network_and_does_not_stand_still() {
        // As OpenH264 encodes it: 53 Mb/s in place of 2.5.
        let mut vbv = of_kbps(2500);
        let out = left_out(&mut vbv, 60, 218_000, 421_000);
        let sent = 60 * FPS - out.len() as i64;
        let kbps = ((sent - 30) * 218_000 + 30 * 421_000) * 8 / 60 / 1000;
        assert!(kbps < 3700 && sent > 50, "{kbps} kb/s, {sent} pictures");
    }

    #[test]
    fn a_new_rate_is_not_held_against_what_went_before() {
        let mut vbv = of_kbps(2500);
        assert!(left_out(&mut vbv, 2, 9400, 70_000).is_empty());
        vbv.set_bitrate(Bitrate::from_kbps(500));
        assert!(!vbv.is_full(Timestamp::from_millis(2000)));
    }
}
