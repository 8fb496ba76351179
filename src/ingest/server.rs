//! The server: one thread with a small runtime, which accepts and serves every connection.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::config::is_loopback;
use super::connection::{Counted, serve_connection};
use super::http::serve_http;
use super::recorder::Recorder;
use super::shared::Shared;
use super::tls::server_config;
use super::{IngestConfig, IngestError, IngestEvent, IngestStats, PublishKey, RefusalKind};
use crate::clock::Clock;
use crate::flow::Worker;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 128;
const STATS_EVERY: Duration = Duration::from_secs(1);
/// How long connections may take to say good-bye when the server stops; recordings get as much again.
const STOP_GRACE: Duration = Duration::from_millis(900);
/// Bytes that the system holds unsent of one connection.
#[cfg(target_os = "linux")]
const UNSENT_MAX: u32 = 128 << 10;
/// Of keys that are read from a screen and typed: none looks like another.
const KEY_LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// After the system refused to accept (no file handles left), it is asked again.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// A running server. Dropping it stops it.
pub struct IngestServer {
    addresses: Addresses,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    /// Further doors for HTTP, for the running server.
    doors: mpsc::Sender<std::net::TcpListener>,
    /// The page for other devices, once it was shared.
    page: OnceLock<(SocketAddr, String)>,
    worker: Option<Worker>,
}

#[derive(Clone, Copy, Debug)]
struct Addresses {
    rtmp: SocketAddr,
    rtmps: Option<SocketAddr>,
    http: Option<SocketAddr>,
}

impl IngestServer {
    /// Listens, and serves on a thread of its own. `events` is called on that thread and on the recorder's: it must
    /// be quick and never wait.
    pub fn start(
        config: IngestConfig,
        clock: Clock,
        events: impl Fn(IngestEvent) + Send + Sync + 'static,
    ) -> Result<Self, IngestError> {
        let publishers = [Some(config.listen), config.tls.as_ref().map(|tls| tls.listen)];
        if config.publish_key.is_none()
            && let Some(open) = publishers.into_iter().flatten().find(|address| !is_loopback(*address))
        {
            return Err(IngestError::KeyNeeded(open));
        }
        if let Some(open) = config.http.filter(|address| !is_loopback(*address))
            && config.play_key.is_none()
        {
            return Err(IngestError::PlayKeyNeeded(open));
        }
        let tls = match &config.tls {
            Some(tls) => Some((tls.listen, TlsAcceptor::from(server_config(&tls.cert, &tls.key)?))),
            None => None,
        };
        let (rtmp, rtmp_address) = listen(config.listen)?;
        let (rtmps, rtmps_address) = match tls {
            Some((address, acceptor)) => {
                let (listener, address) = listen(address)?;
                (Some((listener, acceptor)), Some(address))
            }
            None => (None, None),
        };
        let (http, http_address) = config.http.map(listen).transpose()?.unzip();
        let addresses = Addresses { rtmp: rtmp_address, rtmps: rtmps_address, http: http_address };
        let events: Arc<dyn Fn(IngestEvent) + Send + Sync> = Arc::new(events);
        let recorder = match config.record.clone() {
            Some(folder) => {
                let bytes_max = config.limits.recording_bytes_max;
                let (format, tell) = (config.record_format, Arc::clone(&events));
                let started = Recorder::start(folder.clone(), format, bytes_max, clock.clone(), tell);
                Some(started.map_err(|source| IngestError::RecordFolder { folder, source })?)
            }
            None => None,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(IngestError::Start)?;
        let shared = Arc::new(Shared::new(config, clock, events, recorder));
        let (stop, stopped) = watch::channel(false);
        let (doors_opened, more_doors) = mpsc::channel(1);
        let served = Arc::clone(&shared);
        let worker = Worker::spawn("ingest", move |_| {
            let Addresses { rtmp: rtmp_address, rtmps: rtmps_address, http: http_address } = addresses;
            served.tell(IngestEvent::Listening { rtmp: rtmp_address, rtmps: rtmps_address, http: http_address });
            runtime.block_on(async {
                // Registering fails only where the runtime is gone.
                let Ok(doors) = Doors::open(rtmp, rtmps, http) else { return };
                serve(doors, &served, more_doors, stopped).await;
            });
            drop(runtime);
            let recorder = served.recorder().take();
            if let Some(recorder) = recorder {
                recorder.finish();
            }
        })
        .map_err(IngestError::Start)?;
        Ok(Self { addresses, shared, stop, doors: doors_opened, page: OnceLock::new(), worker: Some(worker) })
    }

    /// Where it listens for RTMP.
    pub fn local_addr(&self) -> SocketAddr {
        self.addresses.rtmp
    }

    /// Where it listens for RTMPS.
    pub fn tls_addr(&self) -> Option<SocketAddr> {
        self.addresses.rtmps
    }

    /// Where it listens for HTTP.
    pub fn http_addr(&self) -> Option<SocketAddr> {
        self.addresses.http
    }

    /// Lets other devices of the network see the player page, with a key made for it: where it is, and the key. Asked again, it
    /// gives the same.
    ///
    /// # Errors
    /// No network, no port, no random bytes; and a server that has a key to play already, which nobody knows any more.
    pub fn share_page(&self) -> Result<(SocketAddr, String), IngestError> {
        if let Some(shared) = self.page.get() {
            return Ok(shared.clone());
        }
        let here = reachable_address().ok_or(IngestError::NoNetwork)?;
        let key = fresh_key().map_err(IngestError::Start)?;
        let (door, address) = listen(SocketAddr::new(here, 0))?;
        let taken = PublishKey::new(&key).map(|key| self.shared.play_key.set(key));
        if !matches!(taken, Some(Ok(()))) {
            return Err(IngestError::Start(io::Error::other("there is a key to play already")));
        }
        if self.doors.try_send(door).is_err() {
            return Err(IngestError::Start(io::Error::other("the server has ended")));
        }
        Ok(self.page.get_or_init(|| (address, key)).clone())
    }

    /// Figures so far.
    pub fn stats(&self) -> IngestStats {
        self.shared.stats()
    }

    /// Ends every connection, closes the recordings and joins the threads, within 2 s. All events are told when it
    /// returns.
    pub fn stop(mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        self.stop.send_replace(true);
        if let Some(worker) = self.worker.take() {
            worker.join();
        }
    }
}

impl Drop for IngestServer {
    fn drop(&mut self) {
        self.finish();
    }
}

impl fmt::Debug for IngestServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IngestServer").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

/// A key that nobody knows yet, short enough to be typed.
///
/// # Errors
/// The system gives no random bytes.
pub fn fresh_key() -> io::Result<String> {
    let mut random = [0; 12];
    getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(random.iter().map(|byte| char::from(KEY_LETTERS[usize::from(byte & 31)])).collect())
}

/// `address` as others are to write it: where it stands for all of this computer's, with one that others reach.
pub fn reachable_at(address: SocketAddr) -> String {
    let port = address.port();
    match (address.ip().is_unspecified(), reachable_address()) {
        (false, _) => address.to_string(),
        (true, Some(here)) => SocketAddr::new(here, port).to_string(),
        (true, None) => format!("THIS-COMPUTER:{port}"),
    }
}

/// This computer's address for the others of its network: the one from which it would reach the world. Nothing is sent. `None`
/// where there is no network.
pub fn reachable_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // An address for documentation (RFC 5737): only the way to it is looked up.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let here = socket.local_addr().ok()?.ip();
    (!here.is_loopback() && !here.is_unspecified()).then_some(here)
}

