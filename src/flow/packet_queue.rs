//! `PacketQueue`: packets on their way to one output, bounded by media time.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::Popped;
use super::train::Train;
use crate::media::{Packet, Timestamp};

/// A queue that holds less than this would drop pictures for a train.
const ROOM_FOR_TRAIN: Duration = Duration::from_millis(500);

/// A queue of packets to one output. Full policy: once more than `limit` of media time waits, video is
/// dropped up to the next keyframe and counted; audio is never dropped (it is small, and a hole in it is
/// heard), except beyond `AUDIO_PACKETS_MAX`, where the output is dead and the oldest goes. What the full queue
/// has dropped is a `Hole`, told once to an output that asks.
#[derive(Clone, Debug)]
pub struct PacketQueue(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    packets: VecDeque<Packet>,
    limit: Duration,
    bytes_max: usize,
    bytes: usize,
    waiting_for_keyframe: bool,
    dropped_video: u64,
    /// Lost so far because the queue was full.
    lost: Hole,
    /// Of that, what lies before the newest packet taken.
    passed: Hole,
    /// Of that, what the output was told.
    told: Hole,
    closed: bool,
    waker: Option<Waker>,
    train: Train,
    /// Bytes of a train that leaves: not told yet.
    leaves: Option<u64>,
}

/// What a full queue has lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hole {
    /// Video packets.
    pub frames: u64,
    /// Audio packets.
    pub audio_packets: u64,
}

/// What `PacketQueue::push` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It waits in the queue.
    Queued,
    /// It, and video before it, was dropped; the output can go on at the next keyframe.
    Dropped,
    /// The output begins, or goes on, with the next keyframe: what passes before it is no loss of the queue.
    Passed,
    /// The output is closed.
    Closed,
}

/// How full a queue is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct QueueGauge {
    /// Media time waiting.
    pub waiting: Duration,
    /// Payload bytes waiting.
    pub bytes: usize,
    /// Waiting ÷ allowed, 0..=1.
    pub congestion: f32,
    /// Video packets dropped so far.
    pub dropped: u64,
    /// Lost so far because the queue was full; what came before the first keyframe is no loss.
    pub lost: Hole,
    /// What waits is held back for a train.
    pub holds: bool,
}

impl PacketQueue {
    /// About 3 minutes of AAC frames: what a dead output may hold.
    const AUDIO_PACKETS_MAX: usize = 8192;

