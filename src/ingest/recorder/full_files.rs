//! Disks that take no file beyond some size, as those with FAT32: a recording goes on in another one.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use mp4_atom::{Any, DecodeMaybe, TrunSamples};

use super::news::News;
use super::open_file::OpenFile;
use super::series::Storage;
use crate::bitstream::{AudioSpecificConfig, avcc_record};
use crate::flv::{
    FlvReader, FlvTag, TagKind, audio_sequence_header, audio_tag_header, video_sequence_header, video_tag_header,
};
use crate::ingest::RecordFormat;
use crate::ingest::unit::{Unit, UnitKind};
use crate::output::{Cut, Place};
use crate::rtmp::MediaKind;

const SPS: &[u8] = &[
    0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x61, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x03, 0x00,
    0x3c, 0x0f, 0x16, 0x2e, 0x48,
];
const PPS: &[u8] = &[0x68, 0xcb, 0x83, 0xcb, 0x20];
/// Pictures a second, and from keyframe to keyframe.
const FPS: u64 = 25;
const GOP: u64 = 50;

/// Files in memory, none of which may have more than so many bytes.
#[derive(Clone)]
struct Memory {
    files: Arc<Mutex<Vec<Vec<u8>>>>,
    most: usize,
}

struct MemoryFile(Memory, usize);

impl Write for MemoryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let file = &mut self.0.files.lock().unwrap()[self.1];
        let taken = bytes.len().min(self.0.most.saturating_sub(file.len()));
        if taken == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        file.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Cut for MemoryFile {
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.0.files.lock().unwrap()[self.1].truncate(length as usize);
        Ok(())
    }
}

impl Storage for Memory {
    type File = MemoryFile;

    fn create(&self) -> io::Result<(PathBuf, MemoryFile)> {
        let mut files = self.files.lock().unwrap();
        files.push(Vec::new());
        Ok((PathBuf::from(files.len().to_string()), MemoryFile(self.clone(), files.len() - 1)))
    }

    fn place(_: &MemoryFile, _: &Path) -> Place {
        Place::There
    }
}

fn headers(at_ms: u32) -> Vec<Unit> {
    let asc = AudioSpecificConfig::lc(48_000, 2).write();
    vec![
        Unit::script(at_ms, Bytes::from_static(b"\x02\0\x0aonMetaData")),
        Unit::media(MediaKind::Video, at_ms, video_sequence_header(&avcc_record(SPS, PPS))),
        Unit::media(MediaKind::Audio, at_ms, audio_sequence_header(&asc)),
    ]
}

/// A second has some 75 kB: its pictures, and its sound, which comes 60 ms late, each with a number of its own.
fn media(seconds: u64, at_ms: u32, pictures: bool) -> Vec<Unit> {
    let body = |header: &[u8], number: u64, bytes: usize| {
        let number = number.to_be_bytes();
        let rest = vec![number[7]; bytes];
        Bytes::from([header, &number, &rest].concat())
    };
    let stamp = |ms: u64| at_ms.wrapping_add(ms as u32);
    let picture = |number: u64| {
        let (ms, keyframe) = (number * 1000 / FPS, number.is_multiple_of(GOP));
        let bytes = if keyframe { 30_000 } else { 2000 };
        (ms, Unit::media(MediaKind::Video, stamp(ms), body(&video_tag_header(keyframe, 0), number, bytes)))
    };
    let sound = |number: u64| {
        let ms = number * 1024 / 48;
        (ms + 60, Unit::media(MediaKind::Audio, stamp(ms), body(&audio_tag_header(), number, 200)))
    };
    let mut all: Vec<_> = (0..seconds * 48_000 / 1024).map(sound).collect();
    if pictures {
        all.extend((0..seconds * FPS).map(picture));
    }
    all.sort_by_key(|(comes, _)| *comes);
    all.into_iter().map(|(_, unit)| unit).collect()
}

