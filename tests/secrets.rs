//! A panic prints no key, whatever value it is about.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::fmt::Debug;
use std::path::PathBuf;
use std::process::Command;

use clap::Parser;
use tally::cli::args::{Cli, Command as CliCommand};
use tally::cli::{EnvSecrets, show_settings};
use tally::media::Timestamp;
use tally::output::publisher::PublishTarget;
use tally::rtmp::client::{ClientConfig, ClientSession, Deadlines};
use tally::rtmp::url::RtmpUrl;
use tally::settings::{Destination, ShowSettings, StreamKey};
use tally::studio::check::CheckSettings;

const CANARY: &str = "canary-4e81c07d-Kx";
/// Set in the child, which panics.
const CHILD: &str = "TALLY_TEST_PANICS";

type Held = Box<dyn Debug + Send>;

/// Every kind of value that holds a key on its way from the command line to the server, and what is told of one.
fn holders() -> Vec<(&'static str, Held)> {
    let whole = format!("rtmp://me:{CANARY}@h/app?token={CANARY}/{CANARY}");
    let wrong = format!("rtpm://h/app/{CANARY}");
    let key = || Some(StreamKey::new(CANARY));
    let destination = |url: &str| Destination { stream_key: key(), password: key(), ..Destination::at(url) };
    let show = |url: &str| ShowSettings { destinations: vec![Destination::at(url)], ..ShowSettings::default() };
    let beside = |url: &str| {
        let mut cli = Cli::try_parse_from(["tally", "live", "--to", url]).unwrap();
        let Some(CliCommand::Live(live)) = &mut cli.command else { panic!("not live") };
        live.show.secrets.stream_key = Some(StreamKey::new("another"));
        show_settings(&live.show).unwrap().0
    };
    let cli = |url: &str| Cli::try_parse_from(["tally", "live", "--to", url]).unwrap();
    let refused = match cli(&wrong).command {
        Some(CliCommand::Live(live)) => show_settings(&live.show).unwrap_err(),
        other => panic!("{other:?}"),
    };
    let login = Some(("me".to_owned(), CANARY.to_owned()));
    let config = || ClientConfig {
        app: format!("app?token={CANARY}"),
        tc_url: format!("rtmp://h/app?token={CANARY}"),
        stream_name: CANARY.to_owned(),
        chunk_size: ClientConfig::DEFAULT_CHUNK_SIZE,
        deadlines: Deadlines::default(),
        random: Box::new([7; 1528]),
        encoder_name: "test".to_owned(),
        digest_handshake: true,
    };
    vec![
        ("StreamKey", Box::new(key())),
        ("EnvSecrets", Box::new(EnvSecrets { stream_key: key(), password: key(), ..EnvSecrets::default() })),
        ("Cli", Box::new(cli(&whole))),
        ("a mistyped Cli", Box::new(cli(&wrong))),
        ("Destination", Box::new(destination("rtmp://h/app"))),
        ("a Destination that is not split", Box::new(destination(&whole))),
        ("ShowSettings", Box::new(show(&whole).with_secrets_split())),
        ("ShowSettings of a key beside another", Box::new(beside(&format!("rtmp://h/app/{CANARY}")))),
        (
            "ShowSettings of a service's key beside another",
            Box::new(beside(&format!("rtmp://live.twitch.tv/app/{CANARY}"))),
        ),
        ("ShowSettings that are not split", Box::new(show(&whole))),
        ("ShowSettings of a key alone", Box::new(show(CANARY))),
        ("CheckSettings", Box::new(CheckSettings { show: show(&whole), publish: true })),
        ("a mistyped check", Box::new(Cli::try_parse_from(["tally", "check", "--to", &wrong]).unwrap())),
        ("SettingsError", Box::new(show(&wrong).validate().unwrap_err())),
        ("SettingsError of a key alone", Box::new(show(CANARY).validate().unwrap_err())),
        ("Failure", Box::new(refused.clone())),
        ("Problem", Box::new(refused.problem)),
        ("RtmpUrl", Box::new(RtmpUrl::parse(&whole, false).unwrap())),
        ("UrlError", Box::new(RtmpUrl::parse(&wrong, false).unwrap_err())),
        (
            "PublishTarget",
            Box::new(PublishTarget::new(&whole, Some(CANARY), login, Some(PathBuf::from("/ca.pem"))).unwrap()),
        ),
        ("ClientConfig", Box::new(config())),
        ("ClientSession", Box::new(ClientSession::new(Timestamp::ZERO, config()))),
        // That the others are printed at all.
        ("a word", Box::new("a word that is no secret")),
    ]
}

/// Each value ends a thread of its own, as a bug would.
fn panic_with_each() {
    for (name, value) in holders() {
        let bug = move || panic!("the {name}: {value:?} {value:#?} ends here");
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(bug).unwrap();
        assert!(thread.join().is_err());
    }
}

#[test]
fn a_panic_about_what_holds_the_key_prints_none() {
    if std::env::var_os(CHILD).is_some() {
        return panic_with_each();
    }
    let test = ["--exact", "a_panic_about_what_holds_the_key_prints_none", "--nocapture", "--test-threads=1"];
    let mut child = Command::new(std::env::current_exe().unwrap());
    let output = child.args(test).env(CHILD, "1").env("RUST_BACKTRACE", "full").output().unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}");
    for (name, _) in holders() {
        assert!(told.contains(&format!("the {name}: ")), "{name} did not panic:\n{told}");
    }
    assert!(told.contains("a word that is no secret") && told.matches(" ends here").count() >= holders().len());
    assert!(!told.contains(CANARY), "{told}");
}
