//! NAL units in their two framings: Annex B start codes and length prefixes (ISO/IEC 14496-15, 5.3.4.2).
#![deny(clippy::indexing_slicing)]

use bytes::{BufMut, Bytes, BytesMut};

use super::BitstreamError;

/// What a NAL unit holds (ITU-T H.264, table 7-1), as far as Tally cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NalKind {
    /// A slice of an ordinary picture (1 to 4).
    Slice,
    /// A slice of a keyframe (5).
    IdrSlice,
    /// Supplemental enhancement information (6).
    Sei,
    /// Sequence parameter set (7).
    Sps,
    /// Picture parameter set (8).
    Pps,
    /// Access unit delimiter (9).
    AccessUnitDelimiter,
    /// Anything else.
    Other(u8),
}

impl NalKind {
    /// The kind of a NAL unit without start code; `None` if it is empty.
    pub fn of(nal: &[u8]) -> Option<Self> {
        nal.first().map(|header| match header & 0x1f {
            1..=4 => Self::Slice,
            5 => Self::IdrSlice,
            6 => Self::Sei,
            7 => Self::Sps,
            8 => Self::Pps,
            9 => Self::AccessUnitDelimiter,
            other => Self::Other(other),
        })
    }
}

/// The NAL units of an Annex B byte stream, without start codes and without trailing zeros; empty ones are passed
/// over. Bytes before the first start code are ignored.
pub fn annexb_nals(stream: &[u8]) -> AnnexB<'_> {
    let (_, rest) = split_at_start_code(stream);
    AnnexB { rest }
}

/// See [`annexb_nals`].
#[derive(Clone, Debug)]
pub struct AnnexB<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for AnnexB<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let (nal, rest) = split_at_start_code(self.rest?);
            self.rest = rest;
            let end = nal.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            if let Some(nal) = nal.get(..end).filter(|nal| !nal.is_empty()) {
                return Some(nal);
            }
        }
    }
}

/// What comes before the next start code `00 00 01`, and what after it if there is one.
fn split_at_start_code(bytes: &[u8]) -> (&[u8], Option<&[u8]>) {
    match bytes.windows(3).position(|window| window == [0, 0, 1]) {
        Some(at) => (bytes.get(..at).unwrap_or_default(), bytes.get(at + 3..)),
        None => (bytes, None),
    }
}

/// The NAL units of an access unit framed by big-endian lengths of `nal_length_size` bytes (1, 2 or 4; 3 is
/// tolerated). A length that runs past the end ends the iteration with an error; empty units are passed over.
pub fn length_prefixed_nals(access_unit: &[u8], nal_length_size: usize) -> LengthPrefixed<'_> {
    LengthPrefixed { rest: access_unit, nal_length_size: nal_length_size.clamp(1, 4) }
}

/// See [`length_prefixed_nals`].
#[derive(Clone, Debug)]
pub struct LengthPrefixed<'a> {
    rest: &'a [u8],
    nal_length_size: usize,
}

impl<'a> Iterator for LengthPrefixed<'a> {
    type Item = Result<&'a [u8], BitstreamError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let split = self.rest.split_at_checked(self.nal_length_size).and_then(|(prefix, rest)| {
                let length = prefix.iter().fold(0usize, |length, &byte| length << 8 | usize::from(byte));
                rest.split_at_checked(length)
            });
            let Some((nal, rest)) = split else {
                self.rest = &[];
                return Some(Err(BitstreamError::Truncated("a length-prefixed NAL unit")));
            };
            self.rest = rest;
            if !nal.is_empty() {
                return Some(Ok(nal));
            }
        }
    }
}

/// Length-prefixed (4 bytes) from Annex B.
pub fn avcc_from_annexb(stream: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(stream.len() + 16);
    for nal in annexb_nals(stream) {
        out.put_u32(u32::try_from(nal.len()).unwrap_or(u32::MAX));
        out.put_slice(nal);
    }
    out.freeze()
}

/// Annex B with 4-byte start codes from length prefixes of `nal_length_size` bytes.
pub fn annexb_from_avcc(access_unit: &[u8], nal_length_size: usize) -> Result<Bytes, BitstreamError> {
    let mut out = BytesMut::with_capacity(access_unit.len() + 16);
    for nal in length_prefixed_nals(access_unit, nal_length_size) {
        out.put_slice(&[0, 0, 0, 1]);
        out.put_slice(nal?);
    }
    Ok(out.freeze())
}

/// Whether a length-prefixed (4 bytes) access unit holds a slice of a keyframe.
pub fn is_keyframe(access_unit: &[u8]) -> bool {
    length_prefixed_nals(access_unit, 4).map_while(Result::ok).any(|nal| NalKind::of(nal) == Some(NalKind::IdrSlice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitstream::tests_support::Random;

    #[test]
    fn both_start_codes_and_trailing_zeros() {
        let stream = [0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 0, 0, 1, 0, 0, 1, 0x65, 9, 0, 0];
        let nals: Vec<&[u8]> = annexb_nals(&stream).collect();
        assert_eq!(nals, [&[0x67, 1, 2][..], &[0x68, 3], &[0x65, 9]]);
        assert_eq!(annexb_nals(&[1, 2, 3]).count(), 0);
        assert_eq!(annexb_nals(&[]).count(), 0);
    }

    #[test]
    fn the_framings_convert_both_ways() {
        let annexb = [0, 0, 0, 1, 0x06, 5, 0, 0, 0, 1, 0x65, 7, 7];
        let avcc = avcc_from_annexb(&annexb);
        assert_eq!(&avcc[..], [0, 0, 0, 2, 0x06, 5, 0, 0, 0, 3, 0x65, 7, 7]);
        assert_eq!(&annexb_from_avcc(&avcc, 4).unwrap()[..], annexb);
        assert_eq!(&annexb_from_avcc(&[2, 0x41, 9], 1).unwrap()[..], [0, 0, 0, 1, 0x41, 9]);
        assert!(is_keyframe(&avcc));
        assert!(!is_keyframe(&[0, 0, 0, 2, 0x41, 5]));
    }

    #[test]
    fn a_length_past_the_end_is_an_error_once() {
        let read: Vec<_> = length_prefixed_nals(&[0, 1, 0x41, 0, 9, 1], 2).collect();
        assert_eq!(read, [Ok(&[0x41][..]), Err(BitstreamError::Truncated("a length-prefixed NAL unit"))]);
        assert!(annexb_from_avcc(&[0, 0, 0], 4).is_err());
    }

    #[test]
    fn random_bytes_never_panic_and_never_grow() {
        let mut random = Random::new(7);
        for _ in 0..2000 {
            let bytes = random.bytes(64, 3);
            for size in 0..6 {
                let total: usize = length_prefixed_nals(&bytes, size).map_while(Result::ok).map(<[u8]>::len).sum();
                assert!(total <= bytes.len());
            }
            assert!(annexb_nals(&bytes).map(<[u8]>::len).sum::<usize>() <= bytes.len());
            let avcc = avcc_from_annexb(&bytes);
            let back: Vec<_> = length_prefixed_nals(&avcc, 4).map(Result::unwrap).collect();
            assert_eq!(back, annexb_nals(&bytes).collect::<Vec<_>>());
        }
    }
}
