//! `Queue`: a short bounded queue that refuses the newest when full.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Values whose room is made beforehand, at most.
const READY_MAX: usize = 1024;

/// A bounded queue between two threads. Full policy: the newest value is refused and counted.
#[derive(Debug)]
pub struct Queue<T>(Arc<Shared<T>>);

#[derive(Debug)]
struct Shared<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    values: VecDeque<T>,
    capacity: usize,
    refused: u64,
    closed: bool,
}

/// What `Queue::pop` gave.
#[derive(Debug, PartialEq, Eq)]
pub enum Popped<T> {
    /// The oldest value.
    Value(T),
    /// Nothing came in time.
    Empty,
    /// Closed and drained.
    Closed,
}

impl<T> Queue<T> {
    /// A queue of at most `capacity` values; where that is many, room for them is made as they come.
    pub fn new(capacity: usize) -> Self {
        let values = VecDeque::with_capacity(capacity.min(READY_MAX));
        let state = State { values, capacity, refused: 0, closed: false };
        Self(Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() }))
    }

    /// Puts `value` at the end; gives it back when the queue is full or closed.
    pub fn push(&self, value: T) -> Result<(), T> {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed || state.values.len() >= state.capacity {
            state.refused += 1;
            return Err(value);
        }
        state.values.push_back(value);
        drop(state);
        self.0.changed.notify_one();
        Ok(())
    }

    /// Counts a value as refused that its maker did not even offer.
    pub fn refuse(&self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).refused += 1;
    }

    /// Puts `value` at the end, waiting at most `limit` for room; gives it back when there is none or the queue is closed.
    pub fn push_within(&self, value: T, limit: Duration) -> Result<(), T> {
        let state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |s: &mut State<T>| s.values.len() >= s.capacity && !s.closed;
        let (state, _) = self.0.changed.wait_timeout_while(state, limit, full).unwrap_or_else(PoisonError::into_inner);
        drop(state);
        self.push(value)
    }

    /// Takes the oldest value, waiting at most `limit`.
    pub fn pop(&self, limit: Duration) -> Popped<T> {
        let state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut state, _) = self
            .0
            .changed
            .wait_timeout_while(state, limit, |s| s.values.is_empty() && !s.closed)
            .unwrap_or_else(PoisonError::into_inner);
        match state.values.pop_front() {
            Some(value) => {
                drop(state);
                self.0.changed.notify_one();
                Popped::Value(value)
            }
            None if state.closed => Popped::Closed,
            None => Popped::Empty,
        }
    }

    /// Refuses further values; what is queued can still be taken.
    pub fn close(&self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.0.changed.notify_all();
    }

    /// Values waiting.
    pub fn waiting(&self) -> usize {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).values.len()
    }

    /// Values refused so far.
    pub fn refused(&self) -> u64 {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).refused
    }
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_refuses_the_newest_and_close_drains() {
        let queue = Queue::new(2);
        assert_eq!(queue.push(1), Ok(()));
        assert_eq!(queue.push(2), Ok(()));
        assert_eq!(queue.push(3), Err(3));
        queue.close();
        assert_eq!(queue.push(4), Err(4));
        assert_eq!(queue.pop(Duration::ZERO), Popped::Value(1));
        assert_eq!(queue.pop(Duration::ZERO), Popped::Value(2));
        assert_eq!(queue.pop(Duration::ZERO), Popped::Closed);
        assert_eq!(queue.refused(), 2);
    }

    #[test]
    fn a_patient_push_waits_for_room() {
        let queue = Queue::new(1);
        assert_eq!(queue.push(1), Ok(()));
        assert_eq!(queue.push_within(2, Duration::from_millis(1)), Err(2));
        let taker = queue.clone();
        let worker = crate::flow::Worker::spawn("taker", move |_| {
            assert_eq!(taker.pop(Duration::from_secs(5)), Popped::Value(1));
        })
        .unwrap();
        assert_eq!(queue.push_within(3, Duration::from_secs(5)), Ok(()));
        assert!(worker.join());
    }

    #[test]
    fn an_open_empty_queue_says_empty() {
        assert_eq!(Queue::<u8>::new(1).pop(Duration::from_millis(1)), Popped::Empty);
    }
}
