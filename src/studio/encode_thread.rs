//! Encodes each picture and hands the packet to every output.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::mail::{Mail, Message};
use super::program::{Program, count, count_time};
use crate::clock::Clock;
use crate::encode::VideoEncoder;
use crate::flow::{Popped, Stop};
use crate::media::Bitrate;

/// The wanted video rate in b/s, changed while live. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct WantedBitrate(Arc<AtomicU32>);

impl WantedBitrate {
    pub(super) fn new(bitrate: Bitrate) -> Self {
        Self(Arc::new(AtomicU32::new(bitrate.bps())))
    }

    pub(super) fn set(&self, bitrate: Bitrate) {
        self.0.store(bitrate.bps(), Ordering::Release);
    }

    fn get(&self) -> Bitrate {
        Bitrate::from_bps(self.0.load(Ordering::Acquire))
    }
}

/// What the encode thread works with.
pub(super) struct EncodeThread {
    pub(super) encoder: Box<dyn VideoEncoder>,
    pub(super) bitrate: WantedBitrate,
    pub(super) program: Program,
    pub(super) mail: Mail,
    pub(super) clock: Clock,
}

impl EncodeThread {
    /// Runs until the frames end or Stop.
    pub(super) fn run(mut self, stop: &Stop) {
        let mut bitrate = self.bitrate.get();
        while !stop.requested() {
            let frame = match self.program.frames().pop(Duration::from_millis(50)) {
                Popped::Value(frame) => frame,
                Popped::Empty => continue,
                Popped::Closed => break,
            };
            let wanted = self.bitrate.get();
            if wanted != bitrate {
                bitrate = wanted;
                if let Err(error) = self.encoder.set_bitrate(wanted) {
                    self.mail.send(Message::EncoderFailed { about: "video encoder", error, fatal: false });
                }
            }
            let keyframe_wanted = self.program.fanout().take_keyframe_wish();
            if !keyframe_wanted && self.encoder.leaves_out(frame.pts) {
                count(&self.program.counters().thinned, 1);
                continue;
            }
            let begun = self.clock.now();
            let packet = match self.encoder.encode(&frame.picture, frame.pts, frame.captured_at, keyframe_wanted) {
                Ok(packet) => packet,
                Err(error) => {
                    self.mail.send(Message::EncoderFailed { about: "video encoder", error, fatal: true });
                    break;
                }
            };
            // The picture goes back to its pool before the packet goes out.
            drop(frame);
            let counters = self.program.counters();
            count(&counters.encoded, 1);
            count_time(&counters.encode_nanos, begun, self.clock.now());
            count(&counters.keyframes, u64::from(packet.is_keyframe()));
            count(&counters.video_bytes, packet.data.len() as u64);
            self.program.fanout().push(&packet);
        }
        self.mail.send(Message::VideoEnded);
    }
}
