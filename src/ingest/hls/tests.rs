//! HLS as its readers see it, in virtual time.

mod again;
mod large;
mod uneven;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::packager::Packager;
use super::playlist;
use super::rendition::{Counted, Rendition};
use super::*;
use crate::bitstream::{AudioSpecificConfig, avcc_record};
use crate::flv::{TagKind, audio_sequence_header, audio_tag_header, video_sequence_header, video_tag_header};
use crate::ingest::StreamFacts;
use crate::ingest::mp4_recording::{Mp4Recording, Step};
use crate::ingest::remux::Kind;
use crate::ingest::unit::Unit;
use crate::media::{Timestamp, held_bytes};
use crate::rtmp::MediaKind;

const SPS: &[u8] = &[
    0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x61, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x03, 0x00,
    0x3c, 0x0f, 0x16, 0x2e, 0x48,
];
const PPS: &[u8] = &[0x68, 0xcb, 0x83, 0xcb, 0x20];
/// 2026-11-24T23:36:29Z
const WALL: Duration = Duration::from_secs(1_795_563_389);

/// A publisher of pictures (30 a second) and AAC, in the order of a real one.
struct Publisher {
    /// First timestamp.
    origin_ms: u32,
    gop: u64,
    fps: u64,
    /// Added to what the sound is stamped with.
    sound_ms: i32,
    pictures: u64,
    packets: u64,
}

impl Publisher {
    fn new(origin_ms: u32, gop: u64) -> Self {
        Self { origin_ms, gop, fps: 30, sound_ms: 0, pictures: 0, packets: 0 }
    }

    fn headers(&self) -> Vec<Unit> {
        let asc = AudioSpecificConfig::lc(48_000, 2).write();
        vec![
            Unit::media(MediaKind::Video, self.origin_ms, video_sequence_header(&avcc_record(SPS, PPS))),
            Unit::media(
                MediaKind::Audio,
                self.origin_ms.wrapping_add_signed(self.sound_ms),
                audio_sequence_header(&asc),
            ),
        ]
    }

    /// The next unit, and its milliseconds since the start.
    fn next(&mut self) -> (u64, Unit) {
        let (picture_ms, packet_ms) = (self.pictures * 1000 / self.fps, self.packets * 64 / 3);
        let stamp = |ms: u64| self.origin_ms.wrapping_add(ms as u32);
        if picture_ms <= packet_ms {
            let keyframe = self.pictures.is_multiple_of(self.gop);
            let mut body = video_tag_header(keyframe, 0).to_vec();
            body.extend_from_slice(format!("picture {}", self.pictures).as_bytes());
            self.pictures += 1;
            (picture_ms, Unit::media(MediaKind::Video, stamp(picture_ms), body.into()))
        } else {
            let mut body = audio_tag_header().to_vec();
            body.extend_from_slice(b"sound");
            self.packets += 1;
            let stamp = stamp(packet_ms).wrapping_add_signed(self.sound_ms);
            (packet_ms, Unit::media(MediaKind::Audio, stamp, body.into()))
        }
    }

    fn run(&mut self, packager: &mut Packager, seconds: u64, mut each: impl FnMut(&Packager)) {
        for unit in self.headers() {
            packager.take(&unit, WALL);
        }
        let end = self.pictures.max(1) * 1000 / self.fps + seconds * 1000;
        loop {
            let (ms, unit) = self.next();
            if ms > end {
                return;
            }
            if packager.take(&unit, WALL + Duration::from_millis(ms)) {
                each(packager);
            }
        }
    }
}

/// What a playlist says, read by its rules.
#[derive(Debug, Default, Clone)]
struct Read {
    target: u64,
    part_target: f64,
    first: u64,
    discontinuity_sequence: u64,
    /// Length, discontinuity before it, `EXT-X-MAP` in force.
    segments: Vec<(f64, bool, String)>,
    /// By segment's number.
    parts: HashMap<u64, Vec<(f64, bool)>>,
    hint: Option<String>,
    ended: bool,
    times: Vec<String>,
}

