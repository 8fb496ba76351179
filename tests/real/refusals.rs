//! Everything that can be wrong before a show is live has its exit code, a stable kind, a sentence that says what
//! happened and one that says what to do, and the server's own words where it had any.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::support::certs::{Certificates, Fault};
use crate::support::hooks::Hooks;
use crate::support::net::free_port;
use crate::support::nginx::{Nginx, Options};
use crate::support::odd::{Closes, OddServer};
use crate::support::publishers;
use crate::support::servers::system_ffmpeg;
use crate::support::tally::{Ended, Tally, number};
use crate::support::time;
use crate::support::wire::Peer;

const KEY: &str = "key-41c2";

fn show(to: &str) -> Tally {
    Tally::small_show(to, 3).key(KEY)
}

fn with_sources(video: &str, audio: &str) -> Ended {
    let server = OddServer::silent();
    Tally::live(&["--video", video, "--audio", audio, "--to", &server.url(), "--for", "3s"]).key(KEY).run()
}

fn said(ended: &Ended, kind: &str, words: &str) {
    let problem = ended.expect_problem(6, &[kind]);
    let said = problem["server_said"].as_str().unwrap_or_default();
    assert!(said.contains(words), "server_said is {said:?}, not {words:?}: {}", ended.story());
}

#[test]
fn a_mistyped_scheme() {
    for url in
        ["rtpm://127.0.0.1/live", "127.0.0.1/live", "rtmp:/127.0.0.1/live", "http://127.0.0.1/live", "rtmp://", ""]
    {
        let ended = show(url).run();
        ended.expect_usage_error("rtmp");
        assert_eq!(ended.problems()[0]["kind"], "bad_url", "{}", ended.story());
    }
    let ended = show("rtpm://127.0.0.1/live").run();
    ended.expect_usage_error("did you mean rtmp://?");
    assert!(ended.problems()[0]["what"].to_string().contains("did you mean rtmp://?"), "{}", ended.story());
}

#[test]
fn a_server_that_does_not_take_a_lost_show_back_is_heard() {
    let times = std::sync::atomic::AtomicUsize::new(0);
    let server = OddServer::start(move |stream| {
        let mut peer = Peer::new(stream);
        if times.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0 {
            let _ = peer.handshake().and_then(|()| peer.read_command("connect"));
            let _ = peer.reject_connect("NetConnection.Connect.Rejected", "the stream was ended by the service");
        } else if peer.serve_until_publish().and_then(|_| peer.accept_publish()).is_ok() {
            (0..150).for_each(|_| drop(peer.read_message()));
            return;
        }
        while peer.read_message().is_ok() {}
    });
    let mut show = Tally::small_show(&server.url(), 60).key(KEY).start();
    let is_told = |event: &Value| event["event"] == "problem" && event["kind"] == "connect_rejected";
    let told = show.wait_for("refusal", Duration::from_secs(20), is_told);
    assert!(told["server_said"].as_str().unwrap().contains("ended by the service"), "{told}");
    time::pause(Duration::from_secs(3));
    show.process.signal(libc::SIGTERM);
    let ended = show.end(Duration::from_secs(10));
    assert_eq!(ended.problems().iter().filter(|problem| problem["kind"] == "connect_rejected").count(), 1);
    let problem = ended.expect_problem(7, &["retries_ended"]);
    assert!(problem["server_said"].as_str().unwrap().contains("ended by the service"), "{problem}");
    let failed = ended.all("step").into_iter().find(|step| step["ok"] == false).unwrap();
    assert!(failed["detail"].as_str().unwrap().contains("ended by the service"), "{failed}");
}

#[test]
fn a_host_that_does_not_exist() {
    let ended = show("rtmp://no-such-host.invalid/live").run();
    let problem = ended.expect_problem(4, &["dns_failed"]);
    assert!(problem["what"].as_str().unwrap().contains("no-such-host.invalid"), "{problem}");
    assert!(ended.all("step").iter().any(|step| step["name"] == "dns" && step["ok"] == false), "{}", ended.story());
}

#[test]
fn a_port_where_nobody_listens() {
    let started = time::now();
    let ended = show(&format!("rtmp://127.0.0.1:{}/live", free_port())).run();
    ended.expect_problem(4, &["connection_refused"]);
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    assert!(ended.all("step").iter().any(|step| step["name"] == "tcp" && step["ok"] == false), "{}", ended.story());
}

