//! Whether a file can be read, told when that changes.

use std::fmt::Display;

use super::SourceEvent;

/// What is known of a file that is played.
#[derive(Debug, Default)]
pub(super) struct FileState {
    fails: bool,
    event: Option<SourceEvent>,
}

impl FileState {
    /// How it went to read the file called `name`.
    pub(super) fn see(&mut self, name: &str, error: Option<&dyn Display>) {
        if error.is_some() != self.fails {
            self.see_failure(error.map(|error| failed(name, error)));
        }
    }

    /// The same, with what is to be told of it.
    pub(super) fn see_failure(&mut self, failure: Option<SourceEvent>) {
        if failure.is_some() != self.fails {
            self.fails = failure.is_some();
            self.event = Some(failure.unwrap_or(SourceEvent::Restored));
        }
    }

    pub(super) fn fails(&self) -> bool {
        self.fails
    }

    /// The change that was not yet told.
    pub(super) fn poll_event(&mut self) -> Option<SourceEvent> {
        self.event.take()
    }
}

/// The file called `name` cannot be read.
pub(super) fn failed(name: &str, error: &dyn Display) -> SourceEvent {
    SourceEvent::FileFailed { reason: format!("{name} cannot be read: {error}") }
}
