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
