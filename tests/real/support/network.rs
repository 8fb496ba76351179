//! Two computers and the link between them, played by the system itself: network namespaces joined by a pair of virtual
//! cards, with a token bucket on the sender's. The test runs once more, as a child, on the server's side.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::time::Duration;

use super::process::{Process, run};
use super::tally::Tally;
use super::time;

/// Set in the child.
const INSIDE: &str = "TALLY_TEST_INSIDE";
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);

/// The server's side, with a grip on the sender's.
pub(crate) struct Network {
    /// Holds the sender's namespace open.
    _sender: Process,
    pid: u32,
}

/// Runs `work` on the server's side; `test` is the whole name of the test that calls. Where the system gives no namespaces
/// to play with, it says that nothing was tested.
pub(crate) fn with_a_link(test: &str, limit: Duration, work: impl FnOnce(&Network)) {
    if std::env::var_os(INSIDE).is_some() {
        work(&Network::build());
        return;
    }
    let mut allowed = Process::start(Command::new("unshare").args(["-Urn", "true"]));
    if !allowed.wait(Duration::from_secs(10)).success() {
        let _ = writeln!(std::io::stderr(), "NOT TESTED: this system gives no network namespaces to play a link with");
        return;
    }
    let mut child = Command::new("unshare");
    child.args(["-Urn", "--kill-child"]).arg(std::env::current_exe().unwrap()).args([test, "--exact", "--nocapture"]);
    let mut child = Process::start(child.env(INSIDE, "1"));
    let ended = child.wait(limit);
    println!("{}", child.stdout.text());
    assert!(ended.success(), "{}", child.story());
}

impl Network {
    fn build() -> Self {
        let sender = Process::start(Command::new("unshare").args(["-n", "sleep", "3600"]));
        let pid = sender.id();
        let namespace = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/net")).ok();
        let own = namespace("self");
        time::poll(Duration::from_secs(10), || namespace(&pid.to_string()).filter(|other| Some(other) != own.as_ref()))
            .unwrap();
        sh("ip link set lo up; ip link add dev tally0 type veth peer name tally1");
        sh(&format!("ip addr add {SERVER}/24 dev tally0; ip link set tally0 up; ip link set tally1 netns {pid}"));
        let network = Self { _sender: sender, pid };
        network.on_sender("ip link set lo up; ip addr add 10.77.0.2/24 dev tally1; ip link set tally1 up");
        network
    }

    /// A port of the server's side to listen on.
    pub(crate) fn listen(&self) -> TcpListener {
        TcpListener::bind((SERVER, 0)).unwrap()
    }

    /// The address of a server on `port`, as the sender sees it.
    pub(crate) fn url(&self, port: u16) -> String {
        format!("rtmp://{SERVER}:{port}/live")
    }

    /// From now on the sender's link carries so much.
    pub(crate) fn carries(&self, kbps: u32) {
        self.on_sender(&format!("tc qdisc replace dev tally1 root tbf rate {kbps}kbit burst 16kb latency 300ms"));
    }

    /// From now on so many of a hundred packets never arrive at the server, by chance: the sender's system learns of it by
    /// what is not acknowledged. They go one by one: bundled for the card, a handful of draws would decide.
    pub(crate) fn loses(&self, percent: u32) {
        self.on_sender("ip link set tally1 gso_max_segs 1");
        sh(&format!("tc qdisc add dev tally0 clsact; {}", drops("tally0 ingress", percent)));
    }

    /// Packets that never arrived so.
    pub(crate) fn lost(&self) -> u64 {
        dropped(&run("tc", ["-s", "qdisc", "show", "dev", "tally0", "clsact"]).0)
    }

    /// From now on the link carries nothing, and nobody is told.
    pub(crate) fn goes_silent(&self) {
        self.on_sender("tc qdisc replace dev tally1 root blackhole");
    }

    /// Pulls the cable out, or puts it in again: the sender's system sees it.
    pub(crate) fn cable(&self, is_in: bool) {
        sh(&format!("ip link set tally0 {}", if is_in { "up" } else { "down" }));
    }

    /// Runs `tally` on the sender's side.
    pub(crate) fn sends(&self, tally: Tally) -> Tally {
        tally.within(&format!("exec nsenter -t {} -n -- \"$@\"", self.pid))
    }

    fn on_sender(&self, script: &str) {
        let pid = self.pid.to_string();
        run("nsenter", ["-t", pid.as_str(), "-n", "--", "sh", "-e", "-c", script]);
    }
}

/// Drops so many of a hundred packets at a place that has clsact: a filter of classic BPF (`ld rand`; at least the share:
/// pass, else drop), since not every kernel has netem.
fn drops(place: &str, percent: u32) -> String {
    let share = u32::MAX / 100 * percent;
    format!("tc filter add dev {place} bpf da bytecode '4,32 0 0 4294963256,53 0 1 {share},6 0 0 0,6 0 0 2'")
}

/// The drops that `tc -s qdisc` tells.
fn dropped(told: &str) -> u64 {
    let (_, after) = told.split_once("(dropped ").unwrap_or_else(|| panic!("{told}"));
    after.split(',').next().unwrap().parse().unwrap()
}

fn sh(script: &str) {
    run("sh", ["-e", "-c", script]);
}
