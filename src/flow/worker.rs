//! Named threads with an owner who joins them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// A request to stop, seen by a thread that looks for it. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Not yet requested.
    pub fn new() -> Self {
        Self::default()
    }

    /// Requests it.
    pub fn request(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it was requested.
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A named thread. Dropping it requests its stop and joins it.
#[derive(Debug)]
pub struct Worker {
    stop: Stop,
    handle: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts `work` on a thread called `name` (at most 15 bytes show in system tools); `work` must return
    /// soon after its `Stop` is requested.
    pub fn spawn(name: &str, work: impl FnOnce(&Stop) + Send + 'static) -> std::io::Result<Self> {
        let stop = Stop::new();
        let seen = stop.clone();
        let handle = std::thread::Builder::new().name(name.to_owned()).spawn(move || work(&seen))?;
        Ok(Self { stop, handle: Some(handle) })
    }

    /// Requests the stop without waiting.
    pub fn request_stop(&self) {
        self.stop.request();
    }

    /// Whether the thread has ended.
    pub fn is_finished(&self) -> bool {
        self.handle.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Requests the stop and waits for the end. `false` if the thread panicked.
    pub fn join(mut self) -> bool {
        self.finish()
    }

    /// Requests the stop and leaves the thread to itself: only for one that hangs in a call which may never return.
    pub fn abandon(mut self) {
        self.stop.request();
        drop(self.handle.take());
    }

    fn finish(&mut self) -> bool {
        self.stop.request();
        self.handle.take().is_none_or(|handle| handle.join().is_ok())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_worker_has_ended() {
        let ended = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&ended);
        let worker = Worker::spawn("test-worker", move |stop| {
            while !stop.requested() {
                std::thread::yield_now();
            }
            seen.store(true, Ordering::Release);
        })
        .unwrap();
        drop(worker);
        assert!(ended.load(Ordering::Acquire));
    }
}
