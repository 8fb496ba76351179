//! Microphones, played by a PulseAudio server without hardware.

use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use tally::clock::Clock;
use tally::media::Timestamp;

use crate::child::{DATA, EVENTS, ID, SECS};
use crate::pulse::Pulse;
use crate::support::{Job, number, pause, write_tone};

const LONG: Duration = Duration::from_secs(40);

fn samples(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap();
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
}

/// Frequency by the rising zero crossings, interpolated between samples.
pub(crate) fn frequency(left: &[f32]) -> f64 {
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

/// Sound and pictures must not part by more than 20 ms: a click is handed to the server at a known time, and its place
/// on the timeline, less the latency the source tells, is compared with it.
#[test]
fn a_click_stands_where_it_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    let module =
        format!("module-pipe-source source_name=desk file={} format=s16le rate=48000 channels=1", fifo.display());
    let pulse = Pulse::start(folder.path(), &[module]);
    let data = folder.path().join("samples.f32");
    let job = Job::start(
        "microphone",
        folder.path(),
        &[("PULSE_SERVER", &pulse.server()), (ID, "mic:desk"), (SECS, "7"), (DATA, data.to_str().unwrap())],
    );
    let clock = Clock::system();
    let zero = -clock.from_monotonic_nanos(0).as_nanos();
    // As a card does: what nobody takes is gone, and nothing waits.
    let mut fifo = std::fs::OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(&fifo).unwrap();
    let mut clicks = Vec::new();
    let mut job = Some(job);
    let mut lines = Vec::new();
    for callback in 0..3000i64 {
        let time = Timestamp::from_millis(callback * 10);
        while clock.now() < time {
            clock.sleep_until(time, Duration::from_millis(10));
        }
        // A click of 2 ms at the end of every 50th callback: captured just now.
        let mut frames = [0i16; 480];
        if callback % 50 == 49 {
            frames[384..].fill(16_000);
            clicks.push((zero + clock.now().as_nanos()) as f64 / 1e9 - 0.002);
        }
        match fifo.write_all(&frames.map(i16::to_le_bytes).concat()) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => panic!("{error}"),
            Ok(()) | Err(_) => {}
        }
        if job.as_ref().is_some_and(|job| job.lines().iter().any(|line| line.starts_with("end"))) {
            lines = job.take().unwrap().finish(LONG);
            break;
        }
    }
    assert!(job.is_none(), "the job did not end: {:?}", job.unwrap().lines());
    let latency = lines[0].split("latency_ms=").nth(1).unwrap().parse::<f64>().unwrap() / 1e3;
    let zero = number(&lines, "zero_nanos") / 1e9;
    let left: Vec<f32> = samples(&data).chunks_exact(2).map(|frame| frame[0]).collect();
    let mut offsets: Vec<f64> = Vec::new();
    let mut last = 0;
    for (i, pair) in left.windows(2).enumerate() {
        if pair[0] < 0.25 && pair[1] >= 0.25 && i > last + 4800 {
            last = i;
            let made = zero + (number(&lines, "first") + i as f64) / 48_000.0 - latency;
            let nearest = clicks.iter().map(|click| made - click).min_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap();
            offsets.push(nearest);
        }
    }
    offsets.sort_by(f64::total_cmp);
    println!("offsets {offsets:?}, {lines:?}");
    assert!(offsets.len() >= 8, "{offsets:?} {lines:?}");
    let median = offsets[offsets.len() / 2];
    assert!(median.abs() < 0.010, "{median} s off: {offsets:?}, {lines:?}");
}

#[test]
fn the_server_dies_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut pulse = Pulse::start(folder.path(), &[]);
    let environment = [("PULSE_SERVER", pulse.server()), (SECS, "30".to_owned()), (EVENTS, "2".to_owned())];
    let environment: Vec<(&str, &str)> = environment.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let job = Job::start("microphone", folder.path(), &environment);
    job.wait_line("opened", LONG);
    // An idle null sink needs up to two seconds before its sound flows.
    pause(Duration::from_millis(3500));
    pulse.kill();
    job.wait_line("lost", LONG);
    pause(Duration::from_millis(500));
    pulse.restart();
    job.wait_line("restored", LONG);
    // The one that sound comes by, and the question.
    assert_eq!(pulse.connections(), 2);
    let lines = job.finish(LONG);
    assert!(number(&lines, "missing") > 20_000.0, "{lines:?}");
    assert!(number(&lines, "close_ms") < 1500.0, "{lines:?}");
}

