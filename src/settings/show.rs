//! A show as it was chosen: sources, destinations, encoding, recording.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::{
    AudioChoice, CardChoice, EncodingSettings, IngestSettings, RecordSplit, SettingsError, StreamKey, UnreadSecrets,
    VideoChoice, redact_url,
};

/// Where a show is published.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination {
    /// What people call it; unique within a show.
    pub name: String,
    /// The server's URL, such as `rtmps://a.rtmps.youtube.com:443/live2`. A key that was typed into
    /// it is still there until the show starts or is saved, so it is never shown whole.
    pub server: String,
    /// The stream key.
    pub stream_key: Option<StreamKey>,
    /// For services that ask for a login.
    pub user: Option<String>,
    /// The login's password.
    pub password: Option<StreamKey>,
    /// What is kept of key and password and was not read.
    pub unread: UnreadSecrets,
    /// A CA (PEM file) to trust as well as the system's.
    pub tls_ca: Option<PathBuf>,
    /// The URL of the service's other server, which gets the show while the first cannot be reached; with the same key and
    /// login.
    pub backup_server: Option<String>,
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destination")
            .field("name", &self.name)
            .field("server", &redact_url(&self.server))
            .field("stream_key", &self.stream_key)
            .field("user", &self.user)
            .field("password", &self.password)
            .field("unread", &self.unread)
            .field("tls_ca", &self.tls_ca)
            .field("backup_server", &self.backup_server.as_deref().map(redact_url))
            .finish()
    }
}

/// Everything that was chosen for a show.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShowSettings {
    /// The picture.
    pub video: VideoChoice,
    /// The sound.
    pub audio: AudioChoice,
    /// Where incoming streams are received, if picture or sound is one.
    pub ingest: IngestSettings,
    /// The fader of the sound, in dB: `GAIN_DB`.
    pub gain_db: f32,
    /// What goes out while the picture does not come.
    pub card: CardChoice,
    /// Where it goes: one encode, several independent sends.
    pub destinations: Vec<Destination>,
    /// Publish to the ingest on this machine and measure what a viewer gets.
    pub rehearse: bool,
    /// How it is encoded.
    pub encoding: EncodingSettings,
    /// The file that records it.
    pub record: Option<PathBuf>,
    /// When the recording goes on in another file.
    pub record_split: Option<RecordSplit>,
    /// Ends by itself after so long, counted from the moment the first destination is live.
    pub duration: Option<Duration>,
}

impl ShowSettings {
    /// Where the fader goes, in dB.
    pub const GAIN_DB: std::ops::RangeInclusive<f32> = -30.0..=12.0;
    /// Most destinations of one show: each is a connection with a queue of its own.
    pub const DESTINATIONS_MAX: usize = 16;

    /// Whether picture or sound is an incoming stream.
    pub fn receives(&self) -> bool {
        matches!(self.video, VideoChoice::Incoming(_)) || matches!(self.audio, AudioChoice::Incoming(_))
    }

    /// Checks every value.
    ///
    /// # Errors
    /// About the first value that cannot be used, with what can.
    pub fn validate(&self) -> Result<(), SettingsError> {
        self.encoding.validate()?;
        if self.video == VideoChoice::None && self.audio == AudioChoice::Silence {
            return Err(SettingsError::Value {
                field: "video",
                value: "none with audio silence".to_owned(),
                advice: "a show needs a picture or a sound".to_owned(),
            });
        }
        if self.destinations.len() > Self::DESTINATIONS_MAX {
            return Err(SettingsError::Value {
                field: "number of destinations",
                value: self.destinations.len().to_string(),
                advice: format!("use at most {}", Self::DESTINATIONS_MAX),
            });
        }
        if !Self::GAIN_DB.contains(&self.gain_db) {
            return Err(SettingsError::Value {
                field: "gain",
                value: format!("{} dB", self.gain_db),
                advice: format!("use {} to {} dB", Self::GAIN_DB.start(), Self::GAIN_DB.end()),
            });
        }
        let listen = self.ingest.listen;
        if self.receives() && self.ingest.key_file.is_none() && !listen.ip().to_canonical().is_loopback() {
            return Err(SettingsError::Value {
                field: "ingest-listen",
                value: listen.to_string(),
                advice: "other computers can reach it, so that a key is needed: give one with --ingest-key-file"
                    .to_owned(),
            });
        }
        if self.duration == Some(Duration::ZERO) {
            return Err(SettingsError::Value {
                field: "duration",
                value: "0s".to_owned(),
                advice: "use a time such as 10s, 2m or 1h30m".to_owned(),
            });
        }
        self.destinations.iter().try_for_each(Destination::validate)
    }

    /// The same show with whole paths: a profile is used from any folder.
    #[must_use]
    pub fn with_absolute_paths(mut self) -> Self {
        let absolute = |path: &mut PathBuf| {
            if let Ok(whole) = std::path::absolute(&*path) {
                *path = whole;
            }
        };
        if let VideoChoice::File(path) = &mut self.video {
            absolute(path);
        }
        if let AudioChoice::File(path) = &mut self.audio {
            absolute(path);
        }
        if let CardChoice::Image(path) = &mut self.card {
            absolute(path);
        }
        self.record.iter_mut().for_each(absolute);
        self.ingest.key_file.iter_mut().for_each(absolute);
        self.destinations.iter_mut().filter_map(|destination| destination.tls_ca.as_mut()).for_each(absolute);
        self
    }

    /// The same show with every secret of a URL in its own field, and every destination with a name of
    /// its own.
    #[must_use]
    pub fn with_secrets_split(mut self) -> Self {
        let mut done: Vec<Destination> = Vec::new();
        for destination in self.destinations {
            let mut destination = destination.with_secrets_split();
            let name = destination.name.trim();
            let name = if name.is_empty() { Destination::at(&destination.server).name } else { name.to_owned() };
            destination.name = free_name(name, |name| done.iter().any(|other| other.name == name));
            done.push(destination);
        }
        self.destinations = done;
        self
    }
}

/// `name`, or else the first of "name 2", "name 3", … that is not taken.
pub(in crate::settings) fn free_name(name: String, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(&name) {
        return name;
    }
    let mut numbered = (2..).map(|number: u32| format!("{name} {number}"));
    numbered.find(|candidate| !is_taken(candidate)).unwrap_or(name)
}
