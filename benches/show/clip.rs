//! The clip that everybody streams, and the contestants' command lines.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::support::process::Process;

/// Rate of the picture.
pub(crate) const VIDEO_RATE: &str = "2500k";
/// Rate of the sound.
const AUDIO_RATE: &str = "160k";
/// Length of the clip.
pub(crate) const CLIP_SECONDS: f64 = 24.0;
/// Pictures of the clip.
pub(crate) const CLIP_FRAMES: usize = 24 * 30;

/// Who streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contestant {
    /// The built program.
    Tally,
    /// FFmpeg with an x264 preset.
    X264(&'static str),
}

impl Contestant {
    /// In the order of their turns.
    pub(crate) const ALL: [Self; 4] =
        [Self::Tally, Self::X264("ultrafast"), Self::X264("superfast"), Self::X264("veryfast")];

    /// For the table.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Tally => "tally live".to_owned(),
            Self::X264(preset) => format!("ffmpeg x264 {preset}"),
        }
    }

    /// Streams the clip to `url` (with the key `bench`) for `seconds`; `home` is an empty folder.
    pub(crate) fn command(self, url: &str, seconds: u32, home: &Path) -> Command {
        let clip = path();
        match self {
            Self::Tally => {
                let clip = format!("file:{}", clip.display());
                let mut command = tally_command(url, seconds, home);
                command.args(["--video", &clip, "--audio", &clip]);
                command
            }
            Self::X264(preset) => {
                let mut command = Command::new("ffmpeg");
                command.args(["-hide_banner", "-nostdin", "-v", "error", "-re", "-stream_loop", "-1", "-i"]).arg(clip);
                command.args([
                    "-t",
                    &seconds.to_string(),
                    "-c:v",
                    "libx264",
                    "-preset",
                    preset,
                    "-tune",
                    "zerolatency",
                ]);
                command.args(["-b:v", VIDEO_RATE, "-maxrate", VIDEO_RATE, "-bufsize", VIDEO_RATE, "-g", "60"]);
                command.args(["-c:a", "aac", "-b:a", AUDIO_RATE, "-f", "flv"]).arg(format!("{url}/bench"));
                command
            }
        }
    }
}

/// `tally live` without sources.
pub(crate) fn tally_command(url: &str, seconds: u32, home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tally"));
    command.args(["live", "--json", "--record", "off", "--size", "1280x720", "--fps", "30", "--to", url]);
    command.args(["--video-bitrate", VIDEO_RATE, "--audio-bitrate", AUDIO_RATE, "--for", &format!("{seconds}s")]);
    command.env("TALLY_KEY", "bench").env("HOME", home).env("XDG_CONFIG_HOME", home.join("config"));
    command
}

/// 24 s of 1280x720 at 30 fps: a zoom into the Mandelbrot set with noise that changes in each picture, and a tone.
pub(crate) fn path() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench");
    let path = folder.join("clip.mp4");
    if !path.exists() {
        std::fs::create_dir_all(&folder).unwrap();
        let half_made = folder.join("half-made.mp4");
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i"]);
        command.arg("mandelbrot=size=1280x720:rate=30,gblur=1.2,noise=alls=4:allf=t");
        command.args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", "24", "-pix_fmt", "yuv420p"]);
        command.args(["-c:v", "libx264", "-preset", "medium", "-crf", "16", "-g", "60", "-c:a", "aac", "-b:a", "160k"]);
        command.args(["-ac", "2"]).arg(&half_made);
        Process::start(&mut command).succeed(Duration::from_secs(600));
        std::fs::rename(half_made, &path).unwrap();
    }
    path
}
