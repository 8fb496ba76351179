//! The one thread on which all publishers run.

use std::future::Future;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::changes::{self, NetworkChanges, ReadClocks};
use crate::clock::TwoClocks;
use crate::flow::Worker;

/// Names that are looked up at the same time.
const LOOK_UPS_MAX: usize = 32;

/// A single-threaded runtime on a named thread. Dropping it ends every task on it and joins the thread.
#[derive(Debug)]
pub struct Network {
    handle: Handle,
    changes: NetworkChanges,
    end: Option<oneshot::Sender<()>>,
    worker: Option<Worker>,
}

impl Network {
    /// Starts the thread.
    pub fn start() -> std::io::Result<Self> {
        Self::start_with(TwoClocks::now)
    }

    /// The same, with other clocks to notice a sleep by.
    pub(super) fn start_with(clocks: ReadClocks) -> std::io::Result<Self> {
        // Extra threads are there only while names are looked up or trust roots are read. A name that nobody answers for
        // holds its own thread for many seconds, and no other destination may wait for it.
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(LOOK_UPS_MAX).build()?;
        let handle = runtime.handle().clone();
        let changes = changes::start(&handle, clocks);
        let (end, ended) = oneshot::channel::<()>();
        let worker = Worker::spawn("network", move |_stop| {
            // The sender's end, dropped or used, both mean: finish.
            let _ = runtime.block_on(ended);
            // A name look-up cannot be interrupted: do not wait for it.
            runtime.shutdown_background();
        })?;
        Ok(Self { handle, changes, end: Some(end), worker: Some(worker) })
    }

    /// Told when this computer's network changes.
    pub(super) fn changes(&self) -> NetworkChanges {
        self.changes.clone()
    }

    /// How often this computer has slept since the start, and for how long all together.
    pub fn sleeps(&self) -> (u64, Duration) {
        let news = self.changes.borrow();
        (news.sleeps, news.slept)
    }

    /// Runs `task` until it ends or the network is dropped.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(task);
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        drop(self.end.take());
        drop(self.worker.take());
    }
}
