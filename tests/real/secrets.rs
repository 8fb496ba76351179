//! The stream key appears nowhere: not in arguments, not with children, not in any log, not in any file.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::hooks::Hooks;
use crate::support::net::free_port;
use crate::support::nginx::{Nginx, Options};
use crate::support::odd::OddServer;
use crate::support::process::{Process, children_of};
use crate::support::tally::{Ended, Show, Tally};

/// Looked for as bytes everywhere; its parts are too common to be looked for.
const CANARY: &str = "canary-9d2f61ab77-Zq";

/// How a log line is told from other text.
const LEVELS: [&str; 5] = [" TRACE ", " DEBUG ", " INFO ", " WARN ", " ERROR "];

fn loud(tally: Tally) -> Tally {
    tally.args(&["-vv"]).env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full").key(CANARY)
}

fn holds_canary(bytes: &[u8]) -> bool {
    bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
}

/// Arguments of the program and everything of its children, while it runs.
fn check_processes(show: &Show) {
    let read = |id: u32, name: &str| std::fs::read(format!("/proc/{id}/{name}")).unwrap_or_default();
    assert!(!holds_canary(&read(show.process.id(), "cmdline")), "the key is among the arguments");
    let environment = read(show.process.id(), "environ");
    assert!(!environment.is_empty() && !holds_canary(&environment), "the key is in the environment still");
    for child in children_of(show.process.id()) {
        assert!(
            !holds_canary(&read(child, "cmdline")) && !holds_canary(&read(child, "environ")),
            "a child has the key"
        );
    }
}

fn check_ended(ended: &Ended) {
    assert!(!holds_canary(ended.stdout.as_bytes()), "the key is on standard output: {}", ended.stdout);
    assert!(!holds_canary(ended.stderr.as_bytes()), "the key is on standard error: {}", ended.stderr);
    check_files(ended.home.path());
}

fn check_files(dir: &Path) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        assert!(!holds_canary(path.to_string_lossy().as_bytes()), "the key is a file's name");
        if path.is_dir() {
            check_files(&path);
        } else {
            assert!(!holds_canary(&std::fs::read(&path).unwrap_or_default()), "the key is in {}", path.display());
        }
    }
}

#[test]
fn the_key_is_nowhere_after_a_show() {
    let nginx = Nginx::start();
    let mut show = loud(Tally::small_show(&nginx.url(), 3)).start();
    show.wait_until_live();
    check_processes(&show);
    let ended = show.end(Duration::from_secs(20));
    ended.expect_code(0);
    assert!(ended.stderr.lines().count() >= 5, "a trace was asked for: {}", ended.stderr);
    check_ended(&ended);
    // It did reach the server, or nothing was proven.
    assert!(nginx.recording().to_string_lossy().contains(CANARY));
}

#[test]
fn the_key_is_nowhere_when_it_came_in_the_address_or_a_file() {
    let nginx = Nginx::start();
    // Another one in the environment changes nothing.
    let in_address = loud(Tally::small_show(&format!("{}/{CANARY}", nginx.url()), 2)).env("TALLY_KEY", "another").run();
    in_address.expect_code(0);
    check_ended(&in_address);

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("key");
    std::fs::write(&file, format!("{CANARY}\n")).unwrap();
    let in_file = loud(Tally::small_show(&nginx.url(), 2))
        .env("TALLY_KEY", "")
        .args(&["--key-file", &file.to_string_lossy()])
        .run();
    in_file.expect_code(0);
    check_ended(&in_file);
    assert_eq!(nginx.recordings().iter().filter(|path| path.to_string_lossy().contains(CANARY)).count(), 2);
}

#[test]
fn the_key_is_nowhere_after_a_refusal() {
    // A server may well repeat the key in its own words.
    let server = OddServer::rejecting_publish("NetStream.Publish.BadName", "bad key: canary-9d2f61ab77-Zq");
    let ended = loud(Tally::small_show(&server.url(), 2)).run();
    ended.expect_problem(6, &["publish_rejected"]);
    check_ended(&ended);

    let hooks = Hooks::refusing("canary");
    let nginx = Nginx::with(&Options { on_publish: Some(hooks.port), ..Options::default() });
    let ended = loud(Tally::small_show(&nginx.url(), 2)).run();
    ended.expect_problem(6, &["publish_rejected", "closed_by_server"]);
    check_ended(&ended);
}

#[test]
fn the_key_is_nowhere_after_a_check() {
    let nginx = Nginx::start();
    let mut check = loud(Tally::check(&nginx.url())).args(&["--publish"]).start();
    check.wait_for("publish", Duration::from_secs(20), |event| event["name"] == "publish");
    check_processes(&check);
    let ended = check.end(Duration::from_secs(20));
    ended.expect_code(0);
    check_ended(&ended);
    assert!(nginx.recording().to_string_lossy().contains(CANARY), "it did not reach the server: nothing was proven");

    let server = OddServer::rejecting_publish("NetStream.Publish.BadName", "bad key: canary-9d2f61ab77-Zq");
    let in_address = loud(Tally::check(&format!("{}/{CANARY}", server.url()))).env("TALLY_KEY", "");
    let ended = in_address.args(&["--publish"]).run();
    ended.expect_problem(6, &["publish_rejected"]);
    check_ended(&ended);

    // In the words for people as well, and where it stops before it publishes.
    let words = ["check", "--video", "test", "--audio", "test", "--size", "320x180", "--to", &nginx.url()];
    let ended = loud(Tally::new(&words)).run();
    ended.expect_code(0);
    check_ended(&ended);
}

