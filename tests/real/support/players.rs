//! Real players for our own server, each of which writes what it gets as FLV: FFmpeg, GStreamer and rtmpdump.

use std::path::Path;
use std::process::Command;

use super::process::Process;

/// Which player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Player<'a> {
    /// FFmpeg of any generation.
    Ffmpeg(&'a Path),
    /// GStreamer's own.
    Rtmp2src,
    /// librtmp's own program.
    Rtmpdump,
}

impl Player<'_> {
    /// Plays `url` to its end into `file`.
    pub(crate) fn start(self, url: &str, file: &Path) -> Process {
        let mut command = match self {
            Self::Ffmpeg(program) => {
                let mut command = Command::new(program);
                command.args(["-hide_banner", "-nostdin", "-v", "warning"]);
                // The certificates here are by nobody that it knows.
                if url.starts_with("rtmps") {
                    command.args(["-tls_verify", "0"]);
                }
                command.args(["-i", url, "-c", "copy", "-f", "flv"]).arg(file);
                command
            }
            Self::Rtmp2src => {
                let mut command = Command::new("gst-launch-1.0");
                command.args(["-e", "rtmp2src"]).arg(format!("location={url}"));
                if url.starts_with("rtmps") {
                    command.arg("tls-validation-flags=0");
                }
                command.args(["!", "filesink"]).arg(format!("location={}", file.display()));
                command
            }
            Self::Rtmpdump => {
                let mut command = Command::new("rtmpdump");
                command.args(["-q", "-v", "-r", url, "-o"]).arg(file);
                command
            }
        };
        Process::start(&mut command)
    }
}

/// Plays `url` to its end and prints a checksum of each packet as it came: `-c copy -f framemd5`.
pub(crate) fn ffmpeg_checksums(program: &Path, url: &str) -> Process {
    let mut command = Command::new(program);
    command.args(["-hide_banner", "-nostdin", "-v", "error", "-i", url, "-c", "copy", "-f", "framemd5", "-"]);
    Process::start(&mut command)
}

/// The size and checksum of each packet, by stream.
pub(crate) fn checksums(printed: &str) -> [Vec<String>; 2] {
    let mut streams = [Vec::new(), Vec::new()];
    for line in printed.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<_> = line.split(',').map(str::trim).collect();
        let place: usize = words[0].parse().unwrap();
        // Packets without a byte are FFmpeg's own notes on new parameters.
        if words[4] != "0" {
            streams[place].push(words[4..].join(" "));
        }
    }
    streams
}
