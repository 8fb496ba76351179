//! The sentence of truth: that all is good, or the one cause, with one button; and the question before a show is ended.

use std::mem::discriminant;

use eframe::egui::text::LayoutJob;
use eframe::egui::{Align, Label, Layout, Rect, Ui, UiBuilder, vec2};

use crate::settings::AudioChoice;
use crate::ui::theme;
use crate::ui::view::{Act, PrimaryState, Remedy, Truth, TruthView};
use crate::ui::widgets::{ButtonKind, announced, button_width, kind_button};
use crate::ui::wording::{SettingsText, Text, Words};

/// What it says.
pub(crate) fn sentence(truth: &Truth, words: Words) -> String {
    match truth {
        Truth::AllGood => words.text(Text::AllGood).to_owned(),
        Truth::AllGoodRehearsal => words.text(Text::AllGoodRehearsal).to_owned(),
        Truth::AllGoodShared => words.text(Text::AllGoodShared).to_owned(),
        Truth::ReadyFor(destination) => words.ready_for(destination),
        Truth::NeedsDestination => words.text(Text::ReadyNoDestination).to_owned(),
        Truth::Checking => words.text(Text::CheckingNow).to_owned(),
        Truth::CheckFailed(problem) => words.check_failed(problem),
        Truth::Connecting => words.text(Text::ConnectingNow).to_owned(),
        Truth::Reconnecting => words.text(Text::ComesBack).to_owned(),
        Truth::Ending => words.text(Text::EndingNow).to_owned(),
        Truth::Over => words.text(Text::ShowOver).to_owned(),
        Truth::RehearsalOver => words.text(Text::RehearsalOver).to_owned(),
        Truth::RecordingOver => words.text(Text::RecordingOver).to_owned(),
        Truth::MutedTalking => words.text(Text::MutedTalking).to_owned(),
        Truth::Muted => words.text(Text::YouAreMuted).to_owned(),
        Truth::NoSound => words.text(Text::NoSoundComes).to_owned(),
        Truth::NoLivePicture => words.text(Text::NoLivePicture).to_owned(),
        Truth::StillPicture => words.text(Text::StillPicture).to_owned(),
        Truth::Unheard => words.text(Text::NobodyHears).to_owned(),
        Truth::TooSlow => words.text(Text::ComputerTooSlow).to_owned(),
        Truth::UploadShort { gives_kbps, wants_kbps } => words.upload_short(*gives_kbps, *wants_kbps),
        Truth::RateLowered { now_kbps, wanted_kbps } => words.rate_lowered(*now_kbps, *wanted_kbps),
        Truth::Wanted(finding) => words.finding_line(finding),
        Truth::WantedAt(index, name, finding) => {
            format!("{}: {}", words.destination_number(index + 1, name), words.finding_line(finding))
        }
        Truth::DiskFillsUp { left_seconds } => words.disk_fills_up(*left_seconds),
        Truth::ReplaySaved(path) => words.replay_saved(path),
        Truth::RecordingBegun(path) => words.recording_begun(path),
        Truth::RecordingClosed(path) => words.recording_closed(path),
        Truth::Marked { number, at_seconds } => words.marked(*number, *at_seconds),
        Truth::OffAir => words.text(Text::NobodyGetsIt).to_owned(),
        Truth::NotEverywhere { missing, all } => words.not_everywhere(*missing, *all),
        Truth::SomeSwitchedOff { off, all } => words.some_switched_off(*off, *all),
        Truth::NotRecorded => words.text(Text::NotRecorded).to_owned(),
        Truth::RehearsalUnrecorded => words.text(Text::RehearsalUnrecorded).to_owned(),
        Truth::NothingToMark => words.text(Text::NothingToMark).to_owned(),
        Truth::NothingToSave => words.text(Text::NothingToSave).to_owned(),
        Truth::Problem(problem) => words.what(problem),
    }
}

/// What stands beside the sentence: its one button, or the answers to the question.
fn labels(view: &TruthView, asks: bool, words: Words) -> Vec<String> {
    if asks {
        return [Text::EndShow, Text::KeepGoing].map(|label| words.text(label).to_owned()).into();
    }
    let label = |remedy: &Remedy| match remedy {
        Remedy::Fix(_) => words.settings(SettingsText::Fix).to_owned(),
        Remedy::LowerTo(bitrate) => words.lower_to(bitrate.kbps()),
        Remedy::RetryNow => words.text(Text::RetryNow).to_owned(),
        Remedy::RecordAgain => words.text(Text::RecordAgain).to_owned(),
        Remedy::SwitchOn { name, .. } => words.switch_on(name),
        Remedy::Silence => words.text(Text::GoWithoutSound).to_owned(),
        Remedy::Unmute => words.text(Text::Unmute).to_owned(),
    };
    view.remedy.iter().map(label).collect()
}

