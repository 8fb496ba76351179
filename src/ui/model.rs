//! What the window knows: a pure machine. Events, levels, acts and the time go in, orders and a `View` come out. No double
//! click can fool it: for a moment after the show's state has changed, the primary act does nothing.

mod first_run;
mod profiles;
mod recording;
mod shown;
mod sources;

use std::path::{Path, PathBuf};

use super::check::Check;
use super::desk::Desk;
use super::dialogs::DialogAnswer;
use super::flight::FlightKeeper;
use super::health::Health;
use super::incoming::{self, Incoming};
use super::on_air::{OnAir, Recorded};
pub use super::order::Order;
use super::problem_list::ProblemList;
use super::profile_request::ProfileRequest;
use super::view::{
    Act, Appearance, ChannelView, DeviceView, Devices, Phase, ResultView, SoundView, StagePicture, StageView, Tab,
    Truth,
};
use super::viewer_view::ViewerView;
use super::wording::{Lang, Text, Words};
use super::{outcome, report};
use crate::settings::{ShowSettings, VideoChoice};
use crate::studio::check::CheckEvent;
use crate::studio::rehearsal::RehearsalReport;
use crate::studio::{
    Command, DestinationState, DeviceKind, Levels, Problem, ProblemKind, StudioCommand, StudioEvent, Summary, ViewerNow,
};

/// For so long after a change of state the primary act does nothing, in seconds: longer than a double click lasts.
const GUARD_SECONDS: f64 = 0.6;
/// What was changed is kept for next time once nothing was changed for so long, in seconds.
const KEEP_SECONDS: f64 = 1.0;

/// The model.
#[derive(Debug)]
pub struct Model {
    desk: Desk,
    appearance: Appearance,
    system_lang: Lang,
    show: Option<OnAir>,
    changed_at: f64,
    result: Option<ResultView>,
    check: Check,
    rehearsed: Option<Box<RehearsalReport>>,
    viewer: ViewerView,
    stage: StageView,
    cameras: Devices,
    microphones: Devices,
    sound: SoundView,
    sound_failure: Option<Problem>,
    /// What happened to a picture's source that was there, until it is back.
    picture_lost: Option<Problem>,
    /// Which picture and which sound could not be opened on air last.
    refused_sources: [Option<String>; 2],
    incoming: Incoming,
    /// What incoming streams nobody has sent yet.
    awaited: Vec<String>,
    health: Health,
    flight: FlightKeeper,
    problems: ProblemList,
    settings_tab: Option<Tab>,
    first_run: bool,
    /// The test picture is shown because the first run found no camera.
    stands_in: bool,
    recordings: PathBuf,
    /// Why the folder of recordings cannot be written to.
    recording_fault: Option<Problem>,
    /// Why the picture of the card cannot be used.
    card_fault: Option<Problem>,
    /// What was kept last, and when.
    kept: Option<(f64, Truth)>,
    disk_free: Option<u64>,
    /// When something was changed that is to be kept for next time.
    unkept_since: Option<f64>,
}

impl Model {
    /// A model of `settings`. `first_run` asks the three questions first.
    pub fn new(settings: ShowSettings, profile: Option<String>, appearance: Appearance, first_run: bool) -> Self {
        let stage = StageView { size: Some(settings.encoding.size), ..StageView::default() };
        Self {
            desk: Desk::new(settings, profile),
            appearance,
            system_lang: Lang::default(),
            show: None,
            changed_at: f64::NEG_INFINITY,
            result: None,
            check: Check::default(),
            rehearsed: None,
            viewer: ViewerView::default(),
            stage,
            cameras: Devices::Looking,
            microphones: Devices::Looking,
            sound: SoundView::default(),
            sound_failure: None,
            picture_lost: None,
            refused_sources: [None, None],
            incoming: Incoming::default(),
            awaited: Vec::new(),
            health: Health::default(),
            flight: FlightKeeper::default(),
            problems: ProblemList::default(),
            settings_tab: None,
            first_run,
            stands_in: false,
            recordings: PathBuf::new(),
            recording_fault: None,
            card_fault: None,
            kept: None,
            disk_free: None,
            unkept_since: None,
        }
    }

    /// Recordings go into `folder`, unless another is chosen.
    pub fn record_into(&mut self, folder: PathBuf) {
        self.recordings = folder;
    }

    /// The system speaks `lang`; so does the window, unless another is chosen.
    pub fn system_speaks(&mut self, lang: Lang) {
        self.system_lang = lang;
    }

    /// How the window looks and speaks.
    pub fn appearance(&self) -> Appearance {
        self.appearance
    }

