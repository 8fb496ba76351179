//! A show that is recorded, and not, and again.

use std::path::{Path, PathBuf};

use crate::reader::Role;
use crate::steps::{open_live, recording_of};
use crate::support::media::decode_without_a_warning;
use crate::support::nginx::Nginx;
use crate::window::PATIENCE;

/// The MP4 files in a folder and those in it, in the order of their names.
fn recordings_in(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => found.extend(recordings_in(&entry.path())),
            _ if entry.path().extension().is_some_and(|ending| ending == "mp4") => found.push(entry.path()),
            _ => {}
        }
    }
    found.sort();
    found
}

#[test]
fn a_recording_is_closed_and_begun_while_the_show_goes_on() {
    let nginx = Nginx::start();
    let mut window = open_live(&nginx, "pieces");
    recording_of(&nginx, 0, 2.0, &window);
    window.key("ctrl+r");
    window.wait_for_text("Recorded as Tally ");
    let closed_at = recording_of(&nginx, 0, 0.0, &window).video_ms() / 1000.0;
    assert_eq!(recordings_in(window.home()).len(), 1);
    recording_of(&nginx, 0, closed_at + 1.5, &window);
    window.click(Role::CHECK_BOX, "rec off");
    window.wait_for_text("Recording into Tally ");
    recording_of(&nginx, 0, closed_at + 4.0, &window);
    window.wait_for_state("LIVE", PATIENCE);
    window.hold_until_not(Role::BUTTON, "Hold to end show", "LIVE");
    window.wait_for_text("That was the show");
    let sent = decode_without_a_warning(&nginx.recording());
    let kept: Vec<usize> = recordings_in(window.home()).iter().map(|path| decode_without_a_warning(path)).collect();
    assert_eq!(kept.len(), 2, "{kept:?}");
    window.click(Role::BUTTON, "Save report");
    let report = window.wait_for("the report's file", PATIENCE, |seen| seen.name.ends_with(".html")).name;
    assert_eq!(Path::new(&report).parent(), recordings_in(window.home())[0].parent(), "beside the recording");
    assert!(std::fs::read_to_string(&report).is_ok_and(|page| page.contains("<html")), "{report}");
    assert!(
        kept.iter().all(|pictures| *pictures >= 30) && kept.iter().sum::<usize>() + 30 <= sent,
        "{kept:?} of {sent}"
    );
}
