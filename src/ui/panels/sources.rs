//! The chips below the picture: camera, microphone, how it is encoded.

use std::path::PathBuf;

use eframe::egui::{Key, ScrollArea, Ui};

use super::incoming::{USUAL_NAME, incoming_ui};
use crate::settings::{AudioChoice, Lock, VideoChoice, typed_path};
use crate::ui::dialogs::DialogRequest;
use crate::ui::theme;
use crate::ui::view::{Act, Devices, SourcesState, SourcesView, Tab};
use crate::ui::view_state::PathState;
use crate::ui::widgets::{ButtonKind, button, chip, choose, choose_of, field, kind_button, menu_below, text};
use crate::ui::wording::{SettingsText, Text, Words};

/// An entry of a list of sources.
pub(super) enum Entry<C> {
    /// Choose this.
    Choice(C),
    /// Type a path.
    Path,
    /// Type the name of an incoming stream.
    Stream,
}

/// What the picture can come from, with names.
pub(super) fn video_entries(view: &SourcesView, words: Words) -> Vec<(String, Entry<VideoChoice>)> {
    let mut entries = Vec::new();
    for device in found(&view.cameras) {
        entries.push((device.1.clone(), Entry::Choice(VideoChoice::Camera(Some(device.0.clone())))));
    }
    let is_first = matches!(view.video, VideoChoice::Auto | VideoChoice::Camera(None));
    if matches!(view.video, VideoChoice::File(_) | VideoChoice::Incoming(_)) || (is_first && entries.is_empty()) {
        entries.push((video_name(view, words), Entry::Choice(view.video.clone())));
    }
    entries.push((words.text(Text::TestPicture).to_owned(), Entry::Choice(VideoChoice::Test)));
    entries.push((words.text(Text::Clip).to_owned(), Entry::Path));
    entries.push((words.text(Text::NoPicture).to_owned(), Entry::Choice(VideoChoice::None)));
    entries
}

/// What the sound can come from, with names.
pub(super) fn audio_entries(view: &SourcesView, words: Words) -> Vec<(String, Entry<AudioChoice>)> {
    let mut entries = Vec::new();
    for device in found(&view.microphones) {
        entries.push((device.1.clone(), Entry::Choice(AudioChoice::Microphone(Some(device.0.clone())))));
    }
    let is_default = matches!(view.audio, AudioChoice::Auto | AudioChoice::Microphone(None));
    if matches!(view.audio, AudioChoice::File(_) | AudioChoice::Incoming(_)) || (is_default && entries.is_empty()) {
        entries.push((audio_name(view, words), Entry::Choice(view.audio.clone())));
    }
    entries.push((words.text(Text::TestTone).to_owned(), Entry::Choice(AudioChoice::Test)));
    entries.push((words.text(Text::Clip).to_owned(), Entry::Path));
    entries.push((words.text(Text::NoSound).to_owned(), Entry::Choice(AudioChoice::Silence)));
    entries
}

fn found(devices: &Devices) -> Vec<(String, String)> {
    match devices {
        Devices::Looking => Vec::new(),
        Devices::Found(found) => found.iter().map(|device| (device.id.clone(), device.name.clone())).collect(),
    }
}

fn is_none(devices: &Devices) -> bool {
    matches!(devices, Devices::Found(found) if found.is_empty())
}

/// Where in `entries` the choice of the moment stands.
pub(super) fn chosen<C: PartialEq>(
    entries: &[(String, Entry<C>)],
    choice: &C,
    default: impl Fn(&C) -> bool,
) -> Option<usize> {
    let is_it = |entry: &Entry<C>| matches!(entry, Entry::Choice(known) if known == choice);
    let exact = entries.iter().position(|(_, entry)| is_it(entry));
    // "The first camera" is the first of the cameras; without any it is an entry of its own.
    exact.or_else(|| default(choice).then_some(0))
}

/// What the picture comes from, for people.
pub(super) fn video_name(view: &SourcesView, words: Words) -> String {
    let device = |id: Option<&String>| {
        let cameras = found(&view.cameras);
        let known = cameras.iter().find(|(known, _)| id.is_none_or(|id| id == known)).map(|(_, name)| name.clone());
        known.or_else(|| id.cloned())
    };
    match &view.video {
        VideoChoice::Auto | VideoChoice::Camera(None) => {
            let unknown = if is_none(&view.cameras) { Text::NoCameraFound } else { Text::FirstCamera };
            device(None).unwrap_or_else(|| words.text(unknown).to_owned())
        }
        VideoChoice::Camera(id) => device(id.as_ref()).unwrap_or_default(),
        VideoChoice::Incoming(name) => words.incoming(name),
        VideoChoice::Test => words.text(Text::TestPicture).to_owned(),
        VideoChoice::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        VideoChoice::None => words.text(Text::NoPicture).to_owned(),
    }
}

