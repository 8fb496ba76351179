//! A server that notes what comes and when, and what a viewer got of it.

use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tally::clock::unix_time;

use super::odd::OddServer;
use super::time;
use super::wire::{Peer, kind};

/// One message of media at the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived {
    pub(crate) at: Instant,
    pub(crate) video: bool,
    pub(crate) timestamp_ms: u32,
    pub(crate) bytes: usize,
    pub(crate) connection: usize,
}

/// A server that notes what comes and when.
pub(crate) struct Noting {
    pub(crate) server: OddServer,
    pub(crate) arrived: Arc<Mutex<Vec<Arrived>>>,
}

impl Noting {
    pub(crate) fn start(listener: TcpListener) -> Self {
        Self::asking(listener, usize::MAX, None)
    }

    /// One that asks its first client for another connection, there or where `to` says, after so many messages of media.
    pub(crate) fn asking(listener: TcpListener, after: usize, to: Option<String>) -> Self {
        let arrived = Arc::<Mutex<Vec<Arrived>>>::default();
        let there = Arc::clone(&arrived);
        let connections = AtomicUsize::new(0);
        let server = OddServer::start_on(listener, move |stream: TcpStream| {
            let connection = connections.fetch_add(1, Ordering::Relaxed);
            let mut peer = Peer::new(stream);
            peer.acknowledges();
            if peer.serve_until_publish().and_then(|_| peer.accept_publish()).is_err() {
                return;
            }
            let mut count = 0;
            while let Ok(message) = peer.read_message() {
                // The second byte tells media from sequence headers, which stand outside time.
                if matches!(message.kind, kind::AUDIO | kind::VIDEO) && message.body.get(1) == Some(&1) {
                    let (video, timestamp_ms) = (message.kind == kind::VIDEO, message.timestamp);
                    let bytes = message.body.len();
                    there.lock().unwrap().push(Arrived { at: time::now(), video, timestamp_ms, bytes, connection });
                    count += 1;
                    if connection == 0 && count == after && peer.ask_to_reconnect(to.as_deref()).is_err() {
                        return;
                    }
                }
            }
        });
        Self { server, arrived }
    }

    pub(crate) fn all(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }
}

/// What a viewer got.
pub(crate) struct Seen {
    pub(crate) arrived: Vec<Arrived>,
    pub(crate) start: Instant,
    /// What a message takes at least.
    pub(crate) base_ms: f64,
    /// When the picture's rate was changed, in seconds after the first message came, and to what, in kb/s.
    pub(crate) rates: Vec<(f64, u32)>,
}

impl Seen {
    pub(crate) fn of(arrived: Vec<Arrived>) -> Self {
        let start = arrived[0].at;
        let base_ms = arrived.iter().map(|a| a.delay_ms(start)).fold(f64::MAX, f64::min);
        Self { arrived, start, base_ms, rates: Vec::new() }
    }

    pub(crate) fn second(&self, arrived: &Arrived) -> f64 {
        arrived.at.duration_since(self.start).as_secs_f64()
    }

    /// The worst delay in ms, and when it was.
    pub(crate) fn worst(&self) -> (f64, f64) {
        let all = self.arrived.iter().map(|a| (a.delay_ms(self.start) - self.base_ms, self.second(a)));
        all.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap()
    }

    /// Half of the messages were faster, in ms.
    pub(crate) fn median_delay(&self) -> f64 {
        let mut all: Vec<f64> = self.arrived.iter().map(|a| a.delay_ms(self.start) - self.base_ms).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    }

