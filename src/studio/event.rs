//! What the engine is told and what it tells.

use std::path::PathBuf;
use std::time::Duration;

use super::Problem;
use super::check::{CheckEvent, CheckSettings};
use super::rehearsal::RehearsalReport;
use crate::capture::{DeviceInfo, DeviceKind, SourceInfo};
use crate::media::{Bitrate, RecordSplit};
use crate::settings::{AudioChoice, EncodingSettings, IngestSettings, ShowSettings, VideoChoice};

/// What a face (window or command line) asks of a running show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// End the show: what is on its way is sent, recordings are closed.
    End,
    /// End at once.
    Abort,
    /// Change the picture's rate from the next frame on.
    SetVideoBitrate(Bitrate),
    /// Connect lost destinations again now, without waiting any longer.
    RetryNow,
    /// Turn one destination off or on again while the others go on.
    SetDestination {
        /// Its place among the show's destinations, from 0.
        place: usize,
        /// On.
        on: bool,
    },
    /// Record from now on, if nothing does: into a new file of this pattern. Answered by `StudioEvent::Recording`, or a
    /// problem. Nothing before the show is live, and nothing where the show is a recording alone.
    StartRecording {
        /// Where to, as in the settings.
        pattern: PathBuf,
        /// When it goes on in another file.
        split: Option<RecordSplit>,
    },
    /// Close the recording; the show goes on. Answered by `StudioEvent::Recording`.
    StopRecording,
    /// Mark this moment in the recording; the moment that was marked within the last half second is the same. Answered by
    /// `StudioEvent::Marked`, or a problem where nothing records.
    Mark,
    /// Write the last seconds to a file beside the recording. Answered by `StudioEvent::ReplaySaved` or a problem.
    SaveReplay,
}

/// What a window asks of a studio.
#[derive(Clone, Debug, PartialEq)]
pub enum StudioCommand {
    /// For the show that is on; nothing if none is.
    Show(Command),
    /// Take the picture from there, on air or not.
    SetVideo(VideoChoice),
    /// Take the sound from there, on air or not.
    SetAudio(AudioChoice),
    /// Receive incoming streams there.
    SetIngest(IngestSettings),
    /// Use another form; nothing while a show is on.
    SetEncoding(Box<EncodingSettings>),
    /// Start a show of these settings; nothing while one or a check is on. Ends with `StudioEvent::Ended` whatever happens.
    GoLive(Box<ShowSettings>),
    /// Check these settings, step by step, on the stage that is there; nothing while a show or another check is on. Told by
    /// `StudioEvent::Check`, whose last is `CheckEvent::Ended` whatever happens.
    Check(Box<CheckSettings>),
    /// End the check that is on, soon.
    EndCheck,
    /// The fader, in dB.
    SetGain(f32),
    /// Take the sound off the program, or put it back.
    SetMuted(bool),
    /// Forget that the sound clipped.
    ClearClip,
    /// Let other devices of the network watch the rehearsal that is on; nothing if none is. Answered by
    /// `StudioEvent::RehearsalShared`.
    ShareRehearsal,
    /// Tell the room on the disk where this recording would be; `None`: none is wanted.
    WatchDisk(Option<PathBuf>),
}

/// Where a source of a studio stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceState {
    /// None was chosen.
    None,
    /// It is being opened.
    Opening,
    /// It is open.
    Ready(SourceInfo),
    /// It cannot be opened; a device is tried again when devices come or go.
    Failed(Problem),
    /// It was open and gives nothing; it is tried again by itself.
    Lost(Problem),
    /// It gives pictures or sound again.
    Restored,
}

/// A choice that could not be opened while a show is on, and the one that stays on air.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptChoice<C> {
    /// What was chosen.
    pub refused: C,
    /// What is on air, and chosen again.
    pub stays: C,
}

/// The same of the picture or the sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptSource {
    /// The picture.
    Picture(KeptChoice<VideoChoice>),
    /// The sound.
    Sound(KeptChoice<AudioChoice>),
}

/// Where a destination stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DestinationState {
    /// Not live yet.
    Connecting,
    /// The server accepted the publish.
    Live,
    /// Was live and tries to be again.
    Reconnecting,
    /// Sends what it holds.
    Ending,
    /// Over.
    Ended,
    /// Turned off by the user while the show goes on.
    Off,
}

