//! The recorder, packet by packet.

mod full_files;
mod going_on;
mod replay;
mod stalls;

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Write;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use bytes::Bytes;
use mp4_atom::{Any, DecodeMaybe, TrunSamples};

use super::room::Room;
use super::storage::{Disk, Place};
use super::*;
use crate::bitstream::AudioSpecificConfig;
use crate::flow::PacketQueue;
use crate::flv::{FlvReader, FlvTag, TagKind};
use crate::media::{AudioConfig, Bitrate, FrameRate, Packet, PacketKind, Size, VideoConfig};
use crate::output::Fanout;

/// Frames between keyframes, and of a second.
const GOP: i64 = 50;
const FRAMES_A_SECOND: i64 = 25;
const QUEUE_LIMIT: Duration = Duration::from_secs(20);
/// Parameter sets of a 640×360 picture by x264.
const SPS: &[u8] = &[
    0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x61, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x03, 0x00,
    0x3c, 0x0f, 0x16, 0x2e, 0x48,
];
const PPS: &[u8] = &[0x68, 0xcb, 0x83, 0xcb, 0x20];

fn stream(with_video: bool) -> StreamConfig {
    let bitrate = Bitrate::from_kbps(128);
    let video = VideoConfig {
        size: Size::new(640, 360),
        frame_rate: FrameRate::new(25, 1).unwrap(),
        bitrate,
        sps: Bytes::from_static(SPS),
        pps: Bytes::from_static(PPS),
    };
    let audio_specific_config = AudioSpecificConfig::lc(48_000, 2).write();
    let audio = AudioConfig { sample_rate: 48_000, channels: 2, bitrate, audio_specific_config };
    StreamConfig { video: with_video.then_some(video), audio: Some(audio) }
}

fn config(path: &str, split: Option<RecordSplit>) -> RecorderConfig {
    RecorderConfig { path: path.into(), stream: stream(true), split, notes: None }
}

/// Packets of a show whose sound lies anywhere between its pictures and comes 60 ms late, as that of a real one. Each
/// packet's first bytes are its number.
fn packets(seconds: i64) -> Vec<Packet> {
    let packet = |kind, at, number: i64| {
        let mut data = number.to_be_bytes().to_vec();
        data.resize(1000, 7);
        Packet { kind, pts: at, dts: at, captured_at: at, data: data.into() }
    };
    let pictures = (0..seconds * FRAMES_A_SECOND).map(|index| {
        let at = Timestamp::from_millis(5000 + index * 1000 / FRAMES_A_SECOND);
        (at, packet(PacketKind::Video { keyframe: index % GOP == 0 }, at, index))
    });
    let sound = (0..seconds * 48_000 / 1024).map(|index| {
        let at = Timestamp::from_samples(index * 1024 - 1600, 48_000) + Duration::from_nanos(5_003_333_333);
        (at + Duration::from_millis(60), packet(PacketKind::Audio, at, index))
    });
    let mut all: Vec<_> = pictures.chain(sound).collect();
    all.sort_by_key(|(comes, _)| *comes);
    all.into_iter().map(|(_, packet)| packet).collect()
}

fn push_frames(fanout: &Fanout, frames: Range<i64>) {
    for index in frames {
        let at = Timestamp::from_millis(index * 1000 / FRAMES_A_SECOND);
        let packet = |kind| Packet { kind, pts: at, dts: at, captured_at: at, data: Bytes::from(vec![7; 1000]) };
        fanout.push(&packet(PacketKind::Video { keyframe: index % GOP == 0 }));
        fanout.push(&packet(PacketKind::Audio));
    }
}

/// Files in memory.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Contents>>);

