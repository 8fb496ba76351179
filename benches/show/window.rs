//! The window: how soon it is there, what it costs to keep it open, and what a show in it costs, beside OBS Studio.
//! On a display of its own (Xvfb, 1280x800, OpenGL in software), with a session bus as desktops have.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tally::media::Bitrate;
use tally::settings::{
    AudioChoice, Destination, EncodingSettings, ProfileStore, Secrets, ShowSettings, VideoChoice, WindowSettings,
};
use tempfile::TempDir;
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{ChangeWindowAttributesAux, ConnectionExt, EventMask};
use x11rb::rust_connection::RustConnection;

use crate::Plan;
use crate::clip::{self, Contestant};
use crate::display::Display;
use crate::measure::run;
use crate::reader::session_bus;
use crate::support::media::Recording;
use crate::support::nginx::Nginx;
use crate::support::process::Process;
use crate::support::time;
use crate::table::{Table, median};

/// OBS Studio 29.0.2 on a quiet machine of the same kind (two cores, OpenGL in software), measured in 2026-11: until its
/// window was mapped; live with this clip at 2500 kb/s by x264 veryfast with its preview shown.
mod obs {
    pub(super) const MAPPED_MS: &str = "440";
    pub(super) const LIVE_CPU_PERCENT: f64 = 174.0;
    /// What FFmpeg needed there for the same clip by x264 veryfast: tells how fast that computer was beside another.
    pub(super) const FFMPEG_CPU_PERCENT: f64 = 54.0;
    pub(super) const LIVE_RSS_MIB: &str = "287–360";
    pub(super) const LIVE_THREADS: &str = "25–30";
}

/// Where the primary button is in a window of 1280x800; it never moves.
const PRIMARY: (i32, i32) = (1160, 759);
/// How long something may take to happen.
const PATIENCE: Duration = Duration::from_secs(30);
/// Before anything is measured: what a change of state costs once is not what it costs to be there.
const SETTLE: Duration = Duration::from_secs(3);

/// Sees the windows of a display come.
struct Watch {
    connection: RustConnection,
    root: u32,
}

impl Watch {
    fn start(display: &Display) -> Self {
        let (connection, screen) = RustConnection::connect(Some(display.name())).unwrap();
        let root = connection.setup().roots[screen].root;
        let mask = ChangeWindowAttributesAux::new().event_mask(EventMask::SUBSTRUCTURE_NOTIFY);
        connection.change_window_attributes(root, &mask).unwrap().check().unwrap();
        Self { connection, root }
    }

    /// When the next one was mapped.
    fn mapped(&self) -> Instant {
        let look = || match self.connection.poll_for_event().unwrap() {
            Some(Event::MapNotify(_)) => Some(time::now()),
            _ => None,
        };
        time::poll_every(Duration::from_millis(1), PATIENCE, look).unwrap_or_else(|| panic!("no window was mapped"))
    }
}

/// An open window.
struct Opened {
    // In the order in which they are to end.
    process: Process,
    _session: Process,
    watch: Watch,
    display: Display,
    _home: TempDir,
    id: String,
    started: Instant,
    mapped: Instant,
}

impl Opened {
    /// Opens it as somebody did who has chosen `video` and `audio` before, for the server at `url`.
    fn start(video: VideoChoice, audio: AudioChoice, url: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join("config");
        let settings = ShowSettings {
            video,
            audio,
            destinations: vec![Destination::at(&format!("{url}/bench"))],
            encoding: EncodingSettings { video_bitrate: Bitrate::from_kbps(2500), ..EncodingSettings::default() },
            ..ShowSettings::default()
        };
        let store = ProfileStore::with_secrets(config.clone(), Secrets::in_file(&config, "this is a benchmark"));
        store.keep_session(None, &settings.with_secrets_split()).unwrap();
        store.keep_window(&WindowSettings { asked: true, ..WindowSettings::default() }).unwrap();

        let display = Display::start();
        let (session, address) = session_bus(home.path());
        let watch = Watch::start(&display);
        let mut command = Command::new(env!("CARGO_BIN_EXE_tally"));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir(home.path());
        command.env("HOME", home.path()).env("XDG_RUNTIME_DIR", home.path()).env("DISPLAY", display.name());
        command.env("DBUS_SESSION_BUS_ADDRESS", address).env("LANG", "en_US.UTF-8").env("LIBGL_ALWAYS_SOFTWARE", "1");
        command.env("TALLY_CONFIG_DIR", config).env("TALLY_NO_KEYRING", "1").env("RUST_LOG", "tally::ui=info");
        let started = time::now();
        let process = Process::start(&mut command);
        let mapped = watch.mapped();
        let id = time::poll(PATIENCE, || display.windows().into_iter().next()).unwrap();
        display.focus(&id);
        Self { process, _session: session, watch, display, _home: home, id, started, mapped }
    }

