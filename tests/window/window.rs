//! The program's window, used as people use it; it counts what that takes.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::display::Display;
use crate::portal::Portal;
use crate::pulse::Pulse;
use crate::reader::{Extents, Reader, Role, Seen};
use crate::support::process::Process;
use crate::support::time;

/// How long something may take to be shown. Drawn in software and with other tests at its side, a frame takes its time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// Longer than what is drawn twice takes: cards take their place in their second frame.
const FRAMES: Duration = Duration::from_millis(150);

/// The open window. What it stands on ends with it.
pub(crate) struct Window {
    // In the order in which they are to end.
    process: Process,
    reader: Reader,
    display: Display,
    sound: Option<Pulse>,
    _portal: Option<Portal>,
    home: TempDir,
    id: String,
    clicks: usize,
    fields: usize,
}

impl Window {
    /// Opens it as on a new computer with a microphone: no settings, no secret store, no file dialogs.
    pub(crate) fn open() -> Self {
        Self::open_on(Desktop::default())
    }

    /// The same, without a microphone.
    pub(crate) fn open_without_microphone() -> Self {
        Self::open_on(Desktop { has_microphone: false, ..Desktop::default() })
    }

    /// The same as `open`, with file dialogs.
    pub(crate) fn open_with_dialogs() -> Self {
        Self::open_on(Desktop { has_dialogs: true, ..Desktop::default() })
    }

    /// The same as `open`, with `RUST_LOG` set to `log`.
    pub(crate) fn open_logging(log: &'static str) -> Self {
        Self::open_on(Desktop { log, ..Desktop::default() })
    }

    fn open_on(Desktop { log, has_microphone, has_dialogs }: Desktop) -> Self {
        let home = TempDir::new().unwrap();
        let runtime = home.path().join("run");
        std::fs::create_dir(&runtime).unwrap();
        let display = Display::start();
        let reader = Reader::start(&display, &runtime);
        let sound = has_microphone.then(|| microphone(&runtime));
        let portal = has_dialogs.then(|| Portal::start(&display, &reader, home.path()));
        let (process, id) = launch(&display, &reader, sound.as_ref(), home.path(), log);
        Self { process, reader, display, sound, _portal: portal, home, id, clicks: 0, fields: 0 }
    }

    /// Asks it to close, as the cross at its corner does.
    pub(crate) fn ask_to_close(&self) {
        self.display.ask_to_close(&self.id);
    }

    /// Minimises it, or brings it back.
    pub(crate) fn hide(&self, hidden: bool) {
        self.display.hide(&self.id, hidden);
        if !hidden {
            self.display.focus(&self.id);
        }
    }

    /// Waits until it has closed, and opens it again as it was left.
    pub(crate) fn open_again(&mut self) {
        self.process.succeed(PATIENCE);
        (self.process, self.id) = launch(&self.display, &self.reader, self.sound.as_ref(), self.home.path(), "warn");
    }

    /// Everything that is shown now.
    pub(crate) fn tree(&self) -> Vec<Seen> {
        self.reader.tree("tally").unwrap_or_default()
    }

    /// Whether something that `wanted` knows is shown now.
    pub(crate) fn shows(&self, wanted: impl Fn(&Seen) -> bool) -> bool {
        self.tree().iter().any(wanted)
    }

    /// Waits for it, and returns it.
    pub(crate) fn wait_for(&mut self, what: &str, limit: Duration, wanted: impl Fn(&Seen) -> bool) -> Seen {
        let found = time::poll(limit, || {
            assert!(self.process.ended().is_none(), "tally ended\n{}", self.process.story());
            self.tree().into_iter().find(&wanted)
        });
        found.unwrap_or_else(|| panic!("no {what}\n{}", self.story()))
    }

    /// Waits until a text with `part` in it is shown.
    pub(crate) fn wait_for_text(&mut self, part: &str) -> Seen {
        self.wait_for(&format!("text {part:?}"), PATIENCE, says(part))
    }

