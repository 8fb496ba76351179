//! What both ends of a session share: chunks both ways, acknowledgements, pings, and the queue of outputs.
#![deny(clippy::indexing_slicing)]

use std::collections::VecDeque;

use bytes::Bytes;

use super::chunk::{ChunkError, ChunkReader, ChunkWriter, MessageHeader};
use super::command::Command;
use super::message::{
    Message, MessageError, event, kind, number_body, peer_bandwidth_body, read_message, user_control_body,
};
use super::{Limits, Output};
use crate::media::Timestamp;

/// Chunk stream of control messages.
pub(super) const CONTROL_CHUNKS: u32 = 2;
/// Chunk stream of commands.
pub(super) const COMMAND_CHUNKS: u32 = 3;

/// The smallest window we acknowledge by: an answer for each byte would be sixteen times what came in.
const ACK_WINDOW_MIN: u64 = 256;

/// Limit types of Set Peer Bandwidth (5.4.5).
const LIMIT_SOFT: u8 = 1;
pub(super) const LIMIT_DYNAMIC: u8 = 2;

/// Why the peer's bytes cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LinkError {
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    #[error(transparent)]
    Message(#[from] MessageError),
}

/// Both directions of one connection, behind the handshake; before it, the queue and the counters only.
pub(super) struct Link<E> {
    reader: ChunkReader,
    writer: ChunkWriter,
    /// Bytes and events in their order.
    queue: VecDeque<Output<E>>,
    received: u64,
    acknowledged_to_peer: u64,
    /// The window the peer wants acknowledged, once it said so.
    ack_window: Option<u64>,
    /// The window we told the peer, and the largest we tell.
    own_window: Option<u32>,
    own_window_max: u32,
    peer_limit: Option<u32>,
    sent: u64,
    acknowledged_by_peer: u64,
    /// Pings answered since the last `forget_pings`.
    pings: u32,
    pings_max: u32,
}

