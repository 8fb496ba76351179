//! H.264 and AAC bitstream syntax: NAL units and their two framings, `avcC`, sequence parameter sets,
//! AudioSpecificConfig. Everything here reads foreign bytes: it never panics and copies nothing it need not.

mod aac;
mod avcc;
mod bits;
mod nal;
mod sps;

pub use aac::{AacObjectType, AudioSpecificConfig};
pub use avcc::{AvccRecord, avcc_record, read_avcc_record};
pub use nal::{
    AnnexB, LengthPrefixed, NalKind, annexb_from_avcc, annexb_nals, avcc_from_annexb, is_keyframe, length_prefixed_nals,
};
pub use sps::{Colour, SpsInfo, read_sps};

/// Why bytes could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BitstreamError {
    /// They end too early.
    #[error("{0} ends too early")]
    Truncated(&'static str),
    /// A value is outside what the standard or Tally allows.
    #[error("{0}")]
    Invalid(&'static str),
}

#[cfg(test)]
mod tests_support {
    /// A seeded generator (xorshift): every run sees the same bytes.
    pub(super) struct Random(u64);

    impl Random {
        pub(super) fn new(seed: u64) -> Self {
            Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
        }

        pub(super) fn next(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 24
        }

        pub(super) fn below(&mut self, end: usize) -> usize {
            self.next() as usize % end.max(1)
        }

        /// Up to `length_max` bytes; with `small` set, only values up to it, so that structure is hit often.
        pub(super) fn bytes(&mut self, length_max: usize, small: u8) -> Vec<u8> {
            let length = self.below(length_max + 1);
            (0..length)
                .map(|_| if small > 0 { self.below(usize::from(small) + 1) as u8 } else { self.next() as u8 })
                .collect()
        }
    }
}
