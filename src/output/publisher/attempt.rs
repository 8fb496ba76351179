//! One publisher's life: attempts one after another until it ends, is refused, or retries end.

use std::time::Duration;

use tokio::spawn;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::approach::{Approach, Next, Ready};
use super::pump::Pump;
use super::reconnect::{Decision, Reconnect};
use super::said::Said;
use super::servers::{Role, Server, Servers};
use super::transport::Transport;
use super::unacknowledged::Left;
use super::{Order, PublishTarget, PublisherConfig, PublisherEvent, PublisherState, certificate, connect, tls};
use crate::clock::Clock;
use crate::media::{Packet, Timestamp};
use crate::output::changes::NetworkChanges;
use crate::output::timeline::Timeline;
use crate::output::{OutputHandle, OutputStats, PublishError, PublishStep, TlsFault};
use crate::rtmp::auth::AuthStep;
use crate::rtmp::client::{ClientConfig, ClientSession};

/// How long the TLS handshake may take.
const TLS_DEADLINE: Duration = Duration::from_secs(5);
/// A server that the show has left has so long to close.
const LINGER: Duration = Duration::from_secs(2);
/// How long a server that was got ready for the show may take to accept it.
const READY_PUBLISH_LIMIT: Duration = Duration::from_secs(2);
/// Less than so much of a show's end that did not arrive is a hole like those that a narrow network makes: counted, not told.
const TAIL_MAX: Duration = Duration::from_secs(1);

pub(super) struct Task {
    pub(super) config: PublisherConfig,
    pub(super) output: OutputHandle,
    pub(super) stats: OutputStats,
    pub(super) clock: Clock,
    pub(super) sink: Box<dyn Fn(PublisherEvent) + Send + Sync>,
    pub(super) orders: watch::Receiver<Order>,
    pub(super) changes: NetworkChanges,
}

/// Who is told of the steps of a connection: while another one is live, nobody.
#[derive(Clone, Copy)]
pub(super) enum Seen {
    ByAll,
    ByNobody,
}

/// What outlives a connection.
pub(super) struct Carried {
    /// Starts with the first packet ever sent and is kept by every reconnect, so that timestamps go on.
    pub(super) timeline: Timeline,
    /// Decides when and where to connect again.
    pub(super) reconnect: Reconnect,
    /// Whether the last attempt went live.
    pub(super) went_live: bool,
    /// Its connection, until it is known what of it did not arrive: sound, and pictures where none may be missed.
    pub(super) left: Option<Left>,
    /// What the server said.
    pub(super) said: Said,
    pub(super) servers: Servers,
    /// A connection that was made beside one that is lost now: the next attempt takes it.
    ready: Option<Ready>,
    /// The one that it was sent on to, as long as it is that.
    told_sent_on: Option<String>,
    /// How often it was sent on without a good connection in between.
    pub(super) sent_on: usize,
}

impl Carried {
    /// Where it goes.
    fn server(&mut self) -> Result<&mut Server, PublishError> {
        self.servers.get_mut(self.reconnect.server()).ok_or(PublishError::Cancelled)
    }

    /// From now on it goes to `target`.
    fn send_on(&mut self, target: PublishTarget) {
        let place = self.servers.send_on(target);
        self.reconnect.send_on(place);
    }

    /// It has left a server for `target`, which is ready for it.
    fn go_over(&mut self, target: PublishTarget) {
        self.sent_on += 1;
        let place = self.servers.send_on(target);
        self.reconnect.go_over(place);
    }
}

