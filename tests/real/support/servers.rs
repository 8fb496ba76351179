//! The other real servers: FFmpeg of two generations, node-media-server and pyrtmp. Each records what it is sent.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::net::{free_port, wait_until_listening};
use super::process::Process;
use super::time;

/// What to do when a peer is not installed.
const MISSING: &str = "run packaging/setup test";

/// A server that records.
pub(crate) struct Server {
    /// Plain RTMP.
    pub(crate) port: u16,
    process: Process,
    dir: TempDir,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ffmpeg,
    NodeMediaServer,
    Pyrtmp,
}

impl Server {
    /// `ffmpeg -listen 1`: serves one publisher of `live/key` and ends.
    pub(crate) fn ffmpeg(program: &Path, key: &str) -> Self {
        let (dir, port) = (TempDir::new().unwrap(), free_port());
        let mut command = Command::new(program);
        command
            .args(["-hide_banner", "-nostdin", "-v", "warning", "-f", "flv", "-listen", "1", "-i"])
            .arg(format!("rtmp://127.0.0.1:{port}/live/{key}"))
            .args(["-c", "copy", "-copyts", "-f", "flv"])
            .arg(dir.path().join("out.flv"));
        Self::start(command, port, dir, Kind::Ffmpeg)
    }

    /// node-media-server with automatic recording.
    pub(crate) fn node_media_server() -> Self {
        let app = peers_dir().join("node_modules/node-media-server/bin/app.js");
        assert!(app.exists(), "node-media-server is not installed: {MISSING}");
        let (dir, port, http) = (TempDir::new().unwrap(), free_port(), free_port());
        let config = serde_json::json!({
            "bind": "127.0.0.1",
            "notify": { "url": "" },
            "store": { "path": dir.path().join("data"), "maxHistory": 10 },
            "auth": { "play": false, "publish": false, "secret": "",
                "jwt": { "secret": "for-tests", "expiresIn": "24h", "refreshExpiresIn": "7d", "algorithm": "HS256", "users": [] } },
            "rtmp": { "port": port },
            "http": { "port": http },
            "webadmin": { "enable": false },
            "record": { "auto": true, "path": dir.path().join("rec") },
        });
        let file = dir.path().join("config.json");
        std::fs::write(&file, config.to_string()).unwrap();
        let mut command = Command::new("node");
        command.arg(app).arg("-c").arg(file).current_dir(dir.path());
        Self::start(command, port, dir, Kind::NodeMediaServer)
    }

    /// pyrtmp with a controller that writes FLV.
    pub(crate) fn pyrtmp() -> Self {
        let python = peers_dir().join("venv/bin/python");
        assert!(python.exists(), "pyrtmp is not installed: {MISSING}");
        let (dir, port) = (TempDir::new().unwrap(), free_port());
        let script = dir.path().join("server.py");
        std::fs::write(&script, include_str!("pyrtmp_server.py")).unwrap();
        let mut command = Command::new(python);
        command.arg(script).arg(port.to_string()).arg(dir.path().join("out.flv"));
        Self::start(command, port, dir, Kind::Pyrtmp)
    }

    fn start(mut command: Command, port: u16, dir: TempDir, kind: Kind) -> Self {
        let mut process = Process::start(&mut command);
        wait_until_listening(port, &mut process);
        Self { port, process, dir, kind }
    }

    /// `rtmp://…/live`.
    pub(crate) fn url(&self) -> String {
        format!("rtmp://127.0.0.1:{}/live", self.port)
    }

    /// Waits until the recording is complete and returns it.
    pub(crate) fn recording(&mut self) -> PathBuf {
        match self.kind {
            Kind::Ffmpeg => {
                // With an endless stream cut by a close, FFmpeg ends with an end of file or an input/output error.
                self.process.wait(Duration::from_secs(15));
                self.dir.path().join("out.flv")
            }
            Kind::NodeMediaServer => {
                let dir = self.dir.path().join("rec");
                self.settled(|| files_below(&dir).into_iter().find(|path| path.extension().is_some_and(|e| e == "flv")))
            }
            Kind::Pyrtmp => {
                let path = self.dir.path().join("out.flv");
                let done =
                    time::poll(Duration::from_secs(20), || self.process.stdout.text().contains("closed").then_some(()));
                assert!(done.is_some(), "the publisher never left\n{}", self.process.story());
                path
            }
        }
    }

    /// The file that `find` finds, once it has stopped growing for half a second.
    fn settled(&self, find: impl Fn() -> Option<PathBuf>) -> PathBuf {
        let mut seen = (None, 0);
        let path = time::poll(Duration::from_secs(10), || {
            let path = find()?;
            let length = std::fs::metadata(&path).ok()?.len();
            seen = if seen.0 == Some(length) { (Some(length), seen.1 + 1) } else { (Some(length), 0) };
            (length > 0 && seen.1 > 34).then_some(path)
        });
        path.unwrap_or_else(|| panic!("no recording\n{}", self.process.story()))
    }
}

/// Debian's FFmpeg.
pub(crate) fn system_ffmpeg() -> PathBuf {
    PathBuf::from("ffmpeg")
}

/// The newest FFmpeg that the Python package `imageio-ffmpeg` carries.
pub(crate) fn new_ffmpeg() -> PathBuf {
    let venv = peers_dir().join("venv/bin/python");
    let python = if venv.exists() { venv } else { PathBuf::from("python3") };
    let code = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())";
    let found = Command::new(python).args(["-c", code]).output().ok().filter(|output| output.status.success());
    let Some(found) = found else { panic!("imageio-ffmpeg is not installed: {MISSING}") };
    PathBuf::from(String::from_utf8(found.stdout).unwrap().trim())
}

/// Where `packaging/setup test` puts the peers.
fn peers_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers")
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}
