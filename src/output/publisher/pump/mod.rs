//! One connection: bytes between the socket and the pure session, packets from the queue into it.

mod moving;

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::ReadBuf;
use tokio::time::{Sleep, sleep};

use moving::Moving;

use super::attempt::{Carried, Task};
use super::look::{Waiting, Watch};
use super::outgoing::Outgoing;
use super::servers::Role;
use super::transport::Transport;
use super::unacknowledged::{Left, Unacknowledged};
use super::{Order, PublishTarget, PublisherEvent, PublisherState, tcp_info};
use crate::flv;
use crate::media::{Packet, PacketKind, Timestamp};
use crate::output::{LinkView, PublishError, PublishStep};
use crate::rtmp::client::{ClientError, ClientEvent, ClientSession, MediaKind, Output};

/// Bytes that wait for the socket before no more packets are taken: what is not yet handed over stays in the
/// packet queue, where it can still be dropped.
const WRITE_AHEAD_MAX: usize = 16 * 1024;
/// While so much waits for the socket a server is read no further: it asks (pings) and does not read what it is answered.
const ANSWERS_MAX: usize = 1 << 20;
/// How long a server may take to close after the goodbye.
const DRAIN_DEADLINE: Duration = Duration::from_millis(1000);
/// A live connection on which nothing was acknowledged for so long is lost, whatever the system still hopes for.
const SILENT_MAX: Duration = Duration::from_millis(3800);
/// Most connections do not outlive a sleep of the computer: for so long after one, so much silence is enough.
const DOUBT: Duration = Duration::from_secs(5);
const SILENT_IN_DOUBT_MAX: Duration = Duration::from_millis(1000);
/// A viewer's delay up to which a keyframe that ends a hole goes straight through.
const CLEAR: Duration = Duration::from_millis(100);
/// Between two wishes for a keyframe that ends a hole: one must be made and sent before another makes sense.
const KEYFRAME_WISH_EVERY: Duration = Duration::from_millis(700);
/// Nothing is acknowledged for so long: the connection may be lost.
const MAY_BE_LOST: Duration = Duration::from_millis(500);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Connecting,
    Live,
    /// Goodbye is queued.
    Closing,
    /// Everything is written; nothing more will be.
    Shutdown,
    /// Waiting for the server to close.
    Draining,
}

pub(super) struct Pump<'a> {
    transport: Transport,
    session: ClientSession,
    task: &'a Task,
    target: &'a PublishTarget,
    carried: &'a mut Carried,
    phase: Phase,
    /// The server asked for another connection.
    moving: Option<Moving<'a>>,
    outgoing: Outgoing,
    unflushed: bool,
    unacknowledged: Unacknowledged,
    step_started: Timestamp,
    published_at: Option<Timestamp>,
    first_keyframe_told: bool,
    timer: Pin<Box<Sleep>>,
    session_timeout: Option<Timestamp>,
    drain_until: Option<Timestamp>,
    watch: Watch,
    /// It was told that it ends.
    ends: bool,
    /// Until when it is doubted: the computer has slept.
    doubted_until: Option<Timestamp>,
    last_wish: Option<Timestamp>,
    may_be_lost: bool,
    read_buffer: Box<[u8; 16 * 1024]>,
}

impl<'a> Pump<'a> {
    pub(super) fn new(
        transport: Transport,
        session: ClientSession,
        task: &'a Task,
        target: &'a PublishTarget,
        carried: &'a mut Carried,
    ) -> Self {
        let now = task.clock.now();
        Self {
            transport,
            session,
            task,
            target,
            carried,
            phase: Phase::Connecting,
            moving: None,
            outgoing: Outgoing::default(),
            unflushed: false,
            unacknowledged: Unacknowledged::default(),
            step_started: now,
            published_at: None,
            first_keyframe_told: false,
            timer: Box::pin(sleep(Duration::ZERO)),
            session_timeout: None,
            drain_until: None,
            watch: Watch::new(now),
            ends: false,
            doubted_until: None,
            last_wish: None,
            may_be_lost: false,
            read_buffer: Box::new([0; 16 * 1024]),
        }
    }