impl Task {
    pub(super) async fn run(mut self) {
        let timeline = Timeline::new(self.config.headers.video.is_some());
        let count = 1 + usize::from(self.config.backup.is_some());
        let mut carried = Carried {
            timeline,
            reconnect: Reconnect::new(count, self.config.retry_for, self.config.joins, random_seed()),
            went_live: false,
            left: None,
            said: Said::default(),
            servers: Servers::new(&self.config),
            ready: None,
            told_sent_on: None,
            sent_on: 0,
        };
        let retries = carried.reconnect.retries();
        let state = if retries { PublisherState::Reconnecting } else { PublisherState::Connecting };
        self.tell(PublisherEvent::State(state));
        loop {
            let started = self.clock.now();
            let error = match self.attempt(&mut carried).await {
                Ok(()) => break,
                Err(PublishError::Cancelled) if self.order() != Order::Abort && carried.reconnect.retries() => {
                    self.ended_while_down(&carried);
                    break;
                }
                Err(PublishError::Cancelled) => break,
                Err(error @ PublishError::Unfinished { missing }) => {
                    if missing >= TAIL_MAX {
                        self.tell(PublisherEvent::Failed { error, was_live: true });
                    }
                    break;
                }
                Err(error) => error,
            };
            let was_live = carried.reconnect.was_live();
            tracing::debug!(?error, "the connection failed");
            let went_live = std::mem::take(&mut carried.went_live);
            if went_live && !self.ending() {
                let is_silent = matches!(error, PublishError::Silent { .. });
                // Where viewers may fall behind, pictures that are made meanwhile wait too, from a keyframe on: the next
                // connection must begin with one. In a silence one was made.
                match self.config.late_max {
                    Some(_) => self.output.suspend(),
                    None if is_silent => {}
                    None => self.output.request_keyframe(),
                }
                // A silent connection is left to the system until the server is reached again: only then can it be told
                // that this one is over, and until then some of it may arrive.
                match &carried.left {
                    Some(left) if is_silent => left.hold_back(),
                    Some(_) | None => self.settle(&mut carried),
                }
            }
            let tried_before = carried.reconnect.retries();
            match carried.reconnect.failed(self.clock.now(), error, started, went_live, self.ending()) {
                Decision::GiveUp(error) => {
                    let was_live = carried.reconnect.was_live();
                    self.tell(PublisherEvent::Failed { error, was_live });
                    break;
                }
                Decision::Nowhere { wanted, backup } => {
                    self.tell(PublisherEvent::Nowhere { wanted, backup });
                    break;
                }
                Decision::Again { wait, news } => {
                    if let Some(error) = news {
                        self.tell(PublisherEvent::Lost { error, was_live });
                    }
                    if went_live {
                        self.stats.update(|c| c.losses += 1);
                    }
                    if went_live || (!tried_before && carried.reconnect.retries()) {
                        self.tell(PublisherEvent::State(PublisherState::Reconnecting));
                    }
                    if self.wait_or_end(wait).await {
                        if carried.reconnect.retries() && self.order() != Order::Abort {
                            self.ended_while_down(&carried);
                        }
                        break;
                    }
                }
            }
        }
        if let Some(left) = carried.left.take() {
            let lost = left.give_up();
            self.stats.take_back(lost.frames_sent);
            self.output.count_lost(pictures(&lost.packets));
        }
        self.output.give_up();
        self.tell(PublisherEvent::State(PublisherState::Ended));
    }

    /// The last of the show reached nobody.
    fn ended_while_down(&self, carried: &Carried) {
        if carried.reconnect.lost_for(self.clock.now()).is_some_and(|time| time < TAIL_MAX) {
            return;
        }
        let reason = "the show ended while the connection was down".to_owned();
        let ended = PublishError::Broken { step: PublishStep::Live, reason };
        let error = carried.reconnect.refusal().cloned().unwrap_or(ended);
        self.tell(PublisherEvent::Failed { error, was_live: true });
    }

    /// Ends the connection that was lost, and hands in anew what it did not bring to the server.
    fn settle(&self, carried: &mut Carried) {
        let Some(left) = carried.left.take() else { return };
        let mut lost = left.settle();
        self.stats.take_back(lost.frames_sent);
        // Pictures that were made since then are newer, and those that follow them are missing already.
        if self.config.late_max.is_some() {
            self.output.count_lost(pictures(&lost.packets));
            lost.packets.retain(|packet| !packet.is_video());
        }
        self.output.queue().put_back(lost.packets);
    }

