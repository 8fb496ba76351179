//! The only place that writes to standard output and standard error. A reader that goes away
//! (`tally … | head`) ends nothing, and nothing foreign can steer the terminal.

use std::io::{self, Write};
use std::sync::OnceLock;

use serde::Serialize;

use crate::settings::redact_urls_in;

/// Why something could not be written to standard output, the first time; a reader that went away is no reason.
static UNWRITTEN: OnceLock<io::Error> = OnceLock::new();

/// Why what was printed is not whole, if it is not.
pub(super) fn unwritten() -> Option<&'static io::Error> {
    UNWRITTEN.get()
}

/// A line for the user on standard output. Whether somebody still reads there.
pub(super) fn line(text: &str) -> bool {
    show(&format!("{}\n", harmless(text)))
}

/// Writes `text` over the line the terminal's cursor is on, and stays there.
pub(super) fn rewrite(text: &str) -> bool {
    // Carriage return, the text, and "erase to the end of the line" (ECMA-48, 8.3.41).
    show(&format!("\r{}\x1b[K", harmless(text)))
}

/// How wide the terminal at standard output is, where the system tells.
#[cfg(unix)]
#[expect(unsafe_code, reason = "std knows no terminals")]
pub(super) fn columns() -> Option<usize> {
    // SAFETY: all zeros are a valid winsize, and the call writes into nothing else.
    let size = unsafe {
        let mut size: libc::winsize = std::mem::zeroed();
        (libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &raw mut size) == 0).then_some(size)
    };
    size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(not(unix))]
pub(super) fn columns() -> Option<usize> {
    None
}

/// Text as it is on standard output: documents made for files.
pub(super) fn document(text: &str) -> bool {
    show(text)
}

/// One JSON object on a line of standard output. Whether somebody still reads there.
pub(super) fn json<T: Serialize>(object: &T) -> bool {
    match serde_json::to_string(object) {
        Ok(text) => show(&format!("{text}\n")),
        Err(error) => {
            complain(&format!("an event could not be written as JSON: {error}"));
            true
        }
    }
}

/// A sentence about what is wrong or should be known, on standard error.
pub(super) fn complain(text: &str) {
    note(&format!("tally: {text}"));
}

/// A line on standard error as it is, for what is no complaint.
pub(super) fn note(text: &str) {
    // Nobody is left who could be told.
    let _ = write_to(&mut io::stderr().lock(), &format!("{}\n", redact_urls_in(&harmless(text))));
}

/// A question on standard error, without a line break.
pub(super) fn ask(text: &str) {
    let _ = write_to(&mut io::stderr().lock(), &harmless(text));
}

fn show(text: &str) -> bool {
    show_to(&mut io::stdout().lock(), text, &UNWRITTEN)
}

/// Whether it was written; why not is kept in `unwritten`, unless the reader is gone.
fn show_to(writer: &mut dyn Write, text: &str, unwritten: &OnceLock<io::Error>) -> bool {
    let written = write_to(writer, text);
    let goes_on = written.is_ok();
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        unwritten.get_or_init(|| error);
    }
    goes_on
}

fn write_to(writer: &mut dyn Write, text: &str) -> io::Result<()> {
    writer.write_all(text.as_bytes())?;
    writer.flush()
}

/// `text` without control characters other than line breaks and tabs: device names, files and servers'
/// words come from elsewhere.
fn harmless(text: &str) -> String {
    let shown = |c: char| if c.is_control() && c != '\n' && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
    text.chars().map(shown).collect()
}

/// `text` in one line, for what is a part of one: names in imported files may hold line breaks.
pub(super) fn in_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_breaks_no_line() {
        assert_eq!(in_one_line("Main\nevil\t\u{1b}é"), "Main\u{fffd}evil\u{fffd}\u{fffd}é");
    }

    #[test]
    fn escapes_of_the_terminal_are_taken_out() {
        assert_eq!(harmless("a\u{1b}[31mb\r\n\tc\u{9b}d\u{7}"), "a�[31mb�\n\tc�d�");
        assert_eq!(harmless("日本 ü"), "日本 ü");
    }

    /// A writer that answers with an error.
    struct Refusing(io::ErrorKind);

    impl Write for Refusing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_is_gone_is_noticed_and_no_error() {
        let unwritten = OnceLock::new();
        assert!(!show_to(&mut Refusing(io::ErrorKind::BrokenPipe), "x", &unwritten));
        assert!(show_to(&mut Vec::new(), "x", &unwritten));
        assert!(unwritten.get().is_none());
    }

    #[test]
    fn the_first_reason_why_something_is_unwritten_is_kept() {
        let unwritten = OnceLock::new();
        assert!(!show_to(&mut Refusing(io::ErrorKind::StorageFull), "x", &unwritten));
        assert!(!show_to(&mut Refusing(io::ErrorKind::PermissionDenied), "x", &unwritten));
        assert_eq!(unwritten.get().map(io::Error::kind), Some(io::ErrorKind::StorageFull));
    }
}
