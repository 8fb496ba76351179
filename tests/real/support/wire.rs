//! The server's side of RTMP, small and strict, written for these tests alone: it shares no line with the product, so
//! that a mistake made at both ends cannot hide. RTMP 1.0 sections 5.2 (handshake), 5.3 (chunks), 7.2 (commands).

use std::collections::HashMap;
use std::io::{self, Read, Write};

/// Length of C1, S1, C2 and S2.
const HANDSHAKE: usize = 1536;

/// One whole message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Message type id.
    pub(crate) kind: u8,
    /// Milliseconds.
    pub(crate) timestamp: u32,
    /// Payload.
    pub(crate) body: Vec<u8>,
}

/// Message type ids.
pub(crate) mod kind {
    pub(crate) const SET_CHUNK_SIZE: u8 = 1;
    pub(crate) const ACKNOWLEDGEMENT: u8 = 3;
    pub(crate) const WINDOW_ACK_SIZE: u8 = 5;
    pub(crate) const AUDIO: u8 = 8;
    pub(crate) const VIDEO: u8 = 9;
    pub(crate) const COMMAND: u8 = 20;
}

/// A command as far as a server needs it.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) name: String,
    pub(crate) transaction: f64,
    /// The properties of the command object, texts and numbers alike.
    pub(crate) object: HashMap<String, String>,
    /// The texts that follow it.
    pub(crate) arguments: Vec<String>,
}

/// One client, seen from the server.
pub(crate) struct Peer<S> {
    stream: S,
    chunk_size_in: usize,
    partial: HashMap<u32, Partial>,
    /// Bytes read, of which so many were acknowledged, and how many the client wants acknowledged at once.
    read: u32,
    acknowledged: u32,
    window: Option<u32>,
}

#[derive(Default)]
struct Partial {
    timestamp: u32,
    delta: u32,
    extended: bool,
    length: usize,
    kind: u8,
    stream: u32,
    body: Vec<u8>,
}

