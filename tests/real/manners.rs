//! How the command line treats files, signals and what it is told wrongly: nothing is lost, nothing is ignored, and what is
//! refused is named.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::support::ingest::Ingest;
use crate::support::media::{Recording, decode_without_a_warning};
use crate::support::mp4::{Played, decode};
use crate::support::net::free_port;
use crate::support::odd::OddServer;
use crate::support::tally::{Ended, Show, Tally, number};
use crate::support::time;

const KEY: &str = "man-77b0";
const LIMIT: Duration = Duration::from_secs(30);

/// A rehearsal that is over in a moment.
fn rehearsal(report: &Path) -> Tally {
    Tally::live(&["--video", "test", "--audio", "test", "--size", "320x180", "--video-bitrate", "400k", "--rehearse"])
        .args(&["--for", "2s", "--rehearsal-report", &report.to_string_lossy()])
}

/// A show that only records, with what `args` say.
fn recorded(file: &str) -> Tally {
    Tally::live(&["--video", "test", "--audio", "test", "--size", "320x180", "--video-bitrate", "400k", "--for", "4s"])
        .args(&["--record", file])
}

fn pictures(path: &Path) -> usize {
    match path.extension().is_some_and(|ending| ending == "mp4") {
        true => Played::read(path).pictures.len().min(decode(path)),
        false => Recording::read(path).video.len().min(decode_without_a_warning(path)),
    }
}

/// The only problem that was told, as JSON.
fn only_problem(ended: &Ended) -> &Value {
    let problems = ended.problems();
    assert_eq!(problems.len(), 1, "{}", ended.story());
    problems[0]
}

#[test]
fn what_is_received_right_now_is_not_repaired() {
    for format in ["flv", "mp4"] {
        let mut ingest = Ingest::start(&["--record-format", format]);
        let mut show = Tally::small_show(&ingest.url(), 5).key("cam").start();
        show.wait_until_live();
        let file = ingest.folder().join(format!("cam.{format}"));
        let grown = || std::fs::metadata(&file).is_ok_and(|about| about.len() > 100_000);
        assert!(time::poll(LIMIT, || grown().then_some(())).is_some(), "{}", ingest.show.process.story());
        let repair = Tally::new(&["repair", &file.to_string_lossy()]).run();
        assert!(repair.stderr.contains("being recorded right now; end the recording first"), "{}", repair.story());
        repair.expect_code(8);
        let sent = number(show.end(LIMIT).expect_good_show(), "frames_sent") as usize;
        ingest.ended("cam");
        assert_eq!(pictures(&file), sent, "{format}");
    }
}

#[test]
fn a_report_of_a_rehearsal_overwrites_nothing_and_comes_only_with_one() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("old.txt"), dir.path().join("new.txt"));
    std::fs::write(&old, "not to be lost").unwrap();
    let refused = rehearsal(&old).run();
    refused.expect_usage_error("old.txt");
    assert!(only_problem(&refused)["what"].to_string().contains("old.txt"), "{}", refused.story());
    assert_eq!(std::fs::read_to_string(&old).unwrap(), "not to be lost");
    // A show that is refused, and one that finds no source.
    rehearsal(&new).args(&["--size", "853x480"]).run().expect_usage_error("853x480");
    rehearsal(&new).args(&["--video", "camera:none-of-this-name"]).run().expect_code(3);
    let left = || std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(left(), 1, "something was left behind");
    rehearsal(&new).run().expect_code(0);
    assert!(std::fs::read_to_string(&new).unwrap().contains("Rate by second"));
    assert_eq!(left(), 2, "something was left beside the report");
}

/// `tally serve --record` on a disk of `size`, `used` of which is taken; gives it with the folder as we see it.
fn serve_on_a_small_disk(dir: &Path, format: &str, size: &str, used_kb: u32) -> (Show, PathBuf, String) {
    let fill = format!("dd if=/dev/zero of={}/used bs=1k count={used_kb} status=none", dir.display());
    let script = format!("mount -t tmpfs -o size={size} none {} && {fill} && exec \"$@\"", dir.display());
    let mut serve = Tally::serve(&["--record", &dir.to_string_lossy(), "--record-format", format])
        .within(&format!("exec unshare -m sh -c '{script}' sh \"$@\""))
        .start();
    let listening = serve.wait_for("listening event", LIMIT, |event| event["event"] == "listening");
    let url = format!("rtmp://{}/live", listening["rtmp"].as_str().unwrap());
    let seen =
        Path::new("/proc").join(serve.process.id().to_string()).join("root").join(dir.strip_prefix("/").unwrap());
    (serve, seen, url)
}