    /// Waits until its title is, or is not, that of a live show.
    fn wait_for_live(&self, wanted: bool) {
        let stands = || (self.display.title(&self.id).starts_with("LIVE") == wanted).then_some(());
        assert!(time::poll(PATIENCE, stands).is_some(), "live: never {wanted}\n{}", self.process.story());
    }

    /// A figure that it logged, as `name=figure`.
    fn logged(&self, name: &str) -> Option<f64> {
        let text = self.process.stderr.text();
        let (_, after) = text.split_once(&format!("{name}="))?;
        after.split_whitespace().next()?.parse().ok()
    }

    /// Closes it, and gives the longest time that its thread did something else than draw.
    fn close(mut self) -> Option<f64> {
        self.display.ask_to_close(&self.id);
        self.process.succeed(PATIENCE);
        self.logged("longest_logic_ms")
    }

    /// CPU used for `time`, in percent of a core.
    fn cpu_percent(&self, time: Duration) -> f64 {
        time::pause(SETTLE);
        let (before, began) = (self.cpu_seconds(), time::now());
        time::pause(time);
        (self.cpu_seconds() - before) / (time::now() - began).as_secs_f64() * 100.0
    }

    /// User and system time so far, of all threads.
    fn cpu_seconds(&self) -> f64 {
        const USER: usize = 11;
        let stat = std::fs::read_to_string(self.proc("stat")).unwrap();
        // Its name, in parentheses, may hold anything.
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: f64 = fields[USER..USER + 2].iter().map(|field| field.parse::<f64>().unwrap()).sum();
        ticks / ticks_per_second()
    }

    /// Resident memory in MiB, and threads.
    fn size(&self) -> (f64, usize) {
        let status = std::fs::read_to_string(self.proc("status")).unwrap();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse::<f64>().unwrap()
        };
        (field("VmRSS:") / 1024.0, field("Threads:") as usize)
    }

    /// What of the resident memory are the files of OpenGL in software, in MiB: a computer with a graphics card has none of it.
    fn software_opengl(&self) -> f64 {
        const PARTS: [&str; 5] = ["LLVM", "swrast", "gallium", "mesa", "libz3"];
        let (mut kilobytes, mut is_part) = (0.0, false);
        for line in std::fs::read_to_string(self.proc("smaps")).unwrap().lines() {
            let mut words = line.split_whitespace();
            match (words.next(), words.next()) {
                (Some("Rss:"), Some(rss)) if is_part => kilobytes += rss.parse::<f64>().unwrap(),
                (Some(first), _) if !first.ends_with(':') => is_part = PARTS.iter().any(|part| line.contains(part)),
                _ => {}
            }
        }
        kilobytes / 1024.0
    }

    fn proc(&self, name: &str) -> std::path::PathBuf {
        Path::new("/proc").join(self.process.id().to_string()).join(name)
    }
}

/// What FFmpeg needs here for the clip by x264 veryfast, in percent of a core.
fn ffmpeg_cpu_percent(plan: &Plan) -> f64 {
    let runs = (0..plan.pairs).map(|_| {
        let (nginx, home) = (Nginx::start(), tempfile::tempdir().unwrap());
        let usage = run(&mut Contestant::X264("veryfast").command(&nginx.url(), plan.seconds, home.path()));
        usage.cpu_seconds / (Recording::read(&nginx.recording()).video_ms() / 1000.0) * 100.0
    });
    median(&runs.collect::<Vec<_>>())
}

