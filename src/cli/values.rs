//! Values of flags that no other room reads: switches, addresses, where to record and when to begin another file.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf, is_separator};
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::media::Bitrate;
use crate::settings::{
    AudioChoice, CardChoice, Destination, ParseChoiceError, RecordSplit, RecordingName, RelayEngine, VideoChoice,
    parse_duration,
};
use crate::studio::flight::FlightWords;

/// The value of `--record`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordChoice {
    /// Do not record, whatever the profile says.
    Off,
    /// Record to this file.
    To(PathBuf),
}

/// Why a folder is not taken where a file is wanted.
pub(super) const IS_FOLDER: &str = "it is a folder; name a file in it";

/// Whether `path` means a folder, be it there or not.
pub(super) fn ends_as_folder(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().last().is_some_and(|last| is_separator(char::from(*last)))
}

/// The parser of `--record`. What is there and is no file is refused: a name beside it would be a surprise.
pub(super) fn record_parser() -> impl TypedValueParser<Value = RecordChoice> {
    OsStringValueParser::new().try_map(|value| {
        let path = PathBuf::from(&value);
        match path.metadata() {
            _ if value.is_empty() => Err("give a file, or off"),
            _ if value == "off" => Ok(RecordChoice::Off),
            Ok(about) if about.is_dir() => Err(IS_FOLDER),
            _ if ends_as_folder(&path) => Err(IS_FOLDER),
            Ok(about) if !about.is_file() => Err("it is a device and no file; name a file in a folder"),
            _ if RecordingName::of(&path).is_too_long() => {
                Err("its name is too long: leave room for what is put behind it, such as -2.chapters.vtt")
            }
            _ => Ok(RecordChoice::To(path)),
        }
    })
}

/// A source, such as that of `--video`, whose file may have any name that the system allows.
pub(super) trait Source: FromStr<Err = ParseChoiceError> + Clone + Send + Sync + 'static {
    /// The source that is this file.
    fn from_file(path: PathBuf) -> Self;
}

impl Source for VideoChoice {
    fn from_file(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl Source for AudioChoice {
    fn from_file(path: PathBuf) -> Self {
        Self::File(path)
    }
}

/// The parser of a source.
pub(super) fn source_parser<S: Source>() -> impl TypedValueParser<Value = S> {
    OsStringValueParser::new().try_map(|value| match value.to_str() {
        Some(text) => text.parse::<S>(),
        None => match file_of(&value) {
            Some(path) => Ok(S::from_file(path)),
            None => value.to_string_lossy().parse::<S>(),
        },
    })
}

/// The path in `file:PATH`, where it is no text.
#[cfg(unix)]
fn file_of(value: &OsStr) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    value.as_bytes().strip_prefix(b"file:").map(|path| PathBuf::from(OsStr::from_bytes(path)))
}

#[cfg(not(unix))]
fn file_of(_value: &OsStr) -> Option<PathBuf> {
    None
}

/// The value of a flag that can also take out what a profile has: `None` is `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrOff<T>(pub Option<T>);

/// Reads `off`, or what `read` does.
fn or_off<T, E>(text: &str, read: impl FnOnce(&str) -> Result<T, E>) -> Result<OrOff<T>, E> {
    if text == "off" { Ok(OrOff(None)) } else { read(text).map(|value| OrOff(Some(value))) }
}

/// Reads when another file begins, or `off`.
pub(super) fn parse_split(text: &str) -> Result<OrOff<RecordSplit>, String> {
    or_off(text, str::parse)
}

/// Reads how long a show is live, or `off`.
pub(super) fn parse_duration_or_off(text: &str) -> Result<OrOff<Duration>, String> {
    or_off(text, parse_duration)
}

/// Reads a rate, or `off`.
pub(super) fn parse_bitrate_or_off(text: &str) -> Result<OrOff<Bitrate>, <Bitrate as FromStr>::Err> {
    or_off(text, str::parse)
}

/// Takes a server's URL as it is, or `off`.
pub(super) fn parse_server_or_off(text: &str) -> Result<OrOff<String>, Infallible> {
    or_off(text, |url| Ok(url.to_owned()))
}

/// Reads the name of a login, or `off`.
pub(super) fn parse_user_or_off(text: &str) -> Result<OrOff<String>, &'static str> {
    or_off(text, |name| if name.trim().is_empty() { Err("give a name, or off") } else { Ok(name.to_owned()) })
}