    /// Connects, logs in if asked to, publishes until the end; goes where it is sent to. `Ok`: ended as ordered.
    async fn attempt(&self, carried: &mut Carried) -> Result<(), PublishError> {
        carried.sent_on = 0;
        let mut approach = Approach::to(carried.server()?.target.clone());
        let mut ready = carried.ready.take();
        loop {
            let target = approach.target.clone();
            self.tell_sent_on(carried);
            let Ready { transport, session } = match ready.take() {
                Some(Ready { transport, mut session }) => {
                    session.publish(self.clock.now(), READY_PUBLISH_LIMIT);
                    Ready { transport, session }
                }
                None => {
                    let (retries, patience) = (carried.reconnect.retries(), carried.reconnect.tcp_patience());
                    let transport = self.open(carried.server()?, Seen::ByAll, retries, patience).await?;
                    Ready { transport, session: self.session(&target, approach.login.as_ref())? }
                }
            };
            self.settle(carried);
            let mut pump = Pump::new(transport, session, self, &target, carried);
            let ended = pump.run().await;
            let (took, next) = (pump.step_took(), pump.take_next());
            let left = pump.leave();
            let error = match (ended, next) {
                (Ok(()), Some(Next { target, ready: Some(next) })) => {
                    spawn(left.transport.linger(LINGER));
                    carried.go_over(target.clone());
                    (approach, ready) = (Approach::to(target), Some(next));
                    continue;
                }
                (Ok(()), _) => return Ok(()),
                (Err(error), next) => {
                    carried.left = carried.went_live.then_some(left);
                    if let Some(Next { target, ready }) = next {
                        // It was lost before it could leave in good order.
                        carried.send_on(target);
                        carried.ready = ready;
                    }
                    error
                }
            };
            let untold = error.asks_for_another_connection();
            let here = approach.target.tc_url.clone();
            match approach.after(error) {
                Ok(()) if approach.target.tc_url != here => carried.send_on(approach.target.clone()),
                Ok(()) => {}
                Err(error) => {
                    return Err(match untold {
                        Some(step) => self.failed(step, took, error),
                        None => error,
                    });
                }
            }
        }
    }

    /// Says that it is about another server from now on, if it is.
    fn tell_sent_on(&self, carried: &mut Carried) {
        let server = carried.server().ok().filter(|server| server.role == Role::Elsewhere);
        let to = server.map(|server| server.target.about.clone());
        if carried.told_sent_on != to {
            carried.told_sent_on.clone_from(&to);
            self.tell(PublisherEvent::SentOn { to });
        }
    }

    pub(super) async fn open(
        &self,
        server: &mut Server,
        seen: Seen,
        retries: bool,
        patience: Duration,
    ) -> Result<Transport, PublishError> {
        let Server { target, known, .. } = server;
        let done = |step, took, detail| match seen {
            Seen::ByAll => self.done(step, took, detail),
            Seen::ByNobody => {}
        };
        let failed = |step, took, error| match seen {
            Seen::ByAll => self.failed(step, took, error),
            Seen::ByNobody => error,
        };
        let tls_config = match target.tls {
            true => Some(self.timed(known.tls_config(target)).await?),
            false => None,
        };
        let tls_config = match tls_config {
            Some((Err(error), took)) => return Err(failed(PublishStep::Tls, took, PublishError::Tls(error))),
            Some((Ok(config), _)) => Some(config),
            None => None,
        };

        let (result, took) = self.timed(known.addresses(target)).await?;
        let addresses = result.map_err(|error| failed(PublishStep::Dns, took, error))?;
        let listed: Vec<String> = addresses.iter().map(|a| a.ip().to_string()).collect();
        done(PublishStep::Dns, took, listed.join(", "));

        let (result, took) = self.timed(connect::connect(addresses, retries.then(|| self.news()), patience)).await?;
        let tcp = result.map_err(|error| failed(PublishStep::Tcp, took, error))?;
        // A peer that has hung up already has no address any more.
        let peer = tcp.peer_addr().map_or_else(|_| listed.join(", "), |a| a.to_string());
        done(PublishStep::Tcp, took, peer);

        let Some(tls_config) = tls_config else { return Ok(Transport::Plain(tcp)) };
        let (result, took) = self.timed(timeout(TLS_DEADLINE, tls::handshake(tls_config, &target.host, tcp))).await?;
        let result = match result {
            Ok(result) => result,
            Err(_elapsed) => Err(PublishError::TimedOut { step: PublishStep::Tls, after: TLS_DEADLINE }),
        };
        let result = result.map_err(|error| tls::or_plain_port(error, target.port));
        let stream = result.map_err(|error| failed(PublishStep::Tls, took, error))?;
        let version = stream.get_ref().1.protocol_version().map_or_else(String::new, |v| format!("{v:?}"));
        if let Some(expires) = stream.get_ref().1.peer_certificates().and_then(certificate::first_expiry) {
            self.tell(PublisherEvent::Certificate { expires });
        }
        done(PublishStep::Tls, took, version);
        Ok(Transport::Tls(Box::new(stream)))
    }

