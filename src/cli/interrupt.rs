//! Signals. Ctrl-C and SIGTERM are counted, so that the first ends a show cleanly and the second at once; on Unix, USR1 and
//! USR2 ask a show for a replay and a mark.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Exit;

/// So many signals end the program whatever it is at.
const ENOUGH: usize = 4;

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
            // The thread that counts them may hang in a reader of what it prints.
            if counted.fetch_add(1, Ordering::Relaxed) + 1 >= ENOUGH {
                std::process::exit(i32::from(Exit::Cancelled.code()));
            }
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

/// Wishes that came by USR1 and USR2.
#[derive(Debug)]
pub(super) struct Wishes {
    replays: usize,
    marks: usize,
}

static REPLAYS: AtomicUsize = AtomicUsize::new(0);
static MARKS: AtomicUsize = AtomicUsize::new(0);

impl Wishes {
    /// Starts to listen. Before, these signals end the program, as they always do.
    pub(super) fn install() -> Self {
        catch_wishes();
        Self { replays: REPLAYS.load(Ordering::Relaxed), marks: MARKS.load(Ordering::Relaxed) }
    }

    /// How many replays and marks are wished for since the last call.
    pub(super) fn take(&mut self) -> (usize, usize) {
        let (replays, marks) = (REPLAYS.load(Ordering::Relaxed), MARKS.load(Ordering::Relaxed));
        let new = (replays - self.replays, marks - self.marks);
        (self.replays, self.marks) = (replays, marks);
        new
    }
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "ctrlc hears no other signals")]
fn catch_wishes() {
    extern "C" fn count(signal: libc::c_int) {
        let counter = if signal == libc::SIGUSR1 { &REPLAYS } else { &MARKS };
        counter.fetch_add(1, Ordering::Relaxed);
    }
    let handler = count as extern "C" fn(libc::c_int);
    for signal in [libc::SIGUSR1, libc::SIGUSR2] {
        // SAFETY: all zeros is a valid sigaction: no flags, an empty mask. The handler only adds to an atomic number, which
        // is async-signal-safe, and lives as long as the program. System calls go on after it.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handler as libc::sighandler_t;
            action.sa_flags = libc::SA_RESTART;
            libc::sigaction(signal, &raw const action, std::ptr::null_mut());
        }
    }
}

#[cfg(not(unix))]
fn catch_wishes() {}
