//! Who else may watch a rehearsal: what a user asks for.

use super::order::Order;
use super::view::Act;
use super::viewer_view::{ShareView, ViewerView};
use crate::studio::StudioCommand;

impl ViewerView {
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
    use crate::studio::{Problem, ProblemKind};

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
