//! Streams that become another one on their way: nothing of them is lost.

use bytes::Bytes;

use super::*;
use crate::bitstream::{AudioSpecificConfig, avcc_record};
use crate::flv::{audio_sequence_header, audio_tag_header, video_sequence_header, video_tag_header};
use crate::rtmp::MediaKind;

const SPS: &[u8] = &[
    0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x61, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x03, 0x00,
    0x3c, 0x0f, 0x16, 0x2e, 0x48,
];
const PPS: &[u8] = &[0x68, 0xcb, 0x83, 0xcb, 0x20];

/// A file: its tracks, and of each the numbers, times in milliseconds and whether decoding can start there.
#[derive(Debug, Default)]
struct Made {
    tracks: Vec<Track>,
    samples: [Vec<(u64, u64, bool)>; 2],
}

/// What is told, apart from the files.
fn made(steps: &[Step]) -> (Vec<Made>, Vec<String>) {
    let (mut files, mut told) = (Vec::<Made>::new(), Vec::new());
    for step in steps {
        match step {
            Step::Begin(tracks) => files.push(Made { tracks: tracks.clone(), ..Made::default() }),
            Step::Write(place, start, sample) => {
                let file = files.last_mut().unwrap();
                let track = &file.tracks[*place];
                let number = u64::from_be_bytes(*sample.data.last_chunk().unwrap());
                let at_ms = start * 1000 / u64::from(track.timescale);
                file.samples[usize::from(!track.codec.is_video())].push((number, at_ms, sample.sync));
            }
            Step::Unusable(why) => told.push(format!("left out: {why}")),
            Step::Nothing(why) => told.push(format!("nothing: {why}")),
        }
    }
    (files, told)
}

fn picture(number: u64, keyframe: bool) -> Unit {
    let body = Bytes::from([&video_tag_header(keyframe, 0)[..], &number.to_be_bytes()].concat());
    Unit::media(MediaKind::Video, number as u32 * 40, body)
}

fn sound(number: u64) -> Unit {
    let body = Bytes::from([&audio_tag_header()[..], &number.to_be_bytes()].concat());
    Unit::media(MediaKind::Audio, (number * 64 / 3) as u32, body)
}

fn asc(at_ms: u32, channels: u16) -> Unit {
    let asc = AudioSpecificConfig::lc(48_000, channels).write();
    Unit::media(MediaKind::Audio, at_ms, audio_sequence_header(&asc))
}

fn avc(at_ms: u32, level: u8) -> Unit {
    let mut sps = SPS.to_vec();
    sps[3] = level;
    Unit::media(MediaKind::Video, at_ms, video_sequence_header(&avcc_record(&sps, PPS)))
}

/// The sound of that number under this tag header, with what the codec has before it.
fn other_sound(tag: &[u8], frame: &[u8], number: u64) -> Unit {
    let body = Bytes::from([tag, frame, &number.to_be_bytes()].concat());
    Unit::media(MediaKind::Audio, (number * 64 / 3) as u32, body)
}

/// MP3 of 48 kHz.
fn mp3(number: u64) -> Unit {
    other_sound(b"\x2f", b"\xff\xfb\x94\0", number)
}

/// Records 20 s of pictures with keyframes every so many, and of sound from `sound_ms` on; `headers` stand before what is stamped
/// like them.
fn record(gop: u64, sound_ms: u32, headers: &[Unit]) -> (Vec<Made>, Vec<String>) {
    let mut units: Vec<_> = (0..500).map(|number| picture(number, number.is_multiple_of(gop))).collect();
    units.extend((0..938).map(sound).filter(|unit| unit.timestamp_ms >= sound_ms));
    units.sort_by_key(|unit| unit.timestamp_ms);
    for header in headers {
        let at = units.iter().position(|unit| unit.timestamp_ms >= header.timestamp_ms).unwrap();
        units.insert(at, header.clone());
    }
    let (mut recording, mut steps) = (Mp4Recording::default(), Vec::new());
    units.iter().for_each(|unit| recording.take(unit, &mut steps));
    recording.finish(&mut steps);
    made(&steps)
}

