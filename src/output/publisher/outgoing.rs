//! What waits for the socket of one connection, and where the packets in it end. Pure.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};

use crate::media::{Packet, Timestamp};

/// Parts handed to one vectored write.
const PARTS_MAX: usize = 64;

/// Bytes in their order. They are shared, never copied.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    parts: VecDeque<Bytes>,
    bytes: usize,
    /// All bytes so far, those that are written included.
    queued: u64,
    written: u64,
    marks: VecDeque<Mark>,
}

/// A packet whose last byte is at `end` of all bytes of the connection.
#[derive(Debug)]
pub(super) struct Mark {
    end: u64,
    pub(super) video: bool,
    pub(super) keyframe: bool,
    /// Of its payload.
    pub(super) bytes: usize,
    pub(super) captured_at: Timestamp,
    /// Since when the socket wants it.
    pub(super) wanted_at: Timestamp,
}

impl Outgoing {
    /// Puts bytes behind those that wait.
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.bytes += bytes.len();
        self.queued += bytes.len() as u64;
        self.parts.push_back(bytes);
    }

    /// `packet` ends with the last byte that was pushed; gives the place of that.
    pub(super) fn mark(&mut self, packet: &Packet, now: Timestamp) -> u64 {
        self.marks.push_back(Mark {
            end: self.queued,
            video: packet.is_video(),
            keyframe: packet.is_keyframe(),
            bytes: packet.data.len(),
            captured_at: packet.captured_at,
            wanted_at: now,
        });
        self.queued
    }

    /// Hands the first bytes, at most `room` of them, to `write`.
    pub(super) fn write<T>(&self, mut room: usize, write: impl FnOnce(&[IoSlice<'_>]) -> T) -> T {
        let mut parts = [IoSlice::new(&[]); PARTS_MAX];
        let mut count = 0;
        for (slot, bytes) in parts.iter_mut().zip(&self.parts) {
            let part = bytes.get(..room).unwrap_or(bytes);
            *slot = IoSlice::new(part);
            (count, room) = (count + 1, room - part.len());
            if room == 0 {
                break;
            }
        }
        write(parts.get(..count).unwrap_or_default())
    }

    /// The first so many bytes are written.
    pub(super) fn advance(&mut self, mut written: usize) {
        self.bytes -= written;
        self.written += written as u64;
        while let Some(front) = self.parts.front_mut() {
            if front.len() > written {
                front.advance(written);
                break;
            }
            written -= front.len();
            self.parts.pop_front();
        }
    }

    /// The next packet that is written whole.
    pub(super) fn pop_written(&mut self) -> Option<Mark> {
        self.marks.pop_front_if(|mark| mark.end <= self.written)
    }

    /// Whether every packet is written.
    pub(super) fn has_no_marks(&self) -> bool {
        self.marks.is_empty()
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Bytes that wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes written so far.
    pub(super) fn written(&self) -> u64 {
        self.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::PacketKind;

    #[test]
    fn bytes_go_in_order_within_the_room_and_packets_are_told_when_they_are_written_whole() {
        let mut outgoing = Outgoing::default();
        outgoing.push(Bytes::from_static(b"head"));
        for (number, payload) in ["first", "second"].into_iter().enumerate() {
            let at = Timestamp::from_millis(number as i64);
            let kind = PacketKind::Video { keyframe: number == 0 };
            outgoing.push(Bytes::from_static(b"-"));
            outgoing.push(Bytes::from_static(payload.as_bytes()));
            let data = Bytes::from_static(payload.as_bytes());
            outgoing.mark(&Packet { kind, pts: at, dts: at, captured_at: at, data }, at);
        }
        let (mut all, mut told) = (Vec::new(), Vec::new());
        while !outgoing.is_empty() {
            let taken = outgoing.write(3, |parts| {
                parts.iter().for_each(|part| all.extend_from_slice(part));
                parts.iter().map(|part| part.len()).sum::<usize>()
            });
            assert!((1..=3).contains(&taken));
            outgoing.advance(taken);
            while let Some(mark) = outgoing.pop_written() {
                told.push((all.len(), mark.bytes, mark.keyframe));
            }
        }
        assert_eq!(all, b"head-first-second");
        assert_eq!(told, [(12, 5, true), (17, 6, false)], "each with the write that holds its last byte");
        assert!(outgoing.has_no_marks() && outgoing.bytes() == 0 && outgoing.written() == 17);
    }
}
