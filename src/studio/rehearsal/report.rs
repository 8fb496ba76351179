//! The report: the figures, and one sentence that judges them.

use super::arrival::Arrival;
use super::marks::{median, quantile};
use super::measured::MeasuredStream;
use super::verdict::{Fault, Good, Verdict};
use super::viewer::{Faults, Seen};
use crate::settings::ShowSettings;
use crate::settings::contract::Finding;

/// Services want a keyframe every 2 s and complain above 4.
const KEYFRAME_SECONDS_MAX: f64 = 4.0;
/// Intervals that differ more than this are irregular: packagers cut segments at keyframes.
const KEYFRAME_SPREAD_SECONDS_MAX: f64 = 0.25;
/// EBU R 37: sound at most 40 ms before and 60 ms after its picture.
const SOUND_EARLY_MS_MAX: f64 = 40.0;
const SOUND_LATE_MS_MAX: f64 = 60.0;
/// On one computer, a picture later than this means that it cannot keep up.
const LATENCY_P99_MS_MAX: f64 = 500.0;
/// Nor does one that leaves out a greater part of the pictures.
const LEFT_OUT_MAX: f64 = 0.01;
/// Below it a viewer reaches for the volume; nobody means to stream like that.
const LUFS_MIN: f64 = -40.0;
/// Above it the sound is clipped on its way to the loudspeaker.
const TRUE_PEAK_DBTP_MAX: f64 = 0.0;

/// What a viewer got.
#[derive(Clone, Debug, PartialEq)]
pub struct RehearsalReport {
    /// Pictures that went out.
    pub frames_sent: u64,
    /// Pictures that arrived.
    pub frames_received: u64,
    /// Seconds from keyframe to keyframe, the median; `None` with fewer than two keyframes.
    pub keyframe_seconds: Option<f64>,
    /// Every interval from keyframe to keyframe, in seconds.
    pub keyframe_intervals: Vec<f64>,
    /// Rate of the picture in kilobits a second.
    pub video_kbps: f64,
    /// Rates of picture and sound in each whole second, in kilobits.
    pub kbps_by_second: Vec<[f64; 2]>,
    /// What the stream was measured to be.
    pub stream: MeasuredStream,
    /// How many intervals from keyframe to keyframe are what was chosen, to a picture; of how many is told by
    /// `keyframe_intervals`.
    pub keyframes_as_chosen: usize,
    /// What the destinations of the show want otherwise of the stream as it was measured.
    pub findings: Vec<Finding>,
    /// How many milliseconds the sound comes after its picture; negative before it. From the marks of the test
    /// signal where they are seen, else from when both were captured.
    pub av_offset_ms: Option<f64>,
    /// From capture to decoded picture, in milliseconds.
    pub latency_ms_median: Option<f64>,
    /// The same, of the slowest of a hundred.
    pub latency_ms_p99: Option<f64>,
    /// Loudness of the whole show in LUFS (EBU R 128); `None` of silence.
    pub lufs: Option<f64>,
    /// Highest true peak in dBTP; `None` of silence.
    pub true_peak_dbtp: Option<f64>,
    /// Good, or what is wrong.
    pub verdict: Verdict,
}

impl RehearsalReport {
    /// Of a show in which these were awaited to the end.
    #[must_use]
    pub(in crate::studio) fn without(mut self, sources: Vec<String>) -> Self {
        self.verdict = self.verdict.with_worse(sources.into_iter().map(|from| Fault::NothingCame { from }));
        self
    }

    /// Of a show of which the computer left out `left_out` of `of` pictures before they were encoded. A few are a busy moment.
    #[must_use]
    pub(in crate::studio) fn with_left_out(mut self, left_out: u64, of: u64) -> Self {
        let does_not_keep_up = left_out as f64 > LEFT_OUT_MAX * of as f64;
        self.verdict = self.verdict.with_worse(does_not_keep_up.then_some(Fault::PicturesLeftOut { left_out, of }));
        self
    }

    /// Held against what was chosen for the show, and against what its destinations want.
    #[must_use]
    pub fn held_against(mut self, chosen: &ShowSettings) -> Self {
        let encoding = &chosen.encoding;
        // Times are whole milliseconds on their way.
        let slack = 1.0 / encoding.frame_rate.as_f64() + 0.002;
        let as_chosen = |seconds: &&f64| (**seconds - encoding.keyframe_seconds).abs() <= slack;
        self.keyframes_as_chosen = self.keyframe_intervals.iter().filter(as_chosen).count();
        self.findings = self.stream.findings(chosen);
        self
    }
}

