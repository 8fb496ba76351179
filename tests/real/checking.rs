//! `tally check`: whatever is wrong with a destination is named by its step and its cause, in less than a quarter of a
//! minute; what is right is ready; and nothing is published that was not asked for.

use std::any::Any;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio_rustls::rustls::{ServerConnection, Stream};

use crate::support::certs::{Certificates, Fault};
use crate::support::hooks::Hooks;
use crate::support::media::{Recording, decode_without_a_warning};
use crate::support::mp4::decode;
use crate::support::net::free_port;
use crate::support::nginx::{Nginx, Options};
use crate::support::odd::{Closes, OddServer};
use crate::support::tally::{Ended, Show, Tally, number};
use crate::support::time;
use crate::support::wire::Peer;

const KEY: &str = "key-41c2";
/// No broken destination may take longer.
const LIMIT: Duration = Duration::from_secs(15);
/// Checks that run at once.
const AT_ONCE: usize = 12;
/// The steps in their order.
const STEPS: [&str; 10] =
    ["source", "encoder", "dns", "tcp", "tls", "handshake", "connect", "create_stream", "publish", "sustained"];

/// One broken destination, and what must be found.
struct Case {
    name: &'static str,
    check: Tally,
    code: i32,
    step: &'static str,
    kinds: &'static [&'static str],
    /// What is broken, kept until the check is over.
    _world: Box<dyn Any>,
}

/// What is in the way at `url`, which `world` keeps there.
fn case(
    name: &'static str,
    url: &str,
    world: impl Any,
    code: i32,
    step: &'static str,
    kinds: &'static [&'static str],
) -> Case {
    Case { name, check: Tally::check(url).key(KEY), code, step, kinds, _world: Box::new(world) }
}

impl Case {
    fn publishing(self) -> Self {
        self.with(&["--publish"])
    }

    fn with(mut self, args: &[&str]) -> Self {
        self.check = self.check.args(args);
        self
    }

    fn password(mut self, password: &str) -> Self {
        self.check = self.check.env("TALLY_PASSWORD", password);
        self
    }
}

fn odd(name: &'static str, server: OddServer, code: i32, step: &'static str, kinds: &'static [&'static str]) -> Case {
    case(name, &server.url(), server, code, step, kinds)
}

fn names(ended: &Ended) -> Vec<(String, bool)> {
    let steps = ended.all("step");
    steps.iter().map(|step| (step["name"].as_str().unwrap().to_owned(), step["ok"] == true)).collect()
}

fn step<'a>(ended: &'a Ended, name: &str) -> &'a Value {
    let found = ended.all("step").into_iter().find(|step| step["name"] == name);
    found.unwrap_or_else(|| panic!("no step {name}: {}", ended.story()))
}

/// What is wrong with what a check found, if anything is.
fn judge(case: &Case, ended: &Ended, took: Duration) -> Result<(), String> {
    let told = names(ended);
    let failed: Vec<_> = told.iter().filter(|(_, ok)| !ok).map(|(name, _)| name.as_str()).collect();
    let kinds: Vec<_> = ended.problems().iter().filter_map(|p| p["kind"].as_str()).map(str::to_owned).collect();
    let place = |name: &str| STEPS.iter().position(|step| *step == name);
    let wanted = if case.step.is_empty() { vec![] } else { vec![case.step] };
    if ended.code != case.code || failed != wanted {
        return Err(format!("code {}, failed {failed:?}, kinds {kinds:?}", ended.code));
    }
    if !kinds.last().is_some_and(|kind| case.kinds.contains(&kind.as_str())) {
        return Err(format!("kinds {kinds:?}"));
    }
    if !told.windows(2).all(|pair| place(&pair[0].0) <= place(&pair[1].0)) || told.iter().any(|s| place(&s.0).is_none())
    {
        return Err(format!("not in order: {told:?}"));
    }
    // What is wrong with the command line is told before there is anything to sum up.
    if case.step.is_empty() {
        return Ok(());
    }
    let summary = ended.summary();
    if summary["verdict"] != "not_ready" {
        return Err(format!("verdict {}", summary["verdict"]));
    }
    if took >= LIMIT {
        return Err(format!("it took {took:?}"));
    }
    Ok(())
}

