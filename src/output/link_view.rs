//! What is seen of a connection, and what is known of its link from that. Pure.

use std::time::Duration;

use crate::media::Timestamp;

/// What a train needs at most on a link that carries what was measured before.
const TRAIN: Duration = Duration::from_millis(450);
/// A queue that may hold less than this would drop pictures for a moment's delay.
const QUEUE_MIN: Duration = Duration::from_millis(100);

/// Data segments of a connection so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Segments {
    /// Sent, each as often as it was sent.
    pub sent: u64,
    /// Sent again because they were lost; less those that the peer says it had already.
    pub lost: u64,
}

/// How far a system opens its congestion window for what waits to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Window {
    /// Far enough, or it does not tell.
    #[default]
    Open,
    /// About as much is on its way as it allows.
    Full,
    /// That, and it is so small that the system looks how short the path is (BBR), or was frightened by losses.
    Tiny,
    /// Nothing is on its way, for the peer's own window is used up.
    Shut,
}

/// One look at a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkSample {
    /// When.
    pub at: Timestamp,
    /// Bytes that have reached the peer so far: acknowledged, also beyond a hole.
    pub acked: u64,
    /// Bytes that the system holds and that have not: on their way, or not sent yet.
    pub outstanding: u64,
    /// Bytes that are being written: the system does not take them yet.
    pub writing: u64,
    /// Bytes of packets in the queue.
    pub queued: u64,
    /// Smoothed round-trip time.
    pub rtt: Duration,
    /// The shortest round trip seen: that of the path alone.
    pub rtt_min: Duration,
    /// Data segments so far, if the system tells.
    pub segments: Option<Segments>,
    /// Whether the system's congestion window lets more go.
    pub window: Window,
    /// Bytes that the system has been given so far, counted as the server does: without what TLS adds.
    pub written: u64,
    /// Of these, what the server itself says it has; 0 until it does.
    pub confirmed: u64,
}

impl LinkSample {
    /// All that has not reached the peer, in bytes.
    pub fn backlog(&self) -> u64 {
        self.outstanding + self.writing + self.queued
    }
}

/// How a large packet, or a train of packets, went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    /// When it had.
    pub at: Timestamp,
    /// How fast, in b/s; of a train, how fast its second half: a shaped link lets what comes first through at once.
    pub bps: u64,
    /// It was a train.
    pub is_train: bool,
}

/// What is known of a link.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LinkView {
    /// What it carries in b/s, if it has set the pace long enough to measure.
    pub carried: Option<u64>,
    /// The same, known sooner and roughly.
    pub glimpsed: Option<u64>,
    /// Bytes that can not be dropped any more: the system holds them, or they are being written.
    pub ahead: u64,
    /// Bytes that have not reached the peer.
    pub backlog: u64,
    /// What a round trip usually takes while nothing waits on the path.
    pub path: Duration,
    /// How much later a byte is there than on an empty path, as far as that is known.
    pub delay: Duration,
    /// Bytes that the system may hold, where it has more than the path takes without a queue.
    pub room: Option<u64>,
    /// How long nothing has been acknowledged although something waits to be.
    pub silent: Duration,
    /// How the newest large packet or train went through.
    pub passed: Option<Passed>,
    /// Since when a train is on its way: what waits says nothing of the link.
    pub train_for: Option<Duration>,
    /// Data segments so far, if the system tells.
    pub segments: Option<Segments>,
    /// The peer's window and not the path sets the pace: `carried` is what goes on from there, standstills included.
    pub by_peer: bool,
    /// The peer takes nothing just now, and has not for a while.
    pub is_shut: bool,
    /// The path is narrow, and what the server acknowledges tells no more of it than the system does.
    pub is_plain: bool,
    /// Bytes that are heard of at once, where only what the server acknowledges tells how far they are.
    pub lump: u64,
}

impl LinkView {
    /// Whether a train is on its way that may well need as long as it does.
    pub fn has_train(&self) -> bool {
        self.train_for.is_some_and(|since| since < TRAIN)
    }

    /// Media time that the queue may hold if a viewer is to be `late` at most: less than that by what the system and the
    /// routers hold, which can not be dropped any more. Where the peer sets the pace that moves in lumps: while it stands still
    /// nothing else would be left in the queue, and the next lump would go out half empty.
    pub fn queue_limit(&self, late: Duration) -> Duration {
        let ahead = match self.carried.filter(|_| !self.by_peer) {
            Some(bps) => delay_of(self.ahead, bps, self.path),
            None => Duration::ZERO,
        };
        late.saturating_sub(ahead).max(QUEUE_MIN)
    }
}

/// How much later than on an empty path the last of `bytes` is there, at `bps`.
pub(super) fn delay_of(bytes: u64, bps: u64, path: Duration) -> Duration {
    Duration::from_secs_f64((bytes as f64 * 8.0 / bps.max(10_000) as f64).min(60.0)).saturating_sub(path)
}
