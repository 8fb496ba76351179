//! Names that nobody answers for any more.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use crate::support::noting::Noting;
use crate::support::shim;
use crate::support::tally::{Tally, is_state};
use crate::support::time;

/// Who asks for a name finds those that are files in `folder`, and waits for all others.
fn asks_in(tally: Tally, folder: &Path) -> Tally {
    let library = shim::compile("names", folder);
    tally.env("LD_PRELOAD", &library).env("NAMES_FOLDER", folder.to_str().unwrap())
}

#[test]
fn names_that_nobody_answers_for_hold_up_no_other_destination() {
    let dir = tempfile::tempdir().unwrap();
    let noting = Noting::start(TcpListener::bind("127.0.0.1:0").unwrap());
    std::fs::write(dir.path().join("there.test"), "127.0.0.1").unwrap();
    let mut show = Tally::small_show("rtmp://gone.test/live/a", 60).args(&[
        "--to",
        "rtmp://lost.test/live/b",
        "--to",
        "rtmp://away.test/live/c",
        "--to",
        &format!("rtmp://there.test:{}/live/d", noting.server.port),
    ]);
    show = asks_in(show, dir.path());
    let mut show = show.start();
    show.wait_for("connecting", Duration::from_secs(10), |event| is_state(event, "connecting"));
    let began = time::now();
    show.wait_until_live();
    println!("live {:?} after connecting began", began.elapsed());
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}\n{}", began.elapsed(), show.process.story());
}

#[test]
fn a_show_comes_back_though_its_servers_name_is_not_found_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let noting = Noting::start(TcpListener::bind("127.0.0.1:0").unwrap());
    let name = dir.path().join("there.test");
    std::fs::write(&name, "127.0.0.1").unwrap();
    let url = format!("rtmp://there.test:{}/live/a", noting.server.port);
    let mut show = asks_in(Tally::small_show(&url, 60), dir.path()).start();
    show.wait_until_live();
    time::pause(Duration::from_secs(2));
    std::fs::remove_file(name).unwrap();
    let cut = time::now();
    noting.server.cut();
    show.wait_for_states("live", 2, Duration::from_secs(10));
    println!("live again {:?} after the connection was cut", cut.elapsed());
    assert!(cut.elapsed() < Duration::from_millis(2500), "{:?}\n{}", cut.elapsed(), show.process.story());
}
