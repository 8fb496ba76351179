//! The way to a server in rounds, where it asks for a login or sends on; and the way to one that the show is to go over to, while
//! another has it.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::ReadBuf;
use tokio::time::timeout;

use super::attempt::{Seen, Task};
use super::connect::TCP_DEADLINE;
use super::known::Known;
use super::outgoing::Outgoing;
use super::servers::{Role, SENT_ON_MAX, Server, sent_on};
use super::transport::Transport;
use super::{PublishTarget, tcp_info};
use crate::clock::Clock;
use crate::output::{Misdirection, PublishError, PublishStep};
use crate::rtmp::auth::{self, AuthStep};
use crate::rtmp::client::{ClientError, ClientEvent, ClientSession, Output, Step};

/// Rounds of a login, each a connection of its own: ask, get the challenge, answer.
const LOGIN_ROUNDS_MAX: usize = 3;
/// A server that the show is to go over to is ready for it within this time, or the show stays.
const READY_LIMIT: Duration = Duration::from_secs(5);

/// Where a connection is made to, and with what.
#[derive(Debug)]
pub(super) struct Approach {
    pub(super) target: PublishTarget,
    pub(super) login: Option<AuthStep>,
    rounds: usize,
    sent_on: usize,
}

impl Approach {
    pub(super) fn to(target: PublishTarget) -> Self {
        Self { target, login: None, rounds: 1, sent_on: 0 }
    }

    /// After a connection that ended with `error`: makes ready for another, if that is what the server wants.
    pub(super) fn after(&mut self, error: PublishError) -> Result<(), PublishError> {
        match error {
            PublishError::Session(ClientError::SentOn { to, .. }) => {
                self.sent_on += 1;
                let is_circle = self.sent_on > SENT_ON_MAX;
                let target = if is_circle { Err(Misdirection::InCircles) } else { sent_on(&self.target, &to) };
                self.target = target.map_err(PublishError::Misdirected)?;
                (self.login, self.rounds) = (None, 1);
                Ok(())
            }
            PublishError::Session(ClientError::Rejected { step: Step::Connect, code, description }) => {
                let answered = self.login.as_ref().is_some_and(AuthStep::is_answer);
                let login = (self.rounds < LOGIN_ROUNDS_MAX && !answered)
                    .then(|| login_step(&self.target, description.as_deref().unwrap_or_default()))
                    .flatten();
                let rejected = || ClientError::Rejected { step: Step::Connect, code, description };
                self.login = Some(login.ok_or_else(|| PublishError::Session(rejected()))?);
                self.rounds += 1;
                Ok(())
            }
            error => Err(error),
        }
    }
}

/// The next round of a login the server asks for, if we have what it takes.
fn login_step(target: &PublishTarget, description: &str) -> Option<AuthStep> {
    let (user, password) = target.login.as_ref()?;
    let mut random = [0; 4];
    getrandom::fill(&mut random).ok()?;
    auth::next_attempt(description, user, password, &target.app, random)
}

/// A connection whose server is ready for the publish.
pub(super) struct Ready {
    pub(super) transport: Transport,
    pub(super) session: ClientSession,
}

/// A server that the show goes to next.
pub(super) struct Next {
    pub(super) target: PublishTarget,
    /// The connection to it, if there is one already.
    pub(super) ready: Option<Ready>,
}

impl Task {
    /// Gets a server that we are sent to ready for the publish, while the show still goes to the one that sends us. What is in
    /// the way is told to nobody: nothing is lost.
    pub(super) async fn get_ready(&self, target: PublishTarget) -> Result<Next, PublishError> {
        let all = timeout(READY_LIMIT, self.approach(target));
        all.await.unwrap_or(Err(PublishError::TimedOut { step: PublishStep::Connect, after: READY_LIMIT }))
    }

    async fn approach(&self, target: PublishTarget) -> Result<Next, PublishError> {
        let mut approach = Approach::to(target);
        loop {
            let target = approach.target.clone();
            let mut server = Server { target: target.clone(), role: Role::Elsewhere, known: Known::default() };
            let mut transport = self.open(&mut server, Seen::ByNobody, false, TCP_DEADLINE).await?;
            let mut session = self.session(&target, approach.login.as_ref())?;
            session.wait_before_publish();
            match as_far_as_the_stream(&self.clock, &mut transport, &mut session).await {
                Ok(()) => return Ok(Next { target, ready: Some(Ready { transport, session }) }),
                Err(error) => approach.after(error)?,
            }
        }
    }
}

