//! How like the clip the picture is that arrives (SSIM), and at what rate.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::Plan;
use crate::clip::{CLIP_FRAMES, Contestant, path};
use crate::measure::run;
use crate::support::media::Recording;
use crate::support::nginx::Nginx;
use crate::table::{Table, median};

/// Pictures are aligned by their small grey likenesses.
const SMALL: (usize, usize) = (64, 36);

pub(crate) fn measure(plan: &Plan) -> Table {
    let heads = ["the clip at 2500 kb/s", "SSIM", "kb/s"];
    let mut table = Table::new("quality", &heads);
    // Encoders are deterministic but for the place where they start: two runs are enough.
    let runs = plan.pairs.min(2);
    for contestant in Contestant::ALL {
        let (mut ssims, mut rates) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            let nginx = Nginx::start();
            let home = tempfile::tempdir().unwrap();
            run(&mut contestant.command(&nginx.url(), plan.seconds, home.path()));
            let recorded = nginx.recording();
            ssims.push(ssim(&recorded));
            rates.push(Recording::read(&recorded).video_kbps());
        }
        table.row(&contestant.name(), [format!("{:.4}", median(&ssims)), format!("{:.0}", median(&rates))]);
    }
    table
}

/// SSIM of a recording to the clip, picture by picture from where it begins.
fn ssim(recorded: &Path) -> f64 {
    let start = place_of(recorded);
    let graph = format!(
        "[0:v]setpts=PTS-STARTPTS,fps=30[a];[1:v]trim=start_frame={start},setpts=PTS-STARTPTS,fps=30[b];[a][b]ssim=shortest=1"
    );
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostdin", "-i"]).arg(recorded).args(["-stream_loop", "1", "-i"]).arg(path());
    command.args(["-lavfi", &graph, "-f", "null", "-"]);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let found = text.rsplit_once("All:").and_then(|(_, tail)| tail.split_whitespace().next()?.parse().ok());
    found.unwrap_or_else(|| panic!("no SSIM in\n{text}"))
}

/// The picture of the clip with which the recording begins.
fn place_of(recorded: &Path) -> usize {
    const COMPARED: usize = 15;
    let clip = small_pictures(&path(), CLIP_FRAMES);
    let begin = small_pictures(recorded, COMPARED);
    let difference = |start: usize| -> u64 {
        let pairs = begin.iter().enumerate().map(|(i, picture)| (picture, &clip[(start + i) % clip.len()]));
        pairs.map(|(a, b)| a.iter().zip(b).map(|(&a, &b)| u64::from(a.abs_diff(b))).sum::<u64>()).sum()
    };
    (0..clip.len()).min_by_key(|&start| difference(start)).unwrap_or(0)
}

fn small_pictures(path: &Path, count: usize) -> Vec<Vec<u8>> {
    let (width, height) = SMALL;
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-i"]).arg(path).args(["-frames:v", &count.to_string()]);
    command.args([
        "-vf",
        &format!("scale={width}:{height}:flags=area"),
        "-pix_fmt",
        "gray",
        "-f",
        "rawvideo",
        "pipe:1",
    ]);
    let output = command.stdin(Stdio::null()).output().unwrap();
    output.stdout.chunks_exact(width * height).map(<[u8]>::to_vec).collect()
}
