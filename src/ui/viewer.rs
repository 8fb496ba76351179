//! What the viewer of a rehearsal gets, beside the program; and who else may watch.

use super::model::Order;
use super::view::{Act, ChannelView};
use crate::settings::QrCode;
use crate::studio::{Problem, StudioCommand, ViewerNow};

/// What the viewer gets.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ViewerView {
    /// The viewer's sound; none before there is some.
    pub channels: Vec<ChannelView>,
    /// From capture to decoded, in milliseconds.
    pub latency_ms: Option<f64>,
    /// Whether other devices may watch.
    pub share: ShareView,
}

/// Watching a rehearsal on another device.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum ShareView {
    /// Only this computer.
    #[default]
    Off,
    /// The user is asked.
    Asks,
    /// It is being opened.
    Opening,
    /// Whoever has the address watches.
    On {
        /// With the key.
        url: String,
        /// The same for a camera.
        code: Option<QrCode>,
        /// Whether both are shown.
        open: bool,
    },
    /// It cannot be.
    Failed(Problem),
}

impl ViewerView {
    /// Takes what the viewer sees and hears now.
    pub fn take(&mut self, now: &ViewerNow) {
        let channel =
            |level: &crate::media::Level| ChannelView { peak_dbfs: level.peak_dbfs, hold_dbfs: level.peak_dbfs };
        self.channels = now.channels.iter().map(channel).collect();
        self.latency_ms = now.latency_ms;
    }

    /// Whether other devices may watch.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self.share, ShareView::On { .. })
    }

    /// The engine's answer to `StudioCommand::ShareRehearsal`.
    pub fn handle_shared(&mut self, shared: Result<String, Problem>) {
        self.share = match shared {
            Ok(url) => ShareView::On { code: QrCode::of(&url), url, open: true },
            Err(problem) => ShareView::Failed(problem),
        };
    }

    /// Takes what a user asked for; gives what is to be done.
    pub fn handle_act(&mut self, act: &Act) -> Vec<Order> {
        match (act, &mut self.share) {
            (Act::AskToShare, ShareView::On { open, .. }) => *open = true,
            (Act::AskToShare, share @ (ShareView::Off | ShareView::Failed(_))) => *share = ShareView::Asks,
            (Act::Share, share @ ShareView::Asks) => {
                *share = ShareView::Opening;
                return vec![Order::Engine(StudioCommand::ShareRehearsal)];
            }
            // Who has the address may go on watching: it was allowed until the rehearsal ends.
            (Act::CloseShare, ShareView::On { open, .. }) => *open = false,
            (Act::CloseShare, share) => *share = ShareView::Off,
            _ => {}
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::ProblemKind;

    #[test]
    fn nobody_else_watches_before_it_was_asked_and_allowed() {
        let mut viewer = ViewerView::default();
        assert_eq!(viewer.handle_act(&Act::Share), []);
        assert_eq!(viewer.handle_act(&Act::AskToShare), []);
        assert_eq!(viewer.share, ShareView::Asks);
        viewer.handle_act(&Act::CloseShare);
        assert_eq!(viewer.share, ShareView::Off);
        viewer.handle_act(&Act::AskToShare);
        assert_eq!(viewer.handle_act(&Act::Share), [Order::Engine(StudioCommand::ShareRehearsal)]);
        assert_eq!(viewer.handle_act(&Act::Share), [], "once");
        viewer.handle_shared(Ok("http://192.168.1.2:3/watch/rehearsal/show?key=k".to_owned()));
        viewer.handle_act(&Act::CloseShare);
        assert!(matches!(&viewer.share, ShareView::On { open: false, code: Some(_), .. }));
        viewer.handle_act(&Act::AskToShare);
        assert!(matches!(&viewer.share, ShareView::On { open: true, .. }));
        viewer.handle_shared(Err(Problem::new(ProblemKind::IngestFailed, "rehearsal", "no network")));
        assert!(matches!(viewer.share, ShareView::Failed(_)));
    }
}
