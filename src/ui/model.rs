//! What the window knows: a pure machine. Events, levels, acts and the time go in, orders and a `View` come out. No double
//! click can fool it: for a moment after the show's state has changed, the primary act does nothing.

use std::path::PathBuf;

use super::desk::Desk;
use super::dialogs::{DialogAnswer, DialogRequest};
use super::health::Health;
use super::profiles::{ProfileAnswer, ProfileRequest};
use super::settings_view::SettingsAround;
use super::view::{
    Act, Appearance, ChannelView, DeviceView, Devices, Phase, Primary, ProblemView, RecordingView, ResultView,
    SettingsView, ShowView, SoundView, SourcesView, StagePicture, StageView, StripView, Tab, TruthView, View,
};
use super::{report, truth};
use crate::media::Bitrate;
use crate::settings::{AudioChoice, DEFAULT_NAME, Destination, ShowSettings, VideoChoice, joined_recording};
use crate::studio::{
    Command, DestinationState, DeviceInfo, DeviceKind, Levels, Problem, ProblemKind, SourceState, StudioCommand,
    StudioEvent, Summary,
};

/// For so long after a change of state the primary act does nothing, in seconds: longer than a double click lasts.
const GUARD_SECONDS: f64 = 0.6;
/// More problems than this are not kept; the oldest goes.
const PROBLEMS_MAX: usize = 8;

/// What the model wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// By the engine.
    Engine(StudioCommand),
    /// By the system's clipboard.
    Copy(String),
    /// The window's own settings are to be kept: its looks, and whether the first run is over.
    Keep(Appearance),
    /// By the keeper of profiles.
    Profile(ProfileRequest),
    /// By the system's file dialogs.
    Ask(DialogRequest),
}

/// What runs.
#[derive(Debug)]
struct Show {
    rehearsal: bool,
    phase: Phase,
    /// Where each destination stands.
    destinations: Vec<(String, DestinationState)>,
    live_since: Option<f64>,
    lost_since: Option<f64>,
    dropped: u64,
    problem: Option<Problem>,
    wanted: Bitrate,
}

/// The model.
#[derive(Debug)]
pub struct Model {
    settings: ShowSettings,
    desk: Desk,
    appearance: Appearance,
    show: Option<Show>,
    changed_at: f64,
    result: Option<ResultView>,
    verdict: Option<String>,
    stage: StageView,
    cameras: Devices,
    microphones: Devices,
    sound: SoundView,
    sound_failure: Option<Problem>,
    health: Health,
    problems: Vec<ProblemView>,
    next_problem: u64,
    settings_tab: Option<Tab>,
    first_run: bool,
    recordings: PathBuf,
}

impl Model {
    /// A model of `settings`. `first_run` asks the three questions first.
    pub fn new(settings: ShowSettings, profile: Option<String>, appearance: Appearance, first_run: bool) -> Self {
        let stage = StageView { size: Some(settings.encoding.size), ..StageView::default() };
        Self {
            desk: Desk::new(settings.clone(), profile),
            settings,
            appearance,
            show: None,
            changed_at: f64::NEG_INFINITY,
            result: None,
            verdict: None,
            stage,
            cameras: Devices::Looking,
            microphones: Devices::Looking,
            sound: SoundView::default(),
            sound_failure: None,
            health: Health::default(),
            problems: Vec::new(),
            next_problem: 0,
            settings_tab: None,
            first_run,
            recordings: PathBuf::new(),
        }
    }

    /// Recordings go into `folder`, unless another is chosen.
    pub fn record_into(&mut self, folder: PathBuf) {
        self.recordings = folder;
    }

    /// How the window looks and speaks.
    pub fn appearance(&self) -> Appearance {
        self.appearance
    }

    /// Whether a show runs.
    pub fn is_on(&self) -> bool {
        self.show.is_some()
    }

