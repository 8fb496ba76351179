//! The sentence of truth: that all is good, or the one cause, with one button; and the question before a show is ended.

use eframe::egui::Ui;

use crate::settings::AudioChoice;
use crate::ui::theme;
use crate::ui::view::{Act, PrimaryState, Remedy, Truth, TruthView};
use crate::ui::widgets::{ButtonKind, button, kind_button, text};
use crate::ui::wording::{SettingsText, Text, Words};

/// What it says.
pub(crate) fn sentence(truth: &Truth, words: Words) -> String {
    match truth {
        Truth::AllGood => words.text(Text::AllGood).to_owned(),
        Truth::AllGoodRehearsal => words.text(Text::AllGoodRehearsal).to_owned(),
        Truth::ReadyFor(destination) => words.ready_for(destination),
        Truth::NeedsDestination => words.text(Text::ReadyNoDestination).to_owned(),
        Truth::Checking => words.text(Text::CheckingNow).to_owned(),
        Truth::Connecting => words.text(Text::ConnectingNow).to_owned(),
        Truth::Reconnecting => words.text(Text::ComesBack).to_owned(),
        Truth::Ending => words.text(Text::EndingNow).to_owned(),
        Truth::Over => words.text(Text::ShowOver).to_owned(),
        Truth::MutedTalking => words.text(Text::MutedTalking).to_owned(),
        Truth::NoSound => words.text(Text::NoSoundComes).to_owned(),
        Truth::NoLivePicture => words.text(Text::NoLivePicture).to_owned(),
        Truth::Unheard => words.text(Text::NobodyHears).to_owned(),
        Truth::TooSlow => words.text(Text::ComputerTooSlow).to_owned(),
        Truth::UploadShort { gives_kbps, wants_kbps } => words.upload_short(*gives_kbps, *wants_kbps),
        Truth::RateLowered { now_kbps, wanted_kbps } => words.rate_lowered(*now_kbps, *wanted_kbps),
        Truth::Wanted(finding) => words.finding_line(finding),
        Truth::DiskFillsUp { left_seconds } => words.disk_fills_up(*left_seconds),
        Truth::ReplaySaved(path) => words.replay_saved(path),
        Truth::Marked { number, at_seconds } => words.marked(*number, *at_seconds),
        Truth::NothingToMark => words.text(Text::NothingToMark).to_owned(),
        Truth::Problem(problem) => words.what(problem),
    }
}

/// Draws the sentence and its button, or the question.
pub fn truth_ui(ui: &mut Ui, view: &TruthView, primary: &mut PrimaryState, words: Words, acts: &mut Vec<Act>) {
    let t = theme::tokens(ui);
    let font = theme::body(ui);
    ui.horizontal_wrapped(|ui| {
        if primary.asks {
            let strong = theme::strong(ui);
            text(ui, words.text(Text::EndShowQuestion), strong, t.text);
            let (end, keep) = (words.text(Text::EndShow), words.text(Text::KeepGoing));
            if kind_button(ui, ButtonKind::Danger, end, end).clicked() {
                primary.asks = false;
                acts.push(Act::EndShow);
            }
            if button(ui, keep).clicked() {
                primary.asks = false;
            }
            return;
        }
        let ink = match view.truth {
            Truth::AllGood | Truth::AllGoodRehearsal | Truth::Over => t.dim,
            _ => t.text,
        };
        text(ui, sentence(&view.truth, words), font, ink);
        if let Some(remedy) = &view.remedy {
            let (label, act) = match remedy {
                Remedy::Fix(fix) => (words.settings(SettingsText::Fix).to_owned(), Act::Fix(fix.clone())),
                Remedy::LowerTo(bitrate) => (words.lower_to(bitrate.kbps()), Act::SetBitrate(*bitrate)),
                Remedy::RetryNow => (words.text(Text::RetryNow).to_owned(), Act::RetryNow),
                Remedy::Silence => (words.text(Text::GoWithoutSound).to_owned(), Act::PickAudio(AudioChoice::Silence)),
                Remedy::Unmute => (words.text(Text::Unmute).to_owned(), Act::SetMuted(false)),
            };
            if button(ui, &label).clicked() {
                acts.push(act);
            }
        }
    });
}