#[test]
fn two_servers_of_which_neither_takes_the_show() {
    let wanted = format!("rtmp://127.0.0.1:{}/live", free_port());
    let ended = show(&wanted).args(&["--backup", "rtmp://no-such-host.invalid/live"]).run();
    ended.expect_problem(4, &["dns_failed"]);
    let told: Vec<_> = ended.problems().iter().map(|problem| problem["about"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told, [wanted, "rtmp://no-such-host.invalid/live (backup)".to_owned()], "{}", ended.story());
    assert_eq!(ended.summary()["failure"], "connection_refused", "{}", ended.story());
}

#[test]
fn a_server_that_accepts_and_is_silent() {
    let server = OddServer::silent();
    let ended = show(&server.url()).run();
    ended.expect_problem(4, &["timed_out"]);
}

#[test]
fn a_server_that_says_nothing_after_the_handshake() {
    let server = OddServer::start(|stream: TcpStream| {
        let mut peer = crate::support::wire::Peer::new(stream);
        if peer.handshake().is_ok() {
            while peer.read_message().is_ok() {}
        }
    });
    show(&server.url()).run().expect_problem(4, &["timed_out"]);
}

#[test]
fn tls_on_a_plain_port() {
    for server in [OddServer::garbage(), OddServer::http()] {
        let ended = show(&format!("rtmps://127.0.0.1:{}/live", server.port)).run();
        ended.expect_problem(5, &["tls_not_spoken"]);
    }
    // nginx waits for the rest of a handshake that never comes, and says nothing.
    let nginx = Nginx::start();
    let ended = show(&format!("rtmps://127.0.0.1:{}/live", nginx.port)).run();
    let problem = ended.expect_problem(4, &["timed_out"]);
    assert!(problem.to_string().contains("rtmp://"), "rtmp:// is not proposed: {problem}");
}

#[test]
fn plain_rtmp_on_a_tls_port() {
    let dir = tempfile::tempdir().unwrap();
    let server = tls_server(&Certificates::make(dir.path(), Fault::None));
    let ended = show(&server.url()).run();
    let problem = ended.expect_problem(6, &["server_wants_tls"]);
    let advice = format!("{} {}", problem["what"], problem["do"]);
    assert!(advice.contains("rtmps"), "rtmps is not proposed: {problem}");
}

#[test]
fn a_web_server() {
    let server = OddServer::http();
    let problem = show(&server.url()).run().expect_problem(6, &["http_server"]).clone();
    let advice = format!("{} {} {}", problem["what"], problem["do"], problem["server_said"]);
    assert!(advice.contains("HTTP") || advice.contains("web"), "{problem}");
}

#[test]
fn certificates_that_do_not_hold() {
    for fault in [Fault::WrongName, Fault::Expired] {
        let dir = tempfile::tempdir().unwrap();
        let certificates = Certificates::make(dir.path(), fault);
        let server = tls_server(&certificates);
        let url = format!("rtmps://127.0.0.1:{}/live", server.port);
        let ended = show(&url).args(&["--tls-ca", &certificates.ca.to_string_lossy()]).run();
        let kind = if fault == Fault::Expired { "tls_expired" } else { "tls_wrong_name" };
        ended.expect_problem(5, &[kind]);
    }
}

#[test]
fn a_certificate_from_nobody_known() {
    let dir = tempfile::tempdir().unwrap();
    let server = tls_server(&Certificates::make(dir.path(), Fault::None));
    let ended = show(&format!("rtmps://127.0.0.1:{}/live", server.port)).run();
    ended.expect_problem(5, &["tls_unknown_ca"]);
}

#[test]
fn an_authority_made_anew_under_its_old_name_is_another() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let known = Certificates::make(old.path(), Fault::None);
    let server = tls_server(&Certificates::make(new.path(), Fault::None));
    let ended =
        show(&format!("rtmps://127.0.0.1:{}/live", server.port)).args(&["--tls-ca", &known.ca.to_string_lossy()]).run();
    ended.expect_problem(5, &["tls_unknown_ca"]);
}

#[test]
fn a_certificate_that_has_signed_itself_is_taken_where_it_was_given() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let certificates = Certificates::self_signed(dir.path(), Fault::None);
    let server = tls_server(&certificates);
    let url = format!("rtmps://127.0.0.1:{}/live", server.port);
    let not_given = show(&url).run();
    let problem = not_given.expect_problem(5, &["tls_self_signed"]);
    assert!(problem["do"].as_str().unwrap().contains("--tls-ca"), "{problem}");
    let another = Certificates::self_signed(other.path(), Fault::None);
    show(&url).args(&["--tls-ca", &another.ca.to_string_lossy()]).run().expect_problem(5, &["tls_self_signed"]);
    // The server says nothing inside it.
    let given = show(&url).args(&["--tls-ca", &certificates.ca.to_string_lossy()]).run();
    given.expect_problem(4, &["timed_out"]);
    assert!(given.all("step").iter().any(|step| step["name"] == "tls" && step["ok"] == true), "{}", given.story());
}

