//! Opens the native window, and stays until it is closed.

use std::env;
use std::path::PathBuf;

use eframe::egui::ViewportBuilder;
use eframe::{NativeOptions, Renderer};

use super::app::{App, Opening};
use super::wording::Lang;
use crate::clock::Clock;
use crate::settings::{ProfileStore, ShowSettings};

/// The window's size when it opens, and the smallest, in points.
const SIZE: [f32; 2] = [1280.0, 800.0];
const SIZE_MIN: [f32; 2] = [960.0, 600.0];

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
#[error("the window does not open: {0}")]
pub struct WindowError(String);

/// Opens the window with `settings`, of `profile` if they came from one; returns when it is closed.
///
/// # Errors
/// A system without a display, or a display without OpenGL.
pub fn run(settings: ShowSettings, profile: Option<String>) -> Result<(), WindowError> {
    let opening = Opening {
        settings,
        profile,
        config_dir: ProfileStore::default_dir().ok(),
        recordings: recordings(),
        lang: system_language(),
        high_contrast: asks_for_high_contrast(),
    };
    let options = NativeOptions {
        viewport: ViewportBuilder::default()
            .with_title("Tally")
            .with_app_id("tally")
            .with_inner_size(SIZE)
            .with_min_inner_size(SIZE_MIN),
        renderer: Renderer::Glow,
        persist_window: false,
        ..NativeOptions::default()
    };
    let clock = Clock::system();
    let opened = eframe::run_native(
        "tally",
        options,
        Box::new(move |creation| Ok(Box::new(App::new(&creation.egui_ctx, opening, clock)))),
    );
    opened.map_err(|error| WindowError(error.to_string()))
}

/// Whether this process has a display to open a window on.
pub fn has_display() -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(not(target_os = "linux")) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

fn system_language() -> Lang {
    let [all, messages, lang] = ["LC_ALL", "LC_MESSAGES", "LANG"].map(|name| env::var(name).ok());
    Lang::of_locale([all.as_deref(), messages.as_deref(), lang.as_deref()])
}

/// As GTK programs are told by hand or by the desktop.
fn asks_for_high_contrast() -> bool {
    env::var("GTK_THEME").is_ok_and(|theme| theme.to_ascii_lowercase().starts_with("highcontrast"))
}

/// `~/Videos` where there is one, else the home folder, else where the program was started.
fn recordings() -> PathBuf {
    let home = env::home_dir().unwrap_or_default();
    let videos = home.join("Videos");
    if videos.is_dir() { videos } else { home }
}