impl DestinationState {
    /// The stable word of `--json`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Reconnecting => "reconnecting",
            Self::Ending => "ending",
            Self::Ended => "ended",
            Self::Off => "off",
        }
    }
}

/// A step on the way to being live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepReport {
    /// The stable word: `source`, `encoder`, `dns`, `tcp`, `tls`, `handshake`, `connect`, `create_stream`, `publish`,
    /// `first_keyframe`.
    pub name: &'static str,
    /// The destination it belongs to, if it belongs to one.
    pub destination: Option<String>,
    /// Its place among the show's destinations, from 0.
    pub place: Option<usize>,
    /// Whether it worked.
    pub ok: bool,
    /// How long it took.
    pub took: Duration,
    /// What was seen.
    pub detail: String,
}

/// Latency from capture to socket, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LatencyMillis {
    /// Half of the frames were faster.
    pub median: f64,
    /// 99 of 100 frames were faster.
    pub p99: f64,
    /// The slowest frame.
    pub worst: f64,
}

/// The figures of one second.
#[derive(Clone, Debug, PartialEq)]
pub struct Stats {
    /// The best state of all destinations.
    pub state: DestinationState,
    /// Frames encoded in this second.
    pub fps: f64,
    /// Pictures taken from the source so far.
    pub frames_captured: u64,
    /// Frames encoded so far.
    pub frames_encoded: u64,
    /// Frames handed to the system so far, by the destination that has sent most.
    pub frames_sent: u64,
    /// Frames lost by composing: the tick came too late.
    pub missed: u64,
    /// Frames lost by the encoder: its queue was full.
    pub skipped: u64,
    /// Frames lost by the network, by all destinations together, and those left out before the encoder because the picture is
    /// too complex for its rate.
    pub dropped: u64,
    /// Of `dropped`, those that were left out before the encoder.
    pub thinned: u64,
    /// Frames that destinations missed while their connection was lost, all together.
    pub away: u64,
    /// Frames missing in the recording: the disk stood still for too long, or the recording ended before the show.
    pub recording_dropped: u64,
    /// Of `recording_dropped`, those since it ended.
    pub unrecorded: u64,
    /// The picture or the sound has no source: it is gone, or nobody sends.
    pub source_away: bool,
    /// Times samples were missing or too many, while there was a source.
    pub audio_xruns: u64,
    /// Video rate of this second in kb/s.
    pub video_kbps: f64,
    /// Audio rate of this second in kb/s.
    pub audio_kbps: f64,
    /// Media time that waits for the slowest destination.
    pub queue_ms: f64,
    /// Waiting ÷ allowed, 0..=1, of the slowest destination that is live.
    pub congestion: f64,
    /// Round-trip time of the slowest destination, if the system tells.
    pub rtt_ms: Option<f64>,
    /// What the network carries in kb/s, while that is less than is wanted.
    pub network_kbps: Option<f64>,
    /// Connections made again after a loss.
    pub reconnects: u64,
    /// Connections lost while live.
    pub interruptions: u64,
    /// Destinations that are not switched off.
    pub destinations: u32,
    /// Of these, how many did not get all of this second: they are not live, or were not for a moment. None before the show
    /// is live or after its end.
    pub destinations_away: u32,
    /// Capture to socket, if a frame was sent.
    pub latency: Option<LatencyMillis>,
    /// Composing one picture (scaling it, above all) took so long, in ms.
    pub compose_ms: Option<f64>,
    /// Encoding one picture took so long, in ms.
    pub encode_ms: Option<f64>,
    /// Decoding one picture of the source, or drawing it, took so long, in ms.
    pub capture_ms: Option<f64>,
    /// Converting the colours of one picture of a camera took so long, in ms.
    pub convert_ms: Option<f64>,
    /// The slowest write of the recording to the disk, in ms.
    pub disk_ms: Option<f64>,
    /// The slowest packet waited so long for the socket, in ms.
    pub write_ms: Option<f64>,
    /// CPU use of this program; 100 is one core.
    pub cpu_percent: f64,
    /// Resident memory in MiB, if the system tells.
    pub rss_mb: Option<f64>,
    /// Integrated loudness so far, if there was sound.
    pub lufs: Option<f64>,
    /// How fast the sound card runs against the program, in parts per million, if it is a device.
    pub drift_ppm: Option<f64>,
}

