//! Recordings: whole whatever happens, exact in time, closed after a crash, split without a loss; and the stream is never
//! harmed by them. `TALLY_TEST_KILLS=200` kills the program more often (by `cargo test`: nextest ends it after two minutes).

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::media::{Recording, decode_without_a_warning};
use crate::support::mp4::{Played, decode};
use crate::support::nginx::Nginx;
use crate::support::process::run;
use crate::support::shim;
use crate::support::signal::Signal;
use crate::support::tally::{Ended, Show, Tally, is_state, number};
use crate::support::time;

const KEY: &str = "rec-51cd";
const PATIENCE: Duration = Duration::from_secs(30);

/// `tally live` that only records, with a picture that costs little.
fn alone(file: &Path) -> Tally {
    Tally::live(&["--video", "test", "--audio", "test", "--size", "320x180", "--video-bitrate", "400k"])
        .args(&["--record", &file.to_string_lossy()])
}

/// Waits until the show has been live for `seconds`.
fn wait_live(show: &mut Show, seconds: u64) {
    show.wait_until_live();
    time::pause(Duration::from_secs(seconds));
}

fn ends_well(show: Show) -> Ended {
    show.process.signal(libc::SIGTERM);
    show.end(PATIENCE)
}

fn files(ended: &Ended) -> Vec<PathBuf> {
    let files = ended.summary()["recordings"].as_array().unwrap();
    files.iter().map(|file| PathBuf::from(file.as_str().unwrap())).collect()
}

#[test]
fn a_recording_alone_is_exact_in_picture_and_sound() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("show.mp4");
    let ended = alone(&file).args(&["--for", "6s"]).run();
    let summary = ended.expect_good_show();
    let states: Vec<_> = ended.all("state").iter().map(|event| event["state"].as_str().unwrap().to_owned()).collect();
    assert_eq!(states, ["connecting", "live", "ending", "ended"], "{}", ended.story());
    assert_eq!((summary["recording"].as_str(), files(&ended)), (file.to_str(), vec![file.clone()]));
    let duration = number(summary, "duration_s");
    assert!((duration - 6.0).abs() < 0.2, "--for counts from the recording's start: {duration} s");
    for stats in ended.all("stats").iter().filter(|stats| stats["state"] == "live").skip(1) {
        let cost = ["capture_ms", "encode_ms", "disk_ms"].map(|stage| number(stats, stage));
        assert!(cost.iter().all(|cost| *cost > 0.0 && *cost < 500.0), "{stats}");
        assert!(stats["convert_ms"].is_null() && stats["write_ms"].is_null(), "nothing is converted or sent: {stats}");
    }
    let played = Played::read(&file);
    assert_eq!(
        (played.pictures.len() as f64, decode(&file)),
        (number(summary, "frames_encoded"), played.pictures.len())
    );
    played.check_whole(30.0);
    assert!(played.pictures.len() >= 178, "{} pictures", played.pictures.len());
    // A viewer sees the flash and hears the beep at the same time, to less than a packet of sound.
    Signal::read(&file).check_av_offset(5.0, 4);
}

#[test]
fn a_recording_alone_tells_a_person_what_it_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("show.mp4").to_string_lossy().into_owned();
    let ended = Tally::new(&["live", "--video", "test", "--audio", "test", "--size", "320x180", "--record", &file])
        .args(&["--for", "1s"])
        .run();
    ended.expect_code(0);
    assert!(ended.stdout.contains(": 30 frames recorded, 0 missed"), "{}", ended.story());
}

#[test]
fn a_show_is_kept_as_it_was_sent_in_either_form() {
    for ending in ["mp4", "flv"] {
        let nginx = Nginx::start();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(format!("show.{ending}"));
        let ended = Tally::small_show(&nginx.url(), 4).args(&["--record", &file.to_string_lossy()]).key(KEY).run();
        let sent = number(ended.expect_good_show(), "frames_sent") as usize;
        assert!((0.0..500.0).contains(&number(ended.summary(), "write_ms")), "{}", ended.story());
        let kept = if ending == "mp4" { decode(&file) } else { decode_without_a_warning(&file) };
        assert!(kept >= sent, "{kept} kept, {sent} sent: {}", ended.story());
    }
}

