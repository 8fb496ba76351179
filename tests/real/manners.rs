//! How the command line treats files, signals and what it is told wrongly: nothing is lost, nothing is ignored, and what is
//! refused is named.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::support::ingest::Ingest;
use crate::support::media::{Recording, decode_without_a_warning};
use crate::support::mp4::{Played, decode};
use crate::support::net::free_port;
use crate::support::odd::OddServer;
use crate::support::tally::{Ended, Show, Tally, number};
use crate::support::time;

const KEY: &str = "man-77b0";
const LIMIT: Duration = Duration::from_secs(30);

/// A rehearsal that is over in a moment.
/// A show that only records, with what `args` say.
fn pictures(path: &Path) -> usize {
    match path.extension().is_some_and(|ending| ending == "mp4") {
        true => Played::read(path).pictures.len().min(decode(path)),
        false => Recording::read(path).video.len().min(decode_without_a_warning(path)),
    }
}

/// The only problem that was told, as JSON.
#[test]
fn what_is_received_right_now_is_not_repaired() {
    for format in ["flv", "mp4"] {
        let mut ingest = Ingest::start(&["--record-format", format]);
        let mut show = Tally::small_show(&ingest.url(), 5).key("cam").start();
        show.wait_until_live();
        let file = ingest.folder().join(format!("cam.{format}"));
        let grown = || std::fs::metadata(&file).is_ok_and(|about| about.len() > 100_000);
        assert!(time::poll(LIMIT, || grown().then_some(())).is_some(), "{}", ingest.show.process.story());
        let repair = Tally::new(&["repair", &file.to_string_lossy()]).run();
        assert!(repair.stderr.contains("being recorded right now; end the recording first"), "{}", repair.story());
        repair.expect_code(8);
        let sent = number(show.end(LIMIT).expect_good_show(), "frames_sent") as usize;
        ingest.ended("cam");
        assert_eq!(pictures(&file), sent, "{format}");
    }
}

#[test]
/// `tally serve --record` on a disk of `size`, `used` of which is taken; gives it with the folder as we see it.
/// Streams to it until its recording has ended; gives the problem it told, and how many pictures the file has.
#[test]
#[test]
#[test]
#[test]
#[test]
#[test]
#[test]
#[test]
#[test]
#[test]
#[test]
