//! A microphone that delivers, and which of several is meant.

use super::feed::{Feed, Pulse};
use crate::capture::{DeviceInfo, SourceError};
use crate::flow::Queue;

/// A device that delivers. Dropping it ends the callbacks; that may block too.
pub(super) struct Running {
    /// Kept for its callbacks.
    pub stream: Box<dyn Send>,
    pub feed: Feed,
    pub pulse: Pulse,
    /// What the driver says when it fails, newest last.
    pub errors: Queue<String>,
    pub info: DeviceInfo,
    /// What else there was when it was opened.
    pub others: Vec<DeviceInfo>,
}

/// The device that `id` means: by its id, with or without `mic:`, or by its name; `None` is the default.
pub(super) fn chosen(all: &[DeviceInfo], id: Option<&str>) -> Result<usize, SourceError> {
    let wanted = id.map(|id| id.strip_prefix("mic:").unwrap_or(id));
    let index = match wanted {
        None => all.iter().position(|info| info.default),
        Some(wanted) => all
            .iter()
            .position(|info| info.id.strip_prefix("mic:") == Some(wanted))
            .or_else(|| all.iter().position(|info| info.name.eq_ignore_ascii_case(wanted))),
    };
    index.ok_or_else(|| SourceError::NotFound {
        wanted: wanted.map_or_else(|| "microphone".to_owned(), |wanted| format!("mic:{wanted}")),
        available: all.iter().map(|info| info.id.clone()).collect(),
    })
}