    /// Waits until the state is `word`, such as `LIVE`.
    pub(crate) fn wait_for_state(&mut self, word: &str, limit: Duration) {
        self.wait_for(&format!("state {word:?}"), limit, |seen| {
            seen.role == Role::STATUS && seen.name.starts_with(word)
        });
    }

    /// Clicks something once it can be used, and stands still.
    pub(crate) fn click(&mut self, role: Role, name: &str) {
        let at = self.place(role, name);
        self.display.click(at.middle());
        self.clicks += 1;
    }

    /// Opens a list and chooses from it.
    pub(crate) fn choose(&mut self, list: &str, item: &str) {
        self.click(Role::COMBO_BOX, list);
        self.click(Role::MENU_ITEM, item);
    }

    /// Holds the button of the mouse down on something until the state is no longer `word`.
    pub(crate) fn hold_until_not(&mut self, role: Role, name: &str, word: &str) {
        let at = self.place(role, name);
        self.display.press(at.middle());
        let over = time::poll(PATIENCE, || {
            let stands = |seen: &Seen| seen.role == Role::STATUS && seen.name.starts_with(word);
            (!self.shows(stands)).then_some(())
        });
        self.display.release();
        assert!(over.is_some(), "holding {name:?} did nothing\n{}", self.story());
    }

    /// Waits until the keyboard goes to something.
    pub(crate) fn wait_for_focus(&mut self, role: Role, name: &str) {
        self.wait_for(&format!("focused {name:?}"), PATIENCE, |seen| is(role, name)(seen) && seen.focused);
    }

    /// Types into the field that has the keyboard, which must be the one called `name`.
    pub(crate) fn type_into(&mut self, role: Role, name: &str, text: &str) {
        self.wait_for_focus(role, name);
        self.display.type_text(text);
        self.fields += 1;
    }

    /// Chooses `path` in the file dialog that is about to open, or gives it up.
    pub(crate) fn answer_dialog(&self, path: Option<&Path>) {
        let opened = time::poll(PATIENCE, || self.display.windows().into_iter().find(|id| *id != self.id));
        let dialog = opened.unwrap_or_else(|| panic!("no dialog opened\n{}", self.story()));
        self.display.focus(&dialog);
        match path {
            Some(path) => {
                // The first letter of a path opens the field for it.
                self.display.type_text("/");
                time::pause(Duration::from_millis(700));
                self.display.type_text(path.to_string_lossy().trim_start_matches('/'));
                self.display.key("Return");
            }
            None => self.display.key("Escape"),
        }
        let closed = time::poll(PATIENCE, || (self.display.windows().len() == 1).then_some(()));
        assert!(closed.is_some(), "the dialog is still open\n{}", self.story());
        self.display.focus(&self.id);
    }

    /// Presses a key, or several together, as `ctrl+l`.
    pub(crate) fn key(&self, keys: &str) {
        self.display.key(keys);
    }

    /// All that would be read out of all fields.
    pub(crate) fn all_text(&self) -> Vec<String> {
        self.tree()
            .iter()
            .flat_map(|seen| [Some(seen.name.clone()), Some(seen.description.clone()), self.reader.text(seen)])
            .flatten()
            .collect()
    }

    /// Clicks and fields typed into so far.
    pub(crate) fn effort(&self) -> (usize, usize) {
        (self.clicks, self.fields)
    }

    /// Windows on the screen.
    pub(crate) fn count_windows(&self) -> usize {
        self.display.windows().len()
    }

    /// The display it is on.
    pub(crate) fn display_name(&self) -> String {
        self.display.name().to_owned()
    }

    /// Waits until its title is `title`.
    pub(crate) fn wait_for_title(&self, title: &str) {
        let found = time::poll(PATIENCE, || (self.title() == title).then_some(()));
        assert!(found.is_some(), "the title is not {title:?}\n{}", self.story());
    }

    /// Its title.
    pub(crate) fn title(&self) -> String {
        self.display.title(&self.id)
    }

