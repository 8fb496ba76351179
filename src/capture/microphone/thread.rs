//! The thread that owns the sound card's stream: opens it, watches over it and opens it again when it is gone.

use std::time::Duration;

use super::backend;
use super::feed::{Feed, Pulse};
use super::reader::Reader;
use super::running::Running;
use crate::capture::revival::{
    OPEN_LIMIT, Watchdog, backoff, bounded, bounded_until, next_wait, reopen_limit, wait_until,
};
use crate::capture::{AudioRead, AudioSource, DeviceInfo, SourceError, SourceEvent, SourceInfo};
use crate::clock::{Backoff, Clock};
use crate::flow::{Latest, Popped, Queue, Stop, Worker};
use crate::media::Timestamp;

/// How long closing may take before it is left to itself.
const CLOSE_LIMIT: Duration = Duration::from_millis(300);
/// How long `open` waits for the first callbacks, which tell the latency that is needed.
const FIRST_LIMIT: Duration = Duration::from_millis(400);
const FIRST_CALLBACKS: u64 = 4;
/// How much later than usual the first callback may come: a wireless headset changes its profile first, and an idle
/// server finishes what it does.
const START_GRACE: Duration = Duration::from_secs(3);
/// How often the thread looks.
const LOOK: Duration = Duration::from_millis(50);
/// What is added to the age of the samples, so that a busy machine tears no hole.
const LATENCY_MARGIN: Duration = Duration::from_millis(25);
const LATENCY_MIN: Duration = Duration::from_millis(40);
const LATENCY_MAX: Duration = Duration::from_millis(500);

/// An open microphone. Dropping it closes the device and joins its thread.
#[derive(Debug)]
pub(super) struct Microphone {
    info: SourceInfo,
    others: Vec<DeviceInfo>,
    reader: Reader,
    events: Queue<SourceEvent>,
    _thread: Worker,
}

/// What is needed to open it again.
#[derive(Clone)]
struct Wanted {
    id: String,
    sample_rate: u32,
    channels: u16,
    clock: Clock,
}

impl Microphone {
    pub(super) fn open(id: Option<&str>, sample_rate: u32, channels: u16, clock: &Clock) -> Result<Self, SourceError> {
        let what = id.map_or_else(|| "microphone".to_owned(), str::to_owned);
        let device_error = |reason: &str| SourceError::Device { what: what.clone(), reason: reason.to_owned() };
        if !(1..=2).contains(&channels) || !(4_000..=768_000).contains(&sample_rate) {
            return Err(device_error("1 or 2 channels at 4 to 768 kHz are captured"));
        }
        let (chosen, open_clock) = (id.map(str::to_owned), clock.clone());
        let running = bounded("mic-open", OPEN_LIMIT, move || {
            backend::open(chosen.as_deref(), sample_rate, channels, &open_clock)
        })
        .ok_or_else(|| super::silent_for(OPEN_LIMIT))??;
        let Running { stream, feed, pulse, errors, info: device, others } = running;
        let latency = latency_needed(&pulse, clock);
        let (feeds, events) = (Latest::new(), Queue::new(16));
        feeds.put(feed);
        let wanted = Wanted { id: device.id.clone(), sample_rate, channels, clock: clock.clone() };
        let (own_feeds, own_events) = (feeds.clone(), events.clone());
        let opened = Opened { _stream: stream, pulse, errors };
        let thread = Worker::spawn("mic", move |stop| {
            Supervisor { wanted, feeds: own_feeds, events: own_events }.run(opened, stop);
        })
        .map_err(|e| device_error(&e.to_string()))?;
        let reader = Reader::new(sample_rate, channels, latency, feeds);
        tracing::info!(mic = device.id, format = ?device.formats, latency_ms = latency.as_millis(), "microphone opened");
        Ok(Self { info: source_info(&device), others, reader, events, _thread: thread })
    }
}

impl AudioSource for Microphone {
    fn info(&self) -> SourceInfo {
        self.info.clone()
    }

    fn read(&mut self, start: i64, out: &mut [f32]) -> AudioRead {
        self.reader.read(start, out)
    }

    fn has_begun(&self) -> bool {
        self.reader.has_begun()
    }

    fn latency(&self) -> Duration {
        self.reader.latency()
    }

    fn others(&self) -> &[DeviceInfo] {
        &self.others
    }

    fn drift_ppm(&self) -> Option<f64> {
        self.reader.drift_ppm()
    }

    fn poll_event(&mut self) -> Option<SourceEvent> {
        match self.events.pop(Duration::ZERO) {
            Popped::Value(event) => Some(event),
            Popped::Empty | Popped::Closed => None,
        }
    }
}

