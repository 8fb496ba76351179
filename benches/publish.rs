//! CPU seconds per gigabyte of publishing packets that are ready, beside `ffmpeg -c copy` of the same packets to the
//! same kind of sink. Run with `cargo bench --bench publish`; needs `ffmpeg`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints its figures and may fail")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use bytes::Bytes;
use tally::clock::{Clock, process_cpu_time};
use tally::flow::PacketQueue;
use tally::flv::{AudioBody, FlvReader, TagKind, VideoBody, VideoPacketType, read_audio_body, read_video_body};
use tally::media::{Packet, PacketKind, Timestamp};
use tally::output::publisher::{
    Joins, PublishTarget, Publisher, PublisherConfig, PublisherEvent, PublisherState, StreamHeaders,
};
use tally::output::{Fanout, Network};
use tally::rtmp::Limits;
use tally::rtmp::client::Deadlines;
use tally::rtmp::server::{ServerConfig, ServerDeadlines, ServerEvent, ServerOutput, ServerSession};

const PAIRS: usize = 5;
/// How often the clip is sent: about a gigabyte.
const LOOPS: u32 = 10;

fn main() {
    if std::env::args().any(|arg| arg == "--sink") {
        sink();
        return;
    }
    let clip = clip();
    let gigabytes = std::fs::metadata(&clip).unwrap().len() as f64 * f64::from(LOOPS) / 1e9;
    println!("publishing {gigabytes:.2} GB of ready packets, CPU seconds per GB, {PAIRS} pairs");
    let mut ratios = Vec::new();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        let tally = publish(&clip) / gigabytes;
        let ffmpeg = ffmpeg(&clip) / gigabytes;
        println!("  tally {tally:.3}   ffmpeg -c copy {ffmpeg:.3}   ratio {:.3}", tally / ffmpeg);
        ratios.push(tally / ffmpeg);
        ours.push(tally);
        theirs.push(ffmpeg);
    }
    println!(
        "median: tally {:.3}, ffmpeg {:.3}, ratio {:.3} (target: at most 1.0 CPU s per GB)",
        median(&mut ours),
        median(&mut theirs),
        median(&mut ratios)
    );
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// 40 s of noise at about 20 Mb/s: packets like those of a 1080p60 show.
fn clip() -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("publish.flv");
    if !path.exists() {
        let made = Command::new("ffmpeg")
            .args(["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=60,noise=alls=20:allf=t"])
            .args(["-f", "lavfi", "-i", "sine=440:r=48000", "-t", "40", "-c:v", "libx264", "-preset", "ultrafast"])
            .args(["-tune", "zerolatency", "-g", "120", "-b:v", "20M", "-maxrate", "20M", "-bufsize", "20M"])
            .args(["-c:a", "aac", "-b:a", "160k", "-f", "flv"])
            .arg(&path)
            .status()
            .unwrap();
        assert!(made.success(), "ffmpeg could not make the clip");
    }
    path
}

struct Clip {
    headers: StreamHeaders,
    packets: Vec<Packet>,
    duration: Duration,
}

fn read_clip(path: &Path) -> Clip {
    let mut reader = FlvReader::new();
    reader.push(&std::fs::read(path).unwrap());
    let mut headers = StreamHeaders { metadata: Bytes::new(), video: None, audio: None };
    let mut packets = Vec::new();
    let mut last = Timestamp::ZERO;
    while let Some(tag) = reader.next_tag().unwrap() {
        let at = Timestamp::from_millis(i64::from(tag.timestamp_ms));
        let packet = |kind, data| Packet { kind, pts: at, dts: at, captured_at: at, data };
        match tag.kind {
            TagKind::Script => headers.metadata = tag.body,
            TagKind::Video => match read_video_body(&tag.body).unwrap() {
                VideoBody::Avc(video) if video.packet == VideoPacketType::SequenceHeader => {
                    headers.video = Some(tag.body)
                }
                VideoBody::Avc(video) if video.packet == VideoPacketType::AccessUnit => {
                    packets.push(packet(PacketKind::Video { keyframe: video.keyframe }, video.payload));
                }
                _ => {}
            },
            TagKind::Audio => match read_audio_body(&tag.body).unwrap() {
                AudioBody::Aac(audio) if audio.sequence_header => headers.audio = Some(tag.body),
                AudioBody::Aac(audio) => packets.push(packet(PacketKind::Audio, audio.payload)),
                AudioBody::Other { .. } => {}
            },
        }
        last = last.max(at);
    }
    Clip { headers, packets, duration: last.since(Timestamp::ZERO) + Duration::from_millis(17) }
}