fn read(text: &str) -> Read {
    let mut read = Read::default();
    let (mut length, mut discontinuity, mut map, mut at) = (0.0, false, String::new(), 0);
    assert!(text.starts_with("#EXTM3U\n"), "{text}");
    let attribute = |line: &str, name: &str| {
        let from = line.find(&format!("{name}=")).map(|at| at + name.len() + 1)?;
        Some(line[from..].split(',').next().unwrap().trim_matches('"').to_owned())
    };
    for line in text.lines() {
        if let Some(value) = line.strip_prefix("#EXT-X-TARGETDURATION:") {
            read.target = value.parse().unwrap();
        } else if line.starts_with("#EXT-X-PART-INF:") {
            read.part_target = attribute(line, "PART-TARGET").unwrap().parse().unwrap();
        } else if let Some(value) = line.strip_prefix("#EXT-X-MEDIA-SEQUENCE:") {
            read.first = value.parse().unwrap();
            at = read.first;
        } else if let Some(value) = line.strip_prefix("#EXT-X-DISCONTINUITY-SEQUENCE:") {
            read.discontinuity_sequence = value.parse().unwrap();
        } else if line == "#EXT-X-DISCONTINUITY" {
            discontinuity = true;
        } else if line.starts_with("#EXT-X-MAP:") {
            map = attribute(line, "URI").unwrap();
        } else if let Some(time) = line.strip_prefix("#EXT-X-PROGRAM-DATE-TIME:") {
            read.times.push(time.to_owned());
        } else if line.starts_with("#EXT-X-PART:") {
            let seconds = attribute(line, "DURATION").unwrap().parse().unwrap();
            read.parts.entry(at).or_default().push((seconds, line.ends_with("INDEPENDENT=YES")));
        } else if let Some(value) = line.strip_prefix("#EXTINF:") {
            length = value.trim_end_matches(',').parse().unwrap();
        } else if line.starts_with("#EXT-X-PRELOAD-HINT:") {
            read.hint = attribute(line, "URI");
        } else if line == "#EXT-X-ENDLIST" {
            read.ended = true;
        } else if !line.starts_with('#') {
            assert!(line.contains(&format!("-{at}.m4s")), "{line} is not number {at}");
            read.segments.push((length, discontinuity, map.clone()));
            discontinuity = false;
            at += 1;
        }
    }
    read
}

fn media(packager: &Packager, kind: Kind) -> Read {
    read(&playlist::media(packager, kind, "").unwrap())
}

/// The rules of RFC 8216 and its successor that a reader relies on.
fn check(read: &Read) {
    for (length, ..) in &read.segments {
        assert!(length.round() as u64 <= read.target, "{length} of {}", read.target);
    }
    for (number, parts) in &read.parts {
        for (index, (seconds, _)) in parts.iter().enumerate() {
            assert!(*seconds <= read.part_target, "{number}.{index}: {seconds}");
            let last = index + 1 == parts.len();
            assert!(last || *seconds >= read.part_target * 0.85, "{number}.{index}: {seconds}");
        }
        if let Some((length, ..)) = number.checked_sub(read.first).and_then(|at| read.segments.get(at as usize)) {
            let sum: f64 = parts.iter().map(|(seconds, _)| seconds).sum();
            assert!((sum - length).abs() < 1e-3, "{number}: {sum} of {length}");
        }
    }
}

fn check_both(packager: &Packager) {
    for kind in [Kind::Video, Kind::Audio] {
        check(&media(packager, kind));
    }
}

