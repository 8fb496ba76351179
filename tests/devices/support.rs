//! Waiting, children and the camera shim.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use tally::clock::Clock;

/// Ends its process when it is dropped.
pub(crate) struct Process(pub(crate) Child);

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Looks every 20 ms until `found` gives something; fails the test after `limit`.
pub(crate) fn wait_for<T>(what: &str, limit: Duration, mut found: impl FnMut() -> Option<T>) -> T {
    let clock = Clock::system();
    let end = clock.now() + limit;
    loop {
        if let Some(value) = found() {
            return value;
        }
        assert!(clock.now() < end, "{what} did not come within {limit:?}");
        clock.sleep_until(end, Duration::from_millis(20));
    }
}

pub(crate) fn pause(time: Duration) {
    let clock = Clock::system();
    let end = clock.now() + time;
    while clock.now() < end {
        clock.sleep_until(end, time);
    }
}

/// This test program again, doing a job of `child` with the given environment.
pub(crate) struct Job {
    process: Process,
    out: PathBuf,
}

impl Job {
    pub(crate) fn start(kind: &str, folder: &Path, environment: &[(&str, &str)]) -> Self {
        let out = folder.join(format!("{kind}.out"));
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "child::listing_is_orderly_and_jobs_are_done", "--nocapture"])
            .env(super::child::JOB, kind)
            .env(super::child::OUT, &out)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        Self { process: Process(command.spawn().unwrap()), out }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        std::fs::read_to_string(&self.out).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// The first line that begins with `word`, after the first `skip` lines.
    pub(crate) fn wait_line(&self, word: &str, limit: Duration) -> String {
        wait_for(&format!("{word:?}"), limit, || {
            let lines = self.lines();
            let error = lines.iter().find(|line| line.starts_with("error"));
            assert!(error.is_none() || word == "error", "{word:?} cannot come any more: {lines:?}");
            lines.into_iter().find(|line| line.starts_with(word))
        })
    }

    /// Waits for its end and gives all it said.
    pub(crate) fn finish(mut self, limit: Duration) -> Vec<String> {
        let status = wait_for("the end of the job", limit, || self.process.0.try_wait().unwrap());
        let lines = self.lines();
        assert!(status.success(), "the job failed: {lines:?}");
        lines
    }
}

/// The value of `name=value` in a line of words.
pub(crate) fn value<'a>(lines: &'a [String], name: &str) -> &'a str {
    let start = format!("{name}=");
    lines
        .iter()
        .flat_map(|line| line.split_whitespace())
        .find_map(|word| word.strip_prefix(start.as_str()))
        .unwrap_or_else(|| panic!("no {name} in {lines:?}"))
}

pub(crate) fn number(lines: &[String], name: &str) -> f64 {
    value(lines, name).parse().unwrap()
}

/// The compiled camera shim.
pub(crate) fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shim/v4l2.c");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        // Tests run in processes of their own: each compiles into its own file, and the last rename wins.
        let own = folder.join(format!("v4l2-shim-{}.so", std::process::id()));
        let status = Command::new("cc")
            .args(["-shared", "-fPIC", "-O2", "-o"])
            .arg(&own)
            .arg(&source)
            .arg("-ldl")
            .status()
            .expect("a C compiler (cc) is needed for the camera tests: install build-essential");
        assert!(status.success(), "the camera shim does not compile");
        let shared = folder.join("v4l2-shim.so");
        std::fs::rename(&own, &shared).unwrap();
        shared
    })
}

/// A 16 bit stereo WAV file of a sine.
pub(crate) fn write_tone(path: &Path, hertz: f64, amplitude: f64, secs: u32) {
    write_wave(path, secs, |i| amplitude * (f64::from(i) * hertz / 48_000.0 * std::f64::consts::TAU).sin());
}

/// One of 20 ms of a sine at each full second.
pub(crate) fn write_clicks(path: &Path, secs: u32) {
    write_wave(path, secs, |i| match i % 48_000 {
        at @ 0..960 => 0.6 * (f64::from(at) / 48.0 * std::f64::consts::TAU).sin(),
        _ => 0.0,
    });
}

fn write_wave(path: &Path, secs: u32, sample: impl Fn(u32) -> f64) {
    let frames = 48_000 * secs;
    let bytes = frames * 4;
    let mut wav = Vec::with_capacity(44 + bytes as usize);
    wav.extend(b"RIFF");
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16u32.to_le_bytes());
    wav.extend(1u16.to_le_bytes());
    wav.extend(2u16.to_le_bytes());
    wav.extend(48_000u32.to_le_bytes());
    wav.extend(192_000u32.to_le_bytes());
    wav.extend(4u16.to_le_bytes());
    wav.extend(16u16.to_le_bytes());
    wav.extend(b"data");
    wav.extend(bytes.to_le_bytes());
    for i in 0..frames {
        let sample = ((sample(i) * 32_767.0).round() as i16).to_le_bytes();
        wav.extend(sample);
        wav.extend(sample);
    }
    std::fs::write(path, wav).unwrap();
}