/// What the report is made of.
pub(super) struct Measured<'a> {
    pub(super) frames_sent: u64,
    pub(super) arrival: &'a Arrival,
    /// `None` if the meter's thread died.
    pub(super) seen: Option<Seen>,
}

pub(super) fn report(measured: Measured<'_>) -> RehearsalReport {
    let Measured { frames_sent, arrival, seen } = measured;
    let was_seen = seen.is_some();
    let mut seen = seen.unwrap_or(Seen {
        av_offset_ms: None,
        latencies_ms: Vec::new(),
        lufs: None,
        true_peak_dbtp: None,
        faults: Faults::default(),
    });
    let keyframe_intervals = arrival.keyframe_intervals();
    let mut report = RehearsalReport {
        frames_sent,
        frames_received: arrival.frames,
        keyframe_seconds: median(&mut keyframe_intervals.clone()),
        keyframe_intervals,
        video_kbps: arrival.video_kbps(),
        kbps_by_second: arrival.kbps_by_second(),
        stream: arrival.measured(),
        keyframes_as_chosen: 0,
        findings: Vec::new(),
        av_offset_ms: seen.av_offset_ms,
        latency_ms_median: median(&mut seen.latencies_ms),
        latency_ms_p99: quantile(&mut seen.latencies_ms, 0.99),
        lufs: seen.lufs,
        true_peak_dbtp: seen.true_peak_dbtp,
        verdict: Verdict::NotGood(Vec::new()),
    };
    let mut wrong = wrong(&report, arrival, &seen);
    if !was_seen {
        wrong.push(Fault::NotMeasured);
    }
    report.verdict = if wrong.is_empty() { Verdict::Good(good(&report)) } else { Verdict::NotGood(wrong) };
    report
}

fn wrong(report: &RehearsalReport, arrival: &Arrival, seen: &Seen) -> Vec<Fault> {
    let mut wrong = Vec::new();
    let (sent, received) = (report.frames_sent, report.frames_received);
    if received == 0 && arrival.audio_packets == 0 {
        return vec![Fault::NothingArrived];
    }
    if received < sent {
        wrong.push(Fault::PicturesMissing { missing: sent - received, sent });
    }
    wrong.extend(seen.faults.video.clone().map(Fault::PictureUnreadable));
    let (shortest_seconds, longest_seconds) =
        report.keyframe_intervals.iter().fold((f64::INFINITY, 0.0f64), |(low, high), s| (low.min(*s), high.max(*s)));
    if arrival.open_groups > 0 {
        wrong.push(Fault::KeyframesOpen { count: arrival.open_groups });
    }
    if longest_seconds > KEYFRAME_SECONDS_MAX {
        wrong.push(Fault::KeyframesFarApart { longest_seconds });
    } else if longest_seconds - shortest_seconds > KEYFRAME_SPREAD_SECONDS_MAX {
        wrong.push(Fault::KeyframesIrregular { shortest_seconds, longest_seconds });
    }
    match report.av_offset_ms {
        Some(ms) if ms > SOUND_LATE_MS_MAX => wrong.push(Fault::SoundLate { ms }),
        Some(ms) if ms < -SOUND_EARLY_MS_MAX => wrong.push(Fault::SoundEarly { ms: -ms }),
        _ => {}
    }
    let late = report.latency_ms_p99.filter(|ms| *ms > LATENCY_P99_MS_MAX);
    wrong.extend(late.map(|ms| Fault::PicturesLate { ms }));
    wrong.extend(wrong_sound(report, arrival, seen));
    wrong
}

fn wrong_sound(report: &RehearsalReport, arrival: &Arrival, seen: &Seen) -> Option<Fault> {
    if arrival.audio_packets == 0 {
        return Some(Fault::NoSound);
    }
    if let Some(fault) = &seen.faults.audio {
        return Some(Fault::SoundUnreadable(fault.clone()));
    }
    if let Some(true_peak_dbtp) = report.true_peak_dbtp.filter(|peak| *peak > TRUE_PEAK_DBTP_MAX) {
        return Some(Fault::TooLoud { true_peak_dbtp });
    }
    report.lufs.filter(|lufs| *lufs < LUFS_MIN).map(|lufs| Fault::TooQuiet { lufs })
}

fn good(report: &RehearsalReport) -> Good {
    Good {
        pictures: report.frames_received,
        keyframe_seconds: report.keyframe_seconds,
        av_offset_ms: report.av_offset_ms,
        lufs: report.lufs,
    }
}