#[derive(Default)]
struct Contents {
    files: Vec<(PathBuf, Vec<u8>)>,
    beside: HashMap<PathBuf, String>,
    /// Room that is left and goes by what is written.
    room: Option<u64>,
    /// After so many bytes writing fails.
    fails_after: Option<(usize, io::ErrorKind)>,
    /// No file may be larger.
    file_max: Option<usize>,
    /// No file can be made, or none beside.
    makes_none: bool,
    writes_none_beside: bool,
    notes_none: bool,
    gone: bool,
    moved: bool,
    read_only: bool,
    closed: usize,
    mended: Vec<PathBuf>,
    removed: Vec<PathBuf>,
    syncs: usize,
}

struct MemoryFile(Memory, usize);

impl Memory {
    fn bytes(&self) -> usize {
        self.0.lock().unwrap().files.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let contents = self.0.lock().unwrap();
        contents.files.iter().map(|(path, bytes)| (path.display().to_string(), bytes.clone())).collect()
    }
}

impl Write for MemoryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.0.bytes();
        let mut contents = self.0.0.lock().unwrap();
        if let Some((after, kind)) = contents.fails_after {
            let left = after.saturating_sub(written).min(bytes.len());
            if left == 0 {
                return Err(kind.into());
            }
            contents.files[self.1].1.extend_from_slice(&bytes[..left]);
            return Ok(left);
        }
        if let Some(most) = contents.file_max {
            let left = most.saturating_sub(contents.files[self.1].1.len()).min(bytes.len());
            if left == 0 {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            contents.files[self.1].1.extend_from_slice(&bytes[..left]);
            return Ok(left);
        }
        contents.files[self.1].1.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Cut for MemoryFile {
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.0.0.lock().unwrap().files[self.1].1.truncate(length as usize);
        Ok(())
    }
}

impl Disk for MemoryFile {
    fn sync(&mut self, _all: bool) -> io::Result<()> {
        self.0.0.lock().unwrap().syncs += 1;
        Ok(())
    }

    fn place(&self, _path: &Path) -> Place {
        let contents = self.0.0.lock().unwrap();
        match (contents.gone, contents.moved, contents.read_only) {
            (true, ..) => Place::Gone,
            (false, true, _) => Place::Moved,
            (false, false, true) => Place::ReadOnly,
            (false, false, false) => Place::There,
        }
    }

    fn length(&self) -> Option<u64> {
        Some(self.0.0.lock().unwrap().files[self.1].1.len() as u64)
    }
}

impl Storage for Memory {
    type File = MemoryFile;

    fn create(&mut self, base: &Path, number: u32) -> io::Result<(PathBuf, MemoryFile)> {
        let mut contents = self.0.lock().unwrap();
        if contents.makes_none {
            return Err(io::ErrorKind::NotFound.into());
        }
        let (stem, ending) = (base.file_stem().unwrap().to_str().unwrap(), base.extension().unwrap().to_str().unwrap());
        let name = if number == 1 { format!("{stem}.{ending}") } else { format!("{stem}-{number}.{ending}") };
        contents.files.push((name.clone().into(), Vec::new()));
        Ok((name.into(), MemoryFile(self.clone(), contents.files.len() - 1)))
    }

    fn note(&mut self, _file: &Path) -> io::Result<()> {
        if self.0.lock().unwrap().notes_none { Err(io::ErrorKind::PermissionDenied.into()) } else { Ok(()) }
    }

    fn room(&self, _file: &Path) -> Option<Room> {
        let written = self.bytes() as u64;
        let room = self.0.lock().unwrap().room?;
        Some(Room { free: room.saturating_sub(written), total: 1 << 40 })
    }

    fn claim(&mut self, path: &Path) -> io::Result<()> {
        match self.0.lock().unwrap().beside.contains_key(path) {
            true => Err(io::ErrorKind::AlreadyExists.into()),
            false => Ok(()),
        }
    }

