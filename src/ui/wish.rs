//! A wish to begin a show or a recording waits one frame: what is being typed is taken over first, and belongs to the show.

use eframe::egui::Context;

use super::panels::settings::SettingsState;
use super::view::{Act, Tab};
use super::widgets::leave_field;

/// The wish, while it waits.
#[derive(Debug, Default)]
pub(super) struct Wish(Option<Act>);

impl Wish {
    /// Before the panels are drawn: the wish whose frame has come. A field that is being typed in loses the focus, and
    /// so tells in this frame what it holds.
    pub(super) fn due(&mut self, ctx: &Context) -> Option<Act> {
        let due = self.0.take()?;
        leave_field(ctx);
        Some(due)
    }

    /// What is to be done of the acts of a frame, in this order; a new wish to begin is kept for the next frame. A show
    /// does not go to the server that was set before the one that is shown and makes no sense.
    pub(super) fn ordered(
        &mut self,
        ctx: &Context,
        acts: Vec<Act>,
        due: Option<Act>,
        settings: &SettingsState,
    ) -> Vec<Act> {
        let begins = |act: &Act| match act {
            Act::GoLive | Act::Rehearse | Act::Record | Act::ToggleRecord => true,
            Act::Check(act) => act.begins(),
            _ => false,
        };
        let (wishes, mut ordered): (Vec<_>, Vec<_>) = acts.into_iter().partition(begins);
        if let Some(wish) = wishes.into_iter().next() {
            self.0 = Some(wish);
            ctx.request_repaint();
        }
        let goes_there = matches!(due, Some(Act::GoLive | Act::Check(_)));
        let is_wrong = goes_there && settings.wrong_server().is_some();
        ordered.extend(if is_wrong { Some(Act::OpenSettings(Tab::Destination)) } else { due });
        ordered
    }
}
