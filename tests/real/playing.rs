//! Real players pull from `tally serve`: each gets the whole show, counted at both ends.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::certs::{Certificates, Fault};
use crate::support::ingest::{Ingest, check_file};
use crate::support::media::{Recording, Unit};
use crate::support::players::{Player, checksums, ffmpeg_checksums};
use crate::support::process::Process;
use crate::support::publishers::{self, FRAMES, Gst};
use crate::support::servers::{new_ffmpeg, system_ffmpeg};
use crate::support::tally::{Tally, number};
use crate::support::time;

const LIMIT: Duration = Duration::from_secs(40);

/// The players wait for `name`, a publisher comes, everybody gets everything.
fn whole(ingest: &mut Ingest, publish: &str, play: &str, name: &str, players: &[Player<'_>]) {
    let folder = ingest.folder().to_owned();
    let file = |index: usize| folder.join(format!("played-{name}-{index}.flv"));
    let before = ingest.show.events().iter().filter(|event| event["event"] == "play_started").count();
    let mut playing: Vec<_> = players
        .iter()
        .enumerate()
        .map(|(index, player)| player.start(&format!("{play}/{name}"), &file(index)))
        .collect();
    ingest.wait_for_count("play_started", before + players.len());
    let publisher = publishers::ffmpeg(&system_ffmpeg(), &format!("{publish}/{name}"));
    ingest.check(name, publisher);
    let recorded = Recording::read(&ingest.file(name));
    for (index, (player, process)) in players.iter().zip(&mut playing).enumerate() {
        process.wait(LIMIT);
        let played = check_file(&file(index));
        let story = process.story();
        assert_eq!(times(&played.audio), times(&recorded.audio), "{player:?}\n{story}");
        let bytes = |recording: &Recording| recording.video.iter().map(|unit| unit.bytes).collect::<Vec<_>>();
        assert_eq!(bytes(&played), bytes(&recorded), "{player:?}");
    }
    for ended in ingest.wait_for_count("play_ended", before + players.len()).into_iter().skip(before) {
        assert_eq!(number(&ended, "frames") as usize, FRAMES, "{ended}");
        assert_eq!(number(&ended, "audio_packets") as usize, recorded.audio.len(), "{ended}");
        assert_eq!(number(&ended, "dropped"), 0.0, "{ended}");
    }
}

fn times(units: &[Unit]) -> Vec<i64> {
    units.iter().map(|unit| unit.dts).collect()
}

#[test]
fn ffmpeg_of_both_generations_gstreamer_and_rtmpdump_get_the_whole_show() {
    let (old, new) = (system_ffmpeg(), new_ffmpeg());
    let mut ingest = Ingest::start(&[]);
    let url = ingest.url();
    let players = [Player::Ffmpeg(&old), Player::Ffmpeg(&new), Player::Rtmp2src, Player::Rtmpdump];
    whole(&mut ingest, &url, &url, "show", &players);
    ingest.show.process.signal(libc::SIGTERM);
    ingest.show.end(Duration::from_secs(5)).expect_code(0);
}

#[test]
fn librtmps_publisher_is_played_whole() {
    let mut ingest = Ingest::start(&[]);
    let old = system_ffmpeg();
    let file = ingest.folder().join("played.flv");
    let mut player = Player::Ffmpeg(&old).start(&format!("{}/gst", ingest.url()), &file);
    ingest.wait_for_count("play_started", 1);
    let publisher = publishers::gstreamer(Gst::Librtmp, &format!("{}/gst", ingest.url()));
    ingest.check("gst", publisher);
    player.wait(LIMIT);
    check_file(&file);
}

#[test]
fn who_comes_late_starts_with_a_keyframe_at_once() {
    let mut ingest = Ingest::start(&[]);
    let (old, url) = (system_ffmpeg(), format!("{}/late", ingest.url()));
    let publisher = publishers::ffmpeg(&old, &url);
    // Half a second into the first group of pictures; the next begins after two.
    ingest.show.wait_for("stats of 15 pictures", LIMIT, |event| {
        event["event"] == "stats" && event["streams"][0]["frames"].as_f64() > Some(15.0)
    });
    let file = ingest.folder().join("played.flv");
    let mut player = Player::Rtmpdump.start(&url, &file);
    ingest.check("late", publisher);
    player.wait(LIMIT);
    let (played, recorded) = (Recording::read(&file), Recording::read(&ingest.file("late")));
    assert!(played.video.first().is_some_and(|unit| unit.keyframe), "{}", player.story());
    assert_eq!((played.video_headers, played.audio_headers), (1, 1));
    assert!(played.scripts >= 1);
    // The tail is there, and what came since the keyframe.
    assert_eq!(played.video.last().map(|unit| unit.dts), recorded.video.last().map(|unit| unit.dts));
    let from = recorded.video.iter().rposition(|unit| unit.keyframe && unit.dts <= played.video[0].dts).unwrap();
    assert_eq!(played.video.len(), FRAMES - from);
}

#[test]
fn over_tls_it_is_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let certificates = Certificates::make(dir.path(), Fault::None);
    let [cert, key, ca] =
        [&certificates.cert, &certificates.key, &certificates.ca].map(|path| path.to_string_lossy().into_owned());
    let args = ["--listen-tls", "127.0.0.1:0", "--tls-cert", &cert, "--tls-key", &key];
    let mut ingest = Ingest::start(&args);
    let (plain, tls) = (ingest.url(), ingest.tls_url());
    let (old, new) = (system_ffmpeg(), new_ffmpeg());
    whole(&mut ingest, &tls, &tls, "tls", &[Player::Ffmpeg(&old), Player::Ffmpeg(&new), Player::Rtmp2src]);
    whole(&mut ingest, &plain, &tls, "mixed", &[Player::Ffmpeg(&old)]);
    // Our own publisher checks the certificate.
    let ended = Tally::small_show(&tls, 2).args(&["--tls-ca", &ca]).key("own").run();
    let sent = number(ended.expect_good_show(), "frames_sent");
    assert_eq!(number(&ingest.ended("own"), "frames"), sent);
    // Plain RTMP at the door for TLS comes to nothing, and is counted.
    let mut stranger = TcpStream::connect(("127.0.0.1", ingest.port("rtmps"))).unwrap();
    stranger.write_all(&[3; 100]).unwrap();
    let refused = ingest.show.wait_for("refused event", LIMIT, |event| event["event"] == "refused");
    assert_eq!(refused["kind"], "tls", "{refused}");
}

