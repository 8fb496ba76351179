//! What a recording tells while it goes on.

use std::path::PathBuf;

/// What is to be told of a recording that goes on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// `path` can grow no more; `next` follows it.
    FileFull { path: PathBuf, next: PathBuf },
    /// Why part of the stream is left out.
    LeftOut(String),
    /// Why nothing of the stream is written.
    Nothing(String),
}
