//! nginx with its RTMP module, one private instance per test, which records every stream.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::certs::Certificates;
use super::net::{free_port, wait_until_listening};
use super::process::Process;
use super::time;

/// How to run it.
#[derive(Default)]
pub(crate) struct Options<'a> {
    /// The port of [`super::hooks::Hooks`] to be asked for each `connect`.
    pub(crate) on_connect: Option<u16>,
    /// The same for each `publish`.
    pub(crate) on_publish: Option<u16>,
    /// Serve RTMPS as well, with these.
    pub(crate) certificates: Option<&'a Certificates>,
}

/// A running nginx.
pub(crate) struct Nginx {
    /// Plain RTMP.
    pub(crate) port: u16,
    /// RTMPS, if it has certificates.
    pub(crate) tls_port: u16,
    process: Process,
    dir: TempDir,
}

impl Nginx {
    /// One that takes everything.
    pub(crate) fn start() -> Self {
        Self::with(&Options::default())
    }

    /// One with hooks or TLS.
    pub(crate) fn with(options: &Options<'_>) -> Self {
        let dir = TempDir::new().unwrap();
        std::fs::create_dir(dir.path().join("rec")).unwrap();
        let (port, tls_port) = (free_port(), free_port());
        std::fs::write(dir.path().join("nginx.conf"), config(&dir, port, tls_port, options)).unwrap();
        Self { process: launch(&dir, port), port, tls_port, dir }
    }

    /// `rtmp://…/live`.
    pub(crate) fn url(&self) -> String {
        format!("rtmp://127.0.0.1:{}/live", self.port)
    }

    /// `rtmps://…/live`.
    pub(crate) fn tls_url(&self) -> String {
        format!("rtmps://127.0.0.1:{}/live", self.tls_port)
    }

    /// Kills it at once, connections and all.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again on the same ports.
    pub(crate) fn restart(&mut self) {
        self.process = launch(&self.dir, self.port);
    }

    /// What it wrote to its error log.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("error.log")).unwrap_or_default()
    }

    /// The recordings so far, in the order of their making.
    pub(crate) fn recordings(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> = std::fs::read_dir(self.dir.path().join("rec"))
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.metadata().unwrap().created().ok(), entry.path()))
            .collect();
        files.sort();
        files.into_iter().map(|(_, path)| path).collect()
    }

    /// Waits until the publisher's end has been recorded (nobody is publishing any more) and returns the only recording.
    pub(crate) fn recording(&self) -> PathBuf {
        let done = time::poll(Duration::from_secs(5), || {
            let log = self.log();
            (log.contains("record: closed") || log.contains("disconnect")).then_some(())
        });
        assert!(done.is_some(), "the publisher never left\n{}", self.log());
        let files = self.recordings();
        assert_eq!(files.len(), 1, "recordings: {files:?}");
        files.into_iter().next().unwrap()
    }
}

fn launch(dir: &TempDir, port: u16) -> Process {
    let mut command = Command::new("nginx");
    command.arg("-p").arg(dir.path()).arg("-c").arg("nginx.conf").args(["-e", "stderr"]);
    let mut process = Process::start(&mut command);
    wait_until_listening(port, &mut process);
    process
}

fn config(dir: &TempDir, port: u16, tls_port: u16, options: &Options<'_>) -> String {
    let dir = dir.path().display();
    let hook = |name: &str, port: Option<u16>| {
        port.map_or(String::new(), |port| format!("{name} http://127.0.0.1:{port}/{name};"))
    };
    let on_connect = hook("on_connect", options.on_connect);
    let on_publish = hook("on_publish", options.on_publish);
    let (tls_module, tls) = options.certificates.map_or_else(Default::default, |certificates| {
        let (cert, key) = (certificates.cert.display(), certificates.key.display());
        (
            "load_module /usr/lib/nginx/modules/ngx_stream_module.so;",
            format!(
                "stream {{ server {{ listen 127.0.0.1:{tls_port} ssl; ssl_certificate {cert}; ssl_certificate_key {key}; \
                 proxy_pass 127.0.0.1:{port}; }} }}"
            ),
        )
    });
    format!(
        "load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
{tls_module}
daemon off;
user root;
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/error.log info;
events {{ worker_connections 64; }}
rtmp {{
  server {{
    listen 127.0.0.1:{port};
    {on_connect}
    application live {{ live on; record all; record_path {dir}/rec; record_unique on; {on_publish} }}
  }}
}}
{tls}
"
    )
}
