//! A stream that FFmpeg sends to a running `tally live` is the picture and the sound of the show.

use std::net::TcpListener;
use std::time::Duration;

use crate::support::ingest::Ingest;
use crate::support::media::Recording;
use crate::support::publishers;
use crate::support::servers::{new_ffmpeg, system_ffmpeg};
use crate::support::signal::Signal;
use crate::support::tally::{Ended, Show, Tally, number};
use crate::support::time;

const LIMIT: Duration = Duration::from_secs(30);
/// How phones send: no picture is reordered.
const AS_PHONES_DO: &str = "-c:v libx264 -preset ultrafast -tune zerolatency -c:a aac -b:a 96k";
/// How studios send: two pictures in three are reordered, and what is coded comes late.
const AS_STUDIOS_DO: &str = "-c:v libx264 -preset veryfast -bf 2 -rc-lookahead 10 -c:a aac -b:a 96k";

/// A show of the stream `phone`, sent to `to`.
fn show(to: &str, seconds: u32) -> Tally {
    let duration = format!("{seconds}s");
    Tally::live(&["--video", "ingest:phone", "--audio", "ingest:phone", "--ingest-listen", "127.0.0.1:0"])
        .args(&["--size", "320x180", "--video-bitrate", "600k", "--to", to, "--for", &duration])
        .key("show")
}

/// Where the show wants the stream.
fn address(show: &mut Show) -> String {
    let told = show.wait_for("source step", LIMIT, |event| event["event"] == "step" && event["name"] == "source");
    let detail = told["detail"].as_str().unwrap_or_default();
    let address = detail.split_once("waiting for a stream at ").map(|(_, address)| address.to_owned());
    let address = address.unwrap_or_else(|| panic!("no address in {told}"));
    assert!(address.starts_with("rtmp://127.0.0.1:") && address.ends_with("/live/phone"), "{address}");
    address
}

fn wait_for_problem(show: &mut Show, kind: &str) {
    show.wait_for(kind, LIMIT, |event| event["event"] == "problem" && event["kind"] == kind);
}

/// What the show sent is whole in itself: every picture there is, in time.
fn check_whole(ended: &Ended, ingest: &mut Ingest) -> Signal {
    let summary = ended.summary();
    ingest.ended("show");
    let path = ingest.file("show");
    let recording = Recording::read(&path);
    recording.check_timeline();
    let lost = ["missed", "skipped", "dropped"].map(|field| number(summary, field) as usize).iter().sum::<usize>();
    assert!(recording.holes(30.0) <= lost, "{} holes: {}", recording.holes(30.0), ended.story());
    assert!(lost < 15, "{}", ended.story());
    Signal::read(&path)
}

#[test]
fn a_sender_that_goes_and_comes_back_is_shown_and_heard_in_time() {
    let mut ingest = Ingest::start(&[]);
    let mut show = show(&ingest.url(), 20).start();
    let url = address(&mut show);
    // The show is live with nothing to show.
    show.wait_until_live();
    let mut first = publishers::signal(&system_ffmpeg(), "320x180", 30, AS_PHONES_DO, &url);
    // It takes a moment to start, and ends between two flashes: one that is cut short has no place of its own.
    time::pause(Duration::from_millis(5800));
    first.kill();
    wait_for_problem(&mut show, "source_lost");
    time::pause(Duration::from_secs(1));
    // Another size and rate, from another program.
    let second = publishers::signal(&new_ffmpeg(), "640x360", 25, AS_PHONES_DO, &url);
    wait_for_problem(&mut show, "source_restored");
    let ended = show.end(LIMIT);
    drop(second);
    ended.expect_code(0);
    let signal = check_whole(&ended, &mut ingest);
    signal.check_av_offset(20.0 + 3.0, 8);
    // Of both senders.
    let (before, after) =
        (signal.flashes.iter().filter(|at| **at < 7000.0), signal.flashes.iter().filter(|at| **at > 9000.0));
    assert!(before.count() >= 3 && after.count() >= 4, "{:?}", signal.flashes);
}

#[test]
fn a_sender_that_reorders_its_pictures_is_shown_and_heard_in_time() {
    let mut ingest = Ingest::start(&[]);
    let mut show = show(&ingest.url(), 10).start();
    let url = address(&mut show);
    let sender = publishers::signal(&system_ffmpeg(), "640x360", 30, AS_STUDIOS_DO, &url);
    let ended = show.end(LIMIT);
    drop(sender);
    ended.expect_code(0);
    let signal = check_whole(&ended, &mut ingest);
    signal.check_av_offset(20.0 + 3.0, 5);
}

