//! Opens the native window, and stays until it is closed.

use std::env;
use std::path::{Path, PathBuf};

use eframe::egui::{Vec2, ViewportBuilder, vec2};
use eframe::{NativeOptions, Renderer};

use super::app::{App, Opening};
use super::place::Place;
use super::wording::Lang;
use crate::clock::Clock;
use crate::settings::{ProfileStore, RecordingName, ShowSettings, WindowSettings, default_recording};

/// The window's icon: a lamp that is on.
const ICON: &[u8] = include_bytes!("../../icons/tally-128.png");
/// The window's size when it opens, and the smallest, in points.
const SIZE: Vec2 = vec2(1280.0, 800.0);
const SIZE_MIN: Vec2 = vec2(960.0, 600.0);

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
#[error("the window does not open: {0}")]
pub struct WindowError(String);

/// Opens the window as it was when it was closed last; returns when it is closed again. `interrupts` tells how often the
/// system or the user has asked the program to end: the first time ends the show cleanly, the second at once.
///
/// # Errors
/// A system without a display, or a display without OpenGL.
pub fn run(interrupts: impl Fn() -> usize + 'static) -> Result<(), WindowError> {
    let clock = Clock::system();
    let started = clock.now();
    let config_dir = ProfileStore::default_dir().ok();
    let kept = config_dir.as_deref().map(WindowSettings::load).unwrap_or_default();
    // The secrets follow: the secret store may be slow, and nothing that is seen first needs them.
    let session = config_dir.clone().and_then(|folder| ProfileStore::open(folder).session());
    let recordings = recordings();
    let (settings, profile) =
        session.map_or_else(|| (first_settings(&recordings), None), |session| (session.settings, session.profile));
    let opening = Opening {
        started,
        settings,
        profile,
        kept,
        config_dir,
        recordings,
        lang: system_language(),
        high_contrast: asks_for_high_contrast(),
    };
    let mut viewport = ViewportBuilder::default().with_title("Tally").with_app_id("tally");
    match eframe::icon_data::from_png_bytes(ICON) {
        Ok(icon) => viewport = viewport.with_icon(icon),
        Err(error) => tracing::warn!(%error, "the window has no icon"),
    }
    let options = NativeOptions {
        viewport: Place::of(&opening.kept).applied(viewport, SIZE, SIZE_MIN),
        renderer: Renderer::Glow,
        persist_window: false,
        // It smooths gradients, of which there are none, and costs every pixel something.
        dithering: false,
        ..NativeOptions::default()
    };
    let opened = eframe::run_native(
        "tally",
        options,
        Box::new(move |creation| {
            Ok(Box::new(App::new(&creation.egui_ctx, creation.gl.as_deref(), opening, clock, Box::new(interrupts))))
        }),
    );
    opened.map_err(|error| WindowError(reason(&error)))
}

/// Why there is no window, and what helps. What winit says has the place in its source before it.
fn reason(error: &eframe::Error) -> String {
    let said = error.to_string();
    match error {
        eframe::Error::Winit(_) | eframe::Error::WinitEventLoop(_) => {
            let said = said.rsplit(": ").next().unwrap_or_default();
            format!("the display cannot be reached ({said}); look at DISPLAY and WAYLAND_DISPLAY")
        }
        eframe::Error::Glutin(_) | eframe::Error::NoGlutinConfigs(..) | eframe::Error::OpenGL(_) => {
            format!("the display has neither OpenGL 3.1 nor OpenGL ES 3 ({said}); install its driver, or Mesa")
        }
        eframe::Error::AppCreation(_) => said,
    }
}

/// Whether this process has a display to open a window on.
pub fn has_display() -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(not(target_os = "linux")) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

/// The language this system speaks.
pub fn system_language() -> Lang {
    let [all, messages, lang] = ["LC_ALL", "LC_MESSAGES", "LANG"].map(|name| env::var(name).ok());
    Lang::of_locale([all.as_deref(), messages.as_deref(), lang.as_deref()])
}

/// As GTK programs are told by hand or by the desktop.
fn asks_for_high_contrast() -> bool {
    env::var("GTK_THEME").is_ok_and(|theme| theme.to_ascii_lowercase().starts_with("highcontrast"))
}

/// The system's folder for videos, else the home folder, else where the program was started.
fn recordings() -> PathBuf {
    let offered = default_recording().and_then(|path| path.parent().map(Path::to_owned));
    offered.or_else(env::home_dir).unwrap_or_default()
}

/// What a window opens with that was never open before: shows are recorded unless somebody says otherwise.
fn first_settings(recordings: &Path) -> ShowSettings {
    ShowSettings { record: Some(RecordingName::offered_in(recordings).path()), ..ShowSettings::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_first_shows_are_recorded() {
        let settings = first_settings(Path::new("/home/anna/Videos"));
        assert_eq!(settings.record, Some(PathBuf::from("/home/anna/Videos/Tally {date} {time}.mp4")));
        assert!(recordings().is_absolute());
    }
}
