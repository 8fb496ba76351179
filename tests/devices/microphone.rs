//! Microphones, played by a PulseAudio server without hardware.

use std::path::Path;
use std::time::Duration;

use crate::child::{DATA, EVENTS, ID, SECS};
use crate::support::{Job, Pulse, number, pause, write_tone};

const LONG: Duration = Duration::from_secs(40);

fn samples(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap();
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
}

/// Frequency by the rising zero crossings, interpolated between samples.
fn frequency(left: &[f32]) -> f64 {
    let crossings: Vec<f64> = left
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0] < 0.0 && pair[1] >= 0.0)
        .map(|(i, pair)| i as f64 + f64::from(pair[0] / (pair[0] - pair[1])))
        .collect();
    (crossings.len() - 1) as f64 * 48_000.0 / (crossings[crossings.len() - 1] - crossings[0])
}

#[test]
fn a_tone_comes_through_as_it_was_played() {
    let folder = tempfile::tempdir().unwrap();
    let pulse = Pulse::start(folder.path(), &[]);
    let tone = folder.path().join("tone.wav");
    write_tone(&tone, 440.0, 0.5012, 20);
    let player = pulse.play(&tone);
    pause(Duration::from_millis(700));
    let data = folder.path().join("samples.f32");
    let job = Job::start(
        "microphone",
        folder.path(),
        &[("PULSE_SERVER", &pulse.server()), (ID, "mic:tally.monitor"), (SECS, "6"), (DATA, data.to_str().unwrap())],
    );
    let lines = job.finish(LONG);
    drop(player);
    assert!(lines[0].starts_with("opened mic:tally.monitor|"), "{lines:?}");
    let left: Vec<f32> = samples(&data).chunks_exact(2).map(|frame| frame[0]).collect();
    let steady = &left[96_000..left.len() - 24_000];
    let hertz = frequency(steady);
    println!("{lines:?}");
    assert!((hertz - 440.0).abs() < 0.5, "{hertz} Hz, {lines:?}");
    let rms = (steady.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / steady.len() as f64).sqrt();
    let level = 20.0 * (rms * 2f64.sqrt()).log10();
    println!("{hertz:.4} Hz at {level:.3} dBFS");
    assert!((level + 6.0).abs() < 0.5, "{level} dB, {lines:?}");
    assert!(number(&lines, "close_ms") < 1500.0, "{lines:?}");
}

#[test]
fn the_server_dies_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut pulse = Pulse::start(folder.path(), &[]);
    let environment = [("PULSE_SERVER", pulse.server()), (SECS, "30".to_owned()), (EVENTS, "2".to_owned())];
    let environment: Vec<(&str, &str)> = environment.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let job = Job::start("microphone", folder.path(), &environment);
    job.wait_line("opened", LONG);
    pause(Duration::from_millis(700));
    pulse.kill();
    job.wait_line("lost", LONG);
    pause(Duration::from_millis(500));
    pulse.restart();
    job.wait_line("restored", LONG);
    let lines = job.finish(LONG);
    assert!(number(&lines, "missing") > 20_000.0, "{lines:?}");
    assert!(number(&lines, "close_ms") < 1500.0, "{lines:?}");
}

#[test]
fn devices_are_listed_and_outputs_are_marked() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    let source = format!("module-pipe-source source_name=desk file={} rate=44100 channels=1", fifo.display());
    let pulse = Pulse::start(folder.path(), &[source]);
    let lines = Job::start("list", folder.path(), &[("PULSE_SERVER", &pulse.server())]).finish(LONG);
    let all: Vec<&String> = lines.iter().filter(|line| line.starts_with("Microphone")).collect();
    assert_eq!(all.len(), 2, "{lines:?}");
    assert!(all[0].starts_with("Microphone mic:desk|") && all[0].contains("44100 Hz, 1 channel"), "{lines:?}");
    assert!(all[1].starts_with("Microphone mic:tally.monitor|"), "{lines:?}");
    assert!(all[1].contains("what an output plays"), "{lines:?}");
    assert!(all[0].contains("|true|") && all[1].contains("|false|"), "{lines:?}");
}

#[test]
fn without_a_server_there_is_no_microphone() {
    let folder = tempfile::tempdir().unwrap();
    let lines = Job::start("microphone", folder.path(), &[("PULSE_SERVER", "unix:/nonexistent/native")]).finish(LONG);
    assert!(lines[0].starts_with("error NotFound there is no microphone"), "{lines:?}");
}
