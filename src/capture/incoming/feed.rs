//! The way into a receiver: units of a stream as they arrive, in a bounded queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;

use super::Track;
use super::picture::PictureEnd;
use super::sound::SoundEnd;
use crate::flow::{Popped, Queue};
use crate::media::Timestamp;

/// Units that wait at most: six seconds' at 30 pictures a second. The receiver takes them at once, so that more than a
/// few means that it hangs.
const UNITS_MAX: usize = 512;
/// Room beyond that for what must not be lost.
const NEWS_MAX: usize = 64;
/// Bytes that wait at most: a publisher decides how large its pictures are.
const BYTES_MAX: usize = 32 << 20;

/// What happens to a stream, in the order in which it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncomingUnit {
    /// Somebody publishes it: its time begins anew, and its headers follow.
    Started,
    /// Somebody publishes another one, which nobody waits for.
    Misnamed {
        /// Its application and name.
        name: String,
    },
    /// Nobody publishes it any more.
    Ended {
        /// How it ended, in words.
        reason: String,
    },
    /// Its picture or its sound is of a kind that cannot be decoded.
    Refused {
        /// Which.
        track: Track,
        /// What it is, and what it should be.
        reason: String,
    },
    /// What the decoder must know: an AVCDecoderConfigurationRecord, or an AudioSpecificConfig.
    Header {
        /// Whose.
        track: Track,
        /// The header.
        header: Bytes,
    },
    /// An H.264 access unit with length-prefixed NAL units, or a raw AAC frame.
    Coded {
        /// Which.
        track: Track,
        /// When it is decoded, by the sender's clock.
        dts: Timestamp,
        /// When it is shown or heard, by the sender's clock.
        pts: Timestamp,
        /// Whether decoding may begin with it; sound always may.
        keyframe: bool,
        /// The unit.
        data: Bytes,
        /// When it came.
        arrived_at: Timestamp,
    },
}

/// What a receiver is told.
#[derive(Debug)]
pub(super) enum Mail {
    Unit(IncomingUnit),
    /// Who shows the picture from now on.
    Show(PictureEnd),
    /// Who plays the sound from now on.
    Play(SoundEnd),
}

/// The way into a receiver. Cheap to clone. Full policy: a picture that does not fit is dropped with all up to the next
/// keyframe, sound alone; both are counted. What is no picture and no sound is never dropped by them.
#[derive(Clone, Debug)]
pub struct IncomingFeed {
    queue: Queue<Mail>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    bytes: AtomicUsize,
    dropped: AtomicU64,
    waits_for_keyframe: AtomicBool,
    closed: AtomicBool,
}

impl IncomingFeed {
    pub(super) fn new() -> Self {
        Self { queue: Queue::new(UNITS_MAX + NEWS_MAX), shared: Arc::default() }
    }

    /// Passes a unit on, without ever waiting.
    pub fn push(&self, unit: IncomingUnit) {
        let shared = &self.shared;
        if let IncomingUnit::Coded { track, keyframe, data, .. } = &unit {
            let fits =
                self.queue.waiting() < UNITS_MAX && shared.bytes.load(Ordering::Relaxed) + data.len() <= BYTES_MAX;
            let dropped = match track {
                Track::Sound => !fits,
                Track::Picture => !fits || (!keyframe && shared.waits_for_keyframe.load(Ordering::Relaxed)),
            };
            if *track == Track::Picture {
                shared.waits_for_keyframe.store(dropped, Ordering::Relaxed);
            }
            if dropped {
                shared.dropped.fetch_add(1, Ordering::Relaxed);
                return;
            }
            shared.bytes.fetch_add(data.len(), Ordering::Relaxed);
        }
        self.mail(Mail::Unit(unit));
    }

    /// Pictures and pieces of sound dropped so far because the receiver did not take them.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Whether the receiver is gone.
    pub fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::Acquire)
    }

    pub(super) fn mail(&self, mail: Mail) {
        if self.queue.push(mail).is_err() && !self.is_closed() {
            tracing::warn!("a receiver of an incoming stream hangs");
        }
    }

    pub(super) fn pop(&self, limit: Duration) -> Popped<Mail> {
        let popped = self.queue.pop(limit);
        if let Popped::Value(Mail::Unit(IncomingUnit::Coded { data, .. })) = &popped {
            self.shared.bytes.fetch_sub(data.len(), Ordering::Relaxed);
        }
        popped
    }

    pub(super) fn close(&self) {
        self.shared.closed.store(true, Ordering::Release);
        self.queue.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coded(track: Track, keyframe: bool, bytes: usize) -> IncomingUnit {
        let zero = Timestamp::ZERO;
        IncomingUnit::Coded { track, dts: zero, pts: zero, keyframe, data: vec![0; bytes].into(), arrived_at: zero }
    }

    fn take_all(feed: &IncomingFeed) -> Vec<(Track, bool)> {
        let mut taken = Vec::new();
        while let Popped::Value(mail) = feed.pop(Duration::ZERO) {
            if let Mail::Unit(IncomingUnit::Coded { track, keyframe, .. }) = mail {
                taken.push((track, keyframe));
            }
        }
        taken
    }

    #[test]
    fn a_full_feed_drops_pictures_up_to_the_next_keyframe() {
        let feed = IncomingFeed::new();
        feed.push(coded(Track::Picture, true, BYTES_MAX));
        feed.push(coded(Track::Picture, false, 1));
        feed.push(coded(Track::Sound, true, 1));
        assert_eq!((take_all(&feed), feed.dropped()), (vec![(Track::Picture, true)], 2));
        feed.push(coded(Track::Picture, false, 1));
        feed.push(coded(Track::Sound, true, 1));
        feed.push(coded(Track::Picture, true, 1));
        feed.push(coded(Track::Picture, false, 1));
        let taken = take_all(&feed);
        assert_eq!(taken, [(Track::Sound, true), (Track::Picture, true), (Track::Picture, false)]);
        assert_eq!(feed.dropped(), 3);
    }

    #[test]
    fn many_small_units_leave_room_for_news() {
        let feed = IncomingFeed::new();
        for _ in 0..2 * UNITS_MAX {
            feed.push(coded(Track::Sound, true, 1));
        }
        feed.push(IncomingUnit::Ended { reason: String::new() });
        assert_eq!(take_all(&feed).len(), UNITS_MAX);
        assert_eq!(feed.dropped(), UNITS_MAX as u64);
        feed.close();
        feed.push(IncomingUnit::Started);
        assert!(feed.is_closed() && matches!(feed.pop(Duration::ZERO), Popped::Closed));
    }
}
