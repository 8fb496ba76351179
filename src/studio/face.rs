//! The way from the engine to its face: whoever shows or prints what happens. The engine never waits for it. A face that does
//! not read for long misses figures first, and what is not the end of something last.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use super::check::CheckEvent;
use super::event::StudioEvent;
use crate::flow::Errand;
use crate::media::Timestamp;

/// Events that may wait while figures are added to them, steps, and all others but the end.
const WITH_FIGURES_MAX: usize = 256;
const WITH_STEPS_MAX: usize = 512;
const WITH_NEWS_MAX: usize = 1000;
/// The last places are for what ends: a show has one end.
const EVENTS_MAX: usize = 1024;

/// How much it matters that a face hears of something: what matters less is missed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Figures: the next ones come.
    Figures,
    /// Steps on a way.
    Steps,
    /// News.
    News,
    /// The end of something.
    End,
}

impl Weight {
    /// Events that may wait while one of these is added.
    fn waiting_max(self) -> usize {
        match self {
            Self::Figures => WITH_FIGURES_MAX,
            Self::Steps => WITH_STEPS_MAX,
            Self::News => WITH_NEWS_MAX,
            Self::End => EVENTS_MAX,
        }
    }
}

/// What a face can be told.
pub(crate) trait Told: Send + 'static {
    /// How much it matters.
    fn weight(&self) -> Weight;
}

impl Told for StudioEvent {
    fn weight(&self) -> Weight {
        match self {
            Self::Stats(_) | Self::DiskRoom(_) => Weight::Figures,
            Self::Step(_) => Weight::Steps,
            Self::Ended(_) | Self::Rehearsal(_) => Weight::End,
            _ => Weight::News,
        }
    }
}

impl Told for CheckEvent {
    fn weight(&self) -> Weight {
        match self {
            Self::Step(_) => Weight::Steps,
            Self::Note(_) => Weight::News,
            Self::Ended(_) => Weight::End,
        }
    }
}

impl<E: Told> Told for (Timestamp, E) {
    fn weight(&self) -> Weight {
        self.1.weight()
    }
}

/// What `next_event` of a show or a studio gave.
#[derive(Debug)]
pub enum NextEvent<E = StudioEvent> {
    /// Something happened.
    Event(E),
    /// Nothing in the given time.
    Nothing,
    /// The show is gone: after `StudioEvent::Ended`, or because its supervisor died, which is a bug. Of a studio: a bug.
    Gone,
}

/// The engine's end. Cheap to clone.
#[derive(Debug)]
pub(crate) struct Face<E = StudioEvent> {
    sender: SyncSender<E>,
    waiting: Arc<AtomicUsize>,
    missed: Arc<AtomicUsize>,
}

impl<E> Clone for Face<E> {
    fn clone(&self) -> Self {
        let Self { sender, waiting, missed } = self;
        Self { sender: sender.clone(), waiting: Arc::clone(waiting), missed: Arc::clone(missed) }
    }
}

/// The face's end.
#[derive(Debug)]
pub(crate) struct Events<E = StudioEvent> {
    receiver: Receiver<E>,
    waiting: Arc<AtomicUsize>,
}

/// The two ends of a new way.
pub(crate) fn face<E: Told>() -> (Face<E>, Events<E>) {
    let (sender, receiver) = sync_channel(EVENTS_MAX);
    let waiting = Arc::<AtomicUsize>::default();
    (Face { sender, waiting: Arc::clone(&waiting), missed: Arc::default() }, Events { receiver, waiting })
}

