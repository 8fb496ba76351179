//! What the window shows of what the model knows.

use std::sync::Arc;

use super::Model;
use crate::settings::{AudioChoice, Destination};
use crate::ui::on_air::OnAir;
use crate::ui::settings_view::SettingsAround;
use crate::ui::truth;
use crate::ui::view::{
    Phase, Primary, SettingsView, ShowView, SoundView, SourcesView, StagePicture, StageView, StripView, TruthView, View,
};
use crate::ui::wording::Words;

impl Model {
    /// What the window shows at `now`.
    pub fn view(&self, now: f64) -> View {
        let (show, words) = (self.show_view(now), Words(self.lang()));
        let chosen = self.desk.settings();
        let encoding = &chosen.encoding;
        let strip = StripView {
            destinations: Destination::names(&chosen.destinations),
            // What is encoded meanwhile, for a recording say, goes to nobody.
            kbps: self.health.kbps().map(|kbps| if show.phase == Phase::Reconnecting { 0.0 } else { kbps }),
            behind_seconds: self.health.behind_seconds(),
            dropped: self.show.as_ref().map_or(0, |show| show.dropped),
            recording: self.recording_view(now),
            lines: self
                .show
                .as_ref()
                .map(|show| show.destinations.clone())
                .filter(|all| all.len() > 1)
                .unwrap_or_default(),
            history: if self.is_on() { self.health.history() } else { Vec::new() },
        };
        let settings = self.settings_tab.map(|tab| SettingsView {
            tab,
            settings: chosen.clone(),
            locked: self.is_on(),
            can_undo: self.desk.draft.may_undo(self.is_on()),
            can_redo: self.desk.draft.may_redo(self.is_on()),
            appearance: self.appearance,
            around: SettingsAround {
                microphones: self.microphones.clone(),
                disk_free: self.disk_free,
                recording_off: self.desk.recording_off.clone(),
                recording_fault: self.recording_fault.clone(),
                card_fault: self.card_fault.clone(),
                unrecorded: self.show.as_ref().is_some_and(OnAir::is_unrecorded),
                has_dialogs: self.desk.has_dialogs,
                keys_in: self.desk.keys_in,
                refused: self.desk.refused,
                wrong_server: self.desk.wrong_server.clone(),
                findings: self.desk.findings().to_vec(),
            },
        });
        View {
            now,
            profiles: self.desk.profiles_view(),
            stage: StageView {
                source: self.stage.source.as_deref().map(|name| words.source_name(name)),
                ..self.stage.clone()
            },
            viewer: (show.rehearsal && show.phase == Phase::Live).then(|| self.viewer.clone()),
            sources: SourcesView {
                video: chosen.video.clone(),
                audio: chosen.audio.clone(),
                cameras: self.cameras.clone(),
                microphones: self.microphones.clone(),
                lost_microphone: self.lost_microphone(),
                size: encoding.size,
                frame_rate: encoding.frame_rate,
                bitrate: encoding.video_bitrate,
                on_air: self.is_on(),
                incoming: self.incoming.view(&chosen.ingest),
                has_dialogs: self.desk.has_dialogs,
                files_chosen: self.desk.files_chosen,
            },
            sound: SoundView {
                gain_db: chosen.gain_db,
                name: words.source_name(&self.sound.name),
                ..self.sound.clone()
            },
            truth: self.truth(now, &show, &strip),
            strip,
            flight: if self.is_on() { self.flight.view() } else { Arc::default() },
            show,
            problems: self.problems.view(),
            result: self.result.clone(),
            check: self.check.view().map(|check| (check, Box::new(chosen.clone()))),
            first_run: self.first_run,
            settings,
        }
    }

    /// Where the show stands at `now`.
    pub fn show_view(&self, now: f64) -> ShowView {
        let phase = self.phase();
        let primary = match phase {
            Phase::Ready | Phase::Off if !self.desk.goes_somewhere() => Primary::ChooseDestination,
            Phase::Ready | Phase::Off => Primary::GoLive,
            Phase::Connecting => Primary::Cancel,
            Phase::Live | Phase::Reconnecting | Phase::OffAir => Primary::EndShow,
            Phase::Ending => Primary::EndNow,
        };
        let show = self.show.as_ref();
        let since = |at: Option<f64>| at.map(|at| (now - at).max(0.0));
        ShowView {
            phase,
            rehearsal: show.is_some_and(|show| show.rehearsal),
            alone: show.is_some_and(|show| show.alone),
            live_seconds: since(show.and_then(|show| show.live_since)),
            lost_seconds: since(show.and_then(|show| show.lost_since)).unwrap_or_default(),
            primary,
            primary_enabled: !self.guarded(now) && !self.check.runs(),
            lacks: self.desk.lack(),
            rehearse_enabled: !self.guarded(now) && !self.is_on() && !self.check.runs(),
            check_enabled: self.may_check(now),
        }
    }

    fn truth(&self, now: f64, show: &ShowView, strip: &StripView) -> TruthView {
        let problem = self.show.as_ref().and_then(|show| show.problem.as_ref());
        truth::of(&truth::Facts {
            show,
            result: self.result.as_ref(),
            checks: self.check.runs(),
            check_failure: self.check.failure(self.desk.settings()),
            strip,
            sound: &self.sound,
            is_silent: self.desk.settings().audio == AudioChoice::Silence,
            picture_failure: match &self.stage.picture {
                StagePicture::Failed(problem) => Some(problem),
                _ => self.picture_lost.as_ref(),
            },
            stands_still: self.stage.stands_still,
            sound_failure: self.sound_failure.as_ref(),
            recording_fault: self.recording_fault.as_ref(),
            card_fault: self.card_fault.as_ref(),
            is_shared: self.viewer.is_shared(),
            skips: self.health.skips(),
            congestion: self.health.congestion(),
            problem,
            problem_is_shown: problem.is_some_and(|problem| self.problems.shows(problem)),
            wanted: self.show.as_ref().map_or(self.desk.settings().encoding.video_bitrate, |show| show.wanted),
            findings: self.desk.findings(),
            destinations: &self.desk.settings().destinations,
            video_kbps: self.health.video_kbps(),
            network_kbps: self.health.network_kbps(),
            kept: self.kept(now),
        })
    }
}
