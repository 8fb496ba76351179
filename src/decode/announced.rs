//! Opens the decoder that a stream's sequence header asks for.

use bytes::Bytes;

use super::{AudioDecoder, DecodeError, VideoDecoder, open_aac, open_h264};
use crate::bitstream::{
    AudioSpecificConfig, BitstreamError, SpsInfo, length_prefixed_nals, read_avcc_record, read_sps,
};
use crate::media::{AudioConfig, Bitrate, FrameRate, VideoConfig};

/// An H.264 decoder, and how to feed it.
pub struct AnnouncedVideo {
    /// The decoder.
    pub decoder: Box<dyn VideoDecoder>,
    /// What the sequence parameter set says.
    pub info: SpsInfo,
    nal_length_size: usize,
    /// Parameter sets beyond the first of each kind, which the decoder was not told of.
    further_sets: Vec<Bytes>,
}

impl AnnouncedVideo {
    /// Opens the decoder for an AVCDecoderConfigurationRecord.
    ///
    /// # Errors
    /// A sentence that says what in it cannot be used.
    pub fn open(record: &[u8]) -> Result<Self, DecodeError> {
        let unsupported = |error: BitstreamError| DecodeError::Unsupported(error.to_string());
        let record = read_avcc_record(record).map_err(unsupported)?;
        let (Some(sps), Some(pps)) = (record.sps.first(), record.pps.first()) else {
            return Err(DecodeError::Unsupported("the sequence header has no parameter sets".to_owned()));
        };
        let info = read_sps(sps).map_err(unsupported)?;
        let config = VideoConfig {
            size: info.size,
            frame_rate: info.frame_rate.unwrap_or(FrameRate::DEFAULT),
            bitrate: Bitrate::from_bps(0),
            sps: sps.clone(),
            pps: pps.clone(),
        };
        Ok(Self {
            decoder: open_h264(&config)?,
            info,
            nal_length_size: record.nal_length_size,
            further_sets: record.sps.iter().skip(1).chain(record.pps.iter().skip(1)).cloned().collect(),
        })
    }

    /// The access unit as the decoder wants it: lengths of 4 bytes, and before a keyframe the parameter sets that it
    /// does not know. Without a copy where it is so already; `None` if it is cut.
    pub fn whole(&self, unit: &Bytes, keyframe: bool) -> Option<Bytes> {
        let sets = if keyframe { self.further_sets.as_slice() } else { &[] };
        if self.nal_length_size == 4 && sets.is_empty() {
            return Some(unit.clone());
        }
        let mut whole = Vec::with_capacity(unit.len() + 64);
        let nals = length_prefixed_nals(unit, self.nal_length_size);
        for nal in sets.iter().map(|set| Ok(set.as_ref())).chain(nals) {
            let nal: &[u8] = nal.ok()?;
            whole.extend_from_slice(&u32::try_from(nal.len()).ok()?.to_be_bytes());
            whole.extend_from_slice(nal);
        }
        Some(Bytes::from(whole))
    }
}

/// Opens the AAC decoder for an AudioSpecificConfig.
///
/// # Errors
/// A sentence that says what in it cannot be used.
pub fn open_announced_aac(config: &Bytes) -> Result<Box<dyn AudioDecoder>, DecodeError> {
    let read = AudioSpecificConfig::read(config).map_err(|error| DecodeError::Unsupported(error.to_string()))?;
    open_aac(&AudioConfig {
        sample_rate: read.sample_rate,
        channels: read.channels,
        bitrate: Bitrate::from_bps(0),
        audio_specific_config: config.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_announced_is_told() {
        assert!(AnnouncedVideo::open(b"").is_err());
        assert!(AnnouncedVideo::open(&[1, 66, 0, 30, 0xFF, 0xE0, 0]).is_err());
        assert!(open_announced_aac(&Bytes::new()).is_err());
        assert!(open_announced_aac(&Bytes::from_static(&[0x11, 0x90])).is_ok());
    }
}