/// Records `units` onto a disk whose files have at most `most` bytes, and flushes now and then.
fn record(format: RecordFormat, units: &[Unit], most: usize) -> (io::Result<()>, Vec<Vec<u8>>, Vec<News>) {
    let memory = Memory { files: Arc::default(), most };
    let mut file = OpenFile::begin(memory.clone(), format).unwrap();
    let mut write = || {
        for (at, unit) in units.iter().enumerate() {
            file.write(unit)?;
            if at % 70 == 69 {
                file.flush()?;
            }
        }
        file.finish()
    };
    let done = write();
    let news = std::mem::take(&mut file.news);
    drop(file);
    let files = memory.files.lock().unwrap().clone();
    assert!(files.iter().all(|file| file.len() <= most));
    (done, files, news)
}

/// What is told of that many files.
fn told(files: usize) -> Vec<News> {
    let path = |number: usize| PathBuf::from(number.to_string());
    (1..files).map(|number| News::FileFull { path: path(number), next: path(number + 1) }).collect()
}

fn tags(file: &[u8]) -> Vec<FlvTag> {
    let mut reader = FlvReader::new();
    reader.push(file);
    let mut tags = Vec::new();
    let mut bytes = 13;
    while let Some(tag) = reader.next_tag().unwrap() {
        bytes += tag.body.len() + 15;
        tags.push(tag);
    }
    assert_eq!(bytes, file.len(), "no tag is cut");
    tags
}

/// Panics unless the tags of all files are what was sent, and each file after the first begins at zero with `headers`.
fn check_flv(files: &[Vec<u8>], sent: &[Unit], headers: &[Unit]) {
    let mut sent_on = sent;
    for (place, file) in files.iter().enumerate() {
        let mut tags = tags(file);
        if place > 0 {
            let first: Vec<_> = tags.drain(..headers.len()).collect();
            for (tag, header) in first.iter().zip(headers) {
                assert_eq!((tag.kind, tag.timestamp_ms, &tag.body), (header.tag, 0, &header.body));
            }
        }
        let (own, rest) = sent_on.split_at(tags.len());
        sent_on = rest;
        let zero_ms = if place == 0 { 0 } else { own[0].timestamp_ms.wrapping_sub(tags[0].timestamp_ms) };
        for (tag, unit) in tags.iter().zip(own) {
            let since = tag.timestamp_ms.wrapping_add(zero_ms);
            assert_eq!((tag.kind, since, &tag.body), (unit.tag, unit.timestamp_ms, &unit.body));
        }
        if place > 0 {
            let earliest = tags.iter().map(|tag| tag.timestamp_ms).min().unwrap();
            assert!(earliest <= 50, "it begins at {earliest} ms");
            let picture = own.iter().find(|unit| unit.tag == TagKind::Video);
            assert!(picture.is_none_or(|unit| unit.kind == UnitKind::Keyframe));
        }
    }
    assert!(sent_on.is_empty(), "{} tags are missing", sent_on.len());
}

#[test]
fn where_an_flv_can_grow_no_more_another_begins_with_all_that_is_missing_in_it() {
    // Its times pass from 2^32 to 0.
    let begins = 0_u32.wrapping_sub(7000);
    let units = [headers(begins), media(20, begins, true)].concat();
    // Two seconds have some 150 kB: wherever in them the file is full.
    for most in (350_000..520_000).step_by(3911) {
        let (done, files, news) = record(RecordFormat::Flv, &units, most);
        assert!(done.is_ok() && (4..12).contains(&files.len()), "{most}: {done:?}, {} files", files.len());
        assert_eq!(news, told(files.len()), "{most}");
        check_flv(&files, &units, &headers(begins));
    }
}

