//! One stream that somebody watches by HLS: it takes what is published, and wakes who waits for the next part.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::packager::{Left, Packager};
use crate::clock::unix_time;
use crate::ingest::StreamFacts;
use crate::ingest::unit::Unit;
use crate::media::Timestamp;

/// After this long without a request nobody watches, and nothing is kept any more.
const IDLE: Duration = Duration::from_secs(30);
/// After this long without a publisher players are told that the stream has ended: shorter breaks are only a pause.
const END_AFTER: Duration = Duration::from_secs(20);
/// A viewer who has not asked for this long is gone: the longest segment there is.
const VIEWER_GONE: Duration = Duration::from_secs(12);
/// Viewers that are told apart; more are counted as that many.
const VIEWERS_MAX: usize = 1000;

/// One stream's HLS.
#[derive(Debug)]
pub(in crate::ingest) struct LiveHls {
    packager: Mutex<Packager>,
    /// Told whenever something new is there.
    changed: watch::Sender<()>,
    watched: Mutex<Watched>,
}

#[derive(Debug)]
struct Watched {
    asked_at: Timestamp,
    /// When each viewer last asked.
    viewers: HashMap<String, Timestamp>,
    /// Since when nobody publishes.
    unpublished_at: Option<Timestamp>,
}

impl LiveHls {
    /// Begins with what came since the last keyframe, where the one before of this name left off; `facts` is what was measured so
    /// far.
    pub(in crate::ingest) fn new<'a>(
        now: Timestamp,
        facts: &StreamFacts,
        left: Option<Left>,
        recent: impl Iterator<Item = &'a Unit> + Clone,
    ) -> Self {
        let mut packager = Packager::new(facts.keyframe_seconds).paced(facts.fps).after(left);
        packager.catch_up(recent, unix_time());
        Self {
            packager: Mutex::new(packager),
            changed: watch::channel(()).0,
            watched: Mutex::new(Watched { asked_at: now, viewers: HashMap::new(), unpublished_at: None }),
        }
    }

    /// Takes a message.
    pub(in crate::ingest) fn take(&self, unit: &Unit) {
        if self.packager().take(unit, unix_time()) {
            self.wake();
        }
    }

    /// Somebody publishes, again.
    pub(in crate::ingest) fn published(&self) {
        self.watched().unpublished_at = None;
        self.packager().published();
    }

    /// The publish has ended.
    pub(in crate::ingest) fn unpublished(&self, now: Timestamp) {
        self.watched().unpublished_at = Some(now);
        self.packager().unpublished();
        self.wake();
    }

    /// Somebody asked; `viewer` tells viewers apart.
    pub(super) fn asked(&self, now: Timestamp, viewer: &str) {
        let mut watched = self.watched();
        watched.asked_at = now;
        if watched.viewers.len() < VIEWERS_MAX || watched.viewers.contains_key(viewer) {
            watched.viewers.insert(viewer.to_owned(), now);
        }
    }

    /// Whether it is to be kept; called now and then.
    pub(in crate::ingest) fn tick(&self, now: Timestamp) -> bool {
        let mut watched = self.watched();
        watched.viewers.retain(|_, asked_at| now.since(*asked_at) < VIEWER_GONE);
        let over = watched.unpublished_at.is_some_and(|since| now.since(since) >= END_AFTER);
        let idle = now.since(watched.asked_at) >= IDLE;
        drop(watched);
        if over && !self.packager().is_ended() {
            self.packager().end();
            self.wake();
        }
        !idle
    }

    /// Where the next one of this name goes on.
    pub(in crate::ingest) fn left(&self) -> Option<Left> {
        self.packager().left()
    }

    /// Who watches.
    pub(in crate::ingest) fn viewers(&self) -> usize {
        self.watched().viewers.len()
    }

    /// What it has, for a look.
    pub(super) fn packager(&self) -> MutexGuard<'_, Packager> {
        self.packager.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until this gives something, for a time that its playlist's durations set.
    pub(super) async fn wait_for<T>(&self, mut look: impl FnMut(&Packager) -> Option<T>) -> Option<T> {
        let mut changed = self.changed.subscribe();
        let limit = Duration::from_secs(self.packager().target() * 3);
        let waited = tokio::time::timeout(limit, async {
            loop {
                changed.mark_unchanged();
                if let Some(found) = look(&self.packager()) {
                    return Some(found);
                }
                changed.changed().await.ok()?;
            }
        });
        waited.await.ok().flatten()
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        self.changed.send_replace(());
    }
}