    fn write_beside(&mut self, path: &Path, text: &str) -> io::Result<()> {
        let mut contents = self.0.lock().unwrap();
        if contents.writes_none_beside {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        contents.beside.insert(path.to_owned(), text.to_owned());
        Ok(())
    }

    fn mend(&mut self, file: &Path) -> bool {
        let mut contents = self.0.lock().unwrap();
        contents.mended.push(file.to_owned());
        // It ends in the middle of a fragment.
        let (_, bytes) = contents.files.iter().find(|(path, _)| path == file).unwrap();
        bytes.windows(4).any(|kind| kind == b"mdat")
    }

    fn remove(&mut self, path: &Path) {
        self.0.lock().unwrap().removed.push(path.to_owned());
    }

    fn closed(&mut self) {
        self.0.lock().unwrap().closed += 1;
    }
}

/// Records `packets` into `memory` at the pace of their times; `each` sees the shared part and the time before each. Gives
/// what was told once the file was made.
fn record_packets(
    memory: &Memory,
    config: &RecorderConfig,
    packets: &[Packet],
    each: impl Fn(&Shared, Timestamp),
) -> Vec<RecorderEvent> {
    record_and_list(memory, config, packets, each).0
}

/// The same with the files that are listed at the end.
fn record_and_list(
    memory: &Memory,
    config: &RecorderConfig,
    packets: &[Packet],
    each: impl Fn(&Shared, Timestamp),
) -> (Vec<RecorderEvent>, Vec<PathBuf>) {
    let fanout = Fanout::new();
    let output = fanout.add(PacketQueue::new(QUEUE_LIMIT));
    output.activate();
    let (shared, clock) = (Shared::default(), Clock::manual());
    // The packets of a second come together, and then the clock goes on: the recorder pops all that is there.
    let told = Mutex::new(Vec::new());
    let storage = memory.clone();
    std::thread::scope(|scope| {
        let (output, shared, clock, told) = (&output, &shared, &clock, &told);
        scope.spawn(move || record(storage, config, output, clock, shared, &|event| told.lock().unwrap().push(event)));
        for packet in packets {
            clock.advance_to(packet.dts);
            each(shared, packet.dts);
            fanout.push(packet);
            while output.queue().gauge().bytes > 0 {
                if told.lock().unwrap().iter().any(|event| matches!(event, RecorderEvent::Failed(_))) {
                    break;
                }
                std::thread::yield_now();
            }
        }
        output.queue().close();
    });
    let mut told = told.into_inner().unwrap();
    // One that cannot take its head does not begin.
    if told.first() == Some(&RecorderEvent::Begun) {
        told.remove(0);
    }
    (told, shared.files())
}

/// A sample as a player finds it: its time and duration in the track's own units, whether decoding can start there, and
/// its number.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Found {
    start: u64,
    duration: u32,
    sync: bool,
    number: i64,
}

/// The samples of both tracks, pictures first, and how long each fragment is in seconds.
fn read_mp4(bytes: &[u8]) -> ([Vec<Found>; 2], Vec<f64>) {
    let (mut tracks, mut fragments, mut rest) = ([Vec::new(), Vec::new()], Vec::new(), bytes);
    let mut moof_at = 0;
    while let Some(any) = Any::decode_maybe(&mut rest).unwrap() {
        if let Any::Moof(moof) = any {
            let mut longest = 0.0f64;
            for traf in &moof.traf {
                let track = traf.tfhd.track_id as usize - 1;
                let mut start = traf.tfdt.as_ref().unwrap().base_media_decode_time;
                let begun = start;
                let mut at = moof_at + traf.trun[0].data_offset.unwrap() as usize;
                let TrunSamples::Explicit(entries) = &traf.trun[0].samples else { panic!() };
                for entry in entries {
                    let number = i64::from_be_bytes(bytes[at..at + 8].try_into().unwrap());
                    let duration = entry.duration.unwrap();
                    let sync = entry.flags == Some(0x0200_0000);
                    tracks[track].push(Found { start, duration, sync, number });
                    start += u64::from(duration);
                    at += entry.size.unwrap() as usize;
                }
                longest = longest.max((start - begun) as f64 / [90_000.0, 48_000.0][track]);
            }
            fragments.push(longest);
        }
        moof_at = bytes.len() - rest.len();
    }
    assert!(rest.is_empty(), "no box is cut");
    (tracks, fragments)
}

