//! Opens the sources that were chosen; where none was, the first camera and the default microphone, else the test signal.

use super::incoming::IngestDoor;
use super::{Problem, ProblemKind};
use crate::capture::{
    AudioSource, CameraRequest, SourceError, VideoSource, camera, microphone, play_audio_file, play_video_file,
    silence, test_signal,
};
use crate::clock::Clock;
use crate::settings::{AudioChoice, EncodingSettings, VideoChoice};

/// An opened source, and what the user should know of how it was chosen.
pub(super) struct Opened<S: ?Sized> {
    pub(super) source: Box<S>,
    /// A device that may take a while until its first picture.
    pub(super) is_device: bool,
    pub(super) notice: Option<Problem>,
}

impl<S: ?Sized> Opened<S> {
    fn plain(source: Box<S>) -> Self {
        Self { source, is_device: false, notice: None }
    }

    fn device(source: Box<S>) -> Self {
        Self { source, is_device: true, notice: None }
    }

    fn substitute(source: Box<S>, missing: &str) -> Self {
        let notice = Problem::new(ProblemKind::SourceSubstituted, missing, "");
        Self { source, is_device: false, notice: Some(notice) }
    }
}

/// Opens the picture; `None` for a show of sound only.
pub(super) fn open_video(
    choice: &VideoChoice,
    encoding: &EncodingSettings,
    clock: &Clock,
    ingest: &IngestDoor,
) -> Result<Option<Opened<dyn VideoSource>>, SourceError> {
    let wanted = CameraRequest { size: encoding.size, frame_rate: encoding.frame_rate };
    let test = || test_signal::open_video(encoding.size, encoding.frame_rate);
    Ok(Some(match choice {
        VideoChoice::Auto if camera::list().is_empty() => Opened::substitute(test(), "camera"),
        VideoChoice::Auto => Opened::device(camera::open(None, wanted, clock)?),
        VideoChoice::Camera(id) => Opened::device(camera::open(id.as_deref(), wanted, clock)?),
        VideoChoice::Incoming(name) => {
            let (stream, info) = ingest.stream(name, clock)?;
            Opened::plain(stream.picture(info, encoding.size, encoding.frame_rate))
        }
        VideoChoice::Test => Opened::plain(test()),
        VideoChoice::File(path) => Opened::plain(play_video_file(path, clock)?),
        VideoChoice::None => return Ok(None),
    }))
}

/// Opens the sound.
pub(super) fn open_audio(
    choice: &AudioChoice,
    encoding: &EncodingSettings,
    clock: &Clock,
    ingest: &IngestDoor,
) -> Result<Opened<dyn AudioSource>, SourceError> {
    let (rate, channels) = (encoding.sample_rate, encoding.channels);
    let test = || test_signal::open_audio(rate, channels);
    Ok(match choice {
        AudioChoice::Auto if !microphone::list()?.iter().any(|m| m.default) => Opened::substitute(test(), "microphone"),
        AudioChoice::Auto => Opened::device(microphone::open(None, rate, channels, clock)?),
        AudioChoice::Microphone(id) => Opened::device(microphone::open(id.as_deref(), rate, channels, clock)?),
        AudioChoice::Incoming(name) => {
            let (stream, info) = ingest.stream(name, clock)?;
            Opened::plain(stream.sound(info, rate, channels))
        }
        AudioChoice::Test => Opened::plain(test()),
        AudioChoice::File(path) => Opened::plain(play_audio_file(path, rate, channels)?),
        AudioChoice::Silence => Opened::plain(silence::open_audio(rate, channels)),
    })
}
