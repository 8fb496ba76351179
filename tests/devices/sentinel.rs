//! Devices that die while a show is on: each is told, and a card goes out where there is no picture.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};
use std::time::Duration;

use tally::clock::Clock;
use tally::flow::{Popped, Queue, Worker};
use tally::ingest::{IngestConfig, IngestServer};
use tally::media::Timestamp;

use crate::pulse::Pulse;
use crate::shows::decode;
use crate::support::{Process, pause, shim, write_clicks, write_tone};

const WIDTH: usize = 640;
const HEIGHT: usize = 480;
/// The card's ground.
const GROUND: u8 = 44;
/// A lightly loaded machine needs none of it.
const SLACK: Duration = Duration::from_secs(1);

/// `tally live --json` to an ingest of its own that records what arrives.
struct Live {
    server: IngestServer,
    process: Process,
    lines: Queue<(Timestamp, String)>,
    /// Ends with the process.
    _reader: Worker,
    clock: Clock,
    recording: PathBuf,
}

impl Live {
    fn start(folder: &Path, args: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut config = IngestConfig::new(SocketAddr::from(([127, 0, 0, 1], 0)));
        config.record = Some(folder.to_owned());
        let clock = Clock::system();
        let server = IngestServer::start(config, clock.clone(), |_| {}).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_tally"))
            .args(["live", "--json", "--record", "off", "--size", "640x480"])
            .args(["--to", &format!("rtmp://{}/live", server.local_addr())])
            .args(args)
            .env("TALLY_KEY", "show")
            .env("LC_ALL", "C")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Queue::new(4096);
        let reader = read_lines(child.stdout.take().unwrap(), clock.clone(), lines.clone());
        let process = Process(child);
        let live = Self { server, process, lines, _reader: reader, clock, recording: folder.join("show.flv") };
        live.wait("it to be live", Duration::from_secs(20), "\"live\"");
        live
    }

    /// The first line from now on that holds `word`; fails after `limit`.
    fn wait(&self, what: &str, limit: Duration, word: &str) -> Timestamp {
        self.wait_for(what, limit, |line| line.contains(word)).0
    }

    /// The first line from now on that is `wanted`, and when it came; fails after `limit`.
    fn wait_for(&self, what: &str, limit: Duration, wanted: impl Fn(&str) -> bool) -> (Timestamp, String) {
        let end = self.clock.now() + limit;
        let mut seen = Vec::new();
        loop {
            match self.lines.pop(end.since(self.clock.now())) {
                Popped::Value((at, line)) if wanted(&line) => return (at, line),
                Popped::Value((_, line)) => seen.extend(line.contains("problem").then_some(line)),
                Popped::Empty => panic!("{what} was not told within {limit:?}, but {seen:?}"),
                Popped::Closed => panic!("it ended before {what}: {seen:?}"),
            }
        }
    }

    /// The problems told until now.
    fn problems(&self) -> Vec<String> {
        let next = || match self.lines.pop(Duration::ZERO) {
            Popped::Value((_, line)) => Some(line),
            Popped::Empty | Popped::Closed => None,
        };
        std::iter::from_fn(next).filter(|line| line.contains("\"problem\"")).collect()
    }

    /// Ends it; its exit code, and every picture that arrived: its luma at the left edge.
    fn end(mut self) -> (i32, Vec<u8>) {
        let id = self.process.0.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let code = self.process.0.wait().unwrap().code().unwrap();
        self.server.stop();
        let args = ["-map", "0:v", "-fps_mode", "passthrough", "-vf", "crop=16:16:0:112", "-pix_fmt", "yuv420p", "-f"];
        let raw = decode(&self.recording, &[&args[..], &["rawvideo"]].concat());
        (code, raw.chunks_exact(384).map(|picture| picture[136]).collect())
    }
}

fn read_lines(stdout: ChildStdout, clock: Clock, lines: Queue<(Timestamp, String)>) -> Worker {
    let read = move |_: &_| {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            drop(lines.push((clock.now(), line)));
        }
        lines.close();
    };
    Worker::spawn("lines", read).unwrap()
}

struct Control(PathBuf);

impl Control {
    fn say(&self, words: &str) {
        std::fs::write(&self.0, words).unwrap();
    }
}