fn numbers(files: &[Made], kind: usize) -> Vec<u64> {
    files.iter().flat_map(|file| &file.samples[kind]).map(|sample| sample.0).collect()
}

#[test]
fn sound_that_comes_late_or_changes_costs_a_recording_nothing() {
    let (files, told) = record(50, 5300, &[avc(0, 0x1e), asc(5300, 2), asc(9100, 1)]);
    assert_eq!((files.len(), told), (3, vec![]), "{files:?}");
    assert_eq!(numbers(&files, 0), (0..500).collect::<Vec<_>>());
    assert_eq!(numbers(&files, 1), (249..938).collect::<Vec<_>>());
    for (file, keyframe) in files.iter().zip([0, 150, 250]) {
        assert_eq!((file.samples[0][0].0, file.samples[0][0].2), (keyframe, true));
        let earliest = file.samples.iter().filter_map(|samples| samples.first()).map(|sample| sample.1).min();
        assert_eq!(earliest, Some(0));
        // What came together is together.
        if let [(picture, picture_ms, _), ..] = file.samples[0][..]
            && let [(sound, sound_ms, _), ..] = file.samples[1][..]
        {
            let (apart, meant) = (picture_ms as i64 - sound_ms as i64, (picture * 40) as i64 - (sound * 64 / 3) as i64);
            assert!((apart - meant).abs() <= 2, "{apart} ms, not {meant}");
        }
    }
}

#[test]
fn a_keyframe_that_does_not_come_is_not_waited_for_for_ever() {
    // Only the first picture is one.
    let mut units = vec![avc(0, 0x1e)];
    units.extend((0..750).map(|number| picture(number, number == 0)));
    units.extend((150..1500).map(sound));
    units.sort_by_key(|unit| unit.timestamp_ms);
    let at = units.iter().position(|unit| unit.tag == crate::flv::TagKind::Audio).unwrap();
    units.insert(at, asc(3200, 2));
    let (mut recording, mut steps) = (Mp4Recording::default(), Vec::new());
    units.iter().for_each(|unit| recording.take(unit, &mut steps));
    recording.finish(&mut steps);
    let (files, _) = made(&steps);
    assert_eq!(files.len(), 2);
    assert_eq!(numbers(&files, 0), (0..750).collect::<Vec<_>>());
    assert_eq!(numbers(&files, 1), (150..1500).collect::<Vec<_>>());
    let last_ms = files[0].samples[0].last().unwrap().1;
    assert!((23_000..23_400).contains(&last_ms), "{last_ms}");
}

#[test]
fn pictures_that_change_cost_no_sound() {
    // The new header comes in the middle of a GOP: its pictures begin with the keyframe, the sound does not wait.
    let (files, _) = record(50, 0, &[asc(0, 2), avc(0, 0x1e), avc(9000, 0x1f)]);
    assert_eq!(files.len(), 2);
    assert_eq!(numbers(&files, 0), (0..225).chain(250..500).collect::<Vec<_>>());
    assert_eq!(numbers(&files, 1), (0..938).collect::<Vec<_>>());
    // And both at once.
    let (files, _) = record(50, 0, &[asc(0, 2), avc(0, 0x1e), asc(8000, 1), avc(8000, 0x1f)]);
    assert_eq!(files.len(), 2);
    assert_eq!(numbers(&files, 0), (0..500).collect::<Vec<_>>());
    assert_eq!(numbers(&files, 1), (0..938).collect::<Vec<_>>());
}