#[test]
fn a_certificate_that_was_given_must_fit_all_the_same() {
    for (fault, kind) in [
        (Fault::WrongName, "tls_wrong_name"),
        (Fault::Expired, "tls_expired"),
        (Fault::NotYetValid, "tls_not_yet_valid"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let certificates = Certificates::self_signed(dir.path(), fault);
        let server = tls_server(&certificates);
        let url = format!("rtmps://127.0.0.1:{}/live", server.port);
        let ended = show(&url).args(&["--tls-ca", &certificates.ca.to_string_lossy()]).run();
        let problem = ended.expect_problem(5, &[kind]);
        // Names as they are, not as the library writes them.
        assert!(!problem["what"].as_str().unwrap().contains('"'), "{problem}");
        assert_eq!(fault == Fault::WrongName, problem["what"].to_string().contains("elsewhere.example"), "{problem}");
    }
}

#[test]
fn a_ca_file_that_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ca.pem");
    std::fs::write(&file, "this is no certificate").unwrap();
    let ended = show("rtmps://127.0.0.1:1/live").args(&["--tls-ca", &file.to_string_lossy()]).run();
    assert!(ended.code == 2 || ended.code == 5, "{}", ended.story());
    assert!(format!("{}{}", ended.stdout, ended.stderr).contains("ca.pem"), "{}", ended.story());
}

#[test]
fn an_app_the_server_does_not_have() {
    let server = OddServer::rejecting_connect("NetConnection.Connect.InvalidApp", "there is no app called live here");
    said(&show(&server.url()).run(), "connect_rejected", "there is no app called live here");
}

#[test]
fn an_app_nginx_does_not_have() {
    let nginx = Nginx::start();
    let ended = show(&format!("rtmp://127.0.0.1:{}/nowhere", nginx.port)).run();
    ended.expect_problem(6, &["connect_rejected", "closed_by_server"]);
}

#[test]
fn a_connect_that_nginx_hook_refuses() {
    let hooks = Hooks::refusing("app=live");
    let nginx = Nginx::with(&Options { on_connect: Some(hooks.port), ..Options::default() });
    show(&nginx.url()).run().expect_problem(6, &["connect_rejected", "closed_by_server"]);
    assert!(!hooks.asked().is_empty());
}

#[test]
fn a_key_that_nginx_hook_refuses() {
    let hooks = Hooks::refusing("name=key-41c2");
    let nginx = Nginx::with(&Options { on_publish: Some(hooks.port), ..Options::default() });
    let ended = show(&nginx.url()).run();
    ended.expect_problem(6, &["publish_rejected", "closed_by_server"]);
    assert!(hooks.asked().iter().any(|request| request.contains("name=key-41c2")), "the hook was not asked");
}

#[test]
fn a_key_the_server_refuses_in_its_own_words() {
    let refusals = [
        ("NetStream.Publish.BadName", "this key is used up, write to help@example.org"),
        ("NetStream.Publish.Denied", "publishing is closed on Mondays"),
        ("NetStream.Publish.Unauthorized", "who are you?"),
        ("NetStream.Publish.Rejected", "not today"),
    ];
    for (code, words) in refusals {
        let server = OddServer::rejecting_publish(code, words);
        let ended = show(&server.url()).run();
        said(&ended, "publish_rejected", words);
    }
}

#[test]
fn a_key_that_is_publishing_already() {
    let nginx = Nginx::start();
    let mut first = publishers::ffmpeg(&system_ffmpeg(), &format!("{}/{KEY}", nginx.url()));
    let publishing = time::poll(Duration::from_secs(10), || (!nginx.recordings().is_empty()).then_some(()));
    assert!(publishing.is_some(), "{}", first.story());
    let ended = show(&nginx.url()).run();
    said(&ended, "already_publishing", "lready");
    first.kill();
}

#[test]
fn a_server_that_closes_in_any_step() {
    let steps = [
        Closes::AfterAccept,
        Closes::AfterC1,
        Closes::AfterS2,
        Closes::AfterConnect,
        Closes::AfterCreateStream,
        Closes::AfterPublish,
    ];
    let shows: Vec<_> = steps
        .into_iter()
        .map(|step| {
            let server = OddServer::closing(step);
            let show = show(&server.url()).start();
            (step, server, show)
        })
        .collect();
    for (step, server, show) in shows {
        let ended = show.end(Duration::from_secs(30));
        assert_eq!(ended.code, 6, "{step:?}: {}", ended.story());
        ended.expect_problem(6, &["closed_by_server"]);
        assert!(server.clients() >= 1);
    }
}

