//! One connection: bytes from the socket into the conversation, and what is to be sent out of it, until its end.

use std::cell::RefCell;
use std::io::IoSlice;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep};

use super::conversation::Conversation;
use super::shared::Shared;
use crate::media::Timestamp;

/// Bytes read at once: a picture or two.
const READ_BYTES: usize = 1 << 16;
/// Pieces written at once.
const PIECES_MAX: usize = 64;

thread_local! {
    /// What was read, until it is handled, which is at once: all connections of a thread share it, so that those who
    /// say nothing cost nothing.
    static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// Counts a connection while it lives.
pub(super) struct Counted(Arc<Shared>);

impl Counted {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        shared.connections.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(shared))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Serves a connection to its end. Nothing in here can harm another connection.
pub(super) async fn serve_connection<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    peer: SocketAddr,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    let Some(conversation) = Conversation::new(peer, shared) else { return };
    let sleep = Box::pin(tokio::time::sleep_until(Instant::now()));
    let mut connection =
        Connection { stream, conversation, sleep, armed: None, blocked_since: None, write_closed: false };
    // An error says that the server's handle is gone: that is a stop as well.
    let mut stop = pin!(stopped.wait_for(|stop| *stop));
    let mut stop_seen = false;
    loop {
        let woken = std::future::poll_fn(|cx| {
            if let Poll::Ready(woken) = connection.poll(cx) {
                return Poll::Ready(Some(woken));
            }
            if stop_seen { Poll::Pending } else { stop.as_mut().poll(cx).map(|_| None) }
        });
        match woken.await {
            Some(Woken::Read) => {}
            Some(Woken::Closed) => return,
            Some(Woken::TimedOut) => {
                if !connection.handle_timeout() {
                    return;
                }
            }
            None => {
                stop_seen = true;
                connection.conversation.stop();
            }
        }
    }
}

struct Connection<S> {
    stream: S,
    conversation: Conversation,
    sleep: Pin<Box<Sleep>>,
    /// When `sleep` ends.
    armed: Option<Timestamp>,
    /// Since when the peer takes nothing of what is to be sent.
    blocked_since: Option<Timestamp>,
    write_closed: bool,
}

/// What ended a wait.
enum Woken {
    Read,
    TimedOut,
    Closed,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Woken> {
        self.poll_send(cx);
        if self.conversation.is_ending() && !self.conversation.has_unsent() && !self.write_closed {
            // Our last words are followed by an orderly end; what is still on its way to us is read, or the system
            // would answer it with a reset that can overtake those words.
            match Pin::new(&mut self.stream).poll_shutdown(cx) {
                Poll::Ready(Ok(())) => self.write_closed = true,
                Poll::Ready(Err(_)) => return Poll::Ready(Woken::Closed),
                Poll::Pending => {}
            }
        }
        if let Poll::Ready(woken) = self.poll_receive(cx) {
            return Poll::Ready(woken);
        }
        self.poll_timer(cx)
    }

    /// Writes what the socket takes, mostly everything, and takes from the player's queue what there is room for.
    fn poll_send(&mut self, cx: &mut Context<'_>) {
        loop {
            while self.conversation.has_unsent() {
                let mut slices = [IoSlice::new(&[]); PIECES_MAX];
                let count = self.conversation.fill(&mut slices);
                let slices = slices.get(..count).unwrap_or_default();
                match Pin::new(&mut self.stream).poll_write_vectored(cx, slices) {
                    Poll::Ready(Ok(count @ 1..)) => {
                        self.conversation.sent(count);
                        self.blocked_since = None;
                    }
                    Poll::Ready(Ok(0) | Err(_)) => self.conversation.forget_unsent(),
                    Poll::Pending => return self.note_blocked(),
                }
            }
            // TLS may hold some of it.
            if !self.write_closed && Pin::new(&mut self.stream).poll_flush(cx).is_pending() {
                return self.note_blocked();
            }
            self.blocked_since = None;
            if !self.conversation.poll_player(cx) {
                return;
            }
        }
    }

    fn note_blocked(&mut self) {
        let now = self.conversation.shared.clock.now();
        self.blocked_since.get_or_insert(now);
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Woken> {
        let Self { stream, conversation, .. } = self;
        READ.with_borrow_mut(|buffer| {
            let mut buffer = ReadBuf::new(buffer);
            let read = ready!(Pin::new(stream).poll_read(cx, &mut buffer));
            // A reset comes after everything that was read, so it is an end like any other.
            if read.is_err() || buffer.filled().is_empty() {
                conversation.eof();
                return Poll::Ready(Woken::Closed);
            }
            conversation.input(buffer.filled());
            Poll::Ready(Woken::Read)
        })
    }

    fn deadline(&self) -> Option<Timestamp> {
        let stalled = self
            .blocked_since
            .filter(|_| self.conversation.plays())
            .map(|since| since + self.conversation.shared.limits.player_stall);
        [self.conversation.deadline(), stalled].into_iter().flatten().min()
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<Woken> {
        loop {
            let Some(deadline) = self.deadline() else { return Poll::Pending };
            let now = self.conversation.shared.clock.now();
            if deadline <= now {
                return Poll::Ready(Woken::TimedOut);
            }
            // Deadlines mostly move on: a timer that ends too early is cheaper than one that is set each time.
            if self.armed.is_none_or(|armed| armed > deadline) {
                self.sleep.as_mut().reset(Instant::now() + deadline.since(now));
                self.armed = Some(deadline);
            }
            ready!(self.sleep.as_mut().poll(cx));
            self.armed = None;
        }
    }

    /// `false` once the connection is to be closed.
    fn handle_timeout(&mut self) -> bool {
        let now = self.conversation.shared.clock.now();
        let stall = self.conversation.shared.limits.player_stall;
        if self.conversation.plays() && self.blocked_since.is_some_and(|since| now >= since + stall) {
            self.conversation.not_reading();
            return false;
        }
        self.conversation.handle_timeout(now)
    }
}