impl<S: Read + Write> Peer<S> {
    /// Speaks over `stream`.
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, chunk_size_in: 128, partial: HashMap::new(), read: 0, acknowledged: 0, window: None }
    }

    /// The connection itself.
    pub(crate) fn stream(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Reads C0 and C1 and returns C1.
    pub(crate) fn read_c0_c1(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; 1 + HANDSHAKE];
        self.stream.read_exact(&mut bytes)?;
        assert_eq!(bytes[0], 3, "the client's version byte");
        Ok(bytes.split_off(1))
    }

    /// Writes S0, S1 and S2 of the simple handshake.
    pub(crate) fn write_s0_s1_s2(&mut self, c1: &[u8]) -> io::Result<()> {
        let mut bytes = vec![3];
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend((8..HANDSHAKE).map(|i| (i * 7 % 251) as u8));
        bytes.extend_from_slice(c1);
        self.stream.write_all(&bytes)
    }

    /// Reads C2 and checks that it echoes S1.
    pub(crate) fn read_c2(&mut self) -> io::Result<()> {
        let mut bytes = vec![0; HANDSHAKE];
        self.stream.read_exact(&mut bytes)?;
        let echoed = bytes.iter().enumerate().skip(8).all(|(i, &byte)| byte == (i * 7 % 251) as u8);
        assert!(echoed, "C2 does not echo S1");
        Ok(())
    }

    /// The whole handshake.
    pub(crate) fn handshake(&mut self) -> io::Result<()> {
        let c1 = self.read_c0_c1()?;
        self.write_s0_s1_s2(&c1)?;
        self.read_c2()
    }

    /// The next whole message; chunk size changes are taken in and not returned.
    pub(crate) fn read_message(&mut self) -> io::Result<Message> {
        loop {
            let Some(message) = self.read_chunk()? else { continue };
            if message.kind == kind::SET_CHUNK_SIZE {
                let size = u32::from_be_bytes(message.body[..4].try_into().unwrap());
                assert!((1..=0x7fff_ffff).contains(&size), "chunk size {size}");
                self.chunk_size_in = size as usize;
                continue;
            }
            if let (kind::WINDOW_ACK_SIZE, Some(window)) = (message.kind, &mut self.window) {
                *window = u32::from_be_bytes(message.body[..4].try_into().unwrap());
            }
            return Ok(message);
        }
    }

    /// Reads on until the command `name` comes.
    pub(crate) fn read_command(&mut self, name: &str) -> io::Result<Command> {
        loop {
            let message = self.read_message()?;
            if message.kind == kind::COMMAND {
                let command = read_command(&message.body);
                if command.name == name {
                    return Ok(command);
                }
            }
        }
    }

    /// Handshake, `connect` and `createStream`, all answered with yes; returns what `publish` asked for.
    pub(crate) fn serve_until_publish(&mut self) -> io::Result<Command> {
        self.handshake()?;
        self.read_command("connect")?;
        self.accept_connect()?;
        let create = self.read_command("createStream")?;
        self.accept_create_stream(create.transaction)?;
        self.read_command("publish")
    }

    /// Says yes to `connect`.
    pub(crate) fn accept_connect(&mut self) -> io::Result<()> {
        self.write_message(5, 0, &5_000_000u32.to_be_bytes())?;
        self.write_message(6, 0, &[0, 0x4c, 0x4b, 0x40, 2])?;
        let mut body = Vec::new();
        amf::string(&mut body, "_result");
        amf::number(&mut body, 1.0);
        amf::object(&mut body, &[("fmsVer", "FMS/3,0,1,123")]);
        let success = [("level", "status"), ("code", "NetConnection.Connect.Success"), ("description", "Welcome")];
        amf::object(&mut body, &success);
        self.write_message(kind::COMMAND, 0, &body)
    }

    /// Says no to `connect`.
    pub(crate) fn reject_connect(&mut self, code: &str, description: &str) -> io::Result<()> {
        let mut body = amf::command("_error", 1.0);
        amf::object(&mut body, &[("level", "error"), ("code", code), ("description", description)]);
        self.write_message(kind::COMMAND, 0, &body)
    }

    /// Says no to `connect`, and where to go instead.
    pub(crate) fn redirect_connect(&mut self, to: &str) -> io::Result<()> {
        let mut body = amf::command("_error", 1.0);
        amf::redirect(&mut body, to);
        self.write_message(kind::COMMAND, 0, &body)
    }

    /// Says no to `publish`, and where to go instead.
    pub(crate) fn redirect_publish(&mut self, to: &str) -> io::Result<()> {
        let mut body = amf::command("onStatus", 0.0);
        amf::redirect(&mut body, to);
        self.write_message(kind::COMMAND, 1, &body)
    }

    /// Asks for another connection, there or where `to` says (Enhanced RTMP v2, "Reconnect Request").
    pub(crate) fn ask_to_reconnect(&mut self, to: Option<&str>) -> io::Result<()> {
        let mut info = vec![("level", "status"), ("code", "NetConnection.Connect.ReconnectRequest")];
        info.extend(to.map(|to| ("tcUrl", to)));
        let mut body = amf::command("onStatus", 0.0);
        amf::object(&mut body, &info);
        self.write_message(kind::COMMAND, 0, &body)
    }

    /// Gives message stream 1.
    pub(crate) fn accept_create_stream(&mut self, transaction: f64) -> io::Result<()> {
        let mut body = amf::command("_result", transaction);
        amf::number(&mut body, 1.0);
        self.write_message(kind::COMMAND, 0, &body)
    }

    /// `onStatus` on message stream 1.
    pub(crate) fn on_status(&mut self, level: &str, code: &str, description: &str) -> io::Result<()> {
        let mut body = amf::command("onStatus", 0.0);
        amf::object(&mut body, &[("level", level), ("code", code), ("description", description)]);
        self.write_message(kind::COMMAND, 1, &body)
    }

    /// Says yes to `publish`.
    pub(crate) fn accept_publish(&mut self) -> io::Result<()> {
        self.on_status("status", "NetStream.Publish.Start", "Start publishing")
    }

    /// One message in chunks of 128 bytes.
    pub(crate) fn write_message(&mut self, kind: u8, stream: u32, body: &[u8]) -> io::Result<()> {
        let mut bytes = vec![3, 0, 0, 0];
        bytes.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes()[1..]);
        bytes.push(kind);
        bytes.extend_from_slice(&stream.to_le_bytes());
        for (i, part) in body.chunks(128).enumerate() {
            if i > 0 {
                bytes.push(0xc3);
            }
            bytes.extend_from_slice(part);
        }
        self.stream.write_all(&bytes)?;
        self.stream.flush()
    }

    /// From now on it acknowledges what it reads, as often as the client wants it to.
    pub(crate) fn acknowledges(&mut self) {
        self.window = Some(u32::MAX);
    }

    fn read_array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn read_exact(&mut self, mut bytes: &mut [u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let count = self.stream.read(bytes)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            bytes = &mut bytes[count..];
            self.read = self.read.wrapping_add(count as u32);
            if self.window.is_some_and(|window| self.read.wrapping_sub(self.acknowledged) >= window) {
                self.acknowledged = self.read;
                self.write_message(kind::ACKNOWLEDGEMENT, 0, &self.read.to_be_bytes())?;
            }
        }
        Ok(())
    }

    /// One chunk; the message when it was its last.
    fn read_chunk(&mut self) -> io::Result<Option<Message>> {
        let [first] = self.read_array()?;
        let format = first >> 6;
        let id = match first & 0x3f {
            0 => u32::from(self.read_array::<1>()?[0]) + 64,
            1 => {
                let [low, high] = self.read_array()?;
                u32::from(low) + u32::from(high) * 256 + 64
            }
            id => u32::from(id),
        };
        let mut partial = self.partial.remove(&id);
        assert!(format == 0 || partial.is_some(), "chunk stream {id} begins with format {format}");
        let mut state = partial.take().unwrap_or_default();
        let begins = state.body.is_empty();
        assert!(begins || format == 3, "a message on chunk stream {id} is cut off by format {format}");
        let mut time = state.delta;
        if format < 3 {
            let [a, b, c] = self.read_array()?;
            time = u32::from_be_bytes([0, a, b, c]);
            state.extended = time == 0x00ff_ffff;
        }
        if format < 2 {
            let [a, b, c, kind] = self.read_array()?;
            state.length = u32::from_be_bytes([0, a, b, c]) as usize;
            state.kind = kind;
        }
        if format == 0 {
            state.stream = u32::from_le_bytes(self.read_array()?);
        }
        if state.extended {
            time = u32::from_be_bytes(self.read_array()?);
        }
        if begins {
            state.timestamp = if format == 0 { time } else { state.timestamp.wrapping_add(time) };
            state.delta = time;
        }
        let take = (state.length - state.body.len()).min(self.chunk_size_in);
        let start = state.body.len();
        state.body.resize(start + take, 0);
        self.read_exact(&mut state.body[start..])?;
        let message = (state.body.len() == state.length).then(|| Message {
            kind: state.kind,
            timestamp: state.timestamp,
            body: std::mem::take(&mut state.body),
        });
        self.partial.insert(id, state);
        Ok(message)
    }
}

