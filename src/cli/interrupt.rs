//! Signals. Ctrl-C and SIGTERM are counted, so that the first ends a show cleanly and the second at once; on Unix, SIGHUP ends it
//! cleanly too, and USR1 and USR2 ask a show for a replay and a mark.

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
        let ignored = Ignored::now();
        let installed = ctrlc::set_handler(move || {
            // The thread that counts them may hang in a reader of what it prints.
            if counted.fetch_add(1, Ordering::Relaxed) + 1 >= ENOUGH {
                std::process::exit(i32::from(Exit::Cancelled.code()));
            }
        });
        if let Err(error) = installed {
            tracing::warn!("signals cannot be caught: {error}");
        }
        catch_hangups();
        // They are for a show that is recorded: sent to another Tally by mistake they end nothing.
        #[cfg(unix)]
        Ignored(vec![libc::SIGUSR1, libc::SIGUSR2]).stay_ignored();
        ignored.stay_ignored();
        Self { count }
    }

    /// How often it was asked so far. SIGHUP is a wish and never insists: whoever ends a session sends it right after SIGTERM,
    /// and a terminal that is closed may send it twice.
    pub(super) fn count(&self) -> usize {
        let hung_up = HANGUPS.load(Ordering::Relaxed).min(1);
        self.count.load(Ordering::Relaxed).max(hung_up)
    }
}

/// Signals that the program was started to ignore: `nohup` does so that a show outlives its terminal, and shells that know no
/// jobs do so for what runs in the background.
struct Ignored(Vec<i32>);

#[cfg(unix)]
#[expect(unsafe_code, reason = "std knows no signals")]
impl Ignored {
    fn now() -> Self {
        let is_ignored = |signal: &i32| {
            // SAFETY: without a new action the old one is only read, into a place that all zeros are valid for.
            unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                libc::sigaction(*signal, std::ptr::null(), &raw mut action) == 0 && action.sa_sigaction == libc::SIG_IGN
            }
        };
        Self([libc::SIGHUP, libc::SIGINT].into_iter().filter(is_ignored).collect())
    }

    fn stay_ignored(self) {
        for signal in self.0 {
            // SAFETY: ignoring a signal runs no code of ours.
            unsafe { libc::signal(signal, libc::SIG_IGN) };
        }
    }
}

#[cfg(not(unix))]
impl Ignored {
    fn now() -> Self {
        Self(Vec::new())
    }

    fn stay_ignored(self) {
        drop(self.0);
    }
}

/// Wishes that came by USR1 and USR2.
#[derive(Debug)]
pub(super) struct Wishes {
    replays: usize,
    marks: usize,
}

static HANGUPS: AtomicUsize = AtomicUsize::new(0);
static REPLAYS: AtomicUsize = AtomicUsize::new(0);
static MARKS: AtomicUsize = AtomicUsize::new(0);

impl Wishes {
    /// Starts to listen.
    pub(super) fn install() -> Self {
        #[cfg(unix)]
        catch_each(&[libc::SIGUSR1, libc::SIGUSR2]);
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

/// Catches SIGHUP apart from the signals that `ctrlc` catches and does not tell one from another.
fn catch_hangups() {
    #[cfg(unix)]
    catch_each(&[libc::SIGHUP]);
}

/// Counts each of `signals` by itself.
#[cfg(unix)]
#[expect(unsafe_code, reason = "ctrlc hears no other signals, and does not tell which one came")]
fn catch_each(signals: &[libc::c_int]) {
    extern "C" fn count(signal: libc::c_int) {
        let counter = match signal {
            libc::SIGHUP => &HANGUPS,
            libc::SIGUSR1 => &REPLAYS,
            _ => &MARKS,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
    let handler = count as extern "C" fn(libc::c_int);
    for signal in signals {
        // SAFETY: all zeros is a valid sigaction: no flags, an empty mask. The handler only adds to an atomic number, which
        // is async-signal-safe, and lives as long as the program. System calls go on after it.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handler as libc::sighandler_t;
            action.sa_flags = libc::SA_RESTART;
            libc::sigaction(*signal, &raw const action, std::ptr::null_mut());
        }
    }
}