#[test]
fn a_certificate_that_cannot_be_read_is_said() {
    let ended = Tally::serve(&["--tls-cert", "/nowhere/cert.pem", "--tls-key", "/nowhere/key.pem"]).run();
    ended.expect_usage_error("/nowhere/cert.pem");
}

#[test]
fn players_need_the_key_where_one_was_set() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("play-key");
    std::fs::write(&file, "let-me-watch\n").unwrap();
    let mut ingest = Ingest::start(&["--play-key-file", &file.to_string_lossy()]);
    let old = system_ffmpeg();
    let url = format!("{}/cam", ingest.url());
    let mut stranger = Player::Ffmpeg(&old).start(&url, &dir.path().join("no.flv"));
    assert!(!stranger.wait(LIMIT).success(), "{}", stranger.story());
    let refused = ingest.show.wait_for("refused event", LIMIT, |event| event["event"] == "refused");
    assert_eq!(refused["kind"], "play_key", "{refused}");
    let out = dir.path().join("yes.flv");
    let mut guest = Player::Ffmpeg(&old).start(&format!("{url}?key=let-me-watch"), &out);
    ingest.wait_for_count("play_started", 1);
    let publisher = publishers::ffmpeg(&old, &url);
    ingest.check("cam", publisher);
    guest.wait(LIMIT);
    check_file(&out);
    let told = ingest.show.process.stdout.text() + &ingest.show.process.stderr.text();
    assert!(!told.contains("let-me-watch"), "the key was told:\n{told}");
}

