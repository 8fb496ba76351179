//! What can be wrong with settings, in sentences that say what to do. None holds a secret.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use crate::media::is_disk_full;
use crate::rtmp::url::UrlError;

/// Why settings cannot be used, read or kept.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A value that cannot be used.
    #[error("{field} {value} cannot be used: {advice}")]
    Value {
        /// Its name for people.
        field: &'static str,
        /// As it was given.
        value: String,
        /// What can be used instead.
        advice: String,
    },
    /// A destination's URL that cannot be used.
    #[error("the {of} {shown} cannot be used: {reason}")]
    Url {
        /// Which of its two.
        of: UrlOf,
        /// The URL without what is secret in it.
        shown: String,
        /// What is wrong with it.
        reason: UrlError,
    },
    /// A profile's name that cannot be used.
    #[error("{name:?} cannot be a profile's name: {advice}")]
    Name {
        /// As it was given.
        name: String,
        /// What to do.
        advice: &'static str,
    },
    /// No profile of that name.
    #[error("there is no profile {name:?}; there is: {}", if existing.is_empty() { "none yet (make one with: tally profiles save NAME)".to_owned() } else { existing.join(", ") })]
    NoProfile {
        /// As it was asked for.
        name: String,
        /// The names there are.
        existing: Vec<String>,
    },
    /// The name is taken.
    #[error("there is a profile {existing:?} already: rename or remove that one first")]
    Exists {
        /// The profile that holds the name, perhaps written in other letters.
        existing: String,
    },
    /// A file that is not TOML, or not a profile.
    #[error("{} cannot be used: {reason}", file.display())]
    Broken {
        /// The file.
        file: PathBuf,
        /// What is wrong, and where the file is now.
        reason: String,
    },
    /// A document to import that cannot be understood.
    #[error("the document to import cannot be used: {reason}")]
    Import {
        /// What is wrong.
        reason: String,
    },
    /// A document to import whose version is not known yet.
    #[error("it was written by a newer Tally: update this one")]
    NewerImport,
    /// A file or folder that cannot be read or written.
    #[error("cannot {action} {}: {}", path.display(), io_reason(action, source))]
    Io {
        /// What was tried, such as `write`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file that was not to be replaced.
    #[error("there is a file {} already", path.display())]
    FileExists {
        /// The file.
        path: PathBuf,
    },
    /// The secret store refused.
    #[error("the secret store refused: {reason}")]
    Secret {
        /// What it said; never the secret.
        reason: String,
    },
    /// The system names no folder for settings.
    #[error("this system names no folder for settings: set TALLY_CONFIG_DIR to one")]
    NoConfigDir,
}

/// Which URL of a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlOf {
    /// Its server.
    Destination,
    /// The server in reserve.
    Backup,
}

impl fmt::Display for UrlOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Destination => "destination",
            Self::Backup => "backup server (--backup)",
        })
    }
}

/// What is tried with a file that was asked for by its name and is none of the settings' own.
pub(in crate::settings) const CREATE: &str = "create";

impl SettingsError {
    /// Whether the name of a file is right, and it cannot be written all the same.
    pub(crate) fn is_unwritten(&self) -> bool {
        let Self::Io { action, source, .. } = self else { return false };
        matches!(*action, "write" | "make" | CREATE) && !is_wrong_name(source)
    }
}

/// Whether no file may be made of this name, for it is taken. One whose folder is missing is as right as one whose folder
/// takes nothing: the disk may be back when the same command is given again.
pub(crate) fn is_wrong_name(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::IsADirectory)
}

/// The system's own words, with what to do about the common ones.
fn io_reason(action: &str, error: &io::Error) -> String {
    let advice = match error.kind() {
        ErrorKind::PermissionDenied if action == "read" => Some("make it readable for you"),
        _ if action == CREATE => file_advice(error),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            Some("make it writable for you, or set TALLY_CONFIG_DIR to a folder that is")
        }
        _ => file_advice(error),
    };
    advice.map_or_else(|| error.to_string(), |advice| format!("{error}; {advice}"))
}

/// What to do about what the system said of a file, where that is known.
pub(crate) fn file_advice(error: &io::Error) -> Option<&'static str> {
    Some(match error.kind() {
        ErrorKind::NotFound => "check its name and its folder",
        ErrorKind::AlreadyExists => "nothing is overwritten: give another name",
        ErrorKind::IsADirectory | ErrorKind::NotADirectory => "name a file in a folder",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => "give yourself permission, or choose another",
        kind if is_disk_full(kind) => "free some space and try again",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_about_what_was_tried() {
        let told = |action, kind: ErrorKind| {
            let error = SettingsError::Io { action, path: "/x/a.toml".into(), source: kind.into() };
            (error.to_string(), error.is_unwritten())
        };
        for (action, kind, advice, is_unwritten) in [
            ("read", ErrorKind::PermissionDenied, "make it readable for you", false),
            ("write", ErrorKind::PermissionDenied, "TALLY_CONFIG_DIR", true),
            ("write", ErrorKind::StorageFull, "free some space", true),
            (CREATE, ErrorKind::PermissionDenied, "give yourself permission", true),
            (CREATE, ErrorKind::IsADirectory, "name a file in a folder", false),
            (CREATE, ErrorKind::NotFound, "check its name", true),
            (CREATE, ErrorKind::NotADirectory, "name a file in a folder", true),
        ] {
            let (told, unwritten) = told(action, kind);
            assert!(told.contains(advice) && unwritten == is_unwritten, "{action}: {told}");
            assert_eq!(told.contains("TALLY_CONFIG_DIR"), advice == "TALLY_CONFIG_DIR", "{told}");
        }
    }
}
