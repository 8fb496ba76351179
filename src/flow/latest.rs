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

    /// Puts `value`, replacing an unread one.
    pub fn put(&self, value: T) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.value.replace(value).is_some() {
            slot.replaced += 1;
        }
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
