//! Which picture and which sound: the values of `--video` and `--audio`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::StreamName;
use super::path::chosen_path;

/// A value of `--video` or `--audio` that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseChoiceError {
    /// There is no such kind of source.
    #[error("{given:?} is not {kind} source: choose one of {choices}")]
    Unknown {
        /// As it was given.
        given: String,
        /// Picture or sound.
        kind: &'static str,
        /// What there is.
        choices: &'static str,
    },
    /// No stream can be called so.
    #[error("{given:?} names no incoming stream: {advice}")]
    StreamName {
        /// As it was given.
        given: String,
        /// What is wrong with it.
        advice: String,
    },
}

/// Where the picture comes from.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum VideoChoice {
    /// The first camera; the test pattern where there is none.
    #[default]
    Auto,
    /// The first camera, or the one of this id (what follows `camera:`).
    Camera(Option<String>),
    /// A stream that the embedded ingest receives.
    Incoming(StreamName),
    /// The moving test pattern.
    Test,
    /// A clip or still picture.
    File(PathBuf),
    /// No picture: a show of sound only.
    None,
}

impl FromStr for VideoChoice {
    type Err = ParseChoiceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseChoiceError::Unknown {
            given: text.to_owned(),
            kind: "a video",
            choices: "camera, camera:ID, ingest:NAME, test, file:PATH, none",
        };
        if let Some(name) = text.strip_prefix("ingest:") {
            return incoming(text, name).map(Self::Incoming);
        }
        match split(text) {
            ("auto", None) => Ok(Self::Auto),
            ("camera", None) => Ok(Self::Camera(None)),
            ("camera", Some(id)) => Ok(Self::Camera(Some(id.to_owned()))),
            ("test", None) => Ok(Self::Test),
            ("file", Some(path)) => Ok(Self::File(chosen_path(path))),
            ("none", None) => Ok(Self::None),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for VideoChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Camera(None) => f.write_str("camera"),
            Self::Camera(Some(id)) => write!(f, "camera:{id}"),
            Self::Incoming(name) => write!(f, "ingest:{name}"),
            Self::Test => f.write_str("test"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::None => f.write_str("none"),
        }
    }
}

/// Where the sound comes from.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum AudioChoice {
    /// The default microphone; the test tone where there is none.
    #[default]
    Auto,
    /// The default microphone, or the one of this id (what follows `mic:`).
    Microphone(Option<String>),
    /// The sound of a stream that the embedded ingest receives.
    Incoming(StreamName),
    /// The test tone with its beep.
    Test,
    /// The sound of a file.
    File(PathBuf),
    /// Digital silence: services want an audio track even so.
    Silence,
}

impl FromStr for AudioChoice {
    type Err = ParseChoiceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseChoiceError::Unknown {
            given: text.to_owned(),
            kind: "an audio",
            choices: "mic, mic:ID, ingest:NAME, test, file:PATH, silence",
        };
        if let Some(name) = text.strip_prefix("ingest:") {
            return incoming(text, name).map(Self::Incoming);
        }
        match split(text) {
            ("auto", None) => Ok(Self::Auto),
            ("mic", None) => Ok(Self::Microphone(None)),
            ("mic", Some(id)) => Ok(Self::Microphone(Some(id.to_owned()))),
            ("test", None) => Ok(Self::Test),
            ("file", Some(path)) => Ok(Self::File(chosen_path(path))),
            ("silence", None) => Ok(Self::Silence),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for AudioChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Microphone(None) => f.write_str("mic"),
            Self::Microphone(Some(id)) => write!(f, "mic:{id}"),
            Self::Incoming(name) => write!(f, "ingest:{name}"),
            Self::Test => f.write_str("test"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Silence => f.write_str("silence"),
        }
    }
}

fn incoming(given: &str, name: &str) -> Result<StreamName, ParseChoiceError> {
    name.parse().map_err(|advice| ParseChoiceError::StreamName { given: given.to_owned(), advice })
}

/// `kind` and what follows the first colon, unless that is empty (then nothing matches).
fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once(':') {
        Some((_, "")) => ("", None),
        Some((kind, rest)) => (kind, Some(rest)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_reads_back_as_it_is_written() {
        for text in
            ["auto", "camera", "camera:usb-1.2:0", "test", "file:/a b/c:d.mp4", "none", "ingest:phone", "ingest:a/b c"]
        {
            assert_eq!(text.parse::<VideoChoice>().unwrap().to_string(), text);
        }
        if cfg!(unix) {
            let pasted: VideoChoice = "file:///a%20b/c.mp4".parse().unwrap();
            assert_eq!(pasted, VideoChoice::File("/a b/c.mp4".into()));
        }
        for text in ["auto", "mic", "mic:Built-in Audio", "test", "file:ü.wav", "silence", "ingest:phone"] {
            assert_eq!(text.parse::<AudioChoice>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn unknown_values_list_what_there_is() {
        for text in ["screen", "", "camera:", "file", "file:", "none:1", "Test", "mic"] {
            let error = text.parse::<VideoChoice>().unwrap_err().to_string();
            assert!(
                error.contains("camera, camera:ID, ingest:NAME, test, file:PATH, none") && !error.contains("screen,"),
                "{error}"
            );
        }
        for (text, told) in [("ingest:", "ingest:phone"), ("ingest:a?b", "cannot hold")] {
            assert!(text.parse::<VideoChoice>().unwrap_err().to_string().contains(told));
            assert!(text.parse::<AudioChoice>().unwrap_err().to_string().contains(told));
        }
        for text in ["camera", "silence:1", "mic:", "none", "ingest"] {
            let error = text.parse::<AudioChoice>().unwrap_err().to_string();
            assert!(error.contains("mic, mic:ID, ingest:NAME, test, file:PATH, silence"), "{error}");
        }
    }
}