/// The second in which most went wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorstSecond {
    /// Seconds since the show was live.
    pub second: u64,
    /// Frames missed, skipped, dropped and missed while away in it.
    pub frames_lost: u64,
    /// Its slowest frame from capture to socket, in milliseconds.
    pub latency_ms: f64,
}

/// What a show came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Time live, by the program's clock.
    pub duration: Duration,
    /// The last figures, with rates and latency over the whole show.
    pub totals: Stats,
    /// The recording's files, the first first.
    pub recordings: Vec<PathBuf>,
    /// The flight recorder's file, if one was wanted.
    pub flight: Option<PathBuf>,
    /// Where most went wrong, if the show was live.
    pub worst_second: Option<WorstSecond>,
    /// The problem that ended the show, or else the first that ended a destination or the recording; `None`: ended as asked.
    pub failure: Option<Problem>,
}

/// What the engine tells.
#[derive(Clone, Debug)]
pub enum StudioEvent {
    /// A step was done, or failed.
    Step(StepReport),
    /// A destination stands elsewhere now.
    State {
        /// Its place among the show's destinations, from 0.
        place: usize,
        /// Its name.
        destination: String,
        /// Where it stands.
        state: DestinationState,
    },
    /// The figures of a second.
    Stats(Box<Stats>),
    /// Something the user must know.
    Problem(Problem),
    /// What a viewer of the rehearsal got.
    Rehearsal(Box<RehearsalReport>),
    /// Where other devices watch the rehearsal, key included; or why they cannot.
    RehearsalShared(Result<String, Problem>),
    /// A studio's source stands elsewhere now.
    Source {
        /// Picture or sound.
        kind: DeviceKind,
        /// Where it stands.
        state: SourceState,
    },
    /// What was chosen while a show is on cannot be opened: what is on air stays.
    SourceKept {
        /// What was chosen, and what stays.
        source: KeptSource,
        /// Why it cannot be opened.
        problem: Problem,
    },
    /// The devices of a kind, told by a studio when they come or go.
    Devices {
        /// Which kind.
        kind: DeviceKind,
        /// All of them.
        found: Vec<DeviceInfo>,
    },
    /// Free bytes on the disk of the recording, told by a studio when they change; `None` if that is not known.
    DiskRoom(Option<u64>),
    /// What a studio's check tells.
    Check(Box<CheckEvent>),
    /// A recording was begun, or closed, while the show runs, because that was asked for.
    Recording {
        /// Its first file.
        path: PathBuf,
        /// Begun.
        on: bool,
    },
    /// A moment was marked in the recording.
    Marked {
        /// Counted from 1 through the show.
        number: u32,
        /// Since the show was live.
        at: Duration,
    },
    /// The last seconds are in this file.
    ReplaySaved(PathBuf),
    /// The show is over; of a show, nothing follows.
    Ended(Box<Summary>),
}

impl StudioEvent {
    /// Writes it to the log.
    pub(super) fn trace(&self) {
        match self {
            Self::Step(step) => {
                tracing::debug!(name = step.name, ok = step.ok, took = ?step.took, detail = %step.detail, "step");
            }
            Self::State { destination, state, .. } => {
                tracing::info!(%destination, state = state.word(), "state")
            }
            Self::Problem(problem) => {
                let (kind, about, details) = (problem.kind.word(), &problem.about, &problem.details);
                tracing::info!(kind, %about, %details, server_said = ?problem.server_said, "problem");
            }
            Self::Source { kind, state } => tracing::debug!(?kind, ?state, "source"),
            Self::SourceKept { source, problem } => tracing::debug!(?source, ?problem, "source kept"),
            Self::Devices { kind, found } => tracing::debug!(?kind, ?found, "devices"),
            Self::DiskRoom(free) => tracing::trace!(?free, "disk"),
            Self::Stats(stats) => tracing::trace!(?stats, "stats"),
            // The address holds the key to watch.
            Self::RehearsalShared(shared) => tracing::debug!(shared = shared.is_ok(), "rehearsal shared"),
            Self::Check(event) => tracing::debug!(?event, "check"),
            Self::Rehearsal(report) => tracing::debug!(?report, "rehearsal"),
            Self::Recording { path, on } => tracing::info!(path = %path.display(), on, "recording"),
            Self::Marked { number, at } => tracing::info!(number, ?at, "mark"),
            Self::ReplaySaved(path) => tracing::info!(path = %path.display(), "replay"),
            Self::Ended(summary) => tracing::debug!(?summary, "ended"),
        }
    }
}