/// Takes a command apart.
fn read_command(body: &[u8]) -> Command {
    let mut rest = body;
    let name = amf::read(&mut rest).text;
    let transaction = amf::read(&mut rest).text.parse().unwrap_or(0.0);
    let mut command = Command { name, transaction, object: HashMap::new(), arguments: Vec::new() };
    while !rest.is_empty() {
        let value = amf::read(&mut rest);
        if value.properties.is_empty() {
            command.arguments.push(value.text);
        } else {
            command.object.extend(value.properties);
        }
    }
    command
}

/// As much AMF0 as commands need.
mod amf {
    /// A value as text; objects have properties instead.
    #[derive(Default)]
    pub(super) struct Value {
        pub(super) text: String,
        pub(super) properties: Vec<(String, String)>,
    }

    /// A command's name and transaction, and no object.
    pub(super) fn command(name: &str, transaction: f64) -> Vec<u8> {
        let mut out = Vec::new();
        string(&mut out, name);
        number(&mut out, transaction);
        out.push(5);
        out
    }

    pub(super) fn number(out: &mut Vec<u8>, value: f64) {
        out.push(0);
        out.extend_from_slice(&value.to_be_bytes());
    }

    pub(super) fn string(out: &mut Vec<u8>, text: &str) {
        out.push(2);
        bare(out, text);
    }

    pub(super) fn object(out: &mut Vec<u8>, properties: &[(&str, &str)]) {
        out.push(3);
        for (name, text) in properties {
            bare(out, name);
            string(out, text);
        }
        out.extend_from_slice(&[0, 0, 9]);
    }

    /// The information object of a refusal that names another address, as FMS and SRS write it.
    pub(super) fn redirect(out: &mut Vec<u8>, to: &str) {
        out.push(3);
        for (name, text) in
            [("level", "error"), ("code", "NetConnection.Connect.Rejected"), ("description", "RTMP 302 Redirect")]
        {
            bare(out, name);
            string(out, text);
        }
        bare(out, "ex");
        out.push(3);
        bare(out, "code");
        number(out, 302.0);
        bare(out, "redirect");
        string(out, to);
        out.extend_from_slice(&[0, 0, 9, 0, 0, 9]);
    }

    fn bare(out: &mut Vec<u8>, text: &str) {
        out.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
        out.extend_from_slice(text.as_bytes());
    }

    fn take<'a>(rest: &mut &'a [u8], count: usize) -> &'a [u8] {
        let (taken, left) = rest.split_at(count);
        *rest = left;
        taken
    }

    fn read_bare(rest: &mut &[u8]) -> String {
        let length = u16::from_be_bytes(take(rest, 2).try_into().unwrap());
        String::from_utf8(take(rest, usize::from(length)).to_vec()).unwrap()
    }

    pub(super) fn read(rest: &mut &[u8]) -> Value {
        let marker = take(rest, 1)[0];
        let text = match marker {
            0 => f64::from_be_bytes(take(rest, 8).try_into().unwrap()).to_string(),
            1 => (take(rest, 1)[0] != 0).to_string(),
            2 => read_bare(rest),
            3 | 8 => {
                if marker == 8 {
                    take(rest, 4);
                }
                return Value { text: String::new(), properties: read_properties(rest) };
            }
            5 | 6 => String::new(),
            10 => {
                let count = u32::from_be_bytes(take(rest, 4).try_into().unwrap());
                (0..count).map(|_| read(rest).text).collect::<Vec<_>>().join(",")
            }
            other => panic!("AMF0 marker {other} in a command"),
        };
        Value { text, properties: Vec::new() }
    }

    fn read_properties(rest: &mut &[u8]) -> Vec<(String, String)> {
        let mut properties = Vec::new();
        loop {
            let name = read_bare(rest);
            if name.is_empty() {
                assert_eq!(take(rest, 1), [9], "an object's end");
                return properties;
            }
            properties.push((name, read(rest).text));
        }
    }
}
