//! What a recording took last: where its file can grow no more, the next one begins with it. Pure.

use std::time::Duration;

use crate::media::{Packet, Timestamp};

/// Shortest piece: what is written at once.
const PIECE_MIN: Duration = Duration::from_secs(1);

/// Something that a file took.
#[derive(Debug)]
pub(super) enum Taken {
    Packet(Packet),
    /// Something is missing here.
    Hole,
}

/// The last two pieces, each from a keyframe on: one that is whole, so that where it goes its room is left for the sound that
/// still comes, and the one that is being written. Packets are shared, as they are with replays.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    whole: Vec<Taken>,
    newest: Vec<Taken>,
}

impl Pieces {
    /// Whether a keyframe at `at` ends the newest.
    pub(super) fn is_due(&self, at: Timestamp) -> bool {
        let begun = self.newest.iter().find_map(|taken| match taken {
            Taken::Packet(packet) => Some(packet.dts),
            Taken::Hole => None,
        });
        begun.is_some_and(|begun| at.since(begun) >= PIECE_MIN)
    }

    /// The newest is whole; another one begins.
    pub(super) fn end_newest(&mut self) {
        self.whole = std::mem::take(&mut self.newest);
    }

    pub(super) fn push(&mut self, taken: Taken) {
        self.newest.push(taken);
    }

    /// Takes both out.
    pub(super) fn take(&mut self) -> Vec<Taken> {
        let mut all = std::mem::take(&mut self.whole);
        all.append(&mut self.newest);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::PacketKind;

    #[test]
    fn the_last_two_pieces_are_kept_in_their_order() {
        let mut pieces = Pieces::default();
        assert!(!pieces.is_due(Timestamp::from_millis(5000)), "nothing would be in it");
        for millis in [0, 500, 1000, 2000, 2500] {
            let at = Timestamp::from_millis(millis);
            if pieces.is_due(at) {
                pieces.end_newest();
            }
            let kind = PacketKind::Video { keyframe: true };
            pieces.push(Taken::Packet(Packet { kind, pts: at, dts: at, captured_at: at, data: Vec::new().into() }));
            pieces.push(Taken::Hole);
        }
        let kept = pieces.take().into_iter().map(|taken| match taken {
            Taken::Packet(packet) => packet.dts.as_millis(),
            Taken::Hole => -1,
        });
        assert_eq!(kept.collect::<Vec<_>>(), [1000, -1, 2000, -1, 2500, -1]);
        assert!(pieces.take().is_empty());
    }
}
