//! `tally serve`: receives streams, and tells what comes in.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use serde_json::{Value, json};

use super::args::ServeArgs;
use super::interrupt::Interrupt;
use super::printer::Printer;
use super::values::{HttpChoice, RecordFormatChoice};
use super::{Exit, Failure, print, read_key_file};
use crate::clock::Clock;
use crate::ingest::{
    IngestConfig, IngestError, IngestEvent, IngestServer, PublishKey, RecordFormat, RecordingFault, StreamStats,
    TlsConfig, reachable_at,
};
use crate::media::Timestamp;
use crate::settings::file_advice;
use crate::studio::wording::to_do;
use crate::studio::{Problem, ProblemKind, Told, Weight};

/// Events on their way to be printed; none stays there.
const EVENTS_MAX: usize = 1024;
/// How often signals are looked for while nothing happens.
const NAP: Duration = Duration::from_millis(50);

/// Where HTTP is served unless told otherwise.
const HTTP_DEFAULT: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8080));
/// And RTMPS.
const TLS_DEFAULT: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1936));

fn config_from(args: &ServeArgs) -> Result<IngestConfig, Failure> {
    let mut config = IngestConfig::new(args.listen);
    config.record.clone_from(&args.record);
    config.record_format = match args.record_format {
        RecordFormatChoice::Flv => RecordFormat::Flv,
        RecordFormatChoice::Mp4 => RecordFormat::Mp4,
    };
    if let Some(path) = &args.key_file {
        config.publish_key = PublishKey::new(read_key_file(path)?.reveal());
    }
    if let Some(path) = &args.play_key_file {
        config.play_key = PublishKey::new(read_key_file(path)?.reveal());
    }
    if let Some(connections) = args.connections {
        config.limits.connections_max = connections.get();
    }
    if let (Some(cert), Some(key)) = (&args.tls_cert, &args.tls_key) {
        config.tls = Some(TlsConfig { listen: args.tls_at(), cert: cert.clone(), key: key.clone() });
    }
    config.http = args.http_at();
    Ok(config)
}

impl ServeArgs {
    fn http_at(&self) -> Option<SocketAddr> {
        match self.http {
            None => Some(HTTP_DEFAULT),
            Some(HttpChoice::At(address)) => Some(address),
            Some(HttpChoice::Off) => None,
        }
    }

    fn tls_at(&self) -> SocketAddr {
        self.listen_tls.unwrap_or(TLS_DEFAULT)
    }
}