    /// Takes what the engine tells.
    pub fn handle_event(&mut self, now: f64, event: StudioEvent) {
        match event {
            StudioEvent::Step(_) => {}
            StudioEvent::State { destination, state } => self.handle_state(now, destination, state),
            StudioEvent::Stats(stats) => {
                if let Some(show) = &mut self.show {
                    show.dropped = stats.dropped;
                    self.health.take(&stats, show.lost_since.is_some());
                }
            }
            StudioEvent::Problem(problem) => self.handle_problem(problem),
            StudioEvent::Rehearsal(report) => self.verdict = Some(report.verdict),
            StudioEvent::Source { kind: DeviceKind::Camera, state } => self.handle_picture(state),
            StudioEvent::Source { kind: DeviceKind::Microphone, state } => self.handle_sound(state),
            StudioEvent::Devices { kind, found } => {
                let found = Devices::Found(found.iter().map(device).collect());
                match kind {
                    DeviceKind::Camera => self.cameras = found,
                    DeviceKind::Microphone => self.microphones = found,
                }
            }
            StudioEvent::Ended(summary) => self.handle_end(now, *summary),
        }
    }

    fn handle_state(&mut self, now: f64, destination: String, state: DestinationState) {
        let Some(show) = &mut self.show else { return };
        match show.destinations.iter_mut().find(|(name, _)| *name == destination) {
            Some((_, known)) => *known = state,
            None => show.destinations.push((destination, state)),
        }
        if show.phase == Phase::Ending {
            return;
        }
        let is = |wanted| show.destinations.iter().any(|(_, state)| *state == wanted);
        let phase = if is(DestinationState::Live) {
            Phase::Live
        } else if is(DestinationState::Reconnecting) {
            Phase::Reconnecting
        } else if is(DestinationState::Connecting) {
            if show.live_since.is_some() { Phase::Reconnecting } else { Phase::Connecting }
        } else {
            Phase::Ending
        };
        if phase == Phase::Live {
            show.live_since.get_or_insert(now);
            show.lost_since = None;
            // What was lost is back: its problem is history.
            show.problem = None;
            self.problems.retain(|known| known.problem.kind != ProblemKind::ConnectionLost);
        }
        if phase == Phase::Reconnecting {
            show.lost_since.get_or_insert(now);
        }
        if phase != show.phase {
            show.phase = phase;
            self.changed_at = now;
        }
    }

    fn handle_problem(&mut self, problem: Problem) {
        if let Some(show) = &mut self.show {
            show.problem = Some(problem.clone());
        }
        let again = |known: &ProblemView| known.problem.kind == problem.kind && known.problem.about == problem.about;
        self.problems.retain(|known| !again(known));
        if self.problems.len() == PROBLEMS_MAX {
            self.problems.remove(0);
        }
        self.next_problem += 1;
        self.problems.push(ProblemView { id: self.next_problem, problem });
    }

    /// What is told of a source that works again is no news any more.
    fn forget_source_problems(&mut self, about: &str) {
        use ProblemKind as Kind;
        self.problems.retain(|known| {
            let of_source = matches!(
                known.problem.kind,
                Kind::SourceNotFound
                    | Kind::SourcePermission
                    | Kind::SourceBusy
                    | Kind::SourceUnreadable
                    | Kind::SourceFailed
                    | Kind::SourceStalled
                    | Kind::SourceLost
            );
            !(of_source && known.problem.about == about)
        });
    }

    fn handle_picture(&mut self, state: SourceState) {
        match state {
            SourceState::None => {
                self.stage.picture = StagePicture::Off;
                self.stage.source = None;
            }
            SourceState::Opening => self.stage.picture = StagePicture::Opening,
            SourceState::Ready(info) => {
                self.stage.picture = StagePicture::Shown;
                self.forget_source_problems(&info.name);
                self.stage.source = Some(info.name);
            }
            SourceState::Failed(problem) => self.stage.picture = StagePicture::Failed(problem),
            // The last picture stays; the card below says what is wrong.
            SourceState::Lost(problem) => self.handle_problem(problem),
            SourceState::Restored => {
                let about = self.stage.source.clone().unwrap_or_default();
                self.forget_source_problems(&about);
            }
        }
    }

    fn handle_sound(&mut self, state: SourceState) {
        match state {
            SourceState::None | SourceState::Opening => self.forget_sound_failure(),
            SourceState::Ready(info) => {
                self.forget_source_problems(&info.name);
                self.forget_sound_failure();
                self.sound.name = info.name;
            }
            SourceState::Failed(problem) | SourceState::Lost(problem) => {
                self.sound_failure = Some(problem.clone());
                self.handle_problem(problem);
            }
            SourceState::Restored => {
                self.forget_sound_failure();
                let about = self.sound.name.clone();
                self.forget_source_problems(&about);
            }
        }
    }

    fn forget_sound_failure(&mut self) {
        if let Some(failure) = self.sound_failure.take() {
            self.forget_source_problems(&failure.about);
        }
    }