    /// The longest time without a picture, in ms of the pictures' own time.
    pub(crate) fn longest_hole(&self) -> u32 {
        let pictures: Vec<u32> = self.arrived.iter().filter(|a| a.video).map(|a| a.timestamp_ms).collect();
        pictures.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).max().unwrap_or(0)
    }

    /// Packets of sound that are missing, by the gaps between their times.
    pub(crate) fn audio_lost(&self) -> u32 {
        let times = self.audio_times();
        times.windows(2).map(|pair| ((f64::from(pair[1] - pair[0]) / 21.33).round() as u32).saturating_sub(1)).sum()
    }

    /// Packets of sound that came more than once: what is read of two connections at once may stand in any order.
    pub(crate) fn audio_twice(&self) -> usize {
        self.audio_times().windows(2).filter(|pair| pair[1] - pair[0] < 10).count()
    }

    fn audio_times(&self) -> Vec<u32> {
        let mut times: Vec<u32> = self.arrived.iter().filter(|a| !a.video).map(|a| a.timestamp_ms).collect();
        times.sort_unstable();
        times
    }

    /// The picture's rate in kb/s by second of arrival.
    pub(crate) fn kbps(&self) -> Vec<f64> {
        let mut seconds = vec![0.0; self.second(self.arrived.last().unwrap()) as usize + 1];
        for arrived in self.arrived.iter().filter(|a| a.video) {
            seconds[self.second(arrived) as usize] += arrived.bytes as f64 * 8.0 / 1000.0;
        }
        seconds
    }

    /// The picture's rate in kb/s from a second on, without the last, which is not whole.
    pub(crate) fn average_kbps(&self, from: usize) -> f64 {
        let kbps = self.kbps();
        let whole = &kbps[from..kbps.len() - 1];
        whole.iter().sum::<f64>() / whole.len() as f64
    }

    /// Seconds after `second` until two seconds together have nine tenths of the wanted rate.
    pub(crate) fn full_after(&self, wanted_kbps: f64, second: usize) -> Option<usize> {
        self.kbps()[second..].windows(2).position(|pair| pair[0] + pair[1] >= 1.8 * wanted_kbps)
    }

    /// Takes the changes of the picture's rate from what the program logged.
    pub(crate) fn with_rates(mut self, logged: &str) -> Self {
        let began = unix_time().as_secs_f64() - self.start.elapsed().as_secs_f64();
        let changes = logged.lines().filter_map(|line| {
            let (time, said) = (line.split_whitespace().next()?, line.split_once(RATE_CHANGED)?.1);
            // The start and the change are minutes apart at most, on whichever days.
            let seconds = (seconds_of_day(time)? - began).rem_euclid(DAY);
            let seconds = if seconds > DAY / 2.0 { seconds - DAY } else { seconds };
            Some((seconds, said.split_once('k')?.0.parse().ok()?))
        });
        self.rates = changes.collect();
        self
    }

    /// How often the picture's rate began to rise after it fell, or to fall after it rose, between two seconds.
    pub(crate) fn turns(&self, from: f64, to: f64) -> usize {
        let pairs = self.rates.windows(2).filter(|pair| (from..to).contains(&pair[1].0));
        let rises: Vec<bool> = pairs.map(|pair| pair[1].1 > pair[0].1).collect();
        rises.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }

    pub(crate) fn story(&self) -> String {
        let (worst, when) = self.worst();
        format!(
            "worst delay {worst:.0} ms at {when:.1} s, longest hole {} ms, {} packets of sound lost, {} twice, kb/s {:?}, set to {:.1?}, {} turns",
            self.longest_hole(),
            self.audio_lost(),
            self.audio_twice(),
            self.kbps().iter().map(|kbps| kbps.round() as u32).collect::<Vec<_>>(),
            self.rates,
            self.turns(f64::MIN, f64::MAX)
        )
    }
}

/// What the program logs before the new rate.
const RATE_CHANGED: &str = "the picture's rate follows the network bitrate=";
/// In seconds.
const DAY: f64 = 86_400.0;

/// Seconds since midnight of `2026-11-27T22:20:18.123456Z`.
fn seconds_of_day(time: &str) -> Option<f64> {
    let mut parts = time.split_once('T')?.1.strip_suffix('Z')?.split(':').map(str::parse::<f64>);
    let [hours, minutes, seconds] = [parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?];
    Some((hours * 60.0 + minutes) * 60.0 + seconds)
}

impl Arrived {
    pub(crate) fn delay_ms(&self, start: Instant) -> f64 {
        self.at.duration_since(start).as_secs_f64() * 1e3 - f64::from(self.timestamp_ms)
    }
}
