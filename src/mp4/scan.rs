//! Whether a file of fragments is whole: only the heads of its boxes are read (ISO/IEC 14496-12, 4.2).
#![deny(clippy::indexing_slicing)]

use std::io::{self, Read, Seek, SeekFrom};

use crate::media::Scan;

/// What stands at the top of an MP4.
const KINDS: [&[u8; 4]; 14] = [
    b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"mfra", b"sidx", b"free", b"skip", b"emsg", b"prft", b"uuid",
    b"meta", // Of QuickTime.
    b"wide",
];
const NO_MP4: &str = "it is no MP4";
/// Boxes whose length takes this many bytes at least.
const HEAD_BYTES: u64 = 8;
/// A file system has written blocks of this many bytes, or of a multiple of it, or not.
const BLOCK_BYTES: u64 = 512;

pub(super) struct BoxHead {
    pub(super) kind: [u8; 4],
    pub(super) bytes: u64,
}

/// Looks through `file` of `length` bytes; ends early with `ErrorKind::Interrupted` once it no longer `goes_on`.
pub fn scan(file: &mut (impl Read + Seek), length: u64, goes_on: &dyn Fn() -> bool) -> io::Result<Scan> {
    let (mut at, mut whole) = (0, 0);
    let (mut has_moov, mut in_fragment, mut has_media, mut loose_media) = (false, false, false, false);
    let written = written_length(file, length, goes_on)?;
    while at < length {
        if !goes_on() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let head = read_head(file, at, length)?;
        let Some(head) = head else {
            let found = what_is_torn(file, at, whole, length, has_media)?;
            return Ok(match found {
                found if has_moov => found,
                Scan::Damaged { .. } if at == 0 => Scan::Foreign(NO_MP4),
                Scan::Damaged { .. } => {
                    Scan::Foreign("it is damaged before what a player needs first, or no recording")
                }
                _ if at == 0 && !begins_as_mp4(file, length)? => Scan::Foreign(NO_MP4),
                _ => headless(at),
            });
        };
        if at == 0 && head.kind != *b"ftyp" && head.kind != *b"styp" {
            return Ok(Scan::Foreign(NO_MP4));
        }
        if head.kind == *b"mdat" && !in_fragment {
            // Its index may stand behind it: it is not in fragments.
            loose_media = true;
        }
        // What is not in fragments may well end in zeros; and so may what only fills.
        let is_ours = !loose_media && matches!(&head.kind, b"moov" | b"moof" | b"mdat");
        let end = if is_ours { written } else { length };
        let fits = at.checked_add(head.bytes).is_some_and(|behind| behind <= end);
        if !fits {
            return Ok(match (has_moov, loose_media) {
                (_, true) => Scan::Foreign("it is an MP4 without fragments, whose index was never written"),
                (false, _) => headless(at),
                (true, false) => Scan::Torn { at: whole, has_media },
            });
        }
        match &head.kind {
            // Behind a fragment's head it is cut off with the fragment.
            b"moov" if in_fragment => return Ok(headless(at)),
            b"moov" => has_moov = true,
            b"moof" => in_fragment = true,
            b"mdat" => (in_fragment, has_media) = (false, true),
            _ => {}
        }
        at += head.bytes;
        if !in_fragment {
            whole = at;
        }
    }
    Ok(match (has_moov, in_fragment) {
        (false, _) => headless(length),
        (true, true) => Scan::Torn { at: whole, has_media },
        (true, false) => Scan::Whole { has_media },
    })
}

/// How much of the file came to the disk: after a power cut it may have its length already, and zeros in its last blocks.
/// No coded picture or sound ends in zeros.
fn written_length(file: &mut (impl Read + Seek), length: u64, goes_on: &dyn Fn() -> bool) -> io::Result<u64> {
    const STEP_BYTES: u64 = 1 << 16;
    let mut buffer = Vec::new();
    let mut end = length;
    while end > 0 {
        if !goes_on() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let start = end.saturating_sub(STEP_BYTES);
        file.seek(SeekFrom::Start(start))?;
        buffer.clear();
        file.by_ref().take(end - start).read_to_end(&mut buffer)?;
        if let Some(last) = buffer.iter().rposition(|byte| *byte != 0) {
            end = start + last as u64 + 1;
            break;
        }
        end = start;
    }
    Ok(end.next_multiple_of(BLOCK_BYTES).min(length))
}

/// There is nothing that says what the file holds.
fn headless(at: u64) -> Scan {
    Scan::Foreign(if at == 0 { "nothing was written to it yet" } else { "what a player needs first was never written" })
}

