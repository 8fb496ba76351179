//! Logins that servers ask for by refusing connect: Adobe's (FMS, Wowza) and Limelight's. Each attempt is a new
//! connection, whose app and tcUrl carry a query that the last refusal led to. Both hash with MD5: TLS is what
//! protects the password's hash on its way.
#![deny(clippy::indexing_slicing)]

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

/// Values in a refusal longer than this are not believed: real ones have less than 50 characters.
const VALUE_CHARS_MAX: usize = 512;

/// What the next connection says. Its Debug text is hidden.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthStep {
    query: String,
    answers: bool,
}

impl AuthStep {
    /// `app` (or tcUrl) with this step's query: give it the address without the query of an earlier step.
    pub fn append_to(&self, app: &str) -> String {
        let joint = if app.contains('?') { '&' } else { '?' };
        format!("{app}{joint}{}", self.query)
    }

    /// Whether this step answers the server's challenge: a refusal after it is final.
    pub fn is_answer(&self) -> bool {
        self.answers
    }
}

impl fmt::Debug for AuthStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthStep").field("answers", &self.answers).finish_non_exhaustive()
    }
}

/// What a refusal says of the login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginRefusal {
    /// The server wants a user and a password.
    Needed,
    /// The password is wrong.
    WrongPassword,
    /// The server does not know the user.
    NoSuchUser,
}

/// Reads the words of a refused connect: whether they speak of a login.
pub fn login_refusal(description: &str) -> Option<LoginRefusal> {
    if description.contains("reason=authfailed") {
        Some(LoginRefusal::WrongPassword)
    } else if description.contains("reason=nosuchuser") {
        Some(LoginRefusal::NoSuchUser)
    } else {
        Method::of(description).map(|_| LoginRefusal::Needed)
    }
}

#[derive(Clone, Copy, Debug)]
enum Method {
    Adobe,
    Limelight,
}

impl Method {
    fn of(description: &str) -> Option<Self> {
        if description.contains("authmod=adobe") {
            Some(Self::Adobe)
        } else if description.contains("authmod=llnw") {
            Some(Self::Limelight)
        } else {
            None
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Adobe => "adobe",
            Self::Limelight => "llnw",
        }
    }
}

/// What the next connection says after a connect that was refused with the words `description`; `None` if they ask
/// for no login, or say that it failed. `app` is the application without any step's query; `random` is fresh for each
/// call. The caller stops when a step that `is_answer` is refused.
pub fn next_attempt(description: &str, user: &str, password: &str, app: &str, random: [u8; 4]) -> Option<AuthStep> {
    let method = Method::of(description)?;
    let name = method.name();
    if !matches!(login_refusal(description), Some(LoginRefusal::Needed)) {
        return None;
    }
    if !description.contains("reason=needauth") {
        let query = format!("authmod={name}&user={user}");
        return description.contains("need auth").then_some(AuthStep { query, answers: false });
    }
    let answer = match method {
        Method::Adobe => adobe_answer(description, user, password, random)?,
        Method::Limelight => limelight_answer(description, user, password, app, random)?,
    };
    Some(AuthStep { query: format!("authmod={name}&user={user}&{answer}"), answers: true })
}

fn adobe_answer(description: &str, user: &str, password: &str, random: [u8; 4]) -> Option<String> {
    let salt = value(description, "salt")?;
    let challenge = value(description, "challenge");
    let opaque = value(description, "opaque");
    let own_challenge = STANDARD.encode(random);
    let secret = STANDARD.encode(md5(&[user, salt, password]));
    let response = STANDARD.encode(md5(&[&secret, opaque.or(challenge)?, &own_challenge]));
    let opaque = opaque.map(|opaque| format!("&opaque={opaque}")).unwrap_or_default();
    Some(format!("challenge={own_challenge}&response={response}{opaque}"))
}

fn limelight_answer(description: &str, user: &str, password: &str, app: &str, random: [u8; 4]) -> Option<String> {
    const REALM: &str = "live";
    const COUNT: &str = "00000001";
    let nonce = value(description, "nonce")?;
    let own_nonce = hex(&random);
    let app = app.split('?').next().unwrap_or_default();
    let instance = if app.contains('/') { "" } else { "/_definst_" };
    let secret = hex(&md5(&[user, ":", REALM, ":", password]));
    let what = hex(&md5(&["publish:/", app, instance]));
    let response = hex(&md5(&[&secret, ":", nonce, ":", COUNT, ":", &own_nonce, ":auth:", &what]));
    Some(format!("nonce={nonce}&cnonce={own_nonce}&nc={COUNT}&response={response}"))
}

