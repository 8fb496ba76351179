//! What it costs to pass a stream on: CPU seconds per gigabyte sent to 200 players of one 3 Mb/s stream, beside nginx with
//! its RTMP module in the same run; what it costs to receive 200 streams of 1 Mb/s, beside the same; and the memory of 1,000
//! connections that do nothing. Run with
//! `cargo bench --bench relay`; needs `ffmpeg` and `nginx` with `libnginx-mod-rtmp`, and 1,100 file handles.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints its figures and may fail")]

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tally::amf::{Object, Value, write_value};
use tally::clock::Clock;
use tally::flv::{FlvReader, TagKind, TagRole, video_shape};
use tally::ingest::{IngestConfig, IngestServer};
use tally::rtmp::chunk::{ChunkWriter, MessageHeader};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PLAYERS: usize = 200;
const PUBLISHERS: usize = 200;
const IDLE: usize = 1000;
const PAIRS: usize = 2;
/// How long each server is measured.
const WINDOW: Duration = Duration::from_secs(60);

fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args.iter().position(|arg| arg.starts_with("--as-")) {
        Some(at) if args[at] == "--as-server" => serve(),
        Some(at) if args[at] == "--as-publishers" => publish(args[at + 1].parse().unwrap()),
        Some(at) if args[at] == "--as-players" => {
            play(args[at + 1].parse().unwrap(), args[at + 2].parse().unwrap(), true)
        }
        Some(at) => play(args[at + 1].parse().unwrap(), args[at + 2].parse().unwrap(), false),
        None => measure(),
    }
}

