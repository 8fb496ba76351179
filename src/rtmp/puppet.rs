//! A peer whose every message the tests write themselves.

use bytes::Bytes;

use super::Limits;
use super::chunk::{ChunkReader, ChunkWriter, MessageHeader, RawMessage};
use super::command::{Command, Info};
use super::message::kind;
use crate::amf::Value;

/// Writes and reads chunks without any opinion of its own.
pub(crate) struct Puppet {
    writer: ChunkWriter,
    reader: ChunkReader,
}

impl Puppet {
    pub(crate) fn new() -> Self {
        Self { writer: ChunkWriter::new(), reader: ChunkReader::new(Limits::default()) }
    }

    pub(crate) fn message(&mut self, kind: u8, stream_id: u32, timestamp_ms: u32, body: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let header = MessageHeader { chunk_stream: 3, kind, timestamp_ms, stream_id };
        self.writer.write(header, &[], &Bytes::copy_from_slice(body), &mut |piece| bytes.extend_from_slice(&piece));
        bytes
    }

    pub(crate) fn command(&mut self, stream_id: u32, name: &str, transaction: f64, rest: &[Value]) -> Vec<u8> {
        let (object, arguments) =
            rest.split_first().map_or((Value::Null, &[][..]), |(first, rest)| (first.clone(), rest));
        let command = Command::new(name, transaction, object, arguments.to_vec());
        self.message(kind::COMMAND, stream_id, 0, &command.write())
    }

    pub(crate) fn status(&mut self, level: &str, code: &str, description: &str) -> Vec<u8> {
        let info = Info::object(level, code, description);
        self.command(1, "onStatus", 0.0, &[Value::Null, info.into()])
    }

    /// What the other side sent behind the handshake.
    pub(crate) fn read(&mut self, mut bytes: &[u8]) -> Vec<RawMessage> {
        let mut messages = Vec::new();
        while let Some(message) = self.reader.read(&mut bytes).unwrap() {
            messages.push(message);
        }
        messages
    }
}

/// Names of the commands among messages; other messages by their type's number.
pub(crate) fn names(messages: &[RawMessage]) -> Vec<String> {
    let name = |message: &RawMessage| match message.kind {
        kind::COMMAND => Command::read(&message.body).unwrap().name,
        kind => kind.to_string(),
    };
    messages.iter().map(name).collect()
}
