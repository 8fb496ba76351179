//! The system's own file dialogs, by a real portal: xdg-desktop-portal with its GTK half.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use zbus::blocking::{Connection, fdo::DBusProxy};

use crate::display::Display;
use crate::reader::{Reader, connect};
use crate::support::process::Process;
use crate::support::time;

const PATIENCE: Duration = Duration::from_secs(20);

/// A running portal: what programs ask, and what draws.
pub(crate) struct Portal {
    // In the order in which they are to end.
    _asked: Process,
    _draws: Process,
}

impl Portal {
    /// Starts one on the desktop of `reader`; `folder` is its home.
    pub(crate) fn start(display: &Display, reader: &Reader, folder: &Path) -> Self {
        let bus = connect(reader.session_address());
        let start = |program: &str, name: &str| {
            let mut command = Command::new(format!("/usr/libexec/{program}"));
            command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", folder);
            command.env("DISPLAY", display.name()).envs(reader.environment());
            // Which half draws is told by the desktop's name.
            command.env("XDG_CURRENT_DESKTOP", "GNOME").env("GSETTINGS_BACKEND", "memory").env("GTK_A11Y", "none");
            let mut process = Process::start(&mut command);
            let there = time::poll(PATIENCE, || {
                assert!(process.ended().is_none(), "{program} ended\n{}", process.story());
                has_name(&bus, name).then_some(())
            });
            assert!(there.is_some(), "{program} does not take part\n{}", process.story());
            process
        };
        let draws = start("xdg-desktop-portal-gtk", "org.freedesktop.impl.portal.desktop.gtk");
        let asked = start("xdg-desktop-portal", "org.freedesktop.portal.Desktop");
        Self { _asked: asked, _draws: draws }
    }
}

fn has_name(bus: &Connection, name: &str) -> bool {
    let names = DBusProxy::new(bus).and_then(|daemon| Ok(daemon.list_names()?));
    names.is_ok_and(|names| names.iter().any(|known| known.as_str() == name))
}