    fn handle_end(&mut self, now: f64, summary: Summary) {
        let Some(show) = self.show.take() else { return };
        let totals = &summary.totals;
        let was_live = show.live_since.is_some();
        self.result = Some(ResultView {
            rehearsal: show.rehearsal,
            live_seconds: was_live.then_some(summary.duration.as_secs_f64()),
            interruptions: totals.reconnects,
            average_kbps: was_live.then_some(totals.video_kbps + totals.audio_kbps),
            lufs: totals.lufs,
            worst: summary.worst_second.map(|worst| (worst.second, worst.frames_lost)),
            frames_lost: totals.missed + totals.skipped + totals.dropped,
            recording: summary.recording.clone(),
            verdict: self.verdict.take(),
            failure: summary.failure,
        });
        // The card says it; a second card would say it again.
        self.problems.clear();
        self.changed_at = now;
    }

    /// Takes what the meters show.
    pub fn handle_levels(&mut self, levels: &Levels) {
        self.sound.channels = levels
            .channels
            .iter()
            .zip(&levels.holds_dbfs)
            .map(|(level, hold)| ChannelView { peak_dbfs: level.peak_dbfs, hold_dbfs: *hold })
            .collect();
        self.sound.clipped = levels.clipped;
        self.sound.momentary_lufs = levels.momentary_lufs;
    }

    /// The engine is gone, which is a bug.
    pub fn handle_gone(&mut self, now: f64, problem: Problem) {
        if self.show.take().is_some() {
            self.changed_at = now;
        }
        self.handle_problem(problem);
    }

    /// Takes an answer of the keeper of profiles.
    pub fn handle_profile(&mut self, now: f64, answer: ProfileAnswer) -> Vec<Order> {
        let loaded = self.desk.handle_profile(answer, now, self.is_on());
        loaded.map(|settings| self.edit(settings)).unwrap_or_default()
    }

    /// Takes the answer of a file dialog.
    pub fn handle_dialog(&mut self, now: f64, answer: DialogAnswer) -> Vec<Order> {
        let act = self.desk.handle_dialog(answer);
        act.map(|act| self.handle_act(now, act)).unwrap_or_default()
    }

    /// Takes what a user asked for; gives what is to be done.
    pub fn handle_act(&mut self, now: f64, act: Act) -> Vec<Order> {
        let orders = self.carry_out(now, act);
        // Whatever changed the settings is a step that can be undone.
        if self.desk.draft.edit(self.settings.clone(), now, false).is_err() {
            tracing::debug!("a change was locked that was made already");
        }
        orders
    }

    fn carry_out(&mut self, now: f64, act: Act) -> Vec<Order> {
        let engine = |command| vec![Order::Engine(command)];
        match act {
            Act::GoLive => self.begin(now, false),
            Act::Rehearse => self.begin(now, true),
            Act::Cancel if self.guarded(now) || self.phase() != Phase::Connecting => Vec::new(),
            Act::Cancel => self.stop(now, Command::Abort),
            Act::EndShow if matches!(self.phase(), Phase::Live | Phase::Reconnecting) => self.stop(now, Command::End),
            Act::EndShow => Vec::new(),
            Act::Abort if self.guarded(now) || self.phase() != Phase::Ending => Vec::new(),
            Act::Abort => self.stop(now, Command::Abort),
            Act::PickVideo(choice) => {
                self.settings.video = choice.clone();
                self.stage.picture =
                    if choice == VideoChoice::None { StagePicture::Off } else { StagePicture::Opening };
                self.stage.source = None;
                engine(StudioCommand::SetVideo(choice))
            }
            Act::PickAudio(choice) => {
                self.settings.audio = choice.clone();
                engine(StudioCommand::SetAudio(choice))
            }
            Act::SetMuted(muted) => {
                self.sound.muted = muted;
                engine(StudioCommand::SetMuted(muted))
            }
            Act::SetGain(gain_db) => {
                self.sound.gain_db = gain_db;
                engine(StudioCommand::SetGain(gain_db))
            }
            Act::ClearClip => engine(StudioCommand::ClearClip),
            Act::SetBitrate(bitrate) => self.set_bitrate(bitrate),
            Act::ToggleRecord if self.is_on() => Vec::new(),
            Act::ToggleRecord => {
                self.settings.record = match self.settings.record.take() {
                    Some(_) => None,
                    None => Some(joined_recording(&self.recordings, DEFAULT_NAME)),
                };
                Vec::new()
            }
            Act::OpenSettings(tab) => {
                self.settings_tab = Some(tab);
                Vec::new()
            }
            Act::CloseSettings => {
                self.settings_tab = None;
                Vec::new()
            }
            Act::Edit(_) | Act::OpenLink(_) | Act::Undo | Act::Redo => {
                let settings = self.desk.settings_after(&act, now, self.is_on());
                settings.map(|settings| self.edit(settings)).unwrap_or_default()
            }
            Act::Dismiss(id) => {
                self.problems.retain(|known| known.id != id);
                Vec::new()
            }
            Act::CopyReport => vec![Order::Copy(report::text(&self.view(now)))],
            Act::CloseResult => {
                self.result = None;
                Vec::new()
            }
            Act::FinishFirstRun { rehearse } => {
                self.first_run = false;
                let mut orders = vec![Order::Keep(self.appearance)];
                if rehearse {
                    orders.extend(self.begin(now, true));
                }
                orders
            }
            Act::SetAppearance(appearance) => {
                self.appearance = appearance;
                vec![Order::Keep(appearance)]
            }
            Act::LoadProfile(_)
            | Act::SaveProfile
            | Act::SaveProfileAs(_)
            | Act::RenameProfile { .. }
            | Act::DuplicateProfile(_)
            | Act::DeleteProfile(_)
            | Act::UndoDelete
            | Act::ImportProfile(_)
            | Act::ExportProfile { .. }
            | Act::ShowCard
            | Act::CloseCard
            | Act::AskPath(_)
            | Act::CopyText(_)
            | Act::EndTyping => self.desk.handle_act(act),
        }
    }

