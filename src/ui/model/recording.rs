//! What is kept of shows, as the window knows it: whether they are recorded, a recording alone, marks, replays, reports.

use std::path::PathBuf;

use super::super::on_air::{OnAir, Recorded};
use super::super::profile_request::ProfileRequest;
use super::super::view::{Act, RecordingView, Truth};
use super::{GUARD_SECONDS, Model, Order, folder_request};
use crate::settings::{RecordingName, ShowSettings, recording_room};
use crate::studio::{Command, ProblemKind, StudioCommand, StudioEvent};

/// For so long it is said what was kept, in seconds.
const SAID_SECONDS: f64 = 6.0;

impl Model {
    pub(super) fn look_at_folder(&self) -> Option<Order> {
        folder_request(self.desk.settings().record.as_deref(), false).map(Order::Profile)
    }

    /// Takes an act about recordings.
    pub(super) fn handle_recording(&mut self, now: f64, act: &Act) -> Vec<Order> {
        let on_air = self.phase().is_on_its_way();
        let to_show = |command| vec![Order::Engine(StudioCommand::Show(command))];
        match act {
            Act::ToggleRecord | Act::Record if on_air && self.rehearses() => {
                self.in_vain(now, Truth::RehearsalUnrecorded)
            }
            Act::ToggleRecord | Act::Record if self.is_on() => self.switch_recording(now),
            Act::ToggleRecord => {
                let path = self.offered_recording();
                self.change(now, |settings| settings.record = settings.record.take().is_none().then_some(path))
            }
            Act::Record if !self.guarded(now) && !self.check.runs() => self.record_alone(now),
            Act::SaveReplay if on_air => to_show(Command::SaveReplay),
            Act::SaveReplay => self.in_vain(now, Truth::NothingToSave),
            Act::Mark if matches!(self.recording_view(now), RecordingView::Running { .. }) => to_show(Command::Mark),
            Act::Mark => self.in_vain(now, Truth::NothingToMark),
            _ => Vec::new(),
        }
    }

    /// Where recordings go while none is set: where they went until they were switched off, or as they come.
    fn offered_recording(&self) -> PathBuf {
        let before = self.desk.recording_off.clone();
        before.unwrap_or_else(|| RecordingName::offered_in(&self.recordings).path())
    }

    /// Begins or closes the recording of the show that is on.
    fn switch_recording(&mut self, now: f64) -> Vec<Order> {
        let was_just_switched = self.kept.as_ref().is_some_and(|(at, truth)| {
            matches!(truth, Truth::RecordingBegun(_) | Truth::RecordingClosed(_)) && now - at < GUARD_SECONDS
        });
        let Some(show) = self.show.as_ref().filter(|show| show.may_record() && !was_just_switched) else {
            return Vec::new();
        };
        let settings = self.desk.settings();
        let command = match show.is_unrecorded() {
            true => {
                let pattern = settings.record.clone().unwrap_or_else(|| self.offered_recording());
                Command::StartRecording { pattern, split: settings.record_split }
            }
            false => Command::StopRecording,
        };
        vec![Order::Engine(StudioCommand::Show(command))]
    }

    /// Says for a moment why there is nothing of what was asked for.
    fn in_vain(&mut self, now: f64, why: Truth) -> Vec<Order> {
        self.kept = Some((now, why));
        Vec::new()
    }

    /// A show that goes nowhere but into its recording, whether or not shows are recorded otherwise.
    fn record_alone(&mut self, now: f64) -> Vec<Order> {
        let mut settings = ShowSettings { rehearse: false, destinations: Vec::new(), ..self.desk.settings().clone() };
        settings.record = Some(settings.record.take().unwrap_or_else(|| self.offered_recording()));
        let mut show = OnAir::new(false, settings.encoding.video_bitrate);
        show.alone = true;
        self.start(now, settings, show)
    }

    /// Something was kept.
    pub(super) fn handle_kept(&mut self, now: f64, event: StudioEvent) {
        let truth = match event {
            StudioEvent::Marked { number, at } => Truth::Marked { number, at_seconds: at.as_secs_f64() },
            StudioEvent::ReplaySaved(path) => Truth::ReplaySaved(path),
            StudioEvent::Recording { path, on } => {
                if let Some(show) = &mut self.show {
                    show.recorded = if on { Recorded::Since(now) } else { Recorded::No };
                    self.desk.draft.set_unrecorded(show.is_unrecorded());
                    // What was said of the recording before is history.
                    let is_over = |kind| matches!(kind, ProblemKind::RecordingFailed | ProblemKind::DiskFull);
                    show.problem.take_if(|problem| is_over(problem.kind));
                    for kind in [ProblemKind::DiskLow, ProblemKind::RecordingFailed, ProblemKind::DiskFull] {
                        self.problems.forget_kind(kind);
                    }
                }
                if on { Truth::RecordingBegun(path) } else { Truth::RecordingClosed(path) }
            }
            _ => return,
        };
        self.kept = Some((now, truth));
    }

    /// What was kept just now.
    pub(super) fn kept(&self, now: f64) -> Option<&Truth> {
        self.kept.as_ref().filter(|(at, _)| now - at < SAID_SECONDS).map(|(_, truth)| truth)
    }

    pub(super) fn recording_view(&self, now: f64) -> RecordingView {
        let chosen = self.desk.settings();
        let left_seconds = self.disk_free.map(|free| recording_room(free, &chosen.encoding).as_secs_f64());
        let Some(show) = &self.show else {
            return match &chosen.record {
                None => RecordingView::Off,
                Some(_) if self.recording_fault.is_some() => RecordingView::Failed,
                Some(_) => RecordingView::Ready { left_seconds },
            };
        };
        let since = match show.recorded {
            Recorded::No => return RecordingView::Off,
            Recorded::Failed => return RecordingView::Failed,
            Recorded::FromItsStart => show.live_since,
            Recorded::Since(since) => Some(since),
        };
        match since {
            Some(since) => RecordingView::Running { seconds: now - since, left_seconds },
            None => RecordingView::Ready { left_seconds },
        }
    }

    /// Asks for the report of the rehearsal or the show as a file beside its recording, or where recordings go.
    pub(super) fn save_report(&self) -> Vec<Order> {
        let Some(result) = &self.result else { return Vec::new() };
        let beside = result.recordings.first().and_then(|path| path.parent()).unwrap_or(&self.recordings);
        let request = |report| ProfileRequest::SaveReport { folder: beside.to_owned(), report };
        let words = self.lang().flight_words();
        let of_show = |flight| ProfileRequest::SaveShowReport { folder: beside.to_owned(), flight, words };
        let (rehearsed, flight) = (result.rehearsed.clone(), result.flight.clone());
        rehearsed.map(request).or_else(|| flight.map(of_show)).map(Order::Profile).into_iter().collect()
    }
}
