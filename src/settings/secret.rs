//! `StreamKey`: text that must not be seen. It has no `Display`, and `Debug` hides it.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::rtmp::url::{HIDDEN, UrlParts};

/// What is wrong with a secret of which nothing is left.
pub(crate) const EMPTY: &str = "it is empty";

/// A stream key or a password. White space and line breaks that came along when it was pasted are
/// gone; its memory is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamKey(Zeroizing<String>);

impl StreamKey {
    /// Longest secret that is accepted, in bytes: real keys stay under a few hundred.
    pub const LENGTH_MAX: usize = 4096;

    /// The secret in `text`, without surrounding white space and without control characters (a key
    /// copied from a web page or a file may be wrapped or end with a line break).
    pub fn new(text: &str) -> Self {
        // Room for everything at once: growing would leave copies behind that nobody wipes.
        let mut kept = Zeroizing::new(String::with_capacity(text.len()));
        kept.extend(text.trim().chars().filter(|c| !c.is_control() && *c != '\u{feff}'));
        Self(kept)
    }

    /// The only line of a file, without surrounding white space.
    ///
    /// # Errors
    /// In words: it cannot be read, is larger than any key, or is none: see `read`.
    pub fn read_file(path: &Path) -> Result<Self, String> {
        let file = open_unawaited(path).map_err(|error| error.to_string())?;
        let is_pipe = is_pipe(&file);
        let mut text = Zeroizing::new(String::with_capacity(Self::LENGTH_MAX + 1));
        match file.take(Self::LENGTH_MAX as u64 + 1).read_to_string(&mut text) {
            Err(error) => return Err(error.to_string()),
            Ok(length) if length > Self::LENGTH_MAX => return Err("it is larger than 4 KiB".to_owned()),
            Ok(_) => {}
        }
        match Self::read(&text) {
            Err(EMPTY) if is_pipe => Err("it is a pipe, and nobody writes to it".to_owned()),
            read => read.map_err(str::to_owned),
        }
    }

    /// The only line of what somebody gave as a stream key, without surrounding white space.
    ///
    /// # Errors
    /// In words: it is empty, or is no key but several lines, an address or what is shown in place of a key.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        if text.split(['\n', '\r']).filter(|line| !line.trim().is_empty()).count() > 1 {
            return Err("it has several lines");
        }
        let key = Self::new(text);
        if key.is_empty() {
            return Err(EMPTY);
        }
        if !UrlParts::of(key.reveal()).scheme.is_empty() {
            return Err("it holds an address");
        }
        if key.is_shown_instead() { Err("it holds the dots that hide a key, not the key") } else { Ok(key) }
    }

    /// Whether it is what is shown in place of a secret: somebody has copied that.
    pub(in crate::settings) fn is_shown_instead(&self) -> bool {
        self.0.contains(HIDDEN)
    }

    /// The secret itself, for the protocol that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Its last 4 characters, by which people tell their keys apart; fewer of a short one, never more
    /// than half of it.
    pub fn last4(&self) -> String {
        let length = self.0.chars().count();
        self.0.chars().skip(length - (length / 2).min(4)).collect()
    }

    /// Whether nothing is left of it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Opens a file to read. A pipe without a writer is opened as well, and is empty: to wait for one might be for ever. Who
/// writes to it already may take his time.
#[cfg(unix)]
#[expect(unsafe_code, reason = "std cannot make a file wait again")]
pub(crate) fn open_unawaited(path: &Path) -> io::Result<File> {
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::OpenOptionsExt;
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    // SAFETY: the descriptor is open for as long as `file` lives, and both calls take and give plain numbers.
    let waits_again = unsafe {
        let flags = libc::fcntl(file.as_raw_fd(), libc::F_GETFL);
        flags >= 0 && libc::fcntl(file.as_raw_fd(), libc::F_SETFL, flags & !libc::O_NONBLOCK) >= 0
    };
    if waits_again { Ok(file) } else { Err(io::Error::last_os_error()) }
}

#[cfg(not(unix))]
pub(crate) fn open_unawaited(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Whether it is a pipe with a name.
#[cfg(unix)]
pub(in crate::settings) fn is_pipe(file: &File) -> bool {
    use std::os::unix::fs::FileTypeExt;
    file.metadata().is_ok_and(|about| about.file_type().is_fifo())
}

#[cfg(not(unix))]
pub(in crate::settings) fn is_pipe(_file: &File) -> bool {
    false
}

impl fmt::Debug for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamKey({HIDDEN})")
    }
}

/// The entry of the secret store in which a secret rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretEntry(pub String);

/// The secrets of a destination that are kept and were not read: the secret store did not answer, or was not asked yet.
/// One that is known as well was typed anew and counts alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnreadSecrets {
    /// Of the stream key.
    pub stream_key: Option<SecretEntry>,
    /// Of the password.
    pub password: Option<SecretEntry>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_white_space_is_gone_and_the_key_is_kept() {
        assert_eq!(StreamKey::new("  live_12 3?a=b&c=%20\r\n").reveal(), "live_12 3?a=b&c=%20");
        assert_eq!(StreamKey::new("\u{feff}abcd-\nefgh\t").reveal(), "abcd-efgh");
        assert!(StreamKey::new(" \n\t").is_empty());
    }

    #[test]
    fn what_is_no_key_is_not_taken_for_one() {
        assert_eq!(StreamKey::read(" live_12?a=b\r\n\n").unwrap().reveal(), "live_12?a=b");
        for (text, why) in [
            ("\n \t", "empty"),
            ("one\ntwo", "several lines"),
            ("rtmp://h/app/key", "an address"),
            ("•••", "dots"),
            ("live_•••", "dots"),
        ] {
            let error = StreamKey::read(text).unwrap_err();
            assert!(error.contains(why), "{text:?}: {error}");
        }
    }

    #[test]
    fn debug_hides_it() {
        let shown = format!("{:?} {:#?}", StreamKey::new("canary-key"), Some(StreamKey::new("canary-key")));
        assert!(shown.contains(HIDDEN) && !shown.contains("canary") && !shown.contains("key"), "{shown}");
    }

    #[test]
    fn the_last_four_never_show_more_than_half() {
        for (key, shown) in
            [("abcd-efgh", "efgh"), ("secret", "ret"), ("ab", "b"), ("x", ""), ("", ""), ("ключ-日本語", "-日本語")]
        {
            assert_eq!(StreamKey::new(key).last4(), shown);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_read_while_somebody_writes_and_not_awaited() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert!(StreamKey::read_file(&path).unwrap_err().contains("nobody writes"));
        // Its writer has opened it, as for `<(…)`, and takes his time.
        let mut writer = std::process::Command::new("sh")
            .args(["-c", "exec 3<>\"$0\"; echo; sleep 0.3; echo key >&3; exec 3>&-"])
            .arg(&path)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        writer.stdout.take().unwrap().read_exact(&mut [0]).unwrap();
        assert_eq!(StreamKey::read_file(&path).unwrap().reveal(), "key");
        assert!(writer.wait().unwrap().success());
    }
}
