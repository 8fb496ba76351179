//! Incoming streams as sources: what they are called, and where they are received.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

/// The application of streams that are named without one.
const APP: &str = "live";
/// Bytes in the name of an application or a stream, as the ingest allows.
const NAME_BYTES_MAX: usize = 256;

/// A stream by its application and its name, as its sender publishes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StreamName {
    app: String,
    name: String,
}

impl StreamName {
    /// The application.
    pub fn app(&self) -> &str {
        &self.app
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for StreamName {
    type Err = String;

    /// Reads `NAME` or `APP/NAME`; an application may itself have parts.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (app, name) = text.rsplit_once('/').unwrap_or((APP, text));
        if name.is_empty() {
            return Err("give the stream's name after it, such as ingest:phone or ingest:live/phone".to_owned());
        }
        if app.is_empty() || app.starts_with('/') || app.ends_with('/') {
            return Err(format!("before the / there must be the application, such as ingest:{APP}/{name}"));
        }
        if let Some(part) = [app, name].into_iter().find(|part| part.trim() != *part) {
            return Err(format!("{part:?} begins or ends with a space, which no sender keeps"));
        }
        if let Some(c) = text.chars().find(|c| *c == '?' || c.is_control() || is_hidden(*c)) {
            return Err(format!("a stream's name cannot hold {c:?}"));
        }
        if app.len() > NAME_BYTES_MAX || name.len() > NAME_BYTES_MAX {
            return Err(format!("a name has at most {NAME_BYTES_MAX} bytes"));
        }
        Ok(Self { app: app.to_owned(), name: name.to_owned() })
    }
}

/// What the ingest shows as `_`, so that no stream is ever called so.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.app == APP { f.write_str(&self.name) } else { write!(f, "{}/{}", self.app, self.name) }
    }
}

/// Where incoming streams are received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestSettings {
    /// The address; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The file with the key that senders must show; needed where others than this computer reach the address.
    pub key_file: Option<PathBuf>,
}

impl Default for IngestSettings {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 1935)), key_file: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_an_application() {
        for (text, app, name) in
            [("phone", "live", "phone"), ("live/phone", "live", "phone"), ("a/b/Kamera Süd", "a/b", "Kamera Süd")]
        {
            let read: StreamName = text.parse().unwrap();
            assert_eq!((read.app(), read.name()), (app, name));
            assert_eq!(read.to_string().parse(), Ok(read));
        }
        assert_eq!("live/phone".parse::<StreamName>().unwrap().to_string(), "phone");
    }

    #[test]
    fn names_that_cannot_be_are_told_why() {
        let long = "x".repeat(257);
        for (text, told) in [
            ("", "ingest:phone"),
            ("live/", "ingest:phone"),
            ("/phone", "application"),
            ("a//phone", "application"),
            (" phone", "space"),
            ("live /phone", "space"),
            ("phone?key=x", "'?'"),
            ("a\nb", "cannot hold"),
            ("a\u{202e}b", "cannot hold"),
            (long.as_str(), "256"),
        ] {
            let error = text.parse::<StreamName>().unwrap_err();
            assert!(error.contains(told), "{text:?}: {error}");
        }
    }
}
