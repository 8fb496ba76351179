//! `tally serve` takes what real publishers send, counts it and records it whole.

use std::time::Duration;

use crate::support::ingest::{Ingest, check_file};
use crate::support::media::{Recording, decode_without_a_warning};
use crate::support::mp4::{Played, decode};
use crate::support::publishers::{self, FRAMES, Gst};
use crate::support::servers::{new_ffmpeg, system_ffmpeg};
use crate::support::signal::Signal;
use crate::support::tally::{Tally, number};
use crate::support::time;

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn ffmpeg_of_both_generations_is_recorded_whole() {
    let mut ingest = Ingest::start(&[]);
    let old = publishers::ffmpeg(&system_ffmpeg(), &format!("{}/old", ingest.url()));
    let new = publishers::ffmpeg(&new_ffmpeg(), &format!("{}/new", ingest.url()));
    ingest.check("old", old);
    ingest.check("new", new);
    ingest.show.process.signal(libc::SIGTERM);
    ingest.show.end(Duration::from_secs(5)).expect_code(0);
}

#[test]
fn gstreamers_own_publisher_is_recorded_whole() {
    let mut ingest = Ingest::start(&[]);
    let publisher = publishers::gstreamer(Gst::Rtmp2, &format!("{}/gst", ingest.url()));
    ingest.check("gst", publisher);
}

#[test]
fn librtmp_is_recorded_whole() {
    let mut ingest = Ingest::start(&[]);
    let publisher = publishers::gstreamer(Gst::Librtmp, &format!("{}/librtmp", ingest.url()));
    ingest.check("librtmp", publisher);
}

#[test]
fn our_own_show_is_served_whole() {
    let mut ingest = Ingest::start(&[]);
    let ended = Tally::small_show(&ingest.url(), 4).key("own").run();
    let sent = number(ended.expect_good_show(), "frames_sent") as usize;
    assert_eq!(number(&ingest.ended("own"), "frames") as usize, sent);
    let path = ingest.file("own");
    let recording = Recording::read(&path);
    assert_eq!(recording.video.len(), sent);
    recording.check_timeline();
    recording.check_keyframes(2.0);
    decode_without_a_warning(&path);
    Signal::read(&path).check_av_offset(20.0, 2);
}

#[test]
fn where_the_disk_takes_no_larger_file_what_is_received_goes_on_in_another() {
    for format in ["flv", "mp4"] {
        let dir = tempfile::tempdir().unwrap();
        // So many blocks of 512 bytes: three to four seconds.
        let small_files = "ulimit -f 500; exec \"$@\"";
        let mut serve = Tally::serve(&["--record", &dir.path().to_string_lossy(), "--record-format", format])
            .within(small_files)
            .start();
        let listening = serve.wait_for("listening event", LIMIT, |event| event["event"] == "listening");
        let url = format!("rtmp://{}/live", listening["rtmp"].as_str().unwrap());
        let show = ["--video", "test", "--audio", "test", "--size", "320x180", "--video-bitrate", "400k", "--to", &url];
        let sent = Tally::live(&show).args(&["--keyframe-seconds", "1", "--for", "12s"]).key("cam").run();
        sent.expect_good_show();
        let publish = serve.wait_for("publish_ended event", LIMIT, |event| event["event"] == "publish_ended");
        serve.process.signal(libc::SIGTERM);
        let ended = serve.end(LIMIT);
        ended.expect_code(0);
        let name = |number: usize| match number {
            1 => format!("cam.{format}"),
            _ => format!("cam-{number}.{format}"),
        };
        let count = std::fs::read_dir(dir.path()).unwrap().count();
        assert!(count > 2, "{}", ended.story());
        let problems = ended.problems();
        assert_eq!(problems.len(), count - 1, "it is told once for each: {}", ended.story());
        for (number, problem) in (1..).zip(&problems) {
            let (what, next) = (problem["what"].as_str().unwrap(), problem["detail"].as_str().unwrap());
            assert!(problem["kind"] == "recording_file_full" && problem["about"] == "cam", "{problem}");
            assert!(what.contains(&name(number)), "{problem}");
            assert!(next.ends_with(&name(number + 1)), "{problem}");
        }
        let (mut pictures, mut sound) = (0, 0);
        for number in 1..=count {
            let file = dir.path().join(name(number));
            assert!(std::fs::metadata(&file).unwrap().len() <= 256_000);
            let (first, keyframe) = if format == "flv" {
                let recording = Recording::read(&file);
                recording.check_timeline();
                assert_eq!(decode_without_a_warning(&file), recording.video.len());
                (pictures, sound) = (pictures + recording.video.len(), sound + recording.audio.len());
                (recording.video[0].pts as f64 / 1000.0, recording.video[0].keyframe)
            } else {
                let played = Played::read(&file);
                (pictures, sound) = (pictures + decode(&file), sound + played.sound.len());
                played.pictures[0]
            };
            assert!(keyframe && first < 0.15, "{} begins at {first} s", file.display());
            Signal::read(&file).check_av_offset(20.0, usize::from(number < count));
        }
        let received = ["frames", "audio_packets"].map(|field| number(&publish, field) as usize);
        assert_eq!([pictures, sound], received, "{}", ended.story());
    }
}

