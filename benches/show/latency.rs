//! How soon the first picture is at the server, and how old each picture is when its last byte arrives there.

use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Plan;
use crate::clip::{Contestant, tally_command};
use crate::measure::{Usage, run};
use crate::support::odd::OddServer;
use crate::support::signal::Signal;
use crate::support::time;
use crate::support::wire::{Message, Peer, kind};
use crate::table::{Table, median, percentile};

/// A message and when its last byte was read.
struct Arrived {
    message: Message,
    at: Instant,
    unix_millis: u64,
}

/// A server that keeps all media with the time of its arrival.
struct Sink {
    server: OddServer,
    accepted: Arc<Mutex<Vec<Instant>>>,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

impl Sink {
    fn start() -> Self {
        let (accepted, arrived) = (Arc::<Mutex<Vec<Instant>>>::default(), Arc::<Mutex<Vec<Arrived>>>::default());
        let (accepted_there, arrived_there) = (Arc::clone(&accepted), Arc::clone(&arrived));
        let server = OddServer::start(move |stream: TcpStream| {
            accepted_there.lock().unwrap_or_else(PoisonError::into_inner).push(time::now());
            let mut peer = Peer::new(stream);
            if peer.serve_until_publish().and_then(|_| peer.accept_publish()).is_err() {
                return;
            }
            while let Ok(message) = peer.read_message() {
                if matches!(message.kind, kind::AUDIO | kind::VIDEO) {
                    let unix_millis = u64::try_from(tally::clock::unix_time().as_millis()).unwrap_or(0);
                    let arrived = Arrived { message, at: time::now(), unix_millis };
                    arrived_there.lock().unwrap_or_else(PoisonError::into_inner).push(arrived);
                }
            }
        });
        Self { server, accepted, arrived }
    }

    /// What has arrived since the last call.
    fn take(&self) -> Vec<Arrived> {
        // The last bytes may still be on their way when the sender has ended.
        time::pause(Duration::from_millis(200));
        std::mem::take(&mut *self.arrived.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Arrived {
    /// Whether it is a picture and not a sequence header.
    fn is_picture(&self) -> bool {
        self.message.kind == kind::VIDEO && self.message.body.get(1) == Some(&1)
    }
}

/// From the program's start, and from its connection, to the first picture at the server.
pub(crate) fn measure_start(plan: &Plan) -> Table {
    const SECONDS: u32 = 1;
    let heads = ["the first picture is at the server", "after the program's start, ms", "after the connection, ms"];
    let mut table = Table::new("start", &heads);
    let mut runs: Vec<[Vec<f64>; 2]> = vec![Default::default(); 2];
    let contestants = [Contestant::Tally, Contestant::X264("ultrafast")];
    for _ in 0..plan.pairs {
        for (contestant, [from_start, from_connection]) in contestants.into_iter().zip(&mut runs) {
            let sink = Sink::start();
            let home = tempfile::tempdir().unwrap();
            let mut command = contestant.command(&sink.server.url(), SECONDS, home.path());
            if contestant == Contestant::Tally {
                command = tally_command(&sink.server.url(), SECONDS, home.path());
                command.args(["--video", "test", "--audio", "test"]);
            }
            let usage = run(&mut command);
            let arrived = sink.take();
            let first =
                arrived.iter().find(|arrived| arrived.is_picture()).unwrap_or_else(|| panic!("nothing arrived")).at;
            let connection = sink.accepted.lock().unwrap_or_else(PoisonError::into_inner)[0];
            from_start.push((first - usage.started).as_secs_f64() * 1000.0);
            from_connection.push((first - connection).as_secs_f64() * 1000.0);
        }
    }
    for (contestant, [from_start, from_connection]) in contestants.into_iter().zip(&runs) {
        let cells = [from_start, from_connection].map(|values| format!("{:.0}", median(values)));
        table.row(&contestant.name(), cells);
    }
    table
}

/// Capture to socket as the program tells it, and capture to server as the blocks in the picture tell it.
pub(crate) fn measure(plan: &Plan) -> Table {
    let heads = ["the test signal at 720p30", "median ms", "p99 ms", "worst ms"];
    let mut table = Table::new("latency", &heads);
    let (mut told, mut seen) = (Vec::new(), Vec::new());
    for _ in 0..plan.pairs.min(3) {
        let sink = Sink::start();
        let home = tempfile::tempdir().unwrap();
        let mut command = tally_command(&sink.server.url(), plan.seconds, home.path());
        command.args(["--video", "test", "--audio", "test"]);
        let usage = run(&mut command);
        told.extend(told_by_stats(&usage));
        seen.extend(ages(&sink.take()));
    }
    let p99s_told: Vec<_> = told.iter().map(|(_, p99)| *p99).collect();
    let medians_told: Vec<_> = told.iter().map(|(median, _)| *median).collect();
    let cells = [median(&medians_told), median(&p99s_told), percentile(&p99s_told, 1.0)];
    table.row("capture to socket (its stats, the seconds' medians and p99s)", cells.map(|ms| format!("{ms:.1}")));
    let cells = [median(&seen), percentile(&seen, 0.99), percentile(&seen, 1.0)];
    table.row("drawn to last byte at the server", cells.map(|ms| format!("{ms:.1}")));
    table
}

/// Median and 99th percentile of each second.
fn told_by_stats(usage: &Usage) -> Vec<(f64, f64)> {
    let events = usage.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let stats = events.filter(|event| event["event"] == "stats" && event["state"] == "live");
    stats
        .filter_map(|event| {
            let latency = &event["latency_ms"];
            Some((latency["median"].as_f64()?, latency["p99"].as_f64()?))
        })
        .collect()
}

/// The age of each picture on its arrival, in milliseconds: the wall clock is drawn into it.
fn ages(arrived: &[Arrived]) -> Vec<f64> {
    const CLOCK_MASK: u64 = 0x0fff_ffff;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("arrived.flv");
    std::fs::write(&path, flv(arrived)).unwrap();
    let pictures: Vec<_> = arrived.iter().filter(|arrived| arrived.is_picture()).collect();
    let shown = Signal::read(&path).clocks;
    assert_eq!(pictures.len(), shown.len(), "pictures that arrived and were decoded");
    let ages = pictures.into_iter().zip(shown).filter_map(|(arrived, (_, drawn))| {
        let age = (arrived.unix_millis & CLOCK_MASK).checked_sub(u64::from(drawn?))?;
        Some(age as f64)
    });
    // The encoder's first pictures and the start are another table's.
    ages.skip(30).collect()
}

/// The messages as a file (FLV 10.1, annex E).
fn flv(arrived: &[Arrived]) -> Vec<u8> {
    let mut bytes = b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00".to_vec();
    for Arrived { message, .. } in arrived {
        let length = u32::try_from(message.body.len()).unwrap();
        let [extended, a, b, c] = message.timestamp.to_be_bytes();
        bytes.push(message.kind);
        bytes.extend_from_slice(&length.to_be_bytes()[1..]);
        bytes.extend_from_slice(&[a, b, c, extended, 0, 0, 0]);
        bytes.extend_from_slice(&message.body);
        bytes.extend_from_slice(&(length + 11).to_be_bytes());
    }
    bytes
}
