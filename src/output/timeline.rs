//! A packet's place on FLV's clock: milliseconds since the output's first packet.

use crate::media::{Packet, Timestamp};

/// Picture and sound are never farther apart, unless one has ended.
const TRAILS_MAX_MS: u32 = 1000;

/// Places packets on an output's own clock, which starts at 0 with its first video packet (its first audio packet where
/// there is no video) and goes on through reconnects.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    base: Option<Timestamp>,
    has_video: bool,
    /// Of the last picture and of the last sound.
    last_video_ms: Option<u32>,
    last_audio_ms: Option<u32>,
}

/// Where a packet lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Decode time in milliseconds; wraps after 49.7 days (RTMP 1.0, 5.3.1).
    pub(super) timestamp_ms: u32,
    /// Presentation minus decode time in milliseconds.
    pub(super) composition_ms: i32,
}

impl Timeline {
    pub(super) fn new(has_video: bool) -> Self {
        Self { base: None, has_video, last_video_ms: None, last_audio_ms: None }
    }

    /// The packet's place; `None` for sound from before the first picture, which has none.
    pub(super) fn place(&mut self, packet: &Packet) -> Option<Place> {
        let base = match self.base {
            Some(base) => base,
            None if self.has_video && !packet.is_video() => return None,
            None => *self.base.insert(packet.dts),
        };
        if packet.dts < base {
            return None;
        }
        let timestamp_ms = Timestamp::from_nanos(packet.dts.nanos_since(base)).as_millis() as u32;
        let composition_ms = Timestamp::from_nanos(packet.pts.nanos_since(packet.dts)).as_millis() as i32;
        let last_ms = if packet.is_video() { &mut self.last_video_ms } else { &mut self.last_audio_ms };
        *last_ms = Some(timestamp_ms);
        Some(Place { timestamp_ms, composition_ms })
    }

    /// The timestamp for sequence headers that are sent again: none of what follows is older. Not what was placed before; not
    /// what waits, of which the `oldest` has this decode time; and not what is made next: sound trails the pictures, and is
    /// often older than the last of them.
    pub(super) fn headers_at(&self, oldest: Option<Timestamp>) -> u32 {
        let waiting = self.base.zip(oldest).filter(|(base, oldest)| oldest >= base);
        let waiting = waiting.map(|(base, oldest)| Timestamp::from_nanos(oldest.nanos_since(base)).as_millis() as u32);
        let last = [self.last_video_ms, self.last_audio_ms].into_iter().flatten();
        let newest = last.clone().max().unwrap_or(0);
        let last = last.min().unwrap_or(0).max(newest.saturating_sub(TRAILS_MAX_MS));
        waiting.map_or(last, |waiting| waiting.min(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{FrameRate, PacketKind};
    use bytes::Bytes;

    fn packet(kind: PacketKind, at: Timestamp) -> Packet {
        Packet { kind, pts: at, dts: at, captured_at: at, data: Bytes::new() }
    }

    #[test]
    fn sound_before_the_first_picture_has_no_place_and_the_rest_keeps_its_distance() {
        let mut timeline = Timeline::new(true);
        let at = Timestamp::from_millis;
        assert_eq!(timeline.place(&packet(PacketKind::Audio, at(990))), None);
        let first = timeline.place(&packet(PacketKind::Video { keyframe: true }, at(1000))).unwrap();
        assert_eq!(first.timestamp_ms, 0);
        assert_eq!(timeline.place(&packet(PacketKind::Audio, at(999))), None);
        assert_eq!(timeline.place(&packet(PacketKind::Audio, at(1013))).unwrap().timestamp_ms, 13);
    }

    #[test]
    fn headers_that_are_sent_again_are_not_newer_than_what_follows() {
        let mut timeline = Timeline::new(true);
        let at = Timestamp::from_millis;
        assert_eq!(timeline.headers_at(Some(at(1000))), 0);
        timeline.place(&packet(PacketKind::Video { keyframe: true }, at(1000))).unwrap();
        timeline.place(&packet(PacketKind::Video { keyframe: false }, at(1500))).unwrap();
        assert_eq!(timeline.headers_at(Some(at(1480))), 480);
        assert_eq!((timeline.headers_at(Some(at(2000))), timeline.headers_at(None)), (500, 500));
        assert_eq!(timeline.headers_at(Some(at(999))), 500, "it has no place");
        // Sound trails: more of it, older than the last picture, may come once the queue is empty.
        timeline.place(&packet(PacketKind::Audio, at(1440))).unwrap();
        timeline.place(&packet(PacketKind::Video { keyframe: false }, at(1520))).unwrap();
        assert_eq!((timeline.headers_at(None), timeline.headers_at(Some(at(1600)))), (440, 440));
        assert_eq!(timeline.headers_at(Some(at(1400))), 400);
        // A picture may be the older one, too.
        timeline.place(&packet(PacketKind::Audio, at(1700))).unwrap();
        assert_eq!(timeline.headers_at(None), 520);
        // One that has ended does not come again.
        timeline.place(&packet(PacketKind::Video { keyframe: true }, at(61_000))).unwrap();
        assert_eq!(timeline.headers_at(None), 59_000);
    }

    #[test]
    fn milliseconds_do_not_drift_from_the_frame_index() {
        let rate = FrameRate::new(30_000, 1001).unwrap();
        let mut timeline = Timeline::new(true);
        let mut last = None;
        for index in 0..200_000 {
            let frame = packet(PacketKind::Video { keyframe: false }, rate.frame_time(index + 77));
            let ms = timeline.place(&frame).unwrap().timestamp_ms;
            let exact = index as f64 * 1_001_000.0 / 30_000.0;
            assert!((f64::from(ms) - exact).abs() <= 0.51, "{index}: {ms} for {exact}");
            assert!(last.is_none_or(|last| ms > last));
            last = Some(ms);
        }
    }
}
