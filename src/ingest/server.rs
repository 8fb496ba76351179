//! The server: one thread with a small runtime, which accepts and serves every connection.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connection::serve_connection;
use super::recorder::Recorder;
use super::shared::Shared;
use super::{IngestConfig, IngestError, IngestEvent, IngestStats};
use crate::clock::Clock;
use crate::flow::Worker;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 128;
const STATS_EVERY: Duration = Duration::from_secs(1);
/// How long connections may take to say good-bye when the server stops; recordings get as much again.
const STOP_GRACE: Duration = Duration::from_millis(900);
/// After the system refused to accept (no file handles left), it is asked again.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// A running server. Dropping it stops it.
pub struct IngestServer {
    local_addr: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    worker: Option<Worker>,
}

impl IngestServer {
    /// Listens, and serves on a thread of its own. `events` is called on that thread and on the recorder's: it must
    /// be quick and never wait.
    pub fn start(
        config: IngestConfig,
        clock: Clock,
        events: impl Fn(IngestEvent) + Send + Sync + 'static,
    ) -> Result<Self, IngestError> {
        let address = config.listen;
        if !is_loopback(address) && config.publish_key.is_none() {
            return Err(IngestError::KeyNeeded(address));
        }
        let listener = listen(address).map_err(|source| IngestError::Listen { address, source })?;
        let local_addr = listener.local_addr().map_err(|source| IngestError::Listen { address, source })?;
        let events: Arc<dyn Fn(IngestEvent) + Send + Sync> = Arc::new(events);
        let recorder = match config.record.clone() {
            Some(folder) => {
                let bytes_max = config.limits.recording_bytes_max;
                let started = Recorder::start(folder.clone(), bytes_max, clock.clone(), Arc::clone(&events));
                Some(started.map_err(|source| IngestError::RecordFolder { folder, source })?)
            }
            None => None,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(IngestError::Start)?;
        let shared = Arc::new(Shared::new(config, clock, events, recorder));
        let (stop, stopped) = watch::channel(false);
        let served = Arc::clone(&shared);
        let worker = Worker::spawn("ingest", move |_| {
            served.tell(IngestEvent::Listening { rtmp: local_addr });
            runtime.block_on(serve(listener, &served, stopped));
            drop(runtime);
            let recorder = served.recorder.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(recorder) = recorder {
                recorder.finish();
            }
        })
        .map_err(IngestError::Start)?;
        Ok(Self { local_addr, shared, stop, worker: Some(worker) })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
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
        f.debug_struct("IngestServer").field("local_addr", &self.local_addr).finish_non_exhaustive()
    }
}

fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
    // Else the port of a server that has just ended is refused for a minute. On Windows it would let two servers
    // share a port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

async fn serve(listener: std::net::TcpListener, shared: &Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let mut connections = JoinSet::new();
    let mut ticks = tokio::time::interval(STATS_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    ticks.tick().await;
    let (mut last_bytes, mut last_tick) = (0, shared.clock.now());
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => accept(stream, peer, shared, &stopped, &mut connections),
                Err(_no_handles_left) => tokio::time::sleep(ACCEPT_RETRY).await,
            },
            _ = connections.join_next(), if !connections.is_empty() => {}
            _ = ticks.tick() => {
                let mut stats = shared.stats();
                let now = shared.clock.now();
                let seconds = now.since(last_tick).as_secs_f64().max(1e-3);
                stats.kbps = stats.bytes.saturating_sub(last_bytes) as f64 * 8.0 / 1000.0 / seconds;
                (last_bytes, last_tick) = (stats.bytes, now);
                shared.tell(IngestEvent::Stats(stats));
            }
            _ = stopped.changed() => break,
        }
    }
    drop(listener);
    // Each connection sees the stop as well; one that does not end in time is cut off, its publish is ended.
    let all_ended = async { while connections.join_next().await.is_some() {} };
    let _cut_off = tokio::time::timeout(STOP_GRACE, all_ended).await;
    connections.shutdown().await;
}

fn accept(
    stream: TcpStream,
    peer: SocketAddr,
    shared: &Arc<Shared>,
    stopped: &watch::Receiver<bool>,
    connections: &mut JoinSet<()>,
) {
    if connections.len() >= shared.limits.connections_max {
        shared.refuse(peer, format!("there are already {} connections", shared.limits.connections_max));
        return;
    }
    shared.connections.fetch_add(1, Ordering::Relaxed);
    connections.spawn(serve_connection(stream, peer, Arc::clone(shared), stopped.clone()));
}
