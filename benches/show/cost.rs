//! CPU seconds per streamed second, memory and threads, in turn.

use std::process::Command;

use crate::Plan;
use crate::clip::{CLIP_SECONDS, Contestant, path};
use crate::floor::{self, Pace};
use crate::measure::run;
use crate::support::media::Recording;
use crate::support::nginx::Nginx;
use crate::table::{Table, median};

pub(crate) fn measure(plan: &Plan) -> Table {
    let mut runs: Vec<Vec<[f64; 4]>> = vec![Vec::new(); Contestant::ALL.len()];
    let (mut decode, mut floors, mut paced_floors) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.pairs {
        for (contestant, runs) in Contestant::ALL.into_iter().zip(&mut runs) {
            let nginx = Nginx::start();
            let home = tempfile::tempdir().unwrap();
            let usage = run(&mut contestant.command(&nginx.url(), plan.seconds, home.path()));
            let recording = Recording::read(&nginx.recording());
            // Divided by what arrived: start and end are part of the cost, not of the show.
            let seconds = recording.video_ms() / 1000.0;
            let frames_per_second = recording.video.len() as f64 / seconds;
            runs.push([usage.cpu_seconds / seconds, usage.rss_mib, usage.threads as f64, frames_per_second]);
        }
        floors.push(floor::cpu_per_second(Pace::AtOnce, plan.seconds));
        paced_floors.push(floor::cpu_per_second(Pace::Show, plan.seconds));
        decode.push(decode_alone());
    }
    let heads = ["cost of the 24 s clip", "CPU s per s", "RSS MiB", "threads", "fps arrived"];
    let mut table = Table::new("720p30 at 2500 kb/s into nginx-rtmp", &heads);
    for (contestant, runs) in Contestant::ALL.into_iter().zip(&runs) {
        let column = |index: usize| median(&runs.iter().map(|run| run[index]).collect::<Vec<_>>());
        let cells = [
            format!("{:.3}", column(0)),
            format!("{:.1}", column(1)),
            format!("{:.0}", column(2)),
            format!("{:.2}", column(3)),
        ];
        table.row(&contestant.name(), cells);
    }
    let ours: Vec<_> = runs[0].iter().map(|run| run[0]).collect();
    // Run by run: neighbours in time share what else the computer does.
    let ratio = |floors: &[f64]| median(&ours.iter().zip(floors).map(|(ours, floor)| ours / floor).collect::<Vec<_>>());
    for (name, cell) in [
        ("floor: decode and encode alone", format!("{:.3}", median(&floors))),
        ("the same, paced like a show", format!("{:.3}", median(&paced_floors))),
        ("tally live / floor (at most 1.10)", format!("{:.2}", ratio(&floors))),
        ("tally live / paced floor", format!("{:.2}", ratio(&paced_floors))),
        ("ffmpeg, decoding alone", format!("{:.3}", median(&decode))),
    ] {
        table.row(name, [cell, "-".to_owned(), "-".to_owned(), "-".to_owned()]);
    }
    table
}

/// What decoding a second of the clip costs FFmpeg on one thread.
fn decode_alone() -> f64 {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-threads", "1", "-i"]).arg(path()).args(["-f", "null", "-"]);
    run(&mut command).cpu_seconds / CLIP_SECONDS
}