/// How much room is taken beside the sentence.
pub(super) fn beside_width(ui: &Ui, view: &TruthView, asks: bool, words: Words) -> f32 {
    let gap = ui.spacing().item_spacing.x;
    labels(view, asks, words).iter().map(|label| button_width(ui, label) + gap).sum()
}

/// Whether screen readers are to say the sentence. Of one whose figures go on by themselves they say the first.
fn is_news(ui: &Ui, truth: &Truth, asks: bool) -> bool {
    let id = ui.scope_id().with("said");
    let runs = matches!(truth, Truth::UploadShort { .. } | Truth::RateLowered { .. } | Truth::DiskFillsUp { .. });
    if !runs || asks {
        ui.data_mut(|data| data.remove::<Truth>(id));
        return true;
    }
    let said = ui.data_mut(|data| data.get_temp::<Truth>(id));
    let goes_on = said.as_ref().is_some_and(|said| discriminant(said) == discriminant(truth));
    if !goes_on {
        ui.data_mut(|data| data.insert_temp(id, truth.clone()));
    }
    !goes_on || said.as_ref() == Some(truth)
}

/// Draws the sentence and its button, or the question.
pub fn truth_ui(ui: &mut Ui, view: &TruthView, primary: &mut PrimaryState, words: Words, acts: &mut Vec<Act>) {
    let t = theme::tokens(ui);
    let asks = primary.asks;
    let labels = labels(view, asks, words);
    // A button with a long name in it leaves half to the sentence.
    let room = (ui.available_width() - beside_width(ui, view, asks, words)).max(ui.available_width() / 2.0);
    let (line, font, ink) = match (&view.truth, asks) {
        (_, true) => (words.text(Text::EndShowQuestion).to_owned(), theme::strong(ui), t.text),
        (Truth::AllGood | Truth::AllGoodRehearsal | Truth::AllGoodShared | Truth::SomeSwitchedOff { .. }, _)
        | (Truth::Over | Truth::RehearsalOver | Truth::RecordingOver, _) => {
            (sentence(&view.truth, words), theme::body(ui), t.dim)
        }
        _ => (sentence(&view.truth, words), theme::body(ui), t.text),
    };
    // On two lines at most; where it is pointed at, all of it is told.
    let mut job = LayoutJob::simple(line, font, ink, room.max(0.0));
    job.wrap.max_rows = 2;
    let galley = ui.painter().layout_job(job);
    // With or without a button beside it: what stands around it does not move.
    let size = vec2(ui.available_width(), galley.size().y.max(ui.spacing().interact_size.y));
    // As in the foot's buttons: figures above it come and go.
    let row = Rect::from_min_size(ui.available_rect_before_wrap().min, size);
    let row = UiBuilder::new().scope_id(ui.scope_id().with("truth")).max_rect(row);
    ui.scope_builder(row.layout(Layout::left_to_right(Align::Center)), |ui| {
        ui.set_min_height(size.y);
        let said = ui.add(Label::new(galley));
        if is_news(ui, &view.truth, asks) {
            announced(ui, &said);
        }
        let kind = |place| if asks && place == 0 { ButtonKind::Danger } else { ButtonKind::Quiet };
        let pressed =
            labels.iter().enumerate().filter(|(place, label)| kind_button(ui, kind(*place), label, label).clicked());
        let Some(pressed) = pressed.map(|(place, _)| place).last() else { return };
        if asks {
            primary.asks = false;
            acts.extend((pressed == 0).then_some(Act::EndShow));
            return;
        }
        acts.extend(view.remedy.as_ref().map(|remedy| match remedy {
            Remedy::Fix(fix) => Act::Fix(fix.clone()),
            Remedy::LowerTo(bitrate) => Act::SetBitrate(*bitrate),
            Remedy::RetryNow => Act::RetryNow,
            Remedy::RecordAgain => Act::ToggleRecord,
            Remedy::SwitchOn { place, .. } => Act::SetDestination { place: *place, on: true },
            Remedy::Silence => Act::PickAudio(AudioChoice::Silence),
            Remedy::Unmute => Act::SetMuted(false),
        }));
    });
}