/// CPU seconds of publishing the clip `LOOPS` times, as fast as the sink takes it.
fn publish(path: &Path) -> f64 {
    let clip = read_clip(path);
    let mut sink = Sink::start();
    let network = Network::start().unwrap();
    let fanout = Fanout::new();
    let queue = PacketQueue::new(Duration::from_secs(3600));
    let output = fanout.add(queue.clone());
    let (events, states): (_, Receiver<PublisherState>) = sync_channel(64);
    let target = PublishTarget::new(&format!("rtmp://127.0.0.1:{}/live/bench", sink.port), None, None, None).unwrap();
    let config = PublisherConfig {
        target,
        backup: None,
        late_max: None,
        headers: clip.headers.clone(),
        encoder_name: "Tally bench".to_owned(),
        sent_hook: None,
        retry_for: Duration::ZERO,
        joins: Joins::No,
        deadlines: Deadlines::default(),
        stops_before_publish: false,
    };
    let before = process_cpu_time();
    let publisher = Publisher::start(&network, config, output, Clock::system(), move |event| {
        if let PublisherEvent::State(state) = event {
            let _ = events.send(state);
        }
    });
    while states.recv().unwrap() != PublisherState::Live {}
    let clock = Clock::system();
    for round in 0..LOOPS {
        let shift = clip.duration * round;
        for packet in &clip.packets {
            let moved = Packet { pts: packet.pts + shift, dts: packet.dts + shift, ..packet.clone() };
            fanout.push(&moved);
            while queue.gauge().bytes > 4 << 20 {
                clock.sleep_until(clock.now() + Duration::from_millis(2), Duration::from_millis(2));
            }
        }
    }
    fanout.close();
    publisher.end();
    while states.recv().unwrap() != PublisherState::Ended {}
    let spent = process_cpu_time() - before;
    let sent = publisher.stats().take();
    // Sound from before the first picture has no place in the stream.
    let early = clip.packets.iter().take_while(|packet| !packet.is_video()).count();
    let expected = clip.packets.len() * LOOPS as usize - early;
    assert_eq!(sent.frames_sent + sent.audio_sent, expected as u64, "packets were lost");
    sink.finish();
    spent.as_secs_f64()
}

fn ffmpeg(path: &Path) -> f64 {
    let mut sink = Sink::start();
    let before = children_cpu();
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-stream_loop", &(LOOPS - 1).to_string(), "-i"])
        .arg(path)
        .args(["-c", "copy", "-f", "flv", &format!("rtmp://127.0.0.1:{}/live/bench", sink.port)])
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let spent = children_cpu() - before;
    sink.finish();
    spent
}

/// User and system seconds of the children that have been waited for.
#[expect(unsafe_code, reason = "std has no getrusage")]
fn children_cpu() -> f64 {
    // SAFETY: rusage is plain integers, for which all zeroes is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is valid for writes.
    unsafe { libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage) };
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// A process of its own that takes everything and keeps nothing, so that its cost is in nobody's figures.
struct Sink {
    child: std::process::Child,
    port: u16,
}

impl Sink {
    fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg("--sink")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut byte = [0];
        let out = child.stdout.as_mut().unwrap();
        while out.read(&mut byte).unwrap() == 1 && byte[0] != b'\n' {
            line.push(char::from(byte[0]));
        }
        Self { child, port: line.parse().unwrap() }
    }

    fn finish(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sink() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    std::io::stdout().flush().unwrap();
    let (stream, _) = listener.accept().unwrap();
    take_all(stream);
}

fn take_all(mut stream: TcpStream) {
    let clock = Clock::system();
    let config = ServerConfig {
        limits: Limits::default(),
        deadlines: ServerDeadlines::default(),
        random: Box::new([7; 1528]),
        chunk_size: 65_536,
        window_ack_size: 5_000_000,
    };
    let mut session = ServerSession::new(clock.now(), config);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        loop {
            match session.poll_output() {
                // A client that is gone wants no answer.
                ServerOutput::Transmit(bytes) => drop(stream.write_all(&bytes)),
                ServerOutput::Event(ServerEvent::ConnectRequested { .. }) => session.accept_connect(),
                ServerOutput::Event(ServerEvent::PublishRequested { .. }) => session.accept_publish(),
                ServerOutput::Event(_) => {}
                ServerOutput::Timeout(_) | ServerOutput::Idle => break,
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(count) => session.handle_input(clock.now(), &buffer[..count]),
        }
    }
}
