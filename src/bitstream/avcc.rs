//! AVCDecoderConfigurationRecord, the `avcC` box's content and the H.264 sequence header of FLV
//! (ISO/IEC 14496-15, 5.3.3.1).
#![deny(clippy::indexing_slicing)]

use bytes::{BufMut, Bytes, BytesMut};

use super::{BitstreamError, NalKind, read_sps};

/// A record that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvccRecord {
    /// Sequence parameter sets, NAL units without start code; at least one.
    pub sps: Vec<Bytes>,
    /// Picture parameter sets; at least one.
    pub pps: Vec<Bytes>,
    /// Bytes of each NAL unit's length: 1, 2 or 4.
    pub nal_length_size: usize,
}

/// Profiles whose record carries chroma format and bit depths at its end (5.3.3.1.2).
const PROFILES_WITH_TRAILER: [u8; 4] = [100, 110, 122, 144];

/// The record of one sequence and one picture parameter set (NAL units without start code), for NAL units with
/// 4-byte lengths.
pub fn avcc_record(sps: &[u8], pps: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(15 + sps.len() + pps.len());
    // Profile, compatibility flags and level stand right behind the NAL header of the sequence parameter set.
    let mut head = sps.iter().skip(1).copied();
    let profile = head.next().unwrap_or(0);
    let (compatibility, level) = (head.next().unwrap_or(0), head.next().unwrap_or(0));
    out.put_slice(&[1, profile, compatibility, level, 0xfc | 3]);
    for (count, set) in [(0xe0 | 1, sps), (1, pps)] {
        let set = set.get(..usize::from(u16::MAX)).unwrap_or(set);
        out.put_u8(count);
        out.put_u16(set.len() as u16);
        out.put_slice(set);
    }
    if PROFILES_WITH_TRAILER.contains(&profile) {
        let (chroma, luma_depth, chroma_depth) =
            read_sps(sps).map_or((1, 8, 8), |info| (info.chroma_format, info.bit_depth_luma, info.bit_depth_chroma));
        let [luma, chroma_bits] = [luma_depth, chroma_depth].map(|depth| depth.saturating_sub(8) & 7);
        out.put_slice(&[0xfc | (chroma & 3), 0xf8 | luma, 0xf8 | chroma_bits, 0]);
    }
    out.freeze()
}

/// Reads a record. What follows the picture parameter sets is not needed and not looked at.
pub fn read_avcc_record(bytes: &[u8]) -> Result<AvccRecord, BitstreamError> {
    let short = BitstreamError::Truncated("the avcC record");
    let ([version, _profile, _compatibility, _level, lengths], rest) = bytes.split_first_chunk::<5>().ok_or(short)?;
    if *version != 1 {
        return Err(BitstreamError::Invalid("the avcC record's version is not 1"));
    }
    let nal_length_size = usize::from(lengths & 3) + 1;
    if nal_length_size == 3 {
        return Err(BitstreamError::Invalid("the avcC record announces NAL lengths of 3 bytes"));
    }
    let (count, rest) = rest.split_first().ok_or(short)?;
    let (sps, rest) = read_sets(rest, count & 0x1f, NalKind::Sps)?;
    let (count, rest) = rest.split_first().ok_or(short)?;
    let (pps, _trailer) = read_sets(rest, *count, NalKind::Pps)?;
    if sps.is_empty() || pps.is_empty() {
        return Err(BitstreamError::Invalid("the avcC record lacks a parameter set"));
    }
    Ok(AvccRecord { sps, pps, nal_length_size })
}

fn read_sets(mut bytes: &[u8], count: u8, kind: NalKind) -> Result<(Vec<Bytes>, &[u8]), BitstreamError> {
    let short = BitstreamError::Truncated("the avcC record");
    let mut sets = Vec::new();
    for _ in 0..count {
        let (length, rest) = bytes.split_first_chunk::<2>().ok_or(short)?;
        let (set, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(short)?;
        if NalKind::of(set) != Some(kind) {
            return Err(BitstreamError::Invalid("the avcC record holds another NAL unit than a parameter set"));
        }
        sets.push(Bytes::copy_from_slice(set));
        bytes = rest;
    }
    Ok((sets, bytes))
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::bitstream::tests_support::Random;

    const SPS: [u8; 8] = [0x67, 0x42, 0xc0, 0x1f, 0xda, 0x02, 0x80, 0xbf];
    const PPS: [u8; 4] = [0x68, 0xce, 0x3c, 0x80];

    #[test]
    fn a_record_reads_back() {
        let record = avcc_record(&SPS, &PPS);
        assert_eq!(record[..6], [1, 0x42, 0xc0, 0x1f, 0xff, 0xe1]);
        let read = read_avcc_record(&record).unwrap();
        assert_eq!((&read.sps[0][..], &read.pps[0][..], read.nal_length_size), (&SPS[..], &PPS[..], 4));
    }

    #[test]
    fn high_profile_has_its_trailer_and_baseline_has_none() {
        let mut high = SPS;
        high[1] = 100;
        assert!(avcc_record(&high, &PPS).ends_with(&[0xfd, 0xf8, 0xf8, 0]));
        assert!(avcc_record(&SPS, &PPS).ends_with(&PPS));
    }

    #[test]
    fn every_cut_and_every_wrong_byte_is_an_error_or_a_record() {
        let record = avcc_record(&SPS, &PPS);
        for end in 0..record.len() {
            assert!(read_avcc_record(&record[..end]).is_err(), "{end}");
        }
        let mut random = Random::new(11);
        for _ in 0..3000 {
            let mut bytes = record.to_vec();
            let at = random.below(bytes.len());
            bytes[at] = random.next() as u8;
            if let Ok(read) = read_avcc_record(&bytes) {
                assert!(!read.sps.is_empty() && !read.pps.is_empty());
            }
            let _any = read_avcc_record(&random.bytes(40, 2));
        }
    }
}
