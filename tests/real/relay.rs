//! What `tally profiles export --relay nginx` writes is started as its head says, and sends a show on to two destinations: all of
//! it from the first keyframe after they have answered, which is the second one, since Tally sends the first within 20 ms.

use std::io::Read;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;

use crate::support::certs::{Certificates, Fault};
use crate::support::media::Recording;
use crate::support::net::{free_port, wait_until_listening};
use crate::support::nginx::{Nginx, Options};
use crate::support::odd::OddServer;
use crate::support::process::Process;
use crate::support::tally::{Tally, number};
use crate::support::time;
use crate::support::wire::{Command as Said, Peer, kind};

const SECONDS: u32 = 5;
const TLS_KEY: &str = "tube-5d2c";
/// Everything that a configuration could take for its own.
const PLAIN_KEY: &str = r#"a 'b' "c" d\e;{$f}#g?h=i&j=k"#;

/// What came to a destination without TLS.
#[derive(Default)]
struct Came {
    app: String,
    tc_url: String,
    key: String,
    picture_times: Vec<u32>,
    sound_times: Vec<u32>,
}

fn noting(came: &Arc<Mutex<Came>>) -> OddServer {
    let came = Arc::clone(came);
    OddServer::start(move |stream: TcpStream| {
        let mut peer = Peer::new(stream);
        let served = peer.read_c0_c1().and_then(|c1| {
            peer.write_s0_s1_s2(&c1)?;
            // nginx's C2 is not the echo that the harness wants of Tally's.
            peer.stream().read_exact(&mut [0; 1536])?;
            let connect = peer.read_command("connect")?;
            peer.accept_connect()?;
            let create = peer.read_command("createStream")?;
            peer.accept_create_stream(create.transaction)?;
            let publish = peer.read_command("publish")?;
            peer.accept_publish()?;
            Ok((connect, publish))
        });
        let Ok((Said { object, .. }, publish)) = served else { return };
        {
            let mut came = came.lock().unwrap();
            (came.app, came.tc_url) = (object["app"].clone(), object["tcUrl"].clone());
            came.key = publish.arguments.iter().find(|text| !text.is_empty()).cloned().unwrap_or_default();
        }
        while let Ok(message) = peer.read_message() {
            // The second byte tells media from sequence headers.
            if message.body.get(1) == Some(&1) {
                let mut came = came.lock().unwrap();
                match message.kind {
                    kind::VIDEO => came.picture_times.push(message.timestamp),
                    kind::AUDIO => came.sound_times.push(message.timestamp),
                    _ => {}
                }
            }
        }
    })
}

/// A port with a free one above it, for the tunnel.
fn two_free_ports() -> u16 {
    loop {
        let port = free_port();
        if free_port() == port + 1 {
            return port;
        }
    }
}

