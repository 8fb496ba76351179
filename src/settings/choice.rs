//! Which picture and which sound: the values of `--video` and `--audio`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A value of `--video` or `--audio` that does not exist, with what there is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not a {kind} source: choose one of {choices}")]
pub struct ParseChoiceError {
    given: String,
    kind: &'static str,
    choices: &'static str,
}

/// Where the picture comes from.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum VideoChoice {
    /// The first camera; the test pattern where there is none.
    #[default]
    Auto,
    /// The first camera, or the one of this id (what follows `camera:`).
    Camera(Option<String>),
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
        let wrong = || ParseChoiceError {
            given: text.to_owned(),
            kind: "video",
            choices: "camera, camera:ID, test, file:PATH, none",
        };
        match split(text) {
            ("auto", None) => Ok(Self::Auto),
            ("camera", None) => Ok(Self::Camera(None)),
            ("camera", Some(id)) => Ok(Self::Camera(Some(id.to_owned()))),
            ("test", None) => Ok(Self::Test),
            ("file", Some(path)) => Ok(Self::File(PathBuf::from(path))),
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
        let wrong = || ParseChoiceError {
            given: text.to_owned(),
            kind: "audio",
            choices: "mic, mic:ID, test, file:PATH, silence",
        };
        match split(text) {
            ("auto", None) => Ok(Self::Auto),
            ("mic", None) => Ok(Self::Microphone(None)),
            ("mic", Some(id)) => Ok(Self::Microphone(Some(id.to_owned()))),
            ("test", None) => Ok(Self::Test),
            ("file", Some(path)) => Ok(Self::File(PathBuf::from(path))),
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
            Self::Test => f.write_str("test"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Silence => f.write_str("silence"),
        }
    }
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
        for text in ["auto", "camera", "camera:usb-1.2:0", "test", "file:/a b/c:d.mp4", "none"] {
            assert_eq!(text.parse::<VideoChoice>().unwrap().to_string(), text);
        }
        for text in ["auto", "mic", "mic:Built-in Audio", "test", "file:ü.wav", "silence"] {
            assert_eq!(text.parse::<AudioChoice>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn unknown_values_list_what_there_is() {
        for text in ["screen", "", "camera:", "file", "file:", "none:1", "Test", "mic"] {
            let error = text.parse::<VideoChoice>().unwrap_err().to_string();
            assert!(
                error.contains("camera, camera:ID, test, file:PATH, none") && !error.contains("screen,"),
                "{error}"
            );
        }
        for text in ["camera", "silence:1", "mic:", "none"] {
            let error = text.parse::<AudioChoice>().unwrap_err().to_string();
            assert!(error.contains("mic, mic:ID, test, file:PATH, silence"), "{error}");
        }
    }
}