    fn lang(&self) -> Lang {
        self.appearance.lang.unwrap_or(self.system_lang)
    }

    /// Whether the first run has not been gone through yet.
    pub fn asks_first_questions(&self) -> bool {
        self.first_run
    }

    /// Whether a show runs.
    pub fn is_on(&self) -> bool {
        self.show.is_some()
    }

    /// Takes what the engine tells.
    pub fn handle_event(&mut self, now: f64, event: StudioEvent) {
        if let Some(show) = &self.show {
            self.flight.hear(now, show.live_since, &show.called(&event));
        }
        match event {
            StudioEvent::Step(_) => {}
            StudioEvent::Check(event) => self.handle_check(now, *event),
            StudioEvent::State { place, destination, state } => self.handle_state(now, place, destination, state),
            StudioEvent::Stats(stats) => {
                if let Some(show) = &mut self.show {
                    show.dropped = stats.dropped;
                    self.sound.integrated_lufs = stats.lufs;
                    self.health.take(&stats);
                }
            }
            StudioEvent::Problem(problem) => self.handle_problem(now, problem),
            StudioEvent::Rehearsal(report) => self.rehearsed = Some(report),
            StudioEvent::RehearsalShared(shared) => self.viewer.handle_shared(shared),
            StudioEvent::Source { kind: DeviceKind::Camera, state } => self.handle_picture(now, state),
            StudioEvent::Source { kind: DeviceKind::Microphone, state } => self.handle_sound(now, state),
            StudioEvent::SourceKept { source, problem } => self.handle_kept_source(now, source, problem),
            StudioEvent::Devices { kind, found } => {
                let found = Devices::Found(found.iter().map(DeviceView::of).collect());
                match kind {
                    DeviceKind::Camera => self.cameras = found,
                    DeviceKind::Microphone => self.microphones = found,
                }
            }
            StudioEvent::DiskRoom(free) => self.disk_free = free,
            StudioEvent::Recording { .. } | StudioEvent::Marked { .. } | StudioEvent::ReplaySaved(_) => {
                self.handle_kept(now, event);
            }
            StudioEvent::Ended(summary) => self.handle_end(now, *summary),
        }
    }

    fn handle_check(&mut self, now: f64, event: CheckEvent) {
        let ran = self.check.runs();
        self.check.handle_event(event);
        if ran && !self.check.runs() {
            self.changed_at = now;
        }
    }

    fn handle_state(&mut self, now: f64, place: usize, destination: String, state: DestinationState) {
        self.problems.handle_state(place, state);
        let Some(show) = &mut self.show else { return };
        if show.take_state(now, place, destination, state) {
            self.changed_at = now;
        }
    }

    fn handle_problem(&mut self, now: f64, mut problem: Problem) {
        if let Some(over) = problem.notice_over() {
            return self.handle_notice_over(over, &problem.about);
        }
        if problem.kind == ProblemKind::SourceAwaited {
            // The stage and the sentence below it say so.
            if !self.awaited.contains(&problem.about) {
                self.awaited.push(problem.about);
            }
            return;
        }
        if problem.kind == ProblemKind::SourceRestored
            && let Some(at) = self.awaited.iter().position(|about| *about == problem.about)
        {
            // It was never there: to come for the first time is no news of a loss.
            self.awaited.remove(at);
            return;
        }
        if problem.kind == ProblemKind::MutedTalking {
            // The sentence below the picture says it, with its button.
            self.sound.talks_muted = true;
            return;
        }
        self.sound.gives_silence |= problem.kind == ProblemKind::SourceSilent;
        self.stage.stands_still |= stands_still(problem.kind);
        if let Some(show) = &mut self.show {
            problem = show.named(problem);
            if matches!(problem.kind, ProblemKind::RecordingFailed | ProblemKind::DiskFull) {
                show.recorded = Recorded::Failed;
                show.recording_failure = Some(problem.clone());
                self.desk.draft.set_unrecorded(true);
                self.problems.forget_kind(ProblemKind::DiskLow);
            }
            show.problem = Some(problem.clone());
        }
        self.problems.add(now, problem);
    }

