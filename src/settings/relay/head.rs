//! The head of a configuration: what it is for, and the steps to run it.

use std::ffi::OsStr;
use std::path::Path;

use super::Relay;
use super::ffmpeg::shell_word;
use super::target::{Target, one_line};

/// What an engine says of itself.
pub(super) struct Steps<'a> {
    /// How to install it, a line each.
    pub(super) install: &'a [&'a str],
    /// The command that starts it, with `{FILE}` for this file.
    pub(super) start: &'a str,
    /// How to see that it works, a line each.
    pub(super) works: Vec<String>,
    /// What else is good to know, a line each.
    pub(super) notes: &'a [&'a str],
}

/// The head, as lines that begin with `#`.
pub(super) fn head(relay: &Relay<'_>, targets: &[Target], steps: &Steps<'_>) -> String {
    let file = relay.file.filter(|path| *path != Path::new("-"));
    let named = file.and_then(Path::file_name).map_or_else(|| "FILE".to_owned(), in_its_folder);
    let profile = one_line(relay.profile);
    let mut lines = vec![format!(
        "{} as a relay: it takes one stream from Tally and sends it to the {} of the profile {profile:?}.",
        relay.engine,
        match targets.len() {
            1 => "one destination".to_owned(),
            count => format!("{count} destinations"),
        },
    )];
    if relay.holds_secrets() {
        lines.push("THIS FILE HOLDS STREAM KEYS AND PASSWORDS: keep it private.".to_owned());
    } else if relay.with_secrets {
        lines.push(
            "No key or password could be had: put them where it says PUT-THE-…-HERE, and then keep this".to_owned(),
        );
        lines.push("file private.".to_owned());
    } else {
        lines.push(
            "Keys and passwords are left out: put them where it says PUT-THE-…-HERE, and then keep this".to_owned(),
        );
        lines.push("file private; or export again with --with-secrets.".to_owned());
    }
    lines.push(String::new());
    lines.push("1. Install it (Debian, Ubuntu):".to_owned());
    lines.extend(steps.install.iter().map(|line| format!("     {line}")));
    lines.push("2. Start it, as an ordinary user, in the folder of this file:".to_owned());
    lines.push(format!("     {}", steps.start.replace("{FILE}", &named)));
    lines.push("3. Send to it:".to_owned());
    lines.push(format!("     tally live --profile {} --to {}", shell_word(&profile), relay.stream_url()));
    lines.push("4. See that it works:".to_owned());
    lines.extend(steps.works.iter().map(|line| format!("     {line}")));
    lines.push("5. End it: Ctrl+C where it was started.".to_owned());
    lines.push(String::new());
    lines.extend(steps.notes.iter().map(|&line| line.to_owned()));
    if !relay.reached().ip().is_loopback() {
        lines.push(
            "Only this computer may publish: add the address of the one that runs Tally where it says allow."
                .to_owned(),
        );
    }
    lines.iter().map(|line| format!("{}\n", format!("# {}", one_line(line)).trim_end())).collect()
}

/// The file of this name for a shell that is in its folder; a name like `-c` is no option there.
fn in_its_folder(name: &OsStr) -> String {
    let name = name.to_string_lossy();
    shell_word(&if name.starts_with('-') { format!("./{name}") } else { name.into_owned() })
}
