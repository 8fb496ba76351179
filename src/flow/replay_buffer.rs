//! `ReplayBuffer`: the last seconds of packets, whole from a keyframe on.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::media::{Packet, Timestamp};

/// The last packets. Full policy: beyond `limit` of media time, or beyond `BYTES_MAX`, the oldest go, up to the next
/// keyframe; packets are shared, so that most of it is memory that the outputs hold anyway. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ReplayBuffer(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    packets: VecDeque<Packet>,
    /// Decode times of the keyframes in it.
    keyframes: VecDeque<Timestamp>,
    bytes: usize,
    limit: Duration,
    has_video: bool,
}

impl ReplayBuffer {
    /// 30 s at 17 Mb/s.
    const BYTES_MAX: usize = 64 << 20;

    /// A buffer of at least `limit`, once so much has passed. Where there is no video every packet is a beginning.
    pub fn new(limit: Duration, has_video: bool) -> Self {
        let (packets, keyframes) = (VecDeque::new(), VecDeque::new());
        Self(Arc::new(Mutex::new(State { packets, keyframes, bytes: 0, limit, has_video })))
    }

    /// Takes the next packet; never blocks for long.
    pub fn push(&self, packet: &Packet) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(packet);
    }

    /// What is in it, from a keyframe on.
    pub fn packets(&self) -> Vec<Packet> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).packets.iter().cloned().collect()
    }
}

impl State {
    fn push(&mut self, packet: &Packet) {
        if self.keyframes.is_empty() && self.has_video && !packet.is_keyframe() {
            return;
        }
        if packet.is_keyframe() || (!self.has_video && !packet.is_video()) {
            self.keyframes.push_back(packet.dts);
        }
        self.bytes += packet.data.len();
        self.packets.push_back(packet.clone());
        while let Some(second) = self.keyframes.get(1).copied() {
            let is_spare = packet.dts.since(second) >= self.limit || self.bytes > ReplayBuffer::BYTES_MAX;
            if !is_spare {
                return;
            }
            self.drop_to(second);
        }
        if self.bytes > ReplayBuffer::BYTES_MAX {
            // Too much since the only keyframe: it begins anew with the next.
            self.packets.clear();
            self.keyframes.clear();
            self.bytes = 0;
        }
    }

    /// Drops what lies before the keyframe at `time`. Sound comes a little late: some of what is left may be from before it.
    fn drop_to(&mut self, time: Timestamp) {
        self.keyframes.pop_front();
        let is_begin = |packet: &Packet| packet.dts == time && (packet.is_keyframe() || !self.has_video);
        while let Some(packet) = self.packets.pop_front_if(|packet| !is_begin(packet)) {
            self.bytes -= packet.data.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::PacketKind;
    use bytes::Bytes;

    fn push(buffer: &ReplayBuffer, frames: std::ops::Range<i64>, bytes: usize, with_video: bool) {
        for index in frames {
            let at = Timestamp::from_millis(index * 40);
            let packet = |kind| Packet { kind, pts: at, dts: at, captured_at: at, data: Bytes::from(vec![7; bytes]) };
            if with_video {
                buffer.push(&packet(PacketKind::Video { keyframe: index % 50 == 0 }));
            }
            buffer.push(&packet(PacketKind::Audio));
        }
    }

    fn span(packets: &[Packet]) -> Duration {
        packets[packets.len() - 1].dts.since(packets[0].dts)
    }

    #[test]
    fn the_last_seconds_are_there_from_a_keyframe_on() {
        let buffer = ReplayBuffer::new(Duration::from_secs(10), true);
        push(&buffer, 7..40, 10, true);
        assert!(buffer.packets().is_empty(), "no keyframe yet");
        push(&buffer, 40..300, 10, true);
        let packets = buffer.packets();
        assert!(packets[0].is_keyframe() && packets[0].dts == Timestamp::from_millis(2000));
        push(&buffer, 300..2000, 10, true);
        let packets = buffer.packets();
        assert!(packets[0].is_keyframe());
        let length = span(&packets);
        assert!((Duration::from_secs(10)..Duration::from_secs(12)).contains(&length), "{length:?}");
        assert_eq!(packets.len() as u128, 2 * (length.as_millis() / 40 + 1), "nothing between is missing");
    }

    #[test]
    fn memory_is_bounded_and_sound_alone_is_kept_too() {
        let buffer = ReplayBuffer::new(Duration::from_secs(3600), true);
        push(&buffer, 0..1000, 200_000, true);
        let packets = buffer.packets();
        let bytes: usize = packets.iter().map(|packet| packet.data.len()).sum();
        assert!(bytes <= ReplayBuffer::BYTES_MAX && bytes > ReplayBuffer::BYTES_MAX / 2, "{bytes}");
        assert!(packets[0].is_keyframe());
        push(&buffer, 1001..1040, 2_000_000, true);
        assert!(buffer.packets().is_empty(), "one keyframe with more than fits");
        let sound = ReplayBuffer::new(Duration::from_secs(10), false);
        push(&sound, 0..1000, 10, false);
        assert_eq!(span(&sound.packets()).as_secs(), 10);
    }
}
