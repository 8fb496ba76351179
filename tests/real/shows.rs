//! A show arrives whole at every kind of server: all pictures, all sound, in time, at the right rate.

use std::path::Path;
use std::time::Duration;

use crate::support::certs::{Certificates, Fault};
use crate::support::clips::signal_clip;
use crate::support::media::{Recording, decode_without_a_warning, probe_size};
use crate::support::nginx::{Nginx, Options};
use crate::support::servers::{Server, new_ffmpeg, system_ffmpeg};
use crate::support::signal::Signal;
use crate::support::tally::{Ended, Tally, number};

/// Long enough for two whole keyframe intervals and a little.
const SECONDS: u32 = 5;
const KEY: &str = "show-7f3a";
const VIDEO_KBPS: f64 = 900.0;
const PATIENCE: Duration = Duration::from_secs(30);

/// `tally live` with a clip whose pictures and sound carry the test signal.
fn clip_show(to: &str) -> Tally {
    let clip = format!("file:{}", signal_clip().display());
    let duration = format!("{SECONDS}s");
    Tally::live(&["--video", &clip, "--audio", &clip, "--size", "640x360", "--fps", "30"])
        .args(&["--video-bitrate", "900k", "--audio-bitrate", "128k", "--to", to, "--for", &duration])
        .key(KEY)
}

/// Pictures that may differ between the sender's count and the recording.
#[derive(Clone, Copy)]
enum Lost {
    None,
    /// The server itself may keep the last picture for itself.
    LastAtMost,
}

/// Everything a show must be at the other end.
fn check_arrived(ended: &Ended, path: &Path, lost: Lost) -> Recording {
    let summary = ended.expect_good_show();
    let recording = Recording::read(path);
    let story = || format!("{}\n{}", path.display(), ended.story());

    let sent = number(summary, "frames_sent") as usize;
    let spare = match lost {
        Lost::None => 0,
        Lost::LastAtMost => 1,
    };
    let arrived = recording.video.len();
    assert!(arrived <= sent && arrived + spare >= sent, "{sent} pictures sent, {arrived} arrived: {}", story());
    let not_made = ["missed", "skipped", "dropped"].map(|field| number(summary, field) as usize).iter().sum::<usize>();
    assert_eq!(number(summary, "dropped"), 0.0, "{}", story());
    let expected = SECONDS as usize * 30;
    assert!(arrived + not_made + 4 >= expected && arrived <= expected + 4, "{arrived} of {expected}: {}", story());
    assert!(recording.holes(30.0) <= not_made, "{} holes: {}", recording.holes(30.0), story());

    // On a busy machine a picture may take long: sound is not held up by it.
    let worst_latency_ms = number(&summary["latency_ms"], "worst");
    recording.check_timeline();
    recording.check_interleaving(100 + worst_latency_ms as i64);
    recording.check_keyframes(2.0);
    recording.check_sound_is_whole(48_000);
    let apart_ms = (recording.audio_ms() - recording.video_ms()).abs();
    assert!(apart_ms < 150.0 + worst_latency_ms, "{apart_ms} ms: {}", story());
    assert!(recording.end_offset_ms().abs() < 120, "the end: {} ms: {}", recording.end_offset_ms(), story());
    assert!(recording.video_headers >= 1 && recording.audio_headers >= 1, "{}", story());
    let decoded = decode_without_a_warning(path);
    assert_eq!(decoded, arrived, "pictures decoded: {}", story());
    recording
}

fn check_rate_and_sync(recording: &Recording, path: &Path) {
    let kbps = recording.video_kbps();
    assert!((kbps / VIDEO_KBPS - 1.0).abs() < 0.10, "{kbps:.0} of {VIDEO_KBPS} kb/s");
    Signal::read(path).check_av_offset(20.0, SECONDS as usize - 2);
}

#[test]
fn a_clip_arrives_whole_at_nginx() {
    let nginx = Nginx::start();
    let ended = clip_show(&nginx.url()).run();
    let path = nginx.recording();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    assert!(name.starts_with(KEY), "published as {name}");
    let recording = check_arrived(&ended, &path, Lost::None);
    assert_eq!(probe_size(&path), "640x360");
    check_rate_and_sync(&recording, &path);
    let duration = number(ended.summary(), "duration_s");
    assert!((duration - f64::from(SECONDS)).abs() < 0.5, "{duration} s");
}

