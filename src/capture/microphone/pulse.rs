//! Microphones of a PulseAudio server (or PipeWire in its place) by its own protocol, without any system library.
//!
//! cpal has such a host too, but gives the server a buffer as long as one callback: whatever does not fit while the
//! client is busy for a moment is dropped by the server, block by block. Here the server may keep what it likes.

use std::ffi::CString;
use std::future::Future;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{self, ChannelMap, ChannelPosition, RecordStreamParams, SampleFormat, SampleSpec};
use pulseaudio::{Client, ClientError, RecordStream, cookie_path_from_env, socket_path_from_env};

use super::feed::feed;
use super::running::{Running, chosen};
use crate::capture::devices::{MONITOR, plain_name};
use crate::capture::{DeviceInfo, DeviceKind, SourceError};
use crate::clock::Clock;
use crate::flow::{Queue, Worker};
use crate::media::Timestamp;

/// Callbacks a second asked for.
const CALLBACKS_PER_SEC: u32 = 100;
/// How often the server is asked whether it lives and how late its sound is.
const ASK: Duration = Duration::from_millis(200);
const SAMPLE_BYTES: usize = 4;
/// A cookie is so long, neither more nor less.
const COOKIE_BYTES: usize = 256;

/// A connection to the server, which ends when this is dropped.
pub(super) struct Server {
    client: Client,
    _line: Line,
}

/// The socket of a connection. Its client's own thread waits on it for ever, also when nobody has the client any more, and the
/// server takes in 64 connections of all programs and no more.
struct Line(UnixStream);

