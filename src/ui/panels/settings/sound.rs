//! The sound: device, volume, rates, mono or stereo.

use std::path::PathBuf;

use eframe::egui;

use super::parts::{Typing, edited, hint, labelled_picker, lockable, locks, typed_field, value_picker};
use super::secrets::SecretText;
use super::typed::TypedField;
use super::{Place, SettingsState};
use crate::media::Bitrate;
use crate::settings::{AudioChoice, Field, ShowSettings, typed_path};
use crate::ui::theme::RADIUS;
use crate::ui::view::{Act, Devices, SettingsView};
use crate::ui::widgets::focus_ring;
use crate::ui::wording::{SettingsText, Text, Words};

/// Rates that are offered, in kb/s.
const KBPS: [u32; 7] = [64, 96, 128, 160, 192, 256, 320];
/// Sample rates that are offered, in Hz.
const SAMPLE_RATES: [u32; 3] = [48_000, 44_100, 32_000];

pub(super) fn sound_ui(
    ui: &mut egui::Ui,
    view: &SettingsView,
    state: &mut SettingsState,
    words: Words,
    acts: &mut Vec<Act>,
) {
    let encoding = &view.settings.encoding;
    device(ui, view, state, words, acts);

    let mut gain = view.settings.gain_db;
    let slider = egui::Slider::new(&mut gain, ShowSettings::GAIN_DB)
        .step_by(0.5)
        .custom_formatter(|gain_db, _| words.decimal(gain_db, 1))
        .custom_parser(|typed| typed.trim().replace(',', ".").replace('−', "-").parse().ok())
        .text(words.settings(SettingsText::Gain));
    let slider = ui.add(slider);
    focus_ring(ui, &slider, slider.rect, RADIUS);
    if slider.changed() {
        acts.push(Act::SetGain(gain));
    }

    lockable(ui, view, Field::SampleRate, |ui| {
        let label = words.settings(SettingsText::SampleRate);
        let shown = |hertz: u32| format!("{} kHz", words.short_decimal(f64::from(hertz) / 1000.0));
        if let Some(hertz) = value_picker(ui, label, &SAMPLE_RATES, encoding.sample_rate, shown) {
            acts.push(edited(view, |settings| settings.encoding.set_sound_form(hertz, encoding.channels)));
        }
    });
    let most = encoding.audio_bitrate_max();
    lockable(ui, view, Field::AudioBitrate, |ui| {
        let label = words.settings(SettingsText::SoundBitrate);
        let rates: Vec<Bitrate> = KBPS.map(Bitrate::from_kbps).into_iter().filter(|rate| *rate <= most).collect();
        let shown = |rate: Bitrate| format!("{} kb/s", rate.kbps());
        if let Some(rate) = value_picker(ui, label, &rates, encoding.audio_bitrate, shown) {
            acts.push(edited(view, |settings| settings.encoding.audio_bitrate = rate));
        }
    });
    if KBPS.last().is_some_and(|highest| Bitrate::from_kbps(*highest) > most) {
        hint(ui, &words.sound_holds(encoding.sample_rate, encoding.channels, most));
    }
    lockable(ui, view, Field::Channels, |ui| {
        let label = words.settings(SettingsText::Channels);
        let name = |channels| words.settings(if channels == 1 { SettingsText::Mono } else { SettingsText::Stereo });
        let shown = |channels| name(channels).to_owned();
        if let Some(channels) = value_picker(ui, label, &[2, 1], encoding.channels, shown) {
            acts.push(edited(view, |settings| settings.encoding.set_sound_form(encoding.sample_rate, channels)));
        }
    });
    locks(ui, view, &[Field::SampleRate, Field::AudioBitrate, Field::Channels], words);
}

fn device(ui: &mut egui::Ui, view: &SettingsView, state: &mut SettingsState, words: Words, acts: &mut Vec<Act>) {
    let current = &view.settings.audio;
    let mut choices = vec![(AudioChoice::Auto, words.text(Text::DefaultMicrophone).to_owned())];
    if let Devices::Found(devices) = &view.around.microphones {
        choices.extend(devices.iter().map(|d| (AudioChoice::Microphone(Some(d.id.clone())), d.name.clone())));
    }
    choices.push((AudioChoice::Test, words.text(Text::TestTone).to_owned()));
    choices.push((AudioChoice::Silence, words.text(Text::NoSound).to_owned()));
    let file = match current {
        AudioChoice::File(path) => path.clone(),
        _ => PathBuf::new(),
    };
    let shown = file.to_string_lossy().into_owned();
    choices.push((AudioChoice::File(file.clone()), words.settings(SettingsText::SoundFile).to_owned()));
    if !choices.iter().any(|(choice, _)| choice == current) {
        // A device that is not there now; `mic` alone is the default one.
        let name = match current {
            AudioChoice::Microphone(Some(id)) => id.clone(),
            AudioChoice::Incoming(name) => words.incoming(name),
            _ => words.text(Text::DefaultMicrophone).to_owned(),
        };
        choices.insert(1, (current.clone(), name));
    }
    let items: Vec<&str> = choices.iter().map(|(_, name)| name.as_str()).collect();
    let chosen = choices.iter().position(|(choice, _)| choice == current);
    let picked = labelled_picker(ui, words.settings(SettingsText::Device), &items, chosen);
    match picked.and_then(|index| choices.get(index)) {
        // A file is taken when its path is there.
        Some((AudioChoice::File(_), _)) => {
            let typed = TypedField { text: Some(SecretText::default()), over: shown.clone(), ..TypedField::default() };
            *state.typed.of(state.destination, Place::SoundFile) = typed;
        }
        Some((choice, _)) => {
            state.forget(Place::SoundFile);
            acts.push(edited(view, |settings| settings.audio = choice.clone()));
        }
        None => {}
    }
    let is_file = matches!(current, AudioChoice::File(_));
    if is_file || state.typed_at(Place::SoundFile).is_some() {
        let labels = (words.text(Text::SoundClipPath), "");
        let typing = typed_field(ui, state, Place::SoundFile, labels, &shown);
        if let Some(Typing::Whole(path)) = typing
            && !path.trim().is_empty()
        {
            state.forget(Place::SoundFile);
            acts.push(edited(view, |settings| settings.audio = AudioChoice::File(typed_path(&path))));
        }
    }
}
