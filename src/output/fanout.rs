//! One encode feeds every output: the list of packet queues, who is active, and the wish for a keyframe.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::flow::{PacketQueue, Pushed, ReplayBuffer};
use crate::media::Packet;

/// Sound of an outage that is handed in afterwards: what was missed for longer is no use to somebody who watches.
const SOUND_KEPT: Duration = Duration::from_secs(6);

/// Hands each packet to every active output. Cheap to clone. The encoder never waits for an output.
#[derive(Clone, Debug, Default)]
pub struct Fanout(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    outputs: Mutex<Vec<Slot>>,
    active: AtomicUsize,
    listening: AtomicUsize,
    keyframe_wanted: AtomicBool,
    /// Keeps what passes: no output, nothing is encoded for it.
    replay: Mutex<Option<ReplayBuffer>>,
}

#[derive(Debug)]
struct Slot {
    queue: PacketQueue,
    state: SlotState,
    /// It was live and is back, or will be: a picture that passes before its keyframe is missed.
    comes_back: bool,
    counts: Arc<Counts>,
}

/// Pictures that an output did not get, its queue's own apart.
#[derive(Debug, Default)]
struct Counts {
    /// Passed while its connection was lost, or were not made because nobody else took them either.
    away: AtomicU64,
    /// Were taken out of the queue and did not arrive.
    lost: AtomicU64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SlotState {
    /// Not yet live: what passes is not its loss.
    Waiting,
    /// Takes packets.
    Active,
    /// Was live and will be again: video that passes meanwhile is counted as missed while away, sound waits.
    Suspended,
    /// The same for so long that the sound is dropped too.
    Away,
}

/// An output's own end of the fan-out.
#[derive(Clone, Debug)]
pub struct OutputHandle {
    fanout: Fanout,
    index: usize,
    queue: PacketQueue,
    counts: Arc<Counts>,
}

impl Fanout {
    /// No outputs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an output that takes packets from `queue`, inactive at first.
    pub fn add(&self, queue: PacketQueue) -> OutputHandle {
        let mut outputs = self.0.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = Arc::<Counts>::default();
        outputs.push(Slot {
            queue: queue.clone(),
            state: SlotState::Waiting,
            comes_back: false,
            counts: Arc::clone(&counts),
        });
        OutputHandle { fanout: self.clone(), index: outputs.len() - 1, queue, counts }
    }

    /// From now on `replay` keeps what passes.
    pub fn keep_in(&self, replay: ReplayBuffer) {
        *self.0.replay.lock().unwrap_or_else(PoisonError::into_inner) = Some(replay);
    }

    /// Whether any output takes pictures: when none does, none is encoded.
    pub fn is_active(&self) -> bool {
        self.0.active.load(Ordering::Acquire) > 0
    }

    /// Whether any output takes sound: one whose connection is lost does.
    pub fn takes_sound(&self) -> bool {
        self.0.listening.load(Ordering::Acquire) > 0
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
        let mut outputs = self.0.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gone = false;
        for slot in outputs.iter_mut() {
            match slot.state {
                SlotState::Active => {
                    let pushed = slot.queue.push(packet.clone());
                    if pushed == Pushed::Passed && slot.comes_back {
                        slot.miss_a_picture();
                    }
                }
                SlotState::Suspended | SlotState::Away if packet.is_video() => slot.miss_a_picture(),
                SlotState::Suspended => {
                    slot.queue.push(packet.clone());
                    if slot.queue.gauge().waiting > SOUND_KEPT {
                        slot.queue.clear_to_keyframe();
                        slot.state = SlotState::Away;
                        gone = true;
                    }
                }
                SlotState::Away | SlotState::Waiting => {}
            }
        }
        if gone {
            self.count(&outputs);
        }
    }

    /// A picture is not made, because no output takes one: those whose connection is lost miss it all the same.
    pub fn leave_out_picture(&self) {
        let outputs = self.0.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        let lost = outputs.iter().filter(|slot| matches!(slot.state, SlotState::Suspended | SlotState::Away));
        lost.for_each(Slot::miss_a_picture);
    }

