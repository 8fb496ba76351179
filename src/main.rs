//! The `tally` program.

use std::process::ExitCode;

#[expect(unsafe_code, reason = "secrets leave the environment before there are threads")]
fn main() -> ExitCode {
    leave_no_core();
    share_memory_between_threads();
    // SAFETY: nothing has started a thread yet.
    let secrets = unsafe { tally::cli::EnvSecrets::take() };
    tally::cli::run(secrets)
}

/// A crash writes no core file: the keys would be in it.
#[cfg(unix)]
#[expect(unsafe_code, reason = "std cannot set a limit of the process")]
fn leave_no_core() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` outlives both calls, which only read and write it.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_CORE, &raw mut limit) == 0 {
            limit.rlim_cur = 0;
            libc::setrlimit(libc::RLIMIT_CORE, &raw const limit);
        }
    }
}

#[cfg(not(unix))]
fn leave_no_core() {}

/// glibc gives each thread a heap of its own, which keeps what large pictures once needed: with two heaps for all, a
/// show needs half the memory and holds it level for hours.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the allocator's settings are told by a C call")]
fn share_memory_between_threads() {
    // SAFETY: it only sets a number; nothing else uses the allocator's settings.
    unsafe { libc::mallopt(libc::M_ARENA_MAX, 2) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn share_memory_between_threads() {}
