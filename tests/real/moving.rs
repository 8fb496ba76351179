//! Servers that send a show elsewhere: by a refusal that names another address, and by a request for another connection.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener};
use std::time::Duration;

use tokio_rustls::rustls::{ServerConnection, StreamOwned};

use crate::support::certs::{Certificates, Fault};
use crate::support::net::free_port;
use crate::support::noting::{Arrived, Noting};
use crate::support::odd::OddServer;
use crate::support::tally::{Ended, Tally, number};
use crate::support::wire::Peer;

const KEY: &str = "key-77d0-canary";

fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

fn noting() -> Noting {
    Noting::start(listener())
}

/// What a server says that sends its client `to` somewhere else.
fn send_on(stream: impl Read + Write, to: &str) {
    let mut peer = Peer::new(stream);
    let _ = peer.handshake().and_then(|()| peer.read_command("connect")).and_then(|_| peer.redirect_connect(to));
    while peer.read_message().is_ok() {}
}

/// A server that sends everybody to `to`.
fn sending_on(to: String) -> OddServer {
    OddServer::start(move |stream| send_on(stream, &to))
}

/// One that does so where the publish is asked for.
fn sending_publishers_on(to: String) -> OddServer {
    OddServer::start(move |stream| {
        let mut peer = Peer::new(stream);
        let _ = peer.serve_until_publish().and_then(|_| peer.redirect_publish(&to));
        while peer.read_message().is_ok() {}
    })
}

fn pictures(arrived: &[Arrived]) -> Vec<u32> {
    arrived.iter().filter(|a| a.video).map(|a| a.timestamp_ms).collect()
}

fn sound(arrived: &[Arrived]) -> Vec<u32> {
    arrived.iter().filter(|a| !a.video).map(|a| a.timestamp_ms).collect()
}

fn steps(ended: &Ended, name: &str) -> usize {
    ended.all("step").iter().filter(|step| step["name"] == name).count()
}

#[test]
fn a_refusal_that_names_another_address_is_followed() {
    let there = noting();
    let second = sending_publishers_on(format!("rtmp://127.0.0.1:{}/live/{KEY}", there.server.port));
    let first = sending_on(format!("rtmp://127.0.0.1:{}/live", second.port));
    let ended = Tally::small_show(&first.url(), 2).key(KEY).run();
    let summary = ended.expect_good_show();
    assert_eq!(pictures(&there.all()).len() as f64, number(summary, "frames_sent"), "{}", ended.story());
    assert!(
        ended.problems().is_empty() && ended.all("step").iter().all(|step| step["ok"] == true),
        "{}",
        ended.story()
    );
    assert_eq!((steps(&ended, "handshake"), steps(&ended, "publish")), (3, 1), "{}", ended.story());
    assert_eq!((first.clients(), second.clients()), (1, 1));
    assert!(!ended.story().contains("canary"), "{}", ended.story());
}

#[test]
fn a_check_follows_as_the_show_would() {
    let there = noting();
    let first = sending_on(format!("rtmp://127.0.0.1:{}/live", there.server.port));
    let ended = Tally::check(&first.url()).key(KEY).run();
    ended.expect_code(0);
    assert!(
        ended.problems().is_empty() && ended.all("step").iter().all(|step| step["ok"] == true),
        "{}",
        ended.story()
    );
    assert_eq!((steps(&ended, "connect"), there.server.clients()), (1, 1), "{}", ended.story());
    let nowhere = sending_on("http://127.0.0.1/live".to_owned());
    let ended = Tally::check(&nowhere.url()).key(KEY).run();
    ended.expect_problem(6, &["misdirected"]);
    assert!(ended.all("step").iter().any(|s| s["name"] == "connect" && s["ok"] == false), "{}", ended.story());
}