impl Drop for Line {
    fn drop(&mut self) {
        // A refusal means that the server has ended it.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// What servers know their user by. Where there is no file with it, it is the socket that tells them, and they still want so many
/// bytes: PipeWire too. The crate knows a configuration folder of another place no more than it knows this.
fn cookie() -> Vec<u8> {
    let configured = std::env::var_os("XDG_CONFIG_HOME").map(|folder| PathBuf::from(folder).join("pulse/cookie"));
    let told = std::env::var_os("PULSE_COOKIE").map(PathBuf::from);
    let mut places = told.into_iter().chain(configured).chain(cookie_path_from_env());
    let found = places.find_map(|path| std::fs::read(path).ok().filter(|cookie| cookie.len() == COOKIE_BYTES));
    found.unwrap_or_else(|| vec![0; COOKIE_BYTES])
}

/// The socket that `PULSE_SERVER` names; of its other ways (TCP, several one after another) none is known here.
fn named_socket(server: Option<&str>) -> Option<PathBuf> {
    server.and_then(|server| server.strip_prefix("unix:")).map(PathBuf::from)
}

/// That there is no server is `NoSoundServer` where one has left its socket.
pub(super) fn left_socket() -> Result<(), SourceError> {
    match socket_path_from_env() {
        Some(path) => Err(SourceError::NoSoundServer { reason: format!("nobody answers at {}", path.display()) }),
        None => Ok(()),
    }
}

impl Server {
    /// Connects to the server the environment names, else the user's; `None` where there is none.
    ///
    /// # Errors
    /// `NoSoundServer`: the one that `PULSE_SERVER` names cannot be reached. Another microphone is not what was wanted then.
    pub(super) fn connect() -> Result<Option<Self>, SourceError> {
        let named = named_socket(std::env::var("PULSE_SERVER").ok().as_deref());
        let is_named = named.is_some();
        let Some(path) = named.or_else(socket_path_from_env) else { return Ok(None) };
        let cookie = Some(cookie());
        let connected = UnixStream::connect(&path).map_err(ClientError::from).and_then(|socket| {
            let line = Line(socket.try_clone()?);
            Ok(Self { client: Client::new_unix(c"Tally", socket, cookie)?, _line: line })
        });
        match connected {
            Ok(server) => Ok(Some(server)),
            Err(error) if is_named => {
                let said = match &error {
                    ClientError::Io(error) => error.to_string(),
                    error => error.to_string(),
                };
                Err(SourceError::NoSoundServer { reason: format!("{}: {said}", path.display()) })
            }
            Err(error) => {
                tracing::debug!(%error, "no PulseAudio server");
                Ok(None)
            }
        }
    }

    pub(super) fn list(&self) -> Result<Vec<DeviceInfo>, SourceError> {
        let default = block_on(self.client.server_info()).ok().and_then(|info| info.default_source_name);
        let sources = block_on(self.client.list_sources())
            .map_err(|error| SourceError::NoSoundServer { reason: error.to_string() })?;
        let mut all: Vec<(bool, DeviceInfo)> = sources
            .into_iter()
            .map(|source| {
                let monitor = source.monitor_of_sink_index.is_some() || source.monitor_of_sink_name.is_some();
                let channels = source.sample_spec.channels;
                let plural = if channels == 1 { "" } else { "s" };
                let name = source.description.as_ref().unwrap_or(&source.name).to_string_lossy();
                let what = if monitor { format!("PulseAudio, {MONITOR}") } else { "PulseAudio".to_owned() };
                let info = DeviceInfo {
                    id: format!("mic:{}", source.name.to_string_lossy()),
                    name: plain_name(&name),
                    kind: DeviceKind::Microphone,
                    formats: vec![format!("{} Hz, {channels} channel{plural}", source.sample_spec.sample_rate)],
                    default: default.as_ref() == Some(&source.name),
                    detail: what,
                };
                (monitor, info)
            })
            .collect();
        all.sort_by_key(|(monitor, info)| (!info.default, *monitor));
        let mut all: Vec<DeviceInfo> = all.into_iter().map(|(_, info)| info).collect();
        if let Some(first) = all.first_mut() {
            first.default = true;
        }
        Ok(all)
    }

    pub(super) fn open(
        self,
        id: Option<&str>,
        sample_rate: u32,
        channels: u16,
        clock: &Clock,
    ) -> Result<Running, SourceError> {
        let mut all = self.list()?;
        let index = chosen(&all, id)?;
        let mut info = all.remove(index);
        info.formats = vec![format!("{sample_rate} Hz, {channels} channels")];
        let failed = |error: &ClientError| source_error(&info.id, error);
        let name = info.id.strip_prefix("mic:").unwrap_or(&info.id);
        let fragment = sample_rate / CALLBACKS_PER_SEC * u32::from(channels) * SAMPLE_BYTES as u32;
        let positions: &[ChannelPosition] = if channels == 1 {
            &[ChannelPosition::Mono]
        } else {
            &[ChannelPosition::FrontLeft, ChannelPosition::FrontRight]
        };
        let params = RecordStreamParams {
            // The server converts whatever the source has.
            sample_spec: SampleSpec { format: SampleFormat::Float32Le, channels: channels as u8, sample_rate },
            channel_map: ChannelMap::new(positions.iter().copied()),
            source_name: CString::new(name).ok(),
            buffer_attr: BufferAttr { fragment_size: fragment, ..BufferAttr::default() },
            // One that may be moved goes on with another source when its own is pulled out, which nobody chose: another
            // microphone in the room, or what this computer plays.
            flags: StreamFlags { start_corked: false, adjust_latency: true, no_move: true, ..StreamFlags::default() },
            ..RecordStreamParams::default()
        };
        let (mut end, feed, pulse) = feed(sample_rate, channels, channels, clock);
        let lateness = Arc::new(AtomicU64::new(0));
        let known_lateness = Arc::clone(&lateness);
        let frame_bytes = usize::from(channels) * SAMPLE_BYTES;
        let stream = block_on(self.client.create_record_stream(params, move |data: &[u8]| {
            let count = data.len() / SAMPLE_BYTES;
            let length = (data.len() / frame_bytes) as u64 * 1_000_000_000 / u64::from(sample_rate.max(1));
            let age = Duration::from_nanos(length + known_lateness.load(Ordering::Relaxed) * 1000);
            end.take_with(count, age, |index| {
                let bytes = data.get(index * SAMPLE_BYTES..).and_then(|rest| rest.first_chunk::<SAMPLE_BYTES>());
                bytes.map_or(0.0, |bytes| f32::from_le_bytes(*bytes))
            });
        }))
        .map_err(|e| failed(&e))?;
        lateness.store(least_lateness(&stream).map_err(|e| failed(&e))?, Ordering::Relaxed);
        let errors = Queue::new(8);
        let asker = ask(&stream, &errors, clock)
            .map_err(|e| SourceError::Device { what: info.id.clone(), reason: e.to_string() })?;
        // Dropped in this order: first who asks, then the stream, then the connection.
        Ok(Running { stream: Box::new((asker, stream, self)), feed, pulse, errors, info, others: all })
    }
}

/// How late the server has the sound, in microseconds: the least of a few answers, since between the blocks of a
/// source it grows like a saw's tooth.
fn least_lateness(stream: &RecordStream) -> Result<u64, ClientError> {
    let mut least = u64::MAX;
    for _ in 0..3 {
        let timing = block_on(stream.timing_info())?;
        least = least.min(timing.source_usec);
    }
    // What is late by seconds is an empty buffer's nonsense.
    Ok(if least > 500_000 { 0 } else { least })
}

/// Asks the server again and again: nothing else tells that it has died.
fn ask(stream: &RecordStream, errors: &Queue<String>, clock: &Clock) -> std::io::Result<Worker> {
    let (stream, errors, clock) = (stream.clone(), errors.clone(), clock.clone());
    Worker::spawn("mic-server", move |stop| {
        let mut next: Timestamp = clock.now();
        while crate::capture::revival::wait_until(&clock, next, stop) {
            if let Err(error) = block_on(stream.timing_info()) {
                drop(errors.push(loss_of(&error)));
                return;
            }
            next = clock.now() + ASK;
        }
    })
}

/// Why a stream is over: one that may not move is, when its source is gone.
fn loss_of(error: &ClientError) -> String {
    match error {
        ClientError::ServerError(protocol::PulseError::NoEntity) => "it was unplugged".to_owned(),
        error => error.to_string(),
    }
}

fn source_error(id: &str, error: &ClientError) -> SourceError {
    let (what, reason) = (id.to_owned(), error.to_string());
    match error {
        ClientError::ServerError(protocol::PulseError::AccessDenied | protocol::PulseError::AuthKey) => {
            SourceError::Permission { what, reason }
        }
        ClientError::ServerError(protocol::PulseError::Busy) => SourceError::Busy { what, reason },
        _ => SourceError::Device { what, reason },
    }
}

/// Waits for one answer of the server. This room has no asynchronous runtime, and needs none for this.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_on_waits_for_another_thread() {
        let done = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&done);
        let mut worker = None;
        let value = block_on(std::future::poll_fn(|context| {
            let value = seen.load(Ordering::Acquire);
            if value != 0 {
                return Poll::Ready(value);
            }
            if worker.is_none() {
                let (waker, done) = (context.waker().clone(), Arc::clone(&done));
                worker = Worker::spawn("test-waker", move |_| {
                    done.store(7, Ordering::Release);
                    waker.wake();
                })
                .ok();
            }
            Poll::Pending
        }));
        assert_eq!(value, 7);
    }

    #[test]
    fn a_server_is_named_by_its_socket_alone() {
        assert_eq!(named_socket(Some("unix:/nonexist")), Some(PathBuf::from("/nonexist")));
        assert_eq!((named_socket(Some("tcp:host")), named_socket(Some("")), named_socket(None)), (None, None, None));
    }

    #[test]
    fn errors_say_what_can_be_done() {
        let of = |error| source_error("mic:x", &ClientError::ServerError(error));
        assert!(matches!(of(protocol::PulseError::AccessDenied), SourceError::Permission { .. }));
        assert!(matches!(of(protocol::PulseError::Busy), SourceError::Busy { .. }));
        assert!(matches!(of(protocol::PulseError::NoEntity), SourceError::Device { .. }));
    }
}
