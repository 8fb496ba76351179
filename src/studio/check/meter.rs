//! An encoder that measures itself and pads its pictures: the show's own encoder and thread are what is tried.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::padding::{Padding, with_filler};
use crate::clock::Clock;
use crate::encode::{EncodeError, VideoEncoder};
use crate::media::{Bitrate, Packet, Picture, Timestamp, VideoConfig};

/// What the encoder has done so far. Cheap to clone; all clones read the same.
#[derive(Clone, Debug, Default)]
pub(super) struct EncoderMeter(Arc<Mutex<Reading>>);

/// Sums since the first picture.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    /// Pictures encoded.
    pub(super) frames: u64,
    /// Time spent encoding them.
    pub(super) busy: Duration,
}

impl EncoderMeter {
    pub(super) fn reading(&self) -> Reading {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, busy: Duration) {
        let mut reading = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reading.frames += 1;
        reading.busy += busy;
    }
}

/// See the file's first line.
pub(super) struct MeteredEncoder {
    pub(super) encoder: Box<dyn VideoEncoder>,
    pub(super) meter: EncoderMeter,
    pub(super) padding: Padding,
    pub(super) clock: Clock,
}

impl VideoEncoder for MeteredEncoder {
    fn config(&self) -> VideoConfig {
        self.encoder.config()
    }

    fn encode(
        &mut self,
        picture: &Picture,
        pts: Timestamp,
        captured_at: Timestamp,
        force_keyframe: bool,
    ) -> Result<Packet, EncodeError> {
        let started = self.clock.now();
        let mut packet = self.encoder.encode(picture, pts, captured_at, force_keyframe)?;
        self.meter.count(self.clock.now().since(started));
        let filler = self.padding.filler_for(pts, packet.data.len());
        if filler > 0 {
            packet.data = with_filler(&packet.data, filler);
        }
        Ok(packet)
    }

    fn set_bitrate(&mut self, bitrate: Bitrate) -> Result<(), EncodeError> {
        self.encoder.set_bitrate(bitrate)
    }
}
