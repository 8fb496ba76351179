//! The first show on a new computer, from the first start to the result, and what it takes to get there.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::reader::Role;
use crate::steps::{recording_of, retype, set_up};
use crate::support::media::{Recording, Unit, decode_without_a_warning, probe_size};
use crate::support::nginx::Nginx;
use crate::support::process::{Process, run};
use crate::window::{PATIENCE, Window, is, says};

/// The kinds of streams in a file, as FFmpeg calls them.
fn codecs(path: &Path) -> Vec<String> {
    let path = path.to_string_lossy();
    let args = ["-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", path.as_ref()];
    let (text, _) = run("ffprobe", args);
    let mut codecs: Vec<_> = text.lines().map(|line| line.trim().trim_end_matches(',').to_owned()).collect();
    codecs.sort();
    codecs
}

/// How loud the sound is between two moments of a file, in dBFS at most.
fn loudest(path: &Path, from: f64, seconds: f64) -> f64 {
    let mut command = Command::new("ffmpeg");
    let cut = format!("atrim=start={from}:duration={seconds},volumedetect");
    command.args(["-hide_banner", "-nostdin", "-i"]).arg(path).args(["-vn", "-af", &cut, "-f", "null", "-"]);
    let mut ffmpeg = Process::start(&mut command);
    ffmpeg.succeed(Duration::from_secs(30));
    let said = ffmpeg.stderr.text();
    let level = said.split("max_volume: ").nth(1).and_then(|rest| rest.split(' ').next());
    level.and_then(|level| level.parse().ok()).unwrap_or_else(|| panic!("no level in\n{said}"))
}

fn kbps(pictures: &[Unit]) -> f64 {
    Recording { video: pictures.to_vec(), ..Recording::default() }.video_kbps()
}

#[test]
fn from_a_first_start_to_a_real_server_and_back() {
    let nginx = Nginx::start();
    let mut window = Window::open();
    // The picture is the test picture: these tests film nobody. Who has a camera keeps it, and has one click less.
    set_up(&mut window, &nginx.url(), "first-show");
    window.click(Role::BUTTON, "Go live");
    window.wait_for_state("LIVE", PATIENCE);
    let (clicks, fields) = window.effort();
    assert!(clicks <= 5 && fields <= 2, "{clicks} clicks, {fields} fields");
    assert_eq!(window.count_windows(), 1);
    window.wait_for_title("LIVE · Tally");
    window.wait_for("the same title for screen readers", PATIENCE, is(Role::FRAME, "LIVE · Tally"));
    let begun = recording_of(&nginx, 0, 2.5, &window);
    assert!(begun.video_kbps() > 600.0, "{} kb/s", begun.video_kbps());

    // What is seen and heard changes on air.
    window.choose("Microphone", "Test tone");
    window.click(Role::TAB, "Picture");
    retype(&mut window, Role::ENTRY, "Bitrate in kb/s", "250");
    window.wait_for("chip with the new rate", PATIENCE, |seen| {
        is(Role::COMBO_BOX, "Picture")(seen) && seen.description.contains("250 kb/s")
    });
    let lowered_at = recording_of(&nginx, 0, 0.0, &window).video_ms() / 1000.0;
    let lowered = recording_of(&nginx, 0, lowered_at + 3.5, &window);
    let later = lowered.video.iter().rposition(|unit| unit.pts < (lowered_at * 1000.0) as i64 + 1500).unwrap();
    let rate = kbps(&lowered.video[later..]);
    assert!(rate < 400.0, "{rate} kb/s after it was set to 250");
    window.click(Role::BUTTON, "Mute Test tone");
    window.wait_for("Unmute", PATIENCE, |seen| seen.role == Role::BUTTON && seen.name.starts_with("Unmute"));
    let muted_at = recording_of(&nginx, 0, 0.0, &window).video_ms() / 1000.0;
    recording_of(&nginx, 0, muted_at + 1.5, &window);

    window.hold_until_not(Role::BUTTON, "Hold to end show", "LIVE");
    window.wait_for_text("That was the show");
    window.wait_for_state("OFF", PATIENCE);
    assert!(window.shows(is(Role::BUTTON, "Go live")) && window.shows(says("Length")), "{}", window.story());
    let path = nginx.recording();
    assert_eq!(codecs(&path), ["aac", "h264"]);
    assert_eq!(probe_size(&path), "1280x720");
    assert!(decode_without_a_warning(&path) > 100);
    let recording = Recording::read(&path);
    recording.check_timeline();
    recording.check_sound_is_whole(48_000);
    let (before, after) = (loudest(&path, muted_at - 2.0, 1.0), loudest(&path, muted_at + 0.7, 0.7));
    assert!(before > -40.0 && after < -80.0, "{before} dBFS, then {after} dBFS when muted");
}

#[test]
fn who_has_no_microphone_is_told_and_goes_live_without_sound() {
    let nginx = Nginx::start();
    let mut window = Window::open_without_microphone();
    set_up(&mut window, &nginx.url(), "silent");
    window.wait_for_text("Nobody would hear you");
    window.click(Role::BUTTON, "Go without sound");
    window.click(Role::BUTTON, "Go live");
    window.wait_for_state("LIVE", PATIENCE);
    recording_of(&nginx, 0, 1.0, &window);
    window.hold_until_not(Role::BUTTON, "Hold to end show", "LIVE");
    window.wait_for_text("That was the show");
    assert!(loudest(&nginx.recording(), 0.0, 1.0) < -80.0);
}
