//! The `tally` program.

use std::process::ExitCode;

#[expect(unsafe_code, reason = "secrets leave the environment before there are threads")]
fn main() -> ExitCode {
    leave_no_core();
    outlive_full_files();
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

/// Where a process may write files of so many bytes only, a larger one ends it, and the show with it. Without that signal the
/// write fails, as on a disk that takes no larger file, and the recording goes on in the next one.
#[cfg(unix)]
#[expect(unsafe_code, reason = "std knows no signals")]
fn outlive_full_files() {
    // SAFETY: ignoring a signal runs no code of ours.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

#[cfg(not(unix))]
fn outlive_full_files() {}

/// glibc gives each thread a heap of its own, which keeps what large pictures once needed: with two heaps for all, a
/// show needs half the memory and holds it level for hours. And it puts blocks into these heaps that are ever larger, once
/// one of their size was freed: where all large ones go back to the system, the window needs 5 MiB less.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the allocator's settings are told by a C call")]
fn share_memory_between_threads() {
    // SAFETY: each only sets a number; nothing else uses the allocator's settings.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 2);
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
    }
}

/// Bytes of a block that is no part of a heap. Pictures are reused, so that few are asked of the system while a show runs.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 128 * 1024;

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn share_memory_between_threads() {}