/// The command that the head names for `step`.
fn command_of(text: &str, step: &str) -> String {
    let lines = text.lines().skip_while(|line| !line.contains(step)).nth(1).unwrap();
    lines.trim_start_matches('#').trim().to_owned()
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn nginx_with_what_was_exported_sends_a_show_to_two_destinations_one_over_tls() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("relay it.conf");
    let certificates = Certificates::make(folder.path(), Fault::None);
    let tube = Nginx::with(&Options { certificates: Some(&certificates), ..Options::default() });
    let came = Arc::<Mutex<Came>>::default();
    let school = noting(&came);
    let school_url = format!("rtmp://127.0.0.1:{}/v2/school/?year=9", school.port);
    let tube_url = format!("rtmps://localhost:{}/live", tube.tls_port);

    let profiles = |words: &[&str]| {
        let tally = Tally::new(&["profiles"]).args(words).env("TALLY_NO_KEYRING", "1");
        tally.env("TALLY_CONFIG_DIR", &folder.path().join("config").display().to_string())
    };
    let keys = [file(folder.path(), "a.txt", PLAIN_KEY), file(folder.path(), "b.txt", TLS_KEY)];
    let mut save = vec!["save", "evening", "--to", &school_url, "--to", &tube_url];
    // Tally::args replaces a flag that is there already: each file in one word.
    let files = keys.map(|key| format!("--key-file={key}"));
    save.extend(files.iter().map(String::as_str));
    let ca = certificates.ca.display().to_string();
    save.extend(["--tls-ca", &ca, "--video", "test", "--audio", "test", "--size", "640x360"]);
    profiles(&save).run().expect_code(0);

    let port = two_free_ports();
    let listen = format!("127.0.0.1:{port}");
    let name = path.display().to_string();
    let export = ["export", "evening", &name, "--relay", "nginx", "--relay-listen", &listen, "--with-secrets"];
    let exported = profiles(&export).run();
    exported.expect_code(0);
    assert!(exported.stderr.contains("keep it private"), "{}", exported.story());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    profiles(&export).run().expect_usage_error("already");

    let text = std::fs::read_to_string(&path).unwrap();
    let mut nginx =
        Process::start(Command::new("sh").args(["-c", &command_of(&text, "2. Start it")]).current_dir(&folder));
    wait_until_listening(port, &mut nginx);
    let to = format!("rtmp://{listen}/live/show");
    assert_eq!(command_of(&text, "3. Send to it"), format!("tally live --profile evening --to {to}"));
    let duration = format!("{SECONDS}s");
    let ended = Tally::live(&["--profile", "evening", "--to", &to, "--for", &duration, "--keyframe-seconds", "1"])
        .env("TALLY_NO_KEYRING", "1")
        .env("TALLY_CONFIG_DIR", &folder.path().join("config").display().to_string())
        .run();
    let sent = number(ended.expect_good_show(), "frames_sent") as usize;
    let sound_sent = SECONDS as usize * 48_000 / 1024;
    let story = || format!("{}\n{}", nginx.story(), ended.story());

    // What is measured at the one over TLS, from the first keyframe after it has answered.
    let path = tube.recording();
    assert!(path.file_name().unwrap().to_string_lossy().starts_with(TLS_KEY), "{}", path.display());
    let recording = Recording::read(&path);
    recording.check_timeline();
    recording.check_keyframes(1.0);
    recording.check_sound_is_whole(48_000);
    assert_eq!(recording.holes(30.0), 0, "{}", story());
    println!(
        "TLS: {} of {sent} pictures, {} of about {sound_sent} sounds",
        recording.video.len(),
        recording.audio.len()
    );
    assert!(recording.video.len() + 31 >= sent && recording.audio.len() + 50 >= sound_sent, "{}", story());

    let all = time::poll(Duration::from_secs(3), || {
        (came.lock().unwrap().picture_times.len() >= recording.video.len()).then_some(())
    });
    assert!(all.is_some(), "{}", story());
    let came = came.lock().unwrap();
    assert_eq!(
        (came.app.as_str(), came.tc_url.as_str(), came.key.as_str()),
        ("v2/school?year=9", school_url.replace("/?", "?").as_str(), PLAIN_KEY)
    );
    println!("plain: {} of {sent} pictures, {} sounds", came.picture_times.len(), came.sound_times.len());
    let longest = |times: &[u32]| times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
    assert!(came.picture_times.len() + 31 >= sent && longest(&came.picture_times) <= 35, "{}", story());
    assert!(came.sound_times.len() + 50 >= sound_sent && longest(&came.sound_times) <= 23, "{}", story());
    assert!(!nginx.story().contains(TLS_KEY), "{}", story());
}

#[test]
fn a_relay_that_cannot_be_is_refused_with_a_sentence() {
    let folder = TempDir::new().unwrap();
    let profiles = |words: &[&str]| {
        let tally = Tally::new(&["profiles"]).args(words).env("TALLY_NO_KEYRING", "1");
        tally.env("TALLY_CONFIG_DIR", &folder.path().display().to_string())
    };
    profiles(&["save", "none", "--video", "test"]).run().expect_code(0);
    profiles(&["save", "one", "--to", "rtmp://live.example.com/app"]).key("canary-key").run().expect_code(0);
    profiles(&["export", "one", "--relay", "obs"]).run().expect_usage_error("nginx, srs, mediamtx");
    profiles(&["export", "none", "--relay", "nginx"]).run().expect_usage_error("no destination");
    profiles(&["export", "one", "--relay-listen", "127.0.0.1:1"]).run().expect_usage_error("--relay");
    for engine in ["nginx", "srs", "mediamtx"] {
        let shown = profiles(&["export", "one", "--relay", engine]).run();
        assert!(shown.expect_code(0).stdout.contains("PUT-THE-KEY-OF-live-example-com-HERE"), "{}", shown.story());
        assert!(!shown.story().contains("canary"), "{}", shown.story());
    }
}
