//! What a peer may make us keep, each cap with its reason.

/// Caps on everything that grows by a peer's will. Exceeding one ends the connection with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in one message. A keyframe at 50 Mb/s and 10 s of GOP stays far below 16 MiB, and the chunk
    /// header's length field could not say more.
    pub message_bytes_max: usize,
    /// Bytes held in unfinished messages over all chunk streams: one full message and something on every other.
    pub partial_bytes_max: usize,
    /// Bytes in one message, and in all unfinished ones, of a client that has not published: a server's strangers and
    /// players send commands, and a client that pipelines its first pictures has room for them. So those who show no key
    /// cost little, however many they are.
    pub stranger_bytes_max: usize,
    /// Chunk streams in use. Real publishers use at most eight; each costs a little memory for ever.
    pub chunk_streams_max: usize,
    /// Bytes of messages held back while the program decides about a connect or a publish: a client that
    /// pipelines sends a few commands and its first pictures.
    pub deferred_bytes_max: usize,
    /// Messages held back likewise; each has a cost beyond its bytes.
    pub deferred_messages_max: usize,
    /// Message streams alive at once on one connection: a publisher needs one.
    pub message_streams_max: usize,
    /// Pings that are answered within a second, by a server: each costs the peer less than us, and real peers send one
    /// in a minute.
    pub pings_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes_max: 16 << 20,
            partial_bytes_max: 20 << 20,
            stranger_bytes_max: 512 << 10,
            chunk_streams_max: 32,
            deferred_bytes_max: 20 << 20,
            deferred_messages_max: 1024,
            message_streams_max: 16,
            pings_max: 100,
        }
    }
}

impl Limits {
    /// Those that hold for a client that has not published.
    pub(crate) fn of_strangers(&self) -> Self {
        Self {
            message_bytes_max: self.message_bytes_max.min(self.stranger_bytes_max),
            partial_bytes_max: self.partial_bytes_max.min(self.stranger_bytes_max),
            ..self.clone()
        }
    }
}
