//! The configurations as they are written.

use std::net::SocketAddr;
use std::path::Path;

use super::*;
use crate::settings::{Destination, SecretEntry, StreamKey, Warning};

const CANARY: &str = "canary-31ab";

fn destination(name: &str, server: &str, key: &str) -> Destination {
    let stream_key = Some(StreamKey::new(key));
    Destination { name: name.to_owned(), stream_key, ..Destination::at(server) }
}

fn relay(engine: RelayEngine, destinations: Vec<Destination>) -> Relay<'static> {
    let file = Some(Path::new("relay.conf"));
    Relay { engine, profile: "sunday", destinations, listen: Relay::LISTEN, file, with_secrets: true }
}

const ENGINES: [RelayEngine; 3] = [RelayEngine::Nginx, RelayEngine::Srs, RelayEngine::MediaMtx];

/// What stands below the head.
fn body(text: &str) -> String {
    let start = text.find("\n\n").unwrap() + 2;
    text[start..].to_owned()
}

fn two() -> Vec<Destination> {
    vec![
        destination("school", "rtmp://live.school.example:1940/v2/pub?x=1", "it's a \"key\"?a=b&c=d\\e"),
        destination("tube", "rtmps://a.tube.example/live2", "tube-key"),
    ]
}

#[test]
fn nginx_pushes_with_app_and_key_as_they_are_and_puts_tls_around() {
    let text = relay(RelayEngine::Nginx, two()).config().unwrap();
    assert_eq!(
        body(&text),
        r#"# Where Debian and Ubuntu keep the modules.
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
# One process: a second one would not know of the stream.
worker_processes 1;
pid tally-relay-nginx.pid;
error_log stderr warn;
events { worker_connections 256; }

rtmp {
  access_log off;
  server {
    listen 127.0.0.1:1935;
    # A keyframe is one message.
    max_message 16M;
    application live {
      live on;
      meta copy;
      wait_key on;
      sync 10ms;
      push_reconnect 1s;
      allow publish 127.0.0.1;
      deny publish all;
      deny play all;

      # school
      push "rtmp://live.school.example:1940"
        "app=v2/pub?x=1"
        "tcUrl=rtmp://live.school.example:1940/v2/pub?x=1"
        "playPath=it's a \"key\"?a=b&c=d\\e";

      # tube
      push "rtmp://127.0.0.1:1936"
        "app=live2"
        "tcUrl=rtmps://a.tube.example/live2"
        "playPath=tube-key";
    }
  }
}

# The RTMP module speaks no TLS: these put it around.
stream {
  # tube
  server {
    listen 127.0.0.1:1936;
    proxy_ssl on;
    proxy_ssl_protocols TLSv1.2 TLSv1.3;
    proxy_ssl_server_name on;
    proxy_ssl_name "a.tube.example";
    proxy_ssl_verify on;
    proxy_ssl_verify_depth 5;
    proxy_ssl_trusted_certificate "/etc/ssl/certs/ca-certificates.crt";
    proxy_pass "a.tube.example:443";
  }
}
"#
    );
}

#[test]
fn srs_starts_an_ffmpeg_for_each() {
    let mut destinations = two();
    destinations[0].stream_key = Some(StreamKey::new("it's?a=b&c=d"));
    let text = relay(RelayEngine::Srs, destinations).config().unwrap();
    let common = "/usr/bin/ffmpeg -nostdin -loglevel error -i rtmp://127.0.0.1:1935/live/show -c copy -f flv -flvflags no_duration_filesize";
    for line in [
        "listen 127.0.0.1:1935;".to_owned(),
        "    allow publish 127.0.0.1;".to_owned(),
        "    allow play 127.0.0.1;".to_owned(),
        format!(
            "    publish {common} -rtmp_app \"v2/pub?x=1\" -rtmp_tcurl \"rtmp://live.school.example:1940/v2/pub?x=1\" -rtmp_playpath \"it's?a=b&c=d\" rtmp://live.school.example:1940/ 1>/dev/null;"
        ),
        format!(
            "    publish {common} -tls_verify 1 -ca_file /etc/ssl/certs/ca-certificates.crt -rtmp_app live2 -rtmp_tcurl rtmps://a.tube.example/live2 -rtmp_playpath tube-key rtmps://a.tube.example:443/ 1>/dev/null;"
        ),
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\nis not in\n{text}");
    }
}