/// The parser of a file that may be any, or `off`.
pub(super) fn path_or_off_parser() -> impl TypedValueParser<Value = OrOff<PathBuf>> {
    OsStringValueParser::new().try_map(|value| match value {
        value if value.is_empty() => Err("give a file, or off"),
        value if value == "off" => Ok(OrOff(None)),
        value => Ok(OrOff(Some(PathBuf::from(value)))),
    })
}

/// Reads the value of `--card`. An empty one is a variable of a script that is not set, and no picture.
pub(super) fn parse_card(text: &str) -> Result<CardChoice, String> {
    if text.is_empty() {
        return Err("give a picture file, on or off".to_owned());
    }
    text.parse().map_err(|never: Infallible| match never {})
}

/// Reads `on` or `off`.
pub(super) fn parse_switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("say on or off".to_owned()),
    }
}

/// Reads how many connections are served at once.
pub(super) fn parse_connections(text: &str) -> Result<NonZeroUsize, String> {
    let number = text.parse().ok();
    number.ok_or_else(|| "give how many at most, 1 or more, such as 512".to_owned())
}

/// Takes a destination's URL, whatever it is: it may hold the key, so nothing of it is repeated here.
pub(super) fn parse_destination(url: &str) -> Result<Destination, Infallible> {
    Ok(Destination::at(url))
}

/// Reads an address to listen at: `127.0.0.1:1935`, `[::1]:1935`, `localhost:1935`.
pub(super) fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let wrong = || "give an IP address and a port, such as 127.0.0.1:1935 or [::1]:1935".to_owned();
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    numeric.parse().ok().ok_or_else(wrong)
}

/// Where HTTP is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpChoice {
    /// Nowhere.
    Off,
    /// At this address.
    At(SocketAddr),
}

impl std::str::FromStr for HttpChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" { Ok(Self::Off) } else { parse_address(text).map(Self::At) }
    }
}

/// The program of `--relay`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RelayChoice {
    /// With its RTMP module.
    Nginx,
    /// With an FFmpeg for each destination.
    Srs,
    /// With an FFmpeg for each destination.
    #[value(name = "mediamtx")]
    MediaMtx,
}

impl From<RelayChoice> for RelayEngine {
    fn from(choice: RelayChoice) -> Self {
        match choice {
            RelayChoice::Nginx => Self::Nginx,
            RelayChoice::Srs => Self::Srs,
            RelayChoice::MediaMtx => Self::MediaMtx,
        }
    }
}

/// `flv` or `mp4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RecordFormatChoice {
    /// As it comes.
    Flv,
    /// In fragments.
    Mp4,
}

/// The value of `report --language`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportLanguage {
    /// English.
    En,
    /// Deutsch.
    De,
}

impl From<ReportLanguage> for FlightWords {
    fn from(language: ReportLanguage) -> Self {
        match language {
            ReportLanguage::En => Self::English,
            ReportLanguage::De => Self::German,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_whose_parts_could_not_be_made_is_refused() {
        let command = clap::Command::new("x").arg(clap::Arg::new("record").value_parser(record_parser()));
        for (length, is_taken) in [(200, true), (250, false)] {
            let name = format!("{}.mp4", "a".repeat(length));
            assert_eq!(command.clone().try_get_matches_from(["x", &name]).is_ok(), is_taken, "{length}");
        }
    }

    #[test]
    fn addresses_need_a_port() {
        assert_eq!(parse_address("localhost:0").unwrap().to_string(), "127.0.0.1:0");
        assert_eq!(parse_address("[::1]:1935").unwrap().port(), 1935);
        for text in ["", "1935", "127.0.0.1", "example.com:1", "127.0.0.1:99999"] {
            assert!(parse_address(text).is_err(), "{text}");
        }
    }
}