impl<E> Link<E> {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            pings: 0,
            pings_max: limits.pings_max,
            reader: ChunkReader::new(limits),
            writer: ChunkWriter::new(),
            queue: VecDeque::new(),
            received: 0,
            acknowledged_to_peer: 0,
            ack_window: None,
            own_window: None,
            own_window_max: u32::MAX,
            peer_limit: None,
            sent: 0,
            acknowledged_by_peer: 0,
        }
    }

    pub(super) fn received_bytes(&self) -> u64 {
        self.received
    }

    pub(super) fn sent_bytes(&self) -> u64 {
        self.sent
    }

    pub(super) fn acknowledged_bytes(&self) -> u64 {
        self.acknowledged_by_peer
    }

    /// What the driver does next, where the session's timer runs until `deadline`.
    pub(super) fn poll(&mut self, deadline: Option<Timestamp>) -> Output<E> {
        let timer = deadline.map_or(Output::Idle, Output::Timeout);
        self.queue.pop_front().unwrap_or(timer)
    }

    /// Other caps on messages from the next chunk on.
    pub(super) fn set_limits(&mut self, limits: Limits) {
        self.reader.set_limits(limits);
    }

    /// Counts pings anew.
    pub(super) fn forget_pings(&mut self) {
        self.pings = 0;
    }

    pub(super) fn push_event(&mut self, event: E) {
        self.queue.push_back(Output::Event(event));
    }

    /// Queues bytes of the handshake.
    pub(super) fn transmit(&mut self, bytes: Bytes) {
        self.sent += bytes.len() as u64;
        self.queue.push_back(Output::Transmit(bytes));
    }

    /// Counts bytes that the handshake took.
    pub(super) fn count_received(&mut self, bytes: usize) {
        self.received += bytes as u64;
    }

    /// Takes bytes from `input` up to the next message that concerns more than the link. Acknowledgements are
    /// written at the very byte that makes them due, so that the split of the input makes no difference.
    pub(super) fn read(&mut self, input: &mut &[u8]) -> Result<Option<Message>, LinkError> {
        loop {
            let until_ack = self
                .ack_window
                .map_or(u64::MAX, |window| window.saturating_sub(self.received - self.acknowledged_to_peer).max(1));
            let length = input.len().min(usize::try_from(until_ack).unwrap_or(usize::MAX));
            let (mut piece, _) = input.split_at(length);
            let message = self.reader.read(&mut piece)?;
            let taken = length - piece.len();
            *input = input.get(taken..).unwrap_or_default();
            self.received += taken as u64;
            self.acknowledge_if_due();
            match message.map(read_message).transpose()? {
                None if input.is_empty() => return Ok(None),
                None => {}
                Some(message) => {
                    if let Some(message) = self.handle_control(message) {
                        return Ok(Some(message));
                    }
                    if self.pings > self.pings_max {
                        return Err(ChunkError::Limit("pings_max").into());
                    }
                }
            }
        }
    }

    /// Handles what is between the links alone; gives everything else back.
    fn handle_control(&mut self, message: Message) -> Option<Message> {
        match message {
            Message::Acknowledgement(sequence) => self.note_acknowledgement(sequence),
            Message::UserControl { event: event::PING_REQUEST, data } => {
                self.pings += 1;
                // Four bytes, but a few more do no harm.
                let data = data.slice(..data.len().min(8));
                self.control(kind::USER_CONTROL, user_control_body(event::PING_RESPONSE, &data));
            }
            Message::WindowAckSize(size) => {
                self.ack_window = (size > 0).then_some(u64::from(size).max(ACK_WINDOW_MIN));
                self.acknowledge_if_due();
                // Saying our own window at once also carries the TCP acknowledgement: a server with Nagle's algorithm
                // on (nginx) holds the rest of its answer to connect for it, 40 ms with delayed acknowledgements.
                if self.own_window.is_none() && size > 0 {
                    self.send_window_ack_size(size);
                }
            }
            Message::SetPeerBandwidth { size, limit } => {
                let size =
                    if limit == LIMIT_SOFT { self.peer_limit.map_or(size, |known| known.min(size)) } else { size };
                self.peer_limit = Some(size);
                self.send_window_ack_size(size);
            }
            // The reader has seen to these two.
            Message::SetChunkSize(_) | Message::Abort(_) | Message::UserControl { .. } | Message::Other { .. } => {}
            other => return Some(other),
        }
        None
    }

    fn acknowledge_if_due(&mut self) {
        let Some(window) = self.ack_window else { return };
        if self.received - self.acknowledged_to_peer >= window {
            self.acknowledged_to_peer = self.received;
            // The counter wraps at 2^32 (5.4.3).
            let sequence = (self.received & u64::from(u32::MAX)) as u32;
            self.control(kind::ACKNOWLEDGEMENT, number_body(sequence));
        }
    }

    /// Unrolls the 32-bit counter. Peers that count the handshake and peers that do not both stay behind what was
    /// sent; a number ahead of it is nonsense and counts as everything.
    fn note_acknowledgement(&mut self, sequence: u32) {
        let forward = sequence.wrapping_sub((self.acknowledged_by_peer & u64::from(u32::MAX)) as u32);
        // More than half the circle ahead is an old number come late.
        if forward < 1 << 31 {
            self.acknowledged_by_peer = (self.acknowledged_by_peer + u64::from(forward)).min(self.sent);
        }
    }

    /// Asks for acknowledgements every so many bytes at least, whatever window the peer gives.
    pub(super) fn limit_window(&mut self, bytes: u32) {
        self.own_window_max = bytes;
    }

    /// From now on acknowledgements are wanted every so many bytes.
    pub(super) fn set_window(&mut self, bytes: u32) {
        self.own_window_max = bytes;
        self.send_window_ack_size(bytes);
    }

    /// Tells our window unless the peer knows it.
    pub(super) fn send_window_ack_size(&mut self, size: u32) {
        let size = size.min(self.own_window_max);
        if self.own_window != Some(size) {
            self.own_window = Some(size);
            self.control(kind::WINDOW_ACK_SIZE, number_body(size));
        }
    }

    /// Whether `send_window_ack_size` was ever called.
    pub(super) fn told_window(&self) -> bool {
        self.own_window.is_some()
    }

    pub(super) fn send_peer_bandwidth(&mut self, size: u32) {
        self.control(kind::SET_PEER_BANDWIDTH, peer_bandwidth_body(size, LIMIT_DYNAMIC));
    }

    pub(super) fn send_chunk_size(&mut self, size: u32) {
        let size = size.clamp(1, super::chunk::CHUNK_SIZE_MAX as u32);
        self.control(kind::SET_CHUNK_SIZE, number_body(size));
        self.writer.set_chunk_size(size);
    }

    /// Queues a User Control message whose data is one number: of a stream, or a time.
    pub(super) fn send_user_control(&mut self, event: u16, number: u32) {
        self.control(kind::USER_CONTROL, user_control_body(event, &number.to_be_bytes()));
    }

    pub(super) fn send_command(&mut self, chunk_stream: u32, stream_id: u32, command: &Command) {
        let header = MessageHeader { chunk_stream, kind: kind::COMMAND, timestamp_ms: 0, stream_id };
        self.send(header, &[], &command.write());
    }

    fn control(&mut self, kind: u8, body: Bytes) {
        let header = MessageHeader { chunk_stream: CONTROL_CHUNKS, kind, timestamp_ms: 0, stream_id: 0 };
        self.send(header, &[], &body);
    }

    /// Queues one message; a body that no message can hold is dropped and `false` returned.
    pub(super) fn send(&mut self, header: MessageHeader, prefix: &[u8], payload: &Bytes) -> bool {
        let Self { writer, queue, sent, .. } = self;
        writer.write(header, prefix, payload, &mut |piece| {
            *sent += piece.len() as u64;
            queue.push_back(Output::Transmit(piece));
        })
    }
}