#[test]
fn mediamtx_keeps_an_ffmpeg_for_each() {
    let text = relay(RelayEngine::MediaMtx, two()).config().unwrap();
    let common = "ffmpeg -nostdin -loglevel error -i rtmp://127.0.0.1:1935/live/show -c copy -f flv -flvflags no_duration_filesize";
    let expected = format!(
        r#"    runOnReady: |-
      sh -c "trap 'trap - INT TERM; kill 0' INT TERM
      while :; do {common} -rtmp_app 'v2/pub?x=1' -rtmp_tcurl 'rtmp://live.school.example:1940/v2/pub?x=1' -rtmp_playpath 'it'\\''s a \"key\"?a=b&c=d\\e' rtmp://live.school.example:1940/; sleep 3; done &
      while :; do {common} -tls_verify 1 -ca_file /etc/ssl/certs/ca-certificates.crt -rtmp_app live2 -rtmp_tcurl rtmps://a.tube.example/live2 -rtmp_playpath tube-key rtmps://a.tube.example:443/; sleep 3; done &
      wait"
    runOnReadyRestart: yes
"#
    );
    assert!(text.ends_with(&expected), "{expected}\nis not the end of\n{text}");
    assert!(text.contains("    ips: ['127.0.0.1']\n") && text.contains("rtmpAddress: '127.0.0.1:1935'"), "{text}");
}

#[test]
fn the_head_has_every_step() {
    for engine in ENGINES {
        let text = relay(engine, vec![destination("tube", "rtmp://tube.example/app", "k")]).config().unwrap();
        let (head, _) = text.split_once("\n\n").unwrap();
        assert!(head.lines().all(|line| line.starts_with('#')), "{head}");
        for step in [
            "sudo apt install",
            "relay.conf",
            "tally live --profile sunday --to rtmp://127.0.0.1:1935/live/show",
            "Ctrl+C",
        ] {
            assert!(head.contains(step), "{step}: {head}");
        }
        assert!(head.contains("keep it private"), "{head}");
    }
    for engine in ENGINES {
        let mut elsewhere = relay(engine, vec![destination("tube", "rtmp://tube.example/app", "k")]);
        elsewhere.file = Some(Path::new("p/my relay.conf"));
        let text = elsewhere.config().unwrap();
        assert!(text.contains(" 'my relay.conf'") && !text.contains("p/my"), "a step is taken in its folder: {text}");
        elsewhere.file = Some(Path::new("/etc/./-x.conf"));
        assert!(elsewhere.config().unwrap().contains(" ./-x.conf"), "it is no option");
    }
    let mut named = relay(RelayEngine::Nginx, two());
    (named.profile, named.file) = ("Peter's\nshow", None);
    let text = named.config().unwrap();
    assert!(text.contains("--profile 'Peter'\\''s show' --to") && text.contains("realpath FILE"), "{text}");
}

#[test]
fn without_leave_no_secret_is_written() {
    for engine in ENGINES {
        let mut destinations = vec![
            destination("you tube", &format!("rtmps://a.tube.example/live2?tok={CANARY}"), CANARY),
            destination("other", "rtmp://other.example/app", CANARY),
            destination("asks", "rtmp://asks.example/app", CANARY),
        ];
        destinations[1].backup_server = Some(format!("rtmp://b.example/app?{CANARY}"));
        (destinations[2].user, destinations[2].password) = (Some("me".to_owned()), Some(StreamKey::new(CANARY)));
        let mut relay = relay(engine, destinations);
        relay.with_secrets = false;
        let text = relay.config().unwrap();
        assert!(!text.contains("canary"), "{text}");
        for placeholder in [
            "PUT-THE-KEY-OF-you-tube-HERE",
            "PUT-THE-KEY-OF-other-HERE",
            "Keys and passwords are left out",
            "rtmps://a.tube.example/live2",
            "A part of its address that may be secret is left out: put it here.",
        ] {
            assert!(text.contains(placeholder), "{text}");
        }
        let left_out = |name: &str| Warning::PartOfAddressLeftOut { destination: name.to_owned() };
        assert_eq!(relay.warnings(), [left_out("you tube"), left_out("other")]);
        relay.with_secrets = true;
        assert_eq!(relay.config().unwrap().matches(CANARY).count(), if engine == RelayEngine::Nginx { 4 } else { 6 });
        assert!(relay.warnings().is_empty());
    }
}

#[test]
fn what_could_not_be_read_is_not_claimed() {
    for engine in ENGINES {
        let mut unread = destination("tube", "rtmp://tube.example/app", "k");
        unread.set_stream_key(None);
        unread.unread.stream_key = Some(SecretEntry("kept".to_owned()));
        let alone = relay(engine, vec![unread.clone()]);
        let text = alone.config().unwrap();
        assert!(!alone.holds_secrets() && alone.lacks_secrets() && !text.contains("HOLDS STREAM KEYS"), "{text}");
        assert!(text.contains("could not be read: put it where") && !text.contains("has no key for it"), "{text}");
        assert!(text.contains("PUT-THE-KEY-OF-tube-HERE"), "{text}");
        let mut both = relay(engine, vec![unread, destination("other", "rtmp://other.example/app", "k")]);
        assert!(both.holds_secrets() && both.lacks_secrets());
        both.with_secrets = false;
        assert!(!both.holds_secrets() && !both.lacks_secrets() && !both.config().unwrap().contains("be read"));
        let whole = relay(engine, two());
        assert!(whole.holds_secrets() && !whole.lacks_secrets());
    }
}

