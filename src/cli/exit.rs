//! Exit codes: scripts and services rely on them.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// As asked.
    Ok,
    /// The command line or a profile is wrong.
    Usage,
    /// A source failed: no such camera, permission, device lost and not back.
    Source,
    /// The destination could not be reached: DNS, TCP, timeout.
    Unreachable,
    /// TLS refused: wrong name, expired, unknown CA.
    Tls,
    /// The server refused: handshake, connect, publish.
    Refused,
    /// The connection was lost and retries ended.
    Lost,
    /// The recording failed; the stream was not harmed.
    Recording,
    /// The window does not open: no display, or one without OpenGL.
    Window,
    /// A bug.
    Bug,
    /// A check was ended before it was done: nobody knows what it would have found. Or so many signals came that the program
    /// ended whatever it was at.
    Cancelled,
}

impl Exit {
    /// The number of it.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Usage => 2,
            Self::Source => 3,
            Self::Unreachable => 4,
            Self::Tls => 5,
            Self::Refused => 6,
            Self::Lost => 7,
            Self::Recording => 8,
            Self::Window => 9,
            Self::Bug => 70,
            Self::Cancelled => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
