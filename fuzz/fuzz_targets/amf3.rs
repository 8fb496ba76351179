//! AMF3 from a peer: what is read can be written in AMF0, and reads the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tally::amf::{read_all, write_value};

fuzz_target!(|bytes: &[u8]| {
    // The first value is in AMF3; what follows may switch again.
    let Ok(values) = read_all(&[&[0x11], bytes].concat()) else { return };
    let write = |values: &[tally::amf::Value]| {
        let mut out = Vec::new();
        values.iter().for_each(|value| write_value(&mut out, value));
        out
    };
    // Compared as bytes: NaN is not equal to itself.
    let written = write(&values);
    if let Ok(again) = read_all(&written) {
        assert_eq!(write(&again), written);
    }
});
