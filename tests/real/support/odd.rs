//! Servers that misbehave: each plays one script to every client and ends when the test lets go of it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::time;
use super::wire::Peer;

/// The step after which a server closes the connection without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closes {
    AfterAccept,
    AfterC1,
    AfterS2,
    AfterConnect,
    AfterCreateStream,
    AfterPublish,
    /// After so many messages of the live show.
    MidShow(usize),
}

/// A server on a port of its own.
pub(crate) struct OddServer {
    /// Where it listens.
    pub(crate) port: u16,
    clients: Arc<AtomicUsize>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl OddServer {
    /// Plays `script` to each client in a thread of its own; the connection is closed at its end.
    pub(crate) fn start(script: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        Self::start_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), script)
    }

    /// The same on a socket that listens already.
    pub(crate) fn start_on(listener: TcpListener, script: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let clients = Arc::<AtomicUsize>::default();
        let streams = Arc::<Mutex<Vec<TcpStream>>>::default();
        let stop = Arc::<AtomicBool>::default();
        let script = Arc::new(script);
        let (clients_there, streams_there, stop_there) =
            (Arc::clone(&clients), Arc::clone(&streams), Arc::clone(&stop));
        let thread = time::thread(move || {
            let mut scripts = Vec::new();
            while !stop_there.load(Ordering::Relaxed) {
                let Ok((stream, _)) = listener.accept() else {
                    time::pause(Duration::from_millis(2));
                    continue;
                };
                clients_there.fetch_add(1, Ordering::Relaxed);
                stream.set_nonblocking(false).unwrap();
                stream.set_nodelay(true).unwrap();
                let kept = stream.try_clone().unwrap();
                streams_there.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
                let script = Arc::clone(&script);
                scripts.push(time::thread(move || {
                    let closing = stream.try_clone();
                    script(stream);
                    if let Ok(closing) = closing {
                        let _closed_already = closing.shutdown(Shutdown::Both);
                    }
                }));
            }
            drop(listener);
            for stream in streams_there.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                let _closed_already = stream.shutdown(Shutdown::Both);
            }
            for script in scripts {
                let _panicked = script.join();
            }
        });
        Self { port, clients, streams, stop, thread: Some(thread) }
    }

    /// `rtmp://…/live` of this server.
    pub(crate) fn url(&self) -> String {
        format!("rtmp://127.0.0.1:{}/live", self.port)
    }

    /// How many clients came so far.
    pub(crate) fn clients(&self) -> usize {
        self.clients.load(Ordering::Relaxed)
    }

    /// Cuts every connection.
    pub(crate) fn cut(&self) {
        for stream in self.streams.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _closed_already = stream.shutdown(Shutdown::Both);
        }
    }

    /// Accepts and never says a word.
    pub(crate) fn silent() -> Self {
        Self::start(swallow)
    }

    /// Answers everything as a web server does.
    pub(crate) fn http() -> Self {
        Self::start(|mut stream| {
            let mut first = [0; 1];
            if stream.read_exact(&mut first).is_ok() {
                let text =
                    "HTTP/1.1 400 Bad Request\r\nServer: webby\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                let _gone_meanwhile = stream.write_all(text.as_bytes());
                let _closed_already = stream.shutdown(Shutdown::Write);
                swallow(stream);
            }
        })
    }

    /// Answers the handshake with bytes that are none, then stays.
    pub(crate) fn garbage() -> Self {
        Self::start(|mut stream| {
            let bytes: Vec<u8> = (0..4000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8 | 0x80).collect();
            let _gone_meanwhile = stream.write_all(&bytes);
            swallow(stream);
        })
    }

    /// Closes after a step of the conversation.
    pub(crate) fn closing(step: Closes) -> Self {
        Self::start(move |stream| {
            let mut peer = Peer::new(stream);
            let _client_gone = converse(&mut peer, step);
            // Unread bytes would turn the close into a reset: read what has come.
            let stream = peer.stream();
            let _closed_already = stream.set_nonblocking(true);
            let mut buffer = [0; 64 * 1024];
            while let Ok(1..) = stream.read(&mut buffer) {}
        })
    }

    /// Says no to `connect`.
    pub(crate) fn rejecting_connect(code: &'static str, description: &'static str) -> Self {
        Self::start(move |stream| {
            let mut peer = Peer::new(stream);
            let told = peer.handshake().and_then(|()| {
                peer.read_command("connect")?;
                peer.reject_connect(code, description)
            });
            if told.is_ok() {
                while peer.read_message().is_ok() {}
            }
        })
    }

    /// Says no to `publish`.
    pub(crate) fn rejecting_publish(code: &'static str, description: &'static str) -> Self {
        Self::start(move |stream| {
            let mut peer = Peer::new(stream);
            if peer.serve_until_publish().is_ok() && peer.on_status("error", code, description).is_ok() {
                while peer.read_message().is_ok() {}
            }
        })
    }

    /// Takes the publish, reads so many messages, and ends it in words; stays.
    pub(crate) fn ending_the_publish(messages: usize, level: &'static str, code: &'static str) -> Self {
        Self::start(move |stream| {
            let mut peer = Peer::new(stream);
            let ended = peer.serve_until_publish().and_then(|_| peer.accept_publish()).and_then(|()| {
                (0..messages).try_for_each(|_| peer.read_message().map(drop))?;
                peer.on_status(level, code, "in its own words")
            });
            if ended.is_ok() {
                while peer.read_message().is_ok() {}
            }
        })
    }

    /// Serves well, but takes only `bytes_per_second` from the connection, and the system takes little in advance.
    pub(crate) fn slow(bytes_per_second: usize) -> Self {
        Self::start_on(short_of_buffers(), move |stream| {
            let mut peer = Peer::new(stream);
            if peer.serve_until_publish().and_then(|_| peer.accept_publish()).is_err() {
                return;
            }
            let mut buffer = vec![0; bytes_per_second / 20];
            while let Ok(1..) = peer.stream().read(&mut buffer) {
                time::pause(Duration::from_millis(50));
            }
        })
    }

    /// Serves well for `time`, and then reads no more and stays.
    pub(crate) fn deaf_after(time: Duration) -> Self {
        Self::start_on(short_of_buffers(), move |stream| {
            let mut peer = Peer::new(stream);
            if peer.serve_until_publish().and_then(|_| peer.accept_publish()).is_err() {
                return;
            }
            let until = time::now() + time;
            while time::now() < until && peer.read_message().is_ok() {}
            time::pause(Duration::from_secs(6));
        })
    }
}

