//! `Latest`: a slot where the newest value wins.

use std::sync::{Arc, Mutex, PoisonError};

/// A slot between two threads. Full policy: the newest value replaces an unread one, which is counted.
#[derive(Debug)]
pub struct Latest<T>(Arc<Mutex<Slot<T>>>);

#[derive(Debug)]
struct Slot<T> {
    value: Option<T>,
    replaced: u64,
}

impl<T> Latest<T> {
    /// An empty slot.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Slot { value: None, replaced: 0 })))
    }

    /// Puts `value`, replacing an unread one, which is given back: what takes long to drop holds nobody up here.
    pub fn put(&self, value: T) -> Option<T> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let unread = slot.value.replace(value);
        slot.replaced += u64::from(unread.is_some());
        unread
    }

    /// Takes the newest value, once.
    pub fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).value.take()
    }

    /// Values replaced unread so far.
    pub fn replaced(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).replaced
    }
}

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for Latest<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Worker;
    use std::sync::mpsc::{SyncSender, sync_channel};
    use std::time::Duration;

    /// A value that takes a while to close; meanwhile somebody else looks into the slot.
    struct Slow(Latest<Option<Slow>>, SyncSender<bool>);

    impl Drop for Slow {
        fn drop(&mut self) {
            let (looked, has_looked) = sync_channel(1);
            let slot = self.0.clone();
            let reader = Worker::spawn("test-reader", move |_| looked.send(slot.replaced()).unwrap()).unwrap();
            let is_free = has_looked.recv_timeout(Duration::from_secs(5)).is_ok();
            self.1.send(is_free).unwrap();
            reader.abandon();
        }
    }

    #[test]
    fn nobody_waits_at_the_slot_while_what_was_in_it_is_closed() {
        let (tell, told) = sync_channel(1);
        let slot = Latest::new();
        slot.put(Some(Slow(slot.clone(), tell)));
        slot.put(None);
        assert_eq!(told.recv(), Ok(true));
    }

    #[test]
    fn the_newest_wins_and_the_rest_is_counted() {
        let slot = Latest::new();
        for i in 0..5 {
            slot.clone().put(i);
        }
        assert_eq!(slot.take(), Some(4));
        assert_eq!(slot.take(), None);
        assert_eq!(slot.replaced(), 4);
    }
}