#[test]
fn segments_are_cut_at_keyframes_and_parts_between() {
    let mut packager = Packager::new(Some(2.0));
    let mut made = 0;
    Publisher::new(5000, 60).run(&mut packager, 21, |packager| {
        made += 1;
        if packager.is_ready() {
            check_both(packager);
        }
    });
    let (video, audio) = (media(&packager, Kind::Video), media(&packager, Kind::Audio));
    assert_eq!((video.target, video.first, video.segments.len()), (2, 4, 6));
    assert!(video.segments.iter().all(|(length, ..)| (length - 2.0).abs() < 1e-9), "{video:?}");
    assert_eq!(video.segments.len(), audio.segments.len());
    assert_eq!(video.first, audio.first);
    // Two whole segments by their parts, and the one that is being made.
    let mut listed: Vec<_> = video.parts.keys().copied().collect();
    listed.sort_unstable();
    assert_eq!(listed, [8, 9, 10]);
    assert_eq!(
        video.parts[&9].iter().map(|(_, independent)| *independent).collect::<Vec<_>>(),
        [true, false, false, false, false, false]
    );
    assert!(audio.parts[&9].iter().all(|(_, independent)| *independent));
    assert_eq!(video.hint.as_deref(), Some("video-10.3.m4s"));
    // Sound is cut where the picture is, to a packet.
    for (at, (length, ..)) in audio.segments.iter().enumerate() {
        let behind: f64 = audio.segments[..at].iter().map(|(length, ..)| length).sum();
        assert!((behind + length - 2.0 * (at + 1) as f64).abs() < 0.03, "{audio:?}");
    }
    assert_eq!(video.times[0], "2026-11-24T23:36:37.000Z");
    assert!(made > 100, "{made}");
    let master = playlist::master(&packager, Some(30.0), "?key=k");
    for part in [
        "CODECS=\"avc1.42c01e,mp4a.40.2\"",
        "RESOLUTION=640x360",
        "FRAME-RATE=30.000",
        "AUDIO=\"audio\"",
        "\nvideo.m3u8?key=k\n",
        "URI=\"audio.m3u8?key=k\"",
        "CHANNELS=\"2\"",
    ] {
        assert!(master.contains(part), "{part} in {master}");
    }
}

#[test]
fn keyframes_far_apart_do_not_hold_up_a_segment() {
    // Nothing was known, and keyframes come every twelve seconds.
    let mut packager = Packager::new(None);
    Publisher::new(0, 360).run(&mut packager, 30, |packager| {
        if packager.is_ready() {
            check_both(packager);
        }
    });
    let video = media(&packager, Kind::Video);
    assert_eq!(video.target, 4);
    assert!(video.segments.iter().all(|(length, ..)| *length > 3.0), "{video:?}");
    // Known, they are waited for.
    let mut packager = Packager::new(Some(5.02));
    Publisher::new(0, 150).run(&mut packager, 30, |_| {});
    assert!(media(&packager, Kind::Video).segments.iter().all(|(length, ..)| (length - 5.0).abs() < 1e-9));
}

#[test]
fn a_publisher_that_comes_again_goes_on_where_it_was() {
    let mut packager = Packager::new(Some(2.0));
    Publisher::new(0, 60).run(&mut packager, 7, |_| {});
    let before = media(&packager, Kind::Video);
    packager.unpublished();
    assert!(!packager.is_ended());
    let whole = media(&packager, Kind::Video);
    assert_eq!(whole.segments.len(), before.segments.len() + 1);
    // Its clock stands at another place, just before it wraps.
    packager.published();
    Publisher::new(0xFFFF_FF00, 60).run(&mut packager, 5, |packager| {
        check_both(packager);
    });
    for kind in [Kind::Video, Kind::Audio] {
        let read = media(&packager, kind);
        let discontinuities: Vec<_> = read.segments.iter().map(|(_, discontinuity, _)| *discontinuity).collect();
        assert_eq!(discontinuities, [false, false, false, false, true, false], "{kind:?}");
        // The same codec needs nothing new.
        assert!(read.segments.iter().all(|(_, _, map)| map.ends_with("-init-1.mp4")));
    }
    // Fragments go on in time without a hole and without going back.
    assert_eq!(
        decode_times(&packager, 3, 5)
            .windows(2)
            .filter(|pair| pair[1] != pair[0] + 333 && pair[1] != pair[0] + 334)
            .count(),
        1
    );
    packager.end();
    assert!(media(&packager, Kind::Video).ended);
    let gone = (0..30).map(|_| Publisher::new(0, 60).run(&mut packager, 2, |_| {})).count();
    assert_eq!((gone, media(&packager, Kind::Video).discontinuity_sequence), (30, 1));
}

