//! A clip whose disk hangs: the show goes on without it, says so, and ends when it is asked to; and so does a check.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::clips::signal_clip;
use crate::support::media::Recording;
use crate::support::nginx::Nginx;
use crate::support::odd::OddServer;
use crate::support::shim;
use crate::support::tally::{Tally, is_state, number};
use crate::support::time;

/// A show of picture and sound from a clip, and the file that makes its disk hang as long as it is there.
fn show_of_clip(to: &str, folder: &Path) -> (Tally, PathBuf) {
    let (clip, hangs) = (folder.join("clip.mp4"), folder.join("hangs"));
    std::fs::copy(signal_clip(), &clip).unwrap();
    let source = format!("file:{}", clip.display());
    let tally = Tally::live(&["--video", &source, "--audio", &source, "--size", "320x180", "--to", to])
        .key("key-31c2")
        .env("LD_PRELOAD", &shim::compile("hanging_clip", folder))
        .env("HANGING_CLIP", &hangs.to_string_lossy());
    (tally, hangs)
}

#[test]
fn a_clip_whose_disk_hangs_is_told_and_comes_back_and_the_show_goes_on_and_ends() {
    let nginx = Nginx::start();
    let folder = tempfile::tempdir().unwrap();
    let (tally, hangs) = show_of_clip(&nginx.url(), folder.path());
    let mut show = tally.start();
    show.wait_until_live();
    time::pause(Duration::from_secs(1));
    let is = |kind: &'static str| move |event: &serde_json::Value| event["kind"] == kind;
    std::fs::write(&hangs, "").unwrap();
    let lost = show.wait_for("the lost source", Duration::from_secs(5), is("source_lost"));
    assert!(lost["what"].as_str().unwrap().contains("its disk has not answered"), "{lost}");
    time::pause(Duration::from_secs(1));
    std::fs::remove_file(&hangs).unwrap();
    show.wait_for("the restored source", Duration::from_secs(5), is("source_restored"));
    time::pause(Duration::from_secs(1));
    std::fs::write(&hangs, "").unwrap();
    time::pause(Duration::from_secs(3));
    let asked = time::now();
    show.process.signal(libc::SIGTERM);
    let ended = show.end(Duration::from_secs(10));
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}: {}", ended.story());
    // Its picture and its sound hang together: that is one thing to be told.
    let told = |kind| ended.events.iter().filter(|event| event["kind"] == kind).count();
    assert_eq!((told("source_lost"), told("source_restored")), (2, 1), "{}", ended.story());
    assert!(ended.events.iter().any(|event| is_state(event, "ended")), "{}", ended.story());
    let (sent, lasted) = (number(ended.summary(), "frames_sent"), number(ended.summary(), "duration_s"));
    assert!(sent / lasted > 25.0, "pictures went on: {}", ended.story());
    let recording = Recording::read(&nginx.recording());
    recording.check_timeline();
    assert_eq!(recording.video.len(), sent as usize, "{}", ended.story());
}

#[test]
fn a_clip_whose_disk_does_not_let_it_open_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (tally, hangs) = show_of_clip("rtmp://127.0.0.1:9/live", folder.path());
    std::fs::write(&hangs, "").unwrap();
    let ended = tally.run();
    let problem = ended.expect_problem(3, &["source_unreadable"]);
    assert!(problem["what"].as_str().unwrap().contains("its disk has not answered"), "{problem}");
}

/// A share that hangs, or a disk that does not wake up.
#[test]
fn a_check_whose_clip_is_never_opened_tells_so_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let asleep = folder.path().join("asleep");
    std::fs::create_dir(&asleep).unwrap();
    let clip = asleep.join("clip.mp4");
    std::fs::write(&clip, b"it is never read").unwrap();
    let server = OddServer::silent();
    let started = time::now();
    let video = format!("file:{}", clip.display());
    let ended = Tally::new(&["check", "--json", "--video", &video, "--audio", "test", "--to", &server.url()])
        .key("key-31c2")
        .env("LD_PRELOAD", &shim::compile("dead_disk", folder.path()))
        .start()
        .end(Duration::from_secs(30));
    let took = started.elapsed();
    ended.expect_code(3);
    assert_eq!(ended.summary()["verdict"], "not_ready", "{}", ended.story());
    assert!(took < Duration::from_secs(15), "{took:?}");
}