#[test]
fn a_server_that_accepts_and_closes_at_once() {
    let server = OddServer::closing(Closes::MidShow(0));
    show(&server.url()).run().expect_problem(6, &["publish_rejected", "closed_by_server"]);
}

#[test]
fn a_key_that_is_refused_right_after_the_publish_was_accepted() {
    let server = || OddServer::ending_the_publish(8, "error", "NetStream.Publish.BadName");
    let live = server();
    let ended = show(&live.url()).run();
    said(&ended, "publish_rejected", "in its own words");
    assert_eq!((ended.problems().len(), live.clients()), (1, 1), "{}", ended.story());
    let ended = Tally::check(&server().url()).args(&["--publish"]).key(KEY).run();
    said(&ended, "publish_rejected", "in its own words");
}

#[test]
fn a_server_that_ends_the_publish_later_is_told_once_and_connected_to_again() {
    for (level, code) in [("status", "NetStream.Unpublish.Success"), ("error", "NetStream.Publish.Denied")] {
        let server = OddServer::ending_the_publish(200, level, code);
        let ended = show(&server.url()).run();
        ended.expect_code(0);
        let told: Vec<_> = ended.problems().iter().map(|told| told["kind"].clone()).collect();
        assert_eq!(told, ["connection_lost"], "{}", ended.story());
        assert!(ended.problems()[0]["server_said"].to_string().contains(code), "{}", ended.story());
        assert_eq!(server.clients(), 2, "{}", ended.story());
    }
}

#[test]
fn another_protocol_is_no_web_server() {
    let server = OddServer::start(|mut stream: TcpStream| {
        let _gone_meanwhile = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n");
        let mut buffer = [0; 4096];
        while let Ok(1..) = stream.read(&mut buffer) {}
    });
    let ended = show(&server.url()).run();
    let problem = ended.expect_problem(6, &["not_rtmp"]);
    assert!(problem["what"].to_string().contains("SSH"), "{problem}");
}

#[test]
fn a_handshake_of_garbage() {
    let server = OddServer::garbage();
    show(&server.url()).run().expect_problem(6, &["not_rtmp"]);
}

#[test]
fn a_camera_that_is_not_there() {
    let ended = with_sources("camera:no-such-camera", "silence");
    let problem = ended.expect_problem(3, &["source_not_found"]);
    assert!(problem.to_string().contains("no-such-camera"), "{problem}");
    with_sources("test", "mic:no-such-microphone").expect_problem(3, &["source_not_found"]);
}

#[test]
fn clips_that_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        format!("file:{}", path.display())
    };
    let missing = format!("file:{}", dir.path().join("missing.mp4").display());
    let folder = format!("file:{}", dir.path().display());
    for source in [missing, folder, file("empty.mp4", b""), file("text.mp4", b"this is not a clip at all, only words")]
    {
        with_sources(&source, "silence").expect_problem(3, &["source_not_found", "source_unreadable"]);
        with_sources("test", &source).expect_problem(3, &["source_not_found", "source_unreadable"]);
    }
}

#[test]
fn sizes_that_cannot_be_encoded() {
    for size in ["1x1", "853x480", "0x0", "1280", "99999x99999"] {
        show("rtmp://127.0.0.1:1/live").args(&["--size", size]).run().expect_usage_error(size);
    }
}

#[test]
fn rates_that_make_no_sense() {
    for (flag, value) in [
        ("--fps", "0"),
        ("--fps", "1000"),
        ("--fps", "fast"),
        ("--video-bitrate", "0"),
        ("--video-bitrate", "much"),
        ("--audio-bitrate", "0"),
        ("--sample-rate", "1"),
        ("--keyframe-seconds", "0"),
        ("--keyframe-seconds", "-2"),
        ("--for", "soon"),
        ("--adaptive", "perhaps"),
    ] {
        let ended = show("rtmp://127.0.0.1:1/live").args(&[flag, value]).run();
        // By its flag, in words where the value alone is wrong, or by the value where it looks like a flag itself.
        let (words, told) =
            (flag.trim_start_matches('-').replace('-', " "), format!("{}{}", ended.stdout, ended.stderr));
        let named = [flag, &words, value].into_iter().find(|name| told.contains(name)).unwrap_or(flag);
        ended.expect_usage_error(named);
    }
}