#[test]
fn an_address_that_cannot_be_followed_is_told_with_what_is_wrong_with_it() {
    let nowhere = sending_on("http://127.0.0.1/live".to_owned());
    let ended = Tally::small_show(&nowhere.url(), 2).key(KEY).run();
    let problem = ended.expect_problem(6, &["misdirected"]);
    assert!(problem["what"].as_str().unwrap().contains("web page"), "{problem}");

    // Each sends to itself.
    let port = free_port();
    let to = format!("rtmp://127.0.0.1:{port}/live");
    let circle = OddServer::start_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap(), move |stream| {
        send_on(stream, &to);
    });
    let ended = Tally::small_show(&circle.url(), 2).key(KEY).run();
    let problem = ended.expect_problem(6, &["misdirected"]);
    assert!(problem["what"].as_str().unwrap().contains("each one sends on to the next"), "{problem}");
    assert!((2..10).contains(&circle.clients()), "{}", circle.clients());

    // Nobody is there: that one is named, and who sent there. The key, which some name in the address, is not shown.
    for behind in ["", "/key-77d0-canary?vhost=x", "/key-77d0-canary/", "/other-canary"] {
        let gone = free_port();
        let first = sending_on(format!("rtmp://127.0.0.1:{gone}/live{behind}"));
        let ended = Tally::small_show(&first.url(), 2).key(KEY).run();
        let problem = ended.expect_problem(4, &["connection_refused"]);
        let what = problem["what"].as_str().unwrap();
        assert!(what.contains(&format!("rtmp://127.0.0.1:{gone}/live")), "{problem}");
        assert!(what.contains(&format!("(sent on by rtmp://127.0.0.1:{}", first.port)), "{problem}");
        assert!(!ended.story().contains("canary"), "{}", ended.story());
    }
}

#[test]
fn a_secure_show_is_never_sent_on_to_where_it_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let certificates = Certificates::make(folder.path(), Fault::None);
    let there = noting();
    let to = format!("rtmp://127.0.0.1:{}/live", there.server.port);
    let config = certificates.server_config();
    let first = OddServer::start(move |stream| {
        let tls = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream);
        send_on(tls, &to);
    });
    let url = format!("rtmps://localhost:{}/live", first.port);
    let ca = certificates.ca.to_str().unwrap().to_owned();
    let ended = Tally::small_show(&url, 2).args(&["--tls-ca", &ca]).key(KEY).run();
    let problem = ended.expect_problem(6, &["misdirected"]);
    assert!(problem["what"].as_str().unwrap().contains("not secure"), "{problem}");
    assert!(there.server.clients() == 0 && there.all().is_empty());
}

/// Nothing is missing, nothing comes twice, and it goes on with a keyframe.
fn is_whole(before: &[Arrived], after: &[Arrived], ended: &Ended) {
    let summary = ended.expect_good_show();
    let story = ended.story();
    let (first, second) = (pictures(before), pictures(after));
    assert!(first.len() > 20 && second.len() > 20, "{} {}: {story}", first.len(), second.len());
    let all = [first, second].concat();
    assert!(all.windows(2).all(|pair| (30..=37).contains(&(pair[1] - pair[0]))), "{all:?}");
    assert_eq!(all.len() as f64, number(summary, "frames_sent"), "{story}");
    let all = [sound(before), sound(after)].concat();
    assert!(all.windows(2).all(|pair| (20..=23).contains(&(pair[1] - pair[0]))), "{all:?}");
    assert_eq!((number(summary, "reconnects"), number(summary, "dropped")), (0.0, 0.0), "{story}");
    assert!(ended.problems().is_empty() && ended.all("state").iter().all(|s| s["state"] != "reconnecting"), "{story}");
}

#[test]
fn a_server_that_asks_for_another_connection_gets_it_and_nothing_is_lost() {
    // There, to another server.
    let there = noting();
    let first = Noting::asking(listener(), 100, Some(format!("rtmp://127.0.0.1:{}/live", there.server.port)));
    let ended = Tally::small_show(&first.server.url(), 5).key(KEY).run();
    is_whole(&first.all(), &there.all(), &ended);
    assert_eq!((first.server.clients(), there.server.clients()), (1, 1));

    // And to itself.
    let same = Noting::asking(listener(), 100, None);
    let ended = Tally::small_show(&same.server.url(), 5).key(KEY).run();
    let (before, after): (Vec<_>, Vec<_>) = same.all().into_iter().partition(|arrived| arrived.connection == 0);
    is_whole(&before, &after, &ended);
    assert_eq!(same.server.clients(), 2);
}

#[test]
fn a_show_that_ends_while_it_goes_over_arrives_whole() {
    for millis in (2040..2120).step_by(20) {
        let there = noting();
        // About 77 messages a second.
        let first = Noting::asking(listener(), 155, Some(format!("rtmp://127.0.0.1:{}/live", there.server.port)));
        let ended = Tally::small_show(&first.server.url(), 60).args(&["--for", &format!("{millis}ms")]).key(KEY).run();
        let summary = ended.expect_good_show();
        let arrived = pictures(&first.all()).len() + pictures(&there.all()).len();
        assert_eq!(arrived as f64, number(summary, "frames_sent"), "{millis}: {}", ended.story());
        assert_eq!(number(summary, "frames_sent"), number(summary, "frames_encoded"), "{millis}: {}", ended.story());
        println!("{millis} ms: {} here, {} there", first.all().len(), there.all().len());
    }
}

