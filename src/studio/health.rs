//! The figures of each second, from counters.

use std::time::Duration;

use super::Problem;
use super::event::{DestinationState, LatencyMillis, Stats, Summary, WorstSecond};
use super::lines::Lines;
use super::process;
use super::program::{Program, read};
use crate::clock::process_cpu_time;
use crate::media::Timestamp;
use crate::output::{Fanout, OutputCounters};

/// Rates of a show are told over so long at least: the first keyframe alone is many times a second's share.
const RATE_OVER_MIN: Duration = Duration::from_secs(1);

/// Makes a `Stats` of the second that has passed, and remembers the worst.
#[derive(Debug)]
pub(super) struct Health {
    started_at: Timestamp,
    started_cpu: Duration,
    last: Sample,
    histogram: Histogram,
    live_seconds: u64,
    worst: Option<WorstSecond>,
    rss_max: Option<f64>,
    slowest: Slowest,
    /// Of each destination, how often its connection was lost or made again.
    breaks: Vec<u64>,
}

/// How the recording's disk keeps up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DiskFigures {
    /// Frames missing in the recording so far.
    pub(super) dropped: u64,
    /// Of these, those since it failed.
    pub(super) unrecorded: u64,
    /// The slowest write since the last look, if something is recorded.
    pub(super) slowest: Option<Duration>,
}

/// The slowest of the whole show.
#[derive(Clone, Copy, Debug, Default)]
struct Slowest {
    disk: Option<Duration>,
    write: Option<Duration>,
}

impl Slowest {
    fn hear(&mut self, outputs: &Outputs) {
        self.disk = self.disk.max(outputs.disk.slowest);
        self.write = self.write.max(outputs.write_max);
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    at: Timestamp,
    cpu: Duration,
    captured: u64,
    encoded: u64,
    source_pictures: u64,
    capture_nanos: u64,
    convert_nanos: u64,
    compose_nanos: u64,
    encode_nanos: u64,
    video_bytes: u64,
    audio_bytes: u64,
    lost: u64,
}

/// What the outputs have done, together.
#[derive(Debug, Default)]
struct Outputs {
    frames_sent: u64,
    dropped: u64,
    away: u64,
    interruptions: u64,
    breaks: Vec<u64>,
    disk: DiskFigures,
    write_max: Option<Duration>,
    reconnects: u64,
    rtt: Option<Duration>,
    queue: Duration,
    congestion: f32,
    latencies: Vec<Duration>,
}

impl Summary {
    /// Of a show that could not begin.
    pub(super) fn never_live(now: Timestamp, problem: Problem) -> Self {
        let program = Program::new(Fanout::new(), None);
        let totals = Health::new(now).totals(now, &program, &Lines::default(), DiskFigures::default());
        Self {
            duration: Duration::ZERO,
            totals,
            recordings: Vec::new(),
            flight: None,
            worst_second: None,
            failure: Some(problem),
        }
    }
}

impl Health {
    pub(super) fn new(now: Timestamp) -> Self {
        let cpu = process_cpu_time();
        Self {
            started_at: now,
            started_cpu: cpu,
            last: Sample { at: now, cpu, ..Sample::default() },
            histogram: Histogram::default(),
            live_seconds: 0,
            worst: None,
            rss_max: None,
            slowest: Slowest::default(),
            breaks: Vec::new(),
        }
    }

    /// The figures since the last call. `on_air`: the show is live and has not ended.
    pub(super) fn second(
        &mut self,
        now: Timestamp,
        on_air: bool,
        program: &Program,
        lines: &Lines,
        disk: DiskFigures,
    ) -> Stats {
        let outputs = Outputs { disk, ..Outputs::of(lines) };
        self.slowest.hear(&outputs);
        for latency in &outputs.latencies {
            self.histogram.add(*latency);
        }
        let mut second = Histogram::default();
        outputs.latencies.iter().for_each(|latency| second.add(*latency));
        let sample = Sample::of(now, program, &outputs);
        let state = lines.best_state();
        let mut stats = self.stats(state, program, &outputs, self.last, sample, second.summary());
        let breaks = std::mem::take(&mut self.breaks);
        let count = |breaks: &[u64], place: usize| breaks.get(place).copied().unwrap_or(0);
        let broke = |place: usize| count(&outputs.breaks, place) > count(&breaks, place);
        let is_away = |(place, state): &(usize, DestinationState)| *state != DestinationState::Live || broke(*place);
        stats.destinations = lines.wanted().count() as u32;
        stats.destinations_away = if on_air { lines.wanted().filter(is_away).count() as u32 } else { 0 };
        self.breaks = outputs.breaks;
        if program.first().is_some() {
            self.note_second(&stats, sample.lost - self.last.lost);
        }
        self.last = sample;
        stats
    }