fn camera(folder: &Path, args: &[&str]) -> (Live, Control) {
    let control = Control(folder.join("control"));
    control.say("");
    let all = [&["--video", "camera", "--audio", "silence"], args].concat();
    let live = Live::start(
        folder,
        &all,
        &[
            ("LD_PRELOAD", shim().to_str().unwrap()),
            ("SHIM_V4L2_0", &format!("NV12:{WIDTH}x{HEIGHT}@30")),
            ("SHIM_V4L2_MOVE", "1"),
            ("SHIM_V4L2_CONTROL", control.0.to_str().unwrap()),
        ],
    );
    (live, control)
}

fn is_card(luma: u8) -> bool {
    luma.abs_diff(GROUND) <= 2
}

/// A light square of the shim's picture at its left edge, where the card has its ground.
fn is_picture(luma: u8) -> bool {
    luma.abs_diff(71) <= 4
}

#[test]
fn a_camera_that_freezes_is_told_and_started_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (live, control) = camera(folder.path(), &[]);
    // It has moved for a while.
    pause(Duration::from_secs(7));
    assert_eq!(live.problems(), [] as [String; 0]);
    control.say("freeze0");
    let begun = live.clock.now();
    let told = live.wait("that it is frozen", Duration::from_secs(5) + SLACK, "source_frozen");
    println!("frozen: told after {:?}", told.since(begun));
    // A restart alone does not help here, and nothing is told again.
    pause(Duration::from_secs(3));
    assert_eq!(live.problems(), [] as [String; 0]);
    control.say("");
    let begun = live.clock.now();
    let told = live.wait("that it moves", Duration::from_secs(7), "source_restored");
    println!("moves: told after {:?}", told.since(begun));
    assert_eq!(live.end().0, 0);
}

#[test]
fn a_slide_of_a_capture_card_is_told_once_and_stays_on_the_air() {
    let folder = tempfile::tempdir().unwrap();
    let (live, control) = camera(folder.path(), &[]);
    pause(Duration::from_secs(7));
    // A driver that takes long to let go.
    control.say("freeze0 slow0");
    live.wait("that it stands still", Duration::from_secs(5) + SLACK, "source_frozen");
    pause(Duration::from_secs(10));
    assert_eq!(live.problems(), [] as [String; 0]);
    control.say("slow0");
    live.wait("that it moves", Duration::from_secs(2), "source_restored");
    pause(Duration::from_secs(5));
    // The next slide.
    control.say("freeze0 slow0");
    pause(Duration::from_secs(9));
    assert_eq!(live.problems(), [] as [String; 0]);
    let (code, corners) = live.end();
    assert_eq!(code, 0);
    assert!(corners.len() > 32 * 30 && corners.iter().all(|corner| is_picture(*corner)), "{corners:?}");
}

#[test]
fn a_camera_that_repeats_a_picture_until_it_is_restarted_is_mended_by_that() {
    let folder = tempfile::tempdir().unwrap();
    let (live, control) = camera(folder.path(), &[]);
    pause(Duration::from_secs(7));
    assert_eq!(live.problems(), [] as [String; 0]);
    control.say("stuck0");
    pause(Duration::from_millis(500));
    control.say("");
    live.wait("that it is frozen", Duration::from_secs(5) + SLACK, "source_frozen");
    live.wait("that it moves", Duration::from_secs(3), "source_restored");
    pause(Duration::from_secs(7));
    assert_eq!(live.problems(), [] as [String; 0]);
    let (code, corners) = live.end();
    assert_eq!(code, 0);
    assert!(corners.iter().all(|corner| is_picture(*corner)), "{corners:?}");
}

#[test]
fn what_a_cameras_picture_costs_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (live, _control) = camera(folder.path(), &[]);
    let has_cost = |line: &str| line.contains("\"convert_ms\":") && !line.contains("\"convert_ms\":null");
    let (_, line) = live.wait_for("its cost", Duration::from_secs(5), has_cost);
    let cost = line.split("\"convert_ms\":").nth(1).unwrap().split(',').next().unwrap().parse::<f64>().unwrap();
    // 640x480 of NV12: copied and its chroma split.
    assert!(cost > 0.0 && cost < 30.0, "{line}");
    assert_eq!(live.end().0, 0);
}

