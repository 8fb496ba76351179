//! Real publishers for our own server, and for the harness to prove itself on: FFmpeg and GStreamer.

use std::path::Path;
use std::process::Command;

use super::process::Process;

/// Pictures that each of these publishers sends.
pub(crate) const FRAMES: usize = 90;

/// FFmpeg sends `FRAMES` pictures at 30 a second, and sound, in real time.
pub(crate) fn ffmpeg(program: &Path, url: &str) -> Process {
    let mut command = Command::new(program);
    command.args([
        "-hide_banner",
        "-nostdin",
        "-v",
        "warning",
        "-re",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=320x180:rate=30",
    ]);
    command.args(["-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"]);
    command.args(["-frames:v", &FRAMES.to_string(), "-t", "3", "-pix_fmt", "yuv420p", "-c:v", "libx264"]);
    command.args([
        "-preset",
        "ultrafast",
        "-tune",
        "zerolatency",
        "-g",
        "60",
        "-c:a",
        "aac",
        "-b:a",
        "64k",
        "-f",
        "flv",
        url,
    ]);
    Process::start(&mut command)
}

/// Which of GStreamer's two RTMP publishers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Gst {
    /// Its own.
    Rtmp2,
    /// librtmp's.
    Librtmp,
}

/// GStreamer sends `FRAMES` pictures at 30 a second, and sound, in real time.
pub(crate) fn gstreamer(element: Gst, url: &str) -> Process {
    let sink = match element {
        Gst::Rtmp2 => format!("rtmp2sink location={url}"),
        Gst::Librtmp => format!("rtmpsink location={url}"),
    };
    // On a busy machine the muxer gives what comes late the time of what came before, unless it may wait for it (ns).
    let pipeline = format!(
        "videotestsrc is-live=true num-buffers={FRAMES} ! video/x-raw,width=320,height=180,framerate=30/1 ! \
         x264enc tune=zerolatency speed-preset=ultrafast key-int-max=60 bitrate=400 ! h264parse ! queue ! \
         flvmux name=mux streamable=true latency=1000000000 ! {sink} \
         audiotestsrc is-live=true num-buffers=140 samplesperbuffer=1024 ! audio/x-raw,rate=48000,channels=2 ! \
         voaacenc bitrate=64000 ! aacparse ! queue ! mux."
    );
    let mut command = Command::new("gst-launch-1.0");
    command.arg("-e").args(pipeline.split_whitespace());
    // A private plugin registry would be rebuilt at each start; the shared one is read only.
    Process::start(&mut command)
}

/// FFmpeg sends the flash and the beep of each full second in real time until it is ended; `coding` says how.
pub(crate) fn signal(program: &Path, size: &str, fps: u32, coding: &str, url: &str) -> Process {
    let picture = format!(
        "testsrc2=size={size}:rate={fps},drawbox=x=iw/2:y=ih/2:w=iw/2:h=ih/2:t=fill:color=black,\
         drawbox=x=iw/2:y=ih/2:w=iw/2:h=ih/2:t=fill:color=white:enable='lt(mod(t,1),0.1)'"
    );
    let sound = "aevalsrc='(0.1+0.5*lt(mod(t,1),0.1))*sin(2*PI*1000*t)':sample_rate=44100";
    let mut command = Command::new(program);
    command.args(["-hide_banner", "-nostdin", "-v", "warning"]);
    command.args(["-re", "-f", "lavfi", "-i", &picture, "-re", "-f", "lavfi", "-i", sound]);
    command.args(["-pix_fmt", "yuv420p", "-g", &fps.to_string()]).args(coding.split_whitespace());
    command.args(["-f", "flv", url]);
    Process::start(&mut command)
}
