//! A program under the test's control: its output is kept, and its whole process group is killed when the test lets go.

use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::time;

/// What a program has written so far.
#[derive(Clone, Default)]
pub(crate) struct Output(Arc<Mutex<Vec<u8>>>);

impl Output {
    /// All of it, as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    fn push(&self, bytes: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
    }

    fn drain(self, mut from: impl Read + Send + 'static) -> JoinHandle<()> {
        time::thread(move || {
            let mut buffer = [0; 16 * 1024];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                self.push(&buffer[..count]);
            }
        })
    }
}

/// A running program.
pub(crate) struct Process {
    name: String,
    child: Child,
    status: Option<ExitStatus>,
    readers: Vec<JoinHandle<()>>,
    /// Standard output.
    pub(crate) stdout: Output,
    /// Standard error.
    pub(crate) stderr: Output,
}

impl Process {
    /// Starts `command` in a process group of its own, with its output captured and no input.
    #[expect(unsafe_code, reason = "a child that outlives a killed test would hold its port for ever")]
    pub(crate) fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        // SAFETY: prctl is async-signal-safe and touches no memory of the parent.
        unsafe {
            command.pre_exec(|| {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                Ok(())
            });
        }
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let (stdout, stderr) = (Output::default(), Output::default());
        let readers = vec![
            stdout.clone().drain(child.stdout.take().unwrap()),
            stderr.clone().drain(child.stderr.take().unwrap()),
        ];
        Self { name, child, status: None, readers, stdout, stderr }
    }

    /// The process id, which is its group's id too.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends `signal` to the program alone.
    #[expect(unsafe_code, reason = "std cannot send a signal")]
    pub(crate) fn signal(&self, signal: i32) {
        let id = i32::try_from(self.child.id()).unwrap();
        assert!(self.status.is_none(), "{} has ended already", self.name);
        // SAFETY: plain system call; the child has not been waited for, so its id is still its own.
        unsafe { libc::kill(id, signal) };
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = self.child.try_wait().unwrap();
        }
        self.status
    }

    /// Waits for its end; panics with its output when `limit` passes.
    pub(crate) fn wait(&mut self, limit: Duration) -> ExitStatus {
        let Some(status) = time::poll(limit, || self.ended()) else {
            panic!("{} still runs after {limit:?}\n{}", self.name, self.story());
        };
        // A grandchild may hold the pipes: it must not hold the test.
        time::poll(Duration::from_secs(2), || self.readers.iter().all(JoinHandle::is_finished).then_some(()));
        status
    }

    /// Waits for its end and panics unless it succeeded.
    pub(crate) fn succeed(&mut self, limit: Duration) {
        let status = self.wait(limit);
        assert!(status.success(), "{} ended with {status}\n{}", self.name, self.story());
    }

    /// Kills it and all its children at once.
    pub(crate) fn kill(&mut self) {
        self.kill_group();
        if self.status.is_none() {
            self.status = self.child.wait().ok();
        }
    }

    /// Both outputs' ends, for a panic's message.
    pub(crate) fn story(&self) -> String {
        format!("--- stdout\n{}\n--- stderr\n{}", tail(&self.stdout.text()), tail(&self.stderr.text()))
    }

    #[expect(unsafe_code, reason = "std cannot signal a process group")]
    fn kill_group(&self) {
        let id = i32::try_from(self.child.id()).unwrap();
        // SAFETY: plain system call; the group was made by this child and holds only its descendants.
        unsafe { libc::killpg(id, libc::SIGKILL) };
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs a program to its end and returns its outputs; panics unless it succeeds within a minute.
pub(crate) fn run(program: &str, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> (String, String) {
    let mut process = Process::start(Command::new(program).args(args));
    process.succeed(Duration::from_secs(60));
    (process.stdout.text(), process.stderr.text())
}

/// The exit code, or 128 + the signal that ended it, as a shell would say.
pub(crate) fn exit_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

/// The ids of a process' direct children.
pub(crate) fn children_of(id: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for task in std::fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten() {
        let listed = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        found.extend(listed.split_whitespace().filter_map(|text| text.parse::<u32>().ok()));
    }
    found
}

fn tail(text: &str) -> String {
    const LINES_MAX: usize = 60;
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES_MAX)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_process_takes_its_children_along() {
        let mut shell = Process::start(Command::new("sh").args(["-c", "sleep 60 & echo started; wait"]));
        let child = time::poll(Duration::from_secs(5), || children_of(shell.id()).first().copied()).unwrap();
        shell.kill();
        let gone = || (!std::fs::exists(format!("/proc/{child}/cwd")).unwrap_or(false)).then_some(());
        assert!(time::poll(Duration::from_secs(5), gone).is_some(), "{child} still runs");
    }

    #[test]
    fn exit_codes_and_outputs_are_kept() {
        let mut shell = Process::start(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 7"]));
        let status = shell.wait(Duration::from_secs(5));
        assert_eq!(exit_code(status), 7);
        assert_eq!((shell.stdout.text().as_str(), shell.stderr.text().as_str()), ("out\n", "err\n"));
    }
}