fn measure() {
    println!(
        "passing one 3 Mb/s stream on to {PLAYERS} players for {} s, CPU seconds per GB, {PAIRS} pairs",
        WINDOW.as_secs()
    );
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        let tally = relay(Server::tally());
        let nginx = relay(Server::nginx());
        println!("  tally {tally:.3}   nginx {nginx:.3}   ratio {:.3}", tally / nginx);
        ours.push(tally);
        theirs.push(nginx);
        ratios.push(tally / nginx);
    }
    println!(
        "median: tally {:.3}, nginx {:.3}, ratio {:.3} (target: at most 1)",
        median(&mut ours),
        median(&mut theirs),
        median(&mut ratios)
    );
    println!("receiving {PUBLISHERS} streams of 1 Mb/s for 20 s, CPU seconds per GB");
    let (tally, nginx) = (receive(Server::tally()), receive(Server::nginx()));
    println!("  tally {tally:.3}   nginx {nginx:.3}   ratio {:.3} (target: at most 1)", tally / nginx);
    println!("memory of {IDLE} connections (target: at most 64 KiB each)");
    for (what, mode) in
        [("silent", "--as-silent"), ("handshaken", "--as-handshaken"), ("waiting for a stream", "--as-players")]
    {
        println!("  {what}: {:.1} KiB each", idle(mode));
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A child whose first line of output says when it is ready.
struct Helper {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Helper {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// Asks for a line.
    fn ask(&mut self) -> String {
        self.child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        self.line()
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server in a process of its own.
struct Server {
    helper: Option<Helper>,
    nginx: Option<Child>,
    pid: u32,
    port: u16,
}

impl Server {
    fn tally() -> Self {
        let mut helper = Helper::start(&["--as-server"]);
        let port = helper.line().parse().unwrap();
        let pid = helper.child.id();
        Self { helper: Some(helper), nginx: None, pid, port }
    }

    fn nginx() -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("relay-nginx");
        std::fs::create_dir_all(&dir).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // One process, so that its time is all there is; no access log, as with us.
        let config = format!(
            "load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;\ndaemon off;\nmaster_process off;\nuser root;\n\
             pid {0}/pid;\nerror_log {0}/error.log warn;\nevents {{ worker_connections 1024; }}\n\
             rtmp {{ access_log off; server {{ listen 127.0.0.1:{port}; application live {{ live on; }} }} }}\n",
            dir.display()
        );
        std::fs::write(dir.join("nginx.conf"), config).unwrap();
        let child = Command::new("nginx")
            .arg("-p")
            .arg(&dir)
            .args(["-c", "nginx.conf", "-e", "stderr"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { helper: None, pid: child.id(), nginx: Some(child), port };
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            pause(Duration::from_millis(50));
        }
        server
    }

    /// User and system time so far.
    fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap();
        let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        // A hundred ticks a second is what Linux has told programs for decades.
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    }

    fn memory_kib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.helper.take());
        if let Some(mut nginx) = self.nginx.take() {
            let _ = nginx.kill();
            let _ = nginx.wait();
        }
    }
}

fn pause(time: Duration) {
    let clock = Clock::system();
    clock.sleep_until(clock.now() + time, time);
}

/// CPU seconds of `server` for each gigabyte that its players received.
fn relay(server: Server) -> f64 {
    let mut publisher = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-re", "-stream_loop", "-1", "-i"])
        .arg(clip())
        .args(["-c", "copy", "-f", "flv", &format!("rtmp://127.0.0.1:{}/live/bench", server.port)])
        .spawn()
        .unwrap();
    pause(Duration::from_secs(1));
    let mut players = Helper::start(&["--as-players", &server.port.to_string(), &PLAYERS.to_string()]);
    assert_eq!(players.line(), "ready");
    // What late players get at once is not what is measured.
    pause(Duration::from_secs(3));
    let mut received = || players.ask().parse::<f64>().unwrap();
    let (cpu, bytes) = (server.cpu_seconds(), received());
    pause(WINDOW);
    let (cpu, bytes) = (server.cpu_seconds() - cpu, received() - bytes);
    let _ = publisher.kill();
    let _ = publisher.wait();
    let expected = PLAYERS as f64 * WINDOW.as_secs_f64() * 3e6 / 8.0;
    println!("    {:.0} MB in {:.2} CPU s ({:.0} % of 3 Mb/s each)", bytes / 1e6, cpu, bytes * 100.0 / expected);
    cpu / (bytes / 1e9)
}

/// CPU seconds of `server` for each gigabyte that its publishers sent; none of our own server's frames may be missing.
fn receive(mut server: Server) -> f64 {
    let mut publishers = Helper::start(&["--as-publishers", &server.port.to_string()]);
    assert_eq!(publishers.line(), "ready");
    let cpu = server.cpu_seconds();
    let told = publishers.ask();
    let cpu = server.cpu_seconds() - cpu;
    let (bytes, frames) = told.split_once(' ').unwrap();
    let (bytes, frames): (f64, u64) = (bytes.parse().unwrap(), frames.parse().unwrap());
    if let Some(helper) = &mut server.helper {
        pause(Duration::from_millis(200));
        let counted: u64 = helper.ask().parse().unwrap();
        assert_eq!(counted, frames, "frames were lost");
        println!("    {:.0} MB, {counted} of {frames} frames, {cpu:.2} CPU s", bytes / 1e6);
    }
    cpu / (bytes / 1e9)
}

/// KiB that each idle connection costs.
fn idle(mode: &str) -> f64 {
    let server = Server::tally();
    let before = server.memory_kib();
    let mut helper = Helper::start(&[mode, &server.port.to_string(), &IDLE.to_string()]);
    assert_eq!(helper.line(), "ready");
    pause(Duration::from_secs(1));
    (server.memory_kib() - before) / IDLE as f64
}

/// 20 s at 3 Mb/s, a keyframe every two.
fn clip() -> PathBuf {
    made("relay.flv", "2870k")
}

fn made(name: &str, rate: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if !path.exists() {
        let made = Command::new("ffmpeg")
            .args(["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30,noise=alls=20:allf=t"])
            .args(["-f", "lavfi", "-i", "sine=440:r=48000", "-t", "20", "-c:v", "libx264", "-preset", "ultrafast"])
            .args(["-tune", "zerolatency", "-g", "60", "-b:v", rate, "-minrate", rate, "-maxrate", rate])
            .args(["-bufsize", rate, "-nal-hrd", "cbr", "-c:a", "aac", "-b:a", "128k", "-f", "flv"])
            .arg(&path)
            .status()
            .unwrap();
        assert!(made.success(), "ffmpeg could not make the clip");
    }
    path
}

/// The server's process, until its input ends.
fn serve() {
    let mut config = IngestConfig::new(SocketAddr::from(([127, 0, 0, 1], 0)));
    config.limits.connections_max = IDLE + 50;
    config.deadlines.handshake = Duration::from_secs(60);
    config.deadlines.publish = Duration::from_secs(60);
    let server = IngestServer::start(config, Clock::system(), |_| {}).unwrap();
    println!("{}", server.local_addr().port());
    for _ in std::io::stdin().lines() {
        println!("{}", server.stats().streams.iter().map(|stream| stream.frames).sum::<u64>());
    }
}

/// The publishers' process: all of them send the same clip of 1 Mb/s in real time once they are asked to, and stay.
fn publish(port: u16) {
    let path = made("relay-1m.flv", "870k");
    let mut reader = FlvReader::new();
    reader.push(&std::fs::read(path).unwrap());
    // What each sends is the same to the byte, but for its name.
    let (mut writer, mut pieces, mut frames) = (ChunkWriter::new(), Vec::new(), 0);
    while let Some(tag) = reader.next_tag().unwrap() {
        let (kind, shape) = match tag.kind {
            TagKind::Audio => (8, None),
            TagKind::Video => (9, video_shape(&tag.body)),
            TagKind::Script => continue,
        };
        frames += u64::from(shape.is_some_and(|shape| shape.role == TagRole::Coded));
        let header = MessageHeader { chunk_stream: 4, kind, timestamp_ms: tag.timestamp_ms, stream_id: 1 };
        let mut piece = Vec::new();
        writer.write(header, &[], &tag.body, &mut |bytes| piece.extend_from_slice(&bytes));
        pieces.push((u64::from(tag.timestamp_ms), Bytes::from(piece)));
    }
    let bytes: usize = pieces.iter().map(|(_, piece)| piece.len()).sum();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut streams = Vec::new();
        for index in 0..PUBLISHERS {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            stream.write_all(&[&[3][..], &[1; 3072]].concat()).await.unwrap();
            stream.read_exact(&mut [0; 3073]).await.unwrap();
            stream.write_all(&requests_to_publish(&format!("load-{index}"))).await.unwrap();
            let _answered = stream.read(&mut [0; 4096]).await.unwrap();
            streams.push(stream);
        }
        println!("ready");
        std::io::stdin().read_line(&mut String::new()).unwrap();
        let begun = tokio::time::Instant::now();
        for (index, (at_ms, piece)) in pieces.iter().enumerate() {
            tokio::time::sleep_until(begun + Duration::from_millis(*at_ms)).await;
            for stream in &mut streams {
                stream.write_all(piece).await.unwrap();
            }
            // Answers and acknowledgements are not left to fill the sockets.
            if index % 50 == 0 {
                streams
                    .iter_mut()
                    .for_each(|stream| while stream.try_read(&mut [0; 4096]).is_ok_and(|read| read > 0) {});
            }
        }
        println!("{} {}", bytes * PUBLISHERS, frames * PUBLISHERS as u64);
        std::future::pending::<()>().await;
    });
}

