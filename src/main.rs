//! The `tally` program.

use std::process::ExitCode;

#[expect(unsafe_code, reason = "secrets leave the environment before there are threads")]
fn main() -> ExitCode {
    share_memory_between_threads();
    // SAFETY: nothing has started a thread yet.
    let secrets = unsafe { tally::cli::EnvSecrets::take() };
    tally::cli::run(secrets)
}

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