#[test]
fn a_longer_show_keeps_its_rate() {
    let nginx = Nginx::start();
    let ended = clip_show(&nginx.url()).args(&["--for", "20s"]).start().end(Duration::from_secs(60));
    ended.expect_good_show();
    let path = nginx.recording();
    let recording = Recording::read(&path);
    recording.check_timeline();
    recording.check_keyframes(2.0);
    recording.check_sound_is_whole(48_000);
    let kbps = recording.video_kbps();
    assert!((kbps / VIDEO_KBPS - 1.0).abs() < 0.03, "{kbps:.0} of {VIDEO_KBPS} kb/s");
    let told = number(ended.summary(), "video_kbps");
    assert!((told / kbps - 1.0).abs() < 0.05, "the summary tells {told} kb/s, {kbps:.0} arrived");
    // Five rounds of the clip: sound and picture must not drift apart at its seams.
    Signal::read(&path).check_av_offset(20.0, 17);
}

#[test]
fn the_states_and_steps_of_a_show_come_in_order() {
    let nginx = Nginx::start();
    let ended = clip_show(&nginx.url()).run();
    ended.expect_good_show();
    let states: Vec<_> = ended.all("state").iter().map(|event| event["state"].as_str().unwrap().to_owned()).collect();
    assert_eq!(states, ["connecting", "live", "ending", "ended"], "{}", ended.story());
    let steps = ended.all("step");
    let order = ["tcp", "handshake", "connect", "create_stream", "publish", "first_keyframe"];
    let places: Vec<_> = order
        .iter()
        .map(|name| steps.iter().position(|step| step["name"] == *name).unwrap_or_else(|| panic!("no step {name}")))
        .collect();
    assert!(places.is_sorted(), "{}", ended.story());
    assert!(steps.iter().all(|step| step["ok"] == true && step["ms"].is_number()), "{}", ended.story());

    let stats = ended.all("stats");
    assert!((4..=8).contains(&stats.len()), "{} stats in {SECONDS} s", stats.len());
    let last = stats.last().unwrap();
    for field in
        ["fps", "frames_captured", "frames_encoded", "frames_sent", "video_kbps", "audio_kbps", "cpu_percent", "rss_mb"]
    {
        assert!(number(last, field) > 0.0, "{field} in {last}");
    }
    for field in ["missed", "skipped", "dropped", "audio_xruns", "queue_ms", "congestion", "reconnects"] {
        assert!(number(last, field) >= 0.0, "{field} in {last}");
    }
    assert!((0.0..=1.0).contains(&number(last, "congestion")), "{last}");
    assert!(!last["latency_ms"].is_null() && !last["lufs"].is_null() && !last["rtt_ms"].is_null(), "{last}");
}

#[test]
fn a_clip_arrives_whole_at_debians_ffmpeg() {
    let mut server = Server::ffmpeg(&system_ffmpeg(), KEY);
    let ended = clip_show(&server.url()).run();
    let path = server.recording();
    let recording = check_arrived(&ended, &path, Lost::LastAtMost);
    check_rate_and_sync(&recording, &path);
}

#[test]
fn a_clip_arrives_whole_at_the_newest_ffmpeg() {
    let mut server = Server::ffmpeg(&new_ffmpeg(), KEY);
    let ended = clip_show(&server.url()).run();
    let path = server.recording();
    let recording = check_arrived(&ended, &path, Lost::LastAtMost);
    check_rate_and_sync(&recording, &path);
}

#[test]
fn a_clip_arrives_whole_at_node_media_server() {
    let mut server = Server::node_media_server();
    let ended = clip_show(&server.url()).run();
    let path = server.recording();
    let recording = check_arrived(&ended, &path, Lost::None);
    check_rate_and_sync(&recording, &path);
}

#[test]
fn a_clip_arrives_whole_at_pyrtmp() {
    let mut server = Server::pyrtmp();
    let ended = clip_show(&server.url()).run();
    let path = server.recording();
    let recording = check_arrived(&ended, &path, Lost::None);
    check_rate_and_sync(&recording, &path);
}

#[test]
fn a_clip_arrives_whole_over_tls() {
    let dir = tempfile::tempdir().unwrap();
    let certificates = Certificates::make(dir.path(), Fault::None);
    let nginx = Nginx::with(&Options { certificates: Some(&certificates), ..Options::default() });
    let ended = clip_show(&nginx.tls_url()).args(&["--tls-ca", &certificates.ca.to_string_lossy()]).run();
    let path = nginx.recording();
    let recording = check_arrived(&ended, &path, Lost::None);
    check_rate_and_sync(&recording, &path);
    assert!(ended.all("step").iter().any(|step| step["name"] == "tls" && step["ok"] == true), "{}", ended.story());
}