    /// Closes every queue: the outputs send what they hold and end.
    pub fn close(&self) {
        let outputs = self.0.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        for slot in outputs.iter() {
            slot.queue.close();
        }
    }

    fn state(&self, index: usize) -> Option<SlotState> {
        let outputs = self.0.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        outputs.get(index).map(|slot| slot.state)
    }

    fn set_state(&self, index: usize, state: SlotState) {
        let mut outputs = self.0.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = outputs.get_mut(index) {
            slot.comes_back = match state {
                SlotState::Waiting => false,
                SlotState::Active => slot.comes_back,
                SlotState::Suspended | SlotState::Away => true,
            };
            slot.state = state;
        }
        self.count(&outputs);
    }

    fn count(&self, outputs: &[Slot]) {
        let count = |state| outputs.iter().filter(|slot| slot.state == state).count();
        let active = count(SlotState::Active);
        self.0.active.store(active, Ordering::Release);
        self.0.listening.store(active + count(SlotState::Suspended), Ordering::Release);
    }
}

impl Slot {
    fn miss_a_picture(&self) {
        self.counts.away.fetch_add(1, Ordering::Relaxed);
    }
}

impl OutputHandle {
    /// From now on packets come; the first video packet will be a fresh keyframe.
    pub fn activate(&self) {
        self.queue.clear_to_keyframe();
        self.takes_from_the_next_keyframe();
    }

    /// From now on packets come again. The sound of a short outage is kept, and a fresh keyframe follows it.
    pub fn resume(&self) {
        if self.fanout.state(self.index) == Some(SlotState::Away) {
            return self.activate();
        }
        self.takes_from_the_next_keyframe();
    }

    /// From now on packets come, and what waits since the connection was lost is kept: pictures from the first keyframe on,
    /// and their sound, with some of what comes before.
    pub fn go_on(&self) {
        match self.queue.skip_to_keyframe(SOUND_KEPT) {
            true => self.fanout.set_state(self.index, SlotState::Active),
            false => self.takes_from_the_next_keyframe(),
        }
    }

    /// In this order: a keyframe that comes between the two would be no use to an output that does not take it yet.
    fn takes_from_the_next_keyframe(&self) {
        self.fanout.set_state(self.index, SlotState::Active);
        self.request_keyframe();
    }

    /// No pictures until `resume` or `activate`: those that wait count as dropped, and those that pass meanwhile as missed
    /// while away. Sound waits.
    pub fn suspend(&self) {
        self.queue.keep_sound();
        self.fanout.set_state(self.index, SlotState::Suspended);
    }

    /// It is over: no packets any more, and those that still wait count as dropped.
    pub fn give_up(&self) {
        self.deactivate();
        self.queue.clear_to_keyframe();
    }