fn requests_to_publish(name: &str) -> Vec<u8> {
    let (mut writer, mut out) = (ChunkWriter::new(), Vec::new());
    let mut say = |stream_id: u32, body: Vec<u8>| {
        let header = MessageHeader { chunk_stream: 3, kind: 20, timestamp_ms: 0, stream_id };
        writer.write(header, &[], &Bytes::from(body), &mut |piece| out.extend_from_slice(&piece));
    };
    let app = Object::new().with("app", "live").with("tcUrl", "rtmp://127.0.0.1/live");
    say(0, amf(&["connect".into(), 1.0.into(), app.into()]));
    say(0, amf(&["createStream".into(), 2.0.into(), Value::Null]));
    say(1, amf(&["publish".into(), 3.0.into(), Value::Null, name.into(), "live".into()]));
    out
}

/// The players' process: each connection goes as far as the mode says; a line is answered with the bytes so far.
fn play(port: u16, count: usize, all_the_way: bool) {
    let silent = std::env::args().any(|arg| arg == "--as-silent");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (ready, received) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(0)));
    for _ in 0..count {
        let (ready, received) = (Arc::clone(&ready), Arc::clone(&received));
        runtime.spawn(async move {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            if silent {
                ready.fetch_add(1, Ordering::Relaxed);
                std::future::pending::<()>().await;
            }
            stream.write_all(&[&[3][..], &[1; 3072]].concat()).await.unwrap();
            stream.read_exact(&mut [0; 3073]).await.unwrap();
            stream.write_all(&requests(all_the_way)).await.unwrap();
            let mut buffer = vec![0; 256 << 10];
            let mut said = false;
            loop {
                let read = stream.read(&mut buffer).await.unwrap();
                assert!(read > 0, "the server hung up");
                received.fetch_add(read as u64, Ordering::Relaxed);
                if !std::mem::replace(&mut said, true) {
                    ready.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    let told = tally::flow::Worker::spawn("bench-asked", move |_| {
        while ready.load(Ordering::Relaxed) < count {
            pause(Duration::from_millis(10));
        }
        println!("ready");
        for _ in std::io::stdin().lines() {
            println!("{}", received.load(Ordering::Relaxed));
        }
        std::process::exit(0);
    });
    let _told = told.unwrap();
    runtime.block_on(std::future::pending::<()>());
}

/// What a player says behind the handshake, as FFmpeg does: the buffer's length too, by which nginx waits and writes
/// several messages at once.
fn requests(play: bool) -> Vec<u8> {
    let (mut writer, mut out) = (ChunkWriter::new(), Vec::new());
    let mut say = |kind: u8, stream_id: u32, body: Vec<u8>| {
        let header = MessageHeader { chunk_stream: 3, kind, timestamp_ms: 0, stream_id };
        writer.write(header, &[], &Bytes::from(body), &mut |piece| out.extend_from_slice(&piece));
    };
    let app = Object::new().with("app", "live").with("tcUrl", "rtmp://127.0.0.1/live");
    say(20, 0, amf(&["connect".into(), 1.0.into(), app.into()]));
    say(20, 0, amf(&["createStream".into(), 2.0.into(), Value::Null]));
    if play {
        say(20, 1, amf(&["play".into(), 3.0.into(), Value::Null, "bench".into(), (-2000.0).into()]));
        say(4, 0, vec![0, 3, 0, 0, 0, 1, 0, 0, 0x0B, 0xB8]);
    }
    out
}

fn amf(values: &[Value]) -> Vec<u8> {
    let mut body = Vec::new();
    values.iter().for_each(|value| write_value(&mut body, value));
    body
}