    /// Whether the state changed just now: a second click still means what was there before.
    fn guarded(&self, now: f64) -> bool {
        now - self.changed_at < GUARD_SECONDS
    }

    fn begin(&mut self, now: f64, rehearsal: bool) -> Vec<Order> {
        let nowhere = !rehearsal && self.settings.destinations.is_empty();
        if self.guarded(now) || self.is_on() || nowhere {
            return Vec::new();
        }
        let settings = ShowSettings { rehearse: rehearsal, ..self.settings.clone() };
        let settings = if rehearsal {
            ShowSettings { destinations: Vec::new(), ..settings }
        } else {
            settings.with_secrets_split()
        };
        self.result = None;
        self.verdict = None;
        self.problems.clear();
        self.health = Health::default();
        self.changed_at = now;
        self.show = Some(Show {
            rehearsal,
            phase: Phase::Connecting,
            destinations: Vec::new(),
            live_since: None,
            lost_since: None,
            dropped: 0,
            problem: None,
            wanted: settings.encoding.video_bitrate,
        });
        vec![Order::Engine(StudioCommand::GoLive(Box::new(settings)))]
    }

    fn stop(&mut self, now: f64, how: Command) -> Vec<Order> {
        let Some(show) = &mut self.show else { return Vec::new() };
        show.phase = Phase::Ending;
        self.changed_at = now;
        vec![Order::Engine(StudioCommand::Show(how))]
    }

    fn set_bitrate(&mut self, bitrate: Bitrate) -> Vec<Order> {
        self.settings.encoding.video_bitrate = bitrate;
        match &mut self.show {
            Some(show) => {
                show.wanted = bitrate;
                vec![Order::Engine(StudioCommand::Show(Command::SetVideoBitrate(bitrate)))]
            }
            None => vec![Order::Engine(StudioCommand::SetEncoding(Box::new(self.settings.encoding.clone())))],
        }
    }

    /// Takes settings as they are now wanted, and tells the engine what is different for it.
    fn edit(&mut self, settings: ShowSettings) -> Vec<Order> {
        let mut orders = Vec::new();
        let before = std::mem::replace(&mut self.settings, settings);
        if self.settings.video != before.video {
            orders.extend(self.handle_act(0.0, Act::PickVideo(self.settings.video.clone())));
        }
        if self.settings.audio != before.audio {
            orders.extend(self.handle_act(0.0, Act::PickAudio(self.settings.audio.clone())));
        }
        if self.settings.encoding != before.encoding {
            if self.is_on() {
                let bitrate = self.settings.encoding.video_bitrate;
                // The rest of the form is locked while a show runs.
                self.settings.encoding = before.encoding;
                orders.extend(self.set_bitrate(bitrate));
            } else if self.settings.encoding.validate().is_ok() {
                let encoding = Box::new(self.settings.encoding.clone());
                self.stage.size = Some(encoding.size);
                orders.push(Order::Engine(StudioCommand::SetEncoding(encoding)));
            }
        }
        orders
    }