#[test]
fn another_codec_is_refused_in_words_and_the_show_goes_on() {
    let mut ingest = Ingest::start(&[]);
    let mut show = show(&ingest.url(), 12).start();
    let url = address(&mut show);
    let mut wrong = publishers::signal(&system_ffmpeg(), "320x180", 30, "-c:v flv1 -c:a libmp3lame", &url);
    for codec in ["Sorenson H.263", "MP3"] {
        show.wait_for(codec, LIMIT, |event| event["what"].as_str().is_some_and(|what| what.contains(codec)));
    }
    wrong.kill();
    let right = publishers::signal(&system_ffmpeg(), "320x180", 30, AS_PHONES_DO, &url);
    wait_for_problem(&mut show, "source_restored");
    let ended = show.end(LIMIT);
    drop(right);
    ended.expect_code(0);
    let told: Vec<_> = ended.problems().iter().map(|problem| problem["what"].as_str().unwrap().to_owned()).collect();
    for codec in ["Sorenson H.263; Tally takes H.264", "MP3; Tally takes AAC"] {
        assert_eq!(told.iter().filter(|what| what.contains(codec)).count(), 1, "{told:?}");
    }
    assert!(check_whole(&ended, &mut ingest).flashes.len() >= 2, "{}", ended.story());
}

#[test]
fn picture_and_sound_come_from_two_senders_and_the_show_ends_while_they_send() {
    let mut ingest = Ingest::start(&[]);
    let mut show = show(&ingest.url(), 60).args(&["--audio", "ingest:studio/sound"]).start();
    let url = address(&mut show);
    let other = url.replace("/live/phone", "/studio/sound");
    let picture = publishers::signal(&system_ffmpeg(), "320x180", 30, AS_PHONES_DO, &url);
    let sound = publishers::signal(&system_ffmpeg(), "320x180", 30, AS_PHONES_DO, &other);
    show.wait_until_live();
    time::pause(Duration::from_secs(6));
    show.process.signal(libc::SIGTERM);
    let ended = show.end(Duration::from_secs(2));
    drop((picture, sound));
    ended.expect_code(0);
    let signal = check_whole(&ended, &mut ingest);
    assert!(signal.flashes.len() >= 3 && signal.beeps.len() >= 3, "{signal:?}");
}

#[test]
fn a_taken_address_ends_the_show_before_it_begins() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = show("rtmp://127.0.0.1:9/live", 2).args(&["--ingest-listen", &address]).run();
    let problem = ended.expect_problem(3, &["source_listen"]);
    assert!(problem["what"].as_str().unwrap().contains(&address), "{problem}");
    assert!(problem["do"].as_str().unwrap().contains("--ingest-listen"), "{problem}");
}

#[test]
fn without_a_key_only_this_computer_is_listened_to() {
    let ended = show("rtmp://127.0.0.1:9/live", 2).args(&["--ingest-listen", "0.0.0.0:0"]).run();
    ended.expect_usage_error("--ingest-key-file");
}

#[test]
fn with_a_key_others_may_send_and_must_show_it() {
    let mut ingest = Ingest::start(&[]);
    let tally = show(&ingest.url(), 6);
    let file = tally.home().join("key");
    std::fs::write(&file, "canary-7").unwrap();
    let mut show = tally.args(&["--ingest-listen", "0.0.0.0:0", "--ingest-key-file", &file.to_string_lossy()]).start();
    let told = show.wait_for("source step", LIMIT, |event| event["event"] == "step" && event["name"] == "source");
    let detail = told["detail"].as_str().unwrap_or_default();
    assert!(!detail.contains("0.0.0.0") && detail.contains("?key="), "{told}");
    let port = detail.split("rtmp://").nth(1).and_then(|rest| rest.split([':', '/']).nth(1)).unwrap();
    let url = format!("rtmp://127.0.0.1:{port}/live/phone");
    let mut stranger = publishers::signal(&system_ffmpeg(), "320x180", 30, AS_PHONES_DO, &url);
    assert!(!stranger.wait(LIMIT).success());
    let sender = publishers::signal(&system_ffmpeg(), "320x180", 30, AS_PHONES_DO, &format!("{url}?key=canary-7"));
    let ended = show.end(LIMIT);
    drop(sender);
    ended.expect_code(0);
    assert!(!ended.stdout.contains("canary") && !ended.stderr.contains("canary"));
    assert!(!check_whole(&ended, &mut ingest).flashes.is_empty(), "{}", ended.story());
}