#[test]
fn a_covered_lens_is_told_and_no_card_hides_it() {
    let folder = tempfile::tempdir().unwrap();
    let (live, control) = camera(folder.path(), &[]);
    pause(Duration::from_secs(1));
    control.say("black0");
    let begun = live.clock.now();
    let told = live.wait("that it is black", Duration::from_secs(3) + SLACK, "source_black");
    println!("black: told after {:?}", told.since(begun));
    control.say("");
    let begun = live.clock.now();
    let told = live.wait("that it is not", Duration::from_secs(1), "source_restored");
    println!("not black: told after {:?}", told.since(begun));
    let (code, corners) = live.end();
    assert_eq!(code, 0);
    let black = corners.iter().filter(|corner| **corner <= 18).count();
    assert!(black > 60 && !corners.iter().any(|corner| is_card(*corner)), "{corners:?}");
}

#[test]
fn while_a_camera_gives_nothing_a_card_goes_out() {
    let folder = tempfile::tempdir().unwrap();
    for (word, kind) in [("stall0", "source_stalled"), ("unplug0", "source_lost")] {
        let folder = folder.path().join(word);
        std::fs::create_dir(&folder).unwrap();
        let (live, control) = camera(&folder, &[]);
        pause(Duration::from_secs(2));
        control.say(word);
        live.wait(word, Duration::from_secs(1) + SLACK, kind);
        pause(Duration::from_secs(2));
        control.say("");
        live.wait("that it is back", Duration::from_secs(7), "source_restored");
        pause(Duration::from_secs(1));
        let (code, corners) = live.end();
        assert_eq!(code, 0, "{word}");
        let first = corners.iter().position(|corner| is_card(*corner));
        let last = corners.iter().rposition(|corner| is_card(*corner));
        let (Some(first), Some(last)) = (first, last) else { panic!("{word}: no card, {corners:?}") };
        println!("{word}: card from picture {first} to {last} of {}", corners.len());
        // Two seconds of the camera, one of its last picture, and then the card without a hole until it is back.
        assert!((75..=130).contains(&first), "{word}: {first}");
        assert!(last - first >= 30 && corners[first..=last].iter().all(|corner| is_card(*corner)), "{word}");
        assert!(corners[..first].iter().chain(&corners[last + 1..]).all(|corner| is_picture(*corner)), "{word}");
        assert!(corners.len() - last > 15, "{word}");
    }
}

#[test]
fn the_card_may_be_a_picture_of_ones_own_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("card.png");
    image::RgbImage::from_pixel(320, 240, image::Rgb([255, 255, 255])).save(&own).unwrap();
    for (name, choice, expected) in [("own", own.to_str().unwrap(), 235u8), ("off", "off", 71)] {
        let folder = folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        let (live, control) = camera(&folder, &["--card", choice]);
        control.say("stall0");
        live.wait("the stall", Duration::from_secs(2) + SLACK, "source_stalled");
        pause(Duration::from_secs(2));
        let (_, corners) = live.end();
        let last = *corners.last().unwrap();
        assert!(last.abs_diff(expected) <= 4, "{choice}: {corners:?}");
    }
}

/// Where the clicks of a recording begin, in seconds of its time: holes are holes.
fn clicks(recording: &Path) -> Vec<f64> {
    let args =
        ["-map", "0:a", "-af", "aresample=async=1:min_hard_comp=0.05", "-ar", "48000", "-ac", "1", "-f", "f32le"];
    let raw = decode(recording, &args);
    let (mut found, mut last) = (Vec::new(), 0);
    for (at, sample) in raw.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).enumerate() {
        if sample.abs() > 0.2 {
            if at > last + 9600 {
                found.push(at as f64 / 48_000.0);
            }
            last = at;
        }
    }
    found
}