#[test]
fn what_a_playlist_names_is_there_for_as_long_as_a_reader_may_take() {
    let mut packager = Packager::new(Some(2.0));
    // Number, and when it may go at the earliest (RFC 8216, 6.2.2).
    let mut promised: HashMap<(bool, u64), u64> = HashMap::new();
    let mut made = 0;
    let mut publisher = Publisher::new(0, 60);
    publisher.headers().iter().for_each(|unit| _ = packager.take(unit, WALL));
    loop {
        let (ms, unit) = publisher.next();
        if ms > 60_000 {
            break;
        }
        if !packager.take(&unit, WALL + Duration::from_millis(ms)) {
            continue;
        }
        made += 1;
        for kind in [Kind::Video, Kind::Audio] {
            let rendition = packager.rendition(kind).unwrap();
            let all: f64 = rendition.listed().map(|segment| segment.seconds()).sum();
            for segment in rendition.listed() {
                let until = ms + ((all + segment.seconds()) * 1000.0) as u64;
                promised.insert((kind == Kind::Video, segment.number), until);
            }
            for ((video, number), until) in &promised {
                if (kind == Kind::Video) == *video && *until > ms {
                    assert!(rendition.segment(*number).is_some(), "{number} at {ms}");
                }
            }
        }
    }
    assert!(made > 300);
}

#[test]
fn a_discontinuity_that_falls_out_of_a_window_of_bytes_is_counted() {
    use crate::mp4::{Mp4Codec, Sample};
    let codec = Mp4Codec::avc(&avcc_record(SPS, PPS)).unwrap();
    let mut rendition = Rendition::new(codec, Counted::FIRST, 0.334).unwrap();
    // Fewer segments than a playlist lists are as large as the window.
    let data = Bytes::from(vec![0; 11 << 20]);
    let mut at = 0;
    let mut segment = |rendition: &mut Rendition| {
        let duration = rendition.codec().timescale();
        let sample = Sample { duration, composition: 0, sync: true, data: data.clone() };
        rendition.push(at, sample, WALL);
        rendition.close_segment();
        at += u64::from(duration);
        let listed: u64 = rendition.listed().map(|segment| segment.discontinuities).sum();
        rendition.discontinuities_gone + listed
    };
    for _ in 0..6 {
        assert_eq!(segment(&mut rendition), 0);
    }
    rendition.break_off();
    for _ in 0..20 {
        assert_eq!(segment(&mut rendition), 1);
    }
    assert!(rendition.listed().len() < 6);
    assert_eq!(rendition.discontinuities_gone, 1);
}

#[test]
fn the_timeline_goes_on_after_headers_that_nothing_followed() {
    let mut packager = Packager::new(Some(2.0));
    Publisher::new(0, 60).run(&mut packager, 5, |_| {});
    let last = *decode_times(&packager, 0, 2).last().unwrap();
    // Another level and another rate are announced, and then the publisher goes.
    let mut sps = SPS.to_vec();
    sps[3] = 0x1f;
    let asc = AudioSpecificConfig::lc(44_100, 2).write();
    packager.take(&Unit::media(MediaKind::Video, 5100, video_sequence_header(&avcc_record(&sps, PPS))), WALL);
    packager.take(&Unit::media(MediaKind::Audio, 5100, audio_sequence_header(&asc)), WALL);
    packager.unpublished();
    packager.published();
    Publisher::new(0, 60).run(&mut packager, 5, |_| {});
    let open = packager.rendition(Kind::Video).unwrap().open().number;
    let times = decode_times(&packager, 0, open);
    assert!(times.is_sorted(), "{times:?}");
    assert!(*times.last().unwrap() > last + 4000, "{times:?}");
}

