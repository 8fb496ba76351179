//! A rehearsal: seen as a viewer sees it, watched from the network when that is allowed, and kept as a report.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream, UdpSocket};
use std::time::Duration;

use crate::reader::Role;
use crate::window::{PATIENCE, Window, is, says};

/// Whether this computer has a way out: without one nobody else could come.
fn has_network() -> bool {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    // An address for documentation (RFC 5737); nothing is sent.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).is_ok()
}

/// The answer to a request from the network.
fn answer(host: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Its first line.
fn asked(host: &str, path: &str) -> String {
    answer(host, path).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_rehearsal_shows_its_viewer_lets_others_watch_and_is_kept_as_a_report() {
    let mut window = Window::open();
    window.wait_for("the test picture", PATIENCE, |seen| {
        is(Role::COMBO_BOX, "Camera")(seen) && seen.description.contains("Test picture")
    });
    window.click(Role::BUTTON, "Skip");
    window.choose("Microphone", "Test tone");
    window.click(Role::BUTTON, "Rehearse");
    window.wait_for_state("REHEARSAL", PATIENCE);
    window.wait_for("the viewer's picture", PATIENCE, is(Role::IMAGE, "What a viewer gets"));
    window.wait_for_text(" ms behind");

    window.click(Role::BUTTON, "Watch on another device…");
    window.wait_for_text("Let other devices watch?");
    window.click(Role::BUTTON, "Let them watch");
    if has_network() {
        let address = window.wait_for_text("/watch/rehearsal/show?key=").name;
        let (host, path) = address.strip_prefix("http://").and_then(|rest| rest.split_once('/')).unwrap();
        let page = answer(host, &format!("/{path}"));
        assert!(page.starts_with("HTTP/1.1 200 OK"), "{page}");
        for part in ["/player.css", "/player.js"] {
            assert!(page.contains(&format!("=\"{part}\"")), "{page}");
            assert_eq!(asked(host, part), "HTTP/1.1 200 OK", "{part}, as a browser asks for it");
        }
        let playlist = format!("/{path}").replace("/watch/", "/hls/").replace("?", "/index.m3u8?");
        assert_eq!(asked(host, &playlist), "HTTP/1.1 200 OK");
        assert_eq!(asked(host, "/watch/rehearsal/show"), "HTTP/1.1 403 Forbidden", "without the key");
    } else {
        window.wait_for_text("Other devices cannot watch");
    }
    window.click(Role::BUTTON, "Close");

    window.hold_until_not(Role::BUTTON, "Hold to end show", "REHEARSAL");
    window.wait_for_text("That was the rehearsal");
    window.click(Role::BUTTON, "Save report");
    let file = window.wait_for("the report's file", PATIENCE, says("/Rehearsal ")).name;
    let report = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    for part in ["What a viewer got", "keyframes", "latency", "Rate by second"] {
        assert!(report.contains(part), "{part} in\n{report}");
    }
}
