//! Publishers that are not as even as most: tracks with clocks of their own, holes, few pictures, and kinds that are announced
//! and do not come.

use super::*;
use crate::ingest::remux::{Remux, Remuxed};

/// A publisher leaves out what this names, by its milliseconds, for 30 s; every playlist on the way is looked at.
fn run_with_a_hole(packager: &mut Packager, gop: u64, mut left_out: impl FnMut(TagKind, u64) -> bool) {
    let mut publisher = Publisher::new(5000, gop);
    publisher.headers().iter().for_each(|unit| _ = packager.take(unit, WALL));
    loop {
        let (ms, unit) = publisher.next();
        if ms > 30_000 {
            return;
        }
        if !left_out(unit.tag, ms) && packager.take(&unit, WALL + Duration::from_millis(ms)) && packager.is_ready() {
            check_both(packager);
        }
    }
}

#[test]
fn a_hole_in_the_pictures_breaks_no_rule_of_playlists() {
    for (gop, to_ms) in [(60, 20_700), (60, 21_800), (300, 21_800), (60, 22_500), (60, 28_300)] {
        let mut packager = Packager::new(Some(2.0));
        run_with_a_hole(&mut packager, gop, |tag, ms| tag == TagKind::Video && (20_300..to_ms).contains(&ms));
        let video = media(&packager, Kind::Video);
        let counted =
            [Kind::Video, Kind::Audio].map(|kind| packager.rendition(kind).unwrap().counted().discontinuities);
        // What no segment can hold is a hole in the timeline, in both kinds alike.
        let holes = u64::from(to_ms > 22_700);
        assert_eq!(counted, [holes; 2], "{gop} to {to_ms}");
        if holes == 0 {
            let last = packager.rendition(Kind::Video).unwrap().listed().last().unwrap().clone();
            let ends = (last.begins_at - WALL).as_secs_f64() + last.seconds();
            assert!((27.5..30.2).contains(&ends), "{gop} to {to_ms}: {ends}");
        }
        // The pictures are listed by their parts again.
        assert!(!video.parts.is_empty() && video.hint.is_some(), "{gop} to {to_ms}: {video:?}");
    }
    // And in the sound.
    for to_ms in [21_800, 28_300] {
        let mut packager = Packager::new(Some(2.0));
        run_with_a_hole(&mut packager, 60, |tag, ms| tag == TagKind::Audio && (20_300..to_ms).contains(&ms));
    }
}

#[test]
fn pictures_that_come_now_and_then_break_no_rule_of_playlists() {
    let mut state = 7u64;
    let mut packager = Packager::new(Some(2.0));
    let mut next_ms = 0;
    run_with_a_hole(&mut packager, 1, |tag, ms| {
        tag == TagKind::Video && {
            let left_out = ms < next_ms;
            if !left_out {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                next_ms = ms + [400, 900, 1500, 2200][(state % 4) as usize];
            }
            left_out
        }
    });
    assert!(packager.is_ready());
}

#[test]
fn few_pictures_a_second_are_parts_of_their_own() {
    let mut packager = Packager::new(Some(2.0)).paced(Some(2.0));
    let mut publisher = Publisher::new(0, 4);
    publisher.fps = 2;
    publisher.run(&mut packager, 30, |packager| {
        if packager.is_ready() {
            check_both(packager);
        }
    });
    let video = media(&packager, Kind::Video);
    assert!(video.segments.iter().all(|(length, ..)| (length - 2.0).abs() < 1e-9), "{video:?}");
    assert_eq!(video.parts[&(video.first + 5)].len(), 4, "{video:?}");
}

/// How far each kind is filled, in milliseconds, by its segments and what follows them.
fn filled_ms(packager: &Packager, kind: Kind) -> i64 {
    let rendition = packager.rendition(kind).unwrap();
    let listed: f64 = rendition.listed().map(|segment| segment.seconds()).sum();
    let before = rendition.listed().next().unwrap().begins_at.as_secs_f64() - WALL.as_secs_f64();
    ((before + listed + rendition.open_seconds()) * 1000.0) as i64
}