#[test]
fn a_name_that_is_live_is_refused_to_others() {
    let mut ingest = Ingest::start(&[]);
    let url = format!("{}/same", ingest.url());
    let first = publishers::ffmpeg(&system_ffmpeg(), &url);
    ingest.show.wait_for("publish_started event", LIMIT, |event| event["event"] == "publish_started");
    let mut second = publishers::ffmpeg(&system_ffmpeg(), &url);
    assert!(!second.wait(LIMIT).success(), "{}", second.story());
    let refused = ingest.show.wait_for("refused event", LIMIT, |event| event["event"] == "refused");
    assert!(refused["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{refused}");
    // The first was not disturbed.
    ingest.check("same", first);
}

#[test]
fn a_second_show_of_a_name_gets_a_file_of_its_own() {
    let ingest = Ingest::start(&[]);
    let url = format!("{}/again", ingest.url());
    publishers::ffmpeg(&system_ffmpeg(), &url).wait(LIMIT);
    publishers::ffmpeg(&system_ffmpeg(), &url).wait(LIMIT);
    let both = time::poll(Duration::from_secs(5), || {
        let ended = ingest.show.events().iter().filter(|event| event["event"] == "publish_ended").count();
        (ended == 2).then_some(())
    });
    assert!(both.is_some(), "{}", ingest.show.process.story());
    check_file(&ingest.file("again"));
    check_file(&ingest.file("again-2"));
}

#[test]
fn a_key_is_needed_where_one_was_set() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("key");
    std::fs::write(&file, "open-sesame\n").unwrap();
    let mut ingest = Ingest::start(&["--key-file", &file.to_string_lossy()]);
    let mut stranger = publishers::ffmpeg(&system_ffmpeg(), &format!("{}/guess", ingest.url()));
    assert!(!stranger.wait(LIMIT).success(), "{}", stranger.story());
    ingest.show.wait_for("refused event", LIMIT, |event| event["event"] == "refused");
    let mut known = publishers::ffmpeg(&system_ffmpeg(), &format!("{}/open-sesame", ingest.url()));
    known.wait(LIMIT);
    let ended = ingest.show.wait_for("publish_ended event", LIMIT, |event| event["event"] == "publish_ended");
    assert_eq!(number(&ended, "frames") as usize, FRAMES, "{ended}");
    let told = ingest.show.process.stdout.text() + &ingest.show.process.stderr.text();
    assert!(!told.contains("open-sesame"), "the key was told:\n{told}");
}

#[test]
fn listening_beyond_this_computer_needs_a_key() {
    let ended = Tally::serve(&["--listen", "0.0.0.0:0"]).run();
    ended.expect_usage_error("--key-file");
}

#[test]
fn a_port_that_is_taken_is_said() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = Tally::serve(&["--listen", &address]).run();
    assert_ne!(ended.code, 0, "{}", ended.story());
    assert!(format!("{}{}", ended.stdout, ended.stderr).contains(&address), "{}", ended.story());
}
