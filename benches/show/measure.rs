//! Runs a program and measures all of it: CPU time from the system's own account at its end, memory and threads
//! sampled while it runs.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::time;

/// What a program used from its start to its end.
pub(crate) struct Usage {
    /// When it was started.
    pub(crate) started: Instant,
    /// CPU seconds, user and system, with its children's.
    pub(crate) cpu_seconds: f64,
    /// Most resident memory.
    pub(crate) rss_mib: f64,
    /// Most threads.
    pub(crate) threads: usize,
    /// Standard output.
    pub(crate) stdout: String,
}

/// Runs `command` to its end; panics with its errors if it failed.
#[expect(clippy::zombie_processes, reason = "wait4 waits for it, and tells what it used")]
pub(crate) fn run(command: &mut Command) -> Usage {
    let name = command.get_program().to_string_lossy().into_owned();
    let folder = tempfile::tempdir().unwrap();
    let (out, err) = (folder.path().join("out"), folder.path().join("err"));
    command.stdin(Stdio::null());
    command.stdout(std::fs::File::create(&out).unwrap()).stderr(std::fs::File::create(&err).unwrap());
    let started = time::now();
    let child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
    let id = i32::try_from(child.id()).unwrap();
    let (mut rss_mib, mut threads) = (0.0f64, 0);
    let (code, cpu_seconds) = loop {
        if let Some(ended) = wait(id) {
            break ended;
        }
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<f64>().ok()
        };
        rss_mib = rss_mib.max(field("VmHWM:").unwrap_or(0.0) / 1024.0);
        threads = threads.max(field("Threads:").unwrap_or(0.0) as usize);
        time::pause(Duration::from_millis(20));
    };
    let stdout = std::fs::read_to_string(out).unwrap_or_default();
    let errors = std::fs::read_to_string(err).unwrap_or_default();
    assert!(code == 0, "{name} ended with {code}\n{stdout}\n{errors}");
    Usage { started, cpu_seconds, rss_mib, threads, stdout }
}

/// The exit code and the CPU seconds of child `id`, once it has ended.
#[expect(unsafe_code, reason = "std tells the exit status of a child, not what it used")]
fn wait(id: i32) -> Option<(i32, f64)> {
    let mut status = 0;
    // SAFETY: rusage is plain numbers, for which zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live locals; `id` is our own child, waited for nowhere else.
    let ended = unsafe { libc::wait4(id, &raw mut status, libc::WNOHANG, &raw mut usage) };
    assert!(ended >= 0, "wait4 failed");
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    let code = if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 128 + libc::WTERMSIG(status) };
    (ended == id).then(|| (code, seconds(usage.ru_utime) + seconds(usage.ru_stime)))
}