/// Streams to it until its recording has ended; gives the problem it told, and how many pictures the file has.
fn full(format: &str, size: &str, used_kb: u32, seconds: u32) -> (Value, usize, u64) {
    let dir = tempfile::tempdir().unwrap();
    let (mut serve, seen, url) = serve_on_a_small_disk(dir.path(), format, size, used_kb);
    let sent = Tally::small_show(&url, seconds).key("cam").run();
    sent.expect_good_show();
    // That it gets low is told first.
    let ends = |event: &Value| event["event"] == "problem" && event["kind"] != "disk_low";
    let problem = serve.wait_for("problem", LIMIT, ends);
    serve.wait_for("publish_ended event", LIMIT, |event| event["event"] == "publish_ended");
    let copy = dir.path().join(format!("copy.{format}"));
    std::fs::copy(seen.join(format!("cam.{format}")), &copy).unwrap();
    let free = fs4::statvfs(&seen).unwrap().available_space();
    serve.process.signal(libc::SIGTERM);
    serve.end(LIMIT).expect_code(8);
    (problem, pictures(&copy), free)
}

#[test]
fn what_is_received_ends_before_the_disk_is_full() {
    for format in ["flv", "mp4"] {
        // A tenth of it stays free: 410 kB.
        let (problem, pictures, free) = full(format, "4m", 3300, 7);
        assert_eq!(problem["kind"], "disk_full");
        assert!(problem["what"].as_str().unwrap().contains("kept free"), "{problem}");
        assert!(pictures > 45 && free > 150_000, "{format}: {pictures} pictures, {free} bytes are free");
    }
}

#[test]
fn what_is_received_is_whole_where_the_disk_had_no_room() {
    for format in ["flv", "mp4"] {
        let (problem, pictures, _) = full(format, "256k", 0, 5);
        assert_eq!(problem["kind"], "disk_full");
        assert!(pictures > 15, "{format}: {pictures} pictures");
    }
}

#[test]
fn a_closed_terminal_ends_a_show_unless_it_was_told_to_stay() {
    for (script, stays) in [("exec \"$@\"", false), ("trap '' HUP; exec \"$@\"", true)] {
        let dir = tempfile::tempdir().unwrap();
        let mut show = recorded(&dir.path().join("show.mp4").to_string_lossy()).within(script).start();
        show.wait_until_live();
        show.process.signal(libc::SIGHUP);
        let ended = show.end(LIMIT);
        let lasted = number(ended.expect_good_show(), "duration_s");
        assert_eq!(lasted > 3.5, stays, "{script}: {lasted} s");
    }
}

#[test]
fn a_secret_that_is_no_text_is_told_and_not_left_out() {
    let server = OddServer::silent();
    for (name, args) in [("TALLY_KEY", &[] as &[&str]), ("TALLY_PASSWORD", &["--user", "me"])] {
        let script = format!("{name}=$(printf 'a\\377b'); export {name}; exec \"$@\"");
        let ended = Tally::small_show(&server.url(), 2).args(args).within(&script).run();
        ended.expect_usage_error(name);
        assert!(only_problem(&ended)["what"].to_string().contains("UTF-8"), "{}", ended.story());
        // Who does not use it is not disturbed.
        Tally::new(&["devices"]).within(&script).run().expect_code(0);
    }
    assert_eq!(server.clients(), 0, "it went out without a key");
}

#[test]
fn a_check_that_did_not_come_to_publishing_says_so() {
    let ended = Tally::check(&format!("rtmp://127.0.0.1:{}/live", free_port())).args(&["--publish"]).key(KEY).run();
    ended.expect_problem(4, &["connection_refused"]);
    let destination = &ended.summary()["destinations"][0];
    assert_eq!(destination["publish"], "not_published", "{destination}");
    assert!(destination["note"].as_str().unwrap().contains("did not come to publishing"), "{destination}");
}

