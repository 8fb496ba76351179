//! Another connection that the server asks for (Enhanced RTMP v2, "Reconnect Request"): it is made beside the one that has the
//! show, and has it from a keyframe on.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::super::approach::Next;
use super::super::reconnect::GOOD_AFTER;
use super::super::servers::{SENT_ON_MAX, sent_on};
use super::super::{PublishTarget, PublisherEvent};
use super::{Phase, Pump};
use crate::media::Timestamp;
use crate::output::{Misdirection, PublishError};
use crate::rtmp::client::{Elsewhere, RECONNECT_REQUEST};

/// How far another connection is that the server asked for.
pub(super) enum Moving<'a> {
    Opening(PublishTarget, Pin<Box<dyn Future<Output = Result<Next, PublishError>> + Send + 'a>>),
    /// The show leaves with the next keyframe.
    Opened(Next),
    /// It takes its leave.
    Leaving(Next),
}

impl Pump<'_> {
    /// Where the show goes next, if the server asked for that.
    pub(in crate::output::publisher) fn take_next(&mut self) -> Option<Next> {
        match self.moving.take()? {
            Moving::Opening(target, _) => Some(Next { target, ready: None }),
            Moving::Opened(next) | Moving::Leaving(next) => Some(next),
        }
    }

    /// The server asks for another connection: it is made beside this one, which has the show until then.
    pub(super) fn move_asked(&mut self, to: Option<Elsewhere>, now: Timestamp) {
        if self.phase != Phase::Live || self.ends || self.moving.is_some() {
            return;
        }
        if self.published_at.is_some_and(|at| now.since(at) >= GOOD_AFTER) {
            self.carried.sent_on = 0;
        }
        let target = match to {
            _ if self.carried.sent_on >= SENT_ON_MAX => Err(Misdirection::InCircles),
            None => Ok(self.target.clone()),
            Some(to) => sent_on(self.target, &to),
        };
        match target {
            Ok(target) => {
                self.moving = Some(Moving::Opening(target.clone(), Box::pin(self.task.get_ready(target))));
            }
            Err(why) => self.stays(now, PublishError::Misdirected(why)),
        }
    }

    pub(super) fn poll_moving(&mut self, cx: &mut Context<'_>, now: Timestamp) -> bool {
        let Some(Moving::Opening(_, opening)) = &mut self.moving else { return false };
        let Poll::Ready(opened) = opening.as_mut().poll(cx) else { return false };
        self.moving = None;
        match opened {
            Ok(next) => {
                self.moving = Some(Moving::Opened(next));
                self.task.output.request_keyframe();
            }
            Err(error) => self.stays(now, error),
        }
        true
    }

    /// The show goes on here for as long as it can.
    fn stays(&mut self, now: Timestamp, error: PublishError) {
        tracing::debug!(?error, "the server asked for another connection, and there is none");
        if matches!(error, PublishError::Cancelled) {
            return;
        }
        if self.carried.said.is_told(now, "warning", RECONNECT_REQUEST, Some(&format!("{error:?}"))) {
            self.task.tell(PublisherEvent::Stays { error });
        }
    }

    /// What is left of the show fits through this connection.
    pub(super) fn stay_for_the_end(&mut self) {
        self.moving.take_if(|moving| !matches!(moving, Moving::Leaving(_)));
    }

    /// Leaves for another connection that is there, if what comes next can begin one: says goodbye, and leaves the rest in the
    /// queue.
    pub(super) fn leaves(&mut self, now: Timestamp) -> bool {
        let begins = || self.task.config.headers.video.is_none() || self.task.output.queue().begins_with_keyframe();
        let opened = self.moving.take_if(|moving| matches!(moving, Moving::Opened(_)) && begins());
        let Some(Moving::Opened(next)) = opened else { return false };
        self.moving = Some(Moving::Leaving(next));
        self.phase = Phase::Closing;
        self.session.close(now);
        true
    }
}
