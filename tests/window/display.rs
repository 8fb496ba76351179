//! A display that nobody sees, and a hand: mouse and keyboard through X, as any other program's window gets them.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use x11rb::protocol::xproto::{AtomEnum, ClientMessageEvent, ConnectionExt, EventMask, PropMode};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::support::process::Process;
use crate::support::time;

/// How long X and its tools may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a finger rests before and during a click.
const FINGER: &str = "0.04";

/// A running X server of its own, 1280x800.
pub(crate) struct Display {
    server: Process,
    name: String,
    /// What the search for windows finds before there is any: the screen itself.
    root: Vec<String>,
}

impl Drop for Display {
    /// Asked to end, it takes its socket and lock along.
    fn drop(&mut self) {
        if self.server.ended().is_none() {
            self.server.signal(libc::SIGTERM);
            let _killed_otherwise = time::poll(Duration::from_secs(5), || self.server.ended());
        }
    }
}

impl Display {
    /// Starts one; the server itself picks a number that nobody uses.
    pub(crate) fn start() -> Self {
        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"]);
        let mut server = Process::start(&mut command);
        let number = time::poll(PATIENCE, || {
            assert!(server.ended().is_none(), "Xvfb ended\n{}", server.story());
            server.stdout.text().strip_suffix('\n').map(str::to_owned)
        });
        let number = number.unwrap_or_else(|| panic!("Xvfb names no display\n{}", server.story()));
        let mut display = Self { name: format!(":{number}"), server, root: Vec::new() };
        display.root = display.windows();
        display
    }

    /// As `DISPLAY` has it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The windows that are on the screen now.
    pub(crate) fn windows(&self) -> Vec<String> {
        let mut search = self.xdotool(&["search", "--maxdepth", "1", "--onlyvisible", "--name", ""]);
        // It fails where it finds nothing.
        search.wait(PATIENCE);
        let found = search.stdout.text();
        found.lines().filter(|id| !self.root.iter().any(|root| root == id)).map(str::to_owned).collect()
    }

    /// Asks a window to close, as a window manager does when its cross is clicked (ICCCM, section 4.2.8.1).
    pub(crate) fn ask_to_close(&self, window: &str) {
        let (connection, _) = RustConnection::connect(Some(&self.name)).unwrap();
        let atom = |name: &str| connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom;
        let (window, close) = (window.parse().unwrap(), atom("WM_DELETE_WINDOW"));
        let message = ClientMessageEvent::new(32, window, atom("WM_PROTOCOLS"), [close, 0, 0, 0, 0]);
        connection.send_event(false, window, EventMask::NO_EVENT, message).unwrap().check().unwrap();
    }

    /// Hides a window or brings it back, as a window manager does: it is unmapped and told so (EWMH, `_NET_WM_STATE_HIDDEN`).
    pub(crate) fn hide(&self, window: &str, hidden: bool) {
        self.run(&[if hidden { "windowunmap" } else { "windowmap" }, "--sync", window]);
        let (connection, _) = RustConnection::connect(Some(&self.name)).unwrap();
        let atom = |name: &str| connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom;
        let states = if hidden { vec![atom("_NET_WM_STATE_HIDDEN")] } else { Vec::new() };
        let (window, property, replace) = (window.parse().unwrap(), atom("_NET_WM_STATE"), PropMode::REPLACE);
        connection.change_property32(replace, window, property, AtomEnum::ATOM, &states).unwrap().check().unwrap();
    }

    /// What stands in the title of a window.
    pub(crate) fn title(&self, window: &str) -> String {
        self.run(&["getwindowname", window]).trim_end().to_owned()
    }

    /// Gives a window the keyboard: there is no window manager that would.
    pub(crate) fn focus(&self, window: &str) {
        self.run(&["windowfocus", "--sync", window]);
    }

    /// Clicks at a place of the screen.
    pub(crate) fn click(&self, (x, y): (i32, i32)) {
        let at = [x.to_string(), y.to_string()];
        let words = ["mousemove", &at[0], &at[1], "sleep", FINGER, "mousedown", "1", "sleep", FINGER, "mouseup", "1"];
        self.run(&words);
    }

    /// Presses the button of the mouse at a place, and keeps it down.
    pub(crate) fn press(&self, (x, y): (i32, i32)) {
        self.run(&["mousemove", &x.to_string(), &y.to_string(), "sleep", FINGER, "mousedown", "1"]);
    }

    /// Lets it go.
    pub(crate) fn release(&self) {
        self.run(&["mouseup", "1"]);
    }

    /// Presses a key, or several together, as `ctrl+l`.
    pub(crate) fn key(&self, keys: &str) {
        self.run(&["key", keys]);
    }

    /// Types text. It is handed over in a file: it may be a stream key, and arguments can be seen by everyone.
    pub(crate) fn type_text(&self, text: &str) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        self.run(&["type", "--delay", "15", "--file", &file.path().to_string_lossy()]);
    }

    /// What any other program would get from the clipboard; nothing where it is empty.
    pub(crate) fn clipboard(&self) -> String {
        let mut command = Command::new("xclip");
        command.args(["-selection", "clipboard", "-target", "UTF8_STRING", "-out"]).env("DISPLAY", &self.name);
        let mut xclip = Process::start(&mut command);
        xclip.wait(PATIENCE);
        xclip.stdout.text()
    }

    /// Keeps what is on the screen in `file`.
    pub(crate) fn screenshot(&self, file: &Path) {
        let mut command = Command::new("import");
        command.args(["-display", &self.name, "-window", "root"]).arg(file);
        Process::start(&mut command).succeed(PATIENCE);
    }

    /// What `xdotool` says to `words`, which must succeed.
    pub(crate) fn run(&self, words: &[&str]) -> String {
        let mut xdotool = self.xdotool(words);
        xdotool.succeed(PATIENCE);
        xdotool.stdout.text()
    }

    fn xdotool(&self, words: &[&str]) -> Process {
        let mut command = Command::new("xdotool");
        command.args(words).env("DISPLAY", &self.name);
        Process::start(&mut command)
    }
}
