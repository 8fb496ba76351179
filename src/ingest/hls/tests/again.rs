//! Who watches through pauses and changes: numbers never go back, and both kinds count alike.

use super::*;
use crate::ingest::hub::Hub;
use crate::ingest::stream::Stream;

fn change(ms: u32, level: u8, channels: u16) -> [Unit; 2] {
    let mut sps = SPS.to_vec();
    sps[3] = level;
    let asc = AudioSpecificConfig::lc(48_000, channels).write();
    [
        Unit::media(MediaKind::Video, ms, video_sequence_header(&avcc_record(&sps, PPS))),
        Unit::media(MediaKind::Audio, ms, audio_sequence_header(&asc)),
    ]
}

/// Discontinuities before each segment that is listed, from the first of the two kinds' common numbers on.
fn sequences(packager: &Packager) -> [Vec<u64>; 2] {
    [Kind::Video, Kind::Audio].map(|kind| {
        let rendition = packager.rendition(kind).unwrap();
        let mut count = rendition.discontinuities_gone;
        let mut all: Vec<_> = rendition
            .listed()
            .map(|segment| {
                count += segment.discontinuities;
                count
            })
            .collect();
        all.dedup();
        all
    })
}

#[test]
fn a_change_of_picture_and_sound_counts_alike_in_both() {
    // The header of the sound comes with that of the picture, or some packets after it.
    for packets_between in [0, 1, 9, 30] {
        let mut packager = Packager::new(Some(2.0));
        let mut publisher = Publisher::new(0, 60);
        publisher.run(&mut packager, 7, |_| {});
        let [video, audio] = change(7000, 0x1f, 1);
        packager.take(&video, WALL);
        let mut packets = 0;
        let mut waiting = Some(audio);
        loop {
            if let Some(audio) = waiting.take_if(|_| packets >= packets_between) {
                packager.take(&audio, WALL);
            }
            let (ms, unit) = publisher.next();
            if ms > 14_000 {
                break;
            }
            // No picture before the keyframe: the camera begins anew.
            if unit.tag == TagKind::Video && ms < 8000 {
                continue;
            }
            packets += usize::from(unit.tag == TagKind::Audio);
            packager.take(&unit, WALL + Duration::from_millis(ms));
            check_both(&packager);
        }
        let [video, audio] = [Kind::Video, Kind::Audio].map(|kind| packager.rendition(kind).unwrap().counted());
        assert_eq!(video.discontinuities, audio.discontinuities, "{packets_between}");
        let [video, audio] = sequences(&packager);
        assert_eq!(video.last(), audio.last(), "{packets_between}: {video:?} {audio:?}");
        let told = playlist::media(&packager, Kind::Video, "").unwrap().matches("#EXT-X-DISCONTINUITY\n").count();
        assert!((1..=2).contains(&told), "{packets_between}: {told}");
    }
}

#[test]
fn numbers_go_on_after_nobody_watched_for_long() {
    let hub = Hub::new("live", "cam", 1 << 20);
    let stream = Arc::new(Stream::new("live", "cam", "127.0.0.1:1".parse().unwrap(), Timestamp::ZERO));
    hub.publish(&stream).unwrap();
    let mut publisher = Publisher::new(0, 60);
    publisher.headers().into_iter().for_each(|unit| hub.push(unit));
    let mut feed = |until: u64| {
        loop {
            let (ms, unit) = publisher.next();
            hub.push(unit);
            if ms >= until {
                return;
            }
        }
    };
    feed(1000);
    let mut before: Option<[Read; 2]> = None;
    for round in 0..3u64 {
        let from = round * 60_000;
        let live = hub.hls(Timestamp::from_millis(from as i64), true).unwrap();
        feed(from + 20_000);
        let now = [Kind::Video, Kind::Audio].map(|kind| media(&live.packager(), kind));
        if let Some(before) = before {
            for (now, before) in now.iter().zip(&before) {
                let newest = before.first + before.segments.len() as u64;
                assert!(now.first > newest, "{} after {newest}", now.first);
                assert!(now.discontinuity_sequence >= before.discontinuity_sequence);
                assert_eq!((now.target, now.part_target), (before.target, before.part_target));
                assert_ne!(now.segments[0].2, before.segments[0].2, "another init segment has another address");
            }
        }
        let sequences = sequences(&live.packager());
        assert_eq!(sequences, [vec![round], vec![round]]);
        before = Some(now);
        assert!(hub.tick_hls(Timestamp::from_millis(from as i64 + 20_000)));
        assert!(!hub.tick_hls(Timestamp::from_millis(from as i64 + 31_000)));
        feed(from + 60_000);
    }
    // Nothing was listed by the next one, which nobody watched either.
    let newest = before.unwrap()[0].first;
    let mut left = hub.hls(Timestamp::from_millis(200_000), true).unwrap().left();
    left = Packager::new(None).after(left).left();
    let mut packager = Packager::new(Some(2.0)).after(left);
    Publisher::new(0, 60).run(&mut packager, 20, |_| {});
    assert!(media(&packager, Kind::Video).first > newest);
}

#[test]
fn a_pause_of_the_picture_keeps_nobody_out_while_sound_comes() {
    let mut publisher = Publisher::new(0, 60);
    let mut packager = Packager::new(Some(2.0));
    publisher.headers().iter().for_each(|unit| _ = packager.take(unit, WALL));
    let mut ready_ms = None;
    loop {
        let (ms, unit) = publisher.next();
        if ms > 20_000 {
            break;
        }
        // The camera stops in its first second, and comes again.
        if unit.tag == TagKind::Video && (900..14_000).contains(&ms) {
            continue;
        }
        packager.take(&unit, WALL + Duration::from_millis(ms));
        if packager.is_ready() {
            ready_ms.get_or_insert(ms);
            check_both(&packager);
            let master = playlist::master(&packager, Some(30.0), "");
            assert!(master.contains("audio.m3u8"), "{master}");
        }
    }
    assert!(ready_ms.is_some_and(|ms| ms < 6000), "{ready_ms:?}");
    assert!(playlist::master(&packager, None, "").contains("\nvideo.m3u8"));
    let [video, audio] = [Kind::Video, Kind::Audio].map(|kind| packager.rendition(kind).unwrap().counted());
    assert_eq!(video.discontinuities, audio.discontinuities);
}

#[test]
fn sound_that_becomes_mp3_on_its_way_is_announced_as_such() {
    let mut packager = Packager::new(Some(2.0));
    let mut publisher = Publisher::new(0, 60);
    publisher.headers().iter().for_each(|unit| _ = packager.take(unit, WALL));
    loop {
        let (ms, mut unit) = publisher.next();
        if ms > 14_000 {
            break;
        }
        if unit.tag == TagKind::Audio && ms > 7000 {
            unit = Unit::media(MediaKind::Audio, unit.timestamp_ms, b"\x2f\xff\xfb\x94\0sound"[..].into());
        }
        packager.take(&unit, WALL + Duration::from_millis(ms));
        check_both(&packager);
    }
    let audio = media(&packager, Kind::Audio);
    let inits: Vec<_> = audio.segments.iter().map(|(_, _, init)| init.as_str()).collect();
    assert!(inits[0].ends_with("-init-1.mp4") && inits[inits.len() - 1].ends_with("-init-2.mp4"), "{inits:?}");
    assert_eq!(audio.segments.iter().filter(|(_, discontinuity, _)| *discontinuity).count(), 1, "{audio:?}");
    let [video, audio] = sequences(&packager);
    assert_eq!(video.last(), audio.last());
    assert!(playlist::master(&packager, None, "").contains("mp4a.6B"));
}
