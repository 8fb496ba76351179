//! Displays that are not there.

use std::process::Command;
use std::time::Duration;

use crate::support::process::Process;

/// What the window says on a display of this name, and its exit code.
fn opened_on(display: Option<&str>) -> (String, Option<i32>) {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tally"));
    command
        .env_clear()
        .env("HOME", home.path())
        .env("TALLY_NO_KEYRING", "1")
        .envs(display.map(|name| ("DISPLAY", name)));
    let mut tally = Process::start(&mut command);
    let code = tally.wait(Duration::from_secs(20)).code();
    (tally.stderr.text(), code)
}

#[test]
fn a_display_that_is_not_there_is_told_and_what_else_there_is() {
    for (display, says) in [(None, "there is no display"), (Some(":250"), "the display cannot be reached (")] {
        let (said, code) = opened_on(display);
        assert!(said.contains(says) && said.contains("tally "), "{display:?}: {said}");
        assert!(!said.contains(".rs:") && !said.contains("WARN"), "{display:?}: {said}");
        assert_eq!(code, Some(9), "{display:?}: {said}");
    }
}