#[test]
fn the_key_is_nowhere_when_nothing_was_reached() {
    let ended = loud(Tally::small_show(&format!("rtmp://127.0.0.1:{}/live", free_port()), 2)).run();
    ended.expect_problem(4, &["connection_refused"]);
    check_ended(&ended);

    let ended = loud(Tally::small_show(&format!("rtpm://127.0.0.1/live/{CANARY}"), 2)).run();
    ended.expect_code(2);
    check_ended(&ended);
}

#[test]
fn a_profile_shows_only_the_end_of_its_key() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("config").to_string_lossy().into_owned();
    let profiles = |args: &[&str]| {
        let mut words = vec!["profiles"];
        words.extend_from_slice(args);
        Tally::new(&words).env("TALLY_CONFIG_DIR", &dir).env("TALLY_NO_KEYRING", "1")
    };
    let saved = profiles(&["save", "evening", "--to", "rtmp://127.0.0.1:1/live"]).key(CANARY).run();
    saved.expect_code(0);
    check_ended(&saved);
    let shown = profiles(&["show", "evening"]).run();
    shown.expect_code(0);
    check_ended(&shown);
    assert!(shown.stdout.contains("7-Zq"), "{}", shown.story());
    let exported = profiles(&["export", "evening"]).run();
    exported.expect_code(0);
    check_ended(&exported);
}

/// All memory a core file of the process would hold that the program can have written to.
fn writable_memory(id: u32) -> Vec<Vec<u8>> {
    let maps = std::fs::read_to_string(format!("/proc/{id}/maps")).unwrap();
    let memory = File::open(format!("/proc/{id}/mem")).unwrap();
    let mut found = Vec::new();
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with("rw"))) {
        let (start, rest) = line.split_once('-').unwrap();
        let (end, _) = rest.split_once(' ').unwrap();
        let [start, end] = [start, end].map(|number| u64::from_str_radix(number, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        // What was unmapped since, or belongs to a device, is not there.
        if memory.read_exact_at(&mut bytes, start).is_ok() {
            found.push(bytes);
        }
    }
    found
}

/// The lines of text around each place where `needle` stands.
fn lines_with(needle: &str, memory: &[Vec<u8>]) -> Vec<String> {
    let needle = needle.as_bytes();
    let is_text = |byte: &u8| (b' '..=b'~').contains(byte);
    let mut lines = Vec::new();
    for region in memory {
        let starts = (0..region.len().saturating_sub(needle.len() - 1)).filter(|&at| region[at] == needle[0]);
        for at in starts.filter(|&at| region[at..].starts_with(needle)) {
            let before = region[..at].iter().rev().take_while(|byte| is_text(byte)).count();
            let after = region[at..].iter().take_while(|byte| is_text(byte)).count();
            lines.push(String::from_utf8_lossy(&region[at - before..at + after]).into_owned());
        }
    }
    lines
}

#[test]
fn no_log_line_in_memory_holds_the_key_and_a_crash_leaves_no_core() {
    // Were cores not written here for anybody, nothing would be shown by ours that is not.
    let dir = tempfile::tempdir().unwrap();
    let mut crash = Command::new("sh");
    let mut crash = Process::start(crash.args(["-c", "ulimit -c unlimited; kill -ABRT $$"]).current_dir(dir.path()));
    let others_leave_cores = crash.wait(Duration::from_secs(10)).core_dumped();

    let nginx = Nginx::start();
    let mut show = loud(Tally::small_show(&nginx.url(), 60)).within("ulimit -c unlimited; exec \"$@\"").start();
    show.wait_until_live();
    let memory = writable_memory(show.process.id());
    // The key is there, or it could not be used again after a loss; logs are there, or nothing was proven.
    let holding = lines_with(CANARY, &memory);
    assert!(!holding.is_empty(), "the key was not found in memory: this test does not see what it should");
    let is_log = |line: &String| LEVELS.iter().any(|level| line.contains(level));
    let logged = lines_with(" tally::", &memory);
    assert!(logged.iter().any(is_log), "no log lines were found in memory: {logged:?}");
    assert!(!holding.iter().any(is_log), "a log line in memory holds the key: {holding:?}");
    show.process.signal(libc::SIGABRT);
    let status = show.process.wait(Duration::from_secs(10));
    assert_eq!(status.signal(), Some(libc::SIGABRT));
    assert!(!status.core_dumped(), "a core was written; others' are: {others_leave_cores}");
    let ended = show.end(Duration::from_secs(10));
    check_ended(&ended);
    assert!(ended.stderr.contains("DEBUG tally"), "{}", ended.stderr);
}