    /// So many pictures were taken out of the queue and did not arrive.
    pub fn count_lost(&self, pictures: u64) {
        self.counts.lost.fetch_add(pictures, Ordering::Relaxed);
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

    /// Video packets lost by the network so far: dropped from the queue, or sent in vain.
    pub fn dropped(&self) -> u64 {
        self.queue.gauge().dropped + self.counts.lost.load(Ordering::Relaxed)
    }

    /// Pictures so far that it missed while its connection was lost.
    pub fn missed_away(&self) -> u64 {
        self.counts.away.load(Ordering::Relaxed)
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
        // What passed before the keyframe was for others: the network carried all that was sent.
        assert_eq!([first.dropped(), second.dropped()], [0, 0]);
        assert_eq!(second.missed_away(), 0, "it was not live yet");
    }

    #[test]
    fn what_passes_before_the_keyframe_of_its_return_is_missed_and_not_dropped() {
        let fanout = Fanout::new();
        let output = fanout.add(PacketQueue::new(Duration::from_secs(1)));
        for back in [OutputHandle::resume, OutputHandle::go_on] {
            output.activate();
            fanout.push(&video(true));
            assert!(output.queue().try_pop().is_some());
            let before = output.missed_away();
            output.suspend();
            back(&output);
            fanout.push(&video(false));
            fanout.push(&video(true));
            assert_eq!((output.dropped(), output.missed_away()), (0, before + 1));
            assert!(output.queue().try_pop().is_some_and(|packet| packet.is_keyframe()));
        }
    }

    #[test]
    fn what_passes_an_output_that_is_away_is_counted_apart_from_what_the_network_dropped() {
        let fanout = Fanout::new();
        let output = fanout.add(PacketQueue::new(Duration::from_secs(1)));
        fanout.push(&video(true));
        assert_eq!(output.dropped(), 0, "not live yet: nothing lost");
        output.activate();
        fanout.push(&video(true));
        output.suspend();
        fanout.push(&video(true));
        fanout.push(&video(false));
        assert_eq!((output.dropped(), output.missed_away()), (1, 2));
        assert!(!fanout.is_active() && fanout.takes_sound());
        fanout.leave_out_picture();
        assert_eq!((output.dropped(), output.missed_away()), (1, 3), "nobody takes one, and it is missed all the same");
        output.deactivate();
        fanout.leave_out_picture();
        assert!(!fanout.takes_sound());
        assert_eq!(output.missed_away(), 3, "it is over: nothing is its loss");
    }

    #[test]
    fn what_waits_for_an_output_that_is_given_up_is_dropped() {
        let fanout = Fanout::new();
        let output = fanout.add(PacketQueue::new(Duration::from_secs(1)));
        output.activate();
        fanout.push(&video(true));
        fanout.push(&video(false));
        output.count_lost(2);
        output.give_up();
        fanout.push(&video(true));
        assert_eq!((output.dropped(), output.queue().gauge().bytes), (4, 0));
    }

    #[test]
    fn the_sound_of_a_short_outage_is_kept_and_that_of_a_long_one_is_not() {
        for (seconds, kept) in [(3, true), (20, false)] {
            let fanout = Fanout::new();
            let output = fanout.add(PacketQueue::new(Duration::from_secs(1)));
            output.activate();
            let audio = |at| Packet { kind: PacketKind::Audio, pts: at, dts: at, ..video(false) };
            fanout.push(&video(true));
            output.suspend();
            for second in 0..=seconds {
                fanout.push(&audio(Timestamp::from_millis(second * 1000)));
                fanout.push(&video(second % 2 == 0));
            }
            let _wished_before = fanout.take_keyframe_wish();
            output.resume();
            assert!(fanout.take_keyframe_wish() && fanout.is_active());
            fanout.push(&video(false));
            fanout.push(&video(true));
            let taken: Vec<Packet> = std::iter::from_fn(|| output.queue().try_pop()).collect();
            let sounds = taken.iter().filter(|packet| !packet.is_video()).count();
            assert_eq!(sounds, if kept { 4 } else { 0 }, "{seconds} s");
            assert_eq!(taken.len() - sounds, 1, "from the keyframe on");
            assert!(taken.last().is_some_and(Packet::is_keyframe));
        }
    }

    #[test]
    fn who_missed_nothing_for_longer_than_he_keeps_goes_on_with_what_he_kept() {
        let fanout = Fanout::new();
        let output = fanout.add(PacketQueue::bounded(Duration::from_secs(5), 1_000_000));
        output.activate();
        let at = |packet: Packet, millis| Packet { dts: Timestamp::from_millis(millis), ..packet };
        for millis in (0..119_000).step_by(40) {
            fanout.push(&at(Packet { kind: PacketKind::Audio, ..video(false) }, millis));
            fanout.push(&at(video(millis % 2000 == 0), millis));
        }
        output.go_on();
        let taken: Vec<Packet> = std::iter::from_fn(|| output.queue().try_pop()).collect();
        let first = |is_video| taken.iter().find(|packet| packet.is_video() == is_video).unwrap().dts.as_millis();
        assert!((113_000..118_000).contains(&first(true)), "{}", first(true));
        assert_eq!(first(false), first(true) - 6000, "not sound of two minutes");
        assert_eq!(taken.last().unwrap().dts.as_millis(), 118_960);
        assert_eq!(output.queue().gauge().bytes, 0);
    }
}