    /// What any other program would get from the clipboard.
    pub(crate) fn clipboard(&self) -> String {
        self.display.clipboard()
    }

    /// The home folder of whoever sits there; its settings are in `config`.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// What its microphone is plugged into.
    pub(crate) fn microphone(&self) -> &Pulse {
        self.sound.as_ref().unwrap()
    }

    /// The program.
    pub(crate) fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// What is shown and what was said, for a panic's message; the screen is kept in a file.
    pub(crate) fn story(&self) -> String {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("window-{}.png", std::process::id()));
        self.display.screenshot(&file);
        let shown: Vec<_> = self
            .tree()
            .iter()
            .map(|seen| {
                format!(
                    "{:?} {:?}{}{}",
                    seen.role,
                    seen.name,
                    if seen.enabled { "" } else { " (disabled)" },
                    if seen.focused { " (focused)" } else { "" }
                )
            })
            .collect();
        format!(
            "--- the screen is in {}, title {:?}, shown\n{}\n{}",
            file.display(),
            self.title(),
            shown.join("\n"),
            self.process.story()
        )
    }

    /// Where something is, once it can be used and no longer moves.
    fn place(&mut self, role: Role, name: &str) -> Extents {
        let mut last = None;
        let place = time::poll(PATIENCE, || {
            assert!(self.process.ended().is_none(), "tally ended\n{}", self.process.story());
            let seen = self.tree().into_iter().find(|seen| is(role, name)(seen) && seen.enabled)?;
            let now = self.reader.extents(&seen);
            let before = std::mem::replace(&mut last, now);
            if before != now {
                time::pause(FRAMES);
            }
            now.filter(|_| now == before)
        });
        place.unwrap_or_else(|| panic!("nothing to click called {name:?}\n{}", self.story()))
    }
}

/// What there is beside a display.
struct Desktop {
    log: &'static str,
    has_microphone: bool,
    has_dialogs: bool,
}

impl Default for Desktop {
    fn default() -> Self {
        Self { log: "warn", has_microphone: true, has_dialogs: false }
    }
}

/// A sound server with a microphone that hears a hum at a usual level.
fn microphone(folder: &Path) -> Pulse {
    let desk = "module-remap-source master=tally.monitor source_name=desk source_properties=device.description=Desk";
    let pulse = Pulse::start(folder, &["module-sine sink=tally frequency=440", desk].map(str::to_owned));
    pulse.set_volume("58%");
    pulse
}

/// Starts the program and waits for its window.
fn launch(display: &Display, reader: &Reader, sound: Option<&Pulse>, home: &Path, log: &str) -> (Process, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tally"));
    command.env_clear().current_dir(home).env("HOME", home);
    for name in ["PATH", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env("DISPLAY", display.name()).envs(reader.environment()).env("RUST_LOG", log);
    command.env("LANG", "en_US.UTF-8").env("LIBGL_ALWAYS_SOFTWARE", "1");
    command.env("TALLY_CONFIG_DIR", home.join("config")).env("TALLY_NO_KEYRING", "1");
    // Otherwise a client starts a server of its own, or does not, as it comes.
    let server = sound.map_or_else(|| "unix:/dev/null".to_owned(), Pulse::server);
    command.env("PULSE_SERVER", server);
    let mut process = Process::start(&mut command);
    let id = time::poll(PATIENCE, || {
        assert!(process.ended().is_none(), "tally ended\n{}", process.story());
        display.windows().into_iter().next()
    });
    let id = id.unwrap_or_else(|| panic!("no window was mapped\n{}", process.story()));
    display.focus(&id);
    (process, id)
}

/// Knows what is called exactly that.
pub(crate) fn is<'a>(role: Role, name: &'a str) -> impl Fn(&Seen) -> bool + 'a {
    move |seen| seen.role == role && seen.name == name
}

/// Knows what has `part` in its name.
pub(crate) fn says<'a>(part: &'a str) -> impl Fn(&Seen) -> bool + 'a {
    move |seen| seen.name.contains(part)
}
