//! What people paste into the fields of a destination: an address with the key inside, a key with line breaks around
//! it, a whole address where the key belongs, a link of another Tally.

use super::catalogue::{SERVICES, Service};
use super::link::{LinkError, ShowLink, is_link};
use super::{Destination, StreamKey};
use crate::rtmp::url::{HIDDEN, RtmpUrl, Scheme, UrlError, UrlParts, redact_url};

/// Longest text that is looked at, in bytes.
const TEXT_LENGTH_MAX: usize = 4096;

/// What was made of pasted text.
#[derive(Debug, PartialEq)]
pub enum Pasted {
    /// The destination as it is now, and what was done to the text.
    Destination(Box<Destination>, Vec<Done>),
    /// A link that carries a whole show.
    Show(Box<ShowLink>),
}

/// What was done to pasted text, for the user to know. The words are the window's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Done {
    /// White space or line breaks are gone.
    Trimmed,
    /// Quotes or angle brackets around it are gone.
    Unquoted,
    /// The key was in the address and is now in its own field.
    KeySplit,
    /// User and password were in the address and are now in their own fields.
    LoginSplit,
    /// The address was with the key and is now in its own field.
    ServerSplit,
    /// The stored key belonged to another server and was not taken along.
    OldKeyLeft,
    /// The backup server belonged to another server and was not taken along: it would get the key of the new one.
    BackupLeft,
    /// The certificate to trust belonged to another server and was not taken along.
    CertificateLeft,
}

/// Why pasted text is no use. Never holds the text: it may be secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasteError {
    /// Nothing but white space.
    #[error("there is nothing in it")]
    Empty,
    /// Far longer than any address or key.
    #[error("it is far too long for an address or a key")]
    TooLong,
    /// A key in it was hidden before it was copied.
    #[error("part of it is hidden: copy it again where it is whole")]
    Hidden,
    /// White space or control characters inside.
    #[error("it has white space inside: copy the address alone")]
    SpaceInside,
    /// White space inside a stream key of a service that has none.
    #[error("it has white space inside: copy the key alone")]
    SpaceInKey,
    /// Another key than the destination's in the address of its backup server.
    #[error("the backup server takes the same stream key: leave the key out of its address")]
    KeyInBackup,
    /// Another login than the destination's in the address of its backup server.
    #[error("the backup server gets the same login: leave name and password out of its address")]
    LoginInBackup,
    /// There is no scheme before the server.
    #[error("the address has no scheme: it starts with rtmp:// or rtmps://")]
    NoScheme,
    /// A scheme that is nearly one of ours.
    #[error("{typed}:// is not a scheme: did you mean {meant}://?")]
    MistypedScheme {
        /// What was typed.
        typed: String,
        /// What was probably meant.
        meant: &'static str,
    },
    /// The address of a web page.
    #[error("this is the address of a web page: the server's starts with rtmp:// or rtmps://")]
    WebAddress,
    /// Some other scheme.
    #[error("{typed}:// is not supported: the address starts with rtmp:// or rtmps://")]
    OtherScheme {
        /// What was typed.
        typed: String,
    },
    /// The server's name is missing or wrong.
    #[error("the name of the server is missing or wrong")]
    BadHost,
    /// The port is no number of 1 to 65535.
    #[error("the port is wrong: it is a number from 1 to 65535")]
    BadPort,
    /// No link.
    #[error(transparent)]
    Link(#[from] LinkError),
}

impl From<UrlError> for PasteError {
    fn from(error: UrlError) -> Self {
        match error {
            UrlError::MissingScheme => Self::NoScheme,
            UrlError::MistypedScheme { typed, suggestion } => {
                Self::MistypedScheme { typed, meant: suggestion.as_str() }
            }
            UrlError::WebAddress { .. } => Self::WebAddress,
            UrlError::NotYetSupported { scheme: typed } | UrlError::UnknownScheme { typed } => {
                Self::OtherScheme { typed }
            }
            UrlError::MissingHost | UrlError::BadHost => Self::BadHost,
            UrlError::BadPort => Self::BadPort,
            UrlError::WhiteSpace => Self::SpaceInside,
            UrlError::TooLong => Self::TooLong,
        }
    }
}

