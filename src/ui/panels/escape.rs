//! Escape: closes what is open, the topmost first, as its own button would.

use eframe::egui::{Key, KeyboardShortcut, Modifiers, Popup, Ui};

use super::keys::is_pressed_anew;
use super::viewer::is_open;
use crate::ui::check::CheckAct;
use crate::ui::view::{Act, View, ViewState};

/// Closes one thing if Escape was pressed. Where it is `compact` the settings lie over all else.
pub(super) fn escape(ui: &Ui, view: &View, state: &mut ViewState, compact: bool, acts: &mut Vec<Act>) {
    // An open list takes the key itself.
    let keys = KeyboardShortcut::new(Modifiers::NONE, Key::Escape);
    if Popup::is_any_open(ui.ctx()) || !is_pressed_anew(ui, keys) {
        return;
    }
    // The field has lost the focus by that key already: what is in it would be taken now.
    let gave_up = view.settings.is_some() && state.settings.give_up();
    let closed = std::mem::take(&mut state.keys_open)
        || state.ribbon.scrub.take().is_some()
        || state.sources.give_up()
        || std::mem::take(&mut state.primary.asks)
        || gave_up;
    if closed {
        return;
    }
    let settings = view.settings.is_some().then_some(Act::CloseSettings);
    let told = (!view.profiles.around.told.is_empty()).then_some(Act::DismissTold);
    let open = if compact { [settings, top_card(view), told] } else { [top_card(view), settings, told] };
    acts.extend(open.into_iter().flatten().next());
}

/// What puts the card away that lies over the picture, the topmost if there are several.
pub(super) fn top_card(view: &View) -> Option<Act> {
    let result = view.result.is_some().then_some(Act::CloseResult);
    let check = view.check.is_some().then_some(Act::Check(CheckAct::Close));
    let sender = view.sources.incoming.card.is_some().then_some(Act::CloseSender);
    let share = view.viewer.as_ref().is_some_and(|viewer| is_open(&viewer.share)).then_some(Act::CloseShare);
    result.or(check).or(sender).or(share)
}
