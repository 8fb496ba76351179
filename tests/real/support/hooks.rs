//! A tiny HTTP server that answers nginx-rtmp's hooks: yes to everything, except to what a test wants refused.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::time;

/// The running responder; it ends when dropped.
pub(crate) struct Hooks {
    /// Where it listens.
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Hooks {
    /// Answers 403 to every request whose path or form contains `refused`, and 200 to all others.
    pub(crate) fn refusing(refused: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, stop) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicBool>::default());
        let (asked_there, stop_there) = (Arc::clone(&asked), Arc::clone(&stop));
        let thread = time::thread(move || {
            while !stop_there.load(Ordering::Relaxed) {
                let Ok((mut stream, _)) = listener.accept() else {
                    time::pause(Duration::from_millis(5));
                    continue;
                };
                stream.set_nonblocking(false).unwrap();
                stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
                let request = read_request(&mut stream);
                let answer = if request.contains(refused) { "403 Forbidden" } else { "200 OK" };
                asked_there.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                let text = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _gone_meanwhile = stream.write_all(text.as_bytes());
            }
        });
        Self { port, asked, stop, thread: Some(thread) }
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Hooks {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _panicked_already = thread.join();
        }
    }
}

/// Head and form of one request: nginx-rtmp says its length in the head.
fn read_request(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok())
                .next()
                .unwrap_or(0);
            if body.len() >= length {
                return text;
            }
        }
        match stream.read(&mut buffer) {
            Ok(count @ 1..) => bytes.extend_from_slice(&buffer[..count]),
            _ => return text,
        }
    }
}
