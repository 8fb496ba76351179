//! What people should know of what was kept, though it is used. None holds a secret. `Display` is the English of it.

use std::fmt;
use std::path::PathBuf;

/// Something that could not be used as it stood, or was done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// About one document: its file as it is named to people, and what.
    Document(String, DocumentWarning),
    /// A secret of a destination is gone from the secret store.
    SecretGone {
        /// Which.
        secret: SecretKind,
        /// Whose.
        destination: String,
    },
    /// It cannot be read now, and stays where it is.
    SecretUnread {
        /// Which.
        secret: SecretKind,
        /// Whose.
        destination: String,
        /// What the store said.
        reason: String,
    },
    /// Others could read the file of secrets; it is private again.
    SecretsWereOpen {
        /// The file.
        file: PathBuf,
    },
    /// The file of secrets was no such file, and was set aside.
    SecretsBroken {
        /// The file.
        file: PathBuf,
        /// Where it is now.
        aside: PathBuf,
    },
    /// Secrets are kept in a file.
    KeysInFile {
        /// The file.
        file: PathBuf,
        /// Why not in the system's store.
        why: NoKeyring,
        /// What else is to be known of that file.
        repaired: Option<Box<Warning>>,
    },
    /// A secret of a destination is not in the file that was imported.
    SecretMissing {
        /// Which.
        secret: SecretKind,
        /// Whose.
        destination: String,
    },
    /// What may be secret in an address of a destination was left out.
    PartOfAddressLeftOut {
        /// Whose.
        destination: String,
    },
    /// Another window keeps what is set; this one keeps nothing until that is closed.
    AnotherWindow,
    /// A sentence that was made already: an error that keeps nothing else from being used, or what was done.
    Said(String),
}

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentWarning {
    /// A newer Tally wrote it.
    Newer,
    /// The encoding is no table.
    NoEncoding,
    /// A value cannot be used.
    Value {
        /// Its place and name.
        field: String,
        /// As it stands there; secrets are hidden.
        value: String,
        /// Why not.
        reason: String,
    },
    /// The destinations are no list of tables.
    NoDestinations,
    /// A destination without an address.
    NoServer {
        /// The destination, such as `destinations[0].`.
        place: String,
    },
    /// It holds a secret in plain text.
    PlainSecret,
    /// Its name cannot be used.
    NoName,
    /// Its name is another file's.
    NameTaken {
        /// The name.
        name: String,
    },
    /// It cannot be read now.
    Unreadable {
        /// Why not.
        reason: String,
    },
    /// It can never be read, and was set aside.
    SetAside {
        /// Why not.
        reason: String,
        /// Where it is now, or why it could not be moved.
        aside: Result<PathBuf, String>,
    },
}

/// A secret of a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// Its stream key.
    StreamKey,
    /// The password of its login.
    Password,
}

/// Why secrets are not in the system's store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoKeyring {
    /// It is left alone.
    LeftAlone(&'static str),
    /// It cannot be used.
    Refused(String),
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document(file, warning) => write!(f, "{file}: {warning}"),
            Self::SecretGone { secret, destination } => {
                write!(f, "the {secret} of {destination:?} is not in the secret store of this computer: give it again")
            }
            Self::SecretUnread { secret, destination, reason } => {
                write!(f, "the {secret} of {destination:?} cannot be read now and stays where it is: {reason}")
            }
            Self::SecretsWereOpen { file } => {
                let file = file.display();
                write!(f, "{file} could be read by others; it is private again, but consider new stream keys")
            }
            Self::SecretsBroken { file, aside } => {
                write!(f, "{} was broken and is now {}", file.display(), aside.display())
            }
            Self::KeysInFile { file, why, repaired } => {
                if let Some(repaired) = repaired {
                    write!(f, "{repaired}; ")?;
                }
                let file = file.display();
                write!(f, "stream keys and passwords are kept in {file}, readable only by you, because {why}")
            }
            Self::SecretMissing { secret, destination } => {
                write!(f, "the {secret} of {destination:?} is not in the file: give it again")
            }
            Self::PartOfAddressLeftOut { destination } => {
                write!(f, "a part of an address of {destination:?} that may be secret is left out")
            }
            Self::AnotherWindow => f.write_str(
                "another Tally window is open: what is set in this one is not kept for next time while that is; saved \
                 profiles are",
            ),
            Self::Said(sentence) => f.write_str(sentence),
        }
    }
}

impl fmt::Display for DocumentWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newer => f.write_str("was written by a newer Tally: what this one does not know is left as it is"),
            Self::NoEncoding => f.write_str("encoding is not a table; the defaults are used"),
            Self::Value { field, value, reason } => {
                write!(f, "{field} = {value} cannot be used ({reason}); the default is used")
            }
            Self::NoDestinations => f.write_str("destinations is not a list of tables; there are none"),
            Self::NoServer { place } => write!(f, "{place}server is missing; this destination is left out"),
            Self::PlainSecret => f.write_str("it holds a secret in plain text; save the profile to move it out"),
            Self::NoName => f.write_str("it has no usable name; it is called after its file"),
            Self::NameTaken { name } => {
                write!(f, "another file holds the profile {name:?}; this one is called after its file")
            }
            Self::Unreadable { reason } => f.write_str(reason),
            Self::SetAside { reason, aside: Ok(aside) } => {
                write!(f, "{reason}; it was set aside as {}", aside.display())
            }
            Self::SetAside { reason, aside: Err(error) } => write!(f, "{reason}; it could not be set aside ({error})"),
        }
    }
}

impl fmt::Display for SecretKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StreamKey => "stream key",
            Self::Password => "password",
        })
    }
}

impl fmt::Display for NoKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftAlone(why) => f.write_str(why),
            Self::Refused(reason) => write!(f, "this system offers no secret store ({reason})"),
        }
    }
}
