//! What the window shows, as plain data, and what a user asks of it. Panels draw from `View` alone and answer with `Act`s.

use std::path::PathBuf;
use std::sync::Arc;

use super::check::{CheckAct, CheckView};
use super::dialogs::DialogRequest;
use super::flight::ShowFlight;
use super::incoming::IncomingView;
use super::settings_view::{ProfilesAround, SettingsAround};
pub use super::source_view::{ChannelView, DeviceView, Devices};
use super::theme::Look;
pub use super::truth_view::{Remedy, Truth, TruthView};
pub use super::view_state::{FirstRunState, PrimaryState, ProblemsState, RibbonState, Scrub, SourcesState, ViewState};
use super::viewer_view::ViewerView;
use super::wording::Lang;
use crate::media::{Bitrate, FrameRate, Size};
use crate::settings::contract::{Fix, Rule};
use crate::settings::{AudioChoice, Field, Lock, ShowLink, ShowSettings, VideoChoice};
use crate::studio::rehearsal::RehearsalReport;
use crate::studio::{DestinationState, Problem, ProblemKind};

/// Everything the window shows in one frame.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Seconds since the window was opened: what animations and holds are measured by.
    pub now: f64,
    /// Where the show stands.
    pub show: ShowView,
    /// The profiles menu.
    pub profiles: ProfilesView,
    /// The picture.
    pub stage: StageView,
    /// Camera, microphone and encoding.
    pub sources: SourcesView,
    /// Meter, fader, loudness.
    pub sound: SoundView,
    /// What the viewer gets, while a rehearsal is on.
    pub viewer: Option<ViewerView>,
    /// The live strip.
    pub strip: StripView,
    /// The show that runs, second by second; empty without one.
    pub flight: Arc<ShowFlight>,
    /// The sentence below it.
    pub truth: TruthView,
    /// What is wrong, newest last.
    pub problems: Vec<ProblemView>,
    /// After a show.
    pub result: Option<ResultView>,
    /// The check, while it runs and until it is put away; with what is set, which a click changes.
    pub check: Option<(CheckView, Box<ShowSettings>)>,
    /// The first start asks three things.
    pub first_run: bool,
    /// The open side sheet.
    pub settings: Option<SettingsView>,
}

/// Where a show stands, in the words of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Phase {
    /// Nothing runs; a show can begin.
    #[default]
    Ready,
    /// Asked for; no server has accepted it yet.
    Connecting,
    /// A server has accepted the publish.
    Live,
    /// Was live; the connection is made again.
    Reconnecting,
    /// Runs, and the user has switched every destination off.
    OffAir,
    /// Sends what is left.
    Ending,
    /// Over; its result is shown.
    Off,
}

impl Phase {
    /// Whether a show has begun that the user is to end: live, or meant to be again.
    pub(super) fn is_on_its_way(self) -> bool {
        matches!(self, Self::Live | Self::Reconnecting | Self::OffAir)
    }
}

/// What the primary button does when it is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Primary {
    /// Begins the show.
    GoLive,
    /// Opens the settings where a destination is chosen.
    ChooseDestination,
    /// Gives up connecting.
    Cancel,
    /// Ends the show, when held.
    EndShow,
    /// Ends at once what is ending already.
    EndNow,
}

/// Where the show stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShowView {
    /// The state.
    pub phase: Phase,
    /// Whether it is a rehearsal: nothing leaves this computer.
    pub rehearsal: bool,
    /// Whether it goes nowhere but into its recording.
    pub alone: bool,
    /// Seconds since a server first accepted it.
    pub live_seconds: Option<f64>,
    /// Seconds since the connection was lost, while `Phase::Reconnecting`.
    pub lost_seconds: f64,
    /// What the primary button does.
    pub primary: Primary,
    /// The first destination that a show cannot go to (counted from 0), and what it lacks.
    pub lacks: Option<(usize, Rule)>,
    /// Whether it can be pressed: for a moment after each change it cannot, so that a double click does one thing.
    pub primary_enabled: bool,
    /// Whether a rehearsal can begin.
    pub rehearse_enabled: bool,
    /// Whether a check can begin.
    pub check_enabled: bool,
}

