//! A rehearsal publishes to the embedded server and measures what a viewer would get.

use std::time::Duration;

use crate::support::tally::{Tally, number};

#[test]
fn a_rehearsal_measures_itself() {
    let ended = Tally::live(&["--video", "test", "--audio", "test", "--size", "640x360", "--video-bitrate", "800k"])
        .args(&["--rehearse", "--for", "5s"])
        .start()
        .end(Duration::from_secs(30));
    ended.expect_good_show();
    let found = ended.all("rehearsal");
    assert_eq!(found.len(), 1, "{}", ended.story());
    let found = found[0];
    let place = |event: &str| ended.events.iter().rposition(|other| other["event"] == event).unwrap();
    assert!(place("rehearsal") < place("summary"));

    let (sent, received) = (number(found, "frames_sent"), number(found, "frames_received"));
    assert!((140.0..=156.0).contains(&sent) && (sent - received).abs() <= 1.0, "{found}");
    assert_eq!(number(found, "keyframe_seconds"), 2.0, "{found}");
    assert!(number(found, "av_offset_ms").abs() < 20.0, "{found}");
    let (median, p99) = (number(found, "latency_ms_median"), number(found, "latency_ms_p99"));
    assert!(median > 0.0 && median <= p99 && p99 < 500.0, "{found}");
    assert!((100.0..=900.0).contains(&number(found, "video_kbps")), "{found}");
    // The tone is at −20 dBFS with a beep of −6 dBFS in a tenth of the time.
    assert!((-40.0..=-8.0).contains(&number(found, "lufs")), "{found}");
    assert!((-12.0..=0.5).contains(&number(found, "true_peak_dbtp")), "{found}");
    assert!(found["verdict"].as_str().is_some_and(|text| !text.is_empty()), "{found}");
}

/// A profile's destination is not published to; what it wants is held against the stream, and all is in a file.
#[test]
fn what_a_service_wants_is_held_against_the_measured_stream() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().to_string_lossy().into_owned();
    let at = |tally: Tally| tally.env("TALLY_CONFIG_DIR", &config).env("TALLY_NO_KEYRING", "1");
    let saved =
        ["profiles", "save", "tube", "--to", "rtmps://a.rtmps.youtube.com:443/live2", "--keyframe-seconds", "5"];
    at(Tally::new(&saved)).args(&["--size", "640x360"]).key("never-sent").run().expect_code(0);
    let file = home.path().join("report.txt");
    let live = Tally::live(&["--video", "test", "--audio", "test", "--profile", "tube", "--rehearse", "--for", "11s"]);
    let ended = at(live).args(&["--rehearsal-report", &file.to_string_lossy()]).start().end(Duration::from_secs(40));
    ended.expect_code(0);
    let said = ended.stdout.clone() + &ended.stderr;
    assert!(!said.contains("never-sent") && !said.contains("a.rtmps.youtube.com"), "{}", ended.story());
    let found = ended.all("rehearsal")[0];
    let findings = found["findings"].to_string();
    assert!(findings.contains("Keyframe every 5 s. YouTube wants one every 2 s"), "{findings}");
    assert_eq!(found["keyframe_intervals"], serde_json::json!([5.0, 5.0]), "{found}");
    assert_eq!((&found["keyframes_as_chosen"], &found["size"]), (&2.into(), &"640x360".into()), "{found}");
    let text = std::fs::read_to_string(&file).unwrap();
    for part in ["2 of 2 as chosen", "YouTube wants one every 2 s", "Rate by second"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}

#[test]
fn a_report_whose_folder_goes_away_is_missed() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("reports");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("report.txt").to_string_lossy().into_owned();
    let show = Tally::live(&["--video", "test", "--audio", "test", "--size", "320x180", "--rehearse", "--for", "2s"]);
    let mut show = show.args(&["--rehearsal-report", &file]).start();
    show.wait_until_live();
    std::fs::remove_dir_all(&folder).unwrap();
    let ended = show.end(Duration::from_secs(30));
    ended.expect_problem(8, &["report_failed"]);
    assert_eq!(ended.summary()["failure"], "report_failed", "{}", ended.story());
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_the_show() {
    let ended = Tally::live(&["--rehearse", "--rehearsal-report", "/nowhere/report.txt"]).run();
    ended.expect_code(8);
    assert!(ended.stderr.contains("/nowhere/report.txt") && ended.all("state").is_empty(), "{}", ended.story());
    Tally::live(&["--to", "rtmp://127.0.0.1/x", "--rehearsal-report", "x"])
        .run()
        .expect_usage_error("--rehearsal-report");
}