    /// Runs the connection to its end. `Ok`: it ended as ordered.
    pub(super) async fn run(&mut self) -> Result<(), PublishError> {
        let (mut orders, mut news) = (self.task.orders.clone(), self.task.news());
        let mut sleeps = news.borrow().sleeps;
        loop {
            tokio::select! {
                biased;
                result = poll_fn(|cx| self.poll(cx)) => return result,
                Ok(()) = news.changed() => {
                    let count = news.borrow_and_update().sleeps;
                    if std::mem::replace(&mut sleeps, count) != count {
                        self.doubted_until = Some(self.task.clock.now() + DOUBT);
                    }
                }
                changed = orders.changed() => {
                    let gone = changed.is_err();
                    match *orders.borrow_and_update() {
                        Order::Abort => return Err(PublishError::Cancelled),
                        Order::GiveUp if self.phase != Phase::Connecting && !gone => {
                            self.stay_for_the_end();
                            let link = self.measure(self.task.clock.now());
                            return self.arrived(link);
                        }
                        Order::GiveUp if self.phase == Phase::Connecting => return Err(PublishError::Cancelled),
                        Order::End if self.phase == Phase::Connecting && !self.carried.reconnect.moves() => {
                            return Err(PublishError::Cancelled);
                        }
                        _ if gone => return Err(PublishError::Cancelled),
                        Order::End | Order::GiveUp => self.begin_to_end(),
                        Order::Run | Order::RetryNow(_) => {}
                    }
                }
            }
        }
    }

    /// How long the step at which it stands has taken.
    pub(super) fn step_took(&self) -> Duration {
        self.task.clock.now().since(self.step_started)
    }

    /// The connection is over.
    pub(super) fn leave(self) -> Left {
        let Self { transport, unacknowledged, outgoing, unflushed, .. } = self;
        Left { transport, unacknowledged, written: outgoing.written(), flushed: !unflushed }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), PublishError>> {
        loop {
            let now = self.task.clock.now();
            self.drain_session(now)?;
            let mut progress = self.poll_write(cx, now)?;
            match if self.owes_answers() { Poll::Pending } else { self.poll_read(cx, now)? } {
                Poll::Ready(true) => return Poll::Ready(Ok(())),
                Poll::Ready(false) => progress = true,
                Poll::Pending => {}
            }
            progress |= self.poll_packets(cx, now)?;
            progress |= self.poll_moving(cx, now);
            if self.phase == Phase::Draining && matches!(self.moving, Some(Moving::Leaving(_))) {
                return Poll::Ready(Ok(()));
            }
            if self.phase != Phase::Connecting {
                self.look(now)?;
            }
            progress |= self.poll_timer(cx, now)?;
            if self.phase == Phase::Draining && self.drain_until.is_some_and(|until| now >= until) {
                tracing::debug!("the server did not close after the goodbye");
                let link = self.measure(now);
                return Poll::Ready(self.arrived(link));
            }
            if !progress {
                return Poll::Pending;
            }
        }
    }

    /// Takes what the session wants to send or say.
    fn drain_session(&mut self, now: Timestamp) -> Result<(), PublishError> {
        loop {
            match self.session.poll_output() {
                Output::Transmit(bytes) => self.outgoing.push(bytes),
                Output::Event(event) => self.handle_event(event, now)?,
                Output::Timeout(at) => {
                    self.session_timeout = Some(at);
                    return Ok(());
                }
                Output::Idle => {
                    self.session_timeout = None;
                    return Ok(());
                }
            }
        }
    }

    fn handle_event(&mut self, event: ClientEvent, now: Timestamp) -> Result<(), PublishError> {
        match event {
            ClientEvent::HandshakeDone { digest } => {
                let kind = if digest { "digest" } else { "simple" };
                self.step_done(PublishStep::Handshake, now, kind.to_owned());
            }
            ClientEvent::Connected { server } => {
                self.step_done(PublishStep::Connect, now, server.unwrap_or_default());
            }
            ClientEvent::StreamCreated { id } => {
                self.step_done(PublishStep::CreateStream, now, format!("stream {id}"));
            }
            ClientEvent::Published { description } => {
                self.step_done(PublishStep::Publish, now, description.unwrap_or_default());
                self.go_live(now);
            }
            ClientEvent::Status { level, code, description } => {
                let is_live = self.phase == Phase::Live;
                // Decided here: those who are told may be waited for.
                if is_live && self.carried.said.is_told(now, &level, &code, description.as_deref()) {
                    self.task.tell(PublisherEvent::ServerSaid { level, code, description });
                }
            }
            ClientEvent::MoveAsked { to } => self.move_asked(to, now),
            ClientEvent::Failed(error) => {
                if matches!(self.phase, Phase::Closing | Phase::Shutdown | Phase::Draining) {
                    // The tail is written; how the server takes the goodbye changes nothing.
                    self.begin_drain(now);
                    return Ok(());
                }
                let step = match &error {
                    ClientError::Handshake(_) => PublishStep::Handshake,
                    ClientError::Rejected { step, .. }
                    | ClientError::SentOn { step, .. }
                    | ClientError::TimedOut { step }
                    | ClientError::ClosedByPeer { step }
                    | ClientError::Protocol { step, .. } => PublishStep::from(*step),
                };
                return Err(self.fail(step, now, PublishError::Session(error)));
            }
            ClientEvent::Closed => {
                if self.phase != Phase::Draining {
                    self.phase = Phase::Shutdown;
                }
            }
        }
        Ok(())
    }

