//! Commands: a name, a transaction number, an object, arguments (RTMP 1.0, section 7.2).

use bytes::Bytes;

use crate::amf::{AmfError, Object, Reader, Value, write_value};

/// What a server says may be shown to the user, so it is kept short: its own words rarely exceed a line.
const WORDS_CHARS_MAX: usize = 2000;
/// By this a server asks for another connection, there or elsewhere (Enhanced RTMP v2, "Reconnect Request").
pub const RECONNECT_REQUEST: &str = "NetConnection.Connect.ReconnectRequest";
/// The code of a refusal that names another address, as in HTTP.
const FOUND: f64 = 302.0;

/// One command.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Command {
    pub(crate) name: String,
    /// Ties an answer to its call; 0 wants none.
    pub(crate) transaction: f64,
    pub(crate) object: Value,
    pub(crate) arguments: Vec<Value>,
}

impl Command {
    pub(crate) fn new(name: &str, transaction: f64, object: Value, arguments: Vec<Value>) -> Self {
        Self { name: name.to_owned(), transaction, object, arguments }
    }

    /// Reads a command. Name and transaction must be there; what follows is read as far as it can be, since some
    /// peers append what only they can read, or leave things out.
    pub(crate) fn read(body: &[u8]) -> Result<Self, AmfError> {
        let mut reader = Reader::new(body);
        let name = reader.read_value()?.as_str().unwrap_or_default().to_owned();
        let transaction = if reader.is_empty() { 0.0 } else { reader.read_value()?.as_number().unwrap_or(0.0) };
        let mut rest = Vec::new();
        while !reader.is_empty() {
            match reader.read_value() {
                Ok(value) => rest.push(value),
                Err(error) if error.is_excess() => return Err(error),
                Err(_) => break,
            }
        }
        let mut rest = rest.into_iter();
        let object = rest.next().unwrap_or(Value::Null);
        Ok(Self { name, transaction, object, arguments: rest.collect() })
    }

    pub(crate) fn write(&self) -> Bytes {
        let mut body = Vec::with_capacity(256);
        write_value(&mut body, &self.name.as_str().into());
        write_value(&mut body, &self.transaction.into());
        write_value(&mut body, &self.object);
        for argument in &self.arguments {
            write_value(&mut body, argument);
        }
        body.into()
    }

    pub(crate) fn argument(&self, index: usize) -> Option<&Value> {
        self.arguments.get(index)
    }

    /// The information object of an answer or a status, wherever the peer put it.
    pub(crate) fn info(&self) -> Info {
        let holder = self.arguments.iter().chain([&self.object]).find(|value| value.get("code").is_some());
        let text = |name: &str| Some(shortened(holder?.get(name)?.as_str()?));
        let plain = self.arguments.first().and_then(Value::as_str).map(shortened);
        Info {
            level: text("level").unwrap_or_default(),
            code: text("code").unwrap_or_default(),
            description: text("description").or(plain).filter(|words| !words.is_empty()),
            elsewhere: holder.and_then(elsewhere),
        }
    }
}

/// The address that an information object sends us to.
fn elsewhere(info: &Value) -> Option<String> {
    let text = |value: Option<&Value>| Some(value?.as_str()?.to_owned()).filter(|text| !text.is_empty());
    if info.get("code").and_then(Value::as_str) == Some(RECONNECT_REQUEST) {
        return text(info.get("tcUrl"));
    }
    let refusal = info.get("ex")?;
    let is_found = refusal.get("code").and_then(Value::as_number).is_some_and(|code| (code - FOUND).abs() < 0.5);
    text(refusal.get("redirect")).filter(|_| is_found)
}

/// Level, code and description of an answer or a status (7.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Info {
    pub(crate) level: String,
    pub(crate) code: String,
    pub(crate) description: Option<String>,
    /// Where we are sent to: the `tcUrl` of a reconnect request, or the `redirect` of a refusal with the code 302, as servers
    /// in the manner of FMS give it. As it was told: it may be relative, and may hold a key.
    pub(crate) elsewhere: Option<String>,
}

impl Info {
    /// Whether it ends what was asked for. Some servers say so by code only.
    pub(crate) fn is_refusal(&self) -> bool {
        const CODES: [&str; 10] = [
            "NetConnection.Connect.Rejected",
            "NetConnection.Connect.Failed",
            "NetConnection.Connect.InvalidApp",
            "NetConnection.Connect.AppShutdown",
            "NetConnection.Connect.Closed",
            "NetStream.Publish.BadName",
            "NetStream.Publish.Rejected",
            "NetStream.Publish.Denied",
            "NetStream.Publish.Unauthorized",
            "NetStream.Publish.Failed",
        ];
        self.level == "error" || CODES.contains(&self.code.as_str())
    }

    pub(crate) fn object(level: &str, code: &str, description: &str) -> Object {
        Object::new().with("level", level).with("code", code).with("description", description)
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(WORDS_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_round_trip() {
        let info = Info::object("error", "NetStream.Publish.BadName", "taken");
        let command = Command::new("onStatus", 0.0, Value::Null, vec![info.into()]);
        let read = Command::read(&command.write()).unwrap();
        assert_eq!(read, command);
        assert!(read.info().is_refusal());
        assert_eq!(read.info().description.as_deref(), Some("taken"));
    }

    #[test]
    fn what_peers_leave_out_or_append_is_tolerated() {
        let short = Command::read(b"\x02\0\x06onBWDone").is_err();
        assert!(short, "a name that is cut is an error");
        let alone = Command::read(b"\x02\0\x08onBWDone").unwrap();
        assert_eq!((alone.name.as_str(), alone.transaction), ("onBWDone", 0.0));
        let mut body =
            Command::new("connect", 1.0, Object::new().with("app", "live").into(), Vec::new()).write().to_vec();
        body.extend_from_slice(&[0x11, 0x0A, 0x0B]);
        let read = Command::read(&body).unwrap();
        assert_eq!(read.object.get("app").and_then(Value::as_str), Some("live"));
    }

    #[test]
    fn words_are_found_wherever_they_stand_and_are_kept_short() {
        let long = "x".repeat(10_000);
        let plain = Command::new("_error", 1.0, Value::Null, vec![long.as_str().into()]);
        assert_eq!(plain.info().description.map(|words| words.len()), Some(WORDS_CHARS_MAX));
        let in_object = Command::new("_error", 1.0, Info::object("error", "a.b", "why").into(), Vec::new());
        assert_eq!(in_object.info().code, "a.b");
    }

    #[test]
    fn the_address_that_a_server_sends_to_is_found() {
        let sent_to = |info: Object| Command::new("x", 1.0, Value::Null, vec![info.into()]).info().elsewhere;
        let refusal = |code: f64, to: &str| {
            let ex = Object::new().with("code", code).with("redirect", to);
            Info::object("error", "NetConnection.Connect.Rejected", "go").with("ex", Value::from(ex))
        };
        assert_eq!(sent_to(refusal(302.0, "rtmp://b/live")).as_deref(), Some("rtmp://b/live"));
        assert_eq!((sent_to(refusal(403.0, "rtmp://b/live")), sent_to(refusal(302.0, ""))), (None, None));
        let asked = |code| Info::object("status", code, "go").with("tcUrl", "/app");
        assert_eq!(sent_to(asked(RECONNECT_REQUEST)).as_deref(), Some("/app"));
        assert_eq!(sent_to(asked("NetStream.Publish.Start")), None);
    }
}