#[test]
fn times_that_begin_anew_after_an_flv_was_full_go_on_as_they_came() {
    // A sender that plays its clip again: two files are full before that, and more after it.
    let (first, again) = (media(20, 90_000, true), media(20, 0, true));
    let units = [headers(90_000), first, again].concat();
    let (done, files, _) = record(RecordFormat::Flv, &units, 700_000);
    assert!(done.is_ok() && files.len() > 4, "{done:?}, {} files", files.len());
    for file in &files {
        let pictures = tags(file).into_iter().filter(|tag| tag.kind == TagKind::Video && tag.body.len() > 1000);
        let times: Vec<_> = pictures.map(|tag| tag.timestamp_ms).collect();
        let uneven = times.windows(2).filter(|pair| pair[1].wrapping_sub(pair[0]) != 40).count();
        assert!(uneven <= 1, "{uneven} of {} steps: {times:?}", times.len());
    }
}

#[test]
fn an_flv_that_is_full_with_its_last_bytes_keeps_them() {
    let units = [headers(0), media(9, 0, true)].concat();
    let whole = record(RecordFormat::Flv, &units, usize::MAX).1[0].len();
    // In the flush of a second, in the write of a buffer that is full, and at the end, whichever it is.
    for missing in (0..80_000).step_by(613).chain(1..5) {
        let (done, files, news) = record(RecordFormat::Flv, &units, whole - missing);
        assert!(done.is_ok(), "{missing}: {done:?}");
        let expected = if missing == 0 { 1 } else { 2 };
        assert_eq!((files.len(), &news), (expected, &told(expected)), "{missing}");
        check_flv(&files, &units, &headers(0));
    }
}

#[test]
fn headers_are_those_of_the_keyframe_that_a_file_begins_with() {
    let mut changed = headers(8000);
    changed[0] = Unit::script(8000, Bytes::from_static(b"\x02\0\x0aonMetaData, again"));
    let all = media(12, 0, true);
    let (before, after) = all.split_at(all.iter().position(|unit| unit.timestamp_ms == 8000).unwrap());
    let units = [&headers(0), before, &changed, after].concat();
    let mut seen = [0, 0];
    for most in (350_000..850_000).step_by(50_011) {
        let (done, files, _) = record(RecordFormat::Flv, &units, most);
        assert!(done.is_ok(), "{most}: {done:?}");
        for file in &files[1..] {
            let tags = tags(file);
            let first_key = tags.iter().find(|tag| tag.kind == TagKind::Video && tag.body.len() > 1000).unwrap();
            let is_late = u64::from_be_bytes(first_key.body[5..13].try_into().unwrap()) >= 8 * FPS;
            assert_eq!(tags[0].body, if is_late { changed[0].body.clone() } else { units[0].body.clone() });
            seen[usize::from(is_late)] += 1;
        }
    }
    assert!(seen.iter().all(|count| *count > 2), "{seen:?}");
}

#[test]
fn a_file_begins_without_the_headers_of_a_codec_that_is_no_more() {
    let mp3 = |unit: &Unit| match unit.tag {
        TagKind::Audio => {
            let body = [&b"\x2f\xff\xfb\x94\0"[..], &unit.payload()].concat();
            Unit::media(MediaKind::Audio, unit.timestamp_ms, body.into())
        }
        TagKind::Video | TagKind::Script => unit.clone(),
    };
    let all = media(12, 0, true);
    let (before, after) = all.split_at(all.iter().position(|unit| unit.timestamp_ms == 3000).unwrap());
    let units = [&headers(0), before, &after.iter().map(mp3).collect::<Vec<_>>()].concat();
    let (done, files, _) = record(RecordFormat::Flv, &units, 350_000);
    assert!(done.is_ok() && files.len() > 2, "{done:?}, {} files", files.len());
    let aac =
        |file: &Vec<u8>| tags(file).iter().any(|tag| tag.kind == TagKind::Audio && tag.body.starts_with(b"\xaf\0"));
    assert_eq!(files.iter().map(aac).collect::<Vec<_>>()[..2], [true, false]);
}

