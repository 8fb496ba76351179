//! What is written, read back box by box.

use bytes::Bytes;
use mp4_atom::{Any, Atom, Codec, Decode, DecodeMaybe, Ftyp, Moof, Moov, TrunSamples};

use super::*;
use crate::bitstream::{AudioSpecificConfig, avcc_record};
use crate::media::Size;

/// Parameter sets of a 640×360 picture by x264.
const SPS: &[u8] = &[
    0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x61, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x03, 0x00,
    0x3c, 0x0f, 0x16, 0x2e, 0x48,
];
const PPS: &[u8] = &[0x68, 0xcb, 0x83, 0xcb, 0x20];

fn avc() -> Mp4Codec {
    Mp4Codec::avc(&avcc_record(SPS, PPS)).unwrap()
}

fn aac() -> Mp4Codec {
    Mp4Codec::aac(&AudioSpecificConfig::lc(48_000, 2).write()).unwrap()
}

fn sample(duration: u32, sync: bool, data: &'static [u8]) -> Sample {
    Sample { duration, composition: 0, sync, data: Bytes::from_static(data) }
}

#[test]
fn the_init_segment_says_what_the_tracks_are() {
    let tracks = [Track::new(1, avc()), Track { skip: 2048, ..Track::new(2, aac()) }];
    let init = init_segment(&tracks).unwrap();
    let mut rest = &init[..];
    Ftyp::decode(&mut rest).unwrap();
    let moov = Moov::decode(&mut rest).unwrap();
    assert!(rest.is_empty());
    assert_eq!(moov.mvex.unwrap().trex.len(), 2);
    let [video, audio] = &moov.trak[..] else { panic!("two tracks") };
    let Codec::Avc1(entry) = &video.mdia.minf.stbl.stsd.codecs[0] else { panic!("H.264") };
    assert_eq!((entry.visual.width, entry.visual.height), (640, 360));
    assert_eq!(entry.avcc.sequence_parameter_sets, [SPS]);
    assert_eq!((video.mdia.mdhd.timescale, audio.mdia.mdhd.timescale), (1000, 48_000));
    let Codec::Mp4a(entry) = &audio.mdia.minf.stbl.stsd.codecs[0] else { panic!("AAC") };
    assert_eq!(entry.esds.es_desc.dec_config.dec_specific.as_ref().unwrap().raw, [0x11, 0x90]);
    let elst = audio.edts.as_ref().unwrap().elst.as_ref().unwrap();
    assert_eq!(elst.entries[0].media_time, Some(2048));
    assert!(video.edts.is_none());
    assert_eq!((avc().name(), avc().size()), ("avc1.42c01e".to_owned(), Some(Size { width: 640, height: 360 })));
}

#[test]
fn a_fragment_points_at_its_samples() {
    let video = [sample(33, true, b"keyframe"), Sample { composition: -5, ..sample(34, false, b"p") }];
    let audio = [sample(1024, true, b"sound")];
    let runs =
        [TrackRun { track: 1, start: 2000, samples: &video }, TrackRun { track: 2, start: 1 << 33, samples: &audio }];
    let mut bytes = fragment_head(7, &runs).unwrap().to_vec();
    bytes.extend_from_slice(b"keyframepsound");
    let mut rest = &bytes[..];
    let moof = Moof::decode(&mut rest).unwrap();
    assert_eq!(moof.mfhd.sequence_number, 7);
    let times: Vec<_> = moof.traf.iter().map(|traf| traf.tfdt.as_ref().unwrap().base_media_decode_time).collect();
    assert_eq!(times, [2000, 1 << 33]);
    let at = |traf: usize| moof.traf[traf].trun[0].data_offset.unwrap() as usize;
    assert_eq!((&bytes[at(0)..][..9], &bytes[at(1)..]), (&b"keyframep"[..], &b"sound"[..]));
    let TrunSamples::Explicit(entries) = &moof.traf[0].trun[0].samples else { panic!("each has its own") };
    assert_eq!(entries.iter().map(|entry| entry.cts.unwrap()).collect::<Vec<_>>(), [0, -5]);
    assert_eq!(entries.iter().map(|entry| entry.flags.unwrap()).collect::<Vec<_>>(), [0x0200_0000, 0x0101_0000]);
    // What follows is one mdat to the end.
    assert!(matches!(Any::decode_maybe(&mut rest).unwrap(), Some(Any::Mdat(mdat)) if mdat.data.len() == 14));
    assert!(rest.is_empty());
}

#[test]
fn a_file_is_written_fragment_by_fragment() {
    let tracks = vec![Track::new(1, avc()), Track::new(2, aac())];
    let mut writer = Mp4Writer::new(Vec::new(), tracks).unwrap();
    let mut written = Vec::new();
    for index in 0..90u64 {
        // Every second a keyframe.
        written.push(writer.push(0, index * 40, sample(40, index % 25 == 0, b"picture")).unwrap());
        writer.push(1, index * 1920, sample(1920, true, b"sound")).unwrap();
    }
    writer.write_fragment().unwrap();
    let places: Vec<_> = written.iter().enumerate().filter(|(_, written)| **written).map(|(at, _)| at).collect();
    assert_eq!(places, [25, 50, 75]);
    let bytes = writer.get_mut().clone();
    let mut rest = &bytes[..];
    let mut kinds = Vec::new();
    while let Some(any) = Any::decode_maybe(&mut rest).unwrap() {
        kinds.push(any.kind());
    }
    let expected =
        [Ftyp::KIND, Moov::KIND].into_iter().chain([Moof::KIND, mp4_atom::Mdat::KIND].into_iter().cycle().take(8));
    assert_eq!(kinds, expected.collect::<Vec<_>>());
    // A gap in time begins a fragment, and so does a stream without keyframes after two seconds.
    let mut writer = Mp4Writer::new(Vec::new(), vec![Track::new(1, avc())]).unwrap();
    assert!(!writer.push(0, 0, sample(40, true, b"a")).unwrap());
    assert!(writer.push(0, 500, sample(40, false, b"b")).unwrap());
    let steps: Vec<_> = (0..120).map(|at| writer.push(0, 540 + at * 40, sample(40, false, b"c")).unwrap()).collect();
    assert_eq!(steps.iter().filter(|written| **written).count(), 2);
}

proptest::proptest! {
    /// Headers come from peers: any bytes give a codec or an error, and what gives a codec can be written.
    #[test]
    fn any_header_is_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
        let size = Size { width: 0, height: 0 };
        let mut with_version = bytes.clone();
        with_version.insert(0, 1);
        for bytes in [&bytes, &with_version] {
            let read = [
                Mp4Codec::avc(bytes),
                Mp4Codec::hevc(bytes, size),
                Mp4Codec::av1(bytes, size),
                Mp4Codec::aac(bytes),
                Mp4Codec::mp3(bytes),
                Mp4Codec::opus(bytes),
            ];
            for codec in read.into_iter().flatten() {
                proptest::prop_assert!(codec.timescale() > 0);
                proptest::prop_assert!(!codec.name().is_empty());
                let _ = codec.packet_samples(bytes);
                init_segment(&[Track::new(1, codec)]).unwrap();
            }
        }
    }
}
