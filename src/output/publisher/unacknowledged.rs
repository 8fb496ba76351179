//! What was handed to a connection and has not reached the server, as far as the system tells.

use std::collections::VecDeque;

use super::tcp_info;
use super::transport::Transport;
use crate::media::{Packet, Timestamp};

/// Packets on their way, oldest first. The system bounds them: it holds so many bytes and no more.
#[derive(Debug, Default)]
pub(super) struct Unacknowledged(VecDeque<(u64, Packet)>);

impl Unacknowledged {
    /// `packet` goes; its last byte is at `end` of all bytes of the connection.
    pub(super) fn sent(&mut self, end: u64, packet: &Packet) {
        self.0.push_back((end, packet.clone()));
    }

    /// So many bytes of the connection have reached the server.
    pub(super) fn reached(&mut self, bytes: u64) {
        while self.0.front().is_some_and(|(end, _)| *end <= bytes) {
            self.0.pop_front();
        }
    }

    /// So many bytes were `written` to the connection, of which the system still holds `outstanding`. Unless all are
    /// `flushed`, some wait in TLS and are with neither: nothing is known then.
    pub(super) fn note(&mut self, written: u64, outstanding: u64, flushed: bool) {
        if flushed {
            self.reached(written.saturating_sub(outstanding));
        }
    }

    /// Decode times of the oldest and the newest.
    pub(super) fn span(&self) -> Option<(Timestamp, Timestamp)> {
        Some((self.0.front()?.1.dts, self.0.back()?.1.dts))
    }

    /// Those that did not arrive whole, in their order. Of the connection so many bytes were `written`.
    pub(super) fn take(&mut self, written: u64) -> Lost {
        let is_sent = |(end, packet): &&(u64, Packet)| packet.is_video() && *end <= written;
        let frames_sent = self.0.iter().filter(is_sent).count() as u64;
        Lost { frames_sent, packets: self.0.drain(..).map(|(_, packet)| packet).collect() }
    }
}

/// What a connection took and did not bring to the server.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) packets: Vec<Packet>,
    /// Pictures among them that were handed to the system whole.
    pub(super) frames_sent: u64,
}

/// A connection that was lost, with what it took and may not have brought to the server.
pub(super) struct Left {
    pub(super) transport: Transport,
    pub(super) unacknowledged: Unacknowledged,
    /// Bytes written to it.
    pub(super) written: u64,
    /// Whether they are all with the system.
    pub(super) flushed: bool,
}

impl Left {
    /// It is given up, and some of it may still arrive once the link is back: as little as can be is then on its way when an
    /// end is put to it, for what is on its way may arrive and comes by the next connection too.
    pub(super) fn hold_back(&self) {
        tcp_info::send_hardly_anything(self.transport.tcp());
    }

    /// Puts an end to it: from now on the system sends nothing of it any more, and tells the server so if it can. Gives what
    /// did not arrive.
    pub(super) fn settle(mut self) -> Lost {
        let tcp = self.transport.tcp();
        let outstanding = tcp_info::figures(tcp).map_or(0, |figures| figures.outstanding);
        self.unacknowledged.note(self.written, outstanding, self.flushed);
        // A refusal only means that the system may still try to deliver what is handed in anew.
        let _ = socket2::SockRef::from(tcp).set_linger(Some(std::time::Duration::ZERO));
        self.unacknowledged.take(self.written)
    }

    /// The show is over: what the system still holds is left to it. Gives what is known not to have arrived.
    pub(super) fn give_up(mut self) -> Lost {
        self.unacknowledged.take(self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::PacketKind;

    fn millis(lost: &Lost) -> Vec<i64> {
        lost.packets.iter().map(|packet| packet.pts.as_millis()).collect()
    }

    #[test]
    fn what_arrived_whole_is_forgotten_and_the_rest_is_given_back_in_order() {
        let mut unacknowledged = Unacknowledged::default();
        for number in 1..=5_u64 {
            let at = Timestamp::from_millis(number as i64);
            let data = vec![0; 10].into();
            let kind = if number % 2 == 0 { PacketKind::Audio } else { PacketKind::Video { keyframe: false } };
            let packet = Packet { kind, pts: at, dts: at, captured_at: at, data };
            unacknowledged.sent(number * 10, &packet);
        }
        unacknowledged.reached(29);
        assert_eq!(unacknowledged.span(), Some((Timestamp::from_millis(3), Timestamp::from_millis(5))));
        let left = unacknowledged.take(49);
        assert_eq!((millis(&left), left.frames_sent), (vec![3, 4, 5], 1), "the last was not handed over whole");
        assert!(unacknowledged.span().is_none() && unacknowledged.take(49).packets.is_empty());
    }
}
