//! From a device to a server: `tally live` with a camera and a microphone, and what has arrived at the ingest.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tally::clock::Clock;
use tally::ingest::{IngestConfig, IngestServer};

use crate::camera::{drawn, write_jpeg};
use crate::microphone::frequency;
use crate::pulse::Pulse;
use crate::support::{pause, shim, write_tone};

const WIDTH: usize = 640;
const HEIGHT: usize = 480;

/// Streams for `seconds` to an ingest of its own; gives the recording of what arrived.
fn stream(folder: &Path, seconds: u32, args: &[&str], environment: &[(&str, &str)]) -> PathBuf {
    let mut config = IngestConfig::new(SocketAddr::from(([127, 0, 0, 1], 0)));
    config.record = Some(folder.to_owned());
    let server = IngestServer::start(config, Clock::system(), |_| {}).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_tally"))
        .args(["live", "--json", "--for", &format!("{seconds}s"), "--record", "off"])
        .args(["--to", &format!("rtmp://{}/live", server.local_addr())])
        .args(args)
        .env("TALLY_KEY", "show")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    server.stop();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    folder.join("show.flv")
}

pub(crate) fn decode(recording: &Path, args: &[&str]) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(recording)
        .args(args)
        .arg("-")
        .stdin(Stdio::null())
        .output()
        .expect("ffmpeg is needed for these tests: packaging/setup test");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Mean SSIM of two luma planes over windows of 8 x 8 (Wang et al. 2004).
fn ssim(a: &[u8], b: &[u8]) -> f64 {
    let (mut sum, mut windows) = (0.0, 0.0);
    for top in (0..HEIGHT - 7).step_by(8) {
        for left in (0..WIDTH - 7).step_by(8) {
            let (mut sa, mut sb, mut saa, mut sbb, mut sab) = (0.0, 0.0, 0.0, 0.0, 0.0);
            for row in top..top + 8 {
                for column in left..left + 8 {
                    let (x, y) = (f64::from(a[row * WIDTH + column]), f64::from(b[row * WIDTH + column]));
                    sa += x;
                    sb += y;
                    saa += x * x;
                    sbb += y * y;
                    sab += x * y;
                }
            }
            let (ma, mb) = (sa / 64.0, sb / 64.0);
            let (va, vb, cov) = (saa / 64.0 - ma * ma, sbb / 64.0 - mb * mb, sab / 64.0 - ma * mb);
            let (c1, c2) = (6.5025, 58.5225);
            sum += (2.0 * ma * mb + c1) * (2.0 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2));
            windows += 1.0;
        }
    }
    sum / windows
}