#[test]
fn who_asks_for_a_connection_that_cannot_be_made_keeps_the_show() {
    let silent = OddServer::silent();
    let rejecting = OddServer::rejecting_connect("NetConnection.Connect.Rejected", "full");
    for (to, details, seconds) in [
        (format!("rtmp://127.0.0.1:{}/live", free_port()), "connection refused", 3),
        (silent.url(), "timed out", 7),
        (rejecting.url(), "connect rejected", 3),
        ("http://127.0.0.1/".to_owned(), "web page", 3),
    ] {
        let server = Noting::asking(listener(), 60, Some(to));
        let ended = Tally::small_show(&server.server.url(), seconds).key(KEY).run();
        let summary = ended.expect_code(0).summary().clone();
        assert_eq!(pictures(&server.all()).len() as f64, number(&summary, "frames_sent"), "{}", ended.story());
        assert_eq!(server.server.clients(), 1);
        let problems = ended.problems();
        assert_eq!((problems.len(), &problems[0]["kind"]), (1, &"move_failed".into()), "{}", ended.story());
        assert!(problems[0]["what"].as_str().unwrap().contains(details), "{}", problems[0]);
    }
}

#[test]
fn a_server_that_takes_no_show_after_all_costs_a_moment_and_the_one_before_has_it_again() {
    // In the first second of a show, and later.
    for after in [20, 150] {
        let rejecting = OddServer::rejecting_publish("NetStream.Publish.BadName", "no such key");
        let server = Noting::asking(listener(), after, Some(rejecting.url()));
        let ended = Tally::small_show(&server.server.url(), 4).key(KEY).run();
        let summary = ended.expect_code(0).summary().clone();
        assert_eq!((server.server.clients(), rejecting.clients()), (2, 1), "{}", ended.story());
        assert!(number(&summary, "dropped") <= 20.0, "{}", ended.story());
        let times = sound(&server.all());
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] <= 23), "{times:?}");
        assert_eq!(number(&summary, "interruptions"), 1.0, "{}", ended.story());
        assert_eq!(ended.problems()[0]["server_said"], "NetStream.Publish.BadName: no such key", "{}", ended.story());
    }
}

/// A server that asks its clients to go to `to` after `messages`, and is gone after `more` of them.
fn asking_and_gone(to: String, messages: usize, more: usize) -> OddServer {
    OddServer::start(move |stream| {
        let mut peer = Peer::new(stream);
        if peer.serve_until_publish().and_then(|_| peer.accept_publish()).is_err() {
            return;
        }
        (0..messages).for_each(|_| drop(peer.read_message()));
        if peer.ask_to_reconnect(Some(&to)).is_err() {
            return;
        }
        (0..more).for_each(|_| drop(peer.read_message()));
        // What is not read when a connection is closed resets it, and what was said last is not heard.
        if peer.stream().shutdown(Shutdown::Write).is_ok() {
            while peer.read_message().is_ok() {}
        }
    })
}

#[test]
fn a_server_that_asks_and_is_gone_at_once_is_followed_to_the_other_and_back() {
    let there = noting();
    let first = asking_and_gone(format!("rtmp://127.0.0.1:{}/live", there.server.port), 150, 0);
    let mut show = Tally::small_show(&first.url(), 60).key(KEY).start();
    show.wait_for_states("live", 2, Duration::from_secs(20));
    // The connection beside may have been under way when the first one was lost.
    assert!((1..=2).contains(&there.server.clients()), "{}", there.server.clients());
    // That one goes away: the one that was chosen is asked again.
    let clients = first.clients();
    drop(there);
    show.wait_for_states("live", 3, Duration::from_secs(20));
    assert!(first.clients() > clients);
    show.process.signal(libc::SIGTERM);
    show.end(Duration::from_secs(10));
}

#[test]
fn a_connection_that_was_ready_when_the_one_before_was_lost_has_the_show() {
    let there = noting();
    // With a picture a second there is none to leave with within ten packets of sound.
    let first = asking_and_gone(format!("rtmp://127.0.0.1:{}/live", there.server.port), 60, 10);
    let ended = Tally::small_show(&first.url(), 5).args(&["--fps", "1"]).key(KEY).run();
    let summary = ended.expect_code(0).summary();
    assert_eq!((first.clients(), there.server.clients()), (1, 1), "{}", ended.story());
    assert_eq!((number(summary, "reconnects"), number(summary, "dropped")), (1.0, 0.0), "{}", ended.story());
    let [pictures, sound] = [pictures(&there.all()), sound(&there.all())];
    assert!(pictures.len() >= 3 && sound.windows(2).all(|pair| pair[1] - pair[0] <= 23), "{pictures:?} {sound:?}");
}
