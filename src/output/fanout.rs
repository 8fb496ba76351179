//! One encode feeds every output: the list of packet queues, who is active, and the wish for a keyframe.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::flow::{PacketQueue, ReplayBuffer};
use crate::media::Packet;

/// Hands each packet to every active output. Cheap to clone. The encoder never waits for an output.
#[derive(Clone, Debug, Default)]
pub struct Fanout(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    outputs: Mutex<Vec<Slot>>,
    active: AtomicUsize,
    keyframe_wanted: AtomicBool,
    /// Keeps what passes: no output, nothing is encoded for it.
    replay: Mutex<Option<ReplayBuffer>>,
}

#[derive(Debug)]
struct Slot {
    queue: PacketQueue,
    state: SlotState,
    missed: Arc<AtomicU64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SlotState {
    /// Not yet live: what passes is not its loss.
    Waiting,
    /// Takes packets.
    Active,
    /// Was live and will be again: video that passes meanwhile is dropped and counted.
    Suspended,
}

/// An output's own end of the fan-out.
#[derive(Clone, Debug)]
pub struct OutputHandle {
    fanout: Fanout,
    index: usize,
    queue: PacketQueue,
    missed: Arc<AtomicU64>,
}

impl Fanout {
    /// No outputs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an output that takes packets from `queue`, inactive at first.
    pub fn add(&self, queue: PacketQueue) -> OutputHandle {
        let mut outputs = self.0.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        let missed = Arc::new(AtomicU64::new(0));
        outputs.push(Slot { queue: queue.clone(), state: SlotState::Waiting, missed: Arc::clone(&missed) });
        OutputHandle { fanout: self.clone(), index: outputs.len() - 1, queue, missed }
    }

    /// From now on `replay` keeps what passes.
    pub fn keep_in(&self, replay: ReplayBuffer) {
        *self.0.replay.lock().unwrap_or_else(PoisonError::into_inner) = Some(replay);
    }

    /// Whether any output takes packets: when none does, nothing is encoded.
    pub fn is_active(&self) -> bool {
        self.0.active.load(Ordering::Acquire) > 0
    }

    /// Whether an output has asked for a keyframe since the last call.
    pub fn take_keyframe_wish(&self) -> bool {
        self.0.keyframe_wanted.swap(false, Ordering::AcqRel)
    }

    /// Hands a packet to every active output; never blocks.
    pub fn push(&self, packet: &Packet) {
        if let Some(replay) = &*self.0.replay.lock().unwrap_or_else(PoisonError::into_inner) {
            replay.push(packet);
        }
        let outputs = self.0.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        for slot in outputs.iter() {
            match slot.state {
                SlotState::Active => {
                    slot.queue.push(packet.clone());
                }
                SlotState::Suspended if packet.is_video() => {
                    slot.missed.fetch_add(1, Ordering::Relaxed);
                }
                SlotState::Suspended | SlotState::Waiting => {}
            }
        }
    }

    /// Closes every queue: the outputs send what they hold and end.
    pub fn close(&self) {
        let outputs = self.0.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        for slot in outputs.iter() {
            slot.queue.close();
        }
    }

    fn set_state(&self, index: usize, state: SlotState) {
        let mut outputs = self.0.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = outputs.get_mut(index) {
            slot.state = state;
        }
        let active = outputs.iter().filter(|slot| slot.state == SlotState::Active).count();
        self.0.active.store(active, Ordering::Release);
    }
}

impl OutputHandle {
    /// From now on packets come; the first video packet will be a fresh keyframe.
    pub fn activate(&self) {
        self.queue.clear_to_keyframe();
        self.request_keyframe();
        self.fanout.set_state(self.index, SlotState::Active);
    }

    /// From now on packets come, and what waits since the connection was lost is kept from its first keyframe on.
    pub fn go_on(&self) {
        self.queue.skip_to_keyframe();
        if self.queue.gauge().bytes == 0 {
            self.request_keyframe();
        }
        self.fanout.set_state(self.index, SlotState::Active);
    }

    /// No packets until `activate`; video that passes meanwhile counts as dropped.
    pub fn suspend(&self) {
        self.fanout.set_state(self.index, SlotState::Suspended);
    }

    /// No packets any more, and nothing counts as dropped.
    pub fn deactivate(&self) {
        self.fanout.set_state(self.index, SlotState::Waiting);
    }

    /// Asks the encoder for a keyframe as the next picture.
    pub fn request_keyframe(&self) {
        self.fanout.0.keyframe_wanted.store(true, Ordering::Release);
    }

    /// The queue.
    pub fn queue(&self) -> &PacketQueue {
        &self.queue
    }

    /// Video packets lost so far: dropped from the queue, or passed while suspended.
    pub fn dropped(&self) -> u64 {
        self.queue.gauge().dropped + self.missed.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{PacketKind, Timestamp};
    use bytes::Bytes;
    use std::time::Duration;

    fn video(keyframe: bool) -> Packet {
        let at = Timestamp::ZERO;
        Packet { kind: PacketKind::Video { keyframe }, pts: at, dts: at, captured_at: at, data: Bytes::new() }
    }

    #[test]
    fn only_active_outputs_get_packets_and_each_starts_at_a_keyframe() {
        let fanout = Fanout::new();
        let first = fanout.add(PacketQueue::new(Duration::from_secs(1)));
        let second = fanout.add(PacketQueue::new(Duration::from_secs(1)));
        assert!(!fanout.is_active());
        first.activate();
        assert!(fanout.is_active() && fanout.take_keyframe_wish() && !fanout.take_keyframe_wish());
        fanout.push(&video(true));
        second.activate();
        fanout.push(&video(false));
        fanout.push(&video(true));
        assert_eq!(std::iter::from_fn(|| first.queue().try_pop()).count(), 3);
        assert_eq!(std::iter::from_fn(|| second.queue().try_pop()).count(), 1);
        assert_eq!(first.dropped(), 0);
    }

    #[test]
    fn what_passes_a_suspended_output_is_dropped_and_counted() {
        let fanout = Fanout::new();
        let output = fanout.add(PacketQueue::new(Duration::from_secs(1)));
        fanout.push(&video(true));
        assert_eq!(output.dropped(), 0, "not live yet: nothing lost");
        output.activate();
        output.suspend();
        fanout.push(&video(true));
        fanout.push(&video(false));
        assert_eq!(output.dropped(), 2);
        assert!(!fanout.is_active());
    }
}