/// Takes `text` as the address of `old`: what it holds of key and login goes to their own fields.
///
/// # Errors
/// It is neither an address nor a link.
pub fn paste_server(text: &str, old: &Destination) -> Result<Pasted, PasteError> {
    let unspaced = checked(text)?;
    let trimmed = without_quotes(unspaced);
    if is_link(trimmed) {
        return Ok(Pasted::Show(Box::new(ShowLink::parse(trimmed)?)));
    }
    let url = RtmpUrl::parse(trimmed, false)?;
    let mut done = Vec::new();
    if unspaced.len() != text.len() {
        done.push(Done::Trimmed);
    }
    if trimmed.len() != unspaced.len() {
        done.push(Done::Unquoted);
    }
    let bare = Destination { name: old.name.clone(), ..Destination::at(trimmed) };
    let known = bare.with_known_app();
    let mut pasted = known.unwrap_or(bare).with_secrets_split();
    if pasted.stream_key.is_some() {
        done.push(Done::KeySplit);
    }
    if pasted.user.is_some() || pasted.password.is_some() {
        done.push(Done::LoginSplit);
    }
    let same_host = RtmpUrl::parse(&old.server, true).is_ok_and(|old| old.host.eq_ignore_ascii_case(&url.host));
    if !same_host {
        pasted.name = name_elsewhere(old, &pasted.server);
    }
    let is_first = old.server.trim().is_empty();
    if same_host || is_first {
        // The same server again, or the rest came before the address.
        pasted.stream_key = pasted.stream_key.or_else(|| old.stream_key.clone());
        pasted.user = pasted.user.or_else(|| old.user.clone());
        pasted.password = pasted.password.or_else(|| old.password.clone());
        pasted.unread = old.unread.clone();
        pasted.tls_ca.clone_from(&old.tls_ca);
        pasted.backup_server.clone_from(&old.backup_server);
        pasted = pasted.with_secrets_split();
    } else {
        let no_key = pasted.stream_key.is_none() && old.has_key();
        done.extend(no_key.then_some(Done::OldKeyLeft));
        done.extend(old.backup_server.as_ref().map(|_| Done::BackupLeft));
        done.extend(old.tls_ca.as_ref().map(|_| Done::CertificateLeft));
    }
    Ok(Pasted::Destination(Box::new(pasted), done))
}

/// What `old` is called when it goes to `server`, at another host: a name that was typed stays, one that came from the
/// service or the host follows them.
fn name_elsewhere(old: &Destination, server: &str) -> String {
    let service = Service::of(old);
    let is_services = service.is_some_and(|service| is_numbered(&old.name, service.name));
    let then = Service::of(&Destination { name: old.name.clone(), ..Destination::at(server) });
    let stays = is_services && then == service;
    if stays || !(is_services || is_numbered(&old.name, &Destination::at(&old.server).name)) {
        return old.name.clone();
    }
    let new = Destination::at(server);
    Service::of(&new).map_or(new.name, |service| service.name.to_owned())
}

/// Whether `name` is `own`, alone or with the number that tells several of one name apart.
fn is_numbered(name: &str, own: &str) -> bool {
    let head = name.get(..own.len()).filter(|head| !own.is_empty() && head.eq_ignore_ascii_case(own));
    head.is_some_and(|_| match &name[own.len()..] {
        "" => true,
        more => more.strip_prefix(' ').is_some_and(|number| number.parse::<u32>().is_ok()),
    })
}

/// Takes `text` as the stream key of `old`, or as a whole address with the key inside.
///
/// # Errors
/// There is nothing in it, it is more than a key, or it is an address that cannot be read.
pub fn paste_key(text: &str, old: &Destination) -> Result<Pasted, PasteError> {
    let trimmed = checked(text)?;
    if trimmed.contains("://") || is_link(without_quotes(trimmed)) {
        let mut old = old.clone();
        old.set_stream_key(None);
        let pasted = paste_server(text, &old)?;
        return Ok(match pasted {
            Pasted::Destination(destination, mut done) => {
                done.push(Done::ServerSplit);
                Pasted::Destination(destination, done)
            }
            show => show,
        });
    }
    let key = StreamKey::new(trimmed);
    if key.is_empty() {
        return Err(PasteError::Empty);
    }
    // A server of one's own may know what it likes.
    if trimmed.contains(char::is_whitespace) && Service::of(old).is_some() {
        return Err(PasteError::SpaceInKey);
    }
    let done = if key.reveal().len() == text.len() { Vec::new() } else { vec![Done::Trimmed] };
    let mut pasted = old.clone();
    pasted.set_stream_key(Some(key));
    Ok(Pasted::Destination(Box::new(pasted), done))
}