    fn handle_end(&mut self, now: f64, mut summary: Summary) {
        let Some(show) = self.show.take() else { return };
        // It was locked while the show ran.
        self.desk.refused = None;
        summary.failure.take_if(|failure| show.records_again(failure));
        if show.live_since.is_some() {
            // What did not come at all is as little there as what went away.
            let gone = self.picture_lost.as_ref().or(self.sound_failure.as_ref());
            summary.failure = summary.failure.or_else(|| gone.cloned());
        }
        summary.failure = summary.failure.map(|failure| show.named(failure));
        self.sound.integrated_lufs = None;
        let wanted_length = self.desk.settings().duration;
        self.result = outcome::of(&show, wanted_length, self.flight.view(), summary, self.rehearsed.take());
        // The card says it; a second card would say it again.
        self.problems.keep_notices();
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

    /// Whether a rehearsal is on.
    pub fn rehearses(&self) -> bool {
        self.show.as_ref().is_some_and(|show| show.rehearsal)
    }

    /// Takes what the viewer of a rehearsal sees and hears.
    pub fn handle_viewer(&mut self, now: &ViewerNow) {
        self.viewer.take(now);
    }

    /// The engine is gone, which is a bug.
    pub fn handle_gone(&mut self, now: f64, problem: Problem) {
        if self.show.take().is_some() {
            self.changed_at = now;
        }
        self.check.handle_gone();
        self.handle_problem(now, problem);
    }

    /// Takes the answer of a file dialog.
    pub fn handle_dialog(&mut self, now: f64, answer: DialogAnswer) -> Vec<Order> {
        let act = self.desk.handle_dialog(answer);
        act.map(|act| self.handle_act(now, act)).unwrap_or_default()
    }

    /// Asks whether the files that the settings name are there. The recording's folder is not made: its disk may be missing.
    pub fn look_at_files(&self) -> Vec<Order> {
        self.look_at_folder().into_iter().chain(self.look_at_card()).collect()
    }

    /// What is due at `now`: good news goes; what the first run offers; and what was changed is kept once nothing more was
    /// changed for a moment.
    pub fn handle_time(&mut self, now: f64) -> Vec<Order> {
        self.problems.forget_good_news(now);
        let mut orders = self.offer_picture(now);
        if self.unkept_since.is_some_and(|since| now - since >= KEEP_SECONDS) {
            orders.extend(self.keep());
        }
        orders
    }

    /// What is left to be kept when the window closes.
    pub fn keep(&mut self) -> Option<Order> {
        self.unkept_since.take()?;
        let settings = Box::new(self.desk.settings().clone());
        Some(Order::Profile(ProfileRequest::KeepSession(self.desk.profile().map(str::to_owned), settings)))
    }

    /// Ends what runs, however far it is.
    pub fn end(&mut self, now: f64) -> Vec<Order> {
        self.stop(now, if self.phase() == Phase::Connecting { Command::Abort } else { Command::End })
    }

    /// Takes what a user asked for; gives what is to be done.
    pub fn handle_act(&mut self, now: f64, act: Act) -> Vec<Order> {
        let engine = |command| vec![Order::Engine(command)];
        match act {
            Act::GoLive => self.begin(now, false),
            Act::Rehearse => self.begin(now, true),
            Act::Check(act) => {
                let may_start = self.may_check(now);
                self.result = self.result.take().filter(|_| !act.begins() || !may_start);
                self.check.handle_act(act, self.desk.settings(), may_start)
            }
            Act::Cancel if self.guarded(now) || self.phase() != Phase::Connecting => Vec::new(),
            Act::Cancel => self.stop(now, Command::Abort),
            Act::EndShow if self.phase().is_on_its_way() => self.stop(now, Command::End),
            Act::EndShow => Vec::new(),
            Act::Abort if self.guarded(now) || self.phase() != Phase::Ending => Vec::new(),
            Act::Abort => self.stop(now, Command::Abort),
            Act::PickVideo(choice) => {
                self.stands_in = false;
                let orders = self.change(now, |settings| settings.video = choice.clone());
                if self.tell_refusal() {
                    return orders;
                }
                // The same once more is another try, where it failed: what is there is not opened again.
                let failed = matches!(self.stage.picture, StagePicture::Failed(_));
                if orders.is_empty() && failed { self.take_video(choice) } else { orders }
            }
            Act::PickAudio(choice) => {
                let orders = self.change(now, |settings| settings.audio = choice.clone());
                if orders.is_empty() { engine(StudioCommand::SetAudio(choice)) } else { orders }
            }
            Act::SetMuted(muted) => {
                self.sound.muted = muted;
                engine(StudioCommand::SetMuted(muted))
            }
            Act::SetGain(gain_db) => self.change(now, |settings| settings.gain_db = gain_db),
            Act::ClearClip => engine(StudioCommand::ClearClip),
            Act::SetBitrate(bitrate) => self.change(now, |settings| settings.encoding.video_bitrate = bitrate),
            Act::ToggleRecord | Act::Record | Act::SaveReplay | Act::Mark => self.handle_recording(now, &act),
            Act::OpenSettings(tab) => {
                self.settings_tab = Some(tab);
                match tab {
                    Tab::Recording => self.look_at_folder().into_iter().collect(),
                    Tab::Picture => self.look_at_card().into_iter().collect(),
                    _ => Vec::new(),
                }
            }
            Act::Fix(fix) => self.change(now, |settings| *settings = fix.applied(settings)),
            Act::Edit(_) | Act::OpenLink(_) | Act::Undo | Act::Redo => {
                let before = self.desk.settings().clone();
                self.desk.change_settings(&act, now, self.is_on());
                let mut orders = self.orders_since(now, &before);
                if let Act::OpenLink(link) = act {
                    orders.extend(self.chosen_whole(now));
                    self.tell_left_out(&link);
                }
                orders
            }
            Act::HoldServer(wrong) => {
                self.desk.hold_server(wrong);
                Vec::new()
            }
            Act::CopyReport => vec![Order::Copy(report::text(&self.view(now)))],
            Act::LetSend => {
                vec![Order::Profile(ProfileRequest::IncomingKey(self.desk.settings().ingest.key_file.clone()))]
            }
            Act::OnlyHere => {
                let orders = self.change(now, |settings| settings.ingest = incoming::from_here(&settings.ingest));
                if !self.tell_refusal() {
                    self.incoming.hide_key();
                }
                orders
            }
            Act::AskToShare | Act::Share | Act::CloseShare => self.viewer.handle_act(&act),
            Act::SaveReport => self.save_report(),
            Act::RetryNow => vec![Order::Engine(StudioCommand::Show(Command::RetryNow))],
            Act::SetDestination { place, on } => {
                vec![Order::Engine(StudioCommand::Show(Command::SetDestination { place, on }))]
            }
            Act::CloseSender | Act::CloseSettings | Act::CloseResult | Act::Dismiss(_) => self.put_away(&act),
            Act::FinishFirstRun { rehearse } => {
                let mut orders = self.end_first_run(now);
                if rehearse {
                    orders.extend(self.begin(now, true));
                }
                orders
            }
            Act::SetAppearance(appearance) => {
                self.appearance = appearance;
                vec![Order::KeepWindow]
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
            | Act::ReplaceFile
            | Act::LookAtProfiles
            | Act::DismissTold
            | Act::ShowCard
            | Act::CloseCard
            | Act::AskPath(_)
            | Act::CopyText(_)
            | Act::EndTyping => self.desk.handle_act(act),
        }
    }

    /// Ends the questions of the first start: they are answered, be it by a show that was chosen whole.
    fn end_first_run(&mut self, now: f64) -> Vec<Order> {
        if !std::mem::take(&mut self.first_run) {
            return Vec::new();
        }
        self.unkept_since = Some(now);
        vec![Order::KeepWindow]
    }

    /// Closes what is open over or beside the picture.
    fn put_away(&mut self, act: &Act) -> Vec<Order> {
        match act {
            Act::CloseSender => self.incoming.hide_key(),
            Act::CloseSettings => self.settings_tab = None,
            Act::CloseResult => self.result = None,
            Act::Dismiss(id) => self.problems.dismiss(*id),
            _ => {}
        }
        Vec::new()
    }

    /// Whether the state changed just now: a second click still means what was there before.
    fn guarded(&self, now: f64) -> bool {
        now - self.changed_at < GUARD_SECONDS
    }

    /// Whether nothing stands against a check: no show, no other check, and a destination that has all it needs or none.
    fn may_check(&self, now: f64) -> bool {
        let complete = self.desk.settings().destinations.is_empty() || self.desk.goes_somewhere();
        !self.guarded(now) && !self.is_on() && !self.check.runs() && complete
    }

    fn begin(&mut self, now: f64, rehearsal: bool) -> Vec<Order> {
        let nowhere = !rehearsal && !self.desk.goes_somewhere();
        if self.guarded(now) || self.is_on() || nowhere || self.check.runs() {
            return Vec::new();
        }
        self.check = Check::default();
        let mut settings = ShowSettings { rehearse: rehearsal, ..self.desk.settings().clone() }.with_secrets_split();
        settings.card = settings.card.in_words(self.lang().card_words());
        // A rehearsal is measured and leaves nothing behind.
        settings.record = settings.record.filter(|_| !rehearsal);
        let show = OnAir::new(rehearsal, settings.encoding.video_bitrate);
        let here = Words(self.lang()).text(Text::ThisComputerItself);
        let show = if rehearsal { show.at(here) } else { show.to(&settings.destinations) };
        self.start(now, settings, show)
    }

    fn start(&mut self, now: f64, settings: ShowSettings, mut show: OnAir) -> Vec<Order> {
        show.recorded = if settings.record.is_some() { Recorded::FromItsStart } else { Recorded::No };
        self.desk.draft.set_unrecorded(show.is_unrecorded());
        self.result = None;
        self.rehearsed = None;
        self.viewer = ViewerView::default();
        self.problems.keep_notices();
        self.health = Health::default();
        self.flight.begin(show.rehearsal, show.alone);
        self.changed_at = now;
        self.show = Some(show);
        vec![Order::Engine(StudioCommand::GoLive(Box::new(settings)))]
    }

    fn stop(&mut self, now: f64, how: Command) -> Vec<Order> {
        let Some(show) = &mut self.show else { return Vec::new() };
        if how == Command::End && show.phase == Phase::Ending {
            return Vec::new();
        }
        show.phase = Phase::Ending;
        show.asked_to_end = true;
        self.changed_at = now;
        vec![Order::Engine(StudioCommand::Show(how))]
    }

    /// Changes the settings, as a step that can be undone.
    fn change(&mut self, now: f64, change: impl FnOnce(&mut ShowSettings)) -> Vec<Order> {
        let before = self.desk.settings().clone();
        let mut wanted = before.clone();
        change(&mut wanted);
        self.desk.edit(wanted, now, self.is_on());
        self.orders_since(now, &before)
    }

    /// What the engine must be told of settings that were `before`; and they are to be kept.
    fn orders_since(&mut self, now: f64, before: &ShowSettings) -> Vec<Order> {
        let after = self.desk.settings().clone();
        if after == *before && !self.desk.take_profile_change() {
            return Vec::new();
        }
        self.unkept_since = Some(now);
        let mut orders = Vec::new();
        if after.ingest != before.ingest {
            orders.push(Order::Engine(StudioCommand::SetIngest(after.ingest)));
        }
        if after.video != before.video {
            orders.extend(self.take_video(after.video));
        }
        if after.audio != before.audio {
            orders.push(Order::Engine(StudioCommand::SetAudio(after.audio)));
        }
        if after.gain_db != before.gain_db {
            orders.push(Order::Engine(StudioCommand::SetGain(after.gain_db)));
        }
        if after.encoding != before.encoding && after.encoding.validate().is_ok() {
            let bitrate = after.encoding.video_bitrate;
            orders.push(Order::Engine(match &mut self.show {
                // The rest of the form is locked while a show runs.
                Some(show) => {
                    show.wanted = bitrate;
                    StudioCommand::Show(Command::SetVideoBitrate(bitrate))
                }
                None => {
                    self.stage.size = Some(after.encoding.size);
                    StudioCommand::SetEncoding(Box::new(after.encoding))
                }
            }));
        }
        if after.record != before.record {
            self.recording_fault = None;
            // The place that is offered is made. What was typed may be a slip, or lie on a disk that is not there.
            let make = before.record.is_none();
            orders.extend(folder_request(after.record.as_deref(), make).map(Order::Profile));
            orders.push(Order::Engine(StudioCommand::WatchDisk(after.record)));
        }
        if after.card != before.card {
            self.card_fault = None;
            orders.extend(self.look_at_card());
        }
        orders
    }

    fn take_video(&mut self, choice: VideoChoice) -> Vec<Order> {
        // What is on air is so until the engine says otherwise.
        if !self.is_on() {
            self.stage.picture = if choice == VideoChoice::None { StagePicture::Off } else { StagePicture::Opening };
            (self.stage.source, self.stage.awaited) = (None, None);
        }
        vec![Order::Engine(StudioCommand::SetVideo(choice))]
    }

    fn phase(&self) -> Phase {
        match (&self.show, &self.result) {
            (Some(show), _) => show.phase,
            (None, Some(_)) => Phase::Off,
            (None, None) => Phase::Ready,
        }
    }
}

/// Asks whether `recording` can be written where it is to be.
fn folder_request(recording: Option<&Path>, make: bool) -> Option<ProfileRequest> {
    let folder = recording?.parent()?.to_owned();
    Some(ProfileRequest::RecordingFolder { folder, make })
}

/// Whether viewers see the same picture for as long as this is so, although another was to come.
fn stands_still(noticed: ProblemKind) -> bool {
    matches!(noticed, ProblemKind::SourceFrozen | ProblemKind::SourceDamaged)
}
