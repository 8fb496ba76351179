//! What each further destination costs: the same show to one and to three, in turn. The processor's own account of every
//! thread is read while the show runs, so that the noise of encoding does not hide what sending takes.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::Plan;
use crate::clip::path;
use crate::support::nginx::Nginx;
use crate::support::process::Process;
use crate::support::time;
use crate::table::{Table, median};

/// Until the show runs evenly.
const SETTLE: Duration = Duration::from_secs(4);
/// Threads that destinations give work to.
const SENDING: [&str; 2] = ["network", "supervisor"];

/// CPU time in percent of a core: of the threads that send, of the encoder's, of all.
fn cost(destinations: usize, seconds: u32) -> [f64; 3] {
    let nginx = Nginx::start();
    let home = tempfile::tempdir().unwrap();
    let clip = format!("file:{}", path().display());
    let mut command = Command::new(env!("CARGO_BIN_EXE_tally"));
    command.args(["live", "--video", &clip, "--audio", &clip, "--size", "1280x720", "--fps", "30"]);
    command.args(["--video-bitrate", "2500k", "--audio-bitrate", "160k", "--for", "600s"]);
    for place in 0..destinations {
        command.args(["--to", &format!("{}/to{place}", nginx.url())]);
    }
    command.env("TALLY_CONFIG_DIR", home.path()).env("TALLY_STATE_DIR", home.path()).env("TALLY_NO_KEYRING", "1");
    let mut process = Process::start(&mut command);
    time::pause(SETTLE);
    let (before, began) = (threads(process.id()), time::now());
    time::pause(Duration::from_secs(seconds.into()));
    let (after, took) = (threads(process.id()), time::now() - began);
    process.signal(libc::SIGTERM);
    process.succeed(Duration::from_secs(10));
    let used = |wanted: &dyn Fn(&str) -> bool| {
        let sum =
            |threads: &[(String, f64)]| threads.iter().filter(|(name, _)| wanted(name)).map(|(_, s)| s).sum::<f64>();
        (sum(&after) - sum(&before)) / took.as_secs_f64() * 100.0
    };
    [used(&|name| SENDING.contains(&name)), used(&|name| name == "encode"), used(&|_| true)]
}

/// Every thread's name and the seconds it has run.
fn threads(process: u32) -> Vec<(String, f64)> {
    let tasks = PathBuf::from(format!("/proc/{process}/task"));
    let read = |task: PathBuf| {
        let name = std::fs::read_to_string(task.join("comm")).ok()?.trim().to_owned();
        let account = std::fs::read_to_string(task.join("schedstat")).ok()?;
        Some((name, account.split_whitespace().next()?.parse::<f64>().ok()? / 1e9))
    };
    std::fs::read_dir(tasks).unwrap().filter_map(|task| read(task.unwrap().path())).collect()
}

/// One destination and three.
pub(crate) fn measure(plan: &Plan) -> Table {
    let (mut one, mut three) = (Vec::new(), Vec::new());
    for _ in 0..plan.pairs {
        one.push(cost(1, plan.seconds));
        three.push(cost(3, plan.seconds));
    }
    let heads = ["CPU % of a core", "one", "three", "each further"];
    let mut table = Table::new("destinations, 720p30 at 2500 kb/s", &heads);
    let column = |runs: &[[f64; 3]], index: usize| median(&runs.iter().map(|run| run[index]).collect::<Vec<_>>());
    for (index, name) in ["sending (network, supervisor)", "encoding", "all threads"].into_iter().enumerate() {
        let (one, three) = (column(&one, index), column(&three, index));
        table.row(name, [format!("{one:.2}"), format!("{three:.2}"), format!("{:.2}", (three - one) / 2.0)]);
    }
    let further = (column(&three, 0) - column(&one, 0)) / 2.0;
    let share = further / column(&one, 1) * 100.0;
    table.row("each further, in % of the encoding (at most 2)", [String::new(), String::new(), format!("{share:.2}")]);
    table
}