#[test]
fn no_destination_at_all() {
    let ended = Tally::live(&["--video", "test", "--audio", "test"]).run();
    ended.expect_usage_error("--to");
}

#[test]
fn a_full_disk_stops_the_recording_and_not_the_show() {
    for ending in ["mp4", "flv"] {
        let nginx = Nginx::start();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(format!("show.{ending}"));
        let script = format!("mount -t tmpfs -o size=256k none {} && exec \"$@\"", dir.path().display());
        let ended = Tally::small_show(&nginx.url(), 5)
            .args(&["--record", &file.to_string_lossy()])
            .key(KEY)
            .within(&format!("exec unshare -m sh -c '{script}' sh \"$@\""))
            .run();
        ended.expect_problem(8, &["disk_full"]);
        let sent = crate::support::media::Recording::read(&nginx.recording());
        assert!(sent.video_ms() > 4500.0, "the stream was harmed: {} ms", sent.video_ms());
        assert_eq!(sent.video.len() as f64, number(ended.summary(), "frames_sent"), "{}", ended.story());
    }
}

#[test]
fn a_recording_that_cannot_be_made() {
    let nginx = Nginx::start();
    let ended = show(&nginx.url()).args(&["--record", "/no/such/folder/show.flv"]).run();
    ended.expect_code(8);
    let problems = ended.problems();
    assert!(problems.len() == 1 && problems[0]["kind"] == "recording_failed", "{}", ended.story());
    assert!(ended.stderr.contains("/no/such/folder") && ended.stderr.contains("--record"), "{}", ended.story());
    assert!(ended.all("state").is_empty(), "nothing is streamed that is not recorded: {}", ended.story());
    // It is there, and not even root makes a file in it.
    let ended = show(&nginx.url()).args(&["--record", "/proc/show.mp4"]).run();
    ended.expect_code(8);
    assert!(ended.problems()[0]["kind"] == "recording_failed" && ended.all("state").is_empty(), "{}", ended.story());
    let name = format!("{}.mp4", "x".repeat(300));
    show(&nginx.url()).args(&["--record", &name]).run().expect_usage_error("its name is too long");
}

#[test]
fn a_config_folder_that_cannot_be_written_harms_no_show() {
    let nginx = Nginx::start();
    let tally = show(&nginx.url());
    // Even root cannot make a folder below a file.
    std::fs::write(tally.home().join(".config"), "in the way").unwrap();
    tally.run().expect_code(0);
}

#[test]
fn a_profile_that_is_broken_or_missing() {
    let tally = Tally::live(&["--profile", "missing"]);
    tally.run().expect_usage_error("missing");

    let saved = Tally::new(&["profiles", "save", "evening", "--to", "rtmp://127.0.0.1:1/live", "--video", "test"]);
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("config");
    let dir_text = dir.to_string_lossy().into_owned();
    let ended = saved.env("TALLY_CONFIG_DIR", &dir_text).env("TALLY_NO_KEYRING", "1").run();
    ended.expect_code(0);
    let mut broken = 0;
    break_all(&dir, &mut broken);
    assert!(broken > 0, "profiles save wrote nothing below {}", dir.display());
    let ended =
        Tally::live(&["--profile", "evening"]).env("TALLY_CONFIG_DIR", &dir_text).env("TALLY_NO_KEYRING", "1").run();
    ended.expect_usage_error("evening");
}

fn break_all(dir: &Path, broken: &mut usize) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            break_all(&path, broken);
        } else {
            std::fs::write(&path, "= not [[ toml\u{0}\n").unwrap();
            *broken += 1;
        }
    }
}

/// A server that speaks TLS and says nothing inside it.
fn tls_server(certificates: &Certificates) -> OddServer {
    let config = certificates.server_config();
    OddServer::start(move |mut stream: TcpStream| {
        let mut session = tokio_rustls::rustls::ServerConnection::new(std::sync::Arc::clone(&config)).unwrap();
        let mut tls = tokio_rustls::rustls::Stream::new(&mut session, &mut stream);
        let mut buffer = [0; 4096];
        while let Ok(1..) = tls.read(&mut buffer) {}
        let _client_gone = tls.flush();
    })
}

#[test]
fn a_listener_that_never_accepts() {
    // The system's own queue completes the connection; nobody ever reads from it.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("rtmp://127.0.0.1:{}/live", listener.local_addr().unwrap().port());
    show(&url).run().expect_problem(4, &["timed_out"]);
}