#[test]
fn sound_alone_and_keyframes_that_are_too_far_apart_go_on_too() {
    let only_sound = [headers(0)[2..].to_vec(), media(120, 0, false)].concat();
    for most in (300_000..400_000).step_by(7919) {
        let (done, files, news) = record(RecordFormat::Flv, &only_sound, most);
        assert!(done.is_ok() && files.len() > 3, "{most}: {done:?}, {} files", files.len());
        assert_eq!(news, told(files.len()));
        check_flv(&files, &only_sound, &headers(0)[2..]);
        let (done, files, news) = record(RecordFormat::Mp4, &only_sound, most);
        assert!(done.is_ok() && files.len() > 3, "{most}: {done:?}, {} files", files.len());
        assert_eq!((news, check_mp4(&files)), (told(files.len()), [0, only_sound.len() - 1]));
    }
    // A keyframe, and then none for 80 MB.
    let body = |keyframe| Bytes::from([&video_tag_header(keyframe, 0)[..], &[7; 1 << 20]].concat());
    let pictures = (0..80).map(|at| Unit::media(MediaKind::Video, at * 40, body(at == 0)));
    let units: Vec<_> = headers(0).into_iter().chain(pictures).collect();
    let (done, files, _) = record(RecordFormat::Flv, &units, 70 << 20);
    let pictures: usize =
        files.iter().map(|file| tags(file).iter().filter(|tag| tag.body.len() > 1 << 20).count()).sum();
    assert!(done.is_ok() && files.len() == 2 && pictures == 80, "{done:?}: {} files, {pictures} pictures", files.len());
}

#[test]
fn a_disk_whose_files_hold_next_to_nothing_ends_the_recording() {
    for format in [RecordFormat::Flv, RecordFormat::Mp4] {
        let units = [headers(0), media(20, 0, true)].concat();
        for most in [0, 10, 500, 20_000, 100_000] {
            let (done, files, news) = record(format, &units, most);
            assert_eq!(done.unwrap_err().kind(), io::ErrorKind::FileTooLarge, "{format:?}, {most}");
            assert!(files.len() <= 2 && news.is_empty(), "{format:?}, {most}: {} files, {news:?}", files.len());
        }
        // A keyframe that fits nowhere, after some time.
        let large = Bytes::from([&video_tag_header(true, 0)[..], &[0; 500_000]].concat());
        let units = [&units[..], &[Unit::media(MediaKind::Video, 21_000, large)]].concat();
        let (done, files, news) = record(format, &units, 400_000);
        assert_eq!(done.unwrap_err().kind(), io::ErrorKind::FileTooLarge, "{format:?}");
        assert!(files.len() < 9 && news.len() + 2 >= files.len(), "{format:?}: {} files, {news:?}", files.len());
    }
}

/// The samples of an MP4: pictures and sound, each as time, whether decoding can start there, and number.
fn samples(file: &[u8]) -> [Vec<(u64, bool, u64)>; 2] {
    let (mut tracks, mut rest, mut moof_at) = ([Vec::new(), Vec::new()], file, 0);
    let mut has_video = false;
    while let Some(any) = Any::decode_maybe(&mut rest).unwrap() {
        match any {
            Any::Moov(moov) => has_video = moov.trak.iter().any(|trak| trak.mdia.minf.vmhd.is_some()),
            Any::Moof(moof) => {
                for traf in &moof.traf {
                    let track = if has_video { traf.tfhd.track_id as usize - 1 } else { 1 };
                    let mut start = traf.tfdt.as_ref().unwrap().base_media_decode_time;
                    let mut at = moof_at + traf.trun[0].data_offset.unwrap() as usize;
                    let TrunSamples::Explicit(entries) = &traf.trun[0].samples else { panic!() };
                    for entry in entries {
                        let number = u64::from_be_bytes(file[at..at + 8].try_into().unwrap());
                        tracks[track].push((start, entry.flags == Some(0x0200_0000), number));
                        start += u64::from(entry.duration.unwrap());
                        at += entry.size.unwrap() as usize;
                    }
                }
            }
            _ => {}
        }
        moof_at = file.len() - rest.len();
    }
    assert!(rest.is_empty(), "no box is cut");
    tracks
}

