//! The picture: size, frame rate, bitrate, keyframes, and whether the rate follows the network.

use eframe::egui;

use std::path::PathBuf;

use super::parts::{
    Typing, edited, hint, labelled_picker, lockable, locks, number_field, typed_field, value_picker, warning,
};
use super::{Place, SettingsState};
use crate::media::{Bitrate, FrameRate, Size};
use crate::settings::{CardChoice, Field, ShowSettings, typed_path};
use crate::ui::dialogs::DialogRequest;
use crate::ui::view::{Act, SettingsView};
use crate::ui::widgets::{button, tick_box};
use crate::ui::wording::{SettingsText, Words};

/// Sizes that are offered.
const SIZES: [(u32, u32); 8] =
    [(3840, 2160), (2560, 1440), (1920, 1080), (1280, 720), (854, 480), (640, 360), (1080, 1920), (720, 1280)];

/// Frame rates that are offered.
const RATES: [(u32, u32); 8] = [(24, 1), (25, 1), (30_000, 1001), (30, 1), (48, 1), (50, 1), (60_000, 1001), (60, 1)];

/// Seconds that viewers may fall behind that are offered; 0: they stay current.
const CACHES: [u32; 5] = [0, 5, 10, 30, 60];

pub(super) fn picture_ui(
    ui: &mut egui::Ui,
    view: &SettingsView,
    state: &mut SettingsState,
    words: Words,
    acts: &mut Vec<Act>,
) {
    let encoding = &view.settings.encoding;
    lockable(ui, view, Field::Size, |ui| {
        let sizes = SIZES.map(|(width, height)| Size::new(width, height));
        let shown = |size: Size| format!("{}×{}", size.width, size.height);
        if let Some(size) = value_picker(ui, words.settings(SettingsText::Size), &sizes, encoding.size, shown) {
            acts.push(edited(view, |settings| settings.encoding.size = size));
        }
    });
    lockable(ui, view, Field::FrameRate, |ui| {
        let rates: Vec<FrameRate> = RATES.iter().filter_map(|(num, den)| FrameRate::new(*num, *den)).collect();
        let shown = |rate: FrameRate| words.short_decimal(rate.as_f64());
        let label = words.settings(SettingsText::FrameRate);
        if let Some(rate) = value_picker(ui, label, &rates, encoding.frame_rate, shown) {
            acts.push(edited(view, |settings| settings.encoding.frame_rate = rate));
        }
    });
    let label = words.settings(SettingsText::Bitrate);
    let shown = |settings: &ShowSettings| settings.encoding.video_bitrate.kbps().to_string();
    let read = |typed: &str| {
        typed.parse().ok().map(|kbps| with(view, |s| s.encoding.video_bitrate = Bitrate::from_kbps(kbps)))
    };
    if let Some(settings) =
        number_field(ui, state, Place::Bitrate, (label, shown), ("50", "50000"), (view, words), read)
    {
        acts.push(Act::Edit(Box::new(settings)));
    }
    lockable(ui, view, Field::Keyframe, |ui| {
        let label = words.settings(SettingsText::Keyframe);
        let shown = |settings: &ShowSettings| words.short_decimal(settings.encoding.keyframe_seconds);
        let read =
            |typed: &str| typed.parse().ok().map(|seconds| with(view, |s| s.encoding.keyframe_seconds = seconds));
        let taken = number_field(ui, state, Place::Keyframe, (label, shown), ("0.1", "20"), (view, words), read);
        acts.extend(taken.map(|settings| Act::Edit(Box::new(settings))));
    });
    lockable(ui, view, Field::Adaptive, |ui| {
        let mut adaptive = encoding.adaptive;
        if tick_box(ui, &mut adaptive, words.settings(SettingsText::Adaptive)).changed() {
            acts.push(edited(view, |settings| settings.encoding.adaptive = adaptive));
        }
    });
    hint(ui, words.settings(SettingsText::AdaptiveHint));
    lockable(ui, view, Field::Adaptive, |ui| {
        let label = words.settings(SettingsText::LowestBitrate);
        // Above the rate itself it would be no bound.
        let most = encoding.video_bitrate.kbps().to_string();
        let shown = |settings: &ShowSettings| settings.encoding.lowest_bitrate().kbps().to_string();
        let read = |typed: &str| {
            let lowest =
                typed.parse().ok().map(Bitrate::from_kbps).filter(|lowest| *lowest <= encoding.video_bitrate)?;
            Some(with(view, |s| s.encoding.video_bitrate_min = Some(lowest)))
        };
        let taken = number_field(ui, state, Place::Lowest, (label, shown), ("50", &most), (view, words), read);
        acts.extend(taken.map(|settings| Act::Edit(Box::new(settings))));
        let label = words.settings(SettingsText::WhenNarrow);
        let shown = |seconds| words.when_narrow(seconds);
        if let Some(seconds) = value_picker(ui, label, &CACHES, encoding.cache_seconds, shown) {
            acts.push(edited(view, |settings| settings.encoding.cache_seconds = seconds));
        }
    });
    lockable(ui, view, Field::Card, |ui| card_ui(ui, view, state, words, acts));
    locks(ui, view, &[Field::Size, Field::FrameRate, Field::Keyframe, Field::Adaptive, Field::Card], words);
}

/// What goes out while the picture does not come.
fn card_ui(ui: &mut egui::Ui, view: &SettingsView, state: &mut SettingsState, words: Words, acts: &mut Vec<Act>) {
    let card = &view.settings.card;
    let names =
        [SettingsText::CardWords, SettingsText::CardOff, SettingsText::CardImage].map(|text| words.settings(text));
    let chosen = match card {
        CardChoice::Words(_) => 0,
        CardChoice::Off => 1,
        CardChoice::Image(_) => 2,
    };
    let picked = labelled_picker(ui, words.settings(SettingsText::Card), &names, Some(chosen));
    if let Some(picked) = picked.filter(|picked| *picked != chosen) {
        let card = [CardChoice::default(), CardChoice::Off, CardChoice::Image(PathBuf::new())].into_iter().nth(picked);
        acts.extend(card.map(|card| edited(view, |settings| settings.card = card)));
    }
    let CardChoice::Image(path) = card else { return };
    let labels = (words.settings(SettingsText::CardPath), "");
    if let Some(Typing::Whole(typed)) = typed_field(ui, state, Place::Card, labels, &path.to_string_lossy()) {
        state.forget(Place::Card);
        let card = CardChoice::Image(typed_path(&typed));
        acts.push(edited(view, |settings| settings.card = card));
    }
    if view.around.has_dialogs && button(ui, words.settings(SettingsText::Choose)).clicked() {
        acts.push(Act::AskPath(DialogRequest::Card));
    }
    if let Some(fault) = &view.around.card_fault {
        warning(ui, &format!("{} {}", words.what(fault), words.to_do(fault)));
    }
}

fn with(view: &SettingsView, change: impl FnOnce(&mut ShowSettings)) -> ShowSettings {
    let mut settings = view.settings.clone();
    change(&mut settings);
    settings
}
