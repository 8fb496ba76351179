//! Clips to stream, made by FFmpeg once for all tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::process::Process;

/// A clip of 4 s, 640x360 at 30 fps with B-frames and AAC: noisy enough to need its bitrate and cheap to decode, with the flash in the
/// lower right quarter and a beep at each full second.
pub(crate) fn signal_clip() -> PathBuf {
    make("signal-4s-b.mp4", |path| {
        let flash = "drawbox=x=iw/2:y=ih/2:w=iw/2:h=ih/2:t=fill:color=black,\
                     drawbox=x=iw/2:y=ih/2:w=iw/2:h=ih/2:t=fill:color=white:enable='lt(mod(t,1),0.1)'";
        let sound = "aevalsrc='0.1*sin(2*PI*440*t)+0.5*lt(mod(t,1),0.1)*sin(2*PI*1000*t)':sample_rate=48000:duration=4";
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i"]);
        command.arg(format!("testsrc2=size=640x360:rate=30:duration=4,noise=alls=9:allf=t,{flash}"));
        command.args(["-f", "lavfi", "-i", sound, "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast"]);
        command.args(["-bf", "2", "-crf", "24", "-g", "60", "-c:a", "aac", "-b:a", "128k", "-ac", "2"]).arg(path);
        command
    })
}

/// A clip of 6 s, 640x360 at 30 fps: a zoom with so much noise that any encoder needs all of its rate.
pub(crate) fn noisy_clip() -> PathBuf {
    make("noisy-6s.mp4", |path| {
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i"]);
        command.arg("mandelbrot=size=640x360:rate=30,gblur=1.2,noise=alls=12:allf=t");
        command.args(["-t", "6", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "18"]);
        command.args(["-g", "60"]).arg(path);
        command
    })
}

/// Makes `name` unless it is there; a half-made clip is never seen under its name.
fn make(name: &str, command: impl FnOnce(&Path) -> Command) -> PathBuf {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/clips");
    let path = dir.join(name);
    if !path.exists() {
        std::fs::create_dir_all(&dir).unwrap();
        let scratch = tempfile::tempdir_in(&dir).unwrap();
        let made = scratch.path().join(name);
        Process::start(&mut command(&made)).succeed(Duration::from_secs(60));
        std::fs::rename(made, &path).unwrap();
    }
    path
}
