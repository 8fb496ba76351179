//! The stream key that is typed into the window appears nowhere.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::reader::Role;
use crate::steps::set_up;
use crate::support::odd::OddServer;
use crate::support::time;
use crate::window::{PATIENCE, Window, is};

/// Looked for as bytes everywhere; its last characters alone are shown.
const CANARY: &str = "canary-9d2f61ab77-Zq";

fn holds_canary(bytes: &[u8]) -> bool {
    bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
}

/// The files below `folder` that hold the key.
fn files_with_canary(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        assert!(!holds_canary(path.to_string_lossy().as_bytes()), "the key is a file's name");
        if path.is_dir() {
            found.extend(files_with_canary(&path));
        } else if holds_canary(&std::fs::read(&path).unwrap_or_default()) {
            found.push(path);
        }
    }
    found
}

fn check(window: &mut Window, when: &str) {
    for text in window.all_text() {
        assert!(!holds_canary(text.as_bytes()), "{when}, a screen reader is told the key: {text:?}");
    }
    assert!(!holds_canary(window.title().as_bytes()), "{when}, the key is in the title");
    let process = window.process();
    for (name, output) in [("stdout", process.stdout.text()), ("stderr", process.stderr.text())] {
        assert!(!holds_canary(output.as_bytes()), "{when}, the key is on {name}");
    }
    let id = window.process().id();
    for name in ["cmdline", "environ"] {
        assert!(!holds_canary(&std::fs::read(format!("/proc/{id}/{name}")).unwrap()), "{when}, the key is in {name}");
    }
}

#[test]
fn the_key_is_nowhere_but_in_a_private_file() {
    // A server may well repeat the key in its own words.
    let server = OddServer::rejecting_publish("NetStream.Publish.BadName", "bad key: canary-9d2f61ab77-Zq");
    let mut window = Window::open_logging("trace");
    set_up(&mut window, &server.url(), CANARY);
    check(&mut window, "typed");
    window.click(Role::BUTTON, "Go live");
    window.wait_for_text("The show did not begin");
    check(&mut window, "refused");
    window.click(Role::BUTTON, "Copy report");
    let report = time::poll(PATIENCE, || Some(window.clipboard()).filter(|report| report.starts_with("Tally ")));
    let report = report.unwrap_or_else(|| panic!("no report on the clipboard\n{}", window.story()));
    assert!(report.contains("publish_rejected") && !holds_canary(report.as_bytes()), "{report}");
    // The end of the key is what tells it from another.
    assert!(window.shows(is(Role::LABEL, "Stream key is set, ends with 7-Zq")), "{}", window.story());

    window.click(Role::COMBO_BOX, "Profiles");
    window.click(Role::MENU_ITEM, "Save as…");
    window.click(Role::ENTRY, "Profile name");
    window.type_into(Role::ENTRY, "Profile name", "evening");
    window.click(Role::BUTTON, "Save");
    let home = window.home().to_owned();
    let file = home.join("config/secrets.toml");
    // While it is written it has another name.
    let kept = time::poll(PATIENCE, || (files_with_canary(&home) == [file.clone()]).then_some(()));
    assert!(kept.is_some(), "the key is in {:?}", files_with_canary(&home));
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    check(&mut window, "saved");
    assert!(window.process().stderr.text().contains(" TRACE "), "no trace was written");
}
