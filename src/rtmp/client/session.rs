//! The session: bytes and times in, bytes and events out.

use bytes::Bytes;

use crate::media::Timestamp;

use super::{ClientConfig, MediaKind, Output, Step};

/// A publisher's session.
#[derive(Debug)]
pub struct ClientSession {
    config: ClientConfig,
    step: Step,
    deadline: Timestamp,
}

impl ClientSession {
    /// Starts at an open connection.
    pub fn new(now: Timestamp, config: ClientConfig) -> Self {
        let deadline = now + config.deadlines.handshake;
        Self { config, step: Step::Handshake, deadline }
    }
    /// Takes bytes from the server.
    pub fn handle_input(&mut self, _now: Timestamp, _bytes: &[u8]) {}
    /// The server closed.
    pub fn handle_eof(&mut self, _now: Timestamp) {}
    /// A timer is due.
    pub fn handle_timeout(&mut self, _now: Timestamp) {}
    /// How far it is.
    pub fn step(&self) -> Step {
        self.step
    }
    /// Sends script data.
    pub fn send_metadata(&mut self, _script_data: Bytes) {}
    /// Sends a tag body.
    pub fn send_media(&mut self, _kind: MediaKind, _timestamp_ms: u32, _header: &[u8], _payload: Bytes) {}
    /// Ends in good order.
    pub fn close(&mut self, _now: Timestamp) {
        let _ = &self.config;
    }
    /// Bytes the server acknowledged.
    pub fn acknowledged_bytes(&self) -> u64 {
        0
    }
    /// Bytes handed to the driver.
    pub fn sent_bytes(&self) -> u64 {
        0
    }
    /// Bytes taken from the driver.
    pub fn received_bytes(&self) -> u64 {
        0
    }
    /// What to do next.
    pub fn poll_output(&mut self) -> Output {
        Output::Timeout(self.deadline)
    }
}
