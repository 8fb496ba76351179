//! Two computers and the link between them, played by the system itself: network namespaces joined by a pair of virtual
//! cards, or by a way that takes a while (`far.py`), with a token bucket on the sender's card. The test runs once more, as
//! a child, on the server's side.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::process::{Process, run};
use super::tally::Tally;
use super::time;

/// Set in the child.
const INSIDE: &str = "TALLY_TEST_INSIDE";
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 3);

/// How long a packet is on its way.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// No time at all.
    Short,
    /// So long there and so long back, each up to `jitter_ms` more by chance.
    Far { one_way_ms: u32, jitter_ms: u32 },
}

/// The server's side, with a grip on the sender's.
pub(crate) struct Network {
    /// Holds the sender's namespace open.
    _sender: Process,
    /// Carries the packets where the way is far.
    carrier: Option<Carrier>,
    pid: u32,
}

/// Runs `work` on the server's side; `test` is the whole name of the test that calls. Where the system gives no namespaces
/// to play with, it says that nothing was tested.
pub(crate) fn with_a_link(test: &str, limit: Duration, work: impl FnOnce(&Network)) {
    with_a_way(test, limit, Way::Short, work);
}

/// `with_a_link` that is as long as `way` says.
pub(crate) fn with_a_way(test: &str, limit: Duration, way: Way, work: impl FnOnce(&Network)) {
    if std::env::var_os(INSIDE).is_some() {
        work(&Network::build(way));
        return;
    }
    let mut allowed = Process::start(Command::new("unshare").args(["-Urn", "true"]));
    if !allowed.wait(Duration::from_secs(10)).success() {
        super::not_tested("this system gives no network namespaces to play a link with");
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
    fn build(way: Way) -> Self {
        let sender = Process::start(Command::new("unshare").args(["-n", "sleep", "3600"]));
        let pid = sender.id();
        let namespace = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/net")).ok();
        let own = namespace("self");
        time::poll(Duration::from_secs(10), || namespace(&pid.to_string()).filter(|other| Some(other) != own.as_ref()))
            .unwrap();
        let carrier = match way {
            Way::Short => {
                sh("ip link add dev tally0 type veth peer name tally1");
                None
            }
            Way::Far { one_way_ms, jitter_ms } => Some(Carrier::start(one_way_ms, jitter_ms)),
        };
        sh(&format!(
            "ip link set lo up; ip addr add {SERVER}/24 dev tally0; ip link set tally0 up; ip link set tally1 netns {pid}"
        ));
        let network = Self { _sender: sender, carrier, pid };
        network.on_sender("ip link set lo up; ip addr add 10.77.0.2/24 dev tally1; ip link set tally1 up");
        if knows_congestion_control("cubic") {
            network.controls_congestion_by("cubic");
        }
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

    /// From now on the link carries so much: by the sender's card, or where the way is far by a router on it.
    pub(crate) fn carries(&self, kbps: u32) {
        if let Some(carrier) = &self.carrier {
            carrier.carries(kbps);
            return;
        }
        self.on_sender(&format!("tc qdisc replace dev tally1 root tbf rate {kbps}kbit burst 16kb latency 300ms"));
    }

    /// How the sender's system controls congestion on connections from now on; at first as most systems do.
    pub(crate) fn controls_congestion_by(&self, algorithm: &str) {
        let route = "10.77.0.0/24 dev tally1 proto kernel scope link src 10.77.0.2";
        self.on_sender(&format!("ip route change {route} congctl {algorithm}"));
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

    /// Another address of the server's side, and a port of it to listen on.
    pub(crate) fn listen_elsewhere(&self) -> TcpListener {
        sh(&format!("ip addr add {ELSEWHERE}/24 dev tally0"));
        TcpListener::bind((ELSEWHERE, 0)).unwrap()
    }

    /// From now on the first of its addresses gets nothing, and nobody is told: a filter of classic BPF (the address that a
    /// packet goes to: drop, else pass).
    pub(crate) fn first_address_goes_silent(&self) {
        let address = u32::from(SERVER);
        let filter = format!("4,32 0 0 30,21 0 1 {address},6 0 0 2,6 0 0 0");
        self.on_sender("tc qdisc add dev tally1 clsact");
        self.on_sender(&format!("tc filter add dev tally1 egress bpf da bytecode '{filter}'"));
    }

    /// Pulls the cable out, or puts it in again: the sender's system sees it.
    pub(crate) fn cable(&self, is_in: bool) {
        sh(&format!("ip link set tally0 {}", if is_in { "up" } else { "down" }));
    }

    /// Runs `tally` on the sender's side.
    pub(crate) fn sends(&self, tally: Tally) -> Tally {
        tally.within(&format!("exec nsenter -t {} -n -- \"$@\"", self.pid))
    }

    /// A tunnel on the sender's side to a server's `port`, with the address of its mouth.
    pub(crate) fn tunnel(&self, port: u16) -> (Process, String) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/support/tunnel.py");
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.pid.to_string(), "-n", "--", "python3"]).arg(script);
        let process = Process::start(command.args([SERVER.to_string(), port.to_string()]));
        let mouth = wait_until_ready(&process);
        (process, format!("rtmp://127.0.0.1:{mouth}/live"))
    }

    fn on_sender(&self, script: &str) {
        let pid = self.pid.to_string();
        run("nsenter", ["-t", pid.as_str(), "-n", "--", "sh", "-e", "-c", script]);
    }
}

/// The program between the cards `tally0` and `tally1`, which it makes.
struct Carrier {
    _process: Process,
    orders: u16,
}

impl Carrier {
    fn start(one_way_ms: u32, jitter_ms: u32) -> Self {
        sh("ip link set lo up");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/support/far.py");
        let mut command = Command::new("python3");
        let process = Process::start(command.arg(script).args([one_way_ms, jitter_ms].map(|ms| ms.to_string())));
        let orders = wait_until_ready(&process);
        Self { _process: process, orders }
    }

    fn carries(&self, kbps: u32) {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.send_to(kbps.to_string().as_bytes(), (Ipv4Addr::LOCALHOST, self.orders)).unwrap();
    }
}

/// The port that a program tells when it is ready.
fn wait_until_ready(process: &Process) -> u16 {
    let port = time::poll(Duration::from_secs(10), || {
        process.stdout.text().strip_prefix("ready ")?.lines().next()?.parse().ok()
    });
    port.unwrap_or_else(|| panic!("{}", process.story()))
}

/// Whether this system can control congestion so; if not, it says that nothing was tested.
pub(crate) fn knows_congestion_control(algorithm: &str) -> bool {
    let known = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_available_congestion_control").unwrap_or_default();
    let knows = known.split_whitespace().any(|known| known == algorithm);
    if !knows {
        super::not_tested(&format!("this system has no congestion control {algorithm}"));
    }
    knows
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