#[test]
fn devices_go_on_in_step_after_the_program_was_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let pulse = Pulse::start(folder.path(), &[]);
    let file = folder.path().join("clicks.wav");
    write_clicks(&file, 60);
    let player = pulse.play(&file);
    pause(Duration::from_millis(700));
    let environment = [
        ("LD_PRELOAD", shim().to_str().unwrap().to_owned()),
        ("SHIM_V4L2_0", format!("NV12:{WIDTH}x{HEIGHT}@30")),
        ("SHIM_V4L2_MOVE", "1".to_owned()),
        ("PULSE_SERVER", pulse.server()),
    ];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let live = Live::start(folder.path(), &["--video", "camera", "--audio", "mic:tally.monitor"], &environment);
    pause(Duration::from_secs(5));
    let signal = |name: &str| {
        let id = live.process.0.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    };
    signal("-STOP");
    pause(Duration::from_secs(6));
    signal("-CONT");
    pause(Duration::from_secs(7));
    let problems = live.problems();
    let recording = live.recording.clone();
    let (code, corners) = live.end();
    drop(player);
    let clicks = clicks(&recording);
    println!("{problems:?}\n{clicks:?}");
    assert_eq!(code, 0);
    // Once a second, whatever happened: what is heard stands where it was played.
    let first = clicks[1];
    let offsets: Vec<_> = clicks[1..].iter().map(|at| (at - first + 0.5).rem_euclid(1.0) - 0.5).collect();
    assert!(offsets.iter().all(|offset| offset.abs() < 0.040), "{offsets:?}");
    let after = clicks.iter().filter(|at| **at > clicks[0] + 10.0).count();
    assert!(after >= 5, "{clicks:?}");
    assert!(corners.len() > 10 * 30 - 20, "{} pictures", corners.len());
    // The sound server throws a client out that takes nothing for so long, which is told, and that it is over; that nothing
    // comes may be seen before the server has said why.
    let told = |place: usize, kinds: &[&str]| {
        problems.get(place).is_none_or(|line| kinds.iter().any(|kind| line.contains(kind)))
    };
    let in_turn = told(0, &["source_lost", "source_stalled"]) && told(1, &["source_restored"]);
    assert!([0, 2].contains(&problems.len()) && in_turn, "{problems:?}");
    assert!(problems.iter().all(|line| line.contains("Monitor of Null Output")), "{problems:?}");
}

#[test]
fn the_wrong_device_is_asked_about_and_the_others_are_named() {
    let folder = tempfile::tempdir().unwrap();
    // A microphone of another output, that nobody plays to: silent for ever.
    let extra = [
        "module-null-sink sink_name=idle rate=48000 channels=2",
        "module-remap-source source_name=desk master=idle.monitor",
    ];
    let pulse = Pulse::start(folder.path(), &extra.map(str::to_owned));
    let monitor = "Nothing but digital silence comes from Monitor of Null Output, which gives what an output plays and is no \
                   microphone. Is it the right one? There are also: Remapped";
    // The only one that hears anything: there is no other to choose.
    for (device, told) in [("mic:tally.monitor", monitor), ("mic:desk", "Nothing at all is heard from Remapped")] {
        let folder = folder.path().join(&device[4..]);
        std::fs::create_dir(&folder).unwrap();
        let args = ["--video", "test", "--audio", device];
        let live = Live::start(&folder, &args, &[("PULSE_SERVER", &pulse.server())]);
        let is_silence = |line: &str| line.contains("source_silent");
        let (_, line) = live.wait_for("the silence", Duration::from_secs(5 + 1) + SLACK, is_silence);
        assert!(line.contains(told), "{line}");
        // Told once, and nothing else is opened in its place.
        pause(Duration::from_secs(2));
        assert_eq!(live.problems(), [] as [String; 0]);
        assert_eq!(live.end().0, 0);
    }
}

#[test]
fn a_microphone_that_is_muted_at_the_device_is_told() {
    let folder = tempfile::tempdir().unwrap();
    // A microphone that hears what is played, and is no monitor of an output.
    let module = "module-remap-source source_name=desk master=tally.monitor".to_owned();
    let pulse = Pulse::start(folder.path(), &[module]);
    let tone = folder.path().join("tone.wav");
    write_tone(&tone, 440.0, 0.1, 60);
    let player = pulse.play(&tone);
    pause(Duration::from_millis(700));
    let live =
        Live::start(folder.path(), &["--video", "test", "--audio", "mic:desk"], &[("PULSE_SERVER", &pulse.server())]);
    pause(Duration::from_secs(2));
    assert_eq!(live.problems(), [] as [String; 0]);
    drop(player);
    let begun = live.clock.now();
    // What the server holds is played to its end.
    let told = live.wait("the silence", Duration::from_secs(5 + 2) + SLACK, "source_silent");
    println!("silent: told after {:?}", told.since(begun));
    let player = pulse.play(&tone);
    live.wait("that it is heard", Duration::from_secs(4), "source_restored");
    drop(player);
    // The same as loud as it can be.
    let loud = folder.path().join("loud.wav");
    write_tone(&loud, 440.0, 4.0, 60);
    let player = pulse.play(&loud);
    live.wait("that it is cut off", Duration::from_secs(4), "source_clipping");
    drop(player);
    assert_eq!(live.end().0, 0);
}