/// An address that was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MendedAddress {
    /// All of it; it may hold a key.
    pub whole: StreamKey,
    /// As it may be seen.
    pub shown: String,
}

/// The address that was probably meant by `text`, of which only what stands before the server is wrong: `rtmp//`,
/// `rtmp:/`, `rmtp://`, or nothing.
pub fn mended_address(text: &str) -> Option<MendedAddress> {
    let text = without_quotes(checked(text).ok()?);
    if let Some(meant) = with_mended_scheme(text) {
        return Some(MendedAddress { shown: redact_url(&meant), whole: StreamKey::new(&meant) });
    }
    let scheme = missing_scheme(text)?;
    // What is hidden without a scheme may be a key with one too.
    let shown = format!("{scheme}://{}", redact_url(text));
    Some(MendedAddress { shown, whole: StreamKey::new(&format!("{scheme}://{text}")) })
}

/// The scheme that `text` lacks, where it is an address otherwise: a host that is one for certain, and something behind it. A
/// key alone is none.
fn missing_scheme(text: &str) -> Option<Scheme> {
    let parts = UrlParts::of(text);
    let port = parts.host_port.rsplit_once(':').map(|(_, port)| port);
    let is_host = parts.host_port.contains(['.', '[']) || port.is_some() || parts.host_port == "localhost";
    if !parts.scheme.is_empty() || !is_host || parts.path.len() < 2 {
        return None;
    }
    let url = RtmpUrl::parse(&format!("{}://{text}", Scheme::Rtmps), false).ok()?;
    let known = SERVICES.iter().flat_map(|service| service.servers);
    let is_encrypted = known.filter_map(|server| RtmpUrl::parse(server.url, true).ok()).any(|known| {
        known.scheme == Scheme::Rtmps
            && known.host.eq_ignore_ascii_case(&url.host)
            && port.is_none_or(|_| known.port == url.port)
    });
    Some(if is_encrypted || port == Some("443") { Scheme::Rtmps } else { Scheme::Rtmp })
}

fn with_mended_scheme(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_at(text.find(|c: char| !c.is_ascii_alphanumeric())?);
    let server = rest.trim_start_matches([':', ';', '/']);
    if server.len() == rest.len() {
        return None;
    }
    let scheme = match RtmpUrl::parse(&format!("{scheme}://{server}"), false) {
        Ok(url) => url.scheme,
        Err(UrlError::MistypedScheme { suggestion, .. }) => suggestion,
        Err(_) => return None,
    };
    let meant = format!("{scheme}://{server}");
    RtmpUrl::parse(&meant, false).ok().map(|_| meant)
}

/// `text` without what addresses are put into where they are written down: quotes, angle brackets, white space.
pub fn without_quotes(text: &str) -> &str {
    let is_around = |c: char| c.is_whitespace() || c.is_control() || "\u{feff}\"'`<>“”„‘’‚«»‹›".contains(c);
    text.trim_matches(is_around)
}

fn checked(text: &str) -> Result<&str, PasteError> {
    if text.len() > TEXT_LENGTH_MAX {
        return Err(PasteError::TooLong);
    }
    let trimmed = text.trim_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}');
    match trimmed {
        quoted if without_quotes(quoted).is_empty() => Err(PasteError::Empty),
        hidden if hidden.contains(HIDDEN) => Err(PasteError::Hidden),
        whole => Ok(whole),
    }
}

impl Destination {
    /// Where the catalogue knows the whole address: what follows it is the key, also behind an app of two levels or
    /// a slash at its end.
    pub(super) fn with_known_app(&self) -> Option<Self> {
        let servers = Service::of(self)?.servers.iter();
        servers.filter_map(|server| self.cut_after(server.url)).max_by_key(|cut| cut.server.len())
    }

    fn cut_after(&self, known: &str) -> Option<Self> {
        let base = known.trim_end_matches('/');
        let head = self.server.get(..base.len())?;
        let key = self.server[base.len()..].strip_prefix('/')?;
        if !head.eq_ignore_ascii_case(base) || key.is_empty() {
            return None;
        }
        Some(Self { server: known.to_owned(), stream_key: Some(StreamKey::new(key)), ..self.clone() })
    }
}