#[test]
fn a_recording_goes_on_while_the_server_is_away_and_at_any_rate() {
    let mut nginx = Nginx::start();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("show.mp4");
    let mut show = Tally::live(&["--video", "test", "--audio", "test", "--size", "320x180", "--video-bitrate", "400k"])
        .args(&["--to", &nginx.url(), "--record", &file.to_string_lossy()])
        .key(KEY)
        .start();
    wait_live(&mut show, 2);
    nginx.kill();
    show.wait_for_states("reconnecting", 1, Duration::from_secs(10));
    time::pause(Duration::from_secs(2));
    nginx.restart();
    show.wait_for_states("live", 2, Duration::from_secs(20));
    time::pause(Duration::from_secs(1));
    let ended = ends_well(show);
    ended.expect_code(0);
    let played = Played::read(&file);
    let missed = ["missed", "skipped"].map(|field| number(ended.summary(), field)).iter().sum::<f64>();
    if missed == 0.0 {
        played.check_whole(30.0);
    }
    assert!(
        played.seconds() > number(ended.summary(), "duration_s") - 0.5,
        "{} s: {}",
        played.seconds(),
        ended.story()
    );
    assert_eq!(decode(&file), played.pictures.len());
}

#[test]
fn where_the_disk_takes_no_larger_file_another_begins_without_a_loss() {
    for ending in ["mp4", "flv"] {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(format!("show.{ending}"));
        // So many blocks of 512 bytes: three to four seconds.
        let small_files = "ulimit -f 500; exec \"$@\"";
        let ended = alone(&file).args(&["--keyframe-seconds", "1", "--for", "12s"]).within(small_files).run();
        ended.expect_problem(0, &["recording_file_full"]);
        let summary = ended.summary();
        assert_eq!((number(summary, "recording_dropped"), ended.problems().len()), (0.0, 1), "{}", ended.story());
        let files = files(&ended);
        assert!(files.len() > 2, "{}", ended.story());
        let mut pictures = 0;
        for file in &files {
            if ending == "mp4" {
                let played = Played::read(file);
                played.check_whole(30.0);
                pictures += decode(file);
            } else {
                pictures += decode_without_a_warning(file);
            }
        }
        assert_eq!(pictures as f64, number(summary, "frames_encoded"), "{}", ended.story());
    }
}

#[test]
fn another_file_begins_without_a_loss() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("show.mp4");
    let ended = alone(&file).args(&["--record-split", "2s", "--keyframe-seconds", "1", "--for", "7s"]).run();
    let summary = ended.expect_good_show();
    let files = files(&ended);
    let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["show.mp4", "show-2.mp4", "show-3.mp4", "show-4.mp4"], "{}", ended.story());
    let (mut pictures, mut packets) = (0, 0);
    for file in &files {
        let played = Played::read(file);
        played.check_whole(30.0);
        // Sound ends where the picture does, to a packet.
        let end = played.sound.last().unwrap() - played.pictures.last().unwrap().0;
        let is_last = file == files.last().unwrap();
        assert!(is_last || end.abs() < 0.055, "{}: {end} s", file.display());
        (pictures, packets) = (pictures + decode(file), packets + played.sound.len());
        Signal::read(file).check_av_offset(5.0, if is_last { 0 } else { 1 });
    }
    assert_eq!(pictures as f64, number(summary, "frames_encoded"), "{}", ended.story());
    let expected = pictures as f64 / 30.0 * 48_000.0 / 1024.0;
    assert!((packets as f64 - expected).abs() < 6.0, "{packets} packets of sound for {expected:.0}");
}