/// Whether what is there of the first box's head, or the zeros that a disk put there, can be of an MP4.
fn begins_as_mp4(file: &mut (impl Read + Seek), length: u64) -> io::Result<bool> {
    file.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    file.take(length.min(HEAD_BYTES)).read_to_end(&mut head)?;
    let (size, kind) = head.split_at(head.len().min(4));
    let is_small = size.iter().take(2).all(|byte| *byte == 0);
    Ok(is_small && (kind.iter().all(|byte| *byte == 0) || b"ftyp".starts_with(kind) || b"styp".starts_with(kind)))
}

/// The head at `at`; `None` where there is none.
pub(super) fn read_head(file: &mut (impl Read + Seek), at: u64, length: u64) -> io::Result<Option<BoxHead>> {
    let left = length - at;
    if left < HEAD_BYTES {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(at))?;
    let mut size = [0; 4];
    let mut kind = [0; 4];
    file.read_exact(&mut size)?;
    file.read_exact(&mut kind)?;
    if !KINDS.contains(&&kind) {
        return Ok(None);
    }
    let mut least = HEAD_BYTES;
    let bytes = match u32::from_be_bytes(size) {
        // To the end of the file.
        0 => left,
        1 if left < HEAD_BYTES * 2 => return Ok(None),
        1 => {
            let mut large = [0; 8];
            file.read_exact(&mut large)?;
            least = HEAD_BYTES * 2;
            u64::from_be_bytes(large)
        }
        bytes => u64::from(bytes),
    };
    Ok((bytes >= least).then_some(BoxHead { kind, bytes }))
}