/// A socket that listens, whose system takes little in advance.
fn short_of_buffers() -> TcpListener {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    // Accepted connections inherit it.
    socket.set_recv_buffer_size(8 * 1024).unwrap();
    socket.bind(&std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    socket.listen(8).unwrap();
    socket.into()
}

impl Drop for OddServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.cut();
        if let Some(thread) = self.thread.take() {
            let _panicked_already = thread.join();
        }
    }
}

fn converse(peer: &mut Peer<TcpStream>, step: Closes) -> std::io::Result<()> {
    if step == Closes::AfterAccept {
        return Ok(());
    }
    let c1 = peer.read_c0_c1()?;
    if step == Closes::AfterC1 {
        return Ok(());
    }
    peer.write_s0_s1_s2(&c1)?;
    if step == Closes::AfterS2 {
        return Ok(());
    }
    peer.read_c2()?;
    peer.read_command("connect")?;
    if step == Closes::AfterConnect {
        return Ok(());
    }
    peer.accept_connect()?;
    let create = peer.read_command("createStream")?;
    if step == Closes::AfterCreateStream {
        return Ok(());
    }
    peer.accept_create_stream(create.transaction)?;
    peer.read_command("publish")?;
    let Closes::MidShow(messages) = step else { return Ok(()) };
    peer.accept_publish()?;
    for _ in 0..messages {
        peer.read_message()?;
    }
    Ok(())
}

/// Reads until the client goes.
fn swallow(mut stream: TcpStream) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(1..) = stream.read(&mut buffer) {}
}