#[test]
fn ffprobe_sees_what_is_published_and_the_status_says_the_same() {
    let mut ingest = Ingest::start(&[]);
    let url = format!("{}/probed", ingest.url());
    let publisher = publishers::ffmpeg(&system_ffmpeg(), &url);
    ingest.show.wait_for("publish_started event", LIMIT, |event| event["event"] == "publish_started");
    let entries = "stream=codec_name,width,height";
    let args = ["-v", "error", "-show_entries", entries, "-of", "json", &url];
    let mut probe = Process::start(Command::new("ffprobe").args(args));
    let status = time::poll(LIMIT, || {
        let status = ingest.status();
        status["streams"][0]["keyframe_seconds"].is_number().then_some(status)
    });
    probe.wait(LIMIT);
    let probed = probe.stdout.text();
    assert!(probed.contains("h264") && probed.contains("aac") && probed.contains("320"), "{}", probe.story());
    let status = status.unwrap_or_else(|| panic!("no keyframe distance\n{}", ingest.show.process.story()));
    let stream = &status["streams"][0];
    assert_eq!((&stream["width"], &stream["height"]), (&320.into(), &180.into()), "{status}");
    assert_eq!((&stream["video_codec"], &stream["audio_codec"]), (&"H.264".into(), &"AAC".into()), "{status}");
    assert_eq!(number(stream, "keyframe_seconds"), 2.0, "{status}");
    assert!((number(stream, "fps") - 30.0).abs() < 0.5, "{status}");
    assert!(number(stream, "av_offset_ms").abs() < 150.0, "{status}");
    ingest.check("probed", publisher);
}

/// A clip with these codecs is published as it is and comes back to the last byte.
fn unchanged(program: &Path, name: &str, codecs: &[&str]) {
    let mut ingest = Ingest::start(&[]);
    let clip = ingest.folder().join(format!("{name}-clip.flv"));
    let mut encode = Command::new(program);
    encode.args(["-hide_banner", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25"]);
    encode.args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", "3", "-pix_fmt", "yuv420p"]);
    Process::start(encode.args(codecs).args(["-g", "25", "-f", "flv"]).arg(&clip)).succeed(LIMIT);
    let mut expected = ffmpeg_checksums(program, &clip.to_string_lossy());
    expected.succeed(LIMIT);
    let expected = checksums(&expected.stdout.text());
    assert!(expected.iter().all(|stream| stream.len() > 50), "{expected:?}");
    let url = format!("{}/{name}", ingest.url());
    let mut player = ffmpeg_checksums(program, &url);
    ingest.wait_for_count("play_started", 1);
    let mut publish = Command::new(program);
    publish.args(["-hide_banner", "-nostdin", "-v", "error", "-re", "-i"]).arg(&clip);
    Process::start(publish.args(["-c", "copy", "-f", "flv", &url])).succeed(LIMIT);
    player.wait(LIMIT);
    let ended = ingest.ended(name);
    assert_eq!(number(&ended, "frames") as usize, expected[0].len(), "{ended}");
    assert!(number(&ended, "audio_packets") as usize >= expected[1].len(), "{ended}");
    assert_eq!(checksums(&player.stdout.text()), expected, "{}", player.story());
}

#[test]
fn hevc_and_opus_pass_untouched() {
    unchanged(
        &new_ffmpeg(),
        "hevc",
        &["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-c:a", "libopus"],
    );
}

#[test]
fn av1_and_flac_pass_untouched() {
    unchanged(&new_ffmpeg(), "av1", &["-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime", "-c:a", "flac"]);
}

#[test]
fn mp3_passes_untouched() {
    unchanged(&system_ffmpeg(), "mp3", &["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "libmp3lame"]);
}