#[test]
fn a_recording_needs_the_name_of_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("dir");
    std::fs::create_dir(&folder).unwrap();
    let slash = dir.path().join("newdir/");
    for (value, why) in [
        (folder.to_string_lossy(), "it is a folder; name a file in it"),
        (slash.to_string_lossy(), "it is a folder; name a file in it"),
        ("/dev/full".into(), "it is a device"),
    ] {
        let ended = recorded(&value).run();
        ended.expect_usage_error(why);
        assert!(ended.stderr.contains("--record"), "{}", ended.story());
        assert!(only_problem(&ended)["what"].to_string().contains(why), "{}", ended.story());
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "something was made beside the folder");
    assert!(!Path::new("/dev/full-2").exists());
}

#[test]
fn every_failure_is_told_as_json_where_json_was_asked_for() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (args, told, code) in [
        (&["serve", "--json", "--http", "off", "--listen", &address] as &[&str], "--listen", 2),
        (&["profiles", "show", "nope", "--json"], "nope", 2),
        (&["profiles", "import", "/nope", "--json"], "/nope", 2),
        (&["repair", "--json", "--output", "x", "a", "b"], "--output", 2),
        (&["live", "--json", "--rehearse", "--rehearsal-report", "/nope/x"], "/nope/x", 8),
        (&["live", "--json", "--profile", "nope"], "nope", 2),
        (&["check", "--json"], "--to", 2),
        (&["live", "--json", "--rehearsal-report", "x"], "--rehearse", 2),
        (&["serve", "--json", "--tls-cert", "x"], "--tls-key", 2),
    ] {
        let ended = Tally::new(args).run();
        ended.expect_code(code);
        let what = only_problem(&ended)["what"].to_string();
        assert!(what.contains(told) && !what.to_lowercase().contains("error:"), "{}", ended.story());
    }
}

#[test]
fn an_address_for_tls_needs_a_certificate() {
    Tally::serve(&["--listen-tls", "127.0.0.1:0"]).run().expect_usage_error("--tls-cert");
}

#[test]
fn paths_that_are_no_text_are_paths() {
    let dir = tempfile::tempdir().unwrap();
    let path = format!("{}/show$(printf '\\377')", dir.path().display());
    let script = |flag: &str, value: &str| format!("exec \"$@\" {flag} \"{value}\"");
    let base =
        || Tally::new(&["live", "--json", "--video", "test", "--audio", "test", "--size", "320x180", "--for", "1s"]);
    base().within(&script("--record", &format!("{path}.mp4"))).run().expect_code(0);
    let made = std::fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
    assert!(made.to_str().is_none(), "{}", made.display());
    let clip = format!("file:{path}.mp4");
    let shown = Tally::new(&["live", "--json", "--record", "out.mp4", "--for", "1s"])
        .within(&format!("exec \"$@\" --video \"{clip}\" --audio \"{clip}\""))
        .run();
    shown.expect_code(0);
    assert!(decode(&shown.home.path().join("out.mp4")) > 20, "{}", shown.story());
    let nonsense = base().within(&script("--video", "camera$(printf '\\377')")).run();
    nonsense.expect_usage_error("--video");
}

#[test]
fn a_lowest_rate_above_the_rate_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("show.mp4");
    let ended = recorded(&file.to_string_lossy()).args(&["--video-bitrate-min", "500k"]).run();
    ended.expect_usage_error("500k");
    assert!(!file.exists());
}

#[test]
fn advice_fits_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let card = recorded(&dir.path().join("a.mp4").to_string_lossy()).args(&["--card", "/nope.png"]).run();
    let problem = card.problems()[0];
    assert!(!problem["do"].as_str().unwrap().contains("WAV"), "{problem}");

    let picture = dir.path().join("picture.png");
    std::fs::write(&picture, b"\x89PNG\r\n\x1a\n and so on").unwrap();
    let repair = Tally::new(&["repair", &picture.to_string_lossy()]).run();
    repair.expect_code(2);
    assert!(repair.stderr.contains("no MP4") && !repair.stderr.contains("written"), "{}", repair.story());
}
