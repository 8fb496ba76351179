//! Which of several windows keeps what is set: the one that was opened first.

use std::fs::{self, File, TryLockError};
use std::path::Path;

/// Locked as long as a window is open; the system lets go of it however that ends.
const CLAIM_FILE: &str = ".window.lock";

/// The right to keep the session of a configuration folder, until it is dropped.
#[derive(Debug)]
pub struct SessionClaim {
    /// `None`: the folder takes no lock, so that nobody can be told apart.
    _file: Option<File>,
}

impl SessionClaim {
    /// `None` if another has it.
    pub(super) fn take(config_dir: &Path) -> Option<Self> {
        let path = config_dir.join(CLAIM_FILE);
        let opened = fs::create_dir_all(config_dir)
            .and_then(|()| File::options().create(true).truncate(false).write(true).open(path));
        // A folder that cannot be written, or a network's without locks: keeping tells what is wrong, if anything is.
        let Ok(file) = opened else { return Some(Self { _file: None }) };
        match file.try_lock() {
            Ok(()) => Some(Self { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(_)) => Some(Self { _file: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_it_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let config_dir = folder.path().join("tally");
        let first = SessionClaim::take(&config_dir).unwrap();
        assert!(SessionClaim::take(&config_dir).is_none());
        drop(first);
        assert!(SessionClaim::take(&config_dir).is_some());
    }

    #[test]
    fn where_nothing_can_be_locked_everybody_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let claims = [SessionClaim::take(&file), SessionClaim::take(&file)];
        assert!(claims.iter().all(Option::is_some));
    }
}