/// The value of `name` in the query that the description holds.
fn value<'a>(description: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = description.split_once('?')?;
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(key, _)| *key == name)?;
    let value = value.split([' ', ']', '"', '\r', '\n']).next().unwrap_or_default();
    (!value.is_empty() && value.len() <= VALUE_CHARS_MAX).then_some(value)
}

fn md5(parts: &[&str]) -> [u8; 16] {
    let mut hasher = Md5::new();
    for part in parts {
        hasher.update(part.as_bytes());
    }
    hasher.finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADOBE_FIRST: &str = "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ";
    const ADOBE_SECOND: &str = "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=ada&salt=UbM=&challenge=cHVq3A==&opaque=Hj8kLQ==";
    const LLNW_FIRST: &str = "[ AccessManager.Reject ] : [ code=403 need auth; authmod=llnw ] : ";
    const LLNW_SECOND: &str =
        "[ AccessManager.Reject ] : [ authmod=llnw ] : ?reason=needauth&user=ada&nonce=5d41402abc";

    #[test]
    fn the_first_refusal_leads_to_the_user_name() {
        for (words, expected) in
            [(ADOBE_FIRST, "live?authmod=adobe&user=ada"), (LLNW_FIRST, "live?authmod=llnw&user=ada")]
        {
            let step = next_attempt(words, "ada", "secret", "live", [1, 2, 3, 4]).unwrap();
            assert_eq!(step.append_to("live"), expected);
            assert!(!step.is_answer());
        }
    }

    // The vectors of this test and the next were computed with Python's hashlib from the description of the methods.
    #[test]
    fn adobes_challenge_is_answered() {
        let step = next_attempt(ADOBE_SECOND, "ada", "secret", "live", [1, 2, 3, 4]).unwrap();
        let expected =
            "live?authmod=adobe&user=ada&challenge=AQIDBA==&response=efe+UkvcBLjdK9alMsrCGQ==&opaque=Hj8kLQ==";
        assert_eq!(step.append_to("live"), expected);
        assert!(step.is_answer());
        let without_opaque = ADOBE_SECOND.split("&opaque").next().unwrap();
        let step = next_attempt(without_opaque, "ada", "secret", "live", [1, 2, 3, 4]).unwrap();
        assert_eq!(
            step.append_to("a?b=c"),
            "a?b=c&authmod=adobe&user=ada&challenge=AQIDBA==&response=cfvYNRX1aWw196Ca0Mj++g=="
        );
    }

    #[test]
    fn limelights_challenge_is_answered() {
        for (app, response) in [
            ("live", "4f7c9c5c023ba573780b96b36726cf25"),
            ("live/_definst_?x=1", "4f7c9c5c023ba573780b96b36726cf25"),
            ("live/inst", "8c3323f8eccdab587228315b7ff3903c"),
        ] {
            let step = next_attempt(LLNW_SECOND, "ada", "secret", app, [0xDE, 0xAD, 0xBE, 0xEF]).unwrap();
            let expected =
                format!("live?authmod=llnw&user=ada&nonce=5d41402abc&cnonce=deadbeef&nc=00000001&response={response}");
            assert_eq!(step.append_to("live"), expected);
        }
    }

    #[test]
    fn a_failed_login_ends_the_attempts() {
        for (words, expected) in [
            (
                "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed&opaque=x",
                Some(LoginRefusal::WrongPassword),
            ),
            ("[ authmod=llnw ] : ?reason=nosuchuser", Some(LoginRefusal::NoSuchUser)),
            ("application not found", None),
        ] {
            assert_eq!(login_refusal(words), expected);
            assert_eq!(next_attempt(words, "ada", "secret", "live", [0; 4]), None);
        }
        assert_eq!(login_refusal(ADOBE_FIRST), Some(LoginRefusal::Needed));
        assert_eq!(next_attempt("authmod=adobe ?reason=needauth", "ada", "secret", "live", [0; 4]), None);
    }

    #[test]
    fn nothing_secret_is_printed() {
        let step = next_attempt(ADOBE_SECOND, "ada", "secret", "live", [1, 2, 3, 4]).unwrap();
        let text = format!("{step:?}");
        assert!(!text.contains("ada") && !text.contains("response"), "{text}");
    }
}
