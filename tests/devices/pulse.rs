//! A PulseAudio server that nobody hears.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::process::Process;
use super::time;

/// A running server with one output, `tally`, whose monitor is its default input.
pub(crate) struct Pulse {
    folder: PathBuf,
    server: Option<Process>,
    extra: Vec<String>,
}

impl Pulse {
    /// Starts one that has its socket in `folder`, with further modules; all its sources are there when this returns.
    pub(crate) fn start(folder: &Path, extra: &[String]) -> Self {
        let mut pulse = Self { folder: folder.to_owned(), server: None, extra: extra.to_vec() };
        pulse.restart();
        pulse
    }

    /// As `PULSE_SERVER` has it.
    pub(crate) fn server(&self) -> String {
        format!("unix:{}", self.folder.join("native").display())
    }

    /// Ends it without a word to its clients.
    pub(crate) fn kill(&mut self) {
        self.server = None;
        drop(std::fs::remove_file(self.folder.join("native")));
    }

    /// Starts it again.
    pub(crate) fn restart(&mut self) {
        let socket = self.folder.join("native");
        let mut command = self.client("pulseaudio");
        command
            .args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--log-target=stderr"])
            .arg("-L")
            .arg(format!("module-native-protocol-unix socket={} auth-anonymous=1", socket.display()))
            .args(["-L", "module-null-sink sink_name=tally rate=48000 channels=2"]);
        for module in &self.extra {
            command.args(["-L", module]);
        }
        command.env_remove("PULSE_SERVER");
        let server = Process::start(&mut command);
        // The socket is there before the sources are, and a server that has just started may still turn clients away.
        let sources = self.extra.iter().filter_map(|module| module.split("source_name=").nth(1)?.split(' ').next());
        let sources: Vec<&str> = sources.chain(["tally.monitor"]).collect();
        let listed = time::poll(Duration::from_secs(20), || {
            let listed = self.client("pactl").args(["list", "short", "sources"]).output().ok()?.stdout;
            let listed = String::from_utf8_lossy(&listed).into_owned();
            sources.iter().all(|source| listed.split_whitespace().any(|word| word == *source)).then_some(())
        });
        assert!(listed.is_some(), "no PulseAudio server with {sources:?}\n{}", server.story());
        self.server = Some(server);
    }

    /// How loud its output is, in percent as `pactl` takes them: 58 % are -14 dB.
    pub(crate) fn set_volume(&self, volume: &str) {
        let status = self.client("pactl").args(["set-sink-volume", "tally", volume]).status();
        assert!(status.is_ok_and(|status| status.success()), "pactl refused {volume}");
    }

    /// Plugs in a device: gives the number by which it is pulled out.
    pub(crate) fn plug_in(&self, module: &str) -> String {
        let loaded = self.client("pactl").arg("load-module").args(module.split(' ')).output().unwrap();
        assert!(loaded.status.success(), "pactl does not load {module}");
        String::from_utf8_lossy(&loaded.stdout).trim().to_owned()
    }

    /// Pulls a device out.
    pub(crate) fn pull_out(&self, number: &str) {
        let status = self.client("pactl").args(["unload-module", number]).status();
        assert!(status.is_ok_and(|status| status.success()), "pactl does not unload {number}");
    }

    /// Plays a file until it is dropped or over.
    pub(crate) fn play(&self, file: &Path) -> Process {
        Process::start(self.client("paplay").args(["--device=tally"]).arg(file))
    }

    /// How many programs are connected, this question among them.
    pub(crate) fn connections(&self) -> usize {
        let listed = self.client("pactl").args(["list", "short", "clients"]).output().unwrap();
        assert!(listed.status.success(), "pactl does not list its clients");
        String::from_utf8_lossy(&listed.stdout).lines().count()
    }

    /// A program (of the packages pulseaudio and pulseaudio-utils) that talks to this server.
    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("PULSE_SERVER", self.server()).env("HOME", &self.folder).env("XDG_RUNTIME_DIR", &self.folder);
        command
    }
}