    /// What happens to the network from now on.
    pub(super) fn news(&self) -> NetworkChanges {
        let mut changes = self.changes.clone();
        changes.borrow_and_update();
        changes
    }

    /// Runs one step of connecting, unless the show ends first.
    async fn timed<T>(&self, step: impl Future<Output = T>) -> Result<(T, Duration), PublishError> {
        let started = self.clock.now();
        let mut orders = self.orders.clone();
        tokio::select! {
            result = step => Ok((result, self.clock.now().since(started))),
            _ = orders.wait_for(|order| ends(*order)) => Err(PublishError::Cancelled),
        }
    }

    pub(super) fn session(
        &self,
        target: &PublishTarget,
        login: Option<&AuthStep>,
    ) -> Result<ClientSession, PublishError> {
        let with_login = |address: &str| login.map_or_else(|| address.to_owned(), |step| step.append_to(address));
        let config = ClientConfig {
            app: with_login(&target.app),
            tc_url: with_login(&target.tc_url),
            stream_name: target.stream_name.clone(),
            chunk_size: CHUNK_SIZE,
            deadlines: self.config.deadlines,
            random: random_block()?,
            encoder_name: self.config.encoder_name.clone(),
            digest_handshake: true,
        };
        let mut session = ClientSession::new(self.clock.now(), config);
        if self.config.stops_before_publish {
            session.stop_before_publish();
        }
        Ok(session)
    }

    pub(super) fn done(&self, step: PublishStep, took: Duration, detail: String) {
        self.tell(PublisherEvent::Step { step, ok: true, took, detail });
    }

    pub(super) fn failed(&self, step: PublishStep, took: Duration, error: PublishError) -> PublishError {
        let words = error.refusal().map(|(code, description)| [code, description.unwrap_or_default()].join(" "));
        let detail = words.unwrap_or_default().trim().to_owned();
        self.tell(PublisherEvent::Step { step, ok: false, took, detail });
        error
    }

    pub(super) fn tell(&self, event: PublisherEvent) {
        (self.sink)(event);
    }

    pub(super) fn order(&self) -> Order {
        *self.orders.borrow()
    }

    pub(super) fn ending(&self) -> bool {
        ends(self.order())
    }

    /// Waits, less when the network changes or somebody wants it now; `true` if the show ended meanwhile.
    async fn wait_or_end(&mut self, wait: Duration) -> bool {
        // Only what happens from now on counts.
        self.changes.borrow_and_update();
        let asked = self.order();
        let (orders, changes) = (&mut self.orders, &mut self.changes);
        tokio::select! {
            () = sleep(wait) => {}
            Ok(()) = changes.changed() => tracing::debug!("the network has changed"),
            _ = orders.wait_for(|order| *order != asked) => {}
        }
        self.ending()
    }

    /// The tokio instant of a program time.
    pub(super) fn instant(&self, time: Timestamp) -> Option<Instant> {
        self.clock.instant_of(time).map(Instant::from_std)
    }
}

fn ends(order: Order) -> bool {
    matches!(order, Order::End | Order::GiveUp | Order::Abort)
}

fn pictures(packets: &[Packet]) -> u64 {
    packets.iter().filter(|packet| packet.is_video()).count() as u64
}

/// Bytes of a message in one chunk: large, so that most frames are one chunk, and small enough that every server
/// tried takes it.
const CHUNK_SIZE: u32 = 65_536;

fn random_block() -> Result<Box<[u8; 1528]>, PublishError> {
    let mut random = Box::new([0; 1528]);
    getrandom::fill(random.as_mut_slice())
        .map_err(|error| PublishError::Tls(TlsFault::Other(format!("no random numbers: {error}"))))?;
    Ok(random)
}

/// A seed for the jitter of retries.
pub(super) fn random_seed() -> u64 {
    getrandom::u64().unwrap_or(0x9E37_79B9_7F4A_7C15)
}