/// At `at` no box begins: a piece of one, or zeros that a disk put there, may go; anything else may be worth something.
fn what_is_torn(file: &mut (impl Read + Seek), at: u64, whole: u64, length: u64, has_media: bool) -> io::Result<Scan> {
    if length - at < HEAD_BYTES {
        return Ok(Scan::Torn { at: whole, has_media });
    }
    file.seek(SeekFrom::Start(at))?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer)?;
        match buffer.get(..count) {
            Some([]) | None => return Ok(Scan::Torn { at: whole, has_media }),
            Some(read) if read.iter().all(|byte| *byte == 0) => {}
            Some(_) => return Ok(Scan::Damaged { at: whole }),
        }
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may")]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn boxed(kind: &[u8; 4], body: usize) -> Vec<u8> {
        let mut bytes = u32::try_from(body + 8).unwrap().to_be_bytes().to_vec();
        bytes.extend_from_slice(kind);
        bytes.resize(body + 8, 7);
        bytes
    }

    fn scanned(bytes: &[u8]) -> Scan {
        scan(&mut Cursor::new(bytes), bytes.len() as u64, &|| true).unwrap()
    }

    fn recording() -> (Vec<u8>, Vec<u64>) {
        let mut bytes = [boxed(b"ftyp", 16), boxed(b"moov", 300)].concat();
        let mut ends = vec![bytes.len() as u64];
        for _ in 0..3 {
            bytes.extend([boxed(b"moof", 60), boxed(b"mdat", 1500)].concat());
            ends.push(bytes.len() as u64);
        }
        (bytes, ends)
    }

    #[test]
    fn what_a_player_needs_first_is_never_cut_off() {
        // The fragment whose head stands before it would be cut off at the end of `ftyp`.
        let bytes = [boxed(b"ftyp", 16), boxed(b"moof", 60), boxed(b"moov", 300), boxed(b"mdat", 500)].concat();
        for cut in 0..=bytes.len() {
            assert!(matches!(scanned(&bytes[..cut]), Scan::Foreign(_)), "cut at {cut}: {:?}", scanned(&bytes[..cut]));
        }
    }

    #[test]
    fn a_box_is_not_shorter_than_its_own_head() {
        let large = |bytes: u8| [&[0, 0, 0, 1][..], b"moov", &[0, 0, 0, 0, 0, 0, 0, bytes]].concat();
        assert!(matches!(scanned(&[boxed(b"ftyp", 16), large(9)].concat()), Scan::Foreign(_)));
        assert_eq!(scanned(&[boxed(b"ftyp", 16), large(16)].concat()), Scan::Whole { has_media: false });
    }

    #[test]
    fn media_without_fragments_is_media_too_where_a_piece_hangs_on_behind_it() {
        let plain = [boxed(b"ftyp", 16), boxed(b"moov", 300), boxed(b"mdat", 500)].concat();
        let at = plain.len() as u64;
        for piece in [&[0, 0, 0][..], &boxed(b"moof", 60), &[0; 40]] {
            assert_eq!(scanned(&[&plain, piece].concat()), Scan::Torn { at, has_media: true }, "{piece:?}");
        }
    }

    #[test]
    fn a_recording_cut_anywhere_is_whole_up_to_its_last_fragment() {
        let (bytes, ends) = recording();
        assert_eq!(scanned(&bytes), Scan::Whole { has_media: true });
        for cut in ends[0] as usize..bytes.len() {
            let whole = ends.iter().copied().filter(|end| *end <= cut as u64).max().unwrap();
            let has_media = whole > ends[0];
            let expected = match whole == cut as u64 {
                true => Scan::Whole { has_media },
                false => Scan::Torn { at: whole, has_media },
            };
            assert_eq!(scanned(&bytes[..cut]), expected, "cut at {cut}");
        }
        for cut in 0..ends[0] as usize {
            assert!(matches!(scanned(&bytes[..cut]), Scan::Foreign(_)), "cut at {cut}");
        }
    }

    #[test]
    fn zeros_at_the_end_are_torn_and_damage_in_the_middle_is_not_cut_away() {
        let (bytes, ends) = recording();
        let mut zeros = bytes.clone();
        zeros.extend([0; 100_000]);
        assert_eq!(scanned(&zeros), Scan::Torn { at: ends[3], has_media: true });
        let mut damaged = bytes.clone();
        damaged[ends[1] as usize..][..8].copy_from_slice(b"garbage!");
        assert_eq!(scanned(&damaged), Scan::Damaged { at: ends[1] });
    }

    #[test]
    fn fragments_whose_last_blocks_never_came_to_the_disk_are_cut_off() {
        let (whole, ends) = recording();
        for appended in [0, 20_000] {
            let mut bytes = whole.clone();
            bytes.resize(whole.len() + appended, 0);
            for from in (0..whole.len()).step_by(512) {
                let mut zeroed = bytes.clone();
                zeroed[from..].fill(0);
                let kept = ends.iter().copied().filter(|end| *end <= from as u64).max();
                match kept {
                    Some(at) => {
                        assert_eq!(scanned(&zeroed), Scan::Torn { at, has_media: at > ends[0] }, "from {from}");
                        assert_eq!(zeroed[..at as usize], whole[..at as usize]);
                    }
                    None => assert!(matches!(scanned(&zeroed), Scan::Foreign(_)), "from {from}"),
                }
            }
        }
    }

    #[test]
    fn zeros_with_something_behind_them_and_those_of_other_files_stay() {
        let (mut bytes, ends) = recording();
        bytes[ends[2] as usize - 500..ends[2] as usize - 1].fill(0);
        assert_eq!(scanned(&bytes), Scan::Whole { has_media: true });
        let mut silence = [boxed(b"ftyp", 16), boxed(b"moov", 300), boxed(b"mdat", 5000)].concat();
        silence[2000..].fill(0);
        assert_eq!(scanned(&silence), Scan::Whole { has_media: true });
    }

    #[test]
    fn what_is_no_recording_is_told_from_one_that_was_hardly_begun() {
        const NOTHING: &str = "nothing was written to it yet";
        let head = boxed(b"ftyp", 16);
        for (bytes, told) in [
            (&b""[..], NOTHING),
            (&head[..1], NOTHING),
            (&head[..6], NOTHING),
            (&[0; 5000], NOTHING),
            (&head, "what a player needs first was never written"),
            (b"notes\n", NO_MP4),
            (b"a", NO_MP4),
            (
                &[&head[..], b"something else"].concat(),
                "it is damaged before what a player needs first, or no recording",
            ),
        ] {
            assert_eq!(scanned(bytes), Scan::Foreign(told), "{bytes:?}");
        }
    }

    #[test]
    fn other_files_are_left_alone() {
        let plain = [boxed(b"ftyp", 16), boxed(b"mdat", 900), boxed(b"moov", 300)].concat();
        assert_eq!(scanned(&plain), Scan::Whole { has_media: true });
        for other in [&plain[..500], b"hello, this is text", b"RIFF....WAVEfmt ", b""] {
            assert!(matches!(scanned(other), Scan::Foreign(_)));
        }
        let quicktime = [boxed(b"ftyp", 12), boxed(b"wide", 0), boxed(b"mdat", 900), boxed(b"moov", 300)].concat();
        assert_eq!(scanned(&quicktime), Scan::Whole { has_media: true });
        let indexed = [boxed(b"ftyp", 16), boxed(b"moov", 300), boxed(b"mdat", 900)].concat();
        assert!(
            matches!(scanned(&indexed[..800]), Scan::Foreign(_)),
            "an index without fragments needs all of its data"
        );
        let stopped = scan(&mut Cursor::new(&plain), plain.len() as u64, &|| false).unwrap_err();
        assert_eq!(stopped.kind(), io::ErrorKind::Interrupted);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_looked_through(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            let mut behind = boxed(b"ftyp", 4);
            behind.extend(boxed(b"moov", 4));
            behind.extend(&bytes);
            for bytes in [&bytes, &behind] {
                if let Scan::Torn { at, .. } | Scan::Damaged { at } = scanned(bytes) {
                    proptest::prop_assert!(at <= bytes.len() as u64);
                }
            }
        }
    }
}