#[test]
fn what_mp4_does_not_take_is_told_of_a_file_or_of_the_whole_stream() {
    let take = |units: &[Unit]| {
        let (mut recording, mut steps) = (Mp4Recording::default(), Vec::new());
        units.iter().for_each(|unit| recording.take(unit, &mut steps));
        recording.finish(&mut steps);
        made(&steps).1
    };
    let vp9 = |at: u32| Unit::media(MediaKind::Video, at, b"\x91vp09\0\0\0picture"[..].into());
    let ac3 = |at: u32| Unit::media(MediaKind::Audio, at, b"\x91ac-3sound"[..].into());
    let (v, a) = ("VP9 is not put into MP4", "AC-3 is not put into MP4");
    let both: Vec<_> = (0..9).flat_map(|at| [vp9(at * 40), ac3(at * 40)]).collect();
    assert_eq!(take(&both), [format!("nothing: {v}, {a}")]);
    let pictures: Vec<_> = (0..9000).step_by(40).map(vp9).collect();
    assert_eq!(take(&pictures), [format!("nothing: {v}")]);
    // With sound that is taken, whichever comes first.
    let rest: Vec<_> = (0..200).map(sound).collect();
    assert_eq!(take(&[&pictures[..9], &[asc(0, 2)], &rest[..]].concat()), [format!("left out: {v}")]);
    assert_eq!(take(&[&[asc(0, 2)], &rest[..], &pictures].concat()), [format!("left out: {v}")]);
    // A second camera.
    let second = |at: u32| Unit::media(MediaKind::Video, at, b"\x96\x01avc1\x01\0\0\0picture"[..].into());
    let tracks: Vec<_> = (0..9).flat_map(|at| [picture(at, at == 0), second(at as u32 * 40)]).collect();
    let told = take(&[&[avc(0, 0x1e)], &tracks[..]].concat());
    assert_eq!(told, ["left out: other tracks than the first are not put into MP4"]);
    let mixed = Unit::media(MediaKind::Video, 0, b"\x96\x11avc1\0\0\0\x04\0\0\x28x\x01\0\0\x04\0\0\x28y"[..].into());
    assert_eq!(take(&[mixed]), ["nothing: what has several tracks in one message is not put into MP4"]);
}

/// Records 12 s: pictures, or none, and sound that is what `sound` makes of its number.
fn record_sound(pictures: bool, sound: impl Fn(u64) -> Vec<Unit>) -> (Vec<Made>, Vec<String>) {
    let mut units: Vec<_> = (0..562).flat_map(sound).collect();
    if pictures {
        units.push(avc(0, 0x1e));
        units.extend((0..300).map(|number| picture(number, number.is_multiple_of(50))));
    }
    units.sort_by_key(|unit| unit.timestamp_ms);
    let (mut recording, mut steps) = (Mp4Recording::default(), Vec::new());
    units.iter().for_each(|unit| recording.take(unit, &mut steps));
    recording.finish(&mut steps);
    made(&steps)
}

/// Of the sound of each file: its codec's name, rate and channels.
fn sounds(files: &[Made]) -> Vec<(String, u32, Option<u16>)> {
    let codecs = files.iter().flat_map(|file| &file.tracks).map(|track| &track.codec);
    codecs.filter(|codec| !codec.is_video()).map(|codec| (codec.name(), codec.timescale(), codec.channels())).collect()
}