/// Whether the backup server of `destination`, if it has one, can be one.
///
/// # Errors
/// Why it cannot, for whoever typed it.
pub fn backup_is_usable(destination: &Destination) -> Result<(), PasteError> {
    let Some(address) = &destination.backup_server else { return Ok(()) };
    RtmpUrl::parse(address, true)?;
    if destination.has_other_login_in_backup() {
        return Err(PasteError::LoginInBackup);
    }
    if destination.has_other_key_in_backup() { Err(PasteError::KeyInBackup) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SecretEntry;
    use proptest::prelude::*;

    #[test]
    fn a_key_that_was_not_read_stays_with_its_server_until_another_is_pasted() {
        let mut old = Destination::at("rtmp://h.example/app");
        old.unread.stream_key = Some(SecretEntry("kept".to_owned()));
        let pasted = |text: &str| match paste_server(text, &old).unwrap() {
            Pasted::Destination(pasted, done) => (*pasted, done),
            show => panic!("{show:?}"),
        };
        let (same, _) = pasted("rtmps://H.example/live");
        assert!(same.stream_key.is_none() && same.has_key());
        let (typed, _) = pasted("rtmp://h.example/app/typed");
        assert!(typed.stream_key.is_some() && typed.unread.stream_key.is_none());
        let (other, done) = pasted("rtmp://other.example/app");
        assert!(!other.has_key() && done.contains(&Done::OldKeyLeft), "{done:?}");
        let Pasted::Destination(replaced, _) = paste_key("new", &old).unwrap() else { panic!() };
        assert!(replaced.stream_key.is_some() && replaced.unread.stream_key.is_none());
    }

    fn old() -> Destination {
        Destination {
            name: "YouTube".to_owned(),
            stream_key: Some(StreamKey::new("old-key")),
            ..Destination::at("rtmps://a.rtmps.youtube.com:443/live2")
        }
    }

    fn destination(pasted: Result<Pasted, PasteError>) -> (Destination, Vec<Done>) {
        match pasted.unwrap() {
            Pasted::Destination(destination, done) => (*destination, done),
            Pasted::Show(link) => panic!("{link:?}"),
        }
    }

    fn key(destination: &Destination) -> Option<&str> {
        destination.stream_key.as_ref().map(StreamKey::reveal)
    }

    #[test]
    fn the_key_moves_out_of_a_pasted_address() {
        for (text, server, expected, done, name) in [
            ("rtmp://h/app/k?x=/y\n", "rtmp://h/app", Some("k?x=/y"), vec![Done::Trimmed, Done::KeySplit], "h"),
            ("rtmp://h/app", "rtmp://h/app", None, vec![Done::OldKeyLeft], "h"),
            (
                "rtmps://b.rtmps.youtube.com:443/live2?backup=1/new-key",
                "rtmps://b.rtmps.youtube.com:443/live2?backup=1",
                Some("new-key"),
                vec![Done::KeySplit],
                "YouTube",
            ),
            (
                "rtmps://rtmp-api.facebook.com:443/rtmp/FB-1",
                "rtmps://rtmp-api.facebook.com:443/rtmp/",
                Some("FB-1"),
                vec![Done::KeySplit],
                "Facebook Live",
            ),
            (
                "RTMPS://A.RTMPS.YOUTUBE.COM:443/live2/k",
                "rtmps://a.rtmps.youtube.com:443/live2",
                Some("k"),
                vec![Done::KeySplit],
                "YouTube",
            ),
        ] {
            let (pasted, told) = destination(paste_server(text, &old()));
            assert_eq!((pasted.server.as_str(), key(&pasted)), (server, expected), "{text}");
            assert_eq!(told, done, "{text}");
            assert_eq!(pasted.name, name, "{text}");
        }
    }

    #[test]
    fn nothing_of_the_old_server_goes_with_a_key_for_another() {
        let backup = "rtmps://b.rtmps.youtube.com:443/live2?backup=1".to_owned();
        let old = Destination { backup_server: Some(backup), tls_ca: Some("/ca.pem".into()), ..old() };
        let (other, done) = destination(paste_server("rtmp://live.twitch.tv/app/live_key", &old));
        assert_eq!((other.name.as_str(), key(&other)), ("Twitch", Some("live_key")));
        assert_eq!((other.backup_server, other.tls_ca), (None, None));
        assert_eq!(done, [Done::KeySplit, Done::BackupLeft, Done::CertificateLeft]);
        // By the field of the key it is the same.
        let (other, done) = destination(paste_key("rtmp://live.twitch.tv/app/live_key", &old));
        assert_eq!((other.name.as_str(), other.backup_server), ("Twitch", None));
        assert!(done.contains(&Done::BackupLeft), "{done:?}");
        let (same, done) = destination(paste_server("rtmps://A.rtmps.youtube.com:443/live2/new", &old));
        assert_eq!((same.name, same.backup_server, same.tls_ca), (old.name, old.backup_server, old.tls_ca));
        assert_eq!(done, [Done::KeySplit]);
    }

    #[test]
    fn a_name_follows_the_server_unless_it_was_typed() {
        let (youtube, own) = ("rtmps://a.rtmps.youtube.com:443/live2", "rtmp://media.example/app");
        for (name, server, pasted, becomes) in [
            ("YouTube", youtube, "rtmp://live.twitch.tv/app", "Twitch"),
            ("youtube 2", youtube, own, "media.example"),
            ("YouTube", youtube, "rtmps://b.rtmps.youtube.com:443/live2?backup=1", "YouTube"),
            ("Sunday", youtube, "rtmp://live.twitch.tv/app", "Sunday"),
            ("YouTube of ours", youtube, own, "YouTube of ours"),
            ("media.example", own, "rtmp://other.example/app", "other.example"),
            ("media.example", own, youtube, "YouTube"),
            ("media.example", own, "rtmps://media.example/live", "media.example"),
            ("", own, youtube, ""),
            // Two share one network.
            (
                "Amazon IVS",
                "rtmps://a.global-contribute.live-video.net/app",
                "rtmps://b.global-contribute.live-video.net/app",
                "Amazon IVS",
            ),
            // A service without hosts of its own is known by its name.
            ("Trovo", "", "rtmp://own.example/app", "Trovo"),
            ("Trovo", "rtmp://own.example/app", "rtmp://own2.example/app", "Trovo"),
            ("Trovo", "", "rtmp://live.twitch.tv/app", "Twitch"),
        ] {
            let old = Destination { name: name.to_owned(), ..Destination::at(server) };
            let (new, _) = destination(paste_server(pasted, &old));
            assert_eq!(new.name, becomes, "{name} at {server}: {pasted}");
        }
    }

    #[test]
    fn a_login_moves_out_too() {
        let (pasted, done) = destination(paste_server(" rtmp://me:p%40ss@h/app", &old()));
        assert_eq!((pasted.server.as_str(), pasted.user.as_deref()), ("rtmp://h/app", Some("me")));
        assert_eq!(pasted.password.as_ref().map(StreamKey::reveal), Some("p@ss"));
        assert_eq!(done, [Done::Trimmed, Done::LoginSplit, Done::OldKeyLeft]);
    }

    #[test]
    fn a_key_stays_with_its_server_and_goes_to_no_other() {
        let again = "rtmps://a.rtmps.youtube.com:443/live2";
        assert_eq!(key(&destination(paste_server(again, &old())).0), Some("old-key"));
        assert_eq!(key(&destination(paste_server("rtmp://other/app", &old())).0), None);
        let key_first = Destination { server: String::new(), ..old() };
        assert_eq!(key(&destination(paste_server("rtmp://other/app", &key_first)).0), Some("old-key"));
    }

    #[test]
    fn keys_are_trimmed_and_whole_addresses_are_understood() {
        let (pasted, done) = destination(paste_key(" ab-cd\r\n", &old()));
        assert_eq!((key(&pasted), done), (Some("ab-cd"), vec![Done::Trimmed]));
        let (pasted, done) = destination(paste_key("ab-cd", &old()));
        assert_eq!((key(&pasted), done), (Some("ab-cd"), vec![]));
        let (pasted, done) = destination(paste_key("rtmp://h/app/k", &old()));
        assert_eq!((pasted.server.as_str(), key(&pasted)), ("rtmp://h/app", Some("k")));
        assert_eq!(done, [Done::KeySplit, Done::ServerSplit]);
    }

    #[test]
    fn a_slip_before_the_server_is_mended() {
        for (text, meant) in [
            ("rtmp//h/app/k?key=1", Some("rtmp://h/app/k?key=1")),
            ("rtmp:/h/app", Some("rtmp://h/app")),
            (" rmtp://h/app\n", Some("rtmp://h/app")),
            ("rtmps;//h/app", Some("rtmps://h/app")),
            ("rtmp:///h/app", Some("rtmp://h/app")),
            ("htp://h/app", Some("rtmp://h/app")),
            ("h.example/app", Some("rtmp://h.example/app")),
            ("127.0.0.1:24141/live", Some("rtmp://127.0.0.1:24141/live")),
            ("localhost/live/k", Some("rtmp://localhost/live/k")),
            ("<[::1]/live>", Some("rtmp://[::1]/live")),
            ("\"h:443/live\"", Some("rtmps://h:443/live")),
            ("a.rtmps.youtube.com/live2/k", Some("rtmps://a.rtmps.youtube.com/live2/k")),
            ("live.example.com", None),
            ("eyJh.bGci.Oi", None),
            ("canary", None),
            ("https://h/app", None),
            ("rtmp://", None),
            ("live/canary", None),
        ] {
            let mended = mended_address(text);
            assert_eq!(mended.as_ref().map(|mended| mended.whole.reveal()), meant, "{text}");
        }
        let shown = |text| mended_address(text).unwrap().shown;
        assert_eq!(shown("rtmp//h/app/canary"), "rtmp://h/app/•••");
        assert_eq!(shown("h.example/canary"), "rtmp://h.example/•••");
        assert_eq!(shown("h.example/app/canary"), "rtmp://h.example/app/•••");
    }

    #[test]
    fn quotes_and_angle_brackets_are_no_part_of_an_address() {
        for text in
            [" \"rtmp://h/app/k\"", "<rtmp://h/app/k>", "`rtmp://h/app/k`", "„rtmp://h/app/k“\n", "'rtmp://h/app/k"]
        {
            let (pasted, done) = destination(paste_server(text, &Destination::at("")));
            assert_eq!((pasted.server.as_str(), key(&pasted)), ("rtmp://h/app", Some("k")), "{text}");
            assert!(done.contains(&Done::Unquoted), "{text}: {done:?}");
            let (pasted, _) = destination(paste_key(text, &Destination::at("")));
            assert_eq!((pasted.server.as_str(), key(&pasted)), ("rtmp://h/app", Some("k")), "{text}");
        }
        assert_eq!(paste_server("\"\"", &old()), Err(PasteError::Empty));
        // A key may be anything.
        assert_eq!(key(&destination(paste_key("<k>", &old())).0), Some("<k>"));
    }

    #[test]
    fn what_cannot_be_used_says_why_and_quotes_nothing() {
        let mistyped = PasteError::MistypedScheme { typed: "rmtp".to_owned(), meant: "rtmp" };
        for (text, error) in [
            ("", PasteError::Empty),
            (" \n\u{feff}", PasteError::Empty),
            ("rmtp://h/app/canary", mistyped),
            ("rtmp://h/app/ca nary", PasteError::SpaceInside),
            ("rtmp://h/app/•••", PasteError::Hidden),
            ("canary", PasteError::NoScheme),
            ("https://canary", PasteError::WebAddress),
            ("srt://canary", PasteError::OtherScheme { typed: "srt".to_owned() }),
            ("rtmp:///canary", PasteError::BadHost),
            ("rtmp://h:x/canary", PasteError::BadPort),
        ] {
            let found = paste_server(text, &old()).unwrap_err();
            assert_eq!(found, error);
            assert!(!format!("{found} {found:?}").contains("nary"));
        }
        assert_eq!(paste_key(&"x".repeat(5000), &old()), Err(PasteError::TooLong));
        // What stands around a key on a service's page; a server of one's own may know such a key.
        let youtube = crate::settings::catalogue::SERVICES.iter().find(|service| service.id == "youtube").unwrap();
        let text = "Stream key\n canary-1234";
        assert_eq!(paste_key(text, &youtube.destination()), Err(PasteError::SpaceInKey));
        assert!(paste_key(text, &Destination::at("rtmp://h/app")).is_ok());
        assert!(matches!(paste_server("tally:nonsense", &old()), Err(PasteError::Link(_))));
    }

    proptest! {
        #[test]
        fn whatever_is_pasted_the_address_left_holds_no_key(text in "(rtmps?://)?[a-z./:@?%= \\n]{0,60}") {
            if let Ok(Pasted::Destination(pasted, _)) = paste_server(&text, &Destination::at("")) {
                prop_assert!(!pasted.has_key_in_url(), "{}", pasted.server);
                prop_assert!(RtmpUrl::parse(&pasted.server, true).unwrap().user.is_none());
            }
        }
    }
}