/// Start of each part of the segments, in milliseconds.
fn decode_times(packager: &Packager, from: u64, to: u64) -> Vec<u64> {
    use mp4_atom::{Decode, Moof};
    let rendition = packager.rendition(Kind::Video).unwrap();
    let parts = (from..=to).flat_map(|number| (0..6).filter_map(move |part| rendition.part(number, part)));
    let heads = parts.map(|pieces| Moof::decode(&mut &pieces[0][..]).unwrap());
    heads.map(|moof| moof.traf[0].tfdt.as_ref().unwrap().base_media_decode_time).collect()
}

#[test]
fn what_came_before_is_dated_back() {
    let mut publisher = Publisher::new(70_000, 60);
    let mut units = publisher.headers();
    units.extend((0..80).map(|_| publisher.next().1));
    let mut packager = Packager::new(Some(2.0));
    packager.catch_up(units.iter(), WALL);
    let newest = u64::max((publisher.pictures - 1) * 1000 / 30, (publisher.packets - 1) * 64 / 3);
    publisher.run(&mut packager, 3, |_| {});
    let expected = crate::clock::utc_date_time(WALL - Duration::from_millis(newest));
    assert_eq!(media(&packager, Kind::Video).times[0], expected);
}

#[test]
fn a_clock_that_is_set_during_a_stream_is_followed_and_a_late_segment_is_not() {
    // The clock is set by an hour after 9 s, and back again after 31 s; between them one segment comes late.
    let wall = |ms: u64| {
        let late = if (19_900..20_500).contains(&ms) { 1500 } else { 0 };
        let set = if (9_000..31_000).contains(&ms) { 3_600_000 } else { 0 };
        WALL + Duration::from_millis(ms + late + set)
    };
    for kinds in [&[MediaKind::Video, MediaKind::Audio][..], &[MediaKind::Audio]] {
        let mut packager = Packager::new(Some(2.0));
        let mut publisher = Publisher::new(0, 60);
        let headers = publisher.headers();
        let wanted = |unit: &Unit| kinds.iter().any(|kind| (*kind == MediaKind::Video) == (unit.tag == TagKind::Video));
        headers.iter().filter(|unit| wanted(unit)).for_each(|unit| _ = packager.take(unit, WALL));
        let kind = if kinds.len() == 2 { Kind::Video } else { Kind::Audio };
        let mut at = 0;
        for second in [8, 14, 25, 45] {
            while at < second * 1000 {
                let (ms, unit) = publisher.next();
                at = ms;
                if wanted(&unit) {
                    packager.take(&unit, wall(ms));
                }
            }
            let read = media(&packager, kind);
            assert!(read.segments.iter().all(|(_, discontinuity, _)| !discontinuity));
            let begins_at = packager.rendition(kind).unwrap().listed().last().unwrap().begins_at;
            let set = if (14..31).contains(&second) { Duration::from_secs(3600) } else { Duration::ZERO };
            let off = begins_at.as_secs_f64() - (WALL + Duration::from_secs(second) + set).as_secs_f64();
            assert!((-4.2..0.2).contains(&off), "{kind:?} after {second} s: {off}");
        }
    }
}