#[test]
fn tracks_that_count_from_their_own_beginnings_are_joined() {
    // Some publishers stamp each track from its own first packet, whenever that came.
    for sound_ms in [0, -1_900, -2_100, -3_000, -9_000, -60_000, 1_900, 3_000, 9_000, 60_000] {
        for origin_ms in [100_000, 1_000, 0xFFFF_F000] {
            let (mut packager, mut remux) = (Packager::new(Some(2.0)), Remux::default());
            let mut publisher = Publisher::new(origin_ms, 60);
            publisher.sound_ms = sound_ms;
            let headers = publisher.headers();
            publisher.run(&mut packager, 60, |packager| {
                if packager.is_ready() {
                    check_both(packager);
                }
            });
            let mut again = Publisher { pictures: 0, packets: 0, ..publisher };
            headers.iter().for_each(|unit| remux.take(unit, &mut |_| {}));
            while again.pictures < 30 * 60 {
                remux.take(&again.next().1, &mut |_| {});
            }
            // What is not far apart lies where it is stamped.
            let apart = if sound_ms.abs() < 2000 { i64::from(sound_ms) } else { 0 };
            let end = remux.end_ms() - apart.max(0);
            assert!((59_000..61_000).contains(&end), "{sound_ms} from {origin_ms}: {end}");
            let (video, audio) = (filled_ms(&packager, Kind::Video), filled_ms(&packager, Kind::Audio));
            assert!((59_000..61_000).contains(&video), "{sound_ms} from {origin_ms}: {video}");
            assert!((audio - video - apart).abs() < 300, "{sound_ms} from {origin_ms}: {audio} and {video}");
        }
    }
}

#[test]
fn a_jump_of_one_track_or_of_both_is_no_hole() {
    for (video_jump, audio_jump) in [(-50_000, -50_000), (3_600_000, 3_600_000), (-5_000, 0), (0, 20_000), (0, -5_000)]
    {
        let mut remux = Remux::default();
        let mut publisher = Publisher::new(100_000, 60);
        publisher.headers().iter().for_each(|unit| remux.take(unit, &mut |_| {}));
        let mut apart = 0;
        while publisher.pictures < 30 * 30 {
            let (ms, mut unit) = publisher.next();
            if ms >= 10_000 {
                let jump = if unit.tag == TagKind::Video { video_jump } else { audio_jump };
                unit.timestamp_ms = unit.timestamp_ms.wrapping_add_signed(jump);
            }
            remux.take(&unit, &mut |piece| {
                if let Remuxed::Sample { kind: Kind::Audio, start, .. } = piece {
                    apart = start as i64 / 48 - ms as i64;
                }
            });
        }
        let end = remux.end_ms();
        assert!((29_000..31_000).contains(&end), "{video_jump} and {audio_jump}: {end}");
        assert!(apart.abs() < 300, "{video_jump} and {audio_jump}: {apart}");
    }
}

/// Takes only the units of some kind, from this time of day on, for so many seconds.
fn run_only(packager: &mut Packager, kind: TagKind, publisher: &mut Publisher, wall: Duration, seconds: u64) {
    let wanted = |unit: &Unit| unit.tag == kind;
    publisher.headers().iter().filter(|unit| wanted(unit)).for_each(|unit| _ = packager.take(unit, wall));
    loop {
        let (ms, unit) = publisher.next();
        if ms > seconds * 1000 {
            return;
        }
        if wanted(&unit) {
            packager.take(&unit, wall + Duration::from_millis(ms));
        }
    }
}

#[test]
fn what_a_publisher_leaves_out_when_it_comes_again_is_not_waited_for() {
    for (kept, gone) in [(Kind::Video, Kind::Audio), (Kind::Audio, Kind::Video)] {
        let tag = if kept == Kind::Video { TagKind::Video } else { TagKind::Audio };
        let mut packager = Packager::new(Some(2.0));
        Publisher::new(0, 60).run(&mut packager, 7, |_| {});
        packager.unpublished();
        packager.published();
        let wall = WALL + Duration::from_secs(8);
        run_only(&mut packager, tag, &mut Publisher::new(0, 60), wall, 1);
        // Its header may still come.
        assert!(packager.rendition(gone).is_some());
        packager.unpublished();
        packager.published();
        run_only(&mut packager, tag, &mut Publisher::new(0, 60), wall, 8);
        assert!(packager.rendition(gone).is_none() && packager.is_ready());
        let master = playlist::master(&packager, None, "");
        assert!(!master.contains("AUDIO"), "{master}");
        assert_eq!(master.contains("mp4a"), kept == Kind::Audio, "{master}");
        assert_eq!(master.contains("avc1"), kept == Kind::Video, "{master}");
        check(&media(&packager, kept));
        // It comes again, with both.
        packager.unpublished();
        packager.published();
        Publisher::new(0, 60).run(&mut packager, 20, |packager| {
            if packager.is_ready() && packager.rendition(gone).is_some() {
                check_both(packager);
            }
        });
        let [video, audio] = [Kind::Video, Kind::Audio].map(|kind| media(&packager, kind));
        assert!(playlist::master(&packager, None, "").contains("AUDIO=\"audio\""));
        assert_eq!(video.discontinuity_sequence, audio.discontinuity_sequence);
    }
}

