//! Parameter sets, decoder configurations and NAL units of any sender.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tally::bitstream::{
    AudioSpecificConfig, annexb_from_avcc, annexb_nals, avcc_from_annexb, avcc_record, is_keyframe,
    length_prefixed_nals, read_avcc_record, read_sps,
};

fuzz_target!(|bytes: &[u8]| {
    let _ = read_sps(bytes);
    let _ = is_keyframe(bytes);
    if let Ok(record) = read_avcc_record(bytes) {
        let (sps, pps) = (&record.sps[0], &record.pps[0]);
        let _ = read_sps(sps);
        let again = read_avcc_record(&avcc_record(sps, pps)).expect("it was written by us");
        assert_eq!((&again.sps[0], &again.pps[0]), (sps, pps));
    }
    if let Ok(config) = AudioSpecificConfig::read(bytes) {
        config.write();
    }
    for size in [1, 2, 4] {
        let _ = length_prefixed_nals(bytes, size).count();
        let _ = annexb_from_avcc(bytes, size);
    }
    // The two framings hold the same units.
    let units: Vec<&[u8]> = annexb_nals(bytes).collect();
    let framed = avcc_from_annexb(bytes);
    let again: Vec<&[u8]> = length_prefixed_nals(&framed, 4).map(|unit| unit.expect("it was framed by us")).collect();
    assert_eq!(units, again);
});