/// The profiles menu.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ProfilesView {
    /// The profile in use.
    pub current: Option<String>,
    /// All of them, sorted.
    pub names: Vec<String>,
    /// What the menu needs to know beside that.
    pub around: ProfilesAround,
}

/// What stands in the place of the picture.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum StagePicture {
    /// The source is being opened.
    #[default]
    Opening,
    /// The picture.
    Shown,
    /// A show of sound only.
    Off,
    /// The source does not work.
    Failed(Problem),
}

/// The picture.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct StageView {
    /// What is there.
    pub picture: StagePicture,
    /// What the picture comes from, such as `HD Webcam`.
    pub source: Option<String>,
    /// Why it is black or a card: nobody sends the incoming stream yet.
    pub awaited: Option<Problem>,
    /// The same picture stands although another was to come: the device hangs, or a part of the clip is damaged.
    pub stands_still: bool,
    /// Size of the canvas: the picture's shape before there is one.
    pub size: Option<Size>,
}

/// Camera, microphone and encoding.
#[derive(Clone, Debug, PartialEq)]
pub struct SourcesView {
    /// The picture's source.
    pub video: VideoChoice,
    /// The sound's source.
    pub audio: AudioChoice,
    /// Cameras.
    pub cameras: Devices,
    /// Microphones.
    pub microphones: Devices,
    /// The microphone that was opened and is gone: another one is not switched to.
    pub lost_microphone: Option<String>,
    /// Size of the picture.
    pub size: Size,
    /// Pictures a second.
    pub frame_rate: FrameRate,
    /// Rate of the picture.
    pub bitrate: Bitrate,
    /// Whether a show runs: what it was begun with stays.
    pub on_air: bool,
    /// Where incoming streams must be sent, where picture or sound are some.
    pub incoming: IncomingView,
    /// Whether the system has file dialogs.
    pub has_dialogs: bool,
    /// How many files were chosen in them for picture or sound.
    pub files_chosen: usize,
}

/// Meter, fader, loudness.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct SoundView {
    /// The strip's name: the device's, or what it is.
    pub name: String,
    /// Its channels; none before there is sound.
    pub channels: Vec<ChannelView>,
    /// The fader, in dB.
    pub gain_db: f32,
    /// Whether it is muted.
    pub muted: bool,
    /// Whether somebody talks while it is muted.
    pub talks_muted: bool,
    /// Whether the microphone has given nothing but digital silence for so long that it was told.
    pub gives_silence: bool,
    /// Whether it clipped since that was last cleared.
    pub clipped: bool,
    /// Loudness of the last 0.4 s, in LUFS.
    pub momentary_lufs: Option<f64>,
    /// Loudness of the whole show, in LUFS.
    pub integrated_lufs: Option<f64>,
}

/// The recording.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum RecordingView {
    /// Not wanted.
    #[default]
    Off,
    /// Begins with the show.
    Ready {
        /// How long the disk has room for it, if that is known.
        left_seconds: Option<f64>,
    },
    /// Runs.
    Running {
        /// Since.
        seconds: f64,
        /// How long the disk still has room for it, if that is known.
        left_seconds: Option<f64>,
    },
    /// Is wanted, and cannot be written.
    Failed,
}

/// A second of the last minute.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct HealthSecond {
    /// Sent, in kb/s.
    pub kbps: f64,
    /// Media that waits, in seconds.
    pub behind_seconds: f64,
}