/// What the sound comes from, for people.
pub(super) fn audio_name(view: &SourcesView, words: Words) -> String {
    let device = |id: Option<&String>| {
        let microphones = found(&view.microphones);
        let known = microphones.iter().find(|(known, _)| id.is_none_or(|id| id == known)).map(|(_, name)| name.clone());
        known.or_else(|| id.cloned())
    };
    match &view.audio {
        AudioChoice::Auto | AudioChoice::Microphone(None) => {
            let unknown = if is_none(&view.microphones) { Text::NoMicrophoneFound } else { Text::DefaultMicrophone };
            view.lost_microphone.clone().or_else(|| device(None)).unwrap_or_else(|| words.text(unknown).to_owned())
        }
        AudioChoice::Microphone(id) => device(id.as_ref()).unwrap_or_default(),
        AudioChoice::Incoming(name) => words.incoming(name),
        AudioChoice::Test => words.text(Text::TestTone).to_owned(),
        AudioChoice::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        AudioChoice::Silence => words.text(Text::NoSound).to_owned(),
    }
}

/// Draws the chips in a row that wraps, or with `one_row` is scrolled.
pub fn sources_ui(
    ui: &mut Ui,
    view: &SourcesView,
    state: &mut SourcesState,
    words: Words,
    acts: &mut Vec<Act>,
    one_row: bool,
) {
    if one_row {
        ScrollArea::horizontal().id_salt("chips").auto_shrink([false, true]).show(ui, |ui| {
            ui.horizontal(|ui| chips_ui(ui, view, state, words, acts));
        });
    } else {
        ui.horizontal_wrapped(|ui| chips_ui(ui, view, state, words, acts));
    }
}

/// The field for a path or a name where one is wanted, and where incoming streams must be sent.
pub(super) fn source_fields_ui(
    ui: &mut Ui,
    view: &SourcesView,
    state: &mut SourcesState,
    words: Words,
    acts: &mut Vec<Act>,
) {
    video_path_ui(ui, view, state, words, acts);
    audio_path_ui(ui, view, state, words, acts);
    incoming_ui(ui, view, state, words, acts);
}

/// The field for the path of a clip, where one is wanted.
pub(super) fn video_path_ui(
    ui: &mut Ui,
    view: &SourcesView,
    state: &mut SourcesState,
    words: Words,
    acts: &mut Vec<Act>,
) {
    let answer = path_field(ui, Text::ClipPath, &mut state.video_path, view, DialogRequest::Picture, words);
    acts.extend(answer.map(|answer| answer.into_act(|path| Act::PickVideo(VideoChoice::File(path)))));
}

/// The same for the sound.
pub(super) fn audio_path_ui(
    ui: &mut Ui,
    view: &SourcesView,
    state: &mut SourcesState,
    words: Words,
    acts: &mut Vec<Act>,
) {
    let answer = path_field(ui, Text::SoundClipPath, &mut state.audio_path, view, DialogRequest::Sound, words);
    acts.extend(answer.map(|answer| answer.into_act(|path| Act::PickAudio(AudioChoice::File(path)))));
}

