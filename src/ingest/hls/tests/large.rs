//! Segments so large that fewer are listed.

use super::*;

#[test]
fn of_large_segments_fewer_are_listed_and_they_are_there_as_long() {
    use crate::mp4::{Mp4Codec, Sample};
    let codec = Mp4Codec::avc(&avcc_record(SPS, PPS)).unwrap();
    let second = codec.timescale();
    for (mebibytes, listed) in [(1, 6), (3, 6), (4, 4), (5, 3), (6, 3)] {
        let mut rendition = Rendition::new(codec.clone(), Counted::FIRST, 0.334).unwrap();
        let data = Bytes::from(vec![0; (mebibytes << 20) - 4096]);
        // Each lasts a second: the number of the first second in which it may be gone.
        let mut promised: HashMap<u64, u64> = HashMap::new();
        let mut first = 0;
        for now in 0..40 {
            let sample = Sample { duration: second, composition: 0, sync: true, data: data.clone() };
            rendition.push(now * u64::from(second), sample, WALL);
            rendition.close_segment();
            assert!(rendition.first_listed() >= first);
            first = rendition.first_listed();
            let all = rendition.listed().len() as u64;
            promised.extend(rendition.listed().map(|segment| (segment.number, now + all + 1)));
            for (number, until) in &promised {
                assert!(*until <= now || rendition.segment(*number).is_some(), "{mebibytes} MiB: {number} at {now}");
            }
        }
        assert_eq!(rendition.listed().len(), listed, "{mebibytes} MiB");
    }
}