    /// The figures of the whole show.
    pub(super) fn totals(&mut self, now: Timestamp, program: &Program, lines: &Lines, disk: DiskFigures) -> Stats {
        let outputs = Outputs { disk, ..Outputs::of(lines) };
        self.slowest.hear(&outputs);
        for latency in &outputs.latencies {
            self.histogram.add(*latency);
        }
        let first = program.first().unwrap_or(self.started_at);
        let begin = Sample { at: first, cpu: self.started_cpu, ..Sample::default() };
        // Of less than a second there is no rate.
        let end = Sample::of(program.end().min(now).max(first + RATE_OVER_MIN), program, &outputs);
        let latency = self.histogram.summary();
        let mut stats = self.stats(DestinationState::Ended, program, &outputs, begin, end, latency);
        stats.destinations = lines.wanted().count() as u32;
        let wall = now.since(self.started_at).as_secs_f64().max(1e-3);
        stats.cpu_percent = 100.0 * end.cpu.saturating_sub(self.started_cpu).as_secs_f64() / wall;
        stats.rss_mb = self.rss_max.or(stats.rss_mb);
        (stats.disk_ms, stats.write_ms) = (self.slowest.disk.map(millis), self.slowest.write.map(millis));
        stats
    }

    /// The second in which most went wrong.
    pub(super) fn worst_second(&self) -> Option<WorstSecond> {
        self.worst
    }

    fn stats(
        &self,
        state: DestinationState,
        program: &Program,
        outputs: &Outputs,
        from: Sample,
        to: Sample,
        latency: Option<LatencyMillis>,
    ) -> Stats {
        let seconds = to.at.since(from.at).as_secs_f64().max(1e-3);
        let kbps = |bytes: u64| bytes as f64 * 8.0 / 1000.0 / seconds;
        let counters = program.counters();
        let each = |nanos: u64, count: u64| (count > 0).then(|| nanos as f64 / 1e6 / count as f64);
        Stats {
            state,
            fps: (to.encoded - from.encoded) as f64 / seconds,
            frames_captured: read(&counters.captured),
            frames_encoded: to.encoded,
            frames_sent: outputs.frames_sent,
            missed: read(&counters.missed),
            skipped: program.skipped(),
            dropped: dropped(program, outputs),
            thinned: read(&counters.thinned),
            away: outputs.away,
            recording_dropped: outputs.disk.dropped,
            unrecorded: outputs.disk.unrecorded,
            source_away: false,
            audio_xruns: read(&counters.audio_xruns),
            video_kbps: kbps(to.video_bytes - from.video_bytes),
            audio_kbps: kbps(to.audio_bytes - from.audio_bytes),
            queue_ms: outputs.queue.as_secs_f64() * 1e3,
            congestion: f64::from(outputs.congestion),
            rtt_ms: outputs.rtt.map(|rtt| rtt.as_secs_f64() * 1e3),
            network_kbps: None,
            reconnects: outputs.reconnects,
            interruptions: outputs.interruptions,
            destinations: 0,
            destinations_away: 0,
            latency,
            // What costs nothing is not done.
            capture_ms: each(to.capture_nanos - from.capture_nanos, to.source_pictures - from.source_pictures)
                .filter(|cost| *cost > 0.0),
            convert_ms: each(to.convert_nanos - from.convert_nanos, to.source_pictures - from.source_pictures)
                .filter(|cost| *cost > 0.0),
            disk_ms: outputs.disk.slowest.map(millis),
            write_ms: outputs.write_max.map(millis),
            compose_ms: each(to.compose_nanos - from.compose_nanos, to.captured - from.captured),
            encode_ms: each(to.encode_nanos - from.encode_nanos, to.encoded - from.encoded),
            cpu_percent: 100.0 * to.cpu.saturating_sub(from.cpu).as_secs_f64() / seconds,
            rss_mb: process::resident_mib(),
            lufs: program.loudness(),
            drift_ppm: program.drift_ppm(),
        }
    }