fn chips_ui(ui: &mut Ui, view: &SourcesView, state: &mut SourcesState, words: Words, acts: &mut Vec<Act>) {
    // What is wider than the panel would widen it, and be cut off together with the cards below.
    let width = theme::scaled(ui, 320.0).min(ui.max_rect().width());
    let menu_width = theme::scaled(ui, 260.0);
    let name = words.text(Text::Camera);
    let response = chip(ui, name, &video_name(view, words), width);
    let mut entries = video_entries(view, words);
    offer_stream(&mut entries, words);
    let now = chosen(&entries, &view.video, |video| matches!(video, VideoChoice::Auto | VideoChoice::Camera(None)));
    let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
    let none = is_none(&view.cameras);
    let lock = |(_, entry): &(String, Entry<VideoChoice>)| match entry {
        _ if !view.on_air => None,
        Entry::Choice(choice) => Lock::between(&view.video, choice),
        // A picture, whichever it will be.
        Entry::Path | Entry::Stream => Lock::between(&view.video, &VideoChoice::Test),
    };
    let picked = menu_below(&response, name, menu_width, |ui| {
        devices_note(ui, &view.cameras, none, Text::NoCameraFound, words);
        if let Some(lock) = entries.iter().find_map(lock) {
            let (font, ink) = (theme::small(ui), theme::tokens(ui).dim);
            text(ui, words.lock(lock), font, ink);
        }
        choose_of(ui, &names, now, |index| entries.get(index).is_some_and(|entry| lock(entry).is_none()))
    });
    match picked.flatten().and_then(|index| entries.into_iter().nth(index)) {
        Some((_, Entry::Choice(choice))) => acts.push(Act::PickVideo(choice)),
        Some((_, Entry::Path)) => state.video_path.open(),
        Some((_, Entry::Stream)) => (state.video_stream, state.begins) = (Some(USUAL_NAME.to_owned()), true),
        None => {}
    }

    let name = words.text(Text::Microphone);
    let response = chip(ui, name, &audio_name(view, words), width);
    let mut entries = audio_entries(view, words);
    offer_stream(&mut entries, words);
    let is_default = |audio: &AudioChoice| matches!(audio, AudioChoice::Auto | AudioChoice::Microphone(None));
    let now = chosen(&entries, &view.audio, is_default);
    // It is waited for, and the first of those that are left is not heard.
    let now = now.filter(|_| view.lost_microphone.is_none() || !is_default(&view.audio));
    let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
    let none = is_none(&view.microphones);
    let picked = menu_below(&response, name, menu_width, |ui| {
        devices_note(ui, &view.microphones, none, Text::NoMicrophoneFound, words);
        choose(ui, &names, now)
    });
    match picked.flatten().and_then(|index| entries.into_iter().nth(index)) {
        Some((_, Entry::Choice(choice))) => acts.push(Act::PickAudio(choice)),
        Some((_, Entry::Path)) => state.audio_path.open(),
        Some((_, Entry::Stream)) => (state.audio_stream, state.begins) = (Some(USUAL_NAME.to_owned()), true),
        None => {}
    }

    let summary = words.picture_summary(view.size, view.frame_rate, view.bitrate);
    if chip(ui, words.text(Text::Picture), &summary, width).clicked() {
        acts.push(Act::OpenSettings(Tab::Picture));
    }
}

/// Adds the way to an incoming stream, before the last entry, which is to have nothing.
fn offer_stream<C>(entries: &mut Vec<(String, Entry<C>)>, words: Words) {
    let last = entries.len().saturating_sub(1);
    entries.insert(last, (words.text(Text::IncomingStream).to_owned(), Entry::Stream));
}

fn devices_note(ui: &mut Ui, devices: &Devices, none: bool, no_device: Text, words: Words) {
    let note = match devices {
        Devices::Looking => Text::LookingForDevices,
        Devices::Found(_) if none => no_device,
        Devices::Found(_) => return,
    };
    let (font, ink) = (theme::small(ui), theme::tokens(ui).dim);
    text(ui, words.text(note), font, ink);
}

/// What came of a field for a path.
enum PathAnswer {
    /// This file.
    Use(PathBuf),
    /// Ask the system for one.
    Ask(DialogRequest),
}

impl PathAnswer {
    fn into_act(self, pick: impl Fn(PathBuf) -> Act) -> Act {
        match self {
            Self::Use(path) => pick(path),
            Self::Ask(request) => Act::AskPath(request),
        }
    }
}

/// A field for a path, with a button to use it, one for `dialog` where there are such, and one to give up; Enter does what
/// the first does, and the window's Escape what the last does. It closes once a dialog has brought a file.
fn path_field(
    ui: &mut Ui,
    label: Text,
    state: &mut PathState,
    view: &SourcesView,
    dialog: DialogRequest,
    words: Words,
) -> Option<PathAnswer> {
    if state.browsed.is_some_and(|before| before != view.files_chosen) {
        *state = PathState::default();
    }
    let typed = &mut state.typed;
    let value = typed.as_mut()?;
    let (mut use_it, mut browse, mut give_up) = (false, false, false);
    ui.scope(|ui| {
        ui.set_max_width(theme::scaled(ui, 480.0).min(ui.available_width()));
        let response = field(ui, words.text(label), value, "/home/me/Videos/clip.mp4");
        if std::mem::take(&mut state.begins) {
            response.request_focus();
        }
        use_it = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        ui.horizontal(|ui| {
            let (use_label, cancel) = (words.text(Text::UseClip), words.text(Text::Cancel));
            let usable = !value.trim().is_empty();
            let pressed =
                ui.add_enabled_ui(usable, |ui| kind_button(ui, ButtonKind::Accent, use_label, use_label).clicked());
            use_it |= pressed.inner;
            browse = view.has_dialogs && button(ui, words.settings(SettingsText::Browse)).clicked();
            give_up = button(ui, cancel).clicked();
        });
    });
    let path = typed_path(value);
    if use_it && !path.as_os_str().is_empty() {
        *typed = None;
        return Some(PathAnswer::Use(path));
    }
    if browse {
        // What is typed stays for whoever gives the dialog up.
        state.browsed = Some(view.files_chosen);
        return Some(PathAnswer::Ask(dialog));
    }
    if give_up {
        *typed = None;
    }
    None
}
