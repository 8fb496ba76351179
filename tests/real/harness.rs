//! The harness against FFmpeg: what it says about our program is worth as much as what it says about another's.

use std::net::TcpStream;
use std::time::Duration;

use crate::support::certs::{Certificates, Fault};
use crate::support::clips::signal_clip;
use crate::support::hooks::Hooks;
use crate::support::media::{Recording, decode_without_a_warning};
use crate::support::nginx::{Nginx, Options};
use crate::support::odd::{Closes, OddServer};
use crate::support::process::run;
use crate::support::publishers::{self, FRAMES, Gst};
use crate::support::servers::{Server, new_ffmpeg, system_ffmpeg};
use crate::support::signal::Signal;
use crate::support::time;
use crate::support::wire::{Peer, kind};

const LIMIT: Duration = Duration::from_secs(30);

fn check(path: &std::path::Path) {
    let recording = Recording::read(path);
    assert_eq!(recording.video.len(), FRAMES);
    assert_eq!(recording.holes(30.0), 0);
    recording.check_timeline();
    assert_eq!(decode_without_a_warning(path), FRAMES);
}

#[test]
fn every_server_records_all_that_ffmpeg_sends() {
    let nginx = Nginx::start();
    let (mut listening, mut newer) = (Server::ffmpeg(&system_ffmpeg(), "one"), Server::ffmpeg(&new_ffmpeg(), "one"));
    let (mut node, mut python) = (Server::node_media_server(), Server::pyrtmp());
    let urls = [nginx.url(), listening.url(), newer.url(), node.url(), python.url()];
    let mut sending: Vec<_> =
        urls.iter().map(|url| publishers::ffmpeg(&system_ffmpeg(), &format!("{url}/one"))).collect();
    for publisher in &mut sending {
        publisher.wait(LIMIT);
    }
    check(&nginx.recording());
    for server in [&mut listening, &mut newer, &mut node, &mut python] {
        check(&server.recording());
    }
}

#[test]
fn gstreamer_publishes() {
    let nginx = Nginx::start();
    for element in [Gst::Rtmp2, Gst::Librtmp] {
        publishers::gstreamer(element, &format!("{}/{element:?}", nginx.url())).succeed(LIMIT);
    }
    let files =
        time::poll(Duration::from_secs(5), || Some(nginx.recordings()).filter(|files| files.len() == 2)).unwrap();
    for file in files {
        assert_eq!(Recording::read(&file).video.len(), FRAMES, "{}", file.display());
    }
}

#[test]
fn hooks_refuse_what_they_are_told() {
    let hooks = Hooks::refusing("name=bad");
    let nginx = Nginx::with(&Options { on_publish: Some(hooks.port), ..Options::default() });
    let mut refused = publishers::ffmpeg(&system_ffmpeg(), &format!("{}/bad", nginx.url()));
    assert!(!refused.wait(LIMIT).success());
    assert!(hooks.asked().iter().any(|request| request.contains("name=bad")));
}

#[test]
fn nginx_speaks_rtmps() {
    let dir = tempfile::tempdir().unwrap();
    let certificates = Certificates::make(dir.path(), Fault::None);
    let nginx = Nginx::with(&Options { certificates: Some(&certificates), ..Options::default() });
    publishers::ffmpeg(&system_ffmpeg(), &format!("{}/one", nginx.tls_url())).succeed(LIMIT);
    check(&nginx.recording());
}

#[test]
fn our_own_wire_understands_ffmpeg() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new((String::new(), 0, 0)));
    let there = std::sync::Arc::clone(&seen);
    let server = OddServer::start(move |stream: TcpStream| {
        let mut peer = Peer::new(stream);
        let publish = peer.serve_until_publish().unwrap();
        peer.accept_publish().unwrap();
        let (mut video, mut audio, mut time) = (0, 0, 0);
        while let Ok(message) = peer.read_message() {
            // The second byte tells media from sequence headers, which stand outside time.
            let media = message.body.get(1) == Some(&1);
            video += usize::from(message.kind == kind::VIDEO && media);
            audio += usize::from(message.kind == kind::AUDIO && media);
            if media && matches!(message.kind, kind::AUDIO | kind::VIDEO) {
                assert!(message.timestamp >= time, "{} after {time}", message.timestamp);
                time = message.timestamp;
            }
        }
        *there.lock().unwrap() = (publish.arguments[1].clone(), video, audio);
    });
    publishers::ffmpeg(&system_ffmpeg(), &format!("{}/one", server.url())).wait(LIMIT);
    let seen =
        time::poll(Duration::from_secs(5), || Some(seen.lock().unwrap().clone()).filter(|(name, ..)| !name.is_empty()));
    let (name, video, audio) = seen.unwrap();
    assert_eq!((name.as_str(), video), ("one", FRAMES));
    assert!((138..=144).contains(&audio), "{audio} packets of sound");
    assert_eq!(server.clients(), 1);
}

#[test]
fn a_server_that_closes_is_noticed_by_ffmpeg() {
    for step in [Closes::AfterAccept, Closes::AfterS2, Closes::AfterPublish, Closes::MidShow(20)] {
        let server = OddServer::closing(step);
        let mut publisher = publishers::ffmpeg(&system_ffmpeg(), &format!("{}/one", server.url()));
        assert!(!publisher.wait(LIMIT).success(), "{step:?}");
    }
}

#[test]
fn the_clip_of_the_shows_is_in_sync_itself() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("clip.flv");
    let clip = signal_clip().to_string_lossy().into_owned();
    run("ffmpeg", ["-v", "error", "-nostdin", "-i", &clip, "-c", "copy", "-copyts", &path.to_string_lossy()]);
    Signal::read(&path).check_av_offset(3.0, 3);
}
