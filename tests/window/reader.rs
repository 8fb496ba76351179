//! What a screen reader of Linux gets: a session bus, the accessibility bus, and the tree that a program shows there
//! (AT-SPI 2, <https://gnome.pages.gitlab.gnome.org/at-spi2-core/devel-docs/>).

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use zbus::blocking::{Connection, Proxy, connection};
use zbus::zvariant::OwnedObjectPath;

use crate::display::Display;
use crate::support::process::Process;
use crate::support::time;

/// How long buses may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where systems have the accessibility bus: Debian and Fedora, older ones, Arch.
const LAUNCHERS: [&str; 3] =
    ["/usr/libexec/at-spi-bus-launcher", "/usr/lib/at-spi2-core/at-spi-bus-launcher", "/usr/lib/at-spi-bus-launcher"];

/// What kind of thing something is, as screen readers say it (`AtspiRole`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Role(u32);

impl Role {
    pub(crate) const CHECK_BOX: Self = Self(7);
    pub(crate) const COMBO_BOX: Self = Self(11);
    pub(crate) const FRAME: Self = Self(23);
    pub(crate) const IMAGE: Self = Self(27);
    pub(crate) const LABEL: Self = Self(29);
    pub(crate) const MENU_ITEM: Self = Self(35);
    pub(crate) const TAB: Self = Self(37);
    pub(crate) const SECRET: Self = Self(40);
    pub(crate) const BUTTON: Self = Self(43);
    pub(crate) const STATUS: Self = Self(54);
    pub(crate) const ENTRY: Self = Self(79);
}

/// `AtspiStateType`: what something is just now.
const ENABLED: u32 = 8;
const FOCUSED: u32 = 12;

/// An object on a bus: who has it, and where.
type Address = (String, OwnedObjectPath);

/// `CacheItem`: object, application, parent, place among its siblings, children, interfaces, name, role, description, states.
type CacheItem = (Address, Address, Address, i32, i32, Vec<String>, String, u32, String, Vec<u32>);

/// Something in a window, as a screen reader sees it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// What it is called.
    pub(crate) name: String,
    /// What is said of it beside that.
    pub(crate) description: String,
    /// What it is.
    pub(crate) role: Role,
    /// Whether it can be used.
    pub(crate) enabled: bool,
    /// Whether the keyboard goes there.
    pub(crate) focused: bool,
    has_text: bool,
    at: Address,
    parent: OwnedObjectPath,
}

/// A rectangle of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extents {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: i32,
    pub(crate) height: i32,
}

impl Extents {
    /// Its middle.
    pub(crate) fn middle(self) -> (i32, i32) {
        (self.x + self.width / 2, self.y + self.height / 2)
    }
}

/// A running screen reader's half of the desktop.
pub(crate) struct Reader {
    // In the order in which they are to end.
    accessibility: Connection,
    _launcher: Process,
    _session: Process,
    session_address: String,
    runtime: PathBuf,
}

impl Reader {
    /// Starts a session bus and the accessibility bus on it, and says that a screen reader runs. Sockets are in `runtime`.
    pub(crate) fn start(display: &Display, runtime: &Path) -> Self {
        let (session, session_address) = session_bus(runtime);
        let launcher = LAUNCHERS.iter().find(|path| Path::new(path).exists());
        let launcher = launcher.unwrap_or_else(|| panic!("at-spi2-core is not installed: none of {LAUNCHERS:?}"));
        let mut command = Command::new(launcher);
        command.arg("--launch-immediately").env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("DISPLAY", display.name()).env("DBUS_SESSION_BUS_ADDRESS", &session_address);
        command.env("HOME", runtime).env("XDG_RUNTIME_DIR", runtime).env("GSETTINGS_BACKEND", "memory");
        let mut launcher = Process::start(&mut command);

        let bus = connect(&session_address);
        let address = time::poll(PATIENCE, || {
            assert!(launcher.ended().is_none(), "at-spi-bus-launcher ended\n{}", launcher.story());
            let about = Proxy::new(&bus, "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus").ok()?;
            about.call::<_, _, String>("GetAddress", &()).ok()
        });
        let address = address.unwrap_or_else(|| panic!("there is no accessibility bus\n{}", launcher.story()));
        let status = Proxy::new(&bus, "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Status").unwrap();
        for switch in ["IsEnabled", "ScreenReaderEnabled"] {
            status.set_property(switch, true).unwrap();
        }
        let accessibility = connect(&address);
        Self { accessibility, _launcher: launcher, _session: session, session_address, runtime: runtime.to_owned() }
    }

    /// Where the session bus is.
    pub(crate) fn session_address(&self) -> &str {
        &self.session_address
    }