#[test]
fn after_a_crash_less_than_two_seconds_are_missing_and_repair_closes_the_file() {
    let kills = std::env::var("TALLY_TEST_KILLS").map_or(3, |kills| kills.parse().unwrap());
    let mut most = 0.0_f64;
    for (round, ending) in ["mp4", "mp4", "flv"].into_iter().cycle().take(kills).enumerate() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(format!("show.{ending}"));
        let mut show = alone(&file).start();
        show.wait_until_live();
        let begun = time::now();
        // Anywhere between two fragments.
        time::pause(Duration::from_millis(3200 + 370 * round as u64 % 2000));
        show.process.kill();
        let ran = begun.elapsed().as_secs_f64();
        let (text, _) = run(env!("CARGO_BIN_EXE_tally"), ["repair", "--json", &file.to_string_lossy()]);
        assert!(text.contains("\"result\":\"repaired\"") || text.contains("\"result\":\"whole\""), "{text}");
        let kept = match ending {
            "mp4" => {
                decode(&file);
                Played::read(&file).seconds()
            }
            _ => {
                decode_without_a_warning(&file);
                Recording::read(&file).video_ms() / 1000.0
            }
        };
        assert!(ran - kept < 2.0, "{kept:.2} s of {ran:.2} s are left");
        most = most.max(ran - kept);
        let again = run(env!("CARGO_BIN_EXE_tally"), ["repair", &file.to_string_lossy()]).0;
        assert!(again.contains("nothing to repair"), "{again}");
    }
    println!("{kills} kills, {most:.2} s lost at most");
}

#[test]
fn the_next_start_closes_what_a_crash_left_open_and_leaves_what_others_record() {
    let (dir, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let noted = |tally: Tally| tally.env("TALLY_STATE_DIR", &state.path().to_string_lossy());
    let (crashed, other) = (dir.path().join("crashed.mp4"), dir.path().join("other.mp4"));
    let mut living = noted(alone(&other)).start();
    living.wait_until_live();
    let mut show = noted(alone(&crashed)).start();
    wait_live(&mut show, 3);
    show.process.kill();
    // A crash in the middle of a write.
    let mut bytes = std::fs::read(&crashed).unwrap();
    bytes.extend([0, 0, 9, 9, b'm', b'o', b'o', b'f', 1, 2, 3]);
    std::fs::write(&crashed, bytes).unwrap();
    let next = dir.path().join("next.mp4");
    let ended = noted(alone(&next)).args(&["--for", "2s"]).run();
    ended.expect_code(0);
    let repaired: Vec<_> =
        ended.problems().into_iter().filter(|problem| problem["kind"] == "recording_repaired").collect();
    assert_eq!(repaired.len(), 1, "{}", ended.story());
    assert_eq!(repaired[0]["about"].as_str(), crashed.to_str(), "{}", ended.story());
    assert!(decode(&crashed) > 30);
    let told_again = noted(alone(&dir.path().join("third.mp4"))).args(&["--for", "1s"]).run();
    assert!(told_again.problems().is_empty(), "{}", told_again.story());
    let ended = ends_well(living);
    assert!(ended.expect_good_show().is_object());
    assert!(decode(&other) > 60);
    assert_eq!(std::fs::read_dir(state.path().join("recordings")).unwrap().count(), 0);
}

/// A library that makes the disk fail: compiled into `folder`.
fn failing_disk(folder: &Path) -> String {
    shim::compile("failing_disk", folder)
}

#[test]
fn a_disk_that_fails_is_told_and_the_stream_loses_nothing() {
    for (error, kind) in [("FULL", "disk_full"), ("READ_ONLY", "recording_failed"), ("GONE", "recording_failed")] {
        let nginx = Nginx::start();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("show.mp4");
        let ended = Tally::small_show(&nginx.url(), 6)
            .args(&["--record", &file.to_string_lossy()])
            .env("LD_PRELOAD", &failing_disk(dir.path()))
            .env("FAILING_DISK_BYTES", "250000")
            .env("FAILING_DISK_ERROR", error)
            .key(KEY)
            .run();
        ended.expect_problem(8, &[kind]);
        let sent = number(ended.summary(), "frames_sent");
        assert!(sent >= 175.0 && number(ended.summary(), "dropped") == 0.0, "{error}: {}", ended.story());
        assert_eq!(Recording::read(&nginx.recording()).video.len() as f64, sent, "{error}: {}", ended.story());
        // What was written before stays, whole.
        assert!(decode(&file) > 30, "{error}");
    }
}

#[test]
fn a_disk_that_is_full_from_the_start_leaves_no_file_behind() {
    let dir = tempfile::tempdir().unwrap();
    let videos = dir.path().join("videos");
    std::fs::create_dir(&videos).unwrap();
    for bytes in ["100", "700", "1166"] {
        let ended = alone(&videos.join("show.mp4"))
            .env("LD_PRELOAD", &failing_disk(dir.path()))
            .env("FAILING_DISK_BYTES", bytes)
            .env("FAILING_DISK_ERROR", "FULL")
            .run();
        ended.expect_problem(8, &["disk_full"]);
        assert!(files(&ended).is_empty() && ended.summary()["recording"].is_null(), "{}", ended.story());
        assert_eq!(std::fs::read_dir(&videos).unwrap().count(), 0, "{bytes}");
    }
}

#[test]
fn a_recording_that_is_renamed_goes_on_to_its_end_and_its_marks_overwrite_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    std::fs::write(path("show.chapters.vtt"), "mine").unwrap();
    let mut show = alone(&path("show.mp4")).start();
    wait_live(&mut show, 3);
    std::fs::rename(path("show-2.mp4"), path("renamed.mp4")).unwrap();
    show.process.signal(libc::SIGUSR2);
    show.wait_for("mark", PATIENCE, |event| event["event"] == "mark");
    time::pause(Duration::from_secs(3));
    let ended = ends_well(show);
    let encoded = number(ended.expect_good_show(), "frames_encoded");
    assert_eq!(decode(&path("renamed.mp4")) as f64, encoded, "{}", ended.story());
    assert_eq!(std::fs::read_to_string(path("show.chapters.vtt")).unwrap(), "mine");
    assert!(std::fs::read_to_string(path("show-2.chapters.vtt")).unwrap().contains("Mark 1"));
}