/// Runs the session until the server has given a message stream.
async fn as_far_as_the_stream(
    clock: &Clock,
    transport: &mut Transport,
    session: &mut ClientSession,
) -> Result<(), PublishError> {
    let mut outgoing = Outgoing::default();
    let mut is_there = false;
    poll_fn(|cx| {
        loop {
            is_there |= drain(session, &mut outgoing)?;
            let is_written = write(cx, transport, &mut outgoing)?;
            if is_there && is_written {
                return Poll::Ready(Ok(()));
            }
            let mut bytes = [0; 4096];
            let mut buffer = ReadBuf::new(&mut bytes);
            match transport.poll_read(cx, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    session.handle_input(clock.now(), buffer.filled());
                    tcp_info::acknowledge_at_once(transport.tcp());
                }
                Poll::Ready(_) => {
                    session.handle_eof(clock.now());
                    drain(session, &mut outgoing)?;
                }
            }
        }
    })
    .await
}

/// Whether the server has given a message stream.
fn drain(session: &mut ClientSession, outgoing: &mut Outgoing) -> Result<bool, PublishError> {
    let mut is_there = false;
    loop {
        match session.poll_output() {
            Output::Transmit(bytes) => outgoing.push(bytes),
            Output::Event(ClientEvent::Failed(error)) => return Err(PublishError::Session(error)),
            Output::Event(event) => is_there |= matches!(event, ClientEvent::StreamCreated { .. }),
            // All of it has a limit.
            Output::Timeout(_) | Output::Idle => return Ok(is_there),
        }
    }
}

/// Whether all is with the system.
fn write(cx: &mut Context<'_>, transport: &mut Transport, outgoing: &mut Outgoing) -> Result<bool, PublishError> {
    let broken = |reason: &str| PublishError::Broken { step: PublishStep::Connect, reason: reason.to_owned() };
    while !outgoing.is_empty() {
        match outgoing.write(usize::MAX, |parts| transport.poll_write(cx, parts)) {
            Poll::Pending => return Ok(false),
            Poll::Ready(Ok(0)) => return Err(broken("the socket takes no more bytes")),
            Poll::Ready(Ok(written)) => outgoing.advance(written),
            Poll::Ready(Err(error)) => return Err(broken(&error.to_string())),
        }
    }
    match transport.poll_flush(cx) {
        Poll::Pending => Ok(false),
        Poll::Ready(Ok(())) => Ok(true),
        Poll::Ready(Err(error)) => Err(broken(&error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtmp::client::Elsewhere;

    fn rejected(words: &str) -> PublishError {
        let (code, description) = ("NetConnection.Connect.Rejected".to_owned(), Some(words.to_owned()));
        PublishError::Session(ClientError::Rejected { step: Step::Connect, code, description })
    }

    fn sent_to(to: &str) -> PublishError {
        PublishError::Session(ClientError::SentOn { step: Step::Connect, to: Elsewhere(to.to_owned()) })
    }

    fn approach() -> Approach {
        let login = Some(("anna".to_owned(), "word".to_owned()));
        Approach::to(PublishTarget::new("rtmp://a/live", Some("key"), login, None).unwrap())
    }

    const ASKS: &str = "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ";
    const CHALLENGES: &str = "[ AccessManager.Reject ] : [ authmod=adobe ] : \
                              ?reason=needauth&user=anna&salt=abcd&challenge=efgh&opaque=ijkl";

    #[test]
    fn a_login_is_answered_once_and_another_server_asks_for_its_own() {
        let mut approach = approach();
        assert!(approach.after(rejected(ASKS)).is_ok() && approach.after(rejected(CHALLENGES)).is_ok());
        assert!(approach.login.as_ref().is_some_and(AuthStep::is_answer));
        assert!(approach.after(sent_to("rtmp://b/live")).is_ok() && approach.login.is_none());
        assert_eq!(approach.target.host, "b");
        assert!(approach.after(rejected(ASKS)).is_ok() && approach.after(rejected(CHALLENGES)).is_ok());
        assert!(approach.after(rejected(ASKS)).is_err(), "it was answered, and that was no answer");
        assert!(approach.after(PublishError::Refused).is_err());
    }

    #[test]
    fn those_that_send_on_in_a_circle_are_left() {
        let mut approach = approach();
        for round in 0..SENT_ON_MAX {
            assert!(approach.after(sent_to(["rtmp://b/live", "rtmp://a/live"][round % 2])).is_ok());
        }
        let error = approach.after(sent_to("rtmp://b/live")).unwrap_err();
        assert!(matches!(error, PublishError::Misdirected(Misdirection::InCircles)), "{error:?}");
    }
}