/// The live strip.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StripView {
    /// Where it goes: one name, or several.
    pub destinations: Vec<String>,
    /// Sent in the last second, in kb/s; `None` before there is anything.
    pub kbps: Option<f64>,
    /// Media that waits for the slowest destination, in seconds.
    pub behind_seconds: f64,
    /// Frames lost by the network.
    pub dropped: u64,
    /// The recording.
    pub recording: RecordingView,
    /// The last minute, oldest first; at most 60.
    pub history: Vec<HealthSecond>,
    /// Where each of several destinations stands while a show is on.
    pub lines: Vec<(String, DestinationState)>,
}

/// A problem, where it happened.
#[derive(Clone, Debug, PartialEq)]
pub struct ProblemView {
    /// By which it is dismissed.
    pub id: u64,
    /// When it was told, in seconds since the window was opened.
    pub told_at: f64,
    /// What.
    pub problem: Problem,
}

impl ProblemView {
    /// Whether it says that something is back.
    pub(super) fn is_good_news(&self) -> bool {
        self.problem.kind == ProblemKind::SourceRestored
    }
}

/// What a show came to.
#[derive(Clone, Debug, PartialEq)]
pub struct ResultView {
    /// Whether it was a rehearsal.
    pub rehearsal: bool,
    /// Whether it went nowhere but into its recording.
    pub alone: bool,
    /// Whether it ended when it was to end.
    pub as_asked: bool,
    /// What went wrong for good in it, or ended it.
    pub failure: Option<Problem>,
    /// Seconds live; none if it never was.
    pub live_seconds: Option<f64>,
    /// Connections lost and made again.
    pub interruptions: u64,
    /// In kb/s, picture and sound.
    pub average_kbps: Option<f64>,
    /// Integrated loudness, in LUFS.
    pub lufs: Option<f64>,
    /// The second (since live) in which most went wrong, and frames lost in it.
    pub worst: Option<(u64, u64)>,
    /// Frames lost by whatever, in all.
    pub frames_lost: u64,
    /// Its recording's files, the first first.
    pub recordings: Vec<PathBuf>,
    /// All of it, second by second.
    pub seconds: Arc<ShowFlight>,
    /// What the flight recorder kept of it.
    pub flight: Option<PathBuf>,
    /// What a viewer of the rehearsal got.
    pub rehearsed: Option<Box<RehearsalReport>>,
    /// The report as a file, once that was asked for: where it is, or why it is not.
    pub report_file: Option<Result<PathBuf, String>>,
}

/// The tabs of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub enum Tab {
    /// Service, server, key.
    #[default]
    Destination,
    /// Size, frame rate, bitrate.
    Picture,
    /// Sample rate, channels, bitrate.
    Sound,
    /// File and folder.
    Recording,
    /// Keys.
    Keys,
    /// Version, licences.
    About,
}

impl Tab {
    /// Every tab, in order.
    pub const ALL: [Self; 6] =
        [Self::Destination, Self::Picture, Self::Sound, Self::Recording, Self::Keys, Self::About];
}

/// The side sheet.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingsView {
    /// The tab that is open.
    pub tab: Tab,
    /// What was chosen.
    pub settings: ShowSettings,
    /// Whether a show runs: what it needs is locked.
    pub locked: bool,
    /// Whether there is something to undo.
    pub can_undo: bool,
    /// Whether there is something to redo.
    pub can_redo: bool,
    /// How the window looks.
    pub appearance: Appearance,
    /// What the tabs need to know beside that.
    pub around: SettingsAround,
}

impl SettingsView {
    /// Why `field` cannot change now.
    pub(super) fn lock(&self, field: Field) -> Option<Lock> {
        let open = |lock: &Lock| self.around.unrecorded && *lock == Lock::Recording;
        field.lock().filter(|lock| self.locked && !open(lock))
    }
}

/// How the window looks and speaks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Appearance {
    /// The look that was chosen; `None` follows the system.
    pub look: Option<Look>,
    /// The language that was chosen; `None` follows the system.
    pub lang: Option<Lang>,
    /// Text scale, 0.8 to 2.0.
    pub scale: f32,
}

