//! SRS: `forward` keeps app and stream name and speaks no TLS, and `transcode` has no word for a stream's name on its own; so
//! `exec` starts an FFmpeg for each destination, and again when it ends.

use std::fmt::Write;

use super::ffmpeg::{login_comment, words};
use super::head::{Steps, head};
use super::target::Target;
use super::{Relay, RelayError};

const INSTALL: &[&str] = &[
    "sudo apt install ffmpeg git build-essential automake pkg-config libssl-dev tclsh unzip",
    "git clone --depth 1 -b 5.0release https://github.com/ossrs/srs && cd srs/trunk && ./configure && make",
    "(SRS is in no package of theirs.)",
];
const NOTES: &[&str] = &[
    "`forward` would keep the name of the stream for every destination and speaks no TLS; `exec` starts an FFmpeg for",
    "each, which changes nothing in pictures or sound, and starts it again three seconds after it has ended.",
    "While the show runs, other users of this computer can see the keys (ps): use nginx where that matters.",
    "A destination gets the show a second or two later than Tally sends it.",
];

pub(super) fn config(relay: &Relay<'_>, targets: &[Target]) -> Result<String, RelayError> {
    let start = "srs/trunk/objs/srs -c {FILE}";
    let works = vec![
        "ps -C ffmpeg has one line for each destination, and the pages of the services show the stream.".to_owned(),
    ];
    let mut text = head(relay, targets, &Steps { install: INSTALL, start, works, notes: NOTES });
    line(&mut text, format_args!("\nlisten {};", relay.listen));
    text.push_str(
        "max_connections 100;
daemon off;
pid ./tally-relay-srs.pid;
# At more than warnings SRS writes the keys.
srs_log_tank console;
srs_log_level warn;
vhost __defaultVhost__ {
  tcp_nodelay on;
  security {
    enabled on;
",
    );
    for sender in relay.senders() {
        line(&mut text, format_args!("    allow publish {sender};"));
    }
    text.push_str("    # FFmpeg, on this computer.\n");
    for sender in relay.senders() {
        line(&mut text, format_args!("    allow play {sender};"));
    }
    text.push_str("  }\n  exec {\n    enabled on;\n");
    for target in targets {
        text.push('\n');
        for comment in target.comments(relay).into_iter().chain(login_comment(target)) {
            line(&mut text, format_args!("    # {comment}"));
        }
        let given = [Some(&target.key), Some(&target.url.app), target.tls_ca.as_ref()].into_iter().flatten();
        let login = target.login.iter().flat_map(|(user, password)| [user, password]);
        if given.chain(login).any(|word| word.contains('[')) {
            return Err(target.refused(relay, "SRS would read the [ in its key, address or login as its own"));
        }
        let words = words("/usr/bin/ffmpeg", relay, target)?;
        let words = words.iter().map(|word| quoted(word, relay, target)).collect::<Result<Vec<_>, _>>()?;
        // What it writes there itself would hold the keys.
        line(&mut text, format_args!("    publish {} 1>/dev/null;", words.join(" ")));
    }
    text.push_str("  }\n}\n");
    Ok(text)
}

/// A word of SRS's language, which knows two kinds of quotes and no escapes; `>` means something in those of `exec`.
fn quoted(word: &str, relay: &Relay<'_>, target: &Target) -> Result<String, RelayError> {
    if word.contains('>') {
        return Err(target.refused(relay, "SRS would read the > in its key or address as its own"));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+".contains(c);
    match (word.chars().all(plain), word.contains('"'), word.contains('\'')) {
        (true, ..) => Ok(word.to_owned()),
        (_, false, _) => Ok(format!("\"{word}\"")),
        (_, true, false) => Ok(format!("'{word}'")),
        (_, true, true) => Err(target.refused(relay, "SRS cannot be given a key with both kinds of quotes")),
    }
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{content}");
}
