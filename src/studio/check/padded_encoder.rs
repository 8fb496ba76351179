//! An encoder that pads its pictures: the show's own encoder and thread, which times it, are what is tried.

use super::padding::{Padding, with_filler};
use crate::encode::{EncodeError, VideoEncoder};
use crate::media::{Bitrate, Packet, Picture, Timestamp, VideoConfig};

/// See the file's first line.
pub(super) struct PaddedEncoder {
    pub(super) encoder: Box<dyn VideoEncoder>,
    pub(super) padding: Padding,
}

impl VideoEncoder for PaddedEncoder {
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
        let mut packet = self.encoder.encode(picture, pts, captured_at, force_keyframe)?;
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
