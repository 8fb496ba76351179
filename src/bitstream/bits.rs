//! Reading and writing single bits and exp-Golomb codes (ITU-T H.264, 7.2 and 9.1).
#![deny(clippy::indexing_slicing)]

use super::BitstreamError;

/// Reads bits, most significant first, and never past the end.
#[derive(Clone, Debug)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
    what: &'static str,
}

impl<'a> BitReader<'a> {
    /// A reader of `bytes`; `what` names them in errors.
    pub(super) fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { bytes, at: 0, what }
    }

    /// Bits not yet read.
    pub(super) fn left(&self) -> usize {
        (self.bytes.len() * 8).saturating_sub(self.at)
    }

    pub(super) fn bit(&mut self) -> Result<bool, BitstreamError> {
        let byte = self.bytes.get(self.at / 8).ok_or(BitstreamError::Truncated(self.what))?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Ok(bit == 1)
    }

    /// The next `count` bits, at most 32.
    pub(super) fn bits(&mut self, count: u32) -> Result<u32, BitstreamError> {
        debug_assert!(count <= 32);
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u32::from(self.bit()?);
        }
        Ok(value)
    }

    /// `ue(v)`.
    pub(super) fn unsigned_golomb(&mut self) -> Result<u32, BitstreamError> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return Err(BitstreamError::Invalid("an exp-Golomb code has more than 31 leading zeros"));
            }
        }
        let rest = self.bits(zeros)?;
        Ok(((1u32 << zeros) - 1).saturating_add(rest))
    }

    /// `se(v)`.
    pub(super) fn signed_golomb(&mut self) -> Result<i32, BitstreamError> {
        let code = i64::from(self.unsigned_golomb()?);
        let value = if code % 2 == 1 { (code + 1) / 2 } else { -(code / 2) };
        i32::try_from(value).map_err(|_too_large| BitstreamError::Invalid("a signed exp-Golomb code is too large"))
    }
}

/// Writes bits, most significant first.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    filled: u32,
}

impl BitWriter {
    /// The low `count` bits of `value`.
    pub(super) fn bits(&mut self, value: u32, count: u32) {
        for shift in (0..count).rev() {
            if self.filled == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> shift & 1) as u8) << (7 - self.filled);
            }
            self.filled = (self.filled + 1) % 8;
        }
    }

    /// The bytes, the last one filled with zeros.
    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb_codes_of_table_9_2() {
        // 1, 010, 011, 00100, 00101 → 0 1 2 3 4 (9.1), signed 0 1 -1 2 -2 (9.1.1).
        let mut writer = BitWriter::default();
        for (code, length) in [(1, 1), (0b010, 3), (0b011, 3), (0b00100, 5), (0b00101, 5)] {
            writer.bits(code, length);
        }
        let bytes = writer.finish();
        let mut reader = BitReader::new(&bytes, "codes");
        assert_eq!((0..5).map(|_| reader.unsigned_golomb().unwrap()).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        let mut reader = BitReader::new(&bytes, "codes");
        assert_eq!((0..5).map(|_| reader.signed_golomb().unwrap()).collect::<Vec<_>>(), [0, 1, -1, 2, -2]);
    }

    #[test]
    fn endless_zeros_and_short_bytes_are_errors() {
        assert!(matches!(BitReader::new(&[0; 9], "x").unsigned_golomb(), Err(BitstreamError::Invalid(_))));
        assert_eq!(BitReader::new(&[0; 2], "x").unsigned_golomb(), Err(BitstreamError::Truncated("x")));
        assert_eq!(BitReader::new(&[0xff], "x").bits(9), Err(BitstreamError::Truncated("x")));
    }

    #[test]
    fn the_longest_code_reads() {
        let mut writer = BitWriter::default();
        writer.bits(0, 31);
        writer.bits(1, 1);
        writer.bits(u32::MAX >> 1, 31);
        let bytes = writer.finish();
        assert_eq!(BitReader::new(&bytes, "x").unsigned_golomb(), Ok(u32::MAX - 1));
    }
}
