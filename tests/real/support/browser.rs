//! A real browser, driven over ChromeDriver (W3C WebDriver): it shows pages, tells what is on them, and takes pictures of
//! what is seen.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use base64::Engine;
use image::RgbImage;
use serde_json::{Value, json};
use tally::clock::unix_time;
use tally::media::{Picture, Size};
use tally::video::read_block_time;
use tempfile::TempDir;

use super::process::Process;
use super::time;

const LIMIT: Duration = Duration::from_secs(30);
/// The block pattern's clock counts so many milliseconds.
const CLOCK_BITS: u32 = 28;

/// One browser with one page.
pub(crate) struct Browser {
    driver: Process,
    port: u16,
    session: String,
    _profile: TempDir,
}

/// Where a program is, by `PATH`.
fn program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file()))
}

impl Browser {
    /// Opens one. `None` on systems whose packages have no browser that can be installed for a test (Ubuntu's is a snap).
    pub(crate) fn open() -> Option<Self> {
        let browser = program(&["chromium", "google-chrome", "chromium-browser"]);
        let driver = program(&["chromedriver"]);
        let (Some(browser), Some(driver)) = (browser, driver) else {
            let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
            assert!(!release.contains("ID=debian"), "no chromium and chromedriver: packaging/setup test installs them");
            super::not_tested("there is no chromium with chromedriver here");
            return None;
        };
        let profile = TempDir::new().unwrap();
        let mut command = Command::new(driver);
        let driver = Process::start(command.arg("--port=0").env("HOME", profile.path()));
        let port = time::poll(LIMIT, || {
            let text = driver.stdout.text();
            let (_, rest) = text.split_once("started successfully on port ")?;
            rest.split('.').next()?.parse().ok()
        });
        let port = port.unwrap_or_else(|| panic!("no port of chromedriver\n{}", driver.story()));
        let mut opened = Self { driver, port, session: String::new(), _profile: profile };
        let session = opened.call("POST", "/session", &opened.capabilities(&browser));
        opened.session = session["sessionId"].as_str().unwrap_or_else(|| panic!("{session}")).to_owned();
        Some(opened)
    }

    fn capabilities(&self, browser: &Path) -> Value {
        let profile = format!("--user-data-dir={}", self._profile.path().display());
        let args = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--window-size=1280,800",
            &profile,
        ];
        let options = json!({ "binary": browser, "args": args });
        json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" },
        } } })
    }

    /// Shows a page.
    pub(crate) fn show(&mut self, url: &str) {
        self.command("POST", "/url", &json!({ "url": url }));
    }

    /// What a script returns.
    pub(crate) fn run(&mut self, script: &str) -> Value {
        self.command("POST", "/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// What scripts of the page have complained of.
    pub(crate) fn complaints(&mut self) -> String {
        let log = self.command("POST", "/se/log", &json!({ "type": "browser" }));
        let lines = log.as_array().into_iter().flatten().filter_map(|line| line["message"].as_str());
        lines.collect::<Vec<_>>().join("\n")
    }

    /// From now on it gets so many bytes a second.
    pub(crate) fn throttle(&mut self, bytes_per_second: u32) {
        let conditions = json!({
            "offline": false, "latency": 0, "download_throughput": bytes_per_second, "upload_throughput": 1_000_000,
        });
        self.command("POST", "/chromium/network_conditions", &json!({ "network_conditions": conditions }));
    }

    /// The text of an element.
    pub(crate) fn text(&mut self, id: &str) -> String {
        let text = self.run(&format!("return document.getElementById('{id}').textContent"));
        text.as_str().unwrap_or_default().to_owned()
    }

    /// How old what is seen in the page's video is, in milliseconds, by a picture of the screen and the clock that the test
    /// pattern shows; and that clock. `None` where it cannot be read.
    pub(crate) fn age_ms(&mut self) -> Option<(i64, u32)> {
        let at = self.run(
            "const v = document.getElementById('video'); const r = v.getBoundingClientRect(); \
             const s = Math.min(r.width / v.videoWidth, r.height / v.videoHeight); \
             const w = v.videoWidth * s, h = v.videoHeight * s; \
             return v.videoWidth ? [r.x + (r.width - w) / 2, r.y + (r.height - h) / 2, w, h] : null",
        );
        let numbers = at.as_array()?.iter().map(|number| number.as_f64().map(|number| number.round() as u32));
        let &[left, top, width, height] = &*numbers.collect::<Option<Vec<_>>>()? else { return None };
        let shot = self.command("GET", "/screenshot", &Value::Null);
        let taken = unix_time().as_millis();
        let png = base64::engine::general_purpose::STANDARD.decode(shot.as_str()?).ok()?;
        let screen = image::load_from_memory(&png).ok()?.to_rgb8();
        let seen = image::imageops::crop_imm(&screen, left, top, width, height).to_image();
        let clock = read_block_time(&luma(&seen))?;
        let modulus = 1i64 << CLOCK_BITS;
        let age = (taken as i64 - i64::from(clock)).rem_euclid(modulus);
        Some((if age > modulus / 2 { age - modulus } else { age }, clock))
    }

    fn command(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let path = format!("/session/{}{path}", self.session);
        self.call(method, &path, body)
    }

    fn call(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let body =
            read_answer(stream).unwrap_or_else(|error| panic!("{method} {path}: {error}\n{}", self.driver.story()));
        let value: Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error} in {body}"));
        assert!(value["value"]["error"].is_null(), "{method} {path}: {value}");
        value["value"].clone()
    }
}

/// The body of an answer: the driver keeps its connections.
fn read_answer(stream: TcpStream) -> std::io::Result<String> {
    let (mut reader, mut length) = (BufReader::new(stream), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().unwrap_or(0);
            }
            None if line.trim_end().is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(String::from_utf8_lossy(&body).into_owned())
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser is the driver's child, in a group of its own: it ends when it is asked to.
        if !self.session.is_empty() && !std::thread::panicking() {
            self.command("DELETE", "", &Value::Null);
        }
    }
}

/// The brightness of a picture of the screen, at a size that the pattern's reader knows.
fn luma(seen: &RgbImage) -> Picture {
    let (width, height) = (640, 360);
    let small = image::imageops::resize(seen, width, height, image::imageops::FilterType::Triangle);
    let mut picture = Picture::black(Size { width, height });
    let [y, ..] = picture.planes_mut();
    for (value, pixel) in y.iter_mut().zip(small.pixels()) {
        let [r, g, b] = pixel.0.map(f32::from);
        *value = (16.0 + (0.2126 * r + 0.7152 * g + 0.0722 * b) * 219.0 / 255.0) as u8;
    }
    picture
}