impl<E: Told> Face<E> {
    /// Tells it. Never waits.
    pub(crate) fn tell(&self, event: E) {
        let most = event.weight().waiting_max();
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed);
        if waiting >= most || self.sender.try_send(event).is_err() {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl<E> Events<E> {
    /// The next event, waiting at most `limit`.
    pub(crate) fn next(&self, limit: Duration) -> NextEvent<E> {
        match self.receiver.recv_timeout(limit) {
            Ok(event) => {
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                NextEvent::Event(event)
            }
            Err(RecvTimeoutError::Timeout) => NextEvent::Nothing,
            Err(RecvTimeoutError::Disconnected) => NextEvent::Gone,
        }
    }
}

/// How long whoever reads may take for the rest once there is no more.
pub(crate) const REST_PATIENCE: Duration = Duration::from_millis(1500);
/// How long the thread sleeps while nothing is told; its end wakes it.
const NAP: Duration = Duration::from_secs(3600);

/// A face with a thread of its own: whoever reads there may hang, and nobody waits for that. Dropping it hands over the rest, if
/// that is read soon.
pub(crate) struct FaceThread<E: Told = StudioEvent> {
    face: Option<Face<E>>,
    waiting: Arc<AtomicUsize>,
    missed: Arc<AtomicUsize>,
    errand: Errand,
}

impl<E: Told> FaceThread<E> {
    /// `report` is given all that is told.
    pub(crate) fn start(name: &str, mut report: impl FnMut(&E) + Send + 'static) -> std::io::Result<Self> {
        let (face, events) = face();
        let (waiting, missed) = (Arc::clone(&face.waiting), Arc::clone(&face.missed));
        let errand = Errand::start(name, move |_stop| {
            loop {
                match events.next(NAP) {
                    NextEvent::Event(event) => report(&event),
                    NextEvent::Nothing => {}
                    NextEvent::Gone => return,
                }
            }
        })?;
        Ok(Self { face: Some(face), waiting, missed, errand })
    }

    /// Never waits.
    pub(crate) fn tell(&self, event: E) {
        if let Some(face) = &self.face {
            face.tell(event);
        }
    }

    /// Hands over the rest, if that is read within `patience`. How many were not told, all in all.
    pub(crate) fn finish(&mut self, patience: Duration) -> usize {
        drop(self.face.take());
        self.errand.finish(patience);
        self.missed.load(Ordering::Relaxed) + self.waiting.load(Ordering::Relaxed)
    }
}

impl<E: Told> Drop for FaceThread<E> {
    fn drop(&mut self) {
        self.finish(REST_PATIENCE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::Summary;
    use crate::studio::{Problem, ProblemKind};

    #[test]
    fn a_face_that_does_not_read_holds_up_nobody_and_misses_figures_before_news() {
        let (face, events) = face();
        let problem = Problem::new(ProblemKind::OnBackup, "server", String::new());
        for _ in 0..2000 {
            face.tell(StudioEvent::DiskRoom(None));
            face.tell(StudioEvent::Problem(problem.clone()));
        }
        let summary = Summary::never_live(crate::media::Timestamp::ZERO, problem);
        face.tell(StudioEvent::Ended(Box::new(summary)));
        drop(face);
        let (mut figures, mut news, mut ended) = (0, 0, 0);
        loop {
            match events.next(Duration::ZERO) {
                NextEvent::Event(StudioEvent::DiskRoom(_)) => figures += 1,
                NextEvent::Event(StudioEvent::Ended(_)) => ended += 1,
                NextEvent::Event(_) => news += 1,
                NextEvent::Nothing => panic!("it is gone"),
                NextEvent::Gone => break,
            }
        }
        assert_eq!((figures, figures + news, ended), (WITH_FIGURES_MAX / 2, WITH_NEWS_MAX, 1));
    }

    #[test]
    fn what_is_told_last_is_still_read_unless_the_reader_hangs() {
        let read = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&read);
        let thread = FaceThread::start("test-face", move |_| _ = count.fetch_add(1, Ordering::Relaxed)).unwrap();
        (0..100).for_each(|_| thread.tell(StudioEvent::DiskRoom(None)));
        let mut thread = thread;
        assert_eq!((thread.finish(REST_PATIENCE), read.load(Ordering::Relaxed)), (0, 100));
        let (release, hold) = sync_channel::<()>(0);
        let mut thread = FaceThread::start("test-hangs", move |_| _ = hold.recv()).unwrap();
        (0..300).for_each(|_| thread.tell(StudioEvent::DiskRoom(None)));
        // One is being read.
        assert_eq!(thread.finish(Duration::from_millis(200)), 299);
        drop(release);
    }

    #[test]
    fn who_reads_misses_nothing() {
        let (face, events) = face();
        for _ in 0..1000 {
            face.tell(StudioEvent::DiskRoom(None));
            assert!(matches!(events.next(Duration::ZERO), NextEvent::Event(_)));
        }
        assert!(matches!(events.next(Duration::ZERO), NextEvent::Nothing));
    }
}
