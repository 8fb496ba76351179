//! The link of one connection, looked at whenever something happens on it.

use std::time::Duration;

use tokio::net::TcpStream;

use super::tcp_info;
use crate::media::Timestamp;
use crate::output::{Link, LinkSample, LinkView, Window};

/// Time between looks: while a large packet is on its way, while anything is, and otherwise.
const LOOK_CLOSELY: Duration = Duration::from_millis(5);
const LOOK_BUSY: Duration = Duration::from_millis(50);
const LOOK_IDLE: Duration = Duration::from_millis(500);

/// So long after the path itself was narrow the server's word may be needed again.
const PLAIN_FOR: Duration = Duration::from_secs(20);

/// What waits on our side of the system, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    /// Is being written.
    pub(super) writing: u64,
    /// In the packet queue.
    pub(super) queued: u64,
    /// Written to the system so far.
    pub(super) written: u64,
    /// Of these, what the server says it has; 0 where it is not asked.
    pub(super) confirmed: u64,
}

/// Watches one connection.
#[derive(Debug)]
pub(super) struct Watch {
    link: Link,
    rtt: Option<Duration>,
    outstanding: u64,
    /// How many bytes the system may be given before the next look, where that is limited.
    room_left: Option<u64>,
    /// Bytes that have reached the peer, also beyond what was lost on the way: they tell what the link carries.
    reached: u64,
    /// How long the peer's window has held bytes back so far.
    held_by_peer: Duration,
    next: Timestamp,
    /// A packet that was handed to TLS and is not with the system yet.
    handed: Option<(Timestamp, u64)>,
    /// Bytes of a train whose first packet was just taken.
    train: Option<u64>,
    /// When the path itself was narrow last.
    plain_at: Option<Timestamp>,
}

impl Watch {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            link: Link::default(),
            rtt: None,
            outstanding: 0,
            room_left: None,
            reached: 0,
            held_by_peer: Duration::ZERO,
            next: now,
            handed: None,
            train: None,
            plain_at: None,
        }
    }

    /// A packet of `bytes` that was wanted by the socket since `started` has been handed over.
    pub(super) fn handed_over(&mut self, started: Timestamp, bytes: u64) {
        self.handed.get_or_insert((started, bytes));
    }

    /// The first packet of a train of `bytes` has been taken.
    pub(super) fn train_leaves(&mut self, bytes: u64) {
        self.train = Some(bytes);
    }

    /// Looks. `flushed`: all that was handed over is with the system.
    pub(super) fn look(&mut self, now: Timestamp, tcp: &TcpStream, waiting: Waiting, flushed: bool) -> LinkView {
        let figures = tcp_info::figures(tcp);
        self.rtt = figures.map(|figures| figures.rtt);
        self.outstanding = figures.map_or(0, |figures| figures.outstanding);
        let (acked, beyond) = figures.map_or((waiting.written, 0), |figures| (figures.acked, figures.beyond_a_hole));
        let held_by_peer = figures.map_or(Duration::ZERO, |figures| figures.held_by_peer);
        let is_held = std::mem::replace(&mut self.held_by_peer, held_by_peer) < held_by_peer;
        // For a moment nothing is on its way for other reasons as well.
        let is_told = |window: &Window| is_held || *window != Window::Shut;
        // Never less than before, however the system rounds.
        self.reached = self.reached.max(acked + beyond).min(acked + self.outstanding);
        let sample = LinkSample {
            at: now,
            acked: self.reached,
            outstanding: acked + self.outstanding - self.reached,
            writing: waiting.writing,
            queued: waiting.queued,
            rtt: figures.map_or(Duration::ZERO, |figures| figures.rtt),
            rtt_min: figures.map_or(Duration::ZERO, |figures| figures.rtt_min),
            segments: figures.and_then(|figures| figures.segments),
            window: figures.map(|figures| figures.window).filter(is_told).unwrap_or_default(),
            written: waiting.written,
            confirmed: if self.wants_acknowledgements(now) { waiting.confirmed.min(waiting.written) } else { 0 },
        };
        match (self.train.take(), self.handed.take_if(|_| flushed)) {
            (Some(bytes), _) => self.link.train_leaves(bytes, sample),
            (None, Some((started, bytes))) => self.link.handed_over(started, bytes, sample),
            (None, None) => self.link.observe(sample),
        }
        let view = self.link.view();
        self.plain_at = if view.is_plain { Some(now) } else { self.plain_at };
        self.room_left = view.room.map(|room| room.saturating_sub(sample.outstanding));
        let wait = match (self.room_left.is_some() || self.link.wants_looks(), sample.backlog()) {
            (true, _) => LOOK_CLOSELY,
            (false, 1..) => LOOK_BUSY,
            (false, 0) => LOOK_IDLE,
        };
        self.next = now + wait;
        view
    }

    /// Whether the server is to acknowledge often. Where the path itself is narrow its word is not needed, and a show that ends
    /// there leaves its tail to the system.
    pub(super) fn wants_acknowledgements(&self, now: Timestamp) -> bool {
        self.plain_at.is_none_or(|at| now.since(at) >= PLAIN_FOR)
    }

    /// Smoothed round-trip time, if the system tells.
    pub(super) fn rtt(&self) -> Option<Duration> {
        self.rtt
    }

    /// Bytes that the system holds: on their way, or not sent yet; 0 if it does not tell.
    pub(super) fn outstanding(&self) -> u64 {
        self.outstanding
    }

    /// How many bytes the system may be given before the next look, where that is limited.
    pub(super) fn room_left(&self) -> Option<u64> {
        self.room_left
    }

    /// The system was given so many bytes.
    pub(super) fn given(&mut self, bytes: u64) {
        self.room_left = self.room_left.map(|left| left.saturating_sub(bytes));
    }

    /// When to look again at the latest.
    pub(super) fn next(&self) -> Timestamp {
        self.next
    }
}