#[expect(unsafe_code, reason = "std does not tell how long a tick is")]
fn ticks_per_second() -> f64 {
    // SAFETY: a plain question without pointers.
    unsafe { libc::sysconf(libc::_SC_CLK_TCK) as f64 }
}

/// Start, cost and size.
pub(crate) fn measure(plan: &Plan) -> Table {
    let heads = ["the window, 1280x800, OpenGL in software", "Tally", "OBS 29.0.2 (2026-11)", "at most"];
    let mut table = Table::new("window", &heads);
    let mut row = |name: &str, ours: String, obs: &str, most: &str| {
        table.row(name, [ours, obs.to_owned(), most.to_owned()]);
    };
    let whole = |value: f64| if value.is_nan() { "-".to_owned() } else { format!("{value:.0}") };
    let nginx = Nginx::start();

    let (mut mapped, mut painted, mut logic) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.pairs {
        let window = Opened::start(VideoChoice::Test, AudioChoice::Test, &nginx.url());
        mapped.push((window.mapped - window.started).as_secs_f64() * 1000.0);
        time::poll(PATIENCE, || window.logged("first_frame_ms")).into_iter().for_each(|ms| painted.push(ms));
        time::pause(SETTLE);
        logic.extend(window.close());
    }
    row("start to window mapped, ms", whole(median(&mapped)), obs::MAPPED_MS, "350");
    row("start to first frame painted, ms", whole(median(&painted)), "-", "500");

    let time = Duration::from_secs(plan.seconds.into());
    let window = Opened::start(VideoChoice::Test, AudioChoice::Test, &nginx.url());
    let focused = window.cpu_percent(time);
    let (rss, threads) = window.size();
    window.display.run(&["windowfocus", &window.watch.root.to_string()]);
    let unfocused = window.cpu_percent(time);
    window.display.hide(&window.id, true);
    let hidden = window.cpu_percent(time);
    drop(window);
    row("idle with the test picture, focused: CPU % of a core", format!("{focused:.1}"), "-", "-");
    row("the same without focus", format!("{unfocused:.1}"), "-", "-");
    row("the same hidden", format!("{hidden:.1}"), "-", "-");
    row("the same: resident memory, MiB", whole(rss), "-", "-");
    row("the same: threads", threads.to_string(), "-", "-");

    let path = clip::path();
    let window = Opened::start(VideoChoice::File(path.clone()), AudioChoice::File(path), &nginx.url());
    let idle = window.cpu_percent(time);
    window.display.key("ctrl+l");
    window.wait_for_live(true);
    let live = window.cpu_percent(time);
    let ((rss, threads), software) = (window.size(), window.software_opengl());
    window.display.press(PRIMARY);
    window.wait_for_live(false);
    window.display.release();
    time::pause(SETTLE);
    logic.extend(window.close());
    row("idle with the clip, focused: CPU % of a core", format!("{idle:.1}"), "-", "-");
    let ffmpeg = ffmpeg_cpu_percent(plan);
    // As OBS would be here: both were measured beside FFmpeg.
    let obs_here = obs::LIVE_CPU_PERCENT / obs::FFMPEG_CPU_PERCENT * ffmpeg;
    row(
        "live with the clip at 720p30: CPU % of a core",
        format!("{live:.1}"),
        &format!("{:.0} ({obs_here:.0} here)", obs::LIVE_CPU_PERCENT),
        &format!("{:.0} (0.35 of that)", 0.35 * obs_here),
    );
    row("ffmpeg x264 veryfast with the clip", format!("{ffmpeg:.1}"), &format!("{:.0}", obs::FFMPEG_CPU_PERCENT), "-");
    row("live: resident memory, MiB", whole(rss), obs::LIVE_RSS_MIB, "150");
    row("of it files of OpenGL in software, MiB", whole(software), "-", "-");
    row("live: threads", threads.to_string(), obs::LIVE_THREADS, "14");
    let longest = logic.iter().copied().reduce(f64::max);
    row(
        "longest the window did anything but draw, ms",
        longest.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.1}")),
        "-",
        "-",
    );
    table
}