impl Default for Appearance {
    fn default() -> Self {
        Self { look: None, lang: None, scale: 1.0 }
    }
}

/// What a user asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Begin the show.
    GoLive,
    /// Begin a rehearsal.
    Rehearse,
    /// About the check.
    Check(CheckAct),
    /// Give up connecting.
    Cancel,
    /// End the show: confirmed.
    EndShow,
    /// End at once what is ending.
    Abort,
    /// Another picture.
    PickVideo(VideoChoice),
    /// Another sound.
    PickAudio(AudioChoice),
    /// Mute, or take it off.
    SetMuted(bool),
    /// The fader, in dB.
    SetGain(f32),
    /// Clear the clip latch.
    ClearClip,
    /// The picture's rate, also while live.
    SetBitrate(Bitrate),
    /// Record shows, or not.
    ToggleRecord,
    /// Begin a recording that goes nowhere else.
    Record,
    /// Write the last seconds to a file.
    SaveReplay,
    /// Mark this moment in the recording.
    Mark,
    /// Open the side sheet.
    OpenSettings(Tab),
    /// Close it.
    CloseSettings,
    /// An address is typed and not taken: which destination's, and what is set there.
    HoldServer(Option<(usize, String)>),
    /// The settings as they are now wanted.
    Edit(Box<ShowSettings>),
    /// What a destination wants otherwise.
    Fix(Fix),
    /// Take the last change back.
    Undo,
    /// And do it again.
    Redo,
    /// Hide the problem of this id.
    Dismiss(u64),
    /// Put a report without secrets on the clipboard.
    CopyReport,
    /// Let other devices send incoming streams, and show how.
    LetSend,
    /// Only this computer may send.
    OnlyHere,
    /// Close what shows how to send.
    CloseSender,
    /// Let other devices watch the rehearsal: first it is asked.
    AskToShare,
    /// Let them.
    Share,
    /// Close the question, or what came of it.
    CloseShare,
    /// Write the report of the rehearsal or the show to a file.
    SaveReport,
    /// Connect lost destinations again at once.
    RetryNow,
    /// Turn one of several destinations off or on while the others go on.
    SetDestination {
        /// Its place, from 0.
        place: usize,
        /// On.
        on: bool,
    },
    /// Close the result card.
    CloseResult,
    /// The first run is over; `true` begins a rehearsal.
    FinishFirstRun {
        /// Whether a rehearsal begins at once.
        rehearse: bool,
    },
    /// How the window looks and speaks.
    SetAppearance(Appearance),
    /// Use a profile.
    LoadProfile(String),
    /// Save to the profile in use.
    SaveProfile,
    /// Save to a new profile.
    SaveProfileAs(String),
    /// Give a profile another name.
    RenameProfile {
        /// As it is called.
        from: String,
        /// As it is to be called.
        to: String,
    },
    /// Copy a profile.
    DuplicateProfile(String),
    /// Delete a profile.
    DeleteProfile(String),
    /// Bring the deleted one back.
    UndoDelete,
    /// Read a profile from a file.
    ImportProfile(PathBuf),
    /// Write a profile to a file, without secrets.
    ExportProfile {
        /// Which.
        name: String,
        /// Where to.
        path: PathBuf,
    },
    /// Write the file after all, in the place of the one that is there.
    ReplaceFile,
    /// Look which profiles there are by now.
    LookAtProfiles,
    /// Put away what was told about profiles.
    DismissTold,
    /// Show what is about to go out, in one card.
    ShowCard,
    /// Put the card away.
    CloseCard,
    /// Take over the show of a `tally:` link.
    OpenLink(Box<ShowLink>),
    /// Ask the system for a file or folder.
    AskPath(DialogRequest),
    /// Put text without secrets on the clipboard.
    CopyText(String),
    /// A field was left: what comes next is a step of its own.
    EndTyping,
}
