//! Ways through the window that several tests take.

use std::time::Duration;

use crate::reader::Role;
use crate::support::media::Recording;
use crate::support::nginx::Nginx;
use crate::support::time;
use crate::window::{PATIENCE, Window, is};

/// From a first start to a show that is ready to go to `url` with `key`: the test picture, which stands in where there is no
/// camera, and the sound that is there.
pub(crate) fn set_up(window: &mut Window, url: &str, key: &str) {
    window.wait_for("the test picture", PATIENCE, |seen| {
        is(Role::COMBO_BOX, "Camera")(seen) && seen.description.contains("Test picture")
    });
    window.choose("Where to", "A service or server…");
    window.wait_for_text("Next, choose the service");
    window.click(Role::BUTTON, "Continue");
    window.type_into(Role::ENTRY, "Server", url);
    window.key("Tab");
    window.type_into(Role::SECRET, "Stream key", key);
    window.key("Tab");
    window.wait_for_text("Stream key is set");
    window.wait_for("its picture", PATIENCE, is(Role::IMAGE, "Picture of the show, Test picture"));
}

/// A window whose show is live at `nginx` with `key`, as by `set_up`.
pub(crate) fn open_live(nginx: &Nginx, key: &str) -> Window {
    let mut window = Window::open();
    set_up(&mut window, &nginx.url(), key);
    window.click(Role::BUTTON, "Go live");
    window.wait_for_state("LIVE", PATIENCE);
    window
}

/// Puts `text` in the place of what stands in a field.
pub(crate) fn retype(window: &mut Window, role: Role, name: &str, text: &str) {
    window.click(role, name);
    window.wait_for_focus(role, name);
    window.key("ctrl+a");
    window.type_into(role, name, text);
}

/// Waits until recording number `index` at the server holds `seconds` of pictures, and returns it.
pub(crate) fn recording_of(nginx: &Nginx, index: usize, seconds: f64, window: &Window) -> Recording {
    let found = time::poll(Duration::from_secs(30), || {
        let path = nginx.recordings().into_iter().nth(index)?;
        // Its head may not have been written yet.
        let begun = std::fs::metadata(&path).is_ok_and(|file| file.len() > 1000);
        let recording = begun.then(|| Recording::read(&path))?;
        (recording.video_ms() >= seconds * 1000.0).then_some(recording)
    });
    found.unwrap_or_else(|| panic!("less than {seconds} s arrived\n{}\n{}", nginx.log(), window.story()))
}