/// Listens, and tells at which port.
fn listen(address: SocketAddr) -> Result<(std::net::TcpListener, SocketAddr), IngestError> {
    let listen = || {
        let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
        // Else the port of a server that has just ended is refused for a minute. On Windows it would let two servers
        // share a port.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        let listener = std::net::TcpListener::from(socket);
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    listen().map_err(|source: io::Error| IngestError::Listen { address, source })
}

/// Where clients come in.
struct Doors {
    rtmp: TcpListener,
    rtmps: Option<(TcpListener, TlsAcceptor)>,
    http: Vec<TcpListener>,
}

/// What came in by which door.
enum Arrival {
    Rtmp,
    Rtmps(TlsAcceptor),
    Http,
}

impl Doors {
    fn open(
        rtmp: std::net::TcpListener,
        rtmps: Option<(std::net::TcpListener, TlsAcceptor)>,
        http: Option<std::net::TcpListener>,
    ) -> io::Result<Self> {
        let rtmps = match rtmps {
            Some((listener, acceptor)) => Some((TcpListener::from_std(listener)?, acceptor)),
            None => None,
        };
        let http = http.map(TcpListener::from_std).transpose()?.into_iter().collect();
        Ok(Self { rtmp: TcpListener::from_std(rtmp)?, rtmps, http })
    }

    /// The peer is told by the address that it has itself: one that listens for IPv6 sees IPv4 as `::ffff:192.0.2.7`.
    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr, Arrival)> {
        let (stream, peer, arrival) = self.accept_as_is().await?;
        Ok((stream, SocketAddr::new(peer.ip().to_canonical(), peer.port()), arrival))
    }

    async fn accept_as_is(&self) -> io::Result<(TcpStream, SocketAddr, Arrival)> {
        let tls = async {
            match &self.rtmps {
                Some((listener, acceptor)) => {
                    listener.accept().await.map(|(stream, peer)| (stream, peer, Arrival::Rtmps(acceptor.clone())))
                }
                None => std::future::pending().await,
            }
        };
        let http = std::future::poll_fn(|cx| {
            let accepted = self.http.iter().find_map(|listener| match listener.poll_accept(cx) {
                Poll::Ready(accepted) => Some(accepted),
                Poll::Pending => None,
            });
            accepted.map_or(Poll::Pending, Poll::Ready)
        });
        tokio::select! {
            accepted = self.rtmp.accept() => accepted.map(|(stream, peer)| (stream, peer, Arrival::Rtmp)),
            accepted = tls => accepted,
            accepted = http => accepted.map(|(stream, peer)| (stream, peer, Arrival::Http)),
        }
    }
}