fn a_camera_arrives(fourcc: &str) {
    let folder = tempfile::tempdir().unwrap();
    let jpeg = folder.path().join("picture.jpg");
    let through_jpeg = write_jpeg(&jpeg, WIDTH, HEIGHT);
    let expected = if fourcc == "MJPG" { through_jpeg } else { drawn(WIDTH, HEIGHT) };
    let offer = format!("{fourcc}:{WIDTH}x{HEIGHT}@30000/1001");
    let recording = stream(
        folder.path(),
        3,
        &["--video", "camera", "--audio", "silence", "--size", "640x480", "--fps", "29.97"],
        &[
            ("LD_PRELOAD", shim().to_str().unwrap()),
            ("SHIM_V4L2_0", &offer),
            ("SHIM_V4L2_JPEG", jpeg.to_str().unwrap()),
        ],
    );
    let raw = decode(&recording, &["-map", "0:v", "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "rawvideo"]);
    let frame = WIDTH * HEIGHT * 3 / 2;
    let frames = raw.len() / frame;
    assert!((89..=91).contains(&frames), "{fourcc}: {frames} pictures in 3 s at 29.97");
    let last = &raw[(frames - 1) * frame..];
    let likeness = ssim(&last[..WIDTH * HEIGHT], &expected[0]);
    assert!(likeness >= 0.97, "{fourcc}: SSIM {likeness}");
}

#[test]
fn a_yuyv_camera_arrives_at_the_server_as_it_was_drawn() {
    a_camera_arrives("YUYV");
}

#[test]
fn an_nv12_camera_arrives_at_the_server_as_it_was_drawn() {
    a_camera_arrives("NV12");
}

#[test]
fn an_mjpeg_camera_arrives_at_the_server_as_it_was_drawn() {
    a_camera_arrives("MJPG");
}

#[test]
fn a_tone_at_the_microphone_arrives_at_the_server_as_it_was_played() {
    let folder = tempfile::tempdir().unwrap();
    let pulse = Pulse::start(folder.path(), &[]);
    let tone = folder.path().join("tone.wav");
    write_tone(&tone, 440.0, 0.5012, 30);
    let player = pulse.play(&tone);
    pause(Duration::from_millis(700));
    let recording = stream(
        folder.path(),
        6,
        &["--video", "none", "--audio", "mic:tally.monitor", "--audio-bitrate", "160k"],
        &[("PULSE_SERVER", &pulse.server())],
    );
    drop(player);
    let raw = decode(&recording, &["-map", "0:a", "-f", "f32le", "-ac", "2"]);
    let left: Vec<f32> =
        raw.chunks_exact(8).map(|frame| f32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]])).collect();
    let seconds = left.len() as f64 / 48_000.0;
    assert!((seconds - 6.0).abs() < 0.1, "{seconds} s of sound in 6 s");
    let steady = &left[96_000..left.len() - 24_000];
    let hertz = frequency(steady);
    let rms = (steady.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / steady.len() as f64).sqrt();
    let level = 20.0 * (rms * 2f64.sqrt()).log10();
    assert!((hertz - 440.0).abs() < 0.5, "{hertz} Hz");
    assert!((level + 6.0).abs() < 0.5, "{level} dBFS");
}

/// What `tally check` against an ingest of its own says of the sources, and its exit code.
fn check(args: &[&str], environment: &[(&str, &str)]) -> (i32, Vec<String>) {
    let config = IngestConfig::new(SocketAddr::from(([127, 0, 0, 1], 0)));
    let server = IngestServer::start(config, Clock::system(), |_| {}).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_tally"))
        .args(["check", "--json", "--size", "640x360", "--to", &format!("rtmp://{}/live", server.local_addr())])
        .args(args)
        .env("TALLY_KEY", "show")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    server.stop();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = told.lines().filter(|line| line.contains("\"source\"") || line.contains("\"problem\""));
    (output.status.code().unwrap(), lines.map(str::to_owned).collect())
}

#[test]
fn a_check_sees_the_camera_and_hears_the_microphone() {
    let folder = tempfile::tempdir().unwrap();
    let pulse = Pulse::start(folder.path(), &[]);
    let environment = [
        ("LD_PRELOAD", shim().to_str().unwrap().to_owned()),
        ("SHIM_V4L2_0", "YUYV:640x480@30".to_owned()),
        ("PULSE_SERVER", pulse.server()),
    ];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let (code, told) = check(&["--video", "camera", "--audio", "mic:tally.monitor"], &environment);
    assert_eq!((code, told.len()), (0, 2), "{told:?}");
    assert!(told.iter().all(|line| line.contains("\"ok\":true")), "{told:?}");
    assert!(told[0].contains("640x480 YUYV") && told[1].contains("48000 Hz"), "{told:?}");
}

#[test]
fn a_check_says_that_a_camera_gives_no_picture() {
    let folder = tempfile::tempdir().unwrap();
    let control = folder.path().join("control");
    std::fs::write(&control, "stall0").unwrap();
    let environment = [
        ("LD_PRELOAD", shim().to_str().unwrap()),
        ("SHIM_V4L2_0", "YUYV:640x480@30"),
        ("SHIM_V4L2_CONTROL", control.to_str().unwrap()),
    ];
    let (code, told) = check(&["--video", "camera", "--audio", "silence"], &environment);
    assert_eq!(code, 3, "{told:?}");
    assert!(told[0].contains("\"ok\":false") && told.iter().any(|line| line.contains("source_stalled")), "{told:?}");
}
