//! Named threads that may hang in a call which never returns.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use super::worker::{Stop, Worker};

/// How long one that is dropped is waited for.
const DROP_LIMIT: Duration = Duration::from_millis(150);

/// How often whoever waits looks whether it has given up.
const LOOK: Duration = Duration::from_millis(50);

/// A thread that may hang in a disk. Its owner waits for it only so long, and then leaves it to itself.
#[derive(Debug)]
pub struct Errand {
    worker: Option<Worker>,
    /// Closed when the thread has nothing more to do.
    ended: Receiver<()>,
}

impl Errand {
    /// Starts `work` on a thread called `name`; `work` should return soon after its `Stop` is requested.
    pub fn start(name: &str, work: impl FnOnce(&Stop) + Send + 'static) -> std::io::Result<Self> {
        let (running, ended) = sync_channel(0);
        let worker = Worker::spawn(name, move |stop| {
            let _running: SyncSender<()> = running;
            work(stop);
        })?;
        Ok(Self { worker: Some(worker), ended })
    }

    /// Whether it has ended.
    pub fn is_finished(&self) -> bool {
        self.worker.as_ref().is_none_or(Worker::is_finished)
    }

    /// Waits for its end; `false`: it has not come within `limit`.
    pub fn wait(&self, limit: Duration) -> bool {
        self.ended.recv_timeout(limit) != Err(RecvTimeoutError::Timeout)
    }

    /// Requests the stop without waiting.
    pub fn request_stop(&self) {
        if let Some(worker) = &self.worker {
            worker.request_stop();
        }
    }

    /// Waits for its end; `false`: it has not come within `limit`, and the thread is left to itself.
    pub fn finish(&mut self, limit: Duration) -> bool {
        let Some(worker) = self.worker.take() else { return true };
        if !self.wait(limit) {
            worker.abandon();
            return false;
        }
        worker.join();
        true
    }
}

/// What `work` gives on a thread of its own; `None`: it gave nothing within `limit`, and the thread is left to itself.
pub fn within<T: Send + 'static>(
    name: &str,
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<Option<T>> {
    within_unless(name, limit, || false, work)
}

/// The same, waited for no longer than until `given_up`.
pub fn within_unless<T: Send + 'static>(
    name: &str,
    limit: Duration,
    given_up: impl Fn() -> bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<Option<T>> {
    let (told, answers) = sync_channel(1);
    // Nobody hears it once the asker has given up: it is dropped on that thread.
    let mut errand = Errand::start(name, move |_stop| drop(told.send(work())))?;
    let mut left = limit;
    let answer = loop {
        let slice = left.min(LOOK);
        left -= slice;
        match answers.recv_timeout(slice) {
            Ok(answer) => break Some(answer),
            Err(RecvTimeoutError::Timeout) if !left.is_zero() && !given_up() => {}
            Err(_) => break None,
        }
    };
    errand.finish(Duration::ZERO);
    Ok(answer)
}

impl Drop for Errand {
    fn drop(&mut self) {
        self.request_stop();
        self.finish(DROP_LIMIT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_hangs_is_left_to_itself_and_one_that_ends_has_ended() {
        let (release, hold) = sync_channel::<()>(0);
        let mut hangs = Errand::start("test-hangs", move |_| _ = hold.recv()).unwrap();
        assert!(!hangs.finish(Duration::from_millis(20)));
        let (told, has_ended) = sync_channel(1);
        let ends = Errand::start("test-ends", move |stop| {
            while !stop.requested() {
                std::thread::yield_now();
            }
            told.send(()).unwrap();
        });
        drop(ends);
        assert_eq!(has_ended.recv(), Ok(()));
        drop(release);
    }
}