#[test]
fn the_last_chapter_of_a_recording_that_crashed_is_closed_with_it() {
    for ending in ["mp4", "flv"] {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(format!("show.{ending}"));
        let mut show = alone(&file).start();
        wait_live(&mut show, 2);
        // Pressed twice within a moment, it is one moment.
        for _ in 0..2 {
            show.process.signal(libc::SIGUSR2);
            let mark = show.wait_for("mark", PATIENCE, |event| event["event"] == "mark");
            assert_eq!(mark["number"], 1);
        }
        time::pause(Duration::from_secs(3));
        show.process.kill();
        let chapters = || std::fs::read_to_string(dir.path().join("show.chapters.vtt")).unwrap();
        assert!(chapters().contains(" --> 99:59:59.000\nMark 1\n"), "{}", chapters());
        run(env!("CARGO_BIN_EXE_tally"), ["repair", &file.to_string_lossy()]);
        let closed = chapters();
        let end = closed.split_once(" --> 00:00:0").and_then(|(_, end)| end.lines().next()?.parse::<f64>().ok());
        assert!(end.is_some_and(|seconds| (3.5..7.0).contains(&seconds)), "{closed}");
        assert_eq!(closed.matches("Mark").count(), 1, "{closed}");
    }
}

#[test]
fn a_replay_and_marks_are_beside_the_recording() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("show.mp4");
    let mut show = alone(&file).start();
    wait_live(&mut show, 3);
    show.process.signal(libc::SIGUSR2);
    show.wait_for("mark", PATIENCE, |event| event["event"] == "mark" && event["number"] == 1);
    show.process.signal(libc::SIGUSR1);
    let saved = show.wait_for("replay", PATIENCE, |event| event["event"] == "replay");
    let replay = PathBuf::from(saved["path"].as_str().unwrap());
    assert!(replay.file_name().unwrap().to_str().unwrap().starts_with("show replay "), "{saved}");
    let played = Played::read(&replay);
    assert!(
        played.pictures[0] == (0.0, true) && played.seconds() > 2.0,
        "{:?} {}",
        played.pictures[0],
        played.seconds()
    );
    assert_eq!(decode(&replay), played.pictures.len());
    let ended = ends_well(show);
    ended.expect_good_show();
    let marks = std::fs::read_to_string(dir.path().join("show.chapters.vtt")).unwrap();
    assert!(marks.starts_with("WEBVTT\n\n1\n00:00:0") && marks.trim_end().ends_with("Mark 1"), "{marks}");
    // FFmpeg takes it as what it is.
    run("ffprobe", ["-v", "error", &dir.path().join("show.chapters.vtt").to_string_lossy()]);
}