    fn note_second(&mut self, stats: &Stats, frames_lost: u64) {
        self.rss_max = match (self.rss_max, stats.rss_mb) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        self.live_seconds += 1;
        let latency_ms = stats.latency.map_or(0.0, |l| l.worst);
        let this = WorstSecond { second: self.live_seconds, frames_lost, latency_ms };
        let is_worse =
            |worst: &WorstSecond| (this.frames_lost, this.latency_ms) > (worst.frames_lost, worst.latency_ms);
        if self.worst.as_ref().is_none_or(is_worse) {
            self.worst = Some(this);
        }
    }
}

/// Pictures that there was no room for in what may be sent: after the encoder, and before it.
fn dropped(program: &Program, outputs: &Outputs) -> u64 {
    outputs.dropped + read(&program.counters().thinned)
}

impl Sample {
    fn of(at: Timestamp, program: &Program, outputs: &Outputs) -> Self {
        let counters = program.counters();
        Self {
            at,
            cpu: process_cpu_time(),
            captured: read(&counters.captured),
            encoded: read(&counters.encoded),
            source_pictures: read(&counters.source_pictures),
            capture_nanos: read(&counters.capture_nanos),
            convert_nanos: read(&counters.convert_nanos),
            compose_nanos: read(&counters.compose_nanos),
            encode_nanos: read(&counters.encode_nanos),
            video_bytes: read(&counters.video_bytes),
            audio_bytes: read(&counters.audio_bytes),
            lost: read(&counters.missed) + program.skipped() + dropped(program, outputs) + outputs.away,
        }
    }
}

impl Outputs {
    fn of(lines: &Lines) -> Self {
        let mut sum = Self::default();
        let mut sent = Vec::new();
        for (place, publisher) in lines.replaced().chain(lines.running()) {
            let OutputCounters { frames_sent, audio_sent, reconnects, losses, latencies, write_max, .. } =
                publisher.stats().take();
            if frames_sent + audio_sent > 0 {
                sum.write_max = sum.write_max.max(Some(write_max));
            }
            add_at(&mut sent, place, frames_sent);
            add_at(&mut sum.breaks, place, reconnects + losses);
            sum.interruptions += losses;
            sum.away += publisher.output().missed_away();
            sum.reconnects += reconnects;
            sum.latencies.extend(latencies);
            sum.dropped += publisher.output().dropped();
        }
        sum.frames_sent = sent.into_iter().max().unwrap_or(0);
        for (_, publisher) in lines.running() {
            let gauge = publisher.output().queue().gauge();
            sum.rtt = sum.rtt.max(publisher.stats().rtt());
            sum.queue = sum.queue.max(gauge.waiting);
        }
        sum.congestion = lines.congestion();
        sum
    }
}

/// Adds to the counter of `place`, one of as many as are needed.
fn add_at(counters: &mut Vec<u64>, place: usize, amount: u64) {
    counters.resize(counters.len().max(place + 1), 0);
    if let Some(counter) = counters.get_mut(place) {
        *counter += amount;
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Latencies in buckets of a tenth of a millisecond, from a second on of a hundredth of one: any show in 80 KB, and any
/// cache.
#[derive(Debug)]
struct Histogram {
    buckets: Vec<u32>,
    count: u64,
    worst: Duration,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: Vec::new(), count: 0, worst: Duration::ZERO }
    }
}

impl Histogram {
    const BUCKETS: usize = 20_000;
    /// As many for each part: up to a second, and up to a hundred more.
    const FINE: usize = Self::BUCKETS / 2;
    const FINE_MS: f64 = 0.1;
    const COARSE_MS: f64 = 10.0;

    fn index_of(latency: Duration) -> usize {
        let fine = millis(latency) / Self::FINE_MS;
        let coarse = (millis(latency) - Self::FINE as f64 * Self::FINE_MS) / Self::COARSE_MS;
        if fine < Self::FINE as f64 { fine as usize } else { (Self::FINE + coarse as usize).min(Self::BUCKETS - 1) }
    }

    /// The middle of a bucket, in milliseconds.
    fn millis_of(index: usize) -> f64 {
        let fine = (index.min(Self::FINE) as f64) * Self::FINE_MS;
        match index.checked_sub(Self::FINE) {
            None => fine + Self::FINE_MS / 2.0,
            Some(coarse) => fine + (coarse as f64 + 0.5) * Self::COARSE_MS,
        }
    }

    fn add(&mut self, latency: Duration) {
        let index = Self::index_of(latency);
        if self.buckets.len() <= index {
            self.buckets.resize(index + 1, 0);
        }
        self.buckets[index] += 1;
        self.count += 1;
        self.worst = self.worst.max(latency);
    }

    fn quantile(&self, part: f64) -> f64 {
        let rank = ((self.count as f64 * part).ceil() as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        for (index, count) in self.buckets.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= rank {
                return Self::millis_of(index).min(millis(self.worst));
            }
        }
        0.0
    }

    fn summary(&self) -> Option<LatencyMillis> {
        (self.count > 0).then(|| LatencyMillis {
            median: self.quantile(0.5),
            p99: self.quantile(0.99),
            worst: millis(self.worst),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_latencies() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.summary(), None);
        for millis in 1..=100 {
            histogram.add(Duration::from_millis(millis));
        }
        let summary = histogram.summary().unwrap();
        assert!((summary.median - 50.0).abs() < 0.2, "{summary:?}");
        assert!((summary.p99 - 99.0).abs() < 0.2, "{summary:?}");
        assert!((summary.worst - 100.0).abs() < 1e-9);
        histogram.add(Duration::from_secs(100));
        assert!((histogram.summary().unwrap().worst - 100_000.0).abs() < 1e-6);
    }

    #[test]
    fn seconds_behind_are_told_as_such() {
        for seconds in [0.999, 1.0, 1.004, 2.5, 16.0, 60.0] {
            let mut histogram = Histogram::default();
            (0..100).for_each(|_| histogram.add(Duration::from_secs_f64(seconds)));
            let LatencyMillis { median, p99, worst } = histogram.summary().unwrap();
            assert!((median - seconds * 1e3).abs() <= 10.0 && median == p99 && p99 <= worst, "{seconds}: {median}");
        }
        let mut histogram = Histogram::default();
        histogram.add(Duration::from_secs(200));
        let summary = histogram.summary().unwrap();
        assert!(summary.median > 100_000.0 && summary.worst > 199_000.0, "{summary:?}");
    }
}
