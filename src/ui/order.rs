//! What the window's machines want done.

use super::dialogs::DialogRequest;
use super::profile_request::ProfileRequest;
use crate::studio::StudioCommand;

/// What the model wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// By the engine.
    Engine(StudioCommand),
    /// By the system's clipboard.
    Copy(String),
    /// The window's own settings are to be kept: its looks, and whether the first run is over.
    KeepWindow,
    /// By the keeper of profiles.
    Profile(ProfileRequest),
    /// By the system's file dialogs.
    Ask(DialogRequest),
}
