//! Incoming streams below the chips: the field for a stream's name, and the address that its sender needs.

use eframe::egui::{Key, Ui};

use super::viewer::{address_card, card_over};
use crate::settings::{AudioChoice, Field, StreamName, VideoChoice};
use crate::ui::incoming::SenderCard;
use crate::ui::theme;
use crate::ui::view::{Act, SourcesState, SourcesView};
use crate::ui::widgets::{ButtonKind, button, field, kind_button, text};
use crate::ui::wording::{Text, Words};

/// What stands in the field at first.
pub(super) const USUAL_NAME: &str = "phone";

/// Draws the fields that are open and the addresses of the streams that are chosen.
pub(super) fn incoming_ui(
    ui: &mut Ui,
    view: &SourcesView,
    state: &mut SourcesState,
    words: Words,
    acts: &mut Vec<Act>,
) {
    let begins = &mut state.begins;
    if let Some(name) = name_field(ui, Text::PictureStreamName, &mut state.video_stream, begins, words) {
        acts.push(Act::PickVideo(VideoChoice::Incoming(name)));
    }
    if let Some(name) = name_field(ui, Text::SoundStreamName, &mut state.audio_stream, begins, words) {
        acts.push(Act::PickAudio(AudioChoice::Incoming(name)));
    }
    // Picture and sound are mostly of one stream: its address is told once.
    let incoming = &view.incoming;
    let [picture, sound] = &incoming.addresses;
    let other = sound.as_ref().filter(|sound| Some(*sound) != picture.as_ref());
    // Who may send is read once, when a show starts.
    let lock = Field::Ingest.lock().filter(|_| view.on_air).map(|lock| words.lock(lock));
    let lockable = |ui: &mut Ui, label: Text, hint: Option<Text>| {
        let draw = |ui: &mut Ui| button(ui, words.text(label));
        let response = ui.add_enabled_ui(lock.is_none(), draw).inner;
        let response = response.on_disabled_hover_text(lock.unwrap_or_default());
        hint.map_or(response.clone(), |hint| response.on_hover_text(words.text(hint))).clicked()
    };
    for address in picture.iter().chain(other) {
        ui.horizontal_wrapped(|ui| {
            let (font, ink) = (theme::small(ui), theme::tokens(ui).dim);
            text(ui, words.send_to(address), font, ink);
            if incoming.open {
                if button(ui, words.text(Text::ShowSender)).clicked() {
                    acts.push(Act::LetSend);
                }
                if lockable(ui, Text::OnlyHere, None) {
                    acts.push(Act::OnlyHere);
                }
            } else {
                if button(ui, words.text(Text::CopyAddress)).clicked() {
                    acts.push(Act::CopyText(address.clone()));
                }
                if lockable(ui, Text::LetSend, Some(Text::LetSendHint)) {
                    acts.push(Act::LetSend);
                }
            }
        });
    }
}

/// The address with its key, over the picture.
pub(super) fn sender_ui(ui: &mut Ui, card: &SenderCard, words: Words, acts: &mut Vec<Act>) {
    let all = ui.available_rect_before_wrap();
    card_over(ui, all, words.text(Text::SenderTitle), words, |ui| {
        address_card(ui, words.text(Text::SenderHint), &card.url, card.code.as_ref(), words, acts);
    })
    .then(|| acts.push(Act::CloseSender));
}

/// A field for a stream's name, with a button to use it and one to give up; Enter and the window's Escape do the same.
/// `begins`: the next that is typed is the name.
fn name_field(
    ui: &mut Ui,
    label: Text,
    typed: &mut Option<String>,
    begins: &mut bool,
    words: Words,
) -> Option<StreamName> {
    let value = typed.as_mut()?;
    let (mut use_it, mut give_up) = (false, false);
    let mut name = None;
    ui.scope(|ui| {
        ui.set_max_width(theme::scaled(ui, 480.0).min(ui.available_width()));
        let response = field(ui, words.text(label), value, USUAL_NAME);
        if std::mem::take(begins) {
            response.request_focus();
        }
        use_it = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        name = value.trim().parse().ok();
        if use_it && name.is_none() {
            response.request_focus();
        }
        if name.is_none() {
            let (font, ink) = (theme::small(ui), theme::tokens(ui).warn);
            text(ui, words.text(Text::StreamNameWrong), font, ink);
        }
        ui.horizontal(|ui| {
            let label = words.text(Text::UseStream);
            let usable = name.is_some();
            let pressed = ui.add_enabled_ui(usable, |ui| kind_button(ui, ButtonKind::Accent, label, label).clicked());
            use_it |= pressed.inner;
            give_up = button(ui, words.text(Text::Cancel)).clicked();
        });
    });
    let chosen = name.filter(|_| use_it);
    if chosen.is_some() || give_up {
        *typed = None;
    }
    chosen
}
