//! MediaMTX: `runOnReady` runs one command, so a shell keeps an FFmpeg for each destination. Its own `forward` is newer than what
//! most people have, and `runOnReady` is understood by old and new.

use std::fmt::Write;

use super::ffmpeg::{login_comment, shell_word, words};
use super::head::{Steps, head};
use super::target::Target;
use super::{Relay, RelayError};

const INSTALL: &[&str] = &[
    "sudo apt install ffmpeg",
    "and the program mediamtx from https://github.com/bluenviron/mediamtx/releases (it is in no package of theirs).",
];
const NOTES: &[&str] = &[
    "An FFmpeg for each destination changes nothing in pictures or sound, and is started again three seconds after it",
    "has ended. Newer versions call runOnReady runOnAvailable, and still take it.",
    "While the show runs, other users of this computer can see the keys (ps): use nginx where that matters.",
    "A destination gets the show a second or two later than Tally sends it.",
];

pub(super) fn config(relay: &Relay<'_>, targets: &[Target]) -> Result<String, RelayError> {
    let works = vec![
        "it writes \"is publishing to path 'live/show'\", and once for each destination \"is reading from path\";"
            .to_owned(),
        "the pages of the services show the stream.".to_owned(),
    ];
    let start = "./mediamtx {FILE}";
    let mut text = head(relay, targets, &Steps { install: INSTALL, start, works, notes: NOTES });
    line(&mut text, format_args!("\nrtmp: true"));
    line(&mut text, format_args!("rtmpAddress: '{}'", relay.listen));
    text.push_str("# A version that has other servers beside these opens them, too: say false there as well.\n");
    text.push_str("rtsp: false\nhls: false\nwebrtc: false\nsrt: false\n");
    let senders: Vec<_> = relay.senders().iter().map(|sender| format!("'{sender}'")).collect();
    text.push_str("authInternalUsers:\n  # allow: Tally and FFmpeg, on this computer.\n  - user: any\n    pass:\n");
    line(&mut text, format_args!("    ips: [{}]", senders.join(", ")));
    text.push_str("    permissions:\n      - action: publish\n        path: live/show\n      - action: read\n        path: live/show\n");
    text.push_str("paths:\n  live/show:\n");
    for target in targets {
        for comment in target.comments(relay).into_iter().chain(login_comment(target)) {
            line(&mut text, format_args!("    # {comment}"));
        }
    }
    // At the end of the stream MediaMTX interrupts them all; the loops, being in the background, do not hear of it.
    text.push_str("    runOnReady: |-\n      sh -c \"trap 'trap - INT TERM; kill 0' INT TERM\n");
    for target in targets {
        let words = words("ffmpeg", relay, target)?;
        if words.iter().any(|word| word.contains('$')) {
            return Err(target.refused(relay, "MediaMTX would read the $ in its key or address as its own"));
        }
        let words: Vec<_> = words.iter().map(|word| in_double_quotes(&shell_word(word))).collect();
        line(&mut text, format_args!("      while :; do {}; sleep 3; done &", words.join(" ")));
    }
    text.push_str("      wait\"\n    runOnReadyRestart: yes\n");
    Ok(text)
}

/// What stands between double quotes: there the backslash, the quote and the backtick have a meaning.
fn in_double_quotes(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('`', "\\`")
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{content}");
}
