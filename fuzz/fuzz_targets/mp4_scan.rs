//! Recordings as a crash, a full disk or anything else may leave them: what is cut off
//! is inside of the file, and what is left is still a recording.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use tally::media::Scan;
use tally::mp4::scan;

fn look(bytes: &[u8]) -> Scan {
    scan(&mut Cursor::new(bytes), bytes.len() as u64, &|| true).expect("memory does not fail")
}

/// What recordings are made of.
const KINDS: [&[u8; 4]; 6] = [b"ftyp", b"moov", b"moof", b"mdat", b"free", b"none"];

/// Boxes as the first bytes choose them, two for each, up to a zero; the rest as it is behind them.
fn file_of(bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut rest = bytes;
    while let [kind, size, behind @ ..] = rest
        && *kind != 0
    {
        let size = u32::from(*size);
        file.extend_from_slice(&size.to_be_bytes());
        file.extend_from_slice(KINDS[usize::from(*kind) % KINDS.len()]);
        file.resize(file.len() + size.saturating_sub(8) as usize, 0);
        rest = behind;
    }
    file.extend_from_slice(rest);
    file
}

fn check(bytes: &[u8]) {
    let (Scan::Torn { at, .. } | Scan::Damaged { at }) = look(bytes) else { return };
    let whole = usize::try_from(at).ok().and_then(|at| bytes.get(..at)).expect("the cut is inside of the file");
    assert!(!matches!(look(whole), Scan::Foreign(_)));
}

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    check(&file_of(bytes));
});
