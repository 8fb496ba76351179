//! What is kept of shows, as the window knows it: whether they are recorded, a recording alone, marks, replays, reports.

use std::path::Path;

use super::super::on_air::OnAir;
use super::super::profiles::ProfileRequest;
use super::super::view::{Act, RecordingView, Truth};
use super::{Model, Order};
use crate::settings::{RecordingName, ShowSettings, recording_room};
use crate::studio::{Command, StudioCommand, StudioEvent};

/// For so long it is said what was kept, in seconds.
const SAID_SECONDS: f64 = 6.0;

/// Asks whether `recording` can be written where it is to be.
pub(super) fn folder_request(recording: Option<&Path>, make: bool) -> Option<ProfileRequest> {
    let folder = recording?.parent()?.to_owned();
    Some(ProfileRequest::RecordingFolder { folder, make })
}

impl Model {
    /// Takes an act about recordings.
    pub(super) fn handle_recording(&mut self, now: f64, act: &Act) -> Vec<Order> {
        let on_air = self.phase().is_on_its_way();
        let to_show = |command| vec![Order::Engine(StudioCommand::Show(command))];
        match act {
            Act::ToggleRecord if !self.is_on() => {
                let path = RecordingName::offered_in(&self.recordings).path();
                self.change(now, |settings| settings.record = settings.record.take().is_none().then_some(path))
            }
            Act::Record if !self.is_on() && !self.guarded(now) && !self.check.runs() => self.record_alone(now),
            Act::SaveReplay if on_air => to_show(Command::SaveReplay),
            Act::Mark if matches!(self.recording_view(now), RecordingView::Running { .. }) => to_show(Command::Mark),
            Act::Mark => {
                self.kept = Some((now, Truth::NothingToMark));
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// A show that goes nowhere but into its recording, whether or not shows are recorded otherwise.
    fn record_alone(&mut self, now: f64) -> Vec<Order> {
        let mut settings = ShowSettings { rehearse: false, destinations: Vec::new(), ..self.desk.settings().clone() };
        let offered = || RecordingName::offered_in(&self.recordings).path();
        settings.record = Some(settings.record.take().unwrap_or_else(offered));
        let mut show = OnAir::new(false, settings.encoding.video_bitrate);
        show.alone = true;
        self.start(now, settings, show)
    }

    /// Something was kept.
    pub(super) fn handle_kept(&mut self, now: f64, event: StudioEvent) {
        let truth = match event {
            StudioEvent::Marked { number, at } => Truth::Marked { number, at_seconds: at.as_secs_f64() },
            StudioEvent::ReplaySaved(path) => Truth::ReplaySaved(path),
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
        // There is no room where nothing can be written.
        let free = self.disk_free.filter(|_| self.recording_fault.is_none());
        let left_seconds = free.map(|free| recording_room(free, &chosen.encoding).as_secs_f64());
        let Some(show) = &self.show else {
            return if chosen.record.is_some() { RecordingView::Ready { left_seconds } } else { RecordingView::Off };
        };
        match show.live_since {
            _ if !show.records => RecordingView::Off,
            _ if show.recording_failed => RecordingView::Failed,
            Some(since) => RecordingView::Running { seconds: now - since, left_seconds },
            None => RecordingView::Ready { left_seconds },
        }
    }

    /// Asks for the report of the rehearsal or the show as a file beside the recordings.
    pub(super) fn save_report(&self) -> Vec<Order> {
        let rehearsed = self.result.as_ref().and_then(|result| result.rehearsed.clone());
        let request = |report| ProfileRequest::SaveReport { folder: self.recordings.clone(), report };
        let flight = self.result.as_ref().and_then(|result| result.flight.clone());
        let words = self.lang().flight_words();
        let of_show = |flight| ProfileRequest::SaveShowReport { folder: self.recordings.clone(), flight, words };
        rehearsed.map(request).or_else(|| flight.map(of_show)).map(Order::Profile).into_iter().collect()
    }
}