/// What a file holds: when each packet of sound and each picture begins, in milliseconds.
#[derive(Debug, Default)]
struct Holds {
    tracks: usize,
    starts: [Vec<u64>; 2],
}

#[test]
fn a_picture_that_is_announced_and_does_not_come_costs_a_recording_no_sound() {
    for (keyframe_ms, seconds, files) in
        [(None, 5, 1), (None, 15, 1), (Some(1_000), 15, 1), (Some(6_000), 15, 1), (Some(12_000), 20, 2)]
    {
        let mut publisher = Publisher::new(70_000, 60);
        let (mut recording, mut steps) = (Mp4Recording::default(), Vec::new());
        publisher.headers().iter().for_each(|unit| recording.take(unit, &mut steps));
        loop {
            let (ms, mut unit) = publisher.next();
            if ms > seconds * 1000 {
                break;
            }
            if unit.tag == TagKind::Video {
                // Half a second of pictures before the only keyframe.
                let Some(from) = keyframe_ms.filter(|from| ms + 500 >= *from) else { continue };
                let body = [&video_tag_header((from..from + 33).contains(&ms), 0)[..], b"picture"].concat();
                unit = Unit::media(MediaKind::Video, unit.timestamp_ms, body.into());
            }
            recording.take(&unit, &mut steps);
        }
        recording.finish(&mut steps);
        let mut made: Vec<Holds> = Vec::new();
        for step in &steps {
            match step {
                Step::Begin(tracks) => made.push(Holds { tracks: tracks.len(), ..Holds::default() }),
                Step::Write(track, start, sample) => {
                    let file = made.last_mut().unwrap();
                    let is_sound = track + 1 == file.tracks;
                    let starts = &mut file.starts[usize::from(!is_sound)];
                    assert!(is_sound || sample.sync || !starts.is_empty(), "begins with a keyframe");
                    starts.push(if is_sound { start / 48 } else { *start });
                }
                Step::Unusable(why) | Step::Nothing(why) => panic!("{why}"),
            }
        }
        assert_eq!(made.len(), files, "{keyframe_ms:?} in {seconds} s: {steps:?}");
        // The sound from before the picture is in a file of its own where the picture was not waited for any more.
        let alone = if keyframe_ms.is_none() { Some(seconds * 1000) } else { keyframe_ms.filter(|_| files == 2) };
        if let Some(ms) = alone {
            let file = made.remove(0);
            assert_eq!((file.tracks, file.starts[1].len()), (1, 0));
            assert!(
                file.starts[0].len().abs_diff(ms as usize * 3 / 64) <= 2,
                "{keyframe_ms:?}: {}",
                file.starts[0].len()
            );
            assert!(file.starts[0][0] < 50);
        }
        if let (Some(file), Some(from)) = (made.pop(), keyframe_ms) {
            let ms = (seconds * 1000 - from) as usize;
            assert_eq!(file.tracks, 2);
            assert!(
                file.starts[0].len().abs_diff(ms * 3 / 64) <= 2 && file.starts[1].len().abs_diff(ms * 3 / 100) <= 2
            );
            // A packet of sound that reaches across the keyframe comes with it.
            assert!(file.starts[0][0] < 50 && file.starts[1][0] < 22);
        }
    }
}

#[test]
fn a_codec_that_changes_on_the_way_is_a_discontinuity_of_both_kinds() {
    let mut packager = Packager::new(Some(2.0));
    let mut publisher = Publisher::new(0, 60);
    publisher.run(&mut packager, 7, |_| {});
    // A phone is turned.
    let mut sps = SPS.to_vec();
    sps[3] = 0x1f;
    packager.take(&Unit::media(MediaKind::Video, 7000, video_sequence_header(&avcc_record(&sps, PPS))), WALL);
    loop {
        let (ms, unit) = publisher.next();
        if ms > 12_000 {
            break;
        }
        packager.take(&unit, WALL + Duration::from_millis(ms));
        check_both(&packager);
    }
    let [video, audio] =
        [Kind::Video, Kind::Audio].map(|kind| packager.rendition(kind).unwrap().counted().discontinuities);
    assert_eq!((video, audio), (1, 1));
}