#[test]
fn sound_whose_codec_has_no_header_changes_too() {
    type Of = fn(u64) -> Unit;
    let aac = || ("mp4a.40.2".to_owned(), 48_000, Some(2));
    let (mp3_48, opus) = (("mp4a.6B".to_owned(), 48_000, Some(2)), ("opus".to_owned(), 48_000, Some(2)));
    let cases: [(Of, _); 6] = [
        (mp3, mp3_48.clone()),
        (|number| other_sound(b"\x91.mp3", b"\xff\xfb\x94\0", number), mp3_48),
        (|number| other_sound(b"\x2f", b"\xff\xfb\x90\0", number), ("mp4a.6B".to_owned(), 44_100, Some(2))),
        (|number| other_sound(b"\x2f", b"\xff\xfb\x94\xc0", number), ("mp4a.6B".to_owned(), 48_000, Some(1))),
        (|number| other_sound(b"\x91Opus", b"\xfc", number), opus),
        // By its other name it is the same.
        (|number| other_sound(b"\x91mp4a", b"", number), aac()),
    ];
    for pictures in [false, true] {
        for (of, is) in &cases {
            let (files, told) = record_sound(pictures, |number| match number {
                0 => vec![asc(0, 2), sound(0)],
                1..250 => vec![sound(number)],
                _ => vec![of(number)],
            });
            let expected = if *is == aac() { vec![aac()] } else { vec![aac(), is.clone()] };
            assert_eq!((sounds(&files), told), (expected, vec![]), "with pictures: {pictures}");
            assert_eq!(numbers(&files, 1), (0..562).collect::<Vec<_>>(), "{is:?}, with pictures: {pictures}");
            assert_eq!(numbers(&files, 0).len(), if pictures { 300 } else { 0 });
        }
    }
    // Within MP3; a frame that cannot be read is no change.
    let (files, told) = record_sound(true, |number| {
        vec![match number {
            77 => other_sound(b"\x2f", b"\0\0\0\0", number),
            0..250 => mp3(number),
            _ => other_sound(b"\x2f", b"\xff\xfb\x94\xc0", number),
        }]
    });
    let channels: Vec<_> = sounds(&files).into_iter().map(|sound| sound.2).collect();
    assert_eq!((channels, told), (vec![Some(2), Some(1)], vec![]));
    assert_eq!(numbers(&files, 1), (0..562).collect::<Vec<_>>());
}

#[test]
fn sound_of_another_codec_waits_for_its_header_or_is_told() {
    for pictures in [false, true] {
        // From MP3 to AAC, whose header comes late.
        let (files, told) = record_sound(pictures, |number| match number {
            0..250 => vec![mp3(number)],
            253 => vec![asc(253 * 64 / 3, 2), sound(253)],
            _ => vec![sound(number)],
        });
        let names: Vec<_> = sounds(&files).into_iter().map(|sound| sound.0).collect();
        assert_eq!((names, told), (vec!["mp4a.6B".to_owned(), "mp4a.40.2".to_owned()], vec![]));
        assert_eq!(numbers(&files, 1), (0..250).chain(253..562).collect::<Vec<_>>());
        // What is not taken leaves a hole and is told once; then the sound goes on.
        let (files, told) = record_sound(pictures, |number| match number {
            0 => vec![asc(0, 2), sound(0)],
            250..300 => vec![other_sound(b"\x91ac-3", b"", number)],
            _ => vec![sound(number)],
        });
        assert_eq!((files.len(), told), (1, vec!["left out: AC-3 is not put into MP4".to_owned()]));
        assert_eq!(numbers(&files, 1), (0..250).chain(300..562).collect::<Vec<_>>());
    }
    // Opus of more channels than are taken is not taken for Opus of two.
    let (files, told) = record_sound(true, |number| match number {
        0 => vec![Unit::media(MediaKind::Audio, 0, b"\x90OpusOpusHead\x01\x06\x38\x01"[..].into())],
        _ => vec![other_sound(b"\x91Opus", b"\xfc", number)],
    });
    assert_eq!(
        (sounds(&files), told),
        (vec![], vec!["left out: the sequence header cannot be read: Opus of more than two channels".to_owned()])
    );
}

#[test]
fn pictures_of_another_codec_wait_for_their_header() {
    let hevc = |number: u64| {
        let body = [&b"\xA3hvc1"[..], &number.to_be_bytes()].concat();
        Unit::media(MediaKind::Video, number as u32 * 40, body.into())
    };
    let mut units = vec![avc(0, 0x1e)];
    units.extend((0..100).map(|number| picture(number, number.is_multiple_of(50))));
    units.extend((100..110).map(hevc));
    let (mut recording, mut steps) = (Mp4Recording::default(), Vec::new());
    units.iter().for_each(|unit| recording.take(unit, &mut steps));
    recording.finish(&mut steps);
    assert_eq!(numbers(&made(&steps).0, 0), (0..100).collect::<Vec<_>>());
}
