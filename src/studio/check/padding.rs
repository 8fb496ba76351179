//! Calm pictures and silence need few bits and would hide a narrow upload: filler data takes them to the rate that is tried.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};

use crate::media::Timestamp;

/// The header of a filler data NAL unit, which decoders skip (ITU-T H.264, 7.3.2.7; type 12, never a reference).
const FILLER_HEADER: u8 = 12;
/// Length prefix, header and trailing bits: the shortest filler data.
const FILLER_MIN: u64 = 4 + 1 + 1;

/// How much filler each picture, or packet of sound, needs to keep a constant rate. Pure: time is the pictures' own.
#[derive(Clone, Debug)]
pub(super) struct Padding {
    bytes_per_second: f64,
    frame: Duration,
    first: Option<Timestamp>,
    given: u64,
}

impl Padding {
    /// Pads pictures that come each `frame` to so many bytes a second.
    pub(super) fn new(bytes_per_second: f64, frame: Duration) -> Self {
        Self { bytes_per_second, frame, first: None, given: 0 }
    }

    /// Bytes of filler for the picture at `pts` that has so many bytes.
    pub(super) fn filler_for(&mut self, pts: Timestamp, bytes: usize) -> usize {
        let first = *self.first.get_or_insert(pts);
        let due = (pts.since(first) + self.frame).as_secs_f64() * self.bytes_per_second;
        self.given += bytes as u64;
        let short = (due as u64).saturating_sub(self.given);
        if short < FILLER_MIN {
            return 0;
        }
        // After a hole no picture is larger than a second of all: servers have limits for one message.
        let filler = short.min(self.bytes_per_second as u64);
        self.given += short;
        filler as usize
    }
}

/// `access_unit` (its NAL units length-prefixed with 4 bytes) with so many bytes of filler behind it, at least 6.
pub(super) fn with_filler(access_unit: &Bytes, filler: usize) -> Bytes {
    let body = filler.saturating_sub(4).max(2);
    let mut out = BytesMut::with_capacity(access_unit.len() + 4 + body);
    out.put_slice(access_unit);
    out.put_u32(u32::try_from(body).unwrap_or(u32::MAX));
    out.put_u8(FILLER_HEADER);
    out.put_bytes(0xff, body - 2);
    out.put_u8(0x80);
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitstream::length_prefixed_nals;
    use crate::media::FrameRate;

    #[test]
    fn the_rate_is_constant_whatever_the_pictures_need() {
        let rate = FrameRate::DEFAULT;
        let mut padding = Padding::new(100_000.0, Duration::from_secs_f64(1.0 / 30.0));
        let mut total = 0;
        for index in 0..300 {
            // A keyframe that takes more than its share, and pictures that take little.
            let bytes = if index % 60 == 0 { 30_000 } else { 200 + index as usize };
            let filler = padding.filler_for(rate.frame_time(index), bytes);
            total += bytes + filler;
            let due = (index + 1) as f64 * 100_000.0 / 30.0;
            assert!(total as f64 >= due - 6.0 && total as f64 <= due + 30_000.0, "{index}: {total} of {due}");
        }
        assert!((total as f64 - 1e6).abs() < 10.0, "{total}");
    }

    #[test]
    fn a_hole_is_not_made_up_for_at_once() {
        let mut padding = Padding::new(100_000.0, Duration::from_millis(33));
        padding.filler_for(Timestamp::ZERO, 10);
        assert_eq!(padding.filler_for(Timestamp::from_millis(60_000), 10), 100_000);
        assert!(padding.filler_for(Timestamp::from_millis(60_033), 10) < 4000);
    }

    #[test]
    fn filler_is_a_whole_nal_unit_behind_the_picture() {
        let mut unit = BytesMut::new();
        unit.put_u32(3);
        unit.put_slice(&[0x65, 1, 2]);
        let unit = unit.freeze();
        for filler in [6, 7, 100, 5000] {
            let padded = with_filler(&unit, filler);
            assert_eq!(padded.len(), unit.len() + filler);
            let nals: Vec<_> = length_prefixed_nals(&padded, 4).map(Result::unwrap).collect();
            assert_eq!((nals.len(), nals[0], nals[1][0]), (2, &[0x65, 1, 2][..], 12));
            assert_eq!(nals[1].last(), Some(&0x80));
            assert!(nals[1][1..nals[1].len() - 1].iter().all(|byte| *byte == 0xff));
        }
    }
}