async fn serve(
    mut doors: Doors,
    shared: &Arc<Shared>,
    mut more_doors: mpsc::Receiver<std::net::TcpListener>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    let mut ticks = tokio::time::interval(STATS_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    ticks.tick().await;
    let (mut last_bytes, mut last_tick) = (0, shared.clock.now());
    loop {
        tokio::select! {
            accepted = doors.accept() => match accepted {
                Ok((stream, peer, arrival)) => accept(stream, peer, arrival, shared, &stopped, &mut connections),
                Err(_no_handles_left) => tokio::time::sleep(ACCEPT_RETRY).await,
            },
            Some(door) = more_doors.recv() => doors.http.extend(TcpListener::from_std(door)),
            _ = connections.join_next(), if !connections.is_empty() => {}
            _ = ticks.tick() => {
                let mut stats = shared.stats();
                let now = shared.clock.now();
                let seconds = now.since(last_tick).as_secs_f64().max(1e-3);
                stats.kbps = stats.bytes.saturating_sub(last_bytes) as f64 * 8.0 / 1000.0 / seconds;
                (last_bytes, last_tick) = (stats.bytes, now);
                shared.tell(IngestEvent::Stats(stats));
                shared.tick_hls();
            }
            _ = stopped.changed() => break,
        }
    }
    drop(doors);
    // Each connection sees the stop as well; one that does not end in time is cut off, its publish is ended.
    let all_ended = async { while connections.join_next().await.is_some() {} };
    let _cut_off = tokio::time::timeout(STOP_GRACE, all_ended).await;
    connections.shutdown().await;
}

fn accept(
    stream: TcpStream,
    peer: SocketAddr,
    arrival: Arrival,
    shared: &Arc<Shared>,
    stopped: &watch::Receiver<bool>,
    connections: &mut JoinSet<()>,
) {
    let most = match arrival {
        Arrival::Http => shared.limits.connections_max_http(),
        Arrival::Rtmp | Arrival::Rtmps(_) => shared.limits.connections_max,
    };
    if connections.len() >= most {
        let reason = format!("there are already {most} connections");
        return shared.refuse(peer, RefusalKind::Connections, reason);
    }
    prepare(&stream);
    let (counted, shared, stopped) = (Counted::new(shared), Arc::clone(shared), stopped.clone());
    match arrival {
        Arrival::Rtmp => connections.spawn(async move {
            let _counted = counted;
            serve_connection(stream, peer, shared, stopped).await;
        }),
        Arrival::Rtmps(acceptor) => connections.spawn(async move {
            let _counted = counted;
            serve_tls(acceptor, stream, peer, shared, stopped).await;
        }),
        Arrival::Http => connections.spawn(async move {
            // Who asks for media and does not read it is cut off by the system, as players are by us.
            #[cfg(target_os = "linux")]
            let _ = socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(shared.limits.player_stall));
            let _counted = counted;
            serve_http(stream, peer, shared, stopped).await;
        }),
    };
}

async fn serve_tls(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    let accepted = tokio::select! {
        accepted = tokio::time::timeout(shared.deadlines.handshake, acceptor.accept(stream)) => accepted,
        _ = stopped.wait_for(|stop| *stop) => return,
    };
    match accepted {
        Ok(Ok(stream)) => serve_connection(stream, peer, shared, stopped).await,
        Ok(Err(error)) => shared.refuse(peer, RefusalKind::Tls, format!("no TLS: {error}")),
        Err(_elapsed) => shared.refuse(peer, RefusalKind::TooSlow, "the TLS handshake took too long".to_owned()),
    }
}

/// Sets what serves live media best; where the system cannot, it works all the same.
fn prepare(stream: &TcpStream) {
    // Answers are small and waited for; without it they would wait for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let socket = socket2::SockRef::from(stream);
    // What waits for a slow player waits in our queue, where it can be dropped.
    #[cfg(target_os = "linux")]
    let _ = socket.set_tcp_notsent_lowat(UNSENT_MAX);
    // A peer whose computer is gone is noticed also while nothing is to be said.
    let keepalive =
        socket2::TcpKeepalive::new().with_time(Duration::from_secs(60)).with_interval(Duration::from_secs(15));
    let _ = socket.set_tcp_keepalive(&keepalive);
}
