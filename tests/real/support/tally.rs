//! The program under test: started with a home of its own, its JSON lines read and held to the contract.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::process::{Process, exit_code};
use super::time;

/// How long anything that is not a show may take at most.
const PATIENCE: Duration = Duration::from_secs(30);

/// A command line being put together.
pub(crate) struct Tally {
    args: Vec<String>,
    envs: Vec<(String, String)>,
    wrapper: Vec<String>,
    home: TempDir,
}

impl Tally {
    /// `tally live ARGS --json`, with the recording off unless it is asked for.
    pub(crate) fn live(args: &[&str]) -> Self {
        Self::new(&["live", "--json", "--record", "off"]).args(args)
    }

    /// `tally live` with the test signal at a size that costs little.
    pub(crate) fn small_show(to: &str, seconds: u32) -> Self {
        let duration = format!("{seconds}s");
        Self::live(&["--video", "test", "--audio", "test", "--size", "640x360", "--to", to, "--for", &duration])
            .args(&["--video-bitrate", "800k"])
    }

    /// `tally check` of the test signal at a size that costs next to nothing.
    pub(crate) fn check(to: &str) -> Self {
        Self::new(&["check", "--json", "--video", "test", "--audio", "test", "--to", to]).args(&[
            "--size",
            "320x180",
            "--fps",
            "10",
            "--video-bitrate",
            "1500k",
        ])
    }

    /// `tally serve ARGS --json` on free ports.
    pub(crate) fn serve(args: &[&str]) -> Self {
        let help = Self::new(&["serve", "--help"]).run();
        let http: &[&str] = if help.stdout.contains("--http") { &["--http", "127.0.0.1:0"] } else { &[] };
        Self::new(&["serve", "--json", "--listen", "127.0.0.1:0"]).args(http).args(args)
    }

    /// `tally ARGS`.
    pub(crate) fn new(args: &[&str]) -> Self {
        let home = TempDir::new().unwrap();
        Self { args: Vec::new(), envs: Vec::new(), wrapper: Vec::new(), home }.args(args)
    }

    /// More arguments; a flag that is there already gets the new value, except `--to`, which may come several times.
    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        let mut args = args.iter().map(|&arg| arg.to_owned());
        while let Some(arg) = args.next() {
            let known = self.args.iter().position(|old| *old == arg && arg.starts_with("--") && arg != "--to");
            match known.map(|place| place + 1).filter(|&place| place < self.args.len()) {
                Some(place) => self.args[place] = args.next().unwrap(),
                None => self.args.push(arg),
            }
        }
        self
    }

    /// The stream key.
    pub(crate) fn key(self, key: &str) -> Self {
        self.env("TALLY_KEY", key)
    }

    /// A variable of its environment.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.envs.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs it by `sh -c SCRIPT`, in which `"$@"` is the command.
    pub(crate) fn within(mut self, script: &str) -> Self {
        self.wrapper = ["sh", "-c", script, "sh"].map(str::to_owned).to_vec();
        self
    }

    /// Its home folder.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Starts it.
    pub(crate) fn start(self) -> Show {
        let program = env!("CARGO_BIN_EXE_tally").to_owned();
        let words: Vec<_> = self.wrapper.iter().chain([&program]).chain(&self.args).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).env_clear().current_dir(self.home.path());
        for name in ["PATH", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let home = self.home.path();
        command.env("HOME", home).env("XDG_CONFIG_HOME", home.join(".config")).env("XDG_DATA_HOME", home.join(".data"));
        command.env("XDG_STATE_HOME", home.join(".state")).env("XDG_CACHE_HOME", home.join(".cache"));
        command.envs(self.envs);
        Show { process: Process::start(&mut command), command_line: self.args.join(" "), home: self.home }
    }

    /// Starts it and waits for its end.
    pub(crate) fn run(self) -> Ended {
        self.start().end(PATIENCE)
    }
}

/// The running program.
pub(crate) struct Show {
    /// The process.
    pub(crate) process: Process,
    command_line: String,
    home: TempDir,
}

impl Show {
    /// What it has said so far.
    pub(crate) fn events(&self) -> Vec<Value> {
        let text = self.process.stdout.text();
        // Only whole lines: the last may still be on its way.
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        parse_events(whole)
    }

    /// Waits for an event that `wanted` recognises.
    pub(crate) fn wait_for(&mut self, what: &str, limit: Duration, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut ended = false;
        let found = time::poll(limit, || {
            // Looked at before the output, so that what was written last is still seen.
            let over = std::mem::replace(&mut ended, self.process.ended().is_some());
            let found = self.events().into_iter().find(&wanted);
            if found.is_none() && over {
                return Some(None);
            }
            found.map(Some)
        });
        found
            .flatten()
            .unwrap_or_else(|| panic!("no {what} from tally {}\n{}", self.command_line, self.process.story()))
    }

    /// Waits until the show is on the air.
    pub(crate) fn wait_until_live(&mut self) -> Value {
        self.wait_for("live state", PATIENCE, |event| is_state(event, "live"))
    }

    /// Waits until `wanted` states `name` have been seen.
    pub(crate) fn wait_for_states(&mut self, name: &str, wanted: usize, limit: Duration) {
        let seen = |show: &Self| show.events().iter().filter(|event| is_state(event, name)).count();
        let found = time::poll(limit, || (seen(self) >= wanted).then_some(()));
        assert!(found.is_some(), "{} of {wanted} states {name}\n{}", seen(self), self.process.story());
    }

