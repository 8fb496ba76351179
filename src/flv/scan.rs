//! Whether an FLV file is whole: only the heads of its tags are read (E.2, E.3).
#![deny(clippy::indexing_slicing)]

use std::io::{self, Read, Seek, SeekFrom};

use crate::media::Scan;

const HEADER_BYTES: u64 = 9;
const TAG_HEAD_BYTES: u64 = 11;
const SIZE_BYTES: u64 = 4;

/// Looks through `file` of `length` bytes; ends early with `ErrorKind::Interrupted` once it no longer `goes_on`.
pub fn scan(file: &mut (impl Read + Seek), length: u64, goes_on: &dyn Fn() -> bool) -> io::Result<Scan> {
    if length < HEADER_BYTES + SIZE_BYTES {
        return Ok(Scan::Foreign("its header was never written"));
    }
    file.seek(SeekFrom::Start(0))?;
    let mut header = [0; 9];
    file.read_exact(&mut header)?;
    let [b'F', b'L', b'V', _version, _flags, o3, o2, o1, o0] = header else {
        return Ok(Scan::Foreign("it is no FLV"));
    };
    let mut at = u64::from(u32::from_be_bytes([o3, o2, o1, o0])) + SIZE_BYTES;
    if at > length {
        return Ok(Scan::Foreign("it is no FLV"));
    }
    file.seek(SeekFrom::Start(at))?;
    let mut has_media = false;
    while at < length {
        if !goes_on() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let left = length - at;
        if left < TAG_HEAD_BYTES {
            return Ok(Scan::Torn { at, has_media });
        }
        let mut head = [0; 11];
        file.read_exact(&mut head)?;
        let [kind, l2, l1, l0, ..] = head;
        let body = u32::from_be_bytes([0, l2, l1, l0]);
        let bytes = TAG_HEAD_BYTES + u64::from(body) + SIZE_BYTES;
        if !matches!(kind & 0x1F, 8 | 9 | 18) {
            return damaged_or_zeros(file, at, has_media);
        }
        if bytes > left {
            return Ok(Scan::Torn { at, has_media });
        }
        file.seek_relative(i64::from(body))?;
        let mut size = [0; 4];
        file.read_exact(&mut size)?;
        if u64::from(u32::from_be_bytes(size)) != TAG_HEAD_BYTES + u64::from(body) {
            return Ok(Scan::Damaged { at });
        }
        has_media |= kind & 0x1F != 18;
        at += bytes;
    }
    Ok(Scan::Whole { has_media })
}

/// At `at` no tag begins: zeros that a disk put there may go, anything else may be worth something.
fn damaged_or_zeros(file: &mut (impl Read + Seek), at: u64, has_media: bool) -> io::Result<Scan> {
    file.seek(SeekFrom::Start(at))?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer)?;
        match buffer.get(..count) {
            Some([]) | None => return Ok(Scan::Torn { at, has_media }),
            Some(read) if read.iter().all(|byte| *byte == 0) => {}
            Some(_) => return Ok(Scan::Damaged { at }),
        }
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may")]
mod tests {
    use super::*;
    use crate::flv::{FlvWriter, TagKind};
    use std::io::Cursor;

    fn scanned(bytes: &[u8]) -> Scan {
        scan(&mut Cursor::new(bytes), bytes.len() as u64, &|| true).unwrap()
    }

    fn recording() -> (Vec<u8>, Vec<u64>) {
        let mut writer = FlvWriter::new(Vec::new(), true, true).unwrap();
        let mut ends = vec![13];
        for index in 0..6 {
            let kind = if index == 0 { TagKind::Script } else { TagKind::Video };
            writer.write_tag(kind, index * 40, &[&[9; 50]]).unwrap();
            ends.push(writer.get_mut().len() as u64);
        }
        (writer.into_inner(), ends)
    }

    #[test]
    fn a_file_cut_anywhere_is_whole_up_to_its_last_tag() {
        let (bytes, ends) = recording();
        for cut in 13..=bytes.len() {
            let whole = ends.iter().copied().filter(|end| *end <= cut as u64).max().unwrap();
            let has_media = whole > ends[1];
            let expected = match whole == cut as u64 {
                true => Scan::Whole { has_media },
                false => Scan::Torn { at: whole, has_media },
            };
            assert_eq!(scanned(&bytes[..cut]), expected, "cut at {cut}");
        }
        assert!(matches!(scanned(&bytes[..12]), Scan::Foreign(_)));
        assert!(matches!(scanned(b"no flash video, not at all"), Scan::Foreign(_)));
    }

    #[test]
    fn zeros_at_the_end_are_torn_and_damage_in_the_middle_is_not_cut_away() {
        let (bytes, ends) = recording();
        let mut zeros = bytes.clone();
        zeros.extend([0; 5000]);
        assert_eq!(scanned(&zeros), Scan::Torn { at: ends[6], has_media: true });
        let mut damaged = bytes;
        damaged[ends[2] as usize] = 0x77;
        assert_eq!(scanned(&damaged), Scan::Damaged { at: ends[2] });
    }
}