/// Serves until the user or the system asks to end.
pub(super) fn run(args: &ServeArgs) -> Result<Exit, Failure> {
    let clock = Clock::system();
    let config = config_from(args)?;
    let interrupt = Interrupt::install();
    let json = args.json;
    let keys = [args.key_file.is_some(), args.play_key_file.is_some()];
    let printer = Printer::start(&clock, move |at, event| print(json, keys, at, event))
        .map_err(|error| Failure::new(Exit::Bug, format!("no thread to print: {error}")))?;
    let (sender, events) = sync_channel(EVENTS_MAX);
    let stamps = clock.clone();
    let told = move |event| {
        if sender.try_send((stamps.now(), event)).is_err() {
            tracing::warn!("an event was not told: nobody reads them");
        }
    };
    let started = match IngestServer::start(config, clock.clone(), told.clone()) {
        // Nobody asked for this port: streams are received without the page.
        Err(error @ IngestError::Listen { address: HTTP_DEFAULT, .. }) if args.http.is_none() => {
            tracing::warn!(%error, "no status page; --http ADDR gives it another place");
            IngestServer::start(IngestConfig { http: None, ..config_from(args)? }, clock.clone(), told)
        }
        started => started,
    };
    let server = started.map_err(|error| {
        let exit = match error {
            IngestError::RecordFolder { .. } => Exit::Recording,
            IngestError::KeyNeeded(_)
            | IngestError::PlayKeyNeeded(_)
            | IngestError::Tls { .. }
            | IngestError::TlsPair { .. }
            | IngestError::Listen { .. }
            | IngestError::NoNetwork
            | IngestError::Start(_) => Exit::Usage,
        };
        let advice = match &error {
            IngestError::Listen { address, source } => {
                let flag = match (args.http_at(), args.tls_at()) {
                    (Some(http), _) if http == *address => "--http",
                    (_, tls) if args.tls_cert.is_some() && tls == *address => "--listen-tls",
                    _ => "--listen",
                };
                let end = match source.kind() {
                    io::ErrorKind::AddrInUse => "end the program that uses it, or ",
                    _ => "",
                };
                format!("; {end}choose another address with {flag}")
            }
            IngestError::RecordFolder { source, .. } => match source.kind() {
                io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
                    "; it is a file: name a folder".to_owned()
                }
                _ => format!("; {}", file_advice(source).unwrap_or("choose another folder")),
            },
            IngestError::Tls { .. } => "; give a file in PEM form that is there and that you may read".to_owned(),
            IngestError::TlsPair { .. } => "; give the key with which the certificate was made".to_owned(),
            IngestError::KeyNeeded(_)
            | IngestError::PlayKeyNeeded(_)
            | IngestError::NoNetwork
            | IngestError::Start(_) => String::new(),
        };
        let failure = Failure::new(exit, format!("{error}{advice}"));
        match error {
            IngestError::RecordFolder { folder, source } => {
                let why = source.to_string();
                failure.told_as(ProblemKind::RecordingFailed, folder.display().to_string(), why)
            }
            _ => failure,
        }
    })?;
    let mut news = News { printer, recording_failed: false };
    while interrupt.count() == 0 {
        match events.recv_timeout(NAP) {
            Ok((at, event)) => news.tell(at, event),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    server.stop();
    while let Ok((at, event)) = events.try_recv() {
        news.tell(at, event);
    }
    Ok(if news.recording_failed { Exit::Recording } else { Exit::Ok })
}

/// What is told, on its way to the printer.
struct News {
    printer: Printer<IngestEvent>,
    recording_failed: bool,
}

impl News {
    fn tell(&mut self, at: Timestamp, event: IngestEvent) {
        self.recording_failed |= matches!(event, IngestEvent::RecordingFailed { .. });
        self.printer.tell_at(at, event);
    }
}

impl Told for IngestEvent {
    fn weight(&self) -> Weight {
        match self {
            Self::Stats(_) => Weight::Figures,
            Self::Listening { .. }
            | Self::PublishStarted { .. }
            | Self::PublishEnded { .. }
            | Self::PlayStarted { .. }
            | Self::PlayEnded { .. }
            | Self::Refused { .. }
            | Self::RecordingFailed { .. }
            | Self::DiskLow { .. }
            | Self::RecordingFileFull { .. } => Weight::News,
        }
    }
}

fn print(json: bool, keys: [bool; 2], at: Timestamp, event: &IngestEvent) {
    if json {
        print::json(&json_of(at, event));
    } else if let Some(line) = line_of(event, keys) {
        print::line(&line);
    }
}

/// The event as the contract has it; names are added to and never renamed.
fn json_of(at: Timestamp, event: &IngestEvent) -> Value {
    let t = (at.as_secs_f64() * 1000.0).round() / 1000.0;
    match event {
        IngestEvent::Listening { rtmp, rtmps, http } => json!({
            "event": "listening", "t": t, "rtmp": rtmp.to_string(), "rtmps": rtmps.map(|at| at.to_string()),
            "http": http.map(|at| at.to_string()),
        }),
        IngestEvent::PublishStarted { name, app, peer } => {
            json!({ "event": "publish_started", "t": t, "name": name, "app": app, "peer": peer.to_string() })
        }
        IngestEvent::PublishEnded { name, app, peer, frames, audio_packets, bytes, reason } => json!({
            "event": "publish_ended", "t": t, "name": name, "app": app, "peer": peer.to_string(), "frames": frames,
            "audio_packets": audio_packets, "bytes": bytes, "reason": reason.to_string(),
        }),
        IngestEvent::PlayStarted { name, app, peer } => {
            json!({ "event": "play_started", "t": t, "name": name, "app": app, "peer": peer.to_string() })
        }
        IngestEvent::PlayEnded { name, app, peer, frames, audio_packets, bytes, dropped, reason } => json!({
            "event": "play_ended", "t": t, "name": name, "app": app, "peer": peer.to_string(), "frames": frames,
            "audio_packets": audio_packets, "bytes": bytes, "dropped": dropped, "reason": reason.to_string(),
        }),
        IngestEvent::Refused { peer, kind, reason } => {
            json!({ "event": "refused", "t": t, "peer": peer.to_string(), "kind": kind.word(), "reason": reason })
        }
        IngestEvent::RecordingFailed { name, fault, reason, .. } => {
            let (kind, advice) = match fault {
                RecordingFault::DiskFull => ("disk_full", "Free some space or choose another folder"),
                RecordingFault::Ended => ("recording_failed", "Look at the folder and its disk, or choose another one"),
                RecordingFault::PartLeftOut | RecordingFault::Nothing => {
                    ("recording_failed", "Record as FLV, which takes whatever comes")
                }
            };
            json!({
                "event": "problem", "t": t, "kind": kind, "about": name, "what": recording_failed(event),
                "do": format!("{advice}; the stream itself goes on."), "server_said": null, "detail": reason,
            })
        }
        IngestEvent::DiskLow { name, minutes, .. } => {
            let (what, problem) = (disk_low(event), Problem::new(ProblemKind::DiskLow, name, minutes.to_string()));
            json!({
                "event": "problem", "t": t, "kind": problem.kind.word(), "about": name, "what": what,
                "do": to_do(&problem), "server_said": null, "detail": minutes.to_string(),
            })
        }
        IngestEvent::RecordingFileFull { name, path, next } => {
            let (path, next) = (path.display().to_string(), next.display().to_string());
            let problem = Problem::new(ProblemKind::RecordingFileFull, path, next.as_str());
            json!({
                "event": "problem", "t": t, "kind": problem.kind.word(), "about": name, "what": file_full(event),
                "do": to_do(&problem), "server_said": null, "detail": next,
            })
        }
        IngestEvent::Stats(stats) => json!({
            "event": "stats", "t": t, "connections": stats.connections, "refused": stats.refused,
            "bytes": stats.bytes, "bytes_sent": stats.bytes_sent, "kbps": (stats.kbps * 10.0).round() / 10.0,
            "streams": stats.streams.iter().map(stream_json).collect::<Vec<_>>(),
        }),
    }
}

fn stream_json(stream: &StreamStats) -> Value {
    let StreamStats { app, name, peer, frames, audio_packets, bytes, players, viewers, .. } = stream;
    json!({
        "app": app, "name": name, "peer": peer.to_string(), "frames": frames, "audio_packets": audio_packets,
        "bytes": bytes, "players": players.len(), "viewers": viewers,
    })
}

/// The event for a person; figures once a second would only hide the rest. `keys`: whether publishers and players need one.
fn line_of(event: &IngestEvent, keys: [bool; 2]) -> Option<String> {
    Some(match event {
        IngestEvent::Listening { rtmp, rtmps, http } => {
            let rtmp = reachable_at(*rtmp);
            let rtmps = rtmps.map_or_else(String::new, |at| format!(" or rtmps://{}/live/NAME", reachable_at(at)));
            let http = http.map_or_else(String::new, |at| format!(" What goes on: http://{}/.", reachable_at(at)));
            let keys = match keys {
                [false, false] => "",
                [true, false] => " Publishers add ?key=KEY, the key in the key file.",
                [false, true] => {
                    " Players add ?key=KEY, the key in the play key file; web pages on this computer need none."
                }
                [true, true] => {
                    " Publishers add ?key=KEY, the key in the key file, players that of the play key file; web pages on this \
                     computer need none."
                }
            };
            format!("Ready: publish to and play from rtmp://{rtmp}/live/NAME{rtmps}.{keys}{http} Ctrl-C ends.")
        }
        IngestEvent::PublishStarted { name, app, peer } => format!("{app}/{name}: publishing from {peer}"),
        IngestEvent::PublishEnded { name, app, frames, audio_packets, bytes, reason, .. } => format!(
            "{app}/{name}: ended, {reason} ({frames} frames, {audio_packets} audio packets, {:.1} MB)",
            *bytes as f64 / 1e6
        ),
        IngestEvent::PlayStarted { name, app, peer } => format!("{app}/{name}: {peer} plays"),
        IngestEvent::PlayEnded { name, app, peer, frames, dropped, reason, .. } => {
            format!("{app}/{name}: {peer} plays no more, {reason} ({frames} frames, {dropped} dropped)")
        }
        IngestEvent::Refused { peer, reason, .. } => format!("{peer}: refused, {reason}"),
        IngestEvent::RecordingFailed { .. } => recording_failed(event)?,
        IngestEvent::DiskLow { .. } => disk_low(event)?,
        IngestEvent::RecordingFileFull { .. } => file_full(event)?,
        IngestEvent::Stats(_) => return None,
    })
}

fn recording_failed(event: &IngestEvent) -> Option<String> {
    let IngestEvent::RecordingFailed { name, path, fault, reason } = event else { return None };
    let to = path.as_ref().map(|path| format!(" to {}", path.display())).unwrap_or_default();
    Some(match fault {
        RecordingFault::DiskFull | RecordingFault::Ended => format!("{name}: the recording{to} has ended: {reason}"),
        RecordingFault::PartLeftOut => {
            format!("{name}: the recording{to} goes on without part of the stream: {reason}; FLV takes whatever comes")
        }
        RecordingFault::Nothing => {
            format!("{name}: nothing of this stream is recorded: {reason}; FLV takes whatever comes")
        }
    })
}

fn disk_low(event: &IngestEvent) -> Option<String> {
    let IngestEvent::DiskLow { name, path, minutes } = event else { return None };
    let to = path.as_ref().map(|path| format!(" to {}", path.display())).unwrap_or_default();
    Some(format!("{name}: the disk has room for no more than {minutes} minutes of the recording{to}"))
}

fn file_full(event: &IngestEvent) -> Option<String> {
    let IngestEvent::RecordingFileFull { name, path, next } = event else { return None };
    let (path, next) = (path.display(), next.display());
    Some(format!(
        "{name}: the file {path} is as large as its disk allows: the recording goes on in {next}, and nothing is missing"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::{EndReason, RefusalKind};

    #[test]
    fn the_events_are_those_of_the_contract() {
        let peer = "127.0.0.1:5".parse().unwrap();
        let (name, app) = ("cam\u{1b}".to_owned(), "live".to_owned());
        let at = Timestamp::from_millis(1500);
        let listening = json_of(at, &IngestEvent::Listening { rtmp: peer, rtmps: None, http: Some(peer) });
        assert_eq!((&listening["event"], &listening["t"]), (&json!("listening"), &json!(1.5)));
        assert_eq!((&listening["rtmp"], &listening["http"]), (&json!("127.0.0.1:5"), &json!("127.0.0.1:5")));
        assert_eq!(listening["rtmps"], Value::Null);
        let ended = IngestEvent::PublishEnded {
            name: name.clone(),
            app,
            peer,
            frames: 3,
            audio_packets: 4,
            bytes: 5,
            reason: EndReason::Unpublished,
        };
        let json = json_of(at, &ended);
        for (field, value) in [
            ("event", json!("publish_ended")),
            ("name", json!(name)),
            ("peer", json!("127.0.0.1:5")),
            ("frames", json!(3)),
            ("audio_packets", json!(4)),
            ("bytes", json!(5)),
            ("reason", json!("the publisher ended the stream")),
        ] {
            assert_eq!(json[field], value, "{field}");
        }
        for (fault, kind, says) in [
            (RecordingFault::DiskFull, "disk_full", "has ended: why"),
            (RecordingFault::Ended, "recording_failed", "has ended: why"),
            (RecordingFault::PartLeftOut, "recording_failed", "goes on without part of the stream: why"),
            (RecordingFault::Nothing, "recording_failed", "nothing of this stream is recorded: why"),
        ] {
            let path = (fault != RecordingFault::Nothing).then(|| "/x/cam.flv".into());
            let (has_file, reason) = (path.is_some(), "why".to_owned());
            let failed = IngestEvent::RecordingFailed { name: name.clone(), path, fault, reason };
            let json = json_of(at, &failed);
            assert_eq!((&json["event"], &json["kind"]), (&json!("problem"), &json!(kind)));
            assert_eq!(json["what"].as_str().unwrap().contains("/x/cam.flv"), has_file);
            assert!(line_of(&failed, [false; 2]).unwrap().contains(says));
        }
        let low = IngestEvent::DiskLow { name: name.clone(), path: Some("/x/cam.flv".into()), minutes: 10 };
        let json = json_of(at, &low);
        assert_eq!(
            (&json["event"], &json["kind"], &json["about"]),
            (&json!("problem"), &json!("disk_low"), &json!(name))
        );
        assert_eq!((&json["what"], &json["detail"]), (&json!(line_of(&low, [false; 2]).unwrap()), &json!("10")));
        assert!(json["what"].as_str().unwrap().contains("no more than 10 minutes of the recording to /x/cam.flv"));
        let [path, next] = ["/x/cam.flv", "/x/cam-2.flv"].map(std::path::PathBuf::from);
        let full = IngestEvent::RecordingFileFull { name: name.clone(), path, next };
        let json = json_of(at, &full);
        assert_eq!((&json["event"], &json["kind"]), (&json!("problem"), &json!("recording_file_full")));
        assert_eq!((&json["about"], &json["detail"]), (&json!(name), &json!("/x/cam-2.flv")));
        assert!(json["do"].as_str().unwrap().contains("both files play"), "{json}");
        assert_eq!(json["what"], line_of(&full, [false; 2]).unwrap());
        assert!(json["what"].as_str().unwrap().contains("/x/cam.flv is as large as its disk allows"), "{json}");
        let refused = IngestEvent::Refused { peer, kind: RefusalKind::NameTaken, reason: "no".to_owned() };
        assert_eq!(json_of(at, &refused)["reason"], "no");
        assert_eq!(json_of(at, &refused)["kind"], "name_taken");
    }
}