#[test]
fn a_part_is_bounded_in_bytes() {
    let (held, picture) = (Arc::new(()), [&video_tag_header(true, 0)[..], &vec![0; 8 << 20]].concat());
    let picture: Arc<[u8]> = picture.into();
    let mut packager = Packager::new(Some(2.0));
    for unit in Publisher::new(0, 60).headers() {
        packager.take(&unit, WALL);
    }
    // Every picture at the same moment, as large as a message may be.
    for _ in 0..330 {
        let body = held_bytes(&held, Arc::clone(&picture));
        packager.take(&Unit::media(MediaKind::Video, 0, body), WALL);
        let bytes = (Arc::strong_count(&held) - 1) * picture.len();
        assert!(bytes <= 96 << 20, "{bytes}");
    }
}

#[test]
fn codecs_that_mp4_does_not_take_are_told() {
    let mut packager = Packager::new(None);
    packager.take(&Unit::media(MediaKind::Video, 0, b"\x14vp6"[..].into()), WALL);
    assert_eq!(packager.unusable, ["VP6 is not put into MP4"]);
    assert!(!packager.is_ready());
    // Players skip it, and the player page tells what is not here.
    assert!(playlist::master(&packager, None, "").contains("\n# VP6 is not put into MP4\n"));
}

#[test]
fn sound_is_listed_alone_where_the_picture_that_was_announced_does_not_come() {
    let mut packager = Packager::new(Some(2.0));
    let mut publisher = Publisher::new(5000, 60);
    for unit in publisher.headers() {
        packager.take(&unit, WALL);
    }
    let mut ready_ms = None;
    // A camera that is off for nine seconds.
    for (ms, unit) in std::iter::repeat_with(|| publisher.next()).take_while(|(ms, _)| *ms < 25_000) {
        if unit.tag == TagKind::Audio || ms >= 9000 {
            packager.take(&unit, WALL + Duration::from_millis(ms));
        }
        if ready_ms.is_none() && packager.is_ready() {
            ready_ms = Some(ms);
            check(&media(&packager, Kind::Audio));
            let master = playlist::master(&packager, Some(30.0), "");
            assert!(master.contains("CODECS=\"mp4a.40.2\"") && master.ends_with("\naudio.m3u8\n"), "{master}");
        }
    }
    assert!(ready_ms.is_some_and(|ms| (6500..7500).contains(&ms)), "{ready_ms:?}");
    // It came.
    check_both(&packager);
    let (video, audio) = (media(&packager, Kind::Video), media(&packager, Kind::Audio));
    assert!(video.segments.len() >= 6 && video.segments.len().abs_diff(audio.segments.len()) <= 1, "{video:?}");
    assert_eq!(video.first, audio.first);
    assert!(playlist::master(&packager, None, "").contains("CODECS=\"avc1.42c01e,mp4a.40.2\""));
}

#[test]
fn who_waits_is_woken_by_the_part() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut publisher = Publisher::new(0, 60);
    let units: Vec<_> = publisher.headers().into_iter().chain((0..250).map(|_| publisher.next().1)).collect();
    let facts = StreamFacts { keyframe_seconds: Some(2.0), ..StreamFacts::default() };
    let live = LiveHls::new(Timestamp::ZERO, &facts, None, units.iter());
    let file = |name: &'static str, query: &'static str| find(&live, Timestamp::ZERO, name, query, "me", None);
    runtime.block_on(async {
        let open = live.packager().rendition(Kind::Video).unwrap().open().clone();
        let (number, next) = (open.number, open.parts.len());
        assert!(matches!(file("video.m3u8", "").await, Ok(Found::Playlist(_))));
        assert!(matches!(file("video-0.m4s", "").await, Ok(Found::Media("video/mp4", _))));
        assert_eq!(file("video.m3u8", "_HLS_msn=99").await.err(), Some(NotFound::TooFarAhead));
        assert_eq!(file("video-99.m4s", "").await.err(), Some(NotFound::Nothing));
        assert_eq!(file("video-99.0.m4s", "").await.err(), Some(NotFound::Nothing));
        assert_eq!(file("../video.m3u8", "").await.err(), Some(NotFound::Nothing));
        let query: &'static str = format!("_HLS_msn={number}&_HLS_part={next}").leak();
        let early = tokio::time::timeout(Duration::from_millis(20), file("video.m3u8", query)).await;
        assert!(early.is_err(), "it is not there yet");
        let part: &'static str = format!("video-{number}.{next}.m4s").leak();
        let feed = async {
            for _ in 0..60 {
                tokio::task::yield_now().await;
                live.take(&publisher.next().1);
            }
        };
        let (list, part, ()) = tokio::join!(file("video.m3u8", query), file(part, ""), feed);
        let Ok(Found::Playlist(list)) = list else { panic!("no playlist") };
        assert_eq!(read(&list).parts[&number].len(), next + 1, "{list}");
        assert!(matches!(part, Ok(Found::Media(..))));
    });
    assert_eq!(live.viewers(), 1);
    // Nobody has asked for long, but for a stream that has ended just now it is told first.
    live.unpublished(Timestamp::from_millis(5_000));
    assert!(live.tick(Timestamp::from_millis(26_000)));
    assert!(live.packager().is_ended());
    assert!(!live.tick(Timestamp::from_millis(31_000)));
    assert_eq!(live.viewers(), 0);
}