/// A server moves what it records to the next best device when one is gone; nobody chose that one.
#[test]
fn a_microphone_that_is_pulled_out_is_replaced_by_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let pulse = Pulse::start(folder.path(), &[]);
    let usb = "module-null-sink sink_name=usb rate=48000 channels=2";
    let number = pulse.plug_in(usb);
    // What the computer plays is heard by the server's default, and must not be by whoever chose the other.
    let tone = folder.path().join("tone.wav");
    write_tone(&tone, 440.0, 0.5, 30);
    let player = pulse.play(&tone);
    let data = folder.path().join("samples.f32");
    let environment = [
        ("PULSE_SERVER", pulse.server()),
        (ID, "mic:usb.monitor".to_owned()),
        (SECS, "30".to_owned()),
        (EVENTS, "2".to_owned()),
        (DATA, data.display().to_string()),
    ];
    let environment: Vec<(&str, &str)> = environment.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let job = Job::start("microphone", folder.path(), &environment);
    job.wait_line("opened", LONG);
    pause(Duration::from_millis(3500));
    pulse.pull_out(&number);
    job.wait_line("lost", LONG);
    pause(Duration::from_secs(2));
    pulse.plug_in(usb);
    job.wait_line("restored", LONG);
    let lines = job.finish(LONG);
    drop(player);
    let loudest = samples(&data).iter().fold(0.0f32, |loudest, sample| loudest.max(sample.abs()));
    assert!(loudest < 1e-4, "{loudest} of another device, {lines:?}");
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
fn a_home_without_a_cookie_has_microphones_too() {
    let (folder, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let pulse = Pulse::start(folder.path(), &[]);
    let home_path = home.path().to_str().unwrap();
    for cookie in [None, Some("pulse/cookie"), Some(".config/pulse/cookie")] {
        if let Some(cookie) = cookie {
            // Half of one, as a full disk leaves it.
            std::fs::create_dir_all(home.path().join(cookie).parent().unwrap()).unwrap();
            std::fs::write(home.path().join(cookie), [7; 128]).unwrap();
        }
        let environment = [("PULSE_SERVER", &*pulse.server()), ("HOME", home_path), ("XDG_CONFIG_HOME", home_path)];
        let lines = Job::start("list", folder.path(), &environment).finish(LONG);
        assert!(lines.iter().any(|line| line.starts_with("Microphone mic:tally.monitor|")), "{cookie:?}: {lines:?}");
    }
}

#[test]
fn who_asks_for_microphones_again_and_again_keeps_no_connection() {
    let folder = tempfile::tempdir().unwrap();
    let pulse = Pulse::start(folder.path(), &[]);
    let lines = Job::start("list-again", folder.path(), &[("PULSE_SERVER", &pulse.server())]).finish(LONG);
    assert_eq!(number(&lines, "sockets"), 0.0, "{lines:?}");
    assert!(number(&lines, "threads") < 10.0, "{lines:?}");
}

#[test]
fn without_a_server_there_is_no_microphone() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().to_str().unwrap();
    let nowhere = [("PULSE_SERVER", ""), ("PULSE_RUNTIME_PATH", empty), ("XDG_RUNTIME_DIR", empty), ("HOME", empty)];
    let lines = Job::start("microphone", folder.path(), &nowhere).finish(LONG);
    assert!(lines[0].starts_with("error NotFound there is no microphone"), "{lines:?}");
    // Another than the one that is named is not what was wanted.
    let named = [("PULSE_SERVER", "unix:/nonexistent/native")];
    let lines = Job::start("microphone", folder.path(), &named).finish(LONG);
    assert!(lines[0].starts_with("error NoSoundServer the sound server does not answer"), "{lines:?}");
}
