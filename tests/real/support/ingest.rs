//! `tally serve` as the tests run it: on free ports, recording into a folder of its own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::media::{Recording, decode_without_a_warning};
use super::process::Process;
use super::publishers::FRAMES;
use super::tally::{Show, Tally, number};

const LIMIT: Duration = Duration::from_secs(30);

/// A running ingest.
pub(crate) struct Ingest {
    /// The program.
    pub(crate) show: Show,
    listening: Value,
    dir: TempDir,
}

impl Ingest {
    /// Starts it with `args` beside the usual.
    pub(crate) fn start(args: &[&str]) -> Self {
        let dir = TempDir::new().unwrap();
        let record = dir.path().to_string_lossy().into_owned();
        let mut show = Tally::serve(&["--record", &record]).args(args).start();
        let listening = show.wait_for("listening event", LIMIT, |event| event["event"] == "listening");
        Self { show, listening, dir }
    }

    /// The port after the last colon of an address or URL.
    pub(crate) fn port(&self, field: &str) -> u16 {
        let text = self.listening[field].as_str().unwrap_or_else(|| panic!("no {field} in {}", self.listening));
        let port = text.trim_end_matches('/').rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        port.unwrap_or_else(|| panic!("no port in {text}"))
    }

    /// `rtmp://…/live`.
    pub(crate) fn url(&self) -> String {
        format!("rtmp://127.0.0.1:{}/live", self.port("rtmp"))
    }

    /// `rtmps://…/live`.
    pub(crate) fn tls_url(&self) -> String {
        format!("rtmps://127.0.0.1:{}/live", self.port("rtmps"))
    }

    /// What `/status` tells programs.
    pub(crate) fn status(&self) -> Value {
        let body = get(self.port("http"), "/status");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error} in {body}"))
    }

    /// Waits for the end of the publish of `name`.
    pub(crate) fn ended(&mut self, name: &str) -> Value {
        self.show
            .wait_for("publish_ended event", LIMIT, |event| event["event"] == "publish_ended" && event["name"] == name)
    }

    /// Waits until `count` events of this name are there, and gives them.
    pub(crate) fn wait_for_count(&mut self, event: &str, count: usize) -> Vec<Value> {
        let of_that_name =
            |show: &Show| -> Vec<Value> { show.events().into_iter().filter(|found| found["event"] == event).collect() };
        let found = super::time::poll(LIMIT, || {
            let found = of_that_name(&self.show);
            (found.len() >= count).then_some(found)
        });
        found.unwrap_or_else(|| panic!("not {count} events {event}\n{}", self.show.process.story()))
    }

    /// The folder of the recordings.
    pub(crate) fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// The first recording of `name`.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(format!("{name}.flv"))
    }

    /// The publisher's `FRAMES` pictures were counted and recorded.
    pub(crate) fn check(&mut self, name: &str, mut publisher: Process) {
        publisher.wait(LIMIT);
        let ended = self.ended(name);
        assert_eq!(number(&ended, "frames") as usize, FRAMES, "{ended}\n{}", publisher.story());
        let recording = check_file(&self.file(name));
        assert_eq!(number(&ended, "audio_packets") as usize, recording.audio.len(), "{ended}");
        assert!(number(&ended, "bytes") > 10_000.0, "{ended}");
    }
}

/// The body of the answer to a web request to this computer.
pub(crate) fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no body in {answer}"));
    body.to_owned()
}

/// Panics unless the file holds `FRAMES` pictures and their sound, and decodes without a warning.
pub(crate) fn check_file(path: &Path) -> Recording {
    let recording = Recording::read(path);
    assert_eq!(recording.video.len(), FRAMES, "{}", path.display());
    assert!(recording.audio.len() > 100, "{} packets of sound", recording.audio.len());
    recording.check_timeline();
    assert_eq!(recording.holes(30.0), 0);
    assert_eq!(decode_without_a_warning(path), FRAMES);
    recording
}
