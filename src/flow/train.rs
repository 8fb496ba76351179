//! A packet train: packets that are held back for a moment and then leave together. How fast they go through tells what a
//! link carries, where a show that is sent as it is made tells nothing. Pure.

use std::time::Duration;

use crate::media::Timestamp;

/// Packets are held back for so much media time at most, before a keyframe that then leaves with them.
const HELD_MAX: Duration = Duration::from_millis(250);
/// And for so much at least, however large the keyframe is.
const HELD_MIN: Duration = Duration::from_millis(60);
/// A train holds at least this part of what is wanted before its keyframe.
const IN_TIME: f64 = 0.8;
/// The keyframe may come so much later than it should.
const LATE: Duration = Duration::from_millis(100);
/// A train waits for the next keyframe for so long, and then leaves without one.
const PATIENCE: Duration = Duration::from_millis(2200);

/// Puts one train together, when asked to.
#[derive(Debug, Default)]
pub(super) struct Train {
    wanted: Option<Wanted>,
    /// Since which packet all are held back.
    held_since: Option<Timestamp>,
    last_keyframe: Option<Keyframe>,
    interval: Option<Duration>,
    /// Bytes of all that came since the last keyframe.
    since_keyframe: u64,
}

/// A train that is wanted.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    /// So large at most, in bytes.
    bytes_max: u64,
    /// When the first packet came by since.
    since: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug)]
struct Keyframe {
    at: Timestamp,
    bytes: u64,
}

impl Train {
    /// One is wanted, of `bytes_max` at most.
    pub(super) fn want(&mut self, bytes_max: u64) {
        if self.held_since.is_none() {
            self.wanted = Some(Wanted { bytes_max, since: None });
        }
    }

    /// No packet is to be taken.
    pub(super) fn holds(&self) -> bool {
        self.held_since.is_some()
    }

    /// Nothing is held back any more, and nothing will be.
    pub(super) fn give_up(&mut self) {
        (self.wanted, self.held_since) = (None, None);
    }

    /// A packet of `at` is about to wait. `may_begin`: no other does, and there is room for those of a train.
    pub(super) fn comes(&mut self, at: Timestamp, bytes: u64, keyframe: bool, may_begin: bool) {
        let last = self.last_keyframe;
        let due = last.zip(self.interval).map(|(last, interval)| last.at + interval);
        if keyframe {
            self.interval = last.map(|last| at.since(last.at));
            self.last_keyframe = Some(Keyframe { at, bytes });
            self.since_keyframe = 0;
        } else {
            self.since_keyframe += bytes;
        }
        let Some(wanted) = &mut self.wanted else { return };
        let waits = at.since(*wanted.since.get_or_insert(at));
        let held = last.map_or(HELD_MAX, |last| {
            let speed = self.since_keyframe as f64 / at.since(last.at).as_secs_f64().max(0.1);
            let others = wanted.bytes_max.saturating_sub(last.bytes) as f64 / speed.max(1.0);
            Duration::from_secs_f64(others.min(1.0)).clamp(HELD_MIN, HELD_MAX)
        });
        // One that is asked for right before a keyframe waits for the next: it would be too small to tell anything.
        let in_time = |due: Timestamp| due.since(at) + waits >= held.mul_f64(IN_TIME);
        let before_keyframe = due.is_some_and(|due| due > at && due.since(at) <= held && in_time(due));
        if self.held_since.is_none() && may_begin && !keyframe && (before_keyframe || waits >= PATIENCE) {
            self.held_since = Some(at);
        }
    }

    /// A packet of `at` waits now. Whether the train leaves.
    pub(super) fn leaves(&mut self, at: Timestamp, keyframe: bool) -> bool {
        let leaves = self.held_since.is_some_and(|since| keyframe || at.since(since) >= HELD_MAX + LATE);
        if leaves {
            self.give_up();
        }
        leaves
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use crate::flow::{PacketQueue, Pushed};
    use crate::media::{Packet, PacketKind, Timestamp};

    const INTERVAL: i64 = 2000;

    fn push(queue: &PacketQueue, kind: PacketKind, ms: i64) -> Pushed {
        let at = Timestamp::from_millis(ms);
        queue.push(Packet { kind, pts: at, dts: at, captured_at: at, data: Bytes::from_static(b"0123456789") })
    }

    /// Half a minute of pictures, 25 a second; a train is wanted at `wanted`, and `happens` is called at each picture.
    /// Gives when a train left, with its bytes.
    fn run(wanted: i64, interval: i64, happens: impl Fn(&PacketQueue, i64)) -> Vec<(i64, u64)> {
        let queue = PacketQueue::new(Duration::from_millis(550));
        let (mut trains, mut longest, mut last) = (Vec::new(), 0, 0);
        for ms in (0..30_000).step_by(40) {
            if ms == wanted {
                queue.want_train(100_000);
            }
            happens(&queue, ms);
            assert_eq!(push(&queue, PacketKind::Video { keyframe: ms % interval == 0 }, ms), Pushed::Queued);
            while let Some(packet) = queue.try_pop() {
                trains.extend(queue.take_train().map(|bytes| (ms, bytes)));
                longest = longest.max(packet.dts.as_millis() - last);
                last = packet.dts.as_millis();
            }
            if queue.gauge().waiting > Duration::ZERO {
                assert!(queue.gauge().holds && queue.gauge().congestion == 0.0);
            }
        }
        assert_eq!(longest, 40, "none is lost, and their order stays");
        assert_eq!(queue.gauge().lost.frames, 0);
        trains
    }

    #[test]
    fn a_train_leaves_with_the_next_keyframe() {
        for wanted in [6040, 6760, 7000, 7720] {
            // Held back from 7760 to 8000.
            assert_eq!(run(wanted, INTERVAL, |_, _| {}), [(8000, 70)], "{wanted}");
        }
        // Too late for that one: only a part of what is wanted would be held.
        for wanted in [7840, 7960, 8000] {
            assert_eq!(run(wanted, INTERVAL, |_, _| {}), [(10_000, 70)], "{wanted}");
        }
    }

    #[test]
    fn a_train_does_not_wait_long_for_a_keyframe() {
        assert_eq!(run(19_000, 10_000, |_, _| {}), [(20_000, 70)]);
        // None for many seconds; nobody knows when the next one comes.
        assert_eq!(run(11_000, 10_000, |_, _| {}), [(13_560, 100)]);
        assert_eq!(run(1000, 10_000, |_, _| {}), [(3560, 100)]);
    }

    #[test]
    fn nothing_is_held_back_where_it_would_be_lost_or_late() {
        // The show ends.
        let queue = PacketQueue::new(Duration::from_millis(550));
        queue.want_train(100_000);
        for ms in (0..=2200).step_by(40) {
            push(&queue, PacketKind::Video { keyframe: ms == 0 }, ms);
            assert_eq!(queue.try_pop().is_some(), ms < 2200, "{ms}");
        }
        assert!(queue.gauge().holds);
        queue.close();
        assert!(queue.try_pop().is_some());
        // The queue may not hold so much, or something waits already.
        let narrow = |queue: &PacketQueue, _| queue.set_limit(Duration::from_millis(300));
        assert_eq!(run(5000, INTERVAL, narrow), []);
    }
}