fn source_info(device: &DeviceInfo) -> SourceInfo {
    SourceInfo {
        address: None,
        id: device.id.clone(),
        name: device.name.clone(),
        format: device.formats.first().cloned().unwrap_or_default(),
        size: None,
        frame_rate: None,
    }
}

/// The latency that lets every sample come in time: how old the oldest sample of a callback is when it comes, and a
/// margin. It stays, because the engine aligns the pictures by it.
fn latency_needed(pulse: &Pulse, clock: &Clock) -> Duration {
    let limit = clock.now() + FIRST_LIMIT;
    loop {
        let stamp = pulse.stamp().unwrap_or_default();
        if stamp.callbacks >= FIRST_CALLBACKS || clock.now() >= limit {
            let millis = (stamp.age_max + LATENCY_MARGIN).as_millis().div_ceil(5) * 5;
            return Duration::from_millis(millis as u64).clamp(LATENCY_MIN, LATENCY_MAX);
        }
        clock.sleep_until(limit, Duration::from_millis(4));
    }
}

struct Opened {
    /// Its callbacks end when it is dropped.
    _stream: Box<dyn Send>,
    pulse: Pulse,
    errors: Queue<String>,
}

struct Supervisor {
    wanted: Wanted,
    feeds: Latest<Feed>,
    events: Queue<SourceEvent>,
}

impl Supervisor {
    fn run(&self, first: Opened, stop: &Stop) {
        let mut opened = Some(first);
        let mut backoff = backoff();
        // Whether the user was told that it is down.
        let mut down = false;
        while let Some(running) = opened.take() {
            let end = self.watch(&running, stop, &mut down, &mut backoff);
            // The dead server may never answer the goodbye.
            let closed = bounded("mic-close", CLOSE_LIMIT, move || drop(running));
            let Some(end) = end else { return };
            if closed.is_none() {
                tracing::warn!(mic = self.wanted.id, "the sound server did not take back its stream");
            }
            if !down {
                down = true;
                tracing::warn!(mic = self.wanted.id, event = ?end, "microphone down");
                self.tell(end);
            }
            opened = self.reopen(stop, &mut backoff);
        }
    }

    /// Looks at the callbacks until they fail; `None` at the stop.
    fn watch(&self, running: &Opened, stop: &Stop, down: &mut bool, backoff: &mut Backoff) -> Option<SourceEvent> {
        let clock = &self.wanted.clock;
        let mut watchdog = Watchdog::new(clock.now() + START_GRACE);
        let mut callbacks = 0;
        while wait_until(clock, clock.now() + LOOK, stop) {
            if let Popped::Value(reason) = running.errors.pop(Duration::ZERO) {
                return Some(SourceEvent::Lost { reason });
            }
            let now = clock.now();
            if let Some(stamp) = running.pulse.stamp()
                && stamp.callbacks > callbacks
            {
                callbacks = stamp.callbacks;
                watchdog.feed(now);
                if *down {
                    *down = false;
                    backoff.reset();
                    tracing::info!(mic = self.wanted.id, "microphone restored");
                    self.tell(SourceEvent::Restored);
                }
            }
            if let Some(silent_for) = watchdog.stalled(now) {
                return Some(SourceEvent::Stalled { silent_for });
            }
        }
        None
    }

    /// Tries until the same device opens again; `None` at the stop.
    fn reopen(&self, stop: &Stop, backoff: &mut Backoff) -> Option<Opened> {
        let (mut failed, mut slow) = (None, false);
        loop {
            let due: Timestamp = self.wanted.clock.now() + next_wait(backoff, failed.as_ref());
            if !wait_until(&self.wanted.clock, due, stop) {
                return None;
            }
            let wanted = self.wanted.clone();
            let open = move || backend::open(Some(&wanted.id), wanted.sample_rate, wanted.channels, &wanted.clock);
            let found = bounded_until(stop, "mic-open", reopen_limit(slow), open);
            slow = found.is_none();
            match found {
                Some(Ok(Running { stream, feed, pulse, errors, .. })) => {
                    self.feeds.put(feed);
                    return Some(Opened { _stream: stream, pulse, errors });
                }
                Some(Err(error)) => {
                    tracing::debug!(mic = self.wanted.id, %error, "microphone still down");
                    failed = Some(error);
                }
                None => failed = None,
            }
        }
    }

    fn tell(&self, event: SourceEvent) {
        // A reader that never asks loses the newest ones; the log has them.
        drop(self.events.push(event));
    }
}
