//! Pipes where a file is asked for.

use std::path::Path;

/// What is told of a named pipe that is not read.
pub const NAMED_PIPE: &str = "it is a pipe; put a file there";

/// Whether `path` is a pipe with a name: to open one waits for somebody who writes to it, perhaps for ever. What a shell makes
/// of `<(…)` is none.
#[cfg(unix)]
pub fn is_named_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    path.symlink_metadata().is_ok_and(|about| about.file_type().is_fifo())
}

/// Whether `path` is a pipe with a name: none is among the files of this system.
#[cfg(not(unix))]
pub fn is_named_pipe(_path: &Path) -> bool {
    false
}