#[test]
fn a_replay_that_would_soon_end_the_recording_is_refused_and_the_recording_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().display();
    // A tenth of the disk stays free, and 900 kB are left: 13 s of the recording, or 7 s and a replay of them.
    let fill = format!("dd if=/dev/zero of={folder}/used bs=1k count=10180 status=none");
    let script = format!("mount -t tmpfs -o size=12m none {folder} && {fill} && exec \"$@\"");
    let mut show =
        alone(&dir.path().join("show.mp4")).within(&format!("exec unshare -m sh -c '{script}' sh \"$@\"")).start();
    wait_live(&mut show, 7);
    show.process.signal(libc::SIGUSR1);
    let refused = show.wait_for("problem", PATIENCE, |event| event["kind"] == "replay_failed");
    assert!(refused["what"].as_str().unwrap().contains("the recording needs the room"), "{refused}");
    assert!(refused["do"].as_str().unwrap().starts_with("Free some space"), "{refused}");
    let ended = ends_well(show);
    ended.expect_code(0);
    let summary = ended.summary();
    assert!(number(summary, "duration_s") > 7.0 && summary["recording"].is_string(), "{}", ended.story());
    assert!(ended.problems().iter().all(|problem| problem["kind"] != "disk_full"), "{}", ended.story());
}

#[test]
fn a_replay_and_a_mark_without_a_recording_are_refused_with_a_sentence_and_harm_nothing() {
    let nginx = Nginx::start();
    let mut show = Tally::live(&["--video", "test", "--audio", "test", "--size", "320x180", "--to", &nginx.url()])
        .key(KEY)
        .start();
    wait_live(&mut show, 3);
    show.process.signal(libc::SIGUSR1);
    let refused = show.wait_for("problem", PATIENCE, |event| event["kind"] == "replay_failed");
    assert!(refused["what"].as_str().unwrap().contains("only while a show is recorded"), "{refused}");
    assert!(refused["do"].as_str().unwrap().starts_with("Record the show"), "{refused}");
    show.process.signal(libc::SIGUSR2);
    let refused = show.wait_for("problem", PATIENCE, |event| event["kind"] == "mark_failed");
    assert!(refused["what"].as_str().unwrap().ends_with("nothing is recorded."), "{refused}");
    let ended = ends_well(show);
    ended.expect_code(0);
    assert!(ended.summary()["recording"].is_null());
    assert!(ended.events.iter().any(|event| is_state(event, "ended")));
}

#[test]
fn repair_says_what_it_did_and_leaves_other_files_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
    std::fs::write(path("notes.mp4"), "these are notes and no recording").unwrap();
    let ended = Tally::new(&["repair", "--json", &path("notes.mp4"), &path("missing.mp4")]).run();
    ended.expect_code(2);
    let results = ended.all("repair");
    assert!(results.len() == 2 && results.iter().all(|result| result["result"] == "failed"), "{}", ended.story());
    assert!(results.iter().all(|result| result["do"].as_str().unwrap().len() > 8), "{}", ended.story());
    assert_eq!(std::fs::read_to_string(path("notes.mp4")).unwrap(), "these are notes and no recording");
    let file = dir.path().join("show.mp4");
    alone(&file).args(&["--for", "2s"]).run().expect_good_show();
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() - 100]).unwrap();
    let nowhere = Tally::new(&["repair", &path("show.mp4"), "--output", &path("no/such.mp4")]).run();
    nowhere.expect_code(8);
    let copied = Tally::new(&["repair", &path("show.mp4"), "--output", &path("copy.mp4")]).run();
    copied.expect_code(0);
    assert!(copied.stdout.contains("is repaired") && copied.stdout.contains("copy.mp4"), "{}", copied.story());
    assert_eq!(std::fs::metadata(&file).unwrap().len(), whole.len() as u64 - 100, "the recording stays as it is");
    assert!(decode(Path::new(&path("copy.mp4"))) > 20);
    Tally::new(&["repair", &path("show.mp4"), &path("copy.mp4"), "--output", &path("x.mp4")]).run().expect_code(2);
}
