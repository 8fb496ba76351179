//! A file is chosen in the system's own dialog.

use crate::reader::Role;
use crate::support::clips::signal_clip;
use crate::window::{PATIENCE, Window, is};

#[test]
fn a_clip_is_chosen_in_the_systems_own_dialog_and_giving_up_changes_nothing() {
    let clip = signal_clip();
    let mut window = Window::open_with_dialogs();
    window.click(Role::BUTTON, "Skip");
    // Whether or not it stands in already.
    window.choose("Camera", "Test picture");
    window.wait_for("the test picture", PATIENCE, is(Role::IMAGE, "Picture of the show, Test picture"));

    window.choose("Camera", "Clip…");
    window.click(Role::BUTTON, "Browse…");
    window.answer_dialog(None);
    assert!(window.shows(is(Role::IMAGE, "Picture of the show, Test picture")), "{}", window.story());

    // The field is there still.
    window.click(Role::BUTTON, "Browse…");
    window.answer_dialog(Some(&clip));
    let name = format!("Picture of the show, {}", clip.file_name().unwrap().to_string_lossy());
    window.wait_for("the clip", PATIENCE, is(Role::IMAGE, &name));
}
