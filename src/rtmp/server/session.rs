//! The session: bytes and times in, bytes and events out.

use crate::media::Timestamp;

use super::{ServerConfig, ServerOutput};

/// An ingest's session.
#[derive(Debug)]
pub struct ServerSession {
    config: ServerConfig,
    deadline: Timestamp,
}

impl ServerSession {
    /// Starts at an accepted connection.
    pub fn new(now: Timestamp, config: ServerConfig) -> Self {
        let deadline = now + config.deadlines.handshake;
        Self { config, deadline }
    }
    /// Takes bytes from the client.
    pub fn handle_input(&mut self, _now: Timestamp, _bytes: &[u8]) {}
    /// The client closed.
    pub fn handle_eof(&mut self, _now: Timestamp) {}
    /// A timer is due.
    pub fn handle_timeout(&mut self, _now: Timestamp) {}
    /// Lets the client in.
    pub fn accept_connect(&mut self) {}
    /// Refuses the client.
    pub fn reject_connect(&mut self, _code: &str, _description: &str) {}
    /// Lets the client publish.
    pub fn accept_publish(&mut self) {}
    /// Refuses the publish.
    pub fn reject_publish(&mut self, _code: &str, _description: &str) {}
    /// Refuses to play.
    pub fn reject_play(&mut self, _code: &str, _description: &str) {}
    /// Ends the session.
    pub fn disconnect(&mut self, _code: &str, _description: &str) {}
    /// Bytes taken from the driver.
    pub fn received_bytes(&self) -> u64 {
        let _ = &self.config;
        0
    }
    /// What to do next.
    pub fn poll_output(&mut self) -> ServerOutput {
        ServerOutput::Timeout(self.deadline)
    }
}