#[test]
fn the_test_signal_arrives_in_sync_at_720p() {
    let nginx = Nginx::start();
    let duration = format!("{SECONDS}s");
    let ended =
        Tally::live(&["--video", "test", "--audio", "test", "--to", &nginx.url(), "--for", &duration]).key(KEY).run();
    let path = nginx.recording();
    check_arrived(&ended, &path, Lost::None);
    assert_eq!(probe_size(&path), "1280x720");
    let signal = Signal::read(&path);
    signal.check_av_offset(20.0, SECONDS as usize - 2);
    // Each picture carries the wall clock: pictures shown twice would carry the same.
    let (distinct, all) = (signal.distinct_pictures(), signal.clocks.len());
    let missed = number(ended.summary(), "missed") as usize;
    assert!(distinct + missed + 2 >= all, "{distinct} distinct of {all}, {missed} missed");
}

#[test]
fn picture_without_sound_and_sound_without_picture_go_out() {
    for (video, audio) in [("test", "silence"), ("none", "test")] {
        let nginx = Nginx::start();
        let ended = Tally::live(&[
            "--video",
            video,
            "--audio",
            audio,
            "--size",
            "320x180",
            "--to",
            &nginx.url(),
            "--for",
            "3s",
        ])
        .key(KEY)
        .run();
        ended.expect_good_show();
        let recording = Recording::read(&nginx.recording());
        recording.check_timeline();
        recording.check_sound_is_whole(48_000);
        assert_eq!(recording.video.is_empty(), video == "none", "{}", ended.story());
        assert!(recording.audio_ms() > 2500.0, "{} ms of sound: {}", recording.audio_ms(), ended.story());
    }
}

#[test]
fn two_servers_get_the_same_show() {
    let servers = [Nginx::start(), Nginx::start()];
    let ended = clip_show(&servers[0].url()).args(&["--to", &servers[1].url()]).run();
    ended.expect_good_show();
    for server in &servers {
        let path = server.recording();
        let recording = Recording::read(&path);
        recording.check_timeline();
        recording.check_keyframes(2.0);
        assert!(recording.video_ms() > 4500.0, "{} ms", recording.video_ms());
        decode_without_a_warning(&path);
    }
}

#[test]
fn the_recording_holds_what_was_sent() {
    let nginx = Nginx::start();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("show.flv");
    let ended = Tally::small_show(&nginx.url(), 4).args(&["--record", &file.to_string_lossy()]).key(KEY).run();
    ended.expect_good_show();
    let sent = Recording::read(&nginx.recording());
    let kept = Recording::read(&file);
    kept.check_timeline();
    assert!(kept.video.len() >= sent.video.len(), "{} kept, {} sent", kept.video.len(), sent.video.len());
    decode_without_a_warning(&file);
}

#[test]
fn a_rate_of_its_own_and_other_keyframe_seconds_are_kept() {
    let nginx = Nginx::start();
    let ended = Tally::small_show(&nginx.url(), 4)
        .args(&["--fps", "25", "--keyframe-seconds", "1", "--sample-rate", "44100"])
        .key(KEY)
        .run();
    ended.expect_good_show();
    let recording = Recording::read(&nginx.recording());
    recording.check_timeline();
    recording.check_keyframes(1.0);
    recording.check_sound_is_whole(44_100);
    assert!(recording.holes(25.0) <= number(ended.summary(), "missed") as usize, "{}", ended.story());
}

#[test]
fn a_very_large_picture_works_or_is_refused_clearly() {
    let nginx = Nginx::start();
    let ended = Tally::live(&["--video", "test", "--audio", "test", "--size", "4096x2160", "--fps", "5"])
        .args(&["--video-bitrate", "8000k", "--to", &nginx.url(), "--for", "3s"])
        .key(KEY)
        .start()
        .end(PATIENCE);
    if ended.code == 2 {
        ended.expect_usage_error("4096x2160");
    } else {
        ended.expect_good_show();
        let path = nginx.recording();
        assert_eq!(probe_size(&path), "4096x2160");
        Recording::read(&path).check_timeline();
        decode_without_a_warning(&path);
    }
}
