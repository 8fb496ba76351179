//! The window without a display: its model by events, its panels by their labels.

mod announced;
mod canvas;
mod check;
mod first_run;
mod flight;
mod gallery;
mod keyboard;
mod large_text;
mod model;
mod names;
mod panels;
mod paths;
mod room;
mod steady;
mod told;
mod whole_truth;
mod window;

use std::time::Duration;

use super::model::Model;
use super::view::Appearance;
use crate::media::{Level, Size};
use crate::settings::{AudioChoice, Destination, ShowSettings, VideoChoice};
use crate::studio::{
    DestinationState, DeviceInfo, DeviceKind, Levels, Problem, SourceInfo, SourceState, Stats, StudioEvent, Summary,
    WorstSecond,
};

/// A show to one server, of the test signals.
fn settings() -> ShowSettings {
    let mut destination = Destination::at("rtmp://live.example.com/app/canary-key-1234");
    destination.name = "YouTube".to_owned();
    ShowSettings {
        video: VideoChoice::Test,
        audio: AudioChoice::Test,
        destinations: vec![destination],
        ..ShowSettings::default()
    }
}

/// A window after its first run.
fn model() -> Model {
    Model::new(settings(), Some("Church, Sunday".to_owned()), Appearance::default(), false)
}

fn state(state: DestinationState) -> StudioEvent {
    StudioEvent::State { place: 0, destination: "YouTube".to_owned(), state }
}

pub(in crate::ui) fn stats(state: DestinationState) -> Stats {
    Stats {
        state,
        fps: 30.0,
        frames_captured: 300,
        frames_encoded: 300,
        frames_sent: 300,
        missed: 0,
        skipped: 0,
        dropped: 0,
        thinned: 0,
        away: 0,
        recording_dropped: 0,
        unrecorded: 0,
        source_away: false,
        audio_xruns: 0,
        video_kbps: 2850.0,
        audio_kbps: 130.0,
        queue_ms: 200.0,
        congestion: 0.0,
        rtt_ms: Some(20.0),
        network_kbps: None,
        compose_ms: None,
        encode_ms: None,
        capture_ms: None,
        convert_ms: None,
        disk_ms: None,
        write_ms: None,
        reconnects: 0,
        interruptions: 0,
        destinations: 1,
        destinations_away: 0,
        latency: None,
        cpu_percent: 20.0,
        rss_mb: None,
        lufs: Some(-16.2),
        drift_ppm: None,
    }
}

fn ended(seconds: u64, failure: Option<Problem>) -> StudioEvent {
    StudioEvent::Ended(Box::new(Summary {
        duration: Duration::from_secs(seconds),
        totals: Stats { reconnects: 1, interruptions: 1, ..stats(DestinationState::Ended) },
        recordings: Vec::new(),
        flight: None,
        worst_second: Some(WorstSecond { second: 12, frames_lost: 3, latency_ms: 80.0 }),
        failure,
    }))
}

fn levels(peak_dbfs: f32) -> Levels {
    let level = Level { peak_dbfs, rms_dbfs: peak_dbfs - 6.0 };
    Levels {
        channels: vec![level; 2],
        holds_dbfs: vec![peak_dbfs + 4.0; 2],
        clipped: false,
        momentary_lufs: Some(-16.2),
        muted: false,
    }
}

fn ready(kind: DeviceKind, name: &str) -> StudioEvent {
    let info = SourceInfo {
        address: None,
        id: "test".to_owned(),
        name: name.to_owned(),
        format: String::new(),
        size: Some(Size::new(1280, 720)),
        frame_rate: None,
    };
    StudioEvent::Source { kind, state: SourceState::Ready(info) }
}

fn devices(kind: DeviceKind, names: &[&str]) -> StudioEvent {
    let prefix = if kind == DeviceKind::Camera { "camera" } else { "mic" };
    let device = |name: &&str| DeviceInfo {
        id: format!("{prefix}:{name}-id"),
        name: (*name).to_owned(),
        kind,
        formats: Vec::new(),
        default: false,
        detail: String::new(),
    };
    StudioEvent::Devices { kind, found: names.iter().map(device).collect() }
}

fn said(problem: Problem, words: &str) -> Problem {
    problem.said(Some(words.to_owned()))
}
