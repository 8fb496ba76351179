//! Whether an FLV file is whole: only the heads of its tags are read (E.2, E.3).
#![deny(clippy::indexing_slicing)]

use std::io::{self, Read, Seek, SeekFrom};
use std::time::Duration;

use super::shape::{TagRole, audio_shape, video_shape};
use crate::media::Scan;

const HEADER_BYTES: u64 = 9;
const TAG_HEAD_BYTES: u64 = 11;
const SIZE_BYTES: u64 = 4;
/// What tells a picture or sound from what a decoder needs before: the start of a body.
const SHAPE_BYTES: u32 = 16;

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
            return damaged_or_zeros(file, at, at, has_media);
        }
        if bytes > left {
            return Ok(Scan::Torn { at, has_media });
        }
        let shape_bytes = body.min(SHAPE_BYTES);
        has_media |= read_is_media(file, kind & 0x1F, shape_bytes)?;
        file.seek_relative(i64::from(body - shape_bytes))?;
        let mut size = [0; 4];
        file.read_exact(&mut size)?;
        if u64::from(u32::from_be_bytes(size)) != TAG_HEAD_BYTES + u64::from(body) {
            return damaged_or_zeros(file, at + bytes - SIZE_BYTES, at, has_media);
        }
        at += bytes;
    }
    Ok(Scan::Whole { has_media })
}

/// Reads so many bytes of a body; `true`: it is a picture or sound.
fn read_is_media(file: &mut impl Read, kind: u8, bytes: u32) -> io::Result<bool> {
    let mut start = Vec::new();
    file.take(bytes.into()).read_to_end(&mut start)?;
    let shape = match kind {
        8 => audio_shape(&start),
        9 => video_shape(&start),
        _ => None,
    };
    Ok(shape.is_some_and(|shape| shape.role == TagRole::Coded))
}

/// How long `file`, which is whole up to the byte `end`, lasts: the time of its last tag.
pub fn length(file: &mut (impl Read + Seek), end: u64) -> io::Result<Option<Duration>> {
    file.seek(SeekFrom::Start(HEADER_BYTES - SIZE_BYTES))?;
    let mut offset = [0; 4];
    file.read_exact(&mut offset)?;
    let mut at = u64::from(u32::from_be_bytes(offset)) + SIZE_BYTES;
    file.seek(SeekFrom::Start(at))?;
    let mut last = None;
    while at + TAG_HEAD_BYTES <= end {
        let mut head = [0; 11];
        file.read_exact(&mut head)?;
        let [_kind, l2, l1, l0, t2, t1, t0, t3, ..] = head;
        let body = u32::from_be_bytes([0, l2, l1, l0]);
        last = Some(Duration::from_millis(u32::from_be_bytes([t3, t2, t1, t0]).into()));
        file.seek_relative(i64::from(body) + SIZE_BYTES as i64)?;
        at += TAG_HEAD_BYTES + u64::from(body) + SIZE_BYTES;
    }
    Ok(last)
}

/// At `at` no tag begins, or none that is whole: where a disk put zeros from the byte `from` to the end, what is behind `at` may go;
/// anything else may be worth something.
fn damaged_or_zeros(file: &mut (impl Read + Seek), from: u64, at: u64, has_media: bool) -> io::Result<Scan> {
    file.seek(SeekFrom::Start(from))?;
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
    fn what_a_decoder_needs_first_is_no_media_and_the_last_tag_tells_how_long_it_lasts() {
        let mut writer = FlvWriter::new(Vec::new(), true, true).unwrap();
        writer.write_tag(TagKind::Script, 0, &[b"onMetaData"]).unwrap();
        writer.write_tag(TagKind::Video, 0, &[&[0x17, 0, 0, 0, 0, 1]]).unwrap();
        writer.write_tag(TagKind::Audio, 0, &[&[0xAF, 0, 0x11, 0x90]]).unwrap();
        assert_eq!(scanned(writer.get_mut()), Scan::Whole { has_media: false });
        writer.write_tag(TagKind::Audio, 21, &[&[0xAF, 1, 9, 9]]).unwrap();
        writer.write_tag(TagKind::Video, 0x0102_0304, &[&[0x17, 1, 0, 0, 0, 9]]).unwrap();
        let bytes = writer.into_inner();
        assert_eq!(scanned(&bytes), Scan::Whole { has_media: true });
        let lasts = length(&mut Cursor::new(&bytes), bytes.len() as u64).unwrap();
        assert_eq!(lasts, Some(Duration::from_millis(0x0102_0304)));
    }

    #[test]
    fn zeros_at_the_end_are_torn_and_damage_in_the_middle_is_not_cut_away() {
        let (bytes, ends) = recording();
        let mut zeros = bytes.clone();
        zeros.extend([0; 5000]);
        assert_eq!(scanned(&zeros), Scan::Torn { at: ends[6], has_media: true });
        // A power cut: of the last tag but one only the first bytes came to the disk, and nothing behind them.
        for cut in ends[4] + 11..ends[5] {
            zeros[cut as usize..].fill(0);
            assert_eq!(scanned(&zeros), Scan::Torn { at: ends[4], has_media: true }, "cut at {cut}");
            zeros[..bytes.len()].copy_from_slice(&bytes);
        }
        // So much of the middle alone is damage.
        zeros[ends[5] as usize - 4..ends[5] as usize].fill(0);
        assert_eq!(scanned(&zeros), Scan::Damaged { at: ends[4] });
        let mut damaged = bytes;
        damaged[ends[2] as usize] = 0x77;
        assert_eq!(scanned(&damaged), Scan::Damaged { at: ends[2] });
    }
}