    /// Waits for its end, `limit` at most.
    pub(crate) fn end(mut self, limit: Duration) -> Ended {
        let status = self.process.wait(limit);
        let (stdout, stderr) = (self.process.stdout.text(), self.process.stderr.text());
        let events = if self.command_line.contains("--json") { parse_events(&stdout) } else { Vec::new() };
        Ended { code: exit_code(status), events, stdout, stderr, command_line: self.command_line, home: self.home }
    }
}

/// How it ended, and all it said.
pub(crate) struct Ended {
    /// The exit code.
    pub(crate) code: i32,
    /// Its JSON lines.
    pub(crate) events: Vec<Value>,
    /// Standard output as it was.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
    command_line: String,
    /// Its home, still there.
    pub(crate) home: TempDir,
}

impl Ended {
    /// Everything, for a panic's message.
    pub(crate) fn story(&self) -> String {
        let head = format!("tally {} ended with {}", self.command_line, self.code);
        format!("{head}\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr)
    }

    /// Panics unless the exit code is `code`.
    pub(crate) fn expect_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "wanted exit code {code}: {}", self.story());
        self
    }

    /// Panics unless it ended well, with a summary as its last line and no problem told; returns the summary.
    pub(crate) fn expect_good_show(&self) -> &Value {
        self.expect_code(0);
        assert!(self.problems().is_empty(), "{}", self.story());
        self.summary()
    }

    /// The last line, which must be the summary.
    pub(crate) fn summary(&self) -> &Value {
        let last = self.events.last().unwrap_or_else(|| panic!("no events: {}", self.story()));
        assert_eq!(last["event"], "summary", "the last line is not the summary: {}", self.story());
        last
    }

    /// All of `event`.
    pub(crate) fn all(&self, event: &str) -> Vec<&Value> {
        self.events.iter().filter(|found| found["event"] == event).collect()
    }

    /// All problems, each checked to say what happened and what to do.
    pub(crate) fn problems(&self) -> Vec<&Value> {
        let problems = self.all("problem");
        for problem in &problems {
            let kind = problem["kind"].as_str().unwrap_or_default();
            let stable = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            assert!(stable, "kind {kind:?} is no stable word: {}", self.story());
            for field in ["what", "do"] {
                let text = problem[field].as_str().unwrap_or_default();
                assert!(text.len() > 8, "{field} says nothing: {}", self.story());
            }
        }
        problems
    }

    /// Panics unless it ended with `code` and the last problem it told is one of `kinds`; returns it.
    pub(crate) fn expect_problem(&self, code: i32, kinds: &[&str]) -> &Value {
        self.expect_code(code);
        let last = self.problems().last().copied().unwrap_or_else(|| panic!("no problem was told: {}", self.story()));
        let kind = last["kind"].as_str().unwrap_or_default();
        assert!(kinds.contains(&kind), "kind {kind}, not of {kinds:?}: {}", self.story());
        self.summary();
        last
    }

    /// Panics unless it was refused as a wrong command line: code 2, a sentence on standard error, nothing streamed.
    pub(crate) fn expect_usage_error(&self, mentions: &str) {
        self.expect_code(2);
        let told = format!("{} {}", self.stdout, self.stderr);
        assert!(told.contains(mentions), "{mentions:?} is not named: {}", self.story());
        assert!(self.all("state").iter().all(|state| state["state"] != "live"), "{}", self.story());
    }
}

/// Whether `event` is the state `name`.
pub(crate) fn is_state(event: &Value, name: &str) -> bool {
    event["event"] == "state" && event["state"] == name
}

/// A number of an event, or a panic that names it.
pub(crate) fn number(event: &Value, field: &str) -> f64 {
    event[field].as_f64().unwrap_or_else(|| panic!("{field} is no number in {event}"))
}

/// All lines; panics at one that is not an object with `event` and `t`, or at time that runs backwards.
fn parse_events(text: &str) -> Vec<Value> {
    let known: BTreeSet<_> = ["step", "state", "stats", "problem", "rehearsal", "mark", "replay", "repair", "summary"]
        .into_iter()
        .chain(["listening", "publish_started", "publish_ended", "play_started", "play_ended", "refused"])
        .collect();
    let mut time = 0.0;
    let mut events = Vec::new();
    for line in text.lines() {
        let event: Value = serde_json::from_str(line)
            .unwrap_or_else(|error| panic!("not JSON on standard output ({error}): {line:?}"));
        let name = event["event"].as_str().unwrap_or_else(|| panic!("no event in {line}"));
        assert!(known.contains(name), "the contract knows no event {name:?}: {line}");
        let t = event["t"].as_f64().unwrap_or_else(|| panic!("no t in {line}"));
        assert!(t >= time, "t runs backwards from {time}: {line}");
        time = t;
        events.push(event);
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_events_of_the_contract_pass() {
        assert_eq!(parse_events("{\"event\":\"stats\",\"t\":1.0}\n{\"event\":\"summary\",\"t\":2.5}\n").len(), 2);
        for wrong in [
            "hello\n",
            "{\"t\":1.0}\n",
            "{\"event\":\"stats\"}\n",
            "{\"event\":\"gossip\",\"t\":1.0}\n",
            "{\"event\":\"stats\",\"t\":2.0}\n{\"event\":\"stats\",\"t\":1.0}\n",
        ] {
            assert!(std::panic::catch_unwind(|| parse_events(wrong)).is_err(), "{wrong}");
        }
    }
}
