//! The FFmpeg that takes the stream from a relay and sends it to one destination, unchanged.

use super::target::Target;
use super::{Relay, RelayError};

/// FFmpeg keeps user and password in so many bytes, one of them for the end.
const LOGIN_LENGTH_MAX: usize = 49;

/// The words of the command.
pub(super) fn words(program: &str, relay: &Relay<'_>, target: &Target) -> Result<Vec<String>, RelayError> {
    let login = match &target.login {
        Some((user, password)) => {
            let has = |text: &str, meaning: &str| text.contains(|c: char| c.is_whitespace() || meaning.contains(c));
            if has(user, ":/?#") || has(password, "/?#") || user.len().max(password.len()) > LOGIN_LENGTH_MAX {
                let reason = "FFmpeg cannot be given a login with / ? # or white space, a name with a colon, or more than 49 bytes";
                return Err(target.refused(relay, reason));
            }
            format!("{user}:{password}@")
        }
        None => String::new(),
    };
    let mut words: Vec<String> =
        [program, "-nostdin", "-loglevel", "error", "-i", &relay.stream_url(), "-c", "copy", "-f", "flv"]
            .map(str::to_owned)
            .to_vec();
    let mut option = |name: &str, value: &str| words.extend([name.to_owned(), value.to_owned()]);
    option("-flvflags", "no_duration_filesize");
    if target.is_tls() {
        // FFmpeg takes any certificate unless it is told to check.
        option("-tls_verify", "1");
        option("-ca_file", target.tls_ca.as_deref().unwrap_or("/etc/ssl/certs/ca-certificates.crt"));
    }
    option("-rtmp_app", &target.url.app);
    option("-rtmp_tcurl", &target.url.tc_url());
    option("-rtmp_playpath", &target.key);
    words.push(format!("{}://{login}{}/", target.url.scheme, target.host_port()));
    Ok(words)
}

/// What is told of a destination that asks for a login.
pub(super) fn login_comment(target: &Target) -> Option<String> {
    let told =
        "It asks for a login: FFmpeg gives it to servers that ask as Adobe's (authmod=adobe) or Limelight's (llnw) do.";
    target.login.is_some().then(|| told.to_owned())
}

/// `word` as a shell reads it back.
pub(super) fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
