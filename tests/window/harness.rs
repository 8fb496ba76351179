//! The harness itself: what it starts, it stops.

use std::time::Duration;

use crate::support::time;
use crate::window::Window;

/// Running processes that were started with, or in, `folder`.
fn processes_of(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let read = |name: &str| std::fs::read(entry.path().join(name)).unwrap_or_default();
        let (command, environment) = (read("cmdline"), read("environ"));
        let names = |bytes: &[u8]| bytes.windows(folder.len()).any(|window| window == folder.as_bytes());
        if names(&command) || names(&environment) {
            found.push(String::from_utf8_lossy(&command).replace('\0', " "));
        }
    }
    found
}

#[test]
fn a_window_takes_its_desktop_along_when_it_goes() {
    let mut window = Window::open();
    window.wait_for_text("Skip");
    let (home, display) = (window.home().to_string_lossy().into_owned(), window.display_name());
    let running = processes_of(&home);
    for part in ["tally", "dbus-daemon", "at-spi-bus-launcher", "at-spi2-registryd"] {
        assert!(running.iter().any(|command| command.contains(part)), "no {part} among {running:?}");
    }
    let socket = format!("/tmp/.X11-unix/X{}", &display[1..]);
    assert!(std::fs::exists(&socket).unwrap());
    drop(window);
    let gone = time::poll(Duration::from_secs(5), || processes_of(&home).is_empty().then_some(()));
    assert!(gone.is_some(), "still there: {:?}", processes_of(&home));
    assert!(!std::fs::exists(&socket).unwrap(), "the display is still there");
}
