//! Recordings as a crash, a full disk or anything else may leave them: what is called whole stays whole when the rest is cut
//! off, and cutting once is enough.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use tally::media::Scan;
use tally::mp4::scan;

fn look(bytes: &[u8]) -> Scan {
    scan(&mut Cursor::new(bytes), bytes.len() as u64, &|| true).expect("memory does not fail")
}

fuzz_target!(|bytes: &[u8]| {
    let (Scan::Torn { at, .. } | Scan::Damaged { at }) = look(bytes) else { return };
    let whole = usize::try_from(at).ok().and_then(|at| bytes.get(..at)).expect("the cut is inside of the file");
    if let Scan::Torn { has_media, .. } = look(bytes) {
        assert_eq!(look(whole), Scan::Whole { has_media });
    }
});