/// Runs the cases, a dozen at a time; tells each with its time.
fn run(cases: Vec<Case>) {
    let mut wrong = Vec::new();
    let mut waiting = cases.into_iter();
    let mut running: Vec<(Case, Show, std::time::Instant)> = Vec::new();
    loop {
        while running.len() < AT_ONCE
            && let Some(mut case) = waiting.next()
        {
            let check = std::mem::replace(&mut case.check, Tally::new(&[])).start();
            running.push((case, check, time::now()));
        }
        if running.is_empty() {
            break;
        }
        let ended = running.iter_mut().position(|(_, check, since)| {
            check.process.ended().is_some() || since.elapsed() > LIMIT + Duration::from_secs(15)
        });
        let Some(place) = ended else {
            time::pause(Duration::from_millis(10));
            continue;
        };
        let (case, check, since) = running.remove(place);
        let took = since.elapsed();
        let ended = check.end(Duration::from_secs(1));
        let found = judge(&case, &ended, took);
        let mark = if found.is_ok() { "ok" } else { "WRONG" };
        let line = format!(
            "{mark:<6} {:>5.1} s  exit {}  {:<14} {:<22} {}",
            took.as_secs_f64(),
            ended.code,
            case.step,
            ended.problems().last().and_then(|p| p["kind"].as_str()).unwrap_or_default(),
            case.name
        );
        let _ = writeln!(std::io::stderr(), "{line}");
        if let Err(reason) = found {
            wrong.push(format!("{}: {reason}\n{}", case.name, ended.story()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// A server that accepts the publish and then reads nothing, until it is dropped.
struct Stalling {
    server: OddServer,
    stop: Arc<AtomicBool>,
}

impl Stalling {
    fn start() -> Self {
        let stop = Arc::<AtomicBool>::default();
        let seen = Arc::clone(&stop);
        let server = OddServer::start(move |stream| {
            let mut peer = Peer::new(stream);
            if peer.serve_until_publish().and_then(|_| peer.accept_publish()).is_ok() {
                while !seen.load(Ordering::Relaxed) {
                    time::pause(Duration::from_millis(20));
                }
            }
        });
        Self { server, stop }
    }
}

impl Drop for Stalling {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Does `steps` of the conversation and then only reads.
fn falls_silent(steps: impl Fn(&mut Peer<TcpStream>) -> std::io::Result<()> + Send + Sync + 'static) -> OddServer {
    OddServer::start(move |stream| {
        let mut peer = Peer::new(stream);
        if steps(&mut peer).is_ok() {
            while peer.read_message().is_ok() {}
        }
    })
}

/// Speaks TLS and says nothing inside it.
fn tls_server(certificates: &Certificates) -> OddServer {
    let config = certificates.server_config();
    OddServer::start(move |mut stream: TcpStream| {
        let mut session = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut tls = Stream::new(&mut session, &mut stream);
        let mut buffer = [0; 4096];
        while let Ok(1..) = tls.read(&mut buffer) {}
        let _client_gone = tls.flush();
    })
}

/// A TLS server with such a certificate, which the check is told to trust.
fn tls_case(name: &'static str, fault: Fault, kinds: &'static [&'static str]) -> Case {
    let dir = tempfile::tempdir().unwrap();
    let certificates = Certificates::make(dir.path(), fault);
    let server = tls_server(&certificates);
    let url = format!("rtmps://127.0.0.1:{}/live", server.port);
    let ca = certificates.ca.to_string_lossy().into_owned();
    case(name, &url, (dir, server), 5, "tls", kinds).with(&["--tls-ca", &ca])
}

/// A port whose queue of connections is full: what more comes gets no answer.
fn black_hole() -> (u16, impl Any) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    socket.listen(0).unwrap();
    let listener: TcpListener = socket.into();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
        waiting.push(stream);
    }
    (address.port(), (listener, waiting))
}

/// Asks for a login as Wowza does, and accepts none.
fn wants_login() -> OddServer {
    OddServer::start(|stream| {
        let mut peer = Peer::new(stream);
        let told = peer.handshake().and_then(|()| {
            let connect = peer.read_command("connect")?;
            let app = connect.object.get("app").cloned().unwrap_or_default();
            let words = if app.contains("&response=") {
                "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed&opaque=Hj8kLQ=="
            } else if app.contains("authmod=adobe") {
                "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=ada&salt=UbM=&challenge=cHVq3A==&opaque=Hj8kLQ=="
            } else {
                "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : "
            };
            peer.reject_connect("NetConnection.Connect.Rejected", words)
        });
        if told.is_ok() {
            while peer.read_message().is_ok() {}
        }
    })
}

/// Broken on the way to a session.
fn unreachable() -> Vec<Case> {
    let (hole, kept) = black_hole();
    let ca = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(ca.path(), "this is no certificate").unwrap();
    let no_ca = ca.path().to_string_lossy().into_owned();
    let unknown = tempfile::tempdir().unwrap();
    let stranger = tls_server(&Certificates::make(unknown.path(), Fault::None));
    let stranger_url = format!("rtmps://127.0.0.1:{}/live", stranger.port);
    let tls_only = tls_server(&Certificates::make(unknown.path(), Fault::None));
    let secure = |server: &OddServer| format!("rtmps://127.0.0.1:{}/live", server.port);
    let [garbage, http, silent] = [OddServer::garbage(), OddServer::http(), OddServer::silent()];
    // What it has not read makes its close a reset, as a filter's is.
    let closing = OddServer::start(|mut stream| _ = stream.read(&mut [0; 64]));
    let [at_garbage, at_http] = [secure(&garbage), secure(&http)];
    let [at_silent, at_closing] = [secure(&silent), secure(&closing)];
    vec![
        case(
            "a port where nobody listens",
            &format!("rtmp://127.0.0.1:{}/live", free_port()),
            (),
            4,
            "tcp",
            &["connection_refused"],
        ),
        case(
            "the same on IPv6",
            &format!("rtmp://[::1]:{}/live", free_port()),
            (),
            4,
            "tcp",
            &["connection_refused", "unreachable"],
        ),
        case("a port that does not answer", &format!("rtmp://127.0.0.1:{hole}/live"), kept, 4, "tcp", &["timed_out"]),
        case("a host that does not exist", "rtmp://no-such-host.invalid/live", (), 4, "dns", &["dns_failed"]),
        tls_case("a certificate for another name", Fault::WrongName, &["tls_wrong_name"]),
        tls_case("a certificate that has expired", Fault::Expired, &["tls_expired"]),
        tls_case("a certificate of the future", Fault::NotYetValid, &["tls_not_yet_valid"]),
        case("a certificate from nobody known", &stranger_url, (unknown, stranger), 5, "tls", &["tls_unknown_ca"]),
        case("a CA file that is none", "rtmps://127.0.0.1:1/live", ca, 2, "tls", &["tls_bad_ca_file"])
            .with(&["--tls-ca", &no_ca]),
        case("TLS to what speaks none", &at_garbage, garbage, 5, "tls", &["tls_not_spoken"]),
        case("TLS to a plain web server", &at_http, http, 5, "tls", &["tls_not_spoken"]),
        case("TLS to a silent port", &at_silent, silent, 4, "tls", &["timed_out"]),
        case("TLS to who closes", &at_closing, closing, 6, "tls", &["closed_by_server"]),
        odd("plain RTMP to a TLS port", tls_only, 6, "handshake", &["server_wants_tls"]),
        odd("a web server", OddServer::http(), 6, "handshake", &["http_server"]),
        odd("garbage", OddServer::garbage(), 6, "handshake", &["not_rtmp"]),
        odd("silence after accept", OddServer::silent(), 4, "handshake", &["timed_out"]),
        case("a mistyped scheme", "rtpm://127.0.0.1/live", (), 2, "", &["bad_url"]),
        case("no scheme", "127.0.0.1/live", (), 2, "", &["bad_url"]),
    ]
}

/// Broken in the session, before anything is published.
fn refused() -> Vec<Case> {
    let no_app = OddServer::rejecting_connect("NetConnection.Connect.InvalidApp", "there is no app called live here");
    let (nginx, bare) = (Nginx::start(), Nginx::start());
    let hooks = Hooks::refusing("app=live");
    let hooked = Nginx::with(&Options { on_connect: Some(hooks.port), ..Options::default() });
    let (elsewhere, no_name) =
        (format!("rtmp://127.0.0.1:{}/nowhere", nginx.port), format!("rtmp://127.0.0.1:{}", bare.port));
    let hooked_url = hooked.url();
    let connected = |peer: &mut Peer<TcpStream>| {
        peer.handshake()?;
        peer.read_command("connect")?;
        peer.accept_connect()
    };
    vec![
        odd("silence after the handshake", falls_silent(|peer| peer.handshake()), 4, "connect", &["timed_out"]),
        odd("silence after connect", falls_silent(connected), 4, "create_stream", &["timed_out"]),
        odd("closes after accept", OddServer::closing(Closes::AfterAccept), 6, "handshake", &["closed_by_server"]),
        odd("closes after C1", OddServer::closing(Closes::AfterC1), 6, "handshake", &["closed_by_server"]),
        odd("closes after S2", OddServer::closing(Closes::AfterS2), 6, "connect", &["closed_by_server"]),
        odd("closes after connect came", OddServer::closing(Closes::AfterConnect), 6, "connect", &["closed_by_server"]),
        odd(
            "closes after createStream came",
            OddServer::closing(Closes::AfterCreateStream),
            6,
            "create_stream",
            &["closed_by_server"],
        ),
        odd("an app the server does not have", no_app, 6, "connect", &["connect_rejected"]),
        case("an app nginx does not have", &elsewhere, nginx, 6, "connect", &["connect_rejected", "closed_by_server"]),
        case("no app at all", &no_name, bare, 6, "connect", &["connect_rejected", "closed_by_server"]),
        case(
            "a connect nginx' hook refuses",
            &hooked_url,
            (hooks, hooked),
            6,
            "connect",
            &["connect_rejected", "closed_by_server"],
        ),
        odd("a login, and none is given", wants_login(), 6, "connect", &["login_needed"]),
        odd("a login that is wrong", wants_login(), 6, "connect", &["login_refused"])
            .with(&["--user", "ada"])
            .password("wrong"),
    ]
}

/// Broken from the publish on.
fn published() -> Vec<Case> {
    let silent = falls_silent(|peer| peer.serve_until_publish().map(drop));
    let hooks = Hooks::refusing("name=key-41c2");
    let hooked = Nginx::with(&Options { on_publish: Some(hooks.port), ..Options::default() });
    let hooked_url = hooked.url();
    let nginx = Nginx::start();
    let busy_url = nginx.url();
    let mut first = Tally::small_show(&busy_url, 60).args(&["--size", "160x90"]).key(KEY).start();
    first.wait_until_live();
    let refusing = OddServer::rejecting_publish("NetStream.Publish.BadName", "this key is used up");
    let stalling = Stalling::start();
    let stalling_url = stalling.server.url();
    let cases = vec![
        // Nothing is acknowledged: that is a dead connection, noticed after 3.8 s.
        case("stops reading", &stalling_url, stalling, 7, "sustained", &["lost_while_checking"]),
        odd("reads 1 Mb/s", OddServer::slow(125_000), 7, "sustained", &["upload_too_slow"]),
        odd("closes in the upload", OddServer::closing(Closes::MidShow(120)), 7, "sustained", &["lost_while_checking"]),
        odd("accepts and closes at once", OddServer::closing(Closes::MidShow(0)), 6, "publish", &["publish_rejected"]),
        odd("closes after publish came", OddServer::closing(Closes::AfterPublish), 6, "publish", &["closed_by_server"]),
        odd("silence after createStream", silent, 4, "publish", &["timed_out"]),
        odd("a key that is refused in words", refusing, 6, "publish", &["publish_rejected"]),
        case(
            "a key nginx' hook refuses",
            &hooked_url,
            (hooks, hooked),
            6,
            "publish",
            &["publish_rejected", "closed_by_server"],
        ),
        case("a key that is live already", &busy_url, (nginx, first), 6, "publish", &["already_publishing"]),
    ];
    cases.into_iter().map(Case::publishing).collect()
}

#[test]
fn broken_destinations_are_named_by_step_and_cause() {
    let mut cases = published();
    cases.extend(unreachable());
    cases.extend(refused());
    assert!(cases.len() >= 30);
    run(cases);
}

#[test]
fn a_source_that_is_not_there_comes_first() {
    let server = OddServer::silent();
    let ended = Tally::check(&format!("rtmp://127.0.0.1:{}/live", free_port())).key(KEY);
    let ended = ended.args(&["--video", "camera:no-such-camera"]).run();
    ended.expect_code(3);
    let told = names(&ended);
    let failed: Vec<_> = told.iter().filter(|(_, ok)| !ok).map(|(name, _)| name.as_str()).collect();
    assert_eq!(failed, ["source", "tcp"], "{}", ended.story());
    assert_eq!(ended.problems()[0]["kind"], "source_not_found");
    assert_eq!(ended.summary()["failure"], "source_not_found");
    drop(server);
}

#[test]
fn a_good_destination_is_ready_and_what_was_sent_can_be_played() {
    let nginx = Nginx::start();
    let ended = Tally::check(&nginx.url()).key(KEY).args(&["--publish"]).run();
    let summary = ended.expect_good_show();
    assert_eq!(summary["verdict"], "ready", "{}", ended.story());
    assert_eq!(summary["destinations"][0]["reached"], "sustained");
    assert_eq!(summary["destinations"][0]["publish"], "published");
    let upload = step(&ended, "sustained");
    let (planned, offered, carried) =
        (number(upload, "planned_kbps"), number(upload, "offered_kbps"), number(upload, "carried_kbps"));
    assert!((planned - 1628.0).abs() < 1.0 && (offered / planned - 1.25).abs() < 0.03, "{upload}");
    assert!(carried >= offered * 0.95, "{upload}");
    let load = number(step(&ended, "encoder"), "load");
    assert!(load > 0.0 && load < 0.75, "{load}");

    let recording = nginx.recording();
    let seen = Recording::read(&recording);
    assert!(seen.video_ms() > 9000.0 && seen.holes(10.0) == 0, "{} ms", seen.video_ms());
    seen.check_timeline();
    assert_eq!(decode_without_a_warning(&recording), seen.video.len());
}

#[test]
fn without_leave_nothing_is_published() {
    let dir = tempfile::tempdir().unwrap();
    let certificates = Certificates::make(dir.path(), Fault::EndsSoon);
    // The key of a show that is on: a check must not touch it.
    let nginx = Nginx::with(&Options { certificates: Some(&certificates), ..Options::default() });
    let ca = certificates.ca.to_string_lossy().into_owned();
    let ended = Tally::check(&nginx.tls_url()).key(KEY).args(&["--tls-ca", &ca]).run();
    ended.expect_code(0);
    let destination = &ended.summary()["destinations"][0];
    assert_eq!((&destination["reached"], &destination["publish"]), (&"create_stream".into(), &"not_published".into()));
    assert!(destination["note"].as_str().unwrap().contains("--publish"), "{destination}");
    // The certificate is what there is to know.
    assert_eq!(step(&ended, "tls")["certificate_days"], 3, "{}", ended.story());
    assert_eq!(ended.summary()["verdict"], "ready_with_warnings");
    assert_eq!(ended.problems()[0]["kind"], "certificate_expires_soon");
    let gone = time::poll(Duration::from_secs(5), || nginx.log().contains("disconnect").then_some(()));
    assert!(gone.is_some(), "{}", nginx.log());
    assert!(nginx.recordings().is_empty());
    let log = nginx.log();
    assert!(!log.contains("publish") && !log.contains(KEY), "{log}");
}

#[test]
fn a_card_without_its_picture_is_told_and_the_rest_is_ready() {
    let nginx = Nginx::start();
    let ended = Tally::check(&nginx.url()).key(KEY).args(&["--card", "/nowhere/card.png"]).run();
    ended.expect_code(0);
    assert_eq!(ended.summary()["verdict"], "ready_with_warnings", "{}", ended.story());
    assert_eq!(ended.problems()[0]["kind"], "card_unusable");
}

#[test]
fn a_check_against_this_computer_is_whole() {
    let args = ["check", "--rehearse", "--json", "--video", "test", "--audio", "test"];
    let ended = Tally::new(&args).args(&["--size", "320x180", "--fps", "10", "--video-bitrate", "1500k"]).run();
    assert_eq!(ended.expect_good_show()["verdict"], "ready");
    assert_eq!(ended.summary()["destinations"][0]["publish"], "rehearsal");
    let told: Vec<_> = names(&ended).into_iter().map(|(name, _)| name).collect();
    let wanted =
        ["source", "source", "encoder", "dns", "tcp", "handshake", "connect", "create_stream", "publish", "sustained"];
    assert_eq!(told, wanted, "{}", ended.story());
    assert!(number(ended.summary(), "duration_s") < 15.0);
}

#[test]
fn several_destinations_are_told_apart() {
    let nginx = Nginx::start();
    let nobody = format!("rtmp://127.0.0.1:{}/live", free_port());
    let ended = Tally::check(&nginx.url()).args(&["--to", &nobody]).key(KEY).run();
    ended.expect_problem(4, &["connection_refused"]);
    let destinations = ended.summary()["destinations"].as_array().unwrap().clone();
    let reached: Vec<_> = destinations.iter().map(|d| (d["reached"].clone(), d["ok"] == true)).collect();
    assert_eq!(reached, [("create_stream".into(), true), ("dns".into(), false)], "{}", ended.story());
    let steps = ended.all("step");
    let of = |name: &str| steps.iter().filter(|step| step["destination"].as_str() == Some(name)).count();
    assert_eq!(
        (of(destinations[0]["destination"].as_str().unwrap()), of(destinations[1]["destination"].as_str().unwrap())),
        (5, 2)
    );
}

#[test]
fn a_backup_is_tried_after_its_destination_and_told_by_a_name_of_its_own() {
    let (wanted, backup) = (Nginx::start(), Nginx::start());
    let ended = Tally::check(&wanted.url()).args(&["--backup", &backup.url(), "--publish"]).key(KEY).run();
    assert_eq!(ended.expect_good_show()["verdict"], "ready");
    let destinations = ended.summary()["destinations"].as_array().unwrap();
    let reached: Vec<_> = destinations.iter().map(|d| (d["reached"].as_str().unwrap(), d["ok"] == true)).collect();
    assert_eq!(reached, [("sustained", true); 2], "{}", ended.story());
    let name = destinations[1]["destination"].as_str().unwrap();
    assert!(name.ends_with("/live (backup)") && name.contains(&backup.port.to_string()), "{name}");
    // One after the other: together they would halve what each can be sent.
    let steps = ended.all("step");
    let first = steps.iter().position(|step| step["destination"] == name).unwrap();
    assert_eq!(steps[first - 1]["name"], "sustained", "{}", ended.story());
    assert!(wanted.log().contains(KEY) || !wanted.recordings().is_empty());
    decode_without_a_warning(&backup.recording());
}

#[test]
fn a_show_begins_without_its_backup() {
    let nginx = Nginx::start();
    let nobody = format!("rtmp://127.0.0.1:{}/live", free_port());
    let ended = Tally::check(&nginx.url()).args(&["--backup", &nobody]).key(KEY).run();
    ended.expect_code(0);
    let summary = ended.summary();
    assert_eq!(summary["verdict"], "ready_with_warnings", "{}", ended.story());
    assert_eq!((&summary["destinations"][0]["ok"], &summary["destinations"][1]["ok"]), (&true.into(), &false.into()));
    let problem = ended.expect_problem(0, &["connection_refused"]);
    assert!(problem["what"].as_str().unwrap().contains("(backup)"), "{problem}");
    // Where the destination itself is broken, a backup that works does not hide it.
    let ended = Tally::check(&nobody).args(&["--backup", &nginx.url()]).key(KEY).run();
    ended.expect_code(4);
    assert_eq!(ended.summary()["destinations"][1]["ok"], true, "{}", ended.story());
}

#[test]
fn sound_alone_and_silence_are_tried_at_the_whole_rate() {
    let started = [(["none", "test"], 160.0), (["test", "silence"], 1660.0)].map(|([video, audio], kbps)| {
        let nginx = Nginx::start();
        let args = ["--video", video, "--audio", audio, "--audio-bitrate", "160k", "--publish"];
        (Tally::check(&nginx.url()).args(&args).key(KEY).start(), nginx, kbps)
    });
    for (check, nginx, kbps) in started {
        let ended = check.end(Duration::from_secs(30));
        ended.expect_good_show();
        let upload = step(&ended, "sustained");
        let [planned, offered] = ["planned_kbps", "offered_kbps"].map(|field| number(upload, field));
        assert!((planned - kbps).abs() < 1.0 && (offered / planned - 1.25).abs() < 0.03, "{upload}");
        println!("{upload}");
        decode(&nginx.recording());
    }
}

#[test]
fn it_ends_within_two_seconds_when_asked_to() {
    let server = OddServer::silent();
    let mut check = Tally::check(&server.url()).key(KEY).start();
    check.wait_for("source", Duration::from_secs(10), |event| event["event"] == "step");
    time::pause(Duration::from_millis(300));
    let asked = time::now();
    check.process.signal(libc::SIGINT);
    let ended = check.end(Duration::from_secs(10));
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    ended.expect_code(130);
    assert_eq!(ended.summary()["verdict"], "cancelled");
}

#[test]
fn people_read_a_list_and_what_to_do() {
    let nginx = Nginx::start();
    let url = nginx.url();
    let plain = ["check", "--video", "test", "--audio", "test", "--size", "320x180", "--fps", "10", "--to", &url];
    let ended = Tally::new(&plain).key(KEY).run();
    ended.expect_code(0);
    for line in ["✓ source", "✓ encoder", "✓ create_stream", "Ready, as far as it was tried.", "--publish"] {
        assert!(ended.stdout.contains(line), "{line:?} in {}", ended.stdout);
    }
    let nobody = format!("rtmp://127.0.0.1:{}/live", free_port());
    let ended = Tally::new(&plain).args(&["--to", &nobody]).key(KEY).run();
    ended.expect_code(4);
    for line in ["✗ tcp", "Nobody listens", "Not ready.", "Check the port"] {
        assert!(ended.stdout.contains(line), "{line:?} in {}", ended.stdout);
    }
}

#[test]
fn without_a_destination_there_is_nothing_to_check() {
    let ended = Tally::new(&["check", "--json", "--video", "test", "--audio", "test"]).run();
    ended.expect_usage_error("--to");
    Tally::check("rtmp://127.0.0.1/live").args(&["--size", "853x480"]).run().expect_usage_error("853x480");
}