/// A message as a stranger could send it: real ones, changed at random.
fn strange(random: &mut impl FnMut(u64) -> u64, headers: &[Unit]) -> Unit {
    let kind = if random(2) == 0 { MediaKind::Video } else { MediaKind::Audio };
    let time = match random(8) {
        0 => random(u64::from(u32::MAX)) as u32,
        _ => random(20_000) as u32,
    };
    let mut body = match random(5) {
        0 => (0..random(40)).map(|_| random(256) as u8).collect(),
        1 => headers[random(2) as usize].body.to_vec(),
        2 => [&[0x90 | random(2) as u8][..], [&b"hvc1"[..], b"av01", b"Opus", b"mp4a"][random(4) as usize]].concat(),
        3 => [&video_tag_header(random(3) == 0, random(90) as i32 - 40)[..], b"picture"].concat(),
        _ => [&audio_tag_header()[..], b"sound"].concat(),
    };
    body.extend((0..random(8)).map(|_| random(256) as u8));
    if random(4) == 0 && !body.is_empty() {
        let at = random(body.len() as u64) as usize;
        body[at] ^= 1 << random(8);
    }
    Unit::media(kind, time, body.into())
}

#[test]
fn strangers_can_send_what_they_like() {
    let headers = Publisher::new(0, 60).headers();
    for seed in 1..=300u64 {
        let mut state = seed;
        let mut random = |below: u64| {
            // xorshift: every run sees the same.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            if below == 0 { 0 } else { (state >> 11) % below }
        };
        let (mut packager, mut recording, mut steps) = (Packager::new(None), Mp4Recording::default(), Vec::new());
        for _ in 0..200 {
            let unit = strange(&mut random, &headers);
            packager.take(&unit, WALL);
            recording.take(&unit, &mut steps);
            if random(60) == 0 {
                packager.unpublished();
                packager.published();
            }
        }
        recording.finish(&mut steps);
        for kind in [Kind::Video, Kind::Audio] {
            let Some(text) = playlist::media(&packager, kind, "") else { continue };
            let read = read(&text);
            let sum: f64 = read.segments.iter().map(|(length, ..)| length).sum();
            assert!(sum.is_finite() && read.segments.iter().all(|(length, ..)| *length > 0.0), "{seed}: {text}");
        }
        // Time goes forward in what is written.
        let mut ends = [0u64; 2];
        for step in &steps {
            match step {
                Step::Begin(_) => ends = [0; 2],
                Step::Write(track, start, sample) => {
                    assert!(*start >= ends[*track] && sample.duration > 0, "{seed}: {start} after {}", ends[*track]);
                    ends[*track] = start + u64::from(sample.duration);
                }
                Step::Unusable(_) | Step::Nothing(_) => {}
            }
        }
    }
}
