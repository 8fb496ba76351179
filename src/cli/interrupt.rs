//! Ctrl-C and SIGTERM: counted, so that the first ends a show cleanly and the second at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How often the user or the system asked to end.
#[derive(Clone, Debug)]
pub(super) struct Interrupt {
    count: Arc<AtomicUsize>,
}

impl Interrupt {
    /// Starts to count. Where signals cannot be caught they end the program, as they always do.
    pub(super) fn install() -> Self {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let installed = ctrlc::set_handler(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        if let Err(error) = installed {
            tracing::warn!("signals cannot be caught: {error}");
        }
        Self { count }
    }

    /// How many signals came so far.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}