/// Panics unless the samples of all files follow each other, and each file begins at zero with a keyframe; gives how many
/// pictures and pieces of sound there are.
fn check_mp4(files: &[Vec<u8>]) -> [usize; 2] {
    let mut next = [0, 0];
    for file in files {
        let tracks = samples(file);
        for (track, next) in tracks.iter().zip(&mut next) {
            let numbers: Vec<_> = track.iter().map(|(.., number)| *number).collect();
            assert_eq!(numbers, (*next..*next + numbers.len() as u64).collect::<Vec<_>>());
            *next += numbers.len() as u64;
        }
        let seconds = [0, 1].map(|track| tracks[track].first().map(|first| first.0 as f64 / [1000.0, 48_000.0][track]));
        let earliest = seconds.into_iter().flatten().reduce(f64::min).unwrap();
        assert!(earliest < 0.05 && tracks[0].first().is_none_or(|first| first.1), "{seconds:?}");
        // Sound keeps its distance from its picture: a stamp is rounded to the millisecond.
        if let ([(picture_at, _, picture), ..], [(sound_at, _, sound), ..]) = (&tracks[0][..], &tracks[1][..]) {
            let distance = *sound_at as f64 / 48_000.0 - *picture_at as f64 / 1000.0;
            let meant = *sound as f64 * 1024.0 / 48_000.0 - *picture as f64 / FPS as f64;
            assert!((distance - meant).abs() < 0.002, "{distance} s apart, not {meant} s");
        }
    }
    next.map(|count| count as usize)
}

#[test]
fn where_an_mp4_can_grow_no_more_another_begins_with_all_that_is_missing_in_it() {
    // GOPs of two seconds, and of ten: longer than a fragment may be.
    let mut long = media(40, 90_000, true);
    let keyframe = |unit: &Unit| u64::from_be_bytes(unit.body[5..13].try_into().unwrap()).is_multiple_of(5 * GOP);
    for unit in long.iter_mut().filter(|unit| unit.kind == UnitKind::Keyframe && !keyframe(unit)) {
        let body = [&video_tag_header(false, 0)[..], &unit.body[5..]].concat();
        *unit = Unit::media(MediaKind::Video, unit.timestamp_ms, body.into());
    }
    for (media, seconds, sizes) in [(media(20, 90_000, true), 20, 350_000..520_000), (long, 40, 1_500_000..2_300_000)] {
        let units = [headers(90_000), media].concat();
        for most in sizes.clone().step_by((sizes.end - sizes.start) / 12) {
            let (done, files, news) = record(RecordFormat::Mp4, &units, most);
            assert!(done.is_ok() && (2..12).contains(&files.len()), "{most}: {done:?}, {} files", files.len());
            let pieces = [seconds * FPS as usize, seconds * 48_000 / 1024];
            assert_eq!((news, check_mp4(&files)), (told(files.len()), pieces), "{most}");
        }
    }
}

#[test]
fn an_mp4_that_is_full_with_its_last_bytes_keeps_them() {
    let units = [headers(0), media(9, 0, true)].concat();
    let whole = record(RecordFormat::Mp4, &units, usize::MAX).1[0].len();
    for missing in (0..150_000).step_by(6007).chain(1..5) {
        let (done, files, news) = record(RecordFormat::Mp4, &units, whole - missing);
        let expected = if missing == 0 { 1 } else { 2 };
        assert!(done.is_ok() && files.len() == expected, "{missing}: {done:?}, {} files", files.len());
        assert_eq!((news, check_mp4(&files)), (told(expected), [9 * FPS as usize, 9 * 48_000 / 1024]), "{missing}");
    }
}
