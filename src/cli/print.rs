//! The only place that writes to standard output and standard error. A reader that goes away
//! (`tally … | head`) ends nothing, and nothing foreign can steer the terminal.

use std::io::{self, Write};

use serde::Serialize;

use crate::settings::redact_urls_in;

/// A line for the user on standard output. Whether somebody still reads there.
pub(super) fn line(text: &str) -> bool {
    write_to(&mut io::stdout().lock(), &format!("{}\n", harmless(text)))
}

/// Writes `text` over the line the terminal's cursor is on, and stays there.
pub(super) fn rewrite(text: &str) -> bool {
    // Carriage return, the text, and "erase to the end of the line" (ECMA-48, 8.3.41).
    write_to(&mut io::stdout().lock(), &format!("\r{}\x1b[K", harmless(text)))
}

/// Text as it is on standard output: documents made for files.
pub(super) fn document(text: &str) -> bool {
    write_to(&mut io::stdout().lock(), text)
}

/// One JSON object on a line of standard output. Whether somebody still reads there.
pub(super) fn json<T: Serialize>(object: &T) -> bool {
    match serde_json::to_string(object) {
        Ok(text) => write_to(&mut io::stdout().lock(), &format!("{text}\n")),
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
    write_to(&mut io::stderr().lock(), &format!("{}\n", redact_urls_in(&harmless(text))));
}

/// A question on standard error, without a line break.
pub(super) fn ask(text: &str) {
    write_to(&mut io::stderr().lock(), &harmless(text));
}

fn write_to(writer: &mut dyn Write, text: &str) -> bool {
    writer.write_all(text.as_bytes()).and_then(|()| writer.flush()).is_ok()
}

/// `text` without control characters other than line breaks and tabs: device names, files and servers'
/// words come from elsewhere.
fn harmless(text: &str) -> String {
    let shown = |c: char| if c.is_control() && c != '\n' && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_the_terminal_are_taken_out() {
        assert_eq!(harmless("a\u{1b}[31mb\r\n\tc\u{9b}d\u{7}"), "a�[31mb�\n\tc�d�");
        assert_eq!(harmless("日本 ü"), "日本 ü");
    }

    #[test]
    fn a_reader_that_is_gone_is_noticed_and_no_error() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert!(!write_to(&mut Gone, "x"));
        assert!(write_to(&mut Vec::new(), "x"));
    }
}