    /// A queue that holds at most `limit` of media time.
    pub fn new(limit: Duration) -> Self {
        let state = State {
            packets: VecDeque::new(),
            limit,
            bytes_max: usize::MAX,
            bytes: 0,
            waiting_for_keyframe: false,
            dropped_video: 0,
            lost: Hole::default(),
            passed: Hole::default(),
            told: Hole::default(),
            closed: false,
            waker: None,
            train: Train::default(),
            leaves: None,
        };
        Self(Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() }))
    }

    /// A queue that holds at most `limit` of media time and `bytes_max` of payload.
    pub fn bounded(limit: Duration, bytes_max: usize) -> Self {
        let queue = Self::new(limit);
        queue.lock().bytes_max = bytes_max;
        queue
    }

    /// Puts a packet; never blocks.
    pub fn push(&self, packet: Packet) -> Pushed {
        let mut state = self.lock();
        if state.closed {
            return Pushed::Closed;
        }
        let done = state.push(packet);
        let waker = state.waker.take();
        drop(state);
        self.0.changed.notify_one();
        if let Some(waker) = waker {
            waker.wake();
        }
        done
    }

    /// Takes the oldest packet, waiting at most `limit` (for outputs with a thread of their own).
    pub fn pop(&self, limit: Duration) -> Popped<Packet> {
        let state = self.lock();
        let (mut state, _) = self
            .0
            .changed
            .wait_timeout_while(state, limit, |s| (s.packets.is_empty() || s.train.holds()) && !s.closed)
            .unwrap_or_else(PoisonError::into_inner);
        match state.pop() {
            Some(packet) => Popped::Value(packet),
            None if state.closed => Popped::Closed,
            None => Popped::Empty,
        }
    }

    /// Takes the oldest packet or registers the task (for outputs on an async runtime; one task only).
    /// `Ready(None)`: closed and drained.
    pub fn poll_pop(&self, cx: &mut Context<'_>) -> Poll<Option<Packet>> {
        let mut state = self.lock();
        if let Some(packet) = state.pop() {
            return Poll::Ready(Some(packet));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Takes the oldest packet if there is one.
    pub fn try_pop(&self) -> Option<Packet> {
        self.lock().pop()
    }

    /// Whether the packet that comes next is a keyframe.
    pub fn begins_with_keyframe(&self) -> bool {
        self.lock().packets.front().is_some_and(Packet::is_keyframe)
    }

    /// Decode time of the packet to be taken next.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.lock().packets.front().map(|packet| packet.dts)
    }

    /// Decode time of the packet that was put last.
    pub fn newest(&self) -> Option<Timestamp> {
        self.lock().packets.back().map(|packet| packet.dts)
    }

    /// Packets are held back for a moment before the next keyframe, a quarter of a second at most, and then leave together, as
    /// a train of about `bytes_max` at most.
    pub fn want_train(&self, bytes_max: u64) {
        self.lock().train.want(bytes_max);
    }

    /// Bytes of the train whose first packet is taken next or was taken last; told once.
    pub fn take_train(&self) -> Option<u64> {
        self.lock().leaves.take()
    }

    /// What is missing right before the packet that was taken last, or at the end of a queue that is closed and
    /// drained. Each hole is given once, whole.
    pub fn take_hole(&self) -> Option<Hole> {
        let mut state = self.lock();
        let hole = Hole {
            frames: state.passed.frames - state.told.frames,
            audio_packets: state.passed.audio_packets - state.told.audio_packets,
        };
        state.told = state.passed;
        (hole != Hole::default()).then_some(hole)
    }

    /// Empties the queue, for an output that starts afresh; the next video packet taken is a keyframe.
    pub fn clear_to_keyframe(&self) {
        let mut state = self.lock();
        let dropped = state.packets.iter().filter(|p| p.is_video()).count();
        state.dropped_video += dropped as u64;
        state.packets.clear();
        state.bytes = 0;
        state.begin_anew();
    }

    /// For an output that was lost: pictures that wait go, and the next one taken is a keyframe; sound is kept.
    pub fn keep_sound(&self) {
        let mut state = self.lock();
        state.drop_video_before(usize::MAX);
        state.begin_anew();
    }

    /// For an output that goes on elsewhere: pictures that wait before the first keyframe go, and sound that is older than
    /// that, or than the newest where none waits, by more than `sound_kept`; the rest is kept. `false`: no keyframe waits, and
    /// the next picture taken will be one.
    pub fn skip_to_keyframe(&self, sound_kept: Duration) -> bool {
        let mut state = self.lock();
        state.give_up_train();
        let first = state.packets.iter().position(Packet::is_keyframe);
        let goes_on = first.map_or_else(|| state.packets.back(), |first| state.packets.get(first));
        let goes_on = goes_on.map_or(Timestamp::ZERO, |packet| packet.dts);
        state.drop_video_before(first.unwrap_or(usize::MAX));
        state.drop_audio_unless(|packet| goes_on.since(packet.dts) <= sound_kept);
        if first.is_none() {
            state.begin_anew();
        }
        first.is_some()
    }

    /// Puts packets that were taken but did not arrive before all others, in their order.
    pub fn put_back(&self, packets: Vec<Packet>) {
        let mut state = self.lock();
        state.give_up_train();
        for packet in packets.into_iter().rev() {
            state.bytes += packet.data.len();
            state.packets.push_front(packet);
        }
    }

    /// Refuses further packets; what is queued can still be taken.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.give_up_train();
        let waker = state.waker.take();
        drop(state);
        self.0.changed.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// From now on holds at most `limit` of media time.
    pub fn set_limit(&self, limit: Duration) {
        self.lock().limit = limit;
    }

    /// Whether it refuses pictures until a keyframe comes, having been full: the sooner one is made, the shorter the hole.
    pub fn wants_keyframe(&self) -> bool {
        let state = self.lock();
        state.waiting_for_keyframe && state.lost.frames > state.passed.frames
    }

    /// How full it is.
    pub fn gauge(&self) -> QueueGauge {
        let state = self.lock();
        let waiting = state.waiting();
        let holds = state.train.holds();
        let congestion = match holds {
            true => 0.0,
            false => (waiting.as_secs_f32() / state.limit.as_secs_f32().max(1e-3)).min(1.0),
        };
        QueueGauge { waiting, bytes: state.bytes, congestion, dropped: state.dropped_video, lost: state.lost, holds }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, packet: Packet) -> Pushed {
        let (at, keyframe) = (packet.dts, packet.is_keyframe());
        let has_room = self.limit >= ROOM_FOR_TRAIN && !self.waiting_for_keyframe;
        self.train.comes(at, packet.data.len() as u64, keyframe, has_room && self.packets.is_empty());
        let pushed = self.take_in(packet);
        if pushed != Pushed::Queued {
            self.give_up_train();
        } else if self.train.leaves(at, keyframe) {
            self.leaves = Some(self.bytes as u64);
        }
        pushed
    }

    fn take_in(&mut self, packet: Packet) -> Pushed {
        if packet.is_video() {
            if self.waiting_for_keyframe && !packet.is_keyframe() {
                // At an output's start nothing is missing yet.
                if self.lost.frames == self.passed.frames {
                    return Pushed::Passed;
                }
                self.dropped_video += 1;
                self.lost.frames += 1;
                return Pushed::Dropped;
            }
            if !self.make_room_for(&packet) && !packet.is_keyframe() {
                self.waiting_for_keyframe = true;
                self.dropped_video += 1;
                self.lost.frames += 1;
                return Pushed::Dropped;
            }
            self.waiting_for_keyframe = false;
        } else if self.holds_most_sound() {
            self.drop_oldest_audio();
        }
        self.bytes += packet.data.len();
        self.packets.push_back(packet);
        Pushed::Queued
    }

    fn pop(&mut self) -> Option<Packet> {
        if self.train.holds() {
            return None;
        }
        let packet = self.packets.pop_front();
        // All waiting video is dropped together, so what is missing lies before the oldest picture, and is whole
        // only when that is taken.
        let is_past_hole = match &packet {
            Some(packet) => packet.is_video() || self.lost.frames == self.passed.frames,
            None => self.closed,
        };
        if is_past_hole {
            self.passed = self.lost;
        }
        self.bytes -= packet.as_ref().map_or(0, |packet| packet.data.len());
        packet
    }

    /// Nothing is held back, and what leaves is no train.
    fn give_up_train(&mut self) {
        self.train.give_up();
        self.leaves = None;
    }

    /// The next picture is a keyframe, and no hole is told before it.
    fn begin_anew(&mut self) {
        self.give_up_train();
        self.waiting_for_keyframe = true;
        (self.passed, self.told) = (self.lost, self.lost);
    }

    /// Drops as many of the oldest pictures, up to a keyframe, as are too many with `packet`. `false`: it had to be all.
    fn make_room_for(&mut self, packet: &Packet) -> bool {
        while self.span_with(packet.dts) > self.limit || self.bytes + packet.data.len() > self.bytes_max {
            let oldest = self.packets.iter().position(Packet::is_video);
            let next = self.packets.iter().enumerate().skip(oldest.map_or(0, |at| at + 1));
            let Some(next) = next.filter(|(_, waiting)| waiting.is_keyframe()).map(|(at, _)| at).next() else {
                self.lost.frames += self.drop_video_before(usize::MAX);
                return false;
            };
            self.lost.frames += self.drop_video_before(next);
        }
        true
    }

    /// Drops pictures of which fewer than `end` packets wait ahead; gives their number.
    fn drop_video_before(&mut self, end: usize) -> u64 {
        let (before, mut place) = (self.packets.len(), 0);
        self.packets.retain(|packet| {
            place += 1;
            place > end || !packet.is_video()
        });
        let dropped = (before - self.packets.len()) as u64;
        self.dropped_video += dropped;
        self.count_bytes();
        dropped
    }

    fn drop_audio_unless(&mut self, kept: impl Fn(&Packet) -> bool) {
        self.packets.retain(|packet| packet.is_video() || kept(packet));
        self.count_bytes();
    }

    fn count_bytes(&mut self) {
        self.bytes = self.packets.iter().map(|packet| packet.data.len()).sum();
    }

    fn holds_most_sound(&self) -> bool {
        let sound = || self.packets.iter().filter(|packet| !packet.is_video()).count();
        self.packets.len() >= PacketQueue::AUDIO_PACKETS_MAX && sound() >= PacketQueue::AUDIO_PACKETS_MAX
    }

    fn drop_oldest_audio(&mut self) {
        let oldest = self.packets.iter().position(|packet| !packet.is_video());
        if let Some(packet) = oldest.and_then(|at| self.packets.remove(at)) {
            self.bytes -= packet.data.len();
            self.lost.audio_packets += 1;
        }
    }

    fn span_with(&self, newest: Timestamp) -> Duration {
        self.packets.iter().find(|p| p.is_video()).map_or(Duration::ZERO, |oldest| newest.since(oldest.dts))
    }

    fn waiting(&self) -> Duration {
        match (self.packets.front(), self.packets.back()) {
            (Some(oldest), Some(newest)) => newest.dts.since(oldest.dts),
            _ => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::PacketKind;
    use bytes::Bytes;

    fn packet(kind: PacketKind, millis: i64) -> Packet {
        let at = Timestamp::from_millis(millis);
        Packet { kind, pts: at, dts: at, captured_at: at, data: Bytes::from_static(b"0123456789") }
    }

    fn video(keyframe: bool, millis: i64) -> Packet {
        packet(PacketKind::Video { keyframe }, millis)
    }

    fn drain(queue: &PacketQueue) -> Vec<Packet> {
        std::iter::from_fn(|| queue.try_pop()).collect()
    }

    #[test]
    fn congestion_drops_video_to_the_next_keyframe_and_never_audio() {
        let queue = PacketQueue::new(Duration::from_millis(700));
        let mut audio = 0;
        for i in 0..45 {
            let at = i * 33;
            queue.push(video(i % 30 == 0, at));
            queue.push(packet(PacketKind::Audio, at));
            audio += 1;
        }
        let taken = drain(&queue);
        assert_eq!(taken.iter().filter(|p| !p.is_video()).count(), audio);
        let first = taken.iter().find(|p| p.is_video()).unwrap();
        assert!(first.is_keyframe(), "decoding must be able to go on");
        assert_eq!(first.dts, Timestamp::from_millis(30 * 33));
        assert_eq!(queue.gauge().bytes, 0);
        let kept = taken.iter().filter(|p| p.is_video()).count() as u64;
        assert_eq!(queue.gauge().dropped + kept, 45);
    }

    #[test]
    fn a_full_queue_keeps_what_can_be_decoded_without_what_it_drops() {
        let queue = PacketQueue::new(Duration::from_secs(5));
        for i in 0..400 {
            queue.push(video(i % 50 == 0, i * 40));
            queue.push(packet(PacketKind::Audio, i * 40));
        }
        let taken = drain(&queue);
        let pictures: Vec<_> = taken.iter().filter(|p| p.is_video()).map(|p| p.dts.as_millis()).collect();
        assert_eq!((pictures[0], pictures.len()), (12_000, 100), "the last two groups, and no more than 5 s");
        assert_eq!(taken.len(), 500, "and all sound");
        assert_eq!(queue.gauge().dropped, 300);
        // By bytes too.
        let queue = PacketQueue::bounded(Duration::from_secs(5), 25);
        (0..4).for_each(|i| assert_eq!(queue.push(video(i % 2 == 0, i * 40)), Pushed::Queued));
        assert_eq!(drain(&queue).len(), 2);
    }

    #[test]
    fn a_hole_is_told_once_when_what_follows_it_is_taken() {
        let queue = PacketQueue::new(Duration::from_millis(700));
        queue.clear_to_keyframe();
        queue.push(video(false, 0));
        queue.push(video(true, 33));
        assert!(queue.try_pop().is_some() && queue.take_hole().is_none(), "what came before the start is not missing");
        for i in 2..80 {
            queue.push(video(i % 30 == 0, i * 33));
            queue.push(packet(PacketKind::Audio, i * 33));
        }
        assert!(queue.try_pop().is_some_and(|p| !p.is_video()));
        assert_eq!(queue.take_hole(), None, "it may still grow");
        let picture = std::iter::from_fn(|| queue.try_pop()).find(Packet::is_video).unwrap();
        let lost = queue.gauge().lost;
        assert!(picture.is_keyframe() && lost == Hole { frames: 58, audio_packets: 0 }, "{lost:?}");
        assert_eq!((queue.take_hole(), queue.take_hole()), (Some(lost), None));
        assert_eq!(drain(&queue).len(), 39, "picture and sound go on from that keyframe");
    }

    #[test]
    fn a_hole_at_the_end_and_one_in_sound_alone_are_told() {
        let queue = PacketQueue::new(Duration::from_millis(700));
        for i in 0..30 {
            queue.push(video(i == 0, i * 33));
        }
        queue.close();
        assert!(queue.try_pop().is_none());
        assert_eq!(queue.take_hole(), Some(Hole { frames: 30, audio_packets: 0 }));
        let queue = PacketQueue::new(Duration::from_millis(700));
        for i in 0..PacketQueue::AUDIO_PACKETS_MAX as i64 + 3 {
            queue.push(packet(PacketKind::Audio, i * 21));
        }
        assert_eq!(queue.try_pop().map(|p| p.dts), Some(Timestamp::from_millis(63)));
        assert_eq!(queue.take_hole(), Some(Hole { frames: 0, audio_packets: 3 }));
        assert_eq!(drain(&queue).len(), PacketQueue::AUDIO_PACKETS_MAX - 1);
        assert_eq!(queue.gauge().bytes, 0);
    }

    #[test]
    fn many_pictures_a_second_cost_no_sound() {
        let queue = PacketQueue::bounded(Duration::from_secs(60), usize::MAX);
        let pictures = (0..60 * 120).map(|i| video(i % 240 == 0, i * 1000 / 120));
        let sound = (0..60 * 47).map(|i| packet(PacketKind::Audio, i * 1000 / 47));
        let mut all: Vec<_> = pictures.chain(sound).collect();
        all.sort_by_key(|packet| packet.dts);
        all.into_iter().for_each(|packet| assert_eq!(queue.push(packet), Pushed::Queued));
        assert_eq!(drain(&queue).len(), 60 * (120 + 47));
        assert_eq!(queue.gauge().lost, Hole::default());
    }

    #[test]
    fn the_gauge_tells_media_time_and_bytes() {
        let queue = PacketQueue::new(Duration::from_millis(1000));
        queue.push(video(true, 0));
        queue.push(video(false, 500));
        let gauge = queue.gauge();
        assert_eq!((gauge.waiting, gauge.bytes), (Duration::from_millis(500), 20));
        assert!((gauge.congestion - 0.5).abs() < 1e-3);
    }

    #[test]
    fn a_fresh_start_waits_for_a_keyframe() {
        let queue = PacketQueue::new(Duration::from_millis(700));
        queue.push(video(true, 0));
        queue.clear_to_keyframe();
        assert_eq!((queue.push(video(false, 33)), queue.gauge().dropped), (Pushed::Passed, 1));
        assert_eq!(queue.push(video(true, 66)), Pushed::Queued);
        assert_eq!(drain(&queue).len(), 1);
    }

    #[test]
    fn close_drains_then_ends_and_wakes_the_task() {
        let queue = PacketQueue::new(Duration::from_millis(700));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(queue.poll_pop(&mut cx).is_pending());
        queue.push(video(true, 0));
        queue.close();
        assert!(matches!(queue.poll_pop(&mut cx), Poll::Ready(Some(_))));
        assert!(matches!(queue.poll_pop(&mut cx), Poll::Ready(None)));
        assert_eq!(queue.push(video(true, 0)), Pushed::Closed);
        assert!(matches!(queue.pop(Duration::ZERO), Popped::Closed));
    }
}
