//! Where Tally keeps what it is in the middle of: not settings, and nothing that a person would miss.

use std::path::PathBuf;

/// The folder of notes about open recordings: in the folder that `TALLY_STATE_DIR` or else the system names for a program's
/// state. `None` where there is none.
pub fn recordings_state_dir() -> Option<PathBuf> {
    state_dir().map(|folder| folder.join("recordings"))
}

/// The folder of what the flight recorder keeps of each show; in the same folder.
pub fn shows_state_dir() -> Option<PathBuf> {
    state_dir().map(|folder| folder.join("shows"))
}

fn state_dir() -> Option<PathBuf> {
    let named = std::env::var_os("TALLY_STATE_DIR").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let own = || {
        let folders = directories::ProjectDirs::from("", "", "tally")?;
        Some(folders.state_dir().unwrap_or(folders.data_local_dir()).to_owned())
    };
    named.or_else(own)
}
