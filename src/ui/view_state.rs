//! What belongs to drawing alone.

use super::panels::profiles::ProfilesState;
use super::panels::settings::SettingsState;

/// What belongs to drawing alone: what is typed, held or open.
#[derive(Default)]
pub struct ViewState {
    /// The sheet of keys.
    pub keys_open: bool,
    /// The primary button.
    pub primary: PrimaryState,
    /// The chips below the picture.
    pub sources: SourcesState,
    /// Details that are unfolded, by the problem's id.
    pub unfolded: Option<u64>,
    /// What the first run asks.
    pub first_run: FirstRunState,
    /// The side sheet's own.
    pub settings: SettingsState,
    /// The profiles menu's own.
    pub profiles: ProfilesState,
}

/// The primary button's own.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PrimaryState {
    /// Held since, in seconds of `View::now`.
    pub held_since: Option<f64>,
    /// Whether the question "End the show?" is open.
    pub asks: bool,
}

/// The chips' own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourcesState {
    /// The path being typed for the picture; `None`: the field is closed.
    pub video_path: Option<String>,
    /// The path being typed for the sound; `None`: the field is closed.
    pub audio_path: Option<String>,
    /// The name of a stream being typed for the picture; `None`: the field is closed.
    pub video_stream: Option<String>,
    /// The name of a stream being typed for the sound; `None`: the field is closed.
    pub audio_stream: Option<String>,
}

/// The first run's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirstRunState {
    /// Whether the first question has been given the focus.
    pub has_begun: bool,
    /// Whether a service or server is wanted instead of a rehearsal.
    pub to_server: bool,
}