#[test]
fn logins_are_given_by_ffmpeg_and_told_of_nginx() {
    let mut asks = destination("asks", "rtmp://asks.example/app", "k");
    (asks.user, asks.password) = (Some("me".to_owned()), Some(StreamKey::new("p@ss")));
    for engine in [RelayEngine::Srs, RelayEngine::MediaMtx] {
        let text = relay(engine, vec![asks.clone()]).config().unwrap();
        assert!(text.contains("rtmp://me:p@ss@asks.example:1935/") && text.contains("asks for a login"), "{text}");
    }
    assert_eq!(relay(RelayEngine::Nginx, vec![asks.clone()]).config(), Err(RelayError::OnlyLogins));
    let text = relay(RelayEngine::Nginx, [two(), vec![asks.clone()]].concat()).config().unwrap();
    assert!(text.contains("a login (me), which nginx cannot give") && !text.contains("asks.example"), "{text}");
    asks.password = Some(StreamKey::new("a/b"));
    assert!(relay(RelayEngine::Srs, vec![asks]).config().unwrap_err().to_string().contains("FFmpeg"));
}

#[test]
fn a_private_ca_and_a_missing_key_and_another_address() {
    for engine in ENGINES {
        let mut own = destination("own", "rtmps://own.example:1937/app", "k");
        (own.tls_ca, own.stream_key) = (Some("/etc/my ca.pem".into()), None);
        let other = destination("other", "rtmp://127.0.0.1:1936/app", "k");
        let mut relay = relay(engine, vec![own, other]);
        relay.listen = "0.0.0.0:1935".parse::<SocketAddr>().unwrap();
        let text = relay.config().unwrap();
        assert!(text.contains("/etc/my ca.pem") && !text.contains("ca-certificates.crt"), "{text}");
        assert!(text.contains("has no key for it") && text.contains("PUT-THE-KEY-OF-own-HERE"), "{text}");
        assert!(text.contains("--to rtmp://127.0.0.1:1935/live/show") && text.contains("0.0.0.0:1935"), "{text}");
        // 1936 and 1937 belong to destinations.
        assert_eq!(text.contains("listen 127.0.0.1:1938;"), engine == RelayEngine::Nginx, "{text}");
    }
}

#[test]
fn what_cannot_be_told_is_refused_with_a_sentence() {
    use RelayEngine::{MediaMtx, Nginx, Srs};
    let refused = |engine, destinations| relay(engine, destinations).config().unwrap_err().to_string();
    let one = |server: &str, key: &str| vec![destination("one", server, key)];
    let long = "k".repeat(4000);
    for (engine, destinations, told) in [
        (Nginx, vec![], "no destination"),
        (Nginx, one("rtmp://h", "canary"), "no app"),
        (Nginx, one("rtmp://h$x/app", "canary"), "plain letters"),
        (Nginx, one("rtmps://192.0.2.1/app", "canary"), "server's name"),
        (Nginx, one("rtmp://localhost/app", "canary"), "--relay-listen"),
        (Nginx, one("rtmp://127.0.0.1:1935/app", "canary"), "--relay-listen"),
        (Nginx, one("rtmp://h/app", &long), "too long"),
        (Srs, one("rtmp://h/app", "canary[app]"), "SRS"),
        (Srs, one("rtmp://h/app", "canary>x"), "SRS"),
        (Srs, one("rtmp://h/app", "canary'\""), "both kinds of quotes"),
        (MediaMtx, one("rtmp://h/app", "canary$HOME"), "MediaMTX"),
    ] {
        let error = refused(engine, destinations);
        assert!(error.contains(told) && !error.contains("canary"), "{error}");
    }
    let mut no_port = relay(Nginx, two());
    no_port.listen.set_port(0);
    assert_eq!(no_port.config(), Err(RelayError::NoPort));
    no_port.listen.set_port(u16::MAX);
    assert_eq!(no_port.config(), Err(RelayError::TooFewPorts { port: u16::MAX }));
}

#[test]
fn names_cannot_leave_their_comment() {
    for engine in ENGINES {
        let mut evil = destination("a\n  push evil;\u{2028}x", "rtmp://h/app", "k");
        evil.backup_server = Some("rtmp://b/app\nx".to_owned());
        let mut relay = relay(engine, vec![evil]);
        relay.file = Some(Path::new("a\nb"));
        let text = relay.config().unwrap();
        assert!(text.lines().all(|line| !line.trim_start().starts_with("push evil")), "{text}");
    }
}