    /// What a program needs to know to take part in this desktop.
    pub(crate) fn environment(&self) -> [(&'static str, String); 2] {
        [
            ("DBUS_SESSION_BUS_ADDRESS", self.session_address.clone()),
            ("XDG_RUNTIME_DIR", self.runtime.display().to_string()),
        ]
    }

    /// Everything that `program` shows now, in the order of the tree; `None` before it shows anything.
    pub(crate) fn tree(&self, program: &str) -> Option<Vec<Seen>> {
        let root = "/org/a11y/atspi/accessible/root";
        let desktop = self.proxy("org.a11y.atspi.Registry", root, "org.a11y.atspi.Accessible")?;
        let programs: Vec<Address> = desktop.call("GetChildren", &()).ok()?;
        let (bus, _) = programs.into_iter().find(|(bus, path)| {
            let accessible = self.proxy(bus, path.as_str(), "org.a11y.atspi.Accessible");
            accessible.and_then(|it| it.get_property::<String>("Name").ok()).is_some_and(|name| name == program)
        })?;
        let cache = self.proxy(&bus, "/org/a11y/atspi/cache", "org.a11y.atspi.Cache")?;
        let items: Vec<CacheItem> = cache.call("GetItems", &()).ok()?;
        (items.len() > 1).then(|| in_order(items.into_iter().map(seen).collect()))
    }

    /// Where something is on the screen; `None` if it is gone meanwhile.
    pub(crate) fn extents(&self, seen: &Seen) -> Option<Extents> {
        const SCREEN: u32 = 0;
        let component = self.proxy(&seen.at.0, seen.at.1.as_str(), "org.a11y.atspi.Component")?;
        let ((x, y, width, height),): ((i32, i32, i32, i32),) = component.call("GetExtents", &(SCREEN,)).ok()?;
        Some(Extents { x, y, width, height })
    }

    /// The text in something that is typed into, as it would be read out.
    pub(crate) fn text(&self, seen: &Seen) -> Option<String> {
        let text = seen.has_text.then(|| self.proxy(&seen.at.0, seen.at.1.as_str(), "org.a11y.atspi.Text"))?;
        text?.call("GetText", &(0_i32, -1_i32)).ok()
    }

    fn proxy<'a>(&self, bus: &'a str, path: &'a str, interface: &'a str) -> Option<Proxy<'a>> {
        Proxy::new(&self.accessibility, bus, path, interface).ok()
    }
}

pub(crate) fn connect(address: &str) -> Connection {
    let builder = connection::Builder::address(address).unwrap();
    builder.method_timeout(Duration::from_secs(5)).build().unwrap()
}

/// A bus on which nothing starts by itself: no portal, no secret store, nothing of the desktop the tests run on.
pub(crate) fn session_bus(runtime: &Path) -> (Process, String) {
    let config = runtime.join("session.conf");
    let socket = runtime.join("session");
    let policy = "<allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/>";
    let text = format!(
        "<busconfig><type>session</type><listen>unix:path={}</listen><auth>EXTERNAL</auth>\
         <policy context=\"default\">{policy}</policy></busconfig>",
        socket.display()
    );
    std::fs::write(&config, text).unwrap();
    let mut command = Command::new("dbus-daemon");
    command.arg("--nofork").arg("--print-address=1").arg(format!("--config-file={}", config.display()));
    let mut daemon = Process::start(&mut command);
    let address = time::poll(PATIENCE, || {
        assert!(daemon.ended().is_none(), "dbus-daemon ended\n{}", daemon.story());
        daemon.stdout.text().strip_suffix('\n').map(str::to_owned)
    });
    let address = address.unwrap_or_else(|| panic!("dbus-daemon names no address\n{}", daemon.story()));
    (daemon, address)
}

fn seen((at, _, (_, parent), _, _, interfaces, name, role, description, states): CacheItem) -> Seen {
    let is = |state: u32| {
        let word = states.get(state as usize / 32).copied().unwrap_or_default();
        word & (1 << (state % 32)) != 0
    };
    Seen {
        name,
        description,
        role: Role(role),
        enabled: is(ENABLED),
        focused: is(FOCUSED),
        has_text: interfaces.iter().any(|interface| interface == "org.a11y.atspi.Text"),
        at,
        parent,
    }
}

/// The order in which a reader walks through them: depth first.
fn in_order(all: Vec<Seen>) -> Vec<Seen> {
    let mut below: HashMap<OwnedObjectPath, Vec<Seen>> = HashMap::new();
    let paths: Vec<OwnedObjectPath> = all.iter().map(|seen| seen.at.1.clone()).collect();
    let mut walk = Vec::new();
    for seen in all {
        if paths.contains(&seen.parent) && seen.parent != seen.at.1 {
            below.entry(seen.parent.clone()).or_default().push(seen);
        } else {
            walk.push(seen);
        }
    }
    walk.reverse();
    let mut ordered = Vec::new();
    while let Some(seen) = walk.pop() {
        walk.extend(below.remove(&seen.at.1).unwrap_or_default().into_iter().rev());
        ordered.push(seen);
    }
    ordered
}