#[test]
fn an_mp4_has_every_packet_at_its_place_in_short_fragments_that_reach_the_disk_one_by_one() {
    let memory = Memory::default();
    let told = record_packets(&memory, &config("show.mp4", None), &packets(20), |_, _| {});
    assert!(told.is_empty(), "{told:?}");
    let files = memory.files();
    assert_eq!(files.len(), 1);
    let ([pictures, sound], fragments) = read_mp4(&files[0].1);
    let expected = (0..500).map(|n| Found { start: n as u64 * 3600, duration: 3600, sync: n % 50 == 0, number: n });
    assert_eq!(pictures, expected.collect::<Vec<_>>());
    // The first two packets of sound are from before the first picture. The next lies 31.5 ms after it: 1513 samples.
    let first = 2048 - 1600 + 160;
    let expected = (2..937).map(|n| (first + (n as u64 - 2) * 1024, n));
    assert_eq!(sound.iter().map(|found| (found.start, found.number)).collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    assert!(fragments.iter().all(|seconds| *seconds <= 1.001), "{fragments:?}");
    let contents = memory.0.lock().unwrap();
    assert!(contents.syncs >= 20 && contents.closed == 1, "{} {}", contents.syncs, contents.closed);
}

#[test]
fn another_file_begins_at_a_keyframe_and_no_packet_is_lost_or_there_twice() {
    for (form, split) in [
        ("mp4", RecordSplit::Duration(Duration::from_secs(4))),
        ("mp4", RecordSplit::Size(300_000)),
        ("flv", RecordSplit::Duration(Duration::from_secs(6))),
    ] {
        let memory = Memory::default();
        let path = format!("show.{form}");
        let told = record_packets(&memory, &config(&path, Some(split)), &packets(21), |_, _| {});
        assert!(told.is_empty(), "{told:?}");
        let files = memory.files();
        assert!(files.len() >= 4, "{} files", files.len());
        assert_eq!((files[0].0.as_str(), &files[1].0), (path.as_str(), &format!("show-2.{form}")));
        if let RecordSplit::Size(most) = split {
            for (name, bytes) in &files {
                let is_last = name == &files[files.len() - 1].0;
                assert!(bytes.len() as u64 <= most && (is_last || bytes.len() > 100_000), "{name}: {}", bytes.len());
            }
        }
        let (pictures, sound) = read_in_turn(form, &files);
        assert_eq!(pictures, (0..525).collect::<Vec<_>>(), "{form} {split:?}");
        assert_eq!(sound, (2..984).collect::<Vec<_>>(), "{form} {split:?}");
    }
}

/// The numbers of the pictures and the sound in files that follow each other, each of which is whole in itself.
fn read_in_turn(form: &str, files: &[(String, Vec<u8>)]) -> (Vec<i64>, Vec<i64>) {
    let (mut pictures, mut sound) = (Vec::new(), Vec::new());
    let follow =
        |found: &[Found]| found.windows(2).all(|pair| pair[0].start + u64::from(pair[0].duration) == pair[1].start);
    for (name, bytes) in files {
        let [seen, heard] = if form == "mp4" { read_mp4(bytes).0 } else { read_flv(bytes) };
        assert!(seen[0].start == 0 && seen[0].sync, "{name} begins with {:?}", seen[0]);
        // Sound begins within its first packet's length, and ends where the picture does, to a packet.
        assert!(heard[0].start < 2 * 1024, "{name}: {:?}", heard[0]);
        assert!(follow(&seen) && follow(&heard), "{name}");
        pictures.extend(seen.iter().map(|found| found.number));
        sound.extend(heard.iter().map(|found| found.number));
    }
    (pictures, sound)
}

/// The tags of an FLV in the form of `read_mp4`, with times in units of the tracks, rounded as milliseconds allow.
fn read_flv(bytes: &[u8]) -> [Vec<Found>; 2] {
    let mut found = [Vec::new(), Vec::new()];
    for tag in tags(bytes) {
        let (track, head, step) = match tag.kind {
            TagKind::Video if tag.body[1] == 1 => (0, 5, 3600),
            TagKind::Audio if tag.body[1] == 1 => (1, 2, 1024),
            _ => continue,
        };
        let number = i64::from_be_bytes(tag.body[head..head + 8].try_into().unwrap());
        let index = found[track].len() as u64;
        let scale = [90, 48][track];
        let first = found[track].first().map_or(u64::from(tag.timestamp_ms) * scale, |first: &Found| first.start);
        let start = first + index * step;
        assert!((start / scale).abs_diff(tag.timestamp_ms.into()) <= 1, "{} is not at {start}", tag.timestamp_ms);
        found[track].push(Found { start, duration: step as u32, sync: tag.body[0] >> 4 == 1, number });
    }
    found
}

fn tags(bytes: &[u8]) -> Vec<FlvTag> {
    let mut reader = FlvReader::new();
    reader.push(bytes);
    std::iter::from_fn(|| reader.next_tag().unwrap()).collect()
}

#[test]
fn sound_alone_is_recorded_and_split() {
    let memory = Memory::default();
    let only_sound: Vec<_> = packets(10).into_iter().filter(|packet| !packet.is_video()).collect();
    let split = Some(RecordSplit::Duration(Duration::from_secs(3)));
    let config = RecorderConfig { stream: stream(false), ..config("talk.mp4", split) };
    record_packets(&memory, &config, &only_sound, |_, _| {});
    let files = memory.files();
    assert_eq!(files.len(), 4);
    let numbers = files.iter().flat_map(|(_, bytes)| read_mp4(bytes).0.concat());
    assert_eq!(numbers.map(|found| found.number).collect::<Vec<_>>(), (0..468).collect::<Vec<_>>());
}

#[test]
fn marks_are_beside_the_file_that_holds_their_moment() {
    let memory = Memory::default();
    let split = Some(RecordSplit::Duration(Duration::from_secs(4)));
    let marked = RefCell::new([6000, 7500, 10_400].map(Timestamp::from_millis).to_vec());
    record_packets(&memory, &config("show.mp4", split), &packets(8), |shared, now| {
        let mut marked = marked.borrow_mut();
        if marked.first().is_some_and(|at| *at <= now) {
            let left = marked.len();
            shared.mark(4 - left as u32, marked.remove(0));
        }
    });
    let contents = memory.0.lock().unwrap();
    let text = |path: &str| contents.beside[Path::new(path)].as_str();
    assert!(
        text("show.chapters.vtt").ends_with("\n2\n00:00:02.500 --> 00:00:03.980\nMark 2\n"),
        "{}",
        text("show.chapters.vtt")
    );
    // Marks are counted through the show.
    let second = text("show-2.chapters.vtt");
    assert!(second.starts_with("WEBVTT\n\n3\n00:00:01.400 --> 00:00:03."), "{second}");
    assert!(second.ends_with("\nMark 3\n"), "{second}");
}

#[test]
fn a_mark_that_comes_before_the_first_picture_is_at_the_start_and_overwrites_no_file() {
    let memory = Memory::default();
    let mine = PathBuf::from("show.chapters.vtt");
    // Somebody put it there after the recording's name was chosen.
    memory.0.lock().unwrap().beside.insert(mine.clone(), "mine".to_owned());
    let is_marked = std::cell::Cell::new(false);
    record_packets(&memory, &config("show.mp4", None), &packets(4), |shared, _| {
        if !is_marked.replace(true) {
            shared.mark(1, Timestamp::from_millis(4000));
        }
    });
    let contents = memory.0.lock().unwrap();
    assert_eq!(contents.beside[&mine], "mine");
    let other = &contents.beside[Path::new("show.mp4.chapters.vtt")];
    assert!(other.starts_with("WEBVTT\n\n1\n00:00:00.000 --> 00:00:03."), "{other}");
}

#[test]
fn a_disk_that_fills_up_is_told_in_time_and_the_file_is_closed_before_it_is_full() {
    let memory = Memory::default();
    // Some 72 kB a second, for 70 s beyond what is kept free.
    memory.0.lock().unwrap().room = Some((64 << 20) + 72_000 * 70);
    let told = record_packets(&memory, &config("show.mp4", None), &packets(100), |_, _| {});
    let [RecorderEvent::Low { minutes: 2, .. }, RecorderEvent::Failed(error)] = &told[..] else { panic!("{told:?}") };
    assert!(error.disk_full && error.reason.contains("MB are left"), "{error:?}");
    let ([pictures, sound], _) = read_mp4(&memory.files()[0].1);
    assert!((1600..1950).contains(&pictures.len()), "{} pictures", pictures.len());
    assert!(sound.len() > 2900);
    let contents = memory.0.lock().unwrap();
    assert_eq!((contents.closed, contents.mended.len()), (1, 0));
}

#[test]
fn a_disk_that_fails_is_told_and_what_is_not_whole_is_cut() {
    for (kind, full) in [(io::ErrorKind::StorageFull, true), (io::ErrorKind::ReadOnlyFilesystem, false)] {
        let memory = Memory::default();
        memory.0.lock().unwrap().fails_after = Some((200_000, kind));
        let told = record_packets(&memory, &config("show.mp4", None), &packets(20), |_, _| {});
        let [RecorderEvent::Failed(error)] = &told[..] else { panic!("{told:?}") };
        assert_eq!((error.disk_full, error.path.as_str()), (full, "show.mp4"));
        assert_eq!(memory.0.lock().unwrap().mended, [PathBuf::from("show.mp4")]);
    }
}

#[test]
fn a_file_in_which_nothing_plays_is_removed_and_not_listed() {
    // The head alone, a piece of the first fragment, and a disk that is full from the start.
    for (bytes, room) in [(100, None), (700, None), (1166, None), (usize::MAX, Some(1000))] {
        let memory = Memory::default();
        memory.0.lock().unwrap().fails_after = Some((bytes, io::ErrorKind::StorageFull));
        memory.0.lock().unwrap().room = room;
        let (told, files) = record_and_list(&memory, &config("show.mp4", None), &packets(4), |_, _| {});
        assert!(matches!(&told[..], [RecorderEvent::Failed(error)] if error.disk_full), "{told:?}");
        assert_eq!(memory.0.lock().unwrap().removed, [PathBuf::from("show.mp4")], "{bytes}");
        assert!(files.is_empty(), "{files:?}");
    }
    // What plays stays, and so does what somebody else has put there since.
    for (bytes, moved) in [(200_000, false), (1300, true)] {
        let memory = Memory::default();
        memory.0.lock().unwrap().fails_after = Some((bytes, io::ErrorKind::StorageFull));
        memory.0.lock().unwrap().moved = moved;
        let (_, files) = record_and_list(&memory, &config("show.mp4", None), &packets(20), |_, _| {});
        assert!(memory.0.lock().unwrap().removed.is_empty() && files == [PathBuf::from("show.mp4")], "{files:?}");
    }
}

#[test]
fn a_file_that_is_renamed_is_recorded_on_and_one_that_is_deleted_is_told() {
    let split = Some(RecordSplit::Duration(Duration::from_secs(4)));
    let memory = Memory::default();
    memory.0.lock().unwrap().moved = true;
    let told = record_packets(&memory, &config("show.mp4", split), &packets(8), |_, _| {});
    assert!(told.is_empty(), "{told:?}");
    let pictures = memory.files().iter().map(|(_, bytes)| read_mp4(bytes).0[0].len()).sum::<usize>();
    assert_eq!((pictures, memory.files()[1].0.as_str()), (200, "show-2.mp4"));
    let memory = Memory::default();
    let told = record_packets(&memory, &config("show.mp4", None), &packets(20), |_, now| {
        memory.0.lock().unwrap().gone = now >= Timestamp::from_millis(7500);
    });
    assert!(matches!(&told[..], [RecorderEvent::Failed(error)] if error.reason == "the file is gone"), "{told:?}");
    let memory = Memory::default();
    let told = record_packets(&memory, &config("show.mp4", None), &packets(20), |_, now| {
        memory.0.lock().unwrap().read_only = now >= Timestamp::from_millis(7500);
    });
    let is_told = matches!(&told[..], [RecorderEvent::Failed(error)] if error.reason == RecorderError::FILE_READ_ONLY);
    assert!(is_told, "{told:?}");
    // All that came until then is in it.
    let ([pictures, _], _) = read_mp4(&memory.files()[0].1);
    assert!((62..100).contains(&pictures.len()), "{} pictures", pictures.len());
}

#[test]
fn a_file_that_another_program_cuts_is_told_within_two_seconds_and_at_the_end() {
    for (name, after) in [("show.mp4", 7500), ("show.flv", 7500), ("show.mp4", 24_800)] {
        let (memory, cut_at) = (Memory::default(), std::cell::Cell::new(None));
        let (told, files) = record_and_list(&memory, &config(name, None), &packets(20), |_, now| {
            if now >= Timestamp::from_millis(after) && cut_at.get().is_none() {
                cut_at.set(Some(memory.bytes()));
                memory.0.lock().unwrap().files[0].1.truncate(5000);
            }
        });
        let is_told = matches!(&told[..], [RecorderEvent::Failed(error)] if error.reason == RecorderError::FILE_CUT);
        assert!(is_told, "{name} after {after}: {told:?}");
        // Pictures and sound are 72 kB a second.
        assert!(memory.bytes() < 5000 + 2 * 72_000, "{name}: {} bytes", memory.bytes());
        let contents = memory.0.lock().unwrap();
        assert!(contents.removed.is_empty() && contents.mended.is_empty(), "it may be somebody else's");
        assert_eq!(files, [PathBuf::from(name)]);
    }
}

#[test]
fn a_disk_that_answers_has_all_of_it_and_no_note_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let notes = folder.path().join("notes");
    let path = folder.path().join("show.mp4");
    let fanout = Fanout::new();
    let output = fanout.add(PacketQueue::new(QUEUE_LIMIT));
    let config = RecorderConfig { path: path.clone(), notes: Some(notes.clone()), ..config("", None) };
    let sink = |event| assert_eq!(event, RecorderEvent::Begun);
    let recorder = Recorder::start(config, output, Clock::manual(), sink).unwrap();
    push_frames(&fanout, 0..FRAMES_A_SECOND);
    while recorder.output.queue().gauge().bytes > 0 {
        std::thread::yield_now();
    }
    assert_eq!(std::fs::read_dir(&notes).unwrap().count(), 1);
    assert!(leftovers(&notes).is_empty(), "it is held");
    let files = recorder.files_later();
    recorder.finish(Duration::from_secs(60)).unwrap();
    assert_eq!(files.files(), [path.as_path()]);
    let ([pictures, sound], _) = read_mp4(&std::fs::read(&path).unwrap());
    assert_eq!((pictures.len() as i64, sound.len() as i64), (FRAMES_A_SECOND, FRAMES_A_SECOND));
    assert_eq!(std::fs::read_dir(&notes).unwrap().count(), 0);
}
