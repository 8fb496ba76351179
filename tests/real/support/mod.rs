//! What the tests stand on: processes, servers, certificates, and eyes and ears for what a viewer gets.

pub(crate) mod browser;
pub(crate) mod certs;
pub(crate) mod clips;
pub(crate) mod hooks;
pub(crate) mod ingest;
pub(crate) mod media;
pub(crate) mod mp4;
pub(crate) mod net;
pub(crate) mod network;
pub(crate) mod nginx;
pub(crate) mod noting;
pub(crate) mod odd;
pub(crate) mod players;
pub(crate) mod process;
pub(crate) mod publishers;
pub(crate) mod servers;
pub(crate) mod shim;
pub(crate) mod signal;
pub(crate) mod tally;
pub(crate) mod time;
pub(crate) mod wire;

/// Says that the test that calls could not be played here and passes for that reason alone: at once, and for `make test` to
/// tell at its end, since what passing tests say is shown to nobody.
pub(crate) fn not_tested(why: &str) {
    use std::io::Write as _;
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let _ = writeln!(std::io::stderr(), "NOT TESTED: {why}");
    let noted = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/not-tested.txt");
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(noted).unwrap();
    file.write_all(format!("{test}: {why}\n").as_bytes()).unwrap();
}