    fn phase(&self) -> Phase {
        match (&self.show, &self.result) {
            (Some(show), _) => show.phase,
            (None, Some(_)) => Phase::Off,
            (None, None) => Phase::Ready,
        }
    }

    /// What the window shows at `now`.
    pub fn view(&self, now: f64) -> View {
        let show = self.show_view(now);
        let names = |destinations: &[Destination]| destinations.iter().map(|known| known.name.clone()).collect();
        let recording = match (&self.settings.record, &self.show) {
            (None, _) => RecordingView::Off,
            (Some(_), Some(Show { live_since: Some(since), .. })) => RecordingView::Running { seconds: now - since },
            (Some(_), _) => RecordingView::Ready,
        };
        let encoding = &self.settings.encoding;
        let strip = StripView {
            destinations: names(&self.settings.destinations),
            kbps: self.health.kbps(),
            behind_seconds: self.health.behind_seconds(),
            dropped: self.show.as_ref().map_or(0, |show| show.dropped),
            recording,
            history: if self.is_on() { self.health.history() } else { Vec::new() },
        };
        let settings = self.settings_tab.map(|tab| SettingsView {
            tab,
            settings: self.settings.clone(),
            locked: self.is_on(),
            can_undo: self.desk.draft.can_undo(),
            can_redo: self.desk.draft.can_redo(),
            appearance: self.appearance,
            around: SettingsAround {
                microphones: self.microphones.clone(),
                gain_db: self.sound.gain_db,
                has_dialogs: self.desk.has_dialogs,
                refused: self.desk.refused,
                ..SettingsAround::default()
            },
        });
        View {
            now,
            profiles: self.desk.profiles_view(),
            stage: self.stage.clone(),
            sources: SourcesView {
                video: self.settings.video.clone(),
                audio: self.settings.audio.clone(),
                cameras: self.cameras.clone(),
                microphones: self.microphones.clone(),
                size: encoding.size,
                frame_rate: encoding.frame_rate,
                bitrate: encoding.video_bitrate,
            },
            sound: self.sound.clone(),
            truth: self.truth(&show, &strip),
            strip,
            show,
            problems: self.problems.clone(),
            result: self.result.clone(),
            first_run: self.first_run,
            settings,
        }
    }

    fn show_view(&self, now: f64) -> ShowView {
        let phase = self.phase();
        let primary = match phase {
            Phase::Ready | Phase::Off if self.settings.destinations.is_empty() => Primary::ChooseDestination,
            Phase::Ready | Phase::Off => Primary::GoLive,
            Phase::Connecting => Primary::Cancel,
            Phase::Live | Phase::Reconnecting => Primary::EndShow,
            Phase::Ending => Primary::EndNow,
        };
        let show = self.show.as_ref();
        let since = |at: Option<f64>| at.map(|at| (now - at).max(0.0));
        ShowView {
            phase,
            rehearsal: show.is_some_and(|show| show.rehearsal),
            live_seconds: since(show.and_then(|show| show.live_since)),
            lost_seconds: since(show.and_then(|show| show.lost_since)).unwrap_or_default(),
            primary,
            primary_enabled: !self.guarded(now),
            rehearse_enabled: !self.guarded(now) && !self.is_on(),
        }
    }

    fn truth(&self, show: &ShowView, strip: &StripView) -> TruthView {
        truth::of(&truth::Facts {
            show,
            strip,
            sound: &self.sound,
            sound_failed: self.sound_failure.is_some() || self.settings.audio == AudioChoice::Silence,
            skips: self.health.skips(),
            congestion: self.health.congestion(),
            problem: self.show.as_ref().and_then(|show| show.problem.as_ref()),
            wanted: self.show.as_ref().map_or(self.settings.encoding.video_bitrate, |show| show.wanted),
            video_kbps: self.health.video_kbps(),
        })
    }
}

fn device(info: &DeviceInfo) -> DeviceView {
    let id = info.id.split_once(':').map_or(info.id.as_str(), |(_, id)| id);
    DeviceView { id: id.to_owned(), name: info.name.clone() }
}