    fn go_live(&mut self, now: Timestamp) {
        self.phase = Phase::Live;
        self.published_at = Some(now);
        let moves = self.carried.reconnect.moves();
        let again = self.carried.reconnect.was_live();
        if again && !moves {
            self.task.stats.update(|c| c.reconnects += 1);
        }
        self.carried.reconnect.live(now);
        self.carried.said.begin_anew();
        self.carried.went_live = true;
        match self.task.config.late_max {
            // It was never without a connection, and goes on with the keyframe that waits.
            _ if moves => {}
            None if again => self.task.output.go_on(),
            Some(_) if again => self.task.output.resume(),
            Some(_) | None => self.task.output.activate(),
        }
        let headers = &self.task.config.headers;
        self.session.send_metadata(headers.metadata.clone());
        let resume_ms = self.carried.timeline.headers_at(self.task.output.queue().oldest());
        if let Some(video) = &headers.video {
            self.session.send_media(MediaKind::Video, resume_ms, &[], video.clone());
        }
        if let Some(audio) = &headers.audio {
            self.session.send_media(MediaKind::Audio, resume_ms, &[], audio.clone());
        }
        let state = if self.ends { PublisherState::Ending } else { PublisherState::Live };
        self.task.tell(PublisherEvent::State(state));
        if self.carried.servers.role(self.carried.reconnect.server()) == Some(Role::Backup) {
            self.task.tell(PublisherEvent::OnBackup);
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, now: Timestamp) -> Result<bool, PublishError> {
        let mut progress = false;
        while !self.outgoing.is_empty() {
            let left = self.watch.room_left().filter(|_| self.phase == Phase::Live && !self.ends);
            let room = left.map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX));
            if room == 0 {
                break;
            }
            match self.outgoing.write(room, |parts| self.transport.poll_write(cx, parts)) {
                Poll::Pending => break,
                Poll::Ready(Ok(written)) if written > 0 => {
                    progress = true;
                    self.unflushed = true;
                    self.watch.given(written as u64);
                    self.advance(written, now);
                }
                Poll::Ready(Ok(_zero)) => return Err(self.write_failed(cx, now, "the socket takes no more bytes")),
                Poll::Ready(Err(error)) => return Err(self.write_failed(cx, now, &error.to_string())),
            }
        }
        if self.unflushed
            && let Poll::Ready(result) = self.transport.poll_flush(cx)
        {
            self.unflushed = false;
            if let Err(error) = result {
                return Err(self.write_failed(cx, now, &error.to_string()));
            }
        }
        if self.phase == Phase::Shutdown
            && self.outgoing.is_empty()
            && !self.unflushed
            && let Poll::Ready(_result) = self.transport.poll_shutdown(cx)
        {
            self.begin_drain(now);
            progress = true;
        }
        Ok(progress)
    }

    fn advance(&mut self, written: usize, now: Timestamp) {
        self.outgoing.advance(written);
        while let Some(mark) = self.outgoing.pop_written() {
            self.task.stats.count_sent(mark.video, mark.bytes, mark.keyframe, mark.captured_at, now);
            self.task.stats.note_write(now.since(mark.wanted_at));
            self.watch.handed_over(mark.wanted_at, mark.bytes as u64);
            if mark.keyframe && !self.first_keyframe_told {
                self.first_keyframe_told = true;
                let took = now.since(self.published_at.unwrap_or(now));
                let detail = format!("{} bytes", mark.bytes);
                self.task.done(PublishStep::FirstKeyframe, took, detail);
            }
        }
    }

    /// A failed write. The server may have said why before it closed: read that first.
    fn write_failed(&mut self, cx: &mut Context<'_>, now: Timestamp, reason: &str) -> PublishError {
        loop {
            match self.poll_read(cx, now) {
                Ok(Poll::Ready(false)) => {}
                Ok(_) => break,
                Err(said) => return said,
            }
            if let Err(said) = self.drain_session(now) {
                return said;
            }
        }
        let step = self.step();
        self.fail(step, now, PublishError::Broken { step, reason: reason.to_owned() })
    }

    /// More waits than the server may ask for. It is read on as soon as it takes some of it: the write that is pending wakes us.
    /// After our goodbye nothing is answered any more, and what is read costs nothing.
    fn owes_answers(&self) -> bool {
        matches!(self.phase, Phase::Connecting | Phase::Live) && self.outgoing.bytes() > ANSWERS_MAX
    }

    /// `Ready(true)`: the server has closed after our goodbye. `Ready(false)`: something was read.
    fn poll_read(&mut self, cx: &mut Context<'_>, now: Timestamp) -> Result<Poll<bool>, PublishError> {
        let mut buffer = ReadBuf::new(self.read_buffer.as_mut_slice());
        let result = match self.transport.poll_read(cx, &mut buffer) {
            Poll::Pending => return Ok(Poll::Pending),
            Poll::Ready(result) => result,
        };
        let said_goodbye = matches!(self.phase, Phase::Shutdown | Phase::Draining);
        match result {
            Ok(()) if !buffer.filled().is_empty() => {
                self.session.handle_input(now, buffer.filled());
                if self.phase == Phase::Connecting {
                    tcp_info::acknowledge_at_once(self.transport.tcp());
                }
                Ok(Poll::Ready(false))
            }
            Ok(()) | Err(_) if said_goodbye && self.outgoing.has_no_marks() => Ok(Poll::Ready(true)),
            Ok(()) | Err(_) if said_goodbye => {
                let reason = "the server closed the connection before it had the end of the show".to_owned();
                Err(PublishError::Broken { step: PublishStep::Live, reason })
            }
            // Many TLS peers close without close_notify; many servers reset instead of closing.
            Ok(()) => self.closed_by_peer(now, "the server closed the connection"),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.closed_by_peer(now, "the server closed the connection")
            }
            Err(error) => self.closed_by_peer(now, &error.to_string()),
        }
    }

    fn closed_by_peer(&mut self, now: Timestamp, reason: &str) -> Result<Poll<bool>, PublishError> {
        self.session.handle_eof(now);
        self.drain_session(now)?;
        if self.phase == Phase::Draining {
            return Ok(Poll::Ready(true));
        }
        let step = self.step();
        Err(self.fail(step, now, PublishError::Broken { step, reason: reason.to_owned() }))
    }

    fn poll_packets(&mut self, cx: &mut Context<'_>, now: Timestamp) -> Result<bool, PublishError> {
        if self.phase != Phase::Live || self.outgoing.bytes() >= WRITE_AHEAD_MAX {
            return Ok(false);
        }
        if self.leaves(now) {
            return Ok(true);
        }
        match self.task.output.queue().poll_pop(cx) {
            Poll::Ready(Some(packet)) => {
                if let Some(bytes) = self.task.output.queue().take_train() {
                    self.watch.train_leaves(bytes);
                }
                self.send(&packet, now)?;
                Ok(true)
            }
            Poll::Ready(None) => {
                self.phase = Phase::Closing;
                self.begin_to_end();
                self.session.close(now);
                Ok(true)
            }
            Poll::Pending => Ok(false),
        }
    }

    /// From now on it sends what it still holds.
    fn begin_to_end(&mut self) {
        if !std::mem::replace(&mut self.ends, true) {
            self.stay_for_the_end();
            self.session.want_acknowledgements(false);
            self.task.tell(PublisherEvent::State(PublisherState::Ending));
        }
    }

    fn send(&mut self, packet: &Packet, now: Timestamp) -> Result<(), PublishError> {
        let Some(place) = self.carried.timeline.place(packet) else { return Ok(()) };
        let (video, timestamp_ms) = (packet.is_video(), place.timestamp_ms);
        match packet.kind {
            PacketKind::Video { keyframe } => {
                let header = flv::video_tag_header(keyframe, place.composition_ms);
                self.session.send_media(MediaKind::Video, timestamp_ms, &header, packet.data.clone());
            }
            PacketKind::Audio => {
                let header = flv::audio_tag_header();
                self.session.send_media(MediaKind::Audio, timestamp_ms, &header, packet.data.clone());
            }
        }
        if let Some(hook) = &self.task.config.sent_hook {
            hook(video, timestamp_ms, packet.captured_at);
        }
        self.drain_session(now)?;
        self.unacknowledged.sent(self.outgoing.mark(packet, now), packet);
        Ok(())
    }

    /// Looks at the link, and what of it has arrived.
    fn measure(&mut self, now: Timestamp) -> LinkView {
        let queue = self.task.output.queue();
        let waiting = Waiting {
            writing: self.outgoing.bytes() as u64,
            queued: queue.gauge().bytes as u64,
            written: self.outgoing.written(),
            confirmed: if self.ends { 0 } else { self.session.acknowledged_bytes() },
        };
        let link = self.watch.look(now, self.transport.tcp(), waiting, !self.unflushed);
        self.unacknowledged.note(self.outgoing.written(), self.watch.outstanding(), !self.unflushed);
        let rtt = self.watch.rtt();
        self.task.stats.update(|c| (c.rtt, c.link) = (rtt, link));
        link
    }

    /// Looks at the link: bounds the queue by what the link still holds, ends holes early, and notices silence.
    fn look(&mut self, now: Timestamp) -> Result<(), PublishError> {
        let link = self.measure(now);
        let in_doubt = self.doubted_until.is_some_and(|until| now < until);
        if link.silent >= if in_doubt { SILENT_IN_DOUBT_MAX } else { SILENT_MAX } {
            self.arrived(link)?;
            return Err(PublishError::Silent { after: link.silent });
        }
        if self.phase != Phase::Live {
            return Ok(());
        }
        self.session.want_acknowledgements(!self.ends && self.watch.wants_acknowledgements(now));
        let queue = self.task.output.queue();
        // A train is no reason to drop pictures.
        if let Some(late) = self.task.config.late_max.filter(|_| !link.has_train()) {
            queue.set_limit(link.queue_limit(late));
        }
        self.begin_anew_behind(link.silent >= MAY_BE_LOST);
        let wished = self.last_wish.is_some_and(|last| now.since(last) < KEYFRAME_WISH_EVERY);
        if !wished && link.delay < CLEAR && self.outgoing.is_empty() && queue.wants_keyframe() {
            self.last_wish = Some(now);
            self.task.output.request_keyframe();
        }
        Ok(())
    }

    /// Where the show ends and there is no more time. What the system was handed arrives without us, unless nothing was
    /// acknowledged for a while; what it was not handed does not.
    fn arrived(&mut self, link: LinkView) -> Result<(), PublishError> {
        if !self.task.ending() {
            return Ok(());
        }
        if link.silent < SILENT_IN_DOUBT_MAX && !self.unflushed {
            self.unacknowledged.reached(self.outgoing.written());
        }
        let queue = self.task.output.queue();
        let sent = self.unacknowledged.span();
        let oldest = sent.map(|(oldest, _)| oldest).or_else(|| queue.oldest());
        let newest = queue.newest().or(sent.map(|(_, newest)| newest));
        match oldest.zip(newest) {
            None => Ok(()),
            Some((oldest, newest)) => Err(PublishError::Unfinished { missing: newest.since(oldest) }),
        }
    }

    /// Where nothing is to be missed: pictures that are made while it `may_be_lost` begin with a keyframe, so that the next
    /// connection, which must begin with one, leaves out none of them.
    fn begin_anew_behind(&mut self, may_be_lost: bool) {
        let begins = may_be_lost && !std::mem::replace(&mut self.may_be_lost, may_be_lost);
        if begins && self.task.config.late_max.is_none() {
            self.task.output.request_keyframe();
        }
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>, now: Timestamp) -> Result<bool, PublishError> {
        if self.session_timeout.is_some_and(|at| now >= at) {
            self.session.handle_timeout(now);
            self.session_timeout = None;
            self.drain_session(now)?;
            return Ok(true);
        }
        let look = (self.phase != Phase::Connecting).then(|| self.watch.next());
        let wake = [self.session_timeout, self.drain_until, look].into_iter().flatten().min();
        if let Some(at) = wake.and_then(|at| self.task.instant(at)) {
            if self.timer.deadline() != at {
                self.timer.as_mut().reset(at);
            }
            return Ok(self.timer.as_mut().poll(cx).is_ready());
        }
        Ok(false)
    }

    fn begin_drain(&mut self, now: Timestamp) {
        self.phase = Phase::Draining;
        self.drain_until.get_or_insert(now + DRAIN_DEADLINE);
    }

    fn step(&self) -> PublishStep {
        PublishStep::from(self.session.step())
    }

    fn step_done(&mut self, step: PublishStep, now: Timestamp, detail: String) {
        self.task.done(step, now.since(self.step_started), detail);
        self.step_started = now;
    }

    fn fail(&mut self, step: PublishStep, now: Timestamp, error: PublishError) -> PublishError {
        if step == PublishStep::Live || error.asks_for_another_connection().is_some() {
            return error;
        }
        self.task.failed(step, now.since(self.step_started), error)
    }
}
